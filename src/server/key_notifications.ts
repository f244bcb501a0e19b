/**
 * Keyspace notifications: what has happened to keys, as messages.
 *
 *     __keyspace@<database>__:<key>    the event    with the class K
 *     __keyevent@<database>__:<event>  the key      with the class E
 *
 * A message is put together only when anybody is subscribed to anything, in room that is used again.
 */
import { latin1Bytes } from "../base/ascii.ts";
import { integerTextLength, writeInteger } from "../base/integer_text.ts";
import { EVENT_KEYEVENT, EVENT_KEYSPACE, EVENT_NEW } from "../command/key_events.ts";
import type { Database } from "../keyspace/database.ts";
import type { Engine } from "./engine.ts";
import type { PubSub } from "./pubsub/pubsub.ts";

const KEYSPACE = latin1Bytes("__keyspace@");
const KEYEVENT = latin1Bytes("__keyevent@");
const COLON = latin1Bytes("__:");
const FIRST_ROOM_BYTES = 256;

export class KeyNotifications {
  readonly #pubSub: PubSub;
  /** The classes, of which K and E say what is sent: `notify-keyspace-events`. */
  #classes = 0;
  /** The name of the channel. */
  #channel: Uint8Array = new Uint8Array(FIRST_ROOM_BYTES);
  /** There are some fifty events: they are made bytes once. */
  readonly #events: Map<string, Uint8Array> = new Map();

  constructor(engine: Engine) {
    this.#pubSub = engine.pubSub;
    const follow = () => {
      this.#classes = engine.config.keyspaceEvents();
      engine.call.keyEvents.classes = this.#classes;
      engine.keyspace.signalsNewKeys = (this.#classes & EVENT_NEW) !== 0;
      return undefined;
    };
    follow();
    engine.config.onChange(["notify-keyspace-events"], follow);
  }

  /** Sends what has happened to a key, of a class that is notified. The key is lent. */
  notify(
    database: Database,
    bytes: Uint8Array,
    start: number,
    end: number,
    _eventClass: number,
    event: string,
  ): void {
    if (!this.#pubSub.isHeard) return;
    const eventBytes = this.#eventBytes(event);
    if ((this.#classes & EVENT_KEYSPACE) !== 0) {
      const length = this.#name(KEYSPACE, database.index, bytes, start, end);
      this.#pubSub.publish(this.#channel, 0, length, eventBytes, 0, eventBytes.length);
    }
    if ((this.#classes & EVENT_KEYEVENT) !== 0) {
      const length = this.#name(KEYEVENT, database.index, eventBytes, 0, eventBytes.length);
      this.#pubSub.publish(this.#channel, 0, length, bytes, start, end);
    }
  }

  #eventBytes(event: string): Uint8Array {
    let bytes = this.#events.get(event);
    if (bytes === undefined) {
      bytes = latin1Bytes(event);
      this.#events.set(event, bytes);
    }
    return bytes;
  }

  /** Writes the name of a channel and returns its length. */
  #name(
    kind: Uint8Array,
    database: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const length = kind.length + integerTextLength(database) + COLON.length + end - start;
    if (length > this.#channel.length) this.#channel = new Uint8Array(length * 2);
    const channel = this.#channel;
    channel.set(kind);
    let at = writeInteger(channel, kind.length, database);
    for (let i = 0; i < COLON.length; i++) channel[at++] = COLON[i];
    for (let i = start; i < end; i++) channel[at++] = bytes[i];
    return length;
  }
}
