/**
 * The bytes of a {@link CountedTree} (counted_tree.ts): its root object and its inner nodes.
 *
 * The root object, 80 bytes, never moves:
 *
 *     word 0   1        2       3        4       5      6       7 to 10   11       12 to 19
 *     +-----+--------+-------+--------+-------+------+-------+---------+---------+----------------+
 *     | top | height | count | leaves | first | last | bytes | key     | version | spare, 8 words |
 *     +-----+--------+-------+--------+-------+------+-------+---------+---------+----------------+
 *
 * - top: the topmost node; with height 0 the only leaf itself, or 0 when there is none.
 * - count: elements in all leaves. bytes: what root and nodes take of the heap.
 * - key: of the only leaf, while there is no node that could hold it.
 * - version: another one whenever a node or leaf comes, goes or moves, and in no two trees the same:
 *   by it a path knows that it is still good.
 * - spare: for the owner of the tree.
 *
 * A node is one heap object of at most 2 KiB, arrays side by side, each with room for `capacity`:
 *
 *     +----------+----------+---------------------+----------------+------------------+
 *     | count 16 | capacity | keys, 0 to 4 words  | children       | elements below   |
 *     |          | 16       | of each child       | (references)   | each child       |
 *     +----------+----------+---------------------+----------------+------------------+
 *
 * The key of a child is the key of its first leaf. Keys are kept so that comparing their words as
 * signed numbers, the first word first, is their order: an id's words have the top bit flipped, a
 * score's bits are what {@link splitScore} makes of them.
 */
import type { Heap } from "./heap.ts";
import type { HeapView } from "./heap_view.ts";

export const ROOT_TOP = 0;
export const ROOT_HEIGHT = 1;
export const ROOT_COUNT = 2;
export const ROOT_LEAVES = 3;
export const ROOT_FIRST = 4;
export const ROOT_LAST = 5;
export const ROOT_INNER_BYTES = 6;
export const ROOT_KEY = 7;
export const ROOT_VERSION = 11;
export const ROOT_SPARE = 12;
export const ROOT_BYTES = 80;
/** Words of the root object that the tree leaves to its owner. */
export const TREE_SPARE_WORDS = 8;

/** With a third of 63 children in each node, 2^31 leaves are fewer levels. */
export const HEIGHT_MAX = 12;
export const KEY_WORDS_MAX = 4;
export const CAPACITY_SHIFT = 16;
export const CHILDREN_MASK = 0xffff;
/** Flips the order of unsigned words into that of signed ones, and back. */
export const KEY_BIAS = 0x80000000 | 0;

/** How many bytes of key a child has: none, a score, or an id. */
export type TreeKeyBytes = 0 | 8 | 16;

/** The largest node for each number of key words: size classes with room for about 64 children. */
const NODE_BYTES_MAX: readonly number[] = [512, 0, 1024, 0, 1632];

/** How many children the largest node has room for. */
export function nodeChildrenMax(keyWords: number): number {
  return childrenIn(NODE_BYTES_MAX[keyWords], keyWords);
}

/** How many children a node has at least, unless it is at an end. */
export function nodeChildrenMin(keyWords: number): number {
  return Math.ceil(nodeChildrenMax(keyWords) / 3);
}

/** The bytes to ask for, for a node that has so many children and may get more. */
export function nodeBytesFor(children: number, keyWords: number): number {
  const wanted = children + (children >>> 2) + 1;
  return Math.min(4 + wanted * (keyWords + 2) * 4, NODE_BYTES_MAX[keyWords]);
}

function childrenIn(sizeBytes: number, keyWords: number): number {
  return ((sizeBytes - 4) / (4 * (keyWords + 2))) | 0;
}

const DOUBLE = new Float64Array(1);
const DOUBLE_WORDS = new Int32Array(DOUBLE.buffer);

/** Puts the two words of a score's key to `key[at]` and behind: -0 is 0. */
export function splitScore(score: number, key: Int32Array, at: number): void {
  DOUBLE[0] = score + 0;
  const low = DOUBLE_WORDS[0];
  const high = DOUBLE_WORDS[1];
  if (high < 0) {
    key[at] = high ^ 0x7fffffff;
    key[at + 1] = ~low ^ KEY_BIAS;
  } else {
    key[at] = high;
    key[at + 1] = low ^ KEY_BIAS;
  }
}

/** The score of the key that two words are. */
export function joinScore(high: number, low: number): number {
  if (high < 0) {
    DOUBLE_WORDS[1] = high ^ 0x7fffffff;
    DOUBLE_WORDS[0] = ~(low ^ KEY_BIAS);
  } else {
    DOUBLE_WORDS[1] = high;
    DOUBLE_WORDS[0] = low ^ KEY_BIAS;
  }
  return DOUBLE[0];
}

let lastVersion = 0;

/** A version that no tree of this process has. */
export function newVersion(): number {
  lastVersion = (lastVersion + 1) | 0;
  return lastVersion;
}

/** A word of the root object. */
export function rootWord(view: HeapView, root: number, index: number): number {
  const at = view.read(root) >>> 2;
  return view.words[at + index];
}

/** The number of children of a node. */
export function nodeCount(view: HeapView, node: number): number {
  const at = view.read(node) >>> 2;
  return view.words[at] & CHILDREN_MASK;
}

/** How many children a node has room for. */
export function nodeCapacity(view: HeapView, node: number): number {
  const at = view.read(node) >>> 2;
  return view.words[at] >>> CAPACITY_SHIFT;
}

/** A child of a node. */
export function childOf(view: HeapView, node: number, keyWords: number, index: number): number {
  const at = view.read(node) >>> 2;
  const words = view.words;
  return words[at + 1 + (words[at] >>> CAPACITY_SHIFT) * keyWords + index];
}

/** The number of elements below a child of a node. */
export function countBelow(view: HeapView, node: number, keyWords: number, index: number): number {
  const at = view.read(node) >>> 2;
  const words = view.words;
  return words[at + 1 + (words[at] >>> CAPACITY_SHIFT) * (keyWords + 1) + index];
}

/** Fetches the key of a child. */
export function loadKey(
  view: HeapView,
  node: number,
  keyWords: number,
  index: number,
  key: Int32Array,
): void {
  const at = (view.read(node) >>> 2) + 1 + index * keyWords;
  const words = view.words;
  for (let i = 0; i < keyWords; i++) key[i] = words[at + i];
}

/** The first leaf below a node (or the leaf itself) that stands so many levels above the leaves. */
export function leftmostLeaf(
  view: HeapView,
  node: number,
  keyWords: number,
  above: number,
): number {
  for (; above > 0; above--) node = childOf(view, node, keyWords, 0);
  return node;
}

/** The last leaf below a node, as {@link leftmostLeaf}. */
export function rightmostLeaf(
  view: HeapView,
  node: number,
  keyWords: number,
  above: number,
): number {
  for (; above > 0; above--) {
    node = childOf(view, node, keyWords, nodeCount(view, node) - 1);
  }
  return node;
}

/**
 * Allocates a node without children, with room for at least so many.
 * @throws {HeapFull}
 */
export function newNode(heap: Heap, children: number, keyWords: number): number {
  const node = heap.allocate(nodeBytesFor(children, keyWords));
  const capacity = childrenIn(heap.capacityOf(node), keyWords);
  const at = heap.write(node) >>> 2;
  heap.words[at] = Math.min(capacity, nodeChildrenMax(keyWords)) << CAPACITY_SHIFT;
  return node;
}

/** Puts one more child into a node that has room; its key stands in `key`. */
export function insertChild(
  heap: Heap,
  node: number,
  keyWords: number,
  index: number,
  child: number,
  count: number,
  key: Int32Array,
): void {
  const at = heap.write(node) >>> 2;
  const words = heap.words;
  const children = words[at] & CHILDREN_MASK;
  const capacity = words[at] >>> CAPACITY_SHIFT;
  const keys = at + 1;
  const refs = keys + capacity * keyWords;
  const counts = refs + capacity;
  for (let i = children; i > index; i--) {
    words[refs + i] = words[refs + i - 1];
    words[counts + i] = words[counts + i - 1];
  }
  words[refs + index] = child;
  words[counts + index] = count;
  const from = keys + index * keyWords;
  for (let i = keys + children * keyWords - 1; i >= from; i--) words[i + keyWords] = words[i];
  for (let i = 0; i < keyWords; i++) words[from + i] = key[i];
  words[at]++;
}

/** Takes a child out of a node and returns how many are left. */
export function removeChild(heap: Heap, node: number, keyWords: number, index: number): number {
  const at = heap.write(node) >>> 2;
  const words = heap.words;
  const left = (words[at] & CHILDREN_MASK) - 1;
  const capacity = words[at] >>> CAPACITY_SHIFT;
  const keys = at + 1;
  const refs = keys + capacity * keyWords;
  const counts = refs + capacity;
  for (let i = index; i < left; i++) {
    words[refs + i] = words[refs + i + 1];
    words[counts + i] = words[counts + i + 1];
  }
  const end = keys + left * keyWords;
  for (let i = keys + index * keyWords; i < end; i++) words[i] = words[i + keyWords];
  words[at]--;
  return left;
}

/** Children on their way from one or two nodes to others. */
export class NodeChildren {
  length = 0;
  readonly #keyWords: number;
  readonly #keys: Int32Array;
  readonly #refs: Int32Array;
  readonly #counts: Int32Array;

  constructor(keyWords: number) {
    const most = 2 * nodeChildrenMax(keyWords);
    this.#keyWords = keyWords;
    this.#keys = new Int32Array(most * keyWords);
    this.#refs = new Int32Array(most);
    this.#counts = new Int32Array(most);
  }

  /** Adds all children of a node, which stays as it is. */
  load(view: HeapView, node: number): void {
    const keyWords = this.#keyWords;
    const at = view.read(node) >>> 2;
    const words = view.words;
    const children = words[at] & CHILDREN_MASK;
    const capacity = words[at] >>> CAPACITY_SHIFT;
    const keys = at + 1;
    const refs = keys + capacity * keyWords;
    const counts = refs + capacity;
    const to = this.length;
    for (let i = 0; i < children; i++) {
      this.#refs[to + i] = words[refs + i];
      this.#counts[to + i] = words[counts + i];
    }
    for (let i = 0; i < children * keyWords; i++) this.#keys[to * keyWords + i] = words[keys + i];
    this.length += children;
  }

  /** Puts one more child among them. */
  insert(index: number, child: number, count: number, key: Int32Array): void {
    const keyWords = this.#keyWords;
    this.#refs.copyWithin(index + 1, index, this.length);
    this.#counts.copyWithin(index + 1, index, this.length);
    const at = index * keyWords;
    this.#keys.copyWithin(at + keyWords, at, this.length * keyWords);
    this.#refs[index] = child;
    this.#counts[index] = count;
    for (let i = 0; i < keyWords; i++) this.#keys[at + i] = key[i];
    this.length++;
  }

  /** Lets a node that has room consist of some of them. */
  store(heap: Heap, node: number, from: number, end: number): void {
    const keyWords = this.#keyWords;
    const at = heap.write(node) >>> 2;
    const words = heap.words;
    const capacity = words[at] >>> CAPACITY_SHIFT;
    const children = end - from;
    const keys = at + 1;
    const refs = keys + capacity * keyWords;
    const counts = refs + capacity;
    for (let i = 0; i < children; i++) {
      words[refs + i] = this.#refs[from + i];
      words[counts + i] = this.#counts[from + i];
    }
    for (let i = 0; i < children * keyWords; i++) words[keys + i] = this.#keys[from * keyWords + i];
    words[at] = capacity << CAPACITY_SHIFT | children;
  }

  /** The elements below some of them. */
  sum(from: number, end: number): number {
    let count = 0;
    for (let i = from; i < end; i++) count += this.#counts[i];
    return count;
  }
}
