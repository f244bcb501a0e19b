import { test } from "node:test";
import assert from "node:assert/strict";
import { latin1Bytes } from "../../../src/base/ascii.ts";
import { HeapView } from "../../../src/heap/heap_view.ts";
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
