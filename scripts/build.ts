/**
 * `npm run build`: builds into dist/ what this machine can build, and says what it cannot and why.
 *
 *     npm run build                        everything
 *     npm run build -- npm pagurus-bun     only these
 *
 * The exit code is 1 when something failed. That a machine lacks what one of them needs is no
 * failure: Deno's base binary comes by network.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { type Artefact, NotBuiltHere, SERVER, type Sources } from "./build_artefact.ts";
import { bunExecutable } from "./build_bun.ts";
import { denoExecutable } from "./build_deno.ts";
import { nodeExecutable } from "./build_node.ts";
import { npmPackage } from "./build_npm.ts";
import { root } from "./processes.ts";

/** All that can be built. */
export const ARTEFACTS: readonly Artefact[] = [
  npmPackage,
  bunExecutable,
  nodeExecutable,
  denoExecutable,
];

/** How building one went. */
export interface BuildResult {
  readonly name: string;
  /** Where it is; undefined when it was not built. */
  readonly path: string | undefined;
  /** Why it was not built here, and what builds it elsewhere. */
  readonly missing: NotBuiltHere | undefined;
  readonly elapsedMs: number;
}

/** Builds one into a folder that exists. Rejects when it fails, not when the machine cannot. */
export async function build(
  artefact: Artefact,
  folder: string,
  sources: Sources = SERVER,
): Promise<BuildResult> {
  const startMs = performance.now();
  const { name } = artefact;
  const path = join(folder, name);
  try {
    await artefact.build(path, sources);
    return { name, path, missing: undefined, elapsedMs: performance.now() - startMs };
  } catch (thrown) {
    if (!(thrown instanceof NotBuiltHere)) throw thrown;
    return { name, path: undefined, missing: thrown, elapsedMs: performance.now() - startMs };
  }
}

async function main(names: readonly string[]): Promise<number> {
  const known = ARTEFACTS.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    console.error(`${unknown}: one of ${known.join(", ")}`);
    return 2;
  }
  const folder = join(root, "dist");
  mkdirSync(folder, { recursive: true });
  let failures = 0;
  for (const artefact of ARTEFACTS) {
    if (names.length > 0 && !names.includes(artefact.name)) continue;
    try {
      const { name, missing, elapsedMs } = await build(artefact, folder);
      if (missing === undefined) {
        console.log(`built          dist/${name} (${(elapsedMs / 1000).toFixed(1)} s)`);
      } else {
        console.log(`not built here dist/${name}: ${missing.message}\n    ${missing.command}`);
      }
    } catch (thrown) {
      failures++;
      console.log(`FAIL           dist/${artefact.name}: ${(thrown as Error).message}`);
    }
  }
  return failures > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = await main(process.argv.slice(2));
}
