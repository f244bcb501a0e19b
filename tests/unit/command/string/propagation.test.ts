import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFixture, START_MS } from "../fixture.ts";

type Case = [command: string, propagated: string | undefined, dirty?: number];

/** Each case begins with a = 5, b = text that will expire in a minute, and nothing else. */
function check(cases: readonly Case[], change?: (f: CommandFixture) => void): void {
  for (const [command, propagated, dirty = propagated === undefined ? 0 : 1] of cases) {
    const f = new CommandFixture();
    change?.(f);
    f.set("a", "5");
    f.set("b", "text", 60000);
    f.run(...command.split(" "));
    assert.deepEqual(
      f.takePropagated(),
      propagated === undefined ? [] : [`0 ${propagated}`],
      command,
    );
    assert.equal(f.call.dirty, dirty, command);
    f.keyspace.check();
  }
}

const at = (ms: number) => String(START_MS + ms);

test("SET and its like are repeated with an absolute expiry and without GET", () => {
  check([
    ["SET k v", "SET k v"],
    ["SET k v EX 10", `SET k v PXAT ${at(10000)}`],
    ["SET a v XX GET PX 10", `SET a v PXAT ${at(10)}`],
    ["SET k v NX EXAT 1800000000", "SET k v PXAT 1800000000000"],
    ["SET k v NX PXAT 1800000000000", "SET k v NX PXAT 1800000000000"],
    ["SET a v KEEPTTL get XX GET", "SET a v KEEPTTL XX"],
    ["SET a v NX", undefined],
    ["SET a v NX GET", undefined],
    ["SET k v XX", undefined],
    ["SET k v EX 0", undefined],
    ["SETNX k v", "SETNX k v"],
    ["SETNX a v", undefined],
    ["SETEX k 10 v", `SET k v PXAT ${at(10000)}`],
    ["PSETEX k 10 v", `SET k v PXAT ${at(10)}`],
    ["GETSET a v", "SET a v"],
    ["MSET k v a w", "MSET k v a w", 2],
    ["MSETNX k v a w", undefined],
    ["MSETNX k v l w", "MSETNX k v l w", 2],
  ]);
});

test("GETEX and GETDEL are repeated as what they did to the key", () => {
  const cases: Case[] = [
    ["GETEX a", undefined],
    ["GETEX k EX 10", undefined],
    ["GETEX a EX 10", `PEXPIREAT a ${at(10000)}`],
    ["GETEX b PX 10", `PEXPIREAT b ${at(10)}`],
    ["GETEX a PXAT 1800000000000", "PEXPIREAT a 1800000000000"],
    [`GETEX a PXAT ${at(0)}`, "DEL a"],
    [`GETEX a PXAT ${at(1)}`, `PEXPIREAT a ${at(1)}`],
    ["GETEX b EXAT 1", "DEL b"],
    ["GETEX a PERSIST", undefined],
    ["GETEX b PERSIST", "PERSIST b"],
    ["GETDEL a", "DEL a"],
    ["GETDEL k", undefined],
  ];
  check(cases);
  check([["GETEX b EXAT 1", "UNLINK b"]], (f) => f.settings.lazyExpire = true);
});

test("counters, parts and bits are repeated as they came, when they changed something", () => {
  check([
    ["INCR a", "INCR a"],
    ["DECRBY a 0", "DECRBY a 0"],
    ["INCR b", undefined],
    ["INCRBYFLOAT a 0.5", "SET a 5.5 KEEPTTL"],
    ["INCRBYFLOAT k 3.0", "SET k 3 KEEPTTL"],
    ["INCRBYFLOAT b 1", undefined],
    ["APPEND b x", "APPEND b x"],
    ["SETRANGE b 10 x", "SETRANGE b 10 x"],
    ["SETBIT b 100 0", "SETBIT b 100 0"],
    ["SETBIT b 1 1", undefined],
    ["BITFIELD b SET u8 0 116", undefined],
    ["BITFIELD b SET u8 0 1 INCRBY u8 8 1", "BITFIELD b SET u8 0 1 INCRBY u8 8 1", 2],
    ["BITFIELD b OVERFLOW FAIL INCRBY u1 1 1", undefined],
    ["BITFIELD b GET u8 0", undefined],
    ["BITOP AND k a b", "BITOP AND k a b"],
    ["BITOP OR k l m", undefined],
    ["BITOP OR a l m", "BITOP OR a l m"],
  ]);
});

test("an expiry time survives what changes a string in place, and nothing else", () => {
  const expiresIn = (f: CommandFixture) => {
    const key = new Uint8Array([98]);
    const database = f.keyspace.databases[0];
    return database.expiresAtMs(database.peek(key, 0, 1)) - START_MS;
  };
  const kept = ["APPEND b x", "SETRANGE b 9000 x", "SETBIT b 80000 1", "SET b v KEEPTTL"];
  for (const command of [...kept, "BITFIELD b SET u8 0 1", "GETEX b", "SET b v NX"]) {
    const f = new CommandFixture();
    f.set("b", "text", 60000);
    f.run(...command.split(" "));
    assert.equal(expiresIn(f), 60000, command);
    f.keyspace.check();
  }
  for (const command of ["SET b v", "GETSET b v", "MSET b v", "BITOP NOT b b", "BITOP OR b a"]) {
    const f = new CommandFixture();
    f.set("a", "5");
    f.set("b", "text", 60000);
    f.run(...command.split(" "));
    assert.equal(expiresIn(f), -1 - START_MS, command);
    f.keyspace.check();
  }
});
