/**
 * Going through the members of a set, whatever its encoding, in a live heap or a frozen one, in a
 * worker too: all that is needed is a view of the heap.
 *
 * A member is left in registers: where its text stands, and for an integer of an intset or a listpack
 * its two words; its text then has to be asked for. Members stand in the heap itself, so they are
 * good until the set changes; other values may change meanwhile.
 */
import { isCanonicalInteger, MAX_INTEGER_TEXT_BYTES, writeInt64 } from "../../base/integer_text.ts";
import {
  ENTRY_KEY_LENGTH_MASK,
  ENTRY_OUTSIDE,
  keyOffset,
  outsideOffset,
} from "../../heap/entry.ts";
import type { HeapView } from "../../heap/heap_view.ts";
import { intsetCount, intsetHigh, intsetLow } from "../../heap/intset.ts";
import { ListpackReader } from "../../heap/listpack.ts";
import type { ListpackWriter } from "../../heap/listpack_writer.ts";
import { recordCount, RecordWalk } from "../../heap/record_walk.ts";
import { ENCODING_HASHTABLE, ENCODING_INTSET, ENCODING_LISTPACK } from "../value_type.ts";

const NO_BYTES = new Uint8Array(0);

export class SetWalk {
  /** What is open: ENCODING_INTSET, ENCODING_LISTPACK or ENCODING_HASHTABLE. */
  encoding: number = ENCODING_INTSET;
  /** Members of the set. */
  count = 0;
  /** The root of the dict, for ENCODING_HASHTABLE. */
  root = 0;

  /** True for a member that is known as an integer: then `high` and `low` are its words. */
  isInteger = false;
  high = 0;
  low = 0;
  /** The member's text; that of an integer only after {@link SetWalk.text}. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;

  protected readonly view: HeapView;
  protected readonly listpack: ListpackReader = new ListpackReader();
  /** Where an intset or a listpack begins. */
  protected valueBytes: Uint8Array = NO_BYTES;
  protected valueStart = 0;

  #records: RecordWalk | null = null;
  /** The next member of an intset. */
  #index = 0;
  /** True before the first member. */
  #isFresh = true;
  readonly #digits: Uint8Array = new Uint8Array(MAX_INTEGER_TEXT_BYTES);
  /** A small set, or a member, that spans pages. */
  #wholeValue: Uint8Array = NO_BYTES;
  #wholeMember: Uint8Array = NO_BYTES;

  constructor(view: HeapView) {
    this.view = view;
  }

  /** Goes before the first member of the set that an entry holds. */
  open(ref: number): void {
    const view = this.view;
    const at = view.read(ref);
    const words = view.words;
    const word = at >>> 2;
    const encoding = words[word] >>> 4 & 0x0f;
    const flags = words[word + 1];
    const length = words[word + 2];
    if (encoding === ENCODING_HASHTABLE) {
      return this.openDict(words[word + (outsideOffset(flags) >>> 2)]);
    }
    if ((flags & ENTRY_OUTSIDE) === 0) {
      const start = at + keyOffset(flags) + (flags & ENTRY_KEY_LENGTH_MASK);
      return this.openBytes(encoding, view.bytes, start);
    }
    const outside = words[word + (outsideOffset(flags) >>> 2)];
    const start = view.span(outside, 0, length);
    if (view.spanLength === length) return this.openBytes(encoding, view.bytes, start);
    if (this.#wholeValue.length < length) this.#wholeValue = new Uint8Array(length);
    view.copyOut(outside, 0, length, this.#wholeValue, 0);
    this.openBytes(encoding, this.#wholeValue, 0);
  }

  /** Goes before the first member of an intset or a listpack. */
  openBytes(encoding: number, bytes: Uint8Array, start: number): void {
    this.encoding = encoding;
    this.valueBytes = bytes;
    this.valueStart = start;
    this.listpack.open(bytes, start);
    this.count = encoding === ENCODING_INTSET ? intsetCount(bytes, start) : this.listpack.count;
    this.rewind();
  }

  /** Goes before the first member of a dict without values. */
  openDict(root: number): void {
    this.encoding = ENCODING_HASHTABLE;
    this.root = root;
    this.count = recordCount(this.view, root);
    this.rewind();
  }

  /** Goes before the first member again. */
  rewind(): void {
    this.#index = 0;
    this.#isFresh = true;
  }

  /** Lets go of the heap's memory. */
  close(): void {
    this.bytes = NO_BYTES;
    this.valueBytes = NO_BYTES;
    this.#records = null;
    this.#wholeValue = NO_BYTES;
    this.listpack.close();
  }

  /** Goes to the next member; false when there is none. */
  next(): boolean {
    if (this.encoding === ENCODING_HASHTABLE) return this.#nextRecord();
    if (this.encoding === ENCODING_LISTPACK) return this.#nextEntry();
    const index = this.#index;
    if (index === this.count) return false;
    this.#index = index + 1;
    this.isInteger = true;
    this.bytes = NO_BYTES;
    this.high = intsetHigh(this.valueBytes, this.valueStart, index);
    this.low = intsetLow(this.valueBytes, this.valueStart, index);
    return true;
  }

  /** Lets `bytes[start..end)` be the member's text, an integer's too. */
  text(): void {
    if (!this.isInteger || this.bytes === this.#digits) return;
    this.bytes = this.#digits;
    this.start = 0;
    this.end = writeInt64(this.#digits, 0, this.high, this.low);
  }

  /** Whether the member is an integer, however it is kept. */
  isNumeric(): boolean {
    return this.isInteger || isCanonicalInteger(this.bytes, this.start, this.end);
  }

  /** Adds the member to a listpack. */
  copyTo(writer: ListpackWriter): void {
    if (this.isInteger) writer.addInt64(this.high, this.low);
    else writer.add(this.bytes, this.start, this.end);
  }

  #nextEntry(): boolean {
    const listpack = this.listpack;
    if (this.#isFresh) {
      listpack.open(this.valueBytes, this.valueStart);
      this.#isFresh = false;
    }
    if (!listpack.next()) return false;
    this.isInteger = listpack.isInteger;
    this.high = listpack.high;
    this.low = listpack.low;
    this.bytes = listpack.stringBytes;
    this.start = listpack.stringStart;
    this.end = listpack.stringEnd;
    return true;
  }

  #nextRecord(): boolean {
    if (this.#isFresh) {
      this.#records = new RecordWalk(this.view, this.root);
      this.#isFresh = false;
    }
    const records = this.#records!;
    this.isInteger = false;
    if (!records.next()) return false;
    this.setRange(records.keyRef, records.keyOffset, records.keyLength);
    return true;
  }

  /** Lets the member's text be a range of an object of the heap. */
  protected setRange(ref: number, offset: number, length: number): void {
    const view = this.view;
    const start = length === 0 ? 0 : view.span(ref, offset, length);
    this.start = start;
    this.end = start + length;
    if (length === 0) this.bytes = NO_BYTES;
    else if (view.spanLength === length) this.bytes = view.bytes;
    else {
      if (this.#wholeMember.length < length) this.#wholeMember = new Uint8Array(length);
      view.copyOut(ref, offset, length, this.#wholeMember, 0);
      this.bytes = this.#wholeMember;
      this.start = 0;
      this.end = length;
    }
  }
}
