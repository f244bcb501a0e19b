/**
 * SHA-1: names of scripts (EVALSHA) and the digests of DEBUG DIGEST. No longer a secure hash, and
 * not used as one.
 *
 * A running hash keeps up to 63 bytes that do not fill a block yet; the end adds 0x80, zeros and
 * the length in bits as a big-endian 64-bit integer.
 */

const BLOCK_BYTES = 64;

/** The length of a digest in bytes. */
export const SHA1_BYTES = 20;

/** A running hash; may be used again after {@link Sha1.reset}. */
export class Sha1 {
  readonly #state: Int32Array = new Int32Array(5);
  readonly #words: Int32Array = new Int32Array(80);
  readonly #block: Uint8Array = new Uint8Array(BLOCK_BYTES);
  #blockLength = 0;
  #totalBytes = 0;

  constructor() {
    this.reset();
  }

  /** Begins anew. */
  reset(): void {
    const state = this.#state;
    state[0] = 0x67452301;
    state[1] = 0xefcdab89;
    state[2] = 0x98badcfe;
    state[3] = 0x10325476;
    state[4] = 0xc3d2e1f0;
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

  /** Ends the hash and writes its 20 bytes; only {@link reset} may follow. */
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
    for (let i = 0; i < 5; i++) writeBigEndian(into, at + 4 * i, this.#state[i]);
  }

  #mix(bytes: Uint8Array, at: number): void {
    const words = this.#words;
    for (let i = 0; i < 16; i++) {
      words[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
      at += 4;
    }
    for (let i = 16; i < 80; i++) {
      const word = words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16];
      words[i] = (word << 1) | (word >>> 31);
    }
    const state = this.#state;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    for (let i = 0; i < 80; i++) {
      let mixed: number;
      if (i < 20) mixed = ((b & c) | (~b & d)) + 0x5a827999;
      else if (i < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1;
      else if (i < 60) mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
      else mixed = (b ^ c ^ d) + 0xca62c1d6;
      const next = (((a << 5) | (a >>> 27)) + mixed + e + words[i]) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
  }
}

function writeBigEndian(into: Uint8Array, at: number, word: number): void {
  into[at] = word >>> 24;
  into[at + 1] = word >>> 16;
  into[at + 2] = word >>> 8;
  into[at + 3] = word;
}
