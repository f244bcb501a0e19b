/**
 * Integers of 64 bits among the arguments, as doubles: what lies beyond 2^53 is more than there can
 * be of anything, and is kept to a double's precision.
 */
import { parsed64, parseInt64 } from "../base/integer_text.ts";
import { COUNT_OUT_OF_RANGE, NOT_AN_INTEGER, NOT_POSITIVE } from "../protocol/wire_errors.ts";
import type { Call } from "./call.ts";

/** The only one whose negative is none. */
const INT64_MIN = -(2 ** 63);

/**
 * The argument as any 64-bit integer, to a double's precision; NaN, after replying, when it is none.
 */
export function int64OrReply(call: Call, index: number, error: string = NOT_AN_INTEGER): number {
  const args = call.args;
  const value = call.safeInteger(index);
  if (value === value) return value;
  if (parseInt64(args.bytes, args.starts[index], args.ends[index])) {
    return doubleTowardsZero(parsed64.toBigInt());
  }
  call.reply.error(error);
  return NaN;
}

/** As {@link int64OrReply}, where what is less than `minimum` is no better than no integer. */
export function int64AtLeastOrReply(
  call: Call,
  index: number,
  minimum: number,
  error: string = NOT_POSITIVE,
): number {
  const value = int64OrReply(call, index, error);
  if (value !== value || value >= minimum) return value;
  call.reply.error(error);
  return NaN;
}

/**
 * As {@link int64OrReply}, for a number whose sign tells a direction: the least one has no
 * negative, and Redis 8 refuses it (7.0 takes it for what it overflows to in some commands).
 */
export function signedCountOrReply(call: Call, index: number): number {
  const value = int64OrReply(call, index);
  if (value !== INT64_MIN) return value;
  call.reply.error(COUNT_OUT_OF_RANGE);
  return NaN;
}

/** Rounding up could make a time overflow that does not: 9223372036854775 seconds is the last one. */
function doubleTowardsZero(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  const excessBits = BigInt(Math.max(0, magnitude.toString(2).length - 53));
  const rounded = Number(magnitude >> excessBits << excessBits);
  return value < 0n ? -rounded : rounded;
}
