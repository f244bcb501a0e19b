import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { Heap } from "../../../src/heap/heap.ts";
import { HeapView, PLACES_MAX } from "../../../src/heap/heap_view.ts";
import { CHUNK_BYTES, CHUNK_PAGES, PAGE_BYTES } from "../../../src/heap/page_layout.ts";
import { HeapModel } from "./heap_model.ts";
import { seeded } from "./seeded.ts";

/** A heap of so many full chunks of one-page objects, each with its number in its first word. */
function numberedPages(chunks: number): { heap: Heap; refs: number[] } {
  const heap = new Heap();
  const refs: number[] = [];
  for (let i = 0; i < chunks * CHUNK_PAGES; i++) {
    const ref = heap.allocate(PAGE_BYTES);
    heap.setWordAt(ref, 0, i);
    heap.setWordAt(ref, PAGE_BYTES - 4, ~i);
    refs.push(ref);
  }
  assert.equal(heap.reservedBytes, chunks * CHUNK_BYTES);
  return { heap, refs };
}

function checkNumbers(view: HeapView, refs: number[], isLive: (i: number) => boolean): void {
  refs.forEach((ref, i) => {
    if (!isLive(i)) return;
    assert.equal(view.wordAt(ref, 0), i);
    assert.equal(view.wordAt(ref, PAGE_BYTES - 4), ~i);
  });
}

/** Compacts until it does not pay any more; returns how many pages were moved. */
function compactAll(heap: Heap): number {
  let moved = 0;
  for (let calls = 0; heap.isSparse; calls++) {
    moved += heap.compact(64);
    if (calls % 10 === 0) heap.check();
    assert.ok(calls < 1000, "it comes to an end");
  }
  heap.check();
  return moved;
}

test("any steps with compaction in between leave heap and freeze with the model's bytes", () => {
  let sparse = 0;
  let frozen = 0;
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 30 }), (seed, steps) => {
      const prng = seeded(seed);
      const model = new HeapModel(prng);
      for (let i = 0; i < steps; i++) {
        if (i % 5 === 0) model.scatter(1 + prng.below(8));
        model.step();
        if (model.isFrozen) {
          if (prng.below(4) === 0) model.release();
        } else if (prng.below(16) === 0) model.freeze();
        if (model.heap.isSparse) sparse++;
        if (model.isFrozen) frozen++;
        model.compact();
        model.heap.check();
      }
      model.checkAll();
      if (model.isFrozen) model.release();
      model.compactAll();
      model.finish();
    }),
    { numRuns: 40 },
  );
  assert.ok(sparse > 50 && frozen > 50, `sparse ${sparse} times, frozen ${frozen} times`);
});

test("what a freeze held comes back, though every page was written under it", () => {
  const { heap, refs } = numberedPages(10);
  const view = new HeapView(heap.freeze());
  for (const ref of refs) heap.setWordAt(ref, 4, 1);
  assert.equal(heap.reservedBytes, 20 * CHUNK_BYTES);
  assert.equal(heap.compact(1000), 0, "nothing is moved under a freeze");
  checkNumbers(view, refs, () => true);
  heap.release();
  compactAll(heap);
  assert.ok(heap.reservedBytes <= 12 * CHUNK_BYTES, `${heap.reservedBytes / CHUNK_BYTES} chunks`);
  checkNumbers(heap, refs, () => true);
});

test("what a freeze held comes back when pages here and there were written under it", () => {
  const { heap, refs } = numberedPages(10);
  const prng = seeded(1);
  heap.freeze();
  for (const ref of refs) if (prng.below(2) === 0) heap.setWordAt(ref, 4, 1);
  heap.release();
  assert.ok(heap.reservedBytes >= 14 * CHUNK_BYTES);
  const moved = compactAll(heap);
  assert.ok(heap.reservedBytes <= 12 * CHUNK_BYTES, `${heap.reservedBytes / CHUNK_BYTES} chunks`);
  assert.ok(moved < 3 * CHUNK_PAGES, `${moved} pages were moved`);
  checkNumbers(heap, refs, () => true);
});

test("the memory of most of a data set comes back, and a later freeze reads past the gaps", () => {
  const { heap, refs } = numberedPages(8);
  const prng = seeded(2);
  const live = refs.map(() => prng.below(8) === 0);
  const isLive = (i: number) => live[i];
  refs.forEach((ref, i) => live[i] || heap.free(ref));
  assert.equal(heap.reservedBytes, 8 * CHUNK_BYTES);
  const moved = compactAll(heap);
  assert.ok(moved < CHUNK_PAGES, "no page is moved twice");
  assert.ok(heap.reservedBytes <= 3 * CHUNK_BYTES);
  checkNumbers(heap, refs, isLive);
  const image = heap.freeze();
  assert.ok(image.chunks.includes(undefined), "there are gaps");
  const view = new HeapView(image);
  refs.forEach((ref, i) => live[i] && heap.fill(ref, 0, PAGE_BYTES, 0));
  heap.check();
  checkNumbers(view, refs, isLive);
  heap.release();
  heap.check();
  // The places of the chunks that are gone are filled again.
  const large = heap.allocate(9 * CHUNK_BYTES);
  heap.fill(large, 0, 9 * CHUNK_BYTES, 1);
  assert.ok(!heap.freeze().chunks.includes(undefined));
  heap.release();
  heap.check();
});

test("nothing is moved and no chunk goes when it would not pay", () => {
  const { heap, refs } = numberedPages(20);
  const one = heap.allocate(PAGE_BYTES);
  heap.free(one);
  assert.equal(heap.reservedBytes, 21 * CHUNK_BYTES);
  // Two chunks' worth may be free: one is, for the page above, and one is freed here and there.
  for (let i = 0; i < CHUNK_PAGES; i++) heap.free(refs[i * 20]);
  assert.equal(heap.isSparse, false);
  assert.equal(heap.compact(1000), 0);
  assert.equal(heap.reservedBytes, 21 * CHUNK_BYTES);
  heap.free(refs[1]);
  assert.equal(heap.isSparse, true);
  assert.equal(heap.compact(0), 0);
  assert.equal(heap.compact(1000), 0, "an empty chunk goes first, and that is enough");
  assert.equal(heap.reservedBytes, 20 * CHUNK_BYTES);
  assert.equal(heap.isSparse, false);
  heap.check();
});

test("a data set that breathes by a chunk neither gives back nor grows", () => {
  const { heap, refs } = numberedPages(6);
  for (let i = 0; i < refs.length; i += 2) heap.free(refs[i]);
  compactAll(heap);
  for (let ref = heap.allocate(CHUNK_BYTES), round = 0; round < 50; round++) {
    const reserved = heap.reservedBytes;
    heap.free(ref);
    compactAll(heap);
    ref = heap.allocate(CHUNK_BYTES);
    compactAll(heap);
    if (round > 0) assert.equal(heap.reservedBytes, reserved);
  }
  checkNumbers(heap, refs, (i) => i % 2 === 1);
});

test("a chunk that is being emptied gets no new pages, and whatever happens then is safe", () => {
  for (const event of ["allocate", "freeze", "clear", "purge"]) {
    const { heap, refs } = numberedPages(6);
    // Chunk 2 is the emptiest, the others are half empty.
    const isLive = (i: number) => Math.floor(i / CHUNK_PAGES) === 2 ? i % 16 === 0 : i % 2 === 0;
    refs.forEach((ref, i) => isLive(i) || heap.free(ref));
    assert.equal(heap.compact(100), 100);
    heap.check();
    if (event === "allocate") {
      for (let i = 0; i < 500; i++) refs.push(heap.allocate(PAGE_BYTES));
      refs.splice(-500).forEach((ref) => heap.setWordAt(ref, 0, -1));
      assert.equal(heap.compact(28), 28, "what was left of chunk 2");
      assert.equal(heap.compact(1), 0, "and it goes");
      assert.equal(heap.reservedBytes, 5 * CHUNK_BYTES);
    } else if (event === "freeze") {
      const view = new HeapView(heap.freeze());
      assert.equal(heap.isSparse, false);
      assert.equal(heap.compact(100), 0);
      refs.forEach((ref, i) => isLive(i) && heap.setWordAt(ref, 4, 1));
      heap.check();
      checkNumbers(view, refs, isLive);
      heap.release();
    } else if (event === "clear") heap.clear();
    else heap.releaseEmptyChunks(0);
    compactAll(heap);
    if (event === "clear") assert.equal(heap.reservedBytes, 2 * CHUNK_BYTES);
    else checkNumbers(heap, refs, isLive);
  }
});

test("after clear the chunks go a few at a time, also those that a freeze held", () => {
  const { heap, refs } = numberedPages(12);
  const view = new HeapView(heap.freeze());
  heap.clear();
  assert.equal(heap.compact(64), 0);
  assert.equal(heap.reservedBytes, 12 * CHUNK_BYTES);
  checkNumbers(view, refs, () => true);
  heap.release();
  heap.check();
  assert.equal(heap.compact(64), 0);
  const left = heap.reservedBytes / CHUNK_BYTES;
  assert.ok(left < 12 && left > 2, `${left} chunks are left after one call`);
  compactAll(heap);
  assert.equal(heap.reservedBytes, 2 * CHUNK_BYTES);
  assert.equal(heap.freeze().table.length, 1, "a freeze of nothing copies next to nothing");
});

test("a large object that lies in a row lies in a row after it was moved", () => {
  const { heap, refs } = numberedPages(5);
  const size = 300 * PAGE_BYTES;
  const large = heap.allocate(size);
  heap.fill(large, 0, size, 7);
  // Its chunk is the emptiest; chunk 3 is the fullest with room, and the room is in a row.
  refs.forEach((ref, i) => {
    const chunk = Math.floor(i / CHUNK_PAGES);
    if (chunk < 3 ? i % 5 < 3 : chunk === 3 && i % CHUNK_PAGES >= 1000) heap.free(ref);
  });
  heap.span(large, 0, size);
  const before = heap.bytes;
  assert.equal(heap.compact(300), 300);
  const at = heap.span(large, 0, size);
  assert.notEqual(heap.bytes, before, "it was moved");
  assert.equal(heap.spanLength, size);
  assert.ok(heap.bytes.subarray(at, at + size).every((byte) => byte === 7));
  heap.check();
});

test("a word noted before its chunk went may be touched", () => {
  const { heap, refs } = numberedPages(6);
  for (const ref of refs.slice(0, PLACES_MAX)) heap.note(ref, 0);
  heap.clear();
  heap.releaseEmptyChunks(0);
  heap.touchNoted();
  assert.equal(heap.touched, 0);
});
