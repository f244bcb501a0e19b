/**
 * Commands out of one file of an append-only file, in the order in which they stand there.
 *
 *     *3 \r\n $3 \r\n SET \r\n $1 \r\n k \r\n $1 \r\n v \r\n      a command
 *     #TS:1700000000 \r\n                                        an annotation
 *
 * The file is read in chunks. What is incomplete at the end of a chunk moves to the front of the
 * next one; a chunk is larger than usual only for a command that is longer. Memory is bounded by the
 * file, never by what a length claims: a length beyond the end of the file is found out before
 * anything is allocated.
 *
 * The usual command is found by CommandsAhead, several at a time, so that the loader can have their
 * keys fetched together. It takes line ends on trust, so they are looked at here. Everything else
 * goes through a parser that also finds the reason where something is wrong.
 *
 * This is stricter than Redis's loader, which takes any two bytes for a line end and text behind
 * numbers: a file is then either read as it was written or refused. But where the first wrong byte and
 * all behind it are zeros the file is truncated, not bad: that is what a power loss leaves of bytes
 * that were appended and had not come to the disk. (Redis refuses such a file.)
 */
import { latin1 } from "../../base/ascii.ts";
import type { File } from "../../platform/file_system.ts";
import { Arguments } from "../../protocol/arguments.ts";
import { CommandsAhead } from "../../protocol/commands_ahead.ts";

/** A command is in `args`. */
export const AOF_COMMAND = 1;
/** A line that begins with `#` is in `annotation`. */
export const AOF_ANNOTATION = 2;
/** A chunk was read: a good moment to let others run. */
export const AOF_PAUSE = 3;
/** The file ends behind something whole. */
export const AOF_END = 0;
/** The file ends inside something; `reason` says in what. */
export const AOF_TRUNCATED = -1;
/** What comes next is neither a command nor an annotation; `reason` says why. */
export const AOF_BAD = -2;

const CHUNK_BYTES = 1 << 20;
/** Zeros at the end of a file are looked through in pieces of this size. */
const ZEROS_BYTES = 1 << 16;
/** Positions are 32-bit integers. */
const COMMAND_BYTES_MAX = 2 ** 31 - 1;
/** Redis reads lines into a buffer of 1024 bytes, a zero byte at the end included. */
const LINE_BYTES_MAX = 1023;
const COUNT_MAX = 2 ** 31 - 1;
const DIGITS_MAX = 15;

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const HASH = 35;
const DOLLAR = 36;
const ASTERISK = 42;
const ZERO = 48;

/** More bytes are needed than the chunk has. */
const INCOMPLETE = -3;

export class AofReader {
  /** The command found; lent until the next call. */
  readonly args: Arguments = new Arguments();
  /** Commands found together with the last one; `isFresh` until somebody has looked at them. */
  readonly ahead: CommandsAhead = new CommandsAhead();
  /** Without `#` and the line's end, as Latin-1. */
  annotation = "";
  /** What is wrong, and where in the file. */
  reason = "";
  reasonAtBytes = 0;

  readonly #file: File;
  readonly #chunkBytes: number;
  #sizeBytes: number;
  /** Where the bytes behind the chunk begin in the file. */
  #positionBytes: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  /** Out of `#number`: where the line after it begins. */
  #after = 0;
  /** How many bytes from `#at` on the parser has to see to get further, and for what. */
  #needBytes = 1;
  #needAt = 0;
  /** The first byte that cannot stand where it does. */
  #wrongAt = 0;

  /**
   * @param startBytes where the commands begin: behind an RDB preamble, or 0.
   * @param chunkBytes how much is read at a time.
   */
  constructor(file: File, startBytes: number, chunkBytes: number = CHUNK_BYTES) {
    this.#file = file;
    this.#sizeBytes = file.sizeBytes();
    this.#positionBytes = Math.min(startBytes, this.#sizeBytes);
    this.#chunkBytes = chunkBytes;
  }

  /** Size of the file. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Where the next unread thing begins: everything before it is whole. */
  get offsetBytes(): number {
    return this.#offsetOf(this.#at);
  }

  /** Finds what comes next: one of the constants above. After an end it stays there. */
  next(): number {
    const ahead = this.ahead;
    if (ahead.next === ahead.count && ahead.find(this.#bytes, this.#at, this.#end) === 0) {
      return this.#nextSlowly();
    }
    const index = ahead.next++;
    if (this.#takeFound(index)) {
      this.#at = ahead.ends[index];
      return AOF_COMMAND;
    }
    ahead.clear();
    return this.#nextSlowly();
  }

  /** Moves a command that was found to `args`; false when a line end of it is not one. */
  #takeFound(index: number): boolean {
    const { starts, firstArguments, argumentStarts, argumentEnds } = this.ahead;
    const bytes = this.#bytes;
    const args = this.args;
    const last = firstArguments[index + 1];
    const digits = starts[index] + 2;
    let isWhole = bytes[bytes[digits] === CARRIAGE_RETURN ? digits + 1 : digits + 2] === LINE_FEED;
    args.count = 0;
    for (let i = firstArguments[index]; i < last; i++) {
      const start = argumentStarts[i];
      const end = argumentEnds[i];
      if (bytes[start - 1] !== LINE_FEED || !this.#isLineEnd(end)) isWhole = false;
      args.push(start, end);
    }
    return isWhole;
  }

  #nextSlowly(): number {
    this.args.shrink();
    const found = this.#parse();
    if (found === AOF_BAD && this.#endsInZeros()) return this.#truncatedByZeros();
    if (found !== INCOMPLETE) return found;
    const pending = this.#end - this.#at;
    const unread = this.#sizeBytes - this.#positionBytes;
    if (pending + unread === 0) return AOF_END;
    if (this.#needBytes > pending + unread) return this.#truncated();
    return this.#fill() ? AOF_PAUSE : AOF_BAD;
  }

  /** Parses one thing at `#at`, and goes behind it where it is whole. */
  #parse(): number {
    if (this.#at === this.#end) return this.#needs(this.#at, this.#at + 1);
    const first = this.#bytes[this.#at];
    if (first === HASH) return this.#parseAnnotation();
    if (first === ASTERISK) return this.#parseCommand();
    return this.#bad(this.#at, `Expected prefix '*', got: ${shown(first)}`, this.#at);
  }

  #parseAnnotation(): number {
    const start = this.#at;
    const limit = Math.min(this.#end, start + LINE_BYTES_MAX);
    const feed = this.#bytes.subarray(start, limit).indexOf(LINE_FEED);
    if (feed < 0) {
      if (limit - start === LINE_BYTES_MAX) {
        const zero = this.#bytes.subarray(start, limit).indexOf(0);
        return this.#bad(start, "Annotation is too long", zero < 0 ? start : start + zero);
      }
      return this.#needs(start, limit + 1);
    }
    const end = start + feed;
    const hasReturn = this.#bytes[end - 1] === CARRIAGE_RETURN;
    this.annotation = latin1(this.#bytes, start + 1, hasReturn ? end - 1 : end);
    this.#at = end + 1;
    return AOF_ANNOTATION;
  }

  #parseCommand(): number {
    const args = this.args;
    args.count = 0;
    const count = this.#number(this.#at);
    if (count < 0) return count;
    if (count === 0 || count > COUNT_MAX) {
      return this.#bad(this.#at, `Expected a number of arguments, got: ${count}`, this.#at);
    }
    let at = this.#after;
    while (args.count < count) {
      if (at === this.#end) return this.#needs(at, at + 1);
      if (this.#bytes[at] !== DOLLAR) {
        return this.#bad(at, `Expected prefix '$', got: ${shown(this.#bytes[at])}`, at);
      }
      const length = this.#number(at);
      if (length < 0) return length;
      const start = this.#after;
      const end = start + length;
      if (end + 2 > this.#end) return this.#needs(start, end + 2);
      if (!this.#isLineEnd(end)) return this.#badLineEnd(start, end);
      args.push(start, end);
      at = end + 2;
    }
    this.#at = at;
    return AOF_COMMAND;
  }

  /**
   * The digits behind a prefix, and the line end behind them: leaves where that ends in `#after`.
   * Returns INCOMPLETE or AOF_BAD where there is no such number.
   */
  #number(line: number): number {
    const bytes = this.#bytes;
    let at = line + 1;
    let value = 0;
    for (; at < this.#end; at++) {
      const digit = bytes[at] - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const digits = at - line - 1;
    if (digits > DIGITS_MAX) return this.#bad(line, "Expected a number, got too many digits", line);
    // Asks for no more than it has to see next: what is wrong must be found wherever a chunk ends.
    if (at === this.#end) return this.#needs(line, at + 1);
    if (digits === 0) return this.#bad(line, `Expected a number, got: ${shown(bytes[at])}`, at);
    if (at + 1 === this.#end) return this.#needs(line, at + 2);
    if (!this.#isLineEnd(at)) return this.#badLineEnd(line, at);
    this.#after = at + 2;
    return value;
  }

  #isLineEnd(at: number): boolean {
    return this.#bytes[at] === CARRIAGE_RETURN && this.#bytes[at + 1] === LINE_FEED;
  }

  /** What stands at `at` is not whole without the bytes up to `end`. */
  #needs(at: number, end: number): number {
    this.#needAt = at;
    this.#needBytes = end - this.#at;
    return INCOMPLETE;
  }

  #truncated(): number {
    const at = this.#needAt;
    const wanted = this.#needBytes - (at - this.#at);
    const there = this.#sizeBytes - this.#offsetOf(at);
    this.#bad(at, `Expected to read ${wanted} bytes, got ${there} bytes`, at);
    return AOF_TRUNCATED;
  }

  #truncatedByZeros(): number {
    const from = this.#offsetOf(this.#wrongAt);
    this.reason += `; nothing but zero bytes from offset ${from} on`;
    return AOF_TRUNCATED;
  }

  /** In what begins at `at`; `wrongAt` is the first byte that cannot be right. */
  #bad(at: number, reason: string, wrongAt: number): number {
    this.reason = reason;
    this.reasonAtBytes = this.#offsetOf(at);
    this.#wrongAt = wrongAt;
    return AOF_BAD;
  }

  /** Whether there are only zeros from the wrong byte to the end of the file. */
  #endsInZeros(): boolean {
    if (!isZeros(this.#bytes.subarray(this.#wrongAt, this.#end))) return false;
    let piece: Uint8Array | undefined;
    for (let at = this.#positionBytes; at < this.#sizeBytes;) {
      piece ??= new Uint8Array(Math.min(ZEROS_BYTES, this.#sizeBytes - at));
      const read = this.#file.readAt(at, piece);
      if (read === 0) break;
      if (!isZeros(piece.subarray(0, read))) return false;
      at += read;
    }
    return true;
  }

  /** In the thing that begins at `begin`. */
  #badLineEnd(begin: number, at: number): number {
    const bytes = this.#bytes;
    const found = hex(bytes[at]) + hex(bytes[at + 1]);
    const wrongAt = bytes[at] === CARRIAGE_RETURN ? at + 1 : at;
    return this.#bad(begin, `Expected \\r\\n, got: ${found}`, wrongAt);
  }

  #offsetOf(at: number): number {
    return this.#positionBytes - (this.#end - at);
  }

  /** Reads on behind what is not used yet; false where no memory can hold it. */
  #fill(): boolean {
    const pending = this.#end - this.#at;
    if (this.#needBytes > COMMAND_BYTES_MAX || !this.#makeRoom(pending)) {
      this.#bad(this.#at, `Command is too long: at least ${this.#needBytes} bytes`, this.#at);
      return false;
    }
    const limit = Math.min(this.#bytes.length, pending + this.#sizeBytes - this.#positionBytes);
    const room = this.#bytes.subarray(0, limit);
    while (this.#end < limit) {
      const read = this.#file.readAt(this.#positionBytes, room.subarray(this.#end));
      if (read === 0) {
        // Somebody has cut the file meanwhile.
        this.#sizeBytes = this.#positionBytes;
        break;
      }
      this.#end += read;
      this.#positionBytes += read;
    }
    return true;
  }

  /**
   * Moves what is pending to the front of a buffer that has room for what is needed. Beyond a chunk
   * it grows by half, so that a command of very many arguments is not parsed anew too often, and
   * what is usual behind a long argument fits too. False where there is no memory.
   */
  #makeRoom(pending: number): boolean {
    const chunkBytes = this.#chunkBytes;
    const need = this.#needBytes;
    const isLong = need > chunkBytes;
    const wanted = isLong ? Math.max(need + chunkBytes, pending + (pending >>> 1)) : chunkBytes;
    const left = pending + this.#sizeBytes - this.#positionBytes;
    const capacity = Math.min(wanted, left, COMMAND_BYTES_MAX);
    const old = this.#bytes;
    if (old.length < capacity || (old.length > chunkBytes && !isLong)) {
      const bytes = allocated(capacity);
      if (bytes === undefined) return false;
      bytes.set(old.subarray(this.#at, this.#end));
      this.#bytes = bytes;
      this.args.bytes = bytes;
    } else old.copyWithin(0, this.#at, this.#end);
    this.#at = 0;
    this.#end = pending;
    return true;
  }
}

function allocated(sizeBytes: number): Uint8Array | undefined {
  try {
    return new Uint8Array(sizeBytes);
  } catch {
    return undefined;
  }
}

function isZeros(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function shown(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `byte ${hex(byte)}`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
