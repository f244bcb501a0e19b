import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFixture } from "../fixture.ts";

const LONG = "x".repeat(5000);

test("RENAME takes value and expiry along and replaces what was there", () => {
  for (const value of ["short", LONG]) {
    const f = new CommandFixture();
    f.set("a", value, 5000);
    f.set("b", LONG);
    assert.equal(f.run("RENAME", "a", "b"), "+OK\r\n");
    assert.equal(f.get("a"), undefined);
    assert.equal(f.get("b"), value);
    assert.equal(f.run("PTTL", "b"), ":5000\r\n");
    assert.deepEqual(f.takePropagated(), ["0 RENAME a b"]);
    f.keyspace.check();
  }
});

test("RENAME to the same key needs the key; RENAMENX then says 0", () => {
  const f = new CommandFixture();
  assert.equal(f.run("RENAME", "a", "a"), "-ERR no such key\r\n");
  assert.equal(f.run("RENAMENX", "a", "a"), "-ERR no such key\r\n");
  assert.equal(f.run("RENAME", "a", "b"), "-ERR no such key\r\n");
  f.set("a");
  assert.equal(f.run("RENAME", "a", "a"), "+OK\r\n");
  assert.equal(f.run("RENAMENX", "a", "a"), ":0\r\n");
  assert.equal(f.call.dirty, 0);
});

test("RENAMENX keeps what is there unless it has expired", () => {
  const f = new CommandFixture();
  f.set("a", "1");
  f.set("b", "2", 5);
  assert.equal(f.run("RENAMENX", "a", "b"), ":0\r\n");
  assert.equal(f.get("b"), "2");
  f.advance(6);
  assert.equal(f.run("RENAMENX", "a", "b"), ":1\r\n");
  assert.equal(f.get("b"), "1");
  assert.equal(f.run("TTL", "b"), ":-1\r\n");
  assert.deepEqual(f.takePropagated(), ["MULTI", "0 DEL b", "0 RENAMENX a b", "EXEC"]);
});

test("a key that was renamed, copied or moved counts as new: its LFU counter begins anew", () => {
  for (const value of ["short", LONG]) {
    const f = new CommandFixture();
    f.keyspace.access.isLfu = true;
    f.advance(1);
    f.set("a", value);
    f.access("a", f.keyspace.access.forFrequency(200));
    f.run("COPY", "a", "copied");
    assert.equal(f.run("OBJECT", "FREQ", "copied"), ":5\r\n");
    f.run("RENAME", "a", "b");
    assert.equal(f.run("OBJECT", "FREQ", "b"), ":5\r\n");
    f.access("b", f.keyspace.access.forFrequency(200));
    f.run("MOVE", "b", "1");
    f.databaseIndex = 1;
    assert.equal(f.run("OBJECT", "FREQ", "b"), ":5\r\n");
  }
});

test("COPY", () => {
  for (const value of ["short", LONG]) {
    const f = new CommandFixture();
    f.set("a", value, 5000);
    f.set("b", "other");
    assert.equal(f.run("COPY", "a", "b"), ":0\r\n");
    assert.equal(f.run("COPY", "a", "b", "replace"), ":1\r\n");
    assert.equal(f.get("b"), value);
    assert.equal(f.run("PTTL", "b"), ":5000\r\n");
    assert.equal(f.run("COPY", "a", "a", "DB", "2"), ":1\r\n");
    assert.equal(f.run("COPY", "none", "b", "REPLACE"), ":0\r\n");
    assert.equal(f.get("b"), value, "what is not there replaces nothing");
    f.databaseIndex = 2;
    assert.equal(f.get("a"), value);
    f.databaseIndex = 0;
    assert.deepEqual(f.takePropagated(), ["0 COPY a b replace", "0 COPY a a DB 2"]);
    f.keyspace.check();
  }
});

test("COPY refuses in Redis's order", () => {
  const f = new CommandFixture();
  f.set("a");
  const same = "-ERR source and destination objects are the same\r\n";
  assert.equal(f.run("COPY", "a", "a"), same);
  assert.equal(f.run("COPY", "a", "a", "DB", "1", "DB", "0"), same);
  assert.equal(f.run("COPY", "none", "none"), same);
  assert.equal(f.run("COPY", "a", "b", "DB"), "-ERR syntax error\r\n");
  assert.equal(f.run("COPY", "a", "a", "FOO"), "-ERR syntax error\r\n");
  assert.equal(f.run("COPY", "a", "a", "DB", "4", "FOO"), "-ERR DB index is out of range\r\n");
  assert.equal(
    f.run("COPY", "a", "b", "DB", "x"),
    "-ERR value is not an integer or out of range\r\n",
  );
  assert.equal(
    f.run("COPY", "a", "b", "DB", "2147483648"),
    "-ERR value is out of range, value must between -2147483648 and 2147483647\r\n",
  );
});

test("MOVE", () => {
  for (const value of ["short", LONG]) {
    const f = new CommandFixture();
    f.set("a", value, 5000);
    assert.equal(f.run("MOVE", "none", "1"), ":0\r\n");
    assert.equal(f.run("MOVE", "a", "1"), ":1\r\n");
    assert.equal(f.get("a"), undefined);
    f.set("a", "another");
    assert.equal(f.run("MOVE", "a", "1"), ":0\r\n");
    assert.equal(f.get("a"), "another");
    f.databaseIndex = 1;
    assert.equal(f.get("a"), value);
    assert.equal(f.run("PTTL", "a"), ":5000\r\n");
    assert.equal(f.run("MOVE", "a", "1"), "-ERR source and destination objects are the same\r\n");
    assert.equal(f.run("MOVE", "a", "-1"), "-ERR DB index is out of range\r\n");
    assert.equal(f.run("MOVE", "a", "4"), "-ERR DB index is out of range\r\n");
    assert.equal(f.run("MOVE", "a", "x"), "-ERR value is not an integer or out of range\r\n");
    f.keyspace.check();
  }
});
