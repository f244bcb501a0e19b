import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matchesGlob } from "../../../../src/base/glob.ts";
import { latin1Bytes } from "../../../../src/base/ascii.ts";
import { CommandFixture } from "../fixture.ts";

const LONG_KEY = "L".repeat(9000);

/** All keys that a scan from cursor 0 returns, in the order of the replies. */
function scanAll(f: CommandFixture, between: () => void, ...options: string[]): string[] {
  const keys: string[] = [];
  let cursor = "0";
  do {
    const [next, ...found] = f.list("SCAN", cursor, ...options);
    keys.push(...found);
    cursor = next;
    between();
  } while (cursor !== "0");
  return keys;
}

test("KEYS", () => {
  const f = new CommandFixture();
  assert.equal(f.run("KEYS", "*"), "*0\r\n");
  for (const key of ["", "a", "ab", "a*b", LONG_KEY]) f.set(key);
  f.set("gone", "v", 5);
  f.advance(6);
  assert.deepEqual(f.list("KEYS", "*").sort(), ["", LONG_KEY, "a", "a*b", "ab"]);
  assert.deepEqual(f.list("KEYS", "**").sort(), [LONG_KEY, "a", "a*b", "ab"]);
  assert.deepEqual(f.list("KEYS", "a\\*b"), ["a*b"]);
  assert.deepEqual(f.list("KEYS", "*L").sort(), [LONG_KEY]);
  assert.deepEqual(f.list("KEYS", LONG_KEY), [LONG_KEY]);
  assert.deepEqual(f.list("KEYS", ""), [""]);
  assert.equal(f.run("KEYS", "gone"), "*0\r\n");
  assert.equal(f.run("KEYS", "none"), "*0\r\n");
  // It skips what has expired and leaves it to others.
  assert.equal(f.keyspace.databases[0].size, 6);
  assert.equal(f.keyspace.hits + f.keyspace.misses, 0);
});

test("KEYS and SCAN find what the pattern matches (property)", () => {
  const letter = fc.constantFrom("a", "b", "*", "?", "[", "]", "^", "\\", "-");
  const text = fc.string({ unit: letter, maxLength: 6 });
  fc.assert(
    fc.property(fc.uniqueArray(text, { maxLength: 80 }), text, (keys, pattern) => {
      const f = new CommandFixture();
      for (const key of keys) f.set(key);
      const bytes = latin1Bytes(pattern);
      const wanted = keys.filter((key) => {
        const keyBytes = latin1Bytes(key);
        return pattern === "*" ||
          matchesGlob(bytes, 0, bytes.length, keyBytes, 0, keyBytes.length, false);
      }).sort();
      assert.deepEqual(f.list("KEYS", pattern).sort(), wanted);
      assert.deepEqual(scanAll(f, () => {}, "MATCH", pattern).sort(), wanted);
    }),
    { numRuns: 200 },
  );
});

test("SCAN returns every key that is there all the time, while others come and go", () => {
  const f = new CommandFixture();
  for (let i = 0; i < 2000; i++) f.set(`stays:${i}`);
  for (let i = 0; i < 2000; i++) f.set(`goes:${i}`);
  let calls = 0;
  const seen = scanAll(
    f,
    () => {
      for (let i = 0; i < 40; i++) {
        f.run("DEL", `goes:${calls * 40 + i}`);
        f.set(`comes:${calls * 40 + i}`);
      }
      calls++;
    },
    "COUNT",
    "20",
  );
  const stayed = seen.filter((key) => key.startsWith("stays:"));
  assert.equal(new Set(stayed).size, 2000);
  assert.equal(stayed.length, 2000, "a dict that only splits and merges repeats nothing");
  assert.ok(calls > 20);
  f.keyspace.check();
});

test("SCAN goes on for at least COUNT keys and not for many more", () => {
  const f = new CommandFixture();
  for (let i = 0; i < 5000; i++) f.set(`key:${i}`);
  const [, ...ten] = f.list("SCAN", "0");
  assert.ok(ten.length >= 10 && ten.length < 100, `${ten.length}`);
  const [, ...thousand] = f.list("SCAN", "0", "COUNT", "1000");
  assert.ok(thousand.length >= 1000 && thousand.length < 1100, `${thousand.length}`);
  assert.equal(f.list("SCAN", "0", "count", "5000")[0], "0");
});

test("SCAN deletes the expired keys that it meets", () => {
  const f = new CommandFixture();
  for (let i = 0; i < 300; i++) f.set(`key:${i}`, "v", i % 2 === 0 ? 5 : undefined);
  f.advance(6);
  assert.equal(scanAll(f, () => {}).length, 150);
  assert.equal(f.keyspace.databases[0].size, 150);
  assert.equal(f.takePropagated().length, 150);
  f.keyspace.check();
});

test("SCAN TYPE: a name that is none matches nothing, and each key met counts as looked up", () => {
  const f = new CommandFixture();
  f.set("a");
  f.set("b");
  f.set("gone", "v", 5);
  f.advance(6);
  assert.deepEqual(f.list("SCAN", "0", "TYPE", "STRING").sort(), ["0", "a", "b"]);
  assert.equal(f.keyspace.hits, 2);
  assert.equal(f.keyspace.misses, 1);
  for (const type of ["list", "module", "none", "strin"]) {
    assert.deepEqual(f.list("SCAN", "0", "TYPE", type), ["0"]);
  }
  assert.deepEqual(f.list("SCAN", "0", "TYPE", "list", "TYPE", "string", "MATCH", "a"), ["0", "a"]);
  assert.deepEqual(f.list("SCAN", "0", "MATCH", "a", "TYPE", "list"), ["0"]);
});

test("SCAN reads cursors as strtoul does", () => {
  const f = new CommandFixture();
  f.set("a");
  for (const cursor of ["0", "", "+0", "-0", "000"]) {
    assert.deepEqual(f.list("SCAN", cursor), ["0", "a"], cursor);
  }
  // Above what a cursor of ours can be.
  for (const cursor of ["4294967296", "18446744073709551615", "-1"]) {
    assert.deepEqual(f.list("SCAN", cursor), ["0"], cursor);
  }
  for (const cursor of ["18446744073709551616", " 0", "\t0", "0 ", "x", "-", "1x"]) {
    assert.equal(f.run("SCAN", cursor), "-ERR invalid cursor\r\n", cursor);
  }
  assert.equal(f.run("SCAN", "x", "FOO"), "-ERR invalid cursor\r\n");
});

test("SCAN refuses options it does not know", () => {
  const f = new CommandFixture();
  const syntax = "-ERR syntax error\r\n";
  const integer = "-ERR value is not an integer or out of range\r\n";
  assert.equal(f.run("SCAN", "0", "MATCH"), syntax);
  assert.equal(f.run("SCAN", "0", "FOO", "1"), syntax);
  assert.equal(f.run("SCAN", "0", "COUNT", "0"), syntax);
  assert.equal(f.run("SCAN", "0", "COUNT", "-1"), syntax);
  assert.equal(f.run("SCAN", "0", "COUNT", "x"), integer);
  assert.equal(f.run("SCAN", "0", "COUNT", "9223372036854775808"), integer);
  assert.equal(f.run("SCAN", "0", "COUNT", "9223372036854775807"), "*2\r\n$1\r\n0\r\n*0\r\n");
});
