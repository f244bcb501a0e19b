/**
 * `load`: how long a server reads the files that redis-server wrote, an RDB file and an append-only
 * file that is all commands, and `start`: how long it takes without any. Both end at the first PONG.
 *
 * Every start gets a copy of the files, because a server may append to what it finds.
 */
import type { Plan } from "./plan.ts";
import { ask, fill, type RunningServer, shutDown, start, stop } from "./servers.ts";
import { format, Line, progress } from "./table.ts";

/** Without a rewrite, so that every SET stays in the file as it was appended. */
const APPENDING = ["--appendonly", "yes", "--auto-aof-rewrite-percentage", "0"];

export async function measureLoad(plan: Plan): Promise<Line[]> {
  return [await measureSnapshotLoad(plan), await measureAppendedLoad(plan)];
}

async function measureSnapshotLoad(plan: Plan): Promise<Line> {
  const writer = await start("redis");
  await fill(writer.port, plan.keyCount);
  await ask(writer.port, "SAVE");
  const line = new Line("load", `load an RDB of ${format(plan.keyCount)} keys`, "ms", false);
  await measureStarts(plan, line, writer, [], (ms) => ms);
  return line;
}

/** As commands a second: what redis-server's time is to ours, our speed is to redis-server's. */
async function measureAppendedLoad(plan: Plan): Promise<Line> {
  const writer = await start("redis", [...APPENDING, "--appendfsync", "no"]);
  await fill(writer.port, plan.keyCount);
  const name = `load an AOF of ${format(plan.keyCount)} SETs`;
  const line = new Line("load", name, "commands/s", true);
  await measureStarts(plan, line, writer, APPENDING, (ms) => plan.keyCount / ms * 1000);
  return line;
}

/** Ends the writer and has every server read its files. */
async function measureStarts(
  plan: Plan,
  line: Line,
  writer: RunningServer,
  args: readonly string[],
  figure: (startMs: number) => number,
): Promise<void> {
  await shutDown(writer);
  for (let round = 0; round < plan.loadRounds; round++) {
    for (const name of plan.servers) {
      const server = await start(name, args, writer.directory);
      const found = Number((await ask(server.port, "DBSIZE")).slice(1));
      await stop(server);
      if (found !== plan.keyCount) {
        throw new Error(`${name} loaded ${found} keys of ${plan.keyCount}`);
      }
      line.samples.add(name, figure(server.startMs));
      progress(`${line.name} ${name}: ${Math.round(server.startMs)} ms`);
    }
  }
  await stop(writer);
}

export async function measureStart(plan: Plan): Promise<Line[]> {
  const line = new Line("start", "start to first PONG, from source", "ms", false);
  for (let round = 0; round < Math.max(plan.rounds, 5); round++) {
    for (const name of plan.servers) {
      const server = await start(name);
      await stop(server);
      line.samples.add(name, server.startMs);
    }
  }
  return [line];
}
