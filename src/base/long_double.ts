/**
 * The x87 `long double`, in which INCRBYFLOAT and HINCRBYFLOAT reckon: a 64-bit mantissa, a 15-bit
 * exponent, rounding to the nearest and ties to even. A double would give other digits: Redis adds
 * 0.1 to 3.0 and answers 3.1 because eleven bits more hide the error behind the 17th digit.
 *
 *     value = (isNegative ? -1 : 1) * mantissa * 2^exponent
 *     mantissa < 2^64, exponent >= -16445, value < 2^16384; mantissa 0 is zero
 *
 * Not for hot loops: the arithmetic is made of bigints.
 */

import {
  bitLength,
  readBinary,
  roundBinary,
  scanFloat,
  scannedFloat,
  shiftRounded,
} from "./float_reading.ts";

const PRECISION = 64;
const LEAST_EXPONENT = -16445;
/** Every number is below 2^16384. */
const BITS_LIMIT = 16384;
/** The largest number is 1.19e4932, the smallest 3.6e-4951. */
const DECIMAL_LIMIT = 4960;

/** Redis copies the text into a buffer of this size, its terminator included. */
const MAX_TEXT_BYTES = 5 * 1024;

/** One number; immutable. */
export class LongDouble {
  readonly isNegative: boolean;
  readonly mantissa: bigint;
  readonly exponent: number;
  readonly isInfinite: boolean;

  constructor(isNegative: boolean, mantissa: bigint, exponent: number, isInfinite = false) {
    this.isNegative = isNegative;
    this.mantissa = mantissa;
    this.exponent = exponent;
    this.isInfinite = isInfinite;
  }
}

/** The value of a key or field that does not exist. */
export const LONG_DOUBLE_ZERO: LongDouble = new LongDouble(false, 0n, 0);

/**
 * Reads the whole of `bytes[start..end)` as Redis's `string2ld` does.
 *
 * @returns undefined where Redis says "value is not a valid float": not a number, "nan", out of
 * range, too small to be anything but zero, or 5120 bytes and longer. "inf" is a number.
 */
export function parseLongDouble(
  bytes: Uint8Array,
  start: number,
  end: number,
): LongDouble | undefined {
  if (end - start >= MAX_TEXT_BYTES || !scanFloat(bytes, start, end)) return undefined;
  const { isNegative, significantDigits } = scannedFloat;
  if (scannedFloat.kind === "infinity") return new LongDouble(isNegative, 0n, 0, true);
  const read = readBinary(bytes, PRECISION, LEAST_EXPONENT, DECIMAL_LIMIT);
  if (read === undefined) return undefined;
  const { mantissa, exponent } = read;
  if (mantissa === 0n) {
    return significantDigits > 0 ? undefined : new LongDouble(isNegative, 0n, 0);
  }
  if (bitLength(mantissa) + exponent > BITS_LIMIT) return undefined;
  return new LongDouble(isNegative, mantissa, exponent);
}

/** A finite double, exactly. */
export function longDoubleFromNumber(value: number): LongDouble {
  let magnitude = Math.abs(value);
  let exponent = 0;
  // Scaling by powers of two is exact: a double has 53 bits, and the way is up only.
  while (magnitude !== Math.floor(magnitude)) {
    magnitude *= 2;
    exponent--;
  }
  const isNegative = value < 0 || Object.is(value, -0);
  return new LongDouble(isNegative, ...normalized(BigInt(magnitude), exponent));
}

/** The same number with at most 64 bits of mantissa; the bits that fall off must be zero. */
function normalized(mantissa: bigint, exponent: number): [bigint, number] {
  const excess = bitLength(mantissa) - PRECISION;
  return excess > 0 ? [mantissa >> BigInt(excess), exponent + excess] : [mantissa, exponent];
}

/**
 * a + b, rounded once, as the x87 adds.
 *
 * @returns undefined where the sum is infinite or no number, for which both commands have the error
 * "increment would produce NaN or Infinity".
 */
export function addLongDoubles(a: LongDouble, b: LongDouble): LongDouble | undefined {
  if (a.isInfinite || b.isInfinite) return undefined;
  if (a.mantissa === 0n && b.mantissa === 0n) {
    return new LongDouble(a.isNegative && b.isNegative, 0n, 0);
  }
  const exponent = a.mantissa === 0n
    ? b.exponent
    : b.mantissa === 0n
    ? a.exponent
    : Math.min(a.exponent, b.exponent);
  const sum = signedAt(a, exponent) + signedAt(b, exponent);
  const isNegative = sum < 0n;
  const rounded = roundBinary(isNegative ? -sum : sum, exponent, PRECISION, LEAST_EXPONENT);
  if (bitLength(rounded.mantissa) + rounded.exponent > BITS_LIMIT) return undefined;
  return new LongDouble(isNegative, rounded.mantissa, rounded.exponent);
}

/** The number in units of 2^exponent, which is not above its own. */
function signedAt(value: LongDouble, exponent: number): bigint {
  if (value.mantissa === 0n) return 0n;
  const magnitude = value.mantissa << BigInt(value.exponent - exponent);
  return value.isNegative ? -magnitude : magnitude;
}

const FRACTION_DIGITS = 17;
const FRACTION_SCALE = 10n ** 17n;

/**
 * The text for people (`ld2string` with LD_STR_HUMAN): C's `%.17Lf` without the zeros at the end
 * and without an exponent, however long that gets; "-0" is "0".
 */
export function formatLongDouble(value: LongDouble): string {
  const sign = value.isNegative ? "-" : "";
  if (value.isInfinite) return sign + "inf";
  if (value.mantissa === 0n) return "0";
  if (value.exponent >= 0) return sign + String(value.mantissa << BigInt(value.exponent));
  const scaled = shiftRounded(value.mantissa * FRACTION_SCALE, BigInt(-value.exponent));
  if (scaled === 0n) return "0";
  const digits = String(scaled).padStart(FRACTION_DIGITS + 1, "0");
  const pointAt = digits.length - FRACTION_DIGITS;
  let end = digits.length;
  while (end > pointAt && digits.charCodeAt(end - 1) === 0x30) end--;
  const fraction = end > pointAt ? "." + digits.slice(pointAt, end) : "";
  return sign + digits.slice(0, pointAt) + fraction;
}

/**
 * `ceill(value * 1000)`: seconds in milliseconds, the product rounded as the x87 multiplies.
 *
 * @returns undefined where the value or the product is infinite.
 */
export function ceilThousandfold(value: LongDouble): bigint | undefined {
  if (value.isInfinite) return undefined;
  const product = roundBinary(value.mantissa * 1000n, value.exponent, PRECISION, LEAST_EXPONENT);
  const { mantissa, exponent } = product;
  if (bitLength(mantissa) + exponent > BITS_LIMIT) return undefined;
  if (exponent >= 0) return (value.isNegative ? -mantissa : mantissa) << BigInt(exponent);
  const shift = BigInt(-exponent);
  if (value.isNegative) return -(mantissa >> shift);
  return (mantissa + (1n << shift) - 1n) >> shift;
}
