/** What the {@link Host} of the runtime promises, seen from outside a process. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { thisRuntime } from "../support/servers.ts";

const fixture = fileURLToPath(new URL("./host_fixture.ts", import.meta.url));
const before = thisRuntime === "deno" ? ["run", "-A", "--no-check", fixture] : [fixture];
const env = { ...process.env, PAGURUS_CONTRACT: "from outside" };

test("host: arguments, environment, standard input and exit code", () => {
  const input = `port 0\n${"# a comment\n".repeat(20_000)}`;
  const ran = spawnSync(process.execPath, [...before, "echo", "-", "--port", "a b"], {
    env,
    input,
  });
  assert.equal(ran.stdout.toString(), `-|--port|a b\nfrom outside\n${input}`);
  assert.equal(ran.stderr.toString(), "to standard error\n");
  assert.equal(ran.status, 3);
});

test("host: no standard input at all", () => {
  const stdio = ["ignore", "pipe", "pipe"] as const;
  const ran = spawnSync(process.execPath, [...before, "echo"], { env, stdio: [...stdio] });
  assert.equal(ran.stdout.toString(), "\nfrom outside\n");
  assert.equal(ran.status, 3);
});

test("host: no line of the log is lost at the exit", async () => {
  const child = spawn(process.execPath, [...before, "log"], { env, stdio: ["ignore", "pipe", 2] });
  const pieces: Uint8Array[] = [];
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  setTimeout(() => child.stdout!.on("data", (piece: Uint8Array) => pieces.push(piece)), 200);
  assert.equal(await ended, 0);
  const lines = Buffer.concat(pieces).toString().trimEnd().split("\n");
  assert.equal(lines.length, 20_000);
  assert.equal(lines.at(-1), "line 19999");
});

test("host: a log that nobody reads does not end the process", async () => {
  const child = spawn(process.execPath, [...before, "log"], { env, stdio: ["ignore", "pipe", 2] });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.stdout!.destroy();
  assert.equal(await ended, 0);
});

test("host: every signal calls the handler", async () => {
  const child = spawn(process.execPath, [...before, "signals"], {
    env,
    stdio: ["ignore", "pipe", 2],
  });
  let output = "";
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  child.stdout!.on("data", (piece: Uint8Array) => {
    output += piece.toString();
    if (output === "ready\n") process.kill(child.pid!, "SIGTERM");
    if (output === "ready\nSIGTERM\n") process.kill(child.pid!, "SIGINT");
  });
  assert.equal(await ended, 0);
  assert.equal(output, "ready\nSIGTERM\nSIGINT\n");
});
