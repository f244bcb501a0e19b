/**
 * What a server listens on: TCP and TLS on every address of `bind`, and a Unix socket; at start, and
 * again when CONFIG SET says otherwise.
 */
import type { Listener, TlsHandshakes, TlsListening, TlsOptions } from "../platform/network.ts";
import { NetworkError, TlsRefusal } from "../platform/network.ts";
import type { Engine } from "./engine.ts";
import { StartFailure } from "./persistence/start_failure.ts";
import { loadTls, TLS_DIRECTIVES } from "./tls.ts";

/** Redis lets a handshake take as long as the client likes. */
const HANDSHAKE_MS = 30_000;

/** The two kinds of ports. */
type Kind = "tcp" | "tls";

/** What is listened on with one kind of port. */
interface Bound {
  listeners: readonly Listener[];
  /** As the configuration has said it; "" for nothing. */
  wanted: string;
}

/** What `port 0` means: a free port, or (as for Redis) that there is none. */
export interface FreePorts {
  readonly tcp: boolean;
  readonly tls: boolean;
}

export class Listeners {
  readonly #engine: Engine;
  readonly #free: FreePorts;
  readonly #bound: Record<Kind, Bound> = {
    tcp: { listeners: [], wanted: "" },
    tls: { listeners: [], wanted: "" },
  };
  #unix: Listener | null = null;
  #pendingHandshakes = 0;
  readonly #handshakes: TlsHandshakes;

  constructor(engine: Engine, free: FreePorts) {
    this.#engine = engine;
    this.#free = free;
    this.#handshakes = {
      timeoutMs: HANDSHAKE_MS,
      begin: () => this.#beginHandshake(),
      ended: (error, remote, local) => this.#endHandshake(error, remote, local),
    };
    const { config } = engine;
    config.onChange(TLS_DIRECTIVES, () => this.#reloadTls());
    config.onChangeLater(["port", "bind"], () => this.#rebind("tcp"));
    config.onChangeLater(["tls-port", "bind"], () => this.#rebind("tls"));
  }

  /** The TCP port in use, 0 when there is none. */
  get tcpPort(): number {
    return this.#bound.tcp.listeners[0]?.port ?? 0;
  }

  /** The port with TLS in use, 0 when there is none. */
  get tlsPort(): number {
    return this.#bound.tls.listeners[0]?.port ?? 0;
  }

  /** The names of what is listened on, as the log tells them. */
  get kinds(): readonly string[] {
    const kinds: string[] = [];
    if (this.tcpPort > 0) kinds.push("tcp");
    if (this.#unix !== null) kinds.push("unix");
    if (this.tlsPort > 0) kinds.push("tls");
    return kinds;
  }

  /** Listens; rejects when what must be had cannot be, after saying so in the log. */
  async open(): Promise<void> {
    const { config, log } = this.#engine;
    const hasTls = config.number("tls-port") > 0 || this.#free.tls;
    if (hasTls && this.#loadTls() === undefined) {
      log.warning("Failed to configure TLS. Check logs for more info.");
      throw new StartFailure("TLS could not be configured");
    }
    for (const kind of ["tcp", "tls"] as const) {
      this.#bound[kind].wanted = this.#wanted(kind);
      if (config.number(portName(kind)) > 0 || this.#free[kind]) {
        this.#bound[kind].listeners = await this.#listen(kind);
      }
    }
    if (config.text("unixsocket") !== "") this.#unix = await this.#listenUnix();
    if (this.kinds.length > 0) return;
    log.warning("Configured to not listen anywhere, exiting.");
    throw new StartFailure("configured to not listen anywhere");
  }

  async close(): Promise<void> {
    const { tcp, tls } = this.#bound;
    const all = [...tcp.listeners, ...tls.listeners];
    if (this.#unix !== null) all.push(this.#unix);
    tcp.listeners = [];
    tls.listeners = [];
    this.#unix = null;
    await Promise.all(all.map((listener) => listener.close()));
  }

  async #listenUnix(): Promise<Listener> {
    const { config, log, platform, handlers } = this.#engine;
    const path = config.text("unixsocket");
    const mode = config.number("unixsocketperm");
    const backlog = config.number("tcp-backlog");
    try {
      return await platform.network.listen({ kind: "unix", path, mode, backlog }, handlers);
    } catch (thrown) {
      if (thrown instanceof NetworkError) {
        log.warning(`Failed opening Unix socket: bind: ${thrown.message}`);
      }
      throw thrown;
    }
  }

  /** Listens on every address of `bind`; those that begin with `-` may be missing. */
  async #listen(kind: Kind): Promise<Listener[]> {
    const { config, log } = this.#engine;
    const secure = kind === "tls" ? { tls: this.#tlsListening() } : {};
    const listeners: Listener[] = [];
    let port = config.number(portName(kind));
    for (const address of config.bindAddresses()) {
      const isOptional = address.startsWith("-");
      const host = anyAddress(isOptional ? address.slice(1) : address);
      try {
        const listener = await this.#listenAt(host, port, secure);
        listeners.push(listener);
        port = listener.port;
      } catch (thrown) {
        if (!(thrown instanceof NetworkError)) throw thrown;
        if (isOptional && MISSING_ADDRESS.has(thrown.code)) continue;
        log.warning(
          `Could not create server TCP listening socket ${host}:${port}: bind: ${thrown.message}`,
        );
        log.warning(`Failed listening on port ${port} (${kind}).`);
        for (const listener of listeners) await listener.close();
        throw thrown;
      }
    }
    return listeners;
  }

  #listenAt(
    host: string,
    port: number,
    secure: { readonly tls?: TlsListening },
  ): Promise<Listener> {
    const { config, platform, handlers } = this.#engine;
    const backlog = config.number("tcp-backlog");
    return platform.network.listen({ kind: "tcp", host, port, backlog, ...secure }, handlers);
  }

  #tlsListening(): TlsListening {
    const options = this.#loadTls();
    if (options === undefined) throw new NetworkError("EINVAL", "TLS could not be configured");
    return { options, handshakes: this.#handshakes };
  }

  /**
   * CONFIG SET port, tls-port or bind. What is listened on is given up when the new is had, but where
   * the port stays: it can only be had again once it is free. Returns why it failed, if so; the
   * configuration then goes back, and this is called again.
   */
  async #rebind(kind: Kind): Promise<string | undefined> {
    const bound = this.#bound[kind];
    const wanted = this.#wanted(kind);
    if (wanted === bound.wanted) return undefined;
    const port = this.#engine.config.number(portName(kind));
    if (kind === "tls" && port > 0 && this.#loadTls() === undefined) return TLS_FAILED;
    const old = bound.listeners;
    const isPortKept = old.some((listener) => listener.port === port);
    if (isPortKept) {
      bound.wanted = "";
      for (const listener of old) await listener.close();
    }
    try {
      bound.listeners = port > 0 ? await this.#listen(kind) : [];
    } catch (thrown) {
      if (!(thrown instanceof NetworkError)) throw thrown;
      if (!isPortKept) return "Unable to listen on this port. Check server logs.";
      bound.listeners = [];
      return "Failed to bind to specified addresses.";
    }
    bound.wanted = wanted;
    if (!isPortKept) { for (const listener of old) await listener.close(); }
    return undefined;
  }

  /** What the configuration says to listen on. */
  #wanted(kind: Kind): string {
    const { config } = this.#engine;
    return `${config.number(portName(kind))} ${config.bindAddresses().join(" ")}`;
  }

  /** CONFIG SET of what TLS is made of: new connections are secured in the new way. */
  #reloadTls(): string | undefined {
    if (this.#engine.config.number("tls-port") === 0 && this.tlsPort === 0) return undefined;
    const options = this.#loadTls();
    if (options === undefined) return TLS_FAILED;
    try {
      for (const listener of this.#bound.tls.listeners) listener.secure?.(options);
    } catch (thrown) {
      if (!(thrown instanceof TlsRefusal)) throw thrown;
      this.#engine.log.warning(`Failed to configure TLS: ${thrown.message}`);
      return TLS_FAILED;
    }
    return undefined;
  }

  #loadTls(): TlsOptions | undefined {
    const { platform, config, log } = this.#engine;
    return loadTls(platform, config, log);
  }

  /** As in Redis, a connection counts before its handshake is done; where it is one too many, it
   * is dropped without a word, for nobody could read one. */
  #beginHandshake(): boolean {
    const { clients, config, statistics } = this.#engine;
    if (clients.size + this.#pendingHandshakes >= config.number("maxclients")) {
      statistics.rejectedConnections++;
      return false;
    }
    this.#pendingHandshakes++;
    return true;
  }

  #endHandshake(error?: NetworkError, remoteAddress = "", localAddress = ""): void {
    this.#pendingHandshakes--;
    if (error === undefined) return;
    this.#engine.log.warning(
      `Error accepting a client connection: ${error.message} ` +
        `(addr=${remoteAddress} laddr=${localAddress})`,
    );
  }
}

const TLS_FAILED = "Unable to update TLS configuration. Check server logs.";

function portName(kind: Kind): "port" | "tls-port" {
  return kind === "tcp" ? "port" : "tls-port";
}

/** An optional address that this machine does not have is passed over. */
const MISSING_ADDRESS: ReadonlySet<string> = new Set([
  "EADDRNOTAVAIL",
  "EAFNOSUPPORT",
  "EPROTONOSUPPORT",
  "ENOPROTOOPT",
]);

/** `*` and `::*` as the network names them. */
export function anyAddress(address: string): string {
  if (address === "*") return "0.0.0.0";
  return address === "::*" ? "::" : address;
}
