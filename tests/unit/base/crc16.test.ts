import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { crc16, HASH_SLOT_COUNT, keyHashSlot } from "../../../src/base/crc16.ts";
import { latin1Bytes } from "../../../src/base/ascii.ts";

function slotOf(key: string): number {
  const bytes = latin1Bytes("{z}" + key + "}}");
  return keyHashSlot(bytes, 3, 3 + key.length);
}

function plainSlot(key: string): number {
  const bytes = latin1Bytes(key);
  return crc16(bytes, 0, bytes.length) % HASH_SLOT_COUNT;
}

/** Bit by bit, as polynomial division. */
function modelCrc(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const isOut = ((crc >> 15) ^ (byte >> bit)) & 1;
      crc = ((crc << 1) & 0xffff) ^ (isOut ? 0x1021 : 0);
    }
  }
  return crc;
}

test("the check value and Redis's own slots", () => {
  assert.equal(crc16(latin1Bytes("123456789"), 0, 9), 0x31c3);
  assert.equal(slotOf(""), 0);
  assert.equal(slotOf("foo"), 12182);
  assert.equal(slotOf("bar"), 5061);
  assert.equal(slotOf("somekey"), 11058);
  assert.equal(slotOf("foo{hash_tag}"), 2515);
  assert.equal(slotOf("bar{hash_tag}"), 2515);
});

test("hash tags", () => {
  assert.equal(slotOf("{user1000}.following"), plainSlot("user1000"));
  assert.equal(slotOf("foo{}{bar}"), plainSlot("foo{}{bar}"));
  assert.equal(slotOf("foo{{bar}}zap"), plainSlot("{bar"));
  assert.equal(slotOf("foo{bar}{zap}"), plainSlot("bar"));
  assert.equal(slotOf("foo{bar"), plainSlot("foo{bar"));
  assert.equal(slotOf("foo}bar{x"), plainSlot("foo}bar{x"));
  assert.equal(slotOf("}{x}"), plainSlot("x"));
  assert.equal(slotOf("{"), plainSlot("{"));
  assert.equal(slotOf("{}"), plainSlot("{}"));
});

test("any bytes as the model", () => {
  fc.assert(fc.property(fc.uint8Array(), fc.nat(4), (bytes, before) => {
    const framed = new Uint8Array(before + bytes.length + 2).fill(0x77);
    framed.set(bytes, before);
    assert.equal(crc16(framed, before, before + bytes.length), modelCrc(bytes));
  }));
});
