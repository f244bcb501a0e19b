import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { latin1 } from "../../../src/base/ascii.ts";
import {
  columnOf,
  decoded,
  DECODED_LATITUDE,
  DECODED_LONGITUDE,
  decodeScore,
  geoDistance,
  GEOHASH_TEXT_BYTES,
  geohashHigh,
  geohashLow,
  LATITUDE_MAX,
  latitudeOfRow,
  longitudeOfColumn,
  rowOf,
  scoreOfCell,
  scoreOfPlace,
  STEP_MAX,
  writeGeohashText,
} from "../../../src/base/geohash.ts";

const longitude = fc.double({ min: -180, max: 180, noNaN: true });
const latitude = fc.double({ min: -LATITUDE_MAX, max: LATITUDE_MAX, noNaN: true });

function longitudeOfScore(score: number): number {
  decodeScore(score);
  return decoded[DECODED_LONGITUDE];
}

function latitudeOfScore(score: number): number {
  decodeScore(score);
  return decoded[DECODED_LATITUDE];
}

/** The bits of column and row, one after the other. */
function interleaved(column: number, row: number, step: number): bigint {
  let bits = 0n;
  for (let i = step; i >= 0; i--) {
    bits = bits << 2n | BigInt(column >>> i & 1) << 1n | BigInt(row >>> i & 1);
  }
  return bits;
}

test("a score is the bits of column and row in turn", () => {
  fc.assert(fc.property(longitude, latitude, (x, y) => {
    const column = columnOf(x, STEP_MAX);
    const row = rowOf(y, STEP_MAX);
    const bits = interleaved(column, row, STEP_MAX);
    assert.equal(BigInt.asUintN(32, bits), BigInt(geohashLow(column, row) >>> 0));
    assert.equal(bits >> 32n, BigInt(geohashHigh(column, row) >>> 0));
    assert.equal(scoreOfPlace(x, y), Number(bits));
  }));
});

test("a cell of a coarse grid has the scores of the fine cells in it", () => {
  fc.assert(
    fc.property(longitude, latitude, fc.integer({ min: 1, max: STEP_MAX }), (x, y, step) => {
      fc.pre(x < 180 && y < LATITUDE_MAX);
      const column = columnOf(x, step);
      const row = rowOf(y, step);
      const score = scoreOfPlace(x, y);
      assert.ok(scoreOfCell(column, row, step, 0) <= score);
      assert.ok(score < scoreOfCell(column, row, step, 1));
      assert.ok(longitudeOfColumn(column, step) <= x + 1e-12);
      assert.ok(x < longitudeOfColumn(column + 1, step) + 1e-12);
      assert.ok(latitudeOfRow(row, step) <= y + 1e-12);
      assert.ok(y < latitudeOfRow(row + 1, step) + 1e-12);
    }),
  );
});

test("a score gives back the place, half a cell off at most", () => {
  fc.assert(fc.property(longitude, latitude, (x, y) => {
    // What rounds to the far edge is beyond the last cell, in Redis too.
    fc.pre((x + 180) / 360 < 1 && (y + LATITUDE_MAX) / (2 * LATITUDE_MAX) < 1);
    const score = scoreOfPlace(x, y);
    assert.ok(Math.abs(longitudeOfScore(score) - x) <= 180 / 2 ** STEP_MAX + 1e-12);
    assert.ok(Math.abs(latitudeOfScore(score) - y) <= LATITUDE_MAX / 2 ** STEP_MAX + 1e-12);
  }));
});

test("any score is a place", () => {
  const anyScore = fc.oneof(
    fc.double({ noNaN: true }),
    fc.constantFrom(Infinity, -Infinity, 2 ** 63, 2 ** 64, -(2 ** 63), -1, -0, 1.5, -1.5),
  );
  fc.assert(fc.property(anyScore, (score) => {
    assert.ok(Math.abs(longitudeOfScore(score)) <= 180);
    assert.ok(Math.abs(latitudeOfScore(score)) <= LATITUDE_MAX);
  }));
});

test("what redis-server answers", () => {
  assert.equal(scoreOfPlace(13.361389, 38.115556), 3479099956230698);
  assert.equal(scoreOfPlace(15.087269, 37.502669), 3479447370796909);
  assert.equal(scoreOfPlace(180, LATITUDE_MAX), 3 * 2 ** 52);
  assert.equal(longitudeOfScore(3479099956230698), 13.361389338970184);
  assert.equal(latitudeOfScore(3479099956230698), 38.1155563954963);
  assert.equal(Math.round(geoDistance(13.361389, 38.115556, 15.087269, 37.502669)), 166274);
  const text = new Uint8Array(GEOHASH_TEXT_BYTES);
  assert.equal(writeGeohashText(text, 0, 3479099956230698), 11);
  assert.equal(latin1(text), "sqc8b49rny0");
});

test("distances: the same there and back, along a meridian, and around the earth", () => {
  fc.assert(fc.property(longitude, latitude, longitude, latitude, (x, y, x2, y2) => {
    const there = geoDistance(x, y, x2, y2);
    const back = geoDistance(x2, y2, x, y);
    assert.ok(Number.isNaN(there) || Math.abs(there - back) <= 1e-6 * there + 0.2);
    assert.equal(geoDistance(x, y, x, y), 0);
    const north = geoDistance(x, y, x, y2);
    assert.ok(Math.abs(north - Math.abs(y2 - y) * Math.PI / 180 * 6372797.560856) < 1e-6);
  }));
});
