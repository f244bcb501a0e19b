/**
 * What is done with the whole of a {@link CountedTree}: freeing, copying, verifying.
 */
import { assert } from "../base/assert.ts";
import type { Heap } from "./heap.ts";
import {
  childOf,
  countBelow,
  insertChild,
  KEY_WORDS_MAX,
  leftmostLeaf,
  loadKey,
  newNode,
  newVersion,
  nodeCapacity,
  nodeChildrenMax,
  nodeChildrenMin,
  nodeCount,
  rightmostLeaf,
  ROOT_BYTES,
  ROOT_COUNT,
  ROOT_FIRST,
  ROOT_HEIGHT,
  ROOT_INNER_BYTES,
  ROOT_LAST,
  ROOT_TOP,
  ROOT_VERSION,
  rootWord,
} from "./tree_node.ts";

/** Objects that are freed before a pause. */
const FREED_BETWEEN_PAUSES = 50;

/** Frees root object, nodes and, by `freeLeaf`, leaves; pauses now and then. */
export function* freeTree(
  heap: Heap,
  root: number,
  keyWords: number,
  freeLeaf: (leaf: number) => void,
): Generator<undefined, void, void> {
  const height = rootWord(heap, root, ROOT_HEIGHT);
  const top = rootWord(heap, root, ROOT_TOP);
  if (height === 0 && top !== 0) freeLeaf(top);
  const nodes = height === 0 ? [] : [top];
  const indexes = [0];
  for (let freed = 1; nodes.length > 0;) {
    const level = nodes.length - 1;
    const node = nodes[level];
    if (indexes[level] === nodeCount(heap, node)) {
      heap.free(node);
      nodes.pop();
      indexes.pop();
    } else {
      const child = childOf(heap, node, keyWords, indexes[level]++);
      if (level + 1 < height) {
        nodes.push(child);
        indexes.push(0);
        continue;
      }
      freeLeaf(child);
    }
    if (freed++ % FREED_BETWEEN_PAUSES === 0) yield;
  }
  heap.free(root);
}

/** The making of a copy. */
export class TreeCopy {
  readonly #heap: Heap;
  readonly #keyWords: number;
  readonly #copyLeaf: (leaf: number) => number;
  readonly #freeLeaf: (leaf: number) => void;
  #bytes = 0;

  constructor(
    heap: Heap,
    keyWords: number,
    copyLeaf: (leaf: number) => number,
    freeLeaf: (leaf: number) => void,
  ) {
    this.#heap = heap;
    this.#keyWords = keyWords;
    this.#copyLeaf = copyLeaf;
    this.#freeLeaf = freeLeaf;
  }

  /**
   * Copies a tree and returns the new root object.
   * @throws {HeapFull} and then nothing is left of the copy.
   */
  copy(root: number): number {
    const heap = this.#heap;
    const height = rootWord(heap, root, ROOT_HEIGHT);
    const top = rootWord(heap, root, ROOT_TOP);
    const copied = heap.allocate(ROOT_BYTES);
    this.#bytes = heap.capacityOf(copied);
    let copiedTop: number;
    try {
      copiedTop = top === 0 ? 0 : this.#copyBelow(top, height);
    } catch (thrown) {
      heap.free(copied);
      throw thrown;
    }
    heap.copyWithin(root, 0, copied, 0, ROOT_BYTES);
    const first = leftmostLeaf(heap, copiedTop, this.#keyWords, height);
    const last = rightmostLeaf(heap, copiedTop, this.#keyWords, height);
    const at = heap.write(copied) >>> 2;
    const words = heap.words;
    words[at + ROOT_TOP] = copiedTop;
    words[at + ROOT_VERSION] = newVersion();
    words[at + ROOT_FIRST] = first;
    words[at + ROOT_LAST] = last;
    words[at + ROOT_INNER_BYTES] = this.#bytes;
    return copied;
  }

  /** Copies a node that stands so many levels above the leaves, or a leaf. */
  #copyBelow(source: number, above: number): number {
    const heap = this.#heap;
    const keyWords = this.#keyWords;
    if (above === 0) return this.#copyLeaf(source);
    const count = nodeCount(heap, source);
    const copied = newNode(heap, count, keyWords);
    const key = new Int32Array(KEY_WORDS_MAX);
    try {
      for (let i = 0; i < count; i++) {
        const child = this.#copyBelow(childOf(heap, source, keyWords, i), above - 1);
        loadKey(heap, source, keyWords, i, key);
        const below = countBelow(heap, source, keyWords, i);
        insertChild(heap, copied, keyWords, i, child, below, key);
      }
    } catch (thrown) {
      this.#freeBelow(copied, above);
      throw thrown;
    }
    this.#bytes += heap.capacityOf(copied);
    return copied;
  }

  #freeBelow(node: number, above: number): void {
    const heap = this.#heap;
    if (above === 0) return this.#freeLeaf(node);
    const count = nodeCount(heap, node);
    for (let i = 0; i < count; i++) {
      this.#freeBelow(childOf(heap, node, this.#keyWords, i), above - 1);
    }
    heap.free(node);
  }
}

/** Verifies the nodes of a tree and what the root object says of them. */
export function checkTree(heap: Heap, root: number, keyWords: number, isDense: boolean): void {
  const height = rootWord(heap, root, ROOT_HEIGHT);
  const count = rootWord(heap, root, ROOT_COUNT);
  let bytes = heap.capacityOf(root);
  if (height > 0) {
    const top = rootWord(heap, root, ROOT_TOP);
    assert(nodeCount(heap, top) >= 2, "the topmost node has a choice");
    bytes += new NodeCheck(heap, keyWords, isDense).check(top, height, count, true, true);
  }
  assert(bytes === rootWord(heap, root, ROOT_INNER_BYTES), "every byte is counted");
}

class NodeCheck {
  readonly #heap: Heap;
  readonly #keyWords: number;
  readonly #childrenMax: number;
  readonly #childrenMin: number;

  constructor(heap: Heap, keyWords: number, isDense: boolean) {
    this.#heap = heap;
    this.#keyWords = keyWords;
    this.#childrenMax = nodeChildrenMax(keyWords);
    this.#childrenMin = isDense ? nodeChildrenMin(keyWords) : 1;
  }

  /** Verifies a node and those below it; returns the bytes they take. */
  check(
    node: number,
    above: number,
    elements: number,
    isFirst: boolean,
    isLast: boolean,
  ): number {
    const heap = this.#heap;
    const keyWords = this.#keyWords;
    const count = nodeCount(heap, node);
    const capacity = nodeCapacity(heap, node);
    assert(count >= (isFirst || isLast ? 1 : this.#childrenMin), "no node is too thin");
    assert(count <= capacity, "the children fit the node");
    assert(capacity <= this.#childrenMax, "no node is too large");
    let bytes = heap.capacityOf(node);
    assert(4 + capacity * (keyWords + 2) * 4 <= bytes, "the capacity fits the object");
    let sum = 0;
    for (let i = 0; i < count; i++) {
      if (i > 0) assert(this.#compareKeys(node, i - 1, node, i) <= 0, "keys are in order");
      const below = countBelow(heap, node, keyWords, i);
      sum += below;
      if (above === 1) continue;
      const child = childOf(heap, node, keyWords, i);
      assert(this.#compareKeys(node, i, child, 0) === 0, "a node's key is its first child's");
      bytes += this.check(child, above - 1, below, isFirst && i === 0, isLast && i === count - 1);
    }
    assert(sum === elements, "a node knows how much is below it");
    return bytes;
  }

  /** Negative, 0 or positive as the key of one child is below, equal to or above another's. */
  #compareKeys(node: number, index: number, other: number, otherIndex: number): number {
    const keyWords = this.#keyWords;
    for (let i = 0; i < keyWords; i++) {
      const one = this.#heap.wordAt(node, (1 + index * keyWords + i) * 4);
      const two = this.#heap.wordAt(other, (1 + otherIndex * keyWords + i) * 4);
      if (one !== two) return one < two ? -1 : 1;
    }
    return 0;
  }
}
