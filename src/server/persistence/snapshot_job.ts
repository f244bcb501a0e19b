/**
 * The one save or rewrite that runs beside the server: freezes the heap, starts the job, watches it
 * and ends the freeze. There is never more than one, as there is only one freeze.
 *
 * What Redis says of a forked child is said of the job here: copied pages are its copy-on-write, and
 * the time that the freeze takes is the time of its fork.
 */
import { HeapFull } from "../../heap/heap.ts";
import { PAGE_BYTES } from "../../heap/page_layout.ts";
import type { BackgroundJob } from "../../platform/background.ts";
import type { Engine } from "../engine.ts";

export type SnapshotKind = "rdb" | "aof";

/** What a job is given, as far as this file looks at it. */
interface SnapshotInput {
  readonly contents: { readonly keyCount: number };
}

/** How a job ended; a job that is cancelled tells nobody. */
export interface SnapshotHandlers<Result> {
  done(result: Result): void;
  failed(error: Error): void;
}

export class SnapshotJob {
  /** What runs, or null. */
  kind: SnapshotKind | null = null;
  /** Keys to write, and keys written so far. */
  keyCount = 0;
  keysWritten = 0;
  /** Bytes copied for the last job of a kind that has ended. */
  readonly lastCopiedBytes: Record<SnapshotKind, number> = { rdb: 0, aof: 0 };
  /** How long the last freeze took, and how many there have been. */
  freezeUs = 0;
  freezeCount = 0;

  readonly #engine: Engine;
  #job: BackgroundJob | null = null;
  #startedUs = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get isBusy(): boolean {
    return this.kind !== null;
  }

  /** True between {@link reserve} and what follows it. */
  get isReserved(): boolean {
    return this.kind !== null && this.#job === null;
  }

  /** A job of that kind will start soon; no other may meanwhile. */
  reserve(kind: SnapshotKind): void {
    this.kind = kind;
    this.keyCount = 0;
    this.keysWritten = 0;
    this.#startedUs = this.#engine.clock.monotonicUs();
  }

  /** It will not. */
  unreserve(): void {
    if (this.isReserved) this.kind = null;
  }

  /** Whole seconds since it began; -1 where none of that kind runs. */
  secondsOf(kind: SnapshotKind): number {
    return this.kind === kind ? this.elapsedSeconds : -1;
  }

  /** Whole seconds since the job began that runs, or ran last. */
  get elapsedSeconds(): number {
    return Math.floor((this.#engine.clock.monotonicUs() - this.#startedUs) / 1e6);
  }

  /** Bytes of pages that were written to since the freeze, and so exist twice. */
  get copiedBytes(): number {
    return this.#job === null ? 0 : this.#engine.keyspace.heap.copiedPages * PAGE_BYTES;
  }

  /**
   * Freezes the keyspace and starts the job.
   * @param freeze freezes, and describes what is frozen for the job of that name.
   * @returns why it could not, undefined when it runs.
   */
  start<Result>(
    kind: SnapshotKind,
    name: string,
    freeze: () => SnapshotInput,
    handlers: SnapshotHandlers<Result>,
  ): string | undefined {
    const { clock, platform, keyspace } = this.#engine;
    if (!this.isReserved) this.reserve(kind);
    const beganUs = clock.monotonicUs();
    let input: SnapshotInput;
    try {
      input = freeze();
    } catch (thrown) {
      this.unreserve();
      if (!(thrown instanceof HeapFull)) throw thrown;
      return thrown.message;
    }
    this.freezeUs = clock.monotonicUs() - beganUs;
    this.#engine.latency.add("fork", this.freezeUs / 1000);
    this.freezeCount++;
    try {
      this.#job = platform.background.start(name, input, {
        progress: (message) => {
          if (typeof message === "number") this.keysWritten = message;
        },
        done: (result) => {
          this.#end();
          handlers.done(result as Result);
        },
        failed: (error) => {
          this.#end();
          handlers.failed(error);
        },
      });
    } catch (thrown) {
      this.unreserve();
      keyspace.heap.release();
      return thrown instanceof Error ? thrown.message : String(thrown);
    }
    this.keyCount = input.contents.keyCount;
    return undefined;
  }

  /** Ends the job where it is. Nobody is told; its temporary file goes, its target stays. */
  cancel(): void {
    this.unreserve();
    if (this.kind === null) return;
    this.#job?.cancel();
    this.#end();
  }

  #end(): void {
    const kind = this.kind;
    if (kind === null) return;
    this.lastCopiedBytes[kind] = this.copiedBytes;
    this.kind = null;
    this.#job = null;
    this.#engine.keyspace.heap.release();
  }
}
