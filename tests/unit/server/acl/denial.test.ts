/** What is denied to connections, in which words, and what ACL LOG keeps of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bulk, startConnections } from "../commands/connections.ts";

const NO_KEY = "-NOPERM No permissions to access a key\r\n";
const NO_CHANNEL = "-NOPERM No permissions to access a channel\r\n";

function noCommand(name: string, user = "u"): string {
  return `-NOPERM User ${user} has no permissions to run the '${name}' command\r\n`;
}

/** A server, its administrator, and a connection of a user with such rules. */
async function withUser(...rules: string[]) {
  const server = await startConnections();
  const admin = server.connect();
  assert.equal(admin.ask("ACL", "SETUSER", "u", "on", ">p", ...rules), "+OK\r\n");
  const user = server.connect();
  assert.equal(user.ask("AUTH", "u", "p"), "+OK\r\n");
  return { server, admin, user };
}

test("commands, keys and channels", async () => {
  const { user } = await withUser("~a*", "%R~r", "%W~w", "&news", "&b*", "+@all", "-config|set");
  assert.equal(user.line("SET a1 x"), "+OK\r\n");
  assert.equal(user.line("SET b x"), NO_KEY);
  assert.equal(user.line("MSET a 1 b 2"), NO_KEY);
  assert.equal(user.line("GET r"), "$-1\r\n");
  assert.equal(user.line("SET r x"), NO_KEY);
  assert.equal(user.line("SET w x"), "+OK\r\n");
  assert.equal(user.line("SET w x GET"), NO_KEY);
  assert.equal(user.line("GET w"), NO_KEY);
  assert.equal(user.line("COPY r w"), ":0\r\n");
  assert.equal(user.line("COPY w r"), NO_KEY);
  assert.equal(user.line("CONFIG SET hz 10"), noCommand("config|set"));
  assert.equal(user.line("PUBLISH news x"), ":0\r\n");
  assert.equal(user.line("PUBLISH other x"), NO_CHANNEL);
  assert.equal(user.line("PSUBSCRIBE bx*"), NO_CHANNEL);
  assert.equal(user.line("SSUBSCRIBE b c"), NO_CHANNEL);
  assert.equal(user.line("PSUBSCRIBE b*"), `*3\r\n${bulk("psubscribe")}${bulk("b*")}:1\r\n`);
});

test("keys that cannot be told are those of a command that will fail", async () => {
  const { user } = await withUser("~a", "+@all");
  assert.equal(user.line("ZUNION x b"), "-ERR value is not an integer or out of range\r\n");
  assert.equal(user.line("ZUNION 1 b"), NO_KEY);
  assert.equal(user.line("ZUNION 1 a"), "*0\r\n");
});

test("a selector has to allow all of a command", async () => {
  const { user } = await withUser("+get", "~a", "(+set ~b)", "(+@hash ~*)");
  assert.equal(user.line("GET a"), "$-1\r\n");
  assert.equal(user.line("SET b 1"), "+OK\r\n");
  assert.equal(user.line("GET b"), NO_KEY);
  assert.equal(user.line("SET a 1"), NO_KEY);
  assert.equal(user.line("HGET any f"), "$-1\r\n");
  assert.equal(user.line("DEL a"), noCommand("del"));
});

test("first arguments", async () => {
  const { user } = await withUser("+select|0", "+get|a", "~*");
  assert.equal(user.line("SELECT 0"), "+OK\r\n");
  assert.equal(user.line("SELECT 1"), noCommand("select"));
  assert.equal(user.line("GET A"), "$-1\r\n");
  assert.equal(user.line("GET b"), noCommand("get"));
});

test("SORT's BY and GET read keys that nobody can tell", async () => {
  const { user } = await withUser("~a", "+@all", "(%R~* +sort_ro)");
  const denied = (option: string) =>
    `-ERR ${option} option of SORT denied due to insufficient ACL permissions.\r\n`;
  assert.equal(user.line("SORT a BY w*"), denied("BY"));
  assert.equal(user.line("SORT a GET x*"), denied("GET"));
  assert.equal(user.line("SORT a GET #"), denied("GET"));
  assert.equal(user.line("SORT a BY nosort"), "*0\r\n");
  assert.equal(user.line("SORT_RO a BY w* GET x*"), "*0\r\n");
});

test("what has become forbidden is not run by EXEC", async () => {
  const { admin, user } = await withUser("~*", "&*", "+@all");
  for (const line of ["MULTI", "SET a 1", "GET b", "PUBLISH c d", "PING"]) user.line(line);
  admin.line("ACL SETUSER u resetkeys ~b resetchannels -ping");
  const start = "-NOPERM ACLs rules changed between the moment the transaction was accumulated " +
    "and the EXEC call. This command is no longer allowed for the following reason: ";
  assert.equal(
    user.line("EXEC"),
    `*4\r\n${start}no permission to touch the specified keys\r\n$-1\r\n` +
      `${start}no permission to access one of the channels used as arguments\r\n` +
      `${start}no permission to execute the command or subcommand\r\n`,
  );
  assert.equal(user.line("MULTI"), "+OK\r\n");
  assert.equal(user.line("PING"), noCommand("ping"));
  assert.match(user.line("EXEC"), /^-EXECABORT /);
});

test("AUTH, HELLO and RESET need no permission", async () => {
  const { user } = await withUser();
  assert.equal(user.line("PING"), noCommand("ping"));
  assert.equal(user.line("AUTH u p"), "+OK\r\n");
  assert.match(user.line("HELLO"), /^\*14/);
  assert.equal(user.line("RESET"), "+RESET\r\n");
  assert.equal(user.line("ACL WHOAMI"), bulk("default"));
});

test("a blocked command is checked again when it can be served", async () => {
  const { admin, user } = await withUser("~*", "+@all");
  assert.equal(user.line("BLPOP l 0"), "");
  admin.line("ACL SETUSER u resetkeys");
  admin.line("LPUSH l x");
  assert.equal(user.heard(), NO_KEY);
  assert.equal(admin.line("LLEN l"), ":1\r\n");
});

test("wrong passwords, and users who are off", async () => {
  const { admin, server } = await withUser();
  const wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
  const guest = server.connect();
  for (const words of [["u", "q"], ["u", ""], ["U", "p"], ["nobody", "p"], ["u\0", "p"]]) {
    assert.equal(guest.ask("AUTH", ...words), wrong);
  }
  assert.equal(guest.line("ACL WHOAMI"), bulk("default"));
  admin.line("ACL SETUSER u off");
  assert.equal(guest.line("AUTH u p"), wrong);
  admin.line("ACL SETUSER u on nopass");
  assert.equal(guest.line("AUTH u anything"), "+OK\r\n");
  admin.line("ACL SETUSER u off");
  assert.equal(guest.line("AUTH u anything"), wrong);
  assert.equal(guest.line("PING"), noCommand("ping"), "it stays the user's");
});

test("the default user who is off or has a password", async () => {
  const { admin, server } = await withUser("+@all");
  const early = server.connect();
  admin.line("ACL SETUSER default off");
  const late = server.connect();
  assert.equal(early.line("PING"), "+PONG\r\n");
  assert.equal(late.line("PING"), "-NOAUTH Authentication required.\r\n");
  assert.equal(late.line("AUTH u p"), "+OK\r\n");
  assert.equal(late.line("PING"), "+PONG\r\n");
  admin.line("ACL SETUSER default on >x");
  assert.equal(server.connect().line("PING"), "-NOAUTH Authentication required.\r\n");
  admin.line("ACL SETUSER default nopass");
  assert.equal(server.connect().line("PING"), "+PONG\r\n");
});

test("requirepass is the default user's only password", async () => {
  const { admin } = await withUser();
  admin.line("CONFIG SET requirepass abc");
  assert.match(admin.line("ACL LIST"), /user default on sanitize-payload #ba7816bf[0-9a-f]* ~\*/);
  admin.line("ACL SETUSER default >more");
  admin.line("CONFIG SET requirepass other");
  assert.equal(admin.line("AUTH more").slice(0, 10), "-WRONGPASS");
  assert.equal(admin.line("AUTH other"), "+OK\r\n");
  admin.ask("CONFIG", "SET", "requirepass", "");
  assert.match(admin.line("ACL LIST"), /user default on nopass sanitize-payload ~\* /);
});

test("users who are deleted lose their connections", async () => {
  const { admin, user, server } = await withUser("+@all");
  const other = server.connect();
  assert.equal(admin.line("ACL DELUSER u nosuch u"), ":1\r\n");
  assert.ok(user.isGone);
  assert.equal(other.line("PING"), "+PONG\r\n");
  admin.line("ACL SETUSER me on nopass +acl");
  admin.line("AUTH me x");
  assert.equal(admin.line("ACL DELUSER me"), ":1\r\n", "it is told before it goes");
  assert.ok(admin.isGone);
});

test("subscribers go when their channels are taken from them", async () => {
  const { admin, user, server } = await withUser("&a*", "&b", "+@all");
  user.line("SUBSCRIBE ab");
  const pattern = server.connect();
  pattern.line("AUTH u p");
  pattern.line("PSUBSCRIBE a*");
  admin.line("ACL SETUSER u resetchannels &a* &b &c");
  assert.ok(!user.isGone && !pattern.isGone);
  admin.line("ACL SETUSER u allchannels");
  assert.ok(!user.isGone && !pattern.isGone);
  admin.line("ACL SETUSER u resetchannels &ab");
  assert.ok(!user.isGone);
  assert.ok(pattern.isGone);
  admin.line("ACL SETUSER u resetchannels");
  assert.ok(user.isGone);
});

test("ACL LOG groups what is alike within a minute", async () => {
  const { admin, user, server } = await withUser("~a", "+get");
  user.line("GET x");
  server.advance(1000);
  user.line("SET y 1");
  user.line("GET x");
  assert.equal(server.engine.acl.log.entries.length, 2);
  const [entry, other] = server.engine.acl.log.entries;
  assert.deepEqual(
    [entry.count, entry.reason, entry.context, entry.object, entry.userName, entry.id],
    [2, "key", "toplevel", "x", "u", 0],
  );
  assert.deepEqual([other.count, other.reason, other.object, other.id], [1, "command", "set", 1]);
  assert.equal(entry.updatedMs - entry.createdMs, 1000);
  assert.match(entry.clientInfo, /^id=2 .* cmd=get user=u /);
  server.advance(60_001);
  user.line("GET x");
  assert.equal(server.engine.acl.log.entries.length, 3);
  admin.line("AUTH nobody x");
  const reply = admin.line("ACL LOG 1");
  for (const text of ["auth", "toplevel", "AUTH", "nobody", "age-seconds", "entry-id"]) {
    assert.ok(reply.includes(bulk(text)), text);
  }
  assert.match(reply, /^\*1\r\n\*20\r\n\$5\r\ncount\r\n:1\r\n/);
  assert.equal(admin.line("ACL LOG 0"), "*0\r\n");
  assert.equal(admin.line("ACL LOG -1"), "*0\r\n");
  admin.line("CONFIG SET acllog-max-len 2");
  assert.match(admin.line("ACL LOG"), /^\*4\r\n/, "what is there stays until the next one");
  user.line("GET z");
  assert.match(admin.line("ACL LOG"), /^\*2\r\n/);
  admin.line("ACL LOG RESET");
  assert.equal(admin.line("ACL LOG"), "*0\r\n");
  user.line("GET zz");
  assert.equal(server.engine.acl.log.entries[0].id, 5);
});

test("INFO counts denials, and CONFIG RESETSTAT forgets them", async () => {
  const { admin, user } = await withUser("~a", "+get", "+publish");
  user.line("GET x");
  user.line("SET x 1");
  user.line("SET x 1");
  user.line("PUBLISH x 1");
  user.line("AUTH u wrong");
  const counts = () =>
    ["auth", "cmd", "key", "channel"].map((each) =>
      Number(new RegExp(`acl_access_denied_${each}:(\\d+)`).exec(admin.line("INFO stats"))?.[1])
    );
  assert.deepEqual(counts(), [1, 2, 1, 1]);
  admin.line("CONFIG RESETSTAT");
  assert.deepEqual(counts(), [0, 0, 0, 0]);
});

test("ACL DRYRUN tells more than the user would be told", async () => {
  const { admin, server } = await withUser("~a", "+get", "+publish");
  assert.equal(admin.line("ACL DRYRUN u GET a"), "+OK\r\n");
  const text = (what: string) => bulk(`User u has no permissions to ${what}`);
  assert.equal(admin.line("ACL DRYRUN u GET b"), text("access the 'b' key"));
  assert.equal(admin.line("ACL DRYRUN u SET a 1"), text("run the 'set' command"));
  assert.equal(admin.line("ACL DRYRUN u PUBLISH c m"), text("access the 'c' channel"));
  assert.equal(server.engine.acl.log.entries.length, 0);
});

test("names are bytes", async () => {
  const { admin, server } = await withUser();
  const name = "\xc3\xa4\xff";
  assert.equal(admin.ask("ACL", "SETUSER", name, "on", "nopass", "~\xff*", "+@all"), "+OK\r\n");
  assert.ok(admin.line("ACL USERS").includes(bulk(name)));
  const other = server.connect();
  assert.equal(other.ask("AUTH", name, "x"), "+OK\r\n");
  assert.equal(other.line("ACL WHOAMI"), bulk(name));
  assert.equal(other.ask("GET", "\xff1"), "$-1\r\n");
  assert.equal(other.ask("GET", "\xfe1"), NO_KEY);
  assert.ok(other.ask("ACL", "DRYRUN", name, "GET", "\xfe").includes("'\xfe' key"));
});

test("ACL GENPASS", async () => {
  const { admin } = await withUser();
  assert.match(admin.line("ACL GENPASS"), /^\$64\r\n[0-9a-f]{64}\r\n$/);
  assert.match(admin.line("ACL GENPASS 5"), /^\$2\r\n[0-9a-f]{2}\r\n$/);
  assert.match(admin.line("ACL GENPASS 1"), /^\$1\r\n[0-9a-f]\r\n$/);
  assert.match(admin.line("ACL GENPASS 4096"), /^\$1024\r\n/);
  assert.notEqual(admin.line("ACL GENPASS"), admin.line("ACL GENPASS"));
  for (const bits of ["0", "-1", "4097", "99999999999"]) {
    assert.match(admin.line(`ACL GENPASS ${bits}`), /^-ERR ACL GENPASS argument must be/);
  }
});
