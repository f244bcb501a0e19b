/** Streams in DUMP payloads and append-only files, handed from one server to the other. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { startPair } from "../support/compare.ts";
import { bytesOf, describe, textOf } from "../support/reply.ts";
import type { Argument, RespClient } from "../support/resp_client.ts";
import { stopServers, temporaryDirectory } from "../support/servers.ts";
import { type Side, skip } from "../support/sides.ts";
import { copyAof, rewrite, startWithAof } from "./aof_servers.ts";
import { withoutTimes } from "./stream_replies.ts";

const directories: string[] = [];
after(async () => {
  await stopServers();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

const KEYS = ["one", "many", "large", "empty", "deleted", "groups", "none"];

/** Commands that make streams of many kinds. */
function commands(): Argument[][] {
  const made: Argument[][] = [];
  const add = (key: string, count: number, ...texts: string[]) => {
    for (let i = 1; i <= count; i++) made.push(["XADD", key, `${i * 3}-${i % 5}`, ...texts, i]);
  };
  add("one", 1, "f");
  add("many", 1000, "sensor", "7", "value");
  add("large", 5, "f", "x".repeat(9000), "g", "y".repeat(100_000), "n");
  add("empty", 2, "f");
  made.push(["XTRIM", "empty", "MAXLEN", "0"]);
  add("deleted", 350, "f");
  for (let i = 1; i <= 350; i += 2) made.push(["XDEL", "deleted", `${i * 3}-${i % 5}`]);
  add("groups", 500, "f");
  for (const [i, group] of ["a", "b", "c", "long".repeat(50)].entries()) {
    made.push(["XGROUP", "CREATE", "groups", group, i, "ENTRIESREAD", i]);
    for (let c = 0; c < i * 2; c++) {
      made.push(["XREADGROUP", "GROUP", group, `c${c}`, "COUNT", "90", "STREAMS", "groups", ">"]);
    }
    made.push(["XGROUP", "CREATECONSUMER", "groups", group, "idle"]);
    for (let j = 1; j < 300; j += i + 1) made.push(["XACK", "groups", group, `${j * 3}-${j % 5}`]);
  }
  made.push(["XGROUP", "CREATE", "none", "g", "$", "MKSTREAM"]);
  return made;
}

async function fill(client: RespClient): Promise<void> {
  for (const command of commands()) await client.command(...command);
}

/** Everything that both versions tell of a stream. */
async function contentsOf(client: RespClient, key: string): Promise<string> {
  const full = await client.command("XINFO", "STREAM", key, "FULL", "COUNT", "0");
  return describe(withoutTimes(full));
}

test("a stream dumped by one server is restored by the other", { skip }, async () => {
  const { redis, ours } = await startPair();
  const both = await Promise.all([redis.client(), ours.client()]);
  await Promise.all(both.map(fill));
  for (const [from, to] of [both, both.toReversed()]) {
    for (const key of KEYS) {
      const bytes = bytesOf(await from.command("DUMP", key))!;
      assert.equal(textOf(await to.command("RESTORE", "copy", "0", bytes, "REPLACE")), "OK");
      assert.equal(await contentsOf(to, "copy"), await contentsOf(from, key), key);
    }
  }
  for (const client of both) client.close();
});

for (const preamble of ["yes", "no"]) {
  for (const [writer, reader] of [["redis", "pagurus"], ["pagurus", "redis"]] as [Side, Side][]) {
    test(
      `${writer} rewrites its log, preamble ${preamble}: ${reader} loads it`,
      { skip },
      async () => {
        const [from, to] = [temporaryDirectory(), temporaryDirectory()];
        directories.push(from, to);
        const args = ["--aof-use-rdb-preamble", preamble];
        const first = await startWithAof(writer, from, args);
        const client = await first.client();
        await fill(client);
        await rewrite(client);
        const expected = [];
        for (const key of KEYS) expected.push(shape(await contentsOf(client, key)));
        await first.stop();
        copyAof(from, to);
        const second = await startWithAof(reader, to, args);
        const other = await second.client();
        const found = [];
        for (const key of KEYS) found.push(shape(await contentsOf(other, key)));
        assert.deepEqual(found, expected);
        await second.stop();
      },
    );
  }
}

/** Commands put entries into other nodes than those that were deleted stood in. */
function shape(contents: string): string {
  return contents.replace(/"radix-tree-(keys|nodes)", :\d+/g, "");
}
