/**
 * What a connection can be sent: streams of commands with damage of every sort, bytes without sense,
 * and commands made from their own definitions, right and wrong. None may throw, hang, answer what
 * is no reply, take memory without bound or leave anything behind; and the next client is served.
 *
 * Streams go to two servers, to one in a piece and to the other in many, whose replies and data must
 * be the same; a plain reader of requests says how many replies there have to be. Each input finds the
 * same few keys and can be run alone.
 *
 * `PAGURUS_FUZZ_COUNT` says how many inputs there are in sum (3,000), `PAGURUS_FUZZ_SEED` which (1).
 * A failure names the seed of its input, which alone can be run again as `PAGURUS_FUZZ_INPUT`, and
 * shows its bytes: when the generators change, a seed makes another input. So what has failed is
 * kept as bytes in {@link CASES}.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import type { Prng } from "../../src/base/prng.ts";
import { keyspaceDigest } from "../../src/keyspace/digest.ts";
import type { Client } from "../../src/server/client.ts";
import type { DirectiveOptions } from "../../src/server/config/load.ts";
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
import { readRequests, type RequestModelLimits } from "./request_model.ts";
import { latin1, StrictReplies } from "./strict_reply.ts";

const COUNT = countOf(3000);
const MUTATED_COUNT = Math.ceil(COUNT * 0.4);
const RANDOM_COUNT = Math.ceil(COUNT * 0.1);
const GRAMMAR_COUNT = Math.ceil(COUNT * 0.5);
/** What all inputs of a test together may make the process grow by. */
const GROWTH_BYTES_MAX = 400 << 20;
/** What one input may make the server hold. */
const HELD_BYTES_MAX = 64 << 20;
/** Every so many inputs all structures are verified, and time passes. */
const CHECK_EVERY = 64;

const SMALL: DirectiveOptions = { "proto-max-bulk-len": "1mb" };
const PING = bytesOf("PING\r\n");
/** What another client sends meanwhile, which changes nothing. */
const OTHERS = bytesOf("*5\r\n$4\r\nMGET\r\n$1\r\na\r\n$2\r\nbb\r\n$3\r\nccc\r\n$4\r\ntext\r\n");
const PRELUDE_BYTES = bytesOf(PRELUDE.map(framed).join(""));
const EVERYTHING_BYTES = bytesOf([...PRELUDE, ...COLLECTIONS].map(framed).join(""));

/** Commands that are damaged: none that makes much of a number, for any number may come of it. */
const COMMANDS = [
  ...[
    "PING",
    "PING hello",
    "ECHO x",
    "SET text v",
    "SET k v EX 10 NX",
    "GET text",
    "DEL text none",
  ],
  ...["APPEND text 12345", "INCR number", "INCRBYFLOAT float 0.5", "MSET a 1 b 2 c 3", "DBSIZE"],
  ...["MGET text number none a b", "GETRANGE long 5 20", "STRLEN long", "EXISTS text text", "TIME"],
  ...["EXPIRE text 100", "TTL expires", "PERSIST expires", "TYPE text", "RENAME text other"],
  ...["SELECT 1", "HELLO 3", "HELLO 2", "COPY text copy", "BITCOUNT bits", "GETBIT bits 7"],
  ...["COMMAND COUNT", "OBJECT ENCODING text", "NOSUCH command at all", "LCS text long LEN"],
];
/** Commands that change what comes of others, or wait: how many replies there are depends on them. */
const STATE_COMMANDS = [
  ...["MULTI", "EXEC", "DISCARD", "WATCH text", "UNWATCH", "RESET", "CLIENT REPLY SKIP"],
  ...["SUBSCRIBE news", "PSUBSCRIBE n*", "UNSUBSCRIBE", "PUBLISH news hi", "SSUBSCRIBE news"],
  ...["BLPOP none 0.01", "BRPOPLPUSH none other 0.02", "BZPOPMIN none 0.01", "WAIT 1 10"],
  ...["XREAD BLOCK 10 STREAMS none $", "RPUSH list a b", "LPOP list", "CLIENT REPLY ON"],
  ...["CLIENT TRACKING ON", "CLIENT TRACKING ON BCAST", "CLIENT CACHING YES", "MONITOR"],
  ...["SUBSCRIBE a b c", "PUNSUBSCRIBE", "CLIENT PAUSE 5 WRITE", "HELLO 3", "FLUSHALL"],
];
/** Pieces of the protocol that are put in. */
const PIECES = [
  ...[
    "\r\n",
    "\n",
    "\r",
    "\0",
    " ",
    '"',
    "'",
    '"a\\x41\\n"',
    "'it''s'",
    "*",
    "$",
    "*0\r\n",
    "*-1\r\n",
  ],
  ...["*1\r\n", "*2\r\n", "*3\r\n$3\r\nSET\r\n", "*11\r\n", "*1048577\r\n", "*2147483647\r\n"],
  ...[
    "*2147483648\r\n",
    "*-2147483649\r\n",
    "*99999999999999999999\r\n",
    "*9223372036854775807\r\n",
  ],
  ...["*+1\r\n", "*01\r\n", "* 1\r\n", "*1\n", "*1\r", "*\r\n", "*x\r\n", "$0\r\n\r\n", "$-1\r\n"],
  ...[
    "$4\r\nPING\r\n",
    "$536870912\r\n",
    "$536870913\r\n",
    "$1048577\r\n",
    "$16385\r\n",
    "$-0\r\n",
  ],
  ...[
    "$4294967296\r\n",
    "$9223372036854775808\r\n",
    "$00\r\n",
    "$1\n",
    "$\r\n",
    "$ 1\r\n",
    "$1 \r\n",
  ],
  ...[
    "+OK\r\n",
    ":1\r\n",
    "%1\r\n",
    "~0\r\n",
    "_\r\n",
    "!5\r\nERR x\r\n",
    "PING\r\n",
    "GET text\n",
  ],
  "x".repeat(1000),
];
const PROTOCOL_BYTES = bytesOf("**$$\r\n\r\n\r\n01123456789-+:\"'\\x \0\xffpingPING");

/** What has failed once, or is easily got wrong; sent whole and in pieces. */
const CASES: readonly string[] = [
  // Numbers that are none.
  "*01\r\n$4\r\nPING\r\n",
  "*05\r\n$4\r\nPING\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n",
  "*1\r\n$04\r\nPING\r\n",
  "*-0\r\n",
  "*2\r\n$4\r\nECHO\r\n$-1\r\nx\r\n",
  "*2147483648\r\n",
  "*1\r\n$536870913\r\n",
  // Commands without arguments between others, and one that is not yet whole.
  "*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n\r\n*0\r\n*1\r\n$4\r\nPI",
  // A line end is two bytes, of which the second is not looked at.
  "*1\r!$4\r!PING!!*1\r\n$4\r\nPING\r\n",
  // Quotes, zero bytes and the spaces that do not end a word.
  "ECHO \"a\\x41\\\"\" \r\nECHO 'it\\'s'\n",
  'ECHO "a"b\r\n',
  "ECHO 'a\r\n",
  "PING\0 'a\r\nECHO a\vb\r\nECHO \v a\r\n",
];

function seeded(seed: number): Prng {
  return seededPrng(seed, "protocol fuzzing");
}

/** Runs every input; says which one failed. */
function fuzz(count: number, run: (prng: Prng, seed: number) => void): void {
  const seeds = seedsOf(count);
  const before = process.memoryUsage().rss;
  const startMs = performance.now();
  for (const seed of seeds) {
    try {
      run(seeded(seed), seed);
    } catch (error) {
      throw new Error(`the input with the seed ${seed} fails`, { cause: error });
    }
  }
  const elapsedMs = performance.now() - startMs;
  const grown = process.memoryUsage().rss - before;
  if (TELLS_FIGURES) {
    const each = Math.round(elapsedMs * 1e6 / seeds.length);
    console.log(`${seeds.length} inputs, ${each} ns each, the process grew by ${grown >> 20} MB`);
  }
  assert.ok(grown < GROWTH_BYTES_MAX, `${seeds.length} inputs took ${grown} bytes`);
}

/** A stream of whole commands, as arrays or inline. */
function goodStream(prng: Prng, commands: readonly string[] = COMMANDS): Uint8Array {
  let text = "";
  // Now and then more than a batch of the server's takes.
  const most = prng.below(16) === 0 ? 80 : 6;
  for (let count = 1 + prng.below(most); count > 0; count--) {
    const line = commands[prng.below(commands.length)];
    const frame = prng.below(4) === 0 ? `${line}\r\n` : framed(line.split(" "));
    // Damage rarely falls on a number's first digit or just between two commands.
    const kind = prng.below(24);
    if (kind === 0) text += frame.replace("*", `*${"0+-\0 "[prng.below(5)]}`);
    else if (kind === 1) text += frame.replace("$", () => `$${"0+-\0 "[prng.below(5)]}`);
    else if (kind === 2) text += frame + PIECES[prng.below(PIECES.length)];
    else text += frame;
  }
  return bytesOf(text);
}

/** The stream with damage, one to eight times. */
function mutated(prng: Prng, good: Uint8Array): Uint8Array {
  let bytes = good;
  for (let times = prng.below(8) + 1; times > 0; times--) {
    const at = prng.below(bytes.length + 1);
    const length = Math.min(bytes.length - at, prng.below(prng.below(64) + 1));
    const kind = prng.below(8);
    if (kind === 0 && bytes.length > 0) bytes[at % bytes.length] ^= 1 << prng.below(8);
    else if (kind === 1 && bytes.length > 0) bytes[at % bytes.length] = prng.below(256);
    else if (kind === 2 && bytes.length > 0) {
      bytes[at % bytes.length] = PROTOCOL_BYTES[prng.below(PROTOCOL_BYTES.length)];
    } else if (kind === 3) bytes = bytes.slice(0, at);
    else if (kind === 4) bytes = joined(bytes.subarray(0, at), bytes.subarray(at + length));
    else if (kind === 5) {
      const to = prng.below(bytes.length + 1);
      const copy = bytes.slice(at, at + length);
      bytes = joined(bytes.subarray(0, to), copy, bytes.subarray(to));
    } else {
      const piece = bytesOf(PIECES[prng.below(PIECES.length)]);
      bytes = joined(bytes.subarray(0, at), piece, bytes.subarray(at));
    }
  }
  return bytes;
}

/** Bytes without sense: any, those of the protocol, or those and line ends in plenty. */
function random(prng: Prng): Uint8Array {
  const bytes = new Uint8Array(prng.below(prng.below(8) === 0 ? 4000 : 200));
  const isAny = prng.below(2) === 0;
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = isAny ? prng.below(256) : PROTOCOL_BYTES[prng.below(PROTOCOL_BYTES.length)];
  }
  return bytes;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Where to cut: nowhere, at a few places, or at every byte. */
function cutsOf(prng: Prng, length: number): number[] {
  if (length < 300 && prng.below(8) === 0) return Array.from({ length }, (_, index) => index + 1);
  const cuts = Array.from({ length: prng.below(8) }, () => prng.below(length + 1));
  return cuts.sort((a, b) => a - b);
}

/** Two servers that are told the same, one of them in pieces. */
class Twins {
  readonly #whole: FuzzServer;
  readonly #pieces: FuzzServer;
  /** How many streams ended with a protocol error, and how many did not. */
  refused = 0;
  survived = 0;
  #inputs = 0;

  readonly #limits: RequestModelLimits;

  /** @param password none where it is empty. */
  constructor(password: string) {
    const options: DirectiveOptions = password === "" ? {} : { ...SMALL, requirepass: password };
    const isGuarded = password !== "";
    this.#limits = { isGuarded, bulkLengthMax: isGuarded ? 1 << 20 : 512 << 20 };
    this.#whole = new FuzzServer(options);
    this.#pieces = new FuzzServer(options);
  }

  /** @param isPlain to each command there is one reply. */
  try(bytes: Uint8Array, prng: Prng, isPlain: boolean): void {
    try {
      this.#try(bytes, prng, isPlain);
    } catch (error) {
      throw new Error(`sent: ${JSON.stringify(latin1(bytes))}`, { cause: error });
    }
  }

  #try(bytes: Uint8Array, prng: Prng, isPlain: boolean): void {
    const servers = [this.#whole, this.#pieces];
    const guest = latin1(this.#whole.ask(PING));
    this.#pieces.ask(PING);
    for (const server of servers) server.ask(PRELUDE_BYTES);
    const one = this.#whole.connect();
    const other = this.#pieces.connect(prng);
    one.send(bytes);
    // Another client's commands between the pieces must not get among them.
    const isAlone = !isPlain || prng.below(2) === 0;
    const [, stranger] = servers.map((server) => server.connect());
    const between = () => isAlone || stranger.send(OTHERS);
    other.send(bytes, cutsOf(prng, bytes.length), between);
    if (!isPlain) { for (const server of servers) this.#wait(server, [one, other]); }
    const answer = one.take();
    assert.equal(latin1(other.take()), latin1(answer), "in pieces it is answered otherwise");
    assert.equal(other.isEnded, one.isEnded);
    assert.equal(one.isDestroyed, false);
    // HELLO comes unhurt or it is none; in both it is the six bytes that matter.
    const mixes = /hello/i.test(latin1(bytes));
    const replies = new StrictReplies(answer, { resp2: true, resp3: mixes });
    if (isPlain) this.#checkCount(bytes, one, replies);
    for (const server of servers) {
      assert.ok(server.engine.usedMemoryBytes < HELD_BYTES_MAX, "too much is held");
      assert.equal(latin1(server.ask(PING)), guest);
    }
    for (const server of servers) server.disconnect();
    if (this.#inputs++ % CHECK_EVERY === 0) this.#check();
    for (const server of servers) server.empty();
  }

  /** Until nobody waits any more. */
  #wait(server: FuzzServer, sockets: readonly FuzzSocket[]): void {
    for (let round = 0; round < 200; round++) {
      const clients = [...server.engine.clients.values()];
      if (!clients.some((client) => client.blocked !== null || client.isPostponed)) break;
      server.advance(20);
      server.unpause();
      for (const socket of sockets) socket.drain();
    }
  }

  #checkCount(bytes: Uint8Array, one: FuzzSocket, replies: StrictReplies): void {
    const { commandCount, error } = readRequests(latin1(bytes), this.#limits);
    assert.equal(replies.count, commandCount + (error === undefined ? 0 : 1), "replies");
    assert.equal(one.isEnded, error !== undefined);
    if (error !== undefined) {
      assert.equal(replies.line(replies.count - 1), `-ERR Protocol error: ${error}`);
      this.refused++;
    } else this.survived++;
  }

  #check(): void {
    assert.equal(
      keyspaceDigest(this.#pieces.engine.keyspace),
      keyspaceDigest(this.#whole.engine.keyspace),
    );
    for (const server of [this.#whole, this.#pieces]) {
      server.engine.keyspace.check();
      server.advance(100);
    }
  }
}

/** Servers that a stream meets: one as it comes, and one that wants a password first. */
function streams(): { try(bytes: Uint8Array, prng: Prng, isPlain: boolean): void; open: Twins } {
  const open = new Twins("");
  const guarded = new Twins("secret");
  return {
    open,
    try: (bytes, prng, isPlain) => (prng.below(4) === 0 ? guarded : open).try(bytes, prng, isPlain),
  };
}

test("what has failed once, or is easily got wrong", () => {
  const { open } = streams();
  for (const text of CASES) {
    for (let round = 0; round < 20; round++) open.try(bytesOf(text), seeded(round), true);
  }
  assert.ok(open.refused > 0 && open.survived > 0);
});

test(`${MUTATED_COUNT} damaged streams of commands`, () => {
  const servers = streams();
  fuzz(MUTATED_COUNT, (prng) => servers.try(mutated(prng, goodStream(prng)), prng, true));
  if (IS_ALONE) return;
  // Were nearly all of them refused, or none, little would have been tried.
  const { refused, survived } = servers.open;
  assert.ok(refused > MUTATED_COUNT / 10, `${refused} refused`);
  assert.ok(survived > MUTATED_COUNT / 10, `${survived} survived`);
});

test(`${RANDOM_COUNT} streams of bytes without sense`, () => {
  const servers = streams();
  fuzz(RANDOM_COUNT, (prng) => servers.try(random(prng), prng, true));
});

test(`${MUTATED_COUNT} damaged streams of commands that change the connection`, () => {
  const servers = streams();
  const commands = [...STATE_COMMANDS, ...STATE_COMMANDS, ...COMMANDS];
  fuzz(MUTATED_COUNT, (prng) => {
    const stream = goodStream(prng, commands);
    servers.try(prng.below(2) === 0 ? stream : mutated(prng, stream), prng, false);
  });
});

/** What may close a connection, or change what the next one may do. */
const ENDING = /^(client kill|quit|config set|acl (setuser|deluser|load)|reset)/i;
/** Not answered, or only where something else was said before it. */
const SILENT = new Set(["client|reply", "quit"]);
/** Longer than anybody waits who does not wait for ever. */
const WAITED_MS = 2000;

/** A server for commands made from their definitions. */
class GrammarServer {
  readonly #server: FuzzServer = new FuzzServer({
    ...SMALL,
    ...SMALL_LIMITS,
    "enable-debug-command": "yes",
  });
  readonly #grammar: CommandGrammar;
  /** By full name: how often it was sent, and how often answered with something but an error. */
  readonly sent: Map<string, number> = new Map();
  readonly answered: Map<string, number> = new Map();

  constructor() {
    this.#server.ask(EVERYTHING_BYTES);
    const payloads = ["text", "number", "long", "list", "long hash", "set", "zset", "stream"].map(
      (key) => {
        const dump = latin1(this.#server.ask(bytesOf(framed(["dump", key]))));
        return dump.slice(dump.indexOf("\n") + 1, -2);
      },
    );
    this.#server.empty();
    this.#grammar = new CommandGrammar(this.#server.engine, seeded(0), payloads);
  }

  get names(): string[] {
    return this.#grammar.commands.map((command) => command.fullName);
  }

  /** Sends a few commands, of which the seed says which is the first: all of them have a turn. */
  try(prng: Prng, seed: number): void {
    this.#grammar.prng = prng;
    const { commands } = this.#grammar;
    const sent: string[][] = [];
    let text = "";
    for (let i = 0, count = 1 + prng.below(5); i < count; i++) {
      const which = i === 0 ? seed % commands.length : prng.below(commands.length);
      const words = this.#grammar.command(which);
      sent.push(words);
      const isPlain = words.every((word) => /^[\w.*?+-]+$/.test(word));
      text += isPlain && prng.below(4) === 0 ? `${words.join(" ")}\r\n` : framed(words);
    }
    try {
      this.#try(sent, bytesOf(text), prng);
      if (seed % CHECK_EVERY === 0) this.#check();
      this.#server.restoreConfig();
      this.#server.restoreUsers();
      this.#server.empty();
    } catch (error) {
      throw new Error(`sent: ${JSON.stringify(text)}`, { cause: error });
    }
  }

  #try(sent: readonly (readonly string[])[], bytes: Uint8Array, prng: Prng): void {
    const server = this.#server;
    server.ask(EVERYTHING_BYTES);
    if (prng.below(2) === 0) server.advance(2);
    const isResp3 = prng.below(2) === 0;
    const socket = server.connect(prng);
    const model = new ConnectionModel((words, isError) => this.#count(words, isError));
    const client = socket.owner as Client;
    if (isResp3) {
      model.send(["hello", "3"]);
      socket.send(bytesOf("HELLO 3\r\n"));
    }
    for (const words of sent) model.send(words);
    socket.send(bytes, cutsOf(prng, bytes.length));
    server.unpause();
    socket.drain();
    // Those that wait have waited.
    server.advance(WAITED_MS);
    server.unpause();
    socket.drain();
    model.hear(socket.take());
    const mayEnd = sent.some((words) => ENDING.test(words.join(" ")));
    assert.ok(mayEnd || !socket.isOver, "the connection was closed");
    if (!socket.isOver && client.blocked === null && !model.isLost) {
      assert.deepEqual(model.waiting, [], "commands are not answered");
    }
    assert.ok(server.engine.usedMemoryBytes < HELD_BYTES_MAX, "too much is held");
    const guest = latin1(server.ask(PING));
    if (!mayEnd) assert.equal(guest, "+PONG\r\n");
    else assert.match(guest, /^(\+PONG|-NOAUTH .*|-NOPERM .*|-ERR max number .*)\r\n$/);
    server.disconnect();
    server.settle();
  }

  #count(words: readonly string[], isError: boolean): void {
    const name = nameOf(this.#server.engine, words);
    this.sent.set(name, (this.sent.get(name) ?? 0) + 1);
    if (!isError) this.answered.set(name, (this.answered.get(name) ?? 0) + 1);
  }

  #check(): void {
    this.#server.engine.keyspace.check();
    this.#server.advance(100);
  }
}

test(`${GRAMMAR_COUNT} inputs of commands made from their definitions`, () => {
  const server = new GrammarServer();
  fuzz(GRAMMAR_COUNT, (prng, seed) => server.try(prng, seed));
  if (IS_ALONE) return;
  const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((a, b) => a + b);
  const ratio = sum(server.answered) / sum(server.sent);
  // Were nearly all of them refused, or none, little would have been tried.
  assert.ok(ratio > 0.3 && ratio < 0.9, `${ratio} of the commands were answered`);
  if (GRAMMAR_COUNT < 1000) return;
  for (const name of server.names) {
    if (!SILENT.has(name)) assert.ok(server.sent.has(name), name);
  }
});
