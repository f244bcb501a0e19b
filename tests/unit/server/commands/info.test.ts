import assert from "node:assert/strict";
import { test } from "node:test";
import { infoText } from "../../../../src/server/commands/info.ts";
import { humanBytes, INFO_SECTIONS } from "../../../../src/server/commands/info_sections.ts";
import { startBench } from "./fixture.ts";

/** The headings in a text, in its order. */
function headings(text: string): string[] {
  return [...text.matchAll(/^# (.*)\r$/gm)].map((match) => match[1]);
}

const DEFAULT = [
  "Server",
  "Clients",
  "Memory",
  "Persistence",
  "Stats",
  "Replication",
  "CPU",
  "Modules",
  "Errorstats",
  "Cluster",
  "Keyspace",
];
const ALL = [
  ...DEFAULT.slice(0, 8),
  "Commandstats",
  "Errorstats",
  "Latencystats",
  "Cluster",
  "Keyspace",
];

test("which sections are answered", async () => {
  const { engine } = await startBench();
  const asked = (...names: string[]) => headings(infoText(engine, names));
  assert.deepEqual(asked(), DEFAULT);
  assert.deepEqual(asked("default"), DEFAULT);
  assert.deepEqual(asked("ALL"), ALL);
  assert.deepEqual(asked("Everything"), ALL);
  assert.deepEqual(asked("all", "debug"), [...ALL, "Debug"]);
  assert.deepEqual(asked("keyspace", "SERVER", "keyspace"), ["Server", "Keyspace"]);
  assert.deepEqual(asked("default", "commandstats"), [
    ...DEFAULT.slice(0, 8),
    "Commandstats",
    ...DEFAULT.slice(8),
  ]);
  assert.deepEqual(asked("modules"), ["Modules"]);
  assert.deepEqual(asked("module_list"), ["Modules"]);
  assert.equal(infoText(engine, ["nosuch"]), "");
  assert.equal(infoText(engine, [""]), "");
  assert.equal(
    infoText(engine, ["cluster", "nosuch", "keyspace"]),
    "# Cluster\r\ncluster_enabled:0\r\n\r\n# Keyspace\r\n",
  );
});

test("every field stands once, in a line of its own", async () => {
  const { engine } = await startBench({ "min-replicas-to-write": 1 });
  const names = new Set<string>();
  for (const section of INFO_SECTIONS) {
    for (const [name, value] of section.fields(engine)) {
      assert(!names.has(name), name);
      names.add(name);
      assert(!/[\r\n]/.test(`${name}${value}`), name);
      assert.notEqual(String(value), "NaN", name);
      assert.notEqual(String(value), "undefined", name);
    }
  }
  assert(names.has("min_slaves_good_slaves"));
  for (const name of ["valkey_version", "server_name", "dragonfly_version"]) {
    assert(!names.has(name), name);
  }
});

test("the reply is a bulk string, and a verbatim one in RESP3", async () => {
  const bench = await startBench();
  assert.equal(bench.ask("INFO", "cluster"), "$30\r\n# Cluster\r\ncluster_enabled:0\r\n\r\n");
  bench.ask("HELLO", 3);
  assert.equal(bench.ask("INFO", "cluster"), "=34\r\ntxt:# Cluster\r\ncluster_enabled:0\r\n\r\n");
  assert.equal(bench.ask("INFO", "nosuch"), "=4\r\ntxt:\r\n");
});

test("server: who it is and since when", async () => {
  const bench = await startBench({ port: 6400, hz: 50 });
  const before = bench.info("server");
  assert.equal(before.get("redis_version"), "7.2.5");
  assert.equal(before.get("tcp_port"), "6400");
  assert.equal(before.get("listener0"), "name=tcp,bind=127.0.0.1,port=6400");
  assert.equal(before.get("configured_hz"), "50");
  assert.equal(before.get("uptime_in_seconds"), "0");
  assert.match(before.get("run_id")!, /^[0-9a-f]{40}$/);
  const wallUs = Math.floor(bench.platform.clock.wallMs() * 1000);
  assert.equal(before.get("server_time_usec"), String(wallUs));
  bench.platform.clock.setWallMs(bench.platform.clock.wallMs() + 2 * 86400_000 + 3000);
  const after = bench.info("server");
  assert.equal(after.get("uptime_in_seconds"), String(2 * 86400 + 3));
  assert.equal(after.get("uptime_in_days"), "2");
  assert.equal(after.get("run_id"), before.get("run_id"));
  const seconds = Math.floor(bench.platform.clock.wallMs() / 1000);
  assert.equal(after.get("lru_clock"), String(seconds & 0xffffff));
});

test("keyspace: keys, those that expire, and for how long on average", async () => {
  const bench = await startBench();
  assert.equal(bench.info("keyspace").size, 0);
  bench.ask("SET", "a", 1);
  bench.ask("SET", "b", 2, "EX", 1000);
  bench.ask("SELECT", 3);
  bench.ask("SET", "c", 3);
  assert.deepEqual([...bench.info("keyspace")], [
    ["db0", "keys=2,expires=1,avg_ttl=0"],
    ["db3", "keys=1,expires=0,avg_ttl=0"],
  ]);
  bench.platform.clock.advance(100);
  const [, average] = /avg_ttl=(\d+)/.exec(bench.info("keyspace").get("db0")!)!;
  assert(Number(average) > 999_000 && Number(average) <= 1_000_000, average);
});

test("commandstats and errorstats count calls, refusals and failures", async () => {
  const bench = await startBench();
  bench.ask("SET", "k", "text");
  bench.ask("INCR", "k");
  bench.ask("GET");
  bench.ask("CONFIG", "GET", "port");
  bench.ask("nosuch");
  bench.ask("DEBUG", "ERROR", "MINE text");
  const commands = bench.info("commandstats");
  const counts = (name: string) =>
    commands.get(name)?.replace(/usec=\d+,usec_per_call=\d+\.\d\d,/, "");
  assert.equal(counts("cmdstat_set"), "calls=1,rejected_calls=0,failed_calls=0");
  assert.equal(counts("cmdstat_incr"), "calls=1,rejected_calls=0,failed_calls=1");
  assert.equal(counts("cmdstat_get"), "calls=0,rejected_calls=1,failed_calls=0");
  assert.equal(counts("cmdstat_config|get"), "calls=1,rejected_calls=0,failed_calls=0");
  assert.equal(commands.get("cmdstat_config"), undefined);
  assert.deepEqual([...bench.info("errorstats")], [["errorstat_ERR", "count=3"]]);
  assert.equal(bench.info("stats").get("total_error_replies"), "3");
  bench.ask("CONFIG", "RESETSTAT");
  assert.deepEqual([...bench.info("errorstats")], []);
  assert.deepEqual([...bench.info("commandstats").keys()], [
    "cmdstat_config|resetstat",
    "cmdstat_info",
  ]);
});

test("memory: what is used is what the parts add up to", async () => {
  const bench = await startBench({ maxmemory: "1gb" });
  bench.ask("DEBUG", "POPULATE", 1000, "k", 100);
  const info = bench.info("memory");
  const number = (name: string) => Number(info.get(name));
  const { heap } = bench.engine.keyspace;
  assert.equal(
    number("used_memory"),
    heap.allocatedBytes + heap.bookkeepingBytes + number("mem_clients_normal"),
  );
  assert.equal(
    number("used_memory_overhead") + number("used_memory_dataset"),
    number("used_memory"),
  );
  assert(number("used_memory_dataset") > 1000 * 100);
  assert(number("used_memory_peak") >= number("used_memory"));
  assert(number("used_memory_startup") < number("used_memory"));
  assert.equal(info.get("maxmemory"), String(2 ** 30));
  assert.equal(info.get("maxmemory_human"), "1.00G");
  assert.equal(info.get("maxmemory_policy"), "noeviction");
  bench.ask("FLUSHALL");
  const after = bench.info("memory");
  assert(Number(after.get("used_memory")) < number("used_memory"));
  assert.equal(after.get("used_memory_peak"), info.get("used_memory_peak"));
  assert.equal(after.get("used_memory_dataset"), "0");
});

test("persistence: how far a load has come, only while there is one", async () => {
  const bench = await startBench();
  assert(!bench.info("persistence").has("loading_start_time"));
  bench.engine.isLoading = true;
  bench.engine.persistence.loading.startedMs = bench.platform.clock.wallMs();
  bench.engine.persistence.loading.progress = {
    loadedBytes: 250,
    totalBytes: 1000,
    loadedCount: 3,
  };
  bench.platform.clock.advance(10_000);
  const info = bench.info("persistence");
  assert.equal(info.get("loading"), "1");
  assert.equal(info.get("loading_loaded_perc"), "25.00");
  assert.equal(info.get("loading_total_bytes"), "1000");
  assert.equal(info.get("loading_eta_seconds"), String(Math.floor(10 * 750 / 251)));
});

test("replication: the id changes when asked to", async () => {
  const bench = await startBench();
  const before = bench.info("replication").get("master_replid")!;
  assert.match(before, /^[0-9a-f]{40}$/);
  assert.notEqual(before, bench.engine.runId);
  assert.equal(bench.ask("DEBUG", "CHANGE-REPL-ID"), "+OK\r\n");
  assert.notEqual(bench.info("replication").get("master_replid"), before);
});

test("rounds of work are counted", async () => {
  const bench = await startBench();
  const before = bench.info("stats", "debug");
  bench.ask("PING");
  const after = bench.info("stats", "debug");
  const cycles = (info: Map<string, string>) => Number(info.get("eventloop_cycles"));
  assert.equal(cycles(after) - cycles(before), 2);
  assert.equal(after.get("eventloop_cmd_per_cycle_max"), "1");
});

test("sizes with units", () => {
  const cases: [number, string][] = [
    [0, "0B"],
    [1023, "1023B"],
    [1024, "1.00K"],
    [916272, "894.80K"],
    [2 ** 20 - 1, "1024.00K"],
    [2 ** 20, "1.00M"],
    [25276502016, "23.54G"],
    [2 ** 40, "1.00T"],
    [2 ** 50, "1.00P"],
  ];
  for (const [bytes, text] of cases) assert.equal(humanBytes(bytes), text);
});
