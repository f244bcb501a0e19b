/**
 * The thread that a worker runs on, as far as background jobs need one, and the way to start it that
 * Node and Bun share. Deno has one of its own (deno/worker_thread.ts).
 */
import { Worker } from "node:worker_threads";

/** A thread that runs a module. */
export interface WorkerThread {
  post(message: unknown): void;
  stop(): void;
}

/** What is heard of a thread. It may be told to have failed more than once. */
export interface WorkerThreadHandlers {
  message(message: unknown): void;
  /** It has ended, or cannot run at all. */
  failed(error: Error): void;
}

/** Starts a thread with a module, or with the text of one; it does not keep the process alive. */
export type StartWorkerThread = (
  module: URL | string,
  handlers: WorkerThreadHandlers,
) => WorkerThread;

/**
 * A save makes little garbage: a small nursery (Node) and a collector that does not put its work off
 * (Bun's `smol`) spare some megabytes beside a data set that is all the larger.
 */
const SMALL = { resourceLimits: { maxYoungGenerationSizeMb: 1 }, smol: true };

/** A thread through `node:worker_threads`. */
export const startNodeThread: StartWorkerThread = (module, handlers) => {
  const worker = new Worker(module, { eval: typeof module === "string", ...SMALL });
  worker.on("message", (message: unknown) => handlers.message(message));
  worker.on("error", (thrown: unknown) => {
    handlers.failed(thrown instanceof Error ? thrown : new Error(String(thrown)));
  });
  worker.on("exit", (code: number) => {
    handlers.failed(new Error(`the background worker ended with exit code ${code}`));
  });
  // After the listeners, because a listener for messages takes a reference again.
  worker.unref();
  return {
    post: (message) => worker.postMessage(message),
    stop: () => void worker.terminate(),
  };
};
