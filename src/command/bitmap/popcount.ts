/**
 * Counting the ones in bytes, a 32-bit word at a time.
 *
 * Eight words are first summed column by column with carry-save adders (the Harley-Seal method,
 * in Warren, "Hacker's Delight", 5-1): an adder turns three words into a word of sums and a word of
 * carries by five operations, so that of eight words one is left whose bits must be counted, and
 * whose ones weigh eight.
 */

/** The ones in a 32-bit word. */
export function countOnesOfWord(word: number): number {
  word = word - (word >>> 1 & 0x55555555) | 0;
  word = (word & 0x33333333) + (word >>> 2 & 0x33333333) | 0;
  word = word + (word >>> 4) & 0x0f0f0f0f;
  return Math.imul(word, 0x01010101) >>> 24;
}

/**
 * The ones in `bytes[at..at+length)`.
 * @param words the same memory as `bytes`, as 32-bit words.
 */
export function countOnes(
  bytes: Uint8Array,
  words: Int32Array,
  at: number,
  length: number,
): number {
  const end = at + length;
  let count = 0;
  while (at < end && (at & 3) !== 0) count += countOnesOfWord(bytes[at++]);
  const wordsEnd = end >>> 2;
  const blocksEnd = (at >>> 2) + ((end - at >>> 5) << 3);
  if (end > at) {
    count += countOnesOfBlocks(words, at >>> 2, blocksEnd);
    for (let word = blocksEnd; word < wordsEnd; word++) count += countOnesOfWord(words[word]);
    at = Math.max(at, wordsEnd << 2);
  }
  while (at < end) count += countOnesOfWord(bytes[at++]);
  return count;
}

/**
 * The ones in whole blocks of 8 words. (Blocks of 16 save a count and lose more by running out of
 * registers.)
 */
function countOnesOfBlocks(words: Int32Array, word: number, end: number): number {
  let count = 0;
  let ones = 0;
  let twos = 0;
  let fours = 0;
  for (; word < end; word = word + 8 | 0) {
    let a = words[word];
    let b = words[word + 1 | 0];
    let mix = ones ^ a;
    let twosA = ones & a | mix & b;
    ones = mix ^ b;
    a = words[word + 2 | 0];
    b = words[word + 3 | 0];
    mix = ones ^ a;
    let twosB = ones & a | mix & b;
    ones = mix ^ b;
    mix = twos ^ twosA;
    const foursA = twos & twosA | mix & twosB;
    twos = mix ^ twosB;

    a = words[word + 4 | 0];
    b = words[word + 5 | 0];
    mix = ones ^ a;
    twosA = ones & a | mix & b;
    ones = mix ^ b;
    a = words[word + 6 | 0];
    b = words[word + 7 | 0];
    mix = ones ^ a;
    twosB = ones & a | mix & b;
    ones = mix ^ b;
    mix = twos ^ twosA;
    const foursB = twos & twosA | mix & twosB;
    twos = mix ^ twosB;

    mix = fours ^ foursA;
    const eights = fours & foursA | mix & foursB;
    fours = mix ^ foursB;
    count += countOnesOfWord(eights);
  }
  return count * 8 + countOnesOfWord(fours) * 4 + countOnesOfWord(twos) * 2 +
    countOnesOfWord(ones);
}
