/**
 * Taking entries out of a stream: one by id (XDEL), and from its beginning (XTRIM, XADD).
 *
 * As in Redis, an entry among others is only marked; a leaf in which none is left goes as a whole.
 * (Trimming by id can leave one with nothing but marked entries: it goes when trimming comes by
 * again.)
 */
import { isBehindLeaf } from "./stream_cursor.ts";
import { StreamId } from "./stream_id.ts";
import {
  ENTRY_DELETED,
  LEAF_DELETED,
  LEAF_FIRST_LIVE,
  LEAF_LIVE,
  leafWord,
} from "./stream_leaf.ts";
import { readObjectId, STREAM_FIRST_ID, writeObjectId } from "./stream_root.ts";
import type { Streams } from "./streams.ts";

const firstId = new StreamId();

/** How far a stream is to be trimmed. */
export interface TrimLimit {
  /** Entries to keep at most; -1 where {@link minId} decides. */
  readonly maxLength: number;
  /** Entries before this id go. */
  readonly minId: StreamId;
  /** Only whole leaves go. */
  readonly isApproximate: boolean;
  /** At most so many entries go; 0: any number. */
  readonly limit: number;
}

/**
 * Deletes the entry of that id; false when there is none.
 * @throws {HeapFull} only while the heap is frozen, and then the stream is as it was.
 */
export function deleteEntry(streams: Streams, root: number, id: StreamId): boolean {
  const { entries, reader, heap } = streams;
  const tree = streams.treeOf(root);
  const leaf = entries.seekId(tree, id.msHigh, id.msLow, id.seqHigh, id.seqLow);
  if (leaf === 0) return false;
  reader.openLive(leaf);
  if (!reader.nextLive()) return false;
  const isFirst = reader.id.compare(id) === 0;
  if (!isFirst) {
    reader.seek(reader.offset);
    reader.skipBefore(id);
    for (let order = -1; order !== 0;) {
      if (!reader.nextLive()) return false;
      order = reader.id.compare(id);
      if (order > 0) return false;
    }
  }
  heap.write(root);
  if (reader.liveCount === 1) {
    streams.removeLeaf(root, tree);
    return true;
  }
  const { offset, flags } = reader;
  let firstLive = 0;
  if (isFirst) firstLive = reader.nextLive() ? reader.offset : reader.used;
  entries.addCount(tree, -1);
  try {
    heap.write(leaf);
    markDeleted(streams, leaf, offset, flags);
  } catch (thrown) {
    entries.addCount(tree, 1);
    throw thrown;
  }
  noteDeleted(streams, leaf, 1, firstLive);
  return true;
}

function markDeleted(streams: Streams, leaf: number, offset: number, flags: number): void {
  const { heap } = streams;
  const at = heap.spanToWrite(leaf, offset, 1);
  heap.bytes[at] = flags | ENTRY_DELETED;
}

/** @param firstLive where the first entry begins that is left, 0 where that has not changed. */
function noteDeleted(streams: Streams, leaf: number, count: number, firstLive: number): void {
  const { heap } = streams;
  const at = heap.write(leaf) >>> 2;
  const words = heap.words;
  words[at + LEAF_LIVE] -= count;
  words[at + LEAF_DELETED] += count;
  if (firstLive !== 0) words[at + LEAF_FIRST_LIVE] = firstLive;
}

/**
 * Trims a stream and returns how many entries that were.
 * @throws {HeapFull} only while the heap is frozen; what is gone is counted.
 */
export function trimStream(streams: Streams, root: number, limit: TrimLimit): number {
  const { entries, heap } = streams;
  const tree = streams.treeOf(root);
  const { maxLength } = limit;
  const before = entries.count(tree);
  let isFirstKnown = false;
  heap.write(root);
  for (;;) {
    const length = entries.count(tree);
    if (maxLength >= 0 && length <= maxLength) break;
    // Where nothing goes, the path stays at the last leaf, where entries are appended.
    const leaf = entries.firstLeaf(tree);
    if (leaf === 0) break;
    const live = leafWord(heap, leaf, LEAF_LIVE);
    if (limit.limit > 0 && before - length + live > limit.limit) break;
    const isWhole = maxLength >= 0
      ? length - live >= maxLength
      : isBehindLeaf(streams, leaf, limit.minId);
    if (!isWhole && limit.isApproximate) break;
    entries.first(tree);
    if (!isWhole) {
      isFirstKnown = trimLeaf(streams, tree, leaf, limit);
      break;
    }
    streams.removeLeaf(root, tree);
  }
  const removed = before - entries.count(tree);
  if (isFirstKnown) writeObjectId(heap, root, STREAM_FIRST_ID, streams.reader.id);
  else if (removed > 0) streams.findFirstId(root);
  return removed;
}

/**
 * Marks entries from the beginning of the first leaf, at which the path is, as deleted.
 * @returns whether one is left: the streams' reader is at the first.
 */
function trimLeaf(streams: Streams, tree: number, leaf: number, limit: TrimLimit): boolean {
  const { entries, reader } = streams;
  const { maxLength, minId } = limit;
  const length = entries.count(tree);
  let count = 0;
  // One who writes may move a page: the reader goes on in the old one, which is the same from here.
  reader.openLive(leaf);
  let firstLive = reader.used;
  let isOneLeft = false;
  // Thaws the path, so that the marks can be counted.
  entries.addCount(tree, 0);
  try {
    while (reader.nextLive()) {
      const stops = maxLength >= 0 ? length - count <= maxLength : reader.id.compare(minId) >= 0;
      if (stops) {
        firstLive = reader.offset;
        isOneLeft = true;
        break;
      }
      markDeleted(streams, leaf, reader.offset, reader.flags);
      count++;
    }
  } catch (thrown) {
    if (count > 0) {
      noteDeleted(streams, leaf, count, reader.offset);
      entries.addCount(tree, -count);
    }
    throw thrown;
  }
  noteDeleted(streams, leaf, count, firstLive);
  entries.addCount(tree, -count);
  return isOneLeft;
}

/** The entry of that id has been deleted: the stream may begin with another now. */
export function noteFirstDeleted(streams: Streams, root: number, wasFirst: boolean): void {
  if (streams.length(root) === 0) {
    firstId.setMin();
    writeObjectId(streams.heap, root, STREAM_FIRST_ID, firstId);
  } else if (wasFirst) streams.findFirstId(root);
}

/** Whether an id is the one that the stream begins with. */
export function isFirstId(streams: Streams, root: number, id: StreamId): boolean {
  readObjectId(streams.heap, root, STREAM_FIRST_ID, firstId);
  return firstId.compare(id) === 0;
}
