/**
 * How far groups are behind: a group's *entries read* says how many entries, of all that were ever
 * added to the stream, its last id stands behind; the stream's *entries added* says how many there
 * were. Their difference is the group's lag, as long as nothing between the two has been deleted.
 *
 * As in redis-server 8.0, which sees more often than 7.0 that a number is not to be trusted.
 */
import { GROUP_ENTRIES_READ, GROUP_LAST_ID } from "./consumer_groups.ts";
import { StreamId } from "./stream_id.ts";
import {
  readObjectId,
  readObjectNumber,
  STREAM_ENTRIES_ADDED,
  STREAM_FIRST_ID,
  STREAM_LAST_ID,
  STREAM_MAX_DELETED_ID,
  writeObjectId,
  writeObjectNumber,
} from "./stream_root.ts";
import type { Streams } from "./streams.ts";

/** Nobody knows how many entries have been read. */
export const ENTRIES_READ_UNKNOWN = -1;

const first = new StreamId();
const other = new StreamId();
const groupLast = new StreamId();

/**
 * Whether the entries behind a group's last id can be counted: the first entry that is there is not
 * behind it, and no entry at or behind it has been deleted by XDEL.
 */
function isWholeFrom(streams: Streams, root: number, id: StreamId): boolean {
  const { heap } = streams;
  if (streams.length(root) === 0) return false;
  readObjectId(heap, root, STREAM_FIRST_ID, first);
  if (id.compare(first) < 0) return false;
  readObjectId(heap, root, STREAM_MAX_DELETED_ID, other);
  return other.isMin || first.compare(other) > 0 || id.compare(other) > 0;
}

/** How many entries an id stands behind, where that can be told without looking at entries. */
export function entriesUpTo(streams: Streams, root: number, id: StreamId): number {
  const { heap } = streams;
  const added = readObjectNumber(heap, root, STREAM_ENTRIES_ADDED);
  if (added === 0) return 0;
  const length = streams.length(root);
  readObjectId(heap, root, STREAM_LAST_ID, other);
  const toLast = id.compare(other);
  if (length === 0 && toLast <= 0) return added;
  if (toLast === 0) return added;
  if (toLast > 0) return ENTRIES_READ_UNKNOWN;
  readObjectId(heap, root, STREAM_FIRST_ID, other);
  const toFirst = id.compare(other);
  if (toFirst > 0) return ENTRIES_READ_UNKNOWN;
  readObjectId(heap, root, STREAM_MAX_DELETED_ID, groupLast);
  const isWhole = groupLast.isMin || groupLast.compare(other) < 0;
  if (!isWhole) return ENTRIES_READ_UNKNOWN;
  return toFirst < 0 ? added - length : added - length + 1;
}

/**
 * The group has been given the entry of an id behind its last one.
 * @returns whether that could be counted: then those behind it, too ({@link noteNextRead}).
 */
export function noteRead(streams: Streams, root: number, group: number, id: StreamId): boolean {
  const { heap } = streams;
  let isCounted = false;
  const read = readObjectNumber(heap, group, GROUP_ENTRIES_READ);
  readObjectId(heap, group, GROUP_LAST_ID, groupLast);
  if (read !== ENTRIES_READ_UNKNOWN && isWholeFrom(streams, root, groupLast)) {
    writeObjectNumber(heap, group, GROUP_ENTRIES_READ, read + 1);
    isCounted = true;
  } else if (readObjectNumber(heap, root, STREAM_ENTRIES_ADDED) !== 0) {
    writeObjectNumber(heap, group, GROUP_ENTRIES_READ, entriesUpTo(streams, root, id));
  }
  writeObjectId(heap, group, GROUP_LAST_ID, id);
  return isCounted;
}

/** As {@link noteRead}, of an entry behind one that has been counted, nothing in between. */
export function noteNextRead(streams: Streams, group: number, id: StreamId): void {
  const { heap } = streams;
  const at = heap.write(group) >>> 2;
  const words = heap.words;
  words[at + GROUP_LAST_ID] = id.msHigh;
  words[at + GROUP_LAST_ID + 1] = id.msLow;
  words[at + GROUP_LAST_ID + 2] = id.seqHigh;
  words[at + GROUP_LAST_ID + 3] = id.seqLow;
  words[at + GROUP_ENTRIES_READ] += 1;
  if (words[at + GROUP_ENTRIES_READ] === 0) words[at + GROUP_ENTRIES_READ + 1]++;
}

/** How many entries a group has not been given yet; NaN where that cannot be told. */
export function lagOf(streams: Streams, root: number, group: number): number {
  const { heap } = streams;
  const added = readObjectNumber(heap, root, STREAM_ENTRIES_ADDED);
  if (added === 0) return 0;
  const read = readObjectNumber(heap, group, GROUP_ENTRIES_READ);
  readObjectId(heap, group, GROUP_LAST_ID, groupLast);
  if (read !== ENTRIES_READ_UNKNOWN && isWholeFrom(streams, root, groupLast)) {
    return added - read;
  }
  const last = new StreamId();
  last.copyFrom(groupLast);
  const upTo = entriesUpTo(streams, root, last);
  return upTo === ENTRIES_READ_UNKNOWN ? NaN : added - upTo;
}
