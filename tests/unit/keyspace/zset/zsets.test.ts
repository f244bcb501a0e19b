import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { latin1Bytes } from "../../../../src/base/ascii.ts";
import { NO_EXPIRY } from "../../../../src/keyspace/database.ts";
import {
  isLarge,
  PUT_ADDED,
  PUT_GT,
  PUT_INCREMENT,
  PUT_LT,
  PUT_NAN,
  PUT_NX,
  PUT_REFUSED,
  PUT_UNCHANGED,
  PUT_UPDATED,
  PUT_XX,
} from "../../../../src/keyspace/zset/zsets.ts";
import { compareTexts, ZsetModel } from "./zset_model.ts";

const score = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.constantFrom(Infinity, -Infinity, 0, -0, 1e300, 2 ** 53, -(2 ** 63), 0.1),
);
const member = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 400 }).map((n) => `member:${n}`) },
  { weight: 3, arbitrary: fc.integer({ min: -20, max: 300 }).map(String) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 80 }).map((n) => "x".repeat(n)) },
  { weight: 1, arbitrary: fc.integer({ min: 60, max: 70 }).map((n) => `${n}:`.padEnd(n, "y")) },
);

type Step = ["put", string, number] | ["remove", string] | ["range", number, number] | ["copy"];

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(fc.constant("put" as const), member, score) },
  { weight: 5, arbitrary: fc.tuple(fc.constant("remove" as const), member) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant("range" as const), fc.nat(100), fc.nat(30)),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant("copy" as const)) },
);

function run(model: ZsetModel, steps: readonly Step[]): void {
  for (const each of steps) {
    if (each[0] === "put") model.put(each[1], each[2]);
    else if (each[0] === "remove") model.remove(each[1]);
    else if (each[0] === "range") model.removeRange(each[1], each[2]);
    else copyBack(model);
  }
}

/** The copy of a copy takes the place of the sorted set. */
function copyBack(model: ZsetModel): void {
  const { database, keyspace } = model;
  if (model.ref === 0) return;
  const other = keyspace.databases[1];
  const key = latin1Bytes("key");
  database.copyTo(other, model.ref, key, 0, key.length);
  database.delete(model.ref);
  other.copyTo(database, other.find(key, 0, key.length), key, 0, key.length);
  other.delete(other.find(key, 0, key.length));
}

test("a sorted set does what a sorted map does, whatever its encoding", () => {
  for (const entries of [0, 3, 30, 128]) {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const model = new ZsetModel();
        model.keyspace.limits.zsetMaxListpackEntries = entries;
        run(model, steps);
        model.check();
      }),
      { numRuns: 40 },
    );
  }
});

test("a large sorted set grows and shrinks", () => {
  const model = new ZsetModel();
  let seed = 1;
  const random = (below: number) => {
    seed = Math.imul(seed, 1103515245) + 12345 >>> 0;
    return (seed >>> 8) % below;
  };
  for (let i = 0; i < 3000; i++) {
    model.put(`member:${random(2000)}`, random(50) / 4);
    if (i % 5 === 0) model.remove(`member:${random(2000)}`);
    if (i % 1000 === 999) model.check();
  }
  for (let i = 0; i < 40; i++) model.put("long".repeat(20 + i * i * 10) + i, random(50));
  model.check();
  for (let i = 0; model.scores.size > 0; i++) {
    model.removeRange(random(model.scores.size), 1 + random(40));
    if (i % 20 === 0) model.check();
  }
  model.check();
  assert.equal(model.keyspace.heap.objectCount, 0);
});

test("what comes in order is packed, from either end", () => {
  for (const direction of [1, -1]) {
    const model = new ZsetModel();
    for (let i = 0; i < 5000; i++) model.put(`member:${10000 + i}`, direction * i);
    const { large } = model.zsets;
    const root = model.database.rootOf(model.ref);
    const dictBytes = model.keyspace.records.bytes(large.dictOf(root));
    assert.ok((large.bytes(root) - dictBytes) / 5000 < 26, "12 bytes of slot, 12 of member");
    model.check();
  }
});

test("conditions", () => {
  for (const entries of [0, 128]) {
    const model = new ZsetModel();
    model.keyspace.limits.zsetMaxListpackEntries = entries;
    assert.equal(model.put("a", 1), PUT_ADDED);
    assert.equal(isLarge(model.database, model.ref), entries === 0);
    assert.equal(model.put("a", 1), PUT_UNCHANGED);
    assert.equal(model.put("a", 2), PUT_UPDATED);
    assert.equal(model.put("a", 3, PUT_NX), PUT_REFUSED);
    assert.equal(model.put("b", 3, PUT_XX), PUT_REFUSED);
    assert.equal(model.put("a", 1, PUT_GT), PUT_REFUSED);
    assert.equal(model.put("a", 2, PUT_GT), PUT_REFUSED);
    assert.equal(model.put("a", 3, PUT_LT), PUT_REFUSED);
    assert.equal(model.put("a", NaN), PUT_NAN);
    assert.equal(model.put("a", 5, PUT_INCREMENT), PUT_UPDATED);
    assert.equal(model.zsets.score, 7);
    assert.equal(model.put("a", Infinity), PUT_UPDATED);
    assert.equal(model.put("a", -Infinity, PUT_INCREMENT), PUT_NAN);
    assert.equal(model.put("c", 4, PUT_GT | PUT_INCREMENT), PUT_ADDED);
    model.keyspace.check();
  }
});

test("ranks by bytes", () => {
  for (const count of [20, 500]) {
    const model = new ZsetModel();
    const members = Array.from({ length: count }, (_, i) => `m${i * 7 % count}`);
    for (const each of members) model.put(each, 0);
    members.sort(compareTexts);
    for (const sought of [...members.slice(0, 40), "", "a", "m", "m1x", "z", "m".repeat(100)]) {
      const bytes = latin1Bytes(sought);
      const rank = (isAfter: boolean) =>
        model.zsets.rankOfMember(model.database, model.ref, bytes, 0, bytes.length, isAfter);
      assert.equal(rank(false), members.filter((each) => each < sought).length);
      assert.equal(rank(true), members.filter((each) => each <= sought).length);
    }
  }
});

test("a frozen heap keeps what it held while the sorted set changes", () => {
  const model = new ZsetModel();
  for (let i = 0; i < 1000; i++) model.put(`member:${i}`, i % 100);
  model.keyspace.heap.freeze();
  for (let i = 0; i < 1000; i += 3) model.put(`member:${i}`, i % 7);
  for (let i = 0; i < 1000; i += 2) model.remove(`member:${i}`);
  model.removeRange(10, 200);
  model.check();
  model.keyspace.heap.release();
  model.check();
});

test("a key that expires keeps doing so when the sorted set becomes large", () => {
  const model = new ZsetModel();
  model.put("a", 1);
  model.database.setExpiry(model.ref, 5000);
  for (let i = 0; i < 200; i++) model.put(`m${i}`, i);
  assert.equal(isLarge(model.database, model.ref), true);
  assert.equal(model.database.expiresAtMs(model.ref), 5000);
  assert.notEqual(model.database.expiresAtMs(model.ref), NO_EXPIRY);
  model.check();
});
