/** What INFO and the log tell of the process, through `node:os` and `node:process`. */
import * as os from "node:os";
import process from "node:process";
import type { ProcessInformation } from "../../src/platform/platform.ts";

/**
 * The {@link ProcessInformation} of this process; `runtime` is its name and version, and
 * `collectGarbage` what has its collector run.
 */
export function systemProcess(runtime: string, collectGarbage: () => void): ProcessInformation {
  return {
    pid: process.pid,
    runtime,
    operatingSystem: `${os.type()} ${os.release()} ${os.machine()}`,
    executable: process.execPath,
    residentSetBytes: () => process.memoryUsage.rss(),
    cpuUs: () => process.cpuUsage(),
    totalMemoryBytes: () => os.totalmem(),
    scriptHeapBytes: () => {
      const usage = process.memoryUsage();
      return { used: usage.heapUsed, total: usage.heapTotal };
    },
    collectGarbage,
  };
}
