/** Numbers that SORT sorts by. */
import { parseDouble } from "../../base/double_text.ts";

const SPACE = 0x20;
const TAB = 0x09;
const CARRIAGE_RETURN = 0x0d;
/** The least double that is not denormal. */
const LEAST_NORMAL = 2.2250738585072014e-308;

/**
 * What C's `strtod` makes of bytes that end at the first zero byte, where Redis takes all of them
 * for a number: white space may come first, and no bytes at all are 0. NaN where it takes them for
 * none, and where the number is too large or too small for a double.
 */
export function parseWeight(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0;
  let value = parseDouble(bytes, start, end);
  if (value !== value) value = parseRareWeight(bytes, start, end);
  return value !== 0 && value < LEAST_NORMAL && value > -LEAST_NORMAL ? NaN : value;
}

function parseRareWeight(bytes: Uint8Array, start: number, end: number): number {
  let textEnd = start;
  while (textEnd < end && bytes[textEnd] !== 0) textEnd++;
  if (textEnd === start) return 0;
  while (start < textEnd && isSpace(bytes[start])) start++;
  return parseDouble(bytes, start, textEnd);
}

function isSpace(byte: number): boolean {
  return byte === SPACE || (byte >= TAB && byte <= CARRIAGE_RETURN);
}
