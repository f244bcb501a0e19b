/**
 * The prefixes that connections in broadcasting mode have asked for, and which keys with them have
 * been changed since those connections were told last.
 */
import { compareBytes, equalBytes, latin1 } from "../../base/ascii.ts";
import type { Client } from "../client.ts";

export class TrackedPrefix {
  readonly bytes: Uint8Array;
  readonly clients: Set<Client> = new Set();
  /** The keys that were changed, one character a byte, and by whom last. */
  readonly changed: Map<string, Client | null> = new Map();

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

export class TrackedPrefixes {
  /** All of them, ordered by their bytes. */
  readonly all: TrackedPrefix[] = [];
  /** Keys with one of them have been changed. */
  hasChanges = false;

  /** The prefix, made where it is new. */
  findOrAdd(bytes: Uint8Array): TrackedPrefix {
    let at = 0;
    for (; at < this.all.length; at++) {
      const other = this.all[at].bytes;
      const order = compareBytes(other, 0, other.length, bytes, 0, bytes.length);
      if (order === 0) return this.all[at];
      if (order > 0) break;
    }
    const prefix = new TrackedPrefix(bytes);
    this.all.splice(at, 0, prefix);
    return prefix;
  }

  /** Ends what a client has asked for; a prefix that nobody wants any more is forgotten. */
  leave(client: Client, prefix: TrackedPrefix): void {
    prefix.clients.delete(client);
    if (prefix.clients.size === 0) this.all.splice(this.all.indexOf(prefix), 1);
  }

  /** A key was changed, by a client or by nobody. */
  noteChange(bytes: Uint8Array, start: number, end: number, source: Client | null): void {
    for (const prefix of this.all) {
      const { length } = prefix.bytes;
      if (length > end - start) continue;
      if (!equalBytes(prefix.bytes, 0, length, bytes, start, start + length)) continue;
      prefix.changed.set(latin1(bytes, start, end), source);
      this.hasChanges = true;
    }
  }
}

/** Whether one of two prefixes is a prefix of the other: a key could then be told twice. */
export function overlap(a: Uint8Array, b: Uint8Array): boolean {
  const length = Math.min(a.length, b.length);
  return equalBytes(a, 0, length, b, 0, length);
}
