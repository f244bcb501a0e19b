/**
 * What somebody can do who does not know the password: requests made from all definitions, damaged
 * streams and bytes without end. Nothing of it may change anything or tell anything of the data,
 * nothing may be answered but that a password is wanted, and nothing may be held for it beyond what a
 * short request takes.
 *
 * `PAGURUS_FUZZ_COUNT` says how many inputs there are (3,000), `PAGURUS_FUZZ_SEED` which (1). A
 * failure names the seed of its input, which alone can be run again as `PAGURUS_FUZZ_INPUT`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Prng } from "../../src/base/prng.ts";
import { keyspaceDigest } from "../../src/keyspace/digest.ts";
import type { Client } from "../../src/server/client.ts";
import {
  bytesOf,
  COLLECTIONS,
  CommandGrammar,
  framed,
  PRELUDE,
  SMALL_LIMITS,
} from "./command_grammar.ts";
import { FuzzServer } from "./fuzz_server.ts";
import { countOf, IS_ALONE, seededPrng, seedsOf, TELLS_FIGURES } from "./inputs.ts";
import { latin1, StrictReader } from "./strict_reply.ts";

const COUNT = countOf(3000);
/** What is kept of a request that is not whole yet: ten arguments of 16 KiB, doubled once. */
const CLIENT_BYTES_MAX = 512 << 10;
const PASSWORD = "a password that the words of the fuzzing do not have";
const CHECK_EVERY = 16;

/** Everything that a stranger may be told. */
const TOLD = new RegExp(
  [
    "-NOAUTH Authentication required\\.",
    "-EXECABORT Transaction discarded because of: [^\\r]*",
    "-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO " +
    "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP " +
    "protocol version at the same time",
    "-WRONGPASS invalid username-password pair or user is disabled\\.",
    "-NOPROTO unsupported protocol version",
    "-ERR unknown (command|subcommand) [^\\r]*",
    "-ERR wrong number of arguments for '[^\\r]*' command",
    "-ERR (syntax error|Syntax error in HELLO option [^\\r]*)",
    "-ERR Protocol (error: [^\\r]*|version is not an integer or out of range)",
    "-ERR Client names cannot contain [^\\r]*",
    "-DENIED [^\\r]*",
    "-ERR (MODULE|DEBUG) command not allowed\\. [^\\r]*",
    "\\+(OK|RESET)",
  ].map((line) => `${line}\\r\\n`).join("|").replace(/^/, "^(").replace(/$/, ")$"),
);

function seeded(seed: number): Prng {
  return seededPrng(seed, "pagurus stranger");
}

class Strangers {
  readonly #server: FuzzServer = new FuzzServer({
    ...SMALL_LIMITS,
    requirepass: PASSWORD,
    "notify-keyspace-events": "KEA",
    "enable-debug-command": "yes",
    // What this one may have is what all may have that they have not changed.
  });
  readonly #grammar: CommandGrammar;
  readonly #digest: string;
  readonly #config: string;
  readonly #users: string;
  sentBytes = 0;
  /** By their first word: what was answered. */
  readonly answers: Map<string, number> = new Map();

  constructor() {
    const auth = ["auth", PASSWORD];
    const words = [auth, ...PRELUDE, ...COLLECTIONS].map(framed).join("");
    assert.doesNotMatch(latin1(this.#server.ask(bytesOf(words))), /^-/m);
    this.#grammar = new CommandGrammar(this.#server.engine, seeded(0), ["payload"]);
    [this.#digest, this.#config, this.#users] = this.#state();
  }

  run(prng: Prng, seed: number): void {
    this.#grammar.prng = prng;
    const server = this.#server;
    const socket = server.connect(prng);
    const client = socket.owner as Client;
    let text = "";
    for (let count = 1 + prng.below(8); count > 0; count--) text += this.#piece(prng);
    try {
      const bytes = bytesOf(text);
      this.sentBytes += bytes.length;
      const cuts = Array.from({ length: prng.below(6) }, () => prng.below(bytes.length + 1));
      socket.send(bytes, cuts.sort((a, b) => a - b), () => this.#checkMemory(client));
      socket.drain();
      const reader = new StrictReader(socket.take(), { resp2: true, resp3: false });
      while (!reader.isAtEnd) this.#note(reader.nextText());
      assert.equal(client.transaction, null);
      assert.equal(client.isAuthenticated, false);
      assert.equal(client.databaseIndex, 0);
      if (seed % CHECK_EVERY === 0) this.check();
      server.disconnect();
      server.assertNobody();
    } catch (error) {
      throw new Error(`seed ${seed}, sent: ${JSON.stringify(text.slice(0, 2000))}`, {
        cause: error,
      });
    }
  }

  /** The data and all settings are what they were. */
  check(): void {
    assert.deepEqual(this.#state(), [this.#digest, this.#config, this.#users]);
    assert.equal(this.#server.engine.pause.mode, "off");
  }

  #state(): [string, string, string] {
    const { keyspace, config, acl } = this.#server.engine;
    return [
      keyspaceDigest(keyspace),
      JSON.stringify(config.matching(["*"])),
      acl.users.map(({ line }) => line).join("\n"),
    ];
  }

  /** One of a few sorts of input. */
  #piece(prng: Prng): string {
    const { commands } = this.#grammar;
    const kind = prng.below(16);
    if (kind === 0) return "x".repeat(prng.below(80_000));
    if (kind === 1) {
      return `*${prng.below(12)}\r\n$${prng.below(20_000)}\r\n${"y".repeat(prng.below(20_000))}`;
    }
    if (kind === 2) return `*1\r\n$536870912\r\n${"z".repeat(5000)}`;
    if (kind === 3) return "*2147483647\r\n";
    if (kind === 4) {
      let bytes = "";
      for (let length = prng.below(100); length > 0; length--) {
        bytes += String.fromCharCode(prng.below(256));
      }
      return bytes;
    }
    const isState = prng.below(3) === 0;
    const index = isState ? this.#grammar.stateCommand() : prng.below(commands.length);
    const words = this.#grammar.command(index);
    if (kind === 5) return `${words.join(" ").replaceAll(/[\r\n"']/g, "")}\r\n`;
    return framed(words.map((word) => word.slice(0, 300)));
  }

  #checkMemory(client: Client): void {
    assert.ok(client.memoryBytes < CLIENT_BYTES_MAX, `${client.memoryBytes} bytes are held`);
    assert.ok(this.#server.engine.usedMemoryBytes < 64 << 20);
  }

  #note(text: string): void {
    assert.match(text, TOLD);
    const word = text.slice(0, Math.max(0, text.indexOf(" ")) || text.length - 2);
    this.answers.set(word, (this.answers.get(word) ?? 0) + 1);
  }
}

test(`${COUNT} inputs of somebody who has no password`, () => {
  const strangers = new Strangers();
  const seeds = seedsOf(COUNT);
  for (const seed of seeds) strangers.run(seeded(seed), seed);
  strangers.check();
  if (TELLS_FIGURES) {
    console.log(`${seeds.length} inputs, ${strangers.sentBytes} bytes`, strangers.answers);
  }
  if (IS_ALONE) return;
  assert.ok(strangers.answers.get("-NOAUTH")! > COUNT);
});
