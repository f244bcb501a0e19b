/**
 * Connections with TLS, on `node:tls`, for all three runtimes: it is the one way that asks for
 * client certificates on each of them (Deno's own cannot).
 *
 * A plain listener accepts and hands what carries the connection to a `tls.Server` that listens
 * nowhere itself, so that new options are a new such server, and neither the port nor a connection
 * notices.
 *
 * ```
 *   accepted -- begin() --> handshake --> opened ... closed
 *                               `-- failed, or took too long --> ended(error)
 * ```
 *
 * Whoever passed the handshake is looked at again before the core hears of it, whatever the runtime
 * thinks of its certificate: see {@link TlsListener}'s `#refusal`.
 */
import * as net from "node:net";
import * as tls from "node:tls";
import type {
  Listener,
  SocketHandlers,
  TcpAddress,
  TlsListening,
  TlsOptions,
} from "../../src/platform/network.ts";
import { NetworkError, TlsRefusal } from "../../src/platform/network.ts";
import { networkError } from "./system_errors.ts";
import { serverOptions, tlsErrorText, type TlsLimits } from "./tls_options.ts";
import { type Carrier, netCarrier, TlsSocket } from "./tls_socket.ts";

/** The `code` of a handshake that failed. */
const HANDSHAKE_FAILED = "EPROTO";

/** What accepts the connections that carry TLS. */
export interface CarrierListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts to accept connections at an address; rejects with what the runtime throws. */
export type ListenForCarriers = (
  address: TcpAddress,
  accept: (carrier: Carrier) => void,
) => Promise<CarrierListener>;

/** Listens with TLS; rejects with a NetworkError or a TlsRefusal. */
export async function listenWithTls(
  address: TcpAddress,
  listening: TlsListening,
  handlers: SocketHandlers,
  limits: TlsLimits,
  listen: ListenForCarriers = listenForSockets,
): Promise<Listener> {
  try {
    const listener = new TlsListener(listening, handlers, limits);
    await listener.listen(address, listen);
    return listener;
  } catch (thrown) {
    throw thrown instanceof TlsRefusal ? thrown : networkError(thrown);
  }
}

/** Accepts with `node:net`. */
function listenForSockets(
  address: TcpAddress,
  accept: (carrier: Carrier) => void,
): Promise<CarrierListener> {
  const { host, port, backlog } = address;
  return new Promise((resolve, reject) => {
    // Not half open, for in a handshake the peer's end is the end.
    const server = net.createServer({ noDelay: true });
    server.on("connection", (socket) => accept(netCarrier(socket)));
    server.once("error", reject);
    server.listen({ host, port, backlog, ipv6Only: host.includes(":") }, () => {
      const bound = server.address();
      // A failed accept (EMFILE) must not end the process: the next one may go well.
      server.off("error", reject).on("error", () => {});
      resolve({
        port: bound !== null && typeof bound === "object" ? bound.port : 0,
        // Node's own callback would wait for the open connections.
        close() {
          server.close();
          return new Promise((closed) => setImmediate(closed));
        },
      });
    });
  });
}

class TlsListener implements Listener {
  readonly #handlers: SocketHandlers;
  readonly #listening: TlsListening;
  readonly #limits: TlsLimits;
  #options: TlsOptions;
  /** Of all connections, or where a server cannot tell them apart only for the check. */
  #server: tls.Server;
  /** Those under way. */
  readonly #handshakes = new Set<Carrier>();
  #carriers: CarrierListener | undefined;
  #closed: Promise<void> | undefined;

  constructor(listening: TlsListening, handlers: SocketHandlers, limits: TlsLimits) {
    this.#listening = listening;
    this.#handlers = handlers;
    this.#limits = limits;
    this.#options = listening.options;
    this.#server = this.#secureServer(listening.options);
  }

  get port(): number {
    return this.#carriers?.port ?? 0;
  }

  async listen(address: TcpAddress, listen: ListenForCarriers): Promise<void> {
    this.#carriers = await listen(address, (carrier) => this.#accept(carrier));
  }

  secure(options: TlsOptions): void {
    this.#server = this.#secureServer(options);
    this.#options = options;
  }

  /** Handshakes under way come to nothing; open connections stay. */
  close(): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = this.#carriers?.close() ?? Promise.resolve();
      for (const carrier of [...this.#handshakes]) {
        carrier.stream.destroy();
        this.#ended(carrier);
      }
    }
    return this.#closed;
  }

  /** A server for one connection, or for all whose `net.Socket` tells which one it is. */
  #secureServer(options: TlsOptions, only?: Carrier): tls.Server {
    const server = tls.createServer({
      ...serverOptions(options, this.#limits, only !== undefined),
      handshakeTimeout: this.#listening.handshakes.timeoutMs,
    });
    server.on("secureConnection", (socket) => this.#opened(only ?? this.#find(socket), socket));
    server.on("tlsClientError", (error, socket) => {
      this.#failed(only ?? this.#find(socket), error, socket);
    });
    return server;
  }

  #accept(carrier: Carrier): void {
    const { stream } = carrier;
    if (stream.destroyed || !this.#listening.handshakes.begin()) {
      stream.on("error", () => {});
      stream.destroy();
      return;
    }
    this.#handshakes.add(carrier);
    stream.on("error", () => {});
    // What failed has said why by now, or will in this turn.
    const givenUp = (): unknown => setImmediate(() => this.#ended(carrier, closedEarly()));
    stream.once("close", givenUp);
    stream.once("end", givenUp);
    const server = this.#limits.needsServerEach
      ? this.#secureServer(this.#options, carrier)
      : this.#server;
    server.emit("connection", stream);
  }

  /** No two connections that are open have the same addresses. */
  #find(socket: tls.TLSSocket): Carrier | undefined {
    const { remoteAddress, localAddress } = netCarrier(socket);
    for (const carrier of this.#handshakes) {
      if (carrier.remoteAddress === remoteAddress && carrier.localAddress === localAddress) {
        return carrier;
      }
    }
    return undefined;
  }

  #opened(carrier: Carrier | undefined, socket: tls.TLSSocket): void {
    const refusal = this.#refusal(socket);
    if (carrier === undefined || refusal !== undefined || this.#closed !== undefined) {
      socket.on("error", () => {});
      socket.destroy();
      if (carrier !== undefined) this.#ended(carrier, refusal);
      return;
    }
    this.#ended(carrier);
    // Not before: in the handshake the peer's end is the end.
    socket.allowHalfOpen = true;
    carrier.stream.allowHalfOpen = true;
    const accepted = new TlsSocket(this.#handlers);
    accepted.wrap(socket);
    accepted.open(carrier);
  }

  /**
   * Why somebody whose handshake went well may not come in all the same.
   *
   * - `optional` means that no certificate is well; a bad one is not, but the runtimes let it pass.
   * - Where sessions are shared, a session begun without a certificate, or with a bad one, passes for
   *   one with a good one when it is resumed.
   */
  #refusal(socket: tls.TLSSocket): NetworkError | undefined {
    const { clientCertificates, resumesSessions } = this.#options;
    const asks = clientCertificates !== "no";
    if (this.#limits.sharesSessions && (asks || !resumesSessions) && socket.isSessionReused()) {
      return new NetworkError(HANDSHAKE_FAILED, "the session was resumed, which proves nothing");
    }
    if (!asks) return undefined;
    const isWithout = Object.keys(socket.getPeerCertificate() ?? {}).length === 0;
    if (isWithout) {
      return clientCertificates === "yes"
        ? new NetworkError(HANDSHAKE_FAILED, "peer did not return a certificate")
        : undefined;
    }
    if (socket.authorized) return undefined;
    return new NetworkError(HANDSHAKE_FAILED, verificationText(socket));
  }

  #failed(carrier: Carrier | undefined, error: Error, socket: tls.TLSSocket): void {
    const text = socket.authorizationError ? verificationText(socket) : tlsErrorText(error);
    if (carrier !== undefined) this.#ended(carrier, new NetworkError(HANDSHAKE_FAILED, text));
    socket.on("error", () => {});
    socket.destroy();
  }

  /** Counts a handshake out, once. */
  #ended(carrier: Carrier, error?: NetworkError): void {
    if (!this.#handshakes.delete(carrier)) return;
    if (error !== undefined) carrier.stream.destroy();
    this.#listening.handshakes.ended(error, carrier.remoteAddress, carrier.localAddress);
  }
}

function closedEarly(): NetworkError {
  return new NetworkError(HANDSHAKE_FAILED, "Connection closed by the peer");
}

/** The code of what is wrong with the peer's certificate, as words. */
function verificationText(socket: tls.TLSSocket): string {
  const error: unknown = socket.authorizationError;
  const code = error instanceof Error ? error.message : String(error);
  return `certificate verify failed: ${code.toLowerCase().replaceAll("_", " ")}`;
}
