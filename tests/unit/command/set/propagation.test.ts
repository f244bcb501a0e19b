import assert from "node:assert/strict";
import { test } from "node:test";
import { bulks } from "../fixture.ts";
import { SetFixture, texts } from "./fixture.ts";

type Case = [command: string, propagated: string | undefined, dirty?: number];

test("what changes a set is repeated as it came, SPOP as what it took", () => {
  const cases: Case[] = [
    ["SADD s b", "SADD s b"],
    ["SADD s a", undefined],
    ["SADD s a b c b", "SADD s a b c b", 2],
    ["SADD n a a b", "SADD n a a b", 2],
    ["SREM s a", "SREM s a"],
    ["SREM s b", undefined],
    ["SREM s b a a", "SREM s b a a"],
    ["SREM n a", undefined],
    ["SMOVE s n a", "SMOVE s n a", 2],
    ["SMOVE s t a", "SMOVE s t a", 1],
    ["SMOVE s s a", undefined],
    ["SMOVE s t x", undefined],
    ["SPOP s", "SREM s a"],
    ["SPOP s 1", "DEL s"],
    ["SPOP s 5", "DEL s"],
    ["SPOP s 0", undefined],
    ["SPOP n", undefined],
    ["SPOP n 3", undefined],
    ["SPOP t 9", "DEL t", 2],
    ["SRANDMEMBER s 5", undefined],
    ["SUNIONSTORE s n m", "SUNIONSTORE s n m"],
    ["SUNIONSTORE n m", undefined],
    ["SUNIONSTORE n s t", "SUNIONSTORE n s t"],
    ["SINTERSTORE n s t", "SINTERSTORE n s t"],
    ["SINTERSTORE t s n", "SINTERSTORE t s n"],
    ["SDIFFSTORE n s t", undefined],
    ["SDIFFSTORE n t s", "SDIFFSTORE n t s"],
    ["SDIFFSTORE string s s", "SDIFFSTORE string s s"],
  ];
  for (const [command, propagated, dirty = propagated === undefined ? 0 : 1] of cases) {
    const f = new SetFixture();
    f.run("SADD", "s", "a");
    f.run("SADD", "t", "a", "c");
    f.set("string", "value");
    f.takePropagated();
    const before = f.call.dirty;
    f.run(...command.split(" "));
    const expected = propagated === undefined ? [] : [`0 ${propagated}`];
    assert.deepEqual(f.takePropagated(), expected, command);
    assert.equal(f.call.dirty - before, dirty, command);
    f.keyspace.check();
  }
});

test("SPOP of many is repeated as SREMs of 1024 members", () => {
  for (const [count, popped] of [[20, 5], [20, 19], [5000, 1000], [5000, 2500], [5000, 4900]]) {
    const f = new SetFixture();
    f.run("SADD", "s", ...texts(count));
    f.takePropagated();
    const taken = bulks(f.run("SPOP", "s", String(popped)));
    assert.equal(taken.length, popped);
    const lines = f.takePropagated();
    if (popped > 1024) assert.deepEqual([lines.shift(), lines.pop()], ["MULTI", "EXEC"]);
    assert.equal(lines.length, Math.ceil(popped / 1024));
    for (const line of lines) assert.ok(line.startsWith("0 SREM s "));
    assert.deepEqual(lines.flatMap((line) => line.split(" ").slice(3)), taken);
    assert.equal(f.members("s").length, count - popped);
    f.keyspace.check();
  }
});
