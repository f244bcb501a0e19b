/**
 * An entry: what a {@link Dict} holds. One heap object that begins with its key, used for the keys
 * of a database and, with the same header, for whatever else is looked up by bytes.
 *
 *     0        1         4                     8               12
 *     +--------+---------+---------------------+---------------+- - - - - -+- - - - - -+-----+-------+
 *     | type 4 | access  | flags 3 | key       | value length  | expires   | outside   | key | value |
 *     | enc. 4 | 24 bits |         | length 29 | or count      | at, 8     | value, 4  |     |       |
 *     +--------+---------+---------------------+---------------+- - - - - -+- - - - - -+-----+-------+
 *
 * - type and encoding: what the value is; the keyspace gives them their meaning.
 * - access: the LRU clock or the LFU counter.
 * - expires at: milliseconds since the epoch, low word first; there only with EXPIRES.
 * - outside value: the reference of the object that holds the value; there only with OUTSIDE. An
 *   entry without it carries the value's bytes after the key.
 *
 * Words and bytes of the heap are read through typed arrays side by side, on little-endian machines
 * (all that the runtimes are built for).
 */
import type { HeapView } from "./heap_view.ts";
import { SMALL_BYTES_MAX } from "./page_layout.ts";

export const ENTRY_HEADER_BYTES = 12;
/** The entry has an expiry time. */
export const ENTRY_EXPIRES = 1 << 29;
/** The value is an object of its own. */
export const ENTRY_OUTSIDE = 1 << 30;
export const ENTRY_KEY_LENGTH_MASK = (1 << 29) - 1;

/** Where the expiry time stands. */
export const ENTRY_EXPIRES_AT = 12;

/** Where the reference of the value stands, given the entry's word of flags. */
export function outsideOffset(flags: number): number {
  return ENTRY_HEADER_BYTES + ((flags & ENTRY_EXPIRES) >>> 26);
}

/** Where the key begins, given the entry's word of flags. */
export function keyOffset(flags: number): number {
  return ENTRY_HEADER_BYTES + ((flags & ENTRY_EXPIRES) >>> 26) + ((flags & ENTRY_OUTSIDE) >>> 28);
}

/** True when the key of the entry equals the byte range. */
export function entryHasKey(
  heap: HeapView,
  ref: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const word = heap.read(ref) >>> 2;
  const words = heap.words;
  const flags = words[word + 1];
  const length = flags & ENTRY_KEY_LENGTH_MASK;
  if (length !== end - start) return false;
  const offset = keyOffset(flags);
  if (offset + length > SMALL_BYTES_MAX) {
    return hasLongKey(heap, ref, offset, bytes, start, length);
  }
  // A key begins at a multiple of four bytes, so that it can be compared by words.
  let at = word + (offset >>> 2);
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const four = bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 | bytes[i + 3] << 24;
    if (words[at++] !== four) return false;
  }
  if (i === end) return true;
  let last = bytes[i];
  if (i + 1 < end) last |= bytes[i + 1] << 8;
  if (i + 2 < end) last |= bytes[i + 2] << 16;
  return (words[at] & 0xffffff >>> (24 - (end - i) * 8)) === last;
}

/** An entry whose key does not fit a shared page may lie on several. */
function hasLongKey(
  heap: HeapView,
  ref: number,
  offset: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): boolean {
  while (length > 0) {
    const from = heap.span(ref, offset, length);
    const run = heap.spanLength;
    const heapBytes = heap.bytes;
    for (let i = 0; i < run; i++) if (heapBytes[from + i] !== bytes[start + i]) return false;
    offset += run;
    start += run;
    length -= run;
  }
  return true;
}
