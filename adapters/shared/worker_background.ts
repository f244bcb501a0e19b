/**
 * Background jobs on a worker, through `node:worker_threads`, which Node, Deno and Bun all have.
 *
 * There is one worker. It is made for the first job and kept for later ones, and it never keeps the
 * process alive. Should it die (its module cannot be loaded, it runs out of memory), then all jobs
 * that wait for it fail, and the next job gets a new one.
 */
import { Worker } from "node:worker_threads";
import type {
  Background,
  BackgroundHandlers,
  BackgroundJob,
} from "../../src/platform/background.ts";
import { errorOf, type JobReport, type StartRequest } from "./worker_protocol.ts";

interface WaitingJob {
  readonly handlers: BackgroundHandlers;
  /** The word that tells the worker to stop. */
  readonly cancelled: Int32Array<SharedArrayBuffer>;
}

/** A {@link Background} with a core of its own. */
export class WorkerBackground implements Background {
  readonly isParallel = true;
  readonly #module: URL | string;
  readonly #waiting = new Map<number, WaitingJob>();
  #worker: Worker | undefined;
  #lastId = 0;

  /** `module` is what the worker starts with: where it is, or its source text. */
  constructor(module: URL | string) {
    this.#module = module;
  }

  start(name: string, input: unknown, handlers: BackgroundHandlers): BackgroundJob {
    const worker = this.#worker ??= this.#startWorker();
    const id = ++this.#lastId;
    const cancelled = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const request: StartRequest = { id, name, input, cancelled };
    worker.postMessage(request);
    this.#waiting.set(id, { handlers, cancelled });
    return {
      cancel: () => {
        this.#waiting.delete(id);
        Atomics.store(cancelled, 0, 1);
      },
    };
  }

  close(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    // Deno lets a busy worker go on for a while: this stops it at its next yield.
    for (const { cancelled } of this.#waiting.values()) Atomics.store(cancelled, 0, 1);
    this.#waiting.clear();
    worker?.terminate();
  }

  #startWorker(): Worker {
    const worker = new Worker(this.#module, { eval: typeof this.#module === "string" });
    worker.on("message", (report: JobReport) => this.#reported(report));
    worker.on("error", (thrown: unknown) => {
      this.#died(worker, thrown instanceof Error ? thrown : new Error(String(thrown)));
    });
    worker.on("exit", (code: number) => {
      this.#died(worker, new Error(`the background worker ended with exit code ${code}`));
    });
    // After the listeners, because a listener for messages takes a reference again.
    worker.unref();
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
    if (report.kind === "done") handlers.done(report.result);
    else handlers.failed(errorOf(report.error));
  }

  #died(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const orphans = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { handlers } of orphans) handlers.failed(error);
  }
}
