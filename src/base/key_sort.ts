/**
 * Sorting indexes by keys that are doubles, and those whose keys are equal by a comparison.
 *
 * Comparing random keys one by one, a processor guesses half of the outcomes wrong. So many keys are
 * sorted without comparing any: the bits of a double, the sign taken care of, are an integer that is
 * in the order of the doubles, and six passes deal the indexes out by eleven bits of it at a time,
 * the lowest first. Passes in which all have the same bits, as integers have in the lower half, are
 * left out.
 */
import type { CompareIndexes } from "./partial_sort.ts";

/** Fewer are sorted by merging. */
const DEAL_COUNT_MIN = 200;
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const DIGIT_MASK = DIGITS - 1;
/** Digits of a key: three of each word, the highest of them of ten bits. */
const PASSES = 6;
/** So many are sorted by insertion before runs are merged. */
const RUN = 8;

const doubles = new Float64Array(1);
const doubleWords = new Int32Array(doubles.buffer);
/** The order of the two words of a double in memory. */
const LOW_WORD = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;

/**
 * Sorts all of `order[0..count)`, which is at first that of the indexes, by the keys of the indexes,
 * and where keys are equal as `compareTie` says; what that says is equal stays in its order.
 *
 * @param keys by index; undefined afterwards. None is NaN.
 */
export function sortByKeys(
  order: Int32Array,
  keys: Float64Array,
  count: number,
  compareTie: CompareIndexes,
): void {
  if (count < DEAL_COUNT_MIN) return sortByMerging(order, keys, count, compareTie);
  const sorted = deal(order, keys, count);
  for (let from = 0; from < count;) {
    let end = from + 1;
    while (end < count && sorted.isEqual(from, end)) end++;
    if (end - from > 1) sortTies(order, from, end, compareTie);
    from = end;
  }
}

/** Keys in order, as the two words that they were dealt out by. */
class DealtKeys {
  readonly high: Int32Array;
  readonly low: Int32Array;

  constructor(high: Int32Array, low: Int32Array) {
    this.high = high;
    this.low = low;
  }

  isEqual(a: number, b: number): boolean {
    return this.low[a] === this.low[b] && this.high[a] === this.high[b];
  }
}

/** Brings `order` into the order of the keys. */
function deal(order: Int32Array, keys: Float64Array, count: number): DealtKeys {
  let high: Int32Array = new Int32Array(count);
  let low: Int32Array = new Int32Array(count);
  const counts = new Int32Array(PASSES * DIGITS);
  splitKeys(keys, count, high, low, counts);
  let indexes = order;
  let nextHigh: Int32Array = new Int32Array(count);
  let nextLow: Int32Array = new Int32Array(count);
  let nextIndexes: Int32Array = new Int32Array(count);
  for (let pass = 0; pass < PASSES; pass++) {
    const words = pass < 3 ? low : high;
    const shift = pass % 3 * DIGIT_BITS;
    const base = pass * DIGITS;
    if (counts[base + (words[0] >>> shift & DIGIT_MASK)] === count) continue;
    for (let digit = 0, sum = 0; digit < DIGITS; digit++) {
      const added = counts[base + digit];
      counts[base + digit] = sum;
      sum += added;
    }
    for (let i = 0; i < count; i++) {
      const place = counts[base + (words[i] >>> shift & DIGIT_MASK)]++;
      nextHigh[place] = high[i];
      nextLow[place] = low[i];
      nextIndexes[place] = indexes[i];
    }
    const [dealtHigh, dealtLow, dealtIndexes] = [nextHigh, nextLow, nextIndexes];
    [nextHigh, nextLow, nextIndexes] = [high, low, indexes];
    [high, low, indexes] = [dealtHigh, dealtLow, dealtIndexes];
  }
  if (indexes !== order) { for (let i = 0; i < count; i++) order[i] = indexes[i]; }
  return new DealtKeys(high, low);
}

/** Makes two unsigned words of each key, in the order of the keys, and counts their digits. */
function splitKeys(
  keys: Float64Array,
  count: number,
  highs: Int32Array,
  lows: Int32Array,
  counts: Int32Array,
): void {
  for (let i = 0; i < count; i++) {
    // -0 and 0 are equal, and adding 0 makes them the same.
    doubles[0] = keys[i] + 0;
    let high = doubleWords[1 - LOW_WORD];
    let low = doubleWords[LOW_WORD];
    // Of negative numbers those with greater bits are less: all are turned around.
    const sign = high >> 31;
    low ^= sign;
    high ^= sign | 0x80000000;
    highs[i] = high;
    lows[i] = low;
    counts[low & DIGIT_MASK]++;
    counts[DIGITS + (low >>> DIGIT_BITS & DIGIT_MASK)]++;
    counts[2 * DIGITS + (low >>> 2 * DIGIT_BITS)]++;
    counts[3 * DIGITS + (high & DIGIT_MASK)]++;
    counts[4 * DIGITS + (high >>> DIGIT_BITS & DIGIT_MASK)]++;
    counts[5 * DIGITS + (high >>> 2 * DIGIT_BITS)]++;
  }
}

/** Sorts indexes whose keys are equal. */
function sortTies(order: Int32Array, from: number, end: number, compareTie: CompareIndexes): void {
  if (end - from > RUN) {
    const ties = order.slice(from, end);
    sortByMerging(ties, new Float64Array(end - from), end - from, compareTie);
    return order.set(ties, from);
  }
  for (let i = from + 1; i < end; i++) {
    const index = order[i];
    let place = i;
    for (; place > from && compareTie(order[place - 1], index) > 0; place--) {
      order[place] = order[place - 1];
    }
    order[place] = index;
  }
}

/** A merge sort in which the keys move along with the indexes. */
function sortByMerging(
  order: Int32Array,
  keys: Float64Array,
  count: number,
  compareTie: CompareIndexes,
): void {
  for (let from = 0; from < count; from += RUN) {
    sortRun(order, keys, from, Math.min(from + RUN, count), compareTie);
  }
  if (count <= RUN) return;
  let source = order;
  let sourceKeys = keys;
  let target: Int32Array = new Int32Array(count);
  let targetKeys: Float64Array = new Float64Array(count);
  for (let width = RUN; width < count; width *= 2) {
    for (let from = 0; from < count; from += 2 * width) {
      const middle = Math.min(from + width, count);
      const end = Math.min(middle + width, count);
      merge(source, sourceKeys, from, middle, end, target, targetKeys, compareTie);
    }
    const [merged, mergedKeys] = [target, targetKeys];
    [target, targetKeys] = [source, sourceKeys];
    [source, sourceKeys] = [merged, mergedKeys];
  }
  if (source !== order) { for (let i = 0; i < count; i++) order[i] = source[i]; }
}

/** Sorts a few by insertion, keys and indexes together. */
function sortRun(
  order: Int32Array,
  keys: Float64Array,
  from: number,
  end: number,
  compareTie: CompareIndexes,
): void {
  for (let i = from + 1; i < end; i++) {
    const key = keys[i];
    const index = order[i];
    let place = i;
    for (; place > from; place--) {
      const before = keys[place - 1];
      if (before < key || (before === key && compareTie(order[place - 1], index) <= 0)) break;
      keys[place] = before;
      order[place] = order[place - 1];
    }
    keys[place] = key;
    order[place] = index;
  }
}

function merge(
  source: Int32Array,
  sourceKeys: Float64Array,
  from: number,
  middle: number,
  end: number,
  target: Int32Array,
  targetKeys: Float64Array,
  compareTie: CompareIndexes,
): void {
  let left = from;
  let right = middle;
  for (let at = from; at < end; at++) {
    const takesLeft = right >= end || (left < middle && (sourceKeys[left] < sourceKeys[right] ||
      (sourceKeys[left] === sourceKeys[right] && compareTie(source[left], source[right]) <= 0)));
    const taken = takesLeft ? left++ : right++;
    targetKeys[at] = sourceKeys[taken];
    target[at] = source[taken];
  }
}
