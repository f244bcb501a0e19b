/**
 * What a start loads, what it makes of damaged files, and DEBUG RELOAD and LOADAOF.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine, requestText } from "../../../simulation/machine.ts";
import type { Life } from "../../../simulation/machine.ts";
import type { DirectiveOptions } from "../../../../src/server/config/load.ts";

const AOF = { appendonly: "yes" } as const;
const FOLDER = "/appendonlydir";
const INCREMENT = `${FOLDER}/appendonly.aof.1.incr.aof`;

function bytes(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** Commands as they stand in a file. */
function file(...lines: readonly string[]): string {
  return lines.map((line) => requestText(line.split(" "))).join("");
}

/** A machine on which a server with these options has run some commands and ended. */
async function left(options: DirectiveOptions, ...lines: readonly string[]): Promise<Machine> {
  const machine = new Machine();
  const life = await machine.bootUp(options);
  const client = life.connect();
  for (const line of lines) assert.doesNotMatch(client.line(line), /^-/);
  await life.close();
  return machine;
}

async function value(machine: Machine, options: DirectiveOptions, key: string): Promise<string> {
  const life = await machine.bootUp(options);
  const reply = life.connect().line(`GET ${key}`);
  await life.close();
  return reply;
}

function assertRefused(life: Life, reason: RegExp): void {
  assert.notEqual(life.startFailure, undefined);
  assert.match(life.log.join(""), reason);
}

test("with appendonly yes and no append-only file the RDB file is loaded, and then kept in both", async () => {
  const machine = await left({}, "SET a 1", "SAVE");
  assert.equal(await value(machine, AOF, "a"), "$1\r\n1\r\n");
  machine.disk.remove("/dump.rdb");
  assert.equal(await value(machine, AOF, "a"), "$1\r\n1\r\n");
});

test("key-load-delay makes loading take as long as there are keys", async () => {
  const machine = await left({}, "MSET a 1 b 2 c 3 d 4", "SAVE");
  const life = machine.prepare({ "key-load-delay": 50_000 });
  const started = life.start();
  while (!life.engine.isLoading) await null;
  // Four keys, 50 ms each.
  life.advance(199);
  assert.match(life.connect().line("GET a"), /^-LOADING/);
  life.advance(2);
  await started;
  assert.equal(life.connect().line("GET a"), "$1\r\n1\r\n");
  await life.close();
});

test("with appendonly yes the append-only file counts, with appendonly no the RDB file", async () => {
  const machine = await left(AOF, "SET a rdb", "SAVE", "SET a aof");
  assert.equal(await value(machine, AOF, "a"), "$3\r\naof\r\n");
  assert.equal(await value(machine, {}, "a"), "$3\r\nrdb\r\n");
});

test("a single file from before Redis 7 moves into the folder, whether it begins as an RDB file or not", async () => {
  const rdb = (await left({}, "SET b 2", "SAVE")).text("/dump.rdb")!;
  for (const preamble of ["", rdb]) {
    const machine = new Machine();
    const text = preamble + file("SELECT 0", "SET a 1", "INCR a");
    machine.disk.writeFile("/appendonly.aof", bytes(text));
    const life = await machine.bootUp(AOF);
    const client = life.connect();
    assert.equal(
      client.line("MGET a b"),
      `*2\r\n$1\r\n2\r\n${preamble === "" ? "$-1" : "$1\r\n2"}\r\n`,
    );
    assert.equal(machine.text("/appendonly.aof"), undefined);
    assert.equal(machine.text(`${FOLDER}/appendonly.aof`), text);
    assert.equal(life.logged("Successfully migrated an old-style AOF").length, 1);
    client.line("INCR a");
    await life.close();
    assert.equal(await value(machine, AOF, "a"), "$1\r\n3\r\n");
  }
});

test("a single file beside a folder in use is left alone", async () => {
  const machine = await left(AOF, "SET a 1");
  machine.disk.writeFile("/appendonly.aof", bytes(file("SET a old")));
  assert.equal(await value(machine, AOF, "a"), "$1\r\n1\r\n");
  assert.equal(machine.text("/appendonly.aof"), file("SET a old"));
});

test("a single file that ends in the middle of something is cut, as any last file", async () => {
  const machine = new Machine();
  machine.disk.writeFile("/appendonly.aof", bytes(file("SET a 1") + "*2\r\n$4\r\nINCR\r\n$1"));
  assert.equal(await value(machine, AOF, "a"), "$1\r\n1\r\n");
  assert.equal(machine.text(`${FOLDER}/appendonly.aof`), file("SET a 1"));
});

test("a transaction whose EXEC is missing is cut off; one that is whole is run", async () => {
  const machine = await left(AOF, "SET a 1");
  const whole = machine.text(INCREMENT)! + file("MULTI", "INCR a", "SELECT 1", "SET b 1", "EXEC");
  machine.disk.writeFile(INCREMENT, bytes(whole + file("MULTI", "INCR a", "INCR a")));
  const life = await machine.bootUp(AOF);
  const client = life.connect();
  assert.equal(client.line("GET a"), "$1\r\n2\r\n");
  client.line("SELECT 1");
  assert.equal(client.line("GET b"), "$1\r\n1\r\n");
  assert.equal(life.logged("Revert incomplete MULTI/EXEC transaction").length, 1);
  assert.equal(machine.text(INCREMENT), whole);
});

test("aof-load-truncated: cut back with a word in the log, or refused and left alone", async () => {
  const machine = await left(AOF, "SET a 1");
  const whole = machine.text(INCREMENT)!;
  const torn = whole + "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n";
  machine.disk.writeFile(INCREMENT, bytes(torn));
  assertRefused(
    await machine.boot({ ...AOF, "aof-load-truncated": "no" }),
    new RegExp(`Unexpected end of file reading the append only file .*offset ${whole.length}\\)`),
  );
  assert.equal(machine.text(INCREMENT), torn);
  const life = await machine.bootUp(AOF);
  assert.equal(life.logged(`at offset ${whole.length} !!!`).length, 1);
  assert.equal(machine.text(INCREMENT), whole);
});

test("zeros behind the last command, as a power loss leaves them, are a truncated end", async () => {
  const machine = await left(AOF, "SET a 1");
  const whole = machine.text(INCREMENT)!;
  for (const tail of ["", "*3\r\n$3\r\nSE", "*3\r", "#TS:1"]) {
    machine.disk.writeFile(INCREMENT, bytes(whole + tail + "\0".repeat(5000)));
    const life = await machine.bootUp(AOF);
    assert.equal(machine.text(INCREMENT), whole);
    life.die();
  }
});

test("what does not belong into a file ends the start: name, place and reason are told", async () => {
  const machine = await left(AOF, "SET a 1");
  const whole = machine.text(INCREMENT)!;
  const at =
    `reading the append only file appendonly\\.aof\\.1\\.incr\\.aof \\(offset ${whole.length}`;
  for (
    const [tail, reason] of [
      ["PING\r\n", `Bad file format ${at}: Expected prefix '\\*', got: 'P'\\)`],
      [file("NONSENSE x"), `Unknown command 'NONSENSE' ${at}\\)`],
      [file("GET a"), `Unknown command 'GET' ${at}\\)`],
      [file("SHUTDOWN NOSAVE"), `Unknown command 'SHUTDOWN' ${at}\\)`],
      [file("DEBUG LOADAOF"), `Unknown command 'DEBUG' ${at}\\)`],
      [file("SET a"), `Wrong number of arguments for 'set' ${at}\\)`],
      [file("SET a x PX 0"), `The command 'set' fails with: ERR invalid expire time.* ${at}\\)`],
      [file("SELECT 16"), `The command 'select' fails with: ERR DB index is out of range ${at}\\)`],
    ] as const
  ) {
    machine.disk.writeFile(INCREMENT, bytes(whole + tail + file("SET a 2")));
    assertRefused(await machine.boot(AOF), new RegExp(reason));
    assert.equal(machine.text(INCREMENT), whole + tail + file("SET a 2"));
  }
  const nested = file("MULTI", "SET a 2", "MULTI", "SET a 3", "EXEC", "SET a 4");
  machine.disk.writeFile(INCREMENT, bytes(whole + nested));
  assertRefused(await machine.boot(AOF), /MULTI calls can not be nested/);
});

test("a damaged or missing part ends the start and stays as it is", async () => {
  const manifest = `${FOLDER}/appendonly.aof.manifest`;
  const base = `${FOLDER}/appendonly.aof.1.base.rdb`;
  for (
    const [path, text, reason] of [
      [manifest, "file x seq 1 type z\n", /FATAL AOF MANIFEST FILE ERROR[^]*Unknown AOF file type/],
      [manifest, "", /Found an empty AOF manifest/],
      [base, "REDIS0011xxxx", /Error reading the RDB base file appendonly\.aof\.1\.base\.rdb/],
      [base, undefined, /The append log file appendonly\.aof\.1\.base\.rdb doesn't exist/],
      [INCREMENT, undefined, /The append log file appendonly\.aof\.1\.incr\.aof doesn't exist/],
    ] as const
  ) {
    const machine = await left(AOF, "SET a 1");
    if (text === undefined) machine.disk.remove(path);
    else machine.disk.writeFile(path, bytes(text));
    const before = machine.allFiles();
    assertRefused(await machine.boot(AOF), reason);
    assert.deepEqual([...machine.allFiles()], [...before]);
  }
});

test("files that no manifest names are neither loaded nor overwritten", async () => {
  for (const isOnAtStart of [true, false]) {
    const machine = await left(AOF, "SET a stray");
    machine.disk.remove(`${FOLDER}/appendonly.aof.manifest`);
    const strays = machine.allFiles();
    const life = await machine.bootUp({ appendonly: isOnAtStart });
    const client = life.connect();
    assert.equal(client.line("CONFIG SET appendonly yes"), "+OK\r\n");
    life.advance(50);
    assert.equal(client.line("GET a"), "$-1\r\n");
    client.line("SET b 1");
    await life.close();
    assert.equal(await value(machine, AOF, "a"), "$-1\r\n");
    assert.equal(await value(machine, AOF, "b"), "$1\r\n1\r\n");
    for (const [path, text] of strays) assert.equal(machine.text(path), text);
  }
});

test("corrupt-file-policy quarantine: moved aside under a free name, and nothing is overwritten", async () => {
  const policy = { "corrupt-file-policy": "quarantine" } as const;
  const machine = await left({}, "SET a 1", "SAVE");
  machine.disk.writeFile("/dump.rdb", bytes("REDIS0011 first"));
  const life = await machine.bootUp(policy);
  const client = life.connect();
  assert.equal(client.line("DBSIZE"), ":0\r\n");
  assert.equal(life.logged("has been moved to /dump.rdb.corrupt-20240101T000000").length, 1);
  assert.equal(client.line("SAVE"), "+OK\r\n");
  await life.close();
  // In the same second again.
  machine.disk.writeFile("/dump.rdb", bytes("REDIS0011 second"));
  await (await machine.bootUp(policy)).close();
  assert.equal(machine.text("/dump.rdb.corrupt-20240101T000000"), "REDIS0011 first");
  assert.equal(machine.text("/dump.rdb.corrupt-20240101T000000-1"), "REDIS0011 second");
});

test("corrupt-file-policy quarantine: an append-only file goes with its folder", async () => {
  const policy = { ...AOF, "corrupt-file-policy": "quarantine" } as const;
  const machine = await left(AOF, "SET a 1");
  for (const [suffix, text] of [["", "first"], ["-1", "second"]] as const) {
    machine.disk.writeFile(INCREMENT, bytes(text));
    const before = machine.allFiles(FOLDER);
    const life = await machine.bootUp(policy);
    const client = life.connect();
    assert.equal(client.line("DBSIZE"), ":0\r\n");
    assert.equal(client.line("SET a new"), "+OK\r\n");
    await life.close();
    assert.deepEqual(
      [...machine.allFiles(`${FOLDER}.corrupt-20240101T000000${suffix}`).values()],
      [...before.values()],
    );
    assert.equal(await value(machine, policy, "a"), "$3\r\nnew\r\n");
  }
});

test("corrupt-file-policy quarantine: what cannot be read, or only ends too early, is not moved", async () => {
  const policy = { ...AOF, "corrupt-file-policy": "quarantine" } as const;
  const machine = await left(AOF, "SET a 1");
  const life = machine.prepare(policy);
  machine.onDiskCall = ({ operation, path }) => {
    machine.disk.failCall(operation === "open read" && path === INCREMENT ? 1 : 0, "EACCES");
  };
  await life.start();
  machine.onDiskCall = () => {};
  assertRefused(life, /can't open the file .*incr\.aof for reading: Permission denied/);
  machine.disk.writeFile(INCREMENT, bytes(machine.text(INCREMENT)! + "*1"));
  assert.equal(await value(machine, policy, "a"), "$1\r\n1\r\n");
  assert.deepEqual(machine.disk.list("/"), ["appendonlydir"]);
});

test("rename-command: a file from before it and one from after it are both loaded", async () => {
  const renamed = { ...AOF, "rename-command": ["SET", "zet"] } as const;
  const machine = await left(AOF, "SET a 1");
  const life = await machine.bootUp(renamed);
  const client = life.connect();
  assert.equal(client.line("GET a"), "$1\r\n1\r\n");
  assert.match(client.line("SET a 2"), /^-ERR unknown command/);
  assert.equal(client.line("zet a 3"), "+OK\r\n");
  await life.close();
  assert.equal(await value(machine, renamed, "a"), "$1\r\n3\r\n");
});

test("FLUSHALL in an append-only file leaves the RDB file alone while it is loaded", async () => {
  const machine = await left({ ...AOF, save: "3600 1" }, "SET a 1", "SAVE");
  const dump = machine.text("/dump.rdb");
  const rest = file("SELECT 0", "FLUSHALL", "NONSENSE");
  machine.disk.writeFile(INCREMENT, bytes(rest));
  assertRefused(await machine.boot({ ...AOF, save: "3600 1" }), /Unknown command 'NONSENSE'/);
  assert.equal(machine.text("/dump.rdb"), dump);
});

test("DEBUG LOADAOF: the same data set, and nothing of it in the file", async () => {
  for (const appendfsync of ["always", "everysec", "no"] as const) {
    const machine = new Machine();
    const life = await machine.bootUp({ ...AOF, appendfsync });
    const client = life.connect();
    for (const line of ["SET a 1", "INCR a", "SET late x PX 100000", "SELECT 3", "SET b 1"]) {
      client.line(line);
    }
    const before = machine.text(INCREMENT);
    const digest = client.line("DEBUG DIGEST");
    assert.equal(client.line("DEBUG LOADAOF"), "+OK\r\n");
    assert.equal(client.line("DEBUG RELOAD"), "+OK\r\n");
    assert.equal(client.line("DEBUG DIGEST"), digest);
    assert.equal(machine.text(INCREMENT), before);
    assert.equal(client.line("INCR b"), ":2\r\n");
    assert.equal(machine.text(INCREMENT), before + file("INCR b"));
  }
});

test("DEBUG LOADAOF where the file cannot be written: refused, and nothing is lost", async () => {
  const machine = new Machine();
  const life = await machine.bootUp(AOF);
  const client = life.connect();
  client.line("SET a 1");
  machine.disk.failCall(1, "ENOSPC", true);
  client.line("INCR a");
  assert.match(client.line("DEBUG LOADAOF"), /^-ERR Error trying to load the AOF files/);
  machine.disk.failCall(0);
  life.advance(2000);
  assert.equal(client.line("INCR a"), ":3\r\n");
  await life.close();
  assert.equal(await value(machine, AOF, "a"), "$1\r\n3\r\n");
});

test("DEBUG RELOAD with NOSAVE, NOFLUSH and MERGE", async () => {
  const machine = await left({}, "SET a file", "SET b file", "SAVE");
  const client = (await machine.bootUp()).connect();
  client.line("SET a live");
  client.line("SET c live");
  assert.match(client.line("DEBUG RELOAD NOW"), /^-ERR DEBUG RELOAD only supports/);
  assert.equal(client.line("DEBUG RELOAD NOSAVE NOFLUSH MERGE"), "+OK\r\n");
  assert.equal(client.line("MGET a c"), "*2\r\n$4\r\nfile\r\n$4\r\nlive\r\n");
  assert.equal(client.line("DEBUG RELOAD NOSAVE"), "+OK\r\n");
  assert.equal(client.line("MGET a c"), "*2\r\n$4\r\nfile\r\n$-1\r\n");
});
