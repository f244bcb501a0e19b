/**
 * The table of every directive, and the types that are read off it.
 *
 * A directive that is not here does not exist: the configuration file, the environment, the command
 * line, CONFIG GET and SET, CONFIG REWRITE and the options of `createServer` all go by this table.
 * Its order is the order of CONFIG GET's reply and of the lines that CONFIG REWRITE appends.
 */

import type {
  ChoiceDirective,
  ChoicesDirective,
  Directive,
  NumberDirective,
  SpecialDirective,
  TextDirective,
  YesNoDirective,
} from "./directive.ts";
import {
  APPEND_ONLY_DIRECTIVES,
  CLUSTER_DIRECTIVES,
  ENCODING_DIRECTIVES,
  HIDDEN_DIRECTIVES,
  LATER_DIRECTIVES,
  REPLICATION_DIRECTIVES,
  SNAPSHOT_DIRECTIVES,
} from "./directives_data.ts";
import {
  CLIENT_DIRECTIVES,
  LOG_DIRECTIVES,
  MEMORY_DIRECTIVES,
  NETWORK_DIRECTIVES,
  PROCESS_DIRECTIVES,
  SECURITY_DIRECTIVES,
} from "./directives_server.ts";

/** Every directive, each once, by its primary name. */
export const DIRECTIVES = [
  ...NETWORK_DIRECTIVES,
  ...CLIENT_DIRECTIVES,
  ...SECURITY_DIRECTIVES,
  ...LOG_DIRECTIVES,
  ...MEMORY_DIRECTIVES,
  ...PROCESS_DIRECTIVES,
  ...ENCODING_DIRECTIVES,
  ...SNAPSHOT_DIRECTIVES,
  ...APPEND_ONLY_DIRECTIVES,
  ...REPLICATION_DIRECTIVES,
  ...CLUSTER_DIRECTIVES,
  ...HIDDEN_DIRECTIVES,
  ...LATER_DIRECTIVES,
] as const satisfies readonly Directive[];

type Row = (typeof DIRECTIVES)[number];

/** The primary name of a directive. */
export type DirectiveName = Row["name"];
/** A directive that is `yes` or `no`. */
export type FlagName = Extract<Row, YesNoDirective>["name"];
/** A directive that is a plain number: an amount, bytes, or permission bits. */
export type NumberName = Extract<
  Row,
  | NumberDirective<string, "integer">
  | NumberDirective<string, "memory">
  | NumberDirective<
    string,
    "octal"
  >
>["name"];
/** A directive that is a text: a path, a name, a password. */
export type TextName =
  | Extract<Row, TextDirective>["name"]
  | Extract<Row, SpecialDirective<string, "directory">>["name"];
/** A directive that is one word of a list. */
export type ChoiceName = Extract<Row, ChoiceDirective>["name"];
/** The words that a directive can be. */
export type ChoiceOf<N extends ChoiceName> = Extract<Row, { kind: "choice"; name: N }>["choices"][
  number
];
/** A directive that is several words of a list. */
export type ChoicesName = Extract<Row, ChoicesDirective>["name"];
/** The words that such a directive can hold. */
export type ChoicesOf<N extends ChoicesName> = Extract<Row, { kind: "choices"; name: N }>[
  "choices"
][number];

/**
 * Directives of old versions that are read over without a word: one argument, no effect
 * (what Redis 7.2 still lets pass).
 */
export const FORGOTTEN_DIRECTIVES: ReadonlySet<string> = new Set([
  "list-max-ziplist-entries",
  "list-max-ziplist-value",
  "lua-replicate-commands",
]);
