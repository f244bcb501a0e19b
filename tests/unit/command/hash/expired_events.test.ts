/** What is told of keys when fields expire. Checked against redis-server 8.0.2. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startConnections } from "../../server/commands/connections.ts";

/** A server, a connection to it, and what has been told since the last time. */
async function start(activeExpiry: "0" | "1") {
  const server = await startConnections({ "enable-debug-command": "yes" });
  const [client, subscriber] = [server.connect(), server.connect()];
  client.line("CONFIG SET notify-keyspace-events KEA");
  client.line(`DEBUG SET-ACTIVE-EXPIRE ${activeExpiry}`);
  subscriber.line("PSUBSCRIBE __keyevent@0__:*");
  const events = () =>
    [...subscriber.heard().matchAll(/__keyevent@0__:(\w+)\r\n\$\d+\r\n(\w+)/g)]
      .map(([, event, key]) => `${event} ${key}`);
  return { server, client, events };
}

test("fields that expire on being looked at", async () => {
  const { server, client, events } = await start("0");
  client.line("HSET h a 1 b 2 c 3");
  client.line("HPEXPIRE h 5 FIELDS 3 a b c");
  server.advance(10);
  assert.deepEqual(events(), ["hset h", "hexpire h"]);
  assert.equal(client.line("HGET h a"), "$-1\r\n");
  assert.deepEqual(events(), ["hexpired h"]);
  client.line("HINCRBY h b 1");
  assert.deepEqual(events(), ["hexpired h", "hincrby h"]);
  client.line("HDEL h b");
  assert.deepEqual(events(), ["hdel h"]);
  client.line("HGET h c");
  assert.deepEqual(events(), ["hexpired h", "del h"]);
  assert.equal(client.line("EXISTS h"), ":0\r\n");
  client.line("HSET h a 1");
  client.line("HPEXPIRE h 5 FIELDS 1 a");
  server.advance(10);
  events();
  client.line("HSET h a 2");
  assert.deepEqual(events(), ["hset h"]);
});

test("active expiry tells once of a hash, however many of its fields go", async () => {
  const { server, client, events } = await start("1");
  client.line("HSET h a 1 b 2 c 3 d 4");
  client.line("HPEXPIRE h 5 FIELDS 3 a b c");
  client.line("HSET gone a 1 b 2");
  client.line("HPEXPIRE gone 5000 FIELDS 2 a b");
  events();
  server.advance(500);
  assert.deepEqual(events(), ["hexpired h"]);
  server.advance(5000);
  assert.deepEqual(events(), ["hexpired gone", "del gone"]);
});

test("a connection that watches a hash sees that a field has expired", async () => {
  const { server, client } = await start("1");
  client.line("HSET h a 1 b 2");
  client.line("HPEXPIRE h 5 FIELDS 1 a");
  client.line("WATCH h");
  server.advance(500);
  client.line("MULTI");
  client.line("HGET h b");
  assert.equal(client.line("EXEC"), "*-1\r\n");
});
