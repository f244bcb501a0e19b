/**
 * Which key goes when there is no room: `maxmemory-policy`, by Redis's approximation.
 *
 * For each victim a few keys of every database are looked at, and the best candidates of this and of
 * earlier looks stand in a pool of 16, the best last:
 *
 *     score   idle seconds (lru), 255 - frequency (lfu), -expiry time (volatile-ttl)
 *             |  3 |  8 |  9 | 40 | ... | 77 |     ascending; the last one goes next
 *
 * The pool keeps a reference and a hash of each, and no key: a reference that still stands in its
 * dict at that hash is a living entry. One that has been used since it was looked at is no candidate
 * any more, although Redis would still take it; one that was written to may have moved and is then
 * not found, which comes to the same. Nothing is allocated for a victim.
 */
import { DictSample, sampleDict } from "../heap/dict_sample.ts";
import type { Dict } from "../heap/dict.ts";
import type { Database } from "./database.ts";
import type { Keyspace } from "./keyspace.ts";

const POOL_SIZE = 16;
/** Entries of one segment that are looked at together. */
const SAMPLES_AT_ONCE = 32;
const FREQUENCY_MAX = 255;

/** The values of `maxmemory-policy`. */
export type EvictionPolicy =
  | "noeviction"
  | "allkeys-lru"
  | "allkeys-lfu"
  | "allkeys-random"
  | "volatile-lru"
  | "volatile-lfu"
  | "volatile-random"
  | "volatile-ttl";

export class Eviction {
  /** Where the entry that {@link next} returned is. */
  database: Database;

  readonly #keyspace: Keyspace;
  #policy: EvictionPolicy = "noeviction";
  #isVolatile = false;
  #samples = 5;
  readonly #sample: DictSample = new DictSample(SAMPLES_AT_ONCE);
  /** The pool: the first `#count` of these, by ascending score. */
  #count = 0;
  readonly #scores: Float64Array = new Float64Array(POOL_SIZE);
  readonly #refs: Int32Array = new Int32Array(POOL_SIZE);
  readonly #hashes: Int32Array = new Int32Array(POOL_SIZE);
  readonly #databases: Database[] = [];
  /** The database whose turn it was last (random policies). */
  #turn = 0;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
    this.database = keyspace.databases[0];
    for (let i = 0; i < POOL_SIZE; i++) this.#databases.push(this.database);
  }

  /** True when keys may be evicted at all. */
  get isOn(): boolean {
    return this.#policy !== "noeviction";
  }

  /** `maxmemory-policy` and `maxmemory-samples`. Scores of another policy are forgotten. */
  configure(policy: EvictionPolicy, samples: number): void {
    if (policy !== this.#policy) this.#count = 0;
    this.#policy = policy;
    this.#isVolatile = policy.startsWith("volatile-");
    this.#samples = samples;
  }

  /** The entry to be evicted next, in {@link database}; 0 when no key can be evicted. */
  next(): number {
    switch (this.#policy) {
      case "noeviction":
        return 0;
      case "allkeys-random":
      case "volatile-random":
        return this.#nextByLot();
      default:
        return this.#nextByScore();
    }
  }

  #dictOf(database: Database): Dict {
    return this.#isVolatile ? database.expires : database.keys;
  }

  /** One of each database in turn. */
  #nextByLot(): number {
    const { databases, prng } = this.#keyspace;
    for (let i = 0; i < databases.length; i++) {
      this.#turn = (this.#turn + 1) % databases.length;
      const database = databases[this.#turn];
      const ref = this.#dictOf(database).random(prng);
      if (ref === 0) continue;
      this.database = database;
      return ref;
    }
    return 0;
  }

  #nextByScore(): number {
    for (;;) {
      let keys = 0;
      const { databases } = this.#keyspace;
      for (let i = 0; i < databases.length; i++) {
        const { count } = this.#dictOf(databases[i]);
        if (count > 0) this.#lookAt(databases[i], count);
        keys += count;
      }
      if (keys === 0) {
        this.#count = 0;
        return 0;
      }
      const ref = this.#takeBest();
      if (ref !== 0) return ref;
    }
  }

  /** Lets some keys of a database compete for the pool. */
  #lookAt(database: Database, count: number): void {
    const { heap, prng } = this.#keyspace;
    const dict = this.#dictOf(database);
    const sample = this.#sample;
    for (let left = Math.min(this.#samples, count); left > 0; left -= sample.count) {
      sampleDict(heap, dict, prng, Math.min(left, SAMPLES_AT_ONCE), sample);
      // Their headers are read together: the waits for memory overlap.
      for (let i = 0; i < sample.count; i++) heap.note(sample.refs[i], 0);
      heap.touchNoted();
      for (let i = 0; i < sample.count; i++) {
        this.#offer(database, sample.refs[i], sample.hashes[i]);
      }
    }
  }

  #scoreOf(database: Database, ref: number): number {
    const { access } = this.#keyspace;
    switch (this.#policy) {
      case "volatile-ttl":
        return -database.expiresAtMs(ref);
      case "allkeys-lfu":
      case "volatile-lfu":
        return FREQUENCY_MAX - access.frequency(database.accessOf(ref));
      default:
        return access.idleSeconds(database.accessOf(ref));
    }
  }

  /** Puts a key into the pool when it is better than the worst there, or there is room. */
  #offer(database: Database, ref: number, hash: number): void {
    const score = this.#scoreOf(database, ref);
    const scores = this.#scores;
    const refs = this.#refs;
    const count = this.#count;
    if (count === POOL_SIZE && score <= scores[0]) return;
    for (let i = 0; i < count; i++) {
      if (refs[i] === ref && this.#databases[i] === database) return;
    }
    let at = 0;
    while (at < count && scores[at] < score) at++;
    if (count < POOL_SIZE) {
      for (let i = count; i > at; i--) this.#move(i - 1, i);
      this.#count++;
    } else {
      at--;
      for (let i = 0; i < at; i++) this.#move(i + 1, i);
    }
    scores[at] = score;
    refs[at] = ref;
    this.#hashes[at] = hash;
    this.#databases[at] = database;
  }

  #move(from: number, to: number): void {
    this.#scores[to] = this.#scores[from];
    this.#refs[to] = this.#refs[from];
    this.#hashes[to] = this.#hashes[from];
    this.#databases[to] = this.#databases[from];
  }

  /** Takes candidates out of the pool, the best first, up to one that still is one; 0 for none. */
  #takeBest(): number {
    while (this.#count > 0) {
      const last = --this.#count;
      const ref = this.#refs[last];
      const database = this.#databases[last];
      if (!this.#dictOf(database).findReference(this.#hashes[last], ref)) continue;
      if (this.#scoreOf(database, ref) < this.#scores[last]) continue;
      this.database = database;
      return ref;
    }
    return 0;
  }
}
