/**
 * A file read from one end to the other through a small buffer, for formats that are parsed byte by
 * byte (JSON) or line by line (the append-only file).
 *
 *     buffer | consumed            | ahead                        |
 *            0                     at                             end
 */
import { latin1 } from "../base/ascii.ts";
import type { File } from "../platform/file_system.ts";

/** No more than this can be ahead. */
export const BUFFER_BYTES = 1 << 18;
const LINE_FEED = 10;

export class ByteSource {
  /** The buffer: what is ahead stands at `at..end`, until {@link ahead} is called. */
  readonly bytes: Uint8Array = new Uint8Array(BUFFER_BYTES);
  at = 0;
  end = 0;
  readonly sizeBytes: number;

  readonly #file: File;
  /** Where the bytes behind the buffer begin in the file. */
  #positionBytes: number;

  /** Reads from `startBytes` on; the caller closes the file. */
  constructor(file: File, startBytes: number) {
    this.#file = file;
    this.#positionBytes = startBytes;
    this.sizeBytes = file.sizeBytes();
  }

  /** Where `at` stands in the file. */
  get offsetBytes(): number {
    return this.#positionBytes - (this.end - this.at);
  }

  /** The next byte, which stays ahead, or -1 at the end of the file. */
  peek(): number {
    return this.at < this.end || this.ahead(1) > 0 ? this.bytes[this.at] : -1;
  }

  /** Gets so many bytes ahead, at most a buffer; returns how many are there: fewer at the end. */
  ahead(count: number): number {
    if (this.end - this.at >= count) return this.end - this.at;
    const bytes = this.bytes;
    bytes.copyWithin(0, this.at, this.end);
    this.end -= this.at;
    this.at = 0;
    while (this.end < count) {
      const read = this.#file.readAt(this.#positionBytes, bytes.subarray(this.end));
      if (read === 0) break;
      this.end += read;
      this.#positionBytes += read;
    }
    return this.end;
  }

  /** Takes a line with its line feed, or as much of it as may be taken; Latin-1. */
  line(lengthMax: number): string {
    this.ahead(lengthMax);
    const start = this.at;
    const most = Math.min(this.end, start + lengthMax);
    const feed = this.bytes.subarray(start, most).indexOf(LINE_FEED);
    this.at = feed < 0 ? most : start + feed + 1;
    return latin1(this.bytes, start, this.at);
  }

  /** Passes over bytes without reading those that are not in the buffer; returns how many there were. */
  skip(count: number): number {
    const buffered = Math.min(count, this.end - this.at);
    this.at += buffered;
    const beyond = Math.min(count - buffered, Math.max(0, this.sizeBytes - this.offsetBytes));
    this.#positionBytes += beyond;
    return buffered + beyond;
  }
}
