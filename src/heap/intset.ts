/**
 * Intsets: sets of integers, sorted, byte for byte as Redis keeps, dumps and saves them.
 *
 *     0           4           8
 *     +-----------+-----------+---------+---------+- - - -+---------+
 *     | width     | count     | member  | member  |       | member  |     all little-endian
 *     | 32 bits   | 32 bits   |         |         |       |         |
 *     +-----------+-----------+---------+---------+- - - -+---------+
 *      2, 4 or 8               signed integers of that many bytes, ascending, none twice
 *
 * The width is that of the widest member there ever was: a wider one makes the set anew, and no
 * removal makes it narrow again.
 *
 * A member is given as two words (high: int32, low: int32), as `parseInt64` reads it. An **index**
 * counts members. Everything here works on bytes, wherever they are, and trusts them: what comes
 * from outside goes through {@link isValidIntset} first.
 */
import { writeInt64, writeInteger } from "../base/integer_text.ts";

export const INTSET_HEADER_BYTES = 8;

/** The bytes of a member: 2, 4 or 8. */
export function intsetWidth(bytes: Uint8Array, at: number): number {
  return bytes[at];
}

/** How many members there are. */
export function intsetCount(bytes: Uint8Array, at: number): number {
  return readWord(bytes, at + 4) >>> 0;
}

/** The length of the whole intset. */
export function intsetTotalBytes(bytes: Uint8Array, at: number): number {
  return INTSET_HEADER_BYTES + intsetWidth(bytes, at) * intsetCount(bytes, at);
}

/** The width that a member needs. */
export function intsetWidthFor(high: number, low: number): number {
  if (low >> 31 !== high) return 8;
  return low << 16 >> 16 === low ? 2 : 4;
}

/** The lower half of a member. */
export function intsetLow(bytes: Uint8Array, at: number, index: number): number {
  switch (bytes[at]) {
    case 2:
      return readShort(bytes, at + INTSET_HEADER_BYTES + index * 2);
    case 4:
      return readWord(bytes, at + INTSET_HEADER_BYTES + index * 4);
    default:
      return readWord(bytes, at + INTSET_HEADER_BYTES + index * 8);
  }
}

/** The upper half of a member. */
export function intsetHigh(bytes: Uint8Array, at: number, index: number): number {
  if (bytes[at] === 8) return readWord(bytes, at + INTSET_HEADER_BYTES + index * 8 + 4);
  return intsetLow(bytes, at, index) >> 31;
}

/** A member as a number: exact when it is a safe integer, else the nearest double. */
export function intsetValue(bytes: Uint8Array, at: number, index: number): number {
  if (bytes[at] !== 8) return intsetLow(bytes, at, index);
  const p = at + INTSET_HEADER_BYTES + index * 8;
  return readWord(bytes, p + 4) * 2 ** 32 + (readWord(bytes, p) >>> 0);
}

/**
 * Writes a member as decimal text.
 * @param into must have 20 bytes free from `intoAt`.
 * @returns where the text ends.
 */
export function writeIntsetText(
  into: Uint8Array,
  intoAt: number,
  bytes: Uint8Array,
  at: number,
  index: number,
): number {
  if (bytes[at] !== 8) return writeInteger(into, intoAt, intsetLow(bytes, at, index));
  const p = at + INTSET_HEADER_BYTES + index * 8;
  return writeInt64(into, intoAt, readWord(bytes, p + 4), readWord(bytes, p));
}

/** The index of a member, or `~index` of where it would stand. */
export function intsetSearch(bytes: Uint8Array, at: number, high: number, low: number): number {
  const count = intsetCount(bytes, at);
  const width = bytes[at];
  if (width < intsetWidthFor(high, low)) return high < 0 ? ~0 : ~count;
  const start = at + INTSET_HEADER_BYTES;
  if (width === 2) return searchShorts(bytes, start, count, low);
  if (width === 4) return searchWords(bytes, start, count, low);
  return searchWide(bytes, start, count, high, low);
}

// Each search looks at the end first: many sets grow there.

function searchShorts(bytes: Uint8Array, start: number, count: number, value: number): number {
  if (count > 0 && readShort(bytes, start + (count - 1) * 2) < value) return ~count;
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = from + to >>> 1;
    if (readShort(bytes, start + middle * 2) < value) from = middle + 1;
    else to = middle;
  }
  return from < count && readShort(bytes, start + from * 2) === value ? from : ~from;
}

function searchWords(bytes: Uint8Array, start: number, count: number, value: number): number {
  if (count > 0 && readWord(bytes, start + (count - 1) * 4) < value) return ~count;
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = from + to >>> 1;
    if (readWord(bytes, start + middle * 4) < value) from = middle + 1;
    else to = middle;
  }
  return from < count && readWord(bytes, start + from * 4) === value ? from : ~from;
}

function searchWide(
  bytes: Uint8Array,
  start: number,
  count: number,
  high: number,
  low: number,
): number {
  if (count > 0 && isBelow(bytes, start + (count - 1) * 8, high, low)) return ~count;
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = from + to >>> 1;
    if (isBelow(bytes, start + middle * 8, high, low)) from = middle + 1;
    else to = middle;
  }
  const p = start + from * 8;
  return from < count && readWord(bytes, p) === low && readWord(bytes, p + 4) === high
    ? from
    : ~from;
}

/** Whether the 64-bit integer at a position is smaller than another. */
function isBelow(bytes: Uint8Array, p: number, high: number, low: number): boolean {
  const itsHigh = readWord(bytes, p + 4);
  return itsHigh !== high ? itsHigh < high : readWord(bytes, p) >>> 0 < low >>> 0;
}

/** Writes the eight bytes that an intset begins with. */
export function writeIntsetHeader(
  target: Uint8Array,
  at: number,
  width: number,
  count: number,
): void {
  writeWord(target, at, width);
  writeWord(target, at + 4, count);
}

/** Writes one member in a width that it fits and returns where it ends. */
export function writeIntsetMember(
  target: Uint8Array,
  at: number,
  width: number,
  high: number,
  low: number,
): number {
  target[at] = low;
  target[at + 1] = low >>> 8;
  if (width === 2) return at + 2;
  target[at + 2] = low >>> 16;
  target[at + 3] = low >>> 24;
  if (width === 4) return at + 4;
  writeWord(target, at + 4, high);
  return at + 8;
}

/**
 * Writes a copy of an intset with one member more, which is not in it, in the width that both need.
 *
 * @param target must have 8 bytes for the header and for each member the width free, and overlap
 * nothing of the intset.
 * @param position where the member goes: the complement of what {@link intsetSearch} said.
 * @returns the length of the copy.
 */
export function copyIntsetWith(
  target: Uint8Array,
  targetAt: number,
  bytes: Uint8Array,
  at: number,
  position: number,
  high: number,
  low: number,
): number {
  const count = intsetCount(bytes, at);
  const width = Math.max(intsetWidth(bytes, at), intsetWidthFor(high, low));
  writeIntsetHeader(target, targetAt, width, count + 1);
  let to = targetAt + INTSET_HEADER_BYTES;
  for (let i = 0; i <= count; i++) {
    if (i === position) to = writeIntsetMember(target, to, width, high, low);
    if (i === count) break;
    to = writeIntsetMember(target, to, width, intsetHigh(bytes, at, i), intsetLow(bytes, at, i));
  }
  return to - targetAt;
}

/**
 * Puts a member that is not there yet, and is not wider than the set, in its place.
 * @param bytes must have the width free behind the intset.
 */
export function insertIntoIntset(
  bytes: Uint8Array,
  at: number,
  position: number,
  high: number,
  low: number,
): void {
  const width = intsetWidth(bytes, at);
  const count = intsetCount(bytes, at);
  const from = at + INTSET_HEADER_BYTES + position * width;
  bytes.copyWithin(from + width, from, at + INTSET_HEADER_BYTES + count * width);
  writeIntsetMember(bytes, from, width, high, low);
  writeIntsetHeader(bytes, at, width, count + 1);
}

/** Takes the member of an index out. */
export function removeFromIntset(bytes: Uint8Array, at: number, index: number): void {
  const width = intsetWidth(bytes, at);
  const count = intsetCount(bytes, at);
  const from = at + INTSET_HEADER_BYTES + index * width;
  bytes.copyWithin(from, from + width, at + INTSET_HEADER_BYTES + count * width);
  writeIntsetHeader(bytes, at, width, count - 1);
}

/**
 * Whether `bytes[at..at+length)` is an intset with members. Reads nothing outside.
 * @param deep also looks at the order of the members.
 */
export function isValidIntset(
  bytes: Uint8Array,
  at: number,
  length: number,
  deep: boolean,
): boolean {
  if (length < INTSET_HEADER_BYTES) return false;
  const width = readWord(bytes, at);
  if (width !== 2 && width !== 4 && width !== 8) return false;
  const count = intsetCount(bytes, at);
  if (count === 0 || INTSET_HEADER_BYTES + count * width !== length) return false;
  if (!deep) return true;
  for (let i = 1; i < count; i++) {
    const high = intsetHigh(bytes, at, i - 1);
    const nextHigh = intsetHigh(bytes, at, i);
    if (high > nextHigh) return false;
    if (high < nextHigh) continue;
    if (intsetLow(bytes, at, i - 1) >>> 0 >= intsetLow(bytes, at, i) >>> 0) return false;
  }
  return true;
}

function readShort(bytes: Uint8Array, at: number): number {
  return (bytes[at] | bytes[at + 1] << 8) << 16 >> 16;
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
