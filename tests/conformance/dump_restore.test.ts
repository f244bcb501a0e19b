/**
 * DUMP and RESTORE. The last ten bytes of a payload are the version of the format and a checksum
 * over it; they differ between versions of Redis, what stands before them must not.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { conformance, startPair } from "../support/compare.ts";
import { bytesOf, type Reply } from "../support/reply.ts";
import { skipWithout } from "../support/servers.ts";

const VALUES: (string | Uint8Array)[] = [
  ...["", "a", "0", "1", "-1", "127", "128", "-128", "-129", "32767", "32768", "-32768", "-32769"],
  ...["2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807"],
  ...["-9223372036854775808", "9223372036854775808", "01", "1.5", "hello", "x".repeat(20)],
  ...["x".repeat(21), "ab".repeat(16), "x".repeat(63), "x".repeat(64), "x".repeat(16_383)],
  ...["x".repeat(16_384), "abcdefgh".repeat(5000), "the quick brown fox ".repeat(20)],
  Uint8Array.from({ length: 256 }, (_, i) => i),
  Uint8Array.from({ length: 5000 }, (_, i) => (i * i * 7919) >> 5 & 0xff),
];

function withoutFooter(reply: Reply): Reply {
  return reply.kind === "bulk"
    ? { kind: "bulk", bytes: reply.bytes.subarray(0, Math.max(0, reply.bytes.length - 10)) }
    : reply;
}

conformance("DUMP writes what redis-server writes", (c) => {
  c.do("DUMP", "missing");
  for (const value of VALUES) {
    c.do("SET", "k", value);
    // Compressed text may be compressed differently: its round trip is tested below.
    if (value.length <= 20) c.doNormalized(withoutFooter, "DUMP", "k");
    else c.doLoose("DUMP", "k");
  }
  c.do("CONFIG", "SET", "rdbcompression", "no");
  for (const value of VALUES) {
    c.do("SET", "k", value, "EX", "1000");
    c.doNormalized(withoutFooter, "DUMP", "k");
  }
  c.do("CONFIG", "SET", "rdbcompression", "yes");
});

/** Small collections, which are kept in files as the bytes that stand in memory. */
const SMALL: readonly (readonly (readonly string[])[])[] = [
  [["RPUSH", "k", "a", "", "-1", "127", "128", "4096", "-70000", "9223372036854775807", "1.5"]],
  [["RPUSH", "k", "x".repeat(63), "y".repeat(64), "z".repeat(4095), "w".repeat(4096)]],
  [["RPUSH", "k", ...Array.from({ length: 100 }, (_, i) => String(i * 77))], ["LPOP", "k", "50"]],
  [["HSET", "k", "field", "value", "", "1", "n", "-5", "x".repeat(64), "y".repeat(64)]],
  [["HSET", "k", "a", "1", "b", "2", "c", "3"], ["HDEL", "k", "b"], ["HINCRBY", "k", "a", "300"]],
  [["HSET", "k", "a", "x".repeat(65)]],
  [["SADD", "k", "3", "1", "2"]],
  [["SADD", "k", "3", "-70000", "1"], ["SREM", "k", "1"]],
  [["SADD", "k", "5", "9223372036854775807"]],
  [["SADD", "k", "only one"]],
  [["ZADD", "k", "1", "one", "2", "two", "1.5", "b", "1.5", "a", "-inf", "low", "inf", "12"]],
  [["ZADD", "k", "3", "a", "0.25", "b"], ["ZINCRBY", "k", "10", "b"], ["ZREM", "k", "a"]],
  [["ZADD", "k", "7", "x".repeat(65)]],
  [["XADD", "k", "5-1", "f", "v"]],
  [
    ["XADD", "k", "1700000000000-0", "f", "v", "g", "12"],
    ["XADD", "k", "1700000000000-1", "f", "", "g", "-70000"],
    ["XADD", "k", "1700000000005-0", "other", "1"],
    ["XADD", "k", "1700000000005-7", "f", "v", "g", "x".repeat(100)],
    ["XADD", "k", "1700000009999-7", "f", "v", "h", "4097"],
    ["XDEL", "k", "1700000000005-0"],
  ],
  [["XADD", "k", "5-1", "f", "v"], ["XDEL", "k", "5-1"]],
  [["XADD", "k", "5-1", "f", "v"], ["XGROUP", "CREATE", "k", "g", "0"]],
  [
    ...Array.from({ length: 250 }, (_, i) => ["XADD", "k", `${i + 1}-0`, "n", String(i)]),
    ["XTRIM", "k", "MAXLEN", "120"],
    ["XGROUP", "CREATE", "k", "g", "200-0", "ENTRIESREAD", "5"],
    ["XGROUP", "CREATE", "k", "h", "$"],
  ],
  [["PFADD", "k", "a", "b", "c"]],
  [["GEOADD", "k", "13.361389", "38.115556", "Palermo"]],
];

conformance("DUMP of collections writes what redis-server writes", (c) => {
  c.do("CONFIG", "SET", "rdbcompression", "no");
  for (const commands of SMALL) {
    c.do("DEL", "k");
    for (const command of commands) c.do(...command);
    c.doNormalized(withoutFooter, "DUMP", "k");
  }
  c.do("CONFIG", "SET", "rdbcompression", "yes");
});

test(
  "what redis-server dumps, RESTORE takes",
  { skip: skipWithout("redis-server") },
  async () => {
    const { redis, ours } = await startPair();
    const [from, to] = [await redis.client(), await ours.client()];
    for (const value of VALUES) {
      await from.command("SET", "k", value);
      const payload = bytesOf(await from.command("DUMP", "k"))!;
      assert.deepEqual(await to.command("RESTORE", "k", 0, payload, "REPLACE"), {
        kind: "simple",
        text: "OK",
      });
      assert.deepEqual(await to.command("GET", "k"), await from.command("GET", "k"));
      assert.deepEqual(
        await to.command("OBJECT", "ENCODING", "k"),
        await from.command("OBJECT", "ENCODING", "k"),
      );
      // And our own payload leads back to the same value.
      const own = bytesOf(await to.command("DUMP", "k"))!;
      await to.command("RESTORE", "own", 0, own, "REPLACE");
      assert.deepEqual(await to.command("GET", "own"), await from.command("GET", "k"));
    }
    from.close();
    to.close();
  },
);

/** `SET k hello`, dumped by Redis 7.0 (version 10). */
const HELLO = Uint8Array.of(
  ...[0, 5, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 10, 0, 0x63, 0x72, 0xdf, 0x76, 0x65, 0x34, 0x20, 0x0a],
);
/** A checksum of zero is not checked. */
const UNCHECKED = Uint8Array.of(...HELLO.subarray(0, 9), 0, 0, 0, 0, 0, 0, 0, 0);

conformance("RESTORE: options", (c) => {
  for (const payload of [HELLO, UNCHECKED]) {
    c.do("RESTORE", "k", 0, payload);
    c.do("GET", "k");
    c.do("TTL", "k");
    c.do("RESTORE", "k", 0, payload);
    c.do("RESTORE", "k", 0, payload, "REPLACE");
    c.do("RESTORE", "k", "1000000", payload, "replace");
    c.do("TTL", "k");
    c.do("RESTORE", "k", "4102444800123", payload, "REPLACE", "ABSTTL");
    c.do("PEXPIRETIME", "k");
    c.do("RESTORE", "k", "1", payload, "REPLACE", "ABSTTL");
    c.do("EXISTS", "k");
    c.do("RESTORE", "k", 0, payload, "IDLETIME", "1000");
    c.doNear(1, "OBJECT", "IDLETIME", "k");
    c.do("RESTORE", "k", 0, payload, "REPLACE", "FREQ", "10");
    c.do("DEL", "k");
  }
});

conformance("RESTORE: errors", (c) => {
  for (const ttl of ["-1", "a", "", "1.5", "9223372036854775808", "-9223372036854775808"]) {
    c.do("RESTORE", "k", ttl, HELLO);
    c.do("RESTORE", "k", ttl, HELLO, "ABSTTL");
  }
  for (
    const rest of [
      ...[["NOSUCH"], ["IDLETIME"], ["IDLETIME", "-1"], ["IDLETIME", "a"], ["FREQ"], [
        "FREQ",
        "-1",
      ]],
      ...[["FREQ", "256"], ["FREQ", "a"], ["IDLETIME", "1", "FREQ", "1"], [
        "FREQ",
        "1",
        "IDLETIME",
        "1",
      ]],
      ...[["REPLACE", "ABSTTL", ""]],
    ]
  ) c.do("RESTORE", "k", 0, HELLO, ...rest);
  c.do("FLUSHALL");
  for (let length = 0; length < HELLO.length; length++) {
    c.do("RESTORE", "k", 0, HELLO.subarray(0, length));
  }
  for (let at = 0; at < HELLO.length; at++) {
    const broken = HELLO.slice();
    broken[at] ^= 1;
    c.do("RESTORE", "k", 0, broken);
  }
  c.do("RESTORE", "k", 0, "not a payload at all");
  c.do("EXISTS", "k");
  c.do("SET", "k", "v");
  c.do("RESTORE", "k", 0, "not a payload at all");
  c.do("RESTORE", "k", "-1", HELLO);
  // A version that nobody has yet.
  const future = UNCHECKED.slice();
  future[7] = 200;
  c.do("RESTORE", "f", 0, future);
});
