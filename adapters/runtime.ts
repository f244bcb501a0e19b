/**
 * Which runtime this is, and its adapter: the one place that asks. It is a part of the entrypoints,
 * so it may know every adapter and the table of background jobs.
 *
 * The worker's module lies beside this one, in the source (`worker.ts`) as in what is built from it:
 * there both are bundled, and `worker.js` lies beside the bundle that this file went into. A single
 * executable of Node has no place for a second file: it holds the worker's text as an asset.
 */
import { backgroundJobs } from "../src/persistence/jobs.ts";
import type { Host } from "../src/platform/host.ts";
import type { Platform } from "../src/platform/platform.ts";

/** What an entrypoint builds on. */
export interface Runtime {
  readonly platform: Platform;
  readonly host: Host;
}

/** The adapter of the runtime that this runs on. */
export async function runtime(): Promise<Runtime> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const options = {
    jobs: backgroundJobs,
    workerUrl: new URL(`./worker.${extension}`, import.meta.url),
  };
  if ("Deno" in globalThis) {
    const { denoHost, denoPlatform } = await import("./deno/mod.ts");
    return { platform: denoPlatform(options), host: denoHost };
  }
  if ("Bun" in globalThis) {
    const { bunHost, bunPlatform } = await import("./bun/mod.ts");
    return { platform: bunPlatform(options), host: bunHost };
  }
  const { embeddedText, nodeHost, nodePlatform } = await import("./node/mod.ts");
  const workerSource = embeddedText("worker.js");
  return { platform: nodePlatform({ ...options, workerSource }), host: nodeHost };
}
