/** Sets in the tools: JSON of every type that holds one, and back, and what is wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1, utf8Bytes } from "../../../src/base/ascii.ts";
import { rdbFile, row } from "../persistence/rdb/fixture.ts";
import { platformWith, runOn } from "./fixture.ts";

const LISTPACK = row([20, 1], "l", [14, 14, 0, 0, 0, 3, 0, 5, 1, 0x81, 0xff, 2, 0x80, 1, 255]);
const INTSET = row([11, 1], "i", [12, 2, 0, 0, 0, 2, 0, 0, 0, 0xfe, 255, 7, 0]);
const TABLE = row([2, 1], "t", [2, 0xc0, 0xf7, 2], "ab");

function jsonOf(rdb: Uint8Array): string {
  const { code, output, error } = runOn(platformWith({ "d.rdb": rdb }), [
    "--rdb-to-json",
    "/d.rdb",
  ]);
  assert.deepEqual([code, error], [0, ""]);
  return output;
}

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
  const platform = platformWith({ "d.json": utf8Bytes(json) });
  assert.equal(runOn(platform, ["--json-to-rdb", "/d.json", "/d.rdb"]).error, "");
  const rdb = platform.files.readFile("/d.rdb")!;
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
  for (const [value, reason] of broken) {
    const platform = platformWith({ "d.rdb": rdbFile(value) });
    for (const tool of ["--check-rdb", "--rdb-to-json"]) {
      const { code, output, error } = runOn(platform, [tool, "/d.rdb"]);
      assert.equal(code, 1, tool);
      assert.match(output + error, reason);
    }
  }
  for (const value of [LISTPACK, INTSET, TABLE]) {
    const platform = platformWith({ "d.rdb": rdbFile(value, "REDIS0011") });
    assert.equal(runOn(platform, ["--check-rdb", "/d.rdb"]).code, 0);
  }
});

test("what is wrong with JSON", () => {
  const before = '[\n{"magic": "REDIS0010"},\n{"key": "k", "type": "set", "value": ';
  const complaints: readonly (readonly [string, string])[] = [
    ['["a", "b", "a"]', "expected each member of a set only once"],
    ['["a" "b"]', "expected ']'"],
    ['"a"', "expected '['"],
    ["[7]", "expected a string, or an object with base64"],
  ];
  for (const [value, reason] of complaints) {
    const platform = platformWith({ "d.json": utf8Bytes(`${before}${value}}\n]\n`) });
    const { code, error } = runOn(platform, ["--json-to-rdb", "/d.json", "/d.rdb"]);
    assert.equal(code, 1);
    assert.ok(error.includes(reason), error);
  }
  const platform = platformWith({ "d.json": utf8Bytes(`${before}[]}\n]\n`) });
  assert.equal(runOn(platform, ["--json-to-rdb", "/d.json", "/d.rdb"]).code, 0);
  assert.ok(latin1(platform.files.readFile("/d.rdb")!).includes("\x02\x01k\x00"));
});
