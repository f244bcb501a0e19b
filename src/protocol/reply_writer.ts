/**
 * Writes replies, in RESP2 or RESP3 as the connection has chosen, into a buffer that grows.
 *
 * Each connection has one. The buffer itself is borrowed from a pool while there is something in
 * it, so that ten thousand idle connections hold none.
 *
 * What many connections are sent alike stands in one buffer that they share ({@link share}): it is
 * only read. As soon as anything else is to follow, a connection takes a buffer of its own.
 *
 * What a peer does not read piles up. So that it need not be copied again and again, a buffer that
 * has grown long is **sealed** between two commands: it waits as it is, in a list, and writing goes
 * on in another one.
 *
 * What RESP2 lacks is written as Redis writes it: a map as a flat array, a set and a push as an
 * array, a double and a big number as a bulk string, a boolean as 0 or 1, null as `$-1` or `*-1`.
 */
import { writeInteger } from "../base/integer_text.ts";
import { latin1Bytes, utf8Bytes, writeLatin1 } from "../base/ascii.ts";
import { assert } from "../base/assert.ts";
import { formatDouble } from "../base/double_text.ts";

/** The smallest buffer: 1 KiB. */
const FIRST_BITS = 10;
const FIRST_BYTES = 1 << FIRST_BITS;
/** The most that a first buffer is given, and what Redis's connections begin with. */
export const REPLY_CHUNK_BYTES: number = 16 * 1024;
/** Larger buffers are not kept for the next one who needs a buffer: 1 KiB times 2^10. */
const KEPT_ORDER_MAX = 10;
/** All kept buffers together. */
const KEPT_BYTES_MAX = 16 * 1024 * 1024;
/** A buffer of which more than this waits is sealed. */
const SEALED_BYTES_MIN = 128 * 1024;
/** Sent bytes are taken out of a buffer that holds more than this. */
const SENT_BYTES_MAX = 256 * 1024;
/** No reply becomes longer, whatever the limit: a buffer has positions of 31 bits. */
export const REPLY_BYTES_MAX = 0x7fff0000;
/** How long a peak counts (Redis's 5 seconds). */
export const PEAK_RESET_MS = 5000;
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
 * Buffers that nobody writes into at the moment, by size: 1 KiB times a power of two. Long replies
 * in a pipeline need large ones again and again, and fresh memory is slow. It also holds what all
 * connections have in common.
 */
export class BufferPool {
  /** DEBUG REPLYBUFFER: whether first buffers change their size, and when a peak is forgotten. */
  isResizing = true;
  /** In milliseconds; negative for never. */
  peakResetMs: number = PEAK_RESET_MS;
  /** First buffers that became smaller, and larger (INFO's reply_buffer_*). */
  shrinkCount = 0;
  expandCount = 0;

  readonly #free: Uint8Array[][] = Array.from({ length: KEPT_ORDER_MAX + 1 }, () => []);
  #keptBytes = 0;

  /** A buffer of at least so many bytes. */
  take(sizeBytes: number): Uint8Array {
    const order = sizeBytes <= FIRST_BYTES ? 0 : 32 - FIRST_BITS - Math.clz32(sizeBytes - 1);
    // What is not kept need not be a power of two: who grows asks for room to spare.
    if (order > KEPT_ORDER_MAX) return new Uint8Array(sizeBytes);
    const kept = this.#free[order].pop();
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

/** A buffer that waits to be sent and that nothing is written to any more. */
export interface SealedBuffer {
  readonly bytes: Uint8Array;
  /** What waits is `bytes[sent..length)`. */
  sent: number;
  readonly length: number;
  /** What it counts as; it is not to be used again when it is lent. */
  readonly bufferBytes: number;
  isLent: boolean;
}

export class ReplyWriter {
  /** What is written stands in `bytes[0..length)`. */
  bytes: Uint8Array = NO_BUFFER;
  length = 0;
  /** How many of them the peer's socket has taken already. */
  sent = 0;
  /** 2 or 3: RESP2 or RESP3. */
  protocol = 2;
  /**
   * So many bytes may wait. Where more are written they go nowhere, and so does all that follows:
   * the connection is to be closed ({@link isCut}).
   */
  limitBytes: number = REPLY_BYTES_MAX;
  /** The limit was met: what was written is not whole. */
  isCut = false;
  /** The runtime reads what was sent from this buffer still. */
  isHeld = false;
  /**
   * What the first buffer is asked to hold, and the most that it held of late. Redis begins with
   * 16 KiB; here the first long reply makes the next first buffer large.
   */
  firstBytes: number = FIRST_BYTES;
  peakBytes = 0;
  /** Error replies written so far; a change across a command says that it failed. */
  errorCount = 0;
  /** The text of the last error, without the `-`. */
  lastError = "";

  readonly #pool: BufferPool;
  /** So long is the buffer; 0 also where `bytes` are shared, so that nobody writes there. */
  #capacity = 0;
  /** Where writing goes on again and again once the limit was met. */
  #cutAt = 0;
  /** Buffers that wait to be sent before `bytes`, what of them waits, and what they take. */
  #sealed: SealedBuffer[] = [];
  #sealedPendingBytes = 0;
  #sealedBufferBytes = 0;
  #peakResetAtMs = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** What the buffer takes of memory; of a shared one, what waits in it. */
  get bufferBytes(): number {
    const bytes = this.isShared ? this.length - this.sent : this.bytes.length;
    return bytes + this.#sealedBufferBytes;
  }

  /** What waits stands in a buffer that others send from too. */
  get isShared(): boolean {
    return this.#capacity === 0 && this.bytes !== NO_BUFFER;
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
    if (this.isCut) return;
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

  /**
   * Bytes that are something to be sent already, and that nobody changes any more: where nothing
   * else waits they are not copied, nor is what follows them in the same buffer.
   */
  share(bytes: Uint8Array, start: number, end: number): void {
    if (this.bytes === NO_BUFFER) {
      this.bytes = bytes;
      this.sent = start;
      this.length = end;
    } else if (this.bytes === bytes && this.length === start) {
      this.length = end;
    } else this.#append(bytes, start, end);
  }

  /** The connection is to be closed instead of being sent what is written. */
  cutOff(): void {
    if (!this.isCut) this.#cut(this.length);
  }

  /** Makes room for so many more bytes. */
  reserve(length: number): void {
    const needed = this.length + length;
    if (needed > this.#capacity) this.#grow(needed);
  }

  /** Everything written has been taken: the buffer goes back to the pool. */
  release(): void {
    if (this.#capacity > 0) {
      if (this.length > this.peakBytes) this.#notePeak();
      if (!this.isHeld) this.#pool.give(this.bytes);
    }
    this.abandon();
  }

  /** As {@link release}, when somebody else still reads from the buffer. */
  abandon(): void {
    this.bytes = NO_BUFFER;
    this.length = 0;
    this.sent = 0;
    this.isHeld = false;
    this.#capacity = 0;
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
    return this.length - this.sent + this.#sealedPendingBytes;
  }

  /** The buffer that is to be sent first, which is `bytes` unless some are sealed. */
  get firstSealed(): SealedBuffer | null {
    return this.#sealed.length === 0 ? null : this.#sealed[0];
  }

  /** Seals what waits when it is much. Only between commands, and when all turns' marks are done. */
  seal(): void {
    if (this.isCut || this.length - this.sent < SEALED_BYTES_MIN) return;
    const { bytes, sent, length, isShared } = this;
    const bufferBytes = isShared ? length - sent : bytes.length;
    this.#sealed.push({ bytes, sent, length, bufferBytes, isLent: isShared || this.isHeld });
    this.#sealedPendingBytes += length - sent;
    this.#sealedBufferBytes += bufferBytes;
    this.abandon();
  }

  /**
   * So many bytes of the first sealed buffer have been sent.
   * @param isHeld the runtime reads from it still.
   */
  advanceSealed(count: number, isHeld: boolean): void {
    const sealed = this.#sealed[0];
    sealed.sent += count;
    this.#sealedPendingBytes -= count;
    if (isHeld) sealed.isLent = true;
    if (sealed.sent < sealed.length) return;
    this.#sealed.shift();
    this.#sealedBufferBytes -= sealed.bufferBytes;
    if (!sealed.isLent) this.#pool.give(sealed.bytes);
  }

  /** Forgets everything that waits: the connection is gone. */
  drop(): void {
    this.#sealed = [];
    this.#sealedPendingBytes = 0;
    this.#sealedBufferBytes = 0;
    this.abandon();
  }

  /** So many more bytes have been sent. Only between commands: marks do not survive it. */
  advance(count: number): void {
    this.sent += count;
    if (this.sent === this.length) return this.release();
    // What others read from must stay where it is.
    if (this.isHeld || this.#capacity === 0) return;
    if (this.sent > SENT_BYTES_MAX && this.sent > this.length >>> 1) {
      this.bytes.copyWithin(0, this.sent, this.length);
      this.length -= this.sent;
      this.sent = 0;
    }
  }

  /** To be called about once a second: a first buffer that is little used becomes smaller. */
  adapt(nowMs: number): void {
    const pool = this.#pool;
    if (!pool.isResizing) return;
    if (this.firstBytes >= FIRST_BYTES * 2 && this.peakBytes < this.firstBytes >>> 1) {
      this.firstBytes = Math.max(FIRST_BYTES, this.peakBytes + 1);
      pool.shrinkCount++;
    }
    if (pool.peakResetMs >= 0 && nowMs - this.#peakResetAtMs > pool.peakResetMs) {
      this.peakBytes = Math.min(this.pendingBytes, REPLY_CHUNK_BYTES);
      this.#peakResetAtMs = nowMs;
    }
  }

  /** More was written at a time than of late: the next first buffer fits it. */
  #notePeak(): void {
    this.peakBytes = Math.min(this.length, REPLY_CHUNK_BYTES);
    if (this.peakBytes <= this.firstBytes || !this.#pool.isResizing) return;
    this.firstBytes = Math.min(REPLY_CHUNK_BYTES, 2 ** Math.ceil(Math.log2(this.peakBytes)));
    this.#pool.expandCount++;
  }

  #grow(needed: number): void {
    const pendingBytes = needed - this.sent + this.#sealedPendingBytes;
    if (this.isCut || pendingBytes > this.limitBytes) return this.#cut(needed);
    const { bytes, sent } = this;
    const capacity = this.#capacity;
    if (!this.#take(capacity === 0 ? needed : Math.max(needed, bytes.length * 2))) {
      return this.#cut(needed);
    }
    // Marks are positions: what waits stays where it is.
    if (this.length > sent) this.bytes.set(bytes.subarray(sent, this.length), sent);
    if (capacity > 0 && !this.isHeld) this.#pool.give(bytes);
    this.isHeld = false;
  }

  /** Lets what is written from now on overwrite itself, in a buffer that has the room. */
  #cut(needed: number): void {
    const length = needed - this.length;
    if (!this.isCut) {
      this.isCut = true;
      this.limitBytes = 0;
      this.#cutAt = this.#capacity > 0 ? this.length : 0;
    }
    this.length = this.#cutAt;
    this.sent = Math.min(this.sent, this.length);
    if (this.length + length <= this.#capacity) return;
    // A reply too long for any buffer is none that could be cut: a handler would write beyond it.
    assert(this.#take(this.length + length), "a part of a reply finds room");
    this.isHeld = false;
  }

  /** A buffer of at least so many bytes; false where the system has no such one. */
  #take(sizeBytes: number): boolean {
    if (sizeBytes > REPLY_BYTES_MAX) return false;
    try {
      this.bytes = this.#pool.take(Math.max(sizeBytes, this.firstBytes));
    } catch (thrown) {
      if (!(thrown instanceof RangeError)) throw thrown;
      return false;
    }
    this.#capacity = this.bytes.length;
    return true;
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    this.bytes.set(bytes.subarray(start, end), this.length);
    this.length += end - start;
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
