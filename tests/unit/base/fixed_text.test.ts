import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { latin1 } from "../../../src/base/ascii.ts";
import {
  MAX_FIXED_TEXT_BYTES,
  writeFixed,
  writeHumanDouble,
} from "../../../src/base/fixed_text.ts";
import { formatLongDouble, longDoubleFromNumber } from "../../../src/base/long_double.ts";

function fixed(value: number, decimals: number): string {
  const text = new Uint8Array(MAX_FIXED_TEXT_BYTES);
  return latin1(text, 0, writeFixed(text, 0, value, decimals));
}

function human(value: number): string {
  const text = new Uint8Array(MAX_FIXED_TEXT_BYTES);
  return latin1(text, 0, writeHumanDouble(text, 0, value));
}

/** A double's value in units of 10^-decimals, rounded to the nearest and then to the even one. */
function rounded(value: number, decimals: number): string {
  const { mantissa, exponent } = longDoubleFromNumber(Math.abs(value));
  let scaled = mantissa * 10n ** BigInt(decimals);
  if (exponent >= 0) scaled <<= BigInt(exponent);
  else {
    const unit = 1n << BigInt(-exponent);
    const rest = scaled % unit;
    scaled /= unit;
    if (rest * 2n > unit || (rest * 2n === unit && scaled % 2n === 1n)) scaled++;
  }
  const digits = String(scaled).padStart(decimals + 1, "0");
  const isNegative = value < 0 || Object.is(value, -0);
  return (isNegative ? "-" : "") + digits.slice(0, -decimals) + "." + digits.slice(-decimals);
}

const anyDouble = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -3e7, max: 3e7, noNaN: true }),
  fc.integer({ min: -(2 ** 30), max: 2 ** 30 }).map((n) => n / 2 ** 12),
  fc.constantFrom(0, -0, 0.00005, 0.99995, 9.99999999, 0.03125, 2 ** 53, 1e22, 1.7e308, 5e-324),
);

test("writeFixed rounds by the exact value", () => {
  fc.assert(fc.property(anyDouble, fc.integer({ min: 1, max: 6 }), (value, decimals) => {
    assert.equal(fixed(value, decimals), rounded(value, decimals));
  }));
});

test("writeFixed takes what is no number", () => {
  assert.equal(fixed(NaN, 4), "nan");
  assert.equal(fixed(Infinity, 4), "inf");
  assert.equal(fixed(-Infinity, 4), "-inf");
});

test("writeHumanDouble writes what INCRBYFLOAT would", () => {
  const coordinate = fc.integer({ min: -(180 * 2 ** 44), max: 180 * 2 ** 44 }).map((n) =>
    n / 2 ** 44
  );
  const fraction = fc.integer({ min: 0, max: 2 ** 47 }).map((n) => n / 2 ** 47);
  fc.assert(
    fc.property(fc.oneof(anyDouble, coordinate, fraction), (value) => {
      assert.equal(human(value), formatLongDouble(longDoubleFromNumber(value)));
    }),
    { numRuns: 500 },
  );
});

test("writeHumanDouble carries from the 17th decimal on", () => {
  const inUnits = (multiple: number): number => Math.round(multiple * 1e-12 * 2 ** 47) / 2 ** 47;
  assert.equal(human(inUnits(1059)), "0.000000001059");
  assert.equal(human(inUnits(1059) + 7), "7.000000001059");
  assert.equal(human(inUnits(2198)), "0.000000002198");
  for (let multiple = 1; multiple < 20_000; multiple++) {
    const value = inUnits(multiple);
    assert.equal(human(value), formatLongDouble(longDoubleFromNumber(value)));
  }
});
