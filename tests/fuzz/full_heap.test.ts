/**
 * Commands of every family in a heap that has no room at any one moment: what cannot be done is not
 * done at all, nothing is lost, nothing is left behind, and the structures stay whole.
 *
 * `PAGURUS_FUZZ_COUNT` says how many commands there are (800), `PAGURUS_FUZZ_SEED` which (1).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Prng } from "../../src/base/prng.ts";
import { Heap, HeapFull } from "../../src/heap/heap.ts";
import { keyspaceDigest } from "../../src/keyspace/digest.ts";
import { Keyspace } from "../../src/keyspace/keyspace.ts";
import { NOW_MS } from "../unit/persistence/rdb/fixture.ts";
import { DataRunner } from "./data_runner.ts";
import type { Word } from "./data_runner.ts";
import { countOf, SEED, seededPrng } from "./inputs.ts";
import { commandFor, TYPE_COMMANDS } from "./type_commands.ts";

const COUNT = countOf(800);
const TYPES = Object.keys(TYPE_COMMANDS);

/**
 * What may be done in part: elements one by one, and results that stand where something else was
 * taken away. All others are done as a whole or not at all.
 */
const PARTIAL: ReadonlySet<string> = new Set([
  ...["SADD", "HSET", "HSETEX", "ZADD", "RENAME", "COPY", "SORT"],
  ...["SUNIONSTORE", "ZUNIONSTORE", "ZRANGESTORE"],
]);

/** A heap that can be told to have no room. */
class FailingHeap extends Heap {
  /** So many requests for memory are granted; Infinity at first. */
  grantedCount = Infinity;

  override allocate(sizeBytes: number): number {
    this.#grant();
    return super.allocate(sizeBytes);
  }

  override resize(ref: number, sizeBytes: number, keepBytes: number): number {
    if (Heap.capacityFor(sizeBytes) > this.capacityOf(ref)) this.#grant();
    // What a resize allocates itself was granted with it.
    const granted = this.grantedCount;
    this.grantedCount = Infinity;
    try {
      return super.resize(ref, sizeBytes, keepBytes);
    } finally {
      this.grantedCount = granted;
    }
  }

  #grant(): void {
    if (this.grantedCount-- <= 0) throw new HeapFull();
  }
}

function seeded(seed: number): Prng {
  return seededPrng(seed, "pagurus full heap");
}

function keyspaceOn(heap: Heap): Keyspace {
  const keyspace = new Keyspace(seeded(9), { expired() {} }, 2, heap);
  keyspace.setNow(NOW_MS);
  // Every large encoding is reached soon.
  Object.assign(keyspace.limits, {
    hashMaxListpackEntries: 8,
    setMaxIntsetEntries: 8,
    setMaxListpackEntries: 8,
    zsetMaxListpackEntries: 8,
    listMaxListpackSize: 8,
    streamNodeMaxEntries: 5,
  });
  return keyspace;
}

/** Makes values grow: many elements in one command, or a large one. */
function growing(type: string, key: string, prng: Prng): string[] {
  const count = 1 + prng.below(30);
  const items = (words: (index: number) => string[]) =>
    Array.from({ length: count }, () => words(prng.below(3000))).flat();
  const text = (i: number) => i % 50 === 0 ? `long ${i}`.repeat(i) : `item ${i}`;
  switch (type) {
    case "list":
      return [prng.below(2) === 0 ? "LPUSH" : "RPUSH", key, ...items((i) => [text(i)])];
    case "hash":
      return ["HSET", key, ...items((i) => [text(i), text(i + 1)])];
    case "set":
      return ["SADD", key, ...items((i) => [prng.below(2) === 0 ? text(i) : `${i}`])];
    case "zset":
      return ["ZADD", key, ...items((i) => [`${i}`, text(i)])];
    case "stream":
      return ["XADD", key, "*", ...items((i) => [text(i), text(i + 1)])];
    default:
      return ["APPEND", key, text(prng.below(1000))];
  }
}

/** Several keys at once. */
function between(type: string, prng: Prng): string[] {
  const key = () => `${type} ${prng.below(4)}`;
  switch (prng.below(8)) {
    case 0:
      return ["COPY", key(), key(), "REPLACE"];
    case 1:
      return ["RENAME", key(), key()];
    case 2:
      return ["DEL", key()];
    case 3:
      return ["EXPIRE", key(), "1000"];
    case 4:
      return ["SORT", key(), "ALPHA", "STORE", `list ${prng.below(4)}`];
    case 5:
      if (type === "set") return ["SUNIONSTORE", key(), key(), key()];
      if (type === "zset") return ["ZUNIONSTORE", key(), "2", key(), key()];
      if (type === "list") return ["LMOVE", key(), key(), "LEFT", "RIGHT"];
      return ["MOVE", key(), "1"];
    case 6:
      if (type === "set") return ["SMOVE", key(), key(), "1"];
      if (type === "zset") return ["ZRANGESTORE", key(), key(), "0", "-1"];
      if (type === "string") return ["BITOP", "OR", key(), key(), key()];
      return ["PERSIST", key()];
    default:
      return type === "string" ? ["SET", key(), "x".repeat(prng.below(5000))] : ["TYPE", key()];
  }
}

function anyCommand(prng: Prng): string[] {
  const type = TYPES[prng.below(TYPES.length)];
  const key = `${type} ${prng.below(4)}`;
  const kind = prng.below(8);
  if (kind < 3) return growing(type, key, prng);
  return kind === 3 ? between(type, prng) : commandFor(type, key, prng);
}

/** Deletes everything key by key; nothing may be left. */
function emptied(keyspace: Keyspace): void {
  for (const database of keyspace.databases) if (database.size > 0) database.clear();
  while (keyspace.lazyFree.run(() => 0, 1));
  assert.equal(keyspace.heap.objectCount, 0, "objects stay behind");
  assert.equal(keyspace.heap.allocatedBytes, 0, "memory stays behind");
}

function shown(words: readonly Word[]): string {
  return words.map((word) => word.length > 60 ? `<${word.length} bytes>` : word).join(" ");
}

test(`${COUNT} commands, of which many run out of memory`, () => {
  const heap = new FailingHeap();
  const keyspace = keyspaceOn(heap);
  const runner = new DataRunner(keyspace);
  const prng = seeded(SEED);
  let failed = 0;
  for (let i = 0; i < COUNT; i++) {
    const words = anyCommand(prng);
    try {
      if (prng.below(2) === 0) {
        let before = keyspaceDigest(keyspace);
        // What fails is tried again with a little more.
        for (let granted = 0;; granted += 1 + prng.below(granted + 2)) {
          heap.grantedCount = granted;
          const dirtyBefore = runner.dirty;
          try {
            runner.run(words);
            break;
          } catch (thrown) {
            if (!(thrown instanceof HeapFull)) throw thrown;
          } finally {
            heap.grantedCount = Infinity;
          }
          failed++;
          keyspace.check();
          const after = keyspaceDigest(keyspace);
          if (after !== before) {
            assert.ok(PARTIAL.has(words[0]), `changed with ${granted} granted`);
            assert.notEqual(runner.dirty, dirtyBefore, `changed with ${granted} granted, untold`);
          }
          before = after;
        }
      } else runner.run(words);
      keyspace.check();
    } catch (error) {
      throw new Error(`command ${i} of seed ${SEED} fails: ${shown(words)}`, { cause: error });
    }
    if (i % 500 === 499) emptied(keyspace);
  }
  emptied(keyspace);
  assert.ok(failed > COUNT / 10, `${failed} commands failed`);
});

test("commands in a heap that is full", () => {
  // The smallest: 8 MiB of references.
  const heap = new Heap(10);
  const keyspace = keyspaceOn(heap);
  const runner = new DataRunner(keyspace);
  const prng = seeded(SEED + 1000);
  const ballast = new Uint8Array(100_000);
  let failed = 0;
  let ballastCount = 0;
  /** False where there was no room. */
  const runs = (words: readonly Word[]) => {
    try {
      runner.run(words);
      return true;
    } catch (thrown) {
      if (!(thrown instanceof HeapFull)) throw thrown;
      return false;
    }
  };
  for (let i = 0; i < COUNT; i++) {
    // Filled to the last page, and now and then a little less.
    if (i % 20 === 0) {
      if (ballastCount > 0) runner.run(["DEL", `ballast ${--ballastCount}`]);
      const { length } = ballast;
      for (let size = length; size > 4096;) {
        if (runs(["SET", `ballast ${ballastCount}`, ballast.subarray(0, size)])) ballastCount++;
        else size >>>= 1;
      }
    }
    const words = prng.below(4) === 0 ? between("string", prng) : anyCommand(prng);
    try {
      if (runs(words)) continue;
      failed++;
      keyspace.check();
    } catch (error) {
      throw new Error(`command ${i} of seed ${SEED} fails: ${shown(words)}`, { cause: error });
    }
  }
  keyspace.check();
  emptied(keyspace);
  assert.ok(failed > COUNT / 100, `${failed} commands failed`);
});
