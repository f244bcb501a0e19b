/**
 * Work on another core. A job is named, because a function cannot cross to a worker: both sides
 * know the same table of jobs, {@link BackgroundJobs}.
 *
 * Where a runtime or an embedding has no worker, the job runs on the main thread in slices of about
 * a millisecond: that is why a job is a generator. It yields where it may be interrupted.
 */
export interface Background {
  /** Starts a job. `input` crosses by structured clone; SharedArrayBuffers in it are shared. */
  start(name: string, input: unknown, handlers: BackgroundHandlers): BackgroundJob;
  /** True when jobs run on a core of their own. */
  readonly isParallel: boolean;
  /** Ends what runs and lets the process exit. */
  close(): void;
}

/** A running job. */
export interface BackgroundJob {
  /** Ends it wherever it is; no handler is called afterwards. */
  cancel(): void;
}

/** What the one who started a job hears of it: any number of `progress`, then one of the others. */
export interface BackgroundHandlers {
  progress(message: unknown): void;
  done(result: unknown): void;
  failed(error: Error): void;
}

/** A job: yields progress messages (undefined: only a chance to pause), returns its result. */
export type BackgroundJobFunction = (
  input: unknown,
  files: import("./file_system.ts").FileSystem,
) => Generator<unknown, unknown, void>;

/** Every job by its name; the same table on both sides. */
export type BackgroundJobs = Readonly<Record<string, BackgroundJobFunction>>;
