import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { Heap } from "../../../src/heap/heap.ts";
import { HeapView } from "../../../src/heap/heap_view.ts";
import { CHUNK_BYTES, PAGE_BYTES } from "../../../src/heap/page_layout.ts";
import { contents, HeapModel } from "./heap_model.ts";
import { seeded } from "./seeded.ts";

test("a freeze shows the bytes of its instant whatever happens afterwards", () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 40 }), (seed, steps) => {
      const model = new HeapModel(seeded(seed));
      for (let i = 0; i < steps; i++) model.step();
      if (!model.isFrozen) model.freeze();
      for (let i = 0; i < steps; i++) {
        model.step();
        if (!model.isFrozen) model.freeze();
        model.checkFrozen();
        model.heap.check();
      }
      model.checkAll();
      model.finish();
    }),
    { numRuns: 60 },
  );
});

test("clear during a freeze gives the pages back at release", () => {
  const model = new HeapModel(seeded(21));
  for (let i = 0; i < 500; i++) model.allocate(i * 30);
  const mapped = model.heap.mappedBytes;
  model.freeze();
  model.clear();
  model.checkAll();
  assert.equal(model.heap.mappedBytes, mapped, "the freeze holds them");
  for (let i = 0; i < 500; i++) model.allocate(i * 30);
  model.checkAll();
  assert.equal(model.heap.mappedBytes, 2 * mapped);
  assert.equal(model.heap.releaseEmptyChunks(0), 0, "no chunk of a freeze is given back");
  model.release();
  assert.equal(model.heap.mappedBytes, mapped);
  model.checkAll();
  model.finish();
});

test("each page is copied once, and only when it is written", () => {
  const heap = new Heap();
  const ref = heap.allocate(100 * PAGE_BYTES);
  heap.fill(ref, 0, 100 * PAGE_BYTES, 1);
  const view = new HeapView(heap.freeze());
  assert.equal(heap.isFrozen, true);
  assert.equal(heap.copiedPages, 0);
  contents(heap, ref, 100 * PAGE_BYTES);
  assert.equal(heap.copiedPages, 0, "reading copies nothing");
  heap.fill(ref, PAGE_BYTES * 3 + 5, 10, 2);
  heap.fill(ref, PAGE_BYTES * 3 + 500, 10, 2);
  assert.equal(heap.copiedPages, 1);
  heap.fill(ref, PAGE_BYTES * 10 - 1, 2, 2);
  assert.equal(heap.copiedPages, 3);
  heap.fill(ref, 0, 100 * PAGE_BYTES, 3);
  assert.equal(heap.copiedPages, 100);
  assert.ok(contents(view, ref, 100 * PAGE_BYTES).every((byte) => byte === 1));
  assert.equal(heap.mappedBytes, 200 * PAGE_BYTES);
  heap.release();
  assert.equal(heap.mappedBytes, 100 * PAGE_BYTES);
  assert.equal(heap.isFrozen, false);
  heap.check();
});

test("writing all of a scattered large object during a freeze looks at each page once or twice", () => {
  // Pages taken alternately are no neighbours, so that every run is one page long.
  const heap = new Heap();
  const pages = 4000;
  let one = heap.allocate(PAGE_BYTES);
  let other = heap.allocate(PAGE_BYTES);
  for (let i = 2; i <= pages; i++) {
    one = heap.resize(one, i * PAGE_BYTES, 0);
    other = heap.resize(other, i * PAGE_BYTES, 0);
  }
  heap.span(one, 0, pages * PAGE_BYTES);
  assert.equal(heap.spanLength, PAGE_BYTES, "the object is scattered");
  heap.fill(one, 0, pages * PAGE_BYTES, 1);
  const view = new HeapView(heap.freeze());
  let offset = 0;
  for (let runs = 0; offset < pages * PAGE_BYTES; runs++) {
    heap.spanToWrite(one, offset, pages * PAGE_BYTES - offset);
    offset += heap.spanLength;
    assert.ok(
      heap.copiedPages <= offset / PAGE_BYTES + 1,
      "no more is copied than is written next",
    );
    assert.ok(runs <= pages);
  }
  heap.fill(one, 0, pages * PAGE_BYTES, 2);
  assert.equal(heap.copiedPages, pages);
  assert.equal(view.byteAt(one, pages * PAGE_BYTES - 1), 1);
  heap.release();
  heap.check();
});

test("an image crosses as a structured clone", () => {
  const heap = new Heap();
  const ref = heap.allocate(3 * PAGE_BYTES);
  heap.fill(ref, 0, 3 * PAGE_BYTES, 5);
  // Without a port nothing shared may be cloned on some runtimes: the parts are what crosses.
  const image = heap.freeze();
  assert.ok(image.table.buffer instanceof SharedArrayBuffer);
  for (const chunk of image.chunks) assert.ok(chunk instanceof SharedArrayBuffer);
  const view = new HeapView({
    table: new Int32Array(image.table.buffer),
    chunks: [...image.chunks],
  });
  heap.free(ref);
  for (let i = 0; i < 300; i++) heap.fill(heap.allocate(PAGE_BYTES), 0, PAGE_BYTES, 6);
  assert.ok(contents(view, ref, 3 * PAGE_BYTES).every((byte) => byte === 5));
  heap.release();
});

test("one freeze at a time, release after freeze, and freezes follow each other", () => {
  const heap = new Heap();
  const ref = heap.allocate(16);
  assert.throws(() => heap.release());
  for (let i = 0; i < 5; i++) {
    heap.setWordAt(ref, 0, i);
    const view = new HeapView(heap.freeze());
    assert.throws(() => heap.freeze());
    heap.setWordAt(ref, 0, 100 + i);
    assert.equal(view.wordAt(ref, 0), i);
    assert.equal(heap.wordAt(ref, 0), 100 + i);
    heap.release();
    heap.check();
  }
});

test("when memory runs out during a freeze, the freeze and the objects stay", () => {
  const original = globalThis.SharedArrayBuffer;
  for (let seed = 0; seed < 4; seed++) {
    const model = new HeapModel(seeded(100 + seed));
    for (let i = 0; i < 150; i++) model.allocate(100000);
    const stingy = function (size: number): SharedArrayBuffer {
      if (size >= CHUNK_BYTES) throw new RangeError("no memory");
      return new original(size);
    };
    model.freeze();
    globalThis.SharedArrayBuffer = stingy as unknown as SharedArrayBufferConstructor;
    try {
      for (let i = 0; i < 400; i++) model.allocate(1 + i * 20);
      assert.ok(model.fullCount > 0, "memory ran out");
    } finally {
      globalThis.SharedArrayBuffer = original;
    }
    model.checkAll();
    model.finish();
  }
});
