/**
 * A platform in memory: for tests, which own its time and its faults, and for embedding, where a
 * server should touch neither disk nor network.
 *
 * ```ts
 * const platform = memoryPlatform({ seed: 7 });
 * const client = platform.network.client({ kind: "tcp", host: "127.0.0.1", port: 6379 });
 * client.send("PING\r\n");
 * platform.clock.advance(0);
 * client.takeText(); // "+PONG\r\n"
 * ```
 */
import type { Background, BackgroundJobs } from "../../src/platform/background.ts";
import type { Platform, ProcessInformation } from "../../src/platform/platform.ts";
import { InlineBackground } from "../shared/inline_background.ts";
import { MemoryClock } from "./clock.ts";
import { MemoryFileSystem } from "./file_system.ts";
import { MemoryNetwork, type MemoryNetworkOptions } from "./network.ts";
import { MemoryRandom } from "./random.ts";

export { MemoryClock } from "./clock.ts";
export { MemoryFileSystem } from "./file_system.ts";
export { MemoryClient, MemoryNetwork, type MemoryNetworkOptions } from "./network.ts";
export { MemoryRandom } from "./random.ts";

/** What {@link memoryPlatform} is told. */
export interface MemoryPlatformOptions {
  /** Makes a run repeatable: the same seed, the same random bytes and the same faults. */
  readonly seed?: number;
  /** The wall time to start at, in milliseconds since the epoch; 2024-01-01 unless given. */
  readonly wallMs?: number;
  readonly network?: MemoryNetworkOptions;
  /** Every background job; they run on the clock's timers. */
  readonly jobs?: BackgroundJobs;
  /** The most steps (yields) of a background job that run before something else may. */
  readonly jobStepsMax?: number;
}

/** A {@link Platform} whose parts can be reached by their own types. */
export interface MemoryPlatform extends Platform {
  readonly clock: MemoryClock;
  readonly random: MemoryRandom;
  readonly files: MemoryFileSystem;
  readonly network: MemoryNetwork;
  readonly background: Background;
}

const JOB_STEPS_MAX = 16;

/** Makes a platform of its own, which shares nothing with any other. */
export function memoryPlatform(options: MemoryPlatformOptions = {}): MemoryPlatform {
  const seed = options.seed ?? 1;
  const clock = new MemoryClock(options.wallMs);
  // A generator of its own, so that a power loss does not change the server's random numbers.
  const files = new MemoryFileSystem(clock, new MemoryRandom(~seed >>> 0));
  const stepsMax = options.jobStepsMax ?? JOB_STEPS_MAX;
  return {
    clock,
    random: new MemoryRandom(seed),
    files,
    network: new MemoryNetwork(clock, options.network),
    background: new InlineBackground(options.jobs ?? {}, files, clock, stepsMax),
    process: memoryProcess,
  };
}

const memoryProcess: ProcessInformation = {
  pid: 1,
  runtime: "memory 1.0.0",
  operatingSystem: "Memory 1.0.0 none",
  executable: "/pagurus",
  residentSetBytes: () => 0,
  cpuUs: () => ({ user: 0, system: 0 }),
  totalMemoryBytes: () => 0,
  scriptHeapBytes: () => ({ used: 0, total: 0 }),
  collectGarbage: () => {},
};
