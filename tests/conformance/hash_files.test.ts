/** Hashes in DUMP payloads, handed from one server to the other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startPair } from "../support/compare.ts";
import { bytesOf, textOf } from "../support/reply.ts";
import { skipWithout } from "../support/servers.ts";
import { seeded } from "../unit/heap/seeded.ts";

const skip = skipWithout("redis-server");
const INTEGERS = ["0", "127", "-1", "4096", "-70000", "9223372036854775807", "007", ""];

/** Fields and values of hashes around the limits of encodings. */
function hashes(): string[][] {
  const prng = seeded(5);
  const found = [INTEGERS.flatMap((text) => [text, text]), ["a", "x".repeat(300_000)]];
  for (const count of [1, 2, 100, 511, 512, 513, 3000]) {
    for (const most of [5, 63, 65, 5000]) {
      const pairs = Array.from({ length: most > 100 ? Math.min(count, 40) : count }, (_, i) => {
        const value = i % 3 === 0 ? String(prng.below(1e9)) : "x".repeat(prng.below(most + 1));
        return [`field:${i}`, value];
      });
      found.push(pairs.flat());
    }
  }
  return found;
}

test("a hash dumped by one server is restored by the other", { skip }, async () => {
  const { redis, ours } = await startPair({ args: ["--enable-debug-command", "yes"] });
  const both = await Promise.all([redis.client(), ours.client()]);
  for (const [i, pairs] of hashes().entries()) {
    for (const client of both) {
      await client.command("DEL", "h", "copy");
      await client.command("HSET", "h", ...pairs);
    }
    for (const [from, to] of [both, both.toReversed()]) {
      const payload = bytesOf(await from.command("DUMP", "h"))!;
      assert.equal(textOf(await to.command("RESTORE", "copy", "0", payload, "REPLACE")), "OK");
      for (const [name, first] of [["DEBUG", "DIGEST-VALUE"], ["OBJECT", "ENCODING"]]) {
        const expected = await from.command(name, first, "h");
        assert.deepEqual(await to.command(name, first, "copy"), expected, `hash ${i}`);
      }
    }
  }
  for (const client of both) client.close();
});
