/**
 * A server's life: load, listen, tick, shut down. The engine is told of bytes and time; this is what
 * opens the sockets and sets the timers.
 */
import type { Timer } from "../platform/clock.ts";
import { NetworkError } from "../platform/network.ts";
import type { Listener } from "../platform/network.ts";
import type { Platform } from "../platform/platform.ts";
import type { Config } from "./config/config.ts";
import { Engine } from "./engine.ts";
import type { Log } from "./log.ts";
import { StartFailure } from "./persistence/start_failure.ts";

export class Server {
  readonly engine: Engine;
  readonly #platform: Platform;
  readonly #config: Config;
  readonly #log: Log;
  #tcpListeners: Listener[] = [];
  #unixListener: Listener | null = null;
  #ticker: Timer | null = null;
  #isClosed = false;
  readonly #stopped: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #picksFreePort: boolean;

  /** @param picksFreePort what `port 0` means: a free port, or (as for Redis) no TCP at all. */
  constructor(platform: Platform, config: Config, log: Log, picksFreePort = false) {
    this.#picksFreePort = picksFreePort;
    this.#platform = platform;
    this.#config = config;
    this.#log = log;
    this.engine = new Engine(platform, config, log);
    this.engine.stop = () => void this.close();
    this.engine.tcpPort = () => this.port;
    config.onChange(["port", "bind"], () => this.#rebind());
  }

  /** Resolves when the server has stopped, for whatever reason. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /** The TCP port in use, 0 when there is none. */
  get port(): number {
    return this.#tcpListeners[0]?.port ?? 0;
  }

  /** Listens; rejects when an address that must be had cannot be. */
  async start(): Promise<void> {
    this.engine.persistence.checkDirectory();
    try {
      await this.#listen();
      // Who waits for this line connects next, and is told that the data set is being loaded.
      this.#log.notice("Server initialized");
      this.#scheduleTick();
      await this.engine.persistence.start();
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
    if (this.#isClosed) return;
    if (this.port > 0) this.#log.notice("Ready to accept connections tcp");
    if (this.#unixListener !== null) {
      this.#log.notice("Ready to accept connections unix");
    }
  }

  /** Stops to listen and closes every connection. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.engine.persistence.loading.abandon();
    this.#ticker?.cancel();
    const listeners = [...this.#tcpListeners];
    if (this.#unixListener !== null) listeners.push(this.#unixListener);
    this.#tcpListeners = [];
    this.#unixListener = null;
    this.engine.flushClients();
    for (const client of [...this.engine.clients.values()]) {
      client.socket.end();
      client.isClosed = true;
    }
    this.engine.clients.clear();
    this.engine.persistence.close();
    this.#platform.background.close();
    await Promise.all(listeners.map((listener) => listener.close()));
    this.#stopped.resolve();
  }

  async #listen(): Promise<void> {
    if (this.#config.number("port") > 0 || this.#picksFreePort) {
      this.#tcpListeners = await this.#listenTcp();
    }
    if (this.#config.text("unixsocket") !== "") this.#unixListener = await this.#listenUnix();
    if (this.#tcpListeners.length > 0 || this.#unixListener !== null) return;
    this.#log.warning("Configured to not listen anywhere, exiting.");
    throw new StartFailure("configured to not listen anywhere");
  }

  async #listenUnix(): Promise<Listener> {
    const config = this.#config;
    const path = config.text("unixsocket");
    const mode = config.number("unixsocketperm");
    const backlog = config.number("tcp-backlog");
    const at = { kind: "unix", path, mode, backlog } as const;
    try {
      return await this.#platform.network.listen(at, this.engine.handlers);
    } catch (thrown) {
      if (thrown instanceof NetworkError) {
        this.#log.warning(`Failed opening Unix socket: bind: ${thrown.message}`);
      }
      throw thrown;
    }
  }

  /** Listens on every address of `bind`; those that begin with `-` may be missing. */
  async #listenTcp(): Promise<Listener[]> {
    const config = this.#config;
    const backlog = config.number("tcp-backlog");
    const listeners: Listener[] = [];
    let port = config.number("port");
    for (const address of config.bindAddresses()) {
      const isOptional = address.startsWith("-");
      const host = anyAddress(isOptional ? address.slice(1) : address);
      try {
        const at = { kind: "tcp", host, port, backlog } as const;
        const listener = await this.#platform.network.listen(at, this.engine.handlers);
        listeners.push(listener);
        port = listener.port;
      } catch (thrown) {
        if (!(thrown instanceof NetworkError)) throw thrown;
        if (isOptional && MISSING_ADDRESS.has(thrown.code)) continue;
        this.#log.warning(
          `Could not create server TCP listening socket ${host}:${port}: bind: ${thrown.message}`,
        );
        this.#log.warning(`Failed listening on port ${port} (tcp).`);
        for (const listener of listeners) await listener.close();
        throw thrown;
      }
    }
    return listeners;
  }

  /**
   * CONFIG SET port or bind. Listening is not instant, so the command has been answered when it
   * fails: the log says so, and the server goes on listening where it did.
   */
  #rebind(): undefined {
    const old = this.#tcpListeners;
    const isPortKept = old.some((listener) => listener.port === this.#config.number("port"));
    void (async () => {
      // The same port can only be had again once it is free.
      if (isPortKept) { for (const listener of old) await listener.close(); }
      this.#tcpListeners = this.#config.number("port") > 0 ? await this.#listenTcp() : [];
      if (!isPortKept) { for (const listener of old) await listener.close(); }
    })().catch((thrown: unknown) => {
      if (!(thrown instanceof NetworkError)) throw thrown;
    });
    return undefined;
  }

  #scheduleTick(): void {
    const everyMs = 1000 / this.#config.number("hz");
    this.#ticker = this.#platform.clock.schedule(everyMs, () => {
      this.engine.tick();
      if (!this.#isClosed) this.#scheduleTick();
    });
  }
}

/** An optional address that this machine does not have is passed over. */
const MISSING_ADDRESS: ReadonlySet<string> = new Set([
  "EADDRNOTAVAIL",
  "EAFNOSUPPORT",
  "EPROTONOSUPPORT",
  "ENOPROTOOPT",
]);

function anyAddress(address: string): string {
  if (address === "*") return "0.0.0.0";
  return address === "::*" ? "::" : address;
}
