/**
 * Whoever has been promised to be told of changes is told of every change: by all commands on data,
 * by time, by eviction. A connection that caches what it has read (CLIENT TRACKING) never keeps what
 * is no longer so, and a transaction is not run when a key that it watches is not what it was.
 *
 * What a key holds is compared by digests of values, which leave out consumer groups and expiry
 * times: changes of those need not be told.
 *
 * `PAGURUS_FUZZ_COUNT` says how many rounds there are (400), `PAGURUS_FUZZ_SEED` which (1). A failure
 * names the seed of its round, which alone can be run again as `PAGURUS_FUZZ_INPUT`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Prng } from "../../src/base/prng.ts";
import { addValue, Digest } from "../../src/keyspace/digest.ts";
import {
  bytesOf,
  COLLECTIONS,
  CommandGrammar,
  framed,
  PRELUDE,
  SMALL_LIMITS,
} from "./command_grammar.ts";
import { FuzzServer } from "./fuzz_server.ts";
import type { FuzzSocket } from "./fuzz_server.ts";
import { countOf, IS_ALONE, seededPrng, seedsOf, TELLS_FIGURES } from "./inputs.ts";
import { latin1, StrictReader } from "./strict_reply.ts";

const COUNT = countOf(400);

const EVERYTHING_BYTES = bytesOf([...PRELUDE, ...COLLECTIONS].map(framed).join(""));
const KEYS = [
  ...["text", "number", "long", "bits", "expires", "", "none", "list", "long list", "new list"],
  ...["hash", "long hash", "set", "ints", "long set", "new set", "zset", "long zset", "new zset"],
  ...["places", "stream", "long stream", "new stream", "hll", "new hll", "new hash"],
];
/** Those that wait, and two whose changes of other databases under the same names are not told. */
const LEFT_OUT = /^(b[lz]mpop|b[lr]pop|blmove|brpoplpush|bzpop|wait|swapdb|select|pfselftest)/;
const OPTIONS = [
  ...[[], [], ["noloop"], ["optin"], ["optout"], ["bcast"], ["bcast", "noloop"]],
  ...[["bcast", "prefix", "long ", "prefix", "t"]],
];
const POLICIES = ["allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-ttl", "volatile-lru"];

function seeded(seed: number): Prng {
  return seededPrng(seed, "pagurus fresh it");
}

/** A connection that keeps what it has read until it is told not to. */
class Reader {
  readonly socket: FuzzSocket;
  readonly options: readonly string[];
  /** Digests by key. */
  readonly kept: Map<string, string> = new Map();

  constructor(socket: FuzzSocket, options: readonly string[]) {
    this.socket = socket;
    this.options = options;
    socket.send(bytesOf("HELLO 3\r\n"));
    socket.send(bytesOf(framed(["client", "tracking", "on", ...options])));
    assert.match(latin1(socket.take()), /\+OK\r\n$/);
  }

  /** Whether it is to be told of a key that it has read. */
  hears(key: string): boolean {
    return !this.options.includes("prefix") || key.startsWith("t") || key.startsWith("long ");
  }

  /** Forgets what it is told to forget. */
  hear(): void {
    this.socket.drain();
    const reader = new StrictReader(this.socket.take(), { resp2: false, resp3: true });
    while (!reader.isAtEnd) {
      const text = reader.nextText();
      if (text[0] !== ">") continue;
      const told = /^>2\r\n\$10\r\ninvalidate\r\n(?:_|\*\d+)\r\n([^]*)$/.exec(text);
      assert.ok(told !== null, JSON.stringify(text));
      if (text.includes("\r\n_\r\n")) this.kept.clear();
      else for (const key of namesIn(told[1])) this.kept.delete(key);
    }
  }
}

/** The bulk strings in a text. */
function* namesIn(text: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\r\n", at);
    const length = Number(text.slice(at + 1, end));
    yield text.slice(end + 2, end + 2 + length);
    at = end + 2 + length + 2;
  }
}

class Rounds {
  readonly #server: FuzzServer = new FuzzServer({ "proto-max-bulk-len": "1mb", ...SMALL_LIMITS });
  readonly #grammar: CommandGrammar;
  readonly #indexes: readonly number[];
  readonly #digest: Digest;
  #prng: Prng = seeded(0);
  #transcript: string[] = [];
  toldCount = 0;
  ranCount = 0;
  abortedCount = 0;

  constructor() {
    this.#server.ask(EVERYTHING_BYTES);
    const payloads = ["text", "list", "long hash", "set", "zset", "stream"].map((key) => {
      const dump = latin1(this.#server.ask(bytesOf(framed(["dump", key]))));
      return dump.slice(dump.indexOf("\n") + 1, -2);
    });
    this.#server.empty();
    this.#grammar = new CommandGrammar(this.#server.engine, this.#prng, payloads);
    this.#indexes = this.#grammar.commands.flatMap(({ fullName, definition }, index) =>
      definition.flags.includes("write") && !LEFT_OUT.test(fullName) ? [index] : []
    );
    this.#digest = new Digest(this.#server.engine.keyspace.heap);
  }

  run(prng: Prng, seed: number): void {
    this.#prng = prng;
    this.#grammar.prng = prng;
    this.#transcript = [];
    try {
      this.#server.ask(EVERYTHING_BYTES);
      this.#server.ask(bytesOf("PERSIST gone\r\nHPERSIST hash FIELDS 1 b\r\n"));
      if (prng.below(4) === 0) this.#limit();
      if (prng.below(2) === 0) this.#track();
      else this.#watch();
      this.#server.disconnect();
      this.#server.settle();
      this.#server.restoreConfig();
      this.#server.settle();
      this.#server.empty();
    } catch (error) {
      throw new Error(`seed ${seed}\n${this.#transcript.join("\n")}\n`, { cause: error });
    }
  }

  #limit(): void {
    const policy = POLICIES[this.#prng.below(POLICIES.length)];
    const bytes = this.#server.engine.usedMemoryBytes + this.#prng.below(4000);
    const set = ["config", "set", "maxmemory-policy", policy, "maxmemory", String(bytes)];
    assert.equal(latin1(this.#server.ask(bytesOf(framed(set)))), "+OK\r\n");
    this.#transcript.push(set.join(" "));
  }

  #track(): void {
    const prng = this.#prng;
    const readers = Array.from(
      { length: 3 },
      () => new Reader(this.#server.connect(), this.#pick(OPTIONS)),
    );
    const writer = this.#server.connect();
    for (let steps = 30; steps > 0; steps--) {
      if (prng.below(3) > 0) this.#read(this.#pick(readers), this.#pick(KEYS));
      const isOwn = prng.below(4) === 0;
      const reader = this.#pick(readers);
      if (isOwn && reader.options.includes("noloop")) reader.kept.clear();
      this.#change(isOwn ? reader.socket : writer);
      if (prng.below(12) === 0) this.#server.advance(prng.below(200));
      for (const each of readers) this.#compare(each, writer);
    }
  }

  #read(reader: Reader, key: string): void {
    this.#transcript.push(`${reader.options.join(" ")} reads ${JSON.stringify(key)}`);
    const optIn = reader.options.includes("optin") ? framed(["client", "caching", "yes"]) : "";
    reader.socket.send(bytesOf(optIn + framed(["exists", key])));
    reader.hear();
    if (reader.hears(key)) reader.kept.set(key, this.#digestOf(key));
  }

  #change(socket: FuzzSocket): void {
    const words = this.#grammar.command(this.#pick(this.#indexes));
    this.#transcript.push(words.map((word) => JSON.stringify(word.slice(0, 60))).join(" "));
    socket.send(bytesOf(framed(words)));
    socket.drain();
  }

  /** Everything that is kept is still so. Looking at a key makes an expired one go. */
  #compare(reader: Reader, writer: FuzzSocket): void {
    for (const key of reader.kept.keys()) writer.send(bytesOf(framed(["exists", key])));
    const before = reader.kept.size;
    reader.hear();
    this.toldCount += before - reader.kept.size;
    for (const [key, digest] of reader.kept) {
      const options = reader.options.join(" ");
      assert.equal(this.#digestOf(key), digest, `${JSON.stringify(key)} is stale (${options})`);
    }
  }

  #watch(): void {
    const watcher = this.#server.connect();
    const writer = this.#server.connect();
    for (let times = 8; times > 0; times--) {
      const keys = Array.from({ length: 1 + this.#prng.below(6) }, () => this.#pick(KEYS));
      this.#transcript.push(`watch ${JSON.stringify(keys)}`);
      watcher.send(bytesOf(framed(["watch", ...keys])));
      const digests = keys.map((key) => this.#digestOf(key));
      const isQueued = this.#prng.below(2) === 0;
      if (isQueued) watcher.send(bytesOf("MULTI\r\nPING\r\n"));
      for (let changes = this.#prng.below(6); changes > 0; changes--) this.#change(writer);
      if (this.#prng.below(6) === 0) this.#server.advance(this.#prng.below(200));
      if (!isQueued) watcher.send(bytesOf("MULTI\r\nPING\r\n"));
      watcher.take();
      watcher.send(bytesOf("EXEC\r\n"));
      const isRun = latin1(watcher.take()) !== "*-1\r\n";
      this.ranCount += isRun ? 1 : 0;
      this.abortedCount += isRun ? 0 : 1;
      if (!isRun) continue;
      for (const [index, key] of keys.entries()) {
        assert.equal(this.#digestOf(key), digests[index], `${JSON.stringify(key)} has changed`);
      }
    }
  }

  /** What a key of database 0 holds. */
  #digestOf(key: string): string {
    const { keyspace } = this.#server.engine;
    const database = keyspace.databases[0];
    const ref = database.find(bytesOf(key), 0, key.length);
    if (ref === 0) return "none";
    const expiresAtMs = database.expiresAtMs(ref);
    if (expiresAtMs >= 0 && this.#server.platform.clock.wallMs() > expiresAtMs) return "none";
    this.#digest.reset();
    addValue(this.#digest, database, ref);
    return this.#digest.toString();
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#prng.below(values.length)];
  }
}

test(`${COUNT} rounds of caching and watching`, () => {
  const rounds = new Rounds();
  const seeds = seedsOf(COUNT);
  for (const seed of seeds) rounds.run(seeded(seed), seed);
  const { toldCount, ranCount, abortedCount } = rounds;
  if (TELLS_FIGURES) {
    console.log(
      `${seeds.length} rounds: ${toldCount} told, ${ranCount} run, ${abortedCount} not run`,
    );
  }
  if (IS_ALONE) return;
  assert.ok(toldCount > COUNT && ranCount > COUNT && abortedCount > COUNT / 3);
});
