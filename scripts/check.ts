/**
 * `npm run check`: everything that has to hold before a change is handed in, and a table of how it
 * went: format, lint, types on all three runtimes, tidy, the tests on all three runtimes.
 */
import process from "node:process";
import { runQuickChecks } from "./quick_checks.ts";
import { runTests, RUNTIMES } from "./test_runs.ts";

const rows: [name: string, state: string, elapsedMs: number][] = [];
let isGood = true;

for (const check of await runQuickChecks()) {
  rows.push([check.name, check.isGood ? "ok" : "FAIL", check.elapsedMs]);
  isGood &&= check.isGood;
}
for (const [runtime, sums] of await runTests({ runtimes: RUNTIMES, filters: [] })) {
  const counts = `${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped`;
  rows.push([`tests: ${runtime}`, `${sums.failed > 0 ? "FAIL" : "ok"}  ${counts}`, sums.elapsedMs]);
  isGood &&= sums.failed === 0;
}

console.log("");
for (const [name, state, elapsedMs] of rows) {
  console.log(`${name.padEnd(30)} ${`${(elapsedMs / 1000).toFixed(1)} s`.padStart(9)}  ${state}`);
}
console.log(isGood ? "all good" : "NOT good");
process.exitCode = isGood ? 0 : 1;
