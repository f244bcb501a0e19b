/** Every background job by its name, for the main thread and the worker alike. */
import { HeapView } from "../heap/heap_view.ts";
import type { BackgroundJobs } from "../platform/background.ts";
import type { FileSystem } from "../platform/file_system.ts";
import { FileError } from "../platform/file_system.ts";
import type { AofRewriteJob, AofRewriteResult } from "./aof/rewrite.ts";
import { writeAofBase } from "./aof/rewrite.ts";
import type { RdbSaveJob, RdbSaveResult } from "./rdb/save.ts";
import { writeRdbFile } from "./rdb/save.ts";

/** The name of the job that saves a frozen keyspace; its input is an {@link RdbSaveJob}. */
export const SAVE_RDB_JOB = "save-rdb";
/** The name of the job that writes an append-only file's base; its input is an {@link AofRewriteJob}. */
export const REWRITE_AOF_JOB = "rewrite-aof";

/** The name of the job that removes files, which takes its time where they are large: their paths. */
export const REMOVE_FILES_JOB = "remove-files";

/** Saves; says now and then how many keys are written. */
function saveRdbJob(
  input: unknown,
  files: FileSystem,
): Generator<number | undefined, RdbSaveResult, void> {
  const { image, contents, settings } = input as RdbSaveJob;
  return writeRdbFile(files, new HeapView(image), contents, settings);
}

/** Rewrites; says now and then how many keys are written. */
function rewriteAofJob(
  input: unknown,
  files: FileSystem,
): Generator<number | undefined, AofRewriteResult, void> {
  const { image, contents, settings } = input as AofRewriteJob;
  return writeAofBase(files, new HeapView(image), contents, settings);
}

/** Removes what is there; says nothing of what is not. */
function* removeFilesJob(input: unknown, files: FileSystem): Generator<undefined, void, void> {
  for (const path of input as readonly string[]) {
    try {
      files.remove(path);
    } catch (thrown) {
      if (!(thrown instanceof FileError && thrown.code === "ENOENT")) throw thrown;
    }
    yield undefined;
  }
}

/** The table of jobs. */
export const backgroundJobs: BackgroundJobs = {
  [SAVE_RDB_JOB]: saveRdbJob,
  [REWRITE_AOF_JOB]: rewriteAofJob,
  [REMOVE_FILES_JOB]: removeFilesJob,
};
