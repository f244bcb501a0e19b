import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFixture, START_MS } from "../fixture.ts";

function fixture(): CommandFixture {
  const f = new CommandFixture();
  f.recordEvents();
  return f;
}

test("the events of deleting keys and of asking for them", () => {
  const f = fixture();
  f.set("a");
  f.set("b");
  f.set("c");
  f.checkEvents([
    ["DEL a x b", "touch a", "g del a", "touch b", "g del b"],
    ["UNLINK c c", "touch c", "g del c"],
    ["EXISTS a b", "m keymiss a", "m keymiss b"],
    ["TYPE a", "m keymiss a"],
    ["TTL a", "m keymiss a"],
    ["PEXPIRETIME a", "m keymiss a"],
    ["TOUCH a", "m keymiss a"],
    ["DUMP a", "m keymiss a"],
    ["OBJECT ENCODING a"],
    ["OBJECT IDLETIME a"],
    ["KEYS a"],
    ["SCAN 0"],
    ["RANDOMKEY"],
  ]);
});

test("SCAN with TYPE looks keys up, and misses those that have expired", () => {
  const f = fixture();
  f.set("gone", "value", 10);
  f.set("here");
  f.advance(20);
  f.checkEvents([
    ["SCAN 0 TYPE string", "m keymiss gone"],
    ["SCAN 0 TYPE list"],
  ]);
});

test("the events of expiry times", () => {
  const f = fixture();
  f.set("k");
  f.checkEvents([
    ["PERSIST k"],
    ["EXPIRE k 100", "touch k", "g expire k"],
    ["EXPIRE k 10 GT"],
    ["EXPIRE x 10"],
    ["PEXPIRE k 1000", "touch k", "g expire k"],
    [`EXPIREAT k ${START_MS / 1000 + 10}`, "touch k", "g expire k"],
    [`PEXPIREAT k ${START_MS + 10}`, "touch k", "g expire k"],
    ["PERSIST k", "touch k", "g persist k"],
    ["EXPIRE k -1", "touch k", "g del k"],
    ["EXPIRE k -1"],
  ]);
});

test("the events of giving values other keys", () => {
  const f = fixture();
  f.set("a");
  f.set("b");
  f.checkEvents([
    ["RENAME a b", "touch a", "touch b", "g rename_from a", "g rename_to b"],
    ["RENAME b b"],
    ["RENAME x y"],
    ["RENAMENX b b"],
    ["RENAMENX b a", "touch b", "touch a", "g rename_from b", "g rename_to a"],
    ["MOVE a 1", "touch a", "1: touch a", "g move_from a", "1: g move_to a"],
    ["MOVE a 1"],
    ["COPY a b", "m keymiss a"],
  ]);
  f.databaseIndex = 1;
  f.checkEvents([
    ["COPY a b DB 0", "touch b", "g copy_to b"],
    ["COPY a b DB 0"],
    ["COPY a b DB 0 REPLACE", "touch b", "g copy_to b"],
    ["COPY a b", "1: touch b", "1: g copy_to b"],
  ]);
});

test("the events of RESTORE", () => {
  const f = fixture();
  f.set("k", "value");
  const payload = f.bulk("DUMP", "k");
  const restored = (...rest: string[]) => {
    f.events.length = 0;
    f.run("RESTORE", "k", rest[0], payload, ...rest.slice(1));
    return f.events.splice(0);
  };
  assert.deepEqual(restored("0"), []);
  assert.deepEqual(restored("0", "REPLACE"), ["touch k", "g restore k"]);
  assert.deepEqual(restored("100", "REPLACE"), ["touch k", "g restore k"]);
  assert.deepEqual(restored("1", "REPLACE", "ABSTTL"), ["touch k", "g del k"]);
  assert.deepEqual(restored("1", "ABSTTL"), []);
});
