/**
 * How many elements a HyperLogLog has seen, from how often each rank stands in its registers.
 *
 * The estimator is Otmar Ertl's ("New cardinality estimation algorithms for HyperLogLog sketches",
 * arXiv:1702.01284), as Redis has it since version 4: the same operations on doubles in the same
 * order, so that the answers agree to the last digit.
 */

/** How many registers there are. */
export const REGISTER_COUNT = 16384;
/** The highest value that a register can hold; elements have ranks up to 51. */
export const REGISTER_MAX = 63;

/** Bits of a hash that ranks are taken from. */
const TAIL_BITS = 50;
const ALPHA_INFINITE = 0.721347520444481703680;
const TWO_63 = 2 ** 63;

/** For {@link estimate}: how many registers hold each value. */
export type RankCounts = Int32Array<ArrayBuffer>;

/**
 * The estimated cardinality, a whole number. -2^63 where the registers say more than 64 bits hold,
 * which no elements can bring about: that is what Redis's conversion makes of it.
 */
export function estimate(counts: RankCounts): number {
  const m = REGISTER_COUNT;
  let z = m * tau((m - counts[TAIL_BITS + 1]) / m);
  for (let rank = TAIL_BITS; rank >= 1; rank--) {
    z += counts[rank];
    z *= 0.5;
  }
  z += m * sigma(counts[0] / m);
  const estimated = ALPHA_INFINITE * m * m / z;
  return estimated < TWO_63 ? Math.round(estimated) : -TWO_63;
}

/** What the registers without any element contribute; `x` is their share. */
function sigma(x: number): number {
  if (x === 1) return Infinity;
  let y = 1;
  let z = x;
  for (;;) {
    x *= x;
    const before = z;
    z += x * y;
    y += y;
    if (before === z) return z;
  }
}

/** What the registers at the highest rank contribute; `x` is the share of all others. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let y = 1;
  let z = 1 - x;
  for (;;) {
    x = Math.sqrt(x);
    const before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
    if (before === z) return z / 3;
  }
}
