/** What every {@link Clock} promises. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bench, BenchMaker } from "../support/platforms.ts";

const LONGER_THAN_A_TIMEOUT_MS = 2 ** 31 + 5;

/** Runs the suite on one kind of platform. */
export function clockContract(maker: BenchMaker): void {
  const onBench = (name: string, body: (bench: Bench) => Promise<void>): void => {
    test(`clock, ${maker.name}: ${name}`, async () => {
      const bench = await maker.make();
      try {
        await body(bench);
      } finally {
        bench.close();
      }
    });
  };

  onBench("time goes on, and monotonic time never back", async ({ platform: { clock }, rest }) => {
    const wallMs = clock.wallMs();
    let lastUs = clock.monotonicUs();
    const firstUs = lastUs;
    for (let round = 0; round < 10; round++) {
      await rest();
      for (let read = 0; read < 1000; read++) {
        const nowUs = clock.monotonicUs();
        assert.ok(nowUs >= lastUs);
        lastUs = nowUs;
      }
    }
    assert.ok(lastUs > firstUs);
    assert.ok(clock.wallMs() > wallMs);
    assert.ok(wallMs > Date.UTC(2023, 0, 1), "wall time counts from the Unix epoch");
    assert.ok(Number.isInteger(clock.utcOffsetMinutes()));
  });

  onBench("a timer runs once and not early", async ({ platform: { clock }, until, rest }) => {
    for (const delayMs of [0, 0.4, 1, 3, 10.5]) {
      const startUs = clock.monotonicUs();
      let runs = 0;
      let ranUs = 0;
      clock.schedule(delayMs, () => {
        runs++;
        ranUs = clock.monotonicUs();
      });
      assert.equal(runs, 0, "not from within schedule");
      await until("the timer", () => runs > 0);
      assert.ok(ranUs - startUs >= delayMs * 1000, `${ranUs - startUs} us for ${delayMs} ms`);
      await rest();
      assert.equal(runs, 1);
    }
  });

  onBench("timers run in the order of their times", async ({ platform: { clock }, until }) => {
    const ran: number[] = [];
    for (const delayMs of [40, 0, 20]) clock.schedule(delayMs, () => ran.push(delayMs));
    await until("all three", () => ran.length === 3);
    assert.deepEqual(ran, [0, 20, 40]);
  });

  onBench("a cancelled timer does not run", async ({ platform: { clock }, until, rest }) => {
    let cancelled = 0;
    let last = false;
    const early = clock.schedule(5, () => cancelled++);
    const late = clock.schedule(30, () => cancelled++);
    clock.schedule(10, () => late.cancel());
    const run = clock.schedule(50, () => last = true);
    early.cancel();
    early.cancel();
    await until("the last one", () => last);
    run.cancel();
    await rest();
    assert.equal(cancelled, 0);
  });

  onBench("a delay may be longer than a runtime's own", async ({ platform: { clock }, rest }) => {
    let ran = false;
    const timer = clock.schedule(LONGER_THAN_A_TIMEOUT_MS, () => ran = true);
    await rest();
    timer.cancel();
    assert.equal(ran, false);
  });

  onBench("the end of a turn comes once, later and in order", async ({ platform, until, rest }) => {
    const { clock } = platform;
    const order: string[] = [];
    let isDone = false;
    clock.schedule(1, () => {
      clock.atTurnEnd(() => {
        order.push("first");
        clock.atTurnEnd(() => {
          order.push("added at the end");
          isDone = true;
        });
      });
      clock.atTurnEnd(() => order.push("second"));
      order.push("turn");
    });
    await until("the end of the turn", () => isDone);
    await rest();
    assert.deepEqual(order, ["turn", "first", "second", "added at the end"]);
  });

  onBench("the end of a turn comes before a timer", async ({ platform: { clock }, until }) => {
    const order: string[] = [];
    clock.schedule(1, () => {
      clock.schedule(20, () => order.push("timer"));
      clock.atTurnEnd(() => order.push("turn end"));
    });
    await until("both", () => order.length === 2);
    assert.deepEqual(order, ["turn end", "timer"]);
  });
}
