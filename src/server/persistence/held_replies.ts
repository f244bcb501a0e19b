/**
 * Which of the replies that wait for the end of the turn answer commands that have written something.
 * When what they wrote cannot be brought to the disk, an error takes the place of each: nobody is
 * told that a write went well that could be lost.
 */
import type { Client } from "../client.ts";

export class HeldReplies {
  #clients: Client[] = [];
  #froms: number[] = [];
  #ends: number[] = [];

  /** A reply stands at a range of the client's reply buffer. */
  add(client: Client, from: number, end: number): void {
    this.#clients.push(client);
    this.#froms.push(from);
    this.#ends.push(end);
  }

  /** Puts an error in the place of each. */
  refuse(error: string): void {
    // From the last to the first, so that the places of those before stay what they are.
    for (let i = this.#clients.length - 1; i >= 0; i--) {
      const client = this.#clients[i];
      if (!client.isClosed) client.reply.replaceByError(this.#froms[i], this.#ends[i], error);
    }
  }

  /** The turn is over. */
  forget(): void {
    if (this.#clients.length === 0) return;
    this.#clients.length = 0;
    this.#froms.length = 0;
    this.#ends.length = 0;
  }
}
