/**
 * Reading a whole dict from the outside: live while nothing changes, or frozen, in a worker too. All
 * that is needed of the dict is its {@link DictRoot}.
 */
import type { DictRoot } from "./dict.ts";
import { DEPTH_SHIFT, SLOT_MASK } from "./dict.ts";
import type { HeapView } from "./heap_view.ts";

/**
 * Goes through every entry of a dict in a heap, live or frozen, in the order of hashes, a segment at
 * a time. What it has found stays true while the dict does not change.
 */
export class DictWalk {
  /** The entries of the segment that {@link next} has come to: the first `count`. */
  readonly refs: Int32Array = new Int32Array(SLOT_MASK);
  count = 0;

  readonly #heap: HeapView;
  readonly #root: DictRoot;
  readonly #length: number;
  #index = 0;
  #segment = 0;

  constructor(heap: HeapView, root: DictRoot) {
    this.#heap = heap;
    this.#root = root;
    this.#length = root.directory === 0 ? 0 : 2 ** root.depth;
  }

  /** Goes to the next segment; false at the end. */
  next(): boolean {
    const heap = this.#heap;
    let segment = this.#segment === 0 ? 0 : heap.wordAt(this.#segment, 4);
    if (segment === 0) {
      if (this.#index >= this.#length) return false;
      const { directory, depth } = this.#root;
      segment = depth === 0 ? directory : heap.wordAt(directory, this.#index * 4);
      this.#index += 2 ** (depth - (heap.wordAt(segment, 0) >>> DEPTH_SHIFT));
    }
    this.#segment = segment;
    const word = heap.read(segment) >>> 2;
    const words = heap.words;
    let count = 0;
    for (let slot = 1; slot <= SLOT_MASK; slot++) {
      const ref = words[word + slot * 2 + 1];
      if (ref !== 0) this.refs[count++] = ref;
    }
    this.count = count;
    return true;
  }
}

/** As {@link DictWalk}, entry by entry: for what need not be fast. */
export function* entriesOf(heap: HeapView, root: DictRoot): Generator<number, void, void> {
  const walk = new DictWalk(heap, root);
  while (walk.next()) for (let i = 0; i < walk.count; i++) yield walk.refs[i];
}
