import assert from "node:assert/strict";
import { test } from "node:test";
import { Pause } from "../../../../src/server/pause.ts";
import { bulk, type Connection, request, startConnections } from "./connections.ts";

const OK = "+OK\r\n";
const PONG = "+PONG\r\n";
const SYNTAX = "-ERR syntax error\r\n";

/** The fields of a line of CLIENT LIST. */
function fieldsOf(line: string): Map<string, string> {
  return new Map(
    line.trim().split(" ").map((field) => {
      const [name, value] = field.split("=");
      return [name, value];
    }),
  );
}

/** CLIENT LIST's lines, by their connections' ids. */
function listed(
  client: Connection,
  ...filter: (string | number)[]
): Map<string, Map<string, string>> {
  const lines = client.ask("CLIENT", "LIST", ...filter).split("\r\n")[1].split("\n").slice(0, -1);
  return new Map(lines.map((line) => [fieldsOf(line).get("id")!, fieldsOf(line)]));
}

test("a line has the fields of Redis 7.2 in their order", async () => {
  const server = await startConnections();
  const client = server.connect();
  server.advance(3_500);
  client.line("SELECT 2");
  client.line("CLIENT SETNAME me");
  server.advance(2_000);
  const reply = client.raw(request("CLIENT", "LIST"));
  const line = reply.split("\r\n")[1];
  assert.ok(line.endsWith("\n"));
  assert.deepEqual(
    [...fieldsOf(line).keys()],
    [
      ...["id", "addr", "laddr", "fd", "name", "age", "idle", "flags", "db", "sub", "psub", "ssub"],
      ...[
        "multi",
        "watch",
        "qbuf",
        "qbuf-free",
        "argv-mem",
        "multi-mem",
        "rbs",
        "rbp",
        "obl",
        "oll",
      ],
      ...["omem", "tot-mem", "events", "cmd", "user", "redir", "resp", "lib-name", "lib-ver"],
      ...["tot-net-in", "tot-net-out", "tot-cmds"],
    ],
  );
  const fields = fieldsOf(line);
  assert.equal(fields.get("id"), "1");
  assert.match(fields.get("addr")!, /^127\.0\.0\.1:\d+$/);
  assert.equal(fields.get("laddr"), "127.0.0.1:6379");
  assert.equal(fields.get("age"), "5");
  assert.equal(fields.get("idle"), "0");
  assert.equal(fields.get("db"), "2");
  // It came whole: the query buffer has never held it.
  assert.equal(fields.get("qbuf"), "0");
  assert.equal(fields.get("argv-mem"), "10");
  assert.equal(fields.get("cmd"), "client|list");
  const other = server.connect();
  server.advance(1_000);
  assert.equal(listed(other).get("1")!.get("idle"), "1");
  assert.equal(listed(other).get("1")!.get("argv-mem"), "0");
});

test("cmd is the last command that was asked for, run or not", async () => {
  const server = await startConnections();
  const watcher = server.connect();
  const client = server.connect();
  const lastCommand = () => listed(watcher, "ID", 2).get("2")!.get("cmd");
  assert.equal(lastCommand(), "NULL");
  client.line("GET");
  assert.equal(lastCommand(), "get");
  client.line("CLIENT ID");
  assert.equal(lastCommand(), "client|id");
  client.line("NOSUCH");
  assert.equal(lastCommand(), "NULL");
  client.line("CLIENT NOSUCH");
  assert.equal(lastCommand(), "NULL");
});

test("a command that arrives in pieces stands in qbuf", async () => {
  const server = await startConnections();
  const watcher = server.connect();
  const client = server.connect();
  client.raw("*2\r\n$4\r\nECHO\r\n$10\r\nabc");
  const fields = listed(watcher, "ID", 2).get("2")!;
  const buffered = Number(fields.get("qbuf"));
  assert.ok(buffered >= 3, `${buffered}`);
  assert.ok(Number(fields.get("tot-mem")) > buffered + Number(fields.get("qbuf-free")));
  assert.equal(client.raw("defghij\r\n"), bulk("abcdefghij"));
  assert.equal(listed(watcher, "ID", 2).get("2")!.get("qbuf"), "0");
});

test("CLIENT LIST filters", async () => {
  const server = await startConnections();
  const [one, two] = [server.connect(), server.connect()];
  two.line("PING");
  assert.deepEqual([...listed(one).keys()], ["1", "2"]);
  assert.deepEqual([...listed(one, "TYPE", "Normal").keys()], ["1", "2"]);
  assert.deepEqual([...listed(one, "ID", 2, 9, 1).keys()], ["2", "1"]);
  for (const type of ["master", "replica", "slave", "pubsub"]) {
    assert.equal(one.line(`CLIENT LIST TYPE ${type}`), "$0\r\n\r\n");
  }
  one.line("HELLO 3");
  assert.match(one.line("CLIENT LIST ID 1"), /^=\d+\r\ntxt:id=1 /);
  assert.equal(one.line("CLIENT LIST TYPE x"), "-ERR Unknown client type 'x'\r\n");
  assert.equal(one.line("CLIENT LIST ID x"), "-ERR Invalid client ID\r\n");
  assert.equal(one.line("CLIENT LIST ID 1 1.5"), "-ERR Invalid client ID\r\n");
  for (const line of ["LIST ID", "LIST TYPE", "LIST TYPE normal x", "LIST x"]) {
    assert.equal(one.line(`CLIENT ${line}`), SYNTAX);
  }
});

test("names are what can stand in a line", async () => {
  const server = await startConnections();
  const client = server.connect();
  const refused = "-ERR Client names cannot contain spaces, newlines or special characters.\r\n";
  assert.equal(client.line("CLIENT GETNAME"), "$-1\r\n");
  for (const name of ["a b", "a\nb", "\x7f", "\xe9", "\t"]) {
    assert.equal(client.ask("CLIENT", "SETNAME", name), refused);
  }
  assert.equal(client.ask("CLIENT", "SETNAME", "!~"), OK);
  assert.equal(client.line("CLIENT GETNAME"), bulk("!~"));
  assert.equal(client.ask("CLIENT", "SETNAME", "a\0\n b"), OK);
  assert.equal(client.line("CLIENT GETNAME"), bulk("a\0\n b"));
  assert.match(client.line("CLIENT INFO"), / name=a age=/);
  assert.equal(client.ask("CLIENT", "SETNAME", ""), OK);
  assert.equal(client.line("CLIENT GETNAME"), "$-1\r\n");
});

test("SETINFO", async () => {
  const server = await startConnections();
  const client = server.connect();
  assert.equal(client.line("CLIENT SETINFO lib-NAME ioredis"), OK);
  assert.equal(client.line("CLIENT SETINFO Lib-Ver 5.0(x)"), OK);
  assert.match(client.line("CLIENT INFO"), / lib-name=ioredis lib-ver=5\.0\(x\) tot/);
  assert.equal(
    client.line('CLIENT SETINFO LIB-VER "1 2"'),
    "-ERR LIB-VER cannot contain spaces, newlines or special characters.\r\n",
  );
  assert.equal(client.line("CLIENT SETINFO lib a"), "-ERR Unrecognized option 'lib'\r\n");
  assert.equal(client.line('CLIENT SETINFO lib-name ""'), OK);
  assert.match(client.line("CLIENT INFO"), / lib-name= lib-ver=5\.0\(x\) tot/);
});

test("flags of a connection", async () => {
  const server = await startConnections();
  const client = server.connect();
  assert.equal(client.line("CLIENT NO-EVICT maybe"), SYNTAX);
  client.line("CLIENT NO-EVICT ON");
  assert.match(client.line("CLIENT INFO"), / flags=e /);
  client.line("CLIENT NO-TOUCH on");
  assert.match(client.line("CLIENT INFO"), / flags=eT /);
  client.line("CLIENT NO-EVICT off");
  assert.match(client.line("CLIENT INFO"), / flags=T /);
  client.line("CLIENT NO-TOUCH OFF");
  assert.match(client.line("CLIENT INFO"), / flags=N /);
});

test("NO-TOUCH leaves a key's idle time as it was", async () => {
  const server = await startConnections();
  const client = server.connect();
  client.line("SET k v");
  server.advance(5_000);
  client.line("CLIENT NO-TOUCH on");
  client.line("GET k");
  assert.equal(client.line("OBJECT IDLETIME k"), ":5\r\n");
  client.line("CLIENT NO-TOUCH off");
  client.line("GET k");
  assert.equal(client.line("OBJECT IDLETIME k"), ":0\r\n");
});

test("CLIENT REPLY", async () => {
  const client = (await startConnections()).connect();
  const say = (...lines: string[]) => client.raw(lines.map((line) => `${line}\r\n`).join(""));
  assert.equal(say("CLIENT REPLY OFF", "PING", "GET", "NOSUCH", "CLIENT REPLY x"), "");
  assert.equal(say("CLIENT REPLY SKIP", "PING", "PING"), "");
  assert.equal(say("CLIENT REPLY ON", "PING"), OK + PONG);
  assert.equal(say("CLIENT REPLY SKIP", "PING a", "PING"), PONG);
  assert.equal(say("CLIENT REPLY SKIP", "NOSUCH", "PING"), PONG);
  assert.equal(say("CLIENT REPLY SKIP", "CLIENT REPLY SKIP", "PING", "PING"), PONG);
  assert.equal(say("CLIENT REPLY SKIP", "CLIENT REPLY ON", "PING"), OK + PONG);
  assert.equal(say("CLIENT REPLY SKIP", "CLIENT REPLY OFF", "PING"), "");
  assert.equal(say("RESET", "PING"), `+RESET\r\n${PONG}`);
  assert.equal(say("CLIENT REPLY SKIP", "RESET", "PING"), PONG);
  assert.equal(say("CLIENT REPLY x"), SYNTAX);
});

test("CLIENT KILL in the old form", async () => {
  const server = await startConnections();
  const [one, two] = [server.connect(), server.connect()];
  const address = listed(one).get("2")!.get("addr")!;
  assert.equal(one.line("CLIENT KILL 1.2.3.4:5"), "-ERR No such client\r\n");
  assert.equal(one.line(`CLIENT KILL ${address}`), OK);
  server.advance(0);
  assert.ok(two.isGone);
  const own = listed(one).get("1")!.get("addr")!;
  assert.equal(one.line(`PING\r\nCLIENT KILL ${own}\r\nPING`), PONG + OK);
  assert.ok(one.isGone);
  assert.equal(server.engine.clients.size, 0);
});

test("CLIENT KILL by filters", async () => {
  const server = await startConnections();
  const own = server.connect();
  const others = [server.connect(), server.connect(), server.connect()];
  assert.equal(own.line("CLIENT KILL ID 3 TYPE pubsub"), ":0\r\n");
  assert.equal(own.line("CLIENT KILL ID 3 USER default TYPE normal"), ":1\r\n");
  server.advance(0);
  assert.deepEqual(others.map((client) => client.isGone), [false, true, false]);
  assert.equal(own.line("CLIENT KILL ID 1"), ":0\r\n");
  assert.equal(own.line("CLIENT KILL ADDR 127.0.0.1:1 LADDR 127.0.0.1:6379"), ":0\r\n");
  assert.equal(own.line("CLIENT KILL SKIPME yes"), ":2\r\n");
  assert.equal(own.line("CLIENT KILL SKIPME no LADDR 127.0.0.1:6379\r\nPING"), ":1\r\n");
  assert.ok(own.isGone);
});

test("what CLIENT KILL refuses", async () => {
  const client = (await startConnections()).connect();
  const badId = "-ERR client-id should be greater than 0\r\n";
  for (const id of ["x", "0", "-1", "9223372036854775808"]) {
    assert.equal(client.line(`CLIENT KILL ID ${id}`), badId);
  }
  assert.equal(client.line("CLIENT KILL ID 9223372036854775807"), ":0\r\n");
  assert.equal(client.line("CLIENT KILL TYPE x"), "-ERR Unknown client type 'x'\r\n");
  assert.equal(client.line("CLIENT KILL USER Default"), "-ERR No such user 'Default'\r\n");
  for (const options of ["SKIPME maybe", "NOSUCH x", "ID 1 TYPE", "ID 1 2"]) {
    assert.equal(client.line(`CLIENT KILL ${options}`), SYNTAX);
  }
  assert.equal(client.line("CLIENT KILL TYPE x ID 0"), "-ERR Unknown client type 'x'\r\n");
});

test("CLIENT UNBLOCK finds nobody who waits", async () => {
  const client = (await startConnections()).connect();
  assert.equal(client.line("CLIENT UNBLOCK 1"), ":0\r\n");
  assert.equal(client.line("CLIENT UNBLOCK 77 error"), ":0\r\n");
  assert.equal(
    client.line("CLIENT UNBLOCK x nonsense"),
    "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR\r\n",
  );
  assert.equal(
    client.line("CLIENT UNBLOCK x TIMEOUT"),
    "-ERR value is not an integer or out of range\r\n",
  );
  assert.equal(
    client.line("CLIENT unBlock 1 TIMEOUT x"),
    "-ERR unknown subcommand or wrong number of arguments for 'unBlock'. Try CLIENT HELP.\r\n",
  );
});

test("what CLIENT PAUSE refuses, it does not do", async () => {
  const client = (await startConnections()).connect();
  const refusals: [string, string][] = [
    ["x", "timeout is not an integer or out of range"],
    ["1.5", "timeout is not an integer or out of range"],
    ["9223372036854775808", "timeout is not an integer or out of range"],
    ["9223372036854775807", "timeout is out of range"],
    ["-1", "timeout is negative"],
    ["1 SOME", "CLIENT PAUSE mode must be WRITE or ALL"],
    ["x SOME", "CLIENT PAUSE mode must be WRITE or ALL"],
    [
      "1 ALL x",
      "unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP.",
    ],
  ];
  for (const [options, reason] of refusals) {
    assert.equal(client.line(`CLIENT PAUSE ${options}`), `-ERR ${reason}\r\n`);
  }
  assert.equal(client.line("SET k v"), OK);
});

test("PAUSE WRITE holds writes, in order, until UNPAUSE", async () => {
  const server = await startConnections();
  const [admin, writer] = [server.connect(), server.connect()];
  assert.equal(admin.line("CLIENT PAUSE 100000 WRITE"), OK);
  assert.equal(writer.line("PING\r\nSET k 1\r\nINCR k\r\nGET k"), PONG);
  assert.equal(listed(admin, "ID", 2).get("2")!.get("flags"), "b");
  assert.equal(listed(admin, "ID", 2).get("2")!.get("cmd"), "set");
  // Errors that are found before anything is run do not wait.
  assert.match(admin.line("SET k"), /^-ERR wrong number of arguments/);
  assert.equal(writer.line("PING"), "");
  assert.equal(admin.line("GET k"), "$-1\r\n");
  assert.equal(admin.line("CLIENT UNPAUSE"), OK);
  server.advance(0);
  assert.equal(writer.heard(), `${OK}:2\r\n${bulk("2")}${PONG}`);
  assert.equal(listed(admin, "ID", 2).get("2")!.get("flags"), "N");
});

test("PAUSE ALL holds everything, UNPAUSE too, until its time is over", async () => {
  const server = await startConnections();
  const [admin, other] = [server.connect(), server.connect()];
  assert.equal(admin.raw(request("CLIENT", "PAUSE", "500") + request("PING")), OK);
  assert.equal(other.line("CLIENT UNPAUSE"), "");
  server.advance(400);
  assert.equal(admin.heard() + other.heard(), "");
  server.advance(300);
  assert.equal(admin.heard(), PONG);
  assert.equal(other.heard(), OK);
});

test("a pause can become longer and stricter, never shorter or milder", async () => {
  const server = await startConnections();
  const [admin, other] = [server.connect(), server.connect()];
  admin.line("CLIENT PAUSE 1000 WRITE");
  admin.line("CLIENT PAUSE 10 WRITE");
  assert.equal(other.line("SET k v"), "");
  server.advance(500);
  assert.equal(other.heard(), "");
  admin.line("CLIENT PAUSE 0 ALL");
  assert.equal(admin.line("PING"), "");
  server.advance(700);
  assert.equal(admin.heard() + other.heard(), PONG + OK);
  assert.equal(admin.line("CLIENT PAUSE 0"), OK);
  assert.equal(admin.line("SET k v"), OK);
});

test("a pause of everything stays one when writes are to be paused", () => {
  // Nobody can ask for it from outside: what would ask waits. A failover will.
  const pause = new Pause();
  pause.begin("all", 200);
  pause.begin("write", 100);
  assert.equal(pause.mode, "all");
  assert.equal(pause.endsAtMs, 200);
  pause.begin("write", 300);
  assert.equal(pause.endsAtMs, 300);
  pause.end();
  assert.equal(pause.mode, "off");
});

test("while paused, keys look expired but stay", async () => {
  const server = await startConnections();
  const client = server.connect();
  client.line("SET k v PX 100");
  client.line("SET l v PX 100");
  client.line("CLIENT PAUSE 100000 WRITE");
  server.advance(1_000);
  assert.equal(client.line("GET k"), "$-1\r\n");
  assert.equal(client.line("DBSIZE"), ":2\r\n");
  assert.equal(client.line("CLIENT UNPAUSE"), OK);
  server.advance(200);
  assert.equal(client.line("DBSIZE"), ":0\r\n");
});

test("who waits is not idle, and may go or be ended", async () => {
  const server = await startConnections({ timeout: 1 });
  const admin = server.connect();
  const [patient, leaver, victim] = [server.connect(), server.connect(), server.connect()];
  admin.line("CLIENT PAUSE 100000 WRITE");
  for (const client of [patient, leaver, victim]) client.line("INCR k");
  assert.equal(admin.line("CLIENT KILL ID 4"), ":1\r\n");
  leaver.destroy();
  for (let i = 0; i < 10; i++) {
    server.advance(500);
    assert.equal(admin.line("PING"), PONG);
  }
  assert.equal(admin.line("CLIENT UNPAUSE"), OK);
  server.advance(0);
  assert.equal(patient.heard(), ":1\r\n");
  assert.ok(victim.isGone);
});

test("a subcommand that is not there is no command, and costs its container nothing", async () => {
  const server = await startConnections();
  const client = server.connect();
  assert.equal(
    client.ask("CLIENT", "no\0such"),
    "-ERR unknown subcommand 'no'. Try CLIENT HELP.\r\n",
  );
  assert.equal(client.line("client"), "-ERR wrong number of arguments for 'client' command\r\n");
  assert.equal(client.line("COMMAND x"), "-ERR unknown subcommand 'x'. Try COMMAND HELP.\r\n");
  assert.equal(server.engine.commands.byName("client")!.rejectedCalls, 1);
  assert.equal(server.engine.commands.byName("command")!.rejectedCalls, 0);
  assert.match(client.line("CLIENT HELP"), /^\*\d+\r\n\+CLIENT <subcommand> /);
});

test("what a connection is about", async () => {
  const server = await startConnections();
  const watcher = server.connect();
  /** The fields of a connection that has sent commands. */
  const after = (...commands: string[][]) => {
    const other = server.connect();
    const id = other.ask("CLIENT", "ID").slice(1, -2);
    for (const command of commands) other.ask(...command);
    return listed(watcher, "ID", id).get(id)!;
  };
  assert.equal(after(["MONITOR"]).get("flags"), "O");
  const blocked = after(["BLPOP", "k", "0"]);
  assert.deepEqual([blocked.get("flags"), blocked.get("argv-mem")], ["b", "7"]);
  const tracking = after(["HELLO", "3"], ["CLIENT", "TRACKING", "ON", "BCAST"]);
  assert.deepEqual([tracking.get("flags"), tracking.get("redir")], ["tB", "0"]);
  assert.equal(after(["PING"]).get("redir"), "-1");
  const queued = after(["WATCH", "a", "b"], ["MULTI"], ["SET", "k", "v"]);
  assert.deepEqual([queued.get("flags"), queued.get("multi"), queued.get("watch")], [
    ...["x", "1", "2"],
  ]);
  assert.notEqual(queued.get("multi-mem"), "0");
  watcher.ask("SET", "a", "1");
  assert.equal(after(["WATCH", "k"]).get("watch"), "1");
  const subscribed = after(["SUBSCRIBE", "a", "b"], ["PSUBSCRIBE", "p*"], ["SSUBSCRIBE", "s"]);
  assert.deepEqual(
    ["flags", "sub", "psub", "ssub"].map((name) => subscribed.get(name)),
    ["P", "2", "1", "1"],
  );
  assert.equal(
    after(["CLIENT", "NO-EVICT", "ON"], ["CLIENT", "NO-TOUCH", "ON"]).get("flags"),
    "eT",
  );
});

test("KILL by age and type", async () => {
  const server = await startConnections();
  const [old, subscriber] = [server.connect(), server.connect()];
  subscriber.ask("SUBSCRIBE", "c");
  server.advance(5_000);
  const young = server.connect();
  const own = server.connect();
  assert.equal(
    own.ask("CLIENT", "KILL", "MAXAGE", "0"),
    "-ERR maxage should be greater than 0\r\n",
  );
  assert.equal(
    own.ask("CLIENT", "KILL", "MAXAGE", "x"),
    "-ERR maxage is not an integer or out of range\r\n",
  );
  assert.equal(own.ask("CLIENT", "KILL", "TYPE", "pubsub", "MAXAGE", "6"), ":0\r\n");
  assert.equal(own.ask("CLIENT", "KILL", "TYPE", "pubsub", "MAXAGE", "5"), ":1\r\n");
  assert(subscriber.isGone && !old.isGone);
  assert.equal(own.ask("CLIENT", "KILL", "MAXAGE", "1"), ":1\r\n");
  assert(old.isGone && !young.isGone);
  assert.equal(own.ask("CLIENT", "KILL", "USER", "nobody"), "-ERR No such user 'nobody'\r\n");
});
