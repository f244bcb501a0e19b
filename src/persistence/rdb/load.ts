/**
 * Loading a file: into an empty keyspace, which is empty again when it fails.
 */
import { assert } from "../../base/assert.ts";
import { HeapFull } from "../../heap/heap.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import type { FileSystem } from "../../platform/file_system.ts";
import type { RdbLoadSettings } from "./rdb_loader.ts";
import { RdbLoader } from "./rdb_loader.ts";
import { RdbReader } from "./rdb_reader.ts";

export type { RdbLoadSettings } from "./rdb_loader.ts";
export { RdbError } from "./rdb_format.ts";

/** How far a load has come. */
export interface RdbLoadProgress {
  readonly loadedBytes: number;
  readonly totalBytes: number;
  readonly loadedCount: number;
}

/** What a load has done. */
export interface RdbLoadResult {
  /** Keys loaded, and keys dropped because their time is over. */
  readonly loadedCount: number;
  readonly expiredCount: number;
  /** Where the RDB part of the file ends, in bytes: an append-only file may go on from there. */
  readonly endBytes: number;
}

/**
 * Loads a file in steps, each a chunk of it: some milliseconds. The keyspace must be empty (but for
 * `merges`) and nothing else may change it meanwhile. `keyspace.nowMs` decides which keys are expired.
 *
 * When it fails or is ended early, the keyspace is empty again (but for `merges`).
 * @throws {RdbError} for what is wrong with the file; FileError for what the system refuses, with
 * code ENOENT where there is no such file.
 */
export function* loadRdb(
  files: FileSystem,
  path: string,
  keyspace: Keyspace,
  settings: RdbLoadSettings,
): Generator<RdbLoadProgress, RdbLoadResult, void> {
  const merges = settings.merges === true;
  assert(merges || keyspace.size === 0, "a file is loaded into an empty keyspace");
  const file = files.open(path, "read");
  let isWhole = false;
  let loader: RdbLoader | undefined;
  try {
    const reader = RdbReader.ofFile(file, settings.verifiesChecksum);
    loader = new RdbLoader(reader, keyspace, settings);
    while (!stepOrFail(loader, reader)) {
      yield {
        loadedBytes: reader.offsetBytes,
        totalBytes: reader.sizeBytes,
        loadedCount: loader.loadedCount,
      };
    }
    isWhole = true;
    const { loadedCount, expiredCount, emptyCount } = loader;
    const empty = emptyCount === 0 ? "" : `, empty keys skipped: ${emptyCount}`;
    settings.notice?.(
      `Done loading RDB, keys loaded: ${loadedCount}, keys expired: ${expiredCount}${empty}.`,
    );
    return { loadedCount, expiredCount, endBytes: reader.offsetBytes };
  } finally {
    file.close();
    if (!isWhole) {
      if (merges) loader?.abandon();
      else keyspace.flush();
    }
  }
}

/** As {@link loadRdb}, in one go. */
export function loadRdbNow(
  files: FileSystem,
  path: string,
  keyspace: Keyspace,
  settings: RdbLoadSettings,
): RdbLoadResult {
  const steps = loadRdb(files, path, keyspace, settings);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function stepOrFail(loader: RdbLoader, reader: RdbReader): boolean {
  try {
    return loader.step();
  } catch (error) {
    if (error instanceof HeapFull) reader.fail("the heap is full", "loadEntry");
    throw error;
  }
}
