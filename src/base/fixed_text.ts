/**
 * Doubles as text with a fixed number of decimals, as C's `printf` rounds them: to the nearest, and
 * of two that are equally near to the even one, by the double's exact value.
 *
 * Most are written by integer arithmetic on doubles. What is too large for it, or stands so near to
 * the middle of two texts that an inexact product does not tell, goes the way of big integers.
 */
import { writeLatin1 } from "./ascii.ts";
import { shiftRounded } from "./float_reading.ts";
import { writeInteger, writePaddedInteger } from "./integer_text.ts";
import { formatLongDouble, longDoubleFromNumber } from "./long_double.ts";

/** The longest text of {@link writeFixed} and {@link writeHumanDouble}, in bytes. */
export const MAX_FIXED_TEXT_BYTES = 336;

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** The bits behind the point of coordinates up to 180, halved: see {@link writeHumanDouble}. */
const FRACTION_BITS = 47;
const FRACTION_SCALE = 2 ** FRACTION_BITS;
const LOW_SCALE = 2 ** 24;
const HIGH_SCALE = 2 ** 23;
const HUMAN_DECIMALS = 17;
const MILLION = 1e6;

/**
 * Writes what `%.*f` makes of a double and returns the end.
 * @param decimals 1 to 6.
 */
export function writeFixed(
  into: Uint8Array,
  at: number,
  value: number,
  decimals: number,
): number {
  if (value !== value) return writeLatin1(into, at, "nan");
  if (value < 0 || (value === 0 && 1 / value < 0)) {
    into[at++] = MINUS;
    value = -value;
  }
  if (value === Infinity) return writeLatin1(into, at, "inf");
  let whole = Math.floor(value);
  if (whole > Number.MAX_SAFE_INTEGER) return writeExactly(into, at, value, decimals);
  const power = 10 ** decimals;
  const scaled = (value - whole) * power;
  let fraction = Math.floor(scaled);
  const rest = scaled - fraction;
  if (rest > 0.4999999 && rest < 0.5000001) return writeExactly(into, at, value, decimals);
  if (rest > 0.5 && ++fraction === power) {
    fraction = 0;
    whole++;
  }
  at = writeInteger(into, at, whole);
  into[at++] = POINT;
  return writePaddedInteger(into, at, decimals, fraction);
}

function writeExactly(into: Uint8Array, at: number, value: number, decimals: number): number {
  const { mantissa, exponent } = longDoubleFromNumber(value);
  const scaled = mantissa * 10n ** BigInt(decimals);
  const digits = exponent >= 0
    ? scaled << BigInt(exponent)
    : shiftRounded(scaled, BigInt(-exponent));
  const text = String(digits).padStart(decimals + 1, "0");
  at = writeLatin1(into, at, text.slice(0, -decimals));
  into[at++] = POINT;
  return writeLatin1(into, at, text.slice(-decimals));
}

/**
 * Writes what Redis replies for a coordinate (`ld2string` with LD_STR_HUMAN): 17 decimals without
 * the zeros at the end. Returns the end.
 *
 * A coordinate is the sum of a number near 180 or 85 and another one, halved: nothing of it is
 * beyond the 47th bit behind the point. That many bits times a million, in two halves, stay exact.
 */
export function writeHumanDouble(into: Uint8Array, at: number, value: number): number {
  const magnitude = Math.abs(value);
  const whole = Math.floor(magnitude);
  const bits = (magnitude - whole) * FRACTION_SCALE;
  if (!(magnitude < MILLION) || bits !== Math.floor(bits)) {
    return writeLatin1(into, at, formatLongDouble(longDoubleFromNumber(value)));
  }
  const start = at;
  if (value < 0) into[at++] = MINUS;
  at = writeInteger(into, at, whole);
  if (bits === 0) return at;
  const end = writeFraction(into, at, bits);
  return end !== 0 ? end : writeLatin1(into, start, formatLongDouble(longDoubleFromNumber(value)));
}

/**
 * Writes a point and the decimals of a fraction of so many 2^-47, which is not 0. Returns the end;
 * 0 where rounding up would change more than the last five decimals.
 */
function writeFraction(into: Uint8Array, at: number, bits: number): number {
  let high = Math.floor(bits / LOW_SCALE);
  let low = bits - high * LOW_SCALE;
  into[at++] = POINT;
  const first = at;
  for (let group = 0; group < 3; group++) {
    const factor = group < 2 ? MILLION : MILLION / 10;
    low *= factor;
    const carry = Math.floor(low / LOW_SCALE);
    low -= carry * LOW_SCALE;
    high = high * factor + carry;
    let digits = Math.floor(high / HIGH_SCALE);
    high -= digits * HIGH_SCALE;
    if (group === 2 && isUp(high, low, digits) && ++digits === factor) return 0;
    at = writePaddedInteger(into, at, group < 2 ? 6 : 5, digits);
  }
  let end = first + HUMAN_DECIMALS;
  while (into[end - 1] === ZERO) end--;
  return end;
}

/** Whether what is left is more than half, or half behind an odd digit. */
function isUp(high: number, low: number, digits: number): boolean {
  const half = HIGH_SCALE / 2;
  if (high !== half || low !== 0) return high >= half;
  return digits % 2 === 1;
}
