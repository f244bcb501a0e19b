/**
 * Every call to the disk that a start makes fails, of a server that was killed in the middle of a
 * workload: it comes up, or it says why not and leaves everything so that the next start succeeds.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine, STRIDE } from "./machine.ts";
import { assertIsPrefix, optionsOf, POLICIES, Run, WORKLOAD } from "./workload.ts";
import type { Policy } from "./workload.ts";

/** Where the workload is broken off: with a rewrite under way, while the log is off, at its end. */
const CUTS = [7, 11, 16, 20, WORKLOAD.length];

/** Starts with every call failing in turn, and then without a fault. */
async function failStarts(
  what: string,
  policy: Policy,
  crash: (seed: number) => Promise<[Machine, Run]>,
): Promise<number> {
  let refusals = 0;
  for (const andLater of [false, true]) {
    for (let number = 1, isOver = false; !isOver; number += STRIDE) {
      const [machine, run] = await crash(number);
      const text = `${what}, call ${number} of the start fails`;
      const life = machine.prepare(optionsOf(policy));
      const before = machine.disk.calls;
      machine.disk.failCall(number, "EIO", andLater);
      await life.start();
      isOver = machine.disk.calls < before + number;
      machine.disk.failCall(0);
      if (life.startFailure === undefined) {
        assertIsPrefix(run, life, run.keptCount("kill"), text);
        await life.close();
      } else {
        refusals++;
        assert.match(life.log.join(""), / # .*Input\/output error/, text);
        life.die();
      }
      const next = await machine.bootUp(optionsOf(policy));
      assertIsPrefix(run, next, run.keptCount("kill"), `${text}, the next one goes well`);
      await next.close();
    }
  }
  return refusals;
}

for (const policy of POLICIES) {
  test(`${policy}: every call of a start fails`, async () => {
    let refusals = 0;
    for (const cut of CUTS) {
      refusals += await failStarts(`cut ${cut}`, policy, async (seed) => {
        const machine = new Machine(seed);
        const life = await machine.bootUp(optionsOf(policy));
        const run = new Run(machine, life, policy);
        run.run(WORKLOAD.slice(0, cut));
        life.die();
        return [machine, run];
      });
    }
    assert.ok(refusals > 10, `${refusals} starts were refused`);
  });
}

test("every call of a start fails that moves a single file into the folder", async () => {
  const refusals = await failStarts("upgrade", "always", async (seed) => {
    const machine = new Machine(seed);
    const writer = await machine.bootUp({ ...optionsOf("always"), "aof-use-rdb-preamble": "no" });
    const run = new Run(machine, writer, "always");
    run.run(WORKLOAD.slice(0, 5));
    await writer.close();
    // The increment alone is what a server before Redis 7 had written.
    const bytes = machine.disk.readFile("/appendonlydir/appendonly.aof.1.incr.aof")!;
    for (const path of machine.allFiles().keys()) machine.disk.remove(path);
    machine.disk.writeFile("/appendonly.aof", bytes);
    return [machine, run];
  });
  assert.ok(refusals > 10, `${refusals} starts were refused`);
});
