/** MEMORY: what keys and the server take. */
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand, keyRange } from "../../command/definition.ts";
import { int64OrReply } from "../../command/integer_argument.ts";
import { helpCommand } from "../../command/help.ts";
import { NO_EXPIRY } from "../../keyspace/database.ts";
import type { Database } from "../../keyspace/database.ts";
import type { ReplyWriter } from "../../protocol/reply_writer.ts";
import type { Engine } from "../engine.ts";
import type { MemoryFigures } from "../memory_figures.ts";
import { memoryFigures, ratio } from "../memory_figures.ts";
import { ALLOCATOR_NAME, humanBytes } from "./info_sections.ts";

/** What a dict spends on an entry: its hash and its reference. */
const SLOT_BYTES = 8;
/** The figures of MEMORY STATS beside the databases. */
const STATS_COUNT = 27;

const HELP = [
  "DOCTOR",
  "    Looks for what is wrong with the use of memory.",
  "MALLOC-STATS",
  "    The figures of the heap that holds the data.",
  "PURGE",
  "    Give memory that nothing is in back to the system.",
  "STATS",
  "    Where the memory of the server goes.",
  "USAGE <key> [SAMPLES <count>]",
  "    The bytes that <key> and its value take. SAMPLES is accepted and not needed:",
  "    every byte is counted.",
];

const REPORT_TIPS = [
  "nondeterministic_output",
  "request_policy:all_shards",
  "response_policy:special",
];

/** The MEMORY command of one server. */
export function memoryCommands(engine: Engine): readonly CommandDefinition[] {
  const { heap } = engine.keyspace;
  const server = { since: "4.0.0", group: "server" } as const;
  return [
    defineCommand({
      ...server,
      name: "memory",
      summary: "Groups the commands that look into memory.",
      complexity: "Depends on subcommand.",
      arity: -2,
      flags: [],
      subcommands: [
        defineCommand({
          ...server,
          name: "doctor",
          summary: "Reports what is wrong with the use of memory.",
          complexity: "O(1)",
          arity: 2,
          flags: [],
          tips: REPORT_TIPS,
          run: (call) => call.reply.verbatim("txt", memoryReport(memoryFigures(engine))),
        }),
        helpCommand("MEMORY", "4.0.0", "server", HELP),
        defineCommand({
          ...server,
          name: "malloc-stats",
          summary: "Tells the figures of the allocator.",
          complexity: "Depends on how much memory is allocated, could be slow",
          arity: 2,
          flags: [],
          tips: REPORT_TIPS,
          run: (call) => call.reply.verbatim("txt", heapReport(engine)),
        }),
        defineCommand({
          ...server,
          name: "purge",
          summary: "Gives unused memory back to the system.",
          complexity: "Depends on how much memory is allocated, could be slow",
          arity: 2,
          flags: [],
          tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
          run(call) {
            heap.releaseEmptyChunks(0);
            // What the heap has dropped is the collector's to give back.
            engine.platform.process.collectGarbage();
            call.reply.ok();
          },
        }),
        defineCommand({
          ...server,
          name: "stats",
          summary: "Tells where the memory of the server goes.",
          complexity: "O(1)",
          arity: 2,
          flags: [],
          tips: REPORT_TIPS,
          run: (call) => replyStats(call.reply, memoryFigures(engine)),
        }),
        defineCommand({
          ...server,
          name: "usage",
          summary: "Tells how many bytes a key and its value take.",
          complexity: "O(N) where N is the number of samples.",
          arity: -3,
          flags: ["readonly"],
          keys: [keyRange(2, 2, 1, "RO")],
          arguments: [
            { name: "key", type: "key", keySpec: 0 },
            { name: "count", type: "integer", token: "SAMPLES", flags: ["optional"] },
          ],
          run: usage,
        }),
      ],
    }),
  ];
}

function usage(call: Call): void {
  for (let i = 3; i < call.count; i += 2) {
    if (!call.is(i, "samples") || i + 1 === call.count) return call.syntaxError();
    const samples = int64OrReply(call, i + 1);
    if (samples !== samples) return;
    if (samples < 0) return call.syntaxError();
  }
  const { bytes, starts, ends } = call.args;
  // As Redis: a key that has expired and is still there takes memory, too.
  const ref = call.database.find(bytes, starts[2], ends[2]);
  if (ref === 0) return call.reply.null();
  call.reply.integer(memoryUsageOf(call.database, ref));
}

/**
 * The bytes that a key, its value and its expiry time take: exactly what the heap has set aside for
 * them (a size class or whole pages), and its slots in the indexes. Not shared out among the keys
 * is what the indexes keep free, and the header of their segments.
 */
export function memoryUsageOf(database: Database, ref: number): number {
  const slots = database.expiresAtMs(ref) === NO_EXPIRY ? 1 : 2;
  return database.bytesOf(ref) + slots * SLOT_BYTES;
}

function replyStats(reply: ReplyWriter, figures: MemoryFigures): void {
  const { used, residentSet, resident, active, allocated } = figures;
  const size = (name: string, value: number) => {
    reply.bulkText(name);
    reply.integer(value);
  };
  const share = (name: string, value: number) => {
    reply.bulkText(name);
    reply.double(value);
  };
  reply.map(STATS_COUNT + figures.databases.length);
  size("peak.allocated", figures.peak);
  size("total.allocated", used);
  size("startup.allocated", figures.startup);
  size("replication.backlog", 0);
  size("clients.slaves", 0);
  size("clients.normal", figures.clients);
  size("cluster.links", 0);
  size("aof.buffer", 0);
  size("lua.caches", 0);
  size("functions.caches", 0);
  for (const { index, mainBytes, expiresBytes } of figures.databases) {
    reply.bulkText(`db.${index}`);
    reply.map(3);
    size("overhead.hashtable.main", mainBytes);
    size("overhead.hashtable.expires", expiresBytes);
    size("overhead.hashtable.slot-to-keys", 0);
  }
  size("overhead.total", figures.overhead);
  size("keys.count", figures.keyCount);
  size("keys.bytes-per-key", figures.bytesPerKey);
  size("dataset.bytes", figures.dataset);
  share("dataset.percentage", figures.datasetPercent);
  share("peak.percentage", figures.peakPercent);
  size("allocator.allocated", allocated);
  size("allocator.active", active);
  size("allocator.resident", resident);
  share("allocator-fragmentation.ratio", ratio(active, allocated));
  size("allocator-fragmentation.bytes", active - allocated);
  share("allocator-rss.ratio", ratio(resident, active));
  size("allocator-rss.bytes", resident - active);
  share("rss-overhead.ratio", ratio(residentSet, resident));
  size("rss-overhead.bytes", residentSet - resident);
  share("fragmentation", ratio(residentSet, used));
  size("fragmentation.bytes", residentSet - used);
}

/** Below this nothing can be said: the fixed costs hide everything else. */
const DIAGNOSED_BYTES_MIN = 5 * 2 ** 20;
/** The shares and sizes from which on something is reported. */
const PEAK_RATIO_MAX = 1.5;
const FRAGMENTATION_RATIO_MAX = 1.4;
const FRAGMENTATION_BYTES_MIN = 10 * 2 ** 20;
const MAXIMUM_SHARE = 0.95;

/** MEMORY DOCTOR's text. */
export function memoryReport(figures: MemoryFigures): string {
  const { used, peak, active, allocated, resident, maximum } = figures;
  if (used < DIAGNOSED_BYTES_MIN) {
    return "This instance holds next to nothing: come again when there is some data in it.\n";
  }
  const findings: string[] = [];
  if (peak > used * PEAK_RATIO_MAX) {
    findings.push(
      `Peak: ${humanBytes(peak)} were once in use and ${humanBytes(used)} are now. The process ` +
        "may look larger than its data; MEMORY PURGE gives back what is empty.",
    );
  }
  if (
    active > allocated * FRAGMENTATION_RATIO_MAX && active - allocated > FRAGMENTATION_BYTES_MIN
  ) {
    findings.push(
      `Fragmentation: pages of ${humanBytes(active)} hold ${humanBytes(allocated)} of objects. ` +
        "Values of other sizes than the deleted ones cannot use the gaps; a restart from an RDB " +
        "file closes them.",
    );
  }
  if (
    resident > active * FRAGMENTATION_RATIO_MAX && resident - active > FRAGMENTATION_BYTES_MIN * 4
  ) {
    findings.push(
      `Empty chunks: ${humanBytes(resident - active)} are reserved and hold nothing. ` +
        "MEMORY PURGE gives back the chunks that are empty as a whole.",
    );
  }
  if (maximum > 0 && used > maximum * MAXIMUM_SHARE) {
    findings.push(
      `Limit: ${humanBytes(used)} of maxmemory's ${humanBytes(maximum)} are used. Raise it, or ` +
        "see that maxmemory-policy is what you want to happen next.",
    );
  }
  if (findings.length === 0) return "Nothing wrong was found with the memory of this instance.\n";
  return `${findings.map((finding) => ` * ${finding}`).join("\n")}\n`;
}

/** MEMORY MALLOC-STATS' text: one figure a line. */
function heapReport(engine: Engine): string {
  const { keyspace, platform } = engine;
  const { heap } = keyspace;
  const script = platform.process.scriptHeapBytes();
  const rows: (readonly [string, number | string])[] = [
    ["allocator", ALLOCATOR_NAME],
    ["objects", heap.objectCount],
    ["allocated bytes (objects)", heap.allocatedBytes],
    ["mapped bytes (pages in use)", heap.mappedBytes],
    ["reserved bytes (chunks)", heap.reservedBytes],
    ["bookkeeping bytes", heap.bookkeepingBytes],
    ["frozen for a snapshot", heap.isFrozen ? "yes" : "no"],
    ["pages copied since the last freeze", heap.copiedPages],
    ["script heap used bytes", script.used],
    ["script heap total bytes", script.total],
    ["resident set bytes", platform.process.residentSetBytes()],
  ];
  for (const { index, keys, expires, size } of keyspace.databases) {
    if (size === 0) continue;
    rows.push([`db${index} index bytes (keys)`, keys.indexBytes]);
    rows.push([`db${index} index bytes (expires)`, expires.indexBytes]);
  }
  return rows.map(([name, value]) => `${name}: ${value}\n`).join("");
}
