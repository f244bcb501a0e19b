import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { RunSpace } from "../../../src/heap/run_space.ts";
import { seeded } from "./seeded.ts";

const CAPACITY_BITS = 12;

/** What has been taken, page by page, beside the space itself. */
class Model {
  readonly space = new RunSpace(CAPACITY_BITS);
  readonly runs: { page: number; order: number }[] = [];
  takenPages = 0;
  readonly #taken = new Set<number>();

  take(order: number): void {
    const page = this.space.take(order);
    if (page < 0) {
      assert.equal(this.space.capacityPages, 2 ** CAPACITY_BITS, "refuses only when it is large");
      assert.ok(!this.#hasAlignedGap(order), "refuses only when there is no room");
      return;
    }
    assert.equal(page % 2 ** order, 0, "runs are aligned");
    assert.ok(page + 2 ** order <= this.space.capacityPages);
    for (let i = page; i < page + 2 ** order; i++) {
      assert.ok(!this.#taken.has(i), "runs do not overlap");
      this.#taken.add(i);
    }
    this.takenPages += 2 ** order;
    this.runs.push({ page, order });
  }

  give(index: number): void {
    const [run] = this.runs.splice(index % this.runs.length, 1);
    this.space.give(run.page, run.order);
    for (let i = run.page; i < run.page + 2 ** run.order; i++) this.#taken.delete(i);
    this.takenPages -= 2 ** run.order;
  }

  check(): void {
    assert.equal(this.space.check(), this.space.capacityPages - this.takenPages);
  }

  #hasAlignedGap(order: number): boolean {
    for (let page = 0; page < this.space.capacityPages; page += 2 ** order) {
      let isFree = true;
      for (let i = page; isFree && i < page + 2 ** order; i++) isFree = !this.#taken.has(i);
      if (isFree) return true;
    }
    return false;
  }
}

test("runs are aligned, apart, and merge again, whatever is taken and given", () => {
  const step = fc.tuple(fc.boolean(), fc.nat(11), fc.nat(1000));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const model = new Model();
      for (const [takes, order, index] of steps) {
        if (takes || model.runs.length === 0) model.take(order);
        else model.give(index);
        model.check();
      }
      while (model.runs.length > 0) model.give(0);
      model.check();
      // Nothing stays apart that could be one: the whole space is a single run again.
      const whole = Math.log2(model.space.capacityPages);
      assert.equal(model.space.take(whole), 0);
    }),
    { numRuns: 100 },
  );
});

test("a long run of small and large runs in a space that is often full", () => {
  const prng = seeded(1);
  const model = new Model();
  for (let i = 0; i < 20000; i++) {
    if (model.runs.length === 0 || prng.below(100) < 55) {
      model.take(prng.below(100) < 90 ? 0 : prng.below(12));
    } else model.give(prng.below(1 << 20));
    if (i % 500 === 0) model.check();
  }
  model.check();
});

test("what is asked for beyond the largest run is refused", () => {
  const space = new RunSpace(CAPACITY_BITS);
  assert.equal(space.take(CAPACITY_BITS + 1), -1);
  assert.equal(space.take(40), -1);
  space.check();
});
