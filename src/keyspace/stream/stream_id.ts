/**
 * Stream ids: two unsigned 64-bit numbers, milliseconds and a sequence number, as four 32-bit
 * words.
 *
 *     <ms>-<seq>      msHigh * 2^32 + msLow, seqHigh * 2^32 + seqLow        words are int32
 *
 * Objects of this class are registers that are set again and again: nothing keeps one.
 */
import { latin1 } from "../../base/ascii.ts";
import { MAX_INTEGER_TEXT_BYTES, writeUnsigned64 } from "../../base/integer_text.ts";

/** The longest text of an id, in bytes. */
export const ID_TEXT_BYTES_MAX = 2 * MAX_INTEGER_TEXT_BYTES + 1;
/** How many words an id is. */
export const ID_WORDS = 4;

const DASH = 0x2d;

/** Negative where one id, given by its words, is before another, 0 where they are the same. */
export function compareIdWords(
  a0: number,
  a1: number,
  a2: number,
  a3: number,
  b0: number,
  b1: number,
  b2: number,
  b3: number,
): number {
  if (a0 !== b0) return a0 >>> 0 < b0 >>> 0 ? -1 : 1;
  if (a1 !== b1) return a1 >>> 0 < b1 >>> 0 ? -1 : 1;
  if (a2 !== b2) return a2 >>> 0 < b2 >>> 0 ? -1 : 1;
  if (a3 !== b3) return a3 >>> 0 < b3 >>> 0 ? -1 : 1;
  return 0;
}

export class StreamId {
  msHigh = 0;
  msLow = 0;
  seqHigh = 0;
  seqLow = 0;

  set(msHigh: number, msLow: number, seqHigh: number, seqLow: number): void {
    this.msHigh = msHigh | 0;
    this.msLow = msLow | 0;
    this.seqHigh = seqHigh | 0;
    this.seqLow = seqLow | 0;
  }

  copyFrom(other: StreamId): void {
    this.set(other.msHigh, other.msLow, other.seqHigh, other.seqLow);
  }

  /** 0-0, before every id that an entry can have. */
  setMin(): void {
    this.set(0, 0, 0, 0);
  }

  /** The last id there is. */
  setMax(): void {
    this.set(-1, -1, -1, -1);
  }

  /** The first id of a millisecond, given as a safe integer. */
  setMs(ms: number): void {
    this.set(Math.floor(ms / 2 ** 32), ms, 0, 0);
  }

  get isMin(): boolean {
    return (this.msHigh | this.msLow | this.seqHigh | this.seqLow) === 0;
  }

  get isMax(): boolean {
    return (this.msHigh & this.msLow & this.seqHigh & this.seqLow) === -1;
  }

  /** Negative where this is before the other, 0 where they are the same. */
  compare(other: StreamId): number {
    return this.compareWords(other.msHigh, other.msLow, other.seqHigh, other.seqLow);
  }

  compareWords(msHigh: number, msLow: number, seqHigh: number, seqLow: number): number {
    return compareIdWords(
      this.msHigh,
      this.msLow,
      this.seqHigh,
      this.seqLow,
      msHigh,
      msLow,
      seqHigh,
      seqLow,
    );
  }

  /** Goes to the next id; false, and then it is 0-0, when this was the last. */
  increment(): boolean {
    this.seqLow = this.seqLow + 1 | 0;
    if (this.seqLow !== 0) return true;
    this.seqHigh = this.seqHigh + 1 | 0;
    if (this.seqHigh !== 0) return true;
    this.msLow = this.msLow + 1 | 0;
    if (this.msLow !== 0) return true;
    this.msHigh = this.msHigh + 1 | 0;
    return this.msHigh !== 0;
  }

  /** Goes to the id before; false, and then it is the last, when this was 0-0. */
  decrement(): boolean {
    this.seqLow = this.seqLow - 1 | 0;
    if (this.seqLow !== -1) return true;
    this.seqHigh = this.seqHigh - 1 | 0;
    if (this.seqHigh !== -1) return true;
    this.msLow = this.msLow - 1 | 0;
    if (this.msLow !== -1) return true;
    this.msHigh = this.msHigh - 1 | 0;
    return this.msHigh !== -1;
  }

  /** Writes `ms-seq`, ID_TEXT_BYTES_MAX bytes at most, and returns where it ends. */
  write(into: Uint8Array, at: number): number {
    return writeId(into, at, this.msHigh, this.msLow, this.seqHigh, this.seqLow);
  }

  toString(): string {
    const text = new Uint8Array(ID_TEXT_BYTES_MAX);
    return latin1(text, 0, this.write(text, 0));
  }
}

/** Writes the text of an id, ID_TEXT_BYTES_MAX bytes at most, and returns where it ends. */
export function writeId(
  into: Uint8Array,
  at: number,
  msHigh: number,
  msLow: number,
  seqHigh: number,
  seqLow: number,
): number {
  at = writeUnsigned64(into, at, msHigh, msLow);
  into[at] = DASH;
  return writeUnsigned64(into, at + 1, seqHigh, seqLow);
}
