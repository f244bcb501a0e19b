/** What happens to connections with time: idle ones, buffers, peers that do not read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bulk, request, startConnections } from "./commands/connections.ts";
import type { Connections } from "./commands/connections.ts";

const AT = { kind: "tcp", host: "127.0.0.1", port: 6379 } as const;
const VALUE = "v".repeat(10_000);

/** A peer that asks for 200,000 bytes and reads none of them. */
function deafClient(server: Connections) {
  server.connect().ask("SET", "k", VALUE);
  const client = server.platform.network.client(AT);
  client.readLimitBytes = 0;
  client.send(request("GET", "k").repeat(20));
  server.advance(0);
  return client;
}

test("timeout closes who has been silent for longer, and nobody else", async () => {
  const server = await startConnections({ timeout: 2 });
  server.engine.log.level = "verbose";
  const [silent, busy] = [server.connect(), server.connect()];
  for (let i = 0; i < 5; i++) {
    server.advance(1000);
    if (i === 0) assert.equal(silent.isGone, false);
    assert.equal(busy.line("PING"), "+PONG\r\n");
  }
  assert.equal(silent.isGone, true);
  assert.equal(server.log.filter((line) => line.includes("Closing idle client")).length, 1);
  assert.equal(server.engine.clients.size, 1);
});

test("without timeout nobody is closed; CONFIG SET timeout takes effect at once", async () => {
  const server = await startConnections();
  const [idle, other] = [server.connect(), server.connect()];
  server.advance(100_000);
  assert.equal(idle.isGone, false);
  assert.equal(other.line("CONFIG SET timeout 5"), "+OK\r\n");
  server.advance(4000);
  assert.equal(other.isGone, false);
  assert.equal(idle.isGone, true);
});

test("who waits for the end of a pause is not idle", async () => {
  const server = await startConnections({ timeout: 1 });
  const [admin, waiting] = [server.connect(), server.connect()];
  assert.equal(admin.line("CLIENT PAUSE 5000 WRITE"), "+OK\r\n");
  assert.equal(waiting.line("SET k v"), "");
  server.advance(4000);
  assert.equal(waiting.isGone, false);
  assert.equal(admin.isGone, true);
  server.advance(1100);
  assert.equal(waiting.heard(), "+OK\r\n");
});

test("every one of many connections is looked at", async () => {
  const server = await startConnections({ timeout: 3 });
  const all = Array.from({ length: 137 }, () => server.connect());
  server.advance(3000 + 3000);
  assert.equal(all.filter((each) => !each.isGone).length, 0);
});

test("the buffer of a command in pieces goes when the connection falls silent", async () => {
  const server = await startConnections();
  const client = server.connect();
  const command = request("SET", "k", "x".repeat(100_000));
  assert.equal(client.raw(command.slice(0, 60_000)), "");
  const [entry] = server.engine.clients.values();
  assert.ok(entry.parser.bufferBytes >= 60_000);
  assert.equal(client.raw(command.slice(60_000)), "+OK\r\n");
  assert.ok(entry.parser.bufferBytes > 0);
  server.advance(4000);
  assert.equal(entry.parser.bufferBytes, 0);
  assert.equal(client.raw(request("GET", "k")), bulk("x".repeat(100_000)));
});

test("half a command survives the silence after it", async () => {
  const server = await startConnections();
  const client = server.connect();
  const command = request("SET", "k", "x".repeat(1000));
  client.raw(command.slice(0, 500));
  server.advance(10_000);
  assert.equal(client.raw(command.slice(500)), "+OK\r\n");
});

test("the soft limit closes although nothing new is written, but not before its time", async () => {
  const server = await startConnections({ "client-output-buffer-limit": "normal 0 50kb 3" });
  const client = deafClient(server);
  server.advance(2500);
  assert.equal(client.wasReset, false);
  server.advance(2500);
  assert.equal(client.wasReset, true);
  assert.equal(server.engine.statistics.outputBufferLimitDisconnections, 1);
  assert.match(
    server.log.join(""),
    /# Client id=2 addr=\S+ .* scheduled to be closed ASAP for overcoming of output buffer limits\./,
  );
});

test("the soft limit counts anew when the output has been below it", async () => {
  const server = await startConnections({ "client-output-buffer-limit": "normal 0 50kb 3" });
  const client = deafClient(server);
  server.advance(2000);
  client.readLimitBytes = Infinity;
  server.advance(0);
  assert.equal(client.take().length, 20 * bulk(VALUE).length);
  server.advance(1500);
  client.readLimitBytes = 0;
  client.send(request("GET", "k").repeat(20));
  server.advance(2000);
  assert.equal(client.wasReset, false);
  client.readLimitBytes = Infinity;
  server.advance(0);
  assert.equal(client.take().length, 20 * bulk(VALUE).length);
});

test("the largest buffers of the last eight seconds", async () => {
  const server = await startConnections({ hz: 10 });
  const { care } = server.engine;
  const client = server.connect();
  const recent = () => [care.recentInputMax >= 60_000, care.recentOutputMax >= 100_000];
  const command = request("SET", "k", "x".repeat(100_000));
  client.raw(command.slice(0, 60_000));
  deafClient(server);
  // Seen when the rounds come to them.
  assert.deepEqual(recent(), [false, false]);
  server.advance(1000);
  assert.deepEqual(recent(), [true, true]);
  assert.match(client.raw(command.slice(60_000)), /^\+OK/);
  for (const { socket, id } of server.engine.clients.values()) if (id > 2) socket.destroy();
  server.advance(6000);
  assert.deepEqual(recent(), [true, true]);
  server.advance(5000);
  assert.deepEqual(recent(), [false, false]);
  const info = client.line("INFO clients");
  assert.match(info, /client_recent_max_input_buffer:0\r\nclient_recent_max_output_buffer:0\r\n/);
});
