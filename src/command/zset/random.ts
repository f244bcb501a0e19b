/**
 * Drawing members: ZRANDMEMBER.
 *
 * A negative count draws again each time. A positive one draws different members: most of a sorted
 * set is gone through once, keeping as many as are wanted (each member with the chance that makes all
 * selections equally likely); few of a large one are drawn until they are different.
 */
import type { Call } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { drawCountOrReply, expectReadable, expectStillReadable } from "../draw_argument.ts";
import {
  KEY,
  readOrReply,
  replyEmptyArray,
  replyHeader,
  replyMember,
  replyNull,
  WITHSCORES,
} from "./arguments.ts";

/** At least so many times as many members as are wanted are worth drawing instead of walking. */
const DRAW_RATIO = 3;

export const zrandmember = defineCommand({
  name: "zrandmember",
  summary: "Returns members of a sorted set at random, with their scores if wanted.",
  since: "6.2.0",
  group: "sorted-set",
  complexity: "O(N) where N is the number of members returned.",
  arity: -2,
  flags: ["readonly"],
  acl: ["sortedset"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, {
    name: "options",
    type: "block",
    flags: ["optional"],
    arguments: [{ name: "count", type: "integer" }, WITHSCORES],
  }],
  run(call) {
    if (call.count === 2) return replyOne(call);
    const count = drawCountOrReply(call, "withscores");
    if (count !== count) return;
    const ref = readOrReply(call, replyEmptyArray);
    if (ref === 0) return;
    if (count === 0) return call.reply.array(0);
    replyMany(call, ref, count, call.count === 4);
  },
});

function replyOne(call: Call): void {
  const ref = readOrReply(call, replyNull);
  if (ref === 0) return;
  const reader = call.keyspace.zsets.reader;
  reader.open(call.database, ref);
  reader.seek(call.keyspace.prng.below(reader.count));
  replyMember(call.reply, reader, false);
}

function replyMany(call: Call, ref: number, count: number, hasScores: boolean): void {
  const { keyspace: { prng, zsets }, reply } = call;
  const reader = zsets.reader;
  reader.open(call.database, ref);
  const total = reader.count;
  const wanted = count < 0 ? -count : Math.min(count, total);
  if (count < 0) expectReadable(wanted);
  const lengthBefore = reply.length;
  replyHeader(reply, wanted, hasScores);
  if (count < 0) {
    for (let left = wanted; left > 0; left--) {
      reader.seek(prng.below(total));
      replyMember(reply, reader, hasScores);
      expectStillReadable(call, lengthBefore);
    }
  } else if (wanted * DRAW_RATIO < total) replyDrawn(call, wanted, hasScores);
  else replySelected(call, wanted, hasScores);
}

/** Different members, drawn until there are enough. */
function replyDrawn(call: Call, wanted: number, hasScores: boolean): void {
  const { keyspace: { prng, zsets: { reader } }, reply } = call;
  const drawn = new Set<number>();
  while (drawn.size < wanted) {
    const rank = prng.below(reader.count);
    if (drawn.has(rank)) continue;
    drawn.add(rank);
    reader.seek(rank);
    replyMember(reply, reader, hasScores);
  }
}

/** Different members, in order: each is taken with the chance that leaves the right number. */
function replySelected(call: Call, wanted: number, hasScores: boolean): void {
  const { keyspace: { prng, zsets: { reader } }, reply } = call;
  let left = wanted;
  let more = reader.seek(0);
  for (let ahead = reader.count; left > 0 && more; ahead--) {
    if (left === ahead || prng.below(ahead) < left) {
      replyMember(reply, reader, hasScores);
      left--;
    }
    more = left > 0 && reader.next();
  }
}
