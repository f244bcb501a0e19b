/**
 * The commands that a connection has queued since MULTI, until EXEC or DISCARD.
 *
 * A queue that was refused a command is dropped at once and EXEC says so; one whose connection
 * watches a key that was modified is dropped, too, for EXEC will not run it.
 */
import type { Arguments } from "../../protocol/arguments.ts";
import type { Client } from "../client.ts";
import type { Command } from "../registry.ts";
import {
  FLAG_ALLOW_BUSY,
  FLAG_DENYOOM,
  FLAG_EXEC,
  FLAG_LOADING,
  FLAG_MAY_REPLICATE,
  FLAG_READONLY,
  FLAG_STALE,
  FLAG_WRITE,
} from "../registry.ts";

/** Flags that allow something: EXEC has them only where all that it would run has them. */
const PERMISSIONS = FLAG_LOADING | FLAG_STALE | FLAG_ALLOW_BUSY;
/** What matters of the other flags is what EXEC would do to the data. */
const EFFECTS = FLAG_WRITE | FLAG_READONLY | FLAG_DENYOOM | FLAG_MAY_REPLICATE;

/** What the record of a queued command takes beside its arguments, about. */
const QUEUED_BYTES = 96;

/** A command with arguments of its own. */
export interface QueuedCommand {
  readonly command: Command;
  readonly args: Arguments;
}

export class Transaction {
  commands: QueuedCommand[] = [];
  /** What any of the commands has, and what all of them have. */
  anyFlags = 0;
  allFlags = -1;
  /** A command was refused: EXEC answers EXECABORT. */
  isAborted = false;
  /** Memory that the queue takes. */
  bytes = 0;

  /** Queues a copy of a command; not when the transaction will not be run anyway. */
  queue(client: Client, command: Command, args: Arguments): void {
    if (client.isDirty || this.isAborted) return;
    const copy = args.clone();
    this.commands.push({ command, args: copy });
    this.anyFlags |= command.flags;
    this.allFlags &= command.flags;
    this.bytes += copy.bytes.length + copy.count * 8 + QUEUED_BYTES;
  }

  /** Forgets the queue; the connection stays in the transaction. */
  drop(): void {
    this.commands = [];
    this.anyFlags = 0;
    this.allFlags = -1;
    this.bytes = 0;
  }

  /** A command was refused instead of being queued. */
  abort(): void {
    this.isAborted = true;
    this.drop();
  }
}

/** The flags that gates go by: EXEC has those of what it would run. */
export function flagsOf(client: Client, command: Command): number {
  const { flags } = command;
  if ((flags & FLAG_EXEC) === 0 || client.transaction === null) return flags;
  const { anyFlags, allFlags } = client.transaction;
  return flags & ~PERMISSIONS | flags & PERMISSIONS & allFlags | anyFlags & EFFECTS;
}
