/** MULTI, EXEC, DISCARD, WATCH and UNWATCH, with all that stands between them. */
import { conformance } from "../support/compare.ts";
import type { Scenario } from "../support/compare.ts";
import { waiting } from "../support/waiting.ts";

/** Sends lines as a person types them. */
function lines(c: Scenario, ...texts: readonly string[]): void {
  for (const text of texts) c.do(...text.split(" "));
}

conformance("MULTI, EXEC and DISCARD", (c) => {
  lines(c, "MULTI", "SET k 1", "INCR k", "RPUSH k x", "GET k", "MGET k none", "EXEC", "GET k");
  lines(c, "MULTI", "EXEC", "MULTI", "DISCARD", "EXEC", "DISCARD");
  lines(c, "MULTI", "SET k 2", "DISCARD", "GET k");
  lines(c, "MULTI", "MULTI", "WATCH k", "SET k 3", "EXEC", "GET k");
  lines(c, "MULTI x", "EXEC x", "DISCARD x", "UNWATCH x", "WATCH");
});

conformance("what is refused while commands are queued", (c) => {
  const refused = [
    ...[
      "SET k",
      "NOTHING",
      "NOTHING at all",
      "CONFIG NOTHING",
      "CONFIG",
      "SAVE",
      "SHUTDOWN NOSAVE x",
    ],
    ...["EXEC x", "DISCARD x", "MULTI x", "OBJECT NOTHING k", "GET"],
  ];
  for (const line of refused) {
    lines(c, "MULTI", "SET k 1", line, "SET k 2", "EXEC", "DISCARD", "EXISTS k");
  }
  // Errors of commands that run are theirs alone.
  lines(c, "MULTI", "SET k v", "INCR k", "HSET k f", "EXEC");
  lines(
    c,
    "MULTI",
    "SET k v",
    "INCR k",
    "LPUSH k x",
    "SELECT 99",
    "OBJECT FREQ k",
    "EXEC",
    "GET k",
  );
});

conformance("an empty transaction, and one in which commands do nothing", (c) => {
  lines(
    c,
    "MULTI",
    "EXEC",
    "MULTI",
    "DEL none",
    "LPOP none",
    "GETEX none",
    "EXPIRE none 1",
    "EXEC",
  );
});

conformance("SELECT, HELLO and CLIENT within a transaction", (c) => {
  lines(c, "MULTI", "SET k 0", "SELECT 5", "SET k 5", "SWAPDB 0 5", "GET k", "EXEC", "GET k");
  lines(c, "SELECT 0", "GET k", "FLUSHALL");
  lines(c, "MULTI", "CLIENT SETNAME me", "CLIENT GETNAME", "EXEC", "CLIENT GETNAME");
  lines(c, "MULTI", "GET none", "LRANGE none 0 -1", "HGETALL none", "EXEC");
  c.do("MULTI");
  c.do("HELLO", c.protocol === 2 ? "3" : "2");
  c.do("GET", "none");
  c.do("CONFIG", "GET", "maxclients");
  c.doNormalized(
    (reply) => reply.kind === "array" ? { ...reply, items: reply.items.slice(1) } : reply,
    "EXEC",
  );
  c.do("GET", "none");
});

conformance("CLIENT REPLY within a transaction", (c) => {
  lines(c, "MULTI", "SET k v", "CLIENT REPLY SKIP", "GET k");
  // Three are announced and two come.
  c.raw("EXEC\r\nPING\r\nPING\r\n", 1);
  c.do("GET", "k");
});

conformance("RESET and QUIT within a transaction", (c) => {
  c.do("MULTI");
  c.do("SET", "k", "v");
  c.do("RESET");
  c.do("EXEC");
  c.do("EXISTS", "k");
  c.do("MULTI");
  c.do("SET", "k", "v");
  c.doCloses("QUIT");
  c.do("EXISTS", "k");
});

/** What happens between WATCH and EXEC. */
const MEANWHILE: readonly (readonly string[])[] = [
  [],
  ["GET k", "EXISTS k", "TYPE k", "TOUCH k", "OBJECT ENCODING k"],
  ["SET k 1"],
  ["SET k 1 NX"],
  ["DEL k"],
  ["UNLINK k"],
  ["DEL none"],
  ["EXPIRE k 100"],
  ["EXPIRE k -1"],
  ["PERSIST k"],
  ["RENAME k l"],
  ["RENAME l k"],
  ["RENAMENX l k"],
  ["COPY l k", "COPY l k REPLACE"],
  ["COPY k l REPLACE"],
  ["MOVE k 1"],
  ["MOVE l 1"],
  ["SORT list STORE k"],
  ["SORT none STORE none"],
  ["GETDEL k"],
  ["GETEX k"],
  ["GETEX k PERSIST"],
  ["APPEND k ''"],
  ["SETRANGE k 0 ''"],
  ["MSETNX k 1 x 2"],
  ["BITOP NOT k none"],
  ["PFADD hll a"],
  ["PFMERGE hll none"],
  ["SADD set a"],
  ["SADD set b"],
  ["SREM set none"],
  ["HSET hash f 1"],
  ["HSETNX hash f 2"],
  ["HDEL hash none"],
  ["ZADD zset 1 a"],
  ["ZADD zset 2 a"],
  ["ZADD zset XX 1 none"],
  ["ZINCRBY zset 0 a"],
  ["LSET list 0 1"],
  ["LREM list 0 none"],
  ["LTRIM list 0 -1"],
  ["LTRIM list 1 0"],
  ["LPUSHX none x"],
  ["XADD stream 2-0 f v"],
  ["XTRIM stream MAXLEN 100"],
  ["XGROUP CREATE stream g 0"],
  ["XSETID stream 1-0"],
  ["GEOADD geo 1 1 a"],
  ["SDIFFSTORE none none", "ZUNIONSTORE none 1 none"],
  ["SDIFFSTORE set none"],
  ["FLUSHALL"],
  ["FLUSHDB ASYNC"],
  ["SELECT 1", "FLUSHDB"],
  ["SWAPDB 0 1"],
  ["SWAPDB 1 2"],
  ["SWAPDB 0 0"],
];
const WATCHED = ["k", "l", "list", "hll", "set", "hash", "zset", "stream", "geo", "none"];

conformance("what makes EXEC do nothing", (c) => {
  for (const commands of MEANWHILE) {
    for (const watched of WATCHED) {
      c.on("other");
      lines(c, "SELECT 0", "FLUSHALL", "MSET k 1 l 2", "RPUSH list 1", "PFADD hll a", "SADD set a");
      lines(c, "HSET hash f 1", "ZADD zset 1 a", "XADD stream 1-0 f v", "GEOADD geo 1 1 a");
      c.on("1");
      c.do("WATCH", watched);
      c.on("other");
      lines(c, ...commands);
      c.on("1");
      lines(c, "MULTI", "PING", "EXEC");
    }
  }
});

conformance("WATCH: its own changes, UNWATCH, databases, several keys", (c) => {
  lines(c, "WATCH k", "SET k 1", "MULTI", "PING", "EXEC", "MULTI", "PING", "EXEC");
  lines(c, "WATCH k", "SET k 1", "UNWATCH", "MULTI", "PING", "EXEC");
  lines(c, "WATCH k", "SET k 1", "DISCARD", "MULTI", "DISCARD", "MULTI", "PING", "EXEC");
  lines(c, "WATCH k", "SET k 1", "MULTI", "UNWATCH", "EXEC");
  lines(c, "WATCH k", "SET k 1", "MULTI", "SET k", "EXEC");
  lines(c, "WATCH k", "SET k 1", "WATCH l", "MULTI", "PING", "EXEC");
  lines(c, "WATCH a b k", "SELECT 1", "SET k 1", "MULTI", "PING", "EXEC");
  lines(c, "WATCH k", "SELECT 0", "SET k 1", "MULTI", "PING", "EXEC");
  lines(c, "WATCH k", "SELECT 1", "SET k 1", "SELECT 0", "MULTI", "PING", "EXEC");
});

conformance("WATCH and keys that expire", (c) => {
  c.do("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  for (const watchesLate of [false, true]) {
    for (
      const line of ["PING", "GET k", "DEL k", "SET k 2", "FLUSHALL", "SWAPDB 0 1", "RENAME k l"]
    ) {
      lines(c, "FLUSHALL", "SET k 1 PX 1");
      if (!watchesLate) c.do("WATCH", "k");
      c.sleep(3);
      if (watchesLate) c.do("WATCH", "k");
      c.doLoose(...line.split(" "));
      lines(c, "MULTI", "PING", "EXEC");
    }
  }
  c.do("DEBUG", "SET-ACTIVE-EXPIRE", "1");
}, { args: ["--enable-debug-command", "yes"] });

conformance("statistics of a transaction", (c) => {
  c.do("CONFIG", "RESETSTAT");
  lines(c, "MULTI", "SET k v", "INCR k", "NOTHING", "EXEC");
  lines(c, "MULTI", "SET k v", "INCR k", "LPUSH k x", "EXEC");
  c.doNormalized(
    (reply) => {
      if (!("bytes" in reply)) return reply;
      const text = Buffer.from(reply.bytes).toString().replace(
        /usec=[^,]*,usec_per_call=[^,]*,/g,
        "",
      );
      const kept = text.split("\r\n").filter((line) => !line.includes("info")).toSorted().join(
        "\n",
      );
      return { ...reply, bytes: Buffer.from(kept) };
    },
    "INFO",
    "commandstats",
  );
});

waiting("EXEC while a pause holds writes", async (w) => {
  await w.do("a", "MULTI");
  await w.do("a", "SET", "k", "v");
  await w.do("b", "MULTI");
  await w.do("b", "GET", "k");
  await w.do("p", "CLIENT", "PAUSE", "100000", "WRITE");
  await w.waits("a", "EXEC");
  await w.do("b", "EXEC");
  await w.do("p", "CLIENT", "UNPAUSE");
  await w.replies("a");
  await w.do("a", "GET", "k");
});
