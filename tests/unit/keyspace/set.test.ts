/** Sets below the commands: what is made aside, what is read, and what a full heap leaves behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";
import { Heap, HeapFull } from "../../../src/heap/heap.ts";
import { HeapView } from "../../../src/heap/heap_view.ts";
import { freeGraph, graphOf } from "../../../src/keyspace/graphs.ts";
import { KIND_SET_TABLE } from "../../../src/keyspace/set/set_builder.ts";
import { SetWalk } from "../../../src/keyspace/set/set_walk.ts";
import { ENCODING_INTSET } from "../../../src/keyspace/value_type.ts";
import { seededKeyspace } from "../command/fixture.ts";
import { integers, SetFixture, texts } from "../command/set/fixture.ts";
import { seeded } from "../heap/seeded.ts";

function walked(walk: SetWalk): string[] {
  const members: string[] = [];
  while (walk.next()) {
    walk.text();
    members.push(latin1(walk.bytes, walk.start, walk.end));
  }
  return members.sort();
}

const CONTENTS: Readonly<Record<string, readonly string[]>> = {
  intset: ["-5", "1", "2", "9223372036854775807"],
  listpack: ["", "-5", "70000", "a", "member", "x".repeat(64)],
  hashtable: ["", "1", "b", "x".repeat(65), "y".repeat(5000), "z".repeat(20_000), ...texts(300)],
  manyIntegers: integers(500),
};

function filled(): SetFixture {
  const f = new SetFixture();
  for (const [key, members] of Object.entries(CONTENTS)) f.run("SADD", key, ...members);
  return f;
}

test("a walk through a live heap and a frozen one", () => {
  const f = filled();
  const live = new SetWalk(f.keyspace.heap);
  const frozen = new SetWalk(new HeapView(f.keyspace.heap.freeze()));
  const entries = Object.keys(CONTENTS).map((key) => [key, f.entry(key)] as const);
  f.run("SADD", "hashtable", ...texts(200, 1000));
  f.run("SPOP", "hashtable", "150");
  f.run("SREM", "listpack", "a");
  f.run("SADD", "intset", "70000");
  f.run("SPOP", "manyIntegers", "450");
  f.run("SUNIONSTORE", "target", "hashtable", "intset");
  f.run("SMOVE", "listpack", "manyIntegers", "member");
  for (const [key, ref] of entries) {
    frozen.open(ref);
    assert.equal(frozen.count, CONTENTS[key].length);
    const members = walked(frozen);
    assert.deepEqual(members, [...CONTENTS[key]].sort());
    frozen.rewind();
    assert.deepEqual(walked(frozen), members);
    live.open(f.entry(key));
    assert.deepEqual(walked(live), f.members(key));
  }
  live.close();
  assert.equal(live.bytes.length, 0);
  f.keyspace.heap.release();
  f.keyspace.check();
});

test("readers ask each other", () => {
  const f = filled();
  const { sets } = f.keyspace;
  const [one, other] = [sets.reader(0), sets.reader(1)];
  for (const [a, first] of Object.entries(CONTENTS)) {
    for (const [b, second] of Object.entries(CONTENTS)) {
      one.open(f.entry(a));
      other.open(f.entry(b));
      let common = 0;
      while (one.next()) if (other.hasMemberOf(one)) common++;
      assert.equal(common, first.filter((member) => second.includes(member)).length, `${a} ${b}`);
      for (const member of ["1", "01", "a", "", "absent", "y".repeat(5000)]) {
        const bytes = latin1Bytes(member);
        assert.equal(other.has(bytes, 0, bytes.length), second.includes(member));
      }
    }
  }
  sets.closeReaders(2);
});

test("what is made aside is stored, or leaves nothing behind", () => {
  const f = new SetFixture();
  const { heap, sets: { builder } } = f.keyspace;
  const database = f.keyspace.databases[0];
  for (const members of Object.values(CONTENTS)) {
    for (const isStored of [false, true]) {
      builder.begin(ENCODING_INTSET);
      for (const member of [...members, ...members]) {
        const bytes = latin1Bytes(member);
        builder.add(bytes, 0, bytes.length);
      }
      assert.equal(builder.count, members.length);
      assert.deepEqual(walked(builder.walk()), [...members].sort());
      if (isStored) {
        database.find(latin1Bytes("k"), 0, 1);
        const ref = builder.store(database, latin1Bytes("k"), 0, 1, -1);
        assert.deepEqual(f.members("k"), [...members].sort());
        f.keyspace.check();
        database.delete(ref);
      }
      builder.abandon();
      assert.equal(heap.objectCount, 0);
    }
  }
});

test("a table is copied, measured and freed as a graph", () => {
  const f = filled();
  const { keyspace } = f;
  const root = keyspace.databases[0].rootOf(f.entry("hashtable"));
  const graph = graphOf(KIND_SET_TABLE);
  const before = keyspace.heap.allocatedBytes;
  const copy = graph.copy(keyspace, root);
  assert.equal(graph.bytes(keyspace, copy), keyspace.heap.allocatedBytes - before);
  assert.equal(graph.bytes(keyspace, copy), graph.bytes(keyspace, root));
  graph.check(keyspace, copy);
  freeGraph(keyspace, KIND_SET_TABLE, copy);
  assert.equal(keyspace.heap.allocatedBytes, before);
});

test("a million members of 16 bytes would take 43 MB at most", () => {
  const f = new SetFixture();
  const members = Array.from({ length: 20_000 }, (_, i) => `member:${String(i).padStart(9, "0")}`);
  f.run("SADD", "s", ...members);
  assert.ok(f.keyspace.databases[0].bytesOf(f.entry("s")) < 20_000 * 43);
});

test("a heap that is full refuses a change and leaves nothing half done", () => {
  for (let seed = 1; seed <= 6; seed++) {
    const f = new SetFixture(seededKeyspace(seed));
    const prng = seeded(seed);
    Object.assign(f.keyspace.limits, { setMaxIntsetEntries: 20, setMaxListpackEntries: 10 });
    const grants = refusing(f.keyspace.heap);
    const key = () => `k${prng.below(5)}`;
    const member = () => {
      const number = prng.below(60);
      if (prng.below(2) === 0) return String(number * 1000);
      return prng.below(20) === 0 ? "long".repeat(100 * number) : `m${number}`;
    };
    const keys = ["k0", "k1", "k2", "k3", "k4"];
    const contents = () => keys.map((each) => f.members(each).join(" "));
    let refused = 0;
    for (let i = 0; i < 800; i++) {
      const commands = [
        ["SADD", key(), member()],
        ["SADD", key(), ...Array.from({ length: prng.below(30) + 1 }, member)],
        ["SREM", key(), member(), member()],
        ["SMOVE", key(), key(), member()],
        ["SUNIONSTORE", key(), key(), key()],
        ["SDIFFSTORE", key(), key(), key(), key(), key()],
        ["SINTERSTORE", key(), key(), key()],
        ["SPOP", key()],
      ];
      const command = commands[prng.below(commands.length)];
      const before = contents();
      grants.left = prng.below(5);
      try {
        f.run(...command);
        grants.left = Infinity;
      } catch (thrown) {
        grants.left = Infinity;
        if (!(thrown instanceof HeapFull)) throw thrown;
        refused++;
        if (command.length === 3 && command[0] === "SADD") assert.deepEqual(contents(), before);
        if (command[0] === "SMOVE" || command[0].endsWith("STORE")) {
          // At the worst the target has gone, or has what it should get.
          const after = contents();
          const target = keys.indexOf(command[command[0] === "SMOVE" ? 2 : 1]);
          for (let k = 0; k < keys.length; k++) if (k !== target) assert.equal(after[k], before[k]);
        }
      }
      f.keyspace.check();
    }
    assert.ok(refused > 20, `refused ${refused}`);
    for (const each of keys) f.run("SPOP", each, "100000");
    assert.equal(f.keyspace.heap.objectCount, 0);
  }
});

/** Makes a heap refuse after so many more allocations. */
function refusing(heap: Heap): { left: number } {
  const grants = { left: Infinity };
  const allocate = heap.allocate.bind(heap);
  heap.allocate = (sizeBytes) => {
    if (grants.left-- <= 0) throw new HeapFull();
    return allocate(sizeBytes);
  };
  return grants;
}
