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

/** So many kinds of errors are counted apart when scripts make up more and more of them. */
const ERROR_KINDS_MAX = 128;
/** What all others are counted as. */
const OTHER_ERRORS = "ERRORSTATS_OVERFLOW";

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
  /** Rounds of work: batches of commands from one client, and ticks. */
  cycles = 0;
  /** Time in rounds, the longest of them, and in ticks alone, in microseconds. */
  cycleUs = 0;
  longestCycleUs = 0;
  tickUs = 0;
  /** Time in active expiry, in microseconds. */
  expiryUs = 0;
  /** The most commands of one batch. */
  batchCommandsMax = 0;
  readonly commandRate: Rate = new Rate();
  readonly inputRate: Rate = new Rate();
  readonly outputRate: Rate = new Rate();
  readonly cycleRate: Rate = new Rate();
  readonly cycleTimeRate: Rate = new Rate();
  /** Error replies by their code (`ERR`, `WRONGTYPE`, ...). */
  readonly errors: Map<string, number> = new Map();

  /**
   * Counts an error reply by the first word of its text.
   * @param isCustom a script has made it up: beyond a number of kinds it is counted with the rest.
   */
  countError(text: string, isCustom = false): void {
    this.errorReplies++;
    const space = text.indexOf(" ");
    let code = space < 0 ? text : text.slice(0, space);
    if (isCustom && this.errors.size >= ERROR_KINDS_MAX && !this.errors.has(code)) {
      code = OTHER_ERRORS;
    }
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  }

  /** A batch of commands is done. */
  countBatch(us: number, commands: number): void {
    this.cycles++;
    this.cycleUs += us;
    if (us > this.longestCycleUs) this.longestCycleUs = us;
    if (commands > this.batchCommandsMax) this.batchCommandsMax = commands;
  }

  /** A tick is done. */
  countTick(us: number): void {
    this.tickUs += us;
    this.countBatch(us, 0);
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
    this.cycleRate.reset();
    this.cycleTimeRate.reset();
    this.cycles = 0;
    this.cycleUs = 0;
    this.longestCycleUs = 0;
    this.tickUs = 0;
    this.expiryUs = 0;
    this.batchCommandsMax = 0;
    this.errors.clear();
  }
}
