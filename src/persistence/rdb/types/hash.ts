/**
 * Hashes in RDB files:
 *
 *      4    count, then field and value of each
 *      9    a zipmap, 13 a ziplist, 16 a listpack: field, value, field, value ...
 *     22    count, then of each its expiry time (0: none) as a length, field and value
 *     23    a listpack: field, value, expiry time (0: none) ...
 *     24    the soonest expiry time in 64 bits, and as 22, but times count from one before that
 *     25    the soonest expiry time in 64 bits, and as 23
 *
 * 22 and 23 are of Redis before 7.4.0. In a file of Valkey 9 a 22 has of each field its name, its
 * value, and its expiry time in 64 bits (-1: none). Written are 16, 4, and 24 where a field expires.
 *
 * What is loaded becomes a listpack or a table as its size demands, and a table where a field expires.
 * Fields whose time is past are loaded: active expiry ends them, and tells who has to know.
 */
import { latin1Bytes } from "../../../base/ascii.ts";
import type { HeapView } from "../../../heap/heap_view.ts";
import { listpackCount, ListpackReader } from "../../../heap/listpack.ts";
import { ListpackWriter } from "../../../heap/listpack_writer.ts";
import { ROOT_EXPIRING, ROOT_SOONEST } from "../../../heap/record_directory.ts";
import { recordCount, RecordWalk } from "../../../heap/record_walk.ts";
import { NO_EXPIRY } from "../../../keyspace/entries.ts";
import { KIND_HASH_LISTPACK, KIND_HASH_TABLE } from "../../../keyspace/hash/hashes.ts";
import { commandStart } from "../../aof/command_text.ts";
import type { CommandText } from "../../aof/command_text.ts";
import { finished } from "../../entry_writing.ts";
import { hasDuplicates, readListpack, readZiplist } from "../packed_string.ts";
import type { RdbEncoder, RdbRest } from "../rdb_encoder.ts";
import type { RdbReader } from "../rdb_reader.ts";
import type { RdbTarget, RdbValueType } from "../rdb_value.ts";
import { saveBytes, valueOf } from "../rdb_value.ts";
import { isValidZipmap, zipmapToListpack } from "../zipmap.ts";
import { HashBuilder } from "./hash_builder.ts";

/** Redis keeps the expiry times of fields in 48 bits. */
const EXPIRES_AT_MS_MAX = 2 ** 48 - 1;
/** No command sets a later one, so that is what a later one becomes: a rewrite must be loadable. */
const SETTABLE_MS_MAX = 2 ** 46 - 1;
/** Fields loaded, and fields written, between two pauses. */
const LOADED_PER_STEP = 500;
const SAVED_PER_STEP = 100;
/** Fields of one command (AOF_REWRITE_ITEMS_PER_CMD). */
const FIELDS_PER_COMMAND = 64;

const ZIPMAP_BROKEN = "Zipmap integrity check failed.";
const ZIPLIST_BROKEN = "Hash ziplist integrity check failed.";
const LISTPACK_BROKEN = "Hash listpack integrity check failed.";

const writer = new ListpackWriter();

/** Reads a pair's expiry time where it stands before the field, and where it stands behind the value. */
interface PairTimes {
  before?(reader: RdbReader): number;
  behind?(reader: RdbReader): number;
}

const NO_TIMES: PairTimes = {};
const VALKEY_TIMES: PairTimes = { behind: (reader) => timeOrFail(reader, reader.readInt64()) };
const ABSOLUTE_TIMES: PairTimes = { before: (reader) => timeFrom(reader, reader.readLength(), 1) };

/** The time that a length stands for, when 1 stands for `soonestMs`. */
function timeFrom(reader: RdbReader, length: number, soonestMs: number): number {
  return length === 0 ? NO_EXPIRY : timeOrFail(reader, length + soonestMs - 1);
}

function timeOrFail(reader: RdbReader, expiresAtMs: number): number {
  if (expiresAtMs === NO_EXPIRY || (expiresAtMs >= 0 && expiresAtMs <= EXPIRES_AT_MS_MAX)) {
    return Math.min(expiresAtMs, SETTABLE_MS_MAX);
  }
  return reader.fail(`invalid expireAt time: ${expiresAtMs}`, "loadHash");
}

function loadPairs(reader: RdbReader, target: RdbTarget, times: PairTimes): void {
  const count = reader.readLength();
  if (count === 0) return;
  const builder = new HashBuilder(reader, target, count);
  if (count <= LOADED_PER_STEP) {
    readPairs(reader, builder, times, count);
    builder.finish();
  } else target.rest = loadInSteps(reader, builder, times, count);
}

function* loadInSteps(
  reader: RdbReader,
  builder: HashBuilder,
  times: PairTimes,
  count: number,
): RdbRest {
  for (let left = count; left > 0; left -= LOADED_PER_STEP) {
    readPairs(reader, builder, times, Math.min(left, LOADED_PER_STEP));
    yield;
  }
  builder.finish();
}

function readPairs(
  reader: RdbReader,
  builder: HashBuilder,
  times: PairTimes,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    let expiresAtMs = times.before === undefined ? NO_EXPIRY : times.before(reader);
    reader.readWholeString();
    builder.field(reader.stringBytes, reader.stringStart, reader.stringEnd);
    reader.readWholeString();
    if (times.behind !== undefined) {
      builder.keepValue(reader.stringBytes, reader.stringStart, reader.stringEnd);
      expiresAtMs = times.behind(reader);
      builder.addKept(expiresAtMs);
    } else builder.add(reader.stringBytes, reader.stringStart, reader.stringEnd, expiresAtMs);
  }
}

function loadRelative(reader: RdbReader, target: RdbTarget): void {
  const soonestMs = reader.readInt64();
  loadPairs(reader, target, { before: (from) => timeFrom(from, from.readLength(), soonestMs) });
}

/** Adds a listpack of pairs outside the heap, which is known to be one. */
function addPairs(
  reader: RdbReader,
  target: RdbTarget,
  bytes: Uint8Array,
  at: number,
  lengthBytes: number,
  broken: string,
): void {
  const count = listpackCount(bytes, at);
  if (count % 2 !== 0) reader.fail(broken, "loadHash");
  if (count === 0) return;
  if (reader.isSanitizing && hasDuplicates(bytes, at, 2)) reader.fail(broken, "loadHash");
  const { database, expiresAtMs } = target;
  const { keyBytes, keyStart, keyEnd } = reader;
  target.ref = database.keyspace.hashes.addListpack(
    database,
    keyBytes,
    keyStart,
    keyEnd,
    bytes,
    at,
    lengthBytes,
    expiresAtMs,
  );
}

function loadListpack(reader: RdbReader, target: RdbTarget): void {
  readListpack(reader, LISTPACK_BROKEN, "loadHash");
  const { stringBytes, stringStart, stringEnd } = reader;
  const length = stringEnd - stringStart;
  addPairs(reader, target, stringBytes, stringStart, length, LISTPACK_BROKEN);
}

function loadZiplist(reader: RdbReader, target: RdbTarget): void {
  const length = readZiplist(reader, writer, ZIPLIST_BROKEN, "loadHash");
  if (hasDuplicates(writer.bytes, 0, 2)) reader.fail(ZIPLIST_BROKEN, "loadHash");
  addPairs(reader, target, writer.bytes, 0, length, ZIPLIST_BROKEN);
}

/** Of zipmaps Redis looks at the lengths of values, too. */
function loadZipmap(reader: RdbReader, target: RdbTarget): void {
  reader.readWholeString();
  const { stringBytes, stringStart } = reader;
  if (!isValidZipmap(stringBytes, stringStart, reader.stringEnd - stringStart, true)) {
    reader.fail(ZIPMAP_BROKEN, "loadHash");
  }
  zipmapToListpack(stringBytes, stringStart, writer);
  if (hasDuplicates(writer.bytes, 0, 2)) {
    reader.fail("Hash zipmap with dup elements, or big length", "loadHash");
  }
  const builder = new HashBuilder(reader, target, writer.count / 2);
  addEntries(reader, builder, writer.bytes, 0, false);
  builder.finish();
}

/** A listpack with an expiry time behind each value. */
function loadListpackWithTimes(reader: RdbReader, target: RdbTarget): void {
  readListpack(reader, LISTPACK_BROKEN, "loadHash");
  const { stringBytes, stringStart } = reader;
  const count = listpackCount(stringBytes, stringStart);
  if (count % 3 !== 0) reader.fail(LISTPACK_BROKEN, "loadHash");
  if (count === 0) return;
  if (reader.isSanitizing && hasDuplicates(stringBytes, stringStart, 3)) {
    reader.fail(LISTPACK_BROKEN, "loadHash");
  }
  const builder = new HashBuilder(reader, target, count / 3);
  addEntries(reader, builder, stringBytes, stringStart, true);
  builder.finish();
}

/** Adds what a listpack outside the heap holds. */
function addEntries(
  reader: RdbReader,
  builder: HashBuilder,
  bytes: Uint8Array,
  at: number,
  hasTimes: boolean,
): void {
  const entries = new ListpackReader();
  let before = 0;
  entries.open(bytes, at);
  while (entries.next()) {
    entries.text();
    builder.field(entries.stringBytes, entries.stringStart, entries.stringEnd);
    entries.next();
    entries.text();
    builder.keepValue(entries.stringBytes, entries.stringStart, entries.stringEnd);
    if (hasTimes) entries.next();
    const time = hasTimes ? timeAt(entries) : 0;
    // Sorted, with those that do not expire behind all others: that is how Redis finds what is due.
    const isSorted = time === 0 || (before !== 0 && time >= before) || builder.count === 0;
    if (time !== time || (reader.isSanitizing && !isSorted)) {
      reader.fail(LISTPACK_BROKEN, "loadHash");
    }
    before = time;
    builder.addKept(time === 0 ? NO_EXPIRY : Math.min(time, SETTABLE_MS_MAX));
  }
}

/** The time of an entry, 0 for none; NaN where it cannot be one. */
function timeAt(entry: ListpackReader): number {
  if (!entry.isInteger) return NaN;
  return entry.value >= 0 && entry.value <= EXPIRES_AT_MS_MAX ? entry.value : NaN;
}

const doubles = new Float64Array(1);
const doubleWords = new Int32Array(doubles.buffer);

function expiringCount(view: HeapView, root: number): number {
  return view.wordAt(root, ROOT_EXPIRING * 4);
}

/** No field of the table expires sooner. */
function soonestExpiryMs(view: HeapView, root: number): number {
  doubleWords[0] = view.wordAt(root, ROOT_SOONEST * 4);
  doubleWords[1] = view.wordAt(root, ROOT_SOONEST * 4 + 4);
  return doubles[0];
}

function saveTable(encoder: RdbEncoder, view: HeapView, ref: number): RdbRest | undefined {
  const root = valueOf(view, ref).object;
  encoder.lengthOf(recordCount(view, root));
  return settled(view, root, saveRecords(encoder, view, root, NO_EXPIRY));
}

/** As {@link saveTable}, with the times of those that expire. */
function saveExpiringTable(encoder: RdbEncoder, view: HeapView, ref: number): RdbRest | undefined {
  const root = valueOf(view, ref).object;
  // A bound does as well: what counts is that no time is before it.
  const soonestMs = soonestExpiryMs(view, root);
  encoder.int64(Math.floor(soonestMs / 2 ** 32), soonestMs | 0);
  encoder.lengthOf(recordCount(view, root));
  return settled(view, root, saveRecords(encoder, view, root, soonestMs));
}

/** A small table is done at once. */
function settled(view: HeapView, root: number, steps: RdbRest): RdbRest | undefined {
  if (recordCount(view, root) > SAVED_PER_STEP) return steps;
  finished(steps);
  return undefined;
}

/** @param soonestMs NO_EXPIRY for records without times. */
function* saveRecords(
  encoder: RdbEncoder,
  view: HeapView,
  root: number,
  soonestMs: number,
): RdbRest {
  const walk = new RecordWalk(view, root);
  for (let i = 1; walk.next(); i++) {
    if (soonestMs !== NO_EXPIRY) {
      const expiresAtMs = walk.expiresAtMs;
      encoder.lengthOf(expiresAtMs === NO_EXPIRY ? 0 : expiresAtMs - soonestMs + 1);
    }
    const key = encoder.heapString(view, walk.keyRef, walk.keyOffset, walk.keyLength);
    if (key !== undefined) yield* key;
    const value = encoder.heapString(view, walk.valueRef, walk.valueOffset, walk.valueLength);
    if (value !== undefined) yield* value;
    if (i % SAVED_PER_STEP === 0) yield;
  }
}

const HMSET = latin1Bytes("HMSET");
const HPEXPIREAT = commandStart(6, "HPEXPIREAT");
const FIELDS_ONE = [latin1Bytes("FIELDS"), latin1Bytes("1")];

function rewriteListpack(text: CommandText, view: HeapView, ref: number): undefined {
  const { object, offset, length } = valueOf(view, ref);
  const bytes = new Uint8Array(length);
  view.copyOut(object, offset, length, bytes, 0);
  const reader = new ListpackReader();
  reader.open(bytes, 0);
  let left = listpackCount(bytes, 0) / 2;
  for (let i = 0; left > 0; i++, left--) {
    if (i % FIELDS_PER_COMMAND === 0) begin(text, view, ref, left);
    for (let part = 0; part < 2; part++) {
      reader.next();
      reader.text();
      text.bytes(reader.stringBytes, reader.stringStart, reader.stringEnd);
    }
  }
}

/** Begins a command for as many of the fields left as one may take. */
function begin(text: CommandText, view: HeapView, ref: number, left: number): void {
  text.begin(2 + 2 * Math.min(left, FIELDS_PER_COMMAND), HMSET);
  text.key(view, ref);
}

function rewriteTable(text: CommandText, view: HeapView, ref: number): RdbRest | undefined {
  const root = valueOf(view, ref).object;
  return settled(view, root, rewriteRecords(text, view, ref, root));
}

function* rewriteRecords(
  text: CommandText,
  view: HeapView,
  ref: number,
  root: number,
): RdbRest {
  const walk = new RecordWalk(view, root);
  let left = recordCount(view, root);
  for (let i = 0; walk.next(); i++, left--) {
    if (i % FIELDS_PER_COMMAND === 0) begin(text, view, ref, left);
    const key = text.heapString(view, walk.keyRef, walk.keyOffset, walk.keyLength);
    if (key !== undefined) yield* key;
    const value = text.heapString(view, walk.valueRef, walk.valueOffset, walk.valueLength);
    if (value !== undefined) yield* value;
    if (i % SAVED_PER_STEP === SAVED_PER_STEP - 1) yield;
  }
  if (expiringCount(view, root) > 0) yield* rewriteTimes(text, view, ref, root);
}

function* rewriteTimes(
  text: CommandText,
  view: HeapView,
  ref: number,
  root: number,
): RdbRest {
  const walk = new RecordWalk(view, root);
  for (let i = 1; walk.next(); i++) {
    const expiresAtMs = walk.expiresAtMs;
    if (expiresAtMs !== NO_EXPIRY) {
      text.start(HPEXPIREAT);
      text.key(view, ref);
      text.int64(Math.floor(expiresAtMs / 2 ** 32), expiresAtMs | 0);
      for (const word of FIELDS_ONE) text.bytes(word, 0, word.length);
      const key = text.heapString(view, walk.keyRef, walk.keyOffset, walk.keyLength);
      if (key !== undefined) yield* key;
    }
    if (i % SAVED_PER_STEP === 0) yield;
  }
}

const EXPIRING_TABLE: RdbValueType = {
  byte: 24,
  typeName: "hash",
  format: "hash table with field expiry",
  version: 12,
  load: loadRelative,
  save: saveExpiringTable,
  rewrite: rewriteTable,
};

const TABLE: RdbValueType = {
  byte: 4,
  typeName: "hash",
  format: "hash table",
  version: 1,
  kinds: [KIND_HASH_TABLE],
  savedAs(view, ref) {
    const root = valueOf(view, ref).object;
    return expiringCount(view, root) > 0 ? EXPIRING_TABLE : TABLE;
  },
  load: (reader, target) => loadPairs(reader, target, NO_TIMES),
  save: saveTable,
  rewrite: rewriteTable,
};

export const HASH_TYPES: readonly RdbValueType[] = [
  TABLE,
  { byte: 9, typeName: "hash", format: "zipmap", version: 2, load: loadZipmap },
  { byte: 13, typeName: "hash", format: "ziplist", version: 4, load: loadZiplist },
  {
    byte: 16,
    typeName: "hash",
    format: "listpack",
    version: 10,
    kinds: [KIND_HASH_LISTPACK],
    load: loadListpack,
    save: saveBytes,
    rewrite: rewriteListpack,
  },
  {
    byte: 22,
    typeName: "hash",
    format: "pre-release hash with field expiry",
    version: 12,
    load: (reader, target) => loadPairs(reader, target, ABSOLUTE_TIMES),
  },
  {
    byte: 23,
    typeName: "hash",
    format: "pre-release listpack with field expiry",
    version: 12,
    load: loadListpackWithTimes,
  },
  EXPIRING_TABLE,
  {
    byte: 25,
    typeName: "hash",
    format: "listpack with field expiry",
    version: 12,
    load(reader, target) {
      // The soonest time, which the listpack says again.
      reader.readInt64();
      loadListpackWithTimes(reader, target);
    },
  },
];

/** Those whose bytes mean something else in a file of Valkey 9. */
export const HASH_VALKEY_TYPES: readonly RdbValueType[] = [{
  byte: 22,
  typeName: "hash",
  format: "hash table with field expiry",
  version: 80,
  load: (reader, target) => loadPairs(reader, target, VALKEY_TIMES),
}];
