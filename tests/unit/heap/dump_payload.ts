import assert from "node:assert/strict";
import { row } from "../persistence/rdb/fixture.ts";
import { payload } from "../persistence/rdb/value_fixture.ts";

export const TYPE_HASH_ZIPMAP = 9;
export const TYPE_LIST_ZIPLIST = 10;
export const TYPE_SET_INTSET = 11;
export const TYPE_HASH_ZIPLIST = 13;
/** A list of nodes, each with its kind before it. */
export const TYPE_LIST_LISTPACKS = 18;

/** The bytes of the string that a payload of DUMP holds, `at` bytes after its beginning. */
export function dumped(dump: Uint8Array, at: number): Uint8Array {
  const first = dump[at];
  let length = first & 0x3f;
  let start = at + 1;
  if (first >>> 6 === 1) length = length << 8 | dump[start++];
  else if (first === 0x80) {
    length = new DataView(dump.buffer, dump.byteOffset).getUint32(start);
    start += 4;
  } else assert.equal(first >>> 6, 0);
  assert.equal(start + length + 10, dump.length, "nothing but the string");
  // Not `slice`: that of a Buffer shares its memory.
  return Uint8Array.from(dump.subarray(start, start + length));
}

/** A payload for RESTORE that holds one string. */
export function stringPayload(type: number, bytes: Uint8Array): Uint8Array {
  const nodes = type === TYPE_LIST_LISTPACKS ? [1, 2] : [];
  const length = [0x80, 0, bytes.length >>> 16, bytes.length >>> 8 & 255, bytes.length & 255];
  return payload(row([type], nodes, length, bytes));
}
