import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { latin1Bytes } from "../../../src/base/ascii.ts";
import {
  EMPTY_LISTPACK_BYTES,
  entryBytesAt,
  entryBytesFor,
  entryBytesForInt64,
  LISTPACK_HEADER_BYTES,
  listpackCount,
  ListpackReader,
  listpackTotalBytes,
  writeEmptyListpack,
  writeEntry,
  writeHeader,
  writeInt64Entry,
} from "../../../src/heap/listpack.ts";
import { isValidListpack } from "../../../src/heap/listpack_check.ts";
import { ListpackWriter } from "../../../src/heap/listpack_writer.ts";
import { BORDER_TEXTS, listpackOf, textOf, textsOf } from "./listpack_model.ts";

/** Texts as collections have them: short, numbers, sometimes long, and often twice. */
const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", "field:1", "field:2", "7", "-3", "1000") },
  { weight: 2, arbitrary: fc.string({ maxLength: 8, unit: "binary-ascii" }) },
  { weight: 2, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) },
  { weight: 1, arbitrary: fc.integer().map(String) },
  { weight: 1, arbitrary: fc.nat(6000).map((length) => "y".repeat(length)) },
  { weight: 1, arbitrary: fc.constantFrom(...BORDER_TEXTS) },
);
const texts = fc.array(text, { maxLength: 40 });

/** A listpack somewhere inside other bytes. */
function placed(listpack: Uint8Array, at: number): Uint8Array {
  const bytes = new Uint8Array(at + listpack.length + 3).fill(0xee);
  bytes.set(listpack, at);
  return bytes;
}

function readerAt(listpack: Uint8Array, at = 0): ListpackReader {
  const reader = new ListpackReader();
  reader.open(placed(listpack, at), at);
  return reader;
}

test("a listpack gives back what was put in, from both ends and by index", () => {
  fc.assert(
    fc.property(texts, fc.nat(20), (items, at) => {
      const listpack = listpackOf(items);
      const bytes = placed(listpack, at);
      assert.equal(listpackTotalBytes(bytes, at), listpack.length);
      assert.equal(listpackCount(bytes, at), items.length);
      assert.deepEqual(textsOf(bytes, at, listpack.length), items);
      const reader = new ListpackReader();
      reader.openEnd(bytes, at);
      const backwards: string[] = [];
      while (reader.previous()) backwards.unshift(textOf(reader));
      assert.deepEqual(backwards, items);
      assert.equal(reader.next(), items.length > 0);
      for (let i = -items.length - 1; i <= items.length; i++) {
        const expected = items.at(i);
        const isThere = i < items.length && expected !== undefined;
        assert.equal(reader.seek(i), isThere, `seek ${i}`);
        if (isThere) assert.equal(textOf(reader), expected);
      }
    }),
    { numRuns: 200 },
  );
});

test("texts at the borders of the encodings", () => {
  for (const item of BORDER_TEXTS) {
    const bytes = latin1Bytes(item);
    const listpack = listpackOf([item]);
    assert.deepEqual(textsOf(listpack, 0, listpack.length), [item]);
    const entryBytes = listpack.length - EMPTY_LISTPACK_BYTES;
    assert.equal(entryBytesFor(bytes, 0, bytes.length), entryBytes, item.slice(0, 30));
    assert.equal(entryBytesAt(listpack, LISTPACK_HEADER_BYTES), entryBytes);
    const reader = readerAt(listpack, 5);
    reader.next();
    assert.equal(reader.entryBytes, entryBytes);
    const isInteger = /^(0|-?[1-9]\d*)$/.test(item) &&
      BigInt(item) >= -(2n ** 63n) && BigInt(item) < 2n ** 63n;
    assert.equal(reader.isInteger, isInteger, item.slice(0, 30));
    if (!isInteger) continue;
    assert.equal(reader.value, Number(item));
    assert.equal(BigInt(reader.high) << 32n | BigInt(reader.low >>> 0), BigInt(item));
    assert.equal(entryBytesForInt64(reader.high, reader.low), entryBytes);
    const target = new Uint8Array(16);
    const end = writeInt64Entry(target, 1, reader.high, reader.low);
    assert.deepEqual(target.subarray(1, end), listpack.subarray(6, 6 + entryBytes));
  }
});

test("find is indexOf, with any step", () => {
  fc.assert(
    fc.property(texts, text, fc.nat(2), fc.nat(5), (items, missing, skip, from) => {
      const reader = readerAt(listpackOf(items), 3);
      for (const needle of [...items, missing]) {
        const bytes = placed(latin1Bytes(needle), 2);
        reader.open(reader.bytes, reader.start);
        if (from > 0) reader.skip(from);
        let expected = Math.min(from, items.length);
        while (expected < items.length && items[expected] !== needle) expected += skip + 1;
        const isFound = reader.find(bytes, 2, 2 + needle.length, skip);
        assert.equal(isFound, expected < items.length);
        if (isFound) {
          const offset = reader.offset;
          assert.equal(textOf(reader), needle);
          reader.seek(expected);
          assert.equal(reader.offset, offset, "the first of its kind");
        } else assert.equal(reader.offset, reader.totalBytes - 1, "at the end");
      }
    }),
    { numRuns: 150 },
  );
});

test("equals and length", () => {
  const reader = readerAt(listpackOf(BORDER_TEXTS));
  for (const item of BORDER_TEXTS) {
    assert.equal(reader.next(), true);
    assert.equal(reader.length, item.length);
    for (const other of BORDER_TEXTS) {
      assert.equal(reader.equals(latin1Bytes(other), 0, other.length), other === item);
    }
  }
});

test("skip is as many nexts", () => {
  const items = Array.from({ length: 20 }, (_, i) => `${i * 1000}`);
  for (let count = 1; count < 24; count++) {
    const reader = readerAt(listpackOf(items));
    assert.equal(reader.skip(count), count <= 20);
    if (count <= 20) assert.equal(textOf(reader), items[count - 1]);
    else assert.equal(reader.offset, reader.totalBytes - 1);
  }
});

test("integers and texts in longer encodings than they need are what they are", () => {
  const entries = [
    [0xc0, 5, 2], // 5 in 13 bits
    [0xf1, 0xff, 0xff, 3], // -1 in 16
    [0xf2, 1, 0, 0, 4],
    [0xf3, 2, 0, 0, 0, 5],
    [0xf4, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 9],
    [0xe0, 2, 0x61, 0x62, 4],
    [0xf0, 1, 0, 0, 0, 0x63, 6],
    [0x82, 0x37, 0x37, 3], // "77" as a text
  ];
  const bytes = entries.flat();
  const listpack = Uint8Array.from([0, 0, 0, 0, 0, 0, ...bytes, 0xff]);
  writeHeader(listpack, 0, listpack.length, entries.length);
  const items = ["5", "-1", "1", "2", "-2", "ab", "c", "77"];
  assert.deepEqual(textsOf(listpack, 0, listpack.length), items);
  for (const item of items) {
    const reader = readerAt(listpack);
    assert.equal(reader.find(latin1Bytes(item), 0, item.length, 0), true, item);
  }
});

test("the writer", () => {
  const writer = new ListpackWriter();
  for (let round = 0; round < 2; round++) {
    writer.begin();
    assert.equal(writer.finish(), EMPTY_LISTPACK_BYTES);
    const empty = new Uint8Array(EMPTY_LISTPACK_BYTES);
    writeEmptyListpack(empty, 0);
    assert.deepEqual(writer.bytes.slice(0, writer.length), empty);
    const source = readerAt(listpackOf(["raw", "12"]));
    writer.addInteger(-70000);
    writer.addInt64(-1, -5);
    source.next();
    writer.addReader(source);
    const rest = source.offset + source.entryBytes;
    writer.addEntries(source.bytes, source.start + rest, source.totalBytes - 1 - rest, 1);
    writer.add(latin1Bytes("z".repeat(5000)), 0, 5000);
    writer.finish();
    assert.equal(writer.count, 5);
    assert.deepEqual(textsOf(writer.bytes, 0, writer.length), [
      "-70000",
      "-5",
      "raw",
      "12",
      "z".repeat(5000),
    ]);
  }
  writer.begin();
  writer.add(new Uint8Array(3 << 20).fill(1), 0, 3 << 20);
  assert.equal(writer.finish(), (3 << 20) + 5 + 4 + 7);
  writer.begin();
  assert.ok(writer.bytes.length < 1 << 20, "a large buffer is not kept");
});

test("more entries than the header can say are counted", () => {
  for (const count of [65534, 65535, 65536, 70000]) {
    const writer = new ListpackWriter();
    writer.begin();
    for (let i = 0; i < count; i++) writer.addInteger(i & 63);
    const length = writer.finish();
    const { bytes } = writer;
    assert.equal(bytes[4] | bytes[5] << 8, Math.min(count, 65535));
    assert.equal(listpackCount(bytes, 0), count);
    assert.equal(isValidListpack(bytes, 0, length, true), true);
    const reader = new ListpackReader();
    reader.open(bytes, 0);
    assert.equal(reader.seek(-1), true);
    assert.equal(reader.value, (count - 1) & 63);
  }
});

test("a broken listpack is found out, and no byte outside is looked at", () => {
  const whole = listpackOf(["a", "field", "1234", "x".repeat(200), "-99999999999", "7"]);
  assert.equal(isValidListpack(whole, 0, whole.length, true), true);
  for (let length = 0; length < whole.length; length++) {
    assert.equal(isValidListpack(whole, 0, length, true), false, `cut to ${length}`);
    assert.equal(isValidListpack(whole, 0, length, false), false, `cut to ${length}`);
  }
  const isRead = (bytes: Uint8Array) => {
    const reader = new ListpackReader();
    reader.open(bytes, 0);
    let count = 0;
    while (reader.next() && count < 1000) {
      assert.ok(reader.offset + reader.entryBytes < bytes.length, "an entry within");
      count++;
    }
    return count;
  };
  for (let at = 0; at < whole.length; at++) {
    for (let byte = 0; byte < 256; byte++) {
      const broken = whole.slice();
      broken[at] = byte;
      // What still counts as a listpack can be read.
      if (isValidListpack(broken, 0, broken.length, true)) {
        assert.equal(isRead(broken), listpackCount(broken, 0));
      } else assert.notDeepEqual(broken, whole);
    }
  }
});

test("checks of single entries", () => {
  const listpack = listpackOf(["a", "2", "c"]);
  const seen: string[] = [];
  const isValid = (isFine: (text: string) => boolean) =>
    isValidListpack(listpack, 0, listpack.length, true, (reader, headerCount) => {
      assert.equal(headerCount, 3);
      seen.push(textOf(reader));
      return isFine(seen[seen.length - 1]);
    });
  assert.equal(isValid(() => true), true);
  assert.deepEqual(seen.splice(0), ["a", "2", "c"]);
  assert.equal(isValid((text) => text !== "2"), false);
  assert.deepEqual(seen, ["a", "2"]);
});

test("bad lengths, encodings and counts", () => {
  const entry = (...bytes: number[]) => {
    const listpack = Uint8Array.from([0, 0, 0, 0, 0, 0, ...bytes, 0xff]);
    writeHeader(listpack, 0, listpack.length, 1);
    return isValidListpack(listpack, 0, listpack.length, true);
  };
  assert.equal(entry(0x81, 0x61, 2), true);
  assert.equal(entry(0x81, 0x61, 3), false, "another length behind");
  assert.equal(entry(0xf5, 1), false, "no such encoding");
  assert.equal(entry(0xfe, 1), false, "no such encoding");
  assert.equal(entry(0xe0), false, "no room for the length");
  assert.equal(entry(0xf0, 0xff, 0xff, 0xff, 0xff, 4), false, "longer than 32 bits can say");
  assert.equal(entry(0x05, 0x80), false, "a length without an end");
  assert.equal(entry(0x80 | 5, 0x80, 0x80, 0x80, 0x80, 0x80, 0x86), false, "a length of six bytes");
  assert.equal(entry(0xff), false, "an end before the end");
  assert.equal(entry(0x05, 1, 0x06, 1), false, "one more than the header says");
  const unknown = Uint8Array.of(9, 0, 0, 0, 0xff, 0xff, 5, 1, 0xff);
  assert.equal(isValidListpack(unknown, 0, 9, true), true);
  assert.equal(listpackCount(unknown, 0), 1);
});

test("writeEntry says where it ends and writes nothing behind", () => {
  for (const item of BORDER_TEXTS) {
    const bytes = latin1Bytes(item);
    const size = entryBytesFor(bytes, 0, bytes.length);
    const target = new Uint8Array(size + 8).fill(0xaa);
    assert.equal(writeEntry(target, 2, bytes, 0, bytes.length), size + 2);
    assert.deepEqual([...target.subarray(size + 2)], [0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa]);
  }
});

test("a length backwards that takes bytes of the entry along is refused", () => {
  // An empty text; backwards 0x81 says one byte, with nothing from the two bytes before it.
  const bytes = Uint8Array.of(9, 0, 0, 0, 1, 0, 0x80, 0x81, 0xff);
  assert.equal(isValidListpack(bytes, 0, bytes.length, true), false);
  bytes[7] = 1;
  assert.equal(isValidListpack(bytes, 0, bytes.length, true), true);
});
