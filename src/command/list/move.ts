/** Moving an element from one list to another: LMOVE, RPOPLPUSH, and how they do when they wait. */
import { copyElement } from "../../keyspace/list/list_reader.ts";
import {
  endOfList,
  listCount,
  pushToList,
  removeFromList,
  rotateList,
  shrinkList,
} from "../../keyspace/list/list_value.ts";
import { TYPE_LIST } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type ArgumentSpecification, defineCommand, keyRange } from "../definition.ts";
import { EVENT_LIST } from "../key_events.ts";
import { endArgument, endOrReply } from "./argument.ts";
import { tellRemoved } from "./events.ts";

/** A longer buffer is given back. */
const KEPT_BYTES_MAX = 1 << 16;

export const KEYS: readonly ArgumentSpecification[] = [
  { name: "source", type: "key", keySpec: 0 },
  { name: "destination", type: "key", keySpec: 1 },
];

/** The element on its way, as the one range that is pushed. */
let moved = new Uint8Array(256);
const starts = new Int32Array(1);
const ends = new Int32Array(1);

export const lmove = defineCommand({
  name: "lmove",
  summary: "Takes an element from an end of a list, puts it at an end of another and returns it.",
  since: "6.2.0",
  group: "list",
  complexity: "O(1)",
  arity: 5,
  flags: ["write", "denyoom"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RW access delete"), keyRange(2, 2, 1, "RW insert")],
  arguments: [...KEYS, endArgument("wherefrom"), endArgument("whereto")],
  run(call) {
    const fromEnd = endOrReply(call, 3);
    if (fromEnd === undefined) return;
    const toEnd = endOrReply(call, 4);
    if (toEnd !== undefined && !move(call, fromEnd, toEnd)) call.reply.null();
  },
});

export const rpoplpush = defineCommand({
  name: "rpoplpush",
  summary:
    "Takes the last element from a list, puts it before the first of another and returns it.",
  since: "1.2.0",
  group: "list",
  complexity: "O(1)",
  deprecatedSince: "6.2.0",
  replacedBy: "`LMOVE` with the `RIGHT` and `LEFT` arguments",
  docFlags: ["deprecated"],
  arity: 3,
  flags: ["write", "denyoom"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RW access delete"), keyRange(2, 2, 1, "RW insert")],
  arguments: KEYS,
  run(call) {
    if (!move(call, true, false)) call.reply.null();
  },
});

/** Moves an element between the lists of the first two arguments; false where there is none. */
export function move(call: Call, fromEnd: boolean, toEnd: boolean): boolean {
  const { args, database, keyspace } = call;
  const source = call.lookupWriteOf(1, TYPE_LIST);
  if (source === WRONG_TYPE_REPLIED) return true;
  if (source === 0) return false;
  const target = call.lookupWriteOf(2, TYPE_LIST);
  if (target === WRONG_TYPE_REPLIED) return true;
  takeCopy(call, source, fromEnd);
  call.reply.bulk(moved, 0, ends[0]);
  let isEmptied = false;
  if (source === target) {
    rotateList(keyspace, database, source, fromEnd, toEnd, moved, starts, ends);
  } else {
    const { bytes } = args;
    const keyStart = args.starts[2];
    const keyEnd = args.ends[2];
    // First of all, because it is what can fail.
    pushToList(
      keyspace,
      database,
      target,
      bytes,
      keyStart,
      keyEnd,
      toEnd,
      moved,
      starts,
      ends,
      0,
      0,
    );
    isEmptied = listCount(keyspace, database, source) === 1;
    if (isEmptied) database.delete(source);
    else {
      const ref = removeFromList(keyspace, database, source, fromEnd, 1);
      shrinkList(keyspace, database, ref);
    }
  }
  if (moved.length > KEPT_BYTES_MAX) moved = new Uint8Array(256);
  call.dirty++;
  call.changed(2, EVENT_LIST, toEnd ? "rpush" : "lpush");
  tellRemoved(call, 1, fromEnd ? "rpop" : "lpop", isEmptied);
  return true;
}

/** Copies the element at an end of a list to where it can be pushed from. */
function takeCopy(call: Call, ref: number, atEnd: boolean): void {
  const { database, keyspace } = call;
  const element = endOfList(keyspace, database, ref, atEnd);
  const length = element.length;
  if (length > moved.length) moved = new Uint8Array(length * 2);
  copyElement(keyspace.heap, element, moved);
  starts[0] = 0;
  ends[0] = length;
}
