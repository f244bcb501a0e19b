/** WAIT and WAITAOF of a server without replicas. The replies are those of redis-server 8.0.2. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine } from "../../simulation/machine.ts";
import { startConnections } from "./commands/connections.ts";

const NOT_AN_INTEGER = "-ERR value is not an integer or out of range\r\n";
const NO_LOG = "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n";
const LOGGED = { appendonly: "yes", "auto-aof-rewrite-percentage": "0" } as const;

function state(local: number): string {
  return `*2\r\n:${local}\r\n:0\r\n`;
}

test("what is refused", async () => {
  const server = await startConnections();
  const client = server.connect();
  const refusals: readonly (readonly [string, string])[] = [
    ["WAIT x 1", NOT_AN_INTEGER],
    ["WAIT 99999999999999999999 0", NOT_AN_INTEGER],
    ["WAIT 1 x", "-ERR timeout is not an integer or out of range\r\n"],
    ["WAIT 1 -1", "-ERR timeout is negative\r\n"],
    ["WAIT 1 9223372036854775807", "-ERR timeout is out of range\r\n"],
    ["WAIT 1 9223372036854775808", "-ERR timeout is not an integer or out of range\r\n"],
    ["WAITAOF x 0 0", NOT_AN_INTEGER],
    ["WAITAOF 2 0 0", "-ERR value is out of range, value must between 0 and 1\r\n"],
    ["WAITAOF 0 -1 0", "-ERR value is out of range, must be positive\r\n"],
    ["WAITAOF 0 0 -1", "-ERR timeout is negative\r\n"],
    ["WAITAOF 1 0 0", NO_LOG],
  ];
  for (const [line, reply] of refusals) assert.equal(client.line(line), reply, line);
});

test("no replica ever acknowledges: only time ends it", async () => {
  const server = await startConnections();
  const [client, other] = [server.connect(), server.connect()];
  assert.equal(client.line("WAIT 0 0"), ":0\r\n");
  assert.equal(client.line("WAIT -1 0"), ":0\r\n");
  assert.equal(client.line("WAITAOF 0 0 0"), state(0));
  assert.equal(client.line("WAIT 1 100"), "");
  assert.equal(other.line("WAITAOF 0 1 50"), "");
  assert.deepEqual([server.engine.blocking.clientCount, server.engine.blocking.timedCount], [2, 2]);
  server.advance(51);
  assert.equal(other.heard(), state(0));
  assert.equal(client.heard(), "");
  server.advance(50);
  assert.equal(client.heard(), ":0\r\n");
  assert.equal(server.engine.commands.byName("wait")!.calls, 3);
});

test("in a transaction nothing waits", async () => {
  const server = await startConnections(LOGGED);
  const client = server.connect();
  for (const line of ["MULTI", "SET k v", "WAIT 1 0", "WAITAOF 1 1 0"]) client.line(line);
  assert.equal(client.line("EXEC"), `*3\r\n+OK\r\n:0\r\n${state(1)}`);
});

test("CLIENT UNBLOCK ends it", async () => {
  const server = await startConnections();
  const [client, other] = [server.connect(), server.connect()];
  const id = /:(\d+)/.exec(client.line("CLIENT ID"))![1];
  client.raw("WAIT 1 0\r\nPING\r\n");
  assert.equal(other.line(`CLIENT UNBLOCK ${id}`), ":1\r\n");
  assert.equal(client.heard(), ":0\r\n+PONG\r\n");
  client.line("WAITAOF 0 1 0");
  assert.equal(other.line(`CLIENT UNBLOCK ${id} ERROR`), ":1\r\n");
  assert.equal(client.heard(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
  assert.equal(server.engine.blocking.clientCount, 0);
});

test("appendfsync always: with the sync before the replies", async () => {
  const server = await startConnections({ ...LOGGED, appendfsync: "always" });
  const client = server.connect();
  assert.equal(client.raw("SET k v\r\nWAITAOF 1 0 0\r\nPING\r\n"), `+OK\r\n${state(1)}+PONG\r\n`);
});

test("appendfsync everysec: with the sync that covers what it has written", async () => {
  const server = await startConnections({ ...LOGGED, appendfsync: "everysec" });
  const [client, other] = [server.connect(), server.connect()];
  assert.equal(client.line("WAITAOF 1 0 0"), state(1));
  client.line("SET k v");
  assert.equal(client.line("WAITAOF 1 0 0"), "");
  // Who has written nothing has nothing to wait for.
  assert.equal(other.line("WAITAOF 1 0 0"), state(1));
  server.advance(2000);
  assert.equal(client.heard(), state(1));
});

test("appendfsync no: until its time is over, the log is rewritten, or there is none", async () => {
  const server = await startConnections({ ...LOGGED, appendfsync: "no" });
  const [client, other] = [server.connect(), server.connect()];
  client.line("SET k v");
  assert.equal(client.line("WAITAOF 1 0 50"), "");
  server.advance(1000);
  assert.equal(client.heard(), state(0));
  assert.equal(client.line("WAITAOF 1 0 0"), "");
  other.line("BGREWRITEAOF");
  server.advance(1000);
  assert.equal(client.heard(), state(1));
  client.line("SET k w");
  client.line("WAITAOF 1 0 0");
  assert.equal(other.line("CONFIG SET appendonly no"), "+OK\r\n");
  assert.equal(client.heard(), NO_LOG);
  assert.equal(server.engine.commands.byName("waitaof")!.failedCalls, 1);
});

test("while the log is being switched on nothing is safe", async () => {
  const life = await new Machine().bootUp({});
  const client = life.connect();
  client.send(["SET", "k", "v"], ["CONFIG", "SET", "appendonly", "yes"], [
    "WAITAOF",
    "1",
    "0",
    "0",
  ]);
  life.advance(0);
  assert.equal(client.heard(), "+OK\r\n+OK\r\n");
  life.advance(3000);
  assert.equal(client.heard(), state(1));
});
