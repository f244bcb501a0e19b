import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { estimate, REGISTER_COUNT } from "../../../src/keyspace/hyperloglog/cardinality.ts";
import { placeOf, rankOf, registerOf } from "../../../src/keyspace/hyperloglog/element_hash.ts";
import { HEADER_BYTES, writeEmptyHeader } from "../../../src/keyspace/hyperloglog/header.ts";
import {
  countPacked,
  PackedBuffer,
  packedRegister,
  setPackedRegister,
  SpreadRegisters,
} from "../../../src/keyspace/hyperloglog/registers.ts";
import {
  countSparse,
  describeSparse,
  findRun,
  found,
  mergeSparse,
  packSparse,
  RAISED,
  SparseEditor,
  TOO_LONG,
  UNCHANGED,
  UNCOVERED,
} from "../../../src/keyspace/hyperloglog/sparse.ts";

const BITS_64 = (1n << 64n) - 1n;

/** MurmurHash64A as it is written down, on whole 64-bit words. */
function murmurHash(bytes: Uint8Array): bigint {
  const m = 0xc6a4a7935bd1e995n;
  const product = (word: bigint) => word * m & BITS_64;
  const word = (at: number, end: number) => {
    let value = 0n;
    for (let i = end - 1; i >= at; i--) value = value << 8n | BigInt(bytes[i]);
    return value;
  };
  let hash = 0xadc83b19n ^ product(BigInt(bytes.length));
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    let k = product(word(at, at + 8));
    k = product(k ^ k >> 47n);
    hash = product(hash ^ k);
  }
  if (at < bytes.length) hash = product(hash ^ word(at, bytes.length));
  hash = product(hash ^ hash >> 47n);
  return hash ^ hash >> 47n;
}

test("an element's register and rank are those of MurmurHash64A", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(9), (element, offset) => {
      const hash = murmurHash(element);
      let rank = 1;
      for (let tail = hash >> 14n | 1n << 50n; (tail & 1n) === 0n; tail >>= 1n) rank++;
      const bytes = new Uint8Array(offset + element.length + 5).fill(0xab);
      bytes.set(element, offset);
      const place = placeOf(bytes, offset, offset + element.length);
      assert.equal(registerOf(place), Number(hash & 0x3fffn));
      assert.equal(rankOf(place), rank);
    }),
    { numRuns: 1000 },
  );
});

test("estimates", () => {
  const counts = new Int32Array(64);
  counts[0] = REGISTER_COUNT;
  assert.equal(estimate(counts), 0);
  counts[0]--;
  counts[1]++;
  assert.equal(estimate(counts), 1);
  counts.fill(0);
  counts[51] = REGISTER_COUNT;
  assert.equal(estimate(counts), -(2 ** 63), "more than 64 bits hold");
});

const registers = fc.uint8Array({ minLength: 64, maxLength: 64, max: 63 }).map((some) => {
  const all = new Uint8Array(REGISTER_COUNT);
  for (let i = 0; i < all.length; i++) all[i] = some[(i ^ i >>> 6 ^ i >>> 11) & 63];
  return all;
});

function packedOf(values: Uint8Array): PackedBuffer {
  const packed = new PackedBuffer(HEADER_BYTES);
  values.forEach((value, i) => setPackedRegister(packed.bytes, HEADER_BYTES, i, value));
  return packed;
}

function countOf(values: Uint8Array): Int32Array {
  const counts = new Int32Array(64);
  for (const value of values) counts[value]++;
  return counts;
}

test("packed registers keep what they are set to, are counted, merged and packed again", () => {
  fc.assert(
    fc.property(registers, registers, (first, second) => {
      const packed = packedOf(first);
      for (let i = 0; i < REGISTER_COUNT; i++) {
        if (packedRegister(packed.bytes, HEADER_BYTES, i) !== first[i]) assert.fail(`${i}`);
      }
      const counts = new Int32Array(64).fill(9);
      countPacked(packed.words, packed.firstWord, counts);
      assert.deepEqual(counts, countOf(first));

      const union = new SpreadRegisters();
      union.mergePacked(packed.words, packed.firstWord);
      assert.deepEqual(union.bytes, first);
      const other = packedOf(second);
      union.mergePacked(other.words, other.firstWord);
      const higher = first.map((value, i) => Math.max(value, second[i]));
      assert.deepEqual(union.bytes, higher);
      union.count(counts);
      assert.deepEqual(counts, countOf(higher));
      union.pack(packed.words, packed.firstWord);
      assert.deepEqual(packed.bytes, packedOf(higher).bytes);
      union.clear();
      assert.deepEqual(union.bytes, new Uint8Array(REGISTER_COUNT));
    }),
    { numRuns: 10 },
  );
});

test("the next register that is not 0", () => {
  const spread = new SpreadRegisters();
  const set = [0, 1, 2, 5, 8, 11, 12, 100, 16382, 16383];
  for (const i of set) spread.bytes[i] = 1;
  const seen: number[] = [];
  for (let i = spread.nextNonZero(0); i < REGISTER_COUNT; i = spread.nextNonZero(i + 1)) {
    seen.push(i);
  }
  assert.deepEqual(seen, set);
});

function emptyEditor(): SparseEditor {
  const editor = new SparseEditor(HEADER_BYTES);
  editor.beginEmpty();
  writeEmptyHeader(editor.bytes);
  return editor;
}

function spreadOf(editor: SparseEditor): Uint8Array {
  const spread = new SpreadRegisters();
  assert(mergeSparse(editor.bytes, HEADER_BYTES, editor.length, spread), "it is valid");
  return spread.bytes;
}

const raises = fc.array(
  fc.tuple(
    fc.oneof(fc.nat(REGISTER_COUNT - 1), fc.integer({ min: 5000, max: 5040 })),
    fc.oneof(fc.integer({ min: 1, max: 32 }), fc.integer({ min: 1, max: 3 })),
  ),
  { maxLength: 400 },
);

test("a sparse one has the registers that were raised, counted, found and packed alike", () => {
  fc.assert(
    fc.property(raises, (all) => {
      const model = new Uint8Array(REGISTER_COUNT);
      const editor = emptyEditor();
      for (const [register, value] of all) {
        const expected = value > model[register] ? RAISED : UNCHANGED;
        assert.equal(editor.raise(register, value, 100_000), expected);
        model[register] = Math.max(model[register], value);
      }
      assert.deepEqual(spreadOf(editor), model);
      const counts = new Int32Array(64);
      assert(countSparse(editor.bytes, HEADER_BYTES, editor.length, counts));
      assert.deepEqual(counts, countOf(model));
      const packed = new PackedBuffer(HEADER_BYTES);
      assert(packSparse(editor.bytes, 0, editor.length, HEADER_BYTES, packed));
      assert.deepEqual(packed.bytes.slice(HEADER_BYTES), packedOf(model).bytes.slice(HEADER_BYTES));
      for (let register = 0; register < REGISTER_COUNT; register += 37) {
        assert(findRun(editor.bytes, HEADER_BYTES, editor.length, 0, register));
        assert(found.first <= register && register < found.first + found.run);
      }
    }),
    { numRuns: 60 },
  );
});

test("raising in ascending order comes to the same bytes as raising each by itself", () => {
  fc.assert(
    fc.property(raises, raises, (before, after) => {
      const one = emptyEditor();
      const other = emptyEditor();
      for (const [register, value] of before) {
        one.raise(register, value, 100_000);
        other.raise(register, value, 100_000);
      }
      const ascending = new Map([...after].sort(([a], [b]) => a - b));
      // A new pass: the one before may have ended anywhere.
      const copy = new SparseEditor(HEADER_BYTES);
      copy.begin(other.length);
      copy.bytes.set(other.bytes.subarray(0, other.length));
      for (const [register, value] of ascending) {
        const expected = one.raise(register, value, 100_000);
        assert.equal(copy.raiseNext(register, value, 100_000), expected);
      }
      assert.deepEqual(copy.bytes.slice(0, copy.length), one.bytes.slice(0, one.length));
    }),
    { numRuns: 100 },
  );
});

test("a sparse one that may not grow is left as it is", () => {
  const editor = emptyEditor();
  assert.equal(editor.raise(1000, 2, 19), TOO_LONG);
  assert.equal(describeSparse(editor.bytes, HEADER_BYTES, editor.length), "Z:16384");
  assert.equal(editor.raise(0, 2, 19), RAISED);
  assert.equal(describeSparse(editor.bytes, HEADER_BYTES, editor.length), "v:2,1 Z:16383");
  assert.equal(editor.raise(1, 2, 20), RAISED);
  assert.equal(describeSparse(editor.bytes, HEADER_BYTES, editor.length), "v:2,2 Z:16382");
});

test("any bytes can be read and raised", () => {
  const bytes = fc.uint8Array({ maxLength: 60 });
  fc.assert(
    fc.property(bytes, fc.nat(REGISTER_COUNT - 1), fc.integer({ min: 1, max: 32 }), (any, r, v) => {
      const editor = new SparseEditor(0);
      editor.begin(any.length);
      editor.bytes.set(any);
      const spread = new SpreadRegisters();
      const counts = new Int32Array(64);
      const isValid = countSparse(any, 0, any.length, counts);
      assert.equal(mergeSparse(any, 0, any.length, spread), isValid);
      const isCovered = findRun(any, 0, any.length, 0, r);
      const done = editor.raise(r, v, 1000);
      assert.equal(done === UNCOVERED, !isCovered);
      assert(editor.length <= any.length + 3);
      describeSparse(editor.bytes, 0, editor.length);
    }),
    { numRuns: 2000 },
  );
});
