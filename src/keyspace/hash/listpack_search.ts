/**
 * Finding a field in a listpack that lies on several pages of the heap: run by run, where a copy of
 * the whole would cost more than the search. Only a pair that reaches from one run into the next is
 * copied.
 *
 * The readers it leaves at field and value stand in bytes that do not begin with the listpack's
 * header: of these only the entry counts, not `count` and `totalBytes`.
 */
import {
  entryBytesAt,
  LISTPACK_END,
  LISTPACK_HEADER_BYTES,
  type ListpackReader,
} from "../../heap/listpack.ts";
import type { Heap } from "../../heap/heap.ts";
import type { Database } from "../database.ts";

/** The encoding of a text of up to 63 bytes: this and the length. */
const TEXT_6 = 0x80;
const TEXT_6_END = 0xc0;
/** As many bytes tell how long an entry is. */
const HEAD_BYTES = 5;
/** A pair that is longer is not copied on its own. */
const PAIR_BYTES_MAX = 16 * 1024;

export const FOUND = 1;
export const ABSENT = 0;
/** A pair was too long for this way of searching. */
export const TOO_LONG = -1;

export class ListpackSearch {
  readonly #heap: Heap;
  #pair: Uint8Array = new Uint8Array(512);

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** Puts the readers at the field and its value, if there is one. */
  find(
    database: Database,
    ref: number,
    lengthBytes: number,
    field: ListpackReader,
    value: ListpackReader,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    field.prepare(bytes, start, end);
    const length = end - start;
    const short = length < 64 ? TEXT_6 | length : -1;
    const last = length > 0 ? bytes[end - 1] : 0;
    // All but the byte that ends it.
    const entriesEnd = lengthBytes - 1;
    let offset = LISTPACK_HEADER_BYTES;
    while (offset < entriesEnd) {
      const at = database.valueSpan(ref, offset, lengthBytes - offset);
      const run = this.#heap.bytes;
      const runEnd = at + this.#heap.spanLength;
      const base = at - offset;
      let p = at;
      for (;;) {
        if (p + HEAD_BYTES > runEnd) break;
        const first = run[p];
        let next = p;
        if (first >= TEXT_6 && first < TEXT_6_END) {
          next += (first & 0x3f) + 2;
          if (next + HEAD_BYTES > runEnd) break;
          if (
            first === short && (length === 0 || run[next - 2] === last) &&
            isText(run, p + 1, bytes, start, length)
          ) {
            if (next + entryBytesAt(run, next) > runEnd) break;
            return readPair(run, base, p - base, field, value);
          }
        } else {
          if (first === LISTPACK_END) return ABSENT;
          next += entryBytesAt(run, p);
          if (next + HEAD_BYTES > runEnd) break;
          field.openAt(run, base, p - base);
          field.next();
          if (field.isPrepared()) {
            if (next + entryBytesAt(run, next) > runEnd) break;
            return readPair(run, base, p - base, field, value);
          }
        }
        const passed = run[next];
        if (passed < TEXT_6) p = next + 2;
        else p = next + (passed < TEXT_6_END ? (passed & 0x3f) + 2 : entryBytesAt(run, next));
      }
      offset = p - base;
      if (offset >= entriesEnd) return ABSENT;
      if (p >= runEnd) continue;
      const pairBytes = this.#copyPair(database, ref, offset, lengthBytes);
      if (pairBytes === TOO_LONG) return TOO_LONG;
      readPair(this.#pair, -offset, offset, field, value);
      if (field.isPrepared()) return FOUND;
      offset += pairBytes;
    }
    return ABSENT;
  }

  /** Copies the pair at an offset; returns its length, or TOO_LONG. */
  #copyPair(database: Database, ref: number, offset: number, lengthBytes: number): number {
    for (;;) {
      const size = Math.min(this.#pair.length, lengthBytes - offset);
      database.copyValue(ref, offset, size, this.#pair, 0);
      const fieldBytes = entryBytesAt(this.#pair, 0);
      const isFieldThere = fieldBytes + HEAD_BYTES <= size || size === lengthBytes - offset;
      const pairBytes = isFieldThere ? fieldBytes + entryBytesAt(this.#pair, fieldBytes) : Infinity;
      if (pairBytes <= size) return pairBytes;
      if (this.#pair.length >= PAIR_BYTES_MAX) return TOO_LONG;
      this.#pair = new Uint8Array(this.#pair.length * 2);
    }
  }
}

function isText(
  run: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): boolean {
  for (let i = length - 1; i >= 0; i--) if (run[at + i] !== bytes[start + i]) return false;
  return true;
}

/** Puts the readers at the pair at an offset. */
function readPair(
  bytes: Uint8Array,
  base: number,
  offset: number,
  field: ListpackReader,
  value: ListpackReader,
): number {
  field.openAt(bytes, base, offset);
  field.next();
  value.openAt(bytes, base, offset + field.entryBytes);
  value.next();
  return FOUND;
}
