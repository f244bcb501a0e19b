/**
 * Reading the parts of an RDB file: bytes, lengths, strings, times. Nothing here knows of keys and
 * values as the keyspace has them; the loader and the value types put the parts together.
 *
 * A file is read in chunks and parsed in place:
 *
 *     chunk  | consumed            | held key | ahead              |
 *            0                                at                   end
 *
 * When what is ahead does not suffice, the consumed bytes enter the checksum, the rest moves to the
 * front and the chunk is filled up. A string that was read is therefore valid only until the next
 * part is read; the key of an entry is needed while its value is read, so it is *held*: saved from
 * a chunk that moves.
 *
 * A payload in memory (RESTORE) is a chunk that is never refilled.
 *
 * Memory is bounded by the input, never by what a length claims: a length beyond the end of the
 * file is refused before anything is allocated, and a compressed string is allocated only after its
 * tokens have been added up.
 */
import { Crc64 } from "../../base/crc64.ts";
import { writeInteger } from "../../base/integer_text.ts";
import { lzfDecompress } from "../../base/lzf.ts";
import type { File } from "../../platform/file_system.ts";
import {
  ENCODED_INT16,
  ENCODED_INT32,
  ENCODED_INT8,
  ENCODED_LZF,
  LENGTH_32_BITS,
  LENGTH_64_BITS,
  RdbError,
  VALUE_BYTES_MAX,
} from "./rdb_format.ts";

const CHUNK_BYTES = 1 << 20;
/** Strings up to this length are handed out whole from the chunk or the scratch. */
const WHOLE_BYTES_MAX = 1 << 18;

const doubles = new Float64Array(1);
const doubleWords = new Int32Array(doubles.buffer);

export class RdbReader {
  /** The chunk; parsing stands at `at`, and there is nothing from `end` on. */
  bytes: Uint8Array;
  at: number;
  end: number;
  /** How often the chunk has been filled: a change is a good moment to pause. */
  fillCount = 0;

  /** Where the last string stands, until the next part is read. */
  stringBytes: Uint8Array;
  stringStart = 0;
  stringEnd = 0;
  /** Values come from a stranger: elements that are there twice are looked for, too. */
  isSanitizing = false;
  /** The length of a string that was left in the file by {@link readString}. */
  longLength = 0;

  /** The key held by {@link holdKey} or {@link setKey}. */
  keyBytes: Uint8Array;
  keyStart = 0;
  keyEnd = 0;

  readonly #file: File | null;
  /** Where the bytes behind the chunk begin in the file. */
  #positionBytes: number;
  #sizeBytes: number;
  #crc: Crc64 | null;
  /** Consumed bytes from here on have not entered the checksum. */
  #crcFrom = 0;
  #scratch: Uint8Array = new Uint8Array(64);
  #keyScratch: Uint8Array = new Uint8Array(0);

  private constructor(
    file: File | null,
    bytes: Uint8Array,
    start: number,
    end: number,
    sizeBytes: number,
    crc: Crc64 | null,
  ) {
    this.#file = file;
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.stringBytes = bytes;
    this.keyBytes = bytes;
    this.#crc = crc;
    this.#sizeBytes = sizeBytes;
    // Of a payload, what precedes it in the array does not count as part of the file.
    this.#positionBytes = end - start;
  }

  /** Reads a file from its beginning; the caller closes it. */
  static ofFile(file: File, isChecked: boolean): RdbReader {
    const sizeBytes = file.sizeBytes();
    const chunk = new Uint8Array(Math.max(64, Math.min(CHUNK_BYTES, sizeBytes)));
    return new RdbReader(file, chunk, 0, 0, sizeBytes, isChecked ? new Crc64() : null);
  }

  /** Reads a payload in memory, which must stay as it is meanwhile. */
  static ofBytes(bytes: Uint8Array, start: number, end: number): RdbReader {
    return new RdbReader(null, bytes, start, end, end - start, null);
  }

  /** How far parsing has come, in bytes from the beginning. */
  get offsetBytes(): number {
    return this.#positionBytes - (this.end - this.at);
  }

  /** Size of the whole, in bytes. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Throws the error for what is wrong at this place. */
  fail(reason: string, where: string, offsetBytes: number = this.offsetBytes): never {
    throw new RdbError(reason, offsetBytes, where);
  }

  /** Makes sure that so many bytes, at most the chunk's, are ahead. */
  need(count: number): void {
    if (count > this.end - this.at) this.#fill(count);
  }

  readByte(): number {
    if (this.at === this.end) this.#fill(1);
    return this.bytes[this.at++];
  }

  /** Four bytes, little-endian, signed. */
  readInt32(): number {
    this.need(4);
    const bytes = this.bytes;
    const at = this.at;
    this.at = at + 4;
    return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
  }

  /** Eight bytes, little-endian, signed, to a double's precision. */
  readInt64(): number {
    this.need(8);
    const low = this.readInt32() >>> 0;
    return this.readInt32() * 2 ** 32 + low;
  }

  /** A double of eight bytes, little-endian. */
  readFloat64(): number {
    this.need(8);
    doubleWords[0] = this.readInt32();
    doubleWords[1] = this.readInt32();
    return doubles[0];
  }

  /** A length that must be one. Beyond 2^53 it is only near, and too large for any use. */
  readLength(): number {
    const length = this.#readLengthOrEncoding();
    if (length < 0) this.fail(`Unknown length encoding ${-1 - length}`, "readLength");
    return length;
  }

  /**
   * Reads a string. True: it stands at `stringStart..stringEnd` of `stringBytes`. False: it has
   * `longLength` bytes, which are to be taken by {@link readPiece} or {@link readLong}; that many
   * are in the file.
   */
  readString(): boolean {
    const length = this.#readLengthOrEncoding();
    if (length < 0) {
      this.#readEncoded(-1 - length);
      return true;
    }
    if (length > this.end - this.at) {
      this.#requireAhead(length);
      if (length > WHOLE_BYTES_MAX) {
        this.longLength = length;
        return false;
      }
      this.#fill(length);
    }
    this.#take(length);
    return true;
  }

  /** As {@link readString}, but whole whatever its length. */
  readWholeString(): void {
    if (!this.readString()) this.readLong(this.longLength);
  }

  /** The next bytes of a long string, at least 1 and at most `lengthMax`: in `string...`. */
  readPiece(lengthMax: number): void {
    if (this.at === this.end) this.#fill(1);
    this.#take(Math.min(lengthMax, this.end - this.at));
  }

  /** The next `length` bytes, which are known to be there, in an array of their own. */
  readLong(length: number): void {
    const whole = this.#allocated(length);
    for (let filled = 0; filled < length;) {
      this.readPiece(length - filled);
      whole.set(this.bytes.subarray(this.stringStart, this.stringEnd), filled);
      filled += this.stringEnd - this.stringStart;
    }
    this.stringBytes = whole;
    this.stringStart = 0;
    this.stringEnd = length;
  }

  /** Passes over a string. */
  skipString(): void {
    if (this.readString()) return;
    for (let left = this.longLength; left > 0; left -= this.stringEnd - this.stringStart) {
      this.readPiece(left);
    }
  }

  /** Holds the string that was just read as the key, while other parts are read. */
  holdKey(): void {
    this.keyBytes = this.stringBytes;
    this.keyStart = this.stringStart;
    this.keyEnd = this.stringEnd;
    if (this.keyBytes === this.#scratch) this.#saveKey();
  }

  /** Holds a key that stands elsewhere. */
  setKey(bytes: Uint8Array, start: number, end: number): void {
    this.keyBytes = bytes;
    this.keyStart = start;
    this.keyEnd = end;
  }

  /** Everything that the checksum covers has been read: returns it, or null where none is kept. */
  finishChecksum(): Crc64 | null {
    const crc = this.#crc;
    crc?.update(this.bytes, this.#crcFrom, this.at);
    this.#crc = null;
    return crc;
  }

  /** A length, or -1 - encoding. */
  #readLengthOrEncoding(): number {
    const first = this.readByte();
    if (first < 0x40) return first;
    if (first < 0x80) return (first & 0x3f) << 8 | this.readByte();
    if (first >= 0xc0) return -1 - (first & 0x3f);
    if (first === LENGTH_32_BITS) return this.#readBigEndian32();
    if (first === LENGTH_64_BITS) {
      const high = this.#readBigEndian32();
      return high * 2 ** 32 + this.#readBigEndian32();
    }
    return this.fail(`Unknown length encoding ${first} in rdbLoadLen()`, "readLength");
  }

  #readBigEndian32(): number {
    this.need(4);
    const bytes = this.bytes;
    const at = this.at;
    this.at = at + 4;
    return (bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]) >>> 0;
  }

  #readEncoded(encoding: number): void {
    if (encoding === ENCODED_LZF) return this.#readCompressed();
    let value: number;
    if (encoding === ENCODED_INT8) value = this.readByte() << 24 >> 24;
    else if (encoding === ENCODED_INT16) {
      this.need(2);
      value = (this.bytes[this.at] | this.bytes[this.at + 1] << 8) << 16 >> 16;
      this.at += 2;
    } else if (encoding === ENCODED_INT32) value = this.readInt32();
    else this.fail(`Unknown RDB string encoding type ${encoding}`, "readString");
    this.stringBytes = this.#scratch;
    this.stringStart = 0;
    this.stringEnd = writeInteger(this.#scratch, 0, value);
  }

  #readCompressed(): void {
    const compressedLength = this.readLength();
    const length = this.readLength();
    this.#requireAhead(compressedLength);
    if (length > VALUE_BYTES_MAX) this.#invalidLzf();
    if (compressedLength <= WHOLE_BYTES_MAX) {
      this.need(compressedLength);
      this.#take(compressedLength);
    } else this.readLong(compressedLength);
    const source = this.stringBytes;
    const from = this.stringStart;
    const to = this.stringEnd;
    let target = this.#scratch;
    if (length > target.length) {
      // Small claims are believed: what they can waste is bounded.
      if (length > WHOLE_BYTES_MAX && lzfLength(source, from, to) !== length) this.#invalidLzf();
      target = this.#allocated(length);
      if (length <= WHOLE_BYTES_MAX) this.#scratch = target;
    }
    if (lzfDecompress(source, from, to, target, 0, length) !== length) this.#invalidLzf();
    this.stringBytes = target;
    this.stringStart = 0;
    this.stringEnd = length;
  }

  /** The next bytes of the chunk, which are ahead, become the string. */
  #take(length: number): void {
    this.stringBytes = this.bytes;
    this.stringStart = this.at;
    this.at += length;
    this.stringEnd = this.at;
  }

  #invalidLzf(): never {
    return this.fail("Invalid LZF compressed string", "readString");
  }

  /** Refuses a length that the file cannot hold. */
  #requireAhead(length: number): void {
    if (length > this.#sizeBytes - this.offsetBytes) this.#unexpectedEnd();
  }

  #unexpectedEnd(): never {
    return this.fail("Unexpected EOF reading RDB file", "fill");
  }

  #allocated(length: number): Uint8Array {
    try {
      return new Uint8Array(length);
    } catch {
      return this.fail(`cannot allocate ${length} bytes`, "readString");
    }
  }

  #saveKey(): void {
    const length = this.keyEnd - this.keyStart;
    if (length > this.#keyScratch.length) this.#keyScratch = new Uint8Array(length * 2);
    this.#keyScratch.set(this.keyBytes.subarray(this.keyStart, this.keyEnd));
    this.keyBytes = this.#keyScratch;
    this.keyStart = 0;
    this.keyEnd = length;
  }

  /** Fills the chunk up, so that at least `count` bytes are ahead. */
  #fill(count: number): void {
    const file = this.#file;
    if (file === null) this.#unexpectedEnd();
    const bytes = this.bytes;
    if (this.keyBytes === bytes) this.#saveKey();
    this.#crc?.update(bytes, this.#crcFrom, this.at);
    bytes.copyWithin(0, this.at, this.end);
    this.end -= this.at;
    this.at = 0;
    this.#crcFrom = 0;
    this.fillCount++;
    while (this.end < count || this.end < bytes.length) {
      const read = file.readAt(this.#positionBytes, bytes.subarray(this.end));
      if (read === 0) break;
      this.end += read;
      this.#positionBytes += read;
    }
    if (this.end < count) this.#unexpectedEnd();
  }
}

/** The length that LZF tokens decompress to, without doing it; -1 where they break off. */
function lzfLength(bytes: Uint8Array, start: number, end: number): number {
  let length = 0;
  for (let at = start; at < end;) {
    const control = bytes[at++];
    if (control < 32) {
      length += control + 1;
      at += control + 1;
      continue;
    }
    let run = (control >> 5) + 2;
    if (run === 9) run += bytes[at++];
    length += run;
    at++;
    if (at > end) return -1;
  }
  return length;
}
