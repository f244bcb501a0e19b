import { Prng } from "../../../src/base/prng.ts";

/** A generator that replays: the same number gives the same run. */
export function seeded(seed: number): Prng {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, seed);
  bytes[15] = 1;
  return new Prng(bytes);
}

/** Bytes that tell where they come from: none of two fills look alike. */
export function randomBytes(prng: Prng, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let word = prng.nextUint32();
  for (let i = 0; i < length; i++) {
    word = (Math.imul(word, 1664525) + 1013904223) | 0;
    bytes[i] = word >>> 24;
  }
  return bytes;
}

/** As `assert.deepEqual`, but fast for large arrays. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}
