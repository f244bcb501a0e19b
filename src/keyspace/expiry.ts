/**
 * Active expiry: what makes keys go that nobody asks for. Called `hz` times a second; in each
 * database it looks at keys with an expiry time, 20 or more a round, and goes on as long as more
 * than a tenth of a round had expired, inside a time budget.
 *
 * The rounds walk the `expires` dict with a scan cursor that outlives the call, so that every key
 * with an expiry time is looked at in turn and none is looked for at random in vain.
 */
import type { Keyspace } from "./keyspace.ts";
import type { Database } from "./database.ts";
import { FieldExpiry } from "./hash/field_expiry.ts";

const KEYS_PER_ROUND = 20;
const EXPIRED_SHARE_ACCEPTED = 0.1;
/** How much of the time between two calls a call may take (Redis's 25 %). */
const TIME_SHARE = 0.25;
/** How many rounds pass between two looks at the clock. */
const ROUNDS_PER_CLOCK = 16;

/** What one call of {@link ActiveExpiry.run} did, for INFO. */
export class ActiveExpiry {
  /** Share of sampled keys found expired but not yet deleted, a running average (INFO). */
  stalePercent = 0;
  /** Calls that ended because their time was up. */
  timeCapReachedCount = 0;
  /** Keys deleted by active expiry. */
  expiredCount = 0;

  readonly #keyspace: Keyspace;
  readonly #monotonicUs: () => number;
  readonly #fields: FieldExpiry;
  #nextDatabase = 0;
  #ttlSumMs = 0;
  #ttlSamples = 0;

  constructor(keyspace: Keyspace, monotonicUs: () => number) {
    this.#keyspace = keyspace;
    this.#monotonicUs = monotonicUs;
    this.#fields = new FieldExpiry(keyspace);
  }

  /** Expires what is due; `hz` calls a second are expected. */
  run(hz: number): void {
    const deadlineUs = this.#monotonicUs() + TIME_SHARE * 1e6 / hz;
    const databases = this.#keyspace.databases;
    let sampled = 0;
    let expired = 0;
    for (let i = 0; i < databases.length; i++) {
      const database = databases[this.#nextDatabase++ % databases.length];
      for (let round = 1; database.expires.count > 0; round++) {
        const before = this.#keyspace.expiredCount;
        const looked = this.#round(database);
        const gone = this.#keyspace.expiredCount - before;
        sampled += looked;
        expired += gone;
        if (gone <= looked * EXPIRED_SHARE_ACCEPTED) break;
        if (round % ROUNDS_PER_CLOCK === 0 && this.#monotonicUs() > deadlineUs) {
          this.timeCapReachedCount++;
          i = databases.length;
          break;
        }
      }
      this.#settleAverage(database);
    }
    this.#expireFields(deadlineUs);
    this.expiredCount += expired;
    const stalePercent = sampled === 0 ? 0 : expired / sampled * 100;
    this.stalePercent = this.stalePercent * 0.95 + stalePercent * 0.05;
  }

  /** The fields of hashes, with the time that keys have left over, or a round in each database. */
  #expireFields(deadlineUs: number): void {
    const { databases } = this.#keyspace;
    for (let i = 0; i < databases.length; i++) {
      const database = databases[this.#nextDatabase++ % databases.length];
      while (this.#fields.round(database)) {
        if (this.#monotonicUs() > deadlineUs) break;
      }
    }
  }

  /** CONFIG RESETSTAT. */
  resetStatistics(): void {
    this.stalePercent = 0;
    this.timeCapReachedCount = 0;
    this.expiredCount = 0;
  }

  /** Looks at the next keys of a database and returns how many they were. */
  #round(database: Database): number {
    const keyspace = this.#keyspace;
    const expires = database.expires;
    let looked = 0;
    // Two passes over the whole dict at most, for a dict that holds fewer than a round.
    let ends = 0;
    while (looked < KEYS_PER_ROUND && ends < 2 && expires.count > 0) {
      database.expiryCursor = expires.scan(database.expiryCursor);
      if (database.expiryCursor === 0) ends++;
      // Deleting changes the dict, not what the scan has collected.
      for (let i = 0; i < expires.scannedCount; i++) {
        const ref = expires.scanned[i];
        const leftMs = database.expiresAtMs(ref) - keyspace.nowMs;
        looked++;
        if (leftMs < 0) keyspace.expire(database, ref);
        else {
          this.#ttlSumMs += leftMs;
          this.#ttlSamples++;
        }
      }
    }
    return looked;
  }

  /** Redis's running average: what was sampled now counts for a fiftieth. */
  #settleAverage(database: Database): void {
    if (this.#ttlSamples === 0) return;
    const averageMs = this.#ttlSumMs / this.#ttlSamples;
    database.averageTtlMs = database.averageTtlMs === 0
      ? averageMs
      : database.averageTtlMs / 50 * 49 + averageMs / 50;
    this.#ttlSumMs = 0;
    this.#ttlSamples = 0;
  }
}
