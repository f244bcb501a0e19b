import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryClock } from "../../../../adapters/memory/clock.ts";
import { MemoryFileSystem } from "../../../../adapters/memory/file_system.ts";
import { MemoryRandom } from "../../../../adapters/memory/random.ts";
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { HeapView } from "../../../../src/heap/heap_view.ts";
import type { Keyspace } from "../../../../src/keyspace/keyspace.ts";
import type { AofRewriteSettings } from "../../../../src/persistence/aof/rewrite.ts";
import {
  freezeForRewrite,
  rewriteAof,
  writeAofBase,
} from "../../../../src/persistence/aof/rewrite.ts";
import { PIECE_BYTES } from "../../../../src/persistence/rdb/rdb_encoder.ts";
import {
  contentsOf,
  loadBytes,
  MemoryFiles,
  newKeyspace,
  NOW_MS,
  put,
  row,
  SAVE_SETTINGS,
} from "../rdb/fixture.ts";
import { command, read } from "./aof_fixture.ts";

const PATH = "aof/temp-rewriteaof-bg-42.aof";
const SETTINGS: AofRewriteSettings = { ...SAVE_SETTINGS, path: PATH, usesRdbPreamble: false };

/** What a rewrite of the keyspace writes. */
function rewritten(keyspace: Keyspace, settings: Partial<AofRewriteSettings> = {}): Uint8Array {
  const files = new MemoryFiles();
  const result = rewriteAof(files, keyspace, { ...SETTINGS, ...settings });
  assert.deepEqual([...files.contents.keys()], [PATH]);
  assert.equal(files.openCount, 0);
  const bytes = files.contents.get(PATH)!;
  assert.deepEqual(result, { keyCount: keyspace.size, sizeBytes: bytes.length });
  return bytes;
}

/** What the commands of a file make: as `contentsOf` has it, encodings aside. */
function replayed(bytes: Uint8Array): Map<string, string> {
  const contents = new Map<string, string>();
  const { items, end } = read(bytes);
  assert.equal(end, "end");
  let index = "";
  for (const [name, key, value] of items) {
    if (name === "SELECT") index = key;
    else if (name === "SET") contents.set(`${index} ${key}`, `${value} -1`);
    else {
      assert.equal(name, "PEXPIREAT");
      const set = contents.get(`${index} ${key}`);
      assert.ok(set !== undefined && set.endsWith(" -1"), key);
      contents.set(`${index} ${key}`, `${set.slice(0, -2)}${value}`);
    }
  }
  return contents;
}

/** The same of a keyspace. */
function expectedOf(keyspace: Keyspace): Map<string, string> {
  return new Map([...contentsOf(keyspace)].map(([name, content]) => {
    return [name, content.slice(0, content.lastIndexOf(" "))];
  }));
}

test("an empty keyspace", () => {
  assert.deepEqual(rewritten(newKeyspace()), new Uint8Array(0));
  assert.deepEqual(
    rewritten(newKeyspace(), { timestampSeconds: 1_700_000_000 }),
    latin1Bytes("#TS:1700000000\r\n"),
  );
});

test("the commands of a data set, byte for byte as redis-server writes them", () => {
  const keyspace = newKeyspace();
  put(keyspace, 0, "n", "12345", 4_102_444_800_123);
  put(keyspace, 3, "", "-17");
  put(keyspace, 15, "bin", "x y\r\nz");
  assert.equal(
    latin1(rewritten(keyspace, { timestampSeconds: 1_795_258_028 })),
    "#TS:1795258028\r\n" +
      "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n" +
      "*3\r\n$3\r\nSET\r\n$1\r\nn\r\n$5\r\n12345\r\n" +
      "*3\r\n$9\r\nPEXPIREAT\r\n$1\r\nn\r\n$13\r\n4102444800123\r\n" +
      "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n" +
      "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$3\r\n-17\r\n" +
      "*2\r\n$6\r\nSELECT\r\n$2\r\n15\r\n" +
      "*3\r\n$3\r\nSET\r\n$3\r\nbin\r\n$6\r\nx y\r\nz\r\n",
  );
});

test("every key of a larger data set, long keys and values included", () => {
  const keyspace = newKeyspace();
  const bytes = (length: number) => new Uint8Array(length).map((_, i) => i * i >> 5);
  for (let i = 0; i < 5000; i++) {
    const expiresAtMs = i % 3 === 0 ? NOW_MS + i * 1e6 : undefined;
    put(keyspace, i % 5, `key:${i}`, bytes(i % 7 === 0 ? i : i % 50), expiresAtMs);
  }
  for (const length of [PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 700_001]) {
    put(keyspace, 2, `long ${length}`, bytes(length), NOW_MS + length);
    put(keyspace, 2, bytes(length), "long key", length);
  }
  const expected = expectedOf(keyspace);
  const found = replayed(rewritten(keyspace));
  assert.equal(found.size, expected.size);
  for (const [name, content] of expected) assert.ok(found.get(name) === content, name.slice(0, 20));
});

test("with a preamble the base is an RDB file that says what it is", () => {
  const keyspace = newKeyspace();
  put(keyspace, 0, "k", "v".repeat(100));
  put(keyspace, 4, "e", "1", NOW_MS + 1);
  const file = rewritten(keyspace, { usesRdbPreamble: true, timestampSeconds: 1_700_000_000 });
  const loaded = newKeyspace();
  const aux: string[] = [];
  const notice = (name: string, value: string) => aux.push(`${name}=${value}`);
  const { endBytes } = loadBytes(file, loaded, { aux: notice });
  assert.equal(endBytes, file.length);
  assert.deepEqual(contentsOf(loaded), contentsOf(keyspace));
  assert.ok(aux.includes("aof-base=1"), aux.join());
});

test("a frozen heap is rewritten as it was, whatever happens meanwhile", () => {
  for (const usesRdbPreamble of [false, true]) {
    const keyspace = newKeyspace();
    for (let i = 0; i < 3000; i++) put(keyspace, i % 4, `key:${i}`, `value:${i}`);
    put(keyspace, 0, "large", new Uint8Array(500_000).fill(1), NOW_MS + 1);
    const expected = contentsOf(keyspace);
    const expectedReplay = expectedOf(keyspace);
    const job = freezeForRewrite(keyspace, { ...SETTINGS, usesRdbPreamble });
    const files = new MemoryFiles();
    const steps = writeAofBase(files, new HeapView(job.image), job.contents, job.settings);
    for (let i = 0; steps.next().done !== true; i++) {
      put(keyspace, i % 4, `key:${i}`, "changed");
      put(keyspace, 0, "large", "small");
      if (i === 40) keyspace.flush();
    }
    keyspace.heap.release();
    keyspace.check();
    const file = files.contents.get(PATH)!;
    if (usesRdbPreamble) {
      const loaded = newKeyspace();
      loadBytes(file, loaded);
      assert.deepEqual(contentsOf(loaded), expected);
    } else assert.deepEqual(replayed(file), expectedReplay);
  }
});

test("a rewrite that is ended early removes its file, even when all of it is written", () => {
  const keyspace = newKeyspace();
  put(keyspace, 0, "large", new Uint8Array(2_000_000));
  for (const usesRdbPreamble of [false, true]) {
    const job = freezeForRewrite(keyspace, { ...SETTINGS, usesRdbPreamble });
    const start = () => {
      const files = new MemoryFiles();
      const steps = writeAofBase(files, new HeapView(job.image), job.contents, job.settings);
      return { files, steps };
    };
    let count = 0;
    for (const { steps } = start(); steps.next().done !== true;) count++;
    for (const steps of [1, count >> 1, count]) {
      const ended = start();
      for (let i = 0; i < steps; i++) assert.ok(ended.steps.next().done !== true);
      assert.deepEqual([...ended.files.contents.keys()], [PATH]);
      if (steps === count) assert.deepEqual(ended.files.log.slice(-2), ["sync", "close"]);
      ended.steps.return(undefined as never);
      assert.equal(ended.files.contents.size, 0);
      assert.equal(ended.files.openCount, 0);
    }
    keyspace.heap.release();
  }
});

test("whatever fails, the file is removed and the reason is Redis's", () => {
  const keyspace = newKeyspace();
  for (let i = 0; i < 3000; i++) put(keyspace, i % 3, `key:${i}`, "value".repeat(i % 100));
  for (const usesRdbPreamble of [false, true]) {
    const settings = { ...SETTINGS, path: "/base.aof", usesRdbPreamble, compresses: false };
    const rewrite = (failAt: number) => {
      const files = new MemoryFileSystem(new MemoryClock(), new MemoryRandom(1));
      files.appendMaxBytes = 100_000;
      files.failCall(failAt, "ENOSPC");
      let message = "";
      try {
        rewriteAof(files, keyspace, settings);
      } catch (thrown) {
        assert.equal((thrown as Error).name, "AofWriteError");
        message = (thrown as Error).message;
      }
      files.failCall(0);
      return { message, left: files.list("/"), calls: files.calls };
    };
    const count = rewrite(0).calls - 1;
    assert.ok(count > 5);
    assert.deepEqual(rewrite(0).left, ["base.aof"]);
    for (let failAt = 1; failAt <= count; failAt++) {
      const text = failAt === 1
        ? "Opening the temp file for AOF rewrite in rewriteAppendOnlyFile()"
        : "Write error writing append only file on disk";
      const { message, left } = rewrite(failAt);
      assert.equal(message, `${text}: No space left on device`);
      assert.deepEqual(left, [], `call ${failAt}`);
    }
  }
});

test("incremental syncs come every 4 MiB", () => {
  const keyspace = newKeyspace();
  put(keyspace, 0, "k", new Uint8Array(9 << 20));
  const syncs = (syncsIncrementally: boolean) => {
    const files = new MemoryFiles();
    rewriteAof(files, keyspace, { ...SETTINGS, syncsIncrementally });
    return files.log.filter((line) => line === "sync").length;
  };
  assert.equal(syncs(false), 1);
  assert.equal(syncs(true), 3);
});

test("expiry times beyond 2^53 are written whole", () => {
  const keyspace = newKeyspace();
  put(keyspace, 0, "k", "v", 2 ** 62);
  const expected = row(
    command("SELECT", "0"),
    command("SET", "k", "v"),
    command("PEXPIREAT", "k", "4611686018427387904"),
  );
  assert.deepEqual(rewritten(keyspace), expected);
});
