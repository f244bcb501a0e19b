import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { Crc64 } from "../../../src/base/crc64.ts";
import { latin1Bytes } from "../../../src/base/ascii.ts";

/** Bit by bit, on a bigint. */
function modelCrc(bytes: Uint8Array): bigint {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 1n) === 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
    }
  }
  return crc;
}

function valueOf(crc: Crc64): bigint {
  return (BigInt(crc.high >>> 0) << 32n) | BigInt(crc.low >>> 0);
}

test("the check value", () => {
  const crc = new Crc64();
  crc.update(latin1Bytes("123456789"), 0, 9);
  assert.equal(valueOf(crc), 0xe9c6d914c4b8d9can);
  const into = new Uint8Array(11);
  assert.equal(crc.writeDigest(into, 2), 10);
  assert.deepEqual([...into], [0, 0, 0xca, 0xd9, 0xb8, 0xc4, 0x14, 0xd9, 0xc6, 0xe9, 0]);
  assert.ok(crc.equalsDigest(into, 2));
  for (let i = 2; i < 10; i++) {
    into[i] ^= 0x80;
    assert.ok(!crc.equalsDigest(into, 2));
    into[i] ^= 0x80;
  }
  crc.reset();
  assert.equal(valueOf(crc), 0n);
});

test("a long text", () => {
  const text = "This is a test of the emergency broadcast system.";
  const bytes = latin1Bytes(text.repeat(9));
  const crc = new Crc64();
  crc.update(bytes, 0, text.length);
  assert.equal(valueOf(crc), modelCrc(latin1Bytes(text)));
  crc.reset();
  crc.update(bytes, 0, bytes.length);
  assert.equal(valueOf(crc), modelCrc(bytes));
});

test("any bytes, in any pieces, at any place", () => {
  const bytes = fc.uint8Array({ maxLength: 80 });
  fc.assert(
    fc.property(bytes, fc.nat(80), fc.nat(80), fc.nat(9), (text, one, two, before) => {
      const [first, second] = [
        Math.min(one, two, text.length),
        Math.min(Math.max(one, two), text.length),
      ];
      const framed = new Uint8Array(before + text.length + 9).fill(0xa5);
      framed.set(text, before);
      const crc = new Crc64();
      crc.update(framed, before, before + first);
      crc.update(framed, before + first, before + second);
      crc.update(framed, before + second, before + text.length);
      assert.equal(valueOf(crc), modelCrc(text));
      assert.equal(crc.low, crc.low | 0);
      assert.equal(crc.high, crc.high | 0);
    }),
    { numRuns: 500 },
  );
});
