import type { Background } from "./background.ts";
import type { Clock } from "./clock.ts";
import type { FileSystem } from "./file_system.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";

/** Everything that the core needs of the runtime it lives on. An adapter makes one of these. */
export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  readonly files: FileSystem;
  readonly network: Network;
  readonly background: Background;
  readonly process: ProcessInformation;
}

/** What INFO, the log and MEMORY tell of the process. */
export interface ProcessInformation {
  readonly pid: number;
  /** The runtime's name and version, for INFO and the start-up line: `node 24.9.0`. */
  readonly runtime: string;
  /** As `uname` prints them: `Linux 6.1.0 x86_64`. */
  readonly operatingSystem: string;
  /** The path of the program, for INFO's executable. */
  readonly executable: string;
  /** Resident set size in bytes; 0 where it cannot be known. */
  residentSetBytes(): number;
  /** CPU time used by this process, in microseconds. */
  cpuUs(): { readonly user: number; readonly system: number };
  /** Memory of the machine in bytes; 0 where it cannot be known. */
  totalMemoryBytes(): number;
  /** The JavaScript engine's own heap in bytes: what is used and what it holds. */
  scriptHeapBytes(): { readonly used: number; readonly total: number };
  /**
   * Has the engine look for memory that nothing refers to, now: large pieces that were dropped go
   * back to the system only then. Takes some milliseconds and more where there is much to give back.
   */
  collectGarbage(): void;
}
