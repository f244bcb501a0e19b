/** Adding to the ends of a list: LPUSH, RPUSH, LPUSHX, RPUSHX. */
import { listCount, pushToList } from "../../keyspace/list/list_value.ts";
import { TYPE_LIST } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type CommandDefinition, defineCommand, keyRange } from "../definition.ts";
import { EVENT_LIST } from "../key_events.ts";
import { ELEMENTS, KEY } from "./argument.ts";

export const lpush = pushCommand(
  "lpush",
  "Puts elements before the first of a list, which comes into being where there is none.",
  false,
  true,
);
export const rpush = pushCommand(
  "rpush",
  "Puts elements behind the last of a list, which comes into being where there is none.",
  true,
  true,
);
export const lpushx = pushCommand(
  "lpushx",
  "Puts elements before the first of a list, but only where there is one.",
  false,
  false,
);
export const rpushx = pushCommand(
  "rpushx",
  "Puts elements behind the last of a list, but only where there is one.",
  true,
  false,
);

function pushCommand(
  name: string,
  summary: string,
  atEnd: boolean,
  makesList: boolean,
): CommandDefinition {
  return defineCommand({
    name,
    summary,
    since: makesList ? "1.0.0" : "2.2.0",
    group: "list",
    complexity: "O(N), N being the number of elements pushed.",
    history: [[makesList ? "2.4.0" : "4.0.0", "Takes several elements."]],
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    acl: ["list"],
    keys: [keyRange(1, 1, 1, "RW insert")],
    arguments: [KEY, ELEMENTS],
    run: (call) => push(call, atEnd, makesList),
  });
}

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
  call.changed(1, EVENT_LIST, atEnd ? "rpush" : "lpush");
  call.reply.integer(listCount(keyspace, database, ref));
}
