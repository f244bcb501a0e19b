/**
 * Random commands on streams against a model: the entries as an array. Groups are verified by the
 * keyspace's check, and replies of groups by the conformance tests.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../heap/seeded.ts";
import { StreamFixture, type Value } from "./fixture.ts";

type Entry = [id: string, parts: string[]];

interface Shape {
  readonly name: string;
  readonly nodeBytes: number;
  readonly nodeEntries: number;
  /** How long the longest values are. */
  readonly valueBytes: number;
}

const SHAPES: readonly Shape[] = [
  { name: "usual nodes", nodeBytes: 4096, nodeEntries: 100, valueBytes: 30 },
  { name: "small nodes", nodeBytes: 200, nodeEntries: 7, valueBytes: 60 },
  { name: "one large node", nodeBytes: 0, nodeEntries: 0, valueBytes: 300 },
  { name: "values larger than a page", nodeBytes: 0, nodeEntries: 5, valueBytes: 20_000 },
];

for (const [index, shape] of SHAPES.entries()) {
  test(`random commands: ${shape.name}`, () => {
    const f = new StreamFixture();
    const prng = seeded(index + 1);
    Object.assign(f.keyspace.limits, {
      streamNodeMaxBytes: shape.nodeBytes,
      streamNodeMaxEntries: shape.nodeEntries,
    });
    let entries: Entry[] = [];
    let ms = 0;
    const text = () => {
      const kind = prng.below(6);
      if (kind === 0) return String(2 ** prng.below(53) - prng.below(2));
      if (kind === 1) return `-${prng.below(100_000)}`;
      return "x".repeat(prng.below(kind === 2 ? shape.valueBytes : 12));
    };
    const at = () => entries[prng.below(entries.length)]?.[0] ?? "1-1";
    for (let round = 0; round < 1500; round++) {
      const kind = prng.below(20);
      if (kind < 12) {
        const id = `${ms += prng.below(3)}-${round + 1}`;
        const names = prng.below(4) === 0 ? ["other", "1"] : ["a", "b", "c"];
        const parts = names.flatMap((name) => [name, text()]);
        assert.equal(f.value("XADD", "s", id, ...parts), id);
        entries.push([id, parts]);
      } else if (kind < 15) {
        const id = at();
        const isThere = entries.some(([each]) => each === id);
        assert.equal(f.value("XDEL", "s", id), isThere ? 1 : 0);
        entries = entries.filter(([each]) => each !== id);
      } else if (kind === 15 && entries.length > 100) {
        const length = entries.length - prng.below(40);
        f.run("XTRIM", "s", "MAXLEN", String(length));
        entries = entries.slice(-length);
      } else if (kind === 16) {
        const id = at();
        const start = entries.findIndex(([each]) => each === id);
        const expected: Value = entries.slice(Math.max(0, start), start + 5);
        assert.deepEqual(f.value("XRANGE", "s", id, "+", "COUNT", 5), start < 0 ? [] : expected);
        const back = entries.slice(Math.max(0, start - 4), start + 1).reverse();
        assert.deepEqual(f.value("XREVRANGE", "s", id, "-", "COUNT", 5), start < 0 ? [] : back);
      } else if (kind === 17) {
        const { heap } = f.keyspace;
        if (heap.isFrozen) heap.release();
        else heap.freeze();
      } else if (kind === 18) {
        f.run("XGROUP", "CREATE", "s", `g${prng.below(3)}`, "0", "MKSTREAM");
        const read = ["GROUP", `g${prng.below(3)}`, `c${prng.below(3)}`, "COUNT", "9", "STREAMS"];
        f.run("XREADGROUP", ...read, "s", ">");
        f.run("XACK", "s", `g${prng.below(3)}`, at(), at(), at());
        f.run("XCLAIM", "s", `g${prng.below(3)}`, "c1", "0", at(), at(), "FORCE");
      } else if (prng.below(20) === 0) {
        f.run("COPY", "s", "t", "REPLACE");
        assert.deepEqual(f.value("XRANGE", "t", "-", "+"), entries);
      }
      if (round % 100 === 0) f.keyspace.check();
    }
    assert.deepEqual(f.value("XRANGE", "s", "-", "+"), entries);
    assert.deepEqual(f.value("XREVRANGE", "s", "+", "-"), entries.toReversed());
    assert.equal(f.value("XLEN", "s"), entries.length);
    if (f.keyspace.heap.isFrozen) f.keyspace.heap.release();
    f.keyspace.check();
    const database = f.keyspace.databases[0];
    const before = f.keyspace.heap.allocatedBytes;
    const ref = database.find(new TextEncoder().encode("s"), 0, 1);
    const bytes = database.bytesOf(ref);
    f.run("DEL", "s");
    assert.ok(before - f.keyspace.heap.allocatedBytes >= bytes, "what it takes is freed");
    f.run("DEL", "t");
    f.keyspace.check();
    assert.equal(f.keyspace.size, 0);
  });
}

test("a full heap leaves streams as they were", () => {
  const f = new StreamFixture();
  const { heap } = f.keyspace;
  const allocate = heap.allocate.bind(heap);
  const prng = seeded(9);
  let countdown = Infinity;
  heap.allocate = (sizeBytes: number) => {
    if (--countdown <= 0) throw new Error("no room");
    return allocate(sizeBytes);
  };
  let failures = 0;
  let added = 0;
  for (let round = 0; round < 3000; round++) {
    countdown = prng.below(3) === 0 ? 1 + prng.below(6) : Infinity;
    const key = `s${prng.below(3)}`;
    try {
      const kind = prng.below(6);
      if (kind < 3) {
        f.run("XADD", key, `${round + 1}-1`, `f${prng.below(3)}`, "x".repeat(prng.below(99)));
      } else if (kind === 3) f.run("XGROUP", "CREATE", key, `g${prng.below(9)}`, "0", "MKSTREAM");
      else if (kind === 4) {
        f.run("XREADGROUP", "GROUP", `g${prng.below(9)}`, `c${prng.below(9)}`, "STREAMS", key, ">");
      } else f.run("COPY", key, "copy", "REPLACE");
      added++;
    } catch (thrown) {
      assert.equal((thrown as Error).message, "no room");
      f.call.reply.release();
      failures++;
    }
    countdown = Infinity;
    if (round % 20 === 0) f.keyspace.check();
  }
  assert.ok(failures > 100 && added > 1000);
  f.keyspace.check();
});
