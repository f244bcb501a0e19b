/**
 * Deno's network: one {@link DenoSocket} around each `Deno.Conn`.
 *
 * Reading is one promise for each read, and a pending read owns its buffer. So a connection starts
 * with a small buffer, which grows when a read fills it and shrinks when reads stay far below it.
 *
 * Writing is asynchronous too, with one write under way at most. The system call happens at once,
 * but whether the kernel took everything is known only when the promise resolves, and until then
 * Deno uses the buffer. So small writes are copied into a pooled buffer (the caller keeps its own),
 * and for large ones `holdsWrite` is true.
 *
 * ```
 *   idle -- write --> sending (write answers 0) -- all written --> idle, drained if owed
 *                        `-- end() or the peer's end --> closes when all is written
 * ```
 *
 * What Deno cannot do: an IPv6 socket that refuses IPv4 (so `::` takes both), the idle time of
 * keep-alive (on or off only), the backlog of a Unix socket.
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
import { listenForConnections, openConnection } from "./tls_carrier.ts";
import { listenWithTls } from "../shared/tls_network.ts";
import { checkServerOptions, type TlsLimits } from "../shared/tls_options.ts";
import { connectWithTls } from "../shared/tls_socket.ts";
import { removeSocketFile, setSocketFileMode } from "../shared/unix_socket_file.ts";

const READ_MIN_BYTES = 1024;
const READ_MAX_BYTES = 64 * 1024;
/** A full read makes the next buffer this many times as large. */
const READ_GROWTH = 4;
/** After so many reads in a row below a `READ_GROWTH`th of the buffer it shrinks. */
const SMALL_READS_MAX = 64;

/** Up to this size a write is copied, so that the caller can reuse its buffer. */
const COPY_MAX_BYTES = 16 * 1024;
/** The most bytes that are handed to Deno at once, and so the most that it holds of a connection. */
const WRITE_MAX_BYTES = 256 * 1024;
/** The most free copies kept for later: 4 MiB. */
const FREE_COPIES_MAX = 256;

/** How long to wait after a failed accept (EMFILE), which would fail again at once. */
const ACCEPT_RETRY_MS = 10;

/** Copies of small writes that no write uses at the moment. */
const freeCopies: Uint8Array<ArrayBuffer>[] = [];

/** Ports on which all IPv4 addresses are listened to; see {@link listenAt}. */
const allIpv4Ports = new Set<number>();

/** rustls: only what is good today, and not to be chosen from. */
const DENO_TLS: TlsLimits = {
  runtime: "Deno",
  oldestProtocol: "TLSv1.2",
  hasCiphers: false,
  hasCipherSuites: false,
  hasServerOrder: false,
  hasDiffieHellman: false,
  sharesSessions: true,
  needsServerEach: true,
};

/** Deno's {@link Network}. */
export const denoNetwork: Network = {
  listen(address: ListenAddress, handlers: SocketHandlers): Promise<Listener> {
    if (address.kind === "tcp" && address.tls !== undefined) {
      return listenWithTls(address, address.tls, handlers, DENO_TLS, listenForConnections);
    }
    // In the executor, so that what is thrown becomes a rejection.
    return new Promise((resolve) => resolve(new DenoListener(address, handlers)));
  },

  connect(address: ConnectAddress, handlers: SocketHandlers): Socket {
    if (address.kind === "tcp" && address.tls !== undefined) {
      return connectWithTls(address, handlers, DENO_TLS, openConnection);
    }
    const unixPath = address.kind === "unix" ? address.path : undefined;
    const socket = new DenoSocket(handlers, unixPath);
    const connecting: Promise<Deno.TcpConn | Deno.UnixConn> = address.kind === "unix"
      ? Deno.connect({ transport: "unix", path: address.path })
      : Deno.connect({ hostname: address.host, port: address.port });
    connecting.then(
      (connection) => socket.open(connection),
      (thrown) => socket.fail(denoNetworkError(thrown)),
    );
    return socket;
  },

  checkTls: (options) => checkServerOptions(options, DENO_TLS),
};

type DenoListenerHandle = Deno.Listener<Deno.TcpConn | Deno.UnixConn>;

class DenoListener implements Listener {
  readonly port: number;
  readonly #listener: DenoListenerHandle;
  readonly #isAllIpv4: boolean;
  /** Done when no connection is accepted any more. */
  readonly #accepting: Promise<void>;
  #isClosed = false;

  constructor(address: ListenAddress, handlers: SocketHandlers) {
    try {
      this.#listener = listenAt(address);
    } catch (thrown) {
      throw denoNetworkError(thrown);
    }
    const bound = this.#listener.addr;
    this.port = bound.transport === "tcp" ? bound.port : 0;
    this.#isAllIpv4 = bound.transport === "tcp" && bound.hostname === "0.0.0.0";
    if (this.#isAllIpv4) allIpv4Ports.add(this.port);
    const unixPath = address.kind === "unix" ? address.path : undefined;
    this.#accepting = this.#acceptAll(handlers, unixPath);
  }

  /** The system closes the socket only when the accept that is under way has been given up. */
  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      if (this.#isAllIpv4) allIpv4Ports.delete(this.port);
      this.#listener.close();
    }
    return this.#accepting;
  }

  async #acceptAll(handlers: SocketHandlers, unixPath: string | undefined): Promise<void> {
    while (!this.#isClosed) {
      let connection: Deno.TcpConn | Deno.UnixConn;
      try {
        connection = await this.#listener.accept();
      } catch {
        if (!this.#isClosed) await new Promise((resolve) => setTimeout(resolve, ACCEPT_RETRY_MS));
        continue;
      }
      new DenoSocket(handlers, unixPath).open(connection);
    }
  }
}

/**
 * Binds and listens. `::` would take IPv4 too; where all of IPv4 is listened to at this port already
 * (`bind * -::*`) the system therefore says that the port is in use. The true reason is that an
 * IPv6-only socket cannot be had here, which is what this reports: Redis goes on without IPv6 then.
 */
function listenAt(address: ListenAddress): DenoListenerHandle {
  if (address.kind === "unix") {
    removeSocketFile(address.path);
    const listener = Deno.listen({ transport: "unix", path: address.path });
    try {
      setSocketFileMode(address.path, address.mode);
    } catch (thrown) {
      listener.close();
      throw thrown;
    }
    return listener;
  }
  if (address.host === "::" && allIpv4Ports.has(address.port)) {
    throw new NetworkError("EAFNOSUPPORT", errorText("EAFNOSUPPORT"));
  }
  return Deno.listen({
    hostname: address.host,
    port: address.port,
    tcpBacklog: address.backlog,
  });
}

/** Deno names a failed look-up of a host name only in the text of its error. */
function denoNetworkError(thrown: unknown): NetworkError {
  if (thrown instanceof Error && thrown.message.includes("failed to lookup address")) {
    return new NetworkError("ENOTFOUND", errorText("ENOTFOUND"));
  }
  if (thrown instanceof RangeError) return new NetworkError("EINVAL", errorText("EINVAL"));
  return networkError(thrown);
}

class DenoSocket implements Socket {
  owner: unknown = undefined;
  holdsWrite = false;
  readonly isUnix: boolean;
  isLocal = false;
  remoteAddress = "";
  localAddress = "";

  #connection: Deno.TcpConn | Deno.UnixConn | undefined;
  readonly #handlers: SocketHandlers;
  readonly #unixPath: string | undefined;
  /** Nothing is received or accepted any more: `end` or `destroy` was called, or the peer ended. */
  #isOver = false;
  #isClosed = false;
  #isSending = false;
  /** A write was accepted in part, so that the core waits for `drained`. */
  #owesDrained = false;

  #readBuffer: Uint8Array<ArrayBuffer> = new Uint8Array(READ_MIN_BYTES);
  #smallReads = 0;
  #isPaused = false;
  /** Lets the read loop go on after a pause. */
  #wakeReader: (() => void) | undefined;

  constructor(handlers: SocketHandlers, unixPath: string | undefined) {
    this.#handlers = handlers;
    this.#unixPath = unixPath;
    this.isUnix = unixPath !== undefined;
  }

  /** The connection is there: tells the core and starts to read. */
  open(connection: Deno.TcpConn | Deno.UnixConn): void {
    if (this.#isClosed) {
      connection.close();
      return;
    }
    this.#connection = connection;
    this.#readAddresses(connection);
    this.#handlers.opened(this);
    this.#readAll(connection);
  }

  /** Closes because of an error, which the core is told. */
  fail(error: NetworkError): void {
    this.#close(error);
  }

  write(bytes: Uint8Array, start: number, end: number): number {
    this.holdsWrite = false;
    const connection = this.#connection;
    if (this.#isSending || this.#isOver || connection === undefined) {
      this.#owesDrained = true;
      return 0;
    }
    const length = end - start;
    if (length <= COPY_MAX_BYTES) {
      if (length > 0) this.#sendCopy(connection, bytes, start, end);
      return length;
    }
    const accepted = Math.min(length, WRITE_MAX_BYTES);
    if (accepted < length) this.#owesDrained = true;
    this.holdsWrite = true;
    this.#send(connection, bytes.subarray(start, start + accepted) as Uint8Array<ArrayBuffer>);
    return accepted;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#wake();
  }

  keepAlive(idleSeconds: number): void {
    const connection = this.#connection;
    if (connection === undefined || this.#isClosed || !("setKeepAlive" in connection)) return;
    connection.setKeepAlive(idleSeconds > 0);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wake();
    if (!this.#isSending) this.#close();
  }

  destroy(): void {
    this.#close();
  }

  /** Reads to the end of the connection. After `end` what comes is read and dropped. */
  async #readAll(connection: Deno.Conn): Promise<void> {
    while (!this.#isClosed) {
      let length: number | null;
      try {
        length = await connection.read(this.#readBuffer);
      } catch (thrown) {
        this.#close(denoNetworkError(thrown));
        return;
      }
      while (this.#isPaused && !this.#isOver) await this.#resumed();
      if (length === null) {
        this.#peerEnded();
        return;
      }
      if (this.#isOver) continue;
      this.#handlers.received(this, this.#readBuffer, length);
      this.#fitReadBuffer(length);
      while (this.#isPaused && !this.#isOver) await this.#resumed();
    }
  }

  #resumed(): Promise<void> {
    return new Promise((resolve) => this.#wakeReader = resolve);
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }

  #fitReadBuffer(length: number): void {
    const size = this.#readBuffer.length;
    if (length === size) {
      this.#smallReads = 0;
      if (size < READ_MAX_BYTES) this.#readBuffer = new Uint8Array(size * READ_GROWTH);
    } else if (size > READ_MIN_BYTES) {
      if (length * READ_GROWTH > size) this.#smallReads = 0;
      else if (++this.#smallReads === SMALL_READS_MAX) {
        this.#smallReads = 0;
        this.#readBuffer = new Uint8Array(size / READ_GROWTH);
      }
    }
  }

  /** The answers to what came before the end go out in this turn's end: closes after that. */
  #peerEnded(): void {
    setImmediate(() => this.end());
  }

  async #sendCopy(
    connection: Deno.Conn,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Promise<void> {
    const copy = freeCopies.pop() ?? new Uint8Array(COPY_MAX_BYTES);
    copy.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
    await this.#send(connection, copy.subarray(0, end - start));
    if (freeCopies.length < FREE_COPIES_MAX) freeCopies.push(copy);
  }

  async #send(connection: Deno.Conn, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#isSending = true;
    try {
      let sent = await connection.write(bytes);
      while (sent < bytes.length) sent += await connection.write(bytes.subarray(sent));
    } catch (thrown) {
      this.#isSending = false;
      this.#close(denoNetworkError(thrown));
      return;
    }
    this.#isSending = false;
    if (this.#isOver) this.#close();
    else if (this.#owesDrained) {
      this.#owesDrained = false;
      this.#handlers.drained(this);
    }
  }

  /** Closes at once; the core is told when whatever it is doing has returned. */
  #close(error?: NetworkError): void {
    this.#isOver = true;
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wake();
    try {
      this.#connection?.close();
    } catch {
      // The system had closed it already.
    }
    queueMicrotask(() => this.#handlers.closed(this, error));
  }

  #readAddresses(connection: Deno.TcpConn | Deno.UnixConn): void {
    if (this.#unixPath !== undefined) {
      this.isLocal = true;
      this.remoteAddress = this.localAddress = unixAddressText(this.#unixPath);
      return;
    }
    const tcp = connection as Deno.TcpConn;
    const remote = tcp.remoteAddr;
    const local = tcp.localAddr;
    this.isLocal = isLoopback(remote.hostname);
    this.remoteAddress = addressText(remote.hostname, remote.port);
    this.localAddress = addressText(local.hostname, local.port);
    try {
      tcp.setNoDelay(true);
    } catch {
      // The peer is gone already: reading will tell.
    }
  }
}
