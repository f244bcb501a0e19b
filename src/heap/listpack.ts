/**
 * Listpacks: many short texts and integers in one run of bytes, byte for byte as Redis keeps, dumps
 * and saves them, so that small collections are loaded and saved without being looked at.
 *
 *     0             4         6                                              total - 1
 *     +-------------+---------+-----------+-----------+- - - - -+-----------+------+
 *     | total bytes | entries | entry     | entry     |         | entry     | 0xff |
 *     | 32 bits     | 16 bits |           |           |         |           |      |
 *     +-------------+---------+-----------+-----------+- - - - -+-----------+------+
 *      little-endian; 65535 entries: not known, count them
 *
 * An entry is its encoding, its data, and behind them the length of both, backwards, so that it can
 * be walked from its end (1 to 5 bytes, 7 bits each, the lowest last; all but the first one byte
 * have the top bit set):
 *
 *     0vvvvvvv                       an integer of 0 to 127
 *     10llllll data                  a text of up to 63 bytes
 *     110vvvvv vvvvvvvv              a signed integer of 13 bits, high bits first
 *     1110llll llllllll data         a text of up to 4095 bytes, high bits first
 *     0xf0 l l l l data              any text, its length in 32 bits, little-endian
 *     0xf1, 0xf2, 0xf3, 0xf4 data    a signed integer of 16, 24, 32, 64 bits, little-endian
 *
 * A text that is a 64-bit integer in Redis's one spelling is kept as an integer, in the shortest
 * encoding. Others are possible in what comes from outside, and are read the same.
 *
 * Everything here works on bytes, wherever they are: in the heap, a request or a scratch buffer. An
 * **offset** counts from the start of the listpack. Reading trusts the bytes: what comes from
 * outside goes through `isValidListpack` first (listpack_check.ts).
 */
import {
  integerTextLength,
  MAX_INTEGER_TEXT_BYTES,
  parsed64,
  parseInt64,
  parseSafeInteger,
  writeInt64,
  writeInteger,
} from "../base/integer_text.ts";
import { copyBytes } from "./heap_view.ts";

export const LISTPACK_HEADER_BYTES = 6;
/** The bytes of a listpack without entries. */
export const EMPTY_LISTPACK_BYTES = 7;
/** What stands for the count when there are so many entries or more. */
export const LISTPACK_COUNT_UNKNOWN = 65535;
/** A listpack does not grow beyond this (1 GiB), as in Redis. */
export const LISTPACK_BYTES_MAX = 2 ** 30;
/** The most bytes that an entry takes in addition to its text. */
export const ENTRY_OVERHEAD_BYTES_MAX = 10;
/** The most bytes that an integer takes. */
export const INTEGER_ENTRY_BYTES_MAX = 10;

/** The byte behind the last entry. */
export const LISTPACK_END = 0xff;
/** Texts of up to 63 bytes: their first byte is this and the length. */
const TEXT_6 = 0x80;
const INTEGER_13 = 0xc0;
const TEXT_12 = 0xe0;
const TEXT_32 = 0xf0;
const INTEGER_16 = 0xf1;
const INTEGER_24 = 0xf2;
const INTEGER_32 = 0xf3;
const INTEGER_64 = 0xf4;

const NO_BYTES = new Uint8Array(0);

/** The length of the whole listpack that begins at a position. */
export function listpackTotalBytes(bytes: Uint8Array, at: number): number {
  return readWord(bytes, at) >>> 0;
}

/** How many entries there are: read, or counted where the header does not say. */
export function listpackCount(bytes: Uint8Array, at: number): number {
  const count = bytes[at + 4] | bytes[at + 5] << 8;
  if (count !== LISTPACK_COUNT_UNKNOWN) return count;
  let counted = 0;
  for (let p = at + LISTPACK_HEADER_BYTES; bytes[p] !== LISTPACK_END; p += entryBytesAt(bytes, p)) {
    counted++;
  }
  return counted;
}

/** Writes the six bytes that a listpack begins with. */
export function writeHeader(
  target: Uint8Array,
  at: number,
  totalBytes: number,
  count: number,
): void {
  writeWord(target, at, totalBytes);
  const kept = count < LISTPACK_COUNT_UNKNOWN ? count : LISTPACK_COUNT_UNKNOWN;
  target[at + 4] = kept;
  target[at + 5] = kept >>> 8;
}

/** Writes a listpack without entries and returns where it ends. */
export function writeEmptyListpack(target: Uint8Array, at: number): number {
  writeHeader(target, at, EMPTY_LISTPACK_BYTES, 0);
  target[at + LISTPACK_HEADER_BYTES] = LISTPACK_END;
  return at + EMPTY_LISTPACK_BYTES;
}

/** The bytes of the entry that begins at a position. */
export function entryBytesAt(bytes: Uint8Array, p: number): number {
  const first = bytes[p];
  if (first < TEXT_6) return 2;
  if (first < INTEGER_13) return (first & 0x3f) + 2;
  const length = encodedBytesAt(bytes, p);
  return length + backlenBytes(length);
}

/** The bytes of an entry's encoding and data; 0 where there is no entry. */
export function encodedBytesAt(bytes: Uint8Array, p: number): number {
  const first = bytes[p];
  if (first < TEXT_6) return 1;
  if (first < INTEGER_13) return (first & 0x3f) + 1;
  if (first < TEXT_12) return 2;
  if (first < TEXT_32) return ((first & 0x0f) << 8 | bytes[p + 1]) + 2;
  if (first === TEXT_32) return (readWord(bytes, p + 1) >>> 0) + 5;
  if (first === INTEGER_64) return 9;
  return first < INTEGER_64 ? first - INTEGER_16 + 3 : 0;
}

/** The bytes that the length of an entry takes behind it. */
export function backlenBytes(length: number): number {
  if (length < 128) return 1;
  if (length < 16383) return 2;
  if (length < 2097151) return 3;
  return length < 268435455 ? 4 : 5;
}

/** Writes the length of an entry behind it and returns where that ends. */
export function writeBacklen(target: Uint8Array, at: number, length: number): number {
  if (length < 128) {
    target[at] = length;
    return at + 1;
  }
  const end = at + backlenBytes(length);
  let left = length;
  for (let p = end - 1; p > at; p--) {
    target[p] = left & 0x7f | 0x80;
    left >>>= 7;
  }
  target[at] = left;
  return end;
}

/** Reads a length that ends before a position; -1 where it takes more than five bytes. */
export function backlenBefore(bytes: Uint8Array, p: number): number {
  let byte = bytes[--p];
  if (byte < 0x80) return byte;
  let length = byte & 0x7f;
  let scale = 128;
  do {
    if (scale > 2 ** 28) return -1;
    byte = bytes[--p];
    length += (byte & 0x7f) * scale;
    scale *= 128;
  } while (byte >= 0x80);
  return length;
}

/** The bytes that the entry of a text takes. */
export function entryBytesFor(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (mayBeInteger(bytes, start, length)) {
    const value = parseSafeInteger(bytes, start, end);
    if (value === value) return entryBytesForInteger(value);
    if (length > 15 && parseInt64(bytes, start, end)) return INTEGER_ENTRY_BYTES_MAX;
  }
  const encoded = length < 64 ? length + 1 : length < 4096 ? length + 2 : length + 5;
  return encoded + backlenBytes(encoded);
}

/**
 * Writes the entry of a text.
 * @param target must have {@link entryBytesFor} the text free; its length and
 * ENTRY_OVERHEAD_BYTES_MAX always suffice.
 * @returns where the entry ends.
 */
export function writeEntry(
  target: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const length = end - start;
  if (mayBeInteger(bytes, start, length)) {
    const value = parseSafeInteger(bytes, start, end);
    if (value === value) return writeIntegerEntry(target, at, value);
    if (length > 15 && parseInt64(bytes, start, end)) {
      return writeInt64Entry(target, at, parsed64.high, parsed64.low);
    }
  }
  if (length >= 64) return writeLongText(target, at, bytes, start, length);
  target[at++] = TEXT_6 | length;
  for (let i = start; i < end; i++) target[at++] = bytes[i];
  target[at] = length + 1;
  return at + 1;
}

function writeLongText(
  target: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  const from = at;
  if (length < 4096) {
    target[at++] = TEXT_12 | length >>> 8;
    target[at++] = length;
  } else {
    target[at] = TEXT_32;
    writeWord(target, at + 1, length);
    at += 5;
  }
  copyBytes(bytes, start, length, target, at);
  at += length;
  return writeBacklen(target, at, at - from);
}

/** A first byte and a length that an integer may have. */
function mayBeInteger(bytes: Uint8Array, start: number, length: number): boolean {
  if (length < 1 || length > MAX_INTEGER_TEXT_BYTES) return false;
  const first = bytes[start];
  return first <= 0x39 && (first >= 0x30 || first === 0x2d);
}

/** The bytes that the entry of a safe integer takes. */
export function entryBytesForInteger(value: number): number {
  if (value >= 0 && value <= 127) return 2;
  if (value >= -4096 && value <= 4095) return 3;
  if (value >= -32768 && value <= 32767) return 4;
  if (value >= -8388608 && value <= 8388607) return 5;
  return (value | 0) === value ? 6 : INTEGER_ENTRY_BYTES_MAX;
}

/** Writes the entry of a safe integer and returns where it ends. */
export function writeIntegerEntry(target: Uint8Array, at: number, value: number): number {
  const low = value | 0;
  if (low !== value) return write64(target, at, Math.floor(value / 2 ** 32), low);
  if (low >= 0 && low <= 127) {
    target[at] = low;
    target[at + 1] = 1;
    return at + 2;
  }
  if (low >= -4096 && low <= 4095) {
    target[at] = INTEGER_13 | low >>> 8 & 0x1f;
    target[at + 1] = low;
    target[at + 2] = 2;
    return at + 3;
  }
  const size = low >= -32768 && low <= 32767 ? 2 : low >= -8388608 && low <= 8388607 ? 3 : 4;
  target[at] = INTEGER_16 + size - 2;
  target[at + 1] = low;
  target[at + 2] = low >>> 8;
  if (size > 2) target[at + 3] = low >>> 16;
  if (size > 3) target[at + 4] = low >>> 24;
  target[at + size + 1] = size + 1;
  return at + size + 2;
}

/** Writes the entry of any 64-bit integer, given as two words, and returns where it ends. */
export function writeInt64Entry(
  target: Uint8Array,
  at: number,
  high: number,
  low: number,
): number {
  if (low >> 31 === (high | 0)) return writeIntegerEntry(target, at, low | 0);
  return write64(target, at, high, low);
}

/** The bytes that the entry of a 64-bit integer takes. */
export function entryBytesForInt64(high: number, low: number): number {
  if (low >> 31 === (high | 0)) return entryBytesForInteger(low | 0);
  return INTEGER_ENTRY_BYTES_MAX;
}

function write64(target: Uint8Array, at: number, high: number, low: number): number {
  target[at] = INTEGER_64;
  writeWord(target, at + 1, low);
  writeWord(target, at + 5, high);
  target[at + 9] = 9;
  return at + 10;
}

function readWord(bytes: Uint8Array, at: number): number {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
}

function writeWord(target: Uint8Array, at: number, word: number): void {
  target[at] = word;
  target[at + 1] = word >>> 8;
  target[at + 2] = word >>> 16;
  target[at + 3] = word >>> 24;
}

/** Whether two ranges of one length end alike all the way; names differ in their last bytes. */
function areEqual(
  one: Uint8Array,
  oneEnd: number,
  other: Uint8Array,
  otherEnd: number,
  length: number,
): boolean {
  for (let i = 1; i <= length; i++) if (one[oneEnd - i] !== other[otherEnd - i]) return false;
  return true;
}

/**
 * One place in a listpack: at an entry, whose content is in the registers, or between two.
 *
 * The reader holds no copy. When the bytes may have moved or changed, open it again.
 */
export class ListpackReader {
  bytes: Uint8Array = NO_BYTES;
  /** Where the listpack begins in `bytes`. */
  start = 0;
  /** Where the entry begins. */
  offset = 0;
  /** All of its bytes; 0 when the place is not an entry but before what stands at `offset`. */
  entryBytes = 0;

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

  readonly #digits: Uint8Array = new Uint8Array(MAX_INTEGER_TEXT_BYTES);

  #needle: Uint8Array = NO_BYTES;
  #needleEnd = 0;
  #needleLength = 0;
  #needleIsInteger = false;
  #needleHigh = 0;
  #needleLow = 0;

  /** Goes before the first entry of a listpack. */
  open(bytes: Uint8Array, at: number): void {
    this.openAt(bytes, at, LISTPACK_HEADER_BYTES);
  }

  /** Goes behind the last entry of a listpack. */
  openEnd(bytes: Uint8Array, at: number): void {
    this.openAt(bytes, at, listpackTotalBytes(bytes, at) - 1);
  }

  /** Goes before the entry that begins at an offset: `next` reads it. */
  openAt(bytes: Uint8Array, at: number, offset: number): void {
    this.bytes = bytes;
    this.start = at;
    this.offset = offset;
    this.entryBytes = 0;
  }

  /** Lets go of the heap's memory, where the reader is kept. */
  close(): void {
    this.openAt(NO_BYTES, 0, 0);
    this.stringBytes = NO_BYTES;
    this.#needle = NO_BYTES;
  }

  /** How many entries the listpack has. */
  get count(): number {
    return listpackCount(this.bytes, this.start);
  }

  /** The length of the listpack. */
  get totalBytes(): number {
    return listpackTotalBytes(this.bytes, this.start);
  }

  /** Goes to the next entry; false, and behind the last, when there is none. */
  next(): boolean {
    const bytes = this.bytes;
    const offset = this.offset + this.entryBytes;
    const p = this.start + offset;
    const first = bytes[p];
    this.offset = offset;
    if (first < TEXT_6) {
      this.isInteger = true;
      this.value = first;
      this.high = 0;
      this.low = first;
      this.entryBytes = 2;
      return true;
    }
    if (first < INTEGER_13) {
      const length = first & 0x3f;
      this.isInteger = false;
      this.stringBytes = bytes;
      this.stringStart = p + 1;
      this.stringEnd = p + 1 + length;
      this.entryBytes = length + 2;
      return true;
    }
    return this.#decodeLong(bytes, p, first);
  }

  /** Goes to the entry before; false, and before the first, when there is none. */
  previous(): boolean {
    const offset = this.offset;
    if (offset <= LISTPACK_HEADER_BYTES) {
      this.entryBytes = 0;
      return false;
    }
    const length = backlenBefore(this.bytes, this.start + offset);
    this.offset = offset - length - backlenBytes(length);
    this.entryBytes = 0;
    return this.next();
  }

  /** Goes to the entry of an index, a negative one from the end; false when there is none. */
  seek(index: number): boolean {
    const count = this.count;
    if (index < 0) index += count;
    if (index < 0 || index >= count) return false;
    if (index <= count >>> 1) {
      this.offset = LISTPACK_HEADER_BYTES;
      this.entryBytes = 0;
      return this.skip(index + 1);
    }
    this.offset = this.totalBytes - 1;
    for (let left = count - index - 1; left > 0; left--) {
      const length = backlenBefore(this.bytes, this.start + this.offset);
      this.offset -= length + backlenBytes(length);
    }
    return this.previous();
  }

  /** As `count` times `next`, at least once; what is passed is not decoded. */
  skip(count: number): boolean {
    const bytes = this.bytes;
    let p = this.start + this.offset + this.entryBytes;
    for (; count > 1 && bytes[p] !== LISTPACK_END; count--) p += entryBytesAt(bytes, p);
    this.offset = p - this.start;
    this.entryBytes = 0;
    return this.next();
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

  /** Whether the entry is this text; to compare many use {@link prepare}. */
  equals(bytes: Uint8Array, start: number, end: number): boolean {
    this.prepare(bytes, start, end);
    return this.isPrepared();
  }

  /** Looks from the next entry on for a text, passing `skip` entries after each one compared. */
  find(bytes: Uint8Array, start: number, end: number, skip: number): boolean {
    this.prepare(bytes, start, end);
    return this.findPrepared(skip);
  }

  /** Takes a text to look for, which must stay where it is. */
  prepare(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#needle = bytes;
    this.#needleEnd = end;
    this.#needleLength = length;
    this.#needleIsInteger = false;
    if (!mayBeInteger(bytes, start, length)) return;
    const value = parseSafeInteger(bytes, start, end);
    if (value === value) {
      this.#needleIsInteger = true;
      this.#needleLow = value | 0;
      this.#needleHigh = (value | 0) === value ? value >> 31 : Math.floor(value / 2 ** 32);
    } else if (length > 15 && parseInt64(bytes, start, end)) {
      this.#needleIsInteger = true;
      this.#needleLow = parsed64.low;
      this.#needleHigh = parsed64.high;
    }
  }

  /** Whether the entry is the text of {@link prepare}. */
  isPrepared(): boolean {
    if (this.isInteger) {
      return this.#needleIsInteger && this.low === this.#needleLow &&
        this.high === this.#needleHigh;
    }
    const length = this.#needleLength;
    return this.stringEnd - this.stringStart === length &&
      areEqual(this.stringBytes, this.stringEnd, this.#needle, this.#needleEnd, length);
  }

  /** As {@link find}, for the text of {@link prepare}. Not found: behind the last entry. */
  findPrepared(skip: number): boolean {
    const bytes = this.bytes;
    const needle = this.#needle;
    const needleEnd = this.#needleEnd;
    const length = this.#needleLength;
    const isInteger = this.#needleIsInteger;
    // What a shorter integer can be compared with: none is -1 at 0 to 127, nor 2^31 in 13 bits.
    const low = this.#needleLow >> 31 === this.#needleHigh ? this.#needleLow : 2 ** 31;
    const digit = isInteger ? low : -1;
    const short = length < 64 ? TEXT_6 | length : -1;
    let p = this.start + this.offset + this.entryBytes;
    for (;;) {
      const first = bytes[p];
      if (first < TEXT_6) {
        if (first === digit) return this.#goTo(p);
        p += 2;
      } else if (first < INTEGER_13) {
        const end = p + (first & 0x3f) + 1;
        if (first === short && areEqual(bytes, end, needle, needleEnd, length)) {
          return this.#goTo(p);
        }
        p = end + 1;
      } else if (first < TEXT_12) {
        if (isInteger && ((first & 0x1f) << 8 | bytes[p + 1]) << 19 >> 19 === low) {
          return this.#goTo(p);
        }
        p += 3;
      } else if (first >= INTEGER_16 && first <= INTEGER_64 && !isInteger) {
        p += first === INTEGER_64 ? 10 : first - INTEGER_16 + 4;
      } else {
        if (!this.#goTo(p)) return false;
        if (this.isPrepared()) return true;
        p += this.entryBytes;
      }
      for (let left = skip; left > 0; left--) {
        const passed = bytes[p];
        if (passed < INTEGER_13) p += passed < TEXT_6 ? 2 : (passed & 0x3f) + 2;
        else if (passed !== LISTPACK_END) p += entryBytesAt(bytes, p);
      }
    }
  }

  #goTo(p: number): boolean {
    this.offset = p - this.start;
    this.entryBytes = 0;
    return this.next();
  }

  #decodeLong(bytes: Uint8Array, p: number, first: number): boolean {
    if (first < TEXT_12) {
      return this.#setInteger(((first & 0x1f) << 8 | bytes[p + 1]) << 19 >> 19, 3);
    }
    switch (first) {
      case INTEGER_16:
        return this.#setInteger((bytes[p + 1] | bytes[p + 2] << 8) << 16 >> 16, 4);
      case INTEGER_24:
        return this.#setInteger(readWord(bytes, p) >> 8, 5);
      case INTEGER_32:
        return this.#setInteger(readWord(bytes, p + 1), 6);
      case INTEGER_64:
        this.#setInteger(0, 10);
        this.low = readWord(bytes, p + 1);
        this.high = readWord(bytes, p + 5);
        this.value = this.high * 2 ** 32 + (this.low >>> 0);
        return true;
      case LISTPACK_END:
        this.entryBytes = 0;
        return false;
    }
    const headBytes = first === TEXT_32 ? 5 : 2;
    const encoded = encodedBytesAt(bytes, p);
    this.isInteger = false;
    this.stringBytes = bytes;
    this.stringStart = p + headBytes;
    this.stringEnd = p + encoded;
    this.entryBytes = encoded + backlenBytes(encoded);
    return true;
  }

  #setInteger(value: number, entryBytes: number): boolean {
    this.isInteger = true;
    this.value = value;
    this.high = value >> 31;
    this.low = value;
    this.entryBytes = entryBytes;
    return true;
  }
}
