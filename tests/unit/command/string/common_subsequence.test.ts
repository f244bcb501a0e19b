import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { CommonSubsequence } from "../../../../src/command/string/common_subsequence.ts";

type Pair = [a: number, b: number];

/** Redis's way: the whole table of lengths, and back through it. */
function byTable(a: Uint8Array, b: Uint8Array): { length: number; path: Pair[] } {
  const rows = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      rows[i][j] = a[i - 1] === b[j - 1]
        ? rows[i - 1][j - 1] + 1
        : Math.max(rows[i - 1][j], rows[i][j - 1]);
    }
  }
  const path: Pair[] = [];
  for (let i = a.length, j = b.length; i > 0 && j > 0;) {
    if (a[i - 1] === b[j - 1]) path.push([--i, --j]);
    else if (rows[i - 1][j] > rows[i][j - 1]) i--;
    else j--;
  }
  return { length: rows[a.length][b.length], path };
}

function compare(a: Uint8Array, b: Uint8Array): void {
  const expected = byTable(a, b);
  const path: Pair[] = [];
  const found = new CommonSubsequence(a, b, true);
  found.walkBack((i, j) => path.push([i, j]));
  assert.equal(found.length, expected.length);
  assert.deepEqual(path, expected.path);
  assert.equal(new CommonSubsequence(a, b, false).length, expected.length);
}

const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

test("the longest common subsequence and the way back are those of the table", () => {
  for (const maxLength of [4, 40, 150]) {
    const side = fc.oneof(
      fc.uint8Array({ maxLength, max: 1 }),
      fc.uint8Array({ maxLength, max: 3 }),
      fc.uint8Array({ maxLength }),
    );
    fc.assert(fc.property(side, side, compare), { numRuns: 300 });
  }
});

test("lengths around a word of 32 bits", () => {
  for (const lengthA of [0, 1, 31, 32, 33, 64]) {
    for (const lengthB of [0, 1, 31, 32, 33, 63, 64, 65, 96]) {
      compare(new Uint8Array(lengthA).fill(7), new Uint8Array(lengthB).fill(7));
      const mixed = Uint8Array.from({ length: lengthB }, (_, i) => i * i % 5);
      compare(Uint8Array.from({ length: lengthA }, (_, i) => i % 5), mixed);
    }
  }
});

test("the example of Redis's documentation", () => {
  const found = new CommonSubsequence(bytes("ohmytext"), bytes("mynewtext"), true);
  const matched: number[] = [];
  found.walkBack((i) => matched.unshift(found.a[i]));
  assert.equal(String.fromCharCode(...matched), "mytext");
});
