/** BGREWRITEAOF, rewrites of their own accord, and turning the append-only file on and off. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine } from "../../../simulation/machine.ts";
import type { DirectiveOptions } from "../../../../src/server/config/load.ts";

const FOLDER = "/appendonlydir";
const MANIFEST = `${FOLDER}/appendonly.aof.manifest`;
const STARTED = "+Background append only file rewriting started\r\n";
const SCHEDULED = "+Background append only file rewriting scheduled\r\n";
const JOB_MS = 30;

async function start(options: DirectiveOptions = {}) {
  const machine = new Machine();
  const life = await machine.bootUp(options);
  const client = life.connect();
  const { persistence } = life.engine;
  return { machine, life, client, rewrites: persistence.rewrites };
}

/** What a start with the append-only file holds: the value of a key. */
async function keptValue(machine: Machine, key: string): Promise<string> {
  const life = await machine.bootUp({ appendonly: "yes" });
  const value = life.connect().line(`GET ${key}`);
  life.die();
  return value;
}

/** Names in the folder, without the manifest. */
function names(machine: Machine): string[] {
  return [...machine.allFiles(FOLDER).keys()].filter((path) => path !== MANIFEST)
    .map((path) => path.slice(FOLDER.length + 1));
}

test("the first start makes a base, an increment and a manifest", async () => {
  const { machine, client } = await start({ appendonly: "yes" });
  assert.deepEqual(names(machine), ["appendonly.aof.1.base.rdb", "appendonly.aof.1.incr.aof"]);
  assert.equal(
    machine.text(MANIFEST),
    "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n",
  );
  assert.equal(client.info("aof_enabled"), "1");
  assert.equal(client.info("aof_base_size"), client.info("aof_current_size"));
});

test("BGREWRITEAOF: new base and increment, the old ones are removed", async () => {
  const { machine, life, client } = await start({ appendonly: "yes" });
  client.line("SET a 1");
  assert.equal(client.line("BGREWRITEAOF"), STARTED);
  assert.equal(
    client.line("BGREWRITEAOF"),
    "-ERR Background append only file rewriting already in progress\r\n",
  );
  assert.equal(client.info("aof_rewrite_in_progress"), "1");
  client.line("INCR a");
  life.advance(JOB_MS);
  assert.equal(client.info("aof_rewrite_in_progress"), "0");
  assert.equal(client.info("aof_last_bgrewrite_status"), "ok");
  assert.deepEqual(names(machine), ["appendonly.aof.2.base.rdb", "appendonly.aof.2.incr.aof"]);
  assert.equal(
    machine.text(MANIFEST),
    "file appendonly.aof.2.base.rdb seq 2 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n",
  );
  life.die();
  assert.equal(await keptValue(machine, "a"), "$1\r\n2\r\n");
});

test("aof-disable-auto-gc keeps the old files, as history", async () => {
  const { machine, life, client } = await start({
    appendonly: "yes",
    "aof-disable-auto-gc": "yes",
  });
  client.line("BGREWRITEAOF");
  life.advance(JOB_MS);
  assert.equal(names(machine).length, 4);
  assert.match(machine.text(MANIFEST)!, /base\.rdb seq 1 type h\n/);
  client.line("CONFIG SET aof-disable-auto-gc no");
  client.line("BGREWRITEAOF");
  life.advance(JOB_MS);
  assert.deepEqual(names(machine), ["appendonly.aof.3.base.rdb", "appendonly.aof.3.incr.aof"]);
});

test("BGREWRITEAOF without an append-only file writes a base that a later start finds", async () => {
  const { machine, life, client } = await start();
  client.line("SET a 1");
  assert.equal(client.line("BGREWRITEAOF"), STARTED);
  life.advance(JOB_MS);
  assert.deepEqual(names(machine), ["appendonly.aof.1.base.rdb"]);
  assert.equal(client.info("aof_enabled"), "0");
  client.line("SET a 2");
  life.die();
  assert.equal(await keptValue(machine, "a"), "$1\r\n1\r\n");
});

test("CONFIG SET appendonly yes: on when the base is written; what is written meanwhile is kept", async () => {
  const { machine, life, client, rewrites } = await start();
  client.line("SET a 1");
  assert.equal(client.line("CONFIG SET appendonly yes"), "+OK\r\n");
  assert.equal(rewrites.state, "waiting");
  assert.equal(client.info("aof_enabled"), "1");
  client.line("INCR a");
  assert.equal(machine.text(MANIFEST), undefined);
  life.advance(JOB_MS);
  assert.equal(rewrites.state, "on");
  client.line("INCR a");
  life.die();
  assert.equal(await keptValue(machine, "a"), "$1\r\n3\r\n");
});

test("CONFIG SET appendonly no: everything is synced, nothing more is written", async () => {
  const { machine, life, client, rewrites } = await start({ appendonly: "yes", appendfsync: "no" });
  client.line("SET a 1");
  assert.equal(client.line("CONFIG SET appendonly no"), "+OK\r\n");
  assert.equal(rewrites.state, "off");
  client.line("SET a 2");
  life.losePower();
  assert.equal(await keptValue(machine, "a"), "$1\r\n1\r\n");
});

test("CONFIG SET appendonly no while the first base is written: no trace is left", async () => {
  const { machine, life, client, rewrites } = await start();
  client.line("CONFIG SET appendonly yes");
  life.advance(1);
  assert.equal(client.line("CONFIG SET appendonly no"), "+OK\r\n");
  assert.equal(rewrites.state, "off");
  life.advance(200);
  assert.deepEqual(names(machine), []);
  assert.equal(client.info("aof_rewrite_in_progress"), "0");
  assert.equal(client.line("CONFIG SET appendonly yes"), "+OK\r\n");
  life.advance(JOB_MS);
  assert.equal(rewrites.state, "on");
});

test("CONFIG SET appendonly yes while a BGSAVE runs: it begins when that is over", async () => {
  const { machine, life, client, rewrites } = await start();
  client.line("SET a 1");
  client.line("BGSAVE");
  assert.equal(client.line("CONFIG SET appendonly yes"), "+OK\r\n");
  assert.equal(client.info("aof_rewrite_scheduled"), "1");
  assert.equal(client.line("CONFIG SET appendonly no"), "+OK\r\n");
  assert.equal(client.info("aof_rewrite_scheduled"), "0");
  assert.equal(client.line("CONFIG SET appendonly yes"), "+OK\r\n");
  client.line("INCR a");
  life.advance(300);
  assert.equal(rewrites.state, "on");
  life.die();
  assert.equal(await keptValue(machine, "a"), "$1\r\n2\r\n");
});

test("CONFIG SET appendonly yes while a rewrite runs: that is ended, another begins", async () => {
  const { machine, life, client, rewrites } = await start();
  client.line("BGREWRITEAOF");
  client.line("SET a 1");
  assert.equal(client.line("CONFIG SET appendonly yes"), "+OK\r\n");
  assert.equal(life.logged("Stopping background AOF and starting a rewrite now.").length, 1);
  life.advance(JOB_MS);
  assert.equal(rewrites.state, "on");
  life.die();
  assert.equal(await keptValue(machine, "a"), "$1\r\n1\r\n");
});

test("CONFIG SET appendonly yes where the folder cannot be written is refused", async () => {
  const { machine, life, client, rewrites } = await start();
  machine.disk.failCall(1, "EACCES", true);
  assert.equal(
    client.line("CONFIG SET appendonly yes"),
    "-ERR CONFIG SET failed (possibly related to argument 'appendonly') - Unable to turn on AOF. " +
      "Check server logs.\r\n",
  );
  machine.disk.failCall(0);
  assert.equal(rewrites.state, "off");
  assert.equal(client.line("CONFIG GET appendonly"), "*2\r\n$10\r\nappendonly\r\n$2\r\nno\r\n");
  assert.equal(client.line("SET a 1"), "+OK\r\n");
  assert.equal(client.line("CONFIG SET appendonly yes"), "+OK\r\n");
  life.advance(JOB_MS);
  assert.equal(rewrites.state, "on");
});

test("a first base that fails is tried again, as often as it takes", async () => {
  const { machine, life, client, rewrites } = await start();
  client.line("SET a 1");
  assert.equal(client.line("CONFIG SET appendonly yes"), "+OK\r\n");
  client.line("INCR a");
  machine.disk.failCall(1, "ENOSPC", true);
  life.advance(1000);
  assert.equal(rewrites.state, "waiting");
  assert.equal(client.info("aof_last_bgrewrite_status"), "err");
  machine.disk.failCall(0);
  life.advance(61_000);
  assert.equal(rewrites.state, "on");
  assert.equal(client.line("INCR a"), ":3\r\n");
  life.die();
  assert.equal(await keptValue(machine, "a"), "$1\r\n3\r\n");
});

test("rewrites of their own accord: grown by a percentage, and beyond a size", async () => {
  const { life, client } = await start({
    appendonly: "yes",
    "auto-aof-rewrite-min-size": "1000",
    "auto-aof-rewrite-percentage": "100",
  });
  const base = Number(client.info("aof_base_size"));
  for (let i = 0; i < 5; i++) client.ask("SET", "a", "x".repeat(100));
  life.advance(200);
  assert.ok(Number(client.info("aof_current_size")) > 2 * base, "more than twice the size");
  assert.equal(client.info("aof_rewrites"), "0", "but too small");
  for (let i = 0; i < 5; i++) client.ask("SET", "a", "x".repeat(100));
  life.advance(200);
  assert.match(life.logged("Starting automatic rewriting")[0], / on \d{3,}% growth\n/);
  assert.equal(client.info("aof_rewrites"), "1");
  client.line("CONFIG SET auto-aof-rewrite-percentage 0");
  for (let i = 0; i < 50; i++) client.ask("SET", "a", "x".repeat(100));
  life.advance(500);
  assert.equal(client.info("aof_rewrites"), "1");
});

test("after three failures in a row the next rewrite of its own accord waits, longer each time", async () => {
  const { machine, life, client } = await start({
    appendonly: "yes",
    "auto-aof-rewrite-min-size": "100",
    "auto-aof-rewrite-percentage": "10",
  });
  for (let i = 0; i < 10; i++) client.ask("SET", "a", "x".repeat(100));
  // Only the new base cannot be made.
  machine.onDiskCall = ({ operation, path }) => {
    machine.disk.failCall(operation === "open create" && path.includes("rewriteaof") ? 1 : 0);
  };
  life.advance(2000);
  assert.equal(client.info("aof_rewrites_consecutive_failures"), "3");
  assert.equal(life.logged("will retry in 1 minutes").length, 1);
  life.advance(57_000);
  assert.equal(client.info("aof_rewrites_consecutive_failures"), "3");
  life.advance(3000);
  assert.equal(client.info("aof_rewrites_consecutive_failures"), "4");
  assert.equal(life.logged("will retry in 2 minutes").length, 1);
  assert.equal(client.line("BGREWRITEAOF"), STARTED, "who asks for one gets one");
  life.advance(JOB_MS);
  machine.onDiskCall = () => {};
  life.advance(200_000);
  assert.equal(client.info("aof_rewrites_consecutive_failures"), "0");
  assert.equal(client.info("aof_last_bgrewrite_status"), "ok");
  life.die();
  assert.equal(await keptValue(machine, "a"), `$100\r\n${"x".repeat(100)}\r\n`);
});

test("increments of rewrites that failed are all loaded, and go with the next that does not", async () => {
  const { machine, life, client } = await start({ appendonly: "yes" });
  machine.onDiskCall = ({ operation, path }) => {
    machine.disk.failCall(operation === "open create" && path.includes("rewriteaof") ? 1 : 0);
  };
  for (let i = 1; i <= 3; i++) {
    assert.equal(client.line("INCR a"), `:${i}\r\n`);
    assert.equal(client.line("BGREWRITEAOF"), STARTED);
    life.advance(JOB_MS);
  }
  client.line("INCR a");
  machine.onDiskCall = () => {};
  assert.equal(names(machine).filter((name) => name.includes("incr")).length, 4);
  life.die();
  const next = await machine.bootUp({ appendonly: "yes" });
  assert.equal(next.connect().line("GET a"), "$1\r\n4\r\n");
  assert.equal(next.connect().line("BGREWRITEAOF"), STARTED);
  next.advance(JOB_MS);
  assert.equal(names(machine).length, 2);
  next.die();
  assert.equal(await keptValue(machine, "a"), "$1\r\n4\r\n");
});

test("BGREWRITEAOF while a BGSAVE runs is scheduled, also for a log that is on", async () => {
  const { life, client } = await start({ appendonly: "yes" });
  client.line("BGSAVE");
  assert.equal(client.line("BGREWRITEAOF"), SCHEDULED);
  life.advance(300);
  assert.equal(client.info("aof_rewrites"), "1");
  assert.equal(client.info("aof_rewrite_scheduled"), "0");
});

test("no file of a name like that of a temporary one is taken for one", async () => {
  const options = { appendonly: "yes", appendfilename: "temp-x.aof" } as const;
  const { machine, life, client } = await start(options);
  client.line("SET a 1");
  life.die();
  machine.disk.writeFile(`${FOLDER}/temp-x.aof.incr`, Buffer.from("left"));
  machine.disk.writeFile(`${FOLDER}/temp-temp-x.aof.incr`, Buffer.from("left"));
  machine.disk.writeFile(`${FOLDER}/temp-rewriteaof-bg-77.aof`, Buffer.from("left"));
  const next = await machine.bootUp(options);
  assert.equal(next.connect().line("GET a"), "$1\r\n1\r\n");
  assert.deepEqual(names(machine), [
    "temp-x.aof.1.base.rdb",
    "temp-x.aof.1.incr.aof",
    "temp-x.aof.incr",
    "temp-x.aof.manifest",
  ]);
});

test("the latency monitor is told of a rename that takes long", async () => {
  const { life, client } = await start({ appendonly: "yes", "latency-monitor-threshold": 2 });
  const { clock, latency } = life.engine;
  const usual = clock.monotonicUs.bind(clock);
  let addedUs = 0;
  clock.monotonicUs = () => usual() + (addedUs += 2000);
  client.line("BGREWRITEAOF");
  assert.equal(latency.events.has("aof-rename"), false);
  life.advance(10 * JOB_MS);
  assert.equal(latency.events.get("aof-rename")?.maxMs, 2);
});
