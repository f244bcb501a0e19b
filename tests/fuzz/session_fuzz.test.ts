/**
 * Several connections to one server, each in whatever state its commands have brought it to:
 * transactions, subscriptions, tracking, MONITOR, commands that wait, users with few rights; while
 * directives change, memory is short and keys expire. Each connection must hear exactly what a plain
 * model of the protocol says ({@link ConnectionModel}); and when all of them are gone, nothing of
 * them may be left anywhere, and no memory.
 *
 * `PAGURUS_FUZZ_COUNT` says how many sessions there are (600), `PAGURUS_FUZZ_SEED` which (1). A
 * failure names the seed of its session, which alone can be run again as `PAGURUS_FUZZ_INPUT`.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import type { Prng } from "../../src/base/prng.ts";
import { TYPE_LIST, TYPE_ZSET } from "../../src/keyspace/value_type.ts";
import type { Client } from "../../src/server/client.ts";
import type { Engine } from "../../src/server/engine.ts";
import {
  bytesOf,
  COLLECTIONS,
  CommandGrammar,
  framed,
  PRELUDE,
  SMALL_LIMITS,
} from "./command_grammar.ts";
import { ConnectionModel } from "./connection_model.ts";
import { FuzzServer, nameOf } from "./fuzz_server.ts";
import type { FuzzSocket } from "./fuzz_server.ts";
import { countOf, IS_ALONE, seededPrng, seedsOf, TELLS_FIGURES } from "./inputs.ts";
import { SETTINGS_OF, STATE_COMMANDS } from "./server_vocabulary.ts";
import { latin1 } from "./strict_reply.ts";

const COUNT = countOf(600);
/** What all sessions together may make the process grow by. */
const GROWTH_BYTES_MAX = 600 << 20;
/** What one session may make the server hold. */
const HELD_BYTES_MAX = 64 << 20;
const CHECK_EVERY = 32;
/** Longer than anybody waits who does not wait for ever. */
const LONG_MS = 3000;

const EVERYTHING_BYTES = bytesOf([...PRELUDE, ...COLLECTIONS].map(framed).join(""));
/** Of what connections are shown: after these there may be no connection. */
const DUMPED = ["text", "number", "long", "list", "long hash", "set", "zset", "stream"];

function seeded(seed: number): Prng {
  return seededPrng(seed, "pagurus sessions");
}

/** One connection of a session, and what it must hear. */
class Peer {
  readonly socket: FuzzSocket;
  readonly model: ConnectionModel;
  readonly #client: Client | null;

  constructor(
    server: FuzzServer,
    prng: Prng,
    answered: (words: readonly string[], isError: boolean) => void,
  ) {
    this.socket = server.connect(prng);
    this.model = new ConnectionModel(answered);
    this.#client = this.socket.owner as Client | null;
  }

  get isOver(): boolean {
    return this.socket.isOver || this.#client === null;
  }

  hear(): void {
    // One that is closed may have been cut off within a reply.
    const bytes = this.socket.take();
    if (!this.isOver) this.model.hear(bytes);
  }

  /** Everything that was to come has come. */
  assertAnswered(): void {
    const client = this.#client;
    if (this.isOver || this.model.isLost || client === null) return;
    const { waiting } = this.model;
    if (client.blocked !== null) {
      const name = client.blocked.command.fullName;
      assert.equal(waiting[0]?.[0]?.toLowerCase(), name.split("|")[0], "what it waits with");
      return;
    }
    assert.equal(client.isPostponed, false, "it is postponed for ever");
    assert.deepEqual(waiting, [], "commands are not answered");
  }
}

/** Nobody waits for what is there: who could be served has been. */
function assertWaitsForNothing(engine: Engine, { blocked }: Client): void {
  const kind = blocked?.request?.kind;
  if (kind !== "list" && kind !== "zset") return;
  const database = engine.keyspace.databases[blocked!.databaseIndex];
  for (const key of blocked!.keys) {
    const ref = database.find(bytesOf(key), 0, key.length);
    if (ref === 0) continue;
    const expiresAtMs = database.expiresAtMs(ref);
    if (expiresAtMs >= 0 && engine.keyspace.nowMs > expiresAtMs) continue;
    const isServing = database.typeOf(ref) === (kind === "list" ? TYPE_LIST : TYPE_ZSET);
    assert.ok(!isServing, `somebody waits for ${key}, which is there`);
  }
}

class Sessions {
  readonly #server: FuzzServer = new FuzzServer({
    "proto-max-bulk-len": "1mb",
    ...SMALL_LIMITS,
    "enable-debug-command": "yes",
  });
  readonly #grammar: CommandGrammar;
  #prng: Prng = seeded(0);
  #peers: Peer[] = [];
  #transcript: string[] = [];
  /** Bytes that were sent, and by full name: how often a command was answered, with no error too. */
  sentBytes = 0;
  outOfBandCount = 0;
  readonly answered: Map<string, number> = new Map();
  readonly succeeded: Map<string, number> = new Map();

  constructor() {
    this.#server.ask(EVERYTHING_BYTES);
    const payloads = DUMPED.map((key) => {
      const dump = latin1(this.#server.ask(bytesOf(framed(["dump", key]))));
      return dump.slice(dump.indexOf("\n") + 1, -2);
    });
    this.#server.empty();
    this.#grammar = new CommandGrammar(this.#server.engine, this.#prng, payloads);
  }

  run(prng: Prng, seed: number): void {
    this.#prng = prng;
    this.#grammar.prng = prng;
    this.#transcript = [];
    try {
      this.#run();
      if (seed % CHECK_EVERY === 0) this.#server.engine.keyspace.check();
      this.#clean();
    } catch (error) {
      const text = this.#transcript.slice(-80).join("\n");
      throw new Error(`seed ${seed}\n${text}\n`, { cause: error });
    }
  }

  #run(): void {
    const prng = this.#prng;
    const server = this.#server;
    server.ask(EVERYTHING_BYTES);
    server.advance(2);
    this.#configure();
    this.#peers = [];
    for (let count = 2 + prng.below(4); count > 0; count--) this.#connect();
    for (let steps = 4 + prng.below(24); steps > 0; steps--) this.#step();
    this.#end();
  }

  /** Whoever listens, and how short memory is, is settled before the first command. */
  #configure(): void {
    const { config } = this.#server.engine;
    const set = (name: string, value: string) => {
      this.#transcript.push(`config ${name} ${value}`);
      const result = config.set([name, value], { local: true, loading: false });
      assert.ok(result.ok, name);
    };
    const prng = this.#prng;
    const pick = (name: string) => SETTINGS_OF[name][prng.below(SETTINGS_OF[name].length)];
    if (prng.below(2) === 0) set("notify-keyspace-events", "KEAmn");
    if (prng.below(2) === 0) set("slowlog-log-slower-than", "0");
    if (prng.below(2) === 0) set("latency-monitor-threshold", "1");
    if (prng.below(2) === 0) set("maxmemory-policy", pick("maxmemory-policy"));
    if (prng.below(3) === 0) {
      const used = this.#server.engine.usedMemoryBytes;
      set("maxmemory", String(used - 8000 + 2 ** prng.below(18)));
    }
    if (prng.below(4) === 0) set("maxmemory-clients", pick("maxmemory-clients"));
    if (prng.below(4) === 0) set("tracking-table-max-keys", pick("tracking-table-max-keys"));
    if (prng.below(8) === 0) set("appendonly", "yes");
  }

  #connect(): Peer {
    const prng = this.#prng;
    const peer = new Peer(this.#server, prng, (words, isError) => this.#count(words, isError));
    this.#peers.push(peer);
    if (prng.below(2) === 0) this.#send(peer, ["hello", "3"]);
    if (prng.below(6) === 0) this.#send(peer, ["monitor"]);
    if (prng.below(4) === 0) this.#send(peer, ["client", "tracking", "on"]);
    if (prng.below(6) === 0) this.#send(peer, ["client", "tracking", "on", "bcast"]);
    if (prng.below(6) === 0) this.#send(peer, ["psubscribe", "*"]);
    if (prng.below(8) === 0) {
      this.#send(peer, ["acl", "setuser", "alice", "on", "nopass", "~t*", "+@all", "&n*"]);
      this.#send(peer, ["auth", "alice", "x"]);
    }
    return peer;
  }

  #step(): void {
    const prng = this.#prng;
    if (prng.below(16) === 0) {
      const ms = prng.below(3) === 0 ? 1000 : prng.below(40);
      this.#transcript.push(`advance ${ms}`);
      this.#server.advance(ms);
    }
    const at = prng.below(this.#peers.length);
    let peer = this.#peers[at];
    if (prng.below(40) === 0) {
      this.#transcript.push(`${at} closes`);
      peer.socket.close();
      peer = this.#replace(at);
    } else if (peer.isOver) {
      peer.socket.close();
      peer = this.#replace(at);
    }
    const { commands } = this.#grammar;
    const batch: string[][] = [];
    for (let count = 1 + prng.below(4); count > 0; count--) {
      const isState = prng.below(3) > 0;
      batch.push(
        this.#grammar.command(isState ? this.#grammar.stateCommand() : prng.below(commands.length)),
      );
    }
    this.#send(peer, ...batch);
  }

  #replace(at: number): Peer {
    const peer = this.#connect();
    this.#peers.pop();
    this.#peers[at] = peer;
    return peer;
  }

  #send(peer: Peer, ...batch: readonly (readonly string[])[]): void {
    if (peer.isOver) return;
    const name = this.#peers.indexOf(peer);
    for (const words of batch) {
      this.#transcript.push(
        `${name}: ${words.map((word) => JSON.stringify(word.slice(0, 80))).join(" ")}`,
      );
      peer.model.send(words);
    }
    const bytes = bytesOf(batch.map((words) => framed([...words])).join(""));
    this.sentBytes += bytes.length;
    const cuts = this.#prng.below(4) === 0 ? [this.#prng.below(bytes.length + 1)] : [];
    peer.socket.send(bytes, cuts);
    this.#hear();
    this.#check();
  }

  /** What holds between any two commands. */
  #check(): void {
    const { engine } = this.#server;
    assert.ok(engine.usedMemoryBytes < HELD_BYTES_MAX, "too much is held");
    let bytes = 0;
    for (const client of engine.clients.values()) {
      bytes += client.accountedBytes;
      if (engine.pause.mode === "off") assertWaitsForNothing(engine, client);
    }
    assert.equal(engine.clientMemory.bytes, bytes, "the sums of what connections take");
    assert.equal(engine.hasDeferred, false);
  }

  #hear(): void {
    for (const [index, peer] of this.#peers.entries()) {
      peer.socket.drain();
      try {
        peer.hear();
      } catch (error) {
        throw new Error(`connection ${index}`, { cause: error });
      }
    }
  }

  /** All that can still happen happens. */
  #end(): void {
    const server = this.#server;
    for (let round = 0; round < 3; round++) {
      server.unpause();
      server.engine.isTickPaused = false;
      server.advance(LONG_MS);
      this.#hear();
    }
    server.unpause();
    this.#hear();
    for (const [index, peer] of this.#peers.entries()) {
      try {
        peer.assertAnswered();
      } catch (error) {
        throw new Error(`connection ${index} in the end`, { cause: error });
      }
      this.outOfBandCount += peer.model.outOfBandCount;
    }
  }

  #clean(): void {
    const server = this.#server;
    for (const peer of this.#peers) peer.socket.close();
    server.disconnect();
    server.settle();
    server.restoreConfig();
    server.restoreUsers();
    server.settle();
    server.empty();
  }

  #count(words: readonly string[], isError: boolean): void {
    const fullName = nameOf(this.#server.engine, words);
    this.answered.set(fullName, (this.answered.get(fullName) ?? 0) + 1);
    if (!isError) this.succeeded.set(fullName, (this.succeeded.get(fullName) ?? 0) + 1);
  }
}

test("what has failed once: to Redis a monitor is a replica, which may not look at keys", () => {
  const server = new FuzzServer({});
  const socket = server.connect();
  const heard = (text: string) => {
    socket.send(bytesOf(text));
    return latin1(socket.take()).replaceAll(/\+\d+\.\d{6} .*\r\n/g, "");
  };
  const refused = "-ERR Replica can't interact with the keyspace\r\n";
  assert.equal(heard("MONITOR\r\n"), "+OK\r\n");
  for (const line of ["GET text", "SET text x", "PUBLISH news x", "DBSIZE"]) {
    assert.equal(heard(`${line}\r\n`), refused, line);
  }
  assert.equal(heard("MULTI\r\nGET text\r\n"), `+OK\r\n${refused}`);
  assert.match(heard("EXEC\r\n"), /^-EXECABORT /);
  // Nor does a pause hold it back.
  assert.equal(latin1(server.ask(bytesOf("CLIENT PAUSE 100000 ALL\r\n"))), "+OK\r\n");
  assert.equal(heard("PING\r\n"), "+PONG\r\n");
  assert.equal(heard("RESET\r\n"), "+RESET\r\n");
  server.unpause();
  assert.equal(heard("DBSIZE\r\n"), ":0\r\n");
});

test(`${COUNT} sessions of several connections`, () => {
  const sessions = new Sessions();
  const seeds = seedsOf(COUNT);
  const before = process.memoryUsage().rss;
  for (const seed of seeds) sessions.run(seeded(seed), seed);
  const grown = process.memoryUsage().rss - before;
  const { sentBytes, outOfBandCount } = sessions;
  const sum = (counts: ReadonlyMap<string, number>) =>
    [...counts.values()].reduce((a, b) => a + b, 0);
  const ratio = sum(sessions.succeeded) / sum(sessions.answered);
  if (TELLS_FIGURES) {
    console.log(
      `${seeds.length} sessions, ${sentBytes} bytes, ${
        sum(sessions.answered)
      } commands answered, ` +
        `${ratio.toFixed(2)} of them not by an error, ${outOfBandCount} messages, ` +
        `the process grew by ${grown >> 20} MB`,
    );
  }
  assert.ok(grown < GROWTH_BYTES_MAX, `${seeds.length} sessions took ${grown} bytes`);
  if (IS_ALONE) return;
  // Were nearly all of them refused, or none, little would have been tried.
  assert.ok(ratio > 0.25 && ratio < 0.9, `${ratio} of the commands were answered`);
  if (COUNT < 600) return;
  for (const name of new Set(STATE_COMMANDS)) assert.ok(sessions.succeeded.has(name), name);
  assert.ok(outOfBandCount > COUNT, `${outOfBandCount} messages`);
});
