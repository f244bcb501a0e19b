/**
 * The latency monitor: whatever took `latency-monitor-threshold` milliseconds or more, by the name of
 * the event, 160 samples each, one a second at most.
 *
 * | event                            | what took long                                           |
 * | -------------------------------- | -------------------------------------------------------- |
 * | command, fast-command            | a command, by its flag                                   |
 * | expire-cycle                     | active expiry                                            |
 * | expire-del                       | deleting one key whose time had come                     |
 * | eviction-cycle, eviction-del     | making room; deleting one key for it                     |
 * | eviction-lazyfree                | waiting for what is freed in the background              |
 * | aof-write                        | appending to the append-only file, and one of these:     |
 * | aof-write-pending-fsync          | while a sync ran                                         |
 * | aof-write-active-child           | while a snapshot or rewrite ran                          |
 * | aof-write-alone                  | while nothing else did                                   |
 * | aof-fsync-always                 | the sync before replies                                  |
 * | aof-rename                       | putting a rewritten file in its place                    |
 * | fork                             | freezing the heap, which is what a fork is elsewhere     |
 *
 * Of Redis's events `while-blocked-cron` is none here: there is nothing that blocks (loading is done
 * in slices, between which the usual tick runs), nor is the file's length ever asked for (aof-fstat).
 */
import type { Clock } from "../../platform/clock.ts";
import type { Config } from "../config/config.ts";

const SAMPLES = 160;

/** A second in which an event took long, and the longest that it took there. */
export interface LatencySample {
  readonly seconds: number;
  readonly ms: number;
}

/** The samples of one event, the oldest first to go. */
export class LatencySeries {
  /** The longest ever. */
  maxMs = 0;
  readonly #seconds = new Float64Array(SAMPLES);
  readonly #ms = new Float64Array(SAMPLES);
  #next = 0;

  add(seconds: number, ms: number): void {
    if (ms > this.maxMs) this.maxMs = ms;
    const last = (this.#next + SAMPLES - 1) % SAMPLES;
    if (this.#seconds[last] === seconds) {
      if (ms > this.#ms[last]) this.#ms[last] = ms;
      return;
    }
    this.#seconds[this.#next] = seconds;
    this.#ms[this.#next] = ms;
    this.#next = (this.#next + 1) % SAMPLES;
  }

  /** Oldest first; there is at least one. */
  samples(): LatencySample[] {
    const samples: LatencySample[] = [];
    for (let i = 0; i < SAMPLES; i++) {
      const at = (this.#next + i) % SAMPLES;
      const seconds = this.#seconds[at];
      if (seconds !== 0) samples.push({ seconds, ms: this.#ms[at] });
    }
    return samples;
  }
}

/** What {@link Latency} needs of the server. */
export interface LatencyOwner {
  readonly clock: Clock;
  readonly config: Config;
}

export class Latency {
  /** From how many milliseconds on an event counts; 0: nothing is watched. */
  thresholdMs = 0;
  /** `latency-tracking`: each command keeps a histogram of its calls. */
  isTracking = true;
  /** By name, in the order in which they first took long. */
  readonly events: Map<string, LatencySeries> = new Map();
  readonly #clock: Clock;

  constructor({ clock, config }: LatencyOwner) {
    this.#clock = clock;
    const follow = () => {
      this.thresholdMs = config.number("latency-monitor-threshold");
      this.isTracking = config.flag("latency-tracking");
      return undefined;
    };
    follow();
    config.onChange(["latency-monitor-threshold", "latency-tracking"], follow);
  }

  /** The time of the samples, in whole seconds. */
  get nowSeconds(): number {
    return Math.floor(this.#clock.wallMs() / 1000);
  }

  /** Notes that something took so long, if that is long. */
  add(event: string, ms: number): void {
    if (this.thresholdMs === 0 || ms < this.thresholdMs) return;
    let series = this.events.get(event);
    if (series === undefined) {
      series = new LatencySeries();
      this.events.set(event, series);
    }
    series.add(this.nowSeconds, Math.floor(ms));
  }

  /** Forgets an event, by its name in any case, or all; returns how many there were. */
  reset(name?: string): number {
    const wanted = name?.toLowerCase();
    let count = 0;
    for (const event of this.events.keys()) {
      if (wanted !== undefined && event !== wanted) continue;
      this.events.delete(event);
      count++;
    }
    return count;
  }
}
