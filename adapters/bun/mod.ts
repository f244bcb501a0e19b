/** Bun as a platform: its own network, and its `node:` modules where they are as fast. */
import type { Platform } from "../../src/platform/platform.ts";
import { systemPlatform, type SystemPlatformOptions } from "../shared/system_platform.ts";
import { startNodeThread } from "../shared/worker_thread.ts";
import { bunNetwork } from "./network.ts";

export { systemHost as bunHost } from "../shared/system_host.ts";

/** Makes a platform of this Bun process. */
export function bunPlatform(options: SystemPlatformOptions): Platform {
  return systemPlatform(options, {
    runtime: `bun ${Bun.version}`,
    network: bunNetwork,
    startThread: startNodeThread,
    collectGarbage: () => Bun.gc(true),
  });
}
