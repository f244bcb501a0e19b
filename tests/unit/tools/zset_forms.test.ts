/** Sorted sets in `--check-rdb`, `--rdb-to-json` and `--json-to-rdb`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { rdbFile, row } from "../persistence/rdb/fixture.ts";
import { isBroken, isRefused, jsonOf, rdbOf } from "./form_fixture.ts";

/** A score in eight bytes. */
function binary(score: number): Uint8Array {
  return new Uint8Array(Float64Array.of(score).buffer);
}

const TEXT = row([3, 1], "t", [3, 1], "a", [3], "1.5", [1], "b", [254, 1], "c", [255]);
const BINARY = row([5, 1], "u", [2, 1], "a", binary(0.1), [1, 255], binary(-Infinity));
const ZIPLIST = row(
  ...[[12, 1], "v", [16, 16, 0, 0, 0, 13, 0, 0, 0, 2, 0, 0, 1], "a", [3, 0xf8, 255]],
);
const LISTPACK = row([17, 1], "w", [16, 16, 0, 0, 0, 4, 0, 0x81], "a", [2, 7, 1, 8, 1, 9, 1, 255]);

const LINES = [
  '{"key": "t", "type": "zset", "value": [["a", "1.5"], ["b", "inf"], ["c", "-inf"]]}',
  '{"key": "u", "type": "zset", "value": [["a", "0.1"], [{"base64": "/w=="}, "-inf"]]}',
  '{"key": "v", "type": "zset", "value": [["a", "7"]]}',
  '{"key": "w", "type": "zset", "value": [["a", "7"], ["8", "9"]]}',
];

test("every type of the file as JSON, and back", () => {
  const json = jsonOf(rdbFile(row(TEXT, BINARY, ZIPLIST, LISTPACK)));
  for (const line of LINES) assert.ok(json.includes(line), `${line}\n${json}`);
  assert.equal(jsonOf(rdbOf(json)), json);
});

test("what is no sorted set", () => {
  const broken: [Uint8Array, RegExp][] = [
    [row([5, 1], "k", [1, 1], "a", binary(NaN)), /Zset with NAN score/],
    [row([3, 1], "k", [1, 1], "a", [253]), /Zset with NAN score/],
    [row([17, 1], "k", [3], "abc"), /Zset listpack integrity check failed/],
    [row([12, 1], "k", [3], "abc"), /Zset ziplist integrity check failed/],
    [row([17, 1], "k", [10, 10, 0, 0, 0, 1, 0, 0x81], "a", [2, 255]), /listpack integrity/],
  ];
  for (const [value, reason] of broken) isBroken(rdbFile(value), reason);
  isRefused("zset", '[["a", "1"], ["a", "2"]]', "each member of a sorted set only once");
  isRefused("zset", '[["a", "x"]]', "the text of a score");
  isRefused("zset", '[["a", 1]]', "a score as text");
  isRefused("zset", '[["a"]]', "expected ','");
  isRefused("zset", '["a", "1"]', "expected '['");
});
