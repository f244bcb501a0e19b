/**
 * Decimal integers as text: reading them from argument bytes and writing them into replies.
 *
 * Redis takes an integer in one spelling only (its `string2ll`): an optional '-', then digits
 * without a leading zero, and nothing around them; "-0", "+1", "007" and " 1" are no integers. That
 * is why a value that was stored as an integer can be given back byte for byte.
 *
 * A JavaScript number holds every integer up to 2^53 - 1 exactly, so the hot paths work on numbers
 * (`parseSafeInteger`, `writeInteger`). The rest of the 64-bit range is handled as two 32-bit
 * words, which allocates nothing either; a bigint is made only where somebody asks for one.
 *
 *     value = high * 2^32 + low        high, low: int32 (read them with `>>> 0` where unsigned)
 *
 * `parseInt64` and its unsigned brothers leave their result in {@link parsed64}, which the next
 * parse overwrites: take the words out at once.
 */

const MINUS = 0x2d;
const PLUS = 0x2b;
const ZERO = 0x30;

const TWO_32 = 4294967296;
const MILLION = 1000000;
const BILLION = 1000000000;
const MAX_SAFE = Number.MAX_SAFE_INTEGER;

/** 20 digits write every unsigned 64-bit integer, 19 every signed one. */
const MAX_UNSIGNED_DIGITS = 20;

/** The longest text that {@link writeInt64} and {@link writeUnsigned64} produce, in bytes. */
export const MAX_INTEGER_TEXT_BYTES = 20;

/** A 64-bit integer as two 32-bit words; see {@link parsed64}. */
export class Words64 {
  /** Bits 63..32 as an int32: carries the sign of a signed value. */
  high = 0;
  /** Bits 31..0 as an int32. */
  low = 0;

  /** Whether the value, read as signed, is a safe integer of JavaScript. */
  isSafe(): boolean {
    const value = this.toNumber();
    return value >= -MAX_SAFE && value <= MAX_SAFE;
  }

  /** The signed value; exact where {@link isSafe}, else the nearest double. */
  toNumber(): number {
    return this.high * TWO_32 + (this.low >>> 0);
  }

  /** The unsigned value as the nearest double; exact below 2^53. */
  toUnsignedNumber(): number {
    return (this.high >>> 0) * TWO_32 + (this.low >>> 0);
  }

  /** The signed value. Allocates. */
  toBigInt(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low >>> 0);
  }

  /** The unsigned value. Allocates. */
  toUnsignedBigInt(): bigint {
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0);
  }
}

/** Where the last successful 64-bit parse left its result. */
export const parsed64: Words64 = new Words64();

/**
 * Reads `bytes[start..end)` as an integer.
 *
 * @returns the integer, or NaN where the text is not an integer in Redis's spelling or lies outside
 * ±(2^53 - 1). {@link parseInt64} tells the two apart.
 */
export function parseSafeInteger(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return NaN;
  let at = start;
  let value = bytes[at] - ZERO;
  const isNegative = value === MINUS - ZERO;
  if (isNegative) {
    at++;
    if (at >= end) return NaN;
    value = bytes[at] - ZERO;
  }
  if (value <= 0 || value > 9) return value === 0 && end - start === 1 ? 0 : NaN;
  at++;
  // Nine digits fit an int32: no text up to there leaves integer arithmetic.
  const intEnd = end - at > 8 ? at + 8 : end;
  for (; at < intEnd; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    value = (value * 10 + digit) | 0;
  }
  if (at < end) {
    value = parseLongTail(value, bytes, at, end);
  }
  return isNegative ? -value : value;
}

/** Continues a magnitude of nine digits with those in `bytes[at..end)`. */
function parseLongTail(head: number, bytes: Uint8Array, at: number, end: number): number {
  if (end - at > 7) return NaN;
  let tail = 0;
  let scale = 1;
  for (; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    tail = (tail * 10 + digit) | 0;
    scale = (scale * 10) | 0;
  }
  // Rounding is monotonous: a magnitude above the limit cannot round to one within it.
  const value = head * scale + tail;
  return value <= MAX_SAFE ? value : NaN;
}

/**
 * Reads `bytes[start..end)` as a signed 64-bit integer, in Redis's one spelling (`string2ll`).
 *
 * @returns true with the value in {@link parsed64}; false, and `parsed64` untouched, where the text
 * is not such an integer or does not fit 64 bits.
 */
export function parseInt64(bytes: Uint8Array, start: number, end: number): boolean {
  if (start >= end) return false;
  const isNegative = bytes[start] === MINUS;
  const from = isNegative ? start + 1 : start;
  if (from >= end) return false;
  if (bytes[from] === ZERO) {
    if (end - start !== 1) return false;
    parsed64.high = 0;
    parsed64.low = 0;
    return true;
  }
  if (!parseMagnitude(bytes, from, end)) return false;
  const high = magnitude.high >>> 0;
  const low = magnitude.low >>> 0;
  if (high >= 0x80000000 && !(isNegative && high === 0x80000000 && low === 0)) return false;
  storeParsed(isNegative);
  return true;
}

/** Whether `bytes[start..end)` is an int64 in the one spelling that reads back byte for byte. */
export function isCanonicalInteger(bytes: Uint8Array, start: number, end: number): boolean {
  const lengthBytes = end - start;
  if (lengthBytes <= 0 || lengthBytes > MAX_INTEGER_TEXT_BYTES) return false;
  // Below 16 bytes every integer is a safe one, so the cheap parse has the last word.
  if (lengthBytes < 16) return !Number.isNaN(parseSafeInteger(bytes, start, end));
  return parseInt64(bytes, start, end);
}

/** Like {@link parseInt64}, but answers with a bigint, or undefined. Allocates. */
export function parseBigInteger(
  bytes: Uint8Array,
  start: number,
  end: number,
): bigint | undefined {
  return parseInt64(bytes, start, end) ? parsed64.toBigInt() : undefined;
}

/**
 * Reads an unsigned 64-bit integer as Redis's `string2ull` does (parts of stream IDs): a negative
 * integer is refused, and what is not in the strict spelling is taken as {@link parseStrtoull}
 * takes it, leading zeros, '+' and white space included.
 *
 * @returns true with the value in {@link parsed64} (read it as unsigned).
 */
export function parseUnsigned64(bytes: Uint8Array, start: number, end: number): boolean {
  if (parseInt64(bytes, start, end)) return parsed64.high >= 0;
  return parseStrtoull(bytes, start, end);
}

/**
 * Reads an unsigned 64-bit integer with the C library's `strtoull(text, &rest, 10)` where nothing
 * may be left over: leading white space, one sign (a minus negates modulo 2^64) and leading zeros
 * are taken; no digits, other bytes and magnitudes above 2^64 - 1 are refused. SCAN reads its
 * cursor so.
 *
 * @returns true with the value in {@link parsed64} (read it as unsigned).
 */
export function parseStrtoull(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && isSpace(bytes[at])) at++;
  const isNegative = at < end && bytes[at] === MINUS;
  if (isNegative || (at < end && bytes[at] === PLUS)) at++;
  if (at >= end) return false;
  while (at < end - 1 && bytes[at] === ZERO) at++;
  if (!parseMagnitude(bytes, at, end)) return false;
  storeParsed(isNegative);
  return true;
}

/** C's isspace. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

const magnitude = new Words64();

/** Digits only, at least one, at most 64 bits; the result is left in `magnitude`. */
function parseMagnitude(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > MAX_UNSIGNED_DIGITS) return false;
  let high = 0;
  let low = 0;
  for (let at = start; at < end;) {
    // Six digits a step: a 32-bit word times 10^6 stays below 2^53.
    const stepEnd = at + 6 < end ? at + 6 : end;
    let step = 0;
    let scale = 1;
    for (; at < stepEnd; at++) {
      const digit = bytes[at] - ZERO;
      if (digit < 0 || digit > 9) return false;
      step = (step * 10 + digit) | 0;
      scale = (scale * 10) | 0;
    }
    const product = low * scale + step;
    low = product >>> 0;
    high = high * scale + (product - low) / TWO_32;
    if (high >= TWO_32) return false;
  }
  magnitude.high = high | 0;
  magnitude.low = low | 0;
  return true;
}

function storeParsed(isNegative: boolean): void {
  if (isNegative) {
    parsed64.low = -magnitude.low | 0;
    parsed64.high = (~magnitude.high + (magnitude.low === 0 ? 1 : 0)) | 0;
  } else {
    parsed64.low = magnitude.low;
    parsed64.high = magnitude.high;
  }
}

/**
 * Writes a safe integer as decimal text.
 *
 * @param into must have {@link integerTextLength} bytes free from `at` (17 always suffice).
 * @returns the position after the text.
 */
export function writeInteger(into: Uint8Array, at: number, value: number): number {
  if (value < 0) {
    into[at++] = MINUS;
    value = -value;
  }
  if (value < BILLION) return writeSmall(into, at, value | 0);
  const head = Math.floor(value / BILLION);
  const end = writeSmall(into, at, head | 0);
  return writePaddedInteger(into, end, 9, (value - head * BILLION) | 0);
}

/** Digits of 0 <= value < 10^9. */
function writeSmall(into: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    into[at] = ZERO + value;
    return at + 1;
  }
  return writePaddedInteger(into, at, digitsOfSmall(value), value);
}

/**
 * Writes exactly `digits` digits of an int32 value >= 0, with zeros in front.
 *
 * @returns the position after the text.
 */
export function writePaddedInteger(
  into: Uint8Array,
  at: number,
  digits: number,
  value: number,
): number {
  const end = at + digits;
  for (let to = end - 1; to >= at; to--) {
    const rest = (value / 10) | 0;
    into[to] = ZERO + (value - rest * 10);
    value = rest;
  }
  return end;
}

function digitsOfSmall(value: number): number {
  if (value < 10000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  if (value < 1000000) return value < 100000 ? 5 : 6;
  return value < 100000000 ? (value < 10000000 ? 7 : 8) : 9;
}

/** The length in bytes of what {@link writeInteger} writes for a safe integer. */
export function integerTextLength(value: number): number {
  let length = 0;
  if (value < 0) {
    length = 1;
    value = -value;
  }
  if (value < BILLION) return length + digitsOfSmall(value);
  return length + 9 + digitsOfSmall(Math.floor(value / BILLION));
}

/**
 * Writes the signed 64-bit integer of two words as decimal text.
 *
 * @param into must have {@link MAX_INTEGER_TEXT_BYTES} free from `at`.
 * @returns the position after the text.
 */
export function writeInt64(into: Uint8Array, at: number, high: number, low: number): number {
  if ((high | 0) >= 0) return writeUnsigned64(into, at, high, low);
  into[at] = MINUS;
  return writeUnsigned64(into, at + 1, ~high + ((low | 0) === 0 ? 1 : 0), -low);
}

/**
 * Writes the unsigned 64-bit integer of two words as decimal text.
 *
 * @param into must have {@link MAX_INTEGER_TEXT_BYTES} free from `at`.
 * @returns the position after the text.
 */
export function writeUnsigned64(into: Uint8Array, at: number, high: number, low: number): number {
  let upper = high >>> 0;
  let lower = low >>> 0;
  if (upper < 0x200000) return writeInteger(into, at, upper * TWO_32 + lower);
  // Six digits off the end, twice: the remainder of a division by 10^6 times 2^32 stays below 2^53.
  let upperQuotient = Math.floor(upper / MILLION);
  let rest = (upper - upperQuotient * MILLION) * TWO_32 + lower;
  let lowerQuotient = Math.floor(rest / MILLION);
  const last = rest - lowerQuotient * MILLION;
  upper = upperQuotient;
  lower = lowerQuotient;
  upperQuotient = Math.floor(upper / MILLION);
  rest = (upper - upperQuotient * MILLION) * TWO_32 + lower;
  lowerQuotient = Math.floor(rest / MILLION);
  const middle = rest - lowerQuotient * MILLION;
  // At least 2^53 / 10^12, so never zero; at most 18446744.
  at = writeSmall(into, at, (upperQuotient * TWO_32 + lowerQuotient) | 0);
  at = writePaddedInteger(into, at, 6, middle | 0);
  return writePaddedInteger(into, at, 6, last | 0);
}
