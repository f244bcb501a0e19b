/**
 * Finding records of a {@link RecordDict}: by key, at random, by a scan's cursor.
 */
import { assert } from "../base/assert.ts";
import type { Prng } from "../base/prng.ts";
import { PLACES_MAX } from "./heap_view.ts";
import {
  rangeEnd,
  ROOT_CHAIN_MAX,
  ROOT_DEPTH,
  ROOT_DIRECTORY,
  ROOT_HAS_VALUES,
  ROOT_RECORDS_MAX,
  segmentOf,
} from "./record_directory.ts";
import {
  capacityIn,
  countIn,
  depthIn,
  DISTANCE_BITS,
  DISTANCE_MASK,
  endDistance,
  EXPIRY_BYTES,
  hasValuesIn,
  placeAt,
  RECORD_EXPIRES,
  RECORD_LONG_KEY,
  SEGMENT_RECORDS_MAX,
  TAG_MASK,
  wordIn,
} from "./record_segment.ts";
import { RecordWhole } from "./record_whole.ts";

const NO_BYTES = new Uint8Array(0);
/** Records that `random` draws ahead at most. */
const DRAWS_MAX = 8;
/** Hashes that `prefetch` takes: three places of memory each. */
const PREFETCHED_MAX: number = PLACES_MAX / 4;

export class RecordSearch extends RecordWhole {
  /** Records that the last `scan` came to: {@link select} goes to each. */
  scannedCount = 0;
  /** The bytes in which {@link wholeKey} and {@link wholeValue} found what they were asked for. */
  wholeBytes: Uint8Array = NO_BYTES;

  /** The dict and, with `foundSegment`, the record found last. */
  protected foundRoot = 0;
  protected foundSlot = 0;
  /** The hash of the last `find`; of a record found otherwise, any hash of its segment's range. */
  protected foundHash = 0;
  /** What the last `scan` came to. */
  #scannedRoot = 0;
  #scannedHash = 0;
  #scannedSegments: Int32Array = new Int32Array(SEGMENT_RECORDS_MAX);
  #scannedSlots: Uint8Array = new Uint8Array(SEGMENT_RECORDS_MAX);
  /** What `random` draws ahead: the segments are read together, so that the waits overlap. */
  readonly #drawnIndexes: Int32Array = new Int32Array(DRAWS_MAX);
  readonly #drawnSegments: Int32Array = new Int32Array(DRAWS_MAX);
  readonly #drawnHeaders: Int32Array = new Int32Array(DRAWS_MAX);
  /** The segments of the hashes that `prefetch` is at. */
  readonly #prefetched: Int32Array = new Int32Array(PREFETCHED_MAX);
  /** A key or value that spans pages. */
  #whole: Uint8Array = new Uint8Array(1024);

  /** True when the dict keeps a value with each key. */
  hasValues(root: number): boolean {
    return this.rootWord(root, ROOT_HAS_VALUES) !== 0;
  }

  /** Looks a key up; when it is there, the registers say where. */
  find(root: number, bytes: Uint8Array, start: number, end: number): boolean {
    const hash = this.hasher.hash(bytes, start, end);
    this.foundHash = hash;
    return this.search(root, hash, bytes, start, end, true);
  }

  /** As {@link find}, but sets no register and finds nothing: for who asks no more than this. */
  has(root: number, bytes: Uint8Array, start: number, end: number): boolean {
    const hash = this.hasher.hash(bytes, start, end);
    this.foundHash = hash;
    const found = this.search(root, hash, bytes, start, end, false);
    this.foundSegment = 0;
    return found;
  }

  /** The hash of a key, for {@link prefetch}. */
  hashOfKey(bytes: Uint8Array, start: number, end: number): number {
    return this.hasher.hash(bytes, start, end);
  }

  /**
   * Reads what look-ups of keys with these hashes will read, all together: their cache misses
   * overlap, where look-ups one after the other would wait for each. At most PREFETCHED_MAX.
   */
  prefetch(root: number, hashes: Int32Array, count: number): void {
    const heap = this.heap;
    const segments = this.#prefetched;
    const word = heap.read(root) >>> 2;
    const words = heap.words;
    const shift = 32 - words[word + ROOT_DEPTH];
    const directory = words[word + ROOT_DIRECTORY];
    if (shift === 32) return;
    for (let i = 0; i < count; i++) {
      const segment = heap.wordAt(directory, (hashes[i] >>> shift) * 4);
      segments[i] = segment;
      // The index of a segment takes three cache lines at most, as a rule.
      heap.note(segment, 0);
      heap.note(segment, 64);
      heap.note(segment, 128);
    }
    heap.touchNoted();
    for (let i = 0; i < count; i++) this.#noteRecord(segments[i], hashes[i]);
    heap.touchNoted();
  }

  /** Notes where the first record of a segment stands that has the tag of a hash. */
  #noteRecord(segment: number, hash: number): void {
    const heap = this.heap;
    const word = heap.read(segment) >>> 2;
    const words = heap.words;
    const tags = (hash & TAG_MASK) * 0x01010101;
    const count = countIn(words[word]);
    for (let slot = 0, group = word + 2; slot < count; slot += 4, group += 3) {
      const differing = words[group] ^ tags;
      const equal = (differing - 0x01010101) & ~differing & 0x80808080;
      if (equal === 0) continue;
      const found = slot + (31 - Math.clz32(equal & -equal) >>> 3);
      if (found >= count) return;
      const distance = placeAt(words, word, found) & DISTANCE_MASK;
      return heap.note(segment, capacityIn(words[word]) - distance);
    }
  }

  protected search(
    root: number,
    hash: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    goesThere: boolean,
  ): boolean {
    const heap = this.heap;
    const tags = (hash & TAG_MASK) * 0x01010101;
    let segment = segmentOf(heap, root, hash);
    do {
      const at = heap.read(segment);
      const words = heap.words;
      const heapBytes = heap.bytes;
      const word = at >>> 2;
      const count = countIn(words[word]);
      for (let slot = 0, group = word + 2; slot < count; slot += 4, group += 3) {
        const differing = words[group] ^ tags;
        let equal = (differing - 0x01010101) & ~differing & 0x80808080;
        while (equal !== 0) {
          // A byte above an equal one may be taken for equal too; its key will not be.
          const found = slot + (31 - Math.clz32(equal & -equal) >>> 3);
          if (
            found < count &&
            this.#holds(words, heapBytes, at, found, hash, bytes, start, end)
          ) {
            this.foundRoot = root;
            this.foundSegment = segment;
            this.foundSlot = found;
            if (goesThere) this.placeIn(words, heapBytes, at, segment, found);
            return true;
          }
          equal &= equal - 1;
        }
      }
      segment = words[word + 1];
    } while (segment !== 0);
    this.foundSegment = 0;
    return false;
  }

  /** True when the key of a record equals the byte range. */
  #holds(
    words: Int32Array,
    heapBytes: Uint8Array,
    at: number,
    slot: number,
    hash: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    const word = at >>> 2;
    const place = placeAt(words, word, slot);
    const flags = place >>> DISTANCE_BITS;
    const recordsEnd = at + capacityIn(words[word]);
    let from = recordsEnd - (place & DISTANCE_MASK);
    if ((flags & RECORD_EXPIRES) !== 0) from += EXPIRY_BYTES;
    const length = end - start;
    if ((flags & RECORD_LONG_KEY) !== 0) {
      return wordIn(heapBytes, from) === hash && wordIn(heapBytes, from + 8) === length &&
        this.#hasLongKey(wordIn(heapBytes, from + 4), bytes, start, length);
    }
    const keyLength = hasValuesIn(words[word])
      ? heapBytes[from++]
      : recordsEnd - endDistance(words, word, slot) - from;
    if (keyLength !== length) return false;
    for (let i = start; i < end; i++) if (heapBytes[from++] !== bytes[i]) return false;
    return true;
  }

  #hasLongKey(ref: number, bytes: Uint8Array, start: number, length: number): boolean {
    const heap = this.heap;
    for (let offset = 0; offset < length;) {
      const from = heap.span(ref, offset, length - offset);
      const run = heap.spanLength;
      const heapBytes = heap.bytes;
      for (let i = 0; i < run; i++) {
        if (heapBytes[from + i] !== bytes[start + offset + i]) return false;
      }
      offset += run;
    }
    return true;
  }

  /** Goes to a record, each with the same chance; false when there is none. */
  random(root: number, prng: Prng): boolean {
    const count = this.count(root);
    if (count === 0) return false;
    const heap = this.heap;
    const full = this.rootWord(root, ROOT_DEPTH);
    const directory = this.rootWord(root, ROOT_DIRECTORY);
    const chainMax = this.rootWord(root, ROOT_CHAIN_MAX);
    const recordsMax = Math.min(this.rootWord(root, ROOT_RECORDS_MAX), count);
    const segments = this.#drawnSegments;
    const indexes = this.#drawnIndexes;
    const headers = this.#drawnHeaders;
    // As many as one of them is likely to be taken of.
    const draws = Math.min(DRAWS_MAX, Math.ceil(2 ** full * recordsMax * chainMax / count));
    for (;;) {
      for (let i = 0; i < draws; i++) {
        const index = full === 0 ? 0 : prng.nextUint32() >>> (32 - full);
        indexes[i] = index;
        segments[i] = full === 0 ? directory : heap.wordAt(directory, index * 4);
      }
      for (let i = 0; i < draws; i++) headers[i] = heap.wordAt(segments[i], 0);
      for (let i = 0; i < draws; i++) {
        const spread = full - depthIn(headers[i]);
        // A shallow segment stands in the directory several times: only the first one counts.
        if ((indexes[i] & ((1 << spread) - 1)) !== 0) continue;
        let segment = segments[i];
        for (let link = chainMax === 1 ? 0 : prng.below(chainMax); link > 0; link--) {
          segment = heap.wordAt(segment, 4);
          if (segment === 0) break;
        }
        if (segment === 0) continue;
        const slot = prng.below(recordsMax);
        if (slot >= countIn(chainMax === 1 ? headers[i] : heap.wordAt(segment, 0))) continue;
        this.foundHash = full === 0 ? 0 : indexes[i] << (32 - full);
        this.found(root, segment, slot);
        return true;
      }
    }
  }

  /**
   * Collects the records of one segment, those from `cursor` (a hash: 0 to 2^32 - 1) on, for
   * {@link select}, and returns the next cursor, 0 at the end.
   */
  scan(root: number, cursor: number): number {
    const heap = this.heap;
    const first = segmentOf(heap, root, cursor | 0);
    const end = rangeEnd(heap, first, cursor);
    // True when the segment was larger than the one where the last call ended.
    const partly = cursor % (2 ** (32 - depthIn(heap.wordAt(first, 0)))) !== 0;
    this.scannedCount = 0;
    this.#scannedRoot = root;
    this.#scannedHash = cursor | 0;
    for (let segment = first; segment !== 0; segment = heap.wordAt(segment, 4)) {
      const count = countIn(heap.wordAt(segment, 0));
      for (let slot = 0; slot < count; slot++) {
        if (partly && this.hashOf(segment, slot) >>> 0 < cursor) continue;
        if (this.scannedCount === this.#scannedSlots.length) this.#growScanned();
        this.#scannedSegments[this.scannedCount] = segment;
        this.#scannedSlots[this.scannedCount++] = slot;
      }
    }
    return end >= 2 ** 32 ? 0 : end;
  }

  /** Goes to one of the records scanned, which no change must have followed. */
  select(index: number): void {
    this.foundHash = this.#scannedHash;
    this.found(this.#scannedRoot, this.#scannedSegments[index], this.#scannedSlots[index]);
  }

  /**
   * The key of the record last gone to, contiguous: returns where it begins in `wholeBytes`, until
   * the next change of the heap or call of this or `wholeValue`. To be read only.
   */
  wholeKey(): number {
    return this.#wholeRange(this.keyRef, this.keyOffset, this.keyLength);
  }

  /** As {@link wholeKey}, for the value. */
  wholeValue(): number {
    return this.#wholeRange(this.valueRef, this.valueOffset, this.valueLength);
  }

  /** Lets go of the heap's memory. */
  dropViews(): void {
    this.wholeBytes = NO_BYTES;
  }

  #wholeRange(ref: number, offset: number, length: number): number {
    const heap = this.heap;
    // Nothing may stand at the very end of an object, where another page begins.
    if (length === 0) return 0;
    const at = heap.span(ref, offset, length);
    if (heap.spanLength === length) {
      this.wholeBytes = heap.bytes;
      return at;
    }
    if (this.#whole.length < length) this.#whole = new Uint8Array(length * 2);
    heap.copyOut(ref, offset, length, this.#whole, 0);
    this.wholeBytes = this.#whole;
    return 0;
  }

  #growScanned(): void {
    const segments = new Int32Array(this.#scannedSegments.length * 2);
    segments.set(this.#scannedSegments);
    this.#scannedSegments = segments;
    const slots = new Uint8Array(segments.length);
    slots.set(this.#scannedSlots);
    this.#scannedSlots = slots;
  }

  /** As `search`, for a long key whose object is known. */
  protected searchLong(root: number, hash: number, ref: number): boolean {
    const heap = this.heap;
    let segment = segmentOf(heap, root, hash);
    for (; segment !== 0; segment = heap.wordAt(segment, 4)) {
      const count = countIn(heap.wordAt(segment, 0));
      for (let slot = 0; slot < count; slot++) {
        this.place(heap, segment, slot);
        if (this.keyRef !== ref) continue;
        this.found(root, segment, slot);
        return true;
      }
    }
    return false;
  }

  protected assertFound(root: number): void {
    assert(
      this.foundSegment !== 0 && this.foundRoot === root,
      "a record of this dict has been found",
    );
  }

  protected found(root: number, segment: number, slot: number): void {
    this.foundRoot = root;
    this.foundSegment = segment;
    this.foundSlot = slot;
    this.place(this.heap, segment, slot);
  }
}
