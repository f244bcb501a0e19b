/** Lists in DUMP payloads, RDB files and append-only files, handed from one server to the other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startPair } from "../support/compare.ts";
import { bytesOf, textOf } from "../support/reply.ts";
import { skipWithout } from "../support/servers.ts";
import { seeded } from "../unit/heap/seeded.ts";

const skip = skipWithout("redis-server");
const long = (length: number, letter = "x") => letter.repeat(length);

function lists(): string[][] {
  const prng = seeded(5);
  const below = (limit: number) => prng.nextUint32() % limit;
  const lengths = [0, 1, 2, 16, 63, 64, 125, 126, 127, 512, 513, 1400, 4096, 8192, 8193, 70000];
  const found = [
    ["a"],
    ["a", "2", "", "-7000", "9223372036854775807", "-9223372036854775808", "007"],
    Array.from({ length: 5000 }, (_, i) => `element:${String(i).padStart(8, "0")}`),
    Array.from({ length: 5000 }, (_, i) => String(i * 12345)),
    Array.from({ length: 40 }, (_, i) => long(9000 + i)),
    [long(100000), "a", long(300000), "b"],
    Array.from({ length: 30 }, (_, i) => long(600 + i)),
  ];
  for (let i = 0; i < 15; i++) {
    found.push(Array.from({ length: 1 + below(600) }, () => {
      return below(3) === 0 ? String(below(100000)) : long(lengths[below(i + 2)], "abc"[below(3)]);
    }));
  }
  return found;
}

test("a list dumped by one server is restored by the other", { skip }, async () => {
  const { redis, ours } = await startPair({ args: ["--enable-debug-command", "yes"] });
  const [theirClient, ourClient] = await Promise.all([redis.client(), ours.client()]);
  const both = [theirClient, ourClient];
  for (const [i, elements] of lists().entries()) {
    for (const client of both) {
      await client.command("DEL", "l", "copy");
      await client.command("RPUSH", "l", ...elements);
    }
    for (const [from, to] of [both, both.toReversed()]) {
      const payload = await from.command("DUMP", "l");
      const bytes = bytesOf(payload)!;
      assert.equal(textOf(await to.command("RESTORE", "copy", "0", bytes, "REPLACE")), "OK");
      const expected = await from.command("DEBUG", "DIGEST-VALUE", "l");
      const actual = await to.command("DEBUG", "DIGEST-VALUE", "copy");
      assert.deepEqual(actual, expected, `list ${i}`);
      const range = await to.command("LRANGE", "copy", "0", "-1");
      assert.deepEqual(range, await from.command("LRANGE", "l", "0", "-1"), `list ${i}`);
    }
  }
  for (const client of both) client.close();
});
