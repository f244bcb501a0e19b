/**
 * A machine in memory: a disk that outlives the servers which run on it, one after the other, and
 * the ways in which a server ends there: in order, by a signal that nothing can catch, or with the
 * power.
 *
 *     machine.boot() -> Life: one process. It sees the disk through WatchedFiles and the time through
 *                       LifeClock, and both are cut when it dies: nothing of it happens afterwards.
 *
 * Replies travel on the machine's own clock, so what a server has handed to the network arrives even
 * where it dies at the next call: who asks has heard it.
 */
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MemoryNetwork, memoryPlatform } from "../../adapters/memory/mod.ts";
import type { MemoryClient, MemoryClock, MemoryFileSystem } from "../../adapters/memory/mod.ts";
import { InlineBackground } from "../../adapters/shared/inline_background.ts";
import { backgroundJobs } from "../../src/persistence/jobs.ts";
import type { Clock, Timer } from "../../src/platform/clock.ts";
import type { Platform } from "../../src/platform/platform.ts";
import { Config } from "../../src/server/config/config.ts";
import type { DirectiveOptions } from "../../src/server/config/load.ts";
import { applyOptions } from "../../src/server/config/load.ts";
import type { Engine } from "../../src/server/engine.ts";
import { Log } from "../../src/server/log.ts";
import { StartFailure } from "../../src/server/persistence/start_failure.ts";
import { Server } from "../../src/server/server.ts";
import { MachineStopped, WatchedFiles } from "./watched_files.ts";
import type { DiskCall } from "./watched_files.ts";

const AT = { kind: "tcp", host: "127.0.0.1", port: 6379 } as const;
/** A start takes a few turns; one that takes so many never ends. */
const START_TURNS_MAX = 100_000;

/** After so many servers those that are no longer used are freed. */
const LIVES_PER_COLLECTION = 32;
let livesSinceCollection = 0;

/** See the top of this file. */
export class Machine {
  readonly platform: ReturnType<typeof memoryPlatform>;
  readonly clock: MemoryClock;
  readonly disk: MemoryFileSystem;
  /** Called before every call to the disk; what it throws ends the server. */
  onDiskCall: (call: DiskCall) => void = () => {};
  /** How long a sync in the background takes. */
  syncTakesMs = 0;

  constructor(seed = 1) {
    this.platform = memoryPlatform({ seed });
    this.clock = this.platform.clock;
    this.disk = this.platform.files;
  }

  /** A server that has not started. */
  prepare(options: DirectiveOptions = {}): Life {
    return new Life(this, options);
  }

  /** Starts a server; returns it also where it could not start or died on the way. */
  async boot(options: DirectiveOptions = {}): Promise<Life> {
    const life = this.prepare(options);
    await life.start();
    return life;
  }

  /** Starts a server that has to come up. */
  async bootUp(options: DirectiveOptions = {}): Promise<Life> {
    const life = await this.boot(options);
    if (life.startFailure !== undefined) {
      throw new Error(`the server does not start:\n${life.log.slice(-8).join("")}`, {
        cause: life.startFailure,
      });
    }
    return life;
  }

  /** What a file holds, as Latin-1; undefined where there is none. */
  text(path: string): string | undefined {
    const bytes = this.disk.readFile(path);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString("latin1");
  }

  /** Every file and what it holds. */
  allFiles(directory = "/"): Map<string, string> {
    const files = new Map<string, string>();
    for (const name of this.disk.list(directory).toSorted()) {
      const path = `${directory === "/" ? "" : directory}/${name}`;
      if (this.disk.stat(path)?.kind === "directory") {
        for (const [each, text] of this.allFiles(path)) files.set(each, text);
      } else files.set(path, this.text(path)!);
    }
    return files;
  }
}

/** One process. */
export class Life {
  readonly engine: Engine;
  readonly log: string[] = [];
  readonly network: MemoryNetwork;
  /** Why it did not start. */
  startFailure: unknown;
  isStopped = false;
  readonly #machine: Machine;
  readonly #server: Server;
  readonly #clock: LifeClock;
  #isDead = false;

  constructor(machine: Machine, options: DirectiveOptions) {
    this.#machine = machine;
    if (++livesSinceCollection % LIVES_PER_COLLECTION === 0) collectGarbage();
    const isAlive = () => !this.#isDead;
    const clock = new LifeClock(machine.clock);
    this.#clock = clock;
    const files = new WatchedFiles(machine.disk, {
      isAlive,
      watch: (call) => machine.onDiskCall(call),
      whenSynced(callback) {
        if (machine.syncTakesMs === 0) callback();
        else clock.schedule(machine.syncTakesMs, callback);
      },
    });
    this.network = new MemoryNetwork(machine.clock);
    const platform: Platform = {
      ...machine.platform,
      clock,
      files,
      network: this.network,
      background: new InlineBackground(backgroundJobs, files, clock, 1),
    };
    const config = new Config(files);
    const refusal = applyOptions(config, {
      dir: "/",
      bind: "127.0.0.1",
      save: "",
      "enable-debug-command": "yes",
      ...options,
    });
    if (refusal !== undefined) throw new Error(refusal);
    const log = new Log(clock, 1, (line) => this.log.push(line));
    this.#server = new Server(platform, config, log);
    this.engine = this.#server.engine;
    void this.#server.stopped.then(() => this.isStopped = true);
  }

  /** True from {@link die} on. */
  get isDead(): boolean {
    return this.#isDead;
  }

  async start(): Promise<void> {
    let isSettled = false;
    this.#server.start().then(() => isSettled = true, (thrown: unknown) => {
      this.startFailure = thrown;
      isSettled = true;
    });
    for (let turn = 0; !isSettled && !this.#isDead; turn++) {
      if (turn === START_TURNS_MAX) throw new Error("the start does not end");
      this.advance(0);
      await null;
    }
    if (this.#isDead) this.startFailure ??= new MachineStopped();
    const failure = this.startFailure;
    if (failure === undefined || failure instanceof StartFailure) return;
    if (!(failure instanceof MachineStopped)) throw failure;
  }

  /** Lets time pass. A server that dies meanwhile has died; what else is thrown is a crash. */
  advance(durationMs: number): void {
    try {
      this.#machine.clock.advance(durationMs);
    } catch (thrown) {
      if (!(thrown instanceof MachineStopped)) throw thrown;
      // What had left before arrives.
      this.#machine.clock.advance(0);
    }
  }

  connect(): Connection {
    return new Connection(this, this.network.client(AT));
  }

  /** SIGKILL: the operating system keeps what was written. */
  die(): void {
    this.#isDead = true;
    this.#clock.end();
  }

  /** The power fails: what was not synced may be lost. */
  losePower(): void {
    this.die();
    this.#machine.disk.losePower();
  }

  /** Ends in order. */
  async close(): Promise<void> {
    await this.#server.close();
    this.die();
  }

  /** The lines of the log that hold a text. */
  logged(text: string): string[] {
    return this.log.filter((line) => line.includes(text));
  }
}

/** A client; what it sends and hears is Latin-1. */
export class Connection {
  readonly #life: Life;
  readonly #client: MemoryClient;

  constructor(life: Life, client: MemoryClient) {
    this.#life = life;
    this.#client = client;
    life.advance(0);
  }

  /** Sends a command and returns what comes back at once. */
  ask(...words: readonly string[]): string {
    this.send(words);
    this.#life.advance(0);
    return this.heard();
  }

  /** Sends a command as a person types it. */
  line(text: string): string {
    return this.ask(...text.split(" "));
  }

  /** Sends commands in one piece; time has to pass before they arrive. */
  send(...commands: readonly (readonly string[])[]): void {
    this.#client.send(Buffer.from(commands.map(requestText).join(""), "latin1"));
  }

  /** What has come since the last look. */
  heard(): string {
    return Buffer.from(this.#client.take()).toString("latin1");
  }

  /** A field of INFO. */
  info(field: string): string {
    const line = new RegExp(`^${field}:(.*)\r$`, "m").exec(this.ask("INFO", "everything"));
    return line?.[1] ?? "missing";
  }
}

/** A command in the protocol. */
export function requestText(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}

/**
 * The machine's time, as long as the process lives. Afterwards the machine holds nothing of it: its
 * timers come to nothing, and keep no server from being freed.
 */
class LifeClock implements Clock {
  readonly #clock: MemoryClock;
  readonly #waiting: Set<LifeTimer> = new Set();

  constructor(clock: MemoryClock) {
    this.#clock = clock;
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  utcOffsetMinutes(): number {
    return 0;
  }

  monotonicUs(): number {
    return this.#clock.monotonicUs();
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const timer = this.#timer(callback);
    this.#clock.schedule(delayMs, () => timer.run());
    return timer;
  }

  atTurnEnd(callback: () => void): void {
    const timer = this.#timer(callback);
    this.#clock.atTurnEnd(() => timer.run());
  }

  /** The process has ended. */
  end(): void {
    for (const timer of this.#waiting) timer.cancel();
  }

  #timer(callback: () => void): LifeTimer {
    const timer = new LifeTimer(callback, this.#waiting);
    this.#waiting.add(timer);
    return timer;
  }
}

class LifeTimer implements Timer {
  #callback: (() => void) | undefined;
  readonly #waiting: Set<LifeTimer>;

  constructor(callback: () => void, waiting: Set<LifeTimer>) {
    this.#callback = callback;
    this.#waiting = waiting;
  }

  run(): void {
    const callback = this.#callback;
    this.cancel();
    callback?.();
  }

  cancel(): void {
    this.#callback = undefined;
    this.#waiting.delete(this);
  }
}

/**
 * Each server has a heap of 16 MiB, which the garbage collector does not count as anything: thousands
 * of servers, one after the other, would fill the memory before it has a reason to run.
 */
const collectGarbage: () => void = garbageCollector();

function garbageCollector(): () => void {
  const { Bun } = globalThis as { Bun?: { gc(isSynchronous: boolean): void } };
  if (Bun !== undefined) return () => Bun.gc(true);
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

/** How many cases a loop leaves out: none on Node, most where the same code runs more slowly. */
export const STRIDE = process.versions.bun !== undefined || process.versions.deno !== undefined
  ? 5
  : 1;
