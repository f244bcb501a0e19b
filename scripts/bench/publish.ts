/**
 * `publish`: PUBLISH to nobody, to one and to a thousand subscribers, who read as fast as they can.
 * One connection publishes to them, so that what counts is how a message is handed out.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { type CellKind, measureCells, warmUp } from "./cells.ts";
import type { Plan } from "./plan.ts";
import { type RunningServer, startAll, stop } from "./servers.ts";
import type { Line } from "./table.ts";

const SUBSCRIBERS = fileURLToPath(new URL("subscribers.ts", import.meta.url));
const MESSAGE = "message of 24 characters";
const COUNTS = [0, 1, 1000];
const PIPELINES = [1, 16];

export async function measurePublish(plan: Plan): Promise<Line[]> {
  const servers = await startAll(plan);
  await warmUp(plan, servers);
  const ends: (() => void)[] = [];
  for (const server of servers) {
    for (const count of COUNTS) {
      if (count > 0) ends.push(await subscribe(server, channelOf(count), count));
    }
  }
  const kinds: CellKind[] = COUNTS.flatMap((count) =>
    PIPELINES.map((pipeline) => ({
      name: `PUBLISH to ${count} P${pipeline}`,
      command: "",
      pipeline,
      words: ["PUBLISH", channelOf(count), MESSAGE],
      connections: count > 1 ? 1 : 50,
      probeRequests: count > 1 ? 500 : 20_000,
    }))
  );
  const lines = await measureCells(plan, "publish", servers, kinds);
  for (const end of ends) end();
  for (const server of servers) await stop(server);
  return lines;
}

function channelOf(count: number): string {
  return `channel of ${count}`;
}

/** Starts a program that subscribes so many connections; what is returned ends it. */
function subscribe(server: RunningServer, channel: string, count: number): Promise<() => void> {
  const args = [SUBSCRIBERS, String(server.port), channel, String(count)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  process.on("exit", () => child.kill());
  return new Promise((resolve, reject) => {
    child.on("exit", () => reject(new Error("the subscribers have ended")));
    child.stdout.once("data", () => resolve(() => child.kill()));
  });
}
