/**
 * Numbers and ids of streams in files: a number of 64 bits is written as a length; an id as two of
 * them, or as 16 bytes, the highest first.
 */
import type { StreamId } from "../../../keyspace/stream/stream_id.ts";
import type { RdbEncoder } from "../rdb_encoder.ts";
import { LENGTH_64_BITS } from "../rdb_format.ts";
import type { RdbReader } from "../rdb_reader.ts";

export const ID_BYTES = 16;

/** A number of 64 bits that is written as a length. */
export class LengthWords {
  high = 0;
  low = 0;

  read(reader: RdbReader): void {
    const first = reader.readByte();
    if (first !== LENGTH_64_BITS) {
      // The byte is read again, as a part of the length.
      reader.at--;
      const length = reader.readLength();
      this.high = 0;
      this.low = length | 0;
      return;
    }
    reader.need(8);
    const { bytes, at } = reader;
    this.high = bigEndian(bytes, at);
    this.low = bigEndian(bytes, at + 4);
    reader.at = at + 8;
  }

  /** Reads eight bytes, the lowest first. */
  readBytes(reader: RdbReader): void {
    this.low = reader.readInt32();
    this.high = reader.readInt32();
  }

  /** Whether it is a number that a count or a time can be: not negative, and exact as a double. */
  get isCount(): boolean {
    return this.high >>> 21 === 0;
  }

  /** As {@link isCount}, and where it is none, 0 instead. */
  expectCount(): void {
    if (!this.isCount) this.set(0);
  }

  /** @param value an integer from -1 on. */
  set(value: number): void {
    this.high = Math.floor(value / 2 ** 32);
    this.low = value | 0;
  }
}

/** The number that was read last. */
export const words: LengthWords = new LengthWords();

function bigEndian(bytes: Uint8Array, at: number): number {
  return bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
}

/** Reads an id of two lengths. */
export function readId(reader: RdbReader, into: StreamId): void {
  words.read(reader);
  into.msHigh = words.high;
  into.msLow = words.low;
  words.read(reader);
  into.seqHigh = words.high;
  into.seqLow = words.low;
}

/** Reads an id of 16 bytes. */
export function readIdBytes(reader: RdbReader, into: StreamId): void {
  reader.need(ID_BYTES);
  setIdBytes(into, reader.bytes, reader.at);
  reader.at += ID_BYTES;
}

/** Sets an id to what 16 bytes say. */
export function setIdBytes(into: StreamId, bytes: Uint8Array, at: number): void {
  into.set(
    bigEndian(bytes, at),
    bigEndian(bytes, at + 4),
    bigEndian(bytes, at + 8),
    bigEndian(bytes, at + 12),
  );
}

/** Writes a number of 64 bits as a length. */
export function writeLength(encoder: RdbEncoder, high: number, low: number): void {
  if (high === 0) return encoder.lengthOf(low >>> 0);
  encoder.byte(LENGTH_64_BITS);
  writeBigEndian(encoder, high);
  writeBigEndian(encoder, low);
}

function writeBigEndian(encoder: RdbEncoder, word: number): void {
  for (let shift = 24; shift >= 0; shift -= 8) encoder.byte(word >>> shift);
}

/** Where {@link fillIdBytes} leaves an id. */
export const idBytes: Uint8Array = new Uint8Array(ID_BYTES);

/** Leaves the 16 bytes of an id, four words, in `idBytes`. */
export function fillIdBytes(w0: number, w1: number, w2: number, w3: number): void {
  for (let i = 0; i < 4; i++) {
    const shift = 24 - 8 * i;
    idBytes[i] = w0 >>> shift;
    idBytes[4 + i] = w1 >>> shift;
    idBytes[8 + i] = w2 >>> shift;
    idBytes[12 + i] = w3 >>> shift;
  }
}
