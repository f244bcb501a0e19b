/**
 * Sorted sets as values of keys, whichever encoding they have: a listpack (small_zset.ts) up to
 * `zset-max-listpack-entries` members of `zset-max-listpack-value` bytes, else dict and tree
 * (large_zset.ts). They never become small again but by being built anew (zset_builder.ts).
 *
 * A **member** is a range of bytes that does not stand in the same sorted set's heap objects. Changes
 * may move the key's entry: `ref` says where it now is. A sorted set that has become empty is the
 * caller's to delete.
 */
import { LISTPACK_BYTES_MAX } from "../../heap/listpack.ts";
import { ListpackWriter } from "../../heap/listpack_writer.ts";
import type { Database } from "../database.ts";
import type { Keyspace } from "../keyspace.ts";
import { addListpack } from "../listpack_value.ts";
import { TYPE_ZSET } from "../value_type.ts";
import { LargeZsets } from "./large_zset.ts";
import { SmallZsets } from "./small_zset.ts";
import { ZsetBuilder } from "./zset_builder.ts";
import { LARGE_ZSET_KIND } from "./zset_kind.ts";
import { ZsetReader } from "./zset_reader.ts";

/** Conditions of {@link Zsets.put}, as bits. */
export const PUT_INCREMENT = 1;
/** Only a new member. */
export const PUT_NX = 2;
/** Only one that is there. */
export const PUT_XX = 4;
/** Only a greater, only a lower score than it has; a new member always. */
export const PUT_GT = 8;
export const PUT_LT = 16;

/** What {@link Zsets.put} came to. */
export const PUT_ADDED = 1;
export const PUT_UPDATED = 2;
/** It is there with that score already. */
export const PUT_UNCHANGED = 3;
/** A condition was against it. */
export const PUT_REFUSED = 4;
/** The sum is not a number. */
export const PUT_NAN = 5;

export class Zsets {
  /** Where the entry is after a change. */
  ref = 0;
  /** The score after {@link put}, unless it was refused, and that of {@link rank}. */
  score = 0;

  readonly large: LargeZsets;
  /** For whoever reads one sorted set at a time. */
  readonly reader: ZsetReader;
  /** Makes results aside, one at a time. */
  readonly builder: ZsetBuilder;
  readonly #small: SmallZsets = new SmallZsets();
  readonly #keyspace: Keyspace;
  /** For what happens in here, so that nobody's place is lost. */
  readonly #reader: ZsetReader;
  readonly #writer: ListpackWriter = new ListpackWriter();

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
    this.large = new LargeZsets(keyspace.heap, keyspace.records);
    this.reader = new ZsetReader(keyspace.heap);
    this.builder = new ZsetBuilder(keyspace);
    this.#reader = new ZsetReader(keyspace.heap);
  }

  /** Lets go of the heap's memory. */
  dropViews(): void {
    this.large.dropViews();
    this.#small.dropViews();
    this.reader.close();
    this.#reader.close();
  }

  /** How many members there are. */
  count(database: Database, ref: number): number {
    if (isLarge(database, ref)) return this.large.count(database.rootOf(ref));
    return this.#small.count(database, ref);
  }

  /** The score of a member; NaN when there is none such. */
  scoreOf(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    if (isLarge(database, ref)) return this.large.score(database.rootOf(ref), bytes, start, end);
    return this.#small.score(database, ref, bytes, start, end);
  }

  /** How many members come before this one, whose score is left in `score`; -1 when it is absent. */
  rank(database: Database, ref: number, bytes: Uint8Array, start: number, end: number): number {
    const score = this.scoreOf(database, ref, bytes, start, end);
    this.score = score;
    if (score !== score) return -1;
    if (!isLarge(database, ref)) return this.#small.rank(database, ref);
    return this.large.rank(database.rootOf(ref), bytes, start, end, score);
  }

  /** How many members have a lower score, or with `isAfter` a lower or the same one. */
  rankOfScore(database: Database, ref: number, score: number, isAfter: boolean): number {
    if (isLarge(database, ref)) {
      return this.large.rankOfScore(database.rootOf(ref), score, isAfter);
    }
    return this.#small.rankOfScore(database, ref, score, isAfter);
  }

  /** As {@link rankOfScore}, by bytes, where all members have the same score. */
  rankOfMember(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isAfter: boolean,
  ): number {
    if (isLarge(database, ref)) {
      return this.large.rankOfMember(database.rootOf(ref), bytes, start, end, isAfter);
    }
    return this.#small.rankOfMember(database, ref, bytes, start, end, isAfter);
  }

  /**
   * Adds a key that is known to be absent, right after the look-up that said so, with a sorted set
   * that is still empty: the caller adds to it, or deletes it.
   * @param countHint how many members are about to come, of so many bytes at most.
   * @throws {HeapFull}
   */
  create(
    database: Database,
    key: Uint8Array,
    start: number,
    end: number,
    countHint: number,
    memberBytesMax: number,
    expiresAtMs: number,
  ): number {
    const limits = this.#keyspace.limits;
    if (
      countHint <= limits.zsetMaxListpackEntries && memberBytesMax <= limits.zsetMaxListpackValue
    ) {
      const writer = this.#writer;
      writer.begin();
      writer.finish();
      return addListpack(database, key, start, end, TYPE_ZSET, writer, expiresAtMs);
    }
    const root = this.large.create();
    try {
      return database.addGraph(key, start, end, LARGE_ZSET_KIND, root, expiresAtMs);
    } catch (thrown) {
      this.free(root);
      throw thrown;
    }
  }

  /** Makes a sorted set large ahead of so many members of so many bytes at most. */
  expect(database: Database, ref: number, countHint: number, memberBytesMax: number): number {
    const limits = this.#keyspace.limits;
    if (
      isLarge(database, ref) ||
      countHint <= limits.zsetMaxListpackEntries && memberBytesMax <= limits.zsetMaxListpackValue
    ) return ref;
    return this.enlarge(database, ref);
  }

  /**
   * Adds a member or gives it another score: **all** members of keys come in here, one by one.
   * @param conditions bits: PUT_INCREMENT, PUT_NX, ...
   * @returns PUT_ADDED, PUT_UPDATED, ...; `ref` is where the entry now is, `score` the new score.
   * @throws {HeapFull} and then the sorted set is as it was.
   */
  put(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    score: number,
    conditions: number,
  ): number {
    this.ref = ref;
    this.score = score;
    if (score !== score) return PUT_NAN;
    const root = isLarge(database, ref) ? database.rootOf(ref) : 0;
    const old = root !== 0
      ? this.large.score(root, bytes, start, end)
      : this.#small.score(database, ref, bytes, start, end);
    if (old !== old) {
      if ((conditions & PUT_XX) !== 0) return PUT_REFUSED;
      if (root !== 0) this.large.add(root, bytes, start, end, score);
      else this.#addToSmall(database, ref, bytes, start, end, score);
      return PUT_ADDED;
    }
    if (conditions !== 0) {
      if ((conditions & PUT_NX) !== 0) return PUT_REFUSED;
      if ((conditions & PUT_INCREMENT) !== 0) score += old;
      if (score !== score) return PUT_NAN;
      if ((conditions & PUT_GT) !== 0 && score <= old) return PUT_REFUSED;
      if ((conditions & PUT_LT) !== 0 && score >= old) return PUT_REFUSED;
      this.score = score;
    }
    if (score === old) return PUT_UNCHANGED;
    if (root !== 0) this.large.setScore(root, bytes, start, end, old, score);
    else this.ref = this.#small.setScore(database, ref, bytes, start, end, score);
    return PUT_UPDATED;
  }

  /** Takes a member out; false when there is none such. `ref` is where the entry now is. */
  remove(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    this.ref = ref;
    const score = this.scoreOf(database, ref, bytes, start, end);
    if (score !== score) return false;
    if (isLarge(database, ref)) {
      this.large.remove(database.rootOf(ref), bytes, start, end, score);
    } else this.ref = this.#small.remove(database, ref);
    return true;
  }

  /** Takes members out by rank: `count` of them, which are there, from `rank` on. */
  removeRange(database: Database, ref: number, rank: number, count: number): void {
    this.ref = ref;
    if (isLarge(database, ref)) this.large.removeRange(database.rootOf(ref), rank, count);
    else this.ref = this.#small.removeRange(database, ref, rank, count);
  }

  /** Takes out the first member or the last one, which must be there. */
  removeEnd(database: Database, ref: number, isLast: boolean): void {
    this.ref = ref;
    if (isLarge(database, ref)) return this.large.removeEnd(database.rootOf(ref), isLast);
    const rank = isLast ? this.#small.count(database, ref) - 1 : 0;
    this.ref = this.#small.removeRange(database, ref, rank, 1);
  }

  /** Frees a large sorted set that no key has. */
  free(root: number): void {
    for (const _ of this.large.freeSteps(root));
  }

  /** A small sorted set becomes a large one; returns where the entry now is. */
  enlarge(database: Database, ref: number): number {
    const reader = this.#reader;
    const root = this.large.create();
    try {
      reader.open(database, ref);
      for (let more = reader.seek(0); more; more = reader.next()) {
        const isNew = Number.isNaN(this.large.score(root, reader.bytes, reader.start, reader.end));
        if (isNew) this.large.add(root, reader.bytes, reader.start, reader.end, reader.score);
      }
      return database.toGraph(ref, LARGE_ZSET_KIND, root);
    } catch (thrown) {
      this.free(root);
      throw thrown;
    }
  }

  #addToSmall(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    score: number,
  ): void {
    const limits = this.#keyspace.limits;
    const count = this.#small.count(database, ref);
    if (
      count < limits.zsetMaxListpackEntries && end - start <= limits.zsetMaxListpackValue &&
      database.valueLengthOf(ref) + (end - start) < LISTPACK_BYTES_MAX
    ) {
      this.ref = this.#small.insert(database, ref, bytes, start, end, score);
      return;
    }
    this.ref = this.enlarge(database, ref);
    const root = database.rootOf(this.ref);
    // Said to be absent by the dict, which has to have looked for it.
    this.large.score(root, bytes, start, end);
    this.large.add(root, bytes, start, end, score);
  }
}

/** Whether a sorted set has the large form. */
export function isLarge(database: Database, ref: number): boolean {
  return database.kindOf(ref) === LARGE_ZSET_KIND;
}
