/** The Pub/Sub commands as one connection sees them; replies pinned as redis-server 8.0.2 gives them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bulk, startConnections } from "./connections.ts";

const NOT_HERE = (name: string) =>
  `-ERR Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET ` +
  "are allowed in this context\r\n";

function event(type: "*" | ">", ...parts: readonly (string | number | null)[]): string {
  const words = parts.map((part) => {
    if (part === null) return type === "*" ? "$-1\r\n" : "_\r\n";
    return typeof part === "number" ? `:${part}\r\n` : bulk(part);
  });
  return `${type}${parts.length}\r\n${words.join("")}`;
}

test("subscribing and unsubscribing count channels and patterns together", async () => {
  for (const [hello, type] of [["HELLO 2", "*"], ["HELLO 3", ">"]] as const) {
    const client = (await startConnections()).connect();
    client.line(hello);
    assert.equal(
      client.line("SUBSCRIBE a b a"),
      event(type, "subscribe", "a", 1) + event(type, "subscribe", "b", 2) +
        event(type, "subscribe", "a", 2),
    );
    assert.equal(client.line("PSUBSCRIBE a*"), event(type, "psubscribe", "a*", 3));
    assert.equal(client.line("SSUBSCRIBE a"), event(type, "ssubscribe", "a", 1));
    assert.equal(client.line("UNSUBSCRIBE x"), event(type, "unsubscribe", "x", 3));
    assert.equal(
      client.line("UNSUBSCRIBE"),
      event(type, "unsubscribe", "a", 2) + event(type, "unsubscribe", "b", 1),
    );
    assert.equal(client.line("UNSUBSCRIBE"), event(type, "unsubscribe", null, 1));
    assert.equal(client.line("SUNSUBSCRIBE"), event(type, "sunsubscribe", "a", 0));
    assert.equal(client.line("PUNSUBSCRIBE a*"), event(type, "punsubscribe", "a*", 0));
    // Valkey 8.0 alone refuses this (NOSUB).
    assert.equal(client.line("PUNSUBSCRIBE"), event(type, "punsubscribe", null, 0));
  }
});

test("in RESP2 a subscriber may do little else", async () => {
  const client = (await startConnections()).connect();
  client.line("SUBSCRIBE a");
  assert.equal(client.line("GET x"), NOT_HERE("get"));
  assert.equal(client.line("CONFIG GET x"), NOT_HERE("config|get"));
  assert.equal(client.line("HELLO 3"), NOT_HERE("hello"));
  assert.equal(client.line("GET"), "-ERR wrong number of arguments for 'get' command\r\n");
  assert.equal(client.line("PING"), event("*", "pong", ""));
  assert.equal(client.line("PING x"), event("*", "pong", "x"));
  assert.equal(client.line("PING x y"), "-ERR wrong number of arguments for 'ping' command\r\n");
  client.line("UNSUBSCRIBE");
  assert.equal(client.line("PING"), "+PONG\r\n");
  client.line("SSUBSCRIBE a");
  assert.equal(client.line("GET x"), NOT_HERE("get"));
  assert.equal(client.line("RESET"), "+RESET\r\n");
  assert.equal(client.line("GET x"), "$-1\r\n");
  client.line("SUBSCRIBE a");
  assert.equal(client.line("QUIT"), "+OK\r\n");
});

test("in RESP3 it may do anything, and its own messages come behind the reply", async () => {
  const client = (await startConnections()).connect();
  client.line("HELLO 3");
  client.line("SUBSCRIBE a");
  client.line("PSUBSCRIBE a*");
  assert.equal(client.line("PING"), "+PONG\r\n");
  const messages = event(">", "message", "a", "x") + event(">", "pmessage", "a*", "a", "x");
  assert.equal(client.line("PUBLISH a x"), `:2\r\n${messages}`);
  client.line("MULTI");
  client.line("PUBLISH a x");
  client.line("PING");
  assert.equal(client.line("EXEC"), `*2\r\n:2\r\n+PONG\r\n${messages}`);
});

test("in a transaction SUBSCRIBE replies as many messages as ever, SSUBSCRIBE is refused", async () => {
  const client = (await startConnections()).connect();
  for (const line of ["MULTI", "SUBSCRIBE a b", "PUBLISH a x", "SSUBSCRIBE q", "PING"]) {
    client.line(line);
  }
  assert.equal(
    client.line("EXEC"),
    "*4\r\n" + event("*", "subscribe", "a", 1) + event("*", "subscribe", "b", 2) + ":1\r\n" +
      "-ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client\r\n" + event("*", "pong", "") +
      event("*", "message", "a", "x"),
  );
});

test("CLIENT REPLY turns off replies, not messages nor what subscribing says", async () => {
  const server = await startConnections();
  const client = server.connect();
  client.line("CLIENT REPLY OFF");
  assert.equal(client.line("SUBSCRIBE a"), event("*", "subscribe", "a", 1));
  assert.equal(client.line("PING"), "");
  server.connect().line("PUBLISH a x");
  assert.equal(client.heard(), event("*", "message", "a", "x"));
  assert.equal(client.line("UNSUBSCRIBE"), event("*", "unsubscribe", "a", 0));
  assert.equal(client.line("CLIENT REPLY ON"), "+OK\r\n");
});

test("PUBSUB tells who is there", async () => {
  const server = await startConnections();
  const client = server.connect();
  server.connect().line("SUBSCRIBE a b");
  server.connect().line("SUBSCRIBE a");
  server.connect().line("PSUBSCRIBE a* b*");
  server.connect().line("SSUBSCRIBE a c");
  assert.equal(client.line("PUBSUB CHANNELS"), `*2\r\n${bulk("a")}${bulk("b")}`);
  assert.equal(client.line("PUBSUB CHANNELS a*"), `*1\r\n${bulk("a")}`);
  assert.equal(client.line("PUBSUB SHARDCHANNELS"), `*2\r\n${bulk("a")}${bulk("c")}`);
  assert.equal(client.line("PUBSUB NUMPAT"), ":2\r\n");
  assert.equal(client.line("PUBSUB NUMSUB"), "*0\r\n");
  assert.equal(client.line("PUBSUB NUMSUB a x"), `*4\r\n${bulk("a")}:2\r\n${bulk("x")}:0\r\n`);
  assert.equal(client.line("PUBSUB SHARDNUMSUB a"), `*2\r\n${bulk("a")}:1\r\n`);
  assert.equal(
    client.line("PUBSUB channels a b"),
    "-ERR unknown subcommand or wrong number of arguments for 'channels'. Try PUBSUB HELP.\r\n",
  );
  const stats = client.line("INFO stats");
  assert.match(stats, /pubsub_channels:2\r\npubsub_patterns:2\r\npubsubshard_channels:2\r\n/);
  assert.match(client.line("CLIENT LIST TYPE pubsub"), / sub=2 psub=0 ssub=0 /);
});
