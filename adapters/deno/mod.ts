/** Deno as a platform: its own network, and its `node:` modules where they are as fast. */
import type { Platform } from "../../src/platform/platform.ts";
import { systemPlatform, type SystemPlatformOptions } from "../shared/system_platform.ts";
import { collectV8Garbage } from "../shared/v8_collector.ts";
import { denoNetwork } from "./network.ts";
import { startDenoThread } from "./worker_thread.ts";

export { systemHost as denoHost } from "../shared/system_host.ts";

/** Makes a platform of this Deno process. */
export function denoPlatform(options: SystemPlatformOptions): Platform {
  return systemPlatform(options, {
    runtime: `deno ${Deno.version.deno}`,
    network: denoNetwork,
    startThread: startDenoThread,
    collectGarbage: collectV8Garbage,
  });
}
