/**
 * What the tools say: lines on standard output, and while they work a bar on standard error where
 * that is a terminal. A line takes the bar away; the next progress draws it again.
 */
import type { Host } from "../platform/host.ts";

/** Redrawn whenever so much of the work has been done. */
const PROGRESS_STEP = 1 / 200;
const BAR_COLUMNS_MAX = 60;
/** What stands around the bar: `[`, `] 100%` and the cursor. */
const FRAME_COLUMNS = 8;

/** Ends a tool with exit code 1 after these last words. */
export class ToolFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ToolFailure";
  }
}

export class ToolOutput {
  readonly #host: Host;
  readonly #barColumns: number;
  #isDrawn = false;
  #drawnAt = 0;

  constructor(host: Host) {
    this.#host = host;
    this.#barColumns = Math.min(host.standardErrorColumns() - FRAME_COLUMNS, BAR_COLUMNS_MAX);
  }

  /** A line on standard output. */
  print(line: string): void {
    this.write(`${line}\n`);
  }

  /** A text on standard output that goes on. */
  write(text: string): void {
    this.clear();
    this.#host.writeLog(text);
  }

  /** A line on standard error: standard output may be what somebody else reads. */
  warn(line: string): void {
    this.clear();
    this.#host.writeError(`${line}\n`);
  }

  /** The work has come so far; cheap enough to be told of every key. */
  progress(doneBytes: number, totalBytes: number): void {
    const done = doneBytes / totalBytes;
    if (this.#barColumns < 1 || Math.abs(done - this.#drawnAt) < PROGRESS_STEP) return;
    this.#drawnAt = done;
    this.#isDrawn = true;
    const full = Math.round(done * this.#barColumns);
    const bar = "#".repeat(full).padEnd(this.#barColumns, "-");
    this.#host.writeError(`\r[${bar}] ${String(Math.floor(done * 100)).padStart(3)}%`);
  }

  /** Takes the bar away. */
  clear(): void {
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    this.#drawnAt = 0;
    this.#host.writeError("\r\x1b[K");
  }
}
