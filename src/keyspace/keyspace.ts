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
import { RecordDict } from "../heap/record_dict.ts";
import type { CommandsAhead } from "../protocol/commands_ahead.ts";
import { EncodingLimits } from "./encoding_limits.ts";
import { Hashes } from "./hash/hashes.ts";
import { KeysAhead } from "./keys_ahead.ts";
import { LazyFree } from "./lazy_free.ts";
import { Streams } from "./stream/streams.ts";
import { Sets } from "./set/sets.ts";
import { Quicklists } from "./list/quicklist.ts";
import { Zsets } from "./zset/zsets.ts";

/** What a keyspace asks of the server around it. */
export interface KeyspaceEvents {
  /** A key's time has come; it is about to be deleted (to be propagated as DEL or UNLINK). */
  expired(database: Database, ref: number): void;
  /**
   * The time of a field, named by `bytes[start..end)`, has come; it is about to be deleted, and its
   * key with it when it is the last one (to be propagated as HDEL).
   * @param isNews nobody has been told yet that fields of this hash expire: active expiry ends many
   *   in one go.
   */
  fieldExpired?(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isNews: boolean,
    isLast: boolean,
  ): void;
  /** A command has removed every key of every database. */
  flushedAll?(): void;
  /** A key with a value of another type than string was added, or a stream got more (`signalsKeys`). */
  keyReady?(database: Database, bytes: Uint8Array, start: number, end: number): void;
  /** A key was added (`signalsNewKeys`). */
  keyAdded?(database: Database, bytes: Uint8Array, start: number, end: number): void;
  /** A key with such a value is gone or becomes a string (`signalsKeys`). */
  keyGone?(database: Database, ref: number): void;
  /** All keys of a database are about to go, or to change places with those of another. */
  replacing?(database: Database, other: Database | null): void;
  /** That has been done. */
  replaced?(database: Database): void;
  /** One database or all of them have been emptied, together. */
  flushed?(): void;
}

/** Who times the deletion of keys whose time has come. */
export interface ExpiryWatch {
  begin(): void;
  end(): void;
}

export class Keyspace {
  readonly heap: Heap;
  readonly hash: KeyHash;
  readonly access: AccessClock;
  readonly keysAhead: KeysAhead;
  readonly prng: Prng;
  readonly events: KeyspaceEvents;
  readonly limits: EncodingLimits = new EncodingLimits();
  /** Large hashes and sets, and the scores of sorted sets. */
  readonly records: RecordDict;
  readonly streams: Streams;
  /** Sorted sets. */
  readonly zsets: Zsets;
  readonly hashes: Hashes;
  readonly sets: Sets;
  /** Large lists. */
  readonly lists: Quicklists;
  /** What has been unlinked and is still to be freed. */
  readonly lazyFree: LazyFree = new LazyFree();
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
  /** Somebody waits for keys: the events `keyReady` and `keyGone` are told. */
  signalsKeys = false;
  /** Somebody wants to know of new keys: the event `keyAdded` is told. */
  signalsNewKeys = false;
  /** True while an append-only file is loaded: keys live until their DEL comes. */
  ignoresExpiry = false;
  /** `lazyfree-lazy-expire`, `lazyfree-lazy-server-del`: what ends so is freed later. */
  freesExpiredLazily = false;
  freesReplacedLazily = false;
  /** Told of each deletion of a key whose time has come; null while nobody times them. */
  expiryWatch: ExpiryWatch | null = null;
  /** False while no value but strings has been there since everything was flushed. */
  holdsCollections = false;

  constructor(prng: Prng, events: KeyspaceEvents, databaseCount: number, heap: Heap = new Heap()) {
    this.heap = heap;
    this.prng = prng;
    this.events = events;
    this.hash = new KeyHash(prng.nextUint32() | 0, prng.nextUint32() | 0);
    this.keysAhead = new KeysAhead(this.hash);
    this.access = new AccessClock(prng);
    this.records = new RecordDict(this.heap, this.keysAhead.members);
    this.streams = new Streams(this.heap);
    this.lists = new Quicklists(this.heap);
    this.zsets = new Zsets(this);
    this.hashes = new Hashes(this);
    this.sets = new Sets(this);
    for (let i = 0; i < databaseCount; i++) this.databases.push(new Database(this, i));
  }

  /** Has what commands are about to look up in a database fetched from memory together. */
  fetchAhead(ahead: CommandsAhead, databaseIndex: number): void {
    const { keysAhead } = this;
    const database = this.databases[databaseIndex];
    keysAhead.fetchFor(ahead, database.keys);
    if (this.holdsCollections) keysAhead.members.fetchFor(ahead, this, database);
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
    this.expiryWatch?.begin();
    this.events.expired(database, ref);
    this.expiredCount++;
    if (this.freesExpiredLazily) database.unlink(ref);
    else database.delete(ref);
    this.expiryWatch?.end();
  }

  /** A stream has got another entry, or has lost a group that somebody may wait for. */
  signalStream(database: Database, bytes: Uint8Array, start: number, end: number): void {
    if (this.signalsKeys) this.events.keyReady?.(database, bytes, start, end);
  }

  /** Keys of all databases. */
  get size(): number {
    let size = 0;
    for (const database of this.databases) size += database.size;
    return size;
  }

  /** Exchanges the contents of two databases (SWAPDB). */
  swap(first: number, second: number): void {
    if (first === second) return;
    const databases = this.databases;
    const one = databases[first];
    const other = databases[second];
    this.events.replacing?.(one, other);
    this.events.replacing?.(other, one);
    databases[first] = other;
    databases[second] = one;
    one.index = second;
    other.index = first;
    this.events.replaced?.(one);
    this.events.replaced?.(other);
  }

  /**
   * Empties one database, or all of them; returns how many keys there were.
   * @param isLazy what can be freed later is, in slices.
   */
  flush(database?: Database, isLazy = false): number {
    const flushed = database === undefined ? this.databases : [database];
    for (const each of flushed) this.events.replacing?.(each, null);
    const count = database === undefined ? this.size : database.size;
    if (count === this.size) {
      // Nothing else lives in the heap: it is emptied page by page instead of key by key.
      for (const each of this.databases) each.forget();
      this.lazyFree.forget();
      // Redis, which goes through all of them, would have taken its time.
      if (isLazy) this.lazyFree.freedCount += count;
      this.heap.clear();
      this.#dropViews();
      this.holdsCollections = false;
    } else if (isLazy) {
      const steps = database?.detachAll();
      if (steps !== undefined) this.lazyFree.addDatabase(steps, count);
    } else database?.clear();
    for (const each of flushed) this.events.replaced?.(each);
    this.events.flushed?.();
    return count;
  }

  /**
   * Makes all that is kept here let go of the heap's bytes: a chunk that the heap gives back is
   * memory as long as anybody has it.
   */
  #dropViews(): void {
    for (const database of this.databases) database.dropViews();
    this.records.dropViews();
    this.hashes.dropViews();
    this.sets.dropViews();
    this.zsets.dropViews();
    this.lists.dropViews();
    this.streams.dropViews();
  }

  /** Verifies heap and databases; slow. */
  check(): void {
    this.heap.check();
    for (const database of this.databases) database.check();
  }
}
