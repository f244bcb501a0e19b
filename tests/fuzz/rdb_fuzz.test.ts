/**
 * RDB files and RESTORE payloads with damage of every sort: none may crash the server, hang it,
 * take memory without bound or leave anything half done.
 *
 * `PAGURUS_FUZZ_COUNT` says how many inputs there are (5,000), `PAGURUS_FUZZ_SEED` which (1). A
 * failure names the seed of its input, which alone can be run again as `PAGURUS_FUZZ_INPUT`.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { Prng } from "../../src/base/prng.ts";
import { dumpCommands } from "../../src/command/generic/dump.ts";
import { saveRdb } from "../../src/persistence/rdb/save.ts";
import { CommandRunner } from "../unit/persistence/rdb/call_fixture.ts";
import {
  bytesOf,
  concat,
  contentsOf,
  loadBytes,
  MemoryFiles,
  newKeyspace,
  NOW_MS,
  put,
  row,
  SAVE_SETTINGS,
  sign,
} from "../unit/persistence/rdb/fixture.ts";

const COUNT = Number(process.env.PAGURUS_FUZZ_COUNT ?? 5000);
const SEED = Number(process.env.PAGURUS_FUZZ_SEED ?? 1);
const ONLY = process.env.PAGURUS_FUZZ_INPUT;
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

function seeded(seed: number): Prng {
  return new Prng(bytesOf(String(seed).padStart(16, "pagurus rdb fuzz")));
}

/** Runs every input; says which one failed. */
function fuzz(run: (prng: Prng) => void): void {
  const first = ONLY === undefined ? SEED * 1_000_000 : Number(ONLY);
  const count = ONLY === undefined ? COUNT : 1;
  const before = process.memoryUsage().rss;
  for (let seed = first; seed < first + count; seed++) {
    try {
      run(seeded(seed));
    } catch (error) {
      throw new Error(`the input with the seed ${seed} fails`, { cause: error });
    }
  }
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < GROWTH_BYTES_MAX, `${count} inputs took ${grown} bytes`);
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
  if (ONLY === undefined) assert.ok(loaded > COUNT / 50 && refused > COUNT / 5);
});

test(`${COUNT} damaged payloads for RESTORE`, () => {
  const keyspace = newKeyspace();
  const { heap } = keyspace;
  const runner = new CommandRunner(keyspace, dumpCommands);
  const values = ["", "hello", "-12345", "x".repeat(70), "0123456789".repeat(100)];
  const good = values.map((value) => {
    put(keyspace, 0, "k", value);
    return runner.bulk("dump", "k");
  });
  keyspace.flush();
  put(keyspace, 0, "here", "kept");
  const before = contentsOf(keyspace);
  const objectCount = heap.objectCount;
  const allocatedBytes = heap.allocatedBytes;
  let restored = 0;
  let refused = 0;
  fuzz((prng) => {
    const bytes = mutated(prng, good[prng.below(good.length)]);
    runner.settings.skipChecksumValidation = prng.below(2) === 0;
    if (prng.below(2) === 0 && bytes.length >= 8) sign(bytes);
    const name = prng.below(4) === 0 ? "here" : "new";
    const reply = runner.text("restore", name, String(prng.below(3)), bytes, "REPLACE");
    runner.call.reply.truncate(0);
    if (reply === "+OK\r\n") {
      restored++;
      keyspace.check();
      assert.equal(keyspace.size, name === "here" ? 1 : 2);
      keyspace.flush();
      put(keyspace, 0, "here", "kept");
    } else {
      assert.match(
        reply,
        /^-ERR (Bad data format|DUMP payload version or checksum are wrong)\r\n$/,
      );
      refused++;
    }
    assert.deepEqual(contentsOf(keyspace), before);
    assert.equal(heap.objectCount, objectCount);
    assert.equal(heap.allocatedBytes, allocatedBytes);
  });
  keyspace.check();
  if (ONLY === undefined) assert.ok(restored > COUNT / 50 && refused > COUNT / 5);
});
