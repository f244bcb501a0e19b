/**
 * What is told of keys: that one was modified (to those who watch, track or wait for keys), and what
 * has happened to it (keyspace notifications). Handlers tell; the server says who listens.
 *
 * While nobody listens, telling costs one look at {@link KeyEvents.isActive}.
 */
import type { Database } from "../keyspace/database.ts";

/** The classes of notify-keyspace-events; each has a letter there. */
export const EVENT_KEYSPACE = 1 << 0;
export const EVENT_KEYEVENT = 1 << 1;
export const EVENT_GENERIC = 1 << 2;
export const EVENT_STRING = 1 << 3;
export const EVENT_LIST = 1 << 4;
export const EVENT_SET = 1 << 5;
export const EVENT_HASH = 1 << 6;
export const EVENT_ZSET = 1 << 7;
export const EVENT_EXPIRED = 1 << 8;
export const EVENT_EVICTED = 1 << 9;
export const EVENT_STREAM = 1 << 10;
export const EVENT_KEY_MISS = 1 << 11;
export const EVENT_MODULE = 1 << 13;
export const EVENT_NEW = 1 << 14;

/** Who listens to what happens to keys. A key is lent as `bytes[start..end)`. */
export interface KeyListener {
  /** A key was modified (Redis's signalModifiedKey). */
  touched(database: Database, bytes: Uint8Array, start: number, end: number): void;
  /** Something happened to a key, of a class that {@link KeyEvents.classes} has. */
  notified(
    database: Database,
    bytes: Uint8Array,
    start: number,
    end: number,
    eventClass: number,
    event: string,
  ): void;
}

export class KeyEvents {
  /** Anybody listens to anything. */
  isActive = false;

  #listener: KeyListener | null = null;
  #classes = 0;
  #tellsTouches = false;

  /** Who is told. */
  set listener(listener: KeyListener) {
    this.#listener = listener;
  }

  /** The classes of events that are notified: `notify-keyspace-events` as bits, 0 for none. */
  get classes(): number {
    return this.#classes;
  }

  set classes(classes: number) {
    this.#classes = classes;
    this.#settle();
  }

  /** Whether somebody wants to know which keys are modified: watched or tracked ones exist. */
  get tellsTouches(): boolean {
    return this.#tellsTouches;
  }

  set tellsTouches(tells: boolean) {
    this.#tellsTouches = tells;
    this.#settle();
  }

  /** A key was modified. */
  touched(database: Database, bytes: Uint8Array, start: number, end: number): void {
    if (this.#tellsTouches) this.#listener!.touched(database, bytes, start, end);
  }

  /** Something happened to a key: `event` is the word that subscribers get. */
  notify(
    database: Database,
    bytes: Uint8Array,
    start: number,
    end: number,
    eventClass: number,
    event: string,
  ): void {
    if ((this.#classes & eventClass) === 0) return;
    this.#listener!.notified(database, bytes, start, end, eventClass, event);
  }

  #settle(): void {
    this.isActive = this.#classes !== 0 || this.#tellsTouches;
  }
}
