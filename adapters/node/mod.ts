/** Node as a platform. */
import process from "node:process";
import type { Platform } from "../../src/platform/platform.ts";
import { systemPlatform, type SystemPlatformOptions } from "../shared/system_platform.ts";
import { nodeNetwork } from "./network.ts";

export { embeddedText } from "./executable.ts";
export { systemHost as nodeHost } from "../shared/system_host.ts";

/** Makes a platform of this Node process. */
export function nodePlatform(options: SystemPlatformOptions): Platform {
  return systemPlatform(options, nodeNetwork, `node ${process.versions.node}`);
}
