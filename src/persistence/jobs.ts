/** Every background job by its name, for the main thread and the worker alike. */
import { HeapView } from "../heap/heap_view.ts";
import type { BackgroundJobs } from "../platform/background.ts";
import type { FileSystem } from "../platform/file_system.ts";
import type { AofRewriteJob, AofRewriteResult } from "./aof/rewrite.ts";
import { writeAofBase } from "./aof/rewrite.ts";
import type { RdbSaveJob, RdbSaveResult } from "./rdb/save.ts";
import { writeRdbFile } from "./rdb/save.ts";

/** The name of the job that saves a frozen keyspace; its input is an {@link RdbSaveJob}. */
export const SAVE_RDB_JOB = "save-rdb";
/** The name of the job that writes an append-only file's base; its input is an {@link AofRewriteJob}. */
export const REWRITE_AOF_JOB = "rewrite-aof";

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

/** The table of jobs. */
export const backgroundJobs: BackgroundJobs = {
  [SAVE_RDB_JOB]: saveRdbJob,
  [REWRITE_AOF_JOB]: rewriteAofJob,
};
