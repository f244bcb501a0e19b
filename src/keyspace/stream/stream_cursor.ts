/**
 * Going through the entries of a stream between two ids, forwards or backwards; deleted ones are
 * passed over.
 *
 * The cursor uses the path of the tree of entries: it is good until something else does, or the
 * stream changes.
 */
import { LeafReader } from "./leaf_reader.ts";
import { StreamId } from "./stream_id.ts";
import { LEAF_LAST_ID } from "./stream_leaf.ts";
import type { Streams } from "./streams.ts";

/** Where a cursor that goes backwards is in its leaf. */
const BEFORE_LAST = 0;
const BEFORE_OTHERS = 1;
const AMONG_OTHERS = 2;

export class StreamCursor {
  /** At the entry that {@link next} has come to. */
  readonly entry: LeafReader;

  readonly #streams: Streams;
  readonly #start: StreamId = new StreamId();
  readonly #end: StreamId = new StreamId();
  #isReverse = false;
  #isOver = true;
  /** Nothing before this leaf's first entries needs to be compared with the start any more. */
  #isBehindStart = false;
  /** Backwards: how far it has come in the leaf, and where the entries still to come begin. */
  #stage = BEFORE_LAST;
  #offsets: Int32Array = new Int32Array(128);
  #offsetCount = 0;

  constructor(streams: Streams) {
    this.#streams = streams;
    this.entry = new LeafReader(streams.heap);
  }

  /** Goes before the first entry of a stream, backwards behind the last. */
  openAll(root: number, isReverse: boolean): void {
    this.#start.setMin();
    this.#end.setMax();
    this.#open(root, isReverse);
  }

  /** As {@link openAll}, of the entries from one id to another, both included. */
  open(root: number, start: StreamId, end: StreamId, isReverse: boolean): void {
    this.#start.copyFrom(start);
    this.#end.copyFrom(end);
    this.#open(root, isReverse);
  }

  #open(root: number, isReverse: boolean): void {
    const { entries } = this.#streams;
    const tree = this.#streams.treeOf(root);
    const from = isReverse ? this.#end : this.#start;
    const leaf = from.isMin
      ? entries.first(tree)
      : from.isMax
      ? entries.last(tree)
      : entries.seekId(tree, from.msHigh, from.msLow, from.seqHigh, from.seqLow);
    this.#isReverse = isReverse;
    this.#isOver = leaf === 0;
    if (leaf === 0) return;
    this.#isBehindStart = !isReverse && from.isMin;
    if (isReverse) this.#openReverse(leaf);
    else {
      this.entry.openLive(leaf);
      if (!this.#isBehindStart) this.entry.skipBefore(from);
    }
  }

  /** Goes to the next entry; false when there is none left. */
  next(): boolean {
    if (this.#isOver) return false;
    const isThere = this.#isReverse ? this.#previousEntry() : this.#nextEntry();
    this.#isOver = !isThere;
    return isThere;
  }

  #nextEntry(): boolean {
    const { entry } = this;
    const start = this.#start;
    const end = this.#end;
    for (;;) {
      while (entry.nextLive()) {
        if (!this.#isBehindStart) {
          if (entry.id.compare(start) < 0) continue;
          this.#isBehindStart = true;
        }
        return entry.id.compare(end) <= 0;
      }
      if (!this.#streams.entries.nextLeaf()) return false;
      entry.openLive(this.#streams.entries.leaf);
    }
  }

  #openReverse(leaf: number): void {
    this.entry.openLive(leaf);
    this.#stage = this.#isLastWithin(leaf) ? BEFORE_LAST : BEFORE_OTHERS;
  }

  /** Whether the last entry of a leaf is not behind the end. */
  #isLastWithin(leaf: number): boolean {
    const heap = this.#streams.heap;
    const at = (heap.read(leaf) >>> 2) + LEAF_LAST_ID;
    const words = heap.words;
    return this.#end.compareWords(words[at], words[at + 1], words[at + 2], words[at + 3]) >= 0;
  }

  #previousEntry(): boolean {
    const { entry } = this;
    for (;;) {
      if (this.#stage === BEFORE_LAST) {
        this.#stage = BEFORE_OTHERS;
        entry.seek(entry.lastOffset);
        // No other entry of the leaf needs to be looked at for this one.
        if (entry.next() && !entry.isDeleted) return entry.id.compare(this.#start) >= 0;
      }
      if (this.#stage === BEFORE_OTHERS) this.#gather();
      if (this.#offsetCount > 0) {
        entry.seek(this.#offsets[--this.#offsetCount]);
        entry.next();
        return entry.id.compare(this.#start) >= 0;
      }
      if (!this.#streams.entries.previousLeaf()) return false;
      this.#openReverse(this.#streams.entries.leaf);
    }
  }

  /** Notes where the leaf's entries begin that are up to the end; not the last one, when it is. */
  #gather(): void {
    const { entry } = this;
    const isLastDone = this.#isLastWithin(entry.leaf);
    const lastOffset = entry.lastOffset;
    this.#stage = AMONG_OTHERS;
    this.#offsetCount = 0;
    entry.openLive(entry.leaf);
    while (entry.nextLive()) {
      if (isLastDone ? entry.offset === lastOffset : entry.id.compare(this.#end) > 0) break;
      if (this.#offsetCount === this.#offsets.length) this.#growOffsets();
      this.#offsets[this.#offsetCount++] = entry.offset;
    }
  }

  #growOffsets(): void {
    const larger = new Int32Array(this.#offsets.length * 2);
    larger.set(this.#offsets);
    this.#offsets = larger;
  }
}

/** Whether there is an entry of that id. */
export function hasEntry(streams: Streams, root: number, id: StreamId): boolean {
  streams.cursor.open(root, id, id, false);
  return streams.cursor.next();
}

/** Whether an id is behind every entry of a leaf, a deleted one too. */
export function isBehindLeaf(streams: Streams, leaf: number, id: StreamId): boolean {
  const { heap } = streams;
  const at = (heap.read(leaf) >>> 2) + LEAF_LAST_ID;
  const words = heap.words;
  return id.compareWords(words[at], words[at + 1], words[at + 2], words[at + 3]) > 0;
}
