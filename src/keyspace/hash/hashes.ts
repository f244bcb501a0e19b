/**
 * Hashes as commands see them, whatever their encoding:
 *
 *     listpack     field, value, field, value ...           up to hash-max-listpack-*
 *     hashtable    a RecordDict with values                 larger, or with a field that expires
 *
 * A hash never goes back to a listpack, and never is empty: the last field takes the key along.
 *
 * There is one of these a keyspace, and it has one place (hash_place.ts). Whatever can change a hash
 * leaves in `entry` where the key's entry is now, 0 when it has gone.
 *
 * A field whose time is past is absent for everyone at once. Who finds it by name ends it; who goes
 * through all fields passes over it. HLEN alone still counts it, as in Redis.
 */
import { assert } from "../../base/assert.ts";
import { LISTPACK_BYTES_MAX, LISTPACK_END, listpackCount } from "../../heap/listpack.ts";
import { ListpackWriter } from "../../heap/listpack_writer.ts";
import type { Database } from "../database.ts";
import { NO_EXPIRY } from "../entries.ts";
import { HashPlace } from "./hash_place.ts";
import {
  addListpack,
  appendEntries,
  deleteEntries,
  listpackValueCount,
  replaceEntry,
} from "../listpack_value.ts";
import { ENCODING_HASHTABLE, ENCODING_LISTPACK, TYPE_HASH } from "../value_type.ts";

export const KIND_HASH_LISTPACK = TYPE_HASH | ENCODING_LISTPACK << 4;
export const KIND_HASH_TABLE = TYPE_HASH | ENCODING_HASHTABLE << 4;

const NO_BYTES = new Uint8Array(0);
/** A larger copy of a listpack is dropped after use. */
const KEPT_BYTES_MAX = 1 << 20;

export class Hashes extends HashPlace {
  /** Fields deleted because their time had come, for INFO. */
  expiredFieldCount = 0;
  /** The soonest expiry time that a field has been given since this was set to Infinity. */
  soonestSetMs = Infinity;
  /** Active expiry goes through a hash: the fields that it has ended there, -1 when it does not. */
  activelyExpired = -1;

  readonly #writer: ListpackWriter = new ListpackWriter();
  /** A field whose time is past has been looked at before it gets another value. */
  #isSought = false;
  #copy: Uint8Array = NO_BYTES;

  /** Goes to a field; false when there is none. One whose time is past is ended: see `entry`. */
  find(database: Database, ref: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.goTo(database, ref, bytes, start, end)) return false;
    if (this.expiresAtMs === NO_EXPIRY || !this.isExpired(this.expiresAtMs)) return true;
    if (!this.keyspace.keepsExpired) this.#expireFound(database, bytes, start, end);
    return false;
  }

  /**
   * Adds a key that is known to be absent, right after the look-up that said so, with fields and
   * values that are ranges of `bytes`: a field at each second index from `first` on, its value
   * behind it. A field that comes twice has its last value.
   * @returns how many fields there are; the entry is in `entry`.
   * @throws {HeapFull} and then there is no such key.
   */
  add(
    database: Database,
    key: number,
    bytes: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    first: number,
    pairCount: number,
  ): number {
    if (this.#fits(starts, ends, first, pairCount)) {
      const added = this.#writePairs(bytes, starts, ends, first, pairCount);
      this.#writer.finish();
      const writer = this.#writer;
      const start = starts[key];
      this.entry = addListpack(database, bytes, start, ends[key], TYPE_HASH, writer, NO_EXPIRY);
      this.#setPairs(database, bytes, starts, ends, first + 2 * added, first + 2 * pairCount);
      return this.count(database, this.entry);
    }
    const root = this.records.create(true);
    try {
      for (let i = first; i < first + 2 * pairCount; i += 2) {
        this.#putRecord(root, bytes, starts[i], ends[i], bytes, starts[i + 1], ends[i + 1]);
      }
      const start = starts[key];
      this.entry = database.addGraph(bytes, start, ends[key], KIND_HASH_TABLE, root, NO_EXPIRY);
    } catch (thrown) {
      this.freeTable(root);
      throw thrown;
    }
    return this.records.count(root);
  }

  /** As {@link add}, with one field whose value stands elsewhere. */
  addOne(
    database: Database,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const { hashMaxListpackEntries, hashMaxListpackValue } = this.keyspace.limits;
    const longest = Math.max(end - start, valueEnd - valueStart);
    if (hashMaxListpackEntries > 0 && longest <= hashMaxListpackValue) {
      const writer = this.#writer;
      writer.begin();
      writer.add(bytes, start, end);
      writer.add(value, valueStart, valueEnd);
      writer.finish();
      this.entry = addListpack(database, bytes, keyStart, keyEnd, TYPE_HASH, writer, NO_EXPIRY);
      return;
    }
    const root = this.records.create(true);
    try {
      this.#putRecord(root, bytes, start, end, value, valueStart, valueEnd);
      const kind = KIND_HASH_TABLE;
      this.entry = database.addGraph(bytes, keyStart, keyEnd, kind, root, NO_EXPIRY);
    } catch (thrown) {
      this.freeTable(root);
      throw thrown;
    }
  }

  /** Sets the pairs that are left for a new key, which goes again when there is no room for all. */
  #setPairs(
    database: Database,
    bytes: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    first: number,
    end: number,
  ): void {
    try {
      for (let i = first; i < end; i += 2) {
        const v = i + 1;
        const ref = this.entry;
        this.set(database, ref, bytes, starts[i], ends[i], bytes, starts[v], ends[v], false);
      }
    } catch (thrown) {
      this.#deleteHash(database);
      throw thrown;
    }
  }

  /** Whether all of it can stand in a listpack. */
  #fits(starts: Int32Array, ends: Int32Array, first: number, pairCount: number): boolean {
    const { hashMaxListpackEntries, hashMaxListpackValue } = this.keyspace.limits;
    if (pairCount > hashMaxListpackEntries) return false;
    let totalBytes = 0;
    for (let i = first; i < first + 2 * pairCount; i++) {
      const length = ends[i] - starts[i];
      if (length > hashMaxListpackValue) return false;
      totalBytes += length;
    }
    return totalBytes < LISTPACK_BYTES_MAX;
  }

  /** Writes pairs into the writer up to the first field that is there already; returns how many. */
  #writePairs(
    bytes: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    first: number,
    pairCount: number,
  ): number {
    const writer = this.#writer;
    const reader = this.fieldReader;
    writer.begin();
    for (let i = 0; i < pairCount; i++) {
      const f = first + 2 * i;
      if (i > 0) {
        writer.bytes[writer.entriesEnd] = LISTPACK_END;
        reader.open(writer.bytes, 0);
        if (reader.find(bytes, starts[f], ends[f], 1)) return i;
      }
      writer.add(bytes, starts[f], ends[f]);
      writer.add(bytes, starts[f + 1], ends[f + 1]);
    }
    return pairCount;
  }

  /**
   * Gives a field a value, which must not stand in the heap; the field may be new, or one whose time
   * is past, which is new as well.
   * @param keepsExpiry else a field that expires does not any more.
   * @returns true when the field is new. The place is undefined.
   * @throws {HeapFull} and then the hash holds what it held.
   */
  set(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    keepsExpiry: boolean,
  ): boolean {
    const found = this.goTo(database, ref, bytes, start, end);
    this.#isSought = false;
    return this.#put(
      database,
      found,
      bytes,
      start,
      end,
      value,
      valueStart,
      valueEnd,
      keepsExpiry,
    );
  }

  /**
   * As {@link set}, keeping the expiry time, right after {@link seek} for the same field.
   * @param found what it returned.
   */
  setSought(
    database: Database,
    found: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): boolean {
    // Nothing sought has an expiry time but a record that is past its own.
    const isThere = found || this.expiresAtMs !== NO_EXPIRY;
    this.#isSought = true;
    return this.#put(
      database,
      isThere,
      bytes,
      start,
      end,
      value,
      valueStart,
      valueEnd,
      true,
    );
  }

  #put(
    database: Database,
    found: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    keepsExpiry: boolean,
  ): boolean {
    if (!this.isListpack) {
      if (!found) {
        this.records.insert(this.root, bytes, start, end, value, valueStart, valueEnd);
        return true;
      }
      return this.#replaceRecord(
        database,
        bytes,
        start,
        end,
        value,
        valueStart,
        valueEnd,
        keepsExpiry,
      );
    }
    const ref = this.entry;
    if (this.#fitsListpack(database, found, end - start, valueEnd - valueStart)) {
      if (found) {
        const { offset, entryBytes } = this.valueReader;
        this.entry = replaceEntry(database, ref, offset, entryBytes, value, valueStart, valueEnd);
        return false;
      }
      const writer = this.#writer;
      writer.begin();
      writer.add(bytes, start, end);
      writer.add(value, valueStart, valueEnd);
      this.entry = appendEntries(database, ref, writer);
      return true;
    }
    this.toTable(database, ref);
    const root = this.root;
    return this.#putRecord(root, bytes, start, end, value, valueStart, valueEnd);
  }

  /** Whether a listpack may go on being one with that field in it. */
  #fitsListpack(
    database: Database,
    found: boolean,
    fieldLength: number,
    valueLength: number,
  ): boolean {
    const { hashMaxListpackEntries, hashMaxListpackValue } = this.keyspace.limits;
    if (valueLength > hashMaxListpackValue || fieldLength > hashMaxListpackValue) return false;
    const ref = this.entry;
    if (!found && listpackValueCount(database, ref) >>> 1 >= hashMaxListpackEntries) return false;
    return database.valueLengthOf(ref) + fieldLength + valueLength < LISTPACK_BYTES_MAX;
  }

  /** Gives the record found another value; true when its time was past, which makes it new. */
  #replaceRecord(
    database: Database,
    bytes: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    keepsExpiry: boolean,
  ): boolean {
    const records = this.records;
    const root = this.root;
    records.setValue(root, value, valueStart, valueEnd);
    if (this.expiresAtMs === NO_EXPIRY) return false;
    const isExpired = this.isExpired(this.expiresAtMs);
    if (keepsExpiry && !isExpired) return false;
    records.setExpiry(root, NO_EXPIRY);
    this.#settleExpiring(database);
    if (!isExpired) return false;
    this.expiredFieldCount++;
    // Where nobody looked for it first, that it is set is all that is told.
    const isNews = this.#isSought;
    this.keyspace.events.fieldExpired?.(database, this.entry, bytes, start, end, isNews, false);
    return true;
  }

  /** Sets a field of a table that does not expire; true when it is new. */
  #putRecord(
    root: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): boolean {
    const records = this.records;
    if (records.find(root, bytes, start, end)) {
      records.setValue(root, value, valueStart, valueEnd);
      return false;
    }
    records.insert(root, bytes, start, end, value, valueStart, valueEnd);
    return true;
  }

  /** Takes the field found out; with the last one the key goes. */
  removeFound(database: Database): void {
    const ref = this.entry;
    if (this.isListpack) {
      const field = this.fieldReader;
      if (listpackValueCount(database, ref) === 2) return this.#deleteHash(database);
      const lengthBytes = field.entryBytes + this.valueReader.entryBytes;
      this.entry = deleteEntries(database, ref, field.offset, lengthBytes, 2);
      return;
    }
    const records = this.records;
    if (records.count(this.root) === 1) return this.#deleteHash(database);
    records.remove(this.root);
    if (this.expiresAtMs !== NO_EXPIRY) this.#settleExpiring(database);
  }

  #deleteHash(database: Database): void {
    database.delete(this.entry);
    this.entry = 0;
  }

  /** Ends the field found, whose time is past, and says so. */
  #expireFound(database: Database, bytes: Uint8Array, start: number, end: number): void {
    this.expiredFieldCount++;
    const isNews = this.activelyExpired <= 0;
    if (this.activelyExpired >= 0) this.activelyExpired++;
    // Only tables have fields that expire.
    const isLast = this.records.count(this.root) === 1;
    const { events } = this.keyspace;
    events.fieldExpired?.(database, this.entry, bytes, start, end, isNews, isLast);
    this.removeFound(database);
  }

  /** A field has lost its expiry time: perhaps it was the last one that had any. */
  #settleExpiring(database: Database): void {
    if (this.records.expiringCount(this.root) === 0) {
      database.setExpiringFields(this.entry, false);
    }
  }

  /**
   * Lets the field found expire, or not any more with -1; a listpack becomes a table for that.
   * The field's name is needed again, and must not stand in the heap.
   * @throws {HeapFull} and then the field expires as it did.
   */
  setExpiry(
    database: Database,
    bytes: Uint8Array,
    start: number,
    end: number,
    expiresAtMs: number,
  ): void {
    const records = this.records;
    if (expiresAtMs === NO_EXPIRY) {
      if (this.expiresAtMs === NO_EXPIRY) return;
      records.setExpiry(this.root, NO_EXPIRY);
      this.#settleExpiring(database);
      return;
    }
    if (this.isListpack) {
      this.toTable(database, this.entry);
      const found = records.find(this.root, bytes, start, end);
      assert(found, "a table has the fields of the listpack that it was");
    }
    const isFirst = records.expiringCount(this.root) === 0;
    if (isFirst) database.setExpiringFields(this.entry, true);
    if (expiresAtMs < this.soonestSetMs) this.soonestSetMs = expiresAtMs;
    try {
      records.setExpiry(this.root, expiresAtMs);
    } catch (thrown) {
      if (isFirst) database.setExpiringFields(this.entry, false);
      throw thrown;
    }
  }

  /** Makes sure that a hash is a table; returns where the entry now is. */
  ensureTable(database: Database, ref: number): number {
    this.entry = ref;
    if (database.encodingOf(ref) === ENCODING_LISTPACK) this.toTable(database, ref);
    return this.entry;
  }

  /** A listpack becomes a table; the entry is in `entry`, and the place is undefined. */
  toTable(database: Database, ref: number): void {
    const length = database.valueLengthOf(ref);
    if (this.#copy.length < length) this.#copy = new Uint8Array(length * 2);
    // Records are made while it is read, and would move it.
    database.copyValue(ref, 0, length, this.#copy, 0);
    const root = this.tableOf(this.#copy, 0);
    try {
      this.entry = database.toGraph(ref, KIND_HASH_TABLE, root);
    } catch (thrown) {
      this.freeTable(root);
      throw thrown;
    }
    this.isListpack = false;
    this.root = root;
    this.expiresAtMs = NO_EXPIRY;
    if (this.#copy.length > KEPT_BYTES_MAX) this.#copy = NO_BYTES;
  }

  /**
   * Makes a table of a listpack outside the heap and returns its root. Of a field that is there
   * twice, which only a broken file can bring, the first counts, as it does for who looks it up.
   * @throws {HeapFull} and then nothing is left of it.
   */
  tableOf(bytes: Uint8Array, at: number): number {
    const records = this.records;
    const field = this.fieldReader;
    const root = records.create(true);
    try {
      field.open(bytes, at);
      while (field.next()) {
        this.openValue();
        const value = this.valueReader;
        field.text();
        value.text();
        if (!records.find(root, field.stringBytes, field.stringStart, field.stringEnd)) {
          records.insert(
            root,
            field.stringBytes,
            field.stringStart,
            field.stringEnd,
            value.stringBytes,
            value.stringStart,
            value.stringEnd,
          );
        }
        field.openAt(bytes, at, value.offset + value.entryBytes);
      }
    } catch (thrown) {
      this.freeTable(root);
      throw thrown;
    }
    return root;
  }

  /** Frees a table that no key has. */
  freeTable(root: number): void {
    const steps = this.records.freeSteps(root);
    while (steps.next().done !== true);
  }

  /**
   * Adds a key that is known to be absent, right after the look-up that said so, with a listpack
   * outside the heap that has at least one field: as a table when it is too long for a small hash.
   */
  addListpack(
    database: Database,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    bytes: Uint8Array,
    at: number,
    lengthBytes: number,
    expiresAtMs: number,
  ): number {
    const count = listpackCount(bytes, at) >>> 1;
    if (count <= this.keyspace.limits.hashMaxListpackEntries) {
      const kind = KIND_HASH_LISTPACK;
      const ref = database.add(key, keyStart, keyEnd, kind, lengthBytes, expiresAtMs);
      database.writeValue(ref, 0, bytes, at, lengthBytes);
      return ref;
    }
    const root = this.tableOf(bytes, at);
    try {
      return database.addGraph(key, keyStart, keyEnd, KIND_HASH_TABLE, root, expiresAtMs);
    } catch (thrown) {
      this.freeTable(root);
      throw thrown;
    }
  }
}
