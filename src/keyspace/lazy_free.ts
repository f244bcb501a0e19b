/**
 * What has been taken out of the keyspace and is still to be freed: large values (UNLINK, and DEL
 * where `lazyfree-*` says so) and flushed databases. Nobody can see it any more, so it is freed in
 * slices between commands.
 */

/** Frees something in steps of some ten microseconds. */
type FreeSteps = Generator<undefined, void, void>;

/** Steps between two looks at the clock. */
const STEPS_PER_CLOCK = 8;

export class LazyFree {
  /** Keys freed so far, for INFO: values that took several steps, and all of flushed databases. */
  freedCount = 0;

  /** Told when there is something to free again. */
  pendingAdded: () => void = () => {};

  #pending: { readonly steps: FreeSteps; readonly keyCount: number }[] = [];
  #pendingCount = 0;

  /** Keys that are not freed yet, for INFO. */
  get pendingCount(): number {
    return this.#pendingCount;
  }

  /**
   * Takes over what frees a value; its first step is done at once. If that was all, the value was
   * not worth the deferring, which Redis does not do then, and does not count.
   */
  addValue(steps: FreeSteps): void {
    if (steps.next().done !== true) this.#add(steps, 1);
  }

  /** Takes over what frees a database of so many keys; its first step is done at once. */
  addDatabase(steps: FreeSteps, keyCount: number): void {
    if (steps.next().done === true) this.freedCount += keyCount;
    else this.#add(steps, keyCount);
  }

  #add(steps: FreeSteps, keyCount: number): void {
    this.#pending.push({ steps, keyCount });
    this.#pendingCount += keyCount;
    this.pendingAdded();
  }

  /** Goes on for about so long; false when nothing is left to do. */
  run(monotonicUs: () => number, budgetUs: number): boolean {
    const deadlineUs = monotonicUs() + budgetUs;
    while (this.#pending.length > 0) {
      const { steps, keyCount } = this.#pending[0];
      for (let i = 0; i < STEPS_PER_CLOCK; i++) {
        if (steps.next().done !== true) continue;
        this.#pending.shift();
        this.#pendingCount -= keyCount;
        this.freedCount += keyCount;
        break;
      }
      if (monotonicUs() >= deadlineUs) return this.#pending.length > 0;
    }
    return false;
  }

  /** The heap has been emptied as a whole. */
  forget(): void {
    this.freedCount += this.#pendingCount;
    this.#pendingCount = 0;
    this.#pending = [];
  }
}
