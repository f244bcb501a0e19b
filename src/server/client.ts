/**
 * One connection: what it has sent, what it is to be sent, and what it has said of itself.
 */
import type { Socket } from "../platform/network.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { CommandsAhead } from "../protocol/commands_ahead.ts";
import type { BufferPool } from "../protocol/reply_writer.ts";
import { REPLY_CHUNK_BYTES, ReplyWriter } from "../protocol/reply_writer.ts";
import type { RequestLimits } from "../protocol/request_parser.ts";
import { RequestParser } from "../protocol/request_parser.ts";
import type { User } from "./acl/user.ts";
import type { BlockedCommand } from "./blocking/blocked_command.ts";
import type { Subscriptions } from "./pubsub/subscriptions.ts";
import type { ClientClass } from "./client_memory.ts";
import type { Command } from "./registry.ts";
import type { ClientTracking } from "./tracking/client_tracking.ts";
import type { Transaction } from "./transaction/transaction.ts";
import type { WatchedKey } from "./transaction/watched_keys.ts";

/** What CLIENT REPLY has asked for. */
export type ReplyMode = "on" | "off" | "skip-next" | "skip";

export class Client {
  readonly id: number;
  readonly socket: Socket;
  readonly parser: RequestParser;
  readonly reply: ReplyWriter;
  readonly createdMs: number;

  databaseIndex = 0;
  /** CLIENT SETNAME, and CLIENT SETINFO's two. */
  name = "";
  libraryName = "";
  libraryVersion = "";
  user: User;
  isAuthenticated: boolean;
  replyMode: ReplyMode = "on";
  isNoEvict = false;
  isNoTouch = false;

  /** What has been queued since MULTI; null outside of a transaction. */
  transaction: Transaction | null = null;
  /** WATCH: null while it watches nothing. */
  watched: WatchedKey[] | null = null;
  /** A watched key was modified: the next EXEC does nothing. */
  isDirty = false;
  /** The command that waits for keys; what comes behind it waits, too. */
  blocked: BlockedCommand | null = null;
  /** What it is subscribed to; null for nothing. */
  subscriptions: Subscriptions | null = null;
  /** CLIENT TRACKING; null while it is off. */
  tracking: ClientTracking | null = null;
  /** MONITOR. */
  isMonitor = false;

  /** How far the append-only file was when its last command that wrote something was over. */
  logOffset = 0;

  lastInteractionMs: number;
  lastCommand: Command | null = null;
  commandCount = 0;
  netInputBytes = 0;
  netOutputBytes = 0;

  /** Nothing more is read; the connection closes once its replies have been sent. */
  isClosingAfterReplies = false;
  /** The connection is gone or is being closed: nothing is read or written any more. */
  isClosed = false;
  /** What it sends waits: CLIENT PAUSE holds its next command. */
  isPostponed = false;
  /** Its socket takes no more bytes for now. */
  isDraining = false;
  /** It stands in the list of those whose replies go out at the end of the turn. */
  isFlushQueued = false;
  /** Bytes that the runtime keeps for its socket, and those that it has kept for long. */
  inFlightBytes = 0;
  heldBytes = 0;
  /** What it took of memory when it was accounted last, as what, and its bucket ({@link ClientMemory}). */
  accountedBytes = 0;
  accountedClass: ClientClass = "normal";
  memoryBucket = -1;
  /** Since when its output has been above the soft limit; 0 when it is not. */
  softLimitSinceMs = 0;

  constructor(
    id: number,
    socket: Socket,
    shared: Arguments,
    limits: RequestLimits,
    ahead: CommandsAhead,
    pool: BufferPool,
    nowMs: number,
    user: User,
    isAuthenticated: boolean,
  ) {
    this.id = id;
    this.socket = socket;
    this.parser = new RequestParser(shared, limits, ahead);
    this.parser.isUnauthenticated = !isAuthenticated;
    this.reply = new ReplyWriter(pool);
    this.createdMs = nowMs;
    this.lastInteractionMs = nowMs;
    this.user = user;
    this.isAuthenticated = isAuthenticated;
  }

  /** CLIENT REPLY OFF, or the command behind SKIP: what is replied is not sent. */
  get isSilent(): boolean {
    return this.replyMode === "off" || this.replyMode === "skip";
  }

  /** Bytes of replies that have not left this process. */
  get outputBytes(): number {
    return this.reply.pendingBytes + this.heldBytes;
  }

  /** Those of them that are not in a buffer that Redis would have anyway. */
  get listedOutputBytes(): number {
    const { pendingBytes } = this.reply;
    return (pendingBytes <= REPLY_CHUNK_BYTES ? 0 : pendingBytes) + this.heldBytes;
  }

  /** Bytes of what has been queued, and of the keys that are watched. */
  get transactionBytes(): number {
    const watchedBytes = this.watched === null ? 0 : this.watched.length * WATCHED_KEY_BYTES;
    return watchedBytes + (this.transaction === null ? 0 : this.transaction.bytes);
  }

  /** Bytes of memory that the connection takes (an estimate of the objects, exact buffers). */
  get memoryBytes(): number {
    let bytes = CLIENT_OBJECT_BYTES + this.parser.bufferBytes + this.reply.bufferBytes +
      this.heldBytes + this.name.length + this.libraryName.length;
    if (this.transaction !== null || this.watched !== null) bytes += this.transactionBytes;
    if (this.subscriptions !== null) bytes += this.subscriptions.memoryBytes;
    if (this.tracking !== null) bytes += this.tracking.prefixes.length * PREFIX_BYTES;
    if (this.blocked !== null) {
      const { args, sent } = this.blocked;
      bytes += args.bytes.length + (sent === args ? 0 : sent.bytes.length);
    }
    return bytes;
  }
}

/** What a connection takes without its buffers, measured on Node. */
const CLIENT_OBJECT_BYTES = 2048;
/** What a watched key and a prefix take, about. */
const WATCHED_KEY_BYTES = 128;
const PREFIX_BYTES = 128;
