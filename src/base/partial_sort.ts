/**
 * Sorting indexes by what they stand for, as far as they belong in a range of the places.
 *
 * This is Bentley and McIlroy's quicksort ("Engineering a Sort Function", 1993), as the
 * C library of BSD and Redis have it: middle of three, or of three times three; equal ones are
 * gathered at both ends and then moved to the middle. It goes only into partitions that have a part
 * in the range. Redis sorts so wherever it needs only some of the elements, and since elements that
 * compare as equal come out in the order that the exchanges happen to leave, whoever wants the same
 * order has to make the same exchanges.
 */

/** Less than 0, 0 or more, for what two indexes stand for. */
export type CompareIndexes = (a: number, b: number) => number;

const INSERTION_COUNT = 7;
const NINTHER_COUNT = 40;

/**
 * Lets the places `first..last` (inclusive) of `order[0..count)` hold the indexes that they would
 * hold if all were sorted; what is at other places is undefined.
 */
export function sortPartly(
  order: Int32Array,
  count: number,
  first: number,
  last: number,
  compare: CompareIndexes,
): void {
  sortRange(order, 0, count, first, last, compare);
}

function sortRange(
  order: Int32Array,
  from: number,
  count: number,
  first: number,
  last: number,
  compare: CompareIndexes,
): void {
  for (;;) {
    if (count < INSERTION_COUNT) return sortByInsertion(order, from, count, compare);
    exchange(order, from, pivotPlace(order, from, count, compare));
    const end = from + count;
    // [from, equalEnd) and [equalStart, end) are equal to the pivot, what is between them and the
    // middle is less or greater.
    let equalEnd = from + 1;
    let low = equalEnd;
    let equalStart = end;
    let high = end - 1;
    const pivot = order[from];
    for (;;) {
      for (; low <= high; low++) {
        const difference = compare(order[low], pivot);
        if (difference > 0) break;
        if (difference === 0) exchange(order, equalEnd++, low);
      }
      for (; low <= high; high--) {
        const difference = compare(order[high], pivot);
        if (difference < 0) break;
        if (difference === 0) exchange(order, high, --equalStart);
      }
      if (low > high) break;
      exchange(order, low++, high--);
    }
    const lessCount = low - equalEnd;
    const greaterCount = equalStart - 1 - high;
    exchangeRuns(order, from, low, Math.min(equalEnd - from, lessCount));
    exchangeRuns(order, low, end, Math.min(greaterCount, end - equalStart));
    if (lessCount > 1 && first < from + lessCount && last >= from) {
      sortRange(order, from, lessCount, first, last, compare);
    }
    from = end - greaterCount;
    count = greaterCount;
    if (greaterCount <= 1 || first >= end || last < from) return;
  }
}

function sortByInsertion(
  order: Int32Array,
  from: number,
  count: number,
  compare: CompareIndexes,
): void {
  for (let i = from + 1; i < from + count; i++) {
    const moving = order[i];
    let place = i;
    for (; place > from && compare(order[place - 1], moving) > 0; place--) {
      order[place] = order[place - 1];
    }
    order[place] = moving;
  }
}

/** Where the element stands by which the others are parted. */
function pivotPlace(
  order: Int32Array,
  from: number,
  count: number,
  compare: CompareIndexes,
): number {
  let low = from;
  let middle = from + (count >>> 1);
  let high = from + count - 1;
  if (count === INSERTION_COUNT) return middle;
  if (count > NINTHER_COUNT) {
    const eighth = count >>> 3;
    low = medianPlace(order, low, low + eighth, low + 2 * eighth, compare);
    middle = medianPlace(order, middle - eighth, middle, middle + eighth, compare);
    high = medianPlace(order, high - 2 * eighth, high - eighth, high, compare);
  }
  return medianPlace(order, low, middle, high, compare);
}

function medianPlace(
  order: Int32Array,
  a: number,
  b: number,
  c: number,
  compare: CompareIndexes,
): number {
  if (compare(order[a], order[b]) < 0) {
    if (compare(order[b], order[c]) < 0) return b;
    return compare(order[a], order[c]) < 0 ? c : a;
  }
  if (compare(order[b], order[c]) > 0) return b;
  return compare(order[a], order[c]) < 0 ? a : c;
}

function exchange(order: Int32Array, a: number, b: number): void {
  const moved = order[a];
  order[a] = order[b];
  order[b] = moved;
}

/** Exchanges the `length` elements from `start` on with those before `end`. */
function exchangeRuns(order: Int32Array, start: number, end: number, length: number): void {
  for (let i = 0; i < length; i++) exchange(order, start + i, end - length + i);
}
