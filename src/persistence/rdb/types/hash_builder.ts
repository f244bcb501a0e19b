/**
 * Building a hash that is being loaded, field by field: a listpack outside the heap as long as it
 * may be one, else a table that the key has from then on.
 */
import { latin1 } from "../../../base/ascii.ts";
import { LISTPACK_BYTES_MAX } from "../../../heap/listpack.ts";
import { ListpackWriter } from "../../../heap/listpack_writer.ts";
import type { RecordDict } from "../../../heap/record_dict.ts";
import type { Database } from "../../../keyspace/database.ts";
import { NO_EXPIRY } from "../../../keyspace/entries.ts";
import { type Hashes, KIND_HASH_TABLE } from "../../../keyspace/hash/hashes.ts";
import type { EncodingLimits } from "../../../keyspace/encoding_limits.ts";
import type { RdbReader } from "../rdb_reader.ts";
import type { RdbTarget } from "../rdb_value.ts";

const DUPLICATES = "Duplicate hash fields detected";

export class HashBuilder {
  /** Fields so far. */
  count = 0;

  readonly #reader: RdbReader;
  readonly #target: RdbTarget;
  readonly #database: Database;
  readonly #hashes: Hashes;
  readonly #records: RecordDict;
  readonly #limits: EncodingLimits;
  readonly #writer: ListpackWriter = new ListpackWriter();
  /** The fields of the listpack, where somebody wants to know whether one comes twice. */
  readonly #fields: Set<string> | null;
  /** The table; 0 while it is a listpack. */
  #root = 0;
  #field: Uint8Array = new Uint8Array(64);
  #fieldLength = 0;
  #value: Uint8Array = new Uint8Array(64);
  #valueLength = 0;

  /** @param count how many fields there are going to be. */
  constructor(reader: RdbReader, target: RdbTarget, count: number) {
    const { hashes, limits, records } = target.database.keyspace;
    this.#reader = reader;
    this.#target = target;
    this.#database = target.database;
    this.#hashes = hashes;
    this.#records = records;
    this.#limits = limits;
    this.#fields = reader.isSanitizing ? new Set() : null;
    this.#writer.begin();
    if (count > limits.hashMaxListpackEntries) this.#becomeTable();
  }

  /** Takes a copy of a field's name; its value comes next. */
  field(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length > this.#field.length) this.#field = new Uint8Array(2 * length);
    copy(bytes, start, end, this.#field);
    this.#fieldLength = length;
  }

  /** Takes a copy of the field's value, whose expiry time comes next. */
  keepValue(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length > this.#value.length) this.#value = new Uint8Array(2 * length);
    copy(bytes, start, end, this.#value);
    this.#valueLength = length;
  }

  /** Adds the field with the value kept. */
  addKept(expiresAtMs: number): void {
    this.add(this.#value, 0, this.#valueLength, expiresAtMs);
  }

  /** Adds the field with this value, which stands outside the heap. */
  add(value: Uint8Array, start: number, end: number, expiresAtMs: number): void {
    this.count++;
    if (this.#root === 0) {
      if (this.#fits(end - start, expiresAtMs)) return this.#addEntry(value, start, end);
      this.#becomeTable();
    }
    const records = this.#records;
    const root = this.#root;
    if (records.find(root, this.#field, 0, this.#fieldLength)) {
      this.#reader.fail(DUPLICATES, "loadHash");
    }
    const isFirst = expiresAtMs !== NO_EXPIRY && records.expiringCount(root) === 0;
    records.insert(root, this.#field, 0, this.#fieldLength, value, start, end, expiresAtMs);
    if (isFirst) this.#database.setExpiringFields(this.#target.ref, true);
  }

  /** All fields are there. */
  finish(): void {
    if (this.#root !== 0) return;
    const { keyBytes, keyStart, keyEnd } = this.#reader;
    const writer = this.#writer;
    writer.finish();
    this.#target.ref = this.#hashes.addListpack(
      this.#database,
      keyBytes,
      keyStart,
      keyEnd,
      writer.bytes,
      0,
      writer.length,
      this.#target.expiresAtMs,
    );
  }

  #fits(valueLength: number, expiresAtMs: number): boolean {
    const { hashMaxListpackEntries, hashMaxListpackValue } = this.#limits;
    return expiresAtMs === NO_EXPIRY && this.count <= hashMaxListpackEntries &&
      this.#fieldLength <= hashMaxListpackValue && valueLength <= hashMaxListpackValue &&
      this.#writer.entriesEnd + this.#fieldLength + valueLength < LISTPACK_BYTES_MAX;
  }

  #addEntry(value: Uint8Array, start: number, end: number): void {
    if (this.#fields !== null) {
      const field = latin1(this.#field, 0, this.#fieldLength);
      if (this.#fields.has(field)) this.#reader.fail("Hash with dup elements", "loadHash");
      this.#fields.add(field);
    }
    this.#writer.add(this.#field, 0, this.#fieldLength);
    this.#writer.add(value, start, end);
  }

  /** Adds the key with a table of what has come so far. */
  #becomeTable(): void {
    const writer = this.#writer;
    writer.finish();
    const { keyBytes, keyStart, keyEnd } = this.#reader;
    const root = this.#hashes.tableOf(writer.bytes, 0);
    try {
      this.#target.ref = this.#database.addGraph(
        keyBytes,
        keyStart,
        keyEnd,
        KIND_HASH_TABLE,
        root,
        this.#target.expiresAtMs,
      );
    } catch (thrown) {
      this.#hashes.freeTable(root);
      throw thrown;
    }
    this.#root = root;
  }
}

function copy(bytes: Uint8Array, start: number, end: number, target: Uint8Array): void {
  if (end - start > 64) target.set(bytes.subarray(start, end));
  else for (let i = start; i < end; i++) target[i - start] = bytes[i];
}
