/** ioredis as its README uses it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, test } from "node:test";
import { Redis } from "ioredis";
import { startPagurus, stopServers } from "../support/servers.ts";

after(stopServers);

test("commands, pipelines, expiry, scan streams", async () => {
  const server = await startPagurus();
  const redis = new Redis(server.port, "127.0.0.1");
  try {
    assert.equal(await redis.set("mykey", "value"), "OK");
    assert.equal(await redis.get("mykey"), "value");
    assert.equal(await redis.get("missing"), null);
    assert.equal(await redis.set("mykey", "hello", "EX", 10), "OK");
    assert.ok(await redis.ttl("mykey") > 5);
    assert.equal(await redis.mset("a", "1", "b", "2"), "OK");
    assert.deepEqual(await redis.mget("a", "b", "c"), ["1", "2", null]);
    assert.equal(await redis.incr("a"), 2);
    assert.equal(await redis.incrbyfloat("f", 1.5), "1.5");
    const bytes = Buffer.from([0, 255, 13, 10]);
    await redis.set("bytes", bytes);
    assert.deepEqual(await redis.getBuffer("bytes"), bytes);

    const pipeline = redis.pipeline();
    for (let i = 0; i < 200; i++) pipeline.set(`p:${i}`, i).get(`p:${i}`);
    const results = await pipeline.exec();
    assert.equal(results!.length, 400);
    assert.deepEqual(results![399], [null, "199"]);

    const keys = new Set<string>();
    for await (const batch of redis.scanStream({ match: "p:*", count: 10 })) {
      for (const key of batch as string[]) keys.add(key);
    }
    assert.equal(keys.size, 200);

    await assert.rejects(redis.incr("mykey"), /not an integer or out of range/);
    await redis.set("short", "v", "PX", 5);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(await redis.get("short"), null);
    assert.match(await redis.info("server"), /redis_version:\d/);
  } finally {
    redis.disconnect();
    await server.stop();
  }
});

test("an URL with a database, a name, automatic pipelining, a copy", async () => {
  const server = await startPagurus();
  const redis = new Redis(`${server.url}/3`, {
    connectionName: "me",
    enableAutoPipelining: true,
  });
  const copy = redis.duplicate({ db: 0 });
  try {
    assert.equal(await redis.client("GETNAME"), "me");
    await Promise.all(Array.from({ length: 50 }, (_, i) => redis.set(`k${i}`, i)));
    assert.equal(await redis.dbsize(), 50);
    assert.equal(await copy.dbsize(), 0);
  } finally {
    redis.disconnect();
    copy.disconnect();
    await server.stop();
  }
});

test("a password", async () => {
  const server = await startPagurus({ args: ["--requirepass", "secret"] });
  const redis = new Redis({ port: server.port, password: "secret" });
  try {
    assert.equal(await redis.set("k", "v"), "OK");
  } finally {
    redis.disconnect();
    await server.stop();
  }
});

test("reconnects when the server comes back", async () => {
  const server = await startPagurus();
  const redis = new Redis(server.port, "127.0.0.1", {
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
  });
  redis.on("error", () => {});
  let second;
  try {
    await redis.set("k", "before");
    const closed = once(redis, "close");
    await server.stop();
    await closed;
    // Asked while nobody listens: ioredis keeps it until somebody does.
    const pending = redis.set("k", "after");
    second = await startPagurus({ port: server.port });
    assert.equal(await pending, "OK");
    assert.equal(await redis.get("k"), "after");
  } finally {
    redis.disconnect();
    await second?.stop();
  }
});
