/**
 * Writes replies, in RESP2 or RESP3 as the connection has chosen, into a buffer that grows.
 *
 * Each connection has one. The buffer itself is borrowed from a pool while there is something in
 * it, so that ten thousand idle connections hold none.
 *
 * What RESP2 lacks is written as Redis writes it: a map as a flat array, a set and a push as an
 * array, a double and a big number as a bulk string, a boolean as 0 or 1, null as `$-1` or `*-1`.
 */
import { writeInteger } from "../base/integer_text.ts";
import { latin1Bytes, utf8Bytes, writeLatin1 } from "../base/ascii.ts";
import { formatDouble } from "../base/double_text.ts";

const FIRST_BYTES = 16 * 1024;
const FIRST_BITS = 14;
/** Larger buffers are not kept for the next one who needs a buffer: 16 KiB times 2^6. */
const KEPT_ORDER_MAX = 6;
/** All kept buffers together. */
const KEPT_BYTES_MAX = 16 * 1024 * 1024;
/** Sent bytes are taken out of a buffer that holds more than this. */
const SENT_BYTES_MAX = 256 * 1024;
/** `$` and a length and \r\n, or any other header. */
const HEADER_BYTES = 32;

const CR = 13;
const LF = 10;

const NO_BUFFER = new Uint8Array(0);
const OK = latin1Bytes("+OK\r\n");
const NULL2 = latin1Bytes("$-1\r\n");
const NULL_ARRAY2 = latin1Bytes("*-1\r\n");
const NULL3 = latin1Bytes("_\r\n");

/**
 * Buffers that nobody writes into at the moment, by size: 16 KiB times a power of two. Long replies
 * in a pipeline need large ones again and again, and fresh memory is slow.
 */
export class BufferPool {
  readonly #free: Uint8Array[][] = Array.from({ length: KEPT_ORDER_MAX + 1 }, () => []);
  #keptBytes = 0;

  /** A buffer of at least so many bytes. */
  take(sizeBytes: number): Uint8Array {
    const order = sizeBytes <= FIRST_BYTES ? 0 : 32 - FIRST_BITS - Math.clz32(sizeBytes - 1);
    // Beyond 1 GiB doubling would ask for more than there may be.
    if (order > 30 - FIRST_BITS) return new Uint8Array(sizeBytes);
    const kept = order > KEPT_ORDER_MAX ? undefined : this.#free[order].pop();
    if (kept === undefined) return new Uint8Array(FIRST_BYTES << order);
    this.#keptBytes -= kept.length;
    return kept;
  }

  give(buffer: Uint8Array): void {
    const order = 31 - FIRST_BITS - Math.clz32(buffer.length);
    if (buffer.length !== FIRST_BYTES << order || order > KEPT_ORDER_MAX) return;
    if (this.#keptBytes + buffer.length > KEPT_BYTES_MAX) return;
    this.#keptBytes += buffer.length;
    this.#free[order].push(buffer);
  }
}

export class ReplyWriter {
  /** What is written stands in `bytes[0..length)`. */
  bytes: Uint8Array = NO_BUFFER;
  length = 0;
  /** How many of them the peer's socket has taken already. */
  sent = 0;
  /** 2 or 3: RESP2 or RESP3. */
  protocol = 2;
  /** Error replies written so far; a change across a command says that it failed. */
  errorCount = 0;
  /** The text of the last error, without the `-`. */
  lastError = "";

  readonly #pool: BufferPool;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  ok(): void {
    this.raw(OK);
  }

  /** A line of text: `+PONG`. Latin-1; must not contain \r or \n. */
  simple(text: string): void {
    this.#line(43, text);
  }

  /**
   * An error: its code and text without the `-`. Line breaks in it become spaces.
   */
  error(text: string): void {
    this.errorCount++;
    this.lastError = text;
    const safe = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, " ") : text;
    this.#line(45, safe);
  }

  /** A whole number that a double holds exactly. */
  integer(value: number): void {
    this.#header(58, value);
  }

  /** A 64-bit integer. */
  bigInteger(value: bigint): void {
    this.#line(58, value.toString());
  }

  bulk(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    const length = end - start;
    const at = this.beginBulk(length);
    const target = this.bytes;
    if (length <= 64) { for (let i = 0; i < length; i++) target[at + i] = bytes[start + i]; }
    else target.set(bytes.subarray(start, end), at);
    this.endBulk();
  }

  /** A bulk string of text, in UTF-8. */
  bulkText(text: string): void {
    this.bulk(utf8Bytes(text));
  }

  /** A bulk string that is the decimal text of an integer. */
  bulkInteger(value: number): void {
    this.bulk(latin1Bytes(String(value)));
  }

  /**
   * Writes the header of a bulk string and returns where in `bytes` its content goes, which the
   * caller writes before {@link endBulk}.
   */
  beginBulk(length: number): number {
    this.reserve(length + HEADER_BYTES);
    const bytes = this.bytes;
    let at = this.length;
    bytes[at++] = 36;
    at = length < 10 ? at : writeInteger(bytes, at, length);
    if (length < 10) bytes[at++] = 48 + length;
    bytes[at++] = CR;
    bytes[at++] = LF;
    this.length = at + length;
    return at;
  }

  endBulk(): void {
    this.bytes[this.length++] = CR;
    this.bytes[this.length++] = LF;
  }

  /** Nothing: a missing value. */
  null(): void {
    this.raw(this.protocol === 2 ? NULL2 : NULL3);
  }

  /** Nothing, where an array was expected. */
  nullArray(): void {
    this.raw(this.protocol === 2 ? NULL_ARRAY2 : NULL3);
  }

  /** The header of an array; `count` replies follow. */
  array(count: number): void {
    this.#header(42, count);
  }

  /** The header of a map; `count` pairs of replies follow. */
  map(count: number): void {
    if (this.protocol === 2) this.#header(42, count * 2);
    else this.#header(37, count);
  }

  /** The header of a set. */
  set(count: number): void {
    this.#header(this.protocol === 2 ? 42 : 126, count);
  }

  /** The header of a message that is no reply to a command. */
  push(count: number): void {
    this.#header(this.protocol === 2 ? 42 : 62, count);
  }

  double(value: number): void {
    const text = formatDouble(value);
    if (this.protocol === 2) this.bulkText(text);
    else this.#line(44, text);
  }

  boolean(value: boolean): void {
    if (this.protocol === 2) this.integer(value ? 1 : 0);
    else this.#line(35, value ? "t" : "f");
  }

  /** An integer of any size, as text. */
  bigNumber(text: string): void {
    if (this.protocol === 2) this.bulkText(text);
    else this.#line(40, text);
  }

  /** Text with a format of three letters: `txt` or `mkd`. */
  verbatim(format: string, text: string): void {
    const bytes = utf8Bytes(text);
    if (this.protocol === 2) return this.bulk(bytes);
    this.reserve(bytes.length + HEADER_BYTES * 2);
    this.#header(61, bytes.length + 4);
    this.length = writeLatin1(this.bytes, this.length, `${format}:`);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    this.endBulk();
  }

  /**
   * Begins an array, set or map whose count is known only at the end: returns a mark for
   * {@link endDeferred}.
   */
  beginDeferred(): number {
    return this.length;
  }

  /** Puts the header in front of what was written since the mark. */
  endDeferred(mark: number, kind: "array" | "set" | "map", count: number): void {
    const end = this.length;
    if (kind === "array") this.array(count);
    else if (kind === "set") this.set(count);
    else this.map(count);
    const headerLength = this.length - end;
    this.reserve(headerLength);
    const bytes = this.bytes;
    const header = bytes.slice(end, this.length);
    bytes.copyWithin(mark + headerLength, mark, end);
    bytes.set(header, mark);
  }

  /** Bytes that are a reply already. */
  raw(reply: Uint8Array): void {
    const length = reply.length;
    this.reserve(length);
    const bytes = this.bytes;
    const at = this.length;
    if (length <= 32) { for (let i = 0; i < length; i++) bytes[at + i] = reply[i]; }
    else bytes.set(reply, at);
    this.length = at + length;
  }

  /** Makes room for so many more bytes. */
  reserve(length: number): void {
    const needed = this.length + length;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  /** Everything written has been taken: the buffer goes back to the pool. */
  release(): void {
    if (this.bytes !== NO_BUFFER) this.#pool.give(this.bytes);
    this.bytes = NO_BUFFER;
    this.length = 0;
    this.sent = 0;
  }

  /** As {@link release}, when somebody else still reads from the buffer. */
  abandon(): void {
    this.bytes = NO_BUFFER;
    this.length = 0;
    this.sent = 0;
  }

  /** Takes back what was written since there were so many bytes. */
  truncate(length: number): void {
    this.length = length;
    if (length === this.sent) this.release();
  }

  /** Puts an error in the place of replies that stand at `from..end` and have not been sent. */
  replaceByError(from: number, end: number, text: string): void {
    const rest = this.bytes.slice(end, this.length);
    this.length = from;
    this.error(text);
    this.raw(rest);
  }

  /** Bytes written and not yet sent. */
  get pendingBytes(): number {
    return this.length - this.sent;
  }

  /** So many more bytes have been sent. Only between commands: marks do not survive it. */
  advance(count: number): void {
    this.sent += count;
    if (this.sent === this.length) this.release();
    else if (this.sent > SENT_BYTES_MAX && this.sent > this.length >>> 1) {
      this.bytes.copyWithin(0, this.sent, this.length);
      this.length -= this.sent;
      this.sent = 0;
    }
  }

  #grow(needed: number): void {
    if (this.bytes === NO_BUFFER) {
      this.bytes = this.#pool.take(needed);
      return;
    }
    const larger = this.#pool.take(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.#pool.give(this.bytes);
    this.bytes = larger;
  }

  #header(type: number, value: number): void {
    this.reserve(HEADER_BYTES);
    const bytes = this.bytes;
    let at = this.length;
    bytes[at++] = type;
    if (value >= 0 && value < 10) bytes[at++] = 48 + value;
    else at = writeInteger(bytes, at, value);
    bytes[at++] = CR;
    bytes[at++] = LF;
    this.length = at;
  }

  #line(type: number, text: string): void {
    this.reserve(text.length + 3);
    this.bytes[this.length] = type;
    this.length = writeLatin1(this.bytes, this.length + 1, text);
    this.endBulk();
  }
}
