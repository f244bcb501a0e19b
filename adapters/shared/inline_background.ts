/**
 * Background jobs where there is no worker: a job runs on the main thread, in slices of about a
 * millisecond with a timer between them, so that the server keeps serving. Jobs run one after the
 * other, in the order in which they were started, as they do on a worker.
 */
import type {
  Background,
  BackgroundHandlers,
  BackgroundJob,
  BackgroundJobs,
} from "../../src/platform/background.ts";
import type { Clock, Timer } from "../../src/platform/clock.ts";
import type { FileSystem } from "../../src/platform/file_system.ts";

const SLICE_US = 1000;
/** Between two slices, so that at most about half of the time goes to the job. */
const PAUSE_MS = 1;

interface QueuedJob extends BackgroundJob {
  readonly name: string;
  readonly input: unknown;
  readonly handlers: BackgroundHandlers;
  steps: Generator<unknown, unknown, void> | undefined;
}

/** A {@link Background} that borrows time from the main thread. */
export class InlineBackground implements Background {
  readonly isParallel = false;
  readonly #jobs: BackgroundJobs;
  readonly #files: FileSystem;
  readonly #clock: Clock;
  readonly #stepsMax: number;
  #queue: QueuedJob[] = [];
  #timer: Timer | undefined;

  /** `stepsMax` bounds a slice also by the job's yields, for a clock that stands still meanwhile. */
  constructor(
    jobs: BackgroundJobs,
    files: FileSystem,
    clock: Clock,
    stepsMax: number = Infinity,
  ) {
    this.#jobs = jobs;
    this.#files = files;
    this.#clock = clock;
    this.#stepsMax = stepsMax;
  }

  start(name: string, input: unknown, handlers: BackgroundHandlers): BackgroundJob {
    const job: QueuedJob = {
      name,
      input,
      handlers,
      steps: undefined,
      cancel: () => this.#cancel(job),
    };
    this.#queue.push(job);
    this.#planSlice();
    return job;
  }

  close(): void {
    const running = this.#queue[0];
    this.#queue = [];
    this.#timer?.cancel();
    this.#timer = undefined;
    running?.steps?.return(undefined);
  }

  #cancel(job: QueuedJob): void {
    const index = this.#queue.indexOf(job);
    if (index < 0) return;
    this.#queue.splice(index, 1);
    // Cancelled from one of its own progress handlers a job stands at a yield, so this is allowed.
    job.steps?.return(undefined);
  }

  #planSlice(): void {
    if (this.#timer !== undefined || this.#queue.length === 0) return;
    this.#timer = this.#clock.schedule(PAUSE_MS, () => {
      this.#timer = undefined;
      this.#runSlice();
      this.#planSlice();
    });
  }

  /** Runs the first job of the queue until the slice is over or the job has ended. */
  #runSlice(): void {
    const untilUs = this.#clock.monotonicUs() + SLICE_US;
    const job = this.#queue[0];
    let steps = 0;
    while (job !== undefined && this.#queue[0] === job) {
      let step: IteratorResult<unknown, unknown>;
      try {
        job.steps ??= beginJob(this.#jobs, job.name, job.input, this.#files);
        step = job.steps.next();
      } catch (thrown) {
        this.#queue.shift();
        job.handlers.failed(thrown instanceof Error ? thrown : new Error(String(thrown)));
        return;
      }
      if (step.done) {
        this.#queue.shift();
        job.handlers.done(step.value);
        return;
      }
      if (step.value !== undefined) job.handlers.progress(step.value);
      if (++steps >= this.#stepsMax || this.#clock.monotonicUs() >= untilUs) return;
    }
  }
}

/** Starts a job out of the table; it has not run yet when this returns. */
export function beginJob(
  jobs: BackgroundJobs,
  name: string,
  input: unknown,
  files: FileSystem,
): Generator<unknown, unknown, void> {
  const run = Object.hasOwn(jobs, name) ? jobs[name] : undefined;
  if (run === undefined) throw new Error(`no background job is called '${name}'`);
  return run(input, files);
}
