/**
 * Ziplists: what small lists, hashes and sorted sets were before listpacks, in RDB files of Redis
 * 2.6 to 6.2. They are only read here, and become listpacks.
 *
 *     0             4             8         10                                 total - 1
 *     +-------------+-------------+---------+---------+- - - - -+--------------+------+
 *     | total bytes | last entry  | entries | entry   |         | last entry   | 0xff |
 *     | 32 bits     | its offset  | 16 bits |         |         |              |      |
 *     +-------------+-------------+---------+---------+- - - - -+--------------+------+
 *      little-endian; 65535 entries: not known, count them
 *
 * An entry is the length of the one before it (one byte up to 253, else 0xfe and 32 bits), its
 * encoding, and its data:
 *
 *     00llllll data              a text of up to 63 bytes
 *     01llllll llllllll data     a text of up to 16383 bytes, high bits first
 *     10------ l l l l data      any text, its length in 32 bits, big-endian
 *     0xfe, 0xc0, 0xf0, 0xd0, 0xe0 data    a signed integer of 8, 16, 24, 32, 64 bits, little-endian
 *     0xf1 to 0xfd               the integers 0 to 12
 */
import {
  integerTextLength,
  MAX_INTEGER_TEXT_BYTES,
  writeInt64,
  writeInteger,
} from "../../base/integer_text.ts";
import type { ListpackWriter } from "../../heap/listpack_writer.ts";

export const ZIPLIST_HEADER_BYTES = 10;
const COUNT_UNKNOWN = 65535;
const END = 0xff;
/** The length of the entry before takes five bytes from here on. */
const LONG_PREVIOUS = 0xfe;
const TEXT_14 = 0x40;
const TEXT_32 = 0x80;
/** The first encoding that is not a text. */
const INTEGERS = 0xc0;
const INTEGER_16 = 0xc0;
const INTEGER_32 = 0xd0;
const INTEGER_64 = 0xe0;
const INTEGER_24 = 0xf0;
const INTEGER_8 = 0xfe;
/** The integers 0 to 12 are this and one more, up to the last. */
const IMMEDIATE_BASE = 0xf1;
const IMMEDIATE_LAST = 0xfd;

const NO_BYTES = new Uint8Array(0);

/** The bytes of an encoding and the length in it; 0 where there is no such encoding. */
function headBytes(encoding: number): number {
  if (encoding < TEXT_14) return 1;
  if (encoding < TEXT_32) return 2;
  if (encoding < INTEGERS) return 5;
  return integerBytes(encoding) < 0 ? 0 : 1;
}

/** The bytes of an integer's data; -1 where there is no such encoding. */
function integerBytes(encoding: number): number {
  switch (encoding) {
    case INTEGER_8:
      return 1;
    case INTEGER_16:
      return 2;
    case INTEGER_24:
      return 3;
    case INTEGER_32:
      return 4;
    case INTEGER_64:
      return 8;
  }
  return encoding >= IMMEDIATE_BASE && encoding <= IMMEDIATE_LAST ? 0 : -1;
}

/** The bytes of the data behind the encoding at a position, which is one. */
function dataBytes(bytes: Uint8Array, p: number): number {
  const encoding = bytes[p];
  if (encoding < TEXT_14) return encoding;
  if (encoding < TEXT_32) return (encoding & 0x3f) << 8 | bytes[p + 1];
  if (encoding < INTEGERS) {
    return (bytes[p + 1] << 24 | bytes[p + 2] << 16 | bytes[p + 3] << 8 | bytes[p + 4]) >>> 0;
  }
  return integerBytes(encoding);
}

function readWord(bytes: Uint8Array, at: number): number {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
}

/**
 * Reads a ziplist that {@link isValidZiplist} has looked through, from its beginning; the registers
 * are those of a `ListpackReader`.
 */
export class ZiplistReader {
  isInteger = false;
  /** An integer's value: exact when it is a safe integer, else the nearest double. */
  value = 0;
  /** An integer's upper and lower half, as int32. */
  high = 0;
  low = 0;
  /** Where a text stands; for an integer only after {@link text}. */
  stringBytes: Uint8Array = NO_BYTES;
  stringStart = 0;
  stringEnd = 0;

  #bytes: Uint8Array = NO_BYTES;
  #next = 0;
  readonly #digits: Uint8Array = new Uint8Array(MAX_INTEGER_TEXT_BYTES);

  /** Goes before the first entry. */
  open(bytes: Uint8Array, at: number): void {
    this.#bytes = bytes;
    this.#next = at + ZIPLIST_HEADER_BYTES;
  }

  /** Goes to the next entry; false when there is none. */
  next(): boolean {
    const bytes = this.#bytes;
    let p = this.#next;
    if (bytes[p] === END) return false;
    p += bytes[p] < LONG_PREVIOUS ? 1 : 5;
    const encoding = bytes[p];
    const start = p + headBytes(encoding);
    const end = start + dataBytes(bytes, p);
    this.#next = end;
    this.isInteger = encoding >= INTEGERS;
    if (this.isInteger) this.#readInteger(encoding, start);
    else {
      this.stringBytes = bytes;
      this.stringStart = start;
      this.stringEnd = end;
    }
    return true;
  }

  /** The length of the entry as text. */
  get length(): number {
    if (!this.isInteger) return this.stringEnd - this.stringStart;
    if (Number.isSafeInteger(this.value)) return integerTextLength(this.value);
    return writeInt64(this.#digits, 0, this.high, this.low);
  }

  /** Makes the string registers say an integer's text, too; good until the next entry. */
  text(): void {
    if (!this.isInteger) return;
    const digits = this.#digits;
    this.stringBytes = digits;
    this.stringStart = 0;
    this.stringEnd = Number.isSafeInteger(this.value)
      ? writeInteger(digits, 0, this.value)
      : writeInt64(digits, 0, this.high, this.low);
  }

  /** Adds the entry to a listpack. */
  addTo(writer: ListpackWriter): void {
    if (this.isInteger) writer.addInt64(this.high, this.low);
    else writer.add(this.stringBytes, this.stringStart, this.stringEnd);
  }

  #readInteger(encoding: number, start: number): void {
    const bytes = this.#bytes;
    if (encoding === INTEGER_64) {
      this.low = readWord(bytes, start);
      this.high = readWord(bytes, start + 4);
      this.value = this.high * 2 ** 32 + (this.low >>> 0);
      return;
    }
    this.low = readShortInteger(bytes, start, encoding);
    this.high = this.low >> 31;
    this.value = this.low;
  }
}

/** An integer of at most 32 bits. */
function readShortInteger(bytes: Uint8Array, start: number, encoding: number): number {
  switch (encoding) {
    case INTEGER_8:
      return bytes[start] << 24 >> 24;
    case INTEGER_16:
      return (bytes[start] | bytes[start + 1] << 8) << 16 >> 16;
    case INTEGER_24:
      return (bytes[start] << 8 | bytes[start + 1] << 16 | bytes[start + 2] << 24) >> 8;
    case INTEGER_32:
      return readWord(bytes, start);
  }
  return encoding - IMMEDIATE_BASE;
}

/** Makes the whole of a valid ziplist a finished listpack and returns its length. */
export function ziplistToListpack(bytes: Uint8Array, at: number, writer: ListpackWriter): number {
  const reader = new ZiplistReader();
  reader.open(bytes, at);
  writer.begin();
  while (reader.next()) reader.addTo(writer);
  return writer.finish();
}

/**
 * Whether `bytes[at..at+length)` is a ziplist, as strictly as redis-server looks at one when it
 * sanitises a payload. Reads nothing outside.
 * @param deep looks at each entry; else only header and end are.
 */
export function isValidZiplist(
  bytes: Uint8Array,
  at: number,
  length: number,
  deep: boolean,
): boolean {
  if (length < ZIPLIST_HEADER_BYTES + 1 || readWord(bytes, at) >>> 0 !== length) return false;
  const last = at + length - 1;
  if (bytes[last] !== END) return false;
  const tail = at + (readWord(bytes, at + 4) >>> 0);
  if (tail > last) return false;
  if (!deep) return true;
  let count = 0;
  let previousBytes = 0;
  let p = at + ZIPLIST_HEADER_BYTES;
  while (bytes[p] !== END) {
    const entryBytes = validEntryBytes(bytes, p, last, previousBytes);
    if (entryBytes === 0) return false;
    p += entryBytes;
    previousBytes = entryBytes;
    count++;
  }
  if (p !== last || (count > 0 && p - previousBytes !== tail)) return false;
  const headerCount = bytes[at + 8] | bytes[at + 9] << 8;
  return headerCount === COUNT_UNKNOWN || headerCount === count;
}

/** The bytes of the entry at a position, 0 when it is broken or reaches behind `last`. */
function validEntryBytes(
  bytes: Uint8Array,
  p: number,
  last: number,
  previousBytes: number,
): number {
  const isLong = bytes[p] >= LONG_PREVIOUS;
  const encodingAt = p + (isLong ? 5 : 1);
  if (encodingAt > last) return 0;
  if ((isLong ? readWord(bytes, p + 1) >>> 0 : bytes[p]) !== previousBytes) return 0;
  const head = headBytes(bytes[encodingAt]);
  if (head === 0 || encodingAt + head > last) return 0;
  const end = encodingAt + head + dataBytes(bytes, encodingAt);
  return end > last ? 0 : end - p;
}
