/**
 * Commands as an append-only file holds them, written through an encoder's buffer:
 *
 *     *2 \r\n $6 \r\n SELECT \r\n $1 \r\n 0 \r\n
 */
import { latin1Bytes } from "../../base/ascii.ts";
import { formatDouble } from "../../base/double_text.ts";
import { MAX_INTEGER_TEXT_BYTES, writeInt64, writeInteger } from "../../base/integer_text.ts";
import { ENTRY_KEY_LENGTH_MASK, keyOffset } from "../../heap/entry.ts";
import type { HeapView } from "../../heap/heap_view.ts";
import { finished } from "../entry_writing.ts";
import type { RdbEncoder, RdbRest } from "../rdb/rdb_encoder.ts";
import { PIECE_BYTES } from "../rdb/rdb_encoder.ts";

const ASTERISK = 42;
const DOLLAR = 36;
const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;

/** The beginning of a command: how many arguments it has, its name included, and the name. */
export function commandStart(count: number, name: string): Uint8Array {
  return latin1Bytes(`*${count}\r\n$${name.length}\r\n${name}\r\n`);
}

export class CommandText {
  readonly #encoder: RdbEncoder;
  readonly #digits: Uint8Array = new Uint8Array(MAX_INTEGER_TEXT_BYTES);

  constructor(encoder: RdbEncoder) {
    this.#encoder = encoder;
  }

  /** Begins a command with what {@link commandStart} made. */
  start(bytes: Uint8Array): void {
    this.#encoder.raw(bytes, 0, bytes.length);
  }

  /** Begins a command whose number of arguments, its name included, is known only now. */
  begin(count: number, name: Uint8Array): void {
    const encoder = this.#encoder;
    encoder.reserve(MAX_INTEGER_TEXT_BYTES + 3);
    encoder.bytes[encoder.length] = ASTERISK;
    encoder.length = writeInteger(encoder.bytes, encoder.length + 1, count);
    this.#lineEnd();
    this.bytes(name, 0, name.length);
  }

  /** Bytes as an argument. */
  bytes(source: Uint8Array, start: number, end: number): void {
    this.#length(end - start);
    this.#encoder.raw(source, start, end);
    this.#lineEnd();
  }

  /** A double, a score for example, as an argument. */
  number(value: number): void {
    const text = latin1Bytes(formatDouble(value));
    this.bytes(text, 0, text.length);
  }

  /** The key of an entry as an argument. */
  key(view: HeapView, ref: number): void {
    const word = view.read(ref) >>> 2;
    const flags = view.words[word + 1];
    const rest = this.heapString(view, ref, keyOffset(flags), flags & ENTRY_KEY_LENGTH_MASK);
    // Keys of more than a piece are so rare that they need no pause.
    if (rest !== undefined) finished(rest);
  }

  /** A signed 64-bit integer of two words as an argument. */
  int64(high: number, low: number): void {
    const length = writeInt64(this.#digits, 0, high, low);
    this.#length(length);
    this.#encoder.raw(this.#digits, 0, length);
    this.#lineEnd();
  }

  /**
   * A string that stands in an object of the heap as an argument.
   * @returns undefined when it is written; else it is longer than a piece and this writes the rest.
   */
  heapString(view: HeapView, ref: number, offset: number, length: number): RdbRest | undefined {
    this.#length(length);
    if (length > PIECE_BYTES) return this.#longString(view, ref, offset, length);
    for (const end = offset + length; offset < end; offset += view.spanLength) {
      const at = view.span(ref, offset, end - offset);
      this.#encoder.raw(view.bytes, at, at + view.spanLength);
    }
    this.#lineEnd();
    return undefined;
  }

  *#longString(view: HeapView, ref: number, offset: number, length: number): RdbRest {
    yield* this.#encoder.heapBytes(view, ref, offset, length);
    this.#lineEnd();
  }

  #length(length: number): void {
    const encoder = this.#encoder;
    encoder.reserve(MAX_INTEGER_TEXT_BYTES + 3);
    encoder.bytes[encoder.length] = DOLLAR;
    encoder.length = writeInteger(encoder.bytes, encoder.length + 1, length);
    this.#lineEnd();
  }

  #lineEnd(): void {
    this.#encoder.byte(CARRIAGE_RETURN);
    this.#encoder.byte(LINE_FEED);
  }
}
