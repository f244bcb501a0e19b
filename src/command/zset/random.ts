/**
 * Drawing members: ZRANDMEMBER.
 *
 * A negative count draws again each time. A positive one draws different members: most of a sorted
 * set is gone through once, keeping as many as are wanted (each member with the chance that makes all
 * selections equally likely); few of a large one are drawn until they are different.
 */
import { parsed64, parseInt64 } from "../../base/integer_text.ts";
import { NOT_AN_INTEGER, OUT_OF_RANGE } from "../../protocol/wire_errors.ts";
import type { Call } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import {
  KEY,
  readOrReply,
  replyEmptyArray,
  replyHeader,
  replyMember,
  replyNull,
  WITHSCORES,
} from "./arguments.ts";

const COUNT_OUT_OF_RANGE =
  "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
const INT64_MIN = -(2n ** 63n);
/** Twice as many replies could not be counted. */
const PAIRS_MAX = 2n ** 62n - 1n;
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
    const count = countOrReply(call);
    if (count !== count) return;
    const ref = readOrReply(call, replyEmptyArray);
    if (ref === 0) return;
    if (count === 0) return call.reply.array(0);
    replyMany(call, ref, count, call.count === 4);
  },
});

/** The count, after everything behind it has been looked at; NaN after replying with an error. */
function countOrReply(call: Call): number {
  const { bytes, starts, ends } = call.args;
  if (!parseInt64(bytes, starts[2], ends[2])) {
    call.reply.error(NOT_AN_INTEGER);
    return NaN;
  }
  const count = parsed64.toBigInt();
  if (count === INT64_MIN) call.reply.error(COUNT_OUT_OF_RANGE);
  else if (call.count > 4 || (call.count === 4 && !call.is(3, "withscores"))) call.syntaxError();
  else if (call.count === 4 && (count > PAIRS_MAX || count < -PAIRS_MAX)) {
    call.reply.error(OUT_OF_RANGE);
  } else return Number(count);
  return NaN;
}

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
  replyHeader(reply, wanted, hasScores);
  if (count < 0) {
    for (let left = wanted; left > 0; left--) {
      reader.seek(prng.below(total));
      replyMember(reply, reader, hasScores);
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
