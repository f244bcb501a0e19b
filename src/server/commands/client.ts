/** The CLIENT family: connections as others see them, and what one may ask for itself. */
import { latin1Bytes, utf8 } from "../../base/ascii.ts";
import type { Call } from "../../command/call.ts";
import type { ArgumentSpecification, CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import { helpCommand } from "../../command/help.ts";
import { NOT_AN_INTEGER } from "../../protocol/wire_errors.ts";
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";
import { KILL_ARGUMENTS, KILL_HISTORY, killClients } from "./client_kill.ts";
import type { ClientType } from "./client_list.ts";
import { clientLine, clientTypeOf, typeOf } from "./client_list.ts";
import {
  int64,
  INVALID_CLIENT_NAME,
  isListable,
  replyWrongCount,
  textUntilZero,
} from "./plain_argument.ts";
import { trackingCommands } from "./tracking.ts";

const INT64_MAX = 2n ** 63n - 1n;

const HELP = [
  "CACHING (YES|NO)",
  "    Whether what the next command reads is to be tracked (with OPTIN or OPTOUT).",
  "GETREDIR",
  "    The number of the connection that is told of changes in place of this one; 0, or -1.",
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
  "    * MAXAGE <seconds>",
  "      Are at least so old.",
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
  "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]] [OPTIN] [OPTOUT] [NOLOOP]",
  "    Whether this connection is told of changes to keys that it may keep.",
  "TRACKINGINFO",
  "    What is tracked for this connection, and how.",
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
        ...trackingCommands(engine),
        ...allConnections(engine),
        ...pausing(engine),
        helpCommand("CLIENT", "5.0.0", "connection", HELP, ["connection"]),
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
        call.reply.verbatim(
          "txt",
          utf8(latin1Bytes(`${clientLine(engine, engine.currentClient!)}\n`)),
        );
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
      history: KILL_HISTORY,
      arity: -3,
      flags: ["admin", "noscript", "loading", "stale"],
      acl: ["connection"],
      arguments: KILL_ARGUMENTS,
      run: (call) => killClients(engine, call),
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
      run: (call) => unblock(engine, call),
    }),
  ];
}

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
    const clients = [...engine.clients.values()];
    lines = linesOf(engine, clients.filter((client) => typeOf(client) === type));
  } else if (call.count > 3 && call.is(2, "id")) {
    for (let i = 3; i < call.count; i++) {
      const id = int64(call, i);
      if (id === undefined) return call.reply.error("ERR Invalid client ID");
      const client = engine.clients.get(Number(id));
      if (client !== undefined) lines += linesOf(engine, [client]);
    }
  } else if (call.count === 2) lines = linesOf(engine, engine.clients.values());
  else return call.syntaxError();
  call.reply.verbatim("txt", utf8(latin1Bytes(lines)));
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

/** A client that CLIENT PAUSE holds is not freed this way. */
function unblock(engine: Engine, call: Call): void {
  if (call.count > 4) return replyWrongCount(call, "client");
  const isError = call.count === 4 && call.is(3, "error");
  if (call.count === 4 && !isError && !call.is(3, "timeout")) {
    return call.reply.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  const id = int64(call, 2);
  if (id === undefined) return call.reply.error(NOT_AN_INTEGER);
  const client = engine.clients.get(Number(id));
  const how = isError ? "error" : "timeout";
  call.reply.integer(client !== undefined && engine.blocking.unblock(client, how) ? 1 : 0);
}

function pause(engine: Engine, call: Call): void {
  if (call.count > 4) return replyWrongCount(call, "client");
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
