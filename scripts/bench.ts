/**
 * `npm run bench`: Pagurus on Node, Deno and Bun against redis-server on the same machine.
 *
 *     npm run bench                                 every row, five rounds
 *     npm run bench -- --quick                      one round, short cells, a small data set
 *     npm run bench -- --only node --rows speed     one runtime, one kind of row
 *     npm run bench -- --only none                  redis-server alone
 *     npm run bench -- --dir /mnt/disk              where files are written; no file system in memory
 *     npm run bench -- --json                       the numbers instead of Markdown
 *
 * | row        | what                                                                            |
 * | ---------- | ------------------------------------------------------------------------------- |
 * | `speed`    | SET, GET, INCR, MSET of 10 at pipeline 1, 16 and 64                             |
 * | `commands` | all that redis-benchmark measures by itself, at pipeline 1, 16 and 64           |
 * | `large`    | commands on lists, sets, sorted sets and streams of a million elements          |
 * | `types`    | what collections of a million elements cost by used_memory                      |
 * | `unlink`   | the longest stall while a set of ten million members is unlinked and freed      |
 * | `eviction` | used_memory, RSS and speed at maxmemory, and the hits of a cache with LRU and LFU |
 * | `connections` | what idle ones cost, and how much slower rude ones make the others         |
 * | `publish`  | PUBLISH to nobody, to one and to a thousand subscribers                         |
 * | `aof`      | SET with an append-only file, synced each second and before each reply          |
 * | `memory`   | what a data set costs by used_memory and by RSS                                 |
 * | `snapshot` | BGSAVE while it is written to: the longest stall, the slowest replies, the time |
 * | `peak`     | the most memory in BGSAVE without writes                                        |
 * | `load`     | reading an RDB file and an append-only file that redis-server wrote             |
 * | `start`    | from starting the process to the first PONG                                     |
 *
 * The machine is never as quiet as one would like. So the servers run side by side, each cell is
 * measured on all of them in turn before the next one, in rounds, and what is compared are ratios
 * of medians; a slow minute hits all alike. The servers that are not measured just then are idle.
 */
import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { measureConnections } from "./bench/connections.ts";
import { measureEviction } from "./bench/eviction.ts";
import { measureLoad, measureStart } from "./bench/load.ts";
import { measureCommands, measureLarge } from "./bench/collections.ts";
import { measureMemory, measurePeak, measureTypes } from "./bench/memory.ts";
import { type Plan, type Row, ROWS, type ServerName, SERVERS } from "./bench/plan.ts";
import { makeScratch } from "./bench/servers.ts";
import { measurePublish } from "./bench/publish.ts";
import { measureSnapshot, measureUnlink } from "./bench/snapshot.ts";
import { measureAppending, measureSpeed } from "./bench/speed.ts";
import { type Line, printJson, printMarkdown, progress } from "./bench/table.ts";

const MEASURES: Readonly<Record<Row, (plan: Plan) => Promise<Line[]>>> = {
  speed: measureSpeed,
  commands: measureCommands,
  large: measureLarge,
  types: measureTypes,
  unlink: measureUnlink,
  eviction: measureEviction,
  connections: measureConnections,
  publish: measurePublish,
  aof: measureAppending,
  memory: measureMemory,
  snapshot: measureSnapshot,
  peak: measurePeak,
  load: measureLoad,
  start: measureStart,
};
/** The rows that say nothing where a disk is none. */
const DISK_ROWS: readonly Row[] = ["aof", "snapshot"];
/** What `statfs` calls tmpfs and ramfs. */
const FILE_SYSTEMS_IN_MEMORY: readonly number[] = [0x01021994, 0x858458f6];

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    rows: { type: "string", multiple: true },
    rounds: { type: "string" },
    keys: { type: "string" },
    dir: { type: "string", default: tmpdir() },
    json: { type: "boolean", default: false },
  },
});
const { quick } = options;
const subjects = options.only?.join() === "none"
  ? []
  : chosen(options.only, SERVERS.slice(1), "--only");
const rows = chosen(options.rows, ROWS, "--rows");
const rounds = Number(options.rounds ?? (quick ? 1 : 5));
const plan: Plan = {
  servers: ["redis", ...subjects] as ServerName[],
  rounds,
  loadRounds: Math.min(rounds, 3),
  keyCount: Number(options.keys ?? (quick ? 200_000 : 5_000_000)),
  elementCount: quick ? 100_000 : 1_000_000,
  keyRange: quick ? 100_000 : 1_000_000,
  cellSeconds: quick ? 0.5 : 2.5,
  calmSeconds: quick ? 1 : 5,
  restSeconds: quick ? 1 : 5,
};

function refuse(text: string): never {
  console.error(text);
  process.exit(2);
}

function chosen(names: string[] | undefined, known: readonly string[], flag: string): string[] {
  const list = names?.flatMap((name) => name.split(",")) ?? [...known];
  for (const name of list) {
    if (!known.includes(name)) refuse(`${flag} ${name}: one of ${known.join(", ")}`);
  }
  return list;
}

const isInMemory = FILE_SYSTEMS_IN_MEMORY.includes(statfsSync(options.dir).type);
if (isInMemory && DISK_ROWS.some((row) => rows.includes(row))) {
  refuse(`${options.dir} is a file system in memory: name a folder on a disk with --dir`);
}
makeScratch(options.dir);
const lines: Line[] = [];
for (const row of ROWS) {
  if (rows.includes(row)) lines.push(...await MEASURES[row](plan));
}
progress("");
if (options.json) printJson(plan, lines);
else printMarkdown(plan, lines);
process.exit(0);
