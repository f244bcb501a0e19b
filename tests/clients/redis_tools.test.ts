/** redis-cli and redis-benchmark, unchanged, against our server. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, test } from "node:test";
import {
  findProgram,
  skipWithout,
  startPagurus,
  stopServers,
  type TestServer,
} from "../support/servers.ts";

after(stopServers);

const cli = { skip: skipWithout("redis-cli") };

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

test("redis-benchmark", { skip: skipWithout("redis-benchmark") }, async () => {
  const server = await startPagurus();
  const { code, output } = await tool("redis-benchmark", server, [
    ...["-n", "2000", "-q", "-t", "ping,set,get,incr,mset", "-P", "16", "-r", "1000"],
  ]);
  assert.equal(code, 0, output);
  for (const name of ["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET \\(10 keys\\)"]) {
    assert.match(output, new RegExp(`${name}: [\\d.]+ requests per second`));
  }
  assert.doesNotMatch(output, /error/i);
  await server.stop();
});
