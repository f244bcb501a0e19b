/**
 * Drawing fields: HRANDFIELD.
 *
 * A negative count draws again each time. A positive one draws different fields: most of a hash is
 * gone through once, keeping as many as are wanted (each field with the chance that makes all
 * selections equally likely); few of a large one are drawn until they are different.
 */
import { TYPE_HASH } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { drawCountOrReply, expectReadable, expectStillReadable } from "../draw_argument.ts";
import { isListpack, KEY, replyField, replyValue } from "./arguments.ts";

/** At least so many times as many fields as are wanted are worth drawing instead of walking. */
const DRAW_RATIO = 3;

export const hrandfield = defineCommand({
  name: "hrandfield",
  summary: "Returns fields of a hash at random, with their values if wanted.",
  since: "6.2.0",
  group: "hash",
  complexity: "O(N) where N is the number of fields returned.",
  arity: -2,
  flags: ["readonly"],
  acl: ["hash"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, {
    name: "options",
    type: "block",
    flags: ["optional"],
    arguments: [
      { name: "count", type: "integer" },
      { name: "withvalues", type: "pure-token", token: "WITHVALUES", flags: ["optional"] },
    ],
  }],
  run(call) {
    if (call.count === 2) return replyOne(call);
    const count = drawCountOrReply(call, "withvalues");
    if (count !== count) return;
    const ref = call.lookupReadOf(1, TYPE_HASH);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0 || count === 0) return call.reply.array(0);
    const hasValues = call.count === 4;
    if (count < 0) replyAnew(call, ref, -count, hasValues);
    else replyDifferent(call, ref, count, hasValues);
  },
});

function replyOne(call: Call): void {
  const ref = call.lookupReadOf(1, TYPE_HASH);
  if (ref === WRONG_TYPE_REPLIED) return;
  if (ref !== 0 && call.keyspace.hashes.random(call.database, ref)) replyField(call);
  else call.reply.null();
}

/** Draws `count` times among all fields. */
function replyAnew(call: Call, ref: number, count: number, hasValues: boolean): void {
  const hashes = call.keyspace.hashes;
  if (!hashes.random(call.database, ref)) return call.reply.array(0);
  expectReadable(count);
  const before = call.reply.length;
  begin(call, count, hasValues);
  for (;;) {
    replyDrawn(call, hasValues);
    if (--count === 0) return;
    expectStillReadable(call, before);
    hashes.random(call.database, ref);
  }
}

/** Draws up to `count` fields, none twice. */
function replyDifferent(call: Call, ref: number, count: number, hasValues: boolean): void {
  const { database, keyspace: { hashes, prng } } = call;
  const liveCount = hashes.liveCount(database, ref);
  let wanted = Math.min(count, liveCount);
  begin(call, wanted, hasValues);
  if (wanted * DRAW_RATIO <= liveCount && !isListpack(call, ref)) {
    const drawn = new Set<number>();
    while (drawn.size < wanted) {
      hashes.random(database, ref);
      const number = hashes.recordNumber;
      if (drawn.has(number)) continue;
      drawn.add(number);
      replyDrawn(call, hasValues);
    }
    return;
  }
  hashes.beginWalk(database, ref);
  for (let left = liveCount; wanted > 0; left--) {
    hashes.next();
    if (wanted < left && prng.below(left) >= wanted) continue;
    replyDrawn(call, hasValues);
    wanted--;
  }
}

/** The header: RESP3 has an array of each pair. */
function begin(call: Call, count: number, hasValues: boolean): void {
  call.reply.array(hasValues && call.reply.protocol === 2 ? 2 * count : count);
}

function replyDrawn(call: Call, hasValues: boolean): void {
  if (hasValues && call.reply.protocol > 2) call.reply.array(2);
  replyField(call);
  if (hasValues) replyValue(call);
}
