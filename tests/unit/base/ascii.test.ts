import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compareBytes,
  equalBytes,
  equalsIgnoringCase,
  latin1,
  latin1Bytes,
  latin1Lower,
  LOWER,
  quoteBytes,
  UPPER,
  utf8,
  utf8Bytes,
  writeLatin1,
} from "../../../src/base/ascii.ts";

test("only the letters A-Z and a-z change their case", () => {
  for (let byte = 0; byte < 256; byte++) {
    const text = String.fromCharCode(byte);
    assert.equal(LOWER[byte], byte < 128 ? text.toLowerCase().charCodeAt(0) : byte);
    assert.equal(UPPER[byte], byte < 128 ? text.toUpperCase().charCodeAt(0) : byte);
  }
});

test("words are found whatever their case, and only whole", () => {
  const word = latin1Bytes("get[1");
  for (const text of ["get[1", "GET[1", "gEt[1"]) {
    const bytes = latin1Bytes("x" + text + "x");
    assert.ok(equalsIgnoringCase(bytes, 1, 1 + text.length, word));
    assert.ok(!equalsIgnoringCase(bytes, 1, text.length, word));
    assert.ok(!equalsIgnoringCase(bytes, 1, 2 + text.length, word));
    assert.ok(!equalsIgnoringCase(bytes, 0, text.length, word));
  }
  assert.ok(!equalsIgnoringCase(latin1Bytes("get{1"), 0, 5, word));
  assert.ok(equalsIgnoringCase(word, 3, 3, new Uint8Array(0)));
});

const range = fc.tuple(
  fc.uint8Array({ max: 3, maxLength: 9 }),
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: 0, max: 3 }),
);

test("ranges are compared as memcmp does", () => {
  fc.assert(
    fc.property(range, range, ([a, aBefore, aAfter], [b, bBefore, bAfter]) => {
      const left = new Uint8Array([
        ...new Array(aBefore).fill(9),
        ...a,
        ...new Array(aAfter).fill(8),
      ]);
      const right = new Uint8Array([
        ...new Array(bBefore).fill(7),
        ...b,
        ...new Array(bAfter).fill(6),
      ]);
      const [aEnd, bEnd] = [aBefore + a.length, bBefore + b.length];
      const [aText, bText] = [latin1(a), latin1(b)];
      const order = aText < bText ? -1 : aText > bText ? 1 : 0;
      assert.equal(Math.sign(compareBytes(left, aBefore, aEnd, right, bBefore, bEnd)), order);
      assert.equal(equalBytes(left, aBefore, aEnd, right, bBefore, bEnd), order === 0);
    }),
    { numRuns: 2000 },
  );
  assert.ok(compareBytes(latin1Bytes("\xff"), 0, 1, latin1Bytes("\x01"), 0, 1) > 0);
});

test("Latin-1 keeps every byte", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  assert.deepEqual(latin1Bytes(latin1(all)), all);
  assert.equal(latin1(all, 0x41, 0x44), "ABC");
  assert.equal(latin1Lower(latin1Bytes("xAbC\xc4x"), 1, 5), "abc\xc4");
  const into = new Uint8Array(6);
  assert.equal(writeLatin1(into, 1, "a\xffz"), 4);
  assert.deepEqual([...into], [0, 0x61, 0xff, 0x7a, 0, 0]);
});

test("UTF-8 is written and read as the web platform does", () => {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.deepEqual([...utf8Bytes(text)], [...encoder.encode(text)]);
      assert.equal(utf8(utf8Bytes(text)), text);
    }),
    { numRuns: 1000 },
  );
  const units = fc.array(
    fc.constantFrom(0x61, 0xe9, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xfeff, 0xffff),
  );
  fc.assert(
    fc.property(units, (codes) => {
      const text = String.fromCharCode(...codes);
      assert.deepEqual([...utf8Bytes(text)], [...encoder.encode(text)]);
    }),
    { numRuns: 1000 },
  );
  const edges = [
    0x00,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc0,
    0xc1,
    0xc2,
    0xdf,
    0xe0,
    0xe1,
  ];
  const leads = [0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff, 0xbb];
  const bytes = fc.array(fc.constantFrom(...edges, ...leads), { maxLength: 12 });
  fc.assert(
    fc.property(bytes, (list) => {
      const array = Uint8Array.from(list);
      assert.equal(utf8(array), decoder.decode(array));
    }),
    { numRuns: 5000 },
  );
  assert.equal(utf8(latin1Bytes("x\xc3\xa9x"), 1, 3), "\xe9");
  assert.equal(utf8(latin1Bytes("x\xc3\xa9x"), 1, 2), "\ufffd");
});

test("bytes are quoted as Redis quotes them", () => {
  assert.equal(quoteBytes(new Uint8Array(0)), '""');
  assert.equal(
    quoteBytes(latin1Bytes('a b"c\\d\n\r\t\x07\x08\0\x1b\x1f ~\x7f\x80\xff')),
    '"a b\\"c\\\\d\\n\\r\\t\\a\\b\\x00\\x1b\\x1f ~\\x7f\\x80\\xff"',
  );
  assert.equal(quoteBytes(latin1Bytes("abcd"), 1, 3), '"bc"');
});
