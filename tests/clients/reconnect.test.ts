/** A server that ends and comes back at the same port with its data, as client libraries see it. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { newBunRedis, skipWithoutBun } from "../support/bun_redis.ts";
import {
  startPagurus,
  stopServers,
  temporaryDirectory,
  type TestServer,
} from "../support/servers.ts";
import { until } from "../support/until.ts";

after(stopServers);

const PERSISTENT = ["--appendonly", "yes", "--appendfsync", "always"];

/** Waits for an event; that errors come before it is no matter. */
function happens(
  client: { once(event: string, listener: () => void): unknown },
  event: string,
): Promise<void> {
  return new Promise((resolve) => client.once(event, () => resolve()));
}

/** Runs with a server that keeps its data, and a way to end it and start it again. */
async function withRestarts(
  run: (server: TestServer, restart: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const directory = temporaryDirectory();
  let server = await startPagurus({ directory, args: PERSISTENT });
  try {
    await run(server, async () => {
      await server.stop();
      server = await startPagurus({ directory, port: server.port, args: PERSISTENT });
    });
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

test("ioredis: commands tried again, database, name, subscriptions restored", async () => {
  await withRestarts(async (server, restart) => {
    const options = { retryStrategy: () => 10, maxRetriesPerRequest: null };
    const redis = new Redis(`${server.url}/3`, { ...options, connectionName: "worker" });
    const subscriber = new Redis(server.port, "127.0.0.1", options);
    redis.on("error", () => {});
    subscriber.on("error", () => {});
    try {
      await redis.rpush("list", "a");
      const heard: string[] = [];
      subscriber.on("message", (channel, message) => heard.push(`${channel} ${message}`));
      subscriber.on(
        "pmessage",
        (_pattern, channel, message) => heard.push(`p ${channel} ${message}`),
      );
      await subscriber.subscribe("news");
      await subscriber.psubscribe("n*");

      // It waits when the server ends, and asks again when there is one.
      const blocked = redis.blpop("later", 0);
      const again = happens(subscriber, "ready");
      await restart();
      await again;
      const other = new Redis(`${server.url}/3`);
      await until(async () => (await other.info("clients")).includes("blocked_clients:1"));
      await other.rpush("later", "x");
      assert.deepEqual(await blocked, ["later", "x"]);
      assert.deepEqual(await redis.lrange("list", 0, -1), ["a"]);
      assert.equal(await redis.client("GETNAME"), "worker");
      assert.match(String(await redis.client("INFO")), / db=3 /);
      await until(async () => await other.publish("news", "back") === 2);
      await until(() => heard.length >= 2);
      assert.deepEqual(heard.slice(0, 2), ["news back", "p news back"]);
      other.disconnect();
    } finally {
      redis.disconnect();
      subscriber.disconnect();
    }
  });
});

test("node-redis: commands kept, database, name, subscriptions restored", async () => {
  await withRestarts(async (server, restart) => {
    const socket = { reconnectStrategy: () => 10 };
    const client = createClient({ url: `${server.url}/3`, name: "worker", RESP: 3, socket });
    const subscriber = createClient({ url: server.url, socket });
    client.on("error", () => {});
    subscriber.on("error", () => {});
    try {
      await client.connect();
      await subscriber.connect();
      await client.set("key", "kept");
      const heard: string[] = [];
      await subscriber.subscribe("news", (message) => heard.push(message));
      await subscriber.pSubscribe("n*", (message) => heard.push(`p ${message}`));
      const reconnecting = happens(client, "reconnecting");
      const restarted = restart();
      await reconnecting;
      const pending = client.get("key").catch(() => "loading");
      await restarted;
      // This client does not wait until the server has loaded its data; it passes the error on.
      let value = await pending;
      while (value === "loading") value = await client.get("key").catch(() => "loading");
      assert.equal(value, "kept");
      assert.equal(await client.clientGetName(), "worker");
      assert.match(await client.sendCommand(["CLIENT", "INFO"]) as string, / db=3 .* resp=3 /);
      await until(async () => await client.publish("news", "back") === 2);
      await until(() => heard.length >= 2);
      assert.deepEqual(heard.slice(0, 2), ["back", "p back"]);
    } finally {
      client.destroy();
      subscriber.destroy();
    }
  });
});

test("ioredis: a transaction that the end of the server cuts is not half done", async () => {
  await withRestarts(async (server, restart) => {
    const redis = new Redis(server.port, "127.0.0.1", { retryStrategy: () => 10 });
    redis.on("error", () => {});
    try {
      await redis.set("key", "before");
      await redis.multi({ pipeline: false });
      await redis.set("key", "after");
      const again = happens(redis, "ready");
      await restart();
      await again;
      assert.equal(await redis.get("key"), "before");
      await assert.rejects(redis.exec(), /EXEC without MULTI/);
    } finally {
      redis.disconnect();
    }
  });
});

test("Bun's client: database and data after a restart", { skip: skipWithoutBun }, async () => {
  await withRestarts(async (server, restart) => {
    const client = newBunRedis(`${server.url}/3`, {
      autoReconnect: true,
      maxRetries: 1000,
    });
    try {
      await client.connect();
      await client.set("key", "kept");
      await restart();
      let value: string | null | undefined;
      await until(async () => {
        value = await client.get("key").catch(() => undefined);
        return value !== undefined;
      });
      assert.equal(value, "kept");
      assert.match(String(await client.send("CLIENT", ["INFO"])), / db=3 /);
    } finally {
      client.close();
    }
  });
});
