/** What the arguments of list commands have in common. */
import { parsed64, parseInt64 } from "../../base/integer_text.ts";
import { NOT_AN_INTEGER, SYNTAX_ERROR } from "../../protocol/wire_errors.ts";
import type { Call } from "../call.ts";
import type { ArgumentSpecification } from "../definition.ts";

export const KEY: ArgumentSpecification = { name: "key", type: "key", keySpec: 0 };
export const ELEMENT: ArgumentSpecification = { name: "element", type: "string" };
export const ELEMENTS: ArgumentSpecification = {
  name: "element",
  type: "string",
  flags: ["multiple"],
};

const INT32_MIN: number = -(2 ** 31);
const WITHOUT_NEGATIVE =
  "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";

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

/**
 * A 64-bit integer as the nearest double, for positions and counts: beyond 2^53 it is far outside
 * any list. NaN, after replying, when the argument is none or below `minimum`.
 */
export function int64OrReply(
  call: Call,
  index: number,
  minimum = -Infinity,
  error: string = NOT_AN_INTEGER,
): number {
  const args = call.args;
  if (parseInt64(args.bytes, args.starts[index], args.ends[index])) {
    const value = parsed64.toNumber();
    if (value >= minimum) return value;
  }
  call.reply.error(error);
  return NaN;
}

/**
 * As {@link int64OrReply}, for a number whose sign tells a direction: the least one has no
 * negative, and Redis 8 refuses it (7.0 took it for what it overflows to).
 */
export function signedCountOrReply(call: Call, index: number): number {
  const value = int64OrReply(call, index);
  if (value !== value || parsed64.high !== INT32_MIN || parsed64.low !== 0) return value;
  call.reply.error(WITHOUT_NEGATIVE);
  return NaN;
}

/** True for RIGHT, false for LEFT; undefined, after replying, for anything else. */
export function endOrReply(call: Call, index: number): boolean | undefined {
  if (call.is(index, "right")) return true;
  if (call.is(index, "left")) return false;
  call.reply.error(SYNTAX_ERROR);
  return undefined;
}
