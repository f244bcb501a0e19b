/** Active expiry of fields. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldExpiry } from "../../../../src/keyspace/hash/field_expiry.ts";
import { HashFixture } from "../../command/hash/fixture.ts";

const ROUNDS_MAX = 10_000;

/** Rounds until nothing more happens; returns how many there were. */
function expireAll(f: HashFixture, expiry: FieldExpiry): number {
  const { hashes, databases } = f.keyspace;
  for (let round = 1; round < ROUNDS_MAX; round++) {
    const before = hashes.expiredFieldCount;
    const goesOn = expiry.round(databases[0]);
    f.keyspace.check();
    f.call.propagation.finishAlone();
    if (!goesOn && hashes.expiredFieldCount === before) return round;
  }
  throw new Error("active expiry does not come to an end");
}

function fields(count: number): string {
  return Array.from({ length: count }, (_, i) => `f${i} v`).join(" ");
}

function names(count: number, step = 1): string {
  const list = Array.from({ length: Math.ceil(count / step) }, (_, i) => `f${i * step}`);
  return `FIELDS ${list.length} ${list.join(" ")}`;
}

test("due fields go, others stay, and a hash without any is forgotten", () => {
  const f = new HashFixture();
  const expiry = new FieldExpiry(f.keyspace);
  f.line("hset h a 1 b 2 c 3 d 4");
  f.line("hpexpire h 10 FIELDS 1 a");
  f.line("hpexpire h 20 FIELDS 1 b");
  f.line("hset whole a 1");
  f.line("hpexpire whole 10 FIELDS 1 a");
  f.takePropagated();
  const database = f.keyspace.databases[0];
  expireAll(f, expiry);
  assert.equal(f.line("hlen h"), ":4");
  f.advance(11);
  expireAll(f, expiry);
  assert.equal(f.line("hlen h"), ":3");
  assert.equal(f.entry("whole"), 0);
  assert.equal(database.expiringFields.count, 1);
  f.advance(10);
  expireAll(f, expiry);
  assert.equal(f.line("hlen h"), ":2");
  assert.equal(database.expiringFields.count, 0);
  assert.deepEqual(f.takePropagated().sort(), ["0 HDEL h a", "0 HDEL h b", "0 HDEL whole a"]);
});

test("a large hash takes several rounds, whatever happens in between", () => {
  const f = new HashFixture();
  const expiry = new FieldExpiry(f.keyspace);
  f.line(`hset h ${fields(3000)}`);
  f.line(`hpexpire h 10 ${names(3000, 2)}`);
  f.advance(11);
  assert.equal(expiry.round(f.keyspace.databases[0]), true);
  const left = Number(f.line("hlen h").slice(1));
  assert.ok(left > 1500 && left < 3000);
  // Other fields get times, some before where the walk is; the entry moves.
  f.line(`hpexpire h 5 ${names(3000, 3)}`);
  f.line(`hset g ${fields(10)}`);
  const database = f.keyspace.databases[0];
  database.setExpiry(f.entry("h"), f.nowMs + 100_000);
  expireAll(f, expiry);
  assert.equal(f.line("hlen h"), `:${3000 - 1500}`);
  f.advance(6);
  expireAll(f, expiry);
  // Of those left every third had got a time.
  assert.equal(f.line("hlen h"), ":1000");
  assert.equal(database.expiringFields.count, 0);
});

test("the hash that a round ended in has gone, or is another one", () => {
  for (const change of ["hdel h", "hset h"]) {
    const f = new HashFixture();
    const expiry = new FieldExpiry(f.keyspace);
    f.line(`hset h ${fields(1000)}`);
    f.line(`hpexpire h 10 ${names(1000)}`);
    f.advance(11);
    expiry.round(f.keyspace.databases[0]);
    f.keyspace.databases[0].delete(f.entry("h"));
    if (change === "hset h") {
      f.line(`hset h ${fields(700)}`);
      f.line(`hpexpire h 100 ${names(700)}`);
      f.line(`hpexpire h 5 ${names(100)}`);
    }
    expireAll(f, expiry);
    f.advance(6);
    expireAll(f, expiry);
    assert.equal(f.line("hlen h"), change === "hset h" ? ":600" : ":0");
    f.advance(200);
    expireAll(f, expiry);
    assert.equal(f.entry("h"), 0);
  }
});

test("many hashes, each with a field that is due", () => {
  const f = new HashFixture();
  const expiry = new FieldExpiry(f.keyspace);
  for (let i = 0; i < 1000; i++) {
    f.line(`hset h${i} a 1 b 2`);
    f.line(`hpexpire h${i} ${i % 2 === 0 ? 10 : 1000} FIELDS 1 a`);
  }
  f.advance(11);
  for (let round = 0; round < 50; round++) expiry.round(f.keyspace.databases[0]);
  f.keyspace.check();
  assert.equal(f.keyspace.hashes.expiredFieldCount, 500);
  assert.equal(f.keyspace.databases[0].expiringFields.count, 500);
});
