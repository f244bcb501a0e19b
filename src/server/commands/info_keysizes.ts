/**
 * The section `keysizes` of INFO, which is Redis 8's: how many keys of each type are how long, by
 * powers of two.
 *
 *     db0_distrib_strings_sizes:0=1,1=3,1K=2        2 strings of 1024 to 2047 bytes
 *     db0_distrib_lists_items:4=7                   7 lists of 4 to 7 elements
 *
 * Redis counts at every change of every value. Here nothing is counted until somebody asks, by this
 * name (INFO ALL does not): then all keys are visited, by the cursor of a SCAN and a millisecond at a
 * time, while the one who asks waits. A key that is there all the while counts once, with the length
 * that it has when its turn comes; one that comes, goes, is renamed or moves meanwhile may count or
 * not. As in Redis a key that has expired counts until it is deleted.
 *
 * One walk is under way at a time. Whoever asks meanwhile gets the result of the next one, all of
 * them together, so that many who ask cost the others no more than one does.
 */
import { SCAN_START } from "../../heap/dict.ts";
import type { Database } from "../../keyspace/database.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import { listCount } from "../../keyspace/list/list_value.ts";
import {
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STRING,
  TYPE_ZSET,
} from "../../keyspace/value_type.ts";
import type { Clock } from "../../platform/clock.ts";

const SLICE_US = 1000;
const PAUSE_MS = 1;
/** Without a pause no more keys than this are visited: some twenty milliseconds. */
const KEYS_AT_ONCE_MAX = 100_000;

/** What the lengths of each type are called, by the number of the type. */
const KINDS: readonly string[] = (() => {
  const kinds: string[] = [];
  kinds[TYPE_STRING] = "strings_sizes";
  kinds[TYPE_LIST] = "lists_items";
  kinds[TYPE_SET] = "sets_items";
  kinds[TYPE_ZSET] = "zsets_items";
  kinds[TYPE_HASH] = "hashes_items";
  return kinds;
})();
/** Lengths of 0, 1, 2 and 3, 4 to 7, ... below 2^32. */
const BUCKETS = 33;
const UNITS = ["", "K", "M", "G"];

/** One line of the section. */
export type KeysizesField = readonly [name: string, value: string];

/** A walk through the keys of all databases. */
class KeysizesWalk {
  readonly #keyspace: Keyspace;
  /** As they were at the beginning: SWAPDB gives them other numbers, but does not move them. */
  readonly #databases: readonly Database[];
  readonly #counts: readonly Float64Array[];
  #position = 0;
  #cursor = SCAN_START;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
    this.#databases = [...keyspace.databases];
    this.#counts = this.#databases.map(() => new Float64Array(KINDS.length * BUCKETS));
  }

  /** Visits the next keys; true when that were all. */
  run(clock: Clock, budgetUs: number): boolean {
    const endsUs = clock.monotonicUs() + budgetUs;
    while (this.#position < this.#databases.length) {
      this.#visit(this.#databases[this.#position], this.#counts[this.#position]);
      if (this.#cursor === SCAN_START) this.#position++;
      if (this.#cursor !== SCAN_START && clock.monotonicUs() >= endsUs) return false;
    }
    return true;
  }

  /** What has been found, a line for each type of each database that has any. */
  fields(): KeysizesField[] {
    const fields: KeysizesField[] = [];
    for (const database of this.#keyspace.databases) {
      const { index } = database;
      const place = this.#databases.indexOf(database);
      KINDS.forEach((kind, type) => {
        const text = countsText(this.#counts[place], type * BUCKETS);
        if (text !== "") fields.push([`db${index}_distrib_${kind}`, text]);
      });
    }
    return fields;
  }

  /** Counts the keys of one segment of a dict. */
  #visit(database: Database, counts: Float64Array): void {
    const { keys } = database;
    this.#cursor = keys.scan(this.#cursor);
    const { scanned, scannedCount } = keys;
    for (let i = 0; i < scannedCount; i++) {
      const type = database.typeOf(scanned[i]);
      if (type >= KINDS.length) continue;
      const length = this.#lengthOf(database, scanned[i], type);
      counts[type * BUCKETS + 32 - Math.clz32(length)]++;
    }
  }

  #lengthOf(database: Database, ref: number, type: number): number {
    const { sets, zsets, hashes } = this.#keyspace;
    if (type === TYPE_STRING) return database.valueLengthOf(ref);
    if (type === TYPE_LIST) return listCount(this.#keyspace, database, ref);
    if (type === TYPE_SET) return sets.count(database, ref);
    if (type === TYPE_ZSET) return zsets.count(database, ref);
    return hashes.count(database, ref);
  }
}

/** `0=1,1=3,1K=2`: the buckets from an index on that hold anything, by the shortest length in them. */
function countsText(counts: Float64Array, first: number): string {
  const parts: string[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const count = counts[first + bucket];
    if (count > 0) parts.push(`${bucketLabel(bucket)}=${count}`);
  }
  return parts.join(",");
}

function bucketLabel(bucket: number): string {
  if (bucket === 0) return "0";
  const power = bucket - 1;
  return `${2 ** (power % 10)}${UNITS[Math.floor(power / 10)]}`;
}

/** Who waits for the result of a walk. */
interface Asker {
  readonly isGone: () => boolean;
  readonly done: (fields: readonly KeysizesField[]) => void;
}

/** The walks of one server. */
export class Keysizes {
  readonly #keyspace: Keyspace;
  readonly #clock: Clock;
  /** Those who wait for the walk that is under way; null when there is none. */
  #asking: Asker[] | null = null;
  /** Those who wait for the next one. */
  #upcoming: Asker[] = [];

  constructor(keyspace: Keyspace, clock: Clock) {
    this.#keyspace = keyspace;
    this.#clock = clock;
  }

  /**
   * The lines of the section, at once: for those who cannot wait, as in a transaction.
   * @returns null when there are too many keys, which would hold up everybody else.
   */
  countAtOnce(): readonly KeysizesField[] | null {
    if (this.#keyspace.size > KEYS_AT_ONCE_MAX) return null;
    const walk = new KeysizesWalk(this.#keyspace);
    walk.run(this.#clock, Infinity);
    return walk.fields();
  }

  /**
   * Visits all keys in slices.
   * @param isGone nobody wants the result any more: when nobody at all does, the walk ends.
   * @returns the lines of the section when one slice was enough for them, else their promise.
   */
  count(isGone: () => boolean): readonly KeysizesField[] | Promise<readonly KeysizesField[]> {
    if (this.#asking === null) {
      const walk = new KeysizesWalk(this.#keyspace);
      if (walk.run(this.#clock, SLICE_US)) return walk.fields();
      const promise = this.#promise(isGone);
      this.#goOn(walk);
      return promise;
    }
    return this.#promise(isGone);
  }

  #promise(isGone: () => boolean): Promise<readonly KeysizesField[]> {
    return new Promise((done) => this.#upcoming.push({ isGone, done }));
  }

  /** All who wait so far wait for this walk; it goes on after a pause. */
  #goOn(walk: KeysizesWalk): void {
    this.#asking ??= this.#upcoming.splice(0);
    this.#clock.schedule(PAUSE_MS, () => this.#runSlice(walk));
  }

  #runSlice(walk: KeysizesWalk): void {
    const asking = this.#asking!.filter(({ isGone }) => !isGone());
    this.#asking = asking;
    if (asking.length > 0 && !walk.run(this.#clock, SLICE_US)) return this.#goOn(walk);
    const fields = walk.fields();
    for (const { done } of asking) done(fields);
    this.#asking = null;
    if (this.#upcoming.length > 0) this.#goOn(new KeysizesWalk(this.#keyspace));
  }
}
