/**
 * The root object of a stream:
 *
 *     word 0         1        2, 3        4 to 7    8 to 11    12 to 15      16, 17
 *     +---------+--------+------------+---------+----------+-------------+---------------+
 *     | entries | groups | leaf bytes | last id | first id | max deleted | entries added |
 *     +---------+--------+------------+---------+----------+-------------+---------------+
 *                           low, high                         id             low, high
 *
 * - entries: the root of a CountedTree of leaves (stream_leaf.ts), each under its master id; its
 *   count is the stream's length.
 * - groups: the root of a NameTree of consumer groups (consumer_group.ts), 0 when there is none.
 * - leaf bytes: what all leaves take of the heap.
 * - last id: of the last entry that was ever added, or what XSETID made of it; first id: of the
 *   first entry that is there, 0-0 when there is none; max deleted id: the greatest that XDEL has
 *   deleted.
 */
import type { Heap } from "../../heap/heap.ts";
import type { HeapView } from "../../heap/heap_view.ts";
import type { StreamId } from "./stream_id.ts";

export const STREAM_ENTRIES = 0;
export const STREAM_GROUPS = 1;
export const STREAM_LEAF_BYTES = 2;
export const STREAM_LAST_ID = 4;
export const STREAM_FIRST_ID = 8;
export const STREAM_MAX_DELETED_ID = 12;
export const STREAM_ENTRIES_ADDED = 16;
export const STREAM_BYTES = 72;

/** A word of a small object. */
export function objectWord(view: HeapView, ref: number, index: number): number {
  const at = view.read(ref) >>> 2;
  return view.words[at + index];
}

/** Writes a word of a small object. */
export function setObjectWord(heap: Heap, ref: number, index: number, value: number): void {
  const at = heap.write(ref) >>> 2;
  heap.words[at + index] = value;
}

/** Reads an id that stands in four words of a small object. */
export function readObjectId(view: HeapView, ref: number, index: number, id: StreamId): void {
  const at = (view.read(ref) >>> 2) + index;
  const words = view.words;
  id.set(words[at], words[at + 1], words[at + 2], words[at + 3]);
}

/** Writes an id to four words of a small object. */
export function writeObjectId(heap: Heap, ref: number, index: number, id: StreamId): void {
  const at = (heap.write(ref) >>> 2) + index;
  const words = heap.words;
  words[at] = id.msHigh;
  words[at + 1] = id.msLow;
  words[at + 2] = id.seqHigh;
  words[at + 3] = id.seqLow;
}

/** A 64-bit integer in two words of a small object, low one first: exact up to 2^53. */
export function readObjectNumber(view: HeapView, ref: number, index: number): number {
  const at = (view.read(ref) >>> 2) + index;
  const words = view.words;
  return words[at + 1] * 2 ** 32 + (words[at] >>> 0);
}

/** As {@link readObjectNumber}; the nearest that 64 bits can hold. */
export function writeObjectNumber(heap: Heap, ref: number, index: number, value: number): void {
  const at = (heap.write(ref) >>> 2) + index;
  const words = heap.words;
  words[at] = value;
  words[at + 1] = Math.floor(value / 2 ** 32);
}

/** As {@link readObjectNumber}, whatever it is. Allocates. */
export function readObjectBigInt(view: HeapView, ref: number, index: number): bigint {
  const at = (view.read(ref) >>> 2) + index;
  const words = view.words;
  return BigInt(words[at + 1]) << 32n | BigInt(words[at] >>> 0);
}
