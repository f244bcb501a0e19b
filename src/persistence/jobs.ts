/** Every background job by its name, for the main thread and the worker alike. */
import { HeapView } from "../heap/heap_view.ts";
import type { BackgroundJobs } from "../platform/background.ts";
import type { FileSystem } from "../platform/file_system.ts";
import type { RdbSaveJob, RdbSaveResult } from "./rdb/save.ts";
import { writeRdbFile } from "./rdb/save.ts";

/** The name of the job that saves a frozen keyspace; its input is an {@link RdbSaveJob}. */
export const SAVE_RDB_JOB = "save-rdb";
/** Keys between two messages of progress: each crosses from the worker to the main thread. */
const KEYS_PER_PROGRESS = 1 << 16;

/** Saves; says now and then how many keys are written; returns an {@link RdbSaveResult}. */
function* saveRdbJob(
  input: unknown,
  files: FileSystem,
): Generator<number | undefined, RdbSaveResult, void> {
  const { image, contents, settings } = input as RdbSaveJob;
  const steps = writeRdbFile(files, new HeapView(image), contents, settings);
  let told = 0;
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (step.value - told < KEYS_PER_PROGRESS) yield undefined;
      else {
        told = step.value;
        yield told;
      }
    }
  } finally {
    // Ended early: lets the file be closed and removed.
    steps.return({ keyCount: 0, sizeBytes: 0 });
  }
}

/** The table of jobs. */
export const backgroundJobs: BackgroundJobs = {
  [SAVE_RDB_JOB]: saveRdbJob,
};
