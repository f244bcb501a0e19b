/** Arguments that several commands on streams have, as COMMAND DOCS describes them. */
import type { ArgumentSpecification } from "../definition.ts";

export const KEY: ArgumentSpecification = { name: "key", type: "key", keySpec: 0 };
export const GROUP: ArgumentSpecification = { name: "group", type: "string" };
export const CONSUMER: ArgumentSpecification = { name: "consumer", type: "string" };
export const START: ArgumentSpecification = { name: "start", type: "string" };
export const END: ArgumentSpecification = { name: "end", type: "string" };
export const IDS: ArgumentSpecification = { name: "id", type: "string", flags: ["multiple"] };
export const COUNT: ArgumentSpecification = {
  name: "count",
  type: "integer",
  token: "COUNT",
  flags: ["optional"],
};
export const BLOCK: ArgumentSpecification = {
  name: "milliseconds",
  type: "integer",
  token: "BLOCK",
  flags: ["optional"],
};
export const JUSTID: ArgumentSpecification = {
  name: "justid",
  type: "pure-token",
  token: "JUSTID",
  flags: ["optional"],
};
export const STREAMS: ArgumentSpecification = {
  name: "streams",
  type: "block",
  token: "STREAMS",
  arguments: [
    { name: "key", type: "key", keySpec: 0, flags: ["multiple"] },
    { name: "id", type: "string", flags: ["multiple"] },
  ],
};
export const TRIM: ArgumentSpecification = {
  name: "trim",
  type: "block",
  arguments: [
    {
      name: "strategy",
      type: "oneof",
      arguments: [
        { name: "maxlen", type: "pure-token", token: "MAXLEN" },
        { name: "minid", type: "pure-token", token: "MINID", since: "6.2.0" },
      ],
    },
    {
      name: "operator",
      type: "oneof",
      flags: ["optional"],
      arguments: [
        { name: "equal", type: "pure-token", token: "=" },
        { name: "approximately", type: "pure-token", token: "~" },
      ],
    },
    { name: "threshold", type: "string" },
    { name: "count", type: "integer", token: "LIMIT", since: "6.2.0", flags: ["optional"] },
  ],
};
