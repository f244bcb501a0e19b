/** A stream's leaf (stream_leaf.ts) in the making, outside the heap. */
import type { Heap } from "../../heap/heap.ts";
import { entryBytesForInteger } from "../../heap/listpack.ts";
import { EntryEncoder } from "./entry_encoder.ts";
import {
  LEAF_DELETED,
  LEAF_ENTRIES,
  LEAF_FIELD_COUNT,
  LEAF_FIRST_LIVE,
  LEAF_HEADER_BYTES,
  LEAF_LAST,
  LEAF_LAST_ID,
  LEAF_LISTPACK_BYTES,
  LEAF_LIVE,
  LEAF_MASTER_ID,
  LEAF_USED,
  LISTPACK_FRAME_BYTES,
} from "./stream_leaf.ts";
import { StreamId } from "./stream_id.ts";
import { writeObjectId } from "./stream_root.ts";

export class LeafDraft {
  readonly master: StreamId = new StreamId();
  readonly last: StreamId = new StreamId();
  /** The master fields. */
  readonly fields: EntryEncoder = new EntryEncoder();
  readonly entries: EntryEncoder = new EntryEncoder();
  fieldCount = 0;
  live = 0;
  deleted = 0;
  /**
   * Where entries begin, counted from the first: the last one, and the first that is not deleted.
   */
  lastOffset = 0;
  firstLiveOffset = 0;

  /** Begins a leaf of one entry, which is to be encoded. */
  begin(master: StreamId, fieldCount: number): void {
    this.master.copyFrom(master);
    this.last.copyFrom(master);
    this.fields.begin();
    this.entries.begin();
    this.fieldCount = fieldCount;
    this.live = 1;
    this.deleted = 0;
    this.lastOffset = 0;
    this.firstLiveOffset = 0;
  }

  /**
   * Puts it into the heap, with room for so many bytes, and returns the leaf.
   * @throws {HeapFull}
   */
  store(heap: Heap, sizeBytes = 0): number {
    const { fields, entries } = this;
    const entriesOffset = LEAF_HEADER_BYTES + fields.length;
    const used = entriesOffset + entries.length;
    const leaf = heap.allocate(Math.max(used, sizeBytes));
    const at = heap.write(leaf) >>> 2;
    const words = heap.words;
    words[at + LEAF_USED] = used;
    words[at + LEAF_LIVE] = this.live;
    words[at + LEAF_DELETED] = this.deleted;
    words[at + LEAF_LISTPACK_BYTES] = LISTPACK_FRAME_BYTES + fields.listpackBytes +
      entryBytesForInteger(this.fieldCount) + entryBytesForInteger(0) + entries.listpackBytes;
    words[at + LEAF_FIELD_COUNT] = this.fieldCount;
    words[at + LEAF_ENTRIES] = entriesOffset;
    words[at + LEAF_FIRST_LIVE] = entriesOffset + this.firstLiveOffset;
    words[at + LEAF_LAST] = entriesOffset + this.lastOffset;
    writeObjectId(heap, leaf, LEAF_MASTER_ID, this.master);
    writeObjectId(heap, leaf, LEAF_LAST_ID, this.last);
    try {
      heap.copyIn(leaf, LEAF_HEADER_BYTES, fields.bytes, 0, fields.length);
      heap.copyIn(leaf, entriesOffset, entries.bytes, 0, entries.length);
    } catch (thrown) {
      heap.free(leaf);
      throw thrown;
    }
    return leaf;
  }
}
