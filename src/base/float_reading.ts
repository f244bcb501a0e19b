/**
 * From text to binary floating point: the grammar of C's `strtod` and `strtold`, and correct
 * rounding to any precision.
 *
 *     float    = sign? (decimal | hex | "inf" | "infinity")           letters in any case
 *     decimal  = digits with at most one '.', then (("e") sign? digits)?
 *     hex      = "0x" hex digits with at most one '.', then (("p") sign? digits)?
 *
 * Redis lets nothing stand before or behind the number and refuses "nan", so neither is part of the
 * grammar here. The scan allocates nothing and leaves what it found in {@link scannedFloat}, which
 * the next scan overwrites; {@link readBinary} is exact for every text and made of bigints.
 */

import { equalsIgnoringCase, latin1, latin1Bytes } from "./ascii.ts";

/** What a scan found. */
export class ScannedFloat {
  kind: "decimal" | "hex" | "infinity" = "decimal";
  isNegative = false;
  /** Where the digits begin and end, a point among them; behind "0x" for hex. */
  mantissaStart = 0;
  mantissaEnd = 0;
  /** Digits from the first one that is not zero; 0 where the number is zero. */
  significantDigits = 0;
  /**
   * The exponent of the last digit: the number is the digits, read as an integer, times 10^scale
   * (decimal) or 2^scale (hex).
   */
  scale = 0;
  /** The digits as an integer, where it is decimal and has at most 15 significant digits. */
  mantissa = 0;
}

/** Where the last successful scan left its result. */
export const scannedFloat: ScannedFloat = new ScannedFloat();

/** Beyond this an exponent's digits no longer count: no mantissa in memory could make up for it. */
const EXPONENT_LIMIT = 1e14;

const INF = latin1Bytes("inf");
const INFINITY = latin1Bytes("infinity");

/**
 * Scans the whole of `bytes[start..end)`.
 *
 * @returns whether it is a number; if so {@link scannedFloat} holds its parts.
 */
export function scanFloat(bytes: Uint8Array, start: number, end: number): boolean {
  if (start >= end) return false;
  const sign = bytes[start];
  const isNegative = sign === 0x2d;
  const at = isNegative || sign === 0x2b ? start + 1 : start;
  if (at >= end) return false;
  scannedFloat.isNegative = isNegative;
  const first = bytes[at] | 0x20;
  if (first === 0x69) {
    scannedFloat.kind = "infinity";
    return equalsIgnoringCase(bytes, at, end, INF) || equalsIgnoringCase(bytes, at, end, INFINITY);
  }
  if (bytes[at] === 0x30 && end - at > 2 && (bytes[at + 1] | 0x20) === 0x78) {
    return scanHex(bytes, at + 2, end);
  }
  return scanDecimal(bytes, at, end);
}

function scanDecimal(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  let pointAt = -1;
  let mantissa = 0;
  let significant = 0;
  for (; at < end; at++) {
    const digit = bytes[at] - 0x30;
    if (digit >= 0 && digit <= 9) {
      if (significant > 0 || digit > 0) {
        significant++;
        if (significant <= 15) mantissa = mantissa * 10 + digit;
      }
    } else if (digit === -2 && pointAt < 0) {
      pointAt = at;
    } else {
      break;
    }
  }
  if (at - start === (pointAt < 0 ? 0 : 1)) return false;
  const exponent = at === end ? 0 : scanExponent(bytes, at, end, 0x65);
  if (exponent !== exponent) return false;
  scannedFloat.kind = "decimal";
  scannedFloat.mantissaStart = start;
  scannedFloat.mantissaEnd = at;
  scannedFloat.significantDigits = significant;
  scannedFloat.mantissa = mantissa;
  scannedFloat.scale = exponent - (pointAt < 0 ? 0 : at - pointAt - 1);
  return true;
}

function scanHex(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  let pointAt = -1;
  let significant = 0;
  for (; at < end; at++) {
    const byte = bytes[at];
    if (isHexDigit(byte)) {
      if (significant > 0 || byte !== 0x30) significant++;
    } else if (byte === 0x2e && pointAt < 0) {
      pointAt = at;
    } else {
      break;
    }
  }
  if (at - start === (pointAt < 0 ? 0 : 1)) return false;
  const exponent = at === end ? 0 : scanExponent(bytes, at, end, 0x70);
  if (exponent !== exponent) return false;
  scannedFloat.kind = "hex";
  scannedFloat.mantissaStart = start;
  scannedFloat.mantissaEnd = at;
  scannedFloat.significantDigits = significant;
  scannedFloat.scale = exponent - 4 * (pointAt < 0 ? 0 : at - pointAt - 1);
  return true;
}

function isHexDigit(byte: number): boolean {
  const letter = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x66);
}

/** The exponent after `letter`, which must reach up to `end`; NaN where it is none. */
function scanExponent(bytes: Uint8Array, start: number, end: number, letter: number): number {
  let at = start;
  if ((bytes[at++] | 0x20) !== letter) return NaN;
  const isNegative = at < end && bytes[at] === 0x2d;
  if (isNegative || (at < end && bytes[at] === 0x2b)) at++;
  if (at === end) return NaN;
  let exponent = 0;
  for (; at < end; at++) {
    const digit = bytes[at] - 0x30;
    if (digit < 0 || digit > 9) return NaN;
    if (exponent < EXPONENT_LIMIT) exponent = exponent * 10 + digit;
  }
  return isNegative ? -exponent : exponent;
}

/**
 * The significant digits of the last scan, without point and leading zeros, as a string of at most
 * `limit` digits and, where digits other than zero were cut off, a "1" for them: enough to round
 * correctly wherever `limit` digits reach beyond the last bit of a tie.
 */
export function scannedDigits(bytes: Uint8Array, limit: number): string {
  const end = scannedFloat.mantissaEnd;
  let at = scannedFloat.mantissaStart;
  while (at < end && (bytes[at] === 0x30 || bytes[at] === 0x2e)) at++;
  let digits = "";
  for (; at < end && digits.length < limit; at++) {
    if (bytes[at] !== 0x2e) digits += latin1(bytes, at, at + 1);
  }
  for (; at < end; at++) {
    if (bytes[at] !== 0x30 && bytes[at] !== 0x2e) return digits + "1";
  }
  return digits;
}

/** `mantissa` times 2^`exponent`; what {@link roundBinary} and {@link readBinary} give. */
export interface Binary {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const ZERO: Binary = { mantissa: 0n, exponent: 0 };

/** How many bits a bigint >= 0 has. */
export function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return hex.length * 4 - Math.clz32(parseInt(hex[0], 16)) + 28;
}

/**
 * Rounds mantissa * 2^exponent to a multiple of 2^leastExponent of at most `precision` bits, to the
 * nearest one and to the even one of two (as floating point hardware does).
 */
export function roundBinary(
  mantissa: bigint,
  exponent: number,
  precision: number,
  leastExponent: number,
): Binary {
  const length = bitLength(mantissa);
  const excess = Math.max(length - precision, leastExponent - exponent);
  if (excess <= 0) return { mantissa, exponent };
  if (excess > length) return ZERO;
  const shift = BigInt(excess);
  const rounded = shiftRounded(mantissa, shift);
  // Rounding up 11...1 gives one bit too many, all of them zero but the first.
  const isCarried = bitLength(rounded) > precision;
  return isCarried
    ? { mantissa: rounded >> 1n, exponent: exponent + excess + 1 }
    : { mantissa: rounded, exponent: exponent + excess };
}

/** mantissa / 2^shift, rounded to the nearest integer, ties to even; `shift` >= 1. */
export function shiftRounded(mantissa: bigint, shift: bigint): bigint {
  const quotient = mantissa >> shift;
  const rest = mantissa - (quotient << shift);
  const half = 1n << (shift - 1n);
  const isUp = rest > half || (rest === half && (quotient & 1n) === 1n);
  return isUp ? quotient + 1n : quotient;
}

/**
 * The number of the last scan (decimal or hex, without its sign), correctly rounded.
 *
 * @param precision bits of the format's mantissa.
 * @param leastExponent the exponent of its smallest positive number.
 * @param decimalLimit numbers of 10^decimalLimit and above overflow the format, those below
 * 10^-decimalLimit are zero in it.
 * @returns the number, which may lie above the format's largest; undefined for certain overflow.
 */
export function readBinary(
  bytes: Uint8Array,
  precision: number,
  leastExponent: number,
  decimalLimit: number,
): Binary | undefined {
  const { significantDigits, scale } = scannedFloat;
  if (significantDigits === 0) return ZERO;
  if (scannedFloat.kind === "hex") {
    return readHex(bytes, precision, leastExponent, decimalLimit * 4);
  }
  const magnitude = significantDigits + scale;
  if (magnitude > decimalLimit + 1) return undefined;
  if (magnitude < -decimalLimit) return ZERO;
  // More digits than a tie between two neighbours can have.
  const digits = scannedDigits(bytes, decimalLimit * 4);
  const integer = BigInt(digits);
  const tenExponent = scale + significantDigits - digits.length;
  if (tenExponent >= 0) {
    return roundBinary(integer * 10n ** BigInt(tenExponent), 0, precision, leastExponent);
  }
  const divisor = 10n ** BigInt(-tenExponent);
  // At least two bits more than asked for, the last of them standing for all that follow.
  const shift = Math.max(0, precision + 2 + bitLength(divisor) - bitLength(integer));
  const dividend = integer << BigInt(shift);
  const quotient = dividend / divisor;
  const rest = quotient * divisor === dividend ? 0n : 1n;
  return roundBinary((quotient << 1n) | rest, -shift - 1, precision, leastExponent);
}

function readHex(
  bytes: Uint8Array,
  precision: number,
  leastExponent: number,
  binaryLimit: number,
): Binary | undefined {
  const { significantDigits, scale } = scannedFloat;
  const magnitude = significantDigits * 4 + scale;
  if (magnitude > binaryLimit) return undefined;
  if (magnitude < -binaryLimit) return ZERO;
  const digits = scannedDigits(bytes, precision);
  const exponent = scale + 4 * (significantDigits - digits.length);
  return roundBinary(BigInt("0x" + digits), exponent, precision, leastExponent);
}
