/** The set commands against a model of JavaScript sets, with limits of every size. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bulks, seededKeyspace } from "../fixture.ts";
import { integers, SetFixture, texts } from "./fixture.ts";

const KEYS = ["a", "b", "c"];
const key = fc.constantFrom(...KEYS);
const member = fc.oneof(
  fc.integer({ min: -3, max: 30 }).map(String),
  fc.integer({ min: 0, max: 30 }).map((number) => `m${number}`),
  fc.constantFrom("", "007", "70000", "-70000", "9223372036854775807", "long".repeat(30)),
  fc.constantFrom("x".repeat(5000), "y".repeat(9000)),
);
const members = fc.array(member, { minLength: 1, maxLength: 12 });
const keys = fc.array(key, { minLength: 1, maxLength: 6 });
const step = fc.oneof(
  fc.tuple(fc.constant("SADD"), key, members),
  fc.tuple(fc.constant("SREM"), key, members),
  fc.tuple(
    fc.constant("SPOP"),
    key,
    fc.array(fc.integer({ min: 0, max: 25 }).map(String), {
      minLength: 1,
      maxLength: 1,
    }),
  ),
  fc.tuple(fc.constant("SMOVE"), key, fc.tuple(key, member)),
  fc.tuple(fc.constantFrom("SUNIONSTORE", "SINTERSTORE", "SDIFFSTORE"), key, keys),
  fc.tuple(fc.constantFrom("SUNION", "SINTER", "SDIFF"), key, keys),
);

type Model = Map<string, Set<string>>;

function combined(model: Model, name: string, names: readonly string[]): Set<string> {
  const [first, ...others] = names.map((each) => model.get(each)!);
  if (name.startsWith("SUNION")) return new Set([first, ...others].flatMap((set) => [...set]));
  if (name.startsWith("SINTER")) {
    return new Set([...first].filter((each) => others.every((set) => set.has(each))));
  }
  return new Set([...first].filter((each) => !others.some((set) => set.has(each))));
}

/** Changes the model and returns the reply that is to come; undefined: SPOP's. */
function apply(model: Model, name: string, first: string, rest: readonly string[]): unknown {
  const set = model.get(first)!;
  if (name === "SADD" || name === "SREM") {
    const before = set.size;
    for (const each of rest) {
      if (name === "SADD") set.add(each);
      else set.delete(each);
    }
    return `:${Math.abs(set.size - before)}\r\n`;
  }
  if (name === "SMOVE") {
    if (!set.has(rest[1])) return ":0\r\n";
    if (rest[0] !== first) {
      set.delete(rest[1]);
      model.get(rest[0])!.add(rest[1]);
    }
    return ":1\r\n";
  }
  if (name === "SPOP") return undefined;
  if (!name.endsWith("STORE")) return [...combined(model, name, [first, ...rest])].sort();
  model.set(first, combined(model, name, rest));
  return `:${model.get(first)!.size}\r\n`;
}

test("random commands", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.constantFrom([512, 128, 64], [8, 6, 5], [3, 10, 64], [0, 4, 64], [10, 0, 0]),
      (steps, [intset, entries, value]) => {
        const f = new SetFixture();
        Object.assign(f.keyspace.limits, {
          setMaxIntsetEntries: intset,
          setMaxListpackEntries: entries,
          setMaxListpackValue: value,
        });
        const model: Model = new Map(KEYS.map((each) => [each, new Set()]));
        for (const [name, first, rest] of steps) {
          const expected = apply(model, name, first, rest);
          const reply = f.run(name, first, ...rest);
          if (expected === undefined) {
            const set = model.get(first)!;
            const popped = bulks(reply);
            assert.equal(popped.length, Math.min(set.size, Number(rest[0])));
            for (const each of popped) assert.ok(set.delete(each));
          } else if (typeof expected === "string") assert.equal(reply, expected);
          else assert.deepEqual(bulks(reply).sort(), expected);
          f.keyspace.check();
        }
        for (const [name, set] of model) {
          assert.deepEqual(f.members(name), [...set].sort());
          assert.equal(f.run("SCARD", name), `:${set.size}\r\n`);
          for (const each of set) assert.equal(f.run("SISMEMBER", name, each), ":1\r\n");
          assert.equal(f.entry(name) === 0, set.size === 0);
        }
        f.run("SPOP", "a", "100000");
        f.run("SPOP", "b", "100000");
        f.run("SPOP", "c", "100000");
        assert.equal(f.keyspace.heap.objectCount, 0);
      },
    ),
    { numRuns: 150 },
  );
});

/** Draws so often that each member's share can be told. */
test("each member is drawn as often as others", () => {
  for (const all of [integers(20), texts(20), texts(300)]) {
    const f = new SetFixture(seededKeyspace(7));
    const turns = new Map(all.map((each) => [each, 0]));
    const draws = all.length * 400;
    f.run("SADD", "s", ...all);
    const note = (drawn: readonly string[]) => {
      for (const each of drawn) turns.set(each, turns.get(each)! + 1);
    };
    note(bulks(f.run("SRANDMEMBER", "s", String(-draws / 4))));
    for (let i = 0; i < draws / 4; i += 5) note(f.list("SRANDMEMBER", "s", "5"));
    const most = all.length - 2;
    for (let i = 0; i < draws / 4; i += most) {
      note(bulks(f.run("SRANDMEMBER", "s", String(most))));
    }
    for (let i = 0; i < draws / 4; i += 5) {
      const popped = f.list("SPOP", "s", "5");
      note(popped);
      f.run("SADD", "s", ...popped);
    }
    // 400 on average: this is five standard deviations and more.
    for (const [each, count] of turns) assert.ok(count > 290 && count < 510, `${each} ${count}`);
  }
});

test("an SRANDMEMBER that nobody could read is refused", () => {
  const f = new SetFixture();
  f.run("SADD", "s", "a");
  assert.throws(() => f.run("SRANDMEMBER", "s", "-9223372036854775807"), { name: "HeapFull" });
});

test("SSCAN gives everything of a small set, and all that stays of a large one", () => {
  const f = new SetFixture();
  f.run("SADD", "s", ...texts(100));
  assert.equal(f.list("SSCAN", "s", "0", "COUNT", "3").length, 101);
  f.run("SADD", "s", ...texts(4000));
  const seen = new Set<string>();
  let cursor = "0";
  let round = 0;
  do {
    const [next, ...items] = f.list("SSCAN", "s", cursor, "COUNT", "30");
    for (const item of items) seen.add(item);
    cursor = next;
    f.run(round % 30 < 15 ? "SADD" : "SREM", "s", ...texts(400, 4000 + 400 * (round % 15)));
    round++;
  } while (cursor !== "0");
  for (const each of texts(4000)) assert.ok(seen.has(each), each);
  // While a scan goes on the set becomes small: what is left is told whole.
  [cursor] = f.list("SSCAN", "s", "0", "COUNT", "30");
  const size = Number(f.run("SCARD", "s").slice(1, -2));
  f.run("SPOP", "s", String(size - 10));
  assert.equal(f.encoding("s"), "listpack");
  assert.deepEqual(f.list("SSCAN", "s", cursor).slice(1).sort(), f.members("s"));
});
