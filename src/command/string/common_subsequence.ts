/**
 * The longest common subsequence of two byte strings, 32 cells of Redis's table at a time.
 *
 * The textbook table holds L(i, j), the length for the first i bytes of `a` and the first j of `b`.
 * Along a row it grows by 0 or 1 a step, so a row is a bit vector: bit j-1 is **clear** where
 * L(i, j) = L(i, j-1) + 1. The next row follows from it by one addition (H. Hyyro, "Bit-Parallel
 * LCS-length Computation Revisited", 2004), M being the bits where `b` has the byte a[i-1]:
 *
 *     V' = (V + (V & M)) | (V & ~M)           row 0 is all ones
 *
 * That is a 32nd of the work and of the memory of the table of 32-bit lengths, and it is enough to
 * walk back through the table as Redis does: where the last bytes differ, L(i-1, j) > L(i, j-1) is
 * the same as L(i, j) > L(i, j-1), which is a bit of row i.
 */

const WORD_BITS = 32;
const NO_MASK = -1;

export class CommonSubsequence {
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  /** How long the longest common subsequence is. */
  readonly length: number;

  /** Rows 1 to a.length, one after the other; the last row alone where none were to be kept. */
  readonly #rows: Int32Array;
  readonly #rowWords: number;

  /**
   * @param keepsRows whether {@link walkBack} will be called; without, memory is linear.
   * @throws {RangeError} where there is no memory for it.
   */
  constructor(a: Uint8Array, b: Uint8Array, keepsRows: boolean) {
    this.a = a;
    this.b = b;
    const rowWords = Math.ceil(b.length / WORD_BITS);
    this.#rowWords = rowWords;
    this.#rows = new Int32Array(keepsRows ? rowWords * a.length : rowWords);
    this.length = this.#fill(keepsRows);
  }

  /**
   * Calls `match` for each byte of the subsequence, from the last to the first, with its positions
   * in `a` and `b`.
   */
  walkBack(match: (aIndex: number, bIndex: number) => void): void {
    const { a, b } = this;
    let i = a.length;
    let j = b.length;
    while (i > 0 && j > 0) {
      if (a[i - 1] === b[j - 1]) match(--i, --j);
      else if (this.#isStep(i, j)) i--;
      else j--;
    }
  }

  /** L(i, j) > L(i, j-1). */
  #isStep(i: number, j: number): boolean {
    const word = this.#rows[(i - 1) * this.#rowWords + (j - 1 >>> 5)];
    return (word >>> (j - 1 & 31) & 1) === 0;
  }

  #fill(keepsRows: boolean): number {
    const { a, b } = this;
    const rowWords = this.#rowWords;
    if (a.length === 0 || rowWords === 0) return 0;
    const maskOf = new Int32Array(256).fill(NO_MASK);
    const masks = matchMasks(a, b, rowWords, maskOf);
    const rows = this.#rows;
    rows.fill(-1, 0, rowWords);
    for (let i = 0; i < a.length; i++) {
      const to = keepsRows ? i * rowWords : 0;
      const from = keepsRows && i > 0 ? to - rowWords : to;
      nextRow(rows, from, to, rowWords, masks, maskOf[a[i]]);
    }
    return countClear(rows, rows.length - rowWords, rowWords);
  }
}

/** Makes row `to` of row `from`, which may be the same. */
function nextRow(
  rows: Int32Array,
  from: number,
  to: number,
  rowWords: number,
  masks: Int32Array,
  mask: number,
): void {
  let carry = 0;
  for (let word = 0; word < rowWords; word++) {
    const v = rows[from + word];
    const m = masks[mask + word];
    const u = v & m;
    const sum = (v + u | 0) + carry | 0;
    // The carry out of bit 31, told by the top bits as a full adder would.
    carry = (v & u | (v | u) & ~sum) >>> 31;
    rows[to + word] = sum | v & ~m;
  }
}

/**
 * For every byte that `a` has, the bits where `b` has it; `maskOf` says where a byte's begin.
 * Bits beyond the end of `b` are clear, which leaves their ones in every row.
 */
function matchMasks(
  a: Uint8Array,
  b: Uint8Array,
  rowWords: number,
  maskOf: Int32Array,
): Int32Array {
  let count = 0;
  for (const byte of a) if (maskOf[byte] === NO_MASK) maskOf[byte] = count++ * rowWords;
  const masks = new Int32Array(count * rowWords);
  for (let j = 0; j < b.length; j++) {
    const mask = maskOf[b[j]];
    if (mask !== NO_MASK) masks[mask + (j >>> 5)] |= 1 << (j & 31);
  }
  return masks;
}

function countClear(rows: Int32Array, start: number, count: number): number {
  let clear = 0;
  for (let word = start; word < start + count; word++) {
    for (let bits = ~rows[word]; bits !== 0; bits &= bits - 1) clear++;
  }
  return clear;
}
