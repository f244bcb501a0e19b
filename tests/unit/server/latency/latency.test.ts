import assert from "node:assert/strict";
import { test } from "node:test";
import { LatencySeries } from "../../../../src/server/latency/latency.ts";
import { latencyReport } from "../../../../src/server/latency/doctor.ts";
import { startBench } from "../commands/fixture.ts";

test("a series keeps the longest of each second, and 160 of them", () => {
  const series = new LatencySeries();
  series.add(100, 5);
  series.add(100, 9);
  series.add(100, 7);
  series.add(101, 3);
  assert.deepEqual(series.samples(), [{ seconds: 100, ms: 9 }, { seconds: 101, ms: 3 }]);
  assert.equal(series.maxMs, 9);
  for (let i = 0; i < 200; i++) series.add(200 + i, i);
  const samples = series.samples();
  assert.equal(samples.length, 160);
  assert.deepEqual(samples[0], { seconds: 240, ms: 40 });
  assert.deepEqual(samples[159], { seconds: 399, ms: 199 });
  assert.equal(series.maxMs, 199);
});

test("LATENCY LATEST, HISTORY, RESET", async () => {
  const bench = await startBench({ "latency-monitor-threshold": 10 });
  const { latency } = bench.engine;
  const { clock } = bench.platform;
  clock.setWallMs(1_700_000_000_000);
  latency.add("command", 9.9);
  assert.equal(bench.ask("LATENCY", "LATEST"), "*0\r\n");
  assert.equal(bench.ask("LATENCY", "HISTORY", "command"), "*0\r\n");
  latency.add("command", 12.7);
  clock.setWallMs(1_700_000_001_000);
  latency.add("command", 10);
  latency.add("fork", 30);
  assert.equal(
    bench.ask("LATENCY", "LATEST"),
    "*2\r\n*4\r\n$7\r\ncommand\r\n:1700000001\r\n:10\r\n:12\r\n" +
      "*4\r\n$4\r\nfork\r\n:1700000001\r\n:30\r\n:30\r\n",
  );
  assert.equal(
    bench.ask("LATENCY", "HISTORY", "command"),
    "*2\r\n*2\r\n:1700000000\r\n:12\r\n*2\r\n:1700000001\r\n:10\r\n",
  );
  assert.equal(bench.ask("LATENCY", "HISTORY", "COMMAND"), "*0\r\n");
  assert.equal(bench.ask("LATENCY", "RESET", "nosuch", "FORK"), ":1\r\n");
  assert.equal(bench.ask("LATENCY", "RESET"), ":1\r\n");
  assert.equal(bench.ask("LATENCY", "RESET"), ":0\r\n");
  bench.ask("CONFIG", "SET", "latency-monitor-threshold", 0);
  latency.add("command", 1e6);
  assert.equal(bench.ask("LATENCY", "LATEST"), "*0\r\n");
});

test("LATENCY GRAPH", async () => {
  const bench = await startBench({ "latency-monitor-threshold": 1 });
  const { clock } = bench.platform;
  assert.equal(
    bench.ask("LATENCY", "GRAPH", "command"),
    "-ERR No samples available for event 'command'\r\n",
  );
  clock.setWallMs(1_700_000_000_000);
  bench.engine.latency.add("command", 10);
  clock.setWallMs(1_700_007_200_000);
  bench.engine.latency.add("command", 20);
  const graph = "command - high 20 ms, low 10 ms (all time high 20 ms)\n" +
    `${"-".repeat(80)}\n #\n |\n |\n_|\n  \n20\nhs\n`;
  assert.equal(bench.ask("LATENCY", "GRAPH", "command"), `$${graph.length}\r\n${graph}\r\n`);
});

test("LATENCY HISTOGRAM and INFO latencystats: commands that were called", async () => {
  const bench = await startBench();
  bench.ask("CONFIG", "RESETSTAT");
  bench.ask("GET", "k");
  bench.ask("CLIENT", "ID");
  const asked = (...names: string[]) =>
    [...bench.ask("LATENCY", "HISTOGRAM", ...names).matchAll(/\r\n([a-z|]+)\r\n\*4\r\n/g)]
      .map((match) => match[1]);
  assert.deepEqual(asked().toSorted(), ["client|id", "config|resetstat", "get"]);
  assert.deepEqual(asked("nosuch", "client", "GET", "set"), ["client|id", "get"]);
  assert.deepEqual(asked("client|id"), ["client|id"]);
  assert.equal(
    bench.ask("LATENCY", "HISTOGRAM", "get"),
    "*2\r\n$3\r\nget\r\n*4\r\n$5\r\ncalls\r\n:1\r\n$14\r\nhistogram_usec\r\n*2\r\n:1\r\n:1\r\n",
  );
  assert.equal(
    bench.info("latencystats").get("latency_percentiles_usec_get"),
    "p50=0.001,p99=0.001,p99.9=0.001",
  );
  bench.ask("CONFIG", "SET", "latency-tracking-info-percentiles", "0 33.3");
  assert.equal(
    bench.info("latencystats").get("latency_percentiles_usec_get"),
    "p0=0.001,p33.3=0.001",
  );
  bench.ask("CONFIG", "SET", "latency-tracking", "no");
  bench.ask("CONFIG", "RESETSTAT");
  bench.ask("GET", "k");
  assert.deepEqual(asked(), []);
});

test("the doctor", () => {
  const healthy = {
    events: new Map(),
    thresholdMs: 0,
    nowSeconds: 110,
    slowLogUs: 10_000,
    hz: 10,
    syncsAlways: true,
    freezeBytesPerSecond: 2 * 1024 ** 3,
  };
  assert.match(latencyReport(healthy), /monitor is off/);
  assert.match(latencyReport({ ...healthy, thresholdMs: 5 }), /nothing to cure/);
  const series = new LatencySeries();
  series.add(100, 10);
  series.add(105, 20);
  const of = (event: string, more = {}) =>
    latencyReport({ ...healthy, thresholdMs: 5, events: new Map([[event, series]]), ...more });
  const spikes = "2 latency spikes (average 15ms, mean deviation 5ms, one in 5.00 sec), the " +
    "worst ever 20ms.";
  assert(of("command").includes(`1. command: ${spikes}\n`));
  assert.match(of("command"), /same threshold/);
  assert.match(of("command", { slowLogUs: Infinity }), /slow log is off/);
  assert.match(of("fork"), /2\.00 GB a second/);
  assert.match(of("aof-fsync-always"), /everysec/);
  assert.doesNotMatch(of("aof-fsync-always", { syncsAlways: false }), /everysec/);
  assert.match(of("expire-cycle"), /Raise 'hz'/);
  assert.doesNotMatch(of("expire-cycle", { hz: 100 }), /Raise 'hz'/);
  assert.match(of("something-else"), /no common remedy/);
});

test("expire-del: a key whose time has come, whoever meets it", async () => {
  const bench = await startBench();
  const { clock } = bench.platform;
  const usual = clock.monotonicUs.bind(clock);
  let addedUs = 0;
  clock.monotonicUs = () => usual() + (addedUs += 3000);
  const names = () => [...bench.engine.latency.events.keys()];
  const expire = () => {
    bench.ask("SET", "k", "v", "PX", 1);
    clock.advance(10);
    bench.ask("GET", "k");
  };
  expire();
  assert.deepEqual(names(), []);
  bench.ask("CONFIG", "SET", "latency-monitor-threshold", 3);
  bench.ask("DEBUG", "SET-ACTIVE-EXPIRE", 0);
  expire();
  assert.ok(names().includes("expire-del"), String(names()));
  bench.engine.latency.reset();
  bench.ask("DEBUG", "SET-ACTIVE-EXPIRE", 1);
  bench.ask("SET", "k", "v", "PX", 1);
  clock.advance(300);
  assert.ok(names().includes("expire-del"), String(names()));
  bench.ask("CONFIG", "SET", "latency-monitor-threshold", 0);
  bench.engine.latency.reset();
  expire();
  assert.deepEqual(names(), []);
});
