/** Damaged input of every sort: no tool may crash, hang, or leave anything but whole files behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1Bytes } from "../../../src/base/ascii.ts";
import { seeded } from "../heap/seeded.ts";
import { int64, rdbFile, row, sign } from "../persistence/rdb/fixture.ts";
import { command, damaged, platformWith, runOn, textOf } from "./fixture.ts";

const ROUNDS = 1500;

const RDB = rdbFile(row(
  ...[0xfa, 4, "name", 0xc0, 42, 0xfe, 0, 0xfb, 2, 1],
  ...[0xfc, int64(1_800_000_000_000n), 0xf8, 7, 0, 1, "k", 5, "value"],
  ...[0, 0xc3, 5, 10, 0, "a", 0xe0, 0, 0, 2, "ab", 0, 2, "\xff\x00", 0x41, 0x2c],
  "x".repeat(300),
));
const RDB_PIECES = [
  row(0x80, 0xff, 0xff, 0xff, 0xff),
  row(0x81, 255, 255, 255, 255, 255, 255, 255, 255),
  row(0xc3, 0x80, 0, 0, 1, 0, 0x80, 0, 0, 255, 0),
  row(0, 1, "k", 1, "v"),
  row(0xff),
  row(0xf7),
];

test("fuzz: RDB files are checked, converted and come back", () => {
  const prng = seeded(11);
  let convertedCount = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = damaged(prng, RDB, RDB_PIECES);
    if (bytes.length > 17 && prng.below(2) === 0) sign(bytes);
    const platform = platformWith({ "a.rdb": bytes });
    const checked = runOn(platform, ["--check-rdb", "/a.rdb"]);
    assert.match(checked.output, checked.code === 0 ? /RDB looks OK!/ : /RDB ERROR DETECTED/);
    const { code } = runOn(platform, ["--rdb-to-json", "/a.rdb", "/a.json"]);
    assert.equal(code, checked.code);
    const json = textOf(platform, "a.json");
    assert.equal(json === undefined, code !== 0);
    if (json === undefined) continue;
    convertedCount++;
    assert.equal(runOn(platform, ["--json-to-rdb", "/a.json", "/b.rdb"]).code, 0);
    runOn(platform, ["--rdb-to-json", "/b.rdb", "/b.json"]);
    assert.equal(textOf(platform, "b.json"), json);
  }
  assert.ok(convertedCount > 50);
});

test("fuzz: append-only files end up valid when they are fixed", () => {
  const prng = seeded(12);
  const commands = latin1Bytes(
    command("SELECT", "0") + "#TS:1700000000\r\n" + command("MULTI") + command("SET", "k", "v") +
      command("EXEC") + command("SET", "a", "b".repeat(200)),
  );
  const pieces = ["*", "$5\r\n", "\r\n", "*1\r\n$4\r\nEXEC\r\n", "#", "\0\0", "REDIS", "file"]
    .map(latin1Bytes);
  for (let round = 0; round < ROUNDS; round++) {
    const base = round % 3 === 0 ? row(RDB, commands) : commands;
    const platform = platformWith({ "a.aof": damaged(prng, base, pieces) });
    const checked = runOn(platform, ["--check-aof", "/a.aof"]);
    const fixed = runOn(platform, ["--check-aof", "--fix", "/a.aof"], { answer: "y" });
    if (checked.code === 0) assert.equal(fixed.code, 0);
    if (fixed.code !== 0) {
      assert.match(fixed.output, /preamble of AOF file is not sane|MANIFEST FILE ERROR/);
    } else assert.equal(runOn(platform, ["--check-aof", "/a.aof"]).code, 0);
    const timed = runOn(platform, ["--check-aof", "--truncate-to-timestamp", "5", "/a.aof"]);
    assert.ok(timed.code === 0 || timed.code === 1);
  }
});

test("fuzz: manifests", () => {
  const prng = seeded(13);
  const manifest = latin1Bytes(
    "file a.rdb seq 1 type b\nfile a.aof seq 1 type h\nfile a.aof seq 1 type i\n",
  );
  const pieces = ["file ", "\n", '"', " type i", "seq 2", "#", "\0", "/"].map(latin1Bytes);
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = damaged(prng, manifest, pieces);
    const platform = platformWith({ m: bytes, "a.rdb": RDB, "a.aof": command("PING") });
    const { code, output } = runOn(platform, ["--check-aof", "/m"]);
    if (code === 0) assert.match(output, /are valid\n$| is empty\n$| is valid\n$/);
    else assert.notEqual(output, "");
  }
});

test("fuzz: JSON is turned into an RDB file that is right, or refused with its place", () => {
  const prng = seeded(14);
  const platform = platformWith({ "a.rdb": RDB });
  runOn(platform, ["--rdb-to-json", "/a.rdb", "/a.json"]);
  const json = latin1Bytes(textOf(platform, "a.json")!);
  const pieces = ["{", "}", "[", "]", ",", ":", '"', "\\", "\\u00e9", "\\ud800", "1e5", "null"];
  pieces.push('{"base64": "AA=="}', '{"database": 1},', " ", "\n", "\xff");
  let convertedCount = 0;
  for (let round = 0; round < ROUNDS; round++) {
    platform.files.writeFile("/a.json", damaged(prng, json, pieces.map(latin1Bytes)));
    const { code, error } = runOn(platform, ["--json-to-rdb", "/a.json", "/b.rdb"]);
    if (code === 0) {
      convertedCount++;
      assert.equal(runOn(platform, ["--check-rdb", "/b.rdb"]).code, 0);
    } else assert.match(error, /^\/a\.json: line \d+, column \d+: ./);
  }
  assert.ok(convertedCount > 30);
});
