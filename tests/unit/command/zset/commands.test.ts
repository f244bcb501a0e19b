/** What the commands on sorted sets propagate, and what Redis 7.0 does not know. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HeapFull } from "../../../../src/heap/heap.ts";
import { CommandFixture } from "../fixture.ts";

/** What a command, its words between spaces, makes others repeat. */
function propagated(f: CommandFixture, command: string): string[] {
  f.run(...command.split(" "));
  return f.takePropagated();
}

test("what changes something is repeated as it came, ZMPOP as what it came to", () => {
  const f = new CommandFixture();
  const repeated = (command: string) => {
    const [name, ...rest] = command.split(" ");
    assert.deepEqual(propagated(f, command), [`0 ${[name, ...rest].join(" ")}`]);
  };
  const silent = (command: string) => assert.deepEqual(propagated(f, command), [], command);
  repeated("zadd z 1 a 2 b 3 c 4 d 5 e 6 f 7 g 8 h");
  silent("zadd z 1 a");
  silent("zadd z nx 5 a");
  silent("zadd z xx 5 none");
  silent("zadd z gt 0 a");
  repeated("zadd z ch 5 a");
  repeated("zadd z incr 1 a");
  repeated("zincrby z 1.5 a");
  silent("zincrby z 0 a");
  repeated("zpopmin z");
  repeated("zpopmax z 2");
  silent("zpopmin z 0");
  silent("zpopmin none");
  assert.deepEqual(propagated(f, "zmpop 2 none z max"), ["0 ZPOPMAX z 1"]);
  assert.deepEqual(propagated(f, "zmpop 1 z min count 2"), ["0 ZPOPMIN z 2"]);
  silent("zmpop 1 none min");
  repeated("zadd z 1 x 2 y");
  repeated("zrem z x none");
  silent("zrem z none");
  repeated("zremrangebyscore z 2 2");
  silent("zremrangebyscore z 200 200");
  repeated("zunionstore to 1 z");
  repeated("zdiffstore to 2 z z");
  silent("zdiffstore to 2 z z");
  repeated("zrangestore to z 0 0");
  silent("zunion 1 z");
  assert.deepEqual(propagated(f, "zmpop 1 z max count 100"), ["0 ZPOPMAX z 2"]);
});

test("scores are written as Redis 7.2 writes them", () => {
  const f = new CommandFixture();
  const { limits } = f.keyspace;
  for (const entries of [0, 128]) {
    limits.zsetMaxListpackEntries = entries;
    f.run("zadd", "z", "0.1", "a", "123456789012345678", "b", "1e20", "c", "3.0", "d");
    const texts = f.list("zrange", "z", "0", "-1", "withscores");
    // redis-server 8.0.2 replies the same.
    assert.deepEqual(texts, ["a", "0.1", "d", "3", "b", "123456789012345680", "c", "1e+20"]);
    f.run("zpopmin", "z", "100");
  }
});

test("a negative zero stays one only in a large sorted set, as in Redis 8.0", () => {
  const f = new CommandFixture();
  f.run("zadd", "small", "-0", "a");
  assert.deepEqual(f.list("zscore", "small", "a"), ["0"]);
  f.keyspace.limits.zsetMaxListpackEntries = 0;
  f.run("zadd", "large", "-0", "a");
  assert.deepEqual(f.list("zscore", "large", "a"), ["-0"]);
  assert.deepEqual(f.list("zrange", "large", "0", "0", "withscores"), ["a", "-0"]);
  assert.equal(f.run("zadd", "large", "ch", "0", "a"), ":0\r\n");
  f.keyspace.check();
});

test("ZSCAN goes through a large sorted set while it changes", () => {
  const f = new CommandFixture();
  for (let i = 0; i < 1000; i++) f.run("zadd", "z", String(i), `stays:${i}`);
  const seen = new Set<string>();
  let cursor = "0";
  for (let round = 0; round === 0 || cursor !== "0"; round++) {
    const [next, ...pairs] = f.list("zscan", "z", cursor, "COUNT", "20");
    for (let i = 0; i < pairs.length; i += 2) seen.add(`${pairs[i]}=${pairs[i + 1]}`);
    cursor = next;
    for (let i = 0; i < 50; i++) {
      if (round < 15) f.run("zadd", "z", "5", `extra:${round}:${i}`);
      else f.run("zrem", "z", `extra:${round - 15}:${i}`);
    }
  }
  for (let i = 0; i < 1000; i++) assert.ok(seen.has(`stays:${i}=${i}`));
});

test("ZRANDMEMBER draws every member alike", () => {
  for (const entries of [0, 128]) {
    const f = new CommandFixture();
    f.keyspace.limits.zsetMaxListpackEntries = entries;
    for (let i = 0; i < 20; i++) f.run("zadd", "z", String(i), `m${i}`);
    for (const count of ["-1000", "5", "15"]) {
      const drawn = new Map<string, number>();
      for (let round = 0; round < (count === "-1000" ? 4 : 400); round++) {
        const texts = f.list("zrandmember", "z", count);
        if (count !== "-1000") assert.equal(new Set(texts).size, Number(count));
        for (const text of texts) drawn.set(text, (drawn.get(text) ?? 0) + 1);
      }
      const total = [...drawn.values()].reduce((sum, each) => sum + each, 0);
      assert.equal(drawn.size, 20);
      for (const each of drawn.values()) {
        assert.ok(Math.abs(each - total / 20) < total / 20 * 0.45, `${each} of ${total}`);
      }
    }
  }
});

test("ZRANDMEMBER does not make a reply that nobody could read", () => {
  const f = new CommandFixture();
  f.run("zadd", "z", "1", "m");
  assert.throws(() => f.run("zrandmember", "z", "-1000000000000"), HeapFull);
});
