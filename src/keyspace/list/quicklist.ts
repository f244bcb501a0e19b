/**
 * Large lists: a counted tree (heap/counted_tree.ts) over leaves of elements (leaf.ts).
 *
 *     entry -> root object -> nodes -> leaf | leaf | leaf | ...
 *
 * An element is found by its index through the counts of the nodes. A change in the middle takes
 * its leaf apart and writes it anew, as one leaf or two. What happens at the ends is in
 * quicklist_ends.ts.
 *
 * In the tree's spare words:
 *
 *     0: bytes of all leaves, in units of 16
 *     1: bytes that all elements would take as entries of listpacks, modulo 2^32
 *
 * The second tells when a list could be small again, and is what Redis compares with the limits.
 *
 * `list-compress-depth` changes nothing here: what it saves is the room of leaves that nobody
 * reads, and runs are smaller without a cost for those who do read.
 *
 * Whatever throws HeapFull leaves every element where it was.
 */
import { assert } from "../../base/assert.ts";
import { type Heap, HeapFull } from "../../heap/heap.ts";
import { entryBytesAt, entryBytesFor, writeEntry } from "../../heap/listpack.ts";
import {
  checkLeaf,
  FORM_ALONE,
  FORM_PACKED,
  LEAF_BYTES_MAX,
  LEAF_HEADER_BYTES,
  type LeafBuffer,
  leafElements,
  leafForm,
  type LeafReader,
  packedBytesOf,
  SHARED_BYTES_MAX,
  textEntryBytes,
} from "./leaf.ts";
import { ListBuilder } from "./list_builder.ts";
import { QuicklistEnds } from "./quicklist_ends.ts";

/** A leaf that has become so small is put together with the one before it. */
const THIN_BYTES = 1024;
/** What is put together has room for more. */
const MERGED_BYTES_MAX = 3072;

export class Quicklists extends QuicklistEnds {
  /** For filling a list in one go. */
  readonly builder: ListBuilder = new ListBuilder(this);
  /** Indexes in one leaf. */
  readonly #matches: Int32Array = new Int32Array(LEAF_BYTES_MAX);

  /** Points the reader at the element of an index, which must be there, and returns it. */
  seek(root: number, index: number): LeafReader {
    const reader = this.reader;
    const leaf = this.tree.seekRank(root, index);
    reader.open(this.heap, leaf, false);
    reader.seek(index - this.tree.before);
    return reader;
  }

  /**
   * Puts another element in the place of that of an index, which must be there.
   * @throws {HeapFull}
   */
  replace(root: number, index: number, bytes: Uint8Array, start: number, end: number): void {
    const heap = this.heap;
    const tree = this.tree;
    const reader = this.seek(root, index);
    const length = end - start;
    const isLong = length > SHARED_BYTES_MAX;
    if (reader.count === 1) {
      const entryBytes = isLong ? 0 : entryBytesFor(bytes, start, end);
      const leaf = isLong
        ? this.newAlone(bytes, start, end)
        : this.newShared(true, bytes, start, end, entryBytes, 0);
      const delta = packedBytesOf(heap, leaf) - packedBytesOf(heap, tree.leaf);
      this.replaceLeaf(root, tree.leaf, leaf);
      this.account(root, 0, delta);
    } else if (isLong) {
      this.#insertAlone(root, index, bytes, start, end);
      this.#removeAt(root, index + 1);
    } else if (!this.#overwrite(tree.leaf, bytes, start, end)) {
      const local = index - tree.before;
      const buffer = this.buffer;
      buffer.clear();
      buffer.addLeaf(heap, tree.leaf);
      const offset = buffer.offsetOf(local);
      buffer.splice(offset, entryBytesAt(buffer.bytes, offset), bytes, start, end);
      this.#storeBuffer(root);
    }
  }

  /** Writes over the element that the reader is at, when the new one takes the same room. */
  #overwrite(leaf: number, bytes: Uint8Array, start: number, end: number): boolean {
    const heap = this.heap;
    const reader = this.reader;
    const entryBytes = entryBytesFor(bytes, start, end);
    if (reader.form === FORM_PACKED) {
      if (reader.packed.entryBytes !== entryBytes) return false;
      const offset = reader.packed.start + reader.packed.offset - heap.read(leaf);
      const at = heap.write(leaf) + offset;
      writeEntry(heap.bytes, at, bytes, start, end);
      return true;
    }
    const length = end - start;
    if (reader.form !== length || entryBytes !== textEntryBytes(length)) return false;
    const offset = reader.start - heap.read(leaf);
    const at = heap.write(leaf) + offset;
    const target = heap.bytes;
    for (let i = 0; i < length; i++) target[at + i] = bytes[start + i];
    return true;
  }

  /**
   * Inserts an element, which then has that index.
   * @throws {HeapFull}
   */
  insert(root: number, index: number, bytes: Uint8Array, start: number, end: number): void {
    const heap = this.heap;
    const tree = this.tree;
    if (index === 0) return this.push(root, false, bytes, start, end);
    if (index === tree.count(root)) return this.push(root, true, bytes, start, end);
    if (end - start > SHARED_BYTES_MAX) return this.#insertAlone(root, index, bytes, start, end);
    let leaf = tree.seekRank(root, index);
    if (leafForm(heap, leaf) === FORM_ALONE) {
      tree.previousLeaf();
      leaf = tree.leaf;
    }
    if (leafForm(heap, leaf) === FORM_ALONE) {
      const entryBytes = entryBytesFor(bytes, start, end);
      const added = this.newShared(true, bytes, start, end, entryBytes, 0);
      return this.insertLeaf(root, true, added, 1);
    }
    const buffer = this.buffer;
    buffer.clear();
    buffer.addLeaf(heap, leaf);
    buffer.splice(buffer.offsetOf(index - tree.before), 0, bytes, start, end);
    this.#storeBuffer(root);
  }

  /** Inserts a long element, which then has that index; a leaf around it is split. */
  #insertAlone(root: number, index: number, bytes: Uint8Array, start: number, end: number): void {
    const tree = this.tree;
    const leaf = tree.seekRank(root, index);
    const local = index - tree.before;
    if (local > 0) {
      const buffer = this.buffer;
      buffer.clear();
      buffer.addLeaf(this.heap, leaf);
      this.#storeInTwo(root, local);
      tree.seekRank(root, index);
    }
    const alone = this.newAlone(bytes, start, end);
    this.insertLeaf(root, false, alone, 1);
  }

  #removeAt(root: number, index: number): void {
    const tree = this.tree;
    const leaf = tree.seekRank(root, index);
    if (tree.countInLeaf === 1) return this.removeLeaf(root);
    this.#matches[0] = index - tree.before;
    this.buffer.clear();
    this.buffer.addLeaf(this.heap, leaf);
    this.buffer.removeAll(this.#matches, 0, 1);
    this.#storeBuffer(root);
  }

  /**
   * Takes away elements that are a text, the first of them or the last.
   * @returns how many: at most `limit`.
   */
  removeMatches(
    root: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    limit: number,
    fromEnd: boolean,
  ): number {
    const tree = this.tree;
    this.reader.prepare(bytes, start, end);
    let removed = 0;
    let rank = fromEnd ? tree.count(root) : 0;
    while (removed < limit && (fromEnd ? rank > 0 : rank < tree.count(root))) {
      tree.seekRank(root, fromEnd ? rank - 1 : rank);
      const before = tree.before;
      const behind = before + tree.countInLeaf;
      const here = this.#removeInLeaf(root, limit - removed, fromEnd);
      removed += here;
      rank = fromEnd ? before : behind - here;
    }
    return removed;
  }

  /** Takes the elements that are the reader's text away from the leaf at the path. */
  #removeInLeaf(root: number, limit: number, fromEnd: boolean): number {
    const heap = this.heap;
    const leaf = this.tree.leaf;
    const matches = this.#matches;
    const reader = this.reader;
    reader.open(heap, leaf, false);
    if (!reader.mayHoldPrepared()) return 0;
    let count = 0;
    for (let index = 0; reader.next(); index++) if (reader.isPrepared()) matches[count++] = index;
    if (count === 0) return 0;
    const taken = Math.min(count, limit);
    if (taken === reader.count) this.removeLeaf(root);
    else {
      this.buffer.clear();
      this.buffer.addLeaf(heap, leaf);
      const from = fromEnd ? count - taken : 0;
      this.buffer.removeAll(matches, from, from + taken);
      this.#storeBuffer(root);
      this.#mergeThin(root);
    }
    return taken;
  }

  /** Puts the leaf at the path together with the one before it, when there is little in it. */
  #mergeThin(root: number): void {
    const heap = this.heap;
    const tree = this.tree;
    const buffer = this.buffer;
    const leaf = tree.leaf;
    // What can fail half way would leave elements twice.
    if (heap.isFrozen || heap.capacityOf(leaf) > THIN_BYTES || !tree.previousLeaf()) return;
    const previous = tree.leaf;
    if (leafForm(heap, previous) === FORM_ALONE) return;
    buffer.clear();
    buffer.addLeaf(heap, previous);
    buffer.addLeaf(heap, leaf);
    if (buffer.leafBytes(buffer.length, buffer.count) > MERGED_BYTES_MAX || !buffer.fits) return;
    try {
      this.#storeBuffer(root);
    } catch (thrown) {
      if (thrown instanceof HeapFull) return;
      throw thrown;
    }
    tree.nextLeaf();
    this.removeLeaf(root);
  }

  /** Lets the leaf at the path hold what is in the buffer, which may take two leaves. */
  #storeBuffer(root: number): void {
    const heap = this.heap;
    const tree = this.tree;
    const buffer = this.buffer;
    if (!buffer.fits) return this.#storeInTwo(root, buffer.countOfHalf());
    if (heap.isFrozen) this.thaw(root);
    const old = tree.leaf;
    const oldPacked = packedBytesOf(heap, old);
    const delta = buffer.count - tree.countInLeaf;
    const capacity = heap.capacityOf(old);
    const sizeBytes = buffer.leafBytes(buffer.length, buffer.count);
    let leaf = old;
    if (sizeBytes > capacity) leaf = heap.allocate(sizeBytes);
    else if (sizeBytes * 2 < capacity) leaf = allocateIfPossible(heap, sizeBytes) || old;
    buffer.store(heap, leaf, 0, buffer.length, buffer.count, LEAF_HEADER_BYTES);
    if (leaf !== old) this.replaceLeaf(root, old, leaf);
    if (delta !== 0) tree.addCount(root, delta);
    this.account(root, 0, buffer.length - oldPacked);
  }

  /** Lets two leaves, the first of `count` elements, hold the buffer: the one at the path goes. */
  #storeInTwo(root: number, count: number): void {
    const heap = this.heap;
    const tree = this.tree;
    const buffer = this.buffer;
    if (heap.isFrozen) this.thaw(root);
    const old = tree.leaf;
    const oldCount = tree.countInLeaf;
    const oldPacked = packedBytesOf(heap, old);
    const middle = buffer.offsetOf(count);
    const left = this.#newStored(0, middle, count);
    let right = 0;
    try {
      right = this.#newStored(middle, buffer.length, buffer.count - count);
      tree.addCount(root, count - oldCount);
      tree.moveLeaf(root, left);
    } catch (thrown) {
      heap.free(left);
      if (right !== 0) heap.free(right);
      throw thrown;
    }
    try {
      tree.insertAfter(root, right, buffer.count - count);
    } catch (thrown) {
      tree.moveLeaf(root, old);
      tree.addCount(root, oldCount - count);
      heap.free(left);
      heap.free(right);
      throw thrown;
    }
    const delta = heap.capacityOf(left) + heap.capacityOf(right) - heap.capacityOf(old);
    heap.free(old);
    this.account(root, delta, buffer.length - oldPacked);
  }

  #newStored(from: number, to: number, count: number): number {
    const leaf = this.heap.allocate(this.buffer.leafBytes(to - from, count));
    this.buffer.store(this.heap, leaf, from, to, count, LEAF_HEADER_BYTES);
    return leaf;
  }

  /**
   * Adds the elements of a buffer, which fit a leaf, behind all others.
   * @throws {HeapFull}
   */
  appendLeaf(root: number, buffer: LeafBuffer): void {
    const heap = this.heap;
    const leaf = heap.allocate(buffer.leafBytes(buffer.length, buffer.count));
    buffer.store(heap, leaf, 0, buffer.length, buffer.count, LEAF_HEADER_BYTES);
    this.tree.last(root);
    this.insertLeaf(root, true, leaf, buffer.count);
  }

  /**
   * Adds an element of more than SHARED_BYTES_MAX undefined bytes behind all others and returns its
   * leaf; the caller writes them, from LEAF_HEADER_BYTES on.
   * @throws {HeapFull}
   */
  appendLong(root: number, lengthBytes: number): number {
    const heap = this.heap;
    const leaf = heap.allocate(LEAF_HEADER_BYTES + lengthBytes);
    const at = heap.write(leaf) >>> 2;
    const words = heap.words;
    words[at] = FORM_ALONE << 16 | 1;
    words[at + 1] = lengthBytes;
    this.tree.last(root);
    this.insertLeaf(root, true, leaf, 1);
    return leaf;
  }

  /**
   * Copies a list and returns the copy's root object.
   * @throws {HeapFull} and then nothing is left of it.
   */
  copy(root: number): number {
    const heap = this.heap;
    const copyLeaf = (leaf: number): number => {
      const capacity = heap.capacityOf(leaf);
      const copied = heap.allocate(capacity);
      heap.copyWithin(leaf, 0, copied, 0, capacity);
      return copied;
    };
    return this.tree.copy(root, copyLeaf, (leaf) => heap.free(leaf));
  }

  /** Frees a list in steps. */
  *freeSteps(root: number): Generator<undefined, void, void> {
    const heap = this.heap;
    yield* this.tree.freeSteps(root, (leaf) => heap.free(leaf));
  }

  /** Verifies every invariant; slow. */
  check(root: number): void {
    const heap = this.heap;
    let leafBytes = 0;
    let packedBytes = 0;
    this.tree.check(root, (leaf) => {
      leafBytes += heap.capacityOf(leaf);
      packedBytes += packedBytesOf(heap, leaf);
      checkLeaf(heap, leaf);
      return leafElements(heap, leaf);
    });
    assert(leafBytes === this.leafBytes(root), "the bytes of the leaves are counted");
    assert(packedBytes === this.packedBytes(root), "the bytes of the entries are counted");
  }
}

/** As `heap.allocate`, but 0 where there is no room. */
function allocateIfPossible(heap: Heap, sizeBytes: number): number {
  try {
    return heap.allocate(sizeBytes);
  } catch (thrown) {
    if (thrown instanceof HeapFull) return 0;
    throw thrown;
  }
}
