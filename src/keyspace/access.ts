/**
 * The 24 bits of an entry that tell how it is used, as Redis keeps them.
 *
 * LRU: seconds modulo 2^24. LFU: minutes modulo 2^16 of the last decay, then an 8-bit logarithmic
 * counter that grows with chance 1 / (counter * lfu-log-factor + 1) and loses one each
 * `lfu-decay-time` minutes.
 *
 *     23              8 7            0
 *     +----------------+-------------+
 *     | minutes        | counter     |   LFU
 *     | seconds                      |   LRU
 *     +----------------+-------------+
 */
import type { Prng } from "../base/prng.ts";

const CLOCK_MASK = 0xffffff;
const MINUTES_MASK = 0xffff;
/** A new key starts here, so that it is not evicted before it had a chance to be used. */
const LFU_INITIAL = 5;

export class AccessClock {
  /** True while `maxmemory-policy` is one of the LFU policies. */
  isLfu = false;
  /** `lfu-log-factor` and `lfu-decay-time`. */
  logFactor = 10;
  decayMinutes = 1;
  /** The value that a new entry gets, refreshed by {@link tick}. */
  initial = 0;

  #seconds = 0;
  #minutes = 0;
  readonly #prng: Prng;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  /** Lets the clock know what time it is. */
  tick(nowMs: number): void {
    this.#seconds = Math.floor(nowMs / 1000) & CLOCK_MASK;
    this.#minutes = Math.floor(nowMs / 60000) & MINUTES_MASK;
    this.initial = this.isLfu ? this.#minutes << 8 | LFU_INITIAL : this.#seconds;
  }

  /** The bits of an entry that is used now, given its bits so far. */
  touched(access: number): number {
    if (!this.isLfu) return this.#seconds;
    const counter = this.frequency(access);
    return this.#minutes << 8 | this.#increment(counter);
  }

  /** Seconds since the entry was used (LRU). */
  idleSeconds(access: number): number {
    return (this.#seconds - access) & CLOCK_MASK;
  }

  /** The bits of an entry last used so many seconds ago (LRU; RESTORE IDLETIME). */
  forIdleSeconds(idleSeconds: number): number {
    return (this.#seconds - idleSeconds) & CLOCK_MASK;
  }

  /** The counter, decayed to now (LFU). */
  frequency(access: number): number {
    const counter = access & 0xff;
    if (this.decayMinutes === 0) return counter;
    const elapsed = (this.#minutes - (access >>> 8)) & MINUTES_MASK;
    return Math.max(0, counter - Math.floor(elapsed / this.decayMinutes));
  }

  /** The bits of an entry with that counter (LFU; RESTORE FREQ). */
  forFrequency(counter: number): number {
    return this.#minutes << 8 | counter;
  }

  #increment(counter: number): number {
    if (counter === 255) return 255;
    const base = Math.max(0, counter - LFU_INITIAL);
    return this.#prng.nextDouble() < 1 / (base * this.logFactor + 1) ? counter + 1 : counter;
  }
}
