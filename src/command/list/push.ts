/** Adding to the ends of a list: LPUSH, RPUSH, LPUSHX, RPUSHX. */
import { listCount, pushToList } from "../../keyspace/list/list_value.ts";
import { TYPE_LIST } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { ELEMENTS, KEY } from "./argument.ts";

const COMPLEXITY = "O(N), N being the number of elements pushed.";

export const lpush = defineCommand({
  name: "lpush",
  summary: "Puts elements before the first of a list, which comes into being where there is none.",
  since: "1.0.0",
  group: "list",
  complexity: COMPLEXITY,
  history: [["2.4.0", "Takes several elements."]],
  arity: -3,
  flags: ["write", "denyoom", "fast"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RW insert")],
  arguments: [KEY, ELEMENTS],
  run: (call) => push(call, false, true),
});

export const rpush = defineCommand({
  name: "rpush",
  summary: "Puts elements behind the last of a list, which comes into being where there is none.",
  since: "1.0.0",
  group: "list",
  complexity: COMPLEXITY,
  history: [["2.4.0", "Takes several elements."]],
  arity: -3,
  flags: ["write", "denyoom", "fast"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RW insert")],
  arguments: [KEY, ELEMENTS],
  run: (call) => push(call, true, true),
});

export const lpushx = defineCommand({
  name: "lpushx",
  summary: "Puts elements before the first of a list, but only where there is one.",
  since: "2.2.0",
  group: "list",
  complexity: COMPLEXITY,
  history: [["4.0.0", "Takes several elements."]],
  arity: -3,
  flags: ["write", "denyoom", "fast"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RW insert")],
  arguments: [KEY, ELEMENTS],
  run: (call) => push(call, false, false),
});

export const rpushx = defineCommand({
  name: "rpushx",
  summary: "Puts elements behind the last of a list, but only where there is one.",
  since: "2.2.0",
  group: "list",
  complexity: COMPLEXITY,
  history: [["4.0.0", "Takes several elements."]],
  arity: -3,
  flags: ["write", "denyoom", "fast"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RW insert")],
  arguments: [KEY, ELEMENTS],
  run: (call) => push(call, true, false),
});

function push(call: Call, atEnd: boolean, makesList: boolean): void {
  const { args, database, keyspace } = call;
  const found = call.lookupWriteOf(1, TYPE_LIST);
  if (found === WRONG_TYPE_REPLIED) return;
  if (found === 0 && !makesList) return call.reply.integer(0);
  const { bytes, starts, ends, count } = args;
  const ref = pushToList(
    keyspace,
    database,
    found,
    bytes,
    starts[1],
    ends[1],
    atEnd,
    bytes,
    starts,
    ends,
    2,
    count - 1,
  );
  call.dirty += count - 2;
  call.reply.integer(listCount(keyspace, database, ref));
}
