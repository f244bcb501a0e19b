/**
 * Large lists at their ends (the rest is in quicklist.ts): pushing, taking away, and what leaves
 * have to do with the tree.
 *
 * Pushing and taking away touch the end leaf and the counts above it. The end leaves grow by
 * doubling and have their free room on the side where elements come; a leaf that is left behind is
 * cut to its size.
 */
import { assert } from "../../base/assert.ts";
import { CountedTree } from "../../heap/counted_tree.ts";
import { Heap } from "../../heap/heap.ts";
import {
  backlenBefore,
  backlenBytes,
  entryBytesAt,
  entryBytesFor,
  LISTPACK_END,
  ListpackReader,
  writeEntry,
} from "../../heap/listpack.ts";
import { UNIT_BYTES } from "../../heap/page_layout.ts";
import { ROOT_SPARE, rootWord } from "../../heap/tree_node.ts";
import {
  FORM_ALONE,
  FORM_PACKED,
  LEAF_BYTES_MAX,
  LEAF_HEADER_BYTES,
  LeafBuffer,
  leafElements,
  leafForm,
  LeafReader,
  packedBytesOf,
  runCountMax,
  SHARED_BYTES_MAX,
  textEntryBytes,
} from "./leaf.ts";
import { ListReader } from "./list_reader.ts";

/** What a new leaf at an end is allocated for; in a list of so many leaves it is large at once. */
const FIRST_BYTES = 1024;
const LARGE_LEAVES_MIN = 8;
const SPARE_UNITS: number = ROOT_SPARE;
const SPARE_PACKED: number = ROOT_SPARE + 1;

export class QuicklistEnds {
  readonly tree: CountedTree;
  /** At the element that {@link openEnd} or {@link seek} has gone to. */
  readonly reader: LeafReader = new LeafReader();
  /** For going through one list at a time. */
  readonly elements: ListReader;

  /** Reads the listpacks of small lists. */
  readonly listpack: ListpackReader = new ListpackReader();

  protected readonly heap: Heap;
  protected readonly buffer: LeafBuffer = new LeafBuffer();

  constructor(heap: Heap) {
    this.heap = heap;
    this.tree = new CountedTree(heap, 0);
    this.elements = new ListReader(heap, this);
  }

  /** Lets go of the heap's memory. */
  dropViews(): void {
    this.reader.close();
    this.elements.element.close();
    this.listpack.close();
  }

  /**
   * Makes a list without elements and returns its root object.
   * @throws {HeapFull}
   */
  create(): number {
    return this.tree.create(0, 0);
  }

  count(root: number): number {
    return this.tree.count(root);
  }

  /** Bytes of all objects. */
  bytes(root: number): number {
    return this.tree.innerBytes(root) + this.leafBytes(root);
  }

  /** Bytes that the elements would take as entries of a listpack; Infinity when far too many. */
  packedBytes(root: number): number {
    // An entry takes at most three times what it takes in a run.
    if (this.leafBytes(root) > 2 ** 30) return Infinity;
    return rootWord(this.heap, root, SPARE_PACKED) >>> 0;
  }

  protected leafBytes(root: number): number {
    return (rootWord(this.heap, root, SPARE_UNITS) >>> 0) * UNIT_BYTES;
  }

  /**
   * Adds an element at the end, or at the beginning. Its bytes must not stand in the heap.
   * @throws {HeapFull}
   */
  push(root: number, atEnd: boolean, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const tree = this.tree;
    const leaf = atEnd ? tree.last(root) : tree.first(root);
    if (length > SHARED_BYTES_MAX) {
      return this.insertLeaf(root, atEnd, this.newAlone(bytes, start, end), 1);
    }
    const entryBytes = entryBytesFor(bytes, start, end);
    if (leaf !== 0) {
      if (this.heap.isFrozen) this.thaw(root);
      if (this.#pushInPlace(leaf, atEnd, bytes, start, end, entryBytes)) {
        tree.addCount(root, 1);
        return this.account(root, 0, entryBytes);
      }
      if (this.#makeRoom(root, leaf, atEnd, length, entryBytes)) {
        const isDone = this.#pushInPlace(tree.leaf, atEnd, bytes, start, end, entryBytes);
        assert(isDone, "there is room for the element");
        tree.addCount(root, 1);
        return this.account(root, 0, entryBytes);
      }
    }
    const sizeBytes = tree.leafCount(root) < LARGE_LEAVES_MIN ? FIRST_BYTES : LEAF_BYTES_MAX;
    this.insertLeaf(
      root,
      atEnd,
      this.newShared(atEnd, bytes, start, end, entryBytes, sizeBytes),
      1,
    );
  }

  /** Writes an element into an end leaf, when there is room and the form is right. */
  #pushInPlace(
    leaf: number,
    atEnd: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
    entryBytes: number,
  ): boolean {
    const heap = this.heap;
    const at = heap.write(leaf);
    const word = at >>> 2;
    const words = heap.words;
    const target = heap.bytes;
    const head = words[word];
    const form = head >>> 16;
    const length = end - start;
    const isPacked = form === FORM_PACKED;
    if (!isPacked) {
      if (form !== length || entryBytes !== textEntryBytes(length)) return false;
      if ((head & 0xffff) >= runCountMax(length)) return false;
    }
    const size = isPacked ? entryBytes : length;
    const range = words[word + 1];
    let begin = range & 0xffff;
    let stop = range >>> 16;
    let to = at + stop;
    if (atEnd) {
      stop += size;
      if (stop + (isPacked ? 1 : 0) > heap.capacityOf(leaf)) return false;
      if (isPacked) target[at + stop] = LISTPACK_END;
    } else {
      begin -= size;
      if (begin < LEAF_HEADER_BYTES) return false;
      to = at + begin;
    }
    if (isPacked) writeEntry(target, to, bytes, start, end);
    else for (let i = start; i < end; i++) target[to++] = bytes[i];
    words[word] = head + 1;
    words[word + 1] = stop << 16 | begin;
    return true;
  }

  /**
   * Makes the leaf at the path, at an end, larger, or moves its elements, or packs them, so that
   * one more goes in; false when it is full.
   */
  #makeRoom(
    root: number,
    leaf: number,
    atEnd: boolean,
    length: number,
    entryBytes: number,
  ): boolean {
    const heap = this.heap;
    const form = leafForm(heap, leaf);
    if (form === FORM_ALONE) return false;
    const count = leafElements(heap, leaf);
    const isRun = form === length && entryBytes === textEntryBytes(length);
    let usedBytes: number;
    if (isRun) {
      if (count >= runCountMax(length)) return false;
      usedBytes = LEAF_HEADER_BYTES + count * length;
    } else {
      usedBytes = LEAF_HEADER_BYTES + packedBytesOf(heap, leaf) + 1;
      if (form !== FORM_PACKED && usedBytes + entryBytes > LEAF_BYTES_MAX >>> 1) return false;
    }
    const neededBytes = usedBytes + (isRun ? length : entryBytes);
    if (neededBytes > LEAF_BYTES_MAX) return false;
    const capacity = heap.capacityOf(leaf);
    let sizeBytes = capacity;
    if (neededBytes > capacity) {
      sizeBytes = Math.min(LEAF_BYTES_MAX, Math.max(2 * capacity, neededBytes));
    }
    const isOnly = this.tree.leafCount(root) === 1;
    const addedBytes = neededBytes - usedBytes;
    if (isRun || form === FORM_PACKED) {
      this.#move(root, sizeBytes, addedBytes, atEnd, isOnly);
      return true;
    }
    const buffer = this.buffer;
    buffer.clear();
    buffer.addLeaf(heap, leaf);
    buffer.uniform = -1;
    this.#rehouse(root, sizeBytes, addedBytes, atEnd, isOnly);
    return true;
  }

  /** As {@link #rehouse}, for elements that stay as they stand in the leaf at the path. */
  #move(
    root: number,
    sizeBytes: number,
    addedBytes: number,
    atEnd: boolean,
    isOnly: boolean,
  ): void {
    const heap = this.heap;
    const old = this.tree.leaf;
    const oldAt = heap.read(old) >>> 2;
    const oldWords = heap.words;
    const head = oldWords[oldAt];
    const oldBegin = oldWords[oldAt + 1] & 0xffff;
    const length = (oldWords[oldAt + 1] >>> 16) - oldBegin;
    const endBytes = head >>> 16 === FORM_PACKED ? 1 : 0;
    const isMoved = Heap.capacityFor(sizeBytes) !== heap.capacityOf(old);
    const leaf = isMoved ? heap.allocate(sizeBytes) : old;
    const spareBytes = heap.capacityOf(leaf) - LEAF_HEADER_BYTES - length - endBytes - addedBytes;
    const otherBytes = isOnly ? spareBytes >>> 2 : 0;
    const begin = LEAF_HEADER_BYTES + (atEnd ? otherBytes : addedBytes + spareBytes - otherBytes);
    if (isMoved) heap.copyWithin(old, oldBegin, leaf, begin, length + endBytes);
    else {
      const at = heap.write(leaf);
      heap.bytes.copyWithin(at + begin, at + oldBegin, at + oldBegin + length + endBytes);
    }
    const at = heap.write(leaf) >>> 2;
    const words = heap.words;
    words[at] = head;
    words[at + 1] = begin + length << 16 | begin;
    if (isMoved) this.replaceLeaf(root, old, leaf);
  }

  /**
   * Writes the buffer, which is what the leaf at the path holds, into an object of that size in its
   * place, with room for `addedBytes` at one side. What is left is at that side too, but for a
   * quarter where both sides are ends of the list.
   */
  #rehouse(
    root: number,
    sizeBytes: number,
    addedBytes: number,
    atEnd: boolean,
    isOnly: boolean,
  ): void {
    const heap = this.heap;
    const buffer = this.buffer;
    const old = this.tree.leaf;
    const oldCapacity = heap.capacityOf(old);
    const isMoved = Heap.capacityFor(sizeBytes) !== oldCapacity;
    const leaf = isMoved ? heap.allocate(sizeBytes) : old;
    const usedBytes = buffer.leafBytes(buffer.length, buffer.count);
    const spareBytes = heap.capacityOf(leaf) - usedBytes - addedBytes;
    const otherBytes = isOnly ? spareBytes >>> 2 : 0;
    const begin = LEAF_HEADER_BYTES + (atEnd ? otherBytes : addedBytes + spareBytes - otherBytes);
    buffer.store(heap, leaf, 0, buffer.length, buffer.count, begin);
    if (isMoved) this.replaceLeaf(root, old, leaf);
  }

  /** Lets another object be the leaf at the path, which is freed. */
  protected replaceLeaf(root: number, old: number, leaf: number): void {
    const heap = this.heap;
    const delta = heap.capacityOf(leaf) - heap.capacityOf(old);
    try {
      if (heap.isFrozen) this.thaw(root);
      this.tree.moveLeaf(root, leaf);
    } catch (thrown) {
      heap.free(leaf);
      throw thrown;
    }
    heap.free(old);
    this.account(root, delta, 0);
  }

  /** A leaf of one element that may share it, with room for others at one side. */
  protected newShared(
    atEnd: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
    entryBytes: number,
    sizeBytes = FIRST_BYTES,
  ): number {
    const heap = this.heap;
    const length = end - start;
    const isRun = length > 0 && entryBytes === textEntryBytes(length);
    const usedBytes = isRun ? length : entryBytes + 1;
    const leaf = heap.allocate(Math.max(sizeBytes, LEAF_HEADER_BYTES + usedBytes));
    const begin = atEnd ? LEAF_HEADER_BYTES : heap.capacityOf(leaf) - usedBytes;
    const at = heap.write(leaf);
    const words = heap.words;
    const target = heap.bytes;
    const form = isRun ? length : FORM_PACKED;
    const stop = begin + (isRun ? length : entryBytes);
    words[at >>> 2] = form << 16 | 1;
    words[(at >>> 2) + 1] = stop << 16 | begin;
    if (isRun) { for (let i = 0; i < length; i++) target[at + begin + i] = bytes[start + i]; }
    else {
      writeEntry(target, at + begin, bytes, start, end);
      target[at + stop] = LISTPACK_END;
    }
    return leaf;
  }

  /** A leaf of one element that is too long to share one. */
  protected newAlone(bytes: Uint8Array, start: number, end: number): number {
    const heap = this.heap;
    const length = end - start;
    const leaf = heap.allocate(LEAF_HEADER_BYTES + length);
    const at = heap.write(leaf) >>> 2;
    const words = heap.words;
    words[at] = FORM_ALONE << 16 | 1;
    words[at + 1] = length;
    heap.copyIn(leaf, LEAF_HEADER_BYTES, bytes, start, length);
    return leaf;
  }

  /** Puts a new leaf behind the one at the path, or before it; it is freed when that fails. */
  protected insertLeaf(root: number, isAfter: boolean, leaf: number, count: number): void {
    const heap = this.heap;
    const tree = this.tree;
    try {
      if (tree.leafCount(root) > 0) this.#trim(root);
      if (isAfter) tree.insertAfter(root, leaf, count);
      else tree.insertBefore(root, leaf, count);
    } catch (thrown) {
      heap.free(leaf);
      throw thrown;
    }
    this.account(root, heap.capacityOf(leaf), packedBytesOf(heap, leaf));
  }

  /** Cuts the leaf at the path to its size. */
  #trim(root: number): void {
    const heap = this.heap;
    const leaf = this.tree.leaf;
    if (leafForm(heap, leaf) === FORM_ALONE) return;
    const at = heap.read(leaf) >>> 2;
    const words = heap.words;
    const range = words[at + 1];
    const isPacked = words[at] >>> 16 === FORM_PACKED;
    const usedBytes = (range >>> 16) - (range & 0xffff) + LEAF_HEADER_BYTES + (isPacked ? 1 : 0);
    if (Heap.capacityFor(usedBytes) === heap.capacityOf(leaf)) return;
    this.#move(root, usedBytes, 0, true, false);
  }

  /**
   * Points the reader at the last element, or the first, of a list that has some, and returns it.
   */
  openEnd(root: number, atEnd: boolean): LeafReader {
    const reader = this.reader;
    reader.open(this.heap, atEnd ? this.tree.last(root) : this.tree.first(root), atEnd);
    if (atEnd) reader.previous();
    else reader.next();
    return reader;
  }

  /** Takes away what {@link openEnd} has gone to, right after it. */
  removeOpened(root: number, atEnd: boolean): void {
    this.#cut(root, atEnd, 1, this.reader.entryBytes);
  }

  /** Takes elements away at the end, or at the beginning; there must be so many. */
  removeAtEnd(root: number, atEnd: boolean, count: number): void {
    const tree = this.tree;
    while (count > 0) {
      const leaf = atEnd ? tree.last(root) : tree.first(root);
      const here = tree.countInLeaf;
      if (count >= here) {
        this.removeLeaf(root);
        count -= here;
      } else {
        this.#cut(root, atEnd, count, this.#entriesBytes(leaf, atEnd, count));
        count = 0;
      }
    }
  }

  /** The bytes of some entries at the end, or at the beginning, of a leaf of several elements. */
  #entriesBytes(leaf: number, atEnd: boolean, count: number): number {
    const heap = this.heap;
    const at = heap.read(leaf);
    const words = heap.words;
    const bytes = heap.bytes;
    const form = words[at >>> 2] >>> 16;
    if (form !== FORM_PACKED) return textEntryBytes(form) * count;
    const range = words[(at >>> 2) + 1];
    let p = at + (atEnd ? range >>> 16 : range & 0xffff);
    const from = p;
    for (; count > 0; count--) {
      if (atEnd) {
        const length = backlenBefore(bytes, p);
        p -= length + backlenBytes(length);
      } else p += entryBytesAt(bytes, p);
    }
    return Math.abs(p - from);
  }

  /** Takes elements, `entryBytes` of entries, away at one side of the leaf at the path. */
  #cut(root: number, atEnd: boolean, count: number, entryBytes: number): void {
    const tree = this.tree;
    const heap = this.heap;
    const leaf = tree.leaf;
    if (heap.isFrozen) this.thaw(root);
    const at = heap.write(leaf);
    const word = at >>> 2;
    const words = heap.words;
    const head = words[word];
    const left = (head & 0xffff) - count;
    if (left === 0) return this.removeLeaf(root);
    const form = head >>> 16;
    const isPacked = form === FORM_PACKED;
    const size = isPacked ? entryBytes : form * count;
    const range = words[word + 1];
    let begin = range & 0xffff;
    let stop = range >>> 16;
    if (atEnd) {
      stop -= size;
      if (isPacked) heap.bytes[at + stop] = LISTPACK_END;
    } else begin += size;
    words[word] = head - count;
    words[word + 1] = stop << 16 | begin;
    tree.addCount(root, -count);
    this.account(root, 0, -entryBytes);
  }

  /** Takes the leaf at the path away. */
  protected removeLeaf(root: number): void {
    const heap = this.heap;
    const leaf = this.tree.leaf;
    if (heap.isFrozen) this.thaw(root);
    const capacity = heap.capacityOf(leaf);
    const packedBytes = packedBytesOf(heap, leaf);
    this.tree.removeLeaf(root);
    heap.free(leaf);
    this.account(root, -capacity, -packedBytes);
  }

  /** While the heap is frozen, lets what is about to be written be written without failing. */
  protected thaw(root: number): void {
    this.heap.write(this.tree.leaf);
    this.tree.addCount(root, 0);
  }

  protected account(root: number, bytesDelta: number, packedDelta: number): void {
    const at = this.heap.write(root) >>> 2;
    const words = this.heap.words;
    if (bytesDelta !== 0) words[at + SPARE_UNITS] += bytesDelta / UNIT_BYTES;
    words[at + SPARE_PACKED] += packedDelta;
  }
}
