/** Hashes in RDB files: every type that holds one, what they become here, and what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1 } from "../../../../src/base/ascii.ts";
import type { Keyspace } from "../../../../src/keyspace/keyspace.ts";
import { CommandFixture } from "../../command/fixture.ts";
import { listpackOf } from "../../heap/listpack_model.ts";
import { int64, loadBytes, newKeyspace, rdbFile, refuses, row } from "./fixture.ts";
import {
  BAD_DATA,
  dumpedValue,
  mutationsDoNoHarm,
  payload,
  restored as valueRestored,
  saved,
  survives,
} from "./value_fixture.ts";

/** In the year 2100. */
const LATER_MS = 4_102_444_800_123n;
const PAIRS = row([1], "a", [1], "1", [1], "b", [1], "2");
const SOONEST = int64(LATER_MS);
const NEVER = int64(-1n);

function listpack(...entries: readonly (string | number | bigint)[]): Uint8Array {
  return listpackOf(entries.map(String));
}

/** A string of up to 16383 bytes. */
function string(bytes: Uint8Array): Uint8Array {
  return row([0x40 | bytes.length >> 8, bytes.length & 255], bytes);
}

/** A number as a length of 64 bits. */
function long(value: bigint): Uint8Array {
  return row([0x81], int64(value).reverse());
}

/** Fields and values, and the times of those that expire. */
function contents(f: CommandFixture, key: string): string {
  const words = f.list("hgetall", key);
  const fields: string[] = [];
  for (let i = 0; i < words.length; i += 2) {
    const time = /:(-?\d+)\r\n$/.exec(f.run("hpexpiretime", key, "FIELDS", "1", words[i]))![1];
    fields.push(`${words[i]}=${words[i + 1]}${time === "-1" ? "" : `@${time}`}`);
  }
  return fields.sort().join(",");
}

function restored(value: Uint8Array, change?: (keyspace: Keyspace) => void): string {
  return valueRestored(value, contents, change);
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
  const f = new CommandFixture();
  const value = row([24], int64(1000n), [2, 1, 1], "b", [1], "2", [0, 1], "a", [1], "1");
  f.run("restore", "k", "0", payload(value));
  assert.equal(f.run("hlen", "k"), ":2\r\n");
  assert.equal(contents(f, "k"), "a=1");
  f.keyspace.check();
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
  ) assert.equal(restored(value), BAD_DATA, latin1(value));
  assert.notEqual(restored(row([24], int64(2n ** 48n - 1n), [1, 1, 1], "a", [1], "1")), BAD_DATA);
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
  const f = new CommandFixture();
  const pairs = row([1], "a", [1], "1", NEVER, [1], "b", [1], "2", SOONEST);
  loadBytes(rdbFile(row([22, 1], "k", [2], pairs), "VALKEY080"), f.keyspace);
  assert.equal(contents(f, "k"), `a=1,b=2@${LATER_MS}`);
  f.keyspace.check();
});

/** Hashes of all encodings and sizes, with fields that expire and without. */
function fill(f: CommandFixture): void {
  for (const count of [1, 3, 100, 101, 511, 512, 513, 3000]) {
    const pairs = Array.from({ length: count }, (_, i) => [`field:${i}`, String(i * i - 5)]);
    f.run("hset", `h${count}`, ...pairs.flat());
    f.run("hset", `t${count}`, ...pairs.flat());
    const due = pairs.filter((_, i) => i % 3 === 0);
    due.forEach(([field], i) => {
      const time = String(LATER_MS + BigInt(1_000_000 * (i % 50)));
      f.run("hpexpireat", `t${count}`, time, "FIELDS", "1", field);
    });
  }
  const lengths = [0, 60, 70, 5000, 9000, 70_000, 300_000];
  const long = lengths.map((length) => new Uint8Array(length).fill(length));
  f.run("hset", "long", ...long.flatMap((bytes) => [bytes, bytes]));
  f.run("hset", "packed", "", "x".repeat(64), "1", "-1", "y", "9223372036854775807");
}

test("DUMP and RESTORE, a file and back, an append-only file and back", () => {
  const f = new CommandFixture();
  fill(f);
  survives(f, {
    describe: contents,
    typeOf: (f, key) => key[0] === "t" ? 24 : f.encoding(key) === "listpack" ? 16 : 4,
    rewritten: { names: ["HMSET", "HPEXPIREAT"], argumentsMax: 129 },
  });
});

test("the version that a file is written in depends on whether a field expires", () => {
  const f = new CommandFixture();
  const magic = () => latin1(saved(f.keyspace), 0, 9);
  f.run("hset", "h", "a", "1");
  assert.equal(magic(), "REDIS0010");
  f.run("hexpire", "h", "10", "FIELDS", "1", "a");
  assert.equal(magic(), "REDIS0012");
  f.run("hpersist", "h", "FIELDS", "1", "a");
  assert.equal(magic(), "REDIS0010");
});

test("payloads with any byte changed do no harm", () => {
  const f = new CommandFixture();
  fill(f);
  const values = [
    ...["h3", "h100", "h513", "t3", "t101", "packed"].map((key) => dumpedValue(f, key)),
    row([9], string(row([2, 1], "a", [1, 0], "1", [1], "b", [1, 2], "2xx", [0xff]))),
    row([13], string(row([17, 0, 0, 0, 13, 0, 0, 0, 2, 0, 0, 1], "a", [3, 1], "1", [255]))),
    row([25], SOONEST, string(listpack("b", 2, LATER_MS, "c", 3, LATER_MS + 999n, "a", 1, 0))),
  ];
  mutationsDoNoHarm(values, [4, 9, 13, 16, 22, 23, 24, 25], (f) => {
    const fields = f.list("hkeys", "k");
    f.run("hset", "k", "more", "5", ...fields.slice(0, 3).flatMap((field) => [field, "7"]));
    f.run("hpexpire", "k", "1000", "FIELDS", "1", "more");
    f.run("hdel", "k", ...fields, "more");
  });
});
