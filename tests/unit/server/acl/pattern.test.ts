import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { latin1Bytes } from "../../../../src/base/ascii.ts";
import { matchesGlob } from "../../../../src/base/glob.ts";
import { KeyPattern, MAY_READ, MAY_WRITE, Pattern } from "../../../../src/server/acl/pattern.ts";

function matches(pattern: string, text: string): boolean {
  const bytes = latin1Bytes(`<${text}>`);
  return new Pattern(pattern).matches(bytes, 1, bytes.length - 1);
}

test("literals, prefixes and globs", () => {
  assert.ok(matches("app", "app"));
  assert.ok(!matches("app", "apps"));
  assert.ok(!matches("app", "ap"));
  assert.ok(matches("app:*", "app:"));
  assert.ok(matches("app:*", "app:1"));
  assert.ok(!matches("app:*", "app"));
  assert.ok(matches("a?p[0-9]", "abp7"));
  assert.ok(matches("", ""));
  assert.ok(!matches("", "a"));
  assert.ok(matches("x\\*", "x*"));
  assert.ok(!matches("x\\*", "xy"));
});

test("every pattern matches what the glob matches", () => {
  const piece = fc.constantFrom("a", "b", "*", "?", "[ab]", "\\", "\xff", "\0", "");
  const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(text, text, (pattern, key) => {
      const a = latin1Bytes(pattern);
      const b = latin1Bytes(key);
      assert.equal(matches(pattern, key), matchesGlob(a, 0, a.length, b, 0, b.length, false));
    }),
    { numRuns: 2000 },
  );
});

test("key patterns as rules", () => {
  assert.equal(new KeyPattern("a*", MAY_READ | MAY_WRITE).rule, "~a*");
  assert.equal(new KeyPattern("a*", MAY_READ).rule, "%R~a*");
  assert.equal(new KeyPattern("a*", MAY_WRITE).rule, "%W~a*");
  assert.equal(new KeyPattern("*", MAY_READ | MAY_WRITE).rule, "%RW~*");
});
