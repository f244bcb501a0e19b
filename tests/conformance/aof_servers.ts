/**
 * Two servers that hand each other the folder of an append-only file: starting either, and waiting
 * for a rewrite.
 */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { AOF_FOLDER } from "../crash/aof_files.ts";
import { textOf } from "../support/reply.ts";
import type { Argument, RespClient } from "../support/resp_client.ts";
import { sleep, type TestServer } from "../support/servers.ts";
import { type Side, startSide, write } from "../support/sides.ts";

/** Starts a server with an append-only file in a folder; rejects with its log where it ends. */
export function startWithAof(
  side: Side,
  directory: string,
  args: readonly string[] = [],
): Promise<TestServer> {
  return startSide(side, directory, ["--appendonly", "yes", ...args]);
}

/** Copies the append-only file's folder into another server's directory. */
export function copyAof(from: string, to: string): void {
  cpSync(join(from, AOF_FOLDER), join(to, AOF_FOLDER), { recursive: true });
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
