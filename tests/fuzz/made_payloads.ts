/**
 * Payloads whose bytes are in order and whose content may make no sense: members twice, fields
 * without values, scores that are none or out of order, integers and texts in longer encodings than
 * they need, counts that are left open. What damage at random hardly ever makes.
 */
import { latin1Bytes } from "../../src/base/ascii.ts";
import type { Prng } from "../../src/base/prng.ts";
import { concat, int64, row } from "../unit/persistence/rdb/fixture.ts";
import { ziplistOf, zipmapOf } from "../unit/persistence/ziplist_model.ts";

const TEXTS = [
  ...["a", "b", "c", "1", "2", "-1", "0", "-0", "00", "12", "127", "128", "4096", "-4097", ""],
  ...["32767", "-32769", "8388608", "2147483648", "9223372036854775807", "1.5", "nan", "inf"],
  ...["-inf", "1e5", " 1", "1 ", "+1", "member", "x".repeat(63), "y".repeat(64), "z".repeat(200)],
];
const SCORES = ["-inf", "-1", "0", "0.5", "1", "1.0", "2", "3", "1e300", "inf"];
const ODD_SCORES = ["nan", "x", "", "-0", "1e999", "0x10", " 1", "9007199254740993"];
const LATER_MS = 2_524_608_000_000;

/** A body of a value made by chance; mostly one that can be restored. */
export function madeBody(prng: Prng): Uint8Array {
  const count = prng.below(prng.below(16) === 0 ? 600 : 9);
  const choice = prng.below(16);
  if (choice < 3) return row(20, packed(prng, texts(prng, count)));
  if (choice < 5) return row(16, packed(prng, texts(prng, 2 * count + notOften(prng))));
  if (choice < 8) return row(17, packed(prng, scored(prng, count)));
  if (choice < 9) return row(18, 2, 2, packed(prng, texts(prng, count)), 1, string(text(prng)));
  if (choice < 10) return row(11, intset(prng, count));
  if (choice < 11) return row(25, int64(BigInt(LATER_MS)), packed(prng, timed(prng, count)));
  if (choice < 12) return row(5, length(count), doubles(prng, count));
  if (choice < 13) return row(2, length(count), ...texts(prng, count).map(string));
  if (choice < 14) return row(12, string(ziplistOf(scored(prng, count))));
  if (choice < 15) return row(10 + 3 * prng.below(2), string(ziplistOf(texts(prng, 2 * count))));
  return row(9, string(zipmapOf(texts(prng, 2 * count), prng.below(3))));
}

function notOften(prng: Prng): number {
  return Number(prng.below(16) === 0);
}

function text(prng: Prng): string {
  const choice = prng.below(4);
  if (choice === 0) return TEXTS[prng.below(TEXTS.length)];
  return choice === 1 ? String(prng.below(1000) - 500) : `item ${prng.below(100_000)}`;
}

function texts(prng: Prng, count: number): string[] {
  return Array.from({ length: count }, () => text(prng));
}

function scored(prng: Prng, count: number): string[] {
  const odd = prng.below(6) === 0 ? ODD_SCORES : SCORES;
  const scores = Array.from({ length: count }, () => {
    return prng.below(8) === 0 ? odd[prng.below(odd.length)] : SCORES[prng.below(SCORES.length)];
  });
  if (prng.below(4) > 0) scores.sort((a, b) => Number(a) - Number(b));
  return scores.flatMap((score, i) => [`${String(i).padStart(3, "0")} ${text(prng)}`, score]);
}

function timed(prng: Prng, count: number): string[] {
  const times = Array.from({ length: count }, (_, i) => {
    return prng.below(16) === 0 ? text(prng) : String(i * 2 < count ? LATER_MS + i : 0);
  });
  return times.flatMap((time) => [text(prng), text(prng), time]);
}

function doubles(prng: Prng, count: number): Uint8Array {
  return concat(Array.from({ length: count }, () => {
    const score = prng.below(30) === 0 ? NaN : prng.below(9) - 4;
    return concat([string(text(prng)), new Uint8Array(Float64Array.of(score).buffer)]);
  }));
}

/** Often sorted and without doubles, and sometimes of a width that they do not need. */
function intset(prng: Prng, count: number): Uint8Array {
  const width = 2 << prng.below(3);
  const values = Array.from({ length: count }, () => prng.below(200) - 100);
  const kept = prng.below(8) === 0 ? values : [...new Set(values)].sort((a, b) => a - b);
  const view = new DataView(new ArrayBuffer(8 + width * kept.length));
  view.setUint32(0, width, true);
  view.setUint32(4, kept.length, true);
  kept.forEach((value, i) => {
    for (let byte = 0; byte < width; byte++) {
      view.setUint8(8 + i * width + byte, Number(BigInt(value) >> BigInt(8 * byte) & 255n));
    }
  });
  return string(new Uint8Array(view.buffer));
}

/** A string that is a listpack. */
function packed(prng: Prng, items: readonly string[]): Uint8Array {
  const isOdd = prng.below(2) === 0;
  const entries = concat(items.map((item) => entry(prng, item, isOdd)));
  const count = prng.below(16) === 0 ? 65535 : items.length;
  const total = 7 + entries.length;
  const size = [total & 255, total >>> 8 & 255, total >>> 16 & 255, total >>> 24];
  return string(row(size, count & 255, count >>> 8, entries, 0xff));
}

/** @param isOdd in any encoding that can hold it, else in the shortest. */
function entry(prng: Prng, item: string, isOdd: boolean): Uint8Array {
  const isInteger = /^(0|-?[1-9]\d{0,18})$/.test(item) &&
    BigInt(item) === BigInt.asIntN(64, BigInt(item));
  const asText = !isInteger || (isOdd && prng.below(4) === 0);
  const options = asText ? textEncodings(latin1Bytes(item)) : integerEncodings(BigInt(item));
  const encoded = options[isOdd ? prng.below(options.length) : 0];
  return row(encoded, backlen(encoded.length));
}

function textEncodings(bytes: Uint8Array): Uint8Array[] {
  const size = bytes.length;
  const encodings = [row(0xf0, size & 255, size >>> 8, 0, 0, bytes)];
  if (size < 4096) encodings.unshift(row(0xe0 | size >>> 8, size & 255, bytes));
  if (size < 64) encodings.unshift(row(0x80 | size, bytes));
  return encodings;
}

function integerEncodings(value: bigint): Uint8Array[] {
  const low = (width: number) => int64(value).slice(0, width);
  const encodings: Uint8Array[] = [];
  if (value >= 0n && value < 128n) encodings.push(row(Number(value)));
  if (BigInt.asIntN(13, value) === value) {
    const bits = Number(BigInt.asUintN(13, value));
    encodings.push(row(0xc0 | bits >>> 8, bits & 255));
  }
  for (const [first, width] of [[0xf1, 2], [0xf2, 3], [0xf3, 4], [0xf4, 8]]) {
    if (BigInt.asIntN(8 * width, value) === value) encodings.push(row(first, low(width)));
  }
  return encodings;
}

/** The length of an entry, to be read backwards. */
function backlen(size: number): number[] {
  if (size < 128) return [size];
  return [size >>> 7, size & 127 | 128];
}

function string(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? latin1Bytes(value) : value;
  return row(length(bytes.length), bytes);
}

function length(value: number): Uint8Array {
  if (value < 64) return row(value);
  return row(0x80, value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255);
}
