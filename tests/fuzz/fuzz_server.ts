/**
 * An engine on the platform in memory and connections that are nothing but calls: what arrives is
 * cut as the test likes, what is written is taken in as small pieces as the test likes, and lent
 * bytes are spoiled when the loan is over.
 */
import assert from "node:assert/strict";
import { memoryPlatform } from "../../adapters/memory/mod.ts";
import type { MemoryPlatform } from "../../adapters/memory/mod.ts";
import { latin1Bytes } from "../../src/base/ascii.ts";
import type { Prng } from "../../src/base/prng.ts";
import { backgroundJobs } from "../../src/persistence/jobs.ts";
import type { Socket } from "../../src/platform/network.ts";
import { Config } from "../../src/server/config/config.ts";
import type { DirectiveOptions } from "../../src/server/config/load.ts";
import { applyOptions } from "../../src/server/config/load.ts";
import { Engine } from "../../src/server/engine.ts";
import { Log } from "../../src/server/log.ts";

/** What lent bytes are overwritten with. */
const SPOILED = 0xdb;

/** An empty server that has had data has larger tables than a new one, of pages and of what is free. */
const EMPTY_BYTES_MAX = 64 << 10;

/** One connection, both ends of it. */
export class FuzzSocket implements Socket {
  owner: unknown = null;
  readonly remoteAddress: string = "127.0.0.1:50000";
  readonly localAddress: string = "127.0.0.1:6379";
  readonly isLocal: boolean = true;
  readonly isUnix: boolean = false;
  readonly holdsWrite: boolean = false;
  /** The server has closed it: in order, or at once. */
  isEnded = false;
  isDestroyed = false;
  isPaused = false;

  readonly #server: FuzzServer;
  /** Decides how much a write takes; everything where there is none. */
  readonly #prng: Prng | null;
  #written: Uint8Array[] = [];
  #owesDrained = false;
  #isClosed = false;

  constructor(server: FuzzServer, prng: Prng | null) {
    this.#server = server;
    this.#prng = prng;
    server.engine.handlers.opened(this);
  }

  get isOver(): boolean {
    return this.isEnded || this.isDestroyed || this.#isClosed;
  }

  write(bytes: Uint8Array, start: number, end: number): number {
    if (this.isOver) return 0;
    let accepted = end - start;
    if (this.#prng !== null && this.#prng.below(8) === 0) accepted = this.#prng.below(accepted + 1);
    if (accepted > 0) this.#written.push(bytes.slice(start, start + accepted));
    if (accepted < end - start) this.#owesDrained = true;
    return accepted;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  keepAlive(): void {
    // Nothing is lost here without a word.
  }

  end(): void {
    this.isEnded = true;
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  /**
   * Sends bytes in pieces, whose ends are `cuts`; stops when the server has closed.
   * @param between what happens after each piece.
   */
  send(bytes: Uint8Array, cuts: readonly number[] = [], between: () => void = () => {}): void {
    let start = 0;
    for (const end of [...cuts, bytes.length]) {
      if (this.isOver) return;
      // A runtime's buffer is longer than what has arrived in it.
      const lent = new Uint8Array(end - start + 7).fill(SPOILED);
      lent.set(bytes.subarray(start, end));
      this.#server.engine.handlers.received(this, lent, end - start);
      lent.fill(SPOILED);
      start = end;
      this.#server.settle();
      // What is paused is sent nothing; so the pause has to end first.
      if (this.isPaused) this.#server.unpause();
      between();
      this.drain();
    }
  }

  /** Makes room until nothing is owed. */
  drain(): void {
    while (this.#owesDrained && !this.isOver) {
      this.#owesDrained = false;
      this.#server.engine.handlers.drained(this);
      this.#server.settle();
    }
  }

  /** Everything written since the last call. */
  take(): Uint8Array {
    const all = this.#written.length === 1 ? this.#written[0] : Buffer.concat(this.#written);
    this.#written = [];
    return all;
  }

  /** The connection is gone. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#server.engine.handlers.closed(this);
  }
}

/** See the top of this file. */
export class FuzzServer {
  readonly platform: MemoryPlatform;
  readonly engine: Engine;
  readonly #configured: readonly (readonly [name: string, value: string])[];
  readonly #sockets: FuzzSocket[] = [];

  constructor(options: DirectiveOptions) {
    this.platform = memoryPlatform({ jobs: backgroundJobs });
    const config = new Config(this.platform.files);
    const refusal = applyOptions(config, { bind: "127.0.0.1", save: "", ...options });
    assert.equal(refusal, undefined);
    // There is none, but it can be written.
    config.file = "/redis.conf";
    this.engine = new Engine(this.platform, config, new Log(this.platform.clock, 1, () => {}));
    this.#configured = config.matching(["*"]);
  }

  /** Takes back what CONFIG SET has changed. */
  restoreConfig(): void {
    const { config } = this.engine;
    for (const [name, value] of this.#configured) {
      if (config.get(name) === value) continue;
      const result = config.set([name, value], { local: true, loading: false });
      assert.ok(result.ok, `${name} cannot be set back to "${value}": ${JSON.stringify(result)}`);
    }
  }

  /** Takes back what ACL SETUSER has changed, and what DEBUG has. */
  restoreUsers(): void {
    const { acl, call, replyBuffers } = this.engine;
    for (const { name } of acl.users) acl.deleteUser(name);
    const rules = ["reset", "on", "nopass", "+@all", "~*", "&*"];
    assert.equal(acl.setUser("default", rules), undefined);
    acl.log.clear();
    this.engine.isActiveExpiryOn = true;
    this.engine.isTickPaused = false;
    call.settings.skipChecksumValidation = false;
    replyBuffers.isResizing = true;
  }

  connect(prng: Prng | null = null): FuzzSocket {
    const socket = new FuzzSocket(this, prng);
    this.#sockets.push(socket);
    return socket;
  }

  /** Every connection is gone. */
  disconnect(): void {
    for (const socket of this.#sockets) socket.close();
    this.#sockets.length = 0;
  }

  /** Lets everything happen that is due. */
  settle(): void {
    this.platform.clock.advance(0);
  }

  /** As {@link settle}, later, with what happens periodically. */
  advance(durationMs: number): void {
    this.platform.clock.advance(durationMs);
    this.engine.tick();
    this.settle();
  }

  /** Ends CLIENT PAUSE, if there is one. */
  unpause(): void {
    if (this.engine.pause.mode === "off") return;
    this.engine.unpause();
    this.settle();
  }

  /** Sends to a connection of its own; returns what is answered. */
  ask(bytes: Uint8Array): Uint8Array {
    const socket = new FuzzSocket(this, null);
    socket.send(bytes);
    const answer = socket.take();
    socket.close();
    return answer;
  }

  /** Makes sure that with its connections all is gone that was known of them. */
  assertNobody(): void {
    const { engine } = this;
    const { blocking, clientMemory, pause, pubSub, tracking, watchedKeys } = engine;
    const left = {
      connections: engine.clients.size,
      watchedKeys: watchedKeys.keyCount,
      watchers: watchedKeys.clientCount,
      waiting: blocking.clientCount,
      waitingForTime: blocking.timedCount,
      waitedFor: blocking.keyCount,
      waitedForEnd: blocking.missingKeyCount,
      isSignalled: engine.keyspace.signalsKeys,
      subscribers: pubSub.clientCount,
      channels: pubSub.channels.count,
      patterns: pubSub.patterns.count,
      shardChannels: pubSub.shardChannels.count,
      trackers: tracking.clients.size,
      trackedKeys: tracking.keys.count,
      trackedItems: tracking.keys.itemCount,
      prefixes: tracking.prefixes.all.length,
      monitors: engine.monitors.count,
      paused: pause.waiting.size,
      bytes: clientMemory.bytes,
      normalBytes: clientMemory.normal,
      tellsTouches: engine.call.keyEvents.tellsTouches,
      isCalling: engine.dispatch.isCalling,
      isInTransaction: engine.isInTransaction,
      isGrouping: engine.call.blocker === null,
      hasDeferred: engine.hasDeferred,
      currentClient: engine.currentClient === null ? 0 : 1,
    };
    const nothing = Object.fromEntries(
      Object.entries(left).map(([name, value]) => [name, typeof value === "number" ? 0 : false]),
    );
    assert.deepEqual(left, nothing, "something of the connections stays behind");
  }

  /** Empties it and makes sure that nothing stays behind. */
  empty(): void {
    const { engine } = this;
    // One entry after the other: a flush would let go of all memory, lost or not.
    for (const database of engine.keyspace.databases) if (database.size > 0) database.clear();
    // What was unlinked is freed at leisure.
    while (engine.keyspace.lazyFree.run(() => 0, 1));
    this.assertNobody();
    assert.equal(engine.keyspace.heap.objectCount, 0, "objects stay behind");
    assert.equal(engine.keyspace.heap.allocatedBytes, 0, "memory stays behind");
    engine.keyspace.flush();
    const left = engine.usedMemoryBytes - engine.startupMemoryBytes;
    assert.ok(left < EMPTY_BYTES_MAX, `${left} bytes more are counted as used than at the start`);
  }
}

/** The full name of the command that words are meant for; what they begin with where it is none. */
export function nameOf(engine: Engine, words: readonly string[]): string {
  const [name, second] = words.map((word) => latin1Bytes(word));
  const command = engine.commands.find(name, 0, name.length);
  const below = second && command?.subcommands?.find(second, 0, second.length);
  return (below || command)?.fullName ?? words[0];
}
