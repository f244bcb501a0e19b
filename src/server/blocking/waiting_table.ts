/**
 * Who waits for which key, in the order in which they began to.
 *
 * Keys are found by database and bytes, as text in Latin-1. Those of a database that is exchanged
 * for another one stay with its number.
 */
import type { Client } from "../client.ts";
import type { BlockedCommand } from "./blocked_command.ts";

/** Those who wait for one key. */
export interface WaitingForKey {
  readonly clients: Set<Client>;
  /** How many of them are also run again when the key is deleted or becomes another type. */
  endingCount: number;
}

export class WaitingTable {
  /** Keys that somebody waits for. */
  keyCount = 0;
  /** Keys whose end would have somebody run again. */
  endingKeyCount = 0;

  readonly #byDatabase: Map<string, WaitingForKey>[] = [];

  /** Those who wait for a key, if anybody does. */
  find(databaseIndex: number, key: string): WaitingForKey | undefined {
    return this.#byDatabase[databaseIndex]?.get(key);
  }

  /** All keys of a database that somebody waits for. */
  keysOf(databaseIndex: number): Iterable<string> {
    return this.#byDatabase[databaseIndex]?.keys() ?? [];
  }

  /** A client waits for all keys of its command. */
  add(client: Client, blocked: BlockedCommand): void {
    for (const key of blocked.keys) {
      const waiting = this.#make(blocked.databaseIndex, key);
      waiting.clients.add(client);
      if (!isEnding(blocked)) continue;
      if (waiting.endingCount++ === 0) this.endingKeyCount++;
    }
  }

  /** A client waits for none of them any more. */
  remove(client: Client, blocked: BlockedCommand): void {
    const keys = this.#byDatabase[blocked.databaseIndex];
    for (const key of blocked.keys) {
      const waiting = keys.get(key)!;
      waiting.clients.delete(client);
      if (isEnding(blocked) && --waiting.endingCount === 0) this.endingKeyCount--;
      if (waiting.clients.size > 0) continue;
      keys.delete(key);
      this.keyCount--;
    }
  }

  #make(databaseIndex: number, key: string): WaitingForKey {
    while (this.#byDatabase.length <= databaseIndex) this.#byDatabase.push(new Map());
    const keys = this.#byDatabase[databaseIndex];
    let waiting = keys.get(key);
    if (waiting === undefined) {
      keys.set(key, waiting = { clients: new Set(), endingCount: 0 });
      this.keyCount++;
    }
    return waiting;
  }
}

function isEnding({ request }: BlockedCommand): boolean {
  return request?.endsOnMissingKey === true;
}
