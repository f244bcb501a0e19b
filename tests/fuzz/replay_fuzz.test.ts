/**
 * Long lives of servers that are told all sorts of commands, right and wrong, alone and in
 * transactions; some wait until another connection serves them, and in some lives memory is short, so
 * that keys are evicted. Every so often all structures are verified, and the data must be the same
 * after it is saved and loaded again (DEBUG RELOAD), and in a server that starts with the append-only
 * file, before and after a rewrite.
 *
 * `PAGURUS_FUZZ_COUNT` says how many commands there are (3,000), `PAGURUS_FUZZ_SEED` which (1).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Prng } from "../../src/base/prng.ts";
import { textOf } from "../simulation/history.ts";
import { Machine } from "../simulation/machine.ts";
import type { Connection, Life } from "../simulation/machine.ts";
import { stateOf } from "../simulation/workload.ts";
import { COLLECTIONS, CommandGrammar, PRELUDE, SMALL_LIMITS } from "./command_grammar.ts";
import { countOf, SEED, seededPrng, TELLS_FIGURES } from "./inputs.ts";
import { goodPayloads, payloadOf } from "./payloads.ts";

const COUNT = countOf(3000);
const COMMANDS_PER_LIFE = 250;
/** Commands about the server, which make no data, and those that would empty it all the time. */
const GROUPS_LEFT_OUT = new Set(["server", "connection", "scripting", "pubsub", "transactions"]);
/** What another connection says while one waits. */
const SERVING = new Set([
  ...["lpush", "rpush", "zadd", "zincrby", "xadd", "del", "xgroup|create", "xgroup|destroy"],
  ...["sort", "rename", "linsert", "lmove", "zunionstore", "geoadd", "restore", "copy", "move"],
]);
const BLOCKING = /^(b[lz]mpop|b[lr]pop|blmove|brpoplpush|bzpop(min|max)|xread(group)?)$/;
const POLICIES = ["allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-ttl", "noeviction"];
const LEFT_OUT = new Set(["flushall", "flushdb", "swapdb"]);

function seeded(seed: number): Prng {
  return seededPrng(seed, "pagurus replays!");
}

class Lives {
  readonly #machine: Machine = new Machine();
  readonly #prng: Prng;
  readonly #payloads: readonly string[];
  #life!: Life;
  #client!: Connection;
  #grammar!: CommandGrammar;
  #indexes: number[] = [];
  /** Tells what may serve one that waits. */
  #other!: Connection;
  /** Of the lists, sorted sets and streams: what may serve one that waits. */
  #serving: number[] = [];
  #blocking: number[] = [];
  #waitedCount = 0;
  #evictedCount = 0;
  #transactionCount = 0;
  #count = 0;
  #usesRdb = true;

  constructor(seed: number) {
    this.#prng = seeded(seed);
    const { payloads, smallCount } = goodPayloads();
    this.#payloads = payloads.slice(0, smallCount).map(({ body }) =>
      Buffer.from(payloadOf(body)).toString("latin1")
    );
  }

  async boot(): Promise<void> {
    this.#usesRdb = this.#prng.below(2) === 0;
    this.#life = await this.#machine.bootUp({
      ...SMALL_LIMITS,
      appendonly: "yes",
      "proto-max-bulk-len": "1mb",
      "aof-use-rdb-preamble": this.#usesRdb ? "yes" : "no",
    });
    this.#client = this.#life.connect();
    this.#other = this.#life.connect();
    this.#grammar = new CommandGrammar(this.#life.engine, this.#prng, this.#payloads);
    this.#indexes = this.#grammar.commands.flatMap(({ fullName, definition }, index) =>
      GROUPS_LEFT_OUT.has(definition.group) || LEFT_OUT.has(fullName) ? [] : [index]
    );
    this.#serving = this.#grammar.commands.flatMap(({ fullName }, index) =>
      SERVING.has(fullName) ? [index] : []
    );
    this.#blocking = this.#grammar.commands.flatMap(({ fullName }, index) =>
      BLOCKING.test(fullName) ? [index] : []
    );
  }

  /** Lets memory be short, or not any more. */
  #limit(isShort: boolean): void {
    const { engine } = this.#life;
    const policy = POLICIES[this.#prng.below(POLICIES.length)];
    const bytes = isShort ? engine.usedMemoryBytes + this.#prng.below(3000) : 0;
    assert.equal(
      this.#client.ask("CONFIG", "SET", "maxmemory", String(bytes), "maxmemory-policy", policy),
      "+OK\r\n",
    );
  }

  /** Tells one server after the other; each finds what the one before has left. */
  async run(): Promise<void> {
    await this.boot();
    for (const words of [...PRELUDE, ...COLLECTIONS]) this.#tell(words);
    for (let i = 0; i < COUNT; i++) {
      if (this.#prng.below(8) === 0) this.#transact();
      else this.#tell(this.#made(this.#prng.below(8) === 0 ? this.#blocking : this.#indexes));
      if (i % COMMANDS_PER_LIFE === 100 && this.#prng.below(2) === 0) this.#limit(true);
      if (this.#prng.below(50) === 0) this.#life.advance(this.#prng.below(3000));
      if (i % 40 === 39) { for (const words of COLLECTIONS) this.#tell(words); }
      this.#count++;
      if ((i + 1) % COMMANDS_PER_LIFE === 0) await this.#check();
    }
    await this.#life.close();
    if (TELLS_FIGURES) {
      console.log(
        `${this.#waitedCount} waited, ${this.#transactionCount} transactions, ` +
          `${this.#evictedCount} keys evicted`,
      );
    }
    if (COUNT < 3000) return;
    assert.ok(this.#waitedCount > 0 && this.#transactionCount > 0 && this.#evictedCount > 0);
  }

  #made(indexes: readonly number[]): string[] {
    return this.#grammar.command(indexes[this.#prng.below(indexes.length)]);
  }

  #tell(words: readonly string[]): void {
    if (this.#client.ask(...words) === "") this.#serve(words);
  }

  /** The command waits: others are told until it does not, and then it is ended. */
  #serve(words: readonly string[]): void {
    this.#waitedCount++;
    const { clients } = this.#life.engine;
    const client = [...clients.values()].find(({ blocked }) => blocked !== null);
    assert.ok(client !== undefined, `no reply to ${words.join(" ")}`);
    for (let i = 0; i < 6 && client.blocked !== null; i++) {
      assert.notEqual(this.#other.ask(...this.#made(this.#serving)), "");
      if (this.#prng.below(4) === 0) this.#life.advance(this.#prng.below(30));
    }
    if (client.blocked !== null) this.#other.ask("CLIENT", "UNBLOCK", String(client.id));
    this.#life.advance(0);
    assert.notEqual(this.#client.heard(), "", words.join(" "));
  }

  /** Several commands at once, which nobody interrupts and none of which waits. */
  #transact(): void {
    this.#transactionCount++;
    if (this.#prng.below(3) === 0) this.#client.ask("WATCH", "list", "text");
    assert.equal(this.#client.ask("MULTI"), "+OK\r\n");
    for (let count = 1 + this.#prng.below(6); count > 0; count--) {
      assert.match(this.#client.ask(...this.#made(this.#indexes)), /^(\+QUEUED\r\n$|-)/);
    }
    if (this.#prng.below(4) === 0) this.#other.ask(...this.#made(this.#serving));
    if (this.#prng.below(4) === 0) this.#life.advance(this.#prng.below(30));
    const end = this.#prng.below(12) === 0 ? "DISCARD" : "EXEC";
    assert.match(this.#client.ask(end), /^(\+OK\r\n$|\*|-EXECABORT|-OOM)/);
  }

  async #check(): Promise<void> {
    try {
      await this.#compare();
    } catch (error) {
      throw new Error(`seed ${SEED} fails after ${this.#count} commands`, { cause: error });
    }
  }

  async #compare(): Promise<void> {
    const { engine } = this.#life;
    this.#limit(false);
    this.#evictedCount += engine.memoryLimit.evictedKeys;
    engine.keyspace.check();
    const before = this.#shown();
    assert.equal(this.#client.ask("DEBUG", "RELOAD"), "+OK\r\n");
    engine.keyspace.check();
    assertSame(this.#shown(), before, "DEBUG RELOAD");
    if (this.#prng.below(2) === 0) {
      assert.match(this.#client.ask("BGREWRITEAOF"), /^\+/);
      this.#life.advance(1000);
    }
    // No command makes an entry pending that is deleted: as text, a rewrite loses it, Redis's too.
    const isComplete = this.#usesRdb;
    const shown = () => this.#shown().map(isComplete ? withoutConsumers : withoutGroups);
    const left = shown();
    this.#life.die();
    await this.boot();
    this.#life.engine.keyspace.check();
    assertSame(shown(), left, "the append-only file");
  }

  /** A line for each key. */
  #shown(): string[] {
    const nowMs = this.#machine.clock.wallMs();
    return [...stateOf(this.#life.engine)].map(([key, value]) =>
      textOf(new Map([[key, value]]), nowMs).replaceAll("\r\n", " ").replaceAll("\n", "\\n")
    ).filter((line) => line !== "");
  }
}

/** Nor does any say that XCLAIM has made a consumer that then got nothing; Redis loses it, too. */
function withoutConsumers(line: string): string {
  return line.replaceAll(/\$9 consumers :\d+/g, "");
}

/** A line of `#shown`, without what there is after the digest of a stream. */
function withoutGroups(line: string): string {
  return line.replace(/ \*\d+ .*@/, " @");
}

function assertSame(found: readonly string[], expected: readonly string[], what: string): void {
  const lost = expected.filter((line) => !found.includes(line)).slice(0, 12);
  const gained = found.filter((line) => !expected.includes(line)).slice(0, 12);
  assert.deepEqual({ gained, lost }, { gained: [], lost: [] }, what);
}

test(`${COUNT} commands, saved and replayed`, () => new Lives(SEED).run());
