/**
 * The slow log: commands that took `slowlog-log-slower-than` microseconds or more, the last
 * `slowlog-max-len` of them, newest first.
 *
 * An entry keeps at most 32 arguments of 128 bytes, the last of them saying how many more there were.
 */
import { latin1Bytes } from "../base/ascii.ts";
import type { Clock } from "../platform/clock.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { Client } from "./client.ts";
import type { Config } from "./config/config.ts";
import { REDACTED, secretArguments } from "./redaction.ts";
import type { Command } from "./registry.ts";
import { FLAG_SKIP_SLOWLOG } from "./registry.ts";

const ARGUMENTS_MAX = 32;
const ARGUMENT_BYTES_MAX = 128;
/** From here on a command is slow enough that sharing a reading of the clock cannot hide it. */
const COARSE_US = 1000;

/** One slow command. */
export interface SlowLogEntry {
  /** Counts since the start of the server. */
  readonly id: number;
  /** When it ended, since the epoch. */
  readonly seconds: number;
  readonly us: number;
  readonly args: readonly Uint8Array[];
  readonly address: string;
  /** CLIENT SETNAME, as byte text. */
  readonly clientName: string;
}

/** What {@link SlowLog} needs of the server. */
export interface SlowLogOwner {
  readonly clock: Clock;
  readonly config: Config;
}

export class SlowLog {
  /** From how many microseconds on a command is slow; Infinity: none is. */
  thresholdUs = Infinity;
  readonly #owner: SlowLogOwner;
  /** Oldest first; the places before `#first` are used up. */
  #entries: (SlowLogEntry | undefined)[] = [];
  #first = 0;
  #nextId = 0;
  #lengthMax = 0;

  constructor(owner: SlowLogOwner) {
    this.#owner = owner;
    const { config } = owner;
    const follow = () => {
      this.#lengthMax = config.number("slowlog-max-len");
      const thresholdUs = config.number("slowlog-log-slower-than");
      this.thresholdUs = thresholdUs < 0 || this.#lengthMax === 0 ? Infinity : thresholdUs;
      this.#trim(this.#lengthMax);
      return undefined;
    };
    follow();
    config.onChange(["slowlog-log-slower-than", "slowlog-max-len"], follow);
  }

  /** Short commands must be timed one by one: some of them are to be logged. */
  get needsExactTimes(): boolean {
    return this.thresholdUs < COARSE_US;
  }

  get length(): number {
    return this.#entries.length - this.#first;
  }

  /** Notes a command that took so long, if that is slow and the command is one to be noted. */
  add(client: Client, command: Command, args: Arguments, us: number): void {
    if (us < this.thresholdUs || (command.flags & FLAG_SKIP_SLOWLOG) !== 0) return;
    this.#entries.push({
      id: this.#nextId++,
      seconds: Math.floor(this.#owner.clock.wallMs() / 1000),
      us: Math.floor(us),
      args: this.#shortened(command, args),
      address: client.socket.remoteAddress,
      clientName: client.name,
    });
    this.#trim(this.#lengthMax);
  }

  /** The newest entries, newest first. */
  newest(count: number): SlowLogEntry[] {
    const entries = this.#entries.slice(Math.max(this.#first, this.#entries.length - count));
    return entries.reverse() as SlowLogEntry[];
  }

  reset(): void {
    this.#trim(0);
  }

  /** Drops the oldest. */
  #trim(length: number): void {
    while (this.length > length) this.#entries[this.#first++] = undefined;
    if (this.#first > this.#entries.length >>> 1) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }

  #shortened(command: Command, args: Arguments): Uint8Array[] {
    const secret = secretArguments(command, args, this.#owner.config);
    const isCut = args.count > ARGUMENTS_MAX;
    const count = isCut ? ARGUMENTS_MAX - 1 : args.count;
    const shortened: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      shortened.push(secret.has(i) ? REDACTED : shortArgument(args, i));
    }
    if (isCut) shortened.push(latin1Bytes(`... (${args.count - count} more arguments)`));
    return shortened;
  }
}

function shortArgument(args: Arguments, index: number): Uint8Array {
  const excess = args.lengthOf(index) - ARGUMENT_BYTES_MAX;
  if (excess <= 0) return args.copy(index);
  const note = latin1Bytes(`... (${excess} more bytes)`);
  const short = new Uint8Array(ARGUMENT_BYTES_MAX + note.length);
  const start = args.starts[index];
  short.set(args.bytes.subarray(start, start + ARGUMENT_BYTES_MAX));
  short.set(note, ARGUMENT_BYTES_MAX);
  return short;
}
