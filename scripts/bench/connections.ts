/**
 * `connections`: what connections cost that do nothing, and what rude ones do to the others. The
 * rude are
 *
 * - a reader that asks for large values in a pipeline and never reads a reply,
 * - fifty that send a command byte by byte, a byte each millisecond, and half commands,
 * - one that floods the server with writes of a byte.
 *
 * `rude_clients.ts` is all of them, in a process of its own, so that they do not hold up the clients
 * that are measured.
 */
import { spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Latencies } from "./latencies.ts";
import { Pipeline, request } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import { residentBytes } from "./process_memory.ts";
import { fill, type RunningServer, sleep, start, stop } from "./servers.ts";
import { format, Line, OWN_RATIO, progress } from "./table.ts";

const IDLE_COUNT = 10_000;
const OPENED_TOGETHER = 200;
const POLITE_COUNT = 20;
const KEY_COUNT = 10_000;
const RUDE = fileURLToPath(new URL("rude_clients.ts", import.meta.url));

/** What the rude are, by the names that `rude_clients.ts` knows. */
export const RUDE_KINDS = ["slow reader", "half commands", "flood of bytes"] as const;

export async function measureConnections(plan: Plan): Promise<Line[]> {
  const resident = new Line("connections", "RSS of an idle connection", "bytes", false);
  const used = new Line("connections", "used_memory of an idle connection", "bytes", false);
  const slower = RUDE_KINDS.map((kind) => {
    return new Line("connections", `p99 of GET beside a ${kind} / without`, OWN_RATIO, false);
  });
  for (const name of plan.servers) {
    const server = await start(name, ["--maxclients", "20000"]);
    await fill(server.port, KEY_COUNT);
    const cost = await idleCost(server);
    resident.samples.add(name, cost.resident);
    used.samples.add(name, cost.used);
    await stop(server);
    const other = await start(name);
    await fill(other.port, KEY_COUNT);
    for (const [i, kind] of RUDE_KINDS.entries()) {
      const calm = await politeP99Ms(plan, other, undefined);
      const rude = await politeP99Ms(plan, other, kind);
      slower[i].samples.add(name, rude / calm);
      slower[i].notes.set(name, `${calm.toFixed(3)} ms, then ${rude.toFixed(3)} ms`);
      progress(`${slower[i].name} ${name}: ${format(rude / calm)}`);
    }
    await stop(other);
  }
  return [resident, used, ...slower];
}

/** What ten thousand connections take, each after one command, divided by their number. */
async function idleCost(server: RunningServer): Promise<{ resident: number; used: number }> {
  const asking = new Pipeline(server.port);
  await usedMemory(asking);
  const residentBefore = residentBytes(server.pid);
  const usedBefore = await usedMemory(asking);
  const sockets: Socket[] = [];
  while (sockets.length < IDLE_COUNT) {
    const opened = Array.from(
      { length: OPENED_TOGETHER },
      () => connect(server.port, "127.0.0.1"),
    );
    await Promise.all(opened.map(async (socket) => {
      socket.write("PING\r\n");
      await once(socket, "data");
    }));
    sockets.push(...opened);
  }
  const resident = (residentBytes(server.pid) - residentBefore) / IDLE_COUNT;
  const used = (await usedMemory(asking) - usedBefore) / IDLE_COUNT;
  for (const socket of sockets) socket.destroy();
  asking.close();
  return { resident, used };
}

async function usedMemory(pipeline: Pipeline): Promise<number> {
  const [text] = await pipeline.send(request("INFO", "memory"), 1);
  return Number(/^used_memory:(\d+)/m.exec(text ?? "")?.[1]);
}

/** The slowest hundredth of GETs, beside rude clients of a kind or by themselves. */
async function politeP99Ms(
  plan: Plan,
  server: RunningServer,
  kind: string | undefined,
): Promise<number> {
  const rude = kind === undefined
    ? undefined
    : spawn(process.execPath, [RUDE, String(server.port), kind], { stdio: "ignore" });
  await sleep(500);
  const latencies = new Latencies();
  const untilMs = performance.now() + plan.cellSeconds * 2000;
  await Promise.all(Array.from({ length: POLITE_COUNT }, async (_, i) => {
    const pipeline = new Pipeline(server.port);
    const text = request("GET", `key:${String(i).padStart(12, "0")}`);
    while (performance.now() < untilMs) {
      const sentMs = performance.now();
      await pipeline.send(text, 1);
      latencies.note(performance.now() - sentMs, 0);
      // Not all the time: what is measured is the server and not the machine.
      await sleep(1);
    }
    pipeline.close();
  }));
  if (rude !== undefined) {
    rude.kill("SIGKILL");
    await once(rude, "exit");
  }
  return latencies.percentileMs(0.99);
}
