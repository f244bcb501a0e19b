/** Client side caching; replies pinned as redis-server 8.0.2 gives them, but for what a line says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connection, Connections } from "../commands/connections.ts";
import { bulk, startConnections } from "../commands/connections.ts";

const OK = "+OK\r\n";

function invalidated(...keys: readonly string[]): string {
  return `>2\r\n${bulk("invalidate")}*${keys.length}\r\n${keys.map(bulk).join("")}`;
}

const ALL_INVALIDATED = `>2\r\n${bulk("invalidate")}_\r\n`;

/** A connection that speaks RESP3 and tracks, and one that writes. */
async function start(
  options: string,
): Promise<{ server: Connections; reader: Connection; writer: Connection }> {
  const server = await startConnections({ "enable-debug-command": "yes" });
  const reader = server.connect();
  reader.line("HELLO 3");
  assert.equal(reader.line(`CLIENT TRACKING ON ${options}`), OK);
  return { server, reader, writer: server.connect() };
}

test("who has read a key is told once that it has changed", async () => {
  const { server, reader, writer } = await start("");
  reader.line("GET a");
  reader.line("MGET a b c");
  writer.line("MSET a 1 b 1 d 1");
  assert.equal(reader.heard(), invalidated("a") + invalidated("b"));
  writer.line("SET a 2");
  assert.equal(reader.heard(), "");
  writer.line("DEL c");
  assert.equal(reader.heard(), "");
  writer.line("SET c 1");
  assert.equal(reader.heard(), invalidated("c"));
  assert.equal(server.engine.tracking.keys.count, 0);
});

test("every command that reads counts, with all of its keys", async () => {
  const { reader, writer } = await start("");
  for (const line of ["EXISTS a b", "ZUNION 2 a b", "LCS a b", "OBJECT ENCODING b", "SORT_RO b"]) {
    reader.line(line);
  }
  reader.line("XREAD COUNT 1 STREAMS x y 0 0");
  writer.line("MSET y 1 b 1 a 1 x 1");
  assert.equal(
    reader.heard(),
    invalidated("y") + invalidated("b") + invalidated("a") + invalidated("x"),
  );
  reader.line("GETSET a 2");
  writer.line("SET a 3");
  assert.equal(reader.heard(), "");
});

test("its own changes come behind the reply, of EXEC too", async () => {
  const { reader } = await start("");
  reader.line("MGET a b c");
  assert.equal(reader.line("SET a 1"), OK + invalidated("a"));
  for (const line of ["MULTI", "GET a", "SET a 2", "SET b 1"]) reader.line(line);
  assert.equal(
    reader.line("EXEC"),
    `*3\r\n${bulk("1")}${OK}${OK}${invalidated("a")}${invalidated("b")}`,
  );
});

test("NOLOOP leaves out what one has changed oneself", async () => {
  const { reader, writer } = await start("NOLOOP");
  reader.line("MGET a b");
  assert.equal(reader.line("SET a 1"), OK);
  writer.line("SET b 1");
  assert.equal(reader.heard(), invalidated("b"));
});

test("FLUSHALL and FLUSHDB are told once, to who flushes behind the reply", async () => {
  const { reader, writer } = await start("");
  reader.line("GET a");
  writer.line("FLUSHALL");
  assert.equal(reader.heard(), ALL_INVALIDATED);
  writer.line("SET a 1");
  assert.equal(reader.heard(), "");
  writer.line("FLUSHDB");
  assert.equal(reader.heard(), ALL_INVALIDATED);
  // As Redis 7.2; redis-server 8.0 puts the push before the reply to FLUSHALL.
  assert.equal(reader.line("FLUSHALL"), OK + ALL_INVALIDATED);
  for (const line of ["MULTI", "FLUSHALL", "PING"]) reader.line(line);
  assert.equal(reader.line("EXEC"), `*2\r\n${OK}+PONG\r\n${ALL_INVALIDATED}`);
});

test("a key that expires has changed", async () => {
  const { server, reader, writer } = await start("");
  writer.line("SET a 1 PX 100");
  reader.line("GET a");
  server.advance(101);
  writer.line("GET a");
  assert.equal(reader.heard(), invalidated("a"));
});

test("who speaks RESP2 is not told, unless another one is in its place", async () => {
  const server = await startConnections();
  const reader = server.connect();
  const writer = server.connect();
  const other = server.connect();
  reader.line("CLIENT TRACKING ON");
  reader.line("GET a");
  writer.line("SET a 1");
  assert.equal(reader.heard(), "");
  reader.line(`CLIENT TRACKING ON REDIRECT ${other.line("CLIENT ID").slice(1, -2)}`);
  reader.line("GET a");
  writer.line("SET a 2");
  assert.equal(other.heard(), "");
  other.line("SUBSCRIBE x");
  reader.line("GET a");
  writer.line("SET a 3");
  const head = `*3\r\n${bulk("message")}${bulk("__redis__:invalidate")}`;
  assert.equal(other.heard(), `${head}*1\r\n${bulk("a")}`);
  writer.line("FLUSHALL");
  assert.equal(other.heard(), `${head}$-1\r\n`);
  assert.equal(reader.heard(), "");
});

test("a redirection that is broken is told in RESP3", async () => {
  const server = await startConnections();
  const reader = server.connect();
  const other = server.connect();
  const writer = server.connect();
  const id = other.line("CLIENT ID").slice(1, -2);
  reader.line("HELLO 3");
  reader.line(`CLIENT TRACKING ON REDIRECT ${id}`);
  assert.equal(reader.line("CLIENT GETREDIR"), `:${id}\r\n`);
  reader.line("GET a");
  other.destroy();
  writer.line("SET a 1");
  assert.equal(reader.heard(), `>2\r\n${bulk("tracking-redir-broken")}:${id}\r\n`);
  assert.match(reader.line("CLIENT TRACKINGINFO"), /broken_redirect/);
  assert.match(reader.line("CLIENT INFO"), new RegExp(` flags=tR .* redir=${id} `));
});

test("BCAST tells of all keys with a prefix, at the end of the turn", async () => {
  const { server, reader, writer } = await start("BCAST PREFIX b PREFIX a");
  writer.raw("MSET a2 1 a1 1 c 1 b 1\r\nSET a0 1\r\nINCR a1\r\n");
  assert.equal(reader.heard(), invalidated("a0", "a1", "a2") + invalidated("b"));
  assert.equal(reader.line("SET b1 1"), OK + invalidated("b1"));
  assert.equal(server.engine.tracking.keys.count, 0);
  assert.equal(
    reader.line("CLIENT TRACKINGINFO"),
    `%3\r\n${bulk("flags")}~2\r\n${bulk("on")}${bulk("bcast")}${bulk("redirect")}:0\r\n` +
      `${bulk("prefixes")}*2\r\n${bulk("a")}${bulk("b")}`,
  );
  assert.match(writer.line("INFO stats"), /tracking_total_prefixes:2/);
  reader.line("CLIENT TRACKING OFF");
  writer.line("SET a1 1");
  assert.equal(reader.heard(), "");
  assert.equal(server.engine.tracking.prefixes.all.length, 0);
});

test("BCAST with NOLOOP leaves out what one has changed last, but not what has expired", async () => {
  const { server, reader, writer } = await start("BCAST NOLOOP");
  writer.raw("SET x 1\r\nSET y 1\r\n");
  assert.equal(reader.heard(), invalidated("x", "y"));
  assert.equal(reader.line("SET x 2"), OK);
  reader.line("SET x 3 PX 10");
  server.engine.isActiveExpiryOn = false;
  server.advance(20);
  assert.equal(reader.line("GET x"), `_\r\n${invalidated("x")}`);
});

test("OPTIN and OPTOUT follow CLIENT CACHING, which holds for one command or transaction", async () => {
  const { reader, writer } = await start("OPTIN");
  reader.line("GET a");
  assert.equal(reader.line("CLIENT CACHING YES"), OK);
  assert.match(reader.line("CLIENT TRACKINGINFO"), /caching-yes/);
  reader.line("GET b");
  reader.line("GET c");
  for (const line of ["CLIENT CACHING YES", "MULTI", "GET d", "GET e", "EXEC"]) reader.line(line);
  writer.line("MSET a 1 b 1 c 1 d 1 e 1");
  assert.equal(reader.heard(), invalidated("b") + invalidated("d") + invalidated("e"));
  reader.line("CLIENT CACHING YES");
  reader.line("PING");
  reader.line("GET a");
  writer.line("SET a 2");
  assert.equal(reader.heard(), "");
  reader.line("CLIENT TRACKING OFF");
  reader.line("CLIENT TRACKING ON OPTOUT");
  reader.line("CLIENT CACHING NO");
  reader.line("GET a");
  reader.line("GET b");
  writer.line("MSET a 3 b 3");
  assert.equal(reader.heard(), invalidated("b"));
});

test("what does not go together is refused", async () => {
  const server = await startConnections();
  const client = server.connect();
  const refusals: [string, string][] = [
    [
      "TRACKING ON REDIRECT 1 REDIRECT 1",
      "ERR A client can only redirect to a single other client",
    ],
    ["TRACKING ON REDIRECT x", "ERR value is not an integer or out of range"],
    ["TRACKING ON REDIRECT 999", "ERR The client ID you want redirect to does not exist"],
    ["TRACKING ON PREFIX a", "ERR PREFIX option requires BCAST mode to be enabled"],
    ["TRACKING ON BCAST OPTIN", "ERR OPTIN and OPTOUT are not compatible with BCAST"],
    ["TRACKING ON OPTIN OPTOUT", "ERR You can't specify both OPTIN mode and OPTOUT mode"],
    ["TRACKING ON PREFIX", "ERR syntax error"],
    ["TRACKING MAYBE", "ERR syntax error"],
    [
      "TRACKING ON BCAST PREFIX foo PREFIX foobar",
      "ERR Prefix 'foo' overlaps with another provided prefix 'foobar'. Prefixes for a single " +
      "client must not overlap.",
    ],
    [
      "CACHING YES",
      "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or " +
      "OPTOUT mode enabled",
    ],
  ];
  for (const [line, error] of refusals) {
    assert.equal(client.line(`CLIENT ${line}`), `-${error}\r\n`);
  }
  // Redis replies with the error and then with OK as well.
  assert.match(client.line("CLIENT TRACKING ON BCAST PREFIX x PREFIX a PREFIX ab"), /^-ERR.*\r\n$/);
  assert.equal(client.line("CLIENT GETREDIR"), ":-1\r\n");
  client.line("CLIENT TRACKING ON BCAST PREFIX a");
  assert.match(client.line("CLIENT TRACKING ON BCAST PREFIX ab"), /with an existing prefix 'a'/);
  assert.match(client.line("CLIENT TRACKING ON"), /can't switch BCAST mode/);
  assert.equal(client.line("CLIENT TRACKING ON BCAST PREFIX b"), OK);
  client.line("CLIENT TRACKING OFF");
  client.line("CLIENT TRACKING ON OPTIN");
  assert.match(client.line("CLIENT TRACKING ON OPTOUT"), /can't switch OPTIN\/OPTOUT mode/);
  assert.match(client.line("CLIENT CACHING NO"), /only valid when tracking is enabled in OPTOUT/);
  assert.equal(client.line("CLIENT CACHING MAYBE"), "-ERR syntax error\r\n");
});

test("no more keys are remembered than tracking-table-max-keys", async () => {
  const { server, reader, writer } = await start("NOLOOP");
  const { tracking } = server.engine;
  for (let i = 0; i < 50; i++) reader.line(`GET key:${i}`);
  assert.equal(tracking.keys.count, 50);
  writer.line("CONFIG SET tracking-table-max-keys 40");
  assert.equal(tracking.keys.count, 40);
  assert.equal(reader.heard().match(/invalidate/g)?.length, 10);
  assert.match(reader.line("GET key:x"), /^_\r\n>2\r\n\$10\r\ninvalidate\r\n\*1\r\n/);
  assert.equal(tracking.keys.count, 40);
  reader.line("CLIENT REPLY OFF");
  assert.match(reader.line("GET key:y"), /^>2\r\n\$10\r\ninvalidate\r\n\*1\r\n/);
  writer.line("CONFIG SET tracking-table-max-keys 0");
  for (let i = 0; i < 50; i++) reader.line(`GET other:${i}`);
  assert.equal(tracking.keys.count, 90);
});

test("very many keys that are too many are forgotten bit by bit", async () => {
  const { server, reader, writer } = await start("");
  const { keys } = server.engine.tracking;
  for (let i = 0; i < 3500; i++) reader.line(`GET key:${i}`);
  writer.line("CONFIG SET tracking-table-max-keys 100");
  assert.equal(keys.count, 2500);
  server.advance(100);
  assert.equal(keys.count, 100);
  assert.equal(reader.heard().match(/invalidate/g)?.length, 3400);
});

test("INFO counts, and nothing is asked of keys when nobody tracks", async () => {
  const { server, reader, writer } = await start("");
  const { keyEvents } = server.engine.call;
  reader.line("MGET a b");
  const info = writer.line("INFO everything");
  assert.match(info, /tracking_clients:1\r\n/);
  assert.match(info, /tracking_total_keys:2\r\ntracking_total_items:2\r\n/);
  assert.equal(keyEvents.isActive, true);
  reader.destroy();
  assert.equal(keyEvents.isActive, false);
  assert.equal(server.engine.tracking.clients.size, 0);
});
