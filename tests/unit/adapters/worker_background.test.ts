import assert from "node:assert/strict";
import { test } from "node:test";
import { WorkerBackground } from "../../../adapters/shared/worker_background.ts";
import type { StartRequest } from "../../../adapters/shared/worker_protocol.ts";
import type { WorkerThreadHandlers } from "../../../adapters/shared/worker_thread.ts";
import { memoryPlatform } from "../../../adapters/memory/mod.ts";

/** A thread that does what the test tells it to. */
class FakeThreads {
  readonly posted: StartRequest[] = [];
  readonly handlers: WorkerThreadHandlers[] = [];
  stopped = 0;

  readonly start = (_module: URL | string, handlers: WorkerThreadHandlers) => {
    this.handlers.push(handlers);
    return {
      post: (message: unknown) => void this.posted.push(message as StartRequest),
      stop: () => void this.stopped++,
    };
  };
}

function background(threads: FakeThreads): WorkerBackground {
  return new WorkerBackground("", threads.start, memoryPlatform().background);
}

function listener(heard: string[]) {
  return {
    progress: (message: unknown) => void heard.push(`progress ${message}`),
    done: (result: unknown) => void heard.push(`done ${result}`),
    failed: (error: Error) => void heard.push(`failed ${error.message}`),
  };
}

test("a worker that dies fails its jobs, and the next job gets another", () => {
  const threads = new FakeThreads();
  const jobs = background(threads);
  const heard: string[] = [];
  jobs.start("first", 1, listener(heard));
  threads.handlers[0]!.message({ kind: "progress", id: threads.posted[0]!.id, message: "alive" });
  jobs.start("second", 2, listener(heard));
  threads.handlers[0]!.failed(new Error("out of memory"));
  assert.deepEqual(heard, ["progress alive", "failed out of memory", "failed out of memory"]);
  jobs.start("third", 3, listener(heard));
  assert.equal(threads.handlers.length, 2);
  assert.equal(threads.posted[2]!.name, "third");
  // The end of the old one is no news.
  threads.handlers[0]!.failed(new Error("ended"));
  assert.equal(heard.length, 3);
  jobs.close();
  assert.equal(threads.stopped, 1);
});

test("a job that is cancelled is not heard of any more, and told to stop", () => {
  const threads = new FakeThreads();
  const jobs = background(threads);
  const heard: string[] = [];
  jobs.start("job", 1, listener(heard)).cancel();
  const { id, cancelled } = threads.posted[0]!;
  assert.equal(Atomics.load(cancelled, 0), 1);
  threads.handlers[0]!.message({ kind: "done", id, result: 1 });
  assert.deepEqual(heard, []);
  jobs.close();
});
