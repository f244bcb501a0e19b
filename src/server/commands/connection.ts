/** The connection family: who a connection is, which protocol it speaks, which database it sees. */
import type { Call } from "../../command/call.ts";
import type { CommandDefinition } from "../../command/definition.ts";
import { defineCommand } from "../../command/definition.ts";
import {
  DB_INDEX_OUT_OF_RANGE,
  NO_PROTO,
  NOT_AN_INTEGER,
  WRONG_PASS,
  wrongArity,
} from "../../protocol/wire_errors.ts";
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";
import { REDIS_VERSION } from "../version.ts";
import { int64, INVALID_CLIENT_NAME, isListable, textUntilZero } from "./plain_argument.ts";

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;
const NO_PASSWORD_SET = "ERR AUTH <password> called without any password configured for the " +
  "default user. Are you sure your configuration is correct?";
const HELLO_NEEDS_AUTH = "NOAUTH HELLO must be called with the client already authenticated, " +
  "otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client " +
  "and select the RESP protocol version at the same time";

/** The connection commands of one server. */
export function connectionCommands(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "ping",
      summary: "Answers PONG, or the message given.",
      since: "1.0.0",
      group: "connection",
      complexity: "O(1)",
      arity: -1,
      flags: ["fast"],
      acl: ["connection"],
      tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
      arguments: [{ name: "message", type: "string", flags: ["optional"] }],
      run(call) {
        if (call.count > 2) return call.reply.error(wrongArity("ping"));
        if (isListening(engine.currentClient)) return replyPong(call);
        if (call.count === 1) return call.reply.simple("PONG");
        call.reply.bulk(call.args.bytes, call.args.starts[1], call.args.ends[1]);
      },
    }),
    defineCommand({
      name: "echo",
      summary: "Answers the message given.",
      since: "1.0.0",
      group: "connection",
      complexity: "O(1)",
      arity: 2,
      flags: ["loading", "stale", "fast"],
      acl: ["connection"],
      arguments: [{ name: "message", type: "string" }],
      run(call) {
        call.reply.bulk(call.args.bytes, call.args.starts[1], call.args.ends[1]);
      },
    }),
    defineCommand({
      name: "auth",
      summary: "Proves with a password who the connection is.",
      since: "1.0.0",
      group: "connection",
      complexity: "O(N) for a user of N passwords",
      history: [["6.0.0", "A user name may be given."]],
      arity: -2,
      flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
      acl: ["connection"],
      arguments: [
        { name: "username", type: "string", since: "6.0.0", flags: ["optional"] },
        { name: "password", type: "string" },
      ],
      run: (call) => auth(engine, call),
    }),
    defineCommand({
      name: "hello",
      summary: "Chooses the protocol and says who is speaking, on both sides.",
      since: "6.0.0",
      group: "connection",
      complexity: "O(1)",
      history: [["6.2.0", "`protover` may be left out: HELLO alone only tells."]],
      arity: -1,
      flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
      acl: ["connection"],
      arguments: [{
        name: "arguments",
        type: "block",
        flags: ["optional"],
        arguments: [
          { name: "protover", type: "integer" },
          {
            name: "auth",
            type: "block",
            token: "AUTH",
            flags: ["optional"],
            arguments: [
              { name: "username", type: "string" },
              { name: "password", type: "string" },
            ],
          },
          { name: "clientname", type: "string", token: "SETNAME", flags: ["optional"] },
        ],
      }],
      run: (call) => hello(engine, call),
    }),
    defineCommand({
      name: "select",
      summary: "Goes to another database.",
      since: "1.0.0",
      group: "connection",
      complexity: "O(1)",
      arity: 2,
      flags: ["loading", "stale", "fast"],
      acl: ["connection"],
      arguments: [{ name: "index", type: "integer" }],
      run: (call) => select(engine, call),
    }),
    defineCommand({
      name: "quit",
      summary: "Ends the connection once everything before has been answered.",
      since: "1.0.0",
      group: "connection",
      complexity: "O(1)",
      deprecatedSince: "7.2.0",
      replacedBy: "just closing the connection",
      docFlags: ["deprecated"],
      arity: -1,
      flags: ["allow_busy", "noscript", "loading", "stale", "fast", "no_auth"],
      acl: ["connection"],
      run(call) {
        call.reply.ok();
        engine.closeClient(engine.currentClient!, "after replies");
      },
    }),
    defineCommand({
      name: "reset",
      summary: "Makes the connection as it was when it was new.",
      since: "6.2.0",
      group: "connection",
      complexity: "O(1)",
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
      acl: ["connection"],
      run(call) {
        reset(engine, engine.currentClient!);
        call.reply.simple("RESET");
      },
    }),
  ];
}

/** It has subscribed and speaks RESP2: everything that it gets looks like a message. */
function isListening(client: Client | null): boolean {
  return client !== null && client.subscriptions !== null && client.reply.protocol === 2;
}

function replyPong(call: Call): void {
  call.reply.array(2);
  call.reply.bulkText("pong");
  if (call.count === 1) call.reply.bulkText("");
  else call.reply.bulk(call.args.bytes, call.args.starts[1], call.args.ends[1]);
}

function select(engine: Engine, call: Call): void {
  const index = int64(call, 1);
  if (index === undefined) return call.reply.error(NOT_AN_INTEGER);
  if (index < INT32_MIN || index > INT32_MAX) {
    return call.reply.error(
      `ERR value is out of range, value must between ${INT32_MIN} and ${INT32_MAX}`,
    );
  }
  if (index < 0 || index >= engine.keyspace.databases.length) {
    return call.reply.error(DB_INDEX_OUT_OF_RANGE);
  }
  engine.currentClient!.databaseIndex = Number(index);
  call.reply.ok();
}

function auth(engine: Engine, call: Call): void {
  if (call.count > 3) return call.syntaxError();
  const { args } = call;
  if (call.count === 2 && engine.acl.defaultUser.needsNoPassword) {
    return call.reply.error(NO_PASSWORD_SET);
  }
  const user = call.count === 2 ? engine.acl.defaultUser.name : call.text(1);
  if (authenticate(engine, call, user, args.view(call.count - 1))) call.reply.ok();
  else call.reply.error(WRONG_PASS);
}

function authenticate(engine: Engine, call: Call, user: string, password: Uint8Array): boolean {
  return engine.acl.authenticate(engine.currentClient!, call.args, user, password);
}

/** HELLO [protover [AUTH user password] [SETNAME name]]: nothing is done unless all of it can be. */
function hello(engine: Engine, call: Call): void {
  const { args, reply } = call;
  const client = engine.currentClient!;
  let protocol = 0;
  if (call.count >= 2) {
    const version = int64(call, 1);
    if (version === undefined) {
      return reply.error("ERR Protocol version is not an integer or out of range");
    }
    if (version < 2 || version > 3) return reply.error(NO_PROTO);
    protocol = Number(version);
  }
  let authIndex = 0;
  let nameIndex = 0;
  for (let i = 2; i < call.count; i++) {
    const left = call.count - 1 - i;
    if (left >= 2 && call.is(i, "auth")) {
      authIndex = i + 1;
      i += 2;
    } else if (left >= 1 && call.is(i, "setname")) {
      nameIndex = ++i;
      if (!isListable(textUntilZero(call, i))) return reply.error(INVALID_CLIENT_NAME);
    } else return reply.error(`ERR Syntax error in HELLO option '${textUntilZero(call, i)}'`);
  }
  if (authIndex > 0) {
    const user = call.text(authIndex);
    if (!authenticate(engine, call, user, args.view(authIndex + 1))) return reply.error(WRONG_PASS);
  }
  if (!client.isAuthenticated) return reply.error(HELLO_NEEDS_AUTH);
  if (nameIndex > 0) client.name = call.text(nameIndex);
  if (protocol !== 0) reply.protocol = protocol;
  replyHello(engine, call, client);
}

function replyHello(engine: Engine, call: Call, client: Client): void {
  const { reply } = call;
  reply.map(7);
  reply.bulkText("server");
  reply.bulkText("redis");
  reply.bulkText("version");
  reply.bulkText(REDIS_VERSION);
  reply.bulkText("proto");
  reply.integer(reply.protocol);
  reply.bulkText("id");
  reply.integer(client.id);
  reply.bulkText("mode");
  reply.bulkText("standalone");
  reply.bulkText("role");
  reply.bulkText(engine.config.replicaOf() === undefined ? "master" : "replica");
  reply.bulkText("modules");
  reply.array(0);
}

/** What the connection says of its library stays: that is still the same. */
function reset(engine: Engine, client: Client): void {
  engine.watchedKeys.discard(client);
  engine.monitors.left(client);
  engine.tracking.left(client);
  engine.pubSub.left(client);
  engine.acl.begin(client);
  client.databaseIndex = 0;
  client.reply.protocol = 2;
  client.name = "";
  // A reply that CLIENT REPLY SKIP has asked to leave out is RESET's own: it is left out.
  if (client.replyMode === "off") client.replyMode = "on";
  client.isNoEvict = false;
  client.isNoTouch = false;
}
