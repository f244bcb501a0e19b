/**
 * LZF, the compression of long strings in RDB files.
 *
 * A compressed text is a row of literals and back-references:
 *
 *     000LLLLL  L+1 bytes                  L+1 = 1..32 bytes as they are
 *     LLLooooo  oooooooo                   L+2 = 3..8 bytes from o+1 = 1..8192 bytes back
 *     111ooooo  LLLLLLLL  oooooooo         L+9 = 9..264 bytes from o+1 bytes back
 *
 * A reference may overlap what it makes: one byte back for 264 bytes repeats that byte. Neither the
 * original length nor an end mark is part of the format; RDB keeps the lengths beside it.
 */

const HASH_BITS = 14;
const MAX_LITERALS = 32;
const MAX_DISTANCE = 8192;
const MIN_MATCH = 3;
const MAX_MATCH = 264;

/** Table entries of earlier calls lie below the base; it starts over before it leaves int32. */
const MAX_BASE = 0x40000000;

/** Compresses one text after the other; keeps a table of 64 KiB for it. */
export class LzfCompressor {
  /** Where the three bytes of a hash were last seen: the base of that call plus the position. */
  readonly #table: Int32Array = new Int32Array(1 << HASH_BITS);
  #base = 1;

  /**
   * Compresses `bytes[start..end)` into `into[at..limit)`.
   *
   * @returns the bytes written; 0 where the result does not fit, or the text is empty.
   */
  compress(
    bytes: Uint8Array,
    start: number,
    end: number,
    into: Uint8Array,
    at: number,
    limit: number,
  ): number {
    const length = end - start;
    if (length <= 0 || length >= MAX_BASE) return 0;
    if (this.#base + length > MAX_BASE) {
      this.#table.fill(0);
      this.#base = 1;
    }
    const base = this.#base;
    this.#base = base + length;
    return compress(this.#table, base - start, bytes, start, end, into, at, limit);
  }
}

/** @param offset makes a table entry of a position; entries below `start + offset` are old. */
function compress(
  table: Int32Array,
  offset: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  outStart: number,
  limit: number,
): number {
  let out = outStart;
  let literalsFrom = start;
  let at = start;
  const oldest = start + offset;
  const lastHashed = end - MIN_MATCH;
  while (at <= lastHashed) {
    const slot = hashAt(bytes, at);
    const entry = table[slot];
    table[slot] = at + offset;
    const candidate = entry - offset;
    if (
      entry < oldest || at - candidate > MAX_DISTANCE || bytes[candidate] !== bytes[at] ||
      bytes[candidate + 1] !== bytes[at + 1] || bytes[candidate + 2] !== bytes[at + 2]
    ) {
      at++;
      continue;
    }
    const longest = end - at < MAX_MATCH ? end - at : MAX_MATCH;
    let length = MIN_MATCH;
    while (length < longest && bytes[candidate + length] === bytes[at + length]) length++;

    out = writeLiterals(bytes, literalsFrom, at, into, out, limit);
    if (out < 0 || limit - out < (length < 9 ? 2 : 3)) return 0;
    const distance = at - candidate - 1;
    if (length < 9) {
      into[out++] = ((length - 2) << 5) | (distance >> 8);
    } else {
      into[out++] = 0xe0 | (distance >> 8);
      into[out++] = length - 9;
    }
    into[out++] = distance & 255;

    const matchEnd = at + length;
    // The last places of a match are the likeliest to be met again; entering all of them is slow.
    at = matchEnd - 2;
    for (; at < matchEnd && at <= lastHashed; at++) table[hashAt(bytes, at)] = at + offset;
    at = matchEnd;
    literalsFrom = matchEnd;
  }
  out = writeLiterals(bytes, literalsFrom, end, into, out, limit);
  return out < 0 ? 0 : out - outStart;
}

function hashAt(bytes: Uint8Array, at: number): number {
  const three = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
  return Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS);
}

/** Writes `bytes[from..to)` as literals; returns the position after, or -1 where they do not fit. */
function writeLiterals(
  bytes: Uint8Array,
  from: number,
  to: number,
  into: Uint8Array,
  out: number,
  limit: number,
): number {
  while (from < to) {
    const count = to - from < MAX_LITERALS ? to - from : MAX_LITERALS;
    if (limit - out < count + 1) return -1;
    into[out++] = count - 1;
    for (let i = 0; i < count; i++) into[out++] = bytes[from++];
  }
  return out;
}

/**
 * Decompresses `bytes[start..end)` into `into[at..limit)`. Reads and writes nothing outside these,
 * whatever the bytes are.
 *
 * @returns the bytes written; -1 where the input is corrupt or makes more than there is room for.
 */
export function lzfDecompress(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
  limit: number,
): number {
  let out = at;
  let from = start;
  while (from < end) {
    const control = bytes[from++];
    if (control < 32) {
      const count = control + 1;
      if (end - from < count || limit - out < count) return -1;
      for (let i = 0; i < count; i++) into[out++] = bytes[from++];
      continue;
    }
    let length = (control >> 5) + 2;
    if (length === 9) {
      if (from >= end) return -1;
      length += bytes[from++];
    }
    if (from >= end) return -1;
    let source = out - (((control & 31) << 8) | bytes[from++]) - 1;
    if (source < at || limit - out < length) return -1;
    for (const stop = out + length; out < stop;) into[out++] = into[source++];
  }
  return out - at;
}
