/** Commands that wait, as client libraries use them, each served through another connection. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { newBunRedis, skipWithoutBun } from "../support/bun_redis.ts";
import { startPagurus, stopServers } from "../support/servers.ts";
import { untilBlocked } from "../support/until.ts";

after(stopServers);

/** What node-redis makes of XREAD's reply. */
interface Stream {
  readonly name: string;
  readonly messages: readonly { readonly id: string; readonly message: Record<string, string> }[];
}

for (const protocol of [2, 3] as const) {
  test(`ioredis: lists, sorted sets, streams, RESP${protocol}`, async () => {
    const server = await startPagurus();
    const redis = new Redis(server.port, "127.0.0.1", { protocol });
    const waiter = redis.duplicate();
    try {
      const popped = waiter.blpop("first", "second", 0);
      await untilBlocked(redis, 1);
      await redis.rpush("second", "a", "b");
      assert.deepEqual(await popped, ["second", "a"]);
      assert.deepEqual(await waiter.brpop("second", 0), ["second", "b"]);
      assert.equal(await waiter.blpop("second", 0.01), null);

      const moved = waiter.blmove("from", "to", "LEFT", "RIGHT", 0);
      await untilBlocked(redis, 1);
      await redis.multi().lpush("from", "x").lpush("from", "y").exec();
      assert.equal(await moved, "y");
      assert.equal(await waiter.brpoplpush("from", "to", 1), "x");
      assert.deepEqual(await redis.lrange("to", 0, -1), ["x", "y"]);
      assert.deepEqual(await waiter.blmpop(1, 2, "none", "to", "RIGHT", "COUNT", 5), [
        "to",
        ["y", "x"],
      ]);

      const smallest = waiter.bzpopmin("zset", 0);
      await untilBlocked(redis, 1);
      await redis.zadd("zset", 2.5, "b", 1.5, "a");
      assert.deepEqual(await smallest, ["zset", "a", "1.5"]);
      assert.deepEqual(await waiter.bzpopmax("zset", 1), ["zset", "b", "2.5"]);
      assert.equal(await waiter.bzpopmin("zset", 0.01), null);

      const read = waiter.xread("COUNT", 10, "BLOCK", 0, "STREAMS", "stream", "$");
      await untilBlocked(redis, 1);
      await redis.xadd("stream", "1-1", "field", "value");
      assert.deepEqual(await read, [["stream", [["1-1", ["field", "value"]]]]]);
      assert.equal(await waiter.xread("BLOCK", 5, "STREAMS", "stream", "1-1"), null);
      await redis.xgroup("CREATE", "stream", "group", "$");
      const group = waiter.xreadgroup("GROUP", "group", "me", "BLOCK", 0, "STREAMS", "stream", ">");
      await untilBlocked(redis, 1);
      await redis.xadd("stream", "2-1", "field", "again");
      assert.deepEqual(await group, [["stream", [["2-1", ["field", "again"]]]]]);
      assert.equal(await redis.xack("stream", "group", "2-1"), 1);
    } finally {
      redis.disconnect();
      waiter.disconnect();
      await server.stop();
    }
  });

  test(`node-redis: lists, sorted sets, streams, RESP${protocol}`, async () => {
    const server = await startPagurus();
    const redis = new Redis(server.port, "127.0.0.1");
    const waiter = await createClient({ url: server.url, RESP: protocol }).connect();
    try {
      const popped = waiter.blPop(["first", "second"], 0);
      await untilBlocked(redis, 1);
      await redis.rpush("second", "a");
      assert.deepEqual({ ...await popped }, { key: "second", element: "a" });
      assert.equal(await waiter.brPop("second", 0.01), null);

      const moved = waiter.blMove("from", "to", "LEFT", "LEFT", 0);
      await untilBlocked(redis, 1);
      await redis.rpush("from", "x");
      assert.equal(await moved, "x");

      const smallest = waiter.bzPopMin(["zset", "other"], 0);
      await untilBlocked(redis, 1);
      await redis.zadd("other", 1.5, "a");
      assert.deepEqual({ ...await smallest }, { key: "other", value: "a", score: 1.5 });
      assert.equal(await waiter.bzPopMax("zset", 0.01), null);

      const read = waiter.xRead({ key: "stream", id: "$" }, { BLOCK: 0 });
      await untilBlocked(redis, 1);
      await redis.xadd("stream", "1-1", "field", "value");
      const [stream] = await read as unknown as Stream[];
      assert.equal(stream.name, "stream");
      assert.equal(stream.messages[0].id, "1-1");
      assert.deepEqual({ ...stream.messages[0].message }, { field: "value" });
      assert.equal(await waiter.xRead({ key: "stream", id: "1-1" }, { BLOCK: 5 }), null);
    } finally {
      redis.disconnect();
      waiter.destroy();
      await server.stop();
    }
  });
}

test("who waited longest is served first, and who has gone is not", async () => {
  const server = await startPagurus();
  const redis = new Redis(server.port, "127.0.0.1");
  const waiters = Array.from({ length: 4 }, () => redis.duplicate());
  try {
    const got: string[] = [];
    for (const [i, waiter] of waiters.entries()) {
      waiter.blpop("queue", 0).then((reply) => got.push(`${i} ${reply![1]}`), () => {});
      await untilBlocked(redis, i + 1);
    }
    waiters[1].disconnect();
    await untilBlocked(redis, 3);
    await redis.rpush("queue", "a", "b");
    await untilBlocked(redis, 1);
    await redis.rpush("queue", "c");
    await untilBlocked(redis, 0);
    while (got.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(got.sort(), ["0 a", "2 b", "3 c"]);
  } finally {
    redis.disconnect();
    for (const waiter of waiters) waiter.disconnect();
    await server.stop();
  }
});

test("CLIENT UNBLOCK ends a wait, with null or an error", async () => {
  const server = await startPagurus();
  const redis = new Redis(server.port, "127.0.0.1");
  const waiter = redis.duplicate();
  try {
    const id = await waiter.client("ID");
    const first = waiter.blpop("queue", 0);
    await untilBlocked(redis, 1);
    assert.equal(await redis.client("UNBLOCK", id), 1);
    assert.equal(await first, null);
    const second = assert.rejects(waiter.bzpopmin("queue", 0), /UNBLOCKED/);
    await untilBlocked(redis, 1);
    assert.equal(await redis.client("UNBLOCK", id, "ERROR"), 1);
    await second;
    assert.equal(await redis.client("UNBLOCK", id), 0);
  } finally {
    redis.disconnect();
    waiter.disconnect();
    await server.stop();
  }
});

test("Bun's client: lists, sorted sets, streams", { skip: skipWithoutBun }, async () => {
  const server = await startPagurus();
  const redis = new Redis(server.port, "127.0.0.1");
  const waiter = newBunRedis(server.url);
  try {
    await waiter.connect();
    const popped = waiter.blpop("first", "second", 0);
    await untilBlocked(redis, 1);
    await redis.rpush("second", "a");
    assert.deepEqual(await popped, ["second", "a"]);
    const smallest = waiter.send("BZPOPMIN", ["zset", "0"]);
    await untilBlocked(redis, 1);
    await redis.zadd("zset", 1.5, "a");
    assert.deepEqual(await smallest, ["zset", "a", 1.5]);
    const read = waiter.send("XREAD", ["BLOCK", "0", "STREAMS", "stream", "$"]);
    await untilBlocked(redis, 1);
    await redis.xadd("stream", "1-1", "field", "value");
    assert.deepEqual({ ...await read as object }, { stream: [["1-1", ["field", "value"]]] });
    assert.equal(await waiter.blpop("first", 0.01), null);
  } finally {
    redis.disconnect();
    waiter.close();
    await server.stop();
  }
});
