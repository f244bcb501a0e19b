import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { InlineBackground } from "../../../adapters/shared/inline_background.ts";
import { SystemClock } from "../../../adapters/shared/system_clock.ts";
import { systemFiles } from "../../../adapters/shared/system_files.ts";
import { WorkerBackground } from "../../../adapters/shared/worker_background.ts";
import { startNodeThread } from "../../../adapters/shared/worker_thread.ts";
import { freezeForRewrite } from "../../../src/persistence/aof/rewrite.ts";
import { backgroundJobs, REWRITE_AOF_JOB, SAVE_RDB_JOB } from "../../../src/persistence/jobs.ts";
import { loadRdbNow } from "../../../src/persistence/rdb/load.ts";
import { freezeForSave } from "../../../src/persistence/rdb/save.ts";
import type { Background } from "../../../src/platform/background.ts";
import { read } from "./aof/aof_fixture.ts";
import { contentsOf, newKeyspace, put, SAVE_SETTINGS } from "./rdb/fixture.ts";

interface Outcome {
  readonly result: unknown;
  readonly progress: readonly unknown[];
}

function run(
  background: Background,
  job: unknown,
  name: string = SAVE_RDB_JOB,
): Promise<Outcome> {
  // A worker does not keep the process alive; a server does that in its place.
  const alive = setInterval(() => {}, 1000);
  return new Promise<Outcome>((resolve, reject) => {
    const progress: unknown[] = [];
    background.start(name, job, {
      progress: (message) => progress.push(message),
      done: (result) => resolve({ result, progress }),
      failed: reject,
    });
  }).finally(() => clearInterval(alive));
}

async function saves(background: Background, keyCount: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "pagurus-test-"));
  try {
    const keyspace = newKeyspace();
    for (let i = 0; i < keyCount; i++) put(keyspace, i % 3, `key:${i}`, `value ${i}`);
    put(keyspace, 5, "large", new Uint8Array(300_000).map((_, i) => i * i >> 7));
    const expected = contentsOf(keyspace);
    const job = freezeForSave(keyspace, { ...SAVE_SETTINGS, directory });
    const over = run(background, job);
    // The data goes on changing while it is saved.
    for (let i = 0; i < keyCount; i++) put(keyspace, i % 3, `key:${i}`, "changed meanwhile");
    const { result, progress } = await over;
    keyspace.heap.release();
    keyspace.check();

    assert.equal((result as { keyCount: number }).keyCount, keyCount + 1);
    assert.equal(progress.length, Math.floor(keyCount / 65536));
    assert.equal(existsSync(join(directory, "temp-42.rdb")), false);
    const loaded = newKeyspace();
    const path = join(directory, "dump.rdb");
    loadRdbNow(systemFiles, path, loaded, { verifiesChecksum: true });
    assert.equal(loaded.size, expected.size);
    const found = contentsOf(loaded);
    for (const [name, value] of expected) assert.ok(found.get(name) === value, name);
  } finally {
    background.close();
    rmSync(directory, { recursive: true });
  }
}

async function fails(background: Background): Promise<void> {
  try {
    const keyspace = newKeyspace();
    put(keyspace, 0, "k", "v");
    const job = freezeForSave(keyspace, { ...SAVE_SETTINGS, directory: "/no/such/folder" });
    await assert.rejects(run(background, job), {
      message: "Failed opening the temp RDB file /no/such/folder/temp-42.rdb (in server root dir " +
        "/no/such/folder) for saving: No such file or directory",
    });
    keyspace.heap.release();
  } finally {
    background.close();
  }
}

async function rewrites(background: Background): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "pagurus-test-"));
  try {
    const path = join(directory, "temp-rewriteaof-bg-42.aof");
    const keyspace = newKeyspace();
    for (let i = 0; i < 70_000; i++) put(keyspace, 0, `key:${i}`, "value");
    const settings = { ...SAVE_SETTINGS, path, usesRdbPreamble: false };
    const over = run(background, freezeForRewrite(keyspace, settings), REWRITE_AOF_JOB);
    keyspace.flush();
    const { result, progress } = await over;
    keyspace.heap.release();
    const bytes = readFileSync(path);
    assert.deepEqual(result, { keyCount: 70_000, sizeBytes: bytes.length });
    assert.equal(progress.length, 1);
    const { items: [select, ...sets], end } = read(bytes);
    assert.equal(end, "end");
    assert.deepEqual(select, ["SELECT", "0"]);
    const keys = new Set(sets.map(([name, key, value]) => `${name} ${key} ${value}`));
    assert.equal(keys.size, 70_000);
    for (let i = 0; i < 70_000; i++) assert.ok(keys.has(`SET key:${i} value`));
  } finally {
    background.close();
    rmSync(directory, { recursive: true });
  }
}

function inline(): Background {
  return new InlineBackground(backgroundJobs, systemFiles, new SystemClock());
}

function worker(): Background {
  const module = new URL("../../../adapters/worker.ts", import.meta.url);
  return new WorkerBackground(module, startNodeThread, inline());
}

test("save-rdb on the main thread, in slices", () => saves(inline(), 20_000));
test("save-rdb in a worker", () => saves(worker(), 140_000));
test("save-rdb says why it failed, on the main thread", () => fails(inline()));
test("save-rdb says why it failed, in a worker", () => fails(worker()));
test("rewrite-aof on the main thread, in slices", () => rewrites(inline()));
test("rewrite-aof in a worker", () => rewrites(worker()));
