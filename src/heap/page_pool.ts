/**
 * Which physical pages are free, chunk by chunk. The bytes are the heap's: this only counts.
 *
 *     #free       one bit for each page, set while it is free: 64 words a chunk
 *     #freeIn     for each chunk its set bits; 0 for the place of a chunk that was given back
 *
 * Pages are taken from one chunk, lowest first, until it has none left or a fuller one gets a page
 * back; then from the fullest that has any. So pages are used again before fresh ones are touched,
 * which cost ten times as much; large objects tend to lie in a row; and chunks that are nearly empty
 * are left to become empty. One chunk can be passed over while it is being emptied (`emptying`): pages are taken
 * from it only when no other has any, and with that the emptying is given up.
 *
 * Invariant: the chunk in turn has no free page in a word below `#word`.
 */
import { assert } from "../base/assert.ts";
import { CHUNK_PAGE_BITS, CHUNK_PAGES } from "./page_layout.ts";
import { grown } from "./run_space.ts";

/** Pages in a word of the bitmap, and words in a chunk, as powers of two. */
const WORD_BITS = 5;
const CHUNK_WORD_BITS = CHUNK_PAGE_BITS - WORD_BITS;
const CHUNK_WORDS = 1 << CHUNK_WORD_BITS;
const ALL_FREE = -1;
/** No chunk. */
export const NO_CHUNK = -1;

export class PagePool {
  /** Pages that can be taken. */
  freeCount = 0;
  /** Chunks that are there. */
  chunkCount = 0;
  /** The chunk that is being emptied, or NO_CHUNK. */
  emptying: number = NO_CHUNK;
  #free: Int32Array = new Int32Array(0);
  #freeIn: Int32Array = new Int32Array(0);
  /** One past the highest number that a chunk ever had. */
  #chunksHigh = 0;
  readonly #gaps: number[] = [];
  /** The word of the bitmap where the next page is looked for; the chunk it is in is in turn. */
  #word = 0;

  /** Pages in use. */
  get usedCount(): number {
    return this.chunkCount * CHUNK_PAGES - this.freeCount;
  }

  /** Bytes that the bookkeeping takes. */
  get bookkeepingBytes(): number {
    return this.#free.byteLength + this.#freeIn.byteLength;
  }

  /** Takes a page; there must be one. */
  take(): number {
    if (this.#freeIn[this.#word >>> CHUNK_WORD_BITS] === 0) this.#turnToFullest();
    const free = this.#free;
    let word = this.#word;
    while (free[word] === 0) word++;
    this.#word = word;
    const bits = free[word];
    free[word] = bits & (bits - 1);
    this.#freeIn[word >>> CHUNK_WORD_BITS]--;
    this.freeCount--;
    return (word << WORD_BITS) | (31 - Math.clz32(bits & -bits));
  }

  /** Gives a page back. */
  give(physical: number): void {
    const word = physical >>> WORD_BITS;
    const chunk = word >>> CHUNK_WORD_BITS;
    this.#free[word] |= 1 << (physical & 31);
    this.#freeIn[chunk]++;
    this.freeCount++;
    const turn = this.#word >>> CHUNK_WORD_BITS;
    if (chunk === turn) {
      if (word < this.#word) this.#word = word;
    } else if (this.#freeIn[chunk] < this.#freeIn[turn] && chunk !== this.emptying) {
      this.#word = chunk << CHUNK_WORD_BITS;
    }
  }

  /** True when the page of a chunk that is there is free. */
  isFree(physical: number): boolean {
    return (this.#free[physical >>> WORD_BITS] >>> (physical & 31) & 1) === 1;
  }

  /** True when a chunk is there and none of its pages is in use. */
  isEmpty(chunk: number): boolean {
    return this.#freeIn[chunk] === CHUNK_PAGES;
  }

  /** True when a chunk is there. */
  has(chunk: number): boolean {
    return chunk < this.#chunksHigh && !this.#gaps.includes(chunk);
  }

  /** Adds a chunk whose pages are free; returns its number: one that was given back, or the next. */
  addChunk(): number {
    const chunk = this.#gaps.pop() ?? this.#chunksHigh++;
    if (chunk === this.#freeIn.length) {
      const chunks = Math.max(chunk + 1, chunk * 2);
      this.#freeIn = grown(this.#freeIn, chunks);
      this.#free = grown(this.#free, chunks * CHUNK_WORDS);
    }
    this.#setChunk(chunk, ALL_FREE, CHUNK_PAGES);
    this.freeCount += CHUNK_PAGES;
    this.chunkCount++;
    return chunk;
  }

  /** Takes an empty chunk away. */
  removeChunk(chunk: number): void {
    assert(this.isEmpty(chunk), "only an empty chunk goes");
    this.#setChunk(chunk, 0, 0);
    this.freeCount -= CHUNK_PAGES;
    this.chunkCount--;
    this.#gaps.push(chunk);
    if (this.emptying === chunk) this.emptying = NO_CHUNK;
  }

  /** Chooses the emptiest chunk to be emptied, and the fullest of the others to be filled. */
  startEmptying(): number {
    let emptiest = 0;
    for (let chunk = 1; chunk < this.#chunksHigh; chunk++) {
      if (this.#freeIn[chunk] > this.#freeIn[emptiest]) emptiest = chunk;
    }
    this.emptying = emptiest;
    this.#turnToFullest();
    return emptiest;
  }

  /** The lowest page in use of a chunk that is there and not empty. */
  lowestUsed(chunk: number): number {
    let word = chunk << CHUNK_WORD_BITS;
    while (this.#free[word] === ALL_FREE) word++;
    const used = ~this.#free[word];
    return (word << WORD_BITS) | (31 - Math.clz32(used & -used));
  }

  /** Verifies counts and bits. */
  check(): void {
    let free = 0;
    let chunks = 0;
    for (let chunk = 0; chunk < this.#chunksHigh; chunk++) {
      let inChunk = 0;
      for (let i = chunk * CHUNK_PAGES; i < (chunk + 1) * CHUNK_PAGES; i++) {
        if (this.isFree(i)) inChunk++;
      }
      assert(inChunk === this.#freeIn[chunk], "the free pages of a chunk are counted");
      assert(inChunk === 0 || this.has(chunk), "a chunk that is gone has no pages");
      free += inChunk;
      if (this.has(chunk)) chunks++;
    }
    assert(free === this.freeCount, "every free page is counted");
    assert(chunks === this.chunkCount, "every chunk is counted");
    assert(
      this.emptying === NO_CHUNK || this.has(this.emptying),
      "a chunk that is being emptied is there",
    );
    const turn = this.#word & -CHUNK_WORDS;
    for (let word = turn; word < this.#word; word++) {
      assert(this.#free[word] === 0, "the chunk in turn has no free page below its word");
    }
  }

  #setChunk(chunk: number, bits: number, free: number): void {
    const word = chunk << CHUNK_WORD_BITS;
    this.#free.fill(bits, word, word + CHUNK_WORDS);
    this.#freeIn[chunk] = free;
  }

  #turnToFullest(): void {
    let fullest = NO_CHUNK;
    let least = CHUNK_PAGES + 1;
    for (let chunk = 0; chunk < this.#chunksHigh; chunk++) {
      const free = this.#freeIn[chunk];
      if (free === 0 || free >= least || chunk === this.emptying) continue;
      fullest = chunk;
      least = free;
    }
    if (fullest === NO_CHUNK) {
      fullest = this.emptying;
      this.emptying = NO_CHUNK;
    }
    this.#word = fullest << CHUNK_WORD_BITS;
  }
}
