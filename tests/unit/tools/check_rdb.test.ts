/** `--check-rdb` where redis-check-rdb is no model: what is refused, and what is said of failures. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { rdbFile, row } from "../persistence/rdb/fixture.ts";
import { platformWith, runOn } from "./fixture.ts";

function check(bytes: Uint8Array): { code: number; output: string; error: string } {
  return runOn(platformWith({ "dump.rdb": bytes }), ["--check-rdb", "/dump.rdb"]);
}

test("check-rdb: a good file", () => {
  const aux = row(0xfa, 4, "name", 5, "value");
  const entries = row(0xfe, 2, 0xfb, 2, 1, 0xfc, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, "k", 1, "v");
  const { code, output, error } = check(rdbFile(row(aux, entries, 0xf8, 7, 0xf9, 9, 0, 1, "j", 0)));
  assert.equal(
    output,
    "[offset 0] Checking RDB file /dump.rdb\n" +
      "[offset 21] AUX FIELD name = 'value'\n" +
      "[offset 23] Selecting DB ID 2\n" +
      "[offset 57] Checksum OK\n" +
      "[offset 57] \\o/ RDB looks OK! \\o/\n" +
      "[info] 2 keys read\n[info] 1 expires\n[info] 1 already expired\n",
  );
  assert.deepEqual([code, error], [0, ""]);
});

test("check-rdb: values that cannot be held are refused by name, as at loading", () => {
  const refused: [Uint8Array, string][] = [
    [row(7, 1, "m"), "a module (type 7, module value)"],
    [row(0xfe, 0, 6, 1, "m"), "a module (type 6, pre-release module value)"],
    [row(0xf5, 3, "lib"), "a function library"],
  ];
  for (const [body, what] of refused) {
    const { code, output } = check(rdbFile(body));
    assert.match(output, /--- RDB ERROR DETECTED ---/);
    const at = body[0] === 0xfe ? 11 : 9;
    const reason = `the file holds ${what} at offset ${at}, which this version cannot hold`;
    assert.ok(output.includes(`\n[offset ${at + 1}] ${reason}\n`), output);
    assert.equal(code, 1);
  }
  const module = check(rdbFile(row(0xf7, 0x81, 1, 2, 3, 4, 5, 6, 7, 8)));
  assert.match(module.output, /no matching module 'AQIDBAUGB'\n.*While doing: read-module-aux/);
});

test("check-rdb: versions and types beyond those of Redis 7.0", () => {
  assert.equal(check(rdbFile(row(0, 1, "k", 1, "v"), "REDIS0012")).code, 0);
  assert.equal(check(rdbFile(row(0xf4, 1, 2, 3, 0, 1, "k", 1, "v"), "VALKEY080")).code, 0);
  const { code, output } = check(rdbFile(row(0), "REDIS0013"));
  assert.match(output, /\[offset 9\] Can't handle RDB format version 13\n/);
  assert.equal(code, 1);
});

test("check-rdb: names that could steer a terminal are shown, not sent", () => {
  const { output } = check(rdbFile(row(0xfa, 5, "\x1b[2Jx", 2, "\x00\x9f", 0, 3, "\x07\xc3\xa9")));
  assert.match(output, /AUX FIELD \\x1b\[2Jx = '\\x00\ufffd'/);
  assert.match(output, /Reading key '\\x07\u00e9'\n\[additional info\] Reading type 0 \(string\)/);
});

test("check-rdb: a number that is none is an error where a count is expected", () => {
  const { code, output } = check(rdbFile(row(0xfe, 0x81, 255, 255, 255, 255, 255, 255, 255, 255)));
  assert.match(
    output,
    /\[offset 19\] number beyond 2\^53\n\[additional info\] While doing: read-len/,
  );
  assert.equal(code, 1);
});

test("check-rdb: a file that cannot be opened or read", () => {
  const platform = platformWith({ "dump.rdb": rdbFile(row(0, 1, "k", 1, "v")) });
  const missing = runOn(platform, ["--check-rdb", "/none.rdb"]);
  assert.deepEqual(missing, {
    code: 1,
    output: "[offset 0] Checking RDB file /none.rdb\n",
    error: "/none.rdb: No such file or directory\n",
  });
  // Of the calls to come the first opens the file and the second asks for its size.
  platform.files.failCall(3);
  const failed = runOn(platform, ["--check-rdb", "/dump.rdb"]);
  assert.match(failed.output, /\[offset 0\] Input\/output error\n.*While doing: start/);
  assert.equal(failed.code, 1);
});
