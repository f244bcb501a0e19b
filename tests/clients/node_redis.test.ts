/** node-redis (the package `redis`) as its README uses it. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createClient } from "redis";
import { startPagurus, stopServers } from "../support/servers.ts";

after(stopServers);

for (const RESP of [2, 3] as const) {
  test(`commands, pipelines, expiry, iteration in RESP${RESP}`, async () => {
    const server = await startPagurus();
    const client = await createClient({ url: server.url, RESP })
      .on("error", (error) => assert.fail(error))
      .connect();
    try {
      assert.equal(await client.set("key", "value"), "OK");
      assert.equal(await client.get("key"), "value");
      assert.equal(await client.get("missing"), null);
      await client.set("key", "v", { expiration: { type: "EX", value: 10 }, condition: "XX" });
      assert.ok(await client.ttl("key") > 5);
      assert.equal(await client.mSet({ a: "1", b: "2" }), "OK");
      assert.deepEqual(await client.mGet(["a", "b", "c"]), ["1", "2", null]);
      assert.equal(await client.incr("a"), 2);
      assert.equal(await client.setBit("bits", 7, 1), 0);
      assert.equal(await client.bitCount("bits"), 1);

      // Commands of one turn of the event loop are pipelined.
      const replies = await Promise.all(
        Array.from({ length: 300 }, (_, i) => client.set(`p:${i}`, String(i))),
      );
      assert.ok(replies.every((reply) => reply === "OK"));
      const keys = new Set<string>();
      for await (const batch of client.scanIterator({ MATCH: "p:*", COUNT: 20 })) {
        for (const key of batch) keys.add(key);
      }
      assert.equal(keys.size, 300);

      await assert.rejects(client.incr("key"), /not an integer or out of range/);
      await client.pSetEx("short", 5, "v");
      await new Promise((resolve) => setTimeout(resolve, 30));
      assert.equal(await client.exists("short"), 0);
      assert.equal(await client.sendCommand(["ECHO", "raw"]), "raw");
      assert.match(await client.info("server"), /redis_version:\d/);
    } finally {
      client.destroy();
      await server.stop();
    }
  });
}

test("a password, a database, a name", async () => {
  const server = await startPagurus({ args: ["--requirepass", "secret"] });
  const client = await createClient({
    url: `redis://default:secret@127.0.0.1:${server.port}/2`,
    name: "me",
  }).connect();
  try {
    assert.equal(await client.clientGetName(), "me");
    assert.match(await client.sendCommand(["CLIENT", "INFO"]) as string, / db=2 /);
  } finally {
    client.destroy();
    await server.stop();
  }
});

test("reconnects when the server comes back", async () => {
  const server = await startPagurus();
  const client = createClient({ url: server.url, socket: { reconnectStrategy: () => 50 } });
  client.on("error", () => {});
  await client.connect();
  let second;
  try {
    await client.set("k", "before");
    const reconnecting = new Promise<void>((resolve) => client.once("reconnecting", resolve));
    await server.stop();
    await reconnecting;
    const pending = client.set("k", "after");
    second = await startPagurus({ port: server.port });
    assert.equal(await pending, "OK");
    assert.equal(await client.get("k"), "after");
  } finally {
    client.destroy();
    await second?.stop();
  }
});
