/**
 * CLIENT LIST's lines: one connection each, `field=value` with a space between, Redis's fields in
 * Redis's order.
 *
 * Where the two servers are built differently the fields keep their meaning:
 *
 * - `fd`: runtimes do not tell a socket's descriptor. It is the id moved to where redis-server's
 *   descriptors begin: unique, and shaped as readers expect it.
 * - `qbuf`, `qbuf-free`: the parser's own buffer, which a connection has only while a command
 *   arrives in pieces. A command that arrived whole was never in it; the one that runs is counted
 *   with what it takes in the protocol.
 * - `rbs`, `rbp`, `obl` are Redis's static buffer, `oll` and `omem` what did not fit there. Here both
 *   are one buffer, borrowed while there is something in it: its first 16 KiB are told as the former.
 *   `rbp`, a peak, is what the buffer holds now.
 */
import { integerTextLength } from "../../base/integer_text.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";

const FIRST_DESCRIPTOR = 7;
const STATIC_REPLY_BYTES = 16 * 1024;
const LINE_END_BYTES = 2;
/** What a header line has beside its number. */
const HEADER_BYTES = 1 + LINE_END_BYTES;

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

/** The connection's line, without a line feed. */
export function clientLine(engine: Engine, client: Client): string {
  const { parser, reply, socket } = client;
  const nowSeconds = Math.floor(engine.keyspace.nowMs / 1000);
  const staticBytes = Math.min(reply.bytes.length, STATIC_REPLY_BYTES);
  const staticPending = Math.min(reply.pendingBytes, STATIC_REPLY_BYTES);
  const isCurrent = engine.currentClient === client;
  const listBytes = reply.bytes.length - staticBytes + client.heldBytes;
  return [
    `id=${client.id}`,
    `addr=${socket.remoteAddress}`,
    `laddr=${socket.localAddress}`,
    `fd=${client.id + FIRST_DESCRIPTOR}`,
    `name=${listed(client.name)}`,
    `age=${nowSeconds - Math.floor(client.createdMs / 1000)}`,
    `idle=${nowSeconds - Math.floor(client.lastInteractionMs / 1000)}`,
    `flags=${flagsOf(client)}`,
    `db=${client.databaseIndex}`,
    "sub=0",
    "psub=0",
    "ssub=0",
    "multi=-1",
    `qbuf=${parser.bufferedBytes + (isCurrent ? requestBytes(parser.args) : 0)}`,
    `qbuf-free=${parser.bufferBytes - parser.bufferedBytes}`,
    `argv-mem=${isCurrent ? argumentBytes(parser.args) : 0}`,
    "multi-mem=0",
    `rbs=${staticBytes}`,
    `rbp=${staticPending}`,
    `obl=${staticPending}`,
    `oll=${listBytes > 0 ? 1 : 0}`,
    `omem=${listBytes}`,
    `tot-mem=${client.memoryBytes}`,
    `events=${client.isDraining ? "rw" : "r"}`,
    `cmd=${client.lastCommand?.fullName ?? "NULL"}`,
    `user=${client.userName}`,
    "redir=-1",
    `resp=${reply.protocol}`,
    `lib-name=${listed(client.libraryName)}`,
    `lib-ver=${listed(client.libraryVersion)}`,
  ].join(" ");
}

/** Letters for the states of a connection, `N` for none. */
function flagsOf(client: Client): string {
  const flags = (client.isPostponed ? "b" : "") +
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

/** Bytes of the arguments of a command. */
function argumentBytes(args: Arguments): number {
  let bytes = 0;
  for (let i = 0; i < args.count; i++) bytes += args.lengthOf(i);
  return bytes;
}

/** Bytes that a command takes on the wire: `*2\r\n$6\r\nCLIENT\r\n$4\r\nLIST\r\n`. */
function requestBytes(args: Arguments): number {
  let bytes = HEADER_BYTES + integerTextLength(args.count) + argumentBytes(args);
  for (let i = 0; i < args.count; i++) {
    bytes += HEADER_BYTES + integerTextLength(args.lengthOf(i)) + LINE_END_BYTES;
  }
  return bytes;
}
