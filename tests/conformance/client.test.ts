/** CLIENT and its subcommands. */
import { conformance, conformanceOf } from "../support/compare.ts";
import { error, type Reply, simple, textOf } from "../support/reply.ts";

const OK = simple("OK");

/** The names of the fields of CLIENT LIST and CLIENT INFO lines, which is what clients parse. */
function fieldNames(reply: Reply): string[][] {
  return textOf(reply).trim().split("\n").map((line) =>
    line.split(" ").map((field) => field.split("=")[0])
  );
}

conformance("ID, GETNAME, SETNAME", (c) => {
  c.doLoose("CLIENT", "ID");
  c.do("CLIENT", "ID", "x");
  c.do("CLIENT", "GETNAME");
  for (
    const name of ["me", "", "a-b_c.d:e", "!", "~", "x".repeat(500), "\x7f", "é", "a b", "a\n"]
  ) {
    c.do("CLIENT", "SETNAME", name);
    c.do("CLIENT", "GETNAME");
  }
  c.do("CLIENT", "SETNAME");
  c.do("CLIENT", "SETNAME", "a", "b");
  c.do("CLIENT", "GETNAME", "x");
  c.do("client", "getname");
});

conformance("SETINFO", (c) => {
  // New in Redis 7.2.
  c.doExpect(OK, "CLIENT", "SETINFO", "LIB-NAME", "redis-py");
  c.doExpect(OK, "CLIENT", "SETINFO", "lib-ver", "1.2.3");
  c.doExpect(OK, "CLIENT", "SETINFO", "lib-ver", "");
  c.doExpect(
    error("ERR LIB-NAME cannot contain spaces, newlines or special characters."),
    ...["CLIENT", "SETINFO", "LIB-NAME", "a b"],
  );
  c.doExpect(
    error("ERR LIB-VER cannot contain spaces, newlines or special characters."),
    ...["CLIENT", "SETINFO", "LIB-VER", "a\n"],
  );
  c.doExpect(
    error("ERR Unrecognized option 'nosuch'"),
    ...["CLIENT", "SETINFO", "nosuch", "a"],
  );
  c.doExpect(
    error("ERR wrong number of arguments for 'client|setinfo' command"),
    ...["CLIENT", "SETINFO", "LIB-NAME"],
  );
});

conformance("NO-EVICT, NO-TOUCH, REPLY", (c) => {
  c.do("CLIENT", "NO-EVICT", "on");
  c.do("CLIENT", "NO-EVICT", "OFF");
  c.do("CLIENT", "NO-EVICT", "maybe");
  c.do("CLIENT", "NO-EVICT");
  // New in Redis 7.2.
  c.doExpect(OK, "CLIENT", "NO-TOUCH", "on");
  c.doExpect(OK, "CLIENT", "NO-TOUCH", "OFF");
  c.doExpect(error("ERR syntax error"), "CLIENT", "NO-TOUCH", "maybe");
  c.doExpect(
    error("ERR wrong number of arguments for 'client|no-touch' command"),
    ...["CLIENT", "NO-TOUCH"],
  );
  c.do("CLIENT", "REPLY", "ON");
  c.do("CLIENT", "REPLY", "maybe");
  c.do("CLIENT", "REPLY");
  c.doReplies(0, "CLIENT", "REPLY", "SKIP");
  c.doReplies(0, "PING", "skipped");
  c.do("PING", "heard");
  c.doReplies(0, "CLIENT", "REPLY", "OFF");
  c.doReplies(0, "PING", "a");
  c.doReplies(0, "NOSUCH");
  c.doReplies(0, "CLIENT", "REPLY", "SKIP");
  c.doReplies(0, "PING", "b");
  c.do("CLIENT", "REPLY", "ON");
  c.do("PING", "c");
});

conformance("LIST: errors and filters", (c) => {
  c.do("CLIENT", "LIST", "TYPE");
  c.do("CLIENT", "LIST", "TYPE", "nosuch");
  c.do("CLIENT", "LIST", "NOSUCH");
  c.do("CLIENT", "LIST", "ID");
  c.do("CLIENT", "LIST", "ID", "a");
  c.do("CLIENT", "LIST", "ID", "0");
  c.do("CLIENT", "LIST", "ID", "-1");
  c.do("CLIENT", "LIST", "ID", "99999999");
  c.do("CLIENT", "LIST", "TYPE", "normal", "x");
  c.do("CLIENT", "LIST", "TYPE", "replica");
  c.do("CLIENT", "LIST", "TYPE", "pubsub");
  c.do("CLIENT", "LIST", "TYPE", "master");
  c.do("CLIENT", "INFO", "x");
  c.doLoose("CLIENT", "LIST");
  c.doLoose("CLIENT", "INFO");
});

conformanceOf("LIST and INFO: the fields of a line", async (client) => {
  const removed = /^(lib-name|lib-ver|watch|tot-net-in|tot-net-out|tot-cmds)$/;
  await client.command("CLIENT", "SETNAME", "somebody");
  const observed: unknown[] = [];
  for (const command of [["INFO"], ["LIST", "TYPE", "normal"]]) {
    const [names] = fieldNames(await client.command("CLIENT", ...command));
    // Redis 7.2 has two of these, 7.4 and 8 the others.
    observed.push(names.filter((name) => !removed.test(name)));
  }
  await client.command("SELECT", 3);
  const info = textOf(await client.command("CLIENT", "INFO"));
  const known = [
    "name",
    "db",
    "sub",
    "psub",
    "ssub",
    "multi",
    "flags",
    "cmd",
    "user",
    "redir",
    "resp",
  ];
  for (const field of known) observed.push(new RegExp(`\\b${field}=(\\S*)`).exec(info)?.[1]);
  return observed;
});

conformance("KILL: errors", (c) => {
  c.do("CLIENT", "KILL");
  c.do("CLIENT", "KILL", "127.0.0.1:1");
  c.do("CLIENT", "KILL", "nonsense");
  c.do("CLIENT", "KILL", "ID");
  c.do("CLIENT", "KILL", "ID", "a");
  c.do("CLIENT", "KILL", "ID", "0");
  c.do("CLIENT", "KILL", "ID", "-5");
  c.do("CLIENT", "KILL", "ID", "99999999");
  c.do("CLIENT", "KILL", "TYPE", "nosuch");
  c.do("CLIENT", "KILL", "TYPE", "replica");
  c.do("CLIENT", "KILL", "USER", "nobody");
  c.do("CLIENT", "KILL", "ADDR", "127.0.0.1:1");
  c.do("CLIENT", "KILL", "LADDR", "127.0.0.1:1");
  c.do("CLIENT", "KILL", "SKIPME", "maybe");
  c.do("CLIENT", "KILL", "NOSUCH", "x");
  c.do("CLIENT", "KILL", "ADDR", "127.0.0.1:1", "ID");
  c.do("CLIENT", "KILL", "ADDR", "127.0.0.1:1", "SKIPME", "yes");
});

conformanceOf("KILL ends connections", async (client, server) => {
  const observed: unknown[] = [];
  const victim = await server.client();
  const id = textOf(await victim.command("CLIENT", "ID"));
  observed.push(await client.command("CLIENT", "KILL", "ID", id));
  await victim.waitClosed();
  const second = await server.client();
  const address = /\baddr=(\S+)/.exec(textOf(await second.command("CLIENT", "INFO")))![1];
  observed.push(await client.command("CLIENT", "KILL", address));
  await second.waitClosed();
  const third = await server.client();
  await third.command("PING");
  const ownId = textOf(await client.command("CLIENT", "ID"));
  observed.push(await client.command("CLIENT", "KILL", "ID", ownId));
  observed.push(await client.command("CLIENT", "KILL", "ID", ownId, "SKIPME", "no"));
  await client.waitClosed();
  observed.push(await third.command("PING"));
  third.close();
  return observed;
}, { args: ["--databases", "16"] });

conformance("PAUSE and UNPAUSE", (c) => {
  c.do("CLIENT", "PAUSE");
  c.do("CLIENT", "PAUSE", "a");
  c.do("CLIENT", "PAUSE", "-1");
  c.do("CLIENT", "PAUSE", "1.5");
  c.do("CLIENT", "PAUSE", "10", "NOSUCH");
  c.do("CLIENT", "PAUSE", "10", "ALL", "x");
  c.do("CLIENT", "UNPAUSE", "x");
  c.do("CLIENT", "UNPAUSE");
  c.do("CLIENT", "PAUSE", "20");
  c.do("SET", "k", "v");
  c.do("CLIENT", "PAUSE", "10000", "WRITE");
  c.do("GET", "k");
  c.do("CLIENT", "UNPAUSE");
  c.do("SET", "k", "w");
  c.do("GET", "k");
}, { args: ["--hz", "10"] });

conformance("the rest", (c) => {
  c.do("CLIENT");
  c.do("CLIENT", "NOSUCH");
  c.do("CLIENT", "NOSUCH", "x");
  c.do("CLIENT", "");
  c.do("CLIENT", "HELP", "x");
});
