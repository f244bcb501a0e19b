/**
 * Commands made from their own definitions: what COMMAND DOCS says of the arguments is what is sent,
 * with keys that exist, numbers at the edges of what fits, and, in every third, a mistake.
 */
import { latin1Bytes } from "../../src/base/ascii.ts";
import type { Prng } from "../../src/base/prng.ts";
import type { ArgumentSpecification, CommandGroup } from "../../src/command/definition.ts";
import type { DirectiveOptions } from "../../src/server/config/load.ts";
import type { Command } from "../../src/server/registry.ts";
import type { Engine } from "../../src/server/engine.ts";
import {
  BLOCK_MS,
  SERVER_NAMED,
  SETTINGS_OF,
  STATE_COMMANDS,
  TIMEOUTS,
} from "./server_vocabulary.ts";

/** Strings of bytes, one a character. */
type Words = string[];

/** Keys that {@link PRELUDE} makes, and some that are not there, by the group of the commands. */
const STRING_KEYS = [
  ...["text", "number", "float", "expires", "gone", "long", "bits", "", "a\0b\r\n", "none"],
];
const KEYS_OF: Partial<Record<CommandGroup, readonly string[]>> = {
  list: ["list", "list", "long list", "new list"],
  hash: ["hash", "long hash", "new hash"],
  set: ["set", "ints", "long set", "new set"],
  "sorted-set": ["zset", "long zset", "set", "new zset"],
  geo: ["places", "zset", "new zset"],
  stream: ["stream", "stream", "stream", "long stream", "long stream", "new stream"],
  hyperloglog: ["hll", "new hll"],
};
const KEYS = [...STRING_KEYS, ...Object.values(KEYS_OF).flat()];
/** What elements, members and fields are called: some are there. */
const ELEMENTS = ["a", "b", "c", "1", "2", "-3", "4.5", "item 7", "m".repeat(70), "n".repeat(300)];
const IDS = [
  ...["*", "$", ">", "-", "+", "0", "0-0", "1-1", "2-0", "5-1", "5-5", "7-*", "(1-1", "99999"],
  ...["1700000000000-5", "18446744073709551615-18446744073709551615", "50-0", "51"],
];
const SCORE_ENDS = ["-inf", "+inf", "(1", "1", "2", "(3.5", "0", "100", "inf"];
const LEX_ENDS = ["-", "+", "[a", "(a", "[m", "(zz", "[item 7"];
const COORDINATES = ["0", "1.5", "-1.5", "13.361389", "38.115556", "15.08", "37.5", "85"];
/** By the name of an argument: what is there, mostly. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  element: ELEMENTS,
  pivot: ELEMENTS,
  member: ELEMENTS,
  member1: ELEMENTS,
  member2: ELEMENTS,
  field: ELEMENTS,
  score: ["0", "1", "-1", "2.5", "inf", "-inf", "1e20", "3"],
  increment: ["1", "-1", "2", "0.5", "1000000"],
  cursor: ["0"],
  count: ["0", "1", "2", "3", "10", "-2", "1000"],
  rank: ["1", "-1", "2"],
  radius: ["100", "10000", "20000000", "0"],
  width: ["400", "100000"],
  height: ["400", "100000"],
  longitude: COORDINATES,
  latitude: COORDINATES,
  group: ["group", "group", "group", "other", "none"],
  consumer: ["alice", "bob", "carol"],
  id: IDS,
  "new-id": IDS,
  lastid: IDS,
  "last-id": IDS,
  start: ["0", "1", "-1", "-3", "-", "5-1"],
  stop: ["-1", "0", "2", "5", "+", "5-1"],
  end: ["+", "-1", "5-5", "50-0", "10"],
  threshold: ["0", "1", "3", "50", "5-1"],
  index: ["0", "1", "-1", "3"],
  weight: ["1", "2", "0", "-1", "0.5"],
  "min-idle-time": ["0", "1", "100000"],
  seconds: ["100", "0", "-1", "100000"],
  milliseconds: ["100000", "1", "0"],
  "unix-time-seconds": ["2000000000", "1"],
  "unix-time-milliseconds": ["2000000000000", "1"],
};
const INTEGERS = [
  ...["0", "1", "-1", "2", "7", "8", "10", "63", "64", "100", "255", "1000", "4095"],
  ...["65536", "1048575", "8388607", "8388608", "2147483647", "2147483648", "-2147483648"],
  ...["4294967295", "4294967296", "9007199254740991", "9007199254740993"],
  ...["9223372036854775807", "9223372036854775808", "-9223372036854775808"],
  ...["-9223372036854775809", "18446744073709551615", "99999999999999999999"],
];
const ODD_NUMBERS = ["", " 1", "1 ", "+1", "01", "-0", "0x10", "1e3", "1.0", "nan", "#1", "1\0"];
const DOUBLES = [
  ...["0", "1.5", "-1.5", "3e10", "1e-300", "1e308", "-1e308", "inf", "-inf", "nan", "0.1"],
  ...["1e5000", "-0", "5e-324", "123456789012345678901234567890", "0x1p3", ".5", "5."],
];
const TEXTS = [
  ...["", "a", "hello", "12", "-7", "0", "9223372036854775807", "1.25", "value with spaces"],
  ...["*", "%", "$5", "\r\n", "+OK\r\n", "\0", "\xff\xfe\x80", "caf\xc3\xa9", "u8", "i64", "u63"],
  ...[
    "x".repeat(63),
    "y".repeat(64),
    "z".repeat(1000),
    "ab".repeat(10_000),
    "#3",
    "raw",
    "default",
  ],
  ...["127.0.0.1:50000", "normal", "string", "hash", "BYTE", "BIT", "AND", "NOT", "overflow"],
  ...["maxmemory", "hz", "get", "set", "config|get", "all", "everything", "server", "1-1"],
];
const PATTERNS = [
  "*",
  "?",
  "[a-z]*",
  "[^a]*",
  "\\*",
  "[",
  "*e*",
  "t??t",
  "",
  "**********a",
  "max*",
];
/** Directives that would let one command take hundreds of megabytes. */
const DIRECTIVES_LEFT_OUT = new Set(["proto-max-bulk-len"]);
const SETTINGS = ["yes", "no", "1", "2", "3", "0", "100mb", "900 1", "noeviction", "-1", "x", ""];
/** Groups of commands that are not about the values of keys. */
const SERVER_GROUPS = new Set(["server", "connection", "pubsub", "transactions", "cluster"]);

/** What DEBUG takes, which has no definition of its arguments. Nothing here ends or blocks. */
const DEBUG: readonly (readonly [name: string, ...kinds: ArgumentSpecification["type"][]])[] = [
  ["object", "key"],
  ["sdslen", "key"],
  ["digest"],
  ["digest-value", "key", "key"],
  ["error", "string"],
  ["htstats", "integer"],
  ["htstats-key", "key"],
  ["listpack", "key"],
  ["quicklist", "key"],
  ["log", "string"],
  ["protocol", "string"],
  ["reload"],
  ["reload", "string"],
  ["replicate", "string"],
  ["set-active-expire", "integer"],
  ["set-skip-checksum-validation", "integer"],
  ["stringmatch-len", "string", "pattern"],
  ["change-repl-id"],
  ["config-rewrite-force-all"],
  ["client-eviction"],
  ["quicklist-packed-threshold", "string"],
  ["replybuffer", "string", "string"],
  ["restart", "integer"],
  ["help"],
  ["nothing", "string"],
];
const PROTOCOL_TYPES = [
  ...["string", "integer", "double", "bignum", "null", "array", "set", "map", "attrib", "push"],
  ...["verbatim", "true", "false"],
];

/** The commands that every input begins after: strings. */
export const PRELUDE: readonly Words[] = [
  [
    "mset",
    "text",
    "hello world",
    "number",
    "1234",
    "float",
    "3.25",
    "long",
    "0123456789".repeat(300),
  ],
  ["set", "", "the empty key"],
  ["set", "a\0b\r\n", "-5"],
  ["set", "expires", "soon", "ex", "100"],
  ["set", "gone", "already", "px", "1"],
  ["setbit", "bits", "77", "1"],
];

/** And what the commands of a grammar find besides: every other type, small and large. */
export const COLLECTIONS: readonly Words[] = [
  ["rpush", "list", "a", "b", "1", "2", "a", "-3"],
  ["rpush", "long list", ...many((i) => [i % 9 === 0 ? `element ${i}`.repeat(40) : `item ${i}`])],
  ["hset", "hash", "a", "1", "b", "text", "1", "2.5", "4.5", ""],
  ["hset", "long hash", ...many((i) => [`item ${i}`, String(i)]), "n".repeat(300), "x"],
  ["hexpire", "hash", "1000", "fields", "1", "b"],
  ["sadd", "set", "a", "b", "1", "4.5"],
  ["sadd", "ints", "1", "2", "-3", "70000"],
  ["sadd", "long set", ...many((i) => [`item ${i}`]), "m".repeat(70), "a"],
  ["zadd", "zset", "0", "a", "1", "b", "1", "c", "2.5", "1", "inf", "-3"],
  ["zadd", "long zset", ...many((i) => [String(i % 9), `item ${i}`]), "7", "n".repeat(300)],
  ["geoadd", "places", "13.361389", "38.115556", "a", "15.087269", "37.502669", "b"],
  ["xadd", "stream", "1-1", "a", "1", "b", "2"],
  ["xadd", "stream", "5-1", "a", "3", "b", "4"],
  ["xadd", "stream", "5-5", "other", "x"],
  ["xgroup", "create", "stream", "group", "0"],
  ["xgroup", "create", "stream", "other", "$"],
  ["xreadgroup", "group", "group", "alice", "count", "2", "streams", "stream", ">"],
  ...Array.from({ length: 30 }, (_, i) => ["xadd", "long stream", `${50 + i}-0`, "a", `${i * i}`]),
  ["xgroup", "create", "long stream", "group", "0"],
  ["xreadgroup", "group", "group", "bob", "count", "20", "streams", "long stream", ">"],
  ["pfadd", "hll", "a", "b", "c"],
];

/** With these limits a few elements are enough for the large encodings. */
export const SMALL_LIMITS: DirectiveOptions = {
  "hash-max-listpack-entries": "16",
  "set-max-listpack-entries": "16",
  "zset-max-listpack-entries": "16",
  "list-max-listpack-size": "16",
  "stream-node-max-entries": "10",
};

/** More than the limits. */
function many(words: (index: number) => Words): Words {
  return Array.from({ length: 25 }, (_, index) => words(index)).flat();
}

/** Bytes of a command as an array of bulk strings. */
export function framed(words: Words): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}

/** Makes commands for one engine; the same numbers make the same commands. */
export class CommandGrammar {
  /** What it draws from: commands and, of those that are containers, what they contain. */
  readonly commands: readonly Command[];
  readonly #texts: readonly string[];
  readonly #payloads: readonly string[];
  #prng: Prng;
  readonly #engine: Engine;
  readonly #directives: readonly string[];
  /** Of {@link STATE_COMMANDS}, where each stands among {@link commands}. */
  readonly #stateIndexes: readonly number[];
  /** Of the command that is being made. */
  #group: CommandGroup = "string";
  /** How often what may stand several times stood last: what numbers count, and what has to match. */
  #times = 1;
  /** Of the same sort throughout a command. */
  #choice = 0;

  /**
   * @param prng where its choices come from.
   * @param payloads what DUMP makes, for RESTORE.
   */
  constructor(engine: Engine, prng: Prng, payloads: readonly string[]) {
    // Containers stay among them: named alone, or with what they do not know.
    this.commands = engine.commands.commands
      .flatMap((command) => [command, ...command.subcommands?.commands ?? []])
      // The one ends the server, and the other takes a second of it each time.
      .filter(({ fullName }) => fullName !== "shutdown" && fullName !== "pfselftest");
    this.#texts = [...TEXTS, ...payloads];
    this.#payloads = payloads;
    this.#prng = prng;
    this.#engine = engine;
    this.#directives = engine.config.matching(["*"]).map(([name]) => name)
      .filter((name) => !DIRECTIVES_LEFT_OUT.has(name));
    this.#stateIndexes = STATE_COMMANDS.map((name) =>
      this.commands.findIndex(({ fullName }) => fullName === name)
    );
  }

  /** A command that changes the state of a connection, or is felt by others: its index. */
  stateCommand(): number {
    return this.#pick(this.#stateIndexes);
  }

  /** Where choices come from, from now on. */
  set prng(prng: Prng) {
    this.#prng = prng;
  }

  /** One command; `index` says which, of {@link commands}. */
  command(index: number): Words {
    const command = this.commands[index];
    if (command.fullName === "debug") return this.#spoiled(this.#debug(), true);
    const words: Words = command.fullName.split("|");
    const names = words.length;
    if (command.fullName === "config|set") {
      for (let pairs = 1 + this.#prng.below(2); pairs > 0; pairs--) words.push(...this.setting());
      return words;
    }
    if (/^command\|getkeys/.test(command.fullName) && this.#prng.below(4) > 0) {
      const { length } = this.commands;
      return [...words, ...this.command(this.#prng.below(length))];
    }
    this.#group = command.definition.group;
    this.#choice = this.#prng.below(3);
    this.#arguments(command.definition.arguments ?? [], words);
    if (command.definition.arguments === undefined) {
      const least = Math.abs(command.arity);
      while (words.length < least) words.push(this.#pick(this.#texts));
      if (command.subcommands !== null && this.#prng.below(4) > 0) words.push(this.#text());
    }
    const isBadlySpelled = this.#prng.below(8) === 0;
    for (let i = 0; i < (isBadlySpelled ? words.length : names); i++) {
      if (this.#prng.below(2) === 0) words[i] = upper(words[i]);
    }
    return this.#prng.below(3) === 0 ? this.#spoiled(words, false) : words;
  }

  /** A directive and a value for it, mostly one that it takes. */
  setting(): [name: string, value: string] {
    const prng = this.#prng;
    const known = prng.below(4) > 0;
    const name = this.#pick(known ? Object.keys(SETTINGS_OF) : this.#directives);
    const values = prng.below(8) === 0 ? SETTINGS : SETTINGS_OF[name];
    if (values !== undefined) return [name, this.#pick(values)];
    // What it is already is always right; a number may be another one.
    const value = this.#engine.config.get(name) ?? "";
    return [name, /^\d+$/.test(value) ? this.#pick(["0", "1", "10", "1000", value]) : value];
  }

  #debug(): Words {
    const [name, ...kinds] = this.#pick(DEBUG);
    if (this.#prng.below(12) === 0) {
      return ["debug", "populate", String(this.#prng.below(50)), "p", String(this.#prng.below(99))];
    }
    if (name === "protocol" && this.#prng.below(8) > 0) {
      return ["debug", name, this.#pick(PROTOCOL_TYPES)];
    }
    return ["debug", name, ...kinds.map((type) => this.#value(type))];
  }

  #arguments(specifications: readonly ArgumentSpecification[], words: Words): void {
    let counted = -1;
    for (const each of specifications) {
      if (/^num(keys|fields)$/.test(each.name)) counted = words.length + Number(!!each.token);
      this.#argument(each, words);
      if (counted < 0 || !each.flags?.includes("multiple")) continue;
      if (this.#prng.below(16) > 0) words[counted] = String(this.#times);
      counted = -1;
    }
  }

  #argument(specification: ArgumentSpecification, words: Words): void {
    const prng = this.#prng;
    const { name, token, type } = specification;
    const flags = specification.flags ?? [];
    // Without either there is not much to be done with a key.
    if (flags.includes("optional") && prng.below(2) === 0) return;
    // As many ids as streams, and as many weights as keys.
    const isMatching = (name === "id" && token === undefined || name === "weight") &&
      prng.below(16) > 0;
    const times = flags.includes("multiple") ? isMatching ? this.#times : 1 + prng.below(3) : 1;
    for (let i = 0; i < times; i++) {
      if (token !== undefined && type !== "pure-token") {
        if (i === 0 || flags.includes("multiple_token")) words.push(token);
      }
      if (type === "pure-token") words.push(token ?? name);
      else if (type === "oneof") this.#argument(this.#pick(specification.arguments!), words);
      else if (type === "block") this.#arguments(specification.arguments!, words);
      else words.push(this.#named(name, type) ?? this.#value(type));
    }
    if (flags.includes("multiple")) this.#times = times;
  }

  /** What mostly stands where few values make sense, and nothing else would ever get far. */
  #named(name: string, type: ArgumentSpecification["type"]): string | undefined {
    const prng = this.#prng;
    if (name === "timeout" && prng.below(12) > 0) return this.#pick(TIMEOUTS);
    if (name === "client-id" && prng.below(8) > 0) return this.#clientId();
    const isServer = SERVER_GROUPS.has(this.#group);
    if (prng.below(this.#group in KEYS_OF || isServer ? 12 : 4) === 0) return undefined;
    if (isServer && SERVER_NAMED[name] !== undefined) return this.#pick(SERVER_NAMED[name]);
    if (name === "milliseconds" && this.#group === "stream") return this.#pick(BLOCK_MS);
    if (this.#group === "sorted-set" && /^(min|max|start|stop)$/.test(name)) {
      // Ends of one sort for a whole command.
      if (type !== "string" || this.#choice === 0) return this.#pick(SCORE_ENDS);
      return this.#pick(this.#choice === 1 || /^m/.test(name) ? LEX_ENDS : NAMED[name]);
    }
    if (this.#group in KEYS_OF && NAMED[name] !== undefined) return this.#pick(NAMED[name]);
    if (name === "bit") return String(prng.below(2));
    if (name === "offset") return String(prng.below(100));
    if (/^index|db$/.test(name)) return String(prng.below(16));
    return name === "serialized-value" ? this.#pick(this.#payloads) : undefined;
  }

  #value(type: ArgumentSpecification["type"]): string {
    switch (type) {
      case "key":
        return this.#pick(this.#prng.below(6) === 0 ? KEYS : KEYS_OF[this.#group] ?? KEYS);
      case "integer":
      case "unix-time":
        return this.#integer();
      case "double":
        return this.#pick(DOUBLES);
      case "pattern":
        return this.#pick(PATTERNS);
      default:
        return this.#text();
    }
  }

  #integer(): string {
    const prng = this.#prng;
    if (prng.below(4) === 0) return String(prng.below(2));
    if (prng.below(2) === 0) return String(prng.below(40) - 8);
    return this.#pick(prng.below(12) === 0 ? ODD_NUMBERS : INTEGERS);
  }

  /** One of a connection that there is, mostly. */
  #clientId(): string {
    const ids = [...this.#engine.clients.keys()];
    return ids.length === 0 ? "1" : String(this.#pick(ids));
  }

  #text(): string {
    return this.#pick(this.#texts);
  }

  /** With a mistake: something is missing, too much, twice, at the wrong place or senseless. */
  #spoiled(words: Words, isGentle: boolean): Words {
    const prng = this.#prng;
    // Where the name stands is left as it is, or other commands than meant would be run.
    const at = 1 + prng.below(words.length);
    const kind = prng.below(isGentle ? 3 : 8);
    const isName = isGentle && at === 1;
    if (kind === 0) words.splice(Math.max(at, isGentle ? 2 : 1), 1);
    else if (kind === 1 && !isGentle) words.splice(at, 0, words[at] ?? this.#text());
    else if (kind === 2 && !isGentle) words.push(this.#text());
    else if (kind === 3) words[at] = this.#text();
    else if (kind === 4) words[at] = this.#integer();
    else if (kind === 5) words[at] = this.#pick(ODD_NUMBERS);
    else if (kind === 6 && at < words.length && !isName) {
      const other = 1 + prng.below(words.length - 1);
      [words[at], words[other]] = [words[other], words[at]];
    } else if (kind === 7) words.length = at;
    return words;
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#prng.below(values.length)];
  }
}

function upper(word: string): string {
  return word.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

/** A string of bytes, one a character, as bytes. */
export function bytesOf(text: string): Uint8Array {
  return latin1Bytes(text);
}
