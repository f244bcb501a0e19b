/** The list commands that wait: BLPOP, BRPOP, BLMPOP, BLMOVE, BRPOPLPUSH. */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AOF_FOLDER } from "../crash/aof_files.ts";
import { conformance } from "../support/compare.ts";
import { bytesOf, error, textOf } from "../support/reply.ts";
import { sleep, temporaryDirectory } from "../support/servers.ts";
import { type Side, skip } from "../support/sides.ts";
import { Waiting, waiting } from "../support/waiting.ts";
import { startWithAof } from "./aof_servers.ts";

const TIMEOUTS = ["0", "1", "0.5", "1e-3", "-1", "-0.1", "x", "", " 1", "nan", "0x1p3", "-1e30"];
const OUT_OF_RANGE = ["inf", "1e30", "9223372036854775807"];

conformance("the blocking list commands where there is something", (c) => {
  c.do("RPUSH", "a", "1", "2", "3", "4", "5", "6", "7", "8", "9");
  c.do("BLPOP", "a", "0");
  c.do("BRPOP", "a", "0");
  c.do("BLPOP", "missing", "a", "other", "0.5");
  c.do("BRPOP", "missing", "a", "a", "1");
  c.do("BLMPOP", "0", "2", "missing", "a", "LEFT");
  c.do("blmpop", "0", "2", "missing", "a", "right", "count", "2");
  c.do("BLMOVE", "a", "b", "LEFT", "RIGHT", "0");
  c.do("BLMOVE", "a", "a", "left", "right", "0");
  c.do("BRPOPLPUSH", "a", "b", "0");
  c.do("EXISTS", "a");
  c.do("LRANGE", "b", "0", "-1");
  c.do("BLMPOP", "0", "1", "b", "LEFT", "COUNT", "100");
  c.do("EXISTS", "b");
});

conformance("the blocking list commands: wrong arguments and types", (c) => {
  c.do("SET", "s", "v");
  c.do("RPUSH", "l", "1");
  const commands = [
    ...["BLPOP", "BLPOP l", "BLPOP s 0", "BLPOP missing s l 0", "BLPOP s x", "BLPOP l x"],
    ...["BRPOP", "BRPOP l", "BRPOP s 0", "BRPOP missing s l 0", "BRPOP s x", "BRPOP l x"],
    ...["BLMPOP", "BLMPOP 0 1 l", "BLMPOP 0 0 l LEFT", "BLMPOP 0 x l LEFT", "BLMPOP 0 -1 l LEFT"],
    ...["BLMPOP 0 2 l LEFT", "BLMPOP 0 1 l UP", "BLMPOP x 1 l UP", "BLMPOP x 1 l LEFT"],
    ...["BLMPOP 0 1 l LEFT COUNT", "BLMPOP 0 1 l LEFT COUNT 0", "BLMPOP 0 1 l LEFT COUNT x"],
    ...["BLMPOP 0 1 l LEFT COUNT 1 COUNT 1", "BLMPOP 0 1 l LEFT NOTHING", "BLMPOP 0 1 s LEFT"],
    ...["BLMPOP -1 1 l LEFT", "BLMPOP x 0 l LEFT", "BLMPOP 0 2 missing s LEFT"],
    ...["BLMOVE", "BLMOVE l m LEFT RIGHT", "BLMOVE l m UP RIGHT 0", "BLMOVE l m LEFT DOWN 0"],
    ...["BLMOVE l m LEFT RIGHT x", "BLMOVE l m UP RIGHT x", "BLMOVE s m LEFT RIGHT 0"],
    ...["BLMOVE l s LEFT RIGHT 0", "BLMOVE l m LEFT RIGHT -1", "BLMOVE l m LEFT RIGHT 0 0"],
    ...["BRPOPLPUSH", "BRPOPLPUSH l m", "BRPOPLPUSH l m x", "BRPOPLPUSH s m 0"],
    ...["BRPOPLPUSH l s 0", "BRPOPLPUSH l m -1", "BRPOPLPUSH l m 0 0"],
  ];
  for (const command of commands) c.do(...command.split(" "));
  // Since Redis 7.2 too long a time is said to be out of range and not negative.
  for (const timeout of OUT_OF_RANGE) {
    c.doExpect(error("ERR timeout is out of range"), "BLPOP", "k", timeout);
    c.doErrorPrefix("BLMOVE", "k", "k", "LEFT", "LEFT", timeout);
    c.doErrorPrefix("BLMPOP", timeout, "1", "k", "LEFT");
  }
  for (const timeout of TIMEOUTS) {
    c.do("RPUSH", "k", "1", "2", "3", "4");
    c.do("BLPOP", "k", timeout);
    c.do("BRPOP", "k", timeout);
    c.do("BLMPOP", timeout, "1", "k", "LEFT");
    c.do("BLMOVE", "k", "k", "LEFT", "LEFT", timeout);
    c.do("BRPOPLPUSH", "k", "k", timeout);
    c.do("DEL", "k");
  }
  c.do("LRANGE", "l", "0", "-1");
});

conformance("the blocking list commands: time that is over", (c) => {
  c.do("BLPOP", "a", "b", "0.001");
  c.do("BRPOP", "a", "0.002");
  c.do("BLMPOP", "0.001", "2", "a", "b", "LEFT");
  c.do("BLMOVE", "a", "b", "LEFT", "RIGHT", "0.001");
  c.do("BRPOPLPUSH", "a", "b", "0.001");
  c.do("SET", "s", "v");
  c.do("BLMOVE", "a", "s", "LEFT", "RIGHT", "0.001");
  c.do("PING");
});

conformance("the blocking list commands within MULTI wait for nothing", (c) => {
  c.do("MULTI");
  c.do("BLPOP", "a", "b", "0");
  c.do("BRPOP", "a", "0");
  c.do("BLMPOP", "0", "1", "a", "LEFT");
  c.do("BLMOVE", "a", "b", "LEFT", "RIGHT", "0");
  c.do("BRPOPLPUSH", "a", "b", "0");
  c.do("RPUSH", "a", "1", "2", "3");
  c.do("BLPOP", "a", "0");
  c.do("BLMOVE", "a", "b", "LEFT", "RIGHT", "0");
  c.do("BRPOPLPUSH", "a", "b", "0");
  c.do("BLPOP", "a", "x");
  c.do("EXEC");
  c.do("LRANGE", "b", "0", "-1");
});

for (const command of ["BLPOP", "BRPOP"]) {
  waiting(`${command} waits for a push`, async (w) => {
    await w.waits("a", command, "k", "other", "0");
    await w.do("b", "RPUSH", "k", "1", "2", "3");
    await w.replies("a");
    await w.do("b", "LRANGE", "k", "0", "-1");
    await w.waits("a", command, "other", "none", "0");
    await w.do("b", "LPUSH", "other", "x");
    await w.replies("a");
    await w.do("b", "EXISTS", "other");
  });
}

waiting("BLMPOP waits for a push", async (w) => {
  await w.waits("a", "BLMPOP", "0", "2", "k", "other", "LEFT", "COUNT", "2");
  await w.do("b", "RPUSH", "other", "1", "2", "3");
  await w.replies("a");
  await w.waits("a", "BLMPOP", "0", "1", "k", "RIGHT", "COUNT", "10");
  await w.do("b", "RPUSH", "k", "1", "2", "3");
  await w.replies("a");
  await w.do("b", "EXISTS", "k");
  await w.do("b", "LRANGE", "other", "0", "-1");
});

waiting("BLMOVE and BRPOPLPUSH wait for a push", async (w) => {
  await w.waits("a", "BLMOVE", "k", "to", "LEFT", "RIGHT", "0");
  await w.do("b", "RPUSH", "k", "1", "2", "3");
  await w.replies("a");
  await w.do("b", "DEL", "k");
  await w.waits("a", "BRPOPLPUSH", "k", "to", "0");
  await w.do("b", "RPUSH", "k", "4", "5");
  await w.replies("a");
  await w.do("b", "LRANGE", "k", "0", "-1");
  await w.do("b", "LRANGE", "to", "0", "-1");
  await w.do("b", "DEL", "k");
  await w.waits("a", "BLMOVE", "k", "k", "LEFT", "RIGHT", "0");
  await w.do("b", "RPUSH", "k", "1", "2", "3");
  await w.replies("a");
  await w.do("b", "LRANGE", "k", "0", "-1");
});

waiting("those who wait are served in the order in which they came", async (w) => {
  await w.waits("a", "BLPOP", "k", "0");
  await w.waits("b", "BRPOP", "k", "0");
  await w.waits("c", "BLMPOP", "0", "1", "k", "LEFT", "COUNT", "2");
  await w.waits("d", "BLMOVE", "k", "to", "RIGHT", "LEFT", "0");
  await w.do("p", "RPUSH", "k", "1", "2", "3", "4", "5", "6");
  for (const name of ["a", "b", "c", "d"]) await w.replies(name);
  await w.do("p", "LRANGE", "k", "0", "-1");
  await w.do("p", "LRANGE", "to", "0", "-1");
});

waiting("fewer elements than clients", async (w) => {
  for (const name of ["a", "b", "c"]) await w.waits(name, "BLPOP", "k", "0");
  await w.do("p", "RPUSH", "k", "1", "2");
  await w.replies("a");
  await w.replies("b");
  await w.untilWaiting(1);
  await w.do("p", "RPUSH", "k", "3");
  await w.replies("c");
});

waiting("a key that is gone again when the transaction ends serves nobody", async (w) => {
  await w.waits("a", "BLPOP", "k", "0");
  await w.pipeline("p", ["MULTI"], ["RPUSH", "k", "1"], ["DEL", "k"], ["EXEC"]);
  await w.untilWaiting(1);
  await w.pipeline("p", ["MULTI"], ["RPUSH", "k", "1"], ["DEL", "k"], ["SET", "k", "v"], ["EXEC"]);
  await w.untilWaiting(1);
  await w.do("p", "DEL", "k");
  await w.pipeline("p", ["MULTI"], ["RPUSH", "k", "1", "2"], ["LPOP", "k"], ["EXEC"]);
  await w.replies("a");
});

waiting("values of other types serve nobody", async (w) => {
  await w.waits("a", "BLPOP", "k", "0");
  for (const [...command] of [["SET", "k", "v"], ["SADD", "k", "1"], ["ZADD", "k", "1", "1"]]) {
    await w.do("p", ...command);
    await w.do("p", "DEL", "k");
  }
  await w.untilWaiting(1);
  await w.do("p", "RPUSH", "k", "1");
  await w.replies("a");
});

waiting("other ways for a list to come into being", async (w) => {
  await w.waits("a", "BLPOP", "k", "0");
  await w.do("p", "RPUSH", "other", "1", "2");
  await w.do("p", "RENAME", "other", "k");
  await w.replies("a");
  await w.waits("a", "BLPOP", "copied", "0");
  await w.do("p", "COPY", "k", "copied");
  await w.replies("a");
  await w.waits("a", "BLPOP", "sorted", "0");
  await w.do("p", "SORT", "k", "STORE", "sorted");
  await w.replies("a");
  const p = await w.client("p");
  const payload = bytesOf(await p.command("DUMP", "k"))!;
  await w.do("p", "DEL", "k");
  await w.waits("a", "BRPOP", "k", "0");
  w.note("p", "RESTORE", await p.command("RESTORE", "k", "0", payload));
  await w.replies("a");
  await w.waits("a", "BRPOP", "to", "0");
  await w.do("p", "RPUSH", "from", "x");
  await w.do("p", "LMOVE", "from", "to", "LEFT", "LEFT");
  await w.replies("a");
  await w.do("p", "SELECT", "3");
  await w.do("p", "RPUSH", "moved", "x");
  await w.waits("a", "BRPOP", "moved", "0");
  await w.do("p", "MOVE", "moved", "0");
  await w.replies("a");
});

waiting("SWAPDB brings lists that somebody waits for", async (w) => {
  await w.do("p", "SELECT", "5");
  await w.do("p", "RPUSH", "k", "1", "2");
  await w.waits("a", "BLPOP", "k", "0");
  await w.do("b", "SELECT", "5");
  await w.waits("b", "BLPOP", "other", "0");
  await w.do("p", "SWAPDB", "0", "5");
  await w.replies("a");
  await w.do("p", "RPUSH", "other", "x");
  await w.replies("b");
  await w.do("p", "LRANGE", "k", "0", "-1");
});

waiting("only the database where a client waits counts", async (w) => {
  await w.waits("a", "BLPOP", "k", "0");
  await w.do("p", "SELECT", "1");
  await w.do("p", "RPUSH", "k", "other database");
  await w.untilWaiting(1);
  await w.do("p", "SELECT", "0");
  await w.do("p", "RPUSH", "k", "same");
  await w.replies("a");
});

waiting("what BLMOVE moves serves others in turn", async (w) => {
  await w.waits("a", "BLMOVE", "k1", "k2", "LEFT", "LEFT", "0");
  await w.waits("b", "BLMOVE", "k2", "k3", "LEFT", "LEFT", "0");
  await w.waits("c", "BRPOPLPUSH", "k3", "k4", "0");
  await w.waits("d", "BLPOP", "k4", "0");
  await w.do("p", "RPUSH", "k1", "x");
  for (const name of ["a", "b", "c", "d"]) await w.replies(name);
  await w.do("p", "DBSIZE");
});

waiting("a circle of BLMOVE", async (w) => {
  await w.waits("a", "BRPOPLPUSH", "k1", "k2", "0");
  await w.waits("b", "BRPOPLPUSH", "k2", "k1", "0");
  await w.do("p", "RPUSH", "k1", "x");
  await w.replies("a");
  await w.replies("b");
  await w.do("p", "LRANGE", "k1", "0", "-1");
  await w.do("p", "EXISTS", "k2");
});

waiting("BLMOVE to a key of another type", async (w) => {
  await w.do("p", "SET", "to", "string");
  await w.waits("a", "BLMOVE", "k", "to", "LEFT", "LEFT", "0");
  await w.waits("b", "BLPOP", "k", "0");
  await w.do("p", "RPUSH", "k", "1");
  await w.replies("a");
  await w.replies("b");
  await w.do("p", "GET", "to");
  await w.do("p", "EXISTS", "k");
});

waiting("a key given twice", async (w) => {
  await w.waits("a", "BLPOP", "k", "k", "0");
  await w.do("p", "RPUSH", "k", "1", "2");
  await w.replies("a");
  await w.do("p", "LRANGE", "k", "0", "-1");
});

waiting("clients that have gone are left out", async (w) => {
  await w.waits("a", "BLPOP", "k", "0");
  await w.waits("b", "BLPOP", "k", "0");
  await w.close("a");
  await w.do("p", "RPUSH", "k", "1", "2");
  await w.replies("b");
  await w.do("p", "LRANGE", "k", "0", "-1");
});

waiting("CLIENT UNBLOCK", async (w) => {
  const a = await w.idOf("a");
  const unblock = async (how: readonly string[], ...command: string[]) => {
    await w.waits("a", ...command);
    const reply = await (await w.client("p")).command("CLIENT", "UNBLOCK", a, ...how);
    w.note("p", `CLIENT UNBLOCK ${how}`, reply);
    await w.replies("a");
  };
  await unblock([], "BLPOP", "k", "0");
  await unblock(["TIMEOUT"], "BLMPOP", "0", "1", "k", "LEFT");
  await unblock([], "BLMOVE", "k", "to", "LEFT", "LEFT", "0");
  await unblock([], "BRPOPLPUSH", "k", "to", "0");
  await unblock(["ERROR"], "BRPOP", "k", "0");
  await unblock(["error"], "BLMOVE", "k", "to", "LEFT", "LEFT", "0");
  w.note("p", "again", await (await w.client("p")).command("CLIENT", "UNBLOCK", a));
  await w.do("p", "RPUSH", "k", "1");
  await w.do("p", "LLEN", "k");
});

waiting("what comes behind a waiting command waits, too", async (w) => {
  await w.waits("a", "BLPOP", "k", "0");
  await w.sends("a", "INCR", "n");
  await w.sends("a", "BLPOP", "k", "0");
  await w.sends("a", "INCR", "n");
  await w.do("p", "GET", "n");
  await w.do("p", "RPUSH", "k", "1");
  await w.replies("a", 2);
  await w.untilWaiting(1);
  await w.do("p", "GET", "n");
  await w.do("p", "RPUSH", "k", "2");
  await w.replies("a", 2);
});

waiting("a push in the pipeline of many commands", async (w) => {
  await w.waits("a", "BLPOP", "k", "0");
  await w.pipeline("p", ["RPUSH", "k", "1"], ["LLEN", "k"], ["RPUSH", "k", "2"], ["LPOP", "k"]);
  await w.replies("a");
});

waiting("the statistics of those that waited", async (w) => {
  await w.do("p", "CONFIG", "RESETSTAT");
  await w.waits("a", "BLPOP", "k", "0");
  await w.waits("b", "BLMOVE", "k", "to", "LEFT", "LEFT", "0");
  await w.do("p", "RPUSH", "k", "1", "2");
  await w.replies("a");
  await w.replies("b");
  await w.do("p", "BLPOP", "missing", "0.001");
  const stats = textOf(await (await w.client("p")).command("INFO", "commandstats"));
  for (const line of stats.split("\r\n").filter((each) => /_(bl|rpush)/.test(each)).sort()) {
    w.transcript.push(line.replace(/usec.*?,(?=rej)/, ""));
  }
});

waiting("the events of keys under those that waited", async (w) => {
  await w.do("p", "CONFIG", "SET", "notify-keyspace-events", "EA");
  const subscriber = await w.client("s");
  subscriber.send("PSUBSCRIBE", "__keyevent@0__:*");
  await (w.protocol === 2 ? subscriber.nextReply() : subscriber.nextPush());
  await w.waits("a", "BLMOVE", "k1", "k2", "LEFT", "LEFT", "0");
  await w.waits("b", "BLPOP", "k2", "0");
  await w.do("p", "RPUSH", "k1", "x");
  await w.replies("a");
  await w.replies("b");
  for (let i = 0; i < 6; i++) {
    const message = w.protocol === 2 ? subscriber.nextReply() : subscriber.nextPush();
    w.note("s", "", await message);
  }
  await w.do("p", "CONFIG", "SET", "notify-keyspace-events", "");
});

waiting("a large list that gets the name that somebody waits for", async (w) => {
  const many = Array.from({ length: 3000 }, (_, i) => `element:${i}`);
  await w.do("p", "RPUSH", "large", ...many);
  await w.waits("a", "BLPOP", "k", "0");
  await w.do("p", "RENAME", "large", "k");
  await w.replies("a");
  await w.waits("a", "BLPOP", "copied", "0");
  await w.do("p", "COPY", "k", "copied");
  await w.replies("a");
  await w.waits("a", "BLPOP", "restored", "0");
  const p = await w.client("p");
  const payload = bytesOf(await p.command("DUMP", "k"))!;
  w.note("p", "RESTORE", await p.command("RESTORE", "restored", "0", payload));
  await w.replies("a");
  await w.do("p", "SELECT", "3");
  await w.do("p", "RPUSH", "moved", ...many);
  await w.waits("a", "BRPOP", "moved", "0");
  await w.do("p", "MOVE", "moved", "0");
  await w.replies("a");
});

/** What the append-only file has after a scenario, a command a line; times are left out. */
async function propagated(side: Side, scenario: (w: Waiting) => Promise<void>): Promise<string> {
  const directory = temporaryDirectory();
  try {
    const server = await startWithAof(side, directory, ["--appendfsync", "always"]);
    const observer = await server.client();
    const w = new Waiting(server, observer, 2);
    await scenario(w);
    await w.end();
    observer.close();
    await server.stop();
    const path = join(directory, AOF_FOLDER, "appendonly.aof.1.incr.aof");
    const text = readFileSync(path, "latin1");
    return text.replaceAll(/\r\n(?!\*)/g, " ").replaceAll(/\b\d{13}\b/g, "time");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Declares a scenario after which both servers must have written the same. */
function propagates(name: string, scenario: (w: Waiting) => Promise<void>): void {
  test(`the append-only file: ${name}`, { skip }, async () => {
    assert.equal(await propagated("pagurus", scenario), await propagated("redis", scenario));
  });
}

propagates("what those who waited are served with", async (w) => {
  await w.waits("a", "BLMOVE", "k1", "k2", "left", "right", "0");
  await w.waits("b", "BRPOPLPUSH", "k2", "k3", "0");
  await w.waits("c", "BLPOP", "none", "k3", "0");
  await w.do("p", "RPUSH", "k1", "x", "y");
  for (const name of ["a", "b", "c"]) await w.replies(name);
  await w.waits("a", "BRPOP", "k", "0");
  await w.do("p", "MULTI");
  await w.do("p", "RPUSH", "k", "1", "2");
  await w.do("p", "SET", "after", "x");
  await w.do("p", "EXEC");
  await w.replies("a");
  await w.waits("a", "BLMPOP", "0", "1", "m", "LEFT", "COUNT", "5");
  await w.do("p", "RPUSH", "m", "1", "2", "3");
  await w.replies("a");
  await w.do("p", "SELECT", "3");
  await w.waits("a", "BLPOP", "m", "0");
  await w.do("p", "RPUSH", "m", "1");
  await w.do("p", "SWAPDB", "0", "3");
  await w.replies("a");
});

propagates("a client that is served serves another before the pipeline goes on", async (w) => {
  await w.waits("a", "BLMOVE", "from", "to", "left", "right", "0");
  await w.waits("b", "BLMOVE", "to", "from", "right", "left", "0");
  await w.pipeline("p", ["SET", "k1", "1"], ["LPUSH", "from", "x"], ["SET", "k2", "2"]);
  await w.replies("a");
  await w.replies("b");
  await w.do("p", "SET", "k3", "3");
});

propagates("SWAPDB brings a key that has expired", async (w) => {
  await w.do("p", "DEBUG", "SET-ACTIVE-EXPIRE", "0");
  await w.do("p", "SELECT", "1");
  await w.do("p", "RPUSH", "k", "hello");
  await w.do("p", "PEXPIRE", "k", "10");
  await w.do("a", "SELECT", "9");
  const id = await w.idOf("a");
  await w.waits("a", "BRPOP", "k", "0");
  await sleep(20);
  await w.do("p", "SWAPDB", "1", "9");
  await w.do("p", "CLIENT", "UNBLOCK", id);
  await w.replies("a");
  await w.do("a", "EXISTS", "k");
  await w.do("p", "SET", "key2", "value");
});

propagates("a key that has expired when its transaction ends", async (w) => {
  await w.do("p", "DEBUG", "SET-ACTIVE-EXPIRE", "0");
  await w.do("p", "SET", "before", "x");
  const id = await w.idOf("a");
  await w.waits("a", "BRPOP", "k", "0");
  await w.do("p", "MULTI");
  await w.do("p", "RPUSH", "k", "hello");
  await w.do("p", "PEXPIRE", "k", "100");
  await w.do("p", "DEBUG", "SLEEP", "0.2");
  await w.do("p", "EXEC");
  await w.do("p", "CLIENT", "UNBLOCK", id);
  await w.replies("a");
  await w.do("a", "EXISTS", "k");
});
