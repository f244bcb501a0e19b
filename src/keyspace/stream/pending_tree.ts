/**
 * Pending entries lists: records in the order of their ids, in the leaves of a tree.
 *
 *     leaf, 2048 bytes at most:   word | free, of `start` records | record | record | ... | free
 *     word                        number of records | start << 16
 *     record of a group           id, 4 words | consumer | delivery time, 2 | delivery count, 2
 *     record of a consumer        id, 4 words
 *
 * A list without records is no tree at all: its root is 0. Leaves are as large as they have to be,
 * in the heap's size classes; a full one splits in two, but at its end the new one gets the new
 * record alone. Those that thin out are left thin: most lists are emptied from the beginning. The
 * key of a leaf in the tree is that of its first record, or of one that has been there.
 */
import { assert } from "../../base/assert.ts";
import { CountedTree } from "../../heap/counted_tree.ts";
import { type Heap, HeapFull } from "../../heap/heap.ts";
import type { HeapView } from "../../heap/heap_view.ts";
import { compareIdWords, StreamId } from "./stream_id.ts";

/** The words of a record. */
export const PENDING_CONSUMER = 4;
export const PENDING_TIME = 5;
export const PENDING_COUNT = 7;
export const GROUP_RECORD_WORDS = 9;
export const CONSUMER_RECORD_WORDS = 4;

const LEAF_BYTES_MAX = 2048;
/** From so many leaves on, a new last one is as large as it can be. */
const LONG_LEAVES_MIN = 8;
const COUNT_MASK = 0xffff;
const START_SHIFT = 16;

/** How many records a leaf has. */
export function recordsIn(view: HeapView, leaf: number): number {
  const at = view.read(leaf) >>> 2;
  return view.words[at] & COUNT_MASK;
}

/** Which word of a leaf a record begins with. */
export function recordWord(
  view: HeapView,
  leaf: number,
  index: number,
  recordWords: number,
): number {
  const at = view.read(leaf) >>> 2;
  return 1 + ((view.words[at] >>> START_SHIFT) + index) * recordWords;
}

export class PendingTree {
  readonly tree: CountedTree;
  /** The record that was found or inserted: it is in the leaf at the tree's path. */
  index = 0;
  /** The root after an insertion or a removal. */
  root = 0;

  readonly #heap: Heap;
  readonly #recordWords: number;
  readonly #recordsMax: number;

  constructor(heap: Heap, recordWords: number) {
    this.#heap = heap;
    this.#recordWords = recordWords;
    this.#recordsMax = Math.floor((LEAF_BYTES_MAX - 4) / (4 * recordWords));
    this.tree = new CountedTree(heap, 16);
  }

  /** How many records there are. */
  count(root: number): number {
    return root === 0 ? 0 : this.tree.count(root);
  }

  /** Goes to the record of that id; false, and to where it would be, when there is none. */
  find(root: number, id: StreamId): boolean {
    if (root === 0) return false;
    const tree = this.tree;
    // Mostly ids come one after another, and the path is where the next one is.
    if (tree.isPathGood(root)) {
      const side = this.#sideOf(root, tree.leaf, id);
      if (side >= 0) return side === 0 && this.#search(tree.leaf, id);
    }
    return this.#search(tree.seekId(root, id.msHigh, id.msLow, id.seqHigh, id.seqLow), id);
  }

  /**
   * Where an id is, seen from a leaf: 0 within it, 1 behind its last record and all others, to which
   * place it goes, and -1 elsewhere.
   */
  #sideOf(root: number, leaf: number, id: StreamId): number {
    const heap = this.#heap;
    const at = heap.read(leaf) >>> 2;
    const words = heap.words;
    const recordWords = this.#recordWords;
    const count = words[at] & COUNT_MASK;
    const first = at + 1 + (words[at] >>> START_SHIFT) * recordWords;
    const last = first + (count - 1) * recordWords;
    const toLast = id.compareWords(words[last], words[last + 1], words[last + 2], words[last + 3]);
    if (toLast > 0) {
      if (leaf !== this.tree.lastLeaf(root)) return -1;
      this.index = count;
      return 1;
    }
    const toFirst = id.compareWords(
      words[first],
      words[first + 1],
      words[first + 2],
      words[first + 3],
    );
    return toFirst < 0 ? -1 : 0;
  }

  /** Goes to an id in a leaf; false, and to where it would be, when it is not there. */
  #search(leaf: number, id: StreamId): boolean {
    const heap = this.#heap;
    const at = heap.read(leaf) >>> 2;
    const words = heap.words;
    const { msHigh, msLow, seqHigh, seqLow } = id;
    const recordWords = this.#recordWords;
    const first = at + 1 + (words[at] >>> START_SHIFT) * recordWords;
    let low = 0;
    let high = words[at] & COUNT_MASK;
    // The first record is the one that is mostly looked for.
    let middle = 0;
    while (low < high) {
      const record = first + middle * recordWords;
      const order = compareIdWords(
        words[record],
        words[record + 1],
        words[record + 2],
        words[record + 3],
        msHigh,
        msLow,
        seqHigh,
        seqLow,
      );
      if (order === 0) {
        this.index = middle;
        return true;
      }
      if (order < 0) low = middle + 1;
      else high = middle;
      middle = (low + high) >>> 1;
    }
    this.index = low;
    return false;
  }

  /** Goes to the first record whose id is not before another; false when there is none. */
  seek(root: number, id: StreamId): boolean {
    if (root === 0) return false;
    if (this.find(root, id)) return true;
    return this.#isHere() || this.#nextLeaf();
  }

  /** Goes to the first record. */
  first(root: number): boolean {
    if (root === 0) return false;
    this.tree.first(root);
    this.index = 0;
    return true;
  }

  /** Goes to the last record. */
  last(root: number): boolean {
    if (root === 0) return false;
    this.index = this.#countIn(this.tree.last(root)) - 1;
    return true;
  }

  /** Goes to the next record; false when there is none. */
  next(): boolean {
    this.index++;
    return this.#isHere() || this.#nextLeaf();
  }

  #isHere(): boolean {
    return this.index < this.#countIn(this.tree.leaf);
  }

  #nextLeaf(): boolean {
    if (!this.tree.nextLeaf()) return false;
    this.index = 0;
    return true;
  }

  /** A word of the record. */
  word(word: number): number {
    const at = this.#heap.read(this.tree.leaf) >>> 2;
    const words = this.#heap.words;
    return words[at + 1 + ((words[at] >>> START_SHIFT) + this.index) * this.#recordWords + word];
  }

  setWord(word: number, value: number): void {
    const at = this.#heap.write(this.tree.leaf) >>> 2;
    const words = this.#heap.words;
    words[at + 1 + ((words[at] >>> START_SHIFT) + this.index) * this.#recordWords + word] = value;
  }

  /** Two words of the record, low one first, as a number: exact up to 2^53. */
  number(word: number): number {
    return this.word(word + 1) * 2 ** 32 + (this.word(word) >>> 0);
  }

  setNumber(word: number, value: number): void {
    this.setWord(word, value | 0);
    this.setWord(word + 1, Math.floor(value / 2 ** 32));
  }

  /** Sets when, and how often, the record of a group has been delivered. */
  setDelivery(timeMs: number, count: number): void {
    const at = this.#heap.write(this.tree.leaf) >>> 2;
    const words = this.#heap.words;
    const record = at + 1 + ((words[at] >>> START_SHIFT) + this.index) * this.#recordWords;
    words[record + PENDING_TIME] = timeMs;
    words[record + PENDING_TIME + 1] = Math.floor(timeMs / 2 ** 32);
    words[record + PENDING_COUNT] = count;
    words[record + PENDING_COUNT + 1] = Math.floor(count / 2 ** 32);
  }

  readId(id: StreamId): void {
    const leaf = this.#heap.read(this.tree.leaf) >>> 2;
    const words = this.#heap.words;
    const at = leaf + 1 + ((words[leaf] >>> START_SHIFT) + this.index) * this.#recordWords;
    id.set(words[at], words[at + 1], words[at + 2], words[at + 3]);
  }

  /**
   * Adds a record for an id that is known to be absent, right after the look-up that said so, and
   * goes to it; what is not its id is 0. The list's root is `root` then.
   * @throws {HeapFull} and then nothing has changed.
   */
  insert(root: number, id: StreamId): void {
    if (root === 0) return this.#begin(id);
    this.root = root;
    const leaf = this.tree.leaf;
    const count = this.#countIn(leaf);
    if (count < this.#recordsMax) {
      this.tree.addCount(root, 1);
      try {
        this.#insertInto(root, leaf, count, id);
      } catch (thrown) {
        this.tree.addCount(root, -1);
        throw thrown;
      }
    } else if (this.index === count && leaf === this.tree.lastLeaf(root)) this.#addLeaf(root, id);
    else {
      this.#split(root, leaf, count);
      this.find(root, id);
      this.insert(root, id);
    }
  }

  #begin(id: StreamId): void {
    const leaf = this.#newLeaf(id);
    try {
      this.root = this.tree.create(leaf, 1);
      this.tree.setLeafId(this.root, id.msHigh, id.msLow, id.seqHigh, id.seqLow);
    } catch (thrown) {
      this.#heap.free(leaf);
      throw thrown;
    }
    this.index = 0;
  }

  #newLeaf(id: StreamId, sizeBytes = 4 * (1 + this.#recordWords)): number {
    const heap = this.#heap;
    const leaf = heap.allocate(sizeBytes);
    const at = heap.write(leaf) >>> 2;
    heap.words[at] = 1;
    this.#writeRecord(heap.words, at + 1, id);
    return leaf;
  }

  #addLeaf(root: number, id: StreamId): void {
    // The last leaf of a long list will be full, too.
    const isLong = this.tree.leafCount(root) >= LONG_LEAVES_MIN;
    const leaf = isLong ? this.#newLeaf(id, LEAF_BYTES_MAX) : this.#newLeaf(id);
    try {
      this.tree.insertAfter(root, leaf, 1);
    } catch (thrown) {
      this.#heap.free(leaf);
      throw thrown;
    }
    this.tree.setLeafId(root, id.msHigh, id.msLow, id.seqHigh, id.seqLow);
    this.index = 0;
  }

  #insertInto(root: number, leaf: number, count: number, id: StreamId): void {
    const heap = this.#heap;
    const recordWords = this.#recordWords;
    const needed = 4 * (1 + (count + 1) * recordWords);
    if (needed + 4 * this.#startIn(leaf) * recordWords > heap.capacityOf(leaf)) {
      this.#moveToFront(leaf, count);
    }
    if (needed > heap.capacityOf(leaf)) {
      const room = Math.min(needed + (needed >>> 1), LEAF_BYTES_MAX);
      const moved = heap.resize(leaf, room, needed - 4 * recordWords);
      if (moved !== leaf) this.tree.moveLeaf(root, moved);
      leaf = moved;
    }
    const at = heap.write(leaf) >>> 2;
    const words = heap.words;
    const first = at + 1 + (words[at] >>> START_SHIFT) * recordWords;
    const from = first + this.index * recordWords;
    moveWords(words, from, first + count * recordWords, recordWords);
    this.#writeRecord(words, from, id);
    words[at]++;
    if (this.index > 0) return;
    this.tree.setLeafId(root, id.msHigh, id.msLow, id.seqHigh, id.seqLow);
  }

  /** Lets the first record stand where records begin. */
  #moveToFront(leaf: number, count: number): void {
    const at = this.#heap.write(leaf) >>> 2;
    const words = this.#heap.words;
    const from = at + 1 + (words[at] >>> START_SHIFT) * this.#recordWords;
    moveWords(words, from, from + count * this.#recordWords, at + 1 - from);
    words[at] = count;
  }

  #writeRecord(words: Int32Array, at: number, id: StreamId): void {
    words[at] = id.msHigh;
    words[at + 1] = id.msLow;
    words[at + 2] = id.seqHigh;
    words[at + 3] = id.seqLow;
    for (let i = 4; i < this.#recordWords; i++) words[at + i] = 0;
  }

  /** Moves the second half of a full leaf, the one at the path, to a leaf of its own. */
  #split(root: number, leaf: number, count: number): void {
    const heap = this.#heap;
    const recordWords = this.#recordWords;
    const kept = count >>> 1;
    const moved = count - kept;
    const right = heap.allocate(4 * (1 + moved * recordWords));
    try {
      // A full leaf has nothing free before its first record.
      heap.copyWithin(leaf, 4 * (1 + kept * recordWords), right, 4, 4 * moved * recordWords);
      heap.setWordAt(right, 0, moved);
      heap.write(leaf);
      this.tree.insertAfter(root, right, moved);
    } catch (thrown) {
      heap.free(right);
      throw thrown;
    }
    const at = (heap.read(right) >>> 2) + 1;
    const words = heap.words;
    this.tree.setLeafId(root, words[at], words[at + 1], words[at + 2], words[at + 3]);
    this.tree.previousLeaf();
    heap.setWordAt(leaf, 0, kept);
    this.tree.addCount(root, -moved);
  }

  /**
   * Takes the record that was found out. The list's root is `root` then: 0 when none is left. There
   * is no place any more: seek again.
   * @throws {HeapFull} only while the heap is frozen, and then nothing has changed.
   */
  remove(root: number): void {
    const heap = this.#heap;
    const recordWords = this.#recordWords;
    const leaf = this.tree.leaf;
    const count = this.#countIn(leaf);
    this.root = root;
    if (count === 1) return this.#removeLeaf(root, leaf);
    heap.write(leaf);
    this.tree.addCount(root, -1);
    const at = heap.write(leaf) >>> 2;
    const words = heap.words;
    const first = at + 1 + (words[at] >>> START_SHIFT) * recordWords;
    const from = first + this.index * recordWords;
    // Those records move that are fewer; at an end none does.
    if (this.index < count >>> 1) {
      moveWords(words, first, from, recordWords);
      words[at] += (1 << START_SHIFT) - 1;
    } else {
      moveWords(words, from + recordWords, first + count * recordWords, -recordWords);
      words[at]--;
    }
    this.#shrink(root, leaf, count - 1);
  }

  #removeLeaf(root: number, leaf: number): void {
    if (this.tree.leafCount(root) === 1) {
      this.#heap.free(leaf);
      // The leaf is gone already.
      const steps = this.tree.freeSteps(root, () => {});
      while (steps.next().done !== true);
      this.root = 0;
      return;
    }
    this.tree.removeLeaf(root);
    this.#heap.free(leaf);
  }

  /** Gives back what a leaf needs no more; that this fails is no harm. */
  #shrink(root: number, leaf: number, count: number): void {
    const heap = this.#heap;
    const needed = 4 * (1 + count * this.#recordWords);
    if (needed > heap.capacityOf(leaf) >>> 1 || heap.isFrozen) return;
    // Most lists are emptied from the beginning: the first leaf of several will soon be gone.
    if (leaf === this.tree.firstLeaf(root) && this.tree.leafCount(root) > 1) return;
    this.#moveToFront(leaf, count);
    try {
      const moved = heap.resize(leaf, needed, needed);
      if (moved !== leaf) this.tree.moveLeaf(root, moved);
    } catch (thrown) {
      if (!(thrown instanceof HeapFull)) throw thrown;
    }
  }

  #countIn(leaf: number): number {
    return recordsIn(this.#heap, leaf);
  }

  #startIn(leaf: number): number {
    const at = this.#heap.read(leaf) >>> 2;
    return this.#heap.words[at] >>> START_SHIFT;
  }

  /** Frees a list, in steps. */
  *freeSteps(root: number): Generator<undefined, void, void> {
    if (root !== 0) yield* this.tree.freeSteps(root, (leaf) => this.#heap.free(leaf));
  }

  /** The bytes of all objects of a list. */
  bytesOf(root: number): number {
    if (root === 0) return 0;
    let bytes = this.tree.innerBytes(root);
    for (let leaf = this.tree.first(root); leaf !== 0;) {
      bytes += this.#heap.capacityOf(leaf);
      leaf = this.tree.nextLeaf() ? this.tree.leaf : 0;
    }
    return bytes;
  }

  /** Verifies a list. */
  check(root: number): void {
    if (root === 0) return;
    const heap = this.#heap;
    const last = new StreamId();
    const id = new StreamId();
    const key = new StreamId();
    const before = new StreamId();
    this.tree.check(root, (leaf) => {
      before.copyFrom(last);
      const count = this.#countIn(leaf);
      assert(count > 0 && count <= this.#recordsMax, "no leaf is empty or overfull");
      const end = recordWord(heap, leaf, count, this.#recordWords);
      assert(4 * end <= heap.capacityOf(leaf), "records fit the leaf");
      for (let i = 0; i < count; i++) {
        const place = recordWord(heap, leaf, i, this.#recordWords);
        const at = (heap.read(leaf) >>> 2) + place;
        const words = heap.words;
        id.set(words[at], words[at + 1], words[at + 2], words[at + 3]);
        assert(last.compare(id) < 0 || last.isMin, "pending ids are in order");
        last.copyFrom(id);
        if (i > 0) continue;
        const [w0, w1, w2, w3] = [0, 1, 2, 3].map((word) => this.tree.leafIdWord(word));
        assert(id.compareWords(w0, w1, w2, w3) >= 0, "a leaf's key is not behind its first record");
        key.set(w0, w1, w2, w3);
        assert(before.compare(key) < 0 || before.isMin, "nor before the leaf before");
      }
      return count;
    });
  }
}

/** Moves words by a distance; a loop, because `copyWithin` is slow in shared memory. */
function moveWords(words: Int32Array, from: number, to: number, distance: number): void {
  if (distance < 0) { for (let i = from; i < to; i++) words[i + distance] = words[i]; }
  else if (distance > 0) { for (let i = to - 1; i >= from; i--) words[i + distance] = words[i]; }
}
