/**
 * What the main thread and the worker say to each other.
 *
 * ```
 *   main                              worker
 *    |-- StartRequest (id, name, input) -->|   runs one job after the other
 *    |<------- progress (id, message) -----|   any number of times
 *    |<--------- done or failed (id) ------|   once, unless it was cancelled
 * ```
 *
 * A worker that runs a job reads no messages. So cancelling is a shared word, which the worker looks
 * at before it starts the job and whenever the job yields.
 */
import { FileError } from "../../src/platform/file_system.ts";

/** Asks the worker to run a job. */
export interface StartRequest {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
  /** One word: not 0 when nobody waits for this job any more. */
  readonly cancelled: Int32Array<SharedArrayBuffer>;
}

/** What the worker tells of a job. */
export type JobReport =
  | { readonly kind: "progress"; readonly id: number; readonly message: unknown }
  | { readonly kind: "done"; readonly id: number; readonly result: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly error: ErrorReport };

/** An error in a form that crosses to another thread: cloning would lose its class and its code. */
export interface ErrorReport {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of a {@link FileError}. */
  readonly code: string | undefined;
  readonly path: string | undefined;
}

/** Takes down what was thrown. */
export function reportOf(thrown: unknown): ErrorReport {
  if (!(thrown instanceof Error)) {
    const message = String(thrown);
    return { name: "Error", message, stack: undefined, code: undefined, path: undefined };
  }
  const { name, message, stack } = thrown;
  const isFileError = thrown instanceof FileError;
  const code = isFileError ? thrown.code : undefined;
  const path = isFileError ? thrown.path : undefined;
  return { name, message, stack, code, path };
}

/** Makes an error of the report again, with the stack of the worker. */
export function errorOf(report: ErrorReport): Error {
  const { code, path } = report;
  const isFileError = code !== undefined && path !== undefined;
  const error = isFileError ? new FileError(code, path, report.message) : new Error(report.message);
  error.name = report.name;
  if (report.stack !== undefined) error.stack = report.stack;
  return error;
}
