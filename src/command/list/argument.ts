/** What the arguments of list commands have in common. */
import { SYNTAX_ERROR } from "../../protocol/wire_errors.ts";
import type { Call } from "../call.ts";
import type { ArgumentSpecification } from "../definition.ts";

export const KEY: ArgumentSpecification = { name: "key", type: "key", keySpec: 0 };
export const ELEMENT: ArgumentSpecification = { name: "element", type: "string" };
export const ELEMENTS: ArgumentSpecification = {
  name: "element",
  type: "string",
  flags: ["multiple"],
};

/** The ends of a list as an argument of that name. */
export function endArgument(name: string): ArgumentSpecification {
  return {
    name,
    type: "oneof",
    arguments: [
      { name: "left", type: "pure-token", token: "LEFT" },
      { name: "right", type: "pure-token", token: "RIGHT" },
    ],
  };
}

/** True for RIGHT, false for LEFT; undefined, after replying, for anything else. */
export function endOrReply(call: Call, index: number): boolean | undefined {
  if (call.is(index, "right")) return true;
  if (call.is(index, "left")) return false;
  call.reply.error(SYNTAX_ERROR);
  return undefined;
}
