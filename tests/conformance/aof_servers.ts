/**
 * Two servers that hand each other the folder of an append-only file: starting either, waiting for
 * a rewrite, and everything that a server holds in a form that compares.
 *
 * `PAGURUS_ORACLE` is a command line to start instead of the installed redis-server, for other
 * versions: `PAGURUS_ORACLE=/opt/valkey/bin/valkey-server`.
 */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { AOF_FOLDER } from "../crash/aof_files.ts";
import { bytesOf, itemsOf, textOf } from "../support/reply.ts";
import type { Argument, RespClient } from "../support/resp_client.ts";
import {
  freePort,
  skipWithout,
  sleep,
  startPagurus,
  startRedis,
  TestServer,
} from "../support/servers.ts";

/** Who writes or reads a folder. */
export type Side = "redis" | "pagurus";

/** A reason to skip what needs the other server, or false. */
export const skip = process.env.PAGURUS_ORACLE === undefined ? skipWithout("redis-server") : false;

/** Starts a server with an append-only file in a folder; rejects with its log where it ends. */
export function startSide(
  side: Side,
  directory: string,
  args: readonly string[] = [],
): Promise<TestServer> {
  const all = ["--appendonly", "yes", "--enable-debug-command", "yes", ...args];
  if (side === "pagurus") return startPagurus({ directory, args: all });
  const oracle = process.env.PAGURUS_ORACLE;
  if (oracle === undefined) return startRedis({ directory, args: all });
  return startOracle(oracle.split(" "), directory, ["--save", "", ...all]);
}

async function startOracle(
  program: readonly string[],
  directory: string,
  args: readonly string[],
): Promise<TestServer> {
  const port = await freePort();
  const place = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory];
  const server = new TestServer([...program, ...place, ...args], port, directory, false, {});
  await server.waitForLog(/Ready to accept connections/);
  return server;
}

/** Copies the append-only file's folder into another server's directory. */
export function copyAof(from: string, to: string): void {
  cpSync(join(from, AOF_FOLDER), join(to, AOF_FOLDER), { recursive: true });
}

/** Sends commands, none of which may fail. */
export async function write(
  client: RespClient,
  commands: readonly (readonly Argument[])[],
): Promise<void> {
  const replies = await client.pipeline(commands);
  replies.forEach((reply, i) => {
    assert.notEqual(reply.kind, "error", `${String(commands[i]).slice(0, 200)}: ${reply}`);
  });
}

/** Rewrites the append-only file, with some writes while that goes on. */
export async function rewrite(
  client: RespClient,
  meanwhile: readonly (readonly Argument[])[] = [],
): Promise<void> {
  await write(client, [["BGREWRITEAOF"], ...meanwhile]);
  for (;;) {
    const info = textOf(await client.command("INFO", "persistence"));
    if (/aof_rewrite_in_progress:0[^]*aof_rewrite_scheduled:0/.test(info)) {
      assert.match(info, /aof_last_bgrewrite_status:ok/);
      return;
    }
    await sleep(5);
  }
}

/** Everything that a server holds. */
export interface Contents {
  /** DEBUG DIGEST. */
  readonly digest: string;
  /** Expiry time and value by database and key; bytes as characters. */
  readonly keys: ReadonlyMap<string, string>;
}

/** Reads every key of every database. */
export async function contentsOf(client: RespClient): Promise<Contents> {
  const keys = new Map<string, string>();
  const info = textOf(await client.command("INFO", "keyspace"));
  for (const [, database] of info.matchAll(/^db(\d+):/gm)) {
    await client.command("SELECT", database);
    const names = itemsOf(await client.command("KEYS", "*")).map((name) => bytesOf(name)!);
    const replies = await client.pipeline(
      names.flatMap((name) => [["GET", name], ["PEXPIRETIME", name]]),
    );
    names.forEach((name, i) => {
      const value = characters(bytesOf(replies[2 * i])!);
      keys.set(`${database} ${characters(name)}`, `${textOf(replies[2 * i + 1])} ${value}`);
    });
  }
  await client.command("SELECT", 0);
  return { digest: textOf(await client.command("DEBUG", "DIGEST")), keys };
}

/** Asserts that a server holds just this. */
export async function assertHolds(client: RespClient, expected: Contents): Promise<void> {
  const found = await contentsOf(client);
  for (const [key, value] of expected.keys) {
    const there = found.keys.get(key);
    assert.ok(there === value, `${key.slice(0, 80)}: ${cut(there)} instead of ${cut(value)}`);
  }
  assert.equal(found.keys.size, expected.keys.size);
  assert.equal(found.digest, expected.digest);
}

function characters(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function cut(text: string | undefined): string {
  return text === undefined ? "missing" : JSON.stringify(text.slice(0, 80));
}
