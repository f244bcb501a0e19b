import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFixture } from "../fixture.ts";

test("DEL and UNLINK count what they removed, a key named twice once", () => {
  for (const name of ["DEL", "UNLINK"]) {
    const f = new CommandFixture();
    f.set("a");
    f.set("b", "x".repeat(5000), 1000);
    assert.equal(f.run(name, "a", "a", "b", "none"), ":2\r\n");
    assert.equal(f.call.dirty, 2);
    assert.deepEqual(f.takePropagated(), [`0 ${name} a a b none`]);
    assert.equal(f.run(name, "a"), ":0\r\n");
    assert.deepEqual(f.takePropagated(), []);
    f.keyspace.check();
  }
});

test("DEL of an expired key expires it and counts nothing", () => {
  const f = new CommandFixture();
  f.set("a", "v", 10);
  f.advance(11);
  assert.equal(f.run("DEL", "a"), ":0\r\n");
  assert.equal(f.call.dirty, 0);
  assert.equal(f.keyspace.expiredCount, 1);
  assert.deepEqual(f.takePropagated(), ["0 DEL a"]);
});

test("EXISTS counts each mention, hits and misses, and touches nothing", () => {
  const f = new CommandFixture();
  f.set("a");
  f.access("a", 7);
  assert.equal(f.run("EXISTS", "a", "a", "none"), ":2\r\n");
  assert.equal(f.keyspace.hits, 2);
  assert.equal(f.keyspace.misses, 1);
  assert.equal(f.access("a"), 7);
});

test("TYPE", () => {
  const f = new CommandFixture();
  f.set("a");
  assert.equal(f.run("TYPE", "a"), "+string\r\n");
  assert.equal(f.run("TYPE", "none"), "+none\r\n");
});

test("TOUCH marks keys as used, even for a client with NO-TOUCH", () => {
  const f = new CommandFixture();
  f.set("a");
  f.keyspace.isNoTouch = true;
  f.access("a", 7);
  assert.equal(f.run("TOUCH", "a", "none", "a"), ":2\r\n");
  assert.notEqual(f.access("a"), 7);
  assert.equal(f.keyspace.isNoTouch, true);
});

test("RANDOMKEY names each key about as often as the others, and no expired one", () => {
  const f = new CommandFixture();
  assert.equal(f.run("RANDOMKEY"), "$-1\r\n");
  f.call.reply.protocol = 3;
  assert.equal(f.run("RANDOMKEY"), "_\r\n");
  for (let i = 0; i < 100; i++) f.set(`key:${i}`);
  for (let i = 0; i < 50; i++) f.set(`gone:${i}`, "v", 5);
  f.advance(6);
  const counts = new Map<string, number>();
  for (let i = 0; i < 20000; i++) {
    const [key] = f.list("RANDOMKEY");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assert.equal(counts.size, 100);
  // 200 each on average; the seed is fixed, so this either always holds or never.
  for (const [key, count] of counts) {
    assert.ok(key.startsWith("key:") && count > 120 && count < 280, `${key} ${count}`);
  }
  assert.equal(f.keyspace.expiredCount, 50);
});

test("RANDOMKEY ends where all keys have expired and none may be deleted", () => {
  const f = new CommandFixture();
  f.set("a", "v", 5);
  f.advance(6);
  f.keyspace.keepsExpired = true;
  assert.deepEqual(f.list("RANDOMKEY"), ["a"]);
  f.keyspace.keepsExpired = false;
  assert.equal(f.run("RANDOMKEY"), "$-1\r\n");
});
