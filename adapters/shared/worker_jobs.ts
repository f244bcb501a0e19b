/** The worker's side: runs the jobs that the main thread asks for, one after the other. */
import { parentPort } from "node:worker_threads";
import type { BackgroundJobs } from "../../src/platform/background.ts";
import { beginJob } from "./inline_background.ts";
import { systemFiles } from "./system_files.ts";
import { WorkerPace } from "./worker_pace.ts";
import { type JobReport, reportOf, type StartRequest } from "./worker_protocol.ts";

/** Makes a worker of this thread: from now on it runs what it is asked to, out of `jobs`. */
export function serveJobs(jobs: BackgroundJobs): void {
  const port = parentPort;
  if (port !== null) {
    const report = (message: JobReport): void => port.postMessage(message);
    port.on("message", (request: StartRequest) => serve(jobs, request, report));
    return;
  }
  // A worker of Deno's own kind.
  const scope = globalThis as unknown as WorkerScope;
  if (scope.postMessage === undefined) {
    throw new Error("background jobs are served by a worker, not the main thread");
  }
  const report = (message: JobReport): void => scope.postMessage!(message);
  scope.onmessage = ({ data }) => serve(jobs, data, report);
}

/** The global scope of a worker, as far as it is used. */
interface WorkerScope {
  postMessage?(message: JobReport): void;
  onmessage: (event: { readonly data: StartRequest }) => void;
}

function serve(
  jobs: BackgroundJobs,
  request: StartRequest,
  report: (message: JobReport) => void,
): void {
  try {
    runJob(jobs, request, report);
  } catch (thrown) {
    report({ kind: "failed", id: request.id, error: reportOf(thrown) });
  }
}

/** Runs one job to its end, or to the first yield after it was cancelled. */
function runJob(
  jobs: BackgroundJobs,
  request: StartRequest,
  report: (message: JobReport) => void,
): void {
  const { id, cancelled } = request;
  if (Atomics.load(cancelled, 0) !== 0) return;
  const steps = beginJob(jobs, request.name, request.input, systemFiles);
  const pace = new WorkerPace();
  let step = steps.next();
  while (!step.done) {
    pace.step();
    if (Atomics.load(cancelled, 0) !== 0) {
      steps.return(undefined);
      return;
    }
    if (step.value !== undefined) report({ kind: "progress", id, message: step.value });
    step = steps.next();
  }
  report({ kind: "done", id, result: step.value });
}
