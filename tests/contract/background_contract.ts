/** What every {@link Background} promises, on a worker and on the main thread. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Background, BackgroundHandlers } from "../../src/platform/background.ts";
import { FileError } from "../../src/platform/file_system.ts";
import type { Bench, BenchMaker } from "../support/platforms.ts";
import { contractJobs } from "./jobs.ts";

/** What has been heard of a job. */
class Listener implements BackgroundHandlers {
  readonly messages: unknown[] = [];
  result: unknown = undefined;
  error: Error | undefined;
  endings = 0;

  progress(message: unknown): void {
    assert.equal(this.endings, 0, "progress after the end");
    this.messages.push(message);
  }

  done(result: unknown): void {
    this.endings++;
    this.result = result;
  }

  failed(error: Error): void {
    this.endings++;
    this.error = error;
  }
}

/** Runs the suite on one kind of platform; with `workerUrl` on a worker. */
export function backgroundContract(maker: BenchMaker, workerUrl?: URL): void {
  const place = workerUrl === undefined ? "main thread" : "worker";
  const onBench = (
    name: string,
    body: (background: Background, bench: Bench) => Promise<void>,
  ): void => {
    test(`background, ${maker.name}, ${place}: ${name}`, async () => {
      const bench = await maker.make({
        jobs: contractJobs,
        ...(workerUrl === undefined ? {} : { workerUrl }),
      });
      try {
        assert.equal(bench.platform.background.isParallel, workerUrl !== undefined);
        await body(bench.platform.background, bench);
      } finally {
        bench.close();
      }
    });
  };

  onBench("progress, then the result", async (background, { until }) => {
    const listener = new Listener();
    background.start("sum", [1, 2, 3, 4], listener);
    assert.equal(listener.messages.length + listener.endings, 0, "not from within start");
    await until("the end", () => listener.endings > 0);
    assert.deepEqual(listener.messages, [1, 3, 6, 10].map((soFar) => ({ soFar })));
    assert.deepEqual(listener.result, { sum: 10 });
    assert.equal(listener.error, undefined);
  });

  onBench("a job may end without a yield", async (background, { until }) => {
    const listener = new Listener();
    background.start("immediate", { kept: [new Uint8Array([1, 2])] }, listener);
    await until("the end", () => listener.endings > 0);
    assert.deepEqual(listener.result, { kept: [new Uint8Array([1, 2])] });
  });

  onBench("shared memory is shared", async (background, { until }) => {
    const shared = new Int32Array(new SharedArrayBuffer(4000));
    const listener = new Listener();
    background.start("fill", { shared, from: 7 }, listener);
    await until("the end", () => listener.endings > 0);
    assert.equal(listener.result, 1000);
    assert.deepEqual([...shared], Array.from({ length: 1000 }, (_, index) => index + 7));
  });

  onBench("jobs run in their order, each told of its own", async (background, { until }) => {
    const ended: number[] = [];
    const listeners = [0, 1, 2, 3].map(() => new Listener());
    for (const [index, listener] of listeners.entries()) {
      background.start("sum", [index, index], {
        progress: (message) => listener.progress(message),
        done: (result) => {
          ended.push(index);
          listener.done(result);
        },
        failed: (error) => listener.failed(error),
      });
    }
    await until("the last", () => listeners[3]!.endings > 0);
    assert.deepEqual(ended, [0, 1, 2, 3]);
    for (const [index, listener] of listeners.entries()) {
      assert.deepEqual(listener.messages, [{ soFar: index }, { soFar: index * 2 }]);
      assert.deepEqual(listener.result, { sum: index * 2 });
    }
  });

  onBench("what a job throws is told, and the next job runs", async (background, { until }) => {
    const failing = new Listener();
    const strange = new Listener();
    const unknown = new Listener();
    const inherited = new Listener();
    const good = new Listener();
    background.start("fail", "out of luck", failing);
    background.start("failStrangely", undefined, strange);
    background.start("no such job", undefined, unknown);
    background.start("toString", undefined, inherited);
    background.start("immediate", 5, good);
    await until("the last", () => good.endings > 0);
    assert.deepEqual(failing.messages, ["about to fail"]);
    assert.equal(failing.error?.name, "RangeError");
    assert.equal(failing.error?.message, "out of luck");
    assert.equal(strange.error?.message, "a text");
    assert.equal(unknown.error?.message, "no background job is called 'no such job'");
    assert.equal(inherited.error?.message, "no background job is called 'toString'");
    assert.equal(good.result, 5);
  });

  onBench("a job has files; their errors keep code and path", async (background, bench) => {
    const good = new Listener();
    const bad = new Listener();
    background.start("write", `${bench.folder}/by job`, good);
    background.start("write", `${bench.folder}/none/by job`, bad);
    await bench.until("both", () => good.endings + bad.endings === 2);
    assert.equal(good.result, 16);
    assert.equal(bench.platform.files.stat(`${bench.folder}/by job`)?.sizeBytes, 16);
    assert.ok(bad.error instanceof FileError);
    assert.equal(bad.error.code, "ENOENT");
    assert.equal(bad.error.path, `${bench.folder}/none/by job`);
    assert.equal(bad.error.message, "No such file or directory");
  });

  onBench("a cancelled job stops and is silent", async (background, { until, rest }) => {
    const counters = new Int32Array(new SharedArrayBuffer(8));
    const endless = new Listener();
    const never = new Listener();
    const next = new Listener();
    const job = background.start("endless", counters, endless);
    const waiting = background.start("immediate", 1, never);
    background.start("immediate", 2, next);
    await until("a sign of life", () => endless.messages.length > 3);
    waiting.cancel();
    job.cancel();
    const heard = endless.messages.length;
    await until("the job behind it", () => next.endings > 0);
    assert.equal(Atomics.load(counters, 1), 1, "the job's own clean-up ran");
    const counted = Atomics.load(counters, 0);
    job.cancel();
    await rest();
    assert.equal(endless.messages.length, heard);
    assert.equal(endless.endings, 0);
    assert.equal(never.endings, 0);
    assert.equal(Atomics.load(counters, 0), counted);
  });

  onBench("a job can be cancelled from its own progress", async (background, { until, rest }) => {
    const counters = new Int32Array(new SharedArrayBuffer(8));
    let messages = 0;
    const job = background.start("endless", counters, {
      progress: () => {
        messages++;
        job.cancel();
      },
      done: () => assert.fail("done"),
      failed: (error) => assert.fail(error),
    });
    await until("its end", () => Atomics.load(counters, 1) === 1);
    await rest();
    assert.equal(messages, 1);
  });

  onBench("close ends what runs, silently", async (background, { until, rest }) => {
    const counters = new Int32Array(new SharedArrayBuffer(8));
    const endless = new Listener();
    background.start("endless", counters, endless);
    await until("a sign of life", () => endless.messages.length > 0);
    background.close();
    const heard = endless.messages.length;
    // A worker may finish the step that it is at.
    for (let before = -1; Atomics.load(counters, 0) !== before; await rest()) {
      before = Atomics.load(counters, 0);
    }
    assert.equal(endless.messages.length, heard);
    assert.equal(endless.endings, 0);
  });

  if (workerUrl === undefined) return;

  test(`background, ${maker.name}: without a worker to be had, jobs run here`, async () => {
    const missing = new URL("./no_such_worker.ts", import.meta.url);
    const bench = await maker.make({ jobs: contractJobs, workerUrl: missing });
    try {
      const cancelled = new Listener();
      bench.platform.background.start("endless", new Int32Array(2), cancelled).cancel();
      for (let round = 0; round < 2; round++) {
        const listener = new Listener();
        bench.platform.background.start("immediate", round, listener);
        await bench.until("the end", () => listener.endings > 0);
        assert.equal(listener.result, round);
      }
      assert.equal(cancelled.endings, 0);
    } finally {
      bench.close();
    }
  });
}
