/**
 * The clock of a real runtime, on functions that all three have.
 *
 * - Wall time is `Date.now()` with a fraction: the fraction comes from the monotonic counter, through
 *   an offset that is corrected whenever the two disagree by a millisecond. So it follows the
 *   system's clock when that jumps, and tells microseconds otherwise.
 * - The end of a turn is `setImmediate`. Node runs it in the loop's check phase, after all sockets
 *   that were ready have been read; Deno and Bun keep the same order. Measured on those two: a
 *   MessageChannel collects as many replies a turn, for more CPU on Bun; microtasks and `nextTick`
 *   come after every single read; `setTimeout` waits a millisecond.
 * - However many callbacks wait for the end of a turn, the runtime is asked once.
 */
import type { Clock, Timer } from "../../src/platform/clock.ts";

declare function setTimeout(callback: () => void, delayMs: number): unknown;
declare function setImmediate(callback: () => void): unknown;
declare function clearTimeout(handle: unknown): void;
declare const performance: { now(): number };

/** The longest delay that runtimes take; a longer one is waited for in several steps. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/** A {@link Clock} on the runtime's timers. */
export class SystemClock implements Clock {
  #wallOffsetMs = Date.now() - performance.now();
  #waiting: (() => void)[] = [];
  #running: (() => void)[] = [];
  readonly #turnEnded = (): void => this.#runTurnEnd();

  wallMs(): number {
    const wholeMs = Date.now();
    const wallMs = performance.now() + this.#wallOffsetMs;
    if (wallMs >= wholeMs && wallMs < wholeMs + 1) return wallMs;
    const correctedMs = wallMs < wholeMs ? wholeMs : wholeMs + 0.999;
    this.#wallOffsetMs += correctedMs - wallMs;
    return correctedMs;
  }

  utcOffsetMinutes(): number {
    // Through 0 -, because the offset of UTC itself would be -0.
    return 0 - new Date().getTimezoneOffset();
  }

  monotonicUs(): number {
    return performance.now() * 1000;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    return new SystemTimer(performance.now() + Math.max(0, delayMs), callback);
  }

  atTurnEnd(callback: () => void): void {
    if (this.#waiting.push(callback) === 1) setImmediate(this.#turnEnded);
  }

  /** Runs what waits. What a callback adds meanwhile belongs to the next turn. */
  #runTurnEnd(): void {
    const callbacks = this.#waiting;
    this.#waiting = this.#running;
    this.#running = callbacks;
    for (let index = 0; index < callbacks.length; index++) callbacks[index]!();
    callbacks.length = 0;
  }
}

/** One promise to call back; runtimes may wake a millisecond early, then it waits again. */
class SystemTimer implements Timer {
  readonly #dueMs: number;
  readonly #callback: () => void;
  #handle: unknown;

  constructor(dueMs: number, callback: () => void) {
    this.#dueMs = dueMs;
    this.#callback = callback;
    this.#wait();
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }

  #wait(): void {
    const restMs = Math.ceil(this.#dueMs - performance.now());
    this.#handle = setTimeout(this.#woken, Math.min(Math.max(restMs, 0), TIMEOUT_MAX_MS));
  }

  readonly #woken = (): void => {
    if (performance.now() < this.#dueMs) this.#wait();
    else this.#callback();
  };
}
