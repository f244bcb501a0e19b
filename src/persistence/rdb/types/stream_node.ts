/**
 * The nodes of a stream in a file: listpacks of
 *
 *     live entries | deleted entries | fields | master field ... | 0 | entry | entry | ...
 *
 *     entry   flags | ms | seq | value ... of the master fields | number of these       SAME_FIELDS
 *             flags | ms | seq | fields | field | value | ...   | number of these
 *
 * where ms and seq are what is added to the master id, and flags say whether the entry is deleted.
 * Here they become leaves of a stream (keyspace/stream/stream_leaf.ts), and the other way round.
 */
import type { HeapView } from "../../../heap/heap_view.ts";
import {
  backlenBytes,
  encodedBytesAt,
  entryBytesForInteger,
  INTEGER_ENTRY_BYTES_MAX,
  LISTPACK_END,
  LISTPACK_HEADER_BYTES,
  ListpackReader,
  writeBacklen,
  writeHeader,
  writeInt64Entry,
  writeIntegerEntry,
} from "../../../heap/listpack.ts";
import { isValidListpack } from "../../../heap/listpack_check.ts";
import type { LeafDraft } from "../../../keyspace/stream/leaf_draft.ts";
import { LeafReader } from "../../../keyspace/stream/leaf_reader.ts";
import type { PartReader } from "../../../keyspace/stream/part_reader.ts";
import { ENTRY_DELETED, ENTRY_SAME_FIELDS } from "../../../keyspace/stream/stream_leaf.ts";
import { StreamId } from "../../../keyspace/stream/stream_id.ts";

/** A larger buffer is not kept. */
const KEPT_BYTES_MAX = 1 << 20;
/** More fields than any listpack can hold. */
const FIELDS_MAX = 2 ** 31 - 1;

/** Reads the entries of a node, and finds out on the way whether it is one. */
export class NodeReader {
  /** The number of master fields, behind whose first one `listpack` is after {@link open}. */
  fieldCount = 0;
  /** The entry that {@link next} has come to: its parts are what `listpack` reads next. */
  readonly id: StreamId = new StreamId();
  flags = 0;
  numFields = 0;
  /** Parts of the entry, `numFields` values or pairs. */
  partCount = 0;
  readonly listpack: ListpackReader = new ListpackReader();
  readonly #master: StreamId = new StreamId();
  #left = 0;

  /** Opens a node and goes before its master fields; false when it is none. */
  open(bytes: Uint8Array, at: number, length: number, master: StreamId): boolean {
    if (!isValidListpack(bytes, at, length, true)) return false;
    this.listpack.open(bytes, at);
    this.#master.copyFrom(master);
    const live = this.#count();
    const deleted = this.#count();
    this.fieldCount = this.#count();
    this.#left = live + deleted;
    return live >= 0 && deleted >= 0 && this.fieldCount >= 0;
  }

  /** Passes over the end of the master fields, which have been read; false when it is not there. */
  endFields(): boolean {
    return this.#count() === 0;
  }

  /** Whether there is another entry. */
  get hasNext(): boolean {
    return this.#left > 0;
  }

  /** Goes to the next entry; false when it is broken. */
  next(): boolean {
    this.#left--;
    const { id, listpack } = this;
    this.flags = this.#count();
    if (this.flags < 0) return false;
    id.copyFrom(this.#master);
    if (!listpack.next() || !listpack.isInteger) return false;
    const ms = (id.msLow >>> 0) + (listpack.low >>> 0);
    id.msLow = ms | 0;
    id.msHigh = id.msHigh + listpack.high + (ms >= 2 ** 32 ? 1 : 0) | 0;
    if (!listpack.next() || !listpack.isInteger) return false;
    const seq = (id.seqLow >>> 0) + (listpack.low >>> 0);
    id.seqLow = seq | 0;
    id.seqHigh = id.seqHigh + listpack.high + (seq >= 2 ** 32 ? 1 : 0) | 0;
    const hasSame = (this.flags & ENTRY_SAME_FIELDS) !== 0;
    this.numFields = hasSame ? this.fieldCount : this.#count();
    this.partCount = hasSame ? this.numFields : 2 * this.numFields;
    return this.numFields >= 0;
  }

  /** Passes over the end of an entry, whose parts have been read; false when it is not there. */
  endEntry(): boolean {
    const hasSame = (this.flags & ENTRY_SAME_FIELDS) !== 0;
    return this.#count() === this.partCount + (hasSame ? 3 : 4);
  }

  /** Whether nothing follows the last entry. */
  get isAtEnd(): boolean {
    return !this.listpack.next();
  }

  /** A number that is not negative; -1 where there is none. */
  #count(): number {
    const { listpack } = this;
    if (!listpack.next() || !listpack.isInteger) return -1;
    const { value } = listpack;
    return value >= 0 && value <= FIELDS_MAX ? value : -1;
  }
}

const node = new NodeReader();

/**
 * Makes a leaf of a node.
 * @returns false when it is none whose entries are in order.
 */
export function draftLeaf(
  draft: LeafDraft,
  bytes: Uint8Array,
  at: number,
  length: number,
  master: StreamId,
): boolean {
  if (!node.open(bytes, at, length, master)) return false;
  draft.begin(master, node.fieldCount);
  draft.live = 0;
  const { entries, last } = draft;
  if (!takeParts(draft.fields, node.listpack, node.fieldCount) || !node.endFields()) return false;
  for (let isFirst = true; node.hasNext; isFirst = false) {
    if (!node.next()) return false;
    const order = node.id.compare(last);
    if (order < 0 || order === 0 && !isFirst) return false;
    const isDeleted = (node.flags & ENTRY_DELETED) !== 0;
    const hasSame = (node.flags & ENTRY_SAME_FIELDS) !== 0;
    draft.lastOffset = entries.length;
    if (isDeleted) draft.deleted++;
    else if (draft.live++ === 0) draft.firstLiveOffset = entries.length;
    entries.head(node.flags & (ENTRY_DELETED | ENTRY_SAME_FIELDS), node.id, master);
    if (!hasSame) entries.fieldCount(node.numFields);
    if (!takeParts(entries, node.listpack, node.partCount) || !node.endEntry()) return false;
    entries.listpackBytes += entryBytesForInteger(node.partCount + (hasSame ? 3 : 4));
    last.copyFrom(node.id);
  }
  if (draft.live === 0) draft.firstLiveOffset = entries.length;
  return draft.live + draft.deleted > 0 && node.isAtEnd;
}

function takeParts(into: LeafDraft["fields"], listpack: ListpackReader, count: number): boolean {
  for (; count > 0; count--) {
    if (!listpack.next()) return false;
    const start = listpack.start + listpack.offset;
    const encoded = encodedBytesAt(listpack.bytes, start);
    into.encoded(listpack.bytes, start, encoded, listpack.entryBytes);
  }
  return true;
}

/** Makes nodes of leaves, of a live heap or a frozen one. */
export class NodeWriter {
  /** The node: `bytes[0..length)`. */
  bytes: Uint8Array = new Uint8Array(4096);
  length = 0;
  readonly #view: HeapView;
  readonly #entry: LeafReader;
  #count = 0;

  constructor(view: HeapView) {
    this.#view = view;
    this.#entry = new LeafReader(view);
  }

  /** Writes the node of a leaf and returns how many of its entries are not deleted. */
  write(leaf: number): number {
    const entry = this.#entry;
    if (this.bytes.length > KEPT_BYTES_MAX) this.bytes = new Uint8Array(4096);
    this.length = LISTPACK_HEADER_BYTES;
    this.#count = 0;
    entry.open(leaf);
    this.#integer(entry.liveCount);
    this.#integer(entry.deletedCount);
    this.#integer(entry.fieldCount);
    entry.openMasterFields();
    for (let i = entry.fieldCount; i > 0; i--) this.#part(entry.masterFields);
    this.#integer(0);
    while (entry.next()) this.#writeEntry(entry);
    this.#reserve(1);
    this.bytes[this.length++] = LISTPACK_END;
    writeHeader(this.bytes, 0, this.length, this.#count);
    return entry.liveCount;
  }

  #writeEntry(entry: LeafReader): void {
    const { id, master } = entry;
    const msLow = id.msLow - master.msLow | 0;
    const msBorrow = id.msLow >>> 0 < master.msLow >>> 0 ? 1 : 0;
    const seqLow = id.seqLow - master.seqLow | 0;
    const seqBorrow = id.seqLow >>> 0 < master.seqLow >>> 0 ? 1 : 0;
    this.#integer(entry.flags & (ENTRY_DELETED | ENTRY_SAME_FIELDS));
    this.#int64(id.msHigh - master.msHigh - msBorrow | 0, msLow);
    this.#int64(id.seqHigh - master.seqHigh - seqBorrow | 0, seqLow);
    if (!entry.hasSameFields) this.#integer(entry.numFields);
    const parts = entry.hasSameFields ? entry.numFields : 2 * entry.numFields;
    for (let i = parts; i > 0; i--) this.#part(entry.parts);
    entry.skipParts();
    this.#integer(parts + (entry.hasSameFields ? 3 : 4));
  }

  #integer(value: number): void {
    this.#reserve(INTEGER_ENTRY_BYTES_MAX);
    this.length = writeIntegerEntry(this.bytes, this.length, value);
    this.#count++;
  }

  #int64(high: number, low: number): void {
    this.#reserve(INTEGER_ENTRY_BYTES_MAX);
    this.length = writeInt64Entry(this.bytes, this.length, high, low);
    this.#count++;
  }

  #part(parts: PartReader): void {
    const from = parts.offset;
    parts.next();
    const encoded = parts.offset - from;
    this.#reserve(encoded + backlenBytes(encoded));
    this.#view.copyOut(parts.leaf, from, encoded, this.bytes, this.length);
    this.length = writeBacklen(this.bytes, this.length + encoded, encoded);
    this.#count++;
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}
