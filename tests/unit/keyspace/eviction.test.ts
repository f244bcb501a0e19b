import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";
import { NO_EXPIRY } from "../../../src/keyspace/database.ts";
import { Eviction } from "../../../src/keyspace/eviction.ts";
import type { EvictionPolicy } from "../../../src/keyspace/eviction.ts";
import type { Keyspace } from "../../../src/keyspace/keyspace.ts";
import { newKeyspace } from "./keyspace_model.ts";

function add(keyspace: Keyspace, index: number, key: string, expiresAtMs = NO_EXPIRY): void {
  const database = keyspace.databases[index];
  const bytes = latin1Bytes(key);
  assert.equal(database.find(bytes, 0, bytes.length), 0);
  database.add(bytes, 0, bytes.length, 0, 10, expiresAtMs);
}

function use(keyspace: Keyspace, key: string): void {
  const bytes = latin1Bytes(key);
  assert.notEqual(keyspace.databases[0].lookupRead(bytes, 0, bytes.length), 0);
}

function evictionOf(keyspace: Keyspace, policy: EvictionPolicy, samples = 5): Eviction {
  const eviction = new Eviction(keyspace);
  eviction.configure(policy, samples);
  return eviction;
}

/** Evicts so many keys and returns their names, `number:key`. */
function evict(eviction: Eviction, count: number): string[] {
  const names: string[] = [];
  for (let i = 0; i < count; i++) {
    const ref = eviction.next();
    if (ref === 0) break;
    const { database } = eviction;
    names.push(`${database.index}:${latin1(database.keyOf(ref))}`);
    database.delete(ref);
  }
  return names;
}

const POLICIES: EvictionPolicy[] = [
  "allkeys-lru",
  "allkeys-lfu",
  "allkeys-random",
  "volatile-lru",
  "volatile-lfu",
  "volatile-random",
  "volatile-ttl",
];

for (const policy of POLICIES) {
  test(`${policy} evicts all that it may, in all databases, each once, and nothing else`, () => {
    const keyspace = newKeyspace({ databases: 4 });
    const isVolatile = policy.startsWith("volatile-");
    for (let i = 0; i < 900; i++) {
      add(keyspace, i % 3, `a:${i}`, keyspace.nowMs + 1000 + i);
      add(keyspace, i % 3, `b:${i}`);
    }
    const names = evict(evictionOf(keyspace, policy), 3000);
    assert.equal(names.length, isVolatile ? 900 : 1800);
    assert.equal(new Set(names).size, names.length);
    assert.ok(!isVolatile || names.every((name) => name.includes("a:")));
    assert.equal(keyspace.size, isVolatile ? 900 : 0);
    keyspace.check();
  });
}

test("noeviction evicts nothing", () => {
  const keyspace = newKeyspace();
  add(keyspace, 0, "a");
  const eviction = evictionOf(keyspace, "noeviction");
  assert.equal(eviction.isOn, false);
  assert.equal(eviction.next(), 0);
});

test("allkeys-lru: what was used long ago goes first", () => {
  const keyspace = newKeyspace();
  for (let i = 0; i < 1000; i++) {
    add(keyspace, 0, `key:${i}`);
    keyspace.setNow(keyspace.nowMs + 1000);
  }
  for (let i = 0; i < 1000; i += 2) use(keyspace, `key:${i}`);
  const names = evict(evictionOf(keyspace, "allkeys-lru", 10), 400);
  assert.equal(names.length, 400);
  const odd = names.filter((name) => Number(name.slice(6)) % 2 === 1).length;
  assert.ok(odd > 390, `${odd} of 400 had not been used`);
  const old = names.filter((name) => Number(name.slice(6)) < 700).length;
  assert.ok(old > 280, `${old} of 400 were old`);
});

test("allkeys-lfu: what is used often stays", () => {
  const keyspace = newKeyspace();
  keyspace.access.isLfu = true;
  keyspace.access.tick(keyspace.nowMs);
  for (let i = 0; i < 500; i++) add(keyspace, 0, `key:${i}`);
  for (let round = 0; round < 100; round++) {
    for (let i = 0; i < 500; i += 5) use(keyspace, `key:${i}`);
  }
  const names = evict(evictionOf(keyspace, "allkeys-lfu", 10), 350);
  const often = names.filter((name) => Number(name.slice(6)) % 5 === 0).length;
  assert.ok(often < 10, `${often} of 350 had been used often`);
});

test("volatile-ttl: what would go soonest goes first", () => {
  const keyspace = newKeyspace();
  for (let i = 0; i < 500; i++) add(keyspace, 0, `key:${i}`, keyspace.nowMs + 10_000 + i * 1000);
  const names = evict(evictionOf(keyspace, "volatile-ttl", 10), 100);
  const late = names.filter((name) => Number(name.slice(6)) > 250).length;
  assert.ok(late < 5, `${late} of 100 had long to live`);
});

test("a candidate that has been used, deleted or flushed meanwhile is none any more", () => {
  const keyspace = newKeyspace({ databases: 2 });
  for (let i = 0; i < 16; i++) add(keyspace, 0, `key:${i}`);
  keyspace.setNow(keyspace.nowMs + 100_000);
  add(keyspace, 0, "young");
  const eviction = evictionOf(keyspace, "allkeys-lru", 64);
  const [first] = evict(eviction, 1);
  keyspace.setNow(keyspace.nowMs + 1000);
  for (let i = 0; i < 16; i++) if (first !== `0:key:${i}`) use(keyspace, `key:${i}`);
  assert.deepEqual(evict(eviction, 1), ["0:young"]);
  keyspace.flush();
  assert.equal(eviction.next(), 0);
  add(keyspace, 1, "other");
  assert.deepEqual(evict(eviction, 2), ["1:other"]);
});

test("a pool of one policy says nothing to another", () => {
  const keyspace = newKeyspace();
  for (let i = 0; i < 100; i++) add(keyspace, 0, `a:${i}`);
  const eviction = evictionOf(keyspace, "allkeys-lru");
  evict(eviction, 1);
  eviction.configure("volatile-lru", 5);
  assert.equal(eviction.next(), 0);
  add(keyspace, 0, "b", keyspace.nowMs + 1000);
  assert.deepEqual(evict(eviction, 2), ["0:b"]);
});
