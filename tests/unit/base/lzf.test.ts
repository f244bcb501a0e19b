import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { LzfCompressor, lzfDecompress } from "../../../src/base/lzf.ts";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";

const compressor = new LzfCompressor();

/** Room for any text: literals cost one byte in 32. */
function roomFor(length: number): number {
  return length + Math.ceil(length / 32) + 8;
}

function compressed(bytes: Uint8Array): Uint8Array {
  const into = new Uint8Array(roomFor(bytes.length));
  return into.slice(0, compressor.compress(bytes, 0, bytes.length, into, 0, into.length));
}

function checkRoundTrip(bytes: Uint8Array, before: number): void {
  const framed = new Uint8Array(before + bytes.length + 5).fill(0x61);
  framed.set(bytes, before);
  const packed = new Uint8Array(roomFor(bytes.length) + 7).fill(0xcc);
  const end = before + bytes.length;
  const length = compressor.compress(framed, before, end, packed, 3, packed.length - 4);
  assert.equal(length > 0, bytes.length > 0);
  assert.ok(packed.subarray(0, 3).every((byte) => byte === 0xcc));
  assert.ok(packed.subarray(3 + length).every((byte) => byte === 0xcc));

  const out = new Uint8Array(bytes.length + 6).fill(0xdd);
  const made = lzfDecompress(packed, 3, 3 + length, out, 2, 2 + bytes.length);
  assert.equal(made, bytes.length);
  assert.deepEqual(out.slice(2, 2 + made), bytes);
  assert.deepEqual([...out.slice(0, 2), ...out.slice(2 + made)], new Array(6).fill(0xdd));

  // It fits exactly into its own length and into nothing less.
  const exact = new Uint8Array(length);
  assert.equal(compressor.compress(framed, before, end, exact, 0, length), length);
  if (length > 0) {
    const short = new Uint8Array(length + 3).fill(0xcc);
    assert.equal(compressor.compress(framed, before, end, short, 0, length - 1), 0);
    assert.ok(short.subarray(length - 1).every((byte) => byte === 0xcc));
    assert.equal(lzfDecompress(packed, 3, 3 + length, out, 2, 1 + bytes.length), -1);
  }
}

test("what is compressed comes back", () => {
  const noise = fc.uint8Array({ maxLength: 400 });
  const dull = fc.uint8Array({ max: 1, maxLength: 700 });
  const repeated = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 90 }), fc.nat(40))
    .map(([part, times]) => {
      const bytes = new Uint8Array(part.length * times);
      for (let i = 0; i < times; i++) bytes.set(part, i * part.length);
      return bytes;
    });
  const pieces = fc.array(fc.oneof(noise, dull, repeated), { maxLength: 5 }).map((parts) =>
    Uint8Array.from(parts.flatMap((part) => [...part]))
  );
  fc.assert(
    fc.property(fc.oneof(noise, dull, repeated, pieces), fc.nat(4), checkRoundTrip),
    { numRuns: 1000 },
  );
});

test("matches at the longest distances and lengths come back", () => {
  for (const distance of [8190, 8191, 8192, 8193, 8194]) {
    const bytes = new Uint8Array(distance + 40);
    let state = 1;
    for (let i = 0; i < bytes.length; i++) {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      bytes[i] = state >> 16;
    }
    bytes.copyWithin(distance, 0, 40);
    checkRoundTrip(bytes, 1);
    const literals = distance + 40 + Math.ceil((distance + 40) / 32);
    assert.equal(compressed(bytes).length < literals - 20, distance <= 8192, String(distance));
  }
  for (let length = 1; length <= 600; length++) checkRoundTrip(new Uint8Array(length).fill(7), 0);
});

test("repetition shrinks, and texts do not see each other's bytes", () => {
  assert.ok(compressed(new Uint8Array(10000)).length < 150);
  const text = latin1Bytes("the same text in two calls, the second of which must stand alone");
  assert.deepEqual(compressed(text), compressed(text));
  const long = latin1Bytes("pagurus ".repeat(100));
  assert.ok(compressed(long).length < 40);
});

test("the format is read as it is drawn", () => {
  const cases: [number[], string][] = [
    [[], ""],
    [[0, 0x61], "a"],
    [[2, 0x61, 0x62, 0x63, 0x20, 2], "abcabc"],
    [[0, 0x61, 0xe0, 0, 0], "a".repeat(10)],
    [[0, 0x61, 0xe0, 255, 0], "a".repeat(265)],
    [[1, 0x61, 0x62, 0xc0, 1], "ab" + "abababab"],
  ];
  for (const [packed, text] of cases) {
    const out = new Uint8Array(300);
    const made = lzfDecompress(Uint8Array.from(packed), 0, packed.length, out, 0, 300);
    assert.equal(latin1(out, 0, made), text);
  }
});

test("corrupt input is refused", () => {
  const cases = [[0], [31, 1, 2], [0x20], [0x20, 0], [0, 0x61, 0x20, 1], [0, 1, 0xe0], [
    0,
    1,
    0xe0,
    1,
  ]];
  for (const packed of cases) {
    const out = new Uint8Array(300);
    // What follows the range would make the input whole.
    const framed = Uint8Array.from([...packed, ...new Array(40).fill(0)]);
    assert.equal(lzfDecompress(framed, 0, packed.length, out, 0, 300), -1, String(packed));
  }
  // A reference must not reach what stands in the buffer before the output.
  const out = new Uint8Array(20);
  assert.equal(lzfDecompress(Uint8Array.from([0, 0x61, 0x20, 1]), 0, 4, out, 10, 20), -1);
});

test("random input writes nothing outside its room", () => {
  const control = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 0x20, 0x40, 0xe0, 255));
  const input = fc.array(control, { maxLength: 60 });
  fc.assert(
    fc.property(input, fc.nat(70), (list, room) => {
      const bytes = Uint8Array.from(list);
      const out = new Uint8Array(room + 16).fill(0xee);
      const made = lzfDecompress(bytes, 0, bytes.length, out, 8, 8 + room);
      assert.ok(made >= -1 && made <= room);
      assert.ok(out.subarray(0, 8).every((byte) => byte === 0xee));
      assert.ok(out.subarray(8 + room).every((byte) => byte === 0xee));
    }),
    { numRuns: 10000 },
  );
});
