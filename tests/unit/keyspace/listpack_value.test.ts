import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { latin1Bytes } from "../../../src/base/ascii.ts";
import { HeapFull } from "../../../src/heap/heap.ts";
import { LISTPACK_HEADER_BYTES, ListpackReader } from "../../../src/heap/listpack.ts";
import { ListpackWriter } from "../../../src/heap/listpack_writer.ts";
import { type Database, NO_EXPIRY } from "../../../src/keyspace/database.ts";
import {
  addListpack,
  appendEntries,
  appendEntry,
  deleteEntries,
  insertEntry,
  listpackValueCount,
  openListpack,
  openListpackAt,
  openListpackEnd,
  prependEntries,
  prependEntry,
  replaceByListpack,
  replaceEntry,
  spliceEntries,
} from "../../../src/keyspace/listpack_value.ts";
import { ENCODING_LISTPACK, TYPE_HASH, TYPE_LIST } from "../../../src/keyspace/value_type.ts";
import { listpackOf, textOf, textsOf } from "../heap/listpack_model.ts";
import { seeded } from "../heap/seeded.ts";
import { newKeyspace } from "./keyspace_model.ts";

const KEY = latin1Bytes("key");

function written(texts: readonly string[]): ListpackWriter {
  const writer = new ListpackWriter();
  writer.begin();
  for (const text of texts) writer.add(latin1Bytes(text), 0, text.length);
  return writer;
}

function add(database: Database, texts: readonly string[], expiresAtMs: number): number {
  assert.equal(database.lookupWrite(KEY, 0, KEY.length), 0);
  const writer = written(texts);
  writer.finish();
  return addListpack(database, KEY, 0, KEY.length, TYPE_LIST, writer, expiresAtMs);
}

/** A key beside the array that it must hold. */
class ListpackModel {
  readonly keyspace = newKeyspace();
  readonly database: Database = this.keyspace.databases[0];
  readonly reader = new ListpackReader();
  ref: number;
  texts: string[];

  constructor(texts: readonly string[], expiresAtMs: number) {
    this.texts = [...texts];
    this.ref = add(this.database, texts, expiresAtMs);
  }

  /** Goes to an entry; returns its offset, and the end of the entries behind the last. */
  offsetOf(index: number): number {
    openListpack(this.database, this.ref, this.reader);
    if (index === this.texts.length) return this.reader.totalBytes - 1;
    assert.equal(this.reader.seek(index), true);
    return this.reader.offset;
  }

  splice(index: number, removed: number, texts: readonly string[]): void {
    const offset = this.offsetOf(index);
    const removedBytes = this.offsetOf(index + removed) - offset;
    const { database, ref } = this;
    this.ref = texts.length === 0
      ? deleteEntries(database, ref, offset, removedBytes, removed)
      : spliceEntries(database, ref, offset, removedBytes, removed, written(texts));
    this.texts.splice(index, removed, ...texts);
  }

  one(action: number, index: number, text: string): void {
    const { database, ref } = this;
    const bytes = latin1Bytes(text);
    const offset = this.offsetOf(index);
    if (action === 0) {
      this.ref = insertEntry(database, ref, offset, bytes, 0, bytes.length);
      this.texts.splice(index, 0, text);
    } else if (action === 1) {
      this.ref = appendEntry(database, ref, bytes, 0, bytes.length);
      this.texts.push(text);
    } else if (action === 2) {
      this.ref = prependEntry(database, ref, bytes, 0, bytes.length);
      this.texts.unshift(text);
    } else if (index < this.texts.length) {
      const { entryBytes } = this.reader;
      this.ref = replaceEntry(database, ref, offset, entryBytes, bytes, 0, bytes.length);
      this.texts[index] = text;
    }
  }

  check(): void {
    const { database, ref } = this;
    assert.equal(database.find(KEY, 0, KEY.length), ref);
    const length = database.valueLengthOf(ref);
    const at = database.wholeValue(ref);
    assert.deepEqual(textsOf(database.wholeBytes, at, length), this.texts);
    assert.deepEqual(database.wholeBytes.slice(at, at + length), listpackOf(this.texts));
    assert.equal(listpackValueCount(database, ref), this.texts.length);
    this.keyspace.check();
  }
}

const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 12, unit: "binary-ascii" }) },
  { weight: 2, arbitrary: fc.integer().map(String) },
  { weight: 1, arbitrary: fc.nat(3000).map((length) => "z".repeat(length)) },
);

const step = fc.record({
  action: fc.nat(6),
  index: fc.nat(60),
  removed: fc.nat(6),
  texts: fc.array(text, { minLength: 1, maxLength: 4 }),
});

test("a value is the array that was made of it, inline, outside and over pages", () => {
  fc.assert(
    fc.property(
      fc.array(text, { maxLength: 20 }),
      fc.boolean(),
      fc.boolean(),
      fc.array(step, { maxLength: 25 }),
      (texts, expires, freezes, steps) => {
        const model = new ListpackModel(texts, expires ? 2_000_000_000_000 : NO_EXPIRY);
        const { heap } = model.keyspace;
        model.check();
        for (const { action, index, removed, texts } of steps) {
          if (freezes && !heap.isFrozen) heap.freeze();
          const count = model.texts.length;
          const place = index % (count + 1);
          if (action < 4) model.one(action, place, texts[0]);
          else {
            const length = Math.min(removed, count - place);
            model.splice(place, length, action === 4 ? [] : texts);
          }
          model.check();
          if (heap.isFrozen && action === 5) heap.release();
        }
      },
    ),
    { numRuns: 80 },
  );
});

test("several entries go to either end at once", () => {
  const model = new ListpackModel(["b"], NO_EXPIRY);
  model.ref = appendEntries(model.database, model.ref, written(["c", "4"]));
  model.ref = prependEntries(model.database, model.ref, written(["-1", "a"]));
  model.texts = ["-1", "a", "b", "c", "4"];
  model.check();
  openListpackEnd(model.database, model.ref, model.reader);
  assert.equal(model.reader.previous(), true);
  assert.equal(textOf(model.reader), "4");
  const { offset } = model.reader;
  openListpackAt(model.database, model.ref, model.reader, offset);
  assert.equal(model.reader.next(), true);
  assert.equal(textOf(model.reader), "4");
});

test("a listpack takes the place of another value", () => {
  const model = new ListpackModel(["a", "b"], 2_000_000_000_000);
  const { database } = model;
  for (const texts of [["x".repeat(5000)], ["f", "v"], ["y".repeat(900), "1"], []]) {
    const writer = written(texts);
    writer.finish();
    model.ref = replaceByListpack(database, model.ref, TYPE_HASH, writer);
    model.texts = texts;
    model.check();
    assert.equal(database.kindOf(model.ref), TYPE_HASH | ENCODING_LISTPACK << 4);
    assert.equal(database.expiresAtMs(model.ref), 2_000_000_000_000);
  }
});

test("more entries than the header can say, and fewer again", () => {
  const texts = Array.from({ length: 65530 }, (_, i) => `${i % 100}`);
  const model = new ListpackModel(texts, NO_EXPIRY);
  const header = () => {
    const at = model.database.wholeValue(model.ref);
    const bytes = model.database.wholeBytes;
    return bytes[at + 4] | bytes[at + 5] << 8;
  };
  for (let i = 0; i < 10; i++) {
    model.one(1, 0, "7");
    assert.equal(header(), Math.min(65535, model.texts.length));
    assert.equal(listpackValueCount(model.database, model.ref), model.texts.length);
  }
  model.splice(10, 20, []);
  assert.equal(header(), model.texts.length, "it can be said again");
  model.check();
});

test("an empty listpack is only its header and end", () => {
  const model = new ListpackModel(["a"], NO_EXPIRY);
  model.splice(0, 1, []);
  assert.equal(model.database.valueLengthOf(model.ref), LISTPACK_HEADER_BYTES + 1);
  model.check();
});

test("in a full heap a value stays as it was, or loses what it was to lose", () => {
  const prng = seeded(11);
  let refused = 0;
  for (let round = 0; round < 150; round++) {
    const texts = Array.from({ length: 30 }, () => "t".repeat(prng.below(round < 75 ? 60 : 900)));
    const model = new ListpackModel(texts, NO_EXPIRY);
    const { heap } = model.keyspace;
    if (round % 2 === 0) heap.freeze();
    const { allocate, resize } = heap;
    for (let i = 0; i < 10; i++) {
      let grants = prng.below(3);
      const spend = () => {
        if (grants-- <= 0) throw new HeapFull();
      };
      heap.allocate = (sizeBytes) => (spend(), allocate.call(heap, sizeBytes));
      heap.resize = (ref, sizeBytes, keepBytes) => (
        spend(), resize.call(heap, ref, sizeBytes, keepBytes)
      );
      const place = prng.below(model.texts.length);
      try {
        if (i % 2 === 0) model.one(0, place, "n".repeat(prng.below(400)));
        else model.splice(place, Math.min(model.texts.length - place, prng.below(8)), []);
      } catch (thrown) {
        if (!(thrown instanceof HeapFull)) throw thrown;
        assert.equal(i % 2, 0, "a removal needs nothing");
        refused++;
      }
      heap.allocate = allocate;
      heap.resize = resize;
      model.check();
    }
  }
  assert.ok(refused > 50, `refused ${refused}`);
});
