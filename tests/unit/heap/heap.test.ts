import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { Heap, HeapFull } from "../../../src/heap/heap.ts";
import { HeapView } from "../../../src/heap/heap_view.ts";
import {
  CHUNK_BYTES,
  CLASS_BYTES,
  CLASS_CAPACITY,
  CLASS_OF_UNITS,
  PAGE_BYTES,
  SMALL_BYTES_MAX,
} from "../../../src/heap/page_layout.ts";
import { contents, HeapModel } from "./heap_model.ts";
import { randomBytes, sameBytes, seeded } from "./seeded.ts";

test("every size fits its class, and little of it is padding", () => {
  assert.equal(CLASS_BYTES[CLASS_BYTES.length - 1], SMALL_BYTES_MAX - SMALL_BYTES_MAX % 16);
  for (let size = 0; size <= SMALL_BYTES_MAX; size++) {
    const sizeClass = CLASS_OF_UNITS[(size + 15) >>> 4];
    const bytes = CLASS_BYTES[sizeClass];
    assert.ok(bytes >= size && bytes % 16 === 0);
    assert.ok(sizeClass === 0 || CLASS_BYTES[sizeClass - 1] < size);
    if (size > 256) assert.ok(bytes - size <= bytes / (bytes <= 1024 ? 7 : 2.9));
    assert.ok(CLASS_CAPACITY[sizeClass] >= 2 && CLASS_CAPACITY[sizeClass] * bytes <= PAGE_BYTES);
  }
});

test("any steps leave heap and freeze with the bytes that the model has", () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 60 }), (seed, steps) => {
      const model = new HeapModel(seeded(seed));
      for (let i = 0; i < steps; i++) {
        model.step();
        model.heap.check();
      }
      model.checkAll();
      model.finish();
    }),
    { numRuns: 60 },
  );
});

test("a long run over several chunks", () => {
  const model = new HeapModel(seeded(7));
  for (let i = 0; i < 12000; i++) {
    model.step();
    if (i % 1000 === 0) model.checkAll();
  }
  model.checkAll();
  model.finish();
});

test("a heap that is often full stays whole", () => {
  const model = new HeapModel(seeded(11), 10);
  for (let i = 0; i < 3000; i++) {
    model.allocate(i % 3 === 0 ? 150000 : 3000);
    for (let k = 0; k < 2; k++) model.step();
    if (i % 500 === 0) model.checkAll();
  }
  assert.ok(model.fullCount > 100, "the heap was full now and then");
  model.finish();
});

test("many chunks: objects of every class are found where they are", () => {
  const prng = seeded(3);
  const heap = new Heap();
  const refs: number[] = [];
  const words: number[] = [];
  while (heap.allocatedBytes < 5 * CHUNK_BYTES) {
    const ref = heap.allocate(1 + prng.below(SMALL_BYTES_MAX));
    const word = prng.nextUint32() | 0;
    heap.setWordAt(ref, 0, word);
    refs.push(ref);
    words.push(word);
  }
  assert.ok(heap.reservedBytes >= 5 * CHUNK_BYTES);
  // Freed and used again in another order, so that free lists cross chunks.
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < refs.length; i += 2) heap.free(refs[i]);
    for (let i = 0; i < refs.length; i += 2) {
      refs[i] = heap.allocate(1 + prng.below(SMALL_BYTES_MAX));
      words[i] = prng.nextUint32() | 0;
      heap.setWordAt(refs[i], 0, words[i]);
    }
    heap.check();
  }
  refs.forEach((ref, i) => {
    assert.equal(heap.wordAt(ref, 0), words[i]);
    const at = heap.read(ref);
    assert.equal(heap.words[at >>> 2], words[i]);
    assert.equal(heap.bytes[at], words[i] & 0xff);
    assert.equal(heap.byteAt(ref, 1), words[i] >>> 8 & 0xff);
  });
  for (const ref of refs) heap.free(ref);
  heap.check();
  assert.equal(heap.mappedBytes, 0);
  const reserved = heap.reservedBytes;
  assert.equal(heap.releaseEmptyChunks(1), reserved - CHUNK_BYTES);
  assert.equal(heap.reservedBytes, CHUNK_BYTES);
  heap.check();
  const again = heap.allocate(3 * CHUNK_BYTES);
  heap.fill(again, 0, 3 * CHUNK_BYTES, 9);
  assert.equal(heap.byteAt(again, 3 * CHUNK_BYTES - 1), 9);
  heap.check();
});

test("a large object grows and shrinks without its bytes being copied", () => {
  const heap = new Heap();
  const bytes = randomBytes(seeded(5), 5 * PAGE_BYTES);
  let ref = heap.allocate(bytes.length);
  heap.copyIn(ref, 0, bytes, 0, bytes.length);
  for (const pages of [6, 8, 9, 40, 41, 300, 17, 16, 5]) {
    ref = heap.resize(ref, pages * PAGE_BYTES, bytes.length);
    assert.equal(heap.capacityOf(ref), pages * PAGE_BYTES);
    assert.equal(heap.mappedBytes, pages * PAGE_BYTES, "no page more than it needs");
    heap.check();
    assert.ok(sameBytes(contents(heap, ref, bytes.length), bytes));
  }
  const before = ref;
  ref = heap.resize(ref, 2 * PAGE_BYTES, 2 * PAGE_BYTES);
  assert.equal(ref, before, "what shrinks stays");
  heap.check();
  heap.free(ref);
  heap.check();
  assert.equal(heap.mappedBytes, 0);
});

test("an object of 600 MB is reached to its last byte", () => {
  const size = 600 * 2 ** 20;
  const heap = new Heap();
  let ref = heap.allocate(size);
  for (const offset of [0, 2 ** 29 - 4, 2 ** 29, size - 4]) {
    heap.setWordAt(ref, offset, offset + 1);
    heap.copyIn(ref, offset, Uint8Array.of(1, 2, 3, 4), 0, 4);
    assert.equal(heap.wordAt(ref, offset), 0x04030201);
    assert.equal(heap.byteAt(ref, offset + 3), 4);
    assert.deepEqual(contents(heap, ref, 4).length, 4);
    const at = heap.span(ref, offset, size - offset);
    assert.ok(heap.spanLength > 0);
    assert.equal(heap.bytes[at + 2], 3);
  }
  const freeze = new HeapView(heap.freeze());
  heap.copyIn(ref, size - 3, Uint8Array.of(7, 7, 7), 0, 3);
  assert.equal(heap.copiedPages, 1);
  assert.equal(freeze.byteAt(ref, size - 1), 4);
  assert.equal(heap.byteAt(ref, size - 1), 7);
  ref = heap.resize(ref, size - 5 * PAGE_BYTES, size);
  assert.equal(freeze.byteAt(ref, size - 1), 4);
  heap.release();
  heap.check();
  heap.free(ref);
  heap.check();
  assert.equal(heap.mappedBytes, 0);
});

test("the whole of a small heap can be used, and used again after HeapFull", () => {
  const heap = new Heap(10);
  const refs: number[] = [];
  const fill = () => {
    for (;;) refs.push(heap.allocate(PAGE_BYTES));
  };
  assert.throws(fill, HeapFull);
  assert.equal(refs.length, 1023, "all pages but the reserved one");
  heap.check();
  assert.throws(() => heap.allocate(1), HeapFull);
  assert.throws(() => heap.allocate(2 ** 30), HeapFull);
  assert.throws(() => heap.resize(refs[0], 2 * PAGE_BYTES, 10), HeapFull);
  assert.throws(() => heap.resize(refs[0], 10, 10), HeapFull);
  heap.check();
  heap.free(refs.pop()!);
  refs.push(heap.allocate(PAGE_BYTES));
  heap.clear();
  heap.check();
  assert.equal(heap.allocate(1) > 0, true);
});

test("nothing is lost when the system gives no more memory", () => {
  const original = globalThis.SharedArrayBuffer;
  for (let seed = 0; seed < 5; seed++) {
    const model = new HeapModel(seeded(seed));
    let granted = 2;
    const stingy = function (size: number): SharedArrayBuffer {
      if (size >= CHUNK_BYTES && granted-- <= 0) throw new RangeError("no memory");
      return new original(size);
    };
    globalThis.SharedArrayBuffer = stingy as unknown as SharedArrayBufferConstructor;
    try {
      for (let i = 0; i < 300; i++) model.allocate(120000);
      assert.ok(model.fullCount > 0, "memory ran out");
      model.heap.check();
      for (let i = 0; i < 100; i++) {
        model.resize([...model.objects.keys()][i], 200 * PAGE_BYTES);
      }
      model.checkAll();
    } finally {
      globalThis.SharedArrayBuffer = original;
    }
    model.finish();
  }
});
