/** What Node, Deno and Bun have in common: all of a platform but the network. */
import type { BackgroundJobs } from "../../src/platform/background.ts";
import type { Network } from "../../src/platform/network.ts";
import type { Platform } from "../../src/platform/platform.ts";
import { InlineBackground } from "./inline_background.ts";
import { SystemClock } from "./system_clock.ts";
import { systemFiles } from "./system_files.ts";
import { systemProcess } from "./system_process.ts";
import { systemRandom } from "./system_random.ts";
import { WorkerBackground } from "./worker_background.ts";
import type { StartWorkerThread } from "./worker_thread.ts";

/** What a platform of a real runtime is told. */
export interface SystemPlatformOptions {
  /** Every background job, by name. */
  readonly jobs: BackgroundJobs;
  /**
   * The module that a worker starts with (`adapters/worker.ts`, or what it was built into), which
   * knows the same jobs. Without this and `workerSource`, jobs run on the main thread in slices.
   */
  readonly workerUrl?: URL | undefined;
  /**
   * The text of such a module, built into one CommonJS file: for a single executable of Node, which
   * can start a worker from an asset of its own but not from a URL.
   */
  readonly workerSource?: string | undefined;
}

/** What each runtime does in its own way. */
export interface RuntimeParts {
  /** Its name and version. */
  readonly runtime: string;
  readonly network: Network;
  readonly startThread: StartWorkerThread;
  /** Has the engine's collector run, now. */
  collectGarbage(): void;
}

/** Makes a platform of this process. */
export function systemPlatform(options: SystemPlatformOptions, parts: RuntimeParts): Platform {
  const clock = new SystemClock();
  const inline = new InlineBackground(options.jobs, systemFiles, clock);
  const workerModule = options.workerSource ?? options.workerUrl;
  return {
    clock,
    random: systemRandom,
    files: systemFiles,
    network: parts.network,
    background: workerModule === undefined
      ? inline
      : new WorkerBackground(workerModule, parts.startThread, inline),
    process: systemProcess(parts.runtime, () => parts.collectGarbage()),
  };
}
