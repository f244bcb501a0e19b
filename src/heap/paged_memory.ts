/**
 * Memory in pages: which physical page a logical one stands on, who may write it, and where free
 * pages come from and go to. What is in the pages is the heap's matter.
 *
 *     table       logical -> physical, for reading
 *     #writable   logical -> physical, or UNMAPPED where a write must copy the page first
 *     #owner      physical -> logical, or UNMAPPED
 *
 * While nothing is frozen, `#writable` *is* the page table.
 *
 * Freeze: {@link PagedMemory.freeze} copies the page table for its readers and lets `#writable` be a
 * table in which no page is writable. The first write to a page (through {@link PagedMemory.write}
 * or {@link PagedMemory.spanToWrite}) copies it to a fresh physical page for the live tables;
 * whoever holds the frozen table goes on reading the old one. So the write barrier is here and
 * nowhere else, and **whoever writes must ask for the place with one of these two, each time**: a
 * place found before another write or allocation may be stale.
 *
 * Compaction: references are logical, so a page can be moved. {@link PagedMemory.compact} moves what
 * is left in the emptiest chunks into free pages of fuller ones and gives the empty chunks back.
 * After that, too, places found before are stale.
 *
 * Invariants: a physical page has at most one live logical page; a physical page without an owner
 * is either free, or belongs to the freeze alone; a writable page is the page that is read.
 */
import { assert } from "../base/assert.ts";
import { copyBytes, HeapView } from "./heap_view.ts";
import type { HeapImage } from "./heap_view.ts";
import {
  CHUNK_BYTES,
  CHUNK_PAGE_BITS,
  CHUNK_PAGE_MASK,
  CHUNK_PAGES,
  PAGE_BITS,
  PAGE_BYTES,
  PAGE_UNIT_BITS,
  PAGE_UNIT_MASK,
  UNIT_BITS,
  UNMAPPED,
} from "./page_layout.ts";
import { PagePool } from "./page_pool.ts";
import { grown } from "./run_space.ts";

/** Chunks' worth of free pages that is kept, so that a breathing data set does not thrash. */
const SPARE_CHUNKS = 2;
/** One in 2^3 pages may be free before moving others is worth it. */
const SPARE_SHIFT = 3;
/** Giving a chunk back counts as moving so many pages: the system has work with it later. */
const CHUNK_GIVEN_PAGES = 16;
/** More pages than a command writes without allocating in between, large values aside. */
const THAW_RESERVE_PAGES = 64;

/** The heap cannot hold more: 32 GiB of references are used up, or a limit for tests. */
export class HeapFull extends Error {
  constructor() {
    super("the heap is full");
    this.name = "HeapFull";
  }
}

export class PagedMemory extends HeapView {
  /** Pages copied because a freeze held them, since the last freeze began. */
  copiedPages = 0;

  /** One past the highest logical page mapped since all were empty. */
  protected pagesHigh = 1;
  #owner: Int32Array = new Int32Array(0);
  readonly #pool: PagePool = new PagePool();

  /** For each logical page the physical one when it may be written, else UNMAPPED. */
  #writable: Int32Array;
  /** What `#writable` is during a freeze. This and the next are kept: fresh memory is slow. */
  #thawed: Int32Array = new Int32Array(0);
  /** The page table of the freeze. */
  #frozen: Int32Array = new Int32Array(0);
  #isFrozen = false;
  /** Physical pages that belong to the freeze alone. */
  #frozenOnlyPages = 0;
  /** How far the page table of the freeze reaches. */
  #frozenPages = 0;

  constructor() {
    super({ table: new Int32Array(0), chunks: [] });
    this.#writable = this.table;
  }

  /** Bytes of physical pages in use: objects, free slots between them, pages a freeze holds. */
  get mappedBytes(): number {
    return this.#pool.usedCount * PAGE_BYTES;
  }

  /** Bytes taken from the system for chunks (reserved; the system commits what is touched). */
  get reservedBytes(): number {
    return this.#pool.chunkCount * CHUNK_BYTES;
  }

  /** Bytes of the tables here, those of a freeze that is over too. */
  protected get tableBytes(): number {
    const freezing = this.#thawed.byteLength + this.#frozen.byteLength;
    return this.table.byteLength + this.#owner.byteLength + this.#pool.bookkeepingBytes + freezing;
  }

  /** True between {@link freeze} and {@link release}. */
  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /**
   * True when so many physical pages are free that {@link compact} has something to do. After it
   * gave a chunk back, a chunk's worth of pages is still free before one has to be taken again.
   */
  get isSparse(): boolean {
    const { chunkCount, freeCount } = this.#pool;
    const kept = Math.max(SPARE_CHUNKS, chunkCount >>> SPARE_SHIFT) * CHUNK_PAGES;
    return freeCount > kept && !this.isFrozen;
  }

  /** As {@link read}, but the bytes of the small object may be written until the next call. */
  write(ref: number): number {
    const page = ref >>> PAGE_UNIT_BITS;
    let physical = this.#writable[page];
    if (physical < 0) physical = this.#thaw(page);
    const chunk = physical >>> CHUNK_PAGE_BITS;
    this.chunk = chunk;
    return ((physical & CHUNK_PAGE_MASK) << PAGE_BITS) | ((ref & PAGE_UNIT_MASK) << UNIT_BITS);
  }

  /** As {@link span}, but the run may be written until the next call. */
  spanToWrite(ref: number, offset: number, length: number): number {
    if (this.isFrozen && length > 0) length = this.#thawRun(ref, offset, length);
    return this.span(ref, offset, length);
  }

  /**
   * Copies the frozen pages of the run that begins at an offset and returns how many of its bytes
   * may be written: what lies beyond its first gap is left to the next call.
   */
  #thawRun(ref: number, offset: number, length: number): number {
    const inPage = ((ref & PAGE_UNIT_MASK) << UNIT_BITS) + offset;
    let page = (ref >>> PAGE_UNIT_BITS) + (inPage >>> PAGE_BITS);
    let physical = this.#writablePage(page);
    let run = PAGE_BYTES - (inPage & (PAGE_BYTES - 1));
    while (run < length) {
      page++;
      const next = this.#writablePage(page);
      if (next !== physical + 1 || (next & CHUNK_PAGE_MASK) === 0) break;
      physical = next;
      run += PAGE_BYTES;
    }
    return run < length ? run : length;
  }

  #writablePage(page: number): number {
    const physical = this.#writable[page];
    return physical < 0 ? this.#thaw(page) : physical;
  }

  /** Writes the 32-bit word at a byte offset (a multiple of 4) of an object of any size. */
  setWordAt(ref: number, offset: number, value: number): void {
    const at = this.spanToWrite(ref, offset, 4);
    this.words[at >>> 2] = value;
  }

  /** Writes one 32-bit word `count` times from a byte offset (a multiple of 4) on. */
  fillWords(ref: number, offset: number, count: number, value: number): void {
    for (let left = count * 4; left > 0;) {
      const at = this.spanToWrite(ref, offset, left) >>> 2;
      this.words.fill(value, at, at + (this.spanLength >>> 2));
      offset += this.spanLength;
      left -= this.spanLength;
    }
  }

  /** Copies `source[from..from+length)` to `offset` inside an object of any size. */
  copyIn(ref: number, offset: number, source: Uint8Array, from: number, length: number): void {
    while (length > 0) {
      const at = this.spanToWrite(ref, offset, length);
      const run = this.spanLength;
      copyBytes(source, from, run, this.bytes, at);
      offset += run;
      from += run;
      length -= run;
    }
  }

  /** Copies between two objects (or two places of one, when they do not overlap). */
  copyWithin(
    source: number,
    sourceOffset: number,
    target: number,
    targetOffset: number,
    length: number,
  ): void {
    while (length > 0) {
      this.spanToWrite(target, targetOffset, length);
      const writable = this.spanLength;
      const from = this.span(source, sourceOffset, writable);
      const bytes = this.bytes;
      const run = this.spanLength;
      const at = this.span(target, targetOffset, run);
      copyBytes(bytes, from, run, this.bytes, at);
      sourceOffset += run;
      targetOffset += run;
      length -= run;
    }
  }

  /** Writes one byte value over a range of an object of any size. */
  fill(ref: number, offset: number, length: number, value: number): void {
    while (length > 0) {
      const at = this.spanToWrite(ref, offset, length);
      this.bytes.fill(value, at, at + this.spanLength);
      offset += this.spanLength;
      length -= this.spanLength;
    }
  }

  /**
   * Freezes what the heap holds now and returns it for reading, here or in a worker. The live heap
   * goes on; only one freeze can exist at a time.
   */
  freeze(): HeapImage {
    assert(!this.isFrozen, "one freeze at a time");
    const { table } = this;
    // Copied and filled as a whole: a loop over the pages would be slow the first time it runs.
    const pages = this.pagesHigh;
    if (this.#frozen.length < pages) {
      this.#frozen = new Int32Array(sharedBuffer(table.byteLength));
    }
    if (this.#thawed.length < table.length) this.#thawed = new Int32Array(table.length);
    this.#frozen.set(table.subarray(0, pages));
    this.#frozenPages = pages;
    this.#thawed.fill(UNMAPPED);
    this.#writable = this.#thawed;
    this.#isFrozen = true;
    this.copiedPages = 0;
    const chunks = this.chunkBytes.map((bytes) =>
      bytes.length === 0 ? undefined : bytes.buffer as SharedArrayBuffer
    );
    return { table: this.#frozen.subarray(0, pages), chunks };
  }

  /**
   * Ends the freeze: its readers must be done, for the next freeze uses its table again. Pages that
   * only it held are free again.
   */
  release(): void {
    assert(this.isFrozen, "release follows freeze");
    this.#writable = this.table;
    this.#isFrozen = false;
    for (let chunk = 0; this.#frozenOnlyPages > 0; chunk++) {
      if (this.chunkBytes[chunk].length > 0) this.#releaseIn(chunk);
    }
  }

  /** Gives back the pages of a chunk that only the freeze held. */
  #releaseIn(chunk: number): void {
    const pool = this.#pool;
    const owner = this.#owner;
    const end = (chunk + 1) * CHUNK_PAGES;
    for (let physical = chunk * CHUNK_PAGES; physical < end; physical++) {
      if (owner[physical] !== UNMAPPED || pool.isFree(physical)) continue;
      pool.give(physical);
      this.#frozenOnlyPages--;
    }
  }

  /**
   * Moves at most so many pages out of the emptiest chunks and gives back those in which nothing is
   * left, until no more than two chunks' worth or an eighth of all pages are free. Does nothing while
   * frozen, nor when it does not pay: then it costs a comparison.
   * @returns the pages moved; whether there is more to do is what {@link isSparse} tells.
   */
  compact(pagesMax: number): number {
    let moved = 0;
    for (let left = pagesMax; left > 0 && this.isSparse;) {
      const chunk = this.#pool.startEmptying();
      if (this.#pool.isEmpty(chunk)) {
        this.#giveChunk(chunk);
        left -= CHUNK_GIVEN_PAGES;
      } else {
        const pages = this.#empty(chunk, left);
        moved += pages;
        left -= pages;
      }
    }
    return moved;
  }

  /** Moves at most so many pages out of a chunk, unless nothing is left there. */
  #empty(chunk: number, pagesMax: number): number {
    const pool = this.#pool;
    let moved = 0;
    for (; moved < pagesMax && !pool.isEmpty(chunk); moved++) {
      const physical = pool.lowestUsed(chunk);
      this.#move(this.#owner[physical]);
      pool.give(physical);
    }
    return moved;
  }

  /**
   * Gives chunks in which no page is used back to the system at once, but for so many.
   * @returns the bytes given back.
   */
  releaseEmptyChunks(spare: number): number {
    const before = this.reservedBytes;
    for (let chunk = 0; chunk < this.chunkBytes.length; chunk++) {
      if (this.#pool.isEmpty(chunk) && spare-- <= 0) this.#giveChunk(chunk);
    }
    return before - this.reservedBytes;
  }

  #giveChunk(chunk: number): void {
    this.#pool.removeChunk(chunk);
    this.placeChunk(chunk, undefined);
  }

  /** Verifies what is owned here; `pages` is how many logical pages are in use. */
  protected checkMemory(pages: number): void {
    let mapped = 0;
    for (let page = 0; page < this.table.length; page++) {
      const physical = this.table[page];
      const writable = this.#writable[page];
      assert(writable === UNMAPPED || writable === physical, "what is written is what is read");
      if (physical === UNMAPPED) continue;
      mapped++;
      assert(page < this.pagesHigh, "no page is beyond the highest");
      assert(this.#owner[physical] === page, "page and owner agree");
    }
    assert(mapped === pages, "a page has memory while it is in use");
    assert(mapped + this.#frozenOnlyPages === this.#pool.usedCount, "every page is counted");
    this.#pool.check();
    for (let chunk = 0; chunk < this.chunkBytes.length; chunk++) {
      assert(
        (this.chunkBytes[chunk].length > 0) === this.#pool.has(chunk),
        "pool and memory have the same chunks",
      );
    }
    for (let physical = 0; physical < this.#owner.length; physical++) {
      const isFree = this.#pool.isFree(physical);
      assert(!isFree || this.#owner[physical] === UNMAPPED, "a free page has no owner");
    }
    assert(this.isFrozen === (this.#writable !== this.table), "a freeze has a table to write by");
    this.#checkFreeze();
  }

  #checkFreeze(): void {
    if (!this.isFrozen) return assert(this.#frozenOnlyPages === 0, "no freeze, no page of one");
    let frozenOnly = 0;
    for (const physical of this.#frozen.subarray(0, this.#frozenPages)) {
      if (physical === UNMAPPED) continue;
      assert(!this.#pool.isFree(physical), "a frozen page is in use");
      if (this.#owner[physical] === UNMAPPED) frozenOnly++;
      else assert(this.#writable[this.#owner[physical]] === UNMAPPED, "no frozen page is writable");
    }
    assert(frozenOnly === this.#frozenOnlyPages, "pages of the freeze alone are counted");
  }

  /** Lets the tables reach so many logical pages. */
  protected growTables(pages: number): void {
    const { isFrozen } = this;
    this.table = withPages(this.table, pages);
    if (isFrozen) this.#thawed = withPages(this.#thawed, pages);
    this.#writable = isFrozen ? this.#thawed : this.table;
  }

  /** Gives a logical page a physical one. */
  protected mapPage(page: number): void {
    const physical = this.#takePhysical();
    this.table[page] = physical;
    this.#writable[page] = physical;
    this.#owner[physical] = page;
  }

  protected unmapPage(page: number): void {
    const physical = this.table[page];
    this.#owner[physical] = UNMAPPED;
    if (this.#writable[page] < 0) this.#frozenOnlyPages++;
    else this.#pool.give(physical);
    this.#endPage(page);
  }

  /** Hands a physical page, writable or not, to another logical page. */
  protected remapPage(from: number, to: number): void {
    const physical = this.table[from];
    this.table[to] = physical;
    this.#writable[to] = this.#writable[from];
    this.#owner[physical] = to;
    this.#endPage(from);
  }

  #endPage(page: number): void {
    this.table[page] = UNMAPPED;
    this.#writable[page] = UNMAPPED;
  }

  /** Copies a frozen page for the live table; returns its new physical page. */
  #thaw(page: number): number {
    const fresh = this.#move(page);
    this.#frozenOnlyPages++;
    this.copiedPages++;
    return fresh;
  }

  /** Copies a page to a fresh physical one and leaves the old one, without an owner, in use. */
  #move(page: number): number {
    const old = this.table[page];
    const fresh = this.#takePhysical();
    const source = this.chunkWords[old >>> CHUNK_PAGE_BITS];
    const target = this.chunkWords[fresh >>> CHUNK_PAGE_BITS];
    const from = (old & CHUNK_PAGE_MASK) << (PAGE_BITS - 2);
    const at = (fresh & CHUNK_PAGE_MASK) << (PAGE_BITS - 2);
    target.set(source.subarray(from, from + (PAGE_BYTES >>> 2)), at);
    this.#owner[old] = UNMAPPED;
    this.#owner[fresh] = page;
    this.table[page] = fresh;
    this.#writable[page] = fresh;
    return fresh;
  }

  #takePhysical(): number {
    if (this.#pool.freeCount === 0) this.#addChunk();
    return this.#pool.take();
  }

  /**
   * Makes sure that so many pages can be taken, and during a freeze that what follows an allocation
   * can copy the pages it writes, so that nothing fails half way.
   */
  protected reservePages(pages: number): void {
    if (this.isFrozen) pages += THAW_RESERVE_PAGES;
    while (this.#pool.freeCount < pages) this.#addChunk();
  }

  #addChunk(): void {
    const buffer = sharedBuffer(CHUNK_BYTES);
    const chunk = this.#pool.addChunk();
    this.placeChunk(chunk, buffer);
    const total = this.chunkBytes.length * CHUNK_PAGES;
    if (total > this.#owner.length) {
      this.#owner = grown(this.#owner, Math.max(total, this.#owner.length * 2));
    }
    this.#owner.fill(UNMAPPED, chunk * CHUNK_PAGES, (chunk + 1) * CHUNK_PAGES);
  }
}

/** A copy of a page table with room for more pages. */
function withPages(table: Int32Array, pages: number): Int32Array {
  const larger = grown(table, pages);
  return larger.fill(UNMAPPED, table.length);
}

function sharedBuffer(sizeBytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(sizeBytes);
  } catch {
    throw new HeapFull();
  }
}
