/**
 * Reading the entries of a stream's leaf one after another (stream_leaf.ts), live or frozen.
 *
 * The reader keeps places in the heap: it is good until the leaf changes.
 */
import type { HeapView } from "../../heap/heap_view.ts";
import { partBytesAt, PartReader } from "./part_reader.ts";
import {
  ENTRY_DELETED,
  ENTRY_HAS_MS,
  ENTRY_HAS_SEQ,
  ENTRY_SAME_FIELDS,
  LEAF_DELETED,
  LEAF_ENTRIES,
  LEAF_FIELD_COUNT,
  LEAF_FIRST_LIVE,
  LEAF_HEADER_BYTES,
  LEAF_LAST,
  LEAF_LIVE,
  LEAF_MASTER_ID,
  LEAF_USED,
} from "./stream_leaf.ts";
import { StreamId } from "./stream_id.ts";

export class LeafReader {
  /** What the header says. */
  leaf = 0;
  used = 0;
  liveCount = 0;
  deletedCount = 0;
  fieldCount = 0;
  entriesOffset = 0;
  firstLiveOffset = 0;
  lastOffset = 0;
  readonly master: StreamId = new StreamId();

  /** The entry that {@link next} has come to. */
  offset = 0;
  flags = 0;
  numFields = 0;
  readonly id: StreamId = new StreamId();

  /** After {@link next} and {@link nextValue} at the value. */
  readonly parts: PartReader;
  /** After {@link nextField} at the field; its parts may be those of the entry. */
  readonly #names: PartReader;
  readonly #view: HeapView;
  /** Parts of the entry that have not been read. */
  #partsLeft = 0;

  constructor(view: HeapView) {
    this.#view = view;
    this.parts = new PartReader(view);
    this.#names = new PartReader(view);
  }

  /** Lets go of the heap's memory, where the reader is kept. */
  close(): void {
    this.parts.close();
    this.#names.close();
  }

  /** Goes before the first entry of a leaf. */
  open(leaf: number): void {
    this.#readHeader(leaf);
    this.parts.open(leaf, this.entriesOffset, this.used);
  }

  /** Goes before the first entry that is not deleted, or near it. */
  openLive(leaf: number): void {
    this.#readHeader(leaf);
    this.parts.open(leaf, this.firstLiveOffset, this.used);
  }

  /** Goes before the entry that begins at an offset of the leaf that is open. */
  seek(offset: number): void {
    this.parts.seek(offset);
    this.#partsLeft = 0;
  }

  #readHeader(leaf: number): void {
    const at = this.#view.read(leaf) >>> 2;
    const words = this.#view.words;
    this.leaf = leaf;
    this.used = words[at + LEAF_USED];
    this.liveCount = words[at + LEAF_LIVE];
    this.deletedCount = words[at + LEAF_DELETED];
    this.fieldCount = words[at + LEAF_FIELD_COUNT];
    this.entriesOffset = words[at + LEAF_ENTRIES];
    this.firstLiveOffset = words[at + LEAF_FIRST_LIVE];
    this.lastOffset = words[at + LEAF_LAST];
    const id = at + LEAF_MASTER_ID;
    this.master.set(words[id], words[id + 1], words[id + 2], words[id + 3]);
    this.#partsLeft = 0;
    // It may be the same leaf in another place.
    this.#names.leaf = 0;
  }

  /** Goes to the next entry, a deleted one too; false at the end. */
  next(): boolean {
    const parts = this.parts;
    if (this.#partsLeft > 0) parts.skip(this.#partsLeft);
    if (parts.isAtEnd) {
      this.#partsLeft = 0;
      return false;
    }
    this.offset = parts.offset;
    const flags = parts.readByte();
    this.flags = flags;
    this.#readId(flags);
    if ((flags & ENTRY_SAME_FIELDS) !== 0) {
      this.numFields = this.fieldCount;
      this.#partsLeft = this.fieldCount;
    } else {
      this.numFields = parts.readCount();
      this.#partsLeft = 2 * this.numFields;
    }
    return true;
  }

  /** As {@link next}, but deleted entries are passed over. */
  nextLive(): boolean {
    while (this.next()) if ((this.flags & ENTRY_DELETED) === 0) return true;
    return false;
  }

  /**
   * From before an entry, passes over entries whose ids are before another: not always over all of
   * them, but never over others.
   */
  skipBefore(id: StreamId): void {
    const { parts, master } = this;
    const end = parts.wholeEnd;
    if (end < 0 || this.#partsLeft > 0) return;
    const bytes = parts.bytes;
    const ms = differenceOf(id.msHigh, id.msLow, master.msHigh, master.msLow);
    const seq = ms === 0
      ? differenceOf(id.seqHigh, id.seqLow, master.seqHigh, master.seqLow)
      : differenceOf(id.seqHigh, id.seqLow, 0, 0);
    let p = parts.at;
    while (p < end) {
      let q = p + 1;
      const flags = bytes[p];
      let entryMs = 0;
      let entrySeq = 0;
      if ((flags & ENTRY_HAS_MS) !== 0) {
        entryMs = shortVarintAt(bytes, q);
        if (entryMs < 0) break;
        q += shortVarintBytes(entryMs);
      }
      if ((flags & ENTRY_HAS_SEQ) !== 0) {
        entrySeq = shortVarintAt(bytes, q);
        if (entrySeq < 0) break;
        q += shortVarintBytes(entrySeq);
      }
      if (entryMs > ms || entryMs === ms && entrySeq >= seq) break;
      let left = this.fieldCount;
      if ((flags & ENTRY_SAME_FIELDS) === 0) {
        left = shortVarintAt(bytes, q);
        if (left < 0) break;
        q += shortVarintBytes(left);
        left *= 2;
      }
      for (; left > 0; left--) q += partBytesAt(bytes, q);
      p = q;
    }
    parts.at = p;
  }

  #readId(flags: number): void {
    const { id, master, parts } = this;
    let isSameMs = true;
    id.msHigh = master.msHigh;
    id.msLow = master.msLow;
    if ((flags & ENTRY_HAS_MS) !== 0) {
      parts.readVarint();
      isSameMs = false;
      const low = (id.msLow >>> 0) + (parts.varintLow >>> 0);
      id.msLow = low | 0;
      id.msHigh = id.msHigh + parts.varintHigh + (low >= 2 ** 32 ? 1 : 0) | 0;
    }
    id.seqHigh = isSameMs ? master.seqHigh : 0;
    id.seqLow = isSameMs ? master.seqLow : 0;
    if ((flags & ENTRY_HAS_SEQ) !== 0) {
      parts.readVarint();
      const low = (id.seqLow >>> 0) + (parts.varintLow >>> 0);
      id.seqLow = low | 0;
      id.seqHigh = id.seqHigh + parts.varintHigh + (low >= 2 ** 32 ? 1 : 0) | 0;
    }
  }

  get isDeleted(): boolean {
    return (this.flags & ENTRY_DELETED) !== 0;
  }

  get hasSameFields(): boolean {
    return (this.flags & ENTRY_SAME_FIELDS) !== 0;
  }

  /** Goes to the first field of the entry, before its name. */
  beginFields(): void {
    if ((this.flags & ENTRY_SAME_FIELDS) !== 0) this.openMasterFields();
  }

  /** Goes before the first of the master fields. */
  openMasterFields(): void {
    if (this.#names.leaf === this.leaf) this.#names.seek(LEAF_HEADER_BYTES);
    else this.#names.open(this.leaf, LEAF_HEADER_BYTES, this.entriesOffset);
  }

  /** After {@link openMasterFields} before a master field: `next` reads it. */
  get masterFields(): PartReader {
    return this.#names;
  }

  /** Reads the name of the next field. */
  nextField(): PartReader {
    if ((this.flags & ENTRY_SAME_FIELDS) !== 0) {
      this.#names.next();
      return this.#names;
    }
    this.#partsLeft--;
    this.parts.next();
    return this.parts;
  }

  /** Reads the value of the field whose name was read. */
  nextValue(): PartReader {
    this.#partsLeft--;
    this.parts.next();
    return this.parts;
  }

  /** The parts of the entry have been read from {@link parts}, all of them. */
  skipParts(): void {
    this.#partsLeft = 0;
  }
}

/** A difference of two unsigned 64-bit numbers, the first of which is mostly greater; exact to 2^53. */
function differenceOf(high: number, low: number, otherHigh: number, otherLow: number): number {
  return ((high >>> 0) - (otherHigh >>> 0)) * 2 ** 32 + ((low >>> 0) - (otherLow >>> 0));
}

/** The varint at a place; -1 where it has more than four bytes. */
function shortVarintAt(bytes: Uint8Array, p: number): number {
  const first = bytes[p];
  if (first < 0x80) return first;
  const second = bytes[p + 1];
  if (second < 0x80) return first & 0x7f | second << 7;
  const third = bytes[p + 2];
  const start = first & 0x7f | (second & 0x7f) << 7;
  if (third < 0x80) return start | third << 14;
  const fourth = bytes[p + 3];
  return fourth < 0x80 ? start | (third & 0x7f) << 14 | fourth << 21 : -1;
}

function shortVarintBytes(value: number): number {
  return value < 2 ** 14 ? value < 2 ** 7 ? 1 : 2 : value < 2 ** 21 ? 3 : 4;
}
