/** MULTI, EXEC and DISCARD: what is queued, what is refused, and what else EXEC shows to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine } from "../../simulation/machine.ts";
import { bulk, request, startConnections } from "./commands/connections.ts";
import type { Connection } from "./commands/connections.ts";

const OK = "+OK\r\n";
const QUEUED = "+QUEUED\r\n";
const ABORTED = "-EXECABORT Transaction discarded because of previous errors.\r\n";

/** Sends lines one after the other; the reply to the last one counts. */
function lines(client: Connection, ...texts: readonly string[]): string {
  let reply = "";
  for (const text of texts) reply = client.line(text);
  return reply;
}

test("what is queued runs at EXEC, one command upon the other", async () => {
  const server = await startConnections();
  const [client, other] = [server.connect(), server.connect()];
  assert.equal(client.line("MULTI"), OK);
  assert.equal(client.line("SET k 1"), QUEUED);
  assert.equal(client.line("INCR k"), QUEUED);
  assert.equal(client.line("INCR list"), QUEUED);
  assert.equal(other.line("GET k"), "$-1\r\n");
  other.line("RPUSH list a");
  assert.equal(
    client.line("EXEC"),
    "*3\r\n+OK\r\n:2\r\n-WRONGTYPE Operation against a key holding the wrong kind of value\r\n",
  );
  assert.equal(client.line("EXEC"), "-ERR EXEC without MULTI\r\n");
});

test("a pipeline with a transaction in the middle, however it is cut", async () => {
  const server = await startConnections();
  const text = request("SET", "a", "1") + request("MULTI") + request("INCR", "a") +
    request("GET", "a") + request("EXEC") + request("GET", "a");
  const expected = `${OK}${OK}${QUEUED}${QUEUED}*2\r\n:2\r\n${bulk("2")}${bulk("2")}`;
  assert.equal(server.connect().raw(text), expected);
  const client = server.connect();
  let heard = "";
  for (const byte of text) heard += client.raw(byte);
  assert.equal(heard, expected);
});

test("an error while queueing: EXEC does nothing and says so", async () => {
  const server = await startConnections();
  const client = server.connect();
  for (const wrong of ["SET k", "NOTHING", "CONFIG NOTHING", "SAVE"]) {
    lines(client, "MULTI", "SET before 1", wrong, "SET after 1");
    assert.equal(client.line("EXEC"), ABORTED, wrong);
  }
  assert.equal(client.line("EXISTS before after"), ":0\r\n");
});

test("MULTI and WATCH inside are refused, and nothing is lost by that", async () => {
  const server = await startConnections();
  const client = server.connect();
  client.line("MULTI");
  assert.equal(client.line("MULTI"), "-ERR MULTI calls can not be nested\r\n");
  assert.equal(client.line("WATCH k"), "-ERR WATCH inside MULTI is not allowed\r\n");
  assert.equal(lines(client, "SET k v", "EXEC"), "*1\r\n+OK\r\n");
});

test("EXEC that is itself refused ends the transaction", async () => {
  const server = await startConnections();
  const client = server.connect();
  const refused = "-EXECABORT Transaction discarded because of: wrong number of arguments for " +
    "'exec' command\r\n";
  assert.equal(client.line("EXEC x"), refused);
  assert.equal(lines(client, "MULTI", "SET k v", "EXEC x"), refused);
  assert.equal(lines(client, "MULTI", "SET k", "EXEC x"), refused);
  assert.equal(client.line("EXEC"), "-ERR EXEC without MULTI\r\n");
});

test("what EXEC would do decides whether it is refused: min-replicas-to-write", async () => {
  const server = await startConnections();
  const [client, admin] = [server.connect(), server.connect()];
  lines(client, "MULTI", "SET k v");
  admin.line("CONFIG SET min-replicas-to-write 1");
  const reason = "NOREPLICAS Not enough good replicas to write.\r\n";
  assert.equal(client.line("EXEC"), `-EXECABORT Transaction discarded because of: ${reason}`);
  assert.equal(lines(client, "MULTI", "GET k", "EXEC"), "*1\r\n$-1\r\n");
  assert.equal(client.line("SET k v"), `-${reason}`);
  admin.line("CONFIG SET min-replicas-max-lag 0");
  assert.equal(client.line("SET k v"), OK);
});

test("DISCARD, RESET and QUIT end a transaction", async () => {
  const server = await startConnections();
  const client = server.connect();
  assert.equal(client.line("DISCARD"), "-ERR DISCARD without MULTI\r\n");
  assert.equal(lines(client, "MULTI", "SET k 1", "DISCARD"), OK);
  assert.equal(lines(client, "MULTI", "SET k 1", "RESET"), "+RESET\r\n");
  assert.equal(client.line("EXEC"), "-ERR EXEC without MULTI\r\n");
  assert.equal(lines(client, "MULTI", "SET k 1", "QUIT"), OK);
  assert.equal(client.isGone, true);
  assert.equal(server.connect().line("EXISTS k"), ":0\r\n");
});

test("SELECT and HELLO inside count from there on", async () => {
  const server = await startConnections();
  const client = server.connect();
  assert.equal(
    lines(client, "MULTI", "SET k 0", "SELECT 3", "SET k 3", "EXEC"),
    "*3\r\n+OK\r\n+OK\r\n+OK\r\n",
  );
  assert.equal(client.line("GET k"), bulk("3"));
  const reply = lines(client, "MULTI", "GET none", "HELLO 3", "GET none", "EXEC");
  assert.match(reply, /^\*3\r\n\$-1\r\n%7\r\n[^]*_\r\n$/);
});

test("CLIENT REPLY inside: each reply is withheld or not by itself", async () => {
  const server = await startConnections();
  const client = server.connect();
  assert.equal(
    lines(client, "MULTI", "SET k v", "CLIENT REPLY OFF", "GET k", "PING", "EXEC"),
    "*4\r\n+OK\r\n",
  );
  assert.equal(client.line("PING"), "");
  assert.equal(client.line("CLIENT REPLY ON"), OK);
  assert.equal(
    lines(client, "MULTI", "SET k v", "CLIENT REPLY SKIP", "GET k", "EXEC"),
    `*3\r\n+OK\r\n${bulk("v")}`,
  );
  assert.equal(client.line("PING"), "");
  assert.equal(client.line("PING"), "+PONG\r\n");
  client.line("CLIENT REPLY OFF");
  assert.equal(
    lines(client, "MULTI", "PING", "CLIENT REPLY ON", "PING", "EXEC"),
    `${OK}+PONG\r\n`,
  );
});

test("CLIENT PAUSE inside begins when the transaction is over", async () => {
  const server = await startConnections();
  const client = server.connect();
  assert.equal(
    lines(client, "MULTI", "CLIENT PAUSE 1000 WRITE", "SET k v", "EXEC"),
    "*2\r\n+OK\r\n+OK\r\n",
  );
  assert.equal(client.line("GET k"), bulk("v"));
  assert.equal(client.line("SET k w"), "");
  server.advance(1200);
  assert.equal(client.heard(), OK);
});

test("a pause holds EXEC that would write, and no other one", async () => {
  const server = await startConnections();
  const [writer, reader, admin] = [server.connect(), server.connect(), server.connect()];
  lines(writer, "MULTI", "SET k v");
  lines(reader, "MULTI", "GET k");
  admin.line("CLIENT PAUSE 100000 WRITE");
  assert.equal(reader.line("EXEC"), "*1\r\n$-1\r\n");
  assert.equal(writer.line("EXEC"), "");
  assert.match(admin.line("INFO clients"), /\r\nblocked_clients:1\r\n/);
  admin.line("CLIENT UNPAUSE");
  assert.equal(writer.heard(), "*1\r\n+OK\r\n");
});

test("who hears messages hears them behind EXEC", async () => {
  const server = await startConnections();
  const client = server.connect();
  client.line("HELLO 3");
  client.line("SUBSCRIBE c");
  const reply = lines(client, "MULTI", "PUBLISH c one", "PING", "EXEC");
  const push = `>3\r\n${bulk("message")}${bulk("c")}${bulk("one")}`;
  assert.equal(reply, `*2\r\n:1\r\n+PONG\r\n${push}`);
});

test("MONITOR shows the commands where they ran, and EXEC behind them", async () => {
  const server = await startConnections();
  const [client, monitor] = [server.connect(), server.connect()];
  monitor.line("MONITOR");
  lines(client, "MULTI", "SET k v", "GET k", "EXEC");
  const told = [...monitor.heard().matchAll(/\] (.*)\r\n/g)].map((match) => match[1]);
  assert.deepEqual(told, ['"MULTI"', '"SET" "k" "v"', '"GET" "k"', '"EXEC"']);
  lines(client, "MULTI", "SET k", "EXEC x");
  const refused = [...monitor.heard().matchAll(/\] (.*)\r\n/g)].map((match) => match[1]);
  assert.deepEqual(refused, ['"MULTI"', '"EXEC" "x"']);
});

test("statistics: each command once, an error once, EXEC not in the slow log", async () => {
  const server = await startConnections({ "slowlog-log-slower-than": "0" });
  const client = server.connect();
  lines(client, "MULTI", "SET k v", "INCR k", "EXEC");
  const { commands, statistics } = server.engine;
  const counts = (name: string) => {
    const { calls, failedCalls, rejectedCalls } = commands.byName(name)!;
    return [calls, failedCalls, rejectedCalls];
  };
  assert.deepEqual(counts("multi"), [1, 0, 0]);
  assert.deepEqual(counts("set"), [1, 0, 0]);
  assert.deepEqual(counts("incr"), [1, 1, 0]);
  assert.deepEqual(counts("exec"), [1, 0, 0]);
  assert.equal(statistics.commandsProcessed, 4);
  const log = client.line("SLOWLOG GET");
  assert.match(log, /\r\nINCR\r\n/);
  assert.doesNotMatch(log, /\r\nEXEC\r\n/);
  lines(client, "MULTI", "SET k", "EXEC");
  assert.deepEqual(counts("set"), [1, 0, 1]);
  assert.deepEqual(counts("exec"), [2, 1, 0]);
});

test("CLIENT LIST while EXEC runs: flag x, and how much is queued", async () => {
  const server = await startConnections();
  const client = server.connect();
  const reply = lines(client, "MULTI", "PING", "CLIENT LIST", "EXEC");
  assert.match(reply, / flags=x .* multi=2 /);
  assert.match(client.line("CLIENT LIST"), / flags=N .* multi=-1 /);
});

test("what is queued counts as memory of the connection until it is gone", async () => {
  const server = await startConnections();
  const client = server.connect();
  client.line("MULTI");
  client.raw(request("SET", "k", "v".repeat(50_000)));
  const { transaction } = [...server.engine.clients.values()][0];
  assert.ok(transaction!.bytes > 50_000);
  client.line("NOTHING");
  assert.equal(transaction!.bytes, 0);
});

test("BGREWRITEAOF, BGSAVE and appendonly inside wait for the end of the transaction", async () => {
  const machine = new Machine();
  const life = await machine.bootUp({ appendonly: "yes" });
  const client = life.connect();
  for (const line of ["MULTI", "INCR k", "BGREWRITEAOF", "BGSAVE", "INCR k"]) client.line(line);
  assert.equal(
    client.line("EXEC"),
    "*4\r\n:1\r\n+Background append only file rewriting scheduled\r\n" +
      "+Background saving scheduled\r\n:2\r\n",
  );
  life.advance(2000);
  assert.equal(client.info("aof_rewrite_scheduled"), "0");
  const lines = ["MULTI", "INCR k", "CONFIG SET appendonly no", "INCR k"];
  for (const line of [...lines, "CONFIG SET appendonly yes", "INCR k"]) client.line(line);
  assert.equal(client.line("EXEC"), "*5\r\n:3\r\n+OK\r\n:4\r\n+OK\r\n:5\r\n");
  life.advance(2000);
  client.line("INCR k");
  await life.close();
  const next = await machine.bootUp({ appendonly: "yes" });
  assert.equal(next.connect().line("GET k"), bulk("6"));
});
