/** Sets in RDB files: every type that holds one, what they become here, and what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { dumpCommands } from "../../../../src/command/generic/dump.ts";
import { setCommands } from "../../../../src/command/set/commands.ts";
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
  loadBytes,
  MemoryFiles,
  newKeyspace,
  rdbFile,
  refuses,
  row,
  SAVE_SETTINGS,
  sign,
} from "./fixture.ts";

/** What redis-server 8.0.2 dumps for a, bc, 1, -5, 70000, nothing, 9223372036854775807. */
const LISTPACK = row(
  [20, 36, 36, 0, 0, 0, 7, 0, 0x81, 0x61, 2, 0x82, 0x62, 0x63, 3, 1, 1, 0xdf, 0xfb, 2],
  [0xf2, 0x70, 0x11, 0x01, 4, 0x80, 1, 0xf4, 255, 255, 255, 255, 255, 255, 255, 0x7f, 9, 255],
);
const LISTPACK_MEMBERS = ["", "-5", "1", "70000", "9223372036854775807", "a", "bc"];
/** What it dumps for 1, 2 and -70000. */
const INTSET = row([11, 20, 4, 0, 0, 0, 3, 0, 0, 0], [
  0x90,
  0xee,
  0xfe,
  255,
  1,
  0,
  0,
  0,
  2,
  0,
  0,
  0,
]);
const TABLE = row([2, 4, 1, 97, 0xc0, 5, 0xc1, 1, 2, 3], "xyz");

function setUp() {
  const keyspace = newKeyspace();
  return { keyspace, runner: new CommandRunner(keyspace, [...dumpCommands, ...setCommands]) };
}

/** A value with a footer whose checksum is right. */
function payload(value: Uint8Array): Uint8Array {
  const bytes = row(value, 10, 0, new Uint8Array(8));
  sign(bytes);
  return bytes;
}

function members(runner: CommandRunner, key: string): string[] {
  return bulks(runner.text("smembers", key)).sort();
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
  return `${encoding(keyspace, "k")} ${members(runner, "k").join(",")}`;
}

const BAD = "-ERR Bad data format\r\n";

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
  assert.equal(restored(row([2, 2, 1, 97, 1, 97])), BAD);
  assert.equal(restored(row([2, 2, 0xc0, 5, 0xc0, 5])), BAD);
  assert.equal(restored(row([2, 3, 0x40, 65], "x".repeat(65), [1, 97, 1, 97])), BAD);
  const twice = row([20, 13, 13, 0, 0, 0, 2, 0, 0x81, 97, 2, 0x81, 97, 2, 255]);
  assert.equal(restored(twice), BAD);
  assert.equal(restored(row([2, 0])), BAD);
  assert.equal(restored(row([20, 7, 7, 0, 0, 0, 0, 0, 255])), BAD);
  assert.equal(restored(row([11, 8, 2, 0, 0, 0, 0, 0, 0, 0])), BAD);
  const many = Array.from({ length: 600 }, () => row([1, 97]));
  assert.equal(restored(row([2, 0x42, 0x58], ...many)), BAD);
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
  refuses(rdbFile(row([2, 1], "k", [0x80, 255, 255, 255, 255, 1, 97])), /^Unknown RDB string encoding type 63$/);
});

/** Sets of all encodings and sizes, members of all lengths. */
function fill(runner: CommandRunner): void {
  for (const count of [1, 3, 128, 129, 512, 513, 3000]) {
    const numbers = Array.from({ length: count }, (_, i) => String(i * i - 5));
    const texts = numbers.map((number) => `m${number}`);
    runner.run("sadd", `numbers${count}`, ...numbers);
    runner.run("sadd", `texts${count}`, ...texts);
    runner.run("sadd", `mixed${count}`, ...numbers, ...texts);
  }
  runner.run("sadd", "wide", "1", "-9223372036854775808", "9223372036854775807", "4294967296");
  runner.run(
    "sadd",
    "long",
    ...[0, 60, 70, 5000, 9000, 70_000, 300_000].map((length) => {
      return new Uint8Array(length).fill(length);
    }),
  );
  runner.run("sadd", "packed", "", "x".repeat(64), "1", "-1", "500");
}

/** All sets: members, and the encodings where they count. */
function describe(keyspace: Keyspace, hasEncodings = true): Map<string, string> {
  const runner = new CommandRunner(keyspace, setCommands);
  const database = keyspace.databases[0];
  const contents = new Map<string, string>();
  for (let cursor = 0;;) {
    cursor = database.keys.scan(cursor);
    const refs = database.keys.scanned.slice(0, database.keys.scannedCount);
    for (const ref of refs) {
      const key = latin1(database.keyOf(ref));
      const name = hasEncodings ? ENCODING_NAMES[database.encodingOf(ref)] : "";
      contents.set(key, `${name} ${members(runner, key).join(",")}`);
    }
    if (cursor === 0) return contents;
  }
}

test("DUMP and RESTORE, a file and back, an append-only file and back", () => {
  const { keyspace, runner } = setUp();
  fill(runner);
  const expected = describe(keyspace);
  const again = setUp();
  for (const key of expected.keys()) {
    const dumped = runner.bulk("dump", key);
    assert.equal(dumped[0], encoding(keyspace, key) === "intset" ? 11 : 2);
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
    assert.equal(name, "SADD");
    assert.ok(rest.length <= 65);
    replayed.runner.run("sadd", ...rest.map((word) => latin1Bytes(word)));
  }
  assert.deepEqual(describe(replayed.keyspace, false), describe(keyspace, false));
});

test("payloads with any byte changed do no harm", () => {
  const { keyspace, runner } = setUp();
  fill(runner);
  const prng = seeded(5);
  const large = runner.bulk("dump", "mixed129").slice(0, -10);
  const values = [LISTPACK, INTSET, TABLE, large, runner.bulk("dump", "wide").slice(0, -10)];
  let accepted = 0;
  for (let round = 0; round < 4000; round++) {
    const value = values[round % values.length].slice();
    for (let i = prng.below(3); i >= 0; i--) value[prng.below(value.length)] = prng.below(256);
    if (![2, 11, 20].includes(value[0])) value[0] = [2, 11, 20][prng.below(3)];
    const end = prng.below(10) === 0 ? prng.below(value.length) : value.length;
    const reply = runner.text("restore", "k", "0", payload(value.slice(0, end)));
    if (reply !== "+OK\r\n") continue;
    accepted++;
    members(runner, "k");
    runner.run("sadd", "k", "more", "5");
    runner.run("srem", "k", ...members(runner, "k").slice(0, 3));
    runner.run("spop", "k", "1000");
    if (round % 50 === 0) keyspace.check();
  }
  assert.ok(accepted > 100);
  keyspace.check();
});
