import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { InlineBackground } from "../../../adapters/shared/inline_background.ts";
import { SystemClock } from "../../../adapters/shared/system_clock.ts";
import { systemFiles } from "../../../adapters/shared/system_files.ts";
import { WorkerBackground } from "../../../adapters/shared/worker_background.ts";
import { backgroundJobs, SAVE_RDB_JOB } from "../../../src/persistence/jobs.ts";
import { loadRdbNow } from "../../../src/persistence/rdb/load.ts";
import { freezeForSave } from "../../../src/persistence/rdb/save.ts";
import type { RdbSaveJob } from "../../../src/persistence/rdb/save.ts";
import type { Background } from "../../../src/platform/background.ts";
import { contentsOf, newKeyspace, put, SAVE_SETTINGS } from "./rdb/fixture.ts";

interface Outcome {
  readonly result: unknown;
  readonly progress: readonly unknown[];
}

function run(background: Background, job: RdbSaveJob): Promise<Outcome> {
  // A worker does not keep the process alive; a server does that in its place.
  const alive = setInterval(() => {}, 1000);
  return new Promise<Outcome>((resolve, reject) => {
    const progress: unknown[] = [];
    background.start(SAVE_RDB_JOB, job, {
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

function inline(): Background {
  return new InlineBackground(backgroundJobs, systemFiles, new SystemClock());
}

function worker(): Background {
  return new WorkerBackground(new URL("../../../adapters/worker.ts", import.meta.url));
}

test("save-rdb on the main thread, in slices", () => saves(inline(), 20_000));
test("save-rdb in a worker", () => saves(worker(), 140_000));
test("save-rdb says why it failed, on the main thread", () => fails(inline()));
test("save-rdb says why it failed, in a worker", () => fails(worker()));
