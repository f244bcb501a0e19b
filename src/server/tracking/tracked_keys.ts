/**
 * Which connections may keep which keys in a cache of their own, because they have read them: a hash
 * table by the bytes of the keys, whatever their database.
 *
 * A key's name is kept as text, one character a byte, which takes half the memory of an array of
 * bytes. Most keys are kept by one connection, so that one needs no set.
 */
import { latin1 } from "../../base/ascii.ts";
import type { KeyHash } from "../../base/hash.ts";

const FIRST_BUCKETS = 64;
/** Shorter names are made by one call; longer ones would take too many arguments. */
const SHORT_NAME_BYTES = 256;

export class TrackedKey {
  readonly name: string;
  readonly hash: number;
  /** The ids of the connections that keep it: the first, and the others if any. */
  readonly firstId: number;
  otherIds: Set<number> | null = null;
  /** The next one in the same bucket. */
  next: TrackedKey | null = null;
  /** Where it stands among all. */
  place = 0;

  constructor(name: string, hash: number, firstId: number) {
    this.name = name;
    this.hash = hash;
    this.firstId = firstId;
  }

  get idCount(): number {
    return 1 + (this.otherIds === null ? 0 : this.otherIds.size);
  }
}

export class TrackedKeys {
  /** Connections of all keys together. */
  itemCount = 0;
  #buckets: (TrackedKey | null)[] = new Array<TrackedKey | null>(FIRST_BUCKETS).fill(null);
  /** In no order: to draw one by lot. */
  #all: TrackedKey[] = [];
  readonly #hash: KeyHash;

  constructor(hash: KeyHash) {
    this.#hash = hash;
  }

  get count(): number {
    return this.#all.length;
  }

  /** A connection has read a key. */
  add(bytes: Uint8Array, start: number, end: number, id: number): void {
    const hash = this.#hash.hash(bytes, start, end);
    const found = this.#find(hash, bytes, start, end);
    if (found === null) {
      const key = new TrackedKey(nameOf(bytes, start, end), hash, id);
      if (this.#all.length === this.#buckets.length) this.#grow();
      key.place = this.#all.push(key) - 1;
      this.#place(key);
      this.itemCount++;
      return;
    }
    if (found.firstId === id || found.otherIds?.has(id) === true) return;
    found.otherIds ??= new Set();
    found.otherIds.add(id);
    this.itemCount++;
  }

  /** Takes a key out and returns it; null where it is not there. */
  take(bytes: Uint8Array, start: number, end: number): TrackedKey | null {
    if (this.#all.length === 0) return null;
    const key = this.#find(this.#hash.hash(bytes, start, end), bytes, start, end);
    if (key !== null) this.remove(key);
    return key;
  }

  /** The key at a place below {@link count}. */
  at(place: number): TrackedKey {
    return this.#all[place];
  }

  remove(key: TrackedKey): void {
    const bucket = key.hash & this.#buckets.length - 1;
    let before = this.#buckets[bucket];
    if (before === key) this.#buckets[bucket] = key.next;
    else {
      while (before!.next !== key) before = before!.next;
      before!.next = key.next;
    }
    const last = this.#all.pop()!;
    if (last !== key) {
      this.#all[key.place] = last;
      last.place = key.place;
    }
    this.itemCount -= key.idCount;
  }

  clear(): void {
    if (this.#all.length === 0) return;
    this.#buckets = new Array<TrackedKey | null>(FIRST_BUCKETS).fill(null);
    this.#all = [];
    this.itemCount = 0;
  }

  #find(hash: number, bytes: Uint8Array, start: number, end: number): TrackedKey | null {
    let key = this.#buckets[hash & this.#buckets.length - 1];
    while (key !== null) {
      if (key.hash === hash && isName(key.name, bytes, start, end)) return key;
      key = key.next;
    }
    return null;
  }

  #place(key: TrackedKey): void {
    const bucket = key.hash & this.#buckets.length - 1;
    key.next = this.#buckets[bucket];
    this.#buckets[bucket] = key;
  }

  #grow(): void {
    this.#buckets = new Array<TrackedKey | null>(this.#buckets.length * 2).fill(null);
    for (const key of this.#all) this.#place(key);
  }
}

function isName(name: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) {
    if (name.charCodeAt(i) !== bytes[start + i]) return false;
  }
  return true;
}

/** At once where that can be done: text put together letter by letter takes more memory for good. */
function nameOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT_NAME_BYTES) return latin1(bytes, start, end);
  return String.fromCharCode(...bytes.subarray(start, end));
}
