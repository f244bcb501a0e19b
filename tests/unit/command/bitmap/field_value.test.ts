import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  fitted,
  fittedBig,
  NUMBER_BITS_MAX,
  NUMBER_MAGNITUDE_MAX,
  type Overflow,
  readBigBits,
  readBits,
  signed,
  unsigned,
  writeBigBits,
  writeBits,
} from "../../../../src/command/bitmap/field_value.ts";

/** All of the bytes as one big number, the first byte highest. */
function wholeOf(bytes: Uint8Array): bigint {
  return bytes.reduce((whole, byte) => whole << 8n | BigInt(byte), 0n);
}

const nineBytes = fc.uint8Array({ minLength: 9, maxLength: 9 });
const bit = fc.integer({ min: 0, max: 7 });
const overflow = fc.constantFrom<Overflow>("wrap", "sat", "fail");
const increment = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

test("reading takes the bits that stand there", () => {
  fc.assert(fc.property(nineBytes, bit, fc.integer({ min: 1, max: 64 }), (bytes, at, bits) => {
    const expected = BigInt.asUintN(bits, wholeOf(bytes) >> BigInt(72 - at - bits));
    assert.equal(readBigBits(bytes, at, bits), expected);
    if (bits <= NUMBER_BITS_MAX) assert.equal(readBits(bytes, at, bits), Number(expected));
  }));
});

test("writing changes those bits and no others", () => {
  const value = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(nineBytes, bit, fc.integer({ min: 1, max: 64 }), value, (bytes, at, bits, any) => {
      const written = BigInt.asUintN(bits, any);
      const shift = BigInt(72 - at - bits);
      const mask = (1n << BigInt(bits)) - 1n << shift;
      const expected = wholeOf(bytes) & ~mask | written << shift;
      const big = bytes.slice();
      writeBigBits(big, at, bits, written);
      assert.equal(wholeOf(big), expected);
      if (bits > NUMBER_BITS_MAX) return;
      const small = bytes.slice();
      writeBits(small, at, bits, Number(written));
      assert.equal(wholeOf(small), expected);
    }),
  );
});

test("numbers and bigints have the same rules", () => {
  const bits = fc.integer({ min: 1, max: NUMBER_BITS_MAX });
  const raw = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const added = fc.oneof(
    fc.integer({ min: -300, max: 300 }),
    fc.integer({ min: -NUMBER_MAGNITUDE_MAX, max: NUMBER_MAGNITUDE_MAX }),
  );
  fc.assert(
    fc.property(
      bits,
      raw,
      added,
      fc.boolean(),
      overflow,
      fc.boolean(),
      (n, any, add, s, o, set) => {
        const field = Number(BigInt.asUintN(n, any));
        const old = set ? 0 : s ? signed(field, n) : field;
        const small = fitted(old, add, n, s, o, set);
        const big = fittedBig(BigInt(old), BigInt(add), n, s, o, set);
        assert.equal(small === undefined ? undefined : BigInt(small), big);
        if (small !== undefined) {
          assert.equal(BigInt(unsigned(small, n)), BigInt.asUintN(n, big!));
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test("what is left of an increment fits the field, and is the sum where that fits", () => {
  const bits = fc.integer({ min: 1, max: 64 });
  const raw = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(bits, raw, increment, fc.boolean(), overflow, (given, any, add, isSigned, rule) => {
      const n = isSigned ? given : Math.min(given, 63);
      const old = isSigned ? BigInt.asIntN(n, any) : BigInt.asUintN(n, any);
      const fresh = fittedBig(old, add, n, isSigned, rule, false);
      const sum = old + add;
      const maximum = 2n ** BigInt(isSigned ? n - 1 : n) - 1n;
      const minimum = isSigned ? -maximum - 1n : 0n;
      if (sum >= minimum && sum <= maximum) return assert.equal(fresh, sum);
      if (rule === "fail") return assert.equal(fresh, undefined);
      if (rule === "sat") return assert.equal(fresh, sum > maximum ? maximum : minimum);
      assert.ok(fresh! >= minimum && fresh! <= maximum);
      assert.equal((fresh! - sum) % 2n ** BigInt(n), 0n);
    }),
    { numRuns: 1000 },
  );
});

test("Redis's own ways with values that are set", () => {
  assert.equal(fitted(0, -1, 8, false, "sat", true), 255, "negative means large when unsigned");
  assert.equal(fitted(0, -1, 8, false, "sat", false), 0, "but not when it is an increment");
  assert.equal(fittedBig(0n, -(2n ** 63n), 8, true, "sat", true), 127n, "the distance overflows");
  assert.equal(fittedBig(0n, -(2n ** 63n) + 200n, 8, true, "sat", true), -128n);
});
