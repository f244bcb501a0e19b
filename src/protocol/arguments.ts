/**
 * The arguments of one command, as ranges of the buffer that they arrived in: nothing is copied and
 * no string is made. Argument 0 is the command's name.
 *
 * A handler must have taken what it needs when it returns: the buffer is used again.
 */
import { LOWER } from "../base/ascii.ts";

export class Arguments {
  bytes: Uint8Array = new Uint8Array(0);
  starts: Int32Array;
  ends: Int32Array;
  count = 0;

  /** @param room so many arguments before more room is made. */
  constructor(room = 64) {
    this.starts = new Int32Array(Math.max(room, 1));
    this.ends = new Int32Array(Math.max(room, 1));
  }

  /** Adds an argument that stands at a range of `bytes`. */
  push(start: number, end: number): void {
    if (this.count === this.starts.length) this.#grow();
    this.starts[this.count] = start;
    this.ends[this.count++] = end;
  }

  /** Length of an argument in bytes. */
  lengthOf(index: number): number {
    return this.ends[index] - this.starts[index];
  }

  /** True when the argument is that word, given in lower case. */
  is(index: number, word: string): boolean {
    const start = this.starts[index];
    if (this.ends[index] - start !== word.length) return false;
    for (let i = 0; i < word.length; i++) {
      if (LOWER[this.bytes[start + i]] !== word.charCodeAt(i)) return false;
    }
    return true;
  }

  /** A view of an argument; lent like the buffer itself. */
  view(index: number): Uint8Array {
    return this.bytes.subarray(this.starts[index], this.ends[index]);
  }

  /** A copy of an argument. */
  copy(index: number): Uint8Array {
    return this.bytes.slice(this.starts[index], this.ends[index]);
  }

  /** Takes over the ranges of others, moved by an offset. */
  takeFrom(other: Arguments, offset: number): void {
    this.count = 0;
    for (let i = 0; i < other.count; i++) {
      this.push(other.starts[i] + offset, other.ends[i] + offset);
    }
  }

  /** A copy of all of them, in bytes of their own. */
  clone(): Arguments {
    const copy = new Arguments(this.count);
    const start = this.starts[0];
    let end = 0;
    for (let i = 0; i < this.count; i++) if (this.ends[i] > end) end = this.ends[i];
    copy.bytes = this.bytes.slice(start, end);
    copy.takeFrom(this, -start);
    return copy;
  }

  /** Puts other bytes in the place of an argument: for arguments that have bytes of their own. */
  replace(index: number, bytes: Uint8Array): void {
    const { length } = this.bytes;
    const joined = new Uint8Array(length + bytes.length);
    joined.set(this.bytes);
    joined.set(bytes, length);
    this.bytes = joined;
    this.starts[index] = length;
    this.ends[index] = joined.length;
  }

  /** The buffer's bytes have moved. */
  shift(offset: number): void {
    for (let i = 0; i < this.count; i++) {
      this.starts[i] += offset;
      this.ends[i] += offset;
    }
  }

  /** Gives back memory after a command with very many arguments. */
  shrink(): void {
    if (this.starts.length <= 4096) return;
    this.starts = new Int32Array(64);
    this.ends = new Int32Array(64);
    this.count = 0;
  }

  #grow(): void {
    const starts = new Int32Array(this.starts.length * 2);
    const ends = new Int32Array(this.starts.length * 2);
    starts.set(this.starts);
    ends.set(this.ends);
    this.starts = starts;
    this.ends = ends;
  }
}
