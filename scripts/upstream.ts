/**
 * Lets the Tcl suite of Valkey 8.0.1 judge Pagurus; see docs/upstream-suite.md.
 *
 *     node scripts/upstream.ts --suite DIR                          the units that we claim, everywhere
 *     node scripts/upstream.ts --suite DIR --runtime bun unit/scan  one runtime, one unit
 *     node scripts/upstream.ts --suite DIR --internal               the suite starts the servers itself
 *     node scripts/upstream.ts --suite DIR --internal --tls         the same, all of it over TLS
 *     node scripts/upstream.ts --suite DIR --keep DIR               keeps the suite's output in a folder
 *
 * DIR holds the suite's `tests` and what they call in `src`. Every unit runs
 *
 * 1. without the tests in the list of the mode, tests/upstream/{external,internal}-skips.tsv: nothing
 *    may fail;
 * 2. with those that the list says will pass one day: an entry whose test passes is out of date and
 *    has to go. Where a test hangs, the unit is run again without it; those that are known to wait
 *    for what never comes are left out at once. What a command is wanting for is the same
 *    everywhere: this is done on the first runtime only.
 *
 * So is an entry that the suite does not know. The exit code is 1 when anything of this is so.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { startPagurus } from "../tests/support/servers.ts";
import { holdsOn, isDifference, readSkips, waitsForEver } from "../tests/upstream/skips.ts";
import { type Runtime, RUNTIMES } from "./test_runs.ts";
import { layOut, makeCertificates } from "./upstream/layout.ts";
import { runUnit, type UnitRun } from "./upstream/unit_run.ts";

/** The units that have to be without an error; a new command family adds its own. */
const UNITS = {
  external: [
    "unit/type/string",
    "unit/type/incr",
    "unit/type/list",
    "unit/type/list-2",
    "unit/type/list-3",
    "unit/type/hash",
    "unit/type/set",
    "unit/type/zset",
    "unit/type/stream",
    "unit/type/stream-cgroups",
    "unit/hyperloglog",
    "unit/geo",
    "unit/sort",
    "unit/bitops",
    "unit/bitfield",
    "unit/keyspace",
    "unit/expire",
    "unit/scan",
    "unit/dump",
    "unit/other",
    "unit/lazyfree",
    "unit/introspection",
    "unit/introspection-2",
    "unit/slowlog",
    "unit/latency-monitor",
    "unit/multi",
    "unit/pause",
    "unit/info-command",
    "unit/quit",
    "unit/protocol",
    "unit/querybuf",
    "unit/pubsub",
    "unit/tracking",
  ],
  internal: [
    "integration/aof",
    "integration/aof-multi-part",
    "integration/aof-race",
    "integration/rdb",
    "integration/convert-zipmap-hash-on-load",
    "integration/convert-ziplist-hash-on-load",
    "integration/convert-ziplist-zset-on-load",
    "integration/corrupt-dump",
    "integration/corrupt-dump-fuzzer",
    "integration/dismiss-mem",
    "integration/logging",
    "integration/valkey-benchmark",
    "integration/valkey-cli",
    "unit/auth",
    "unit/acl",
    "unit/acl-v2",
    "unit/tls",
    "unit/networking",
    "unit/limits",
    "unit/maxmemory",
    "unit/memefficiency",
    "unit/client-eviction",
    "unit/obuf-limits",
    "unit/replybufsize",
    "unit/querybuf",
    "unit/info",
    "unit/introspection",
    "unit/introspection-2",
    "unit/slowlog",
    "unit/latency-monitor",
    "unit/oom-score-adj",
    "unit/shutdown",
    "unit/aofrw",
    "unit/wait",
    "unit/multi",
    "unit/pubsub",
    "unit/pubsubshard",
    "unit/tracking",
    "unit/violations",
    "unit/keyspace",
    "unit/expire",
    "unit/scan",
    "unit/sort",
    "unit/dump",
    "unit/other",
    "unit/lazyfree",
    "unit/bitfield",
    "unit/type/string",
    "unit/type/list",
    "unit/type/hash",
    "unit/type/set",
    "unit/type/zset",
    "unit/type/stream",
    "unit/type/stream-cgroups",
  ],
};
/** What it checks stands between tests: it passes when nothing fails. */
const UNITS_WITHOUT_TESTS: ReadonlySet<string> = new Set(["integration/aof-race"]);
/** Units for which the suite speaks TLS to its servers, as it does for all with `--tls`. */
const UNITS_WITH_TLS: ReadonlySet<string> = new Set(["unit/tls"]);
/** Blocks of tests that the suite is to leave out: those that make a cluster. */
const DENIED_TAGS = "-cluster";
/** So many tests of a unit may hang before it is given up. */
const HANGS_MAX = 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    suite: { type: "string" },
    internal: { type: "boolean", default: false },
    tls: { type: "boolean", default: false },
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
const mode = values.internal ? "internal" : "external";
if (values.tls && !values.internal) {
  console.error("--tls: only with --internal");
  process.exit(2);
}
const units = positionals.length > 0 ? positionals : UNITS[mode];
const skips = readSkips(mode);
const scratch = mkdtempSync(join(tmpdir(), "pagurus-upstream-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

/** Runs a unit on a fresh server, or on those that it starts, without the tests named. */
async function runOn(
  runtime: Runtime,
  unit: string,
  without: readonly string[],
  outputName: string,
): Promise<UnitRun> {
  const result = mode === "internal"
    ? await runInternally(runtime, unit, without)
    : await runExternally(runtime, unit, without);
  if (values.keep !== undefined) {
    mkdirSync(values.keep, { recursive: true });
    const name = outputName.replaceAll("/", "-");
    writeFileSync(join(values.keep, `${name}.log`), result.output);
  }
  return result;
}

async function runExternally(
  runtime: Runtime,
  unit: string,
  without: readonly string[],
): Promise<UnitRun> {
  const server = await startPagurus({
    runtime,
    args: ["--enable-debug-command", "yes", "--enable-protected-configs", "yes"],
  });
  const args = ["--host", "127.0.0.1", "--port", String(server.port)];
  const skipFile = join(scratch, "skip");
  const result = await runUnit(unit, without, { folder: suite, args, skipFile });
  const hasDied = server.hasExited;
  await server.stop();
  if (!hasDied) return result;
  return { ...result, problem: `the server ended:\n${server.log.slice(-2000)}` };
}

async function runInternally(
  runtime: Runtime,
  unit: string,
  without: readonly string[],
): Promise<UnitRun> {
  const folder = mkdtempSync(join(scratch, "suite-"));
  const args = ["--tags", DENIED_TAGS];
  if (values.tls || UNITS_WITH_TLS.has(unit)) {
    layOut(suite, folder, runtime, await certificatesFolder());
    args.push("--tls");
  } else {
    layOut(suite, folder, runtime);
  }
  try {
    return await runUnit(unit, without, { folder, args, skipFile: join(folder, "skip") });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The folder with the certificates, made when they are needed first. */
async function certificatesFolder(): Promise<string> {
  const folder = join(scratch, "certificates");
  if (!existsSync(folder)) await makeCertificates(suite, folder);
  return folder;
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
  always: readonly string[],
): Promise<string[]> {
  let passing = [...names];
  for (const round of ["all", "again"]) {
    if (passing.length === 0) break;
    const without = [...always, ...names.filter((name) => !passing.includes(name))];
    let result: UnitRun;
    for (let hangs = 0;; hangs++) {
      result = await runOn(runtime, unit, without, `${runtime}-${unit}-${round}`);
      if (result.hung === undefined || hangs === HANGS_MAX) break;
      without.push(result.hung);
    }
    passing = passing.filter((name) =>
      result.passed.includes(name) && !result.failed.includes(name) &&
      !result.doubtful.includes(name)
    );
  }
  return passing;
}

/** What is wrong with a unit on a runtime, one text each; its counts go to `row`. */
async function judge(runtime: Runtime, unit: string, row: UnitRun[]): Promise<string[]> {
  const entries = skips.filter((skip) => skip.unit === unit && holdsOn(skip.reason, runtime));
  // What fails between tests cannot be left out: it is expected to fail.
  const between = entries.map(({ name }) => name).filter((name) => name.startsWith("("));
  const tests = entries.filter(({ name }) => !name.startsWith("("));
  const names = tests.map(({ name }) => name);
  const result = await runOn(runtime, unit, names, `${runtime}-${unit}`);
  const failed = result.failed.filter((name) => !between.includes(name));
  row.push({ ...result, failed });
  const wrong = failed.map((name) => `fails: ${name}`);
  if (result.hung !== undefined) wrong.push(`hangs: ${result.hung}`);
  else if (result.problem !== undefined) wrong.push(result.problem);
  if (result.passed.length === 0 && !UNITS_WITHOUT_TESTS.has(unit)) wrong.push("no test passes");
  if (result.hung === undefined && result.problem === undefined) {
    for (const name of names) {
      if (!result.skipped.includes(name)) wrong.push(`listed, but no test: ${name}`);
    }
    for (const name of between) {
      if (!result.failed.includes(name)) wrong.push(`no longer so, take it off the list: ${name}`);
    }
  }
  const never = tests.filter(({ reason }) => isDifference(reason) || waitsForEver(reason))
    .map(({ name }) => name);
  const missing = names.filter((name) => !never.includes(name));
  if (runtime !== runtimes[0]) return wrong;
  for (const name of await passingEntries(runtime, unit, missing, never)) {
    wrong.push(`passes by now, take it off the list: ${name}`);
  }
  return wrong;
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
        `${skipped.length} skipped, ${ignored.length} not for this mode, ` +
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
