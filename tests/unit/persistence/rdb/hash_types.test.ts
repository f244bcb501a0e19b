/** Hashes in RDB files: every type that holds one, what they become here, and what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { dumpCommands } from "../../../../src/command/generic/dump.ts";
import { hashCommands } from "../../../../src/command/hash/commands.ts";
import type { Keyspace } from "../../../../src/keyspace/keyspace.ts";
import { ENCODING_NAMES } from "../../../../src/keyspace/value_type.ts";
import { rewriteAof } from "../../../../src/persistence/aof/rewrite.ts";
import { saveRdb } from "../../../../src/persistence/rdb/save.ts";
import { bulks } from "../../command/generic/fixture.ts";
import { seeded } from "../../heap/seeded.ts";
import { read } from "../aof/aof_fixture.ts";
import { CommandRunner } from "./call_fixture.ts";
import {
  entryOf,
  int64,
  loadBytes,
  MemoryFiles,
  newKeyspace,
  rdbFile,
  refuses,
  row,
  SAVE_SETTINGS,
  sign,
} from "./fixture.ts";

const BAD = "-ERR Bad data format\r\n";
/** In the year 2100. */
const LATER_MS = 4_102_444_800_123n;
const PAIRS = row([1], "a", [1], "1", [1], "b", [1], "2");
const SOONEST = int64(LATER_MS);
const NEVER = int64(-1n);

function setUp() {
  const keyspace = newKeyspace();
  return { keyspace, runner: new CommandRunner(keyspace, [...dumpCommands, ...hashCommands]) };
}

/** A listpack of short texts and integers. */
function listpack(...entries: readonly (string | number | bigint)[]): Uint8Array {
  const parts = entries.map((entry) => {
    const encoded = typeof entry === "string"
      ? row([0x80 | entry.length], entry)
      : entry >= 0 && entry < 128
      ? row([Number(entry)])
      : row([0xf4], int64(BigInt(entry)));
    return row(encoded, [encoded.length]);
  });
  const body = row(...parts);
  const total = body.length + 7;
  return row([total & 255, total >> 8, 0, 0, entries.length, 0], body, [0xff]);
}

/** A string of up to 16383 bytes. */
function string(bytes: Uint8Array): Uint8Array {
  return row([0x40 | bytes.length >> 8, bytes.length & 255], bytes);
}

/** A number as a length of 64 bits. */
function long(value: bigint): Uint8Array {
  return row([0x81], int64(value).reverse());
}

/** A value with a footer whose checksum is right. */
function payload(value: Uint8Array): Uint8Array {
  const bytes = row(value, 12, 0, new Uint8Array(8));
  sign(bytes);
  return bytes;
}

/** Fields and values, and the times of those that expire. */
function contents(runner: CommandRunner, key: string): string {
  const words = bulks(runner.text("hgetall", key));
  const fields: string[] = [];
  for (let i = 0; i < words.length; i += 2) {
    const time =
      /:(-?\d+)\r\n$/.exec(runner.text("hpexpiretime", key, "FIELDS", "1", words[i]))![1];
    fields.push(`${words[i]}=${words[i + 1]}${time === "-1" ? "" : `@${time}`}`);
  }
  return fields.sort().join(",");
}

function encoding(keyspace: Keyspace, key: string): string {
  return ENCODING_NAMES[keyspace.databases[0].encodingOf(entryOf(keyspace, 0, key))];
}

function restored(value: Uint8Array, change?: (keyspace: Keyspace) => void): string {
  const { keyspace, runner } = setUp();
  change?.(keyspace);
  const reply = runner.text("restore", "k", "0", payload(value));
  keyspace.check();
  if (reply !== "+OK\r\n") {
    assert.equal(keyspace.heap.objectCount, 0);
    return reply;
  }
  return `${encoding(keyspace, "k")} ${contents(runner, "k")}`;
}

test("every type of the file", () => {
  const timed = `hashtable a=1,b=2@${LATER_MS},c=3@${LATER_MS + 999n}`;
  const table = row([0, 1], "a", [1], "1", [1, 1], "b", [1], "2", [0x43, 0xe8, 1], "c", [1], "3");
  const packed = listpack("b", 2, LATER_MS, "c", 3, LATER_MS + 999n, "a", 1, 0);
  assert.equal(restored(row([4, 2], PAIRS)), "listpack a=1,b=2");
  const zipmap = row([2, 1], "a", [1, 0], "1", [1], "b", [1, 2], "2xx", [0xff]);
  assert.equal(restored(row([9], string(zipmap))), "listpack a=1,b=2");
  const ziplist = row([17, 0, 0, 0, 13, 0, 0, 0, 2, 0, 0, 1], "a", [3, 1], "1", [255]);
  assert.equal(restored(row([13], string(ziplist))), "listpack a=1");
  assert.equal(restored(row([16], string(listpack("a", 1, "b", 2)))), "listpack a=1,b=2");
  assert.equal(
    restored(row([22, 2, 0, 1], "a", [1], "1", long(LATER_MS), [1], "b", [1], "2")),
    `hashtable a=1,b=2@${LATER_MS}`,
  );
  assert.equal(restored(row([23], string(packed))), timed);
  assert.equal(restored(row([24], SOONEST, [3], table)), timed);
  assert.equal(restored(row([25], SOONEST, string(packed))), timed);
});

test("a hash in which no field expires is an ordinary one", () => {
  assert.equal(restored(row([24], SOONEST, [1, 0, 1], "a", [1], "1")), "listpack a=1");
  assert.equal(restored(row([24], NEVER, [1, 0, 1], "a", [1], "1")), "listpack a=1");
  assert.equal(restored(row([25], SOONEST, string(listpack("a", 1, 0)))), "listpack a=1");
});

test("fields whose time is past are there and not to be seen", () => {
  const { keyspace, runner } = setUp();
  const value = row([24], int64(1000n), [2, 1, 1], "b", [1], "2", [0, 1], "a", [1], "1");
  runner.run("restore", "k", "0", payload(value));
  assert.equal(runner.text("hlen", "k"), ":2\r\n");
  assert.equal(contents(runner, "k"), "a=1");
  keyspace.check();
});

test("what is too large for the limits becomes a table", () => {
  const few = (keyspace: Keyspace) => {
    Object.assign(keyspace.limits, { hashMaxListpackEntries: 1, hashMaxListpackValue: 3 });
  };
  assert.equal(restored(row([4, 2], PAIRS), few), "hashtable a=1,b=2");
  assert.equal(restored(row([16], string(listpack("a", 1, "b", 2))), few), "hashtable a=1,b=2");
  assert.equal(restored(row([4, 1, 1], "a", [4], "long"), few), "hashtable a=long");
  // The lengths of values do not count in a listpack, nor in a ziplist: as in Redis.
  assert.equal(restored(row([16], string(listpack("a", "long"))), few), "listpack a=long");
  const zipmap = row([1, 1], "a", [4, 0], "long", [0xff]);
  assert.equal(restored(row([9], string(zipmap)), few), "hashtable a=long");
});

test("what is broken, empty, or there twice", () => {
  const twice = row([1], "a", [1], "1", [1], "a", [1], "2");
  const tooLate = long(2n ** 48n);
  for (
    const value of [
      row([4, 0]),
      row([4, 3], PAIRS),
      row([4, 2], twice),
      row([4, 3, 0x40, 70], "x".repeat(70), [1], "1", twice),
      row([16], string(listpack())),
      row([16], string(listpack("a"))),
      row([16], string(listpack("a", 1, "a", 2))),
      row([16, 3], "abc"),
      row([9], string(row([0, 255]))),
      row([9], string(row([5, 1], "a", [1, 0], "1", [255]))),
      row([9], string(row([2, 1], "a", [1, 0], "1", [1], "a", [1, 0], "1", [255]))),
      row([13], string(row([11, 0, 0, 0, 10, 0, 0, 0, 0, 0, 255]))),
      row([13], string(row([14, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 1], "a", [255]))),
      row([22, 1], tooLate, [1], "a", [1], "1"),
      row([24], SOONEST, [0]),
      row([24], SOONEST, [2, 0, 1], "a", [1], "1", [1, 1], "a", [1], "2"),
      row([24], int64(-5n), [1, 1, 1], "a", [1], "1"),
      row([24], int64(2n ** 48n), [1, 5, 1], "a", [1], "1"),
      row([24], SOONEST, [1], long(2n ** 63n - 1n), [1], "a", [1], "1"),
      row([25], SOONEST, string(listpack())),
      row([25], SOONEST, string(listpack("a", 1, "b", 2))),
      row([25], SOONEST, string(listpack("a", 1, 0, "b", 2, LATER_MS))),
      row([25], SOONEST, string(listpack("a", 1, LATER_MS + 5n, "b", 2, LATER_MS))),
      row([25], SOONEST, string(listpack("a", 1, LATER_MS, "a", 2, 0))),
      row([25], SOONEST, string(listpack("a", 1, "x"))),
      row([25], SOONEST, string(listpack("a", 1, -5))),
      row([25], SOONEST, string(listpack("a", 1, 2n ** 48n))),
    ]
  ) assert.equal(restored(value), BAD, latin1(value));
  assert.notEqual(restored(row([24], int64(2n ** 48n - 1n), [1, 1, 1], "a", [1], "1")), BAD);
});

test("in a file a hash without fields is passed over, and other errors are told", () => {
  const keyspace = newKeyspace();
  const file = rdbFile(
    row([4, 1], "a", [0, 16, 1], "b", string(listpack()), [0, 1], "c", [1], "v"),
  );
  assert.equal(loadBytes(file, keyspace).loadedCount, 1);
  keyspace.check();
  refuses(rdbFile(row([16, 1], "k", [3], "abc")), /^Hash listpack integrity check failed\.$/);
  refuses(rdbFile(row([13, 1], "k", [3], "abc")), /^Hash ziplist integrity check failed\.$/);
  refuses(rdbFile(row([9, 1], "k", [3], "abc")), /^Zipmap integrity check failed\.$/);
});

test("type 22 is another one in a file of Valkey", () => {
  const { keyspace, runner } = setUp();
  const pairs = row([1], "a", [1], "1", NEVER, [1], "b", [1], "2", SOONEST);
  loadBytes(rdbFile(row([22, 1], "k", [2], pairs), "VALKEY080"), keyspace);
  assert.equal(contents(runner, "k"), `a=1,b=2@${LATER_MS}`);
  keyspace.check();
});

/** Hashes of all encodings and sizes, with fields that expire and without. */
function fill(runner: CommandRunner): void {
  for (const count of [1, 3, 100, 101, 511, 512, 513, 3000]) {
    const pairs = Array.from({ length: count }, (_, i) => [`field:${i}`, String(i * i - 5)]);
    runner.run("hset", `h${count}`, ...pairs.flat());
    runner.run("hset", `t${count}`, ...pairs.flat());
    const due = pairs.filter((_, i) => i % 3 === 0);
    due.forEach(([field], i) => {
      const time = String(LATER_MS + BigInt(1_000_000 * (i % 50)));
      runner.run("hpexpireat", `t${count}`, time, "FIELDS", "1", field);
    });
  }
  const lengths = [0, 60, 70, 5000, 9000, 70_000, 300_000];
  const long = lengths.map((length) => new Uint8Array(length).fill(length));
  runner.run("hset", "long", ...long.flatMap((bytes) => [bytes, bytes]));
  runner.run("hset", "packed", "", "x".repeat(64), "1", "-1", "y", "9223372036854775807");
}

/** All hashes, and the encodings where they count. */
function describe(keyspace: Keyspace, hasEncodings = true): Map<string, string> {
  const runner = new CommandRunner(keyspace, hashCommands);
  const database = keyspace.databases[0];
  const all = new Map<string, string>();
  for (let cursor = 0;;) {
    cursor = database.keys.scan(cursor);
    const refs = database.keys.scanned.slice(0, database.keys.scannedCount);
    for (const ref of refs) {
      const key = latin1(database.keyOf(ref));
      const name = hasEncodings ? ENCODING_NAMES[database.encodingOf(ref)] : "";
      all.set(key, `${name} ${contents(runner, key)}`);
    }
    if (cursor === 0) return all;
  }
}

test("DUMP and RESTORE, a file and back, an append-only file and back", () => {
  const { keyspace, runner } = setUp();
  fill(runner);
  const expected = describe(keyspace);
  const again = setUp();
  for (const key of expected.keys()) {
    const dumped = runner.bulk("dump", key);
    const byte = key[0] === "t" ? 24 : encoding(keyspace, key) === "listpack" ? 16 : 4;
    assert.equal(dumped[0], byte, key);
    assert.equal(again.runner.text("restore", key, "0", dumped), "+OK\r\n", key);
  }
  assert.deepEqual(describe(again.keyspace), expected);
  again.keyspace.check();

  const files = new MemoryFiles();
  saveRdb(files, keyspace, SAVE_SETTINGS);
  const loaded = newKeyspace();
  loadBytes(files.contents.get("dump.rdb")!, loaded);
  assert.deepEqual(describe(loaded), expected);
  loaded.check();

  const path = "aof/base.aof";
  rewriteAof(files, keyspace, { ...SAVE_SETTINGS, path, usesRdbPreamble: false });
  const replayed = setUp();
  for (const [name, ...rest] of read(files.contents.get(path)!).items) {
    if (name === "SELECT") continue;
    assert.ok(name === "HMSET" || name === "HPEXPIREAT", name);
    assert.ok(rest.length <= 1 + 2 * 64);
    replayed.runner.run(name.toLowerCase(), ...rest.map((word) => latin1Bytes(word)));
  }
  assert.deepEqual(describe(replayed.keyspace, false), describe(keyspace, false));
});

test("the version that a file is written in depends on whether a field expires", () => {
  const { keyspace, runner } = setUp();
  const files = new MemoryFiles();
  const magic = () => {
    saveRdb(files, keyspace, SAVE_SETTINGS);
    return latin1(files.contents.get("dump.rdb")!, 0, 9);
  };
  runner.run("hset", "h", "a", "1");
  assert.equal(magic(), "REDIS0010");
  runner.run("hexpire", "h", "10", "FIELDS", "1", "a");
  assert.equal(magic(), "REDIS0012");
  runner.run("hpersist", "h", "FIELDS", "1", "a");
  assert.equal(magic(), "REDIS0010");
});

test("payloads with any byte changed do no harm", () => {
  const { keyspace, runner } = setUp();
  fill(runner);
  const prng = seeded(5);
  const dumped = (key: string) => runner.bulk("dump", key).slice(0, -10);
  const values = [
    ...["h3", "h100", "h513", "t3", "t101", "packed"].map(dumped),
    row([9], string(row([2, 1], "a", [1, 0], "1", [1], "b", [1, 2], "2xx", [0xff]))),
    row([13], string(row([17, 0, 0, 0, 13, 0, 0, 0, 2, 0, 0, 1], "a", [3, 1], "1", [255]))),
    row([25], SOONEST, string(listpack("b", 2, LATER_MS, "c", 3, LATER_MS + 999n, "a", 1, 0))),
  ];
  const types = [4, 9, 13, 16, 22, 23, 24, 25];
  let accepted = 0;
  for (let round = 0; round < 4000; round++) {
    const value = values[round % values.length].slice();
    for (let i = prng.below(3); i >= 0; i--) value[prng.below(value.length)] = prng.below(256);
    if (!types.includes(value[0])) value[0] = types[prng.below(types.length)];
    const end = prng.below(10) === 0 ? prng.below(value.length) : value.length;
    const ref = entryOf(keyspace, 0, "k");
    if (ref !== 0) keyspace.databases[0].delete(ref);
    const reply = runner.text("restore", "k", "0", payload(value.slice(0, end)));
    if (reply !== "+OK\r\n") continue;
    accepted++;
    const fields = bulks(runner.text("hkeys", "k"));
    runner.run("hset", "k", "more", "5", ...fields.slice(0, 3).flatMap((field) => [field, "7"]));
    runner.run("hpexpire", "k", "1000", "FIELDS", "1", "more");
    runner.run("hdel", "k", ...fields, "more");
    if (round % 50 === 0) keyspace.check();
  }
  assert.ok(accepted > 100, `accepted ${accepted}`);
  keyspace.check();
});
