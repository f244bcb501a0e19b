/**
 * A server under a workload on a machine that may fail it at any call: what was sent, what was
 * acknowledged and when, and so what must be there after a crash.
 */
import assert from "node:assert/strict";
import { contentsOf } from "../unit/persistence/rdb/fixture.ts";
import type { DirectiveOptions } from "../../src/server/config/load.ts";
import type { Engine } from "../../src/server/engine.ts";
import { TYPE_STRING } from "../../src/keyspace/value_type.ts";
import { DataRunner } from "../fuzz/data_runner.ts";
import { latin1, StrictReplies } from "../fuzz/strict_reply.ts";
import { collectionText, History, textOf } from "./history.ts";
import type { ModelCommand, State } from "./history.ts";
import type { Connection, Life, Machine } from "./machine.ts";

/** How the data set is kept. */
export type Policy = "always" | "everysec" | "no" | "rdb";

export const POLICIES: readonly Policy[] = ["always", "everysec", "no", "rdb"];

/**
 * Commands that arrive together, or as a transaction; one that waits until another one serves it, and
 * what it comes to then; keys that go because memory is short; one command about the server, or a
 * time to wait.
 */
export type Step =
  | { readonly send: readonly ModelCommand[] }
  | { readonly transaction: readonly ModelCommand[] }
  | {
    readonly waits: ModelCommand;
    readonly until: ModelCommand;
    readonly comesTo: ModelCommand;
  }
  | { readonly evictBytes: number }
  | { readonly order: string }
  | { readonly waitMs: number };

const BIG = "0123456789".repeat(500);

/** More than the limits of the small encodings. */
const MANY: readonly number[] = Array.from({ length: 20 }, (_, i) => i);
/** In the year 2050. */
const LATER_MS = "2524608000000";

/** Values of all types, small ones and large ones, made, changed and taken away. */
const COLLECTIONS: readonly (readonly ModelCommand[])[] = [
  [
    [0, "RPUSH", "list", "a", "1", "b"],
    [1, "RPUSH", "long list", ...MANY.map((i) => `element ${i}`)],
    [0, "HSET", "hash", "f", "1", "g", "text"],
    [1, "HSET", "long hash", ...MANY.flatMap((i) => [`field ${i}`, `v${i}`])],
    [0, "SADD", "ints", "1", "2", "300000"],
    [1, "SADD", "long set", ...MANY.map((i) => `member ${i}`)],
    [0, "ZADD", "zset", "1", "a", "2.5", "b", "-inf", "c"],
    [1, "ZADD", "long zset", ...MANY.flatMap((i) => [`${i % 7}`, `member ${i}`])],
    [0, "XADD", "stream", "1-1", "f", "1", "g", "2"],
    [0, "XADD", "stream", "1-2", "f", "3", "g", "4"],
    [0, "XGROUP", "CREATE", "stream", "group", "0"],
    [0, "PFADD", "hll", "a", "b"],
  ],
  [
    [0, "LPUSH", "list", "front"],
    [1, "LTRIM", "long list", "3", "-4"],
    [0, "HINCRBY", "hash", "f", "41"],
    [1, "HDEL", "long hash", "field 7", "field 15"],
    [0, "HPEXPIREAT", "hash", LATER_MS, "FIELDS", "1", "g"],
    [0, "SREM", "ints", "2"],
    [1, "SADD", "long set", "one more"],
    [0, "ZINCRBY", "zset", "2", "a"],
    [1, "ZREMRANGEBYSCORE", "long zset", "2", "3"],
    [0, "XADD", "stream", "2-0", "other", "x"],
    [0, "XREADGROUP", "GROUP", "group", "alice", "COUNT", "2", "STREAMS", "stream", ">"],
    [0, "XACK", "stream", "group", "1-1"],
    [0, "PEXPIRE", "zset", "900000"],
    [0, "PFADD", "hll", "c"],
  ],
  [
    [0, "LPOP", "list"],
    [1, "LSET", "long list", "7", "another"],
    [1, "HSET", "long hash", "field 1", "changed"],
    [0, "SREM", "ints", "1", "300000"],
    [1, "SREM", "long set", "member 9"],
    [1, "ZADD", "long zset", "100", "member 1"],
    [0, "XDEL", "stream", "1-2"],
    [0, "XTRIM", "stream", "MAXLEN", "1"],
    [0, "RENAME", "stream", "moved"],
    [1, "DEL", "long set"],
  ],
];

/** Something of everything, and times at which saves and rewrites run beside the writes. */
export const WORKLOAD: readonly Step[] = [
  { send: [[0, "SET", "a", "1"]] },
  { send: [[0, "SET", "b", "two"], [1, "SET", "b", "other"], [0, "INCR", "a"]] },
  { send: [[0, "SET", "soon", "gone", "PX", "60"], [1, "SET", "late", "x", "PX", "900000"]] },
  { waitMs: 120 },
  { send: [[1, "SET", "big", BIG], ...COLLECTIONS[0]] },
  { transaction: [[0, "INCR", "a"], [1, "SET", "paid", "1"], [0, "INCR", "a"]] },
  { order: "BGREWRITEAOF" },
  { send: [[0, "INCR", "a"], [1, "SETRANGE", "big", "4990", "over the end of it"]] },
  { transaction: [[1, "INCR", "paid"], [0, "SET", "soon", "once more", "PX", "900000"]] },
  { send: [[0, "SET", "brief", "x", "PX", "1"], [1, "SET", "brief", "y", "PX", "1"]] },
  { waitMs: 3 },
  // Both have expired, and nobody has looked: the transaction deletes them first.
  { transaction: [[0, "APPEND", "brief", "new"], [1, "INCR", "paid"], [1, "INCR", "brief"]] },
  { send: [[0, "APPEND", "b", "!"], [0, "SET", "soon", "again"], ...COLLECTIONS[1]] },
  { waitMs: 1200 },
  { order: "BGSAVE" },
  { send: [[0, "DEL", "b", "none"], [1, "PEXPIRE", "b", "800000"]] },
  { waitMs: 50 },
  { send: [[0, "MSET", "m", "1", "n", "2", "a", "100"], ...COLLECTIONS[2]] },
  {
    waits: [0, "BLPOP", "none", "queue", "0"],
    until: [0, "RPUSH", "queue", "first", "second"],
    comesTo: [0, "LPOP", "queue"],
  },
  {
    waits: [1, "BZPOPMIN", "zqueue", "0"],
    until: [1, "ZADD", "zqueue", "1", "only"],
    comesTo: [1, "ZPOPMIN", "zqueue"],
  },
  {
    send: [
      [0, "XADD", "feed", "1-1", "f", "v"],
      [0, "XGROUP", "CREATE", "feed", "group", "$"],
      [0, "XGROUP", "CREATECONSUMER", "feed", "group", "bob"],
    ],
  },
  {
    waits: [0, "XREADGROUP", "GROUP", "group", "bob", "BLOCK", "0", "STREAMS", "feed", ">"],
    until: [0, "XADD", "feed", "2-1", "f", "w"],
    comesTo: [0, "XREADGROUP", "GROUP", "group", "bob", "COUNT", "1", "STREAMS", "feed", ">"],
  },
  { evictBytes: 200 },
  { order: "CONFIG SET appendonly no" },
  { send: [[0, "SET", "unlogged", "1"]] },
  { order: "CONFIG SET appendonly yes" },
  { send: [[0, "SET", "waiting", "1"], [1, "INCR", "count"]] },
  { transaction: [[0, "INCR", "waiting"], [1, "INCR", "count"]] },
  { waitMs: 50 },
  { send: [[0, "SWAPDB", "0", "1"], [0, "INCR", "count"]] },
  { waitMs: 1200 },
  { send: [[0, "FLUSHALL"]] },
  { send: [[0, "SET", "after", "flush"], [0, "RENAME", "after", "renamed"]] },
  { order: "BGREWRITEAOF" },
  { send: [[0, "APPEND", "renamed", "!"], [1, "INCR", "a"]] },
  { waitMs: 1200 },
  { send: [[0, "INCR", "last"]] },
  { transaction: [[0, "INCR", "last"], [1, "DEL", "a"], [0, "SET", "end", "x"]] },
];

/** What a server is told for a policy. */
export function optionsOf(policy: Policy): DirectiveOptions {
  return policy === "rdb"
    ? { ...LIMITS, appendonly: "no", save: "1 1" }
    : { ...LIMITS, appendonly: "yes", appendfsync: policy };
}

/** A few elements are enough for the large encodings, so that what is sent arrives in one piece. */
const LIMITS: DirectiveOptions = {
  "list-max-listpack-size": "16",
  "hash-max-listpack-entries": "16",
  "set-max-listpack-entries": "16",
  "zset-max-listpack-entries": "16",
};

/** Drives one server. */
export class Run {
  readonly history: History;
  readonly life: Life;
  readonly #machine: Machine;
  readonly #policy: Policy;
  readonly #client: Connection;
  /** The one that waits. */
  readonly #waiter: Connection;
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
    this.#waiter = life.connect();
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
    else if ("transaction" in step) this.#sendTransaction(step.transaction);
    else if ("waits" in step) this.#serve(step.waits, step.until, step.comesTo);
    else if ("evictBytes" in step) this.#evict(step.evictBytes);
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
    const parsed = new StrictReplies(Buffer.from(replies, "latin1"), { resp2: true, resp3: false });
    const lines = parsed.starts.map((_, index) => parsed.line(index)).filter((_, i) => i % 2 === 1);
    if (isRefused) assert.ok(lines.every((line) => line.startsWith("-MISCONF ")), replies);
    // A key may not be there, because what should have made it was refused.
    const isDone = (line: string) => /^([+:$*]|-NOGROUP |-ERR no such key)/.test(line);
    if (!lines.every(isDone)) {
      // What is executed and cannot be kept is said to be so.
      assert.ok(lines.every((line) => isDone(line) || line.startsWith("-MISCONF ")), replies);
    } else if (lines.length === commands.length && !isRefused) {
      this.#acknowledged.push({ count: this.history.count, atMs: this.nowMs });
    }
  }

  #sendTransaction(commands: readonly ModelCommand[]): void {
    const isRefused = this.isRefusing;
    if (!isRefused) this.history.applyTogether(commands, this.nowMs);
    const queued = commands.flatMap((
      [database, ...words],
    ) => [["SELECT", String(database)], words]);
    this.#client.send(["MULTI"], ...queued, ["EXEC"]);
    this.life.advance(0);
    const replies = this.#client.heard();
    const parsed = new StrictReplies(Buffer.from(replies, "latin1"), { resp2: true, resp3: false });
    // All of them or none: a dying server may say nothing.
    const isWhole = parsed.starts.length === queued.length + 2;
    const last = isWhole ? parsed.line(queued.length + 1) : "";
    if (isRefused) assert.ok(!isWhole || last.startsWith("-EXECABORT "), replies);
    else assert.ok(!isWhole || /^(\*|-MISCONF )/.test(last), replies);
    if (last.startsWith("*")) {
      this.#acknowledged.push({ count: this.history.count, atMs: this.nowMs });
    }
  }

  /** One command waits until another one serves it. */
  #serve(waits: ModelCommand, until: ModelCommand, comesTo: ModelCommand): void {
    const isRefused = this.isRefusing;
    const [database, ...words] = waits;
    this.#waiter.send(["SELECT", String(database)], words);
    this.life.advance(0);
    const before = this.#waiter.heard();
    if (isRefused || this.life.isDead) {
      assert.ok(this.life.isDead || /^\+OK\r\n-MISCONF /.test(before), before);
      return;
    }
    assert.equal(before, "+OK\r\n", "it waits");
    this.history.apply(until, this.nowMs);
    this.history.apply(comesTo, this.nowMs);
    const [other, ...servingWords] = until;
    this.#client.send(["SELECT", String(other)], servingWords);
    this.life.advance(0);
    const [reply, served] = [this.#client.heard(), this.#waiter.heard()];
    if (this.life.isDead && (reply === "" || served === "")) return;
    // What is executed and cannot be kept is said to be so, to both.
    assert.match(served, /^(\*|-MISCONF )/);
    assert.equal(reply.includes("-MISCONF "), served.startsWith("-MISCONF "), reply + served);
    if (served.startsWith("*")) {
      this.#acknowledged.push({ count: this.history.count, atMs: this.nowMs });
    }
  }

  /** Lets memory be short by so much: keys go, and each that goes is a change of its own. */
  #evict(bytes: number): void {
    const { engine } = this.life;
    const { propagation } = engine;
    const also = propagation.also.bind(propagation);
    const gone: string[] = [];
    propagation.also = (database, ...parts) => {
      gone.push(`${database} ${latin1Text(parts[1])}`);
      also(database, ...parts);
    };
    const maximum = engine.usedMemoryBytes - bytes;
    this.order(`CONFIG SET maxmemory ${maximum} maxmemory-policy allkeys-random`);
    propagation.also = also;
    this.order("CONFIG SET maxmemory 0");
    // Where nobody listens nobody is told; then the order does not matter either.
    const left = stateOf(engine);
    for (const place of this.history.last.keys()) {
      if (!left.has(place) && !gone.includes(place)) gone.push(place);
    }
    if (!this.life.isDead) assert.ok(gone.length > 0, "keys are evicted");
    for (const place of gone) {
      const [index] = place.split(" ", 1);
      this.history.apply([Number(index), "DEL", place.slice(index.length + 1)], this.nowMs);
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
  const { keyspace } = engine;
  const runner = new DataRunner(keyspace);
  // To look is not to change anything.
  const { ignoresExpiry } = keyspace;
  keyspace.ignoresExpiry = true;
  const state: State = new Map(
    [...contentsOf(keyspace)].map(([place, shown]) => {
      const [, value, expiry, kind] = /^([^]*) (\S+) (\S+)$/.exec(shown)!;
      const expiresAtMs = Number(expiry) < 0 ? Infinity : Number(expiry);
      const [index] = place.split(" ", 1);
      runner.databaseIndex = Number(index);
      const text = (Number(kind) & 15) === TYPE_STRING
        ? value
        : collectionText(value, runner, place.slice(index.length + 1));
      return [place, { text, expiresAtMs }];
    }),
  );
  keyspace.ignoresExpiry = ignoresExpiry;
  return state;
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

function latin1Text(part: string | Uint8Array): string {
  return typeof part === "string" ? part : latin1(part);
}

function cut(text: string): string {
  return text.split("\n").map((line) => line.slice(0, 100)).join("\n");
}
