/**
 * What a data set should be after every command: a plain model of the few commands that the
 * workload uses, and every state that it has passed through. After a crash the server must hold one
 * of them, as a whole, and none that is older than what it had promised.
 */

/** Values by `database key`. */
export type State = ReadonlyMap<string, ModelValue>;

interface ModelValue {
  readonly text: string;
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
        state.set(place, { text: old.text, expiresAtMs: nowMs + Number(rest[0]) });
      }
      return;
    case "RENAME":
      state.delete(place);
      state.set(`${database} ${rest[0]}`, old!);
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
        const [index, named] = where.split(" ");
        const to = index === args[0] ? args[1] : index === args[1] ? args[0] : index;
        state.set(`${to} ${named}`, value);
      }
      return;
    }
    default:
      throw new Error(`the model does not know ${name}`);
  }
}
