/**
 * Commands of one pipeline, found before the first of them runs: whoever executes them can have their
 * keys fetched from memory together instead of one after the other.
 *
 * One of these serves all connections: it is filled and used up within one batch of one connection.
 */

export const COMMANDS_AHEAD_MAX = 32;
const ARGUMENTS_AHEAD_MAX = 512;

export class CommandsAhead {
  /** Commands found, and the next of them to run. */
  count = 0;
  next = 0;
  /** True until somebody has looked at what was found. */
  isFresh = false;
  /** The buffer that all positions refer to. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Where each command begins and ends. */
  readonly starts: Int32Array = new Int32Array(COMMANDS_AHEAD_MAX);
  readonly ends: Int32Array = new Int32Array(COMMANDS_AHEAD_MAX);
  /** The index of each command's first argument; one more at the end. */
  readonly firstArguments: Int32Array = new Int32Array(COMMANDS_AHEAD_MAX + 1);
  readonly argumentStarts: Int32Array = new Int32Array(ARGUMENTS_AHEAD_MAX);
  readonly argumentEnds: Int32Array = new Int32Array(ARGUMENTS_AHEAD_MAX);

  /** Forgets what was found. */
  clear(): void {
    this.count = 0;
    this.next = 0;
    this.isFresh = false;
  }

  /**
   * Finds the whole commands from `position` on. What is incomplete, inline, wrong or unusual ends
   * the search: the parser proper has the last word on it.
   * @returns how many were found.
   */
  find(bytes: Uint8Array, position: number, end: number): number {
    let count = 0;
    let used = 0;
    while (count < COMMANDS_AHEAD_MAX) {
      const found = this.#findOne(bytes, position, end, used);
      if (found < 0) break;
      this.starts[count] = position;
      this.firstArguments[count] = used;
      used = this.#used;
      this.ends[count++] = position = found;
    }
    this.firstArguments[count] = used;
    this.bytes = bytes;
    this.count = count;
    this.next = 0;
    this.isFresh = count > 1;
    return count;
  }

  /** Arguments found so far, the last command's included. */
  #used = 0;

  /** Returns where the command ends, or -1. */
  #findOne(bytes: Uint8Array, at: number, end: number, used: number): number {
    if (at + 4 > end || bytes[at] !== 42) return -1;
    let left = bytes[at + 1] - 48;
    if (left < 1 || left > 9) return -1;
    at += 2;
    if (bytes[at] !== 13) {
      const digit = bytes[at++] - 48;
      if (digit < 0 || digit > 9 || bytes[at] !== 13) return -1;
      left = left * 10 + digit;
    }
    at += 2;
    if (used + left > ARGUMENTS_AHEAD_MAX) return -1;
    const { argumentStarts, argumentEnds } = this;
    for (; left > 0; left--) {
      if (at + 4 > end || bytes[at] !== 36) return -1;
      let length = bytes[at + 1] - 48;
      if (length < 0 || length > 9) return -1;
      at += 2;
      if (bytes[at] !== 13) {
        if (length === 0) return -1;
        for (let digits = 1; bytes[at] !== 13; digits++) {
          const digit = bytes[at++] - 48;
          if (digit < 0 || digit > 9 || digits === 4 || at >= end) return -1;
          length = length * 10 + digit;
        }
      }
      at += 2;
      argumentStarts[used] = at;
      argumentEnds[used++] = at += length;
      at += 2;
      if (at > end) return -1;
    }
    this.#used = used;
    return at;
  }
}
