/**
 * The patterns of SORT's BY and GET, and looking up what they name:
 *
 *     #                 the element itself
 *     weight_*          the string at the key that has the element in the place of the first star
 *     object_*->field   a field of the hash at that key
 *     anything else     nothing
 *
 * Keys are made and looked up in batches, so that they are fetched from memory together.
 */
import { KEYS_AHEAD_MAX } from "../../keyspace/keys_ahead.ts";
import { TYPE_HASH, TYPE_STRING } from "../../keyspace/value_type.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Call } from "../call.ts";
import { EVENT_KEY_MISS } from "../key_events.ts";
import type { SortVector } from "./sort_vector.ts";

const HASH_SIGN = 0x23;
const STAR = 0x2a;
const MINUS = 0x2d;
const GREATER = 0x3e;
const FIRST_BYTES = 4096;
const KEPT_BYTES_MAX = 1024 * 1024;
const NO_BYTES = new Uint8Array(0);

/** Where the parts of a pattern stand among the arguments, which it must not outlive. */
export class SortPattern {
  readonly isElement: boolean;
  readonly hasStar: boolean;
  readonly bytes: Uint8Array;
  readonly start: number;
  /** Where the star stands. */
  readonly starAt: number;
  /** Where the key ends, and the field begins and ends: equal where there is none. */
  readonly keyEnd: number;
  readonly fieldStart: number;
  readonly fieldEnd: number;

  constructor(args: Arguments, index: number) {
    const bytes = args.bytes;
    const start = args.starts[index];
    const end = args.ends[index];
    // To Redis, which looks for these with functions for C strings, a pattern ends at a zero byte.
    const textEnd = textEndOf(bytes, start, end);
    this.bytes = bytes;
    this.start = start;
    this.isElement = textEnd - start === 1 && bytes[start] === HASH_SIGN;
    let star = start;
    while (star < textEnd && bytes[star] !== STAR) star++;
    this.starAt = star;
    this.hasStar = star < textEnd;
    const arrow = arrowIn(bytes, star + 1, textEnd);
    const hasField = arrow >= 0 && arrow + 2 < textEnd;
    this.keyEnd = hasField ? arrow : end;
    this.fieldStart = hasField ? arrow + 2 : end;
    this.fieldEnd = end;
  }

  /** True when there is something to look up. */
  get namesKey(): boolean {
    return this.hasStar && !this.isElement;
  }
}

function textEndOf(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) if (bytes[i] === 0) return i;
  return end;
}

/** Where `->` stands; -1 for nowhere. */
function arrowIn(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i + 1 < end; i++) {
    if (bytes[i] === MINUS && bytes[i + 1] === GREATER) return i;
  }
  return -1;
}

/**
 * Looks up what patterns name for elements of a vector:
 *
 * ```ts
 * for (let done = 0; done < total; done += lookups.prepared) {
 *   lookups.begin(call);
 *   for (...; lookups.hasRoom && ...;) lookups.add(pattern, vector, index);
 *   lookups.prefetch();
 *   for (let i = 0; i < lookups.prepared; i++) if (lookups.find(i, ...)) use(lookups.bytes, ...);
 * }
 * ```
 */
export class PatternLookups {
  /** What {@link find} has found, until anything of the heap changes. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  /** How many keys have been made. */
  prepared = 0;

  #call: Call | null = null;
  #keys: Uint8Array = new Uint8Array(FIRST_BYTES);
  readonly #starts: Int32Array = new Int32Array(KEYS_AHEAD_MAX);
  readonly #ends: Int32Array = new Int32Array(KEYS_AHEAD_MAX);

  get hasRoom(): boolean {
    return this.prepared < KEYS_AHEAD_MAX;
  }

  begin(call: Call): void {
    this.#call = call;
    this.prepared = 0;
  }

  /** Makes the key that a pattern names for an element; an empty range where it names none. */
  add(pattern: SortPattern, vector: SortVector, element: number): void {
    const index = this.prepared++;
    const at = index === 0 ? 0 : this.#ends[index - 1];
    this.#starts[index] = at;
    this.#ends[index] = at;
    if (!pattern.namesKey) return;
    const start = vector.startOf(element);
    const end = vector.ends[element];
    const { starAt, keyEnd } = pattern;
    const length = keyEnd - pattern.start - 1 + end - start;
    if (at + length > this.#keys.length) this.#growKeys(at, length);
    let to = copyRange(this.#keys, at, pattern.bytes, pattern.start, starAt);
    to = copyRange(this.#keys, to, vector.bytes, start, end);
    this.#ends[index] = copyRange(this.#keys, to, pattern.bytes, starAt + 1, keyEnd);
  }

  /** All keys of the batch have been made: has them fetched from memory. */
  prefetch(): void {
    const call = this.#call!;
    const keysAhead = call.keyspace.keysAhead;
    keysAhead.begin(this.#keys);
    for (let i = 0; i < this.prepared; i++) {
      if (this.#ends[i] > this.#starts[i]) keysAhead.add(this.#starts[i], this.#ends[i]);
    }
    keysAhead.prefetch(call.database.keys);
  }

  /**
   * Looks up what was made as number `index`; in order. False when there is nothing.
   */
  find(index: number, pattern: SortPattern, vector: SortVector, element: number): boolean {
    if (pattern.isElement) {
      this.bytes = vector.bytes;
      this.start = vector.startOf(element);
      this.end = vector.ends[element];
      return true;
    }
    if (!pattern.hasStar) return false;
    const call = this.#call!;
    const database = call.database;
    const ref = database.lookupRead(this.#keys, this.#starts[index], this.#ends[index]);
    if (ref === 0) {
      if (call.keyEvents.isActive) this.#notifyMiss(call, index);
      return false;
    }
    if (pattern.fieldStart < pattern.fieldEnd) return this.#findField(ref, pattern);
    if (database.typeOf(ref) !== TYPE_STRING) return false;
    this.start = database.wholeValue(ref);
    this.end = this.start + database.valueLengthOf(ref);
    this.bytes = database.wholeBytes;
    return true;
  }

  #notifyMiss(call: Call, index: number): void {
    const start = this.#starts[index];
    const end = this.#ends[index];
    call.keyEvents.notify(call.database, this.#keys, start, end, EVENT_KEY_MISS, "keymiss");
  }

  #findField(ref: number, pattern: SortPattern): boolean {
    const call = this.#call!;
    const { bytes, fieldStart, fieldEnd } = pattern;
    if (call.database.typeOf(ref) !== TYPE_HASH) return false;
    const hashes = call.keyspace.hashes;
    if (!hashes.find(call.database, ref, bytes, fieldStart, fieldEnd)) return false;
    hashes.value();
    this.bytes = hashes.bytes;
    this.start = hashes.start;
    this.end = hashes.end;
    return true;
  }

  /** It is over: lets go of the heap's memory and of what was large. */
  finish(): void {
    this.#call?.keyspace.keysAhead.clear();
    this.#call = null;
    this.bytes = NO_BYTES;
    if (this.#keys.length > KEPT_BYTES_MAX) this.#keys = new Uint8Array(FIRST_BYTES);
  }

  #growKeys(used: number, length: number): void {
    const keys = new Uint8Array(Math.max(this.#keys.length * 2, used + length));
    keys.set(this.#keys.subarray(0, used));
    this.#keys = keys;
  }
}

function copyRange(
  into: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  for (let i = start; i < end; i++) into[at++] = source[i];
  return at;
}
