/** Messages and client side caching, as client libraries use them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, test } from "node:test";
import { Redis } from "ioredis";
import { BasicClientSideCache, createClient } from "redis";
import { newBunRedis, skipWithoutBun } from "../support/bun_redis.ts";
import { startPagurus, stopServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

after(stopServers);

test("ioredis: channels, patterns, bytes, and back again after a reconnect", async () => {
  const server = await startPagurus();
  const publisher = new Redis(server.port, "127.0.0.1");
  const subscriber = new Redis(server.port, "127.0.0.1", { retryStrategy: () => 10 });
  try {
    const heard: string[] = [];
    subscriber.on("message", (channel, message) => heard.push(`${channel} ${message}`));
    subscriber.on("pmessage", (pattern, channel, message) => {
      heard.push(`${pattern} ${channel} ${message}`);
    });
    assert.equal(await subscriber.subscribe("news", "music"), 2);
    assert.equal(await subscriber.psubscribe("n*"), 3);
    // This client speaks RESP3, where a subscriber may go on with everything else.
    assert.equal(await subscriber.get("key"), null);
    assert.equal(await subscriber.ping(), "PONG");
    assert.equal(await publisher.publish("news", "one"), 2);
    assert.equal(await publisher.publish("music", "two"), 1);
    await until(() => heard.length === 3);
    assert.deepEqual(heard, ["news one", "n* news one", "music two"]);
    assert.deepEqual(await publisher.pubsub("NUMSUB", "news", "none"), ["news", 1, "none", 0]);
    assert.equal(await publisher.pubsub("NUMPAT"), 1);

    const reconnected = once(subscriber, "ready");
    subscriber.disconnect(true);
    await reconnected;
    await until(async () => await publisher.publish("news", "three") === 2);
    await until(() => heard.includes("n* news three"));

    assert.equal(await subscriber.unsubscribe("news", "music"), 1);
    assert.equal(await subscriber.punsubscribe("n*"), 0);
    assert.equal(await subscriber.get("key"), null);
  } finally {
    publisher.disconnect();
    subscriber.disconnect();
    await server.stop();
  }
});

test("ioredis: what Socket.IO's adapters send, also those for shards", async () => {
  const server = await startPagurus();
  const publisher = new Redis(server.port, "127.0.0.1");
  const subscriber = publisher.duplicate();
  try {
    const heard: string[] = [];
    subscriber.on("pmessageBuffer", (_pattern, channel: Buffer, message: Buffer) => {
      heard.push(`${channel} ${message.toString("hex")}`);
    });
    subscriber.on("messageBuffer", (channel: Buffer, message: Buffer) => {
      heard.push(`${channel} ${message.toString("hex")}`);
    });
    subscriber.on("smessageBuffer", (channel: Buffer, message: Buffer) => {
      heard.push(`${channel} ${message.toString("hex")}`);
    });
    await subscriber.psubscribe("socket.io#/#*");
    await subscriber.subscribe("socket.io-request#/#", "socket.io-response#/#");
    await publisher.publish("socket.io#/#room#", Buffer.from([0x93, 0, 255]));
    await publisher.publish("socket.io-request#/#", "{}");
    const counted = await publisher.pubsub("NUMSUB", "socket.io-request#/#");
    assert.deepEqual(counted, ["socket.io-request#/#", 1]);
    await until(() => heard.length === 2);
    assert.deepEqual(heard, ["socket.io#/#room# 9300ff", "socket.io-request#/# 7b7d"]);
    await subscriber.ssubscribe("socket.io#/#", "socket.io#/#room#");
    assert.equal(await publisher.spublish("socket.io#/#room#", Buffer.from([1, 2])), 1);
    const shard = await publisher.pubsub("SHARDNUMSUB", "socket.io#/#");
    assert.deepEqual(shard, ["socket.io#/#", 1]);
    await until(() => heard.length === 3);
    assert.equal(heard[2], "socket.io#/#room# 0102");
  } finally {
    publisher.disconnect();
    subscriber.disconnect();
    await server.stop();
  }
});

test("ioredis: keyspace notifications", async () => {
  const server = await startPagurus();
  const client = new Redis(server.port, "127.0.0.1");
  const subscriber = client.duplicate();
  try {
    await client.config("SET", "notify-keyspace-events", "Ex");
    await subscriber.subscribe("__keyevent@0__:expired");
    const expired = once(subscriber, "message");
    await client.set("short", "v", "PX", 1);
    assert.deepEqual(await expired, ["__keyevent@0__:expired", "short"]);
  } finally {
    client.disconnect();
    subscriber.disconnect();
    await server.stop();
  }
});

for (const RESP of [2, 3] as const) {
  test(`node-redis: channels, patterns and shard channels in RESP${RESP}`, async () => {
    const server = await startPagurus();
    const client = await createClient({ url: server.url, RESP }).connect();
    const subscriber = await client.duplicate().on("error", () => {}).connect();
    try {
      const heard: string[] = [];
      const listener = (message: string, channel: string) => heard.push(`${channel} ${message}`);
      await subscriber.subscribe("news", listener);
      await subscriber.pSubscribe("n*", listener);
      await subscriber.sSubscribe("shard", listener);
      assert.equal(await client.publish("news", "one"), 2);
      assert.equal(await client.sPublish("shard", "two"), 1);
      await until(() => heard.length === 3);
      assert.deepEqual(heard, ["news one", "news one", "shard two"]);
      assert.deepEqual({ ...await client.pubSubNumSub(["news"]) }, { news: 1 });
      assert.deepEqual(await client.pubSubChannels(), ["news"]);
      assert.equal(await client.pubSubNumPat(), 1);
      // In RESP3 a subscriber may go on with everything else.
      if (RESP === 3) assert.equal(await subscriber.set("key", "v"), "OK");

      await client.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"]);
      await until(async () => await client.publish("news", "three") === 2);
      await until(() => heard.includes("news three"));

      await subscriber.unsubscribe();
      await subscriber.pUnsubscribe();
      await subscriber.sUnsubscribe();
      assert.equal(await subscriber.get("none"), null);
    } finally {
      subscriber.destroy();
      client.destroy();
      await server.stop();
    }
  });
}

test("node-redis: a client side cache is told what has changed", async () => {
  const server = await startPagurus();
  const cache = new BasicClientSideCache({ ttl: 0, maxEntries: 0, evictPolicy: "LRU" });
  const client = await createClient({ url: server.url, RESP: 3, clientSideCache: cache }).connect();
  const writer = await createClient({ url: server.url }).connect();
  try {
    await writer.set("key", "one");
    assert.equal(await client.get("key"), "one");
    assert.equal(await client.get("key"), "one");
    assert.equal(cache.stats().hitCount, 1);
    await writer.set("key", "two");
    await until(async () => await client.get("key") === "two");
    await writer.hSet("hash", "field", "1");
    assert.deepEqual({ ...await client.hGetAll("hash") }, { field: "1" });
    await writer.hDel("hash", "field");
    await until(async () => Object.keys(await client.hGetAll("hash")).length === 0);
    assert.equal(await client.get("key"), "two");
    await writer.flushAll();
    await until(async () => await client.get("key") === null);
  } finally {
    client.destroy();
    writer.destroy();
    await server.stop();
  }
});

test("Bun's client: channels", { skip: skipWithoutBun }, async () => {
  const server = await startPagurus();
  const client = newBunRedis(server.url);
  await client.connect();
  const subscriber = await client.duplicate();
  try {
    await subscriber.connect();
    const heard: string[] = [];
    await subscriber.subscribe("news", (message, channel) => heard.push(`${channel} ${message}`));
    assert.equal(await client.publish("news", "one"), 1);
    assert.equal(await client.publish("news", "two"), 1);
    await until(() => heard.length === 2);
    assert.deepEqual(heard, ["news one", "news two"]);
    await subscriber.unsubscribe("news");
    await until(async () => await client.publish("news", "three") === 0);
  } finally {
    subscriber.close();
    client.close();
    await server.stop();
  }
});
