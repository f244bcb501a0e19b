/**
 * Sets as commands see them, whatever their encoding:
 *
 *     intset       integers only, up to set-max-intset-entries
 *     listpack     anything, up to set-max-listpack-*
 *     hashtable    a RecordDict without values
 *
 * Encodings change where Redis 7.2 changes them: as members come, and never back, but for SPOP of
 * nearly all. A set never is empty: the last member takes the key along.
 *
 * There is one of these a keyspace. {@link Sets.add} is the one place where a key gets a member
 * without its value being made anew.
 */
import { parsed64, parseInt64, writeInt64 } from "../../base/integer_text.ts";
import {
  copyIntsetWith,
  INTSET_HEADER_BYTES,
  intsetCount,
  intsetHigh,
  intsetLow,
  intsetSearch,
  intsetWidth,
  intsetWidthFor,
  writeIntsetHeader,
  writeIntsetMember,
} from "../../heap/intset.ts";
import { listpackCount, ListpackReader } from "../../heap/listpack.ts";
import { ListpackWriter } from "../../heap/listpack_writer.ts";
import type { RecordDict } from "../../heap/record_dict.ts";
import type { Database } from "../database.ts";
import type { EncodingLimits } from "../encoding_limits.ts";
import type { Keyspace } from "../keyspace.ts";
import {
  addListpack,
  appendEntry,
  deleteEntries,
  listpackValueCount,
  openListpack,
  replaceByListpack,
} from "../listpack_value.ts";
import { ENCODING_HASHTABLE, ENCODING_LISTPACK, TYPE_SET } from "../value_type.ts";
import {
  fitsListpack,
  hasListpackRoom,
  intsetCountMax,
  KIND_INTSET,
  KIND_SET_TABLE,
  SetBuilder,
} from "./set_builder.ts";
import { SetReader } from "./set_reader.ts";

const NO_BYTES = new Uint8Array(0);
const INT64_BYTES = 20;
/** More readers are dropped after use. */
const KEPT_READERS_MAX = 16;
/** A larger copy of an intset is dropped after use. */
const KEPT_BYTES_MAX = 1 << 20;

export class Sets {
  /** Whether the last {@link add} or {@link remove} changed anything. */
  isChanged = false;
  /** The member that {@link random} drew: `bytes[start..end)`, until the next change. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  /** Makes sets aside. */
  readonly builder: SetBuilder;

  readonly #keyspace: Keyspace;
  readonly #limits: EncodingLimits;
  readonly #records: RecordDict;
  readonly #readers: SetReader[] = [];
  readonly #listpack: ListpackReader = new ListpackReader();
  readonly #writer: ListpackWriter = new ListpackWriter();
  readonly #digits: Uint8Array = new Uint8Array(INT64_BYTES);
  /** A member or header of an intset on its way in. */
  readonly #member: Uint8Array = new Uint8Array(INTSET_HEADER_BYTES);
  #scratch: Uint8Array = NO_BYTES;
  /** The member of an intset that {@link random} drew. */
  #index = 0;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
    this.#limits = keyspace.limits;
    this.#records = keyspace.records;
    this.builder = new SetBuilder(keyspace);
  }

  /** A reader of its own for each number, until {@link closeReaders}. */
  reader(index: number): SetReader {
    while (this.#readers.length <= index) {
      this.#readers.push(new SetReader(this.#keyspace.heap, this.#records));
    }
    return this.#readers[index];
  }

  /** Lets the first readers, so many, let go of what they have open. */
  closeReaders(count: number): void {
    const readers = this.#readers;
    for (let i = 0; i < count; i++) readers[i].close();
    if (readers.length > KEPT_READERS_MAX) readers.length = KEPT_READERS_MAX;
  }

  /** Members of a set. */
  count(database: Database, ref: number): number {
    const encoding = database.encodingOf(ref);
    if (encoding === ENCODING_HASHTABLE) return this.#records.count(database.rootOf(ref));
    if (encoding === ENCODING_LISTPACK) return listpackValueCount(database, ref);
    const at = database.valueSpan(ref, 0, INTSET_HEADER_BYTES);
    return intsetCount(this.#keyspace.heap.bytes, at);
  }

  /** Whether the text is a member. */
  has(database: Database, ref: number, bytes: Uint8Array, start: number, end: number): boolean {
    const encoding = database.encodingOf(ref);
    if (encoding === ENCODING_HASHTABLE) {
      return this.#records.has(database.rootOf(ref), bytes, start, end);
    }
    if (encoding === ENCODING_LISTPACK) {
      openListpack(database, ref, this.#listpack);
      return this.#listpack.find(bytes, start, end, 0);
    }
    if (!parseInt64(bytes, start, end)) return false;
    const at = database.wholeValue(ref);
    return intsetSearch(database.wholeBytes, at, parsed64.high, parsed64.low) >= 0;
  }

  /**
   * Adds a key that is known to be absent, right after the look-up that said so, with one member.
   * @throws {HeapFull} and then there is no such key.
   */
  addKey(
    database: Database,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const limits = this.#limits;
    if (limits.setMaxIntsetEntries > 0 && parseInt64(bytes, start, end)) {
      const width = intsetWidthFor(parsed64.high, parsed64.low);
      const length = INTSET_HEADER_BYTES + width;
      const member = this.#member;
      writeIntsetMember(member, 0, width, parsed64.high, parsed64.low);
      const ref = database.add(key, keyStart, keyEnd, KIND_INTSET, length, -1);
      database.writeValue(ref, INTSET_HEADER_BYTES, member, 0, width);
      this.#writeHeader(database, ref, width, 1);
      return ref;
    }
    if (limits.setMaxListpackEntries > 0 && end - start <= limits.setMaxListpackValue) {
      const writer = this.#writer;
      writer.begin();
      writer.add(bytes, start, end);
      writer.finish();
      return addListpack(database, key, keyStart, keyEnd, TYPE_SET, writer, -1);
    }
    const builder = this.builder;
    try {
      builder.begin(ENCODING_HASHTABLE);
      builder.add(bytes, start, end);
      return builder.store(database, key, keyStart, keyEnd, -1);
    } finally {
      builder.abandon();
    }
  }

  /**
   * Adds a member, which must not stand in the heap; `isChanged` tells whether it is new.
   * @returns where the entry now is.
   * @throws {HeapFull} and then the set is as it was.
   */
  add(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const encoding = database.encodingOf(ref);
    if (encoding === ENCODING_HASHTABLE) {
      const records = this.#records;
      const root = database.rootOf(ref);
      this.isChanged = !records.has(root, bytes, start, end);
      if (this.isChanged) records.insert(root, bytes, start, end, NO_BYTES, 0, 0);
      return ref;
    }
    if (encoding === ENCODING_LISTPACK) {
      return this.#addToListpack(database, ref, bytes, start, end);
    }
    return this.#addToIntset(database, ref, bytes, start, end);
  }

  /** Prepares a set for so many more members, as SADD does: a small one may be none from now on. */
  prepare(database: Database, ref: number, addedCount: number): number {
    const encoding = database.encodingOf(ref);
    if (encoding === ENCODING_HASHTABLE) return ref;
    const isTooMany = encoding === ENCODING_LISTPACK
      ? addedCount > this.#limits.setMaxListpackEntries
      : addedCount > this.#limits.setMaxIntsetEntries;
    return isTooMany ? this.#toDict(database, ref, NO_BYTES, 0, -1) : ref;
  }

  #addToListpack(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const listpack = this.#listpack;
    openListpack(database, ref, listpack);
    this.isChanged = !listpack.find(bytes, start, end, 0);
    if (!this.isChanged) return ref;
    const count = listpackCount(listpack.bytes, listpack.start);
    if (hasListpackRoom(this.#limits, count, listpack.totalBytes, end - start)) {
      return appendEntry(database, ref, bytes, start, end);
    }
    return this.#toDict(database, ref, bytes, start, end);
  }

  #addToIntset(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const at = database.wholeValue(ref);
    const whole = database.wholeBytes;
    this.isChanged = true;
    if (!parseInt64(bytes, start, end)) {
      return fitsListpack(this.#limits, whole, at, end - start)
        ? this.#toListpack(database, ref, bytes, start, end)
        : this.#toDict(database, ref, bytes, start, end);
    }
    const { high, low } = parsed64;
    const found = intsetSearch(whole, at, high, low);
    this.isChanged = found < 0;
    if (found >= 0) return ref;
    const count = intsetCount(whole, at) + 1;
    if (count > intsetCountMax(this.#limits)) {
      return this.#toDict(database, ref, bytes, start, end);
    }
    const width = intsetWidth(whole, at);
    if (width < intsetWidthFor(high, low)) {
      return this.#widen(database, ref, ~found, high, low);
    }
    const member = this.#member;
    writeIntsetMember(member, 0, width, high, low);
    const offset = INTSET_HEADER_BYTES + ~found * width;
    ref = database.spliceValue(ref, offset, 0, member, 0, width);
    this.#writeHeader(database, ref, width, count);
    return ref;
  }

  #writeHeader(database: Database, ref: number, width: number, count: number): void {
    writeIntsetHeader(this.#member, 0, width, count);
    database.writeValue(ref, 0, this.#member, 0, INTSET_HEADER_BYTES);
  }

  /** Makes an intset anew with a member that its width does not hold. */
  #widen(database: Database, ref: number, position: number, high: number, low: number): number {
    const at = database.wholeValue(ref);
    const whole = database.wholeBytes;
    const width = intsetWidthFor(high, low);
    const length = INTSET_HEADER_BYTES + (intsetCount(whole, at) + 1) * width;
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length * 2);
    copyIntsetWith(this.#scratch, 0, whole, at, position, high, low);
    ref = database.resizeValue(ref, length, 0);
    database.writeValue(ref, 0, this.#scratch, 0, length);
    if (this.#scratch.length > KEPT_BYTES_MAX) this.#scratch = NO_BYTES;
    return ref;
  }

  /** Makes a listpack of an intset and a member that is no integer. */
  #toListpack(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const at = database.wholeValue(ref);
    const whole = database.wholeBytes;
    const writer = this.#writer;
    writer.begin();
    const count = intsetCount(whole, at);
    for (let i = 0; i < count; i++) {
      writer.addInt64(intsetHigh(whole, at, i), intsetLow(whole, at, i));
    }
    writer.add(bytes, start, end);
    writer.finish();
    return replaceByListpack(database, ref, TYPE_SET, writer);
  }

  /** Makes a dict of a small set and a new member; `end` -1: of the set alone. */
  #toDict(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const records = this.#records;
    const root = records.create(false);
    const reader = this.reader(0);
    try {
      reader.open(ref);
      while (reader.next()) {
        reader.text();
        this.#insert(root, reader.bytes, reader.start, reader.end);
      }
      if (end >= 0) this.#insert(root, bytes, start, end);
      return database.toGraph(ref, KIND_SET_TABLE, root);
    } catch (thrown) {
      const steps = records.freeSteps(root);
      while (steps.next().done !== true);
      throw thrown;
    } finally {
      reader.close();
    }
  }

  #insert(root: number, bytes: Uint8Array, start: number, end: number): void {
    const records = this.#records;
    if (records.has(root, bytes, start, end)) return;
    records.insert(root, bytes, start, end, NO_BYTES, 0, 0);
  }

  /**
   * Takes a member out, and with the last one the key; `isChanged` tells whether it was one.
   * @returns where the entry now is, 0 when it has gone.
   */
  remove(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const encoding = database.encodingOf(ref);
    if (encoding === ENCODING_HASHTABLE) {
      this.isChanged = this.#records.find(database.rootOf(ref), bytes, start, end);
    } else if (encoding === ENCODING_LISTPACK) {
      openListpack(database, ref, this.#listpack);
      this.isChanged = this.#listpack.find(bytes, start, end, 0);
    } else if (parseInt64(bytes, start, end)) {
      const at = database.wholeValue(ref);
      this.#index = intsetSearch(database.wholeBytes, at, parsed64.high, parsed64.low);
      this.isChanged = this.#index >= 0;
    } else this.isChanged = false;
    return this.isChanged ? this.removeDrawn(database, ref) : ref;
  }

  /** Lets go of the heap's memory. */
  dropViews(): void {
    this.bytes = NO_BYTES;
    this.#listpack.close();
    this.closeReaders(this.#readers.length);
  }

  /** Draws a member, each with the same chance: it is `bytes[start..end)`. */
  random(database: Database, ref: number): void {
    const prng = this.#keyspace.prng;
    const encoding = database.encodingOf(ref);
    if (encoding === ENCODING_HASHTABLE) {
      const records = this.#records;
      records.random(database.rootOf(ref), prng);
      this.start = records.wholeKey();
      this.end = this.start + records.keyLength;
      this.bytes = records.wholeBytes;
    } else if (encoding === ENCODING_LISTPACK) {
      const listpack = this.#listpack;
      openListpack(database, ref, listpack);
      listpack.seek(prng.below(listpack.count));
      listpack.text();
      this.bytes = listpack.stringBytes;
      this.start = listpack.stringStart;
      this.end = listpack.stringEnd;
    } else {
      const at = database.wholeValue(ref);
      const whole = database.wholeBytes;
      this.#index = prng.below(intsetCount(whole, at));
      this.bytes = this.#digits;
      this.start = 0;
      this.end = writeInt64(
        this.#digits,
        0,
        intsetHigh(whole, at, this.#index),
        intsetLow(whole, at, this.#index),
      );
    }
  }

  /**
   * Takes out the member that {@link random} drew right before, and with the last one the key.
   * @returns where the entry now is, 0 when it has gone.
   */
  removeDrawn(database: Database, ref: number): number {
    const encoding = database.encodingOf(ref);
    if (this.count(database, ref) === 1) {
      database.delete(ref);
      return 0;
    }
    if (encoding === ENCODING_HASHTABLE) {
      this.#records.remove(database.rootOf(ref));
      return ref;
    }
    if (encoding === ENCODING_LISTPACK) {
      const { offset, entryBytes } = this.#listpack;
      return deleteEntries(database, ref, offset, entryBytes, 1);
    }
    const at = database.wholeValue(ref);
    const width = intsetWidth(database.wholeBytes, at);
    const count = intsetCount(database.wholeBytes, at) - 1;
    // The header first: when the value cannot be made shorter, it only has bytes to spare.
    this.#writeHeader(database, ref, width, count);
    const offset = INTSET_HEADER_BYTES + this.#index * width;
    return database.spliceValue(ref, offset, width, NO_BYTES, 0, 0);
  }
}
