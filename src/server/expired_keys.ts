/**
 * What is said of keys and fields whose time has come, while they are still there: the DEL or HDEL
 * that those repeat who repeat commands, the notification, and that the key is modified.
 */
import { EVENT_EXPIRED, EVENT_GENERIC, EVENT_HASH } from "../command/key_events.ts";
import type { Database } from "../keyspace/database.ts";
import type { Engine } from "./engine.ts";

export class ExpiredKeys {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** A key is about to be deleted. */
  expired(database: Database, ref: number): void {
    const { call: { keyEvents }, propagation, settings, tracking, watchedKeys } = this.#engine;
    if (!propagation.isActive && !keyEvents.isActive) return;
    const key = database.keyOf(ref);
    if (propagation.isActive) {
      propagation.also(database.index, settings.lazyExpire ? "UNLINK" : "DEL", key);
    }
    keyEvents.notify(database, key, 0, key.length, EVENT_EXPIRED, "expired");
    if (!keyEvents.tellsTouches) return;
    watchedKeys.expired(database, key, 0, key.length);
    tracking.isByNobody = true;
    tracking.invalidate(key, 0, key.length);
    tracking.isByNobody = false;
  }

  /**
   * A field of a key, which is named by `bytes[start..end)`, is about to be deleted, and with the
   * last one the key.
   */
  fieldExpired(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isNews: boolean,
    isLast: boolean,
  ): void {
    const { call: { keyEvents }, propagation, tracking } = this.#engine;
    if (!propagation.isActive && !keyEvents.isActive) return;
    const key = database.keyOf(ref);
    if (propagation.isActive) {
      propagation.also(database.index, "HDEL", key, bytes.slice(start, end));
    }
    if (isNews) keyEvents.notify(database, key, 0, key.length, EVENT_HASH, "hexpired");
    if (isLast) keyEvents.notify(database, key, 0, key.length, EVENT_GENERIC, "del");
    tracking.isByNobody = true;
    keyEvents.touched(database, key, 0, key.length);
    tracking.isByNobody = false;
  }
}
