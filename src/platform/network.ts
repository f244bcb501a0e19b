/**
 * Stream sockets, as the core sees them. One set of handlers serves every connection; what the core
 * knows of a connection hangs on {@link Socket.owner}.
 *
 * The rules of the two directions:
 *
 * - `received` lends the bytes: they are valid until it returns, and the adapter may reuse the
 *   buffer afterwards.
 * - `write` lends the bytes too, unless {@link Socket.holdsWrite} is true after the call: then the
 *   runtime still reads from that buffer and the caller must leave it alone for good. Bytes not
 *   accepted are the caller's to keep and offer again after `drained`.
 */
export interface Network {
  /** Starts to listen; rejects with a {@link NetworkError}. */
  listen(address: ListenAddress, handlers: SocketHandlers): Promise<Listener>;
  /** Opens a connection; `opened` or `closed` tells how it went. */
  connect(address: ConnectAddress, handlers: SocketHandlers): Socket;
  /** Throws a {@link TlsRefusal} where nobody could listen with these options. */
  checkTls(options: TlsOptions): void;
}

/** A TCP address to listen on; `port` 0 picks a free one. */
export interface TcpAddress {
  readonly kind: "tcp";
  readonly host: string;
  readonly port: number;
  readonly backlog: number;
}

/** A TCP address, as it is or with TLS on it, or the path of a Unix socket. */
export type ListenAddress =
  | TcpAddress & { readonly tls?: TlsListening }
  | {
    readonly kind: "unix";
    readonly path: string;
    readonly mode: number;
    readonly backlog: number;
  };

/** Where to connect to. */
export type ConnectAddress =
  | {
    readonly kind: "tcp";
    readonly host: string;
    readonly port: number;
    /**
     * The peer must show a certificate of one of `authorities`; what name is in it does not matter,
     * as in Redis. The own certificate may be missing.
     */
    readonly tls?: TlsOptions;
  }
  | { readonly kind: "unix"; readonly path: string };

/** A version of TLS, as `tls-protocols` names it. */
export type TlsProtocol = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

/** How connections are secured. Certificates and keys are PEM texts; an empty text is none. */
export interface TlsOptions {
  /** The own certificate, and after it those that lead to the authority's. */
  readonly certificate: string;
  readonly key: string;
  readonly keyPassphrase: string;
  /** Certificates of the authorities that the peer's certificate may come from. */
  readonly authorities: readonly string[];
  /** Whether those who connect must have a certificate, or show a good one if they have any. */
  readonly clientCertificates: "no" | "optional" | "yes";
  /** The versions that are spoken, in any order. */
  readonly protocols: readonly TlsProtocol[];
  /** OpenSSL's cipher list for TLS 1.2 and older; empty: the runtime's own. */
  readonly ciphers: string;
  /** Names of cipher suites of TLS 1.3, with colons between; empty: the runtime's own. */
  readonly cipherSuites: string;
  /** The server's order of ciphers counts, not the client's. */
  readonly prefersServerCiphers: boolean;
  /** Whether a client may go on with a session of before, for so many seconds. */
  readonly resumesSessions: boolean;
  readonly sessionSeconds: number;
  /** Parameters of a Diffie-Hellman exchange (PEM); empty: such as fit the certificate. */
  readonly dhParameters: string;
}

/** What a listener needs besides for TLS. */
export interface TlsListening {
  readonly options: TlsOptions;
  readonly handshakes: TlsHandshakes;
}

/**
 * Handshakes under way. `opened` comes when one has succeeded; before that there is a connection all
 * the same, which costs memory, and whoever listens keeps count of these here.
 */
export interface TlsHandshakes {
  /** The longest that one may take. */
  readonly timeoutMs: number;
  /** One is to begin; false turns the connection away, and `ended` is not called for it. */
  begin(): boolean;
  /** It has ended: well, where there is no error (or where the listener was closed). */
  ended(error?: NetworkError, remoteAddress?: string, localAddress?: string): void;
}

/** A listening socket. */
export interface Listener {
  /** The port in use, which `port: 0` left to the system; 0 for a Unix socket. */
  readonly port: number;
  /** Stops to listen (a Unix socket's file is removed); open connections stay. */
  close(): Promise<void>;
  /**
   * Secures new connections in another way; there only where TLS is on. Throws a
   * {@link TlsRefusal} and changes nothing where that cannot be.
   */
  secure?(options: TlsOptions): void;
}

/** What the core is told. No handler is called from within another call of the core's. */
export interface SocketHandlers {
  opened(socket: Socket): void;
  /** The first `length` bytes of `bytes` have arrived. They are lent until this returns. */
  received(socket: Socket, bytes: Uint8Array, length: number): void;
  /** `write` would accept bytes again, after it had accepted fewer than it was given. */
  drained(socket: Socket): void;
  /** The connection is gone, by whichever side; called exactly once for each socket. */
  closed(socket: Socket, error?: NetworkError): void;
}

/** One connection. */
export interface Socket {
  /** Belongs to the core: whatever it wants to find again in a handler. */
  owner: unknown;
  /** `ip:port`, `[ip6]:port` is written `ip6:port` as Redis does; a Unix socket's is `path:0`. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** True for loopback and Unix peers: protected mode lets only these in. */
  readonly isLocal: boolean;
  /** True for a Unix socket. */
  readonly isUnix: boolean;
  /**
   * Hands bytes to the kernel: returns how many of `bytes[start..end)` were accepted. Accepting
   * fewer means that the peer reads slowly: `drained` follows when there is room.
   */
  write(bytes: Uint8Array, start: number, end: number): number;
  /** After a `write`: the runtime keeps the buffer that it was given. */
  readonly holdsWrite: boolean;
  /** Stops calling `received` until `resume`; what the kernel holds fills up and slows the peer. */
  pause(): void;
  resume(): void;
  /** SO_KEEPALIVE with this idle time; 0 turns it off. Where a runtime cannot, it does nothing. */
  keepAlive(idleSeconds: number): void;
  /** Closes in order: what was accepted is still sent. `closed` follows. */
  end(): void;
  /** Closes at once. `closed` follows. */
  destroy(): void;
}

/** The network refused something; `code` is the system's short name (`EADDRINUSE`, ...). */
export class NetworkError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = "NetworkError";
    this.code = code;
  }
}

/** What is wrong with {@link TlsOptions}. */
export type TlsPart =
  | "certificate"
  | "key"
  | "authorities"
  | "protocols"
  | "ciphers"
  | "cipherSuites"
  | "dhParameters"
  | "other";

/** TLS cannot be had with these options: a part of them is broken, or the runtime has no such thing. */
export class TlsRefusal extends Error {
  readonly part: TlsPart;
  constructor(part: TlsPart, message: string) {
    super(message);
    this.name = "TlsRefusal";
    this.part = part;
  }
}
