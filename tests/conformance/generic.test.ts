/** The commands that work on keys of every type, but for those with a file of their own here. */
import { conformance, conformanceOf } from "../support/compare.ts";
import { textOf } from "../support/reply.ts";

conformance("DEL, UNLINK, EXISTS, TOUCH", (c) => {
  for (const name of ["DEL", "UNLINK", "EXISTS", "TOUCH"]) {
    c.do("MSET", "a", "1", "b", "2", "c", "3");
    c.do(name, "a");
    c.do(name, "a", "b", "c", "missing");
    c.do(name, "a", "a", "a");
    c.do(name, "");
    c.do(name);
    c.do(name.toLowerCase(), "missing");
    c.do("DBSIZE");
  }
});

conformance("TYPE", (c) => {
  c.do("TYPE", "missing");
  c.do("SET", "k", "v");
  c.do("TYPE", "k");
  c.do("TYPE");
  c.do("TYPE", "k", "x");
  c.do("SET", "gone", "v", "PX", "1");
  c.sleep(10);
  c.do("TYPE", "gone");
});

conformance("KEYS", (c) => {
  c.do("MSET", "hello", "", "hallo", "", "hxllo", "", "hllo", "", "heello", "", "h*llo", "");
  c.do("MSET", "a]b", "", "a-b", "", "a\\b", "", "", "", "key:1", "", "key:22", "", "\xff\0", "");
  const patterns = [
    ...["*", "h*llo", "h?llo", "h[ae]llo", "h[^e]llo", "h[a-b]llo", "h[b-a]llo", "h\\*llo", "?"],
    ...[
      "",
      "hello",
      "HELLO",
      "key:*",
      "key:?",
      "key:??",
      "*:*",
      "**",
      "***o",
      "h**o",
      "[",
      "h[",
      "h[a",
    ],
    ...["h[a-", "a[]]b", "a\\]b", "a\\\\b", "\\", "h\\", "[^a]*", "[a-z]*", "*[0-9]", "a[\\]]b"],
    ...["[\\a-\\z]ello", "*l*l*", "*o", "o*", "[*]", "h[*]llo", "?*?", "a?b"],
  ];
  for (const pattern of patterns) c.doSorted("KEYS", pattern);
  c.do("KEYS");
  c.do("KEYS", "a", "b");
  c.do("SET", "gone", "v", "PX", "1");
  c.sleep(10);
  c.do("KEYS", "gone");
});

conformance("RANDOMKEY", (c) => {
  c.do("RANDOMKEY");
  c.do("SET", "only", "v");
  c.do("RANDOMKEY");
  c.do("RANDOMKEY", "x");
  c.do("SET", "only", "v", "PX", "1");
  c.sleep(10);
  c.do("RANDOMKEY");
});

conformanceOf("RANDOMKEY finds every key", async (client) => {
  for (let i = 0; i < 20; i++) await client.command("SET", `k${i}`, i);
  const seen = new Set<string>();
  const replies = await client.pipeline(Array.from({ length: 2000 }, () => ["RANDOMKEY"]));
  for (const reply of replies) seen.add(textOf(reply));
  return [...seen].sort();
});

conformance("DBSIZE, FLUSHDB, FLUSHALL", (c) => {
  c.do("MSET", "a", "1", "b", "2");
  c.do("SELECT", 1);
  c.do("SET", "c", "3");
  c.do("DBSIZE");
  for (const name of ["FLUSHDB", "FLUSHALL"]) {
    c.do("MSET", "a", "1", "b", "2");
    c.do(name);
    c.do("DBSIZE");
    c.do("SELECT", 0);
    c.do("DBSIZE");
    c.do("MSET", "a", "1", "b", "2");
    c.do(name, "ASYNC");
    c.do("DBSIZE");
    c.do("SET", "a", "1");
    c.do(name, "sync");
    c.do(name, "NOSUCH");
    c.do(name, "");
    c.do(name, "SYNC", "ASYNC");
    c.do("DBSIZE");
  }
  c.do("DBSIZE", "x");
});

conformance("SWAPDB", (c) => {
  c.do("SET", "k", "zero");
  c.do("SELECT", 1);
  c.do("SET", "k", "one", "EX", "1000");
  c.do("SWAPDB", 0, 1);
  c.do("GET", "k");
  c.do("TTL", "k");
  c.do("SELECT", 0);
  c.do("GET", "k");
  c.do("TTL", "k");
  c.do("SWAPDB", 3, 3);
  c.do("SWAPDB", 15, 0);
  c.do("DBSIZE");
  c.do("SWAPDB", 15, 0);
  c.do("DBSIZE");
  for (const bad of ["16", "-1", "a", "", "1.5", "99999999999999999999", " 1"]) {
    c.do("SWAPDB", bad, "0");
    c.do("SWAPDB", "0", bad);
  }
  c.do("SWAPDB");
  c.do("SWAPDB", 0);
  c.do("SWAPDB", 0, 1, 2);
});

conformance("arity", (c) => {
  const names = [
    ...["COPY", "DUMP", "EXPIRE", "EXPIREAT", "EXPIRETIME", "MOVE", "OBJECT", "PERSIST", "PEXPIRE"],
    ...["PEXPIREAT", "PEXPIRETIME", "PTTL", "RENAME", "RENAMENX", "RESTORE", "SCAN", "TTL"],
  ];
  for (const name of names) {
    for (let count = 0; count <= 4; count++) c.do(name, ...Array(count).fill("99"));
  }
});
