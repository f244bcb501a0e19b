/** The hash commands against a model of JavaScript maps, with limits of every size. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HeapFull } from "../../../../src/heap/heap.ts";
import { seeded } from "../../heap/seeded.ts";
import { HashFixture } from "./fixture.ts";

const KEYS = ["a", "b"];
const key = fc.constantFrom(...KEYS);
const text = fc.oneof(
  fc.integer({ min: -3, max: 12 }).map(String),
  fc.integer({ min: 0, max: 12 }).map((number) => `f${number}`),
  fc.constantFrom("", "007", "70000", "-70000", "9223372036854775807", "long".repeat(30)),
  fc.constantFrom("x".repeat(5000), "y".repeat(9000), "z".repeat(129)),
);
const pair = fc.tuple(text, text);
const step = fc.oneof(
  fc.tuple(fc.constant("HSET"), key, fc.array(pair, { minLength: 1, maxLength: 8 })),
  fc.tuple(fc.constant("HSETNX"), key, fc.array(pair, { minLength: 1, maxLength: 1 })),
  fc.tuple(fc.constant("HDEL"), key, fc.array(pair, { minLength: 1, maxLength: 8 })),
  fc.tuple(fc.constant("HEXPIRE"), key, fc.array(pair, { minLength: 1, maxLength: 3 })),
  fc.tuple(fc.constant("HPERSIST"), key, fc.array(pair, { minLength: 1, maxLength: 3 })),
);

interface Field {
  value: string;
  expires: boolean;
}

/** Changes the model and returns the command that does the same. */
function apply(
  model: Map<string, Field>,
  name: string,
  each: string,
  pairs: readonly [string, string][],
): string[] {
  const fields = pairs.map(([field]) => field);
  switch (name) {
    case "HSET":
      for (const [field, value] of pairs) model.set(field, { value, expires: false });
      return [name, each, ...pairs.flat()];
    case "HSETNX":
      for (const [field, value] of pairs) {
        if (!model.has(field)) model.set(field, { value, expires: false });
      }
      return [name, each, ...pairs.flat()];
    case "HDEL":
      for (const field of fields) model.delete(field);
      return [name, each, ...fields];
    case "HEXPIRE":
      for (const field of fields) if (model.has(field)) model.get(field)!.expires = true;
      return [name, each, "1000", "FIELDS", String(fields.length), ...fields];
    default:
      for (const field of fields) if (model.has(field)) model.get(field)!.expires = false;
      return [name, each, "FIELDS", String(fields.length), ...fields];
  }
}

function compare(f: HashFixture, each: string, model: Map<string, Field>): void {
  assert.equal(f.run("HLEN", each), `:${model.size}\r\n`);
  const pairs = f.pairs(each);
  assert.equal(pairs.size, model.size);
  for (const [field, { value, expires }] of model) {
    assert.equal(pairs.get(field), value);
    assert.equal(f.list("HGET", each, field)[0], value);
    const time = f.run("HPTTL", each, "FIELDS", "1", field);
    assert.equal(time, expires ? "*1\r\n:1000000\r\n" : "*1\r\n:-1\r\n");
  }
}

test("any commands in any order", () => {
  const limits = fc.constantFrom([0, 64], [2, 3], [5, 64], [512, 64], [512, 20_000]);
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 40 }), ([entries, value], steps) => {
      const f = new HashFixture();
      f.keyspace.limits.hashMaxListpackEntries = entries;
      f.keyspace.limits.hashMaxListpackValue = value;
      const models = new Map(KEYS.map((each) => [each, new Map<string, Field>()]));
      for (const [name, each, pairs] of steps) {
        f.run(...apply(models.get(each)!, name, each, pairs));
        f.keyspace.check();
      }
      for (const [each, model] of models) compare(f, each, model);
      for (const [each, model] of models) {
        if (model.size > 0) f.run("HDEL", each, ...model.keys());
      }
      assert.equal(f.keyspace.size, 0);
      assert.equal(f.keyspace.databases[0].expiringFields.count, 0);
    }),
    { numRuns: 150 },
  );
});

test("in a full heap nothing is lost and nothing is half done", () => {
  const prng = seeded(3);
  let refused = 0;
  for (let round = 0; round < 120; round++) {
    const f = new HashFixture();
    const { heap, limits } = f.keyspace;
    limits.hashMaxListpackEntries = 4;
    f.run("HSET", "h", ...Array.from({ length: 3 + round % 5 }, (_, i) => [`f${i}`, "v"]).flat());
    if (round % 3 === 0) f.run("HEXPIRE", "h", "10", "FIELDS", "1", "f0");
    if (round % 2 === 0) heap.freeze();
    const { allocate, resize } = heap;
    for (let i = 0; i < 12; i++) {
      let grants = prng.below(4);
      const spend = () => {
        if (grants-- <= 0) throw new HeapFull();
      };
      heap.allocate = (sizeBytes) => (spend(), allocate.call(heap, sizeBytes));
      heap.resize = (ref, sizeBytes, keepBytes) => (
        spend(), resize.call(heap, ref, sizeBytes, keepBytes)
      );
      const field = `f${prng.below(12)}`;
      const before = f.run("HGET", "h", field);
      try {
        if (i % 3 === 0) f.run("HEXPIRE", "h", "100", "FIELDS", "1", field);
        else if (i % 3 === 1) f.run("HSET", "h", field, "x".repeat(prng.below(300)));
        else f.run("HSET", `other${i}`, field, "y".repeat(prng.below(200)));
      } catch (thrown) {
        if (!(thrown instanceof HeapFull)) throw thrown;
        refused++;
        assert.equal(f.run("HGET", "h", field), before);
      }
      heap.allocate = allocate;
      heap.resize = resize;
      f.keyspace.check();
    }
  }
  assert.ok(refused > 100, `refused ${refused}`);
});

test("HRANDFIELD draws each field as often as the others", () => {
  for (const count of [8, 40]) {
    const f = new HashFixture();
    f.keyspace.limits.hashMaxListpackEntries = 16;
    f.run("HSET", "h", ...Array.from({ length: count }, (_, i) => [`f${i}`, `v${i}`]).flat());
    // Some have expired and must not be drawn.
    f.run("HSET", "h", "gone1", "v", "gone2", "v");
    if (count > 16) f.run("HPEXPIRE", "h", "1", "FIELDS", "2", "gone1", "gone2");
    else f.run("HDEL", "h", "gone1", "gone2");
    f.advance(2);
    for (const wanted of ["-20", "2", String(count - 2)]) {
      const turns = new Map<string, number>();
      const draws = count * 400 / Math.abs(Number(wanted));
      for (let i = 0; i < draws; i++) {
        for (const field of f.list("HRANDFIELD", "h", wanted)) {
          turns.set(field, (turns.get(field) ?? 0) + 1);
        }
      }
      assert.equal(turns.size, count);
      // 400 on average: this is five standard deviations and more.
      for (const [each, turn] of turns) assert.ok(turn > 290 && turn < 510, `${each} ${turn}`);
    }
  }
});

test("where all but one have expired that one is drawn", () => {
  const f = new HashFixture();
  const fields = Array.from({ length: 500 }, (_, i) => `f${i}`);
  f.run("HSET", "h", ...fields.flatMap((field) => [field, "v"]));
  f.run("HPEXPIRE", "h", "1", "FIELDS", "499", ...fields.slice(1));
  f.advance(2);
  assert.deepEqual(f.list("HRANDFIELD", "h"), ["f0"]);
  assert.deepEqual(f.list("HRANDFIELD", "h", "-2", "WITHVALUES"), ["f0", "v", "f0", "v"]);
  assert.deepEqual(f.list("HRANDFIELD", "h", "5"), ["f0"]);
});

test("an HRANDFIELD that nobody could read is refused", () => {
  const f = new HashFixture();
  f.run("HSET", "h", "a", "1");
  assert.throws(() => f.run("HRANDFIELD", "h", "-9223372036854775807"), { name: "HeapFull" });
});
