/**
 * Cuts a stream of bytes into commands: RESP arrays of bulk strings, and inline commands.
 *
 * Normally a command lies whole in the bytes that arrive and is parsed in place. What is left over
 * at the end moves to a buffer of the parser's own, together with the arguments found so far, so
 * that however small the pieces are in which a command arrives, no byte is looked at twice (but for
 * the line that is incomplete).
 *
 *     *3\r\n  $3\r\nSET\r\n  $1\r\nk\r\n  $1\r\nv\r\n
 *     ^left=3 ^bulkLength=3
 *
 * A protocol error is final: Redis answers it and closes the connection.
 */
import { parseInt64 } from "../base/integer_text.ts";
import { Arguments } from "./arguments.ts";
import type { CommandsAhead } from "./commands_ahead.ts";
import { splitInline } from "./inline_command.ts";

/** Limits that a configuration or the state of a connection sets. */
export interface RequestLimits {
  /** `proto-max-bulk-len`. */
  bulkLengthMax: number;
}

/** What {@link RequestParser.next} found. */
export const PARSED_COMMAND = 1;
export const PARSED_NOTHING = 0;
export const PARSED_ERROR = -1;

const INLINE_BYTES_MAX = 64 * 1024;
const MULTIBULK_MAX = 0x7fffffff;
/** What a client may send before it has authenticated. */
const UNAUTHENTICATED_MULTIBULK_MAX = 10;
const UNAUTHENTICATED_BULK_BYTES_MAX = 16384;
/** Redis's PROTO_IOBUF_LEN: the buffer that a command arriving in pieces starts with. */
const FIRST_BUFFER_BYTES = 16 * 1024;
/** A buffer above this shrinks when little of it is used. */
const KEPT_BUFFER_BYTES_MAX = 32 * 1024;
/** A bulk of this size gets a buffer that fits it at once. */
const BIG_BULK_BYTES = 32 * 1024;
/** Room made for a bulk of which nothing but the length has arrived. */
const BULK_TRUST_BYTES = 1 << 20;

/** Fewer bytes than this are hardly more than one command, which needs no looking ahead. */
const PIPELINE_BYTES_MIN = 100;

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;

const NO_BUFFER = new Uint8Array(0);

export class RequestParser {
  /** The arguments of the command that `next` found. */
  args: Arguments;
  /** The text of the error that `next` met, without `-ERR `. */
  error = "";
  /** While true, stricter limits hold. */
  isUnauthenticated = false;

  readonly #shared: Arguments;
  readonly #limits: RequestLimits;
  readonly #ahead: CommandsAhead;
  /** Made when a command first arrives in pieces. */
  #own: Arguments | null = null;
  /** What the current `next` reads. */
  #bytes: Uint8Array = NO_BUFFER;
  #position = 0;
  #end = 0;
  /** Bytes that arrived but are not used up, in a buffer of the parser's own. */
  #buffer: Uint8Array = NO_BUFFER;
  #isBuffered = false;
  /** The most of the buffer that was used since the last `shrink`. */
  #peakBytes = 0;
  /** Where the command being parsed begins. */
  #commandStart = 0;
  /** Arguments still to come; -1 between commands. */
  #left = -1;
  /** Length of the bulk being read; -1 when its header has not been read. */
  #bulkLength = -1;
  /** Where the search for the end of a line goes on; not beyond the position: nowhere yet. */
  #searchedTo = 0;

  /**
   * @param shared the arguments that all connections use for commands that arrive whole.
   * @param ahead likewise shared: the commands of a pipeline that are found together.
   */
  constructor(shared: Arguments, limits: RequestLimits, ahead: CommandsAhead) {
    this.#ahead = ahead;
    this.#shared = shared;
    this.#limits = limits;
    this.args = shared;
  }

  /** Bytes held and not yet used (CLIENT LIST's qbuf). */
  get bufferedBytes(): number {
    return this.#isBuffered ? this.#end - this.#position : 0;
  }

  /** Bytes that have to be held at once for the argument that arrives, its line end included. */
  get awaitedBytes(): number {
    return this.#left < 0 || this.#bulkLength < 0 ? 0 : this.#bulkLength + 2;
  }

  /** Bytes of the parser's own buffer (CLIENT LIST's qbuf plus qbuf-free). */
  get bufferBytes(): number {
    return this.#buffer.length;
  }

  /** Lends bytes to be parsed by `next`, after what was left over earlier. */
  feed(bytes: Uint8Array, length: number): void {
    this.#ahead.clear();
    if (!this.#isBuffered) {
      this.#bytes = bytes;
      this.#position = 0;
      this.#searchedTo = 0;
      this.#end = length;
      return;
    }
    this.#reserve(length);
    this.#buffer.set(length === bytes.length ? bytes : bytes.subarray(0, length), this.#end);
    this.#end += length;
    if (this.#end > this.#peakBytes) this.#peakBytes = this.#end;
  }

  /** Keeps what has not been used: the bytes lent to `feed` are no longer there after this. */
  retain(): void {
    this.#ahead.clear();
    if (this.#isBuffered) return this.#compact();
    const start = this.#left >= 0 ? this.#commandStart : this.#position;
    const length = this.#end - start;
    if (length === 0 && this.#left < 0) return this.#forget();
    if (this.#left >= 0) {
      this.#own ??= new Arguments();
      this.#own.takeFrom(this.args, -start);
      this.args = this.#own;
    }
    if (this.#buffer.length < length + this.#expectedBytes()) {
      this.#buffer = new Uint8Array(this.#sizeFor(length));
    }
    this.#buffer.set(this.#bytes.subarray(start, this.#end));
    this.#bytes = this.#buffer;
    this.#position -= start;
    this.#searchedTo -= start;
    this.#end = length;
    this.#commandStart = 0;
    this.#isBuffered = true;
  }

  /** Looks for the next command; its arguments are in `args`. */
  next(): number {
    if (this.#left < 0) {
      if (this.#position >= this.#end) return PARSED_NOTHING;
      if (this.#end - this.#position > PIPELINE_BYTES_MIN && !this.isUnauthenticated) {
        const ahead = this.#ahead;
        if (
          ahead.next < ahead.count && ahead.starts[ahead.next] === this.#position &&
          ahead.bytes === this.#bytes
        ) return this.#takeAhead();
        if (ahead.find(this.#bytes, this.#position, this.#end) > 0) return this.#takeAhead();
      }
      this.#commandStart = this.#position;
      if (this.#bytes[this.#position] !== STAR) return this.#inline();
      const status = this.#header();
      if (status !== PARSED_COMMAND) return status;
    }
    return this.#bulks();
  }

  /** Makes the next command that has been found ahead the current one. */
  #takeAhead(): number {
    const ahead = this.#ahead;
    const index = ahead.next++;
    const { argumentStarts, argumentEnds } = ahead;
    const first = ahead.firstArguments[index];
    const count = ahead.firstArguments[index + 1] - first;
    const args = this.#shared;
    this.args = args;
    args.bytes = this.#bytes;
    args.count = 0;
    for (let i = first; i < first + count; i++) args.push(argumentStarts[i], argumentEnds[i]);
    this.#commandStart = this.#position;
    this.#position = ahead.ends[index];
    return PARSED_COMMAND;
  }

  /** The command that `next` found last is to be found again by the next call. */
  rewind(): void {
    this.#ahead.clear();
    this.#position = this.#commandStart;
    this.#left = -1;
    this.#searchedTo = 0;
  }

  /** Reads `*count\r\n`; PARSED_COMMAND says that it was there. */
  #header(): number {
    const bytes = this.#bytes;
    const position = this.#position;
    const digit = bytes[position + 1] - 48;
    // Nearly every count has one digit.
    if (this.#end - position >= 4 && digit > 0 && digit <= 9 && bytes[position + 2] === CR) {
      return this.#begin(digit, position + 4);
    }
    const line = this.#lineEnd();
    if (line < 0) {
      if (this.#end - this.#position > INLINE_BYTES_MAX) {
        return this.#fail("too big mbulk count string");
      }
      return PARSED_NOTHING;
    }
    const count = lengthIn(this.#bytes, this.#position + 1, line);
    if (!(count <= MULTIBULK_MAX)) return this.#fail("invalid multibulk length");
    if (this.isUnauthenticated && count > UNAUTHENTICATED_MULTIBULK_MAX) {
      return this.#fail("unauthenticated multibulk length");
    }
    return this.#begin(count > 0 ? count : 0, line + 2);
  }

  #begin(count: number, position: number): number {
    this.#position = position;
    this.#left = count;
    this.#bulkLength = -1;
    this.args = this.#isBuffered ? this.#own ??= new Arguments() : this.#shared;
    this.args.count = 0;
    return PARSED_COMMAND;
  }

  #bulks(): number {
    const args = this.args;
    const bytes = this.#bytes;
    const end = this.#end;
    while (this.#left > 0) {
      if (this.#bulkLength < 0) {
        const status = this.#bulkHeader();
        if (status !== PARSED_COMMAND) return status;
      }
      const start = this.#position;
      if (end - start < this.#bulkLength + 2) return PARSED_NOTHING;
      args.push(start, start + this.#bulkLength);
      this.#position = start + this.#bulkLength + 2;
      this.#bulkLength = -1;
      this.#left--;
    }
    args.bytes = bytes;
    this.#left = -1;
    return PARSED_COMMAND;
  }

  /** Reads `$length\r\n`. */
  #bulkHeader(): number {
    const bytes = this.#bytes;
    const position = this.#position;
    // Nearly every length has one or two digits.
    if (this.#end - position >= 5 && bytes[position] === DOLLAR) {
      const first = bytes[position + 1] - 48;
      const second = bytes[position + 2] - 48;
      if (first >= 0 && first <= 9) {
        if (second === CR - 48 && bytes[position + 3] === LF) {
          this.#bulkLength = first;
          this.#position = position + 4;
          return PARSED_COMMAND;
        }
        if (
          first > 0 && second >= 0 && second <= 9 && bytes[position + 3] === CR &&
          bytes[position + 4] === LF
        ) {
          this.#bulkLength = first * 10 + second;
          this.#position = position + 5;
          return PARSED_COMMAND;
        }
      }
    }
    return this.#longBulkHeader();
  }

  #longBulkHeader(): number {
    const line = this.#lineEnd();
    if (line < 0) {
      if (this.#end - this.#position > INLINE_BYTES_MAX) {
        return this.#fail("too big bulk count string");
      }
      return PARSED_NOTHING;
    }
    const first = this.#bytes[this.#position];
    if (first !== DOLLAR) {
      // As C prints a character: a byte above 127 goes out as it is.
      return this.#fail(`expected '$', got '${String.fromCharCode(first)}'`);
    }
    const length = lengthIn(this.#bytes, this.#position + 1, line);
    if (!(length >= 0 && length <= this.#limits.bulkLengthMax)) {
      return this.#fail("invalid bulk length");
    }
    if (this.isUnauthenticated && length > UNAUTHENTICATED_BULK_BYTES_MAX) {
      return this.#fail("unauthenticated bulk length");
    }
    this.#position = line + 2;
    this.#bulkLength = length;
    return PARSED_COMMAND;
  }

  #inline(): number {
    const from = this.#position;
    const newline = this.#search(LF, this.#end);
    if (newline < 0) {
      if (this.#end - from > INLINE_BYTES_MAX) return this.#fail("too big inline request");
      return PARSED_NOTHING;
    }
    const end = newline > from && this.#bytes[newline - 1] === CR ? newline - 1 : newline;
    this.#position = newline + 1;
    this.args = this.#shared;
    if (!splitInline(this.#bytes, from, end, this.args)) {
      return this.#fail("unbalanced quotes in request");
    }
    return PARSED_COMMAND;
  }

  /** Where the line that begins at the position ends: the index of its \r, or -1. */
  #lineEnd(): number {
    // The byte after \r is taken for \n, as Redis takes it; until it is there, \r is not found.
    return this.#search(CR, this.#end - 1);
  }

  /** The first such byte from the position on and before `end`, or -1; looks at each byte once. */
  #search(byte: number, end: number): number {
    const bytes = this.#bytes;
    const from = this.#searchedTo > this.#position ? this.#searchedTo : this.#position;
    for (let i = from; i < end; i++) if (bytes[i] === byte) return i;
    if (end > from) this.#searchedTo = end;
    return -1;
  }

  #fail(reason: string): number {
    this.error = `Protocol error: ${reason}`;
    this.#left = -1;
    return PARSED_ERROR;
  }

  /** How many more bytes the current command is known to need. */
  #expectedBytes(): number {
    if (this.#bulkLength < BIG_BULK_BYTES) return 0;
    const there = this.#end - this.#position;
    // A length is quickly said: beyond this, a client gets as much again as it has sent.
    return Math.max(0, Math.min(this.#bulkLength + 2 - there, Math.max(BULK_TRUST_BYTES, there)));
  }

  /** The buffer for so many bytes, and for what is known to come. */
  #sizeFor(length: number): number {
    const expectedBytes = this.#expectedBytes();
    // A long bulk takes what it takes and not a power of two.
    return expectedBytes > 0 ? length + expectedBytes : bufferSize(length);
  }

  #reserve(length: number): void {
    const needed = this.#end + length;
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(this.#sizeFor(needed));
    larger.set(this.#buffer.subarray(0, this.#end));
    this.#buffer = larger;
    this.#bytes = larger;
  }

  /** Moves what is left to the front of the buffer, or lets the buffer go. */
  #compact(): void {
    const start = this.#left >= 0 ? this.#commandStart : this.#position;
    if (start === this.#end && this.#left < 0) return this.#forget();
    if (start === 0) return;
    const length = this.#end - start;
    const wanted = this.#sizeFor(length);
    if (this.#buffer.length > KEPT_BUFFER_BYTES_MAX && wanted <= this.#buffer.length >>> 2) {
      // What is left of something large does not keep its buffer.
      const smaller = new Uint8Array(wanted);
      smaller.set(this.#buffer.subarray(start, this.#end));
      this.#buffer = smaller;
      this.#bytes = smaller;
    } else this.#buffer.copyWithin(0, start, this.#end);
    if (this.#left >= 0 && this.#own !== null) this.#own.shift(-start);
    this.#position -= start;
    this.#searchedTo -= start;
    this.#end -= start;
    this.#commandStart = 0;
  }

  #forget(): void {
    this.#isBuffered = false;
    this.#position = 0;
    this.#end = 0;
    this.#bytes = NO_BUFFER;
    this.#searchedTo = 0;
    this.#own?.shrink();
  }

  /**
   * Gives back what the buffer has not needed since the last call, which comes once a second.
   * @param isSilent nothing has arrived for a while: not even room to spare is kept.
   */
  shrink(isSilent: boolean): void {
    const used = this.#isBuffered ? this.#end : 0;
    // A large bulk that has been announced keeps the room that was made for it.
    const peak = Math.max(this.#peakBytes, used + (this.#isBuffered ? this.#expectedBytes() : 0));
    this.#peakBytes = used;
    const length = this.#buffer.length;
    if (isSilent) {
      if (used === 0) this.#buffer = NO_BUFFER;
      else if (bufferSize(used) < length) this.#moveTo(bufferSize(used));
    } else if (length > KEPT_BUFFER_BYTES_MAX && peak < length >>> 1) {
      this.#moveTo(bufferSize(peak));
    }
  }

  /** Moves what is buffered to a buffer of another size. */
  #moveTo(size: number): void {
    const buffer = new Uint8Array(size);
    if (this.#isBuffered) {
      buffer.set(this.#buffer.subarray(0, this.#end));
      this.#bytes = buffer;
    }
    this.#buffer = buffer;
  }
}

function bufferSize(needed: number): number {
  if (needed <= FIRST_BUFFER_BYTES) return FIRST_BUFFER_BYTES;
  return needed >= 1 << 20 ? needed + (needed >>> 3) : 2 ** Math.ceil(Math.log2(needed));
}

/** The integer in a header line; NaN when it is none. */
function lengthIn(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === 45;
  const from = isNegative ? start + 1 : start;
  if (from === end || end - from > 19) return NaN;
  if (end - from > 15) {
    // Beyond all limits whatever it is, if it is a 64-bit integer.
    if (!parseInt64(bytes, start, end)) return NaN;
    return isNegative ? -Infinity : Infinity;
  }
  if (bytes[from] === 48 && (end - from > 1 || isNegative)) return NaN;
  let value = 0;
  for (let i = from; i < end; i++) {
    const digit = bytes[i] - 48;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}
