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
