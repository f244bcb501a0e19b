/** Commands for which there is no more room when they have done something already. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../../src/base/prng.ts";
import { Heap, HeapFull } from "../../../src/heap/heap.ts";
import { startConnections } from "./commands/connections.ts";
import type { Connection, Connections } from "./commands/connections.ts";

const NO_ROOM = /^-OOM /;

/** Lets a server's heap grant so many requests for memory and no more, until it is told otherwise. */
function limitHeap(server: Connections): (grantedCount: number) => void {
  const { heap } = server.engine.keyspace;
  const allocate = heap.allocate.bind(heap);
  const resize = heap.resize.bind(heap);
  let left = Infinity;
  const grant = () => {
    if (left-- <= 0) throw new HeapFull();
  };
  heap.allocate = (sizeBytes) => {
    grant();
    return allocate(sizeBytes);
  };
  heap.resize = (ref, sizeBytes, keepBytes) => {
    if (Heap.capacityFor(sizeBytes) > heap.capacityOf(ref)) grant();
    const granted = left;
    left = Infinity;
    try {
      return resize(ref, sizeBytes, keepBytes);
    } finally {
      left = granted;
    }
  };
  return (grantedCount) => left = grantedCount;
}

async function startLogged(): Promise<Connections> {
  return await startConnections({
    appendonly: "yes",
    "enable-debug-command": "yes",
    "auto-aof-rewrite-percentage": "0",
    "hash-max-listpack-entries": 8,
    "set-max-listpack-entries": 8,
    "set-max-intset-entries": 8,
    "zset-max-listpack-entries": 8,
    "stream-node-max-entries": 5,
  });
}

/** Everything that there is: a digest covers no groups of streams. */
function dataOf(client: Connection): string {
  const databases = [0, 1].map((index) => {
    client.ask("SELECT", index);
    return client.ask("XPENDING", "stream", "g") + client.ask("XINFO", "GROUPS", "stream");
  });
  client.ask("SELECT", 0);
  return client.ask("DEBUG", "DIGEST") + databases.join("");
}

/** What the append-only file makes, in the place of what there is. */
function reload(server: Connections, client: Connection): string {
  assert.equal(client.ask("DEBUG", "LOADAOF"), "+OK\r\n", server.log.slice(-3).join(""));
  return dataOf(client);
}

function many(count: number, item: (index: number) => (string | number)[]): (string | number)[] {
  return Array.from({ length: count }, (_, i) => item(i)).flat();
}

const long = (index: number) => `${index}`.padEnd(100, "x");
const LONG = many(40, (i) => [long(i)]);
const ENTRIES = Array.from({ length: 30 }, (_, i) => ["XADD", "stream", `1-${i + 1}`, "f", "v"]);

/** What is there, and then the command that is interrupted. */
const CASES: readonly (readonly (readonly (string | number)[])[])[] = [
  [["SADD", "k", "first"], ["SADD", "k", ...LONG]],
  [["HSET", "k", "a", 1], ["HSET", "k", ...many(40, (i) => [long(i), i])]],
  [["HSET", "k", "a", 1], [
    ...["HSETEX", "k", "EX", 1000, "FIELDS", 40, ...many(40, (i) => [long(i), i])],
  ]],
  [["ZADD", "k", 1, "a"], ["ZADD", "k", ...many(40, (i) => [i, long(i)])]],
  [["ZADD", "k", 1, "a"], ["GEOADD", "k", ...many(40, (i) => [i, i, long(i)])]],
  [["SET", "k", 1], ["SADD", "s", ...LONG], ["SUNIONSTORE", "k", "s"]],
  [["SET", "k", 1], ["RPUSH", "l", ...LONG], ["SORT", "l", "ALPHA", "STORE", "k"]],
  [["SET", "k", 1], ["RPUSH", "l", ...LONG], ["COPY", "l", "k", "REPLACE"]],
  [["SELECT", 1], ["SET", "k", 1], ["SELECT", 0], ["RPUSH", "l", ...LONG], [
    ...["COPY", "l", "k", "DB", 1, "REPLACE"],
  ]],
  [["XGROUP", "CREATE", "stream", "g", 0, "MKSTREAM"], ...ENTRIES, [
    ...["XGROUP", "CREATECONSUMER", "stream", "g", "c"],
  ], [
    ...["XREADGROUP", "GROUP", "g", "c", "STREAMS", "stream", ">"],
  ]],
];

for (const commands of CASES) {
  const last = commands[commands.length - 1];
  const name = `${last[0]}${last.includes("DB") ? " DB" : ""}`;
  test(`${name}: a key of which something has changed is repeated as it is`, async () => {
    const server = await startLogged();
    const grant = limitHeap(server);
    const client = server.connect();
    let changedCount = 0;
    for (let granted = 0; granted < 100; granted++) {
      client.ask("FLUSHALL");
      for (const command of commands.slice(0, -1)) {
        assert.doesNotMatch(client.ask(...command), /^-/);
      }
      const before = dataOf(client);
      grant(granted);
      const reply = client.ask(...last);
      grant(Infinity);
      if (!NO_ROOM.test(reply)) break;
      const after = dataOf(client);
      if (after === before) continue;
      if (changedCount++ % 5 === 0) {
        assert.equal(reload(server, client), after, `${granted} granted`);
      }
    }
    assert.ok(changedCount > 0, "never interrupted");
  });
}

test("in a transaction: what came before and behind is repeated, too, and all of it at once", async () => {
  const server = await startLogged();
  const grant = limitHeap(server);
  const client = server.connect();
  const prng = new Prng(new Uint8Array(16).fill(7));
  for (let i = 0; i < 60; i++) {
    client.ask("SET", "expiring", "v", "PX", 1);
    server.advance(5);
    client.ask("MULTI");
    client.ask("INCR", "count");
    client.ask("SADD", "set", ...many(20, (k) => [`member ${i} ${k}`.padEnd(90)]));
    client.ask("GET", "expiring");
    client.ask("RPUSH", "list", i);
    grant(prng.below(12));
    client.ask("EXEC");
    grant(Infinity);
    const data = dataOf(client);
    if (i % 5 === 0) assert.equal(reload(server, client), data);
  }
});

test("what has changed nothing is not repeated", async () => {
  const server = await startLogged();
  const grant = limitHeap(server);
  const client = server.connect();
  client.ask("APPEND", "k", "x".repeat(5000));
  client.ask("SADD", "s", "a");
  const { log } = server.engine.persistence;
  const before = log.offset;
  grant(0);
  assert.match(client.ask("APPEND", "k", "x".repeat(50_000)), NO_ROOM);
  assert.match(client.ask("SADD", "s", "x".repeat(5000)), NO_ROOM);
  grant(Infinity);
  assert.equal(log.offset, before);
});

test("who watches such a key is told, and who does not, is not", async () => {
  const server = await startConnections();
  const grant = limitHeap(server);
  const [client, other] = [server.connect(), server.connect()];
  client.ask("SADD", "s", "a");
  const attempt = (...command: (string | number)[]): string => {
    client.line("WATCH s");
    grant(0);
    assert.match(other.ask(...command), NO_ROOM);
    grant(Infinity);
    client.line("MULTI");
    client.line("PING");
    return client.line("EXEC");
  };
  assert.equal(attempt("SADD", "s", "x".repeat(5000)), "*1\r\n+PONG\r\n");
  assert.equal(attempt("SADD", "s", "b", "x".repeat(5000)), "*-1\r\n");
  assert.equal(attempt("SADD", "t", "b", "x".repeat(5000)), "*1\r\n+PONG\r\n");
});

test("an entry of a stream that finds no room is delivered later", async () => {
  const server = await startConnections();
  const grant = limitHeap(server);
  const client = server.connect();
  const read = ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "stream", ">"];
  for (let granted = 0; granted < 20; granted++) {
    client.ask("FLUSHALL");
    client.ask("XGROUP", "CREATE", "stream", "g", 0, "MKSTREAM");
    for (const entry of ENTRIES) client.ask(...entry);
    grant(granted);
    client.ask(...read);
    grant(Infinity);
    client.ask(...read);
    assert.match(client.ask("XPENDING", "stream", "g"), /^\*4\r\n:30\r\n/, `${granted} granted`);
  }
});
