/** Which arguments of a command are keys, and what is done with them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1Bytes } from "../../../../src/base/ascii.ts";
import { Arguments } from "../../../../src/protocol/arguments.ts";
import {
  KEY_ACCESS,
  KEY_DELETE,
  KEY_INSERT,
  KEY_OW,
  KEY_RM,
  KEY_RO,
  KEY_RW,
  KEY_UPDATE,
  KeyList,
  keysOfCommand,
} from "../../../../src/server/commands/command_keys.ts";
import { startBench } from "./fixture.ts";

const { engine } = await startBench();
const keys = new KeyList();

function keysOf(line: string): [string, number][] | undefined {
  const words = line.split(" ");
  const args = new Arguments();
  args.bytes = latin1Bytes(words.join(""));
  let at = 0;
  for (const word of words) args.push(at, at += word.length);
  const command = engine.commands.byName(words[0])!;
  const found = command.subcommands?.byName(words[1]) ?? command;
  if (!keysOfCommand(found, args, keys)) {
    assert.equal(keys.count, 0);
    return undefined;
  }
  return Array.from({ length: keys.count }, (_, i) => [words[keys.positions[i]], keys.flags[i]]);
}

const READ = KEY_RO | KEY_ACCESS;
const STORED = KEY_OW | KEY_UPDATE;

test("fixed places", () => {
  assert.deepEqual(keysOf("PING"), []);
  assert.deepEqual(keysOf("GET a"), [["a", READ]]);
  assert.deepEqual(keysOf("EXISTS a b"), [["a", KEY_RO], ["b", KEY_RO]]);
  assert.deepEqual(keysOf("MSET a 1 b 2"), [["a", STORED], ["b", STORED]]);
  assert.deepEqual(keysOf("DEL a b c"), ["a", "b", "c"].map((key) => [key, KEY_RM | KEY_DELETE]));
  assert.deepEqual(keysOf("OBJECT ENCODING a"), [["a", KEY_RO]]);
  assert.deepEqual(keysOf("RPOPLPUSH a b"), [
    ["a", KEY_RW | KEY_ACCESS | KEY_DELETE],
    ["b", KEY_RW | KEY_INSERT],
  ]);
});

test("more keys than a list has room for at first", () => {
  const names = Array.from({ length: 100 }, (_, i) => `k${i}`);
  assert.deepEqual(keysOf(`MGET ${names.join(" ")}`), names.map((name) => [name, READ]));
});

test("a number of keys", () => {
  assert.deepEqual(keysOf("ZUNIONSTORE d 2 a b WEIGHTS 1 2"), [
    ["d", STORED],
    ["a", READ],
    ["b", READ],
  ]);
  for (const wrong of ["ZUNION 0 a", "ZUNION -1 a", "ZUNION 3 a b", "ZUNION x a", "ZUNION"]) {
    assert.equal(keysOf(wrong), undefined, wrong);
  }
});

test("keywords", () => {
  const readers = keysOf("XREAD COUNT 1 STREAMS a b 0 0");
  assert.deepEqual(readers?.map(([key]) => key), ["a", "b"]);
  assert.deepEqual(keysOf("GEORADIUS a 1 2 3 m STOREDIST d"), [["a", READ], ["d", STORED]]);
  assert.deepEqual(keysOf("GEORADIUS a 1 2 3 m"), [["a", READ]]);
});

test("what the other arguments decide", () => {
  const both = KEY_RW | KEY_ACCESS | KEY_UPDATE;
  assert.deepEqual(keysOf("SET a 1"), [["a", STORED]]);
  assert.deepEqual(keysOf("SET a get"), [["a", STORED]]);
  assert.deepEqual(keysOf("SET a 1 EX 1 get"), [["a", both]]);
  assert.deepEqual(keysOf("BITFIELD a GET u8 0"), [["a", READ]]);
  assert.deepEqual(keysOf("BITFIELD a GET u8 0 SET u8 0 1"), [["a", both]]);
  assert.deepEqual(keysOf("SORT a BY x* STORE d"), [["a", READ], ["d", STORED]]);
  assert.deepEqual(keysOf("SORT a BY store GET # LIMIT 0 1"), [["a", READ]]);
});
