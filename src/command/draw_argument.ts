/** What SRANDMEMBER, HRANDFIELD and ZRANDMEMBER have in common: how many to draw, and the limits. */
import { HeapFull } from "../heap/heap.ts";
import { OUT_OF_RANGE } from "../protocol/wire_errors.ts";
import type { Call } from "./call.ts";
import { signedCountOrReply } from "./integer_argument.ts";

/** Twice as many replies could not be counted. */
const PAIRS_MAX = 2 ** 62;
/** The least that a bulk string takes, and the most that a reply may. */
const REPLY_BYTES_MIN = 6;
const REPLY_BYTES_MAX = 2 ** 30;

/** A reply would become, or is, longer than any may be. */
export class ReplyTooLong extends HeapFull {}

/**
 * The count at argument 2, behind which an option in lower case may ask for values or scores. What
 * can be wrong is checked in Redis's order; NaN after replying with the error.
 */
export function drawCountOrReply(call: Call, withValues: "withvalues" | "withscores"): number {
  const count = signedCountOrReply(call, 2);
  if (count !== count) return NaN;
  if (call.count > 4 || (call.count === 4 && !call.is(3, withValues))) call.syntaxError();
  else if (call.count === 4 && Math.abs(count) >= PAIRS_MAX) call.reply.error(OUT_OF_RANGE);
  else return count;
  return NaN;
}

/**
 * Before so many are drawn, each from all: what nobody could read is not made, where Redis would
 * write until its client is cut off.
 * @throws {ReplyTooLong} where it is sure to be too much.
 */
export function expectReadable(count: number): void {
  if (count * REPLY_BYTES_MIN > REPLY_BYTES_MAX) throw new ReplyTooLong();
}

/**
 * The same while they are drawn, into a reply that was `lengthBefore` long.
 * @throws {ReplyTooLong}
 */
export function expectStillReadable(call: Call, lengthBefore: number): void {
  const { reply } = call;
  if (reply.isCut || reply.length - lengthBefore > REPLY_BYTES_MAX) throw new ReplyTooLong();
}
