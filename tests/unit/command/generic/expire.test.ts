import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFixture, START_MS } from "../fixture.ts";

test("the four ways to set an expiry time, and the four ways to ask for it", () => {
  const f = new CommandFixture();
  f.set("a");
  const cases = [
    ["EXPIRE", "100"],
    ["PEXPIRE", "100000"],
    ["EXPIREAT", String(START_MS / 1000 + 100)],
    ["PEXPIREAT", String(START_MS + 100000)],
  ];
  for (const [name, time] of cases) {
    assert.equal(f.run("PERSIST", "a"), name === "EXPIRE" ? ":0\r\n" : ":1\r\n");
    assert.equal(f.run("TTL", "a"), ":-1\r\n");
    assert.equal(f.run("PEXPIRETIME", "a"), ":-1\r\n");
    assert.equal(f.run(name, "a", time), ":1\r\n");
    assert.equal(f.run("TTL", "a"), ":100\r\n");
    assert.equal(f.run("PTTL", "a"), ":100000\r\n");
    assert.equal(f.run("EXPIRETIME", "a"), `:${START_MS / 1000 + 100}\r\n`);
    assert.equal(f.run("PEXPIRETIME", "a"), `:${START_MS + 100000}\r\n`);
  }
  for (const name of ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"]) {
    assert.equal(f.run(name, "none"), ":-2\r\n");
  }
  assert.equal(f.run("PERSIST", "none"), ":0\r\n");
  assert.equal(f.run("EXPIRE", "none", "100"), ":0\r\n");
});

test("TTL rounds to the nearest second, halves up; the last millisecond is still alive", () => {
  const f = new CommandFixture();
  f.set("a", "v", 1500);
  assert.equal(f.run("TTL", "a"), ":2\r\n");
  f.advance(1);
  assert.equal(f.run("TTL", "a"), ":1\r\n");
  f.advance(1499);
  assert.equal(f.run("PTTL", "a"), ":0\r\n");
  f.advance(1);
  assert.equal(f.run("PTTL", "a"), ":-2\r\n");
});

test("NX, XX, GT, LT against no expiry, an earlier, an equal and a later one", () => {
  // Rows: the expiry the key has; columns: the one it is to get.
  const expected: Record<string, string> = {
    "": "111 111 111 111",
    "NX": "111 000 000 000",
    "XX": "000 111 111 111",
    "GT": "000 111 001 000",
    "LT": "111 000 100 111",
    "XX GT": "000 111 001 000",
    "XX LT": "000 000 100 111",
  };
  for (const [options, wanted] of Object.entries(expected)) {
    const rows = [undefined, 10000, 20000, 30000].map((has) =>
      [15000, 20000, 25000].map((gets) => {
        const f = new CommandFixture();
        f.set("a", "v", has);
        const words = options === "" ? [] : options.split(" ");
        const reply = f.run("PEXPIRE", "a", String(gets), ...words);
        const ttl = has === undefined ? -1 : has;
        assert.equal(f.run("PTTL", "a"), `:${reply === ":1\r\n" ? gets : ttl}\r\n`);
        return reply[1];
      }).join("")
    ).join(" ");
    assert.equal(rows, wanted, options);
  }
});

test("options that conflict or are unknown are refused before the time is read", () => {
  const f = new CommandFixture();
  const others = "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n";
  for (const other of ["XX", "GT", "lt"]) {
    assert.equal(f.run("EXPIRE", "a", "x", "nx", other), others);
  }
  assert.equal(
    f.run("EXPIRE", "a", "x", "GT", "LT"),
    "-ERR GT and LT options at the same time are not compatible\r\n",
  );
  assert.equal(f.run("EXPIRE", "a", "x", "NX", "AB"), "-ERR Unsupported option AB\r\n");
  assert.equal(f.run("EXPIRE", "a", "x"), "-ERR value is not an integer or out of range\r\n");
});

test("times around the limits of 64 bits", () => {
  const f = new CommandFixture();
  f.set("a");
  const invalid = (name: string) => `-ERR invalid expire time in '${name}' command\r\n`;
  assert.equal(f.run("EXPIRE", "a", "9223372036854776"), invalid("expire"));
  assert.equal(f.run("EXPIRE", "a", "-9223372036854776"), invalid("expire"));
  assert.equal(f.run("EXPIREAT", "a", "9223372036854776"), invalid("expireat"));
  assert.equal(f.run("PEXPIRE", "a", "9223372036854775807"), invalid("pexpire"));
  assert.equal(
    f.run("PEXPIREAT", "a", "9223372036854775808"),
    "-ERR value is not an integer or out of range\r\n",
  );
  assert.equal(f.run("PEXPIREAT", "a", "9223372036854775807"), ":1\r\n");
  assert.equal(f.run("PEXPIRETIME", "a"), ":9223372036854774784\r\n");
  assert.equal(f.run("PEXPIREAT", "a", "9007199254740991"), ":1\r\n");
  assert.equal(f.run("PEXPIRETIME", "a"), ":9007199254740991\r\n");
  assert.equal(f.run("PEXPIREAT", "a", "-9223372036854775808"), ":1\r\n");
  assert.equal(f.get("a"), undefined);
});

test("a time in the past deletes, and is told as a deletion", () => {
  const f = new CommandFixture();
  for (const [name, time] of [["EXPIRE", "0"], ["PEXPIRE", "-1"], ["EXPIREAT", "1"]]) {
    f.set("a");
    assert.equal(f.run(name, "a", time), ":1\r\n");
    assert.equal(f.get("a"), undefined);
    assert.deepEqual(f.takePropagated(), ["0 DEL a"]);
  }
  f.settings.lazyExpire = true;
  f.set("a");
  f.run("PEXPIREAT", "a", String(START_MS));
  assert.deepEqual(f.takePropagated(), ["0 UNLINK a"]);
  assert.equal(f.call.dirty, 4);
  assert.equal(f.keyspace.expiredCount, 0);
});

test("while loading, a time in the past stays with the key", () => {
  const f = new CommandFixture();
  f.set("a");
  f.keyspace.ignoresExpiry = true;
  assert.equal(f.run("PEXPIREAT", "a", "-1"), ":1\r\n");
  assert.equal(f.keyspace.databases[0].size, 1);
  assert.equal(f.run("EXISTS", "a"), ":1\r\n");
  f.keyspace.ignoresExpiry = false;
  assert.equal(f.run("EXISTS", "a"), ":0\r\n");
});

test("other times are told as PEXPIREAT with the options that were given", () => {
  const f = new CommandFixture();
  f.set("a");
  f.run("EXPIRE", "a", "10", "nx");
  f.run("PEXPIRE", "a", "20000", "XX", "gt");
  f.run("expireat", "a", "4000000000");
  f.run("pexpireat", "a", "4000000001000");
  f.run("EXPIRE", "a", "10", "NX");
  f.run("persist", "a");
  assert.deepEqual(f.takePropagated(), [
    `0 PEXPIREAT a ${START_MS + 10000} nx`,
    `0 PEXPIREAT a ${START_MS + 20000} XX gt`,
    "0 PEXPIREAT a 4000000000000",
    "0 pexpireat a 4000000001000",
    "0 persist a",
  ]);
});
