/**
 * Pseudo-random numbers: xoshiro128**, 32 bits a step, period 2^128 - 1.
 *
 * For sampling (eviction, expiry, RANDOMKEY, SPOP) and simulation, where the same seed must replay
 * the same run; not for secrets, which come from the platform's Random.
 */

const TWO_32 = 4294967296;
const TWO_53 = 9007199254740992;

/** A generator with its own state. */
export class Prng {
  #s0: number;
  #s1: number;
  #s2: number;
  #s3: number;

  /** @param seed at least 16 bytes, of which the first 16 count; all zero is as good as any. */
  constructor(seed: Uint8Array) {
    this.#s0 = littleEndian(seed, 0);
    this.#s1 = littleEndian(seed, 4);
    this.#s2 = littleEndian(seed, 8);
    this.#s3 = littleEndian(seed, 12);
    // The one state that the generator would never leave.
    if ((this.#s0 | this.#s1 | this.#s2 | this.#s3) === 0) this.#s0 = 0x9e3779b9 | 0;
  }

  /** The next integer of 0..2^32-1. */
  nextUint32(): number {
    return this.#next() >>> 0;
  }

  #next(): number {
    const s1 = this.#s1;
    const product = Math.imul(s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const s2 = this.#s2 ^ this.#s0;
    const s3 = this.#s3 ^ s1;
    this.#s1 = s1 ^ s2;
    this.#s0 ^= s3;
    this.#s2 = s2 ^ (s1 << 9);
    this.#s3 = (s3 << 11) | (s3 >>> 21);
    return result;
  }

  /**
   * An integer of 0..count-1, each as likely as the others.
   *
   * @param count an integer of 1..2^53.
   */
  below(count: number): number {
    if (count > TWO_32) return this.#belowLarge(count);
    // What lies above the last whole multiple of `count` would favour the small ones.
    const limit = TWO_32 - TWO_32 % count;
    let value = this.#next() >>> 0;
    while (value >= limit) value = this.#next() >>> 0;
    return value % count;
  }

  #belowLarge(count: number): number {
    const limit = TWO_53 - TWO_53 % count;
    let value = this.#next53();
    while (value >= limit) value = this.#next53();
    return value % count;
  }

  /** An integer of 0..2^53-1. */
  #next53(): number {
    return (this.#next() >>> 11) * TWO_32 + (this.#next() >>> 0);
  }

  /** A double of [0, 1), a multiple of 2^-53. */
  nextDouble(): number {
    return this.#next53() / TWO_53;
  }
}

function littleEndian(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}
