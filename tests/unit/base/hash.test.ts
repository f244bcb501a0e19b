import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { KeyHash } from "../../../src/base/hash.ts";

/**
 * HalfSipHash-2-4 of the empty text, 00, 00 01, 00 01 02, ... under the key 00 01 ... 07: the four
 * output bytes of each, as its authors publish them.
 */
const PUBLISHED = `
  a9359f5b 27475ab8 fa62a603 8afee704 2a6e4689 c5fab669 5863fc23 8bcf63c5
  d0b8848f f806e779 94b07934 08083050 57f0872f 77e663ff d6fff87c 74fe2b97
  d9b5ac84 c474645b 465b8d9b 7befe387 e34d1045 613f62b3 70f367fe e6adb8bd
  27400c63 26787875 4f567b5f 3ab0e669 b0644000 ff670fb4 509e338b 5d589f1a
  fee72112 33753259 6a434f8c fe28b729 e75cc6ec 697e8d54 63688b0f 650b62b4
  b6bc1840 5d074505 2442fd2e 7bb7863a 7705d548 d75208b1 b6d499c8 0892202e
  69e12ce3 8db580e5 369764c6 016e0204 3b85f3d4 fedb66be 1e692a3a c68984c0
  a5c5b940 9be9e88c 7dbc8140 7c078ec5 d4e76c73 428fcbb9 bd83997a 59ea4a74
`.trim().split(/\s+/);

/** HalfSipHash with any number of rounds, written after its definition and without care for speed. */
function halfSipHash(
  bytes: Uint8Array,
  k0: number,
  k1: number,
  rounds: number,
  finalRounds: number,
): number {
  const rotate = (word: number, by: number) => (word << by) | (word >>> (32 - by));
  let [v0, v1, v2, v3] = [k0, k1, 0x6c796765 ^ k0, 0x74656462 ^ k1];
  const round = () => {
    v0 = (v0 + v1) | 0;
    v1 = rotate(v1, 5) ^ v0;
    v0 = rotate(v0, 16);
    v2 = (v2 + v3) | 0;
    v3 = rotate(v3, 8) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = rotate(v3, 7) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = rotate(v1, 13) ^ v2;
    v2 = rotate(v2, 16);
  };
  const padded = new Uint8Array((bytes.length & ~3) + 4);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length;
  const view = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += 4) {
    const word = view.getInt32(at, true);
    v3 ^= word;
    for (let i = 0; i < rounds; i++) round();
    v0 ^= word;
  }
  v2 ^= 0xff;
  for (let i = 0; i < finalRounds; i++) round();
  return v1 ^ v3;
}

const counting = Uint8Array.from({ length: 600 }, (_, i) => i);
const K0 = 0x03020100;
const K1 = 0x07060504;

test("the reference agrees with the published vectors", () => {
  assert.equal(PUBLISHED.length, 64);
  for (let length = 0; length < 64; length++) {
    const word = halfSipHash(counting.subarray(0, length), K0, K1, 2, 4) | 0;
    const expected = new DataView(new ArrayBuffer(4));
    expected.setInt32(0, word, true);
    const hex = [0, 1, 2, 3].map((i) => expected.getUint8(i).toString(16).padStart(2, "0"));
    assert.equal(hex.join(""), PUBLISHED[length]);
  }
});

test("the hash is HalfSipHash-1-3 for every length", () => {
  const hash = new KeyHash(K0, K1);
  for (let length = 0; length <= 600; length++) {
    const expected = halfSipHash(counting.subarray(0, length), K0, K1, 1, 3);
    assert.equal(hash.hash(counting, 0, length), expected);
  }
});

test("the hash is HalfSipHash-1-3 for any key, text and place", () => {
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 });
  const text = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(word, word, text, fc.nat({ max: 5 }), (k0, k1, bytes, before) => {
      const framed = new Uint8Array(before + bytes.length + 3).fill(0x5a);
      framed.set(bytes, before);
      const value = new KeyHash(k0, k1).hash(framed, before, before + bytes.length);
      assert.equal(value, halfSipHash(bytes, k0 | 0, k1 | 0, 1, 3));
      assert.equal(value, value | 0);
    }),
    { numRuns: 1000 },
  );
});
