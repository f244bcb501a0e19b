/** Transactions, as client libraries use them: MULTI in pipelines, WATCH with a conflict, errors. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Redis } from "ioredis";
import { createClient, WatchError } from "redis";
import { newBunRedis, skipWithoutBun } from "../support/bun_redis.ts";
import { startPagurus, stopServers } from "../support/servers.ts";

after(stopServers);

for (const protocol of [2, 3] as const) {
  test(`ioredis: MULTI in a pipeline and without, RESP${protocol}`, async () => {
    const server = await startPagurus();
    const redis = new Redis(server.port, "127.0.0.1", { protocol });
    try {
      assert.deepEqual(
        await redis.multi().set("a", "1").incr("a").hset("h", "f", "v").hgetall("h").exec(),
        [[null, "OK"], [null, 2], [null, 1], [null, { f: "v" }]],
      );
      // One command fails; the others are done.
      const results = await redis.multi().set("b", "1").lpush("b", "x").get("b").exec();
      assert.deepEqual(results![0], [null, "OK"]);
      assert.match(String(results![1][0]), /WRONGTYPE/);
      assert.deepEqual(results![2], [null, "1"]);
      // One is no command: nothing is done.
      const broken = redis.multi().set("b", "2").call("NOSUCH", "x");
      await assert.rejects(broken.exec(), /EXECABORT/);
      assert.equal(await redis.get("b"), "1");

      await redis.multi({ pipeline: false });
      assert.equal(await redis.set("c", "1"), "QUEUED");
      assert.equal(await redis.get("c"), "QUEUED");
      assert.deepEqual(await redis.exec(), [[null, "OK"], [null, "1"]]);
      await redis.multi({ pipeline: false });
      await redis.set("c", "2");
      assert.equal(await redis.discard(), "OK");
      assert.equal(await redis.get("c"), "1");

      // A pipeline may hold transactions among other commands.
      const mixed = redis.pipeline([
        ["get", "a"],
        ["multi"],
        ["incr", "a"],
        ["incr", "a"],
        ["exec"],
        ["get", "a"],
      ]);
      const texts = (await mixed.exec())!.map(([error, value]) => error ?? value);
      assert.deepEqual(texts, ["2", "OK", "QUEUED", "QUEUED", [3, 4], "4"]);
    } finally {
      redis.disconnect();
      await server.stop();
    }
  });

  test(`ioredis: WATCH, RESP${protocol}`, async () => {
    const server = await startPagurus();
    const redis = new Redis(server.port, "127.0.0.1", { protocol });
    const other = redis.duplicate();
    try {
      await redis.set("balance", "10");
      await redis.watch("balance");
      await other.incr("balance");
      assert.equal(await redis.multi().set("balance", "0").exec(), null);
      await redis.watch("balance", "missing");
      assert.deepEqual(await redis.multi().incr("balance").exec(), [[null, 12]]);
      await redis.watch("missing");
      await other.set("missing", "no more");
      await redis.unwatch();
      assert.deepEqual(await redis.multi().get("missing").exec(), [[null, "no more"]]);
      await redis.watch("balance");
      await other.flushall();
      assert.equal(await redis.multi().ping().exec(), null);
      assert.match(await redis.info("clients"), /watching_clients:0/);
    } finally {
      redis.disconnect();
      other.disconnect();
      await server.stop();
    }
  });

  test(`node-redis: MULTI, pipelines, errors, RESP${protocol}`, async () => {
    const server = await startPagurus();
    const client = await createClient({ url: server.url, RESP: protocol }).connect();
    try {
      const replies = await client.multi().set("a", "1").incr("a").hSet("h", "f", "v")
        .hGetAll("h").zAdd("z", { score: 1.5, value: "m" }).zScore("z", "m").exec();
      assert.deepEqual(JSON.parse(JSON.stringify(replies)), ["OK", 2, 1, { f: "v" }, 1, 1.5]);
      assert.deepEqual(await client.multi().get("a").get("none").execAsPipeline(), ["2", null]);
      await assert.rejects(
        client.multi().set("a", "x").lPush("a", "x").exec(),
        /1 commands failed/,
      );
      await assert.rejects(client.multi().addCommand(["NOSUCH"]).exec(), /EXECABORT|unknown/);
      assert.equal(await client.get("a"), "x");
      assert.deepEqual(await client.multi().select(3).set("in3", "v").exec(), ["OK", "OK"]);
      assert.match(await client.sendCommand(["CLIENT", "INFO"]) as string, / db=3 .* multi=-1 /);
    } finally {
      client.destroy();
      await server.stop();
    }
  });

  test(`node-redis: WATCH with a conflict, tried again, RESP${protocol}`, async () => {
    const server = await startPagurus();
    const client = await createClient({ url: server.url, RESP: protocol }).connect();
    const other = await client.duplicate().connect();
    try {
      await client.set("stock", "5");
      let tries = 0;
      for (;;) {
        await client.watch("stock");
        const stock = Number(await client.get("stock"));
        if (tries++ === 0) await other.decr("stock");
        try {
          await client.multi().set("stock", String(stock - 1)).exec();
          break;
        } catch (error) {
          assert.ok(error instanceof WatchError);
        }
      }
      assert.equal(tries, 2);
      assert.equal(await client.get("stock"), "3");
    } finally {
      client.destroy();
      other.destroy();
      await server.stop();
    }
  });
}

test("many clients increase one number through WATCH", async () => {
  const server = await startPagurus();
  const clients = Array.from({ length: 5 }, () => new Redis(server.port, "127.0.0.1"));
  try {
    await Promise.all(clients.map(async (client) => {
      for (let done = 0; done < 10;) {
        await client.watch("count");
        const count = Number(await client.get("count"));
        if (await client.multi().set("count", count + 1).exec() !== null) done++;
      }
    }));
    assert.equal(await clients[0].get("count"), "50");
  } finally {
    for (const client of clients) client.disconnect();
    await server.stop();
  }
});

test("Bun's client: MULTI, WATCH", { skip: skipWithoutBun }, async () => {
  const server = await startPagurus();
  // Commands of other callers must not come between those of a transaction.
  const client = newBunRedis(server.url, { enableAutoPipelining: false });
  const other = newBunRedis(server.url);
  try {
    await client.connect();
    await other.connect();
    await client.send("MULTI", []);
    assert.equal(await client.send("SET", ["a", "1"]), "QUEUED");
    assert.equal(await client.send("INCR", ["a"]), "QUEUED");
    assert.deepEqual(await client.send("EXEC", []), ["OK", 2]);
    await client.send("WATCH", ["a"]);
    await other.set("a", "7");
    await client.send("MULTI", []);
    await client.send("INCR", ["a"]);
    assert.equal(await client.send("EXEC", []), null);
    assert.equal(await client.get("a"), "7");
    await client.send("MULTI", []);
    await assert.rejects(client.send("NOSUCH", []), /unknown command/);
    await assert.rejects(client.send("EXEC", []), /EXECABORT/);
  } finally {
    client.close();
    other.close();
    await server.stop();
  }
});
