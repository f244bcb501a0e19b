/**
 * The list commands that wait for an element where there is none: BLPOP, BRPOP, BLMPOP, BLMOVE,
 * BRPOPLPUSH.
 *
 * To others they are what they came to, the command that does the same without waiting.
 */
import { TYPE_LIST } from "../../keyspace/value_type.ts";
import { secondsTimeout } from "../blocking.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import {
  type ArgumentSpecification,
  type CommandDefinition,
  defineCommand,
  keyRange,
  numberedKeys,
} from "../definition.ts";
import { endArgument, endOrReply } from "./argument.ts";
import { KEYS as MOVE_KEYS, move } from "./move.ts";
import { MULTI_POP, popElement, popFromFirst, readMultiPop, request } from "./pop.ts";

const TIMEOUT: ArgumentSpecification = { name: "timeout", type: "double" };
const TIMEOUT_HISTORY: readonly (readonly [version: string, change: string])[] = [
  ["6.0.0", "The `timeout` may have a fraction."],
];

export const blpop = blockingPopCommand(
  "blpop",
  "Takes the first element from the first list that has one, and waits until one has.",
  false,
);
export const brpop = blockingPopCommand(
  "brpop",
  "Takes the last element from the first list that has one, and waits until one has.",
  true,
);

function blockingPopCommand(name: string, summary: string, atEnd: boolean): CommandDefinition {
  return defineCommand({
    name,
    summary,
    since: "2.0.0",
    group: "list",
    complexity: "O(N), N being the number of keys.",
    history: TIMEOUT_HISTORY,
    arity: -3,
    flags: ["write", "blocking"],
    acl: ["list"],
    keys: [keyRange(1, -2, 1, "RW access delete")],
    arguments: [{ name: "key", type: "key", keySpec: 0, flags: ["multiple"] }, TIMEOUT],
    run: (call) => blockingPop(call, atEnd),
  });
}

export const blmpop = defineCommand({
  name: "blmpop",
  summary: "Takes elements from the first list that has some, and waits until one has.",
  since: "7.0.0",
  group: "list",
  complexity: "O(N+M), N being the number of keys and M the number of elements taken.",
  arity: -5,
  flags: ["write", "blocking", "movablekeys"],
  acl: ["list"],
  keys: [numberedKeys(2, "RW access delete")],
  arguments: [TIMEOUT, ...MULTI_POP],
  run(call) {
    if (!readMultiPop(call, 2)) return;
    const timeoutMs = secondsTimeout(call, 1);
    if (timeoutMs !== timeoutMs || popFromFirst(call)) return;
    const keys = argumentsFrom(request.firstKey, request.keyCount);
    call.block({ kind: "list", keys, timeoutMs });
  },
});

export const blmove = defineCommand({
  name: "blmove",
  summary:
    "Takes an element from an end of a list, puts it at an end of another and returns it; waits " +
    "until there is one.",
  since: "6.2.0",
  group: "list",
  complexity: "O(1)",
  arity: 6,
  flags: ["write", "denyoom", "blocking"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RW access delete"), keyRange(2, 2, 1, "RW insert")],
  arguments: [...MOVE_KEYS, endArgument("wherefrom"), endArgument("whereto"), TIMEOUT],
  run(call) {
    const fromEnd = endOrReply(call, 3);
    if (fromEnd === undefined) return;
    const toEnd = endOrReply(call, 4);
    if (toEnd === undefined) return;
    const dirtyBefore = call.dirty;
    blockingMove(call, fromEnd, toEnd, 5);
    if (call.dirty === dirtyBefore || !call.propagation.isActive) return;
    const { args, database, propagation } = call;
    const [source, target, from, to] = [args.view(1), args.view(2), args.view(3), args.view(4)];
    propagation.replaceWith(database.index, "LMOVE", source, target, from, to);
  },
});

export const brpoplpush = defineCommand({
  name: "brpoplpush",
  summary:
    "Takes the last element from a list, puts it before the first of another and returns it; " +
    "waits until there is one.",
  since: "2.2.0",
  group: "list",
  complexity: "O(1)",
  deprecatedSince: "6.2.0",
  replacedBy: "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
  docFlags: ["deprecated"],
  history: TIMEOUT_HISTORY,
  arity: 4,
  flags: ["write", "denyoom", "blocking"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RW access delete"), keyRange(2, 2, 1, "RW insert")],
  arguments: [...MOVE_KEYS, TIMEOUT],
  run(call) {
    const dirtyBefore = call.dirty;
    blockingMove(call, true, false, 3);
    if (call.dirty === dirtyBefore || !call.propagation.isActive) return;
    const { args, database, propagation } = call;
    propagation.replaceWith(database.index, "RPOPLPUSH", args.view(1), args.view(2));
  },
});

function blockingPop(call: Call, atEnd: boolean): void {
  const { args, reply } = call;
  const last = call.count - 1;
  const timeoutMs = secondsTimeout(call, last);
  if (timeoutMs !== timeoutMs) return;
  for (let i = 1; i < last; i++) {
    const ref = call.lookupWriteOf(i, TYPE_LIST);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) continue;
    reply.array(2);
    reply.bulk(args.bytes, args.starts[i], args.ends[i]);
    popElement(call, i, ref, atEnd);
    if (call.propagation.isActive) {
      call.propagation.replaceWith(call.database.index, atEnd ? "RPOP" : "LPOP", args.view(i));
    }
    return;
  }
  call.block({ kind: "list", keys: argumentsFrom(1, last - 1), timeoutMs });
}

function blockingMove(call: Call, fromEnd: boolean, toEnd: boolean, timeoutIndex: number): void {
  const timeoutMs = secondsTimeout(call, timeoutIndex);
  if (timeoutMs !== timeoutMs || move(call, fromEnd, toEnd)) return;
  call.block({ kind: "list", keys: [1], timeoutMs, refusedReply: "null" });
}

/** So many indexes of arguments, one after the other. */
function argumentsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}
