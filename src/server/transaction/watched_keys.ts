/**
 * WATCH: which connections watch which keys. A modified key makes the connections that watch it
 * dirty: their next EXEC does nothing.
 *
 * Keys are found by database and bytes, as text in Latin-1. A key that had expired already when it
 * was watched is as good as absent: that it is deleted later changes nothing.
 */
import { latin1, latin1Bytes } from "../../base/ascii.ts";
import type { Database } from "../../keyspace/database.ts";
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";

/** A key that a connection watches. */
export interface WatchedKey {
  readonly client: Client;
  readonly databaseIndex: number;
  readonly key: string;
  /** It had expired when it was watched, and has not been deleted since. */
  isExpired: boolean;
}

export class WatchedKeys {
  readonly #engine: Engine;
  /** By the number of the database, then by key. */
  readonly #byDatabase: Map<number, Map<string, Map<Client, WatchedKey>>> = new Map();
  /** How many keys are watched, each counted once however many watch it. */
  keyCount = 0;
  /** How many connections watch any. */
  clientCount = 0;
  /** The key that is told of has expired and is being deleted. */
  #isGoing = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Watches a key of the connection's database. */
  watch(client: Client, bytes: Uint8Array, start: number, end: number): void {
    const { databaseIndex } = client;
    const key = latin1(bytes, start, end);
    let keys = this.#byDatabase.get(databaseIndex);
    if (keys === undefined) this.#byDatabase.set(databaseIndex, keys = new Map());
    let watchers = keys.get(key);
    if (watchers === undefined) {
      keys.set(key, watchers = new Map());
      this.keyCount++;
    }
    if (watchers.has(client)) return;
    if (client.watched === null) {
      client.watched = [];
      this.clientCount++;
    }
    const isExpired = this.#isExpired(databaseIndex, bytes, start, end);
    const watched = { client, databaseIndex, key, isExpired };
    watchers.set(client, watched);
    client.watched.push(watched);
    if (this.keyCount === 1) this.#engine.followTouches();
  }

  /** UNWATCH: forgets all keys of a connection; whether it is dirty stays. */
  unwatch(client: Client): void {
    if (client.watched === null) return;
    for (const watched of client.watched) {
      const keys = this.#byDatabase.get(watched.databaseIndex)!;
      const watchers = keys.get(watched.key)!;
      watchers.delete(client);
      if (watchers.size > 0) continue;
      keys.delete(watched.key);
      this.keyCount--;
    }
    client.watched = null;
    this.clientCount--;
    if (this.keyCount === 0) this.#engine.followTouches();
  }

  /** Ends a connection's transaction, whatever has become of it. */
  discard(client: Client): void {
    client.transaction = null;
    client.isDirty = false;
    this.unwatch(client);
  }

  /** True when a watched key has expired since: EXEC must not run. */
  hasExpired(client: Client): boolean {
    for (const { databaseIndex, key, isExpired } of client.watched ?? []) {
      if (isExpired) continue;
      const bytes = latin1Bytes(key);
      if (this.#isExpired(databaseIndex, bytes, 0, bytes.length)) return true;
    }
    return false;
  }

  /** A key was modified or deleted. */
  touched(database: Database, bytes: Uint8Array, start: number, end: number): void {
    if (this.keyCount === 0) return;
    const watchers = this.#byDatabase.get(database.index)?.get(latin1(bytes, start, end));
    if (watchers === undefined) return;
    for (const watched of [...watchers.values()]) {
      if (!watched.isExpired || !this.#isGoing) this.#makeDirty(watched.client);
      // Was as good as absent and now is: no change. Anything else is one.
      else watched.isExpired = false;
    }
  }

  /** As {@link touched}: a key is about to be deleted because its time has come. */
  expired(database: Database, bytes: Uint8Array, start: number, end: number): void {
    this.#isGoing = true;
    this.touched(database, bytes, start, end);
    this.#isGoing = false;
  }

  /**
   * All keys of a database are about to go, or to change places with another's (FLUSHDB, SWAPDB):
   * a watched key that is in neither stays as it is.
   */
  replacing(database: Database, other: Database | null): void {
    if (this.keyCount === 0) return;
    const keys = this.#byDatabase.get(database.index);
    if (keys === undefined) return;
    for (const [key, watchers] of [...keys]) {
      const bytes = latin1Bytes(key);
      const isThere = database.find(bytes, 0, bytes.length) !== 0;
      const comes = other !== null && other.find(bytes, 0, bytes.length) !== 0;
      if (!isThere && !comes) continue;
      const comesExpired = comes && isExpiredIn(other!, bytes, this.#engine.keyspace.nowMs);
      for (const watched of [...watchers.values()]) {
        if (watched.isExpired) {
          if (!comes) watched.isExpired = false;
          else if (!comesExpired) this.#makeDirty(watched.client);
        } else if (!isThere && comesExpired) watched.isExpired = true;
        else this.#makeDirty(watched.client);
      }
    }
  }

  /** EXEC will not run: neither the queue nor the watching is needed any more. */
  #makeDirty(client: Client): void {
    client.isDirty = true;
    client.transaction?.drop();
    this.unwatch(client);
  }

  #isExpired(databaseIndex: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { keyspace } = this.#engine;
    const database = keyspace.databases[databaseIndex];
    const ref = database.find(bytes, start, end);
    if (ref === 0) return false;
    const expiresAtMs = database.expiresAtMs(ref);
    return expiresAtMs >= 0 && keyspace.nowMs > expiresAtMs;
  }
}

function isExpiredIn(database: Database, key: Uint8Array, nowMs: number): boolean {
  const expiresAtMs = database.expiresAtMs(database.find(key, 0, key.length));
  return expiresAtMs >= 0 && nowMs > expiresAtMs;
}
