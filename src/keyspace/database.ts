/**
 * One numbered database: keys with their values and expiry times.
 *
 * Three dicts hold the same entries (heap/entry.ts): `keys` all of them, `expires` those with an
 * expiry time, `expiringFields` the hashes with fields that have one, so that active expiry finds
 * them without looking at the others.
 *
 * A **reference to an entry** is what look-ups return and what everything else here takes. Changing
 * an entry may move it: such a method returns where it now is, and the old reference is dead. The
 * dicts remember where the last look-up ended, so a change right after it searches nothing.
 *
 * Invariants: an entry stands in `expires` exactly when it has the EXPIRES flag; an expired entry is
 * never returned by a look-up that counts as one.
 */
import { copyBytes } from "../heap/heap_view.ts";
import { Dict } from "../heap/dict.ts";
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
import { checkDatabase } from "./database_check.ts";
import { freeDetached } from "./detached_entries.ts";
import { Entries, INLINE_ENTRY_BYTES_MAX, NO_EXPIRY } from "./entries.ts";
import type { KeysAhead } from "./keys_ahead.ts";
import type { Keyspace } from "./keyspace.ts";
import { freeGraph, graphOf } from "./graphs.ts";
import { ENCODING_HASHTABLE, isGraph, TYPE_HASH, TYPE_STRING } from "./value_type.ts";

const TYPE_MASK = 0x0f;
const KIND_HASHTABLE = TYPE_HASH | ENCODING_HASHTABLE << 4;

export { NO_EXPIRY };

export class Database extends Entries {
  /** Its number, which SWAPDB changes. */
  index: number;
  readonly keys: Dict;
  readonly expires: Dict;
  /** Hashes in which a field has an expiry time. */
  readonly expiringFields: Dict;
  /** A running average of the time to live of sampled keys, for INFO; 0 unknown. */
  averageTtlMs = 0;
  /** Where active expiry goes on. */
  expiryCursor = 0;
  fieldExpiryCursor = 0;

  readonly #keyspace: Keyspace;
  readonly #keysAhead: KeysAhead;
  /** The hash of the key that was looked up last. */
  #lastHash = 0;
  /** A value has just been deleted that the next one to be added replaces. */
  #isOverwriting = false;
  /** The hashes of a bulk insertion. */
  #bulkHashes: Int32Array = new Int32Array(0);

  constructor(keyspace: Keyspace, index: number) {
    super(keyspace.heap, keyspace.hash, keyspace.access);
    this.#keyspace = keyspace;
    this.#keysAhead = keyspace.keysAhead;
    this.index = index;
    this.keys = new Dict(keyspace.heap);
    this.expires = new Dict(keyspace.heap);
    this.expiringFields = new Dict(keyspace.heap);
  }

  /** The keyspace that it belongs to. */
  get keyspace(): Keyspace {
    return this.#keyspace;
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
    const heap = this.heap;
    const word = heap.read(ref) >>> 2;
    if ((heap.words[word + 1] & ENTRY_EXPIRES) === 0) return ref;
    return this.#keyspace.expireIfNeeded(this, ref) ? 0 : ref;
  }

  /** Looks a key up whether or not it has expired; nothing else happens. */
  find(bytes: Uint8Array, start: number, end: number): number {
    this.#lastHash = this.hash.hash(bytes, start, end);
    return this.keys.find(this.#lastHash, bytes, start, end);
  }

  /** Bytes of the heap that the entry and its value take. */
  bytesOf(ref: number): number {
    const outside = this.outsideOf(ref);
    const entryBytes = this.heap.capacityOf(ref);
    if (outside === 0) return entryBytes;
    const kind = this.kindOf(ref);
    if (isGraph(kind)) return entryBytes + graphOf(kind).bytes(this.#keyspace, outside);
    return entryBytes + this.heap.capacityOf(outside);
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
    if ((kind & TYPE_MASK) !== TYPE_STRING) this.#addsCollection(bytes, start, end);
    // Room first: when the heap is full nothing must have changed.
    this.keys.reserve(this.#lastHash);
    if (expires !== 0) this.expires.reserve(this.#lastHash);
    const ref = this.newEntry(end - start, kind, valueLength, expires);
    const offset = this.keyOffsetOf(ref);
    if (end - start <= 64) {
      const at = this.heap.write(ref) + offset;
      const heapBytes = this.heap.bytes;
      for (let i = start; i < end; i++) heapBytes[at + i - start] = bytes[i];
    } else this.heap.copyIn(ref, offset, bytes, start, end - start);
    this.keys.insert(this.#lastHash, ref);
    if (expires !== 0) {
      this.writeExpiry(ref, expiresAtMs);
      this.expires.insert(this.#lastHash, ref);
    }
    if (this.#keyspace.signalsNewKeys) this.#signalAdded(bytes, start, end);
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
    const heap = this.heap;
    const keys = this.keys;
    if (count > this.#bulkHashes.length) this.#bulkHashes = new Int32Array(count);
    const hashes = this.#bulkHashes;
    for (let i = 0; i < count; i++) {
      hashes[i] = this.hash.hash(bytes, ranges[4 * i], ranges[4 * i + 1]);
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
      const ref = this.newEntry(keyLength, kinds[i], valueLength, expires);
      const keyAt = heap.write(ref) + keyOffset(expires);
      const heapBytes = heap.bytes;
      for (let k = 0; k < keyLength; k++) heapBytes[keyAt + k] = bytes[start + k];
      copyBytes(bytes, valueStart, valueLength, heapBytes, keyAt + keyLength);
      keys.insert(hashes[i], ref);
      if (expires !== 0) {
        this.writeExpiry(ref, expiresAtMs[i]);
        this.expires.insert(hashes[i], ref);
      }
    }
    return count;
  }

  /** As {@link add}, with a graph as its value, which is the caller's when this throws. */
  addGraph(
    bytes: Uint8Array,
    start: number,
    end: number,
    kind: number,
    root: number,
    expiresAtMs: number,
  ): number {
    const expires = expiresAtMs !== NO_EXPIRY ? ENTRY_EXPIRES : 0;
    this.#addsCollection(bytes, start, end);
    this.keys.reserve(this.#lastHash);
    if (expires !== 0) this.expires.reserve(this.#lastHash);
    const isExpiring = this.#hasExpiringFields(kind, root);
    if (isExpiring) this.expiringFields.reserve(this.#lastHash);
    const flags = end - start | expires | ENTRY_OUTSIDE;
    const ref = this.newGraphEntry(end - start, kind, flags, root);
    this.heap.copyIn(ref, keyOffset(flags), bytes, start, end - start);
    this.keys.insert(this.#lastHash, ref);
    if (expires !== 0) {
      this.writeExpiry(ref, expiresAtMs);
      this.expires.insert(this.#lastHash, ref);
    }
    if (this.#keyspace.signalsNewKeys) this.#signalAdded(bytes, start, end);
    if (isExpiring) this.expiringFields.insert(this.#lastHash, ref);
    return ref;
  }

  /** A value of bytes becomes a graph; returns where the entry now is. */
  toGraph(ref: number, kind: number, root: number): number {
    const heap = this.heap;
    const flags = this.flagsOf(ref);
    if ((flags & ENTRY_OUTSIDE) !== 0) {
      const at = outsideOffset(flags);
      const word = heap.write(ref) >>> 2;
      const words = heap.words;
      const bytes = words[word + (at >>> 2)];
      words[word + (at >>> 2)] = root;
      words[word + 2] = 0;
      words[word] = words[word] & ~0xff | kind;
      heap.free(bytes);
      return ref;
    }
    return this.#withRoot(ref, flags & ENTRY_EXPIRES, kind, root);
  }

  /**
   * A graph, which is freed, becomes a value of `valueLength` undefined bytes, which the caller
   * writes; returns where the entry now is.
   */
  toBytes(ref: number, kind: number, valueLength: number): number {
    const oldKind = this.kindOf(ref);
    const root = this.outsideOf(ref);
    const wasExpiring = this.#hasExpiringFields(oldKind, root);
    const moved = this.#rebuild(ref, this.flagsOf(ref) & ENTRY_EXPIRES, valueLength, 0);
    if (wasExpiring && this.expiringFields.findReference(this.hashOf(moved), ref)) {
      this.expiringFields.removeFound();
    }
    freeGraph(this.#keyspace, oldKind, root);
    const word = this.heap.write(moved) >>> 2;
    const words = this.heap.words;
    words[word] = words[word] & ~0xff | kind;
    return moved;
  }

  /** The root of a graph. */
  rootOf(ref: number): number {
    return this.outsideOf(ref);
  }

  /**
   * A hash has got its first field with an expiry time, or lost its last: to be said right then.
   * @throws {HeapFull} only for the first.
   */
  setExpiringFields(ref: number, isExpiring: boolean): void {
    const hash = this.hashOf(ref);
    const isKnown = this.expiringFields.findReference(hash, ref);
    if (isExpiring && !isKnown) {
      this.expiringFields.reserve(hash);
      this.expiringFields.insert(hash, ref);
    } else if (!isExpiring && isKnown) this.expiringFields.removeFound();
  }

  /**
   * Puts `source[from..from+length)` in the place of `removedBytes` bytes at `at` of the value;
   * returns where the entry now is.
   * @throws {HeapFull} and then the value is as it was.
   */
  spliceValue(
    ref: number,
    at: number,
    removedBytes: number,
    source: Uint8Array,
    from: number,
    length: number,
  ): number {
    const oldLength = this.valueLengthOf(ref);
    const newLength = oldLength - removedBytes + length;
    const tail = at + removedBytes;
    if (newLength > oldLength) ref = this.resizeValue(ref, newLength, oldLength);
    if (length !== removedBytes) this.moveValue(ref, tail, at + length, oldLength - tail);
    this.writeValue(ref, at, source, from, length);
    return newLength < oldLength ? this.#shrinkValue(ref, newLength) : ref;
  }

  /** Makes a value shorter; in a full heap its object stays as large as it was. */
  #shrinkValue(ref: number, valueLength: number): number {
    try {
      return this.resizeValue(ref, valueLength, valueLength);
    } catch (thrown) {
      if (!(thrown instanceof HeapFull)) throw thrown;
      const word = this.heap.write(ref) >>> 2;
      this.heap.words[word + 2] = valueLength;
      return ref;
    }
  }

  /**
   * Gives an entry's value another length; the first `keepBytes` bytes of it stay, the rest is
   * undefined and the caller's to write. Returns where the entry now is.
   */
  resizeValue(ref: number, valueLength: number, keepBytes: number): number {
    const heap = this.heap;
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
      const kept = Math.min(keepBytes, valueLength);
      if (isInline) return this.#moveInline(ref, inlineBytes, valueLength, kept);
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
    const isString = (kind & TYPE_MASK) === TYPE_STRING;
    if (!isString) this.#keyspace.holdsCollections = true;
    if (this.#keyspace.signalsKeys) this.#signalReplaced(ref, isString);
    if (isGraph(this.kindOf(ref))) ref = this.toBytes(ref, kind, 0);
    ref = (this.flagsOf(ref) & ENTRY_EXPIRES) === expires
      ? this.resizeValue(ref, valueLength, 0)
      : this.#rebuild(ref, expires, valueLength, 0);
    const word = this.heap.write(ref) >>> 2;
    const words = this.heap.words;
    words[word] = words[word] & ~0xff | kind;
    if (expires !== 0) this.writeExpiry(ref, expiresAtMs);
    return ref;
  }

  /** Sets or replaces the expiry time; returns where the entry now is. */
  setExpiry(ref: number, expiresAtMs: number): number {
    if ((this.flagsOf(ref) & ENTRY_EXPIRES) === 0) ref = this.#withExpiry(ref, ENTRY_EXPIRES);
    this.writeExpiry(ref, expiresAtMs);
    return ref;
  }

  /** Takes the expiry time away; returns where the entry now is. */
  removeExpiry(ref: number): number {
    if ((this.flagsOf(ref) & ENTRY_EXPIRES) === 0) return ref;
    return this.#withExpiry(ref, 0);
  }

  /** Ends an entry, value and all. */
  delete(ref: number): void {
    this.#detach(ref);
    this.#freeEntry(ref);
  }

  /** As {@link delete}, but what a graph is made of is freed later, in slices. */
  unlink(ref: number): void {
    const kind = this.kindOf(ref);
    if (!isGraph(kind)) return this.delete(ref);
    const root = this.outsideOf(ref);
    this.#detach(ref);
    this.heap.free(ref);
    this.#keyspace.lazyFree.addValue(graphOf(kind).free(this.#keyspace, root));
  }

  /**
   * Ends an entry because its key gets another value, or as if it did.
   * @param isOverwritten the key is added again next, and that does not make it a new one.
   */
  deleteReplaced(ref: number, isOverwritten: boolean = false): void {
    this.#isOverwriting = isOverwritten;
    if (this.#keyspace.freesReplacedLazily) this.unlink(ref);
    else this.delete(ref);
  }

  /**
   * Moves an entry to another key, which must be absent there, of the same or another database;
   * value, access bits and expiry go along. An outside value is not copied.
   */
  moveTo(target: Database, ref: number, key: Uint8Array, start: number, end: number): number {
    const heap = this.heap;
    const flags = this.flagsOf(ref);
    if ((flags & ENTRY_OUTSIDE) === 0) {
      const copy = this.copyTo(target, ref, key, start, end);
      this.delete(ref);
      return copy;
    }
    const hash = this.hash.hash(key, start, end);
    if (this.typeOf(ref) !== TYPE_STRING) target.#addsCollection(key, start, end);
    target.keys.reserve(hash);
    if ((flags & ENTRY_EXPIRES) !== 0) target.expires.reserve(hash);
    const isExpiring = this.#hasExpiringFields(this.kindOf(ref), this.outsideOf(ref));
    if (isExpiring) target.expiringFields.reserve(hash);
    if (end - start > ENTRY_KEY_LENGTH_MASK) throw new HeapFull();
    const offset = keyOffset(flags);
    const moved = heap.allocate(offset + (end - start));
    heap.copyWithin(ref, 0, moved, 0, offset);
    heap.setWordAt(moved, 4, flags & ~ENTRY_KEY_LENGTH_MASK | end - start);
    heap.copyIn(moved, offset, key, start, end - start);
    // Before the old entry leaves, which may make the dict smaller than what was reserved.
    target.keys.insert(hash, moved);
    if ((flags & ENTRY_EXPIRES) !== 0) target.expires.insert(hash, moved);
    if (isExpiring) target.expiringFields.insert(hash, moved);
    this.#detach(ref);
    heap.free(ref);
    if (this.#keyspace.signalsNewKeys) target.#signalAdded(key, start, end);
    return moved;
  }

  /** Copies an entry to a key, which must be absent there; access bits and expiry go along. */
  copyTo(target: Database, ref: number, key: Uint8Array, start: number, end: number): number {
    target.find(key, start, end);
    const kind = this.kindOf(ref);
    const expiresAtMs = this.expiresAtMs(ref);
    if (isGraph(kind)) {
      const copy = this.#copyGraphTo(target, ref, key, start, end);
      target.setAccess(copy, this.accessOf(ref));
      return copy;
    }
    const length = this.valueLengthOf(ref);
    const copy = target.add(key, start, end, kind, length, expiresAtMs);
    for (let offset = 0; offset < length;) {
      target.valueSpanToWrite(copy, offset, length - offset);
      const room = this.heap.spanLength;
      const from = this.valueSpan(ref, offset, room);
      const bytes = this.heap.bytes;
      const run = this.heap.spanLength;
      const at = target.valueSpanToWrite(copy, offset, run);
      copyBytes(bytes, from, run, this.heap.bytes, at);
      offset += run;
    }
    target.setAccess(copy, this.accessOf(ref));
    return copy;
  }

  #copyGraphTo(
    target: Database,
    ref: number,
    key: Uint8Array,
    start: number,
    end: number,
  ): number {
    const kind = this.kindOf(ref);
    const root = graphOf(kind).copy(this.#keyspace, this.outsideOf(ref));
    try {
      return target.addGraph(key, start, end, kind, root, this.expiresAtMs(ref));
    } catch (thrown) {
      freeGraph(this.#keyspace, kind, root);
      throw thrown;
    }
  }

  /** Ends every entry. */
  clear(): void {
    for (let cursor = 0;;) {
      cursor = this.keys.scan(cursor);
      const scanned = this.keys.scanned;
      for (let i = 0; i < this.keys.scannedCount; i++) {
        this.#freeEntry(scanned[i]);
      }
      if (cursor === 0) break;
    }
    this.keys.clear();
    this.expires.clear();
    this.expiringFields.clear();
    this.#resetCursors();
  }

  /**
   * Takes every entry out at once and returns what frees them, in steps of some ten microseconds.
   */
  detachAll(): Generator<undefined, void, void> {
    const detached = this.keys.take();
    this.expires.clear();
    this.expiringFields.clear();
    this.#resetCursors();
    return freeDetached(this, detached);
  }

  #freeEntry(ref: number): void {
    const kind = this.kindOf(ref);
    const outside = this.outsideOf(ref);
    this.heap.free(ref);
    if (isGraph(kind)) freeGraph(this.#keyspace, kind, outside);
    else if (outside !== 0) this.heap.free(outside);
  }

  #resetCursors(): void {
    this.averageTtlMs = 0;
    this.expiryCursor = 0;
    this.fieldExpiryCursor = 0;
  }

  /** The heap has been emptied as a whole. */
  forget(): void {
    this.keys.forget();
    this.expires.forget();
    this.expiringFields.forget();
    this.#resetCursors();
  }

  /** Verifies the dicts and every entry's place in them; slow. */
  check(): void {
    checkDatabase(this);
  }

  #touch(ref: number): void {
    const heap = this.heap;
    // A touch must not copy frozen pages: a save would double them for nothing but an access time.
    if (heap.isFrozen) return;
    const word = heap.read(ref) >>> 2;
    const header = heap.words[word];
    const touched = header & 0xff | this.#keyspace.access.touched(header >>> 8) << 8;
    if (touched !== header) heap.words[word] = touched;
  }

  /** Gives an entry that holds its value, and goes on doing so, an object of another size. */
  #moveInline(ref: number, inlineBytes: number, valueLength: number, keepBytes: number): number {
    const heap = this.heap;
    const moved = heap.allocate(inlineBytes);
    const word = heap.write(moved) >>> 2;
    const words = heap.words;
    const old = heap.read(ref) >>> 2;
    const source = heap.words;
    const flags = source[old + 1];
    const kept = inlineBytes - valueLength + keepBytes;
    // Objects begin and end at multiples of 16 bytes, so whole words can be copied.
    const wordCount = (kept + 3) >>> 2;
    for (let i = 0; i < wordCount; i++) words[word + i] = source[old + i];
    words[word + 2] = valueLength;
    if ((flags & ENTRY_EXPIRES) === 0 && this.keys.isFound(ref)) {
      this.keys.replaceFound(moved);
      heap.free(ref);
    } else {
      const expires = flags & ENTRY_EXPIRES;
      this.#replaceEntry(this.hashOf(ref), ref, expires, moved, expires);
    }
    return moved;
  }

  /** Makes the entry anew with or without EXPIRES and another value length, in the same place. */
  #rebuild(ref: number, expires: number, valueLength: number, keepBytes: number): number {
    const heap = this.heap;
    const hash = this.hashOf(ref);
    const oldFlags = this.flagsOf(ref);
    const keyLength = oldFlags & ENTRY_KEY_LENGTH_MASK;
    // A graph stays as it is, and its root leaves the entry.
    const oldOutside = isGraph(this.kindOf(ref)) ? 0 : this.outsideOf(ref);
    const kept = Math.min(keepBytes, valueLength);
    const inlineBytes = keyOffset(expires) + keyLength + valueLength;
    const isInline = inlineBytes <= INLINE_ENTRY_BYTES_MAX;
    const flags = keyLength | expires | (isInline ? 0 : ENTRY_OUTSIDE);
    if (expires !== 0 && (oldFlags & ENTRY_EXPIRES) === 0) this.expires.reserve(hash);
    const moved = heap.allocate(isInline ? inlineBytes : keyOffset(flags) + keyLength);
    const outside = isInline ? 0 : this.outsideFor(moved, oldOutside, valueLength, kept);
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
    this.#replaceEntry(hash, ref, oldFlags & ENTRY_EXPIRES, moved, expires);
    return moved;
  }

  /** Puts an entry in the place of another of the same key, which ends. */
  #replaceEntry(hash: number, ref: number, expired: number, moved: number, expires: number): void {
    if (this.keys.findReference(hash, ref)) this.keys.replaceFound(moved);
    if (expired === 0) {
      if (expires !== 0) this.expires.insert(hash, moved);
    } else if (this.expires.findReference(hash, ref)) {
      if (expires !== 0) this.expires.replaceFound(moved);
      else this.expires.removeFound();
    }
    this.heap.free(ref);
  }

  /** Makes the entry anew with or without an expiry time, which is not written yet. */
  #withExpiry(ref: number, expires: number): number {
    const kind = this.kindOf(ref);
    if (!isGraph(kind)) {
      const length = this.valueLengthOf(ref);
      return this.#rebuild(ref, expires, length, length);
    }
    return this.#withRoot(ref, expires, kind, this.outsideOf(ref));
  }

  /** Makes the entry anew with a graph as its value. */
  #withRoot(ref: number, expires: number, kind: number, root: number): number {
    const heap = this.heap;
    const hash = this.hashOf(ref);
    const oldFlags = this.flagsOf(ref);
    const keyLength = oldFlags & ENTRY_KEY_LENGTH_MASK;
    if (expires !== 0 && (oldFlags & ENTRY_EXPIRES) === 0) this.expires.reserve(hash);
    const moved = this.newGraphEntry(keyLength, kind, keyLength | expires | ENTRY_OUTSIDE, root);
    const flags = this.flagsOf(moved);
    heap.copyWithin(ref, keyOffset(oldFlags), moved, keyOffset(flags), keyLength);
    if (expires !== 0 && (oldFlags & ENTRY_EXPIRES) !== 0) {
      heap.copyWithin(ref, ENTRY_EXPIRES_AT, moved, ENTRY_EXPIRES_AT, 8);
    }
    this.setAccess(moved, this.accessOf(ref));
    if (this.#hasExpiringFields(kind, root) && this.expiringFields.findReference(hash, ref)) {
      this.expiringFields.replaceFound(moved);
    }
    this.#replaceEntry(hash, ref, oldFlags & ENTRY_EXPIRES, moved, expires);
    return moved;
  }

  #hasExpiringFields(kind: number, root: number): boolean {
    return kind === KIND_HASHTABLE && this.#keyspace.records.expiringCount(root) > 0;
  }

  #signalAdded(bytes: Uint8Array, start: number, end: number): void {
    const isOverwriting = this.#isOverwriting;
    this.#isOverwriting = false;
    if (!isOverwriting) this.#keyspace.events.keyAdded?.(this, bytes, start, end);
  }

  #addsCollection(bytes: Uint8Array, start: number, end: number): void {
    const keyspace = this.#keyspace;
    keyspace.holdsCollections = true;
    if (keyspace.signalsKeys) keyspace.events.keyReady?.(this, bytes, start, end);
  }

  /** A value is about to give way to one that is a string, or is none. */
  #signalReplaced(ref: number, isString: boolean): void {
    const { events } = this.#keyspace;
    if (this.typeOf(ref) !== TYPE_STRING) events.keyGone?.(this, ref);
    if (isString) return;
    const key = this.keyOf(ref);
    events.keyReady?.(this, key, 0, key.length);
  }

  /** Takes an entry out of every dict. */
  #detach(ref: number): void {
    if (this.#keyspace.signalsKeys && this.typeOf(ref) !== TYPE_STRING) {
      this.#keyspace.events.keyGone?.(this, ref);
    }
    const hash = this.hashOf(ref);
    if (this.#hasExpiringFields(this.kindOf(ref), this.outsideOf(ref))) {
      if (this.expiringFields.findReference(hash, ref)) this.expiringFields.removeFound();
    }
    if ((this.flagsOf(ref) & ENTRY_EXPIRES) !== 0 && this.expires.findReference(hash, ref)) {
      this.expires.removeFound();
    }
    if (this.keys.findReference(hash, ref)) this.keys.removeFound();
  }
}
