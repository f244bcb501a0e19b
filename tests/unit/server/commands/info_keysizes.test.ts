/** INFO keysizes. The lines of the first test are what redis-server 8.0.2 answers to the same data. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bulk, request, startConnections } from "./connections.ts";
import type { Connections } from "./connections.ts";

const HEADING = "# Keysizes\r\n";

/** From now on each reading of the clock takes so long, so that a walk needs many slices. */
function slowDown(server: Connections, stepUs: number): void {
  const { clock } = server.platform;
  const usual = clock.monotonicUs.bind(clock);
  let addedUs = 0;
  clock.monotonicUs = () => usual() + (addedUs += stepUs);
}

/** Lets time pass until something has come. */
async function waitFor(server: Connections, heard: () => string): Promise<string> {
  for (let i = 0; i < 10_000; i++) {
    const text = heard();
    if (text !== "") return text;
    server.advance(1);
    await Promise.resolve();
  }
  throw new Error("nothing comes");
}

function fill(server: Connections, count: number): void {
  const client = server.connect();
  const requests = Array.from({ length: count }, (_, i) => request("SET", `key ${i}`, "1234"));
  assert.equal(client.raw(requests.join("")), "+OK\r\n".repeat(count));
}

test("every type, in every database", async () => {
  const server = await startConnections();
  const client = server.connect();
  assert.equal(client.line("INFO keysizes"), bulk(HEADING));
  for (const value of ["", "1", "12", "123", "1234", "1234567890123456789"]) {
    client.ask("SET", `string ${value}`, value);
  }
  for (const bits of [100_000, 8191, 8199, 8183]) client.ask("SETBIT", `bits ${bits}`, bits, 1);
  client.line("RPUSH five 1 2 3 4 5");
  client.line("RPUSH one 1");
  client.line("SADD set a b");
  client.line("HSET hash 1 2 3 4 5 6");
  client.line("ZADD zset 1 2");
  client.line("XADD stream * 1 2");
  client.line("PFADD log a");
  client.line("SELECT 3");
  client.ask("SETBIT", "big", 2 ** 27 - 1, 1);
  client.line("SELECT 5");
  client.line("SET string 1");
  const lines = [
    "db0_distrib_strings_sizes:0=1,1=1,2=2,4=1,16=2,512=1,1K=2,8K=1",
    "db0_distrib_lists_items:1=1,4=1",
    "db0_distrib_sets_items:2=1",
    "db0_distrib_zsets_items:1=1",
    "db0_distrib_hashes_items:2=1",
    "db3_distrib_strings_sizes:16M=1",
    "db5_distrib_strings_sizes:1=1",
  ];
  const section = HEADING + lines.map((line) => `${line}\r\n`).join("");
  assert.equal(client.line("INFO KeySizes"), bulk(section));
  client.line("HELLO 3");
  assert.equal(client.line("INFO keysizes"), `=${section.length + 4}\r\ntxt:${section}\r\n`);
});

test("large values of every type", async () => {
  const server = await startConnections();
  const client = server.connect();
  for (const count of [511, 512, 1023, 1024]) {
    const items = Array.from({ length: count }, (_, i) => `item ${i}`);
    client.ask("RPUSH", `list ${count}`, ...items);
    client.ask("SADD", `set ${count}`, ...items);
    client.ask("SADD", `intset ${count}`, ...items.map((_, i) => i));
    client.ask("ZADD", `zset ${count}`, ...items.flatMap((item, i) => [i, item]));
    client.ask("HSET", `hash ${count}`, ...items.flatMap((item, i) => [item, i]));
  }
  const text = client.line("INFO keysizes");
  for (const kind of ["lists", "zsets", "hashes"]) {
    assert.match(text, new RegExp(`db0_distrib_${kind}_items:256=1,512=2,1K=1\r\n`));
  }
  assert.match(text, /db0_distrib_sets_items:256=2,512=4,1K=2\r\n/);
});

test("where it stands among other sections; only where it is asked for by name", async () => {
  const server = await startConnections();
  const client = server.connect();
  const headings = (line: string) =>
    [...client.line(line).matchAll(/^# (.*)\r$/gm)].map((match) => match[1]);
  assert.deepEqual(headings("INFO keysizes debug server cluster"), [
    ...["Server", "Cluster", "Keysizes", "Debug"],
  ]);
  const all = headings("INFO all keysizes");
  assert.deepEqual(all.slice(-2), ["Keyspace", "Keysizes"]);
  for (const line of ["INFO", "INFO all", "INFO everything", "INFO default"]) {
    assert(!headings(line).includes("Keysizes"), line);
  }
});

test("many keys: others are served meanwhile, and what is there throughout counts once", async () => {
  const server = await startConnections();
  const [client, other] = [server.connect(), server.connect()];
  fill(server, 5000);
  slowDown(server, 400);
  assert.equal(client.raw("INFO keysizes\r\nPING\r\n"), "");
  for (let i = 0; i < 20; i++) {
    server.advance(1);
    // What comes and goes splits and merges the segments of the dict.
    const changes = Array.from({ length: 400 }, (_, k) => request("SET", `new ${i} ${k}`, ""));
    assert.equal(other.raw(changes.join("")), "+OK\r\n".repeat(400));
    const ends = Array.from({ length: 400 }, (_, k) => request("DEL", `new ${i - 3} ${k}`));
    other.raw(ends.join(""));
    other.ask("SET", `key ${i}`, "longer than before");
    await Promise.resolve();
    assert.equal(client.heard(), "");
  }
  const text = await waitFor(server, () => client.heard());
  const [, four, sixteen] = /strings_sizes:(?:0=\d+,)?4=(\d+)(?:,16=(\d+))?\r\n/.exec(text)!;
  assert.equal(Number(four) + Number(sixteen ?? 0), 5000);
  assert.match(text, /\r\n\+PONG\r\n$/);
});

test("SWAPDB and FLUSHALL while it walks", async () => {
  const server = await startConnections();
  const [client, other] = [server.connect(), server.connect()];
  fill(server, 3000);
  slowDown(server, 400);
  assert.equal(client.line("INFO keysizes"), "");
  server.advance(3);
  assert.equal(other.line("SWAPDB 0 7"), "+OK\r\n");
  const lines = `${HEADING}db7_distrib_strings_sizes:4=3000\r\n`;
  assert.equal(await waitFor(server, () => client.heard()), bulk(lines));
  assert.equal(client.line("INFO keysizes"), "");
  other.line("FLUSHALL");
  other.line("SET k v");
  assert.match(await waitFor(server, () => client.heard()), /db7_distrib_strings_sizes:4=\d+\r\n/);
});

test("several who ask share a walk; one that is gone is not replied to, and asks for none", async () => {
  const server = await startConnections();
  const clients = [1, 2, 3, 4].map(() => server.connect());
  fill(server, 3000);
  slowDown(server, 400);
  for (const client of clients) assert.equal(client.line("INFO keysizes"), "");
  clients[0].destroy();
  clients[2].destroy();
  const lines = bulk(`${HEADING}db0_distrib_strings_sizes:4=3000\r\n`);
  assert.equal(await waitFor(server, () => clients[1].heard()), lines);
  assert.equal(clients[3].heard(), lines);
  const last = server.connect();
  assert.equal(last.line("INFO keysizes"), "");
  last.destroy();
  for (let i = 0; i < 5; i++) server.advance(1);
  const usBefore = server.platform.clock.monotonicUs();
  assert.equal(server.platform.clock.monotonicUs() - usBefore, 400);
  assert.equal(clients[1].line("PING"), "+PONG\r\n");
});

test("CLIENT REPLY OFF: nothing comes", async () => {
  const server = await startConnections();
  const client = server.connect();
  fill(server, 1000);
  slowDown(server, 400);
  assert.equal(client.raw("CLIENT REPLY SKIP\r\nINFO keysizes\r\nPING\r\n"), "");
  assert.equal(await waitFor(server, () => client.heard()), "+PONG\r\n");
});

test("a transaction cannot wait: at once, and with very many keys not at all", async () => {
  const server = await startConnections({ "enable-debug-command": "yes" });
  const client = server.connect();
  fill(server, 1000);
  slowDown(server, 400);
  const lines = `${HEADING}db0_distrib_strings_sizes:4=1000\r\n`;
  const all = "MULTI\r\nINFO keysizes\r\nPING\r\nEXEC\r\n";
  const queued = "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n";
  assert.equal(client.raw(all), `${queued}${bulk(lines)}+PONG\r\n`);
  client.line("DEBUG POPULATE 100001");
  assert.equal(client.raw(all), `${queued}${bulk("")}+PONG\r\n`);
});
