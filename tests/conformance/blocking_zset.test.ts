/** The commands on sorted sets that wait: BZPOPMIN, BZPOPMAX, BZMPOP. */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AOF_FOLDER } from "../crash/aof_files.ts";
import { conformance } from "../support/compare.ts";
import { error } from "../support/reply.ts";
import { temporaryDirectory } from "../support/servers.ts";
import { type Side, skip } from "../support/sides.ts";
import { Waiting } from "../support/waiting.ts";
import { runScript, waitingScript } from "../support/waiting_script.ts";
import { startWithAof } from "./aof_servers.ts";

const TIMEOUTS = ["0", "1", "0.5", "1e-3", "-1", "-0.1", "x", "", " 1", "nan", "0x1p3", "-1e30"];
const OUT_OF_RANGE = ["inf", "1e30", "9223372036854775807", "9223372036854776"];

conformance("BZPOPMIN, BZPOPMAX and BZMPOP where there is something", (c) => {
  c.do("ZADD", "z", "1", "a", "2.5", "b", "3", "c", "4", "d", "5", "e", "6", "f", "inf", "g");
  c.do("BZPOPMIN", "z", "0");
  c.do("BZPOPMAX", "z", "0");
  c.do("BZPOPMIN", "missing", "z", "other", "0.5");
  c.do("BZPOPMAX", "missing", "z", "z", "1");
  c.do("BZMPOP", "0", "2", "missing", "z", "MIN");
  c.do("bzmpop", "0", "2", "missing", "z", "max", "count", "2");
  c.do("ZADD", "z", "1", "h", "2", "i");
  c.do("BZMPOP", "0", "1", "z", "MAX", "COUNT", "100");
  c.do("EXISTS", "z");
  c.do("ZADD", "z", "1", "a");
  c.do("BZPOPMIN", "z", "0");
  c.do("EXISTS", "z");
});

conformance("BZPOPMIN, BZPOPMAX and BZMPOP: wrong arguments and types", (c) => {
  c.do("SET", "s", "v");
  c.do("ZADD", "z", "1", "a");
  const commands = [
    ...["BZPOPMIN", "BZPOPMIN z", "BZPOPMIN s 0", "BZPOPMIN missing s z 0", "BZPOPMIN s x"],
    ...["BZPOPMAX", "BZPOPMAX z", "BZPOPMAX s 0", "BZPOPMAX missing s z 0", "BZPOPMAX z x"],
    ...["BZMPOP", "BZMPOP 0 1 z", "BZMPOP 0 0 z MIN", "BZMPOP 0 x z MIN", "BZMPOP 0 -1 z MIN"],
    ...["BZMPOP 0 2 z MIN", "BZMPOP 0 1 z UP", "BZMPOP x 1 z UP", "BZMPOP x 1 z MIN"],
    ...["BZMPOP 0 1 z MIN COUNT", "BZMPOP 0 1 z MIN COUNT 0", "BZMPOP 0 1 z MIN COUNT x"],
    ...["BZMPOP 0 1 z MIN COUNT 1 COUNT 1", "BZMPOP 0 1 z MIN NOTHING", "BZMPOP 0 1 s MAX"],
    ...["BZMPOP -1 1 z MIN", "BZMPOP x 0 z MIN", "BZMPOP 0 2 missing s MIN"],
    ...["BZMPOP 0 1 z MIN COUNT 9223372036854775808", "BZMPOP 0 9223372036854775808 z MIN"],
    ...["BZMPOP 0 1 z COUNT 1", "BZMPOP 0 1 z MIN MAX", "BZMPOP 0 1 z MIN COUNT 1 x"],
  ];
  for (const command of commands) c.do(...command.split(" "));
  // Since Redis 7.2 too long a time is said to be out of range and not negative.
  for (const timeout of OUT_OF_RANGE) {
    const refused = error("ERR timeout is out of range");
    c.do("ZADD", "k", "1", "a", "2", "b", "3", "c");
    c.doExpect(refused, "BZPOPMIN", "k", timeout);
    c.doExpect(refused, "BZPOPMAX", "k", timeout);
    c.doExpect(refused, "BZMPOP", timeout, "1", "k", "MIN");
    c.do("DEL", "k");
  }
  for (const timeout of TIMEOUTS) {
    c.do("ZADD", "k", "1", "a", "2", "b", "3", "c");
    c.do("BZPOPMIN", "k", timeout);
    c.do("BZPOPMAX", "k", timeout);
    c.do("BZMPOP", timeout, "1", "k", "MIN");
    c.do("DEL", "k");
  }
  c.do("ZRANGE", "z", "0", "-1");
});

conformance("BZPOPMIN, BZPOPMAX and BZMPOP: time that is over", (c) => {
  c.do("BZPOPMIN", "a", "b", "0.001");
  c.do("BZPOPMAX", "a", "0.002");
  c.do("BZMPOP", "0.001", "2", "a", "b", "MIN");
  c.do("PING");
});

conformance("BZPOPMIN, BZPOPMAX and BZMPOP within MULTI wait for nothing", (c) => {
  c.do("MULTI");
  c.do("BZPOPMIN", "a", "b", "0");
  c.do("BZPOPMAX", "a", "0");
  c.do("BZMPOP", "0", "1", "a", "MIN");
  c.do("ZADD", "a", "1", "x", "2", "y", "3", "z");
  c.do("BZPOPMIN", "a", "0");
  c.do("BZPOPMAX", "a", "0");
  c.do("BZMPOP", "0", "1", "a", "MIN");
  c.do("BZPOPMIN", "a", "x");
  c.do("EXEC");
  c.do("EXISTS", "a");
});

waitingScript(
  "BZPOPMIN and BZPOPMAX wait for a member",
  `a> BZPOPMIN k other 0
   b: ZADD k 1 x 2 y 3 z
   a<
   b: ZRANGE k 0 -1 WITHSCORES
   a> BZPOPMAX other none 0
   b: ZADD other 1 x 2 y
   a<
   b: ZRANGE other 0 -1
   b: DEL k
   a> BZPOPMIN k k k 0
   b: ZINCRBY k 2.5 m
   a<
   b: EXISTS k`,
);

waitingScript(
  "BZMPOP waits for a member",
  `a> BZMPOP 0 2 k other MIN COUNT 2
   b: ZADD other 1 x 2 y 3 z
   a<
   a> BZMPOP 0 1 k MAX COUNT 10
   b: ZADD k 1 x 2 y 3 z
   a<
   b: EXISTS k
   b: ZRANGE other 0 -1`,
);

waitingScript(
  "those who wait for members are served in the order in which they came",
  `a> BZPOPMIN k 0
   b> BZPOPMAX k 0
   c> BZMPOP 0 1 k MIN COUNT 2
   d> BZPOPMIN k 0
   e> BZPOPMIN k 0
   p: ZADD k 1 a 2 b 3 c 4 d 5 e
   a<
   b<
   c<
   d<
   = 1
   p: EXISTS k
   p: ZADD k 9 z
   e<`,
);

waitingScript(
  "members that are gone again when the transaction ends serve nobody",
  `a> BZPOPMIN k 0
   p: MULTI
   p: ZADD k 1 x
   p: DEL k
   p: EXEC
   = 1
   p: MULTI
   p: ZADD k 1 x
   p: DEL k
   p: SET k v
   p: EXEC
   = 1
   p: DEL k
   p: MULTI
   p: ZADD k 1 x 2 y
   p: ZPOPMIN k
   p: LPUSH other 1
   p: EXEC
   a<`,
);

waitingScript(
  "values of other types are nothing for BZPOPMIN, and sorted sets nothing for BLPOP",
  `a> BZPOPMIN k 0
   b> BLPOP k 0
   p: SET k v
   p: DEL k
   p: SADD k 1
   p: DEL k
   p: LPUSH k 1
   b<
   p: EXISTS k
   = 1
   b> BLPOP k 0
   p: ZADD k 1 x
   a<
   = 1
   p: RPUSH k 2
   b<`,
);

waitingScript(
  "other ways for a sorted set to come into being",
  `p: ZADD other 1 x 2 y
   p: SADD s x
   p: GEOADD g 13 38 here
   a> BZPOPMIN k 0
   p: RENAME other k
   a<
   a> BZPOPMIN copied 0
   p: COPY k copied
   a<
   a> BZPOPMIN range 0
   p: ZRANGESTORE range k 0 -1
   a<
   a> BZPOPMAX union 0
   p: ZUNIONSTORE union 2 k s WEIGHTS 2 3
   a<
   a> BZPOPMAX inter 0
   p: ZINTERSTORE inter 2 k k
   a<
   a> BZPOPMAX diff 0
   p: ZDIFFSTORE diff 1 k
   a<
   a> BZPOPMIN places 0
   p: GEOADD places 0 0 origin
   a<
   a> BZPOPMIN found 0
   p: GEOSEARCHSTORE found g FROMLONLAT 13 38 BYRADIUS 10 KM
   a<
   a> BZPOPMIN moved 0
   p: SELECT 3
   p: ZADD moved 1 x
   p: MOVE moved 0
   a<
   p: ZADD swapped 1 x
   a> BZPOPMIN swapped 0
   p: SWAPDB 0 3
   a<
   p: SELECT 0
   p: DBSIZE`,
);

waitingScript(
  "only what is in the database counts where BZPOPMIN waits",
  `a> BZPOPMIN k 0
   p: SELECT 1
   p: ZADD k 1 other
   = 1
   p: SELECT 0
   p: ZADD k 1 same
   a<`,
);

waitingScript(
  "BZMPOP waits for its keys and for no other argument",
  `a> BZMPOP 0 1 k MIN COUNT 10
   p: ZADD 0 100 x
   p: ZADD 1 200 x
   p: ZADD MIN 300 x
   p: ZADD COUNT 400 x
   p: ZADD 10 500 x
   = 1
   p: ZADD k 600 x
   a<`,
);

const SERVED = `
  a> BZPOPMIN none k 0
  b> BZMPOP 0 2 k none MAX COUNT 3
  p: ZADD k 1 x 2 y 3 z
  a<
  b<
  a> BZPOPMAX k 0
  p: MULTI
  p: ZADD k 1 x 2 y
  p: SET after x
  p: EXEC
  a<`;

/** Runs commands that serve those who wait, and returns what the append-only file then has. */
async function propagated(side: Side): Promise<string> {
  const directory = temporaryDirectory();
  try {
    const server = await startWithAof(side, directory, ["--appendfsync", "always"]);
    const observer = await server.client();
    const w = new Waiting(server, observer, 2);
    await runScript(w, SERVED);
    await w.end();
    observer.close();
    await server.stop();
    const path = join(directory, AOF_FOLDER, "appendonly.aof.1.incr.aof");
    return readFileSync(path, "latin1").replaceAll(/\r\n(?!\*)/g, " ");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test("the members that those who waited are served with are propagated", { skip }, async () => {
  assert.equal(await propagated("pagurus"), await propagated("redis"));
});
