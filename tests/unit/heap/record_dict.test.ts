import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { latin1Bytes } from "../../../src/base/ascii.ts";
import { KeyHash } from "../../../src/base/hash.ts";
import { Heap, HeapFull } from "../../../src/heap/heap.ts";
import { HeapView } from "../../../src/heap/heap_view.ts";
import { CHUNK_BYTES, PAGE_BYTES } from "../../../src/heap/page_layout.ts";
import { RecordDict } from "../../../src/heap/record_dict.ts";
import type { RecordHash } from "../../../src/heap/record_dict.ts";
import { recordCount } from "../../../src/heap/record_walk.ts";
import { spreadHash } from "./dict_model.ts";
import { checkWalk, hashBy, keyAt, RecordModel } from "./record_model.ts";
import { seeded } from "./seeded.ts";

/** Hashes that make what a good one makes once in a billion keys. */
const HASHES: Readonly<Record<string, RecordHash>> = {
  "the real hash": new KeyHash(0x12345678, 0x9abcdef0),
  "one hash for all": hashBy(() => 0x12345678),
  "a hash of all ones": hashBy(() => -1),
  "three hashes": hashBy((key) => spreadHash(key) % 3 << 30),
  "equal top bits": hashBy((key) => spreadHash(key) >>> 18),
  "equal tags": hashBy((key) => spreadHash(key) & ~255 | 7),
};
const GOOD = HASHES["the real hash"];

/** A key by number: most are short, some of each length up to 300, few are very long. */
function keyOf(number: number): string {
  if (number % 97 === 96) return `${number}`.padStart(100000, "l");
  if (number % 31 === 30) return `${number}`.padStart(10000, "k");
  if (number === 0) return "";
  return `${number}`.padStart(number % 7 === 6 ? number % 301 : 0, "k");
}

function valueOf(number: number): string {
  const length = [0, 1, 7, 14, 127, 128, 129, 400, 5000, 20000][number % 10];
  return String.fromCharCode(33 + number % 200).repeat(length);
}

function doStep(model: RecordModel, action: number, key: string, number: number): void {
  if (action < 4) model.set(key, valueOf(number));
  else if (action < 5) model.set(key, valueOf(number), 1e12 + number);
  else if (action < 6) model.setExpiry(key, number % 3 === 0 ? -1 : 1e12 + number);
  else if (action < 9) model.remove(key);
  else model.find(key);
}

for (const [name, hash] of Object.entries(HASHES)) {
  for (const hasValues of [true, false]) {
    test(`a record dict is a map: ${name}, ${hasValues ? "with" : "without"} values`, () => {
      const step = fc.tuple(fc.nat(9), fc.nat(200), fc.nat(1000));
      fc.assert(
        fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
          const model = new RecordModel(hash, hasValues);
          for (const [action, key, number] of steps) {
            doStep(model, action, keyOf(key), number);
            model.check();
          }
          model.checkAll();
          for (const key of [...model.map.keys()]) model.remove(key);
          model.check();
          assert.ok(model.dict.bytes(model.root) <= 80, "an empty dict takes next to nothing");
          model.free();
        }),
        { numRuns: 20 },
      );
    });
  }

  test(`growing and shrinking, checked on the way: ${name}`, () => {
    const model = new RecordModel(hash, true);
    const prng = seeded(31);
    for (let i = 0; i < 400; i++) {
      model.set(`field:${i}`, `value ${i}`, i % 5 === 0 ? i : -1);
      model.check();
    }
    model.checkAll();
    const keys = [...model.map.keys()];
    while (keys.length > 0) {
      const [key] = keys.splice(prng.below(keys.length), 1);
      model.remove(key);
      if (keys.length % 4 === 0) model.check();
    }
    assert.ok(model.dict.bytes(model.root) <= 80);
    model.free();
  });
}

test("thousands of records: splits, merges, doubling and halving happen", () => {
  const model = new RecordModel(GOOD, false);
  const prng = seeded(41);
  const count = 20000;
  const member = (i: number) => `member:${i}`.padEnd(16, "-");
  for (let i = 0; i < count; i++) {
    model.set(member(i), "");
    if (i % 1500 !== 1499) continue;
    model.check();
    const perMember = model.dict.bytes(model.root) / (i + 1);
    assert.ok(perMember < 22, `${perMember} bytes a member of ${i + 1}`);
  }
  model.checkAll();
  for (let i = 0; i < count; i++) {
    if (i % 50 !== 0) model.remove(member(i));
    if (prng.below(1500) === 0) model.check();
  }
  model.checkAll();
  const perMember = model.dict.bytes(model.root) / model.map.size;
  assert.ok(perMember < 28, `${perMember} bytes a member after shrinking`);
  for (let i = 0; i < count; i += 50) model.remove(member(i));
  assert.equal(model.dict.bytes(model.root), 80);
  model.free();
});

test("values and expiry times of every kind follow each other", () => {
  for (const hash of [GOOD, HASHES["one hash for all"]]) {
    const model = new RecordModel(hash, true);
    const prng = seeded(5);
    for (let i = 0; i < 300; i++) model.set(`${i}`.padStart(i % 90, "k"), "");
    for (let i = 0; i < 1500; i++) {
      const number = prng.below(300);
      const key = `${number}`.padStart(number % 90, "k");
      if (prng.below(3) === 0) model.setExpiry(key, prng.below(2) === 0 ? -1 : prng.below(2 ** 40));
      else model.set(key, valueOf(prng.below(1000)));
      if (i % 10 === 0) model.check();
    }
    model.checkAll();
    model.free();
  }
});

test("the soonest expiry is a lower bound that may be raised", () => {
  const model = new RecordModel(GOOD, true);
  const { dict, root } = model;
  assert.equal(dict.soonestExpiryMs(root), Infinity);
  model.set("a", "1", 5000);
  assert.equal(dict.soonestExpiryMs(root), 5000);
  model.set("b", "1");
  model.setExpiry("b", 3000);
  assert.equal(dict.soonestExpiryMs(root), 3000);
  model.setExpiry("b", 2000);
  assert.equal(dict.soonestExpiryMs(root), 2000);
  model.setExpiry("b", -1);
  model.setExpiry("b", -1);
  assert.equal(dict.expiringCount(root), 1);
  assert.equal(dict.soonestExpiryMs(root), 2000);
  dict.setSoonestExpiryMs(root, 5000);
  model.check();
  model.remove("a");
  assert.equal(dict.expiringCount(root), 0);
});

test("scores are doubles", () => {
  const heap = new Heap();
  const dict = new RecordDict(heap, GOOD);
  const root = dict.create(true);
  const scores = [0, -0, 1.5, -1e300, Infinity, -Infinity, Number.MIN_VALUE, 2 ** 53];
  scores.forEach((score, i) => {
    const member = latin1Bytes(`m${i}`);
    assert.equal(dict.find(root, member, 0, 2), false);
    dict.insertScore(root, member, 0, 2, score);
  });
  scores.forEach((score, i) => {
    const member = latin1Bytes(`m${i}`);
    assert.ok(dict.find(root, member, 0, 2));
    assert.ok(Object.is(dict.score(root), score));
    assert.equal(dict.valueLength, 8);
    dict.setScore(root, score * 2 + 1);
    assert.equal(dict.score(root), score * 2 + 1);
  });
  dict.check(root);
});

test("has is find without a record", () => {
  const model = new RecordModel(GOOD, false);
  const key = latin1Bytes("key");
  assert.equal(model.dict.has(model.root, key, 0, 3), false);
  model.dict.insert(model.root, key, 0, 3, key, 0, 0);
  assert.equal(model.dict.has(model.root, key, 0, 3), true);
  assert.throws(() => model.dict.remove(model.root), "nothing is found");
  assert.ok(model.dict.find(model.root, key, 0, 3));
  const other = model.dict.create(false);
  assert.throws(() => model.dict.remove(other), "the record found is another dict's");
});

test("whole keys and values are contiguous however long they are", () => {
  const model = new RecordModel(GOOD, true);
  const heap = model.heap;
  for (const length of [0, 5, 64, 65, 3000, 5000, 50000]) {
    model.set("k".repeat(length), "v".repeat(length));
  }
  // Pages written after a freeze move one by one: what spans several is scattered.
  heap.freeze();
  for (const key of [...model.map.keys()]) model.set(key, "w".repeat(key.length));
  heap.release();
  for (const [key, { value }] of model.map) {
    model.find(key);
    const at = model.dict.wholeKey();
    assert.deepEqual(model.dict.wholeBytes.slice(at, at + key.length), latin1Bytes(key));
    const valueAt = model.dict.wholeValue();
    const bytes = model.dict.wholeBytes.slice(valueAt, valueAt + value.length);
    assert.deepEqual(bytes, latin1Bytes(value));
  }
});

test("nothing is empty even at the end of a page", () => {
  const model = new RecordModel(GOOD, false);
  const other = new RecordDict(model.heap, GOOD);
  const none = new Uint8Array(0);
  for (let i = 0; i < 300; i++) {
    const root = other.create(false);
    assert.equal(other.find(root, none, 0, 0), false);
    other.insert(root, none, 0, 0, none, 0, 0);
    // Then the segment is half a page, and of every other one the end is the page's.
    for (let k = 0; k < 30; k++) {
      const member = latin1Bytes(`${k}`.padStart(60));
      if (!other.has(root, member, 0, 60)) other.insert(root, member, 0, 60, none, 0, 0);
    }
    assert.equal(other.find(root, none, 0, 0), true);
    const at = other.wholeKey();
    assert.equal(other.has(root, other.wholeBytes, at, at), true);
    assert.ok(other.find(root, none, 0, 0));
    assert.equal(keyAt(model.heap, other), "");
    other.remove(root);
    assert.equal(other.has(root, none, 0, 0), false);
    other.check(root);
  }
});

test("random goes to each record with the same chance", () => {
  for (const [count, hash] of [[200, GOOD], [3000, GOOD], [300, HASHES["three hashes"]]] as const) {
    const model = new RecordModel(hash, false);
    for (let i = 0; i < count; i++) model.set(`${i}`, "");
    const prng = seeded(51);
    const hits = new Int32Array(count);
    for (let i = 0; i < count * 50; i++) {
      assert.ok(model.dict.random(model.root, prng));
      hits[Number(keyAt(model.heap, model.dict))]++;
    }
    let chiSquare = 0;
    for (const hit of hits) chiSquare += (hit - 50) ** 2 / 50;
    const deviations = (chiSquare - (count - 1)) / Math.sqrt(2 * (count - 1));
    assert.ok(Math.abs(deviations) < 5, `chi-square is ${deviations} deviations off`);
  }
  const empty = new RecordModel(GOOD, false);
  assert.equal(empty.dict.random(empty.root, seeded(1)), false);
});

test("what random or a scan goes to can be changed and removed", () => {
  for (const hash of Object.values(HASHES)) {
    const model = new RecordModel(hash, true);
    const { dict, root, heap } = model;
    for (let i = 0; i < 700; i++) model.set(`${i}`, "value");
    const prng = seeded(3);
    for (let cursor = 0; model.map.size > 0;) {
      if (prng.below(2) === 0) {
        assert.ok(dict.random(root, prng));
      } else {
        cursor = dict.scan(root, cursor);
        if (dict.scannedCount === 0) continue;
        dict.select(prng.below(dict.scannedCount));
      }
      const key = keyAt(heap, dict);
      const value = latin1Bytes("v".repeat(prng.below(200)));
      dict.setValue(root, value, 0, value.length);
      dict.setExpiry(root, 77);
      assert.equal(keyAt(heap, dict), key);
      dict.remove(root);
      assert.ok(model.map.delete(key));
      if (model.map.size % 10 === 0) dict.check(root);
    }
    assert.equal(dict.count(root), 0);
    dict.check(root);
    model.free();
  }
});

test("a scan returns what was there all along exactly once, whatever grows and shrinks", () => {
  for (const hash of [GOOD, HASHES["equal top bits"], HASHES["three hashes"]]) {
    fc.assert(
      fc.property(fc.nat(), fc.nat(1500), fc.nat(1500), (seed, kept, others) => {
        const prng = seeded(seed);
        const model = new RecordModel(hash, false);
        for (let i = 0; i < kept; i++) model.set(`kept:${i}`, "");
        for (let i = 0; i < others; i++) model.set(`other:${i}`, "");
        const found = new Map<string, number>();
        let next = others;
        const grows = prng.below(2) === 0;
        for (let cursor = 0;;) {
          cursor = model.dict.scan(model.root, cursor);
          assert.ok(cursor >= 0 && cursor < 2 ** 32);
          for (let i = 0; i < model.dict.scannedCount; i++) {
            model.dict.select(i);
            const key = keyAt(model.heap, model.dict);
            found.set(key, (found.get(key) ?? 0) + 1);
          }
          if (cursor === 0) break;
          for (let i = prng.below(200); i > 0; i--) {
            if (grows) model.set(`other:${next++}`, "");
            else if (model.map.has(`other:${--next}`)) model.remove(`other:${next}`);
          }
        }
        for (let i = 0; i < kept; i++) assert.equal(found.get(`kept:${i}`), 1);
        for (const count of found.values()) assert.equal(count, 1);
        model.check();
      }),
      { numRuns: 4 },
    );
  }
});

test("a scan may start at any cursor", () => {
  const model = new RecordModel(GOOD, false);
  assert.equal(model.dict.scan(model.root, 0), 0);
  assert.equal(model.dict.scannedCount, 0);
  for (let i = 0; i < 1000; i++) model.set(`${i}`, "");
  const all = [...model.map.keys()].map((key) => GOOD.hash(latin1Bytes(key), 0, key.length) >>> 0);
  for (const from of [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1, 12345678]) {
    let count = 0;
    for (let cursor = from;;) {
      cursor = model.dict.scan(model.root, cursor);
      count += model.dict.scannedCount;
      if (cursor === 0) break;
    }
    assert.equal(count, all.filter((hash) => hash >= from).length);
  }
});

test("a walk of a freeze lists what was there, whatever the dict has become", () => {
  for (const hash of [GOOD, HASHES["three hashes"]]) {
    for (const hasValues of [true, false]) {
      const model = new RecordModel(hash, hasValues);
      for (let i = 0; i < 900; i++) model.set(keyOf(i).slice(0, 300), valueOf(i % 7), i % 3 - 1);
      const then = new Map(model.map);
      const view = new HeapView(model.heap.freeze());
      checkWalk(view, model.root, then);
      const prng = seeded(8);
      for (let i = 0; i < 2000; i++) {
        doStep(model, prng.below(9), keyOf(prng.below(900)).slice(0, 300), prng.below(1000));
      }
      checkWalk(view, model.root, then);
      for (const key of [...model.map.keys()]) model.remove(key);
      for (let i = 0; i < 500; i++) model.set(`new:${i}`, "new");
      checkWalk(view, model.root, then);
      assert.equal(recordCount(view, model.root), then.size);
      model.checkAll();
      model.heap.release();
      model.checkAll();
      model.free();
    }
  }
});

test("a copy is equal and independent", () => {
  for (const hash of [GOOD, HASHES["three hashes"]]) {
    for (const count of [0, 1, 700]) {
      const model = new RecordModel(hash, true);
      for (let i = 0; i < count; i++) model.set(keyOf(i), valueOf(i), i % 5 - 1);
      const then = new Map(model.map);
      const copied = model.dict.copy(model.root);
      const both = model.dict.bytes(model.root) + model.dict.bytes(copied);
      assert.equal(model.heap.allocatedBytes, both);
      model.dict.check(copied);
      for (const key of [...model.map.keys()]) model.remove(key);
      model.dict.check(copied);
      checkWalk(model.heap, copied, then);
      for (const _ of model.dict.freeSteps(copied));
      model.checkAll();
      model.free();
    }
  }
});

test("freeing goes in slices", () => {
  const model = new RecordModel(GOOD, true);
  for (let i = 0; i < 3000; i++) model.set(`${i}`, "v".repeat(i % 2 * 200));
  let steps = 0;
  for (const _ of model.dict.freeSteps(model.root)) steps++;
  assert.ok(steps > 10 && steps < 60, `${steps} steps`);
  assert.equal(model.heap.allocatedBytes, 0);
});

/** Fills a heap but for some pages, and returns what it was filled with. */
function ballastOf(heap: Heap, freePages: number): number[] {
  const ballast: number[] = [];
  assert.throws(() => {
    for (;;) ballast.push(heap.allocate(PAGE_BYTES));
  }, HeapFull);
  for (let i = 0; i < freePages; i++) heap.free(ballast.pop()!);
  return ballast;
}

test("a full heap refuses a change and leaves the dict as it was; removing always works", () => {
  for (const hash of [GOOD, HASHES["one hash for all"], HASHES["equal top bits"]]) {
    for (const freePages of [0, 1, 4]) {
      const model = new RecordModel(hash, true, new Heap(10));
      for (let i = 0; i < 600; i++) model.set(`${i}`.padStart(i % 100), valueOf(i % 7), i % 4 - 1);
      const ballast = ballastOf(model.heap, freePages);
      const prng = seeded(freePages);
      let refused = 0;
      for (let i = 0; i < 4000 && refused < 60; i++) {
        const number = prng.below(900);
        try {
          const key = `${number}`.padStart(number % 100);
          doStep(model, prng.below(6), key, prng.below(10));
        } catch (thrown) {
          if (!(thrown instanceof HeapFull)) throw thrown;
          refused++;
          model.dict.check(model.root);
          model.heap.check();
          checkWalk(model.heap, model.root, model.map);
        }
      }
      assert.ok(refused > 0);
      assert.throws(() => model.dict.copy(model.root), HeapFull);
      const bytes = model.dict.bytes(model.root);
      assert.equal(model.heap.allocatedBytes, bytes + ballast.length * PAGE_BYTES);
      for (const key of [...model.map.keys()]) model.remove(key);
      model.dict.check(model.root);
      for (const _ of model.dict.freeSteps(model.root));
      assert.equal(model.heap.allocatedBytes, ballast.length * PAGE_BYTES);
      model.heap.check();
    }
  }
});

/** A heap that is full after so many more allocations. */
class RationedHeap extends Heap {
  allocationsLeft = Infinity;

  override allocate(sizeBytes: number): number {
    if (this.allocationsLeft === 0) throw new HeapFull();
    this.allocationsLeft--;
    return super.allocate(sizeBytes);
  }
}

test("whichever allocation fails, nothing is lost and nothing leaks", () => {
  for (const hash of [GOOD, HASHES["one hash for all"], HASHES["equal top bits"]]) {
    const heap = new RationedHeap();
    const model = new RecordModel(hash, true, heap);
    const prng = seeded(77);
    let refused = 0;
    for (let i = 0; i < 1500; i++) {
      const action = prng.below(i < 900 ? 6 : 9);
      const number = prng.below(500);
      const key = `${number}`.padStart(number % 80);
      const value = prng.below(1000);
      for (let ration = 0;; ration++) {
        heap.allocationsLeft = ration;
        try {
          doStep(model, action, key, value);
          break;
        } catch (thrown) {
          if (!(thrown instanceof HeapFull)) throw thrown;
          refused++;
          heap.allocationsLeft = Infinity;
          model.check();
          model.find(key);
        }
      }
      if (action >= 6 && i % 16 === 0) model.check();
    }
    assert.ok(refused > 200);
    for (let ration = 0;; ration += 1 + (ration >>> 3)) {
      heap.allocationsLeft = ration;
      try {
        const copied = model.dict.copy(model.root);
        for (const _ of model.dict.freeSteps(copied));
        break;
      } catch (thrown) {
        if (!(thrown instanceof HeapFull)) throw thrown;
        model.check();
      }
    }
    heap.allocationsLeft = Infinity;
    model.checkAll();
    model.free();
  }
});

test("when memory runs out during a freeze, the freeze and the records stay", () => {
  const original = globalThis.SharedArrayBuffer;
  const stingy = function (size: number): SharedArrayBuffer {
    if (size >= CHUNK_BYTES) throw new RangeError("no memory");
    return new original(size);
  };
  for (const hash of [GOOD, HASHES["three hashes"]]) {
    for (const freePages of [0, 3, 80]) {
      const model = new RecordModel(hash, true);
      for (let i = 0; i < 1500; i++) model.set(`${i}`, valueOf(i % 8), i % 4 - 1);
      model.set("long", valueOf(9));
      const then = new Map(model.map);
      const prng = seeded(9);
      let refused = 0;
      globalThis.SharedArrayBuffer = stingy as unknown as SharedArrayBufferConstructor;
      let ballast: number[] = [];
      let view: HeapView;
      try {
        ballast = ballastOf(model.heap, freePages);
        view = new HeapView(model.heap.freeze());
        for (let i = 0; i < 3000 && refused < 200; i++) {
          const key = i % 50 === 0 ? "long" : `${prng.below(2000)}`;
          try {
            doStep(model, prng.below(10), key, prng.below(1000));
          } catch (thrown) {
            if (!(thrown instanceof HeapFull)) throw thrown;
            refused++;
            model.find(key);
            if (refused % 50 === 1) model.dict.check(model.root);
          }
        }
      } finally {
        globalThis.SharedArrayBuffer = original;
      }
      assert.ok(refused > 0);
      checkWalk(view, model.root, then);
      model.heap.release();
      for (const ref of ballast) model.heap.free(ref);
      model.checkAll();
      model.free();
    }
  }
});
