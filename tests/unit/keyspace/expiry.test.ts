import { test } from "node:test";
import assert from "node:assert/strict";
import { latin1Bytes } from "../../../src/base/ascii.ts";
import { NO_EXPIRY } from "../../../src/keyspace/database.ts";
import { ActiveExpiry } from "../../../src/keyspace/expiry.ts";
import type { Keyspace } from "../../../src/keyspace/keyspace.ts";
import { newKeyspace } from "./keyspace_model.ts";

function add(keyspace: Keyspace, index: number, key: string, expiresAtMs: number): void {
  const database = keyspace.databases[index];
  const bytes = latin1Bytes(key);
  assert.equal(database.find(bytes, 0, bytes.length), 0);
  database.add(bytes, 0, bytes.length, 0, 0, expiresAtMs);
}

test("everything due goes in the end, nothing else does, and each is told of once", () => {
  const expired: string[] = [];
  const keyspace = newKeyspace({ databases: 3, expired });
  const active = new ActiveExpiry(keyspace, () => 0);
  const now = keyspace.nowMs;
  for (let i = 0; i < 3000; i++) {
    add(keyspace, i % 3, `due:${i}`, now + i % 7);
    add(keyspace, i % 3, `later:${i}`, now + 100_000);
    add(keyspace, i % 3, `never:${i}`, NO_EXPIRY);
  }
  active.run(10);
  assert.equal(active.expiredCount, 0, "nothing is due yet");
  keyspace.setNow(now + 50);
  for (let i = 0; i < 400 && keyspace.size > 6000; i++) {
    active.run(10);
    if (i % 20 === 0) keyspace.check();
  }
  assert.equal(keyspace.size, 6000);
  assert.equal(active.expiredCount, 3000);
  assert.equal(keyspace.expiredCount, 3000);
  assert.equal(new Set(expired).size, 3000);
  assert.ok(expired.every((key) => key.includes("due:")));
  keyspace.check();
  for (let i = 0; i < 200; i++) active.run(10);
  assert.equal(keyspace.size, 6000);
});

test("one call clears what is all due, and the share of stale keys is an average", () => {
  const keyspace = newKeyspace();
  const active = new ActiveExpiry(keyspace, () => 0);
  for (let i = 0; i < 5000; i++) add(keyspace, 0, `${i}`, keyspace.nowMs + 1);
  keyspace.setNow(keyspace.nowMs + 2);
  active.run(10);
  assert.equal(keyspace.size, 0);
  assert.equal(active.stalePercent, 5, "one part in twenty of a hundred percent");
  active.run(10);
  assert.equal(active.stalePercent, 4.75, "fades when nothing is found");
  assert.equal(active.timeCapReachedCount, 0);
  assert.equal(keyspace.heap.allocatedBytes, 0);
});

test("a call ends when its time is up, and the next one goes on with the next database", () => {
  const keyspace = newKeyspace({ databases: 2 });
  let us = 0;
  const active = new ActiveExpiry(keyspace, () => (us += 30_000));
  for (let i = 0; i < 20000; i++) add(keyspace, i % 2, `${i}`, keyspace.nowMs + 1);
  keyspace.setNow(keyspace.nowMs + 2);
  active.run(10);
  assert.equal(active.timeCapReachedCount, 1);
  const [first, second] = keyspace.databases;
  assert.ok(first.size < 10000 && first.size > 8000);
  assert.equal(second.size, 10000);
  active.run(10);
  assert.equal(active.timeCapReachedCount, 2);
  assert.ok(second.size < 10000);
  while (keyspace.size > 0) active.run(10);
  keyspace.check();
});

test("the average time to live follows what is sampled", () => {
  const keyspace = newKeyspace();
  const active = new ActiveExpiry(keyspace, () => 0);
  for (let i = 0; i < 100; i++) add(keyspace, 0, `${i}`, keyspace.nowMs + 10_000);
  active.run(10);
  const [database] = keyspace.databases;
  assert.equal(database.averageTtlMs, 10_000);
  keyspace.setNow(keyspace.nowMs + 5_000);
  active.run(10);
  assert.equal(database.averageTtlMs, 10_000 / 50 * 49 + 5_000 / 50);
});
