/**
 * What ZUNION and the like take in: a sorted set, a set (all of whose scores are 1), or nothing.
 * Several may be open at once, and read while others change; what is open must not.
 */
import { SetReader } from "../set/set_reader.ts";
import type { Database } from "../database.ts";
import type { Keyspace } from "../keyspace.ts";
import { TYPE_SET } from "../value_type.ts";
import { ZsetReader } from "./zset_reader.ts";

const NO_BYTES = new Uint8Array(0);
const SET_SCORE = 1;

export class ZsetSource {
  /** The key's entry; 0 for nothing. */
  ref = 0;
  count = 0;
  /** What scores are multiplied by: the caller's to use. */
  weight = 1;

  /** The member that {@link next} has come to, and its score. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  score = SET_SCORE;

  readonly #keyspace: Keyspace;
  readonly #zset: ZsetReader;
  readonly #set: SetReader;
  #database: Database;
  #isSet = false;
  #isBegun = false;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
    this.#database = keyspace.databases[0];
    this.#zset = new ZsetReader(keyspace.heap);
    this.#set = new SetReader(keyspace.heap, keyspace.records);
  }

  /** Takes the value of a key, which must be a set or a sorted set; 0 for no key. */
  open(database: Database, ref: number): void {
    this.ref = ref;
    this.#database = database;
    this.#isSet = ref !== 0 && database.typeOf(ref) === TYPE_SET;
    this.#isBegun = false;
    this.count = 0;
    if (ref === 0) return;
    if (this.#isSet) {
      this.#set.open(ref);
      this.count = this.#set.count;
      this.score = SET_SCORE;
    } else {
      this.#zset.open(database, ref);
      this.count = this.#zset.count;
    }
  }

  /** Goes to the next member, at first to the first one; false at the end. */
  next(): boolean {
    if (this.ref === 0) return false;
    if (this.#isSet) {
      const set = this.#set;
      if (!set.next()) return false;
      set.text();
      this.bytes = set.bytes;
      this.start = set.start;
      this.end = set.end;
      return true;
    }
    const zset = this.#zset;
    if (!(this.#isBegun ? zset.next() : zset.seek(0))) return false;
    this.#isBegun = true;
    this.bytes = zset.bytes;
    this.start = zset.start;
    this.end = zset.end;
    this.score = zset.score;
    return true;
  }

  /** The score of a member; NaN when there is none such. */
  scoreOf(bytes: Uint8Array, start: number, end: number): number {
    if (this.ref === 0) return NaN;
    if (this.#isSet) return this.#set.has(bytes, start, end) ? SET_SCORE : NaN;
    return this.#keyspace.zsets.scoreOf(this.#database, this.ref, bytes, start, end);
  }

  /** Lets go of the heap's memory. */
  close(): void {
    this.#set.close();
    this.#zset.close();
    this.ref = 0;
    this.bytes = NO_BYTES;
  }
}
