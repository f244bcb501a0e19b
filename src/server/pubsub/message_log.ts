/**
 * Where messages are encoded, once for however many connections get them: behind one another in a
 * buffer that is written to but never over.
 *
 *     | message | message | message | free ...
 *                         ^ start   ^ end       the last one
 *
 * A connection with nothing else to send takes the range itself as its output
 * (`ReplyWriter.share`), and the next message behind it as well, so that a thousand subscribers of
 * one channel hold one copy of a pipeline of messages. When the buffer is full another one is begun;
 * the collector takes the old one when nobody sends from it any more.
 */
import { integerTextLength, writeInteger } from "../../base/integer_text.ts";

const BUFFER_BYTES = 16 * 1024;
/** Longer parts are copied by `set`, which costs as much as a loop over so many bytes. */
const LOOP_BYTES_MAX = 64;

const CR = 13;
const LF = 10;
const DOLLAR = 36;

export class MessageLog {
  bytes: Uint8Array = new Uint8Array(0);
  /** The last message. */
  start = 0;
  end = 0;

  /** Begins a message that will be at most so long. */
  begin(lengthBytes: number): void {
    if (this.end + lengthBytes > this.bytes.length) {
      this.bytes = new Uint8Array(Math.max(BUFFER_BYTES, lengthBytes));
      this.end = 0;
    }
    this.start = this.end;
  }

  /** The header of something with so many elements, or a number: a type and its decimal text. */
  header(type: number, value: number): void {
    const bytes = this.bytes;
    let at = this.end;
    bytes[at++] = type;
    at = writeInteger(bytes, at, value);
    bytes[at++] = CR;
    bytes[at++] = LF;
    this.end = at;
  }

  /** A bulk string. */
  bulk(content: Uint8Array, start: number, end: number): void {
    this.header(DOLLAR, end - start);
    this.raw(content, start, end);
    this.bytes[this.end++] = CR;
    this.bytes[this.end++] = LF;
  }

  /** Bytes as they are. */
  raw(content: Uint8Array, start: number, end: number): void {
    const bytes = this.bytes;
    const at = this.end;
    const length = end - start;
    if (length <= LOOP_BYTES_MAX) {
      for (let i = 0; i < length; i++) bytes[at + i] = content[start + i];
    } else bytes.set(content.subarray(start, end), at);
    this.end = at + length;
  }
}

/** What a bulk string of so many bytes takes. */
export function bulkBytes(lengthBytes: number): number {
  return 1 + integerTextLength(lengthBytes) + 2 + lengthBytes + 2;
}
