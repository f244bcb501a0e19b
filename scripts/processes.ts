/**
 * Child processes of the scripts: started in groups of their own, so that whatever a test has left
 * behind ends with it, and never outliving the script.
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The project's root folder, without a slash at its end. */
export const root: string = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** What a finished process leaves. */
export interface Finished {
  /** The exit code, 128 + the signal's number where a signal ended it (137: SIGKILL). */
  readonly code: number;
  /** stdout and stderr as they came. */
  readonly output: string;
  readonly stdout: string;
  readonly elapsedMs: number;
  /** True when it had to be ended because its time was over. */
  readonly isTimedOut: boolean;
}

/** How to run a process. */
export interface RunOptions {
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

const groups = new Set<number>();
process.on("exit", () => {
  for (const pid of groups) endGroup(pid);
});
for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  process.on(signal, () => process.exit(code));
}

/** Runs a program of node_modules/.bin, or any by its path, to its end. Never rejects. */
export function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const startMs = performance.now();
  const path = program.includes("/") ? program : `${root}/node_modules/.bin/${program}`;
  return new Promise((resolve) => {
    let stdout = "";
    let output = "";
    let isTimedOut = false;
    const child = spawn(path, args, {
      cwd: root,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", ...options.env },
    });
    const pid = child.pid;
    if (pid !== undefined) groups.add(pid);
    const timer = setTimeout(() => {
      isTimedOut = true;
      if (pid !== undefined) endGroup(pid);
    }, options.timeoutMs ?? 600_000);
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => output += text);
    const finish = (code: number) => {
      clearTimeout(timer);
      if (pid !== undefined) {
        endGroup(pid);
        groups.delete(pid);
      }
      resolve({ code, output, stdout, elapsedMs: performance.now() - startMs, isTimedOut });
    };
    child.on("error", (error) => {
      output += String(error);
      finish(127);
    });
    // What a test has left running holds the pipes open: its end must not be waited for.
    child.on("exit", (code, signal) => {
      const grace = setTimeout(() => pid !== undefined && endGroup(pid), 200);
      child.on("close", () => {
        clearTimeout(grace);
        finish(code ?? (signal === "SIGKILL" ? 137 : 143));
      });
    });
  });
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone already, which is the usual case.
  }
}

/** Works off jobs with `lanes` of them under way at once, in order of their start. */
export async function inLanes<T>(
  lanes: number,
  jobs: readonly T[],
  work: (job: T) => Promise<void>,
): Promise<void> {
  const queue = [...jobs];
  await Promise.all(Array.from({ length: lanes }, async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await work(job);
  }));
}
