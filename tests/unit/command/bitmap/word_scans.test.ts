import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { firstOtherByte } from "../../../../src/command/bitmap/first_byte.ts";
import { countOnes, countOnesOfWord } from "../../../../src/command/bitmap/popcount.ts";

/** Bytes with a border of garbage, and the same memory as words. */
function memory(content: Uint8Array, at: number): { bytes: Uint8Array; words: Int32Array } {
  const bytes = new Uint8Array(Math.ceil((content.length + at) / 4) * 4 + 8).fill(0x5a);
  bytes.set(content, at);
  return { bytes, words: new Int32Array(bytes.buffer) };
}

function onesOf(bytes: Uint8Array): number {
  let ones = 0;
  for (const byte of bytes) for (let bit = 0; bit < 8; bit++) ones += byte >>> bit & 1;
  return ones;
}

const place = fc.integer({ min: 0, max: 7 });
const content = fc.uint8Array({ maxLength: 200 });

test("ones of a word", () => {
  fc.assert(fc.property(fc.integer(), (word) => {
    assert.equal(countOnesOfWord(word), onesOf(new Uint8Array(Int32Array.of(word).buffer)));
  }));
});

test("ones of bytes, at any alignment and length", () => {
  fc.assert(
    fc.property(content, place, (given, at) => {
      const { bytes, words } = memory(given, at);
      assert.equal(countOnes(bytes, words, at, given.length), onesOf(given));
    }),
    { numRuns: 500 },
  );
});

test("ones of bytes that are all ones, around the length of a block", () => {
  for (let length = 0; length < 140; length++) {
    for (let at = 0; at < 4; at++) {
      const { bytes, words } = memory(new Uint8Array(length).fill(0xff), at);
      assert.equal(countOnes(bytes, words, at, length), length * 8);
    }
  }
});

test("the first byte that differs, wherever it stands", () => {
  for (const skip of [0x00, 0xff]) {
    for (let length = 0; length < 60; length++) {
      for (let at = 0; at < 4; at++) {
        const end = at + length;
        const { bytes, words } = memory(new Uint8Array(length).fill(skip), at);
        assert.equal(firstOtherByte(bytes, words, at, end, skip), end, "none differs");
        for (let other = at; other < end; other++) {
          bytes[other] ^= 0x10;
          assert.equal(firstOtherByte(bytes, words, at, end, skip), other);
          bytes[other] ^= 0x10;
        }
      }
    }
  }
});
