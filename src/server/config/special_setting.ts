/**
 * The directives with a syntax of their own: dir, save, client-output-buffer-limit, bind,
 * notify-keyspace-events, oom-score-adj-values, replicaof, latency-tracking-info-percentiles.
 */

import { latin1, latin1Bytes, utf8, utf8Bytes } from "../../base/ascii.ts";
import {
  EVENT_EVICTED,
  EVENT_EXPIRED,
  EVENT_GENERIC,
  EVENT_HASH,
  EVENT_KEY_MISS,
  EVENT_KEYEVENT,
  EVENT_KEYSPACE,
  EVENT_LIST,
  EVENT_MODULE,
  EVENT_NEW,
  EVENT_SET,
  EVENT_STREAM,
  EVENT_STRING,
  EVENT_ZSET,
} from "../../command/key_events.ts";
import { errorText, FileError, type FileSystem } from "../../platform/file_system.ts";
import { MIB, type SpecialDirective } from "./directive.ts";
import { quoted } from "./line_text.ts";
import {
  memoryText,
  parseDouble,
  parseMemory,
  parseStrtoll,
  percentileText,
} from "./number_text.ts";
import {
  type Occasion,
  type Outcome,
  Refusal,
  type RewrittenLine,
  Setting,
  WRONG_NUMBER,
} from "./setting.ts";

/** What the directive `dir` needs of the platform. */
export type Directories = Pick<FileSystem, "currentDirectory" | "changeDirectory">;

/**
 * `dir`: not a stored value but the folder that relative paths start from; setting it moves there
 * at once, as Redis's chdir does, and an include or a log file after it is looked for there.
 */
export class DirectorySetting extends Setting<SpecialDirective, string> {
  readonly #directories: Directories;

  constructor(directive: SpecialDirective, directories: Directories) {
    super(directive, "");
    this.#directories = directories;
  }

  change(args: readonly string[]): Outcome {
    try {
      this.#directories.changeDirectory(utf8(latin1Bytes(args[0])));
      return true;
    } catch (error) {
      if (error instanceof FileError) return new Refusal(errorText(error.code));
      throw error;
    }
  }

  text(): string {
    return latin1(utf8Bytes(this.decoded()));
  }

  /** As text; empty where the folder has been removed under our feet. */
  decoded(): string {
    try {
      return this.#directories.currentDirectory();
    } catch (error) {
      if (error instanceof FileError) return "";
      throw error;
    }
  }

  override mark(): void {
    this.put(this.decoded());
    super.mark();
  }

  override rollBack(): void {
    super.rollBack();
    try {
      this.#directories.changeDirectory(this.value);
    } catch (error) {
      // The folder we came from is gone: there is no way back, and the new one works.
      if (!(error instanceof FileError)) throw error;
    }
  }

  lines(): readonly RewrittenLine[] {
    return this.line(quoted(this.text()), true);
  }
}

/** Save when this much time has passed and this many keys have changed. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

const DEFAULT_SAVE_POINTS: readonly SavePoint[] = [
  { seconds: 3600, changes: 1 },
  { seconds: 300, changes: 100 },
  { seconds: 60, changes: 10000 },
];

export class SavePointsSetting extends Setting<SpecialDirective, readonly SavePoint[]> {
  /** The first line takes the place of the defaults, the following add to it. */
  #hasLine = false;

  constructor(directive: SpecialDirective) {
    super(directive, DEFAULT_SAVE_POINTS);
  }

  change(args: readonly string[], occasion: Occasion): Outcome {
    const forgets = args.length === 1 && args[0] === "";
    const points = forgets ? [] : parseSavePoints(args);
    if (points === undefined) return new Refusal("Invalid save parameters");
    const adds = occasion === "line" && this.#hasLine && !forgets;
    this.#hasLine = occasion === "line";
    return this.put(adds ? [...this.value, ...points] : points);
  }

  text(): string {
    return this.value.map((point) => `${point.seconds} ${point.changes}`).join(" ");
  }

  lines(): readonly RewrittenLine[] {
    if (this.value.length === 0) return this.line('""', true);
    return this.value.flatMap((point) => this.line(`${point.seconds} ${point.changes}`, true));
  }
}

function parseSavePoints(args: readonly string[]): readonly SavePoint[] | undefined {
  if (args.length % 2 !== 0) return undefined;
  const points: SavePoint[] = [];
  for (let i = 0; i < args.length; i += 2) {
    const seconds = parseStrtoll(args[i]);
    const changes = parseStrtoll(args[i + 1]);
    if (seconds === undefined || seconds < 1n || changes === undefined || changes < 0n) {
      return undefined;
    }
    // The number of changes is a C int there, and so it wraps.
    points.push({ seconds: Number(seconds), changes: Number(BigInt.asIntN(32, changes)) });
  }
  return points;
}

/** When a client that does not read is closed. 0 means no limit. */
export interface OutputBufferLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  /** How long the soft limit may be exceeded. */
  readonly softSeconds: number;
}

export interface OutputBufferLimits {
  readonly normal: OutputBufferLimit;
  readonly replica: OutputBufferLimit;
  readonly pubsub: OutputBufferLimit;
}

type ClientClass = keyof OutputBufferLimits;

/** Exact to the last byte, which a JavaScript number is not above 2^53. */
interface ExactLimit {
  readonly hard: bigint;
  readonly soft: bigint;
  readonly seconds: number;
}

type ExactLimits = Readonly<Record<ClientClass, ExactLimit>>;

/** The names that a file may use, and the one that CONFIG GET prints. */
const CLIENT_CLASSES: Readonly<Record<string, ClientClass>> = {
  normal: "normal",
  slave: "replica",
  replica: "replica",
  pubsub: "pubsub",
};

const CLASS_NAMES: readonly (readonly [ClientClass, string])[] = [
  ["normal", "normal"],
  ["replica", "slave"],
  ["pubsub", "pubsub"],
];

const MEBIBYTE = BigInt(MIB);

const DEFAULT_OUTPUT_BUFFER_LIMITS: ExactLimits = {
  normal: { hard: 0n, soft: 0n, seconds: 0 },
  replica: { hard: 256n * MEBIBYTE, soft: 64n * MEBIBYTE, seconds: 60 },
  pubsub: { hard: 32n * MEBIBYTE, soft: 8n * MEBIBYTE, seconds: 60 },
};

/** A class that is not named keeps its limits. */
export class OutputBufferLimitsSetting extends Setting<SpecialDirective, ExactLimits> {
  constructor(directive: SpecialDirective) {
    super(directive, DEFAULT_OUTPUT_BUFFER_LIMITS);
  }

  change(args: readonly string[]): Outcome {
    if (args.length % 4 !== 0) {
      return new Refusal("Wrong number of arguments in buffer limit configuration.");
    }
    const limits: Record<ClientClass, ExactLimit> = { ...this.value };
    for (let i = 0; i < args.length; i += 4) {
      const word = args[i].toLowerCase();
      if (!Object.hasOwn(CLIENT_CLASSES, word)) {
        return new Refusal("Invalid client class specified in buffer limit configuration.");
      }
      const limit = parseOutputBufferLimit(args[i + 1], args[i + 2], args[i + 3]);
      if (limit === undefined) {
        return new Refusal(
          "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
        );
      }
      limits[CLIENT_CLASSES[word]] = limit;
    }
    this.put(limits);
    return true;
  }

  text(): string {
    const part = ([name, printed]: readonly [ClientClass, string]): string => {
      const limit = this.value[name];
      return `${printed} ${limit.hard} ${limit.soft} ${limit.seconds}`;
    };
    return CLASS_NAMES.map(part).join(" ");
  }

  lines(): readonly RewrittenLine[] {
    return CLASS_NAMES.flatMap(([name]) => {
      const limit = this.value[name];
      const initial = DEFAULT_OUTPUT_BUFFER_LIMITS[name];
      const force = limit.hard !== initial.hard || limit.soft !== initial.soft ||
        limit.seconds !== initial.seconds;
      const value = `${name} ${memoryText(limit.hard)} ${memoryText(limit.soft)} ${limit.seconds}`;
      return this.line(value, force);
    });
  }

  limits(): OutputBufferLimits {
    const { normal, replica, pubsub } = this.value;
    return { normal: inNumbers(normal), replica: inNumbers(replica), pubsub: inNumbers(pubsub) };
  }
}

function inNumbers(limit: ExactLimit): OutputBufferLimit {
  return {
    hardBytes: Number(limit.hard),
    softBytes: Number(limit.soft),
    softSeconds: limit.seconds,
  };
}

function parseOutputBufferLimit(
  hardText: string,
  softText: string,
  secondsText: string,
): ExactLimit | undefined {
  const hard = parseMemory(hardText);
  const soft = parseMemory(softText);
  const whole = parseStrtoll(secondsText);
  if (hard === undefined || soft === undefined || whole === undefined) return undefined;
  // A C int there: what does not fit wraps, and a negative one is refused.
  const seconds = Number(BigInt.asIntN(32, whole));
  return seconds < 0 ? undefined : { hard, soft, seconds };
}

const DEFAULT_OOM_VALUES = "0 200 800";

/** Three numbers: master, replica, child. */
export class OomScoreAdjValuesSetting extends Setting<SpecialDirective, string> {
  constructor(directive: SpecialDirective) {
    super(directive, DEFAULT_OOM_VALUES);
  }

  change(args: readonly string[]): Outcome {
    if (args.length !== 3) return new Refusal(WRONG_NUMBER);
    const values: string[] = [];
    for (const arg of args) {
      const value = parseStrtoll(arg);
      if (value === undefined || value < -2000n || value > 2000n) {
        return new Refusal(
          "Invalid oom-score-adj-values, elements must be between -2000 and 2000.",
        );
      }
      values.push(String(value));
    }
    return this.put(values.join(" "));
  }

  text(): string {
    return this.value;
  }

  lines(): readonly RewrittenLine[] {
    return this.line(this.value, this.value !== DEFAULT_OOM_VALUES);
  }
}

/** What `A` stands for, in the order in which CONFIG GET prints the letters. */
const ALL_CLASSES: readonly (readonly [string, number])[] = [
  ["g", EVENT_GENERIC],
  ["$", EVENT_STRING],
  ["l", EVENT_LIST],
  ["s", EVENT_SET],
  ["h", EVENT_HASH],
  ["z", EVENT_ZSET],
  ["x", EVENT_EXPIRED],
  ["e", EVENT_EVICTED],
  ["t", EVENT_STREAM],
  ["d", EVENT_MODULE],
];

const ALL_FLAGS = ALL_CLASSES.reduce((flags, [, flag]) => flags | flag, 0);

const CLASS_OF_LETTER: ReadonlyMap<string, number> = new Map([
  ...ALL_CLASSES,
  ["A", ALL_FLAGS],
  ["K", EVENT_KEYSPACE],
  ["E", EVENT_KEYEVENT],
  ["m", EVENT_KEY_MISS],
  ["n", EVENT_NEW],
]);

export class KeyspaceEventsSetting extends Setting<SpecialDirective, number> {
  constructor(directive: SpecialDirective) {
    super(directive, 0);
  }

  change(args: readonly string[]): Outcome {
    let flags = 0;
    for (const letter of args[0]) {
      const flag = CLASS_OF_LETTER.get(letter);
      if (flag === undefined) {
        return new Refusal("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
      }
      flags |= flag;
    }
    this.put(flags);
    return true;
  }

  /** With `A`, Redis 7.2 does not print `n`, though the class stays on; nor do we. */
  text(): string {
    let letters = "";
    if ((this.value & ALL_FLAGS) === ALL_FLAGS) {
      letters = "A";
    } else {
      for (const [letter, flag] of ALL_CLASSES) if (this.value & flag) letters += letter;
      if (this.value & EVENT_NEW) letters += "n";
    }
    if (this.value & EVENT_KEYSPACE) letters += "K";
    if (this.value & EVENT_KEYEVENT) letters += "E";
    if (this.value & EVENT_KEY_MISS) letters += "m";
    return letters;
  }

  lines(): readonly RewrittenLine[] {
    return this.line(quoted(this.text()), this.value !== 0);
  }
}

const MAX_ADDRESSES = 16;
const DEFAULT_ADDRESSES: readonly string[] = ["*", "-::*"];

/** `bind`. An address that begins with `-` may be missing on this machine. */
export class AddressesSetting extends Setting<SpecialDirective, readonly string[]> {
  constructor(directive: SpecialDirective) {
    super(directive, DEFAULT_ADDRESSES);
  }

  change(args: readonly string[]): Outcome {
    if (args.length > MAX_ADDRESSES) return new Refusal("Too many bind addresses specified.");
    this.put(args.length === 1 && args[0] === "" ? [] : [...args]);
    return true;
  }

  text(): string {
    return this.value.join(" ");
  }

  lines(): readonly RewrittenLine[] {
    if (this.text() === DEFAULT_ADDRESSES.join(" ")) return [];
    return this.line(this.value.length === 0 ? '""' : this.text(), true);
  }
}

/** Whose replica the server is. */
export interface ReplicaOf {
  readonly host: string;
  readonly port: number;
}

export class ReplicaOfSetting extends Setting<SpecialDirective, ReplicaOf | undefined> {
  constructor(directive: SpecialDirective) {
    super(directive, undefined);
  }

  change(args: readonly string[]): Outcome {
    if (args.length !== 2) return new Refusal(WRONG_NUMBER);
    const [host, portText] = args;
    if (host.toLowerCase() === "no" && portText.toLowerCase() === "one") {
      this.put(undefined);
      return true;
    }
    const port = parseStrtoll(portText);
    if (port === undefined || port < 0n || port > 65535n) return new Refusal("Invalid master port");
    this.put({ host, port: Number(port) });
    return true;
  }

  text(): string {
    return this.value === undefined ? "" : `${this.value.host} ${this.value.port}`;
  }

  lines(): readonly RewrittenLine[] {
    return this.value === undefined ? [] : this.line(this.text(), true);
  }
}

const DEFAULT_PERCENTILES: readonly number[] = [50, 99, 99.9];

export class PercentilesSetting extends Setting<SpecialDirective, readonly number[]> {
  constructor(directive: SpecialDirective) {
    super(directive, DEFAULT_PERCENTILES);
  }

  change(args: readonly string[]): Outcome {
    const percentiles: number[] = [];
    for (const arg of args.length === 1 && args[0] === "" ? [] : args) {
      const value = parseDouble(arg);
      if (value === undefined) {
        return new Refusal("Invalid latency-tracking-info-percentiles parameters");
      }
      if (value > 100 || value < 0) {
        return new Refusal(
          "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
        );
      }
      percentiles.push(value);
    }
    this.put(percentiles);
    return true;
  }

  text(): string {
    return this.value.map(percentileText).join(" ");
  }

  lines(): readonly RewrittenLine[] {
    return this.line(this.value.length === 0 ? '""' : this.text(), true);
  }
}
