/**
 * The power fails at every call that a server makes to its disk, in the middle of a workload: the
 * next start must come up, hold one of the states that there were, and nothing older than promised.
 * With `always` that is every acknowledged write, with `everysec` all but those of two seconds; of an
 * RDB file it is the last snapshot that was said to be whole.
 *
 * `PAGURUS_SIMULATION_SEEDS` says how many different losses are tried at each call.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { Machine, STRIDE } from "./machine.ts";
import { assertIsPrefix, optionsOf, POLICIES, Run, WORKLOAD } from "./workload.ts";
import type { Policy, Step } from "./workload.ts";

const SEEDS = Number(process.env.PAGURUS_SIMULATION_SEEDS ?? 2);
const MORE: readonly Step[] = [
  { send: [[0, "SET", "more", "1"], [1, "INCR", "more"]] },
  { order: "BGREWRITEAOF" },
  { waitMs: 20 },
  { send: [[1, "INCR", "more"]] },
];

/** Has something done to the server that runs before its n-th call from now. */
function atCall(machine: Machine, number: number, act: () => void): void {
  let left = number;
  machine.onDiskCall = () => {
    if (--left === 0) act();
  };
}

/** Starts again after a crash, checks what is there, goes on, ends, and checks again. */
async function recover(machine: Machine, run: Run, policy: Policy, what: string): Promise<void> {
  machine.onDiskCall = () => {};
  const life = await machine.bootUp(optionsOf(policy));
  const index = assertIsPrefix(run, life, run.keptCount("power"), what);
  run.history.states.length = index + 1;
  const next = new Run(machine, life, policy, run.history);
  next.run(MORE);
  if (policy === "rdb") assert.equal(next.order("SAVE"), "+OK\r\n");
  await life.close();
  const last = await machine.bootUp(optionsOf(policy));
  assert.equal(assertIsPrefix(next, last, next.history.count, what), next.history.count);
  await last.close();
}

for (const policy of POLICIES) {
  test(`${policy}: the power fails at every call of a workload`, async () => {
    let number = 1;
    for (let isOver = false; !isOver; number += STRIDE) {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const machine = new Machine(seed * 1000 + number);
        const life = await machine.bootUp(optionsOf(policy));
        const run = new Run(machine, life, policy);
        atCall(machine, number, () => life.losePower());
        run.run(WORKLOAD);
        isOver = !life.isDead;
        if (isOver) life.losePower();
        await recover(machine, run, policy, `call ${number}, seed ${seed}`);
      }
    }
    assert.ok(number > 80, `${number} calls`);
  });
}

/** A machine after a crash in the middle of a workload, with a tail that may be torn. */
async function crashed(seed: number, policy: Policy): Promise<[Machine, Run]> {
  const machine = new Machine(seed);
  const life = await machine.bootUp(optionsOf(policy));
  const run = new Run(machine, life, policy);
  run.run(WORKLOAD.slice(0, 8 + seed % 12));
  life.losePower();
  return [machine, run];
}

test("the power fails at every call of the first start with an append-only file", async () => {
  let calls = 0;
  for (let isOver = false; !isOver;) {
    calls++;
    const machine = new Machine(calls);
    const saving = await machine.bootUp(optionsOf("rdb"));
    const run = new Run(machine, saving, "rdb");
    run.run(WORKLOAD.slice(0, 5));
    assert.equal(run.order("SAVE"), "+OK\r\n");
    saving.die();
    const life = machine.prepare(optionsOf("always"));
    atCall(machine, calls, () => life.losePower());
    await life.start();
    isOver = !life.isDead;
    if (isOver) life.losePower();
    const what = `first start, call ${calls}`;
    machine.onDiskCall = () => {};
    const next = await machine.bootUp(optionsOf("always"));
    assertIsPrefix(run, next, run.history.count, what);
    next.losePower();
    const last = await machine.bootUp(optionsOf("always"));
    assertIsPrefix(run, last, run.history.count, what);
    await last.close();
  }
  assert.ok(calls > 20, `${calls} calls`);
});

for (const policy of POLICIES) {
  test(`${policy}: the power fails again and again while the server starts`, async () => {
    let calls = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      let isOver = false;
      for (let number = 1; !isOver; number += STRIDE) {
        const [machine, run] = await crashed(seed * 100 + number, policy);
        // Three starts in a row that come no further, and then one that is let through.
        for (let tries = 0; tries < 3; tries++) {
          const life = machine.prepare(optionsOf(policy));
          atCall(machine, number, () => life.losePower());
          await life.start();
          if (life.isDead) continue;
          if (tries === 0) isOver = true;
          life.losePower();
        }
        await recover(machine, run, policy, `start, call ${number}, seed ${seed}`);
        calls = Math.max(calls, number);
      }
    }
    assert.ok(calls > (policy === "rdb" ? 5 : 25), `${calls} calls`);
  });

  test(`${policy}: killed at every call, and then the power fails too`, async () => {
    let isOver = false;
    for (let number = 1; !isOver; number += STRIDE) {
      const machine = new Machine(number);
      const life = await machine.bootUp(optionsOf(policy));
      const run = new Run(machine, life, policy);
      atCall(machine, number, () => life.die());
      run.run(WORKLOAD);
      isOver = !life.isDead;
      life.die();
      machine.onDiskCall = () => {};
      const second = await machine.bootUp(optionsOf(policy));
      const index = assertIsPrefix(run, second, run.keptCount("kill"), `killed at call ${number}`);
      run.history.states.length = index + 1;
      // An RDB file may have been renamed and its folder not synced; a log is synced when it is opened.
      const durableCount = policy === "rdb" ? run.keptCount("power") : index;
      const next = new Run(machine, second, policy, run.history, durableCount);
      // Nothing, a rewrite with a write behind it, or before it: each must keep what was loaded.
      if (number % 3 === 1) next.run([MORE[1], MORE[0]]);
      if (number % 3 === 2) next.run(MORE.slice(0, 2));
      if (number % 3 !== 0) second.advance(number % 5);
      second.losePower();
      await recover(machine, next, policy, `killed at call ${number}, then the power`);
    }
  });
}
