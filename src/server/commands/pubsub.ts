/**
 * The Pub/Sub family. What the commands of subscribing reply are messages themselves: pushes in
 * RESP3, one for each channel, that come even where CLIENT REPLY has turned replies off.
 */
import { latin1Bytes } from "../../base/ascii.ts";
import { matchesGlob } from "../../base/glob.ts";
import type { Call } from "../../command/call.ts";
import type {
  ArgumentSpecification,
  CommandDefinition,
  KeySpecification,
} from "../../command/definition.ts";
import { defineCommand, keyRange } from "../../command/definition.ts";
import { helpCommand } from "../../command/help.ts";
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";
import type { ChannelTable } from "../pubsub/channel.ts";
import { replyWrongCount } from "./plain_argument.ts";

const HELP = [
  "CHANNELS [<pattern>]",
  "    The channels that somebody is subscribed to, or those that match a pattern.",
  "NUMPAT",
  "    How many patterns somebody is subscribed to.",
  "NUMSUB [<channel> ...]",
  "    How many are subscribed to each of these channels, patterns left out.",
  "SHARDCHANNELS [<pattern>]",
  "    The shard channels that somebody is subscribed to, or those that match a pattern.",
  "SHARDNUMSUB [<shardchannel> ...]",
  "    How many are subscribed to each of these shard channels.",
];

/** The commands that subscribe and unsubscribe, for each kind of name. */
interface Family {
  readonly table: ChannelTable;
  readonly subscribe: Uint8Array;
  readonly unsubscribe: Uint8Array;
}

/** The Pub/Sub commands of one server. */
export function pubSubCommands(engine: Engine): readonly CommandDefinition[] {
  return [...publishing(engine), ...subscribing(engine), introspection(engine)];
}

function names(name: string, type: "string" | "pattern", isOptional: boolean) {
  const flags = isOptional ? ["optional", "multiple"] as const : ["multiple"] as const;
  return [{ name, type, flags }] satisfies ArgumentSpecification[];
}

/** Shard channels stand where keys would: in a cluster they say which node is meant. */
const ALL_SHARD_CHANNELS: readonly KeySpecification[] = [keyRange(1, -1, 1, "not_key")];

function publishing(engine: Engine): readonly CommandDefinition[] {
  return [
    defineCommand({
      name: "publish",
      summary: "Sends a message to all who are subscribed to a channel.",
      since: "2.0.0",
      group: "pubsub",
      complexity: "O(N+M) for N subscribers of the channel and M patterns of all connections",
      arity: 3,
      flags: ["pubsub", "loading", "stale", "fast", "may_replicate"],
      arguments: [{ name: "channel", type: "string" }, { name: "message", type: "string" }],
      run: (call) => publish(engine, call, false),
    }),
    defineCommand({
      name: "spublish",
      summary: "Sends a message to all who are subscribed to a shard channel.",
      since: "7.0.0",
      group: "pubsub",
      complexity: "O(N) for N subscribers of the channel",
      arity: 3,
      flags: ["pubsub", "loading", "stale", "fast", "may_replicate"],
      keys: [keyRange(1, 1, 1, "not_key")],
      arguments: [{ name: "shardchannel", type: "string" }, { name: "message", type: "string" }],
      run: (call) => publish(engine, call, true),
    }),
  ];
}

function subscribing(engine: Engine): readonly CommandDefinition[] {
  const { channels, patterns, shardChannels } = engine.pubSub;
  const all = { group: "pubsub", flags: ["pubsub", "noscript", "loading", "stale"] } as const;
  const ofChannels = family(channels, "");
  const ofPatterns = family(patterns, "p");
  const ofShards = family(shardChannels, "s");
  return [
    defineCommand({
      ...all,
      name: "subscribe",
      summary: "Listens to channels.",
      since: "2.0.0",
      complexity: "O(N) for N channels",
      arity: -2,
      arguments: names("channel", "string", false),
      run: (call) => subscribe(engine, call, ofChannels),
    }),
    defineCommand({
      ...all,
      name: "unsubscribe",
      summary: "Ends listening to channels, or to all of them.",
      since: "2.0.0",
      complexity: "O(N) for N channels",
      arity: -1,
      arguments: names("channel", "string", true),
      run: (call) => unsubscribe(engine, call, ofChannels),
    }),
    defineCommand({
      ...all,
      name: "psubscribe",
      summary: "Listens to all channels that match patterns.",
      since: "2.0.0",
      complexity: "O(N) for N patterns",
      arity: -2,
      arguments: names("pattern", "pattern", false),
      run: (call) => subscribe(engine, call, ofPatterns),
    }),
    defineCommand({
      ...all,
      name: "punsubscribe",
      summary: "Ends listening to patterns, or to all of them.",
      since: "2.0.0",
      complexity: "O(N) for N patterns",
      arity: -1,
      arguments: names("pattern", "pattern", true),
      run: (call) => unsubscribe(engine, call, ofPatterns),
    }),
    defineCommand({
      ...all,
      name: "ssubscribe",
      summary: "Listens to shard channels.",
      since: "7.0.0",
      complexity: "O(N) for N channels",
      arity: -2,
      keys: ALL_SHARD_CHANNELS,
      arguments: names("shardchannel", "string", false),
      run(call) {
        // SUBSCRIBE has always been allowed there, and would be missed; this one never was.
        if (call.blocker === null) {
          return call.reply.error("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
        }
        subscribe(engine, call, ofShards);
      },
    }),
    defineCommand({
      ...all,
      name: "sunsubscribe",
      summary: "Ends listening to shard channels, or to all of them.",
      since: "7.0.0",
      complexity: "O(N) for N channels",
      arity: -1,
      keys: ALL_SHARD_CHANNELS,
      arguments: names("shardchannel", "string", true),
      run: (call) => unsubscribe(engine, call, ofShards),
    }),
  ];
}

function introspection(engine: Engine): CommandDefinition {
  const { channels, patterns, shardChannels } = engine.pubSub;
  const all = { group: "pubsub", flags: ["pubsub", "loading", "stale"] } as const;
  const pattern = [
    { name: "pattern", type: "pattern", flags: ["optional"] },
  ] as const satisfies ArgumentSpecification[];
  return defineCommand({
    name: "pubsub",
    summary: "Groups the commands that tell of subscriptions.",
    since: "2.8.0",
    group: "pubsub",
    complexity: "That of the subcommand.",
    arity: -2,
    flags: [],
    subcommands: [
      defineCommand({
        ...all,
        name: "channels",
        summary: "Lists the channels that somebody is subscribed to.",
        since: "2.8.0",
        complexity: "O(N) for N such channels, when names and pattern are short",
        arity: -2,
        arguments: pattern,
        run: (call) => list(call, channels),
      }),
      defineCommand({
        ...all,
        name: "numpat",
        summary: "Counts the patterns that somebody is subscribed to.",
        since: "2.8.0",
        complexity: "O(1)",
        arity: 2,
        run: (call) => call.reply.integer(patterns.count),
      }),
      defineCommand({
        ...all,
        name: "numsub",
        summary: "Counts the subscribers of channels.",
        since: "2.8.0",
        complexity: "O(N) for N channels that are asked about",
        arity: -2,
        arguments: names("channel", "string", true),
        run: (call) => countSubscribers(call, channels),
      }),
      defineCommand({
        ...all,
        name: "shardchannels",
        summary: "Lists the shard channels that somebody is subscribed to.",
        since: "7.0.0",
        complexity: "O(N) for N such channels, when names and pattern are short",
        arity: -2,
        arguments: pattern,
        run: (call) => list(call, shardChannels),
      }),
      defineCommand({
        ...all,
        name: "shardnumsub",
        summary: "Counts the subscribers of shard channels.",
        since: "7.0.0",
        complexity: "O(N) for N channels that are asked about",
        arity: -2,
        arguments: names("shardchannel", "string", true),
        run: (call) => countSubscribers(call, shardChannels),
      }),
      helpCommand("PUBSUB", "6.2.0", "pubsub", HELP),
    ],
  });
}

function publish({ pubSub }: Engine, call: Call, isInShard: boolean): void {
  const { bytes, starts, ends } = call.args;
  const receivers = isInShard
    ? pubSub.publishInShard(bytes, starts[1], ends[1], bytes, starts[2], ends[2])
    : pubSub.publish(bytes, starts[1], ends[1], bytes, starts[2], ends[2]);
  call.reply.integer(receivers);
}

function family(table: ChannelTable, letter: "" | "p" | "s"): Family {
  return {
    table,
    subscribe: latin1Bytes(`${letter}subscribe`),
    unsubscribe: latin1Bytes(`${letter}unsubscribe`),
  };
}

function subscribe(engine: Engine, call: Call, { table, subscribe: word }: Family): void {
  const client = engine.currentClient!;
  const { bytes, starts, ends, count } = call.args;
  const lengthBefore = call.reply.length;
  for (let i = 1; i < count; i++) {
    engine.pubSub.subscribe(client, table, bytes, starts[i], ends[i]);
    replyChange(call, client, table, word, bytes, starts[i], ends[i]);
  }
  keepReply(engine, client, lengthBefore);
}

function unsubscribe(engine: Engine, call: Call, family: Family): void {
  const client = engine.currentClient!;
  const { table, unsubscribe: word } = family;
  const { bytes, starts, ends, count } = call.args;
  const lengthBefore = call.reply.length;
  for (let i = 1; i < count; i++) {
    engine.pubSub.unsubscribe(client, table, bytes, starts[i], ends[i]);
    replyChange(call, client, table, word, bytes, starts[i], ends[i]);
  }
  if (count === 1) unsubscribeAll(engine, call, client, family);
  keepReply(engine, client, lengthBefore);
}

/** Who was subscribed to nothing is answered all the same: once, without a name. */
function unsubscribeAll(engine: Engine, call: Call, client: Client, family: Family): void {
  const { table, unsubscribe: word } = family;
  const channels = client.subscriptions?.of(table.kind) ?? [];
  for (const { name } of channels) {
    engine.pubSub.unsubscribe(client, table, name, 0, name.length);
    replyChange(call, client, table, word, name, 0, name.length);
  }
  if (channels.length > 0) return;
  call.reply.push(3);
  call.reply.bulk(word);
  call.reply.null();
  call.reply.integer(client.subscriptions?.countFor(table.kind) ?? 0);
}

function replyChange(
  call: Call,
  client: Client,
  table: ChannelTable,
  word: Uint8Array,
  name: Uint8Array,
  start: number,
  end: number,
): void {
  const { reply } = call;
  reply.push(3);
  reply.bulk(word);
  reply.bulk(name, start, end);
  reply.integer(client.subscriptions?.countFor(table.kind) ?? 0);
}

/** CLIENT REPLY does not hold for pushes: what was replied is sent again behind what is taken back. */
function keepReply(engine: Engine, client: Client, lengthBefore: number): void {
  if (client.replyMode === "on") return;
  const { reply } = client;
  engine.pushAfterReply(client, reply.bytes.slice(lengthBefore, reply.length));
}

/** PUBSUB CHANNELS and SHARDCHANNELS. */
function list(call: Call, table: ChannelTable): void {
  if (call.count > 3) return replyWrongCount(call, "pubsub");
  const { bytes, starts, ends } = call.args;
  const { reply } = call;
  const mark = reply.beginDeferred();
  let count = 0;
  for (let each = table.first; each !== null; each = each.next) {
    const { name } = each;
    const isWanted = call.count === 2 ||
      matchesGlob(bytes, starts[2], ends[2], name, 0, name.length, false);
    if (!isWanted) continue;
    reply.bulk(name);
    count++;
  }
  reply.endDeferred(mark, "array", count);
}

/** PUBSUB NUMSUB and SHARDNUMSUB. */
function countSubscribers(call: Call, table: ChannelTable): void {
  const { bytes, starts, ends, count } = call.args;
  const { reply } = call;
  reply.array((count - 2) * 2);
  for (let i = 2; i < count; i++) {
    reply.bulk(bytes, starts[i], ends[i]);
    reply.integer(table.find(bytes, starts[i], ends[i])?.count ?? 0);
  }
}
