/**
 * How long the calls of one command took, as a high dynamic range histogram: two significant
 * digits from a nanosecond to a second, whatever the values are.
 *
 * Redis keeps the same one, of the same sizes, so its figures and ours are cut at the same places.
 * Values below 256 have a cell each; from there on each power of two has 128 cells:
 *
 *     cell    0 .. 255     256 .. 383       384 .. 511       ...  2944 .. 3071
 *     value   0 .. 255     256 .. 511 by 2  512 .. 1023 by 4 ...  2^29 .. 2^30-1 by 2^22
 *
 * Counts are doubles: a busy command passes 2^32 within the hour.
 */

const VALUE_MAX_NS = 1e9;
const HALF_CELLS = 128;
const LINEAR_VALUES = 2 * HALF_CELLS;
const CELLS = 24 * HALF_CELLS;

export class LatencyHistogram {
  readonly #counts = new Float64Array(CELLS);
  #total = 0;

  /** Calls that were recorded. */
  get total(): number {
    return this.#total;
  }

  /** Notes calls that took so long each; longer than a second counts as a second. */
  record(ns: number, count: number): void {
    const value = ns >= VALUE_MAX_NS ? VALUE_MAX_NS : ns < 1 ? 1 : ns | 0;
    const power = 24 - Math.clz32(value | LINEAR_VALUES - 1);
    this.#counts[power * HALF_CELLS + (value >>> power)] += count;
    this.#total += count;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /**
   * The value in nanoseconds that `percent` of the calls did not exceed: the highest of its cell,
   * the lowest for 0 percent.
   */
  percentile(percent: number): number {
    const wanted = Math.max(1, Math.floor(Math.min(percent, 100) / 100 * this.#total + 0.5));
    let seen = 0;
    for (let cell = 0; cell < CELLS; cell++) {
      seen += this.#counts[cell];
      if (seen >= wanted) return percent === 0 ? lowestOf(cell) : highestOf(cell);
    }
    return 0;
  }

  /**
   * Calls a function with bounds in microseconds, about a power of two each, and the number of calls
   * up to there, for the bounds at which that number grows.
   *
   * A step ends with the cell in which the next power of two, from 1024 ns on, lies: this cell
   * counts with the step before it. So does the library that Redis uses.
   */
  eachPowerOfTwo(found: (us: number, count: number) => void): void {
    let seen = 0;
    let told = 0;
    let nextNs = 1024;
    for (let cell = 0; cell < CELLS && told < this.#total; cell++) {
      seen += this.#counts[cell];
      const isLast = cell === CELLS - 1;
      if (lowestOf(cell) < nextNs && !isLast) continue;
      nextNs *= 2;
      if (seen > told) found(Math.floor(highestOf(cell) / 1000), seen);
      told = seen;
    }
  }
}

function lowestOf(cell: number): number {
  const power = powerOf(cell);
  return (cell - power * HALF_CELLS) * 2 ** power;
}

function highestOf(cell: number): number {
  return lowestOf(cell) + 2 ** powerOf(cell) - 1;
}

/** Each cell is so many powers of two wide. */
function powerOf(cell: number): number {
  return cell < LINEAR_VALUES ? 0 : (cell >>> 7) - 1;
}
