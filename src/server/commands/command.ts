/** The COMMAND family: what commands there are, and what is known of each. */
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import { helpCommand } from "../../command/help.ts";
import { latin1Bytes } from "../../base/ascii.ts";
import { matchesGlob } from "../../base/glob.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Engine } from "../engine.ts";
import type { Command, CommandTable } from "../registry.ts";
import { replyCommandDocs, replyCommandInfo } from "./command_docs.ts";
import { hasKeys, keysOf } from "./command_keys.ts";

const BAR = 124;

const HELP = [
  "(no subcommand)",
  "    The particulars of all commands.",
  "COUNT",
  "    How many commands there are.",
  "DOCS [<command-name> ...]",
  "    What can be read about commands, or about all of them.",
  "GETKEYS <full-command>",
  "    The keys among the arguments of a command.",
  "GETKEYSANDFLAGS <full-command>",
  "    The same, and what the command does with each of them.",
  "INFO [<command-name> ...]",
  "    The particulars of some commands, or of all.",
  "LIST [FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]",
  "    The names of commands, subcommands included.",
];

/** The COMMAND command of one server. */
export function commandCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "command",
      summary: "Tells the particulars of all commands.",
      since: "2.8.13",
      group: "server",
      complexity: "O(N) for N commands",
      arity: -1,
      flags: ["loading", "stale"],
      acl: ["connection"],
      tips: ["nondeterministic_output_order"],
      run: (call) => replyAllInfo(engine, call),
      subcommands: [...subcommandsAboutAll(engine), ...subcommandsAboutOne(engine)],
    }),
  ];
}

function subcommandsAboutAll(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "count",
      summary: "Counts the commands.",
      since: "2.8.13",
      group: "server",
      complexity: "O(1)",
      arity: 2,
      flags: ["loading", "stale"],
      acl: ["connection"],
      run: (call) => call.reply.integer(engine.commands.commands.length),
    }),
    defineCommand({
      name: "list",
      summary: "Lists the names of commands.",
      since: "7.0.0",
      group: "server",
      complexity: "O(N) for N commands",
      arity: -2,
      flags: ["loading", "stale"],
      acl: ["connection"],
      tips: ["nondeterministic_output_order"],
      arguments: [{
        name: "filterby",
        type: "oneof",
        token: "FILTERBY",
        flags: ["optional"],
        arguments: [
          { name: "module-name", type: "string", token: "MODULE" },
          { name: "category", type: "string", token: "ACLCAT" },
          { name: "pattern", type: "pattern", token: "PATTERN" },
        ],
      }],
      run: (call) => list(engine, call),
    }),
    helpCommand("COMMAND", "5.0.0", "server", HELP, ["connection"]),
  ];
}

function subcommandsAboutOne(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "info",
      summary: "Tells the particulars of some commands, or of all.",
      since: "2.8.13",
      group: "server",
      complexity: "O(N) for N commands asked for",
      history: [["7.0.0", "Without a name, all commands are told of."]],
      arity: -2,
      flags: ["loading", "stale"],
      acl: ["connection"],
      tips: ["nondeterministic_output_order"],
      arguments: [{ name: "command-name", type: "string", flags: ["optional", "multiple"] }],
      run: (call) => info(engine, call),
    }),
    defineCommand({
      name: "docs",
      summary: "Tells what can be read about some commands, or about all.",
      since: "7.0.0",
      group: "server",
      complexity: "O(N) for N commands asked for",
      arity: -2,
      flags: ["loading", "stale"],
      acl: ["connection"],
      tips: ["nondeterministic_output_order"],
      arguments: [{ name: "command-name", type: "string", flags: ["optional", "multiple"] }],
      run: (call) => docs(engine, call),
    }),
    defineCommand({
      name: "getkeys",
      summary: "Finds the keys among the arguments of a command.",
      since: "2.8.13",
      group: "server",
      complexity: "O(N) for N arguments",
      arity: -3,
      flags: ["loading", "stale"],
      acl: ["connection"],
      arguments: [
        { name: "command", type: "string" },
        { name: "arg", type: "string", flags: ["optional", "multiple"] },
      ],
      run: (call) => getKeys(engine, call, false),
    }),
    defineCommand({
      name: "getkeysandflags",
      summary: "Finds the keys among the arguments of a command, and what it does with each.",
      since: "7.0.0",
      group: "server",
      complexity: "O(N) for N arguments",
      arity: -3,
      flags: ["loading", "stale"],
      acl: ["connection"],
      arguments: [
        { name: "command", type: "string" },
        { name: "arg", type: "string", flags: ["optional", "multiple"] },
      ],
      run: (call) => getKeys(engine, call, true),
    }),
  ];
}

function replyAllInfo(engine: Engine, call: Call): void {
  const { commands } = engine.commands;
  call.reply.array(commands.length);
  for (const command of commands) replyCommandInfo(call.reply, command);
}

function info(engine: Engine, call: Call): void {
  if (call.count === 2) return replyAllInfo(engine, call);
  const { reply } = call;
  reply.array(call.count - 2);
  for (let i = 2; i < call.count; i++) {
    const command = commandNamed(engine.commands, call.args, i);
    if (command === null) reply.null();
    else replyCommandInfo(reply, command);
  }
}

/** Commands that are not there are left out. */
function docs(engine: Engine, call: Call): void {
  const { reply } = call;
  const found = call.count === 2 ? [...engine.commands.commands] : [];
  for (let i = 2; i < call.count; i++) {
    const command = commandNamed(engine.commands, call.args, i);
    if (command !== null) found.push(command);
  }
  reply.map(found.length);
  for (const command of found) {
    reply.bulkText(command.fullName);
    replyCommandDocs(reply, command);
  }
}

/** The command or, with a bar in its name, subcommand that an argument names. */
function commandNamed(table: CommandTable, args: Arguments, index: number): Command | null {
  const { bytes } = args;
  const start = args.starts[index];
  const end = args.ends[index];
  const at = bytes.subarray(start, end).indexOf(BAR);
  if (at < 0) return table.find(bytes, start, end);
  const command = table.find(bytes, start, start + at);
  return command?.subcommands?.find(bytes, start + at + 1, end) ?? null;
}

function list(engine: Engine, call: Call): void {
  let isListed: (command: Command) => boolean = () => true;
  if (call.count > 2) {
    if (call.count !== 5 || !call.is(2, "filterby")) return call.syntaxError();
    if (call.is(3, "module")) isListed = () => false;
    else if (call.is(3, "aclcat")) isListed = inCategory(call.text(4));
    else if (call.is(3, "pattern")) isListed = ofPattern(call.args.copy(4));
    else return call.syntaxError();
  }
  const names = namesOf(engine.commands.commands, isListed);
  call.reply.array(names.length);
  for (const name of names) call.reply.bulkText(name);
}

function inCategory(name: string): (command: Command) => boolean {
  const wanted = name.toLowerCase();
  return (command) => command.categories.some((category) => category === wanted);
}

function ofPattern(pattern: Uint8Array): (command: Command) => boolean {
  return ({ fullName }) =>
    matchesGlob(pattern, 0, pattern.length, latin1Bytes(fullName), 0, fullName.length, true);
}

/** The names of those that are wanted, each before its subcommands'. */
function namesOf(commands: readonly Command[], isListed: (command: Command) => boolean): string[] {
  const names: string[] = [];
  for (const command of commands) {
    if (isListed(command)) names.push(command.fullName);
    if (command.subcommands !== null) {
      names.push(...namesOf(command.subcommands.commands, isListed));
    }
  }
  return names;
}

/** The command to look at begins at argument 2. */
function getKeys(engine: Engine, call: Call, withFlags: boolean): void {
  const { args, reply } = call;
  const command = commandAt(engine.commands, args, 2);
  if (command === null) return reply.error("ERR Invalid command specified");
  const { definition } = command;
  if (!hasKeys(definition)) return reply.error("ERR The command has no key arguments");
  if (!command.accepts(args.count - 2)) {
    return reply.error("ERR Invalid number of arguments specified for command");
  }
  const keys = keysOf(definition, call, 2);
  if (keys === undefined || keys.length === 0) {
    return reply.error("ERR Invalid arguments specified for command");
  }
  reply.array(keys.length);
  for (const { index, flags } of keys) {
    if (withFlags) reply.array(2);
    reply.bulk(args.bytes, args.starts[index + 2], args.ends[index + 2]);
    if (!withFlags) continue;
    const words = flags.split(" ");
    reply.set(words.length);
    for (const word of words) reply.simple(word);
  }
}

/** The command whose name, and subcommand if it has any, stand at an argument and the next. */
export function commandAt(table: CommandTable, args: Arguments, index: number): Command | null {
  const { bytes, starts, ends, count } = args;
  const command = table.find(bytes, starts[index], ends[index]);
  if (command === null || command.subcommands === null || count === index + 1) return command;
  return command.subcommands.find(bytes, starts[index + 1], ends[index + 1]);
}
