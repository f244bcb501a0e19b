import assert from "node:assert/strict";
import { test } from "node:test";
import { stringKind } from "../../../../src/keyspace/string_value.ts";
import {
  bytesOf,
  concat,
  contentsOf,
  int64,
  loadBytes,
  newKeyspace,
  NOW_MS,
  rdbFile,
  refuses,
  row,
} from "./fixture.ts";

/** Bytes that no batch reaches: it leaves the last kilobyte of a chunk to the loader. */
const TAIL = row(0, 0x40, 4, "tail", 0x44, 0, "t".repeat(1024));

function entry(key: string, value: string): Uint8Array {
  const length = value.length < 64 ? [value.length] : [0x40 | value.length >> 8, value.length];
  return row(0, key.length, key, length, value);
}

/** What a keyspace holds where a plain value stands. */
function held(value: string, expiresAtMs = -1): string {
  return `${value} ${expiresAtMs} ${stringKind(bytesOf(value), 0, value.length)}`;
}

test("plain entries between ones that are not, with and without expiry times", () => {
  const parts: Uint8Array[] = [];
  const expected = new Map<string, string>();
  let expired = 0;
  for (let i = 0; i < 3000; i++) {
    const key = `${i % 64 === 0 ? "" : "key"}:${i}`;
    const value = i % 11 === 0 ? String(i) : `${i} `.repeat(i % 180);
    const plain = entry(key, value.slice(0, 899 + i % 4));
    let text = held(value.slice(0, 899 + i % 4));
    switch (i % 13) {
      case 3:
        parts.push(row(0xfc, int64(BigInt(NOW_MS + i)), plain));
        text = text.replace(" -1 ", ` ${NOW_MS + i} `);
        break;
      case 5:
        parts.push(row(0xfc, int64(BigInt(NOW_MS - 1)), plain));
        expired++;
        continue;
      case 6:
        parts.push(row(0xfc, int64(-1n), plain));
        break;
      case 7:
        parts.push(row(0xf8, 9, plain));
        break;
      case 8:
        parts.push(row(0, key.length, key, 0xc0, 7));
        text = held("7");
        break;
      case 9:
        parts.push(row(0xfc, int64(2n ** 63n - 1n), plain));
        text = text.replace(" -1 ", ` ${2 ** 63 - 1024} `);
        break;
      default:
        parts.push(plain);
    }
    expected.set(`0 ${key}`, text);
  }
  expected.set("0 tail", held("t".repeat(1024)));
  const keyspace = newKeyspace();
  const result = loadBytes(rdbFile(concat([...parts, TAIL])), keyspace);
  assert.deepEqual([result.loadedCount, result.expiredCount], [expected.size, expired]);
  assert.deepEqual(contentsOf(keyspace), expected);
  keyspace.check();
});

test("a key that comes twice is found, in the same batch and in another one", () => {
  const keys = Array.from({ length: 200 }, (_, i) => `key:${String(i).padStart(3, "0")}`);
  for (const [first, second] of [[3, 5], [3, 63], [3, 64], [0, 150], [63, 64]]) {
    const parts = keys.map((key, i) => entry(i === second ? keys[first] : key, "v"));
    const offset = 9 + second * 11 + 9;
    const reason = new RegExp(`^RDB has duplicated key "${keys[first]}" in DB 0$`);
    refuses(rdbFile(concat([...parts, TAIL])), reason, offset);
    const keyspace = newKeyspace();
    loadBytes(rdbFile(concat([...parts, TAIL])), keyspace, { merges: true });
    assert.equal(keyspace.size, 200);
    keyspace.check();
  }
});

test("expired keys are kept where that is wanted", () => {
  const parts = Array.from({ length: 100 }, (_, i) => row(0xfc, int64(5n), entry(`k${i}`, "v")));
  const keyspace = newKeyspace();
  const file = rdbFile(concat([...parts, TAIL]));
  assert.equal(loadBytes(file, keyspace, { keepsExpired: true }).loadedCount, 101);
  assert.equal(keyspace.databases[0].expires.count, 100);
  keyspace.check();
});

test("more than the heap's first chunks, all found again", () => {
  const value = "0123456789abcdef".repeat(50);
  const parts: Uint8Array[] = [];
  for (let i = 0; i < 60_000; i++) parts.push(entry(`key:${i}`, value));
  const keyspace = newKeyspace();
  loadBytes(rdbFile(concat([...parts, TAIL])), keyspace);
  keyspace.check();
  const database = keyspace.databases[0];
  for (let i = 0; i < 60_000; i++) {
    const key = bytesOf(`key:${i}`);
    const ref = database.find(key, 0, key.length);
    assert.ok(ref !== 0 && database.valueLengthOf(ref) === 800, `key:${i}`);
  }
});
