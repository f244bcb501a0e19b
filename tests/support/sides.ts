/**
 * The two servers that hand files to each other: Pagurus and the real one.
 *
 * `PAGURUS_ORACLE` is a command line to start instead of the installed redis-server, for other
 * versions: `PAGURUS_ORACLE=/opt/valkey/bin/valkey-server`.
 */
import assert from "node:assert/strict";
import process from "node:process";
import type { Argument, RespClient } from "./resp_client.ts";
import { freePort, skipWithout, startPagurus, startRedis, TestServer } from "./servers.ts";

/** Who writes or reads files. */
export type Side = "redis" | "pagurus";

/** Who begins, and who goes on. */
export const SIDES: readonly (readonly [Side, Side])[] = [
  ["redis", "pagurus"],
  ["pagurus", "redis"],
];

/** The command line of another server than the installed one. */
export const oracle: string | undefined = process.env.PAGURUS_ORACLE;

/** A reason to skip what needs the other server, or false. */
export const skip: string | false = oracle === undefined ? skipWithout("redis-server") : false;

/** Starts a server in a folder; rejects with its log where it ends. It saves nothing by itself. */
export async function startSide(
  side: Side,
  directory: string,
  args: readonly string[] = [],
): Promise<TestServer> {
  const all = ["--enable-debug-command", "yes", ...args];
  if (side === "pagurus") return await startPagurus({ directory, args: all });
  if (oracle === undefined) return await startRedis({ directory, args: all });
  const port = await freePort();
  const place = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""];
  const line = [...oracle.split(" "), ...place, ...all];
  const server = new TestServer(line, port, directory, false, {});
  await server.waitForLog(/Ready to accept connections/);
  return server;
}

/** Sends commands, none of which may fail. */
export async function write(
  client: RespClient,
  commands: readonly (readonly Argument[])[],
): Promise<void> {
  const replies = await client.pipeline(commands);
  replies.forEach((reply, i) => {
    assert.notEqual(
      reply.kind,
      "error",
      `${String(commands[i]).slice(0, 200)}: ${"text" in reply ? reply.text : ""}`,
    );
  });
}
