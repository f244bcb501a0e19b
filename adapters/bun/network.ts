/**
 * Bun's network: one {@link BunSocket} for each `Bun.Socket`, whose `data` it is.
 *
 * `write` is the system call itself: it answers what the kernel took and keeps nothing. Bun gives
 * every read a buffer of its own. Two habits of Bun are straightened out here: `close` is called
 * from within `end` and `terminate` (the core is told later, in a microtask), and `drain` comes
 * whenever a socket becomes writable (the core is told only when it waits for that).
 *
 * What Bun cannot do: the backlog is always 512.
 */
import type {
  ConnectAddress,
  ListenAddress,
  Listener,
  Network,
  Socket,
  SocketHandlers,
} from "../../src/platform/network.ts";
import { NetworkError } from "../../src/platform/network.ts";
import { errorText } from "../../src/platform/file_system.ts";
import { addressText, isLoopback, unixAddressText } from "../shared/socket_address.ts";
import { networkError } from "../shared/system_errors.ts";
import { listenWithTls } from "../shared/tls_network.ts";
import { checkServerOptions, type TlsLimits } from "../shared/tls_options.ts";
import { connectWithTls } from "../shared/tls_socket.ts";
import { removeSocketFile, setSocketFileMode } from "../shared/unix_socket_file.ts";

/** BoringSSL: it has fixed cipher suites for TLS 1.3, and no DHE. */
const BUN_TLS: TlsLimits = {
  runtime: "Bun",
  oldestProtocol: "TLSv1",
  hasCiphers: true,
  hasCipherSuites: false,
  hasServerOrder: true,
  hasDiffieHellman: false,
  sharesSessions: false,
  needsServerEach: false,
};

/** Bun's {@link Network}. */
export const bunNetwork: Network = {
  listen(address: ListenAddress, handlers: SocketHandlers): Promise<Listener> {
    if (address.kind === "tcp" && address.tls !== undefined) {
      return listenWithTls(address, address.tls, handlers, BUN_TLS);
    }
    // In the executor, so that what is thrown becomes a rejection.
    return new Promise((resolve) => resolve(listenAt(address, handlers)));
  },

  connect(address: ConnectAddress, handlers: SocketHandlers): Socket {
    if (address.kind === "tcp" && address.tls !== undefined) {
      return connectWithTls(address, handlers, BUN_TLS);
    }
    const unixPath = address.kind === "unix" ? address.path : undefined;
    const socket = new BunSocket(handlers, unixPath);
    const options = { socket: clientHandlers, data: socket, allowHalfOpen: true };
    const failed = (thrown: unknown): void => socket.wasClosed(bunNetworkError(thrown));
    try {
      const connecting = address.kind === "unix"
        ? Bun.connect<BunSocket>({ ...options, unix: address.path })
        : Bun.connect<BunSocket>({ ...options, hostname: address.host, port: address.port });
      connecting.catch(failed);
    } catch (thrown) {
      failed(thrown);
    }
    return socket;
  },

  checkTls: (options) => checkServerOptions(options, BUN_TLS),
};

/** Bun knows `ipv6Only` here too; its types name it only where a connection is opened. */
type TcpListenOptions = Bun.TCPSocketListenOptions<BunSocket> & { ipv6Only: boolean };

function listenAt(address: ListenAddress, handlers: SocketHandlers): Listener {
  const unixPath = address.kind === "unix" ? address.path : undefined;
  const socket: Bun.SocketHandler<BunSocket> = {
    ...socketHandlers,
    open: (accepted) => {
      accepted.data = new BunSocket(handlers, unixPath);
      accepted.data.open(accepted);
    },
  };
  try {
    if (address.kind === "unix") {
      removeSocketFile(address.path);
      const listener = Bun.listen<BunSocket>({ unix: address.path, socket, allowHalfOpen: true });
      try {
        setSocketFileMode(address.path, address.mode);
      } catch (thrown) {
        listener.stop();
        throw thrown;
      }
      return bunListener(listener, 0);
    }
    const options: TcpListenOptions = {
      hostname: address.host,
      port: address.port,
      allowHalfOpen: true,
      // As Redis binds: an IPv6 address takes no IPv4 connections, so both can have the same port.
      ipv6Only: address.host.includes(":"),
      socket,
    };
    const listener = Bun.listen(options);
    return bunListener(listener, listener.port);
  } catch (thrown) {
    throw bunNetworkError(thrown);
  }
}

function bunListener(listener: { stop(): void }, port: number): Listener {
  return {
    port,
    close(): Promise<void> {
      listener.stop();
      return Promise.resolve();
    },
  };
}

/** Bun gives an error without a code where it cannot look up a host name. */
function bunNetworkError(thrown: unknown): NetworkError {
  const isNameless = thrown instanceof Error && (thrown as { code?: unknown }).code === undefined;
  if (isNameless && thrown.message.startsWith("Failed to ")) {
    return new NetworkError("ENOTFOUND", errorText("ENOTFOUND"));
  }
  return networkError(thrown);
}

/** One set of functions for all sockets, accepted ones and others. */
const socketHandlers: Bun.SocketHandler<BunSocket> = {
  data: (socket, bytes) => socket.data.received(bytes),
  drain: (socket) => socket.data.becameWritable(),
  end: (socket) => socket.data.peerEnded(),
  close: (socket, error) => socket.data.wasClosed(error ? networkError(error) : undefined),
  /** What a handler of the core threw. Bun would print it and go on; it must end the process. */
  error: (_socket, error) => {
    queueMicrotask(() => {
      throw error;
    });
  },
};

const clientHandlers: Bun.SocketHandler<BunSocket> = {
  ...socketHandlers,
  open: (socket) => socket.data.open(socket),
  connectError: (socket, error) => socket.data.wasClosed(bunNetworkError(error)),
};

class BunSocket implements Socket {
  owner: unknown = undefined;
  /** Bun keeps nothing of what it was given. */
  readonly holdsWrite = false;
  readonly isUnix: boolean;
  isLocal = false;
  remoteAddress = "";
  localAddress = "";

  #socket: Bun.Socket<BunSocket> | undefined;
  readonly #handlers: SocketHandlers;
  readonly #unixPath: string | undefined;
  /** Nothing is received or accepted any more: `end` or `destroy` was called, or all is closed. */
  #isOver = false;
  #isClosed = false;
  /** A write was accepted in part, so that the core waits for `drained`. */
  #owesDrained = false;
  #isPaused = false;
  /** What arrived in the same call of the system before a pause took effect. */
  #arrivedPaused: Uint8Array[] = [];

  constructor(handlers: SocketHandlers, unixPath: string | undefined) {
    this.#handlers = handlers;
    this.#unixPath = unixPath;
    this.isUnix = unixPath !== undefined;
  }

  /** The connection is there. */
  open(socket: Bun.Socket<BunSocket>): void {
    if (this.#isOver) {
      socket.terminate();
      return;
    }
    this.#socket = socket;
    if (this.#unixPath !== undefined) {
      this.isLocal = true;
      this.remoteAddress = this.localAddress = unixAddressText(this.#unixPath);
    } else {
      socket.setNoDelay(true);
      this.isLocal = isLoopback(socket.remoteAddress);
      this.remoteAddress = addressText(socket.remoteAddress, socket.remotePort);
      this.localAddress = addressText(socket.localAddress, socket.localPort);
    }
    this.#handlers.opened(this);
  }

  received(bytes: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#isPaused) this.#arrivedPaused.push(bytes);
    else this.#handlers.received(this, bytes, bytes.length);
  }

  becameWritable(): void {
    if (!this.#owesDrained || this.#isOver) return;
    this.#owesDrained = false;
    this.#handlers.drained(this);
  }

  /** The answers to what came before the end go out in this turn's end: closes after that. */
  peerEnded(): void {
    setImmediate(() => this.end());
  }

  /** The core is told when whatever it is doing has returned. */
  wasClosed(error: NetworkError | undefined): void {
    if (this.#isClosed) return;
    this.#isOver = true;
    this.#isClosed = true;
    queueMicrotask(() => this.#handlers.closed(this, error));
  }

  write(bytes: Uint8Array, start: number, end: number): number {
    const socket = this.#socket;
    if (this.#isOver || socket === undefined) {
      this.#owesDrained = true;
      return 0;
    }
    const length = end - start;
    const accepted = socket.write(bytes, start, length);
    if (accepted >= length) return accepted;
    this.#owesDrained = true;
    return accepted < 0 ? 0 : accepted;
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket?.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#arrivedPaused.length > 0) queueMicrotask(() => this.#deliverArrived());
    this.#socket?.resume();
  }

  keepAlive(idleSeconds: number): void {
    this.#socket?.setKeepAlive(idleSeconds > 0, idleSeconds * 1000);
  }

  end(): void {
    this.#close(false);
  }

  destroy(): void {
    this.#close(true);
  }

  #close(atOnce: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#arrivedPaused = [];
    if (this.#socket === undefined) this.wasClosed(undefined);
    else if (atOnce) this.#socket.terminate();
    else this.#socket.end();
  }

  #deliverArrived(): void {
    while (!this.#isPaused && this.#arrivedPaused.length > 0) {
      this.received(this.#arrivedPaused.shift()!);
    }
  }
}
