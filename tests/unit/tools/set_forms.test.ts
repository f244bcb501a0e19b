/** Sets in the tools: JSON of every type that holds one, and back, and what is wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1 } from "../../../src/base/ascii.ts";
import { rdbFile, row } from "../persistence/rdb/fixture.ts";
import { isBroken, isRefused, jsonOf, jsonWith, rdbOf } from "./form_fixture.ts";

const LISTPACK = row([20, 1], "l", [14, 14, 0, 0, 0, 3, 0, 5, 1, 0x81, 0xff, 2, 0x80, 1, 255]);
const INTSET = row([11, 1], "i", [12, 2, 0, 0, 0, 2, 0, 0, 0, 0xfe, 255, 7, 0]);
const TABLE = row([2, 1], "t", [2, 0xc0, 0xf7, 2], "ab");

test("each type as JSON, and back as the one that is written", () => {
  const json = jsonOf(rdbFile(row([0xfe, 0], LISTPACK, INTSET, TABLE), "REDIS0011"));
  assert.equal(
    json,
    `[
{"magic": "REDIS0011"},
{"database": 0},
{"key": "l", "type": "set", "value": ["5", {"base64": "/w=="}, ""]},
{"key": "i", "type": "set", "value": ["-2", "7"]},
{"key": "t", "type": "set", "value": ["-9", "ab"]}
]
`,
  );
  const rdb = rdbOf(json);
  const listpack = row([2, 1], "l", [3, 0xc0, 5, 1, 0xff, 0]);
  const intset = row([2, 1], "i", [2, 0xc0, 0xfe, 0xc0, 7]);
  assert.deepEqual(rdb, rdbFile(row([0xfe, 0], listpack, intset, TABLE), "REDIS0011"));
  assert.equal(jsonOf(rdb), json);
});

test("what is wrong with a file", () => {
  const broken: readonly (readonly [Uint8Array, RegExp])[] = [
    [row([11, 1], "i", [3], "abc"), /Intset integrity check failed/],
    [row([20, 1], "l", [3], "abc"), /Set listpack integrity check failed/],
    [row([2, 1], "t", [5, 1], "a"), /./],
  ];
  for (const [value, reason] of broken) isBroken(rdbFile(value), reason);
});

test("what is wrong with JSON", () => {
  isRefused("set", '["a", "b", "a"]', "expected each member of a set only once");
  isRefused("set", '["a" "b"]', "expected ']'");
  isRefused("set", '"a"', "expected '['");
  isRefused("set", "[7]", "expected a string, or an object with base64");
  assert.ok(latin1(rdbOf(jsonWith("set", "[]"))).includes("\x02\x01k\x00"));
});
