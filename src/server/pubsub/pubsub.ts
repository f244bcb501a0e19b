/**
 * Who is subscribed to what, and how a message comes to them.
 *
 * A message is encoded once for those who speak RESP2 and once for those who speak RESP3, at the
 * first of them, and all of them send those bytes (see {@link MessageLog}).
 */
import { latin1Bytes } from "../../base/ascii.ts";
import { matchesGlob } from "../../base/glob.ts";
import { PUSH_HEADER, RESP2_ARRAY } from "./push_types.ts";
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";
import type { Channel } from "./channel.ts";
import { ChannelTable } from "./channel.ts";
import { deliver } from "./delivery.ts";
import { bulkBytes, MessageLog } from "./message_log.ts";
import { Subscriptions } from "./subscriptions.ts";

const MESSAGE = latin1Bytes("$7\r\nmessage\r\n");
const PATTERN_MESSAGE = latin1Bytes("$8\r\npmessage\r\n");
const SHARD_MESSAGE = latin1Bytes("$8\r\nsmessage\r\n");
/** `*4\r\n` */
const HEADER_BYTES = 4;

export class PubSub {
  readonly channels: ChannelTable;
  readonly patterns: ChannelTable;
  readonly shardChannels: ChannelTable;
  /** How many connections are subscribed to anything (INFO's `pubsub_clients`). */
  clientCount = 0;

  readonly #engine: Engine;
  readonly #resp2: MessageLog = new MessageLog();
  readonly #resp3: MessageLog = new MessageLog();
  /** The message being delivered has been encoded. */
  #isResp2Encoded = false;
  #isResp3Encoded = false;
  #kind: Uint8Array = MESSAGE;
  #pattern: Channel | null = null;
  #channelBytes: Uint8Array = MESSAGE;
  #channelStart = 0;
  #channelEnd = 0;
  #message: Uint8Array = MESSAGE;
  #messageStart = 0;
  #messageEnd = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    const { hash } = engine.keyspace;
    this.channels = new ChannelTable("channel", hash);
    this.patterns = new ChannelTable("pattern", hash);
    this.shardChannels = new ChannelTable("shard channel", hash);
  }

  /** Whether anybody could get a message that is published. */
  get isHeard(): boolean {
    return this.channels.count > 0 || this.patterns.count > 0;
  }

  /** Subscribes a client to a name of the table's kind, unless it is. */
  subscribe(client: Client, table: ChannelTable, bytes: Uint8Array, start: number, end: number) {
    if (client.subscriptions === null) {
      client.subscriptions = new Subscriptions();
      this.clientCount++;
    }
    const channel = table.findOrAdd(bytes, start, end);
    if (!client.subscriptions.has(channel)) client.subscriptions.add(channel, channel.add(client));
  }

  /** Ends a subscription of a client, if it is one. */
  unsubscribe(client: Client, table: ChannelTable, bytes: Uint8Array, start: number, end: number) {
    const channel = client.subscriptions === null ? null : table.find(bytes, start, end);
    if (channel !== null && client.subscriptions!.has(channel)) this.#end(client, channel);
  }

  /** The client is subscribed to nothing any more: it is gone, or begins anew. */
  left(client: Client): void {
    if (client.subscriptions === null) return;
    for (const channel of client.subscriptions.all()) this.#end(client, channel);
  }

  /**
   * Sends a message to all who are subscribed to the channel or to a pattern of it, and returns how
   * often. All bytes are lent.
   */
  publish(
    channelBytes: Uint8Array,
    channelStart: number,
    channelEnd: number,
    message: Uint8Array,
    messageStart: number,
    messageEnd: number,
  ): number {
    this.#borrow(channelBytes, channelStart, channelEnd, message, messageStart, messageEnd);
    const channel = this.channels.find(channelBytes, channelStart, channelEnd);
    let receivers = channel === null ? 0 : this.#sendTo(channel, MESSAGE, null);
    for (let each = this.patterns.first; each !== null; each = each.next) {
      const { name } = each;
      if (matchesGlob(name, 0, name.length, channelBytes, channelStart, channelEnd, false)) {
        receivers += this.#sendTo(each, PATTERN_MESSAGE, each);
      }
    }
    this.#forget();
    return receivers;
  }

  /** The same for a channel of a shard, which no pattern matches. */
  publishInShard(
    channelBytes: Uint8Array,
    channelStart: number,
    channelEnd: number,
    message: Uint8Array,
    messageStart: number,
    messageEnd: number,
  ): number {
    const channel = this.shardChannels.find(channelBytes, channelStart, channelEnd);
    if (channel === null) return 0;
    this.#borrow(channelBytes, channelStart, channelEnd, message, messageStart, messageEnd);
    const receivers = this.#sendTo(channel, SHARD_MESSAGE, null);
    this.#forget();
    return receivers;
  }

  #end(client: Client, channel: Channel): void {
    const subscriptions = client.subscriptions!;
    channel.remove(subscriptions.remove(channel), (other, place) => {
      other.subscriptions!.moved(channel, place);
    });
    if (channel.count === 0) this.#tableOf(channel).remove(channel);
    if (subscriptions.isEmpty) {
      client.subscriptions = null;
      this.clientCount--;
    }
  }

  #tableOf(channel: Channel): ChannelTable {
    if (channel.kind === "channel") return this.channels;
    return channel.kind === "pattern" ? this.patterns : this.shardChannels;
  }

  #sendTo(channel: Channel, kind: Uint8Array, pattern: Channel | null): number {
    this.#isResp2Encoded = false;
    this.#isResp3Encoded = false;
    this.#kind = kind;
    this.#pattern = pattern;
    const { subscribers } = channel;
    const engine = this.#engine;
    for (let i = 0; i < subscribers.length; i++) {
      const client = subscribers[i];
      if (client === null) continue;
      const log = client.reply.protocol === 2 ? this.#encodedResp2() : this.#encodedResp3();
      deliver(engine, client, log);
    }
    return channel.count;
  }

  /** Notes what is to be sent, until {@link #forget}. */
  #borrow(
    channelBytes: Uint8Array,
    channelStart: number,
    channelEnd: number,
    message: Uint8Array,
    messageStart: number,
    messageEnd: number,
  ): void {
    this.#channelBytes = channelBytes;
    this.#channelStart = channelStart;
    this.#channelEnd = channelEnd;
    this.#message = message;
    this.#messageStart = messageStart;
    this.#messageEnd = messageEnd;
  }

  #encodedResp2(): MessageLog {
    if (!this.#isResp2Encoded) this.#encode(this.#resp2, RESP2_ARRAY);
    this.#isResp2Encoded = true;
    return this.#resp2;
  }

  #encodedResp3(): MessageLog {
    if (!this.#isResp3Encoded) this.#encode(this.#resp3, PUSH_HEADER);
    this.#isResp3Encoded = true;
    return this.#resp3;
  }

  #encode(log: MessageLog, type: number): void {
    const pattern = this.#pattern === null ? null : this.#pattern.name;
    const channelLength = this.#channelEnd - this.#channelStart;
    const messageLength = this.#messageEnd - this.#messageStart;
    log.begin(
      HEADER_BYTES + this.#kind.length + (pattern === null ? 0 : bulkBytes(pattern.length)) +
        bulkBytes(channelLength) + bulkBytes(messageLength),
    );
    log.header(type, pattern === null ? 3 : 4);
    log.raw(this.#kind, 0, this.#kind.length);
    if (pattern !== null) log.bulk(pattern, 0, pattern.length);
    log.bulk(this.#channelBytes, this.#channelStart, this.#channelEnd);
    log.bulk(this.#message, this.#messageStart, this.#messageEnd);
  }

  /** What was lent is not kept. */
  #forget(): void {
    this.#channelBytes = MESSAGE;
    this.#message = MESSAGE;
    this.#pattern = null;
  }
}
