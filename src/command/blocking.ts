/**
 * What a command says that has found nothing to do and wants to wait for keys, and how the time is
 * given that it waits.
 *
 * A command that waits is run again, whole, when one of its keys may serve: it must not have changed
 * anything before it asks to wait.
 */
import { parseSafeInteger } from "../base/integer_text.ts";
import { ceilThousandfold, parseLongDouble } from "../base/long_double.ts";
import type { ReplyWriter } from "../protocol/reply_writer.ts";
import type { Call } from "./call.ts";
import { int64OrReply } from "./integer_argument.ts";

/** For values of which type a command waits. */
export type BlockKind = "list" | "zset" | "stream";

export interface BlockRequest {
  readonly kind: BlockKind;
  /** The arguments that are keys. */
  readonly keys: readonly number[];
  /** From now; 0 for ever. Counts only the first time: a command that is run again keeps it. */
  readonly timeoutMs: number;
  /** Also run again when a key is deleted or becomes another type (XREADGROUP). */
  readonly endsOnMissingKey?: boolean;
  /** What is replied where the command must not wait: a null array, but for BLMOVE a null. */
  readonly refusedReply?: "null array" | "null";
}

const NOT_A_TIMEOUT = "ERR timeout is not a float or out of range";
const TIMEOUT_OUT_OF_RANGE = "ERR timeout is out of range";
const TIMEOUT_NEGATIVE = "ERR timeout is negative";
const INT64_MAX = 2n ** 63n - 1n;

/** What a command replies that must not wait. */
export function replyTimeout(reply: ReplyWriter, request: BlockRequest): void {
  if (request.refusedReply === "null") reply.null();
  else reply.nullArray();
}

/**
 * The argument as seconds, with a fraction, in milliseconds rounded up (getTimeoutFromObjectOrReply);
 * NaN after replying with the error.
 */
export function secondsTimeout(call: Call, index: number): number {
  const { bytes, starts, ends } = call.args;
  const whole = parseSafeInteger(bytes, starts[index], ends[index]);
  if (whole >= 0 && whole <= 1e12) return whole * 1000;
  const value = parseLongDouble(bytes, starts[index], ends[index]);
  if (value === undefined) return refuse(call, NOT_A_TIMEOUT);
  const ms = ceilThousandfold(value);
  if (ms === undefined) {
    return refuse(call, value.isNegative ? TIMEOUT_NEGATIVE : TIMEOUT_OUT_OF_RANGE);
  }
  if (ms < 0n) return refuse(call, TIMEOUT_NEGATIVE);
  if (ms > INT64_MAX - BigInt(call.keyspace.nowMs)) return refuse(call, TIMEOUT_OUT_OF_RANGE);
  return Number(ms);
}

/** The argument as milliseconds; NaN after replying with the error. */
export function millisecondsTimeout(call: Call, index: number): number {
  const ms = int64OrReply(call, index, "ERR timeout is not an integer or out of range");
  if (ms !== ms) return ms;
  if (ms < 0) return refuse(call, TIMEOUT_NEGATIVE);
  if (ms > Number(INT64_MAX) - call.keyspace.nowMs) return refuse(call, TIMEOUT_OUT_OF_RANGE);
  return ms;
}

function refuse(call: Call, error: string): number {
  call.reply.error(error);
  return NaN;
}
