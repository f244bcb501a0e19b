/** Pending entries lists of streams against a sorted array. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Heap } from "../../../src/heap/heap.ts";
import {
  CONSUMER_RECORD_WORDS,
  GROUP_RECORD_WORDS,
  PENDING_COUNT,
  PENDING_TIME,
  PendingTree,
} from "../../../src/keyspace/stream/pending_tree.ts";
import { StreamId } from "../../../src/keyspace/stream/stream_id.ts";
import { seeded } from "../heap/seeded.ts";

/** Where ids are added and taken away. */
const PATTERNS = {
  "anywhere": { add: 0, remove: 0 },
  "from the end, taken from the beginning": { add: 1, remove: 1 },
  "from the end, taken anywhere": { add: 1, remove: 0 },
};

for (const [name, pattern] of Object.entries(PATTERNS)) {
  for (const recordWords of [GROUP_RECORD_WORDS, CONSUMER_RECORD_WORDS]) {
    test(`ids come ${name}; ${recordWords} words a record`, () => {
      const heap = new Heap();
      const tree = new PendingTree(heap, recordWords);
      const prng = seeded(recordWords);
      const id = new StreamId();
      const model: number[] = [];
      let root = 0;
      let last = 0;
      const set = (ms: number) => id.set(ms < 0 ? -1 : 0, ms, -1, ms * 3);
      for (let round = 0; round < 6000; round++) {
        const isGrowing = Math.floor(round / 1000) % 2 === 0;
        if (prng.below(10) < (isGrowing ? 7 : 3)) {
          const ms = pattern.add === 1 ? last += 1 + prng.below(5) : prng.below(5000);
          set(ms);
          const index = model.findIndex((each) => each >= ms);
          assert.equal(tree.find(root, id), index >= 0 && model[index] === ms);
          if (tree.find(root, id)) continue;
          tree.insert(root, id);
          root = tree.root;
          if (recordWords === GROUP_RECORD_WORDS) {
            tree.setNumber(PENDING_TIME, ms * 2 ** 30);
            tree.setNumber(PENDING_COUNT, ms);
          }
          model.splice(index < 0 ? model.length : index, 0, ms);
        } else if (model.length > 0) {
          const index = pattern.remove === 1 ? 0 : prng.below(model.length);
          set(model[index]);
          assert.ok(tree.find(root, id));
          tree.remove(root);
          root = tree.root;
          model.splice(index, 1);
        }
        if (prng.below(200) === 0) {
          if (heap.isFrozen) heap.release();
          else heap.freeze();
        }
        if (round % 250 === 0) check();
      }
      function check(): void {
        tree.check(root);
        assert.equal(tree.count(root), model.length);
        const from = prng.below(5000);
        set(from);
        const expected = model.filter((ms) => ms >= from);
        for (let is = tree.seek(root, id); is; is = tree.next()) {
          tree.readId(id);
          assert.equal(id.msLow, expected.shift());
          if (recordWords === GROUP_RECORD_WORDS) {
            assert.equal(tree.number(PENDING_TIME), id.msLow * 2 ** 30);
            assert.equal(tree.number(PENDING_COUNT), id.msLow);
          }
        }
        assert.deepEqual(expected, []);
        assert.equal(tree.first(root), model.length > 0);
        if (!tree.last(root)) return;
        tree.readId(id);
        assert.equal(id.msLow, model.at(-1));
      }
      check();
      const bytes = tree.bytesOf(root);
      assert.equal(bytes, heap.allocatedBytes);
      for (const steps = tree.freeSteps(root); steps.next().done !== true;);
      assert.equal(heap.objectCount, 0);
      if (heap.isFrozen) heap.release();
      heap.check();
    });
  }
}
