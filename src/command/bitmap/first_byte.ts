/** Finding the first byte that differs from 0x00 or 0xff, four 32-bit words at a time. */

/**
 * The index of the first byte of `bytes[at..end)` that is not `skip`, or `end`.
 * @param words the same memory as `bytes`, as 32-bit words.
 * @param skip 0x00 or 0xff.
 */
export function firstOtherByte(
  bytes: Uint8Array,
  words: Int32Array,
  at: number,
  end: number,
  skip: number,
): number {
  while (at < end && (at & 3) !== 0) {
    if (bytes[at] !== skip) return at;
    at++;
  }
  if (at < end) {
    const word = at >>> 2;
    at =
      (skip === 0 ? blockNotClear(words, word, end >>> 2) : blockNotFull(words, word, end >>> 2)) <<
      2;
  }
  while (at < end && bytes[at] === skip) at++;
  return at;
}

/**
 * From `word` in steps of four, the first block of four words that has a 1, or where less than a
 * block is left before `end`.
 */
function blockNotClear(words: Int32Array, word: number, end: number): number {
  const last = end - 4 | 0;
  // `| 0` spares the engine the check that an index may have left the 32-bit integers.
  for (; word <= last; word = word + 4 | 0) {
    const any = words[word] | words[word + 1 | 0] | words[word + 2 | 0] | words[word + 3 | 0];
    if (any !== 0) break;
  }
  return word;
}

/** As {@link blockNotClear}, a block that has a 0. */
function blockNotFull(words: Int32Array, word: number, end: number): number {
  const last = end - 4 | 0;
  for (; word <= last; word = word + 4 | 0) {
    const all = words[word] & words[word + 1 | 0] & words[word + 2 | 0] & words[word + 3 | 0];
    if (all !== -1) break;
  }
  return word;
}
