/**
 * A server under a workload on a machine that may fail it at any call: what was sent, what was
 * acknowledged and when, and so what must be there after a crash.
 */
import assert from "node:assert/strict";
import { contentsOf } from "../unit/persistence/rdb/fixture.ts";
import type { DirectiveOptions } from "../../src/server/config/load.ts";
import type { Engine } from "../../src/server/engine.ts";
import { History, textOf } from "./history.ts";
import type { ModelCommand, State } from "./history.ts";
import type { Connection, Life, Machine } from "./machine.ts";

/** How the data set is kept. */
export type Policy = "always" | "everysec" | "no" | "rdb";

export const POLICIES: readonly Policy[] = ["always", "everysec", "no", "rdb"];

/** Commands that arrive together, a command about the server, or a time to wait. */
export type Step =
  | { readonly send: readonly ModelCommand[] }
  | { readonly order: string }
  | { readonly waitMs: number };

const BIG = "0123456789".repeat(500);

/** Something of everything, and times at which saves and rewrites run beside the writes. */
export const WORKLOAD: readonly Step[] = [
  { send: [[0, "SET", "a", "1"]] },
  { send: [[0, "SET", "b", "two"], [1, "SET", "b", "other"], [0, "INCR", "a"]] },
  { send: [[0, "SET", "soon", "gone", "PX", "60"], [1, "SET", "late", "x", "PX", "900000"]] },
  { waitMs: 120 },
  { send: [[1, "SET", "big", BIG]] },
  { order: "BGREWRITEAOF" },
  { send: [[0, "INCR", "a"], [1, "SETRANGE", "big", "4990", "over the end of it"]] },
  { waitMs: 3 },
  { send: [[0, "APPEND", "b", "!"], [0, "SET", "soon", "again"]] },
  { waitMs: 1200 },
  { order: "BGSAVE" },
  { send: [[0, "DEL", "b", "none"], [1, "PEXPIRE", "b", "800000"]] },
  { waitMs: 50 },
  { send: [[0, "MSET", "m", "1", "n", "2", "a", "100"]] },
  { order: "CONFIG SET appendonly no" },
  { send: [[0, "SET", "unlogged", "1"]] },
  { order: "CONFIG SET appendonly yes" },
  { send: [[0, "SET", "waiting", "1"], [1, "INCR", "count"]] },
  { waitMs: 50 },
  { send: [[0, "SWAPDB", "0", "1"], [0, "INCR", "count"]] },
  { waitMs: 1200 },
  { send: [[0, "FLUSHALL"]] },
  { send: [[0, "SET", "after", "flush"], [0, "RENAME", "after", "renamed"]] },
  { order: "BGREWRITEAOF" },
  { send: [[0, "APPEND", "renamed", "!"], [1, "INCR", "a"]] },
  { waitMs: 1200 },
  { send: [[0, "INCR", "last"]] },
];

/** What a server is told for a policy. */
export function optionsOf(policy: Policy): DirectiveOptions {
  return policy === "rdb"
    ? { appendonly: "no", save: "1 1" }
    : { appendonly: "yes", appendfsync: policy };
}

/** Drives one server. */
export class Run {
  readonly history: History;
  readonly life: Life;
  readonly #machine: Machine;
  readonly #policy: Policy;
  readonly #client: Connection;
  /** By time: up to which state everything was acknowledged. */
  readonly #acknowledged: { readonly count: number; readonly atMs: number }[] = [];
  /** What must survive whatever comes: of a snapshot, or of the log when it was turned off. */
  #durableCount: number;
  #savingCount = 0;
  #logRead = 0;
  #wasOn = false;

  /** @param durableCount how many of the commands in the history are safe when it begins. */
  constructor(
    machine: Machine,
    life: Life,
    policy: Policy,
    history: History = new History(),
    durableCount: number = history.count,
  ) {
    this.#machine = machine;
    this.life = life;
    this.#policy = policy;
    this.history = history;
    this.#durableCount = durableCount;
    this.#wasOn = this.#isOn;
    this.#client = life.connect();
  }

  get nowMs(): number {
    return this.#machine.clock.wallMs();
  }

  /** Runs steps until they are done or the server is dead. */
  run(steps: readonly Step[]): void {
    for (const step of steps) {
      if (this.life.isDead) return;
      this.step(step);
    }
  }

  step(step: Step): void {
    if ("send" in step) this.#send(step.send);
    else if ("order" in step) this.order(step.order);
    else this.life.advance(step.waitMs);
    this.#note();
    if (!this.life.isDead) this.#checkLive();
  }

  /** Sends a command about the server. */
  order(text: string): string {
    return this.#client.line(text);
  }

  /** How many of the commands must still be there after a crash of that sort that happens now. */
  keptCount(crash: "kill" | "power"): number {
    let kept = this.#durableCount;
    if (!this.#wasOn || (this.#policy === "no" && crash === "power")) return kept;
    // With everysec a write may wait for a sync, and what is written for the next sync.
    const untilMs = this.#policy === "everysec" ? this.nowMs - 2000 : this.nowMs;
    for (const { count, atMs } of this.#acknowledged) if (atMs <= untilMs) kept = count;
    return kept;
  }

  /** Whether commands that write are refused now. */
  get isRefusing(): boolean {
    return this.life.engine.persistence.refusal !== "";
  }

  #send(commands: readonly ModelCommand[]): void {
    const isRefused = this.isRefusing;
    if (!isRefused) { for (const command of commands) this.history.apply(command, this.nowMs); }
    this.#client.send(
      ...commands.flatMap(([database, ...words]) => [["SELECT", String(database)], words]),
    );
    this.life.advance(0);
    const replies = this.#client.heard();
    // Those of SELECT tell nothing.
    const lines = replies.split("\r\n").slice(0, -1).filter((_, index) => index % 2 === 1);
    if (isRefused) assert.ok(lines.every((line) => line.startsWith("-MISCONF ")), replies);
    if (!lines.every((line) => /^[+:]/.test(line))) {
      // What is executed and cannot be kept is said to be so.
      assert.ok(lines.every((line) => /^(\+|:|-MISCONF )/.test(line)), replies);
    } else if (lines.length === commands.length && !isRefused) {
      this.#acknowledged.push({ count: this.history.count, atMs: this.nowMs });
    }
  }

  get #isOn(): boolean {
    return this.life.engine.persistence.rewrites.state === "on";
  }

  /** What the log says of saves, and whether the append-only file came or went. */
  #note(): void {
    const { log } = this.life;
    for (; this.#logRead < log.length; this.#logRead++) {
      const line = log[this.#logRead];
      if (line.includes("Background saving started")) this.#savingCount = this.history.count;
      if (this.#policy !== "rdb") continue;
      if (line.includes("Background saving terminated with success")) {
        this.#durableCount = Math.max(this.#durableCount, this.#savingCount);
      }
      if (line.includes("DB saved on disk")) this.#durableCount = this.history.count;
    }
    if (this.#policy === "rdb" || this.life.isDead) return;
    const isOn = this.#isOn;
    if (this.#wasOn && !isOn) this.#durableCount = this.#acknowledged.at(-1)?.count ?? 0;
    this.#wasOn = isOn;
  }

  #checkLive(): void {
    const live = stateOf(this.life.engine);
    assert.equal(textOf(live, this.nowMs), textOf(this.history.last, this.nowMs));
  }
}

/** What a server holds, whether it is expired or not. */
export function stateOf(engine: Engine): State {
  return new Map(
    [...contentsOf(engine.keyspace)].map(([key, shown]) => {
      const [, text, expiry] = /^([^]*) (\S+) \S+$/.exec(shown)!;
      const expiresAtMs = Number(expiry);
      return [key, { text, expiresAtMs: expiresAtMs < 0 ? Infinity : expiresAtMs }];
    }),
  );
}

/** The server must hold one of the states, none older than what was promised. Returns which. */
export function assertIsPrefix(run: Run, life: Life, keptCount: number, what: string): number {
  const found = stateOf(life.engine);
  const index = run.history.indexOf(found, run.nowMs);
  if (index < 0) {
    assert.fail(`${what}: the server holds what never was:\n${cut(textOf(found, run.nowMs))}`);
  }
  assert.ok(
    index >= keptCount,
    `${what}: ${keptCount} commands were promised, ${index} are there`,
  );
  return index;
}

function cut(text: string): string {
  return text.split("\n").map((line) => line.slice(0, 100)).join("\n");
}
