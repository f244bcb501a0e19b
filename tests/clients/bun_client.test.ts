/** Bun's own client, which only Bun has; the server may be any. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { newBunRedis, skipWithoutBun } from "../support/bun_redis.ts";
import { startPagurus, stopServers } from "../support/servers.ts";

after(stopServers);

test("commands, automatic pipelining, expiry, scanning", { skip: skipWithoutBun }, async () => {
  const server = await startPagurus();
  const client = newBunRedis(server.url);
  try {
    await client.connect();
    assert.equal(await client.set("key", "value"), "OK");
    assert.equal(await client.get("key"), "value");
    assert.equal(await client.get("missing"), null);
    assert.equal(await client.exists("key"), true);
    assert.equal(await client.exists("missing"), false);
    assert.equal(await client.expire("key", 100), 1);
    assert.ok(await client.ttl("key") > 90);
    assert.equal(await client.send("MSET", ["a", "1", "b", "2"]), "OK");
    assert.deepEqual(await client.mget("a", "b", "c"), ["1", "2", null]);
    assert.equal(await client.incr("a"), 2);
    await client.set("bytes", Uint8Array.of(0, 255, 13, 10));
    assert.deepEqual([...(await client.getBuffer("bytes"))!], [0, 255, 13, 10]);
    const replies = await Promise.all(
      Array.from({ length: 300 }, (_, i) => client.set(`p:${i}`, String(i))),
    );
    assert.ok(replies.every((reply) => reply === "OK"));
    const keys = new Set<string>();
    let cursor = "0";
    do {
      const reply = await client.send("SCAN", [cursor, "MATCH", "p:*"]) as [string, string[]];
      for (const key of reply[1]) keys.add(key);
      cursor = reply[0];
    } while (cursor !== "0");
    assert.equal(keys.size, 300);
    await assert.rejects(client.incr("key"), /not an integer or out of range/);
    assert.equal(await client.del("a", "b"), 2);
  } finally {
    client.close();
    await server.stop();
  }
});

test("an URL with a password and a database", { skip: skipWithoutBun }, async () => {
  const server = await startPagurus({ args: ["--requirepass", "secret"] });
  const client = newBunRedis(`redis://default:secret@127.0.0.1:${server.port}/5`);
  try {
    assert.equal(await client.set("k", "v"), "OK");
    assert.match(String(await client.send("CLIENT", ["INFO"])), / db=5 /);
  } finally {
    client.close();
    await server.stop();
  }
});

test("reconnects when the server comes back", { skip: skipWithoutBun }, async () => {
  const server = await startPagurus();
  const client = newBunRedis(server.url, { autoReconnect: true, maxRetries: 100 });
  let second;
  try {
    await client.set("k", "before");
    await server.stop();
    second = await startPagurus({ port: server.port });
    const deadline = performance.now() + 20_000;
    let reply: string | undefined;
    while (reply !== "OK" && performance.now() < deadline) {
      reply = await client.set("k", "after").catch(() => undefined);
      if (reply !== "OK") await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(reply, "OK");
    assert.equal(await client.get("k"), "after");
  } finally {
    client.close();
    await second?.stop();
  }
});
