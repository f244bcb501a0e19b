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
    this.#engine.memoryLimit.evictClients();
  }

  /** Hands the client's replies to its socket, as far as it takes them. */
  #flush(client: Client): void {
    if (client.isClosed) return;
    const { reply, socket } = client;
    if (reply.pendingBytes >= reply.limitBytes) {
      this.#engine.limitOutput(client);
      if (client.isClosed) return;
    }
    while (!client.isDraining && reply.firstSealed !== null) this.#sendSealed(client);
    const { isShared } = reply;
    if (!client.isDraining && reply.length > reply.sent) {
      const offered = reply.length - reply.sent;
      const accepted = socket.write(reply.bytes, reply.sent, reply.length);
      if (socket.holdsWrite) {
        // The runtime goes on reading from the buffer: it is not used again before it has drained.
        reply.isHeld = true;
        if (accepted === offered) this.#awaitHeld(client, reply.bytes);
      }
      reply.advance(accepted);
      this.#countSent(client, accepted, offered);
    }
    if (client.isDraining) reply.seal();
    if (reply.pendingBytes > 0) this.#engine.limitOutput(client);
    else if (client.isClosingAfterReplies) return this.#engine.endClient(client);
    this.#engine.slowReaders.sent(client);
    // What it has sent of a buffer of others was never its own.
    if (isShared && reply.pendingBytes === 0) return;
    if (!client.isClosed) this.#engine.memoryLimit.clientChanged(client);
  }

  /** Offers the first sealed buffer. */
  #sendSealed(client: Client): void {
    const { reply, socket } = client;
    const sealed = reply.firstSealed!;
    const offered = sealed.length - sealed.sent;
    const accepted = socket.write(sealed.bytes, sealed.sent, sealed.length);
    const isHeld = socket.holdsWrite;
    if (isHeld && accepted === offered) this.#awaitHeld(client, sealed.bytes);
    reply.advanceSealed(accepted, isHeld);
    this.#countSent(client, accepted, offered);
  }

  /**
   * The runtime keeps a buffer that is sent: an empty write asks to be told when it does not. That
   * may be in a moment, so it does not count yet: evicting keys for it would make more to be sent.
   */
  #awaitHeld(client: Client, bytes: Uint8Array): void {
    client.inFlightBytes = bytes.length;
    client.socket.write(bytes, 0, 0);
  }

  #countSent(client: Client, accepted: number, offered: number): void {
    const { statistics } = this.#engine;
    statistics.netOutputBytes += accepted;
    statistics.writeEvents++;
    client.netOutputBytes += accepted;
    client.isDraining = accepted < offered;
  }
}
