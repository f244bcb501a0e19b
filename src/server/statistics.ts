/** What INFO tells of the past: counters since the start or the last CONFIG RESETSTAT. */

const SAMPLES = 16;

/** A rate, averaged over the last samples as Redis does it (instantaneous_*). */
export class Rate {
  readonly #samples = new Float64Array(SAMPLES);
  #next = 0;
  #lastValue = 0;
  #lastUs = 0;

  /** Notes the value of a growing counter. */
  sample(value: number, monotonicUs: number): void {
    const elapsedUs = monotonicUs - this.#lastUs;
    if (this.#lastUs !== 0 && elapsedUs > 0) {
      this.#samples[this.#next] = Math.max(0, value - this.#lastValue) * 1e6 / elapsedUs;
      this.#next = (this.#next + 1) % SAMPLES;
    }
    this.#lastValue = value;
    this.#lastUs = monotonicUs;
  }

  get perSecond(): number {
    let sum = 0;
    for (const sample of this.#samples) sum += sample;
    return sum / SAMPLES;
  }

  reset(): void {
    this.#samples.fill(0);
    this.#lastUs = 0;
    this.#lastValue = 0;
  }
}

/** How many kinds of errors are counted apart; beyond that clients could make INFO grow. */
const ERROR_KINDS_MAX = 128;

export class Statistics {
  connectionsReceived = 0;
  rejectedConnections = 0;
  commandsProcessed = 0;
  netInputBytes = 0;
  netOutputBytes = 0;
  errorReplies = 0;
  inputBufferLimitDisconnections = 0;
  outputBufferLimitDisconnections = 0;
  readEvents = 0;
  writeEvents = 0;
  peakUsedMemoryBytes = 0;
  readonly commandRate: Rate = new Rate();
  readonly inputRate: Rate = new Rate();
  readonly outputRate: Rate = new Rate();
  /** Error replies by their code (`ERR`, `WRONGTYPE`, ...). */
  readonly errors: Map<string, number> = new Map();
  /** True once the limit was met: nothing is counted by code any more. */
  isErrorTrackingOff = false;

  /** Counts an error reply by the first word of its text. */
  countError(text: string): void {
    this.errorReplies++;
    if (this.isErrorTrackingOff) return;
    const space = text.indexOf(" ");
    const code = space < 0 ? text : text.slice(0, space);
    const count = this.errors.get(code);
    if (count === undefined && this.errors.size >= ERROR_KINDS_MAX) {
      this.errors.clear();
      this.isErrorTrackingOff = true;
      return;
    }
    this.errors.set(code, (count ?? 0) + 1);
  }

  reset(): void {
    this.connectionsReceived = 0;
    this.rejectedConnections = 0;
    this.commandsProcessed = 0;
    this.netInputBytes = 0;
    this.netOutputBytes = 0;
    this.errorReplies = 0;
    this.inputBufferLimitDisconnections = 0;
    this.outputBufferLimitDisconnections = 0;
    this.readEvents = 0;
    this.writeEvents = 0;
    this.commandRate.reset();
    this.inputRate.reset();
    this.outputRate.reset();
    this.errors.clear();
    this.isErrorTrackingOff = false;
  }
}
