/**
 * Which register an element of a HyperLogLog belongs to, and how rare the element is.
 *
 * The hash is MurmurHash64A with Redis's seed: whoever counts the same elements must touch the same
 * registers, here and in redis-server. Its 64-bit words are kept as two 32-bit halves, and of the
 * products with its one multiplier only what the lower 64 bits need is computed.
 *
 *     hash   63                              14 13          0
 *            | tail: its trailing zeros + 1    | register    |
 *
 * An element whose tail ends in n zeros has the rank n + 1, 1 to 51. A register keeps the highest
 * rank of its elements.
 */

/** The multiplier, 0xc6a4a7935bd1e995, in halves, the lower one in halves again. */
const M_HIGH = 0xc6a4a793 | 0;
const M_LOW = 0x5bd1e995;
const M_LOW_HIGH = 0x5bd1;
const M_LOW_LOW = 0xe995;
const SEED = 0xadc83b19 | 0;

const REGISTER_BITS = 14;
const REGISTER_MASK = (1 << REGISTER_BITS) - 1;

/** The register in what {@link placeOf} returns. */
export function registerOf(place: number): number {
  return place & REGISTER_MASK;
}

/** The rank in what {@link placeOf} returns. */
export function rankOf(place: number): number {
  return place >>> REGISTER_BITS;
}

/** The upper half of `low * M`, where `low` is an unsigned half, without what carries beyond. */
function carryOfProduct(low: number): number {
  const high16 = low >>> 16;
  const low16 = low & 0xffff;
  const middle = (Math.imul(high16, M_LOW_LOW) + (Math.imul(low16, M_LOW_LOW) >>> 16)) | 0;
  const other = (Math.imul(low16, M_LOW_HIGH) + (middle & 0xffff)) | 0;
  const own = (Math.imul(high16, M_LOW_HIGH) + (middle >>> 16) + (other >>> 16)) | 0;
  return (own + Math.imul(low, M_HIGH)) | 0;
}

/** The register and the rank of the element `bytes[start..end)`: see {@link registerOf}. */
export function placeOf(bytes: Uint8Array, start: number, end: number): number {
  const length = (end - start) | 0;
  let high = carryOfProduct(length);
  let low = Math.imul(length, M_LOW) ^ SEED;
  let at = start | 0;
  const wholeEnd = (at + (length & ~7)) | 0;
  for (; at < wholeEnd; at = (at + 8) | 0) {
    let k = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
    let kHigh = bytes[at + 4] | bytes[at + 5] << 8 | bytes[at + 6] << 16 | bytes[at + 7] << 24;
    kHigh = (Math.imul(kHigh, M_LOW) + carryOfProduct(k)) | 0;
    k = Math.imul(k, M_LOW) ^ kHigh >>> 15;
    kHigh = (Math.imul(kHigh, M_LOW) + carryOfProduct(k)) | 0;
    k = Math.imul(k, M_LOW);
    low ^= k;
    high ^= kHigh;
    high = (Math.imul(high, M_LOW) + carryOfProduct(low)) | 0;
    low = Math.imul(low, M_LOW);
  }
  const left = length & 7;
  if (left > 0) {
    for (let i = left - 1; i >= 4; i--) high ^= bytes[at + i] << (i - 4) * 8;
    for (let i = left < 4 ? left - 1 : 3; i >= 0; i--) low ^= bytes[at + i] << i * 8;
    high = (Math.imul(high, M_LOW) + carryOfProduct(low)) | 0;
    low = Math.imul(low, M_LOW);
  }
  low ^= high >>> 15;
  high = (Math.imul(high, M_LOW) + carryOfProduct(low)) | 0;
  low = Math.imul(low, M_LOW);
  low ^= high >>> 15;

  const tail = low >>> REGISTER_BITS | high << 32 - REGISTER_BITS;
  const rank = tail !== 0
    ? 1 + trailingZeros(tail)
    : 33 + trailingZeros(high >>> REGISTER_BITS | 1 << 32 - REGISTER_BITS);
  return low & REGISTER_MASK | rank << REGISTER_BITS;
}

/** Of a word that is not 0. */
function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}
