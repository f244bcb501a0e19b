/**
 * A command's definition as COMMAND INFO and COMMAND DOCS put it into a reply.
 *
 * Flags, tips, specifications and histories are sets, and words of Redis's own are simple strings:
 * RESP3 shows both, RESP2 has arrays and the same simple strings.
 */
import type {
  ArgumentSpecification,
  CommandFlag,
  KeySpecification,
} from "../../command/definition.ts";
import type { ReplyWriter } from "../../protocol/reply_writer.ts";
import type { Command } from "../registry.ts";
import { legacyRange } from "./command_keys.ts";

/** The flags that are shown, in Redis's order; others are for the server itself. */
const SHOWN_FLAGS: readonly CommandFlag[] = [
  "write",
  "readonly",
  "denyoom",
  "module",
  "admin",
  "pubsub",
  "noscript",
  "blocking",
  "loading",
  "stale",
  "skip_monitor",
  "skip_slowlog",
  "asking",
  "fast",
  "no_auth",
  "no_async_loading",
  "no_multi",
  "movablekeys",
  "allow_busy",
];

/** COMMAND INFO's ten elements of a command, its subcommands' among them. */
export function replyCommandInfo(reply: ReplyWriter, command: Command): void {
  const { definition } = command;
  const range = legacyRange(definition);
  const flags: Set<CommandFlag> = new Set(definition.flags);
  if (range.isIncomplete) flags.add("movablekeys");
  reply.array(10);
  reply.bulkText(command.fullName);
  reply.integer(definition.arity);
  replyWords(reply, SHOWN_FLAGS.filter((flag) => flags.has(flag)));
  reply.integer(range.first);
  reply.integer(range.last);
  reply.integer(range.step);
  replyWords(reply, command.categories.map((category) => `@${category}`));
  const tips = definition.tips ?? [];
  reply.set(tips.length);
  for (const tip of tips) reply.bulkText(tip);
  const keys = definition.keys ?? [];
  reply.set(keys.length);
  for (const key of keys) replyKeySpecification(reply, key);
  if (command.subcommands === null) return reply.set(0);
  const { commands } = command.subcommands;
  reply.array(commands.length);
  for (const each of commands) replyCommandInfo(reply, each);
}

function replyWords(reply: ReplyWriter, words: readonly string[]): void {
  reply.set(words.length);
  for (const word of words) reply.simple(word);
}

function replyKeySpecification(reply: ReplyWriter, spec: KeySpecification): void {
  reply.map(spec.notes === undefined ? 3 : 4);
  if (spec.notes !== undefined) replyPair(reply, "notes", spec.notes);
  reply.bulkText("flags");
  replyWords(reply, spec.flags.split(" "));
  const { begin, find } = spec;
  reply.bulkText("begin_search");
  if (begin === "unknown") replySearch(reply, "unknown", []);
  else if ("index" in begin) replySearch(reply, "index", [["index", begin.index]]);
  else {
    const parts = [["keyword", begin.keyword], ["startfrom", begin.startFrom]] as const;
    replySearch(reply, "keyword", parts);
  }
  reply.bulkText("find_keys");
  if (find === "unknown") replySearch(reply, "unknown", []);
  else if ("lastKey" in find) {
    replySearch(reply, "range", [
      ["lastkey", find.lastKey],
      ["keystep", find.step],
      ["limit", find.limit],
    ]);
  } else {
    replySearch(reply, "keynum", [
      ["keynumidx", find.keyNumberIndex],
      ["firstkey", find.firstKey],
      ["keystep", find.step],
    ]);
  }
}

function replySearch(
  reply: ReplyWriter,
  type: string,
  parts: readonly (readonly [name: string, value: string | number])[],
): void {
  reply.map(2);
  replyPair(reply, "type", type);
  reply.bulkText("spec");
  reply.map(parts.length);
  for (const [name, value] of parts) {
    reply.bulkText(name);
    if (typeof value === "number") reply.integer(value);
    else reply.bulkText(value);
  }
}

function replyPair(reply: ReplyWriter, name: string, value: string): void {
  reply.bulkText(name);
  reply.bulkText(value);
}

/** COMMAND DOCS's map of a command; what a command lacks is left out. */
export function replyCommandDocs(reply: ReplyWriter, command: Command): void {
  const { definition } = command;
  const { docFlags, history } = definition;
  const subcommands = command.subcommands?.commands;
  const texts = pairsOf([
    ["summary", definition.summary],
    ["since", definition.since],
    ["group", definition.group],
    ["complexity", definition.complexity],
  ]);
  const fate = pairsOf([
    ["deprecated_since", definition.deprecatedSince],
    ["replaced_by", definition.replacedBy],
  ]);
  const parts = [docFlags, history, definition.arguments, subcommands];
  reply.map(texts.length + fate.length + parts.filter((part) => part !== undefined).length);
  for (const [name, value] of texts) replyPair(reply, name, value);
  if (docFlags !== undefined) {
    reply.bulkText("doc_flags");
    replyWords(reply, docFlags);
  }
  for (const [name, value] of fate) replyPair(reply, name, value);
  if (history !== undefined) {
    reply.bulkText("history");
    reply.set(history.length);
    for (const [version, change] of history) {
      reply.array(2);
      replyPair(reply, version, change);
    }
  }
  if (definition.arguments !== undefined) {
    reply.bulkText("arguments");
    replyArguments(reply, definition.arguments);
  }
  if (subcommands !== undefined) {
    reply.bulkText("subcommands");
    reply.map(subcommands.length);
    for (const each of subcommands) {
      reply.bulkText(each.fullName);
      replyCommandDocs(reply, each);
    }
  }
}

/** Those pairs that have a value. */
function pairsOf(
  pairs: readonly (readonly [name: string, value: string | undefined])[],
): (readonly [string, string])[] {
  return pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
}

function replyArguments(reply: ReplyWriter, specs: readonly ArgumentSpecification[]): void {
  reply.array(specs.length);
  for (const spec of specs) replyArgument(reply, spec);
}

function replyArgument(reply: ReplyWriter, spec: ArgumentSpecification): void {
  const hasParts = spec.type === "oneof" || spec.type === "block";
  const texts = pairsOf([
    ["name", spec.name],
    ["type", spec.type],
    ["display_text", hasParts ? undefined : spec.displayText ?? spec.name],
  ]);
  const details = pairsOf([
    ["token", spec.token],
    ["since", spec.since],
    ["deprecated_since", spec.deprecatedSince],
  ]);
  let count = texts.length + details.length;
  if (spec.keySpec !== undefined) count++;
  if (spec.flags !== undefined) count++;
  if (hasParts) count++;
  reply.map(count);
  for (const [name, value] of texts) replyPair(reply, name, value);
  if (spec.keySpec !== undefined) {
    reply.bulkText("key_spec_index");
    reply.integer(spec.keySpec);
  }
  for (const [name, value] of details) replyPair(reply, name, value);
  if (spec.flags !== undefined) {
    reply.bulkText("flags");
    replyWords(reply, spec.flags);
  }
  if (hasParts) {
    reply.bulkText("arguments");
    replyArguments(reply, spec.arguments ?? []);
  }
}
