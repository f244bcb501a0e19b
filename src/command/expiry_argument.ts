/**
 * Expiry times among the arguments: seconds or milliseconds, from now or since the epoch, checked
 * as Redis checks them (getExpireMillisecondsOrReply).
 *
 * Times are doubles: beyond 2^53 milliseconds (the year 287396) they are kept to a few seconds.
 */
import { invalidExpireTime } from "../protocol/wire_errors.ts";
import type { Call } from "./call.ts";
import type { ArgumentSpecification } from "./definition.ts";
import { int64OrReply } from "./integer_argument.ts";

/** The latest expiry time that can be kept: the largest double below 2^63. */
export const EXPIRES_AT_MS_MAX = 2 ** 63 - 1024;
const INT64_MAX = 2 ** 63;

/** How an expiry time is given. */
export interface ExpiryUnit {
  readonly isSeconds: boolean;
  readonly isAbsolute: boolean;
}

export const EX: ExpiryUnit = { isSeconds: true, isAbsolute: false };
export const PX: ExpiryUnit = { isSeconds: false, isAbsolute: false };
export const EXAT: ExpiryUnit = { isSeconds: true, isAbsolute: true };
export const PXAT: ExpiryUnit = { isSeconds: false, isAbsolute: true };

/** When an expiry time is to be set, in EXPIRE, HEXPIRE and their like. */
export const EXPIRY_CONDITION: ArgumentSpecification = {
  name: "condition",
  type: "oneof",
  flags: ["optional"],
  arguments: [
    { name: "nx", type: "pure-token", token: "NX" },
    { name: "xx", type: "pure-token", token: "XX" },
    { name: "gt", type: "pure-token", token: "GT" },
    { name: "lt", type: "pure-token", token: "LT" },
  ],
};

/**
 * An expiry that must lie after the epoch and be positive, in milliseconds since the epoch; NaN
 * after replying with the error (SET, GETEX, RESTORE and the like).
 */
export function positiveExpiryOrReply(call: Call, index: number, unit: ExpiryUnit): number {
  const value = int64OrReply(call, index);
  if (value !== value) return NaN;
  const expiresAtMs = value > 0 ? absoluteExpiryMs(call, value, unit) : NaN;
  if (expiresAtMs > 0) return expiresAtMs;
  call.reply.error(invalidExpireTime(call.name));
  return NaN;
}

/** In milliseconds since the epoch, which may be past; NaN when it overflows 64 bits. */
export function absoluteExpiryMs(call: Call, value: number, unit: ExpiryUnit): number {
  const scale = unit.isSeconds ? 1000 : 1;
  const ms = value * scale;
  if (unit.isSeconds && (ms >= INT64_MAX || ms <= -INT64_MAX)) return NaN;
  const expiresAtMs = unit.isAbsolute ? ms : ms + call.keyspace.nowMs;
  if (!unit.isAbsolute && expiresAtMs >= INT64_MAX) return NaN;
  return Math.min(expiresAtMs, EXPIRES_AT_MS_MAX);
}
