/**
 * What is to be appended to the append-only file: commands in the form of requests, until they are
 * written.
 *
 *     *2\r\n $6\r\nSELECT\r\n $1\r\n3\r\n      before the first command, and where the database changes
 *     *3\r\n $3\r\nSET\r\n $1\r\nk\r\n $1\r\nv\r\n
 *     #TS:1700000000\r\n                        with `aof-timestamp-enabled`, where the second changes
 *
 * Several commands that belong together stand between MULTI and EXEC.
 */
import { latin1Bytes } from "../../base/ascii.ts";
import { writeInteger } from "../../base/integer_text.ts";
import type { Arguments } from "../../protocol/arguments.ts";

const FIRST_BYTES = 16 * 1024;
/** A buffer that has grown beyond this is given back. */
const KEPT_BYTES_MAX = 1 << 20;
/** `$`, a length, and two line ends. */
const PART_OVERHEAD_BYTES = 1 + 10 + 4;
const COPIED_BY_HAND_BYTES_MAX = 48;
const NO_DATABASE = -1;

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;

const SELECT = latin1Bytes("SELECT");
const MULTI = latin1Bytes("*1\r\n$5\r\nMULTI\r\n");
const EXEC = latin1Bytes("*1\r\n$4\r\nEXEC\r\n");

export class AofBuffer {
  /** What waits stands in `bytes[0..length)`. */
  bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  length = 0;

  #databaseIndex = NO_DATABASE;
  #timestampSeconds = 0;

  /** A command, as ranges of a buffer. */
  original(databaseIndex: number, args: Arguments): void {
    if (databaseIndex !== this.#databaseIndex) this.#select(databaseIndex);
    const { bytes, starts, ends, count } = args;
    let total = PART_OVERHEAD_BYTES;
    for (let i = 0; i < count; i++) total += ends[i] - starts[i] + PART_OVERHEAD_BYTES;
    this.#reserve(total);
    this.#header(STAR, count);
    for (let i = 0; i < count; i++) this.#part(bytes, starts[i], ends[i]);
  }

  /** A command by its arguments. */
  command(databaseIndex: number, parts: readonly Uint8Array[]): void {
    if (databaseIndex !== this.#databaseIndex) this.#select(databaseIndex);
    this.#parts(parts);
  }

  begin(): void {
    this.#raw(MULTI);
  }

  end(): void {
    this.#raw(EXEC);
  }

  /** Says when what follows happened, where that has not been said of this second. */
  timestamp(seconds: number): void {
    if (seconds <= this.#timestampSeconds) return;
    this.#timestampSeconds = seconds;
    this.#raw(latin1Bytes(`#TS:${seconds}\r\n`));
  }

  /** Another file begins: it says for itself which database its commands mean. */
  beginFile(): void {
    this.#databaseIndex = NO_DATABASE;
    this.#timestampSeconds = 0;
  }

  /** The first bytes are where they belong. */
  consume(count: number): void {
    if (count < this.length) this.bytes.copyWithin(0, count, this.length);
    this.length -= count;
    if (this.length === 0 && this.bytes.length > KEPT_BYTES_MAX) {
      this.bytes = new Uint8Array(FIRST_BYTES);
    }
  }

  #select(databaseIndex: number): void {
    this.#databaseIndex = databaseIndex;
    this.#parts([SELECT, latin1Bytes(String(databaseIndex))]);
  }

  #parts(parts: readonly Uint8Array[]): void {
    let total = PART_OVERHEAD_BYTES;
    for (const part of parts) total += part.length + PART_OVERHEAD_BYTES;
    this.#reserve(total);
    this.#header(STAR, parts.length);
    for (const part of parts) this.#part(part, 0, part.length);
  }

  #raw(source: Uint8Array): void {
    this.#reserve(source.length);
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  #header(mark: number, count: number): void {
    const bytes = this.bytes;
    let at = this.length;
    bytes[at++] = mark;
    if (count < 10) bytes[at++] = 48 + count;
    else at = writeInteger(bytes, at, count);
    bytes[at] = CR;
    bytes[at + 1] = LF;
    this.length = at + 2;
  }

  #part(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#header(DOLLAR, length);
    const bytes = this.bytes;
    const at = this.length;
    if (length > COPIED_BY_HAND_BYTES_MAX) bytes.set(source.subarray(start, end), at);
    else for (let i = 0; i < length; i++) bytes[at + i] = source[start + i];
    bytes[at + length] = CR;
    bytes[at + length + 1] = LF;
    this.length = at + length + 2;
  }

  #reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}
