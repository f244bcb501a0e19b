/**
 * One connection with TLS, around a `tls.TLSSocket`.
 *
 * Writing. The library encrypts, and when the kernel has taken that, a callback says so. Until then
 * the runtime may still read the buffer, and would queue without limit whatever came next. So one
 * write is under way at most; small ones are copied into a pooled buffer (the caller keeps its
 * own), and for large ones `holdsWrite` is true.
 *
 * ```
 *   idle -- write --> sending (write answers 0) -- all written --> idle, drained if owed
 *                        `-- end() or the peer's end --> closes when all is written
 * ```
 */
import { Buffer } from "node:buffer";
import * as net from "node:net";
import type { Duplex } from "node:stream";
import * as tls from "node:tls";
import type { ConnectAddress, Socket, SocketHandlers } from "../../src/platform/network.ts";
import { NetworkError, TlsRefusal } from "../../src/platform/network.ts";
import { addressText, isLoopback } from "./socket_address.ts";
import { networkError } from "./system_errors.ts";
import { clientOptions, tlsErrorText, type TlsLimits } from "./tls_options.ts";

/** Up to this size a write is copied, so that the caller can reuse its buffer. */
const COPY_MAX_BYTES = 16 * 1024;
/** The most bytes that are handed over at once, and so the most that is held of a connection. */
const WRITE_MAX_BYTES = 256 * 1024;
/** The most free copies kept for later: 2 MiB. */
const FREE_COPIES_MAX = 128;

/** Copies of small writes that no write uses at the moment. */
const freeCopies: Buffer[] = [];

/** What carries the bytes that TLS makes, and who is at its ends. */
export interface Carrier {
  readonly stream: Duplex;
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly isLocal: boolean;
  keepAlive(idleSeconds: number): void;
  /** Stops reading, or goes on: there where the runtime would read on below a paused TLS socket. */
  hold?(isHeld: boolean): void;
}

/** A `net.Socket` (or what is made of one) as a carrier. */
export function netCarrier(socket: net.Socket): Carrier {
  const ip = socket.remoteAddress ?? "";
  return {
    stream: socket,
    remoteAddress: addressText(ip, socket.remotePort ?? 0),
    localAddress: addressText(socket.localAddress ?? "", socket.localPort ?? 0),
    isLocal: isLoopback(ip),
    keepAlive: (idleSeconds) => socket.setKeepAlive(idleSeconds > 0, idleSeconds * 1000),
  };
}

/** Opens a connection that TLS goes over; rejects with what the runtime throws. */
export type OpenCarrier = (host: string, port: number) => Promise<Carrier>;

/** Opens a connection with TLS. */
export function connectWithTls(
  address: ConnectAddress & { readonly kind: "tcp" },
  handlers: SocketHandlers,
  limits: TlsLimits,
  openCarrier: OpenCarrier = openSocket,
): Socket {
  const connecting = new TlsSocket(handlers);
  const secure = async (): Promise<void> => {
    const options = clientOptions(address.tls!, limits);
    const carrier = await openCarrier(address.host, address.port);
    carrier.stream.on("error", () => {});
    if (connecting.isOver) {
      carrier.stream.destroy();
      return;
    }
    const socket = tls.connect({ ...options, socket: carrier.stream });
    connecting.wrap(socket);
    socket.once("secureConnect", () => {
      socket.allowHalfOpen = true;
      connecting.open(carrier);
    });
  };
  secure().catch((thrown: unknown) => {
    const isTls = thrown instanceof TlsRefusal;
    connecting.fail(isTls ? new NetworkError("EPROTO", thrown.message) : networkError(thrown));
  });
  return connecting;
}

function openSocket(host: string, port: number): Promise<Carrier> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => resolve(netCarrier(socket)));
  });
}

export class TlsSocket implements Socket {
  owner: unknown = undefined;
  holdsWrite = false;
  readonly isUnix = false;
  isLocal = false;
  remoteAddress = "";
  localAddress = "";

  #socket: tls.TLSSocket | undefined;
  #carrier: Carrier | undefined;
  readonly #handlers: SocketHandlers;
  /** Nothing is received or accepted any more: `end` or `destroy` was called, or the peer ended. */
  #isOver = false;
  #isClosed = false;
  #isOpen = false;
  #isSending = false;
  #isPaused = false;
  /** What arrived although reading was paused. */
  #arrivedPaused: Uint8Array[] = [];
  /** A write was accepted in part, so that the core waits for `drained`. */
  #owesDrained = false;
  #error: NetworkError | undefined;
  /** The buffer of the write under way, where that is a copy. */
  #copy: Buffer | undefined;
  /** One function for all the writes of this connection. */
  readonly #sent: (error?: Error | null) => void = (error) => this.#whenSent(error);

  constructor(handlers: SocketHandlers) {
    this.#handlers = handlers;
  }

  wrap(socket: tls.TLSSocket): void {
    this.#socket = socket;
    socket.on("error", (error) => this.#error ??= socketError(error));
    socket.on("end", () => this.#peerEnded());
    socket.on("close", () => {
      this.#carrier?.stream.destroy();
      this.fail(this.#error);
    });
  }

  /** Nothing is to come of it any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The handshake is done: tells the core, and starts to read unless it asked for a pause. */
  open(carrier: Carrier): void {
    const socket = this.#socket;
    if (this.#isOver || socket === undefined) return;
    this.#isOpen = true;
    this.#carrier = carrier;
    this.isLocal = carrier.isLocal;
    this.remoteAddress = carrier.remoteAddress;
    this.localAddress = carrier.localAddress;
    // What is below may fail without a word to what is above.
    carrier.stream.once("error", (error) => this.#error ??= socketError(error));
    carrier.stream.once("close", () => socket.destroy());
    this.#handlers.opened(this);
    socket.on("data", (bytes: Uint8Array) => this.#received(bytes));
    if (this.#isPaused) this.#hold(true);
  }

  /** It is over; the core is told when whatever it is doing has returned. */
  fail(error: NetworkError | undefined): void {
    if (this.#isClosed) return;
    this.#isOver = true;
    this.#isClosed = true;
    queueMicrotask(() => this.#handlers.closed(this, error));
  }

  write(bytes: Uint8Array, start: number, end: number): number {
    this.holdsWrite = false;
    if (this.#isSending || this.#isOver || !this.#isOpen) {
      this.#owesDrained = true;
      return 0;
    }
    const length = end - start;
    if (length === 0) return 0;
    this.#isSending = true;
    if (length <= COPY_MAX_BYTES) {
      const copy = freeCopies.pop() ?? Buffer.allocUnsafeSlow(COPY_MAX_BYTES);
      copy.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
      this.#copy = copy;
      this.#socket!.write(copy.subarray(0, length), this.#sent);
      return length;
    }
    const accepted = Math.min(length, WRITE_MAX_BYTES);
    if (accepted < length) this.#owesDrained = true;
    this.holdsWrite = true;
    this.#socket!.write(
      Buffer.from(bytes.buffer, bytes.byteOffset + start, accepted),
      this.#sent,
    );
    return accepted;
  }

  pause(): void {
    this.#isPaused = true;
    this.#hold(true);
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#arrivedPaused.length > 0) setImmediate(() => this.#deliverArrived());
    else if (this.#isOpen) this.#hold(false);
  }

  keepAlive(idleSeconds: number): void {
    if (!this.#isClosed) this.#carrier?.keepAlive(idleSeconds);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#arrivedPaused = [];
    // A paused socket would not notice that its peer is gone.
    this.#hold(false);
    if (!this.#isOpen) this.destroy();
    else if (!this.#isSending) this.#finish();
  }

  destroy(): void {
    this.#isOver = true;
    if (this.#socket === undefined) this.fail(undefined);
    else this.#socket.destroy();
  }

  #hold(isHeld: boolean): void {
    this.#carrier?.hold?.(isHeld);
    if (isHeld) this.#socket?.pause();
    else this.#socket?.resume();
  }

  #received(bytes: Uint8Array): void {
    if (this.#isOver) return;
    // A plain view, as on every other connection: the core's parser knows one kind of array.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    if (this.#isPaused || this.#arrivedPaused.length > 0) {
      this.#arrivedPaused.push(plain);
      this.#hold(true);
    } else this.#handlers.received(this, plain, plain.length);
  }

  #deliverArrived(): void {
    while (this.#arrivedPaused.length > 0) {
      if (this.#isPaused || this.#isOver) return;
      const bytes = this.#arrivedPaused.shift()!;
      this.#handlers.received(this, bytes, bytes.length);
    }
    if (!this.#isPaused && !this.#isOver) this.#hold(false);
  }

  #whenSent(error: Error | null | undefined): void {
    this.#isSending = false;
    if (error) {
      this.#error ??= socketError(error);
      this.destroy();
    }
    const copy = this.#copy;
    this.#copy = undefined;
    // After an error the runtime may still hold the buffer.
    if (copy !== undefined && this.#error === undefined && !this.#isClosed) {
      if (freeCopies.length < FREE_COPIES_MAX) freeCopies.push(copy);
    }
    if (this.#isClosed || this.#socket!.destroyed) return;
    if (this.#isOver) this.#finish();
    else if (this.#owesDrained) {
      this.#owesDrained = false;
      this.#handlers.drained(this);
    }
  }

  /** Says goodbye as TLS does, then closes without waiting for the peer to say so too. */
  #finish(): void {
    const socket = this.#socket!;
    socket.end(() => socket.destroy());
  }

  /** The answers to what came before the end go out in this turn's end: closes after that. */
  #peerEnded(): void {
    setImmediate(() => this.end());
  }
}

/** An error of the system, or of the library, whose text says more than its code. */
function socketError(error: Error): NetworkError {
  const code = (error as { code?: unknown }).code;
  const isSystem = typeof code === "string" && /^E[A-Z0-9]+$/.test(code);
  return isSystem ? networkError(error) : new NetworkError("EPROTO", tlsErrorText(error));
}
