/**
 * Client side caching: who is told that a key which they may keep has changed.
 *
 * Usually the server remembers which keys a connection has read, and tells it once when one of them
 * is modified. In broadcasting mode it remembers nothing and tells of all keys with certain
 * prefixes, those of one turn of the event loop together.
 *
 * Told is by a push in RESP3; or, when the connection has named another one to be told, in RESP2 as
 * a message of the channel `__redis__:invalidate` if that one is subscribed to anything.
 *
 * The connection whose command runs is told of keys that it has read itself behind the reply of the
 * command, or of EXEC.
 *
 * What an ended connection had read is forgotten only when those keys change: ids are not given
 * twice, so nobody is told by mistake.
 */
import { latin1Bytes } from "../../base/ascii.ts";
import { integerTextLength } from "../../base/integer_text.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Client } from "../client.ts";
import { KeyList, keysOfCommand } from "../commands/command_keys.ts";
import type { Engine } from "../engine.ts";
import { deliver } from "../pubsub/delivery.ts";
import { bulkBytes, MessageLog } from "../pubsub/message_log.ts";
import type { Command } from "../registry.ts";
import type { TrackingOptions } from "./client_tracking.ts";
import { ClientTracking } from "./client_tracking.ts";
import type { TrackedPrefix } from "./prefixes.ts";
import { TrackedPrefixes } from "./prefixes.ts";
import type { TrackedKey } from "./tracked_keys.ts";
import { TrackedKeys } from "./tracked_keys.ts";

const INVALIDATE = latin1Bytes(">2\r\n$10\r\ninvalidate\r\n");
const INVALIDATE_MESSAGE = latin1Bytes(
  "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n",
);
const REDIRECTION_BROKEN = latin1Bytes(">2\r\n$21\r\ntracking-redir-broken\r\n");
const NULL2 = latin1Bytes("$-1\r\n");
const NULL3 = latin1Bytes("_\r\n");
const EMPTY_PREFIX = new Uint8Array(0);
/** `:` and an integer and `\r\n`, or a header. */
const NUMBER_BYTES = 32;
/** So many keys at most are forgotten at once when there are too many. */
const FORGOTTEN_AT_ONCE_MAX = 1000;
const FORGETTING_PAUSE_MS = 10;

const ARRAY = 42;
const INTEGER = 58;

/** A key that has changed, or null for all of them. */
interface PendingInvalidation {
  readonly client: Client;
  readonly name: Uint8Array | null;
}

export class Tracking {
  /** The connections with tracking on. */
  readonly clients: Set<Client> = new Set();
  readonly keys: TrackedKeys;
  readonly prefixes: TrackedPrefixes = new TrackedPrefixes();
  /** What is modified just now has expired or is evicted: NOLOOP does not count. */
  isByNobody = false;

  readonly #engine: Engine;
  /** The keys of the command that has read. */
  readonly #read: KeyList = new KeyList();
  readonly #log: MessageLog = new MessageLog();
  /** `tracking-table-max-keys`; 0 for any number. */
  #keysMax = 0;
  /** What connections are to be told behind the replies of the commands that they run. */
  #pending: PendingInvalidation[] = [];
  /** A command has run, but its reply may yet be taken back (CLIENT REPLY). */
  #isRemembering = false;
  /** Those are told who ran a command that is over: behind other pushes to them. */
  #isEnding = false;
  #isBroadcastScheduled = false;
  #isLimitScheduled = false;
  /** All have been told, since the last command, that everything is gone. */
  #isFlushed = false;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.keys = new TrackedKeys(engine.keyspace.hash);
    const follow = () => {
      this.#keysMax = engine.config.number("tracking-table-max-keys");
      this.limitKeys();
      return undefined;
    };
    follow();
    engine.config.onChange(["tracking-table-max-keys"], follow);
  }

  /** Whether it has to be known which keys are modified. */
  get isOn(): boolean {
    return this.clients.size > 0;
  }

  /** CLIENT TRACKING ON. Prefixes come to those that a connection has already. */
  turnOn(client: Client, options: TrackingOptions, prefixes: readonly Uint8Array[]): void {
    const tracking = client.tracking ?? new ClientTracking(options);
    tracking.options = options;
    tracking.isRedirectionBroken = false;
    client.tracking = tracking;
    this.clients.add(client);
    this.#engine.followTouches();
    if (!options.isBroadcast) return;
    for (const bytes of prefixes.length === 0 ? [EMPTY_PREFIX] : prefixes) {
      const prefix = this.prefixes.findOrAdd(bytes);
      if (prefix.clients.has(client)) continue;
      prefix.clients.add(client);
      tracking.prefixes.push(prefix);
    }
    tracking.prefixes.sort((a, b) => this.prefixes.all.indexOf(a) - this.prefixes.all.indexOf(b));
  }

  /** CLIENT TRACKING OFF; also when the connection ends or begins anew. */
  left(client: Client): void {
    if (client.tracking === null) return;
    for (const prefix of client.tracking.prefixes) this.prefixes.leave(client, prefix);
    client.tracking = null;
    this.clients.delete(client);
    if (this.clients.size === 0) this.keys.clear();
    this.#engine.followTouches();
  }

  /**
   * A client with tracking is about to run a command: what CLIENT CACHING has said holds for the
   * one behind it, or for the transaction.
   * @param previous the command before.
   */
  beginCommand(client: Client, previous: Command | null): void {
    const tracking = client.tracking!;
    if (!tracking.isCachingGiven || client.transaction !== null) return;
    const name = (previous?.parent ?? previous)?.definition.name;
    if (name !== "client") tracking.isCachingGiven = false;
  }

  /** A client with tracking has run a command that reads: it may keep what it has got. */
  remember(client: Client, command: Command, args: Arguments): void {
    const tracking = client.tracking!;
    const { isBroadcast, isOptIn, isOptOut } = tracking.options;
    if (isBroadcast) return;
    if (tracking.isCachingGiven ? isOptOut : isOptIn) return;
    const read = this.#read;
    keysOfCommand(command, args, read);
    for (let i = 0; i < read.count; i++) {
      const index = read.positions[i];
      this.keys.add(args.bytes, args.starts[index], args.ends[index], client.id);
    }
    if (this.keys.count <= this.#keysMax) return;
    this.#isRemembering = true;
    this.limitKeys();
    this.#isRemembering = false;
  }

  /** A key of any database was modified: by the command that runs, unless {@link isByNobody}. */
  invalidate(bytes: Uint8Array, start: number, end: number): void {
    if (this.prefixes.all.length > 0) {
      const source = this.isByNobody ? null : this.#engine.currentClient;
      this.prefixes.noteChange(bytes, start, end, source);
      if (this.prefixes.hasChanges) this.#scheduleBroadcast();
    }
    const key = this.keys.take(bytes, start, end);
    if (key !== null) this.#tellOf(key, false);
  }

  /**
   * A database was emptied. Which one does not matter: keys are remembered without it. FLUSHALL
   * empties all of them, but is told once.
   */
  flushed(): void {
    this.keys.clear();
    if (this.#isFlushed || this.clients.size === 0) return;
    this.#isFlushed = true;
    this.#engine.hasDeferred = true;
    for (const client of this.clients) {
      if (this.#isRunning(client)) this.#postpone(client, null);
      else this.#tellAll(client);
    }
  }

  /** A command is over, and its reply written: those who ran it are told what it changed. */
  endOfCommand(): void {
    this.#isFlushed = false;
    if (this.#pending.length === 0) return;
    const pending = this.#pending;
    this.#pending = [];
    this.#isEnding = true;
    for (const { client, name } of pending) {
      if (client.isClosed || client.tracking === null) continue;
      if (name === null) this.#tellAll(client);
      else this.#tell(client, name);
    }
    this.#isEnding = false;
  }

  /**
   * Forgets keys by lot while there are more than there may be; who kept them is told as if they had
   * changed. Very many take several times, with pauses.
   */
  limitKeys(): void {
    if (this.#keysMax === 0) return;
    const { keys } = this;
    for (let i = 0; i < FORGOTTEN_AT_ONCE_MAX && keys.count > this.#keysMax; i++) {
      const key = keys.at(this.#engine.keyspace.prng.below(keys.count));
      keys.remove(key);
      this.#tellOf(key, true);
    }
    if (keys.count <= this.#keysMax || this.#isLimitScheduled) return;
    this.#isLimitScheduled = true;
    this.#engine.clock.schedule(FORGETTING_PAUSE_MS, () => {
      this.#isLimitScheduled = false;
      this.limitKeys();
    });
  }

  /** Tells of the changes since the last time all who have asked for prefixes. */
  broadcast(): void {
    this.#isBroadcastScheduled = false;
    if (!this.prefixes.hasChanges) return;
    this.prefixes.hasChanges = false;
    for (const prefix of this.prefixes.all) {
      if (prefix.changed.size > 0) this.#broadcastOf(prefix);
    }
  }

  /** Whether the client's command runs, so that it has to wait for its reply first. */
  #isRunning(client: Client): boolean {
    return client === this.#engine.currentClient &&
      (this.#engine.dispatch.isCalling || this.#isRemembering);
  }

  #postpone(client: Client, name: Uint8Array | null): void {
    this.#pending.push({ client, name });
    this.#engine.hasDeferred = true;
  }

  #scheduleBroadcast(): void {
    if (this.#isBroadcastScheduled) return;
    this.#isBroadcastScheduled = true;
    this.#engine.clock.atTurnEnd(() => this.broadcast());
  }

  /** @param isForgotten the key has not changed: who forgets it must be told whatever NOLOOP says. */
  #tellOf(key: TrackedKey, isForgotten: boolean): void {
    const name = latin1Bytes(key.name);
    this.#tellId(key.firstId, name, isForgotten);
    if (key.otherIds === null) return;
    for (const id of key.otherIds) this.#tellId(id, name, isForgotten);
  }

  #tellId(id: number, name: Uint8Array, isForgotten: boolean): void {
    const client = this.#engine.clients.get(id);
    // Who has switched to broadcasting since is told in that way.
    if (client === undefined || client.tracking === null) return;
    const { isBroadcast, isNoLoop } = client.tracking.options;
    if (isBroadcast) return;
    if (isNoLoop && !isForgotten && client === this.#engine.currentClient) return;
    if (this.#isRunning(client)) this.#postpone(client, name);
    else this.#tell(client, name);
  }

  #tell(client: Client, name: Uint8Array): void {
    const target = this.#begin(client, NUMBER_BYTES + bulkBytes(name.length));
    if (target === null) return;
    this.#log.header(ARRAY, 1);
    this.#log.bulk(name, 0, name.length);
    deliver(this.#engine, target, this.#log, this.#isEnding);
  }

  /** Tells that all keys are invalid. */
  #tellAll(client: Client): void {
    const content = client.reply.protocol === 2 ? NULL2 : NULL3;
    const target = this.#begin(client, content.length);
    if (target === null) return;
    this.#log.raw(content, 0, content.length);
    deliver(this.#engine, target, this.#log, this.#isEnding);
  }

  #broadcastOf(prefix: TrackedPrefix): void {
    const names = [...prefix.changed.keys()].sort();
    const all = arrayOf(names);
    for (const client of prefix.clients) {
      let content = all;
      if (client.tracking!.options.isNoLoop) {
        const ofOthers = names.filter((name) => prefix.changed.get(name) !== client);
        if (ofOthers.length === 0) continue;
        if (ofOthers.length < names.length) content = arrayOf(ofOthers);
      }
      const target = this.#begin(client, content.length);
      if (target === null) continue;
      this.#log.raw(content, 0, content.length);
      deliver(this.#engine, target, this.#log, this.#isEnding);
    }
    prefix.changed.clear();
  }

  /**
   * Begins a message for a client with tracking, with room for so many bytes of content. Returns who
   * is to get it, null where nobody can.
   */
  #begin(client: Client, contentBytes: number): Client | null {
    const tracking = client.tracking!;
    const { redirection } = tracking.options;
    const target = redirection === 0 ? client : this.#engine.clients.get(redirection);
    if (target === undefined) {
      tracking.isRedirectionBroken = true;
      if (client.reply.protocol > 2) this.#tellBroken(client, redirection);
      return null;
    }
    const isRedirected = redirection !== 0;
    if (target.reply.protocol === 2 && !(isRedirected && target.subscriptions !== null)) {
      return null;
    }
    const head = target.reply.protocol === 2 ? INVALIDATE_MESSAGE : INVALIDATE;
    this.#log.begin(head.length + contentBytes);
    this.#log.raw(head, 0, head.length);
    return target;
  }

  #tellBroken(client: Client, redirection: number): void {
    this.#log.begin(REDIRECTION_BROKEN.length + NUMBER_BYTES);
    this.#log.raw(REDIRECTION_BROKEN, 0, REDIRECTION_BROKEN.length);
    this.#log.header(INTEGER, redirection);
    deliver(this.#engine, client, this.#log, this.#isEnding);
  }
}

/** An array of bulk strings, of names with one character a byte. */
function arrayOf(names: readonly string[]): Uint8Array {
  let length = 3 + integerTextLength(names.length);
  for (const name of names) length += bulkBytes(name.length);
  const log = new MessageLog();
  log.begin(length);
  log.header(ARRAY, names.length);
  for (const name of names) log.bulk(latin1Bytes(name), 0, name.length);
  return log.bytes.subarray(log.start, log.end);
}
