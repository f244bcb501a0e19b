import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryPlatform } from "../../../../adapters/memory/mod.ts";
import { Config } from "../../../../src/server/config/config.ts";
import { Engine } from "../../../../src/server/engine.ts";
import { Log } from "../../../../src/server/log.ts";
import {
  escapeLabel,
  MetricsPage,
  metricsText,
  parseInfo,
} from "../../../../src/server/metrics/metrics_text.ts";
import { METRIC_NAMES } from "./metric_names.ts";

/** An engine, and a client that sends it commands. */
function started() {
  const platform = memoryPlatform();
  const config = new Config(platform.files);
  const engine = new Engine(platform, config, new Log(platform.clock, 1, () => {}));
  const at = { kind: "tcp", host: "127.0.0.1", port: 6379, backlog: 1 } as const;
  void platform.network.listen(at, engine.handlers);
  const client = platform.network.client(at);
  const run = (line: string): void => {
    client.send(`${line}\r\n`);
    platform.clock.advance(1);
    client.takeText();
  };
  return { engine, run };
}

test("labels are escaped", () => {
  assert.equal(escapeLabel('a\\b"c\nd'), 'a\\\\b\\"c\\nd');
  const page = new MetricsPage().metric("x", "gauge", "Line\nand \\.").sample(1, [["l", '"']]);
  assert.equal(
    page.text,
    '# HELP redis_x Line\\nand \\\\.\n# TYPE redis_x gauge\nredis_x{l="\\""} 1\n',
  );
});

test("values", () => {
  const page = new MetricsPage().metric("x", "gauge", "h").sample(NaN).sample(Infinity)
    .sample(-Infinity).sample(1e21).sample(0.5);
  const values = page.text.split("\n").slice(2, -1).map((line) => line.split(" ")[1]);
  assert.deepEqual(values, ["NaN", "+Inf", "-Inf", "1e+21", "0.5"]);
});

test("INFO's text as fields", () => {
  const fields = parseInfo("# A\r\na:1\r\nb:x:y\r\n\r\n# B\r\nc:\r\n");
  assert.deepEqual([...fields], [["a", "1"], ["b", "x:y"], ["c", ""]]);
});

test("the names are those of the list, each once, with help and type", () => {
  const { engine, run } = started();
  run("CONFIG SET slowlog-log-slower-than 0 latency-monitor-threshold 1");
  run("SET k v EX 100");
  run("INCR k");
  run("NO SUCH COMMAND");
  engine.latency.add("command", 5);
  const lines = metricsText(engine).split("\n");
  assert.equal(lines.pop(), "");
  const types = new Map<string, string>();
  for (const line of lines) {
    const type = /^# TYPE (\S+) (gauge|counter|summary)$/.exec(line);
    if (type !== null) {
      assert.ok(!types.has(type[1]), type[1]);
      types.set(type[1], type[2]);
    } else if (!line.startsWith("#")) {
      assert.match(
        line,
        /^[a-z_]+(\{([a-z_]+="([^"\\\n]|\\.)*",?)*\})? (-?[0-9.e+-]+|NaN|[+-]Inf)$/,
      );
      const name = line.split(/[{ ]/)[0];
      assert.ok(types.has(name) || types.has(name.replace(/_(sum|count)$/, "")), name);
    } else assert.match(line, /^# HELP \S+ \S.*$/);
  }
  const named = [...types].map(([name, type]) => `${name} ${type}`).sort();
  assert.deepEqual(named, [...METRIC_NAMES].sort());
});

test("what has happened is told", () => {
  const { engine, run } = started();
  run("SET k v EX 100");
  run("GET k");
  run("GET none");
  run("INCR k");
  const text = metricsText(engine);
  const has = (line: string): void => assert.ok(text.includes(`\n${line}\n`), line);
  has('redis_db_keys{db="db0"} 1');
  has('redis_db_keys_expiring{db="db0"} 1');
  has("redis_keyspace_hits_total 1");
  has("redis_keyspace_misses_total 1");
  has('redis_commands_total{cmd="get"} 2');
  has('redis_commands_failed_calls_total{cmd="incr"} 1');
  has('redis_errors_total{err="ERR"} 1');
  has("redis_connected_clients 1");
  has("redis_rdb_last_bgsave_status 1");
  has('redis_latency_percentiles_usec_count{cmd="get"} 2');
  assert.match(text, /\nredis_latency_percentiles_usec\{cmd="get",quantile="0.999"\} [\d.]+\n/);
  assert.match(text, /\nredis_instance_info\{role="master",redis_version="7/);
});
