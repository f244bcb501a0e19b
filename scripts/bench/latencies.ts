/**
 * What a client remembers of the replies of one phase: how often each latency came, to the
 * microsecond, and the longest time in which no reply came at all.
 *
 *     counts[i]      replies that took i microseconds; the last count is of all that took longer
 *
 * Memory is reserved before the phase begins; noting a reply allocates nothing, so that it is the
 * server that is measured and not a garbage collector.
 */

/** Latencies of 16.7 s and more are not told apart. */
const COUNTED_US = 1 << 24;

/** What is said of a phase. */
export interface PhaseFigures {
  readonly replies: number;
  readonly repliesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** The longest time in which the server answered nobody. */
  readonly longestStallMs: number;
  /** The longest time in which the client itself did not run when it should have. */
  readonly clientStallMs: number;
}

/** The replies of one phase. */
export class Latencies {
  /** How long the phase took; to be set when it is over, as is the next. */
  elapsedMs = 0;
  clientStallMs = 0;
  readonly #counts = new Uint32Array(COUNTED_US);
  #replies = 0;
  #maxMs = 0;
  #longestStallMs = 0;

  /** One reply: how long it took, and how long after the reply before it, anybody's, it came. */
  note(latencyMs: number, sinceLastMs: number): void {
    this.#counts[Math.min(latencyMs * 1000 | 0, COUNTED_US - 1)]++;
    this.#replies++;
    if (latencyMs > this.#maxMs) this.#maxMs = latencyMs;
    if (sinceLastMs > this.#longestStallMs) this.#longestStallMs = sinceLastMs;
  }

  /** The latency that `share` of the replies did not exceed. */
  percentileMs(share: number): number {
    const wanted = Math.ceil(this.#replies * share);
    let seen = 0;
    for (let i = 0; i < COUNTED_US; i++) {
      seen += this.#counts[i];
      if (seen >= wanted) return i / 1000;
    }
    return this.#maxMs;
  }

  figures(): PhaseFigures {
    return {
      replies: this.#replies,
      repliesPerSecond: this.#replies / this.elapsedMs * 1000,
      p50Ms: this.percentileMs(0.5),
      p99Ms: this.percentileMs(0.99),
      p999Ms: this.percentileMs(0.999),
      maxMs: this.#maxMs,
      longestStallMs: this.#longestStallMs,
      clientStallMs: this.clientStallMs,
    };
  }
}
