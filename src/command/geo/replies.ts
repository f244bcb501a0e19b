/** Coordinates and distances in replies. */
import { MAX_FIXED_TEXT_BYTES, writeFixed, writeHumanDouble } from "../../base/fixed_text.ts";
import { decoded, DECODED_LATITUDE, DECODED_LONGITUDE, decodeScore } from "../../base/geohash.ts";
import type { ReplyWriter } from "../../protocol/reply_writer.ts";

const COMMA = 0x2c;
/** A comma, and what ends a line. */
const LINE_BYTES = 3;
const DISTANCE_DECIMALS = 4;

const scratch = new Uint8Array(MAX_FIXED_TEXT_BYTES);

/** Replies with a distance: a bulk string of four decimals, in RESP3 too. */
export function replyDistance(reply: ReplyWriter, distance: number): void {
  reply.bulk(scratch, 0, writeFixed(scratch, 0, distance, DISTANCE_DECIMALS));
}

/** Replies with the longitude and the latitude of a score. */
export function replyPlace(reply: ReplyWriter, score: number): void {
  reply.array(2);
  decodeScore(score);
  replyDecoded(reply, DECODED_LONGITUDE);
  replyDecoded(reply, DECODED_LATITUDE);
}

/** A coordinate of `decoded` as a double of RESP3 or a bulk string, with 17 decimals. */
function replyDecoded(reply: ReplyWriter, which: number): void {
  const value = decoded[which];
  if (reply.protocol === 2) return reply.bulk(scratch, 0, writeHumanDouble(scratch, 0, value));
  reply.reserve(MAX_FIXED_TEXT_BYTES + LINE_BYTES);
  reply.bytes[reply.length] = COMMA;
  reply.length = writeHumanDouble(reply.bytes, reply.length + 1, value);
  reply.endBulk();
}

/** Replies with a score as an integer, as C converts a double to one. */
export function replyScoreAsInteger(reply: ReplyWriter, score: number): void {
  const whole = Math.trunc(score);
  if (Number.isSafeInteger(whole)) return reply.integer(whole);
  // What no 64-bit integer can be becomes the least of them.
  const isInRange = whole >= -(2 ** 63) && whole < 2 ** 63;
  reply.bigInteger(isInRange ? BigInt(whole) : -(1n << 63n));
}
