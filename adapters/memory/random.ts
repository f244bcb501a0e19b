/**
 * Random bytes that are the same for the same seed, so that a run can be repeated. The generator is
 * Bob Jenkins's small fast one with three words and a counter. Not fit for secrets.
 */
import type { Random } from "../../src/platform/random.ts";

const WARM_UP_ROUNDS = 12;

/** A {@link Random} that repeats itself. */
export class MemoryRandom implements Random {
  #a: number;
  #b: number;
  #c = 0;
  #counter = 1;

  /** Every whole number below 2^53 is a seed of its own. */
  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = (seed / 2 ** 32) | 0;
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.next32();
  }

  fill(bytes: Uint8Array): void {
    for (let index = 0; index < bytes.length; index++) bytes[index] = this.next32() >>> 24;
  }

  /** The next 32 bits, as a number from 0 to 2^32 - 1. */
  next32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor((this.next32() / 2 ** 32) * limit);
  }
}
