/**
 * A program in a terminal, as a person sits before it: what it writes, and keys pressed when it has
 * written what they answer to.
 *
 * The pseudo-terminal is that of util-linux's `script`, whose own file is thrown away. Nothing here
 * depends on how long anything takes: {@link Terminal.until} waits for text, and what never comes
 * ends with the test's own time limit.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";

/** A reason to skip a test that needs a terminal, or false where there is one to have. */
export const skipWithoutTerminal: string | false = process.platform !== "linux"
  ? "the terminal of these tests is that of Linux's script"
  : existsSync("/usr/bin/script")
  ? false
  : "script is not installed: apt-get install bsdutils";

/** One program in a terminal of 200 columns. */
export class Terminal {
  readonly #process: ChildProcess;
  readonly #wakers = new Set<() => void>();
  #output = "";
  #readTo = 0;
  #hasEnded = false;
  /** Resolves when the program has ended. */
  readonly ended: Promise<void>;

  /** Starts a command line of the shell; its words must need no quoting. */
  constructor(commandLine: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const inside = `stty cols 200 rows 50; exec ${commandLine.join(" ")}`;
    this.#process = spawn("/usr/bin/script", ["-qec", inside, "/dev/null"], {
      env: { ...process.env, TERM: "xterm", SHELL: "/bin/sh", ...env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#process.stdout!.on("data", (chunk) => {
      this.#output += chunk;
      this.#wake();
    });
    this.#process.stdin!.on("error", () => {});
    this.ended = new Promise((resolve) => {
      this.#process.on("close", () => {
        this.#hasEnded = true;
        this.#wake();
        resolve();
      });
    });
  }

  /** All that it has written, colours and movements of the cursor included. */
  get output(): string {
    return this.#output;
  }

  /** Waits until what was written since the last wait matches; gives that text, and what follows. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#output.slice(this.#readTo))) {
      if (this.#hasEnded) {
        throw new Error(`ended without ${pattern}: ${JSON.stringify(this.#output)}`);
      }
      await new Promise<void>((resolve) => this.#wakers.add(resolve));
    }
    const text = this.#output.slice(this.#readTo);
    this.#readTo = this.#output.length;
    return text;
  }

  /** Presses keys. */
  press(keys: string): void {
    this.#process.stdin!.write(keys);
  }

  /** Ends it, if it still runs, as a person does: Control-C, once more where that is not enough. */
  async close(): Promise<void> {
    let tries = 0;
    while (!this.#hasEnded) {
      if (++tries > 20) this.#process.kill("SIGKILL");
      else this.press("\x03");
      await Promise.race([this.ended, new Promise((resolve) => setTimeout(resolve, 100))]);
    }
  }

  #wake(): void {
    const wakers = [...this.#wakers];
    this.#wakers.clear();
    for (const wake of wakers) wake();
  }
}
