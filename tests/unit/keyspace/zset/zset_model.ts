/** Sorted sets of a keyspace beside a plain model of them. */
import assert from "node:assert/strict";
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { Prng } from "../../../../src/base/prng.ts";
import { type Database, NO_EXPIRY } from "../../../../src/keyspace/database.ts";
import { Keyspace } from "../../../../src/keyspace/keyspace.ts";
import { ZsetReader } from "../../../../src/keyspace/zset/zset_reader.ts";
import type { Zsets } from "../../../../src/keyspace/zset/zsets.ts";

const KEY = latin1Bytes("key");

/** Orders Latin-1 texts as their bytes. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A keyspace of its own. */
export function newKeyspace(): Keyspace {
  return new Keyspace(new Prng(new Uint8Array(16).fill(3)), { expired() {} }, 2);
}

/** One sorted set and what should be in it. */
export class ZsetModel {
  readonly keyspace: Keyspace = newKeyspace();
  readonly database: Database = this.keyspace.databases[0];
  readonly zsets: Zsets = this.keyspace.zsets;
  readonly reader: ZsetReader = new ZsetReader(this.keyspace.heap);
  readonly scores = new Map<string, number>();

  get ref(): number {
    return this.database.find(KEY, 0, KEY.length);
  }

  put(member: string, score: number, conditions = 0): number {
    let ref = this.ref;
    if (ref === 0) {
      this.database.peek(KEY, 0, KEY.length);
      ref = this.zsets.create(this.database, KEY, 0, KEY.length, 1, member.length, NO_EXPIRY);
    }
    const bytes = latin1Bytes(member);
    const outcome = this.zsets.put(
      this.database,
      ref,
      bytes,
      0,
      bytes.length,
      score,
      conditions,
    );
    if (conditions === 0) this.scores.set(member, score);
    return outcome;
  }

  remove(member: string): void {
    if (this.ref === 0) return;
    const bytes = latin1Bytes(member);
    const isRemoved = this.zsets.remove(this.database, this.ref, bytes, 0, bytes.length);
    assert.equal(isRemoved, this.scores.delete(member));
    if (this.scores.size === 0) this.database.delete(this.ref);
  }

  removeRange(rank: number, count: number): void {
    const sorted = this.sorted();
    if (rank >= sorted.length) return;
    count = Math.min(count, sorted.length - rank);
    if (count === 0) return;
    this.zsets.removeRange(this.database, this.ref, rank, count);
    for (const [member] of sorted.slice(rank, rank + count)) this.scores.delete(member);
    if (this.scores.size === 0) this.database.delete(this.ref);
  }

  sorted(): [string, number][] {
    return [...this.scores].sort((a, b) => a[1] - b[1] || compareTexts(a[0], b[0]));
  }

  /** Reads everything, forwards and backwards, and each member by its name. */
  check(): void {
    this.keyspace.check();
    const { database, zsets, reader } = this;
    const ref = this.ref;
    const sorted = this.sorted();
    assert.equal(ref === 0, sorted.length === 0);
    if (ref === 0) return;
    assert.equal(zsets.count(database, ref), sorted.length);
    const read: [string, number][] = [];
    reader.open(database, ref);
    for (let more = reader.seek(0); more; more = reader.next()) {
      read.push([latin1(reader.bytes, reader.start, reader.end), reader.score + 0]);
    }
    assert.deepEqual(read, sorted.map(([member, score]) => [member, score + 0]));
    const back: string[] = [];
    for (let more = reader.seek(sorted.length - 1); more; more = reader.previous()) {
      back.push(latin1(reader.bytes, reader.start, reader.end));
    }
    assert.deepEqual(back.reverse(), sorted.map(([member]) => member));
    sorted.forEach(([member, score], rank) => {
      const bytes = latin1Bytes(member);
      assert.equal(zsets.scoreOf(database, ref, bytes, 0, bytes.length) + 0, score + 0);
      assert.equal(zsets.rank(database, ref, bytes, 0, bytes.length), rank);
    });
    for (const score of new Set(sorted.map(([, score]) => score))) {
      const lower = sorted.filter((pair) => pair[1] < score).length;
      const upTo = sorted.filter((pair) => pair[1] <= score).length;
      assert.equal(zsets.rankOfScore(database, ref, score, false), lower);
      assert.equal(zsets.rankOfScore(database, ref, score, true), upTo);
    }
  }
}
