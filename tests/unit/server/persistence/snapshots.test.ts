/** When the RDB file is saved, what is answered meanwhile, and what a disk that fails does to writes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine } from "../../../simulation/machine.ts";
import type { Connection, Life } from "../../../simulation/machine.ts";
import { Config } from "../../../../src/server/config/config.ts";
import { applyOptions } from "../../../../src/server/config/load.ts";
import type { DirectiveOptions } from "../../../../src/server/config/load.ts";

const BUSY = "-ERR Background save already in progress\r\n";
const MISCONF =
  /^-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to /;
/** Any job here is over by then. */
const JOB_MS = 20;

async function start(
  options: DirectiveOptions = {},
): Promise<{ machine: Machine; life: Life; client: Connection }> {
  const machine = new Machine();
  const life = await machine.bootUp(options);
  return { machine, life, client: life.connect() };
}

test("a save point: so many changes, and more than so many seconds since the last save", async () => {
  const { machine, life, client } = await start({ save: "10 2" });
  client.line("SET a 1");
  life.advance(60_000);
  assert.equal(machine.text("/dump.rdb"), undefined);
  client.line("SET b 1");
  life.advance(200);
  assert.notEqual(machine.text("/dump.rdb"), undefined);
  assert.equal(life.logged("2 changes in 10 seconds. Saving...").length, 1);
  assert.equal(life.logged("Background saving started by pid 1").length, 1);
  assert.equal(life.logged("Background saving terminated with success").length, 1);
  assert.equal(client.info("rdb_changes_since_last_save"), "0");
  client.line("MSET a 2 b 2");
  life.advance(9000);
  assert.equal(client.info("rdb_changes_since_last_save"), "2");
  life.advance(2500);
  assert.equal(client.info("rdb_changes_since_last_save"), "0");
  assert.equal(client.info("rdb_saves"), "2");
});

test("several save points: the first that is due; none: nothing is ever saved", async () => {
  const { machine, life, client } = await start({ save: "3600 1 300 3 60 5" });
  client.line("MSET a 1 b 2 c 3");
  life.advance(299_000);
  assert.equal(life.logged("Saving...").length, 0);
  life.advance(3000);
  assert.equal(life.logged("3 changes in 300 seconds. Saving...").length, 1);
  client.line("SET a 1");
  life.advance(3_590_000);
  assert.equal(life.logged("Saving...").length, 1);
  life.advance(20_000);
  assert.equal(life.logged("1 changes in 3600 seconds. Saving...").length, 1);
  assert.equal(client.ask("CONFIG", "SET", "save", ""), "+OK\r\n");
  machine.disk.remove("/dump.rdb");
  client.line("MSET a 1 b 2 c 3 d 4 e 5 f 6");
  life.advance(7_200_000);
  assert.equal(machine.text("/dump.rdb"), undefined);
});

test("the save points that there are unless told otherwise", () => {
  const config = new Config(new Machine().disk);
  assert.equal(applyOptions(config, {}), undefined);
  assert.deepEqual(config.savePoints(), [
    { seconds: 3600, changes: 1 },
    { seconds: 300, changes: 100 },
    { seconds: 60, changes: 10000 },
  ]);
});

test("a save that failed is tried again after five seconds; writes and PING are refused until it goes well", async () => {
  const { machine, life, client } = await start({ save: "1 1" });
  client.line("SET a 1");
  machine.disk.failCall(1, "ENOSPC", true);
  life.advance(2200);
  assert.equal(life.logged("Background saving error").length, 1);
  assert.equal(client.info("rdb_last_bgsave_status"), "err");
  assert.match(client.line("SET a 2"), MISCONF);
  assert.match(client.line("PING"), MISCONF);
  assert.equal(client.line("GET a"), "$1\r\n1\r\n");
  life.advance(4000);
  assert.equal(life.logged("Background saving error").length, 1, "not before five seconds");
  life.advance(3000);
  assert.equal(life.logged("Background saving error").length, 2);
  machine.disk.failCall(0);
  life.advance(7000);
  assert.equal(client.info("rdb_last_bgsave_status"), "ok");
  assert.equal(client.line("PING"), "+PONG\r\n");
  assert.equal(client.line("SET a 2"), "+OK\r\n");
});

test("writes are accepted again when SAVE goes well, without save points, or when told to accept them", async () => {
  const { machine, life, client } = await start({ save: "3600 1" });
  const fail = () => {
    machine.disk.failCall(1, "EIO", true);
    assert.equal(client.line("BGSAVE"), "+Background saving started\r\n");
    life.advance(JOB_MS);
    machine.disk.failCall(0);
    assert.match(client.line("SET a 1"), MISCONF);
  };
  fail();
  assert.equal(client.line("SAVE"), "+OK\r\n");
  assert.equal(client.line("SET a 1"), "+OK\r\n");
  fail();
  assert.equal(client.line("CONFIG SET stop-writes-on-bgsave-error no"), "+OK\r\n");
  assert.equal(client.line("SET a 1"), "+OK\r\n");
  assert.equal(client.line("CONFIG SET stop-writes-on-bgsave-error yes"), "+OK\r\n");
  assert.match(client.line("SET a 1"), MISCONF);
  assert.equal(client.ask("CONFIG", "SET", "save", ""), "+OK\r\n");
  assert.equal(client.line("SET a 1"), "+OK\r\n");
});

test("SAVE, BGSAVE and BGSAVE SCHEDULE while something is under way", async () => {
  const { life, client } = await start();
  assert.equal(client.line("BGSAVE NOW"), "-ERR syntax error\r\n");
  assert.equal(client.line("BGSAVE SCHEDULE x"), "-ERR syntax error\r\n");
  assert.equal(client.line("BGSAVE"), "+Background saving started\r\n");
  assert.equal(client.info("rdb_bgsave_in_progress"), "1");
  assert.equal(client.info("rdb_current_bgsave_time_sec"), "0");
  for (const line of ["BGSAVE", "BGSAVE SCHEDULE", "SAVE"]) assert.equal(client.line(line), BUSY);
  assert.equal(
    client.line("BGREWRITEAOF"),
    "+Background append only file rewriting scheduled\r\n",
  );
  assert.equal(client.info("aof_rewrite_scheduled"), "1");
  life.advance(150);
  assert.equal(client.info("rdb_bgsave_in_progress"), "0");
  assert.equal(client.info("rdb_last_bgsave_time_sec"), "0");
  assert.equal(client.info("rdb_current_bgsave_time_sec"), "-1");
  life.advance(150);
  assert.equal(client.info("aof_rewrites"), "1");
  assert.equal(
    client.line("BGREWRITEAOF"),
    "+Background append only file rewriting started\r\n",
  );
  assert.match(
    client.line("BGSAVE"),
    /^-ERR Another child process is active \(AOF\?\): can't BGSAVE right now\. Use BGSAVE SCHEDULE /,
  );
  assert.equal(client.line("BGSAVE SCHEDULE"), "+Background saving scheduled\r\n");
  assert.equal(client.info("rdb_saves"), "1");
  life.advance(300);
  assert.equal(client.info("rdb_saves"), "2");
  assert.equal(client.line("BGSAVE SCHEDULE"), "+Background saving started\r\n");
});

test("what is written while a save runs is not in the file, and counts towards the next", async () => {
  const { machine, life, client } = await start();
  client.line("MSET a 1 b 2");
  client.line("BGSAVE");
  client.line("MSET a 3 c 4");
  life.advance(JOB_MS);
  assert.equal(client.info("rdb_changes_since_last_save"), "2");
  life.die();
  const next = (await machine.bootUp()).connect();
  assert.equal(next.line("MGET a b c"), "*3\r\n$1\r\n1\r\n$1\r\n2\r\n$-1\r\n");
  assert.equal(next.info("rdb_last_load_keys_loaded"), "2");
  assert.equal(next.info("rdb_changes_since_last_save"), "0");
});

test("FLUSHALL ends a save under way, and where there are save points saves the empty data set", async () => {
  const { machine, life, client } = await start({ save: "3600 1" });
  client.line("SET a 1");
  client.line("BGSAVE");
  assert.equal(client.line("FLUSHALL"), "+OK\r\n");
  assert.equal(client.info("rdb_bgsave_in_progress"), "0");
  const files = machine.allFiles();
  assert.deepEqual([...files.keys()], ["/dump.rdb"]);
  life.advance(JOB_MS);
  assert.equal(machine.text("/dump.rdb"), files.get("/dump.rdb"));
  life.die();
  assert.equal((await machine.bootUp({ save: "3600 1" })).connect().line("DBSIZE"), ":0\r\n");
  const other = await start();
  other.client.line("SET a 1");
  other.client.line("FLUSHALL");
  assert.deepEqual([...other.machine.allFiles().keys()], []);
});

test("a save that fails leaves the file that was there, and no other", async () => {
  const { machine, life, client } = await start();
  client.line("SET a 1");
  assert.equal(client.line("SAVE"), "+OK\r\n");
  const before = machine.allFiles();
  client.line("SET a 2");
  for (let number = 1;; number++) {
    machine.disk.failCall(number, "EIO");
    const reply = client.line("SAVE");
    machine.disk.failCall(0);
    if (reply === "+OK\r\n") break;
    assert.equal(reply, "-ERR\r\n");
    const after = machine.allFiles();
    after.delete("/temp-1.rdb");
    assert.deepEqual([...after.keys()], ["/dump.rdb"]);
    if (life.logged("Failed to fsync directory").length === 0) assert.deepEqual(after, before);
    assert.equal(client.info("rdb_changes_since_last_save"), "1");
  }
  assert.equal(client.info("rdb_changes_since_last_save"), "0");
});
