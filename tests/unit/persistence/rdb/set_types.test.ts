/** Sets in RDB files: every type that holds one, what they become here, and what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Keyspace } from "../../../../src/keyspace/keyspace.ts";
import { CommandFixture } from "../../command/fixture.ts";
import { loadBytes, newKeyspace, rdbFile, refuses, row } from "./fixture.ts";
import {
  BAD_DATA,
  dumpedValue,
  mutationsDoNoHarm,
  restored as valueRestored,
  survives,
} from "./value_fixture.ts";

/** What redis-server 8.0.2 dumps for a, bc, 1, -5, 70000, nothing, 9223372036854775807. */
const LISTPACK = row(
  [20, 36, 36, 0, 0, 0, 7, 0, 0x81, 0x61, 2, 0x82, 0x62, 0x63, 3, 1, 1, 0xdf, 0xfb, 2],
  [0xf2, 0x70, 0x11, 0x01, 4, 0x80, 1, 0xf4, 255, 255, 255, 255, 255, 255, 255, 0x7f, 9, 255],
);
const LISTPACK_MEMBERS = ["", "-5", "1", "70000", "9223372036854775807", "a", "bc"];
/** What it dumps for 1, 2 and -70000. */
const INTSET = row(
  [11, 20, 4, 0, 0, 0, 3, 0, 0, 0],
  [0x90, 0xee, 0xfe, 255, 1, 0, 0, 0, 2, 0, 0, 0],
);
const TABLE = row([2, 4, 1, 97, 0xc0, 5, 0xc1, 1, 2, 3], "xyz");

function members(f: CommandFixture, key: string): string {
  return f.list("smembers", key).sort().join();
}

function restored(value: Uint8Array, change?: (keyspace: Keyspace) => void): string {
  return valueRestored(value, members, change);
}

test("every type of the file", () => {
  assert.equal(restored(LISTPACK), `listpack ${LISTPACK_MEMBERS.join(",")}`);
  assert.equal(restored(INTSET), "intset -70000,1,2");
  assert.equal(restored(TABLE), "listpack 5,513,a,xyz");
  assert.equal(restored(row([2, 3, 0xc0, 5, 0xc0, 4, 2], "-9")), "intset -9,4,5");
  assert.equal(restored(row([2, 1, 0x40, 65], "x".repeat(65))), `hashtable ${"x".repeat(65)}`);
});

test("what is too large for the limits becomes a table", () => {
  const few = (keyspace: Keyspace) => {
    Object.assign(keyspace.limits, { setMaxIntsetEntries: 2, setMaxListpackEntries: 3 });
  };
  assert.equal(restored(LISTPACK, few), `hashtable ${LISTPACK_MEMBERS.join(",")}`);
  assert.equal(restored(INTSET, few), "hashtable -70000,1,2");
  assert.equal(restored(TABLE, few), "hashtable 5,513,a,xyz");
  assert.equal(restored(row([2, 2, 1], "a", [1], "b"), few), "listpack a,b");
});

test("members that are there twice, and sets without members", () => {
  assert.equal(restored(row([2, 2, 1, 97, 1, 97])), BAD_DATA);
  assert.equal(restored(row([2, 2, 0xc0, 5, 0xc0, 5])), BAD_DATA);
  assert.equal(restored(row([2, 3, 0x40, 65], "x".repeat(65), [1, 97, 1, 97])), BAD_DATA);
  const twice = row([20, 13, 13, 0, 0, 0, 2, 0, 0x81, 97, 2, 0x81, 97, 2, 255]);
  assert.equal(restored(twice), BAD_DATA);
  assert.equal(restored(row([2, 0])), BAD_DATA);
  assert.equal(restored(row([20, 7, 7, 0, 0, 0, 0, 0, 255])), BAD_DATA);
  assert.equal(restored(row([11, 8, 2, 0, 0, 0, 0, 0, 0, 0])), BAD_DATA);
  const many = Array.from({ length: 600 }, () => row([1, 97]));
  assert.equal(restored(row([2, 0x42, 0x58], ...many)), BAD_DATA);
});

test("in a file a set without members is passed over, and other errors are told", () => {
  const keyspace = newKeyspace();
  const file = rdbFile(
    row([2, 1], "a", [0, 20, 1], "b", [7, 7, 0, 0, 0, 0, 0, 255], [0, 1], "c", [1], "v"),
  );
  assert.equal(loadBytes(file, keyspace).loadedCount, 1);
  keyspace.check();
  refuses(rdbFile(row([2, 1], "k", [2, 1, 97, 1, 97])), /^Duplicate set members detected$/);
  refuses(rdbFile(row([11, 1], "k", [3], "abc")), /^Intset integrity check failed\.$/);
  const unsorted = row([11, 1], "k", [12, 2, 0, 0, 0, 2, 0, 0, 0, 5, 0, 4, 0]);
  refuses(rdbFile(unsorted), /^Intset integrity check failed\.$/);
  refuses(rdbFile(row([20, 1], "k", [3], "abc")), /^Set listpack integrity check failed\.$/);
  const tooMany = rdbFile(row([2, 1], "k", [0x80, 255, 255, 255, 255, 1, 97]));
  refuses(tooMany, /^Unknown RDB string encoding type 63$/);
});

/** Sets of all encodings and sizes, members of all lengths. */
function fill(f: CommandFixture): void {
  for (const count of [1, 3, 128, 129, 512, 513, 3000]) {
    const numbers = Array.from({ length: count }, (_, i) => String(i * i - 5));
    const texts = numbers.map((number) => `m${number}`);
    f.run("sadd", `numbers${count}`, ...numbers);
    f.run("sadd", `texts${count}`, ...texts);
    f.run("sadd", `mixed${count}`, ...numbers, ...texts);
  }
  f.run("sadd", "wide", "1", "-9223372036854775808", "9223372036854775807", "4294967296");
  const lengths = [0, 60, 70, 5000, 9000, 70_000, 300_000];
  f.run("sadd", "long", ...lengths.map((length) => new Uint8Array(length).fill(length)));
  f.run("sadd", "packed", "", "x".repeat(64), "1", "-1", "500");
}

test("DUMP and RESTORE, a file and back, an append-only file and back", () => {
  const f = new CommandFixture();
  fill(f);
  survives(f, {
    describe: members,
    typeOf: (f, key) => f.encoding(key) === "intset" ? 11 : 2,
    rewritten: { names: ["SADD"], argumentsMax: 65 },
  });
});

test("payloads with any byte changed do no harm", () => {
  const f = new CommandFixture();
  fill(f);
  const dumps = ["mixed129", "wide"].map((key) => dumpedValue(f, key));
  mutationsDoNoHarm([LISTPACK, INTSET, TABLE, ...dumps], [2, 11, 20], (f) => {
    f.run("smembers", "k");
    f.run("sadd", "k", "more", "5");
    f.run("srem", "k", ...f.list("smembers", "k").slice(0, 3));
    f.run("spop", "k", "1000");
  });
});
