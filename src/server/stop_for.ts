/** Stopping the whole server for a while, which tests ask for (DEBUG SLEEP). */
import type { Clock } from "../platform/clock.ts";

/** No pause is longer without a look at the clock, in milliseconds. */
const PAUSE_MS_MAX = 50;

/**
 * Blocks the process. The clock is asked again after every pause, for it alone knows what time it
 * is; one that stands still while the process waits is moved by hand and would never get there.
 */
export function stopFor(clock: Clock, us: number): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  let nowUs = clock.monotonicUs();
  const endUs = nowUs + us;
  while (nowUs < endUs) {
    const pauseMs = Math.min(Math.max((endUs - nowUs) / 1000, 1), PAUSE_MS_MAX);
    Atomics.wait(cell, 0, 0, pauseMs);
    const laterUs = clock.monotonicUs();
    if (laterUs === nowUs) break;
    nowUs = laterUs;
  }
}
