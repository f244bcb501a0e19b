/**
 * The members that a search has found: their scores, distances and bytes, in the order in which they
 * were found, and the order in which they are to be replied. One object serves every call; what it
 * held is given back after a large result.
 */
import { sortByKeys } from "../../base/key_sort.ts";
import { sortPartly } from "../../base/partial_sort.ts";

const FIRST_COUNT = 64;
const FIRST_BYTES = 1024;
/** Larger results do not keep their arrays. */
const KEPT_COUNT_MAX = 16 * 1024;
const KEPT_BYTES_MAX = 1024 * 1024;

export class GeoMatches {
  count = 0;
  scores: Float64Array = new Float64Array(FIRST_COUNT);
  /** In meters. */
  distances: Float64Array = new Float64Array(FIRST_COUNT);
  /** Member i is `bytes[ends[i - 1]..ends[i])`. */
  bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  ends: Int32Array = new Int32Array(FIRST_COUNT);
  /** Place in the reply -> index. */
  order: Int32Array = new Int32Array(FIRST_COUNT);

  /** Adds a member. */
  add(source: Uint8Array, start: number, end: number, score: number, distance: number): void {
    const index = this.count;
    if (index === this.scores.length) this.#grow();
    const at = index === 0 ? 0 : this.ends[index - 1];
    const length = end - start;
    if (at + length > this.bytes.length) this.#growBytes(at, length);
    const bytes = this.bytes;
    for (let i = 0; i < length; i++) bytes[at + i] = source[start + i];
    this.ends[index] = at + length;
    this.scores[index] = score;
    this.distances[index] = distance;
    this.order[index] = index;
    this.count = index + 1;
  }

  startOf(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1];
  }

  /** Brings the first `wanted` into the order of their distances; the rest is undefined. */
  sort(isDescending: boolean, wanted: number): void {
    const { order, count } = this;
    const keys = this.distances.slice(0, count);
    if (isDescending) { for (let i = 0; i < count; i++) keys[i] = -keys[i]; }
    if (wanted === count) return sortByKeys(order, keys, count, areEqual);
    sortPartly(order, count, 0, wanted - 1, (a, b) => {
      const one = keys[a];
      const other = keys[b];
      return one > other ? 1 : one === other ? 0 : -1;
    });
  }

  /** Forgets all. */
  clear(): void {
    this.count = 0;
    if (this.scores.length > KEPT_COUNT_MAX) {
      this.scores = new Float64Array(FIRST_COUNT);
      this.distances = new Float64Array(FIRST_COUNT);
      this.ends = new Int32Array(FIRST_COUNT);
      this.order = new Int32Array(FIRST_COUNT);
    }
    if (this.bytes.length > KEPT_BYTES_MAX) this.bytes = new Uint8Array(FIRST_BYTES);
  }

  #grow(): void {
    const count = this.count;
    const scores = new Float64Array(count * 2);
    const distances = new Float64Array(count * 2);
    const ends = new Int32Array(count * 2);
    const order = new Int32Array(count * 2);
    scores.set(this.scores);
    distances.set(this.distances);
    ends.set(this.ends);
    order.set(this.order);
    this.scores = scores;
    this.distances = distances;
    this.ends = ends;
    this.order = order;
  }

  #growBytes(used: number, length: number): void {
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, used + length));
    bytes.set(this.bytes.subarray(0, used));
    this.bytes = bytes;
  }
}

/** Members at the same distance stay in the order in which they were found. */
function areEqual(): number {
  return 0;
}
