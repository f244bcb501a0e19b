/**
 * A set that is made aside, member by member, and becomes the value of a key in one go: results of
 * SUNIONSTORE and the like, sets that are loaded, what is left of a set after a large SPOP.
 *
 * As long as it is small it stands outside the heap, as an intset or a listpack; then it is a dict in
 * the heap that nobody else knows. It changes its encoding where Redis 7.2 does:
 *
 *     intset     another kind of member comes:     listpack, or hashtable where that is too large
 *                more than set-max-intset-entries: hashtable
 *     listpack   more than set-max-listpack-*:     hashtable
 *
 * Whoever begins one must {@link SetBuilder.store} it or {@link SetBuilder.abandon} it.
 */
import {
  integerTextLength,
  MAX_INTEGER_TEXT_BYTES,
  parsed64,
  parseInt64,
} from "../../base/integer_text.ts";
import {
  copyIntsetWith,
  insertIntoIntset,
  INTSET_HEADER_BYTES,
  intsetCount,
  intsetSearch,
  intsetTotalBytes,
  intsetValue,
  intsetWidth,
  intsetWidthFor,
  removeFromIntset,
  writeIntsetHeader,
} from "../../heap/intset.ts";
import {
  ENTRY_OVERHEAD_BYTES_MAX,
  LISTPACK_BYTES_MAX,
  LISTPACK_END,
  ListpackReader,
} from "../../heap/listpack.ts";
import { ListpackWriter } from "../../heap/listpack_writer.ts";
import type { Database } from "../database.ts";
import type { EncodingLimits } from "../encoding_limits.ts";
import type { Keyspace } from "../keyspace.ts";
import { addListpack } from "../listpack_value.ts";
import { ENCODING_HASHTABLE, ENCODING_INTSET, ENCODING_LISTPACK, TYPE_SET } from "../value_type.ts";
import { SetWalk } from "./set_walk.ts";

export const KIND_INTSET: number = TYPE_SET | ENCODING_INTSET << 4;
export const KIND_SET_LISTPACK: number = TYPE_SET | ENCODING_LISTPACK << 4;
export const KIND_SET_TABLE: number = TYPE_SET | ENCODING_HASHTABLE << 4;

/** No intset has more members, whatever the limit says. */
const INTSET_COUNT_MAX = 2 ** 30;
const FIRST_BYTES = 1024;
/** A larger buffer is dropped when the next set begins. */
const KEPT_BYTES_MAX = 1 << 20;
const NO_BYTES = new Uint8Array(0);

/** The most members that an intset may have. */
export function intsetCountMax(limits: EncodingLimits): number {
  return Math.min(limits.setMaxIntsetEntries, INTSET_COUNT_MAX);
}

/**
 * Whether an intset that gets a member which is no integer, of so many bytes, becomes a listpack.
 */
export function fitsListpack(
  limits: EncodingLimits,
  bytes: Uint8Array,
  at: number,
  lengthBytes: number,
): boolean {
  const count = intsetCount(bytes, at);
  if (count >= limits.setMaxListpackEntries || lengthBytes > limits.setMaxListpackValue) {
    return false;
  }
  if (count === 0) return true;
  // The outermost members have the longest texts.
  const longest = Math.max(
    integerLength(intsetValue(bytes, at, 0)),
    integerLength(intsetValue(bytes, at, count - 1)),
  );
  return longest <= limits.setMaxListpackValue &&
    count * (longest + ENTRY_OVERHEAD_BYTES_MAX) + lengthBytes < LISTPACK_BYTES_MAX;
}

/** The length of an integer's text; beyond 2^53 perhaps one too many. */
function integerLength(value: number): number {
  return Number.isSafeInteger(value) ? integerTextLength(value) : MAX_INTEGER_TEXT_BYTES;
}

/** Whether a listpack takes another member of so many bytes. */
export function hasListpackRoom(
  limits: EncodingLimits,
  count: number,
  totalBytes: number,
  lengthBytes: number,
): boolean {
  return count < limits.setMaxListpackEntries && lengthBytes <= limits.setMaxListpackValue &&
    totalBytes + lengthBytes + ENTRY_OVERHEAD_BYTES_MAX < LISTPACK_BYTES_MAX;
}

export class SetBuilder {
  /** ENCODING_INTSET, ENCODING_LISTPACK or ENCODING_HASHTABLE. */
  encoding: number = ENCODING_INTSET;

  readonly #keyspace: Keyspace;
  readonly #walk: SetWalk;
  readonly #listpack: ListpackWriter = new ListpackWriter();
  readonly #reader: ListpackReader = new ListpackReader();
  #intset: Uint8Array = new Uint8Array(FIRST_BYTES);
  /** What an intset is made anew in when it gets wider. */
  #spare: Uint8Array = NO_BYTES;
  /** The dict; 0 while there is none. */
  #root = 0;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
    this.#walk = new SetWalk(keyspace.heap);
  }

  /** Begins an empty set in that encoding. */
  begin(encoding: number): void {
    this.encoding = encoding;
    if (encoding === ENCODING_INTSET) {
      if (this.#intset.length > KEPT_BYTES_MAX) this.#intset = new Uint8Array(FIRST_BYTES);
      writeIntsetHeader(this.#intset, 0, 2, 0);
    } else if (encoding === ENCODING_LISTPACK) this.#listpack.begin();
    else this.#root = this.#keyspace.records.create(false);
  }

  /** Begins an empty set in the encoding that suits so many members, of which this is one. */
  beginWith(bytes: Uint8Array, start: number, end: number, count: number): void {
    const limits = this.#keyspace.limits;
    if (count <= limits.setMaxIntsetEntries && parseInt64(bytes, start, end)) {
      this.begin(ENCODING_INTSET);
    } else {this.begin(
        count <= limits.setMaxListpackEntries ? ENCODING_LISTPACK : ENCODING_HASHTABLE,
      );}
  }

  /**
   * Begins a set with all members of a table, by copying that. When the table is too large for the
   * small encodings, adding its members to an empty set would come to the same.
   */
  beginCopy(walk: SetWalk): void {
    this.encoding = ENCODING_HASHTABLE;
    this.#root = this.#keyspace.records.copy(walk.root);
  }

  /** Whether {@link beginCopy} comes to the same as adding all members of that walk. */
  canCopy(walk: SetWalk): boolean {
    const limits = this.#keyspace.limits;
    return walk.encoding === ENCODING_HASHTABLE && walk.count > limits.setMaxIntsetEntries &&
      walk.count > limits.setMaxListpackEntries;
  }

  /** Members so far. */
  get count(): number {
    if (this.encoding === ENCODING_INTSET) return intsetCount(this.#intset, 0);
    if (this.encoding === ENCODING_LISTPACK) return this.#listpack.count;
    return this.#keyspace.records.count(this.#root);
  }

  /**
   * Adds a member, which may stand in the heap.
   * @returns false when it is one already.
   * @throws {HeapFull}
   */
  add(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.encoding === ENCODING_HASHTABLE) return this.#addToDict(bytes, start, end);
    if (this.encoding === ENCODING_LISTPACK) return this.#addToListpack(bytes, start, end);
    if (parseInt64(bytes, start, end)) return this.#addInteger(parsed64.high, parsed64.low);
    this.#leaveIntset(end - start);
    return this.add(bytes, start, end);
  }

  /** Adds the member that a walk is at, as {@link add} does. */
  addMemberOf(walk: SetWalk): boolean {
    if (walk.isInteger && this.encoding === ENCODING_INTSET) {
      return this.#addInteger(walk.high, walk.low);
    }
    walk.text();
    return this.add(walk.bytes, walk.start, walk.end);
  }

  /** Takes the member that a walk is at out; nothing happens when it is none. */
  removeMemberOf(walk: SetWalk): void {
    walk.text();
    const { bytes, start, end } = walk;
    if (this.encoding === ENCODING_HASHTABLE) {
      const records = this.#keyspace.records;
      if (records.find(this.#root, bytes, start, end)) records.remove(this.#root);
    } else if (this.encoding === ENCODING_LISTPACK) {
      if (this.#findEntry(bytes, start, end)) this.#cutEntry();
    } else if (parseInt64(bytes, start, end)) {
      const index = intsetSearch(this.#intset, 0, parsed64.high, parsed64.low);
      if (index >= 0) removeFromIntset(this.#intset, 0, index);
    }
  }

  /** Makes an intset of members that are all known to be integers, where they are few enough. */
  preferIntset(): void {
    if (this.encoding === ENCODING_INTSET) return;
    if (this.count > intsetCountMax(this.#keyspace.limits)) return;
    const walk = this.walk();
    const root = this.#root;
    this.#root = 0;
    this.begin(ENCODING_INTSET);
    while (walk.next()) {
      walk.text();
      this.add(walk.bytes, walk.start, walk.end);
    }
    walk.close();
    if (root !== 0) this.#freeDict(root);
  }

  /** A walk through the members, good until the next change. */
  walk(): SetWalk {
    const walk = this.#walk;
    if (this.encoding === ENCODING_HASHTABLE) walk.openDict(this.#root);
    else if (this.encoding === ENCODING_INTSET) walk.openBytes(ENCODING_INTSET, this.#intset, 0);
    else {
      this.#listpack.finish();
      walk.openBytes(ENCODING_LISTPACK, this.#listpack.bytes, 0);
    }
    return walk;
  }

  /**
   * Makes the set the value of a key that is known to be absent, right after the look-up that said
   * so, and returns its entry. The set must have members.
   * @throws {HeapFull} and then it is still to be abandoned.
   */
  store(
    database: Database,
    key: Uint8Array,
    start: number,
    end: number,
    expiresAtMs: number,
  ): number {
    if (this.encoding === ENCODING_HASHTABLE) {
      const ref = database.addGraph(key, start, end, KIND_SET_TABLE, this.#root, expiresAtMs);
      this.#root = 0;
      return ref;
    }
    if (this.encoding === ENCODING_LISTPACK) {
      this.#listpack.finish();
      return addListpack(database, key, start, end, TYPE_SET, this.#listpack, expiresAtMs);
    }
    const length = intsetTotalBytes(this.#intset, 0);
    const ref = database.add(key, start, end, KIND_INTSET, length, expiresAtMs);
    database.writeValue(ref, 0, this.#intset, 0, length);
    return ref;
  }

  /** Ends the set, unless it has been stored. */
  abandon(): void {
    if (this.#root !== 0) this.#freeDict(this.#root);
    this.#root = 0;
  }

  #freeDict(root: number): void {
    const steps = this.#keyspace.records.freeSteps(root);
    while (steps.next().done !== true);
  }

  #addToDict(bytes: Uint8Array, start: number, end: number): boolean {
    const records = this.#keyspace.records;
    if (records.has(this.#root, bytes, start, end)) return false;
    records.insert(this.#root, bytes, start, end, NO_BYTES, 0, 0);
    return true;
  }

  #addToListpack(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#findEntry(bytes, start, end)) return false;
    const listpack = this.#listpack;
    const limits = this.#keyspace.limits;
    if (hasListpackRoom(limits, listpack.count, listpack.entriesEnd, end - start)) {
      listpack.add(bytes, start, end);
      return true;
    }
    this.#toDict();
    return this.#addToDict(bytes, start, end);
  }

  #addInteger(high: number, low: number): boolean {
    const found = intsetSearch(this.#intset, 0, high, low);
    if (found >= 0) return false;
    const width = Math.max(intsetWidth(this.#intset, 0), intsetWidthFor(high, low));
    const count = intsetCount(this.#intset, 0) + 1;
    const needed = INTSET_HEADER_BYTES + count * width;
    if (width === intsetWidth(this.#intset, 0)) {
      if (needed > this.#intset.length) {
        const larger = new Uint8Array(needed * 2);
        larger.set(this.#intset);
        this.#intset = larger;
      }
      insertIntoIntset(this.#intset, 0, ~found, high, low);
    } else {
      if (this.#spare.length < needed) this.#spare = new Uint8Array(needed + FIRST_BYTES);
      copyIntsetWith(this.#spare, 0, this.#intset, 0, ~found, high, low);
      const spare = this.#spare;
      this.#spare = this.#intset.length > KEPT_BYTES_MAX ? NO_BYTES : this.#intset;
      this.#intset = spare;
    }
    if (count > intsetCountMax(this.#keyspace.limits)) this.#toDict();
    return true;
  }

  /** A member that is no integer, of so many bytes, is about to come. */
  #leaveIntset(lengthBytes: number): void {
    if (!fitsListpack(this.#keyspace.limits, this.#intset, 0, lengthBytes)) return this.#toDict();
    const walk = this.walk();
    this.begin(ENCODING_LISTPACK);
    while (walk.next()) walk.copyTo(this.#listpack);
  }

  #toDict(): void {
    const walk = this.walk();
    this.begin(ENCODING_HASHTABLE);
    while (walk.next()) {
      walk.text();
      this.#addToDict(walk.bytes, walk.start, walk.end);
    }
  }

  /** Points the reader at the entry of a member. */
  #findEntry(bytes: Uint8Array, start: number, end: number): boolean {
    const listpack = this.#listpack;
    listpack.bytes[listpack.entriesEnd] = LISTPACK_END;
    this.#reader.open(listpack.bytes, 0);
    return this.#reader.find(bytes, start, end, 0);
  }

  /** Takes out the entry that the reader is at. */
  #cutEntry(): void {
    const listpack = this.#listpack;
    const { offset, entryBytes } = this.#reader;
    listpack.bytes.copyWithin(offset, offset + entryBytes, listpack.entriesEnd);
    listpack.entriesEnd -= entryBytes;
    listpack.count--;
  }
}
