import assert from "node:assert/strict";
import { test } from "node:test";
import { HeapFull } from "../../../../src/heap/heap.ts";
import { CommandFixture } from "../fixture.ts";

class HyperloglogFixture extends CommandFixture {
  elements(first: number, count: number): string[] {
    return Array.from({ length: count }, (_, i) => `element:${first + i}`);
  }

  check(): void {
    for (const database of this.keyspace.databases) database.check();
  }
}

test("what changed is repeated, a cached cardinality too", () => {
  const f = new HyperloglogFixture();
  assert.equal(f.run("PFADD", "k", "a"), ":1\r\n");
  assert.equal(f.run("PFADD", "k", "a"), ":0\r\n");
  assert.deepEqual(f.takePropagated(), ["0 PFADD k a"]);
  assert.equal(f.run("PFCOUNT", "k"), ":1\r\n");
  assert.deepEqual(f.takePropagated(), ["0 PFCOUNT k"]);
  assert.equal(f.run("PFCOUNT", "k"), ":1\r\n");
  assert.equal(f.run("PFCOUNT", "k", "k"), ":1\r\n");
  assert.equal(f.run("PFCOUNT", "missing"), ":0\r\n");
  assert.equal(f.run("PFDEBUG", "ENCODING", "k"), "+sparse\r\n");
  assert.equal(f.run("PFDEBUG", "DECODE", "k").slice(0, 1), "$");
  assert.deepEqual(f.takePropagated(), []);
  assert.equal(f.run("PFMERGE", "new", "k"), "+OK\r\n");
  assert.equal(f.run("PFDEBUG", "TODENSE", "new"), ":1\r\n");
  assert.equal(f.run("PFDEBUG", "TODENSE", "new"), ":0\r\n");
  assert.equal(f.run("PFDEBUG", "GETREG", "k").slice(0, 8), "*16384\r\n");
  assert.deepEqual(f.takePropagated(), [
    "0 PFMERGE new k",
    "0 PFDEBUG TODENSE new",
    "0 PFDEBUG GETREG k",
  ]);
});

test("dirty counts the registers that were raised, and the key that was made", () => {
  const f = new HyperloglogFixture();
  f.run("PFADD", "k", "a", "b", "a");
  assert.equal(f.call.dirty, 3);
  f.run("PFADD", "k", "a", "c");
  assert.equal(f.call.dirty, 4);
  f.run("PFADD", "k");
  f.run("PFCOUNT", "k", "k");
  assert.equal(f.call.dirty, 4);
});

test("what a snapshot holds stays as it was, sparse and dense", () => {
  const f = new HyperloglogFixture();
  f.run("PFADD", "sparse", ...f.elements(0, 500));
  f.run("PFADD", "dense", ...f.elements(0, 5000));
  const expected = [f.get("sparse"), f.get("dense")];
  const heap = f.keyspace.heap;
  heap.freeze();
  for (let i = 0; i < 50; i++) f.run("PFADD", "sparse", `x${i}`);
  for (let i = 0; i < 3000; i++) f.run("PFADD", "dense", `x${i}`);
  f.run("PFCOUNT", "sparse");
  f.run("PFCOUNT", "dense");
  f.run("PFMERGE", "sparse", "dense");
  f.run("PFMERGE", "dense", "sparse");
  const changed = [f.get("sparse"), f.get("dense")];
  assert.notDeepEqual(changed, expected);
  f.check();

  // The same without a snapshot, and so without pages that lie apart.
  const other = new HyperloglogFixture();
  other.run("PFADD", "sparse", ...f.elements(0, 500));
  other.run("PFADD", "dense", ...f.elements(0, 5000));
  for (let i = 0; i < 50; i++) other.run("PFADD", "sparse", `x${i}`);
  other.run("PFADD", "dense", ...Array.from({ length: 3000 }, (_, i) => `x${i}`));
  other.run("PFCOUNT", "sparse");
  other.run("PFCOUNT", "dense");
  other.run("PFMERGE", "sparse", "dense");
  other.run("PFMERGE", "dense", "sparse");
  assert.equal(changed[0], other.get("sparse"));
  assert.equal(changed[1], other.get("dense"));
  heap.release();
  assert.equal(f.get("dense"), changed[1]);
  f.check();
});

test("a sparse one over several pages", () => {
  const f = new HyperloglogFixture();
  f.keyspace.limits.hllSparseMaxBytes = 20_000;
  const [few, many] = [f.elements(0, 100), f.elements(100, 9000)];
  f.run("PFADD", "k", ...few);
  for (let i = 0; i < many.length; i += 300) {
    f.run("PFADD", "k", ...many.slice(i, i + 300));
    f.keyspace.heap.freeze();
    f.run("PFADD", "k", `x${i}`);
    f.keyspace.heap.release();
    f.check();
  }
  assert.equal(f.run("PFDEBUG", "ENCODING", "k"), "+sparse\r\n");
  assert((f.get("k")?.length ?? 0) > 8192);
  const count = f.run("PFCOUNT", "k");
  f.run("PFDEBUG", "TODENSE", "k");
  f.run("PFMERGE", "k");
  assert.equal(f.run("PFCOUNT", "k"), count);
  f.check();
});

test("a full heap leaves a HyperLogLog as it was", () => {
  const f = new HyperloglogFixture();
  f.run("PFADD", "k", ...f.elements(0, 400));
  const before = f.get("k");
  const heap = f.keyspace.heap;
  const { allocate, resize } = heap;
  heap.resize = heap.allocate = () => {
    throw new HeapFull();
  };
  assert.throws(() => f.run("PFADD", "k", ...f.elements(400, 4000)), HeapFull);
  Object.assign(heap, { allocate, resize });
  f.call.reply.release();
  assert.equal(f.get("k"), before);
  f.check();
});
