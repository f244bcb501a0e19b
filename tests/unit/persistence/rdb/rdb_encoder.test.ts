import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lzfDecompress } from "../../../../src/base/lzf.ts";
import { RdbEncoder } from "../../../../src/persistence/rdb/rdb_encoder.ts";
import { RdbReader } from "../../../../src/persistence/rdb/rdb_reader.ts";
import { bytesOf, row } from "./fixture.ts";

function written(write: (encoder: RdbEncoder) => void): number[] {
  const encoder = new RdbEncoder(null, false);
  write(encoder);
  return [...encoder.bytes.subarray(0, encoder.length)];
}

function string(text: string): number[] {
  const bytes = bytesOf(text);
  return written((encoder) => encoder.string(bytes, 0, bytes.length));
}

test("lengths take 1, 2, 5 or 9 bytes", () => {
  const length = (value: number) => written((encoder) => encoder.lengthOf(value));
  assert.deepEqual(length(0), [0]);
  assert.deepEqual(length(63), [63]);
  assert.deepEqual(length(64), [0x40, 64]);
  assert.deepEqual(length(16383), [0x7f, 0xff]);
  assert.deepEqual(length(16384), [0x80, 0, 0, 0x40, 0]);
  assert.deepEqual(length(2 ** 32 - 1), [0x80, 255, 255, 255, 255]);
  assert.deepEqual(length(2 ** 32), [0x81, 0, 0, 0, 1, 0, 0, 0, 0]);
  assert.deepEqual(length(2 ** 40 + 258), [0x81, 0, 0, 1, 0, 0, 0, 1, 2]);
});

test("texts of 32-bit integers are written as integers", () => {
  assert.deepEqual(string("0"), [0xc0, 0]);
  assert.deepEqual(string("-1"), [0xc0, 0xff]);
  assert.deepEqual(string("127"), [0xc0, 127]);
  assert.deepEqual(string("-128"), [0xc0, 0x80]);
  assert.deepEqual(string("128"), [0xc1, 128, 0]);
  assert.deepEqual(string("-129"), [0xc1, 0x7f, 0xff]);
  assert.deepEqual(string("32767"), [0xc1, 0xff, 0x7f]);
  assert.deepEqual(string("-32768"), [0xc1, 0, 0x80]);
  assert.deepEqual(string("32768"), [0xc2, 0, 0x80, 0, 0]);
  assert.deepEqual(string("2147483647"), [0xc2, 255, 255, 255, 0x7f]);
  assert.deepEqual(string("-2147483648"), [0xc2, 0, 0, 0, 0x80]);
  for (const text of ["2147483648", "-2147483649", "01", "-0", "+1", " 1", "1.0", "", "-"]) {
    assert.deepEqual(string(text), [...row(text.length, text)], text);
  }
});

test("strings of more than 20 bytes are compressed where that spares four", () => {
  const twenty = "a".repeat(20);
  assert.deepEqual(string(twenty), [...row(20, twenty)]);
  const compressed = string("a".repeat(21));
  assert.equal(compressed[0], 0xc3);
  assert.equal(compressed[1], compressed.length - 3);
  assert.equal(compressed[2], 21);
  const random = "q8Zk1xWm5Tr0Ub7Lc3Hy9Pd";
  assert.deepEqual(string(random), [...row(random.length, random)]);
  const uncompressed = written((encoder) => {
    encoder.compresses = false;
    encoder.string(bytesOf("a".repeat(21)), 0, 21);
  });
  assert.deepEqual(uncompressed, [...row(21, "a".repeat(21))]);
});

test("what is compressed decompresses to what it was", () => {
  const text = "the quick brown fox jumps over the quick brown dog ".repeat(700);
  const bytes = Uint8Array.from(string(text));
  assert.equal(bytes[0], 0xc3);
  const reader = RdbReader.ofBytes(bytes, 1, bytes.length);
  const compressedLength = reader.readLength();
  assert.equal(reader.readLength(), text.length);
  const into = new Uint8Array(text.length);
  const end = reader.at + compressedLength;
  assert.equal(end, bytes.length);
  assert.equal(lzfDecompress(bytes, reader.at, end, into, 0, into.length), text.length);
  assert.deepEqual(into, bytesOf(text));
});

test("a sink gets everything once and in order, and the checksum of it", () => {
  const parts: Uint8Array[] = [];
  const encoder = new RdbEncoder((bytes) => parts.push(bytes.slice()), true);
  encoder.raw(bytesOf("123456789"), 0, 9);
  encoder.checksum();
  const whole = Uint8Array.from(parts.flatMap((part) => [...part]));
  // The check value of CRC-64/Jones, e9c6d914c4b8d9ca, little-endian.
  assert.deepEqual(whole, row("123456789", [0xca, 0xd9, 0xb8, 0xc4, 0x14, 0xd9, 0xc6, 0xe9]));
  assert.equal(encoder.offsetBytes, 17);

  let size = 0;
  const large = new RdbEncoder((bytes) => size += bytes.length, false);
  large.raw(new Uint8Array(1_000_000), 0, 1_000_000);
  large.flush();
  assert.equal(size, 1_000_000);
});

test("every string and length reads back", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 100 }),
          fc.integer().map((value) => bytesOf(String(value))),
          fc.nat({ max: 300_000 }).map((length) => new Uint8Array(length).fill(length)),
        ),
        { maxLength: 20 },
      ),
      fc.array(fc.nat({ max: 2 ** 40 }), { maxLength: 5 }),
      (strings, lengths) => {
        const encoder = new RdbEncoder(null, false);
        for (const each of strings) encoder.string(each, 0, each.length);
        for (const each of lengths) encoder.lengthOf(each);
        const reader = RdbReader.ofBytes(encoder.bytes, 0, encoder.length);
        for (const each of strings) {
          reader.readWholeString();
          const read = reader.stringBytes.slice(reader.stringStart, reader.stringEnd);
          assert.deepEqual(read, each);
        }
        for (const each of lengths) assert.equal(reader.readLength(), each);
        assert.equal(reader.offsetBytes, encoder.length);
      },
    ),
    { numRuns: 50 },
  );
});
