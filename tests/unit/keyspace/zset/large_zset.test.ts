/** Large sorted sets by themselves: a heap that is full, frozen, or both. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1Bytes } from "../../../../src/base/ascii.ts";
import { KeyHash } from "../../../../src/base/hash.ts";
import { Heap, HeapFull } from "../../../../src/heap/heap.ts";
import { RecordDict } from "../../../../src/heap/record_dict.ts";
import { LargeZsets } from "../../../../src/keyspace/zset/large_zset.ts";

/** A heap of so many pages, as a power of two, and a sorted set in it. */
function setUp(capacityBits: number) {
  const heap = new Heap(capacityBits);
  const zsets = new LargeZsets(heap, new RecordDict(heap, new KeyHash(1, 2)));
  return { heap, zsets, root: zsets.create() };
}

/** Puts members until the heap is full; returns how many went in. */
function fillUp(zsets: LargeZsets, root: number, score: (i: number) => number): number {
  for (let i = 0;; i++) {
    const member = latin1Bytes(`member:${i}`.padEnd(i % 50 === 0 ? 100 : 0, "x"));
    const old = zsets.score(root, member, 0, member.length);
    try {
      if (old !== old) zsets.add(root, member, 0, member.length, score(i));
    } catch (thrown) {
      assert.ok(thrown instanceof HeapFull);
      return i;
    }
  }
}

test("a full heap refuses members and leaves the sorted set as it was", () => {
  for (const score of [(i: number) => i, (i: number) => -i, (i: number) => i * 7919 % 1009]) {
    const { heap, zsets, root } = setUp(5);
    const count = fillUp(zsets, root, score);
    assert.ok(count > 500);
    assert.equal(zsets.count(root), count);
    zsets.check(root);
    heap.check();
    // Scores can change as long as there is room, and members can always go.
    let changed = 0;
    for (let i = 0; i < count; i += 37) {
      const member = latin1Bytes(`member:${i}`.padEnd(i % 50 === 0 ? 100 : 0, "x"));
      const old = zsets.score(root, member, 0, member.length);
      try {
        zsets.setScore(root, member, 0, member.length, old, old + 500.5);
        changed++;
      } catch (thrown) {
        assert.ok(thrown instanceof HeapFull);
      }
    }
    assert.ok(changed > 0);
    zsets.check(root);
    zsets.removeRange(root, 0, count >> 1);
    zsets.check(root);
    zsets.removeRange(root, 0, zsets.count(root));
    assert.equal(zsets.count(root), 0);
    for (const _ of zsets.freeSteps(root));
    assert.equal(heap.objectCount, 0);
    heap.check();
  }
});

test("a copy that does not fit leaves nothing behind", () => {
  const { heap, zsets, root } = setUp(5);
  fillUp(zsets, root, (i) => i % 10);
  const objects = heap.objectCount;
  assert.throws(() => zsets.copy(root), HeapFull);
  assert.equal(heap.objectCount, objects);
  zsets.removeRange(root, 0, Math.ceil(zsets.count(root) * 0.7));
  const copy = zsets.copy(root);
  zsets.check(copy);
  zsets.check(root);
  for (const each of [root, copy]) for (const _ of zsets.freeSteps(each));
  assert.equal(heap.objectCount, 0);
});

test("bytes are those of all objects", () => {
  const { heap, zsets, root } = setUp(10);
  for (let i = 0; i < 3000; i++) {
    const member = latin1Bytes(`member:${i}`.padEnd(i % 50 === 0 ? 100 : 0, "x"));
    zsets.score(root, member, 0, member.length);
    zsets.add(root, member, 0, member.length, i * 7919 % 1009);
  }
  assert.equal(zsets.bytes(root), heap.allocatedBytes);
  zsets.removeRange(root, 100, 2500);
  assert.equal(zsets.bytes(root), heap.allocatedBytes);
});
