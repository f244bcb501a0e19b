import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HeapView } from "../../../../src/heap/heap_view.ts";
import { NO_EXPIRY } from "../../../../src/keyspace/database.ts";
import type { Keyspace } from "../../../../src/keyspace/keyspace.ts";
import { PIECE_BYTES } from "../../../../src/persistence/rdb/rdb_encoder.ts";
import { freezeForSave, saveRdb, writeRdbFile } from "../../../../src/persistence/rdb/save.ts";
import type { RdbSaveSettings } from "../../../../src/persistence/rdb/save.ts";
import { describeContents } from "../../../../src/persistence/rdb/snapshot.ts";
import {
  contentsOf,
  entryOf,
  int64,
  loadBytes,
  MemoryFiles,
  newKeyspace,
  NOW_MS,
  put,
  row,
  SAVE_SETTINGS,
  sign,
} from "./fixture.ts";

/** What a save of the keyspace writes. */
function saved(keyspace: Keyspace, settings: Partial<RdbSaveSettings> = {}): Uint8Array {
  const files = new MemoryFiles();
  const result = saveRdb(files, keyspace, { ...SAVE_SETTINGS, ...settings });
  assert.deepEqual([...files.contents.keys()], ["dump.rdb"]);
  const bytes = files.contents.get("dump.rdb")!;
  assert.deepEqual(result, { keyCount: keyspace.size, sizeBytes: bytes.length });
  return bytes;
}

/** The header of every file here. */
const HEADER = row(
  row("REDIS0009", 0xfa, 9, "redis-ver", 5, "7.2.4", 0xfa, 10, "redis-bits", 0xc0, 64),
  row(0xfa, 5, "ctime", 0xc2, [0x00, 0xf1, 0x53, 0x65]),
  row(0xfa, 8, "used-mem", 0xc1, [0xe8, 0x03], 0xfa, 8, "aof-base", 0xc0, 0),
);

function signed(...parts: readonly Uint8Array[]): Uint8Array {
  const file = row(...parts, new Uint8Array(8));
  sign(file);
  return file;
}

test("an empty keyspace", () => {
  assert.deepEqual(saved(newKeyspace()), signed(HEADER, row(0xff)));
});

test("two databases, an expiry time, an integer", () => {
  const keyspace = newKeyspace();
  put(keyspace, 2, "a", "hello");
  put(keyspace, 15, "b", "12345", NOW_MS + 1);
  const file = signed(
    HEADER,
    row(0xfe, 2, 0xfb, 1, 0, 0, 1, "a", 5, "hello"),
    row(0xfe, 15, 0xfb, 1, 1, 0xfc, int64(BigInt(NOW_MS + 1)), 0, 1, "b", 0xc1, 0x39, 0x30),
    row(0xff),
  );
  assert.deepEqual(saved(keyspace), file);
  const unchecked = file.slice();
  unchecked.fill(0, unchecked.length - 8);
  assert.deepEqual(saved(keyspace, { checksums: false }), unchecked);
});

test("expired keys are saved: it is the loading server that drops them", () => {
  const keyspace = newKeyspace();
  put(keyspace, 0, "gone", "x", 5);
  const file = saved(keyspace);
  assert.equal(keyspace.size, 1);
  assert.equal(loadBytes(file, newKeyspace()).expiredCount, 1);
  const replica = newKeyspace();
  assert.equal(loadBytes(file, replica, { keepsExpired: true }).loadedCount, 1);
  assert.deepEqual(contentsOf(replica), contentsOf(keyspace));
});

test("the use of keys is saved when the policy asks for it", () => {
  const idle = newKeyspace();
  const ref = put(idle, 0, "k", "v");
  idle.databases[0].setAccess(ref, idle.access.forIdleSeconds(300));
  const lru = row(0xfe, 0, 0xfb, 1, 0, 0xf8, 0x41, 0x2c, 0, 1, "k", 1, "v", 0xff);
  assert.deepEqual(saved(idle, { maxmemoryPolicy: "allkeys-lru" }), signed(HEADER, lru));
  const none = row(0xfe, 0, 0xfb, 1, 0, 0, 1, "k", 1, "v", 0xff);
  assert.deepEqual(saved(idle, { maxmemoryPolicy: "volatile-ttl" }), signed(HEADER, none));

  const counted = newKeyspace();
  counted.access.isLfu = true;
  counted.access.tick(NOW_MS);
  const entry = put(counted, 0, "k", "v");
  counted.databases[0].setAccess(entry, counted.access.forFrequency(200));
  const lfu = row(0xfe, 0, 0xfb, 1, 0, 0xf9, 200, 0, 1, "k", 1, "v", 0xff);
  assert.deepEqual(saved(counted, { maxmemoryPolicy: "volatile-lfu" }), signed(HEADER, lfu));
});

test("the AUX fields of replication and of an append-only file's base", () => {
  const file = saved(newKeyspace(), {
    isAofBase: true,
    replication: { streamDatabase: 3, id: "f".repeat(10), offsetBytes: 70000 },
  });
  const aux: [string, string][] = [];
  loadBytes(file, newKeyspace(), { aux: (name, value) => aux.push([name, value]) });
  assert.deepEqual(aux, [
    ["redis-ver", "7.2.4"],
    ["redis-bits", "64"],
    ["ctime", "1700000000"],
    ["used-mem", "1000"],
    ["repl-stream-db", "3"],
    ["repl-id", "ffffffffff"],
    ["repl-offset", "70000"],
    ["aof-base", "1"],
  ]);
});

test("whatever is saved loads again, the same", () => {
  const text = fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array({ maxLength: 40 }) },
    { weight: 2, arbitrary: fc.integer().map((value) => Uint8Array.from(row(String(value)))) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.nat({ max: 9000 }), fc.nat({ max: 255 })).map(([length, start]) =>
        Uint8Array.from({ length }, (_, i) => start + (i & i >> 3))
      ),
    },
    {
      weight: 1,
      arbitrary: fc.nat({ max: 4 }).map((more) =>
        Uint8Array.from({ length: PIECE_BYTES - 2 + more }, (_, i) => i * i >> 5)
      ),
    },
  );
  const expiry = fc.oneof(
    fc.constant(NO_EXPIRY),
    fc.integer({ min: NOW_MS, max: Number.MAX_SAFE_INTEGER }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: 15 }), text, text, expiry), { maxLength: 60 }),
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: 5000 }),
      (keys, compresses, checksums, chunkMax) => {
        const keyspace = newKeyspace();
        for (const [index, key, value, expiresAtMs] of keys) {
          put(keyspace, index, key, value, expiresAtMs);
        }
        const files = new MemoryFiles();
        files.chunkMax = chunkMax;
        const settings = { ...SAVE_SETTINGS, compresses, checksums };
        saveRdb(files, keyspace, settings);
        const loaded = newKeyspace();
        loadBytes(files.contents.get("dump.rdb")!, loaded, {}, files);
        assert.deepEqual(contentsOf(loaded), contentsOf(keyspace));
        loaded.check();
      },
    ),
    { numRuns: 60 },
  );
});

test("values of megabytes, compressible or not, in pieces", () => {
  const keyspace = newKeyspace();
  const random = new Uint8Array(700_001);
  for (let i = 0, state = 1; i < random.length; i++) {
    state = Math.imul(state, 1103515245) + 12345 | 0;
    random[i] = state >>> 16;
  }
  put(keyspace, 0, "random", random);
  put(keyspace, 0, "zero", new Uint8Array(700_001));
  put(keyspace, 0, "key".repeat(50_000), "long key");
  for (const compresses of [true, false]) {
    const file = saved(keyspace, { compresses });
    assert.ok(file.length > 700_001 && (file.length < 800_000) === compresses);
    const loaded = newKeyspace();
    loadBytes(file, loaded);
    const expected = contentsOf(keyspace);
    for (const [name, value] of contentsOf(loaded)) assert.ok(value === expected.get(name), name);
    assert.equal(loaded.size, 3);
    loaded.check();
  }
});

test("the file is written aside, synced and moved; the old one stays until then", () => {
  const keyspace = newKeyspace();
  put(keyspace, 0, "k", "v");
  const files = new MemoryFiles();
  saveRdb(files, keyspace, { ...SAVE_SETTINGS, directory: "/data", fileName: "a.rdb" });
  assert.deepEqual(files.log.filter((line) => !line.startsWith("append")), [
    "open /data/temp-42.rdb",
    "sync",
    "close",
    "rename /data/temp-42.rdb /data/a.rdb",
    "syncDirectory /data",
  ]);
});

test("incremental syncs come every 4 MiB", () => {
  const keyspace = newKeyspace();
  put(keyspace, 0, "k", new Uint8Array(9 << 20));
  const syncs = (syncsIncrementally: boolean) => {
    const files = new MemoryFiles();
    saveRdb(files, keyspace, { ...SAVE_SETTINGS, compresses: false, syncsIncrementally });
    return files.log.filter((line) => line === "sync").length;
  };
  assert.equal(syncs(false), 1);
  assert.equal(syncs(true), 3);
});

test("whatever fails, the old file stays whole and the new one is gone", () => {
  const keyspace = newKeyspace();
  for (let i = 0; i < 2000; i++) put(keyspace, i % 3, `key:${i}`, "value".repeat(i % 100));
  const settings = { ...SAVE_SETTINGS, compresses: false };
  const log = (() => {
    const files = new MemoryFiles();
    saveRdb(files, keyspace, settings);
    return files.log;
  })();
  assert.ok(log.length > 7);
  const old = row("old");
  for (let failAt = 0; failAt < log.length; failAt++) {
    const files = new MemoryFiles();
    files.contents.set("dump.rdb", old);
    files.failAt = failAt;
    const isAfterRename = log[failAt].startsWith("syncDirectory");
    assert.throws(() => saveRdb(files, keyspace, settings), {
      name: "RdbSaveError",
      message: /^(Failed|Write error|Error moving) .+: No space left on device$/,
    });
    const left = isAfterRename ? files.contents.get("dump.rdb") : old;
    assert.deepEqual([...files.contents], [["dump.rdb", left]], `failed at ${log[failAt]}`);
    assert.ok(log[failAt] === "close" || files.openCount === 0, "nothing is left open");
  }
  keyspace.check();
});

test("the reasons are Redis's", () => {
  const reason = (operation: string) => {
    const files = new MemoryFiles();
    saveRdb(files, newKeyspace(), SAVE_SETTINGS);
    const index = files.log.findIndex((line) => line.startsWith(operation));
    files.log.length = 0;
    files.failAt = index;
    try {
      saveRdb(files, newKeyspace(), SAVE_SETTINGS);
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  };
  const because = ": No space left on device";
  assert.equal(
    reason("open"),
    `Failed opening the temp RDB file temp-42.rdb (in server root dir /data) for saving${because}`,
  );
  assert.equal(
    reason("append"),
    `Write error while saving DB to the disk(rdbSaveRio)${because}`,
  );
  assert.equal(reason("sync"), `Write error while saving DB to the disk(fsync)${because}`);
  assert.equal(reason("close"), `Write error while saving DB to the disk(fclose)${because}`);
  assert.equal(
    reason("rename"),
    "Error moving temp DB file temp-42.rdb on the final destination dump.rdb " +
      `(in server root dir /data)${because}`,
  );
  assert.equal(reason("syncDirectory"), `Failed to fsync directory while saving DB${because}`);
});

test("a frozen heap is saved as it was, whatever happens meanwhile", () => {
  const keyspace = newKeyspace();
  for (let i = 0; i < 5000; i++) put(keyspace, i % 4, `key:${i}`, `value:${i}`);
  put(keyspace, 0, "large", new Uint8Array(500_000).fill(1));
  const expected = contentsOf(keyspace);
  const job = freezeForSave(keyspace, SAVE_SETTINGS);
  const files = new MemoryFiles();
  const steps = writeRdbFile(files, new HeapView(job.image), job.contents, job.settings);
  for (let i = 0;; i++) {
    if (steps.next().done) break;
    put(keyspace, i % 4, `new:${i}`, "x".repeat(i % 2000));
    put(keyspace, i % 4, `key:${i}`, "changed");
    const ref = entryOf(keyspace, (i + 1) % 4, `key:${i + 1}`);
    if (ref !== 0) keyspace.databases[(i + 1) % 4].delete(ref);
    if (i === 40) keyspace.flush();
  }
  keyspace.heap.release();
  keyspace.check();
  const loaded = newKeyspace();
  loadBytes(files.contents.get("dump.rdb")!, loaded);
  assert.deepEqual(contentsOf(loaded), expected);
});

test("a save that is ended early removes its file", () => {
  const keyspace = newKeyspace();
  put(keyspace, 0, "large", new Uint8Array(2_000_000));
  const job = freezeForSave(keyspace, { ...SAVE_SETTINGS, compresses: false });
  const files = new MemoryFiles();
  const steps = writeRdbFile(files, new HeapView(job.image), job.contents, job.settings);
  for (let i = 0; i < 10; i++) assert.ok(!steps.next().done);
  assert.deepEqual([...files.contents.keys()], ["temp-42.rdb"]);
  steps.return(undefined as never);
  assert.equal(files.contents.size, 0);
  assert.equal(files.openCount, 0);
  keyspace.heap.release();
});

test("a save that is ended when all of it is written leaves the old file", () => {
  const keyspace = newKeyspace();
  for (let i = 0; i < 1000; i++) put(keyspace, 0, `key:${i}`, "value");
  const start = () => {
    const files = new MemoryFiles();
    files.contents.set("dump.rdb", row("old"));
    const contents = describeContents(keyspace, SAVE_SETTINGS);
    return { files, steps: writeRdbFile(files, keyspace.heap, contents, SAVE_SETTINGS) };
  };
  let count = 0;
  for (const { steps } = start(); steps.next().done !== true;) count++;
  const { files, steps } = start();
  for (let i = 0; i < count; i++) assert.ok(steps.next().done !== true);
  assert.deepEqual(files.log.slice(-2), ["sync", "close"]);
  steps.return(undefined as never);
  assert.deepEqual([...files.contents], [["dump.rdb", row("old")]]);
});
