/**
 * A segment of a {@link RecordDict}: up to 64 records, packed into one heap object that grows by
 * size class, so that little of it is ever unused.
 *
 *     0        4               8              20
 *     +--------+---------------+--------------+--------------+- - -     - - -+---------+---------+
 *     | header | next in chain | records 0..3 | records 4..7 | ->   free  <- |record 1 |record 0 |
 *     +--------+---------------+--------------+--------------+- - -     - - -+---------+---------+
 *     header:  0 | values 1 | size class 6 | depth 5 | used 12 | count 7
 *     index of four records: four tags of 8 bits, four places of 16 bits: flags 4 | distance 12
 *
 * - used: the bytes of all records. They stand in the order of the index, from the end downwards.
 * - tag: the low byte of the key's hash. Four are compared at once.
 * - distance: from the segment's end back to where the record begins, so that it stays true when
 *   the segment grows. A record ends where the one before it begins: none carries its length.
 *
 * A record:
 *
 *     [expires at, 8] [key length, 1] [key] [value]       in a dict with values
 *     [expires at, 8] [key]                               in a dict without values
 *
 * - expires at: a double, there only with RECORD_EXPIRES.
 * - key, with RECORD_LONG_KEY: hash, reference and length, 4 bytes each; no key length before it.
 * - value, with RECORD_LONG_VALUE: reference and length, 4 bytes each.
 *
 * Records are not aligned. Words of the heap are little-endian, as everywhere in it.
 */
import type { HeapView } from "./heap_view.ts";
import { CLASS_BYTES, CLASS_OF_UNITS, UNIT_BITS } from "./page_layout.ts";

/** The part of a hash that is its tag. */
export const TAG_MASK = 255;
/** A segment that would grow beyond this splits. Above, size classes are far apart. */
export const SEGMENT_BYTES_MAX = 2048;
/** A segment with so many records splits instead of taking another. */
export const SEGMENT_RECORDS_MAX = 64;
export const SEGMENT_HEADER_BYTES = 8;
/** Index bytes of four records. */
export const GROUP_BYTES = 12;
const HEADER_WORDS = SEGMENT_HEADER_BYTES >>> 2;
const GROUP_WORDS = GROUP_BYTES >>> 2;

export const RECORD_LONG_KEY = 1;
export const RECORD_LONG_VALUE = 2;
export const RECORD_EXPIRES = 4;
export const DISTANCE_BITS = 12;
export const DISTANCE_MASK = (1 << DISTANCE_BITS) - 1;

export const EXPIRY_BYTES = 8;
export const LONG_KEY_BYTES = 12;
export const LONG_VALUE_BYTES = 8;
/** A longer key stands in an object of its own. */
export const SHORT_KEY_BYTES_MAX = 64;
/** A longer value stands in an object of its own. */
export const SHORT_VALUE_BYTES_MAX = 128;
/** No record is larger. */
export const RECORD_BYTES_MAX = EXPIRY_BYTES + 1 + SHORT_KEY_BYTES_MAX + SHORT_VALUE_BYTES_MAX;

const COUNT_MASK = 127;
const USED_SHIFT = 7;
const DEPTH_SHIFT = 19;
const CLASS_SHIFT = 24;
const VALUES_SHIFT = 30;

const DOUBLE = new Float64Array(1);
const DOUBLE_BYTES = new Uint8Array(DOUBLE.buffer);

/** The header of an empty segment. */
export function emptyHeader(hasValues: boolean, sizeClass: number, depth: number): number {
  return (hasValues ? 1 : 0) << VALUES_SHIFT | sizeClass << CLASS_SHIFT | depth << DEPTH_SHIFT;
}

/** What a header becomes when a record of so many bytes joins; negative counts take one away. */
export function headerWith(header: number, count: number, bytes: number): number {
  return header + (bytes << USED_SHIFT) + count;
}

export function withSizeClass(header: number, sizeClass: number): number {
  return header & ~(63 << CLASS_SHIFT) | sizeClass << CLASS_SHIFT;
}

export function countIn(header: number): number {
  return header & COUNT_MASK;
}

export function usedIn(header: number): number {
  return header >>> USED_SHIFT & DISTANCE_MASK;
}

export function depthIn(header: number): number {
  return header >>> DEPTH_SHIFT & 31;
}

export function hasValuesIn(header: number): boolean {
  return header >>> VALUES_SHIFT !== 0;
}

/** The bytes of the segment, hence where its records end. */
export function capacityIn(header: number): number {
  return CLASS_BYTES[header >>> CLASS_SHIFT & 63];
}

/** The bytes of a segment with so many records of so many bytes together. */
export function segmentBytes(count: number, used: number): number {
  return SEGMENT_HEADER_BYTES + (count + 3 >>> 2) * GROUP_BYTES + used;
}

/** The bytes that a segment needs when a record of so many bytes joins. */
export function bytesWith(header: number, recordBytes: number): number {
  return segmentBytes(countIn(header) + 1, usedIn(header) + recordBytes);
}

export function sizeClassFor(sizeBytes: number): number {
  return CLASS_OF_UNITS[(sizeBytes + 15) >>> UNIT_BITS];
}

/** The word of a record's group of tags, from the segment's first word. */
export function groupWord(slot: number): number {
  return HEADER_WORDS + (slot >>> 2) * GROUP_WORDS;
}

/** Flags and distance of a record; `word` is the segment's first. */
export function placeAt(words: Int32Array, word: number, slot: number): number {
  return words[word + groupWord(slot) + 1 + (slot >>> 1 & 1)] >>> ((slot & 1) << 4) & 0xffff;
}

/** How far from the segment's end the record ends. */
export function endDistance(words: Int32Array, word: number, slot: number): number {
  return slot === 0 ? 0 : placeAt(words, word, slot - 1) & DISTANCE_MASK;
}

export function tagAt(bytes: Uint8Array, at: number, slot: number): number {
  return bytes[at + SEGMENT_HEADER_BYTES + (slot >>> 2) * GROUP_BYTES + (slot & 3)];
}

/** Writes a record's index; `at` is where the segment begins. */
export function setIndex(
  bytes: Uint8Array,
  at: number,
  slot: number,
  tag: number,
  place: number,
): void {
  const group = at + SEGMENT_HEADER_BYTES + (slot >>> 2) * GROUP_BYTES;
  bytes[group + (slot & 3)] = tag;
  bytes[group + 4 + (slot & 3) * 2] = place;
  bytes[group + 5 + (slot & 3) * 2] = place >>> 8;
}

/** Reads a word that need not be aligned. */
export function wordIn(bytes: Uint8Array, at: number): number {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
}

/** Writes a word that need not be aligned. */
export function setWordIn(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** Reads a double that need not be aligned. */
export function doubleIn(bytes: Uint8Array, at: number): number {
  DOUBLE_BYTES[0] = bytes[at];
  DOUBLE_BYTES[1] = bytes[at + 1];
  DOUBLE_BYTES[2] = bytes[at + 2];
  DOUBLE_BYTES[3] = bytes[at + 3];
  DOUBLE_BYTES[4] = bytes[at + 4];
  DOUBLE_BYTES[5] = bytes[at + 5];
  DOUBLE_BYTES[6] = bytes[at + 6];
  DOUBLE_BYTES[7] = bytes[at + 7];
  return DOUBLE[0];
}

/** Writes a double that need not be aligned. */
export function setDoubleIn(bytes: Uint8Array, at: number, value: number): void {
  DOUBLE[0] = value;
  bytes[at] = DOUBLE_BYTES[0];
  bytes[at + 1] = DOUBLE_BYTES[1];
  bytes[at + 2] = DOUBLE_BYTES[2];
  bytes[at + 3] = DOUBLE_BYTES[3];
  bytes[at + 4] = DOUBLE_BYTES[4];
  bytes[at + 5] = DOUBLE_BYTES[5];
  bytes[at + 6] = DOUBLE_BYTES[6];
  bytes[at + 7] = DOUBLE_BYTES[7];
}

/** Copies words between two places, of one array or of two. */
export function copyWords(
  source: Int32Array,
  from: number,
  count: number,
  target: Int32Array,
  at: number,
): void {
  if (count > 64) {
    if (source === target) target.copyWithin(at, from, from + count);
    else target.set(source.subarray(from, from + count), at);
    return;
  }
  for (let i = 0; i < count; i++) target[at + i] = source[from + i];
}

/**
 * Takes a record out of a segment; no other moves but the last one, or those behind it. `at` is
 * where the segment begins in `bytes`, which may be written.
 */
export function cutRecord(words: Int32Array, bytes: Uint8Array, at: number, slot: number): void {
  const word = at >>> 2;
  const header = words[word];
  const last = countIn(header) - 1;
  const used = usedIn(header);
  const end = at + capacityIn(header);
  const begins = placeAt(words, word, slot) & DISTANCE_MASK;
  const size = begins - endDistance(words, word, slot);
  if (slot !== last) {
    if (used - endDistance(words, word, last) === size) {
      for (let i = 0; i < size; i++) bytes[end - begins + i] = bytes[end - used + i];
      const flags = placeAt(words, word, last) & ~DISTANCE_MASK;
      setIndex(bytes, at, slot, tagAt(bytes, at, last), flags | begins);
    } else {
      bytes.copyWithin(end - used + size, end - used, end - begins);
      for (let i = slot; i < last; i++) {
        // Distances of those behind are larger than `size`: the flags above them stay.
        setIndex(bytes, at, i, tagAt(bytes, at, i + 1), placeAt(words, word, i + 1) - size);
      }
    }
  }
  words[word] = headerWith(header, -1, -size);
}

/**
 * Adds an index for a record of so many bytes, which the caller has made sure there is room for.
 * @returns where in `bytes` the record is to be written.
 */
export function addRecord(
  words: Int32Array,
  bytes: Uint8Array,
  at: number,
  tag: number,
  flags: number,
  size: number,
): number {
  const header = words[at >>> 2];
  const distance = usedIn(header) + size;
  setIndex(bytes, at, countIn(header), tag, flags << DISTANCE_BITS | distance);
  words[at >>> 2] = headerWith(header, 1, size);
  return at + capacityIn(header) - distance;
}

/**
 * Where one record stands: registers that whoever finds a record sets, valid until the next change
 * of the heap. Key and value are ranges of heap objects.
 */
export class RecordPlace {
  keyRef = 0;
  keyOffset = 0;
  keyLength = 0;
  /** A dict without values leaves the length at 0. */
  valueRef = 0;
  valueOffset = 0;
  valueLength = 0;
  /** Milliseconds since the epoch; -1 when the record does not expire. */
  expiresAtMs = -1;

  /** Sets the registers to a record. */
  protected place(view: HeapView, segment: number, slot: number): void {
    const at = view.read(segment);
    const words = view.words;
    this.placeIn(words, view.bytes, at, segment, slot);
  }

  /** As `place`, when it is known where the segment stands. */
  protected placeIn(
    words: Int32Array,
    bytes: Uint8Array,
    at: number,
    segment: number,
    slot: number,
  ): void {
    const header = words[at >>> 2];
    const capacity = capacityIn(header);
    const place = placeAt(words, at >>> 2, slot);
    const flags = place >>> DISTANCE_BITS;
    const end = capacity - endDistance(words, at >>> 2, slot);
    let offset = capacity - (place & DISTANCE_MASK);
    if ((flags & RECORD_EXPIRES) === 0) this.expiresAtMs = -1;
    else {
      this.expiresAtMs = doubleIn(bytes, at + offset);
      offset += EXPIRY_BYTES;
    }
    if ((flags & RECORD_LONG_KEY) !== 0) {
      this.keyRef = wordIn(bytes, at + offset + 4);
      this.keyOffset = 0;
      this.keyLength = wordIn(bytes, at + offset + 8);
      offset += LONG_KEY_BYTES;
    } else {
      const length = hasValuesIn(header) ? bytes[at + offset++] : end - offset;
      this.keyRef = segment;
      this.keyOffset = offset;
      this.keyLength = length;
      offset += length;
    }
    if ((flags & RECORD_LONG_VALUE) !== 0) {
      this.valueRef = wordIn(bytes, at + offset);
      this.valueOffset = 0;
      this.valueLength = wordIn(bytes, at + offset + 4);
    } else {
      this.valueRef = segment;
      this.valueOffset = offset;
      this.valueLength = end - offset;
    }
  }
}
