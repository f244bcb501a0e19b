/**
 * The engine as the network sees it: who is let in, who is put out, when replies leave. And pipelines:
 * however the bytes of one are cut, its replies and what it does are the same.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bulk, request, startConnections } from "./commands/connections.ts";
import type { Connections } from "./commands/connections.ts";

const PORT = 6379;
const AT = { kind: "tcp", host: "127.0.0.1", port: PORT } as const;
const ABROAD = { kind: "tcp", host: "10.1.2.3", port: PORT } as const;

function connectFrom(server: Connections, address: typeof AT | typeof ABROAD) {
  const client = server.platform.network.client(address);
  server.advance(0);
  return client;
}

test("maxclients: one more is told so and closed; when one leaves there is room", async () => {
  const server = await startConnections({ maxclients: 2 });
  const [first, second] = [server.connect(), server.connect()];
  const third = server.connect();
  assert.equal(third.heard(), "-ERR max number of clients reached\r\n");
  assert.equal(third.isGone, true);
  assert.match(first.line("INFO stats"), /\r\nrejected_connections:1\r\n/);
  assert.match(first.line("INFO stats"), /\r\ntotal_connections_received:2\r\n/);
  second.destroy();
  assert.equal(server.connect().line("PING"), "+PONG\r\n");
});

test("protected mode: nobody from abroad without a password", async () => {
  const server = await startConnections({ bind: "*" });
  const stranger = connectFrom(server, ABROAD);
  const text = stranger.takeText();
  assert.match(text, /^-DENIED Redis is running in protected mode because protected mode is /);
  assert.match(text, /to start accepting connections from the outside\.\r\n$/);
  assert.equal(stranger.isEnded, true);
  const local = server.connect();
  assert.match(local.line("INFO stats"), /\r\nrejected_connections:1\r\n/);
  assert.equal(local.line("CONFIG SET protected-mode no"), "+OK\r\n");
  const guest = connectFrom(server, ABROAD);
  guest.send("PING\r\n");
  server.advance(0);
  assert.equal(guest.takeText(), "+PONG\r\n");
});

test("protected mode: a password opens the door, and is then asked for", async () => {
  const server = await startConnections({ bind: "*", requirepass: "secret" });
  const guest = connectFrom(server, ABROAD);
  guest.send("GET k\r\nAUTH secret\r\nGET k\r\n");
  server.advance(0);
  assert.equal(guest.takeText(), "-NOAUTH Authentication required.\r\n+OK\r\n$-1\r\n");
});

test("the hard output limit closes who does not read, at once", async () => {
  const server = await startConnections({ "client-output-buffer-limit": "normal 100kb 0 0" });
  const other = server.connect();
  other.ask("SET", "k", "v".repeat(10_000));
  const deaf = connectFrom(server, AT);
  deaf.readLimitBytes = 0;
  // What the network has taken, 65,536 bytes, is not the server's any more.
  deaf.send(request("GET", "k").repeat(10));
  server.advance(0);
  deaf.send(request("GET", "k").repeat(6));
  server.advance(0);
  assert.equal(deaf.wasReset, false);
  deaf.send(request("GET", "k"));
  server.advance(0);
  assert.equal(deaf.wasReset, true);
  assert.match(server.log.join(""), /# Client id=2 .* for overcoming of output buffer limits\.\n/);
  assert.equal(server.engine.statistics.outputBufferLimitDisconnections, 1);
  assert.equal(other.line("PING"), "+PONG\r\n");
});

test("who reads slowly gets everything, in order", async () => {
  const server = await startConnections();
  server.platform.network.bufferBytes = 1000;
  const client = connectFrom(server, AT);
  client.readLimitBytes = 700;
  let sent = "";
  let expected = "";
  for (let i = 0; i < 300; i++) {
    sent += request("ECHO", `${i} ${"x".repeat(i)}`);
    expected += bulk(`${i} ${"x".repeat(i)}`);
  }
  client.send(sent);
  let received = "";
  for (let turn = 0; turn < 1000 && received.length < expected.length; turn++) {
    server.advance(0);
    received += client.takeText();
  }
  assert.equal(received, expected);
});

test("who asks for much and reads nothing goes on ten times a second, and at once when it reads", async () => {
  const server = await startConnections();
  const other = server.connect();
  other.ask("SET", "k", "v".repeat(500_000));
  const slow = connectFrom(server, AT);
  slow.readLimitBytes = 0;
  slow.send(request("GET", "k").repeat(40) + request("SET", "done", "1"));
  const waitingBytes = () => [...server.engine.clients.values()][1].outputBytes;
  server.advance(0);
  const first = waitingBytes();
  assert.ok(first > 1_000_000 && first < 4_000_000, `${first} bytes wait`);
  server.advance(50);
  assert.equal(waitingBytes(), first);
  server.advance(60);
  assert.ok(waitingBytes() > first && waitingBytes() < first + 3_000_000);
  // Nothing is lost by never reading.
  server.advance(3000);
  assert.equal(other.ask("GET", "done"), "$1\r\n1\r\n");
  slow.readLimitBytes = Infinity;
  for (let turn = 0; turn < 1000; turn++) server.advance(0);
  const text = slow.takeText();
  assert.equal(text.length, 40 * bulk("v".repeat(500_000)).length + "+OK\r\n".length);
  slow.send(request("GET", "k").repeat(10));
  for (let turn = 0; turn < 1000; turn++) server.advance(0);
  assert.equal(slow.takeText().length, 10 * bulk("v".repeat(500_000)).length);
});

test("client-query-buffer-limit closes who sends more than that without end", async () => {
  const server = await startConnections({ "client-query-buffer-limit": "1mb" });
  const [greedy, other] = [server.connect(), server.connect()];
  const head = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2000000\r\n";
  assert.equal(greedy.raw(head + "x".repeat(1_000_000)), "");
  assert.equal(greedy.isGone, false);
  greedy.raw("x".repeat(100_000));
  assert.equal(greedy.isGone, true);
  assert.match(server.log.join(""), /# Closing client that reached max query buffer length: id=1 /);
  assert.equal(server.engine.statistics.inputBufferLimitDisconnections, 1);
  // The same in whole commands is nothing out of the ordinary.
  assert.equal(other.raw(request("SET", "k", "x".repeat(900_000)).repeat(2)), "+OK\r\n+OK\r\n");
});

test("the replies of a batch leave in one write for each connection", async () => {
  const server = await startConnections();
  const [one, other] = [connectFrom(server, AT), connectFrom(server, AT)];
  const before = server.engine.statistics.writeEvents;
  one.send("PING\r\n".repeat(100));
  other.send(request("SET", "k", "v") + request("GET", "k").repeat(50));
  server.advance(0);
  assert.equal(one.takeText(), "+PONG\r\n".repeat(100));
  assert.equal(other.takeText(), "+OK\r\n" + bulk("v").repeat(50));
  assert.equal(server.engine.statistics.writeEvents - before, 2);
});

test("CLIENT REPLY within a pipeline", async () => {
  const client = (await startConnections()).connect();
  const pipeline = (...lines: string[]) => client.raw(lines.map((line) => `${line}\r\n`).join(""));
  assert.equal(
    pipeline("CLIENT REPLY SKIP", "SET a 1", "GET a", "CLIENT REPLY OFF", "SET a 2", "NONSENSE"),
    bulk("1"),
  );
  assert.equal(pipeline("PING", "CLIENT REPLY SKIP", "PING"), "");
  assert.equal(pipeline("CLIENT REPLY ON", "GET a"), "+OK\r\n" + bulk("2"));
});

test("QUIT and a protocol error end a pipeline: what follows is not run", async () => {
  const server = await startConnections();
  const client = server.connect();
  assert.equal(
    client.raw(request("SET", "a", "1") + request("QUIT") + request("SET", "a", "2").repeat(9)),
    "+OK\r\n+OK\r\n",
  );
  assert.equal(client.isGone, true);
  const wrong = server.connect();
  assert.equal(
    wrong.raw(request("GET", "a").repeat(9) + "*1\r\n!\r\n" + request("SET", "a", "3").repeat(9)),
    bulk("1").repeat(9) + "-ERR Protocol error: expected '$', got '!'\r\n",
  );
  assert.equal(wrong.isGone, true);
  assert.equal(server.connect().line("GET a"), bulk("1"));
});

test("commandstats count exactly, in the middle of a pipeline too", async () => {
  const server = await startConnections();
  const client = server.connect();
  const text = client.raw(
    request("SET", "k", "v") + request("GET", "k").repeat(70) + request("INCR", "k") +
      request("INFO", "commandstats") + request("GET", "k").repeat(3) + request("GET") +
      request("INFO", "commandstats"),
  );
  const [before, after] = text.split("# Commandstats").slice(1);
  assert.match(before, /\r\ncmdstat_get:calls=70,usec=\d+,.*,rejected_calls=0,failed_calls=0\r\n/);
  assert.match(before, /\r\ncmdstat_set:calls=1,/);
  assert.match(before, /\r\ncmdstat_incr:calls=1,.*,rejected_calls=0,failed_calls=1\r\n/);
  assert.doesNotMatch(before, /cmdstat_info/);
  assert.match(after, /\r\ncmdstat_get:calls=73,usec=\d+,.*,rejected_calls=1,failed_calls=0\r\n/);
  assert.match(after, /\r\ncmdstat_info:calls=1,/);
});

const key = fc.constantFrom("a", "b", "k1", "a-key-that-is-somewhat-longer", "");
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("", "1", "42", "hello", "\r\n$1\r\n", "\xff\0") },
  fc.integer({ min: 90, max: 3000 }).map((length) => "x".repeat(length)),
  fc.constant("y".repeat(12_345)),
);
const command: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(key, value).map(([k, v]) => request("SET", k, v)),
  { weight: 2, arbitrary: key.map((k) => request("GET", k)) },
  fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 8 }).map((pairs) =>
    request("MSET", ...pairs.flat())
  ),
  fc.array(key, { minLength: 1, maxLength: 14 }).map((keys) => request("MGET", ...keys)),
  fc.array(key, { minLength: 1, maxLength: 3 }).map((keys) => request("DEL", ...keys)),
  fc.tuple(key, key).map(([from, to]) => request("RENAME", from, to)),
  key.map((k) => request("INCR", k)),
  fc.constantFrom("0", "1", "1", "99", "x").map((index) => request("SELECT", index)),
  fc.constantFrom(
    request("PING"),
    request("GET"),
    request("NONSENSE", "a", "b"),
    request("CLIENT", "REPLY", "SKIP"),
    request("CONFIG", "NONSENSE"),
    request("CONFIG", "SET", "proto-max-bulk-len", "2mb"),
    request("FLUSHDB"),
    "PING\r\n",
    "SET a 'in line'\r\n",
    "\r\n",
    "*0\r\n",
    "*-1\r\n",
    "*03\r\n$03\r\nSET\r\n$1\r\nb\r\n$02\r\nok\r\n",
  ),
);
const last = fc.oneof(
  { weight: 6, arbitrary: command },
  fc.constantFrom(
    request("QUIT"),
    "*1\r\n$x\r\n",
    "*2\r\n$3\r\nGET\r\n!\r\n",
    "*99999999999\r\n",
    "SET 'a\r\n",
    "*2\r\n$3\r\nGET\r\n$1\r\n",
  ),
);

const LENGTHS = { minLength: 1, maxLength: 90, size: "max" } as const;

/** Has all bytes arrive in one and the same buffer, as they do from the real networks. */
function reuseBuffer({ engine, platform }: Connections): void {
  const buffer = new Uint8Array(platform.network.receiveMaxBytes);
  const { received } = engine.handlers;
  engine.handlers.received = (socket, bytes, length) => {
    buffer.set(bytes.subarray(0, length));
    received(socket, buffer, length);
  };
}

/** Sends the parts one after the other; gives the replies and everything else that can be seen. */
function play(server: Connections, parts: readonly string[]) {
  const admin = server.connect();
  admin.raw(request("FLUSHALL") + request("CONFIG", "RESETSTAT"));
  const client = server.connect();
  const replies = parts.map((part) => client.raw(part)).join("");
  const calls = admin.line("INFO commandstats").match(/cmdstat_\S+?:calls=\d+|\w+_calls=\d+/g);
  const errors = admin.line("INFO errorstats");
  const data = admin.raw("DEBUG DIGEST\r\nDBSIZE\r\nSELECT 1\r\nDBSIZE\r\n");
  const isGone = client.isGone;
  client.destroy();
  admin.destroy();
  return { replies, isGone, data, calls, errors };
}

/** Cuts at these places, taken in thousandths of the length. */
function cutAt(text: string, places: readonly number[]): string[] {
  const cuts = [...places].sort((a, b) => a - b).map((each) => Math.floor(each * text.length));
  return [0, ...cuts].map((start, i) => text.slice(start, cuts[i] ?? text.length))
    .filter((part) => part !== "");
}

test("a pipeline is its commands, one after the other, however its bytes arrive", async () => {
  const options = { "enable-debug-command": "yes" } as const;
  const servers = [
    await startConnections(options),
    await startConnections(options),
    await startConnections(options),
  ];
  // Whole means in one piece: the network would cut otherwise.
  servers[0].platform.network.receiveMaxBytes = Infinity;
  servers[0].platform.network.bufferBytes = Infinity;
  reuseBuffer(servers[1]);
  reuseBuffer(servers[2]);
  const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 });
  const middle = fc.array(command, LENGTHS);
  fc.assert(
    fc.property(middle, last, middle, places, (before, end, after, cuts) => {
      const commands = [...before, end, ...after];
      const text = commands.join("");
      const whole = play(servers[0], [text]);
      assert.deepEqual(play(servers[1], cutAt(text, cuts)), whole);
      assert.deepEqual(play(servers[2], commands), whole);
    }),
    { numRuns: 60 },
  );
});

test("what was found of a pipeline's keys is forgotten before its buffer holds something else", async () => {
  const server = await startConnections();
  reuseBuffer(server);
  const client = server.connect();
  const pipeline = request("PING") + request("NOPE", "n".repeat(100));
  const next = request("DEL", "0123456789", "key");
  assert.equal(next.indexOf("key"), pipeline.indexOf("nnn"), "both at the same place");
  assert.equal(client.raw(request("SET", "key", "value")), "+OK\r\n");
  assert.match(client.raw(pipeline), /^\+PONG\r\n-ERR unknown command 'NOPE'/);
  assert.equal(client.raw(next), ":1\r\n");
});

test("a pipeline that arrives byte by byte", async () => {
  const options = { "enable-debug-command": "yes" } as const;
  const [one, other] = [await startConnections(options), await startConnections(options)];
  reuseBuffer(other);
  const pipeline = fc.array(command.filter((each) => each.length < 300), LENGTHS);
  fc.assert(
    fc.property(pipeline, (commands) => {
      const text = commands.join("");
      assert.deepEqual(play(other, [...text]), play(one, [text]));
    }),
    { numRuns: 5 },
  );
});
