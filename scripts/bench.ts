/**
 * `npm run bench`: Pagurus on Node, Deno and Bun against redis-server on the same machine.
 *
 *     npm run bench                                 every row, five rounds
 *     npm run bench -- --quick                      one round, short cells, a small data set
 *     npm run bench -- --only node --rows speed     one runtime, one kind of row
 *     npm run bench -- --json                       the numbers instead of Markdown
 *
 * Rows: `speed` (SET, GET, INCR, MSET of 10 at pipeline 1, 16 and 64), `memory` (what a data set
 * costs by used_memory and by RSS), `load` (reading an RDB file that redis-server wrote) and `start`
 * (from starting the process to the first PONG).
 *
 * The machine is never as quiet as one would like. So the servers run side by side, each cell is
 * measured on all of them in turn before the next one, in rounds, and what is compared are ratios
 * of medians; a slow minute hits all alike. The servers that are not measured just then are idle.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { arch, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { root } from "./processes.ts";

const SERVERS = ["redis", "node", "deno", "bun"] as const;
type ServerName = (typeof SERVERS)[number];
const ROWS = ["speed", "memory", "load", "start"] as const;
type Row = (typeof ROWS)[number];

const COMMANDS = ["SET", "GET", "INCR", "MSET"] as const;
const PIPELINES = [1, 16, 64] as const;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    rows: { type: "string", multiple: true },
    rounds: { type: "string" },
    keys: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const subjects = chosen(options.only, SERVERS.slice(1), "--only") as ServerName[];
const rows = chosen(options.rows, ROWS, "--rows") as Row[];
const rounds = Number(options.rounds ?? (options.quick ? 1 : 5));
const keyCount = Number(options.keys ?? (options.quick ? 200_000 : 5_000_000));
/** How long one cell should take. */
const cellSeconds = options.quick ? 0.5 : 2.5;
/** The range of keys that a cell draws from. */
const keyRange = options.quick ? 100_000 : 1_000_000;

function chosen(names: string[] | undefined, known: readonly string[], flag: string): string[] {
  const list = names?.flatMap((name) => name.split(",")) ?? [...known];
  for (const name of list) {
    if (!known.includes(name)) {
      console.error(`${flag} ${name}: one of ${known.join(", ")}`);
      process.exit(2);
    }
  }
  return list;
}

/** A server that the bench has started. */
interface RunningServer {
  readonly name: ServerName;
  readonly port: number;
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  /** From starting the process to its first PONG. */
  readonly startMs: number;
}

const children = new Set<ChildProcess>();
const scratch = mkdtempSync(join(tmpdir(), "pagurus-bench-"));
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(scratch, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

function commandLine(name: ServerName): string[] {
  const entry = join(root, "mod.ts");
  const program = join(root, "node_modules/.bin", name);
  switch (name) {
    case "redis":
      return ["redis-server", "--appendonly", "no"];
    case "deno":
      return [program, "run", "-A", "--no-check", entry];
    case "bun":
      return [program, "run", entry];
    default:
      return [program, entry];
  }
}

/** Starts a server and waits for its PONG; rejects with its log when it ends instead. */
async function start(name: ServerName, args: readonly string[] = []): Promise<RunningServer> {
  const port = await freePort();
  const [program, ...before] = commandLine(name);
  const startedMs = performance.now();
  const child = spawn(program, [
    ...before,
    ...["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", scratch, ...args],
  ], { stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  let log = "";
  let hasEnded = false;
  child.stdout.on("data", (chunk) => log = (log + chunk).slice(-4000));
  child.stderr.on("data", (chunk) => log = (log + chunk).slice(-4000));
  const exited = new Promise<void>((resolve) => {
    const end = () => {
      hasEnded = true;
      children.delete(child);
      resolve();
    };
    child.on("exit", end);
    child.on("error", (error) => {
      log += error.message;
      end();
    });
  });
  for (;;) {
    if (hasEnded) throw new Error(`${name} ended before it answered:\n${log}`);
    if (await answersPing(port)) break;
    await sleep(1);
  }
  return { name, port, child, exited, startMs: performance.now() - startedMs };
}

async function stop(server: RunningServer): Promise<void> {
  server.child.kill("SIGKILL");
  await server.exited;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

/** True when a PING is answered with PONG: a server that still loads answers with an error. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("error", () => finish(false));
    socket.on("close", () => finish(false));
    socket.on("data", (data) => finish(data.toString().startsWith("+PONG")));
    socket.write("PING\r\n");
  });
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Sends one inline command; gives the whole reply's text. Good for small replies only. */
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("error", reject);
    socket.on("data", (data) => {
      text += data.toString("latin1");
      const bulk = /^\$(\d+)\r\n/.exec(text);
      const whole = bulk ? bulk[0].length + Number(bulk[1]) + 2 : text.indexOf("\r\n") + 2;
      if (whole < 2 || text.length < whole) return;
      socket.destroy();
      if (text.startsWith("-")) reject(new Error(`${command}: ${text.trim()}`));
      else resolve(text);
    });
    socket.write(`${command}\r\n`);
  });
}

/** What redis-benchmark says of one cell. */
interface Cell {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function benchmark(
  port: number,
  command: string,
  pipeline: number,
  requests: number,
): Promise<Cell> {
  const child = spawn("redis-benchmark", [
    ...["-h", "127.0.0.1", "-p", String(port), "-t", command.toLowerCase(), "--csv"],
    ...["-n", String(requests), "-r", String(keyRange), "-d", "16", "-c", "50"],
    ...["-P", String(pipeline), "--threads", "1"],
  ], { stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  const code = await new Promise((resolve) => child.on("close", resolve));
  children.delete(child);
  // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95","p99","max"
  const line = output.trim().split("\n").at(-1) ?? "";
  const fields = [...line.matchAll(/"([^"]*)"/g)].map((match) => match[1]);
  if (code !== 0 || fields.length < 8) throw new Error(`redis-benchmark: ${output}`);
  return {
    requestsPerSecond: Number(fields[1]),
    p50Ms: Number(fields[4]),
    p99Ms: Number(fields[6]),
  };
}

/** One row of the result: a value a server, and how it compares to redis-server's. */
interface Line {
  readonly row: Row;
  readonly name: string;
  readonly unit: string;
  readonly isMoreBetter: boolean;
  readonly values: Map<ServerName, number>;
  readonly notes: Map<ServerName, string>;
}

async function measureSpeed(lines: Line[]): Promise<void> {
  const servers: RunningServer[] = [];
  for (const name of ["redis", ...subjects] as ServerName[]) servers.push(await start(name));
  const cells = new Map<string, Map<ServerName, Cell[]>>();
  const requests = new Map<string, number>();
  for (const server of servers) {
    // Every key exists before anything is measured, and the code has been compiled.
    await benchmark(server.port, "SET", 64, keyRange * 2);
    await benchmark(server.port, "GET", 16, keyRange);
  }
  for (let round = 0; round < rounds; round++) {
    for (const pipeline of PIPELINES) {
      for (const command of COMMANDS) {
        const key = `${command} P${pipeline}`;
        const turn = servers.map((_, i) => servers[(i + round) % servers.length]);
        for (const server of turn) {
          let count = requests.get(key);
          if (count === undefined) {
            const probe = await benchmark(
              server.port,
              command,
              pipeline,
              20_000 * pipeline ** 0.5 | 0,
            );
            count = Math.max(10_000, Math.round(probe.requestsPerSecond * cellSeconds));
            requests.set(key, count);
          }
          const cell = await benchmark(server.port, command, pipeline, count);
          const byServer = cells.get(key) ?? new Map<ServerName, Cell[]>();
          cells.set(key, byServer);
          byServer.set(server.name, [...(byServer.get(server.name) ?? []), cell]);
          progress(
            `round ${round + 1}/${rounds} ${key} ${server.name}: ${
              Math.round(cell.requestsPerSecond / 1000)
            }k`,
          );
        }
      }
    }
  }
  for (const server of servers) await stop(server);
  for (const [name, byServer] of cells) {
    const line = newLine("speed", name, "requests/s", true);
    for (const [server, list] of byServer) {
      line.values.set(server, median(list.map((cell) => cell.requestsPerSecond)));
      const [p50, p99] = [median(list.map((c) => c.p50Ms)), median(list.map((c) => c.p99Ms))];
      const best = Math.max(...list.map((cell) => cell.requestsPerSecond));
      line.notes.set(server, `p50 ${p50} p99 ${p99} ms, best ${format(best)}`);
    }
    lines.push(line);
  }
}

/** Writes `count` keys of 16 bytes with values of 16 bytes. */
async function fill(port: number, count: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  let replies = 0;
  let wake = () => {};
  socket.on("data", (chunk) => {
    for (const byte of chunk) if (byte === 0x0a) replies++;
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.on("connect", () => resolve());
    socket.on("error", reject);
  });
  const BATCH = 5000;
  for (let sent = 0; sent < count;) {
    const end = Math.min(count, sent + BATCH);
    let text = "";
    for (; sent < end; sent++) {
      const digits = String(sent).padStart(12, "0");
      text += `*3\r\n$3\r\nSET\r\n$16\r\nkey:${digits}\r\n$16\r\nval:${digits}\r\n`;
    }
    await write(socket, text);
    while (replies < sent - 2 * BATCH) await new Promise<void>((resolve) => wake = resolve);
  }
  while (replies < count) await new Promise<void>((resolve) => wake = resolve);
  socket.destroy();
}

function write(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve) => socket.write(text, "latin1", () => resolve()));
}

async function memoryOf(server: RunningServer): Promise<{ used: number; resident: number }> {
  const info = await ask(server.port, "INFO memory");
  const status = readFileSync(`/proc/${server.child.pid}/status`, "utf8");
  return {
    used: Number(/^used_memory:(\d+)/m.exec(info)?.[1]),
    resident: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024,
  };
}

async function measureMemory(lines: Line[]): Promise<void> {
  const used = newLine("memory", `used_memory of ${format(keyCount)} keys`, "bytes", false);
  const resident = newLine("memory", `RSS of ${format(keyCount)} keys`, "bytes", false);
  for (const name of ["redis", ...subjects] as ServerName[]) {
    const server = await start(name);
    // A first key brings in what is made once: the tables, the first chunk, the compiled code.
    await fill(server.port, 1000);
    await ask(server.port, "FLUSHALL");
    const before = await memoryOf(server);
    await fill(server.port, keyCount);
    const after = await memoryOf(server);
    await stop(server);
    for (
      const [line, growth] of [
        [used, after.used - before.used],
        [resident, after.resident - before.resident],
      ] as const
    ) {
      line.values.set(name, growth);
      line.notes.set(name, `${(growth / keyCount).toFixed(1)} bytes a key`);
    }
    progress(
      `memory ${name}: ${format(after.used - before.used)}, RSS ${
        format(after.resident - before.resident)
      }`,
    );
  }
  lines.push(used, resident);
}

async function measureLoad(lines: Line[]): Promise<void> {
  const writer = await start("redis");
  await fill(writer.port, keyCount);
  await ask(writer.port, "SAVE");
  await stop(writer);
  if (!existsSync(join(scratch, "dump.rdb"))) throw new Error("redis-server saved nothing");
  const line = newLine("load", `load an RDB of ${format(keyCount)} keys`, "ms", false);
  const times = new Map<ServerName, number[]>();
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    for (const name of ["redis", ...subjects] as ServerName[]) {
      const server = await start(name);
      const found = Number((await ask(server.port, "DBSIZE")).slice(1));
      await stop(server);
      if (found !== keyCount) throw new Error(`${name} loaded ${found} keys of ${keyCount}`);
      times.set(name, [...(times.get(name) ?? []), server.startMs]);
      progress(`load ${name}: ${Math.round(server.startMs)} ms`);
    }
  }
  rmSync(join(scratch, "dump.rdb"));
  for (const [name, list] of times) line.values.set(name, median(list));
  lines.push(line);
}

async function measureStart(lines: Line[]): Promise<void> {
  const line = newLine("start", "start to first PONG, from source", "ms", false);
  const times = new Map<ServerName, number[]>();
  for (let round = 0; round < Math.max(rounds, 5); round++) {
    for (const name of ["redis", ...subjects] as ServerName[]) {
      const server = await start(name);
      await stop(server);
      times.set(name, [...(times.get(name) ?? []), server.startMs]);
    }
  }
  for (const [name, list] of times) line.values.set(name, median(list));
  lines.push(line);
}

function newLine(row: Row, name: string, unit: string, isMoreBetter: boolean): Line {
  return { row, name, unit, isMoreBetter, values: new Map(), notes: new Map() };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function format(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)}G`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(1)}k`;
  return value.toFixed(value < 100 ? 1 : 0);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** Speeds are compared as a multiple of redis-server's, costs as a share of them. */
function ratio(line: Line, name: ServerName): string {
  const ours = line.values.get(name);
  const redis = line.values.get("redis");
  return ours === undefined || redis === undefined ? "" : `${(ours / redis).toFixed(2)}x`;
}

function printMarkdown(lines: readonly Line[]): void {
  const version = spawnSync("redis-server", ["--version"], { encoding: "utf8" }).stdout;
  console.log(
    `${cpus().length} x ${cpus()[0]?.model.trim()} ${arch()}, ${
      /v=\S+/.exec(version)?.[0].replace("v=", "redis-server ")
    }, medians of ${rounds} rounds; ratios to redis-server: speed higher is better, the rest lower\n`,
  );
  const names = subjects;
  console.log(`| | redis-server | ${names.join(" | ")} |`);
  console.log(`|---|---|${names.map(() => "---|").join("")}`);
  for (const line of lines) {
    const redis = `${format(line.values.get("redis") ?? NaN)} ${line.unit}`;
    const cells = names.map((name) =>
      `**${ratio(line, name)}** ${format(line.values.get(name) ?? NaN)}`
    );
    console.log(`| ${line.name} | ${redis} | ${cells.join(" | ")} |`);
  }
  const noted = lines.filter((line) => line.notes.size > 0);
  if (noted.length === 0) return;
  console.log(`\n| | redis-server | ${names.join(" | ")} |`);
  console.log(`|---|---|${names.map(() => "---|").join("")}`);
  for (const line of noted) {
    const cells = (["redis", ...names] as ServerName[]).map((name) => line.notes.get(name) ?? "");
    console.log(`| ${line.name} | ${cells.join(" | ")} |`);
  }
}

const lines: Line[] = [];
if (rows.includes("speed")) await measureSpeed(lines);
if (rows.includes("memory")) await measureMemory(lines);
if (rows.includes("load")) await measureLoad(lines);
if (rows.includes("start")) await measureStart(lines);
progress("");
if (options.json) {
  console.log(JSON.stringify(
    lines.map((line) => ({
      ...line,
      values: Object.fromEntries(line.values),
      notes: Object.fromEntries(line.notes),
      ratios: Object.fromEntries(subjects.map((name) => [name, ratio(line, name)])),
    })),
    undefined,
    2,
  ));
} else printMarkdown(lines);
process.exit(0);
