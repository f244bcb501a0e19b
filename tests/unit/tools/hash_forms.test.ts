/** Hashes in the file tools: every type of the file, their JSON, and what is wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFixture } from "../command/fixture.ts";
import { int64, loadBytes, rdbFile, row } from "../persistence/rdb/fixture.ts";
import { isBroken, isRefused, jsonOf, jsonWith, rdbOf } from "./form_fixture.ts";

/** In the year 2100. */
const LATER_MS = 4_102_444_800_123n;
const SOONEST = int64(LATER_MS);
const LISTPACK = row([12, 0, 0, 0, 2, 0, 0x81], "a", [2, 1, 1, 255]);
const TRIPLE = row([22, 0, 0, 0, 3, 0, 0x81], "a", [2, 1, 1, 0xf4], SOONEST, [9, 255]);

/** The JSON of the only key of a file. */
function valueOf(body: Uint8Array, magic = "REDIS0012"): string {
  return /"type": "hash", "value": (.*)\}\n\]\n$/.exec(jsonOf(rdbFile(body, magic)))![1];
}

test("every type of the file", () => {
  const plain = '[["a", "1"]]';
  const timed = `[["a", "1", ${LATER_MS}]]`;
  const pair = row([1], "a", [1], "1");
  assert.equal(valueOf(row([4, 1], "k", [1], pair)), plain);
  assert.equal(valueOf(row([9, 1], "k", [7, 1, 1], "a", [1, 0], "1", [255])), plain);
  const ziplist = row([17, 0, 0, 0, 13, 0, 0, 0, 2, 0, 0, 1], "a", [3, 1], "1", [255]);
  assert.equal(valueOf(row([13, 1], "k", [ziplist.length], ziplist)), plain);
  assert.equal(valueOf(row([16, 1], "k", [LISTPACK.length], LISTPACK)), plain);
  const time = row([0x81], int64(LATER_MS).reverse());
  assert.equal(valueOf(row([22, 1], "k", [1], time, pair)), timed);
  assert.equal(valueOf(row([23, 1], "k", [TRIPLE.length], TRIPLE)), timed);
  assert.equal(valueOf(row([24, 1], "k", SOONEST, [1, 1], pair)), timed);
  assert.equal(valueOf(row([24, 1], "k", SOONEST, [1, 0], pair)), plain);
  assert.equal(valueOf(row([25, 1], "k", SOONEST, [TRIPLE.length], TRIPLE)), timed);
  assert.equal(valueOf(row([22, 1], "k", [1], pair, SOONEST), "VALKEY080"), timed);
  assert.equal(valueOf(row([22, 1], "k", [1], pair, int64(-1n)), "VALKEY080"), plain);
  assert.equal(valueOf(row([4, 1], "k", [0])), "[]");
});

test("what is broken", () => {
  for (
    const [body, reason] of [
      [row([16, 1], "k", [3], "abc"), /Hash listpack integrity check failed\./],
      [row([23, 1], "k", [LISTPACK.length], LISTPACK), /Hash listpack integrity check failed\./],
      [row([9, 1], "k", [3], "abc"), /Zipmap integrity check failed\./],
      [row([13, 1], "k", [3], "abc"), /Hash ziplist integrity check failed\./],
      [row([24, 1], "k", int64(-5n), [1, 1, 1], "a", [1], "1"), /invalid expireAt time: -5/],
    ] as const
  ) isBroken(rdbFile(body, "REDIS0012"), reason);
});

/** Makes a file of the JSON of one value and loads it; what HGETALL and HPEXPIRETIME say. */
function loaded(value: string): string {
  const f = new CommandFixture();
  loadBytes(rdbOf(jsonWith("hash", value, "REDIS0012")), f.keyspace);
  f.keyspace.check();
  const replies = f.run("HGETALL", "k") + f.run("HPEXPIRETIME", "k", "FIELDS", "2", "a", "b");
  return replies.replaceAll("\r\n", " ");
}

test("JSON becomes a file", () => {
  assert.equal(
    loaded('[["a", "1"], ["b", {"base64": "/w=="}]]'),
    "*4 $1 a $1 1 $1 b $1 \xff *2 :-1 :-1 ",
  );
  assert.match(
    loaded(`[["a", "1", ${LATER_MS + 7n}], ["b", "2", ${LATER_MS}], ["", ""]]`),
    new RegExp(`^\\*6 .*\\*2 :${LATER_MS + 7n} :${LATER_MS} $`),
  );
  // A hash without fields is none.
  assert.equal(loaded("[]"), "*0 *2 :-2 :-2 ");
  const integer = "expected an integer between 0 and 281474976710655";
  isRefused("hash", '["a", "1"]', "expected '['");
  isRefused("hash", '[["a"]]', "expected ','");
  isRefused("hash", '[["a", "1", -5]]', integer);
  isRefused("hash", '[["a", "1", 5, 6]]', "expected ']'");
});
