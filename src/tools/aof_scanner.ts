/**
 * Walking through one file of an append-only file as redis-check-aof does: it counts lines, keeps
 * transactions together and says of an error where it stands, as `0x`, 16 places of hexadecimal, and
 * what was expected. Arguments are passed over unread: memory is a small buffer.
 *
 * What is valid here is what AofReader reads, the server's own parser: so numbers are digits and
 * nothing else, a command has an argument at least, and an annotation has an end. redis-check-aof
 * lets those pass, and then its server does not start with the file.
 */
import { equalsIgnoringCase, latin1Bytes } from "../base/ascii.ts";
import type { File } from "../platform/file_system.ts";
import { ByteSource } from "./byte_source.ts";

export const COMMAND = 1;
/** A line that begins with `#`, in `annotation`. */
export const ANNOTATION = 2;
/** The file ends here, whole or not. */
export const END = 0;
/** A command that breaks off or is wrong. */
export const BROKEN = -1;
/** Something that is neither a command nor an annotation. */
export const MISPLACED = -2;

/** As many bytes as redis-check-aof reads of a line. */
const NUMBER_LINE_BYTES_MAX = 127;
const ANNOTATION_BYTES_MAX = 1023;
/** Longer numbers are no longer exact. */
const DIGITS_MAX = 15;

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const HASH = 0x23;
const DOLLAR = 0x24;
const ASTERISK = 0x2a;
const MINUS = 0x2d;
const ZERO = 0x30;
const MULTI = latin1Bytes("multi");
const EXEC = latin1Bytes("exec");

export class AofScanner {
  readonly sizeBytes: number;
  /** The next line's number. */
  line: number;
  annotation = "";
  /** Where the last thing begins. */
  thingAt: number;
  /** Everything before is whole, transactions included. */
  wholeBytes: number;
  /** What is wrong, or "". */
  error = "";

  readonly #source: ByteSource;
  readonly #path: string;
  #isInTransaction = false;
  /** Where the part that is being read begins. */
  #partAt = 0;
  #number = 0;

  /** @param path of the file, for what is said of its transactions. */
  constructor(file: File, startBytes: number, path: string, line: number) {
    this.#source = new ByteSource(file, startBytes);
    this.#path = path;
    this.line = line;
    this.sizeBytes = this.#source.sizeBytes;
    this.thingAt = startBytes;
    this.wholeBytes = startBytes;
  }

  get offsetBytes(): number {
    return this.#source.offsetBytes;
  }

  /** Goes behind the next thing: one of the constants above. */
  next(): number {
    const first = this.#source.peek();
    this.thingAt = this.offsetBytes;
    if (!this.#isInTransaction) this.wholeBytes = this.thingAt;
    const found = first < 0
      ? END
      : first === HASH
      ? this.#readAnnotation()
      : first === ASTERISK
      ? this.#readCommand()
      : MISPLACED;
    const isAtEnd = this.#source.peek() < 0;
    if (found <= END && isAtEnd && this.#isInTransaction && this.error === "") {
      this.#fail("Reached EOF before reading EXEC for MULTI");
    }
    return found;
  }

  #readAnnotation(): number {
    this.#partAt = this.offsetBytes;
    this.annotation = this.#source.line(ANNOTATION_BYTES_MAX);
    if (this.annotation.endsWith("\n")) return ANNOTATION;
    return this.#fail("Expected the end of an annotation");
  }

  #readCommand(): number {
    if (!this.#readNumber(ASTERISK)) return BROKEN;
    const count = this.#number;
    if (count < 1 || count >= 2 ** 31) {
      return this.#fail(
        `Expected to read command of ${count} arguments, which is not in the suitable range`,
      );
    }
    for (let index = 0; index < count; index++) {
      if (!this.#readNumber(DOLLAR)) return BROKEN;
      const problem = this.#readArgument(this.#number, index === 0);
      if (problem !== "") return this.#fail(problem);
    }
    return COMMAND;
  }

  /** Returns what is wrong, or "". */
  #readArgument(length: number, isName: boolean): string {
    if (length < 0) {
      return `Expected to read string of ${length} bytes, which is not in the suitable range`;
    }
    const source = this.#source;
    this.#partAt = this.offsetBytes;
    const isMulti = isName && this.#isNext(MULTI, length);
    const isExec = isName && this.#isNext(EXEC, length);
    const left = this.sizeBytes - this.#partAt;
    if (left < length + 2) return `Expected to read ${length + 2} bytes, got ${left} bytes`;
    source.skip(length);
    const problem = this.#takeLineEnd();
    if (problem !== "") return problem;
    if (isMulti && this.#isInTransaction) return `Unexpected MULTI in AOF ${this.#path}`;
    if (isExec && !this.#isInTransaction) return `Unexpected EXEC in AOF ${this.#path}`;
    this.#isInTransaction = (this.#isInTransaction || isMulti) && !isExec;
    return "";
  }

  #isNext(word: Uint8Array, length: number): boolean {
    if (length !== word.length || this.#source.ahead(length) < length) return false;
    const { bytes, at } = this.#source;
    return equalsIgnoringCase(bytes, at, at + length, word);
  }

  /** Reads a line with a number behind a prefix; false where there is none, or the file ends. */
  #readNumber(prefix: number): boolean {
    const source = this.#source;
    this.#partAt = this.offsetBytes;
    const limit = source.ahead(NUMBER_LINE_BYTES_MAX);
    if (limit === 0) return false;
    const { bytes, at } = source;
    if (bytes[at] !== prefix) {
      const [wanted, found] = [prefix, bytes[at]].map((byte) => String.fromCharCode(byte));
      this.#fail(`Expected prefix '${wanted}', got: '${found}'`);
      return false;
    }
    const isNegative = limit > 1 && bytes[at + 1] === MINUS;
    const start = at + (isNegative ? 2 : 1);
    const end = Math.min(source.end, start + DIGITS_MAX);
    let value = 0;
    let digitAt = start;
    for (; digitAt < end; digitAt++) {
      const digit = bytes[digitAt] - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const isNumber = digitAt > start;
    // A sign without digits is no number either.
    source.at = isNumber ? digitAt : at + 1;
    this.#number = isNegative ? -value : value;
    let problem = this.#takeLineEnd();
    if (problem === "" && !isNumber) problem = "Expected a number, got none";
    if (problem !== "") this.#fail(problem);
    return problem === "";
  }

  /** Takes a line's end; returns what is wrong with it, or "". */
  #takeLineEnd(): string {
    const source = this.#source;
    source.ahead(2);
    const { bytes, at, end } = source;
    const first = at < end ? bytes[at] : 0;
    const second = at + 1 < end ? bytes[at + 1] : 0;
    if (first !== CARRIAGE_RETURN || second !== LINE_FEED) {
      return `Expected \\r\\n, got: ${hex(first)}${hex(second)}`;
    }
    source.at += 2;
    this.line++;
    return "";
  }

  #fail(reason: string): number {
    this.error = `0x${this.#partAt.toString(16).padStart(16)}: ${reason}`;
    return BROKEN;
  }
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
