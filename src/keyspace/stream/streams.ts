/**
 * The streams of a heap: making them, appending to them, and what they consist of. One instance
 * serves all; a stream is known by its root object (stream_root.ts).
 *
 * Entries stand in the leaves of a tree, each leaf under its master id. A leaf is full by Redis's
 * rule, applied to the bytes that its listpack would take, so that approximate trimming, which
 * takes whole leaves, takes here what it takes there. Only the last leaf has room to grow into; a
 * leaf that is left behind is cut to what it needs.
 *
 * The path of `entries` is moved by everything here; what reads entries (stream_cursor.ts) uses it.
 */
import { assert } from "../../base/assert.ts";
import { CountedTree } from "../../heap/counted_tree.ts";
import type { Heap } from "../../heap/heap.ts";
import { copyBytes } from "../../heap/heap_view.ts";
import { entryBytesForInteger } from "../../heap/listpack.ts";
import { SMALL_BYTES_MAX } from "../../heap/page_layout.ts";
import type { EncodingLimits } from "../encoding_limits.ts";
import { ConsumerGroups } from "./consumer_groups.ts";
import { LeafDraft } from "./leaf_draft.ts";
import { LeafReader } from "./leaf_reader.ts";
import { noteLeaf, noteLeafGone, reckonLeaf } from "./radix_nodes.ts";
import { StreamCursor } from "./stream_cursor.ts";
import { StreamId } from "./stream_id.ts";
import {
  ENTRY_SAME_FIELDS,
  LEAF_DELETED,
  LEAF_ENTRIES,
  LEAF_FIELD_COUNT,
  LEAF_HEADER_BYTES,
  LEAF_LAST,
  LEAF_LAST_ID,
  LEAF_LISTPACK_BYTES,
  LEAF_LIVE,
  LEAF_MASTER_ID,
  LEAF_USED,
} from "./stream_leaf.ts";
import {
  objectWord,
  readObjectNumber,
  STREAM_BYTES,
  STREAM_ENTRIES,
  STREAM_ENTRIES_ADDED,
  STREAM_FIRST_ID,
  STREAM_GROUPS,
  STREAM_LAST_ID,
  STREAM_LEAF_BYTES,
  writeObjectId,
  writeObjectNumber,
} from "./stream_root.ts";

/** An entry's texts may take so much together: a listpack holds no more. */
const ENTRY_TEXT_BYTES_MAX = 2 ** 30;

/** From so many leaves on, a new one is made as large as the one before. */
const LONG_LEAVES_MIN = 8;

/** The fields and values of an entry, as ranges: those of a command. */
export interface EntryTexts {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

export class Streams {
  readonly heap: Heap;
  /** The leaves of every stream. */
  readonly entries: CountedTree;
  readonly groups: ConsumerGroups;
  /** For whoever needs one between two uses of anything here. */
  readonly reader: LeafReader;
  readonly cursor: StreamCursor;

  readonly #draft: LeafDraft = new LeafDraft();
  /** Of the last leaf, as {@link #openLast} has read them. */
  readonly #master: StreamId = new StreamId();
  #used = 0;
  #fieldCount = 0;
  #fieldBytes = 0;

  constructor(heap: Heap) {
    this.heap = heap;
    this.entries = new CountedTree(heap, 16);
    this.groups = new ConsumerGroups(heap);
    this.reader = new LeafReader(heap);
    this.cursor = new StreamCursor(this);
  }

  /** Lets go of the heap's memory. */
  dropViews(): void {
    this.reader.close();
    this.cursor.entry.close();
  }

  /**
   * Makes a stream without entries and returns its root.
   * @throws {HeapFull}
   */
  create(): number {
    const heap = this.heap;
    const tree = this.entries.create(0, 0);
    let root: number;
    try {
      root = heap.allocate(STREAM_BYTES);
    } catch (thrown) {
      heap.free(tree);
      throw thrown;
    }
    const at = heap.write(root) >>> 2;
    const words = heap.words;
    words.fill(0, at, at + (STREAM_BYTES >>> 2));
    words[at + STREAM_ENTRIES] = tree;
    return root;
  }

  /** Entries that are there. */
  length(root: number): number {
    return this.entries.count(this.treeOf(root));
  }

  treeOf(root: number): number {
    return objectWord(this.heap, root, STREAM_ENTRIES);
  }

  groupsOf(root: number): number {
    return objectWord(this.heap, root, STREAM_GROUPS);
  }

  /**
   * Appends an entry of `count` fields, whose names and values take turns from `first` on among the
   * texts. The id must be greater than the stream's last id, which it becomes.
   *
   * @returns false where the texts are too long to be stored.
   * @throws {HeapFull} and then the stream is as it was.
   */
  append(
    root: number,
    id: StreamId,
    texts: EntryTexts,
    first: number,
    count: number,
    limits: EncodingLimits,
  ): boolean {
    const { starts, ends } = texts;
    let textBytes = 0;
    for (let i = first + 2 * count - 1; i >= first; i--) textBytes += ends[i] - starts[i];
    if (textBytes > ENTRY_TEXT_BYTES_MAX) return false;
    // What cannot fail later fails now.
    const at = this.heap.write(root) >>> 2;
    const tree = this.heap.words[at + STREAM_ENTRIES];
    const leaf = this.entries.last(tree);
    if (leaf !== 0 && this.#openLast(leaf, textBytes, limits)) {
      this.#appendTo(root, tree, leaf, id, texts, first, count);
    } else this.#appendLeaf(root, tree, leaf, id, texts, first, count);
    this.#noteAppended(root, tree, id);
    return true;
  }

  #noteAppended(root: number, tree: number, id: StreamId): void {
    const isFirst = this.entries.count(tree) === 1;
    const at = this.heap.write(root) >>> 2;
    const words = this.heap.words;
    words[at + STREAM_LAST_ID] = id.msHigh;
    words[at + STREAM_LAST_ID + 1] = id.msLow;
    words[at + STREAM_LAST_ID + 2] = id.seqHigh;
    words[at + STREAM_LAST_ID + 3] = id.seqLow;
    words[at + STREAM_ENTRIES_ADDED] += 1;
    if (words[at + STREAM_ENTRIES_ADDED] === 0) words[at + STREAM_ENTRIES_ADDED + 1]++;
    if (isFirst) writeObjectId(this.heap, root, STREAM_FIRST_ID, id);
  }

  /** Reads the last leaf's header; false where Redis's listpack would take no more entries. */
  #openLast(leaf: number, textBytes: number, limits: EncodingLimits): boolean {
    const at = this.heap.read(leaf) >>> 2;
    const words = this.heap.words;
    const live = words[at + LEAF_LIVE];
    const deleted = words[at + LEAF_DELETED];
    let bytesMax = limits.streamNodeMaxBytes;
    if (bytesMax === 0 || bytesMax > ENTRY_TEXT_BYTES_MAX) bytesMax = ENTRY_TEXT_BYTES_MAX;
    const bytes = (words[at + LEAF_LISTPACK_BYTES] >>> 0) + entryBytesForInteger(live) +
      entryBytesForInteger(deleted);
    if (bytes + textBytes >= bytesMax) return false;
    const entriesMax = limits.streamNodeMaxEntries;
    if (entriesMax !== 0 && live + deleted >= entriesMax) return false;
    this.#used = words[at + LEAF_USED];
    this.#fieldCount = words[at + LEAF_FIELD_COUNT];
    this.#fieldBytes = words[at + LEAF_ENTRIES] - LEAF_HEADER_BYTES;
    const id = at + LEAF_MASTER_ID;
    this.#master.set(words[id], words[id + 1], words[id + 2], words[id + 3]);
    return true;
  }

  #appendTo(
    root: number,
    tree: number,
    leaf: number,
    id: StreamId,
    texts: EntryTexts,
    first: number,
    count: number,
  ): void {
    const hasSame = this.#fieldCount === count && this.#hasSameFields(leaf, texts, first, count);
    this.#encodeEntry(hasSame, id, this.#master, texts, first, count);
    this.entries.addCount(tree, 1);
    try {
      this.#extend(root, tree, leaf, id);
    } catch (thrown) {
      this.entries.addCount(tree, -1);
      throw thrown;
    }
  }

  /**
   * Puts the encoded entry behind the last of a leaf, the one at the path, whose nodes are thawed.
   */
  #extend(root: number, tree: number, leaf: number, id: StreamId): void {
    const heap = this.heap;
    const { bytes, length, listpackBytes } = this.#draft.entries;
    const used = this.#used;
    const capacity = heap.capacityOf(leaf);
    if (used + length > capacity) {
      const moved = heap.resize(leaf, grownBytes(used + length), used);
      this.#addLeafBytes(root, heap.capacityOf(moved) - capacity);
      if (moved !== leaf) this.entries.moveLeaf(tree, moved);
      leaf = moved;
    }
    if (used + length > SMALL_BYTES_MAX) heap.copyIn(leaf, used, bytes, 0, length);
    const place = heap.write(leaf);
    if (used + length <= SMALL_BYTES_MAX) copyBytes(bytes, 0, length, heap.bytes, place + used);
    const at = place >>> 2;
    const words = heap.words;
    words[at + LEAF_USED] = used + length;
    words[at + LEAF_LIVE]++;
    words[at + LEAF_LISTPACK_BYTES] += listpackBytes;
    words[at + LEAF_LAST] = used;
    words[at + LEAF_LAST_ID] = id.msHigh;
    words[at + LEAF_LAST_ID + 1] = id.msLow;
    words[at + LEAF_LAST_ID + 2] = id.seqHigh;
    words[at + LEAF_LAST_ID + 3] = id.seqLow;
  }

  /** Makes a new last leaf; `last` is the one that was it so far, 0 when there is none. */
  #appendLeaf(
    root: number,
    tree: number,
    last: number,
    id: StreamId,
    texts: EntryTexts,
    first: number,
    count: number,
  ): void {
    // In a stream of several leaves a new one will become what the one before is.
    const isLong = this.entries.leafCount(tree) >= LONG_LEAVES_MIN;
    const sizeBytes = isLong
      ? Math.min(objectWord(this.heap, last, LEAF_USED), SMALL_BYTES_MAX)
      : 0;
    if (last !== 0) this.#trimCapacity(root, tree, last);
    const draft = this.#draft;
    draft.begin(id, count);
    this.#encodeFields(texts, first, count);
    this.#encodeEntry(true, id, id, texts, first, count);
    const leaf = draft.store(this.heap, sizeBytes);
    try {
      this.addLeaf(root, leaf, id, 1);
    } catch (thrown) {
      this.heap.free(leaf);
      throw thrown;
    }
  }

  /**
   * Puts a leaf, the caller's when this throws, behind the last one of a stream.
   * @throws {HeapFull}
   */
  addLeaf(root: number, leaf: number, master: StreamId, live: number): void {
    const tree = this.treeOf(root);
    this.heap.write(root);
    this.entries.last(tree);
    reckonLeaf(this.entries, tree, master);
    this.entries.insertAfter(tree, leaf, live);
    this.entries.setLeafId(tree, master.msHigh, master.msLow, master.seqHigh, master.seqLow);
    noteLeaf(this.entries, tree);
    this.#addLeafBytes(root, this.heap.capacityOf(leaf));
  }

  #encodeFields(texts: EntryTexts, first: number, count: number): void {
    const { bytes, starts, ends } = texts;
    const fields = this.#draft.fields;
    fields.begin();
    for (let i = 0; i < count; i++) {
      fields.part(bytes, starts[first + 2 * i], ends[first + 2 * i]);
    }
  }

  #encodeEntry(
    hasSame: boolean,
    id: StreamId,
    master: StreamId,
    texts: EntryTexts,
    first: number,
    count: number,
  ): void {
    const { bytes, starts, ends } = texts;
    const encoder = this.#draft.entries;
    encoder.begin();
    encoder.head(hasSame ? ENTRY_SAME_FIELDS : 0, id, master);
    if (!hasSame) encoder.fieldCount(count);
    for (let i = 0; i < count; i++) {
      const at = first + 2 * i;
      if (!hasSame) encoder.part(bytes, starts[at], ends[at]);
      encoder.part(bytes, starts[at + 1], ends[at + 1]);
    }
    // A listpack has the number of an entry's parts behind it.
    encoder.listpackBytes += entryBytesForInteger(hasSame ? count + 3 : 2 * count + 4);
  }

  /** Whether the fields of an entry, as many, are the master fields of the last leaf. */
  #hasSameFields(leaf: number, texts: EntryTexts, first: number, count: number): boolean {
    const length = this.#fieldBytes;
    if (LEAF_HEADER_BYTES + length > SMALL_BYTES_MAX) {
      return this.#hasSameLongFields(leaf, length, texts, first, count);
    }
    let p = this.heap.read(leaf) + LEAF_HEADER_BYTES;
    const bytes = this.heap.bytes;
    const { bytes: source, starts, ends } = texts;
    for (let i = 0; i < count; i++) {
      const start = starts[first + 2 * i];
      const textBytes = ends[first + 2 * i] - start;
      // A text that is none of a number, and short, is itself behind its length.
      if (textBytes === 0 || textBytes > 63 || source[start] <= 0x39) {
        return this.#hasSameLongFields(leaf, length, texts, first, count);
      }
      if (bytes[p] !== (0x80 | textBytes)) return false;
      p++;
      for (let k = 0; k < textBytes; k++) if (bytes[p + k] !== source[start + k]) return false;
      p += textBytes;
    }
    return true;
  }

  /** As {@link #hasSameFields}, for fields of any kind and length. */
  #hasSameLongFields(
    leaf: number,
    length: number,
    texts: EntryTexts,
    first: number,
    count: number,
  ): boolean {
    this.#encodeFields(texts, first, count);
    const fields = this.#draft.fields;
    if (fields.length !== length) return false;
    const heap = this.heap;
    for (let offset = 0; offset < length;) {
      const from = heap.span(leaf, LEAF_HEADER_BYTES + offset, length - offset);
      const bytes = heap.bytes;
      const run = heap.spanLength;
      for (let k = 0; k < run; k++) if (bytes[from + k] !== fields.bytes[offset + k]) return false;
      offset += run;
    }
    return true;
  }

  /** Cuts the last leaf, at which the path is, to what it needs. */
  #trimCapacity(root: number, tree: number, leaf: number): void {
    const heap = this.heap;
    const used = objectWord(heap, leaf, LEAF_USED);
    const capacity = heap.capacityOf(leaf);
    // Thaws the path, so that the leaf can be moved.
    this.entries.addCount(tree, 0);
    const moved = heap.resize(leaf, used, used);
    this.#addLeafBytes(root, heap.capacityOf(moved) - capacity);
    if (moved !== leaf) this.entries.moveLeaf(tree, moved);
  }

  #addLeafBytes(root: number, delta: number): void {
    if (delta === 0) return;
    const bytes = readObjectNumber(this.heap, root, STREAM_LEAF_BYTES);
    writeObjectNumber(this.heap, root, STREAM_LEAF_BYTES, bytes + delta);
  }

  /** Takes the leaf at the path out of a stream, with all its entries, and frees it. */
  removeLeaf(root: number, tree: number): void {
    const leaf = this.entries.leaf;
    assert(leaf !== 0, "the path is at a leaf");
    this.heap.write(root);
    this.entries.removeLeaf(tree);
    noteLeafGone(this.entries, tree);
    this.#addLeafBytes(root, -this.heap.capacityOf(leaf));
    this.heap.free(leaf);
  }

  /** Looks for the first entry that is there and notes its id. */
  findFirstId(root: number): void {
    const { cursor } = this;
    cursor.openAll(root, false);
    const id = cursor.next() ? cursor.entry.id : this.#master;
    if (id === this.#master) id.setMin();
    writeObjectId(this.heap, root, STREAM_FIRST_ID, id);
  }
}

/** What a leaf that holds so many bytes gets, so that more fit. */
function grownBytes(used: number): number {
  if (used > SMALL_BYTES_MAX) return used;
  return Math.min(used + (used >>> 1), SMALL_BYTES_MAX);
}
