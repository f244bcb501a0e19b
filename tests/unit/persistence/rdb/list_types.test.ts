/** Lists in RDB files: every type that holds one, what they become here, and what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { dumpCommands } from "../../../../src/command/generic/dump.ts";
import { listCommands } from "../../../../src/command/list/commands.ts";
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

const STRINGS = row([1, 4, 1, 97, 0xc0, 5, 0xc1, 1, 2, 3], "xyz");
/** a, 1000, -1, 7, and the text of bc. */
const ZIPLIST_BYTES = row(
  [28, 0, 0, 0, 22, 0, 0, 0, 5, 0, 0, 1, 97, 3, 0xc0, 0xe8, 3, 4, 0xfe, 255, 3, 0xf8],
  [2, 0x40, 2, 98, 99],
);
const ZIPLIST = row([ZIPLIST_BYTES.length + 1], ZIPLIST_BYTES, [255]);
const ZIPLIST_ELEMENTS = "a,1000,-1,7,bc";
/** a, bc, -5, nothing. */
const LISTPACK = row(
  [19, 19, 0, 0, 0, 4, 0, 0x81, 97, 2, 0x82, 98, 99, 3, 0xdf, 0xfb, 2, 0x80, 1, 255],
);
const LISTPACK_ELEMENTS = "a,bc,-5,";
const EMPTY_LISTPACK = row([7, 7, 0, 0, 0, 0, 0, 255]);
const EMPTY_ZIPLIST = row([11, 11, 0, 0, 0, 10, 0, 0, 0, 0, 0, 255]);
const BAD = "-ERR Bad data format\r\n";

function setUp() {
  const keyspace = newKeyspace();
  return { keyspace, runner: new CommandRunner(keyspace, [...dumpCommands, ...listCommands]) };
}

/** A value with a footer whose checksum is right. */
function payload(value: Uint8Array): Uint8Array {
  const bytes = row(value, 10, 0, new Uint8Array(8));
  sign(bytes);
  return bytes;
}

function elements(runner: CommandRunner, key: string): string[] {
  return bulks(runner.text("lrange", key, "0", "-1"));
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
  return `${encoding(keyspace, "k")} ${elements(runner, "k").join(",")}`;
}

test("every type of the file", () => {
  assert.equal(restored(STRINGS), "listpack a,5,513,xyz");
  assert.equal(restored(row([10], ZIPLIST)), `listpack ${ZIPLIST_ELEMENTS}`);
  assert.equal(restored(row([14, 1], ZIPLIST)), `listpack ${ZIPLIST_ELEMENTS}`);
  assert.equal(restored(row([18, 1, 2], LISTPACK)), `listpack ${LISTPACK_ELEMENTS}`);
  assert.equal(
    restored(row([14, 3], ZIPLIST, EMPTY_ZIPLIST, ZIPLIST)),
    `quicklist ${ZIPLIST_ELEMENTS},${ZIPLIST_ELEMENTS}`,
  );
  assert.equal(
    restored(row([18, 4, 2], LISTPACK, [1, 3], "xyz", [2], EMPTY_LISTPACK, [2], LISTPACK)),
    `quicklist ${LISTPACK_ELEMENTS},xyz,${LISTPACK_ELEMENTS}`,
  );
  assert.equal(restored(row([18, 1, 1, 3], "xyz")), "quicklist xyz");
  const long = "x".repeat(16000);
  assert.equal(restored(row([1, 2, 0x7e, 0x80], long, [1], "y")), `quicklist ${long},y`);
});

test("what is too large for the limits becomes a quicklist", () => {
  const few = (keyspace: Keyspace) => {
    keyspace.limits.listMaxListpackSize = 3;
  };
  assert.equal(restored(STRINGS, few), "quicklist a,5,513,xyz");
  assert.equal(restored(row([10], ZIPLIST), few), `quicklist ${ZIPLIST_ELEMENTS}`);
  assert.equal(restored(row([18, 1, 2], LISTPACK), few), `quicklist ${LISTPACK_ELEMENTS}`);
});

test("lists without elements, and what is no list", () => {
  for (const value of [[1, 0], [14, 0], [18, 0], [18, 1, 1, 0], [18, 1, 3, 1, 97], [18, 1, 0]]) {
    assert.equal(restored(row(value)), BAD, value.join());
  }
  assert.equal(restored(row([18, 1, 2], EMPTY_LISTPACK)), BAD);
  assert.equal(restored(row([18, 2, 2], EMPTY_LISTPACK, [2], EMPTY_LISTPACK)), BAD);
  assert.equal(restored(row([10], EMPTY_ZIPLIST)), BAD);
  assert.equal(restored(row([14, 1], EMPTY_ZIPLIST)), BAD);
  const keyspace = newKeyspace();
  const file = rdbFile(
    row([1, 1], "a", [0, 18, 1], "b", [1, 2], EMPTY_LISTPACK, [0, 1], "c", [1], "v"),
    "REDIS0010",
  );
  assert.equal(loadBytes(file, keyspace).loadedCount, 1);
  keyspace.check();
  refuses(rdbFile(row([10, 1], "k", [3], "abc")), /^Ziplist integrity check failed\.$/);
  refuses(rdbFile(row([18, 1], "k", [1, 2, 3], "abc")), /^Listpack integrity check failed\.$/);
  refuses(rdbFile(row([18, 1], "k", [2, 7, 3], "abc")), /^Quicklist integrity check failed\.$/);
  refuses(rdbFile(row([18, 1], "k", [0x80, 255, 255, 255, 255, 2], LISTPACK)), /./);
});

/** Lists of all sizes, with elements of all lengths. */
function fill(runner: CommandRunner): void {
  for (const count of [1, 3, 128, 600, 5000]) {
    const numbers = Array.from({ length: count }, (_, i) => String(i * i * i - 5));
    const texts = numbers.map((_, i) => `element:${String(i).padStart(8, "0")}`);
    runner.run("rpush", `numbers${count}`, ...numbers);
    runner.run("rpush", `texts${count}`, ...texts);
    runner.run("lpush", `mixed${count}`, ...numbers, ...texts);
  }
  runner.run("rpush", "wide", "1", "-9223372036854775808", "9223372036854775807", "4294967296");
  const lengths = [0, 60, 511, 512, 513, 700, 4095, 8184, 8192, 8193, 9000, 70_000, 300_000];
  const long = lengths.map((length) => new Uint8Array(length).fill(length));
  runner.run("rpush", "long", ...long);
  runner.run("rpush", "longer", ...Array.from({ length: 30 }, (_, i) => "y".repeat(500 + i)));
}

/** All lists: elements, and the encodings where they count. */
function describe(keyspace: Keyspace, hasEncodings = true): Map<string, string> {
  const runner = new CommandRunner(keyspace, listCommands);
  const database = keyspace.databases[0];
  const contents = new Map<string, string>();
  for (let cursor = 0;;) {
    cursor = database.keys.scan(cursor);
    const refs = database.keys.scanned.slice(0, database.keys.scannedCount);
    for (const ref of refs) {
      const key = latin1(database.keyOf(ref));
      const name = hasEncodings ? ENCODING_NAMES[database.encodingOf(ref)] : "";
      contents.set(key, `${name} ${elements(runner, key).join(",")}`);
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
    assert.equal(dumped[0], 18);
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
    assert.equal(name, "RPUSH");
    assert.ok(rest.length <= 65);
    replayed.runner.run("rpush", ...rest.map((word) => latin1Bytes(word)));
  }
  assert.deepEqual(describe(replayed.keyspace, false), describe(keyspace, false));
});

test("a list is loaded as small as it was", () => {
  const { keyspace, runner } = setUp();
  const texts = Array.from({ length: 50_000 }, (_, i) => `element:${String(i).padStart(8, "0")}`);
  runner.run("rpush", "k", ...texts);
  const files = new MemoryFiles();
  saveRdb(files, keyspace, SAVE_SETTINGS);
  const loaded = newKeyspace();
  loadBytes(files.contents.get("dump.rdb")!, loaded);
  const bytes = loaded.databases[0].bytesOf(entryOf(loaded, 0, "k"));
  assert.ok(bytes / 50_000 < 16.3, `${bytes / 50_000} bytes an element`);
});

test("payloads with any byte changed do no harm", () => {
  const { keyspace, runner } = setUp();
  fill(runner);
  const prng = seeded(6);
  const dumps = ["numbers600", "mixed128", "wide", "longer"].map((key) => {
    return runner.bulk("dump", key).slice(0, -10);
  });
  const twoNodes = row([18, 3, 2], LISTPACK, [1, 3], "xyz", [2], LISTPACK);
  const values = [STRINGS, row([10], ZIPLIST), row([14, 2], ZIPLIST, ZIPLIST), twoNodes, ...dumps];
  let accepted = 0;
  for (let round = 0; round < 4000; round++) {
    const value = values[round % values.length].slice();
    for (let i = prng.below(3); i >= 0; i--) value[prng.below(value.length)] = prng.below(256);
    if (![1, 10, 14, 18].includes(value[0])) value[0] = [1, 10, 14, 18][prng.below(4)];
    const end = prng.below(10) === 0 ? prng.below(value.length) : value.length;
    const reply = runner.text("restore", "k", "0", payload(value.slice(0, end)));
    if (reply !== "+OK\r\n") continue;
    accepted++;
    const [first = "", second = ""] = elements(runner, "k").slice(-2);
    runner.run("lpush", "k", "more", "5");
    runner.run("linsert", "k", "before", first, "x".repeat(prng.below(600)));
    runner.run("lset", "k", "-1", "another");
    runner.run("lrem", "k", "0", second);
    runner.run("rpop", "k", "3");
    if (round % 50 === 0) keyspace.check();
    runner.run("ltrim", "k", "1", "0");
  }
  assert.ok(accepted > 100);
  keyspace.check();
});
