/**
 * A setting: one directive's value in one server, and how the value is read and written.
 *
 * `change` parses, checks and stores; `text` is CONFIG GET's form; `lines` is CONFIG REWRITE's.
 * `mark` and `rollBack` are what makes CONFIG SET of several directives all or nothing. Values are
 * immutable, so that remembering one is keeping a reference.
 */

import { latin1Bytes, utf8 } from "../../base/ascii.ts";
import type {
  ChoiceDirective,
  ChoicesDirective,
  Directive,
  NumberDirective,
  TextDirective,
  YesNoDirective,
} from "./directive.ts";
import { quoted } from "./line_text.ts";
import { memoryText, parseInteger, parseMemory, parseOctal } from "./number_text.ts";

/**
 * Where a value comes from. Several `line`s of one directive add up where the directive is such
 * (`save`); an `option` (environment, embedding program) and `CONFIG SET` stand for themselves.
 */
export type Occasion = "line" | "option" | "CONFIG SET";

/** Why a value was not taken, in Redis's words. */
export class Refusal {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** What `change` answers: refused, or whether the hooks have something to apply. */
export type Outcome = Refusal | boolean;

/** A line for CONFIG REWRITE; one without `force` is written only where the file has one already. */
export interface RewrittenLine {
  readonly text: string;
  readonly force: boolean;
}

export const WRONG_NUMBER = "wrong number of arguments";

/** The value of a directive that is one thing, such as a number or a text. */
export abstract class Setting<D extends Directive = Directive, V = unknown> {
  readonly directive: D;
  #value: V;
  #marked: V;

  constructor(directive: D, initial: V) {
    this.directive = directive;
    this.#value = initial;
    this.#marked = initial;
  }

  get value(): V {
    return this.#value;
  }

  /** Takes new arguments. Those that are refused leave the value as it was. */
  abstract change(args: readonly string[], occasion: Occasion): Outcome;

  /** As CONFIG GET tells it. */
  abstract text(): string;

  /** As CONFIG REWRITE writes it; none where the directive is to vanish from the file. */
  abstract lines(): readonly RewrittenLine[];

  /** Remembers the value that {@link rollBack} returns to. */
  mark(): void {
    this.#marked = this.#value;
  }

  rollBack(): void {
    this.#value = this.#marked;
  }

  /** Stores a checked value. @returns whether the hooks have something to apply. */
  protected put(value: V): boolean {
    const changed = value !== this.#value;
    this.#value = value;
    return changed || this.directive.volatile === true;
  }

  protected line(value: string, force: boolean): readonly RewrittenLine[] {
    return [{ text: `${this.directive.name} ${value}`, force }];
  }
}

export class YesNoSetting extends Setting<YesNoDirective, boolean> {
  constructor(directive: YesNoDirective) {
    super(directive, directive.initial);
  }

  change(args: readonly string[], occasion: Occasion): Outcome {
    const word = args[0].toLowerCase();
    if (word !== "yes" && word !== "no") return new Refusal("argument must be 'yes' or 'no'");
    const reason = this.directive.cannotTurnOn;
    if (reason !== undefined && word === "yes" && occasion === "CONFIG SET") {
      return new Refusal(reason);
    }
    return this.put(word === "yes");
  }

  text(): string {
    return this.value ? "yes" : "no";
  }

  lines(): readonly RewrittenLine[] {
    return this.line(this.text(), this.value !== this.directive.initial);
  }
}

export class NumberSetting extends Setting<NumberDirective, bigint> {
  constructor(directive: NumberDirective) {
    super(directive, directive.initial);
  }

  change(args: readonly string[]): Outcome {
    const { kind, clamp, lowest, highest } = this.directive;
    const value = parseNumber(args[0], kind);
    if (value instanceof Refusal) return value;
    if (kind === "memory-or-percent" && value < 0n) {
      if (value < lowest) {
        return new Refusal(`percentage argument must be less or equal to ${-lowest}`);
      }
    } else if (value < lowest || value > highest) {
      const radix = kind === "octal" ? 8 : 10;
      const range = `${lowest.toString(radix)} and ${highest.toString(radix)}`;
      return new Refusal(`argument must be between ${range} inclusive`);
    }
    if (clamp === undefined) return this.put(value);
    return this.put(value < clamp[0] ? clamp[0] : value > clamp[1] ? clamp[1] : value);
  }

  text(): string {
    const { kind } = this.directive;
    if (kind === "octal") return this.value.toString(8);
    return this.value < 0n && kind === "memory-or-percent" ? `${-this.value}%` : `${this.value}`;
  }

  lines(): readonly RewrittenLine[] {
    const { kind } = this.directive;
    const isBytes = kind === "memory" || (kind === "memory-or-percent" && this.value >= 0n);
    const value = isBytes ? memoryText(this.value) : this.text();
    return this.line(value, this.value !== this.directive.initial);
  }
}

function parseNumber(text: string, kind: NumberDirective["kind"]): bigint | Refusal {
  switch (kind) {
    case "integer":
      return parseInteger(text) ?? new Refusal("argument couldn't be parsed into an integer");
    case "octal":
      return parseOctal(text) ?? new Refusal("argument couldn't be parsed as an octal number");
    case "memory":
      return parseMemory(text) ?? new Refusal("argument must be a memory value");
    case "memory-or-percent":
      return parseMemoryOrPercent(text) ??
        new Refusal("argument must be a memory or percent value");
  }
}

function parseMemoryOrPercent(text: string): bigint | undefined {
  const bytes = parseMemory(text);
  // The field is signed: 2^64-1 bytes read as -1, which is 1 %. So it is in Redis.
  if (bytes !== undefined) return BigInt.asIntN(64, bytes);
  if (text.length < 2 || !text.endsWith("%")) return undefined;
  const percent = parseInteger(text.slice(0, -1));
  return percent === undefined || percent < 0n ? undefined : -percent;
}

export class ChoiceSetting extends Setting<ChoiceDirective, string> {
  constructor(directive: ChoiceDirective) {
    super(directive, directive.initial);
  }

  change(args: readonly string[]): Outcome {
    const word = args[0].toLowerCase();
    const { choices, synonyms } = this.directive;
    if (!choices.includes(word)) return notOneOf(choices);
    return this.put(synonyms?.[word] ?? word);
  }

  text(): string {
    return this.value;
  }

  lines(): readonly RewrittenLine[] {
    return this.line(this.value, this.value !== this.directive.initial);
  }
}

/** The value is the words in the order of the directive's list, joined; the first word is none. */
export class ChoicesSetting extends Setting<ChoicesDirective, string> {
  constructor(directive: ChoicesDirective) {
    super(directive, directive.choices[0]);
  }

  change(args: readonly string[]): Outcome {
    const { choices, refuses } = this.directive;
    const words = new Set(args.map((word) => word.toLowerCase()));
    if (words.size === 0 || [...words].some((word) => !choices.includes(word))) {
      return notOneOf(choices);
    }
    const reason = refuses?.(words);
    if (reason !== undefined) return new Refusal(reason);
    const given = choices.slice(1).filter((word) => words.has(word));
    return this.put(given.length === 0 ? choices[0] : given.join(" "));
  }

  text(): string {
    return this.value;
  }

  lines(): readonly RewrittenLine[] {
    return this.line(this.value, this.value !== this.directive.choices[0]);
  }
}

const REASON_LIMIT = 255;

function notOneOf(choices: readonly string[]): Refusal {
  const reason = `argument(s) must be one of the following: ${choices.join(", ")}`;
  return new Refusal(reason.slice(0, REASON_LIMIT));
}

export class TextSetting extends Setting<TextDirective, string> {
  constructor(directive: TextDirective) {
    super(directive, directive.initial);
  }

  change(args: readonly string[]): Outcome {
    let value = args[0];
    if (this.directive.binary !== true) {
      const zero = value.indexOf("\0");
      if (zero >= 0) value = value.slice(0, zero);
    }
    const reason = this.directive.refuses?.(value);
    return reason === undefined ? this.put(value) : new Refusal(reason);
  }

  text(): string {
    return this.value;
  }

  /** As text, decoded from UTF-8. */
  decoded(): string {
    return utf8(latin1Bytes(this.value));
  }

  lines(): readonly RewrittenLine[] {
    const { emptyIsUnset, initial } = this.directive;
    if (emptyIsUnset && this.value === "") return [];
    return this.line(quoted(this.value), this.value !== initial);
  }
}
