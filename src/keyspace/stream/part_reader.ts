/**
 * Reading what a stream's leaf consists of, bytes, varints and parts, wherever it lies: in one
 * piece, or spread over pages.
 *
 * The reader has a **window**, a contiguous run of the leaf's bytes: the whole leaf up to 4096
 * bytes, and mostly for larger ones. Where the run ends amid a number, the window is a copy of a
 * few bytes. A text may reach beyond the window; it is known by its offset in the leaf.
 */
import type { HeapView } from "../../heap/heap_view.ts";

/** No number needs more bytes at once. */
const WINDOW_BYTES_MIN = 32;
const NO_BYTES = new Uint8Array(0);

export class PartReader {
  /** The window's bytes. */
  bytes: Uint8Array = NO_BYTES;
  /** The next byte in `bytes`. */
  at = 0;

  /** The part: an integer of two words, or a text. */
  isInteger = false;
  high = 0;
  low = 0;
  /** Where the text stands in `bytes`, where {@link isTextHere}. */
  textStart = 0;
  textLength = 0;

  /** The varint that {@link readVarint} has read: two words. */
  varintHigh = 0;
  varintLow = 0;

  leaf = 0;
  readonly #view: HeapView;
  readonly #copy: Uint8Array = new Uint8Array(WINDOW_BYTES_MIN);
  #used = 0;
  /** Where the window begins and ends in `bytes`, and whether the leaf ends there. */
  #start = 0;
  #end = 0;
  #isWhole = false;
  /** What is added to an offset in the leaf to get a position in `bytes`. */
  #base = 0;

  constructor(view: HeapView) {
    this.#view = view;
  }

  /** Goes to an offset of a leaf that has so many bytes in use. */
  open(leaf: number, offset: number, used: number): void {
    this.leaf = leaf;
    this.#used = used;
    this.#base = -offset;
    this.at = 0;
    this.#refill();
  }

  /** Lets go of the heap's memory, where the reader is kept. */
  close(): void {
    this.bytes = NO_BYTES;
    this.leaf = 0;
  }

  /** Goes to another offset of the same leaf. */
  seek(offset: number): void {
    this.at = this.#base + offset;
    if (this.at < this.#start || this.at >= this.#end) this.#refill();
  }

  /** The offset in the leaf of the next byte. */
  get offset(): number {
    return this.at - this.#base;
  }

  get isAtEnd(): boolean {
    return this.at - this.#base >= this.#used;
  }

  /** Where the leaf ends in `bytes`, where the window reaches so far; -1 elsewhere. */
  get wholeEnd(): number {
    return this.#isWhole ? this.#end : -1;
  }

  /** The offset in the leaf of the text. */
  get textOffset(): number {
    return this.textStart - this.#base;
  }

  /** Whether all of the text stands in `bytes`. */
  get isTextHere(): boolean {
    return this.textStart + this.textLength <= this.#end;
  }

  readByte(): number {
    if (!this.#isWhole && this.at >= this.#end) this.#refill();
    return this.bytes[this.at++];
  }

  /** Reads a varint of up to 32 bits. */
  readCount(): number {
    this.readVarint();
    return this.varintLow >>> 0;
  }

  /** Reads a varint of up to 64 bits into `varintHigh` and `varintLow`. */
  readVarint(): void {
    if (!this.#isWhole && this.at + WINDOW_BYTES_MIN > this.#end) this.#refill();
    const bytes = this.bytes;
    let p = this.at;
    let byte = bytes[p++];
    let low = byte & 0x7f;
    let high = 0;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[p++];
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high = bits >>> 4;
      else if (shift > 31) high |= bits << shift - 32;
    }
    this.at = p;
    this.varintHigh = high;
    this.varintLow = low;
  }

  /** Reads the next part. */
  next(): void {
    if (!this.#isWhole && this.at + WINDOW_BYTES_MIN > this.#end) this.#refill();
    const bytes = this.bytes;
    const p = this.at;
    const first = bytes[p];
    if (first < 0x80) {
      this.isInteger = true;
      this.high = 0;
      this.low = first;
      this.at = p + 1;
    } else if (first < 0xc0) this.#takeText(p + 1, first & 0x3f);
    else if (first < 0xe0) this.#takeInteger((first << 8 | bytes[p + 1]) << 19 >> 19, 2);
    else if (first < 0xf0) this.#takeText(p + 2, (first & 0x0f) << 8 | bytes[p + 1]);
    else this.#readLong(bytes, p, first);
  }

  #readLong(bytes: Uint8Array, p: number, first: number): void {
    if (first === 0xf1) this.#takeInteger((bytes[p + 1] | bytes[p + 2] << 8) << 16 >> 16, 3);
    else if (first === 0xf2) {
      this.#takeInteger((bytes[p + 1] | bytes[p + 2] << 8 | bytes[p + 3] << 16) << 8 >> 8, 4);
    } else if (first === 0xf3) this.#takeInteger(wordOf(bytes, p + 1), 5);
    else if (first === 0xf4) {
      this.#takeInteger(wordOf(bytes, p + 1), 9);
      this.high = wordOf(bytes, p + 5);
    } else this.#takeText(p + 5, wordOf(bytes, p + 1) >>> 0);
  }

  /** Passes over so many parts. */
  skip(count: number): void {
    for (; count > 0; count--) this.next();
  }

  #takeInteger(value: number, encodedBytes: number): void {
    this.isInteger = true;
    this.low = value;
    this.high = value >> 31;
    this.at += encodedBytes;
  }

  #takeText(start: number, length: number): void {
    this.isInteger = false;
    this.textStart = start;
    this.textLength = length;
    this.at = start + length;
  }

  /** Moves the window to where the next byte is. */
  #refill(): void {
    const offset = this.at - this.#base;
    const left = this.#used - offset;
    const view = this.#view;
    if (left <= 0) {
      this.#isWhole = true;
      this.#start = this.at;
      this.#end = this.at;
      return;
    }
    const from = view.span(this.leaf, offset, left);
    const run = view.spanLength;
    const needed = left < WINDOW_BYTES_MIN ? left : WINDOW_BYTES_MIN;
    if (run >= needed) {
      this.bytes = view.bytes;
      this.at = from;
      this.#end = from + run;
      this.#isWhole = run === left;
    } else {
      view.copyOut(this.leaf, offset, needed, this.#copy, 0);
      this.bytes = this.#copy;
      this.at = 0;
      this.#end = needed;
      this.#isWhole = needed === left;
    }
    this.#start = this.at;
    this.#base = this.at - offset;
  }
}

/** The bytes of the part that begins at a place. */
export function partBytesAt(bytes: Uint8Array, p: number): number {
  const first = bytes[p];
  if (first < 0x80) return 1;
  if (first < 0xc0) return 1 + (first & 0x3f);
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 2 + ((first & 0x0f) << 8 | bytes[p + 1]);
  if (first === 0xf0) return 5 + (wordOf(bytes, p + 1) >>> 0);
  return first === 0xf4 ? 9 : first - 0xee;
}

function wordOf(bytes: Uint8Array, at: number): number {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
}
