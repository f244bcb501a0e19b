/** The ACL family: users, what they may do, and what was denied to whom. */
import { latin1Bytes } from "../../base/ascii.ts";
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import { helpCommand } from "../../command/help.ts";
import {
  NOT_AN_INTEGER,
  unknownSubcommandOrArity,
  wrongArity,
} from "../../protocol/wire_errors.ts";
import type { AclLogEntry } from "../acl/acl_log.ts";
import { hasSpaces } from "../acl/rules.ts";
import type { Selector } from "../acl/selector.ts";
import type { Engine } from "../engine.ts";
import { argumentsFrom } from "./command_keys.ts";
import { commandAt } from "./command.ts";
import { int64, textUntilZero } from "./plain_argument.ts";

const PASSWORD_BITS_DEFAULT = 256;
const PASSWORD_BITS_MAX = 4096;
const LOG_ENTRIES_DEFAULT = 10;

const NO_FILE = "ERR This Redis instance is not configured to use an ACL file. You may want to " +
  "specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have " +
  "a Redis configuration file set) in order to store users in the Redis configuration.";
const NOT_SAVED = "ERR There was an error trying to save the ACLs. Please check the server logs " +
  "for more information";
const BAD_BITS = "ERR ACL GENPASS argument must be the number of bits for the output password, a " +
  `positive number up to ${PASSWORD_BITS_MAX}`;

const HELP = [
  "CAT [<category>]",
  "    The categories of commands, or the commands of one.",
  "DELUSER <username> [<username> ...]",
  "    Delete users and close their connections.",
  "DRYRUN <username> <command> [<arg> ...]",
  "    Whether a user may run a command; it is not run.",
  "GETUSER <username>",
  "    All about a user.",
  "GENPASS [<bits>]",
  "    A random password of 256 bits, or of so many, in hexadecimal digits.",
  "LIST",
  "    The users, each as a line of a configuration file.",
  "LOAD",
  "    Read the users from the ACL file anew.",
  "LOG [<count> | RESET]",
  "    What was denied to whom, newest first; or forget it.",
  "SAVE",
  "    Write the users to the ACL file.",
  "SETUSER <username> <attribute> [<attribute> ...]",
  "    Make a user, or change one, by rules.",
  "USERS",
  "    The names of the users.",
  "WHOAMI",
  "    The name of the user that this connection is.",
];

const ALL_NODES = ["request_policy:all_nodes", "response_policy:all_succeeded"];

/** The ACL command of one server. */
export function aclCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "acl",
      summary: "Groups the commands about users and what they may do.",
      since: "6.0.0",
      group: "server",
      complexity: "That of the subcommand.",
      arity: -2,
      flags: [],
      subcommands: [
        ...aboutUsers(engine),
        ...aboutFiles(engine),
        ...aboutPermissions(engine),
        helpCommand("ACL", "6.0.0", "server", HELP),
      ],
    }),
  ];
}

function aboutUsers(engine: Engine): readonly CommandDefinition[] {
  return [
    subcommand("setuser", -3, {
      summary: "Makes a user, or changes the rules of one.",
      complexity: "O(N), N being the rules given",
      history: [
        ["6.2.0", "Patterns of channels came."],
        ["7.0.0", "Selectors came, and permissions to read and to write keys."],
      ],
      tips: ALL_NODES,
      arguments: [
        { name: "username", type: "string" },
        { name: "rule", type: "string", flags: ["optional", "multiple"] },
      ],
      run: (call) => setUser(engine, call),
    }),
    subcommand("deluser", -3, {
      summary: "Deletes users and closes their connections.",
      complexity: "O(N), N being the connections there are",
      tips: ALL_NODES,
      arguments: [{ name: "username", type: "string", flags: ["multiple"] }],
      run: (call) => deleteUsers(engine, call),
    }),
    subcommand("getuser", 3, {
      summary: "Tells the rules of a user.",
      complexity: "O(N), N being the rules of the user",
      history: [
        ["6.2.0", "Patterns of channels came."],
        ["7.0.0", "Selectors came; patterns are told as the rules that they are."],
      ],
      arguments: [{ name: "username", type: "string" }],
      run: (call) => getUser(engine, call),
    }),
    subcommand("list", 2, {
      summary: "Tells the rules of all users.",
      complexity: "O(N), N being the users",
      run(call) {
        const { users } = engine.acl;
        call.reply.array(users.length);
        for (const user of users) replyBytes(call, `user ${user.line}`);
      },
    }),
    subcommand("users", 2, {
      summary: "Tells the names of all users.",
      complexity: "O(N), N being the users",
      run(call) {
        const { users } = engine.acl;
        call.reply.array(users.length);
        for (const user of users) replyBytes(call, user.name);
      },
    }),
    subcommand("whoami", 2, {
      summary: "Tells the name of the connection's user.",
      isAnyones: true,
      run: (call) => replyBytes(call, engine.currentClient!.user.name),
    }),
  ];
}

function aboutFiles(engine: Engine): readonly CommandDefinition[] {
  return [
    subcommand("load", 2, {
      summary: "Takes the users from the ACL file anew.",
      complexity: "O(N), N being the users",
      run(call) {
        if (engine.config.text("aclfile") === "") return call.reply.error(NO_FILE);
        const error = engine.acl.loadFile();
        if (error === undefined) call.reply.ok();
        else call.reply.error(`ERR ${error}`);
      },
    }),
    subcommand("save", 2, {
      summary: "Writes the users to the ACL file.",
      complexity: "O(N), N being the users",
      tips: ALL_NODES,
      run(call) {
        if (engine.config.text("aclfile") === "") return call.reply.error(NO_FILE);
        if (engine.acl.saveFile()) call.reply.ok();
        else call.reply.error(NOT_SAVED);
      },
    }),
  ];
}

function aboutPermissions(engine: Engine): readonly CommandDefinition[] {
  return [
    subcommand("cat", -2, {
      summary: "Tells the categories of commands, or the commands of one.",
      complexity: "O(N), N being the commands there are",
      isAnyones: true,
      arguments: [{ name: "category", type: "string", flags: ["optional"] }],
      run: (call) => categories(engine, call),
    }),
    subcommand("dryrun", -4, {
      summary: "Tells whether a user may run a command, without running it.",
      since: "7.0.0",
      complexity: "O(1)",
      arguments: [
        { name: "username", type: "string" },
        { name: "command", type: "string" },
        { name: "arg", type: "string", flags: ["optional", "multiple"] },
      ],
      run: (call) => dryRun(engine, call),
    }),
    subcommand("genpass", -2, {
      summary: "Makes a random password.",
      isAnyones: true,
      arguments: [{ name: "bits", type: "integer", flags: ["optional"] }],
      run: (call) => generatePassword(engine, call),
    }),
    subcommand("log", -2, {
      summary: "Tells what was denied to whom.",
      complexity: "O(N), N being the entries told",
      history: [["7.2.0", "Entries have a number and tell when they came and were last changed."]],
      arguments: [{
        name: "operation",
        type: "oneof",
        flags: ["optional"],
        arguments: [
          { name: "count", type: "integer" },
          { name: "reset", type: "pure-token", token: "RESET" },
        ],
      }],
      run: (call) => log(engine, call),
    }),
  ];
}

type Particulars =
  & Partial<
    Pick<CommandDefinition, "since" | "complexity" | "history" | "tips" | "arguments" | "flags">
  >
  & Required<Pick<CommandDefinition, "summary" | "run">>
  & {
    /** It tells nothing of others and changes nothing: no command of administrators. */
    readonly isAnyones?: true;
  };

function subcommand(name: string, arity: number, more: Particulars): CommandDefinition {
  const { isAnyones, ...particulars } = more;
  return defineCommand({
    name,
    since: "6.0.0",
    group: "server",
    complexity: "O(1)",
    arity,
    flags: isAnyones ? ["noscript", "loading", "stale"] : ["admin", "noscript", "loading", "stale"],
    ...particulars,
  });
}

function setUser(engine: Engine, call: Call): void {
  const name = call.text(2);
  if (hasSpaces(name)) {
    return call.reply.error("ERR Usernames can't contain spaces or null characters");
  }
  const rules: string[] = [];
  for (let i = 3; i < call.count; i++) rules.push(call.text(i));
  const error = engine.acl.setUser(name, rules);
  if (error === undefined) call.reply.ok();
  else call.reply.error(`ERR ${error}`);
}

function deleteUsers(engine: Engine, call: Call): void {
  const names: string[] = [];
  for (let i = 2; i < call.count; i++) names.push(call.text(i));
  if (names.includes(engine.acl.defaultUser.name)) {
    return call.reply.error("ERR The 'default' user cannot be removed");
  }
  let deleted = 0;
  for (const name of names) if (engine.acl.deleteUser(name)) deleted++;
  call.reply.integer(deleted);
}

function getUser(engine: Engine, call: Call): void {
  const { reply } = call;
  const user = engine.acl.find(call.text(2));
  if (user === undefined) return reply.null();
  reply.map(6);
  reply.bulkText("flags");
  reply.set(user.flags.length);
  for (const flag of user.flags) reply.bulkText(flag);
  reply.bulkText("passwords");
  reply.array(user.passwords.length);
  for (const hash of user.passwords) reply.bulkText(hash);
  replySelector(call, user.root);
  const others = user.selectors.slice(1);
  reply.bulkText("selectors");
  reply.array(others.length);
  for (const selector of others) {
    reply.map(3);
    replySelector(call, selector);
  }
}

function replySelector(call: Call, selector: Selector): void {
  const { reply } = call;
  reply.bulkText("commands");
  replyBytes(call, selector.commandRules);
  reply.bulkText("keys");
  replyBytes(call, selector.keyRules);
  reply.bulkText("channels");
  replyBytes(call, selector.channelRules);
}

function categories(engine: Engine, call: Call): void {
  const { reply } = call;
  const { index } = engine.acl.settings;
  if (call.count > 3) return reply.error(unknownSubcommandOrArity(call.text(1), "acl"));
  if (call.count === 2) {
    reply.array(index.categories.length);
    for (const category of index.categories) reply.bulkText(category);
    return;
  }
  const name = textUntilZero(call, 2);
  const commands = index.inCategory(name);
  if (commands === undefined) return reply.error(`ERR Unknown category '${name.slice(0, 128)}'`);
  reply.array(commands.length);
  for (const command of commands) reply.bulkText(command.fullName);
}

/** The command to look at begins at argument 3. */
function dryRun(engine: Engine, call: Call): void {
  const { reply } = call;
  const user = engine.acl.find(call.text(2));
  if (user === undefined) return reply.error(`ERR User '${textUntilZero(call, 2)}' not found`);
  const args = argumentsFrom(call.args, 3);
  const command = commandAt(engine.commands, args, 0);
  if (command === null) return reply.error(`ERR Command '${textUntilZero(call, 3)}' not found`);
  if (!command.accepts(args.count)) return reply.error(wrongArity(command.fullName));
  const refusal = engine.acl.rehearse(user, command, args);
  if (refusal === undefined) reply.ok();
  else replyBytes(call, refusal);
}

function generatePassword(engine: Engine, call: Call): void {
  const { reply } = call;
  if (call.count > 3) return reply.error(unknownSubcommandOrArity(call.text(1), "acl"));
  let bits = BigInt(PASSWORD_BITS_DEFAULT);
  if (call.count === 3) {
    const given = int64(call, 2);
    if (given === undefined) return reply.error(NOT_AN_INTEGER);
    bits = given;
  }
  if (bits <= 0n || bits > PASSWORD_BITS_MAX) return reply.error(BAD_BITS);
  const digits = Math.ceil(Number(bits) / 4);
  const bytes = new Uint8Array(Math.ceil(digits / 2));
  engine.platform.random.fill(bytes);
  const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  reply.bulkText(text.slice(0, digits));
}

function log(engine: Engine, call: Call): void {
  const { reply } = call;
  const { log } = engine.acl;
  if (call.count > 3) return reply.error(unknownSubcommandOrArity(call.text(1), "acl"));
  let count = LOG_ENTRIES_DEFAULT;
  if (call.count === 3) {
    if (call.is(2, "reset")) {
      log.clear();
      return reply.ok();
    }
    const given = int64(call, 2);
    if (given === undefined) return reply.error(NOT_AN_INTEGER);
    count = Math.max(0, Number(given));
  }
  const entries = log.entries.slice(0, count);
  reply.array(entries.length);
  for (const entry of entries) replyLogEntry(call, entry, Math.floor(engine.keyspace.nowMs));
}

function replyLogEntry(call: Call, entry: AclLogEntry, nowMs: number): void {
  const { reply } = call;
  reply.map(10);
  reply.bulkText("count");
  reply.integer(entry.count);
  reply.bulkText("reason");
  reply.bulkText(entry.reason);
  reply.bulkText("context");
  reply.bulkText(entry.context);
  reply.bulkText("object");
  replyBytes(call, entry.object);
  reply.bulkText("username");
  replyBytes(call, entry.userName);
  reply.bulkText("age-seconds");
  reply.double((nowMs - entry.updatedMs) / 1000);
  reply.bulkText("client-info");
  replyBytes(call, entry.clientInfo);
  reply.bulkText("entry-id");
  reply.integer(entry.id);
  reply.bulkText("timestamp-created");
  reply.integer(entry.createdMs);
  reply.bulkText("timestamp-last-updated");
  reply.integer(entry.updatedMs);
}

/** Names and rules are any bytes: no text of some encoding. */
function replyBytes({ reply }: Call, byteText: string): void {
  reply.bulk(latin1Bytes(byteText));
}
