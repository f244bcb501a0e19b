import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { latin1Bytes } from "../../../../src/base/ascii.ts";
import { KeyHash } from "../../../../src/base/hash.ts";
import { TrackedKeys } from "../../../../src/server/tracking/tracked_keys.ts";

test("keys with those who have read them, as a map of sets would keep them", () => {
  const name = fc.constantFrom("", "a", "b", "\0", "\xff\xfe", "x".repeat(255), "x".repeat(300));
  const step = fc.record({ name, id: fc.nat(4), what: fc.constantFrom("add", "add", "take") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const keys = new TrackedKeys(new KeyHash(1, 2));
      const model = new Map<string, Set<number>>();
      for (const { name, id, what } of steps) {
        const bytes = latin1Bytes(`__${name}__`);
        const end = bytes.length - 2;
        if (what === "add") {
          keys.add(bytes, 2, end, id);
          model.set(name, (model.get(name) ?? new Set()).add(id));
        } else {
          const taken = keys.take(bytes, 2, end);
          const ids = taken === null ? [] : [taken.firstId, ...taken.otherIds ?? []];
          assert.deepEqual(ids, [...model.get(name) ?? []]);
          assert.equal(taken?.name, model.has(name) ? name : undefined);
          model.delete(name);
        }
        assert.equal(keys.count, model.size);
        assert.equal(keys.itemCount, [...model.values()].reduce((sum, ids) => sum + ids.size, 0));
      }
      const names = Array.from({ length: keys.count }, (_, i) => keys.at(i).name);
      assert.deepEqual(names.sort(), [...model.keys()].sort());
    }),
    { numRuns: 200 },
  );
});

test("many keys, taken in any order", () => {
  const keys = new TrackedKeys(new KeyHash(3, 4));
  const bytesOf = (i: number) => latin1Bytes(`key:${i}`);
  for (let i = 0; i < 5000; i++) keys.add(bytesOf(i), 0, bytesOf(i).length, i % 7);
  assert.equal(keys.count, 5000);
  for (let i = 0; i < 5000; i += 2) {
    const bytes = bytesOf((i * 7919) % 5000);
    keys.take(bytes, 0, bytes.length);
  }
  let left = 0;
  for (let i = 0; i < 5000; i++) if (keys.take(bytesOf(i), 0, bytesOf(i).length) !== null) left++;
  assert.equal(left, 2500);
  assert.equal(keys.count + keys.itemCount, 0);
  keys.add(bytesOf(1), 0, 5, 1);
  keys.clear();
  assert.equal(keys.count + keys.itemCount, 0);
  assert.equal(keys.take(bytesOf(1), 0, 5), null);
});
