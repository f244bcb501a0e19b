/**
 * The root object of a {@link RecordDict} and the directory that it names: which segment serves
 * which hashes. By extendible hashing over the top bits of the hash, as dict.ts explains.
 *
 *     root, 64 bytes, never moves
 *     +-----------+-------+-------+----------+---------+-------+-----------+-------- -
 *     | directory | depth | count | segments | deepest | links | chain max | ...
 *     +-----------+-------+-------+----------+---------+-------+-----------+-------- -
 *          |
 *          v       with depth 0 the only segment itself
 *     directory: 2^depth references of segments
 *
 * There is always at least one segment. Where segments move, because they grow, the directory
 * follows: {@link RecordDirectory.relink}.
 */
import { assert } from "../base/assert.ts";
import { type Heap, HeapFull } from "./heap.ts";
import type { HeapView } from "./heap_view.ts";
import { depthIn, doubleIn, RecordPlace, setDoubleIn } from "./record_segment.ts";

export const ROOT_BYTES = 64;
// Words of the root.
export const ROOT_DIRECTORY = 0;
export const ROOT_DEPTH = 1;
export const ROOT_COUNT = 2;
export const ROOT_SEGMENTS = 3;
/** Segments at full depth: when there is none, the directory can halve. */
export const ROOT_DEEPEST = 4;
/** Segments that follow another in a chain, and the longest chain there may be. */
export const ROOT_LINKS = 5;
export const ROOT_CHAIN_MAX = 6;
/** No segment holds more records than this. */
export const ROOT_RECORDS_MAX = 7;
/** All heap bytes of the dict, low word first. */
export const ROOT_HEAP_BYTES = 8;
export const ROOT_HAS_VALUES = 10;
/** Records that expire. */
export const ROOT_EXPIRING = 11;
/** The lower bound of the soonest expiry, a double. */
export const ROOT_SOONEST = 12;

/** Six bits are left, so that equal top bits cannot make a directory of all addresses. */
export const DEPTH_MAX = 26;

/** The segment that serves a hash. */
export function segmentOf(view: HeapView, root: number, hash: number): number {
  const word = view.read(root) >>> 2;
  const words = view.words;
  const depth = words[word + ROOT_DEPTH];
  const directory = words[word + ROOT_DIRECTORY];
  return depth === 0 ? directory : view.wordAt(directory, (hash >>> (32 - depth)) * 4);
}

/** One past the highest hash that a segment serves, given one of them (unsigned). */
export function rangeEnd(view: HeapView, segment: number, hash: number): number {
  const size = 2 ** (32 - depthIn(view.wordAt(segment, 0)));
  return hash - hash % size + size;
}

export class RecordDirectory extends RecordPlace {
  protected readonly heap: Heap;
  /** The segment of the record found last; 0 when none is, or when it may have moved. */
  protected foundSegment = 0;

  constructor(heap: Heap) {
    super();
    this.heap = heap;
  }

  /** Records in the dict. */
  count(root: number): number {
    return this.heap.wordAt(root, ROOT_COUNT * 4);
  }

  /** All that the dict takes of the heap: root, directory, segments, and long keys and values. */
  bytes(root: number): number {
    const word = this.heap.read(root) >>> 2;
    const words = this.heap.words;
    return words[word + ROOT_HEAP_BYTES + 1] * 2 ** 32 + (words[word + ROOT_HEAP_BYTES] >>> 0);
  }

  protected addBytes(root: number, delta: number): void {
    const sum = this.bytes(root) + delta;
    const word = this.heap.write(root) >>> 2;
    this.heap.words[word + ROOT_HEAP_BYTES] = sum | 0;
    this.heap.words[word + ROOT_HEAP_BYTES + 1] = Math.floor(sum / 2 ** 32);
  }

  /** Records that expire. */
  expiringCount(root: number): number {
    return this.rootWord(root, ROOT_EXPIRING);
  }

  /** No record expires sooner; Infinity when none ever did. */
  soonestExpiryMs(root: number): number {
    const at = this.heap.read(root);
    return doubleIn(this.heap.bytes, at + ROOT_SOONEST * 4);
  }

  /** For who has gone through all records and knows better. */
  setSoonestExpiryMs(root: number, expiresAtMs: number): void {
    const at = this.heap.write(root);
    setDoubleIn(this.heap.bytes, at + ROOT_SOONEST * 4, expiresAtMs);
  }

  protected addExpiry(root: number, expiresAtMs: number): void {
    this.addToRoot(root, ROOT_EXPIRING, 1);
    this.lowerSoonest(root, expiresAtMs);
  }

  protected lowerSoonest(root: number, expiresAtMs: number): void {
    if (expiresAtMs < this.soonestExpiryMs(root)) this.setSoonestExpiryMs(root, expiresAtMs);
  }

  protected rootWord(root: number, index: number): number {
    return this.heap.wordAt(root, index * 4);
  }

  protected addToRoot(root: number, index: number, delta: number): void {
    const word = this.heap.write(root) >>> 2;
    this.heap.words[word + index] += delta;
  }

  protected setRootWord(root: number, index: number, value: number): void {
    const word = this.heap.write(root) >>> 2;
    this.heap.words[word + index] = value;
  }

  /** Lets the directory name a segment of that depth where it belongs, given one of its hashes. */
  protected link(root: number, depth: number, hash: number, segment: number): void {
    const full = this.rootWord(root, ROOT_DEPTH);
    if (full === 0) return this.setRootWord(root, ROOT_DIRECTORY, segment);
    const directory = this.rootWord(root, ROOT_DIRECTORY);
    const size = 2 ** (full - depth);
    const index = hash >>> (32 - full);
    if (size === 1) this.heap.setWordAt(directory, index * 4, segment);
    else this.heap.fillWords(directory, (index - index % size) * 4, size, segment);
  }

  /** A segment, the first or another of its chain, is another object now. */
  protected relink(root: number, hash: number, old: number, fresh: number): void {
    const heap = this.heap;
    let segment = segmentOf(heap, root, hash);
    if (segment === old) {
      return this.link(root, depthIn(heap.wordAt(old, 0)), hash, fresh);
    }
    for (;;) {
      const next = heap.wordAt(segment, 4);
      if (next === old) return heap.setWordAt(segment, 4, fresh);
      segment = next;
    }
  }

  protected doubleDirectory(root: number): void {
    const heap = this.heap;
    const old = this.rootWord(root, ROOT_DIRECTORY);
    const depth = this.rootWord(root, ROOT_DEPTH);
    const length = 2 ** depth;
    const doubled = heap.allocate(length * 8);
    let bytes = heap.capacityOf(doubled);
    if (depth === 0) heap.fillWords(doubled, 0, 2, old);
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
      bytes -= heap.capacityOf(old);
      heap.free(old);
    }
    this.setRootWord(root, ROOT_DIRECTORY, doubled);
    this.setRootWord(root, ROOT_DEPTH, depth + 1);
    this.setRootWord(root, ROOT_DEEPEST, 0);
    this.addBytes(root, bytes);
  }

  /** No segment is at full depth: neighbours in the directory are equal, and one of each stays. */
  protected halveDirectory(root: number): void {
    const heap = this.heap;
    const old = this.rootWord(root, ROOT_DIRECTORY);
    const depth = this.rootWord(root, ROOT_DEPTH) - 1;
    const length = 2 ** depth;
    let bytes = -heap.capacityOf(old);
    this.setRootWord(root, ROOT_DEPTH, depth);
    if (length === 1) {
      this.setRootWord(root, ROOT_DIRECTORY, heap.wordAt(old, 0));
      this.setRootWord(root, ROOT_DEEPEST, 1);
      heap.free(old);
    } else {
      for (let i = 0; i < length;) {
        const to = heap.spanToWrite(old, i * 4, (length - i) * 4) >>> 2;
        const target = heap.words;
        const from = heap.span(old, i * 8, heap.spanLength * 2) >>> 2;
        const source = heap.words;
        const run = heap.spanLength >>> 3;
        for (let k = 0; k < run; k++) target[to + k] = source[from + k * 2];
        i += run;
      }
      const directory = shrunk(heap, old, length * 4);
      bytes += heap.capacityOf(directory);
      this.setRootWord(root, ROOT_DIRECTORY, directory);
      this.setRootWord(root, ROOT_DEEPEST, this.countDeepest(directory, length));
    }
    this.addBytes(root, bytes);
  }

  /** A segment stands alone in its pair of directory slots when it is at full depth. */
  protected countDeepest(directory: number, length: number): number {
    const heap = this.heap;
    let count = 0;
    for (let i = 0; i < length;) {
      const from = heap.span(directory, i * 4, (length - i) * 4) >>> 2;
      const words = heap.words;
      const run = heap.spanLength >>> 2;
      for (let k = 0; k < run; k += 2) if (words[from + k] !== words[from + k + 1]) count += 2;
      i += run;
    }
    return count;
  }

  /** The depth of the whole directory is what its segments say; for `check`. */
  protected checkDirectory(root: number, deepest: number): void {
    const depth = this.rootWord(root, ROOT_DEPTH);
    assert(depth >= 0 && depth <= DEPTH_MAX, "the depth is within its limits");
    assert(deepest === this.rootWord(root, ROOT_DEEPEST), "every deepest segment is counted");
  }
}

/** Gives back what an object no longer needs; it stays as it is when the heap is full. */
export function shrunk(heap: Heap, ref: number, sizeBytes: number): number {
  try {
    return heap.resize(ref, sizeBytes, sizeBytes);
  } catch (thrown) {
    if (thrown instanceof HeapFull) return ref;
    throw thrown;
  }
}
