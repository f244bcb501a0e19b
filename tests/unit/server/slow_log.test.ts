import assert from "node:assert/strict";
import { test } from "node:test";
import { startConnections } from "./commands/connections.ts";
import { startBench } from "./commands/fixture.ts";

/** The arguments of the newest entry. */
function newestArguments(bench: Awaited<ReturnType<typeof startBench>>): string[] {
  const [entry] = bench.engine.slowLog.newest(1);
  return entry.args.map((arg) => Buffer.from(arg).toString("latin1"));
}

test("an entry", async () => {
  const bench = await startBench();
  bench.ask("CLIENT", "SETNAME", "me");
  bench.ask("CONFIG", "SET", "slowlog-log-slower-than", 0);
  bench.ask("SLOWLOG", "RESET");
  bench.platform.clock.setWallMs(1_700_000_000_900);
  bench.ask("SET", "k", "v");
  const [entry] = bench.engine.slowLog.newest(1);
  const { address } = entry;
  assert.match(
    bench.ask("SLOWLOG", "GET", 1),
    new RegExp(
      `^\\*1\\r\\n\\*6\\r\\n:${entry.id}\\r\\n:1700000000\\r\\n:0\\r\\n` +
        `\\*3\\r\\n\\$3\\r\\nSET\\r\\n\\$1\\r\\nk\\r\\n\\$1\\r\\nv\\r\\n` +
        `\\$${address.length}\\r\\n${address}\\r\\n\\$2\\r\\nme\\r\\n$`,
    ),
  );
});

test("only what is slow; the newest first; no more than slowlog-max-len", async () => {
  const bench = await startBench();
  const { slowLog } = bench.engine;
  bench.ask("SET", "k", "v");
  assert.equal(slowLog.length, 0);
  assert.equal(slowLog.needsExactTimes, false);
  bench.ask("CONFIG", "SET", "slowlog-log-slower-than", 0, "slowlog-max-len", 3);
  assert.equal(slowLog.needsExactTimes, true);
  for (let i = 0; i < 10; i++) bench.ask("ECHO", i);
  assert.equal(bench.ask("SLOWLOG", "LEN"), ":3\r\n");
  bench.ask("CONFIG", "SET", "slowlog-log-slower-than", 1_000_000);
  const ids = slowLog.newest(10).map(({ id }) => id);
  assert.deepEqual(ids, [ids[0], ids[0] - 1, ids[0] - 2]);
  assert.equal(slowLog.newest(2).length, 2);
  assert.equal(bench.ask("SLOWLOG", "GET", 0), "*0\r\n");
  bench.ask("CONFIG", "SET", "slowlog-max-len", 1);
  assert.deepEqual(slowLog.newest(-1 >>> 0).map(({ id }) => id), [ids[0]]);
  bench.ask("CONFIG", "SET", "slowlog-max-len", 0, "slowlog-log-slower-than", 0);
  bench.ask("ECHO", "x");
  assert.equal(slowLog.length, 0);
  bench.ask("CONFIG", "SET", "slowlog-max-len", 5, "slowlog-log-slower-than", -1);
  bench.ask("ECHO", "x");
  assert.equal(slowLog.length, 0);
});

test("32 arguments of 128 bytes", async () => {
  const bench = await startBench({ "slowlog-log-slower-than": 0 });
  const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
  bench.ask("DEL", ...keys.slice(0, 31));
  assert.deepEqual(newestArguments(bench), ["DEL", ...keys.slice(0, 31)]);
  bench.ask("DEL", ...keys.slice(0, 32));
  assert.deepEqual(newestArguments(bench), [
    "DEL",
    ...keys.slice(0, 30),
    "... (2 more arguments)",
  ]);
  bench.ask("ECHO", "a".repeat(128));
  assert.deepEqual(newestArguments(bench), ["ECHO", "a".repeat(128)]);
  bench.ask("ECHO", "a".repeat(1128));
  assert.deepEqual(newestArguments(bench), ["ECHO", `${"a".repeat(128)}... (1000 more bytes)`]);
});

test("secrets are not shown", async () => {
  const bench = await startBench({ "slowlog-log-slower-than": 0 });
  const shown = (...args: string[]) => {
    bench.ask(...args);
    return newestArguments(bench).join(" ");
  };
  assert.equal(shown("AUTH", "user", "secret"), "AUTH (redacted) (redacted)");
  assert.equal(
    shown("HELLO", "2", "SETNAME", "x", "auth", "user", "secret"),
    "HELLO 2 SETNAME x auth (redacted) (redacted)",
  );
  assert.equal(shown("HELLO", "2", "AUTH"), "HELLO 2 AUTH");
  assert.equal(shown("ACL", "SETUSER", "x", ">y"), "ACL SETUSER (redacted) (redacted)");
  assert.equal(shown("acl", "GETUSER", "x"), "acl GETUSER (redacted)");
  assert.equal(shown("ACL", "DELUSER", "x", "y"), "ACL DELUSER (redacted) (redacted)");
  assert.equal(shown("ACL", "WHOAMI"), "ACL WHOAMI");
  assert.equal(
    shown("CONFIG", "SET", "maxmemory", "0", "MasterAuth", "secret", "masteruser", "x"),
    "CONFIG SET maxmemory 0 MasterAuth (redacted) masteruser (redacted)",
  );
  assert.equal(
    shown("CONFIG", "SET", "primaryauth", "secret"),
    "CONFIG SET primaryauth (redacted)",
  );
});

test("a command that has waited is shown as it was sent, whatever its waiting made of it", async () => {
  const server = await startConnections({ "slowlog-log-slower-than": 0 });
  const [client, monitor, other] = [server.connect(), server.connect(), server.connect()];
  monitor.line("MONITOR");
  const line = "XREAD BLOCK 100 STREAMS s t $ $";
  const ends = [
    () => other.line("XADD s 1-1 f v"),
    () => server.advance(200),
    () => other.line("CLIENT UNBLOCK 1 ERROR"),
  ];
  for (const end of ends) {
    server.engine.slowLog.reset();
    assert.equal(client.line(line), "");
    end();
    assert.notEqual(client.heard(), "");
    const shown = server.engine.slowLog.newest(10).map(({ args }) =>
      args.map((arg) => Buffer.from(arg).toString("latin1")).join(" ")
    );
    assert.equal(shown.filter((text) => text === line).length, 1);
    assert.equal(shown.filter((text) => text.startsWith("XREAD")).length, 1);
  }
  assert.equal(monitor.heard().split('"XREAD" "BLOCK" "100" "STREAMS" "s" "t" "$" "$"').length, 4);
});
