/** Node as a platform. */
import process from "node:process";
import type { Platform } from "../../src/platform/platform.ts";
import { systemPlatform, type SystemPlatformOptions } from "../shared/system_platform.ts";
import { collectV8Garbage } from "../shared/v8_collector.ts";
import { startNodeThread } from "../shared/worker_thread.ts";
import { nodeNetwork } from "./network.ts";

export { embeddedText } from "./executable.ts";
export { systemHost as nodeHost } from "../shared/system_host.ts";

/** Makes a platform of this Node process. */
export function nodePlatform(options: SystemPlatformOptions): Platform {
  return systemPlatform(options, {
    runtime: `node ${process.versions.node}`,
    network: nodeNetwork,
    startThread: startNodeThread,
    collectGarbage: collectV8Garbage,
  });
}
