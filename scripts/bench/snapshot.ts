/**
 * `snapshot`: BGSAVE while the server is written to. How long nobody was answered, how much longer
 * the slowest replies took, and how long the BGSAVE took. `unlink`: the same of a large set that is
 * unlinked. `latency_client.ts` does the measuring.
 */
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { run } from "../processes.ts";
import type { PhaseFigures } from "./latencies.ts";
import type { ActionFigures } from "./latency_client.ts";
import type { Plan } from "./plan.ts";
import { feed, fill, inTurn, type RunningServer, settle, startAll, stop } from "./servers.ts";
import { format, Line, OWN_RATIO, progress, Samples } from "./table.ts";

const CLIENT = fileURLToPath(new URL("latency_client.ts", import.meta.url));

export async function measureSnapshot(plan: Plan): Promise<Line[]> {
  const stall = new Line("snapshot", "longest stall in BGSAVE under SET", "ms", false);
  const calmStall = new Line("snapshot", "longest stall when calm", "ms", false);
  const slowdown = new Line("snapshot", "p99.9 of SET in BGSAVE / calm", OWN_RATIO, false);
  const time = new Line("snapshot", `BGSAVE of ${format(plan.keyCount)} keys`, "ms", false);
  const clientStallMs = new Samples();
  const servers = await startAll(plan);
  for (const server of servers) await fill(server.port, plan.keyCount);
  for (let round = 0; round < plan.rounds; round++) {
    for (const server of inTurn(servers, round)) {
      const { name } = server;
      const { calm, acting, actionMs, saidSaveSeconds, saidForkMs } = await save(plan, server);
      stall.samples.add(name, acting.longestStallMs);
      calmStall.samples.add(name, calm.longestStallMs);
      slowdown.samples.add(name, acting.p999Ms / calm.p999Ms);
      time.samples.add(name, actionMs);
      clientStallMs.add(name, acting.clientStallMs);
      stall.notes.set(
        name,
        `worst ${format(stall.samples.max(name))} ms; the client's own ` +
          `${format(clientStallMs.median(name))}; fork or freeze ${format(saidForkMs)}`,
      );
      calmStall.notes.set(name, `the client's own in the last round ${format(calm.clientStallMs)}`);
      slowdown.notes.set(name, `last round: calm ${said(calm)}; in BGSAVE ${said(acting)}`);
      time.notes.set(
        name,
        `the server says ${saidSaveSeconds} s; meanwhile ${format(acting.repliesPerSecond)} ` +
          `SET/s, calm ${format(calm.repliesPerSecond)}`,
      );
      progress(`${stall.name} ${name}: ${format(acting.longestStallMs)} ms`);
    }
  }
  for (const server of servers) await stop(server);
  return [stall, calmStall, slowdown, time];
}

export async function measureUnlink(plan: Plan): Promise<Line[]> {
  const count = plan.elementCount * 10;
  const stall = new Line(
    "unlink",
    `longest stall in UNLINK of ${format(count)} members`,
    "ms",
    false,
  );
  const time = new Line("unlink", `time until ${format(count)} members are freed`, "ms", false);
  const servers = await startAll(plan);
  for (const server of servers) await fill(server.port, plan.elementCount);
  for (let round = 0; round < plan.rounds; round++) {
    for (const server of inTurn(servers, round)) {
      await feed(server.port, count, (i) => ["SADD", "large", `m:${String(i).padStart(14, "0")}`]);
      const { acting, actionMs } = await act(plan, server, "unlink");
      stall.samples.add(server.name, acting.longestStallMs);
      stall.notes.set(
        server.name,
        `worst ${format(stall.samples.max(server.name))} ms; the client's own ` +
          `${format(acting.clientStallMs)}`,
      );
      time.samples.add(server.name, actionMs);
      progress(`${stall.name} ${server.name}: ${format(acting.longestStallMs)} ms`);
    }
  }
  for (const server of servers) await stop(server);
  return [stall, time];
}

async function act(plan: Plan, server: RunningServer, action: string): Promise<ActionFigures> {
  const { code, stdout, output } = await run("node", [
    ...[CLIENT, String(server.port), String(plan.keyCount), String(plan.calmSeconds), action],
  ]);
  if (code !== 0) throw new Error(`${action} of ${server.name}: ${output}`);
  return JSON.parse(stdout);
}

async function save(plan: Plan, server: RunningServer): Promise<ActionFigures> {
  const figures = await act(plan, server, "save");
  // What it saved is not to be written back while the next server is measured.
  settle(server.directory);
  const { size } = statSync(join(server.directory, "dump.rdb"));
  if (size < plan.keyCount * 32) throw new Error(`${server.name} saved only ${size} bytes`);
  return figures;
}

function said(phase: PhaseFigures): string {
  const { p50Ms, p99Ms, p999Ms, maxMs } = phase;
  return `p50 ${p50Ms} p99 ${p99Ms} p99.9 ${p999Ms} max ${maxMs.toFixed(3)} ms`;
}
