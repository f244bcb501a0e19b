/**
 * Connections that ask for more than they read. What they are sent piles up here and not in the
 * kernel, and making it would take the time of everybody else: so while more than a turn's worth
 * waits and the socket takes nothing, their next commands have a turn only ten times a second. They
 * go on at once when they have read.
 *
 * Nothing is refused or lost, and one that never reads replies of a few bytes is not slowed down.
 */
import type { Timer } from "../platform/clock.ts";
import type { Client } from "./client.ts";
import type { Engine } from "./engine.ts";

/** The replies of a turn, and how much may wait for a connection that goes on at full speed. */
export const TURN_REPLY_BYTES_MAX: number = 1 << 20;
const PAUSE_MS = 100;

export class SlowReaders {
  readonly #engine: Engine;
  readonly #timers: Map<Client, Timer> = new Map();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** True while the commands of the connection wait. */
  holds(client: Client): boolean {
    return this.#timers.size > 0 && this.#timers.has(client);
  }

  /** The connection has had its turn: it goes on in the next one, or when it has read. */
  endTurn(client: Client): void {
    const { clock } = this.#engine;
    if (!client.isDraining) return clock.atTurnEnd(() => this.#engine.runSent(client));
    this.#timers.set(client, clock.schedule(PAUSE_MS, () => this.#goOn(client)));
  }

  /** The connection has been sent something. */
  sent(client: Client): void {
    if (this.#timers.size === 0 || client.reply.pendingBytes > TURN_REPLY_BYTES_MAX) return;
    if (!this.#timers.has(client)) return;
    this.left(client);
    this.#engine.clock.atTurnEnd(() => this.#engine.runSent(client));
  }

  /** The connection is gone. */
  left(client: Client): void {
    this.#timers.get(client)?.cancel();
    this.#timers.delete(client);
  }

  #goOn(client: Client): void {
    this.#timers.delete(client);
    this.#engine.runSent(client);
  }
}
