import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatDouble,
  MAX_DOUBLE_TEXT_BYTES,
  parseDouble,
  writeDouble,
} from "../../../src/base/double_text.ts";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";

function parse(text: string): number {
  return parseDouble(latin1Bytes("1" + text + "1"), 1, 1 + text.length);
}

function assertSame(actual: number, expected: number, text: string): void {
  assert.ok(Object.is(actual, expected), `${text}: ${actual}, expected ${expected}`);
}

/** What redis-server 8.0 answers to ZSCORE after ZADD with this score. */
const OBSERVED: [string, string][] = [
  ["3.1", "3.1"],
  ["1", "1"],
  ["-1", "-1"],
  ["17", "17"],
  ["0.1", "0.1"],
  ["0.30000000000000004", "0.30000000000000004"],
  ["1e20", "1e+20"],
  ["1.5e20", "1.5e+20"],
  ["1e21", "1e+21"],
  ["100000000", "100000000"],
  ["123456789012345680", "123456789012345680"],
  ["4611686018427387904", "4611686018427387904"],
  ["4611686018427388928", "4611686018427389000"],
  ["9223372036854775807", "9223372036854776000"],
  ["18446744073709551616", "18446744073709552000"],
  ["1.2345e10", "12345000000"],
  ["1e7", "10000000"],
  ["12345678e8", "1234567800000000"],
  ["1e22", "1e+22"],
  ["0.001", "0.001"],
  ["0.0001", "0.0001"],
  ["0.00001", "0.00001"],
  ["0.000001", "0.000001"],
  ["0.0000001", "1e-7"],
  ["0.0000015", "1.5e-6"],
  ["0.00012345678", "1.2345678e-4"],
  ["0.0012345678", "0.0012345678"],
  ["0.012345678912345", "0.012345678912345"],
  ["12345.12345678", "1.234512345678e+4"],
  ["1234.12345678", "1234.12345678"],
  ["99999.5", "99999.5"],
  ["123456.789", "123456.789"],
  ["1e-7", "1e-7"],
  ["1e-10", "1e-10"],
  ["1.5e-300", "1.5e-300"],
  ["5e-324", "5e-324"],
  ["1.7976931348623157e308", "1.7976931348623157e+308"],
  ["2.2250738585072014e-308", "2.2250738585072014e-308"],
  ["-1.2345678901234567e-300", "-1.2345678901234568e-300"],
  ["inf", "inf"],
  ["-inf", "-inf"],
  ["9007199254740993", "9007199254740992"],
  ["9007199254740991", "9007199254740991"],
  ["-9007199254740994", "-9007199254740994"],
  ["4503599627370497.5", "4503599627370498"],
  ["1.0000001", "1.0000001"],
  ["3.0000005", "3.0000005"],
  ["99999999.5", "99999999.5"],
  ["100000000.5", "100000000.5"],
  ["0.5", "0.5"],
  ["1e100", "1e+100"],
  ["1e99", "1e+99"],
  ["-2.5", "-2.5"],
  ["123.456789", "123.456789"],
];

test("doubles are printed as a real server prints them", () => {
  for (const [text, expected] of OBSERVED) assert.equal(formatDouble(parse(text)), expected, text);
  assert.equal(formatDouble(-1.0007865263051042e23), "-100078652630510420000000");
  assert.equal(formatDouble(-0), "-0");
  assert.equal(formatDouble(0), "0");
  assert.equal(formatDouble(NaN), "nan");
});

test("where a real server misses the shortest digits, we do not", () => {
  for (const text of ["1e+23", "8.95e+21", "28.37439", "29211.947811", "24.66283096000552"]) {
    assert.equal(formatDouble(parse(text)), text);
  }
});

test("what is printed reads back, in as few digits as any", () => {
  const decimals = fc.tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(9))
    .map(([digits, places]) => digits / 10 ** places);
  const whole = fc.double({ min: -(2 ** 70), max: 2 ** 70, noNaN: true }).map(Math.round);
  const giant = fc.double({ min: -1e26, max: -1e19, noNaN: true });
  const any = fc.double({ noNaN: true });
  fc.assert(
    fc.property(fc.oneof(decimals, whole, giant, any), (value) => {
      const text = formatDouble(value);
      assertSame(parse(text), value, text);
      assert.ok(text.length <= MAX_DOUBLE_TEXT_BYTES);
      const isWhole = Number.isInteger(value) && Math.abs(value) <= 2 ** 62;
      if (isWhole) {
        if (!Object.is(value, -0)) assert.equal(text, String(BigInt(value)));
      } else if (Number.isFinite(value)) {
        const digits = (spelling: string) =>
          spelling.replace(/e.*/, "").replace(/[-.]/g, "").replace(/^0+|0+$/g, "");
        assert.equal(digits(text), digits(String(value)));
      }
      const into = new Uint8Array(MAX_DOUBLE_TEXT_BYTES + 4).fill(0x2a);
      const end = writeDouble(into, 2, value);
      assert.equal(latin1(into, 2, end), text);
      assert.ok(into[1] === 0x2a && into.subarray(end).every((byte) => byte === 0x2a));
    }),
    { numRuns: 3000 },
  );
});

const ACCEPTED: [string, number][] = [
  ["0", 0],
  ["-0", -0],
  ["+0", 0],
  ["-0.0", -0],
  ["0e99999999999999999999999", 0],
  ["-0e-5", -0],
  ["0x0p99999999", 0],
  ["1", 1],
  ["+1", 1],
  ["007", 7],
  ["5.", 5],
  [".5", 0.5],
  ["-.5", -0.5],
  ["1e5", 1e5],
  ["1E+5", 1e5],
  ["5.e-1", 0.5],
  ["1e0000000000000000000005", 1e5],
  ["0.1", 0.1],
  ["123456789012345678901234567890", 123456789012345678901234567890],
  ["9007199254740993", 9007199254740992],
  ["9007199254740993." + "0".repeat(900) + "1", 9007199254740994],
  ["9007199254740993." + "0".repeat(900), 9007199254740992],
  ["0." + "0".repeat(2000) + "1e2001", 1],
  ["1" + "0".repeat(2000) + "e-2000", 1],
  ["inf", Infinity],
  ["+inf", Infinity],
  ["-INF", -Infinity],
  ["-infinity", -Infinity],
  ["Infinity", Infinity],
  ["1.7976931348623157e308", Number.MAX_VALUE],
  ["5e-324", 5e-324],
  ["2.5e-324", 5e-324],
  ["1e-320", 1e-320],
  ["0x10", 16],
  ["0X1P3", 8],
  ["-0x1.8p1", -3],
  ["0x.8", 0.5],
  ["0x8.", 8],
  ["0x1p-1074", 5e-324],
  ["0x1.8p-1075", 5e-324],
  ["0x1.fffffffffffffp1023", Number.MAX_VALUE],
  ["0x20000000000001", 2 ** 53],
  ["0x20000000000001." + "0".repeat(100) + "1", 2 ** 53 + 2],
  ["0x20000000000003", 2 ** 53 + 4],
];

const REFUSED = [
  ...["", "+", "-", ".", "+.", " ", " 1", "1 ", "\n1", "1\n", "1\0", "\0", "a", "1a", "--1", "+-1"],
  ...["1..2", "1.2.3", "e5", "1e", "1e+", "1e-", "1e5.0", "1e5 ", "1,5", "1_0", ".e1", "1f"],
  ...["nan", "NaN", "-nan", "nan(1)", "in", "infi", "infinit", "infinityx", "inf "],
  ...["0x", "0x.", "0xp1", "0xg", "0x1p", "0x1p+", "0x1.2.3", "x1", "0x1 ", "0x1p1.0"],
  ...["1e309", "-1e309", "1.8e308", "1e99999999999999999999", "0x1p1024", "0x1p99999999999999999"],
  ...[
    "1e-400",
    "2.4e-324",
    "1e-99999999999999999999",
    "0x1p-1075",
    "0x1p-1076",
    "0x1p-99999999999",
  ],
];

test("numbers that Redis takes", () => {
  for (const [text, expected] of ACCEPTED) assertSame(parse(text), expected, text);
});

test("texts that Redis refuses", () => {
  for (const text of REFUSED) assertSame(parse(text), NaN, JSON.stringify(text));
});

test("decimals are rounded as the language rounds them", () => {
  const digits = (maxLength: number) =>
    fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength });
  const text = fc.tuple(digits(20), digits(20), fc.integer({ min: -345, max: 330 }), fc.boolean())
    .map(([whole, part, exponent, hasExponent]) =>
      `0${whole}.${part}` + (hasExponent ? `e${exponent}` : "")
    );
  fc.assert(
    fc.property(text, (spelling) => {
      const value = Number(spelling);
      const isLost = value === Infinity ||
        (value === 0 && /[1-9]/.test(spelling.replace(/e.*/, "")));
      assertSame(parse(spelling), isLost ? NaN : value, spelling);
      assertSame(parse("-" + spelling), isLost ? NaN : -value, spelling);
    }),
    { numRuns: 3000 },
  );
});

test("hex floats are exact", () => {
  fc.assert(fc.property(fc.nat(2 ** 31 - 1), fc.integer({ min: -60, max: 60 }), (digits, power) => {
    const value = digits * 2 ** power;
    assertSame(parse(`0x${digits.toString(16)}p${power}`), value, String(value));
    assertSame(parse(`-0x${digits.toString(16)}.0P${power}`), -value, String(value));
  }));
});
