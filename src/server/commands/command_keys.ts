/**
 * Which arguments of a command are keys and what is done with each: for permissions, for tracking,
 * for COMMAND GETKEYS, and as the one range (first, last, step) that clients of before Redis 7
 * understand.
 *
 * What the definition says in words is made a {@link KeyPlan} once. Most commands have one range of
 * keys at a fixed place; finding these allocates nothing and compares nothing.
 */
import { parseSafeInteger } from "../../base/integer_text.ts";
import { latin1Bytes, LOWER } from "../../base/ascii.ts";
import type { Call } from "../../command/call.ts";
import type { CommandDefinition, KeySpecification } from "../../command/definition.ts";
import { Arguments } from "../../protocol/arguments.ts";

export const KEY_RO = 1;
export const KEY_RW = 2;
export const KEY_OW = 4;
export const KEY_RM = 8;
/** Something of the value gets out: the reply, or another key. */
export const KEY_ACCESS = 16;
export const KEY_UPDATE = 32;
export const KEY_INSERT = 64;
export const KEY_DELETE = 128;
/** Looks like a key and is none. */
const KEY_NOT_KEY = 256;
/** The specification does not find all of them. */
const KEY_INCOMPLETE = 512;
/** Other arguments decide what is done. */
const KEY_VARIABLE_FLAGS = 1024;

/** The words for the bits, in Redis's order. */
const FLAG_WORDS: readonly (readonly [word: string, bit: number])[] = [
  ["RO", KEY_RO],
  ["RW", KEY_RW],
  ["OW", KEY_OW],
  ["RM", KEY_RM],
  ["access", KEY_ACCESS],
  ["update", KEY_UPDATE],
  ["insert", KEY_INSERT],
  ["delete", KEY_DELETE],
  ["not_key", KEY_NOT_KEY],
  ["incomplete", KEY_INCOMPLETE],
  ["variable_flags", KEY_VARIABLE_FLAGS],
];

/** Where the keys of one call stand, and what is done with them; filled anew for each call. */
export class KeyList {
  count = 0;
  /** Indexes of arguments, the command's name being 0. */
  positions: Int32Array = new Int32Array(16);
  /** KEY_... bits, at the same places. */
  flags: Int32Array = new Int32Array(16);

  push(position: number, flags: number): void {
    if (this.count === this.positions.length) this.#grow();
    this.positions[this.count] = position;
    this.flags[this.count++] = flags;
  }

  #grow(): void {
    const positions = new Int32Array(this.count * 2);
    const flags = new Int32Array(this.count * 2);
    positions.set(this.positions);
    flags.set(this.flags);
    this.positions = positions;
    this.flags = flags;
  }
}

/** Anything that has the plan of its keys: a `Command`. */
export interface HasKeyPlan {
  readonly keyPlan: KeyPlan;
}

/**
 * Finds the keys of a call.
 *
 * @param args all of its arguments, the name first.
 * @param into what it held before is forgotten.
 * @returns false where the arguments make no sense, so that no keys can be told; `into` is empty.
 */
export function keysOfCommand(command: HasKeyPlan, args: Arguments, into: KeyList): boolean {
  into.count = 0;
  const plan = command.keyPlan;
  if (!plan.hasKeys) return true;
  if (plan.first !== 0) {
    const { first, step, flags } = plan;
    const last = plan.last < 0 ? args.count + plan.last : plan.last;
    if (first >= args.count || last >= args.count || last < first) return false;
    for (let i = first; i <= last; i += step) into.push(i, flags);
    return true;
  }
  return plan.find(args, into);
}

const plans = new WeakMap<CommandDefinition, KeyPlan>();

/** The plan of a definition, made once. */
export function keyPlanOf(definition: CommandDefinition): KeyPlan {
  let plan = plans.get(definition);
  if (plan === undefined) plans.set(definition, plan = new KeyPlan(definition));
  return plan;
}

/** How the keys of a command are found. */
export class KeyPlan {
  /** It can have keys. */
  readonly hasKeys: boolean;
  /** Its only range of keys, at a fixed place; 0 where it takes more to find them. */
  readonly first: number = 0;
  /** From the end when negative. */
  readonly last: number = 0;
  readonly step: number = 1;
  readonly flags: number = 0;
  /** The index of the one key that every call has; 0 where that cannot be said. */
  readonly onlyKey: number = 0;
  readonly #specs: readonly PlannedKeys[];
  readonly #getKeys: CommandDefinition["getKeys"];
  /** The flags of keys for which `getKeys` says nothing else. */
  readonly #usualFlags: number;
  readonly #readsFlags: ((args: Arguments) => number) | undefined;

  constructor(definition: CommandDefinition) {
    const specs = (definition.keys ?? []).map((spec) => new PlannedKeys(spec));
    this.#specs = specs.filter((spec) => (spec.flags & KEY_NOT_KEY) === 0);
    this.#getKeys = definition.getKeys;
    this.hasKeys = this.#getKeys !== undefined || this.#specs.length > 0;
    this.#usualFlags = (specs[0]?.flags ?? 0) & ~KEY_INCOMPLETE;
    if (definition.name === "set") this.#readsFlags = flagsOfSet;
    if (definition.name === "bitfield") this.#readsFlags = flagsOfBitfield;
    const [only] = this.#specs;
    if (this.#specs.length !== 1 || this.#getKeys !== undefined || !only.isRange) return;
    if (only.lastKey === 0) this.onlyKey = only.first;
    if ((only.flags & KEY_VARIABLE_FLAGS) !== 0) return;
    this.first = only.first;
    this.last = only.lastKey < 0 ? only.lastKey : only.first + only.lastKey;
    this.step = only.step;
    this.flags = only.flags;
  }

  /** As {@link keysOfCommand}, whatever it takes. */
  find(args: Arguments, into: KeyList): boolean {
    if (this.#findBySpecifications(args, into)) return true;
    into.count = 0;
    if (this.#getKeys === undefined) return false;
    const positions: number[] = [];
    const words: string[] = [];
    if (this.#getKeys(args, positions, words) !== undefined) return false;
    positions.forEach((position, i) => {
      into.push(position, i in words ? flagBits(words[i]) : this.#usualFlags);
    });
    return true;
  }

  #findBySpecifications(args: Arguments, into: KeyList): boolean {
    for (const spec of this.#specs) {
      if (!spec.find(args, into)) return false;
      if ((spec.flags & KEY_VARIABLE_FLAGS) !== 0 && this.#readsFlags !== undefined) {
        into.flags.fill(this.#readsFlags(args), 0, into.count);
      }
    }
    return this.#specs.length > 0 || this.#getKeys === undefined;
  }
}

/** A specification of keys as numbers. */
class PlannedKeys {
  readonly flags: number;
  /** Where keys begin; or from where on the keyword is looked for. 0: nobody can tell. */
  readonly first: number = 0;
  readonly #keyword: Uint8Array | null = null;
  readonly lastKey: number = 0;
  readonly step: number = 1;
  readonly #limit: number = 0;
  /** Where the number of keys stands, behind `first`; -1: they are a range. */
  readonly #countIndex: number = -1;
  readonly #firstKey: number = 0;

  constructor(spec: KeySpecification) {
    this.flags = flagBits(spec.flags);
    const { begin, find } = spec;
    if (begin === "unknown" || find === "unknown") return;
    if ("index" in begin) this.first = begin.index;
    else {
      this.first = begin.startFrom;
      this.#keyword = latin1Bytes(begin.keyword.toLowerCase());
    }
    this.step = find.step;
    if ("lastKey" in find) {
      this.lastKey = find.lastKey;
      this.#limit = find.limit;
    } else {
      this.#countIndex = find.keyNumberIndex;
      this.#firstKey = find.firstKey;
    }
  }

  /** A range at a fixed place. */
  get isRange(): boolean {
    return this.first > 0 && this.#keyword === null && this.#countIndex < 0 && this.#limit === 0 &&
      (this.flags & KEY_INCOMPLETE) === 0;
  }

  /** Adds the keys that it finds; false where the arguments do not go with it. */
  find(args: Arguments, into: KeyList): boolean {
    const { count } = args;
    if (this.first === 0 || (this.flags & KEY_INCOMPLETE) !== 0) return false;
    let first = this.#keyword === null ? this.first : this.#behindKeyword(args, this.#keyword);
    if (first === 0) return true;
    let last: number;
    if (this.#countIndex >= 0) {
      const at = first + this.#countIndex;
      if (at >= count) return false;
      const keyCount = parseSafeInteger(args.bytes, args.starts[at], args.ends[at]);
      if (!(keyCount >= 0)) return false;
      first += this.#firstKey;
      last = first + keyCount - 1;
    } else if (this.lastKey >= 0) last = first + this.lastKey;
    else if (this.#limit === 0) last = count + this.lastKey;
    else last = first + Math.trunc((count - first) / this.#limit) + this.lastKey;
    if (first >= count || last >= count || last < first) return false;
    for (let i = first; i <= last; i += this.step) into.push(i, this.flags);
    return true;
  }

  /** Index of the argument behind the keyword, looked for backwards where `first` is negative. */
  #behindKeyword(args: Arguments, keyword: Uint8Array): number {
    const step = this.first > 0 ? 1 : -1;
    // The last argument, or backwards the first, is not looked at: nothing could follow it.
    const end = this.first > 0 ? args.count - 1 : 1;
    const start = this.first > 0 ? this.first : args.count + this.first;
    for (let i = start; i !== end && i >= 1 && i < args.count; i += step) {
      if (isWord(args, i, keyword)) return i + 1;
    }
    return 0;
  }
}

const bitsOfWords = new Map<string, number>();

/** `RW access update` as bits. */
function flagBits(words: string): number {
  let bits = bitsOfWords.get(words);
  if (bits !== undefined) return bits;
  bits = 0;
  for (const word of words.split(" ")) {
    bits |= FLAG_WORDS.find(([each]) => each === word)?.[1] ?? 0;
  }
  bitsOfWords.set(words, bits);
  return bits;
}

/** Bits as words, separated by spaces. */
function flagWords(bits: number): string {
  return FLAG_WORDS.filter(([, bit]) => (bits & bit) !== 0).map(([word]) => word).join(" ");
}

const GET = latin1Bytes("get");
const OVERFLOW = latin1Bytes("overflow");

function flagsOfSet(args: Arguments): number {
  for (let i = 3; i < args.count; i++) {
    if (isWord(args, i, GET)) return KEY_RW | KEY_ACCESS | KEY_UPDATE;
  }
  return KEY_OW | KEY_UPDATE;
}

/** A call that makes no sense is taken for one that writes. */
function flagsOfBitfield(args: Arguments): number {
  for (let i = 2; i < args.count; i++) {
    const left = args.count - 1 - i;
    if (left >= 2 && isWord(args, i, GET)) i += 2;
    else if (left >= 1 && isWord(args, i, OVERFLOW)) i++;
    else return KEY_RW | KEY_ACCESS | KEY_UPDATE;
  }
  return KEY_RO | KEY_ACCESS;
}

function isWord(args: Arguments, index: number, lowerWord: Uint8Array): boolean {
  const start = args.starts[index];
  if (args.ends[index] - start !== lowerWord.length) return false;
  for (let i = 0; i < lowerWord.length; i++) {
    if (LOWER[args.bytes[start + i]] !== lowerWord[i]) return false;
  }
  return true;
}

// For COMMAND

/** The one range that COMMAND INFO has for keys; all 0 where a command has none. */
export interface LegacyRange {
  readonly first: number;
  /** From the end when negative. */
  readonly last: number;
  readonly step: number;
  /** Not every key lies in the range: COMMAND GETKEYS knows more. */
  readonly isIncomplete: boolean;
}

/** A key among the arguments. */
export interface KeyPosition {
  /** Index of the argument, the command's name being 0. */
  readonly index: number;
  /** What is done with it, in words separated by spaces. */
  readonly flags: string;
}

/** Puts the key specifications into one range, as far as that goes (populateCommandLegacyRangeSpec). */
export function legacyRange(definition: CommandDefinition): LegacyRange {
  const specs = definition.keys ?? [];
  const only = specs.length === 1 ? rangeOf(specs[0]) : undefined;
  if (only !== undefined) return { ...only, isIncomplete: isIncomplete(specs[0]) };
  let first = 0;
  let last = 0;
  let isPartial = false;
  for (const spec of specs) {
    const range = rangeOf(spec);
    // Only ranges that follow one upon the other can become one.
    if (range === undefined || range.step !== 1 || (last !== 0 && last !== range.first - 1)) {
      isPartial = true;
      continue;
    }
    if (isIncomplete(spec)) isPartial = true;
    first = first === 0 ? range.first : Math.min(first, range.first);
    // Compared without a sign: a range that is counted from the end goes beyond every other.
    if (range.last >>> 0 > last >>> 0) last = range.last;
  }
  return { first, last, step: first === 0 ? 0 : 1, isIncomplete: isPartial };
}

function rangeOf(spec: KeySpecification): Omit<LegacyRange, "isIncomplete"> | undefined {
  const { begin, find } = spec;
  if (begin === "unknown" || !("index" in begin)) return undefined;
  if (find === "unknown" || !("lastKey" in find)) return undefined;
  const last = find.lastKey < 0 ? find.lastKey : begin.index + find.lastKey;
  return { first: begin.index, last, step: find.step };
}

function isIncomplete(spec: KeySpecification): boolean {
  return (flagBits(spec.flags) & KEY_INCOMPLETE) !== 0;
}

/** True when a command of this definition can have keys. */
export function hasKeys(definition: CommandDefinition): boolean {
  return keyPlanOf(definition).hasKeys;
}

/**
 * The keys of the command that begins at an argument of the call; undefined when its arguments make
 * no sense.
 */
export function keysOf(
  definition: CommandDefinition,
  call: Call,
  start: number,
): KeyPosition[] | undefined {
  const keys = new KeyList();
  const args = argumentsFrom(call.args, start);
  if (!keysOfCommand({ keyPlan: keyPlanOf(definition) }, args, keys)) return undefined;
  return Array.from(keys.positions.subarray(0, keys.count), (index, i) => {
    return { index, flags: flagWords(keys.flags[i]) };
  });
}

/** The arguments of a command that is itself an argument, up to the end. */
export function argumentsFrom(args: Arguments, start: number): Arguments {
  const rest = new Arguments();
  rest.bytes = args.bytes;
  for (let i = start; i < args.count; i++) rest.push(args.starts[i], args.ends[i]);
  return rest;
}
