import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LatencyHistogram } from "../../../../src/server/latency/histogram.ts";

/** What {@link LatencyHistogram.eachPowerOfTwo} tells. */
function steps(histogram: LatencyHistogram): [us: number, count: number][] {
  const found: [number, number][] = [];
  histogram.eachPowerOfTwo((us, count) => found.push([us, count]));
  return found;
}

test("nothing recorded", () => {
  const histogram = new LatencyHistogram();
  assert.equal(histogram.total, 0);
  assert.equal(histogram.percentile(50), 0);
  assert.deepEqual(steps(histogram), []);
});

test("the cuts are those of Redis's histograms", () => {
  const histogram = new LatencyHistogram();
  for (const us of [1, 2, 3, 5, 9, 17, 40, 100, 200]) histogram.record(us * 1000, 1);
  assert.deepEqual(steps(histogram), [
    [1, 1],
    [2, 2],
    [4, 3],
    [8, 4],
    [16, 5],
    [33, 6],
    [66, 7],
    [132, 8],
    [264, 9],
  ]);
  assert.equal(histogram.percentile(0), 1000);
  assert.equal(histogram.percentile(50), 9023);
  assert.equal(histogram.percentile(100), 200703);
});

test("a second is the longest", () => {
  const histogram = new LatencyHistogram();
  histogram.record(600_000_000, 1);
  histogram.record(5e9, 1);
  histogram.record(Infinity, 1);
  // redis-server 7.0.15 answers the same after DEBUG SLEEP 0.6 and 5.
  assert.deepEqual(steps(histogram), [[1073741, 3]]);
  assert.equal(histogram.percentile(100), 1002438655);
});

test("less than a nanosecond is one", () => {
  const histogram = new LatencyHistogram();
  histogram.record(0, 2);
  histogram.record(0.4, 1);
  assert.equal(histogram.total, 3);
  assert.equal(histogram.percentile(50), 1);
  histogram.reset();
  assert.equal(histogram.total, 0);
  assert.deepEqual(steps(histogram), []);
});

test("several calls at once are as many alone", () => {
  const together = new LatencyHistogram();
  const alone = new LatencyHistogram();
  together.record(1234, 5);
  for (let i = 0; i < 5; i++) alone.record(1234, 1);
  assert.deepEqual(steps(together), steps(alone));
  assert.equal(together.total, 5);
});

test("percentiles are within a hundredth of the truth", () => {
  const values = fc.array(fc.integer({ min: 1, max: 1e9 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 100 }), (sample, percent) => {
      const histogram = new LatencyHistogram();
      for (const ns of sample) histogram.record(ns, 1);
      const sorted = sample.toSorted((a, b) => a - b);
      const place = Math.max(1, Math.floor(percent / 100 * sample.length + 0.5));
      const expected = sorted[place - 1];
      const actual = histogram.percentile(percent);
      assert(actual >= expected && actual <= expected * 1.01 + 1, `${actual} for ${expected}`);
    }),
    { numRuns: 200 },
  );
});
