/** What is freed in slices, and how it is counted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LazyFree } from "../../../src/keyspace/lazy_free.ts";

function* steps(count: number): Generator<undefined, void, void> {
  for (let i = 1; i < count; i++) yield;
}

test("a value of one step is freed at once and not counted", () => {
  const lazyFree = new LazyFree();
  lazyFree.pendingAdded = () => assert.fail();
  lazyFree.addValue(steps(1));
  assert.equal(lazyFree.pendingCount, 0);
  assert.equal(lazyFree.freedCount, 0);
});

test("values and databases wait, and count as keys", () => {
  const lazyFree = new LazyFree();
  let told = 0;
  lazyFree.pendingAdded = () => told++;
  lazyFree.addValue(steps(20));
  lazyFree.addDatabase(steps(30), 7);
  lazyFree.addDatabase(steps(1), 3);
  assert.equal(told, 2);
  assert.equal(lazyFree.pendingCount, 8);
  assert.equal(lazyFree.freedCount, 3);
  let nowUs = 0;
  const clock = () => nowUs++;
  assert.equal(lazyFree.run(clock, 1), true);
  assert.equal(lazyFree.pendingCount, 8);
  while (lazyFree.run(clock, 1));
  assert.equal(lazyFree.pendingCount, 0);
  assert.equal(lazyFree.freedCount, 11);
});

test("what is forgotten counts as freed", () => {
  const lazyFree = new LazyFree();
  lazyFree.addValue(steps(20));
  lazyFree.addDatabase(steps(20), 5);
  lazyFree.forget();
  assert.equal(lazyFree.pendingCount, 0);
  assert.equal(lazyFree.freedCount, 6);
  assert.equal(lazyFree.run(() => 0, 1), false);
});
