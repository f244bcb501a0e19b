/**
 * The entries of a database, by reference: header, key, and the bytes of values. Which entries there
 * are and how they come and go is the database's matter.
 */
import {
  ENTRY_EXPIRES,
  ENTRY_KEY_LENGTH_MASK,
  ENTRY_OUTSIDE,
  keyOffset,
  outsideOffset,
} from "../heap/entry.ts";
import { Heap, HeapFull } from "../heap/heap.ts";
import { copyBytes } from "../heap/heap_view.ts";
import type { KeyHash } from "../base/hash.ts";
import type { AccessClock } from "./access.ts";

/** The expiry time of a key that has none. */
export const NO_EXPIRY = -1;
/** A value goes into an object of its own when its entry would be larger than this. */
export const INLINE_ENTRY_BYTES_MAX = 1024;
const NO_BYTES = new Uint8Array(0);

export class Entries {
  /** Where {@link wholeValue} has found a value. */
  wholeBytes: Uint8Array = NO_BYTES;

  protected readonly heap: Heap;
  protected readonly hash: KeyHash;
  protected readonly access: AccessClock;
  #scratch: Uint8Array = NO_BYTES;

  constructor(heap: Heap, hash: KeyHash, access: AccessClock) {
    this.heap = heap;
    this.hash = hash;
    this.access = access;
  }

  /** `type | encoding << 4`. */
  kindOf(ref: number): number {
    return this.heap.wordAt(ref, 0) & 0xff;
  }

  typeOf(ref: number): number {
    return this.heap.wordAt(ref, 0) & 0x0f;
  }

  encodingOf(ref: number): number {
    return this.heap.wordAt(ref, 0) >>> 4 & 0x0f;
  }

  /** Changes type or encoding, nothing else. */
  setKind(ref: number, type: number, encoding: number): void {
    const word = this.heap.write(ref) >>> 2;
    const words = this.heap.words;
    words[word] = words[word] & ~0xff | type | encoding << 4;
  }

  /** The LRU or LFU bits (access.ts). */
  accessOf(ref: number): number {
    return this.heap.wordAt(ref, 0) >>> 8;
  }

  setAccess(ref: number, access: number): void {
    const word = this.heap.write(ref) >>> 2;
    const words = this.heap.words;
    words[word] = words[word] & 0xff | access << 8;
  }

  /** Length of a string's value in bytes (for other types: what they keep there). */
  valueLengthOf(ref: number): number {
    return this.heap.wordAt(ref, 8);
  }

  /** Milliseconds since the epoch, or {@link NO_EXPIRY}. */
  expiresAtMs(ref: number): number {
    const word = this.heap.read(ref) >>> 2;
    const words = this.heap.words;
    if ((words[word + 1] & ENTRY_EXPIRES) === 0) return NO_EXPIRY;
    return words[word + 4] * 2 ** 32 + (words[word + 3] >>> 0);
  }

  keyLengthOf(ref: number): number {
    return this.heap.wordAt(ref, 4) & ENTRY_KEY_LENGTH_MASK;
  }

  /** Copies the key to `target[at..]`; see {@link keyLengthOf}. */
  copyKey(ref: number, target: Uint8Array, at: number): void {
    const flags = this.flagsOf(ref);
    this.heap.copyOut(ref, keyOffset(flags), flags & ENTRY_KEY_LENGTH_MASK, target, at);
  }

  /** A copy of the key. */
  keyOf(ref: number): Uint8Array {
    const key = new Uint8Array(this.keyLengthOf(ref));
    this.copyKey(ref, key, 0);
    return key;
  }

  /** The hash that an entry's key has. */
  hashOf(ref: number): number {
    const heap = this.heap;
    const flags = this.flagsOf(ref);
    const length = flags & ENTRY_KEY_LENGTH_MASK;
    const at = heap.span(ref, keyOffset(flags), length);
    if (heap.spanLength === length) return this.hash.hash(heap.bytes, at, at + length);
    const key = this.keyOf(ref);
    return this.hash.hash(key, 0, key.length);
  }

  /** The object that holds the value, 0 when the value stands in the entry. */
  outsideOf(ref: number): number {
    const word = this.heap.read(ref) >>> 2;
    const flags = this.heap.words[word + 1];
    if ((flags & ENTRY_OUTSIDE) === 0) return 0;
    return this.heap.words[word + (outsideOffset(flags) >>> 2)];
  }

  /**
   * Points the heap at the value's bytes from `offset` on and returns where the run begins in
   * `heap.bytes`; `heap.spanLength` says how many are contiguous (at most `length`).
   */
  valueSpan(ref: number, offset: number, length: number): number {
    const heap = this.heap;
    const at = heap.read(ref);
    const flags = heap.words[(at >>> 2) + 1];
    if ((flags & ENTRY_OUTSIDE) !== 0) {
      return heap.span(heap.words[(at + outsideOffset(flags)) >>> 2], offset, length);
    }
    const valueOffset = keyOffset(flags) + (flags & ENTRY_KEY_LENGTH_MASK);
    heap.spanLength = length;
    return at + valueOffset + offset;
  }

  /** As {@link valueSpan}, but the bytes may be written. */
  valueSpanToWrite(ref: number, offset: number, length: number): number {
    const heap = this.heap;
    const at = heap.write(ref);
    const flags = heap.words[(at >>> 2) + 1];
    if ((flags & ENTRY_OUTSIDE) !== 0) {
      return heap.spanToWrite(heap.words[(at + outsideOffset(flags)) >>> 2], offset, length);
    }
    heap.spanLength = length;
    return at + keyOffset(flags) + (flags & ENTRY_KEY_LENGTH_MASK) + offset;
  }

  /**
   * The whole value in one piece, in `wholeBytes`, and returns where it begins: the heap's own bytes
   * or a copy. To be read, until the heap changes.
   */
  wholeValue(ref: number): number {
    const length = this.valueLengthOf(ref);
    const at = this.valueSpan(ref, 0, length);
    if (this.heap.spanLength === length) {
      this.wholeBytes = this.heap.bytes;
      return at;
    }
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length + (length >>> 2));
    this.copyValue(ref, 0, length, this.#scratch, 0);
    this.wholeBytes = this.#scratch;
    return 0;
  }

  /** Lets go of the heap's memory. */
  dropViews(): void {
    this.wholeBytes = NO_BYTES;
  }

  /** Copies a range of the value to `target[at..]`. */
  copyValue(ref: number, offset: number, length: number, target: Uint8Array, at: number): void {
    while (length > 0) {
      const from = this.valueSpan(ref, offset, length);
      const run = this.heap.spanLength;
      copyBytes(this.heap.bytes, from, run, target, at);
      offset += run;
      at += run;
      length -= run;
    }
  }

  /** Copies `source[from..from+length)` into the value. */
  writeValue(ref: number, offset: number, source: Uint8Array, from: number, length: number): void {
    while (length > 0) {
      const at = this.valueSpanToWrite(ref, offset, length);
      const run = this.heap.spanLength;
      copyBytes(source, from, run, this.heap.bytes, at);
      offset += run;
      from += run;
      length -= run;
    }
  }

  /** Sets a range of the value to zero bytes. */
  clearValue(ref: number, offset: number, length: number): void {
    while (length > 0) {
      const at = this.valueSpanToWrite(ref, offset, length);
      const run = this.heap.spanLength;
      this.heap.bytes.fill(0, at, at + run);
      offset += run;
      length -= run;
    }
  }

  /** Moves bytes within a value; the ranges may overlap. */
  protected moveValue(ref: number, from: number, to: number, length: number): void {
    if (length === 0) return;
    const low = Math.min(from, to);
    const reach = Math.max(from, to) + length - low;
    const start = this.valueSpanToWrite(ref, low, reach);
    if (this.heap.spanLength === reach) {
      const bytes = this.heap.bytes;
      bytes.copyWithin(start + to - low, start + from - low, start + from - low + length);
      return;
    }
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length + (length >>> 2));
    this.copyValue(ref, from, length, this.#scratch, 0);
    this.writeValue(ref, to, this.#scratch, 0, length);
  }

  protected flagsOf(ref: number): number {
    return this.heap.wordAt(ref, 4);
  }

  /** An entry with its header and, where it needs one, its outside value; no key, no expiry yet. */
  protected newEntry(
    keyLength: number,
    kind: number,
    valueLength: number,
    expires: number,
  ): number {
    const heap = this.heap;
    // The length has 29 bits: a key of 512 MB, which Redis would take, is one byte too long.
    if (keyLength > ENTRY_KEY_LENGTH_MASK) throw new HeapFull();
    const inlineBytes = keyOffset(expires) + keyLength + valueLength;
    const isInline = inlineBytes <= INLINE_ENTRY_BYTES_MAX;
    const flags = isInline ? keyLength | expires : keyLength | expires | ENTRY_OUTSIDE;
    const ref = heap.allocate(isInline ? inlineBytes : keyOffset(flags) + keyLength);
    const outside = isInline ? 0 : this.outsideFor(ref, 0, valueLength, 0);
    const word = heap.write(ref) >>> 2;
    const words = heap.words;
    words[word] = kind | this.access.initial << 8;
    words[word + 1] = flags;
    words[word + 2] = valueLength;
    if (!isInline) words[word + (outsideOffset(flags) >>> 2)] = outside;
    return ref;
  }

  /** An entry with its header and the root of a graph; no key, no expiry yet. */
  protected newGraphEntry(keyLength: number, kind: number, flags: number, root: number): number {
    const heap = this.heap;
    if (keyLength > ENTRY_KEY_LENGTH_MASK) throw new HeapFull();
    const ref = heap.allocate(keyOffset(flags) + keyLength);
    const word = heap.write(ref) >>> 2;
    const words = heap.words;
    words[word] = kind | this.access.initial << 8;
    words[word + 1] = flags;
    words[word + 2] = 0;
    words[word + (outsideOffset(flags) >>> 2)] = root;
    return ref;
  }

  /** An outside value of a new entry, which is ended again when there is no room for it. */
  protected outsideFor(
    entry: number,
    oldOutside: number,
    valueLength: number,
    keepBytes: number,
  ): number {
    const heap = this.heap;
    try {
      if (oldOutside === 0) return heap.allocate(Math.max(valueLength, 1));
      return heap.resize(oldOutside, valueLength, keepBytes);
    } catch (thrown) {
      heap.free(entry);
      throw thrown;
    }
  }

  protected writeExpiry(ref: number, expiresAtMs: number): void {
    const word = this.heap.write(ref) >>> 2;
    this.heap.words[word + 3] = expiresAtMs | 0;
    this.heap.words[word + 4] = Math.floor(expiresAtMs / 2 ** 32);
  }

  protected keyOffsetOf(ref: number): number {
    return keyOffset(this.flagsOf(ref));
  }
}
