import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_EXPIRY } from "../../../../src/keyspace/database.ts";
import { stringBytes } from "../../../../src/keyspace/string_value.ts";
import { loadRdb, loadRdbNow } from "../../../../src/persistence/rdb/load.ts";
import {
  bytesOf,
  concat,
  contentsOf,
  entryOf,
  int64,
  loadBytes,
  MemoryFiles,
  newKeyspace,
  NOW_MS,
  put,
  rdbFile,
  refuses,
  row,
  sign,
} from "./fixture.ts";

function valueOf(body: Uint8Array, key = "k", magic?: string): string {
  const keyspace = newKeyspace();
  loadBytes(rdbFile(body, magic), keyspace);
  keyspace.check();
  const ref = entryOf(keyspace, 0, key);
  assert.notEqual(ref, 0, "the key is there");
  return new TextDecoder("latin1").decode(stringBytes(keyspace.databases[0], ref));
}

test("a file that redis-server 7.0.15 wrote", () => {
  const file = row(
    "REDIS0010",
    [0xfa, 9, ..."redis-ver"].map((part) => typeof part === "string" ? part.charCodeAt(0) : part),
    row(6, "7.0.15", 0xfa, 10, "redis-bits", 0xc0, 64, 0xfa, 5, "ctime", 0xc2),
    [0x6b, 0x8b, 0x53, 0x65],
    row(0xfa, 8, "used-mem", 0xc2, [0, 0, 16, 0], 0xfa, 8, "aof-base", 0xc0, 0),
    row(0xfe, 3, 0xfb, 2, 1, 0, 1, "a", 5, "hello"),
    row(0xfc, int64(BigInt(NOW_MS + 5000)), 0, 0xc0, 7, 0xc1, 0x39, 0x30, 0xff),
    new Uint8Array(8),
  );
  sign(file);
  const keyspace = newKeyspace();
  const aux: [string, string][] = [];
  const notices: string[] = [];
  const result = loadBytes(file, keyspace, {
    aux: (name, value) => aux.push([name, value]),
    notice: (text) => notices.push(text),
  });
  assert.deepEqual(result, { loadedCount: 2, expiredCount: 0, endBytes: file.length });
  assert.deepEqual(
    contentsOf(keyspace),
    new Map([["3 a", "hello -1 128"], ["3 7", `12345 ${NOW_MS + 5000} 16`]]),
  );
  assert.deepEqual(aux, [
    ["redis-ver", "7.0.15"],
    ["redis-bits", "64"],
    ["ctime", "1699973995"],
    ["used-mem", "1048576"],
    ["aof-base", "0"],
  ]);
  assert.deepEqual(notices, [
    "Loading RDB produced by version 7.0.15",
    "RDB age 26005 seconds",
    "RDB memory usage when created 1.00 Mb",
    "Done loading RDB, keys loaded: 2, keys expired: 0.",
  ]);
  keyspace.check();
});

test("every encoding of a string, as key and as value", () => {
  assert.equal(valueOf(row(0, 1, "k", 0)), "");
  assert.equal(valueOf(row(0, 0, 1, "v"), ""), "v");
  assert.equal(valueOf(row(0, 1, "k", 0xc0, 0x80)), "-128");
  assert.equal(valueOf(row(0, 1, "k", 0xc1, 0x7f, 0xff)), "-129");
  assert.equal(valueOf(row(0, 1, "k", 0xc2, 0, 0, 0, 0x80)), "-2147483648");
  assert.equal(valueOf(row(0, 1, "k", 0x40, 3, "abc")), "abc");
  assert.equal(valueOf(row(0, 1, "k", 0x80, 0, 0, 0, 3, "abc")), "abc");
  assert.equal(valueOf(row(0, 1, "k", 0x81, 0, 0, 0, 0, 0, 0, 0, 3, "abc")), "abc");
  assert.equal(valueOf(row(0, 1, "k", 0xc3, 5, 10, 0, "a", 0xe0, 0, 0)), "a".repeat(10));
  assert.equal(valueOf(row(0, 0xc0, 5, 0xc0, 6), "5"), "6");
  const lzf = row(0xc3, 5, 10, 0, "a", 0xe0, 0, 0);
  assert.equal(valueOf(row(0, lzf, lzf), "a".repeat(10)), "a".repeat(10));
});

test("every opcode that says nothing about the data is passed over", () => {
  const body = row(
    [0xfa, 1, 0x78, 1, 0x79],
    [0xfb, 0x80, 0xff, 0xff, 0xff, 0xff, 0x81, 1, 1, 1, 1, 1, 1, 1, 1],
    [0xf4, 0x40, 0x64, 1, 0],
    row(0, 1, "k", 1, "v"),
  );
  assert.equal(valueOf(body, "k", "REDIS0012"), "v");
});

test("expiry times in milliseconds and seconds; what is over is dropped", () => {
  const body = row(
    row(0xfc, int64(BigInt(NOW_MS)), 0, 1, "a", 1, "1"),
    row(0xfc, int64(BigInt(NOW_MS - 1)), 0, 1, "b", 1, "1"),
    row(0xfd, [0x7f, 0xff, 0xff, 0x7f], 0, 1, "c", 1, "1"),
    row(0xfd, [1, 0, 0, 0], 0, 1, "d", 1, "1"),
    row(0xfc, int64(-1n), 0, 1, "e", 1, "1"),
    row(0xfc, int64(2n ** 63n - 1n), 0, 1, "f", 1, "1"),
    row(0xfc, int64(-(2n ** 63n)), 0, 1, "g", 1, "1"),
    // Expired values of a key that is there too do not hurt it.
    row(0xfc, int64(5n), 0, 1, "a", 1, "2"),
  );
  const keyspace = newKeyspace();
  const result = loadBytes(rdbFile(body), keyspace);
  assert.deepEqual([result.loadedCount, result.expiredCount], [4, 4]);
  assert.deepEqual(
    contentsOf(keyspace),
    new Map([
      ["0 a", `1 ${NOW_MS} 16`],
      ["0 c", `1 ${0x7fffff7f * 1000} 16`],
      ["0 e", `1 ${NO_EXPIRY} 16`],
      ["0 f", `1 ${2 ** 63 - 1024} 16`],
    ]),
  );
  keyspace.check();

  const replica = newKeyspace();
  const kept = rdbFile(row(0xfc, int64(5n), 0, 1, "a", 1, "2"));
  assert.equal(loadBytes(kept, replica, { keepsExpired: true }).loadedCount, 1);
  assert.deepEqual(contentsOf(replica), new Map([["0 a", "2 5 16"]]));
});

test("idle times and counters go to the entry that follows, under the policy that keeps them", () => {
  const body = row(
    row(0xf8, 0x40, 100, 0, 1, "a", 1, "x"),
    row(0xf9, 77, 0, 1, "b", 1, "x"),
    row(0, 1, "c", 1, "x"),
    row(0xf8, 0x81, 255, 255, 255, 255, 255, 255, 255, 255, 0, 1, "d", 1, "x"),
  );
  const lru = newKeyspace();
  loadBytes(rdbFile(body), lru);
  const idle = (key: string) =>
    lru.access.idleSeconds(lru.databases[0].accessOf(entryOf(lru, 0, key)));
  assert.deepEqual(["a", "b", "c", "d"].map(idle), [100, 0, 0, 0x7fffff]);

  const lfu = newKeyspace();
  lfu.access.isLfu = true;
  lfu.access.tick(NOW_MS);
  loadBytes(rdbFile(body), lfu);
  const frequency = (key: string) =>
    lfu.access.frequency(lfu.databases[0].accessOf(entryOf(lfu, 0, key)));
  assert.deepEqual(["a", "b", "c", "d"].map(frequency), [5, 77, 5, 5]);
});

test("magic and version", () => {
  const body = row(0, 1, "k", 1, "v");
  for (const magic of ["REDIS0005", "REDIS0012", "VALKEY080"]) {
    assert.equal(valueOf(body, "k", magic), "v");
  }
  for (const version of ["0013", "0000", "9999"]) {
    const reason = new RegExp(`^Can't handle RDB format version ${Number(version)}$`);
    refuses(rdbFile(body, `REDIS${version}`), reason);
  }
  refuses(rdbFile(body, "VALKEY081"), /^Can't handle RDB format version 81$/);
  refuses(rdbFile(body, "REDIS00x1"), /^Can't handle RDB format version 0$/);
  refuses(rdbFile(body, "RADIS0009"), /^Wrong signature trying to load DB from file$/, 0);
  refuses(bytesOf("REDIS"), /^Unexpected EOF/);
  refuses(new Uint8Array(0), /^Unexpected EOF/);
  // Before version 5 the file ends with EOF.
  const keyspace = newKeyspace();
  const old = row("REDIS0003", body, 0xff);
  assert.equal(loadBytes(old, keyspace).endBytes, old.length);
  assert.equal(keyspace.size, 1);
});

test("types that cannot be held are refused by name, and so are unknown ones", () => {
  const before = row(0, 1, "k", 1, "v");
  for (const byte of [6, 7]) {
    const reason = new RegExp(
      `^the file holds a module \\(type ${byte}, .+\\) at offset 14, ` +
        `which this version cannot hold$`,
    );
    refuses(rdbFile(row(before, byte, 1, "l", 0)), reason, 14);
  }
  refuses(rdbFile(row(23, 1, "l", 0), "VALKEY080"), /a value of unknown type 23 at offset 9,/, 9);
  refuses(rdbFile(row(8, 1, "l", 0)), /a value of unknown type 8 at offset 9,/, 9);
  refuses(rdbFile(row(0xf5, 1, "l")), /a function library at offset 9,/, 9);
  refuses(rdbFile(row(0xf6, 1, "l")), /^Pre-release function format not supported\.$/);
  refuses(rdbFile(row(0xf3, 1, "l")), /an unknown opcode \(243\) at offset 9,/, 9);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  let module = 0n;
  for (const letter of "MBbloom--") module = module * 64n + BigInt(alphabet.indexOf(letter));
  const id = int64(module * 1024n + 4n).reverse();
  refuses(rdbFile(row(0xf7, 0x81, id, 2, 1, 0)), /no matching module 'MBbloom--'$/, 9);
});

test("what is wrong is said with its offset", () => {
  refuses(
    rdbFile(row(0, 1, "k", 1, "v", 0, 1, "k", 1, "w")),
    /^RDB has duplicated key "k" in DB 0/,
  );
  refuses(rdbFile(row(0xfe, 16)), /server configured to handle more than 16 databases$/);
  refuses(rdbFile(row(0, 1, "k", 0xc4)), /^Unknown RDB string encoding type 4$/);
  refuses(rdbFile(row(0, 1, "k", 0x82, 0)), /^Unknown length encoding 130 in rdbLoadLen\(\)$/);
  refuses(rdbFile(row(0xfe, 0xc0)), /^Unknown length encoding 0$/);
  refuses(rdbFile(row(0, 1, "k", 0xc3, 2, 10, 0xe0, 0xff)), /^Invalid LZF compressed string$/);
  refuses(rdbFile(row(0, 1, "k", 0xc3, 5, 11, 0, "a", 0xe0, 0, 0)), /^Invalid LZF/);
  const huge = row(0, 1, "k", 0xc3, 5, 0x80, 0x7f, 0xff, 0xff, 0xff, 0, "a", 0xe0, 0, 0);
  refuses(rdbFile(huge), /^Invalid LZF/);
  const claim = row(0, 1, "k", 0x80, 0xff, 0xff, 0xff, 0xff, "abc");
  refuses(rdbFile(claim), /^Unexpected EOF reading RDB file$/);
  refuses(rdbFile(row(0, 0x81, 255, 255, 255, 255, 255, 255, 255, 255)), /^Unexpected EOF/);
  const error = refusal(rdbFile(row(0, 1, "k", 1, "v", 0, 1, "k", 1, "w")));
  assert.match(
    error.message,
    /^Internal error in RDB reading offset 17, function at \w+ -> RDB has duplicated key "k"/,
  );
});

function refusal(bytes: Uint8Array): Error {
  try {
    loadBytes(bytes, newKeyspace());
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was not refused");
}

test("a file that ends anywhere too early is refused", () => {
  const whole = rdbFile(row(
    row(0xfa, 1, "x", 1, "y", 0xfe, 1, 0xfb, 1, 1, 0xfc, int64(BigInt(NOW_MS))),
    row(0xf8, 5, 0, 3, "key", 0xc3, 5, 10, 0, "a", 0xe0, 0, 0, 0, 2, "k2", 0xc2, 1, 2, 3, 4),
  ));
  for (let length = 0; length < whole.length; length++) {
    refuses(whole.slice(0, length), /^Unexpected EOF/);
  }
});

test("the checksum: wrong, none, not wanted", () => {
  const file = rdbFile(row(0, 1, "k", 1, "v"));
  const wrong = file.slice();
  wrong[wrong.length - 1] ^= 1;
  refuses(wrong, /^RDB CRC error: Wrong RDB checksum expected: \([0-9a-f]+\) but got/);
  const changed = file.slice();
  changed[13] ^= 1;
  refuses(changed, /^RDB CRC error/);

  const unwanted = newKeyspace();
  assert.equal(loadBytes(wrong, unwanted, { verifiesChecksum: false }).loadedCount, 1);

  const none = file.slice();
  none.fill(0, none.length - 8);
  const notices: string[] = [];
  loadBytes(none, newKeyspace(), { notice: (text) => notices.push(text) });
  assert.deepEqual(notices, [
    "RDB file was saved with checksum disabled: no check performed.",
    "Done loading RDB, keys loaded: 1, keys expired: 0.",
  ]);
});

test("what follows the end is left alone", () => {
  const file = rdbFile(row(0, 1, "k", 1, "v"));
  const result = loadBytes(row(file, "*1\r\n$4\r\nPING\r\n"), newKeyspace());
  assert.equal(result.endBytes, file.length);
});

test("merging replaces keys and keeps the others; so does a merge that fails", () => {
  const keyspace = newKeyspace();
  put(keyspace, 0, "k", "old");
  put(keyspace, 0, "other", "x");
  loadBytes(rdbFile(row(0, 1, "k", 1, "v")), keyspace, { merges: true });
  const expected = new Map([["0 k", "v -1 128"], ["0 other", "x -1 128"]]);
  assert.deepEqual(contentsOf(keyspace), expected);

  const long = row(0, 1, "l", 0x80, 0, 0x10, 0, 0, new Uint8Array(0x100000));
  const broken = rdbFile(long);
  broken[broken.length - 1] ^= 1;
  const files = new MemoryFiles();
  // Fails in the middle of the long value: only the first chunk can be read.
  files.failAt = 2;
  assert.throws(() => loadBytes(broken, keyspace, { merges: true }, files), /No space left/);
  assert.deepEqual(contentsOf(keyspace), expected);
  assert.equal(files.openCount, 0);
  keyspace.check();
});

test("no file is an error of the file system", () => {
  const load = () =>
    loadRdbNow(new MemoryFiles(), "none.rdb", newKeyspace(), { verifiesChecksum: true });
  assert.throws(load, { name: "FileError", code: "ENOENT" });
});

test("a load that is ended early leaves nothing behind", () => {
  const files = new MemoryFiles();
  const entries: Uint8Array[] = [];
  for (let i = 0; i < 100; i++) {
    const key = `key:${String(i).padStart(4, "0")}`;
    entries.push(row(0, 8, key, 0x80, 0, 0, 0x80, 0, new Uint8Array(0x8000).fill(i)));
  }
  files.contents.set("dump.rdb", rdbFile(concat(entries)));
  const keyspace = newKeyspace();
  const steps = loadRdb(files, "dump.rdb", keyspace, { verifiesChecksum: true });
  let last = 0;
  for (let i = 0; i < 3; i++) {
    const step = steps.next();
    assert.ok(!step.done && step.value.loadedBytes > last);
    assert.equal(step.value.totalBytes, files.contents.get("dump.rdb")!.length);
    last = step.value.loadedBytes;
  }
  assert.ok(keyspace.size > 0);
  steps.return(undefined as never);
  assert.equal(keyspace.size, 0);
  assert.equal(files.openCount, 0);
  keyspace.check();
});

test("chunks may end anywhere, reads may be short", () => {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < 40_000; i++) {
    const key = bytesOf(`key:${i}`);
    const value = bytesOf(`value ${i} ${"x".repeat(i % 50)}`);
    parts.push(row(0, key.length, key, 0x40, value.length, value));
    if (i % 5 === 0) parts.push(row(0, 0xc2, [i, i >> 8, 1, 1], 0xc3, 5, 10, 0, "a", 0xe0, 0, 0));
  }
  const file = rdbFile(concat(parts));
  const whole = newKeyspace();
  loadBytes(file, whole);
  assert.equal(whole.size, 48_000);
  const files = new MemoryFiles();
  files.chunkMax = 65_537;
  const pieces = newKeyspace();
  loadBytes(file, pieces, {}, files);
  assert.deepEqual(contentsOf(pieces), contentsOf(whole));
  pieces.check();
});
