/**
 * Memory that comes back: when much of the heap is free, after a save that had pages copied or after
 * many keys are gone, its pages are moved together a few at a time, and what becomes empty goes back
 * to the system.
 *
 * A chunk that the heap has dropped is the collector's, and that sees no hurry: it is asked to when
 * enough has come together, and at the end.
 */
import type { Engine } from "./engine.ts";

/** About a millisecond of moving, at most, in each tick. */
const PAGES_PER_TICK = 64;
const COLLECTED_BYTES_MIN = 128 << 20;

export class HeapCare {
  readonly #engine: Engine;
  /** Dropped by the heap, and not yet collected. */
  #droppedBytes = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** What is done at each tick. */
  run(): void {
    const { heap } = this.#engine.keyspace;
    if (heap.isSparse) {
      const reservedBytes = heap.reservedBytes;
      heap.compact(PAGES_PER_TICK);
      this.#droppedBytes += reservedBytes - heap.reservedBytes;
      if (this.#droppedBytes < COLLECTED_BYTES_MIN) return;
    } else if (this.#droppedBytes === 0 || heap.isFrozen) return;
    this.#droppedBytes = 0;
    this.#engine.platform.process.collectGarbage();
  }
}
