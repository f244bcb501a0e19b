/**
 * The order of large sorted sets: a counted tree whose leaves hold members by score and then by
 * bytes (score_leaf.ts).
 *
 *     root of the tree (counted_tree.ts), spare words:
 *       0  root of the dict from member to score, which is not the tree's matter
 *       1  bytes of all leaves, in units of 16
 *
 * Always: the key of a leaf in the tree is the score of its first member; no leaf is empty. A full
 * leaf splits in halves, but at the two ends of the tree the new leaf gets only the new member, so
 * that what comes in order is packed. A leaf of which less than half is used is merged with another,
 * or gets smaller; but not at the ends of the tree, where members are taken one after the other.
 *
 * What is looked for stands in registers ({@link MemberTree.look}) that searches and changes use.
 * Whatever throws {@link HeapFull} leaves the tree as it was.
 */
import { afterTies, beforeTies, CountedTree } from "../../heap/counted_tree.ts";
import { Heap, HeapFull } from "../../heap/heap.ts";
import { UNIT_BITS } from "../../heap/page_layout.ts";
import { splitScore } from "../../heap/tree_node.ts";
import {
  appendSlots,
  capacityIn,
  countIn,
  cutSlot,
  DISTANCE_MASK,
  enlarged,
  insertEntry,
  LEAF_BYTES_MAX,
  leafBytes,
  leafCount,
  LeafEntry,
  leafHeader,
  lengthIn,
  newLeaf,
  PLACE_LONG,
  PLACE_NEGATIVE_ZERO,
  scoreAt,
  SLOT_WORDS,
  SLOTS_WORD,
  usedIn,
  wordIn,
} from "./score_leaf.ts";

/** Bytes of the key of a leaf in the tree: a score. */
export const TREE_KEY_BYTES = 8;
/** Spare words of the root. */
export const SPARE_DICT = 0;
export const SPARE_LEAF_UNITS = 1;
/** Two leaves become one when it takes no more than this. */
const MERGED_BYTES_MAX = LEAF_BYTES_MAX * 3 >>> 2;
/** In a tree of so many leaves, the first and the last may be as thin as they like. */
const LEAVES_MIN = 4;
/** Leaves up to this size are not made smaller. */
const SHRINK_BYTES_MIN = 128;
/** A leaf that grows gets room for some more members: a quarter below this size, else an eighth. */
const SPARING_BYTES = 512;
const NO_BYTES = new Uint8Array(0);

export class MemberTree {
  protected readonly heap: Heap;
  protected readonly tree: CountedTree;
  /** Another path: where a member was that has gone elsewhere. */
  protected readonly origin: CountedTree;
  /** What is looked for, and perhaps on its way into a leaf. */
  protected readonly entry: LeafEntry = new LeafEntry();
  #score = 0;
  #bytes: Uint8Array = NO_BYTES;
  #start = 0;
  #end = 0;
  /** Where {@link insert} has put the entry, unless leaves have come or moved. */
  protected insertedLeaf = 0;
  protected insertedIndex = 0;
  readonly #compareTie: (leaf: number) => number;

  constructor(heap: Heap) {
    this.heap = heap;
    this.tree = new CountedTree(heap, TREE_KEY_BYTES);
    this.origin = new CountedTree(heap, TREE_KEY_BYTES);
    this.#compareTie = (leaf) => this.#compareWith(leaf, 0);
  }

  /** Lets go of the heap's memory. */
  dropViews(): void {
    this.#bytes = NO_BYTES;
    this.entry.setShort(NO_BYTES, 0, 0);
  }

  /** How many members there are. */
  count(root: number): number {
    return this.tree.count(root);
  }

  /** How many members stand before one that is there, whose score is known. */
  rank(root: number, bytes: Uint8Array, start: number, end: number, score: number): number {
    this.look(bytes, start, end, score);
    const leaf = this.seek(root);
    return leaf === 0 ? 0 : this.search(leaf) + this.tree.before;
  }

  /** How many members have a lower score, or with `isAfter` a lower or the same one. */
  rankOfScore(root: number, score: number, isAfter: boolean): number {
    const tree = this.tree;
    const leaf = tree.seekScore(root, score, isAfter ? afterTies : beforeTies);
    if (leaf === 0) return 0;
    splitScore(score, this.entry.key, 0);
    return this.searchScore(leaf, isAfter) + tree.before;
  }

  /**
   * Where all scores are the same: how many members stand before this one, which need not be there,
   * or with `isAfter` before or at it.
   */
  rankOfMember(
    root: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isAfter: boolean,
  ): number {
    const first = this.tree.firstLeaf(root);
    if (first === 0) return 0;
    this.look(bytes, start, end, scoreAt(this.heap, first, 0));
    const leaf = this.seek(root);
    const index = this.search(leaf);
    const rank = this.tree.before + index;
    if (!isAfter || index === leafCount(this.heap, leaf)) return rank;
    return this.compareKeyed(leaf, index) === 0 ? rank + 1 : rank;
  }

  /** Takes what is looked for. */
  protected look(bytes: Uint8Array, start: number, end: number, score: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.lookForScore(score);
  }

  protected lookForScore(score: number): void {
    this.#score = score;
    splitScore(score, this.entry.key, 0);
    const isNegativeZero = score === 0 && 1 / score < 0;
    this.entry.flags = this.entry.flags & PLACE_LONG |
      (isNegativeZero ? PLACE_NEGATIVE_ZERO : 0);
  }

  /** The leaf in which the one looked for is, or would be; the path is at it. 0: no leaf. */
  protected seek(root: number): number {
    return this.tree.seekScore(root, this.#score, this.#compareTie);
  }

  /** As {@link seek}, with the path of `origin`. */
  protected seekOrigin(root: number): number {
    return this.origin.seekScore(root, this.#score, this.#compareTie);
  }

  /** How many members of a leaf come before the one looked for. */
  protected search(leaf: number): number {
    const at = this.heap.read(leaf);
    const words = this.heap.words;
    const bytes = this.heap.bytes;
    const word = at >>> 2;
    const end = at + capacityIn(words[word]);
    const keyHigh = this.entry.key[0];
    const keyLow = this.entry.key[1];
    let low = 0;
    let high = countIn(words[word]);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const slot = word + SLOTS_WORD + middle * SLOT_WORDS;
      let isBefore: boolean;
      if (words[slot] !== keyHigh) isBefore = words[slot] < keyHigh;
      else if (words[slot + 1] !== keyLow) isBefore = words[slot + 1] < keyLow;
      else isBefore = this.#compareMember(bytes, end, words[slot + 2]) > 0;
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many members of a leaf have a lower score than the one looked for, or not a higher one. */
  protected searchScore(leaf: number, isAfter: boolean): number {
    const word = this.heap.read(leaf) >>> 2;
    const words = this.heap.words;
    const keyHigh = this.entry.key[0];
    const keyLow = this.entry.key[1];
    let low = 0;
    let high = countIn(words[word]);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const slot = word + SLOTS_WORD + middle * SLOT_WORDS;
      let isBefore = words[slot] < keyHigh;
      if (words[slot] === keyHigh) {
        isBefore = words[slot + 1] < keyLow || (isAfter && words[slot + 1] === keyLow);
      }
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The member looked for less that of a slot: negative, 0 or positive. */
  #compareMember(bytes: Uint8Array, end: number, place: number): number {
    const from = end - (place & DISTANCE_MASK);
    if ((place & PLACE_LONG) !== 0) {
      return this.#compareLong(wordIn(bytes, from), wordIn(bytes, from + 4));
    }
    const sought = this.#bytes;
    const start = this.#start;
    const length = lengthIn(place);
    const soughtLength = this.#end - start;
    const common = length < soughtLength ? length : soughtLength;
    for (let i = 0; i < common; i++) {
      const difference = sought[start + i] - bytes[from + i];
      if (difference !== 0) return difference;
    }
    return soughtLength - length;
  }

  #compareLong(ref: number, length: number): number {
    const heap = this.heap;
    const sought = this.#bytes;
    const start = this.#start;
    const soughtLength = this.#end - start;
    const common = Math.min(length, soughtLength);
    for (let offset = 0; offset < common;) {
      const from = heap.span(ref, offset, common - offset);
      const run = heap.spanLength;
      const bytes = heap.bytes;
      for (let i = 0; i < run; i++) {
        const difference = sought[start + offset + i] - bytes[from + i];
        if (difference !== 0) return difference;
      }
      offset += run;
    }
    return soughtLength - length;
  }

  /** As {@link #compareMember}, of a leaf's member, whatever its score. */
  #compareWith(leaf: number, index: number): number {
    const at = this.heap.read(leaf);
    const words = this.heap.words;
    const bytes = this.heap.bytes;
    const word = at >>> 2;
    const place = words[word + SLOTS_WORD + index * SLOT_WORDS + 2];
    return this.#compareMember(bytes, at + capacityIn(words[word]), place);
  }

  /** As {@link #compareWith}, with the scores first. */
  protected compareKeyed(leaf: number, index: number): number {
    const slot = (this.heap.read(leaf) >>> 2) + SLOTS_WORD + index * SLOT_WORDS;
    const words = this.heap.words;
    const key = this.entry.key;
    if (key[0] !== words[slot]) return key[0] < words[slot] ? -1 : 1;
    if (key[1] !== words[slot + 1]) return key[1] < words[slot + 1] ? -1 : 1;
    return this.#compareWith(leaf, index);
  }

  /** Puts the entry, which has been looked up, into the tree: `insertedLeaf`, `insertedIndex`. */
  protected insert(root: number): void {
    const heap = this.heap;
    const tree = this.tree;
    const entry = this.entry;
    const leaf = this.seek(root);
    if (leaf === 0) return this.#insertLeaf(root, 0);
    const index = this.search(leaf);
    const header = leafHeader(heap, leaf);
    const needed = leafBytes(countIn(header) + 1, usedIn(header) + entry.length);
    if (needed > LEAF_BYTES_MAX) return this.#split(root, leaf, index, header);
    if (needed > capacityIn(header)) return this.#grow(root, leaf, index, needed);
    heap.write(leaf);
    tree.addCount(root, 1);
    insertEntry(heap, leaf, index, entry);
    if (index === 0) tree.setLeafScore(root, this.#score);
    this.insertedLeaf = leaf;
    this.insertedIndex = index;
  }

  /** A leaf of the entry alone, behind (1) or before (-1) the path, or the first of all (0). */
  #insertLeaf(root: number, side: number): void {
    const leaf = newLeaf(this.heap, leafBytes(1, this.entry.length));
    insertEntry(this.heap, leaf, 0, this.entry);
    try {
      if (side === 0) this.tree.first(root);
      if (side < 0) this.tree.insertBefore(root, leaf, 1);
      else this.tree.insertAfter(root, leaf, 1);
    } catch (thrown) {
      this.heap.free(leaf);
      throw thrown;
    }
    this.tree.setLeafScore(root, this.#score);
    this.addLeafBytes(root, this.heap.capacityOf(leaf));
  }

  /** The leaf at the path gets larger, and the entry goes in. */
  #grow(root: number, leaf: number, index: number, needed: number): void {
    const heap = this.heap;
    const tree = this.tree;
    const room = needed + (needed >>> (needed < SPARING_BYTES ? 2 : 3));
    const larger = enlarged(heap, leaf, Math.min(room, LEAF_BYTES_MAX));
    try {
      tree.moveLeaf(root, larger);
    } catch (thrown) {
      heap.free(larger);
      throw thrown;
    }
    insertEntry(heap, larger, index, this.entry);
    tree.addCount(root, 1);
    if (index === 0) tree.setLeafScore(root, this.#score);
    this.addLeafBytes(root, heap.capacityOf(larger) - heap.capacityOf(leaf));
    heap.free(leaf);
  }

  /** The leaf at the path is full: it becomes two, and the entry goes into one of them. */
  #split(root: number, leaf: number, index: number, header: number): void {
    const heap = this.heap;
    const tree = this.tree;
    const count = countIn(header);
    // At the ends leaves stay full, so that what comes in order is packed.
    if (index === count && leaf === tree.lastLeaf(root)) return this.#insertLeaf(root, 1);
    if (index === 0 && leaf === tree.firstLeaf(root)) return this.#insertLeaf(root, -1);
    const middle = this.#middleOf(leaf, count, usedIn(header));
    const leftCount = index < middle ? middle + 1 : middle;
    const left = this.#part(leaf, 0, middle, index < middle ? index : -1);
    let right = 0;
    try {
      right = this.#part(leaf, middle, count, index < middle ? -1 : index);
      tree.insertAfter(root, right, count + 1 - leftCount);
    } catch (thrown) {
      heap.free(left);
      if (right !== 0) heap.free(right);
      throw thrown;
    }
    tree.setLeafScore(root, scoreAt(heap, right, 0));
    tree.previousLeaf();
    tree.moveLeaf(root, left);
    tree.addCount(root, leftCount - count);
    if (index === 0) tree.setLeafScore(root, this.#score);
    this.addLeafBytes(
      root,
      heap.capacityOf(left) + heap.capacityOf(right) - heap.capacityOf(leaf),
    );
    heap.free(leaf);
  }

  /** How many members of a leaf make up about half of its bytes; not none and not all. */
  #middleOf(leaf: number, count: number, used: number): number {
    const word = this.heap.read(leaf) >>> 2;
    const words = this.heap.words;
    const half = leafBytes(count, used) >>> 1;
    let middle = 0;
    for (let bytes = 0; bytes < half; middle++) {
      bytes += leafBytes(1, lengthIn(words[word + SLOTS_WORD + middle * SLOT_WORDS + 2]));
    }
    return Math.max(1, Math.min(middle, count - 1));
  }

  /**
   * A leaf of the members `from..to` of another one, and of the entry before the one at `index`,
   * unless that is -1.
   */
  #part(leaf: number, from: number, to: number, index: number): number {
    const heap = this.heap;
    const word = heap.read(leaf) >>> 2;
    const words = heap.words;
    let used = index < 0 ? 0 : this.entry.length;
    for (let i = from; i < to; i++) {
      used += lengthIn(words[word + SLOTS_WORD + i * SLOT_WORDS + 2]);
    }
    const part = newLeaf(heap, leafBytes(to - from + (index < 0 ? 0 : 1), used));
    if (index < 0) {
      appendSlots(heap, leaf, from, to, part);
      return part;
    }
    appendSlots(heap, leaf, from, index, part);
    insertEntry(heap, part, index - from, this.entry);
    appendSlots(heap, leaf, index, to, part);
    return part;
  }

  /** Whether a member is still between its neighbours with the score that is looked for. */
  protected staysAt(root: number, leaf: number, index: number, oldScore: number): boolean {
    const tree = this.origin;
    if (this.#score < oldScore) {
      if (index === 0) return leaf === tree.firstLeaf(root);
      return this.compareKeyed(leaf, index - 1) > 0;
    }
    const last = leafCount(this.heap, leaf) - 1;
    if (index === last) return leaf === tree.lastLeaf(root);
    return this.compareKeyed(leaf, index + 1) < 0;
  }

  /** Lets the leaf at the path of a tree, and the path, be written without a chance to fail. */
  protected thaw(tree: CountedTree, root: number, leaf: number): void {
    if (!this.heap.isFrozen) return;
    this.heap.write(leaf);
    tree.addCount(root, 0);
  }

  /** Takes members `from..to` out of the leaf at the path of a tree; ends the path. */
  protected drop(tree: CountedTree, root: number, leaf: number, from: number, to: number): void {
    const heap = this.heap;
    const header = leafHeader(heap, leaf);
    if (to - from === countIn(header)) {
      tree.removeLeaf(root);
      this.addLeafBytes(root, -capacityIn(header));
      heap.free(leaf);
      return;
    }
    tree.addCount(root, from - to);
    for (let i = to - 1; i >= from; i--) cutSlot(heap, leaf, i);
    if (from === 0) tree.setLeafScore(root, scoreAt(heap, leaf, 0));
    this.#fit(tree, root, leaf);
  }

  /** When more than half of the leaf at the path is unused: merges it, or makes it smaller. */
  #fit(tree: CountedTree, root: number, leaf: number): void {
    const heap = this.heap;
    const header = leafHeader(heap, leaf);
    const capacity = capacityIn(header);
    const needed = leafBytes(countIn(header), usedIn(header));
    if (capacity <= SHRINK_BYTES_MIN || needed > capacity >>> 1) return;
    const isAtEnd = leaf === tree.firstLeaf(root) || leaf === tree.lastLeaf(root);
    if (isAtEnd && tree.leafCount(root) >= LEAVES_MIN) return;
    try {
      if (tree.nextLeaf()) {
        if (this.#merge(tree, root, leaf, tree.leaf, true)) return;
        tree.previousLeaf();
      } else if (tree.previousLeaf()) {
        if (this.#merge(tree, root, tree.leaf, leaf, false)) return;
        tree.nextLeaf();
      }
      this.#shrink(tree, root, leaf, needed);
    } catch (thrown) {
      // A leaf that is larger than it need be is no harm.
      if (!(thrown instanceof HeapFull)) throw thrown;
    }
  }

  /**
   * Makes two leaves in a row one, when that is small enough.
   * @param isAtRight whether the path is at the right one of them.
   */
  #merge(
    tree: CountedTree,
    root: number,
    left: number,
    right: number,
    isAtRight: boolean,
  ): boolean {
    const heap = this.heap;
    const leftHeader = leafHeader(heap, left);
    const rightHeader = leafHeader(heap, right);
    const leftCount = countIn(leftHeader);
    const rightCount = countIn(rightHeader);
    const needed = leafBytes(leftCount + rightCount, usedIn(leftHeader) + usedIn(rightHeader));
    if (needed > MERGED_BYTES_MAX) return false;
    const merged = newLeaf(heap, needed);
    try {
      appendSlots(heap, left, 0, leftCount, merged);
      appendSlots(heap, right, 0, rightCount, merged);
      tree.moveLeaf(root, merged);
    } catch (thrown) {
      heap.free(merged);
      throw thrown;
    }
    tree.addCount(root, isAtRight ? leftCount : rightCount);
    if (isAtRight) {
      tree.setLeafScore(root, scoreAt(heap, merged, 0));
      tree.previousLeaf();
    } else tree.nextLeaf();
    tree.removeLeaf(root);
    this.addLeafBytes(
      root,
      heap.capacityOf(merged) - capacityIn(leftHeader) - capacityIn(rightHeader),
    );
    heap.free(left);
    heap.free(right);
    return true;
  }

  #shrink(tree: CountedTree, root: number, leaf: number, needed: number): void {
    const heap = this.heap;
    const room = needed + (needed >>> 3);
    if (Heap.capacityFor(room) >= heap.capacityOf(leaf)) return;
    const smaller = newLeaf(heap, room);
    try {
      appendSlots(heap, leaf, 0, leafCount(heap, leaf), smaller);
      tree.moveLeaf(root, smaller);
    } catch (thrown) {
      heap.free(smaller);
      throw thrown;
    }
    this.addLeafBytes(root, heap.capacityOf(smaller) - heap.capacityOf(leaf));
    heap.free(leaf);
  }

  protected addLeafBytes(root: number, delta: number): void {
    const units = this.tree.spare(root, SPARE_LEAF_UNITS);
    this.tree.setSpare(root, SPARE_LEAF_UNITS, units + (delta >> UNIT_BITS));
  }
}
