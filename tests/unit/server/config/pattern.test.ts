import assert from "node:assert/strict";
import { test } from "node:test";
import { isPattern, matchesPattern } from "../../../../src/server/config/pattern.ts";

const MATCHES: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
  ["*.conf", "a.conf", true],
  ["*.conf", "a.conf~", false],
  ["*", "", true],
  ["**a*", "bab", true],
  ["?", "", false],
  ["??", "ab", true],
  ["[ab]x", "bx", true],
  ["[a-c]x", "dx", false],
  ["[!a-c]x", "dx", true],
  ["[^a-c]x", "ax", false],
  ["[]x]", "]", true],
  ["[a-]", "-", true],
  ["[\\]]", "]", true],
  ["[ab", "[ab", true],
  ["[ab", "a", false],
  ["\\*", "*", true],
  ["\\*", "a", false],
  ["a\\", "a\\", true],
  ["*a*a*a*a*b", "a".repeat(200), false],
];

test("patterns of file names", () => {
  for (const [pattern, text, matches] of MATCHES) {
    assert.equal(matchesPattern(pattern, text), matches, `${pattern} ${text}`);
  }
});

test("what is a pattern", () => {
  assert.deepEqual(["a", "a*", "?", "[", "a\\b"].map(isPattern), [false, true, true, true, false]);
});
