/**
 * Commands that wait: for keys (BLPOP, BZPOPMIN, XREAD BLOCK, ...), or for what is written to reach
 * the disk (WAITAOF).
 *
 * A key that may serve is noted while a command runs, and when that command, with the whole
 * transaction around it, is over, those who wait for the key are served: their commands are run again
 * from the beginning, in the order in which they began to wait. What they do may make other keys
 * ready (BLMOVE), which are served in turn. One that finds nothing waits again, behind the others,
 * until the time it was given at first is over.
 *
 * While CLIENT PAUSE holds such a command, the key stays noted until the pause ends.
 */
import { latin1, latin1Bytes } from "../../base/ascii.ts";
import type { BlockKind, BlockRequest } from "../../command/blocking.ts";
import { type Database, NO_EXPIRY } from "../../keyspace/database.ts";
import { TYPE_LIST, TYPE_STREAM, TYPE_ZSET } from "../../keyspace/value_type.ts";
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";
import type { BlockedCommand, WaitRequest } from "./blocked_command.ts";
import { WaitingTable } from "./waiting_table.ts";

/** The longest time that timers take; longer ones are set again when it is over. */
const TIMER_MS_MAX = 2 ** 31 - 1;
const UNBLOCKED = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
const NO_TYPE = -1;

const TYPE_OF: Readonly<Record<BlockKind, number>> = {
  list: TYPE_LIST,
  zset: TYPE_ZSET,
  stream: TYPE_STREAM,
};

interface ReadyKey {
  readonly databaseIndex: number;
  readonly key: string;
}

export class Blocking {
  /** Connections that wait, and those of them that do for a limited time. */
  clientCount = 0;
  timedCount = 0;

  readonly #engine: Engine;
  readonly #waiting: WaitingTable = new WaitingTable();
  /** Those who wait for something else than keys. */
  readonly #others: Set<Client> = new Set();
  #ready: ReadyKey[] = [];
  /** What stands in {@link #ready}, so that nothing stands there twice. */
  readonly #isReady: Set<string> = new Set();
  /** Ready keys whose clients CLIENT PAUSE holds. */
  #paused: ReadyKey[] = [];
  #isServing = false;
  /** The command that is run again: should it have to wait once more, it keeps its time. */
  #again: BlockedCommand | null = null;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Keys that somebody waits for. */
  get keyCount(): number {
    return this.#waiting.keyCount;
  }

  /** Keys whose end or change of type would wake somebody. */
  get missingKeyCount(): number {
    return this.#waiting.endingKeyCount;
  }

  /** The command that runs waits for keys: its arguments are those of the call. */
  block(client: Client, request: BlockRequest): void {
    const { call, keyspace } = this.#engine;
    const again = this.#again;
    const args = again !== null && again.args === call.args ? call.args : call.args.clone();
    const received = client.parser.args;
    const isReplaced = call.args !== received;
    const keys = new Set<string>();
    for (const index of request.keys) {
      keys.add(latin1(args.bytes, args.starts[index], args.ends[index]));
    }
    const blocked: BlockedCommand = {
      command: client.lastCommand!,
      args,
      sent: again !== null ? again.sent : isReplaced ? received.clone() : args,
      request,
      wait: null,
      databaseIndex: client.databaseIndex,
      keys: [...keys],
      deadlineMs: again !== null ? again.deadlineMs : this.#deadlineMs(request.timeoutMs),
      timer: null,
      us: again !== null ? again.us : 0,
    };
    this.#waiting.add(client, blocked);
    keyspace.signalsKeys = true;
    this.#begin(client, blocked);
  }

  /** The command that runs waits for something else, which {@link serveOthers} asks for. */
  wait(client: Client, request: WaitRequest): void {
    const args = this.#engine.call.args.clone();
    this.#others.add(client);
    this.#begin(client, {
      command: client.lastCommand!,
      args,
      sent: args,
      request: null,
      wait: request,
      databaseIndex: client.databaseIndex,
      keys: [],
      deadlineMs: this.#deadlineMs(request.timeoutMs),
      timer: null,
      us: 0,
    });
  }

  /** A key has got a value that somebody could wait for, or more of it. */
  keyReady(database: Database, bytes: Uint8Array, start: number, end: number): void {
    if (this.#waiting.keyCount === 0) return;
    const key = latin1(bytes, start, end);
    if (this.#waiting.find(database.index, key) !== undefined) this.#note(database.index, key);
  }

  /** A key has gone, or has become another type: matters to those who end with it. */
  keyGone(database: Database, ref: number): void {
    if (this.#waiting.endingKeyCount === 0) return;
    const key = latin1(database.keyOf(ref));
    const waiting = this.#waiting.find(database.index, key);
    if (waiting !== undefined && waiting.endingCount > 0) this.#note(database.index, key);
  }

  /** All keys of a database have changed at once (FLUSHALL, SWAPDB). */
  databaseChanged(databaseIndex: number): void {
    for (const key of this.#waiting.keysOf(databaseIndex)) this.#note(databaseIndex, key);
  }

  /** Serves those who wait for keys that have become ready. */
  serve(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    while (this.#ready.length > 0) {
      const ready = this.#ready;
      this.#ready = [];
      for (const { databaseIndex, key } of ready) {
        this.#isReady.delete(`${databaseIndex} ${key}`);
        this.#serveKey(databaseIndex, key);
      }
    }
    this.#isServing = false;
  }

  /** Ends the waiting of those whose other reason to wait is over. */
  serveOthers(): void {
    if (this.#others.size === 0) return;
    for (const client of [...this.#others]) {
      const { blocked } = client;
      if (blocked !== null) this.#end(client, blocked, () => blocked.wait!.tryEnd(client));
    }
  }

  /** CLIENT PAUSE is over: who could be served meanwhile is now. */
  unpaused(): void {
    const paused = this.#paused;
    this.#paused = [];
    for (const { databaseIndex, key } of paused) this.#note(databaseIndex, key);
  }

  /**
   * CLIENT UNBLOCK: ends the waiting as if its time were over, or with an error.
   * @returns false when the connection does not wait.
   */
  unblock(client: Client, how: "timeout" | "error"): boolean {
    const { blocked } = client;
    if (blocked === null) return false;
    if (how === "timeout") this.#endOfTime(client, blocked);
    else {
      this.#end(client, blocked, () => {
        client.reply.error(UNBLOCKED);
        return true;
      });
    }
    return true;
  }

  /** A connection has gone. */
  left(client: Client): void {
    if (client.blocked !== null) this.#forget(client, client.blocked);
  }

  #begin(client: Client, blocked: BlockedCommand): void {
    client.blocked = blocked;
    this.clientCount++;
    if (blocked.deadlineMs === 0) return;
    this.timedCount++;
    this.#setTimer(client, blocked);
  }

  #deadlineMs(timeoutMs: number): number {
    return timeoutMs === 0 ? 0 : this.#engine.keyspace.nowMs + timeoutMs;
  }

  #serveKey(databaseIndex: number, key: string): void {
    const waiting = this.#waiting.find(databaseIndex, key);
    if (waiting === undefined) return;
    const bytes = latin1Bytes(key);
    const { pause } = this.#engine;
    let isPaused = false;
    // Only those who wait now: one that has to wait again stands behind them.
    let left = waiting.clients.size;
    for (const client of waiting.clients) {
      if (left-- === 0) break;
      const type = this.#typeOf(databaseIndex, bytes);
      if (type === NO_TYPE && waiting.endingCount === 0) break;
      const blocked = client.blocked!;
      const request = blocked.request!;
      if (TYPE_OF[request.kind] !== type && request.endsOnMissingKey !== true) continue;
      if (pause.mode !== "off" && pause.holds(blocked.command.flags)) isPaused = true;
      else this.#runAgain(client, blocked);
    }
    if (isPaused) this.#paused.push({ databaseIndex, key });
  }

  /**
   * The type of what a key holds now; NO_TYPE when there is none. One that has expired is none, but
   * is left to whoever looks it up next (Redis's LOOKUP_NOEFFECTS).
   */
  #typeOf(databaseIndex: number, bytes: Uint8Array): number {
    const { keyspace } = this.#engine;
    const database = keyspace.databases[databaseIndex];
    const ref = database.find(bytes, 0, bytes.length);
    if (ref === 0) return NO_TYPE;
    const expiresAtMs = database.expiresAtMs(ref);
    const isExpired = expiresAtMs !== NO_EXPIRY && keyspace.nowMs > expiresAtMs;
    return isExpired ? NO_TYPE : database.typeOf(ref);
  }

  #runAgain(client: Client, blocked: BlockedCommand): void {
    const engine = this.#engine;
    this.#forget(client, blocked);
    this.#again = blocked;
    client.lastCommand = blocked.command;
    engine.dispatch.callAgain(client, blocked);
    this.#again = null;
    engine.endCommand();
    if (client.blocked === null && !client.isClosed) engine.resume(client);
  }

  #endOfTime(client: Client, blocked: BlockedCommand): void {
    this.#end(client, blocked, () => {
      if (blocked.wait !== null) blocked.wait.endOfTime(client);
      else client.reply.nullArray();
      return true;
    });
  }

  /** Ends the waiting with a reply, if there is one. */
  #end(client: Client, blocked: BlockedCommand, reply: () => boolean): void {
    const errorsBefore = client.reply.errorCount;
    const lengthBefore = client.reply.length;
    if (!reply()) return;
    this.#forget(client, blocked);
    const { dispatch } = this.#engine;
    dispatch.endOfWaiting(client, blocked, errorsBefore, lengthBefore);
    this.#engine.resume(client);
  }

  #forget(client: Client, blocked: BlockedCommand): void {
    client.blocked = null;
    blocked.timer?.cancel();
    this.clientCount--;
    if (blocked.deadlineMs > 0) this.timedCount--;
    if (blocked.wait !== null) {
      this.#others.delete(client);
      return;
    }
    this.#waiting.remove(client, blocked);
    if (this.#waiting.keyCount === 0) this.#engine.keyspace.signalsKeys = false;
  }

  #setTimer(client: Client, blocked: BlockedCommand): void {
    const { clock, keyspace } = this.#engine;
    const leftMs = Math.max(0, blocked.deadlineMs - clock.wallMs());
    blocked.timer = clock.schedule(Math.min(leftMs + 1, TIMER_MS_MAX), () => {
      if (client.blocked !== blocked) return;
      keyspace.setNow(clock.wallMs());
      if (keyspace.nowMs <= blocked.deadlineMs) this.#setTimer(client, blocked);
      else this.#endOfTime(client, blocked);
    });
  }

  #note(databaseIndex: number, key: string): void {
    const name = `${databaseIndex} ${key}`;
    if (this.#isReady.has(name)) return;
    this.#isReady.add(name);
    this.#ready.push({ databaseIndex, key });
    this.#engine.hasDeferred = true;
  }
}
