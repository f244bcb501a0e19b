import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { latin1 } from "../../../src/base/ascii.ts";
import {
  copyIntsetWith,
  insertIntoIntset,
  INTSET_HEADER_BYTES,
  intsetCount,
  intsetHigh,
  intsetLow,
  intsetSearch,
  intsetTotalBytes,
  intsetValue,
  intsetWidth,
  intsetWidthFor,
  isValidIntset,
  removeFromIntset,
  writeIntsetHeader,
  writeIntsetText,
} from "../../../src/heap/intset.ts";

const AT = 5;

function words(value: bigint): [high: number, low: number] {
  return [Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value))];
}

/** An intset in a buffer, grown as its users grow it. */
class Intset {
  bytes: Uint8Array = new Uint8Array(4000).fill(0xee);

  constructor() {
    writeIntsetHeader(this.bytes, AT, 2, 0);
  }

  add(value: bigint): boolean {
    const [high, low] = words(value);
    const index = intsetSearch(this.bytes, AT, high, low);
    if (index >= 0) return false;
    if (intsetWidthFor(high, low) <= intsetWidth(this.bytes, AT)) {
      insertIntoIntset(this.bytes, AT, ~index, high, low);
    } else {
      const copy = new Uint8Array(4000).fill(0xee);
      const length = copyIntsetWith(copy, AT, this.bytes, AT, ~index, high, low);
      assert.equal(length, intsetTotalBytes(copy, AT));
      this.bytes = copy;
    }
    return true;
  }

  remove(value: bigint): boolean {
    const index = intsetSearch(this.bytes, AT, ...words(value));
    if (index < 0) return false;
    removeFromIntset(this.bytes, AT, index);
    return true;
  }

  members(): bigint[] {
    const { bytes } = this;
    const members: bigint[] = [];
    for (let i = 0; i < intsetCount(bytes, AT); i++) {
      const member = BigInt(intsetHigh(bytes, AT, i)) << 32n |
        BigInt(intsetLow(bytes, AT, i) >>> 0);
      const text = new Uint8Array(20);
      assert.equal(latin1(text, 0, writeIntsetText(text, 0, bytes, AT, i)), `${member}`);
      assert.equal(intsetValue(bytes, AT, i), Number(member));
      members.push(member);
    }
    return members;
  }

  isValid(): boolean {
    return isValidIntset(this.bytes, AT, intsetTotalBytes(this.bytes, AT), true);
  }
}

const BORDERS = [0n, 1n, -1n, 15n, 16n, 31n, 32n, 62n, 63n].flatMap((bits) =>
  bits < 2n ? [bits] : [2n ** bits - 1n, -(2n ** bits), 2n ** bits, -(2n ** bits) - 1n]
).filter((value) => value === BigInt.asIntN(64, value));

const member = fc.oneof(
  { weight: 3, arbitrary: fc.bigInt({ min: -40n, max: 40n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  { weight: 1, arbitrary: fc.constantFrom(...BORDERS) },
);

test("an intset is a sorted set of integers", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(member, fc.nat(3)), { maxLength: 120 }), (steps) => {
      const intset = new Intset();
      const model = new Set<bigint>();
      let width = 2;
      for (const [value, action] of steps) {
        if (action === 0) assert.equal(intset.remove(value), model.delete(value));
        else {
          assert.equal(intset.add(value), !model.has(value));
          model.add(value);
          width = Math.max(width, intsetWidthFor(...words(value)));
        }
        assert.equal(intset.isValid(), model.size > 0);
      }
      assert.equal(intsetWidth(intset.bytes, AT), width);
      assert.deepEqual(intset.members(), [...model].sort((a, b) => a < b ? -1 : a > b ? 1 : 0));
    }),
    { numRuns: 150 },
  );
});

test("the widths", () => {
  const expected: readonly [bigint, number][] = [
    [0n, 2],
    [32767n, 2],
    [32768n, 4],
    [-32768n, 2],
    [-32769n, 4],
    [2n ** 31n - 1n, 4],
    [2n ** 31n, 8],
    [-(2n ** 31n), 4],
    [-(2n ** 31n) - 1n, 8],
    [2n ** 32n - 1n, 8],
    [2n ** 63n - 1n, 8],
    [-(2n ** 63n), 8],
  ];
  for (const [value, width] of expected) assert.equal(intsetWidthFor(...words(value)), width);
});

test("the bytes are Redis's", () => {
  const intset = new Intset();
  for (const value of [5n, -1n, 300n]) intset.add(value);
  const bytes = () => [...intset.bytes.subarray(AT, AT + intsetTotalBytes(intset.bytes, AT))];
  assert.deepEqual(bytes(), [2, 0, 0, 0, 3, 0, 0, 0, 255, 255, 5, 0, 44, 1]);
  intset.add(-70000n);
  assert.deepEqual(bytes(), [
    ...[4, 0, 0, 0, 4, 0, 0, 0, 0x90, 0xee, 0xfe, 0xff, 255, 255, 255, 255, 5, 0, 0, 0, 44, 1],
    ...[0, 0],
  ]);
});

test("what is no intset is found out", () => {
  const intset = new Intset();
  for (const value of [1n, 2n, 70000n]) intset.add(value);
  const whole = intset.bytes.slice(AT, AT + intsetTotalBytes(intset.bytes, AT));
  assert.equal(isValidIntset(whole, 0, whole.length, true), true);
  for (let length = 0; length < whole.length; length++) {
    assert.equal(isValidIntset(whole, 0, length, true), false);
  }
  const changed = (at: number, byte: number, deep: boolean) => {
    const bytes = whole.slice();
    bytes[at] = byte;
    return isValidIntset(bytes, 0, bytes.length, deep);
  };
  assert.equal(changed(0, 3, false), false, "no such width");
  assert.equal(changed(1, 1, false), false, "no such width");
  assert.equal(changed(4, 2, false), false, "another count");
  assert.equal(changed(INTSET_HEADER_BYTES, 2, true), false, "one twice");
  assert.equal(changed(INTSET_HEADER_BYTES, 3, true), false, "out of order");
  assert.equal(changed(INTSET_HEADER_BYTES, 3, false), true);
  assert.equal(isValidIntset(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0), 0, 8, false), false, "empty");
});
