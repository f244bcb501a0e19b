/**
 * When replies leave: at the end of a turn of the event loop, all together, one write per connection,
 * and after what they promise has been written to the append-only file.
 */
import type { Client } from "./client.ts";
import type { Engine } from "./engine.ts";

export class ReplyRelease {
  readonly #engine: Engine;
  readonly #queue: Client[] = [];
  #isScheduled = false;
  readonly #turnEnded = (): void => this.endTurn();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The client is to be sent its replies at the end of this turn. */
  queue(client: Client): void {
    if (client.isFlushQueued) return;
    client.isFlushQueued = true;
    this.#queue.push(client);
    this.schedule();
  }

  /** Something is to be written at the end of this turn, whether anybody is told or not. */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#engine.clock.atTurnEnd(this.#turnEnded);
  }

  /** Writes and sends all that waits, now. */
  endTurn(): void {
    this.#isScheduled = false;
    this.#engine.persistence.beforeReplies();
    const queue = this.#queue;
    for (let i = 0; i < queue.length; i++) {
      const client = queue[i];
      client.isFlushQueued = false;
      this.#flush(client);
    }
    queue.length = 0;
  }

  /** Hands the client's replies to its socket, as far as it takes them. */
  #flush(client: Client): void {
    if (client.isClosed) return;
    const { reply, socket } = client;
    if (!client.isDraining && reply.length > reply.sent) {
      const { statistics } = this.#engine;
      const offered = reply.length - reply.sent;
      const accepted = socket.write(reply.bytes, reply.sent, reply.length);
      statistics.netOutputBytes += accepted;
      statistics.writeEvents++;
      if (socket.holdsWrite) {
        const rest = reply.bytes.slice(reply.sent + accepted, reply.length);
        reply.abandon();
        if (rest.length > 0) reply.raw(rest);
      } else reply.advance(accepted);
      client.netOutputBytes += accepted;
      client.isDraining = accepted < offered;
    }
    if (reply.length > 0) this.#engine.limitOutput(client);
    else if (client.isClosingAfterReplies) this.#engine.endClient(client);
  }
}
