/**
 * Which arguments of a command are keys, by the key specifications of its definition: for COMMAND
 * GETKEYS, and as the one range (first, last, step) that clients of before Redis 7 understand.
 */
import { latin1 } from "../../base/ascii.ts";
import { parseSafeInteger } from "../../base/integer_text.ts";
import type { Call } from "../../command/call.ts";
import type { CommandDefinition, KeySpecification } from "../../command/definition.ts";
import { Arguments } from "../../protocol/arguments.ts";

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
  /** The flags of the specification that it was found by, separated by spaces. */
  readonly flags: string;
}

/** Puts the key specifications into one range, as far as that goes (populateCommandLegacyRangeSpec). */
export function legacyRange(definition: CommandDefinition): LegacyRange {
  const specs = definition.keys ?? [];
  const only = specs.length === 1 ? rangeOf(specs[0]) : undefined;
  if (only !== undefined) return { ...only, isIncomplete: hasFlag(specs[0], "incomplete") };
  let first = 0;
  let last = 0;
  let isIncomplete = false;
  for (const spec of specs) {
    const range = rangeOf(spec);
    // Only ranges that follow one upon the other can become one.
    if (range === undefined || range.step !== 1 || (last !== 0 && last !== range.first - 1)) {
      isIncomplete = true;
      continue;
    }
    if (hasFlag(spec, "incomplete")) isIncomplete = true;
    first = first === 0 ? range.first : Math.min(first, range.first);
    // Compared without a sign: a range that is counted from the end goes beyond every other.
    if (range.last >>> 0 > last >>> 0) last = range.last;
  }
  return { first, last, step: first === 0 ? 0 : 1, isIncomplete };
}

function rangeOf(spec: KeySpecification): Omit<LegacyRange, "isIncomplete"> | undefined {
  const { begin, find } = spec;
  if (begin === "unknown" || !("index" in begin)) return undefined;
  if (find === "unknown" || !("lastKey" in find)) return undefined;
  const last = find.lastKey < 0 ? find.lastKey : begin.index + find.lastKey;
  return { first: begin.index, last, step: find.step };
}

function hasFlag(spec: KeySpecification, flag: string): boolean {
  return spec.flags.split(" ").includes(flag);
}

/** True when a command of this definition can have keys. */
export function hasKeys(definition: CommandDefinition): boolean {
  return definition.getKeys !== undefined ||
    (definition.keys ?? []).some((spec) => !hasFlag(spec, "not_key"));
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
  const args = argumentsFrom(call.args, start);
  const bySpecifications = keysBySpecifications(definition, args);
  if (bySpecifications !== undefined || definition.getKeys === undefined) return bySpecifications;
  const positions: number[] = [];
  const outer = call.args;
  call.args = args;
  const flags: string[] = [];
  const error = definition.getKeys(call, positions, flags);
  call.args = outer;
  if (error !== undefined) return undefined;
  const usual = (definition.keys?.[0]?.flags ?? "").replace(/ ?incomplete/, "");
  return positions.map((index, i) => ({ index, flags: flags[i] ?? usual }));
}

function argumentsFrom(args: Arguments, start: number): Arguments {
  const rest = new Arguments();
  rest.bytes = args.bytes;
  for (let i = start; i < args.count; i++) rest.push(args.starts[i], args.ends[i]);
  return rest;
}

function keysBySpecifications(
  definition: CommandDefinition,
  args: Arguments,
): KeyPosition[] | undefined {
  const keys: KeyPosition[] = [];
  for (const spec of definition.keys ?? []) {
    if (hasFlag(spec, "not_key")) continue;
    const indexes = indexesOf(spec, args);
    if (indexes === undefined || hasFlag(spec, "incomplete")) return undefined;
    const flags = hasFlag(spec, "variable_flags") ? flagsNow(definition, spec, args) : spec.flags;
    for (const index of indexes) keys.push({ index, flags });
  }
  return keys;
}

/** Where a specification finds keys; undefined when the arguments do not go with it. */
function indexesOf(spec: KeySpecification, args: Arguments): number[] | undefined {
  const { begin, find } = spec;
  if (begin === "unknown" || find === "unknown") return undefined;
  let first = "index" in begin
    ? begin.index
    : indexAfterKeyword(args, begin.keyword, begin.startFrom);
  if (first === 0) return [];
  let last: number;
  if ("keyNumberIndex" in find) {
    const at = first + find.keyNumberIndex;
    if (at >= args.count) return undefined;
    const count = parseSafeInteger(args.bytes, args.starts[at], args.ends[at]);
    if (!(count >= 0)) return undefined;
    first += find.firstKey;
    last = first + count - 1;
  } else if (find.lastKey >= 0) last = first + find.lastKey;
  else if (find.limit === 0) last = args.count + find.lastKey;
  else last = first + Math.trunc((args.count - first) / find.limit) + find.lastKey;
  if (first >= args.count || last >= args.count || last < first) return undefined;
  const indexes: number[] = [];
  for (let i = first; i <= last; i += find.step) indexes.push(i);
  return indexes;
}

/** Index of the argument behind a keyword, looked for from an index on (backwards if negative). */
function indexAfterKeyword(args: Arguments, keyword: string, startFrom: number): number {
  const step = startFrom > 0 ? 1 : -1;
  // The last argument, or backwards the first, is not looked at: nothing could follow it.
  const end = startFrom > 0 ? args.count - 1 : 1;
  const start = startFrom > 0 ? startFrom : args.count + startFrom;
  for (let i = start; i !== end && i >= 1 && i < args.count; i += step) {
    if (isWord(args, i, keyword.toLowerCase())) return i + 1;
  }
  return 0;
}

/** What a command whose other arguments decide does with its key in this call. */
function flagsNow(definition: CommandDefinition, spec: KeySpecification, args: Arguments): string {
  if (definition.name === "set") return setReads(args) ? "RW access update" : "OW update";
  if (definition.name === "bitfield") {
    return bitfieldWrites(args) ? "RW access update" : "RO access";
  }
  return spec.flags;
}

function setReads(args: Arguments): boolean {
  for (let i = 3; i < args.count; i++) if (isWord(args, i, "get")) return true;
  return false;
}

/** A call that makes no sense is taken for one that writes. */
function bitfieldWrites(args: Arguments): boolean {
  for (let i = 2; i < args.count; i++) {
    const left = args.count - 1 - i;
    if (left >= 2 && isWord(args, i, "get")) i += 2;
    else if (left >= 1 && isWord(args, i, "overflow")) i++;
    else return true;
  }
  return false;
}

function isWord(args: Arguments, index: number, lowerWord: string): boolean {
  return latin1(args.bytes, args.starts[index], args.ends[index]).toLowerCase() === lowerWord;
}
