/**
 * What frameworks send besides their scripts, in their order: BullMQ, Socket.IO's streams adapter,
 * Celery, Sidekiq, a rate limiter, a lock, a session store.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Redis } from "ioredis";
import { startPagurus, stopServers } from "../support/servers.ts";
import { untilBlocked } from "../support/until.ts";

after(stopServers);

/** Runs with a server and some connections to it. */
async function withClients(
  count: number,
  run: (...clients: Redis[]) => Promise<void>,
): Promise<void> {
  const server = await startPagurus();
  const clients = Array.from(
    { length: count },
    () => new Redis(server.port, "127.0.0.1", { maxRetriesPerRequest: null }),
  );
  try {
    await run(...clients);
  } finally {
    for (const client of clients) client.disconnect();
    await server.stop();
  }
}

test("BullMQ: what it asks of INFO", async () => {
  await withClients(1, async (redis) => {
    const info = await redis.info();
    const version = /^redis_version:(\d+)\.(\d+)\.(\d+)\r$/m.exec(info)!.slice(1).map(Number);
    // From 7.0.8 on it uses everything that it can use.
    assert.ok(version[0] > 7 || version[0] === 7 && (version[1] > 0 || version[2] >= 8));
    assert.match(info, /^maxmemory_policy:noeviction\r$/m);
    assert.doesNotMatch(info, /^(valkey_version|dragonfly_version):/m);
  });
});

test("BullMQ: a worker's marker, events, workers by name, pages of jobs", async () => {
  await withClients(4, async (queue, worker, events, other) => {
    await worker.client("SETNAME", "bull:cGFpbnQ=:w:painter");
    await events.client("SETNAME", "bull:cGFpbnQ=:qe");
    const list = String(await queue.client("LIST")).split("\n");
    const names = list.map((line) => / name=(\S*)/.exec(line)?.[1]).filter(Boolean);
    assert.deepEqual(names.sort(), ["bull:cGFpbnQ=:qe", "bull:cGFpbnQ=:w:painter"]);
    for (const line of list.filter(Boolean)) {
      for (const field of line.split(" ")) assert.match(field, /^[a-z-]+=/);
      assert.match(line, /^id=\d+ addr=127\.0\.0\.1:\d+ .* age=\d+ idle=\d+ /);
    }

    const marker = worker.bzpopmin("bull:paint:marker", 10);
    const event = events.xread("BLOCK", 10_000, "STREAMS", "bull:paint:events", "$");
    await untilBlocked(queue, 2);
    await queue.multi()
      .hset("bull:paint:meta", "opts.maxLenEvents", "10000", "version", "bullmq:5.0.0")
      .hset(
        "bull:paint:1",
        "name",
        "cars",
        "data",
        '{"color":"blue"}',
        "timestamp",
        "1700000000000",
      )
      .lpush("bull:paint:wait", "1")
      .zadd("bull:paint:marker", 0, "0")
      .xadd("bull:paint:events", "MAXLEN", "~", 10_000, "*", "event", "waiting", "jobId", "1")
      .exec();
    assert.deepEqual(await marker, ["bull:paint:marker", "0", "0"]);
    const [[stream, [[, fields]]]] = (await event)!;
    assert.equal(stream, "bull:paint:events");
    assert.deepEqual(fields, ["event", "waiting", "jobId", "1"]);
    // A job that is due later: the worker waits for just that long.
    assert.equal(await worker.bzpopmin("bull:paint:marker", 0.002), null);

    assert.equal(await worker.set("bull:paint:1:lock", "token", "PX", 30_000, "NX"), "OK");
    assert.equal(await worker.rpoplpush("bull:paint:wait", "bull:paint:active"), "1");
    const counts = await queue.multi()
      .llen("bull:paint:wait").llen("bull:paint:active").zcard("bull:paint:delayed")
      .zcard("bull:paint:completed").exec();
    assert.deepEqual(counts!.map((result) => result[1]), [0, 1, 0, 0]);
    await worker.multi()
      .lrem("bull:paint:active", -1, "1").del("bull:paint:1:lock")
      .zadd("bull:paint:completed", 1_700_000_000_001, "1").exec();
    assert.deepEqual(await queue.zrevrange("bull:paint:completed", 0, -1), ["1"]);
    assert.equal((await queue.hgetall("bull:paint:1")).name, "cars");
    const trimmed = await queue.xtrim("bull:paint:events", "MAXLEN", "~", 0);
    assert.ok(trimmed >= 0);
    const keys: string[] = [];
    for await (const batch of other.scanStream({ match: "bull:paint:*", count: 1000 })) {
      keys.push(...batch as string[]);
      if (batch.length > 0) await other.pipeline().del(...batch).exec();
    }
    assert.ok(keys.includes("bull:paint:meta"));
    assert.equal(await other.dbsize(), 0);
  });
});

test("Socket.IO: the streams adapter, sessions restored", async () => {
  await withClients(3, async (writer, reader, other) => {
    let offset = "$";
    const heard: string[] = [];
    const reading = (async () => {
      while (heard.length < 3) {
        const streams = await reader.xread(
          ...["COUNT", 100, "BLOCK", 5000, "STREAMS", "socket.io", offset] as const,
        );
        for (const [id, fields] of streams?.[0][1] ?? []) {
          heard.push(fields.join(" "));
          offset = id;
        }
      }
    })();
    await untilBlocked(other, 1);
    for (const text of ["one", "two", "three"]) {
      await writer.xadd(
        ...["socket.io", "MAXLEN", "~", 10_000, "*"] as Parameters<typeof writer.xadd>,
        ...["uid", "abc", "nsp", "/", "type", "3", "data", text],
      );
    }
    await reading;
    assert.deepEqual(
      heard,
      ["one", "two", "three"].map((data) => `uid abc nsp / type 3 data ${data}`),
    );

    await writer.set("sio:session:pid", Buffer.from([0x83, 0xff]), "PX", 120_000);
    const restored = await writer.multi().getBuffer("sio:session:pid").del("sio:session:pid")
      .exec();
    assert.deepEqual(restored, [[null, Buffer.from([0x83, 0xff])], [null, 1]]);
    assert.equal((await writer.xrange("socket.io", "-", "+", "COUNT", 1)).length, 1);
    const [first] = await writer.xrange("socket.io", "-", "+", "COUNT", 1);
    const [next] = await writer.xrange("socket.io", `(${first[0]}`, "+");
    assert.equal(next[1].at(-1), "two");
  });
});

test("Celery: queues by priority, unacknowledged messages, results", async () => {
  await withClients(3, async (producer, worker, other) => {
    const routing = "celery\x06\x16\x06\x16celery";
    await producer.sadd("_kombu.binding.celery", routing);
    assert.deepEqual(await producer.smembers("_kombu.binding.celery"), [routing]);
    const queues = ["celery", "celery\x06\x163", "celery\x06\x166", "celery\x06\x169"];
    const waiting = worker.brpop(...queues, 10);
    await untilBlocked(other, 1);
    await producer.lpush(queues[1], '{"body":"W10="}');
    assert.deepEqual(await waiting, [queues[1], '{"body":"W10="}']);
    assert.equal(await worker.brpop(...queues, 0.01), null);

    await worker.multi().zadd("unacked_index", 1_700_000_000, "tag")
      .hset("unacked", "tag", "message").exec();
    assert.equal(await worker.set("unacked_mutex", "id", "EX", 300, "NX"), "OK");
    assert.equal(await other.set("unacked_mutex", "other", "EX", 300, "NX"), null);
    assert.deepEqual(
      await worker.zrevrangebyscore(
        "unacked_index",
        1_700_000_001,
        0,
        "WITHSCORES",
        "LIMIT",
        0,
        10,
      ),
      ["tag", "1700000000"],
    );
    await worker.watch("unacked");
    assert.equal(await worker.hget("unacked", "tag"), "message");
    assert.deepEqual(
      await worker.multi().zrem("unacked_index", "tag").hdel("unacked", "tag").exec(),
      [[null, 1], [null, 1]],
    );

    const subscriber = other.duplicate();
    await subscriber.psubscribe("celery-task-meta-*", "/*.celeryev/worker.*");
    const result = new Promise<string[]>((resolve) => {
      subscriber.on("pmessage", (...message: string[]) => resolve(message));
    });
    await worker.multi().setex("celery-task-meta-1", 86_400, "done")
      .publish("celery-task-meta-1", "done").exec();
    assert.deepEqual(await result, ["celery-task-meta-*", "celery-task-meta-1", "done"]);
    assert.deepEqual(await producer.mget("celery-task-meta-1", "celery-task-meta-2"), [
      "done",
      null,
    ]);
    subscriber.disconnect();
  });
});

test("Sidekiq: queues, schedule, processes, metrics", async () => {
  await withClients(3, async (client, fetcher, other) => {
    const waiting = fetcher.brpop("queue:critical", "queue:default", 2);
    await untilBlocked(other, 1);
    await client.pipeline().sadd("queues", "default").lpush("queue:default", '{"jid":"1"}').exec();
    assert.deepEqual(await waiting, ["queue:default", '{"jid":"1"}']);

    await client.zadd("schedule", 100.5, '{"jid":"2"}', "200.25", '{"jid":"3"}');
    assert.deepEqual(await client.zrangebyscore("schedule", "-inf", 150, "LIMIT", 0, 1), [
      '{"jid":"2"}',
    ]);
    assert.deepEqual(
      await client.call("ZRANGE", "schedule", "-inf", "150", "BYSCORE", "LIMIT", "0", "1"),
      ['{"jid":"2"}'],
    );
    assert.equal(await client.zrem("schedule", '{"jid":"2"}'), 1);

    const beat = await client.multi()
      .sadd("processes", "host:1").exists("host:1")
      .hset("host:1", "info", "{}", "busy", 0, "beat", "1700000000.1", "quiet", "false")
      .expire("host:1", 60).rpop("host:1-signals").exec();
    assert.deepEqual(beat!.map((result) => result[1]), [1, 0, 4, 1, null]);
    await client.multi().unlink("host:1:work").hset("host:1:work", "thread", "{}")
      .expire("host:1:work", 60).exec();
    assert.deepEqual(await client.sscan("processes", 0), ["0", ["host:1"]]);
    assert.deepEqual(
      await client.pipeline().incrby("stat:processed", 3).incrby("stat:failed:2024-01-01", 1)
        .expire("stat:failed:2024-01-01", 100).exec(),
      [[null, 3], [null, 1], [null, 1]],
    );
    assert.deepEqual(
      await client.call(
        ..."BITFIELD j|20240101|Job-10:00 INCRBY u16 #2 5 INCRBY u16 #25 1".split(" ") as [string],
      ),
      [5, 1],
    );
    assert.deepEqual(
      await client.call(
        ..."BITFIELD_RO j|20240101|Job-10:00 GET u16 #2 GET u16 #3".split(" ") as [string],
      ),
      [5, 0],
    );
    await client.hincrby("j|20240101|10:0", "Job|p", 1);
    const info = await client.info();
    for (const field of ["redis_version", "uptime_in_days", "connected_clients"]) {
      assert.match(info, new RegExp(`^${field}:`, "m"));
    }
    for (const field of ["used_memory_human", "used_memory_peak_human", "maxmemory_policy"]) {
      assert.match(info, new RegExp(`^${field}:`, "m"));
    }
  });
});

test("a sliding window, a lock with a token, a leaderboard, a cache", async () => {
  await withClients(2, async (redis, other) => {
    const hits = await redis.multi()
      .zremrangebyscore("limit", 0, 999).zadd("limit", 1000, "a").zcard("limit")
      .pexpire("limit", 60_000).exec();
    assert.deepEqual(hits!.map((result) => result[1]), [0, 1, 1, 1]);

    assert.equal(await redis.set("lock", "mine", "PX", 10_000, "NX"), "OK");
    assert.equal(await other.set("lock", "theirs", "PX", 10_000, "NX"), null);
    await other.watch("lock");
    assert.equal(await other.get("lock"), "mine");
    await redis.del("lock");
    assert.equal(await other.multi().del("lock").exec(), null);

    await redis.zadd("board", 10, "ann", 20, "bob", 15, "cy");
    await redis.zincrby("board", 7, "ann");
    assert.deepEqual(await redis.zrevrange("board", 0, 1, "WITHSCORES"), [
      "bob",
      "20",
      "ann",
      "17",
    ]);
    assert.equal(await redis.zrevrank("board", "cy"), 2);

    assert.equal(await redis.set("cache", "v1", "EX", 60, "GET"), null);
    assert.equal(await redis.set("cache", "v2", "KEEPTTL", "GET"), "v1");
    assert.ok(await redis.ttl("cache") > 50);
    assert.equal(await redis.getdel("cache"), "v2");
    assert.equal(await redis.getex("cache", "PERSIST"), null);
  });
});
