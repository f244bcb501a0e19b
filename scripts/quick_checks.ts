/** The checks that need no test run: format, lint, types for each runtime, tidy. */
import { existsSync } from "node:fs";
import { inLanes, root, run } from "./processes.ts";

/** How one check went. */
export interface CheckResult {
  readonly name: string;
  readonly isGood: boolean;
  readonly output: string;
  readonly elapsedMs: number;
}

interface Check {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

function checks(): Check[] {
  const denoEntries = ["scripts/bun_globals.d.ts", "mod.ts", "adapters/deno/mod.ts"].filter((f) =>
    existsSync(`${root}/${f}`)
  );
  return [
    { name: "types: core", program: "tsc", args: ["-p", "tsconfig.json"] },
    { name: "types: node, tests, scripts", program: "tsc", args: ["-p", "tsconfig.node.json"] },
    { name: "types: bun", program: "tsc", args: ["-p", "tsconfig.bun.json"] },
    { name: "types: deno", program: "deno", args: ["check", ...denoEntries] },
    { name: "lint", program: "deno", args: ["lint"] },
    { name: "format", program: "deno", args: ["fmt", "--check"] },
    { name: "tidy", program: "node", args: ["scripts/tidy.ts"] },
  ];
}

/** Runs them two at a time and prints a line for each; what is wrong is printed in full. */
export async function runQuickChecks(): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  await inLanes(2, checks(), async ({ name, program, args }) => {
    const { code, output, elapsedMs } = await run(program, args, { timeoutMs: 180_000 });
    const isGood = code === 0;
    results.push({ name, isGood, output, elapsedMs });
    console.log(`${isGood ? "ok  " : "FAIL"} ${name} (${(elapsedMs / 1000).toFixed(1)} s)`);
    if (!isGood) console.log(output.trimEnd().slice(0, 20_000));
  });
  return results;
}
