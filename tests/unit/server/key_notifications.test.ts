import assert from "node:assert/strict";
import { test } from "node:test";
import { bulk, startConnections } from "./commands/connections.ts";

function message(pattern: string, channel: string, text: string): string {
  return `*4\r\n${bulk("pmessage")}${bulk(pattern)}${bulk(channel)}${bulk(text)}`;
}

test("events go to the channel of the key and to that of the event, as the classes say", async () => {
  const server = await startConnections({ "notify-keyspace-events": "KEg$" });
  const client = server.connect();
  const listener = server.connect();
  listener.line("PSUBSCRIBE *");
  client.line("SELECT 9");
  client.ask("SET", "a\0\xff", "1");
  assert.equal(
    listener.heard(),
    message("*", "__keyspace@9__:a\0\xff", "set") + message("*", "__keyevent@9__:set", "a\0\xff"),
  );
  client.line("CONFIG SET notify-keyspace-events Kg");
  client.line("SET b 1");
  client.line("DEL b");
  assert.equal(listener.heard(), message("*", "__keyspace@9__:b", "del"));
  client.line("CONFIG SET notify-keyspace-events E$");
  client.line("SET c 1");
  client.line("DEL c");
  assert.equal(listener.heard(), message("*", "__keyevent@9__:set", "c"));
  client.line("CONFIG SET notify-keyspace-events KEm");
  client.line("GET none");
  assert.equal(
    listener.heard(),
    message("*", "__keyspace@9__:none", "keymiss") +
      message("*", "__keyevent@9__:keymiss", "none"),
  );
});

test("a long key, and none at all", async () => {
  const server = await startConnections({ "notify-keyspace-events": "KA" });
  const client = server.connect();
  const listener = server.connect();
  const key = "k".repeat(5000);
  listener.ask("PSUBSCRIBE", "*");
  client.ask("SET", key, "1");
  assert.equal(listener.heard(), message("*", `__keyspace@0__:${key}`, "set"));
  client.ask("SET", "", "1");
  assert.equal(listener.heard(), message("*", "__keyspace@0__:", "set"));
});

test("nothing is told while nothing is to be", async () => {
  const server = await startConnections();
  const { keyEvents } = server.engine.call;
  const client = server.connect();
  assert.equal(keyEvents.isActive, false);
  client.line("CONFIG SET notify-keyspace-events KEA");
  assert.equal(keyEvents.isActive, true);
  client.line("SET a 1");
  client.line('CONFIG SET notify-keyspace-events ""');
  assert.equal(keyEvents.isActive, false);
});

test("keys that expire are told, in their database", async () => {
  const server = await startConnections({ "notify-keyspace-events": "Ex" });
  const client = server.connect();
  const listener = server.connect();
  listener.line("PSUBSCRIBE *");
  client.line("SELECT 3");
  client.line("SET a 1 PX 50");
  server.advance(500);
  assert.equal(listener.heard(), message("*", "__keyevent@3__:expired", "a"));
});
