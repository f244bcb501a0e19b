/**
 * Reading JSON from a file, piece by piece, with memory bounded by the longest string: a parser for
 * those who know what has to come next. It takes any JSON of that shape, whatever its white space,
 * escapes and spelling of numbers, and says of everything else where it stands and what was expected.
 *
 * Columns are counted in bytes, from 1.
 */
import { latin1, utf8Bytes } from "../base/ascii.ts";
import type { File } from "../platform/file_system.ts";
import { ByteSource } from "./byte_source.ts";
import { decodeBase64, isUtf8 } from "./json_text.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;
const LETTER_U = 0x75;
const STRING_BYTES_MAX = 2 ** 31 - 1;
/** A longer buffer for strings is given back. */
const KEPT_BYTES_MAX = 1 << 20;
/** Longer than any number that means something here. */
const NUMBER_BYTES_MAX = 64;

/** What the character after a backslash stands for. */
const UNESCAPED: Readonly<Record<string, number>> = {
  '"': QUOTE,
  "\\": BACKSLASH,
  "/": 0x2f,
  b: 0x08,
  f: 0x0c,
  n: NEWLINE,
  r: 0x0d,
  t: 0x09,
};

/** JSON that is not what was expected. */
export class JsonError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "JsonError";
  }
}

export class JsonReader {
  /** The string that was last read: the first `length` bytes. */
  bytes: Uint8Array = new Uint8Array(256);
  length = 0;

  readonly #source: ByteSource;
  #line = 1;
  /** Where the line begins in the file. */
  #lineStart = 0;

  /** Reads a file from its beginning; the caller closes it. */
  constructor(file: File) {
    this.#source = new ByteSource(file, 0);
  }

  get offsetBytes(): number {
    return this.#source.offsetBytes;
  }

  get sizeBytes(): number {
    return this.#source.sizeBytes;
  }

  /** Throws the error for what stands at `offsetBytes` of this line. */
  fail(reason: string, offsetBytes: number = this.offsetBytes): never {
    const column = offsetBytes - this.#lineStart + 1;
    throw new JsonError(`line ${this.#line}, column ${column}: ${reason}`);
  }

  /** Where the next thing begins, for {@link fail}. */
  place(): number {
    this.#skipSpace();
    return this.offsetBytes;
  }

  /** Takes a punctuation mark if it comes next. */
  take(mark: string): boolean {
    if (this.#skipSpace() !== mark.charCodeAt(0)) return false;
    this.#source.at++;
    return true;
  }

  /** Takes a punctuation mark that has to come next. */
  expect(mark: string): void {
    if (!this.take(mark)) this.#unexpected(`'${mark}'`);
  }

  /** Nothing but white space may be left. */
  expectEnd(): void {
    if (this.#skipSpace() !== -1) this.#unexpected("the end of the file");
  }

  /** The name of a member, with the colon. */
  readName(): string {
    const name = this.readText("the name of a member");
    this.expect(":");
    return name;
  }

  /** A short text of ASCII. */
  readText(what: string): string {
    this.#readString(what);
    return latin1(this.bytes, 0, this.length);
  }

  /** A string of bytes, as text or in base64, into `bytes` and `length`. */
  readString(): void {
    if (!this.take("{")) return this.#readString("a string, or an object with base64");
    const place = this.place();
    if (this.readName() !== "base64") this.fail('expected the member "base64"', place);
    const start = this.place();
    this.#readString("a string of base64");
    this.length = decodeBase64(this.bytes, this.length);
    if (this.length < 0) this.fail("expected base64, with its padding", start);
    this.expect("}");
  }

  /** An integer between two others. */
  readInteger(least: bigint, most: bigint): bigint {
    const what = `an integer between ${least} and ${most}`;
    const start = this.place();
    const text = this.#numberText();
    if (text === "") this.#unexpected(what);
    const value = integerOf(text);
    if (value === undefined || value < least || value > most) {
      this.fail(`expected ${what}, found ${text}`, start);
    }
    return value;
  }

  #numberText(): string {
    const source = this.#source;
    let text = "";
    while (text.length < NUMBER_BYTES_MAX) {
      const character = String.fromCharCode(source.peek());
      if (!/[-+.0-9eE]/.test(character)) break;
      text += character;
      source.at++;
    }
    return text;
  }

  #readString(what: string): void {
    if (this.bytes.length > KEPT_BYTES_MAX) this.bytes = new Uint8Array(256);
    this.length = 0;
    if (this.#skipSpace() !== QUOTE) this.#unexpected(what);
    const source = this.#source;
    const start = this.offsetBytes;
    source.at++;
    for (;;) {
      const byte = source.peek();
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) this.#readEscape();
      else if (byte < 0x20) this.#unexpected("the rest of a string");
      else this.#readPlain();
    }
    source.at++;
    if (!isUtf8(this.bytes, 0, this.length)) this.fail("expected a string of UTF-8", start);
  }

  /** What stands for itself, as far as the buffer goes. */
  #readPlain(): void {
    const { bytes, at, end } = this.#source;
    let stop = at;
    while (stop < end && bytes[stop] >= 0x20 && bytes[stop] !== QUOTE) {
      if (bytes[stop] === BACKSLASH) break;
      stop++;
    }
    this.#reserve(stop - at);
    this.bytes.set(bytes.subarray(at, stop), this.length);
    this.length += stop - at;
    this.#source.at = stop;
  }

  #readEscape(): void {
    const source = this.#source;
    const start = this.offsetBytes;
    source.at++;
    const letter = source.peek();
    source.at++;
    if (letter !== LETTER_U) {
      const byte = UNESCAPED[String.fromCharCode(letter)];
      if (byte === undefined) this.fail("expected an escape of JSON", start);
      this.#reserve(1);
      this.bytes[this.length++] = byte;
      return;
    }
    let text = String.fromCharCode(this.#hexUnit(start));
    if (/[\ud800-\udbff]/.test(text) && this.#takesEscape()) {
      text += String.fromCharCode(this.#hexUnit(start));
    }
    // In this mode a pair is one character, and only what has no partner is in the range.
    if (/[\ud800-\udfff]/u.test(text)) {
      this.fail("expected a pair of surrogates", start);
    }
    const encoded = utf8Bytes(text);
    this.#reserve(encoded.length);
    this.bytes.set(encoded, this.length);
    this.length += encoded.length;
  }

  /** Takes the `\u` of a second unit. */
  #takesEscape(): boolean {
    const source = this.#source;
    const isThere = source.ahead(2) >= 2 && source.bytes[source.at] === BACKSLASH &&
      source.bytes[source.at + 1] === LETTER_U;
    if (isThere) source.at += 2;
    return isThere;
  }

  /** The four digits of an escape that began at `start`. */
  #hexUnit(start: number): number {
    const source = this.#source;
    const count = Math.min(4, source.ahead(4));
    const digits = latin1(source.bytes, source.at, source.at + count);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.fail("expected an escape of JSON", start);
    source.at += 4;
    return Number.parseInt(digits, 16);
  }

  /** Passes over white space; returns the byte after it, which stays ahead, or -1. */
  #skipSpace(): number {
    const source = this.#source;
    for (;;) {
      const byte = source.peek();
      if (byte !== 0x20 && byte !== NEWLINE && byte !== 0x0d && byte !== 0x09) return byte;
      source.at++;
      if (byte !== NEWLINE) continue;
      this.#line++;
      this.#lineStart = source.offsetBytes;
    }
  }

  #unexpected(what: string): never {
    const byte = this.#source.peek();
    const found = byte < 0
      ? "the end of the file"
      : byte > 0x20 && byte < 0x7f
      ? `'${String.fromCharCode(byte)}'`
      : `byte 0x${byte.toString(16).padStart(2, "0")}`;
    return this.fail(`expected ${what}, found ${found}`);
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    if (needed > STRING_BYTES_MAX) this.fail("string longer than 2 GiB");
    const larger = new Uint8Array(Math.min(Math.max(needed, 2 * this.length), STRING_BYTES_MAX));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

/** The integer that a number of JSON is, or undefined. */
function integerOf(text: string): bigint | undefined {
  if (/^-?(?:0|[1-9]\d*)$/.test(text)) return BigInt(text);
  if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? BigInt(value) : undefined;
}
