/**
 * The logical address space of the heap, dealt out in runs of 2^order pages (a buddy system).
 *
 * Logical pages cost nothing but a page table entry, so a large object takes a run rounded up to a
 * power of two and grows inside it without being moved; only its physical pages are exact.
 *
 * Free runs of one order form a doubly linked list through `next` and `previous`. `state` holds, for
 * the first page of a free run, its order + 1, and 0 for every other page.
 */
import { assert } from "../base/assert.ts";
import { LOGICAL_PAGE_BITS_MAX } from "./page_layout.ts";

const NONE = -1;
const FIRST_ORDER = 10;

export class RunSpace {
  /** Pages that exist so far: a power of two. */
  capacityPages = 1 << FIRST_ORDER;
  #next: Int32Array = new Int32Array(this.capacityPages);
  #previous: Int32Array = new Int32Array(this.capacityPages);
  #state: Uint8Array = new Uint8Array(this.capacityPages);
  readonly #heads: Int32Array = new Int32Array(LOGICAL_PAGE_BITS_MAX + 1).fill(NONE);
  readonly #capacityBitsMax: number;

  constructor(capacityBitsMax: number = LOGICAL_PAGE_BITS_MAX) {
    this.#capacityBitsMax = capacityBitsMax;
    this.#push(0, FIRST_ORDER);
  }

  /** Takes a run of 2^order pages and returns its first page, or -1 when the space is used up. */
  take(order: number): number {
    if (order > this.#capacityBitsMax) return NONE;
    let from = order;
    while (this.#heads[from] === NONE) {
      if (++from > LOGICAL_PAGE_BITS_MAX) {
        if (!this.#grow()) return NONE;
        from = order;
      }
    }
    const page = this.#heads[from];
    this.#unlink(page, from);
    while (from > order) this.#push(page + (1 << --from), from);
    return page;
  }

  /** Gives a run back; it merges with its free neighbours. */
  give(page: number, order: number): void {
    while (order < LOGICAL_PAGE_BITS_MAX) {
      const buddy = page ^ (1 << order);
      if (buddy >= this.capacityPages || this.#state[buddy] !== order + 1) break;
      this.#unlink(buddy, order);
      page &= ~(1 << order);
      order++;
    }
    this.#push(page, order);
  }

  /** Bytes that the bookkeeping takes. */
  get bookkeepingBytes(): number {
    return this.capacityPages * 9;
  }

  /** Verifies the lists: aligned, linked both ways, not overlapping, buddies merged. */
  check(): number {
    let free = 0;
    const seen = new Uint8Array(this.capacityPages);
    for (let order = 0; order <= LOGICAL_PAGE_BITS_MAX; order++) {
      let previous = NONE;
      for (let page = this.#heads[order]; page !== NONE; page = this.#next[page]) {
        assert(this.#previous[page] === previous, "free run is linked both ways");
        assert(this.#state[page] === order + 1, "free run knows its order");
        assert((page & ((1 << order) - 1)) === 0, "free run is aligned");
        const buddy = page ^ (1 << order);
        assert(buddy >= this.capacityPages || this.#state[buddy] !== order + 1, "buddies merged");
        for (let i = page; i < page + (1 << order); i++) {
          assert(seen[i] === 0, "free runs do not overlap");
          seen[i] = 1;
        }
        free += 1 << order;
        previous = page;
      }
    }
    return free;
  }

  /** Doubles the space; the new half is one free run. */
  #grow(): boolean {
    const order = 31 - Math.clz32(this.capacityPages);
    if (order >= this.#capacityBitsMax) return false;
    const old = this.capacityPages;
    this.capacityPages = old * 2;
    this.#next = grown(this.#next, this.capacityPages);
    this.#previous = grown(this.#previous, this.capacityPages);
    const state = new Uint8Array(this.capacityPages);
    state.set(this.#state);
    this.#state = state;
    this.give(old, order);
    return true;
  }

  #push(page: number, order: number): void {
    const head = this.#heads[order];
    this.#next[page] = head;
    this.#previous[page] = NONE;
    if (head !== NONE) this.#previous[head] = page;
    this.#heads[order] = page;
    this.#state[page] = order + 1;
  }

  #unlink(page: number, order: number): void {
    const next = this.#next[page];
    const previous = this.#previous[page];
    if (previous === NONE) this.#heads[order] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.#state[page] = 0;
  }
}

/** A copy with room for more elements, which are zero. */
export function grown(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}
