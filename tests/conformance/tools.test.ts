/**
 * The file tools beside redis-check-rdb and redis-check-aof: the same lines and exit codes over good
 * and damaged files; and RDB files that have been JSON, in the real redis-server.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { memoryPlatform } from "../../adapters/memory/mod.ts";
import { systemFiles } from "../../adapters/shared/system_files.ts";
import { latin1Bytes } from "../../src/base/ascii.ts";
import { randomBytes, seeded } from "../unit/heap/seeded.ts";
import { int64, rdbFile, row } from "../unit/persistence/rdb/fixture.ts";
import { command, damaged, runOn } from "../unit/tools/fixture.ts";
import { assertHolds, contentsOf } from "../support/contents.ts";
import { everyType, fieldExpiry } from "../support/every_type.ts";
import { textOf } from "../support/reply.ts";
import {
  pagurusCommand,
  projectRoot,
  skipWithout,
  startRedis,
  stopServers,
  temporaryDirectory,
  thisRuntime,
} from "../support/servers.ts";
import { type Side, startSide, write } from "../support/sides.ts";

const skip = skipWithout("redis-server");
const directory = temporaryDirectory();
after(async () => {
  await stopServers();
  rmSync(directory, { recursive: true });
});

const platform = { ...memoryPlatform(), files: systemFiles };
const PING = command("PING");
const [MULTI, EXEC] = [command("MULTI"), command("EXEC")];

/** Puts files into the folder; returns the path of the first. */
function place(files: Readonly<Record<string, Uint8Array | string>>): string {
  const names = Object.keys(files);
  for (const name of names) {
    const content = files[name];
    const bytes = typeof content === "string" ? latin1Bytes(content) : content;
    writeFileSync(join(directory, name), bytes);
  }
  return join(directory, names[0]);
}

/** What a tool of Redis does. */
function redis(program: string, args: readonly string[], input = "") {
  const { status, stdout } = spawnSync(program, args, { input });
  return { code: status, output: stdout.toString("utf8") };
}

/** Without what only one of the two says, and the others' files say why. */
function redisReport(text: string): string {
  // It shows two bits of an unknown length, which our reader shows whole.
  return text.replace(/length encoding \d+ in/, "length encoding in")
    .replace(/Internal error in RDB reading offset 0, function at rdb\.c:\d+ -> /, "")
    .replace(/.*# Terminating server after rdb file reading failure\.\n/, "");
}

/** The bytes of characters that are beyond ASCII, of which C prints four each. */
function redisBytes(text: string): string {
  return text.replace(/got: (?:ffffff)?([0-9a-f]{2})(?:ffffff)?([0-9a-f]{2})\n/, "got: $1$2\n")
    // Behind the end of a line stands what was on the stack, or nothing.
    .replace(/got: (00|0a)[0-9a-f]{2}\n/, "got: $1\n")
    // The lines of its log about a manifest, each with a prefix and an empty line behind it.
    .replace(/^\d+:C .*# /gm, "").replace(/\n\n+/g, "\n")
    .replace(/(got: )'[^\n]*'\n/, "$1'?'\n");
}

function sameRdbReport(name: string, bytes: Uint8Array): void {
  const path = place({ "a.rdb": bytes });
  const expected = redis("redis-check-rdb", [path]);
  const { code, output } = runOn(platform, ["--check-rdb", path]);
  assert.equal(redisReport(output), redisReport(expected.output), name);
  assert.equal(code, expected.code, name);
}

const STRINGS = row(
  ...[0xfa, 9, "redis-ver", 6, "7.0.15", 0xfa, 3, "num", 0xc1, 0x39, 0x30],
  ...[0xfe, 0, 0xfb, 3, 2, 0, 1, "a", 1, "1", 0xfc, int64(1000n), 0, 1, "b", 0xc2, 1, 2, 3, 4],
  ...[
    0xfe,
    0x41,
    0x00,
    0xfd,
    0,
    0,
    0,
    0x7f,
    0xf8,
    9,
    0,
    4,
    "long",
    0xc3,
    5,
    10,
    0,
    "a",
    0xe0,
    0,
    0,
  ],
  ...[0xf9, 3, 0, 3, "cut", 0x41, 0x2c, "y".repeat(300)],
);

test("check-rdb: as redis-check-rdb of good and broken files", { skip }, () => {
  const file: typeof row = (...parts) => rdbFile(row(...parts), "REDIS0010");
  const files: Record<string, Uint8Array> = {
    good: file(STRINGS),
    "without checksum": row("REDIS0010", STRINGS, 0xff, new Uint8Array(8)),
    "before checksums": row("REDIS0004", STRINGS, 0xff),
    empty: row(),
    "not an RDB file": row("HELLO0010", 0xff),
    "newer version": row("REDIS0099", 0xff),
    "no version": row("REDIS00x1", 0xff),
    "wrong checksum": row("REDIS0010", STRINGS, 0xff, 1, 2, 3, 4, 5, 6, 7, 8),
    "unknown type": file(0x40, 1, "k", 1, "v"),
    "unknown opcode": file(STRINGS, 0xf0, 1),
    "unknown encoding": file(0, 1, "k", 0xc7),
    "unknown length": file(0, 1, "k", 0x82),
    "wrong LZF": file(STRINGS, 0, 1, "k", 0xc3, 2, 4, "bb"),
    "length beyond the end": file(0, 1, "k", 0x80, 1, 1, 1, 1),
    "length beyond everything": file(0, 1, "k", 0x81, 1, 1, 1, 1, 1, 1, 1, 1),
    "twice the same key": file(0, 1, "k", 1, "v", 0, 1, "k", 1, "w"),
    "something behind the end": row(file(STRINGS), "tail"),
  };
  for (const [name, bytes] of Object.entries(files)) sameRdbReport(name, bytes);
});

test("check-rdb: as redis-check-rdb of a file cut off anywhere", { skip }, () => {
  const good = rdbFile(STRINGS, "REDIS0010");
  for (let length = 0; length < good.length; length += length > 150 ? 53 : 1) {
    sameRdbReport(`the first ${length} bytes`, good.subarray(0, length));
  }
});

test("check-rdb: as redis-check-rdb of files with damage", { skip }, () => {
  const prng = seeded(21);
  let comparedCount = 0;
  for (let round = 0; round < 150; round++) {
    const bytes = damaged(prng, rdbFile(STRINGS, "REDIS0010"), [row(0xfa, 1, "n", 0), row(0xff)]);
    const path = place({ "a.rdb": bytes });
    const { code, output } = runOn(platform, ["--check-rdb", path]);
    // What only this server refuses, and what the other shows raw.
    if (/which this version cannot hold|beyond 2\^53|no matching module/.test(output)) continue;
    if (/Unknown length encoding \d+\n/.test(output)) continue;
    if (/\\x|\ufffd|Pre-release|format version 1[12]$/m.test(output)) continue;
    const expected = redis("redis-check-rdb", [path]);
    // It takes collections without elements, which servers pass over, for the end of the file.
    if (/Unexpected EOF[^]*Reading type \d+ \((?!string)/.test(expected.output)) continue;
    assert.equal(redisReport(output), redisReport(expected.output));
    assert.equal(code, expected.code);
    comparedCount++;
  }
  assert.ok(comparedCount > 100);
});

/** Checks a file with both; `files` stand beside each other, and the first is checked. */
function sameAofReport(
  name: string,
  files: Readonly<Record<string, Uint8Array | string>>,
  options: readonly string[] = [],
  answer = "",
): void {
  const path = place(files);
  const contents = () =>
    Object.keys(files).map((file) => readFileSync(join(directory, file), "latin1"));
  const expected = redis("redis-check-aof", [...options, path], answer);
  const after = contents();
  place(files);
  const { code, output } = runOn(platform, ["--check-aof", ...options, path], { answer });
  assert.equal(redisBytes(output), redisBytes(expected.output), name);
  assert.equal(code, expected.code, name);
  assert.deepEqual(contents(), after, name);
}

const BROKEN: Readonly<Record<string, string>> = {
  good: PING + command("SET", "k", "v") + MULTI + PING + EXEC + PING,
  empty: "",
  "cut in an argument": `${PING}*1\r\n$4\r\nPI`,
  "cut in a length": `${PING}*1\r\n$4`,
  "cut before a length": `${PING}*1\r\n`,
  "cut in a count": `${PING}*1`,
  "cut in a line end": `${PING}*1\r\n$4\r\nPING\r`,
  "wrong line end": `${PING}*1\r\n$4\r\nPINGxx`,
  "wrong line end behind a number": `${PING}*1x\r\n$4\r\nPING\r\n`,
  "line feed alone": `${PING}*1\n$4\r\nPING\r\n`,
  "bytes beyond ASCII": `${PING}*1\x80\x81\r\n`,
  "wrong prefix": `${PING}*1\r\nx4\r\nPING\r\n`,
  "something else": `${PING}hello\r\n${PING}`,
  "zero bytes": `${PING}\0\0\0\0`,
  "negative length": `${PING}*1\r\n$-1\r\n${PING}`,
  "length beyond the end": `${PING}*1\r\n$99999999999\r\n`,
  "transaction without an end": PING + MULTI + PING,
  "transaction cut in an argument": `${PING + MULTI + PING}*1\r\n$4\r\nEX`,
  "transaction cut before a length": `${PING + MULTI + PING}*1\r\n`,
  "transaction and something else": `${PING + MULTI + PING}hello`,
  "MULTI in a transaction": PING + MULTI + PING + command("multi"),
  "EXEC without MULTI": PING + command("exec") + PING,
  annotations: `#hello\r\n${PING}#TS:123\r\n${MULTI}#\r\n${EXEC}`,
};

test("check-aof: as redis-check-aof of single files, with --fix and without", { skip }, () => {
  for (const [name, text] of Object.entries(BROKEN)) {
    sameAofReport(name, { "a.aof": text });
    sameAofReport(`${name}, fixed`, { "a.aof": text }, ["--fix"], "y\n");
    sameAofReport(`${name}, not fixed`, { "a.aof": text }, ["--fix"], "\n");
    sameAofReport(`${name}, at a time`, { "a.aof": text }, ["--truncate-to-timestamp", "100"]);
  }
});

test("check-aof: as redis-check-aof of files cut off and damaged anywhere", { skip }, () => {
  const good = latin1Bytes(`${PING}#TS:5\r\n${MULTI}${command("SET", "key", "a value")}${EXEC}`);
  for (let length = 0; length < good.length; length += 3) {
    // An annotation without its end is valid there.
    if (length > PING.length && length < PING.length + 7) continue;
    sameAofReport(`the first ${length} bytes`, { "a.aof": good.subarray(0, length) });
  }
  const prng = seeded(22);
  for (let round = 0; round < 100; round++) {
    const bytes = damaged(prng, good, [latin1Bytes("\r\n"), latin1Bytes("*2\r\n$4\r\n")]);
    const path = place({ "a.aof": bytes });
    const { output } = runOn(platform, ["--check-aof", path]);
    // What only this server refuses.
    if (/command of -?\d+ arguments|end of an annotation|got: (?:20|2b)|got none/.test(output)) {
      continue;
    }
    sameAofReport(`round ${round}`, { "a.aof": bytes });
  }
});

test("check-aof: as redis-check-aof of files that begin with an RDB", { skip }, () => {
  const rdb = rdbFile(STRINGS, "REDIS0010");
  const bodies: Uint8Array[] = [rdb, rdb.subarray(0, 100), rdb.subarray(0, 7), row("REDIS")];
  for (const text of Object.values(BROKEN)) bodies.push(row(rdb, text));
  for (const [index, bytes] of bodies.entries()) {
    sameAofReport(`preamble ${index}`, { "a.aof": bytes });
    sameAofReport(`preamble ${index}, fixed`, { "a.aof": bytes }, ["--fix"], "y\n");
  }
});

test("check-aof: as redis-check-aof of manifests", { skip }, () => {
  const rdb = rdbFile(STRINGS, "REDIS0010");
  const files = { "b.rdb": rdb, "b.aof": PING, "1.aof": PING, "2.aof": PING + PING, "e.aof": "" };
  const damagedFiles = {
    ...files,
    "x.aof": `${PING}*1\r\n`,
    "x.rdb": rdb.subarray(0, 100),
    "t.aof": `${PING}#TS:100\r\n${PING}`,
    "m.aof": PING + command("EXEC"),
  };
  const manifests: readonly (readonly string[])[] = [
    ["b.rdb 1 b", "1.aof 1 i", "2.aof 2 i"],
    ["b.aof 1 b", "e.aof 1 h", "2.aof 2 i"],
    ["b.rdb 1 b"],
    ["e.aof 1 b", "e.aof 1 i"],
    ["1.aof 1 i", "x.aof 2 i"],
    ["x.aof 1 i", "1.aof 2 i"],
    ["x.aof 1 b", "1.aof 2 i"],
    ["x.rdb 1 b", "1.aof 2 i"],
    ["none.aof 1 b", "1.aof 2 i"],
    ["b.rdb 1 b", "none.aof 2 i"],
    ["t.aof 1 i", "2.aof 2 i"],
    ["2.aof 1 i", "t.aof 2 i"],
    ["b.rdb 1 b", "m.aof 2 i"],
    ["1.aof 1 i", "2.aof 1 i"],
    ["b.rdb 1 b", "b.aof 2 b"],
    ["1.aof 1 z"],
    ["dir/1.aof 1 i"],
    ["1.aof 0 i"],
  ];
  for (const lines of manifests) {
    const text = lines.map((line) => line.replace(/(.*) (.*) (.*)/, "file $1 seq $2 type $3\n"));
    const all = { "m.manifest": text.join(""), ...damagedFiles };
    const name = lines.join(", ");
    sameAofReport(name, all);
    sameAofReport(`${name}, fixed`, all, ["--fix"], "y\n");
    sameAofReport(`${name}, at a time`, all, ["--truncate-to-timestamp", "50"]);
  }
  const texts = ["file 1.aof seq 1 type i", "#c\nfile\n", "#c\n\n", "\n", "file 1.aof seq 1\n"];
  texts.push("file '1.aof' seq 1 type i\n", 'file "1.aof seq 1 type i\n', "file 1.aof x y\n");
  for (const text of texts) sameAofReport(text, { "m.manifest": text, ...files });
});

test("check-aof: as redis-check-aof of what it cannot open", { skip }, () => {
  for (const options of [[], ["--fix"], ["--truncate-to-timestamp", "5"]]) {
    const path = join(directory, "none");
    const expected = redis("redis-check-aof", [...options, path]);
    const { code, output } = runOn(platform, ["--check-aof", ...options, path]);
    assert.deepEqual({ code, output }, expected);
  }
});

test("json: what the real server has saved comes back to it the same", { skip }, async () => {
  const server = await startRedis({
    args: ["--maxmemory-policy", "allkeys-lfu", "--enable-debug-command", "yes"],
  });
  const client = await server.client();
  const prng = seeded(23);
  for (let i = 0; i < 400; i++) {
    if (i % 50 === 0) await client.command("SELECT", String(i / 50));
    const value = randomBytes(prng, prng.below(prng.below(20) === 0 ? 70_000 : 80));
    const key = i % 3 === 0 ? `key:${i}` : randomBytes(prng, 1 + prng.below(20));
    await client.command("SET", key, i % 2 === 0 ? `text ${i} \u00e9 `.repeat(i % 40) : value);
    if (i % 4 === 0) await client.command("PEXPIRE", key, String(1_000_000 + i));
  }
  await client.command("SET", "number", "-12345");
  await client.command("SAVE");
  const digest = textOf(await client.command("DEBUG", "DIGEST"));
  assert.match(digest, /^(?!0{40})[0-9a-f]{40}$/);
  const rdb = join(server.directory, "dump.rdb");
  const json = join(directory, "dump.json");
  assert.equal(runOn(platform, ["--rdb-to-json", rdb, json]).code, 0);
  assert.match(readFileSync(json, "utf8"), /"expiresAtMs": \d+, "frequency": \d+, "type"/);
  assert.equal(runOn(platform, ["--json-to-rdb", json, rdb]).code, 0);
  assert.equal(redis("redis-check-rdb", [rdb]).code, 0);
  const again = runOn(platform, ["--rdb-to-json", rdb]);
  assert.equal(again.output, readFileSync(json, "utf8"));
  await client.command("FLUSHALL");
  assert.equal(textOf(await client.command("DEBUG", "RELOAD", "NOSAVE")), "OK");
  assert.equal(textOf(await client.command("DEBUG", "DIGEST")), digest);
});

/** A file of one server becomes JSON and a file again, which a server loads. */
async function throughJson(writer: Side, reader: Side, hasFieldExpiry: boolean): Promise<void> {
  const folder = join(directory, `${writer} ${reader} ${hasFieldExpiry}`);
  mkdirSync(folder);
  const server = await startSide(writer, folder);
  const client = await server.client();
  await write(client, [...everyType(), ...(hasFieldExpiry ? fieldExpiry() : []), ["SAVE"]]);
  const written = await contentsOf(client, { withSeenTimes: true });
  await server.stop();
  const rdb = join(folder, "dump.rdb");
  const saved = readFileSync(rdb);
  if (!hasFieldExpiry) sameRdbReport(`every type of ${writer}`, saved);
  const { code, output } = runOn(platform, ["--check-rdb", rdb]);
  assert.equal(code, 0, output);
  const json = join(folder, "dump.json");
  assert.equal(runOn(platform, ["--rdb-to-json", rdb, json]).code, 0);
  assert.equal(runOn(platform, ["--json-to-rdb", json, rdb]).code, 0);
  const text = readFileSync(json, "utf8");
  if (runOn(platform, ["--rdb-to-json", rdb]).output !== text) assert.fail("other JSON");
  const other = await startSide(reader, folder);
  await assertHolds(await other.client(), written, { withSeenTimes: true });
  await other.stop();
}

for (const [writer, reader] of [["redis", "redis"], ["pagurus", "redis"], ["redis", "pagurus"]]) {
  test(`json: every type, saved by ${writer}, loaded by ${reader}`, { skip }, async () => {
    await throughJson(writer as Side, reader as Side, false);
  });
}

test("json: hashes with field expiry", () => throughJson("pagurus", "pagurus", true));

test("the program is the tools: as modes and under Redis's own names", { skip }, () => {
  const [program, ...before] = pagurusCommand();
  const run = (args: readonly string[], input = "") => {
    const { status, stdout, stderr } = spawnSync(program, [...before, ...args], { input });
    return { code: status, output: stdout.toString(), error: stderr.toString() };
  };
  const rdb = place({ "a.rdb": rdbFile(STRINGS, "REDIS0010") });
  const expected = redis("redis-check-rdb", [rdb]);
  assert.deepEqual(run(["--check-rdb", rdb]), { ...expected, error: "" });
  const json = run(["--rdb-to-json", rdb]);
  assert.deepEqual(json, { ...runOn(platform, ["--rdb-to-json", rdb]), error: "" });
  const aof = place({ "a.aof": `${PING}*1` });
  const answered = run(["--check-aof", "--fix", aof], "y\n");
  assert.match(answered.output, /\[y\/N\]: Successfully truncated AOF .*a\.aof\n$/);
  assert.equal(readFileSync(aof, "latin1"), PING);
  place({ "a.aof": `${PING}*1` });
  assert.match(run(["--check-aof", "--fix", aof]).output, /\[y\/N\]: Aborting\.\.\.\n$/);
  assert.match(run(["--check-aof"]).output, /^Usage: pagurus --check-aof \[--fix\|/);
});

test("the program is redis-check-aof when it is called so", {
  skip: thisRuntime === "node" ? skip : "only Node starts a script by a link of another name",
}, () => {
  const folder = join(directory, "bin");
  mkdirSync(folder);
  const link = join(folder, "redis-check-aof");
  symlinkSync(join(projectRoot, "mod.ts"), link);
  const aof = place({ "a.aof": PING });
  const run = spawnSync(pagurusCommand()[0], [link, aof]);
  assert.equal(run.stdout.toString(), redis("redis-check-aof", [aof]).output);
  const usage = spawnSync(pagurusCommand()[0], [link]).stdout.toString();
  assert.equal(usage, redis("redis-check-aof", []).output);
});
