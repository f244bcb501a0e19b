/**
 * RDB files and RESTORE payloads with damage of every sort: none may crash the server, hang it,
 * take memory without bound or leave anything half done.
 *
 * `PAGURUS_FUZZ_COUNT` says how many inputs there are (4,000), `PAGURUS_FUZZ_SEED` which (1). A
 * failure names the seed of its input, which alone can be run again as `PAGURUS_FUZZ_INPUT`.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import type { Prng } from "../../src/base/prng.ts";
import type { Keyspace } from "../../src/keyspace/keyspace.ts";
import { CommandText } from "../../src/persistence/aof/command_text.ts";
import { RdbEncoder } from "../../src/persistence/rdb/rdb_encoder.ts";
import { saveRdb } from "../../src/persistence/rdb/save.ts";
import { savedType } from "../../src/persistence/rdb/value_types.ts";
import {
  concat,
  entryOf,
  loadBytes,
  MemoryFiles,
  newKeyspace,
  NOW_MS,
  put,
  row,
  SAVE_SETTINGS,
  sign,
} from "../unit/persistence/rdb/fixture.ts";
import { DataRunner } from "./data_runner.ts";
import { countOf, IS_ALONE, seededPrng, seedsOf, TELLS_FIGURES } from "./inputs.ts";
import { madeBody } from "./made_payloads.ts";
import { goodPayloads, payloadOf, SMALL_VALUES } from "./payloads.ts";
import { StrictReplies } from "./strict_reply.ts";
import { commandFor } from "./type_commands.ts";

const COUNT = countOf(4000);
/** What all inputs together may make the process grow by. */
const GROWTH_BYTES_MAX = 400 << 20;

/** Bytes that mean something where a length, an encoding, a type or an opcode is expected. */
const TELLING = [
  ...[0, 1, 2, 9, 14, 15, 21, 25, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0x82],
  ...[0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xe0, 0xf0, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8],
  ...[0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff],
];
/** Pieces that are put in: claims of great lengths, compressed strings, whole entries. */
const PIECES = [
  row(0x80, 0xff, 0xff, 0xff, 0xff),
  row(0x80, 0x7f, 0xff, 0xff, 0xff),
  row(0x81, 0, 0, 0, 1, 0, 0, 0, 0),
  row(0x81, 255, 255, 255, 255, 255, 255, 255, 255),
  row(0xc3, 5, 10, 0, "a", 0xe0, 0, 0),
  row(0xc3, 0x80, 0, 0, 1, 0, 0x80, 0, 0, 255, 0),
  row(0xc3, 4, 0x80, 0x40, 0, 0, 0),
  row(0, 1, "k", 1, "v"),
  row(0xfc, 255, 255, 255, 255, 255, 255, 255, 0x7f),
  row(0xfe, 15),
  row(0xfb, 0x80, 0xff, 0xff, 0xff, 0xff, 0x80, 0xff, 0xff, 0xff, 0xff),
];

/** An input made of a good one: damaged one to eight times. */
function mutated(prng: Prng, good: Uint8Array): Uint8Array {
  let bytes: Uint8Array = good.slice();
  for (let times = 1 + prng.below(prng.below(8) + 1); times > 0; times--) {
    const at = prng.below(bytes.length + 1);
    const length = Math.min(bytes.length - at, prng.below(prng.below(64) + 1));
    const kind = prng.below(8);
    if (kind === 0 && bytes.length > 0) bytes[at % bytes.length] ^= 1 << prng.below(8);
    else if (kind === 1 && bytes.length > 0) bytes[at % bytes.length] = prng.below(256);
    else if (kind <= 3 && bytes.length > 0) {
      bytes[at % bytes.length] = TELLING[prng.below(TELLING.length)];
    } else if (kind === 4) bytes = bytes.slice(0, at);
    else if (kind === 5) bytes = concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else if (kind === 6) {
      const copy = bytes.slice(at, at + length);
      const to = prng.below(bytes.length + 1);
      bytes = concat([bytes.subarray(0, to), copy, bytes.subarray(to)]);
    } else {
      const piece = PIECES[prng.below(PIECES.length)];
      bytes = concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
    }
  }
  return bytes;
}

/** One byte of it is another: all lengths are what they were. */
function changed(prng: Prng, good: Uint8Array): Uint8Array {
  const bytes = good.slice();
  const at = prng.below(bytes.length);
  const kind = prng.below(3);
  if (kind === 0) bytes[at] ^= 1 << prng.below(8);
  else bytes[at] = kind === 1 ? prng.below(256) : TELLING[prng.below(TELLING.length)];
  return bytes;
}

function seeded(seed: number): Prng {
  return seededPrng(seed, "pagurus rdb fuzz");
}

/** Runs every input; says which one failed. */
function fuzz(run: (prng: Prng) => void): void {
  const seeds = seedsOf(COUNT);
  const before = process.memoryUsage().rss;
  for (const seed of seeds) {
    try {
      run(seeded(seed));
    } catch (error) {
      throw new Error(`the input with the seed ${seed} fails`, { cause: error });
    }
  }
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < GROWTH_BYTES_MAX, `${seeds.length} inputs took ${grown} bytes`);
}

/** Good files: without and with compression and the use of keys, and one of an old version. */
function goodFiles(): Uint8Array[] {
  const keyspace = newKeyspace();
  put(keyspace, 0, "a", "hello");
  put(keyspace, 0, "n", "-12345");
  put(keyspace, 1, "expires", "x".repeat(70), NOW_MS + 1000);
  put(keyspace, 1, "expired", "y", NOW_MS - 1000);
  put(keyspace, 15, "abc".repeat(30), "0123456789".repeat(100));
  put(keyspace, 15, "", "");
  // Enough for the reader to take many at once.
  for (let i = 0; i < 200; i++) {
    put(keyspace, 2, `key:${i}`, `v${i}`, i % 4 === 0 ? NOW_MS + i : -1);
  }
  const runner = new DataRunner(keyspace);
  runner.databaseIndex = 3;
  for (const words of SMALL_VALUES) runner.run(words.map(String));
  runner.run(["HSET", "many fields", ...Array.from({ length: 1200 }, (_, i) => `${i}`)]);
  runner.run(["ZADD", "many members", ...Array.from({ length: 600 }, (_, i) => `${i >> 1}`)]);
  runner.run(["RPUSH", "many elements", ...Array.from({ length: 3000 }, (_, i) => `${i}`)]);
  const files = [true, false].flatMap((compresses) =>
    ["noeviction", "allkeys-lru", "allkeys-lfu"].map((maxmemoryPolicy) => {
      const memory = new MemoryFiles();
      saveRdb(memory, keyspace, { ...SAVE_SETTINGS, compresses, maxmemoryPolicy });
      return memory.contents.get("dump.rdb")!;
    })
  );
  return [...files, row("REDIS0003", files[0].subarray(9, -8))];
}

test(`${COUNT} damaged RDB files`, () => {
  const good = goodFiles();
  const keyspace = newKeyspace();
  const { heap } = keyspace;
  let loaded = 0;
  let refused = 0;
  fuzz((prng) => {
    const bytes = mutated(prng, good[prng.below(good.length)]);
    // Half of them get past the checksum.
    if (prng.below(2) === 0 && bytes.length >= 8) sign(bytes);
    const files = new MemoryFiles();
    if (prng.below(4) === 0) files.chunkMax = 1 + prng.below(100);
    const verifiesChecksum = prng.below(2) === 0;
    const keepsExpired = prng.below(2) === 0;
    try {
      const result = loadBytes(bytes, keyspace, { verifiesChecksum, keepsExpired }, files);
      loaded++;
      assert.equal(keyspace.size, result.loadedCount);
      assert.ok(result.endBytes <= bytes.length);
      keyspace.check();
      keyspace.flush();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "RdbError") throw error;
      refused++;
    }
    assert.equal(files.openCount, 0);
    assert.equal(keyspace.size, 0);
    assert.equal(heap.objectCount, 0);
    assert.equal(heap.allocatedBytes, 0);
  });
  keyspace.check();
  // Were all of them refused at the first byte, nothing would have been tried.
  if (!IS_ALONE) assert.ok(loaded > COUNT / 50 && refused > COUNT / 5);
});

/** Damaged payloads are restored, used and deleted; what is there beside them must not notice. */
class PayloadBench {
  readonly keyspace: Keyspace = newKeyspace();
  readonly runner: DataRunner = new DataRunner(this.keyspace);
  readonly #rewriter: RdbEncoder = new RdbEncoder(null, false);
  readonly #objectCount: number;
  readonly #allocatedBytes: number;
  readonly #digest: string;
  /** How often each type was restored. */
  readonly restored: Map<string, number> = new Map();
  refusedCount = 0;

  constructor() {
    this.runner.text("SET", "here", "kept");
    this.#objectCount = this.keyspace.heap.objectCount;
    this.#allocatedBytes = this.keyspace.heap.allocatedBytes;
    this.#digest = this.runner.digestOf("here");
  }

  try(payload: Uint8Array, prng: Prng): void {
    const { runner, keyspace } = this;
    const reply = runner.text("RESTORE", "new", String(prng.below(3)), payload);
    if (reply === "+OK\r\n") this.#use(prng);
    else {
      assert.match(
        reply,
        /^-ERR (Bad data format|DUMP payload version or checksum are wrong)\r\n$/,
      );
      this.refusedCount++;
    }
    // With a time to live of a millisecond it may be there or not.
    assert.equal(keyspace.size, 1);
    assert.equal(runner.digestOf("here"), this.#digest);
    assert.equal(keyspace.heap.objectCount, this.#objectCount, "objects");
    assert.equal(keyspace.heap.allocatedBytes, this.#allocatedBytes, "bytes");
  }

  #use(prng: Prng): void {
    const { runner, keyspace } = this;
    keyspace.check();
    const type = runner.text("TYPE", "new").slice(1, -2);
    this.restored.set(type, (this.restored.get(type) ?? 0) + 1);
    const digest = runner.digestOf("new");
    const dump = runner.bulk("DUMP", "new");
    this.#checkCopy(digest, () => runner.text("RESTORE", "copy", "0", dump));
    this.#checkCopy(digest, () => runner.text("COPY", "new", "copy"));
    if (prng.below(4) === 0) this.#checkRewritten();
    for (let count = prng.below(8); count > 0; count--) {
      const words = commandFor(type, "new", prng);
      try {
        const replies = new StrictReplies(runner.run(words), { resp2: true, resp3: false });
        assert.equal(replies.count, 1);
        keyspace.check();
      } catch (error) {
        throw new Error(`${words.join(" ")} fails`, { cause: error });
      }
    }
    runner.text("RENAME", "new", "used");
    const used = runner.digestOf("used");
    const usedDump = runner.bulk("DUMP", "used");
    if (used !== "none") {
      this.#checkCopy(used, () => runner.text("RESTORE", "copy", "0", usedDump));
    }
    runner.text("DEL", "used");
  }

  /** What is made so must be the same, and leave nothing behind. */
  #checkCopy(digest: string, make: () => string): void {
    const { runner, keyspace } = this;
    const { objectCount, allocatedBytes } = keyspace.heap;
    assert.match(make(), /^(\+OK|:1)\r\n$/);
    keyspace.check();
    // That a key expires counts, and the copy does not.
    const expiry = runner.text("PEXPIRETIME", "copy");
    if (expiry === ":-1\r\n") {
      const original = runner.text("PEXPIRETIME", "new");
      if (original === ":-1\r\n") assert.equal(runner.digestOf("copy"), digest);
    } else assert.equal(runner.digestOf("copy"), digest);
    runner.text("DEL", "copy");
    assert.equal(keyspace.heap.objectCount, objectCount, "objects of the copy");
    assert.equal(keyspace.heap.allocatedBytes, allocatedBytes, "bytes of the copy");
  }

  /** A value as it compares. A small sorted set that a command makes knows no negative zero. */
  #shown(key: string): string {
    const { runner } = this;
    if (runner.text("TYPE", key) !== "+zset\r\n") return runner.digestOf(key);
    return runner.text("ZRANGE", key, "0", "-1", "WITHSCORES").replaceAll("$2\r\n-0", "$1\r\n0");
  }

  /** The commands that an append-only file would hold make the same value. */
  #checkRewritten(): void {
    const { runner, keyspace } = this;
    runner.text("PERSIST", "new");
    const before = this.#shown("new");
    const ref = entryOf(keyspace, 0, "new");
    const encoder = this.#rewriter;
    encoder.reset();
    const rest = savedType(keyspace.heap, ref).rewrite(
      new CommandText(encoder),
      keyspace.heap,
      ref,
    );
    while (rest !== undefined && rest.next().done !== true);
    const text = Buffer.from(encoder.bytes.subarray(0, encoder.length)).toString("latin1");
    encoder.reset();
    runner.text("RENAME", "new", "original");
    // As they are loaded: what has expired is there.
    keyspace.ignoresExpiry = true;
    for (const words of requestsOf(text)) assert.doesNotMatch(runner.text(...words), /^-/);
    keyspace.ignoresExpiry = false;
    assert.equal(this.#shown("new"), before);
    runner.text("DEL", "new");
    runner.text("RENAME", "original", "new");
  }
}

/** The commands that a text in the protocol holds. */
function requestsOf(text: string): string[][] {
  const requests: string[][] = [];
  for (let at = 0; at < text.length;) {
    const take = () => {
      const end = text.indexOf("\r\n", at);
      const number = Number(text.slice(at + 1, end));
      at = end + 2;
      return number;
    };
    requests.push(Array.from({ length: take() }, () => {
      const length = take();
      at += length + 2;
      return text.slice(at - length - 2, at - 2);
    }));
  }
  return requests;
}

test(`${COUNT} damaged payloads for RESTORE`, () => {
  const { payloads, smallCount } = goodPayloads();
  const bench = new PayloadBench();
  for (const { body } of payloads.slice(0, smallCount)) bench.try(payloadOf(body), seeded(0));
  assert.equal(bench.refusedCount, 0, "payloads that are not damaged");
  bench.restored.clear();
  fuzz((prng) => {
    const { body } = payloads[prng.below(prng.below(8) === 0 ? payloads.length : smallCount)];
    const kind = prng.below(32);
    // Some of them get no further than the footer.
    if (kind === 0) return bench.try(mutated(prng, payloadOf(body)), prng);
    if (kind < 6) return bench.try(payloadOf(madeBody(prng)), prng);
    bench.try(payloadOf(kind < 16 ? changed(prng, body) : mutated(prng, body)), prng);
  });
  if (TELLS_FIGURES) console.log(bench.restored);
  if (IS_ALONE) return;
  const sum = [...bench.restored.values()].reduce((a, b) => a + b);
  assert.ok(sum > COUNT / 20 && bench.refusedCount > COUNT / 5);
  assert.equal(bench.restored.size, 6);
});
