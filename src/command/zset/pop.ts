/**
 * Taking the members with the lowest or the highest scores: ZPOPMIN, ZPOPMAX, ZMPOP, and those that
 * wait for some: BZPOPMIN, BZPOPMAX, BZMPOP.
 *
 * What looks at several keys is told to others as the ZPOPMIN or ZPOPMAX that it came to.
 */
import { TYPE_ZSET } from "../../keyspace/value_type.ts";
import { NUMKEYS_NOT_POSITIVE, POPPED_NOT_POSITIVE } from "../../protocol/wire_errors.ts";
import { secondsTimeout } from "../blocking.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import type { ArgumentSpecification } from "../definition.ts";
import { defineCommand, keyRange, numberedKeys } from "../definition.ts";
import { int64AtLeastOrReply } from "../integer_argument.ts";
import { EVENT_GENERIC, EVENT_ZSET } from "../key_events.ts";
import { KEY, replyScore } from "./arguments.ts";

/** What {@link popFirst} returns: it has replied, or there is nothing to take. */
const REPLIED = true;
const NOTHING = false;

/** Each member stands in an array with its score. */
const NESTED = true;

/** In the place of a count: one member, as BZPOPMIN and BZPOPMAX reply with it. */
const ONE = 0;

const MULTIPLE_POP: readonly ArgumentSpecification[] = [
  { name: "numkeys", type: "integer" },
  { name: "key", type: "key", keySpec: 0, flags: ["multiple"] },
  {
    name: "where",
    type: "oneof",
    arguments: [
      { name: "min", type: "pure-token", token: "MIN" },
      { name: "max", type: "pure-token", token: "MAX" },
    ],
  },
  { name: "count", type: "integer", token: "COUNT", flags: ["optional"] },
];

/** ZPOPMIN or ZPOPMAX. */
function popping(name: string, which: string, isMax: boolean): ReturnType<typeof defineCommand> {
  return defineCommand({
    name,
    summary: `Takes the members with the ${which} scores and returns them.`,
    since: "5.0.0",
    group: "sorted-set",
    complexity: "O(log(N)*M) to take M members out of N.",
    arity: -2,
    flags: ["write", "fast"],
    acl: ["sortedset"],
    keys: [keyRange(1, 1, 1, "RW access delete")],
    arguments: [KEY, { name: "count", type: "integer", flags: ["optional"] }],
    run: (call) => popOne(call, isMax),
  });
}

export const zpopmin = popping("zpopmin", "lowest", false);
export const zpopmax = popping("zpopmax", "highest", true);

function popOne(call: Call, isMax: boolean): void {
  if (call.count > 3) return call.syntaxError();
  const hasCount = call.count === 3;
  const wanted = hasCount ? int64AtLeastOrReply(call, 2, 0) : 1;
  if (wanted !== wanted) return;
  const ref = call.lookupWriteOf(1, TYPE_ZSET);
  if (ref === WRONG_TYPE_REPLIED) return;
  const reply = call.reply;
  if (ref === 0 || wanted === 0) return reply.array(0);
  const count = Math.min(wanted, call.keyspace.zsets.count(call.database, ref));
  // RESP3 nests the pairs, but not where there is no count.
  const isNested = hasCount && reply.protocol > 2;
  reply.array(isNested ? count : 2 * count);
  pop(call, 1, ref, isMax, count, isNested);
}

export const zmpop = defineCommand({
  name: "zmpop",
  summary: "Takes the members with the lowest or highest scores of the first of some sorted sets " +
    "that has any, and returns them.",
  since: "7.0.0",
  group: "sorted-set",
  complexity: "O(K) + O(M*log(N)) to look at K keys and take M members out of N.",
  arity: -4,
  flags: ["write", "movablekeys"],
  acl: ["sortedset"],
  keys: [numberedKeys(1, "RW access delete")],
  arguments: MULTIPLE_POP,
  run(call) {
    if (options.read(call, 1) && popFirst(call, 2, options.keyCount) === NOTHING) {
      call.reply.nullArray();
    }
  },
});

/** BZPOPMIN or BZPOPMAX. */
function blockingPop(
  name: string,
  which: string,
  isMax: boolean,
): ReturnType<typeof defineCommand> {
  return defineCommand({
    name,
    summary: `Takes the member with the ${which} score of the first of some sorted sets that has ` +
      "any and returns it, or waits for one.",
    since: "5.0.0",
    group: "sorted-set",
    complexity: "O(log(N)) where N is the number of members in the sorted set.",
    history: [["6.0.0", "`timeout` may have a fraction."]],
    arity: -3,
    flags: ["write", "blocking", "fast"],
    acl: ["sortedset"],
    keys: [keyRange(1, -2, 1, "RW access delete")],
    arguments: [
      { ...KEY, flags: ["multiple"] },
      { name: "timeout", type: "double" },
    ],
    run(call) {
      const timeoutMs = secondsTimeout(call, call.count - 1);
      if (timeoutMs !== timeoutMs) return;
      const keyCount = call.count - 2;
      options.isMax = isMax;
      options.wanted = ONE;
      if (popFirst(call, 1, keyCount) === NOTHING) waitForKeys(call, 1, keyCount, timeoutMs);
    },
  });
}

export const bzpopmin = blockingPop("bzpopmin", "lowest", false);
export const bzpopmax = blockingPop("bzpopmax", "highest", true);

export const bzmpop = defineCommand({
  name: "bzmpop",
  summary: "Takes the members with the lowest or highest scores of the first of some sorted sets " +
    "that has any and returns them, or waits for some.",
  since: "7.0.0",
  group: "sorted-set",
  complexity: "O(K) + O(M*log(N)) to look at K keys and take M members out of N.",
  arity: -5,
  flags: ["write", "blocking", "movablekeys"],
  acl: ["sortedset"],
  keys: [numberedKeys(2, "RW access delete")],
  arguments: [{ name: "timeout", type: "double" }, ...MULTIPLE_POP],
  run(call) {
    if (!options.read(call, 2)) return;
    const timeoutMs = secondsTimeout(call, 1);
    if (timeoutMs !== timeoutMs) return;
    const { keyCount } = options;
    if (popFirst(call, 3, keyCount) === NOTHING) waitForKeys(call, 3, keyCount, timeoutMs);
  },
});

function waitForKeys(call: Call, first: number, keyCount: number, timeoutMs: number): void {
  const keys: number[] = [];
  for (let i = 0; i < keyCount; i++) keys.push(first + i);
  call.block({ kind: "zset", keys, timeoutMs });
}

/** What ZMPOP and BZMPOP are to do: `numkeys key ... MIN | MAX [COUNT count]`. */
class PopOptions {
  keyCount = 0;
  isMax = false;
  /** How many members; ONE for one that is no part of an array of them. */
  wanted = 1;

  /** Reads them from `numkeys` on; false after replying with an error. */
  read(call: Call, index: number): boolean {
    this.keyCount = int64AtLeastOrReply(call, index, 1, NUMKEYS_NOT_POSITIVE);
    if (this.keyCount !== this.keyCount) return false;
    const whereIndex = index + this.keyCount + 1;
    this.isMax = whereIndex < call.count && call.is(whereIndex, "max");
    this.wanted = 1;
    const hasWhere = this.isMax || whereIndex < call.count && call.is(whereIndex, "min");
    if (hasWhere && call.count === whereIndex + 1) return true;
    if (!hasWhere || call.count < whereIndex + 3 || !call.is(whereIndex + 1, "count")) {
      call.syntaxError();
      return false;
    }
    this.wanted = int64AtLeastOrReply(call, whereIndex + 2, 1, POPPED_NOT_POSITIVE);
    if (this.wanted !== this.wanted) return false;
    if (call.count === whereIndex + 3) return true;
    call.syntaxError();
    return false;
  }
}

const options = new PopOptions();

/** Takes members out of the first sorted set that is there, as {@link options} says. */
function popFirst(call: Call, first: number, keyCount: number): boolean {
  const { args, database, propagation, reply } = call;
  const { isMax, wanted } = options;
  for (let index = first; index < first + keyCount; index++) {
    const ref = call.lookupWriteOf(index, TYPE_ZSET);
    if (ref === WRONG_TYPE_REPLIED) return REPLIED;
    if (ref === 0) continue;
    const isPlain = wanted === ONE;
    const count = isPlain ? 1 : Math.min(wanted, call.keyspace.zsets.count(database, ref));
    reply.array(isPlain ? 3 : 2);
    reply.bulk(args.bytes, args.starts[index], args.ends[index]);
    if (!isPlain) reply.array(count);
    pop(call, index, ref, isMax, count, !isPlain && NESTED);
    if (propagation.isActive) {
      const parts = [isMax ? "ZPOPMAX" : "ZPOPMIN", args.copy(index)];
      if (!isPlain) parts.push(String(count));
      propagation.replaceWith(database.index, ...parts);
    }
    return REPLIED;
  }
  return NOTHING;
}

/** Takes so many members out of the key at an argument, which are there, and replies with each. */
function pop(
  call: Call,
  index: number,
  ref: number,
  isMax: boolean,
  count: number,
  isNested: boolean,
): void {
  const { database, keyspace: { zsets }, reply } = call;
  const reader = zsets.reader;
  reader.open(database, ref);
  const total = reader.count;
  reader.seekEnd(isMax);
  for (let left = count;;) {
    if (isNested) reply.array(2);
    reply.bulk(reader.bytes, reader.start, reader.end);
    replyScore(reply, reader.score);
    if (--left === 0 || !(isMax ? reader.previous() : reader.next())) break;
  }
  if (count === total) database.delete(ref);
  else if (count === 1) zsets.removeEnd(database, ref, isMax);
  else zsets.removeRange(database, ref, isMax ? total - count : 0, count);
  call.dirty += count;
  if (!call.keyEvents.isActive) return;
  call.notify(index, EVENT_ZSET, isMax ? "zpopmax" : "zpopmin");
  if (count === total) call.notify(index, EVENT_GENERIC, "del");
  call.touched(index);
}
