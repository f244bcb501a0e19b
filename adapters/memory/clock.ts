/**
 * A clock that stands still until somebody moves it. It is the event loop of the memory platform,
 * too: network deliveries and background jobs are timers, so {@link MemoryClock.advance} is what
 * makes anything happen, always in the same order.
 *
 * One turn: all timers due now, in the order of their times and then of their making; after each,
 * the callbacks that wait for the end of the turn.
 */
import type { Clock, Timer } from "../../src/platform/clock.ts";

/** 2024-01-01T00:00:00Z, where wall time starts unless told otherwise. */
const START_MS = Date.UTC(2024, 0, 1);

/** A {@link Clock} that only moves by hand. */
export class MemoryClock implements Clock {
  #nowUs = 0;
  #wallOffsetMs: number;
  #timers: MemoryTimer[] = [];
  #turnEnd: (() => void)[] = [];
  #isAdvancing = false;

  /** `startMs` is the wall time to start at. */
  constructor(startMs: number = START_MS) {
    this.#wallOffsetMs = startMs;
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#nowUs / 1000;
  }

  utcOffsetMinutes(): number {
    return 0;
  }

  monotonicUs(): number {
    return this.#nowUs;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const dueUs = this.#nowUs + Math.max(0, delayMs) * 1000;
    const timer = new MemoryTimer(dueUs, callback);
    this.#insert(timer);
    return timer;
  }

  atTurnEnd(callback: () => void): void {
    this.#turnEnd.push(callback);
  }

  /**
   * Moves time forward by `durationMs` and runs everything that is due on the way, each thing at its
   * own time. `advance(0)` runs what is due now, and what comes of it, until all is quiet.
   */
  advance(durationMs: number): void {
    if (this.#isAdvancing) throw new Error("the clock is moved from within a callback of its own");
    this.#isAdvancing = true;
    const untilUs = this.#nowUs + durationMs * 1000;
    try {
      this.#runTurnEnd();
      for (let timer = this.#takeDue(untilUs); timer; timer = this.#takeDue(untilUs)) {
        this.#nowUs = Math.max(this.#nowUs, timer.dueUs);
        timer.callback();
        this.#runTurnEnd();
      }
      this.#nowUs = untilUs;
    } finally {
      this.#isAdvancing = false;
    }
  }

  /** Sets the wall clock as an administrator would: timers and monotonic time know nothing of it. */
  setWallMs(wallMs: number): void {
    this.#wallOffsetMs = wallMs - this.#nowUs / 1000;
  }

  /** When the next timer is due, in milliseconds from now; undefined where none waits. */
  nextTimerMs(): number | undefined {
    this.#dropCancelled();
    const next = this.#timers[0];
    return next === undefined ? undefined : (next.dueUs - this.#nowUs) / 1000;
  }

  #insert(timer: MemoryTimer): void {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#timers[middle]!.dueUs <= timer.dueUs) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
  }

  #takeDue(untilUs: number): MemoryTimer | undefined {
    this.#dropCancelled();
    const next = this.#timers[0];
    if (next === undefined || next.dueUs > untilUs) return undefined;
    this.#timers.shift();
    return next;
  }

  #dropCancelled(): void {
    while (this.#timers[0]?.isCancelled) this.#timers.shift();
  }

  #runTurnEnd(): void {
    while (this.#turnEnd.length > 0) {
      const callbacks = this.#turnEnd;
      this.#turnEnd = [];
      for (const callback of callbacks) callback();
    }
  }
}

class MemoryTimer implements Timer {
  readonly dueUs: number;
  readonly callback: () => void;
  isCancelled = false;

  constructor(dueUs: number, callback: () => void) {
    this.dueUs = dueUs;
    this.callback = callback;
  }

  cancel(): void {
    this.isCancelled = true;
  }
}
