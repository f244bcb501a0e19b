/**
 * What a data set should be after every command: a plain model of the few commands that the
 * workload uses, and every state that it has passed through. After a crash the server must hold one
 * of them, as a whole, and none that is older than what it had promised.
 */

import { latin1 } from "../../src/base/ascii.ts";
import { DataRunner } from "../fuzz/data_runner.ts";
import { newKeyspace } from "../unit/persistence/rdb/fixture.ts";

/** Values by `database key`. */
export type State = ReadonlyMap<string, ModelValue>;

interface ModelValue {
  /** The bytes of a string; of other types what {@link collectionText} says. */
  readonly text: string;
  /** What DUMP makes of a value that is no string. */
  readonly dump?: Uint8Array;
  /** Infinity where it does not expire. */
  readonly expiresAtMs: number;
}

/** A command and the database that it is meant for. */
export type ModelCommand = readonly [database: number, ...words: string[]];

/** The states of a data set, from the empty one on. */
export class History {
  readonly states: State[] = [new Map()];

  /** The state after everything so far. */
  get last(): State {
    return this.states.at(-1)!;
  }

  /** How many commands there have been. */
  get count(): number {
    return this.states.length - 1;
  }

  apply(command: ModelCommand, nowMs: number): void {
    const state = new Map(aliveAt(this.last, nowMs));
    run(state, command, nowMs);
    this.states.push(state);
  }

  /** Commands of a transaction: there is no state in which only some of them are done. */
  applyTogether(commands: readonly ModelCommand[], nowMs: number): void {
    const state = new Map(aliveAt(this.last, nowMs));
    for (const command of commands) run(state, command, nowMs);
    this.states.push(state);
  }

  /** The newest state that is the same as the one found at a time, -1 where there is none. */
  indexOf(found: State, nowMs: number): number {
    const wanted = textOf(found, nowMs);
    return this.states.findLastIndex((state) => textOf(state, nowMs) === wanted);
  }
}

/** A state as it compares: without what has expired, in the order of its keys. */
export function textOf(state: State, nowMs: number): string {
  return [...aliveAt(state, nowMs)]
    .map(([key, { text, expiresAtMs }]) => `${key}=${text}@${expiresAtMs}`)
    .toSorted()
    .join("\n");
}

function aliveAt(state: State, nowMs: number): [string, ModelValue][] {
  return [...state].filter(([, { expiresAtMs }]) => expiresAtMs >= nowMs);
}

/**
 * The value of a key that is no string, before and after one command: a model would be such a value
 * again, so what is compared is a value that nobody has saved, with one that somebody has loaded.
 */
class Collections {
  readonly #runner: DataRunner = new DataRunner(newKeyspace());

  /** Runs a command on the key that it names first; undefined where nothing is left of it. */
  run(old: Uint8Array | undefined, words: readonly string[], nowMs: number) {
    const runner = this.#runner;
    runner.keyspace.setNow(nowMs);
    const key = words[KEY_INDEXES.get(words[0]) ?? 1];
    if (old !== undefined) {
      const restored = runner.text("RESTORE", key, "0", old);
      if (restored !== "+OK\r\n") throw new Error(`${key}: ${restored}`);
    }
    const reply = runner.text(...words);
    // Nothing changes where what the command is about is not there.
    const isMissing = /^-(NOGROUP |ERR no such key)/.test(reply);
    if (reply.startsWith("-") && !isMissing) throw new Error(`${words.join(" ")}: ${reply}`);
    if (runner.digestOf(key) === "none") return undefined;
    // A HyperLogLog is a string.
    const text = runner.text("TYPE", key) === "+string\r\n"
      ? latin1(runner.bulk("GET", key))
      : collectionText(runner.digestOf(key), runner, key);
    const value = { text, dump: runner.bulk("DUMP", key) };
    runner.text("DEL", key);
    return value;
  }
}

/** What the value of a key that is no string is compared by. */
export function collectionText(digest: string, runner: DataRunner, key: string): string {
  return `${digest} ${runner.groupsOf(key)}`;
}

/** Where a key stands that is not the first argument. */
const KEY_INDEXES: ReadonlyMap<string, number> = new Map([["XGROUP", 2], ["XREADGROUP", 7]]);
const collections = new Collections();

function run(state: Map<string, ModelValue>, command: ModelCommand, nowMs: number): void {
  const [database, name, ...args] = command;
  const [key, ...rest] = args;
  const place = `${database} ${key}`;
  const old = state.get(place);
  const expiresAtMs = old?.expiresAtMs ?? Infinity;
  switch (name) {
    case "SET":
      state.set(place, {
        text: rest[0],
        expiresAtMs: rest[1] === "PX" ? nowMs + Number(rest[2]) : Infinity,
      });
      return;
    case "MSET":
      for (let i = 0; i < args.length; i += 2) {
        state.set(`${database} ${args[i]}`, { text: args[i + 1], expiresAtMs: Infinity });
      }
      return;
    case "APPEND":
      state.set(place, { text: (old?.text ?? "") + rest[0], expiresAtMs });
      return;
    case "INCR":
      state.set(place, { text: String(Number(old?.text ?? 0) + 1), expiresAtMs });
      return;
    case "SETRANGE": {
      const offset = Number(rest[0]);
      const text = (old?.text ?? "").padEnd(offset, "\0");
      state.set(place, {
        text: text.slice(0, offset) + rest[1] + text.slice(offset + rest[1].length),
        expiresAtMs,
      });
      return;
    }
    case "PEXPIRE":
      if (old !== undefined) {
        state.set(place, { ...old, expiresAtMs: nowMs + Number(rest[0]) });
      }
      return;
    case "RENAME":
      if (old === undefined) return;
      state.delete(place);
      state.set(`${database} ${rest[0]}`, old);
      return;
    case "DEL":
      for (const each of args) state.delete(`${database} ${each}`);
      return;
    case "FLUSHALL":
      state.clear();
      return;
    case "SWAPDB": {
      const entries = [...state];
      state.clear();
      for (const [where, value] of entries) {
        const [index] = where.split(" ", 1);
        const named = where.slice(index.length + 1);
        const to = index === args[0] ? args[1] : index === args[1] ? args[0] : index;
        state.set(`${to} ${named}`, value);
      }
      return;
    }
    default: {
      if (!/^([HLRSZX]|PFADD)/.test(name)) throw new Error(`the model does not know ${name}`);
      const words = command.slice(1) as string[];
      const named = `${database} ${words[KEY_INDEXES.get(name) ?? 1]}`;
      const value = collections.run(state.get(named)?.dump, words, nowMs);
      if (value === undefined) state.delete(named);
      else state.set(named, { ...value, expiresAtMs: state.get(named)?.expiresAtMs ?? Infinity });
    }
  }
}
