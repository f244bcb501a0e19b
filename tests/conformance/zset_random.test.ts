/**
 * Sorted sets under many random commands, the same on both servers, and their payloads from one to
 * the other.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { conformance, type Scenario, startPair } from "../support/compare.ts";
import { bytesOf, describe, type Reply } from "../support/reply.ts";
import type { Argument, RespClient } from "../support/resp_client.ts";
import { skipWithout } from "../support/servers.ts";

/** Random choices that are the same at every run. */
class Choices {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(count: number): number {
    this.#state = Math.imul(this.#state, 1103515245) + 12345 >>> 0;
    return (this.#state >>> 8) % count;
  }

  of<T>(...values: T[]): T {
    return values[this.below(values.length)];
  }

  key(): string {
    return `z${this.below(4)}`;
  }

  /** Text that both servers spell alike. */
  score(): string {
    return this.of(
      ...[`${this.below(20) - 10}`, `${this.below(1000) / 4}`, `${this.below(1 << 24)}`],
      ...["inf", "-inf", "0", `-${this.below(9)}.5`],
    );
  }

  member(): string {
    const number = this.below(60);
    return this.of(`member:${number}`, `${number - 30}`, `m${number}`, "l".repeat(55 + number));
  }

  bound(): string {
    return this.of("-inf", "+inf", `(${this.score()}`, this.score());
  }

  lexBound(): string {
    return this.of("-", "+", `[${this.member()}`, `(${this.member()}`);
  }

  rank(): string {
    return String(this.below(60) - 30);
  }
}

const ADD_OPTIONS = [[], [], [], ["CH"], ["NX"], ["XX", "CH"], ["GT", "CH"], ["LT"]];

function randomCommand(r: Choices): Argument[] {
  const weights = ["WEIGHTS", r.of("1", "2", "-1"), r.of("1", "0.5")];
  const aggregate = ["AGGREGATE", r.of("SUM", "MIN", "MAX")];
  const options = r.of<string[]>([], weights, aggregate, [...weights, ...aggregate]);
  switch (r.below(22)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5: {
      const pairs = Array.from({ length: 1 + r.below(6) }, () => [r.score(), r.member()]);
      return ["ZADD", r.key(), ...r.of(...ADD_OPTIONS), ...pairs.flat()];
    }
    case 6:
      return ["ZINCRBY", r.key(), r.score(), r.member()];
    case 7:
      return ["ZADD", r.key(), r.of("GT", "LT", "XX", "NX"), "INCR", r.score(), r.member()];
    case 8:
      return ["ZREM", r.key(), r.member(), r.member(), r.member()];
    case 9:
      return ["ZRANGE", r.key(), r.rank(), r.rank(), ...r.of([], ["REV"], ["WITHSCORES"])];
    case 10:
      return ["ZRANGE", r.key(), r.bound(), r.bound(), "BYSCORE", ...r.of([], ["REV"])];
    case 11:
      return ["ZCOUNT", r.key(), r.bound(), r.bound()];
    case 12:
      return [r.of("ZRANK", "ZREVRANK", "ZSCORE"), r.key(), r.member()];
    case 13:
      return [r.of("ZPOPMIN", "ZPOPMAX"), r.key(), String(r.below(4))];
    case 14:
      return ["ZREMRANGEBYRANK", r.key(), r.rank(), String(r.below(8))];
    case 15:
      return ["ZREMRANGEBYSCORE", r.key(), `(${r.below(10)}`, `${r.below(12)}`];
    case 16:
      return ["ZUNIONSTORE", r.key(), "2", r.key(), r.key(), ...options];
    case 17:
      return ["ZINTERSTORE", r.key(), "2", r.key(), r.key(), ...options];
    case 18:
      return ["ZDIFFSTORE", r.key(), "2", r.key(), r.key()];
    case 19:
      return ["ZRANGESTORE", r.key(), r.key(), r.bound(), r.bound(), "BYSCORE"];
    case 20:
      return ["ZMPOP", "2", r.key(), r.key(), r.of("MIN", "MAX"), "COUNT", "2"];
    default:
      return ["ZMSCORE", r.key(), r.member(), r.member()];
  }
}

function randomScenario(c: Scenario, seed: number, entries: string): void {
  c.do("CONFIG", "SET", "zset-max-listpack-entries", entries);
  const r = new Choices(seed);
  for (let i = 0; i < 700; i++) c.do(...randomCommand(r));
  for (let i = 0; i < 4; i++) {
    c.do("ZRANGE", `z${i}`, "0", "-1", "WITHSCORES");
    c.do("DEBUG", "DIGEST-VALUE", `z${i}`);
  }
  c.do("CONFIG", "SET", "zset-max-listpack-entries", "128");
}

for (const entries of ["0", "20", "128"]) {
  for (const seed of [1, 2]) {
    conformance(`random commands, up to ${entries} entries small, seed ${seed}`, (c) => {
      randomScenario(c, seed * 7919 + Number(entries), entries);
    });
  }
}

conformance("ranges by bytes where all scores are the same", (c) => {
  for (const entries of ["0", "1000"]) {
    c.do("CONFIG", "SET", "zset-max-listpack-entries", entries);
    const r = new Choices(5);
    for (let i = 0; i < 300; i++) c.do("ZADD", "z", "7", r.member());
    for (let i = 0; i < 200; i++) {
      c.do("ZRANGEBYLEX", "z", r.lexBound(), r.lexBound());
      c.do("ZREVRANGEBYLEX", "z", r.lexBound(), r.lexBound(), "LIMIT", "2", "5");
      c.do("ZLEXCOUNT", "z", r.lexBound(), r.lexBound());
    }
    c.do("ZREMRANGEBYLEX", "z", "[l", "[m2");
    c.do("DEBUG", "DIGEST");
    c.do("DEL", "z");
  }
  c.do("CONFIG", "SET", "zset-max-listpack-entries", "128");
});

conformance("encodings around the limits", (c) => {
  const small = Array.from({ length: 128 }, (_, i) => [String(i), `m${i}`]);
  c.do("ZADD", "z", ...small.flat());
  c.do("OBJECT", "ENCODING", "z");
  c.do("ZADD", "z", "5", "m0");
  c.do("OBJECT", "ENCODING", "z");
  c.do("ZADD", "z", "5", "one more");
  c.do("OBJECT", "ENCODING", "z");
  c.do("ZREM", "z", "one more");
  c.do("OBJECT", "ENCODING", "z");
  for (const length of [63, 64, 65]) {
    c.do("ZADD", `v${length}`, "1", "x".repeat(length));
    c.do("OBJECT", "ENCODING", `v${length}`);
    c.do("ZADD", "w", "1", "x".repeat(length));
    c.do("OBJECT", "ENCODING", "w");
    c.do("ZUNIONSTORE", "u", "1", `v${length}`);
    c.do("OBJECT", "ENCODING", "u");
  }
  c.do("COPY", "z", "copy");
  c.do("OBJECT", "ENCODING", "copy");
  c.do("DEBUG", "DIGEST");
});

/** Sorted sets that both servers have made by the same commands. */
const SETS: readonly (readonly Argument[])[] = [
  ["1", "a"],
  ["1", "a", "-2", "b", "3000", "c", "1.5", "d", "inf", "e", "-inf", "f", "7", "12", "8", "-100"],
  Array.from({ length: 128 }, (_, i) => [String(i * i), `member:${i}`]).flat(),
  Array.from({ length: 129 }, (_, i) => [String(i % 7), `member:${i}`]).flat(),
  Array.from({ length: 3000 }, (_, i) => [String(i % 977 / 4), `${i * 7}`]).flat(),
  ["1", "x".repeat(64), "2", "y".repeat(65), "3", "z".repeat(3000), "4", "w".repeat(100_000)],
  ["0", "", "0", "\0", "9007199254740992", "big", "1e100", "huge", "-1e-5", "tiny"],
];

function withoutFooter(reply: Reply): string {
  const bytes = bytesOf(reply);
  return bytes === undefined
    ? describe(reply)
    : Buffer.from(bytes.subarray(0, bytes.length - 10)).toString("latin1");
}

async function content(client: RespClient): Promise<string[]> {
  const replies = [
    await client.command("ZRANGE", "z", "0", "-1"),
    await client.command("OBJECT", "ENCODING", "z"),
    await client.command("DEBUG", "DIGEST-VALUE", "z"),
  ];
  return replies.map(describe);
}

test("DUMP there, RESTORE here, and the other way round", {
  skip: skipWithout("redis-server"),
}, async () => {
  const { redis, ours } = await startPair();
  const [judge, own] = [await redis.client(), await ours.client()];
  for (const compression of ["no", "yes"]) {
    for (const each of [judge, own]) {
      await each.command("CONFIG", "SET", "rdbcompression", compression);
    }
    for (const pairs of SETS) {
      for (const each of [judge, own]) {
        await each.command("FLUSHALL");
        await each.command("ZADD", "z", ...pairs);
      }
      const expected = await content(judge);
      assert.deepEqual(await content(own), expected);
      const [theirs, mine] = [await judge.command("DUMP", "z"), await own.command("DUMP", "z")];
      const isSpelledAlike = !pairs.includes("1e100");
      if (compression === "no" && isSpelledAlike) {
        assert.equal(withoutFooter(mine), withoutFooter(theirs));
      }
      for (const [client, payload] of [[judge, mine], [own, theirs], [own, mine]] as const) {
        const reply = await client.command("RESTORE", "z", "0", bytesOf(payload)!, "REPLACE");
        assert.equal(describe(reply), '+"OK"');
        assert.deepEqual(await content(client), expected);
      }
    }
  }
  judge.close();
  own.close();
});
