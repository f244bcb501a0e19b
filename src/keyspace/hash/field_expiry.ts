/**
 * Active expiry of fields: what makes fields go whose time is past and that nobody asks for.
 *
 * A database knows its hashes with such fields (`expiringFields`), and a table the soonest time of
 * any of its own, so that a hash with nothing to do costs one look. What is due is gone through
 * segment by segment. A large hash may take several rounds: where the last one ended is kept by the
 * hash's key, for entries move.
 */
import type { RecordDict } from "../../heap/record_dict.ts";
import type { Database } from "../database.ts";
import type { Keyspace } from "../keyspace.ts";
import { KIND_HASH_TABLE } from "./hashes.ts";

/** Units of work of one round, when a field that goes is one, and so is a segment or hash looked at. */
const ROUND_UNITS = 200;
const NO_BYTES = new Uint8Array(0);

/** Expires fields of all databases of a keyspace, in rounds. */
export class FieldExpiry {
  readonly #keyspace: Keyspace;
  readonly #records: RecordDict;
  #unitsLeft = 0;
  /** The hash that a round ended in, and where; no database when it ended between two. */
  #database: Database | null = null;
  #key: Uint8Array = NO_BYTES;
  #cursor = 0;
  /** The soonest time of those left, as far as that hash has been gone through. */
  #soonestMs = Infinity;
  /** The hash's root, and what it said of its soonest time, when that began. */
  #root = 0;
  #boundMs = 0;
  /** The due fields of a segment: their names one after another, and where each ends. */
  #names: Uint8Array = new Uint8Array(1024);
  #ends: number[] = [];

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
    this.#records = keyspace.records;
  }

  /**
   * Does some work in a database: a few ten microseconds, or the time that a long name takes.
   * @returns true when it is worth to go on at once: something was due, and not all of it is done.
   */
  round(database: Database): boolean {
    const dict = database.expiringFields;
    if (dict.count === 0 || this.#keyspace.ignoresExpiry) return false;
    this.#unitsLeft = ROUND_UNITS;
    const before = this.#keyspace.hashes.expiredFieldCount;
    if (this.#database === database) this.#resume(database);
    // Two passes over the dict at most, for one that is small.
    let ends = 0;
    while (this.#unitsLeft > 0 && ends < 2 && dict.count > 0) {
      database.fieldExpiryCursor = dict.scan(database.fieldExpiryCursor);
      if (database.fieldExpiryCursor === 0) ends++;
      this.#expireScanned(database);
    }
    return this.#unitsLeft <= 0 && this.#keyspace.hashes.expiredFieldCount > before;
  }

  /** Goes through the hashes that a scan has collected; all of them, for it will not come back. */
  #expireScanned(database: Database): void {
    const dict = database.expiringFields;
    for (let i = 0; i < dict.scannedCount; i++) {
      const ref = dict.scanned[i];
      this.#unitsLeft--;
      const root = database.rootOf(ref);
      if (this.#records.soonestExpiryMs(root) >= this.#keyspace.nowMs) continue;
      // While one hash waits to be gone on with, the next due ones have to wait, too.
      if (this.#unitsLeft <= 0 || this.#database !== null) continue;
      this.#begin(root);
      this.#expireHash(database, ref);
    }
  }

  #begin(root: number): void {
    this.#cursor = 0;
    this.#soonestMs = Infinity;
    this.#root = root;
    this.#boundMs = this.#records.soonestExpiryMs(root);
    this.#keyspace.hashes.soonestSetMs = Infinity;
  }

  /** Goes on with the hash that the last round ended in, if it is still one. */
  #resume(database: Database): void {
    const key = this.#key;
    this.#database = null;
    const ref = database.find(key, 0, key.length);
    if (ref === 0 || database.kindOf(ref) !== KIND_HASH_TABLE) return;
    const root = database.rootOf(ref);
    const boundMs = this.#records.soonestExpiryMs(root);
    if (root === this.#root && boundMs === this.#boundMs) this.#expireHash(database, ref);
  }

  #expireHash(database: Database, ref: number): void {
    const { hashes } = this.#keyspace;
    hashes.activelyExpired = 0;
    try {
      this.#walkHash(database, ref);
    } finally {
      hashes.activelyExpired = -1;
    }
  }

  /** Goes through a hash from `#cursor` on, as far as the units suffice. */
  #walkHash(database: Database, ref: number): void {
    const records = this.#records;
    const hashes = this.#keyspace.hashes;
    const root = database.rootOf(ref);
    do {
      const next = this.#collect(root);
      this.#unitsLeft -= this.#ends.length + 1;
      let start = 0;
      for (const end of this.#ends) {
        // Its time is past, so that finding it ends it.
        hashes.find(database, ref, this.#names, start, end);
        if (hashes.entry === 0) return;
        start = end;
      }
      this.#cursor = next;
    } while (this.#cursor !== 0 && this.#unitsLeft > 0);
    if (this.#cursor === 0) {
      // What has been set meanwhile may stand where the walk had been already.
      records.setSoonestExpiryMs(root, Math.min(this.#soonestMs, hashes.soonestSetMs));
    } else {
      this.#database = database;
      this.#key = database.keyOf(ref);
    }
  }

  /** Copies the names of a segment's due fields; returns the cursor behind it. */
  #collect(root: number): number {
    const records = this.#records;
    const nowMs = this.#keyspace.nowMs;
    const next = records.scan(root, this.#cursor);
    this.#ends.length = 0;
    let end = 0;
    for (let i = 0; i < records.scannedCount; i++) {
      records.select(i);
      const { expiresAtMs, keyLength } = records;
      if (expiresAtMs < 0) continue;
      if (expiresAtMs >= nowMs) {
        if (expiresAtMs < this.#soonestMs) this.#soonestMs = expiresAtMs;
        continue;
      }
      this.#reserve(end + keyLength);
      const at = records.wholeKey();
      this.#names.set(records.wholeBytes.subarray(at, at + keyLength), end);
      end += keyLength;
      this.#ends.push(end);
    }
    return next;
  }

  #reserve(length: number): void {
    if (length <= this.#names.length) return;
    const larger = new Uint8Array(length * 2);
    larger.set(this.#names);
    this.#names = larger;
  }
}
