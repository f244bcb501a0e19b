/**
 * Saving to a file: written under another name, synced, and put in the old file's place in one step
 * at the end, so that there is a whole file at any moment. Whatever fails, the old file stays and
 * the new one is removed.
 */
import type { HeapImage, HeapView } from "../../heap/heap_view.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import type { File, FileSystem } from "../../platform/file_system.ts";
import { RdbEncoder } from "./rdb_encoder.ts";
import { writeRdb } from "./rdb_writer.ts";
import { describeContents } from "./snapshot.ts";
import type { RdbContents, RdbContentSettings } from "./snapshot.ts";

/** `rdb-save-incremental-fsync`: a sync every so many bytes, so that the last one is short. */
const SYNC_BYTES = 4 << 20;

/** Where a file is saved, and how. */
export interface RdbFileSettings {
  /** `dir`; "" for the folder that relative paths start from. */
  readonly directory: string;
  /** `dbfilename`. */
  readonly fileName: string;
  /** The process's id, for the name of the temporary file. */
  readonly pid: number;
  /** `rdb-save-incremental-fsync`. */
  readonly syncsIncrementally: boolean;
}

/** Everything that {@link saveRdb} has to know. */
export interface RdbSaveSettings extends RdbFileSettings, RdbContentSettings {}

/** What a save has done. */
export interface RdbSaveResult {
  readonly keyCount: number;
  readonly sizeBytes: number;
}

/** A save that failed; the message is the line that Redis logs, with the system's reason. */
export class RdbSaveError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RdbSaveError";
  }
}

/** The path of a file in a folder that may be "". */
export function pathIn(directory: string, name: string): string {
  if (directory === "") return name;
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

/** Where a save writes before it is done: a process that is killed meanwhile leaves it there. */
export function temporaryRdbPath(settings: RdbFileSettings): string {
  return pathIn(settings.directory, `temp-${settings.pid}.rdb`);
}

/**
 * Saves the keyspace as it is now; returns when it is done.
 * @throws {RdbSaveError}
 */
export function saveRdb(
  files: FileSystem,
  keyspace: Keyspace,
  settings: RdbSaveSettings,
): RdbSaveResult {
  const contents = describeContents(keyspace, settings);
  const steps = writeRdbFile(files, keyspace.heap, contents, settings);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Saves contents of a heap that does not change meanwhile, in steps. Yields the keys written so
 * far. When it is ended early the temporary file is removed.
 * @throws {RdbSaveError}
 */
export function* writeRdbFile(
  files: FileSystem,
  view: HeapView,
  contents: RdbContents,
  settings: RdbFileSettings,
): Generator<number, RdbSaveResult, void> {
  const temporary = temporaryRdbPath(settings);
  const place = settings.directory === "" ? files.currentDirectory() : settings.directory;
  const file = attempt(
    () => files.open(temporary, "create"),
    `Failed opening the temp RDB file ${temporary} (in server root dir ${place}) for saving`,
  );
  let isWhole = false;
  try {
    const sizeBytes = yield* writeContents(file, view, contents, settings.syncsIncrementally);
    isWhole = true;
    const target = pathIn(settings.directory, settings.fileName);
    attempt(
      () => files.rename(temporary, target),
      `Error moving temp DB file ${temporary} on the final destination ${target} ` +
        `(in server root dir ${place})`,
      () => files.remove(temporary),
    );
    attempt(
      () => files.syncDirectory(settings.directory === "" ? "." : settings.directory),
      "Failed to fsync directory while saving DB",
    );
    return { keyCount: contents.keyCount, sizeBytes };
  } finally {
    if (!isWhole) removeQuietly(files, temporary);
  }
}

/** Writes, syncs and closes the file; returns its size. */
function* writeContents(
  file: File,
  view: HeapView,
  contents: RdbContents,
  syncsIncrementally: boolean,
): Generator<number, number, void> {
  let isClosed = false;
  try {
    let sinceSync = 0;
    const encoder = new RdbEncoder((bytes) => {
      attemptWrite("rdbSaveRio", () => appendAll(file, bytes));
      sinceSync += bytes.length;
      if (!syncsIncrementally || sinceSync < SYNC_BYTES) return;
      sinceSync = 0;
      attemptWrite("rdbSaveRio", () => file.sync());
    }, contents.checksums);
    yield* writeRdb(encoder, view, contents);
    attemptWrite("fsync", () => file.sync());
    isClosed = true;
    attemptWrite("fclose", () => file.close());
    return encoder.offsetBytes;
  } finally {
    if (!isClosed) closeQuietly(file);
  }
}

function appendAll(file: File, bytes: Uint8Array): void {
  while (bytes.length > 0) bytes = bytes.subarray(file.append(bytes));
}

function attemptWrite(operation: string, run: () => void): void {
  attempt(run, `Write error while saving DB to the disk(${operation})`);
}

/** Runs something; where it fails, cleans up and says so in Redis's words. */
function attempt<Result>(run: () => Result, message: string, cleanUp?: () => void): Result {
  try {
    return run();
  } catch (error) {
    try {
      cleanUp?.();
    } catch {
      // What failed first is what matters.
    }
    throw new RdbSaveError(`${message}: ${error instanceof Error ? error.message : error}`);
  }
}

function removeQuietly(files: FileSystem, path: string): void {
  try {
    files.remove(path);
  } catch {
    // It is gone already, or cannot be removed where it could not be written either.
  }
}

function closeQuietly(file: File): void {
  try {
    file.close();
  } catch {
    // The write that failed before is what is reported.
  }
}

/** What the job `save-rdb` is given: structured clone shares the heap. */
export interface RdbSaveJob {
  readonly image: HeapImage;
  readonly contents: RdbContents;
  readonly settings: RdbFileSettings;
}

/**
 * Freezes the keyspace and describes it for the job `save-rdb`. The caller ends the freeze with
 * `keyspace.heap.release()` when the job is over.
 */
export function freezeForSave(keyspace: Keyspace, settings: RdbSaveSettings): RdbSaveJob {
  const contents = describeContents(keyspace, settings);
  const { directory, fileName, pid, syncsIncrementally } = settings;
  return {
    image: keyspace.heap.freeze(),
    contents,
    settings: { directory, fileName, pid, syncsIncrementally },
  };
}
