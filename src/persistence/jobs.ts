/** Every background job by its name, for the main thread and the worker alike. */
import type { BackgroundJobs } from "../platform/background.ts";

/** The table of jobs. */
export const backgroundJobs: BackgroundJobs = {};
