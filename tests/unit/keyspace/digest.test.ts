import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Prng } from "../../../src/base/prng.ts";
import { NO_EXPIRY } from "../../../src/keyspace/database.ts";
import { addValue, Digest, keyspaceDigest } from "../../../src/keyspace/digest.ts";
import { Keyspace } from "../../../src/keyspace/keyspace.ts";
import { resizeString, setString } from "../../../src/keyspace/string_value.ts";

const NOTHING = "0".repeat(40);

function newKeyspace(): Keyspace {
  return new Keyspace(new Prng(new Uint8Array(16)), { expired() {} }, 16);
}

/** Sets a key and returns its entry. */
function set(
  keyspace: Keyspace,
  index: number,
  key: string,
  value: string,
  expiresAtMs: number = NO_EXPIRY,
): number {
  const database = keyspace.databases[index];
  const k = Buffer.from(key);
  const v = Buffer.from(value);
  const ref = database.find(k, 0, k.length);
  return setString(database, ref, k, 0, k.length, v, 0, v.length, expiresAtMs);
}

function valueDigest(keyspace: Keyspace, index: number, ref: number): string {
  const digest = new Digest(keyspace.heap);
  addValue(digest, keyspace.databases[index], ref);
  return digest.toString();
}

test("the digests that redis-server 7.0.15 gives", () => {
  const keyspace = newKeyspace();
  assert.equal(keyspaceDigest(keyspace), NOTHING);
  const a = set(keyspace, 0, "a", "1");
  const b = set(keyspace, 0, "b", "hello", 1_800_000_000_000);
  const c = set(keyspace, 0, "c", "");
  set(keyspace, 3, "a", "1");
  const big = resizeString(keyspace.databases[3], set(keyspace, 3, "big", ""), 200_001);
  keyspace.databases[3].writeValue(big, 200_000, Buffer.from("x"), 0, 1);
  assert.equal(keyspaceDigest(keyspace), "d743fc272feb1f480c1a7961e8be5c035f908a96");
  assert.equal(valueDigest(keyspace, 0, a), "b4fc66738120fba0b5aa500ab5c2bf89cea1c5da");
  assert.equal(valueDigest(keyspace, 0, b), "d037c4eb8a8b36b602fbced4000daeab0714c1e3");
  assert.equal(valueDigest(keyspace, 0, c), "8b3447c33a834b810e3e181b6fd6a2ee1020921c");
  assert.equal(valueDigest(keyspace, 3, big), "38399a50e39771d805b27507fb47438c058dbf3c");
});

test("equal data have equal digests in any order, others have others", () => {
  const key = fc.string({ maxLength: 3 });
  const value = fc.string({ maxLength: 20 });
  const data = fc.dictionary(key, fc.tuple(value, fc.boolean(), fc.nat(2)), { maxKeys: 8 });
  type Data = Record<string, [value: string, expires: boolean, database: number]>;
  const digestOf = (entries: [string, Data[string]][]) => {
    const keyspace = newKeyspace();
    for (const [name, [text, expires, index]] of entries) {
      set(keyspace, index, name, text, expires ? 1_800_000_000_000 : NO_EXPIRY);
    }
    return keyspaceDigest(keyspace);
  };
  fc.assert(
    fc.property(data, key, value, (given, other, text) => {
      const entries = Object.entries(given as Data);
      const digest = digestOf(entries);
      assert.equal(digestOf(entries.toReversed()), digest);
      const old = given[other];
      if (old !== undefined && old[0] === text) return;
      assert.notEqual(
        digestOf([...entries.filter(([name]) => name !== other), [other, [text, false, 0]]]),
        digest,
      );
    }),
    { numRuns: 50 },
  );
});
