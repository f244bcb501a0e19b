import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { latin1 } from "../../../src/base/ascii.ts";
import { ListpackWriter } from "../../../src/heap/listpack_writer.ts";
import {
  isValidZiplist,
  ZiplistReader,
  ziplistToListpack,
} from "../../../src/persistence/rdb/ziplist.ts";
import {
  isValidZipmap,
  ZipmapReader,
  zipmapToListpack,
} from "../../../src/persistence/rdb/zipmap.ts";
import { bytesOf, describe, itemsOf } from "../../support/reply.ts";
import type { RespClient } from "../../support/resp_client.ts";
import { skipWithout, startRedis, stopServers } from "../../support/servers.ts";
import {
  stringPayload,
  TYPE_HASH_ZIPLIST,
  TYPE_HASH_ZIPMAP,
  TYPE_LIST_ZIPLIST,
} from "../heap/dump_payload.ts";
import { BORDER_TEXTS, listpackOf, textsOf } from "../heap/listpack_model.ts";
import { seeded } from "../heap/seeded.ts";
import { ziplistOf, zipmapOf } from "./ziplist_model.ts";

/** Ziplists and zipmaps: read, and beside a real redis-server. */

const ZIPLIST_TEXTS: readonly string[] = [
  ...BORDER_TEXTS,
  ...["1", "12", "13", "-2", "-128", "-129", "x".repeat(250), "x".repeat(251), "x".repeat(252)],
  ...["x".repeat(253), "x".repeat(254), "x".repeat(16_383), "x".repeat(16_384)],
];

const skip = skipWithout("redis-server");
let client: RespClient;
before(async () => {
  if (skip) return;
  const server = await startRedis({ args: ["--sanitize-dump-payload", "yes"] });
  client = await server.client();
});
after(stopServers);

const text = fc.oneof(
  fc.string({ maxLength: 10, unit: "binary-ascii" }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.integer({ min: -200, max: 200 }).map(String),
  fc.constantFrom(...ZIPLIST_TEXTS),
);

function placed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(1, 2, 3, ...bytes, 0xff, 0xff);
}

function readZiplist(bytes: Uint8Array, at: number): string[] {
  const reader = new ZiplistReader();
  reader.open(bytes, at);
  const texts: string[] = [];
  while (reader.next()) {
    const { length } = reader;
    reader.text();
    texts.push(latin1(reader.stringBytes, reader.stringStart, reader.stringEnd));
    assert.equal(length, texts[texts.length - 1].length);
  }
  return texts;
}

function readZipmap(bytes: Uint8Array, at: number): string[] {
  const reader = new ZipmapReader();
  reader.open(bytes, at);
  const texts: string[] = [];
  while (reader.next()) {
    texts.push(latin1(bytes, reader.fieldStart, reader.fieldEnd));
    texts.push(latin1(bytes, reader.valueStart, reader.valueEnd));
  }
  return texts;
}

test("a ziplist becomes the listpack of the same entries", () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 30 }), (texts) => {
      const ziplist = ziplistOf(texts);
      const bytes = placed(ziplist);
      assert.equal(isValidZiplist(bytes, 3, ziplist.length, true), true);
      assert.deepEqual(readZiplist(bytes, 3), texts);
      const writer = new ListpackWriter();
      const length = ziplistToListpack(bytes, 3, writer);
      assert.deepEqual(textsOf(writer.bytes, 0, length), texts);
      assert.deepEqual(writer.bytes.slice(0, length), listpackOf(texts));
    }),
    { numRuns: 60 },
  );
});

test("a zipmap becomes the listpack of the same fields", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 20 }), fc.nat(3), (
      pairs,
      freeBytes,
    ) => {
      const texts = pairs.flat();
      const zipmap = zipmapOf(texts, freeBytes);
      const bytes = placed(zipmap);
      assert.equal(isValidZipmap(bytes, 3, zipmap.length, true), true);
      assert.deepEqual(readZipmap(bytes, 3), texts);
      const writer = new ListpackWriter();
      const length = zipmapToListpack(bytes, 3, writer);
      assert.deepEqual(writer.bytes.slice(0, length), listpackOf(texts));
    }),
    { numRuns: 60 },
  );
});

test("more entries than a header can say", () => {
  const texts = Array.from({ length: 65540 }, () => "5");
  const ziplist = ziplistOf(texts);
  assert.equal(isValidZiplist(ziplist, 0, ziplist.length, true), true);
  const pairs = Array.from({ length: 600 }, (_, i) => `${i}`);
  const zipmap = zipmapOf(pairs);
  assert.equal(isValidZipmap(zipmap, 0, zipmap.length, true), true);
  assert.deepEqual(readZipmap(zipmap, 0), pairs);
});

test("cut off, none is whole", () => {
  const ziplist = ziplistOf(["a", "100", "x".repeat(300), "-70000"]);
  for (let length = 0; length < ziplist.length; length++) {
    assert.equal(isValidZiplist(ziplist, 0, length, true), false);
    assert.equal(isValidZiplist(ziplist, 0, length, false), false);
  }
  const zipmap = zipmapOf(["field", "value", "other", "x".repeat(300)], 2);
  for (let length = 0; length < zipmap.length; length++) {
    // The last byte of a cut may be a free one, which is 0xff here.
    if (zipmap[length - 1] === 0xff) continue;
    assert.equal(isValidZipmap(zipmap, 0, length, true), false);
  }
  assert.equal(isValidZipmap(Uint8Array.of(0, 0xff), 0, 2, true), false, "an empty one");
  assert.equal(isValidZipmap(Uint8Array.of(0, 0xff), 0, 2, false), true);
});

test("redis-server reads what the model writes", { skip }, async () => {
  const restore = async (type: number, bytes: Uint8Array) => {
    const reply = await client.command("RESTORE", "k", 0, stringPayload(type, bytes), "REPLACE");
    assert.equal(describe(reply), '+"OK"');
  };
  await restore(TYPE_LIST_ZIPLIST, ziplistOf(ZIPLIST_TEXTS));
  const items = itemsOf(await client.command("LRANGE", "k", 0, -1));
  assert.deepEqual(items.map((item) => latin1(bytesOf(item)!)), ZIPLIST_TEXTS);
  const pairs = ["a", "1", "field", "x".repeat(300), "", "value"];
  for (
    const [type, bytes] of [
      [TYPE_HASH_ZIPLIST, ziplistOf(pairs)],
      [TYPE_HASH_ZIPMAP, zipmapOf(pairs, 3)],
    ] as const
  ) {
    await restore(type, bytes);
    for (let i = 0; i < pairs.length; i += 2) {
      const value = bytesOf(await client.command("HGET", "k", pairs[i]))!;
      assert.equal(latin1(value), pairs[i + 1]);
    }
  }
});

/** Changes of single bytes. */
function* broken(whole: Uint8Array): Generator<Uint8Array> {
  const prng = seeded(7);
  for (let at = 0; at < whole.length; at++) {
    for (const change of [1, 2, 0x40, 0x80, 0xc0, 0xff, 1 + prng.below(255)]) {
      const bytes = whole.slice();
      bytes[at] ^= change;
      yield bytes;
    }
  }
}

test("what redis-server takes for a ziplist", { skip }, async () => {
  const whole = ziplistOf(["a", "7", "100", "field", "1000", "x".repeat(70), "-70000", "70000000"]);
  let taken = 0;
  for (const bytes of broken(whole)) {
    const reply = await client.command(
      "RESTORE",
      "k",
      0,
      stringPayload(TYPE_LIST_ZIPLIST, bytes),
      "REPLACE",
    );
    const where = `${Buffer.from(bytes).toString("hex")}: ${describe(reply)}`;
    const isTaken = reply.kind === "simple";
    const isValid = isValidZiplist(bytes, 0, bytes.length, true);
    assert.equal(isValid && readZiplist(bytes, 0).length > 0, isTaken, where);
    if (!isTaken) continue;
    taken++;
    const items = itemsOf(await client.command("LRANGE", "k", 0, -1));
    assert.deepEqual(items.map((item) => latin1(bytesOf(item)!)), readZiplist(bytes, 0), where);
  }
  assert.ok(taken > whole.length, `${taken} taken`);
});

test("what redis-server takes for a zipmap", { skip }, async () => {
  const whole = zipmapOf(["name", "value", "other", "x".repeat(40), "3", "4"], 1);
  let taken = 0;
  for (const bytes of broken(whole)) {
    const reply = await client.command(
      "RESTORE",
      "k",
      0,
      stringPayload(TYPE_HASH_ZIPMAP, bytes),
      "REPLACE",
    );
    const where = `${Buffer.from(bytes).toString("hex")}: ${describe(reply)}`;
    const isTaken = reply.kind === "simple";
    const isValid = isValidZipmap(bytes, 0, bytes.length, true);
    const fields = isValid ? readZipmap(bytes, 0).filter((_, i) => i % 2 === 0) : [];
    assert.equal(isValid && new Set(fields).size === fields.length, isTaken, where);
    if (isTaken) taken++;
  }
  assert.ok(taken > whole.length, `${taken} taken`);
});
