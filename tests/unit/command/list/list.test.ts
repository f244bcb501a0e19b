/** What conformance tests cannot say of lists: encodings (as Redis 8.0.2), what is repeated. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFixture } from "../fixture.ts";

class ListFixture extends CommandFixture {
  /** Repeats a command until the encoding of k changes, and returns how often. */
  until(encoding: string, ...words: string[]): number {
    for (let times = 1; times < 10_000; times++) {
      this.run(...words);
      if (this.encoding("k") === encoding) return times;
    }
    return Infinity;
  }
}

test("a list grows large and becomes small at the sizes of Redis", () => {
  const f = new ListFixture();
  const element = "x".repeat(100);
  assert.equal(f.until("quicklist", "RPUSH", "k", element), 80);
  assert.equal(f.until("listpack", "RPOP", "k"), 41);
  f.keyspace.limits.listMaxListpackSize = 10;
  f.run("LTRIM", "k", "1", "0");
  assert.equal(f.encoding("k"), "");
  assert.equal(f.until("quicklist", "LPUSH", "k", "a"), 11);
  assert.equal(f.until("listpack", "LPOP", "k"), 6);
  for (const [limit, count] of [[0, 2], [1, 2], [-1, 40], [-5, 637], [-9, 637]]) {
    f.keyspace.limits.listMaxListpackSize = limit;
    f.run("LTRIM", "k", "1", "0");
    assert.equal(f.until("quicklist", "RPUSH", "k", element), count, String(limit));
  }
  f.keyspace.check();
});

test("a command that might need room makes the list large before it knows", () => {
  const f = new ListFixture();
  const long = "y".repeat(8200);
  f.run("RPUSH", "k", "a", "b");
  assert.equal(f.run("LINSERT", "k", "BEFORE", "nosuch", long), ":-1\r\n");
  assert.equal(f.encoding("k"), "quicklist");
  f.run("LPOP", "k");
  assert.equal(f.encoding("k"), "listpack");
  assert.match(f.run("LSET", "k", "7", long), /^-ERR index out of range/);
  assert.equal(f.encoding("k"), "quicklist");
  f.run("LSET", "k", "0", "c");
  assert.equal(f.encoding("k"), "listpack");
  f.keyspace.check();
});

test("an element that goes round does not change the encoding", () => {
  const f = new ListFixture();
  f.run("RPUSH", "k", ...Array.from({ length: 78 }, (_, i) => String(i).padStart(100, "x")));
  f.run("RPUSH", "k", "y".repeat(145));
  assert.equal(f.encoding("k"), "listpack");
  for (let i = 0; i < 100; i++) f.run("LMOVE", "k", "k", "LEFT", "RIGHT");
  for (let i = 0; i < 21; i++) f.run("RPOPLPUSH", "k", "k");
  assert.equal(f.encoding("k"), "listpack");
  assert.equal(f.list("LRANGE", "k", "0", "0")[0], "0".padStart(100, "x"));
  f.keyspace.check();
});

type Case = [command: string, propagated: string | undefined, dirty?: number];

test("what is repeated, as redis-server 7.0.15 does", () => {
  const cases: Case[] = [
    ["RPUSH l d e", "RPUSH l d e", 2],
    ["LPUSH n a", "LPUSH n a"],
    ["RPUSHX l d", "RPUSHX l d"],
    ["LPUSHX n d", undefined],
    ["LPOP l", "LPOP l"],
    ["RPOP l 2", "RPOP l 2", 2],
    ["RPOP l 20", "RPOP l 20", 3],
    ["LPOP l 0", undefined],
    ["LPOP n", undefined],
    ["LSET l 0 x", "LSET l 0 x"],
    ["LSET l 9 x", undefined],
    ["LINSERT l BEFORE b x", "LINSERT l BEFORE b x"],
    ["LINSERT l BEFORE n x", undefined],
    ["LREM l 0 b", "LREM l 0 b"],
    ["LREM l 0 n", undefined],
    ["LTRIM l 1 1", "LTRIM l 1 1", 2],
    ["LTRIM l 0 -1", undefined],
    ["LTRIM l 5 1", "LTRIM l 5 1", 3],
    ["LMOVE l m LEFT RIGHT", "LMOVE l m LEFT RIGHT"],
    ["LMOVE l l LEFT LEFT", "LMOVE l l LEFT LEFT"],
    ["RPOPLPUSH l m", "RPOPLPUSH l m"],
    ["RPOPLPUSH n m", undefined],
    ["LMPOP 2 n l LEFT", "LPOP l 1"],
    ["LMPOP 2 n l RIGHT COUNT 9", "RPOP l 3", 3],
    ["LMPOP 1 n RIGHT COUNT 9", undefined],
    ["LRANGE l 0 -1", undefined],
    ["LPOS l b", undefined],
  ];
  for (const [command, propagated, dirty = propagated === undefined ? 0 : 1] of cases) {
    const f = new ListFixture();
    f.run("RPUSH", "l", "a", "b", "c");
    f.takePropagated();
    const before = f.call.dirty;
    f.run(...command.split(" "));
    const expected = propagated === undefined ? [] : [`0 ${propagated}`];
    assert.deepEqual(f.takePropagated(), expected, command);
    assert.equal(f.call.dirty - before, dirty, command);
    f.keyspace.check();
  }
});

test("lists while the heap is frozen", () => {
  const f = new ListFixture();
  const element = "x".repeat(30);
  f.run("RPUSH", "k", ...Array.from({ length: 2000 }, () => element));
  f.keyspace.heap.freeze();
  for (let i = 0; i < 300; i++) {
    f.run("RPUSH", "k", `r${i}`);
    f.run("LPUSH", "k", `l${i}`);
    f.run("LSET", "k", String(i * 5), `s${i}`);
    f.run("LREM", "k", "1", element);
    f.run("RPOPLPUSH", "k", "m");
  }
  f.keyspace.check();
  f.keyspace.heap.release();
  f.keyspace.check();
  assert.equal(f.run("LLEN", "k"), ":2000\r\n");
  assert.equal(f.run("LLEN", "m"), ":300\r\n");
});
