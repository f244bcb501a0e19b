import assert from "node:assert/strict";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { entriesOf } from "../../../src/heap/dict_walk.ts";
import { type Database, NO_EXPIRY } from "../../../src/keyspace/database.ts";
import { Keyspace } from "../../../src/keyspace/keyspace.ts";
import { randomBytes, sameBytes, seeded } from "../heap/seeded.ts";

/** What a key must hold. */
export interface ModelValue {
  bytes: Uint8Array;
  kind: number;
  expiresAtMs: number;
}

/** A keyspace with nobody around it; `expired` collects the keys whose time has come. */
export function newKeyspace(
  options: { databases?: number; expired?: string[]; seed?: number } = {},
): Keyspace {
  const events = {
    expired(database: Database, ref: number): void {
      options.expired?.push(`${database.index}:${latin1(database.keyOf(ref))}`);
    },
  };
  const keyspace = new Keyspace(seeded(options.seed ?? 1), events, options.databases ?? 1);
  keyspace.setNow(1_000_000_000_000);
  return keyspace;
}

/** A keyspace beside what its databases must hold: by number, a Map from keys to values. */
export class KeyspaceModel {
  readonly keyspace: Keyspace;
  readonly maps: Map<string, ModelValue>[] = [];
  readonly prng: Prng;
  valueMax = 3000;
  keyMax = 60;

  constructor(seed: number, databases = 3) {
    this.prng = seeded(seed);
    this.keyspace = newKeyspace({ databases, seed });
    for (let i = 0; i < databases; i++) this.maps.push(new Map());
  }

  step(): void {
    const prng = this.prng;
    const number = prng.below(this.maps.length);
    const map = this.maps[number];
    const choice = prng.below(1000);
    if (map.size === 0 || choice < 300) return this.add(number, this.newKey());
    const key = this.anyKey(number);
    if (choice < 450) this.replace(number, key);
    else if (choice < 600) this.resize(number, key);
    else if (choice < 700) this.setExpiry(number, key);
    else if (choice < 770) this.removeExpiry(number, key);
    else if (choice < 880) this.delete(number, key);
    else if (choice < 930) this.move(number, key, prng.below(this.maps.length), this.newKey());
    else if (choice < 985) this.copy(number, key, prng.below(this.maps.length), this.newKey());
    else if (choice < 995) this.swap(number, prng.below(this.maps.length));
    else this.flush(prng.below(3) === 0 ? undefined : number);
  }

  add(number: number, key: string, length: number = this.#length()): void {
    if (this.maps[number].has(key)) return;
    const database = this.keyspace.databases[number];
    const bytes = latin1Bytes(key);
    assert.equal(database.lookupWrite(bytes, 0, bytes.length), 0);
    const value = this.#newValue(length);
    const ref = database.add(bytes, 0, bytes.length, value.kind, length, value.expiresAtMs);
    database.writeValue(ref, 0, value.bytes, 0, length);
    this.maps[number].set(key, value);
    this.verify(number, key);
  }

  replace(number: number, key: string, length: number = this.#length()): void {
    const database = this.keyspace.databases[number];
    const value = this.#newValue(length);
    const ref = database.replaceValue(
      this.find(number, key),
      value.kind,
      length,
      value.expiresAtMs,
    );
    database.writeValue(ref, 0, value.bytes, 0, length);
    this.maps[number].set(key, value);
    this.verify(number, key);
  }

  resize(number: number, key: string, length: number = this.#length()): void {
    const database = this.keyspace.databases[number];
    const value = this.maps[number].get(key)!;
    const kept = this.prng.below(Math.min(value.bytes.length, length) + 1);
    const ref = database.resizeValue(this.find(number, key), length, kept);
    const bytes = randomBytes(this.prng, length);
    bytes.set(value.bytes.subarray(0, kept));
    // Half of the new part is cleared instead of written.
    const zeroed = (length - kept) >>> 1;
    bytes.fill(0, kept, kept + zeroed);
    database.clearValue(ref, kept, zeroed);
    database.writeValue(ref, kept + zeroed, bytes, kept + zeroed, length - kept - zeroed);
    value.bytes = bytes;
    this.verify(number, key);
  }

  setExpiry(number: number, key: string): void {
    const expiresAtMs = this.#futureMs();
    this.keyspace.databases[number].setExpiry(this.find(number, key), expiresAtMs);
    this.maps[number].get(key)!.expiresAtMs = expiresAtMs;
    this.verify(number, key);
  }

  removeExpiry(number: number, key: string): void {
    this.keyspace.databases[number].removeExpiry(this.find(number, key));
    this.maps[number].get(key)!.expiresAtMs = NO_EXPIRY;
    this.verify(number, key);
  }

  delete(number: number, key: string): void {
    this.keyspace.databases[number].delete(this.find(number, key));
    this.maps[number].delete(key);
    const bytes = latin1Bytes(key);
    assert.equal(this.keyspace.databases[number].peek(bytes, 0, bytes.length), 0);
  }

  move(number: number, key: string, to: number, newKey: string): void {
    if (this.maps[to].has(newKey)) return;
    const bytes = latin1Bytes(`.${newKey}.`);
    const target = this.keyspace.databases[to];
    const source = this.keyspace.databases[number];
    const ref = this.find(number, key);
    source.setAccess(ref, 0xabcdef);
    const moved = source.moveTo(target, ref, bytes, 1, bytes.length - 1);
    assert.equal(target.accessOf(moved), 0xabcdef);
    this.maps[to].set(newKey, this.maps[number].get(key)!);
    this.maps[number].delete(key);
    this.verify(to, newKey);
  }

  copy(number: number, key: string, to: number, newKey: string): void {
    if (this.maps[to].has(newKey)) return;
    const bytes = latin1Bytes(newKey);
    const source = this.keyspace.databases[number];
    source.copyTo(this.keyspace.databases[to], this.find(number, key), bytes, 0, bytes.length);
    this.maps[to].set(newKey, { ...this.maps[number].get(key)! });
    this.verify(number, key);
    this.verify(to, newKey);
  }

  swap(first: number, second: number): void {
    this.keyspace.swap(first, second);
    [this.maps[first], this.maps[second]] = [this.maps[second], this.maps[first]];
    this.keyspace.databases.forEach((database, index) => assert.equal(database.index, index));
  }

  flush(number: number | undefined): void {
    const maps = number === undefined ? this.maps : [this.maps[number]];
    const count = maps.reduce((sum, map) => sum + map.size, 0);
    const flushed = number === undefined
      ? this.keyspace.flush()
      : this.keyspace.flush(this.keyspace.databases[number]);
    assert.equal(flushed, count);
    for (const map of maps) map.clear();
  }

  find(number: number, key: string): number {
    const bytes = latin1Bytes(`.${key}.`);
    const ref = this.keyspace.databases[number].lookupWrite(bytes, 1, bytes.length - 1);
    assert.ok(ref !== 0, "a key is found");
    return ref;
  }

  /** Everything about one key is as it should be. */
  verify(number: number, key: string): void {
    const database = this.keyspace.databases[number];
    const expected = this.maps[number].get(key)!;
    const ref = this.find(number, key);
    assert.equal(database.kindOf(ref), expected.kind);
    assert.equal(database.typeOf(ref), expected.kind & 15);
    assert.equal(database.encodingOf(ref), expected.kind >>> 4);
    assert.equal(database.expiresAtMs(ref), expected.expiresAtMs);
    assert.equal(database.keyLengthOf(ref), key.length);
    assert.equal(latin1(database.keyOf(ref)), key);
    const length = database.valueLengthOf(ref);
    assert.equal(length, expected.bytes.length);
    const bytes = new Uint8Array(length);
    database.copyValue(ref, 0, length, bytes, 0);
    assert.ok(sameBytes(bytes, expected.bytes), "a key holds its value");
  }

  checkAll(): void {
    this.keyspace.check();
    const { heap, databases } = this.keyspace;
    let bytes = 0;
    let size = 0;
    databases.forEach((database, number) => {
      assert.equal(database.size, this.maps[number].size);
      size += database.size;
      bytes += database.keys.indexBytes + database.expires.indexBytes;
      for (const ref of entriesOf(heap, database.keys.root)) bytes += database.bytesOf(ref);
      for (const key of this.maps[number].keys()) this.verify(number, key);
    });
    assert.equal(this.keyspace.size, size);
    assert.equal(heap.allocatedBytes, bytes, "nothing else is in the heap");
  }

  newKey(): string {
    const prng = this.prng;
    const length = prng.below(20) === 0 ? prng.below(10001) : prng.below(this.keyMax + 1);
    return latin1(randomBytes(prng, length));
  }

  anyKey(number: number): string {
    let index = this.prng.below(this.maps[number].size);
    for (const key of this.maps[number].keys()) if (index-- === 0) return key;
    throw new Error("no key");
  }

  #newValue(length: number): ModelValue {
    const kind = this.prng.below(3) === 0 ? 8 << 4 : 0;
    const expiresAtMs = this.prng.below(3) === 0 ? this.#futureMs() : NO_EXPIRY;
    return { bytes: randomBytes(this.prng, length), kind, expiresAtMs };
  }

  #length(): number {
    const choice = this.prng.below(20);
    if (choice < 10) return this.prng.below(100);
    if (choice < 16) return 950 + this.prng.below(100);
    if (choice < 19) return this.prng.below(this.valueMax + 1);
    return this.prng.below(this.valueMax * 30 + 1);
  }

  #futureMs(): number {
    return this.keyspace.nowMs + this.prng.below(2 ** 48);
  }
}
