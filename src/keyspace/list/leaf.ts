/**
 * Leaves of large lists (quicklist.ts): some elements in a row, in one heap object.
 *
 *     0         2         4         6         8        begin           end           capacity
 *     +---------+---------+---------+---------+--------+---------------+- - - - - - -+
 *     | count   | form    | begin   | end     | free   | elements      | free        |
 *     +---------+---------+---------+---------+--------+---------------+- - - - - - -+
 *
 * The form says how elements stand there:
 *
 * - FORM_PACKED: as the entries of a listpack (heap/listpack.ts), with its end byte at `end`, so
 *   that a ListpackReader reads them where they are.
 * - 1 to 512, a **run**: texts that all have this length and are no integers, without anything in
 *   between. A million 16-byte texts take 16.1 bytes each, where a listpack needs 18.
 * - FORM_ALONE: a single element of more than 512 bytes, which begins at byte 8 and whose length
 *   stands in place of begin and end. It may be longer than a page.
 *
 * Elements may have free room on both sides, so that neither pushing nor taking away moves others.
 * A leaf with several elements has 4096 bytes at most and is contiguous.
 */
import { assert } from "../../base/assert.ts";
import type { Heap } from "../../heap/heap.ts";
import { copyBytes, type HeapView } from "../../heap/heap_view.ts";
import {
  backlenBytes,
  entryBytesAt,
  LISTPACK_END,
  LISTPACK_HEADER_BYTES,
  ListpackReader,
  writeEntry,
} from "../../heap/listpack.ts";
import { SMALL_BYTES_MAX } from "../../heap/page_layout.ts";

export const LEAF_HEADER_BYTES = 8;
export const LEAF_BYTES_MAX: number = SMALL_BYTES_MAX;
/** Longer texts have a leaf of their own. */
export const SHARED_BYTES_MAX = 512;
export const FORM_PACKED = 0xffff;
export const FORM_ALONE = 0xfffe;
/** The bytes that elements of a leaf may take; in a packed leaf the end byte is one of them. */
export const LEAF_ROOM: number = LEAF_BYTES_MAX - LEAF_HEADER_BYTES;
/** The entries of a run take no more, so that any change of one of them fits two packed leaves. */
const RUN_ENTRIES_BYTES_MAX = 6600;

const NO_BYTES = new Uint8Array(0);
const NO_DATA = new DataView(new ArrayBuffer(0));

/** For each length of a text the bytes of its entry, when it is no integer. */
const ENTRY_BYTES = new Uint16Array(SHARED_BYTES_MAX + 1).map((_, length) =>
  longTextEntryBytes(length)
);
/** For each length of a text how many of them a run may have. */
const RUN_COUNT_MAX = ENTRY_BYTES.map((entryBytes, length) =>
  Math.min(LEAF_ROOM / Math.max(length, 1), RUN_ENTRIES_BYTES_MAX / entryBytes)
);

/** The bytes that a text which is no integer takes as the entry of a listpack. */
export function textEntryBytes(length: number): number {
  return length <= SHARED_BYTES_MAX ? ENTRY_BYTES[length] : longTextEntryBytes(length);
}

function longTextEntryBytes(length: number): number {
  const encoded = length + (length < 64 ? 1 : length < 4096 ? 2 : 5);
  return encoded + backlenBytes(encoded);
}

/** How many texts of a length, 1 to SHARED_BYTES_MAX, a run may have. */
export function runCountMax(length: number): number {
  return RUN_COUNT_MAX[length];
}

/** The form of a leaf. */
export function leafForm(view: HeapView, leaf: number): number {
  const at = view.read(leaf) >>> 2;
  return view.words[at] >>> 16;
}

/** How many elements a leaf has. */
export function leafElements(view: HeapView, leaf: number): number {
  const at = view.read(leaf) >>> 2;
  return view.words[at] & 0xffff;
}

/** The length of the one element of a leaf. */
export function aloneLength(view: HeapView, leaf: number): number {
  const at = view.read(leaf) >>> 2;
  return view.words[at + 1];
}

/** What the elements of a leaf would take in a listpack. */
export function packedBytesOf(view: HeapView, leaf: number): number {
  const at = view.read(leaf) >>> 2;
  const words = view.words;
  const form = words[at] >>> 16;
  const range = words[at + 1];
  if (form === FORM_PACKED) return (range >>> 16) - (range & 0xffff);
  if (form === FORM_ALONE) return textEntryBytes(range);
  return textEntryBytes(form) * (words[at] & 0xffff);
}

/** Goes through the elements of one leaf, or of a listpack. */
export class LeafReader {
  /** How many elements there are. */
  count = 0;
  /** FORM_PACKED, FORM_ALONE or the length of each. */
  form: number = FORM_PACKED;
  /** The leaf, where its one element stands alone in it; 0 elsewhere. */
  aloneLeaf = 0;
  /** The element's text after {@link text}, unless it stands alone. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  /** The bytes of a run, for words at any offset. */
  data: DataView = NO_DATA;
  /** Reads packed elements. */
  readonly packed: ListpackReader = new ListpackReader();

  /** The room of a run, or the places before and behind an element that stands alone. */
  #first = 0;
  #last = 0;
  #aloneIndex = 0;
  #aloneBytes = 0;
  #view: HeapView | null = null;
  #needle: Uint8Array = NO_BYTES;
  #needleStart = 0;
  #needleEnd = 0;

  /** Lets go of the heap's memory, where the reader is kept. */
  close(): void {
    this.bytes = NO_BYTES;
    this.data = NO_DATA;
    this.packed.close();
    this.#needle = NO_BYTES;
  }

  /** Opens a leaf before its first element, or behind its last. */
  open(view: HeapView, leaf: number, atEnd: boolean): void {
    const at = view.read(leaf);
    const words = view.words;
    const head = words[at >>> 2];
    const range = words[(at >>> 2) + 1];
    const form = head >>> 16;
    this.count = head & 0xffff;
    this.form = form;
    this.aloneLeaf = 0;
    if (form === FORM_ALONE) return this.#openAlone(view, leaf, range, atEnd);
    const begin = at + (range & 0xffff);
    const end = at + (range >>> 16);
    if (form === FORM_PACKED) {
      const start = begin - LISTPACK_HEADER_BYTES;
      this.packed.openAt(view.bytes, start, (atEnd ? end : begin) - start);
      return;
    }
    this.bytes = view.bytes;
    this.data = view.data;
    this.#first = begin;
    this.#last = end;
    this.start = atEnd ? end : begin - form;
    this.end = this.start + form;
  }

  /** Opens a listpack before its first element, or behind its last. */
  openListpack(bytes: Uint8Array, at: number, atEnd: boolean): void {
    this.form = FORM_PACKED;
    this.aloneLeaf = 0;
    if (atEnd) this.packed.openEnd(bytes, at);
    else this.packed.open(bytes, at);
    this.count = this.packed.count;
  }

  #openAlone(view: HeapView, leaf: number, lengthBytes: number, atEnd: boolean): void {
    this.#view = view;
    this.aloneLeaf = leaf;
    this.#aloneBytes = lengthBytes;
    this.#aloneIndex = atEnd ? 1 : -1;
  }

  /** Goes to the next element; false when there is none. */
  next(): boolean {
    const form = this.form;
    if (form === FORM_PACKED) return this.packed.next();
    if (form === FORM_ALONE) return ++this.#aloneIndex === 0;
    if (this.end >= this.#last) return false;
    this.start = this.end;
    this.end += form;
    return true;
  }

  /** Goes to the element before; false when there is none. */
  previous(): boolean {
    const form = this.form;
    if (form === FORM_PACKED) return this.packed.previous();
    if (form === FORM_ALONE) return --this.#aloneIndex === 0;
    if (this.start <= this.#first) return false;
    this.end = this.start;
    this.start -= form;
    return true;
  }

  /** From where it was opened at the front, as `count` times `next`, at least once. */
  skip(count: number): boolean {
    if (this.form === FORM_PACKED) return this.packed.skip(count);
    if (this.form === FORM_ALONE) return this.next();
    this.start += (count - 1) * this.form;
    this.end = this.start + this.form;
    return this.next();
  }

  /** From where it was opened at the front, goes to the element of an index, which is there. */
  seek(index: number): void {
    this.skip(index + 1);
  }

  /** How many elements of a run come behind this one. */
  get runLeft(): number {
    return (this.#last - this.end) / this.form;
  }

  /** As `count` times `next`, in a run that has so many to come. */
  passRun(count: number): void {
    this.start += count * this.form;
    this.end = this.start + this.form;
  }

  /** The length of the element. */
  get length(): number {
    if (this.form === FORM_PACKED) return this.packed.length;
    return this.form === FORM_ALONE ? this.#aloneBytes : this.form;
  }

  /** Makes `bytes`, `start` and `end` say the element, unless it stands alone. */
  text(): void {
    if (this.form !== FORM_PACKED) return;
    const packed = this.packed;
    packed.text();
    this.bytes = packed.stringBytes;
    this.start = packed.stringStart;
    this.end = packed.stringEnd;
  }

  /** The bytes of the element as an entry of a listpack. */
  get entryBytes(): number {
    if (this.form === FORM_PACKED) return this.packed.entryBytes;
    return textEntryBytes(this.form === FORM_ALONE ? this.#aloneBytes : this.form);
  }

  /** Takes a text to compare elements with, which must stay where it is. */
  prepare(bytes: Uint8Array, start: number, end: number): void {
    this.#needle = bytes;
    this.#needleStart = start;
    this.#needleEnd = end;
    this.packed.prepare(bytes, start, end);
  }

  /** False when it is known without a look that nothing here is the text of {@link prepare}. */
  mayHoldPrepared(): boolean {
    if (this.form === FORM_PACKED) return true;
    const length = this.#needleEnd - this.#needleStart;
    return length === (this.form === FORM_ALONE ? this.#aloneBytes : this.form);
  }

  /** Whether the element is the text of {@link prepare}. */
  isPrepared(): boolean {
    if (this.form === FORM_PACKED) return this.packed.isPrepared();
    const needle = this.#needle;
    const needleStart = this.#needleStart;
    const length = this.#needleEnd - needleStart;
    if (this.form === FORM_ALONE) return this.#isAlonePrepared(length);
    if (length !== this.form) return false;
    const bytes = this.bytes;
    const start = this.start;
    for (let i = length - 1; i >= 0; i--) {
      if (bytes[start + i] !== needle[needleStart + i]) return false;
    }
    return true;
  }

  #isAlonePrepared(length: number): boolean {
    const view = this.#view;
    if (length !== this.#aloneBytes || view === null) return false;
    for (let done = 0; done < length;) {
      const at = view.span(this.aloneLeaf, LEAF_HEADER_BYTES + done, length - done);
      const run = view.spanLength;
      const bytes = view.bytes;
      const from = this.#needleStart + done;
      for (let i = 0; i < run; i++) if (bytes[at + i] !== this.#needle[from + i]) return false;
      done += run;
    }
    return true;
  }
}

/**
 * Elements outside the heap, on their way into leaves: entries of a listpack in a row, of which it
 * is known whether they could be a run.
 */
export class LeafBuffer {
  bytes: Uint8Array = new Uint8Array(4 * LEAF_BYTES_MAX);
  /** Bytes and number of the entries. */
  length = 0;
  count = 0;
  /** The length that all texts have; 0 while there are none, -1 when they could be no run. */
  uniform = 0;

  readonly #entry: Uint8Array = new Uint8Array(SHARED_BYTES_MAX + 16);

  clear(): void {
    this.length = 0;
    this.count = 0;
    this.uniform = 0;
  }

  /** Adds a text of at most SHARED_BYTES_MAX bytes. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const entryBytes = writeEntry(this.bytes, this.length, bytes, start, end) - this.length;
    this.#note(entryBytes === textEntryBytes(end - start) ? end - start : 0);
    this.length += entryBytes;
    this.count++;
  }

  /** Adds an entry as it stands in a listpack. */
  addEntry(bytes: Uint8Array, start: number, entryBytes: number): void {
    copyBytes(bytes, start, entryBytes, this.bytes, this.length);
    this.#note(uniformLength(bytes, start));
    this.length += entryBytes;
    this.count++;
  }

  /** Adds all elements of a leaf of several. */
  addLeaf(view: HeapView, leaf: number): void {
    const at = view.read(leaf);
    const words = view.words;
    const bytes = view.bytes;
    const head = words[at >>> 2];
    const range = words[(at >>> 2) + 1];
    const count = head & 0xffff;
    const form = head >>> 16;
    const begin = at + (range & 0xffff);
    const end = at + (range >>> 16);
    if (form === FORM_PACKED) {
      copyBytes(bytes, begin, end - begin, this.bytes, this.length);
      this.length += end - begin;
      this.uniform = -1;
    } else {
      for (let p = begin; p < end; p += form) {
        this.length = writeText(this.bytes, this.length, bytes, p, form);
      }
      this.#note(form);
    }
    this.count += count;
  }

  /** Puts a text before the entry at an offset in the place of so many bytes. */
  splice(
    offset: number,
    removedBytes: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const target = this.bytes;
    const tail = offset + removedBytes;
    const scratch = this.#entry;
    const entryBytes = writeEntry(scratch, 0, bytes, start, end);
    target.copyWithin(offset + entryBytes, tail, this.length);
    copyBytes(scratch, 0, entryBytes, target, offset);
    const replacesAll = removedBytes === this.length;
    if (replacesAll) this.uniform = 0;
    this.#note(entryBytes === textEntryBytes(end - start) ? end - start : 0);
    this.length += entryBytes - removedBytes;
    if (removedBytes === 0) this.count++;
  }

  /** Takes the entries of some indexes, in rising order, out. */
  removeAll(indexes: Int32Array, from: number, to: number): void {
    const bytes = this.bytes;
    let index = 0;
    let read = 0;
    let written = 0;
    for (let i = from; i <= to; i++) {
      const kept = read;
      const next = i < to ? indexes[i] : this.count;
      for (; index < next; index++) read += entryBytesAt(bytes, read);
      bytes.copyWithin(written, kept, read);
      written += read - kept;
      if (i === to) break;
      read += entryBytesAt(bytes, read);
      index++;
    }
    this.length = written;
    this.count -= to - from;
  }

  /** How many entries, at least one and not all, take at most half of the bytes, if they can. */
  countOfHalf(): number {
    const half = this.length >>> 1;
    let count = 0;
    for (let p = 0; count < this.count - 1; count++) {
      p += entryBytesAt(this.bytes, p);
      if (p > half && count > 0) break;
    }
    return count;
  }

  /** Where the entry of an index begins. */
  offsetOf(index: number): number {
    let offset = 0;
    for (; index > 0; index--) offset += entryBytesAt(this.bytes, offset);
    return offset;
  }

  /** The form that the entries take in a leaf. */
  get form(): number {
    return this.uniform > 0 ? this.uniform : FORM_PACKED;
  }

  /** The size of a leaf of `count` of the entries, which take `lengthBytes`. */
  leafBytes(lengthBytes: number, count: number): number {
    const elements = this.uniform > 0 ? this.uniform * count : lengthBytes + 1;
    return LEAF_HEADER_BYTES + elements;
  }

  /** Whether all of it fits one leaf. */
  get fits(): boolean {
    if (this.uniform > 0) return this.count <= runCountMax(this.uniform);
    return this.length < LEAF_ROOM;
  }

  /** Writes `count` of the entries, those at `from` to `to`, into a leaf, `begin` bytes into it. */
  store(heap: Heap, leaf: number, from: number, to: number, count: number, begin: number): void {
    const form = this.form;
    const end = begin + (form === FORM_PACKED ? to - from : form * count);
    const at = heap.write(leaf);
    const words = heap.words;
    const target = heap.bytes;
    words[at >>> 2] = form << 16 | count;
    words[(at >>> 2) + 1] = end << 16 | begin;
    if (form === FORM_PACKED) {
      copyBytes(this.bytes, from, to - from, target, at + begin);
      target[at + end] = LISTPACK_END;
      return;
    }
    const source = this.bytes;
    const head = form < 64 ? 1 : 2;
    const entryBytes = textEntryBytes(form);
    for (let p = from + head, q = at + begin; p < to; p += entryBytes, q += form) {
      copyBytes(source, p, form, target, q);
    }
  }

  /** One more text of that length, 0 for one that can be in no run. */
  #note(length: number): void {
    if (length === 0) this.uniform = -1;
    else if (this.uniform === 0) this.uniform = length;
    else if (this.uniform !== length) this.uniform = -1;
  }
}

/** Writes the entry of a text that is known to be no integer; returns where it ends. */
function writeText(
  target: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  const from = at;
  if (length < 64) target[at++] = 0x80 | length;
  else {
    target[at++] = 0xe0 | length >>> 8;
    target[at++] = length;
  }
  copyBytes(bytes, start, length, target, at);
  at += length;
  const encoded = at - from;
  if (encoded < 128) target[at++] = encoded;
  else {
    target[at++] = encoded >>> 7;
    target[at++] = encoded & 0x7f | 0x80;
  }
  return at;
}

/** The length of the text that an entry is; 0 for an integer and for what is in no run. */
export function uniformLength(bytes: Uint8Array, p: number): number {
  const first = bytes[p];
  if (first < 0x80) return 0;
  if (first < 0xc0) return first & 0x3f;
  if (first < 0xe0 || first >= 0xf0) return 0;
  const length = (first & 0x0f) << 8 | bytes[p + 1];
  // Shorter ones in this encoding come only from outside.
  return length >= 64 && length <= SHARED_BYTES_MAX ? length : 0;
}

/** Verifies the invariants of a leaf. */
export function checkLeaf(heap: Heap, leaf: number): void {
  const at = heap.read(leaf);
  const words = heap.words;
  const bytes = heap.bytes;
  const head = words[at >>> 2];
  const range = words[(at >>> 2) + 1];
  const form = head >>> 16;
  const count = head & 0xffff;
  assert(count > 0, "no leaf is empty");
  const capacity = heap.capacityOf(leaf);
  if (form === FORM_ALONE) {
    const isLong = count === 1 && range > SHARED_BYTES_MAX;
    assert(isLong && range + LEAF_HEADER_BYTES <= capacity, "only a long element stands alone");
    return;
  }
  const begin = range & 0xffff;
  const end = range >>> 16;
  assert(begin >= LEAF_HEADER_BYTES && end <= capacity, "the elements are in the leaf");
  assert(capacity <= LEAF_BYTES_MAX, "the leaf is contiguous");
  if (form !== FORM_PACKED) {
    assert(form > 0 && form <= SHARED_BYTES_MAX, "a run has a length");
    assert(end - begin === form * count && count <= runCountMax(form), "a run is full");
    return;
  }
  assert(end < capacity && bytes[at + end] === LISTPACK_END, "packed elements have an end");
  assert(end - begin < LEAF_ROOM, "packed elements fit a leaf");
  let found = 0;
  for (let p = at + begin; p < at + end; found++) p += entryBytesAt(bytes, p);
  assert(found === count, "packed elements are counted");
  const reader = new LeafReader();
  reader.open(heap, leaf, true);
  while (reader.previous()) found--;
  assert(found === 0, "packed elements can be read backwards");
}
