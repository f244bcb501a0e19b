/** The cursor of SCAN, HSCAN, SSCAN and ZSCAN. */
import { parsed64, parseStrtoull } from "../base/integer_text.ts";
import { INVALID_CURSOR } from "../protocol/wire_errors.ts";
import type { Call } from "./call.ts";

/** C's isspace. */
const SPACE = 0x20;
const TAB = 0x09;
const CARRIAGE_RETURN = 0x0d;

/**
 * A cursor as Redis reads it: C's strtoul, but white space in front is refused and nothing at all
 * is 0. NaN after replying with the error.
 */
export function cursorOrReply(call: Call, index: number): number {
  const args = call.args;
  const start = args.starts[index];
  const end = args.ends[index];
  if (start === end) return 0;
  const first = args.bytes[start];
  const isSpace = first === SPACE || (first >= TAB && first <= CARRIAGE_RETURN);
  if (!isSpace && parseStrtoull(args.bytes, start, end)) {
    return (parsed64.high >>> 0) * 2 ** 32 + (parsed64.low >>> 0);
  }
  call.reply.error(INVALID_CURSOR);
  return NaN;
}
