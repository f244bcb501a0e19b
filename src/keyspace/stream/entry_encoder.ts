/**
 * Encoding entries of a stream's leaf (stream_leaf.ts) in a buffer outside the heap, and counting
 * what they would take in Redis's listpack.
 */
import { copyBytes } from "../../heap/heap_view.ts";
import {
  encodedBytesAt,
  ENTRY_OVERHEAD_BYTES_MAX,
  entryBytesForInt64,
  entryBytesForInteger,
  writeEntry,
} from "../../heap/listpack.ts";
import { ENTRY_HAS_MS, ENTRY_HAS_SEQ, ENTRY_HEAD_BYTES_MAX } from "./stream_leaf.ts";
import type { StreamId } from "./stream_id.ts";

/** A larger buffer is not kept. */
const KEPT_BYTES_MAX = 1 << 20;

export class EntryEncoder {
  bytes: Uint8Array = new Uint8Array(1024);
  length = 0;
  /** What the entries so far take in a listpack. */
  listpackBytes = 0;

  /** Begins anew. */
  begin(): void {
    if (this.bytes.length > KEPT_BYTES_MAX) this.bytes = new Uint8Array(1024);
    this.length = 0;
    this.listpackBytes = 0;
  }

  /** Adds a part: an integer where the text is one. */
  part(bytes: Uint8Array, start: number, end: number): void {
    this.reserve(end - start + ENTRY_OVERHEAD_BYTES_MAX);
    const at = this.length;
    this.listpackBytes += writeEntry(this.bytes, at, bytes, start, end) - at;
    this.length = at + encodedBytesAt(this.bytes, at);
  }

  /** Adds a part as it stands in a listpack, where its entry takes so many bytes. */
  encoded(bytes: Uint8Array, start: number, lengthBytes: number, entryBytes: number): void {
    this.reserve(lengthBytes);
    copyBytes(bytes, start, lengthBytes, this.bytes, this.length);
    this.length += lengthBytes;
    this.listpackBytes += entryBytes;
  }

  /**
   * Adds the beginning of an entry: flags and id. In a listpack that is the flags and two
   * differences to the master id.
   */
  head(flags: number, id: StreamId, master: StreamId): void {
    this.reserve(ENTRY_HEAD_BYTES_MAX);
    const flagsAt = this.length++;
    const msLow = id.msLow - master.msLow | 0;
    const msBorrow = id.msLow >>> 0 < master.msLow >>> 0 ? 1 : 0;
    const msHigh = id.msHigh - master.msHigh - msBorrow | 0;
    const seqBorrow = id.seqLow >>> 0 < master.seqLow >>> 0 ? 1 : 0;
    const seqLow = id.seqLow - master.seqLow | 0;
    const seqHigh = id.seqHigh - master.seqHigh - seqBorrow | 0;
    this.listpackBytes += entryBytesForInteger(flags) + entryBytesForInt64(msHigh, msLow) +
      entryBytesForInt64(seqHigh, seqLow);
    if ((msHigh | msLow) !== 0) {
      flags |= ENTRY_HAS_MS;
      this.#varint(msHigh, msLow);
      if ((id.seqHigh | id.seqLow) !== 0) {
        flags |= ENTRY_HAS_SEQ;
        this.#varint(id.seqHigh, id.seqLow);
      }
    } else if ((seqHigh | seqLow) !== 0) {
      flags |= ENTRY_HAS_SEQ;
      this.#varint(seqHigh, seqLow);
    }
    this.bytes[flagsAt] = flags;
  }

  /** Adds the number of fields of an entry that has its own. */
  fieldCount(count: number): void {
    this.reserve(ENTRY_HEAD_BYTES_MAX);
    this.listpackBytes += entryBytesForInteger(count);
    this.#varint(0, count);
  }

  /** Makes room for so many more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  #varint(high: number, low: number): void {
    const bytes = this.bytes;
    let at = this.length;
    while (high !== 0 || (low & ~0x7f) !== 0) {
      bytes[at++] = low & 0x7f | 0x80;
      low = low >>> 7 | high << 25;
      high >>>= 7;
    }
    bytes[at++] = low;
    this.length = at;
  }
}
