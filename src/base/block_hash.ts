/**
 * What SHA-1 and SHA-256 share: blocks of 64 bytes are mixed into a state of 32-bit words, which at
 * the end are the digest.
 *
 * A running hash keeps up to 63 bytes that do not fill a block yet; the end adds 0x80, zeros and
 * the length in bits as a big-endian 64-bit integer.
 */

const BLOCK_BYTES = 64;
const BLOCK_WORDS = BLOCK_BYTES / 4;

/** Mixes a block into the state: its words stand first in `words`, behind them there is room. */
export type BlockMix = (state: Int32Array, words: Int32Array) => void;

/** A running hash; may be used again after {@link BlockHash.reset}. */
export class BlockHash {
  readonly #initial: Int32Array;
  readonly #mixWords: BlockMix;
  readonly #state: Int32Array;
  readonly #words: Int32Array;
  readonly #block: Uint8Array = new Uint8Array(BLOCK_BYTES);
  #blockLength = 0;
  #totalBytes = 0;

  /** @param wordCount how many words the rounds make of a block, with its own 16 */
  constructor(initial: Int32Array, wordCount: number, mixWords: BlockMix) {
    this.#initial = initial;
    this.#mixWords = mixWords;
    this.#state = initial.slice();
    this.#words = new Int32Array(wordCount);
  }

  /** Begins anew. */
  reset(): void {
    const state = this.#state;
    for (let i = 0; i < state.length; i++) state[i] = this.#initial[i];
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

  /** Ends the hash and writes the bytes of the state; only {@link reset} may follow. */
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
    const state = this.#state;
    for (let i = 0; i < state.length; i++) writeBigEndian(into, at + 4 * i, state[i]);
  }

  /** After a digest: nothing of what was hashed stays behind. */
  erase(): void {
    this.#block.fill(0);
    this.#words.fill(0);
  }

  /** Moves what fits into the block; returns the position after it. */
  #fill(bytes: Uint8Array, at: number, end: number): number {
    let length = this.#blockLength;
    while (length < BLOCK_BYTES && at < end) this.#block[length++] = bytes[at++];
    this.#blockLength = length;
    return at;
  }

  #mix(bytes: Uint8Array, at: number): void {
    const words = this.#words;
    for (let i = 0; i < BLOCK_WORDS; i++) {
      words[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
      at += 4;
    }
    this.#mixWords(this.#state, words);
  }
}

function writeBigEndian(into: Uint8Array, at: number, word: number): void {
  into[at] = word >>> 24;
  into[at + 1] = word >>> 16;
  into[at + 2] = word >>> 8;
  into[at + 3] = word;
}
