/** Commands that read and change a value of each type, made up at random. */
import type { Prng } from "../../src/base/prng.ts";

/** Makes one of many commands for a key. */
type MakeCommand = (key: string, prng: Prng) => string[];

const TEXTS = ["", "a", "b", "1", "-7", "70000", "3.5", "field", "name", "item 1", "x".repeat(70)];
const LONG_TEXTS = [...TEXTS, "y".repeat(300), "z".repeat(3000), "9223372036854775807"];
const SCORES = ["0", "-0", "1", "2.5", "-inf", "inf", "1e300", "0.1", "3", "-99999999999"];
const IDS = ["0-0", "1-1", "5-1", "5-2", "9-0", "9-5", "5156-0", "1000-0", "-", "+"];
const END_IDS = ["0", "1-1", "5-2", "9-5", "5500-0", "99999-0"];

function pick<T>(prng: Prng, values: readonly T[]): T {
  return values[prng.below(values.length)];
}

function integer(prng: Prng): string {
  const choice = prng.below(4);
  if (choice === 0) return String(prng.below(400) - 200);
  return String(choice === 1 ? prng.below(3) : prng.below(12) - 6);
}

const text = (prng: Prng) => pick(prng, prng.below(8) === 0 ? LONG_TEXTS : TEXTS);
const score = (prng: Prng) => pick(prng, SCORES);
const nextId = (prng: Prng) => `${10_000_000 + prng.below(1000)}-${prng.below(9)}`;

const LIST: readonly MakeCommand[] = [
  (key, prng) => ["LRANGE", key, integer(prng), integer(prng)],
  (key) => ["LRANGE", key, "0", "-1"],
  (key) => ["LLEN", key],
  (key, prng) => ["LINDEX", key, integer(prng)],
  (key, prng) => ["LPUSH", key, text(prng), text(prng)],
  (key, prng) => ["RPUSH", key, text(prng)],
  (key, prng) => [pick(prng, ["LPOP", "RPOP"]), key, String(prng.below(5))],
  (key, prng) => ["LSET", key, integer(prng), text(prng)],
  (key, prng) => ["LINSERT", key, pick(prng, ["BEFORE", "AFTER"]), text(prng), text(prng)],
  (key, prng) => ["LREM", key, integer(prng), text(prng)],
  (key, prng) => ["LTRIM", key, String(prng.below(4)), integer(prng)],
  (key, prng) => ["LPOS", key, text(prng), "RANK", "-1", "COUNT", "0"],
  (key, prng) => ["LMOVE", key, key, pick(prng, ["LEFT", "RIGHT"]), pick(prng, ["LEFT", "RIGHT"])],
  (key) => ["SORT", key, "ALPHA", "LIMIT", "0", "10"],
];

const HASH: readonly MakeCommand[] = [
  (key) => ["HGETALL", key],
  (key) => ["HLEN", key],
  (key, prng) => ["HGET", key, text(prng)],
  (key, prng) => ["HMGET", key, text(prng), text(prng)],
  (key, prng) => ["HSET", key, text(prng), text(prng), text(prng), text(prng)],
  (key, prng) => ["HDEL", key, text(prng), text(prng)],
  (key, prng) => ["HINCRBY", key, text(prng), integer(prng)],
  (key, prng) => ["HINCRBYFLOAT", key, text(prng), "0.5"],
  (key, prng) => ["HRANDFIELD", key, integer(prng), "WITHVALUES"],
  (key, prng) => ["HSCAN", key, "0", "COUNT", String(1 + prng.below(50))],
  (key, prng) => ["HEXPIRE", key, String(prng.below(100)), "FIELDS", "1", text(prng)],
  (key, prng) => ["HPERSIST", key, "FIELDS", "2", text(prng), text(prng)],
  (key, prng) => ["HPEXPIRETIME", key, "FIELDS", "1", text(prng)],
  (key, prng) => ["HSTRLEN", key, text(prng)],
  (key, prng) => ["HGETDEL", key, "FIELDS", "1", text(prng)],
  (key, prng) => ["HSETEX", key, "PX", "100000", "FIELDS", "1", text(prng), text(prng)],
];

const SET: readonly MakeCommand[] = [
  (key) => ["SMEMBERS", key],
  (key) => ["SCARD", key],
  (key, prng) => ["SADD", key, text(prng), text(prng), integer(prng)],
  (key, prng) => ["SREM", key, text(prng), integer(prng)],
  (key, prng) => ["SMISMEMBER", key, text(prng), integer(prng)],
  (key, prng) => ["SPOP", key, String(prng.below(4))],
  (key, prng) => ["SRANDMEMBER", key, integer(prng)],
  (key, prng) => ["SSCAN", key, "0", "COUNT", String(1 + prng.below(50))],
  (key) => ["SUNIONSTORE", key, key, key],
  (key) => ["SINTER", key, key],
  (key) => ["SDIFF", key, "none"],
  (key) => ["SORT", key, "BY", "nosort", "GET", "#", "LIMIT", "0", "5"],
];

const ZSET: readonly MakeCommand[] = [
  (key) => ["ZRANGE", key, "0", "-1", "WITHSCORES"],
  (key) => ["ZCARD", key],
  (key, prng) => ["ZADD", key, score(prng), text(prng), score(prng), text(prng)],
  (key, prng) => ["ZADD", key, pick(prng, ["NX", "XX", "GT", "LT"]), score(prng), text(prng)],
  (key, prng) => ["ZINCRBY", key, score(prng), text(prng)],
  (key, prng) => ["ZREM", key, text(prng), text(prng)],
  (key, prng) => ["ZMSCORE", key, text(prng), text(prng)],
  (key, prng) => ["ZRANK", key, text(prng), "WITHSCORE"],
  (key, prng) => ["ZREVRANK", key, text(prng)],
  (key, prng) => ["ZCOUNT", key, score(prng), score(prng)],
  (key, prng) => ["ZRANGE", key, score(prng), score(prng), "BYSCORE", "LIMIT", "0", "9"],
  (key, prng) => ["ZRANGE", key, "-", `(${text(prng)}`, "BYLEX"],
  (key, prng) => ["ZREMRANGEBYRANK", key, integer(prng), integer(prng)],
  (key, prng) => ["ZREMRANGEBYSCORE", key, score(prng), `(${score(prng)}`],
  (key, prng) => [pick(prng, ["ZPOPMIN", "ZPOPMAX"]), key, String(prng.below(4))],
  (key, prng) => ["ZRANDMEMBER", key, integer(prng), "WITHSCORES"],
  (key, prng) => ["ZSCAN", key, "0", "COUNT", String(1 + prng.below(50))],
  (key) => ["ZUNIONSTORE", key, "2", key, key],
  (key, prng) => ["ZRANGESTORE", key, key, "0", integer(prng)],
  (key) => ["GEOPOS", key, "a", "Palermo"],
  (key) => ["GEOSEARCH", key, "FROMLONLAT", "1", "1", "BYRADIUS", "9000", "km", "COUNT", "3"],
];

const STREAM: readonly MakeCommand[] = [
  (key) => ["XRANGE", key, "-", "+"],
  (key, prng) => ["XREVRANGE", key, "+", pick(prng, IDS), "COUNT", "3"],
  (key) => ["XLEN", key],
  (key, prng) => ["XADD", key, nextId(prng), text(prng), text(prng)],
  (key, prng) => ["XADD", key, "*", "a", text(prng), "b", text(prng)],
  (key, prng) => ["XDEL", key, pick(prng, END_IDS), pick(prng, END_IDS)],
  (key, prng) => ["XTRIM", key, "MAXLEN", String(prng.below(300))],
  (key, prng) => ["XTRIM", key, "MINID", "~", pick(prng, END_IDS)],
  (key, prng) => ["XREAD", "COUNT", "2", "STREAMS", key, pick(prng, END_IDS)],
  (key) => ["XINFO", "STREAM", key, "FULL"],
  (key) => ["XINFO", "GROUPS", key],
  (key, prng) => ["XINFO", "CONSUMERS", key, pick(prng, GROUPS)],
  (key, prng) => ["XGROUP", "CREATE", key, pick(prng, GROUPS), pick(prng, END_IDS)],
  (key, prng) => ["XGROUP", "DESTROY", key, pick(prng, GROUPS)],
  (key, prng) => ["XGROUP", "DELCONSUMER", key, pick(prng, GROUPS), pick(prng, CONSUMERS)],
  (key, prng) => ["XGROUP", "SETID", key, pick(prng, GROUPS), pick(prng, END_IDS)],
  (key, prng) => readGroup(key, prng, ">"),
  (key, prng) => readGroup(key, prng, "0"),
  (key, prng) => ["XACK", key, pick(prng, GROUPS), pick(prng, END_IDS), pick(prng, END_IDS)],
  (key, prng) => ["XPENDING", key, pick(prng, GROUPS)],
  (key, prng) => ["XPENDING", key, pick(prng, GROUPS), "-", "+", "9"],
  (key, prng) => [
    ...["XCLAIM", key, pick(prng, GROUPS), pick(prng, CONSUMERS), "0"],
    ...[pick(prng, END_IDS), pick(prng, END_IDS), "FORCE"],
  ],
  (key, prng) => ["XAUTOCLAIM", key, pick(prng, GROUPS), pick(prng, CONSUMERS), "0", "0"],
  (key, prng) => ["XSETID", key, pick(prng, ["99999999-0", "5-1"])],
];

const GROUPS = ["g", "h", "group", "at the end"];
const CONSUMERS = ["alice", "bob", "carol"];

function readGroup(key: string, prng: Prng, id: string): string[] {
  const who = ["GROUP", pick(prng, GROUPS), pick(prng, CONSUMERS)];
  return ["XREADGROUP", ...who, "COUNT", String(1 + prng.below(9)), "STREAMS", key, id];
}

const STRING: readonly MakeCommand[] = [
  (key) => ["GET", key],
  (key, prng) => ["APPEND", key, text(prng)],
  (key) => ["INCR", key],
  (key, prng) => ["SETRANGE", key, String(prng.below(100)), text(prng)],
  (key, prng) => ["SETBIT", key, String(prng.below(4000)), "1"],
  (key) => ["BITCOUNT", key],
  (key, prng) => ["GETRANGE", key, integer(prng), integer(prng)],
  (key, prng) => ["PFADD", key, text(prng), text(prng)],
  (key) => ["PFCOUNT", key],
  (key) => ["PFMERGE", key, key],
];

const ANY: readonly MakeCommand[] = [
  (key) => ["TYPE", key],
  (key) => ["OBJECT", "ENCODING", key],
  (key, prng) => ["PEXPIRE", key, String(1 + prng.below(1_000_000))],
  (key) => ["PERSIST", key],
  (key) => ["RENAME", key, key],
];

/** By the answer of TYPE. */
export const TYPE_COMMANDS: Readonly<Record<string, readonly MakeCommand[]>> = {
  string: STRING,
  list: LIST,
  hash: HASH,
  set: SET,
  zset: ZSET,
  stream: STREAM,
};

/** A command that works on a key with a value of a type. */
export function commandFor(type: string, key: string, prng: Prng): string[] {
  return pick(prng, prng.below(16) === 0 ? ANY : TYPE_COMMANDS[type])(key, prng);
}
