/**
 * The **place** in a hash: the field that was found, drawn or come to last, in either encoding
 * (hashes.ts). {@link HashPlace.field} and {@link HashPlace.value} give its bytes, until the next
 * change. Nothing here changes a hash.
 */
import { PAGE_BYTES } from "../../heap/page_layout.ts";
import { ListpackReader } from "../../heap/listpack.ts";
import type { RecordDict } from "../../heap/record_dict.ts";
import type { Database } from "../database.ts";
import { NO_EXPIRY } from "../entries.ts";
import type { Keyspace } from "../keyspace.ts";
import { listpackValueCount, openListpack } from "../listpack_value.ts";
import { ENCODING_LISTPACK } from "../value_type.ts";
import { FOUND, ListpackSearch, TOO_LONG } from "./listpack_search.ts";

const NO_BYTES = new Uint8Array(0);
/** A longer listpack lies on several pages of the heap. */
const SPANNING_BYTES_MIN = PAGE_BYTES;
/** Draws that may meet a field whose time is past before all fields are gone through. */
const DRAWS_MAX = 64;

export class HashPlace {
  /** Where the entry is after the last change; 0 when it has gone with its last field. */
  entry = 0;
  /** What {@link field} and {@link value} found: `bytes[start..end)`. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  /** When the field at the place expires: milliseconds since the epoch, -1 never. */
  expiresAtMs: number = NO_EXPIRY;

  protected readonly keyspace: Keyspace;
  protected readonly records: RecordDict;
  /** The place in a listpack: at the field, and at its value. */
  protected readonly fieldReader: ListpackReader = new ListpackReader();
  protected readonly valueReader: ListpackReader = new ListpackReader();
  protected isListpack = false;
  /** The root of the table that the place is in. */
  protected root = 0;
  readonly #search: ListpackSearch;
  // Where a walk is.
  #walkCursor = 0;
  #walkIndex = 0;
  #walkEnds = false;

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
    this.records = keyspace.records;
    this.#search = new ListpackSearch(keyspace.heap);
  }

  /** How many fields there are, those included whose time is past and that nobody has met (HLEN). */
  count(database: Database, ref: number): number {
    if (database.encodingOf(ref) === ENCODING_LISTPACK) {
      return listpackValueCount(database, ref) >>> 1;
    }
    return this.records.count(database.rootOf(ref));
  }

  /** True when a time given by {@link expiresAtMs} is past. */
  isExpired(expiresAtMs: number): boolean {
    const keyspace = this.keyspace;
    return expiresAtMs !== NO_EXPIRY && keyspace.nowMs > expiresAtMs && !keyspace.ignoresExpiry;
  }

  /** Goes to a field; false when there is none, or its time is past. */
  seek(database: Database, ref: number, bytes: Uint8Array, start: number, end: number): boolean {
    return this.goTo(database, ref, bytes, start, end) && !this.isExpired(this.expiresAtMs);
  }

  protected goTo(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    this.entry = ref;
    if (database.encodingOf(ref) === ENCODING_LISTPACK) {
      this.isListpack = true;
      this.expiresAtMs = NO_EXPIRY;
      return this.#goToEntry(database, ref, bytes, start, end);
    }
    const records = this.records;
    const root = database.rootOf(ref);
    this.isListpack = false;
    this.root = root;
    const found = records.find(root, bytes, start, end);
    this.expiresAtMs = found ? records.expiresAtMs : NO_EXPIRY;
    return found;
  }

  #goToEntry(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    const field = this.fieldReader;
    const lengthBytes = database.valueLengthOf(ref);
    if (lengthBytes > SPANNING_BYTES_MIN) {
      const search = this.#search;
      const value = this.valueReader;
      const found = search.find(database, ref, lengthBytes, field, value, bytes, start, end);
      if (found !== TOO_LONG) return found === FOUND;
    }
    openListpack(database, ref, field);
    if (!field.find(bytes, start, end, 1)) return false;
    this.openValue();
    return true;
  }

  /** Goes to the value behind the field. */
  protected openValue(): void {
    const field = this.fieldReader;
    this.valueReader.openAt(field.bytes, field.start, field.offset + field.entryBytes);
    this.valueReader.next();
  }

  /** The name of the field at the place, in `bytes[start..end)`. */
  field(): void {
    if (this.isListpack) return this.#text(this.fieldReader);
    const records = this.records;
    this.start = records.wholeKey();
    this.bytes = records.wholeBytes;
    this.end = this.start + records.keyLength;
  }

  /** The value of the field at the place, in `bytes[start..end)`. */
  value(): void {
    if (this.isListpack) return this.#text(this.valueReader);
    const records = this.records;
    this.start = records.wholeValue();
    this.bytes = records.wholeBytes;
    this.end = this.start + records.valueLength;
  }

  /** Lets go of the heap's memory. */
  dropViews(): void {
    this.bytes = NO_BYTES;
    this.fieldReader.close();
    this.valueReader.close();
  }

  #text(reader: ListpackReader): void {
    reader.text();
    this.bytes = reader.stringBytes;
    this.start = reader.stringStart;
    this.end = reader.stringEnd;
  }

  /** The length of the value at the place. */
  get valueLength(): number {
    return this.isListpack ? this.valueReader.length : this.records.valueLength;
  }

  /** The value at the place where it is kept as an integer that a double holds exactly, else NaN. */
  get integerValue(): number {
    if (!this.isListpack || !this.valueReader.isInteger) return NaN;
    const value = this.valueReader.value;
    return Number.isSafeInteger(value) ? value : NaN;
  }

  /**
   * Goes before the first field of a hash: {@link next} goes to each in turn, as long as nothing
   * changes.
   */
  beginWalk(database: Database, ref: number): void {
    this.entry = ref;
    this.isListpack = database.encodingOf(ref) === ENCODING_LISTPACK;
    if (this.isListpack) {
      this.expiresAtMs = NO_EXPIRY;
      openListpack(database, ref, this.valueReader);
      return;
    }
    this.root = database.rootOf(ref);
    this.#walkCursor = this.records.scan(this.root, 0);
    this.#walkIndex = 0;
    this.#walkEnds = this.#walkCursor === 0;
  }

  /** Goes to the next field whose time is not past; false when there is none. */
  next(): boolean {
    if (this.isListpack) {
      const value = this.valueReader;
      const field = this.fieldReader;
      field.openAt(value.bytes, value.start, value.offset + value.entryBytes);
      if (!field.next()) return false;
      this.openValue();
      return true;
    }
    const records = this.records;
    for (;;) {
      while (this.#walkIndex < records.scannedCount) {
        records.select(this.#walkIndex++);
        this.expiresAtMs = records.expiresAtMs;
        if (this.expiresAtMs === NO_EXPIRY || !this.isExpired(this.expiresAtMs)) return true;
      }
      if (this.#walkEnds) return false;
      this.#walkCursor = records.scan(this.root, this.#walkCursor);
      this.#walkIndex = 0;
      this.#walkEnds = this.#walkCursor === 0;
    }
  }

  /**
   * How many fields there are whose time is not past. All are gone through where some may be: no
   * longer in the order of magnitude of O(1).
   */
  liveCount(database: Database, ref: number): number {
    if (!this.mayHaveExpired(database, ref)) return this.count(database, ref);
    let count = 0;
    for (this.beginWalk(database, ref); this.next();) count++;
    return count;
  }

  /** Whether there may be a field whose time is past. */
  mayHaveExpired(database: Database, ref: number): boolean {
    if (database.encodingOf(ref) === ENCODING_LISTPACK) return false;
    const root = database.rootOf(ref);
    const records = this.records;
    if (records.expiringCount(root) === 0 || this.keyspace.ignoresExpiry) return false;
    return records.soonestExpiryMs(root) < this.keyspace.nowMs;
  }

  /** Goes to a field, each with the same chance; false when the time of all is past. */
  random(database: Database, ref: number): boolean {
    const prng = this.keyspace.prng;
    this.entry = ref;
    if (database.encodingOf(ref) === ENCODING_LISTPACK) {
      const field = this.fieldReader;
      this.isListpack = true;
      this.expiresAtMs = NO_EXPIRY;
      openListpack(database, ref, field);
      field.seek(2 * prng.below(field.count >>> 1));
      this.openValue();
      return true;
    }
    const records = this.records;
    this.isListpack = false;
    this.root = database.rootOf(ref);
    for (let draws = 0; draws < DRAWS_MAX; draws++) {
      records.random(this.root, prng);
      this.expiresAtMs = records.expiresAtMs;
      if (!this.isExpired(this.expiresAtMs)) return true;
    }
    return this.#randomLive(database, ref);
  }

  /** As {@link random} where nearly all are past their time. */
  #randomLive(database: Database, ref: number): boolean {
    let left = this.liveCount(database, ref);
    if (left === 0) return false;
    left = this.keyspace.prng.below(left);
    this.beginWalk(database, ref);
    while (this.next() && left > 0) left--;
    return true;
  }

  /** Which record of a table the place is, as one number; until the next change. */
  get recordNumber(): number {
    return this.records.keyRef * 4096 + this.records.keyOffset;
  }

  /**
   * Collects the fields of a table's next segment for {@link select}; returns the cursor behind it,
   * 0 at the end.
   */
  scan(database: Database, ref: number, cursor: number): number {
    this.entry = ref;
    this.isListpack = false;
    this.root = database.rootOf(ref);
    return this.records.scan(this.root, cursor);
  }

  /** How many fields {@link scan} has come to. */
  get scannedCount(): number {
    return this.records.scannedCount;
  }

  /** Goes to one of the fields scanned; false when its time is past. */
  select(index: number): boolean {
    const records = this.records;
    records.select(index);
    this.expiresAtMs = records.expiresAtMs;
    return !this.isExpired(this.expiresAtMs);
  }
}
