/**
 * The values of BITFIELD: integers of 1 to 64 bits, two's complement where they are signed, that
 * begin at any bit.
 *
 * Numbers carry fields of up to 48 bits, since whatever is added to them here stays exact; wider
 * fields and larger increments are for bigints. Both lanes have the same rules.
 */

/** What becomes of a value that does not fit its field. */
export type Overflow = "wrap" | "sat" | "fail";

/** The widest field that numbers carry. */
export const NUMBER_BITS_MAX = 48;
/** The largest increment or value, either sign, that numbers carry. */
export const NUMBER_MAGNITUDE_MAX = 2 ** 52;

/** Reads `bits` (at most 48) bits as an unsigned number; `bit` counts from the start of `bytes`. */
export function readBits(bytes: Uint8Array, bit: number, bits: number): number {
  let value = 0;
  while (bits > 0) {
    const used = bit & 7;
    const taken = Math.min(8 - used, bits);
    const part = bytes[bit >>> 3] >>> 8 - used - taken & (1 << taken) - 1;
    value = value * (1 << taken) + part;
    bit += taken;
    bits -= taken;
  }
  return value;
}

/** Writes an unsigned number of at most 48 bits. */
export function writeBits(bytes: Uint8Array, bit: number, bits: number, value: number): void {
  let end = bit + bits;
  while (bits > 0) {
    // From the last bit of the field to its first, so that the rest of the value is a quotient.
    const spare = 7 - (end - 1 & 7);
    const taken = Math.min(8 - spare, bits);
    const quotient = Math.floor(value / (1 << taken));
    const part = value - quotient * (1 << taken);
    const mask = (1 << taken) - 1 << spare;
    const at = end - 1 >>> 3;
    bytes[at] = bytes[at] & ~mask | part << spare;
    value = quotient;
    end -= taken;
    bits -= taken;
  }
}

/** As {@link readBits} for up to 64 bits. */
export function readBigBits(bytes: Uint8Array, bit: number, bits: number): bigint {
  const lowBits = Math.min(bits, 32);
  const high = readBits(bytes, bit, bits - lowBits);
  const low = readBits(bytes, bit + bits - lowBits, lowBits);
  return (BigInt(high) << BigInt(lowBits)) | BigInt(low);
}

/** As {@link writeBits} for up to 64 bits. */
export function writeBigBits(bytes: Uint8Array, bit: number, bits: number, value: bigint): void {
  const lowBits = Math.min(bits, 32);
  writeBits(bytes, bit, bits - lowBits, Number(value >> BigInt(lowBits)));
  writeBits(bytes, bit + bits - lowBits, lowBits, Number(BigInt.asUintN(lowBits, value)));
}

/** The signed value of an unsigned one. */
export function signed(value: number, bits: number): number {
  return value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
}

/** The value modulo 2^bits: what is written to the field. */
export function unsigned(value: number, bits: number): number {
  const size = 2 ** bits;
  const rest = value % size;
  return rest < 0 ? rest + size : rest;
}

/**
 * The sum that a field takes: `old + increment` where it fits, else what the overflow rule says;
 * undefined for "fail".
 * @param isSet the new value is `increment` itself, and `old` is 0.
 */
export function fitted(
  old: number,
  increment: number,
  bits: number,
  isSigned: boolean,
  overflow: Overflow,
  isSet: boolean,
): number | undefined {
  const sum = old + increment;
  const maximum = isSigned ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  const minimum = isSigned ? -(2 ** (bits - 1)) : 0;
  if (sum >= minimum && sum <= maximum) return sum;
  if (overflow === "fail") return undefined;
  if (overflow === "wrap") {
    const wrapped = unsigned(sum, bits);
    return isSigned ? signed(wrapped, bits) : wrapped;
  }
  // Redis takes a negative value that is set to an unsigned field as a large positive one.
  return sum > maximum || (isSet && !isSigned) ? maximum : minimum;
}

/** As {@link fitted}, for any field and any 64-bit increment. */
export function fittedBig(
  old: bigint,
  increment: bigint,
  bits: number,
  isSigned: boolean,
  overflow: Overflow,
  isSet: boolean,
): bigint | undefined {
  const sum = old + increment;
  const maximum = 2n ** BigInt(isSigned ? bits - 1 : bits) - 1n;
  const minimum = isSigned ? -maximum - 1n : 0n;
  if (sum >= minimum && sum <= maximum) return sum;
  if (overflow === "fail") return undefined;
  if (overflow === "wrap") return isSigned ? BigInt.asIntN(bits, sum) : BigInt.asUintN(bits, sum);
  if (sum > maximum || (isSet && !isSigned)) return maximum;
  // Redis reckons how far a signed field can grow in 64 bits, and a value near the least integer
  // makes that overflow: such a value saturates to the maximum.
  const isOverflown = isSet && BigInt.asIntN(64, maximum - sum) < 0n;
  return isOverflown ? maximum : minimum;
}
