/** CLIENT KILL: ends the connections that everything given is true of. */
import type { Call } from "../../command/call.ts";
import type { ArgumentSpecification, CommandDefinition } from "../../command/definition.ts";
import { SYNTAX_ERROR } from "../../protocol/wire_errors.ts";
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";
import type { ClientType } from "./client_list.ts";
import { clientTypeOf, typeOf } from "./client_list.ts";
import { int64, textUntilZero } from "./plain_argument.ts";

export const KILL_HISTORY: NonNullable<CommandDefinition["history"]> = [
  ["2.8.12", "Filters, in place of one address."],
  ["2.8.12", "The filter `ID`."],
  ["3.2.0", "The type `master`."],
  ["5.0.0", "The type `replica`, which `slave` still means too."],
  ["6.2.0", "The filter `LADDR`."],
  ["7.4.0", "The filter `MAXAGE`."],
];

export const KILL_ARGUMENTS: readonly ArgumentSpecification[] = [{
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
        { name: "maxage", type: "integer", token: "MAXAGE", since: "7.4.0", flags: ["optional"] },
      ],
    },
  ],
}];

/** What has to be true of a connection; what is left out is true of all. */
interface KillFilter {
  id?: bigint;
  type?: ClientType;
  address?: string;
  localAddress?: string;
  user?: string;
  ageSeconds?: bigint;
  skipsOwn: boolean;
}

/** CLIENT KILL. */
export function killClients(engine: Engine, call: Call): void {
  const isOldForm = call.count === 3;
  const filter = isOldForm
    // In this form a connection can end itself.
    ? { address: textUntilZero(call, 2), skipsOwn: false }
    : filterOrReply(engine, call);
  if (filter === undefined) return;
  const own = engine.currentClient!;
  let count = 0;
  let endsOwn = false;
  // Deleting from a Map while it is walked is defined, and closing deletes.
  for (const client of engine.clients.values()) {
    if (!isMeant(engine, client, filter) || (client === own && filter.skipsOwn)) continue;
    if (client === own) endsOwn = true;
    else engine.closeClient(client, "now");
    count++;
  }
  if (!isOldForm) call.reply.integer(count);
  else if (count > 0) call.reply.ok();
  else call.reply.error("ERR No such client");
  if (endsOwn) engine.closeClient(own, "after replies");
}

function isMeant(engine: Engine, client: Client, filter: KillFilter): boolean {
  const { id, type, address, localAddress, user, ageSeconds } = filter;
  return (address === undefined || client.socket.remoteAddress === address) &&
    (localAddress === undefined || client.socket.localAddress === localAddress) &&
    (type === undefined || typeOf(client) === type) &&
    (id === undefined || BigInt(client.id) === id) &&
    (user === undefined || client.user.name === user) &&
    (ageSeconds === undefined || secondsSince(engine, client) >= ageSeconds);
}

function secondsSince({ keyspace }: Engine, client: Client): number {
  return Math.floor(keyspace.nowMs / 1000) - Math.floor(client.createdMs / 1000);
}

function filterOrReply(engine: Engine, call: Call): KillFilter | undefined {
  const filter: KillFilter = { skipsOwn: true };
  for (let i = 2; i < call.count; i += 2) {
    const error = readOption(engine, call, i, filter);
    if (error === undefined) continue;
    call.reply.error(error);
    return undefined;
  }
  return filter;
}

/** Takes the option at an argument, whose value follows; returns what is wrong with it, if so. */
function readOption(
  engine: Engine,
  call: Call,
  i: number,
  filter: KillFilter,
): string | undefined {
  if (i + 1 >= call.count) return SYNTAX_ERROR;
  const value = textUntilZero(call, i + 1);
  if (call.is(i, "id")) {
    const id = int64(call, i + 1);
    if (id === undefined || id < 1) return "ERR client-id should be greater than 0";
    filter.id = id;
  } else if (call.is(i, "maxage")) {
    const age = int64(call, i + 1);
    if (age === undefined) return "ERR maxage is not an integer or out of range";
    if (age < 1) return "ERR maxage should be greater than 0";
    filter.ageSeconds = age;
  } else if (call.is(i, "type")) {
    const type = clientTypeOf(value);
    if (type === undefined) return `ERR Unknown client type '${value}'`;
    filter.type = type;
  } else if (call.is(i, "addr")) filter.address = value;
  else if (call.is(i, "laddr")) filter.localAddress = value;
  else if (call.is(i, "user")) {
    const user = engine.acl.find(call.text(i + 1));
    if (user === undefined) return `ERR No such user '${value}'`;
    filter.user = user.name;
  } else if (call.is(i, "skipme")) {
    filter.skipsOwn = call.is(i + 1, "yes");
    if (!filter.skipsOwn && !call.is(i + 1, "no")) return SYNTAX_ERROR;
  } else return SYNTAX_ERROR;
  return undefined;
}
