/** Commands to be tried at random on eight keys, with letters where chance decides. */
import type { Prng } from "../../src/base/prng.ts";

const LATER = "2524608000";

const KEYS: readonly string[] = [
  ...["DEL K", "DEL K K", "UNLINK K K", "EXISTS K", "TYPE K", "TOUCH K", "TTL K", "PERSIST K"],
  ...["EXPIRE K 1000", "PEXPIRE K -1", `EXPIREAT K ${LATER}`, "EXPIRE K 500 GT", "PEXPIRETIME K"],
  ...["RENAME K K", "RENAMENX K K", "COPY K K", "COPY K K REPLACE", "COPY K K DB 1 REPLACE"],
  ...["MOVE K 1", "OBJECT ENCODING K", "DUMP K"],
];

/** Commands on strings, bitmaps, HyperLogLogs, lists, and on keys of any kind. */
export const STRINGS_AND_LISTS: readonly string[] = [
  ...KEYS,
  ...["SET K V", "SET K V NX", "SET K V XX", "SET K V EX 1000", "SET K V GET", "SET K V KEEPTTL"],
  ...["SETNX K V", "SETEX K 1000 V", "PSETEX K 100000 V", "GETSET K V", "MSET K V K V"],
  ...["MSETNX K V K V", "GET K", "GETEX K", "GETEX K EX 1000", "GETEX K PERSIST", "GETDEL K"],
  ...["GETEX K PXAT 1", "APPEND K V", "SETRANGE K N V", "INCR K", "DECRBY K N", "INCRBY K V"],
  ...["INCRBYFLOAT K 0.5", "STRLEN K", "MGET K K K", "LCS K K", "GETRANGE K 0 N"],
  ...["SETBIT K N 1", "SETBIT K N 0", "GETBIT K N", "BITCOUNT K", "BITOP AND K K K"],
  ...["BITOP NOT K K", "BITFIELD K SET u8 N N INCRBY i4 0 1", "BITFIELD K GET u8 N"],
  ...["PFADD K V V", "PFADD K", "PFCOUNT K", "PFCOUNT K K", "PFMERGE K K K"],
  ...["LPUSH K V V", "RPUSH K V", "LPUSHX K V", "RPUSHX K V", "LPOP K", "RPOP K", "LPOP K N"],
  ...["RPOP K N", "LMPOP 2 K K LEFT COUNT 2", "LMPOP 1 K RIGHT", "LINSERT K BEFORE V V"],
  ...["LREM K N V", "LREM K 0 V", "LSET K N V", "LTRIM K 0 N", "LTRIM K N 5", "LRANGE K 0 -1"],
  ...["LMOVE K K LEFT RIGHT", "LMOVE K K RIGHT RIGHT", "RPOPLPUSH K K", "LPOS K V", "LLEN K"],
  ...["BLPOP K K 0.001", "BLMOVE K K LEFT LEFT 0.001", "BRPOPLPUSH K K 0.001"],
  ...["BLMPOP 0.001 2 K K LEFT", "RPUSH K V V V", "RPUSH K V V V V", "SORT K ALPHA STORE K"],
];

/** Commands on sets, hashes, sorted sets, places, and on keys of any kind. */
export const COLLECTIONS: readonly string[] = [
  ...KEYS,
  ...["SADD K V V", "SREM K V V", "SMOVE K K V", "SINTERSTORE K K K", "SUNIONSTORE K K K"],
  ...["SDIFFSTORE K K K", "SPOP K 10", "SISMEMBER K V", "SMEMBERS K", "SINTER K K", "SCARD K"],
  ...["SMISMEMBER K V V", "SINTERCARD 2 K K", "SORT K ALPHA STORE K", "SRANDMEMBER K"],
  ...["HSET K V V V V", "HSETNX K V V", "HMSET K V V", "HDEL K V V", "HINCRBY K V 1", "HGET K V"],
  ...["HINCRBYFLOAT K V 0.5", "HGETALL K", "HLEN K", "HEXISTS K V", "HMGET K V V", "HSTRLEN K V"],
  ...["ZADD K 1 V 2 V", "ZADD K NX 3 V", "ZADD K INCR 1 V", "ZINCRBY K 1 V", "ZREM K V V"],
  ...["ZPOPMIN K", "ZPOPMAX K 2", "ZMPOP 2 K K MIN", "ZREMRANGEBYRANK K 0 0", "ZSCORE K V"],
  ...["ZREMRANGEBYSCORE K 2 3", "ZREMRANGEBYLEX K - +", "ZUNIONSTORE K 2 K K", "ZRANK K V"],
  ...["ZINTERSTORE K 2 K K", "ZDIFFSTORE K 2 K K", "ZRANGESTORE K K 0 1", "ZRANGE K 0 -1"],
  ...["ZCARD K", "ZDIFF 2 K K", "BZPOPMIN K K 0.001", "BZMPOP 0.001 2 K K MAX"],
  ...["GEOADD K 13.36 38.11 V", "GEOSEARCHSTORE K K FROMLONLAT 13 38 BYRADIUS 200 km"],
  ...["GEOPOS K V", "GEODIST K V V", "GEORADIUS K 13 38 200 km STORE K"],
];

/** A command with its letters filled in: K a key, V a value, N a small number. */
export function commandOf(template: string, prng: Prng): string[] {
  return template.split(" ").map((word) => {
    if (word === "K") return `key:${prng.below(8)}`;
    if (word === "V") return prng.below(2) === 0 ? String(prng.below(5)) : "text";
    return word === "N" ? String(prng.below(4)) : word;
  });
}
