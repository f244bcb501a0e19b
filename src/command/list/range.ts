/** Reading a list by position: LINDEX, LLEN, LRANGE; and cutting it to a range: LTRIM. */
import { listCount, removeFromList, shrinkList } from "../../keyspace/list/list_value.ts";
import { isGraph, TYPE_LIST } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { int64OrReply } from "../integer_argument.ts";
import { endFromStart, positionFromStart } from "../range_argument.ts";
import { KEY } from "./argument.ts";
import { tellRemoved } from "./events.ts";
import { replyElement, replyElements } from "./reply.ts";

export const llen = defineCommand({
  name: "llen",
  summary: "Returns how many elements a list has.",
  since: "1.0.0",
  group: "list",
  complexity: "O(1)",
  arity: 2,
  flags: ["readonly", "fast"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RO")],
  arguments: [KEY],
  run(call) {
    const ref = call.lookupReadOf(1, TYPE_LIST);
    if (ref === WRONG_TYPE_REPLIED) return;
    call.reply.integer(ref === 0 ? 0 : listCount(call.keyspace, call.database, ref));
  },
});

export const lindex = defineCommand({
  name: "lindex",
  summary: "Returns the element of a list that stands at a position.",
  since: "1.0.0",
  group: "list",
  complexity: "O(log N), N being the length of the list.",
  arity: 3,
  flags: ["readonly"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, { name: "index", type: "integer" }],
  run(call) {
    const { database, keyspace } = call;
    const ref = call.lookupReadOf(1, TYPE_LIST);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.null();
    let index = int64OrReply(call, 2);
    if (index !== index) return;
    const count = listCount(keyspace, database, ref);
    if (index < 0) index += count;
    if (index < 0 || index >= count) return call.reply.null();
    if (isGraph(database.kindOf(ref))) {
      return replyElement(call, keyspace.lists.seek(database.rootOf(ref), index));
    }
    const elements = keyspace.lists.elements;
    elements.open(database, ref, index, false);
    elements.next();
    replyElement(call, elements.element);
  },
});

export const lrange = defineCommand({
  name: "lrange",
  summary: "Returns the elements of a list between two positions.",
  since: "1.0.0",
  group: "list",
  complexity: "O(log N + M), N being the length of the list and M that of the range.",
  arity: 4,
  flags: ["readonly"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, { name: "start", type: "integer" }, { name: "stop", type: "integer" }],
  run(call) {
    const { database, keyspace } = call;
    let start = int64OrReply(call, 2);
    if (start !== start) return;
    let end = int64OrReply(call, 3);
    if (end !== end) return;
    const ref = call.lookupReadOf(1, TYPE_LIST);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.array(0);
    const count = listCount(keyspace, database, ref);
    start = positionFromStart(start, count);
    end = lastOf(end, count);
    if (start > end) return call.reply.array(0);
    const elements = keyspace.lists.elements;
    elements.open(database, ref, start, false);
    replyElements(call, elements, end - start + 1);
  },
});

export const ltrim = defineCommand({
  name: "ltrim",
  summary: "Cuts a list to the elements between two positions.",
  since: "1.0.0",
  group: "list",
  complexity: "O(N), N being the number of elements that go.",
  arity: 4,
  flags: ["write"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RW delete")],
  arguments: [KEY, { name: "start", type: "integer" }, { name: "stop", type: "integer" }],
  run(call) {
    const { database, keyspace } = call;
    let start = int64OrReply(call, 2);
    if (start !== start) return;
    let end = int64OrReply(call, 3);
    if (end !== end) return;
    const ref = call.lookupWriteOf(1, TYPE_LIST);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.ok();
    const count = listCount(keyspace, database, ref);
    start = positionFromStart(start, count);
    end = lastOf(end, count);
    if (start > end) {
      database.delete(ref);
      call.dirty += count;
    } else {
      trim(call, ref, start, count - 1 - end);
      call.dirty += start + count - 1 - end;
    }
    tellRemoved(call, 1, "ltrim", start > end);
    call.reply.ok();
  },
});

/** The position that the end of a range means: below 0 where it lies before the first element. */
function lastOf(position: number, count: number): number {
  return position < -count ? -1 : endFromStart(position, count);
}

function trim(call: Call, ref: number, first: number, last: number): void {
  const { database, keyspace } = call;
  if (first > 0) ref = removeFromList(keyspace, database, ref, false, first);
  if (last > 0) ref = removeFromList(keyspace, database, ref, true, last);
  shrinkList(keyspace, database, ref);
}
