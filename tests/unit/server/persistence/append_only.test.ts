/**
 * The append-only file while the server runs: when it is written and synced, seen by a recording
 * disk and by the replies; what stands in it; and what a disk that fails does to writes.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine, requestText } from "../../../simulation/machine.ts";
import type { Connection, Life } from "../../../simulation/machine.ts";
import type { DirectiveOptions } from "../../../../src/server/config/load.ts";

const INCREMENT = "/appendonlydir/appendonly.aof.1.incr.aof";
const REFUSED = "-MISCONF Errors writing to the AOF file: No space left on device\r\n";

interface Bench {
  readonly machine: Machine;
  readonly life: Life;
  readonly client: Connection;
  /** Calls to the increment since the last look. */
  calls(): string[];
}

async function start(options: DirectiveOptions = {}): Promise<Bench> {
  const machine = new Machine();
  const life = await machine.bootUp({ appendonly: "yes", ...options });
  const client = life.connect();
  const calls: string[] = [];
  machine.onDiskCall = ({ operation, path }) => {
    if (path === INCREMENT) calls.push(operation);
  };
  return { machine, life, client, calls: () => calls.splice(0) };
}

/** Commands as they stand in a file. */
function file(...lines: readonly string[]): string {
  return lines.map((line) => line.startsWith("#") ? `${line}\r\n` : requestText(line.split(" ")))
    .join("");
}

test("always: written and synced once a turn, and only then are there replies", async () => {
  const { machine, life, client, calls } = await start({ appendfsync: "always" });
  const other = life.connect();
  const sent: number[] = [];
  const { statistics } = life.engine;
  const watch = machine.onDiskCall;
  machine.onDiskCall = (call) => {
    watch(call);
    sent.push(statistics.writeEvents);
  };
  const before = statistics.writeEvents;
  client.send(["SET", "a", "1"], ["INCR", "a"], ["GET", "a"]);
  other.send(["SET", "b", "1"]);
  life.advance(0);
  assert.deepEqual(calls(), ["append", "sync"]);
  assert.deepEqual(sent, [before, before], "no reply had left before");
  assert.equal(client.heard(), "+OK\r\n:2\r\n$1\r\n2\r\n");
  assert.equal(other.heard(), "+OK\r\n");
  assert.equal(statistics.writeEvents, before + 2);
  client.line("GET a");
  client.line("SET a 1 XX GET");
  client.line("DEL none");
  assert.deepEqual(calls(), ["append", "sync"], "what changes nothing is not written");
  life.advance(3000);
  assert.deepEqual(calls(), []);
});

test("everysec: written every turn, synced once a second in the background", async () => {
  const { life, client, calls } = await start({ appendfsync: "everysec" });
  life.advance(1000);
  assert.deepEqual(calls(), []);
  assert.equal(client.line("SET a 1"), "+OK\r\n");
  assert.deepEqual(calls(), ["append", "syncInBackground", "synced"]);
  for (let i = 0; i < 20; i++) {
    client.line("INCR a");
    life.advance(100);
  }
  const all = calls();
  assert.equal(all.filter((call) => call === "append").length, 20);
  assert.equal(all.filter((call) => call === "syncInBackground").length, 2);
  assert.equal(all.includes("sync"), false);
  client.line("INCR a");
  assert.deepEqual(calls(), ["append"]);
  life.advance(5000);
  assert.deepEqual(calls(), ["syncInBackground", "synced"], "the last write is synced, too");
});

test("everysec: a write waits for a sync that is under way, for two seconds at most", async () => {
  const { machine, life, client, calls } = await start({ appendfsync: "everysec" });
  life.advance(1000);
  machine.syncTakesMs = 3500;
  client.line("SET a 1");
  assert.deepEqual(calls(), ["append", "syncInBackground"]);
  assert.equal(client.line("SET a 2"), "+OK\r\n");
  assert.equal(client.info("aof_pending_bio_fsync"), "1");
  assert.notEqual(client.info("aof_buffer_length"), "0");
  life.advance(1900);
  assert.deepEqual(calls(), []);
  life.advance(300);
  assert.deepEqual(calls(), ["append"]);
  assert.equal(client.info("aof_delayed_fsync"), "1");
  assert.equal(life.logged("Asynchronous AOF fsync is taking too long").length, 1);
  life.advance(2000);
  assert.deepEqual(calls(), ["synced", "syncInBackground"]);
  // What ends the server waits for nothing.
  client.line("SET a 3");
  await life.close();
  assert.deepEqual(calls(), ["append", "sync", "close"]);
});

test("no: written every turn, never synced but at the end", async () => {
  const { life, client, calls } = await start({ appendfsync: "no" });
  client.line("SET a 1");
  life.advance(60_000);
  assert.deepEqual(calls(), ["append"]);
  await life.close();
  assert.deepEqual(calls(), ["sync", "close"]);
});

test("CONFIG SET appendfsync takes effect at once", async () => {
  const { life, client, calls } = await start({ appendfsync: "no" });
  client.line("SET a 1");
  client.line("CONFIG SET appendfsync always");
  client.line("SET a 2");
  assert.deepEqual(calls().slice(-2), ["append", "sync"]);
  client.line("CONFIG SET appendfsync no");
  client.line("SET a 3");
  life.advance(3000);
  assert.deepEqual(calls(), ["append"]);
});

test("no-appendfsync-on-rewrite: no sync while a save or a rewrite runs", async () => {
  for (const order of ["BGSAVE", "BGREWRITEAOF"]) {
    const { machine, life, client } = await start({
      appendfsync: "always",
      "no-appendfsync-on-rewrite": "yes",
    });
    assert.match(client.line(order), /^\+Background /);
    const syncs: string[] = [];
    machine.onDiskCall = ({ operation, path }) => {
      if (path.endsWith(".incr.aof") && operation === "sync") syncs.push(path);
    };
    assert.equal(client.line("SET a 1"), "+OK\r\n");
    assert.deepEqual(syncs, []);
    life.advance(150);
    assert.equal(life.engine.persistence.job.kind, null);
    client.line("SET a 2");
    assert.equal(syncs.length > 0, true);
  }
});

for (const appendfsync of ["always", "everysec", "no"] as const) {
  test(`${appendfsync}: a write that fails is answered with an error, and tried again`, async () => {
    const { machine, life, client } = await start({ appendfsync });
    client.line("SET a 1");
    life.advance(1100);
    const good = machine.text(INCREMENT)!;
    machine.disk.appendMaxBytes = 10;
    machine.disk.capacityBytes = [...machine.allFiles().values()].join("").length + 15;
    client.send(["SET", "a", "2"], ["GET", "a"], ["SET", "b", "1"]);
    life.advance(0);
    assert.equal(client.heard(), `${REFUSED}$1\r\n2\r\n${REFUSED}`);
    assert.equal(machine.text(INCREMENT), good, "the part that was written is cut off again");
    assert.equal(client.line("SET c 1"), REFUSED);
    assert.equal(client.line("PING"), REFUSED);
    assert.equal(client.line("GET a"), "$1\r\n2\r\n");
    assert.equal(client.info("aof_last_write_status"), "err");
    life.advance(5000);
    assert.equal(life.logged("Error writing to the AOF file: No space left").length, 1);
    machine.disk.capacityBytes = Infinity;
    life.advance(1200);
    assert.equal(machine.text(INCREMENT), good + file("SET a 2", "SET b 1"));
    assert.equal(client.line("PING"), "+PONG\r\n");
    assert.equal(client.info("aof_last_write_status"), "ok");
    assert.equal(life.logged("AOF write error looks solved. Redis can write again.").length, 1);
  });
}

test("a sync in the background that fails: writes are refused until one goes well, then a rewrite", async () => {
  const { machine, life, client } = await start({ appendfsync: "everysec" });
  life.advance(1000);
  // The write goes well, and the sync behind it does not.
  machine.disk.failCall(2, "EIO", true);
  assert.equal(client.line("SET a 1"), "+OK\r\n");
  assert.equal(life.logged("Fail to fsync the AOF file: Input/output error").length, 1);
  assert.match(
    client.line("SET a 2"),
    /^-MISCONF Errors writing to the AOF file: Input\/output error/,
  );
  life.advance(5000);
  assert.match(client.line("PING"), /^-MISCONF /);
  machine.disk.failCall(0);
  life.advance(1500);
  assert.equal(client.line("SET a 3"), "+OK\r\n");
  life.advance(200);
  assert.equal(client.info("aof_rewrites"), "1");
  assert.equal(client.info("aof_last_bgrewrite_status"), "ok");
});

test("errors of background syncs end under any policy", async () => {
  for (const policy of ["always", "no"]) {
    const { machine, life, client } = await start({ appendfsync: "everysec" });
    life.advance(1000);
    machine.disk.failCall(2, "EIO", true);
    client.line("SET a 1");
    life.advance(0);
    assert.notEqual(life.engine.persistence.log.error, "");
    client.line(`CONFIG SET appendfsync ${policy}`);
    machine.disk.failCall(0);
    life.advance(2500);
    assert.equal(client.line("SET a 2"), "+OK\r\n", policy);
  }
});

test("an expired key and the write that met it stand in a transaction", async () => {
  const { machine, life, client } = await start();
  client.line("DEBUG SET-ACTIVE-EXPIRE 0");
  client.line("SET a 1 PX 100");
  client.line("SET b 1 PX 100");
  life.advance(200);
  client.line("INCR a");
  client.line("GET b");
  assert.equal(
    machine.text(INCREMENT),
    file(
      "SELECT 0",
      "SET a 1 PXAT 1704067200100",
      "SET b 1 PXAT 1704067200100",
      "MULTI",
      "DEL a",
      "INCR a",
      "EXEC",
      "DEL b",
    ),
  );
});

test("keys that expire by themselves are deleted in the file, with the right database", async () => {
  const { machine, life, client } = await start();
  client.line("SET a 1 PX 100");
  client.line("SELECT 2");
  client.line("SET b 1 PX 100");
  life.advance(1000);
  const text = machine.text(INCREMENT)!;
  const [first, second] = [file("DEL a"), file("DEL b")].map((each) => text.indexOf(each));
  assert.ok(first > 0 && second > 0);
  assert.ok(text.includes(file("SELECT 0", "DEL a")) && text.includes("DEL"));
  life.die();
  const next = (await machine.bootUp({ appendonly: "yes" })).connect();
  assert.equal(next.line("DBSIZE"), ":0\r\n");
});

test("each file names its database, and the database only where it changes", async () => {
  const { machine, life, client } = await start();
  for (const line of ["SELECT 5", "SET a 1", "SET b 1", "SELECT 0", "SET c 1"]) client.line(line);
  assert.equal(
    machine.text(INCREMENT),
    file("SELECT 5", "SET a 1", "SET b 1", "SELECT 0", "SET c 1"),
  );
  client.line("BGREWRITEAOF");
  client.line("SET d 1");
  assert.equal(
    machine.text("/appendonlydir/appendonly.aof.2.incr.aof"),
    file("SELECT 0", "SET d 1"),
  );
  life.advance(50);
});

test("aof-timestamp-enabled: a line where the second changes, before what happened then", async () => {
  const { machine, life, client } = await start({ "aof-timestamp-enabled": "yes" });
  client.line("SET a 1");
  client.line("SET b 1");
  life.advance(1500);
  client.line("SET c 1");
  client.line("CONFIG SET aof-timestamp-enabled no");
  life.advance(1500);
  client.line("SET d 1");
  assert.equal(
    machine.text(INCREMENT),
    file(
      "#TS:1704067200",
      "SELECT 0",
      "SET a 1",
      "SET b 1",
      "#TS:1704067201",
      "SET c 1",
      "SET d 1",
    ),
  );
});

test("replies that are withheld or of closed connections do not keep a write from the file", async () => {
  const { machine, life, client } = await start({ appendfsync: "always" });
  const other = life.connect();
  other.send(["CLIENT", "REPLY", "OFF"], ["SET", "a", "1"]);
  life.advance(0);
  assert.equal(other.heard(), "");
  client.send(["SET", "b", "1"], ["QUIT"]);
  life.advance(0);
  assert.equal(machine.text(INCREMENT), file("SELECT 0", "SET a 1", "SET b 1"));
});
