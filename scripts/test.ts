/**
 * `npm test`: the quick checks, then every test on Node, Deno and Bun.
 *
 *     npm test                          everything
 *     npm test -- string expire         only test files whose path has one of these words, no checks
 *     npm test -- --only bun            only one runtime (may be repeated)
 *     npm test -- --no-checks           without format, lint, types and tidy
 *
 * The last line is `N passed, N failed, N skipped` over all runtimes; a failed check counts as one
 * failure. The exit code is 1 when anything failed.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { runQuickChecks } from "./quick_checks.ts";
import { runTests, type Runtime, RUNTIMES } from "./test_runs.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", multiple: true },
    "no-checks": { type: "boolean", default: false },
  },
});
const runtimes = values.only ?? [...RUNTIMES];
for (const name of runtimes) {
  if (!RUNTIMES.includes(name as Runtime)) {
    console.error(`--only ${name}: one of ${RUNTIMES.join(", ")}`);
    process.exit(2);
  }
}

const isPartial = positionals.length > 0 || values["no-checks"];
const checks = isPartial ? [] : await runQuickChecks();
const totals = await runTests({ runtimes: runtimes as Runtime[], filters: positionals });

let passed = 0;
let failed = checks.filter((check) => !check.isGood).length;
let skipped = 0;
for (const [runtime, sums] of totals) {
  passed += sums.passed;
  failed += sums.failed;
  skipped += sums.skipped;
  const seconds = (sums.elapsedMs / 1000).toFixed(1);
  console.log(
    `${runtime}: ${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped ` +
      `(${seconds} s of process time)`,
  );
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
