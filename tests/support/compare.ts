/**
 * The same commands to two servers, and the replies compared: a real redis-server is the judge of
 * ours. A scenario is written once and runs in RESP2 and in RESP3:
 *
 * ```ts
 * conformance("GETDEL", (c) => {
 *   c.do("SET", "k", "v");
 *   c.do("GETDEL", "k");
 *   c.do("GETDEL");
 *   c.doSorted("KEYS", "*");
 * });
 * ```
 *
 * A scenario only notes its steps; afterwards they go to both servers in as few packets as their
 * order allows, so a thousand steps take milliseconds. Steps on one connection are pipelined, and a
 * change of connection ({@link Scenario.on}), a pause or a closing command waits for the replies of
 * all before it.
 *
 * Every scenario starts with empty databases and new connections. What it changes beyond that
 * (CONFIG SET, CLIENT PAUSE) it takes back itself.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { after, test } from "node:test";
import { describe, integer, itemsOf, type Reply, shorten, textOf } from "./reply.ts";
import { type Argument, describeCommand, encodeCommand, type RespClient } from "./resp_client.ts";
import {
  redisVersion,
  type ServerOptions,
  skipWithout,
  sleep,
  startPagurus,
  startRedis,
  stopServers,
  type TestServer,
} from "./servers.ts";

/** What may be changed of a reply before it is compared; must not change its argument. */
export type Normalize = (reply: Reply) => Reply;

interface CommandStep {
  readonly kind: "command";
  readonly connection: string;
  readonly bytes: Uint8Array;
  readonly shown: string;
  /** How many replies follow. */
  readonly replies: number;
  /** True when the server closes the connection afterwards. */
  readonly closes: boolean;
  /** Undefined: the two replies are not compared. */
  readonly compare: ((redis: Reply, ours: Reply) => boolean) | undefined;
  /** What ours must say, whatever redis-server says. */
  readonly expected: Reply | undefined;
}

type Step = CommandStep | { readonly kind: "sleep"; readonly milliseconds: number };

/** Notes what is to be sent and how the replies are to be compared. */
export class Scenario {
  /** 2 or 3: where a scenario cannot be the same in both. */
  readonly protocol: 2 | 3;
  /** What was noted, in order. */
  readonly steps: Step[] = [];
  #connection = "1";

  constructor(protocol: 2 | 3) {
    this.protocol = protocol;
  }

  /** The replies must be the same, to the byte. */
  do(...args: Argument[]): void {
    this.#command(args, isSame);
  }

  /** The same but for the order of the elements of the outermost array, set or map. */
  doSorted(...args: Argument[]): void {
    this.#command(args, (a, b) => isSame(sorted(a), sorted(b)));
  }

  /** The same after every number with a fraction is rounded to `digits` digits behind the point. */
  doRounded(digits: number, ...args: Argument[]): void {
    const round = (reply: Reply) => rounded(reply, digits);
    this.#command(args, (a, b) => isSame(round(a), round(b)));
  }

  /** The same kind, and numbers not further apart than `tolerance`. */
  doNear(tolerance: number, ...args: Argument[]): void {
    this.#command(args, (a, b) => isNear(a, b, tolerance));
  }

  /** The same kind of reply; of errors, the same first word. */
  doLoose(...args: Argument[]): void {
    this.#command(args, isSameKind);
  }

  /** Both are errors with the same first word, or both the same reply that is no error. */
  doErrorPrefix(...args: Argument[]): void {
    this.#command(
      args,
      (a, b) => a.kind === "error" && b.kind === "error" ? isSameKind(a, b) : isSame(a, b),
    );
  }

  /** The same after both have gone through `normalize`. */
  doNormalized(normalize: Normalize, ...args: Argument[]): void {
    this.#command(args, (a, b) => isSame(normalize(a), normalize(b)));
  }

  /**
   * Ours must be `expected`; redis-server's reply does not count. For what Redis 7.2 does otherwise
   * than the judge: the line says which version changed what.
   */
  doExpect(expected: Reply, ...args: Argument[]): void {
    this.#command(args, undefined, { expected });
  }

  /** Sent, but the replies are not compared at all. */
  doIgnored(...args: Argument[]): void {
    this.#command(args, undefined);
  }

  /** A command with this many replies, CLIENT REPLY's 0 or a SUBSCRIBE's several. */
  doReplies(replies: number, ...args: Argument[]): void {
    this.#command(args, isSame, { replies });
  }

  /** A command after which the server closes the connection; the next step opens a new one. */
  doCloses(...args: Argument[]): void {
    this.#command(args, isSame, { closes: true });
  }

  /** Bytes as they are (text: Latin-1), answered by this many replies. */
  raw(bytes: string | Uint8Array, replies = 1, options: { closes?: boolean } = {}): void {
    const buffer = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
    this.steps.push({
      kind: "command",
      connection: this.#connection,
      bytes: buffer,
      shown: `raw ${shorten(JSON.stringify(Buffer.from(buffer).toString("latin1")))}`,
      replies,
      closes: options.closes ?? false,
      compare: isSame,
      expected: undefined,
    });
  }

  /** The next steps go over the connection of this name; the first is called "1". */
  on(connection: string): void {
    this.#connection = connection;
  }

  /** Waits between two steps. */
  sleep(milliseconds: number): void {
    this.steps.push({ kind: "sleep", milliseconds });
  }

  #command(
    args: readonly Argument[],
    compare: CommandStep["compare"],
    options: { replies?: number; closes?: boolean; expected?: Reply } = {},
  ): void {
    this.steps.push({
      kind: "command",
      connection: this.#connection,
      bytes: encodeCommand(args),
      shown: (this.#connection === "1" ? "" : `(${this.#connection}) `) + describeCommand(args),
      replies: options.replies ?? 1,
      closes: options.closes ?? false,
      compare,
      expected: options.expected,
    });
  }
}

/** How a scenario is run. */
export interface ConformanceOptions {
  /** Arguments for both servers; scenarios of one file with equal arguments share the servers. */
  readonly args?: readonly string[];
  /** The protocols to run it in (both). */
  readonly protocols?: readonly (2 | 3)[];
  /** A reason not to run it, or false. */
  readonly skip?: string | false;
}

/** Declares a scenario as one test a protocol. */
export function conformance(
  name: string,
  scenario: (c: Scenario) => void,
  options: ConformanceOptions = {},
): void {
  for (const protocol of options.protocols ?? [2, 3] as const) {
    test(
      `${name} (RESP${protocol})`,
      { skip: options.skip || skipWithout("redis-server") },
      async () => {
        const c = new Scenario(protocol);
        scenario(c);
        await run(await startPair({ args: options.args ?? [] }), c);
      },
    );
  }
}

/**
 * Declares a test that runs `observe` against both servers, each with empty databases and a new
 * connection, and compares what it returns: for what depends on replies, as iterating does.
 */
export function conformanceOf(
  name: string,
  observe: (client: RespClient, server: TestServer) => Promise<unknown>,
  options: ConformanceOptions = {},
): void {
  for (const protocol of options.protocols ?? [2, 3] as const) {
    test(
      `${name} (RESP${protocol})`,
      { skip: options.skip || skipWithout("redis-server") },
      async () => {
        const { redis, ours } = await startPair({ args: options.args ?? [] });
        const [expected, actual] = await Promise.all([redis, ours].map(async (server) => {
          const client = await server.client();
          await client.command("FLUSHALL");
          if (protocol === 3) await client.command("HELLO", "3");
          const observed = await observe(client, server);
          client.close();
          return observed;
        }));
        assert.deepEqual(actual, expected);
      },
    );
  }
}

/** The judge and the accused. */
export interface Pair {
  readonly redis: TestServer;
  readonly ours: TestServer;
}

const pairs = new Map<string, Promise<Pair>>();
after(stopServers);

/** The two servers with these arguments; started at the first call, ended with the test file. */
export function startPair(options: ServerOptions = {}): Promise<Pair> {
  const key = JSON.stringify(options);
  let pair = pairs.get(key);
  if (!pair) {
    pair = Promise.all([startRedis(options), startPagurus(options)])
      .then(([redis, ours]) => ({ redis, ours }));
    pairs.set(key, pair);
  }
  return pair;
}

/**
 * True when the judge stands in for ours too (`PAGURUS_TEST_COMMAND=redis-server`): then a scenario
 * is itself on trial, and what only our version says is left out.
 */
export const isSubstituted: boolean = process.env.PAGURUS_TEST_COMMAND === "redis-server";

/** True where the judge is at least this version. */
export function judgeIsAtLeast(major: number, minor: number): boolean {
  const [a, b] = redisVersion();
  return a > major || (a === major && b >= minor);
}

async function run(pair: Pair, scenario: Scenario): Promise<void> {
  const sides = [
    new Side(pair.redis, scenario.protocol),
    new Side(pair.ours, scenario.protocol),
  ];
  try {
    const results = await Promise.allSettled(sides.map((side) => side.run(scenario.steps)));
    report(scenario.steps, sides, results);
  } finally {
    for (const side of sides) side.close();
  }
}

/** One server's part in a scenario. */
class Side {
  readonly server: TestServer;
  readonly #protocol: 2 | 3;
  readonly #clients = new Map<string, RespClient>();
  /** Per step, the replies that came. */
  readonly replies: Reply[][] = [];

  constructor(server: TestServer, protocol: 2 | 3) {
    this.server = server;
    this.#protocol = protocol;
  }

  async run(steps: readonly Step[]): Promise<void> {
    const first = await this.#client("1");
    await first.command("FLUSHALL");
    for (let start = 0; start < steps.length;) {
      const step = steps[start];
      if (step.kind === "sleep") {
        await sleep(step.milliseconds);
        this.replies.push([]);
        start++;
        continue;
      }
      let end = start + 1;
      for (; end < steps.length; end++) {
        const next = steps[end];
        const previous = steps[end - 1] as CommandStep;
        if (next.kind !== "command" || next.connection !== step.connection) break;
        if (previous.closes) break;
      }
      await this.#batch(steps.slice(start, end) as CommandStep[]);
      start = end;
    }
  }

  async #batch(steps: readonly CommandStep[]): Promise<void> {
    const client = await this.#client(steps[0].connection);
    client.sendRaw(Buffer.concat(steps.map((step) => step.bytes)));
    for (const step of steps) {
      const replies: Reply[] = [];
      this.replies.push(replies);
      for (let i = 0; i < step.replies; i++) {
        try {
          replies.push(await client.nextReply());
        } catch (error) {
          throw new Error(`${(error as Error).message}: ${step.shown}`, { cause: error });
        }
      }
      if (step.closes) {
        await client.waitClosed();
        this.#clients.delete(step.connection);
      }
    }
  }

  async #client(name: string): Promise<RespClient> {
    let client = this.#clients.get(name);
    if (!client) {
      client = await this.server.client();
      this.#clients.set(name, client);
      if (this.#protocol === 3) await client.command("HELLO", "3");
    }
    return client;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }
}

function report(
  steps: readonly Step[],
  [redis, ours]: readonly Side[],
  results: readonly PromiseSettledResult<void>[],
): void {
  const problems: string[] = [];
  let firstBad = -1;
  steps.forEach((step, index) => {
    if (step.kind !== "command") return;
    const a = redis.replies[index] ?? [];
    const b = ours.replies[index] ?? [];
    if (isStepGood(step, a, b)) return;
    if (firstBad < 0) firstBad = index;
    problems.push(
      `step ${index + 1}: ${step.shown}\n` +
        `  redis-server: ${shown(a)}\n` +
        `  pagurus:      ${shown(b)}` +
        (step.expected ? `\n  expected:     ${shown([step.expected])}` : ""),
    );
  });
  results.forEach((result, index) => {
    if (result.status === "rejected") {
      const who = index === 0 ? "redis-server" : "pagurus";
      problems.push(`${who}: ${(result.reason as Error).message}`);
      const log = (index === 0 ? redis : ours).server;
      if (log.hasExited) problems.push(`${who} ended; its log:\n${log.log.slice(-3000)}`);
    }
  });
  if (problems.length === 0) return;
  const more = problems.length > 8 ? [`... and ${problems.length - 8} more`] : [];
  const before = steps.slice(Math.max(0, firstBad - 20), Math.max(0, firstBad))
    .map((step) => step.kind === "command" ? step.shown : `sleep ${step.milliseconds} ms`);
  assert.fail(
    [
      `${problems.length} of ${steps.length} steps differ`,
      ...problems.slice(0, 8),
      ...more,
      ...(before.length > 0 ? ["before the first of them:", ...before.map((s) => `  ${s}`)] : []),
    ].join("\n"),
  );
}

function isStepGood(step: CommandStep, a: readonly Reply[], b: readonly Reply[]): boolean {
  if (step.expected) {
    return isSubstituted || (b.length === 1 && isSame(step.expected, b[0]));
  }
  if (a.length !== b.length) return false;
  return a.length === step.replies &&
    a.every((reply, i) => step.compare === undefined || step.compare(reply, b[i]));
}

function shown(replies: readonly Reply[]): string {
  return replies.length === 0 ? "(none)" : shorten(replies.map(describe).join(" then "), 1000);
}

function isSame(a: Reply, b: Reply): boolean {
  if (a.kind === "bulk" && b.kind === "bulk") {
    return Buffer.compare(a.bytes, b.bytes) === 0;
  }
  return describe(a) === describe(b);
}

function isSameKind(a: Reply, b: Reply): boolean {
  if (a.kind === "error" && b.kind === "error") {
    return a.text.split(" ")[0] === b.text.split(" ")[0];
  }
  if (a.kind === "null" && b.kind === "null") return a.form === b.form;
  return a.kind === b.kind;
}

function isNear(a: Reply, b: Reply, tolerance: number): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === "array" && b.kind === "array") {
    return a.items.length === b.items.length &&
      a.items.every((item, i) => isNear(item, b.items[i], tolerance));
  }
  const x = numberOf(a);
  const y = numberOf(b);
  if (x === undefined || y === undefined) return isSame(a, b);
  return Math.abs(x - y) <= tolerance;
}

function numberOf(reply: Reply): number | undefined {
  if (reply.kind !== "integer" && reply.kind !== "double" && reply.kind !== "bulk") {
    return undefined;
  }
  const text = textOf(reply);
  const value = Number(text);
  return text.trim() === "" || Number.isNaN(value) ? undefined : value;
}

/** The reply with the elements of its outermost aggregate in order. */
export function sorted(reply: Reply): Reply {
  switch (reply.kind) {
    case "array":
    case "set":
    case "push":
      return { kind: reply.kind, items: [...reply.items].sort(byDescription) };
    case "map":
      return {
        kind: "map",
        entries: [...reply.entries].sort(([a], [b]) => byDescription(a, b)),
      };
    default:
      return reply;
  }
}

function byDescription(a: Reply, b: Reply): number {
  const x = describe(a);
  const y = describe(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** The reply with every number that has a fraction rounded. */
export function rounded(reply: Reply, digits: number): Reply {
  switch (reply.kind) {
    case "array":
    case "set":
    case "push":
      return { kind: reply.kind, items: reply.items.map((item) => rounded(item, digits)) };
    case "map":
      return {
        kind: "map",
        entries: reply.entries.map(([key, value]) => [key, rounded(value, digits)]),
      };
    case "double":
      return { kind: "double", text: Number(reply.text).toFixed(digits) };
    case "bulk": {
      const value = numberOf(reply);
      const isFraction = value !== undefined && /[.e]/i.test(textOf(reply));
      return isFraction ? { kind: "bulk", bytes: Buffer.from(value.toFixed(digits)) } : reply;
    }
    default:
      return reply;
  }
}

/** For {@link Scenario.doNormalized}: only how many elements there are. */
export function countOf(reply: Reply): Reply {
  return reply.kind === "error" ? reply : integer(itemsOf(reply).length);
}

/** For {@link Scenario.doNormalized}: replaces what matches in the text of strings and errors. */
export function replacing(pattern: RegExp, replacement: string): Normalize {
  return function normalize(reply: Reply): Reply {
    switch (reply.kind) {
      case "bulk":
        return {
          kind: "bulk",
          bytes: Buffer.from(textOf(reply).replace(pattern, replacement)),
        };
      case "simple":
      case "error":
        return { kind: reply.kind, text: reply.text.replace(pattern, replacement) };
      case "verbatim":
        return {
          ...reply,
          bytes: Buffer.from(textOf(reply).replace(pattern, replacement)),
        };
      case "array":
      case "set":
      case "push":
        return { kind: reply.kind, items: reply.items.map(normalize) };
      case "map":
        return {
          kind: "map",
          entries: reply.entries.map(([key, value]) => [normalize(key), normalize(value)]),
        };
      default:
        return reply;
    }
  };
}
