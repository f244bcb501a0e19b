/** maxmemory as clients see it: what is refused, and what is evicted. */
import { conformance } from "../support/compare.ts";

const POLICIES = [
  "allkeys-lru",
  "allkeys-lfu",
  "allkeys-random",
  "volatile-lru",
  "volatile-lfu",
  "volatile-random",
  "volatile-ttl",
];

conformance("maxmemory: what is refused when there is no room", (c) => {
  c.do("SET", "string", "v");
  c.do("RPUSH", "list", "a", "b", "c");
  c.do("SADD", "set", "a", "b", "c");
  c.do("ZADD", "zset", "1", "a", "2", "b");
  c.do("HSET", "hash", "f", "v");
  c.do("XADD", "stream", "1-1", "f", "v");
  c.do("CONFIG", "SET", "maxmemory", "1");
  c.do("SET", "string", "w");
  c.do("APPEND", "string", "w");
  c.do("SETRANGE", "string", "1", "w");
  c.do("SETBIT", "string", "1", "1");
  c.do("INCR", "number");
  c.do("MSET", "a", "1", "b", "2");
  c.do("GETSET", "string", "w");
  c.do("GETDEL", "none");
  c.do("GETEX", "string", "PERSIST");
  c.do("RPUSH", "list", "d");
  c.do("LINSERT", "list", "BEFORE", "a", "z");
  c.do("LSET", "list", "0", "z");
  c.do("LMOVE", "list", "other", "LEFT", "LEFT");
  c.do("BLMOVE", "list", "other", "LEFT", "LEFT", "1");
  c.do("BRPOPLPUSH", "list", "other", "1");
  c.do("LPOP", "list");
  c.do("BLPOP", "list", "1");
  c.do("SADD", "set", "d");
  c.do("SMOVE", "set", "other", "a");
  c.do("SPOP", "none");
  c.do("SUNIONSTORE", "to", "set");
  c.do("ZADD", "zset", "3", "c");
  c.do("ZINCRBY", "zset", "1", "a");
  c.do("ZPOPMIN", "zset");
  c.do("ZRANGESTORE", "to", "zset", "0", "-1");
  c.do("HSET", "hash", "g", "w");
  c.do("HINCRBY", "hash", "n", "1");
  c.do("HDEL", "hash", "none");
  c.do("XADD", "stream", "2-1", "f", "v");
  c.do("XGROUP", "CREATE", "stream", "group", "$");
  c.do("XTRIM", "stream", "MAXLEN", "5");
  c.do("PFADD", "hll", "a");
  c.do("GEOADD", "geo", "1", "1", "a");
  c.do("BITOP", "NOT", "to", "string");
  c.do("BITFIELD", "string", "GET", "u8", "0");
  c.do("BITFIELD_RO", "string", "GET", "u8", "0");
  c.do("SORT", "set", "ALPHA");
  c.do("SORT", "set", "ALPHA", "STORE", "to");
  c.do("COPY", "string", "copy");
  c.do("RENAME", "string", "renamed");
  c.do("EXPIRE", "renamed", "100");
  c.do("MOVE", "renamed", "1");
  c.do("RESTORE", "restored", "0", "x");
  c.do("GET", "renamed");
  c.do("PUBLISH", "channel", "message");
  c.do("CLIENT", "NO-EVICT", "ON");
  c.do("CLIENT", "NO-EVICT", "OFF");
  c.do("CLIENT", "NO-EVICT", "MAYBE");
  c.do("NOSUCH");
  c.do("SET", "a");
  c.do("FLUSHALL");
  c.do("SET", "a", "b");
  c.do("CONFIG", "SET", "maxmemory", "0");
  c.do("SET", "a", "b");
});

conformance("maxmemory and transactions", (c) => {
  c.do("CONFIG", "SET", "maxmemory", "1");
  // What only reads is queued since Redis 7.2, as it would be run by itself.
  c.do("MULTI");
  c.do("SET", "a", "b");
  c.do("EXEC");
  c.do("CONFIG", "SET", "maxmemory", "0");
  c.do("MULTI");
  c.do("SET", "a", "b");
  c.do("CONFIG", "SET", "maxmemory", "1");
  c.do("SET", "c", "d");
  c.do("EXEC");
  c.do("GET", "c");
  c.do("CONFIG", "SET", "maxmemory", "0");
  c.do("MULTI");
  c.do("SET", "a", "e");
  c.on("other");
  c.do("CONFIG", "SET", "maxmemory", "1");
  c.on("main");
  c.do("GET", "a");
  c.do("EXEC");
  c.do("GET", "a");
  c.do("CONFIG", "SET", "maxmemory", "0");
});

for (const policy of POLICIES) {
  conformance(`maxmemory-policy ${policy} evicts what it may and nothing else`, (c) => {
    c.do("CONFIG", "SET", "maxmemory-policy", policy);
    for (let i = 0; i < 20; i++) {
      c.do("SELECT", String(i % 3));
      c.do("SET", `key:${i}`, "x".repeat(1000));
      c.do("RPUSH", `list:${i}`, "a", "b");
      c.do("SET", `volatile:${i}`, "x", "EX", "1000");
    }
    c.do("CONFIG", "SET", "maxmemory", "1");
    c.sleep(100);
    for (const number of ["0", "1", "2"]) {
      c.do("SELECT", number);
      c.doSorted("KEYS", "*");
    }
    c.do("SET", "key", "value");
    c.do("DBSIZE");
    c.do("CONFIG", "SET", "maxmemory", "0");
    c.do("CONFIG", "SET", "maxmemory-policy", "noeviction");
  });
}

conformance("maxmemory: access times and frequencies", (c) => {
  c.do("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu");
  c.do("SET", "a", "x");
  c.do("OBJECT", "FREQ", "a");
  c.do("OBJECT", "IDLETIME", "a");
  c.do("CONFIG", "SET", "lfu-log-factor", "0");
  for (let i = 0; i < 5; i++) c.do("GET", "a");
  c.do("OBJECT", "FREQ", "a");
  c.do("CONFIG", "SET", "lfu-log-factor", "10");
  c.do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
  c.do("SET", "b", "x");
  c.do("OBJECT", "IDLETIME", "b");
  c.do("OBJECT", "FREQ", "b");
  c.do("CONFIG", "SET", "maxmemory-policy", "noeviction");
});

conformance("maxmemory: directives", (c) => {
  for (
    const [name, value] of [
      ["maxmemory-policy", "nosuch"],
      ["maxmemory-samples", "0"],
      ["maxmemory-samples", "64"],
      ["maxmemory-eviction-tenacity", "101"],
      ["maxmemory-eviction-tenacity", "100"],
      ["maxmemory-clients", "101%"],
      ["maxmemory-clients", "10%"],
      ["maxmemory-clients", "1gb"],
      ["maxmemory", "-1"],
    ]
  ) {
    c.do("CONFIG", "SET", name, value);
    c.do("CONFIG", "GET", name);
  }
  c.do("CONFIG", "SET", "maxmemory-clients", "0", "maxmemory-samples", "5");
  c.do("CONFIG", "SET", "maxmemory-eviction-tenacity", "10");
});
