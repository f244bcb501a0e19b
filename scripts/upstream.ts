/**
 * Lets the Tcl suite of Valkey 8.0.1 judge Pagurus from outside; see docs/upstream-suite.md.
 *
 *     node scripts/upstream.ts --suite DIR                          the units that we claim, everywhere
 *     node scripts/upstream.ts --suite DIR --runtime bun unit/scan  one runtime, one unit
 *     node scripts/upstream.ts --suite DIR --keep DIR               keeps the suite's output in a folder
 *
 * DIR holds the suite's `tests` and what they call in `src`. Every unit runs on a fresh server, and
 * again on another if it has tests on the list:
 *
 * 1. without the tests in tests/upstream/external-skips.tsv: nothing may fail;
 * 2. with them: an entry whose test passes is out of date and has to go. Where a test hangs (as one
 *    does that waits for what never comes), the unit is run again without it.
 *
 * So is an entry that the suite does not know. The exit code is 1 when anything of this is so.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { freePort, startPagurus } from "../tests/support/servers.ts";
import { readExternalSkips } from "../tests/upstream/external_skips.ts";
import { run } from "./processes.ts";
import { type Runtime, RUNTIMES } from "./test_runs.ts";

/** The units that have to be without an error; a new command family adds its own. */
const UNITS = [
  "unit/type/string",
  "unit/type/incr",
  "unit/bitops",
  "unit/bitfield",
  "unit/keyspace",
  "unit/expire",
  "unit/scan",
  "unit/protocol",
  "unit/querybuf",
];
/** No progress for so long is a hang. */
const STALL_SECONDS = 60;
const UNIT_TIMEOUT_MS = 900_000;
/** So many tests of a unit may hang before it is given up. */
const HANGS_MAX = 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    suite: { type: "string" },
    runtime: { type: "string", multiple: true },
    keep: { type: "string" },
  },
});
const suite = resolve(values.suite ?? "");
if (values.suite === undefined || !existsSync(join(suite, "tests/test_helper.tcl"))) {
  console.error("--suite DIR: a folder with the suite's tests/test_helper.tcl");
  process.exit(2);
}
const runtimes = values.runtime ?? [...RUNTIMES];
for (const name of runtimes) {
  if (!RUNTIMES.includes(name as Runtime)) {
    console.error(`--runtime ${name}: one of ${RUNTIMES.join(", ")}`);
    process.exit(2);
  }
}
const units = positionals.length > 0 ? positionals : UNITS;
const skips = readExternalSkips();
const scratch = mkdtempSync(join(tmpdir(), "pagurus-upstream-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

/** What the suite said of a unit: test names, as often as they came. */
interface UnitRun {
  readonly passed: string[];
  readonly failed: string[];
  readonly skipped: string[];
  /** Tests and blocks of tests that the suite does not run against a server it did not start. */
  readonly ignored: string[];
  /** The test that ran when nothing more came. */
  readonly hung: string | undefined;
  /** What ended the unit before its end, or was wrong besides its tests. */
  readonly problem: string | undefined;
  readonly output: string;
}

/** Runs a unit on a fresh server without the tests named. */
async function runUnit(runtime: Runtime, unit: string, without: string[]): Promise<UnitRun> {
  const skipFile = join(scratch, "skip");
  writeFileSync(skipFile, without.join("\n"));
  const server = await startPagurus({
    runtime,
    args: ["--enable-debug-command", "yes", "--enable-protected-configs", "yes"],
  });
  const args = [
    ...["tests/test_helper.tcl", "--host", "127.0.0.1", "--port", String(server.port)],
    ...["--baseport", String(await freePort()), "--clients", "1", "--single", unit],
    ...["--skipfile", skipFile, "--durable", "--dont-clean", "--timeout", String(STALL_SECONDS)],
  ];
  // The suite looks for its own files where it is started.
  const finished = await run("/bin/sh", ["-c", 'cd "$0" && exec tclsh "$@"', suite, ...args], {
    timeoutMs: UNIT_TIMEOUT_MS,
    env: { TERM: "dumb" },
  });
  const hasDied = server.hasExited;
  await server.stop();
  const { output } = finished;
  const hung = /^\[TIMEOUT\]/m.test(output)
    ? /^sock\S* => \(IN PROGRESS\) (.*)$/m.exec(output)?.[1]
    : undefined;
  const failed = all(output, /^\[err\]: (.*) in tests\/\S+\.tcl$/gm);
  let problem: string | undefined;
  if (hasDied) problem = `the server ended:\n${server.log.slice(-2000)}`;
  else if (finished.isTimedOut) problem = `ended after ${UNIT_TIMEOUT_MS / 1000} s`;
  else if (!/^\[1\/1 done\]: /m.test(output)) problem = `did not come to its end`;
  else if (finished.code !== 0 && failed.length === 0) problem = `exit code ${finished.code}`;
  return {
    passed: all(output, /^\[ok\]: (.*) \(\d+ ms\)$/gm),
    failed,
    skipped: all(output, /^\[skip\]: (.*)$/gm),
    ignored: all(output, /^\[ignore\]: (.*)$/gm),
    hung,
    problem: problem === undefined ? undefined : `${problem}\n${output.slice(-1500)}`,
    output,
  };
}

function all(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), (match) => match[1]);
}

/**
 * The listed tests of a unit that would pass if they were not listed. A test that passes when all of
 * them run may do so because of another entry's (which leaves a key behind, say), so those that pass
 * are run once more with only the rest passed over.
 */
async function passingEntries(
  runtime: Runtime,
  unit: string,
  names: readonly string[],
): Promise<string[]> {
  let passing = [...names];
  for (const round of ["all", "again"]) {
    if (passing.length === 0) break;
    const without = names.filter((name) => !passing.includes(name));
    let result: UnitRun;
    for (let hangs = 0;; hangs++) {
      result = await runUnit(runtime, unit, without);
      keep(`${runtime}-${unit}-${round}`, result);
      if (result.hung === undefined || hangs === HANGS_MAX) break;
      without.push(result.hung);
    }
    passing = passing.filter((name) =>
      result.passed.includes(name) && !result.failed.includes(name)
    );
  }
  return passing;
}

/** What is wrong with a unit on a runtime, one text each; its counts go to `row`. */
async function judge(runtime: Runtime, unit: string, row: UnitRun[]): Promise<string[]> {
  const names = skips.filter((skip) => skip.unit === unit).map((skip) => skip.name);
  const result = await runUnit(runtime, unit, names);
  keep(`${runtime}-${unit}`, result);
  row.push(result);
  const wrong = result.failed.map((name) => `fails: ${name}`);
  if (result.hung !== undefined) wrong.push(`hangs: ${result.hung}`);
  else if (result.problem !== undefined) wrong.push(result.problem);
  if (result.passed.length === 0) wrong.push("no test passes");
  const isComplete = result.hung === undefined && result.problem === undefined;
  for (const name of names) {
    if (isComplete && !result.skipped.includes(name)) wrong.push(`listed, but no test: ${name}`);
  }
  for (const name of await passingEntries(runtime, unit, names)) {
    wrong.push(`passes by now, take it off the list: ${name}`);
  }
  return wrong;
}

function keep(name: string, { output }: UnitRun): void {
  if (values.keep === undefined) return;
  mkdirSync(values.keep, { recursive: true });
  writeFileSync(join(values.keep, `${name.replaceAll("/", "-")}.log`), output);
}

const rows = new Map<string, UnitRun[]>(units.map((unit) => [unit, []]));
let wrongCount = 0;
for (const unit of units) {
  for (const runtime of runtimes as Runtime[]) {
    const row = rows.get(unit)!;
    const wrong = await judge(runtime, unit, row);
    wrongCount += wrong.length;
    const { passed, failed, skipped, ignored } = row.at(-1)!;
    console.log(
      `${wrong.length === 0 ? "ok  " : "FAIL"} ${unit} on ${runtime}: ${passed.length} ok, ` +
        `${skipped.length} skipped, ${ignored.length} not for external servers, ` +
        `${failed.length} err`,
    );
    for (const text of wrong) console.log(text.replace(/^/gm, "    "));
  }
}

console.log(`\n| unit | ${runtimes.join(" | ")} |\n|---|${"---|".repeat(runtimes.length)}`);
const counts = (results: readonly UnitRun[]) =>
  (["passed", "skipped", "failed"] as const)
    .map((state) => results.reduce((sum, result) => sum + result[state].length, 0)).join(" / ");
for (const [unit, row] of rows) {
  console.log(`| ${unit} | ${row.map((result) => counts([result])).join(" | ")} |`);
}
const totals = runtimes.map((_, index) => counts([...rows.values()].map((row) => row[index])));
console.log(`| total | ${totals.join(" | ")} |`);
process.exitCode = wrongCount > 0 ? 1 : 0;
