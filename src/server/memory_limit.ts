/**
 * `maxmemory` and `maxmemory-clients`: before each command, where what is used is above the limit,
 * connections are closed and keys are evicted until it is not.
 *
 * `maxmemory` counts what `used_memory` is: data, its tables, and connections. What is yet to be
 * written to the append-only file is in neither, so that the DELs of evicted keys cannot lead to
 * more evictions.
 *
 * Making room takes `maxmemory-eviction-tenacity`'s time at most. What is left then is done between
 * commands, which run meanwhile; only where nothing can be evicted those that need memory are
 * refused.
 */
import { EVENT_EVICTED } from "../command/key_events.ts";
import { Eviction } from "../keyspace/eviction.ts";
import type { EvictionPolicy } from "../keyspace/eviction.ts";
import type { Client } from "./client.ts";
import type { Engine } from "./engine.ts";
import { FLAG_DENYOOM } from "./registry.ts";

/** A limit for connections below this would close even those that could raise it. */
const CLIENTS_BYTES_MIN = 128 * 1024;
/** Keys evicted between two looks at the clock. */
const KEYS_PER_CLOCK = 16;
/** How long a round may take, by `maxmemory-eviction-tenacity`: linear up to here, then in powers. */
const LINEAR_TENACITY_MAX = 10;
const US_PER_TENACITY = 50;
const TENACITY_GROWTH = 1.15;
/** Time for freeing what has been unlinked, when no key is left to be evicted. */
const LAZY_FREE_US = 1000;

type Outcome = "enough" | "more to do" | "nothing left";

export class MemoryLimit {
  /** There is a limit of either kind. */
  isOn = false;
  /** Keys that were evicted, and connections. */
  evictedKeys = 0;
  evictedClients = 0;
  /** What is used was above the limit before the command that runs, and no key could be evicted. */
  isOutOfMemory = false;

  readonly #engine: Engine;
  readonly #eviction: Eviction;
  #maximumBytes = 0;
  #clientsMaximumBytes = 0;
  /**
   * While the objects of the heap take no more, nothing is to be done: as of the end of the last
   * batch or turn, which is when connections are accounted.
   */
  #quietBytes = -1;
  #roundUs = 0;
  #isLazy = false;
  #isRoundScheduled = false;
  /** Since when what is used is above the limit, or NaN; and how long it was before. */
  #exceededSinceUs = NaN;
  #exceededUs = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#eviction = new Eviction(engine.keyspace);
    const { config } = engine;
    const follow = () => {
      this.#follow();
      return undefined;
    };
    follow();
    config.onChange([
      "maxmemory-clients",
      "maxmemory-policy",
      "maxmemory-samples",
      "maxmemory-eviction-tenacity",
      "lazyfree-lazy-eviction",
    ], follow);
    config.onChange(["maxmemory"], () => {
      this.#follow();
      if (this.#isExceeded) this.#warnAndEvict();
      return undefined;
    });
  }

  /** Nothing is to be done before a command. */
  get isQuiet(): boolean {
    return this.#engine.keyspace.heap.allocatedBytes <= this.#quietBytes;
  }

  /** Makes room before a command of these flags; false when it must be refused. */
  makeRoom(client: Client, flags: number): boolean {
    if (this.isQuiet) return true;
    this.#engine.clientMemory.account(client);
    this.evictClients();
    if (client.isClosed) return true;
    if (!this.#isExceeded) {
      this.isOutOfMemory = false;
      if (this.#isNotedExceeded) this.#noteEnough();
      return true;
    }
    if (!this.#isSafe) return true;
    this.isOutOfMemory = this.#evict() === "nothing left";
    return !this.isOutOfMemory || (flags & FLAG_DENYOOM) === 0;
  }

  /** A client's buffers may have changed. */
  clientChanged(client: Client): void {
    const { clientMemory } = this.#engine;
    clientMemory.account(client);
    this.#engine.outputLimits.follow(client);
    if (!this.isOn) return;
    this.#refresh();
    if (this.#areClientsTooLarge) this.#engine.endTurnLater();
  }

  /** A client is gone. */
  left(client: Client): void {
    this.#engine.clientMemory.left(client);
    if (this.isOn) this.#refresh();
  }

  /** Closes connections, large ones first, until all together are below `maxmemory-clients`. */
  evictClients(): void {
    const engine = this.#engine;
    while (this.#areClientsTooLarge) {
      const client = engine.clientMemory.largest();
      if (client === null) return;
      engine.log.notice(
        `Evicting client: id=${client.id} addr=${client.socket.remoteAddress} ` +
          `name=${client.name} tot-mem=${client.memoryBytes}`,
      );
      this.evictedClients++;
      engine.closeClient(client, "now");
    }
  }

  /** For how long what is used has been above the limit, all in all and this time, in ms (INFO). */
  get totalExceededMs(): number {
    return Math.floor((this.#exceededUs + this.#currentExceededUs) / 1000);
  }

  get currentExceededMs(): number {
    return Math.floor(this.#currentExceededUs / 1000);
  }

  /** CONFIG RESETSTAT. */
  resetStatistics(): void {
    this.evictedKeys = 0;
    this.evictedClients = 0;
    this.#exceededUs = 0;
    this.#exceededSinceUs = NaN;
  }

  get #currentExceededUs(): number {
    if (!this.#isNotedExceeded) return 0;
    return this.#engine.clock.monotonicUs() - this.#exceededSinceUs;
  }

  get #isExceeded(): boolean {
    return this.#maximumBytes > 0 && this.#engine.usedMemoryBytes > this.#maximumBytes;
  }

  get #areClientsTooLarge(): boolean {
    return this.#clientsMaximumBytes > 0 &&
      this.#engine.clientMemory.evictableBytes >= this.#clientsMaximumBytes;
  }

  /** While data is loaded and while clients are paused no key may go. */
  get #isSafe(): boolean {
    return !this.#engine.isLoading && this.#engine.pause.mode === "off";
  }

  #follow(): void {
    const { config, clients, clientMemory } = this.#engine;
    this.#maximumBytes = config.number("maxmemory");
    const clientsMaximum = config.clientMemoryLimitBytes();
    this.#clientsMaximumBytes = clientsMaximum === 0
      ? 0
      : Math.max(clientsMaximum, CLIENTS_BYTES_MIN);
    this.isOn = this.#maximumBytes > 0 || this.#clientsMaximumBytes > 0;
    const policy = config.choice("maxmemory-policy") as EvictionPolicy;
    this.#eviction.configure(policy, config.number("maxmemory-samples"));
    this.#isLazy = config.flag("lazyfree-lazy-eviction");
    this.#roundUs = roundUs(config.number("maxmemory-eviction-tenacity"));
    clientMemory.setBucketed(this.#clientsMaximumBytes > 0, clients.values());
    if (this.#areClientsTooLarge) this.#engine.endTurnLater();
    if (!this.#isExceeded && this.#isNotedExceeded) this.#noteEnough();
    this.#refresh();
  }

  /** Finds out how large the data may become before a command needs a closer look. */
  #refresh(): void {
    const { clientMemory, keyspace: { heap } } = this.#engine;
    if (this.#isNotedExceeded || this.#areClientsTooLarge) this.#quietBytes = -1;
    else if (this.#maximumBytes === 0) this.#quietBytes = Infinity;
    else this.#quietBytes = this.#maximumBytes - heap.bookkeepingBytes - clientMemory.bytes;
  }

  #warnAndEvict(): void {
    const { log, usedMemoryBytes } = this.#engine;
    log.warning(
      `WARNING: maxmemory is now ${this.#maximumBytes}, and ${usedMemoryBytes} bytes are used: ` +
        "keys will be evicted, or writes refused, as maxmemory-policy says.",
    );
    this.#scheduleRound();
  }

  #evict(): Outcome {
    const { latency, clock } = this.#engine;
    if (!this.#eviction.isOn) return this.#noteOutcome("nothing left");
    const beganUs = clock.monotonicUs();
    const outcome = this.#evictKeys(beganUs + this.#roundUs);
    if (latency.thresholdMs > 0) this.#noteLatency("eviction-cycle", beganUs);
    this.#engine.propagation.finishAlone();
    if (this.#engine.hasDeferred) this.#engine.settleDeferred();
    return this.#noteOutcome(outcome);
  }

  /**
   * Evicts until so much of the heap is free as is used too much. What connections take changes
   * meanwhile, for they may be told of it: that does not count, or telling would lead to telling.
   */
  #evictKeys(deadlineUs: number): Outcome {
    const { clock, keyspace: { heap }, usedMemoryBytes } = this.#engine;
    const enoughBytes = heap.allocatedBytes - (usedMemoryBytes - this.#maximumBytes);
    for (let evicted = 1; heap.allocatedBytes > enoughBytes; evicted++) {
      const ref = this.#eviction.next();
      if (ref === 0) return this.#freeUnlinked(deadlineUs);
      this.#evictKey(ref);
      if (evicted % KEYS_PER_CLOCK !== 0) continue;
      if (clock.monotonicUs() > deadlineUs) {
        this.#scheduleRound();
        return "more to do";
      }
    }
    return this.#isRoundScheduled ? "more to do" : "enough";
  }

  #evictKey(ref: number): void {
    const { call: { keyEvents }, latency, propagation, clock } = this.#engine;
    const { database } = this.#eviction;
    const isTold = keyEvents.isActive || propagation.isActive;
    const key = isTold ? database.keyOf(ref) : null;
    const beganUs = latency.thresholdMs > 0 ? clock.monotonicUs() : 0;
    if (this.#isLazy) database.unlink(ref);
    else database.delete(ref);
    if (latency.thresholdMs > 0) this.#noteLatency("eviction-del", beganUs);
    this.evictedKeys++;
    if (key === null) return;
    keyEvents.touched(database, key, 0, key.length);
    keyEvents.notify(database, key, 0, key.length, EVENT_EVICTED, "evicted");
    propagation.also(database.index, this.#isLazy ? "UNLINK" : "DEL", key);
  }

  /** No key can be evicted: what has been unlinked may be room enough. */
  #freeUnlinked(deadlineUs: number): Outcome {
    const { clock, keyspace: { lazyFree }, latency } = this.#engine;
    const beganUs = clock.monotonicUs();
    while (lazyFree.pendingCount > 0 && this.#isExceeded && clock.monotonicUs() < deadlineUs) {
      lazyFree.run(() => clock.monotonicUs(), Math.min(LAZY_FREE_US, this.#roundUs));
    }
    if (latency.thresholdMs > 0) this.#noteLatency("eviction-lazyfree", beganUs);
    return this.#isExceeded ? "nothing left" : "enough";
  }

  /** Goes on between commands. */
  #scheduleRound(): void {
    if (this.#isRoundScheduled) return;
    this.#isRoundScheduled = true;
    this.#engine.clock.schedule(0, () => {
      this.#isRoundScheduled = false;
      if (this.#isExceeded && this.#isSafe) this.#evict();
      this.#engine.endTurnLater();
    });
  }

  #noteLatency(event: string, beganUs: number): void {
    const { clock, latency } = this.#engine;
    const us = clock.monotonicUs() - beganUs;
    if (us >= latency.thresholdMs * 1000) latency.add(event, us / 1000);
  }

  get #isNotedExceeded(): boolean {
    return !Number.isNaN(this.#exceededSinceUs);
  }

  #noteOutcome(outcome: Outcome): Outcome {
    if (outcome === "enough") {
      if (this.#isNotedExceeded) this.#noteEnough();
    } else if (!this.#isNotedExceeded) {
      this.#exceededSinceUs = this.#engine.clock.monotonicUs();
      this.#refresh();
    }
    return outcome;
  }

  #noteEnough(): void {
    this.#exceededUs += this.#currentExceededUs;
    this.#exceededSinceUs = NaN;
    this.#refresh();
  }
}

/** The longest time of a round, in microseconds. */
function roundUs(tenacity: number): number {
  if (tenacity <= LINEAR_TENACITY_MAX) return tenacity * US_PER_TENACITY;
  if (tenacity >= 100) return Infinity;
  const linearUs = LINEAR_TENACITY_MAX * US_PER_TENACITY;
  return Math.floor(linearUs * TENACITY_GROWTH ** (tenacity - LINEAR_TENACITY_MAX));
}
