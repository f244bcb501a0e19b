import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  integerTextLength,
  isCanonicalInteger,
  MAX_INTEGER_TEXT_BYTES,
  parseBigInteger,
  parsed64,
  parseInt64,
  parseSafeInteger,
  parseStrtoull,
  parseUnsigned64,
  writeInt64,
  writeInteger,
  writeUnsigned64,
} from "../../../src/base/integer_text.ts";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;

/** The text in the middle of other digits, so that a step outside the range would be noticed. */
function framed(text: string): [Uint8Array, number, number] {
  return [latin1Bytes("12" + text + "34"), 2, 2 + text.length];
}

/** The plain model of string2ll. */
function modelInt64(text: string): bigint | undefined {
  if (!/^(0|-?[1-9][0-9]*)$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}

/** The plain model of strtoull with nothing left over. */
function modelStrtoull(text: string): bigint | undefined {
  const match = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)$/.exec(text);
  if (match === null) return undefined;
  const value = BigInt(match[2]);
  if (value > UINT64_MAX) return undefined;
  return match[1] === "-" ? BigInt.asUintN(64, -value) : value;
}

function checkText(text: string): void {
  const expected = modelInt64(text);
  assert.equal(parseBigInteger(...framed(text)), expected, text);
  assert.equal(isCanonicalInteger(...framed(text)), expected !== undefined, text);
  const isSafe = expected !== undefined && Number.isSafeInteger(Number(expected)) &&
    BigInt(Number(expected)) === expected;
  const number = parseSafeInteger(...framed(text));
  assert.ok(Object.is(number, isSafe ? Number(expected) : NaN), `${text}: ${number}`);
  if (expected !== undefined) {
    assert.ok(parseInt64(...framed(text)));
    assert.equal(parsed64.isSafe(), isSafe, text);
    if (isSafe) assert.ok(Object.is(parsed64.toNumber(), Number(expected)));
    assert.equal(parsed64.toNumber(), Number(expected));
  }
  const loose = modelStrtoull(text);
  assert.equal(parseStrtoull(...framed(text)), loose !== undefined, text);
  if (loose !== undefined) assert.equal(parsed64.toUnsignedBigInt(), loose);
  const unsigned = expected !== undefined && expected < 0n ? undefined : loose;
  assert.equal(parseUnsigned64(...framed(text)), unsigned !== undefined, text);
  if (unsigned !== undefined) {
    assert.equal(parsed64.toUnsignedBigInt(), unsigned);
    assert.equal(parsed64.toUnsignedNumber(), Number(unsigned));
  }
}

const TEXTS = [
  "",
  "-",
  "+",
  "0",
  "-0",
  "+0",
  "00",
  "01",
  "-01",
  "+1",
  " 1",
  "1 ",
  "1\n",
  "1.0",
  "1e3",
  "--1",
  "0x10",
  "a",
  "1a",
  "a1",
  "/",
  ":",
  "1/",
  "1:",
  "1\0",
  "1\x002",
  "9",
  "-9",
  "10",
  "99999999",
  "100000000",
  "999999999",
  "1000000000",
  "2147483647",
  "2147483648",
  "-2147483648",
  "4294967295",
  "4294967296",
  "9007199254740990",
  "9007199254740991",
  "9007199254740992",
  "9007199254740993",
  "-9007199254740991",
  "-9007199254740992",
  "-9007199254740993",
  "9999999999999999",
  "10000000000000000",
  "123456789012345x",
  "1234567890123456789",
  "9223372036854775806",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775807",
  "-9223372036854775808",
  "-9223372036854775809",
  "9999999999999999999",
  "18446744073709551614",
  "18446744073709551615",
  "18446744073709551616",
  "-18446744073709551615",
  "99999999999999999999",
  "000000000000000000000000018446744073709551615",
  "100000000000000000000",
  "\t\n\v\f\r +007",
  " -1",
  "- 1",
  "+-1",
];

test("integers are read in Redis's one spelling", () => {
  for (const text of TEXTS) checkText(text);
});

test("any text is read as the model reads it", () => {
  const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength: 22 });
  const near = fc.tuple(
    fc.constantFrom(
      0n,
      2n ** 31n,
      2n ** 32n,
      2n ** 53n,
      10n ** 9n,
      10n ** 18n,
      2n ** 63n,
      2n ** 64n,
    ),
    fc.bigInt(-20n, 20n),
    fc.constantFrom(1n, -1n),
  ).map(([base, delta, sign]) => String(sign * (base + delta)));
  const noise = fc.string({ unit: fc.constantFrom(..."0123456789-+ .\0e"), maxLength: 21 });
  const whole = fc.bigInt(INT64_MIN, UINT64_MAX).map(String);
  fc.assert(fc.property(fc.oneof(digits, near, noise, whole), checkText), { numRuns: 3000 });
});

test("a text that is refused leaves the last result alone", () => {
  assert.ok(parseInt64(...framed("-5000000000")));
  for (const text of ["", "x", "9223372036854775808", "12345678901234567890123"]) {
    assert.equal(parseInt64(...framed(text)), false);
    assert.equal(parsed64.toBigInt(), -5000000000n);
  }
});

function checkWritten(value: bigint): void {
  const text = String(value);
  const into = new Uint8Array(MAX_INTEGER_TEXT_BYTES + 6).fill(0xaa);
  if (value <= INT64_MAX && value >= INT64_MIN) {
    const high = Number(BigInt.asIntN(32, value >> 32n));
    const low = Number(BigInt.asIntN(32, value));
    assert.equal(writeInt64(into, 3, high, low), 3 + text.length);
    assert.equal(
      latin1(into),
      "\xaa\xaa\xaa" + text + "\xaa".repeat(into.length - 3 - text.length),
    );
    assert.equal(latin1(into, 3, writeInt64(into, 3, high >>> 0, low >>> 0)), text);
  }
  if (value >= 0n) {
    const high = Number(BigInt.asIntN(32, value >> 32n));
    const low = Number(BigInt.asIntN(32, value));
    assert.equal(latin1(into, 0, writeUnsigned64(into, 0, high, low)), text);
    assert.equal(latin1(into, 0, writeUnsigned64(into, 0, high >>> 0, low >>> 0)), text);
  }
  const number = Number(value);
  if (Number.isSafeInteger(number)) {
    into.fill(0xaa);
    assert.equal(writeInteger(into, 3, number), 3 + text.length);
    assert.equal(
      latin1(into),
      "\xaa\xaa\xaa" + text + "\xaa".repeat(into.length - 3 - text.length),
    );
    assert.equal(integerTextLength(number), text.length);
  }
}

test("integers of every length are written", () => {
  for (let power = 1n; power <= 10n ** 19n; power *= 10n) {
    for (const delta of [-1n, 0n, 1n]) {
      checkWritten(power + delta);
      if (power < INT64_MAX) checkWritten(-power + delta);
    }
  }
  for (let power = 1n; power <= 2n ** 63n; power *= 2n) {
    checkWritten(power - 1n);
    checkWritten(power);
    checkWritten(-power);
  }
  checkWritten(UINT64_MAX);
  checkWritten(INT64_MIN);
});

test("any integer is written as it prints", () => {
  const sizes = fc.integer({ min: 1, max: 64 }).chain((bits) =>
    fc.bigInt(-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits) - 1n)
  );
  fc.assert(fc.property(sizes, checkWritten), { numRuns: 3000 });
});

test("minus zero is written as zero", () => {
  const into = new Uint8Array(4);
  assert.equal(latin1(into, 0, writeInteger(into, 0, -0)), "0");
});
