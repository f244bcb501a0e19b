/**
 * Every call that a server makes to its disk fails once, or from then on until the disk is mended, in
 * the middle of a workload. The server goes on; what it says it keeps it keeps; while it cannot keep
 * anything it refuses what would change anything; and it recovers by itself. Afterwards all ways back
 * to the data set lead to the same one.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine, STRIDE } from "./machine.ts";
import { assertIsPrefix, optionsOf, POLICIES, Run, WORKLOAD } from "./workload.ts";
import type { Policy } from "./workload.ts";

/** How a call fails, and how the server ends while it does: not at all, or before the disk is mended. */
const FAULTS = [
  { code: "EIO", andLater: false, crash: undefined },
  { code: "ENOSPC", andLater: true, crash: undefined },
  { code: "EIO", andLater: true, crash: "kill" },
  { code: "EIO", andLater: false, crash: "power" },
] as const;

/** All that a server does of its own accord to recover has been done by then. */
const MENDED_MS = 8000;
/** Three rewrites that failed put the next one off by a minute. */
const PUT_OFF_MS = 70_000;

for (const policy of POLICIES) {
  for (const { code, andLater, crash } of FAULTS) {
    const how = `${code} ${andLater ? "from then on" : "once"}${crash ? `, then ${crash}` : ""}`;
    test(`${policy}: every call of a workload fails: ${how}`, async () => {
      let number = 1;
      for (let isOver = false; !isOver; number += STRIDE) {
        const what = `call ${number}: ${how}`;
        const machine = new Machine(number);
        const life = await machine.bootUp(optionsOf(policy));
        const run = new Run(machine, life, policy);
        const before = machine.disk.calls;
        machine.disk.failCall(number, code, andLater);
        try {
          run.run(WORKLOAD);
          isOver = machine.disk.calls < before + number;
          if (crash === undefined) recover(machine, run, policy);
        } catch (thrown) {
          throw new Error(what, { cause: thrown });
        }
        machine.disk.failCall(0);
        if (crash === undefined) await life.close();
        else if (crash === "kill") life.die();
        else life.losePower();
        const kept = crash === undefined
          ? run.history.count
          : crash === "power" && (policy === "everysec" || policy === "no")
          // What had been acknowledged before a sync failed may be lost: the server can but refuse more.
          ? 0
          : run.keptCount(crash);
        const next = await machine.bootUp(optionsOf(policy));
        assertIsPrefix(run, next, kept, what);
        await next.close();
      }
      assert.ok(number > 80, `${number} calls`);
    });
  }
}

/** The disk is mended: the server must find out, and then be as good as any. */
function recover(machine: Machine, run: Run, policy: Policy): void {
  const { life } = run;
  machine.disk.failCall(0);
  life.advance(MENDED_MS);
  assert.equal(run.isRefusing, false, "writes are accepted again");
  run.step({ send: [[1, "SET", "mended", "yes"]] });
  if (policy !== "rdb") {
    assert.equal(run.order("CONFIG SET appendonly yes"), "+OK\r\n");
    life.advance(PUT_OFF_MS);
    assert.equal(life.engine.persistence.rewrites.state, "on");
    assert.equal(life.engine.persistence.job.kind, null);
    run.step({ send: [[1, "SET", "after", "wards"]] });
    const digest = run.order("DEBUG DIGEST");
    assert.equal(run.order("DEBUG LOADAOF"), "+OK\r\n");
    assert.equal(run.order("DEBUG DIGEST"), digest);
  }
  const digest = run.order("DEBUG DIGEST");
  assert.equal(run.order("DEBUG RELOAD"), "+OK\r\n");
  assert.equal(run.order("DEBUG DIGEST"), digest);
}
