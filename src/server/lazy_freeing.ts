/**
 * Frees what has been unlinked, a millisecond at a time with pauses of the same length in between, so
 * that no command waits for it.
 */
import type { Engine } from "./engine.ts";

const SLICE_US = 1000;
const PAUSE_MS = 1;

export class LazyFreeing {
  readonly #engine: Engine;
  #isScheduled = false;

  constructor(engine: Engine) {
    this.#engine = engine;
    engine.keyspace.lazyFree.pendingAdded = () => this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#engine.clock.schedule(PAUSE_MS, () => this.#run());
  }

  #run(): void {
    this.#isScheduled = false;
    const { clock, keyspace } = this.#engine;
    if (keyspace.lazyFree.run(() => clock.monotonicUs(), SLICE_US)) this.#schedule();
  }
}
