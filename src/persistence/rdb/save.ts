/**
 * Saving to a file: written under another name, synced, and put in the old file's place in one step
 * at the end, so that there is a whole file at any moment. Whatever fails, the old file stays and
 * the new one is removed.
 */
import type { HeapImage, HeapView } from "../../heap/heap_view.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import type { FileSystem } from "../../platform/file_system.ts";
import { finished } from "../entry_writing.ts";
import { pathIn } from "../file_path.ts";
import type { TemporaryFileTexts } from "../temporary_file.ts";
import { attempt, TemporaryFile } from "../temporary_file.ts";
import { RdbEncoder } from "./rdb_encoder.ts";
import { writeRdb } from "./rdb_writer.ts";
import { describeContents } from "./snapshot.ts";
import type { RdbContents, RdbContentSettings } from "./snapshot.ts";

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
  /** `rdb-key-save-delay`, as {@link writeEntries} takes it; 0 when it is not given. */
  readonly keyDelayUs?: number | undefined;
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
  return finished(writeRdbFile(files, keyspace.heap, contents, settings));
}

/**
 * Saves contents of a heap that does not change meanwhile, in steps. Yields as {@link writeEntries}
 * does. When it is ended early the temporary file is removed.
 * @throws {RdbSaveError}
 */
export function* writeRdbFile(
  files: FileSystem,
  view: HeapView,
  contents: RdbContents,
  settings: RdbFileSettings,
): Generator<number | undefined, RdbSaveResult, void> {
  const { directory, syncsIncrementally, keyDelayUs = 0 } = settings;
  const temporary = temporaryRdbPath(settings);
  const target = pathIn(directory, settings.fileName);
  const file = new TemporaryFile(
    files,
    temporary,
    textsOf(temporary, target, directory === "" ? files.currentDirectory() : directory),
    syncsIncrementally,
  );
  let sizeBytes: number;
  try {
    const encoder = new RdbEncoder((bytes) => file.append(bytes), contents.checksums);
    yield* writeRdb(encoder, view, contents, keyDelayUs);
    sizeBytes = encoder.offsetBytes;
    file.finish();
    // A worker notices that a save was cancelled when it yields. What it read since the last time may
    // have changed under it by then, so such a file must not get into the place of a good one.
    yield undefined;
    file.moveTo(target);
  } finally {
    file.end();
  }
  attempt("Failed to fsync directory while saving DB", rdbSaveError, () => {
    files.syncDirectory(directory === "" ? "." : directory);
  });
  return { keyCount: contents.keyCount, sizeBytes };
}

function textsOf(temporary: string, target: string, place: string): TemporaryFileTexts {
  const inPlace = `(in server root dir ${place})`;
  const write = (operation: string) => `Write error while saving DB to the disk(${operation})`;
  return {
    open: `Failed opening the temp RDB file ${temporary} ${inPlace} for saving`,
    write: write("rdbSaveRio"),
    sync: write("fsync"),
    close: write("fclose"),
    move: `Error moving temp DB file ${temporary} on the final destination ${target} ${inPlace}`,
    error: rdbSaveError,
  };
}

function rdbSaveError(message: string): RdbSaveError {
  return new RdbSaveError(message);
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
  const { directory, fileName, pid, syncsIncrementally, keyDelayUs } = settings;
  return {
    image: keyspace.heap.freeze(),
    contents,
    settings: { directory, fileName, pid, syncsIncrementally, keyDelayUs },
  };
}
