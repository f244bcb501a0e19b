/**
 * The keys of one connection, and what they may hold after a crash.
 *
 * Nobody else writes these keys, and the connection's commands run in the order in which they were
 * sent. So whatever a crash leaves must be what the keys held after some number of them: not fewer
 * than the promise of `appendfsync` covers, not more than were sent, and the same number for all
 * the keys together, in both databases. That is stricter than to look at each key by itself.
 *
 * Positions: 0 is what the last restart has found, n what the keys hold after the nth command. What
 * is written carries a number that only grows, so a position is rarely taken for another.
 */
import type { Prng } from "../../src/base/prng.ts";
import {
  bytesOf,
  describe,
  integer,
  itemsOf,
  type Reply,
  simple,
  textOf,
} from "../support/reply.ts";
import type { Argument } from "../support/resp_client.ts";

/** The databases that every owner uses, with keys of the same names in each. */
export const DATABASES: readonly number[] = [0, 7];

const KEYS_PER_DATABASE = 24;
/** A text longer than this is written anew and not added to. */
const TEXT_BYTES_MAX = 2000;
const BIG_TEXT_BYTES = 200_000;
/** How far the server's clock may be from ours, for expiry times relative to it. */
const CLOCK_SLACK_MS = 60_000;
const FAR_MS = 10_000_000_000;

/** What a key holds. */
export interface KeyState {
  /**
   * Bytes as characters; of a collection its elements, as JSON, in an order of their own; null where
   * there is no such key.
   */
  readonly value: string | null;
  /** -1: none. */
  readonly expiresAtMs: number;
  /** How far off the expiry time may be. */
  readonly slackMs: number;
}

/** What the keys hold, by their number: every type, and strings most often. */
const KINDS = [
  ...["count", "text", "text", "count", "text", "hash"],
  ...["list", "set", "zset", "stream", "text", "text"],
] as const;
type Kind = typeof KINDS[number];
type Elements = readonly (readonly string[])[];

/** What reads a whole value. */
const READ: Readonly<Record<Kind, (name: string) => Argument[]>> = {
  count: (name) => ["GET", name],
  text: (name) => ["GET", name],
  hash: (name) => ["HGETALL", name],
  list: (name) => ["LRANGE", name, 0, -1],
  set: (name) => ["SMEMBERS", name],
  zset: (name) => ["ZRANGE", name, 0, -1, "WITHSCORES"],
  stream: (name) => ["XRANGE", name, "-", "+"],
};
/** A collection with more is made smaller. */
const ELEMENTS_MAX = 300;

const MISSING: KeyState = { value: null, expiresAtMs: -1, slackMs: 0 };

/** A command with the reply that it must get. */
export interface PlannedCommand {
  readonly args: readonly Argument[];
  readonly expected: Reply;
}

interface Position {
  readonly command: PlannedCommand;
  readonly changes: readonly Change[];
  acknowledgedAtMs: number;
}

type Change = readonly [keyIndex: number, state: KeyState];

/** What a crash has left of an owner's commands. */
export interface Survival {
  readonly sent: number;
  readonly acknowledged: number;
  /** The latest position that fits everything found. */
  readonly survived: number;
}

/** A promise that was broken, in words for whoever looks for the reason. */
export class CrashFailure extends Error {}

/** Plans commands, follows their replies and judges what is found after a restart. */
export class KeyOwner {
  readonly #prng: Prng;
  /** The keys of the first database, then those of the second. */
  readonly #names: readonly string[];
  readonly #prefix: string;
  /** At position 0. */
  #found: KeyState[];
  /** At the last position. */
  #now: KeyState[];
  #positions: Position[] = [];
  #acknowledged = 0;
  /** The index of the database that is selected. */
  #database = 0;
  #sequence = 0;

  /** @param prefix starts the names and the values of all its keys. */
  constructor(prefix: string, prng: Prng) {
    this.#prefix = prefix;
    this.#prng = prng;
    const names = Array.from({ length: KEYS_PER_DATABASE }, (_, i) => `${prefix}:${i}`);
    this.#names = DATABASES.flatMap(() => names);
    this.#found = this.#names.map(() => MISSING);
    this.#now = [...this.#found];
  }

  /** The next commands, to be sent in this order on the owner's connection. */
  plan(count: number): PlannedCommand[] {
    return Array.from({ length: count }, () => this.#planned());
  }

  /** Takes the reply to the first command that has none. */
  acknowledge(reply: Reply, nowMs: number): void {
    const position = this.#positions[this.#acknowledged++];
    const { args, expected } = position.command;
    position.acknowledgedAtMs = nowMs;
    if (describe(reply) !== describe(expected)) {
      throw new CrashFailure(
        `${this.#prefix}: ${args.join(" ").slice(0, 200)}: ${describe(reply).slice(0, 200)} ` +
          `instead of ${describe(expected).slice(0, 200)}`,
      );
    }
  }

  /** How many commands were acknowledged, and not later than this. */
  acknowledgedBy(timeMs: number): number {
    let count = 0;
    while (count < this.#acknowledged && this.#positions[count].acknowledgedAtMs <= timeMs) count++;
    return count;
  }

  /** What reads all the keys; {@link judge} takes the replies. */
  reading(): Argument[][] {
    return this.#names.flatMap((name, i) => [
      ...(i % KEYS_PER_DATABASE === 0 ? [["SELECT", DATABASES[i / KEYS_PER_DATABASE]]] : []),
      READ[kindOf(i)](name),
      ["PEXPIRETIME", name],
    ]);
  }

  /**
   * Compares what a restart has left with what was sent, and goes on from there.
   *
   * @param floor the position that must be reached at least.
   * @throws a {@link CrashFailure} where no position fits.
   */
  judge(replies: readonly Reply[], floor: number): Survival {
    const found = statesOf(replies.filter((reply) => reply.kind !== "simple"));
    const survived = this.#lastFit(found, floor);
    if (survived < 0) throw new CrashFailure(this.#explain(found, floor));
    const survival = {
      sent: this.#positions.length,
      acknowledged: this.#acknowledged,
      survived,
    };
    this.#found = found;
    this.#now = [...found];
    this.#positions = [];
    this.#acknowledged = 0;
    this.#database = 0;
    return survival;
  }

  /** How many keys there are in a database, as found. */
  countIn(databaseIndex: number): number {
    const start = databaseIndex * KEYS_PER_DATABASE;
    return this.#found.slice(start, start + KEYS_PER_DATABASE)
      .filter((state) => state.value !== null).length;
  }

  #lastFit(found: readonly KeyState[], floor: number): number {
    const fits = found.map((state, i) => isSame(this.#found[i], state));
    let fitting = fits.filter(Boolean).length;
    let last = floor === 0 && fitting === found.length ? 0 : -1;
    this.#positions.forEach(({ changes }, i) => {
      for (const [key, state] of changes) {
        fitting -= Number(fits[key]);
        fits[key] = isSame(state, found[key]);
        fitting += Number(fits[key]);
      }
      if (i + 1 >= floor && fitting === found.length) last = i + 1;
    });
    return last;
  }

  #explain(found: readonly KeyState[], floor: number): string {
    const sent = `position ${floor} must be reached, ${this.#positions.length} were sent`;
    for (let key = 0; key < found.length; key++) {
      const history: Change[] = [
        [0, this.#found[key]],
        ...this.#positions.flatMap(({ changes }, i) =>
          changes.filter((change) => change[0] === key).map(([, state]): Change => [i + 1, state])
        ),
      ];
      const from = history.findLastIndex(([position]) => position <= floor);
      const place = history.findLastIndex(([, state]) => isSame(state, found[key]));
      if (place >= from) continue;
      const what = place < 0
        ? "which it never was"
        : `which it was at position ${history[place][0]}`;
      return `${this.#nameOf(key)} is ${show(found[key])}, ${what}; at position ` +
        `${history[from][0]} it was ${show(history[from][1])}; ${sent}`;
    }
    return `${this.#prefix}: each key is what it was at some time, but never all at once; ${sent}`;
  }

  #nameOf(key: number): string {
    const database = DATABASES[Math.floor(key / KEYS_PER_DATABASE)];
    return `key ${this.#names[key]} in database ${database}`;
  }

  #planned(): PlannedCommand {
    const [args, expected, ...changes] = this.#prng.below(20) === 0
      ? this.#select()
      : this.#write(this.#anyKey());
    for (const [key, state] of changes) this.#now[key] = state;
    const command = { args, expected };
    this.#positions.push({ command, changes, acknowledgedAtMs: Infinity });
    return command;
  }

  #anyKey(): number {
    return this.#database * KEYS_PER_DATABASE + this.#prng.below(KEYS_PER_DATABASE);
  }

  #select(): Write {
    this.#database = 1 - this.#database;
    return [["SELECT", DATABASES[this.#database]], simple("OK")];
  }

  #write(key: number): Write {
    const kind = kindOf(key);
    if (kind === "count") return this.#count(key);
    if (kind === "text") return this.#text(key);
    const choice = this.#prng.below(100);
    if (choice < 2) return this.#delete(key, "DEL");
    if (choice < 5) return this.#expire(key);
    return this.#collection(key, kind);
  }

  /** Adds an element, or takes some away. */
  #collection(key: number, kind: Kind): Write {
    const state = this.#now[key];
    const name = this.#names[key];
    const elements: Elements = state.value === null ? [] : JSON.parse(state.value);
    const shrinks = elements.length > ELEMENTS_MAX ||
      elements.length > 0 && this.#prng.below(4) === 0;
    const any = shrinks ? elements[this.#prng.below(elements.length)] : [];
    const record = this.#record();
    const less = (expected: Reply, ...args: Argument[]): Write => {
      const left = elements.filter((element) => element !== any);
      return [args, expected, [key, holding(state, left, kind === "stream")]];
    };
    const more = (expected: Reply, element: readonly string[], ...args: Argument[]): Write => [
      args,
      expected,
      [key, holding(state, ordered(kind, [...elements, element]))],
    ];
    switch (kind) {
      case "list": {
        if (shrinks) {
          const kept = Math.floor(elements.length / 2);
          const args = kept > 0 ? ["LTRIM", name, 0, kept - 1] : ["LTRIM", name, 1, 0];
          return [args, simple("OK"), [key, holding(state, elements.slice(0, kept))]];
        }
        return more(integer(elements.length + 1), [record], "RPUSH", name, record);
      }
      case "hash":
        if (shrinks) return less(integer(1), "HDEL", name, any[0]);
        return more(
          integer(1),
          [record, String(this.#sequence)],
          "HSET",
          name,
          record,
          this.#sequence,
        );
      case "set":
        if (shrinks) return less(integer(1), "SREM", name, any[0]);
        return more(integer(1), [record], "SADD", name, record);
      case "zset": {
        if (shrinks) return less(integer(1), "ZREM", name, any[0]);
        const score = String(this.#prng.below(1000) - 500);
        return more(integer(1), [record, score], "ZADD", name, score, record);
      }
      default: {
        if (shrinks) return less(integer(1), "XDEL", name, any[0]);
        const id = `${this.#sequence}-1`;
        const expected: Reply = { kind: "bulk", bytes: Buffer.from(id) };
        return more(expected, [id, "field", record], "XADD", name, id, "field", record);
      }
    }
  }

  #count(key: number): Write {
    const { value } = this.#now[key];
    const name = this.#names[key];
    const sequence = ++this.#sequence;
    const choice = this.#prng.below(10);
    if (choice === 0) return this.#delete(key, "DEL");
    if (choice === 1) return [["SET", name, sequence], simple("OK"), [key, lasting(sequence)]];
    const step = choice < 6 ? 1 : sequence;
    const result = Number(value ?? "0") + step;
    const args = step === 1 ? ["INCR", name] : ["INCRBY", name, step];
    return [args, integer(result), [key, { ...this.#now[key], value: String(result) }]];
  }

  #text(key: number): Write {
    const state = this.#now[key];
    const text = state.value ?? "";
    const name = this.#names[key];
    const record = this.#record();
    const choice = this.#prng.below(100);
    if (choice < 5) return this.#delete(key, choice < 2 ? "GETDEL" : "DEL");
    if (choice < 10) return this.#expire(key);
    if (choice < 15) return this.#writeMany(key);
    if (choice < 50 && text.length < TEXT_BYTES_MAX) {
      const value = text + record;
      return [["APPEND", name, record], integer(value.length), [key, { ...state, value }]];
    }
    if (choice < 70 && text.length < TEXT_BYTES_MAX) {
      const at = this.#prng.below(text.length + 8);
      const value = text.slice(0, at).padEnd(at, "\0") + record + text.slice(at + record.length);
      return [["SETRANGE", name, at, record], integer(value.length), [key, { ...state, value }]];
    }
    return this.#set(key, choice === 99 && this.#prng.below(10) === 0);
  }

  #set(key: number, isBig: boolean): Write {
    const record = this.#record();
    const value = isBig ? record.repeat(BIG_TEXT_BYTES / record.length) : record;
    const args = ["SET", this.#names[key], value];
    const distanceMs = FAR_MS + 1000 * this.#sequence;
    const expiresAtMs = Date.now() + distanceMs;
    switch (this.#prng.below(4)) {
      case 0: {
        const state = { value, expiresAtMs, slackMs: CLOCK_SLACK_MS };
        return [[...args, "EX", distanceMs / 1000], simple("OK"), [key, state]];
      }
      case 1: {
        const state = { value, expiresAtMs, slackMs: 0 };
        return [[...args, "PXAT", expiresAtMs], simple("OK"), [key, state]];
      }
      default:
        return [args, simple("OK"), [key, lasting(value)]];
    }
  }

  #writeMany(key: number): Write {
    const keys = [...new Set([key, this.#anyKey(), this.#anyKey()])]
      .filter((index) => /count|text/.test(kindOf(index)));
    const changes = keys.map((index): Change => [
      index,
      lasting(kindOf(index) === "count" ? ++this.#sequence : this.#record()),
    ]);
    const args = changes.flatMap(([index, state]) => [this.#names[index], state.value!]);
    return [["MSET", ...args], simple("OK"), ...changes];
  }

  #expire(key: number): Write {
    const state = this.#now[key];
    const name = this.#names[key];
    const exists = state.value !== null;
    if (this.#prng.below(2) === 0) {
      const hadExpiry = state.expiresAtMs >= 0;
      return [["PERSIST", name], integer(Number(hadExpiry)), [key, lasting(state.value)]];
    }
    const expiresAtMs = Date.now() + FAR_MS + ++this.#sequence;
    const after = exists ? { ...state, expiresAtMs, slackMs: 0 } : MISSING;
    return [["PEXPIREAT", name, expiresAtMs], integer(Number(exists)), [key, after]];
  }

  #delete(key: number, command: "DEL" | "GETDEL"): Write {
    const { value } = this.#now[key];
    const expected: Reply = command === "DEL"
      ? integer(Number(value !== null))
      : value === null
      ? { kind: "null", form: "bulk" }
      : { kind: "bulk", bytes: Buffer.from(value, "latin1") };
    return [[command, this.#names[key]], expected, [key, MISSING]];
  }

  /** 20 bytes that are written once. */
  #record(): string {
    return `${this.#prefix}-${String(++this.#sequence).padStart(10, "0")}`.padEnd(19, ".") + ";";
  }
}

type Write = readonly [args: Argument[], expected: Reply, ...changes: Change[]];

function lasting(value: string | number | null): KeyState {
  return { value: value === null ? null : String(value), expiresAtMs: -1, slackMs: 0 };
}

function isSame(expected: KeyState, found: KeyState): boolean {
  return expected.value === found.value &&
    (expected.expiresAtMs < 0) === (found.expiresAtMs < 0) &&
    Math.abs(expected.expiresAtMs - found.expiresAtMs) <= expected.slackMs;
}

function kindOf(key: number): Kind {
  return KINDS[key % KEYS_PER_DATABASE % KINDS.length];
}

/** What a collection holds after a command; one that got empty is gone, but for a stream. */
function holding(before: KeyState, elements: Elements, isStream = false): KeyState {
  if (elements.length === 0 && !isStream) return MISSING;
  const value = JSON.stringify(elements);
  return before.value === null ? lasting(value) : { ...before, value };
}

/** In the order in which {@link statesOf} finds them. */
function ordered(kind: Kind, elements: Elements): Elements {
  if (kind === "list" || kind === "stream") return elements;
  const score = (element: readonly string[]) => kind === "zset" ? Number(element[1]) : 0;
  return elements.toSorted((one, other) =>
    score(one) - score(other) || (one[0] < other[0] ? -1 : 1)
  );
}

/** The elements of a collection, from the reply that tells all. */
function elementsOf(kind: Kind, reply: Reply): Elements {
  const items = itemsOf(reply);
  if (kind === "stream") {
    return items.map((item) => {
      const [id, fields] = itemsOf(item);
      return [textOf(id), ...itemsOf(fields).map(textOf)];
    });
  }
  const texts = items.map(textOf);
  if (kind === "list" || kind === "set") return ordered(kind, texts.map((text) => [text]));
  const pairs = texts.flatMap((text, i) => i % 2 === 0 ? [[text, texts[i + 1]]] : []);
  return ordered(kind, pairs);
}

/** From the replies to what reads a key and PEXPIRETIME in turn. */
function statesOf(replies: readonly Reply[]): KeyState[] {
  return Array.from({ length: replies.length / 2 }, (_, i) => {
    const kind = kindOf(i);
    // -2: there is no such key.
    if (textOf(replies[2 * i + 1]) === "-2") return MISSING;
    const value = kind === "count" || kind === "text"
      ? Buffer.from(bytesOf(replies[2 * i])!).toString("latin1")
      : JSON.stringify(elementsOf(kind, replies[2 * i]));
    return { value, expiresAtMs: Number(textOf(replies[2 * i + 1])), slackMs: 0 };
  });
}

function show({ value, expiresAtMs }: KeyState): string {
  if (value === null) return "missing";
  const text = value.length > 100 ? `${value.slice(0, 60)}…${value.slice(-40)}` : value;
  return `${JSON.stringify(text)} (${value.length} bytes, expires at ${expiresAtMs})`;
}
