/**
 * A network in memory: listeners, and connections that are two pipes, one for each direction.
 *
 * ```
 *   MemorySocket --write--> Pipe (at most bufferBytes) --> received ... MemorySocket or MemoryClient
 *                <-- received -- Pipe <--write--
 * ```
 *
 * A pipe stands for what the kernels of both sides hold. When it is full, `write` takes less, and
 * `drained` follows when the reader has made room. Nothing is delivered from within a call of the
 * core's: deliveries wait for a timer of 0 ms, so `clock.advance(0)` makes them happen, in the order
 * in which they came about. Reads are cut into pieces of `receiveMaxBytes`, so that a test can split
 * a request at every byte; the bytes lent to `received` are overwritten when it has returned, so
 * that keeping them shows.
 */
import type { Clock } from "../../src/platform/clock.ts";
import { errorText } from "../../src/platform/file_system.ts";
import {
  type ConnectAddress,
  type ListenAddress,
  type Listener,
  type Network,
  NetworkError,
  type Socket,
  type SocketHandlers,
  TlsRefusal,
} from "../../src/platform/network.ts";

const FIRST_FREE_PORT = 49152;
const LAST_PORT = 65535;
/** What lent bytes are overwritten with. */
const SPOILED = 0xdb;

/** One end of a connection, as the network sees it. */
interface End {
  readonly incoming: Pipe;
  readonly outgoing: Pipe;
  /** Bytes or an end have come in, or room has been made: does what there is to do about it. */
  deliver(): void;
  isWaiting: boolean;
}

/** One direction of a connection. */
class Pipe {
  writer: End | undefined;
  reader: End | undefined;
  readonly #capacityBytes: number;
  #pieces: Uint8Array[] = [];
  #firstStart = 0;
  #heldBytes = 0;
  /** The writer will write no more. */
  isEnded = false;
  /** What is in it is lost: the writer was destroyed. */
  isReset = false;
  /** Nobody reads any more: what is written is thrown away. */
  isUnread = false;

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Copies what fits; returns how much that is. */
  write(bytes: Uint8Array, start: number, end: number): number {
    if (this.isUnread) return end - start;
    const accepted = Math.min(end - start, this.#capacityBytes - this.#heldBytes);
    if (accepted > 0) {
      this.#pieces.push(bytes.slice(start, start + accepted));
      this.#heldBytes += accepted;
    }
    return accepted;
  }

  /** Takes up to `maxBytes` from its front, in one piece; an empty array where there is nothing. */
  read(maxBytes: number): Uint8Array {
    const taken = new Uint8Array(Math.min(maxBytes, this.#heldBytes));
    let length = 0;
    while (length < taken.length) {
      const piece = this.#pieces[0]!;
      const part = piece.subarray(this.#firstStart, this.#firstStart + taken.length - length);
      taken.set(part, length);
      length += part.length;
      this.#firstStart += part.length;
      if (this.#firstStart === piece.length) {
        this.#pieces.shift();
        this.#firstStart = 0;
      }
    }
    this.#heldBytes -= length;
    return taken;
  }

  clear(): void {
    this.#pieces = [];
    this.#firstStart = 0;
    this.#heldBytes = 0;
  }
}

/** Options of {@link MemoryNetwork}. */
export interface MemoryNetworkOptions {
  /** What one direction of a connection holds until it is read. */
  readonly bufferBytes?: number;
  /** The most bytes that `received` is given at once. */
  readonly receiveMaxBytes?: number;
}

const BUFFER_BYTES = 64 * 1024;
const RECEIVE_MAX_BYTES = 16 * 1024;

/** A {@link Network} that nobody outside can reach. */
export class MemoryNetwork implements Network {
  /** What one direction of a connection made from now on holds until it is read. */
  bufferBytes: number;
  /** The most bytes that `received` is given at once. */
  receiveMaxBytes: number;

  readonly #clock: Clock;
  readonly #listeners = new Map<string, MemoryListener>();
  #lastPort = FIRST_FREE_PORT - 1;
  #waiting: End[] = [];
  #isPlanned = false;

  constructor(clock: Clock, options: MemoryNetworkOptions = {}) {
    this.#clock = clock;
    this.bufferBytes = options.bufferBytes ?? BUFFER_BYTES;
    this.receiveMaxBytes = options.receiveMaxBytes ?? RECEIVE_MAX_BYTES;
  }

  listen(address: ListenAddress, handlers: SocketHandlers): Promise<Listener> {
    // In the executor, so that what is thrown becomes a rejection.
    return new Promise((resolve) => resolve(this.#listenAt(address, handlers)));
  }

  checkTls(): void {
    throw new TlsRefusal("other", "there is no TLS in memory");
  }

  #listenAt(address: ListenAddress, handlers: SocketHandlers): Listener {
    if (address.kind === "tcp" && address.tls !== undefined) this.checkTls();
    let port = 0;
    if (address.kind === "tcp") {
      port = address.port === 0 ? this.#freePort(address.host) : address.port;
    }
    const key = keyOf(address, port);
    if (address.kind === "tcp" && this.#listeners.has(key)) throw networkError("EADDRINUSE");
    const listener = new MemoryListener(port, handlers, () => {
      if (this.#listeners.get(key) === listener) this.#listeners.delete(key);
    });
    // A Unix socket takes the place of one that was there, as its file would.
    this.#listeners.set(key, listener);
    return listener;
  }

  connect(address: ConnectAddress, handlers: SocketHandlers): Socket {
    const [near, far] = this.#pipes();
    const names = this.#names(address);
    const socket = new MemorySocket(this, handlers, near, far, names);
    const listener = this.#find(address);
    this.#clock.schedule(0, () => {
      if (listener === undefined || listener.isClosed) socket.close(networkError("ECONNREFUSED"));
      else {
        this.#accept(listener, names, far, near);
        socket.open();
      }
    });
    return socket;
  }

  /** Opens a connection from a test; throws a {@link NetworkError} where nobody listens. */
  client(address: ConnectAddress): MemoryClient {
    const listener = this.#find(address);
    if (listener === undefined) throw networkError("ECONNREFUSED");
    const [near, far] = this.#pipes();
    const client = new MemoryClient(this, near, far);
    this.#clock.schedule(0, () => {
      if (listener.isClosed) client.refuse();
      else this.#accept(listener, this.#names(address), far, near);
    });
    return client;
  }

  /** Makes `end` look at its pipes, later. For this module only. */
  wake(end: End | undefined): void {
    if (end === undefined || end.isWaiting) return;
    end.isWaiting = true;
    this.#waiting.push(end);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#clock.schedule(0, () => this.#deliver());
  }

  /** Runs `callback` after the current turn has ended. For this module only. */
  later(callback: () => void): void {
    this.#clock.schedule(0, callback);
  }

  #accept(listener: MemoryListener, names: SocketNames, incoming: Pipe, outgoing: Pipe): void {
    // What is local to the one who connects is remote here.
    const { local, remote, isUnix } = names;
    const turned = { local: remote, remote: local, isUnix };
    new MemorySocket(this, listener.handlers, incoming, outgoing, turned).open();
  }

  #deliver(): void {
    this.#isPlanned = false;
    const ends = this.#waiting;
    this.#waiting = [];
    for (const end of ends) {
      end.isWaiting = false;
      end.deliver();
    }
  }

  #pipes(): [Pipe, Pipe] {
    return [new Pipe(this.bufferBytes), new Pipe(this.bufferBytes)];
  }

  #find(address: ConnectAddress): MemoryListener | undefined {
    if (address.kind === "unix") return this.#listeners.get(keyOf(address, 0));
    const host = address.host.includes(":") ? "::" : "0.0.0.0";
    return this.#listeners.get(keyOf(address, address.port)) ??
      this.#listeners.get(keyOf({ ...address, host }, address.port));
  }

  #names(address: ConnectAddress): SocketNames {
    if (address.kind === "unix") {
      const name = `${address.path}:0`;
      return { local: name, remote: name, isUnix: true };
    }
    const local = `${address.host}:${this.#nextPort()}`;
    return { local, remote: `${address.host}:${address.port}`, isUnix: false };
  }

  #freePort(host: string): number {
    let port = this.#nextPort();
    while (this.#listeners.has(keyOf({ kind: "tcp", host, port }, port))) port = this.#nextPort();
    return port;
  }

  #nextPort(): number {
    this.#lastPort = this.#lastPort === LAST_PORT ? FIRST_FREE_PORT : this.#lastPort + 1;
    return this.#lastPort;
  }
}

class MemoryListener implements Listener {
  readonly port: number;
  readonly handlers: SocketHandlers;
  isClosed = false;
  readonly #forget: () => void;

  constructor(port: number, handlers: SocketHandlers, forget: () => void) {
    this.port = port;
    this.handlers = handlers;
    this.#forget = forget;
  }

  close(): Promise<void> {
    this.isClosed = true;
    this.#forget();
    return Promise.resolve();
  }
}

interface SocketNames {
  readonly local: string;
  readonly remote: string;
  readonly isUnix: boolean;
}

/** The core's end of a connection. */
class MemorySocket implements Socket, End {
  owner: unknown = undefined;
  readonly holdsWrite = false;
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly isLocal: boolean;
  readonly isUnix: boolean;
  readonly incoming: Pipe;
  readonly outgoing: Pipe;
  isWaiting = false;

  readonly #network: MemoryNetwork;
  readonly #handlers: SocketHandlers;
  #isOpen = false;
  #isOver = false;
  #isClosed = false;
  #isPaused = false;
  #owesDrained = false;
  #sawEnd = false;

  constructor(
    network: MemoryNetwork,
    handlers: SocketHandlers,
    incoming: Pipe,
    outgoing: Pipe,
    names: SocketNames,
  ) {
    this.#network = network;
    this.#handlers = handlers;
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.remoteAddress = names.remote;
    this.localAddress = names.local;
    this.isUnix = names.isUnix;
    this.isLocal = names.isUnix || names.remote.startsWith("127.") ||
      names.remote.startsWith("::1:");
    incoming.reader = this;
    outgoing.writer = this;
  }

  /** The connection is there. */
  open(): void {
    if (this.#isClosed) return;
    this.#isOpen = true;
    this.#handlers.opened(this);
    this.#network.wake(this);
  }

  write(bytes: Uint8Array, start: number, end: number): number {
    if (this.#isOver || !this.#isOpen) {
      this.#owesDrained = true;
      return 0;
    }
    const accepted = this.outgoing.write(bytes, start, end);
    if (accepted < end - start) this.#owesDrained = true;
    if (accepted > 0) this.#network.wake(this.outgoing.reader);
    return accepted;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#network.wake(this);
  }

  keepAlive(): void {
    // The peer cannot vanish without a word here.
  }

  end(): void {
    if (this.#isOver) return;
    this.outgoing.isEnded = true;
    this.close(undefined);
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.outgoing.isReset = true;
    this.close(undefined);
  }

  /** The connection is over; the core is told later. */
  close(error: NetworkError | undefined): void {
    this.#isOver = true;
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.incoming.isUnread = true;
    this.incoming.clear();
    this.#network.wake(this.outgoing.reader);
    this.#network.later(() => this.#handlers.closed(this, error));
  }

  deliver(): void {
    if (!this.#isOpen || this.#isClosed) return;
    if (this.incoming.isReset) {
      this.close(networkError("ECONNRESET"));
      return;
    }
    if (this.#owesDrained && !this.#isOver && this.outgoing.heldBytes === 0) {
      this.#owesDrained = false;
      this.#handlers.drained(this);
    }
    if (this.#isPaused || this.#isOver) return;
    const bytes = this.incoming.read(this.#network.receiveMaxBytes);
    if (bytes.length > 0) {
      this.#network.wake(this.incoming.writer);
      this.#handlers.received(this, bytes, bytes.length);
      bytes.fill(SPOILED);
      this.#network.wake(this);
    } else if (this.incoming.isEnded && !this.#sawEnd) {
      this.#sawEnd = true;
      // The answers to what came before go out at this turn's end: closes after that.
      this.#network.later(() => this.end());
    }
  }
}

/** A test's end of a connection: sends what it likes, and collects what comes. */
export class MemoryClient implements End {
  readonly incoming: Pipe;
  readonly outgoing: Pipe;
  isWaiting = false;

  readonly #network: MemoryNetwork;
  #unsent: Uint8Array[] = [];
  #received: Uint8Array[] = [];
  #receivedBytes = 0;
  #readLimitBytes = Infinity;
  #isEnding = false;
  #isEnded = false;
  #isDestroyed = false;
  #wasReset = false;

  constructor(network: MemoryNetwork, incoming: Pipe, outgoing: Pipe) {
    this.#network = network;
    this.incoming = incoming;
    this.outgoing = outgoing;
    incoming.reader = this;
    outgoing.writer = this;
  }

  /** Bytes that have come in so far and that {@link take} has not taken. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** The server has closed the connection, and all that it sent before is here. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The server has cut the connection off, or there never was one. */
  get wasReset(): boolean {
    return this.#wasReset;
  }

  /** Does not read when it holds so many bytes: 0 is a peer that does not read at all. */
  set readLimitBytes(limit: number) {
    this.#readLimitBytes = limit;
    this.#network.wake(this);
  }

  /** Sends bytes, or text as UTF-8. What the connection does not take now goes later. */
  send(data: Uint8Array | string): void {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data.slice();
    this.#unsent.push(bytes);
    this.#network.wake(this);
  }

  /** Everything that has come in since the last call. */
  take(): Uint8Array {
    const all = new Uint8Array(this.#receivedBytes);
    let position = 0;
    for (const piece of this.#received) {
      all.set(piece, position);
      position += piece.length;
    }
    this.#received = [];
    this.#receivedBytes = 0;
    this.#network.wake(this);
    return all;
  }

  /** The same as text. */
  takeText(): string {
    return new TextDecoder().decode(this.take());
  }

  /** Sends no more, but goes on reading. */
  end(): void {
    this.#isEnding = true;
    this.#network.wake(this);
  }

  /** Cuts the connection off; what is on its way is lost. */
  destroy(): void {
    this.#isDestroyed = true;
    this.#unsent = [];
    this.outgoing.isReset = true;
    this.incoming.isUnread = true;
    this.incoming.clear();
    this.#network.wake(this.outgoing.reader);
  }

  /** Nobody listens any more. For this module only. */
  refuse(): void {
    this.#wasReset = true;
  }

  deliver(): void {
    if (this.#isDestroyed) return;
    this.#sendUnsent();
    if (this.incoming.isReset) {
      this.#wasReset = true;
      return;
    }
    const bytes = this.incoming.read(this.#readLimitBytes - this.#receivedBytes);
    if (bytes.length > 0) {
      this.#received.push(bytes);
      this.#receivedBytes += bytes.length;
      this.#network.wake(this.incoming.writer);
    }
    if (this.incoming.isEnded && this.incoming.heldBytes === 0) this.#isEnded = true;
  }

  #sendUnsent(): void {
    let sent = 0;
    while (this.#unsent.length > 0) {
      const piece = this.#unsent[0]!;
      const accepted = this.outgoing.write(piece, 0, piece.length);
      sent += accepted;
      if (accepted < piece.length) {
        this.#unsent[0] = piece.subarray(accepted);
        break;
      }
      this.#unsent.shift();
    }
    if (this.#isEnding && this.#unsent.length === 0 && !this.outgoing.isEnded) {
      this.outgoing.isEnded = true;
      sent++;
    }
    if (sent > 0) this.#network.wake(this.outgoing.reader);
  }
}

function keyOf(address: ConnectAddress | ListenAddress, port: number): string {
  return address.kind === "unix" ? `unix ${address.path}` : `tcp ${address.host} ${port}`;
}

function networkError(code: string): NetworkError {
  return new NetworkError(code, errorText(code));
}
