import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { latin1Bytes } from "../../../src/base/ascii.ts";
import { listpackCount } from "../../../src/heap/listpack.ts";
import { isValidListpack } from "../../../src/heap/listpack_check.ts";
import { intsetTotalBytes, isValidIntset } from "../../../src/heap/intset.ts";
import type { RespClient } from "../../support/resp_client.ts";
import { bytesOf, describe } from "../../support/reply.ts";
import { skipWithout, startRedis, stopServers } from "../../support/servers.ts";
import { dumped, stringPayload, TYPE_LIST_LISTPACKS, TYPE_SET_INTSET } from "./dump_payload.ts";
import { BORDER_TEXTS, listpackOf } from "./listpack_model.ts";
import { seeded } from "./seeded.ts";

/** The bytes that a real redis-server keeps, and what it takes for whole. */

const skip = skipWithout("redis-server");
let client: RespClient;
before(async () => {
  if (skip) return;
  const server = await startRedis({
    args: [
      ...["--rdbcompression", "no", "--sanitize-dump-payload", "yes"],
      ...["--hash-max-listpack-value", "100000"],
    ],
  });
  client = await server.client();
});
after(stopServers);

test("the bytes of a hash with a value of every kind", { skip }, async () => {
  const texts = BORDER_TEXTS.flatMap((text, i) => [`field:${i}`, text]);
  await client.command("HSET", "h", ...texts.map((text) => latin1Bytes(text)));
  const dump = bytesOf(await client.command("DUMP", "h"))!;
  assert.deepEqual(dumped(dump, 1), listpackOf(texts));
});

test(
  "the bytes of a list, from both ends, with entries taken out and changed",
  { skip },
  async () => {
    await client.command("RPUSH", "l", "a", "-5", "1000", "x".repeat(100));
    await client.command("LPUSH", "l", "70000", "b");
    await client.command("LSET", "l", 3, "12345678901");
    await client.command("LREM", "l", 1, "a");
    const dump = bytesOf(await client.command("DUMP", "l"))!;
    const texts = ["b", "70000", "12345678901", "1000", "x".repeat(100)];
    assert.deepEqual(dumped(dump, 3), listpackOf(texts));
  },
);

test("the bytes of sets of integers", { skip }, async () => {
  for (const members of [["3", "-2", "300"], ["70000", "1"], ["-9223372036854775808", "5"]]) {
    await client.command("DEL", "s");
    await client.command("SADD", "s", ...members);
    const bytes = dumped(bytesOf(await client.command("DUMP", "s"))!, 1);
    assert.equal(intsetTotalBytes(bytes, 0), bytes.length);
    assert.equal(isValidIntset(bytes, 0, bytes.length, true), true);
  }
});

/** Changes of single bytes, and of two. */
function* broken(whole: Uint8Array): Generator<Uint8Array> {
  const prng = seeded(5);
  for (let at = 0; at < whole.length; at++) {
    for (const change of [1, 0x7f, 0x80, 0xf0, 0xff, prng.below(256)]) {
      const bytes = whole.slice();
      bytes[at] ^= change;
      if (change === 0xf0) bytes[prng.below(whole.length)] = 0xff;
      yield bytes;
    }
  }
}

test("what redis-server takes for a listpack", { skip }, async () => {
  const whole = listpackOf(["a", "field", "1234", "x".repeat(70), "-99999999999", "7", "-70000"]);
  let taken = 0;
  for (const bytes of broken(whole)) {
    const restored = stringPayload(TYPE_LIST_LISTPACKS, bytes);
    const reply = await client.command("RESTORE", "k", 0, restored, "REPLACE");
    const isTaken = reply.kind === "simple";
    const isValid = isValidListpack(bytes, 0, bytes.length, true);
    // It takes no list without elements.
    const isEmpty = isValid && listpackCount(bytes, 0) === 0;
    const where = `${Buffer.from(bytes).toString("hex")}: ${describe(reply)}`;
    assert.equal(isValid && !isEmpty, isTaken, where);
    if (isTaken) taken++;
  }
  assert.ok(taken > whole.length);
});

test("what redis-server takes for an intset", { skip }, async () => {
  await client.command("DEL", "s");
  await client.command("SADD", "s", "1", "5", "-70000", "700");
  const whole = dumped(bytesOf(await client.command("DUMP", "s"))!, 1);
  let taken = 0;
  for (const bytes of broken(whole)) {
    const restored = stringPayload(TYPE_SET_INTSET, bytes);
    const reply = await client.command("RESTORE", "k", 0, restored, "REPLACE");
    const isTaken = reply.kind === "simple";
    const where = `${Buffer.from(bytes).toString("hex")}: ${describe(reply)}`;
    assert.equal(isValidIntset(bytes, 0, bytes.length, true), isTaken, where);
    if (isTaken) taken++;
  }
  assert.ok(taken > 10, `${taken} taken`);
});
