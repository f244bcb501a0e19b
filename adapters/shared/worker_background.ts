/**
 * Background jobs on a worker.
 *
 * There is one worker. It is made for the first job, and ended when it has had none for a while: it
 * would keep what it has been shown, the memory of a heap that has moved on, until its own collector
 * finds time. It never keeps the process alive.
 *
 * Should it die (it runs out of memory), then all jobs that wait for it fail, and the next job gets a
 * new one. Should none ever come to life (its module is not there, threads are not allowed), then
 * jobs run on the main thread instead.
 */
import { clearTimeout, setTimeout } from "node:timers";
import type {
  Background,
  BackgroundHandlers,
  BackgroundJob,
} from "../../src/platform/background.ts";
import { errorOf, type JobReport, type StartRequest } from "./worker_protocol.ts";
import type { StartWorkerThread, WorkerThread } from "./worker_thread.ts";

/** A worker without a job ends after so long. */
const IDLE_MS = 5000;

interface WaitingJob {
  readonly name: string;
  readonly input: unknown;
  readonly handlers: BackgroundHandlers;
  /** The word that tells the worker to stop. */
  readonly cancelled: Int32Array<SharedArrayBuffer>;
  /** Where it runs now that there is no worker. */
  moved: BackgroundJob | undefined;
}

/** A {@link Background} with a core of its own. */
export class WorkerBackground implements Background {
  readonly isParallel = true;
  readonly #module: URL | string;
  readonly #waiting = new Map<number, WaitingJob>();
  readonly #startThread: StartWorkerThread;
  #worker: WorkerThread | undefined;
  readonly #fallback: Background;
  /** A worker has been heard of. */
  #hasLived = false;
  #isBroken = false;
  #lastId = 0;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param module what the worker starts with: where it is, or its source text.
   * @param fallback runs the jobs where no worker can be had.
   */
  constructor(module: URL | string, startThread: StartWorkerThread, fallback: Background) {
    this.#module = module;
    this.#startThread = startThread;
    this.#fallback = fallback;
  }

  start(name: string, input: unknown, handlers: BackgroundHandlers): BackgroundJob {
    if (this.#isBroken) return this.#fallback.start(name, input, handlers);
    clearTimeout(this.#idleTimer);
    const id = ++this.#lastId;
    const cancelled = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const job: WaitingJob = { name, input, handlers, cancelled, moved: undefined };
    const worker = this.#worker ??= this.#startWorker();
    const request: StartRequest = { id, name, input, cancelled };
    worker.post(request);
    this.#waiting.set(id, job);
    return {
      cancel: () => {
        job.moved?.cancel();
        Atomics.store(cancelled, 0, 1);
        if (this.#waiting.delete(id) && this.#waiting.size === 0) this.#endWhenIdle();
      },
    };
  }

  close(): void {
    clearTimeout(this.#idleTimer);
    const worker = this.#worker;
    this.#worker = undefined;
    // Deno lets a busy worker go on for a while: this stops it at its next yield.
    for (const { cancelled } of this.#waiting.values()) Atomics.store(cancelled, 0, 1);
    this.#waiting.clear();
    worker?.stop();
    this.#fallback.close();
  }

  #startWorker(): WorkerThread {
    const worker = this.#startThread(this.#module, {
      message: (report) => this.#reported(report as JobReport),
      failed: (error) => this.#died(worker, error),
    });
    return worker;
  }

  #reported(report: JobReport): void {
    this.#hasLived = true;
    const handlers = this.#waiting.get(report.id)?.handlers;
    if (handlers === undefined) return;
    if (report.kind === "progress") {
      handlers.progress(report.message);
      return;
    }
    this.#waiting.delete(report.id);
    if (this.#waiting.size === 0) this.#endWhenIdle();
    if (report.kind === "done") handlers.done(report.result);
    else handlers.failed(errorOf(report.error));
  }

  #endWhenIdle(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => {
      if (this.#waiting.size > 0) return;
      this.#worker?.stop();
      this.#worker = undefined;
    }, IDLE_MS);
    this.#idleTimer.unref();
  }

  #died(worker: WorkerThread, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const orphans = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#isBroken = !this.#hasLived;
    for (const job of orphans) {
      if (!this.#isBroken) job.handlers.failed(error);
      else job.moved = this.#fallback.start(job.name, job.input, job.handlers);
    }
  }
}
