/**
 * What streams do as Redis does since 7.2, which the judge of the conformance tests, 7.0, does not:
 * replies are those of redis-server 8.0.2.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { START_MS } from "../fixture.ts";
import { field, StreamFixture, type Value } from "./fixture.ts";

test("XREAD with +: the last entry that is there", () => {
  const f = new StreamFixture();
  for (let i = 1; i <= 3; i++) f.run("XADD", "t", `${i}-1`, "f", "v");
  assert.deepEqual(f.value("XREAD", "STREAMS", "t", "+"), [["t", [["3-1", ["f", "v"]]]]]);
  f.run("XDEL", "t", "3-1");
  assert.deepEqual(f.value("XREAD", "STREAMS", "t", "+"), [["t", [["2-1", ["f", "v"]]]]]);
  assert.deepEqual(f.value("XREAD", "STREAMS", "t", "missing", "+", "+"), [[
    "t",
    [["2-1", ["f", "v"]]],
  ]]);
  f.run("XGROUP", "CREATE", "t", "g", "0");
  assert.match(
    String(f.value("XREADGROUP", "GROUP", "g", "c", "STREAMS", "t", "+")),
    /^-ERR The \+ ID is meaningless in the context of XREADGROUP: .*empty result set\.$/,
  );
  f.run("XTRIM", "t", "MAXLEN", "0");
  assert.equal(f.value("XREAD", "STREAMS", "t", "+"), null);
});

test("XCLAIM, XAUTOCLAIM and XREADGROUP make a consumer that gets nothing", () => {
  const f = new StreamFixture();
  f.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  assert.deepEqual(f.value("XCLAIM", "s", "g", "claims", "0", "9-1"), []);
  assert.deepEqual(f.value("XAUTOCLAIM", "s", "g", "also", "0", "0"), ["0-0", [], []]);
  f.advance(5);
  assert.equal(f.value("XREADGROUP", "GROUP", "g", "reads", "STREAMS", "s", ">"), null);
  f.run("XADD", "s", "1-1", "f", "v");
  f.run("XREADGROUP", "GROUP", "g", "gets", "STREAMS", "s", ">");
  f.advance(7);
  f.run("XREADGROUP", "GROUP", "g", "gets", "STREAMS", "s", ">");
  f.advance(1);
  assert.deepEqual(f.value("XINFO", "CONSUMERS", "s", "g"), [
    ["name", "also", "pending", 0, "idle", 13, "inactive", -1],
    ["name", "claims", "pending", 0, "idle", 13, "inactive", -1],
    ["name", "gets", "pending", 1, "idle", 1, "inactive", 8],
    ["name", "reads", "pending", 0, "idle", 8, "inactive", -1],
  ]);
  const full = f.value("XINFO", "STREAM", "s", "FULL");
  const consumers = field((field(full, "groups") as Value[])[0], "consumers") as Value[];
  assert.deepEqual(consumers[2], [
    ...["name", "gets", "seen-time", START_MS + 12, "active-time", START_MS + 5],
    ...["pel-count", 1, "pending", [["1-1", START_MS + 5, 1]]],
  ]);
  f.keyspace.check();
});

test("XREADGROUP with NOACK tells of a consumer that gets nothing", () => {
  const f = new StreamFixture();
  f.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  f.propagated.length = 0;
  f.run("XREADGROUP", "GROUP", "g", "c", "NOACK", "STREAMS", "s", ">");
  f.run("XREADGROUP", "GROUP", "g", "d", "STREAMS", "s", ">");
  assert.deepEqual(f.propagated, ["0 XGROUP CREATECONSUMER s g c"]);
});

test("with LIMIT 0 and ~ any number of entries goes, from a file, too", () => {
  const f = new StreamFixture();
  Object.assign(f.keyspace.limits, { streamNodeMaxEntries: 10 });
  for (let i = 1; i <= 2000; i++) f.run("XADD", "s", `${i}-1`, "f", "v");
  assert.equal(f.value("XTRIM", "s", "MAXLEN", "~", "100"), 1000);
  assert.equal(f.value("XTRIM", "s", "MAXLEN", "~", "100", "LIMIT", "0"), 900);
  const [limited] = f.propagated.slice(-2);
  assert.equal(limited, "0 XTRIM s MAXLEN = 1000");
  f.keyspace.ignoresExpiry = true;
  assert.equal(f.value("XTRIM", "s", "MAXLEN", "=", "50", "LIMIT", "10"), 50);
  f.keyspace.check();
});

/** Commands, and how far each group has come then: `group:entries-read/lag`. */
const PROGRESS: readonly (readonly [command: string, progress: string])[] = [
  ["XGROUP CREATE s g1 $ MKSTREAM", "g1:?/0"],
  ["XREADGROUP GROUP g1 c COUNT 4 NOACK STREAMS s >", "g1:?/0"],
  ["XREADGROUP GROUP g2 c COUNT 1 NOACK STREAMS s >", "g1:?/0"],
  ["XREADGROUP GROUP g1 c COUNT 3 NOACK STREAMS s >", "g1:?/0"],
  ["XTRIM s MAXLEN 3", "g1:?/0"],
  ["XDEL s 0-1", "g1:?/0"],
  ["XGROUP SETID s g1 $", "g1:?/0"],
  ["XREADGROUP GROUP g4 c COUNT 2 NOACK STREAMS s >", "g1:?/0"],
  ["XREADGROUP GROUP g1 c COUNT 2 NOACK STREAMS s >", "g1:?/0"],
  ["XSETID s 0-1", "g1:?/0"],
  ["XADD s 1-1 f v", "g1:?/1"],
  ["XADD s 2-1 f v", "g1:?/2"],
  ["XREADGROUP GROUP g2 c COUNT 2 NOACK STREAMS s >", "g1:?/2"],
  ["XADD s 3-1 f v", "g1:?/3"],
  ["XGROUP CREATE s g2 1-1 ENTRIESREAD 1", "g1:?/3 g2:1/2"],
  ["XADD s 4-1 f v", "g1:?/4 g2:1/3"],
  ["XDEL s 1-1", "g1:?/3 g2:1/3"],
  ["XADD s 5-1 f v", "g1:?/4 g2:1/4"],
  ["XDEL s 4-1", "g1:?/? g2:1/?"],
  ["XGROUP SETID s g3 $ ENTRIESREAD 2", "g1:?/? g2:1/?"],
  ["XTRIM s MAXLEN 5", "g1:?/? g2:1/?"],
  ["XADD s 6-1 f v", "g1:?/? g2:1/?"],
  ["XREADGROUP GROUP g1 c COUNT 3 NOACK STREAMS s >", "g1:?/? g2:1/?"],
  ["XREADGROUP GROUP g1 c COUNT 3 NOACK STREAMS s >", "g1:6/0 g2:1/?"],
  ["XREADGROUP GROUP g1 c COUNT 4 NOACK STREAMS s >", "g1:6/0 g2:1/?"],
  ["XDEL s 0-1", "g1:6/0 g2:1/?"],
  ["XTRIM s MAXLEN 2", "g1:6/0 g2:1/2"],
  ["XSETID s 6-1", "g1:6/0 g2:1/2"],
  ["XREADGROUP GROUP g4 c COUNT 3 NOACK STREAMS s >", "g1:6/0 g2:1/2"],
  ["XGROUP CREATE s g3 $ ENTRIESREAD 0", "g1:6/0 g2:1/2 g3:0/6"],
  ["XREADGROUP GROUP g1 c COUNT 4 NOACK STREAMS s >", "g1:6/0 g2:1/2 g3:0/6"],
  ["XREADGROUP GROUP g1 c COUNT 2 NOACK STREAMS s >", "g1:6/0 g2:1/2 g3:0/6"],
  ["XDEL s 5-1", "g1:6/0 g2:1/1 g3:0/6"],
  ["XREADGROUP GROUP g3 c COUNT 3 NOACK STREAMS s >", "g1:6/0 g2:1/1 g3:0/6"],
  ["XREADGROUP GROUP g1 c COUNT 3 NOACK STREAMS s >", "g1:6/0 g2:1/1 g3:0/6"],
  ["XREADGROUP GROUP g3 c COUNT 2 NOACK STREAMS s >", "g1:6/0 g2:1/1 g3:0/6"],
  ["XREADGROUP GROUP g2 c COUNT 3 NOACK STREAMS s >", "g1:6/0 g2:6/0 g3:0/6"],
  ["XREADGROUP GROUP g2 c COUNT 1 NOACK STREAMS s >", "g1:6/0 g2:6/0 g3:0/6"],
  ["XADD s 8-1 f v", "g1:6/1 g2:6/1 g3:0/7"],
  ["XGROUP CREATE s g4 0 ENTRIESREAD 5", "g1:6/1 g2:6/1 g3:0/7 g4:5/2"],
  ["XTRIM s MAXLEN 6", "g1:6/1 g2:6/1 g3:0/7 g4:5/2"],
  ["XADD s 10-1 f v", "g1:6/2 g2:6/2 g3:0/8 g4:5/3"],
  ["XADD s 11-1 f v", "g1:6/3 g2:6/3 g3:0/9 g4:5/4"],
  ["XDEL s 6-1", "g1:6/3 g2:6/3 g3:0/3 g4:5/3"],
  ["XADD s 13-1 f v", "g1:6/4 g2:6/4 g3:0/4 g4:5/4"],
  ["XGROUP SETID s g2 $", "g1:6/4 g2:?/0 g3:0/4 g4:5/4"],
  ["XTRIM s MAXLEN 2", "g1:6/2 g2:?/0 g3:0/2 g4:5/2"],
  ["XADD s 14-1 f v", "g1:6/3 g2:?/? g3:0/3 g4:5/3"],
  ["XADD s 15-1 f v", "g1:6/4 g2:?/? g3:0/4 g4:5/4"],
  ["XREADGROUP GROUP g2 c COUNT 4 NOACK STREAMS s >", "g1:6/4 g2:12/0 g3:0/4 g4:5/4"],
  ["XREADGROUP GROUP g3 c COUNT 4 NOACK STREAMS s >", "g1:6/4 g2:12/0 g3:12/0 g4:5/4"],
  ["XADD s 16-1 f v", "g1:6/5 g2:12/1 g3:12/1 g4:5/5"],
  ["XDEL s 10-1", "g1:6/5 g2:12/1 g3:12/1 g4:5/5"],
  ["XADD s 18-1 f v", "g1:6/6 g2:12/2 g3:12/2 g4:5/6"],
  ["XREADGROUP GROUP g4 c COUNT 3 NOACK STREAMS s >", "g1:6/6 g2:12/2 g3:12/2 g4:11/3"],
  ["XADD s 19-1 f v", "g1:6/7 g2:12/3 g3:12/3 g4:11/4"],
  ["XADD s 21-1 f v", "g1:6/8 g2:12/4 g3:12/4 g4:11/5"],
  ["XREADGROUP GROUP g3 c COUNT 1 NOACK STREAMS s >", "g1:6/8 g2:12/4 g3:13/3 g4:11/5"],
  ["XREADGROUP GROUP g3 c COUNT 1 NOACK STREAMS s >", "g1:6/8 g2:12/4 g3:14/2 g4:11/5"],
  ["XREADGROUP GROUP g3 c COUNT 3 NOACK STREAMS s >", "g1:6/8 g2:12/4 g3:16/0 g4:11/5"],
  ["XREADGROUP GROUP g3 c COUNT 3 NOACK STREAMS s >", "g1:6/8 g2:12/4 g3:16/0 g4:11/5"],
  ["XREADGROUP GROUP g3 c COUNT 2 NOACK STREAMS s >", "g1:6/8 g2:12/4 g3:16/0 g4:11/5"],
  ["XGROUP SETID s g1 15-1 ENTRIESREAD 8", "g1:8/8 g2:12/4 g3:16/0 g4:11/5"],
  ["XREADGROUP GROUP g4 c COUNT 3 NOACK STREAMS s >", "g1:8/8 g2:12/4 g3:16/0 g4:14/2"],
  ["XREADGROUP GROUP g3 c COUNT 3 NOACK STREAMS s >", "g1:8/8 g2:12/4 g3:16/0 g4:14/2"],
  ["XADD s 22-1 f v", "g1:8/9 g2:12/5 g3:16/1 g4:14/3"],
  ["XREADGROUP GROUP g4 c COUNT 3 NOACK STREAMS s >", "g1:8/9 g2:12/5 g3:16/1 g4:17/0"],
  ["XREADGROUP GROUP g2 c COUNT 4 NOACK STREAMS s >", "g1:8/9 g2:16/1 g3:16/1 g4:17/0"],
  ["XREADGROUP GROUP g3 c COUNT 2 NOACK STREAMS s >", "g1:8/9 g2:16/1 g3:17/0 g4:17/0"],
  ["XGROUP CREATE s g2 $ ENTRIESREAD 15", "g1:8/9 g2:16/1 g3:17/0 g4:17/0"],
  ["XREADGROUP GROUP g4 c COUNT 2 NOACK STREAMS s >", "g1:8/9 g2:16/1 g3:17/0 g4:17/0"],
  ["XSETID s 22-1 MAXDELETEDID 16-1", "g1:8/? g2:16/1 g3:17/0 g4:17/0"],
  ["XREADGROUP GROUP g3 c COUNT 3 NOACK STREAMS s >", "g1:8/? g2:16/1 g3:17/0 g4:17/0"],
  ["XREADGROUP GROUP g1 c COUNT 2 NOACK STREAMS s >", "g1:?/? g2:16/1 g3:17/0 g4:17/0"],
  ["XADD s 23-1 f v", "g1:?/? g2:16/2 g3:17/1 g4:17/1"],
  ["XSETID s 23-1 MAXDELETEDID 7-1", "g1:?/? g2:16/2 g3:17/1 g4:17/1"],
  ["XADD s 25-1 f v", "g1:?/? g2:16/3 g3:17/2 g4:17/2"],
  ["XADD s 26-1 f v", "g1:?/? g2:16/4 g3:17/3 g4:17/3"],
  ["XREADGROUP GROUP g2 c COUNT 1 NOACK STREAMS s >", "g1:?/? g2:17/3 g3:17/3 g4:17/3"],
  ["XREADGROUP GROUP g1 c COUNT 3 NOACK STREAMS s >", "g1:?/? g2:17/3 g3:17/3 g4:17/3"],
  ["XREADGROUP GROUP g4 c COUNT 2 NOACK STREAMS s >", "g1:?/? g2:17/3 g3:17/3 g4:19/1"],
  ["XGROUP SETID s g4 $", "g1:?/? g2:17/3 g3:17/3 g4:?/0"],
  ["XGROUP SETID s g2 $ ENTRIESREAD 0", "g1:?/? g2:0/20 g3:17/3 g4:?/0"],
  ["XDEL s 22-1", "g1:?/? g2:0/20 g3:17/? g4:?/0"],
  ["XREADGROUP GROUP g1 c COUNT 3 NOACK STREAMS s >", "g1:20/0 g2:0/20 g3:17/? g4:?/0"],
  ["XREADGROUP GROUP g3 c COUNT 1 NOACK STREAMS s >", "g1:20/0 g2:0/20 g3:?/? g4:?/0"],
  ["XADD s 28-1 f v", "g1:20/1 g2:0/21 g3:?/? g4:?/?"],
  ["XDEL s 29-1", "g1:20/1 g2:0/21 g3:?/? g4:?/?"],
  ["XADD s 29-1 f v", "g1:20/2 g2:0/22 g3:?/? g4:?/?"],
  ["XREADGROUP GROUP g4 c COUNT 4 NOACK STREAMS s >", "g1:20/2 g2:0/22 g3:?/? g4:22/0"],
  ["XREADGROUP GROUP g3 c COUNT 4 NOACK STREAMS s >", "g1:20/2 g2:0/22 g3:22/0 g4:22/0"],
  ["XADD s 31-1 f v", "g1:20/3 g2:0/23 g3:22/1 g4:22/1"],
  ["XDEL s 30-1", "g1:20/3 g2:0/23 g3:22/1 g4:22/1"],
  ["XREADGROUP GROUP g2 c COUNT 1 NOACK STREAMS s >", "g1:20/3 g2:1/22 g3:22/1 g4:22/1"],
  ["XDEL s 23-1", "g1:20/3 g2:1/22 g3:22/1 g4:22/1"],
  ["XDEL s 28-1", "g1:20/? g2:1/? g3:22/1 g4:22/1"],
  ["XGROUP SETID s g2 20-1 ENTRIESREAD 24", "g1:20/? g2:24/? g3:22/1 g4:22/1"],
  ["XTRIM s MAXLEN 3", "g1:20/? g2:24/? g3:22/1 g4:22/1"],
  ["XTRIM s MAXLEN 7", "g1:20/? g2:24/? g3:22/1 g4:22/1"],
  ["XREADGROUP GROUP g4 c COUNT 4 NOACK STREAMS s >", "g1:20/? g2:24/? g3:22/1 g4:23/0"],
  ["XREADGROUP GROUP g2 c COUNT 3 NOACK STREAMS s >", "g1:20/? g2:23/0 g3:22/1 g4:23/0"],
  ["XREADGROUP GROUP g3 c COUNT 4 NOACK STREAMS s >", "g1:20/? g2:23/0 g3:23/0 g4:23/0"],
  ["XADD s 32-1 f v", "g1:20/? g2:23/1 g3:23/1 g4:23/1"],
  ["XDEL s 28-1", "g1:20/? g2:23/1 g3:23/1 g4:23/1"],
  ["XTRIM s MAXLEN 4", "g1:20/? g2:23/1 g3:23/1 g4:23/1"],
  ["XADD s 33-1 f v", "g1:20/? g2:23/2 g3:23/2 g4:23/2"],
  ["XADD s 35-1 f v", "g1:20/? g2:23/3 g3:23/3 g4:23/3"],
  ["XREADGROUP GROUP g2 c COUNT 3 NOACK STREAMS s >", "g1:20/? g2:26/0 g3:23/3 g4:23/3"],
  ["XADD s 36-1 f v", "g1:20/? g2:26/1 g3:23/4 g4:23/4"],
  ["XREADGROUP GROUP g1 c COUNT 4 NOACK STREAMS s >", "g1:?/? g2:26/1 g3:23/4 g4:23/4"],
  ["XGROUP CREATE s g3 $", "g1:?/? g2:26/1 g3:23/4 g4:23/4"],
  ["XTRIM s MAXLEN 2", "g1:?/2 g2:26/1 g3:23/2 g4:23/2"],
  ["XREADGROUP GROUP g3 c COUNT 3 NOACK STREAMS s >", "g1:?/2 g2:26/1 g3:27/0 g4:23/2"],
  ["XTRIM s MAXLEN 7", "g1:?/2 g2:26/1 g3:27/0 g4:23/2"],
  ["XGROUP CREATE s g1 0 ENTRIESREAD 19", "g1:?/2 g2:26/1 g3:27/0 g4:23/2"],
  ["XGROUP CREATE s g3 18-1", "g1:?/2 g2:26/1 g3:27/0 g4:23/2"],
  ["XTRIM s MAXLEN 5", "g1:?/2 g2:26/1 g3:27/0 g4:23/2"],
  ["XREADGROUP GROUP g2 c COUNT 1 NOACK STREAMS s >", "g1:?/2 g2:27/0 g3:27/0 g4:23/2"],
  ["XADD s 38-1 f v", "g1:?/3 g2:27/1 g3:27/1 g4:23/3"],
  ["XTRIM s MAXLEN 1", "g1:?/1 g2:27/1 g3:27/1 g4:23/1"],
  ["XREADGROUP GROUP g2 c COUNT 1 NOACK STREAMS s >", "g1:?/1 g2:28/0 g3:27/1 g4:23/1"],
];

test("entries-read and lag", () => {
  const f = new StreamFixture();
  for (const [command, progress] of PROGRESS) {
    f.run(...command.split(" "));
    const groups = f.value("XINFO", "GROUPS", "s") as Value[];
    const found = groups.map((group) =>
      `${field(group, "name")}:${field(group, "entries-read") ?? "?"}/${field(group, "lag") ?? "?"}`
    );
    assert.equal(found.join(" "), progress, command);
  }
  f.keyspace.check();
});
