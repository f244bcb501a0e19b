import assert from "node:assert/strict";
import { CountedTree, type TreeKeyBytes, TreeWalk } from "../../../src/heap/counted_tree.ts";
import { Heap } from "../../../src/heap/heap.ts";
import type { HeapView } from "../../../src/heap/heap_view.ts";
import type { Prng } from "../../../src/base/prng.ts";

/** What a leaf is here: an object that holds its own number, beside which the model keeps the rest. */
export interface ModelLeaf {
  ref: number;
  readonly number: number;
  count: number;
  /** The order of the leaf: a score, or a number that makes an id. Equal ones are tied. */
  key: number;
}

/** A tree beside a plain array of what it must hold. */
export class TreeModel {
  readonly heap: Heap;
  readonly tree: CountedTree;
  readonly keyBytes: TreeKeyBytes;
  readonly root: number;
  leaves: ModelLeaf[] = [];
  /** False once the heap was full. */
  isDense = true;
  /** Bytes of the heap that neither tree nor leaves take. */
  otherBytes = 0;
  readonly #prng: Prng;
  #made = 0;

  constructor(prng: Prng, keyBytes: TreeKeyBytes, heap: Heap = new Heap()) {
    this.#prng = prng;
    this.heap = heap;
    this.keyBytes = keyBytes;
    this.tree = new CountedTree(this.heap, keyBytes);
    this.root = this.tree.create(0, 0);
  }

  get total(): number {
    return this.leaves.reduce((sum, leaf) => sum + leaf.count, 0);
  }

  /** Inserts a leaf so that it becomes the one at `index`. */
  insert(index: number, count: number = 1 + this.#prng.below(100)): void {
    const { tree, root } = this;
    const leaf = { ref: this.newLeaf(this.#made + 1), number: ++this.#made, count, key: 0 };
    leaf.key = this.#keyBetween(this.leaves[index - 1]?.key, this.leaves[index]?.key);
    try {
      if (this.leaves.length === 0) tree.insertAfter(root, leaf.ref, count);
      else if (index === 0 || (index < this.leaves.length && this.#prng.below(2) === 0)) {
        this.goTo(index);
        tree.insertBefore(root, leaf.ref, count);
      } else {
        this.goTo(index - 1);
        tree.insertAfter(root, leaf.ref, count);
      }
    } catch (thrown) {
      this.heap.free(leaf.ref);
      throw thrown;
    }
    this.leaves.splice(index, 0, leaf);
    assert.equal(tree.leaf, leaf.ref);
    assert.equal(tree.before, this.#before(index));
    this.setKey(leaf.key);
    assert.equal(tree.countInLeaf, count);
  }

  remove(index: number): void {
    this.goTo(index);
    this.tree.removeLeaf(this.root);
    this.heap.free(this.leaves[index].ref);
    this.leaves.splice(index, 1);
  }

  addCount(index: number, delta: number): void {
    this.goTo(index);
    this.tree.addCount(this.root, delta);
    this.leaves[index].count += delta;
    assert.equal(this.tree.countInLeaf, this.leaves[index].count);
  }

  move(index: number): void {
    this.goTo(index);
    const leaf = this.leaves[index];
    const ref = this.newLeaf(leaf.number);
    try {
      this.tree.moveLeaf(this.root, ref);
    } catch (thrown) {
      this.heap.free(ref);
      throw thrown;
    }
    this.heap.free(leaf.ref);
    leaf.ref = ref;
  }

  changeKey(index: number): void {
    this.goTo(index);
    const leaf = this.leaves[index];
    const key = this.#keyBetween(this.leaves[index - 1]?.key, this.leaves[index + 1]?.key);
    this.setKey(key);
    leaf.key = key;
  }

  /** Puts the path at a leaf, by one way or another. */
  goTo(index: number): void {
    const { tree, root, leaves } = this;
    const leaf = leaves[index];
    const way = this.#prng.below(4);
    const before = this.#before(index);
    if (index === 0 && way < 2) tree.first(root);
    else if (index === leaves.length - 1 && way < 2) tree.last(root);
    else if (way === 0 && index > 0) {
      this.goTo(index - 1);
      assert.ok(tree.nextLeaf());
    } else if (way === 1 && index < leaves.length - 1) {
      this.goTo(index + 1);
      assert.ok(tree.previousLeaf());
    } else if (way === 2 && this.keyBytes > 0) {
      // On ties, ids alone do not tell leaves apart.
      this.seekKey(leaf.key, (other) => leaf.number === other ? 0 : this.#compare(index, other));
      while (tree.leaf !== leaf.ref) assert.ok(tree.previousLeaf());
    } else tree.seekRank(root, before + this.#prng.below(leaf.count));
    assert.equal(tree.leaf, leaf.ref);
    if (this.#prng.below(2) === 0) assert.equal(tree.before, before);
  }

  seekKey(key: number, compareTie: (number: number) => number): number {
    const { tree, root } = this;
    if (this.keyBytes === 16) {
      return tree.seekId(root, idWord(key, 0), idWord(key, 1), idWord(key, 2), idWord(key, 3));
    }
    return tree.seekScore(root, key, (leaf) => compareTie(this.heap.wordAt(leaf, 0)));
  }

  setKey(key: number): void {
    const { tree, root } = this;
    if (this.keyBytes === 8) tree.setLeafScore(root, key);
    if (this.keyBytes === 16) {
      tree.setLeafId(root, idWord(key, 0), idWord(key, 1), idWord(key, 2), idWord(key, 3));
    }
  }

  newLeaf(number: number): number {
    const ref = this.heap.allocate(16 + this.#prng.below(40));
    this.heap.setWordAt(ref, 0, number);
    return ref;
  }

  /** Any number where a new leaf may go: at the ends more often than in the middle. */
  anyGap(): number {
    const choice = this.#prng.below(10);
    if (choice < 2) return 0;
    if (choice < 4) return this.leaves.length;
    return this.#prng.below(this.leaves.length + 1);
  }

  check(): void {
    const { tree, root, leaves } = this;
    let index = 0;
    tree.check(root, (leaf) => {
      const expected = leaves[index++];
      assert.equal(leaf, expected.ref);
      this.checkKey(tree.leafScore, (i) => tree.leafIdWord(i), expected);
      return expected.count;
    }, this.isDense);
    assert.equal(index, leaves.length);
    assert.equal(tree.leafCount(root), leaves.length);
    assert.equal(tree.count(root), this.total);
    assert.equal(tree.firstLeaf(root), leaves[0]?.ref ?? 0);
    assert.equal(tree.lastLeaf(root), leaves.at(-1)?.ref ?? 0);
    const leafBytes = leaves.reduce((sum, leaf) => sum + this.heap.capacityOf(leaf.ref), 0);
    assert.equal(tree.innerBytes(root) + leafBytes + this.otherBytes, this.heap.allocatedBytes);
  }

  /** A walk, of a frozen heap too, finds these leaves. */
  checkWalk(view: HeapView, leaves: readonly ModelLeaf[] = this.leaves): void {
    const walk = new TreeWalk(view, this.root, this.keyBytes);
    for (const expected of leaves) {
      assert.ok(walk.next());
      assert.equal(walk.leaf, expected.ref);
      assert.equal(view.wordAt(walk.leaf, 0), expected.number);
      assert.equal(walk.count, expected.count);
      this.checkKey(walk.score, (i) => walk.idWord(i), expected);
    }
    assert.equal(walk.next(), false);
  }

  checkKey(score: number, idWordOf: (index: number) => number, expected: ModelLeaf): void {
    if (this.keyBytes === 8) assert.equal(score, expected.key);
    if (this.keyBytes !== 16) return;
    for (let i = 0; i < 4; i++) assert.equal(idWordOf(i), idWord(expected.key, i));
  }

  /** Frees everything: nothing may remain. */
  finish(): void {
    const free = this.tree.freeSteps(this.root, (leaf) => this.heap.free(leaf));
    let pauses = 0;
    while (free.next().done !== true) pauses++;
    assert.ok(pauses <= this.leaves.length / 20);
    assert.equal(this.heap.allocatedBytes, 0);
    if (this.heap.isFrozen) this.heap.release();
    this.heap.check();
  }

  #before(index: number): number {
    let before = 0;
    for (let i = 0; i < index; i++) before += this.leaves[i].count;
    return before;
  }

  /** The order of a leaf against another of the same key: that of the array. */
  #compare(index: number, number: number): number {
    return index - this.leaves.findIndex((leaf) => leaf.number === number);
  }

  /** A key from those of the neighbours on: equal to one of them now and then. */
  #keyBetween(low = -Infinity, high = Infinity): number {
    const prng = this.#prng;
    if (prng.below(8) === 0) return prng.below(2) === 0 ? low : high;
    const from = Math.max(low, -1e9);
    const to = Math.min(high, 1e9);
    const key = from >= to ? from : from + (to - from) * (prng.below(1000) / 999);
    return Math.max(low, Math.min(high, key)) + 0;
  }
}

const DOUBLE = new DataView(new ArrayBuffer(8));

/** The words of an id that stands in the order of a number: all of them count. */
export function idWord(key: number, index: number): number {
  DOUBLE.setFloat64(0, key + 0);
  let high = DOUBLE.getInt32(0);
  let low = DOUBLE.getInt32(4);
  if (high < 0) {
    high = ~high;
    low = ~low;
  } else high ^= 0x80000000;
  return [high >>> 16, high << 16, low >>> 16, low << 16][index];
}
