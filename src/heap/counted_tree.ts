/**
 * A B+tree over opaque leaves: the order of large lists, sorted sets and streams.
 *
 *     root object -> node -> node -> leaf (any heap object, of which only the reference matters)
 *
 * The tree knows of each leaf how many elements it holds, and, in a tree with keys, the key of its
 * first element: 8 bytes (a score) or 16 (an id). So it finds a leaf by the rank of an element or by
 * key; what is in the leaf is its owner's matter, who says when a leaf's count, first key or place
 * has changed. tree_node.ts draws the bytes; tree_walk.ts reads a tree from the outside.
 *
 * **The path.** What a seek finds, the tree remembers as a path from the top to the leaf, in arrays
 * of its own ({@link TreePath}). All changes are made at the path: insertions move it to the new leaf,
 * counts and keys leave it, {@link CountedTree.removeLeaf} ends it. One instance serves all trees of
 * a heap, but has one path.
 *
 * Always: a node other than the first and the last of its level is at least a third full (unless the
 * heap was full when it should have been mended); the topmost node has two children. A full node
 * splits in two halves, but at the two ends of the tree the new node gets only the new child, so that
 * appending and prepending leave full nodes behind; taking leaves away at the ends thins out the end
 * nodes until they can be merged or are empty.
 *
 * Whatever throws {@link HeapFull} has changed nothing: what is needed is allocated, and what is
 * written is thawed, before the first change.
 */
import { assert } from "../base/assert.ts";
import { type Heap, HeapFull } from "./heap.ts";
import {
  CAPACITY_SHIFT,
  childOf,
  countBelow,
  HEIGHT_MAX,
  insertChild,
  leftmostLeaf,
  loadKey,
  newNode,
  newVersion,
  nodeCapacity,
  NodeChildren,
  nodeChildrenMax,
  nodeChildrenMin,
  nodeCount,
  removeChild,
  rightmostLeaf,
  ROOT_BYTES,
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
  TREE_SPARE_WORDS,
  type TreeKeyBytes,
} from "./tree_node.ts";
import { TreePath } from "./tree_path.ts";
import { checkTree, freeTree, TreeCopy } from "./tree_whole.ts";

export { TREE_SPARE_WORDS, type TreeKeyBytes };
export { afterTies, beforeTies } from "./tree_path.ts";
export { TreeWalk } from "./tree_walk.ts";

export class CountedTree extends TreePath {
  readonly #childrenMax: number;
  /** A node that is not at an end and has fewer is merged with another, or gets some of it. */
  readonly #childrenMin: number;
  /** What a merge makes is not nearly full, or the next insertion would split it. */
  readonly #mergedMax: number;

  /** For each level the node that an insertion needs there; at HEIGHT_MAX the new top. */
  readonly #reserved: Int32Array = new Int32Array(HEIGHT_MAX + 1);
  readonly #children: NodeChildren;

  constructor(heap: Heap, keyBytes: TreeKeyBytes) {
    super(heap, keyBytes);
    this.#childrenMax = nodeChildrenMax(this.keyWords);
    this.#childrenMin = nodeChildrenMin(this.keyWords);
    this.#mergedMax = (this.#childrenMax * 3) >>> 2;
    this.#children = new NodeChildren(this.keyWords);
  }

  /**
   * Makes a tree of one leaf, or of none (`firstLeaf` 0), and returns its root object. The path is
   * at the leaf, whose key is to be set.
   * @throws {HeapFull}
   */
  create(firstLeaf: number, count: number): number {
    const heap = this.heap;
    const root = heap.allocate(ROOT_BYTES);
    const at = heap.write(root) >>> 2;
    const words = heap.words;
    words.fill(0, at, at + (ROOT_BYTES >>> 2));
    words[at + ROOT_TOP] = firstLeaf;
    words[at + ROOT_COUNT] = count;
    words[at + ROOT_LEAVES] = firstLeaf === 0 ? 0 : 1;
    words[at + ROOT_FIRST] = firstLeaf;
    words[at + ROOT_LAST] = firstLeaf;
    words[at + ROOT_INNER_BYTES] = heap.capacityOf(root);
    words[at + ROOT_VERSION] = newVersion();
    this.first(root);
    return root;
  }

  setSpare(root: number, index: number, value: number): void {
    const at = this.heap.write(root) >>> 2;
    this.heap.words[at + ROOT_SPARE + index] = value;
  }

  /**
   * The leaf at the path holds more elements, or fewer, than it did.
   * @throws {HeapFull} only while the heap is frozen.
   */
  addCount(root: number, delta: number): void {
    assert(root === this.pathRoot && this.leaf !== 0, "the path is in this tree");
    this.#thawPath();
    for (let level = this.pathHeight - 1; level >= 0; level--) this.#addBelow(level, delta);
    const at = this.heap.write(root) >>> 2;
    this.heap.words[at + ROOT_COUNT] += delta;
  }

  /**
   * The leaf at the path is another object now.
   * @throws {HeapFull} only while the heap is frozen.
   */
  moveLeaf(root: number, leaf: number): void {
    assert(root === this.pathRoot && this.leaf !== 0, "the path is in this tree");
    const heap = this.heap;
    this.#thawPath();
    const bottom = this.pathHeight - 1;
    const at = heap.write(root) >>> 2;
    const words = heap.words;
    if (words[at + ROOT_FIRST] === this.leaf) words[at + ROOT_FIRST] = leaf;
    if (words[at + ROOT_LAST] === this.leaf) words[at + ROOT_LAST] = leaf;
    this.#changed(words, at);
    if (bottom < 0) words[at + ROOT_TOP] = leaf;
    else this.#setChild(bottom, leaf);
    this.leaf = leaf;
  }

  /**
   * Sets the key of the leaf at the path: the score of its first element.
   * @throws {HeapFull} only while the heap is frozen, and not right after an insertion.
   */
  setLeafScore(root: number, score: number): void {
    splitScore(score, this.key, 0);
    this.#setLeafKey(root);
  }

  /** As {@link setLeafScore}, in a tree of ids: four words, the highest first. */
  setLeafId(root: number, word0: number, word1: number, word2: number, word3: number): void {
    this.setKeyToId(word0, word1, word2, word3);
    this.#setLeafKey(root);
  }

  /**
   * Adds a leaf of so many elements behind the one at the path (or to a tree without leaves), and
   * moves the path to it. In a tree with keys, its key is to be set right after.
   * @throws {HeapFull}
   */
  insertAfter(root: number, leaf: number, count: number): void {
    this.#insert(root, 1, leaf, count);
  }

  /** As {@link insertAfter}, before the leaf at the path. */
  insertBefore(root: number, leaf: number, count: number): void {
    this.#insert(root, 0, leaf, count);
  }

  /**
   * Takes the leaf at the path out of the tree; the object stays alive. Ends the path.
   * @throws {HeapFull} only while the heap is frozen.
   */
  removeLeaf(root: number): void {
    this.#checkPath(root);
    const heap = this.heap;
    const removed = this.leaf;
    const count = this.countInLeaf;
    this.#thawPath();
    if (heap.isFrozen) this.#thawSiblings();
    for (let level = this.pathHeight - 2; level >= 0; level--) this.#addBelow(level, -count);
    this.#takeOut();
    this.#lowerTop();
    const top = rootWord(heap, root, ROOT_TOP);
    const first = leftmostLeaf(heap, top, this.keyWords, this.pathHeight);
    const last = rightmostLeaf(heap, top, this.keyWords, this.pathHeight);
    const at = heap.write(root) >>> 2;
    const words = heap.words;
    words[at + ROOT_COUNT] -= count;
    words[at + ROOT_LEAVES]--;
    this.#changed(words, at);
    if (words[at + ROOT_FIRST] === removed) words[at + ROOT_FIRST] = first;
    if (words[at + ROOT_LAST] === removed) words[at + ROOT_LAST] = last;
    this.endPath();
  }

  /** Frees nodes and root object, and has every leaf freed; pauses now and then. */
  freeSteps(root: number, freeLeaf: (leaf: number) => void): Generator<undefined, void, void> {
    if (root === this.pathRoot) this.endPath();
    return freeTree(this.heap, root, this.keyWords, freeLeaf);
  }

  /**
   * Makes a copy of the tree whose leaves `copyLeaf` makes, the owner's words included, and returns
   * its root object. When it fails half way, what was made is freed, leaves by `freeLeaf`.
   * @throws {HeapFull}
   */
  copy(
    root: number,
    copyLeaf: (leaf: number) => number,
    freeLeaf: (leaf: number) => void,
  ): number {
    return new TreeCopy(this.heap, this.keyWords, copyLeaf, freeLeaf).copy(root);
  }

  /**
   * Verifies the tree; `countOf` a leaf is asked while the path is at it, and may compare the key.
   * @param isDense false where a full heap may have left nodes thinner than they should be.
   */
  check(root: number, countOf: (leaf: number) => number, isDense = true): void {
    let leaves = 0;
    let elements = 0;
    for (let leaf = this.first(root); leaf !== 0; leaf = this.leaf) {
      assert(this.countInLeaf === countOf(leaf), "the tree knows how much a leaf holds");
      assert(leaf === this.leaf, "looking at a leaf leaves the path");
      assert(this.before === elements, "the tree knows what is before a leaf");
      assert(leaves > 0 || leaf === this.firstLeaf(root), "the first leaf is known");
      leaves++;
      elements += this.countInLeaf;
      if (!this.nextLeaf()) break;
    }
    assert(this.leaf === this.lastLeaf(root), "the last leaf is known");
    assert(leaves === this.leafCount(root), "every leaf is counted");
    assert(elements === this.count(root), "every element is counted");
    checkTree(this.heap, root, this.keyWords, isDense);
    this.endPath();
  }

  /** Sets the key of the leaf at the path, and of every node that begins with the leaf. */
  #setLeafKey(root: number): void {
    assert(root === this.pathRoot && this.leaf !== 0, "the path is in this tree");
    this.#thawPath();
    if (this.pathHeight > 0) return this.#setKeyUpwards(this.pathHeight - 1);
    const at = this.heap.write(root) >>> 2;
    const words = this.heap.words;
    for (let i = 0; i < this.keyWords; i++) words[at + ROOT_KEY + i] = this.key[i];
  }

  #setKeyUpwards(level: number): void {
    const keyWords = this.keyWords;
    for (; level >= 0; level--) {
      const index = this.pathIndexes[level];
      const at = (this.heap.write(this.pathNodes[level]) >>> 2) + 1 + index * keyWords;
      const words = this.heap.words;
      for (let i = 0; i < keyWords; i++) words[at + i] = this.key[i];
      if (index !== 0) break;
    }
  }

  /** Adds to the count of the child that the path goes through. */
  #addBelow(level: number, delta: number): void {
    const at = this.heap.write(this.pathNodes[level]) >>> 2;
    const words = this.heap.words;
    const counts = at + 1 + (words[at] >>> CAPACITY_SHIFT) * (this.keyWords + 1);
    words[counts + this.pathIndexes[level]] += delta;
  }

  /** Replaces the child that the path goes through. */
  #setChild(level: number, child: number): void {
    const at = this.heap.write(this.pathNodes[level]) >>> 2;
    const words = this.heap.words;
    const refs = at + 1 + (words[at] >>> CAPACITY_SHIFT) * this.keyWords;
    words[refs + this.pathIndexes[level]] = child;
  }

  /** The node at a level of the path is another object now. */
  #moveNode(level: number, node: number): void {
    this.pathNodes[level] = node;
    if (level > 0) return this.#setChild(level - 1, node);
    const at = this.heap.write(this.pathRoot) >>> 2;
    this.heap.words[at + ROOT_TOP] = node;
  }

  /** Nodes or leaves are others now: paths of other instances, and of this one before, end. */
  #changed(words: Int32Array, at: number): void {
    this.pathVersion = newVersion();
    words[at + ROOT_VERSION] = this.pathVersion;
  }

  #checkPath(root: number): void {
    assert(root === this.pathRoot && this.leaf !== 0, "the path is in this tree");
    const version = rootWord(this.heap, root, ROOT_VERSION);
    assert(version === this.pathVersion, "the tree has not changed under the path");
  }

  #freeNode(node: number): void {
    this.#addInnerBytes(this.pathRoot, -this.heap.capacityOf(node));
    this.heap.free(node);
  }

  #addInnerBytes(root: number, delta: number): void {
    const at = this.heap.write(root) >>> 2;
    this.heap.words[at + ROOT_INNER_BYTES] += delta;
  }

  /** While the heap is frozen, lets what is about to be written be written without failing. */
  #thawPath(): void {
    const heap = this.heap;
    if (!heap.isFrozen) return;
    heap.write(this.pathRoot);
    for (let level = 0; level < this.pathHeight; level++) heap.write(this.pathNodes[level]);
  }

  /** As {@link #thawPath}, for the nodes that nodes of the path might be merged with. */
  #thawSiblings(): void {
    const heap = this.heap;
    const keyWords = this.keyWords;
    for (let level = 0; level < this.pathHeight - 1; level++) {
      const node = this.pathNodes[level];
      const index = this.pathIndexes[level];
      const count = nodeCount(heap, node);
      if (index > 0) this.#thawChain(childOf(heap, node, keyWords, index - 1), level + 1);
      if (index + 1 < count) this.#thawChain(childOf(heap, node, keyWords, index + 1), level + 1);
    }
  }

  /** A node, and what could be the topmost when it is left alone. */
  #thawChain(node: number, level: number): void {
    const heap = this.heap;
    for (; level < this.pathHeight; level++) {
      heap.write(node);
      if (nodeCount(heap, node) > 1) return;
      node = childOf(heap, node, this.keyWords, 0);
    }
  }

  #insert(root: number, side: 0 | 1, leaf: number, count: number): void {
    if (rootWord(this.heap, root, ROOT_TOP) === 0) return this.#insertOnly(root, leaf, count);
    this.#checkPath(root);
    const isFirst = side === 0 && this.leaf === this.firstLeaf(root);
    const isLast = side === 1 && this.leaf === this.lastLeaf(root);
    this.#reserve(isFirst || isLast);
    this.key.fill(0);
    if (this.pathHeight === 0) this.#insertSecond(side, leaf, count);
    else this.#insertAt(side, isFirst, isLast, leaf, count);
    const at = this.heap.write(root) >>> 2;
    const words = this.heap.words;
    words[at + ROOT_COUNT] += count;
    words[at + ROOT_LEAVES]++;
    this.#changed(words, at);
    if (isFirst) words[at + ROOT_FIRST] = leaf;
    if (isLast) words[at + ROOT_LAST] = leaf;
    this.leaf = leaf;
    this.beforeLeaf = -1;
  }

  /** The first leaf of a tree that has none. */
  #insertOnly(root: number, leaf: number, count: number): void {
    const at = this.heap.write(root) >>> 2;
    const words = this.heap.words;
    words[at + ROOT_TOP] = leaf;
    words[at + ROOT_FIRST] = leaf;
    words[at + ROOT_LAST] = leaf;
    words[at + ROOT_COUNT] = count;
    words[at + ROOT_LEAVES] = 1;
    this.#changed(words, at);
    this.first(root);
  }

  /** The second leaf of a tree, whose first node is made now. */
  #insertSecond(side: number, leaf: number, count: number): void {
    const heap = this.heap;
    const keyWords = this.keyWords;
    const node = this.#reserved[HEIGHT_MAX];
    insertChild(heap, node, keyWords, 0, leaf, count, this.key);
    const at = heap.read(this.pathRoot) >>> 2;
    const words = heap.words;
    for (let i = 0; i < keyWords; i++) this.key[i] = words[at + ROOT_KEY + i];
    const total = words[at + ROOT_COUNT];
    insertChild(heap, node, keyWords, 1 - side, this.leaf, total, this.key);
    this.#raiseTop(node, side);
  }

  /** Lets a node that holds the topmost one, or the only leaf, be the topmost. */
  #raiseTop(node: number, index: number): void {
    for (let level = this.pathHeight; level > 0; level--) {
      this.pathNodes[level] = this.pathNodes[level - 1];
      this.pathIndexes[level] = this.pathIndexes[level - 1];
    }
    this.pathNodes[0] = node;
    this.pathIndexes[0] = index;
    this.pathHeight++;
    const at = this.heap.write(this.pathRoot) >>> 2;
    const words = this.heap.words;
    words[at + ROOT_TOP] = node;
    words[at + ROOT_HEIGHT] = this.pathHeight;
    this.#addInnerBytes(this.pathRoot, this.heap.capacityOf(node));
  }

  /**
   * Puts a leaf beside the one at the path, and what nodes split off beside those: from the bottom
   * up, until a node has room. `path` tells where the new leaf is: in what is inserted, or beside.
   */
  #insertAt(side: number, isFirst: boolean, isLast: boolean, leaf: number, count: number): void {
    for (let level = 0; level < this.pathHeight - 1; level++) this.#addBelow(level, count);
    let child = leaf;
    let below = count;
    let isNewHere = true;
    for (let level = this.pathHeight - 1; level >= 0; level--) {
      const node = this.pathNodes[level];
      const old = this.pathIndexes[level];
      const index = old + side;
      // A new child on the left moves the old one; the path is at one of the two.
      this.pathIndexes[level] = isNewHere ? index : old + 1 - side;
      if (!this.#isFull(node)) return this.#insertWithRoom(level, index, child, below);
      const sibling = this.#reserved[level];
      if (isFirst || isLast) {
        insertChild(this.heap, sibling, this.keyWords, 0, child, below, this.key);
        // The new leaf is in what is inserted at an end, so the path is in the new node.
        this.pathIndexes[level] = 0;
        this.pathNodes[level] = sibling;
      } else {
        below = this.#splitInHalves(level, index, child, below);
        isNewHere = this.pathNodes[level] === sibling;
        side = 1;
      }
      this.#addInnerBytes(this.pathRoot, this.heap.capacityOf(sibling));
      loadKey(this.heap, sibling, this.keyWords, 0, this.key);
      child = sibling;
      if (level > 0) this.#addBelow(level - 1, -below);
      else this.#addTop(side, node, child, below, isNewHere, count);
    }
  }

  #isFull(node: number): boolean {
    return nodeCount(this.heap, node) === this.#childrenMax;
  }

  /** Puts a child into a node that is not full, but may have to grow. */
  #insertWithRoom(level: number, index: number, child: number, below: number): void {
    const heap = this.heap;
    const node = this.pathNodes[level];
    const larger = this.#reserved[level];
    if (larger === 0) {
      return insertChild(heap, node, this.keyWords, index, child, below, this.key);
    }
    const children = this.#children;
    children.length = 0;
    children.load(heap, node);
    children.insert(index, child, below, this.key);
    this.#replaceNode(level, larger);
  }

  /** Lets another object, of the gathered children, be the node at a level of the path. */
  #replaceNode(level: number, node: number): void {
    const old = this.pathNodes[level];
    this.#children.store(this.heap, node, 0, this.#children.length);
    this.#addInnerBytes(this.pathRoot, this.heap.capacityOf(node));
    this.#moveNode(level, node);
    this.#freeNode(old);
  }

  /** Splits a full node and one child more; returns the elements that are below the new node. */
  #splitInHalves(level: number, index: number, child: number, below: number): number {
    const heap = this.heap;
    const children = this.#children;
    children.length = 0;
    children.load(heap, this.pathNodes[level]);
    children.insert(index, child, below, this.key);
    const half = children.length >>> 1;
    const sibling = this.#reserved[level];
    children.store(heap, this.pathNodes[level], 0, half);
    children.store(heap, sibling, half, children.length);
    if (this.pathIndexes[level] >= half) {
      this.pathIndexes[level] -= half;
      this.pathNodes[level] = sibling;
    }
    return children.sum(half, children.length);
  }

  /** Makes a new topmost node of the old one and its new sibling. */
  #addTop(
    side: number,
    old: number,
    sibling: number,
    below: number,
    isNewHere: boolean,
    added: number,
  ): void {
    const heap = this.heap;
    const keyWords = this.keyWords;
    const top = this.#reserved[HEIGHT_MAX];
    insertChild(heap, top, keyWords, 0, sibling, below, this.key);
    loadKey(this.heap, old, this.keyWords, 0, this.key);
    const rest = this.count(this.pathRoot) + added - below;
    insertChild(heap, top, keyWords, 1 - side, old, rest, this.key);
    this.#raiseTop(top, isNewHere ? side : 1 - side);
  }

  /** Allocates every node that an insertion at the path needs, and lets the path be written. */
  #reserve(isAtEnd: boolean): void {
    const heap = this.heap;
    const reserved = this.#reserved;
    const keyWords = this.keyWords;
    reserved.fill(0);
    try {
      let level = this.pathHeight - 1;
      for (; level >= 0; level--) {
        const node = this.pathNodes[level];
        const children = nodeCount(heap, node);
        const capacity = nodeCapacity(heap, node);
        if (children < capacity) break;
        if (children < this.#childrenMax) {
          reserved[level] = newNode(heap, children + 1, keyWords);
          break;
        }
        reserved[level] = newNode(heap, isAtEnd ? 1 : (children + 2) >>> 1, keyWords);
      }
      if (level < 0) reserved[HEIGHT_MAX] = newNode(heap, 2, keyWords);
      this.#thawPath();
    } catch (thrown) {
      for (const node of reserved) if (node !== 0) heap.free(node);
      throw thrown;
    }
  }

  /** Takes the leaf at the path out of its node, and nodes that become empty or thin out of theirs. */
  #takeOut(): void {
    const heap = this.heap;
    const keyWords = this.keyWords;
    if (this.pathHeight === 0) {
      const at = heap.write(this.pathRoot) >>> 2;
      heap.words[at + ROOT_TOP] = 0;
      return;
    }
    for (let level = this.pathHeight - 1;; level--) {
      const node = this.pathNodes[level];
      const left = removeChild(heap, node, keyWords, this.pathIndexes[level]);
      if (left === 0) {
        this.#freeNode(node);
        continue;
      }
      if (level > 0 && this.pathIndexes[level] === 0) {
        loadKey(this.heap, node, this.keyWords, 0, this.key);
        this.#setKeyUpwards(level - 1);
      }
      if (level > 0 && left < this.#childrenMin && this.#mend(level)) continue;
      return this.#shrinkWhenSparse(level);
    }
  }

  /**
   * Merges a thin node with a sibling, or lets them share their children evenly.
   * @returns true when there is a node less, and the path at its place in the node above.
   */
  #mend(level: number): boolean {
    const heap = this.heap;
    const keyWords = this.keyWords;
    const parent = this.pathNodes[level - 1];
    if (nodeCount(heap, parent) === 1) return false;
    const leftIndex = Math.max(0, this.pathIndexes[level - 1] - 1);
    const left = childOf(heap, parent, keyWords, leftIndex);
    const right = childOf(heap, parent, keyWords, leftIndex + 1);
    const total = nodeCount(heap, left) + nodeCount(heap, right);
    const isMerge = total <= this.#mergedMax;
    if (!isMerge && this.#isAtEnd(level)) return false;
    const half = isMerge ? total : total >>> 1;
    const children = this.#children;
    children.length = 0;
    children.load(heap, left);
    children.load(heap, right);
    const newLeft = this.#withRoom(left, half);
    if (newLeft === 0) return false;
    const newRight = isMerge ? right : this.#withRoom(right, total - half);
    if (newRight === 0) {
      if (newLeft !== left) heap.free(newLeft);
      return false;
    }
    children.store(heap, newLeft, 0, half);
    if (!isMerge) children.store(heap, newRight, half, total);
    this.pathIndexes[level - 1] = leftIndex;
    this.#replaceChild(level - 1, left, newLeft, children.sum(0, half));
    this.pathIndexes[level - 1] = leftIndex + 1;
    if (isMerge) {
      this.#freeNode(right);
      return true;
    }
    this.#replaceChild(level - 1, right, newRight, children.sum(half, total));
    loadKey(this.heap, newRight, this.keyWords, 0, this.key);
    this.#setKeyUpwards(level - 1);
    this.pathNodes[level] = newRight;
    return false;
  }

  /** True when the node at a level of the path is the first or the last of its level. */
  #isAtEnd(level: number): boolean {
    let isFirst = true;
    let isLast = true;
    for (let i = 0; i < level; i++) {
      const index = this.pathIndexes[i];
      if (index !== 0) isFirst = false;
      if (index + 1 !== nodeCount(this.heap, this.pathNodes[i])) isLast = false;
    }
    return isFirst || isLast;
  }

  /** The node itself when it has room for so many children, a new one, or 0 when the heap is full. */
  #withRoom(node: number, children: number): number {
    const heap = this.heap;
    if (nodeCapacity(heap, node) >= children) return node;
    try {
      return newNode(heap, children, this.keyWords);
    } catch (thrown) {
      if (thrown instanceof HeapFull) return 0;
      throw thrown;
    }
  }

  /** The child at the path has other elements below it, and may be another object. */
  #replaceChild(level: number, old: number, child: number, below: number): void {
    const parent = this.pathNodes[level];
    const index = this.pathIndexes[level];
    this.#addBelow(level, below - countBelow(this.heap, parent, this.keyWords, index));
    if (child === old) return;
    this.#setChild(level, child);
    this.#addInnerBytes(this.pathRoot, this.heap.capacityOf(child));
    this.#freeNode(old);
  }

  /** Gives back most of a node of which little is used; leaves it when the heap is full. */
  #shrinkWhenSparse(level: number): void {
    const heap = this.heap;
    const node = this.pathNodes[level];
    const count = nodeCount(heap, node);
    const capacity = nodeCapacity(heap, node);
    if (capacity < 12 || count * 4 > capacity) return;
    let smaller: number;
    try {
      smaller = newNode(heap, count, this.keyWords);
    } catch (thrown) {
      if (thrown instanceof HeapFull) return;
      throw thrown;
    }
    this.#children.length = 0;
    this.#children.load(heap, node);
    this.#replaceNode(level, smaller);
  }

  /** While the topmost node has one child, that is the topmost. */
  #lowerTop(): void {
    const heap = this.heap;
    const keyWords = this.keyWords;
    while (this.pathHeight > 0) {
      const top = rootWord(heap, this.pathRoot, ROOT_TOP);
      if (nodeCount(heap, top) > 1) return;
      const child = childOf(heap, top, keyWords, 0);
      loadKey(this.heap, top, this.keyWords, 0, this.key);
      this.#freeNode(top);
      this.pathHeight--;
      const at = heap.write(this.pathRoot) >>> 2;
      const words = heap.words;
      words[at + ROOT_TOP] = child;
      words[at + ROOT_HEIGHT] = this.pathHeight;
      for (let i = 0; i < keyWords; i++) words[at + ROOT_KEY + i] = this.key[i];
    }
  }
}
