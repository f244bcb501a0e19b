import assert from "node:assert/strict";
import { test } from "node:test";
import { checkEvents, CommandFixture, START_MS } from "../fixture.ts";

test("nothing is told while nobody listens", () => {
  const f = new CommandFixture();
  f.recordEvents();
  f.call.keyEvents.classes = 0;
  assert.deepEqual(f.eventsOf("SET k v"), ["touch k"]);
  f.call.keyEvents.tellsTouches = false;
  assert.equal(f.call.keyEvents.isActive, false);
  assert.deepEqual(f.eventsOf("SET k v"), []);
  assert.deepEqual(f.eventsOf("DEL k"), []);
});

test("the events of SET and its older forms", () => {
  checkEvents([
    ["SET k v", "touch k", "$ set k"],
    ["SET k v EX 100", "touch k", "$ set k", "g expire k"],
    ["SET k v KEEPTTL", "touch k", "$ set k"],
    ["SET k v NX"],
    ["SET missing v XX"],
    ["SET k v XX GET PX 5000", "touch k", "$ set k", "g expire k"],
    ["SET new v GET", "m keymiss new", "touch new", "$ set new"],
    ["SET new v GET NX"],
    [`SET k v PXAT ${START_MS + 1}`, "touch k", "$ set k", "g expire k"],
    ["SET k v EX nonsense"],
    ["SETNX k v"],
    ["SETNX n v", "touch n", "$ set n"],
    ["SETEX k 10 v", "touch k", "$ set k", "g expire k"],
    ["PSETEX k 10 v", "touch k", "$ set k", "g expire k"],
    ["SETEX k 0 v"],
    ["GETSET k v", "touch k", "$ set k"],
    ["GETSET o v", "m keymiss o", "touch o", "$ set o"],
    ["RPUSH l a", "touch l", "l rpush l"],
    ["GETSET l v"],
    ["SET l v", "touch l", "$ set l"],
  ]);
});

test("the events of several keys at once", () => {
  checkEvents([
    ["MSET a 1 b 2 a 3", "touch a", "$ set a", "touch b", "$ set b", "touch a", "$ set a"],
    ["MSETNX c 1 a 2"],
    ["MSETNX c 1 d 2", "touch c", "$ set c", "touch d", "$ set d"],
    ["MGET a x b y", "m keymiss x", "m keymiss y"],
  ]);
});

test("the events of reading strings", () => {
  checkEvents([
    ["GET k", "m keymiss k"],
    ["STRLEN k", "m keymiss k"],
    ["GETRANGE k 0 1", "m keymiss k"],
    ["SET k v", "touch k", "$ set k"],
    ["GET k"],
    ["LCS k x", "m keymiss x"],
    ["GETEX k"],
    ["GETEX k PERSIST"],
    ["GETEX k EX 10", "touch k", "g expire k"],
    ["GETEX k PERSIST", "touch k", "g persist k"],
    ["GETEX k PXAT 1", "touch k", "g del k"],
    ["GETEX k EX 10", "m keymiss k"],
    ["GETDEL k", "m keymiss k"],
    ["SET k v", "touch k", "$ set k"],
    ["GETDEL k", "touch k", "g del k"],
  ]);
});

test("the events of changing strings", () => {
  checkEvents([
    ["APPEND k v", "touch k", "$ append k"],
    ["APPEND k v", "touch k", "$ append k"],
    ["SETRANGE k 1 x", "touch k", "$ setrange k"],
    ["SETRANGE new 1 x", "touch new", "$ setrange new"],
    ["INCR k"],
    ["INCR n", "touch n", "$ incrby n"],
    ["DECR n", "touch n", "$ incrby n"],
    ["INCRBY n 9007199254740993", "touch n", "$ incrby n"],
    ["DECRBY n 3", "touch n", "$ incrby n"],
    ["INCRBY n 9223372036854775807"],
    ["INCRBYFLOAT n 0.5", "touch n", "$ incrbyfloat n"],
    ["INCRBYFLOAT n x"],
  ]);
  const f = new CommandFixture();
  f.recordEvents();
  f.run("SETRANGE", "k", "1", "");
  assert.deepEqual(f.events, []);
});
