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
}

/** A TCP address (`port` 0 picks a free one), or the path of a Unix socket. */
export type ListenAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly backlog: number }
  | {
    readonly kind: "unix";
    readonly path: string;
    readonly mode: number;
    readonly backlog: number;
  };

/** Where to connect to. */
export type ConnectAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** A listening socket. */
export interface Listener {
  /** The port in use, which `port: 0` left to the system; 0 for a Unix socket. */
  readonly port: number;
  /** Stops to listen (a Unix socket's file is removed); open connections stay. */
  close(): Promise<void>;
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
