import { test } from "node:test";
import assert from "node:assert/strict";
import { latin1Bytes } from "../../../src/base/ascii.ts";
import { HeapView } from "../../../src/heap/heap_view.ts";
import type { Keyspace } from "../../../src/keyspace/keyspace.ts";
import { CommandFixture } from "../command/fixture.ts";
import { KeyspaceModel, newKeyspace } from "./keyspace_model.ts";

test("flush empties one database or all, and the heap with the last key", () => {
  const model = new KeyspaceModel(1);
  for (let i = 0; i < 600; i++) model.add(i % 3, `key:${i}`);
  model.flush(1);
  model.checkAll();
  model.flush(1);
  model.checkAll();
  model.flush(0);
  model.checkAll();
  assert.ok(model.keyspace.heap.mappedBytes > 0);
  model.flush(2);
  assert.equal(model.keyspace.heap.mappedBytes, 0);
  model.checkAll();
  for (let i = 0; i < 600; i++) model.add(i % 3, `key:${i}`);
  model.flush(undefined);
  model.checkAll();
  assert.equal(model.keyspace.heap.mappedBytes, 0);
});

test("flush during a freeze leaves the image", () => {
  const model = new KeyspaceModel(2);
  for (let i = 0; i < 300; i++) model.add(i % 3, `key:${i}`, 5000);
  const { heap, databases } = model.keyspace;
  const ref = model.find(0, "key:0");
  const value = databases[0].outsideOf(ref);
  const bytes = new Uint8Array(5000);
  const expected = new Uint8Array(5000);
  heap.copyOut(value, 0, 5000, expected, 0);
  const view = new HeapView(heap.freeze());
  model.flush(undefined);
  for (let i = 0; i < 300; i++) model.add(i % 3, `other:${i}`, 5000);
  view.copyOut(value, 0, 5000, bytes, 0);
  assert.deepEqual(bytes, expected);
  model.checkAll();
  heap.release();
  model.checkAll();
});

/** Where, outside of the heap, bytes of its chunks are kept: the names of fields. */
function keptViews(keyspace: Keyspace): string[] {
  const found: string[] = [];
  const seen = new Set<unknown>([keyspace.heap, keyspace.events]);
  const visit = (value: unknown, path: string) => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    if (!ArrayBuffer.isView(value)) {
      seen.add(value);
      for (const [name, each] of Object.entries(value)) visit(each, `${path}.${name}`);
    } else if (value.buffer instanceof SharedArrayBuffer) found.push(path);
  };
  visit(keyspace, "keyspace");
  return found;
}

test("flush keeps nothing of the heap's chunks", () => {
  const f = new CommandFixture();
  const numbers = Array.from({ length: 600 }, (_, i) => String(i));
  const names = numbers.map((number) => `a name of ${number}`);
  const pairs = names.flatMap((name, i) => [numbers[i], name]);
  for (const [size, count] of [["large", 600], ["small", 3]] as const) {
    f.run("RPUSH", `list ${size}`, ...names.slice(0, count));
    f.run("LPOP", `list ${size}`);
    f.run("LPOS", `list ${size}`, names[1]);
    f.run("LRANGE", `list ${size}`, "0", "1");
    f.run("HSET", `hash ${size}`, ...pairs.slice(0, 2 * count));
    f.run("HGET", `hash ${size}`, "1");
    f.run("HGETALL", `hash ${size}`);
    f.run("SADD", `set ${size}`, ...names.slice(0, count));
    f.run("SPOP", `set ${size}`);
    f.run("SINTER", `set ${size}`, "set large");
    f.run("ZADD", `zset ${size}`, ...pairs.slice(0, 2 * count));
    f.run("ZRANK", `zset ${size}`, names[1]);
    f.run("ZRANGE", `zset ${size}`, "0", "1");
    f.run("ZPOPMIN", `zset ${size}`);
    for (const name of names.slice(0, count)) f.run("XADD", `stream ${size}`, "*", "field", name);
    f.run("XRANGE", `stream ${size}`, "-", "+");
  }
  const before = keptViews(f.keyspace);
  for (const owner of ["databases", "records", "hashes", "sets", "zsets", "lists", "streams"]) {
    assert.ok(before.some((path) => path.startsWith(`keyspace.${owner}.`)), owner);
  }
  f.keyspace.flush();
  assert.deepEqual(keptViews(f.keyspace), []);
});

test("swap exchanges what two numbers stand for", () => {
  const model = new KeyspaceModel(3);
  for (let i = 0; i < 90; i++) model.add(i % 3, `key:${i}`);
  model.swap(0, 2);
  model.checkAll();
  model.swap(1, 1);
  model.checkAll();
});

test("time stands still within a command and is whole milliseconds", () => {
  const keyspace = newKeyspace();
  keyspace.setNow(1234.99);
  assert.equal(keyspace.nowMs, 1234);
  keyspace.setNow(1_600_000_000_000.5);
  assert.equal(keyspace.nowMs, 1_600_000_000_000);
  assert.equal(keyspace.access.initial, 1_600_000_000 % 2 ** 24);
});

test("two keyspaces share nothing, and their hashes differ", () => {
  const one = newKeyspace({ seed: 1 });
  const other = newKeyspace({ seed: 2 });
  const key = latin1Bytes("key");
  assert.notEqual(one.hash.hash(key, 0, 3), other.hash.hash(key, 0, 3));
  one.databases[0].find(key, 0, 3);
  one.databases[0].add(key, 0, 3, 0, 0, -1);
  assert.equal(other.databases[0].find(key, 0, 3), 0);
  assert.equal(other.size, 0);
});
