import assert from "node:assert/strict";
import { ListpackReader } from "../../../src/heap/listpack.ts";
import { isValidListpack } from "../../../src/heap/listpack_check.ts";
import { ListpackWriter } from "../../../src/heap/listpack_writer.ts";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";

/** Texts at every border between two encodings, and texts that are nearly integers. */
export const BORDER_TEXTS: readonly string[] = [
  ...[
    "",
    "-",
    "0",
    "-0",
    "00",
    "01",
    "+1",
    " 1",
    "1 ",
    "1.0",
    "127",
    "128",
    "-1",
    "-4096",
    "-4097",
  ],
  ...["4095", "4096", "32767", "32768", "-32768", "-32769", "8388607", "8388608", "-8388608"],
  ...["-8388609", "2147483647", "2147483648", "-2147483648", "-2147483649", "9007199254740991"],
  ...["9007199254740992", "-9007199254740992", "999999999999999", "1000000000000000"],
  ...["9223372036854775807", "9223372036854775808", "-9223372036854775808"],
  ...["-9223372036854775809", "18446744073709551615", "99999999999999999999", "-1-", "12a"],
  ...["x".repeat(62), "x".repeat(63), "x".repeat(64), "x".repeat(125), "x".repeat(126)],
  ...["x".repeat(127), "x".repeat(4095), "x".repeat(4096), "x".repeat(16_377)],
  ...["x".repeat(16_378), "x".repeat(16_379), "1".repeat(64), "\xff\x00\x80"],
];

/** A listpack of these texts. */
export function listpackOf(texts: readonly string[]): Uint8Array {
  const writer = new ListpackWriter();
  writer.begin();
  for (const text of texts) writer.add(latin1Bytes(text), 0, text.length);
  writer.finish();
  return writer.bytes.slice(0, writer.length);
}

/** The text of the entry that a reader is at. */
export function textOf(reader: ListpackReader): string {
  reader.text();
  return latin1(reader.stringBytes, reader.stringStart, reader.stringEnd);
}

/** The texts of a whole listpack, which is checked on the way. */
export function textsOf(bytes: Uint8Array, at: number, length: number): string[] {
  assert.equal(isValidListpack(bytes, at, length, true), true);
  const texts: string[] = [];
  const reader = new ListpackReader();
  reader.open(bytes, at);
  while (reader.next()) {
    const length = reader.length;
    texts.push(textOf(reader));
    assert.equal(length, texts[texts.length - 1].length, "the length of the text");
  }
  return texts;
}
