import assert from "node:assert/strict";
import { test } from "node:test";
import { startConnections } from "./commands/connections.ts";

/** Lines without the time and the address. */
function lines(text: string): string[] {
  return text.split("\r\n").slice(0, -1).map((line) =>
    line.replace(/^\+\d+\.\d{6} \[(\d+) [^\]]+\]/, "[$1]")
  );
}

test("what others do, as they sent it", async () => {
  const server = await startConnections();
  const monitor = server.connect();
  const other = server.connect();
  assert.equal(monitor.ask("MONITOR"), "+OK\r\n");
  // Asked again it says nothing.
  assert.equal(monitor.ask("monitor"), "");
  server.platform.clock.setWallMs(1_700_000_000_123.5);
  other.ask("SET", "k", 'a "b"\r\n\x00\xff');
  assert.match(
    monitor.heard(),
    /^\+1700000000\.123500 \[0 127\.0\.0\.1:\d+\] "SET" "k" "a \\"b\\"\\r\\n\\x00\\xff"\r\n$/,
  );
  other.ask("SELECT", 3);
  other.ask("get", "k");
  other.ask("NOSUCH");
  other.ask("GET");
  other.ask("CONFIG", "GET", "hz");
  other.ask("AUTH", "default", "secret");
  assert.deepEqual(lines(monitor.heard()), [
    '[3] "SELECT" "3"',
    '[3] "get" "k"',
    '[3] "AUTH" "(redacted)" "(redacted)"',
  ]);
});

test("its own commands, behind their replies", async () => {
  const server = await startConnections();
  const monitor = server.connect();
  monitor.ask("MONITOR");
  assert.deepEqual(lines(monitor.ask("PING")), ["+PONG", '[0] "PING"']);
  assert.match(monitor.ask("CLIENT", "INFO"), / flags=O /);
});

test("RESET and a closed connection end it", async () => {
  const server = await startConnections();
  const [first, second, other] = [server.connect(), server.connect(), server.connect()];
  first.ask("MONITOR");
  second.ask("MONITOR");
  assert.equal(server.engine.monitors.count, 2);
  first.heard();
  assert.match(first.ask("RESET"), /^\+RESET\r\n/);
  assert.equal(server.engine.monitors.count, 1);
  second.destroy();
  assert.equal(server.engine.monitors.count, 0);
  first.heard();
  other.ask("SET", "k", "v");
  assert.equal(first.heard(), "");
  assert.match(first.ask("CLIENT", "INFO"), / flags=N /);
});

test("a transaction's commands as they run, and not in a transaction of its own", async () => {
  const server = await startConnections();
  const [monitor, other] = [server.connect(), server.connect()];
  monitor.ask("MONITOR");
  other.ask("MULTI");
  other.ask("SET", "k", "v");
  assert.deepEqual(lines(monitor.heard()), ['[0] "MULTI"']);
  other.ask("EXEC");
  assert.deepEqual(lines(monitor.heard()), ['[0] "SET" "k" "v"', '[0] "EXEC"']);
  other.ask("MULTI");
  other.ask("MONITOR");
  assert.equal(
    other.ask("EXEC"),
    "*1\r\n-ERR MONITOR isn't allowed for DENY BLOCKING client\r\n",
  );
});
