/**
 * Objects that are found by name and listed in the order of their names: the groups of a stream,
 * the consumers of a group. A tree whose leaves are the objects themselves; they never move.
 *
 *     object   word 0: length of the name | words of its owner's | name, from a fixed offset on
 *
 * Names are in the order of their bytes, a shorter one before what it begins.
 */
import { CountedTree } from "../../heap/counted_tree.ts";
import type { Heap } from "../../heap/heap.ts";
import type { HeapView } from "../../heap/heap_view.ts";
import { objectWord } from "./stream_root.ts";

export const NAME_LENGTH = 0;

export class NameTree {
  readonly tree: CountedTree;
  readonly #heap: Heap;
  /** Where names begin in their objects. */
  readonly #nameOffset: number;
  /** How many names are before the one that was last looked for. */
  #rank = 0;

  constructor(heap: Heap, nameOffset: number) {
    this.#heap = heap;
    this.#nameOffset = nameOffset;
    this.tree = new CountedTree(heap, 0);
  }

  /** The object of that name; 0 when there is none, or no tree (root 0). */
  find(root: number, bytes: Uint8Array, start: number, end: number): number {
    this.#rank = 0;
    if (root === 0) return 0;
    let low = 0;
    let high = this.tree.count(root);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const object = this.tree.seekRank(root, middle);
      const order = compareName(this.#heap, object, this.#nameOffset, bytes, start, end);
      if (order === 0) return object;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    this.#rank = low;
    return 0;
  }

  /**
   * Makes an object for a name that is known to be absent, right after the look-up that said so,
   * and returns it. Its other words are 0.
   * @returns the object; the tree's root, made when there was none, is `madeRoot`.
   * @throws {HeapFull} and then nothing has changed.
   */
  add(root: number, bytes: Uint8Array, start: number, end: number): number {
    const heap = this.#heap;
    const length = end - start;
    const object = heap.allocate(this.#nameOffset + length);
    try {
      const at = heap.write(object) >>> 2;
      heap.words.fill(0, at, at + (this.#nameOffset >>> 2));
      heap.words[at + NAME_LENGTH] = length;
      heap.copyIn(object, this.#nameOffset, bytes, start, length);
      if (root === 0) this.madeRoot = this.tree.create(object, 1);
      else {
        this.madeRoot = root;
        this.#insert(root, object);
      }
    } catch (thrown) {
      heap.free(object);
      throw thrown;
    }
    return object;
  }

  /** The root after {@link add}. */
  madeRoot = 0;

  #insert(root: number, object: number): void {
    if (this.#rank === this.tree.count(root)) {
      this.tree.last(root);
      this.tree.insertAfter(root, object, 1);
    } else {
      this.tree.seekRank(root, this.#rank);
      this.tree.insertBefore(root, object, 1);
    }
  }

  /** Takes the object that was just found out of the tree; it stays alive. */
  remove(root: number): void {
    this.tree.removeLeaf(root);
  }

  /** How many there are. */
  count(root: number): number {
    return root === 0 ? 0 : this.tree.count(root);
  }

  /** Goes to the first object and returns it, 0 when there is none. */
  first(root: number): number {
    return root === 0 ? 0 : this.tree.first(root);
  }

  /** Goes to the next object and returns it, 0 when there is none. */
  next(): number {
    return this.tree.nextLeaf() ? this.tree.leaf : 0;
  }
}

/** Negative where an object's name is before another, 0 where it is the same. */
function compareName(
  view: HeapView,
  object: number,
  nameOffset: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const nameLength = objectWord(view, object, NAME_LENGTH);
  const common = Math.min(nameLength, end - start);
  for (let done = 0; done < common;) {
    const at = view.span(object, nameOffset + done, common - done);
    const name = view.bytes;
    const run = view.spanLength;
    for (let i = 0; i < run; i++) {
      if (name[at + i] !== bytes[start + done + i]) return name[at + i] - bytes[start + done + i];
    }
    done += run;
  }
  return nameLength - (end - start);
}
