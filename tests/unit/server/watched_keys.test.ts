/** WATCH and UNWATCH: what makes EXEC do nothing, and what does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startConnections } from "./commands/connections.ts";
import type { Connection, Connections } from "./commands/connections.ts";

const RAN = "*1\r\n+PONG\r\n";
const NOT_RUN = "*-1\r\n";

interface Pair {
  readonly server: Connections;
  readonly client: Connection;
  readonly other: Connection;
}

async function pair(): Promise<Pair> {
  const server = await startConnections({ "enable-debug-command": "yes" });
  return { server, client: server.connect(), other: server.connect() };
}

function exec(client: Connection): string {
  client.line("MULTI");
  client.line("PING");
  return client.line("EXEC");
}

/** What changes a key that is watched; each after what comes before it. */
const CHANGES: readonly (readonly [before: string, change: string, isRun: boolean])[] = [
  ["SET k 1", "SET k 1", false],
  ["SET k 1", "GET k", true],
  ["SET k 1", "DEL k", false],
  ["SET k 1", "EXPIRE k 100", false],
  ["SET k 1", "PERSIST k", true],
  ["SET k 1", "SET other 1", true],
  ["SET k 1", "RENAME k other", false],
  ["SET other 1", "RENAME other k", false],
  ["SET k 1", "MOVE k 1", false],
  ["SET k 1", "SORT none STORE k", false],
  ["SET other 1", "COPY other k", false],
  ["PING", "DEL k", true],
  ["PING", "SET k 1 XX", true],
  ["PING", "LPUSH k 1", false],
  ["SADD k a", "SADD k a", true],
  ["SADD k a", "SADD k b", false],
  ["SET k 1", "FLUSHALL", false],
  ["SET k 1", "FLUSHDB", false],
  ["SET other 1", "FLUSHALL", true],
  ["SET k 1", "SWAPDB 0 1", false],
  ["SET other 1", "SWAPDB 0 1", true],
  ["SET k 1", "SWAPDB 1 2", true],
  ["SET k 1", "DEBUG RELOAD", false],
  ["PING", "DEBUG RELOAD", true],
];

for (const [before, change, isRun] of CHANGES) {
  test(`after ${before}, ${change}: EXEC ${isRun ? "runs" : "does nothing"}`, async () => {
    const { client, other } = await pair();
    other.line(before);
    client.line("WATCH k");
    other.line(change);
    assert.equal(exec(client), isRun ? RAN : NOT_RUN);
    // Either way nothing is watched any more.
    other.line("SET k 2");
    assert.equal(exec(client), RAN);
  });
}

test("its own changes count too, but not those within the transaction", async () => {
  const { client } = await pair();
  client.line("WATCH k");
  client.line("SET k 1");
  assert.equal(exec(client), NOT_RUN);
  client.line("WATCH k");
  client.line("MULTI");
  client.line("SET k 2");
  client.line("SET k 3");
  assert.equal(client.line("EXEC"), "*2\r\n+OK\r\n+OK\r\n");
});

test("a key is watched in the database that was selected", async () => {
  const { client, other } = await pair();
  client.line("SELECT 1");
  client.line("WATCH k");
  other.line("SET k 1");
  assert.equal(exec(client), RAN);
  client.line("WATCH k");
  client.line("SELECT 0");
  other.line("SELECT 1");
  other.line("SET k 1");
  assert.equal(exec(client), NOT_RUN);
});

test("UNWATCH, DISCARD, EXEC and RESET forget", async () => {
  const { server, client, other } = await pair();
  const { watchedKeys } = server.engine;
  const ends: readonly (readonly string[])[] = [["UNWATCH"], ["MULTI", "DISCARD"], [
    "MULTI",
    "EXEC",
  ], [
    "RESET",
  ]];
  for (const end of ends) {
    for (const isDirty of [false, true]) {
      client.line("WATCH k l");
      assert.deepEqual([watchedKeys.keyCount, watchedKeys.clientCount], [2, 1]);
      if (isDirty) other.line("SET k 1");
      for (const line of end) client.line(line);
      assert.deepEqual([watchedKeys.keyCount, watchedKeys.clientCount], [0, 0]);
      assert.equal(exec(client), RAN, `${end} ${isDirty}`);
    }
  }
  // UNWATCH within a transaction comes too late.
  client.line("WATCH k");
  other.line("SET k 1");
  client.line("MULTI");
  client.line("UNWATCH");
  assert.equal(client.line("EXEC"), NOT_RUN);
});

test("several who watch, one key watched twice, and one that leaves", async () => {
  const { server, client, other } = await pair();
  const third = server.connect();
  const { watchedKeys } = server.engine;
  client.line("WATCH k k l");
  third.line("WATCH k");
  assert.deepEqual([watchedKeys.keyCount, watchedKeys.clientCount], [2, 2]);
  client.destroy();
  assert.deepEqual([watchedKeys.keyCount, watchedKeys.clientCount], [1, 1]);
  other.line("SET l 1");
  assert.equal(exec(third), RAN);
  assert.equal(server.engine.call.keyEvents.isActive, false);
});

test("an error while queueing counts more than a key that was modified", async () => {
  const { client, other } = await pair();
  client.line("WATCH k");
  client.line("MULTI");
  other.line("SET k 1");
  client.line("NOTHING");
  assert.match(client.line("EXEC"), /^-EXECABORT /);
});

test("a key that expires after WATCH: EXEC does nothing, deleted or not", async () => {
  for (const isDeleted of [false, true]) {
    const { server, client, other } = await pair();
    other.line("DEBUG SET-ACTIVE-EXPIRE 0");
    other.line("SET k 1 PX 100");
    client.line("WATCH k");
    server.advance(200);
    if (isDeleted) assert.equal(other.line("GET k"), "$-1\r\n");
    assert.equal(exec(client), NOT_RUN);
  }
});

test("a key that had expired when it was watched is as good as absent", async () => {
  for (const meanwhile of ["PING", "GET k", "DEL k", "FLUSHALL", "SWAPDB 0 1"]) {
    const { server, client, other } = await pair();
    other.line("DEBUG SET-ACTIVE-EXPIRE 0");
    other.line("SET k 1 PX 100");
    server.advance(200);
    client.line("WATCH k");
    other.line(meanwhile);
    assert.equal(exec(client), RAN, meanwhile);
  }
  for (const change of ["SET k 2", "LPUSH k 1", "APPEND k x"]) {
    const { server, client, other } = await pair();
    other.line("DEBUG SET-ACTIVE-EXPIRE 0");
    other.line("SET k 1 PX 100");
    server.advance(200);
    client.line("WATCH k");
    other.line(change);
    assert.equal(exec(client), NOT_RUN, change);
  }
});

test("SWAPDB brings an expired key to where none was: still none", async () => {
  const { server, client, other } = await pair();
  other.line("DEBUG SET-ACTIVE-EXPIRE 0");
  other.line("SELECT 1");
  other.line("SET k 1 PX 100");
  server.advance(200);
  client.line("WATCH k");
  other.line("SWAPDB 0 1");
  assert.equal(exec(client), RAN);
});
