/**
 * One numbered database: keys with their values and expiry times.
 *
 * Two dicts hold the same entries (heap/entry.ts): `keys` all of them, `expires` those with an
 * expiry time, so that active expiry finds them without looking at the others.
 *
 * A **reference to an entry** is what look-ups return and what everything else here takes. Changing
 * an entry may move it: such a method returns where it now is, and the old reference is dead. The
 * dicts remember where the last look-up ended, so a change right after it searches nothing.
 *
 * Invariants: an entry stands in `expires` exactly when it has the EXPIRES flag; an expired entry is
 * never returned by a look-up that counts as one.
 */
import { copyBytes } from "../heap/heap_view.ts";
import { assert } from "../base/assert.ts";
import { Dict } from "../heap/dict.ts";
import { entriesOf } from "../heap/dict_walk.ts";
import {
  ENTRY_EXPIRES,
  ENTRY_EXPIRES_AT,
  ENTRY_HEADER_BYTES,
  ENTRY_KEY_LENGTH_MASK,
  ENTRY_OUTSIDE,
  keyOffset,
  outsideOffset,
} from "../heap/entry.ts";
import { Heap, HeapFull } from "../heap/heap.ts";
import type { KeyHash } from "../base/hash.ts";
import type { KeysAhead } from "./keys_ahead.ts";
import type { Keyspace } from "./keyspace.ts";
import { TYPE_STRING } from "./value_type.ts";

/** A value goes into an object of its own when its entry would be larger than this. */
const INLINE_ENTRY_BYTES_MAX = 1024;
/** The expiry time of a key that has none. */
export const NO_EXPIRY = -1;

export class Database {
  /** Its number, which SWAPDB changes. */
  index: number;
  readonly keys: Dict;
  readonly expires: Dict;
  /** A running average of the time to live of sampled keys, for INFO; 0 unknown. */
  averageTtlMs = 0;
  /** Where active expiry goes on. */
  expiryCursor = 0;

  readonly #keyspace: Keyspace;
  readonly #heap: Heap;
  readonly #hash: KeyHash;
  readonly #keysAhead: KeysAhead;
  /** The hash of the key that was looked up last. */
  #lastHash = 0;
  /** The hashes of a bulk insertion. */
  #bulkHashes: Int32Array = new Int32Array(0);

  constructor(keyspace: Keyspace, index: number) {
    this.#keyspace = keyspace;
    this.#heap = keyspace.heap;
    this.#hash = keyspace.hash;
    this.#keysAhead = keyspace.keysAhead;
    this.index = index;
    this.keys = new Dict(keyspace.heap);
    this.expires = new Dict(keyspace.heap);
  }

  /** How many keys there are, expired ones that nobody has met yet included (DBSIZE). */
  get size(): number {
    return this.keys.count;
  }

  /** Looks a key up for reading: counts a hit or a miss and touches the entry; 0 when absent. */
  lookupRead(bytes: Uint8Array, start: number, end: number): number {
    const ref = this.lookupWrite(bytes, start, end);
    if (ref === 0) this.#keyspace.misses++;
    else this.#keyspace.hits++;
    return ref;
  }

  /** Looks a key up for changing it: touches the entry; 0 when absent. */
  lookupWrite(bytes: Uint8Array, start: number, end: number): number {
    const ref = this.peek(bytes, start, end);
    if (ref !== 0 && !this.#keyspace.isNoTouch) this.#touch(ref);
    return ref;
  }

  /** Looks a key up for reading and counts it, without touching it (EXISTS, TTL, TYPE, OBJECT). */
  peekRead(bytes: Uint8Array, start: number, end: number): number {
    const ref = this.peek(bytes, start, end);
    if (ref === 0) this.#keyspace.misses++;
    else this.#keyspace.hits++;
    return ref;
  }

  /** Looks a key up and leaves no trace, but for ending it when it has expired. */
  peek(bytes: Uint8Array, start: number, end: number): number {
    const hash = this.#keysAhead.hashOf(bytes, start, end);
    this.#lastHash = hash;
    const ref = this.keys.find(hash, bytes, start, end);
    if (ref === 0) return 0;
    const heap = this.#heap;
    const word = heap.read(ref) >>> 2;
    if ((heap.words[word + 1] & ENTRY_EXPIRES) === 0) return ref;
    return this.#keyspace.expireIfNeeded(this, ref) ? 0 : ref;
  }

  /** Looks a key up whether or not it has expired; nothing else happens. */
  find(bytes: Uint8Array, start: number, end: number): number {
    this.#lastHash = this.#hash.hash(bytes, start, end);
    return this.keys.find(this.#lastHash, bytes, start, end);
  }

  /** `type | encoding << 4`. */
  kindOf(ref: number): number {
    return this.#heap.wordAt(ref, 0) & 0xff;
  }

  typeOf(ref: number): number {
    return this.#heap.wordAt(ref, 0) & 0x0f;
  }

  encodingOf(ref: number): number {
    return this.#heap.wordAt(ref, 0) >>> 4 & 0x0f;
  }

  /** Changes type or encoding, nothing else. */
  setKind(ref: number, type: number, encoding: number): void {
    const word = this.#heap.write(ref) >>> 2;
    const words = this.#heap.words;
    words[word] = words[word] & ~0xff | type | encoding << 4;
  }

  /** The LRU or LFU bits (access.ts). */
  accessOf(ref: number): number {
    return this.#heap.wordAt(ref, 0) >>> 8;
  }

  setAccess(ref: number, access: number): void {
    const word = this.#heap.write(ref) >>> 2;
    const words = this.#heap.words;
    words[word] = words[word] & 0xff | access << 8;
  }

  /** Length of a string's value in bytes (for other types: what they keep there). */
  valueLengthOf(ref: number): number {
    return this.#heap.wordAt(ref, 8);
  }

  /** Milliseconds since the epoch, or {@link NO_EXPIRY}. */
  expiresAtMs(ref: number): number {
    const word = this.#heap.read(ref) >>> 2;
    const words = this.#heap.words;
    if ((words[word + 1] & ENTRY_EXPIRES) === 0) return NO_EXPIRY;
    return words[word + 4] * 2 ** 32 + (words[word + 3] >>> 0);
  }

  keyLengthOf(ref: number): number {
    return this.#heap.wordAt(ref, 4) & ENTRY_KEY_LENGTH_MASK;
  }

  /** Copies the key to `target[at..]`; see {@link keyLengthOf}. */
  copyKey(ref: number, target: Uint8Array, at: number): void {
    const flags = this.#flagsOf(ref);
    this.#heap.copyOut(ref, keyOffset(flags), flags & ENTRY_KEY_LENGTH_MASK, target, at);
  }

  /** A copy of the key. */
  keyOf(ref: number): Uint8Array {
    const key = new Uint8Array(this.keyLengthOf(ref));
    this.copyKey(ref, key, 0);
    return key;
  }

  /** Bytes of the heap that the entry and its outside value take. */
  bytesOf(ref: number): number {
    const outside = this.outsideOf(ref);
    return this.#heap.capacityOf(ref) + (outside === 0 ? 0 : this.#heap.capacityOf(outside));
  }

  /** The object that holds the value, 0 when the value stands in the entry. */
  outsideOf(ref: number): number {
    const word = this.#heap.read(ref) >>> 2;
    const flags = this.#heap.words[word + 1];
    if ((flags & ENTRY_OUTSIDE) === 0) return 0;
    return this.#heap.words[word + (outsideOffset(flags) >>> 2)];
  }

  /**
   * Points the heap at the value's bytes from `offset` on and returns where the run begins in
   * `heap.bytes`; `heap.spanLength` says how many are contiguous (at most `length`).
   */
  valueSpan(ref: number, offset: number, length: number): number {
    const heap = this.#heap;
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
    const heap = this.#heap;
    const at = heap.write(ref);
    const flags = heap.words[(at >>> 2) + 1];
    if ((flags & ENTRY_OUTSIDE) !== 0) {
      return heap.spanToWrite(heap.words[(at + outsideOffset(flags)) >>> 2], offset, length);
    }
    heap.spanLength = length;
    return at + keyOffset(flags) + (flags & ENTRY_KEY_LENGTH_MASK) + offset;
  }

  /** Copies a range of the value to `target[at..]`. */
  copyValue(ref: number, offset: number, length: number, target: Uint8Array, at: number): void {
    while (length > 0) {
      const from = this.valueSpan(ref, offset, length);
      const run = this.#heap.spanLength;
      copyBytes(this.#heap.bytes, from, run, target, at);
      offset += run;
      at += run;
      length -= run;
    }
  }

  /** Copies `source[from..from+length)` into the value. */
  writeValue(ref: number, offset: number, source: Uint8Array, from: number, length: number): void {
    while (length > 0) {
      const at = this.valueSpanToWrite(ref, offset, length);
      const run = this.#heap.spanLength;
      copyBytes(source, from, run, this.#heap.bytes, at);
      offset += run;
      from += run;
      length -= run;
    }
  }

  /** Sets a range of the value to zero bytes. */
  clearValue(ref: number, offset: number, length: number): void {
    while (length > 0) {
      const at = this.valueSpanToWrite(ref, offset, length);
      const run = this.#heap.spanLength;
      this.#heap.bytes.fill(0, at, at + run);
      offset += run;
      length -= run;
    }
  }

  /**
   * Adds a key that is known to be absent, right after the look-up that said so, with a value of
   * `valueLength` undefined bytes, which the caller writes.
   * @param expiresAtMs NO_EXPIRY for none.
   */
  add(
    bytes: Uint8Array,
    start: number,
    end: number,
    kind: number,
    valueLength: number,
    expiresAtMs: number,
  ): number {
    const expires = expiresAtMs !== NO_EXPIRY ? ENTRY_EXPIRES : 0;
    // Room first: when the heap is full nothing must have changed.
    this.keys.reserve(this.#lastHash);
    if (expires !== 0) this.expires.reserve(this.#lastHash);
    const ref = this.#newEntry(end - start, kind, valueLength, expires);
    const offset = this.#keyOffsetOf(ref);
    if (end - start <= 64) {
      const at = this.#heap.write(ref) + offset;
      const heapBytes = this.#heap.bytes;
      for (let i = start; i < end; i++) heapBytes[at + i - start] = bytes[i];
    } else this.#heap.copyIn(ref, offset, bytes, start, end - start);
    this.keys.insert(this.#lastHash, ref);
    if (expires !== 0) {
      this.#writeExpiry(ref, expiresAtMs);
      this.expires.insert(this.#lastHash, ref);
    }
    return ref;
  }

  /**
   * Adds keys with strings that fit their entries, for loading: all hashes first, then all places in
   * the dict are read, so that the waits for memory overlap, and only then is anything added.
   * Allocates nothing on the JavaScript heap but a root.
   *
   * @param ranges four positions in `bytes` a key: where the key begins and ends, and the value.
   * @param kinds and expiresAtMs: one a key.
   * @returns how many were added: fewer than `count` when the key after these is there already.
   */
  bulkInsert(
    bytes: Uint8Array,
    ranges: Int32Array,
    kinds: Uint8Array,
    expiresAtMs: Float64Array,
    count: number,
  ): number {
    const heap = this.#heap;
    const keys = this.keys;
    if (count > this.#bulkHashes.length) this.#bulkHashes = new Int32Array(count);
    const hashes = this.#bulkHashes;
    for (let i = 0; i < count; i++) {
      hashes[i] = this.#hash.hash(bytes, ranges[4 * i], ranges[4 * i + 1]);
    }
    keys.prefetch(hashes, count, true);
    for (let i = 0; i < count; i++) {
      const start = ranges[4 * i];
      const keyLength = ranges[4 * i + 1] - start;
      if (keys.find(hashes[i], bytes, start, start + keyLength) !== 0) return i;
      const valueStart = ranges[4 * i + 2];
      const valueLength = ranges[4 * i + 3] - valueStart;
      const expires = expiresAtMs[i] !== NO_EXPIRY ? ENTRY_EXPIRES : 0;
      keys.reserve(hashes[i]);
      if (expires !== 0) this.expires.reserve(hashes[i]);
      const ref = this.#newEntry(keyLength, kinds[i], valueLength, expires);
      const keyAt = heap.write(ref) + keyOffset(expires);
      const heapBytes = heap.bytes;
      for (let k = 0; k < keyLength; k++) heapBytes[keyAt + k] = bytes[start + k];
      copyBytes(bytes, valueStart, valueLength, heapBytes, keyAt + keyLength);
      keys.insert(hashes[i], ref);
      if (expires !== 0) {
        this.#writeExpiry(ref, expiresAtMs[i]);
        this.expires.insert(hashes[i], ref);
      }
    }
    return count;
  }

  /**
   * Gives an entry's value another length; the first `keepBytes` bytes of it stay, the rest is
   * undefined and the caller's to write. Returns where the entry now is.
   */
  resizeValue(ref: number, valueLength: number, keepBytes: number): number {
    const heap = this.#heap;
    const word = heap.read(ref) >>> 2;
    const flags = heap.words[word + 1];
    const keyLength = flags & ENTRY_KEY_LENGTH_MASK;
    const inlineBytes = keyOffset(flags & ~ENTRY_OUTSIDE) + keyLength + valueLength;
    const isInline = inlineBytes <= INLINE_ENTRY_BYTES_MAX;
    if ((flags & ENTRY_OUTSIDE) === 0) {
      if (isInline && Heap.capacityFor(inlineBytes) === heap.capacityOf(ref)) {
        const at = heap.write(ref) >>> 2;
        heap.words[at + 2] = valueLength;
        return ref;
      }
      return this.#rebuild(ref, flags & ENTRY_EXPIRES, valueLength, keepBytes);
    }
    if (isInline) return this.#rebuild(ref, flags & ENTRY_EXPIRES, valueLength, keepBytes);
    const at = outsideOffset(flags) >>> 2;
    const outside = heap.resize(heap.words[word + at], valueLength, keepBytes);
    const place = heap.write(ref) >>> 2;
    heap.words[place + at] = outside;
    heap.words[place + 2] = valueLength;
    return ref;
  }

  /**
   * Replaces the value of a string by one of `valueLength` undefined bytes, which the caller
   * writes, together with its kind and expiry; returns where the entry now is.
   */
  replaceValue(ref: number, kind: number, valueLength: number, expiresAtMs: number): number {
    const expires = expiresAtMs !== NO_EXPIRY ? ENTRY_EXPIRES : 0;
    const flags = this.#flagsOf(ref);
    ref = (flags & ENTRY_EXPIRES) === expires
      ? this.resizeValue(ref, valueLength, 0)
      : this.#rebuild(ref, expires, valueLength, 0);
    const word = this.#heap.write(ref) >>> 2;
    const words = this.#heap.words;
    words[word] = words[word] & ~0xff | kind;
    if (expires !== 0) this.#writeExpiry(ref, expiresAtMs);
    return ref;
  }

  /** Sets or replaces the expiry time; returns where the entry now is. */
  setExpiry(ref: number, expiresAtMs: number): number {
    if ((this.#flagsOf(ref) & ENTRY_EXPIRES) === 0) {
      const length = this.valueLengthOf(ref);
      ref = this.#rebuild(ref, ENTRY_EXPIRES, length, length);
    }
    this.#writeExpiry(ref, expiresAtMs);
    return ref;
  }

  /** Takes the expiry time away; returns where the entry now is. */
  removeExpiry(ref: number): number {
    if ((this.#flagsOf(ref) & ENTRY_EXPIRES) === 0) return ref;
    const length = this.valueLengthOf(ref);
    return this.#rebuild(ref, 0, length, length);
  }

  /** Ends an entry, value and all. */
  delete(ref: number): void {
    const outside = this.outsideOf(ref);
    this.#unlink(ref);
    if (outside !== 0) this.#heap.free(outside);
    this.#heap.free(ref);
  }

  /**
   * Moves an entry to another key, which must be absent there, of the same or another database;
   * value, access bits and expiry go along. An outside value is not copied.
   */
  moveTo(target: Database, ref: number, key: Uint8Array, start: number, end: number): number {
    const heap = this.#heap;
    const flags = this.#flagsOf(ref);
    if ((flags & ENTRY_OUTSIDE) === 0) {
      const copy = this.copyTo(target, ref, key, start, end);
      this.delete(ref);
      return copy;
    }
    const hash = this.#hash.hash(key, start, end);
    target.keys.reserve(hash);
    if ((flags & ENTRY_EXPIRES) !== 0) target.expires.reserve(hash);
    if (end - start > ENTRY_KEY_LENGTH_MASK) throw new HeapFull();
    const offset = keyOffset(flags);
    const moved = heap.allocate(offset + (end - start));
    heap.copyWithin(ref, 0, moved, 0, offset);
    heap.setWordAt(moved, 4, flags & ~ENTRY_KEY_LENGTH_MASK | end - start);
    heap.copyIn(moved, offset, key, start, end - start);
    // Before the old entry leaves, which may make the dict smaller than what was reserved.
    target.keys.insert(hash, moved);
    if ((flags & ENTRY_EXPIRES) !== 0) target.expires.insert(hash, moved);
    this.#unlink(ref);
    heap.free(ref);
    return moved;
  }

  /** Copies an entry to a key, which must be absent there; access bits and expiry go along. */
  copyTo(target: Database, ref: number, key: Uint8Array, start: number, end: number): number {
    target.find(key, start, end);
    const length = this.valueLengthOf(ref);
    const expiresAtMs = this.expiresAtMs(ref);
    const copy = target.add(key, start, end, this.kindOf(ref), length, expiresAtMs);
    for (let offset = 0; offset < length;) {
      target.valueSpanToWrite(copy, offset, length - offset);
      const room = this.#heap.spanLength;
      const from = this.valueSpan(ref, offset, room);
      const bytes = this.#heap.bytes;
      const run = this.#heap.spanLength;
      const at = target.valueSpanToWrite(copy, offset, run);
      copyBytes(bytes, from, run, this.#heap.bytes, at);
      offset += run;
    }
    target.setAccess(copy, this.accessOf(ref));
    return copy;
  }

  /** The hash that an entry's key has. */
  hashOf(ref: number): number {
    const heap = this.#heap;
    const flags = this.#flagsOf(ref);
    const length = flags & ENTRY_KEY_LENGTH_MASK;
    const at = heap.span(ref, keyOffset(flags), length);
    if (heap.spanLength === length) return this.#hash.hash(heap.bytes, at, at + length);
    const key = this.keyOf(ref);
    return this.#hash.hash(key, 0, key.length);
  }

  /** Ends every entry. */
  clear(): void {
    for (let cursor = 0;;) {
      cursor = this.keys.scan(cursor);
      const scanned = this.keys.scanned;
      for (let i = 0; i < this.keys.scannedCount; i++) {
        const outside = this.outsideOf(scanned[i]);
        if (outside !== 0) this.#heap.free(outside);
        this.#heap.free(scanned[i]);
      }
      if (cursor === 0) break;
    }
    this.keys.clear();
    this.expires.clear();
    this.averageTtlMs = 0;
    this.expiryCursor = 0;
  }

  /** The heap has been emptied as a whole. */
  forget(): void {
    this.keys.forget();
    this.expires.forget();
    this.averageTtlMs = 0;
    this.expiryCursor = 0;
  }

  /** Verifies both dicts and every entry's place in them; slow. */
  check(): void {
    this.keys.check((ref) => this.hashOf(ref));
    this.expires.check((ref) => this.hashOf(ref));
    let expiring = 0;
    for (const ref of entriesOf(this.#heap, this.keys.root)) {
      this.#checkEntry(ref);
      if ((this.#flagsOf(ref) & ENTRY_EXPIRES) === 0) continue;
      expiring++;
      assert(
        this.expires.findReference(this.hashOf(ref), ref),
        "an expiring entry is known as one",
      );
    }
    assert(expiring === this.expires.count, "nothing else is known as expiring");
  }

  #checkEntry(ref: number): void {
    const flags = this.#flagsOf(ref);
    const keyEnd = keyOffset(flags) + (flags & ENTRY_KEY_LENGTH_MASK);
    const outside = this.outsideOf(ref);
    if (this.typeOf(ref) !== TYPE_STRING) return;
    const valueLength = this.valueLengthOf(ref);
    const inEntry = outside === 0 ? valueLength : 0;
    assert(keyEnd + inEntry <= this.#heap.capacityOf(ref), "an entry fits its object");
    if (outside !== 0) {
      assert(valueLength <= this.#heap.capacityOf(outside), "a value fits its object");
    }
  }

  #flagsOf(ref: number): number {
    return this.#heap.wordAt(ref, 4);
  }

  #keyOffsetOf(ref: number): number {
    return keyOffset(this.#flagsOf(ref));
  }

  #touch(ref: number): void {
    const heap = this.#heap;
    // A touch must not copy frozen pages: a save would double them for nothing but an access time.
    if (heap.isFrozen) return;
    const word = heap.read(ref) >>> 2;
    const header = heap.words[word];
    const touched = header & 0xff | this.#keyspace.access.touched(header >>> 8) << 8;
    if (touched !== header) heap.words[word] = touched;
  }

  /** An entry with its header and, where it needs one, its outside value; no key, no expiry yet. */
  #newEntry(keyLength: number, kind: number, valueLength: number, expires: number): number {
    const heap = this.#heap;
    // The length has 29 bits: a key of 512 MB, which Redis would take, is one byte too long.
    if (keyLength > ENTRY_KEY_LENGTH_MASK) throw new HeapFull();
    const inlineBytes = keyOffset(expires) + keyLength + valueLength;
    const isInline = inlineBytes <= INLINE_ENTRY_BYTES_MAX;
    const flags = isInline ? keyLength | expires : keyLength | expires | ENTRY_OUTSIDE;
    const ref = heap.allocate(isInline ? inlineBytes : keyOffset(flags) + keyLength);
    const outside = isInline ? 0 : this.#outsideFor(ref, 0, valueLength, 0);
    const word = heap.write(ref) >>> 2;
    const words = heap.words;
    words[word] = kind | this.#keyspace.access.initial << 8;
    words[word + 1] = flags;
    words[word + 2] = valueLength;
    if (!isInline) words[word + (outsideOffset(flags) >>> 2)] = outside;
    return ref;
  }

  /** Makes the entry anew with or without EXPIRES and another value length, in the same place. */
  #rebuild(ref: number, expires: number, valueLength: number, keepBytes: number): number {
    const heap = this.#heap;
    const hash = this.hashOf(ref);
    const oldFlags = this.#flagsOf(ref);
    const keyLength = oldFlags & ENTRY_KEY_LENGTH_MASK;
    const oldOutside = this.outsideOf(ref);
    const kept = Math.min(keepBytes, valueLength);
    const inlineBytes = keyOffset(expires) + keyLength + valueLength;
    const isInline = inlineBytes <= INLINE_ENTRY_BYTES_MAX;
    const flags = keyLength | expires | (isInline ? 0 : ENTRY_OUTSIDE);
    if (expires !== 0 && (oldFlags & ENTRY_EXPIRES) === 0) this.expires.reserve(hash);
    const moved = heap.allocate(isInline ? inlineBytes : keyOffset(flags) + keyLength);
    const outside = isInline ? 0 : this.#outsideFor(moved, oldOutside, valueLength, kept);
    heap.copyWithin(ref, 0, moved, 0, ENTRY_HEADER_BYTES);
    heap.copyWithin(ref, keyOffset(oldFlags), moved, keyOffset(flags), keyLength);
    if (expires !== 0 && (oldFlags & ENTRY_EXPIRES) !== 0) {
      heap.copyWithin(ref, ENTRY_EXPIRES_AT, moved, ENTRY_EXPIRES_AT, 8);
    }
    const source = oldOutside === 0 ? ref : oldOutside;
    const sourceOffset = oldOutside === 0 ? keyOffset(oldFlags) + keyLength : 0;
    if (isInline) heap.copyWithin(source, sourceOffset, moved, keyOffset(flags) + keyLength, kept);
    else if (oldOutside === 0) heap.copyWithin(source, sourceOffset, outside, 0, kept);
    const word = heap.write(moved) >>> 2;
    heap.words[word + 1] = flags;
    heap.words[word + 2] = valueLength;
    if (!isInline) heap.words[word + (outsideOffset(flags) >>> 2)] = outside;
    else if (oldOutside !== 0) heap.free(oldOutside);
    if (this.keys.findReference(hash, ref)) this.keys.replaceFound(moved);
    if ((oldFlags & ENTRY_EXPIRES) === 0) {
      if (expires !== 0) this.expires.insert(hash, moved);
    } else if (this.expires.findReference(hash, ref)) {
      if (expires !== 0) this.expires.replaceFound(moved);
      else this.expires.removeFound();
    }
    heap.free(ref);
    return moved;
  }

  /** An outside value of a new entry, which is ended again when there is no room for it. */
  #outsideFor(entry: number, oldOutside: number, valueLength: number, keepBytes: number): number {
    const heap = this.#heap;
    try {
      if (oldOutside === 0) return heap.allocate(Math.max(valueLength, 1));
      return heap.resize(oldOutside, valueLength, keepBytes);
    } catch (thrown) {
      heap.free(entry);
      throw thrown;
    }
  }

  #unlink(ref: number): void {
    const hash = this.hashOf(ref);
    if ((this.#flagsOf(ref) & ENTRY_EXPIRES) !== 0 && this.expires.findReference(hash, ref)) {
      this.expires.removeFound();
    }
    if (this.keys.findReference(hash, ref)) this.keys.removeFound();
  }

  #writeExpiry(ref: number, expiresAtMs: number): void {
    const word = this.#heap.write(ref) >>> 2;
    this.#heap.words[word + 3] = expiresAtMs | 0;
    this.#heap.words[word + 4] = Math.floor(expiresAtMs / 2 ** 32);
  }
}
