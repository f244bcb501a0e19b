/**
 * Taking the members with the lowest or the highest scores: ZPOPMIN, ZPOPMAX, ZMPOP.
 *
 * ZMPOP is told to others as the ZPOPMIN or ZPOPMAX that it came to.
 */
import { TYPE_ZSET } from "../../keyspace/value_type.ts";
import { NUMKEYS_NOT_POSITIVE, POPPED_NOT_POSITIVE } from "../../protocol/wire_errors.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange, numberedKeys } from "../definition.ts";
import { int64AtLeastOrReply } from "../integer_argument.ts";
import { KEY, replyScore } from "./arguments.ts";

/** Each member stands in an array with its score. */
const NESTED = true;

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
  pop(call, ref, isMax, count, isNested);
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
  arguments: [
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
  ],
  run(call) {
    const keyCount = int64AtLeastOrReply(call, 1, 1, NUMKEYS_NOT_POSITIVE);
    if (keyCount !== keyCount) return;
    const whereIndex = keyCount + 2;
    if (whereIndex >= call.count) return call.syntaxError();
    const isMax = call.is(whereIndex, "max");
    if (!isMax && !call.is(whereIndex, "min")) return call.syntaxError();
    let wanted = 1;
    if (call.count > whereIndex + 1) {
      const isCount = call.count > whereIndex + 2 && call.is(whereIndex + 1, "count");
      if (!isCount) return call.syntaxError();
      wanted = int64AtLeastOrReply(call, whereIndex + 2, 1, POPPED_NOT_POSITIVE);
      if (wanted !== wanted) return;
      if (call.count > whereIndex + 3) return call.syntaxError();
    }
    popFirst(call, keyCount, isMax, wanted);
  },
});

/** Takes members out of the first sorted set that is there. */
function popFirst(call: Call, keyCount: number, isMax: boolean, wanted: number): void {
  const { args, database, propagation, reply } = call;
  for (let index = 2; index < keyCount + 2; index++) {
    const ref = call.lookupWriteOf(index, TYPE_ZSET);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) continue;
    const count = Math.min(wanted, call.keyspace.zsets.count(database, ref));
    reply.array(2);
    reply.bulk(args.bytes, args.starts[index], args.ends[index]);
    reply.array(count);
    pop(call, ref, isMax, count, NESTED);
    if (propagation.isActive) {
      const name = isMax ? "ZPOPMAX" : "ZPOPMIN";
      propagation.replaceWith(database.index, name, args.copy(index), String(count));
    }
    return;
  }
  reply.nullArray();
}

/** Takes so many members out, which are there, and replies with each. */
function pop(call: Call, ref: number, isMax: boolean, count: number, isNested: boolean): void {
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
}
