/** Sets in DUMP payloads, handed from one server to the other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startPair } from "../support/compare.ts";
import { bytesOf, textOf } from "../support/reply.ts";
import { skipWithout } from "../support/servers.ts";

const skip = skipWithout("redis-server");

function sets(): string[][] {
  const found = [
    ["a"],
    ["", "a", "2", "-7000", "9223372036854775807", "-9223372036854775808", "007"],
    ["-1", "9223372036854775807", "-9223372036854775808", "4294967296"],
    ["x".repeat(64), "y".repeat(65), "z".repeat(5000), "w".repeat(70_000), "v".repeat(300_000)],
  ];
  for (const count of [10, 127, 128, 129, 511, 512, 513, 5000]) {
    const numbers = Array.from({ length: count }, (_, i) => String(i * 12345 - 1000));
    found.push(numbers, numbers.map((number) => `member:${number}`), [...numbers, "text"]);
  }
  return found;
}

test("a set dumped by one server is restored by the other", { skip }, async () => {
  const { redis, ours } = await startPair({ args: ["--enable-debug-command", "yes"] });
  const both = await Promise.all([redis.client(), ours.client()]);
  for (const members of sets()) {
    const name = `${members.length} members from ${members[0].slice(0, 20)}`;
    for (const client of both) {
      await client.command("DEL", "s", "copy");
      await client.command("SADD", "s", ...members);
    }
    for (const [from, to] of [both, both.toReversed()]) {
      const payload = bytesOf(await from.command("DUMP", "s"))!;
      assert.equal(textOf(await to.command("RESTORE", "copy", "0", payload, "REPLACE")), "OK");
      for (const args of [["DEBUG", "DIGEST-VALUE"], ["SCARD"]]) {
        const expected = await from.command(args[0], ...args.slice(1), "s");
        assert.deepEqual(await to.command(args[0], ...args.slice(1), "copy"), expected, name);
      }
    }
  }
  for (const client of both) client.close();
});
