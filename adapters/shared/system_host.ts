/** The process around the server, through `node:process` and `node:fs`. */
import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import process from "node:process";
import type { Host, SignalName } from "../../src/platform/host.ts";
import { fileError, systemCode } from "./system_errors.ts";

const STANDARD_INPUT = 0;
const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;
const READ_BYTES = 64 * 1024;
/** How long to wait before a terminal or pipe that was not ready is tried again. */
const RETRY_MS = 1;
const USUAL_COLUMNS = 80;

/** The {@link Host} of this process. */
export const systemHost: Host = {
  arguments: process.argv.slice(2),
  calledAs: [process.argv[1] ?? "", process.argv0],

  environment(): Readonly<Record<string, string>> {
    const environment: Record<string, string> = {};
    for (const [name, value] of Object.entries(process.env)) {
      if (value !== undefined) environment[name] = value;
    }
    return environment;
  },

  readStandardInput(): Uint8Array {
    const parts: Uint8Array[] = [];
    for (;;) {
      const part = readSome();
      if (part.length === 0) return Buffer.concat(parts);
      parts.push(part);
    }
  },

  readAnswer(): string {
    return readSome().toString("utf8");
  },

  writeLog(text: string): void {
    writeText(STANDARD_OUTPUT, text);
  },

  writeError(text: string): void {
    writeText(STANDARD_ERROR, text);
  },

  writeOutput(bytes: Uint8Array): void {
    try {
      writeAll(STANDARD_OUTPUT, bytes);
    } catch (thrown) {
      throw fileError(thrown, "standard output");
    }
  },

  standardErrorColumns(): number {
    // A terminal may not know how wide it is.
    return process.stderr.isTTY ? process.stderr.columns || USUAL_COLUMNS : 0;
  },

  onSignal(names: readonly SignalName[], handler: (name: SignalName) => void): void {
    for (const name of names) process.on(name, () => handler(name));
  },

  exit(code: number): never {
    process.exit(code);
  },
};

function readSome(): Buffer {
  const part = Buffer.alloc(READ_BYTES);
  const length = whenReady(() => fs.readSync(STANDARD_INPUT, part, 0, part.length, null));
  return part.subarray(0, length);
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) {
    written += whenReady(() => fs.writeSync(descriptor, bytes, written, bytes.length - written));
  }
}

function writeText(descriptor: number, text: string): void {
  try {
    writeAll(descriptor, Buffer.from(text, "utf8"));
  } catch {
    // Nobody reads any more (EPIPE), or there is no such stream: a server goes on without a log.
  }
}

/** Does it again for as long as the other end of a non-blocking descriptor is not ready. */
function whenReady(operation: () => number): number {
  for (;;) {
    try {
      return operation();
    } catch (thrown) {
      const code = systemCode(thrown);
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
