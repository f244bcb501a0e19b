/**
 * One connection: what it has sent, what it is to be sent, and what it has said of itself.
 */
import type { Socket } from "../platform/network.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { CommandsAhead } from "../protocol/commands_ahead.ts";
import type { BufferPool } from "../protocol/reply_writer.ts";
import { ReplyWriter } from "../protocol/reply_writer.ts";
import type { RequestLimits } from "../protocol/request_parser.ts";
import { RequestParser } from "../protocol/request_parser.ts";
import type { Command } from "./registry.ts";

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
  userName = "default";
  isAuthenticated: boolean;
  replyMode: ReplyMode = "on";
  isNoEvict = false;
  isNoTouch = false;

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
  /** Bytes that the runtime keeps for its socket. */
  heldBytes = 0;
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
    isAuthenticated: boolean,
  ) {
    this.id = id;
    this.socket = socket;
    this.parser = new RequestParser(shared, limits, ahead);
    this.parser.isUnauthenticated = !isAuthenticated;
    this.reply = new ReplyWriter(pool);
    this.createdMs = nowMs;
    this.lastInteractionMs = nowMs;
    this.isAuthenticated = isAuthenticated;
  }

  /** Bytes of replies that have not left this process. */
  get outputBytes(): number {
    return this.reply.pendingBytes + this.heldBytes;
  }

  /** Bytes of memory that the connection takes (an estimate of the objects, exact buffers). */
  get memoryBytes(): number {
    return CLIENT_OBJECT_BYTES + this.parser.bufferBytes + this.reply.bytes.length +
      this.heldBytes + this.name.length + this.libraryName.length;
  }
}

/** What a connection takes without its buffers, measured on Node. */
const CLIENT_OBJECT_BYTES = 2048;
