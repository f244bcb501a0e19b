/**
 * All the data of one server: the heap, the databases on it, the time they see, and the counters of
 * what happened to keys. Nothing here knows of clients, replies or files.
 *
 * Time: `nowMs` is set by whoever drives the keyspace (once a command, once a tick) and stands still
 * in between, so that a command sees one instant.
 */
import type { Prng } from "../base/prng.ts";
import { KeyHash } from "../base/hash.ts";
import { Heap } from "../heap/heap.ts";
import { AccessClock } from "./access.ts";
import { Database, NO_EXPIRY } from "./database.ts";
import { KeysAhead } from "./keys_ahead.ts";

/** What a keyspace asks of the server around it. */
export interface KeyspaceEvents {
  /** A key's time has come; it is about to be deleted (to be propagated as DEL or UNLINK). */
  expired(database: Database, ref: number): void;
  /** A command has removed every key of every database. */
  flushedAll?(): void;
}

export class Keyspace {
  readonly heap: Heap;
  readonly hash: KeyHash;
  readonly access: AccessClock;
  readonly keysAhead: KeysAhead;
  readonly prng: Prng;
  readonly events: KeyspaceEvents;
  databases: Database[] = [];

  /** The instant that commands see: whole milliseconds since the epoch. */
  nowMs = 0;
  /** Look-ups for reading that found a key, and that did not. */
  hits = 0;
  misses = 0;
  /** Keys deleted because their time had come. */
  expiredCount = 0;
  /** True while commands of a client with NO-TOUCH run. */
  isNoTouch = false;
  /**
   * True while expired keys must only look absent and not be deleted: paused clients.
   */
  keepsExpired = false;
  /** True while an append-only file is loaded: keys live until their DEL comes. */
  ignoresExpiry = false;

  constructor(prng: Prng, events: KeyspaceEvents, databaseCount: number) {
    this.heap = new Heap();
    this.prng = prng;
    this.events = events;
    this.hash = new KeyHash(prng.nextUint32() | 0, prng.nextUint32() | 0);
    this.keysAhead = new KeysAhead(this.hash);
    this.access = new AccessClock(prng);
    for (let i = 0; i < databaseCount; i++) this.databases.push(new Database(this, i));
  }

  /** Sets the instant that commands see from now on. */
  setNow(wallMs: number): void {
    const nowMs = Math.floor(wallMs);
    if (nowMs === this.nowMs) return;
    this.nowMs = nowMs;
    this.access.tick(nowMs);
  }

  /** True when the entry's time has come; then it is deleted too, unless `keepsExpired`. */
  expireIfNeeded(database: Database, ref: number): boolean {
    const expiresAtMs = database.expiresAtMs(ref);
    if (expiresAtMs === NO_EXPIRY || this.nowMs <= expiresAtMs || this.ignoresExpiry) return false;
    if (!this.keepsExpired) this.expire(database, ref);
    return true;
  }

  /** True when a key that gets this expiry time is to be deleted at once. */
  isPast(expiresAtMs: number): boolean {
    return expiresAtMs <= this.nowMs && !this.ignoresExpiry;
  }

  /** Deletes an entry whose time has come, counts it and says so. */
  expire(database: Database, ref: number): void {
    this.events.expired(database, ref);
    this.expiredCount++;
    database.delete(ref);
  }

  /** Keys of all databases. */
  get size(): number {
    let size = 0;
    for (const database of this.databases) size += database.size;
    return size;
  }

  /** Exchanges the contents of two databases (SWAPDB). */
  swap(first: number, second: number): void {
    const databases = this.databases;
    const one = databases[first];
    const other = databases[second];
    databases[first] = other;
    databases[second] = one;
    one.index = second;
    other.index = first;
  }

  /** Empties one database, or all of them; returns how many keys there were. */
  flush(database?: Database): number {
    const count = database === undefined ? this.size : database.size;
    if (count === this.size) {
      // Nothing else lives in the heap: it is emptied page by page instead of key by key.
      for (const each of this.databases) each.forget();
      this.heap.clear();
    } else database?.clear();
    return count;
  }

  /** Verifies heap and databases; slow. */
  check(): void {
    this.heap.check();
    for (const database of this.databases) database.check();
  }
}
