/**
 * Building listpacks (listpack.ts) entry by entry, outside the heap.
 */
import {
  ENTRY_OVERHEAD_BYTES_MAX,
  INTEGER_ENTRY_BYTES_MAX,
  LISTPACK_END,
  LISTPACK_HEADER_BYTES,
  writeEntry,
  writeHeader,
  writeInt64Entry,
  writeIntegerEntry,
} from "./listpack.ts";
import type { ListpackReader } from "./listpack.ts";
import { copyBytes } from "./heap_view.ts";

/** A scratch buffer larger than this is dropped when the next listpack begins. */
const KEPT_BYTES_MAX = 1 << 20;

/**
 * Builds a listpack in a buffer that is used again and again:
 * `begin`, `add...`, `finish`, and then `bytes[0..length)` is it.
 *
 * The entries alone are `bytes[LISTPACK_HEADER_BYTES..entriesEnd)`, also without `finish`.
 */
export class ListpackWriter {
  bytes: Uint8Array = new Uint8Array(1024);
  /** The length of what {@link finish} made. */
  length = 0;
  /** Entries so far. */
  count = 0;
  /** Where the next entry goes. */
  entriesEnd: number = LISTPACK_HEADER_BYTES;

  /** Begins an empty listpack. */
  begin(): void {
    if (this.bytes.length > KEPT_BYTES_MAX) this.bytes = new Uint8Array(1024);
    this.count = 0;
    this.entriesEnd = LISTPACK_HEADER_BYTES;
  }

  /** Adds a text, as an integer where it is one. */
  add(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start + ENTRY_OVERHEAD_BYTES_MAX);
    this.entriesEnd = writeEntry(this.bytes, this.entriesEnd, bytes, start, end);
    this.count++;
  }

  /** Adds a safe integer. */
  addInteger(value: number): void {
    this.#reserve(INTEGER_ENTRY_BYTES_MAX);
    this.entriesEnd = writeIntegerEntry(this.bytes, this.entriesEnd, value);
    this.count++;
  }

  /** Adds any 64-bit integer, given as two words. */
  addInt64(high: number, low: number): void {
    this.#reserve(INTEGER_ENTRY_BYTES_MAX);
    this.entriesEnd = writeInt64Entry(this.bytes, this.entriesEnd, high, low);
    this.count++;
  }

  /** Adds the entry that a reader is at. */
  addReader(reader: ListpackReader): void {
    this.addEntries(reader.bytes, reader.start + reader.offset, reader.entryBytes, 1);
  }

  /** Adds `count` entries as they stand in another listpack. */
  addEntries(bytes: Uint8Array, start: number, lengthBytes: number, count: number): void {
    this.#reserve(lengthBytes);
    copyBytes(bytes, start, lengthBytes, this.bytes, this.entriesEnd);
    this.entriesEnd += lengthBytes;
    this.count += count;
  }

  /** Ends the listpack and returns its length. */
  finish(): number {
    this.bytes[this.entriesEnd] = LISTPACK_END;
    this.length = this.entriesEnd + 1;
    writeHeader(this.bytes, 0, this.length, this.count);
    return this.length;
  }

  /** Makes room for so many bytes and the end. */
  #reserve(lengthBytes: number): void {
    const needed = this.entriesEnd + lengthBytes + 1;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.entriesEnd));
    this.bytes = grown;
  }
}
