import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sortByKeys } from "../../../src/base/key_sort.ts";
import { sortPartly } from "../../../src/base/partial_sort.ts";

const key = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.constantFrom(0, -0, Infinity, -Infinity, 2 ** 53, 2 ** 53 + 2, -1e300, 5e-324, -5e-324),
);

/** Few and many: both ways of sorting. */
const keyLists = fc.oneof(
  fc.array(key, { maxLength: 30 }),
  fc.array(key, { minLength: 190, maxLength: 500, size: "max" }),
  fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 190, maxLength: 300, size: "max" }),
);

function indexes(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}

test("sortByKeys sorts, and leaves equal ones in their order", () => {
  fc.assert(fc.property(keyLists, (keys) => {
    const order = indexes(keys.length + 3);
    sortByKeys(order, Float64Array.from(keys), keys.length, () => 0);
    const expected = [...indexes(keys.length)].sort((a, b) =>
      keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b
    );
    assert.deepEqual([...order], [...expected, keys.length, keys.length + 1, keys.length + 2]);
  }));
});

test("sortByKeys asks where keys are equal", () => {
  fc.assert(fc.property(keyLists, (keys) => {
    const order = indexes(keys.length);
    sortByKeys(order, Float64Array.from(keys), keys.length, (a, b) => {
      assert.equal(keys[a] + 0, keys[b] + 0);
      return b - a;
    });
    const expected = [...indexes(keys.length)].sort((a, b) =>
      keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : b - a
    );
    assert.deepEqual([...order], expected);
  }));
});

test("sortPartly puts the right ones into a range", () => {
  fc.assert(fc.property(keyLists, fc.nat(), fc.nat(), (keys, a, b) => {
    fc.pre(keys.length > 0);
    const first = Math.min(a % keys.length, b % keys.length);
    const last = Math.max(a % keys.length, b % keys.length);
    const order = indexes(keys.length);
    const compare = (x: number, y: number) => keys[x] < keys[y] ? -1 : keys[x] > keys[y] ? 1 : 0;
    sortPartly(order, keys.length, first, last, compare);
    const expected = [...keys].sort((x, y) => x < y ? -1 : x > y ? 1 : 0);
    for (let i = first; i <= last; i++) assert.equal(keys[order[i]] + 0, expected[i] + 0);
    assert.deepEqual([...order].sort((x, y) => x - y), [...indexes(keys.length)]);
  }));
});
