/**
 * Doubles as text: reading scores and other float arguments, and writing them into replies.
 *
 * Reading takes what C's `strtod` takes (see float_reading.ts) less what Redis refuses. Writing
 * follows Redis 7.2 (`d2string`): the shortest digits that read back as the same double, laid out
 * as its number printer lays them out, which is not JavaScript's way:
 *
 *     digits d, the last of them worth 10^k     laid out
 *     whole and |value| <= 2^62                 all digits of the integer
 *     0 <= k < 8                                digits and k zeros
 *     -7 < k < 0, or 0.001 <= |value| < 10^4    with a decimal point
 *     else                                      d.ddde+20, 1e-7
 *
 * The digits are the shortest there are, and of those the nearest to the double. Redis's printer
 * (Grisu2) misses them for about one fraction in 2000 and prints another spelling of the same
 * double: 28.374389999999998 for 28.37439, 99999999999999990000000 for 1e+23. We do not follow.
 *
 * Most scores are integers or have a few decimals: those are written without making a string.
 */

import { latin1, writeLatin1 } from "./ascii.ts";
import { bitLength, readBinary, scanFloat, scannedDigits, scannedFloat } from "./float_reading.ts";
import { writeInt64, writeInteger, writePaddedInteger } from "./integer_text.ts";

/** Powers of ten that a double holds exactly. */
const POWERS_OF_TEN: Float64Array = Float64Array.from({ length: 23 }, (_, i) => Number("1e" + i));

/** More significant digits than this cannot tell two doubles apart, but for being zero or not. */
const MAX_DECISIVE_DIGITS = 800;

const TWO_32 = 4294967296;
const TWO_62 = 4611686018427387904;

/** The longest text that {@link writeDouble} produces, in bytes: a sign, 17 digits and 7 zeros. */
export const MAX_DOUBLE_TEXT_BYTES = 25;

/**
 * Reads the whole of `bytes[start..end)` as Redis's `string2d` does.
 *
 * @returns the double, which may be infinite where the text says so; NaN where Redis says "value is
 * not a valid float": not a number, "nan", too large, or too small to be anything but zero.
 */
export function parseDouble(bytes: Uint8Array, start: number, end: number): number {
  if (!scanFloat(bytes, start, end)) return NaN;
  const scanned = scannedFloat;
  if (scanned.kind === "decimal" && scanned.significantDigits <= 15) {
    const scale = scanned.scale;
    // Both operands are exact, so the one operation rounds correctly.
    if (scale === 0) return scanned.isNegative ? -scanned.mantissa : scanned.mantissa;
    if (scale < 0 && scale >= -22) {
      const value = scanned.mantissa / POWERS_OF_TEN[-scale];
      return scanned.isNegative ? -value : value;
    }
    if (scale > 0 && scale <= 22) {
      const value = scanned.mantissa * POWERS_OF_TEN[scale];
      return scanned.isNegative ? -value : value;
    }
  }
  return parseRareDouble(bytes, start, end);
}

function parseRareDouble(bytes: Uint8Array, start: number, end: number): number {
  const { kind, isNegative, significantDigits, scale } = scannedFloat;
  if (kind === "infinity") return isNegative ? -Infinity : Infinity;
  if (significantDigits === 0) return isNegative ? -0 : 0;
  let value: number;
  if (kind === "hex") {
    value = readHexDouble(bytes);
  } else if (end - start <= MAX_DECISIVE_DIGITS) {
    value = Math.abs(Number(latin1(bytes, start, end)));
  } else {
    const digits = scannedDigits(bytes, MAX_DECISIVE_DIGITS);
    value = Number(digits + "e" + (scale + significantDigits - digits.length));
  }
  if (value === 0 || value === Infinity) return NaN;
  return isNegative ? -value : value;
}

function readHexDouble(bytes: Uint8Array): number {
  const read = readBinary(bytes, 53, -1074, 1100);
  if (read === undefined || bitLength(read.mantissa) + read.exponent > 1024) return Infinity;
  if (read.mantissa === 0n) return 0;
  // In two steps, because 2^-1074 times a mantissa is a double where 2^exponent may not be one.
  const half = Math.trunc(read.exponent / 2);
  return Number(read.mantissa) * 2 ** half * 2 ** (read.exponent - half);
}

/**
 * The text of a double as Redis 7.2 and newer print it: "3.1", "1e+20", "-0", "inf", "-inf",
 * "nan".
 */
export function formatDouble(value: number): string {
  const end = writeDouble(scratch, 0, value);
  return latin1(scratch, 0, end);
}

const scratch = new Uint8Array(MAX_DOUBLE_TEXT_BYTES);

/**
 * Writes the text that {@link formatDouble} gives.
 *
 * @param into must have {@link MAX_DOUBLE_TEXT_BYTES} free from `at`.
 * @returns the position after the text.
 */
export function writeDouble(into: Uint8Array, at: number, value: number): number {
  if (value === Math.floor(value) && value >= -TWO_62 && value <= TWO_62) {
    if (value === 0 && 1 / value < 0) return writeLatin1(into, at, "-0");
    if (Number.isSafeInteger(value)) return writeInteger(into, at, value);
    const high = Math.floor(value / TWO_32);
    return writeInt64(into, at, high, value - high * TWO_32);
  }
  if (value < 0) {
    into[at] = 0x2d;
    return writePositiveDouble(into, at + 1, -value);
  }
  return writePositiveDouble(into, at, value);
}

/** Not an integer up to 2^62: a fraction, a giant, infinity or NaN. */
function writePositiveDouble(into: Uint8Array, at: number, value: number): number {
  if (value < 1e8) {
    for (let places = 1; places <= 6; places++) {
      const power = POWERS_OF_TEN[places];
      const digits = Math.round(value * power);
      // At most 15 digits that read back as the value are the shortest such digits.
      if (digits / power === value) {
        const whole = Math.floor(digits / power);
        at = writeInteger(into, at, whole);
        into[at++] = 0x2e;
        return writePaddedInteger(into, at, places, digits - whole * power);
      }
    }
  }
  if (value !== value) return writeLatin1(into, at, "nan");
  if (value === Infinity) return writeLatin1(into, at, "inf");
  return writeLatin1(into, at, layOut(value.toExponential()));
}

/** Lays out JavaScript's shortest digits, "d.ddde+x", as the table above says. */
function layOut(exponential: string): string {
  const markAt = exponential.indexOf("e");
  const digits = exponential[0] + exponential.slice(2, markAt);
  const exponent = Number(exponential.slice(markAt + 1));
  const k = exponent - digits.length + 1;
  if (k >= 0) return k < 8 ? digits + "0".repeat(k) : exponential;
  if (k > -7 || Math.abs(exponent) < 4) {
    if (exponent < 0) return "0." + "0".repeat(-exponent - 1) + digits;
    return digits.slice(0, exponent + 1) + "." + digits.slice(exponent + 1);
  }
  return exponential;
}
