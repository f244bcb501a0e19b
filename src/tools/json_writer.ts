/**
 * Writing JSON from bytes, through a buffer to a sink. A string of bytes is text where it is UTF-8,
 * else an object that holds it in base64:
 *
 *     "text"            {"base64": "AP+A"}
 */
import { latin1Bytes, writeLatin1 } from "../base/ascii.ts";
import { isUtf8, writeBase64 } from "./json_text.ts";

const BUFFER_BYTES = 1 << 16;
/** No escape is longer: `\u001f`. */
const ESCAPE_BYTES_MAX = 6;

const ESCAPES: readonly (Uint8Array | undefined)[] = escapes();

/** The escape of each byte that cannot stand in a string. */
function escapes(): (Uint8Array | undefined)[] {
  const table: (Uint8Array | undefined)[] = new Array(256).fill(undefined);
  for (let byte = 0; byte < 0x20; byte++) {
    table[byte] = latin1Bytes(`\\u00${byte.toString(16).padStart(2, "0")}`);
  }
  const short: Record<string, string> = { '"': '"', "\\": "\\", b: "\b", f: "\f" };
  Object.assign(short, { n: "\n", r: "\r", t: "\t" });
  for (const [letter, character] of Object.entries(short)) {
    table[character.charCodeAt(0)] = latin1Bytes(`\\${letter}`);
  }
  return table;
}

export class JsonWriter {
  readonly #sink: (bytes: Uint8Array) => void;
  readonly #buffer: Uint8Array = new Uint8Array(BUFFER_BYTES);
  #length = 0;

  /** @param sink takes all that it is given before it returns. */
  constructor(sink: (bytes: Uint8Array) => void) {
    this.#sink = sink;
  }

  /** JSON as it is: short, and ASCII. */
  raw(text: string): void {
    this.#reserve(text.length);
    this.#length = writeLatin1(this.#buffer, this.#length, text);
  }

  /** A string of bytes. */
  string(bytes: Uint8Array, start: number, end: number): void {
    if (isUtf8(bytes, start, end)) this.#text(bytes, start, end);
    else this.#base64(bytes, start, end);
  }

  /** Hands everything to the sink. */
  flush(): void {
    this.#sink(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }

  #text(bytes: Uint8Array, start: number, end: number): void {
    this.raw('"');
    for (let at = start; at < end; at++) {
      this.#reserve(ESCAPE_BYTES_MAX);
      const escape = ESCAPES[bytes[at]];
      if (escape === undefined) this.#buffer[this.#length++] = bytes[at];
      else {
        this.#buffer.set(escape, this.#length);
        this.#length += escape.length;
      }
    }
    this.raw('"');
  }

  #base64(bytes: Uint8Array, start: number, end: number): void {
    this.raw('{"base64": "');
    for (let at = start; at < end; at += 3) {
      this.#reserve(4);
      writeBase64(bytes, at, end, this.#buffer, this.#length);
      this.#length += 4;
    }
    this.raw('"}');
  }

  #reserve(count: number): void {
    if (this.#length + count > BUFFER_BYTES) this.flush();
  }
}
