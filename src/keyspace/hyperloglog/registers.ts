/**
 * The registers of HyperLogLogs, all 16384 at once, in the two forms that have a place for each:
 *
 *     packed   6 bits a register, the lower bits first, 16 registers in three words:
 *                word 0  5 4 4 4 4 4 4 3 3 ...  1 1 0 0 0 0 0 0     (the highest bit first)
 *              that is the dense representation behind its header
 *     spread   a byte a register, for working on several HyperLogLogs; values up to 63
 *
 * Words are read as little-endian, as every processor that the runtimes run on has them.
 */
import { copyBytes } from "../../heap/heap_view.ts";
import { type RankCounts, REGISTER_COUNT, REGISTER_MAX } from "./cardinality.ts";

/** Bytes and words of all registers, packed. */
export const PACKED_BYTES = REGISTER_COUNT / 8 * 6;
const PACKED_WORDS = PACKED_BYTES / 4;
const SPREAD_WORDS = REGISTER_COUNT / 4;
const HIGHEST_BITS = 0x80808080 | 0;

/** Counters in four sets: equal neighbours then do not wait for each other's increment. */
const sets = new Int32Array(4 * (REGISTER_MAX + 1));

/** Counts how many of the packed registers at `words[at..]` hold each value. */
export function countPacked(words: Int32Array, at: number, counts: RankCounts): void {
  sets.fill(0);
  for (let i = at, end = at + PACKED_WORDS; i < end; i += 3) {
    const a = words[i];
    const b = words[i + 1];
    const c = words[i + 2];
    sets[a & 63]++;
    sets[64 | a >>> 6 & 63]++;
    sets[128 | a >>> 12 & 63]++;
    sets[192 | a >>> 18 & 63]++;
    sets[a >>> 24 & 63]++;
    sets[64 | (a >>> 30 | b << 2) & 63]++;
    sets[128 | b >>> 4 & 63]++;
    sets[192 | b >>> 10 & 63]++;
    sets[b >>> 16 & 63]++;
    sets[64 | b >>> 22 & 63]++;
    sets[128 | (b >>> 28 | c << 4) & 63]++;
    sets[192 | c >>> 2 & 63]++;
    sets[c >>> 8 & 63]++;
    sets[64 | c >>> 14 & 63]++;
    sets[128 | c >>> 20 & 63]++;
    sets[192 | c >>> 26]++;
  }
  sumSets(counts);
}

function sumSets(counts: RankCounts): void {
  for (let i = 0; i <= REGISTER_MAX; i++) {
    counts[i] = sets[i] + sets[64 | i] + sets[128 | i] + sets[192 | i];
  }
}

/** Reads the packed register `index` of a representation whose registers begin at `bytes[at]`. */
export function packedRegister(bytes: Uint8Array, at: number, index: number): number {
  const bit = index * 6;
  const byte = at + (bit >>> 3);
  const shift = bit & 7;
  const low = bytes[byte] >>> shift;
  return (shift > 2 ? low | bytes[byte + 1] << 8 - shift : low) & REGISTER_MAX;
}

/** Writes the packed register `index`; see {@link packedRegister}. */
export function setPackedRegister(
  bytes: Uint8Array,
  at: number,
  index: number,
  value: number,
): void {
  const bit = index * 6;
  const byte = at + (bit >>> 3);
  const shift = bit & 7;
  bytes[byte] = bytes[byte] & ~(REGISTER_MAX << shift) | value << shift;
  if (shift <= 2) return;
  const carried = 8 - shift;
  bytes[byte + 1] = bytes[byte + 1] & ~(REGISTER_MAX >>> carried) | value >>> carried;
}

/** All registers, spread: the union of what is merged into it. */
export class SpreadRegisters {
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(REGISTER_COUNT);
  readonly #words: Int32Array<ArrayBuffer> = new Int32Array(this.bytes.buffer);

  clear(): void {
    this.#words.fill(0);
  }

  /** Raises every register to the packed one at `words[at..]` where that is higher. */
  mergePacked(words: Int32Array, at: number): void {
    const own = this.#words;
    for (let i = 0, from = at; i < SPREAD_WORDS; i += 4, from += 3) {
      const a = words[from];
      const b = words[from + 1];
      const c = words[from + 2];
      own[i] = higherBytes(own[i], spreadFour(a));
      own[i + 1] = higherBytes(own[i + 1], spreadFour(a >>> 24 | b << 8));
      own[i + 2] = higherBytes(own[i + 2], spreadFour(b >>> 16 | c << 16));
      own[i + 3] = higherBytes(own[i + 3], spreadFour(c >>> 8));
    }
  }

  /** Writes all registers packed to `words[at..]`. */
  pack(words: Int32Array, at: number): void {
    const own = this.#words;
    for (let i = 0, to = at; i < SPREAD_WORDS; i += 4, to += 3) {
      const a = packFour(own[i]);
      const b = packFour(own[i + 1]);
      const c = packFour(own[i + 2]);
      const d = packFour(own[i + 3]);
      words[to] = a | b << 24;
      words[to + 1] = b >>> 8 | c << 16;
      words[to + 2] = c >>> 16 | d << 8;
    }
  }

  /** Counts how many registers hold each value. */
  count(counts: RankCounts): void {
    const own = this.#words;
    sets.fill(0);
    let zeroWords = 0;
    for (let i = 0; i < SPREAD_WORDS; i++) {
      const word = own[i];
      if (word === 0) {
        zeroWords++;
        continue;
      }
      sets[word & 63]++;
      sets[64 | word >>> 8 & 63]++;
      sets[128 | word >>> 16 & 63]++;
      sets[192 | word >>> 24]++;
    }
    sets[0] += 4 * zeroWords;
    sumSets(counts);
  }

  /** The first register from `index` on that is not 0; REGISTER_COUNT when there is none. */
  nextNonZero(index: number): number {
    const { bytes } = this;
    const own = this.#words;
    while ((index & 3) !== 0) {
      if (bytes[index] !== 0) return index;
      index++;
    }
    while (index < REGISTER_COUNT && own[index >>> 2] === 0) index += 4;
    while (index < REGISTER_COUNT && bytes[index] === 0) index++;
    return index;
  }
}

/** The lowest 24 bits as four registers, a byte each. */
function spreadFour(packed: number): number {
  return packed & 0x3f | packed << 2 & 0x3f00 | packed << 4 & 0x3f0000 | packed << 6 & 0x3f000000;
}

/** Four bytes of up to 63 as 24 bits. */
function packFour(spread: number): number {
  return spread & 0x3f | spread >>> 2 & 0xfc0 | spread >>> 4 & 0x3f000 | spread >>> 6 & 0xfc0000;
}

/** Byte by byte the higher one of two words whose bytes are below 128. */
function higherBytes(a: number, b: number): number {
  // The highest bit of a byte survives where a's is not below b's, and spreads over the others.
  const survivors = (a | HIGHEST_BITS) - b & HIGHEST_BITS;
  const isAFirst = survivors - (survivors >>> 7);
  return b ^ (a ^ b) & isAFirst;
}

/** Packed registers behind room for a header, for a representation that is being made. */
export class PackedBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Int32Array<ArrayBuffer>;
  readonly #headerBytes: number;

  /** @param headerBytes a multiple of 4. */
  constructor(headerBytes: number) {
    this.#headerBytes = headerBytes;
    this.bytes = new Uint8Array(headerBytes + PACKED_BYTES);
    this.words = new Int32Array(this.bytes.buffer);
  }

  /** Where the registers begin in `words`. */
  get firstWord(): number {
    return this.#headerBytes >>> 2;
  }

  /** Takes a header over and sets every register to 0. */
  begin(header: Uint8Array, at: number): void {
    copyBytes(header, at, this.#headerBytes, this.bytes, 0);
    this.words.fill(0, this.firstWord);
  }
}
