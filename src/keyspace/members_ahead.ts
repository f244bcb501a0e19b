/**
 * Members of large collections that commands are about to look up, hashed and fetched from memory in
 * one go: what keys_ahead.ts does for keys, for the fields of a hash, and the members of a set or a
 * sorted set, once these are so many that they do not stand in the processor's cache.
 *
 * It is the hash of all such look-ups too: it knows those that it has computed before. Whoever fills
 * it clears it before the buffer changes.
 */
import type { KeyHash } from "../base/hash.ts";
import type { RecordDict } from "../heap/record_dict.ts";
import type { CommandsAhead } from "../protocol/commands_ahead.ts";
import type { Database } from "./database.ts";
import type { Keyspace } from "./keyspace.ts";
import {
  ENCODING_HASHTABLE,
  ENCODING_SKIPLIST,
  TYPE_HASH,
  TYPE_SET,
  TYPE_ZSET,
} from "./value_type.ts";

/** Members that are fetched together at most. */
export const MEMBERS_AHEAD_MAX = 32;
/** Fewer are not worth it. */
const MEMBERS_AHEAD_MIN = 4;
/** Smaller collections are in the cache, or soon. */
const COUNT_MIN = 2048;

const KIND_SET = TYPE_SET | ENCODING_HASHTABLE << 4;
const KIND_HASH = TYPE_HASH | ENCODING_HASHTABLE << 4;
const KIND_ZSET = TYPE_ZSET | ENCODING_SKIPLIST << 4;

export class MembersAhead {
  #count = 0;
  #next = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  readonly #starts: Int32Array = new Int32Array(MEMBERS_AHEAD_MAX);
  readonly #ends: Int32Array = new Int32Array(MEMBERS_AHEAD_MAX);
  readonly #hashes: Int32Array = new Int32Array(MEMBERS_AHEAD_MAX);
  readonly #hash: KeyHash;

  constructor(hash: KeyHash) {
    this.#hash = hash;
  }

  /** The hash of `bytes[start..end)`, kept or computed. */
  hash(bytes: Uint8Array, start: number, end: number): number {
    if (this.#next < this.#count && bytes === this.#bytes) {
      const starts = this.#starts;
      let next = this.#next;
      while (next < this.#count && starts[next] < start) next++;
      this.#next = next;
      if (next < this.#count && starts[next] === start && this.#ends[next] === end) {
        return this.#hashes[next];
      }
    }
    return this.#hash.hash(bytes, start, end);
  }

  /** Forgets all members: their buffer is about to change. */
  clear(): void {
    this.#count = 0;
    this.#next = 0;
  }

  /** Fetches what commands say of the collection that the first of them names. */
  fetchFor(ahead: CommandsAhead, keyspace: Keyspace, database: Database): void {
    this.clear();
    const { bytes, firstArguments, argumentStarts, argumentEnds } = ahead;
    const key = firstArguments[0] + 1;
    if (key + 1 >= firstArguments[1]) return;
    const start = argumentStarts[key];
    const end = argumentEnds[key];
    const ref = database.keys.find(this.#hash.hash(bytes, start, end), bytes, start, end);
    if (ref === 0) return;
    const dict = dictOf(keyspace, database, ref);
    if (dict === 0) return;
    // The member is the last argument of ZADD and ZSCORE, and follows the key in other commands.
    const isLast = database.kindOf(ref) === KIND_ZSET;
    this.#bytes = bytes;
    for (let i = 0; i < ahead.count; i++) {
      const first = firstArguments[i];
      const last = firstArguments[i + 1] - 1;
      if (last < first + 2) continue;
      const from = argumentStarts[first + 1];
      if (!isSame(bytes, start, end, from, argumentEnds[first + 1])) continue;
      const member = isLast ? last : first + 2;
      if (this.#count === MEMBERS_AHEAD_MAX) break;
      this.#add(argumentStarts[member], argumentEnds[member]);
    }
    this.#fetch(keyspace.records, dict);
  }

  /**
   * Fetches the next members among the arguments of a command, MEMBERS_AHEAD_MAX of them: each
   * `step`th from `index` on.
   */
  fetchNext(
    keyspace: Keyspace,
    database: Database,
    ref: number,
    bytes: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    index: number,
    count: number,
    step: number,
  ): void {
    if (count - index < MEMBERS_AHEAD_MIN * step) return;
    const dict = dictOf(keyspace, database, ref);
    if (dict === 0) return;
    this.clear();
    this.#bytes = bytes;
    const end = Math.min(count, index + MEMBERS_AHEAD_MAX * step);
    for (let i = index; i < end; i += step) this.#add(starts[i], ends[i]);
    this.#fetch(keyspace.records, dict);
  }

  #add(start: number, end: number): void {
    const index = this.#count++;
    this.#starts[index] = start;
    this.#ends[index] = end;
    this.#hashes[index] = this.#hash.hash(this.#bytes, start, end);
  }

  #fetch(records: RecordDict, dict: number): void {
    if (this.#count > 1) records.prefetch(dict, this.#hashes, this.#count);
  }
}

/** The dict of a collection that has so many members that fetching them ahead pays; else 0. */
function dictOf(keyspace: Keyspace, database: Database, ref: number): number {
  const kind = database.kindOf(ref);
  if (kind !== KIND_SET && kind !== KIND_HASH && kind !== KIND_ZSET) return 0;
  const root = database.rootOf(ref);
  const dict = kind === KIND_ZSET ? keyspace.zsets.large.dictOf(root) : root;
  return keyspace.records.count(dict) < COUNT_MIN ? 0 : dict;
}

function isSame(
  bytes: Uint8Array,
  start: number,
  end: number,
  from: number,
  fromEnd: number,
): boolean {
  if (end - start !== fromEnd - from) return false;
  for (let i = start; i < end; i++) if (bytes[i] !== bytes[from++]) return false;
  return true;
}
