/** The CLIENT family: connections as others see them, and what one may ask for itself. */
import { latin1Bytes } from "../../base/ascii.ts";
import type { Call } from "../../command/call.ts";
import type { ArgumentSpecification, CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import { replyHelp } from "../../command/help.ts";
import {
  NOT_AN_INTEGER,
  SYNTAX_ERROR,
  unknownSubcommandOrArity,
} from "../../protocol/wire_errors.ts";
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";
import type { ClientType } from "./client_list.ts";
import { clientLine, clientTypeOf } from "./client_list.ts";
import { int64, INVALID_CLIENT_NAME, isListable, textUntilZero } from "./plain_argument.ts";

const INT64_MAX = 2n ** 63n - 1n;

const HELP = [
  "GETNAME",
  "    The name that this connection has been given.",
  "ID",
  "    The number of this connection.",
  "INFO",
  "    What CLIENT LIST tells of this connection.",
  "KILL <ip:port>",
  "    End the connection that comes from there.",
  "KILL <option> <value> [<option> <value> [...]]",
  "    End the connections that all options are true of:",
  "    * ADDR (<ip:port>|<unixsocket>:0)",
  "      Come from this address.",
  "    * ID <id>",
  "      Have this number.",
  "    * LADDR (<ip:port>|<unixsocket>:0)",
  "      Came in at this address of the server.",
  "    * SKIPME (YES|NO)",
  "      YES, which is the default, leaves this connection out.",
  "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
  "      Are of this type.",
  "    * USER <username>",
  "      Have authenticated as this user.",
  "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID <id> [<id> ...]]",
  "    One line for each connection.",
  "NO-EVICT (ON|OFF)",
  "    Keep this connection when connections take too much memory.",
  "NO-TOUCH (ON|OFF)",
  "    Let this connection read keys without counting as a use of them.",
  "PAUSE <timeout> [WRITE|ALL]",
  "    Hold commands, or only those that write, back for so many milliseconds.",
  "REPLY (ON|OFF|SKIP)",
  "    Whether this connection wants to be answered.",
  "SETINFO (LIB-NAME|LIB-VER) <value>",
  "    Say which client library this is, and its version.",
  "SETNAME <name>",
  "    Give this connection a name.",
  "UNBLOCK <clientid> [TIMEOUT|ERROR]",
  "    Let a connection that waits in a blocking command go on.",
  "UNPAUSE",
  "    End a pause before its time.",
];

/** ON or OFF. */
const ENABLED: readonly ArgumentSpecification[] = [{
  name: "enabled",
  type: "oneof",
  arguments: [
    { name: "on", type: "pure-token", token: "ON" },
    { name: "off", type: "pure-token", token: "OFF" },
  ],
}];

/** The CLIENT command of one server. */
export function clientCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "client",
      summary: "Groups the commands about connections.",
      since: "2.4.0",
      group: "connection",
      complexity: "That of the subcommand.",
      arity: -2,
      flags: [],
      subcommands: [
        ...ownConnection(engine),
        ...ownModes(engine),
        ...allConnections(engine),
        ...pausing(engine),
        defineCommand({
          name: "help",
          summary: "Tells of the subcommands.",
          since: "5.0.0",
          group: "connection",
          complexity: "O(1)",
          arity: 2,
          flags: ["loading", "stale"],
          acl: ["connection"],
          run: (call) => replyHelp(call, "CLIENT", HELP),
        }),
      ],
    }),
  ];
}

/** What a connection is told of itself and says of itself. */
function ownConnection(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "id",
      summary: "Tells the number of the connection.",
      since: "5.0.0",
      group: "connection",
      complexity: "O(1)",
      arity: 2,
      flags: ["noscript", "loading", "stale"],
      acl: ["connection"],
      run: (call) => call.reply.integer(engine.currentClient!.id),
    }),
    defineCommand({
      name: "info",
      summary: "Tells what CLIENT LIST tells of the connection.",
      since: "6.2.0",
      group: "connection",
      complexity: "O(1)",
      arity: 2,
      flags: ["noscript", "loading", "stale"],
      acl: ["connection"],
      tips: ["nondeterministic_output"],
      run(call) {
        call.reply.verbatim("txt", `${clientLine(engine, engine.currentClient!)}\n`);
      },
    }),
    defineCommand({
      name: "getname",
      summary: "Tells the name of the connection.",
      since: "2.6.9",
      group: "connection",
      complexity: "O(1)",
      arity: 2,
      flags: ["noscript", "loading", "stale"],
      acl: ["connection"],
      run(call) {
        const { name } = engine.currentClient!;
        if (name === "") call.reply.null();
        else call.reply.bulk(latin1Bytes(name));
      },
    }),
    defineCommand({
      name: "setname",
      summary: "Gives the connection a name.",
      since: "2.6.9",
      group: "connection",
      complexity: "O(1)",
      arity: 3,
      flags: ["noscript", "loading", "stale"],
      acl: ["connection"],
      tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
      arguments: [{ name: "connection-name", type: "string" }],
      run(call) {
        if (!isListable(textUntilZero(call, 2))) return call.reply.error(INVALID_CLIENT_NAME);
        engine.currentClient!.name = call.text(2);
        call.reply.ok();
      },
    }),
    defineCommand({
      name: "setinfo",
      summary: "Says which client library is at the other end, and its version.",
      since: "7.2.0",
      group: "connection",
      complexity: "O(1)",
      arity: 4,
      flags: ["noscript", "loading", "stale"],
      acl: ["connection"],
      tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
      arguments: [{
        name: "attr",
        type: "oneof",
        arguments: [
          { name: "libname", type: "string", token: "lib-name" },
          { name: "libver", type: "string", token: "lib-ver" },
        ],
      }],
      run: (call) => setInfo(call, engine.currentClient!),
    }),
  ];
}

/** How a connection wants to be treated. */
function ownModes(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "reply",
      summary: "Says whether the connection wants to be answered.",
      since: "3.2.0",
      group: "connection",
      complexity: "O(1)",
      arity: 3,
      flags: ["noscript", "loading", "stale"],
      acl: ["connection"],
      arguments: [{
        name: "action",
        type: "oneof",
        arguments: [
          { name: "on", type: "pure-token", token: "ON" },
          { name: "off", type: "pure-token", token: "OFF" },
          { name: "skip", type: "pure-token", token: "SKIP" },
        ],
      }],
      run: (call) => setReplyMode(call, engine.currentClient!),
    }),
    defineCommand({
      name: "no-evict",
      summary: "Keeps the connection when connections take too much memory.",
      since: "7.0.0",
      group: "connection",
      complexity: "O(1)",
      arity: 3,
      flags: ["admin", "noscript", "loading", "stale"],
      acl: ["connection"],
      arguments: ENABLED,
      run(call) {
        const isOn = onOrOff(call);
        if (isOn !== undefined) engine.currentClient!.isNoEvict = isOn;
      },
    }),
    defineCommand({
      name: "no-touch",
      summary: "Lets the connection use keys without that counting as a use of them.",
      since: "7.2.0",
      group: "connection",
      complexity: "O(1)",
      arity: 3,
      flags: ["noscript", "loading", "stale"],
      acl: ["connection"],
      arguments: ENABLED,
      run(call) {
        const isOn = onOrOff(call);
        if (isOn !== undefined) engine.currentClient!.isNoTouch = isOn;
      },
    }),
  ];
}

function allConnections(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "list",
      summary: "Lists the connections.",
      since: "2.4.0",
      group: "connection",
      complexity: "O(N) for N connections",
      history: [
        ["2.8.12", "The field `id`."],
        ["5.0.0", "The filter `TYPE`."],
        ["6.0.0", "The field `user`."],
        [
          "6.2.0",
          "The fields `argv-mem`, `tot-mem`, `laddr` and `redir`; the filter `ID`.",
        ],
        ["7.0.0", "The fields `resp`, `multi-mem`, `rbs` and `rbp`."],
        ["7.0.3", "The field `ssub`."],
      ],
      arity: -2,
      flags: ["admin", "noscript", "loading", "stale"],
      acl: ["connection"],
      tips: ["nondeterministic_output"],
      arguments: [
        {
          name: "client-type",
          type: "oneof",
          token: "TYPE",
          since: "5.0.0",
          flags: ["optional"],
          arguments: [
            { name: "normal", type: "pure-token", token: "normal" },
            { name: "master", type: "pure-token", token: "master" },
            { name: "replica", type: "pure-token", token: "replica" },
            { name: "pubsub", type: "pure-token", token: "pubsub" },
          ],
        },
        {
          name: "client-id",
          type: "integer",
          token: "ID",
          since: "6.2.0",
          flags: ["optional", "multiple"],
        },
      ],
      run: (call) => list(engine, call),
    }),
    defineCommand({
      name: "kill",
      summary: "Ends connections.",
      since: "2.4.0",
      group: "connection",
      complexity: "O(N) for N connections",
      history: [
        ["2.8.12", "Filters, in place of one address."],
        ["2.8.12", "The filter `ID`."],
        ["3.2.0", "The type `master`."],
        ["5.0.0", "The type `replica`, which `slave` still means too."],
        ["6.2.0", "The filter `LADDR`."],
      ],
      arity: -3,
      flags: ["admin", "noscript", "loading", "stale"],
      acl: ["connection"],
      arguments: KILL_ARGUMENTS,
      run: (call) => kill(engine, call),
    }),
    defineCommand({
      name: "unblock",
      summary: "Lets a connection that waits in a blocking command go on.",
      since: "5.0.0",
      group: "connection",
      complexity: "O(1)",
      arity: -3,
      flags: ["admin", "noscript", "loading", "stale"],
      acl: ["connection"],
      arguments: [
        { name: "client-id", type: "integer" },
        {
          name: "unblock-type",
          type: "oneof",
          flags: ["optional"],
          arguments: [
            { name: "timeout", type: "pure-token", token: "TIMEOUT" },
            { name: "error", type: "pure-token", token: "ERROR" },
          ],
        },
      ],
      run: (call) => unblock(call),
    }),
  ];
}

const KILL_ARGUMENTS: readonly ArgumentSpecification[] = [{
  name: "filter",
  type: "oneof",
  arguments: [
    { name: "old-format", type: "string", displayText: "ip:port", deprecatedSince: "2.8.12" },
    {
      name: "new-format",
      type: "oneof",
      flags: ["multiple"],
      arguments: [
        { name: "client-id", type: "integer", token: "ID", since: "2.8.12", flags: ["optional"] },
        {
          name: "client-type",
          type: "oneof",
          token: "TYPE",
          since: "2.8.12",
          flags: ["optional"],
          arguments: [
            { name: "normal", type: "pure-token", token: "normal" },
            { name: "master", type: "pure-token", token: "master", since: "3.2.0" },
            { name: "slave", type: "pure-token", token: "slave" },
            { name: "replica", type: "pure-token", token: "replica", since: "5.0.0" },
            { name: "pubsub", type: "pure-token", token: "pubsub" },
          ],
        },
        { name: "username", type: "string", token: "USER", flags: ["optional"] },
        {
          name: "addr",
          type: "string",
          displayText: "ip:port",
          token: "ADDR",
          flags: ["optional"],
        },
        {
          name: "laddr",
          type: "string",
          displayText: "ip:port",
          token: "LADDR",
          since: "6.2.0",
          flags: ["optional"],
        },
        {
          name: "skipme",
          type: "oneof",
          token: "SKIPME",
          flags: ["optional"],
          arguments: [
            { name: "yes", type: "pure-token", token: "YES" },
            { name: "no", type: "pure-token", token: "NO" },
          ],
        },
      ],
    },
  ],
}];

function pausing(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "pause",
      summary: "Holds commands back for a while.",
      since: "3.0.0",
      group: "connection",
      complexity: "O(1)",
      history: [["6.2.0", "The mode may be chosen: `WRITE` or `ALL`."]],
      arity: -3,
      flags: ["admin", "noscript", "loading", "stale"],
      acl: ["connection"],
      arguments: [
        { name: "timeout", type: "integer" },
        {
          name: "mode",
          type: "oneof",
          since: "6.2.0",
          flags: ["optional"],
          arguments: [
            { name: "write", type: "pure-token", token: "WRITE" },
            { name: "all", type: "pure-token", token: "ALL" },
          ],
        },
      ],
      run: (call) => pause(engine, call),
    }),
    defineCommand({
      name: "unpause",
      summary: "Lets the commands go on that a pause holds back.",
      since: "6.2.0",
      group: "connection",
      complexity: "O(N) for N connections that wait",
      arity: 2,
      flags: ["admin", "noscript", "loading", "stale"],
      acl: ["connection"],
      run(call) {
        engine.unpause();
        call.reply.ok();
      },
    }),
  ];
}

function setInfo(call: Call, client: Client): void {
  const isName = call.is(2, "lib-name");
  if (!isName && !call.is(2, "lib-ver")) {
    return call.reply.error(`ERR Unrecognized option '${textUntilZero(call, 2)}'`);
  }
  if (!isListable(textUntilZero(call, 3))) {
    return call.reply.error(
      `ERR ${call.text(2)} cannot contain spaces, newlines or special characters.`,
    );
  }
  if (isName) client.libraryName = call.text(3);
  else client.libraryVersion = call.text(3);
  call.reply.ok();
}

/** ON or OFF at argument 2; undefined after replying with the error. */
function onOrOff(call: Call): boolean | undefined {
  const isOn = call.is(2, "on");
  if (isOn || call.is(2, "off")) {
    call.reply.ok();
    return isOn;
  }
  call.syntaxError();
  return undefined;
}

/** Only ON is answered. SKIP is for the command that comes next, and nothing new while OFF. */
function setReplyMode(call: Call, client: Client): void {
  if (call.is(2, "on")) {
    client.replyMode = "on";
    call.reply.ok();
  } else if (call.is(2, "off")) client.replyMode = "off";
  else if (call.is(2, "skip")) {
    if (client.replyMode !== "off") client.replyMode = "skip-next";
  } else call.syntaxError();
}

function list(engine: Engine, call: Call): void {
  let lines = "";
  if (call.count === 4 && call.is(2, "type")) {
    const type = typeOrReply(call, 3);
    if (type === undefined) return;
    if (isOfType(type)) lines = linesOf(engine, engine.clients.values());
  } else if (call.count > 3 && call.is(2, "id")) {
    for (let i = 3; i < call.count; i++) {
      const id = int64(call, i);
      if (id === undefined) return call.reply.error("ERR Invalid client ID");
      const client = engine.clients.get(Number(id));
      if (client !== undefined) lines += linesOf(engine, [client]);
    }
  } else if (call.count === 2) lines = linesOf(engine, engine.clients.values());
  else return call.syntaxError();
  call.reply.verbatim("txt", lines);
}

function linesOf(engine: Engine, clients: Iterable<Client>): string {
  let lines = "";
  for (const client of clients) lines += `${clientLine(engine, client)}\n`;
  return lines;
}

/** The client type at an argument; undefined after replying that it is none. */
function typeOrReply(call: Call, index: number): ClientType | undefined {
  const word = textUntilZero(call, index);
  const type = clientTypeOf(word);
  if (type === undefined) call.reply.error(`ERR Unknown client type '${word}'`);
  return type;
}

/** Whether connections are of a type: all are normal while none subscribes or replicates. */
function isOfType(type: ClientType): boolean {
  return type === "normal";
}

/** Which connections CLIENT KILL ends: those that everything given is true of. */
interface KillFilter {
  id?: bigint;
  type?: ClientType;
  address?: string;
  localAddress?: string;
  user?: string;
  skipsOwn: boolean;
}

function kill(engine: Engine, call: Call): void {
  const isOldForm = call.count === 3;
  const filter = isOldForm
    // In this form a connection can end itself.
    ? { address: textUntilZero(call, 2), skipsOwn: false }
    : killFilterOrReply(call);
  if (filter === undefined) return;
  const own = engine.currentClient!;
  let count = 0;
  let endsOwn = false;
  // Deleting from a Map while it is walked is defined, and closing deletes.
  for (const client of engine.clients.values()) {
    if (!isMeant(client, filter) || (client === own && filter.skipsOwn)) continue;
    if (client === own) endsOwn = true;
    else engine.closeClient(client, "now");
    count++;
  }
  if (!isOldForm) call.reply.integer(count);
  else if (count > 0) call.reply.ok();
  else call.reply.error("ERR No such client");
  if (endsOwn) engine.closeClient(own, "after replies");
}

function isMeant(client: Client, filter: KillFilter): boolean {
  const { id, type, address, localAddress, user } = filter;
  return (address === undefined || client.socket.remoteAddress === address) &&
    (localAddress === undefined || client.socket.localAddress === localAddress) &&
    (type === undefined || isOfType(type)) &&
    (id === undefined || BigInt(client.id) === id) &&
    (user === undefined || client.userName === user);
}

function killFilterOrReply(call: Call): KillFilter | undefined {
  const filter: KillFilter = { skipsOwn: true };
  for (let i = 2; i < call.count; i += 2) {
    const error = readKillOption(call, i, filter);
    if (error === undefined) continue;
    call.reply.error(error);
    return undefined;
  }
  return filter;
}

/** Takes the option at an argument, whose value follows; returns what is wrong with it, if so. */
function readKillOption(call: Call, i: number, filter: KillFilter): string | undefined {
  if (i + 1 >= call.count) return SYNTAX_ERROR;
  const value = textUntilZero(call, i + 1);
  if (call.is(i, "id")) {
    const id = int64(call, i + 1);
    if (id === undefined || id < 1) return "ERR client-id should be greater than 0";
    filter.id = id;
  } else if (call.is(i, "type")) {
    const type = clientTypeOf(value);
    if (type === undefined) return `ERR Unknown client type '${value}'`;
    filter.type = type;
  } else if (call.is(i, "addr")) filter.address = value;
  else if (call.is(i, "laddr")) filter.localAddress = value;
  else if (call.is(i, "user")) {
    if (call.text(i + 1) !== "default") return `ERR No such user '${value}'`;
    filter.user = value;
  } else if (call.is(i, "skipme")) {
    filter.skipsOwn = call.is(i + 1, "yes");
    if (!filter.skipsOwn && !call.is(i + 1, "no")) return SYNTAX_ERROR;
  } else return SYNTAX_ERROR;
  return undefined;
}

/** No command blocks yet, and a client that CLIENT PAUSE holds is not freed this way. */
function unblock(call: Call): void {
  if (call.count > 4) return replyWrongCount(call);
  if (call.count === 4 && !call.is(3, "timeout") && !call.is(3, "error")) {
    return call.reply.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  if (int64(call, 2) === undefined) return call.reply.error(NOT_AN_INTEGER);
  call.reply.integer(0);
}

function pause(engine: Engine, call: Call): void {
  if (call.count > 4) return replyWrongCount(call);
  const isWriteOnly = call.count === 4 && call.is(3, "write");
  if (call.count === 4 && !isWriteOnly && !call.is(3, "all")) {
    return call.reply.error("ERR CLIENT PAUSE mode must be WRITE or ALL");
  }
  const timeoutMs = int64(call, 2);
  if (timeoutMs === undefined) {
    return call.reply.error("ERR timeout is not an integer or out of range");
  }
  if (timeoutMs < 0) return call.reply.error("ERR timeout is negative");
  const nowMs = engine.keyspace.nowMs;
  if (timeoutMs > INT64_MAX - BigInt(nowMs)) return call.reply.error("ERR timeout is out of range");
  engine.pauseClients(isWriteOnly ? "write" : "all", nowMs + Number(timeoutMs));
  call.reply.ok();
}

/** More arguments than the subcommand knows what to do with. */
function replyWrongCount(call: Call): void {
  call.reply.error(unknownSubcommandOrArity(textUntilZero(call, 1).slice(0, 128), "client"));
}
