/**
 * What a row of the table of directives says, and the functions that make rows.
 *
 * A row is immutable data, shared by every server of the process: name, kind, default, limits and
 * traits. Its name is kept as a literal type, so that `config.number("maxclients")` is checked when
 * it is compiled and `config.number("maxclient")` or `config.number("dir")` do not compile.
 * The value of one server lives in a `Setting` (setting.ts), made from the row.
 *
 * Text everywhere in this folder is *byte text*: a string whose characters are the bytes 0..255, as
 * `latin1` of base/ascii.ts makes it. Redis's configuration is bytes (a password may be any), and
 * this way none is lost. `Config.text` hands out real text, decoded from UTF-8.
 */

/** What may be said of a directive beside its kind. Everything left out is false. */
export interface Traits {
  /** Redis's old name for it; both are listed by CONFIG GET. */
  readonly alias?: string;
  /** A name that later servers (Valkey 8) gave it: understood, and listed only when asked by name. */
  readonly laterAlias?: string;
  /** Only at start; CONFIG SET refuses. */
  readonly immutable?: true;
  /** CONFIG SET only as far as enable-protected-configs allows. */
  readonly protected?: true;
  /** CONFIG GET tells it by its exact name, never by a pattern. */
  readonly hidden?: true;
  /** Its value must not get into the slow log, MONITOR and the log. */
  readonly sensitive?: true;
  /** CONFIG SET is refused with a LOADING error while a data set is being loaded. */
  readonly denyLoading?: true;
  /** The hooks run even when the value did not change (a certificate's file may have). */
  readonly volatile?: true;
  /** This server accepts it and keeps it for CONFIG GET, and that is all. */
  readonly kept?: true;
}

interface Common<N extends string> extends Traits {
  readonly name: N;
}

/** `yes` or `no`. */
export interface YesNoDirective<N extends string = string> extends Common<N> {
  readonly kind: "yes-no";
  readonly initial: boolean;
  /** Why CONFIG SET cannot turn it on (in a file it is accepted: other people's files have it). */
  readonly cannotTurnOn?: string;
}

/**
 * A whole number. `memory` takes units (`1k` = 1000, `1kb` = 1024), `octal` is written in base 8,
 * `memory-or-percent` also takes `5%` and keeps it as the negative number -5.
 */
export interface NumberDirective<
  N extends string = string,
  K extends NumberKind = NumberKind,
> extends Common<N> {
  readonly kind: K;
  readonly initial: bigint;
  readonly lowest: bigint;
  readonly highest: bigint;
  /** Values outside are accepted and moved to the nearer end (`hz`). */
  readonly clamp?: readonly [lowest: bigint, highest: bigint];
}

export type NumberKind = "integer" | "memory" | "octal" | "memory-or-percent";

/** One word of a list. */
export interface ChoiceDirective<N extends string = string, C extends string = string>
  extends Common<N> {
  readonly kind: "choice";
  readonly initial: C;
  readonly choices: readonly C[];
  /** Words that mean the same as another: `relative` is `yes` in oom-score-adj. */
  readonly synonyms?: Readonly<Record<string, C>>;
}

/** Any of a list of words, several of them in one value; the first word of the list means none. */
export interface ChoicesDirective<N extends string = string, C extends string = string>
  extends Common<N> {
  readonly kind: "choices";
  readonly choices: readonly C[];
  /** Returns why these words do not go together. */
  readonly refuses?: (words: ReadonlySet<string>) => string | undefined;
}

/** Any text. */
export interface TextDirective<N extends string = string> extends Common<N> {
  readonly kind: "text";
  readonly initial: string;
  /** An empty value means "not set", so that CONFIG REWRITE leaves the directive out. */
  readonly emptyIsUnset: boolean;
  /** May hold zero bytes (passwords); any other text ends at the first one, as C's strings do. */
  readonly binary?: true;
  /** Returns why the value cannot be. */
  readonly refuses?: (value: string) => string | undefined;
}

/** A directive with a syntax of its own; its `Setting` class is named by `kind`. */
export interface SpecialDirective<
  N extends string = string,
  K extends SpecialKind = SpecialKind,
> extends Common<N> {
  readonly kind: K;
}

export type SpecialKind =
  | "directory"
  | "save-points"
  | "output-buffer-limits"
  | "oom-score-adj-values"
  | "keyspace-events"
  | "addresses"
  | "replica-of"
  | "percentiles";

/** Any row of the table. */
export type Directive =
  | YesNoDirective
  | NumberDirective
  | ChoiceDirective
  | ChoicesDirective
  | TextDirective
  | SpecialDirective;

/** Kinds whose value is a list: in a file they take several arguments, in CONFIG SET one to split. */
const LISTS: ReadonlySet<Directive["kind"]> = new Set<Directive["kind"]>([
  "choices",
  "save-points",
  "output-buffer-limits",
  "oom-score-adj-values",
  "addresses",
  "replica-of",
  "percentiles",
]);

/** Whether the directive takes several arguments (Redis's MULTI_ARG_CONFIG). */
export function takesSeveral(directive: Directive): boolean {
  return LISTS.has(directive.kind);
}

export const INT_MIN = -2147483648;
export const INT_MAX = 2147483647;
export const UINT_MAX = 4294967295;
/** The highest signed 64-bit integer. */
export const LONG_MAX = 9223372036854775807n;
/** The highest unsigned 64-bit integer. */
export const ULONG_MAX = 18446744073709551615n;
export const KIB = 1024;
export const MIB = 1024 * 1024;
export const GIB = 1024 * 1024 * 1024;

export function yesNo<const N extends string>(
  name: N,
  initial: boolean,
  more: Traits & { readonly cannotTurnOn?: string } = {},
): YesNoDirective<N> {
  return { name, kind: "yes-no", initial, ...more };
}

export function integer<const N extends string>(
  name: N,
  initial: number,
  lowest: number | bigint,
  highest: number | bigint,
  more: Traits & { readonly clamp?: readonly [bigint, bigint] } = {},
): NumberDirective<N, "integer"> {
  return numeric(name, "integer", initial, lowest, highest, more);
}

export function memory<const N extends string>(
  name: N,
  initial: number,
  lowest: number | bigint,
  highest: number | bigint,
  more: Traits = {},
): NumberDirective<N, "memory"> {
  return numeric(name, "memory", initial, lowest, highest, more);
}

export function octal<const N extends string>(
  name: N,
  initial: number,
  lowest: number,
  highest: number,
  more: Traits = {},
): NumberDirective<N, "octal"> {
  return numeric(name, "octal", initial, lowest, highest, more);
}

/** `lowest` is the highest percentage, negative. */
export function memoryOrPercent<const N extends string>(
  name: N,
  initial: number,
  lowest: number,
  highest: bigint,
  more: Traits = {},
): NumberDirective<N, "memory-or-percent"> {
  return numeric(name, "memory-or-percent", initial, lowest, highest, more);
}

function numeric<N extends string, K extends NumberKind>(
  name: N,
  kind: K,
  initial: number,
  lowest: number | bigint,
  highest: number | bigint,
  more: Traits & { readonly clamp?: readonly [bigint, bigint] },
): NumberDirective<N, K> {
  return {
    name,
    kind,
    initial: BigInt(initial),
    lowest: BigInt(lowest),
    highest: BigInt(highest),
    ...more,
  };
}

export function choice<const N extends string, const C extends string>(
  name: N,
  initial: NoInfer<C>,
  choices: readonly C[],
  more: Traits & { readonly synonyms?: Readonly<Record<string, NoInfer<C>>> } = {},
): ChoiceDirective<N, C> {
  return { name, kind: "choice", initial, choices, ...more };
}

export function choices<const N extends string, const C extends string>(
  name: N,
  words: readonly C[],
  more: Traits & { readonly refuses?: (words: ReadonlySet<string>) => string | undefined } = {},
): ChoicesDirective<N, C> {
  return { name, kind: "choices", choices: words, ...more };
}

type TextTraits = Traits & {
  readonly binary?: true;
  readonly refuses?: (value: string) => string | undefined;
};

/** A text that may be empty. */
export function text<const N extends string>(
  name: N,
  initial: string,
  more: TextTraits = {},
): TextDirective<N> {
  return { name, kind: "text", initial, emptyIsUnset: false, ...more };
}

/** A text that is either given or not; empty is the same as not given, and the default. */
export function optionalText<const N extends string>(
  name: N,
  more: TextTraits = {},
): TextDirective<N> {
  return { name, kind: "text", initial: "", emptyIsUnset: true, ...more };
}

export function special<const N extends string, const K extends SpecialKind>(
  name: N,
  kind: K,
  more: Traits = {},
): SpecialDirective<N, K> {
  return { name, kind, ...more };
}
