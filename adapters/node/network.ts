/**
 * Node's network: one {@link NodeSocket} around each `net.Socket`.
 *
 * Reading. A `net.Socket` normally allocates a buffer for every read and passes it through the
 * stream machinery. A socket made with the option `onread` reads into one given buffer instead and
 * calls back directly. Sockets that a `net.Server` accepts cannot be given that option, so the
 * accepted socket is made a second time around the same handle (about 1.5 us less CPU for a request
 * of 10). The handle is not documented API: where it does not look as expected, the accepted socket
 * is used as it is, with `data` events. All sockets share one buffer, because a read and its
 * callback are one synchronous step.
 *
 * Writing. `net.Socket.write` tries the system call at once. `writableLength === 0` afterwards means
 * that the kernel took everything and that the buffer is free again. Otherwise Node holds on to the
 * buffer and waits, and would queue without limit whatever came next; so this adapter accepts
 * nothing more until an empty write, queued behind the held one, has reported back.
 *
 * ```
 *   idle --- kernel took all ---> idle
 *   idle --- kernel took a part -> draining (holdsWrite, write answers 0) -- written --> idle, drained
 * ```
 */
import { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import * as net from "node:net";
import { dirname } from "node:path";
import { errorText } from "../../src/platform/file_system.ts";
import type {
  ConnectAddress,
  ListenAddress,
  Listener,
  Network,
  Socket,
  SocketHandlers,
} from "../../src/platform/network.ts";
import { NetworkError } from "../../src/platform/network.ts";
import { addressText, isLoopback, unixAddressText } from "../shared/socket_address.ts";
import { networkError } from "../shared/system_errors.ts";
import { listenWithTls } from "../shared/tls_network.ts";
import { checkServerOptions, type TlsLimits } from "../shared/tls_options.ts";
import { connectWithTls } from "../shared/tls_socket.ts";
import { removeSocketFile, setSocketFileMode } from "../shared/unix_socket_file.ts";
import { writeDirect } from "./direct_write.ts";

/** The buffer that all sockets are read into. */
const READ_BUFFER = new Uint8Array(64 * 1024);

/** The most bytes that are handed to Node at once, and so the most that it holds of a connection. */
const WRITE_MAX_BYTES = 256 * 1024;

const NOTHING = new Uint8Array(0);

const SERVER_OPTIONS: net.ServerOpts = { noDelay: true, allowHalfOpen: true, pauseOnConnect: true };

/** OpenSSL: there is nothing that it cannot do. */
const NODE_TLS: TlsLimits = {
  runtime: "Node",
  oldestProtocol: "TLSv1",
  hasCiphers: true,
  hasCipherSuites: true,
  hasServerOrder: true,
  hasDiffieHellman: true,
  sharesSessions: false,
  needsServerEach: false,
};

/** Node's {@link Network}. */
export const nodeNetwork: Network = {
  listen(address: ListenAddress, handlers: SocketHandlers): Promise<Listener> {
    if (address.kind === "tcp" && address.tls !== undefined) {
      return listenWithTls(address, address.tls, handlers, NODE_TLS);
    }
    return new Promise((resolve, reject) => {
      const unixPath = address.kind === "unix" ? address.path : undefined;
      const server = net.createServer(SERVER_OPTIONS);
      server.once("error", (error) => reject(listenError(error, unixPath)));
      server.on("connection", (socket) => accept(socket, handlers, unixPath));
      try {
        if (unixPath !== undefined) removeSocketFile(unixPath);
        server.listen(listenOptions(address), () => {
          try {
            if (address.kind === "unix") setSocketFileMode(address.path, address.mode);
          } catch (thrown) {
            server.close();
            reject(networkError(thrown));
            return;
          }
          // A failed accept (EMFILE) must not end the process: the next one may go well.
          server.on("error", () => {});
          resolve(new NodeListener(server));
        });
      } catch (thrown) {
        reject(networkError(thrown));
      }
    });
  },

  connect(address: ConnectAddress, handlers: SocketHandlers): Socket {
    if (address.kind === "tcp" && address.tls !== undefined) {
      return connectWithTls(address, handlers, NODE_TLS);
    }
    const unixPath = address.kind === "unix" ? address.path : undefined;
    const connecting = new NodeSocket(handlers, unixPath);
    const socket = new net.Socket({
      allowHalfOpen: true,
      noDelay: true,
      onread: connecting.readInto(),
    });
    connecting.wrap(socket);
    socket.once("connect", () => connecting.open());
    try {
      if (address.kind === "unix") socket.connect({ path: address.path });
      else socket.connect({ host: address.host, port: address.port });
    } catch (thrown) {
      socket.destroy(thrown as Error);
    }
    return connecting;
  },

  checkTls: (options) => checkServerOptions(options, NODE_TLS),
};

function accept(socket: net.Socket, handlers: SocketHandlers, unixPath: string | undefined): void {
  const accepted = new NodeSocket(handlers, unixPath);
  accepted.adopt(socket);
  accepted.open();
}

function listenOptions(address: ListenAddress): net.ListenOptions {
  const { backlog } = address;
  if (address.kind === "unix") return { path: address.path, backlog };
  // As Redis binds: an IPv6 address takes no IPv4 connections, so both can have the same port.
  const ipv6Only = address.host.includes(":");
  return { host: address.host, port: address.port, backlog, ipv6Only };
}

/** Node writes EACCES also where the folder of a Unix socket does not exist. */
function listenError(thrown: unknown, unixPath: string | undefined): NetworkError {
  const error = networkError(thrown);
  const isMissing = unixPath !== undefined && error.code === "EACCES" &&
    !existsSync(dirname(unixPath));
  return isMissing ? new NetworkError("ENOENT", errorText("ENOENT")) : error;
}

class NodeListener implements Listener {
  readonly port: number;
  readonly #server: net.Server;
  #closed: Promise<void> | undefined;

  constructor(server: net.Server) {
    const bound = server.address();
    this.port = bound !== null && typeof bound === "object" ? bound.port : 0;
    this.#server = server;
  }

  /** Node's own callback would wait for the open connections; the port itself is free at once. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close();
      setImmediate(resolve);
    });
    return this.#closed;
  }
}

/** What is used of the undocumented handle, which also is an undocumented option of `net.Socket`. */
interface SocketHandle {
  useUserBuffer?: unknown;
  readStart?: unknown;
}
interface SocketWithHandle {
  _handle?: SocketHandle | null;
}
interface ReadInto {
  buffer: Uint8Array;
  callback(length: number, bytes: Uint8Array): boolean;
}

class NodeSocket implements Socket {
  owner: unknown = undefined;
  holdsWrite = false;
  readonly isUnix: boolean;
  isLocal = false;
  remoteAddress = "";
  localAddress = "";

  #socket!: net.Socket;
  readonly #handlers: SocketHandlers;
  readonly #unixPath: string | undefined;
  /** Nothing is received or accepted any more: `end` or `destroy` was called, or the peer ended. */
  #isOver = false;
  #isOpen = false;
  #isDraining = false;
  #isPaused = false;
  /** What arrived although reading was paused: Node may read once more when that comes quickly. */
  #arrivedPaused: Uint8Array[] = [];
  /** A write was accepted in part, so that the core waits for `drained`. */
  #owesDrained = false;
  #error: NetworkError | undefined;

  constructor(handlers: SocketHandlers, unixPath: string | undefined) {
    this.#handlers = handlers;
    this.#unixPath = unixPath;
    this.isUnix = unixPath !== undefined;
  }

  /** Takes an accepted socket, made anew around its handle where that is possible. */
  adopt(accepted: net.Socket): void {
    const holder = accepted as unknown as SocketWithHandle;
    const handle = holder._handle;
    const isAsExpected = typeof handle?.useUserBuffer === "function" &&
      typeof handle.readStart === "function";
    if (!isAsExpected) {
      this.wrap(accepted);
      accepted.on("data", (bytes: Uint8Array) => this.#received(bytes, bytes.length));
      return;
    }
    holder._handle = null;
    const options: object = {
      handle,
      allowHalfOpen: true,
      manualStart: true,
      onread: this.readInto(),
    };
    this.wrap(new net.Socket(options));
    // Without its handle this only tells the server that it has one connection less.
    accepted.destroy();
  }

  /** The option `onread` of a socket that reads for this one. */
  readInto(): ReadInto {
    return {
      buffer: READ_BUFFER,
      callback: (length, bytes) => {
        this.#received(bytes, length);
        return true;
      },
    };
  }

  wrap(socket: net.Socket): void {
    this.#socket = socket;
    socket.on("error", (error) => this.#error ??= networkError(error));
    socket.on("end", () => this.#peerEnded());
    socket.on("close", () => {
      this.#isOver = true;
      this.#handlers.closed(this, this.#error);
    });
  }

  /** The connection is there: tells the core, and starts to read unless it asked for a pause. */
  open(): void {
    if (this.#isOver) return;
    this.#isOpen = true;
    this.#readAddresses();
    this.#handlers.opened(this);
    if (!this.#isPaused) this.#socket.resume();
  }

  write(bytes: Uint8Array, start: number, end: number): number {
    this.holdsWrite = false;
    if (this.#isDraining || this.#isOver || !this.#isOpen) {
      this.#owesDrained = true;
      return 0;
    }
    const socket = this.#socket;
    if (end - start <= WRITE_MAX_BYTES && end > start) {
      const written = writeDirect(socket, bytes, start, end);
      if (written === "queued") this.#startDraining();
      if (written !== "refused") return end - start;
    }
    let position = start;
    while (position < end) {
      const stop = end - position > WRITE_MAX_BYTES ? position + WRITE_MAX_BYTES : end;
      // A Buffer at once, because Node would make one of a plain view anyway.
      socket.write(Buffer.from(bytes.buffer, bytes.byteOffset + position, stop - position));
      position = stop;
      if (socket.writableLength > 0) {
        this.#startDraining();
        break;
      }
    }
    if (position < end) this.#owesDrained = true;
    return position - start;
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#arrivedPaused.length > 0) setImmediate(() => this.#deliverArrived());
    else if (this.#isOpen) this.#socket.resume();
  }

  keepAlive(idleSeconds: number): void {
    this.#socket.setKeepAlive(idleSeconds > 0, idleSeconds * 1000);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // A paused socket would not notice that its peer is gone.
    this.#socket.resume();
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }

  #received(bytes: Uint8Array, length: number): void {
    if (this.#isOver) return;
    if (this.#isPaused || this.#arrivedPaused.length > 0) {
      this.#arrivedPaused.push(bytes.slice(0, length));
      this.#socket.pause();
    } else this.#handlers.received(this, bytes, length);
  }

  #deliverArrived(): void {
    while (this.#arrivedPaused.length > 0) {
      if (this.#isPaused || this.#isOver) return;
      const bytes = this.#arrivedPaused.shift()!;
      this.#handlers.received(this, bytes, bytes.length);
    }
    if (!this.#isPaused && !this.#isOver) this.#socket.resume();
  }

  #startDraining(): void {
    this.holdsWrite = true;
    this.#isDraining = true;
    this.#socket.write(NOTHING, () => {
      this.#isDraining = false;
      if (!this.#owesDrained || this.#isOver || this.#socket.destroyed) return;
      this.#owesDrained = false;
      this.#handlers.drained(this);
    });
  }

  /** The answers to what came before the end go out in this turn's end: closes after that. */
  #peerEnded(): void {
    setImmediate(() => this.end());
  }

  #readAddresses(): void {
    if (this.#unixPath !== undefined) {
      this.isLocal = true;
      this.remoteAddress = this.localAddress = unixAddressText(this.#unixPath);
      return;
    }
    const socket = this.#socket;
    const ip = socket.remoteAddress ?? "";
    this.isLocal = isLoopback(ip);
    this.remoteAddress = addressText(ip, socket.remotePort ?? 0);
    this.localAddress = addressText(socket.localAddress ?? "", socket.localPort ?? 0);
  }
}
