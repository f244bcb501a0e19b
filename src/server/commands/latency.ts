/** LATENCY: what took long and how long commands take. */
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import { helpCommand } from "../../command/help.ts";
import type { ReplyWriter } from "../../protocol/reply_writer.ts";
import type { Engine } from "../engine.ts";
import { latencyReport } from "../latency/doctor.ts";
import type { LatencyHistogram } from "../latency/histogram.ts";
import type { LatencySeries } from "../latency/latency.ts";
import { sparkline } from "../latency/sparkline.ts";
import type { Command } from "../registry.ts";
import { textUntilZero } from "./plain_argument.ts";

const HELP = [
  "DOCTOR",
  "    What has taken long, and what may help, in words.",
  "GRAPH <event>",
  "    How long an event took over time, drawn with characters.",
  "HISTOGRAM [<command-name> ...]",
  "    How long the calls of commands took: for each bound in microseconds how many took no longer.",
  "HISTORY <event>",
  "    How long an event took over time, as pairs of second and milliseconds.",
  "LATEST",
  "    For each event when it last took long, how long, and the longest that it ever took.",
  "RESET [<event> ...]",
  "    Forget what is known of some events, or of all.",
];

const ALL_NODES: readonly string[] = [
  "nondeterministic_output",
  "request_policy:all_nodes",
  "response_policy:special",
];

/** What the subcommands about events have in common. */
const EVENTS = {
  since: "2.8.13",
  group: "server",
  complexity: "O(1)",
  flags: ["admin", "noscript", "loading", "stale"],
  tips: ALL_NODES,
} as const;

/** The LATENCY command of one server. */
export function latencyCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "latency",
      summary: "Groups the commands about how long things take.",
      since: "2.8.13",
      group: "server",
      complexity: "That of the subcommand.",
      arity: -2,
      flags: [],
      subcommands: [
        ...aboutEvents(engine),
        ...aboutEvent(engine),
        defineCommand({
          name: "histogram",
          summary: "Tells how long the calls of some commands took, or of all.",
          since: "7.0.0",
          group: "server",
          complexity: "O(N) for N commands told of",
          arity: -2,
          flags: ["admin", "noscript", "loading", "stale"],
          tips: ALL_NODES,
          arguments: [{ name: "command", type: "string", flags: ["optional", "multiple"] }],
          run: (call) => histogram(engine, call),
        }),
        helpCommand("LATENCY", "2.8.13", "server", HELP),
      ],
    }),
  ];
}

function aboutEvents(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      ...EVENTS,
      name: "latest",
      summary: "Tells when each event last took long.",
      arity: 2,
      run: (call) => latest(engine, call),
    }),
    defineCommand({
      ...EVENTS,
      name: "doctor",
      summary: "Tells in words what took long and what may help.",
      arity: 2,
      run: (call) => call.reply.verbatim("txt", doctor(engine)),
    }),
    defineCommand({
      ...EVENTS,
      name: "reset",
      summary: "Forgets what is known of some events, or of all.",
      arity: -2,
      tips: ["request_policy:all_nodes", "response_policy:agg_sum"],
      arguments: [{ name: "event", type: "string", flags: ["optional", "multiple"] }],
      run(call) {
        const { latency } = engine;
        let count = call.count === 2 ? latency.reset() : 0;
        for (let i = 2; i < call.count; i++) count += latency.reset(textUntilZero(call, i));
        call.reply.integer(count);
      },
    }),
  ];
}

function aboutEvent(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      ...EVENTS,
      name: "history",
      summary: "Tells how long an event took over time.",
      arity: 3,
      arguments: [{ name: "event", type: "string" }],
      run: (call) => history(engine, call),
    }),
    defineCommand({
      ...EVENTS,
      name: "graph",
      summary: "Draws how long an event took over time.",
      arity: 3,
      arguments: [{ name: "event", type: "string" }],
      run: (call) => graph(engine, call),
    }),
  ];
}

function latest(engine: Engine, call: Call): void {
  const { reply } = call;
  const { events } = engine.latency;
  reply.array(events.size);
  for (const [event, series] of events) {
    const samples = series.samples();
    const { seconds, ms } = samples[samples.length - 1];
    reply.array(4);
    reply.bulkText(event);
    reply.integer(seconds);
    reply.integer(ms);
    reply.integer(series.maxMs);
  }
}

function history(engine: Engine, call: Call): void {
  const { reply } = call;
  const samples = engine.latency.events.get(textUntilZero(call, 2))?.samples() ?? [];
  reply.array(samples.length);
  for (const { seconds, ms } of samples) {
    reply.array(2);
    reply.integer(seconds);
    reply.integer(ms);
  }
}

function graph(engine: Engine, call: Call): void {
  const event = textUntilZero(call, 2);
  const series = engine.latency.events.get(event);
  if (series === undefined) {
    return call.reply.error(`ERR No samples available for event '${event}'`);
  }
  call.reply.verbatim("txt", graphText(event, series, engine.latency.nowSeconds));
}

function graphText(event: string, series: LatencySeries, nowSeconds: number): string {
  const samples = series.samples();
  const columns = samples.map(({ seconds, ms }) => ({
    value: ms,
    label: ageText(nowSeconds - seconds),
  }));
  const high = Math.max(...samples.map(({ ms }) => ms));
  const low = Math.min(...samples.map(({ ms }) => ms));
  return `${event} - high ${high} ms, low ${low} ms (all time high ${series.maxMs} ms)\n` +
    `${"-".repeat(80)}\n${sparkline(columns)}`;
}

/** `59s`, `1m`, `3h`, `2d`. */
function ageText(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86400)}d`;
}

function doctor(engine: Engine): string {
  const { config, latency, persistence: { job } } = engine;
  const { allocatedBytes } = engine.keyspace.heap;
  return latencyReport({
    events: latency.events,
    thresholdMs: latency.thresholdMs,
    nowSeconds: latency.nowSeconds,
    slowLogUs: engine.slowLog.thresholdUs,
    hz: config.number("hz"),
    syncsAlways: config.choice("appendfsync") === "always",
    freezeBytesPerSecond: job.freezeUs === 0 ? 0 : allocatedBytes * 1e6 / job.freezeUs,
  });
}

/** The commands named, each followed by its subcommands, or all; none that was never called. */
function histogram(engine: Engine, call: Call): void {
  const { reply } = call;
  const found: Command[] = [];
  if (call.count === 2) collect(found, engine.commands.commands);
  for (let i = 2; i < call.count; i++) {
    const command = engine.commands.byName(call.text(i));
    if (command !== null) collect(found, [command]);
  }
  reply.map(found.length);
  for (const command of found) {
    reply.bulkText(command.fullName);
    replyHistogram(reply, command.latencyHistogram!);
  }
}

function collect(found: Command[], commands: readonly Command[]): void {
  for (const command of commands) {
    if (command.latencyHistogram !== null) found.push(command);
    collect(found, command.subcommands?.commands ?? []);
  }
}

function replyHistogram(reply: ReplyWriter, latencies: LatencyHistogram): void {
  const bounds: number[] = [];
  latencies.eachPowerOfTwo((us, count) => bounds.push(us, count));
  reply.map(2);
  reply.bulkText("calls");
  reply.integer(latencies.total);
  reply.bulkText("histogram_usec");
  reply.map(bounds.length / 2);
  for (const bound of bounds) reply.integer(bound);
}
