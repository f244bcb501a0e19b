import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFixture } from "../fixture.ts";

function filled(): CommandFixture {
  const f = new CommandFixture();
  for (const index of [0, 1]) {
    f.databaseIndex = index;
    for (let i = 0; i <= index; i++) f.set(`key:${i}`, `in ${index}`, 60000);
  }
  f.databaseIndex = 0;
  return f;
}

test("FLUSHDB empties one database, FLUSHALL all; both are always told", () => {
  for (const mode of [[], ["ASYNC"], ["sync"]]) {
    const f = filled();
    assert.equal(f.run("DBSIZE"), ":1\r\n");
    assert.equal(f.run("FLUSHDB", ...mode), "+OK\r\n");
    assert.equal(f.call.dirty, 1);
    assert.equal(f.run("DBSIZE"), ":0\r\n");
    assert.equal(f.keyspace.size, 2);
    assert.equal(f.run("FLUSHDB", ...mode), "+OK\r\n");
    assert.equal(f.call.dirty, 1);
    assert.equal(f.run("FLUSHALL", ...mode), "+OK\r\n");
    assert.equal(f.call.dirty, 3);
    assert.equal(f.keyspace.size, 0);
    const rest = mode.map((word) => ` ${word}`).join("");
    assert.deepEqual(f.takePropagated(), [
      `0 FLUSHDB${rest}`,
      `0 FLUSHDB${rest}`,
      `0 FLUSHALL${rest}`,
    ]);
    f.keyspace.check();
  }
});

test("FLUSHDB and FLUSHALL refuse other words", () => {
  const f = filled();
  assert.equal(f.run("FLUSHDB", "later"), "-ERR syntax error\r\n");
  assert.equal(f.run("FLUSHALL", "ASYNC", "SYNC"), "-ERR syntax error\r\n");
  assert.equal(f.keyspace.size, 3);
  assert.deepEqual(f.takePropagated(), []);
});

test("SWAPDB exchanges two databases with their expiry times", () => {
  const f = filled();
  assert.equal(f.run("SWAPDB", "0", "1"), "+OK\r\n");
  assert.equal(f.run("DBSIZE"), ":2\r\n");
  assert.equal(f.get("key:1"), "in 1");
  assert.equal(f.run("TTL", "key:1"), ":60\r\n");
  assert.equal(f.run("SWAPDB", "3", "3"), "+OK\r\n");
  assert.deepEqual(f.takePropagated(), ["0 SWAPDB 0 1", "0 SWAPDB 3 3"]);
  assert.equal(f.call.dirty, 2);
  f.keyspace.check();
});

test("SWAPDB says which index is none", () => {
  const f = filled();
  const outside = "-ERR DB index is out of range\r\n";
  assert.equal(f.run("SWAPDB", "x", "y"), "-ERR invalid first DB index\r\n");
  assert.equal(f.run("SWAPDB", "0", ""), "-ERR invalid second DB index\r\n");
  assert.equal(f.run("SWAPDB", "2147483648", "0"), "-ERR invalid first DB index\r\n");
  assert.equal(f.run("SWAPDB", "0", "-2147483649"), "-ERR invalid second DB index\r\n");
  assert.equal(f.run("SWAPDB", "0", "4"), outside);
  assert.equal(f.run("SWAPDB", "-1", "0"), outside);
  assert.equal(f.run("DBSIZE"), ":1\r\n");
});
