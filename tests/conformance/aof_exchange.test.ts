/**
 * Append-only files exchanged with the real redis-server, both ways: what one has written the other
 * loads, changes and rewrites, and the first loads it again. Old single files, and files whose end
 * is missing, are treated alike by both.
 */
import assert from "node:assert/strict";
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  AOF_FOLDER,
  historyRemoved,
  MANIFEST,
  readFolder,
  readManifest,
} from "../crash/aof_files.ts";
import { assertHolds, type Contents, contentsOf } from "../support/contents.ts";
import { everyType, fieldExpiry } from "../support/every_type.ts";
import { bytesOf, describe, itemsOf, textOf } from "../support/reply.ts";
import { type Argument, encodeCommand, type RespClient } from "../support/resp_client.ts";
import { sleep, stopServers, temporaryDirectory } from "../support/servers.ts";
import { type Side, SIDES, skip, write } from "../support/sides.ts";
import { copyAof, rewrite, startWithAof } from "./aof_servers.ts";
import { changes, changesOfTypes, samples } from "./aof_writes.ts";

const directories: string[] = [];
after(async () => {
  await stopServers();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

function newDirectory(): string {
  const directory = temporaryDirectory();
  directories.push(directory);
  return directory;
}

/** Runs a server in a folder, does something there, and ends it in order. */
async function visit<T>(
  side: Side,
  directory: string,
  args: readonly string[],
  work: (client: RespClient) => Promise<T>,
): Promise<T> {
  const server = await startWithAof(side, directory, args);
  const client = await server.client();
  const result = await work(client);
  if (existsSync(join(directory, AOF_FOLDER))) await historyRemoved(directory);
  client.send("SHUTDOWN");
  assert.equal((await server.exited).code, 0, server.log);
  return result;
}

/** Lets a key expire, and be noticed, so that its end is written. */
async function expireOne(client: RespClient): Promise<void> {
  await write(client, [["SET", "short", "x", "PX", 1]]);
  while (textOf(await client.command("EXISTS", "short")) !== "0") await sleep(2);
}

/** RESTORE with and without an expiry time. */
async function restoreSome(client: RespClient): Promise<void> {
  const payload = bytesOf(await client.command("DUMP", "36"))!;
  await write(client, [
    ["RESTORE", "restored", 0, payload, "REPLACE"],
    ["RESTORE", "restored until", 4_000_000_000_000, payload, "REPLACE", "ABSTTL"],
    ["RESTORE", "restored for", 100_000_000, payload, "REPLACE"],
  ]);
}

for (const [first, second] of SIDES) {
  for (const preamble of ["yes", "no"]) {
    for (const timestamps of ["yes", "no"]) {
      const args = ["--aof-use-rdb-preamble", preamble, "--aof-timestamp-enabled", timestamps];
      test(
        `${first} to ${second} and back, ${args.join(" ").replaceAll("--", "")}`,
        { skip },
        async () => {
          const here = newDirectory();
          const written = await visit(first, here, args, async (client) => {
            await write(client, samples());
            await write(client, changes(1));
            await rewrite(client, changes(2));
            await write(client, changes(3));
            await restoreSome(client);
            await expireOne(client);
            return await contentsOf(client);
          });
          assert.ok(written.keys.size > 150);
          checkForm(here, preamble);
          const there = newDirectory();
          copyAof(here, there);
          const changed = await visit(second, there, args, async (client) => {
            await assertHolds(client, written);
            await write(client, changes(4));
            await rewrite(client, changes(5));
            await write(client, changes(6));
            return await contentsOf(client);
          });
          assert.notEqual(changed.digest, written.digest);
          checkForm(there, preamble);
          const back = newDirectory();
          copyAof(there, back);
          await visit(first, back, args, (client) => assertHolds(client, changed));
        },
      );
    }
  }
}

/** Collections of every type, each with what its commands make of it. */
for (const [first, second] of SIDES) {
  for (const preamble of ["yes", "no"]) {
    test(
      `every type from ${first} to ${second} and back, preamble ${preamble}`,
      { skip },
      async () => {
        const args = ["--aof-use-rdb-preamble", preamble];
        const here = newDirectory();
        const written = await visit(first, here, args, async (client) => {
          await write(client, everyType().filter(isKept));
          await write(client, changesOfTypes(1));
          await rewrite(client, changesOfTypes(2));
          await write(client, changesOfTypes(3));
          return await contentsOf(client);
        });
        assert.ok(written.keys.size > 200);
        checkForm(here, preamble);
        const there = newDirectory();
        copyAof(here, there);
        const changed = await visit(second, there, args, async (client) => {
          await assertHolds(client, written);
          await write(client, changesOfTypes(4));
          await rewrite(client, changesOfTypes(5));
          await write(client, changesOfTypes(6));
          return await contentsOf(client);
        });
        assert.notEqual(changed.digest, written.digest);
        checkForm(there, preamble);
        const back = newDirectory();
        copyAof(there, back);
        await visit(first, back, args, (client) => assertHolds(client, changed));
      },
    );

    test(`field expiry from ${first} to ${second}, preamble ${preamble}`, { skip }, async (t) => {
      const args = ["--aof-use-rdb-preamble", preamble];
      const knows = await visit("redis", newDirectory(), args, async (client) => {
        const info = await client.command("COMMAND", "INFO", "HPEXPIREAT");
        return itemsOf(info)[0].kind === "array";
      });
      if (!knows) return t.skip("the other server has no field expiry");
      const here = newDirectory();
      const written = await visit(first, here, args, async (client) => {
        await write(client, fieldExpiry());
        await rewrite(client, changesOfFields(1));
        await write(client, changesOfFields(2));
        return await contentsOf(client);
      });
      const there = newDirectory();
      copyAof(here, there);
      await visit(second, there, args, async (client) => {
        await assertHolds(client, written);
        await rewrite(client);
      });
      const back = newDirectory();
      copyAof(there, back);
      await visit(first, back, args, (client) => assertHolds(client, written));
    });
  }
}

/** Not those that leave deleted entries pending: an append-only file of commands cannot say so. */
function isKept([name, key]: readonly Argument[]): boolean {
  return name !== "XDEL" || key !== "stream groups";
}

/** Every command about the expiry of fields. */
function changesOfFields(round: number): Argument[][] {
  const seconds = Math.floor(Date.now() / 1000) + 100_000 + round;
  return [
    ["HSET", "h", "a", round, "b", "2", "c", "3", "d", "4", "e", "5", "f", "6", "g", "7"],
    ["HEXPIRE", "h", 100_000 + round, "FIELDS", 2, "a", "none"],
    ["HPEXPIRE", "h", 100_000_000 + round, "GT", "FIELDS", 2, "a", "b"],
    ["HEXPIREAT", "h", seconds, "FIELDS", 1, "c"],
    ["HPEXPIREAT", "h", seconds * 1000 + 3, "NX", "FIELDS", 2, "c", "d"],
    ["HPEXPIREAT", "h", 1, "FIELDS", 1, "e"],
    ["HPERSIST", "h", "FIELDS", 2, "b", "g"],
    ["HGETEX", "h", "EX", 5000 + round, "FIELDS", 1, "g"],
    ["HGETEX", "h", "PERSIST", "FIELDS", 1, "a"],
    ["HSETEX", "h", "PX", 900_000_000 + round, "FIELDS", 2, "new", "1", "newer", "2"],
    ["HSETEX", "h", "KEEPTTL", "FIELDS", 1, "new", `${round}`],
    ["HGETDEL", "h", "FIELDS", 1, "newer"],
    ["HSET", "h", "new", "without"],
    ["HSET", `gone ${round}`, "f", "v"],
    ["HPEXPIREAT", `gone ${round}`, 1, "FIELDS", 1, "f"],
  ];
}

/** The base is of the kind that was asked for, and no file lies about. */
function checkForm(directory: string, preamble: string): void {
  const { manifest, strangers, temporary } = readFolder(directory);
  assert.deepEqual([...strangers, ...temporary], []);
  const base = manifest.find(({ type }) => type === "b")!;
  const ending = preamble === "yes" ? ".base.rdb" : ".base.aof";
  assert.ok(base.name.endsWith(ending), base.name);
  const start = readFileSync(join(directory, AOF_FOLDER, base.name)).subarray(0, 5).toString();
  assert.equal(start === "REDIS", preamble === "yes");
}

/** All of an append-only file in one, as before Redis 7. */
function singleFile(directory: string): Buffer {
  return Buffer.concat(
    readManifest(directory).map(({ name }) => readFileSync(join(directory, AOF_FOLDER, name))),
  );
}

/** The manifest's text and the names of all files. */
function layout(directory: string): { manifest: string; names: string[] } {
  const folder = join(directory, AOF_FOLDER);
  return {
    // Redis 8 adds offsets that count what was replicated.
    manifest: readFileSync(join(folder, MANIFEST), "latin1")
      .replaceAll(/ (start|end)offset \d+/g, ""),
    names: [...readdirSync(directory), ...readdirSync(folder)].sort(),
  };
}

for (const preamble of ["yes", "no"]) {
  test(`an old single file, with a preamble: ${preamble}`, { skip }, async () => {
    const origin = newDirectory();
    const args = ["--aof-use-rdb-preamble", preamble];
    const written = await visit("redis", origin, args, async (client) => {
      await write(client, samples());
      await rewrite(client);
      await write(client, changes(1));
      return await contentsOf(client);
    });
    const layouts = [];
    for (const side of ["redis", "pagurus"] as const) {
      const directory = newDirectory();
      writeFileSync(join(directory, "appendonly.aof"), singleFile(origin));
      const steps = [];
      const changed = await visit(side, directory, args, async (client) => {
        await assertHolds(client, written);
        steps.push(layout(directory));
        await write(client, changes(2));
        return await contentsOf(client);
      });
      await visit(side, directory, args, async (client) => {
        await assertHolds(client, changed);
        await rewrite(client);
      });
      await visit(side, directory, args, (client) => assertHolds(client, changed));
      steps.push(layout(directory));
      layouts.push(steps);
    }
    assert.deepEqual(layouts[1], layouts[0]);
    assert.deepEqual(layouts[0].map(({ names }) => names), [
      ["appendonly.aof", "appendonly.aof.1.incr.aof", MANIFEST, AOF_FOLDER],
      [
        `appendonly.aof.2.base.${preamble === "yes" ? "rdb" : "aof"}`,
        "appendonly.aof.2.incr.aof",
        MANIFEST,
        AOF_FOLDER,
      ],
    ]);
  });
}

test("appendonly yes where there is only a dump.rdb", { skip }, async () => {
  const [theirs, ours] = await Promise.all((["redis", "pagurus"] as const).map(async (side) => {
    const directory = newDirectory();
    await visit(side, directory, ["--appendonly", "no"], async (client) => {
      await write(client, [["SET", "k", "v"], ["SAVE"]]);
    });
    const first = await visit(side, directory, [], contentsOf);
    const second = await visit(side, directory, [], contentsOf);
    return { first, second, files: layout(directory) };
  }));
  assert.deepEqual(ours.files, theirs.files);
  // We start with what is there, and redis-server with nothing.
  assert.deepEqual([...ours.first.keys], [["0 k", "string -1 v"]]);
  assert.deepEqual(ours.second, ours.first);
  assert.equal(theirs.first.keys.size, 0);
});

test("transactions that redis-server has written", { skip }, async () => {
  const here = newDirectory();
  const written = await visit("redis", here, [], async (client) => {
    await write(client, [["SET", "k", 1], ["MULTI"], ["INCR", "k"], ["SELECT", 5]]);
    await write(client, [["SET", "k", "in 5", "EX", 100_000], ["APPEND", "k", "!"], ["EXEC"]]);
    await write(client, [["APPEND", "k", "?"], ["MULTI"], ["GET", "k"], ["EXEC"]]);
    await write(client, [["MULTI"], ["MSET", "a", 1, "b", 2], ["DEL", "a"], ["EXEC"]]);
    return await contentsOf(client);
  });
  assert.match(singleFile(here).toString("latin1"), /\r\nMULTI\r\n[^]*\r\nEXEC\r\n/);
  assert.equal(written.keys.size, 3);
  const there = newDirectory();
  copyAof(here, there);
  await visit("pagurus", there, [], (client) => assertHolds(client, written));
});

test("how much a group has read is there after a start", { skip }, async () => {
  const directory = newDirectory();
  const groups = (client: RespClient) => client.command("XINFO", "GROUPS", "s");
  const before = await visit("pagurus", directory, [], async (client) => {
    await write(client, Array.from({ length: 8 }, (_, i) => ["XADD", "s", `${i + 1}-0`, "a", "b"]));
    await write(client, [["XGROUP", "CREATE", "s", "g", "0"]]);
    await write(client, [["XREADGROUP", "GROUP", "g", "a", "COUNT", 3, "STREAMS", "s", ">"]]);
    return await groups(client);
  });
  assert.match(describe(before), /"entries-read", :3, "lag", :5/);
  assert.deepEqual(await visit("pagurus", directory, [], groups), before);
  assert.deepEqual(await visit("redis", directory, [], groups), before);
});

/** What a server makes of an append-only file whose end is missing. */
interface CutOutcome {
  /** Undefined where it refuses to start. */
  readonly contents: Contents | undefined;
  /** What it has left of the file. */
  readonly leftBytes: number;
}

async function loadCut(
  side: Side,
  origin: string,
  sizeBytes: number,
  truncated: "yes" | "no",
): Promise<CutOutcome> {
  const directory = newDirectory();
  copyAof(origin, directory);
  const path = join(directory, AOF_FOLDER, INCREMENT);
  truncateSync(path, sizeBytes);
  let contents: Contents | undefined;
  try {
    contents = await visit(side, directory, ["--aof-load-truncated", truncated], contentsOf);
  } catch (error) {
    assert.match(String(error), /"code":1[^]*Unexpected end of file reading the append only file/);
  }
  const outcome = { contents, leftBytes: statSync(path).size };
  rmSync(directory, { recursive: true });
  return outcome;
}

const INCREMENT = "appendonly.aof.1.incr.aof";
const BEFORE = [["SELECT", "0"], ["SET", "a", "1"]];

/** The last commands, in units that are loaded whole or not at all. */
const endings: Record<string, string[][][]> = {
  "commands": [[["SET", "b", "2"]], [["INCR", "a"]]],
  "a transaction": [[["MULTI"], ["SET", "b", "2"], ["INCR", "a"], ["EXEC"]]],
};

for (const truncated of ["yes", "no"] as const) {
  for (const [name, units] of Object.entries(endings)) {
    test(`${name} cut at every byte, aof-load-truncated ${truncated}`, { skip }, async () => {
      const origin = newDirectory();
      // The files and the manifest that a server makes; what is in them is ours.
      await visit("redis", origin, [], async () => {});
      const [start, ...rest] = [BEFORE, ...units].map((commands) =>
        Buffer.concat(commands.map(encodeCommand))
      );
      const whole = Buffer.concat([start, ...rest]);
      writeFileSync(join(origin, AOF_FOLDER, INCREMENT), whole);
      const ends = new Set([start.length]);
      for (const unit of rest) ends.add(Math.max(...ends) + unit.length);
      // A refusal is the same everywhere, but a start costs time.
      const step = truncated === "no" ? 3 : 1;
      for (let sizeBytes = start.length; sizeBytes <= whole.length; sizeBytes++) {
        if (!ends.has(sizeBytes) && sizeBytes % step !== 0) continue;
        const [theirs, ours] = await Promise.all([
          loadCut("redis", origin, sizeBytes, truncated),
          loadCut("pagurus", origin, sizeBytes, truncated),
        ]);
        const where = `${sizeBytes} of ${whole.length} bytes`;
        assert.deepEqual(ours.contents, theirs.contents, where);
        const isRefused = truncated === "no" && !ends.has(sizeBytes);
        assert.equal(ours.contents === undefined, isRefused, where);
        // redis-server leaves the MULTI in the file where a command after it is cut, and so loses
        // at its next start what it has written meanwhile.
        const wholeBytes = Math.max(...[...ends].filter((end) => end <= sizeBytes));
        assert.equal(ours.leftBytes, isRefused ? sizeBytes : wholeBytes, where);
      }
    });
  }
}
