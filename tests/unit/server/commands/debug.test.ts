import assert from "node:assert/strict";
import { test } from "node:test";
import { startBench } from "./fixture.ts";

test("DEBUG is refused unless enable-debug-command allows it", async () => {
  const bench = await startBench({ "enable-debug-command": "no" });
  assert.match(bench.ask("DEBUG", "HELP"), /^-ERR DEBUG command not allowed\./);
});

test("PROTOCOL attrib: the attribute goes before a reply, in RESP3 alone", async () => {
  const bench = await startBench();
  const real = "$39\r\nSome real reply following the attribute\r\n";
  assert.equal(bench.ask("DEBUG", "PROTOCOL", "attrib"), real);
  bench.ask("HELLO", 3);
  assert.equal(
    bench.ask("DEBUG", "PROTOCOL", "attrib"),
    `|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n${real}`,
  );
});

test("PROTOCOL push: a push and then a reply, in RESP3 alone", async () => {
  const bench = await startBench();
  assert.equal(
    bench.ask("DEBUG", "PROTOCOL", "push"),
    "-ERR RESP2 is not supported by this command\r\n",
  );
  bench.ask("HELLO", 3);
  assert.equal(
    bench.ask("DEBUG", "PROTOCOL", "push"),
    ">2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n" +
      "$40\r\nSome real reply following the push reply\r\n",
  );
});

test("SLEEP ends although the clock stands still", async () => {
  const bench = await startBench();
  assert.equal(bench.ask("DEBUG", "SLEEP", "0"), "+OK\r\n");
  assert.equal(bench.ask("DEBUG", "SLEEP", "0.01"), "+OK\r\n");
  assert.equal(bench.ask("DEBUG", "SLEEP", "nonsense"), "+OK\r\n");
  assert.equal(bench.ask("DEBUG", "SLEEP", "-1"), "+OK\r\n");
});

test("PAUSE-CRON and SET-ACTIVE-EXPIRE keep what has expired", async () => {
  const bench = await startBench();
  const size = () => bench.engine.keyspace.databases[0].size;
  for (
    const [off, on] of [["PAUSE-CRON 1", "PAUSE-CRON 0"], [
      "SET-ACTIVE-EXPIRE 0",
      "SET-ACTIVE-EXPIRE 1",
    ]]
  ) {
    assert.equal(bench.ask("DEBUG", ...off.split(" ")), "+OK\r\n");
    bench.ask("SET", "k", "v", "PX", 1);
    bench.platform.clock.advance(1000);
    assert.equal(size(), 1, off);
    assert.equal(bench.ask("DEBUG", ...on.split(" ")), "+OK\r\n");
    bench.platform.clock.advance(1000);
    assert.equal(size(), 0, on);
  }
});

test("a crash asked for: a report in the log, then a failure that nobody catches", async () => {
  const cases: [string, RegExp, RegExp][] = [
    ["ASSERT", /# === ASSERTION FAILED ===\n/, /DEBUG ASSERT/],
    ["PANIC", /# Guru Meditation: DEBUG PANIC called at Unix time 1704067200 /, /DEBUG PANIC/],
    ["SEGFAULT", /# Redis 7\.2\.5 crashed by signal: 11/, /DEBUG SEGFAULT/],
    ["OOM", /# Out Of Memory allocating \d+ bytes!\n/, /OUT OF MEMORY/],
  ];
  for (const [name, logged, thrown] of cases) {
    const bench = await startBench();
    assert.throws(
      () => {
        bench.ask("DEBUG", name);
        bench.platform.clock.advance(1);
      },
      (error) =>
        error instanceof Error && error.name === "AssertionFailure" && thrown.test(error.message),
    );
    const log = bench.log.join("");
    assert.match(log, logged);
    assert.match(log, /=== REDIS BUG REPORT START: Cut & paste starting from here ===\n/);
    assert.match(log, /------ INFO OUTPUT ------\n# Server\r\n/);
    assert.match(log, new RegExp(`argv\\[1\\]: '"${name}"'\n`));
    assert.match(log, /=== REDIS BUG REPORT END\. /);
  }
});

test("POPULATE makes Redis's keys, and none twice", async () => {
  const bench = await startBench();
  bench.ask("SET", "key:1", "mine");
  assert.equal(bench.ask("DEBUG", "POPULATE", 3), "+OK\r\n");
  assert.equal(bench.ask("GET", "key:0"), "$7\r\nvalue:0\r\n");
  assert.equal(bench.ask("GET", "key:1"), "$4\r\nmine\r\n");
  assert.equal(bench.ask("DBSIZE"), ":3\r\n");
  assert.equal(bench.ask("DEBUG", "POPULATE", 12, "big", 10), "+OK\r\n");
  assert.equal(bench.ask("GET", "big:11"), "$10\r\nvalue:11\0\0\r\n");
  assert.equal(bench.ask("DEBUG", "POPULATE", 1, "short", 3), "+OK\r\n");
  assert.equal(bench.ask("GET", "short:0"), "$3\r\nval\r\n");
  assert.equal(bench.ask("DEBUG", "POPULATE", 2, "x".repeat(200)), "+OK\r\n");
  assert.equal(bench.ask("GET", "x".repeat(127)), "$7\r\nvalue:0\r\n");
  assert.equal(bench.info("persistence").get("rdb_changes_since_last_save"), "1");
  assert.match(bench.ask("DEBUG", "POPULATE", 1, "k", 2 ** 40), /^-ERR string exceeds/);
  bench.engine.keyspace.check();
});

test("OBJECT: where, how, how long in a file, and since when unused", async () => {
  const bench = await startBench();
  const ask = (value: string) => {
    bench.ask("SET", "k", value);
    return bench.ask("DEBUG", "OBJECT", "k");
  };
  assert.match(
    ask("text"),
    /^\+Value at:0x[0-9a-f]+ refcount:1 encoding:embstr serializedlength:5 lru:\d+ lru_seconds_idle:0\r\n$/,
  );
  assert.match(ask("300"), /encoding:int serializedlength:3 /);
  assert.match(ask("x".repeat(1000)), /encoding:raw serializedlength:\d\d /);
  bench.ask("CONFIG", "SET", "rdbcompression", "no");
  assert.match(ask("x".repeat(1000)), /encoding:raw serializedlength:1002 /);
  assert.match(ask("x".repeat(100_000)), /encoding:raw serializedlength:100005 /);
  bench.platform.clock.advance(5000);
  assert.match(bench.ask("DEBUG", "OBJECT", "k"), / lru_seconds_idle:5\r\n$/);
});

test("SDSLEN: the parts of the object that holds key and value", async () => {
  const bench = await startBench();
  bench.ask("SET", "key", "value");
  assert.equal(
    bench.ask("DEBUG", "SDSLEN", "key"),
    "+key_sds_len:3, key_sds_avail:0, key_zmalloc: 15, " +
      "val_sds_len:5, val_sds_avail:12, val_zmalloc: 17\r\n",
  );
  bench.ask("SET", "key", "x".repeat(4000));
  assert.match(
    bench.ask("DEBUG", "SDSLEN", "key"),
    /val_sds_len:4000, val_sds_avail:96, val_zmalloc: 4096\r\n$/,
  );
});

test("OBJECT of a large list tells of its nodes", async () => {
  const bench = await startBench();
  const elements = Array.from({ length: 900 }, (_, i) => `element:${i}`);
  bench.ask("RPUSH", "small", "a", "b");
  assert.match(bench.ask("DEBUG", "OBJECT", "small"), /encoding:listpack .*_idle:0\r\n$/);
  bench.ask("RPUSH", "l", ...elements, "x".repeat(3000));
  const text = bench.ask("DEBUG", "OBJECT", "l");
  const figures = / ql_nodes:(\d+) ql_avg_node:([\d.]+) ql_listpack_max:-2 ql_compressed:0 /
    .exec(text)!;
  assert.equal((901 / Number(figures[1])).toFixed(2), figures[2]);
  // Twelve bytes and two of overhead for most, 3000 and a header for the last one.
  const size = Number(/ ql_uncompressed_size:(\d+)\r\n$/.exec(text)![1]);
  assert.ok(size > 900 * 12 + 3000 && size < 900 * 14 + 3000 + 7 * Number(figures[1]), `${size}`);
  bench.ask("CONFIG", "SET", "list-compress-depth", "1", "list-max-listpack-size", "-1");
  assert.match(bench.ask("DEBUG", "OBJECT", "l"), / ql_listpack_max:-1 ql_compressed:1 /);
});

test("HTSTATS-KEY: every element is in some segment", async () => {
  const bench = await startBench();
  const members = Array.from({ length: 600 }, (_, i) => `member:${i}`);
  bench.ask("SADD", "set", ...members);
  bench.ask("HSET", "hash", ...members.flatMap((member) => [member, "v"]));
  bench.ask("ZADD", "zset", ...members.flatMap((member) => ["1", member]));
  for (const key of ["set", "hash", "zset"]) {
    const text = bench.ask("DEBUG", "HTSTATS-KEY", key, "full");
    assert.match(text, /^\$\d+\r\nHash table 0 stats \(main hash table\):\n table size: \d+\n/);
    assert.match(text, /\n number of elements: 600\n different slots: \d+\n/);
    const counts = [...text.matchAll(/^ {3}(\d+): (\d+) \(/gm)];
    assert.equal(counts.reduce((sum, [, length, many]) => sum + +length * +many, 0), 600);
    assert.doesNotMatch(bench.ask("DEBUG", "HTSTATS-KEY", key), /slots/);
  }
  bench.ask("SADD", "small", "a");
  const error = "-ERR The value stored at the specified key is not represented using an hash table";
  assert.equal(bench.ask("DEBUG", "HTSTATS-KEY", "small"), `${error}\r\n`);
});

test("HTSTATS: every key is in some segment", async () => {
  const bench = await startBench();
  bench.ask("DEBUG", "POPULATE", 1000);
  const reply = bench.ask("DEBUG", "HTSTATS", 0, "full");
  assert.match(
    reply,
    /\[Dictionary HT\]\nHash table 0 stats \(main hash table\):\n table size: \d+\n number of elements: 1000\n/,
  );
  assert.match(
    reply,
    /\[Expires HT\]\nHash table 0 stats \(main hash table\):\nNo stats available for empty dictionaries\n/,
  );
  let elements = 0;
  let segments = 0;
  for (const [, count, found] of reply.matchAll(/^ {3}(\d+): (\d+) \(/gm)) {
    elements += Number(count) * Number(found);
    segments += Number(found);
  }
  assert.equal(elements, 1000);
  assert.match(reply, new RegExp(` different slots: ${segments}\n`));
});

test("RELOAD: what is there comes back; NOSAVE brings the file's keys, MERGE beside ours", async () => {
  const bench = await startBench();
  bench.ask("SET", "a", "1");
  bench.ask("SET", "b", "2", "EX", 1000);
  const digest = bench.ask("DEBUG", "DIGEST");
  assert.equal(bench.ask("DEBUG", "RELOAD"), "+OK\r\n");
  assert.equal(bench.ask("DEBUG", "DIGEST"), digest);
  bench.ask("SET", "a", "changed");
  bench.ask("SET", "c", "3");
  assert.equal(bench.ask("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE"), "+OK\r\n");
  assert.equal(bench.ask("MGET", "a", "c"), "*2\r\n$1\r\n1\r\n$1\r\n3\r\n");
  assert.equal(bench.ask("DEBUG", "RELOAD", "NOSAVE"), "+OK\r\n");
  assert.equal(bench.ask("DEBUG", "DIGEST"), digest);
  assert.match(
    bench.ask("DEBUG", "RELOAD", "NOSUCH"),
    /^-ERR DEBUG RELOAD only supports the MERGE/,
  );
  bench.platform.files.remove(bench.engine.persistence.snapshots.path);
  assert.match(bench.ask("DEBUG", "RELOAD", "NOSAVE"), /^-ERR Error trying to load the RDB dump/);
});

test("CLIENT-EVICTION: every client stands in a bucket", async () => {
  const bench = await startBench();
  assert.equal(bench.ask("DEBUG", "CLIENT-EVICTION"), "-ERR maxmemory-clients is disabled.\r\n");
  bench.ask("CONFIG", "SET", "maxmemory-clients", "100mb");
  const reply = bench.ask("DEBUG", "CLIENT-EVICTION");
  const lines = reply.split("\n").filter((line) => line.startsWith("bucket"));
  assert.equal(lines.length, 19);
  assert.match(lines[0], /^bucket {10}0 - {6}32767: tot-mem: +\d+, clients: 1$/);
  assert.equal(lines[18], "bucket 4294967296+            : tot-mem:          0, clients: 0");
});

test("SET-SKIP-CHECKSUM-VALIDATION", async () => {
  const bench = await startBench();
  bench.ask("DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", 1);
  assert.equal(bench.engine.settings.skipChecksumValidation, true);
  bench.ask("DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", 0);
  assert.equal(bench.engine.settings.skipChecksumValidation, false);
});
