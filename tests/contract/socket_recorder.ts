/** What the network suite looks through: handlers that write down and check, and a known text. */
import assert from "node:assert/strict";
import { NetworkError, type Socket, type SocketHandlers } from "../../src/platform/network.ts";

/** What a connection has been told, and a way to answer. */
export interface Connection {
  readonly socket: Socket;
  readonly received: Uint8Array[];
  receivedBytes: number;
  drained: number;
  closed: number;
  error: NetworkError | undefined;
  onReceived: ((bytes: Uint8Array) => void) | undefined;
  onDrained: (() => void) | undefined;
}

/**
 * Handlers that write down what they are told, and that check the rules for all connections: every
 * connection opens once and closes once, nothing comes before or after, and nothing comes from
 * within a call that the test makes ({@link Recorder.calling}).
 */
export class Recorder implements SocketHandlers {
  readonly connections: Connection[] = [];
  isCalling = false;
  onOpened: ((connection: Connection) => void) | undefined;
  /** Connections that failed before they were open. */
  refused: (NetworkError | undefined)[] = [];

  opened(socket: Socket): void {
    this.#notWithin();
    assert.equal(socket.owner, undefined);
    const connection: Connection = {
      socket,
      received: [],
      receivedBytes: 0,
      drained: 0,
      closed: 0,
      error: undefined,
      onReceived: undefined,
      onDrained: undefined,
    };
    socket.owner = connection;
    this.connections.push(connection);
    this.onOpened?.(connection);
  }

  received(socket: Socket, bytes: Uint8Array, length: number): void {
    this.#notWithin();
    const connection = this.#of(socket);
    assert.ok(length > 0 && length <= bytes.length);
    // A copy, because the bytes are only lent.
    const copy = bytes.slice(0, length);
    connection.received.push(copy);
    connection.receivedBytes += length;
    connection.onReceived?.(copy);
  }

  drained(socket: Socket): void {
    this.#notWithin();
    const connection = this.#of(socket);
    connection.drained++;
    connection.onDrained?.();
  }

  closed(socket: Socket, error?: NetworkError): void {
    this.#notWithin();
    assert.ok(error === undefined || error instanceof NetworkError, String(error));
    if (socket.owner === undefined) {
      this.refused.push(error);
      return;
    }
    const connection = this.#of(socket);
    connection.closed++;
    connection.error = error;
  }

  /** Calls into the network; a handler that is called meanwhile is a mistake. */
  calling<Result>(call: () => Result): Result {
    const before = this.isCalling;
    this.isCalling = true;
    try {
      return call();
    } finally {
      this.isCalling = before;
    }
  }

  #of(socket: Socket): Connection {
    const connection = socket.owner as Connection;
    assert.equal(connection.socket, socket);
    assert.equal(connection.closed, 0, "a call after closed");
    return connection;
  }

  #notWithin(): void {
    assert.equal(this.isCalling, false, "a handler called from within a call of the core's");
  }
}

/** Byte number `index` of the endless text that the tests send. */
function patternByte(index: number): number {
  return (index ^ (index >>> 8) ^ (index >>> 16) * 31) & 0xff;
}

/** `length` bytes of that text from `start` on. */
export function pattern(start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = patternByte(start + index);
  return bytes;
}

/** Fails unless `bytes` is the beginning of that text, `length` bytes of it. */
export function assertPattern(bytes: Uint8Array, length: number): void {
  assert.equal(bytes.length, length);
  for (let index = 0; index < length; index++) {
    if (bytes[index] !== patternByte(index)) assert.fail(`another byte at ${index}`);
  }
}

/** Everything that a connection has received. */
export function joined(connection: Connection): Uint8Array {
  const all = new Uint8Array(connection.receivedBytes);
  let position = 0;
  for (const bytes of connection.received) {
    all.set(bytes, position);
    position += bytes.length;
  }
  return all;
}

/** Text as bytes. */
export const bytesOf = (content: string): Uint8Array => new TextEncoder().encode(content);
/** Bytes as text. */
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
