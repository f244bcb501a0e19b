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
 * Reading is in heap_view.ts; memory, freezing and compaction are in paged_memory.ts. All invariants
 * are verified by `check()`.
 */
import { assert } from "../base/assert.ts";
import {
  CLASS_BYTES,
  CLASS_CAPACITY,
  CLASS_OF_UNITS,
  PAGE_BYTES,
  PAGE_UNIT_BITS,
  PAGE_UNIT_MASK,
  SMALL_BYTES_MAX,
  UNIT_BITS,
} from "./page_layout.ts";
import { HeapFull, PagedMemory } from "./paged_memory.ts";
import { grown, RunSpace } from "./run_space.ts";

export { HeapFull };

/** Kinds of a logical page: a small page is its class + 1. */
const KIND_NONE = 0;
const KIND_LARGE = 255;
/** No free slot in a page's list. */
const NO_SLOT = 0xffff;

export class Heap extends PagedMemory {
  /** Bytes in objects, rounded up to their class or to whole pages: what INFO counts as data. */
  allocatedBytes = 0;
  /** Objects alive. */
  objectCount = 0;

  // Indexed by logical page.
  readonly #runs: RunSpace;
  #kind: Uint8Array;
  /** Small: slots in use. Large, first page: pages owned. */
  #used: Int32Array;
  #freeSlot: Uint16Array;
  #bump: Uint16Array;
  #next: Int32Array;
  #previous: Int32Array;
  /** For each class the first page with room; 0 none (logical page 0 is never handed out). */
  readonly #partial: Int32Array = new Int32Array(CLASS_BYTES.length);

  constructor(capacityBitsMax?: number) {
    super();
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

  /** Bytes of the tables beside the chunks. */
  get bookkeepingBytes(): number {
    return this.#runs.bookkeepingBytes + this.#kind.length * 17 + this.tableBytes;
  }

  /**
   * Returns a reference to `sizeBytes` bytes (at least 1) of undefined content.
   * @throws {HeapFull}
   */
  allocate(sizeBytes: number): number {
    if (sizeBytes > SMALL_BYTES_MAX) return this.#allocateLarge(sizeBytes);
    const sizeClass = CLASS_OF_UNITS[(sizeBytes + 15) >>> UNIT_BITS];
    if (this.isFrozen) this.reservePages(0);
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

  /** Ends every object at once; a freeze keeps what it holds. */
  clear(): void {
    for (let page = this.pagesHigh - 1; page > 0; page--) {
      const kind = this.#kind[page];
      if (kind === KIND_NONE) continue;
      const pages = kind === KIND_LARGE ? this.#used[page] : 1;
      // The first page of a large object alone knows how many there are, and comes last here.
      if (pages > 0) this.#freeRun(page, orderFor(pages), pages);
    }
    this.pagesHigh = 1;
    this.#partial.fill(0);
    this.allocatedBytes = 0;
    this.objectCount = 0;
  }

  /** Verifies every invariant; throws when one is broken. Slow: for tests and DEBUG. */
  check(): void {
    const { objects, bytes, pages } = this.#checkPages();
    assert(objects === this.objectCount, "every object is counted");
    assert(bytes === this.allocatedBytes, "every byte is counted");
    this.#checkLists();
    this.checkMemory(pages);
    this.#runs.check();
  }

  #checkPages(): { objects: number; bytes: number; pages: number } {
    let objects = 0;
    let bytes = 0;
    let pages = 0;
    for (let page = 1; page < this.pagesHigh; page++) {
      const kind = this.#kind[page];
      if (kind === KIND_NONE) continue;
      pages++;
      if (kind === KIND_LARGE) {
        if (this.#used[page] === 0) continue;
        objects++;
        bytes += this.#used[page] * PAGE_BYTES;
      } else {
        objects += this.#used[page];
        bytes += this.#used[page] * CLASS_BYTES[kind - 1];
        this.#checkSlots(page, kind - 1);
      }
    }
    return { objects, bytes, pages };
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
    for (let page = 1; page < this.pagesHigh; page++) {
      const kind = this.#kind[page];
      if (kind === KIND_NONE || kind === KIND_LARGE || listed.has(page)) continue;
      assert(this.#used[page] === CLASS_CAPACITY[kind - 1], "a page that is not listed is full");
    }
  }

  #newSmallPage(sizeClass: number): number {
    this.reservePages(1);
    const page = this.#takeRun(0);
    this.mapPage(page);
    this.#kind[page] = sizeClass + 1;
    this.#used[page] = 0;
    this.#freeSlot[page] = NO_SLOT;
    this.#bump[page] = 0;
    this.#listPage(page, sizeClass);
    return page;
  }

  #allocateLarge(sizeBytes: number): number {
    const pages = pagesFor(sizeBytes);
    this.reservePages(pages);
    const page = this.#takeRun(orderFor(pages));
    for (let i = page; i < page + pages; i++) {
      this.mapPage(i);
      this.#kind[i] = KIND_LARGE;
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
    this.reservePages(pages - oldPages);
    if (order !== oldOrder) {
      target = this.#takeRun(order);
      for (let i = 0; i < oldPages; i++) this.#remap(page + i, target + i);
      this.#runs.give(page, oldOrder);
    }
    for (let i = target + oldPages; i < target + pages; i++) {
      this.mapPage(i);
      this.#kind[i] = KIND_LARGE;
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

  #unmap(page: number): void {
    this.#kind[page] = KIND_NONE;
    this.#used[page] = 0;
    this.unmapPage(page);
  }

  /** Moves a page of a large object to another logical page. */
  #remap(from: number, to: number): void {
    this.#kind[from] = KIND_NONE;
    this.#used[from] = 0;
    this.#kind[to] = KIND_LARGE;
    this.remapPage(from, to);
  }

  #takeRun(order: number): number {
    const page = this.#runs.take(order);
    if (page < 0) throw new HeapFull();
    if (this.#runs.capacityPages > this.table.length) this.#fitTables();
    const end = page + (1 << order);
    if (end > this.pagesHigh) this.pagesHigh = end;
    return page;
  }

  /** Lets every table that is indexed by logical page reach as far as the run space does. */
  #fitTables(): void {
    const pages = this.#runs.capacityPages;
    this.growTables(pages);
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

function pagesFor(sizeBytes: number): number {
  return Math.ceil(sizeBytes / PAGE_BYTES);
}

/** The order of the smallest run that holds so many pages. */
function orderFor(pages: number): number {
  return 32 - Math.clz32(pages - 1);
}
