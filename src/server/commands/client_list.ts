/**
 * CLIENT LIST's lines: one connection each, `field=value` with a space between, Redis's fields in
 * Redis's order. Those of 7.4 and 8 are among them: `watch`, and what has come and gone so far.
 *
 * Where the two servers are built differently the fields keep their meaning:
 *
 * - `fd`: runtimes do not tell a socket's descriptor. It is the id moved to where redis-server's
 *   descriptors begin: unique, and shaped as readers expect it.
 * - `qbuf`, `qbuf-free`: the parser's own buffer, which a connection has only while a command
 *   arrives in pieces. A command that arrived whole was never in it (nor is it in the query buffer
 *   of Redis 7.4, which all connections share).
 * - `rbs`, `rbp`, `obl` are Redis's static buffer, `oll` and `omem` what did not fit there. Here both
 *   are one buffer, borrowed while there is something in it: its first 16 KiB are told as the former.
 *   `rbs` is what the buffer will be asked to hold at first, whether there is one now or not.
 */
import type { Arguments } from "../../protocol/arguments.ts";
import { REPLY_CHUNK_BYTES } from "../../protocol/reply_writer.ts";
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";

const FIRST_DESCRIPTOR = 7;

/** What Redis calls a client's type. */
export type ClientType = "normal" | "master" | "replica" | "pubsub";

/** The type that a word means in any case, `slave` included; undefined where it means none. */
export function clientTypeOf(word: string): ClientType | undefined {
  switch (word.toLowerCase()) {
    case "normal":
      return "normal";
    case "master":
      return "master";
    case "slave":
    case "replica":
      return "replica";
    case "pubsub":
      return "pubsub";
    default:
      return undefined;
  }
}

const HIDDEN = "*redacted*";

/**
 * The connection's line, without a line feed.
 * @param isHidden for a log that must not show what users have said of themselves.
 */
export function clientLine(engine: Engine, client: Client, isHidden = false): string {
  const { parser, reply, socket } = client;
  const nowSeconds = Math.floor(engine.keyspace.nowMs / 1000);
  const listBytes = client.listedOutputBytes;
  const argumentBytes = argumentBytesOf(engine, client);
  return [
    `id=${client.id}`,
    `addr=${socket.remoteAddress}`,
    `laddr=${socket.localAddress}`,
    `fd=${client.id + FIRST_DESCRIPTOR}`,
    `name=${isHidden ? HIDDEN : listed(client.name)}`,
    `age=${nowSeconds - Math.floor(client.createdMs / 1000)}`,
    `idle=${nowSeconds - Math.floor(client.lastInteractionMs / 1000)}`,
    `flags=${flagsOf(client)}`,
    `db=${client.databaseIndex}`,
    `sub=${client.subscriptions?.channelCount ?? 0}`,
    `psub=${client.subscriptions?.patternCount ?? 0}`,
    `ssub=${client.subscriptions?.shardChannelCount ?? 0}`,
    `multi=${client.transaction?.commands.length ?? -1}`,
    `watch=${client.watched?.length ?? 0}`,
    `qbuf=${parser.bufferedBytes}`,
    `qbuf-free=${parser.bufferBytes - parser.bufferedBytes}`,
    `argv-mem=${argumentBytes}`,
    `multi-mem=${client.transactionBytes}`,
    `rbs=${reply.firstBytes}`,
    `rbp=${reply.peakBytes}`,
    `obl=${Math.min(reply.pendingBytes, REPLY_CHUNK_BYTES)}`,
    `oll=${Math.ceil(listBytes / REPLY_CHUNK_BYTES)}`,
    `omem=${listBytes}`,
    `tot-mem=${client.memoryBytes + (client.blocked === null ? argumentBytes : 0)}`,
    `events=${client.isDraining ? "rw" : "r"}`,
    `cmd=${client.lastCommand?.fullName ?? "NULL"}`,
    `user=${isHidden ? HIDDEN : client.user.name}`,
    `redir=${client.tracking?.options.redirection ?? -1}`,
    `resp=${reply.protocol}`,
    `lib-name=${listed(client.libraryName)}`,
    `lib-ver=${listed(client.libraryVersion)}`,
    `tot-net-in=${client.netInputBytes}`,
    `tot-net-out=${client.netOutputBytes}`,
    `tot-cmds=${client.commandCount}`,
  ].join(" ");
}

/** What Redis counts a connection as, for CLIENT LIST and KILL and the output limits. */
export function typeOf(client: Client): ClientType {
  return client.subscriptions === null ? "normal" : "pubsub";
}

/** Letters for the states of a connection, in Redis's order; `N` for none. */
function flagsOf(client: Client): string {
  const { tracking } = client;
  const flags = (client.isMonitor ? "O" : "") +
    (client.subscriptions !== null ? "P" : "") +
    (client.transaction !== null ? "x" : "") +
    (client.blocked !== null || client.isPostponed ? "b" : "") +
    (tracking !== null ? "t" : "") +
    (tracking?.isRedirectionBroken === true ? "R" : "") +
    (tracking?.options.isBroadcast === true ? "B" : "") +
    (client.isDirty ? "d" : "") +
    (client.isClosingAfterReplies ? "c" : "") +
    (client.socket.isUnix ? "U" : "") +
    (client.isNoEvict ? "e" : "") +
    (client.isNoTouch ? "T" : "");
  return flags === "" ? "N" : flags;
}

/** A name may hold a zero byte and anything after it; as in Redis, that much is not shown. */
function listed(name: string): string {
  const zero = name.indexOf("\0");
  return zero < 0 ? name : name.slice(0, zero);
}

/** Bytes of the arguments of the command that runs for the connection, or waits. */
function argumentBytesOf(engine: Engine, client: Client): number {
  const running = engine.currentClient === client ? engine.call.args : undefined;
  const args: Arguments | undefined = client.blocked?.args ?? running;
  let bytes = 0;
  for (let i = 0; i < (args?.count ?? 0); i++) bytes += args!.lengthOf(i);
  return bytes;
}
