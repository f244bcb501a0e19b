/**
 * Channels and patterns that somebody is subscribed to, found by the bytes of their names.
 *
 * A table keeps them in the order in which they came, for whoever goes through all of them. A
 * channel keeps its subscribers in the order in which they came; who leaves leaves a hole, so that
 * nobody has to be searched for, and from time to time the holes are closed.
 */
import { equalBytes } from "../../base/ascii.ts";
import type { KeyHash } from "../../base/hash.ts";
import type { Client } from "../client.ts";

const FIRST_BUCKETS = 16;
/** So many holes at least before they are worth closing. */
const HOLES_MAX = 32;

/** What a name is: that of a channel, of many by a pattern, or of a channel of a cluster's shard. */
export type ChannelKind = "channel" | "pattern" | "shard channel";

export class Channel {
  readonly kind: ChannelKind;
  readonly name: Uint8Array;
  readonly hash: number;
  /** Who is subscribed; null where somebody was. */
  subscribers: (Client | null)[] = [];
  /** How many are. */
  count = 0;
  /** The next one in the same bucket. */
  nextInBucket: Channel | null = null;
  /** Its neighbours in the order of their coming. */
  previous: Channel | null = null;
  next: Channel | null = null;

  constructor(kind: ChannelKind, name: Uint8Array, hash: number) {
    this.kind = kind;
    this.name = name;
    this.hash = hash;
  }

  /** Adds a subscriber; its place is what {@link remove} needs. */
  add(client: Client): number {
    this.count++;
    return this.subscribers.push(client) - 1;
  }

  /** @param moved is told of the subscribers whose place has become another. */
  remove(place: number, moved: (client: Client, place: number) => void): void {
    this.subscribers[place] = null;
    this.count--;
    const holes = this.subscribers.length - this.count;
    if (holes < HOLES_MAX || holes <= this.count) return;
    let last = 0;
    for (const client of this.subscribers) {
      if (client === null) continue;
      this.subscribers[last] = client;
      moved(client, last++);
    }
    this.subscribers.length = last;
  }
}

export class ChannelTable {
  readonly kind: ChannelKind;
  /** How many there are. */
  count = 0;
  /** The one that came first. */
  first: Channel | null = null;
  #last: Channel | null = null;
  #buckets: (Channel | null)[] = new Array<Channel | null>(FIRST_BUCKETS).fill(null);
  readonly #hash: KeyHash;

  constructor(kind: ChannelKind, hash: KeyHash) {
    this.kind = kind;
    this.#hash = hash;
  }

  /** The channel of that name, or null. */
  find(bytes: Uint8Array, start: number, end: number): Channel | null {
    if (this.count === 0) return null;
    return this.#find(this.#hash.hash(bytes, start, end), bytes, start, end);
  }

  /** The channel of that name, made where there is none. */
  findOrAdd(bytes: Uint8Array, start: number, end: number): Channel {
    const hash = this.#hash.hash(bytes, start, end);
    const found = this.#find(hash, bytes, start, end);
    if (found !== null) return found;
    const channel = new Channel(this.kind, bytes.slice(start, end), hash);
    if (this.count === this.#buckets.length) this.#grow();
    this.#place(channel);
    channel.previous = this.#last;
    if (this.#last === null) this.first = channel;
    else this.#last.next = channel;
    this.#last = channel;
    this.count++;
    return channel;
  }

  /** Takes a channel out. */
  remove(channel: Channel): void {
    const { previous, next } = channel;
    if (previous === null) this.first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    this.count--;
    const bucket = channel.hash & this.#buckets.length - 1;
    let before = this.#buckets[bucket];
    if (before === channel) {
      this.#buckets[bucket] = channel.nextInBucket;
      return;
    }
    while (before!.nextInBucket !== channel) before = before!.nextInBucket;
    before!.nextInBucket = channel.nextInBucket;
  }

  #find(hash: number, bytes: Uint8Array, start: number, end: number): Channel | null {
    let channel = this.#buckets[hash & this.#buckets.length - 1];
    while (channel !== null) {
      const { name } = channel;
      if (channel.hash === hash && equalBytes(name, 0, name.length, bytes, start, end)) {
        return channel;
      }
      channel = channel.nextInBucket;
    }
    return null;
  }

  #place(channel: Channel): void {
    const bucket = channel.hash & this.#buckets.length - 1;
    channel.nextInBucket = this.#buckets[bucket];
    this.#buckets[bucket] = channel;
  }

  #grow(): void {
    this.#buckets = new Array<Channel | null>(this.#buckets.length * 2).fill(null);
    for (let each = this.first; each !== null; each = each.next) this.#place(each);
  }
}
