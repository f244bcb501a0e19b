/** Taking from the ends of a list: LPOP, RPOP, LMPOP; and what BLPOP, BRPOP and BLMPOP share. */
import {
  endOfList,
  listCount,
  removeFromList,
  shrinkList,
} from "../../keyspace/list/list_value.ts";
import { isGraph, TYPE_LIST } from "../../keyspace/value_type.ts";
import {
  NUMKEYS_NOT_POSITIVE,
  POPPED_NOT_POSITIVE,
  SYNTAX_ERROR,
  wrongArity,
} from "../../protocol/wire_errors.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import {
  type ArgumentSpecification,
  type CommandDefinition,
  defineCommand,
  keyRange,
  numberedKeys,
} from "../definition.ts";
import { int64AtLeastOrReply } from "../integer_argument.ts";
import { endArgument, endOrReply, KEY } from "./argument.ts";
import { tellRemoved } from "./events.ts";
import { replyElement, replyElements } from "./reply.ts";

const COUNT: ArgumentSpecification = {
  name: "count",
  type: "integer",
  since: "6.2.0",
  flags: ["optional"],
};

/** What LMPOP and BLMPOP take. */
export const MULTI_POP: readonly ArgumentSpecification[] = [
  { name: "numkeys", type: "integer" },
  { name: "key", type: "key", keySpec: 0, flags: ["multiple"] },
  endArgument("where"),
  { name: "count", type: "integer", token: "COUNT", flags: ["optional"] },
];

export const lpop = popCommand(
  "lpop",
  "Takes the first elements from a list and returns them.",
  false,
);
export const rpop = popCommand(
  "rpop",
  "Takes the last elements from a list and returns them, the last one first.",
  true,
);

function popCommand(name: string, summary: string, atEnd: boolean): CommandDefinition {
  return defineCommand({
    name,
    summary,
    since: "1.0.0",
    group: "list",
    complexity: "O(N), N being the number of elements taken.",
    history: [["6.2.0", "Takes a `count`."]],
    arity: -2,
    flags: ["write", "fast"],
    acl: ["list"],
    keys: [keyRange(1, 1, 1, "RW access delete")],
    arguments: [KEY, COUNT],
    run: (call) => pop(call, atEnd),
  });
}

export const lmpop = defineCommand({
  name: "lmpop",
  summary: "Takes elements from the first list that has some, and returns its key and them.",
  since: "7.0.0",
  group: "list",
  complexity: "O(N+M), N being the number of keys and M the number of elements taken.",
  arity: -4,
  flags: ["write", "movablekeys"],
  acl: ["list"],
  keys: [numberedKeys(1, "RW access delete")],
  arguments: MULTI_POP,
  run(call) {
    if (readMultiPop(call, 1) && !popFromFirst(call)) call.reply.nullArray();
  },
});

/** What LMPOP and BLMPOP are asked for. */
class MultiPopRequest {
  /** The argument that is the first key. */
  firstKey = 0;
  keyCount = 0;
  atEnd = false;
  count = 1;
}

export const request: MultiPopRequest = new MultiPopRequest();

/** Reads `numkeys` at an argument and all that follows; false after replying with an error. */
export function readMultiPop(call: Call, index: number): boolean {
  const keyCount = int64AtLeastOrReply(call, index, 1, NUMKEYS_NOT_POSITIVE);
  if (keyCount !== keyCount) return false;
  const where = index + keyCount + 1;
  if (where >= call.count) return refuse(call);
  const atEnd = endOrReply(call, where);
  if (atEnd === undefined) return false;
  let count = 1;
  if (where + 1 < call.count) {
    if (!call.is(where + 1, "count") || where + 2 >= call.count) return refuse(call);
    count = int64AtLeastOrReply(call, where + 2, 1, POPPED_NOT_POSITIVE);
    if (count !== count) return false;
    if (where + 3 < call.count) return refuse(call);
  }
  request.firstKey = index + 1;
  request.keyCount = keyCount;
  request.atEnd = atEnd;
  request.count = count;
  return true;
}

function refuse(call: Call): boolean {
  call.reply.error(SYNTAX_ERROR);
  return false;
}

function pop(call: Call, atEnd: boolean): void {
  if (call.count === 2) return popOne(call, atEnd);
  if (call.count > 3) return call.reply.error(wrongArity(call.name));
  const count = int64AtLeastOrReply(call, 2, 0);
  if (count !== count) return;
  const ref = call.lookupWriteOf(1, TYPE_LIST);
  if (ref === WRONG_TYPE_REPLIED) return;
  if (ref === 0) return call.reply.nullArray();
  if (count === 0) return call.reply.array(0);
  popSeveral(call, 1, ref, atEnd, count);
}

function popOne(call: Call, atEnd: boolean): void {
  const ref = call.lookupWriteOf(1, TYPE_LIST);
  if (ref === WRONG_TYPE_REPLIED) return;
  if (ref === 0) return call.reply.null();
  popElement(call, 1, ref, atEnd);
}

/** Replies with the element at an end of the list at an argument, and takes it. */
export function popElement(call: Call, index: number, ref: number, atEnd: boolean): void {
  const { database, keyspace } = call;
  replyElement(call, endOfList(keyspace, database, ref, atEnd));
  let isEmptied = false;
  if (isGraph(database.kindOf(ref))) {
    const lists = keyspace.lists;
    const root = database.rootOf(ref);
    lists.removeOpened(root, atEnd);
    isEmptied = lists.count(root) === 0;
    if (!isEmptied) shrinkList(keyspace, database, ref);
  } else {
    isEmptied = listCount(keyspace, database, ref) === 1;
    if (!isEmptied) removeFromList(keyspace, database, ref, atEnd, 1);
  }
  if (isEmptied) database.delete(ref);
  call.dirty++;
  tellRemoved(call, index, atEnd ? "rpop" : "lpop", isEmptied);
}

/** Replies with elements in the order in which they go, and takes them; returns how many. */
function popSeveral(
  call: Call,
  index: number,
  ref: number,
  atEnd: boolean,
  wanted: number,
): number {
  const { database, keyspace } = call;
  const length = listCount(keyspace, database, ref);
  const count = Math.min(wanted, length);
  const elements = keyspace.lists.elements;
  elements.open(database, ref, atEnd ? length - 1 : 0, atEnd);
  replyElements(call, elements, count);
  if (count === length) database.delete(ref);
  else shrinkList(keyspace, database, removeFromList(keyspace, database, ref, atEnd, count));
  call.dirty += count;
  tellRemoved(call, index, atEnd ? "rpop" : "lpop", count === length);
  return count;
}

/** Does what {@link request} says to the first list that there is; false where there is none. */
export function popFromFirst(call: Call): boolean {
  const { firstKey, keyCount, atEnd, count } = request;
  const args = call.args;
  for (let i = firstKey; i < firstKey + keyCount; i++) {
    const ref = call.lookupWriteOf(i, TYPE_LIST);
    if (ref === WRONG_TYPE_REPLIED) return true;
    if (ref === 0) continue;
    call.reply.array(2);
    call.reply.bulk(args.bytes, args.starts[i], args.ends[i]);
    const popped = popSeveral(call, i, ref, atEnd, count);
    const propagation = call.propagation;
    if (propagation.isActive) {
      const name = atEnd ? "RPOP" : "LPOP";
      propagation.replaceWith(call.database.index, name, args.view(i), String(popped));
    }
    return true;
  }
  return false;
}
