import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { quoted, splitArguments } from "../../../../src/server/config/line_text.ts";

const SPLITS: readonly (readonly [line: string, words: readonly string[] | undefined])[] = [
  ["", []],
  ["   \t ", []],
  ["port 6379", ["port", "6379"]],
  ["  port\t\t6379  ", ["port", "6379"]],
  ['a "b c" d', ["a", "b c", "d"]],
  ['a ""', ["a", ""]],
  ["a ''", ["a", ""]],
  ['"\\x41\\x7a\\xff"', ["Az\xff"]],
  ['"\\x4"', ["x4"]],
  ['"\\xg1"', ["xg1"]],
  ['"\\n\\r\\t\\b\\a\\q\\\\\\""', ['\n\r\t\b\x07q\\"']],
  ["'\\n\\'\\x41'", ["\\n'\\x41"]],
  ['fo"o bar"', ["foo bar"]],
  ["fo'o bar'", ["foo bar"]],
  ['"foo"bar', undefined],
  ["'foo'bar", undefined],
  ['"foo" bar', ["foo", "bar"]],
  ['"foo', undefined],
  ["'foo", undefined],
  ['"foo\\', undefined],
  ['"foo\\"', undefined],
  ['foo"', undefined],
  ["a\vb \v c", ["a\vb", "c"]],
  ['"a"\vb', ["a", "b"]],
  ["a\\ b", ["a\\", "b"]],
  ["port 1\0 2", ["port", "1"]],
];

test("a line splits as sdssplitargs splits it", () => {
  for (const [line, words] of SPLITS) {
    assert.deepEqual(splitArguments(line), words, JSON.stringify(line));
  }
});

test("quoting and splitting are each other's reverse, for any bytes", () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => String.fromCharCode(...array));
  fc.assert(fc.property(fc.array(bytes, { minLength: 1, maxLength: 5 }), (words) => {
    assert.deepEqual(splitArguments(words.map(quoted).join(" ")), words);
  }));
});

test("what is quoted is printable", () => {
  assert.equal(
    quoted('a"\\\n\r\t\x07\b\x00\x7f\xff '),
    '"a\\"\\\\\\n\\r\\t\\a\\b\\x00\\x7f\\xff "',
  );
});
