/** Sorted sets in RDB files: every type that holds one, what they become here, what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { dumpCommands } from "../../../../src/command/generic/dump.ts";
import { zsetCommands } from "../../../../src/command/zset/commands.ts";
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

/** A listpack of short texts and of integers below 128, as a string of an RDB file. */
function listpack(...entries: (string | number)[]): Uint8Array {
  const body = entries.flatMap((entry) =>
    typeof entry === "number"
      ? [entry, 1]
      : [0x80 | entry.length, ...latin1Bytes(entry), entry.length + 1]
  );
  const length = body.length + 7;
  const count = entries.length;
  return row([length, length, 0, 0, 0, count, 0], body, [255]);
}

/** A score in eight bytes. */
function binary(score: number): Uint8Array {
  return new Uint8Array(Float64Array.of(score).buffer);
}

const LISTPACK = row([17], listpack("low", "-1.5", "a", 1, "b", 1, 12, 100, "top", "inf"));
const CONTENT = "low=-1.5,a=1,b=1,12=100,top=inf";
const BINARY = row(
  [5, 3, 1],
  "a",
  binary(1),
  [2],
  "bc",
  binary(1.5),
  [0xc0, 12],
  binary(-Infinity),
);
const TEXT = row(
  [3, 5, 1],
  "a",
  [1],
  "1",
  [2],
  "bc",
  [3],
  "1.5",
  [1],
  "x",
  [254],
  [1],
  "y",
  [
    255,
    1,
  ],
  "z",
  [4],
  "-0.5",
);

function setUp() {
  const keyspace = newKeyspace();
  return { keyspace, runner: new CommandRunner(keyspace, [...dumpCommands, ...zsetCommands]) };
}

/** A value with a footer whose checksum is right. */
function payload(value: Uint8Array): Uint8Array {
  const bytes = row(value, 10, 0, new Uint8Array(8));
  sign(bytes);
  return bytes;
}

function pairs(runner: CommandRunner, key: string): string {
  const texts = bulks(runner.text("zrange", key, "0", "-1", "withscores"));
  return texts.flatMap((text, i) => i % 2 === 0 ? [`${text}=${texts[i + 1]}`] : []).join(",");
}

function encoding(keyspace: Keyspace, key: string): string {
  return ENCODING_NAMES[keyspace.databases[0].encodingOf(entryOf(keyspace, 0, key))];
}

function restored(value: Uint8Array, entries = 128): string {
  const { keyspace, runner } = setUp();
  keyspace.limits.zsetMaxListpackEntries = entries;
  const reply = runner.text("restore", "k", "0", payload(value));
  keyspace.check();
  if (reply !== "+OK\r\n") {
    assert.equal(keyspace.heap.objectCount, 0);
    return reply;
  }
  return `${encoding(keyspace, "k")} ${pairs(runner, "k")}`;
}

const BAD = "-ERR Bad data format\r\n";

test("every type of the file", () => {
  assert.equal(restored(LISTPACK), `listpack ${CONTENT}`);
  assert.equal(restored(BINARY), "listpack 12=-inf,a=1,bc=1.5");
  assert.equal(restored(TEXT), "listpack y=-inf,z=-0.5,a=1,bc=1.5,x=inf");
  const long = "x".repeat(65);
  assert.equal(restored(row([5, 1, 0x40, 65], long, binary(2))), `skiplist ${long}=2`);
});

test("what is too large for the limits becomes a graph", () => {
  for (const entries of [0, 2]) {
    assert.equal(restored(LISTPACK, entries), `skiplist ${CONTENT}`);
    assert.equal(restored(BINARY, entries), "skiplist 12=-inf,a=1,bc=1.5");
    assert.equal(restored(TEXT, entries), "skiplist y=-inf,z=-0.5,a=1,bc=1.5,x=inf");
  }
});

test("a ziplist becomes a listpack", () => {
  const own = row([12], ziplist([["a", 1], ["bc", 2], ["d", 12]]));
  assert.equal(restored(own), "listpack a=1,bc=2,d=12");
  assert.equal(restored(own, 2), "skiplist a=1,bc=2,d=12");
  assert.equal(restored(row([12], ziplist([["a", 1], ["a", 2]]))), BAD);
  assert.equal(restored(row([12], ziplist([]))), BAD);
  assert.equal(restored(own.slice(0, 20)), BAD);
});

/** A ziplist of short members and scores up to 12, as a string of an RDB file. */
function ziplist(entries: readonly (readonly [string, number])[]): Uint8Array {
  const body: number[] = [];
  let previous = 0;
  let last = 10;
  for (const [member, score] of entries) {
    body.push(previous, member.length, ...latin1Bytes(member));
    previous = member.length + 2;
    last = 10 + body.length;
    body.push(previous, 0xf1 + score);
    previous = 2;
  }
  const length = body.length + 11;
  return row([length, length, 0, 0, 0, last, 0, 0, 0, entries.length * 2, 0], body, [255]);
}

test("a listpack that is out of order is put into order", () => {
  assert.equal(restored(row([17], listpack("b", 5, "a", 5, "c", 1))), "listpack c=1,a=5,b=5");
});

test("members that are there twice, scores that are none, and nothing at all", () => {
  assert.equal(restored(row([5, 2, 1], "a", binary(1), [1], "a", binary(1))), BAD);
  assert.equal(restored(row([5, 2, 1], "a", binary(1), [1], "a", binary(2)), 0), BAD);
  assert.equal(restored(row([5, 1, 1], "a", binary(NaN))), BAD);
  assert.equal(restored(row([5, 1, 1], "a", binary(NaN)), 0), BAD);
  assert.equal(restored(row([3, 1, 1], "a", [253])), BAD);
  assert.equal(restored(row([3, 1, 1], "a", [3], "abc")), BAD);
  assert.equal(restored(row([17], listpack("a", 1, "a", 2))), BAD);
  assert.equal(restored(row([17], listpack("a", 1, "b"))), BAD);
  assert.equal(restored(row([17], listpack("a", "nan"))), BAD);
  assert.equal(restored(row([17], listpack("a", "x"))), BAD);
  assert.equal(restored(row([5, 0])), BAD);
  assert.equal(restored(row([17], listpack())), BAD);
});

test("in a file an empty sorted set is passed over, and other errors are told", () => {
  const keyspace = newKeyspace();
  const file = rdbFile(row([5, 1], "a", [0, 17, 1], "b", listpack(), [0, 1], "c", [1], "v"));
  assert.equal(loadBytes(file, keyspace).loadedCount, 1);
  keyspace.check();
  refuses(rdbFile(row([5, 1], "k", [1, 1], "a", binary(NaN))), /^Zset with NAN score detected$/);
  const twice = row([5, 1], "k", [2, 1], "a", binary(1), [1], "a", binary(1));
  refuses(rdbFile(twice), /^Duplicate zset fields detected$/);
  refuses(rdbFile(row([17, 1], "k", [3], "abc")), /^Zset listpack integrity check failed\.$/);
  refuses(rdbFile(row([12, 1], "k", [3], "abc")), /^Zset ziplist integrity check failed\.$/);
});

/** Sorted sets of both encodings and all sizes, members of all lengths. */
function fill(runner: CommandRunner): void {
  for (const count of [1, 3, 128, 129, 700, 3000]) {
    const words = Array.from({ length: count }, (_, i) => [String(i % 97 / 8), `m${i * 13}`]);
    runner.run("zadd", `z${count}`, ...words.flat());
  }
  runner.run("zadd", "scores", "inf", "a", "-inf", "b", "0.1", "c", "1e300", "d", "-5e-324", "e");
  const long = [60, 64, 65, 5000, 9000, 70_000, 300_000].flatMap((length) => [
    String(length % 7),
    new Uint8Array(length).fill(length),
  ]);
  runner.run("zadd", "long", ...long);
}

/** All sorted sets: members and scores, and the encodings where they count. */
function describe(keyspace: Keyspace, hasEncodings = true): Map<string, string> {
  const runner = new CommandRunner(keyspace, zsetCommands);
  const database = keyspace.databases[0];
  const contents = new Map<string, string>();
  for (let cursor = 0;;) {
    cursor = database.keys.scan(cursor);
    for (const ref of database.keys.scanned.slice(0, database.keys.scannedCount)) {
      const key = latin1(database.keyOf(ref));
      const name = hasEncodings ? ENCODING_NAMES[database.encodingOf(ref)] : "";
      contents.set(key, `${name} ${pairs(runner, key)}`);
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
    assert.equal(dumped[0], encoding(keyspace, key) === "listpack" ? 17 : 5);
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
    assert.equal(name, "ZADD");
    assert.ok(rest.length <= 129);
    replayed.runner.run("zadd", ...rest.map((word) => latin1Bytes(word)));
  }
  assert.deepEqual(describe(replayed.keyspace, false), describe(keyspace, false));
});

test("payloads with any byte changed do no harm", () => {
  const { keyspace, runner } = setUp();
  fill(runner);
  const prng = seeded(5);
  const own = ["z3", "z129", "scores"].map((key) => runner.bulk("dump", key).slice(0, -10));
  const small = row([12], ziplist([["a", 1], ["bc", 2], ["d", 12]]));
  const values = [LISTPACK, BINARY, TEXT, small, ...own];
  let accepted = 0;
  for (let round = 0; round < 4000; round++) {
    const value = values[round % values.length].slice();
    for (let i = prng.below(3); i >= 0; i--) value[prng.below(value.length)] = prng.below(256);
    if (![3, 5, 12, 17].includes(value[0])) value[0] = [3, 5, 12, 17][prng.below(4)];
    const end = prng.below(10) === 0 ? prng.below(value.length) : value.length;
    keyspace.limits.zsetMaxListpackEntries = round % 3 === 0 ? 2 : 128;
    const reply = runner.text("restore", "k", "0", payload(value.slice(0, end)));
    if (reply !== "+OK\r\n") continue;
    accepted++;
    const before = Number(runner.text("zcard", "k").slice(1));
    assert.equal(pairs(runner, "k").length > 0, before > 0);
    runner.run("zadd", "k", "5", "more", "-1", "a", "7", "bc");
    runner.run("zcount", "k", "(1", "7");
    runner.run("zremrangebyscore", "k", "1", "3");
    runner.run("zpopmin", "k", "2");
    if (round % 50 === 0) keyspace.check();
    runner.run("zpopmax", "k", "1000");
  }
  assert.ok(accepted > 100);
  keyspace.check();
});
