/**
 * The byte heap: every key and value of the server lives in here, as bytes that the JavaScript
 * garbage collector never looks at.
 *
 *     reference -> logical page --page table--> physical page in a chunk (SharedArrayBuffer)
 *
 * A page holds objects of one size class (see page_layout.ts), or belongs to a large object, which
 * owns a run of logical pages of its own. Free slots of a small page are linked through their first
 * word; slots beyond `#bump` have never been used. Pages of a class with room form a list, the most
 * recently freed from first.
 *
 * Freeze: {@link Heap.freeze} copies the page table and marks every page frozen. The first write to
 * a frozen page (through {@link Heap.write} or {@link Heap.spanToWrite}) copies it to a fresh
 * physical page for the live table; whoever holds the frozen table goes on reading the old one.
 * So the write barrier is here and nowhere else, and **whoever writes must ask for the place with
 * one of these two, each time**: a place found before another write or allocation may be stale.
 *
 * Invariants: a physical page has at most one live logical page (`#owner`); a physical page without
 * an owner is either free, or belongs to the freeze alone. All of it is verified by `check()`.
 */
import { assert } from "../base/assert.ts";
import { copyBytes, HeapView } from "./heap_view.ts";
import type { HeapImage } from "./heap_view.ts";
import {
  CHUNK_BYTES,
  CHUNK_PAGE_BITS,
  CHUNK_PAGE_MASK,
  CHUNK_PAGES,
  CLASS_BYTES,
  CLASS_CAPACITY,
  CLASS_OF_UNITS,
  FROZEN,
  PAGE_BITS,
  PAGE_BYTES,
  PAGE_UNIT_BITS,
  PAGE_UNIT_MASK,
  PHYSICAL_MASK,
  SMALL_BYTES_MAX,
  UNIT_BITS,
  UNMAPPED,
} from "./page_layout.ts";
import { grown, RunSpace } from "./run_space.ts";

/** Kinds of a logical page: a small page is its class + 1. */
const KIND_NONE = 0;
const KIND_LARGE = 255;
/** No free slot in a page's list. */
const NO_SLOT = 0xffff;
/** Chunks kept although nothing is in them, so that a breathing data set does not thrash. */
const SPARE_CHUNKS = 2;
/** More pages than a command writes without allocating in between, large values aside. */
const THAW_RESERVE_PAGES = 64;

/** The heap cannot hold more: 32 GiB of references are used up, or a limit for tests. */
export class HeapFull extends Error {
  constructor() {
    super("the heap is full");
    this.name = "HeapFull";
  }
}

export class Heap extends HeapView {
  /** Bytes in objects, rounded up to their class or to whole pages: what INFO counts as data. */
  allocatedBytes = 0;
  /** Objects alive. */
  objectCount = 0;
  /** Pages copied because a freeze held them, since the last freeze began. */
  copiedPages = 0;

  // Indexed by logical page.
  readonly #runs: RunSpace;
  #kind: Uint8Array;
  /** Small: slots in use. Large, first page: pages owned. */
  #used: Int32Array;
  #freeSlot: Uint16Array;
  #bump: Uint16Array;
  #next: Int32Array;
  #previous: Int32Array;
  /** One past the highest logical page ever mapped. */
  #pagesHigh = 1;
  /** For each class the first page with room; 0 none (logical page 0 is never handed out). */
  readonly #partial: Int32Array = new Int32Array(CLASS_BYTES.length);

  // Indexed by physical page.
  #owner: Int32Array = new Int32Array(0);
  #freePhysical: Int32Array = new Int32Array(CHUNK_PAGES);
  #freePhysicalCount = 0;
  readonly #chunkUsed: number[] = [];
  readonly #chunkGaps: number[] = [];
  #mappedPages = 0;
  #frozen: Int32Array | null = null;

  constructor(capacityBitsMax?: number) {
    super({ table: new Int32Array(0), chunks: [] });
    this.#runs = new RunSpace(capacityBitsMax);
    this.#kind = new Uint8Array(0);
    this.#used = new Int32Array(0);
    this.#freeSlot = new Uint16Array(0);
    this.#bump = new Uint16Array(0);
    this.#next = new Int32Array(0);
    this.#previous = new Int32Array(0);
    this.#fitTables();
    const zero = this.#runs.take(0);
    assert(zero === 0, "logical page 0 is reserved, so that 0 is no reference");
  }

  /** Bytes of physical pages in use: objects, free slots between them, pages a freeze holds. */
  get mappedBytes(): number {
    return this.#mappedPages * PAGE_BYTES;
  }

  /** Bytes taken from the system for chunks (reserved; the system commits what is touched). */
  get reservedBytes(): number {
    return (this.chunkBytes.length - this.#chunkGaps.length) * CHUNK_BYTES;
  }

  /** Bytes of the tables beside the chunks. */
  get bookkeepingBytes(): number {
    return this.#runs.bookkeepingBytes + this.table.length * 21 + this.#owner.length * 8;
  }

  /** True between {@link freeze} and {@link release}. */
  get isFrozen(): boolean {
    return this.#frozen !== null;
  }

  /**
   * Returns a reference to `sizeBytes` bytes (at least 1) of undefined content.
   * @throws {HeapFull}
   */
  allocate(sizeBytes: number): number {
    if (sizeBytes > SMALL_BYTES_MAX) return this.#allocateLarge(sizeBytes);
    const sizeClass = CLASS_OF_UNITS[(sizeBytes + 15) >>> UNIT_BITS];
    if (this.#frozen !== null) this.#reservePhysical(0);
    let page = this.#partial[sizeClass];
    if (page === 0) page = this.#newSmallPage(sizeClass);
    const classBytes = CLASS_BYTES[sizeClass];
    const classUnits = classBytes >>> UNIT_BITS;
    const slot = this.#freeSlot[page];
    let ref: number;
    if (slot === NO_SLOT) {
      ref = (page << PAGE_UNIT_BITS) + this.#bump[page]++ * classUnits;
    } else {
      ref = (page << PAGE_UNIT_BITS) + slot * classUnits;
      this.#freeSlot[page] = this.wordAt(ref, 0);
    }
    if (++this.#used[page] === CLASS_CAPACITY[sizeClass]) this.#unlistPage(page, sizeClass);
    this.allocatedBytes += classBytes;
    this.objectCount++;
    return ref;
  }

  /** Ends an object. */
  free(ref: number): void {
    const page = ref >>> PAGE_UNIT_BITS;
    const kind = this.#kind[page];
    if (kind === KIND_LARGE) return this.#freeLarge(page);
    const sizeClass = kind - 1;
    const classBytes = CLASS_BYTES[sizeClass];
    const used = this.#used[page] - 1;
    if (used === 0) {
      this.#unlistPage(page, sizeClass);
      this.#freeRun(page, 0, 1);
    } else {
      // First, because it is all that can fail.
      const at = this.write(ref);
      this.words[at >>> 2] = this.#freeSlot[page];
      this.#freeSlot[page] = ((ref & PAGE_UNIT_MASK) / (classBytes >>> UNIT_BITS)) | 0;
      this.#used[page] = used;
      if (used === CLASS_CAPACITY[sizeClass] - 1) this.#listPage(page, sizeClass);
    }
    this.allocatedBytes -= classBytes;
    this.objectCount--;
  }

  /** The bytes that an object may use: what it was asked for, rounded up. */
  capacityOf(ref: number): number {
    const page = ref >>> PAGE_UNIT_BITS;
    const kind = this.#kind[page];
    return kind === KIND_LARGE ? this.#used[page] * PAGE_BYTES : CLASS_BYTES[kind - 1];
  }

  /** The capacity that {@link allocate} would give to an object of this size. */
  static capacityFor(sizeBytes: number): number {
    if (sizeBytes > SMALL_BYTES_MAX) return pagesFor(sizeBytes) * PAGE_BYTES;
    return CLASS_BYTES[CLASS_OF_UNITS[(sizeBytes + 15) >>> UNIT_BITS]];
  }

  /**
   * Makes an object larger or smaller and returns where it now is; the first `keepBytes` bytes stay
   * as they are. A large object keeps its pages: nothing is copied when it grows.
   * @throws {HeapFull} and then the object is as it was.
   */
  resize(ref: number, sizeBytes: number, keepBytes: number): number {
    const page = ref >>> PAGE_UNIT_BITS;
    if (this.#kind[page] === KIND_LARGE && sizeBytes > SMALL_BYTES_MAX) {
      return this.#resizeLarge(page, pagesFor(sizeBytes));
    }
    if (Heap.capacityFor(sizeBytes) === this.capacityOf(ref)) return ref;
    const moved = this.allocate(sizeBytes);
    this.copyWithin(ref, 0, moved, 0, Math.min(keepBytes, sizeBytes));
    this.free(ref);
    return moved;
  }

  /** As {@link read}, but the bytes of the small object may be written until the next call. */
  write(ref: number): number {
    const page = ref >>> PAGE_UNIT_BITS;
    let physical = this.table[page];
    if (physical < 0) physical = this.#thaw(page);
    const chunk = physical >>> CHUNK_PAGE_BITS;
    this.chunk = chunk;
    return ((physical & CHUNK_PAGE_MASK) << PAGE_BITS) | ((ref & PAGE_UNIT_MASK) << UNIT_BITS);
  }

  /** As {@link span}, but the run may be written until the next call. */
  spanToWrite(ref: number, offset: number, length: number): number {
    if (this.#frozen !== null && length > 0) length = this.#thawRun(ref, offset, length);
    return this.span(ref, offset, length);
  }

  /**
   * Copies the frozen pages of the run that begins at an offset and returns how many of its bytes
   * may be written: what lies beyond its first gap is left to the next call.
   */
  #thawRun(ref: number, offset: number, length: number): number {
    const inPage = ((ref & PAGE_UNIT_MASK) << UNIT_BITS) + offset;
    let page = (ref >>> PAGE_UNIT_BITS) + (inPage >>> PAGE_BITS);
    let physical = this.table[page] < 0 ? this.#thaw(page) : this.table[page];
    let run = PAGE_BYTES - (inPage & (PAGE_BYTES - 1));
    while (run < length) {
      page++;
      const next = this.table[page] < 0 ? this.#thaw(page) : this.table[page];
      if (next !== physical + 1 || (next & CHUNK_PAGE_MASK) === 0) break;
      physical = next;
      run += PAGE_BYTES;
    }
    return run < length ? run : length;
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
    assert(this.#frozen === null, "one freeze at a time");
    const shared = new Int32Array(sharedBuffer(this.#pagesHigh * 4));
    const table = this.table;
    for (let page = 0; page < shared.length; page++) {
      const physical = table[page];
      shared[page] = physical;
      table[page] = physical | FROZEN;
    }
    this.#frozen = shared;
    this.copiedPages = 0;
    const chunks = this.chunkBytes.map((bytes) =>
      bytes.length === 0 ? undefined : bytes.buffer as SharedArrayBuffer
    );
    return { table: shared, chunks };
  }

  /** Ends the freeze: its readers must be done. Pages that only it held are free again. */
  release(): void {
    const frozen = this.#frozen;
    assert(frozen !== null, "release follows freeze");
    this.#frozen = null;
    const table = this.table;
    for (let page = 0; page < frozen.length; page++) {
      const physical = frozen[page];
      if (physical === UNMAPPED) continue;
      const owner = this.#owner[physical];
      if (owner === UNMAPPED) this.#givePhysical(physical);
      else table[owner] &= PHYSICAL_MASK;
    }
  }

  /** Ends every object at once; a freeze keeps what it holds. */
  clear(): void {
    for (let page = this.#pagesHigh - 1; page > 0; page--) {
      const kind = this.#kind[page];
      if (kind === KIND_NONE) continue;
      const pages = kind === KIND_LARGE ? this.#used[page] : 1;
      // The first page of a large object alone knows how many there are, and comes last here.
      if (pages > 0) this.#freeRun(page, orderFor(pages), pages);
    }
    this.#partial.fill(0);
    this.allocatedBytes = 0;
    this.objectCount = 0;
  }

  /**
   * Gives chunks in which no page is used back to the system, but for a few.
   * @returns the bytes given back.
   */
  releaseEmptyChunks(spare: number = SPARE_CHUNKS): number {
    const empty: number[] = [];
    this.#chunkUsed.forEach((used, chunk) => {
      if (used === 0 && this.chunkBytes[chunk].length > 0) empty.push(chunk);
    });
    const drop = new Set(empty.slice(spare));
    if (drop.size === 0) return 0;
    let kept = 0;
    for (let i = 0; i < this.#freePhysicalCount; i++) {
      const physical = this.#freePhysical[i];
      if (!drop.has(physical >>> CHUNK_PAGE_BITS)) this.#freePhysical[kept++] = physical;
    }
    this.#freePhysicalCount = kept;
    for (const chunk of drop) {
      this.placeChunk(chunk, undefined);
      this.#chunkGaps.push(chunk);
    }
    this.forget();
    return drop.size * CHUNK_BYTES;
  }

  /** Verifies every invariant; throws when one is broken. Slow: for tests and DEBUG. */
  check(): void {
    const { objects, bytes, mapped } = this.#checkPages();
    assert(objects === this.objectCount, "every object is counted");
    assert(bytes === this.allocatedBytes, "every byte is counted");
    this.#checkLists();
    let frozenOnly = 0;
    if (this.#frozen !== null) {
      for (const physical of this.#frozen) {
        if (physical !== UNMAPPED && this.#owner[physical] === UNMAPPED) frozenOnly++;
      }
    }
    assert(mapped + frozenOnly === this.#mappedPages, "every page is counted");
    const total = (this.chunkBytes.length - this.#chunkGaps.length) * CHUNK_PAGES;
    assert(this.#mappedPages + this.#freePhysicalCount === total, "no physical page is lost");
    this.#runs.check();
  }

  #checkPages(): { objects: number; bytes: number; mapped: number } {
    let objects = 0;
    let bytes = 0;
    let mapped = 0;
    for (let page = 1; page < this.#pagesHigh; page++) {
      const physical = this.table[page];
      if (physical === UNMAPPED) continue;
      mapped++;
      assert(this.#owner[physical & PHYSICAL_MASK] === page, "page and owner agree");
      assert(physical >= 0 || this.#frozen !== null, "only a freeze leaves frozen pages");
      const kind = this.#kind[page];
      if (kind === KIND_LARGE) {
        if (this.#used[page] === 0) continue;
        objects++;
        bytes += this.#used[page] * PAGE_BYTES;
      } else {
        assert(kind !== KIND_NONE, "a mapped page is in use");
        objects += this.#used[page];
        bytes += this.#used[page] * CLASS_BYTES[kind - 1];
        this.#checkSlots(page, kind - 1);
      }
    }
    return { objects, bytes, mapped };
  }

  #checkSlots(page: number, sizeClass: number): void {
    const classUnits = CLASS_BYTES[sizeClass] >>> UNIT_BITS;
    const free = new Set<number>();
    for (let slot = this.#freeSlot[page]; slot !== NO_SLOT;) {
      assert(slot < this.#bump[page] && !free.has(slot), "free slots are used ones, listed once");
      free.add(slot);
      const ref = (page << PAGE_UNIT_BITS) + slot * classUnits;
      slot = this.wordAt(ref, 0);
    }
    assert(this.#bump[page] === this.#used[page] + free.size, "a slot is either used or free");
    assert(this.#bump[page] <= CLASS_CAPACITY[sizeClass], "slots fit the page");
  }

  #checkLists(): void {
    const listed = new Set<number>();
    for (let sizeClass = 0; sizeClass < CLASS_BYTES.length; sizeClass++) {
      for (let page = this.#partial[sizeClass]; page !== 0; page = this.#next[page]) {
        assert(this.#kind[page] === sizeClass + 1, "a listed page is of its class");
        assert(this.#used[page] < CLASS_CAPACITY[sizeClass], "a listed page has room");
        assert(!listed.has(page), "a page is listed once");
        listed.add(page);
      }
    }
    for (let page = 1; page < this.#pagesHigh; page++) {
      const kind = this.#kind[page];
      if (kind === KIND_NONE || kind === KIND_LARGE || listed.has(page)) continue;
      assert(this.#used[page] === CLASS_CAPACITY[kind - 1], "a page that is not listed is full");
    }
  }

  #newSmallPage(sizeClass: number): number {
    this.#reservePhysical(1);
    const page = this.#takeRun(0);
    this.#map(page);
    this.#kind[page] = sizeClass + 1;
    this.#used[page] = 0;
    this.#freeSlot[page] = NO_SLOT;
    this.#bump[page] = 0;
    this.#listPage(page, sizeClass);
    return page;
  }

  #allocateLarge(sizeBytes: number): number {
    const pages = pagesFor(sizeBytes);
    this.#reservePhysical(pages);
    const page = this.#takeRun(orderFor(pages));
    for (let i = page; i < page + pages; i++) {
      this.#map(i);
      this.#kind[i] = KIND_LARGE;
      this.#used[i] = 0;
    }
    this.#used[page] = pages;
    this.allocatedBytes += pages * PAGE_BYTES;
    this.objectCount++;
    return page << PAGE_UNIT_BITS;
  }

  #freeLarge(page: number): void {
    const pages = this.#used[page];
    this.allocatedBytes -= pages * PAGE_BYTES;
    this.objectCount--;
    this.#freeRun(page, orderFor(pages), pages);
  }

  #resizeLarge(page: number, pages: number): number {
    const oldPages = this.#used[page];
    if (pages <= oldPages) {
      this.#shrinkLarge(page, oldPages, pages);
      return page << PAGE_UNIT_BITS;
    }
    const oldOrder = orderFor(oldPages);
    const order = orderFor(pages);
    let target = page;
    this.#reservePhysical(pages - oldPages);
    if (order !== oldOrder) {
      target = this.#takeRun(order);
      for (let i = 0; i < oldPages; i++) this.#remap(page + i, target + i);
      this.#runs.give(page, oldOrder);
    }
    for (let i = target + oldPages; i < target + pages; i++) {
      this.#map(i);
      this.#kind[i] = KIND_LARGE;
      this.#used[i] = 0;
    }
    this.#used[target] = pages;
    this.allocatedBytes += (pages - oldPages) * PAGE_BYTES;
    return target << PAGE_UNIT_BITS;
  }

  /** Gives back the tail of a large object, of its run too; nothing here can fail. */
  #shrinkLarge(page: number, oldPages: number, pages: number): void {
    for (let i = page + oldPages - 1; i >= page + pages; i--) this.#unmap(i);
    for (let order = orderFor(oldPages); order > orderFor(pages);) {
      order--;
      this.#runs.give(page + (1 << order), order);
    }
    this.#used[page] = pages;
    this.allocatedBytes -= (oldPages - pages) * PAGE_BYTES;
  }

  #freeRun(page: number, order: number, pages: number): void {
    for (let i = page + pages - 1; i >= page; i--) this.#unmap(i);
    this.#runs.give(page, order);
  }

  #takeRun(order: number): number {
    const page = this.#runs.take(order);
    if (page < 0) throw new HeapFull();
    if (this.#runs.capacityPages > this.table.length) this.#fitTables();
    const end = page + (1 << order);
    if (end > this.#pagesHigh) this.#pagesHigh = end;
    return page;
  }

  /** Gives the logical page a physical one. */
  #map(page: number): void {
    const physical = this.#takePhysical();
    this.table[page] = physical;
    this.#owner[physical] = page;
  }

  #unmap(page: number): void {
    const physical = this.table[page];
    this.table[page] = UNMAPPED;
    this.#kind[page] = KIND_NONE;
    this.#used[page] = 0;
    this.#owner[physical & PHYSICAL_MASK] = UNMAPPED;
    if (physical >= 0) this.#givePhysical(physical);
  }

  /** Moves a physical page of a large object, frozen mark and all, to another logical page. */
  #remap(from: number, to: number): void {
    const physical = this.table[from];
    this.table[to] = physical;
    this.table[from] = UNMAPPED;
    this.#kind[from] = KIND_NONE;
    this.#used[from] = 0;
    this.#kind[to] = KIND_LARGE;
    this.#used[to] = 0;
    this.#owner[physical & PHYSICAL_MASK] = to;
  }

  /** Copies a frozen page for the live table; returns its new physical page. */
  #thaw(page: number): number {
    const old = this.table[page] & PHYSICAL_MASK;
    const fresh = this.#takePhysical();
    const source = this.chunkWords[old >>> CHUNK_PAGE_BITS];
    const target = this.chunkWords[fresh >>> CHUNK_PAGE_BITS];
    const from = (old & CHUNK_PAGE_MASK) << (PAGE_BITS - 2);
    const at = (fresh & CHUNK_PAGE_MASK) << (PAGE_BITS - 2);
    target.set(source.subarray(from, from + (PAGE_BYTES >>> 2)), at);
    this.#owner[old] = UNMAPPED;
    this.#owner[fresh] = page;
    this.table[page] = fresh;
    this.copiedPages++;
    return fresh;
  }

  #takePhysical(): number {
    if (this.#freePhysicalCount === 0) this.#addChunk();
    const physical = this.#freePhysical[--this.#freePhysicalCount];
    this.#chunkUsed[physical >>> CHUNK_PAGE_BITS]++;
    this.#mappedPages++;
    return physical;
  }

  #givePhysical(physical: number): void {
    this.#freePhysical[this.#freePhysicalCount++] = physical;
    this.#chunkUsed[physical >>> CHUNK_PAGE_BITS]--;
    this.#mappedPages--;
  }

  /**
   * Makes sure that so many pages can be taken, and during a freeze that what follows an allocation
   * can copy the pages it writes, so that nothing fails half way.
   */
  #reservePhysical(pages: number): void {
    if (this.#frozen !== null) pages += THAW_RESERVE_PAGES;
    while (this.#freePhysicalCount < pages) this.#addChunk();
  }

  #addChunk(): void {
    const buffer = sharedBuffer(CHUNK_BYTES);
    const chunk = this.#chunkGaps.pop() ?? this.chunkBytes.length;
    this.placeChunk(chunk, buffer);
    this.#chunkUsed[chunk] = 0;
    const total = this.chunkBytes.length * CHUNK_PAGES;
    if (total > this.#owner.length) {
      this.#owner = grown(this.#owner, Math.max(total, this.#owner.length * 2));
      this.#freePhysical = grown(this.#freePhysical, this.#owner.length);
    }
    this.#owner.fill(UNMAPPED, chunk * CHUNK_PAGES, (chunk + 1) * CHUNK_PAGES);
    for (let i = CHUNK_PAGES - 1; i >= 0; i--) {
      this.#freePhysical[this.#freePhysicalCount++] = chunk * CHUNK_PAGES + i;
    }
  }

  /** Lets every table that is indexed by logical page reach as far as the run space does. */
  #fitTables(): void {
    const pages = this.#runs.capacityPages;
    const old = this.table.length;
    this.table = grown(this.table, pages);
    this.table.fill(UNMAPPED, old);
    this.#used = grown(this.#used, pages);
    this.#next = grown(this.#next, pages);
    this.#previous = grown(this.#previous, pages);
    const kind = new Uint8Array(pages);
    kind.set(this.#kind);
    this.#kind = kind;
    const freeSlot = new Uint16Array(pages);
    freeSlot.set(this.#freeSlot);
    this.#freeSlot = freeSlot;
    const bump = new Uint16Array(pages);
    bump.set(this.#bump);
    this.#bump = bump;
  }

  #listPage(page: number, sizeClass: number): void {
    const head = this.#partial[sizeClass];
    this.#next[page] = head;
    this.#previous[page] = 0;
    if (head !== 0) this.#previous[head] = page;
    this.#partial[sizeClass] = page;
  }

  #unlistPage(page: number, sizeClass: number): void {
    const next = this.#next[page];
    const previous = this.#previous[page];
    if (previous === 0) this.#partial[sizeClass] = next;
    else this.#next[previous] = next;
    if (next !== 0) this.#previous[next] = previous;
  }
}

function sharedBuffer(sizeBytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(sizeBytes);
  } catch {
    throw new HeapFull();
  }
}

function pagesFor(sizeBytes: number): number {
  return Math.ceil(sizeBytes / PAGE_BYTES);
}

/** The order of the smallest run that holds so many pages. */
function orderFor(pages: number): number {
  return 32 - Math.clz32(pages - 1);
}
