/**
 * SHA-256: what is kept of passwords, and compared in their place.
 *
 * A running hash keeps up to 63 bytes that do not fill a block yet; the end adds 0x80, zeros and
 * the length in bits as a big-endian 64-bit integer.
 */

const BLOCK_BYTES = 64;

/** The length of a digest in bytes. */
export const SHA256_BYTES = 32;

/** The first 32 bits behind the point of the cube roots of the first 64 primes. */
const ROUND_CONSTANTS: Int32Array = Int32Array.of(
  ...[0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4],
  ...[0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe],
  ...[0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f],
  ...[0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7],
  ...[0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc],
  ...[0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b],
  ...[0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116],
  ...[0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3],
  ...[0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7],
  0xc67178f2,
);

/** A running hash; may be used again after {@link Sha256.reset}. */
export class Sha256 {
  readonly #state: Int32Array = new Int32Array(8);
  readonly #words: Int32Array = new Int32Array(64);
  readonly #block: Uint8Array = new Uint8Array(BLOCK_BYTES);
  #blockLength = 0;
  #totalBytes = 0;

  constructor() {
    this.reset();
  }

  /** Begins anew. */
  reset(): void {
    const state = this.#state;
    state[0] = 0x6a09e667;
    state[1] = 0xbb67ae85;
    state[2] = 0x3c6ef372;
    state[3] = 0xa54ff53a;
    state[4] = 0x510e527f;
    state[5] = 0x9b05688c;
    state[6] = 0x1f83d9ab;
    state[7] = 0x5be0cd19;
    this.#blockLength = 0;
    this.#totalBytes = 0;
  }

  /** Goes on with `bytes[start..end)`. */
  update(bytes: Uint8Array, start: number, end: number): void {
    this.#totalBytes += end - start;
    let at = start;
    if (this.#blockLength > 0) {
      at = this.#fill(bytes, at, end);
      if (this.#blockLength < BLOCK_BYTES) return;
      this.#mix(this.#block, 0);
      this.#blockLength = 0;
    }
    for (; end - at >= BLOCK_BYTES; at += BLOCK_BYTES) this.#mix(bytes, at);
    this.#fill(bytes, at, end);
  }

  /** Moves what fits into the block; returns the position after it. */
  #fill(bytes: Uint8Array, at: number, end: number): number {
    let length = this.#blockLength;
    while (length < BLOCK_BYTES && at < end) this.#block[length++] = bytes[at++];
    this.#blockLength = length;
    return at;
  }

  /** Ends the hash and writes its 32 bytes; only {@link reset} may follow. */
  digest(into: Uint8Array, at: number): void {
    const block = this.#block;
    const totalBytes = this.#totalBytes;
    block[this.#blockLength++] = 0x80;
    if (this.#blockLength > BLOCK_BYTES - 8) {
      block.fill(0, this.#blockLength);
      this.#mix(block, 0);
      this.#blockLength = 0;
    }
    block.fill(0, this.#blockLength);
    writeBigEndian(block, BLOCK_BYTES - 8, Math.floor(totalBytes / 0x20000000));
    writeBigEndian(block, BLOCK_BYTES - 4, totalBytes << 3);
    this.#mix(block, 0);
    for (let i = 0; i < 8; i++) writeBigEndian(into, at + 4 * i, this.#state[i]);
    // What was hashed is a password, most times: nothing of it stays behind.
    block.fill(0);
    this.#words.fill(0);
  }

  #mix(bytes: Uint8Array, at: number): void {
    this.#spread(bytes, at);
    const words = this.#words;
    const state = this.#state;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let i = 0; i < 64; i++) {
      const eMixed = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
      const chosen = (e & f) ^ (~e & g);
      const first = (h + eMixed + chosen + ROUND_CONSTANTS[i] + words[i]) | 0;
      const aMixed = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + aMixed + majority) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }

  /** Makes the 64 words of the rounds from the 16 of a block. */
  #spread(bytes: Uint8Array, at: number): void {
    const words = this.#words;
    for (let i = 0; i < 16; i++) {
      words[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
      at += 4;
    }
    for (let i = 16; i < 64; i++) {
      const early = words[i - 15];
      const late = words[i - 2];
      const earlyMixed = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
      const lateMixed = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
      words[i] = words[i - 16] + earlyMixed + words[i - 7] + lateMixed;
    }
  }
}

function rotated(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function writeBigEndian(into: Uint8Array, at: number, word: number): void {
  into[at] = word >>> 24;
  into[at + 1] = word >>> 16;
  into[at + 2] = word >>> 8;
  into[at + 3] = word;
}
