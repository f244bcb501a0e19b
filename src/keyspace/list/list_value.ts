/**
 * Lists as values of keys: small ones are a listpack (listpack_value.ts), large ones a quicklist
 * (quicklist.ts), and what changes one chooses.
 *
 * A listpack becomes a quicklist when it would exceed `list-max-listpack-size`, and a quicklist
 * becomes a listpack when taking away has left half of that, so that it does not go to and fro.
 * Redis asks in addition that its quicklist has but one node left. Our leaves are no such nodes: a
 * list that was cut in its middle may be small again a little earlier.
 *
 * Whatever changes a value returns where the entry now is.
 */
import { HeapFull } from "../../heap/heap.ts";
import { EMPTY_LISTPACK_BYTES, LISTPACK_HEADER_BYTES } from "../../heap/listpack.ts";
import { ListpackWriter } from "../../heap/listpack_writer.ts";
import type { Database } from "../database.ts";
import { NO_EXPIRY } from "../database.ts";
import type { Keyspace } from "../keyspace.ts";
import {
  addListpack,
  appendEntry,
  deleteEntries,
  insertEntry,
  listpackValueCount,
  openListpack,
  openListpackEnd,
  prependEntry,
  replaceByListpack,
  replaceEntry,
  spliceEntries,
} from "../listpack_value.ts";
import { ENCODING_LISTPACK, ENCODING_QUICKLIST, isGraph, TYPE_LIST } from "../value_type.ts";
import { FORM_ALONE, type LeafReader } from "./leaf.ts";
import { copyElement } from "./list_reader.ts";

export const KIND_QUICKLIST: number = TYPE_LIST | ENCODING_QUICKLIST << 4;
export const KIND_SMALL_LIST: number = TYPE_LIST | ENCODING_LISTPACK << 4;

/** The limits of `list-max-listpack-size` -1 to -5. */
const LIMIT_BYTES: readonly number[] = [4096, 8192, 16384, 32768, 65536];
/** Where the directive counts entries, this many bytes are the limit beside. */
const COUNTED_BYTES_MAX = 8192;

/** So many elements more are put into leaves of their own, behind the last. */
const BUILT_COUNT_MIN = 1024;

const writer = new ListpackWriter();

/** True when a listpack of so many bytes and entries is too large for the directive's value. */
export function exceedsListLimit(directive: number, bytes: number, count: number): boolean {
  if (directive < 0) return bytes > limitBytes(directive);
  return bytes > COUNTED_BYTES_MAX || count > Math.max(directive, 1);
}

function limitBytes(directive: number): number {
  return LIMIT_BYTES[Math.min(-directive, LIMIT_BYTES.length) - 1];
}

/** How many elements a list has. */
export function listCount(keyspace: Keyspace, database: Database, ref: number): number {
  if (isGraph(database.kindOf(ref))) return keyspace.lists.count(database.rootOf(ref));
  return listpackValueCount(database, ref);
}

/**
 * Pushes elements, one after the other, to an end of a list, or makes it of them: an absent key
 * (`ref` 0) is added right after the look-up that said so. Every element that comes to a list at an
 * end comes through here.
 *
 * @param first the elements are the ranges `starts[i]..ends[i]` of `bytes`, from `first` to `last`.
 * @returns the entry.
 * @throws {HeapFull} and then nothing has been pushed.
 */
export function pushToList(
  keyspace: Keyspace,
  database: Database,
  ref: number,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  atEnd: boolean,
  bytes: Uint8Array,
  starts: Int32Array,
  ends: Int32Array,
  first: number,
  last: number,
): number {
  if (ref !== 0 && isGraph(database.kindOf(ref))) {
    pushToQuicklist(keyspace, database.rootOf(ref), atEnd, bytes, starts, ends, first, last);
    return ref;
  }
  let addedBytes = 0;
  for (let i = first; i <= last; i++) addedBytes += ends[i] - starts[i];
  const oldBytes = ref === 0 ? EMPTY_LISTPACK_BYTES : database.valueLengthOf(ref);
  const directive = keyspace.limits.listMaxListpackSize;
  let count = last - first + 1;
  if (directive >= 0 && ref !== 0) count += listpackValueCount(database, ref);
  if (exceedsListLimit(directive, oldBytes + addedBytes, count)) {
    if (ref === 0) {
      const root = newQuicklist(keyspace, atEnd, bytes, starts, ends, first, last);
      return addQuicklist(keyspace, database, key, keyStart, keyEnd, root);
    }
    ref = toQuicklist(keyspace, database, ref);
    pushToQuicklist(keyspace, database.rootOf(ref), atEnd, bytes, starts, ends, first, last);
    return ref;
  }
  if (ref !== 0 && first === last) {
    return atEnd
      ? appendEntry(database, ref, bytes, starts[first], ends[first])
      : prependEntry(database, ref, bytes, starts[first], ends[first]);
  }
  writer.begin();
  if (atEnd) { for (let i = first; i <= last; i++) writer.add(bytes, starts[i], ends[i]); }
  else for (let i = last; i >= first; i--) writer.add(bytes, starts[i], ends[i]);
  if (ref !== 0) {
    const offset = atEnd ? oldBytes - 1 : LISTPACK_HEADER_BYTES;
    return spliceEntries(database, ref, offset, 0, 0, writer);
  }
  writer.finish();
  return addListpack(database, key, keyStart, keyEnd, TYPE_LIST, writer, NO_EXPIRY);
}

function pushToQuicklist(
  keyspace: Keyspace,
  root: number,
  atEnd: boolean,
  bytes: Uint8Array,
  starts: Int32Array,
  ends: Int32Array,
  first: number,
  last: number,
): void {
  const lists = keyspace.lists;
  if (first === last) return lists.push(root, atEnd, bytes, starts[first], ends[first]);
  const countBefore = lists.count(root);
  try {
    if (atEnd && last - first >= BUILT_COUNT_MIN) {
      build(keyspace, root, atEnd, bytes, starts, ends, first, last);
    } else for (let i = first; i <= last; i++) lists.push(root, atEnd, bytes, starts[i], ends[i]);
  } catch (thrown) {
    if (thrown instanceof HeapFull) {
      lists.removeAtEnd(root, atEnd, lists.count(root) - countBefore);
    }
    throw thrown;
  }
}

/** Appends elements to a quicklist as full leaves; where they come to the beginning, it is empty. */
function build(
  keyspace: Keyspace,
  root: number,
  atEnd: boolean,
  bytes: Uint8Array,
  starts: Int32Array,
  ends: Int32Array,
  first: number,
  last: number,
): void {
  const { builder } = keyspace.lists;
  builder.begin(root);
  if (atEnd) { for (let i = first; i <= last; i++) builder.add(bytes, starts[i], ends[i]); }
  else for (let i = last; i >= first; i--) builder.add(bytes, starts[i], ends[i]);
  builder.finish();
}

function newQuicklist(
  keyspace: Keyspace,
  atEnd: boolean,
  bytes: Uint8Array,
  starts: Int32Array,
  ends: Int32Array,
  first: number,
  last: number,
): number {
  const lists = keyspace.lists;
  const root = lists.create();
  try {
    build(keyspace, root, atEnd, bytes, starts, ends, first, last);
  } catch (thrown) {
    freeQuicklist(keyspace, root);
    throw thrown;
  }
  return root;
}

function addQuicklist(
  keyspace: Keyspace,
  database: Database,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  root: number,
): number {
  try {
    return database.addGraph(key, keyStart, keyEnd, KIND_QUICKLIST, root, NO_EXPIRY);
  } catch (thrown) {
    freeQuicklist(keyspace, root);
    throw thrown;
  }
}

function freeQuicklist(keyspace: Keyspace, root: number): void {
  const steps = keyspace.lists.freeSteps(root);
  while (steps.next().done !== true);
}

/**
 * Makes a listpack a quicklist.
 * @throws {HeapFull} and then it is as it was.
 */
function toQuicklist(keyspace: Keyspace, database: Database, ref: number): number {
  const lists = keyspace.lists;
  const root = lists.create();
  try {
    const { builder } = lists;
    builder.begin(root);
    // A copy: what is made of it is allocated meanwhile.
    const copy = new Uint8Array(database.valueLengthOf(ref));
    database.copyValue(ref, 0, copy.length, copy, 0);
    builder.addListpack(copy, 0);
    builder.finish();
    return database.toGraph(ref, KIND_QUICKLIST, root);
  } catch (thrown) {
    freeQuicklist(keyspace, root);
    throw thrown;
  }
}

/** Makes a listpack a quicklist when a text of so many bytes more would be too much for it. */
export function makeRoomInList(
  keyspace: Keyspace,
  database: Database,
  ref: number,
  addedBytes: number,
): number {
  if (isGraph(database.kindOf(ref))) return ref;
  const directive = keyspace.limits.listMaxListpackSize;
  const bytes = database.valueLengthOf(ref) + addedBytes;
  const count = directive < 0 ? 0 : listpackValueCount(database, ref) + 1;
  if (!exceedsListLimit(directive, bytes, count)) return ref;
  return toQuicklist(keyspace, database, ref);
}

/** Makes a quicklist a listpack when so little is left in it, after elements were taken away. */
export function shrinkList(keyspace: Keyspace, database: Database, ref: number): number {
  if (!isGraph(database.kindOf(ref))) return ref;
  const root = database.rootOf(ref);
  const lists = keyspace.lists;
  const directive = keyspace.limits.listMaxListpackSize;
  const bytes = lists.packedBytes(root) + EMPTY_LISTPACK_BYTES;
  if (directive < 0) {
    if (bytes > limitBytes(directive) >>> 1) return ref;
  } else {
    if (lists.count(root) > Math.max(directive, 1) >>> 1 || bytes > COUNTED_BYTES_MAX) return ref;
  }
  return toListpack(keyspace, database, ref);
}

/** Makes a quicklist a listpack, where the heap has room for it. */
function toListpack(keyspace: Keyspace, database: Database, ref: number): number {
  const elements = keyspace.lists.elements;
  elements.open(database, ref, 0, false);
  writer.begin();
  while (elements.next()) addElement(keyspace, elements.element);
  writer.finish();
  try {
    return replaceByListpack(database, ref, TYPE_LIST, writer);
  } catch (thrown) {
    if (thrown instanceof HeapFull) return ref;
    throw thrown;
  }
}

function addElement(keyspace: Keyspace, element: LeafReader): void {
  if (element.form === FORM_ALONE) {
    const copy = new Uint8Array(element.length);
    copyElement(keyspace.heap, element, copy);
    return writer.add(copy, 0, copy.length);
  }
  element.text();
  writer.add(element.bytes, element.start, element.end);
}

/** A reader at the last element of a list, or at the first. */
export function endOfList(
  keyspace: Keyspace,
  database: Database,
  ref: number,
  atEnd: boolean,
): LeafReader {
  const { lists } = keyspace;
  if (isGraph(database.kindOf(ref))) return lists.openEnd(database.rootOf(ref), atEnd);
  const element = lists.elements.element;
  const at = database.wholeValue(ref);
  element.openListpack(database.wholeBytes, at, atEnd);
  if (atEnd) element.previous();
  else element.next();
  return element;
}

/**
 * Takes elements away at an end of a list that has more than that.
 * @throws {HeapFull} only while the heap is frozen.
 */
export function removeFromList(
  keyspace: Keyspace,
  database: Database,
  ref: number,
  atEnd: boolean,
  count: number,
): number {
  if (isGraph(database.kindOf(ref))) {
    keyspace.lists.removeAtEnd(database.rootOf(ref), atEnd, count);
    return ref;
  }
  const reader = keyspace.lists.listpack;
  if (atEnd) {
    openListpackEnd(database, ref, reader);
    const end = reader.offset;
    for (let i = 0; i < count; i++) reader.previous();
    return deleteEntries(database, ref, reader.offset, end - reader.offset, count);
  }
  openListpack(database, ref, reader);
  const begin = reader.offset;
  reader.skip(count);
  const lengthBytes = reader.offset + reader.entryBytes - begin;
  return deleteEntries(database, ref, begin, lengthBytes, count);
}

/**
 * Moves the element at an end of a list, of which `moved` is a copy, to an end.
 * @throws {HeapFull} and then the list is as it was.
 */
export function rotateList(
  keyspace: Keyspace,
  database: Database,
  ref: number,
  fromEnd: boolean,
  toEnd: boolean,
  moved: Uint8Array,
  starts: Int32Array,
  ends: Int32Array,
): number {
  if (fromEnd === toEnd) return ref;
  if (isGraph(database.kindOf(ref))) {
    const root = database.rootOf(ref);
    pushToQuicklist(keyspace, root, toEnd, moved, starts, ends, 0, 0);
    keyspace.lists.removeAtEnd(root, fromEnd, 1);
    return shrinkList(keyspace, database, ref);
  }
  const reader = keyspace.lists.listpack;
  if (fromEnd) openListpackEnd(database, ref, reader);
  else openListpack(database, ref, reader);
  if (!(fromEnd ? reader.previous() : reader.next())) return ref;
  const count = reader.count;
  const { bytes, start, offset, entryBytes, totalBytes } = reader;
  const restStart = start + LISTPACK_HEADER_BYTES + (fromEnd ? 0 : entryBytes);
  const restBytes = totalBytes - EMPTY_LISTPACK_BYTES - entryBytes;
  writer.begin();
  if (fromEnd) writer.addEntries(bytes, start + offset, entryBytes, 1);
  writer.addEntries(bytes, restStart, restBytes, count - 1);
  if (toEnd) writer.addEntries(bytes, start + offset, entryBytes, 1);
  writer.finish();
  // Of the same length, so that nothing is allocated.
  return replaceByListpack(database, ref, TYPE_LIST, writer);
}

/**
 * Puts another element in the place of that of an index, which must be there.
 * @throws {HeapFull} and then the list is as it was.
 */
export function replaceInList(
  keyspace: Keyspace,
  database: Database,
  ref: number,
  index: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  if (isGraph(database.kindOf(ref))) {
    keyspace.lists.replace(database.rootOf(ref), index, bytes, start, end);
    return ref;
  }
  const reader = keyspace.lists.listpack;
  openListpack(database, ref, reader);
  reader.seek(index);
  return replaceEntry(database, ref, reader.offset, reader.entryBytes, bytes, start, end);
}

/**
 * Inserts an element, which then has that index, at most the list's count.
 * @throws {HeapFull} and then the list is as it was.
 */
export function insertIntoList(
  keyspace: Keyspace,
  database: Database,
  ref: number,
  index: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  if (isGraph(database.kindOf(ref))) {
    keyspace.lists.insert(database.rootOf(ref), index, bytes, start, end);
    return ref;
  }
  const reader = keyspace.lists.listpack;
  openListpack(database, ref, reader);
  if (!reader.seek(index)) return appendEntry(database, ref, bytes, start, end);
  return insertEntry(database, ref, reader.offset, bytes, start, end);
}

/** How many elements {@link removeFromListMatching} took away. */
export const removedFromList = { count: 0 };

/**
 * Takes away elements that are a text, the first `limit` of them or the last; how many, tells
 * {@link removedFromList}. An empty list may be left.
 */
export function removeFromListMatching(
  keyspace: Keyspace,
  database: Database,
  ref: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  limit: number,
  fromEnd: boolean,
): number {
  if (isGraph(database.kindOf(ref))) {
    const root = database.rootOf(ref);
    removedFromList.count = keyspace.lists.removeMatches(root, bytes, start, end, limit, fromEnd);
    return ref;
  }
  const reader = keyspace.lists.listpack;
  openListpack(database, ref, reader);
  reader.prepare(bytes, start, end);
  let matches = 0;
  while (reader.findPrepared(0)) matches++;
  const removed = Math.min(matches, limit);
  removedFromList.count = removed;
  if (removed === 0) return ref;
  const first = fromEnd ? matches - removed : 0;
  openListpack(database, ref, reader);
  writer.begin();
  let match = 0;
  while (reader.next()) {
    const isRemoved = reader.isPrepared() && match >= first && match < first + removed;
    if (reader.isPrepared()) match++;
    if (!isRemoved) writer.addReader(reader);
  }
  writer.finish();
  return replaceByListpack(database, ref, TYPE_LIST, writer);
}
