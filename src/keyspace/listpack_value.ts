/**
 * Listpacks (heap/listpack.ts) as values of keys: small lists, hashes, sets and sorted sets.
 *
 * Invariants: the value's length is the listpack's, and its header counts its entries. An **offset**
 * counts from the start of the listpack, as `ListpackReader.offset` does.
 *
 * Whatever changes a value returns where the entry now is; readers are stale then. What goes in must
 * not stand in the heap, which moves while there is made room for it.
 */
import {
  LISTPACK_COUNT_UNKNOWN,
  LISTPACK_HEADER_BYTES,
  listpackCount,
  writeHeader,
} from "../heap/listpack.ts";
import type { ListpackReader } from "../heap/listpack.ts";
import { ListpackWriter } from "../heap/listpack_writer.ts";
import type { Database } from "./database.ts";
import { ENCODING_LISTPACK, isGraph } from "./value_type.ts";

/** An entry takes so many bytes at least. */
const ENTRY_BYTES_MIN = 2;

const header = new Uint8Array(LISTPACK_HEADER_BYTES);
/** The one entry that goes in. */
const single = new ListpackWriter();

/** Points a reader before the first entry of a key's listpack. */
export function openListpack(database: Database, ref: number, reader: ListpackReader): void {
  const at = database.wholeValue(ref);
  reader.open(database.wholeBytes, at);
}

/** Points a reader before the entry that begins at an offset. */
export function openListpackAt(
  database: Database,
  ref: number,
  reader: ListpackReader,
  offset: number,
): void {
  const at = database.wholeValue(ref);
  reader.openAt(database.wholeBytes, at, offset);
}

/** Points a reader behind the last entry. */
export function openListpackEnd(database: Database, ref: number, reader: ListpackReader): void {
  const at = database.wholeValue(ref);
  reader.openEnd(database.wholeBytes, at);
}

/** How many entries a key's listpack has. */
export function listpackValueCount(database: Database, ref: number): number {
  const count = headerCount(database, ref);
  if (count !== LISTPACK_COUNT_UNKNOWN) return count;
  const at = database.wholeValue(ref);
  return listpackCount(database.wholeBytes, at);
}

function headerCount(database: Database, ref: number): number {
  database.copyValue(ref, 4, 2, header, 4);
  return header[4] | header[5] << 8;
}

/**
 * Puts the entries of a writer (which need not be finished) in the place of `removedCount` entries
 * that take `removedBytes` bytes from an offset on. One move of the bytes behind them, whatever the
 * number of entries.
 * @throws {HeapFull} and then the value is as it was.
 */
export function spliceEntries(
  database: Database,
  ref: number,
  offset: number,
  removedBytes: number,
  removedCount: number,
  writer: ListpackWriter,
): number {
  const lengthBytes = writer.entriesEnd - LISTPACK_HEADER_BYTES;
  return splice(
    database,
    ref,
    offset,
    removedBytes,
    removedCount,
    writer.bytes,
    lengthBytes,
    writer.count,
  );
}

function splice(
  database: Database,
  ref: number,
  offset: number,
  removedBytes: number,
  removedCount: number,
  source: Uint8Array,
  lengthBytes: number,
  addedCount: number,
): number {
  const totalBytes = database.valueLengthOf(ref) - removedBytes + lengthBytes;
  const from = LISTPACK_HEADER_BYTES;
  ref = database.spliceValue(ref, offset, removedBytes, source, from, lengthBytes);
  if (lengthBytes === removedBytes && addedCount === removedCount) return ref;
  let count = headerCount(database, ref);
  if (count !== LISTPACK_COUNT_UNKNOWN) count += addedCount - removedCount;
  writeHeader(header, 0, totalBytes, count);
  database.writeValue(ref, 0, header, 0, LISTPACK_HEADER_BYTES);
  if (count === LISTPACK_COUNT_UNKNOWN) knowCount(database, ref, totalBytes);
  return ref;
}

/** Writes the count again when there are surely so few that the header can say it. */
function knowCount(database: Database, ref: number, totalBytes: number): void {
  if (totalBytes >= LISTPACK_COUNT_UNKNOWN * ENTRY_BYTES_MIN) return;
  const at = database.wholeValue(ref);
  writeHeader(header, 0, totalBytes, listpackCount(database.wholeBytes, at));
  database.writeValue(ref, 0, header, 0, LISTPACK_HEADER_BYTES);
}

/** Puts a text before the entry at an offset. */
export function insertEntry(
  database: Database,
  ref: number,
  offset: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  return replaceEntries(database, ref, offset, 0, 0, bytes, start, end);
}

/** Puts a text in the place of the entry of `entryBytes` bytes at an offset. */
export function replaceEntry(
  database: Database,
  ref: number,
  offset: number,
  entryBytes: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  return replaceEntries(database, ref, offset, entryBytes, 1, bytes, start, end);
}

function replaceEntries(
  database: Database,
  ref: number,
  offset: number,
  removedBytes: number,
  removedCount: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  single.begin();
  single.add(bytes, start, end);
  return spliceEntries(database, ref, offset, removedBytes, removedCount, single);
}

/** Puts a text behind the last entry. */
export function appendEntry(
  database: Database,
  ref: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  return insertEntry(database, ref, database.valueLengthOf(ref) - 1, bytes, start, end);
}

/** Puts a text before the first entry. */
export function prependEntry(
  database: Database,
  ref: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  return insertEntry(database, ref, LISTPACK_HEADER_BYTES, bytes, start, end);
}

/** Puts the entries of a writer behind the last entry. */
export function appendEntries(database: Database, ref: number, writer: ListpackWriter): number {
  return spliceEntries(database, ref, database.valueLengthOf(ref) - 1, 0, 0, writer);
}

/** Puts the entries of a writer before the first entry. */
export function prependEntries(database: Database, ref: number, writer: ListpackWriter): number {
  return spliceEntries(database, ref, LISTPACK_HEADER_BYTES, 0, 0, writer);
}

/** Takes `count` entries out, which take `lengthBytes` bytes from an offset on. */
export function deleteEntries(
  database: Database,
  ref: number,
  offset: number,
  lengthBytes: number,
  count: number,
): number {
  return splice(database, ref, offset, lengthBytes, count, header, 0, 0);
}

/**
 * Adds a key that is known to be absent, right after the look-up that said so, with what a writer
 * has finished.
 * @throws {HeapFull} and then there is no such key.
 */
export function addListpack(
  database: Database,
  key: Uint8Array,
  start: number,
  end: number,
  type: number,
  writer: ListpackWriter,
  expiresAtMs: number,
): number {
  const kind = type | ENCODING_LISTPACK << 4;
  const ref = database.add(key, start, end, kind, writer.length, expiresAtMs);
  database.writeValue(ref, 0, writer.bytes, 0, writer.length);
  return ref;
}

/**
 * Gives a key what a writer has finished as its value; a graph it had is freed. The expiry time
 * stays.
 * @throws {HeapFull} and then the value is as it was.
 */
export function replaceByListpack(
  database: Database,
  ref: number,
  type: number,
  writer: ListpackWriter,
): number {
  const kind = type | ENCODING_LISTPACK << 4;
  if (isGraph(database.kindOf(ref))) ref = database.toBytes(ref, kind, writer.length);
  else {
    ref = database.resizeValue(ref, writer.length, 0);
    database.setKind(ref, type, ENCODING_LISTPACK);
  }
  database.writeValue(ref, 0, writer.bytes, 0, writer.length);
  return ref;
}
