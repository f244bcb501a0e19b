/** DEBUG: digests to the byte, replies of every type, and the errors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { conformance, startPair } from "../support/compare.ts";
import { error, textOf } from "../support/reply.ts";
import { skipWithout, startPagurus, thisRuntime } from "../support/servers.ts";

const ALLOWED = { args: ["--enable-debug-command", "yes"] };

conformance("DEBUG DIGEST and DIGEST-VALUE", (c) => {
  c.do("DEBUG", "DIGEST");
  c.do("SET", "a", "1");
  c.do("DEBUG", "DIGEST");
  c.do("SET", "b", "hello world");
  c.do("SET", "c", "");
  c.do("SET", "d", Uint8Array.from({ length: 256 }, (_, i) => i));
  c.do("DEBUG", "DIGEST");
  c.do("DEBUG", "DIGEST-VALUE", "a", "b", "c", "d", "none", "a");
  c.do("EXPIRE", "b", "1000");
  c.do("DEBUG", "DIGEST-VALUE", "b");
  c.do("DEBUG", "DIGEST");
  c.do("PEXPIREAT", "b", "99999999999999");
  c.do("DEBUG", "DIGEST");
  c.do("APPEND", "a", "1");
  c.do("DEBUG", "DIGEST");
  c.do("INCRBY", "a", "-100");
  c.do("SETRANGE", "large", "200000", "x");
  c.do("DEBUG", "DIGEST-VALUE", "a", "large");
  c.do("SELECT", "9");
  c.do("SET", "a", "1");
  c.do("DEBUG", "POPULATE", "300", "some", "2000");
  c.do("DEBUG", "DIGEST");
  c.do("SWAPDB", "0", "9");
  c.do("DEBUG", "DIGEST");
  c.do("DEBUG", "DIGEST-VALUE");
  c.do("DEBUG", "DIGEST", "x");
}, ALLOWED);

conformance("DEBUG DIGEST-VALUE sees what has expired and is still there", (c) => {
  c.do("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  c.do("SET", "k", "v", "PX", "1");
  c.sleep(5);
  c.do("DEBUG", "DIGEST-VALUE", "k");
  c.do("DBSIZE");
  c.do("DEBUG", "SET-ACTIVE-EXPIRE", "1");
}, ALLOWED);

conformance("DEBUG POPULATE", (c) => {
  c.do("SET", "key:1", "mine");
  c.do("DEBUG", "POPULATE", "5");
  c.do("DEBUG", "POPULATE", "12", "p", "8");
  c.do("DEBUG", "POPULATE", "2", "", "1");
  c.do("DEBUG", "POPULATE", "2", "x".repeat(140));
  c.do("DEBUG", "POPULATE", "2", "a\0b");
  c.do("DEBUG", "POPULATE", "2", "zero", "0");
  c.do("DEBUG", "POPULATE", "0", "none");
  c.doSorted("KEYS", "*");
  c.do("DEBUG", "DIGEST");
  c.do("MGET", "key:0", "key:1", "p:0", "p:11", ":1", "zero:1", "a:1");
  c.do("OBJECT", "ENCODING", "p:0");
  for (const bad of ["-1", "x", "1.5", ""]) {
    c.do("DEBUG", "POPULATE", bad);
    c.do("DEBUG", "POPULATE", "1", "k", bad);
  }
  c.do("DEBUG", "POPULATE");
  c.do("DEBUG", "POPULATE", "1", "k", "1", "x");
}, ALLOWED);

conformance("DEBUG PROTOCOL", (c) => {
  const types = "string integer double bignum null array set map verbatim true false NULL nosuch";
  for (const type of types.split(" ")) c.do("DEBUG", "PROTOCOL", type);
  // The test client does not know attributes, and keeps pushes apart from replies.
  if (c.protocol === 2) c.do("DEBUG", "PROTOCOL", "attrib");
  c.do("DEBUG", "PROTOCOL", "push");
  c.do("DEBUG", "PROTOCOL");
  c.do("DEBUG", "PROTOCOL", "string", "x");
}, ALLOWED);

conformance("DEBUG ERROR is sent as it is and not counted", (c) => {
  c.do("CONFIG", "RESETSTAT");
  c.do("DEBUG", "ERROR", "MINE some text");
  c.do("DEBUG", "ERROR", "one\r\ntwo");
  c.do("DEBUG", "ERROR", "");
  c.do("DEBUG", "ERROR");
  c.do("INFO", "errorstats");
}, ALLOWED);

conformance("DEBUG: errors and what is accepted", (c) => {
  c.do("SET", "text", "some text");
  c.do("SET", "number", "12345");
  for (
    const line of [
      "",
      "nosuch",
      "x".repeat(200),
      "help x",
      "sleep",
      "sleep 0",
      "SLEEP 0.001",
      "sleep -1",
      "sleep x",
      "set-active-expire",
      "set-active-expire 1",
      "set-active-expire yes",
      "set-active-expire 1",
      "object",
      "object none",
      "object none x",
      "sdslen none",
      "sdslen number",
      "listpack none",
      "listpack text",
      "quicklist text",
      "quicklist text 1",
      "htstats",
      "htstats x",
      "htstats -1",
      "htstats 16",
      "htstats 5",
      "htstats-key none",
      "htstats-key text",
      "change-repl-id",
      "change-repl-id x",
      "log",
      "log message",
      "quicklist-packed-threshold 100b",
      "quicklist-packed-threshold 0",
      "quicklist-packed-threshold 5gb",
      "quicklist-packed-threshold x",
      "set-disable-deny-scripts 0",
      "set-skip-checksum-validation 0",
      "replybuffer peak-reset-time never",
      "replybuffer peak-reset-time reset",
      "replybuffer peak-reset-time 100",
      "replybuffer peak-reset-time x",
      "replybuffer peak-reset-time reset",
      "replybuffer resizing 1",
      "replybuffer nosuch 1",
      "replybuffer",
      "pause-cron 0",
      "client-eviction",
      "clusterlink kill to node",
      "reload nosuch",
      "restart x",
      "mallctl",
      "jmap",
      "replicate",
      "replicate x",
      "aof-flush-sleep 0",
      "stringmatch-test x",
    ]
  ) c.do("DEBUG", ...line.split(" "));
}, ALLOWED);

conformance("DEBUG OBJECT", (c) => {
  // Not the address, nor who else refers to the value and has used it.
  const stable = (text: string) => text.replace(/at:\S+ refcount:\d+/, "").replace(/lru:.*/, "");
  const values = [
    "text",
    "",
    "1",
    "-129",
    "70000",
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR",
    // Without repetition, for two compressors need not come to the same length.
    Uint8Array.from({ length: 3000 }, (_, i) => (i * i * 7919 + (i >> 3) * 104729) >> 5),
  ];
  for (const value of values) {
    c.do("SET", "k", value);
    c.doNormalized(
      (reply) => ({ kind: "simple", text: stable(textOf(reply)) }),
      "DEBUG",
      "OBJECT",
      "k",
    );
  }
}, ALLOWED);

conformance("DEBUG RELOAD", (c) => {
  c.do("SET", "a", "1");
  c.do("SET", "b", "2", "PX", "100000");
  c.do("SELECT", "3");
  c.do("DEBUG", "POPULATE", "1000", "k", "100");
  c.do("DEBUG", "DIGEST");
  c.do("DEBUG", "RELOAD");
  c.do("DEBUG", "DIGEST");
  c.do("SET", "k:1", "changed");
  c.do("SET", "c", "new");
  c.do("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE");
  c.do("MGET", "k:1", "c");
  c.do("DEBUG", "RELOAD", "nosave");
  c.do("MGET", "k:1", "c");
  c.do("DEBUG", "DIGEST");
}, ALLOWED);

test("DEBUG CLUSTERLINK without arguments, of which redis-server 7.0 itself dies", async () => {
  const server = await startPagurus(ALLOWED);
  const client = await server.client();
  assert.deepEqual(
    await client.command("DEBUG", "CLUSTERLINK"),
    error("ERR unknown subcommand or wrong number of arguments for 'CLUSTERLINK'. Try DEBUG HELP."),
  );
  await server.stop();
});

test("DEBUG SLEEP lasts", { skip: skipWithout("redis-server") }, async () => {
  const pair = await startPair(ALLOWED);
  const client = await pair.ours.client();
  const start = performance.now();
  await client.command("DEBUG", "SLEEP", "0.05");
  assert(performance.now() - start >= 50);
});

test(`a crash asked for ends the process with a failure (${thisRuntime})`, async () => {
  for (const name of ["ASSERT", "SEGFAULT", "PANIC"]) {
    const server = await startPagurus(ALLOWED);
    const client = await server.client();
    client.send("DEBUG", name);
    const exit = await server.exited;
    assert.notEqual(exit.code, 0, name);
    assert.match(server.log, /=== REDIS BUG REPORT START/);
    assert.match(server.log, new RegExp(`DEBUG ${name}`));
    await server.stop();
  }
});
