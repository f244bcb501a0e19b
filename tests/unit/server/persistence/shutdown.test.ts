/** SHUTDOWN: what is saved, what runs, and when the server stays. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine } from "../../../simulation/machine.ts";
import type { DirectiveOptions } from "../../../../src/server/config/load.ts";

const REFUSED = "-ERR Errors trying to SHUTDOWN. Check logs.\r\n";

async function started(options: DirectiveOptions = {}) {
  const machine = new Machine();
  const life = await machine.bootUp(options);
  const client = life.connect();
  client.line("SET a 1");
  /** Whether it stops: a server stops when its promises have been kept. */
  const stops = async (line: string): Promise<boolean> => {
    const reply = client.line(line);
    for (let i = 0; i < 50 && !life.isStopped; i++) {
      life.advance(0);
      await null;
    }
    if (!life.isStopped) assert.equal(reply, REFUSED);
    return life.isStopped;
  };
  return { machine, life, client, stops };
}

test("it saves where there are save points, or where it is told to", async () => {
  for (
    const [save, line, isSaved] of [
      ["", "SHUTDOWN", false],
      ["", "SHUTDOWN SAVE", true],
      ["3600 1", "SHUTDOWN", true],
      ["3600 1", "SHUTDOWN NOSAVE", false],
      ["3600 1", "SHUTDOWN NOW SAVE FORCE", true],
    ] as const
  ) {
    const { machine, life, stops } = await started({ save });
    assert.equal(await stops(line), true, line);
    assert.equal(machine.text("/dump.rdb") !== undefined, isSaved, line);
    assert.equal(life.logged("Saving the final RDB snapshot").length, isSaved ? 1 : 0);
    assert.equal(life.logged("Redis is now ready to exit, bye bye...").length, 1);
  }
});

test("a save that fails keeps it alive, unless it is forced", async () => {
  const { machine, life, client, stops } = await started({ save: "3600 1" });
  machine.disk.failCall(1, "EIO", true);
  assert.equal(await stops("SHUTDOWN"), false);
  assert.equal(life.logged("Error trying to save the DB, can't exit.").length, 1);
  machine.disk.failCall(0);
  assert.equal(client.line("GET a"), "$1\r\n1\r\n");
  assert.equal(client.line("SET a 2"), "+OK\r\n");
  machine.disk.failCall(1, "EIO", true);
  assert.equal(await stops("SHUTDOWN FORCE"), true);
  assert.equal(life.logged("Error trying to save the DB. Exit anyway.").length, 1);
});

test("what it may not say", async () => {
  const { client } = await started();
  for (const line of ["SHUTDOWN SAVE NOSAVE", "SHUTDOWN X", "SHUTDOWN ABORT NOW"]) {
    assert.equal(client.line(line), "-ERR syntax error\r\n");
  }
  assert.equal(client.line("SHUTDOWN ABORT"), "-ERR No shutdown in progress.\r\n");
});

test("a save under way is ended, and its temporary file goes", async () => {
  const { machine, life, client, stops } = await started();
  client.line("BGSAVE");
  life.advance(1);
  assert.ok(machine.allFiles().has("/temp-1.rdb"));
  assert.equal(await stops("SHUTDOWN"), true);
  assert.equal(life.logged("There is a child saving an .rdb. Killing it!").length, 1);
  assert.deepEqual([...machine.allFiles().keys()], []);
});

test("an append-only file is written and synced; a rewrite of it is ended", async () => {
  const options = { appendonly: "yes", appendfsync: "no" } as const;
  const { machine, life, client, stops } = await started(options);
  client.line("BGREWRITEAOF");
  life.advance(1);
  client.line("INCR a");
  assert.equal(await stops("SHUTDOWN"), true);
  assert.equal(life.logged("There is a child rewriting the AOF. Killing it!").length, 1);
  assert.equal(life.logged("Calling fsync() on the AOF file.").length, 1);
  // Whatever the power does afterwards.
  machine.disk.losePower();
  const next = await machine.bootUp(options);
  assert.equal(next.connect().line("GET a"), "$1\r\n2\r\n");
  assert.ok([...machine.allFiles().keys()].every((path) => !path.includes("temp")));
});

test("while the first append-only file is written it stays, unless it is forced", async () => {
  const { life, client, stops } = await started();
  client.line("CONFIG SET appendonly yes");
  assert.equal(await stops("SHUTDOWN"), false);
  assert.equal(life.logged("Writing initial AOF, can't exit.").length, 1);
  life.advance(50);
  client.line("CONFIG SET appendonly no");
  client.line("CONFIG SET appendonly yes");
  assert.equal(await stops("SHUTDOWN FORCE"), true);
  assert.equal(life.logged("Writing initial AOF. Exit anyway.").length, 1);
});
