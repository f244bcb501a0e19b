/**
 * What stands in the append-only file after each command: the same as what redis-server writes. Of
 * times that depend on when the command ran only the nearest 100 seconds count.
 */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { AOF_FOLDER } from "../crash/aof_files.ts";
import type { Argument } from "../support/resp_client.ts";
import { sleep, stopServers, temporaryDirectory } from "../support/servers.ts";
import { skip, startSide } from "./aof_servers.ts";
import type { Side } from "./aof_servers.ts";

const NEAR_MS = 100_000;
/** In the year 2050: no run of a test comes near it. */
const LATER_MS = 2_524_608_000_000;

const directories: string[] = [];
after(async () => {
  await stopServers();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A number is how many milliseconds to wait. */
type Step = readonly Argument[] | number;

const SCENARIOS: Readonly<Record<string, readonly Step[]>> = {
  "SET and what became of its options": [
    ["SET", "a", "1"],
    ["set", "a", "2", "nx"],
    ["SET", "b", "2", "NX"],
    ["SET", "a", "3", "XX"],
    ["SET", "a", "4", "GET"],
    ["SET", "c", "5", "EX", "1000"],
    ["SET", "c", "6", "KEEPTTL"],
    ["SET", "c", "7", "PX", "2000000", "GET"],
    ["SET", "c", "8", "EXAT", LATER_MS / 1000],
    ["SET", "c", "9", "PXAT", LATER_MS],
    ["SET", "c", "10", "PXAT", "1"],
    ["SETNX", "d", "1"],
    ["SETNX", "d", "2"],
    ["SETEX", "e", "3000", "1"],
    ["PSETEX", "f", "4000000", "1"],
    ["GETSET", "a", "5"],
    ["MSET", "a", "1", "b", "2"],
    ["MSETNX", "a", "1", "z", "2"],
    ["MSETNX", "y", "1", "z", "2"],
    ["SUBSTR", "a", "0", "1"],
    ["GETDEL", "a"],
    ["GETDEL", "a"],
  ],
  "GETEX": [
    ["SET", "a", "1"],
    ["GETEX", "a"],
    ["GETEX", "a", "PERSIST"],
    ["GETEX", "a", "EX", "1000"],
    ["GETEX", "a", "PX", "2000000"],
    ["GETEX", "a", "EXAT", LATER_MS / 1000],
    ["GETEX", "a", "PERSIST"],
    ["GETEX", "a", "PXAT", "1"],
    ["GETEX", "a", "EX", "10"],
  ],
  "numbers": [
    ["INCR", "n"],
    ["DECR", "n"],
    ["INCRBY", "n", "10"],
    ["DECRBY", "n", "3"],
    ["INCRBYFLOAT", "n", "1.5"],
    ["INCRBYFLOAT", "n", "1e3"],
    ["SET", "m", "1", "EX", "1000"],
    ["INCRBYFLOAT", "m", "0.1"],
    ["INCR", "m"],
    ["INCRBY", "n", "nonsense"],
  ],
  "parts of strings": [
    ["APPEND", "a", "text"],
    ["APPEND", "a", ""],
    ["SETRANGE", "a", "2", "XX"],
    ["SETRANGE", "a", "2", ""],
    ["SETRANGE", "none", "0", ""],
    ["SETBIT", "b", "7", "1"],
    ["SETBIT", "b", "7", "1"],
    ["BITOP", "NOT", "c", "a"],
    ["BITOP", "AND", "c", "none", "nothing"],
    ["BITFIELD", "b", "SET", "u8", "0", "5", "GET", "u4", "0"],
    ["BITFIELD", "b", "GET", "u8", "0"],
    ["BITFIELD", "b", "OVERFLOW", "FAIL", "INCRBY", "u2", "0", "9"],
  ],
  "times": [
    ["MSET", "a", "1", "b", "2", "c", "3"],
    ["EXPIRE", "a", "1000"],
    ["EXPIRE", "a", "2000", "NX"],
    ["EXPIRE", "a", "2000", "GT"],
    ["PEXPIRE", "a", "3000000"],
    ["EXPIREAT", "a", LATER_MS / 1000],
    ["PEXPIREAT", "a", LATER_MS],
    ["PERSIST", "a"],
    ["PERSIST", "a"],
    ["EXPIRE", "a", "-1"],
    ["PEXPIREAT", "b", "1"],
    ["EXPIRE", "none", "10"],
    ["TOUCH", "c"],
  ],
  "keys": [
    ["MSET", "a", "1", "b", "2", "c", "3", "d", "4"],
    ["DEL", "a", "none"],
    ["UNLINK", "b"],
    ["DEL", "none"],
    ["RENAME", "c", "e"],
    ["RENAMENX", "e", "d"],
    ["RENAMENX", "e", "f"],
    ["COPY", "f", "g"],
    ["COPY", "f", "g"],
    ["COPY", "f", "g", "DB", "2", "REPLACE"],
    ["MOVE", "g", "3"],
    ["MOVE", "g", "3"],
    ["SELECT", "3"],
    ["SWAPDB", "2", "3"],
    ["SET", "x", "1"],
    ["FLUSHDB"],
    ["FLUSHDB", "ASYNC"],
    ["SELECT", "0"],
    ["FLUSHALL", "SYNC"],
    ["FLUSHALL"],
  ],
  "RESTORE": [
    ["SET", "a", "12345"],
    ["RESTORE", "b", "0", payload()],
    ["RESTORE", "b", "5000000", payload(), "REPLACE"],
    ["RESTORE", "c", LATER_MS, payload(), "ABSTTL"],
    ["RESTORE", "d", "1", payload(), "ABSTTL"],
    ["RESTORE", "b", "0", payload()],
  ],
  "keys that expire where they are met": [
    ["DEBUG", "SET-ACTIVE-EXPIRE", "0"],
    ["SET", "a", "1", "PXAT", LATER_MS],
    ["MSET", "b", "1", "c", "1", "d", "1", "e", "1"],
    ...["b", "c", "d", "e"].map((key) => ["PEXPIRE", key, "1"]),
    20,
    ["GET", "b"],
    ["GET", "b"],
    ["INCR", "c"],
    ["RENAME", "a", "d"],
    ["SET", "e", "2", "NX"],
    ["EXISTS", "none"],
  ],
  "databases": [
    ["SELECT", "1"],
    ["GET", "a"],
    ["SET", "a", "1"],
    ["SELECT", "2"],
    ["SELECT", "1"],
    ["SET", "b", "1"],
    ["SELECT", "15"],
    ["SET", "b", "1"],
    ["SELECT", "0"],
    ["PING"],
  ],
};

/** DUMP of the string 12345, as Redis 7.0 writes it. */
function payload(): Uint8Array {
  return Buffer.from("00c139300a009d94ea2793fc08b9", "hex");
}

/** The increment after each step, as it grew. */
async function written(side: Side, steps: readonly Step[]): Promise<string[]> {
  const directory = temporaryDirectory();
  directories.push(directory);
  const server = await startSide(side, directory, [
    ...["--appendfsync", "always", "--enable-debug-command", "yes"],
  ]);
  const client = await server.client();
  const path = join(directory, AOF_FOLDER, "appendonly.aof.1.incr.aof");
  const found: string[] = [];
  let before = 0;
  for (const step of steps) {
    if (typeof step === "number") await sleep(step);
    else await client.command(...step);
    const text = readFileSync(path).toString("latin1");
    found.push(`${String(step).slice(0, 60)} => ${shown(text.slice(before))}`);
    before = text.length;
  }
  await server.stop();
  return found;
}

/** Without line ends, and times near now rounded. */
function shown(text: string): string {
  return text.replaceAll("\r\n", " ").replace(/\b\d{13}\b/g, (digits) => {
    const ms = Number(digits);
    return ms === LATER_MS ? digits : `now + ${Math.round((ms - Date.now()) / NEAR_MS) * NEAR_MS}`;
  });
}

for (const [name, steps] of Object.entries(SCENARIOS)) {
  test(`the append-only file after each command: ${name}`, { skip }, async () => {
    const expected = await written("redis", steps);
    assert.ok(expected.some((line) => line.includes("*")));
    assert.deepEqual(await written("pagurus", steps), expected);
  });
}
