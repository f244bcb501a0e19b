/**
 * Which runtime this is, and its adapter: the one place that asks. It is a part of the entrypoints,
 * so it may know every adapter and the table of background jobs.
 *
 * The worker's module lies beside this one, in the source (`worker.ts`) as in what is built from it:
 * there both are bundled, and `worker.js` lies beside the bundle that this file went into. A single
 * executable of Node has no place for a second file: it holds the worker's text as an asset.
 */
import type { Host } from "../src/platform/host.ts";
import type { Platform } from "../src/platform/platform.ts";

/** What an entrypoint builds on. */
export interface Runtime {
  readonly platform: Platform;
  readonly host: Host;
}

const isSource = import.meta.url.endsWith(".ts");
const isDeno = "Deno" in globalThis;
const isBun = "Bun" in globalThis;

/** The adapter of the runtime that this runs on. */
export async function runtime(): Promise<Runtime> {
  const { backgroundJobs } = await import("../src/persistence/jobs.ts");
  const options = {
    jobs: backgroundJobs,
    workerUrl: new URL(isSource ? "./worker.ts" : "./worker.js", import.meta.url),
  };
  if (isDeno) {
    const { denoHost, denoPlatform } = await import("./deno/mod.ts");
    return { platform: denoPlatform(options), host: denoHost };
  }
  if (isBun) {
    const { bunHost, bunPlatform } = await import("./bun/mod.ts");
    return { platform: bunPlatform(options), host: bunHost };
  }
  const { embeddedText, nodeHost, nodePlatform } = await import("./node/mod.ts");
  const workerSource = isSource ? cachedModule(options.workerUrl) : embeddedText("worker.js");
  return { platform: nodePlatform({ ...options, workerSource }), host: nodeHost };
}

/**
 * Lets Node keep what it compiles from now on in its cache (a folder of the system's temporary one;
 * NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE are heeded). For a program that runs from source:
 * to take the types out of all its files costs Node 0.25 s of CPU at every start otherwise.
 */
export function keepCompiledCode(): void {
  if (!isSource || isDeno || isBun) return;
  const { process } = globalThis as { process?: NodeProcess };
  process?.getBuiltinModule?.("node:module").enableCompileCache?.();
}

/**
 * The text of a script that starts a module of the source with what {@link keepCompiledCode} has kept.
 * A worker that had to take the types out of its files itself would need 40 MB for it.
 */
function cachedModule(url: URL): string {
  return `process.getBuiltinModule("node:module").enableCompileCache?.();` +
    `import(${JSON.stringify(url.href)});`;
}

interface NodeProcess {
  getBuiltinModule?(name: "node:module"): { enableCompileCache?(): unknown };
}
