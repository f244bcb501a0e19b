/** `--check-aof` where redis-check-aof is no model: its strictness, and what happens to the files. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryPlatform } from "../../../adapters/memory/mod.ts";
import { latin1Bytes } from "../../../src/base/ascii.ts";
import {
  AOF_BAD,
  AOF_END,
  AOF_TRUNCATED,
  AofReader,
} from "../../../src/persistence/aof/aof_reader.ts";
import { seeded } from "../heap/seeded.ts";
import { command, damaged, platformWith, runOn, textOf } from "./fixture.ts";

const PING = command("PING");

test("check-aof: what the server refuses is not valid", () => {
  const refused: [string, RegExp][] = [
    ["*0\r\n", /0x +e: Expected to read command of 0 arguments/],
    ["*-1\r\n", /Expected to read command of -1 arguments/],
    ["* 1\r\n$4\r\nPING\r\n", /0x +e: Expected \\r\\n, got: 2031/],
    ["*+1\r\n$4\r\nPING\r\n", /Expected \\r\\n, got: 2b31/],
    ["*1\r\n$9999999999999999\r\n", /Expected \\r\\n, got: 390d/],
    ["*\r\n", /0x +e: Expected a number, got none/],
    ["*1\r\n$\r\n\r\n", /0x +12: Expected a number, got none/],
    ["#half", /0x +e: Expected the end of an annotation/],
    [`#${"x".repeat(1023)}\r\n`, /0x +e: Expected the end of an annotation/],
  ];
  for (const [text, reason] of refused) {
    const platform = platformWith({ "a.aof": PING + text });
    const { code, output } = runOn(platform, ["--check-aof", "/a.aof"]);
    assert.match(output, reason);
    assert.match(output, /ok_up_to=14, /);
    assert.equal(code, 1);
  }
});

test("check-aof: valid is what the server's reader reads, up to the same place", () => {
  const text = PING + "#TS:1700000000\r\n" + command("SET", "key", "v".repeat(300)) +
    command("SET", "k", "") + command("MULTI") + command("INCR", "n") + command("EXEC");
  const good = latin1Bytes(text);
  const pieces = ["*", "$", "\r\n", "*0\r\n", "$-1\r\n", "#\r\n", "0", "9", "\0", "#", " ", PING];
  const prng = seeded(3);
  let validCount = 0;
  for (let round = 0; round < 3000; round++) {
    const bytes = damaged(prng, good, pieces.map(latin1Bytes));
    const platform = platformWith({ "a.aof": bytes });
    const { code, output } = runOn(platform, ["--check-aof", "/a.aof"]);
    const reader = readToEnd(bytes);
    const isTransactionError = /Unexpected (MULTI|EXEC)|before reading EXEC/.test(output);
    if (isTransactionError) continue;
    assert.equal(code === 0, reader.found === AOF_END, output);
    if (code === 0) validCount++;
    const upTo = Number(/ok_up_to=(\d+)/.exec(output)?.[1] ?? 0);
    const isInTransaction = upTo < reader.offsetBytes;
    assert.ok(upTo === reader.offsetBytes || isInTransaction && code === 1, output);
  }
  assert.ok(validCount > 100);
});

function readToEnd(bytes: Uint8Array): { found: number; offsetBytes: number } {
  const platform = platformWith({ "a.aof": bytes });
  const file = platform.files.open("/a.aof", "read");
  const reader = new AofReader(file, 0);
  for (;;) {
    const found = reader.next();
    if (found === AOF_END || found === AOF_TRUNCATED || found === AOF_BAD) {
      return { found, offsetBytes: reader.offsetBytes };
    }
  }
}

test("check-aof: a long value is passed over", () => {
  const long = command("SET", "k", "x".repeat(700_000));
  const platform = platformWith({ "a.aof": long + PING });
  const { code, output } = runOn(platform, ["--check-aof", "/a.aof"]);
  assert.match(output, new RegExp(`ok_up_to=${long.length + 14}, ok_up_to_line=11, diff=0`));
  assert.equal(code, 0);
});

test("check-aof: --fix asks, and cuts only when it may", () => {
  const bad = PING + "*1\r\n$4\r\nPI";
  for (const [answer, isCut] of [["", false], ["n\n", false], ["y\n", true], ["Yes", true]]) {
    const platform = platformWith({ "a.aof": bad });
    const { code, output } = runOn(platform, ["--check-aof", "--fix", "/a.aof"], {
      answer: String(answer),
    });
    assert.match(output, isCut ? /\[y\/N\]: Successfully truncated AOF/ : /\[y\/N\]: Aborting/);
    assert.equal(code, isCut ? 0 : 1);
    assert.equal(textOf(platform, "a.aof"), isCut ? PING : bad);
    platform.files.losePower();
    assert.equal(textOf(platform, "a.aof"), isCut ? PING : bad);
  }
});

test("check-aof: a cut that fails says so", () => {
  let failedCount = 0;
  for (let call = 1;; call++) {
    const platform = platformWith({ "a.aof": PING + "*" });
    platform.files.failCall(call);
    const { code, output } = runOn(platform, ["--check-aof", "--fix", "/a.aof"], { answer: "y" });
    if (code === 0) break;
    failedCount++;
    assert.match(output, /(?:Cannot|Failed).*: Input\/output error(?:, aborting\.\.\.)?\n$/);
  }
  assert.ok(failedCount > 5);
});

test("check-aof: a file that may only be read can be checked", () => {
  const platform = platformWith({ "a.aof": PING });
  const open = platform.files.open.bind(platform.files);
  platform.files.open = (path, mode) => {
    assert.equal(mode, "read");
    return open(path, mode);
  };
  assert.equal(runOn(platform, ["--check-aof", "/a.aof"]).code, 0);
});

test("check-aof: a manifest that is too long, or is a folder", () => {
  const line = "file a.aof seq 1 type h\n";
  const platform = platformWith({ m: line.repeat(12_000) });
  const long = runOn(platform, ["--check-aof", "/m"]);
  assert.deepEqual([long.code, long.output], [
    1,
    "The AOF manifest file is longer than 256 KiB, aborting...\n",
  ]);
  const folder = runOn(memoryPlatform(), ["--check-aof", "/"]);
  assert.match(folder.output, /^Cannot .*: Is a directory\n$/);
  assert.equal(folder.code, 1);
});
