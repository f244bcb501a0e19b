/** Connections that wait: the order of service, what ends their waiting, and what is counted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bulk, request, startConnections } from "./commands/connections.ts";
import type { Connections } from "./commands/connections.ts";

const PONG = "+PONG\r\n";

function popped(key: string, value: string): string {
  return `*2\r\n${bulk(key)}${bulk(value)}`;
}

function callsOf(server: Connections, name: string): readonly number[] {
  const { calls, failedCalls, rejectedCalls } = server.engine.commands.byName(name)!;
  return [calls, failedCalls, rejectedCalls];
}

/** How many wait, for a limited time, how many keys, and how many that end with their key. */
function waiting(server: Connections): readonly number[] {
  const { clientCount, timedCount, keyCount, missingKeyCount } = server.engine.blocking;
  return [clientCount, timedCount, keyCount, missingKeyCount];
}

test("who waits longest is served first, and each once", async () => {
  const server = await startConnections();
  const clients = [1, 2, 3].map(() => server.connect());
  for (const client of clients) assert.equal(client.line("BLPOP k j 0"), "");
  assert.deepEqual(waiting(server), [3, 0, 2, 0]);
  const other = server.connect();
  assert.equal(other.line("RPUSH k a b"), ":2\r\n");
  assert.deepEqual(clients.map((client) => client.heard()), [
    popped("k", "a"),
    popped("k", "b"),
    "",
  ]);
  other.line("RPUSH j c");
  assert.equal(clients[2].heard(), popped("j", "c"));
  assert.deepEqual(waiting(server), [0, 0, 0, 0]);
  assert.equal(server.engine.keyspace.signalsKeys, false);
});

test("what comes behind a command that waits runs after it", async () => {
  const server = await startConnections();
  const [client, other] = [server.connect(), server.connect()];
  assert.equal(
    client.raw(`PING\r\nBLPOP k 0\r\nPING\r\nGET s\r\n${request("SET", "s", "v")}`),
    PONG,
  );
  assert.equal(client.raw("GET "), "");
  assert.equal(client.raw("s\r\n"), "");
  assert.equal(other.line("GET s"), "$-1\r\n");
  other.line("RPUSH k a");
  assert.equal(client.heard(), `${popped("k", "a")}${PONG}$-1\r\n+OK\r\n${bulk("v")}`);
});

test("a waiting connection may not send without end", async () => {
  const server = await startConnections({ "client-query-buffer-limit": "1mb" });
  const client = server.connect();
  client.line("BLPOP k 0");
  for (let i = 0; i < 5; i++) client.raw("PING\r\n".repeat(50_000));
  assert.equal(client.isGone, true);
  assert.deepEqual(waiting(server), [0, 0, 0, 0]);
});

test("who waits is not idle, and one that hangs up waits no more", async () => {
  const server = await startConnections({ timeout: 1 });
  const client = server.connect();
  client.line("BLPOP k 0");
  server.advance(5000);
  assert.equal(client.isGone, false);
  client.destroy();
  assert.deepEqual(waiting(server), [0, 0, 0, 0]);
  assert.equal(server.connect().line("RPUSH k a"), ":1\r\n");
});

test("the time it was given: to the millisecond, and not begun anew when it is run again", async () => {
  const server = await startConnections();
  const [client, thief, other] = [server.connect(), server.connect(), server.connect()];
  thief.line("BLPOP k 0");
  assert.equal(client.line("BLPOP k 0.5"), "");
  assert.deepEqual(waiting(server), [2, 1, 1, 0]);
  server.advance(300);
  // Both are run, and the first takes it.
  other.line("RPUSH k a");
  assert.equal(thief.heard(), popped("k", "a"));
  server.advance(200);
  assert.equal(client.heard(), "");
  server.advance(1);
  assert.equal(client.heard(), "*-1\r\n");
  assert.equal(client.line("PING"), PONG);
  assert.deepEqual(waiting(server), [0, 0, 0, 0]);
});

test("within a transaction nobody is served before its end, and then from what is left", async () => {
  const server = await startConnections();
  const [client, other] = [server.connect(), server.connect()];
  client.line("BLPOP k 0");
  for (const line of ["MULTI", "RPUSH k a", "DEL k"]) other.line(line);
  assert.equal(other.line("EXEC"), "*2\r\n:1\r\n:1\r\n");
  assert.equal(client.heard(), "");
  for (const line of ["MULTI", "RPUSH k a", "LPUSH k b"]) other.line(line);
  assert.equal(other.line("EXEC"), "*2\r\n:1\r\n:2\r\n");
  assert.equal(client.heard(), popped("k", "b"));
});

test("what is served may serve others: chains of BLMOVE", async () => {
  const server = await startConnections();
  const clients = Array.from({ length: 5 }, () => server.connect());
  clients.forEach((client, i) => client.line(`BLMOVE k${i} k${i + 1} LEFT RIGHT 0`));
  const last = server.connect();
  last.line("BLPOP k5 0");
  server.connect().line("RPUSH k0 x");
  for (const client of clients) assert.equal(client.heard(), bulk("x"));
  assert.equal(last.heard(), popped("k5", "x"));
  // In a ring it goes round once.
  clients[0].line("BLMOVE a b LEFT RIGHT 0");
  clients[1].line("BLMOVE b a LEFT RIGHT 0");
  last.line("RPUSH a y");
  assert.equal(last.line("LRANGE a 0 -1"), `:1\r\n*1\r\n${bulk("y")}`.slice(4));
});

/** Ways in which a list gets where somebody waits for one. */
const ARRIVALS: readonly (readonly string[])[] = [
  ["RPUSH k a"],
  ["RPUSH s a", "RENAME s k"],
  ["RPUSH s a", "RENAMENX s k"],
  ["RPUSH s a", "COPY s k"],
  ["RPUSH s a", "SORT s ALPHA STORE k"],
  ["RPUSH s a", "LMOVE s k LEFT LEFT"],
  ["SELECT 1", "RPUSH k a", "MOVE k 0"],
  ["SELECT 1", "RPUSH k a", "SWAPDB 0 1"],
  ["SET k 1 PX 1", "RPUSH s a", "RENAME s k"],
  ["ZADD k 1 m", "DEL k", "RPUSH k a"],
];

for (const isLong of [false, true]) {
  for (const lines of ARRIVALS) {
    const list = isLong ? "long list" : "list";
    test(`a ${list} arrives by ${lines.join(", ")}`, async () => {
      const server = await startConnections({ "list-max-listpack-size": "2" });
      const [client, other] = [server.connect(), server.connect()];
      client.line("BLPOP k 0");
      for (const line of lines) {
        other.line(isLong && line.startsWith("RPUSH") ? `${line} b c d e f` : line);
      }
      assert.equal(client.heard(), popped("k", "a"));
    });
  }
}

test("a key that has expired is none: who waits stays where it stands", async () => {
  const server = await startConnections();
  const [first, second, other] = [server.connect(), server.connect(), server.connect()];
  first.line("BLPOP k 0");
  second.line("BLPOP k 0");
  for (const line of ["MULTI", "RPUSH k a", "PEXPIREAT k 1", "EXEC"]) other.line(line);
  other.line("RPUSH k b");
  assert.equal(first.heard(), popped("k", "b"));
  assert.equal(second.heard(), "");
});

test("XREADGROUP ends with its key, its type and its group; FLUSHALL and SWAPDB, too", async () => {
  const ends: readonly (readonly [string, RegExp])[] = [
    ["DEL s", /^-NOGROUP /],
    ["XGROUP DESTROY s g", /^-NOGROUP /],
    ["SET s v", /^-WRONGTYPE /],
    ["RENAME s t", /^-NOGROUP /],
    ["FLUSHALL", /^-NOGROUP /],
    ["FLUSHDB", /^-NOGROUP /],
    ["SWAPDB 0 1", /^-NOGROUP /],
    ["PEXPIREAT s 1", /^-NOGROUP /],
  ];
  for (const [line, error] of ends) {
    const server = await startConnections();
    const [client, other] = [server.connect(), server.connect()];
    other.line("XGROUP CREATE s g $ MKSTREAM");
    assert.equal(client.line("XREADGROUP GROUP g c BLOCK 0 STREAMS s >"), "");
    assert.deepEqual(waiting(server), [1, 0, 1, 1]);
    other.line(line);
    assert.match(client.heard(), error, line);
    assert.deepEqual(callsOf(server, "xreadgroup"), [1, 1, 0]);
    assert.deepEqual(waiting(server), [0, 0, 0, 0]);
  }
});

test("CLIENT UNBLOCK: as if its time were over, or with an error; nobody else", async () => {
  const server = await startConnections();
  const [client, other] = [server.connect(), server.connect()];
  const id = /:(\d+)/.exec(client.line("CLIENT ID"))![1];
  assert.equal(other.line(`CLIENT UNBLOCK ${id}`), ":0\r\n");
  client.line("BLPOP k 0");
  assert.equal(other.line(`CLIENT UNBLOCK ${id}`), ":1\r\n");
  assert.equal(client.heard(), "*-1\r\n");
  client.line("BLMOVE k j LEFT LEFT 100");
  assert.equal(other.line(`CLIENT UNBLOCK ${id} ERROR`), ":1\r\n");
  assert.equal(client.heard(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
  assert.deepEqual(callsOf(server, "blmove"), [1, 1, 0]);
  other.line("CLIENT PAUSE 1000");
  client.line("SET k v");
  assert.deepEqual(waiting(server), [0, 0, 0, 0]);
});

test("CLIENT KILL of one that waits", async () => {
  const server = await startConnections();
  const [client, other] = [server.connect(), server.connect()];
  const id = /:(\d+)/.exec(client.line("CLIENT ID"))![1];
  client.line("BLPOP k 0");
  assert.equal(other.line(`CLIENT KILL ID ${id}`), ":1\r\n");
  assert.equal(client.isGone, true);
  assert.deepEqual(waiting(server), [0, 0, 0, 0]);
});

test("a pause holds who could be served: until it ends, or their time", async () => {
  const server = await startConnections();
  const [client, timed, other] = [server.connect(), server.connect(), server.connect()];
  client.line("BLPOP k 0");
  timed.line("BLPOP j 0.05");
  for (const line of ["MULTI", "RPUSH k a", "RPUSH j a", "CLIENT PAUSE 200 WRITE", "EXEC"]) {
    other.line(line);
  }
  assert.equal(client.heard(), "");
  server.advance(100);
  assert.equal(timed.heard(), "*-1\r\n");
  assert.equal(other.line("LLEN k"), ":1\r\n");
  server.advance(200);
  assert.equal(client.heard(), popped("k", "a"));
  assert.equal(other.line("LLEN j"), ":1\r\n");
});

test("CLIENT REPLY: silent or not when it is served as when it was sent", async () => {
  const server = await startConnections();
  const [client, other] = [server.connect(), server.connect()];
  client.raw("CLIENT REPLY SKIP\r\nBLPOP k 0\r\nPING\r\n");
  other.line("RPUSH k a");
  assert.equal(client.heard(), PONG);
  client.raw("CLIENT REPLY OFF\r\nBLPOP k 0.01\r\nPING\r\n");
  server.advance(20);
  assert.equal(client.heard(), "");
});

test("counted once, when it is over; told to monitors when it was sent", async () => {
  const server = await startConnections({ "slowlog-log-slower-than": "0" });
  const [client, other, monitor] = [server.connect(), server.connect(), server.connect()];
  monitor.line("MONITOR");
  client.line("BLPOP k 0");
  assert.match(monitor.heard(), /"BLPOP" "k" "0"\r\n$/);
  assert.deepEqual(callsOf(server, "blpop"), [0, 0, 0]);
  other.line("RPUSH k a");
  assert.doesNotMatch(monitor.heard(), /BLPOP/);
  assert.deepEqual(callsOf(server, "blpop"), [1, 0, 0]);
  assert.equal(other.line("SLOWLOG GET").match(/\r\nBLPOP\r\n/g)?.length, 1);
  client.line("BLPOP k 0.01");
  server.advance(20);
  assert.deepEqual(callsOf(server, "blpop"), [2, 0, 0]);
  assert.equal(other.line("SLOWLOG GET").match(/\r\nBLPOP\r\n/g)?.length, 2);
});

test("the append-only file has what is served right behind what served it", async () => {
  const server = await startConnections({ appendonly: "yes", appendfsync: "always" });
  const [client, mover, other] = [server.connect(), server.connect(), server.connect()];
  client.line("BLPOP k 0");
  mover.line("BLMOVE k j LEFT RIGHT 0");
  other.raw("RPUSH k a b\r\nSET s v\r\n");
  assert.equal(client.heard(), popped("k", "a"));
  assert.equal(mover.heard(), bulk("b"));
  const file = server.platform.files.readFile("/appendonlydir/appendonly.aof.1.incr.aof")!;
  const words = Buffer.from(file).toString("latin1").split("\r\n")
    .filter((word) => /^[a-zA-Z]/.test(word)).join(" ");
  assert.equal(words, "SELECT RPUSH k a b LPOP k LMOVE k j LEFT RIGHT SET s v");
});

test("a subscriber of RESP3 that waits still hears messages", async () => {
  const server = await startConnections();
  const [client, other] = [server.connect(), server.connect()];
  client.line("HELLO 3");
  client.line("SUBSCRIBE c");
  client.line("BLPOP k 0");
  other.line("PUBLISH c m");
  assert.equal(client.heard(), `>3\r\n${bulk("message")}${bulk("c")}${bulk("m")}`);
  other.line("RPUSH k a");
  assert.equal(client.heard(), popped("k", "a"));
});

test("very many wait for one key: one element costs one of them", async () => {
  const server = await startConnections();
  const clients = Array.from({ length: 300 }, () => server.connect());
  for (const client of clients) client.line("BLPOP k 0");
  const other = server.connect();
  for (const client of clients) {
    other.line("RPUSH k x");
    assert.equal(client.heard(), popped("k", "x"));
  }
});
