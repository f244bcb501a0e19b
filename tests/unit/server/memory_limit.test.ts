/** maxmemory, maxmemory-clients, and the accounting of what connections take. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../../src/base/prng.ts";
import { propagationText } from "../../support/propagation_text.ts";
import { bulk, request, startConnections } from "./commands/connections.ts";
import type { Connection, Connections } from "./commands/connections.ts";

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

/** A server that holds some keys, with so many bytes left until `maxmemory`. */
async function limited(policy: string, leftBytes: number): Promise<[Connections, Connection]> {
  const server = await startConnections();
  const client = server.connect();
  for (let i = 0; i < 50; i++) client.ask("SET", `key:${i}`, "x".repeat(500));
  client.ask("CONFIG", "SET", "maxmemory-policy", policy);
  setLimit(server, client, leftBytes);
  return [server, client];
}

function setLimit(server: Connections, client: Connection, leftBytes: number): void {
  client.ask("CONFIG", "SET", "maxmemory", server.engine.usedMemoryBytes + leftBytes);
}

/** A field of INFO. */
function info(client: Connection, field: string): number {
  const found = new RegExp(`^${field}:(\\d+)`, "m").exec(client.ask("INFO"));
  return Number(found?.[1]);
}

function sumOfClients(server: Connections): number {
  let bytes = 0;
  for (const client of server.engine.clients.values()) bytes += client.memoryBytes;
  return bytes;
}

test("noeviction refuses what needs memory, and nothing else", async () => {
  const [server, client] = await limited("noeviction", 60_000);
  assert.equal(client.ask("SETRANGE", "large", "69999", "x"), ":70000\r\n");
  assert.equal(client.ask("SET", "k", "v"), OOM);
  assert.equal(client.ask("LPUSH", "list", "v"), OOM);
  assert.equal(client.ask("GET", "key:1"), bulk("x".repeat(500)));
  assert.equal(client.line("PING"), "+PONG\r\n");
  assert.equal(client.ask("CONFIG", "SET", "maxmemory", "0"), "+OK\r\n");
  assert.equal(client.ask("SET", "k", "v"), "+OK\r\n");
  assert.equal(client.ask("CONFIG", "SET", "maxmemory", "100kb"), "+OK\r\n");
  assert.equal(client.ask("SET", "k", "v"), OOM);
  assert.equal(client.ask("FLUSHALL"), "+OK\r\n");
  assert.equal(client.ask("DEL", "k"), ":0\r\n");
  assert.match(server.log.join(""), /# WARNING: maxmemory is now 102400, and \d+ bytes are used/);
  assert.equal(info(client, "evicted_keys"), 0);
});

test("a transaction that needs memory is refused as a whole", async () => {
  const [server, client] = await limited("noeviction", 0);
  const other = server.connect();
  client.ask("CONFIG", "SET", "maxmemory", "0");
  assert.equal(other.line("MULTI"), "+OK\r\n");
  assert.equal(other.ask("SET", "k", "v"), "+QUEUED\r\n");
  client.ask("CONFIG", "SET", "maxmemory", "1");
  const discarded = "-EXECABORT Transaction discarded because of";
  assert.equal(other.line("EXEC"), `${discarded}: ${OOM.slice(1)}`);
  assert.equal(other.line("MULTI"), "+OK\r\n");
  assert.equal(other.ask("SET", "k", "v"), OOM);
  assert.equal(other.line("EXEC"), `${discarded} previous errors.\r\n`);
  assert.equal(other.line("MULTI"), "+OK\r\n");
  assert.equal(other.ask("GET", "k"), "+QUEUED\r\n");
  assert.equal(other.line("EXEC"), "*1\r\n$-1\r\n");
});

for (const policy of ["allkeys-lru", "allkeys-lfu", "allkeys-random"]) {
  test(`${policy} keeps what is used below the limit, whatever is written`, async () => {
    const [server, client] = await limited(policy, 50_000);
    const { engine } = server;
    const limitBytes = engine.config.number("maxmemory");
    const prng = new Prng(new Uint8Array(16).fill(3));
    const forms = [
      (key: string, value: string) => request("SET", key, value),
      (key: string, value: string) => request("HSET", `h${key}`, value.slice(0, 20), value),
      (key: string, value: string) => request("RPUSH", `l${key}`, value),
      (key: string, value: string) => request("ZADD", `z${key}`, value.length, value.slice(0, 50)),
      (key: string, value: string) => request("SADD", `s${key}`, value.slice(0, 100)),
    ];
    for (let i = 0; i < 3000; i++) {
      const value = String(prng.below(1e9)).repeat(1 + prng.below(60));
      const reply = client.raw(forms[prng.below(forms.length)](`k${prng.below(200)}`, value));
      assert.ok(!reply.startsWith("-"), reply);
      assert.ok(
        engine.usedMemoryBytes < limitBytes + 8192,
        `${engine.usedMemoryBytes - limitBytes}`,
      );
    }
    assert.ok(info(client, "evicted_keys") > 100);
    engine.keyspace.check();
  });
}

test("what is evicted is propagated by itself, before the command, and told as an event", async () => {
  const [server, client] = await limited("allkeys-lru", 30_000);
  const listener = server.connect();
  client.ask("CONFIG", "SET", "notify-keyspace-events", "Ee");
  listener.ask("SUBSCRIBE", "__keyevent@0__:evicted");
  const lines: string[] = [];
  client.ask("SET", "large", "x".repeat(40_000));
  server.engine.propagation.sink = propagationText((line) => lines.push(line));
  client.ask("SET", "small", "v");
  assert.ok(lines.length >= 2);
  assert.ok(lines.slice(0, -1).every((line) => /^0 DEL (key:\d+|large)$/.test(line)), lines.join());
  assert.equal(lines.at(-1), "0 SET small v");
  assert.match(listener.heard(), /^\*3\r\n\$7\r\nmessage\r\n/);
  lines.length = 0;
  client.ask("CONFIG", "SET", "lazyfree-lazy-eviction", "yes");
  client.ask("SET", "large", "x".repeat(40_000));
  client.ask("SET", "small", "w");
  assert.ok(lines.some((line) => line.startsWith("0 UNLINK ")));
  assert.ok(!lines.includes("MULTI"));
});

test("an evicted key is a modified one to those who watch it", async () => {
  const [server, client] = await limited("allkeys-lru", 50_000);
  const other = server.connect();
  other.ask("SET", "watched", "v");
  assert.equal(other.line("WATCH watched"), "+OK\r\n");
  client.ask("CONFIG", "SET", "maxmemory", "1");
  server.advance(10);
  assert.equal(client.line("DBSIZE"), ":0\r\n");
  client.ask("CONFIG", "SET", "maxmemory", "0");
  other.line("MULTI");
  other.line("PING");
  assert.equal(other.line("EXEC"), "*-1\r\n");
});

test("a lower limit evicts without any command, and INFO tells for how long it was too much", async () => {
  const [server, client] = await limited("allkeys-random", 100_000);
  client.ask("CONFIG", "SET", "maxmemory", server.engine.usedMemoryBytes - 10_000);
  server.advance(10);
  assert.ok(Number(client.line("DBSIZE").slice(1)) < 50);
  assert.equal(info(client, "current_eviction_exceeded_time"), 0);
  client.ask("CONFIG", "SET", "maxmemory-policy", "noeviction");
  client.ask("CONFIG", "SET", "maxmemory", "1");
  server.advance(10);
  assert.equal(client.ask("SET", "k", "v"), OOM);
  server.advance(3000);
  const exceededMs = info(client, "current_eviction_exceeded_time");
  assert.ok(exceededMs >= 3000, `${exceededMs}`);
  client.ask("CONFIG", "SET", "maxmemory", "0");
  client.line("PING");
  assert.equal(info(client, "current_eviction_exceeded_time"), 0);
  assert.ok(info(client, "total_eviction_exceeded_time") >= 3000);
  assert.ok(info(client, "evicted_keys") > 0);
  client.ask("CONFIG", "RESETSTAT");
  assert.equal(info(client, "evicted_keys"), 0);
  assert.equal(info(client, "total_eviction_exceeded_time"), 0);
});

test("while clients are paused no key is evicted", async () => {
  const [server, client] = await limited("allkeys-lru", 0);
  client.ask("CONFIG", "SET", "maxmemory", "0");
  client.ask("CLIENT", "PAUSE", "5000", "WRITE");
  client.ask("CONFIG", "SET", "maxmemory", "1");
  client.line("PING");
  server.advance(1000);
  assert.equal(client.line("DBSIZE"), ":50\r\n");
  client.ask("CLIENT", "UNPAUSE");
  client.line("PING");
  server.advance(10);
  assert.equal(client.line("DBSIZE"), ":0\r\n");
});

test("what connections take is always accounted as it is", async () => {
  const server = await startConnections();
  const prng = new Prng(new Uint8Array(16).fill(5));
  const clients = Array.from({ length: 6 }, () => server.connect());
  const { clientMemory } = server.engine;
  let hadBoth = false;
  for (let i = 0; i < 400; i++) {
    const at = prng.below(clients.length);
    const client = clients[at];
    const size = prng.below(50_000);
    switch (prng.below(9)) {
      case 0:
        clients[at] = server.connect();
        client.destroy();
        break;
      case 1:
        client.line("MULTI");
        break;
      case 2:
        client.line("DISCARD");
        break;
      case 3:
        client.line(`WATCH ${size}`);
        break;
      case 4:
        client.raw(request("SET", "k", "x".repeat(size)).slice(0, -1));
        client.raw("\n");
        break;
      case 5:
        client.ask("SUBSCRIBE", `c${size}`, "d");
        break;
      case 6:
        client.ask("UNSUBSCRIBE");
        break;
      case 7:
        client.ask("CLIENT", "SETNAME", "n".repeat(size % 100));
        break;
      default:
        client.ask("ECHO", "x".repeat(size));
    }
    assert.equal(clientMemory.bytes, sumOfClients(server));
    if (clientMemory.pubsub > 0 && clientMemory.normal > 0) hadBoth = true;
    if (i % 20 === 0) server.advance(1000);
  }
  assert.ok(hadBoth);
  for (const client of clients) client.destroy();
  server.advance(0);
  assert.equal(clientMemory.bytes, 0);
});

test("maxmemory-clients closes the largest first, until the others fit", async () => {
  const server = await startConnections();
  const control = server.connect();
  const sizes = [100_000, 2_000_000, 500_000, 2_000_000];
  const clients = sizes.map((size) => {
    const client = server.connect();
    client.raw(`*2\r\n$${size + 10}\r\n${"x".repeat(size)}`);
    return client;
  });
  control.ask("CONFIG", "SET", "maxmemory-clients", "1mb");
  assert.deepEqual(clients.map((client) => client.isGone), [false, true, false, true]);
  assert.equal(info(control, "evicted_clients"), 2);
  assert.match(
    server.log.join(""),
    /\* Evicting client: id=\d+ addr=127\.0\.0\.1:\d+ .*tot-mem=\d+/,
  );
  control.ask("CONFIG", "SET", "maxmemory-clients", "0");
  const large = server.connect();
  large.raw(`*2\r\n$3000000\r\n${"x".repeat(2_900_000)}`);
  assert.equal(large.isGone, false);
});

test("CLIENT NO-EVICT saves from maxmemory-clients, and only while it is on", async () => {
  const server = await startConnections({ "maxmemory-clients": "1mb" });
  const control = server.connect();
  const saved = server.connect();
  control.ask("CLIENT", "NO-EVICT", "ON");
  saved.ask("CLIENT", "NO-EVICT", "ON");
  saved.raw(`*2\r\n$2000000\r\n${"x".repeat(1_900_000)}`);
  assert.equal(saved.isGone, false);
  const other = server.connect();
  other.raw("PING\r\n");
  assert.equal(other.isGone, true);
  saved.raw(`${"x".repeat(100_000)}\r\n$1\r\ny\r\n`);
  assert.equal(control.line("PING"), "+PONG\r\n");
});

test("a percentage of maxmemory, and never less than 128 KiB", async () => {
  const server = await startConnections({ maxmemory: "10mb", "maxmemory-clients": "5%" });
  const small = server.connect();
  const large = server.connect();
  small.raw(`*2\r\n$400000\r\n${"x".repeat(390_000)}`);
  assert.equal(small.isGone, false);
  large.raw(`*2\r\n$700000\r\n${"x".repeat(600_000)}`);
  assert.equal(large.isGone, true);
  assert.equal(small.isGone, false);
  const control = server.connect();
  control.ask("CONFIG", "SET", "maxmemory-clients", "1");
  assert.equal(control.line("PING"), "+PONG\r\n");
  assert.equal(small.isGone, true);
});

test("the limit of a class follows what a client is", async () => {
  const limit = "normal 50kb 0 0 pubsub 20kb 0 0";
  const server = await startConnections({ "client-output-buffer-limit": limit });
  const [client, listener] = [server.connect(), server.connect()];
  client.ask("SET", "k", "x".repeat(40_000));
  assert.equal(listener.ask("GET", "k").length, 40_010);
  listener.ask("SUBSCRIBE", "c");
  client.ask("PUBLISH", "c", "x".repeat(15_000));
  assert.equal(listener.isGone, false);
  client.ask("PUBLISH", "c", "x".repeat(25_000));
  assert.equal(listener.isGone, true);
  const batch = server.connect();
  assert.equal(batch.raw(request("GET", "k").repeat(2)), "");
  assert.equal(batch.isGone, true);
});

test("a reply beyond the limit is cut and not sent; what the command does is done", async () => {
  const server = await startConnections({ "client-output-buffer-limit": "normal 100kb 0 0" });
  const client = server.connect();
  for (let i = 0; i < 300; i++) client.ask("RPUSH", "list", "x".repeat(1000));
  assert.equal(client.ask("LPOP", "list", "300"), "");
  assert.equal(client.isGone, true);
  const other = server.connect();
  assert.equal(other.line("EXISTS list"), ":0\r\n");
  for (let i = 0; i < 3000; i++) other.ask("HSET", "hash", `f${i}`, "x".repeat(60));
  for (let i = 0; i < 500; i++) other.ask("XADD", "s", "*", "f", "x".repeat(300));
  const wholes = [
    ["HGETALL", "hash"],
    ["HSCAN", "hash", "0", "COUNT", "10000"],
    ["XRANGE", "s", "-", "+"],
    ["XREVRANGE", "s", "+", "-"],
    ["HRANDFIELD", "hash", "-9999999"],
    ["HRANDFIELD", "hash", "-999999999"],
    ["MGET", ...Array.from({ length: 30_000 }, (_, i) => `no:${i}`)],
    ["KEYS", "*"],
  ];
  for (let i = 0; i < 2000; i++) other.ask("SET", `${i}:${"k".repeat(80)}`, "v");
  for (const whole of wholes) {
    const asking = server.connect();
    assert.equal(asking.ask(...whole), "", whole[0]);
    assert.equal(asking.isGone, true, whole[0]);
  }
  const last = server.connect();
  last.line("MULTI");
  last.ask("HGETALL", "hash");
  last.ask("SET", "done", "yes");
  assert.equal(last.line("EXEC"), "");
  assert.equal(last.isGone, true);
  assert.equal(other.line("GET done"), "$3\r\nyes\r\n");
});
