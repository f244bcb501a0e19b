/**
 * Runs the test files on the three runtimes, one process a file and runtime, and adds up what they
 * report. A process a file costs a tenth of a second and buys that a hang, a crash or a left-behind
 * server is known by its file and harms nothing else.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { readJunit, type TestResult } from "./junit.ts";
import { inLanes, root, run } from "./processes.ts";

/** The runtimes, in the order of their reports. */
export const RUNTIMES = ["node", "deno", "bun"] as const;
export type Runtime = (typeof RUNTIMES)[number];

/** No single file may take longer on one runtime. */
const FILE_TIMEOUT_MS = 300_000;
/** No runtime may take longer in sum. */
const RUNTIME_TIMEOUT_MS = 24 * 60_000;
/** No single test may take longer: Bun's own limit of 5 s is below what a slow machine needs. */
const TEST_TIMEOUT_MS = 240_000;

/** One cause can fail every test of a file: the first few tell enough. */
const SHOWN_FAILURES = 8;

/** Sums of one runtime. */
export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
  elapsedMs: number;
}

/** What to run. */
export interface TestSelection {
  readonly runtimes: readonly Runtime[];
  /** Parts of paths; a file is run when it has one of them, all files where there are none. */
  readonly filters: readonly string[];
}

interface Job {
  readonly runtime: Runtime;
  readonly file: string;
}

/** Runs the selected tests, prints failures as they come; gives the sums by runtime. */
export async function runTests(selection: TestSelection): Promise<Map<Runtime, Totals>> {
  const files = testFiles("tests").filter((file) =>
    selection.filters.length === 0 || selection.filters.some((part) => file.includes(part))
  );
  const totals = new Map<Runtime, Totals>();
  for (const runtime of selection.runtimes) {
    totals.set(runtime, { passed: 0, failed: 0, skipped: 0, elapsedMs: 0 });
  }
  const reports = mkdtempSync(join(tmpdir(), "pagurus-reports-"));
  const skips = new Map<string, number>();
  try {
    // The runtimes take turns, so that a slow file of one does not leave a lane idle at the end.
    const jobs = files.flatMap((file) => selection.runtimes.map((runtime) => ({ runtime, file })));
    await inLanes(Math.max(2, Math.min(4, availableParallelism())), jobs, async (job) => {
      const sums = totals.get(job.runtime)!;
      await runFile(job, sums, reports, skips);
    });
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
  for (const [reason, count] of skips) console.log(`skipped ${count}: ${reason}`);
  for (const [runtime, sums] of totals) {
    // A runtime that ran nothing has proved nothing.
    if (sums.passed + sums.failed === 0) {
      console.log(`FAIL ${runtime} executed no test`);
      sums.failed++;
    }
  }
  return totals;
}

async function runFile(
  job: Job,
  sums: Totals,
  reports: string,
  skips: Map<string, number>,
): Promise<void> {
  const { runtime, file } = job;
  const leftMs = RUNTIME_TIMEOUT_MS - sums.elapsedMs;
  if (leftMs <= 0) {
    sums.failed++;
    console.log(`FAIL ${runtime} ${file}: not run, the time for ${runtime} is over`);
    return;
  }
  const report = join(reports, `${runtime}-${file.replaceAll("/", "-")}.xml`);
  const finished = await run(runtime, commandLine(runtime, file, report), {
    timeoutMs: Math.min(FILE_TIMEOUT_MS, leftMs),
  });
  sums.elapsedMs += finished.elapsedMs;
  const results = existsSync(report) ? readJunit(readFileSync(report, "utf8")) : [];
  let failed = 0;
  for (const result of results) {
    if (result.state === "failed") {
      failed++;
      if (failed <= SHOWN_FAILURES) printFailure(job, result);
    } else if (result.state === "skipped") {
      sums.skipped++;
      const reason = result.message || `(${runtime} does not say why) ${file}`;
      skips.set(reason, (skips.get(reason) ?? 0) + 1);
    } else sums.passed++;
  }
  if (failed > SHOWN_FAILURES) {
    console.log(`FAIL ${runtime} ${file}: and ${failed - SHOWN_FAILURES} more`);
  }
  const problem = processProblem(finished, results.length, failed);
  if (problem) {
    failed++;
    console.log(`FAIL ${runtime} ${file}: ${problem}\n${indent(finished.output.slice(-6000))}`);
  }
  sums.failed += failed;
}

/** What the tests' own results do not tell: a hang, a crash, a file without a test. */
function processProblem(
  finished: { code: number; isTimedOut: boolean; elapsedMs: number },
  resultCount: number,
  failedCount: number,
): string | undefined {
  if (finished.isTimedOut) {
    return `ended after ${Math.round(finished.elapsedMs / 1000)} s: it hangs`;
  }
  if (finished.code !== 0 && failedCount === 0) return `exit code ${finished.code}`;
  return resultCount === 0 ? "reported no test" : undefined;
}

function commandLine(runtime: Runtime, file: string, report: string): string[] {
  switch (runtime) {
    case "node":
      return [
        ...["--test", `--test-timeout=${TEST_TIMEOUT_MS}`],
        ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
        ...["--test-reporter=junit", `--test-reporter-destination=${report}`, file],
      ];
    case "deno":
      return ["test", "-A", "--no-check", `--junit-path=${report}`, file];
    case "bun":
      return [
        ...["test", `--timeout=${TEST_TIMEOUT_MS}`],
        ...["--reporter=junit", `--reporter-outfile=${report}`, `./${file}`],
      ];
  }
}

function printFailure({ runtime, file }: Job, { name, message }: TestResult): void {
  // Node says everything twice, the second time as the cause of its own error.
  const once = message.replace(/\]? \{\n\s*code: 'ERR_TEST_FAILURE'[^]*$/, "");
  console.log(`FAIL ${runtime} ${file}: ${name}\n${indent(once.slice(0, 4000))}`);
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, "    ");
}

/** Every test file below a folder, in the order of their names. */
function testFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => a.name < b.name ? -1 : 1)
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return testFiles(path);
      return entry.name.endsWith(".test.ts") ? [path] : [];
    });
}
