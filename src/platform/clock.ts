/**
 * Time, as the core sees it. The core never reads a clock or sets a timer of its own: everything
 * comes through this interface, so that a test can own time and replay a run.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch; may carry a fraction (microseconds), may jump. */
  wallMs(): number;
  /** Local time minus UTC, in minutes, for the log. */
  utcOffsetMinutes(): number;
  /** Microseconds since an arbitrary origin; never goes back. */
  monotonicUs(): number;
  /** Runs `callback` once, not before `delayMs` from now. Keeps the process alive until then. */
  schedule(delayMs: number, callback: () => void): Timer;
  /**
   * Runs `callback` once when the input that is ready in this event-loop turn has been handled and
   * before the loop waits again. This is where the replies of a turn are released.
   */
  atTurnEnd(callback: () => void): void;
}

/** A callback that {@link Clock.schedule} has promised to run. */
export interface Timer {
  /** Takes the promise back. Without effect when the callback has run already. */
  cancel(): void;
}
