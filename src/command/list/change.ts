/** Changing a list in its middle: LINSERT, LREM, LSET. */
import {
  insertIntoList,
  listCount,
  makeRoomInList,
  removedFromList,
  removeFromListMatching,
  replaceInList,
  shrinkList,
} from "../../keyspace/list/list_value.ts";
import { TYPE_LIST } from "../../keyspace/value_type.ts";
import { INDEX_OUT_OF_RANGE, NO_SUCH_KEY, SYNTAX_ERROR } from "../../protocol/wire_errors.ts";
import { WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { int64OrReply, signedCountOrReply } from "../integer_argument.ts";
import { EVENT_LIST } from "../key_events.ts";
import { ELEMENT, KEY } from "./argument.ts";
import { tellRemoved } from "./events.ts";

export const linsert = defineCommand({
  name: "linsert",
  summary: "Puts an element before or behind the first that is equal to another.",
  since: "2.2.0",
  group: "list",
  complexity: "O(N), N being the number of elements up to the one that is looked for.",
  arity: 5,
  flags: ["write", "denyoom"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RW insert")],
  arguments: [
    KEY,
    {
      name: "where",
      type: "oneof",
      arguments: [
        { name: "before", type: "pure-token", token: "BEFORE" },
        { name: "after", type: "pure-token", token: "AFTER" },
      ],
    },
    { name: "pivot", type: "string" },
    ELEMENT,
  ],
  run(call) {
    const { args, database, keyspace } = call;
    const isBehind = call.is(2, "after");
    if (!isBehind && !call.is(2, "before")) return call.reply.error(SYNTAX_ERROR);
    let ref = call.lookupWriteOf(1, TYPE_LIST);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.integer(0);
    const { bytes, starts, ends } = args;
    // Before it is known whether there is such an element, as in Redis: the encoding shows it.
    ref = makeRoomInList(keyspace, database, ref, args.lengthOf(4));
    const elements = keyspace.lists.elements;
    elements.element.prepare(bytes, starts[3], ends[3]);
    elements.open(database, ref, 0, false);
    if (!elements.find(Infinity)) return call.reply.integer(-1);
    const index = elements.passed - (isBehind ? 0 : 1);
    ref = insertIntoList(keyspace, database, ref, index, bytes, starts[4], ends[4]);
    call.dirty++;
    call.changed(1, EVENT_LIST, "linsert");
    call.reply.integer(listCount(keyspace, database, ref));
  },
});

export const lrem = defineCommand({
  name: "lrem",
  summary: "Takes elements that are equal to another out of a list.",
  since: "1.0.0",
  group: "list",
  complexity: "O(N), N being the length of the list.",
  arity: 4,
  flags: ["write"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RW delete")],
  arguments: [KEY, { name: "count", type: "integer" }, ELEMENT],
  run(call) {
    const { args, database, keyspace } = call;
    const wanted = signedCountOrReply(call, 2);
    if (wanted !== wanted) return;
    let ref = call.lookupWriteOf(1, TYPE_LIST);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.integer(0);
    const limit = wanted === 0 ? Infinity : Math.abs(wanted);
    const { bytes, starts, ends } = args;
    const from = starts[3];
    const to = ends[3];
    const count = listCount(keyspace, database, ref);
    ref = removeFromListMatching(keyspace, database, ref, bytes, from, to, limit, wanted < 0);
    const removed = removedFromList.count;
    call.dirty += removed;
    if (removed === count) database.delete(ref);
    else if (removed > 0) shrinkList(keyspace, database, ref);
    if (removed > 0) tellRemoved(call, 1, "lrem", removed === count);
    call.reply.integer(removed);
  },
});

export const lset = defineCommand({
  name: "lset",
  summary: "Replaces the element of a list that stands at a position.",
  since: "1.0.0",
  group: "list",
  complexity: "O(log N), N being the length of the list.",
  arity: 4,
  flags: ["write", "denyoom"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RW update")],
  arguments: [KEY, { name: "index", type: "integer" }, ELEMENT],
  run(call) {
    const { args, database, keyspace } = call;
    let ref = call.lookupWriteOf(1, TYPE_LIST);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.error(NO_SUCH_KEY);
    let index = int64OrReply(call, 2);
    if (index !== index) return;
    const { bytes, starts, ends } = args;
    ref = makeRoomInList(keyspace, database, ref, args.lengthOf(3));
    const count = listCount(keyspace, database, ref);
    if (index < 0) index += count;
    if (index < 0 || index >= count) return call.reply.error(INDEX_OUT_OF_RANGE);
    ref = replaceInList(keyspace, database, ref, index, bytes, starts[3], ends[3]);
    shrinkList(keyspace, database, ref);
    call.dirty++;
    call.changed(1, EVENT_LIST, "lset");
    call.reply.ok();
  },
});
