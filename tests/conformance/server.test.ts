/** INFO, TIME, SAVE, LASTSAVE, LOLWUT, DEBUG, SHUTDOWN's errors. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { conformance, conformanceOf, startPair } from "../support/compare.ts";
import { itemsOf, textOf } from "../support/reply.ts";
import type { RespClient } from "../support/resp_client.ts";
import { skipWithout, startPagurus, startRedis } from "../support/servers.ts";

const DEBUG = { args: ["--enable-debug-command", "yes"] };

/** Fields that tell of what only C's Redis has: its allocator, threads, children, clusters. */
const NOT_OURS =
  /^(allocator_|rss_overhead|mem_allocator|active_defrag|gcc_version|used_memory_vm|monotonic_clock|io_thread|atomicvar_api|used_cpu_(sys|user)_(children|main_thread)|module|os|multiplexing_api|cluster_)/;

async function infoFields(
  client: RespClient,
  ...sections: string[]
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  let section = "";
  for (const line of textOf(await client.command("INFO", ...sections)).split("\r\n")) {
    if (line.startsWith("# ")) found.set(section = line.slice(2), []);
    else if (line !== "") found.get(section)!.push(line.split(":")[0]);
  }
  return found;
}

test(
  "INFO has every section and every field that redis-server has",
  { skip: skipWithout("redis-server") },
  async () => {
    const { redis, ours } = await startPair();
    const problems: string[] = [];
    const clients = [await redis.client(), await ours.client()];
    for (const client of clients) {
      await client.command("FLUSHALL");
      await client.command("SET", "k", "v");
    }
    const [judge, accused] = await Promise.all(clients.map((client) => infoFields(client)));
    for (const [section, fields] of judge) {
      const own = accused.get(section);
      if (!own) problems.push(`section ${section} is missing`);
      for (const field of fields) {
        if (!NOT_OURS.test(field) && own && !own.includes(field)) {
          problems.push(`${section}: ${field} is missing`);
        }
      }
    }
    for (const client of clients) client.close();
    assert.equal(problems.join("\n"), "");
  },
);

conformanceOf("INFO: which sections a request brings", async (client) => {
  await client.command("SET", "k", "v");
  const observed: unknown[] = [];
  for (
    const sections of [
      ...[["server"], ["SERVER"], ["server", "clients"], ["clients", "server", "clients"]],
      ...[["keyspace"], ["nosuch"], [""], ["memory", "nosuch"], ["persistence"], ["stats"]],
      ...[["replication"], ["cpu"], ["errorstats"], ["commandstats"], ["cluster"]],
    ]
  ) observed.push([sections, [...(await infoFields(client, ...sections)).keys()]]);
  return observed;
});

conformanceOf("INFO keyspace", async (client) => {
  await client.command("MSET", "a", "1", "b", "2");
  await client.command("SET", "c", "3", "PXAT", "4102444800000");
  await client.command("SELECT", 7);
  await client.command("SET", "d", "4");
  // The average is a sampled estimate: only how the line is made is compared.
  return textOf(await client.command("INFO", "keyspace")).replace(/avg_ttl=\d+/g, "avg_ttl=N");
});

conformanceOf("INFO commandstats and errorstats count", async (client) => {
  await client.command("CONFIG", "RESETSTAT");
  for (const command of [["GET", "a"], ["get", "b"], ["SET", "a", "b"], ["INCR", "a"], ["GET"]]) {
    await client.command(...command);
  }
  await client.command("NOSUCH");
  await client.command("CLIENT", "GETNAME");
  const text = textOf(await client.command("INFO", "commandstats", "errorstats"));
  return text.replace(/usec(_per_call)?=[\d.]+/g, "usec$1=N").split("\r\n")
    .filter((line) => /^(cmdstat_(get|set|incr|client)|errorstat)/.test(line)).sort();
}, { args: ["--timeout", "0"] });

conformanceOf("INFO stats count hits, misses and expired keys", async (client) => {
  await client.command("CONFIG", "RESETSTAT");
  await client.command("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  for (const command of [["GET", "a"], ["SET", "a", "b"], ["GET", "a"], ["MGET", "a", "b", "c"]]) {
    await client.command(...command);
  }
  await client.command("EXISTS", "a", "x", "a");
  await client.command("TTL", "nothing");
  await client.command("TYPE", "nothing");
  await client.command("SET", "e", "v", "PX", "1");
  await new Promise((resolve) => setTimeout(resolve, 10));
  await client.command("GET", "e");
  const text = textOf(await client.command("INFO", "stats"));
  await client.command("DEBUG", "SET-ACTIVE-EXPIRE", "1");
  return text.split("\r\n").filter((line) => /^(keyspace_|expired_keys|evicted_keys)/.test(line));
}, DEBUG);

conformance("TIME, LASTSAVE, LOLWUT", (c) => {
  c.doLoose("TIME");
  c.do("TIME", "x");
  c.doNear(60, "LASTSAVE");
  c.do("LASTSAVE", "x");
  c.doLoose("LOLWUT");
  c.doLoose("LOLWUT", "VERSION", "5");
  c.do("LOLWUT", "VERSION", "a");
});

test("TIME's microseconds are within a second", { skip: skipWithout("redis-server") }, async () => {
  const { ours } = await startPair();
  const client = await ours.client();
  const [seconds, microseconds] = itemsOf(await client.command("TIME")).map(textOf);
  assert.ok(Math.abs(Number(seconds) - Date.now() / 1000) < 60);
  assert.match(microseconds, /^\d{1,6}$/);
  client.close();
});

conformance("SAVE and SHUTDOWN: errors", (c) => {
  c.do("SAVE", "x");
  c.do("SHUTDOWN", "NOSUCH");
  c.do("SHUTDOWN", "SAVE", "NOSAVE");
  c.do("SHUTDOWN", "ABORT");
  c.do("SHUTDOWN", "ABORT", "SAVE");
  c.do("SHUTDOWN", "SAVE", "x");
});

test("DEBUG DIGEST and DIGEST-VALUE are redis-server's", {
  skip: skipWithout("redis-server"),
}, async () => {
  const { redis, ours } = await startPair(DEBUG);
  const digests = await Promise.all([redis, ours].map(async (server) => {
    const client = await server.client();
    await client.command("FLUSHALL");
    const seen = [textOf(await client.command("DEBUG", "DIGEST"))];
    await client.command("MSET", "a", "1", "b", "hello", "", "", "n", "-5", "f", "1.5");
    await client.command("SET", "e", "v", "PXAT", "4102444800000");
    await client.command("SELECT", "3");
    await client.command("SET", "x", "y".repeat(100));
    seen.push(textOf(await client.command("DEBUG", "DIGEST")));
    await client.command("SELECT", "0");
    const values = await client.command(
      "DEBUG",
      "DIGEST-VALUE",
      "a",
      "b",
      "",
      "n",
      "f",
      "e",
      "none",
    );
    seen.push(...itemsOf(values).map(textOf));
    client.close();
    return seen;
  }));
  assert.deepEqual(digests[1], digests[0]);
});

conformance("DEBUG", (c) => {
  c.do("DEBUG");
  c.do("DEBUG", "NOSUCH");
  c.do("DEBUG", "SLEEP", "0");
  c.do("DEBUG", "SLEEP");
  c.do("DEBUG", "SET-ACTIVE-EXPIRE", "1");
  c.do("DEBUG", "OBJECT", "missing");
  c.do("DEBUG", "POPULATE", "10");
  c.do("DBSIZE");
  c.doSorted("KEYS", "*");
  c.do("GET", "key:3");
  c.do("DEBUG", "POPULATE", "5", "pre");
  c.do("GET", "pre:4");
  c.do("DEBUG", "POPULATE", "3", "sized", "20");
  c.do("GET", "sized:2");
  c.do("STRLEN", "sized:1");
  c.do("DEBUG", "POPULATE", "a");
  c.do("DEBUG", "DIGEST", "x");
  c.do("DEBUG", "LOG", "a message");
  c.do("DEBUG", "JMAP");
}, DEBUG);

conformance("DEBUG PROTOCOL", (c) => {
  const kinds = ["string", "integer", "double", "null", "array", "set", "map", "bignum", "true"];
  kinds.push("false", "verbatim", "nosuch");
  for (const kind of kinds) c.do("DEBUG", "PROTOCOL", kind);
}, DEBUG);

conformance("DEBUG where it is not allowed", (c) => {
  c.do("DEBUG", "SLEEP", "0");
  c.do("DEBUG");
  c.do("DEBUG", "NOSUCH");
});

for (const [name, start] of [["redis-server", startRedis], ["pagurus", startPagurus]] as const) {
  test(`SAVE, SHUTDOWN and a restart: ${name}`, { skip: skipWithout("redis-server") }, async () => {
    const first = await start();
    const client = await first.client();
    await client.command("MSET", "a", "1", "b", "x".repeat(5000), "", "");
    await client.command("SET", "t", "v", "PXAT", "4102444800123");
    assert.deepEqual(await client.command("SAVE"), { kind: "simple", text: "OK" });
    assert.ok(existsSync(join(first.directory, "dump.rdb")));
    await client.command("SET", "c", "late");
    client.send("SHUTDOWN", "SAVE");
    await client.waitClosed();
    assert.deepEqual(await first.exited, { code: 0, signal: null });

    const second = await start({ directory: first.directory });
    const again = await second.client();
    const values = itemsOf(await again.command("MGET", "a", "b", "", "c", "t")).map(textOf);
    assert.deepEqual(values, ["1", "x".repeat(5000), "", "late", "v"]);
    assert.equal(textOf(await again.command("PEXPIRETIME", "t")), "4102444800123");
    again.send("SHUTDOWN", "NOSAVE");
    await again.waitClosed();
    await second.exited;
    await first.stop();
  });
}

for (const [writer, reader] of [[startRedis, startPagurus], [startPagurus, startRedis]]) {
  const name = `${writer.name} writes dump.rdb, ${reader.name} reads it`;
  test(name, { skip: skipWithout("redis-server") }, async () => {
    const first = await writer({ args: ["--enable-debug-command", "yes"] });
    const client = await first.client();
    await client.command("DEBUG", "POPULATE", "2000", "key", "100");
    await client.command("MSET", "", "", "int", "-12345", "big", "y".repeat(100_000));
    await client.command("SET", "t", "v", "PXAT", "4102444800123");
    await client.command("SELECT", "9");
    await client.command("SET", "nine", Uint8Array.from({ length: 256 }, (_, i) => i));
    const digest = await client.command("DEBUG", "DIGEST");
    client.send("SHUTDOWN", "SAVE");
    await client.waitClosed();
    await first.exited;

    const second = await reader({ directory: first.directory, args: [...DEBUG.args] });
    const again = await second.client();
    assert.deepEqual(await again.command("DEBUG", "DIGEST"), digest);
    assert.equal(textOf(await again.command("PEXPIRETIME", "t")), "4102444800123");
    await second.stop();
    await first.stop();
  });
}
