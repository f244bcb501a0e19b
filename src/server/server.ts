/**
 * A server's life: load, listen, tick, shut down. The engine is told of bytes and time; this is what
 * opens the sockets and sets the timers.
 */
import type { Timer } from "../platform/clock.ts";
import type { Platform } from "../platform/platform.ts";
import type { Config } from "./config/config.ts";
import { Engine } from "./engine.ts";
import { type FreePorts, Listeners } from "./listeners.ts";
import type { Log } from "./log.ts";
import { MetricsServer } from "./metrics/metrics_server.ts";

const NO_FREE_PORTS: FreePorts = { tcp: false, tls: false };

export class Server {
  readonly engine: Engine;
  readonly #platform: Platform;
  readonly #log: Log;
  readonly #listeners: Listeners;
  readonly #metrics: MetricsServer;
  #ticker: Timer | null = null;
  #isClosed = false;
  readonly #stopped: PromiseWithResolvers<void> = Promise.withResolvers();

  /** @param free where a port of 0 means any free one; for Redis it means none. */
  constructor(platform: Platform, config: Config, log: Log, free: FreePorts = NO_FREE_PORTS) {
    this.#platform = platform;
    this.#log = log;
    this.engine = new Engine(platform, config, log);
    this.engine.stop = () => void this.close();
    this.#listeners = new Listeners(this.engine, free);
    this.#metrics = new MetricsServer(this.engine);
    this.engine.tcpPort = () => this.port;
    this.engine.tlsPort = () => this.tlsPort;
  }

  /** Resolves when the server has stopped, for whatever reason. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /** The TCP port in use, 0 when there is none. */
  get port(): number {
    return this.#listeners.tcpPort;
  }

  /** The port with TLS in use, 0 when there is none. */
  get tlsPort(): number {
    return this.#listeners.tlsPort;
  }

  /** The port where metrics are served, 0 when there is none. */
  get metricsPort(): number {
    return this.#metrics.port;
  }

  /** Listens; rejects when an address that must be had cannot be. */
  async start(): Promise<void> {
    this.engine.persistence.checkDirectory();
    this.engine.acl.loadAtStart();
    try {
      await this.#listeners.open();
      await this.#metrics.open();
      // Who waits for this line connects next, and is told that the data set is being loaded.
      this.#log.notice("Server initialized");
      this.#scheduleTick();
      await this.engine.persistence.start();
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
    if (this.#isClosed) return;
    for (const kind of this.#listeners.kinds) {
      this.#log.notice(`Ready to accept connections ${kind}`);
    }
  }

  /** Stops to listen and closes every connection. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.engine.persistence.loading.abandon();
    this.#ticker?.cancel();
    const closing = [this.#listeners.close(), this.#metrics.close()];
    this.engine.flushClients();
    for (const client of [...this.engine.clients.values()]) this.engine.endClient(client);
    this.engine.persistence.close();
    this.#platform.background.close();
    await Promise.all(closing);
    this.#stopped.resolve();
  }

  #scheduleTick(): void {
    const everyMs = 1000 / this.engine.hz;
    this.#ticker = this.#platform.clock.schedule(everyMs, () => {
      this.engine.tick();
      if (!this.#isClosed) this.#scheduleTick();
    });
  }
}
