/** PING, ECHO, AUTH, HELLO, SELECT, QUIT, RESET: what a connection says about itself. */
import { bulk, error, type Reply } from "../support/reply.ts";
import { conformance } from "../support/compare.ts";

conformance("PING and ECHO", (c) => {
  c.do("PING");
  c.do("ping");
  c.do("PiNg", "hello");
  c.do("PING", "");
  c.do("PING", "a", "b");
  c.do("PING", Uint8Array.of(0, 13, 10, 255));
  c.do("ECHO", "hello");
  c.do("ECHO", "");
  c.do("ECHO", "x".repeat(20_000));
  c.do("ECHO", Uint8Array.from({ length: 256 }, (_, i) => i));
  c.do("ECHO");
  c.do("ECHO", "a", "b");
});

conformance("unknown commands", (c) => {
  c.do("NOSUCH");
  c.do("NOSUCH", "a", "b c", "");
  c.do("nosuch", "x".repeat(200), "y");
  c.do("nosuch", "a".repeat(60), "b".repeat(60), "c".repeat(60));
  c.do("x".repeat(300));
  c.do("", "a");
  c.do("NO\r\nSUCH", "a\r\nb", "\0");
  c.do(Uint8Array.of(0xff, 0xfe, 0), Uint8Array.of(0xff));
  c.do("GETX", "a");
  c.do("GE", "a");
  c.do("GET ", "a");
  c.do(" GET", "a");
  c.do("CLIENT|ID");
  c.do("config|get", "port");
});

conformance("SELECT", (c) => {
  c.do("SELECT");
  c.do("SELECT", 0);
  c.do("SELECT", 15);
  c.do("SET", "k", "in 15");
  c.do("SELECT", 16);
  c.do("GET", "k");
  for (const bad of ["-1", "a", "", "1.5", "01", " 1", "1 ", "+1", "99999999999999999999"]) {
    c.do("SELECT", bad);
  }
  c.do("SELECT", "2147483648");
  c.do("SELECT", "4294967296");
  c.do("SELECT", 0, 1);
  c.do("GET", "k");
  c.do("SELECT", "0");
  c.do("GET", "k");
});

conformance("HELLO: errors", (c) => {
  c.do("HELLO", "1");
  c.do("HELLO", "4");
  c.do("HELLO", "0");
  c.do("HELLO", "-1");
  c.do("HELLO", "a");
  c.do("HELLO", "");
  c.do("HELLO", "3.0");
  c.do("HELLO", "99999999999999999999");
  c.do("HELLO", "3", "AUTH");
  c.do("HELLO", "3", "AUTH", "user");
  c.doNormalized(withoutIdentity, "HELLO", "3", "AUTH", "default", "wrong", "SETNAME", "n");
  c.do("HELLO", "3", "AUTH", "nobody", "wrong");
  c.do("HELLO", "3", "SETNAME");
  c.do("HELLO", "3", "SETNAME", "a b");
  c.do("HELLO", "3", "SETNAME", "a\n");
  c.do("HELLO", "3", "NOSUCH");
  c.do("HELLO", "3", "SETNAME", "x", "extra");
  // Redis 7.0 took the name although the command failed, 7.2 does not.
  c.doExpect(bulk("n"), "CLIENT", "GETNAME");
});

/** HELLO's reply without what has to differ: the version and the connection's id. */
function withoutIdentity(reply: Reply): Reply {
  if (reply.kind === "map") {
    return {
      kind: "map",
      entries: reply.entries.map(([key, value]) => {
        const name = key.kind === "bulk" ? Buffer.from(key.bytes).toString() : "";
        return name === "version" || name === "id"
          ? [key, { kind: "simple", text: value.kind }]
          : [key, value];
      }),
    };
  }
  if (reply.kind !== "array") return reply;
  return {
    kind: "array",
    items: reply.items.map((item, i) =>
      i === 3 || i === 7 ? { kind: "simple", text: item.kind } : item
    ),
  };
}

conformance("HELLO: switching", (c) => {
  c.doNormalized(withoutIdentity, "HELLO");
  c.doNormalized(withoutIdentity, "HELLO", "3");
  c.do("GET", "missing");
  c.doNormalized(withoutIdentity, "HELLO");
  c.doNormalized(withoutIdentity, "HELLO", "2");
  c.do("GET", "missing");
  c.doNormalized(withoutIdentity, "HELLO", "2", "SETNAME", "me");
  c.do("CLIENT", "GETNAME");
  c.doNormalized(withoutIdentity, "hello", "3", "setname", "you");
  c.do("CLIENT", "GETNAME");
  c.doNormalized(withoutIdentity, "HELLO", "3", "SETNAME", "a", "SETNAME", "b");
  c.do("CLIENT", "GETNAME");
  c.doNormalized(withoutIdentity, "HELLO", "3", "SETNAME", "");
  c.do("CLIENT", "GETNAME");
});

conformance("AUTH without a password set", (c) => {
  c.do("AUTH", "x");
  c.do("AUTH", "default", "x");
  c.do("AUTH", "nobody", "x");
  c.do("AUTH");
  c.do("AUTH", "a", "b", "c");
  c.do("PING");
});

conformance("requirepass", (c) => {
  c.do("CONFIG", "SET", "requirepass", "secret");
  c.do("PING");
  c.on("guest");
  if (c.protocol === 2) {
    c.do("PING");
    c.do("GET", "k");
    c.do("NOSUCH");
    c.do("GET");
    // Redis 7.2 added "<proto>" to this text.
    const refused = error(
      "NOAUTH HELLO must be called with the client already authenticated, otherwise the " +
        "HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and " +
        "select the RESP protocol version at the same time",
    );
    c.doExpect(refused, "HELLO", "3");
    c.doExpect(refused, "HELLO", "3", "SETNAME", "n");
    c.do("RESET");
    c.do("AUTH");
    c.do("AUTH", "wrong");
    c.do("AUTH", "default", "wrong");
    c.do("AUTH", "nobody", "secret");
    c.do("CLIENT", "SETNAME", "n");
    c.do("COMMAND");
    c.do("AUTH", "secret");
    c.do("PING");
    c.do("RESET");
    c.do("PING");
    c.doNormalized(withoutIdentity, "HELLO", "3", "AUTH", "default", "secret", "SETNAME", "g");
    c.do("CLIENT", "GETNAME");
    c.on("leaver");
    c.doCloses("QUIT");
  }
  c.on("1");
  c.do("CONFIG", "SET", "requirepass", "");
});

conformance("QUIT", (c) => {
  c.do("PING");
  c.doCloses("QUIT");
  c.do("PING");
  c.doCloses("quit", "with", "arguments");
  c.do("PING");
});

conformance("RESET", (c) => {
  c.do("SELECT", 3);
  c.do("CLIENT", "SETNAME", "x");
  c.do("SET", "k", "v");
  c.do("RESET");
  c.do("GET", "k");
  c.do("CLIENT", "GETNAME");
  c.do("RESET", "a");
  c.do("GET", "missing");
});
