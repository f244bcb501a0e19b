/**
 * Inline commands: a line of words as a person types them, quoted as Redis has it.
 *
 * - Words are separated by white space.
 * - "..." knows \n \r \t \b \a \xHH and takes any other escaped byte as it is.
 * - '...' knows \' only.
 * - A closing quote must be followed by white space or the end.
 */
import type { Arguments } from "./arguments.ts";

const BACKSLASH = 92;
const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;
const ESCAPES: ReadonlyMap<number, number> = new Map([
  [110, 10],
  [114, 13],
  [116, 9],
  [98, 8],
  [97, 7],
]);

/**
 * Splits a line into arguments. They may point into the line or, where quotes had to be resolved,
 * into a copy of it. Returns false when quotes are unbalanced.
 */
export function splitInline(
  line: Uint8Array,
  start: number,
  end: number,
  args: Arguments,
): boolean {
  // Resolved words are never longer than what stands in the line.
  const resolved = new Uint8Array(end - start);
  args.bytes = resolved;
  args.count = 0;
  let length = 0;
  // A zero byte ends the line, as it does for Redis.
  const zero = line.subarray(start, end).indexOf(0);
  if (zero >= 0) end = start + zero;
  for (let i = start;;) {
    while (i < end && isSpace(line[i])) i++;
    if (i >= end) return true;
    const from = length;
    let quote = 0;
    for (;;) {
      if (i >= end) {
        if (quote !== 0) return false;
        break;
      }
      const byte = line[i];
      if (quote === 0) {
        if (endsWord(byte)) break;
        if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) quote = byte;
        else resolved[length++] = byte;
        i++;
      } else if (byte === quote) {
        if (i + 1 < end && !isSpace(line[i + 1])) return false;
        i++;
        break;
      } else if (byte === BACKSLASH && quote === SINGLE_QUOTE && line[i + 1] === SINGLE_QUOTE) {
        resolved[length++] = SINGLE_QUOTE;
        i += 2;
      } else if (byte === BACKSLASH && quote === DOUBLE_QUOTE && i + 1 < end) {
        const hex = i + 3 < end && line[i + 1] === 120 ? hexByte(line[i + 2], line[i + 3]) : -1;
        resolved[length++] = hex >= 0 ? hex : ESCAPES.get(line[i + 1]) ?? line[i + 1];
        i += hex >= 0 ? 4 : 2;
      } else {
        resolved[length++] = byte;
        i++;
      }
    }
    args.push(from, length);
  }
}

/** Of what parts words, vertical tab and form feed do not end one. */
function endsWord(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 10 || byte === 13;
}

/** What C's isspace says. */
function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

function hexByte(high: number, low: number): number {
  const upper = hexDigit(high);
  const lower = hexDigit(low);
  return upper < 0 || lower < 0 ? -1 : upper << 4 | lower;
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
