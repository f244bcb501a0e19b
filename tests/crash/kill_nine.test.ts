/**
 * SIGKILL while the server writes, rewrites and saves; scripts/crash.ts does the same for longer.
 * What redis-server (`PAGURUS_TEST_COMMAND=redis-server`) leaves behind of killed rewrites is its
 * own affair, so the number of temporary files is bounded for Pagurus only.
 */
import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import process from "node:process";
import { after, test } from "node:test";
import { textOf } from "../support/reply.ts";
import type { Argument, RespClient } from "../support/resp_client.ts";
import { sleep, startPagurus, stopServers, temporaryDirectory } from "../support/servers.ts";
import { CrashRun, type CrashSettings } from "./crash_round.ts";

const directories: string[] = [];
after(async () => {
  await stopServers();
  for (const directory of directories) {
    rmSync(directory, { recursive: true, force: true });
    rmSync(`${directory}.crashed`, { recursive: true, force: true });
  }
});

function newDirectory(): string {
  const directory = temporaryDirectory();
  directories.push(directory);
  return directory;
}

const TEMPORARY_FILES_MAX = process.env.PAGURUS_TEST_COMMAND ? Infinity : 2;

function crashSettings(seed: number): CrashSettings {
  const directory = newDirectory();
  return {
    directory,
    policy: "always",
    seed,
    lossMs: 0,
    temporaryFilesMax: TEMPORARY_FILES_MAX,
    start: (args) => startPagurus({ directory, args }),
  };
}

test("kill -9 under load with appendfsync always loses nothing acknowledged", async () => {
  const run = new CrashRun(crashSettings(Date.now() % 1_000_000));
  for (const end of ["kill", "kill", "shutdown", "kill"] as const) {
    const { acknowledged, lost } = await run.round(end);
    assert.ok(acknowledged > 0);
    assert.equal(lost, 0);
  }
  await run.close();
});

/** What is done to the data, or to one key, before the judgement, and what the judge says to it. */
const forgeries: readonly [command: (key: string) => Argument[], verdict: RegExp][] = [
  [() => ["FLUSHALL"], /is missing, which it was at position \d+; .* must be reached/],
  [(key) => ["APPEND", key, "x"], /in database 0 is .* which it never was/],
  [(key) => ["PEXPIREAT", key, 4_000_000_000_001], /in database 0 is .* which it never was/],
  [() => ["SET", "stranger", ""], /database 0 holds \d+ keys instead of/],
];

test("the judge notices what is missing, changed or new", async () => {
  for (const [command, verdict] of forgeries) {
    const settings = crashSettings(1);
    let starts = 0;
    const run = new CrashRun({
      ...settings,
      start: async (args) => {
        const server = await settings.start(args);
        if (++starts === 2) {
          const client = await server.client();
          const key = await randomString(client);
          assert.notEqual((await client.command(...command(key))).kind, "error");
        }
        return server;
      },
    });
    await assert.rejects(run.round("kill"), verdict);
    await run.close();
  }
});

/** The name of a key that holds a string. */
async function randomString(client: RespClient): Promise<string> {
  for (;;) {
    const key = textOf(await client.command("RANDOMKEY"));
    if (textOf(await client.command("TYPE", key)) === "string") return key;
  }
}

const KEY_COUNT = 2000;

/** Sets every key to the same number, so that a mix of two generations shows. */
async function setAll(client: RespClient, generation: number): Promise<void> {
  const keys = Array.from({ length: KEY_COUNT }, (_, i) => `key:${i}`);
  await client.pipeline(keys.map((key) => ["SET", key, generation, "PXAT", 4_000_000_000_000]));
}

function temporaryFiles(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith("temp-"));
}

/** The one number that all the keys hold. */
async function generationOf(client: RespClient): Promise<number> {
  assert.equal(Number(textOf(await client.command("DBSIZE"))), KEY_COUNT);
  const keys = Array.from({ length: KEY_COUNT }, (_, i) => ["GET", `key:${i}`]);
  const values = new Set((await client.pipeline(keys)).map(textOf));
  assert.equal(values.size, 1, [...values].join(" "));
  return Number([...values][0]);
}

test("kill -9 during BGSAVE leaves the old dump.rdb whole, or the new one", async () => {
  const directory = newDirectory();
  let server = await startPagurus({ directory });
  await setAll(await server.client(), 0);
  assert.equal(textOf(await (await server.client()).command("SAVE")), "OK");
  let kept = 0;
  // From a kill at the very beginning to one that may come too late: a save takes 200 ms or more.
  for (const [round, waitMs] of [0, 20, 50, 100, 150, 200, 250, 500].entries()) {
    const next = round + 1;
    const client = await server.client();
    await setAll(client, next);
    await client.command("CONFIG", "SET", "rdb-key-save-delay", 100);
    const before = temporaryFiles(directory).length;
    assert.match(textOf(await client.command("BGSAVE")), /started/);
    for (let i = 0; i < 5000 && temporaryFiles(directory).length === before; i++) await sleep(1);
    await sleep(waitMs);
    await server.kill();
    server = await startPagurus({ directory });
    const found = await generationOf(await server.client());
    // Not only those two: the child of a redis-server that was killed may end its file later.
    assert.ok(found >= kept && found <= next, `${found}, not ${kept} or ${next}`);
    kept = found;
  }
  await server.stop();
  const temporary = temporaryFiles(directory);
  assert.ok(temporary.length <= TEMPORARY_FILES_MAX, temporary.join(" "));
});
