import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  afterTies,
  beforeTies,
  CountedTree,
  TREE_SPARE_WORDS,
  type TreeKeyBytes,
  TreeWalk,
} from "../../../src/heap/counted_tree.ts";
import { Heap, HeapFull } from "../../../src/heap/heap.ts";
import { HeapView } from "../../../src/heap/heap_view.ts";
import { PAGE_BYTES } from "../../../src/heap/page_layout.ts";
import { AssertionFailure } from "../../../src/base/assert.ts";
import { TreeModel } from "./tree_model.ts";
import { seeded } from "./seeded.ts";

const KINDS: readonly TreeKeyBytes[] = [0, 8, 16];

for (const keyBytes of KINDS) {
  test(`a tree is an array of leaves: keys of ${keyBytes} bytes`, () => {
    const step = fc.tuple(fc.nat(9), fc.nat(1000));
    fc.assert(
      fc.property(fc.nat(), fc.array(step, { minLength: 40, maxLength: 120 }), (seed, steps) => {
        const model = new TreeModel(seeded(seed), keyBytes);
        for (const [action, number] of steps) {
          act(model, action, number);
          model.check();
        }
        model.checkWalk(model.heap);
        model.finish();
      }),
      { numRuns: 15 },
    );
  });

  test(`growing and shrinking to several levels: keys of ${keyBytes} bytes`, () => {
    for (const seed of [1, 2]) {
      const prng = seeded(seed);
      const model = new TreeModel(prng, keyBytes);
      for (let i = 0; i < 3000; i++) {
        model.insert(model.anyGap());
        if (i % 97 === 0) model.check();
      }
      assert.ok(model.tree.height(model.root) >= 2);
      model.check();
      model.checkWalk(model.heap);
      while (model.leaves.length > 0) {
        model.remove(prng.below(model.leaves.length));
        if (model.leaves.length % 97 === 0 || model.leaves.length < 5) model.check();
      }
      assert.equal(model.tree.height(model.root), 0);
      model.finish();
    }
  });

  test(`a queue stays shallow and small: keys of ${keyBytes} bytes`, () => {
    const model = new TreeModel(seeded(5), keyBytes);
    for (const isForward of [true, false]) {
      for (let i = 0; i < 1500; i++) {
        model.insert(isForward ? model.leaves.length : 0);
        if (i >= 700) model.remove(isForward ? 0 : model.leaves.length - 1);
        if (i % 53 === 0) model.check();
      }
      assert.ok(model.tree.height(model.root) <= 2);
      const bytes = model.tree.innerBytes(model.root);
      assert.ok(bytes < model.leaves.length * (8 + keyBytes) * 1.25 + 2000, `${bytes} bytes`);
    }
    model.finish();
  });
}

for (const keyBytes of KINDS) {
  test(`a full heap changes nothing: keys of ${keyBytes} bytes`, () => {
    let fullCount = 0;
    for (let seed = 1; seed <= 4; seed++) {
      const prng = seeded(seed);
      const model = new TreeModel(prng, keyBytes, new Heap(10));
      model.isDense = false;
      const ballast = fillHeap(model, 5 + seed);
      for (let i = 0; i < 3000; i++) {
        const { leaves } = model;
        const inserts = i % 1000 < 800 ? 3 : 1;
        try {
          if (leaves.length === 0 || prng.below(4) < inserts) model.insert(model.anyGap());
          else model.remove(prng.below(leaves.length));
        } catch (thrown) {
          if (!(thrown instanceof HeapFull)) throw thrown;
          if (fullCount++ % 16 === 0) model.check();
        }
        if (i % 101 === 0) model.check();
      }
      model.check();
      for (const ref of ballast) model.heap.free(ref);
      model.finish();
    }
    assert.ok(fullCount > 100, `${fullCount}`);
  });

  test(`a freeze shows the tree of its instant: keys of ${keyBytes} bytes`, () => {
    const prng = seeded(7);
    const model = new TreeModel(prng, keyBytes);
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 150; i++) model.insert(model.anyGap());
      const frozen = model.leaves.map((leaf) => ({ ...leaf }));
      const view = new HeapView(model.heap.freeze());
      for (let i = 0; i < 120; i++) {
        act(model, prng.below(10), prng.below(1000));
        if (i % 40 === 0) model.checkWalk(view, frozen);
      }
      model.check();
      model.checkWalk(view, frozen);
      model.checkWalk(model.heap);
      model.heap.release();
    }
    model.check();
    model.finish();
  });

  test(`no memory to thaw a page changes nothing: keys of ${keyBytes} bytes`, () => {
    const prng = seeded(8);
    const model = new TreeModel(prng, keyBytes);
    const { heap } = model;
    model.isDense = false;
    for (let i = 0; i < 1500; i++) model.insert(model.anyGap());
    const ballast: number[] = [];
    const orphans: number[] = [];
    let fullCount = 0;
    for (let round = 0; round < 400; round++) {
      while (heap.mappedBytes < heap.reservedBytes) ballast.push(heap.allocate(PAGE_BYTES));
      for (let pages = round % 7; pages > 0; pages--) heap.free(ballast.pop()!);
      model.otherBytes = ballast.length * PAGE_BYTES;
      // Mostly removals in one place, so that nodes are merged and levels go.
      const choice = Math.max(0, prng.below(9) - 5);
      const { length } = model.leaves;
      const index = choice > 0 ? prng.below(length) : (length + prng.below(length / 20)) >>> 1;
      model.goTo(index);
      heap.freeze();
      const isFull = withoutMemory(() => changeTree(model, index, choice, orphans));
      if (isFull) fullCount++;
      heap.release();
      for (const ref of orphans.splice(0)) heap.free(ref);
      if (isFull || round % 20 === 0) model.check();
    }
    assert.ok(fullCount > 30 && fullCount < 370, `${fullCount}`);
    heap.check();
  });

  test(`a copy is a tree of its own: keys of ${keyBytes} bytes`, () => {
    const prng = seeded(9);
    for (const leaves of [0, 1, 2, 60, 700]) {
      const model = new TreeModel(prng, keyBytes);
      const { heap, tree, root } = model;
      for (let i = 0; i < leaves; i++) model.insert(model.anyGap());
      for (let i = 0; i < TREE_SPARE_WORDS; i++) tree.setSpare(root, i, -i - 1);
      const expected = model.leaves.map((leaf) => ({ ...leaf }));
      const before = heap.allocatedBytes;
      const copied = tree.copy(root, (ref) => copyLeaf(heap, ref), (ref) => heap.free(ref));
      model.otherBytes = heap.allocatedBytes - before;
      assert.equal(model.otherBytes, tree.innerBytes(copied) + leaves * 16);
      for (let i = 0; i < leaves / 2; i++) model.remove(prng.below(model.leaves.length));
      model.check();
      const walk = new TreeWalk(heap, copied, keyBytes);
      for (const leaf of expected) {
        assert.ok(walk.next());
        assert.equal(heap.wordAt(walk.leaf, 0), leaf.number);
        model.checkKey(walk.score, (i) => walk.idWord(i), leaf);
      }
      assert.equal(walk.next(), false);
      let at = 0;
      tree.check(copied, () => expected[at++].count);
      assert.equal(at, leaves);
      for (let i = 0; i < TREE_SPARE_WORDS; i++) assert.equal(tree.spare(copied, i), -i - 1);
      for (const _ of tree.freeSteps(copied, (ref) => heap.free(ref)));
      model.otherBytes = 0;
      model.check();
    }
  });

  test(`a copy that does not fit leaves nothing: keys of ${keyBytes} bytes`, () => {
    const model = new TreeModel(seeded(10), keyBytes);
    const { heap, tree, root } = model;
    for (let i = 0; i < 700; i++) model.insert(model.anyGap());
    for (let room = 0; room < 700; room += 23) {
      let left = room;
      const copyOrFail = (ref: number): number => {
        if (left-- === 0) throw new HeapFull();
        return copyLeaf(heap, ref);
      };
      assert.throws(() => tree.copy(root, copyOrFail, (ref) => heap.free(ref)), HeapFull);
      model.check();
    }
  });
}

test("seeking by score finds the last leaf that begins at or before it", () => {
  const scores = [
    -Infinity,
    -1e308,
    -2.5,
    -2.5,
    -1e-300,
    0,
    0,
    0,
    5e-324,
    1,
    1,
    7,
    1e300,
    Infinity,
  ];
  const heap = new Heap();
  const tree = new CountedTree(heap, 8);
  const root = tree.create(0, 0);
  // Enough leaves of each score that ties cross nodes.
  for (const score of scores) {
    for (let i = 0; i < 20; i++) {
      if (tree.last(root) === 0) tree.insertBefore(root, heap.allocate(16), 1);
      else tree.insertAfter(root, heap.allocate(16), 1);
      tree.setLeafScore(root, score === 0 && i % 2 === 0 ? -0 : score);
      heap.setWordAt(tree.leaf, 0, tree.count(root) - 1);
    }
  }
  const all = scores.flatMap((score) => Array.from({ length: 20 }, () => score));
  const targets = [...scores, -0, -3, -1, 0.5, 3, 1e9, Number.MAX_VALUE, -Number.MAX_VALUE];
  for (const target of targets) {
    const smaller = all.findLastIndex((score) => score < target);
    tree.seekScore(root, target, beforeTies);
    assert.equal(tree.before, Math.max(0, smaller), `before ${target}`);
    assert.ok(!(tree.leafScore >= target) || smaller < 0);
    tree.seekScore(root, target, afterTies);
    assert.equal(tree.before, Math.max(0, all.findLastIndex((score) => score <= target)));
    for (let wanted = 0; wanted < all.length; wanted += 7) {
      if (all[wanted] !== target) continue;
      tree.seekScore(root, target, (leaf) => wanted - heap.wordAt(leaf, 0));
      assert.equal(tree.before, wanted);
    }
  }
});

test("seeking by id compares unsigned words", () => {
  const heap = new Heap();
  const tree = new CountedTree(heap, 16);
  const root = tree.create(heap.allocate(16), 1);
  const words = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff];
  const ids: number[][] = [];
  for (const a of words) {
    for (const b of words) for (const c of words) for (const d of words) ids.push([a, b, c, d]);
  }
  tree.setLeafId(root, 0, 0, 0, 0);
  for (const [a, b, c, d] of ids.slice(1)) {
    tree.last(root);
    tree.insertAfter(root, heap.allocate(16), 1);
    tree.setLeafId(root, a, b, c, d | 0);
  }
  tree.check(root, () => 1);
  for (const [index, [a, b, c, d]] of ids.entries()) {
    tree.seekId(root, a | 0, b, c, d);
    assert.equal(tree.before, index);
    assert.deepEqual([0, 1, 2, 3].map((i) => tree.leafIdWord(i) >>> 0), [a, b, c, d]);
    if (d === 1) {
      tree.seekId(root, a, b, c, 5);
      assert.equal(tree.before, index);
    }
  }
});

test("one instance serves several trees, and another instance may change them", () => {
  const heap = new Heap();
  const tree = new CountedTree(heap, 0);
  const other = new CountedTree(heap, 0);
  const roots = [tree.create(0, 0), other.create(0, 0)];
  for (let i = 0; i < 1000; i++) {
    const root = roots[i & 1];
    const instance = i % 3 === 0 ? tree : other;
    if (i % 5 === 0) instance.first(root);
    else instance.last(root);
    if (i % 5 === 0) instance.insertBefore(root, heap.allocate(16), 1);
    else instance.insertAfter(root, heap.allocate(16), 1);
  }
  for (const root of roots) {
    tree.check(root, () => 1);
    assert.equal(tree.count(root), 500);
  }
  // The last leaf stays where it is while the nodes above it change.
  for (let i = 1; i <= 200; i++) {
    const last = tree.last(roots[0]);
    tree.addCount(roots[0], 1);
    other.last(roots[0]);
    assert.ok(other.previousLeaf());
    other.insertAfter(roots[0], heap.allocate(16), 1);
    other.check(roots[0], (leaf) => leaf === last ? 1 + i : 1);
  }
  tree.last(roots[0]);
  other.last(roots[0]);
  other.removeLeaf(roots[0]);
  assert.throws(() => tree.removeLeaf(roots[0]), AssertionFailure);
  assert.throws(() => tree.addCount(roots[1], 1), AssertionFailure);
});

test("small trees are small", () => {
  const sizes = KINDS.map((keyBytes) => {
    const heap = new Heap();
    const tree = new CountedTree(heap, keyBytes);
    const root = tree.create(heap.allocate(16), 1);
    const bytes = [tree.innerBytes(root)];
    for (let i = 2; i <= 1000; i++) {
      tree.last(root);
      tree.insertAfter(root, heap.allocate(16), 1);
      if (i === 2 || i === 10 || i === 1000) bytes.push(tree.innerBytes(root));
    }
    return bytes;
  });
  assert.deepEqual(sizes.map((bytes) => bytes[0]), [80, 80, 80]);
  for (const [i, bytes] of sizes.entries()) {
    assert.ok(bytes[1] <= 80 + 128 && bytes[2] <= 80 + 416, `${bytes}`);
    assert.ok(bytes[3] <= 1000 * (8 + KINDS[i]) * 1.1, `${bytes}`);
  }
});

/** One random step of the model. */
function act(model: TreeModel, action: number, number: number): void {
  const { leaves } = model;
  const index = number % (leaves.length || 1);
  if (leaves.length === 0 || action < 4) {
    for (let i = 0; i <= number % 9; i++) model.insert(number % (leaves.length + 1));
  } else if (action < 6) {
    for (let i = 0; i <= number % 7 && leaves.length > 0; i++) model.remove(number % leaves.length);
  } else if (action < 7) {
    model.addCount(index, number % 50 - Math.min(leaves[index].count - 1, 25));
  } else if (action < 8) model.move(index);
  else if (action < 9) model.changeKey(index);
  else model.goTo(index);
}

/** Leaves so many pages of the heap for others. */
function fillHeap(model: TreeModel, pages: number): number[] {
  const ballast: number[] = [];
  try {
    for (;;) ballast.push(model.heap.allocate(PAGE_BYTES));
  } catch (thrown) {
    assert.ok(thrown instanceof HeapFull);
  }
  for (; pages > 0; pages--) model.heap.free(ballast.pop()!);
  model.otherBytes = ballast.length * PAGE_BYTES;
  return ballast;
}

/** One change at the path, which is at the leaf of that index; leaves that nobody has any more. */
function changeTree(model: TreeModel, index: number, choice: number, orphans: number[]): void {
  const { tree, root, leaves } = model;
  const leaf = leaves[index];
  if (choice === 0) {
    tree.removeLeaf(root);
    leaves.splice(index, 1);
    orphans.push(leaf.ref);
  } else if (choice === 1) {
    tree.addCount(root, 5);
    leaf.count += 5;
  } else if (choice === 2) model.setKey(leaf.key);
  else {
    const next = { ...leaf, ref: model.newLeaf(leaf.number) };
    orphans.push(next.ref);
    tree.insertAfter(root, next.ref, next.count);
    orphans.pop();
    model.setKey(next.key);
    leaves.splice(index + 1, 0, next);
  }
}

/** Runs something while the system gives no memory; true when it failed for that. */
function withoutMemory(action: () => void): boolean {
  const { SharedArrayBuffer } = globalThis;
  globalThis.SharedArrayBuffer = class {
    constructor() {
      throw new RangeError("no memory");
    }
  } as unknown as typeof SharedArrayBuffer;
  try {
    action();
    return false;
  } catch (thrown) {
    if (!(thrown instanceof HeapFull)) throw thrown;
    return true;
  } finally {
    globalThis.SharedArrayBuffer = SharedArrayBuffer;
  }
}

function copyLeaf(heap: Heap, ref: number): number {
  const copied = heap.allocate(16);
  heap.setWordAt(copied, 0, heap.wordAt(ref, 0));
  return copied;
}
