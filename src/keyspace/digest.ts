/**
 * Digests of data, exactly as Redis's DEBUG DIGEST and DEBUG DIGEST-VALUE make them, so that two
 * servers of either kind can be compared: equal data sets have equal digests, whatever the order
 * of their keys and the encodings of their values.
 *
 * Two operations on 20 bytes, given some data:
 *
 *     xor:  digest = digest ^ SHA1(data)             the order of several does not matter
 *     mix:  digest = SHA1(digest ^ SHA1(data))       the order matters
 *
 *     value:    mix(type, 4 bytes big-endian), then as its type says, then xor("!!expire!!") where
 *               it has an expiry time (the time itself does not count)
 *     key:      mix(key) from zero, then the value on top of it
 *     data set: for each database with keys: mix(number, 4 bytes big-endian), then xor of SHA1 of
 *               every key's digest
 */
import { latin1Bytes } from "../base/ascii.ts";
import { assert } from "../base/assert.ts";
import { Sha1, SHA1_BYTES } from "../base/sha1.ts";
import { entriesOf } from "../heap/dict_walk.ts";
import type { Heap } from "../heap/heap.ts";
import type { Database } from "./database.ts";
import { NO_EXPIRY } from "./database.ts";
import type { Keyspace } from "./keyspace.ts";
import { digestHash } from "./hash/digest.ts";
import { digestList } from "./list/digest.ts";
import { digestSet } from "./set/digest.ts";
import { digestStream } from "./stream/digest.ts";
import {
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_ZSET,
} from "./value_type.ts";
import { digestZset } from "./zset/digest.ts";

const EXPIRE_MARK = latin1Bytes("!!expire!!");

/** Twenty bytes that data is added to. */
export class Digest {
  readonly bytes: Uint8Array = new Uint8Array(SHA1_BYTES);
  readonly #sha1: Sha1 = new Sha1();
  readonly #hash: Uint8Array = new Uint8Array(SHA1_BYTES);
  readonly #word: Uint8Array = new Uint8Array(4);
  readonly #heap: Heap;

  /** @param heap where the values are that are going to be added. */
  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** Back to zero. */
  reset(): void {
    this.bytes.fill(0);
  }

  /** Adds data among which there is no order. */
  xor(data: Uint8Array, start = 0, end: number = data.length): void {
    this.#sha1.reset();
    this.#sha1.update(data, start, end);
    this.#xorHash();
  }

  /** Adds data after what was added before. */
  mix(data: Uint8Array, start = 0, end: number = data.length): void {
    this.xor(data, start, end);
    this.#close();
  }

  /** As {@link mix}, with a number as four bytes, the most significant first. */
  mixNumber(value: number): void {
    const word = this.#word;
    for (let i = 0; i < 4; i++) word[i] = value >>> (24 - 8 * i);
    this.mix(word);
  }

  /** As {@link mix}, with the bytes of a string value. */
  mixString(database: Database, ref: number): void {
    const heap = this.#heap;
    const length = database.valueLengthOf(ref);
    this.#sha1.reset();
    for (let offset = 0; offset < length; offset += heap.spanLength) {
      const at = database.valueSpan(ref, offset, length - offset);
      this.#sha1.update(heap.bytes, at, at + heap.spanLength);
    }
    this.#xorHash();
    this.#close();
  }

  /** Forty hex digits. */
  toString(): string {
    return Array.from(this.bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  #xorHash(): void {
    const hash = this.#hash;
    this.#sha1.digest(hash, 0);
    for (let i = 0; i < SHA1_BYTES; i++) this.bytes[i] ^= hash[i];
  }

  #close(): void {
    this.#sha1.reset();
    this.#sha1.update(this.bytes, 0, SHA1_BYTES);
    this.#sha1.digest(this.bytes, 0);
  }
}

/** Adds the content of a value of one type. */
type AddValue = (digest: Digest, database: Database, ref: number) => void;

/** How values of each type are added, by the type's number. */
const ADD_VALUE: Readonly<Record<number, AddValue>> = {
  [TYPE_STRING]: (digest, database, ref) => digest.mixString(database, ref),
  [TYPE_LIST]: digestList,
  [TYPE_SET]: digestSet,
  [TYPE_ZSET]: digestZset,
  [TYPE_HASH]: digestHash,
  [TYPE_STREAM]: digestStream,
};

/** Adds a value, its type and whether it expires. */
export function addValue(digest: Digest, database: Database, ref: number): void {
  const type = database.typeOf(ref);
  const add = ADD_VALUE[type];
  assert(add !== undefined, "every type of value has a digest");
  digest.mixNumber(type);
  add(digest, database, ref);
  if (database.expiresAtMs(ref) !== NO_EXPIRY) digest.xor(EXPIRE_MARK);
}

/** The digest of everything: 40 hex digits, all zero where there is nothing. */
export function keyspaceDigest(keyspace: Keyspace): string {
  const whole = new Digest(keyspace.heap);
  const one = new Digest(keyspace.heap);
  for (const database of keyspace.databases) {
    if (database.size === 0) continue;
    whole.mixNumber(database.index);
    for (const ref of entriesOf(keyspace.heap, database.keys.root)) {
      one.reset();
      one.mix(database.keyOf(ref));
      addValue(one, database, ref);
      whole.xor(one.bytes);
    }
  }
  return whole.toString();
}
