import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryReport, memoryUsageOf } from "../../../../src/server/commands/memory.ts";
import { memoryFigures } from "../../../../src/server/memory_figures.ts";
import { startBench } from "./fixture.ts";

const MB = 2 ** 20;

test("USAGE: the keys' bytes and the indexes add up to what the heap has set aside", async () => {
  const bench = await startBench();
  for (const size of [0, 1, 50, 900, 1100, 5000, 100_000]) {
    bench.ask("SET", `plain${size}`, "x".repeat(size));
    bench.ask("SET", `expiring${size}`, "x".repeat(size), "EX", 100);
  }
  const { heap } = bench.engine.keyspace;
  const database = bench.engine.keyspace.databases[0];
  let sum = 0;
  for (const size of [0, 1, 50, 900, 1100, 5000, 100_000]) {
    for (const name of [`plain${size}`, `expiring${size}`]) {
      const key = new TextEncoder().encode(name);
      const usage = memoryUsageOf(database, database.find(key, 0, key.length));
      assert.equal(bench.ask("MEMORY", "USAGE", name), `:${usage}\r\n`);
      assert(usage >= size + name.length, `${name}: ${usage}`);
      sum += usage;
    }
  }
  const slots = (database.keys.count + database.expires.count) * 8;
  const indexes = database.keys.indexBytes + database.expires.indexBytes;
  assert.equal(sum - slots + indexes, heap.allocatedBytes);
});

test("USAGE: options", async () => {
  const bench = await startBench();
  bench.ask("SET", "k", "v");
  assert.match(bench.ask("MEMORY", "USAGE", "k", "SAMPLES", 0), /^:\d+\r\n$/);
  assert.equal(bench.ask("MEMORY", "USAGE", "none"), "$-1\r\n");
  assert.equal(bench.ask("MEMORY", "USAGE", "k", "SAMPLES", -1), "-ERR syntax error\r\n");
  assert.equal(bench.ask("MEMORY", "USAGE", "none", "FOO"), "-ERR syntax error\r\n");
});

test("USAGE leaves no trace, and sees what has expired and is still there", async () => {
  const bench = await startBench();
  bench.ask("SET", "k", "v", "PX", 10);
  bench.engine.isActiveExpiryOn = false;
  bench.platform.clock.advance(50);
  assert.match(bench.ask("MEMORY", "USAGE", "k"), /^:\d+\r\n$/);
  assert.equal(bench.info("stats").get("keyspace_misses"), "0");
  assert.equal(bench.info("keyspace").get("db0"), "keys=1,expires=1,avg_ttl=0");
});

test("PURGE gives chunks back", async () => {
  const bench = await startBench();
  const { heap } = bench.engine.keyspace;
  bench.ask("DEBUG", "POPULATE", 40, "k", MB);
  const before = heap.reservedBytes;
  bench.ask("FLUSHALL");
  assert.equal(bench.ask("MEMORY", "PURGE"), "+OK\r\n");
  assert(heap.reservedBytes < before);
  assert.equal(heap.reservedBytes, 0);
  assert.match(bench.ask("MEMORY", "MALLOC-STATS"), /\nreserved bytes \(chunks\): 0\n/);
});

test("DOCTOR finds what is wrong", async () => {
  const { engine } = await startBench();
  const healthy = {
    ...memoryFigures(engine),
    used: 100 * MB,
    peak: 100 * MB,
    allocated: 90 * MB,
    active: 95 * MB,
    resident: 96 * MB,
    maximum: 0,
  };
  assert.match(memoryReport({ ...healthy, used: MB }), /^This instance holds next to nothing/);
  assert.match(memoryReport(healthy), /^Nothing wrong/);
  assert.match(memoryReport({ ...healthy, peak: 200 * MB }), /^ \* Peak: 200.00M.*100.00M/);
  assert.match(memoryReport({ ...healthy, allocated: 50 * MB }), /^ \* Fragmentation: .*95.00M/);
  assert.match(memoryReport({ ...healthy, resident: 300 * MB }), /^ \* Empty chunks: 205.00M/);
  assert.match(memoryReport({ ...healthy, maximum: 101 * MB }), /^ \* Limit: /);
  const two = memoryReport({ ...healthy, peak: 200 * MB, maximum: 101 * MB });
  assert.deepEqual(two.match(/^ \* \w+/gm), [" * Peak", " * Limit"]);
});

test("STATS has a map for each database with keys", async () => {
  const bench = await startBench();
  assert.match(bench.ask("MEMORY", "STATS"), /^\*54\r\n\$14\r\npeak.allocated\r\n/);
  bench.ask("SELECT", 5);
  bench.ask("SET", "k", "v");
  bench.ask("HELLO", 3);
  const reply = bench.ask("MEMORY", "STATS");
  assert.match(reply, /^%28\r\n/);
  assert.match(reply, /\r\ndb\.5\r\n%3\r\n\$23\r\noverhead.hashtable.main\r\n:524\r\n/);
  assert.match(reply, /\r\nkeys\.count\r\n:1\r\n/);
});
