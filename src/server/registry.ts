/**
 * The commands of one server, found by the bytes of their names, with what they have done so far.
 *
 * The definitions are shared by all servers in a process; flags as bits, key positions and counters
 * are this server's own.
 */
import { LOWER } from "../base/ascii.ts";
import type { Call } from "../command/call.ts";
import type { AclCategory, CommandDefinition, CommandFlag } from "../command/definition.ts";
import { keyPlanOf } from "./commands/command_keys.ts";
import type { KeyPlan } from "./commands/command_keys.ts";
import { LatencyHistogram } from "./latency/histogram.ts";

export const FLAG_WRITE = 1;
export const FLAG_READONLY = 2;
export const FLAG_DENYOOM = 4;
export const FLAG_ADMIN = 8;
export const FLAG_NO_AUTH = 16;
export const FLAG_LOADING = 32;
export const FLAG_STALE = 64;
export const FLAG_PROTECTED = 128;
export const FLAG_FAST = 256;
export const FLAG_MAY_REPLICATE = 512;
export const FLAG_NO_MULTI = 1024;
export const FLAG_ALLOW_BUSY = 2048;
export const FLAG_BLOCKING = 4096;
export const FLAG_SKIP_SLOWLOG = 8192;
export const FLAG_SKIP_MONITOR = 16384;

/** Runs at once between MULTI and EXEC. */
export const FLAG_NOT_QUEUED = 32768;
/** Allowed to a connection of RESP2 that has subscribed. */
export const FLAG_WHILE_SUBSCRIBED = 65536;
/** EXEC itself, which has the flags of what it runs. */
export const FLAG_EXEC = 131072;

const FLAG_BITS: Partial<Record<CommandFlag, number>> = {
  write: FLAG_WRITE,
  readonly: FLAG_READONLY,
  denyoom: FLAG_DENYOOM,
  admin: FLAG_ADMIN,
  no_auth: FLAG_NO_AUTH,
  loading: FLAG_LOADING,
  stale: FLAG_STALE,
  protected: FLAG_PROTECTED,
  fast: FLAG_FAST,
  may_replicate: FLAG_MAY_REPLICATE,
  no_multi: FLAG_NO_MULTI,
  allow_busy: FLAG_ALLOW_BUSY,
  blocking: FLAG_BLOCKING,
  skip_slowlog: FLAG_SKIP_SLOWLOG,
  skip_monitor: FLAG_SKIP_MONITOR,
};

/** What pipelines are made of. Their values can be long, but then few of them make a pipeline. */
const SHORT_COMMANDS: ReadonlySet<string> = new Set([
  "get",
  "set",
  "incr",
  "decr",
  "incrby",
  "decrby",
  "setnx",
  "getset",
  "exists",
  "expire",
  "pexpire",
  "ttl",
  "pttl",
  "type",
  "getbit",
  "setbit",
  "strlen",
  "ping",
  "lpush",
  "rpush",
  "lpop",
  "rpop",
  "llen",
  "lindex",
  "hset",
  "hget",
  "hexists",
  "hincrby",
  "hlen",
  "sadd",
  "srem",
  "sismember",
  "scard",
  "spop",
  "zadd",
  "zincrby",
  "zscore",
  "zcard",
  "zrank",
  "zpopmin",
  "zpopmax",
  "geoadd",
  "geodist",
  "geopos",
  "xadd",
  "xack",
  "xdel",
  "xlen",
  "pfadd",
  "pfcount",
]);

/** Flags by name that definitions do not know. */
const FLAGS_BY_NAME: Readonly<Record<string, number>> = {
  exec: FLAG_NOT_QUEUED | FLAG_EXEC,
  discard: FLAG_NOT_QUEUED,
  multi: FLAG_NOT_QUEUED,
  watch: FLAG_NOT_QUEUED,
  quit: FLAG_NOT_QUEUED | FLAG_WHILE_SUBSCRIBED,
  reset: FLAG_NOT_QUEUED | FLAG_WHILE_SUBSCRIBED,
  ping: FLAG_WHILE_SUBSCRIBED,
  subscribe: FLAG_WHILE_SUBSCRIBED,
  psubscribe: FLAG_WHILE_SUBSCRIBED,
  ssubscribe: FLAG_WHILE_SUBSCRIBED,
  unsubscribe: FLAG_WHILE_SUBSCRIBED,
  punsubscribe: FLAG_WHILE_SUBSCRIBED,
  sunsubscribe: FLAG_WHILE_SUBSCRIBED,
};

/** Whatever expires under them has nothing to do with what else does (Redis's "arbitrary keys"). */
export const VISITORS: ReadonlySet<string> = new Set(["scan", "randomkey"]);

/** A command of this server. */
export class Command {
  /** Counts the commands of a server, subcommands among them, from 0. */
  id = 0;
  readonly definition: CommandDefinition;
  /** `get`; `config|get` for a subcommand. */
  readonly fullName: string;
  /** What clients call it by: its name, unless `rename-command` says otherwise. In lower case. */
  calledName: string;
  readonly arity: number;
  readonly flags: number;
  /** It takes the same short time whatever the data: it need not be timed by itself. */
  readonly isShort: boolean;
  /** It meets keys by lot or in turn: the DEL of each that has expired stands for itself. */
  readonly visitsKeysAsTheyCome: boolean;
  readonly run: ((call: Call) => void) | null;
  readonly parent: Command | null;
  readonly subcommands: CommandTable | null;

  /** How its keys are found. */
  readonly keyPlan: KeyPlan;

  calls = 0;
  microseconds = 0;
  rejectedCalls = 0;
  failedCalls = 0;
  /** How long its calls took; null as long as it has not been called. */
  latencyHistogram: LatencyHistogram | null = null;

  constructor(definition: CommandDefinition, parent: Command | null) {
    this.definition = definition;
    this.parent = parent;
    this.fullName = parent === null ? definition.name : `${parent.fullName}|${definition.name}`;
    this.calledName = definition.name;
    this.arity = definition.arity;
    this.run = definition.run ?? null;
    this.keyPlan = keyPlanOf(definition);
    this.isShort = SHORT_COMMANDS.has(definition.name) && parent === null;
    this.visitsKeysAsTheyCome = VISITORS.has(definition.name) && parent === null;
    let flags = parent === null ? FLAGS_BY_NAME[definition.name] ?? 0 : 0;
    for (const flag of definition.flags) flags |= FLAG_BITS[flag] ?? 0;
    this.flags = flags;
    this.subcommands = definition.subcommands === undefined
      ? null
      : new CommandTable(definition.subcommands.map((each) => new Command(each, this)));
  }

  /** True when a command with so many arguments, names included, can run. */
  accepts(argumentCount: number): boolean {
    return this.arity >= 0 ? argumentCount === this.arity : argumentCount >= -this.arity;
  }

  /** ACL categories, those that the flags imply included, in Redis's order. */
  get categories(): AclCategory[] {
    const given = new Set(this.definition.acl ?? []);
    const flags = new Set(this.definition.flags);
    if (flags.has("write")) given.add("write");
    // Redis: a command that only reads and is about no keys at all is not @read.
    if (flags.has("readonly") && !given.has("scripting")) given.add("read");
    if (flags.has("admin")) given.add("admin").add("dangerous");
    if (flags.has("pubsub")) given.add("pubsub");
    if (flags.has("fast")) given.add("fast");
    if (flags.has("blocking")) given.add("blocking");
    if (!given.has("fast")) given.add("slow");
    return CATEGORY_ORDER.filter((category) => given.has(category));
  }

  /** Notes how long calls have taken, each (INFO latencystats, LATENCY HISTOGRAM). */
  recordLatency(us: number, calls: number): void {
    this.latencyHistogram ??= new LatencyHistogram();
    this.latencyHistogram.record(us * 1000, calls);
  }

  resetStatistics(): void {
    this.latencyHistogram = null;
    this.calls = 0;
    this.microseconds = 0;
    this.rejectedCalls = 0;
    this.failedCalls = 0;
    for (const each of this.subcommands?.commands ?? []) each.resetStatistics();
  }
}

/** The categories in the order in which Redis lists them. */
export const CATEGORY_ORDER: readonly AclCategory[] = [
  "keyspace",
  "read",
  "write",
  "set",
  "sortedset",
  "list",
  "hash",
  "string",
  "bitmap",
  "hyperloglog",
  "geo",
  "stream",
  "pubsub",
  "admin",
  "fast",
  "slow",
  "blocking",
  "dangerous",
  "connection",
  "transaction",
  "scripting",
];

/** Slots for names of three and four letters, of which Redis has some eighty. */
const SHORT_MASK = 511;

function shortSlot(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> 23;
}

/** Commands by the bytes of their names, in any case: open addressing, nothing allocated. */
export class CommandTable {
  readonly commands: readonly Command[];
  readonly #declared: readonly Command[];
  readonly #slots: (Command | null)[];
  readonly #mask: number;
  /** Names of three and four letters as little-endian words. */
  readonly #shortWords: Int32Array = new Int32Array(SHORT_MASK + 1);
  readonly #shortCommands: (Command | null)[] = new Array<Command | null>(SHORT_MASK + 1).fill(
    null,
  );

  /** @param renamed from declared names to those in force; "" takes a command away. */
  constructor(commands: readonly Command[], renamed: ReadonlyMap<string, string> = new Map()) {
    for (const command of commands) {
      command.calledName = renamed.get(command.definition.name) ?? command.definition.name;
    }
    this.#declared = commands;
    this.commands = commands.filter((command) => command.calledName !== "");
    this.#mask = 2 ** Math.ceil(Math.log2(commands.length * 4 + 1)) - 1;
    this.#slots = new Array<Command | null>(this.#mask + 1).fill(null);
    for (const command of this.commands) {
      this.#place(command, command.calledName);
      if (/^[a-z]{3,4}$/.test(command.calledName)) this.#placeShort(command, command.calledName);
    }
  }

  /** The command of that name, or null. */
  find(bytes: Uint8Array, start: number, end: number): Command | null {
    const length = end - start;
    if (length === 3 || length === 4) {
      // Most names that matter have three or four letters, which fit a word. Setting bit 5 makes a
      // letter small and makes no letter of anything else.
      let word = bytes[start] | bytes[start + 1] << 8 | bytes[start + 2] << 16 | 0x202020;
      if (length === 4) word |= (bytes[start + 3] | 0x20) << 24;
      for (let slot = shortSlot(word); this.#shortWords[slot] !== 0; slot = slot + 1 & SHORT_MASK) {
        if (this.#shortWords[slot] === word) return this.#shortCommands[slot];
      }
    }
    let hash = end - start;
    for (let i = start; i < end; i++) hash = Math.imul(hash, 31) + LOWER[bytes[i]] | 0;
    for (let slot = hash & this.#mask;; slot = slot + 1 & this.#mask) {
      const command = this.#slots[slot];
      if (command === null || isName(command.calledName, bytes, start, end)) return command;
    }
  }

  /** All of them by the names that they were declared by, also those that are taken away. */
  get declared(): readonly Command[] {
    return this.#declared;
  }

  /**
   * The command that was declared by that name, in any case, whatever it is called by now, or null:
   * an append-only file may have been written before `rename-command` was.
   */
  byDeclaredName(name: string): Command | null {
    const wanted = name.toLowerCase();
    return this.#declared.find((command) => command.definition.name === wanted) ?? null;
  }

  /** The command of that full name (`get`, `CONFIG|SET`), or null. */
  byName(fullName: string): Command | null {
    const [name, subcommand] = fullName.toLowerCase().split("|");
    const command = this.commands.find((each) => each.calledName === name) ?? null;
    if (subcommand === undefined || command === null) return command;
    return command.subcommands?.byName(subcommand) ?? null;
  }

  #placeShort(command: Command, name: string): void {
    let word = 0;
    for (let i = 0; i < name.length; i++) word |= name.charCodeAt(i) << i * 8;
    let slot = shortSlot(word);
    while (this.#shortWords[slot] !== 0) slot = slot + 1 & SHORT_MASK;
    this.#shortWords[slot] = word;
    this.#shortCommands[slot] = command;
  }

  #place(command: Command, name: string): void {
    let hash = name.length;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash, 31) + name.charCodeAt(i) | 0;
    let slot = hash & this.#mask;
    while (this.#slots[slot] !== null) slot = slot + 1 & this.#mask;
    this.#slots[slot] = command;
  }
}

function isName(name: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) {
    if (LOWER[bytes[start + i]] !== name.charCodeAt(i)) return false;
  }
  return true;
}
