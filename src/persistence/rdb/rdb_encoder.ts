/**
 * Writing the parts of an RDB file: bytes, lengths, strings, times, into a buffer that goes to a
 * sink whenever it is full; without a sink it grows (DUMP). The opposite of RdbReader.
 *
 * Strings are encoded as Redis does: as an integer where the text is one of 32 bits, compressed
 * where that is wanted and spares at least four bytes, as they are otherwise.
 *
 * A string of the heap that is longer than a piece is written piece by piece, by a generator. LZF
 * makes that possible: compressed pieces in a row are the compressed whole, for a reference never
 * reaches back before its own piece. Only the compressed bytes, whose count comes first in the
 * file, have to be kept meanwhile.
 */
import { Crc64 } from "../../base/crc64.ts";
import { parseSafeInteger } from "../../base/integer_text.ts";
import { LzfCompressor } from "../../base/lzf.ts";
import type { HeapView } from "../../heap/heap_view.ts";
import {
  COMPRESSION_GAIN_BYTES_MIN,
  ENCODED_INT16,
  ENCODED_INT32,
  ENCODED_INT8,
  ENCODED_LZF,
  INTEGER_TEXT_BYTES_MAX,
  LENGTH_14_BITS,
  LENGTH_32_BITS,
  LENGTH_64_BITS,
  LENGTH_ENCODED,
  UNCOMPRESSED_BYTES_MAX,
} from "./rdb_format.ts";

const BUFFER_BYTES = 1 << 18;
/** Longer strings are taken from the heap in pieces of this size. */
export const PIECE_BYTES = 1 << 16;
/** What LZF may add to bytes that it cannot compress: one for every 32. */
const PIECE_COMPRESSED_BYTES_MAX = PIECE_BYTES + (PIECE_BYTES >>> 5) + 1;
/** A buffer that has grown beyond this is given back. */
const KEPT_BYTES_MAX = 1 << 20;

/** Takes what an encoder has written: all of it, before it returns. */
export type RdbSink = (bytes: Uint8Array) => void;

/** What is left of a value that is written in steps; it yields where it may be interrupted. */
export type RdbRest = Generator<undefined, void, void>;

const doubles = new Float64Array(1);
const doubleWords = new Int32Array(doubles.buffer);

export class RdbEncoder {
  /** `rdbcompression`. */
  compresses = true;
  /** Written and not yet with the sink: the first `length` bytes. */
  bytes: Uint8Array;
  length = 0;

  readonly #sink: RdbSink | null;
  readonly #crc: Crc64 | null;
  readonly #lzf: LzfCompressor = new LzfCompressor();
  #compressed: Uint8Array = new Uint8Array(0);
  #piece: Uint8Array = new Uint8Array(0);
  #sunkBytes = 0;

  /**
   * @param sink where full buffers go; null keeps everything in `bytes`.
   * @param isChecked whether a checksum is kept of what goes to the sink.
   */
  constructor(sink: RdbSink | null, isChecked: boolean) {
    this.#sink = sink;
    this.#crc = isChecked ? new Crc64() : null;
    this.bytes = new Uint8Array(sink === null ? 256 : BUFFER_BYTES);
  }

  /** Everything written so far, in bytes. */
  get offsetBytes(): number {
    return this.#sunkBytes + this.length;
  }

  /** Begins anew, where there is no sink. */
  reset(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES_MAX) this.bytes = new Uint8Array(256);
  }

  /** Hands everything to the sink. */
  flush(): void {
    if (this.#sink === null || this.length === 0) return;
    this.#crc?.update(this.bytes, 0, this.length);
    this.#sink(this.bytes.subarray(0, this.length));
    this.#sunkBytes += this.length;
    this.length = 0;
  }

  /** Makes room for so many bytes, at most half a buffer where there is a sink. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.#makeRoom(count);
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Four bytes, little-endian. */
  int32(value: number): void {
    this.reserve(4);
    const bytes = this.bytes;
    const at = this.length;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    this.length = at + 4;
  }

  /** Eight bytes, little-endian, of two words. */
  int64(high: number, low: number): void {
    this.int32(low);
    this.int32(high);
  }

  /** A double as its eight bytes, little-endian. */
  float64(value: number): void {
    doubles[0] = value;
    this.int64(doubleWords[1], doubleWords[0]);
  }

  /** A length, or a number that is written like one. */
  lengthOf(value: number): void {
    this.reserve(9);
    const bytes = this.bytes;
    if (value < 1 << 6) bytes[this.length++] = value;
    else if (value < 1 << 14) {
      bytes[this.length++] = LENGTH_14_BITS | value >>> 8;
      bytes[this.length++] = value;
    } else if (value < 2 ** 32) {
      bytes[this.length++] = LENGTH_32_BITS;
      this.#bigEndian32(value);
    } else {
      bytes[this.length++] = LENGTH_64_BITS;
      this.#bigEndian32(Math.floor(value / 2 ** 32));
      this.#bigEndian32(value % 2 ** 32);
    }
  }

  /** Bytes as they are. */
  raw(source: Uint8Array, start: number, end: number): void {
    while (end - start > PIECE_BYTES) {
      this.#copy(source, start, PIECE_BYTES);
      start += PIECE_BYTES;
    }
    this.#copy(source, start, end - start);
  }

  /** A string. */
  string(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length <= INTEGER_TEXT_BYTES_MAX) {
      if (this.#integer(source, start, end)) return;
    } else if (length > UNCOMPRESSED_BYTES_MAX && this.compresses) {
      if (this.#compress(source, start, end)) return;
    }
    this.lengthOf(length);
    this.raw(source, start, end);
  }

  /**
   * A string that stands in an object of the heap.
   * @returns undefined when it is written; else it is longer than a piece and this writes it.
   */
  heapString(view: HeapView, ref: number, offset: number, length: number): RdbRest | undefined {
    if (length > PIECE_BYTES) return this.#longString(view, ref, offset, length);
    if (length === 0) {
      // An object may end where its page does: then there is nothing to point at.
      this.byte(0);
      return undefined;
    }
    const at = view.span(ref, offset, length);
    if (view.spanLength === length) this.string(view.bytes, at, at + length);
    else {
      const piece = this.#pieceBuffer();
      view.copyOut(ref, offset, length, piece, 0);
      this.string(piece, 0, length);
    }
    return undefined;
  }

  /** The checksum of everything written, eight bytes: zeros where none is kept. Ends the file. */
  checksum(): void {
    this.flush();
    this.reserve(8);
    const crc = this.#crc;
    if (crc === null) this.bytes.fill(0, this.length, this.length + 8);
    else crc.writeDigest(this.bytes, this.length);
    this.length += 8;
    this.flush();
  }

  /** Bytes of the heap as they are, whatever their count, with pauses. */
  *heapBytes(view: HeapView, ref: number, offset: number, length: number): RdbRest {
    const end = offset + length;
    // Without a sink one allocation of the right size replaces many that double.
    if (this.#sink === null) this.reserve(length);
    while (offset < end) {
      const at = view.span(ref, offset, Math.min(PIECE_BYTES, end - offset));
      const run = view.spanLength;
      this.#copy(view.bytes, at, run);
      offset += run;
      yield;
    }
  }

  *#longString(view: HeapView, ref: number, offset: number, length: number): RdbRest {
    if (this.compresses && (yield* this.#compressLong(view, ref, offset, length))) return;
    this.lengthOf(length);
    yield* this.heapBytes(view, ref, offset, length);
  }

  *#compressLong(
    view: HeapView,
    ref: number,
    offset: number,
    length: number,
  ): Generator<undefined, boolean, void> {
    const pieces: Uint8Array[] = [];
    let compressedLength = 0;
    const piece = this.#pieceBuffer();
    const compressed = this.#compressedBuffer();
    for (let done = 0; done < length;) {
      const run = Math.min(PIECE_BYTES, length - done);
      view.copyOut(ref, offset + done, run, piece, 0);
      const count = this.#lzf.compress(piece, 0, run, compressed, 0, compressed.length);
      compressedLength += count;
      if (compressedLength > length - COMPRESSION_GAIN_BYTES_MIN) return false;
      pieces.push(compressed.slice(0, count));
      done += run;
      yield;
    }
    this.#compressedHeader(compressedLength, length);
    for (const each of pieces) {
      this.raw(each, 0, each.length);
      yield;
    }
    return true;
  }

  #integer(source: Uint8Array, start: number, end: number): boolean {
    const value = parseSafeInteger(source, start, end);
    // NaN is unequal to its int32.
    if ((value | 0) !== value) return false;
    if (value === value << 24 >> 24) {
      this.reserve(2);
      this.bytes[this.length++] = LENGTH_ENCODED | ENCODED_INT8;
      this.bytes[this.length++] = value;
    } else if (value === value << 16 >> 16) {
      this.reserve(3);
      this.bytes[this.length++] = LENGTH_ENCODED | ENCODED_INT16;
      this.bytes[this.length++] = value;
      this.bytes[this.length++] = value >> 8;
    } else {
      this.byte(LENGTH_ENCODED | ENCODED_INT32);
      this.int32(value);
    }
    return true;
  }

  /** False where the string does not get short enough, or is too long to be tried in one go. */
  #compress(source: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (length > PIECE_BYTES) return false;
    const compressed = this.#compressedBuffer();
    const limit = length - COMPRESSION_GAIN_BYTES_MIN;
    const count = this.#lzf.compress(source, start, end, compressed, 0, limit);
    if (count === 0) return false;
    this.#compressedHeader(count, length);
    this.raw(compressed, 0, count);
    return true;
  }

  #compressedHeader(compressedLength: number, length: number): void {
    this.byte(LENGTH_ENCODED | ENCODED_LZF);
    this.lengthOf(compressedLength);
    this.lengthOf(length);
  }

  #bigEndian32(value: number): void {
    const bytes = this.bytes;
    bytes[this.length++] = value >>> 24;
    bytes[this.length++] = value >>> 16;
    bytes[this.length++] = value >>> 8;
    bytes[this.length++] = value;
  }

  #copy(source: Uint8Array, start: number, length: number): void {
    this.reserve(length);
    const bytes = this.bytes;
    const at = this.length;
    this.length = at + length;
    if (length > 64) {
      bytes.set(source.subarray(start, start + length), at);
      return;
    }
    for (let i = 0; i < length; i++) bytes[at + i] = source[start + i];
  }

  #makeRoom(count: number): void {
    if (this.#sink !== null) return this.flush();
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count + 64));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  #pieceBuffer(): Uint8Array {
    if (this.#piece.length === 0) this.#piece = new Uint8Array(PIECE_BYTES);
    return this.#piece;
  }

  #compressedBuffer(): Uint8Array {
    if (this.#compressed.length === 0) {
      this.#compressed = new Uint8Array(PIECE_COMPRESSED_BYTES_MAX);
    }
    return this.#compressed;
  }
}
