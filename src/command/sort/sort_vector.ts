/**
 * The elements that SORT sorts: copies of their bytes, what they are sorted by, and their order.
 * One object serves every call; what it held is given back after a large one.
 *
 *     bytes    element 0 | element 1 | ... | element n-1 | weights, values of GET ...
 *
 * Order: by score, and where scores are the same by the bytes of the elements, so that it does not
 * depend on where they came from; with ALPHA by the bytes of elements or weights alone. Elements
 * without a weight come before those with one.
 *
 * To sort by bytes, the first six of them are made a number first, and only where those are the same
 * the bytes are looked at.
 */
import { compareBytes } from "../../base/ascii.ts";
import { sortByKeys } from "../../base/key_sort.ts";
import { type CompareIndexes, sortPartly } from "../../base/partial_sort.ts";

const FIRST_BYTES = 4096;
const FIRST_COUNT = 256;
const KEPT_BYTES_MAX = 1024 * 1024;
const KEPT_COUNT_MAX = 64 * 1024;
/** As many bytes as a double has room for. */
const PREFIX_BYTES = 6;
/** What a prefix is multiplied by that lacks so many bytes. */
const PREFIX_SCALES: readonly number[] = Array.from(
  { length: PREFIX_BYTES + 1 },
  (_, i) => 256 ** i,
);
/** The end of a weight that is not there. */
const ABSENT = -1;

export class SortVector {
  count = 0;
  /** Bytes in use. */
  length = 0;
  bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  ends: Int32Array = new Int32Array(FIRST_COUNT);
  scores: Float64Array = new Float64Array(FIRST_COUNT);
  /** Place -> element. */
  order: Int32Array = new Int32Array(FIRST_COUNT);

  #weightStarts: Int32Array = new Int32Array(0);
  #weightEnds: Int32Array = new Int32Array(0);
  #stopsAtZero = false;

  #isDescending = false;

  readonly #elementTie = (a: number, b: number): number =>
    this.#signed(this.#compareElements(a, b));
  readonly #weightTie = (a: number, b: number): number => this.#signed(this.#compareWeights(a, b));

  startOf(element: number): number {
    return element === 0 ? 0 : this.ends[element - 1];
  }

  /** Makes room for so many elements. */
  begin(count: number): void {
    this.count = 0;
    this.length = 0;
    if (count > this.ends.length) {
      this.ends = new Int32Array(count);
      this.scores = new Float64Array(count);
      this.order = new Int32Array(count);
    }
  }

  /** Adds an element. */
  add(source: Uint8Array, start: number, end: number): void {
    this.append(source, start, end);
    this.#added();
  }

  /** Adds an element of so many bytes, which the caller writes where it says. */
  addUndefined(length: number): number {
    this.#reserve(length);
    const at = this.length;
    this.length = at + length;
    this.#added();
    return at;
  }

  /** Adds bytes that are no element; they begin where `length` was before. */
  append(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#reserve(length);
    const bytes = this.bytes;
    const at = this.length;
    if (length > 64) bytes.set(source.subarray(start, end), at);
    else for (let i = 0; i < length; i++) bytes[at + i] = source[start + i];
    this.length = at + length;
  }

  /** All elements are there: all will have weights, or none of their own. */
  beginWeights(): void {
    this.#weightStarts = new Int32Array(this.count);
    this.#weightEnds = new Int32Array(this.count);
    this.#weightEnds.fill(ABSENT);
  }

  /** Gives an element bytes to be sorted by. */
  setWeight(element: number, source: Uint8Array, start: number, end: number): void {
    this.#weightStarts[element] = this.length;
    this.append(source, start, end);
    this.#weightEnds[element] = this.length;
  }

  /** Sorts by the scores; only the places from `first` to `last` have to be right. */
  sortByScore(isDescending: boolean, first: number, last: number): void {
    this.#stopsAtZero = false;
    this.#sort(this.#elementTie, isDescending, first, last);
  }

  /**
   * Sorts by bytes: of the weights, or of the elements themselves. With `stopsAtZero` what comes
   * behind a zero byte does not count, as where Redis compares by the rules of a language.
   */
  sortByBytes(
    hasWeights: boolean,
    isDescending: boolean,
    stopsAtZero: boolean,
    first: number,
    last: number,
  ): void {
    this.#stopsAtZero = stopsAtZero;
    if (hasWeights) this.#scoreWeights();
    else this.#scoreElements();
    this.#sort(hasWeights ? this.#weightTie : this.#elementTie, isDescending, first, last);
  }

  /** Forgets all. */
  clear(): void {
    this.count = 0;
    this.length = 0;
    this.#weightStarts = new Int32Array(0);
    this.#weightEnds = this.#weightStarts;
    if (this.bytes.length > KEPT_BYTES_MAX) this.bytes = new Uint8Array(FIRST_BYTES);
    if (this.ends.length > KEPT_COUNT_MAX) {
      this.ends = new Int32Array(FIRST_COUNT);
      this.scores = new Float64Array(FIRST_COUNT);
      this.order = new Int32Array(FIRST_COUNT);
    }
  }

  #added(): void {
    const index = this.count++;
    this.ends[index] = this.length;
    this.scores[index] = 0;
    this.order[index] = index;
  }

  #sort(compareTie: CompareIndexes, isDescending: boolean, first: number, last: number): void {
    const { order, scores, count } = this;
    if (last < first) return;
    this.#isDescending = isDescending;
    if (isDescending) { for (let i = 0; i < count; i++) scores[i] = -scores[i]; }
    // Whoever sorts by elements gets the same order by any way of sorting, mostly the faster one.
    const isWhole = first === 0 && last === count - 1;
    const isLarge = compareTie === this.#elementTie && (last - first) * 16 > count;
    if (isWhole || isLarge) return sortByKeys(order, scores, count, compareTie);
    sortPartly(order, count, first, last, (a, b) => {
      const one = scores[a];
      const other = scores[b];
      return one < other ? -1 : one > other ? 1 : compareTie(a, b);
    });
  }

  #scoreElements(): void {
    const { ends, scores, count } = this;
    for (let i = 0; i < count; i++) scores[i] = this.#prefix(this.startOf(i), ends[i]);
  }

  #scoreWeights(): void {
    const { scores, count } = this;
    for (let i = 0; i < count; i++) {
      const end = this.#weightEnds[i];
      scores[i] = end === ABSENT ? -1 : this.#prefix(this.#weightStarts[i], end);
    }
  }

  /** The first bytes as a number that is in the order of the bytes, as far as they go. */
  #prefix(start: number, end: number): number {
    const bytes = this.bytes;
    let prefix = 0;
    let left = PREFIX_BYTES;
    for (; left > 0 && start < end; left--) {
      const byte = bytes[start++];
      if (byte === 0 && this.#stopsAtZero) break;
      prefix = prefix * 256 + byte;
    }
    return prefix * PREFIX_SCALES[left];
  }

  #signed(difference: number): number {
    return this.#isDescending ? -difference : difference;
  }

  #compareElements(a: number, b: number): number {
    return this.#compare(this.startOf(a), this.ends[a], this.startOf(b), this.ends[b]);
  }

  #compareWeights(a: number, b: number): number {
    const end = this.#weightEnds[a];
    const otherEnd = this.#weightEnds[b];
    if (end === ABSENT || otherEnd === ABSENT) {
      return end === otherEnd ? 0 : end === ABSENT ? -1 : 1;
    }
    return this.#compare(this.#weightStarts[a], end, this.#weightStarts[b], otherEnd);
  }

  #compare(start: number, end: number, otherStart: number, otherEnd: number): number {
    const bytes = this.bytes;
    if (!this.#stopsAtZero) return compareBytes(bytes, start, end, bytes, otherStart, otherEnd);
    for (; start < end && otherStart < otherEnd; start++, otherStart++) {
      const difference = bytes[start] - bytes[otherStart];
      if (difference !== 0) return difference;
      if (bytes[start] === 0) return 0;
    }
    const isOver = start === end || bytes[start] === 0;
    const isOtherOver = otherStart === otherEnd || bytes[otherStart] === 0;
    return isOver ? (isOtherOver ? 0 : -1) : 1;
  }

  #reserve(length: number): void {
    if (this.length + length <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, this.length + length));
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
  }
}
