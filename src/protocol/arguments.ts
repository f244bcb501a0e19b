/**
 * The arguments of one command, as ranges of the buffer that they arrived in: nothing is copied and
 * no string is made. Argument 0 is the command's name.
 *
 * A handler must have taken what it needs when it returns: the buffer is used again.
 */
export class Arguments {
  bytes: Uint8Array = new Uint8Array(0);
  starts: Int32Array = new Int32Array(64);
  ends: Int32Array = new Int32Array(64);
  count = 0;

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
