import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { matchesGlob } from "../../../src/base/glob.ts";
import { latin1Bytes } from "../../../src/base/ascii.ts";

/** Framed by bytes that would change the answer if they were looked at. */
function matches(pattern: string, text: string, ignoresCase = false): boolean {
  const patternBytes = latin1Bytes("]*" + pattern + "*]");
  const textBytes = latin1Bytes("a" + text + "a");
  return matchesGlob(
    patternBytes,
    2,
    2 + pattern.length,
    textBytes,
    1,
    1 + text.length,
    ignoresCase,
  );
}

/** [pattern, text, matches, ignores case]; what a real server answers. */
const TABLE: [string, string, boolean, boolean?][] = [
  ["", "", true],
  ["", "a", false],
  ["a", "", false],
  ["*", "", false],
  ["**", "", false],
  ["?", "", false],
  ["*", "a", true],
  ["**", "abc", true],
  ["a*", "a", true],
  ["a**", "a", true],
  ["*a", "a", true],
  ["a*?", "a", false],
  ["h?llo", "hello", true],
  ["h?llo", "hllo", false],
  ["h*llo", "heeeello", true],
  ["h*llo", "hllo", true],
  ["h*llo*", "hllox", true],
  ["*foo*bar", "xfooybarfoobar", true],
  ["*foo*bar", "xfooybarfooba", false],
  ["a*a*a*a*b", "a".repeat(200), false],
  ["*".repeat(2000) + "a", "bbba", true],
  ["h[ae]llo", "hello", true],
  ["h[ae]llo", "hillo", false],
  ["h[^e]llo", "hallo", true],
  ["h[^e]llo", "hello", false],
  ["h[a-b]llo", "hbllo", true],
  ["h[b-a]llo", "hallo", true],
  ["h[b-a]llo", "hcllo", false],
  ["[a-]", "-", false],
  ["[a-]", "^", true],
  ["[a-]", "a", true],
  ["[a-]", "b", false],
  ["[-a]", "-", true],
  ["[a-c-e]", "-", true],
  ["[a-c-e]", "d", false],
  ["[", "[", false],
  ["[a", "a", true],
  ["[a", "b", false],
  ["[^", "x", true],
  ["[^a", "b", true],
  ["[]", "]", false],
  ["[]a]", "a", false],
  ["[]a]", "a]", false],
  ["[^]", "x", true],
  ["[^]a]", "xa]", true],
  ["[\\]]", "]", true],
  ["[\\]", "]", true],
  ["[a\\]", "\\", false],
  ["[\\", "\\", true],
  ["[\\a-c]", "b", false],
  ["[\\a-c]", "-", true],
  ["[a-\\]x]", "x", false],
  ["[a-\\]x]", "_x]", true],
  ["[a-\\]x]", "b", false],
  ["\\*", "*", true],
  ["\\*", "a", false],
  ["\\", "\\", true],
  ["a\\", "a\\", true],
  ["\\\\", "\\", true],
  ["\\a", "a", true],
  ["\\[a]", "[a]", true],
  ["[\x01-\xff]", "\xff", true],
  ["[\x01-\xff]", "\x00", true],
  ["[\x01-\xff]", "a", false],
  ["[\x80-\xff]", "\xc0", true],
  ["[a-\xff]", "\x00", true],
  ["[a-\xff]", "b", false],
  ["ABC", "abc", true, true],
  ["ABC", "abc", false],
  ["[A-C]", "b", true, true],
  ["[a-c]", "B", true, true],
  ["[Z-a]", "m", false, true],
  ["[Z-a]", "Z", false, true],
  ["[XYZ]", "y", true, true],
  ["[\\X]", "x", false, true],
  ["[\\X]", "X", true, true],
  ["\\X", "x", true, true],
  ["\xc4", "\xe4", false, true],
  ["a\0b", "a\0b", true],
  ["a\0*", "a\0xx", true],
];

test("patterns match as Redis matches them", () => {
  for (const [pattern, text, expected, ignoresCase] of TABLE) {
    assert.equal(matches(pattern, text, ignoresCase), expected, JSON.stringify([pattern, text]));
  }
});

type Token = "star" | ((byte: number) => boolean);

/** A model with another method: the pattern as tokens, every split tried. */
function modelMatches(pattern: string, text: string): boolean {
  const tokens = tokensOf(pattern);
  if (text === "") return pattern === "";
  const known = new Map<string, boolean>();
  const rest = (i: number, j: number): boolean => {
    const key = i + ":" + j;
    const before = known.get(key);
    if (before !== undefined) return before;
    let result: boolean;
    if (i === tokens.length) {
      result = j === text.length;
    } else {
      const token = tokens[i];
      result = token === "star"
        ? rest(i + 1, j) || (j < text.length && rest(i, j + 1))
        : j < text.length && token(text.charCodeAt(j)) && rest(i + 1, j + 1);
    }
    known.set(key, result);
    return result;
  };
  return rest(0, 0);
}

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = [];
  const codes = [...pattern].map((character) => character.charCodeAt(0));
  while (codes.length > 0) {
    const code = codes.shift() as number;
    const character = String.fromCharCode(code);
    if (character === "*") tokens.push("star");
    else if (character === "?") tokens.push(() => true);
    else if (character === "[") tokens.push(classOf(codes));
    else {
      const literal = character === "\\" && codes.length > 0 ? codes.shift() : code;
      tokens.push((byte) => byte === literal);
    }
  }
  return tokens;
}

/** Takes a class off the front of `codes`. */
function classOf(codes: number[]): (byte: number) => boolean {
  const listed = new Set<number>();
  const isNegated = codes[0] === 0x5e;
  if (isNegated) codes.shift();
  while (codes.length > 0) {
    const code = codes.shift() as number;
    if (code === 0x5c && codes.length > 0) listed.add(codes.shift() as number);
    else if (code === 0x5d) break;
    else if (codes.length >= 2 && codes[0] === 0x2d) {
      codes.shift();
      const other = codes.shift() as number;
      for (let c = Math.min(code, other); c <= Math.max(code, other); c++) listed.add(c);
    } else listed.add(code);
  }
  return (byte) => listed.has(byte) !== isNegated;
}

test("any pattern matches as the model matches it", () => {
  const pattern = fc.string({ unit: fc.constantFrom(..."aabbc**?[[]]^-\\"), maxLength: 14 });
  const text = fc.string({ unit: fc.constantFrom(..."aaabbc]-\\["), maxLength: 10 });
  fc.assert(
    fc.property(pattern, text, (glob, bytes) => {
      assert.equal(matches(glob, bytes), modelMatches(glob, bytes));
    }),
    { numRuns: 20000 },
  );
  const simple = fc.string({ unit: fc.constantFrom(..."aabb**?"), maxLength: 12 });
  const letters = fc.string({ unit: fc.constantFrom(..."aab"), maxLength: 12 });
  fc.assert(
    fc.property(simple, letters, (glob, bytes) => {
      assert.equal(matches(glob, bytes), modelMatches(glob, bytes));
      assert.equal(matches(glob.toUpperCase(), bytes, true), modelMatches(glob, bytes));
    }),
    { numRuns: 5000 },
  );
});

test("a thousand stars are too many", () => {
  const text = "a".repeat(1001);
  assert.equal(matches("*a".repeat(1000), text), true);
  assert.equal(matches("*a".repeat(1001), text), false);
  assert.equal(matches("*a".repeat(1000) + "*", text), true);
});
