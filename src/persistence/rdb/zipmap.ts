/**
 * Zipmaps: what small hashes were in RDB files of Redis before 2.6. They are only read here, and
 * become listpacks.
 *
 *     0        1
 *     +--------+--------+-------+--------+------+-------+- - - -+- - - - - -+------+
 *     | fields | length | field | length | free | value | free  | and so on | 0xff |
 *     | 8 bits |        |       |        | 8 b. |       | bytes |           |      |
 *     +--------+--------+-------+--------+------+-------+- - - -+- - - - - -+------+
 *      254 fields: not known, count them
 *
 * A length is one byte up to 253, else 0xfe and 32 bits, little-endian.
 */
import type { ListpackWriter } from "../../heap/listpack_writer.ts";

const LONG_LENGTH = 0xfe;
const COUNT_UNKNOWN = 0xfe;
const END = 0xff;

const NO_BYTES = new Uint8Array(0);

/** The bytes that a length takes. */
function lengthBytes(bytes: Uint8Array, p: number): number {
  return bytes[p] < LONG_LENGTH ? 1 : 5;
}

function readLength(bytes: Uint8Array, p: number): number {
  if (bytes[p] < LONG_LENGTH) return bytes[p];
  return (bytes[p + 1] | bytes[p + 2] << 8 | bytes[p + 3] << 16 | bytes[p + 4] << 24) >>> 0;
}

/** Reads a zipmap that {@link isValidZipmap} has looked through: its fields in order. */
export class ZipmapReader {
  bytes: Uint8Array = NO_BYTES;
  fieldStart = 0;
  fieldEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  #next = 0;

  /** Goes before the first field. */
  open(bytes: Uint8Array, at: number): void {
    this.bytes = bytes;
    this.#next = at + 1;
  }

  /** Goes to the next field; false when there is none. */
  next(): boolean {
    const bytes = this.bytes;
    const p = this.#next;
    if (bytes[p] === END) return false;
    this.fieldStart = p + lengthBytes(bytes, p);
    this.fieldEnd = this.fieldStart + readLength(bytes, p);
    const free = this.fieldEnd + lengthBytes(bytes, this.fieldEnd);
    this.valueStart = free + 1;
    this.valueEnd = this.valueStart + readLength(bytes, this.fieldEnd);
    this.#next = this.valueEnd + bytes[free];
    return true;
  }
}

/** Makes the whole of a valid zipmap a finished listpack and returns its length. */
export function zipmapToListpack(bytes: Uint8Array, at: number, writer: ListpackWriter): number {
  const reader = new ZipmapReader();
  reader.open(bytes, at);
  writer.begin();
  while (reader.next()) {
    writer.add(bytes, reader.fieldStart, reader.fieldEnd);
    writer.add(bytes, reader.valueStart, reader.valueEnd);
  }
  return writer.finish();
}

/**
 * Whether `bytes[at..at+length)` is a zipmap with fields, as strictly as redis-server looks at one
 * when it sanitises a payload. Reads nothing outside.
 * @param deep looks at each field; else only the end is.
 */
export function isValidZipmap(
  bytes: Uint8Array,
  at: number,
  length: number,
  deep: boolean,
): boolean {
  const last = at + length - 1;
  if (length < 2 || bytes[last] !== END) return false;
  if (!deep) return true;
  let count = 0;
  let p = at + 1;
  while (bytes[p] !== END) {
    p = behindText(bytes, p, last, 0);
    if (p < 0) return false;
    p = behindText(bytes, p, last, 1);
    if (p < 0) return false;
    count++;
  }
  // Bytes behind the end, redis-server does not mind.
  return count > 0 && (bytes[at] === COUNT_UNKNOWN || bytes[at] === count);
}

/** The end of a length, as many bytes that say what is free, and a text; -1 behind `last`. */
function behindText(bytes: Uint8Array, p: number, last: number, freeBytes: number): number {
  const start = p + lengthBytes(bytes, p) + freeBytes;
  if (start > last) return -1;
  const free = freeBytes === 0 ? 0 : bytes[start - 1];
  const end = start + readLength(bytes, p) + free;
  return end > last ? -1 : end;
}
