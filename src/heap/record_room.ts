/**
 * Room for the records of a {@link RecordDict}: segments that grow, split, go on in a chain, shrink
 * and merge. Objects are allocated before anything is changed, so that a full heap leaves all as it
 * was.
 */
import { type Heap, HeapFull } from "./heap.ts";
import {
  DEPTH_MAX,
  RecordDirectory,
  ROOT_CHAIN_MAX,
  ROOT_DEEPEST,
  ROOT_DEPTH,
  ROOT_HAS_VALUES,
  ROOT_LINKS,
  ROOT_RECORDS_MAX,
  ROOT_SEGMENTS,
  segmentOf,
} from "./record_directory.ts";
import {
  addRecord,
  bytesWith,
  capacityIn,
  copyWords,
  countIn,
  depthIn,
  DISTANCE_BITS,
  DISTANCE_MASK,
  emptyHeader,
  endDistance,
  EXPIRY_BYTES,
  groupWord,
  hasValuesIn,
  headerWith,
  placeAt,
  RECORD_EXPIRES,
  RECORD_LONG_KEY,
  SEGMENT_BYTES_MAX,
  SEGMENT_RECORDS_MAX,
  segmentBytes,
  setIndex,
  sizeClassFor,
  tagAt,
  usedIn,
  withSizeClass,
  wordIn,
} from "./record_segment.ts";

/** What hashes keys: {@link KeyHash}, or a test's idea of a bad one. */
export interface RecordHash {
  /** The hash of `bytes[start..end)`, an int32. */
  hash(bytes: Uint8Array, start: number, end: number): number;
}

/**
 * A segment with no more than so many records looks whether it can be one with its buddy: at each
 * fourth record that leaves, for the buddy has to be fetched from memory.
 */
const MERGE_RECORDS = 12;
const MERGE_MASK = 3;
/** Two buddies with so few records, in so few bytes, become one. */
const MERGED_RECORDS_MAX = 24;
const MERGED_BYTES_MAX = 1024;

export class RecordRoom extends RecordDirectory {
  protected readonly hasher: RecordHash;
  /** Which half each record of a chain that splits goes to. */
  #halves: Uint8Array = new Uint8Array(SEGMENT_RECORDS_MAX);
  /** Records and their bytes that go to the upper half. */
  #upperRecords = 0;
  #upperUsed = 0;
  /** The segments that a split has allocated. */
  readonly #made: number[] = [];

  constructor(heap: Heap, hasher: RecordHash) {
    super(heap);
    this.hasher = hasher;
  }

  protected newSegment(hasValues: boolean, depth: number, sizeBytes: number): number {
    const segment = this.heap.allocate(sizeBytes);
    const word = this.heap.write(segment) >>> 2;
    this.heap.words[word] = emptyHeader(hasValues, sizeClassFor(sizeBytes), depth);
    this.heap.words[word + 1] = 0;
    return segment;
  }

  /** The hash of a record's key; `at` is where its segment begins. */
  protected hashIn(words: Int32Array, bytes: Uint8Array, at: number, slot: number): number {
    const word = at >>> 2;
    const place = placeAt(words, word, slot);
    const flags = place >>> DISTANCE_BITS;
    const end = at + capacityIn(words[word]);
    let from = end - (place & DISTANCE_MASK);
    if ((flags & RECORD_EXPIRES) !== 0) from += EXPIRY_BYTES;
    if ((flags & RECORD_LONG_KEY) !== 0) return wordIn(bytes, from);
    if (hasValuesIn(words[word])) {
      return this.hasher.hash(bytes, from + 1, from + 1 + bytes[from]);
    }
    return this.hasher.hash(bytes, from, end - endDistance(words, word, slot));
  }

  protected hashOf(segment: number, slot: number): number {
    const at = this.heap.read(segment);
    return this.hashIn(this.heap.words, this.heap.bytes, at, slot);
  }

  /** A segment has come to hold so many records. */
  protected noteRecords(root: number, count: number): void {
    if (count > this.rootWord(root, ROOT_RECORDS_MAX)) {
      this.setRootWord(root, ROOT_RECORDS_MAX, count);
    }
  }

  /**
   * Grows, splits, or lengthens a chain, until a segment for that hash has room for a record of so
   * many bytes, and returns it.
   * @throws {HeapFull} and then every record is still there.
   */
  protected roomFor(root: number, hash: number, size: number): number {
    const heap = this.heap;
    for (;;) {
      const segment = segmentOf(heap, root, hash);
      const header = heap.wordAt(segment, 0);
      const needed = bytesWith(header, size);
      if (countIn(header) < SEGMENT_RECORDS_MAX) {
        if (needed <= capacityIn(header)) return segment;
        if (needed <= SEGMENT_BYTES_MAX) return this.resized(root, hash, segment, needed);
      }
      const depth = depthIn(header);
      // A directory out of proportion to what it holds comes from hashes that a split cannot part.
      if (depth >= DEPTH_MAX || 1 << depth > this.count(root)) {
        return this.#roomInChain(root, hash, segment, size);
      }
      this.#split(root, segment, depth, hash);
    }
  }

  /** The first segment of a chain that has room; a new one at its end where none has. */
  #roomInChain(root: number, hash: number, first: number, size: number): number {
    const heap = this.heap;
    let segment = first;
    for (let links = 1;; links++) {
      const header = heap.wordAt(segment, 0);
      const needed = bytesWith(header, size);
      if (countIn(header) < SEGMENT_RECORDS_MAX && needed <= SEGMENT_BYTES_MAX) {
        if (needed <= capacityIn(header)) return segment;
        return this.resized(root, hash, segment, needed);
      }
      const next = heap.wordAt(segment, 4);
      if (next === 0) {
        const added = this.newSegment(
          this.rootWord(root, ROOT_HAS_VALUES) !== 0,
          depthIn(header),
          segmentBytes(1, size),
        );
        heap.setWordAt(segment, 4, added);
        this.addBytes(root, heap.capacityOf(added));
        this.addToRoot(root, ROOT_SEGMENTS, 1);
        this.addToRoot(root, ROOT_LINKS, 1);
        if (links + 1 > this.rootWord(root, ROOT_CHAIN_MAX)) {
          this.setRootWord(root, ROOT_CHAIN_MAX, links + 1);
        }
        return added;
      }
      segment = next;
    }
  }

  /** Moves a segment into an object of another size and returns it. */
  protected resized(root: number, hash: number, segment: number, sizeBytes: number): number {
    const heap = this.heap;
    const fresh = heap.allocate(sizeBytes);
    const to = heap.write(fresh) >>> 2;
    const target = heap.words;
    const from = heap.read(segment) >>> 2;
    const source = heap.words;
    const header = source[from];
    const sizeClass = sizeClassFor(sizeBytes);
    const changed = withSizeClass(header, sizeClass);
    copyWords(source, from, groupWord(countIn(header) + 3), target, to);
    const tail = (usedIn(header) + 3) >>> 2;
    const sourceEnd = from + (capacityIn(header) >>> 2);
    copyWords(source, sourceEnd - tail, tail, target, to + (capacityIn(changed) >>> 2) - tail);
    target[to] = changed;
    this.relink(root, hash, segment, fresh);
    heap.free(segment);
    this.addBytes(root, capacityIn(changed) - capacityIn(header));
    return fresh;
  }

  /** Parts a chain of segments in two by the next bit of the hash. */
  #split(root: number, first: number, depth: number, hash: number): void {
    const heap = this.heap;
    const made = this.#made;
    made.length = 0;
    const isChain = heap.wordAt(first, 4) !== 0;
    let lowers = 0;
    try {
      this.#sortHalves(first, depth);
      if (isChain) this.#makeHalf(first, depth + 1, 0);
      else this.#makeOne(first, depth + 1, 0);
      lowers = made.length;
      if (isChain) this.#makeHalf(first, depth + 1, 1);
      else this.#makeOne(first, depth + 1, 1);
      if (depth === this.rootWord(root, ROOT_DEPTH)) this.doubleDirectory(root);
    } catch (thrown) {
      for (const ref of made) heap.free(ref);
      throw thrown;
    }
    if (isChain) {
      this.#fillHalf(first, 0, 0);
      this.#fillHalf(first, 1, lowers);
      // A chain's records may stand closer together now.
      for (const ref of made) this.noteRecords(root, countIn(heap.wordAt(ref, 0)));
    } else this.#fillBoth(first, made[0], made[1]);
    let bytes = 0;
    for (let i = 0; i < made.length; i++) {
      if (i + 1 !== lowers && i + 1 < made.length) heap.setWordAt(made[i], 4, made[i + 1]);
      bytes += heap.capacityOf(made[i]);
    }
    const upperHash = hash | 1 << (31 - depth);
    this.link(root, depth + 1, upperHash & ~(1 << (31 - depth)), made[0]);
    this.link(root, depth + 1, upperHash, made[lowers]);
    if (depth + 1 === this.rootWord(root, ROOT_DEPTH)) this.addToRoot(root, ROOT_DEEPEST, 2);
    let freed = 0;
    for (let segment = first; segment !== 0; freed++) {
      const next = heap.wordAt(segment, 4);
      bytes -= heap.capacityOf(segment);
      heap.free(segment);
      segment = next;
    }
    this.addBytes(root, bytes);
    this.addToRoot(root, ROOT_SEGMENTS, made.length - freed);
    this.#addLinks(root, made.length - freed - 1, Math.max(lowers, made.length - lowers));
  }

  #addLinks(root: number, delta: number, chainLength: number): void {
    if (delta !== 0) this.addToRoot(root, ROOT_LINKS, delta);
    if (this.rootWord(root, ROOT_LINKS) === 0) this.setRootWord(root, ROOT_CHAIN_MAX, 1);
    else if (chainLength > this.rootWord(root, ROOT_CHAIN_MAX)) {
      this.setRootWord(root, ROOT_CHAIN_MAX, chainLength);
    }
  }

  /** Finds out to which half each record of a chain belongs. */
  #sortHalves(first: number, depth: number): void {
    const heap = this.heap;
    const shift = 31 - depth;
    let index = 0;
    let upperRecords = 0;
    let upperUsed = 0;
    for (let segment = first; segment !== 0;) {
      const at = heap.read(segment);
      const words = heap.words;
      const bytes = heap.bytes;
      const count = countIn(words[at >>> 2]);
      if (index + count > this.#halves.length) {
        const larger = new Uint8Array((index + count) * 2);
        larger.set(this.#halves);
        this.#halves = larger;
      }
      for (let slot = 0; slot < count; slot++) {
        const half = this.hashIn(words, bytes, at, slot) >>> shift & 1;
        this.#halves[index++] = half;
        upperRecords += half;
        if (half !== 0) upperUsed += sizeAt(words, at >>> 2, slot);
      }
      segment = words[(at >>> 2) + 1];
    }
    this.#upperRecords = upperRecords;
    this.#upperUsed = upperUsed;
  }

  /** Allocates the segment that one half of a segment without a chain needs. */
  #makeOne(first: number, depth: number, half: number): void {
    const header = this.heap.wordAt(first, 0);
    const records = half === 0 ? countIn(header) - this.#upperRecords : this.#upperRecords;
    const used = half === 0 ? usedIn(header) - this.#upperUsed : this.#upperUsed;
    this.#made.push(this.newSegment(hasValuesIn(header), depth, segmentBytes(records, used)));
  }

  /** Allocates the segments that one half of a chain needs: one at least. */
  #makeHalf(first: number, depth: number, half: number): void {
    const heap = this.heap;
    const hasValues = hasValuesIn(heap.wordAt(first, 0));
    let index = 0;
    let records = 0;
    let used = 0;
    for (let segment = first; segment !== 0;) {
      // Allocating does not change what stands here.
      const word = heap.read(segment) >>> 2;
      const words = heap.words;
      const count = countIn(words[word]);
      for (let slot = 0; slot < count; slot++) {
        if (this.#halves[index++] !== half) continue;
        const size = sizeAt(words, word, slot);
        if (!holds(records + 1, used + size)) {
          this.#made.push(this.newSegment(hasValues, depth, segmentBytes(records, used)));
          records = 0;
          used = 0;
        }
        records++;
        used += size;
      }
      segment = words[word + 1];
    }
    this.#made.push(this.newSegment(hasValues, depth, segmentBytes(records, used)));
  }

  /** Copies the records of a segment without a chain to those of its two halves. */
  #fillBoth(segment: number, lower: number, upper: number): void {
    const heap = this.heap;
    const lowerAt = heap.write(lower);
    const lowerWords = heap.words;
    const lowerBytes = heap.bytes;
    const upperAt = heap.write(upper);
    const upperWords = heap.words;
    const upperBytes = heap.bytes;
    const at = heap.read(segment);
    const words = heap.words;
    const bytes = heap.bytes;
    const count = countIn(words[at >>> 2]);
    const end = at + capacityIn(words[at >>> 2]);
    let before = 0;
    for (let slot = 0; slot < count; slot++) {
      const isUpper = this.#halves[slot] !== 0;
      const target = isUpper ? upperBytes : lowerBytes;
      const place = placeAt(words, at >>> 2, slot);
      const distance = place & DISTANCE_MASK;
      const size = distance - before;
      before = distance;
      const to = addRecord(
        isUpper ? upperWords : lowerWords,
        target,
        isUpper ? upperAt : lowerAt,
        tagAt(bytes, at, slot),
        place >>> DISTANCE_BITS,
        size,
      );
      for (let i = 0; i < size; i++) target[to + i] = bytes[end - distance + i];
    }
  }

  /** Copies the records of one half of a chain to the segments that were made for it. */
  #fillHalf(first: number, half: number, made: number): void {
    const heap = this.heap;
    let index = 0;
    let to = heap.write(this.#made[made]);
    let targetWords = heap.words;
    let target = heap.bytes;
    for (let segment = first; segment !== 0;) {
      const at = heap.read(segment);
      const word = at >>> 2;
      const words = heap.words;
      const bytes = heap.bytes;
      const count = countIn(words[word]);
      const end = at + capacityIn(words[word]);
      for (let slot = 0; slot < count; slot++) {
        if (this.#halves[index++] !== half) continue;
        const size = sizeAt(words, word, slot);
        const header = targetWords[to >>> 2];
        if (!holds(countIn(header) + 1, usedIn(header) + size)) {
          to = heap.write(this.#made[++made]);
          targetWords = heap.words;
          target = heap.bytes;
        }
        const place = placeAt(words, word, slot);
        const tag = tagAt(bytes, at, slot);
        const added = addRecord(targetWords, target, to, tag, place >>> DISTANCE_BITS, size);
        const from = end - (place & DISTANCE_MASK);
        for (let i = 0; i < size; i++) target[added + i] = bytes[from + i];
      }
      segment = words[word + 1];
    }
  }

  /** Makes good use of the heap again after a record has left a segment. */
  protected tighten(root: number, hash: number, segment: number): void {
    const header = this.heap.wordAt(segment, 0);
    const count = countIn(header);
    try {
      const isGone = count === 0 && this.rootWord(root, ROOT_LINKS) > 0 &&
        this.#unchain(root, hash, segment);
      if (!isGone) this.shrunkSegment(root, hash, segment);
      if (count <= MERGE_RECORDS && (count & MERGE_MASK) === 0) {
        while (this.#merge(root, hash));
      }
    } catch (thrown) {
      // Then it stays as it is: what has left has left.
      if (!(thrown instanceof HeapFull)) throw thrown;
    }
  }

  /** Moves a segment that uses little of its bytes into a smaller object, and returns it. */
  protected shrunkSegment(root: number, hash: number, segment: number): number {
    const header = this.heap.wordAt(segment, 0);
    const needed = segmentBytes(countIn(header), usedIn(header));
    if (needed + 8 > capacityIn(header) * 0.75) return segment;
    try {
      return this.resized(root, hash, segment, needed);
    } catch (thrown) {
      if (!(thrown instanceof HeapFull)) throw thrown;
      return segment;
    }
  }

  /**
   * Takes an empty segment out of its chain.
   * @returns false when it stands alone.
   */
  #unchain(root: number, hash: number, segment: number): boolean {
    const heap = this.heap;
    const next = heap.wordAt(segment, 4);
    if (next === 0 && segmentOf(heap, root, hash) === segment) return false;
    // During a freeze, an allocation makes sure that pages can be copied for what follows.
    if (heap.isFrozen) heap.free(heap.allocate(1));
    this.relink(root, hash, segment, next);
    this.addBytes(root, -heap.capacityOf(segment));
    heap.free(segment);
    this.addToRoot(root, ROOT_SEGMENTS, -1);
    this.#addLinks(root, -1, 1);
    return true;
  }

  /**
   * Makes one segment of two that hold few, and halves the directory when it can.
   * @returns false when they hold too many.
   */
  #merge(root: number, hash: number): boolean {
    const heap = this.heap;
    const segment = segmentOf(heap, root, hash);
    const header = heap.wordAt(segment, 0);
    const depth = depthIn(header);
    if (depth === 0 || heap.wordAt(segment, 4) !== 0) return false;
    const buddy = segmentOf(heap, root, hash ^ (1 << (32 - depth)));
    const other = heap.wordAt(buddy, 0);
    if (depthIn(other) !== depth || heap.wordAt(buddy, 4) !== 0) return false;
    const count = countIn(header) + countIn(other);
    const needed = segmentBytes(count, usedIn(header) + usedIn(other));
    if (count > MERGED_RECORDS_MAX || needed > MERGED_BYTES_MAX) return false;
    const merged = this.newSegment(hasValuesIn(header), depth - 1, needed);
    this.#addAll(segment, merged);
    this.#addAll(buddy, merged);
    this.link(root, depth - 1, hash, merged);
    this.addBytes(root, heap.capacityOf(merged) - capacityIn(header) - capacityIn(other));
    heap.free(segment);
    heap.free(buddy);
    this.addToRoot(root, ROOT_SEGMENTS, -1);
    this.noteRecords(root, count);
    const full = this.rootWord(root, ROOT_DEPTH);
    if (depth === full) {
      this.addToRoot(root, ROOT_DEEPEST, -2);
      while (this.rootWord(root, ROOT_DEPTH) > 0 && this.rootWord(root, ROOT_DEEPEST) === 0) {
        this.halveDirectory(root);
      }
    }
    return true;
  }

  /** Copies all records of a segment to another that has room for them. */
  #addAll(source: number, target: number): void {
    const heap = this.heap;
    const to = heap.write(target);
    const targetWords = heap.words;
    const targetBytes = heap.bytes;
    const at = heap.read(source);
    const words = heap.words;
    const bytes = heap.bytes;
    const header = words[at >>> 2];
    const old = targetWords[to >>> 2];
    const count = countIn(header);
    const used = usedIn(header);
    for (let slot = 0; slot < count; slot++) {
      const place = placeAt(words, at >>> 2, slot) + usedIn(old);
      setIndex(targetBytes, to, countIn(old) + slot, tagAt(bytes, at, slot), place);
    }
    const from = at + capacityIn(header) - used;
    const added = to + capacityIn(old) - usedIn(old) - used;
    for (let i = 0; i < used; i++) targetBytes[added + i] = bytes[from + i];
    targetWords[to >>> 2] = headerWith(old, count, used);
  }
}

/** True when a segment may hold so many records of so many bytes together. */
function holds(records: number, used: number): boolean {
  return records <= SEGMENT_RECORDS_MAX && segmentBytes(records, used) <= SEGMENT_BYTES_MAX;
}

/** The bytes of a record; `word` is its segment's first. */
function sizeAt(words: Int32Array, word: number, slot: number): number {
  return (placeAt(words, word, slot) & DISTANCE_MASK) - endDistance(words, word, slot);
}
