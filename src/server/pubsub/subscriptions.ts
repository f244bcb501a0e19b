/**
 * What one connection is subscribed to, in the order in which it subscribed. There is one of these
 * only as long as there is something in it: `client.subscriptions` says whether a connection is a
 * subscriber at all.
 */
import type { Channel, ChannelKind } from "./channel.ts";

/** What a subscription takes beside its name: its places in two tables, measured on Node. */
const SUBSCRIPTION_BYTES = 64;

export class Subscriptions {
  /** CLIENT LIST's `sub`, `psub` and `ssub`. */
  channelCount = 0;
  patternCount = 0;
  shardChannelCount = 0;
  /** The place of the connection among the subscribers of each. */
  readonly #places: Map<Channel, number> = new Map();

  /** Channels and patterns: the number that SUBSCRIBE and its like reply. */
  get count(): number {
    return this.channelCount + this.patternCount;
  }

  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  /** What it takes of memory, about. */
  get memoryBytes(): number {
    return this.#places.size * SUBSCRIPTION_BYTES;
  }

  /** The channels of a kind, those that it subscribed to first before others. */
  of(kind: ChannelKind): Channel[] {
    const found: Channel[] = [];
    for (const channel of this.#places.keys()) if (channel.kind === kind) found.push(channel);
    return found;
  }

  /** Everything, whatever its kind. */
  all(): Channel[] {
    return [...this.#places.keys()];
  }

  has(channel: Channel): boolean {
    return this.#places.has(channel);
  }

  /** The number that a command about such a kind replies: what is left of it. */
  countFor(kind: ChannelKind): number {
    return kind === "shard channel" ? this.shardChannelCount : this.count;
  }

  add(channel: Channel, place: number): void {
    this.#places.set(channel, place);
    this.#count(channel.kind, 1);
  }

  /** Forgets a channel and returns the place among its subscribers. */
  remove(channel: Channel): number {
    const place = this.#places.get(channel)!;
    this.#places.delete(channel);
    this.#count(channel.kind, -1);
    return place;
  }

  /** The connection stands at another place among the channel's subscribers. */
  moved(channel: Channel, place: number): void {
    this.#places.set(channel, place);
  }

  #count(kind: ChannelKind, change: number): void {
    if (kind === "channel") this.channelCount += change;
    else if (kind === "pattern") this.patternCount += change;
    else this.shardChannelCount += change;
  }
}
