/**
 * The servers that the bench starts, each in a folder of its own on one disk, and what it says to
 * them. None outlives the bench, nor does a child that a server has forked, nor what they wrote.
 */
import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  constants,
  cpSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { root } from "../processes.ts";
import type { Plan, ServerName } from "./plan.ts";

/** A server that the bench has started. */
export interface RunningServer {
  readonly name: ServerName;
  readonly port: number;
  readonly pid: number;
  /** Its working folder, which nobody else uses. */
  readonly directory: string;
  readonly exited: Promise<void>;
  /** From starting the process to its first PONG. */
  readonly startMs: number;
}

const groups = new Set<number>();
let scratch: string | undefined;

/** Makes the folder below `directory` that holds everything the servers write; it goes at exit. */
export function makeScratch(directory: string): void {
  const folder = mkdtempSync(join(directory, "pagurus-bench-"));
  scratch = folder;
  process.on("exit", () => {
    for (const pid of groups) killGroup(pid);
    rmSync(folder, { recursive: true, force: true });
  });
}

/** A folder for a server, with a copy of what is in `contents`. */
function makeDirectory(contents?: string): string {
  if (scratch === undefined) throw new Error("no folder to work in yet");
  const directory = mkdtempSync(join(scratch, "server-"));
  if (contents !== undefined) {
    cpSync(contents, directory, { recursive: true, mode: constants.COPYFILE_FICLONE });
  }
  return directory;
}

/**
 * Waits until all files of a folder are on the disk, so that what one server has written does not
 * hold up the next one.
 */
export function settle(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = openSync(join(entry.parentPath, entry.name), "r");
    fsyncSync(file);
    closeSync(file);
  }
}

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

/**
 * Starts a server, in a folder that holds a copy of `contents`, and waits for its PONG; rejects
 * with its log when it ends instead.
 */
export async function start(
  name: ServerName,
  args: readonly string[] = [],
  contents?: string,
): Promise<RunningServer> {
  const directory = makeDirectory(contents);
  settle(directory);
  const port = await freePort();
  const [program, ...before] = commandLine(name);
  const startedMs = performance.now();
  const child = spawn(program, [
    ...before,
    ...["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory, ...args],
  ], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let log = "";
  let hasEnded = false;
  const keepLog = (chunk: unknown) => log = (log + chunk).slice(-4000);
  child.on("error", keepLog);
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot run ${program}`);
  groups.add(pid);
  child.stdout.on("data", keepLog);
  child.stderr.on("data", keepLog);
  const exited = endOf(child).then(() => {
    hasEnded = true;
    groups.delete(pid);
  });
  while (!await answersPing(port)) {
    if (hasEnded) throw new Error(`${name} ended before it answered:\n${log}`);
    await sleep(1);
  }
  return { name, port, pid, directory, exited, startMs: performance.now() - startedMs };
}

/** Starts all servers of the plan, which stand beside each other from then on. */
export async function startAll(
  plan: Plan,
  args: readonly string[] = [],
): Promise<RunningServer[]> {
  const servers: RunningServer[] = [];
  for (const name of plan.servers) servers.push(await start(name, args));
  return servers;
}

/** Ends a server as a crash would; its folder goes too. */
export async function stop(server: RunningServer): Promise<void> {
  killGroup(server.pid);
  await server.exited;
  rmSync(server.directory, { recursive: true });
}

/** Has a server end in order, without saving; its folder stays and is the caller's. */
export async function shutDown(server: RunningServer): Promise<void> {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => socket.destroy());
  socket.write("SHUTDOWN NOSAVE\r\n");
  await server.exited;
}

/** The servers in the order of a round, so that none is always the one after the same other. */
export function inTurn(servers: readonly RunningServer[], round: number): RunningServer[] {
  return servers.map((_, i) => servers[(i + round) % servers.length]);
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.on("exit", () => resolve()));
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
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

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Sends one inline command; gives the whole reply's text. Good for small replies only. */
export function ask(port: number, command: string): Promise<string> {
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

/** The number behind a field of INFO; NaN where the server does not have it. */
export function infoNumber(info: string, field: string): number {
  return Number(new RegExp(`^${field}:(-?[\\d.]+)`, "m").exec(info)?.[1] ?? NaN);
}

/** True while a BGSAVE is under way; throws when the last one went wrong. */
export async function isSaving(port: number): Promise<boolean> {
  const info = await ask(port, "INFO persistence");
  const inProgress = infoNumber(info, "rdb_bgsave_in_progress");
  if (inProgress === 1) return true;
  if (inProgress === 0 && /^rdb_last_bgsave_status:ok/m.test(info)) return false;
  throw new Error(`BGSAVE failed:\n${info}`);
}

/** True while something that was unlinked is still to be freed. */
export async function isFreeing(port: number): Promise<boolean> {
  return infoNumber(await ask(port, "INFO memory"), "lazyfree_pending_objects") > 0;
}

/** Writes `count` keys `key:` and 12 digits, with values of 16 bytes. */
export function fill(port: number, count: number): Promise<void> {
  return feed(port, count, (index) => {
    const digits = String(index).padStart(12, "0");
    return ["SET", `key:${digits}`, `val:${digits}`];
  });
}

/** Sends `count` commands in a pipeline; a reply must be one line or a bulk string without breaks. */
export async function feed(
  port: number,
  count: number,
  commandOf: (index: number) => readonly string[],
): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  let replies = 0;
  let wake = () => {};
  socket.on("data", (chunk) => {
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      // A bulk string has two lines: that of its length, which begins with $, is not counted.
      if (byte === 0x0a) replies++;
      else if (byte === 0x24) replies--;
    }
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
      const parts = commandOf(sent);
      text += `*${parts.length}\r\n`;
      for (const part of parts) text += `$${part.length}\r\n${part}\r\n`;
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
