/** redis-cli and redis-benchmark, unchanged, against our server. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, test } from "node:test";
import {
  findProgram,
  skipWithout,
  startPagurus,
  startRedis,
  stopServers,
  type TestServer,
} from "../support/servers.ts";

after(stopServers);

const cli = { skip: skipWithout("redis-cli") };
const both = { skip: skipWithout("redis-cli") || skipWithout("redis-server") };

/** Runs a tool to its end; gives what it printed. */
function tool(
  name: "redis-cli" | "redis-benchmark",
  server: TestServer,
  args: readonly string[],
  input: string | Uint8Array = "",
): Promise<{ code: number | null; output: string }> {
  const program = findProgram(name);
  assert.ok(program, `${name} is not installed: apt-get install redis-tools`);
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["-h", "127.0.0.1", "-p", String(server.port), ...args]);
    let output = "";
    child.stdout.on("data", (chunk) => output += chunk);
    child.stderr.on("data", (chunk) => output += chunk);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
    // A tool that has its arguments may end before it has read its input.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

test("redis-cli: commands, RESP3, errors, databases, standard input", cli, async () => {
  const server = await startPagurus();
  const run = async (args: string[], input?: string) =>
    (await tool("redis-cli", server, args, input)).output;
  assert.equal(await run(["PING"]), "PONG\n");
  assert.equal(await run(["SET", "k", "v"]), "OK\n");
  assert.equal(await run(["-3", "GET", "k"]), "v\n");
  assert.equal(await run(["--no-raw", "GET", "missing"]), "(nil)\n");
  assert.equal(await run(["-3", "--no-raw", "GET", "missing"]), "(nil)\n");
  assert.match(await run(["NOSUCH"]), /^ERR unknown command 'NOSUCH'/);
  assert.equal(await run(["-n", "5", "SET", "five", "5"]), "OK\n");
  assert.equal(await run(["-n", "5", "DBSIZE"]), "1\n");
  assert.equal(await run([], "SET a 1\nINCR a\nGET a\n"), "OK\n2\n2\n");
  assert.equal(await run(["-r", "5", "INCR", "r"]), "1\n2\n3\n4\n5\n");
  assert.equal(await run(["-x", "SET", "stdin"], "from stdin"), "OK\n");
  assert.equal(await run(["GET", "stdin"]), "from stdin\n");
  await server.stop();
});

test("redis-cli --pipe, --scan, --bigkeys", cli, async () => {
  const server = await startPagurus();
  const commands = Array.from({ length: 5000 }, (_, i) => `SET pipe:${i} value:${i}\r\n`).join("");
  const piped = await tool("redis-cli", server, ["--pipe"], commands);
  assert.match(piped.output, /errors: 0, replies: 5000/);
  const scanned = await tool("redis-cli", server, ["--scan", "--pattern", "pipe:*"]);
  assert.equal(new Set(scanned.output.trim().split("\n")).size, 5000);
  const big = await tool("redis-cli", server, ["--bigkeys"]);
  assert.match(big.output, /5000 strings/);
  await server.stop();
});

test("redis-cli -a, --stat's INFO, SHUTDOWN", cli, async () => {
  const server = await startPagurus({ args: ["--requirepass", "secret"] });
  assert.match((await tool("redis-cli", server, ["GET", "k"])).output, /^NOAUTH/);
  const quiet = ["-a", "secret", "--no-auth-warning"];
  assert.equal((await tool("redis-cli", server, [...quiet, "PING"])).output, "PONG\n");
  assert.match((await tool("redis-cli", server, [...quiet, "INFO"])).output, /# Keyspace/);
  await tool("redis-cli", server, [...quiet, "SHUTDOWN", "NOSAVE"]);
  assert.deepEqual(await server.exited, { code: 0, signal: null });
  await server.stop();
});

test("inline commands over a raw socket", async () => {
  const server = await startPagurus();
  const client = await server.client();
  client.sendRaw('SET "a b" \'c d\'\r\nGET "a b"\nPING\r\n\r\n\r\nECHO "\\x41\\n"\r\n');
  const kinds = [];
  for (let i = 0; i < 4; i++) kinds.push(await client.nextReply());
  assert.deepEqual(kinds.map((reply) => reply.kind), ["simple", "bulk", "simple", "bulk"]);
  assert.deepEqual([...(kinds[3] as { bytes: Uint8Array }).bytes], [0x41, 0x0a]);
  await server.stop();
});

/** Runs redis-cli with the same arguments for redis-server and for us, and compares. */
async function compareCli(
  runs: readonly (readonly string[] | { args: readonly string[]; input: string })[],
  shown: (output: string) => string = (output) => output,
): Promise<void> {
  const redis = await startRedis();
  const pagurus = await startPagurus();
  for (const run of runs) {
    const [args, input] = "args" in run ? [run.args, run.input] : [run, ""];
    const expected = await tool("redis-cli", redis, args, input);
    const actual = await tool("redis-cli", pagurus, args, input);
    const name = `redis-cli ${args.join(" ")}`;
    assert.equal(shown(actual.output), shown(expected.output), name);
    assert.equal(actual.code, expected.code, name);
  }
  await redis.stop();
  await pagurus.stop();
}

/** One key of each type, and some more strings. */
const EVERY_TYPE = [
  "SET big 12345678901234567890",
  "SET small 1",
  "RPUSH list a b c",
  "SADD set a b",
  "HSET hash f 1 g 2",
  "ZADD zset 1 a",
  "XADD stream 1-1 f v",
].join("\n");

test("redis-cli: ways to show a reply", both, async () => {
  const replies = [
    ["GET", "big"],
    ["GET", "none"],
    ["LRANGE", "list", "0", "-1"],
    ["HGETALL", "hash"],
    ["ZRANGE", "zset", "0", "-1", "WITHSCORES"],
    ["XRANGE", "stream", "-", "+"],
    ["INCR", "list"],
  ];
  const ways = [["--csv"], ["--raw"], ["--no-raw"], ["-3"], ["-3", "--no-raw"], ["--json"]];
  const quoted = ["--quoted-input", "SET", '"a\\x00b"', '"\\xff"'];
  await compareCli([
    { args: [], input: EVERY_TYPE },
    ...ways.flatMap((way) => replies.map((reply) => [...way, ...reply])),
    ["-d", ";", "LRANGE", "list", "0", "-1"],
    ["-e", "INCR", "list"],
    ["-e", "GET", "big"],
    quoted,
    ["--quoted-input", "--no-raw", "GET", '"a\\x00b"'],
    { args: ["-x", "RPUSH", "list"], input: "from\nstandard input" },
    { args: ["-X", "tag", "HSET", "hash", "h", "tag"], input: "of the tag" },
    ["HGET", "hash", "h"],
    { args: [], input: "MULTI\nSET k v\nGET k\nEXEC\n" },
    { args: [], input: "MULTI\nNOSUCH\nEXEC\nMULTI\nDISCARD\n" },
    { args: ["-3"], input: "SUBSCRIBE\nHELLO 9\nPING\n" },
    ["-n", "99", "GET", "k"],
    ["-a", "wrong", "--no-auth-warning", "PING"],
    ["-r", "3", "-i", "0.01", "INCR", "count"],
    ["--cluster", "info", "127.0.0.1:1"],
    ["COMMAND", "COUNT", "x"],
    ["DEBUG", "SLEEP", "0"],
  ]);
});

test("redis-cli --bigkeys, --scan", both, async () => {
  const summary = (output: string) =>
    output.slice(output.indexOf("-------- summary")).split("\n").sort().join("\n");
  await compareCli([
    { args: [], input: EVERY_TYPE },
    ["--bigkeys"],
    ["--scan"],
    ["--scan", "--pattern", "s*"],
    ["--scan", "--pattern", "s*", "--count", "1"],
    ["--scan", "--quoted-pattern", '"\\x73*"'],
  ], summary);
});

test("redis-cli --memkeys, --hotkeys", cli, async () => {
  const server = await startPagurus({ args: ["--maxmemory-policy", "allkeys-lfu"] });
  await tool("redis-cli", server, [], EVERY_TYPE);
  const memory = (await tool("redis-cli", server, ["--memkeys"])).output;
  assert.match(memory, /Sampled 7 keys in the keyspace!/);
  assert.match(memory, /Biggest +stream found '"stream"' has \d+ bytes/);
  await tool("redis-cli", server, ["-r", "2000", "GET", "small"]);
  const hot = (await tool("redis-cli", server, ["--hotkeys"])).output;
  assert.match(hot, /hot key found with counter: \d+\tkeyname: "small"/);
  await tool("redis-cli", server, ["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
  const refused = (await tool("redis-cli", server, ["--hotkeys"])).output;
  assert.match(refused, /ERR An LFU maxmemory policy is not selected/);
  await server.stop();
});

test("redis-cli --pipe: 100,000 commands, and errors among them", cli, async () => {
  const server = await startPagurus();
  const lines = Array.from({ length: 100_000 }, (_, i) => `RPUSH list:${i % 100} ${i}\r\n`);
  const piped = await tool("redis-cli", server, ["--pipe"], lines.join(""));
  assert.match(piped.output, /errors: 0, replies: 100000/);
  assert.equal((await tool("redis-cli", server, ["LLEN", "list:7"])).output, "1000\n");
  const binary = "*3\r\n$3\r\nSET\r\n$1\r\n\n\r\n$1\r\n\0\r\n";
  const failing = await tool("redis-cli", server, ["--pipe"], `${binary}INCR list:1\r\n${binary}`);
  assert.match(failing.output, /WRONGTYPE/);
  assert.match(failing.output, /errors: 1, replies: 3/);
  await server.stop();
});

test("redis-benchmark: every test it has, in both protocols", {
  skip: skipWithout("redis-benchmark"),
}, async () => {
  const server = await startPagurus();
  const names = ["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "LPUSH", "RPUSH", "LPOP"];
  names.push("RPOP", "SADD", "HSET", "SPOP", "ZADD", "ZPOPMIN", "LRANGE_100 \\(.*\\)");
  names.push("LRANGE_300 \\(.*\\)", "LRANGE_500 \\(.*\\)", "LRANGE_600 \\(.*\\)");
  names.push("MSET \\(10 keys\\)");
  for (const args of [["-P", "16", "-r", "1000"], ["-3"], ["--threads", "2", "-c", "10"]]) {
    const all = ["-n", "1000", "-q", ...args];
    const { code, output } = await tool("redis-benchmark", server, all);
    assert.equal(code, 0, output);
    for (const name of names) {
      assert.match(output, new RegExp(`${name}: [\\d.]+ requests per second`));
    }
    assert.doesNotMatch(output, /error/i);
  }
  const csv = await tool("redis-benchmark", server, ["-n", "200", "--csv", "-t", "set,get"]);
  assert.match(csv.output, /^"test","rps".*\n"SET",.*\n"GET",.*\n$/);
  const own = await tool("redis-benchmark", server, [
    ...["-n", "200", "-q", "-r", "100", "XADD", "stream", "*", "f", "__rand_int__"],
  ]);
  assert.equal(own.code, 0, own.output);
  assert.match(own.output, /XADD stream \* f __rand_int__: [\d.]+ requests per second/);
  await server.stop();
});
