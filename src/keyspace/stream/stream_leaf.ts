/**
 * The leaf of a stream: what is one listpack in Redis, a run of entries in the order of their ids,
 * in a shorter form of our own. As there, it begins with **master fields**, the names of its first
 * entry's fields, so that entries with the same names need not repeat them; and entries that have
 * been deleted are only marked, so that leaves begin and end where Redis's do.
 *
 *     word 0   1       2         3          4 to 7      8 to 11   12       13        14      15
 *     +------+-------+---------+----------+-----------+---------+--------+---------+-------+------+
 *     | used | live  | deleted | listpack | master id | last id | fields | entries | first | last |
 *     | bytes|entries| entries | bytes    |           |         |        | begin   | live  |      |
 *     +------+-------+---------+----------+-----------+---------+--------+---------+-------+------+
 *     | master fields | entry | entry | ...                                offsets from the leaf
 *     +---------------+-------+-------+---
 *
 *     entry   flags | [ms] | [seq] | value ... of the master fields                  SAME_FIELDS
 *             flags | [ms] | [seq] | number of fields | field | value | ...          otherwise
 *
 * - ms: what is added to the master id's; seq: where that is 0, what is added to the master id's,
 *   else the sequence number itself. Both are varints (7 bits a byte, the lowest first), and are
 *   not there when they are 0, which flags tell.
 * - fields and values are *parts*: as entries of a listpack (listpack.ts), but without the length
 *   behind them. So is a file's listpack made by adding the lengths.
 * - last id: of the last entry, a deleted one too. `last` is where it begins; `first live` is where
 *   the first entry begins that is not deleted, or an earlier one, or the end when there is none.
 * - listpack bytes: what Redis's listpack would take but for its two counters; this decides when a
 *   leaf is full.
 *
 * A leaf is contiguous up to 4096 bytes. Larger ones, which hold an entry of that size, are read
 * through windows (part_reader.ts).
 */
import { LISTPACK_HEADER_BYTES } from "../../heap/listpack.ts";
import type { HeapView } from "../../heap/heap_view.ts";
import { StreamId } from "./stream_id.ts";

export const LEAF_USED = 0;
export const LEAF_LIVE = 1;
export const LEAF_DELETED = 2;
export const LEAF_LISTPACK_BYTES = 3;
export const LEAF_MASTER_ID = 4;
export const LEAF_LAST_ID = 8;
export const LEAF_FIELD_COUNT = 12;
export const LEAF_ENTRIES = 13;
export const LEAF_FIRST_LIVE = 14;
export const LEAF_LAST = 15;
export const LEAF_HEADER_BYTES = 64;

/** The flags of an entry; the first two are Redis's. */
export const ENTRY_DELETED = 1;
export const ENTRY_SAME_FIELDS = 2;
export const ENTRY_HAS_MS = 4;
export const ENTRY_HAS_SEQ = 8;

/** The most bytes of flags, ms, seq and the number of fields. */
export const ENTRY_HEAD_BYTES_MAX = 1 + 10 + 10 + 5;

/** The bytes of a listpack around its entries. */
export const LISTPACK_FRAME_BYTES = LISTPACK_HEADER_BYTES + 1;

/** A word of a leaf's header. */
export function leafWord(view: HeapView, leaf: number, index: number): number {
  const at = view.read(leaf) >>> 2;
  return view.words[at + index];
}

/** Reads one of the two ids of a leaf: LEAF_MASTER_ID or LEAF_LAST_ID. */
export function readLeafId(view: HeapView, leaf: number, index: number, id: StreamId): void {
  const at = (view.read(leaf) >>> 2) + index;
  const words = view.words;
  id.set(words[at], words[at + 1], words[at + 2], words[at + 3]);
}
