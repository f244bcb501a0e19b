/** Deno as a platform: its own network, and its `node:` modules where they are as fast. */
import type { Platform } from "../../src/platform/platform.ts";
import { systemPlatform, type SystemPlatformOptions } from "../shared/system_platform.ts";
import { denoNetwork } from "./network.ts";

export { systemHost as denoHost } from "../shared/system_host.ts";

/** Makes a platform of this Deno process. */
export function denoPlatform(options: SystemPlatformOptions): Platform {
  return systemPlatform(options, denoNetwork, `deno ${Deno.version.deno}`);
}
