/**
 * Servers that tests start: the real redis-server as the judge, and Pagurus as the accused.
 *
 * Every server gets a temporary folder and a free port on 127.0.0.1, is waited for until it says
 * that it accepts connections, and ends with the process that started it at the latest. A test file
 * calls `after(stopServers)`.
 *
 * Environment:
 * - `PAGURUS_TEST_COMMAND`: a command line to start instead of `<runtime> mod.ts`: a single binary,
 *   or `redis-server` to see whether a scenario itself is sound.
 * - `CI=true`: a missing redis-server is a failure and no reason to skip.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { RespClient, type RespClientOptions } from "./resp_client.ts";

/** The runtimes that Pagurus runs on. */
export type Runtime = "node" | "deno" | "bun";

/** The project's root folder, with a slash at its end. */
export const projectRoot: string = fileURLToPath(new URL("../../", import.meta.url));

/** The runtime that executes this test. */
export const thisRuntime: Runtime = "Deno" in globalThis
  ? "deno"
  : "Bun" in globalThis
  ? "bun"
  : "node";

/** How to start a server. */
export interface ServerOptions {
  /** More arguments, as on redis-server's command line. */
  readonly args?: readonly string[];
  /** A configuration file, put before all arguments. */
  readonly configFile?: string;
  /** The folder to work in; a temporary one where it is left out. */
  readonly directory?: string;
  /** The port; a free one where it is left out. */
  readonly port?: number;
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long it may take to accept connections, in milliseconds (30,000). */
  readonly startMs?: number;
}

/** What can be said of Pagurus besides. */
export interface PagurusOptions extends ServerOptions {
  /** What to run it on; the test's own runtime where it is left out. */
  readonly runtime?: Runtime;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

const running = new Set<TestServer>();
process.on("exit", () => {
  for (const server of running) server.signal("SIGKILL");
});

/** A server that a test has started. */
export class TestServer {
  /** What was run, for messages. */
  readonly commandLine: readonly string[];
  readonly port: number;
  /** Its working folder. */
  readonly directory: string;
  /** Resolves when the process is gone. */
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  readonly #ownsDirectory: boolean;
  readonly #logWaiters = new Set<() => void>();
  readonly #clients = new Set<RespClient>();
  #stdout = "";
  #stderr = "";
  #exit: Exit | undefined;

  constructor(
    commandLine: readonly string[],
    port: number,
    directory: string,
    ownsDirectory: boolean,
    env: Readonly<Record<string, string>>,
  ) {
    this.commandLine = commandLine;
    this.port = port;
    this.directory = directory;
    this.#ownsDirectory = ownsDirectory;
    const [program, ...args] = commandLine;
    this.#process = spawn(program, args, {
      cwd: directory,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process.stdout!.on("data", (chunk) => {
      this.#stdout += chunk;
      for (const wake of this.#logWaiters) wake();
    });
    this.#process.stderr!.on("data", (chunk) => {
      this.#stderr += chunk;
      for (const wake of this.#logWaiters) wake();
    });
    this.exited = new Promise((resolve) => {
      const end = (exit: Exit) => {
        this.#exit ??= exit;
        running.delete(this);
        for (const wake of this.#logWaiters) wake();
        resolve(this.#exit);
      };
      this.#process.on("error", (error) => {
        this.#stderr += String(error);
        end({ code: 127, signal: null });
      });
      this.#process.on("close", (code, signal) => end({ code, signal }));
    });
    running.add(this);
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Everything written so far: stdout, then stderr. */
  get log(): string {
    return this.#stdout + this.#stderr;
  }

  /** Only what went to stderr. */
  get stderr(): string {
    return this.#stderr;
  }

  get hasExited(): boolean {
    return this.#exit !== undefined;
  }

  /** `redis://127.0.0.1:PORT`. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** A new connection, closed at the latest by {@link stop}. */
  async client(options: RespClientOptions = {}): Promise<RespClient> {
    const client = await RespClient.connect({ port: this.port, ...options });
    this.#clients.add(client);
    client.closed.then(() => this.#clients.delete(client));
    return client;
  }

  /** Resolves when the log matches; rejects when the time is over or the process gone. */
  async waitForLog(pattern: RegExp, timeoutMs = 10_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!pattern.test(this.log)) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || this.#exit) {
        const why = this.#exit ? `it ended (${JSON.stringify(this.#exit)})` : `${timeoutMs} ms`;
        throw new Error(
          `${this.commandLine.join(" ")}: ${why} without ${pattern} in its log:\n${this.log}`,
        );
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, leftMs);
        const waiters = this.#logWaiters;
        function done() {
          clearTimeout(timer);
          waiters.delete(done);
          resolve();
        }
        waiters.add(done);
      });
    }
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#exit) this.#process.kill(signal);
  }

  /** SIGTERM, then SIGKILL after ten seconds; removes the temporary folder. */
  async stop(): Promise<Exit> {
    for (const client of this.#clients) client.close();
    this.signal("SIGTERM");
    const killer = setTimeout(() => this.signal("SIGKILL"), 10_000);
    const exit = await this.exited;
    clearTimeout(killer);
    if (this.#ownsDirectory) rmSync(this.directory, { recursive: true, force: true });
    return exit;
  }

  /** SIGKILL: what a power loss of the process looks like. The folder stays. */
  async kill(): Promise<Exit> {
    for (const client of this.#clients) client.close();
    this.signal("SIGKILL");
    return await this.exited;
  }
}

/** Ends every server that this process has started. */
export async function stopServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()));
}

/** The path of a program of Debian's redis packages, or undefined where it is missing. */
export function findProgram(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(":")) {
    if (folder !== "" && existsSync(join(folder, name))) return join(folder, name);
  }
  return undefined;
}

/**
 * A reason to skip a test that needs one of Redis's own programs, or false where there is none.
 * With CI=true there never is: the test runs and fails.
 */
export function skipWithout(program: "redis-server" | "redis-cli" | "redis-benchmark"):
  | string
  | false {
  if (findProgram(program) || process.env.CI === "true") return false;
  return missing(program);
}

function missing(program: string): string {
  const packageName = program === "redis-server" ? "redis-server" : "redis-tools";
  return `${program} is not installed: apt-get install ${packageName}`;
}

/** Starts the real redis-server, which saves nothing by itself. */
export function startRedis(options: ServerOptions = {}): Promise<TestServer> {
  const program = findProgram("redis-server");
  if (!program) throw new Error(missing("redis-server"));
  return start([program], ["--save", "", "--appendonly", "no"], options);
}

/** The redis-server's version as numbers, [7, 0, 15]. */
export function redisVersion(): readonly number[] {
  return knownVersion ??= askVersion();
}

let knownVersion: readonly number[] | undefined;

function askVersion(): readonly number[] {
  const program = findProgram("redis-server");
  if (!program) throw new Error(missing("redis-server"));
  const text = execFileSync(program, ["--version"], { encoding: "utf8" });
  return /v=(\d+)\.(\d+)\.(\d+)/.exec(text)!.slice(1).map(Number);
}

/** The command line that starts Pagurus on a runtime, without its arguments. */
export function pagurusCommand(runtime: Runtime = thisRuntime): string[] {
  const substitute = process.env.PAGURUS_TEST_COMMAND;
  if (substitute) return substitute.split(" ");
  const program = `${projectRoot}node_modules/.bin/${runtime}`;
  const entry = `${projectRoot}mod.ts`;
  if (runtime === "deno") return [program, "run", "-A", "--no-check", entry];
  return runtime === "bun" ? [program, "run", entry] : [program, entry];
}

/** Starts Pagurus, which saves nothing by itself unless told otherwise. */
export function startPagurus(options: PagurusOptions = {}): Promise<TestServer> {
  return start(pagurusCommand(options.runtime), ["--save", ""], options);
}

async function start(
  program: readonly string[],
  defaults: readonly string[],
  options: ServerOptions,
): Promise<TestServer> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), "pagurus-test-"));
  for (let attempt = 1;; attempt++) {
    const port = options.port ?? await freePort();
    const server = new TestServer(
      [
        ...program,
        ...(options.configFile === undefined ? [] : [options.configFile]),
        ...["--port", String(port), "--bind", "127.0.0.1", "--dir", directory],
        ...defaults,
        ...(options.args ?? []),
      ],
      port,
      directory,
      options.directory === undefined,
      options.env ?? {},
    );
    try {
      await server.waitForLog(/Ready to accept connections/, options.startMs ?? 30_000);
      return server;
    } catch (error) {
      await server.kill();
      // Somebody else took the port between our looking and the server's binding.
      const isTaken = /Address already in use/i.test(server.log) && options.port === undefined;
      if (isTaken && attempt < 5) continue;
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }
}

/** A TCP port of 127.0.0.1 that nobody listens on just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve((address as { port: number }).port));
    });
  });
}

/** A new temporary folder; the caller removes it. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), "pagurus-test-"));
}

/** Waits, for tests that cannot own the clock of the server they talk to. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
