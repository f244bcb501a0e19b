/**
 * What stands in the append-only file after each command: the same as what redis-server writes. Of
 * times that depend on when the command ran only the nearest 100 seconds count.
 */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { AOF_FOLDER } from "../crash/aof_files.ts";
import type { Argument } from "../support/resp_client.ts";
import { sleep, stopServers, temporaryDirectory } from "../support/servers.ts";
import { oracle, type Side, skip } from "../support/sides.ts";
import { startWithAof } from "./aof_servers.ts";

const NEAR_MS = 100_000;
/** In the year 2050: no run of a test comes near it. */
const LATER_MS = 2_524_608_000_000;

const directories: string[] = [];
after(async () => {
  await stopServers();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A number is how many milliseconds to wait. */
type Step = readonly Argument[] | number;

const SCENARIOS: Readonly<Record<string, readonly Step[]>> = {
  "SET and what became of its options": [
    ["SET", "a", "1"],
    ["set", "a", "2", "nx"],
    ["SET", "b", "2", "NX"],
    ["SET", "a", "3", "XX"],
    ["SET", "a", "4", "GET"],
    ["SET", "c", "5", "EX", "1000"],
    ["SET", "c", "6", "KEEPTTL"],
    ["SET", "c", "7", "PX", "2000000", "GET"],
    ["SET", "c", "8", "EXAT", LATER_MS / 1000],
    ["SET", "c", "9", "PXAT", LATER_MS],
    ["SET", "c", "10", "PXAT", "1"],
    ["SETNX", "d", "1"],
    ["SETNX", "d", "2"],
    ["SETEX", "e", "3000", "1"],
    ["PSETEX", "f", "4000000", "1"],
    ["GETSET", "a", "5"],
    ["MSET", "a", "1", "b", "2"],
    ["MSETNX", "a", "1", "z", "2"],
    ["MSETNX", "y", "1", "z", "2"],
    ["SUBSTR", "a", "0", "1"],
    ["GETDEL", "a"],
    ["GETDEL", "a"],
  ],
  "GETEX": [
    ["SET", "a", "1"],
    ["GETEX", "a"],
    ["GETEX", "a", "PERSIST"],
    ["GETEX", "a", "EX", "1000"],
    ["GETEX", "a", "PX", "2000000"],
    ["GETEX", "a", "EXAT", LATER_MS / 1000],
    ["GETEX", "a", "PERSIST"],
    ["GETEX", "a", "PXAT", "1"],
    ["GETEX", "a", "EX", "10"],
  ],
  "numbers": [
    ["INCR", "n"],
    ["DECR", "n"],
    ["INCRBY", "n", "10"],
    ["DECRBY", "n", "3"],
    ["INCRBYFLOAT", "n", "1.5"],
    ["INCRBYFLOAT", "n", "1e3"],
    ["SET", "m", "1", "EX", "1000"],
    ["INCRBYFLOAT", "m", "0.1"],
    ["INCR", "m"],
    ["INCRBY", "n", "nonsense"],
  ],
  "hashes": [
    ["HSET", "h", "a", "1", "b", "2", "a", "3"],
    ["HMSET", "h", "c", "4"],
    ["HSETNX", "h", "a", "5"],
    ["HSETNX", "h", "d", "5"],
    ["HINCRBY", "h", "a", "5"],
    ["HINCRBYFLOAT", "h", "a", "0.1"],
    ["HINCRBYFLOAT", "h", "e", "1e3"],
    ["HINCRBY", "h", "a", "nonsense"],
    ["HGETALL", "h"],
    ["HRANDFIELD", "h"],
    ["HDEL", "h", "none"],
    ["HDEL", "h", "a", "none", "b"],
    ["HDEL", "h", "c", "d", "e", "f"],
    ["HDEL", "h", "c"],
  ],
  "streams": [
    ["XADD", "s", "*", "a", "1"],
    ["XADD", "s", "9000000000000-*", "a", "1", "b", "2"],
    ["XADD", "s", "9000000000000-5", "a", "1"],
    ["XADD", "s", "1-1", "a", "1"],
    ["XADD", "none", "NOMKSTREAM", "*", "a", "1"],
    ["XADD", "s", "MAXLEN", "2", "9000000000001", "a", "1"],
    ["XADD", "s", "MAXLEN", "=", "2", "9000000000001-*", "a", "1"],
    ["XADD", "s", "MAXLEN", "~", "1", "9000000000003-1", "a", "1"],
    ["XADD", "s", "NOMKSTREAM", "MINID", "~", "9000000000003-1", "9000000000004-1", "a", "1"],
    ["XADD", "s", "MAXLEN", "~", "0", "LIMIT", "10", "9000000000005-*", "a", "1"],
    ["XTRIM", "s", "MAXLEN", "~", "1"],
    ["XTRIM", "s", "MAXLEN", "~", "0", "LIMIT", "100"],
    ["XTRIM", "s", "MINID", "~", "9000000000009"],
    ["XADD", "s", "9000000000006-1", "a", "1"],
    ["XADD", "s", "9000000000007-1", "a", "1"],
    ["XTRIM", "s", "MINID", "9000000000007"],
    ["XTRIM", "s", "MAXLEN", "1"],
    ["XDEL", "s", "1-1"],
    ["XDEL", "s", "1-1", "9000000000007-1"],
    ["XSETID", "s", "9000000000010-1", "ENTRIESADDED", "20"],
  ],
  "groups of streams": [
    ...[1, 2, 3, 4, 5, 6].map((id) => ["XADD", "s", `${id}-1`, "n", String(id)]),
    ["XGROUP", "CREATE", "s", "g", "0"],
    ["XGROUP", "CREATE", "s", "g", "0"],
    ["XGROUP", "CREATE", "t", "g", "$", "MKSTREAM", "ENTRIESREAD", "0"],
    ["XGROUP", "CREATECONSUMER", "s", "g", "a"],
    ["XGROUP", "CREATECONSUMER", "s", "g", "a"],
    ["XREADGROUP", "GROUP", "g", "a", "COUNT", "1", "STREAMS", "s", ">"],
    ["XREADGROUP", "GROUP", "g", "b", "COUNT", "2", "STREAMS", "s", ">"],
    ["XREADGROUP", "GROUP", "g", "c", "NOACK", "COUNT", "1", "STREAMS", "s", ">"],
    ["XGROUP", "CREATECONSUMER", "t", "g", "c"],
    ["XREADGROUP", "GROUP", "g", "c", "NOACK", "COUNT", "1", "STREAMS", "s", "t", ">", ">"],
    ["XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", "0"],
    ["XREADGROUP", "GROUP", "g", "d", "STREAMS", "t", ">"],
    ["XACK", "s", "g", "1-1", "5-1"],
    ["XACK", "s", "g", "1-1"],
    ["XCLAIM", "s", "g", "a", "0", "2-1"],
    ["XCLAIM", "s", "g", "a", "0", "2-1", "JUSTID", "RETRYCOUNT", "5"],
    ["XCLAIM", "s", "g", "a", "0", "5-1"],
    ["XCLAIM", "s", "g", "a", "0", "5-1", "FORCE", "LASTID", "6-1"],
    ["XCLAIM", "s", "g", "a", "0", "6-6", "LASTID", "9-1"],
    ["XDEL", "s", "2-1"],
    ["XCLAIM", "s", "g", "a", "0", "2-1"],
    ["XDEL", "s", "3-1"],
    ["XAUTOCLAIM", "s", "g", "a", "0", "0"],
    ["XAUTOCLAIM", "s", "g", "a", "1000000", "0"],
    ["XGROUP", "SETID", "s", "g", "4-1"],
    ["XGROUP", "DELCONSUMER", "s", "g", "a"],
    ["XGROUP", "DELCONSUMER", "s", "g", "a"],
    ["XGROUP", "DESTROY", "s", "g"],
    ["XGROUP", "DESTROY", "s", "g"],
    ["XPENDING", "t", "g"],
  ],
  "parts of strings": [
    ["APPEND", "a", "text"],
    ["APPEND", "a", ""],
    ["SETRANGE", "a", "2", "XX"],
    ["SETRANGE", "a", "2", ""],
    ["SETRANGE", "none", "0", ""],
    ["SETBIT", "b", "7", "1"],
    ["SETBIT", "b", "7", "1"],
    ["BITOP", "NOT", "c", "a"],
    ["BITOP", "AND", "c", "none", "nothing"],
    ["BITFIELD", "b", "SET", "u8", "0", "5", "GET", "u4", "0"],
    ["BITFIELD", "b", "GET", "u8", "0"],
    ["BITFIELD", "b", "OVERFLOW", "FAIL", "INCRBY", "u2", "0", "9"],
  ],
  "sorted sets": [
    ["ZADD", "z", "1", "a", "2", "b", "3", "c", "4", "d", "5", "e", "6", "f"],
    ["ZADD", "z", "1", "a"],
    ["ZADD", "z", "NX", "5", "a"],
    ["ZADD", "z", "XX", "CH", "1.5", "a", "7", "none"],
    ["ZADD", "z", "INCR", "1", "a"],
    ["ZINCRBY", "z", "0", "a"],
    ["ZINCRBY", "z", "2.5", "b"],
    ["ZREM", "z", "none"],
    ["ZREM", "z", "a", "none"],
    ["ZPOPMIN", "z", "0"],
    ["ZPOPMIN", "z"],
    ["ZPOPMAX", "none"],
    ["ZMPOP", "2", "none", "z", "MAX"],
    ["ZMPOP", "1", "none", "MIN"],
    ["ZRANGESTORE", "to", "z", "0", "0"],
    ["ZRANGESTORE", "to", "z", "5", "0"],
    ["ZRANGESTORE", "to", "z", "5", "0"],
    ["ZUNIONSTORE", "to", "2", "z", "z", "WEIGHTS", "2", "3"],
    ["ZINTERSTORE", "to", "2", "z", "none"],
    ["ZDIFFSTORE", "to", "1", "none"],
    ["ZREMRANGEBYSCORE", "z", "100", "200"],
    ["ZREMRANGEBYRANK", "z", "0", "0"],
    ["ZMPOP", "1", "z", "MIN", "COUNT", "10"],
    ["ZCARD", "z"],
  ],
  "lists": [
    ["RPUSH", "l", "a", "b", "c", "d", "e", "f", "g", "h"],
    ["LPUSH", "l", "x"],
    ["LPUSHX", "l", "y", "z"],
    ["RPUSHX", "none", "y"],
    ["LINSERT", "l", "BEFORE", "a", "new"],
    ["LINSERT", "l", "BEFORE", "nothing", "new"],
    ["LSET", "l", "0", "set"],
    ["LSET", "l", "100", "set"],
    ["LREM", "l", "0", "new"],
    ["LREM", "l", "0", "new"],
    ["LPOP", "l"],
    ["RPOP", "l", "2"],
    ["LPOP", "l", "0"],
    ["LPOP", "none", "5"],
    ["LMOVE", "l", "m", "LEFT", "RIGHT"],
    ["LMOVE", "l", "l", "LEFT", "RIGHT"],
    ["LMOVE", "none", "l", "LEFT", "RIGHT"],
    ["RPOPLPUSH", "l", "m"],
    ["rpoplpush", "m", "m"],
    ["LMPOP", "2", "none", "l", "LEFT"],
    ["LMPOP", "1", "l", "RIGHT", "COUNT", "2"],
    ["LMPOP", "1", "none", "RIGHT", "COUNT", "2"],
    ["LTRIM", "m", "0", "100"],
    ["LTRIM", "m", "0", "0"],
    ["LTRIM", "m", "5", "2"],
    ["LMPOP", "2", "none", "l", "LEFT", "COUNT", "100"],
    ["RPUSH", "l", "only"],
    ["RPOPLPUSH", "l", "m"],
    ["LMOVE", "m", "l", "RIGHT", "LEFT"],
    ["LPOS", "l", "only"],
    ["LPOP", "l", "3"],
  ],
  "lists, by commands that would wait": [
    ["RPUSH", "l", "a", "b", "c", "d", "e", "f", "g", "h"],
    ["BLPOP", "none", "l", "0"],
    ["brpop", "l", "none", "0.5"],
    ["BLPOP", "none", "0.001"],
    ["BLMPOP", "0", "2", "none", "l", "LEFT"],
    ["BLMPOP", "0", "1", "l", "RIGHT", "COUNT", "2"],
    ["BLMPOP", "0.001", "1", "none", "RIGHT", "COUNT", "2"],
    ["BLMOVE", "l", "m", "left", "RIGHT", "0"],
    ["BLMOVE", "none", "m", "left", "RIGHT", "0.001"],
    ["BRPOPLPUSH", "l", "m", "0"],
    ["BRPOPLPUSH", "none", "m", "0.001"],
    ["MULTI"],
    ["BLPOP", "l", "0"],
    ["BLPOP", "l", "0"],
    ["BLMOVE", "l", "m", "LEFT", "LEFT", "0"],
    ["BRPOPLPUSH", "m", "m", "0"],
    ["BLMPOP", "0", "1", "m", "LEFT", "COUNT", "100"],
    ["EXEC"],
  ],
  "sorted sets, by commands that would wait": [
    ["ZADD", "z", "1", "a", "2", "b", "3", "c", "4", "d", "5", "e", "6", "f"],
    ["BZPOPMIN", "none", "z", "0"],
    ["bzpopmax", "z", "none", "0.5"],
    ["BZPOPMIN", "none", "0.001"],
    ["BZMPOP", "0", "2", "none", "z", "MIN"],
    ["BZMPOP", "0.001", "1", "none", "MAX", "COUNT", "2"],
    ["MULTI"],
    ["BZPOPMAX", "z", "0"],
    ["BZMPOP", "0", "2", "none", "z", "MAX", "COUNT", "100"],
    ["BZPOPMIN", "z", "0"],
    ["EXEC"],
  ],
  // Where a transaction begins in another database Redis 7.0 writes SELECT before MULTI, 7.2 and
  // we behind it.
  "transactions": [
    ["SET", "a", "0"],
    ["MULTI"],
    ["SET", "a", "1"],
    ["INCR", "a"],
    ["EXEC"],
    ["MULTI"],
    ["SET", "a", "1"],
    ["EXEC"],
    ["MULTI"],
    ["GET", "a"],
    ["DEL", "none"],
    ["EXEC"],
    ["MULTI"],
    ["EXEC"],
    ["MULTI"],
    ["SET", "a", "2"],
    ["DISCARD"],
    ["MULTI"],
    ["SET", "a", "3"],
    ["SELECT", "3"],
    ["SET", "a", "4"],
    ["SELECT", "0"],
    ["APPEND", "a", "x"],
    ["EXEC"],
    ["MULTI"],
    ["SELECT", "5"],
    ["EXEC"],
    ["SET", "five", "5"],
    ["SELECT", "0"],
    ["SET", "a", "4"],
    ["MULTI"],
    ["INCR", "a"],
    ["SET", "b", "1", "EX", "1000"],
    ["INCR", "a"],
    ["GETEX", "b", "PX", "2000000"],
    ["EXEC"],
    ["MULTI"],
    ["SET", "a"],
    ["SET", "a", "5"],
    ["EXEC"],
    ["WATCH", "a"],
    ["SET", "a", "6"],
    ["MULTI"],
    ["SET", "a", "7"],
    ["EXEC"],
    ["SET", "soon", "1", "PX", "5"],
    200,
    ["MULTI"],
    ["SET", "a", "8"],
    ["GET", "soon"],
    ["SPOP", "none"],
    ["EXEC"],
    ["MULTI"],
    ["FLUSHDB"],
    ["SWAPDB", "0", "1"],
    ["SET", "a", "9"],
    ["EXEC"],
  ],
  "sets": [
    ["SADD", "s", "a", "b", "c", "a"],
    ["SADD", "s", "a"],
    ["SADD", "s", "a", "d"],
    ["SREM", "s", "none"],
    ["SREM", "s", "a", "none"],
    ["SMOVE", "s", "t", "b"],
    ["SMOVE", "s", "t", "none"],
    ["SMOVE", "t", "t", "b"],
    ["SADD", "t", "b2"],
    ["SADD", "s", "b2"],
    ["SMOVE", "s", "t", "b2"],
    ["SUNIONSTORE", "u", "s", "t"],
    ["SUNIONSTORE", "u", "none"],
    ["SUNIONSTORE", "u", "none"],
    ["SINTERSTORE", "i", "s", "none"],
    ["SDIFFSTORE", "d", "s", "t"],
    ["SINTERSTORE", "d", "s", "t"],
    ["SADD", "one", "only"],
    ["SPOP", "one"],
    ["SPOP", "one"],
    ["SADD", "r", "a", "b", "c"],
    ["SPOP", "r", "0"],
    ["SPOP", "r", "100"],
    ["SPOP", "r", "100"],
    ["SRANDMEMBER", "s"],
  ],
  "places": [
    ["GEOADD", "g", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania"],
    ["GEOADD", "g", "XX", "CH", "13.4", "38.1", "Palermo", "1", "1", "none"],
    ["GEOADD", "g", "NX", "13.5", "38.1", "Palermo"],
    ["GEOSEARCHSTORE", "to", "g", "FROMLONLAT", "15", "37", "BYRADIUS", "200", "km"],
    ["GEOSEARCHSTORE", "to", "g", "FROMLONLAT", "15", "37", "BYBOX", "1", "1", "m", "STOREDIST"],
    ["GEOSEARCHSTORE", "to", "g", "FROMLONLAT", "15", "37", "BYBOX", "1", "1", "m"],
    ["GEORADIUS", "g", "15", "37", "200", "km", "STORE", "to"],
    ["GEORADIUS", "g", "15", "37", "200", "km"],
    ["GEORADIUSBYMEMBER", "g", "Palermo", "500", "km", "STOREDIST", "to"],
    ["GEORADIUSBYMEMBER", "g", "Palermo", "500", "km"],
  ],
  "SORT": [
    ["RPUSH", "l", "3", "1", "2"],
    ["SORT", "l"],
    ["SORT", "l", "DESC", "STORE", "to"],
    ["SORT", "l", "LIMIT", "5", "1", "STORE", "to"],
    ["SORT", "l", "LIMIT", "5", "1", "STORE", "to"],
    ["SORT", "none", "STORE", "l"],
  ],
  "HyperLogLog": [
    ["PFADD", "p"],
    ["PFADD", "p"],
    ["PFADD", "p", "a", "b"],
    ["PFADD", "p", "a", "b"],
    ["PFCOUNT", "p"],
    ["PFCOUNT", "p"],
    ["PFADD", "q", "c"],
    ["PFCOUNT", "p", "q"],
    ["PFMERGE", "r", "p", "q"],
    ["PFMERGE", "r", "none"],
    ["PFMERGE", "made"],
    ["PFCOUNT", "r"],
    ["PFADD", "many", ...Array.from({ length: 2000 }, (_, i) => `element:${i}`)],
  ],
  "collections of another type": [
    ["SET", "string", "x"],
    ["RPUSH", "l", "a"],
    ["LPUSH", "string", "a"],
    ["SADD", "l", "a"],
    ["HSET", "l", "a", "b"],
    ["ZADD", "l", "1", "b"],
    ["XADD", "l", "*", "a", "b"],
    ["SUNIONSTORE", "l", "l"],
    ["SADD", "s", "a"],
    ["SUNIONSTORE", "l", "s"],
    ["ZUNIONSTORE", "string", "1", "s"],
    ["RENAME", "l", "string"],
    ["COPY", "string", "copy"],
    ["UNLINK", "string", "copy"],
  ],
  "times of collections": [
    ["RPUSH", "l", "a"],
    ["EXPIRE", "l", "1000"],
    ["RPUSH", "l", "b"],
    ["SADD", "s", "a"],
    ["PEXPIREAT", "s", "1"],
    ["ZADD", "z", "1", "a"],
    ["EXPIREAT", "z", LATER_MS / 1000],
    ["PERSIST", "z"],
    ["DEBUG", "SET-ACTIVE-EXPIRE", "0"],
    ["PEXPIRE", "l", "1"],
    20,
    ["RPUSH", "l", "c"],
    ["PEXPIRE", "l", "1"],
    20,
    ["LRANGE", "l", "0", "-1"],
    ["SUNIONSTORE", "u", "l", "none"],
  ],
  "groups of streams that read several entries": [
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((id) => ["XADD", "s", `${id}-1`, "n", String(id)]),
    ["XADD", "t", "1-1", "n", "1"],
    ["XGROUP", "CREATE", "s", "g", "0", "ENTRIESREAD", "0"],
    ["XGROUP", "CREATE", "t", "g", "0"],
    // Since 7.2 reading makes the consumer where there is nothing to read, too.
    ["XGROUP", "CREATECONSUMER", "t", "g", "b"],
    ["XREADGROUP", "GROUP", "g", "a", "COUNT", "3", "STREAMS", "s", "t", ">", ">"],
    ["XREADGROUP", "GROUP", "g", "b", "NOACK", "COUNT", "2", "STREAMS", "s", "t", ">", ">"],
    ["XREADGROUP", "GROUP", "g", "a", "COUNT", "3", "STREAMS", "s", "0"],
    ["XREADGROUP", "GROUP", "g", "new", "STREAMS", "s", "0"],
    ["XCLAIM", "s", "g", "c", "0", "1-1", "2-1", "IDLE", "5000"],
    ["XCLAIM", "s", "g", "c", "0", "3-1", "TIME", "1700000000000", "LASTID", "7-1"],
    ["XCLAIM", "s", "g", "fresh", "1000000000", "3-1"],
    ["XAUTOCLAIM", "s", "g", "d", "0", "0", "COUNT", "2"],
    ["XAUTOCLAIM", "s", "g", "d", "0", "0", "JUSTID"],
    ["XAUTOCLAIM", "s", "g", "freshest", "1000000000", "0"],
    ["XGROUP", "SETID", "s", "g", "2-1", "ENTRIESREAD", "2"],
    ["XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", ">"],
    ["XDEL", "s", "1-1", "2-1", "3-1", "4-1"],
    ["XAUTOCLAIM", "s", "g", "e", "0", "0", "COUNT", "1"],
    ["XAUTOCLAIM", "s", "g", "e", "0", "0"],
    ["XACK", "s", "g", "5-1", "6-1", "7-1"],
    ["XPENDING", "s", "g", "-", "+", "10"],
    ["XINFO", "STREAM", "s"],
    ["XTRIM", "s", "MAXLEN", "0"],
    ["DEL", "s"],
  ],
  "times": [
    ["MSET", "a", "1", "b", "2", "c", "3"],
    ["EXPIRE", "a", "1000"],
    ["EXPIRE", "a", "2000", "NX"],
    ["EXPIRE", "a", "2000", "GT"],
    ["PEXPIRE", "a", "3000000"],
    ["EXPIREAT", "a", LATER_MS / 1000],
    ["PEXPIREAT", "a", LATER_MS],
    ["PERSIST", "a"],
    ["PERSIST", "a"],
    ["EXPIRE", "a", "-1"],
    ["PEXPIREAT", "b", "1"],
    ["EXPIRE", "none", "10"],
    ["TOUCH", "c"],
  ],
  "keys": [
    ["MSET", "a", "1", "b", "2", "c", "3", "d", "4"],
    ["DEL", "a", "none"],
    ["UNLINK", "b"],
    ["DEL", "none"],
    ["RENAME", "c", "e"],
    ["RENAMENX", "e", "d"],
    ["RENAMENX", "e", "f"],
    ["COPY", "f", "g"],
    ["COPY", "f", "g"],
    ["COPY", "f", "g", "DB", "2", "REPLACE"],
    ["MOVE", "g", "3"],
    ["MOVE", "g", "3"],
    ["SELECT", "3"],
    ["SWAPDB", "2", "3"],
    ["SET", "x", "1"],
    ["FLUSHDB"],
    ["FLUSHDB", "ASYNC"],
    ["SELECT", "0"],
    ["FLUSHALL", "SYNC"],
    ["FLUSHALL"],
  ],
  "RESTORE": [
    ["SET", "a", "12345"],
    ["RESTORE", "b", "0", payload()],
    ["RESTORE", "b", "5000000", payload(), "REPLACE"],
    ["RESTORE", "c", LATER_MS, payload(), "ABSTTL"],
    ["RESTORE", "d", "1", payload(), "ABSTTL"],
    ["RESTORE", "b", "0", payload()],
  ],
  "keys that expire where they are met": [
    ["DEBUG", "SET-ACTIVE-EXPIRE", "0"],
    ["SET", "a", "1", "PXAT", LATER_MS],
    ["MSET", "b", "1", "c", "1", "d", "1", "e", "1"],
    ...["b", "c", "d", "e"].map((key) => ["PEXPIRE", key, "30"]),
    120,
    ["GET", "b"],
    ["GET", "b"],
    ["INCR", "c"],
    ["RENAME", "a", "d"],
    ["SET", "e", "2", "NX"],
    ["EXISTS", "none"],
  ],
  "databases": [
    ["SELECT", "1"],
    ["GET", "a"],
    ["SET", "a", "1"],
    ["SELECT", "2"],
    ["SELECT", "1"],
    ["SET", "b", "1"],
    ["SELECT", "15"],
    ["SET", "b", "1"],
    ["SELECT", "0"],
    ["PING"],
  ],
};

/** What redis-server writes as we do since 7.2. */
const LATER_SCENARIOS: Readonly<Record<string, readonly Step[]>> = {
  "SPOP of several members": [
    ["SADD", "r", ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `random:${i}`)],
    ["SPOP", "r"],
    ["SPOP", "r", "0"],
    ["SPOP", "r", "2"],
    ["SPOP", "r", "4"],
    ["SPOP", "r", "100"],
    ["SPOP", "r", "100"],
    ["SADD", "many", ...Array.from({ length: 1500 }, (_, i) => `random:${i}`)],
    ["SPOP", "many", "1100"],
    ["SPOP", "many", "400"],
  ],
};

/** DUMP of the string 12345, as Redis 7.0 writes it. */
function payload(): Uint8Array {
  return Buffer.from("00c139300a009d94ea2793fc08b9", "hex");
}

/** The increment after each step, as it grew. */
async function written(side: Side, steps: readonly Step[]): Promise<string[]> {
  const directory = temporaryDirectory();
  directories.push(directory);
  const server = await startWithAof(side, directory, [
    ...["--appendfsync", "always"],
  ]);
  const client = await server.client();
  const path = join(directory, AOF_FOLDER, "appendonly.aof.1.incr.aof");
  const found: string[] = [];
  let before = 0;
  for (const step of steps) {
    if (typeof step === "number") await sleep(step);
    else await client.command(...step);
    const text = readFileSync(path).toString("latin1");
    const grown = shown(text.slice(before));
    found.push(
      `${String(step).slice(0, 60)} => ${isBefore7_2(step) ? withoutPosition(grown) : grown}`,
    );
    before = text.length;
  }
  await server.stop();
  return found;
}

/** Since 7.2 XREADGROUP says at its end how far the group has read, before only with NOACK. */
function isBefore7_2(step: Step): boolean {
  return oracle === undefined && typeof step === "object" && step[0] === "XREADGROUP" &&
    !step.includes("NOACK");
}

/** Without the XGROUP SETID; what is then alone needs no transaction. */
function withoutPosition(text: string): string {
  const rest = text.replaceAll(
    /\*7 \$6 XGROUP \$5 SETID \S+ \S+ \S+ \S+ \S+ \S+ \$11 .*? (?=\*|$)/g,
    "",
  );
  const alone = /^\*1 \$5 MULTI (\*[^*]*)\*1 \$4 EXEC $/.exec(rest);
  return alone === null ? rest : alone[1];
}

/** Without line ends, times near now rounded, and what is chosen at random not named. */
function shown(text: string): string {
  const words = text.replaceAll("\r\n", " ").replace(/\$\d+ random:\d+/g, "$ random:?");
  return words.replace(/\b\d{13}\b/g, (digits) => {
    const ms = Number(digits);
    return ms === LATER_MS ? digits : `now + ${Math.round((ms - Date.now()) / NEAR_MS) * NEAR_MS}`;
  });
}

for (const [name, steps] of Object.entries({ ...SCENARIOS, ...LATER_SCENARIOS })) {
  const isLater = oracle === undefined && name in LATER_SCENARIOS;
  const reason = isLater ? "another redis-server than 7.0 is needed: PAGURUS_ORACLE" : skip;
  test(`the append-only file after each command: ${name}`, { skip: reason }, async () => {
    const expected = await written("redis", steps);
    assert.ok(expected.some((line) => line.includes("*")));
    assert.deepEqual(await written("pagurus", steps), expected);
  });
}
