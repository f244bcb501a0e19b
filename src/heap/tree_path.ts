/**
 * Where in a {@link CountedTree} one is: the seeks, which read and change nothing.
 *
 * What a seek finds is remembered as a path from the top to a leaf, in arrays of the instance:
 * `leaf`, `before`, `countInLeaf`, the leaf's key and the steps to its neighbours refer to it. The
 * path is good until the tree changes other than through it. One instance serves all trees of a
 * heap, but has one path.
 */
import type { Heap } from "./heap.ts";
import {
  CAPACITY_SHIFT,
  childOf,
  CHILDREN_MASK,
  countBelow,
  HEIGHT_MAX,
  joinScore,
  KEY_BIAS,
  KEY_WORDS_MAX,
  leftmostLeaf,
  ROOT_COUNT,
  ROOT_FIRST,
  ROOT_HEIGHT,
  ROOT_INNER_BYTES,
  ROOT_KEY,
  ROOT_LAST,
  ROOT_LEAVES,
  ROOT_SPARE,
  ROOT_TOP,
  ROOT_VERSION,
  rootWord,
  splitScore,
  type TreeKeyBytes,
} from "./tree_node.ts";

/** For a seek by score alone: the score looked for comes before all elements of an equal one. */
export function beforeTies(): number {
  return -1;
}

/** For a seek by score alone: the score looked for comes after all elements of an equal one. */
export function afterTies(): number {
  return 1;
}

export class TreePath {
  /** The leaf at the path; 0 without a path. */
  leaf = 0;

  protected readonly heap: Heap;
  protected readonly keyWords: number;
  /** The tree that the path is in, its height and version, and node and child at each level from the top. */
  protected pathRoot = 0;
  protected pathHeight = 0;
  protected pathVersion = 0;
  protected readonly pathNodes: Int32Array = new Int32Array(HEIGHT_MAX);
  protected readonly pathIndexes: Int32Array = new Int32Array(HEIGHT_MAX);
  /** Elements before the leaf at the path; -1 while nobody has asked. */
  protected beforeLeaf = 0;
  /** The key that is looked for, or on its way into a node. */
  protected readonly key: Int32Array = new Int32Array(KEY_WORDS_MAX);

  constructor(heap: Heap, keyBytes: TreeKeyBytes) {
    this.heap = heap;
    this.keyWords = keyBytes >>> 2;
  }

  /** Elements in all leaves. */
  count(root: number): number {
    return rootWord(this.heap, root, ROOT_COUNT);
  }

  leafCount(root: number): number {
    return rootWord(this.heap, root, ROOT_LEAVES);
  }

  /** Levels of nodes above the leaves. */
  height(root: number): number {
    return rootWord(this.heap, root, ROOT_HEIGHT);
  }

  /** Bytes of the heap that the root object and the nodes take. */
  innerBytes(root: number): number {
    return rootWord(this.heap, root, ROOT_INNER_BYTES);
  }

  /** The first leaf, without a path; 0 when there is none. */
  firstLeaf(root: number): number {
    return rootWord(this.heap, root, ROOT_FIRST);
  }

  /** The last leaf, without a path; 0 when there is none. */
  lastLeaf(root: number): number {
    return rootWord(this.heap, root, ROOT_LAST);
  }

  /** A word that the tree's owner keeps in the root object: 0 until it is set. */
  spare(root: number, index: number): number {
    return rootWord(this.heap, root, ROOT_SPARE + index);
  }

  /** How many elements stand before the leaf at the path. */
  get before(): number {
    if (this.beforeLeaf < 0) this.beforeLeaf = this.#countBefore();
    return this.beforeLeaf;
  }

  /** How many elements the leaf at the path holds. */
  get countInLeaf(): number {
    if (this.leaf === 0) return 0;
    const bottom = this.pathHeight - 1;
    if (bottom < 0) return this.count(this.pathRoot);
    return countBelow(this.heap, this.pathNodes[bottom], this.keyWords, this.pathIndexes[bottom]);
  }

  /** The key of the leaf at the path, in a tree of scores. */
  get leafScore(): number {
    const at = this.#keyPlace();
    const words = this.heap.words;
    return joinScore(words[at], words[at + 1]);
  }

  /** One of the four words of the key of the leaf at the path, in a tree of ids. */
  leafIdWord(index: number): number {
    const at = this.#keyPlace();
    return this.heap.words[at + index] ^ KEY_BIAS;
  }

  /** Goes to the first leaf and returns it, 0 when there is none. */
  first(root: number): number {
    const at = this.heap.read(root) >>> 2;
    const words = this.heap.words;
    const isThere = root === this.pathRoot && words[at + ROOT_VERSION] === this.pathVersion;
    if (isThere && this.leaf === words[at + ROOT_FIRST]) return this.leaf;
    this.beforeLeaf = 0;
    return this.descendLeft(this.beginPath(root), 0);
  }

  /** Goes to the last leaf and returns it, 0 when there is none. */
  last(root: number): number {
    const at = this.heap.read(root) >>> 2;
    const words = this.heap.words;
    const isThere = root === this.pathRoot && words[at + ROOT_VERSION] === this.pathVersion;
    // Another path may have changed what is before.
    this.beforeLeaf = -1;
    // So appending one after another does not go down the tree each time.
    if (isThere && this.leaf === words[at + ROOT_LAST]) return this.leaf;
    return this.descendRight(this.beginPath(root), 0);
  }

  /** Goes to the leaf that holds the element of that rank (0 to count - 1) and returns it. */
  seekRank(root: number, rank: number): number {
    const heap = this.heap;
    const keyWords = this.keyWords;
    let node = this.beginPath(root);
    let left = rank;
    const height = this.pathHeight;
    let below = height === 0 ? 0 : this.count(root);
    for (let level = 0; level < height; level++) {
      const at = heap.read(node) >>> 2;
      const words = heap.words;
      const children = words[at] & CHILDREN_MASK;
      const capacity = words[at] >>> CAPACITY_SHIFT;
      const refs = at + 1 + capacity * keyWords;
      const counts = refs + capacity;
      let index: number;
      if (left * 2 < below) {
        index = 0;
        while (left >= words[counts + index] && index + 1 < children) {
          left -= words[counts + index++];
        }
      } else {
        index = children - 1;
        let start = below - words[counts + index];
        while (left < start && index > 0) start -= words[counts + --index];
        left -= start;
      }
      below = words[counts + index];
      this.pathNodes[level] = node;
      this.pathIndexes[level] = index;
      node = words[refs + index];
    }
    this.beforeLeaf = rank - left;
    this.leaf = node;
    return node;
  }

  /**
   * Goes to the last leaf whose first element is not behind the target, or to the first leaf when
   * all are, and returns it.
   * @param compareTie is asked where scores are equal: given a leaf, is the target before its first
   * element (negative), the same (0), or behind (positive)? It must not touch the tree.
   */
  seekScore(root: number, score: number, compareTie: (leaf: number) => number): number {
    const heap = this.heap;
    const keyWords = this.keyWords;
    splitScore(score, this.key, 0);
    const high = this.key[0];
    const low = this.key[1];
    let node = this.beginPath(root);
    const height = this.pathHeight;
    for (let level = 0; level < height; level++) {
      const at = heap.read(node) >>> 2;
      const words = heap.words;
      const refs = at + 1 + (words[at] >>> CAPACITY_SHIFT) * keyWords;
      let index = 0;
      let end = words[at] & CHILDREN_MASK;
      // The child at `index` begins at or before the target, or is the first; that at `end` behind.
      while (end - index > 1) {
        const middle = (index + end) >>> 1;
        const keyAt = at + 1 + middle * 2;
        let isBehind = words[keyAt] > high;
        if (words[keyAt] === high) {
          isBehind = words[keyAt + 1] > low;
          if (words[keyAt + 1] === low) {
            const above = height - 1 - level;
            isBehind = compareTie(leftmostLeaf(heap, words[refs + middle], keyWords, above)) < 0;
          }
        }
        if (isBehind) end = middle;
        else index = middle;
      }
      this.pathNodes[level] = node;
      this.pathIndexes[level] = index;
      node = words[refs + index];
    }
    this.beforeLeaf = -1;
    this.leaf = node;
    return node;
  }

  /**
   * Goes to the last leaf whose id is at or before that of four unsigned words, the highest first,
   * or to the first leaf when all are behind it, and returns it.
   */
  seekId(root: number, word0: number, word1: number, word2: number, word3: number): number {
    const heap = this.heap;
    const keyWords = this.keyWords;
    const key = this.key;
    this.setKeyToId(word0, word1, word2, word3);
    let node = this.beginPath(root);
    const height = this.pathHeight;
    for (let level = 0; level < height; level++) {
      const at = heap.read(node) >>> 2;
      const words = heap.words;
      let index = 0;
      let end = words[at] & CHILDREN_MASK;
      while (end - index > 1) {
        const middle = (index + end) >>> 1;
        const keyAt = at + 1 + middle * 4;
        let i = 0;
        while (i < 3 && words[keyAt + i] === key[i]) i++;
        if (words[keyAt + i] > key[i]) end = middle;
        else index = middle;
      }
      this.pathNodes[level] = node;
      this.pathIndexes[level] = index;
      node = words[at + 1 + (words[at] >>> CAPACITY_SHIFT) * keyWords + index];
    }
    this.beforeLeaf = -1;
    this.leaf = node;
    return node;
  }

  /** Goes to the leaf behind; false, and nowhere, when it is the last. */
  nextLeaf(): boolean {
    const heap = this.heap;
    const keyWords = this.keyWords;
    for (let level = this.pathHeight - 1; level >= 0; level--) {
      const at = heap.read(this.pathNodes[level]) >>> 2;
      const words = heap.words;
      const index = this.pathIndexes[level] + 1;
      if (index >= (words[at] & CHILDREN_MASK)) continue;
      const child = words[at + 1 + (words[at] >>> CAPACITY_SHIFT) * keyWords + index];
      if (this.beforeLeaf >= 0) this.beforeLeaf += this.countInLeaf;
      this.pathIndexes[level] = index;
      this.descendLeft(child, level + 1);
      return true;
    }
    return false;
  }

  /** Goes to the leaf before; false, and nowhere, when it is the first. */
  previousLeaf(): boolean {
    for (let level = this.pathHeight - 1; level >= 0; level--) {
      const index = this.pathIndexes[level] - 1;
      if (index < 0) continue;
      this.pathIndexes[level] = index;
      const child = childOf(this.heap, this.pathNodes[level], this.keyWords, index);
      this.descendRight(child, level + 1);
      if (this.beforeLeaf >= 0) this.beforeLeaf -= this.countInLeaf;
      return true;
    }
    return false;
  }

  /** Whether the path is in that tree, which has not changed under it. */
  isPathGood(root: number): boolean {
    const at = this.heap.read(root) >>> 2;
    const words = this.heap.words;
    return root === this.pathRoot && this.leaf !== 0 &&
      words[at + ROOT_VERSION] === this.pathVersion;
  }

  /** Starts a path and returns the topmost node. */
  protected beginPath(root: number): number {
    const at = this.heap.read(root) >>> 2;
    const words = this.heap.words;
    this.pathRoot = root;
    this.pathHeight = words[at + ROOT_HEIGHT];
    this.pathVersion = words[at + ROOT_VERSION];
    return words[at + ROOT_TOP];
  }

  protected endPath(): void {
    this.pathRoot = 0;
    this.pathHeight = 0;
    this.beforeLeaf = 0;
    this.leaf = 0;
  }

  protected setKeyToId(word0: number, word1: number, word2: number, word3: number): void {
    const key = this.key;
    key[0] = word0 ^ KEY_BIAS;
    key[1] = word1 ^ KEY_BIAS;
    key[2] = word2 ^ KEY_BIAS;
    key[3] = word3 ^ KEY_BIAS;
  }

  /** Completes the path with the first leaf below a node of that level. */
  protected descendLeft(node: number, level: number): number {
    const heap = this.heap;
    const keyWords = this.keyWords;
    const height = this.pathHeight;
    for (; level < height; level++) {
      this.pathNodes[level] = node;
      this.pathIndexes[level] = 0;
      const at = heap.read(node) >>> 2;
      const words = heap.words;
      node = words[at + 1 + (words[at] >>> CAPACITY_SHIFT) * keyWords];
    }
    this.leaf = node;
    return node;
  }

  /** Completes the path with the last leaf below a node of that level. */
  protected descendRight(node: number, level: number): number {
    const heap = this.heap;
    const keyWords = this.keyWords;
    const height = this.pathHeight;
    for (; level < height; level++) {
      const at = heap.read(node) >>> 2;
      const words = heap.words;
      const index = (words[at] & CHILDREN_MASK) - 1;
      this.pathNodes[level] = node;
      this.pathIndexes[level] = index;
      node = words[at + 1 + (words[at] >>> CAPACITY_SHIFT) * keyWords + index];
    }
    this.leaf = node;
    return node;
  }

  #countBefore(): number {
    const heap = this.heap;
    let before = 0;
    for (let level = 0; level < this.pathHeight; level++) {
      const at = heap.read(this.pathNodes[level]) >>> 2;
      const words = heap.words;
      const counts = at + 1 + (words[at] >>> CAPACITY_SHIFT) * (this.keyWords + 1);
      const end = counts + this.pathIndexes[level];
      for (let i = counts; i < end; i++) before += words[i];
    }
    return before;
  }

  /** Where the key of the leaf at the path stands, in the words that the heap points at. */
  #keyPlace(): number {
    const bottom = this.pathHeight - 1;
    if (bottom < 0) return (this.heap.read(this.pathRoot) >>> 2) + ROOT_KEY;
    const at = this.heap.read(this.pathNodes[bottom]) >>> 2;
    return at + 1 + this.pathIndexes[bottom] * this.keyWords;
  }
}
