/**
 * What a command is: one object that says all there is to know of it. The registry, COMMAND INFO,
 * COMMAND DOCS, COMMAND GETKEYS, arity errors and the fuzzer's grammar come from it.
 */
import type { Arguments } from "../protocol/arguments.ts";
import type { Call } from "./call.ts";

/** Redis's command flags, as COMMAND INFO lists them. */
export type CommandFlag =
  | "write"
  | "readonly"
  | "denyoom"
  | "admin"
  | "pubsub"
  | "noscript"
  | "blocking"
  | "loading"
  | "stale"
  | "skip_monitor"
  | "skip_slowlog"
  | "asking"
  | "fast"
  | "no_auth"
  | "may_replicate"
  | "no_async_loading"
  | "no_multi"
  | "movablekeys"
  | "allow_busy"
  | "module"
  | "protected";

/** ACL categories that the flags do not imply. */
export type AclCategory =
  | "keyspace"
  | "read"
  | "write"
  | "set"
  | "sortedset"
  | "list"
  | "hash"
  | "string"
  | "bitmap"
  | "hyperloglog"
  | "geo"
  | "stream"
  | "pubsub"
  | "admin"
  | "fast"
  | "slow"
  | "blocking"
  | "dangerous"
  | "connection"
  | "transaction"
  | "scripting";

/** The groups of COMMAND DOCS. */
export type CommandGroup =
  | "generic"
  | "string"
  | "list"
  | "set"
  | "sorted-set"
  | "hash"
  | "pubsub"
  | "transactions"
  | "connection"
  | "server"
  | "scripting"
  | "hyperloglog"
  | "cluster"
  | "sentinel"
  | "geo"
  | "stream"
  | "bitmap";

/** Where keys stand among the arguments, and what is done with them (COMMAND INFO's key specs). */
export interface KeySpecification {
  /** Flags such as `RW`, `access`, `update`, separated by spaces, in Redis's order. */
  readonly flags: string;
  readonly notes?: string;
  readonly begin:
    | { readonly index: number }
    | { readonly keyword: string; readonly startFrom: number }
    | "unknown";
  readonly find:
    | { readonly lastKey: number; readonly step: number; readonly limit: number }
    | { readonly keyNumberIndex: number; readonly firstKey: number; readonly step: number }
    | "unknown";
}

/** An argument as COMMAND DOCS describes it. */
export interface ArgumentSpecification {
  readonly name: string;
  readonly type:
    | "string"
    | "integer"
    | "double"
    | "key"
    | "pattern"
    | "unix-time"
    | "pure-token"
    | "oneof"
    | "block";
  readonly displayText?: string;
  readonly keySpec?: number;
  readonly token?: string;
  readonly since?: string;
  readonly deprecatedSince?: string;
  readonly flags?: readonly ("optional" | "multiple" | "multiple_token")[];
  readonly arguments?: readonly ArgumentSpecification[];
}

/** See {@link defineCommand}. */
export interface CommandDefinition {
  /** In lower case; a subcommand's is its own part alone: `get` of `config|get`. */
  readonly name: string;
  readonly summary: string;
  readonly since: string;
  readonly group: CommandGroup;
  readonly complexity?: string;
  readonly deprecatedSince?: string;
  readonly replacedBy?: string;
  readonly docFlags?: readonly ("deprecated" | "syscmd")[];
  /** Version and what it changed, as COMMAND DOCS lists them. */
  readonly history?: readonly (readonly [version: string, change: string])[];
  /** Counts the name; negative: at least so many. A subcommand's counts both names. */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  /** Categories beside those that the flags imply (@write, @read, @fast or @slow, ...). */
  readonly acl?: readonly AclCategory[];
  readonly tips?: readonly string[];
  readonly keys?: readonly KeySpecification[];
  readonly arguments?: readonly ArgumentSpecification[];
  readonly subcommands?: readonly CommandDefinition[];
  /**
   * Key positions where `keys` cannot tell (SORT, EVAL): pushes argument indexes, and sets in
   * `flags`, at the same places, what is done with those keys where it is not what the first of
   * `keys` says. Returns an error text or undefined.
   */
  getKeys?(args: Arguments, positions: number[], flags: string[]): string | undefined;
  /** Does it. A container command (with subcommands) has none. */
  run?(call: Call): void;
}

/** Marks an object as the definition of a command. */
export function defineCommand(definition: CommandDefinition): CommandDefinition {
  return definition;
}

/** A key specification for keys at fixed places: `keyRange(1, 1, 1, "RO access")`. */
export function keyRange(
  first: number,
  last: number,
  step: number,
  flags: string,
  notes?: string,
): KeySpecification {
  const lastKey = last < 0 ? last : last - first;
  return {
    flags,
    ...(notes === undefined ? {} : { notes }),
    begin: { index: first },
    find: { lastKey, step, limit: 0 },
  };
}

/** A key specification for as many keys as the argument at `index` says, right behind it. */
export function numberedKeys(index: number, flags: string): KeySpecification {
  return { flags, begin: { index }, find: { keyNumberIndex: 0, firstKey: 1, step: 1 } };
}
