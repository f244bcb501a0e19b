/**
 * `speed`: SET, GET, INCR and MSET of 10 at pipeline 1, 16 and 64. `aof`: SET with an append-only
 * file, synced each second and before each reply.
 *
 * An append-only file of one server must not be written back to the disk while another is measured:
 * it is synced before each cell. It is never rewritten, so that each cell appends and nothing else.
 */
import { type CellKind, measureCells, warmUp } from "./cells.ts";
import type { Plan } from "./plan.ts";
import { startAll, stop } from "./servers.ts";
import type { Line } from "./table.ts";

const COMMANDS = ["SET", "GET", "INCR", "MSET"];
const PIPELINES = [1, 16, 64];

/** The pipeline depths of SET by `appendfsync`. */
const APPEND_PIPELINES = [["everysec", [1, 16]], ["always", [1]]] as const;

export async function measureSpeed(plan: Plan): Promise<Line[]> {
  const kinds: CellKind[] = PIPELINES.flatMap((pipeline) =>
    COMMANDS.map((command) => ({ name: `${command} P${pipeline}`, command, pipeline }))
  );
  const servers = await startAll(plan);
  await warmUp(plan, servers);
  const lines = await measureCells(plan, "speed", servers, kinds);
  for (const server of servers) await stop(server);
  return lines;
}

export async function measureAppending(plan: Plan): Promise<Line[]> {
  const lines: Line[] = [];
  for (const [policy, pipelines] of APPEND_PIPELINES) {
    const kinds: CellKind[] = pipelines.map((pipeline) => ({
      name: `SET P${pipeline}, appendfsync ${policy}`,
      command: "SET",
      pipeline,
    }));
    const servers = await startAll(plan, [
      ...["--appendonly", "yes", "--appendfsync", policy, "--auto-aof-rewrite-percentage", "0"],
    ]);
    await warmUp(plan, servers);
    lines.push(...await measureCells(plan, "aof", servers, kinds));
    for (const server of servers) await stop(server);
  }
  return lines;
}
