import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { Prng } from "../../../src/base/prng.ts";

/** xoshiro128** after its definition, on bigints. */
function modelOf(seed: Uint8Array): () => number {
  const view = new DataView(seed.buffer, seed.byteOffset, 16);
  const s = [0, 4, 8, 12].map((at) => BigInt(view.getUint32(at, true)));
  const word = (value: bigint) => BigInt.asUintN(32, value);
  const rotate = (value: bigint, by: bigint) => word(value << by) | (value >> (32n - by));
  return () => {
    const result = word(rotate(word(s[1] * 5n), 7n) * 9n);
    const t = word(s[1] << 9n);
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11n);
    return Number(result);
  };
}

const SEED = Uint8Array.from([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0]);

test("the first numbers of the published generator", () => {
  const prng = new Prng(SEED);
  const first = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849];
  assert.deepEqual(first.map(() => prng.nextUint32()), first);
});

test("any seed gives the published generator's numbers", () => {
  const seeds = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(fc.property(seeds, (seed) => {
    fc.pre(seed.some((byte) => byte !== 0));
    const prng = new Prng(seed);
    const model = modelOf(Uint8Array.from(seed));
    for (let i = 0; i < 50; i++) assert.equal(prng.nextUint32(), model());
  }));
});

test("a seed of zeros is no trap", () => {
  const prng = new Prng(new Uint8Array(16));
  const values = new Set(Array.from({ length: 20 }, () => prng.nextUint32()));
  assert.ok(values.size >= 15);
});

test("below stays below and reaches everything", () => {
  const prng = new Prng(SEED);
  for (const count of [1, 2, 3, 7, 100]) {
    const hits = new Array(count).fill(0);
    for (let i = 0; i < 200 * count; i++) hits[prng.below(count)]++;
    assert.equal(hits.length, count);
    assert.ok(hits.every((hit) => hit > 120 && hit < 280), String(hits));
  }
  for (const count of [2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53]) {
    let most = 0;
    for (let i = 0; i < 200; i++) {
      const value = prng.below(count);
      assert.ok(Number.isSafeInteger(value) && value >= 0 && value < count);
      most = Math.max(most, value);
    }
    assert.ok(most > count * 0.9);
  }
});

test("below does not favour the small", () => {
  // Of 3 * 2^30 values the first third would come twice as often by the remainder alone.
  const prng = new Prng(SEED);
  let small = 0;
  for (let i = 0; i < 3000; i++) if (prng.below(3 * 2 ** 30) < 2 ** 30) small++;
  assert.ok(small > 850 && small < 1150, String(small));
});

test("doubles fill [0, 1)", () => {
  const prng = new Prng(SEED);
  const tenths = new Array(10).fill(0);
  for (let i = 0; i < 2000; i++) {
    const value = prng.nextDouble();
    assert.ok(value >= 0 && value < 1);
    assert.equal(value * 2 ** 53, Math.floor(value * 2 ** 53));
    tenths[Math.floor(value * 10)]++;
  }
  assert.ok(tenths.every((count) => count > 130 && count < 270), String(tenths));
});
