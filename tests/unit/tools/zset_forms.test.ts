/** Sorted sets in `--check-rdb`, `--rdb-to-json` and `--json-to-rdb`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8Bytes } from "../../../src/base/ascii.ts";
import { rdbFile, row } from "../persistence/rdb/fixture.ts";
import { platformWith, runOn } from "./fixture.ts";

/** A score in eight bytes. */
function binary(score: number): Uint8Array {
  return new Uint8Array(Float64Array.of(score).buffer);
}

const TEXT = row([3, 1], "t", [3, 1], "a", [3], "1.5", [1], "b", [254, 1], "c", [255]);
const BINARY = row([5, 1], "u", [2, 1], "a", binary(0.1), [1, 255], binary(-Infinity));
const ZIPLIST = row(
  [12, 1],
  "v",
  [16, 16, 0, 0, 0, 13, 0, 0, 0, 2, 0, 0, 1],
  "a",
  [3, 0xf8, 255],
);
const LISTPACK = row([17, 1], "w", [16, 16, 0, 0, 0, 4, 0, 0x81], "a", [2, 7, 1, 8, 1, 9, 1, 255]);

const LINES = [
  '{"key": "t", "type": "zset", "value": [["a", "1.5"], ["b", "inf"], ["c", "-inf"]]}',
  '{"key": "u", "type": "zset", "value": [["a", "0.1"], [{"base64": "/w=="}, "-inf"]]}',
  '{"key": "v", "type": "zset", "value": [["a", "7"]]}',
  '{"key": "w", "type": "zset", "value": [["a", "7"], ["8", "9"]]}',
];

function run(name: string, files: Record<string, Uint8Array>, ...args: string[]) {
  const platform = platformWith(files);
  return { ...runOn(platform, [name, ...args]), platform };
}

test("every type of the file as JSON, and back", () => {
  const rdb = rdbFile(row(TEXT, BINARY, ZIPLIST, LISTPACK));
  assert.equal(run("--check-rdb", { "d.rdb": rdb }, "/d.rdb").code, 0);
  const { output } = run("--rdb-to-json", { "d.rdb": rdb }, "/d.rdb");
  for (const line of LINES) assert.ok(output.includes(line), `${line}\n${output}`);
  const made = run("--json-to-rdb", { "d.json": utf8Bytes(output) }, "/d.json", "/d.rdb");
  assert.deepEqual([made.code, made.error], [0, ""]);
  const back = made.platform.files.readFile("/d.rdb")!;
  assert.equal(run("--rdb-to-json", { "d.rdb": back }, "/d.rdb").output, output);
});

test("what is no sorted set", () => {
  const broken: [Uint8Array, RegExp][] = [
    [row([5, 1], "k", [1, 1], "a", binary(NaN)), /Zset with NAN score/],
    [row([3, 1], "k", [1, 1], "a", [253]), /Zset with NAN score/],
    [row([17, 1], "k", [3], "abc"), /Zset listpack integrity check failed/],
    [row([12, 1], "k", [3], "abc"), /Zset ziplist integrity check failed/],
    [row([17, 1], "k", [10, 10, 0, 0, 0, 1, 0, 0x81], "a", [2, 255]), /listpack integrity/],
  ];
  for (const [value, reason] of broken) {
    const { code, output, error } = run("--check-rdb", { "d.rdb": rdbFile(value) }, "/d.rdb");
    assert.equal(code, 1);
    assert.match(output + error, reason);
  }
  for (
    const [value, reason] of [
      ['[["a", "1"], ["a", "2"]]', /each member of a sorted set only once/],
      ['[["a", "x"]]', /the text of a score/],
      ['[["a", 1]]', /a score as text/],
      ['[["a"]]', /expected ','/],
      ['["a", "1"]', /expected '\['/],
    ] as const
  ) {
    const entry = `{"key": "k", "type": "zset", "value": ${value}}`;
    const json = utf8Bytes(`[{"magic": "REDIS0010"}, {"database": 0}, ${entry}]`);
    const { code, error } = run("--json-to-rdb", { "d.json": json }, "/d.json", "/d.rdb");
    assert.equal(code, 1);
    assert.match(error, reason);
  }
});
