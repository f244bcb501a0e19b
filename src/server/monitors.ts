/**
 * MONITOR: clients that are told of every command that the server runs, one line each:
 *
 *     +1700000000.123456 [0 127.0.0.1:50112] "set" "key" "a\x00b"\r\n
 *
 * A line is a simple string in RESP2 and RESP3. It stands behind the reply of the command that it
 * tells of, also where a monitor sent that itself.
 */
import { latin1Bytes, quoteBytes } from "../base/ascii.ts";
import type { Clock } from "../platform/clock.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { Client } from "./client.ts";
import type { Config } from "./config/config.ts";
import { secretArguments } from "./redaction.ts";
import type { Command } from "./registry.ts";
import { FLAG_ADMIN, FLAG_SKIP_MONITOR } from "./registry.ts";

/** Commands that are nobody's business. */
const FLAGS_UNTOLD = FLAG_ADMIN | FLAG_SKIP_MONITOR;

/** What {@link Monitors} needs of the server. */
export interface MonitorsOwner {
  readonly clock: Clock;
  readonly config: Config;
  readonly isLoading: boolean;
  /** Sends what has been added to a client's replies when the turn ends. */
  sendLater(client: Client): void;
}

export class Monitors {
  readonly #owner: MonitorsOwner;
  readonly #clients: Set<Client> = new Set();

  constructor(owner: MonitorsOwner) {
    this.#owner = owner;
  }

  /** How many there are. While there are none, nothing is fed. */
  get count(): number {
    return this.#clients.size;
  }

  /** The client is to be told from now on. */
  add(client: Client): void {
    client.isMonitor = true;
    this.#clients.add(client);
  }

  /** The client is gone, or has sent RESET. */
  left(client: Client): void {
    client.isMonitor = false;
    this.#clients.delete(client);
  }

  /** Tells of a command that a client ran, unless it is one not to be told of. */
  feed(client: Client, command: Command, args: Arguments): void {
    if ((command.flags & FLAGS_UNTOLD) === 0) this.tell(client, command, args);
  }

  /** As {@link feed}, whatever the command is: EXEC tells of itself when its commands have run. */
  tell(client: Client, command: Command, args: Arguments): void {
    if (this.#clients.size === 0 || this.#owner.isLoading) return;
    const line = latin1Bytes(this.#line(client, command, args));
    for (const monitor of this.#clients) {
      if (monitor.isClosed || monitor.replyMode !== "on") continue;
      monitor.reply.raw(line);
      this.#owner.sendLater(monitor);
    }
  }

  #line(client: Client, command: Command, args: Arguments): string {
    const { clock, config } = this.#owner;
    const us = Math.floor(clock.wallMs() * 1000);
    const seconds = Math.floor(us / 1e6);
    const fraction = String(us - seconds * 1e6).padStart(6, "0");
    const { isUnix, remoteAddress } = client.socket;
    const source = isUnix ? `unix:${config.text("unixsocket")}` : remoteAddress;
    const secret = secretArguments(command, args, config);
    let line = `+${seconds}.${fraction} [${client.databaseIndex} ${source}]`;
    for (let i = 0; i < args.count; i++) {
      line += secret.has(i) ? ' "(redacted)"' : ` ${quoteBytes(args.view(i))}`;
    }
    return `${line}\r\n`;
  }
}
