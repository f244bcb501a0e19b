import assert from "node:assert/strict";
import { test } from "node:test";
import { startBench } from "./fixture.ts";

test("TIME: seconds and microseconds of the wall clock", async () => {
  const bench = await startBench();
  bench.platform.clock.setWallMs(1_700_000_000_123.5);
  assert.equal(bench.ask("TIME"), "*2\r\n$10\r\n1700000000\r\n$6\r\n123500\r\n");
  bench.platform.clock.setWallMs(1_700_000_001_000);
  assert.equal(bench.ask("TIME"), "*2\r\n$10\r\n1700000001\r\n$1\r\n0\r\n");
});

test("LASTSAVE: the start, then the last save", async () => {
  const bench = await startBench();
  const start = Math.floor(bench.engine.startedMs / 1000);
  assert.equal(bench.ask("LASTSAVE"), `:${start}\r\n`);
  bench.platform.clock.advance(5000);
  assert.equal(bench.ask("LASTSAVE"), `:${start}\r\n`);
  assert.equal(bench.ask("SAVE"), "+OK\r\n");
  assert.equal(bench.ask("LASTSAVE"), `:${start + 5}\r\n`);
});
