import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";
import { entriesOf } from "../../../src/heap/dict_walk.ts";
import { HeapFull } from "../../../src/heap/heap.ts";
import { HeapView } from "../../../src/heap/heap_view.ts";
import { PAGE_BYTES, SMALL_BYTES_MAX } from "../../../src/heap/page_layout.ts";
import type { Database } from "../../../src/keyspace/database.ts";
import { NO_EXPIRY } from "../../../src/keyspace/database.ts";
import type { Keyspace } from "../../../src/keyspace/keyspace.ts";
import {
  KEEP_EXPIRY,
  resizeString,
  setString,
  stringBytes,
  stringKind,
} from "../../../src/keyspace/string_value.ts";
import { randomBytes, sameBytes, seeded } from "../heap/seeded.ts";
import { KeyspaceModel, newKeyspace } from "./keyspace_model.ts";

function set(
  database: Database,
  key: string,
  value: string | Uint8Array,
  expiresAtMs: number = NO_EXPIRY,
): number {
  const bytes = latin1Bytes(key);
  const content = typeof value === "string" ? latin1Bytes(value) : value;
  const ref = database.lookupWrite(bytes, 0, bytes.length);
  return setString(database, ref, bytes, 0, bytes.length, content, 0, content.length, expiresAtMs);
}

function get(database: Database, key: string): string | undefined {
  const bytes = latin1Bytes(key);
  const ref = database.lookupRead(bytes, 0, bytes.length);
  return ref === 0 ? undefined : latin1(stringBytes(database, ref));
}

test("databases hold what a map holds, checked at every step", () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 80 }), (seed, steps) => {
      const model = new KeyspaceModel(seed);
      for (let i = 0; i < steps; i++) {
        model.step();
        model.keyspace.check();
      }
      model.checkAll();
    }),
    { numRuns: 40 },
  );
});

test("a long run with large values over several chunks", () => {
  const model = new KeyspaceModel(3);
  model.valueMax = 20000;
  for (let i = 0; i < 8000; i++) {
    model.step();
    if (i % 2000 === 0) model.checkAll();
  }
  model.checkAll();
  model.flush(undefined);
  assert.equal(model.keyspace.heap.allocatedBytes, 0);
  assert.equal(model.keyspace.heap.mappedBytes, 0);
});

test("a long run under freezes: the image stays, the databases go on", () => {
  const model = new KeyspaceModel(5);
  const { keyspace } = model;
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 300; i++) model.step();
    const expected = imageOf(keyspace);
    const view = new HeapView(keyspace.heap.freeze());
    const roots = keyspace.databases.map((database) => database.keys.root);
    const frozen = () =>
      roots.map((root) => [...entriesOf(view, root)].map((ref) => view.wordAt(ref, 8)));
    const lengths = frozen();
    for (let i = 0; i < 300; i++) model.step();
    if (round === 3) model.flush(undefined);
    assert.deepEqual(frozen(), lengths);
    assert.equal(lengths.flat().length, expected);
    model.checkAll();
    keyspace.heap.release();
    model.checkAll();
  }
});

function imageOf(keyspace: Keyspace): number {
  return keyspace.databases.reduce((sum, database) => sum + database.size, 0);
}

test("every border between entry, object of its own and pages of its own", () => {
  const model = new KeyspaceModel(9, 1);
  const lengths = [
    0,
    1,
    4,
    980,
    990,
    1000,
    1012,
    1013,
    1024,
    1025,
    4095,
    4096,
    4097,
    8192,
    8193,
    70000,
  ];
  for (const keyLength of [0, 1, 12, 1000, 1012, 1013, 4060, 4080, 4084, 4085, 4096, 8200, 10000]) {
    const key = "k".repeat(keyLength);
    model.add(0, key, 0);
    for (const length of lengths) {
      for (const other of [0, 16, 1005, 5000]) {
        model.replace(0, key, other);
        model.resize(0, key, length);
        model.setExpiry(0, key);
        model.removeExpiry(0, key);
        model.keyspace.check();
      }
    }
    model.move(0, key, 0, `${key}moved`);
    model.copy(0, `${key}moved`, 0, key);
  }
  model.checkAll();
});

test("a value of 100 MB", () => {
  const size = 100 * 2 ** 20;
  const keyspace = newKeyspace({ databases: 2 });
  const [database, other] = keyspace.databases;
  const value = randomBytes(seeded(1), size);
  set(database, "big", value);
  let ref = database.find(latin1Bytes("big"), 0, 3);
  assert.ok(sameBytes(stringBytes(database, ref), value));
  ref = resizeString(database, ref, size + 5);
  assert.deepEqual([...stringBytes(database, ref, size - 1, 6)], [value[size - 1], 0, 0, 0, 0, 0]);
  ref = database.moveTo(other, ref, latin1Bytes("moved"), 0, 5);
  assert.ok(keyspace.heap.mappedBytes < size + 100 * PAGE_BYTES, "moving copies nothing");
  const copy = other.copyTo(database, ref, latin1Bytes("copy"), 0, 4);
  assert.ok(sameBytes(stringBytes(database, copy, 0, size), value));
  database.delete(copy);
  ref = other.resizeValue(ref, 10, 10);
  assert.ok(sameBytes(stringBytes(other, ref), value.subarray(0, 10)));
  keyspace.check();
  keyspace.flush(other);
  assert.equal(keyspace.heap.mappedBytes, 0);
});

test("strings know their encoding and keep or lose their expiry", () => {
  const keyspace = newKeyspace();
  const [database] = keyspace.databases;
  const kinds: [string, number][] = [
    ["", 0x80],
    ["0", 0x10],
    ["-1", 0x10],
    ["-0", 0x80],
    ["01", 0x80],
    ["9223372036854775807", 0x10],
    ["9223372036854775808", 0x80],
    ["-9223372036854775808", 0x10],
    ["x".repeat(44), 0x80],
    ["x".repeat(45), 0x00],
  ];
  for (const [text, kind] of kinds) {
    assert.equal(stringKind(latin1Bytes(`a${text}b`), 1, text.length + 1), kind, text);
    assert.equal(database.kindOf(set(database, "k", text)), kind);
    assert.equal(get(database, "k"), text);
  }
  const at = keyspace.nowMs + 5000;
  set(database, "k", "one", at);
  assert.equal(database.expiresAtMs(set(database, "k", "longer value", KEEP_EXPIRY)), at);
  assert.equal(database.expiresAtMs(set(database, "k", "two", NO_EXPIRY)), NO_EXPIRY);
  assert.equal(database.expiresAtMs(set(database, "new", "two", KEEP_EXPIRY)), NO_EXPIRY);
  const list = set(database, "list", "as if");
  database.setKind(list, 1, 11);
  assert.equal(database.kindOf(set(database, "list", "text")), 0x80);
  const raw = resizeString(database, set(database, "k", "abc"), 5);
  assert.equal(database.encodingOf(raw), 0);
  assert.equal(get(database, "k"), "abc\0\0");
  keyspace.check();
});

test("expiry times of all sizes are kept to the millisecond", () => {
  const keyspace = newKeyspace();
  const [database] = keyspace.databases;
  keyspace.keepsExpired = true;
  const times = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 1_700_000_000_123, 2 ** 53 - 1];
  for (const expiresAtMs of times) {
    const ref = set(database, `k${expiresAtMs}`, "v", expiresAtMs);
    assert.equal(database.expiresAtMs(ref), expiresAtMs);
  }
  keyspace.check();
});

test("a key expires when its millisecond is over, and not before", () => {
  const expired: string[] = [];
  const keyspace = newKeyspace({ databases: 2, expired });
  const [database, other] = keyspace.databases;
  const at = keyspace.nowMs + 10;
  set(database, "a", "1", at);
  set(database, "b", "1", at);
  set(other, "c", "1", at);
  set(database, "stays", "1");
  keyspace.setNow(at + 0.9);
  assert.equal(get(database, "a"), "1");
  keyspace.setNow(at + 1);
  assert.equal(database.size, 3);
  keyspace.keepsExpired = true;
  assert.equal(get(database, "a"), undefined);
  assert.equal(database.size, 3, "only looks absent");
  keyspace.keepsExpired = false;
  assert.equal(get(database, "a"), undefined);
  assert.equal(database.size, 2);
  assert.equal(get(other, "c"), undefined);
  assert.equal(database.find(latin1Bytes("b"), 0, 1) !== 0, true, "find sees what has expired");
  set(database, "b", "2");
  assert.equal(get(database, "b"), "2");
  assert.deepEqual(expired, ["0:a", "1:c", "0:b"]);
  assert.equal(keyspace.expiredCount, 3);
  assert.equal(keyspace.hits, 2);
  assert.equal(keyspace.misses, 3);
  keyspace.check();
});

test("look-ups touch what they should and count what they should", () => {
  const keyspace = newKeyspace();
  const [database] = keyspace.databases;
  const key = latin1Bytes("k");
  const ref = set(database, "k", "v");
  const atStart = database.accessOf(ref);
  keyspace.setNow(keyspace.nowMs + 60_000);
  database.peek(key, 0, 1);
  database.peekRead(key, 0, 1);
  database.find(key, 0, 1);
  assert.equal(database.accessOf(ref), atStart);
  assert.equal(keyspace.access.idleSeconds(database.accessOf(ref)), 60);
  keyspace.isNoTouch = true;
  database.lookupRead(key, 0, 1);
  assert.equal(database.accessOf(ref), atStart);
  keyspace.isNoTouch = false;
  keyspace.heap.freeze();
  database.lookupRead(key, 0, 1);
  assert.equal(keyspace.heap.copiedPages, 0, "a look-up copies no page");
  assert.equal(database.accessOf(ref), atStart);
  keyspace.heap.release();
  database.lookupWrite(key, 0, 1);
  assert.equal(keyspace.access.idleSeconds(database.accessOf(ref)), 0);
  assert.equal(database.kindOf(ref), 0x80, "touching changes nothing else");
  database.setAccess(ref, 0xffffff);
  assert.equal(database.accessOf(ref), 0xffffff);
  assert.equal(keyspace.hits, 3);
  assert.equal(keyspace.misses, 0);
});

test("a heap that is full refuses a change and everything stays as it was", () => {
  for (let seed = 0; seed < 6; seed++) {
    const model = new KeyspaceModel(seed, 2);
    const refusing = new RefusingHeap(model.keyspace.heap);
    for (let i = 0; i < 150; i++) model.add(i % 2, `key:${i}`);
    let refused = 0;
    for (let i = 0; i < 1500; i++) {
      refusing.grants = i % 4;
      try {
        model.step();
      } catch (thrown) {
        if (!(thrown instanceof HeapFull)) throw thrown;
        refused++;
        model.keyspace.check();
      }
      refusing.grants = Infinity;
      if (i % 300 === 0) model.checkAll();
    }
    assert.ok(refused > 100, `refused ${refused}`);
    model.checkAll();
  }
});

/** Makes a heap refuse after so many more allocations. */
class RefusingHeap {
  grants = Infinity;

  constructor(heap: Keyspace["heap"]) {
    const allocate = heap.allocate.bind(heap);
    const resize = heap.resize.bind(heap);
    heap.allocate = (sizeBytes) => {
      this.#spend();
      return allocate(sizeBytes);
    };
    // A large object grows without an allocation.
    heap.resize = (ref, sizeBytes, keepBytes) => {
      const capacity = heap.capacityOf(ref);
      if (capacity > SMALL_BYTES_MAX && sizeBytes > capacity) this.#spend();
      return resize(ref, sizeBytes, keepBytes);
    };
  }

  #spend(): void {
    if (this.grants-- <= 0) throw new HeapFull();
  }
}
