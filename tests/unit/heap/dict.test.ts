import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { Heap, HeapFull } from "../../../src/heap/heap.ts";
import { HeapView } from "../../../src/heap/heap_view.ts";
import { PAGE_BYTES } from "../../../src/heap/page_layout.ts";
import { DictModel, keyOf, keysOf, spreadHash } from "./dict_model.ts";
import type { HashFunction } from "./dict_model.ts";
import { seeded } from "./seeded.ts";

/** Hashes that make what a good one makes once in a billion keys. */
const HASHES: Readonly<Record<string, HashFunction>> = {
  "a good hash": spreadHash,
  "one hash for all": () => 0x12345678,
  "a hash of all ones": () => -1,
  "hash 0 for all": () => 0,
  "three hashes": (key) => spreadHash(key) % 3 << 30,
  "equal top bits": (key) => spreadHash(key) >>> 18,
  "equal low bits": (key) => spreadHash(key) & ~0x3ffff,
  "all from one slot": (key) => spreadHash(key) & ~63 | 63,
};

for (const [name, hash] of Object.entries(HASHES)) {
  test(`a dict is a map: ${name}`, () => {
    const step = fc.tuple(fc.nat(9), fc.nat(400));
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 300 }), (steps) => {
        const model = new DictModel(hash);
        for (const [action, number] of steps) {
          const key = `key:${number}`;
          if (!model.map.has(key)) {
            model.find(key);
            if (action < 9) model.insert(key);
          } else if (action < 3) model.remove(key, action === 0);
          else if (action < 6) model.replace(key);
          else model.find(key);
        }
        model.check();
        model.checkBytes();
        model.heap.check();
        for (const key of [...model.map.keys()]) model.remove(key);
        assert.equal(model.heap.allocatedBytes, 0, "an empty dict takes nothing");
      }),
      { numRuns: 20 },
    );
  });

  test(`growing and shrinking, checked at every step: ${name}`, () => {
    const model = new DictModel(hash);
    const prng = seeded(31);
    for (let i = 0; i < 260; i++) {
      model.insert(`${i}`);
      model.check();
    }
    model.checkBytes();
    const keys = [...model.map.keys()];
    while (keys.length > 0) {
      const [key] = keys.splice(prng.below(keys.length), 1);
      model.remove(key, keys.length % 2 === 0);
      if (keys.length % 8 === 0) model.check();
    }
    assert.equal(model.heap.allocatedBytes, 0);
  });
}

test("a long run over several chunks: splits, merges, doubling and halving happen", () => {
  const model = new DictModel(spreadHash);
  const prng = seeded(41);
  const count = 80000;
  const longKey = (i: number) => `${i}`.padStart(200, "k");
  for (let i = 0; i < count; i++) model.insert(longKey(i));
  model.check();
  model.checkBytes();
  assert.ok(model.heap.reservedBytes > 16 * 2 ** 20, "more than one chunk");
  const depth = model.dict.root.depth;
  assert.ok(depth >= 11 && depth <= 15, `depth ${depth}`);
  assert.ok(model.dict.splitCount > 1500);
  const perKey = model.dict.indexBytes / count;
  assert.ok(perKey < 18, `${perKey} bytes of index for a key`);
  const grown = model.dict.indexBytes;
  for (let i = 0; i < count; i++) if (i % 100 !== 0) model.remove(longKey(i), prng.below(2) === 0);
  model.check();
  model.checkBytes();
  assert.ok(model.dict.root.depth <= depth - 4, `depth ${model.dict.root.depth} after shrinking`);
  assert.ok(model.dict.indexBytes < grown / 25);
  for (let i = 0; i < count; i += 100) model.remove(longKey(i));
  assert.deepEqual(model.dict.root, { directory: 0, depth: 0, count: 0 });
  model.heap.check();
  assert.equal(model.heap.allocatedBytes, 0);
});

test("a chain gets shorter again, and with it what random has to try", () => {
  const model = new DictModel(() => 77);
  for (let i = 0; i < 3000; i++) model.insert(`${i}`);
  const long = model.dict.slotCount;
  assert.ok(model.dict.root.depth < 14, "equal hashes do not double the directory without end");
  for (let i = 0; i < 2990; i++) model.remove(`${i}`);
  model.check();
  assert.ok(model.dict.slotCount < long / 10, "empty segments leave the chain");
});

test("keys of every length are compared to their last byte", () => {
  const model = new DictModel(() => 5);
  const lengths = [
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    15,
    16,
    17,
    63,
    64,
    65,
    300,
    4000,
    4083,
    4084,
    4085,
    4096,
    8180,
    8181,
    9000,
    40000,
  ];
  for (const length of lengths) {
    model.insert("x".repeat(length));
    if (length > 0) model.insert("x".repeat(length - 1) + "y");
    if (length > 1) model.insert("y" + "x".repeat(length - 1));
  }
  model.check();
  for (const length of lengths) {
    model.find("z".repeat(length));
    if (length > 4) model.find("x".repeat(length - 3) + "yxx");
  }
});

test("random returns each key with the same chance", () => {
  for (const [count, hash] of [[200, spreadHash], [2000, spreadHash], [150, () => 3]] as const) {
    const model = new DictModel(hash);
    for (let i = 0; i < count; i++) model.insert(`${i}`);
    const prng = seeded(51);
    const hits = new Map<number, number>();
    const draws = count * 50;
    for (let i = 0; i < draws; i++) {
      const ref = model.dict.random(prng);
      hits.set(ref, (hits.get(ref) ?? 0) + 1);
    }
    let chiSquare = 0;
    for (const ref of model.map.values()) chiSquare += ((hits.get(ref) ?? 0) - 50) ** 2 / 50;
    const freedom = count - 1;
    const deviations = (chiSquare - freedom) / Math.sqrt(2 * freedom);
    assert.ok(Math.abs(deviations) < 5, `chi-square is ${deviations} deviations off`);
  }
  const empty = new DictModel(spreadHash);
  assert.equal(empty.dict.random(seeded(1)), 0);
});

test("a scan returns what was there all along exactly once, whatever grows and shrinks", () => {
  for (const hash of [spreadHash, HASHES["equal top bits"], HASHES["three hashes"]]) {
    fc.assert(
      fc.property(fc.nat(), fc.nat(1500), fc.nat(1500), (seed, kept, others) => {
        const prng = seeded(seed);
        const model = new DictModel(hash);
        for (let i = 0; i < kept; i++) model.insert(`kept:${i}`);
        for (let i = 0; i < others; i++) model.insert(`other:${i}`);
        const found = new Map<string, number>();
        let next = others;
        const grows = prng.below(2) === 0;
        for (let cursor = 0;;) {
          cursor = model.dict.scan(cursor);
          assert.ok(cursor >= 0 && cursor < 2 ** 32);
          for (let i = 0; i < model.dict.scannedCount; i++) {
            const key = keyOf(model.heap, model.dict.scanned[i]);
            found.set(key, (found.get(key) ?? 0) + 1);
          }
          if (cursor === 0) break;
          for (let i = prng.below(200); i > 0; i--) {
            if (grows) model.insert(`other:${next++}`);
            else if (model.map.has(`other:${--next}`)) model.remove(`other:${next}`);
          }
        }
        for (let i = 0; i < kept; i++) assert.equal(found.get(`kept:${i}`), 1);
        for (const count of found.values()) assert.equal(count, 1);
        model.check();
      }),
      { numRuns: 6 },
    );
  }
});

test("a scan may start at any cursor", () => {
  const model = new DictModel(spreadHash);
  assert.equal(model.dict.scan(0), 0);
  assert.equal(model.dict.scannedCount, 0);
  for (let i = 0; i < 1000; i++) model.insert(`${i}`);
  const all = [...model.map.keys()].map((key) => spreadHash(new TextEncoder().encode(key)) >>> 0);
  for (const from of [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1, 12345678]) {
    let count = 0;
    for (let cursor = from;;) {
      cursor = model.dict.scan(cursor);
      count += model.dict.scannedCount;
      if (cursor === 0) break;
    }
    assert.equal(count, all.filter((hash) => hash >= from).length);
  }
});

test("entriesOf a freeze lists what was there, whatever the dict has become", () => {
  for (const hash of [spreadHash, HASHES["three hashes"]]) {
    const model = new DictModel(hash);
    for (let i = 0; i < 4000; i++) model.insert(`${i}`);
    const root = model.dict.root;
    const keys = [...model.map.keys()].sort();
    const view = new HeapView(model.heap.freeze());
    assert.deepEqual(keysOf(view, root), keys);
    for (let i = 0; i < 3900; i++) model.remove(`${i}`);
    for (let i = 5000; i < 9000; i++) model.insert(`${i}`);
    assert.deepEqual(keysOf(view, root), keys);
    assert.deepEqual(keysOf(model.heap, model.dict.root), [...model.map.keys()].sort());
    model.check();
    model.clear();
    assert.deepEqual(keysOf(view, root), keys);
    for (let i = 0; i < 1000; i++) model.insert(`new:${i}`);
    assert.deepEqual(keysOf(view, root), keys);
    model.check();
    model.heap.release();
    model.heap.check();
    model.check();
  }
});

test("nothing but entries and index remains, and clear leaves nothing", () => {
  for (const hash of Object.values(HASHES)) {
    const model = new DictModel(hash);
    for (let i = 0; i < 2000; i++) model.insert(`${i}`);
    model.checkBytes();
    model.clear();
    assert.equal(model.heap.allocatedBytes, 0);
    assert.equal(model.dict.indexBytes, 0);
    model.insert("again");
    model.check();
    model.heap.clear();
    model.dict.forget();
    model.map.clear();
    model.insert("and again");
    model.check();
  }
});

test("a full heap refuses an insertion and leaves the dict whole; removing always works", () => {
  for (const hash of [spreadHash, HASHES["one hash for all"], HASHES["equal top bits"]]) {
    for (const free of [0, 1, 3]) {
      const model = new DictModel(hash, new Heap(10));
      for (let i = 0; i < 800; i++) model.insert(`${i}`);
      const ballast: number[] = [];
      const fill = () => {
        for (;;) ballast.push(model.heap.allocate(PAGE_BYTES));
      };
      assert.throws(fill, HeapFull);
      for (let i = 0; i < free; i++) model.heap.free(ballast.pop()!);
      let refused = 0;
      for (let i = 0; i < 3000 && refused < 5; i++) {
        try {
          model.insert(`more:${i}`);
        } catch (thrown) {
          assert.ok(thrown instanceof HeapFull);
          refused++;
          model.check();
          model.heap.check();
        }
      }
      assert.ok(refused > 0);
      for (const key of [...model.map.keys()]) model.remove(key);
      model.heap.check();
      assert.equal(model.heap.allocatedBytes, ballast.length * PAGE_BYTES);
    }
  }
});

test("after reserve an insertion needs nothing of the heap", () => {
  for (const hash of Object.values(HASHES)) {
    const model = new DictModel(hash);
    for (let i = 0; i < 1500; i++) {
      const key = `${i}`;
      const bytes = new TextEncoder().encode(key);
      model.dict.reserve(hash(bytes));
      const before = model.dict.indexBytes;
      model.insert(key);
      assert.equal(model.dict.indexBytes, before);
      if (i % 100 === 0) model.check();
    }
    model.check();
  }
});
