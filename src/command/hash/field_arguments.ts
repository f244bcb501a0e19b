/**
 * What the commands on the expiry of fields (Redis 7.4 and 8.0) read: `FIELDS numfields field ...`,
 * with which their arguments end, and expiry times. Texts and their order are Redis 8.0.2's.
 */
import { parseBigInteger } from "../../base/integer_text.ts";
import { invalidExpireTime } from "../../protocol/wire_errors.ts";
import type { Call } from "../call.ts";
import type { ExpiryUnit } from "../expiry_argument.ts";
import { absoluteExpiryMs, EX, EXAT, PX, PXAT } from "../expiry_argument.ts";
import { int64OrReply } from "../integer_argument.ts";

/** Fields cannot expire later: Redis keeps their times in 46 bits. */
const FIELD_EXPIRES_AT_MS_MAX = 2 ** 46 - 1;

const NO_FIELDS = "ERR Mandatory argument FIELDS is missing or not at the right position";
const WRONG_COUNT = "ERR The `numfields` parameter must match the number of arguments";
const NEGATIVE_TIME = "ERR invalid expire time, must be >= 0";
/** What numbers of fields that are none are answered with. */
const NOT_POSITIVE_FIELDS = "ERR Number of fields must be a positive integer";
export const NOT_ABOVE_ZERO_FIELDS = "ERR Parameter `numFields` should be greater than 0";

/**
 * Reads `FIELDS numfields` at an argument, behind which nothing but so many fields may follow.
 * @returns how many they are; NaN after replying with the error.
 */
export function fieldCountOrReply(
  call: Call,
  index: number,
  notPositive: string = NOT_POSITIVE_FIELDS,
): number {
  const given = call.count - index - 2;
  const problem = problemOf(call, index, given, notPositive);
  if (problem === "") return given;
  call.reply.error(problem);
  return NaN;
}

function problemOf(call: Call, index: number, given: number, notPositive: string): string {
  if (index >= call.count || !call.is(index, "fields")) return NO_FIELDS;
  if (given < 0) return WRONG_COUNT;
  const count = call.safeInteger(index + 1);
  if (count === given && given > 0) return "";
  return count > 0 || isBeyondSafe(call, index + 1) ? WRONG_COUNT : notPositive;
}

/** True for a positive 64-bit integer that a double does not hold exactly. */
function isBeyondSafe(call: Call, index: number): boolean {
  const { bytes, starts, ends } = call.args;
  return (parseBigInteger(bytes, starts[index], ends[index]) ?? 0n) > 0n;
}

/** An expiry time of fields, in milliseconds since the epoch; NaN after replying with the error. */
export function fieldExpiryOrReply(call: Call, index: number, unit: ExpiryUnit): number {
  const value = int64OrReply(call, index);
  if (value !== value) return NaN;
  if (value < 0) {
    call.reply.error(NEGATIVE_TIME);
    return NaN;
  }
  const expiresAtMs = absoluteExpiryMs(call, value, unit);
  if (expiresAtMs <= FIELD_EXPIRES_AT_MS_MAX) return expiresAtMs;
  call.reply.error(invalidExpireTime(call.name));
  return NaN;
}

/** The unit that a word names, null when it is none. */
export function expiryUnitAt(call: Call, index: number): ExpiryUnit | null {
  if (call.is(index, "ex")) return EX;
  if (call.is(index, "px")) return PX;
  if (call.is(index, "exat")) return EXAT;
  return call.is(index, "pxat") ? PXAT : null;
}

/** Repeats that fields have been deleted: one command each, as Redis does. */
export function propagateDeletions(call: Call, deleted: readonly number[]): void {
  const { args, database, propagation } = call;
  if (!propagation.isActive) return;
  for (const index of deleted) {
    propagation.replaceWith(database.index, "HDEL", args.view(1), args.view(index));
  }
}
