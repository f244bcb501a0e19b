/**
 * The server as a program, in a process of its own on the runtime under test: command line,
 * configuration, log, signals, exit codes, and what it leaves on the disk. What no process can be
 * brought to do on demand runs on the memory platform, with a host of the test's own.
 */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { memoryPlatform } from "../../../adapters/memory/mod.ts";
import type { Host, SignalName } from "../../../src/platform/host.ts";
import type { Listener } from "../../../src/platform/network.ts";
import type { Platform } from "../../../src/platform/platform.ts";
import { runStandalone } from "../../../src/server/standalone.ts";
import { textOf } from "../../support/reply.ts";
import { RespClient } from "../../support/resp_client.ts";
import {
  freePort,
  pagurusCommand,
  sleep,
  startPagurus,
  stopServers,
  temporaryDirectory,
  TestServer,
  thisRuntime,
} from "../../support/servers.ts";

const directories: string[] = [];
after(async () => {
  await stopServers();
  for (const path of directories) rmSync(path, { recursive: true, force: true });
});

function newDirectory(): string {
  const path = temporaryDirectory();
  directories.push(path);
  return path;
}

/** Starts the program with nothing but these arguments. */
function program(args: readonly string[], env: Record<string, string> = {}, port = 0): TestServer {
  return new TestServer([...pagurusCommand(), ...args], port, newDirectory(), false, env);
}

/** Sends a signal; Deno's `ChildProcess.kill` would report the signal as the way the child ended. */
function send(server: TestServer, signal: SignalName): void {
  process.kill(server.pid, signal);
}

/** Runs the program to its end. */
async function finished(args: readonly string[], env: Record<string, string> = {}) {
  const server = program(args, env);
  const { code } = await server.exited;
  return { code, log: server.log, stderr: server.stderr };
}

/** The reply's text, or the texts of its parts with a space between them. */
async function ask(client: RespClient, ...args: string[]): Promise<string> {
  const reply = await client.command(...args);
  return reply.kind === "array" ? reply.items.map(textOf).join(" ") : textOf(reply);
}

function countOf(text: string, pattern: RegExp): number {
  return [...text.matchAll(new RegExp(pattern, "g"))].length;
}

test("-v, --version, -h, --help: text and exit code 0", async () => {
  for (const option of ["-v", "--version"]) {
    const { code, log } = await finished([option]);
    assert.match(
      log,
      new RegExp(`^Redis server v=7\\.\\S+ sha=00000000:0 malloc=${thisRuntime}.* bits=64 build=`),
    );
    assert.equal(code, 0);
  }
  for (const option of ["-h", "--help"]) {
    const { code, log } = await finished([option]);
    assert.match(log, /^Usage: pagurus \[\/path\/to\/redis\.conf\]/);
    assert.equal(code, 0);
  }
  const { code, stderr } = await finished(["--sentinel"]);
  assert.match(stderr, /^Sentinel mode is not supported/);
  assert.equal(code, 1);
});

test("defaults, file, environment, command line: the later wins", async () => {
  const configFile = join(newDirectory(), "redis.conf");
  writeFileSync(configFile, "hz 11\ntimeout 11\nmaxclients 111\n");
  const server = await startPagurus({
    configFile,
    args: ["--maxclients", "333"],
    env: { PAGURUS_TIMEOUT: "22", PAGURUS_MAXCLIENTS: "222", PAGURUS_NO_SUCH_THING: "1" },
  });
  const client = await server.client();
  const expected = { databases: "16", hz: "11", timeout: "22", maxclients: "333" };
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(await ask(client, "CONFIG", "GET", name), `${name} ${value}`);
  }
  assert.match(await ask(client, "INFO", "server"), new RegExp(`config_file:${configFile}\r\n`));
  assert.match(server.log, /\* Configuration loaded\n/);
  assert.match(server.log, /# The environment variable PAGURUS_NO_SUCH_THING names no directive\./);
  await server.stop();
});

test("redis.conf: comments, quotes, escapes, include in its place", async () => {
  const folder = newDirectory();
  mkdirSync(join(folder, "conf.d"));
  writeFileSync(join(folder, "conf.d", "10.conf"), "maxclients 500\nhz 50\n");
  writeFileSync(join(folder, "conf.d", "20.conf"), "maxclients 600\n");
  const configFile = join(folder, "redis.conf");
  writeFileSync(
    configFile,
    `# a comment
  # another

requirepass "a \\x41\\"b"
timeout 7
hz 20
include ${folder}/conf.d/*.conf
TIMEOUT 9
`,
  );
  const server = await startPagurus({ configFile });
  const client = await server.client();
  assert.equal(await ask(client, "AUTH", 'a A"b'), "OK");
  const expected = { maxclients: "600", hz: "50", timeout: "9" };
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(await ask(client, "CONFIG", "GET", name), `${name} ${value}`);
  }
  await server.stop();
});

test("- reads the configuration from standard input, which the command line overrides", async () => {
  const input = join(newDirectory(), "input.conf");
  writeFileSync(input, "hz 44\ntimeout 44\n");
  const port = await freePort();
  const words = [...pagurusCommand(), "-", "--port", String(port), "--hz", "55", "--save", ""];
  const command = ["/bin/sh", "-c", 'exec "$@" < "$0"', input, ...words];
  const server = new TestServer(command, port, newDirectory(), false, {});
  await server.waitForLog(/Ready to accept connections/);
  const client = await server.client();
  assert.equal(await ask(client, "CONFIG", "GET", "timeout"), "timeout 44");
  assert.equal(await ask(client, "CONFIG", "GET", "hz"), "hz 55");
  await server.stop();
});

test("a configuration that is refused: where and why on stderr, exit code 1", async () => {
  const folder = newDirectory();
  const wrong = async (text: string) => {
    const file = join(folder, "wrong.conf");
    writeFileSync(file, text);
    const { code, stderr } = await finished([file]);
    assert.equal(code, 1);
    return stderr;
  };
  assert.match(
    await wrong("hz 10\n\nno-such-directive 1\n"),
    /^\n\*\*\* FATAL CONFIG FILE ERROR \(Redis 7\.\S+\) \*\*\*\nReading the configuration file, at line 3\n>>> 'no-such-directive 1'\nBad directive or wrong number of arguments\n$/,
  );
  assert.match(
    await wrong("maxmemory-policy sometimes\n"),
    /at line 1\n>>> 'maxmemory-policy sometimes'\nargument\(s\) must be one of the following: .*\n$/,
  );
  assert.match(await wrong('requirepass "open\n'), /Unbalanced quotes in configuration line\n$/);
  assert.match(
    await wrong("include /no/such.conf\n"),
    /Fatal error, can't open config file '\/no\/such\.conf': No such file or directory\n$/,
  );
  const option = await finished(["--port", "70000"]);
  assert.match(
    option.stderr,
    />>> 'port "70000"'\nargument must be between 0 and 65535 inclusive\n$/,
  );
  assert.equal(option.code, 1);
  const variable = await finished([], { PAGURUS_HZ: "often" });
  assert.match(variable.stderr, /Environment variable PAGURUS_HZ="often": /);
  assert.equal(variable.code, 1);
  const missing = await finished(["/no/such/redis.conf"]);
  assert.match(missing.stderr, /can't open config file '\/no\/such\/redis\.conf': No such file/);
  assert.equal(missing.code, 1);
});

test("a directive that has no effect here is kept, and the log says so once", async () => {
  const server = await startPagurus({
    args: ["--replica-priority", "7", "--replica-priority", "8"],
  });
  assert.equal(countOf(server.log, /The directive 'replica-priority' does not apply/), 1);
  const client = await server.client();
  assert.equal(await ask(client, "CONFIG", "GET", "replica-priority"), "replica-priority 8");
  await server.stop();
  assert.equal(countOf(server.log, /The directive 'replica-priority' does not apply/), 1);
});

test("a port in use, a folder that cannot be written: said clearly, exit code 1", async () => {
  const server = await startPagurus();
  const port = String(server.port);
  const second = await finished(["--port", port, "--bind", "127.0.0.1", "--save", ""]);
  assert.ok(
    second.log.includes(
      `# Could not create server TCP listening socket 127.0.0.1:${port}: bind: Address already in use\n`,
    ),
    second.log,
  );
  // Who waits for this line would take the other server for this one.
  assert.ok(!second.log.includes("Server initialized"));
  assert.equal(second.code, 1);
  assert.equal(await ask(await server.client(), "PING"), "PONG");
  await server.stop();
  const readOnly = await finished(["--port", port, "--dir", "/proc", "--save", "3600", "1"]);
  assert.equal(countOf(readOnly.log, /# Can't write to the directory \/proc, where .*: .*\n/), 1);
  assert.equal(readOnly.code, 1);
});

test("SIGTERM and SIGINT save when there are save points, exit with 0; a restart finds the data", async () => {
  const directory = newDirectory();
  for (const [round, signal] of (["SIGTERM", "SIGINT"] as const).entries()) {
    const server = await startPagurus({ directory, args: ["--save", "3600", "1"] });
    const client = await server.client();
    assert.equal(await ask(client, "INCR", "starts"), String(round + 1));
    send(server, signal);
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    assert.match(server.log, new RegExp(`# Received ${signal} scheduling shutdown\\.\\.\\.\n`));
    assert.match(server.log, /\* DB saved on disk\n/);
    assert.match(server.log, /\* Redis is now ready to exit, bye bye\.\.\.\n$/);
    assert.deepEqual(readdirSync(directory), ["dump.rdb"]);
  }
});

test("nothing is saved without save points, nor with shutdown-on-sigterm nosave", async () => {
  for (const args of [[], ["--save", "3600", "1", "--shutdown-on-sigterm", "nosave"]]) {
    const server = await startPagurus({ args, directory: newDirectory() });
    await ask(await server.client(), "SET", "k", "v");
    send(server, "SIGTERM");
    assert.equal((await server.exited).code, 0);
    assert.equal(existsSync(join(server.directory, "dump.rdb")), false);
  }
});

test("a save that fails keeps the server alive: SHUTDOWN answers, signals may try again", async () => {
  const server = await startPagurus({
    directory: newDirectory(),
    args: ["--enable-protected-configs", "yes", "--save", "3600", "1"],
  });
  const client = await server.client();
  await ask(client, "SET", "k", "v");
  assert.equal(await ask(client, "CONFIG", "SET", "dir", "/proc"), "OK");
  assert.equal(await ask(client, "SHUTDOWN", "SAVE"), "ERR Errors trying to SHUTDOWN. Check logs.");
  assert.equal(await ask(client, "SHUTDOWN"), "ERR Errors trying to SHUTDOWN. Check logs.");
  assert.equal(await ask(client, "SHUTDOWN", "ABORT"), "ERR No shutdown in progress.");
  for (let round = 1; round <= 2; round++) {
    send(server, "SIGINT");
    const failures = round + 2;
    await server.waitForLog(
      new RegExp(`(?:Error trying to save the DB, can't exit[^]*){${failures}}`),
    );
  }
  assert.equal(await ask(client, "GET", "k"), "v");
  assert.equal(await ask(client, "CONFIG", "SET", "dir", server.directory), "OK");
  send(server, "SIGTERM");
  assert.equal((await server.exited).code, 0);
  assert.deepEqual(readdirSync(server.directory), ["dump.rdb"]);
});

test("SHUTDOWN FORCE ends the server although the save fails", async () => {
  const args = ["--enable-protected-configs", "yes"];
  const server = await startPagurus({ directory: newDirectory(), args });
  const client = await server.client();
  assert.equal(await ask(client, "CONFIG", "SET", "dir", "/proc"), "OK");
  client.send("SHUTDOWN", "SAVE", "FORCE");
  assert.equal((await server.exited).code, 0);
  await client.closed;
});

test("a peer that does not read does not hold up the end", async () => {
  const server = await startPagurus({ directory: newDirectory() });
  const client = await server.client();
  await ask(client, "SET", "k", "x".repeat(1_000_000));
  const deaf = await server.client();
  deaf.pause();
  for (let i = 0; i < 30; i++) deaf.send("GET", "k");
  while (!/ cmd=get /.test(await ask(client, "CLIENT", "LIST"))) await sleep(5);
  send(server, "SIGTERM");
  assert.equal((await server.exited).code, 0);
});

test("a large file: answers while it loads, a kill in the middle of SAVE leaves it whole", async () => {
  const directory = newDirectory();
  const path = join(directory, "dump.rdb");
  const args = ["--enable-debug-command", "local"];
  const first = await startPagurus({ directory, args });
  const client = await first.client({ timeoutMs: 60_000 });
  assert.equal(await ask(client, "DEBUG", "POPULATE", "1000000"), "OK");
  assert.equal(await ask(client, "SAVE"), "OK");
  const whole = readFileSync(path);
  const pid = /process_id:(\d+)/.exec(await ask(client, "INFO", "server"))![1];
  await ask(client, "SET", "later", "1");
  const temporary = join(directory, `temp-${pid}.rdb`);
  assert.equal(existsSync(temporary), false);
  client.send("SAVE");
  const { ino } = statSync(path);
  while ((statSync(temporary, { throwIfNoEntry: false })?.size ?? 0) === 0) {
    assert.equal(statSync(path).ino, ino, "SAVE was over before the test saw it at work");
    await sleep(1);
  }
  await first.kill();
  assert.ok(readFileSync(path).equals(whole));
  assert.equal(existsSync(temporary), true);

  const port = await freePort();
  const words = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""];
  const second = program([...words, ...args], {}, port);
  const early = await firstConnection(port, second);
  const answer = await ask(early, "PING");
  assert.match(answer, /^LOADING Redis is loading the dataset in memory$|^PONG$/);
  assert.match(await ask(early, "INFO", "persistence"), /\r\nloading:1\r\n/);
  assert.doesNotMatch(second.log, /Ready to accept connections/);
  await second.waitForLog(/Ready to accept connections/, 60_000);
  assert.equal(await ask(early, "DBSIZE"), "1000000");
  assert.equal(await ask(early, "EXISTS", "later"), "0");
  early.close();
  await second.stop();

  // Ends at once while it loads, and the file stays what it was, whatever the save points say.
  const third = program([...words, "--save", "3600", "1"], {}, port);
  (await firstConnection(port, third)).close();
  send(third, "SIGTERM");
  assert.equal((await third.exited).code, 0);
  assert.match(third.log, /# Received shutdown signal during loading, scheduling shutdown\.\n/);
  assert.doesNotMatch(third.log, /Ready to accept|DB loaded from disk|DB saved on disk/);
  assert.ok(readFileSync(path).equals(whole));
});

/** Connects as soon as the server listens. */
async function firstConnection(port: number, server: TestServer): Promise<RespClient> {
  for (;;) {
    try {
      return await RespClient.connect({ port, timeoutMs: 60_000 });
    } catch (thrown) {
      if (server.hasExited) throw new Error(server.log, { cause: thrown });
      await sleep(2);
    }
  }
}

test("a damaged dump.rdb: the log names file, offset and reason; exit code 1; it stays as it is", async () => {
  const directory = newDirectory();
  const path = join(directory, "dump.rdb");
  const healthy = await startPagurus({ directory });
  const client = await healthy.client();
  await ask(client, "SET", "a-key", "a-value");
  await ask(client, "SAVE");
  await healthy.kill();
  const whole = readFileSync(path);
  const flipped = Buffer.from(whole);
  flipped[whole.indexOf("a-value")] ^= 1;
  const reasons: [Uint8Array, RegExp][] = [
    [whole.subarray(0, whole.length - 12), /Unexpected EOF/],
    [flipped, /checksum/i],
    [Buffer.from("<html>"), /EOF|signature/i],
    [Buffer.concat([whole.subarray(0, 9), Buffer.from("\xee\xee\xee\xee")]), /./],
  ];
  for (const [bytes, reason] of reasons) {
    writeFileSync(path, bytes);
    const args = ["--port", String(await freePort()), "--bind", "127.0.0.1", "--dir", directory];
    const { code, log } = await finished([...args, "--save", "3600", "1"]);
    assert.equal(code, 1);
    const line = log.split("\n").find((each) => each.includes(`# ${path}: `));
    assert.match(line ?? log, /offset \d+/);
    assert.match(line!, reason);
    assert.match(log, /# Fatal error loading the DB, check server logs\. Exiting\./);
    assert.doesNotMatch(log, /Ready to accept/);
    assert.ok(readFileSync(path).equals(bytes));
    assert.deepEqual(readdirSync(directory), ["dump.rdb"]);
  }
});

test("logfile takes the log, loglevel filters it, pidfile lives as long as the server", async () => {
  const directory = newDirectory();
  const [logFile, pidFile] = [join(directory, "server.log"), join(directory, "server.pid")];
  const port = await freePort();
  const words = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""];
  const files = ["--logfile", logFile, "--pidfile", pidFile, "--loglevel", "verbose"];
  const server = program([...words, ...files], {}, port);
  while (!existsSync(pidFile) || readFileSync(pidFile, "latin1") === "") {
    assert.equal(server.hasExited, false, server.log);
    await sleep(5);
  }
  const client = await server.client();
  const pid = /process_id:(\d+)/.exec(await ask(client, "INFO", "server"))![1];
  assert.equal(readFileSync(pidFile, "latin1"), `${pid}\n`);
  const logText = () => readFileSync(logFile, "utf8");
  assert.match(logText(), /\* Ready to accept connections tcp\n/);
  const accepted = new RegExp(`^${pid}:M .* - Accepted 127\\.0\\.0\\.1:\\d+$`, "m");
  assert.match(logText(), accepted);
  assert.equal(await ask(client, "CONFIG", "SET", "loglevel", "warning"), "OK");
  const quietFrom = logText().length;
  assert.equal(await ask(await server.client(), "PING"), "PONG");
  send(server, "SIGTERM");
  assert.equal((await server.exited).code, 0);
  assert.match(
    logText().slice(quietFrom),
    /^\d+:M .* # Received SIGTERM scheduling shutdown\.\.\.\n$/,
  );
  assert.equal(server.log, "");
  assert.equal(existsSync(pidFile), false);
});

test("a logfile that cannot be opened stops the start", async () => {
  const { code, stderr } = await finished(["--logfile", "/no/such/folder/server.log"]);
  assert.match(stderr, /\nCan't open the log file: No such file or directory\n$/);
  assert.equal(code, 1);
});

test("the first lines: banner, version, pid, logo", async () => {
  const server = await startPagurus({ args: ["--always-show-logo", "yes"] });
  const pid = /process_id:(\d+)/.exec(await ask(await server.client(), "INFO", "server"))![1];
  assert.match(server.log, /^\d+:C .* \* oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n/);
  assert.match(server.log, new RegExp(`\\* Redis version=7\\.\\S+, bits=64, .*, pid=${pid}, just`));
  assert.ok(server.log.includes(` PID: ${pid}\n`));
  assert.ok(server.log.includes(` Port: ${server.port}\n`));
  assert.match(server.log, /\* Server initialized\n/);
  await server.stop();
  const plain = await startPagurus();
  assert.ok(!plain.log.includes("PID: "));
  assert.ok(plain.log.includes(`* Running mode=standalone, port=${plain.port}.\n`));
  await plain.stop();
});

test("unixsocket, with the rights of unixsocketperm; port 0 alone opens no port", async () => {
  const path = join(newDirectory(), "pagurus.sock");
  const directory = newDirectory();
  const args = ["--unixsocket", path, "--unixsocketperm", "700", "--save", "", "--dir", directory];
  const server = program(["--port", "0", ...args]);
  await server.waitForLog(/Ready to accept connections unix/);
  assert.doesNotMatch(server.log, /Ready to accept connections tcp/);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  const client = await RespClient.connect({ path });
  assert.equal(await ask(client, "PING"), "PONG");
  assert.match(await ask(client, "CLIENT", "LIST"), new RegExp(` addr=${path}:0 .* flags=U `));
  client.close();
  send(server, "SIGTERM");
  assert.equal((await server.exited).code, 0);
  assert.equal(existsSync(path), false);
});

test("requirepass on the command line", async () => {
  const server = await startPagurus({ args: ["--requirepass", "secret"] });
  const client = await server.client();
  assert.equal(await ask(client, "PING"), "NOAUTH Authentication required.");
  assert.match(await ask(client, "AUTH", "wrong"), /^WRONGPASS /);
  assert.equal(await ask(client, "AUTH", "secret"), "OK");
  assert.equal(await ask(client, "PING"), "PONG");
  await server.stop();
});

/** Thrown by the host's exit, which does not return. */
class Exited extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** A program on the memory platform whose listeners take for ever to close. */
function stuckProgram(args: readonly string[]) {
  const memory = memoryPlatform();
  const listener: Listener = { port: 6379, close: () => new Promise(() => {}) };
  const platform: Platform = {
    ...memory,
    network: { listen: () => Promise.resolve(listener), connect: fail, checkTls: fail },
  };
  let log = "";
  let onSignal: (name: SignalName) => void = fail;
  const host: Host = {
    arguments: args,
    calledAs: [],
    environment: () => ({}),
    readStandardInput: () => new Uint8Array(0),
    readAnswer: () => "",
    writeLog: (text) => log += text,
    writeError: (text) => log += text,
    writeOutput: fail,
    standardErrorColumns: () => 0,
    onSignal: (_names, handler) => onSignal = handler,
    exit(code) {
      throw new Exited(code);
    },
  };
  void runStandalone(platform, host);
  return { memory, log: () => log, signal: (name: SignalName) => onSignal(name) };
}

function fail(): never {
  throw new Error("not to be called");
}

test("a second SIGINT while a shutdown does not come to its end exits at once; SIGTERM waits", async () => {
  const { log, signal } = stuckProgram(["--save", ""]);
  while (!log().includes("Ready to accept")) await sleep(1);
  signal("SIGTERM");
  assert.equal(countOf(log(), /User requested shutdown/), 1);
  signal("SIGTERM");
  assert.equal(countOf(log(), /User requested shutdown/), 1);
  assert.throws(() => signal("SIGINT"), new Exited(1));
  assert.match(log(), /# You insist\.\.\. exiting now\.\n$/);
});

test("a signal after one whose save has failed tries again, and is no second one", async () => {
  const { memory, log, signal } = stuckProgram(["--save", "3600", "1"]);
  while (!log().includes("Ready to accept")) await sleep(1);
  memory.files.failCall(1, "ENOSPC", true);
  signal("SIGINT");
  signal("SIGINT");
  assert.equal(countOf(log(), /# Error trying to save the DB, can't exit\./), 2);
  memory.files.failCall(0);
  signal("SIGINT");
  assert.match(log(), /\* Redis is now ready to exit, bye bye\.\.\.\n$/);
  assert.notEqual(memory.files.readFile("/dump.rdb"), undefined);
});
