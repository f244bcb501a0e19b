/** Finding the first byte that differs from 0x00 or 0xff, eight 32-bit words at a time. */

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
  if (at < end) at = firstOtherWord(words, at >>> 2, end >>> 2, skip === 0 ? 0 : -1) << 2;
  while (at < end && bytes[at] === skip) at++;
  return at;
}

/** The index of the first word that is not `skip`, or `end`. */
function firstOtherWord(words: Int32Array, word: number, end: number, skip: number): number {
  const blocksEnd = end - 7;
  for (; word < blocksEnd; word += 8) {
    const first = words[word] ^ skip | words[word + 1] ^ skip;
    const second = words[word + 2] ^ skip | words[word + 3] ^ skip;
    const third = words[word + 4] ^ skip | words[word + 5] ^ skip;
    const fourth = words[word + 6] ^ skip | words[word + 7] ^ skip;
    if ((first | second | third | fourth) !== 0) break;
  }
  while (word < end && words[word] === skip) word++;
  return word;
}
