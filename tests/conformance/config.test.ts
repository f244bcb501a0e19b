/** CONFIG: what it knows, what it takes, what it refuses and how. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { conformance, startPair } from "../support/compare.ts";
import { error, itemsOf, textOf } from "../support/reply.ts";
import type { RespClient } from "../support/resp_client.ts";
import {
  skipWithout,
  startPagurus,
  startRedis,
  temporaryDirectory,
  type TestServer,
} from "../support/servers.ts";

const skip = skipWithout("redis-server");

async function configuration(client: RespClient): Promise<Map<string, string>> {
  const items = itemsOf(await client.command("CONFIG", "GET", "*")).map(textOf);
  const found = new Map<string, string>();
  for (let i = 0; i < items.length; i += 2) found.set(items[i], items[i + 1]);
  return found;
}

/** Differ from server to server or build to build, or are hidden since Redis 7.2. */
const OWN =
  /^(port|dir|aof-disable-auto-gc|tls-.*|pidfile|jemalloc-bg-thread|proc-title-template|locale-collate)$/;

test("every directive of redis-server is known, with its default", { skip }, async () => {
  const { redis, ours } = await startPair();
  const [judge, accused] = await Promise.all([redis, ours].map(async (server) => {
    const client = await server.client();
    const all = await configuration(client);
    client.close();
    return all;
  }));
  const problems: string[] = [];
  for (const [name, value] of judge) {
    if (OWN.test(name)) continue;
    const own = accused.get(name);
    if (own === undefined) problems.push(`${name} is missing (${value})`);
    else if (own !== value) problems.push(`${name}: "${own}", redis-server has "${value}"`);
  }
  assert.equal(problems.join("\n"), "");
});

conformance("CONFIG GET", (c) => {
  c.doSorted("CONFIG", "GET", "maxmemory");
  c.doSorted("CONFIG", "GET", "MaxMemory");
  c.doSorted("CONFIG", "GET", "maxmemory", "maxmemory", "timeout");
  c.doSorted("CONFIG", "GET", "[hz]*-max-listpack-*");
  c.doSorted("CONFIG", "GET", "hash-max-?iplist-entries");
  c.doSorted("CONFIG", "GET", "[st]imeout");
  c.doSorted("CONFIG", "GET", "nosuch");
  c.doSorted("CONFIG", "GET", "");
  c.doSorted("CONFIG", "GET", "slave-read-only", "replica-read-only");
  c.do("CONFIG", "GET");
  c.do("CONFIG", "NOSUCH");
  c.do("CONFIG");
  c.do("CONFIG", "HELP", "x");
});

conformance("CONFIG SET: values of each kind", (c) => {
  const tries: [string, ...string[]][] = [
    ["maxmemory", "0", "100", "1k", "1kb", "1MB", "1gb", "1G", "1.5mb", "-1", "a", "", "1tb", " 1"],
    ["maxmemory-policy", "allkeys-lru", "NOEVICTION", "nosuch", "", "volatile-ttl", "noeviction"],
    ["maxmemory-samples", "1", "0", "-1", "64", "65", "5"],
    ["timeout", "0", "10", "-1", "a", "2147483648", "0"],
    ["hz", "1", "0", "500", "501", "-1", "10"],
    ["appendonly", "maybe", "", "no"],
    ["rdbcompression", "no", "YES", "1", "true", "yes"],
    ["loglevel", "debug", "VERBOSE", "notice"],
    ["appendfsync", "always", "nosuch", "everysec"],
    ["save", "100 10", "1 2 3", "a b", "-1 1", "0 1", "60 1000 300 10", ""],
    ["slowlog-log-slower-than", "-1", "-2", "10000"],
    ["slowlog-max-len", "0", "-1", "128"],
    ["tcp-keepalive", "0", "-1", "300"],
    ["maxclients", "0", "-1", "a", "1000", "10000"],
    ["proto-max-bulk-len", "1048575", "1mb", "0", "512mb"],
    ["client-query-buffer-limit", "1048575", "1mb", "1gb"],
    [
      "client-output-buffer-limit",
      "normal 0 0 0",
      "normal 1mb 2mb 60",
      "nosuch 0 0 0",
      "normal 0 0",
    ],
    ["client-output-buffer-limit", "normal 0 0 0 pubsub 32mb 8mb 60", "normal a 0 0", ""],
    ["list-max-listpack-size", "-2", "10", "a", "-2"],
    ["hash-max-listpack-entries", "0", "-1", "512", "128"],
    ["activerehashing", "no", "yes"],
    ["lfu-log-factor", "0", "-1", "10"],
    ["notify-keyspace-events", "KEA", "x", "", "Kg$", "AKE", ""],
    ["lazyfree-lazy-user-del", "yes", "no"],
    ["busy-reply-threshold", "1", "5000"],
    ["lua-time-limit", "1", "5000"],
    ["latency-monitor-threshold", "100", "-1", "0"],
    ["oom-score-adj", "maybe", "no"],
    ["replica-priority", "0", "-1", "100"],
    ["min-replicas-to-write", "1", "-1", "0"],
    ["repl-backlog-size", "0", "1mb", "2mb", "1mb"],
    ["requirepass", "a b", ""],
    ["databases", "8"],
    ["port", "-1", "65536", "a"],
    ["bind-source-addr", "127.0.0.1", ""],
    ["dbfilename", "a/b", "dump.rdb"],
    ["unixsocket", "/tmp/x"],
    ["daemonize", "yes"],
    ["active-expire-effort", "0", "1", "10", "11", "1"],
    ["maxmemory-clients", "1mb", "10%", "101%", "-1", "0"],
    ["stop-writes-on-bgsave-error", "no", "yes"],
    ["acllog-max-len", "1", "128"],
    ["nosuch", "1"],
    ["", ""],
  ];
  for (const [name, ...values] of tries) {
    for (const value of values) {
      c.do("CONFIG", "SET", name, value);
      if (name !== "port") c.doSorted("CONFIG", "GET", name);
    }
  }
});

conformance("CONFIG SET loglevel", (c) => {
  // Redis 7.2 added the last of these levels.
  const refused = error(
    "ERR CONFIG SET failed (possibly related to argument 'loglevel') - argument(s) must be one of " +
      "the following: debug, verbose, notice, warning, nothing",
  );
  c.doExpect(refused, "CONFIG", "SET", "loglevel", "nosuch");
  c.doExpect(refused, "CONFIG", "SET", "loglevel", "");
});

conformance("CONFIG SET: several at once", (c) => {
  c.do("CONFIG", "SET");
  c.do("CONFIG", "SET", "timeout");
  c.do("CONFIG", "SET", "timeout", "1", "hz");
  c.do("CONFIG", "SET", "timeout", "5", "hz", "20");
  c.doSorted("CONFIG", "GET", "timeout", "hz");
  c.do("CONFIG", "SET", "timeout", "6", "hz", "nonsense");
  c.doSorted("CONFIG", "GET", "timeout", "hz");
  c.do("CONFIG", "SET", "timeout", "6", "nosuch", "1");
  c.do("CONFIG", "SET", "timeout", "6", "timeout", "7");
  c.do("CONFIG", "SET", "timeout", "6", "TIMEOUT", "7");
  c.do("CONFIG", "SET", "timeout", "6", "daemonize", "yes");
  c.doSorted("CONFIG", "GET", "timeout", "hz");
  c.do("CONFIG", "SET", "TIMEOUT", "0", "HZ", "10");
});

conformance("CONFIG REWRITE and RESETSTAT", (c) => {
  c.do("CONFIG", "REWRITE");
  c.do("CONFIG", "REWRITE", "x");
  c.do("CONFIG", "RESETSTAT");
  c.do("CONFIG", "RESETSTAT", "x");
});

conformance("protected configurations", (c) => {
  c.do("CONFIG", "SET", "dir", "/tmp");
  c.do("CONFIG", "SET", "dbfilename", "x.rdb");
  c.do("CONFIG", "SET", "enable-debug-command", "yes");
  c.do("DEBUG", "SLEEP", "0");
});

/**
 * A rewritten file without what each server says of itself; redis-server adds new lines in an order
 * that changes from run to run.
 */
function comparable(text: string): string {
  const own = /^(port|dir|save|pidfile|latency-tracking-info|user)\b.*\n/gm;
  const [kept, added] = text.replace(own, "").split("# Generated by CONFIG REWRITE\n");
  return `${kept}# Generated by CONFIG REWRITE\n${added.split("\n").sort().join("\n")}`;
}

test("CONFIG REWRITE leaves the file that redis-server leaves", { skip }, async () => {
  const directory = temporaryDirectory();
  const text = "# a comment\nmaxmemory 1mb\n\ntimeout 5\nhash-max-ziplist-entries 77\n# end\n";
  try {
    const rewritten = await Promise.all([startRedis, startPagurus].map(async (start, index) => {
      const file = join(directory, `${index}.conf`);
      // The port and the folder come from the command line and are written down too.
      writeFileSync(file, text);
      const server: TestServer = await start({ args: ["--hz", "20"], configFile: file });
      const client = await server.client();
      await client.command("CONFIG", "SET", "timeout", "9", "maxmemory-policy", "allkeys-lfu");
      assert.deepEqual(await client.command("CONFIG", "REWRITE"), { kind: "simple", text: "OK" });
      await server.stop();
      return comparable(readFileSync(file, "utf8"));
    }));
    assert.equal(rewritten[1], rewritten[0]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
