import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bulk, request, startConnections } from "./connections.ts";

const OK = "+OK\r\n";
const WRONG = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
const NOAUTH = "-NOAUTH Authentication required.\r\n";

test("PING and ECHO give back what they are given", async () => {
  const client = (await startConnections()).connect();
  assert.equal(client.ask("PING"), "+PONG\r\n");
  assert.equal(client.ask("ping", "a\0\xff"), bulk("a\0\xff"));
  assert.equal(
    client.ask("PING", "a", "b"),
    "-ERR wrong number of arguments for 'ping' command\r\n",
  );
  assert.equal(client.ask("ECHO", ""), bulk(""));
  client.line("HELLO 3");
  assert.equal(client.ask("PING", "x"), bulk("x"));
});

test("SELECT takes an int and a database that there is", async () => {
  const client = (await startConnections({ databases: 3 })).connect();
  const range = "-ERR value is out of range, value must between -2147483648 and 2147483647\r\n";
  assert.equal(client.line("SELECT 2"), OK);
  assert.match(client.line("CLIENT INFO"), / db=2 /);
  for (const index of ["3", "-1", "2147483647", "-2147483648"]) {
    assert.equal(client.line(`SELECT ${index}`), "-ERR DB index is out of range\r\n");
  }
  for (const index of ["2147483648", "-2147483649", "9223372036854775807"]) {
    assert.equal(client.line(`SELECT ${index}`), range);
  }
  for (const index of ["a", "1.0", "01", "+1", "9223372036854775808"]) {
    assert.equal(
      client.line(`SELECT ${index}`),
      "-ERR value is not an integer or out of range\r\n",
    );
  }
  assert.match(client.line("CLIENT INFO"), / db=2 /);
});

test("AUTH without a password set", async () => {
  const client = (await startConnections()).connect();
  assert.match(client.line("AUTH x"), /^-ERR AUTH <password> called without any password/);
  assert.equal(client.line("AUTH default anything"), OK);
  assert.equal(client.line("AUTH DEFAULT anything"), WRONG);
  assert.equal(client.line("AUTH default a b"), "-ERR syntax error\r\n");
});

test("a password shuts out until it is given", async () => {
  const client = (await startConnections({ requirepass: "secret" })).connect();
  assert.equal(client.line("PING"), NOAUTH);
  assert.equal(client.line("GET"), "-ERR wrong number of arguments for 'get' command\r\n");
  assert.match(client.line("NOSUCH"), /^-ERR unknown command 'NOSUCH'/);
  assert.match(client.line("HELLO 3"), /^-NOAUTH HELLO must be called with/);
  assert.equal(client.line("RESET"), "+RESET\r\n");
  assert.equal(client.line("AUTH default wrong"), WRONG);
  assert.equal(client.line("PING"), NOAUTH);
  assert.equal(client.line("AUTH secret"), OK);
  assert.equal(client.line("PING"), "+PONG\r\n");
  assert.equal(client.line("AUTH wrong"), WRONG);
  assert.equal(client.line("PING"), "+PONG\r\n");
  assert.equal(client.line("RESET"), "+RESET\r\n");
  assert.equal(client.line("PING"), NOAUTH);
});

test("no password but the right one is taken", async () => {
  const server = await startConnections({ requirepass: "a\xffb\0ca\xffb" });
  const client = server.connect();
  const password = "a\xc3\xbfb\0ca\xc3\xbfb";
  for (const wrong of ["", "a", password + password, password.slice(0, -1), `${password}a`]) {
    assert.equal(client.ask("AUTH", wrong), WRONG);
  }
  const near = fc.array(fc.constantFrom("a", "\xc3", "\xbf", "b", "\0", "c"), { maxLength: 20 });
  fc.assert(fc.property(near, (letters) => {
    const given = letters.join("");
    assert.equal(client.ask("AUTH", "default", given) === OK, given === password);
  }));
  assert.equal(client.ask("AUTH", password), OK);
});

test("limits on what comes before AUTH are lifted by it, and set again by RESET", async () => {
  const server = await startConnections({ requirepass: "p" });
  const long = request("ECHO", "x".repeat(20_000));
  const strict = server.connect();
  assert.match(strict.raw(long), /^-ERR Protocol error: unauthenticated bulk length/);
  assert.ok(strict.isGone);
  const client = server.connect();
  assert.equal(client.raw(request("AUTH", "p") + long), OK + bulk("x".repeat(20_000)));
  assert.equal(client.line("RESET"), "+RESET\r\n");
  assert.match(client.raw(long), /^-ERR Protocol error: unauthenticated bulk length/);
});

test("a password set while the server runs is asked of new connections", async () => {
  const server = await startConnections();
  const old = server.connect();
  assert.equal(old.line("CONFIG SET requirepass new"), OK);
  const late = server.connect();
  assert.equal(old.line("PING"), "+PONG\r\n");
  assert.equal(late.line("PING"), NOAUTH);
  assert.equal(old.ask("CONFIG", "SET", "requirepass", ""), OK);
  const long = "x".repeat(20_000);
  assert.equal(late.ask("ECHO", long), bulk(long));
  assert.match(late.line("HELLO 3"), /^-NOAUTH HELLO must be called with/);
  old.line("CONFIG SET requirepass new");
  assert.equal(old.ask("ECHO", long), bulk(long));
  assert.equal(late.line("PING"), NOAUTH);
  assert.match(late.ask("ECHO", long), /^-ERR Protocol error: unauthenticated bulk length/);
});

test("HELLO answers in the protocol that it chooses", async () => {
  const server = await startConnections();
  const client = server.connect();
  const facts = (protocol: number) =>
    bulk("server") + bulk("redis") + bulk("version") + bulk("7.2.5") + bulk("proto") +
    `:${protocol}\r\n` + bulk("id") + ":1\r\n" + bulk("mode") + bulk("standalone") + bulk("role") +
    bulk("master") + bulk("modules") + "*0\r\n";
  assert.equal(client.line("HELLO"), `*14\r\n${facts(2)}`);
  assert.equal(client.line("HELLO 3"), `%7\r\n${facts(3)}`);
  assert.equal(client.line("GET missing"), "_\r\n");
  assert.equal(client.line("HELLO"), `%7\r\n${facts(3)}`);
  assert.equal(client.line("HELLO 2"), `*14\r\n${facts(2)}`);
  assert.equal(client.line("GET missing"), "$-1\r\n");
});

test("HELLO does all that it is told or nothing", async () => {
  const server = await startConnections({ requirepass: "p" });
  const client = server.connect();
  const refusals: [string, RegExp][] = [
    ["HELLO a", /^-ERR Protocol version is not an integer or out of range/],
    ["HELLO 9223372036854775808", /^-ERR Protocol version is not an integer or out of range/],
    ["HELLO 4", /^-NOPROTO unsupported protocol version/],
    ["HELLO 1", /^-NOPROTO unsupported protocol version/],
    ["HELLO 3 AUTH default", /^-ERR Syntax error in HELLO option 'AUTH'/],
    ["HELLO 3 SETNAME", /^-ERR Syntax error in HELLO option 'SETNAME'/],
    ["HELLO 3 SETNAME x AUTH default wrong", /^-WRONGPASS/],
    ["HELLO 3 AUTH default p SETNAME x extra", /^-ERR Syntax error in HELLO option 'extra'/],
    ['HELLO 3 AUTH default p SETNAME "a b"', /^-ERR Client names cannot contain spaces/],
  ];
  for (const [line, refusal] of refusals) assert.match(client.line(line), refusal);
  assert.equal(client.line("GET k"), NOAUTH);
  assert.match(client.line("HELLO 3 SETNAME me AUTH default p"), /^%7/);
  assert.equal(client.line("CLIENT GETNAME"), bulk("me"));
  assert.match(client.line('HELLO 3 SETNAME ""'), /^%7/);
  assert.equal(client.line("CLIENT GETNAME"), "_\r\n");
});

test("RESET makes all as it was but what is said of the library", async () => {
  const server = await startConnections();
  const client = server.connect();
  client.line("HELLO 3 SETNAME me");
  for (const line of ["SELECT 4", "CLIENT NO-EVICT on", "CLIENT NO-TOUCH on"]) client.line(line);
  client.line("CLIENT SETINFO lib-name lib");
  client.line("CLIENT REPLY OFF");
  assert.equal(client.line("RESET"), "+RESET\r\n");
  const info = client.line("CLIENT INFO");
  assert.match(info, /^\$\d+\r\nid=1 .* name= .* flags=N db=0 .* resp=2 lib-name=lib lib-ver= tot/);
});

test("QUIT answers what came before, and nothing that comes after", async () => {
  const server = await startConnections();
  const client = server.connect();
  const value = "x".repeat(100_000);
  client.ask("SET", "k", value);
  assert.equal(
    client.raw(request("GET", "k") + request("QUIT", "now") + request("SET", "k", "v")),
    `${bulk(value)}+OK\r\n`,
  );
  assert.ok(client.isGone);
  assert.equal(server.engine.clients.size, 0);
  assert.equal(server.connect().ask("STRLEN", "k"), ":100000\r\n");
});

test("HTTP is cut off without an answer, and logged once a minute", async () => {
  const server = await startConnections();
  for (const words of ["POST / HTTP/1.1", "host: here"]) {
    const browser = server.connect();
    assert.equal(browser.raw(`${words}\r\nSET k v\r\n`), "");
    assert.ok(browser.isGone);
  }
  const attacks = () => server.log.filter((line) => line.includes("SECURITY ATTACK")).length;
  assert.equal(attacks(), 1);
  const client = server.connect();
  assert.equal(client.ask("EXISTS", "k"), ":0\r\n");
  server.advance(61_000);
  assert.equal(server.connect().line("POST"), "");
  assert.equal(attacks(), 2);
});

test("what is no protocol is answered and ends the connection", async () => {
  const server = await startConnections();
  const cases: [string, string][] = [
    ["*3\r\n$3\r\nSET\r\n$a\r\n", "invalid bulk length"],
    ["*a\r\n", "invalid multibulk length"],
    ["*1\r\nPING\r\n", "expected '$', got 'P'"],
    ["\0".repeat(70_000), "too big inline request"],
    [`*${"\0".repeat(70_000)}`, "too big mbulk count string"],
    [`*1\r\n$${"\0".repeat(70_000)}`, "too big bulk count string"],
    ["PING 'a\r\n", "unbalanced quotes in request"],
  ];
  for (const [bytes, reason] of cases) {
    const client = server.connect();
    assert.equal(client.raw("PING\r\n" + bytes), `+PONG\r\n-ERR Protocol error: ${reason}\r\n`);
    assert.ok(client.isGone);
  }
  const silent = server.connect();
  silent.line("CLIENT REPLY OFF");
  assert.equal(silent.raw("*a\r\n"), "");
  assert.ok(silent.isGone);
});
