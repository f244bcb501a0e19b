/**
 * A dictionary of packed records: large hashes, large sets, and the scores of large sorted sets.
 * Millions of small fields cost little more than their bytes, because many share one heap object:
 * see record_segment.ts for how they stand there and record_directory.ts for how a hash finds them.
 *
 * One instance serves all dicts of a heap; each is named by its root object. What a method finds it
 * leaves in registers ({@link RecordPlace}); `setValue`, `setExpiry`, `setScore` and `remove` act
 * on the record found last, which must be in the dict they are given.
 *
 * - A segment grows as its records do, by size class, and splits in two when it holds 64 records or
 *   2 KiB. Records carry one byte of their hash: a split hashes the keys of one segment again, and
 *   that is the longest pause there is. Only long keys carry their whole hash.
 * - Records whose hashes no split can part go on in a chain of segments.
 * - SCAN cursors are hashes: everything below one has been returned. Segments hold ranges of
 *   hashes, so splits and merges between two calls neither lose nor repeat a record.
 * - Bytes given to `find`, `insert` or `setValue` may be the heap's own, as long as they are not
 *   this dict's.
 *
 * When the heap is full, insertions and changes throw {@link HeapFull} and leave every record as it
 * was. Removals work, though merging may have to wait; only while the heap is frozen, and no memory
 * is left to copy a page to, they throw it too.
 */
import { assert } from "../base/assert.ts";
import { SMALL_BYTES_MAX } from "./page_layout.ts";
import {
  ROOT_BYTES,
  ROOT_CHAIN_MAX,
  ROOT_COUNT,
  ROOT_DEEPEST,
  ROOT_DIRECTORY,
  ROOT_EXPIRING,
  ROOT_HAS_VALUES,
  ROOT_RECORDS_MAX,
  ROOT_SEGMENTS,
} from "./record_directory.ts";
import type { RecordHash } from "./record_room.ts";
import {
  addRecord,
  capacityIn,
  countIn,
  cutRecord,
  DISTANCE_BITS,
  DISTANCE_MASK,
  doubleIn,
  endDistance,
  EXPIRY_BYTES,
  LONG_KEY_BYTES,
  LONG_VALUE_BYTES,
  placeAt,
  RECORD_BYTES_MAX,
  RECORD_EXPIRES,
  RECORD_LONG_KEY,
  RECORD_LONG_VALUE,
  SEGMENT_BYTES_MAX,
  SEGMENT_HEADER_BYTES,
  segmentBytes,
  setDoubleIn,
  setWordIn,
  SHORT_KEY_BYTES_MAX,
  SHORT_VALUE_BYTES_MAX,
  TAG_MASK,
  tagAt,
  usedIn,
} from "./record_segment.ts";
import { RecordSearch } from "./record_search.ts";

export type { RecordHash };

const SCORE_BYTES = 8;

export class RecordDict extends RecordSearch {
  /** A record while it moves, and a score on its way in. */
  readonly #record: Uint8Array = new Uint8Array(RECORD_BYTES_MAX);
  readonly #score: Uint8Array = new Uint8Array(SCORE_BYTES);

  /**
   * Makes an empty dict and returns its root.
   * @throws {HeapFull}
   */
  create(hasValues: boolean): number {
    const heap = this.heap;
    const root = heap.allocate(ROOT_BYTES);
    let segment: number;
    try {
      segment = this.newSegment(hasValues, 0, SEGMENT_HEADER_BYTES);
    } catch (thrown) {
      heap.free(root);
      throw thrown;
    }
    heap.fillWords(root, 0, ROOT_BYTES >>> 2, 0);
    const word = heap.write(root) >>> 2;
    const words = heap.words;
    words[word + ROOT_DIRECTORY] = segment;
    words[word + ROOT_SEGMENTS] = 1;
    words[word + ROOT_DEEPEST] = 1;
    words[word + ROOT_CHAIN_MAX] = 1;
    words[word + ROOT_RECORDS_MAX] = 1;
    words[word + ROOT_HAS_VALUES] = hasValues ? 1 : 0;
    this.addBytes(root, heap.capacityOf(root) + heap.capacityOf(segment));
    this.setSoonestExpiryMs(root, Infinity);
    return root;
  }

  /**
   * Adds a record; its key must be the one that the last {@link find} or {@link has}, in this dict,
   * did not find. A dict without values ignores the value. Nothing is found after it.
   * @param expiresAtMs -1 for never.
   * @throws {HeapFull} and then the dict holds what it held.
   */
  insert(
    root: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    expiresAtMs = -1,
  ): void {
    const heap = this.heap;
    const hash = this.foundHash;
    const hasValues = this.hasValues(root);
    const valueLength = hasValues ? valueEnd - valueStart : 0;
    let flags = expiresAtMs < 0 ? 0 : RECORD_EXPIRES;
    let size = expiresAtMs < 0 ? 0 : EXPIRY_BYTES;
    if (end - start > SHORT_KEY_BYTES_MAX) {
      flags |= RECORD_LONG_KEY;
      size += LONG_KEY_BYTES;
    } else size += end - start + (hasValues ? 1 : 0);
    if (valueLength > SHORT_VALUE_BYTES_MAX) {
      flags |= RECORD_LONG_VALUE;
      size += LONG_VALUE_BYTES;
    } else size += valueLength;

    let longKey = 0;
    let longValue = 0;
    let segment: number;
    this.foundSegment = 0;
    try {
      if ((flags & RECORD_LONG_KEY) !== 0) longKey = this.#newObject(bytes, start, end - start);
      if ((flags & RECORD_LONG_VALUE) !== 0) {
        longValue = this.#newObject(value, valueStart, valueLength);
      }
      segment = this.roomFor(root, hash, size);
      if (heap.isFrozen) this.#thaw(root, segment);
    } catch (thrown) {
      if (longKey !== 0) heap.free(longKey);
      if (longValue !== 0) heap.free(longValue);
      throw thrown;
    }
    if (longKey !== 0) this.addBytes(root, heap.capacityOf(longKey));
    if (longValue !== 0) this.addBytes(root, heap.capacityOf(longValue));
    if (expiresAtMs >= 0) this.addExpiry(root, expiresAtMs);

    const rootWord = heap.write(root) >>> 2;
    const rootWords = heap.words;
    const at = heap.write(segment);
    const heapBytes = heap.bytes;
    const count = countIn(heap.words[at >>> 2]) + 1;
    rootWords[rootWord + ROOT_COUNT]++;
    if (count > rootWords[rootWord + ROOT_RECORDS_MAX]) {
      rootWords[rootWord + ROOT_RECORDS_MAX] = count;
    }
    let to = addRecord(heap.words, heapBytes, at, hash & TAG_MASK, flags, size);
    if (expiresAtMs >= 0) {
      setDoubleIn(heapBytes, to, expiresAtMs);
      to += EXPIRY_BYTES;
    }
    if (longKey !== 0) {
      setWordIn(heapBytes, to, hash);
      setWordIn(heapBytes, to + 4, longKey);
      setWordIn(heapBytes, to + 8, end - start);
      to += LONG_KEY_BYTES;
    } else {
      if (hasValues) heapBytes[to++] = end - start;
      for (let i = start; i < end; i++) heapBytes[to++] = bytes[i];
    }
    if (longValue !== 0) {
      setWordIn(heapBytes, to, longValue);
      setWordIn(heapBytes, to + 4, valueLength);
    } else {
      for (let i = 0; i < valueLength; i++) heapBytes[to++] = value[valueStart + i];
    }
  }

  /** As {@link insert}, with a score of 8 bytes as the value. */
  insertScore(
    root: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    score: number,
  ): void {
    setDoubleIn(this.#score, 0, score);
    this.insert(root, bytes, start, end, this.#score, 0, SCORE_BYTES);
  }

  /** The score of the record found. */
  score(root: number): number {
    this.assertFound(root);
    const at = this.heap.read(this.foundSegment);
    return doubleIn(this.heap.bytes, at + this.valueOffset);
  }

  /** Gives the record found another score. */
  setScore(root: number, score: number): void {
    this.assertFound(root);
    const at = this.heap.write(this.foundSegment);
    setDoubleIn(this.heap.bytes, at + this.valueOffset, score);
  }

  /**
   * Gives the record found another value; its expiry stays. It is still found afterwards, and the
   * registers say where it is now.
   * @throws {HeapFull} and then the record is as it was.
   */
  setValue(root: number, value: Uint8Array, start: number, end: number): void {
    this.assertFound(root);
    const heap = this.heap;
    const length = end - start;
    const isLong = this.valueRef !== this.foundSegment;
    if (length > SHORT_VALUE_BYTES_MAX) {
      if (isLong) return this.#setLongValue(root, value, start, length);
      const ref = this.#newObject(value, start, length);
      try {
        const size = this.#recordHead();
        setWordIn(this.#record, size, ref);
        setWordIn(this.#record, size + 4, length);
        this.#rewrite(root, this.#flags() | RECORD_LONG_VALUE, size + LONG_VALUE_BYTES);
      } catch (thrown) {
        heap.free(ref);
        throw thrown;
      }
      return this.addBytes(root, heap.capacityOf(ref));
    }
    if (!isLong && length === this.valueLength) {
      const to = heap.write(this.foundSegment) + this.valueOffset;
      const heapBytes = heap.bytes;
      for (let i = 0; i < length; i++) heapBytes[to + i] = value[start + i];
      return;
    }
    const old = isLong ? this.valueRef : 0;
    if (old !== 0 && heap.isFrozen) this.#thawObject(old);
    const size = this.#recordHead();
    for (let i = 0; i < length; i++) this.#record[size + i] = value[start + i];
    this.#rewrite(root, this.#flags() & ~RECORD_LONG_VALUE, size + length);
    if (old !== 0) {
      this.addBytes(root, -heap.capacityOf(old));
      heap.free(old);
    }
  }

  /** One long value follows another. */
  #setLongValue(root: number, value: Uint8Array, start: number, length: number): void {
    const heap = this.heap;
    const old = heap.capacityOf(this.valueRef);
    let ref: number;
    if (heap.isFrozen) {
      // Another object: the bytes of the old one could only be copied page by page.
      this.#thaw(root, this.foundSegment);
      ref = this.#newObject(value, start, length);
      heap.free(this.valueRef);
    } else {
      ref = heap.resize(this.valueRef, length, 0);
      heap.copyIn(ref, 0, value, start, length);
    }
    this.addBytes(root, heap.capacityOf(ref) - old);
    const at = heap.write(this.foundSegment);
    const end = at + capacityIn(heap.words[at >>> 2]) -
      endDistance(heap.words, at >>> 2, this.foundSlot);
    setWordIn(heap.bytes, end - LONG_VALUE_BYTES, ref);
    setWordIn(heap.bytes, end - 4, length);
    this.valueRef = ref;
    this.valueLength = length;
  }

  /**
   * Lets the record found expire, or not any more with -1. It is still found afterwards, and the
   * registers say where it is now.
   * @throws {HeapFull} and then the record is as it was.
   */
  setExpiry(root: number, expiresAtMs: number): void {
    this.assertFound(root);
    const heap = this.heap;
    const expired = this.expiresAtMs >= 0;
    if (expiresAtMs < 0 && !expired) return;
    if (expired && expiresAtMs >= 0) {
      if (heap.isFrozen) this.#thaw(root, this.foundSegment);
      const at = heap.write(this.foundSegment);
      const words = heap.words;
      const place = placeAt(words, at >>> 2, this.foundSlot);
      const from = at + capacityIn(words[at >>> 2]) - (place & DISTANCE_MASK);
      setDoubleIn(heap.bytes, from, expiresAtMs);
      this.expiresAtMs = expiresAtMs;
      return this.lowerSoonest(root, expiresAtMs);
    }
    const flags = this.#flags();
    const size = this.#recordCopy();
    const record = this.#record;
    if (expired) {
      record.copyWithin(0, EXPIRY_BYTES, size);
      this.#rewrite(root, flags & ~RECORD_EXPIRES, size - EXPIRY_BYTES);
      this.addToRoot(root, ROOT_EXPIRING, -1);
    } else {
      record.copyWithin(EXPIRY_BYTES, 0, size);
      setDoubleIn(record, 0, expiresAtMs);
      this.#rewrite(root, flags | RECORD_EXPIRES, size + EXPIRY_BYTES);
      this.addExpiry(root, expiresAtMs);
    }
  }

  /**
   * Takes the record found out of the dict. Nothing is found after it.
   * @throws {HeapFull} when the heap is frozen and no page can be copied; then the record stays.
   */
  remove(root: number): void {
    this.assertFound(root);
    const heap = this.heap;
    const segment = this.foundSegment;
    const slot = this.foundSlot;
    if (heap.isFrozen) {
      // All that can fail, first.
      this.#thaw(root, segment);
      this.#thawObject(this.keyRef);
      this.#thawObject(this.valueRef);
    }
    this.foundSegment = 0;
    if (this.keyRef !== segment) this.#freeObject(root, this.keyRef);
    if (this.valueRef !== segment) this.#freeObject(root, this.valueRef);
    if (this.expiresAtMs >= 0) this.addToRoot(root, ROOT_EXPIRING, -1);
    this.addToRoot(root, ROOT_COUNT, -1);
    const at = heap.write(segment);
    cutRecord(heap.words, heap.bytes, at, slot);
    this.tighten(root, this.foundHash, segment);
  }

  /** Nothing that writes to both can fail after this. */
  #thaw(root: number, segment: number): void {
    this.heap.write(root);
    this.heap.write(segment);
  }

  /** Freeing it cannot fail after this. */
  #thawObject(ref: number): void {
    if (this.heap.capacityOf(ref) <= SMALL_BYTES_MAX) this.heap.write(ref);
  }

  #newObject(bytes: Uint8Array, start: number, length: number): number {
    const ref = this.heap.allocate(length);
    this.heap.copyIn(ref, 0, bytes, start, length);
    return ref;
  }

  #freeObject(root: number, ref: number): void {
    this.addBytes(root, -this.heap.capacityOf(ref));
    this.heap.free(ref);
  }

  /** The flags of the record found. */
  #flags(): number {
    const word = this.heap.read(this.foundSegment) >>> 2;
    return placeAt(this.heap.words, word, this.foundSlot) >>> DISTANCE_BITS;
  }

  /** Copies the record found to `#record` and returns its length. */
  #recordCopy(): number {
    const at = this.heap.read(this.foundSegment);
    const words = this.heap.words;
    const bytes = this.heap.bytes;
    const end = at + capacityIn(words[at >>> 2]);
    const from = end - (placeAt(words, at >>> 2, this.foundSlot) & DISTANCE_MASK);
    const size = end - endDistance(words, at >>> 2, this.foundSlot) - from;
    for (let i = 0; i < size; i++) this.#record[i] = bytes[from + i];
    return size;
  }

  /** As `#recordCopy`, up to where the value begins. */
  #recordHead(): number {
    const valueBytes = this.valueRef === this.foundSegment ? this.valueLength : LONG_VALUE_BYTES;
    return this.#recordCopy() - valueBytes;
  }

  /** Puts what stands in `#record` in the place of the record found, which stays found. */
  #rewrite(root: number, flags: number, size: number): void {
    const heap = this.heap;
    const word = heap.read(this.foundSegment) >>> 2;
    const words = heap.words;
    const header = words[word];
    const old = (placeAt(words, word, this.foundSlot) & DISTANCE_MASK) -
      endDistance(words, word, this.foundSlot);
    const needed = segmentBytes(countIn(header), usedIn(header) - old + size);
    if (needed > SEGMENT_BYTES_MAX) return this.#move(root, flags, size);
    if (needed > capacityIn(header)) {
      this.foundSegment = this.resized(root, this.foundHash, this.foundSegment, needed);
    }
    if (heap.isFrozen) this.#thaw(root, this.foundSegment);
    const at = heap.write(this.foundSegment);
    const tag = tagAt(heap.bytes, at, this.foundSlot);
    cutRecord(heap.words, heap.bytes, at, this.foundSlot);
    this.#append(root, this.foundSegment, tag, flags, size);
    if (size < old) {
      this.foundSegment = this.shrunkSegment(root, this.foundHash, this.foundSegment);
      this.place(heap, this.foundSegment, this.foundSlot);
    }
  }

  /** As `#rewrite`, when the segment has no room: the record goes to another. */
  #move(root: number, flags: number, size: number): void {
    const heap = this.heap;
    const longKey = this.keyRef === this.foundSegment ? 0 : this.keyRef;
    const hash = this.hashOf(this.foundSegment, this.foundSlot);
    const keyLength = this.keyLength;
    // A split on the way moves the record even if the heap is full in the end.
    this.foundSegment = 0;
    const segment = this.roomFor(root, hash, size);
    if (heap.isFrozen) this.#thaw(root, segment);
    const from = ((flags & RECORD_EXPIRES) === 0 ? 0 : EXPIRY_BYTES) +
      (this.hasValues(root) ? 1 : 0);
    const isFound = longKey === 0
      ? this.search(root, hash, this.#record, from, from + keyLength, false)
      : this.searchLong(root, hash, longKey);
    assert(isFound, "a record that moves is there");
    const old = this.foundSegment;
    const at = heap.write(old);
    cutRecord(heap.words, heap.bytes, at, this.foundSlot);
    this.#append(root, segment, hash & TAG_MASK, flags, size);
    this.foundHash = hash;
    // In a chain that goes on, nothing but this link can move.
    if (old !== segment) this.tighten(root, hash, old);
  }

  #append(root: number, segment: number, tag: number, flags: number, size: number): void {
    const heap = this.heap;
    const at = heap.write(segment);
    const bytes = heap.bytes;
    const words = heap.words;
    const to = addRecord(words, bytes, at, tag, flags, size);
    for (let i = 0; i < size; i++) bytes[to + i] = this.#record[i];
    const count = countIn(words[at >>> 2]);
    this.noteRecords(root, count);
    this.found(root, segment, count - 1);
  }
}
