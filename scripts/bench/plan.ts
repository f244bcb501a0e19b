/**
 * What a run of the bench measures: the servers and the rows by name, and how much of everything.
 * `bench.ts` makes the plan from its command line; the rows take it and hand back their lines.
 */

/** What is measured; redis-server always is, and everything is compared to it. */
export const SERVERS = ["redis", "node", "deno", "bun"] as const;
export type ServerName = (typeof SERVERS)[number];

export const ROWS = [
  "speed",
  "commands",
  "large",
  "publish",
  "aof",
  "memory",
  "types",
  "unlink",
  "eviction",
  "connections",
  "snapshot",
  "peak",
  "load",
  "start",
] as const;
export type Row = (typeof ROWS)[number];

/** How a row measures. */
export interface Plan {
  /** redis-server first. */
  readonly servers: readonly ServerName[];
  readonly rounds: number;
  /** The rounds of `load`, each of which takes long. */
  readonly loadRounds: number;
  /** The size of the data set of all rows but `speed` and `aof`. */
  readonly keyCount: number;
  /** The elements of a collection, in `large` and `types`. */
  readonly elementCount: number;
  /** The range of keys that a cell of `speed` and `aof` draws from. */
  readonly keyRange: number;
  /** How long such a cell should take. */
  readonly cellSeconds: number;
  /** How long the latency is watched before a snapshot begins. */
  readonly calmSeconds: number;
  /** How long a filled server rests before its memory counts as what it is without a snapshot. */
  readonly restSeconds: number;
}
