/** Streams in RDB files: every type that holds one, what becomes of it, and what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommandFixture } from "../../command/fixture.ts";
import { field, replyValue, StreamFixture, type Value } from "../../command/stream/fixture.ts";
import { rdbFile, refuses, row } from "./fixture.ts";
import { COUNTERS_2, NODE, OWN, PENDING, SEEN, SEEN_MS, streamValue } from "./stream_value.ts";
import { BAD_DATA, dumpedValue, mutationsDoNoHarm, payload, survives } from "./value_fixture.ts";

function restored(value: Uint8Array): StreamFixture {
  const f = new StreamFixture();
  assert.equal(f.run("RESTORE", "s", "0", payload(value)), "+OK\r\n");
  f.keyspace.check();
  return f;
}

function isRefused(value: Uint8Array): void {
  const f = new StreamFixture();
  assert.equal(f.run("RESTORE", "s", "0", payload(value)), BAD_DATA);
  assert.equal(f.keyspace.heap.objectCount, 0);
  f.keyspace.check();
}

test("every type of the file", () => {
  for (const type of [15, 19, 21] as const) {
    const f = restored(streamValue(type));
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
    const seen = SEEN_MS;
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
  const f = restored(streamValue(19));
  f.settings.compressesDump = false;
  assert.deepEqual(dumpedValue(f, "s"), streamValue(19));
});

test("what is refused", () => {
  const whole = streamValue(19);
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
function fill(f: CommandFixture): void {
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
}

/** Everything about a stream that a file keeps; type 19 does not say who was active when. */
function describe(f: CommandFixture, key: string): string {
  return JSON.stringify(withoutActivity(full(f, key)));
}

/** What a rewritten log keeps of that: no times, and nothing of how the entries are kept. */
function describeRewritten(f: CommandFixture, key: string): string {
  const info = full(f, key);
  info.splice(2, 4);
  return JSON.stringify(withoutActivity(info), (_, value) => value > 1e12 ? 0 : value);
}

function full(f: CommandFixture, key: string): Value[] {
  return replyValue(f.run("XINFO", "STREAM", key, "FULL", "COUNT", "0")) as Value[];
}

function withoutActivity(value: Value): Value {
  if (!Array.isArray(value)) return value;
  const at = value.indexOf("active-time");
  return value.filter((_, i) => at < 0 || i !== at && i !== at + 1).map(withoutActivity);
}

test("DUMP and RESTORE, a file and back, an append-only file and back", () => {
  const f = new StreamFixture();
  fill(f);
  survives(f, {
    describe,
    describeRewritten,
    typeOf: () => 19,
    rewritten: { names: ["XADD", "XSETID", "XGROUP", "XCLAIM"], argumentsMax: 20 },
  });
});

test("payloads with any byte changed do no harm", () => {
  const f = new StreamFixture();
  fill(f);
  f.settings.compressesDump = false;
  const made = [streamValue(15), streamValue(19), streamValue(21)];
  // Large ones are seldom accepted with a byte changed, and take long.
  const often = [...made, ...made, ...made];
  const values = [...often, dumpedValue(f, "deleted"), ...often, dumpedValue(f, "groups")];
  mutationsDoNoHarm(values, [15, 19, 21], (f) => {
    f.run("XRANGE", "k", "-", "+");
    f.run("XREVRANGE", "k", "+", "-", "COUNT", "3");
    f.run("XINFO", "STREAM", "k", "FULL");
    f.run("XADD", "k", "*", "a", "b", "c", "d");
    f.run("XDEL", "k", "1-1", "2-0");
    f.run("XREADGROUP", "GROUP", "g", "bob", "STREAMS", "k", ">");
    f.run("XREADGROUP", "GROUP", "g", "alice", "STREAMS", "k", "0");
    f.run("XAUTOCLAIM", "k", "g", "bob", "0", "0");
    f.run("XGROUP", "DELCONSUMER", "k", "g", "alice");
    f.run("XTRIM", "k", "MAXLEN", "1");
  });
});
