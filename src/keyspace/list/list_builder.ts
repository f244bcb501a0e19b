/**
 * Filling a large list (quicklist.ts) from its beginning to its end: full leaves, each allocated
 * once. What has been added is in the list after {@link ListBuilder.finish}.
 */
import {
  encodedBytesAt,
  entryBytesAt,
  entryBytesFor,
  LISTPACK_END,
  LISTPACK_HEADER_BYTES,
  ListpackReader,
} from "../../heap/listpack.ts";
import {
  LEAF_BYTES_MAX,
  LEAF_HEADER_BYTES,
  LEAF_ROOM,
  LeafBuffer,
  runCountMax,
  SHARED_BYTES_MAX,
  textEntryBytes,
  uniformLength,
} from "./leaf.ts";
import type { Quicklists } from "./quicklist.ts";

/** The first byte of an entry whose length takes two bytes or more, up to those of integers. */
const LONG_TEXT_FIRST = 0xe0;
const LONG_TEXT_LAST = 0xf0;

export class ListBuilder {
  readonly #lists: Quicklists;
  readonly #buffer: LeafBuffer = new LeafBuffer();
  readonly #long: ListpackReader = new ListpackReader();
  #root = 0;

  constructor(lists: Quicklists) {
    this.#lists = lists;
  }

  /** Goes on at the end of a list. */
  begin(root: number): void {
    this.#root = root;
    this.#buffer.clear();
  }

  /**
   * Adds a text.
   * @throws {HeapFull}
   */
  add(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length > SHARED_BYTES_MAX) {
      this.#flush();
      return this.#lists.push(this.#root, true, bytes, start, end);
    }
    const entryBytes = entryBytesFor(bytes, start, end);
    this.#reserve(entryBytes, entryBytes === textEntryBytes(length) ? length : 0);
    this.#buffer.add(bytes, start, end);
  }

  /**
   * Adds the entries of a listpack that is known to be valid.
   * @throws {HeapFull}
   */
  addListpack(bytes: Uint8Array, at: number): void {
    for (let p = at + LISTPACK_HEADER_BYTES; bytes[p] !== LISTPACK_END;) {
      const entryBytes = entryBytesAt(bytes, p);
      const first = bytes[p];
      if (first >= LONG_TEXT_FIRST && first <= LONG_TEXT_LAST && !isShort(bytes, p)) {
        this.#addLong(bytes, p);
      } else {
        this.#reserve(entryBytes, uniformLength(bytes, p));
        this.#buffer.addEntry(bytes, p, entryBytes);
      }
      p += entryBytes;
    }
  }

  #addLong(bytes: Uint8Array, p: number): void {
    const reader = this.#long;
    reader.openAt(bytes, p - LISTPACK_HEADER_BYTES, LISTPACK_HEADER_BYTES);
    reader.next();
    this.#flush();
    this.#lists.push(this.#root, true, bytes, reader.stringStart, reader.stringEnd);
  }

  /**
   * Adds a text of more than SHARED_BYTES_MAX undefined bytes and returns its leaf; the caller
   * writes them, from LEAF_HEADER_BYTES on.
   * @throws {HeapFull}
   */
  addLong(lengthBytes: number): number {
    this.#flush();
    return this.#lists.appendLong(this.#root, lengthBytes);
  }

  /**
   * Puts what is left into the list.
   * @throws {HeapFull}
   */
  finish(): void {
    this.#flush();
  }

  /** Begins another leaf when an entry does not go into the one that is being filled. */
  #reserve(entryBytes: number, uniform: number): void {
    const buffer = this.#buffer;
    if (buffer.count === 0) return;
    if (buffer.uniform <= 0) {
      if (buffer.length + entryBytes >= LEAF_ROOM) this.#flush();
    } else if (buffer.uniform === uniform) {
      if (buffer.count >= runCountMax(uniform)) this.#flush();
    } else if (LEAF_HEADER_BYTES + buffer.length + 1 + entryBytes > LEAF_BYTES_MAX >>> 1) {
      // A run that is long enough stays one.
      this.#flush();
    }
  }

  #flush(): void {
    const buffer = this.#buffer;
    if (buffer.count === 0) return;
    this.#lists.appendLeaf(this.#root, buffer);
    buffer.clear();
  }
}

/** Whether an entry of a text is short enough to share a leaf as it stands. */
function isShort(bytes: Uint8Array, p: number): boolean {
  return encodedBytesAt(bytes, p) <= SHARED_BYTES_MAX + 2;
}
