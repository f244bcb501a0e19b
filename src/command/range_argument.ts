/**
 * Ranges among the arguments: two positions, inclusive at both ends, where a negative one counts
 * from the end (GETRANGE, BITCOUNT).
 *
 * Positions are 64-bit integers and kept as doubles: whatever lies outside ±2^53 is far outside any
 * value, so only the order of two such numbers needs another look.
 */
import { parseBigInteger } from "../base/integer_text.ts";
import type { Call } from "./call.ts";

/**
 * True when both positions count from the end and the first stands behind the second: a range that
 * Redis calls empty before it moves either of them to the beginning.
 * @param first the argument that `start` was read from; `end` is the one after it.
 */
export function isBackwardFromEnd(call: Call, first: number, start: number, end: number): boolean {
  if (start >= 0 || end >= 0 || start < end) return false;
  if (start > end) return true;
  if (start >= Number.MIN_SAFE_INTEGER) return false;
  const args = call.args;
  const exactStart = parseBigInteger(args.bytes, args.starts[first], args.ends[first]);
  const exactEnd = parseBigInteger(args.bytes, args.starts[first + 1], args.ends[first + 1]);
  return exactStart! > exactEnd!;
}

/** The position from the beginning, at least 0, that a position means in `length` elements. */
export function positionFromStart(position: number, length: number): number {
  return position >= 0 ? position : Math.max(length + position, 0);
}

/** As {@link positionFromStart} for the end of a range: at most `length - 1`, -1 when empty. */
export function endFromStart(position: number, length: number): number {
  return Math.min(positionFromStart(position, length), length - 1);
}
