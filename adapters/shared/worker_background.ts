/**
 * Background jobs on a worker.
 *
 * There is one worker. It is made for the first job, and ended when it has had none for a while: it
 * would keep what it has been shown, the memory of a heap that has moved on, until its own collector
 * finds time. It never keeps the process alive. Should it die (its module cannot be loaded, it runs out of memory), then all jobs
 * that wait for it fail, and the next job gets a new one.
 */
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
  readonly handlers: BackgroundHandlers;
  /** The word that tells the worker to stop. */
  readonly cancelled: Int32Array<SharedArrayBuffer>;
}

/** Node's timers are objects, those of Deno may be numbers. */
type IdleTimer = ReturnType<typeof setTimeout> & { unref?(): void };

/** A {@link Background} with a core of its own. */
export class WorkerBackground implements Background {
  readonly isParallel = true;
  readonly #module: URL | string;
  readonly #waiting = new Map<number, WaitingJob>();
  readonly #startThread: StartWorkerThread;
  #worker: WorkerThread | undefined;
  #lastId = 0;
  #idleTimer: IdleTimer | undefined;

  /** `module` is what the worker starts with: where it is, or its source text. */
  constructor(module: URL | string, startThread: StartWorkerThread) {
    this.#module = module;
    this.#startThread = startThread;
  }

  start(name: string, input: unknown, handlers: BackgroundHandlers): BackgroundJob {
    clearTimeout(this.#idleTimer);
    const worker = this.#worker ??= this.#startWorker();
    const id = ++this.#lastId;
    const cancelled = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const request: StartRequest = { id, name, input, cancelled };
    worker.post(request);
    this.#waiting.set(id, { handlers, cancelled });
    return {
      cancel: () => {
        this.#waiting.delete(id);
        Atomics.store(cancelled, 0, 1);
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
  }

  #startWorker(): WorkerThread {
    const worker = this.#startThread(this.#module, {
      message: (report) => this.#reported(report as JobReport),
      failed: (error) => this.#died(worker, error),
    });
    return worker;
  }

  #reported(report: JobReport): void {
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
      if (this.#waiting.size === 0) this.close();
    }, IDLE_MS);
    this.#idleTimer.unref?.();
  }

  #died(worker: WorkerThread, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const orphans = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { handlers } of orphans) handlers.failed(error);
  }
}
