/** Lists in `--rdb-to-json`, `--json-to-rdb` and `--check-rdb`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { rdbFile, row } from "../persistence/rdb/fixture.ts";
import { isBroken, jsonOf, rdbOf } from "./form_fixture.ts";

const ZIPLIST = row(
  [28, 28, 0, 0, 0, 22, 0, 0, 0, 5, 0, 0, 1, 97, 3, 0xc0, 0xe8, 3, 4, 0xfe, 255, 3, 0xf8],
  [2, 0x40, 2, 98, 99, 255],
);
const LISTPACK = row(
  [19, 19, 0, 0, 0, 4, 0, 0x81, 97, 2, 0x82, 98, 99, 3, 0xdf, 0xfb, 2, 0x80, 1, 255],
);

test("lists of every type as JSON", () => {
  const keys = row(
    row([1, 1], "a", [3, 0xc0, 5, 1, 0xff, 0]),
    row([10, 1], "b", ZIPLIST),
    row([14, 1], "c", [2], ZIPLIST, ZIPLIST),
    row([18, 1], "d", [2, 2], LISTPACK, [1, 2], "xy"),
  );
  const json = jsonOf(rdbFile(row([0xfe, 0], keys), "REDIS0010"));
  const lines = json.split("\n").slice(3, -2).map((line) => line.replace(/,$/, ""));
  const old = '"a", "1000", "-1", "7", "bc"';
  assert.deepEqual(lines, [
    '{"key": "a", "type": "list", "value": ["5", {"base64": "/w=="}, ""]}',
    `{"key": "b", "type": "list", "value": [${old}]}`,
    `{"key": "c", "type": "list", "value": [${old}, ${old}]}`,
    '{"key": "d", "type": "list", "value": ["a", "bc", "-5", "", "xy"]}',
  ]);
});

test("lists from JSON and back", () => {
  const long = "x".repeat(9000);
  const many = Array.from({ length: 3000 }, (_, i) => i % 3 ? `element ${i}` : String(i * i));
  const lines = [
    `[\n{"magic": "REDIS0010"},\n{"database": 0}`,
    '{"key": "a", "type": "list", "value": ["5", {"base64": "/w=="}, ""]}',
    `{"key": "b", "type": "list", "value": ["a", "${long}", "${long}", "-7"]}`,
    `{"key": "c", "type": "list", "value": ["${many.join('", "')}"]}\n]\n`,
  ];
  const json = lines.join(",\n");
  assert.equal(jsonOf(rdbOf(json)), json);
});

test("a broken list is found", () => {
  const reason = /(?:Zip|List)list integrity check failed|Listpack integrity check failed/;
  isBroken(rdbFile(row([10, 1], "b", [3], "abc"), "REDIS0010"), reason);
  isBroken(rdbFile(row([18, 1], "d", [1, 2, 3], "abc"), "REDIS0010"), reason);
});
