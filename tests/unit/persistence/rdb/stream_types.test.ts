/** Streams in RDB files: every type that holds one, what becomes of it, and what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1Bytes } from "../../../../src/base/ascii.ts";
import { rewriteAof } from "../../../../src/persistence/aof/rewrite.ts";
import { saveRdb } from "../../../../src/persistence/rdb/save.ts";
import { field, StreamFixture, type Value } from "../../command/stream/fixture.ts";
import { seeded } from "../../heap/seeded.ts";
import { read } from "../aof/aof_fixture.ts";
import { loadBytes, MemoryFiles, rdbFile, refuses, row, SAVE_SETTINGS, sign } from "./fixture.ts";

/** The one node of the stream below. */
const NODE = hex(
  "100000000000000001000000000000000140515100" +
    "00001f000301010102018161028162020001020100010001010181780205010301000101010201ded402050100" +
    "010101dfff020101816302f270110104060102010401040183312e350480010501ff",
);
/** Length, last id; first id, max deleted id, entries added. */
const COUNTERS_1 = hex("030505");
const COUNTERS_2 = hex("03050501010102" + "04");
/** Two entries that are pending with alice in g; bob has nothing, h has no consumers. */
const PENDING = hex(
  "020000000000000001000000000000000100806e8774010000070000000000000002000000000000000001806e877401" +
    "0000412c",
);
const OWN = hex("0200000000000000010000000000000001000000000000000200000000" + "00000000");
const SEEN = hex("dc4f88fea1010000");
const UNKNOWN = hex("81ffffffffffffffff");

function hex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

/** The stream as redis-server writes it: 5.0 (15), 7.0 (19) or 8.0 (21). */
function stream(type: 15 | 19 | 21): Uint8Array {
  const active = type === 21 ? [SEEN] : [];
  const never = type === 21 ? [hex("ffffffffffffffff")] : [];
  const read = type === 15 ? [] : [[2]];
  const unread = type === 15 ? [] : [UNKNOWN];
  return row(
    ...[[type], [1], NODE, type === 15 ? COUNTERS_1 : COUNTERS_2, [2]],
    ...[[1], "g", [2, 0], ...read, PENDING, [2]],
    ...[[5], "alice", SEEN, ...active, OWN, [3], "bob", SEEN, ...never, [0]],
    ...[[1], "h", [2, 0], ...unread, [0, 0]],
  );
}

/** A value with a footer whose checksum is right. */
function payload(value: Uint8Array): Uint8Array {
  const bytes = row(value, 11, 0, new Uint8Array(8));
  sign(bytes);
  return bytes;
}

function restore(f: StreamFixture, key: string, value: Uint8Array): string {
  return f.runBytes(...["RESTORE", key, "0"].map(latin1Bytes), value);
}

function restored(value: Uint8Array): StreamFixture {
  const f = new StreamFixture();
  assert.equal(restore(f, "s", payload(value)), "+OK\r\n");
  f.keyspace.check();
  return f;
}

const BAD = "-ERR Bad data format\r\n";

function isRefused(value: Uint8Array): void {
  const f = new StreamFixture();
  assert.equal(restore(f, "s", payload(value)), BAD);
  assert.equal(f.keyspace.heap.objectCount, 0);
  f.keyspace.check();
}

test("every type of the file", () => {
  for (const type of [15, 19, 21] as const) {
    const f = restored(stream(type));
    assert.deepEqual(f.value("XRANGE", "s", "-", "+"), [
      ["1-1", ["a", "1", "b", "x"]],
      ["2-0", ["c", "70000"]],
      ["5-5", ["a", "1.5", "b", ""]],
    ]);
    const info = f.value("XINFO", "STREAM", "s", "FULL") as Value[];
    assert.deepEqual(info.slice(0, 14), [
      ...["length", 3, "radix-tree-keys", 1, "radix-tree-nodes", 2, "last-generated-id", "5-5"],
      ...["max-deleted-entry-id", type === 15 ? "0-0" : "1-2"],
      ...["entries-added", type === 15 ? 3 : 4, "recorded-first-entry-id", "1-1"],
    ]);
    const seen = 1_795_271_708_636;
    const groups = field(info, "groups") as Value[];
    assert.deepEqual(groups.map((group) => field(group, "entries-read")), [
      type === 15 ? null : 2,
      null,
    ]);
    assert.deepEqual(field(groups[0], "consumers"), [
      [
        ...["name", "alice", "seen-time", seen, "active-time", seen, "pel-count", 2],
        ...["pending", [["1-1", 1_600_000_000_000, 7], ["2-0", 1_600_000_000_001, 300]]],
      ],
      [
        ...["name", "bob", "seen-time", seen, "active-time", type === 21 ? -1 : seen],
        ...["pel-count", 0, "pending", []],
      ],
    ]);
    assert.deepEqual(field(groups[1], "consumers"), []);
  }
});

test("a stream is dumped as redis-server 7.0 dumps it", () => {
  const f = restored(stream(19));
  f.settings.compressesDump = false;
  const dumped = f.value("DUMP", "s") as string;
  assert.deepEqual(latin1Bytes(dumped).slice(0, -10), stream(19));
});

test("what is refused", () => {
  const whole = stream(19);
  for (let end = 1; end < whole.length; end++) isRefused(whole.slice(0, end));
  const consumers = row([1], "g", [2, 0, 2], PENDING);
  const before = row([19, 1], NODE, COUNTERS_2, [1], consumers);
  const only = (own: Uint8Array) => row(before, [1, 5], "alice", SEEN, own);
  isRefused(row(before, [0]));
  isRefused(only(OWN.slice(0, 1)));
  isRefused(only(row([1], OWN.slice(1, 17))));
  isRefused(only(row([2], OWN.slice(1, 17), OWN.slice(1, 17))));
  isRefused(only(row([3], OWN.slice(1), new Uint8Array(16))));
  isRefused(row(before, [2, 1], "a", SEEN, OWN, [1], "a", SEEN, [0]));
  isRefused(row(before, [2, 1], "a", SEEN, OWN, [1], "b", SEEN, OWN));
  isRefused(row([19, 2], NODE, NODE, COUNTERS_2, [0]));
  isRefused(row([19, 0], COUNTERS_2, [0]));
  const groups = row([1], "g", [2, 0, 2, 0, 0], [1], "g", [2, 0, 2, 0, 0]);
  isRefused(row([19, 1], NODE, COUNTERS_2, [2], groups));
  const longKey = NODE.slice();
  longKey[0] = 15;
  isRefused(row([19, 1], longKey, COUNTERS_2, [0]));
});

test("in a file errors are told", () => {
  const file = (...parts: (string | number[] | Uint8Array)[]) =>
    rdbFile(row([19, 1], "k", ...parts));
  refuses(file([1, 1], "x"), /^Stream node key entry is not the size of a stream ID$/);
  refuses(file([1], NODE.slice(0, 17), [1], "x"), /^Stream listpack integrity check failed\.$/);
  refuses(file([2], NODE, NODE), /^Listpack re-added with existing key$/);
  refuses(file([0], COUNTERS_2), /^Stream length inconsistent with rax entries$/);
  const twice = row([1], "g", [2, 0, 2, 0, 0], [1], "g", [2, 0]);
  refuses(file([1], NODE, COUNTERS_2, [2], twice), /^Duplicated consumer group name g$/);
  const group = row([1], NODE, COUNTERS_2, [1, 1], "g", [2, 0, 2]);
  refuses(file(group, PENDING, [0]), /^Stream CG PEL entry without consumer$/);
  refuses(
    file(group, [2], PENDING.slice(1, 26), PENDING.slice(1, 26)),
    /^Duplicated global PEL entry loading stream consumer group$/,
  );
  refuses(file(group, [0, 1, 1], "a", SEEN, OWN), /^Consumer entry not found in group global PEL$/);
  refuses(file(group, [0, 2, 1], "a", SEEN, [0, 1], "a"), /^Duplicate stream consumer detected\.$/);
});

/** Streams of many kinds. */
function fill(f: StreamFixture): string[] {
  const add = (key: string, count: number, ...texts: string[]) => {
    for (let i = 1; i <= count; i++) f.run("XADD", key, `${i * 3}-${i % 5}`, ...texts, String(i));
  };
  add("one", 1, "f");
  add("many", 3000, "sensor", "7", "value");
  add("large", 7, "f", "x".repeat(9000), "g", "y".repeat(100_000), "n");
  add("empty", 2, "f");
  f.run("XTRIM", "empty", "MAXLEN", "0");
  add("deleted", 350, "f");
  for (let i = 1; i <= 350; i += 2) f.run("XDEL", "deleted", `${i * 3}-${i % 5}`);
  f.run("XADD", "deleted", "18446744073709551615-18446744073709551615", "f", "v");
  add("groups", 1000, "f");
  for (const [i, group] of ["a", "b", "c", "long".repeat(50)].entries()) {
    f.run("XGROUP", "CREATE", "groups", group, String(i), "ENTRIESREAD", String(i));
    for (let c = 0; c < i * 3; c++) {
      f.run("XREADGROUP", "GROUP", group, `c${c}`, "COUNT", "90", "STREAMS", "groups", ">");
    }
    f.run("XGROUP", "CREATECONSUMER", "groups", group, "idle");
    for (let j = 1; j < 300; j += i + 1) f.run("XACK", "groups", group, `${j * 3}-${j % 5}`);
  }
  f.run("XGROUP", "CREATE", "none", "g", "$", "MKSTREAM");
  return ["one", "many", "large", "empty", "deleted", "groups", "none"];
}

/** Everything about streams that a file keeps; a rewritten log keeps no times. */
function describe(f: StreamFixture, keys: readonly string[], hasTimes = true): unknown {
  const bare = (value: Value): Value => {
    if (Array.isArray(value)) {
      const at = value.indexOf("active-time");
      return value.filter((_, i) => at < 0 || i !== at && i !== at + 1).map(bare);
    }
    return typeof value === "number" && value > 1e12 && !hasTimes ? 0 : value;
  };
  return keys.map((key) => {
    const info = f.value("XINFO", "STREAM", key, "FULL", "COUNT", "0") as Value[];
    if (!hasTimes) info.splice(2, 4);
    return [key, bare(info)];
  });
}

test("DUMP and RESTORE, a file and back, an append-only file and back", () => {
  const f = new StreamFixture();
  const keys = fill(f);
  const expected = describe(f, keys);
  const again = new StreamFixture();
  for (const key of keys) {
    assert.equal(restore(again, key, latin1Bytes(f.value("DUMP", key) as string)), "+OK\r\n", key);
  }
  assert.deepEqual(describe(again, keys), expected);
  again.keyspace.check();

  const files = new MemoryFiles();
  saveRdb(files, f.keyspace, SAVE_SETTINGS);
  const loaded = new StreamFixture();
  loadBytes(files.contents.get("dump.rdb")!, loaded.keyspace);
  assert.deepEqual(describe(loaded, keys), expected);
  loaded.keyspace.check();

  const path = "aof/base.aof";
  rewriteAof(files, f.keyspace, { ...SAVE_SETTINGS, path, usesRdbPreamble: false });
  const replayed = new StreamFixture();
  for (const words of read(files.contents.get(path)!).items) {
    if (words[0] !== "SELECT") replayed.run(...words);
  }
  assert.deepEqual(describe(replayed, keys, false), describe(f, keys, false));
  replayed.keyspace.check();
});

test("payloads with any byte changed do no harm", () => {
  const f = new StreamFixture();
  fill(f);
  f.settings.compressesDump = false;
  const prng = seeded(5);
  const dumped = (key: string) => latin1Bytes(f.value("DUMP", key) as string).slice(0, -10);
  const values = [stream(15), stream(19), stream(21), dumped("deleted"), dumped("groups")];
  const g = new StreamFixture();
  let accepted = 0;
  for (let round = 0; round < 4000; round++) {
    const value = values[prng.below(10) === 0 ? 3 + prng.below(2) : round % 3].slice();
    for (let i = prng.below(3); i >= 0; i--) value[prng.below(value.length)] = prng.below(256);
    if (![15, 19, 21].includes(value[0])) value[0] = [15, 19, 21][prng.below(3)];
    const end = prng.below(10) === 0 ? prng.below(value.length) : value.length;
    const reply = restore(g, "k", payload(value.slice(0, end)));
    if (reply !== "+OK\r\n") continue;
    accepted++;
    if (round % 10 === 0) g.keyspace.check();
    g.run("XRANGE", "k", "-", "+");
    g.run("XREVRANGE", "k", "+", "-", "COUNT", "3");
    g.run("XINFO", "STREAM", "k", "FULL");
    g.run("XADD", "k", "*", "a", "b", "c", "d");
    g.run("XDEL", "k", "1-1", "2-0");
    g.run("XREADGROUP", "GROUP", "g", "bob", "STREAMS", "k", ">");
    g.run("XREADGROUP", "GROUP", "g", "alice", "STREAMS", "k", "0");
    g.run("XAUTOCLAIM", "k", "g", "bob", "0", "0");
    g.run("XGROUP", "DELCONSUMER", "k", "g", "alice");
    g.run("XTRIM", "k", "MAXLEN", "1");
    if (round % 10 === 0) g.keyspace.check();
    g.run("DEL", "k");
  }
  assert.ok(accepted > 100);
  g.keyspace.check();
  assert.equal(g.keyspace.heap.objectCount, 0);
});
