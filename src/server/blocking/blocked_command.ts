/** A command that waits, with all that is needed to run it again or to end its waiting. */
import type { BlockRequest } from "../../command/blocking.ts";
import type { Timer } from "../../platform/clock.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Client } from "../client.ts";
import type { Command } from "../registry.ts";

/** What a command says that waits for something else than keys (WAIT, WAITAOF). */
export interface WaitRequest {
  /** From now; 0 for ever. */
  readonly timeoutMs: number;
  /** Replies, and returns true, if the waiting can end now. */
  tryEnd(client: Client): boolean;
  /** Replies when the time is over. */
  endOfTime(client: Client): void;
}

export interface BlockedCommand {
  readonly command: Command;
  /** What it is run again with, in bytes of their own. */
  readonly args: Arguments;
  /** What the client has sent, for the logs: XREAD's `$` is an id in {@link args}. */
  readonly sent: Arguments;
  /** What it waits for: keys, or something else. */
  readonly request: BlockRequest | null;
  readonly wait: WaitRequest | null;
  readonly databaseIndex: number;
  /** The keys that it waits for, as text in Latin-1, each once. */
  readonly keys: readonly string[];
  /** Milliseconds since the epoch; 0 for never. */
  readonly deadlineMs: number;
  timer: Timer | null;
  /** Time that it has taken so far while it ran, in microseconds. */
  us: number;
}
