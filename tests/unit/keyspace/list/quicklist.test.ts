import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { Heap, HeapFull } from "../../../../src/heap/heap.ts";
import { HeapView } from "../../../../src/heap/heap_view.ts";
import { TreeWalk } from "../../../../src/heap/tree_walk.ts";
import {
  aloneLength,
  FORM_ALONE,
  FORM_PACKED,
  LEAF_HEADER_BYTES,
  leafForm,
  LeafReader,
} from "../../../../src/keyspace/list/leaf.ts";
import { ListBuilder } from "../../../../src/keyspace/list/list_builder.ts";
import { copyElement } from "../../../../src/keyspace/list/list_reader.ts";
import { Quicklists } from "../../../../src/keyspace/list/quicklist.ts";
import { seeded } from "../../heap/seeded.ts";

function elementsOf(view: HeapView, root: number): string[] {
  const found: string[] = [];
  const leaves = new TreeWalk(view, root, 0);
  const reader = new LeafReader();
  while (leaves.next()) {
    reader.open(view, leaves.leaf, false);
    while (reader.next()) {
      const copy = new Uint8Array(reader.length);
      copyElement(view, reader, copy);
      found.push(latin1(copy));
    }
  }
  return found;
}

/** A list, and what should be in it. */
class Model {
  readonly heap: Heap;
  readonly lists: Quicklists;
  readonly root: number;
  expected: string[] = [];

  constructor(heap = new Heap()) {
    this.heap = heap;
    this.lists = new Quicklists(heap);
    this.root = this.lists.create();
  }

  push(atEnd: boolean, text: string): void {
    const bytes = latin1Bytes(text);
    this.lists.push(this.root, atEnd, bytes, 0, bytes.length);
    if (atEnd) this.expected.push(text);
    else this.expected.unshift(text);
  }

  pop(atEnd: boolean): void {
    const element = this.lists.openEnd(this.root, atEnd);
    const copy = new Uint8Array(element.length);
    copyElement(this.heap, element, copy);
    this.lists.openEnd(this.root, atEnd);
    this.lists.removeOpened(this.root, atEnd);
    assert.equal(latin1(copy), atEnd ? this.expected.pop() : this.expected.shift());
  }

  removeAtEnd(atEnd: boolean, count: number): void {
    this.lists.removeAtEnd(this.root, atEnd, count);
    this.expected.splice(atEnd ? this.expected.length - count : 0, count);
  }

  insert(index: number, text: string): void {
    const bytes = latin1Bytes(text);
    this.lists.insert(this.root, index, bytes, 0, bytes.length);
    this.expected.splice(index, 0, text);
  }

  replace(index: number, text: string): void {
    const bytes = latin1Bytes(text);
    this.lists.replace(this.root, index, bytes, 0, bytes.length);
    this.expected[index] = text;
  }

  remove(text: string, limit: number, fromEnd: boolean): void {
    const bytes = latin1Bytes(text);
    const { lists, root } = this;
    const removed = lists.removeMatches(root, bytes, 0, bytes.length, limit, fromEnd);
    const matches = [...this.expected.keys()].filter((i) => this.expected[i] === text);
    const gone = new Set(fromEnd ? matches.slice(-limit) : matches.slice(0, limit));
    assert.equal(removed, gone.size);
    this.expected = this.expected.filter((_, i) => !gone.has(i));
  }

  check(): void {
    this.lists.check(this.root);
    assert.equal(this.lists.count(this.root), this.expected.length);
    assert.equal(this.lists.bytes(this.root), this.heap.allocatedBytes);
  }

  checkElements(): void {
    this.check();
    this.heap.check();
    assert.deepEqual(elementsOf(this.heap, this.root), this.expected);
  }

  end(): void {
    for (const _ of this.lists.freeSteps(this.root));
    assert.equal(this.heap.objectCount, 0);
  }
}

const LENGTHS = [0, 1, 2, 16, 16, 16, 63, 64, 125, 126, 400, 511, 512, 513, 1400, 4096, 9000];

function randomSteps(model: Model, seed: number, steps: number, lengths: readonly number[]): void {
  const prng = seeded(seed);
  const below = (limit: number) => prng.nextUint32() % limit;
  const text = () => {
    if (below(5) === 0) return String(below(3) * 1000 ** below(5));
    return "abc"[below(3)].repeat(lengths[below(lengths.length)]);
  };
  let isFrozen = false;
  for (let i = 0; i < steps; i++) {
    const { length } = model.expected;
    const step = below(16);
    if (step < 4) model.push(below(2) === 0, text());
    else if (step === 4) {
      const [atEnd, first] = [below(2) === 0, text()];
      for (let n = below(400); n > 0; n--) model.push(atEnd, first);
    } else if (step === 5) { for (let n = below(60); n > 0; n--) model.push(n % 2 === 0, text()); }
    else if (length === 0) continue;
    else if (step === 6 || step === 7) model.pop(below(2) === 0);
    else if (step === 8) model.removeAtEnd(below(2) === 0, 1 + below(Math.min(length, 200)));
    else if (step < 12) model.insert(below(length + 1), text());
    else if (step < 14) model.replace(below(length), text());
    else if (step === 14) {
      model.remove(text(), below(2) ? Infinity : 1 + below(20), below(2) === 0);
    } else if (below(4) === 0) {
      if (isFrozen) model.heap.release();
      else model.heap.freeze();
      isFrozen = !isFrozen;
    }
    model.check();
    if (i % 50 === 0) model.checkElements();
  }
  if (isFrozen) model.heap.release();
  model.checkElements();
}

test("whatever is done to a list, it holds what it should", () => {
  for (const [seed, lengths] of [[1, LENGTHS], [2, [16]], [3, [1]], [4, [2, 3]], [5, [500, 512]]]) {
    const model = new Model();
    randomSteps(model, seed as number, 250, lengths as number[]);
    model.end();
  }
});

test("texts of one length stand without anything in between", () => {
  const model = new Model();
  for (let i = 0; i < 50_000; i++) model.push(i % 3 === 0, `element-${String(i).padStart(8, "0")}`);
  const bytes = model.lists.bytes(model.root) / 50_000;
  assert.ok(bytes < 16.3, `${bytes} bytes an element`);
  model.checkElements();
  model.end();
});

test("what does not fit a run is packed, what is long stands alone", () => {
  const model = new Model();
  for (const text of ["aa", "bb", "ccc"]) model.push(true, text);
  assert.equal(leafForm(model.heap, model.lists.tree.first(model.root)), FORM_PACKED);
  model.push(true, "x".repeat(513));
  const last = model.lists.tree.last(model.root);
  assert.equal(leafForm(model.heap, last), FORM_ALONE);
  assert.equal(aloneLength(model.heap, last), 513);
  assert.equal(model.heap.byteAt(last, LEAF_HEADER_BYTES), 120);
  model.checkElements();
});

test("a frozen list is read as it was", () => {
  const model = new Model();
  randomSteps(model, 6, 200, LENGTHS);
  const before = [...model.expected];
  const view = new HeapView(model.heap.freeze());
  for (let i = 0; i < 300; i++) {
    model.push(i % 2 === 0, `more ${i}`);
    model.replace(i, "changed");
    model.remove("changed", 1, true);
    if (i % 3 === 0) model.pop(true);
  }
  assert.deepEqual(elementsOf(view, model.root), before);
  model.heap.release();
  model.checkElements();
  model.end();
});

test("a copy is another list", () => {
  const model = new Model();
  randomSteps(model, 7, 80, LENGTHS);
  const copy = model.lists.copy(model.root);
  const before = [...model.expected];
  model.lists.check(copy);
  for (let i = 0; i < 100; i++) model.push(true, "x".repeat(i * 7));
  assert.deepEqual(elementsOf(model.heap, copy), before);
  for (const _ of model.lists.freeSteps(copy));
  model.checkElements();
  model.end();
});

/** Takes every page that there is, one an object. */
function fill(heap: Heap): number[] {
  const refs: number[] = [];
  try {
    for (;;) refs.push(heap.allocate(8192));
  } catch (thrown) {
    assert.ok(thrown instanceof HeapFull);
    return refs;
  }
}

test("a full heap changes nothing", () => {
  for (const seed of [8, 9, 10]) {
    const heap = new Heap(10);
    const ballast = fill(heap);
    for (const ref of ballast.splice(0, 24)) heap.free(ref);
    const model = new Model(heap);
    const prng = seeded(seed);
    const below = (limit: number) => prng.nextUint32() % limit;
    let failures = 0;
    for (let i = 0; i < 3000; i++) {
      const text = "abc"[below(3)].repeat(LENGTHS[below(LENGTHS.length)]);
      const { length } = model.expected;
      try {
        const step = below(5);
        if (step < 2 || length === 0) model.push(below(2) === 0, text);
        else if (step === 2) model.insert(below(length + 1), text);
        else if (step === 3) model.replace(below(length), text);
        else if (below(20) === 0) model.remove(text, 3, true);
      } catch (thrown) {
        assert.ok(thrown instanceof HeapFull);
        failures++;
        if (failures % 10 === 0 && length > 20) model.removeAtEnd(below(2) === 0, 20);
      }
      model.lists.check(model.root);
      assert.equal(model.lists.count(model.root), model.expected.length, `step ${i}`);
    }
    assert.ok(failures > 10);
    assert.deepEqual(elementsOf(model.heap, model.root), model.expected);
    for (const ref of ballast) heap.free(ref);
    model.checkElements();
    model.end();
  }
});

test("a builder makes the same of strings and of listpacks", () => {
  const model = new Model();
  const builder = new ListBuilder(model.lists);
  builder.begin(model.root);
  const prng = seeded(11);
  for (let i = 0; i < 3000; i++) {
    const length = i < 1500 ? 16 : LENGTHS[prng.nextUint32() % LENGTHS.length];
    const text = i % 7 === 0 && i > 1000 ? String(i) : "abc"[i % 3].repeat(length);
    const bytes = latin1Bytes(text);
    builder.add(bytes, 0, bytes.length);
    model.expected.push(text);
  }
  builder.finish();
  model.checkElements();
  model.end();
});
