import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { CHUNK_PAGE_BITS, CHUNK_PAGES } from "../../../src/heap/page_layout.ts";
import { NO_CHUNK, PagePool } from "../../../src/heap/page_pool.ts";
import { seeded } from "./seeded.ts";

function chunkOf(physical: number): number {
  return physical >>> CHUNK_PAGE_BITS;
}

test("a page is taken once, whatever is added, emptied and taken away", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const prng = seeded(seed);
      const pool = new PagePool();
      const used: number[] = [];
      const isUsed = new Set<number>();
      const chunks = new Set<number>();
      for (let step = 0; step < 150; step++) {
        const choice = prng.below(10);
        const count = prng.below(1500);
        if (choice < 2) chunks.add(pool.addChunk());
        else if (choice < 5) {
          for (let i = 0; i < count && pool.freeCount > 0; i++) {
            const page = pool.take();
            assert.ok(!isUsed.has(page) && chunks.has(chunkOf(page)) && !pool.isFree(page));
            isUsed.add(page);
            used.push(page);
          }
        } else if (choice < 8) {
          for (let i = 0; i < count && used.length > 0; i++) {
            const at = prng.below(used.length);
            const page = used[at];
            used[at] = used[used.length - 1];
            used.pop();
            isUsed.delete(page);
            pool.give(page);
            assert.ok(pool.isFree(page));
          }
        } else if (choice < 9) {
          if (chunks.size > 0) pool.startEmptying();
        } else {
          const empty = [...chunks].find((chunk) => pool.isEmpty(chunk));
          if (empty === undefined) continue;
          pool.removeChunk(empty);
          chunks.delete(empty);
        }
        pool.check();
        assert.equal(pool.usedCount, used.length);
        assert.equal(pool.chunkCount, chunks.size);
      }
    }),
    { numRuns: 40 },
  );
});

test("pages come lowest first, and from the fullest chunk that has any", () => {
  const pool = new PagePool();
  for (let i = 0; i < 3; i++) pool.addChunk();
  for (let i = 0; i < 3 * CHUNK_PAGES; i++) assert.equal(pool.take(), i);
  for (let i = 0; i < 10; i++) pool.give(CHUNK_PAGES + i * 100);
  assert.equal(pool.take(), CHUNK_PAGES);
  pool.give(77);
  assert.equal(pool.take(), 77, "a page of a fuller chunk is used again at once");
  for (let i = 0; i < 20; i++) pool.give(2 * CHUNK_PAGES + i);
  for (let i = 1; i < 10; i++) assert.equal(pool.take(), CHUNK_PAGES + i * 100);
  assert.equal(pool.take(), 2 * CHUNK_PAGES);
});

test("a chunk that is being emptied is passed over until no other has pages", () => {
  const pool = new PagePool();
  for (let i = 0; i < 3; i++) pool.addChunk();
  for (let i = 0; i < 3 * CHUNK_PAGES; i++) pool.take();
  for (let i = 0; i < 300; i++) pool.give(CHUNK_PAGES + i);
  for (let i = 0; i < 200; i++) pool.give(i * 3);
  for (let i = 0; i < 100; i++) pool.give(2 * CHUNK_PAGES + i);
  assert.equal(pool.startEmptying(), 1);
  assert.equal(pool.lowestUsed(1), CHUNK_PAGES + 300);
  for (let i = 0; i < 300; i++) {
    assert.notEqual(chunkOf(pool.take()), 1);
    if (i % 10 === 0) pool.give(CHUNK_PAGES + 1000 + i);
  }
  assert.equal(pool.emptying, 1);
  assert.equal(pool.take(), CHUNK_PAGES, "rather than a new chunk");
  assert.equal(pool.emptying, NO_CHUNK);
  pool.check();
});

test("a page given back to the chunk that is being emptied does not turn to it", () => {
  const pool = new PagePool();
  for (let i = 0; i < 2; i++) pool.addChunk();
  for (let i = 0; i < 2 * CHUNK_PAGES; i++) pool.take();
  for (let i = 0; i < 10; i++) pool.give(i);
  pool.give(CHUNK_PAGES);
  assert.equal(pool.startEmptying(), 0);
  // From here on the other chunk is the emptier one.
  for (let i = 1; i < 30; i++) pool.give(CHUNK_PAGES + i);
  pool.give(10);
  for (let i = 0; i < 30; i++) assert.equal(pool.take(), CHUNK_PAGES + i);
  assert.equal(pool.take(), 0);
});

test("a chunk in use does not go", () => {
  const pool = new PagePool();
  const chunk = pool.addChunk();
  const page = pool.take();
  assert.throws(() => pool.removeChunk(chunk));
  pool.give(page);
  pool.removeChunk(chunk);
  assert.equal(pool.freeCount, 0);
  assert.throws(() => pool.removeChunk(chunk), "nor does one twice");
  assert.equal(pool.addChunk(), chunk, "its number is used again");
  assert.equal(pool.take(), page);
});
