/**
 * A dictionary of entries (entry.ts) by extendible hashing over the *top* bits of a 32-bit hash.
 *
 *     directory: 2^depth references, indexed by the top `depth` bits of the hash
 *          |
 *          v
 *     segment, 512 bytes:
 *     word 0        word 1           words 2k, 2k+1 for slots k = 1 to 63
 *     +------+-----+----------------+-------------------+
 *     | depth| cnt | next in chain  | hash | reference  | ...
 *     +------+-----+----------------+-------------------+
 *
 * Slots are probed linearly from one that the low bits of the hash name; reference 0 ends a probe.
 * The whole hash stands in the slot, so that a probe, a split and a merge touch no entry, and slot
 * and hash share a cache line. A full segment splits alone: there is no rehash pause.
 *
 * A segment of depth d serves the 2^(depth - d) directory slots that share its top d bits. It may be
 * followed by others in a chain, for hashes that no split can part (more than a segment's worth of
 * equal hashes): without that, such keys would double the directory without end.
 *
 * A SCAN cursor is a hash: everything below it has been returned. Segments hold ranges of hashes, so
 * splits and merges between two calls neither lose nor repeat an entry.
 *
 * The directory and the segments are heap objects, hence frozen with the heap; {@link DictRoot} is
 * all that a reader of a frozen heap needs besides.
 */
import { assert } from "../base/assert.ts";
import type { Prng } from "../base/prng.ts";
import { entryHasKey } from "./entry.ts";
import { type Heap, HeapFull } from "./heap.ts";

const SEGMENT_BYTES = 512;
const SEGMENT_WORDS = SEGMENT_BYTES >>> 2;
export const SLOT_MASK = 63;
/** More than this and probes get long; fewer and memory is wasted. */
const SEGMENT_FULL = 54;
/** Two buddies with so few together become one. */
const SEGMENTS_MERGE = 22;
/** Six bits are left for the slot within a segment. */
const DEPTH_MAX = 26;
export const DEPTH_SHIFT = 16;
const COUNT_MASK = 0xffff;

/** Where a dict stands in the heap. */
export interface DictRoot {
  /** The directory; with depth 0 the only segment itself; 0 when the dict is empty. */
  readonly directory: number;
  readonly depth: number;
  readonly count: number;
}

/** The cursor that begins and ends a scan. */
export const SCAN_START = 0;

export class Dict {
  /** Entries held. */
  count = 0;
  /** References that the last `scan` found; the first `scannedCount` are valid. */
  scanned: Int32Array = new Int32Array(SEGMENT_WORDS);
  scannedCount = 0;
  /** Segments split since the dict was made: what INFO calls rehashing elsewhere. */
  splitCount = 0;

  readonly #heap: Heap;
  #directory = 0;
  #depth = 0;
  #segmentCount = 0;
  /** Segments at full depth: when there is none, the directory can halve. */
  #deepestCount = 0;
  /** Segments that follow another in a chain, and the longest chain there may be. */
  #linkCount = 0;
  #chainMax = 1;
  /** Where the last successful find ended; reference 0 once the slots have moved since. */
  #foundRef = 0;
  #foundSegment = 0;
  #foundSlot = 0;
  readonly #gathered: number[] = [];

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  get root(): DictRoot {
    return { directory: this.#directory, depth: this.#depth, count: this.count };
  }

  /** {@link DictRoot}'s fields, for who asks often. */
  get directory(): number {
    return this.#directory;
  }

  get depth(): number {
    return this.#depth;
  }

  /** Bytes of the heap that directory and segments take. */
  get indexBytes(): number {
    if (this.#directory === 0) return 0;
    const directory = this.#depth === 0 ? 0 : this.#heap.capacityOf(this.#directory);
    return this.#segmentCount * SEGMENT_BYTES + directory;
  }

  /** Slots of all segments, for statistics. */
  get slotCount(): number {
    return this.#segmentCount * SLOT_MASK;
  }

  /** Returns the entry with that key, or 0. {@link replaceFound} and the like refer to it. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    if (this.#directory === 0) return 0;
    const heap = this.#heap;
    let segment = this.#segmentOf(hash);
    do {
      // Reading an entry moves `heap.words`, but not this one.
      const word = heap.read(segment) >>> 2;
      const words = heap.words;
      let slot = (hash & SLOT_MASK) || 1;
      for (;;) {
        const ref = words[word + slot * 2 + 1];
        if (ref === 0) break;
        if (words[word + slot * 2] === hash && entryHasKey(heap, ref, bytes, start, end)) {
          this.#foundRef = ref;
          this.#foundSegment = segment;
          this.#foundSlot = slot;
          return ref;
        }
        slot = slot === SLOT_MASK ? 1 : slot + 1;
      }
      segment = words[word + 1];
    } while (segment !== 0);
    return 0;
  }

  /** As {@link find}, for an entry whose reference is known; at once when it was found last. */
  findReference(hash: number, wanted: number): boolean {
    if (this.#foundRef === wanted) return true;
    if (this.#directory === 0) return false;
    const heap = this.#heap;
    let segment = this.#segmentOf(hash);
    do {
      const word = heap.read(segment) >>> 2;
      const words = heap.words;
      let slot = (hash & SLOT_MASK) || 1;
      for (;;) {
        const ref = words[word + slot * 2 + 1];
        if (ref === 0) break;
        if (ref === wanted) {
          this.#foundRef = ref;
          this.#foundSegment = segment;
          this.#foundSlot = slot;
          return true;
        }
        slot = slot === SLOT_MASK ? 1 : slot + 1;
      }
      segment = words[word + 1];
    } while (segment !== 0);
    return false;
  }

  /** True when the last find has found that entry and nothing has changed since. */
  isFound(ref: number): boolean {
    return this.#foundRef === ref;
  }

  /** The entry that was found has moved. */
  replaceFound(ref: number): void {
    const heap = this.#heap;
    const word = heap.write(this.#foundSegment) >>> 2;
    heap.words[word + this.#foundSlot * 2 + 1] = ref;
    this.#foundRef = ref;
  }

  /** Takes the entry that was found out of the dict; the entry itself stays alive. */
  removeFound(): void {
    const heap = this.#heap;
    const word = heap.write(this.#foundSegment) >>> 2;
    const words = heap.words;
    const hash = words[word + this.#foundSlot * 2];
    this.#foundRef = 0;
    closeGap(words, word, this.#foundSlot);
    words[word]--;
    this.count--;
    const left = words[word] & COUNT_MASK;
    if (this.count === 0) this.clear();
    else if (left <= SEGMENTS_MERGE) {
      if (left === 0) this.#tightenChain(hash);
      while (this.#merge(hash));
    }
  }

  /**
   * Adds an entry whose key is known to be absent.
   * @throws {HeapFull} and then the dict is as it was; not after {@link reserve} of that hash.
   */
  insert(hash: number, ref: number): void {
    this.#foundRef = 0;
    if (this.#directory !== 0) {
      const segment = this.#segmentOf(hash);
      if ((this.#heap.wordAt(segment, 0) & COUNT_MASK) < SEGMENT_FULL) {
        return this.#place(segment, hash, ref);
      }
    }
    this.#place(this.#roomFor(hash), hash, ref);
  }

  /**
   * Reads the slots where hashes that are about to be looked up begin, all together: their cache
   * misses overlap, where look-ups one after the other would wait for each. At most PLACES_MAX / 2.
   * @param inserts what an insertion reads besides is wanted too.
   */
  prefetch(hashes: Int32Array, count: number, inserts: boolean): void {
    if (this.#depth === 0) return;
    const heap = this.#heap;
    for (let i = 0; i < count; i++) {
      const segment = this.#segmentOf(hashes[i]);
      if (inserts) heap.note(segment, 0);
      heap.note(segment, (hashes[i] & SLOT_MASK) * 8);
    }
    heap.touchNoted();
  }

  /** Goes on where `prefetch` ended: reads the entries that stand at those hashes. */
  prefetchEntries(hashes: Int32Array, count: number): void {
    if (this.#directory === 0) return;
    const heap = this.#heap;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i];
      const word = heap.read(this.#segmentOf(hash)) >>> 2;
      const words = heap.words;
      let slot = (hash & SLOT_MASK) || 1;
      while (words[word + slot * 2 + 1] !== 0 && words[word + slot * 2] !== hash) {
        slot = slot === SLOT_MASK ? 1 : slot + 1;
      }
      const entry = words[word + slot * 2 + 1];
      if (entry === 0) continue;
      heap.note(entry, 0);
      // In the second half of a cache line, an entry of common size reaches into the next one.
      if ((entry & 3) >= 2) heap.note(entry, 44);
    }
    heap.touchNoted();
  }

  /**
   * Makes room for one more entry of that hash, so that the next `insert` cannot fail.
   * @throws {HeapFull} and then the dict holds what it held.
   */
  reserve(hash: number): void {
    if (this.#directory !== 0) {
      const header = this.#heap.wordAt(this.#segmentOf(hash), 0);
      if ((header & COUNT_MASK) < SEGMENT_FULL) return;
    }
    this.#foundRef = 0;
    this.#roomFor(hash);
  }

  /** Forgets every entry; the entries themselves stay alive. */
  clear(): void {
    const heap = this.#heap;
    if (this.#directory !== 0) {
      for (let prefix = 0; prefix < 2 ** 32;) {
        const first = this.#segmentOf(prefix | 0);
        prefix = this.#rangeEnd(first, prefix);
        for (let segment = first; segment !== 0;) {
          const next = heap.wordAt(segment, 4);
          heap.free(segment);
          segment = next;
        }
      }
      if (this.#depth > 0) heap.free(this.#directory);
    }
    this.forget();
  }

  /** Hands everything over to another dict and is empty. */
  take(): Dict {
    const other = new Dict(this.#heap);
    other.count = this.count;
    other.#directory = this.#directory;
    other.#depth = this.#depth;
    other.#segmentCount = this.#segmentCount;
    other.#deepestCount = this.#deepestCount;
    other.#linkCount = this.#linkCount;
    other.#chainMax = this.#chainMax;
    this.forget();
    return other;
  }

  /** As {@link clear}, when the heap behind the dict has been emptied as a whole. */
  forget(): void {
    this.#foundRef = 0;
    this.#directory = 0;
    this.#depth = 0;
    this.#segmentCount = 0;
    this.#deepestCount = 0;
    this.#linkCount = 0;
    this.#chainMax = 1;
    this.count = 0;
  }

  /**
   * Collects in `scanned` the entries of one segment from `cursor` (a hash as an unsigned number)
   * on, and returns the next cursor, 0 at the end.
   */
  scan(cursor: number): number {
    this.scannedCount = 0;
    if (this.#directory === 0) return SCAN_START;
    const heap = this.#heap;
    const first = this.#segmentOf(cursor | 0);
    for (let segment = first; segment !== 0;) {
      const word = heap.read(segment) >>> 2;
      const words = heap.words;
      for (let slot = 1; slot <= SLOT_MASK; slot++) {
        const ref = words[word + slot * 2 + 1];
        if (ref !== 0 && words[word + slot * 2] >>> 0 >= cursor) this.#scanned(ref);
      }
      segment = words[word + 1];
    }
    const end = this.#rangeEnd(first, cursor);
    return end >= 2 ** 32 ? SCAN_START : end;
  }

  /** Returns an entry, each with the same chance; 0 when there is none. */
  random(prng: Prng): number {
    if (this.count === 0) return 0;
    const heap = this.#heap;
    for (;;) {
      const index = this.#depth === 0 ? 0 : prng.below(2 ** this.#depth);
      let segment = this.#depth === 0 ? this.#directory : heap.wordAt(this.#directory, index * 4);
      let word = heap.read(segment) >>> 2;
      const spread = this.#depth - (heap.words[word] >>> DEPTH_SHIFT);
      // A shallow segment stands in the directory several times: only the first one counts.
      if ((index & ((1 << spread) - 1)) !== 0) continue;
      for (let link = prng.below(this.#chainMax); link > 0 && segment !== 0; link--) {
        segment = heap.words[word + 1];
        if (segment !== 0) word = heap.read(segment) >>> 2;
      }
      if (segment === 0) continue;
      const ref = heap.words[word + (1 + prng.below(SLOT_MASK)) * 2 + 1];
      if (ref !== 0) return ref;
    }
  }

  /** Verifies directory, segments and slots, and that `hashOf` an entry is the hash it stands at. */
  check(hashOf: (ref: number) => number): void {
    if (this.#directory === 0) return assert(this.count === 0, "an empty dict holds nothing");
    let count = 0;
    let segments = 0;
    let deepest = 0;
    let links = 0;
    for (let prefix = 0; prefix < 2 ** 32;) {
      const first = this.#segmentOf(prefix | 0);
      const end = this.#rangeEnd(first, prefix);
      assert(end > prefix && prefix % (end - prefix) === 0, "a segment serves an aligned range");
      assert(this.#segmentOf((end - 1) | 0) === first, "a range has one segment");
      if (this.#depthOf(first) === this.#depth) deepest++;
      let length = 0;
      for (let segment = first; segment !== 0; segment = this.#nextOf(segment)) {
        count += this.#checkSegment(segment, prefix, end, hashOf);
        length++;
      }
      segments += length;
      links += length - 1;
      assert(length <= this.#chainMax, "no chain is longer than known");
      prefix = end;
    }
    assert(count === this.count, "every entry is counted");
    assert(segments === this.#segmentCount, "every segment is counted");
    assert(deepest === this.#deepestCount, "every deepest segment is counted");
    assert(links === this.#linkCount, "every link of a chain is counted");
  }

  #checkSegment(
    segment: number,
    from: number,
    end: number,
    hashOf: (ref: number) => number,
  ): number {
    const slots = this.#wordsOf(segment);
    let count = 0;
    for (let slot = 1; slot <= SLOT_MASK; slot++) {
      const ref = slots[slot * 2 + 1];
      if (ref === 0) continue;
      count++;
      const hash = slots[slot * 2];
      assert(hash >>> 0 >= from && hash >>> 0 < end, "a hash stands in its segment");
      assert(hashOf(ref) === hash, "a slot holds its entry's hash");
      let probe = (hash & SLOT_MASK) || 1;
      for (; probe !== slot; probe = probe === SLOT_MASK ? 1 : probe + 1) {
        assert(slots[probe * 2 + 1] !== 0, "a probe reaches its entry");
      }
    }
    assert(count === (slots[0] & COUNT_MASK), "a segment knows its count");
    assert(count <= SEGMENT_FULL, "a segment always has a free slot to end a probe");
    return count;
  }

  #segmentOf(hash: number): number {
    if (this.#depth === 0) return this.#directory;
    return this.#heap.wordAt(this.#directory, (hash >>> (32 - this.#depth)) * 4);
  }

  #depthOf(segment: number): number {
    return this.#heap.wordAt(segment, 0) >>> DEPTH_SHIFT;
  }

  #nextOf(segment: number): number {
    return this.#heap.wordAt(segment, 4);
  }

  #wordsOf(segment: number): Int32Array {
    const word = this.#heap.read(segment) >>> 2;
    return this.#heap.words.slice(word, word + SEGMENT_WORDS);
  }

  /** One past the highest hash of the segment that serves `hash` (unsigned). */
  #rangeEnd(segment: number, hash: number): number {
    const size = 2 ** (32 - this.#depthOf(segment));
    return hash - hash % size + size;
  }

  #begin(): void {
    this.#directory = this.#newSegment(0);
    this.#deepestCount = 1;
  }

  #newSegment(depth: number): number {
    const segment = this.#heap.allocate(SEGMENT_BYTES);
    const word = this.#heap.write(segment) >>> 2;
    this.#heap.words.fill(0, word, word + SEGMENT_WORDS);
    this.#heap.words[word] = depth << DEPTH_SHIFT;
    this.#segmentCount++;
    return segment;
  }

  #place(segment: number, hash: number, ref: number): void {
    const heap = this.#heap;
    const word = heap.write(segment) >>> 2;
    placeIn(heap.words, word, hash, ref);
    this.count++;
  }

  /** Splits, or lengthens a chain, until a segment for that hash has room, and returns it. */
  #roomFor(hash: number): number {
    const heap = this.#heap;
    if (this.#directory === 0) this.#begin();
    for (;;) {
      const segment = this.#segmentOf(hash);
      const header = heap.wordAt(segment, 0);
      if ((header & COUNT_MASK) < SEGMENT_FULL) return segment;
      const depth = header >>> DEPTH_SHIFT;
      // A directory out of proportion to what it holds comes from hashes that a split cannot part.
      if (depth < DEPTH_MAX && (1 << depth) <= this.count) this.#split(segment, depth, hash);
      else return this.#roomInChain(segment);
    }
  }

  /** The first segment of a chain that has room; a new one at its end where none has. */
  #roomInChain(segment: number): number {
    const heap = this.#heap;
    for (let links = 1;; links++) {
      const header = heap.wordAt(segment, 0);
      if ((header & COUNT_MASK) < SEGMENT_FULL) return segment;
      let next = heap.wordAt(segment, 4);
      if (next === 0) {
        next = this.#newSegment(header >>> DEPTH_SHIFT);
        heap.setWordAt(segment, 4, next);
        this.#linkCount++;
        if (links + 1 > this.#chainMax) this.#chainMax = links + 1;
      }
      segment = next;
    }
  }

  /** Closes up a chain in which a segment has become empty. */
  #tightenChain(hash: number): void {
    const segment = this.#segmentOf(hash);
    if (this.#nextOf(segment) === 0) return;
    const depth = this.#depthOf(segment);
    const gathered = this.#gather(segment);
    this.#reset(segment, depth);
    this.#scatter(gathered);
  }

  /** Parts a full segment in two by the next bit of the hash. */
  #split(segment: number, depth: number, hash: number): void {
    const heap = this.#heap;
    if (depth === this.#depth) this.#doubleDirectory();
    const upper = this.#newSegment(depth + 1);
    const gathered = this.#gather(segment);
    this.#reset(segment, depth + 1);
    this.#deepestCount += depth + 1 === this.#depth ? 2 : 0;
    // The directory slots of the upper half of the old range.
    const size = 2 ** (this.#depth - depth);
    const index = hash >>> (32 - this.#depth);
    const from = index - index % size + size / 2;
    heap.fillWords(this.#directory, from * 4, size / 2, upper);
    this.splitCount++;
    this.#scatter(gathered);
  }

  /**
   * Makes one segment of two that hold few, and halves the directory when it can.
   * @returns false when they hold too many.
   */
  #merge(hash: number): boolean {
    const heap = this.#heap;
    const segment = this.#segmentOf(hash);
    const depth = this.#depthOf(segment);
    if (depth === 0) return false;
    const buddy = this.#segmentOf(hash ^ (1 << (32 - depth)));
    if (this.#depthOf(buddy) !== depth) return false;
    if (this.#nextOf(segment) !== 0 || this.#nextOf(buddy) !== 0) return false;
    const counts = heap.wordAt(segment, 0) + heap.wordAt(buddy, 0);
    if ((counts & COUNT_MASK) > SEGMENTS_MERGE) return false;
    const gathered = this.#gather(buddy);
    heap.free(buddy);
    this.#segmentCount--;
    const word = heap.write(segment) >>> 2;
    heap.words[word] -= 1 << DEPTH_SHIFT;
    const size = 2 ** (this.#depth - depth + 1);
    const index = hash >>> (32 - this.#depth);
    const from = index - index % size;
    heap.fillWords(this.#directory, from * 4, size, segment);
    if (depth === this.#depth) this.#deepestCount -= 2;
    this.#scatter(gathered);
    while (this.#depth > 0 && this.#deepestCount === 0) this.#halveDirectory();
    return true;
  }

  /** Takes every hash and reference of a segment and its chain; the chain ends. */
  #gather(segment: number): number[] {
    const heap = this.#heap;
    const gathered = this.#gathered;
    gathered.length = 0;
    for (let link = segment; link !== 0;) {
      const word = heap.read(link) >>> 2;
      const words = heap.words;
      for (let slot = 1; slot <= SLOT_MASK; slot++) {
        const ref = words[word + slot * 2 + 1];
        if (ref !== 0) gathered.push(words[word + slot * 2], ref);
      }
      const next = words[word + 1];
      if (link !== segment) {
        heap.free(link);
        this.#segmentCount--;
        this.#linkCount--;
      }
      link = next;
    }
    if (this.#linkCount === 0) this.#chainMax = 1;
    this.count -= gathered.length >>> 1;
    return gathered;
  }

  /**
   * Puts gathered entries where they now belong. Needs no more segments than `#gather` has freed and
   * the caller has made, hence cannot find the heap full.
   */
  #scatter(gathered: readonly number[]): void {
    for (let i = 0; i < gathered.length; i += 2) {
      const segment = this.#roomInChain(this.#segmentOf(gathered[i]));
      this.#place(segment, gathered[i], gathered[i + 1]);
    }
  }

  #reset(segment: number, depth: number): void {
    const word = this.#heap.write(segment) >>> 2;
    this.#heap.words.fill(0, word, word + SEGMENT_WORDS);
    this.#heap.words[word] = depth << DEPTH_SHIFT;
  }

  #doubleDirectory(): void {
    const heap = this.#heap;
    const old = this.#directory;
    const length = 2 ** this.#depth;
    const doubled = heap.allocate(length * 8);
    if (this.#depth === 0) heap.fillWords(doubled, 0, 2, old);
    else {
      for (let i = 0; i < length;) {
        const to = heap.spanToWrite(doubled, i * 8, (length - i) * 8) >>> 2;
        const target = heap.words;
        const from = heap.span(old, i * 4, heap.spanLength >>> 1) >>> 2;
        const source = heap.words;
        const run = heap.spanLength >>> 2;
        for (let k = 0; k < run; k++) {
          const segment = source[from + k];
          target[to + k * 2] = segment;
          target[to + k * 2 + 1] = segment;
        }
        i += run;
      }
      heap.free(old);
    }
    this.#directory = doubled;
    this.#depth++;
    this.#deepestCount = 0;
  }

  /** No segment is at full depth: neighbours in the directory are equal, and one of each stays. */
  #halveDirectory(): void {
    const heap = this.#heap;
    const length = 2 ** (this.#depth - 1);
    const old = this.#directory;
    this.#depth--;
    if (length === 1) {
      this.#directory = heap.wordAt(old, 0);
      this.#deepestCount = 1;
      heap.free(old);
      return;
    }
    for (let i = 0; i < length;) {
      const to = heap.spanToWrite(old, i * 4, (length - i) * 4) >>> 2;
      const target = heap.words;
      const from = heap.span(old, i * 8, heap.spanLength * 2) >>> 2;
      const source = heap.words;
      const run = heap.spanLength >>> 3;
      for (let k = 0; k < run; k++) target[to + k] = source[from + k * 2];
      i += run;
    }
    this.#directory = shrunk(heap, old, length * 4);
    this.#deepestCount = this.#countDeepest(length);
  }

  /** A segment stands alone in its pair of directory slots when it is at full depth. */
  #countDeepest(length: number): number {
    const heap = this.#heap;
    let count = 0;
    for (let i = 0; i < length;) {
      const from = heap.span(this.#directory, i * 4, (length - i) * 4) >>> 2;
      const words = heap.words;
      const run = heap.spanLength >>> 2;
      for (let k = 0; k < run; k += 2) if (words[from + k] !== words[from + k + 1]) count += 2;
      i += run;
    }
    return count;
  }

  #scanned(ref: number): void {
    if (this.scannedCount === this.scanned.length) {
      const larger = new Int32Array(this.scanned.length * 2);
      larger.set(this.scanned);
      this.scanned = larger;
    }
    this.scanned[this.scannedCount++] = ref;
  }
}

/** Gives back what an object no longer needs; it stays as it is when the heap is full. */
function shrunk(heap: Heap, ref: number, sizeBytes: number): number {
  try {
    return heap.resize(ref, sizeBytes, sizeBytes);
  } catch (thrown) {
    if (thrown instanceof HeapFull) return ref;
    throw thrown;
  }
}

function placeIn(words: Int32Array, word: number, hash: number, ref: number): void {
  let slot = (hash & SLOT_MASK) || 1;
  while (words[word + slot * 2 + 1] !== 0) slot = slot === SLOT_MASK ? 1 : slot + 1;
  words[word + slot * 2] = hash;
  words[word + slot * 2 + 1] = ref;
  words[word]++;
}

/** Empties a slot and moves up what probes past it, so that no probe ends too early. */
function closeGap(words: Int32Array, word: number, gap: number): void {
  for (let slot = gap;;) {
    slot = slot === SLOT_MASK ? 1 : slot + 1;
    if (words[word + slot * 2 + 1] === 0) break;
    const home = (words[word + slot * 2] & SLOT_MASK) || 1;
    // Moves when its home is not cyclically within (gap, slot].
    const stays = gap < slot ? home > gap && home <= slot : home > gap || home <= slot;
    if (stays) continue;
    words[word + gap * 2] = words[word + slot * 2];
    words[word + gap * 2 + 1] = words[word + slot * 2 + 1];
    gap = slot;
  }
  words[word + gap * 2] = 0;
  words[word + gap * 2 + 1] = 0;
}
