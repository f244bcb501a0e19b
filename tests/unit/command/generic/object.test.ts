import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFixture } from "../fixture.ts";

test("OBJECT ENCODING and REFCOUNT", () => {
  const f = new CommandFixture();
  const cases: [string, string, string][] = [
    ["0", "int", "2147483647"],
    ["9999", "int", "2147483647"],
    ["10000", "int", "1"],
    ["-1", "int", "1"],
    ["007", "embstr", "1"],
    ["", "embstr", "1"],
    ["x".repeat(45), "raw", "1"],
  ];
  for (const [value, encoding, count] of cases) {
    f.set("a", value);
    assert.deepEqual(f.list("OBJECT", "ENCODING", "a"), [encoding], value);
    assert.equal(f.run("OBJECT", "REFCOUNT", "a"), `:${count}\r\n`, value);
  }
  f.settings.sharesIntegers = false;
  f.set("a", "1");
  assert.equal(f.run("OBJECT", "REFCOUNT", "a"), ":1\r\n");
});

test("OBJECT FREQ and IDLETIME need their policy, after they have found the key", () => {
  const f = new CommandFixture();
  for (const name of ["ENCODING", "FREQ", "IDLETIME", "REFCOUNT"]) {
    assert.equal(f.run("OBJECT", name, "none"), "$-1\r\n");
  }
  f.set("a");
  f.advance(3000);
  assert.equal(f.run("OBJECT", "IDLETIME", "a"), ":3\r\n");
  assert.equal(f.run("OBJECT", "IDLETIME", "a"), ":3\r\n", "asking is no use");
  assert.match(
    f.run("OBJECT", "FREQ", "a"),
    /^-ERR An LFU maxmemory policy is not selected, access/,
  );
  f.keyspace.access.isLfu = true;
  f.advance(1000);
  f.set("b");
  assert.equal(f.run("OBJECT", "FREQ", "b"), ":5\r\n");
  assert.match(f.run("OBJECT", "IDLETIME", "b"), /^-ERR An LFU maxmemory policy is selected, idle/);
});

test("OBJECT HELP", () => {
  const lines = new CommandFixture().run("OBJECT", "HELP").split("\r\n");
  assert.equal(lines[0], `*${lines.length - 2}`);
  assert.equal(lines[1], "+OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
});
