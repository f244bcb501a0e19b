/** Background jobs for the contract suite: the table that main thread and worker share. */
import type { BackgroundJobs } from "../../src/platform/background.ts";

/** What the job `fill` is given. */
export interface FillInput {
  readonly shared: Int32Array<SharedArrayBuffer>;
  readonly from: number;
}

/** Each job shows one promise of the interface. */
export const contractJobs: BackgroundJobs = {
  *sum(input) {
    let sum = 0;
    for (const number of input as number[]) {
      sum += number;
      yield { soFar: sum };
      yield;
    }
    return { sum };
  },

  // deno-lint-ignore require-yield -- a job may end without one
  *immediate(input) {
    return input;
  },

  *fill(input) {
    const { shared, from } = input as FillInput;
    for (let index = 0; index < shared.length; index++) {
      Atomics.store(shared, index, from + index);
      if (index % 64 === 0) yield;
    }
    return shared.length;
  },

  *fail(input) {
    yield "about to fail";
    throw new RangeError(String(input));
  },

  // deno-lint-ignore require-yield -- it ends at once
  *failStrangely() {
    // deno-lint-ignore no-throw-literal -- what a job throws need not be an Error
    throw "a text";
  },

  *write(input, files) {
    const path = String(input);
    const file = files.open(path, "create");
    yield "opened";
    file.append(new TextEncoder().encode("written by a job"));
    file.sync();
    file.close();
    return files.stat(path)?.sizeBytes;
  },

  /** Counts in shared memory, and goes on until it is cancelled; then it marks its end. */
  *endless(input) {
    const counters = input as Int32Array<SharedArrayBuffer>;
    try {
      for (;;) {
        Atomics.add(counters, 0, 1);
        yield "going on";
      }
    } finally {
      Atomics.store(counters, 1, 1);
    }
  },
};
