/** The configuration beside a real redis-server 7.0: names, values, errors, rewritten files. */

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { newConfig } from "./fixture.ts";
import { cutAtSignature, REWRITE_CASES } from "./rewrite_cases.ts";
import { SET_CASES } from "./set_cases.ts";
import { START_CASES } from "./start_cases.ts";

const version = versionOf("redis-server");
const missing = version === "7.0"
  ? undefined
  : `needs redis-server 7.0 and redis-cli (apt-get install redis-server), found ${
    version || "none"
  }`;
if (missing !== undefined) console.error(`SKIPPED, NOT TESTED: ${missing}`);
const options = { skip: missing !== undefined && process.env.CI !== "true" ? missing : false };

function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
  return /v=(\d+\.\d+)/.exec(stdout ?? "")?.[1] ?? "";
}

interface RealServer {
  readonly port: number;
  readonly folder: string;
  command(...args: readonly string[]): string;
  stop(): Promise<void>;
}

/** Starts a server, from a file where one is given; `{PORT}` in it becomes its port. */
async function realServer(file?: string): Promise<RealServer> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const port = 20000 + Math.floor(Math.random() * 30000);
    const folder = mkdtempSync(join(tmpdir(), "pagurus-config-"));
    let args = ["--port", `${port}`];
    if (file !== undefined) {
      writeFileSync(join(folder, "a.conf"), file.replaceAll("{PORT}", `${port}`), "latin1");
      args = ["a.conf"];
    }
    const child = spawn("redis-server", args, { cwd: folder, stdio: "ignore" });
    const server = { port, folder, command: cli(port), stop: () => stopped(child, folder) };
    if (await answers(server, child)) return server;
    await server.stop();
  }
  throw new Error("redis-server does not start");
}

function cli(port: number): (...args: readonly string[]) => string {
  return (...args) =>
    execFileSync("redis-cli", ["-p", `${port}`, ...args], { encoding: "latin1" }).replace(
      /\n$/,
      "",
    );
}

/** Whether it is our own child that answers on the port, and not somebody else's server. */
async function answers(server: RealServer, child: ChildProcess): Promise<boolean> {
  for (let tries = 0; tries < 200 && child.exitCode === null; tries++) {
    // The password is that of the one file that has one; the others ignore it.
    const { stdout } = spawnSync("redis-cli", ["-p", `${server.port}`, "info", "server"], {
      encoding: "utf8",
      env: { ...process.env, REDISCLI_AUTH: "none" },
    });
    if (stdout.includes(`process_id:${child.pid}\r`)) return true;
    if (stdout.includes("process_id:")) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

async function stopped(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
  }
  rmSync(folder, { recursive: true, force: true });
}

/** What 7.2 has and 7.0 has not, and ours. */
const NEWER = [
  "cluster-announce-human-nodename",
  "corrupt-file-policy",
  "locale-collate",
  "set-max-listpack-entries",
  "set-max-listpack-value",
];
/** Hidden since 7.2. */
const HIDDEN_NOW = ["aof-disable-auto-gc"];

test("CONFIG GET * tells the same names and values as redis-server", options, async () => {
  const server = await realServer();
  try {
    const lines = server.command("config", "get", "*").split("\n");
    const real = new Map<string, string>();
    for (let i = 0; i < lines.length; i += 2) real.set(lines[i], lines[i + 1]);
    real.set("port", "6379").set("dir", "/data");
    for (const name of HIDDEN_NOW) assert.equal(real.delete(name), true, name);
    const ours = new Map(newConfig().matching(["*"]));
    for (const name of NEWER) assert.equal(ours.delete(name), true, name);
    assert.deepEqual(new Map([...ours].sort()), new Map([...real].sort()));
  } finally {
    await server.stop();
  }
});

test("CONFIG SET: the recorded answers are redis-server's", options, async () => {
  const server = await realServer();
  try {
    for (const [args, reply, value] of SET_CASES) {
      assert.equal(server.command("config", "set", ...args).trimEnd(), reply, args.join(" "));
      if (value === undefined) continue;
      const [, ...told] = server.command("config", "get", args[0]).split("\n");
      assert.equal(told.join("\n"), value, args.join(" "));
    }
  } finally {
    await server.stop();
  }
});

test("failing starts: the recorded errors are redis-server's", options, () => {
  for (const [args, files, error] of START_CASES) {
    const folder = mkdtempSync(join(tmpdir(), "pagurus-config-"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const { stderr } = spawnSync("redis-server", args, { cwd: folder, encoding: "utf8" });
    rmSync(folder, { recursive: true });
    // The number of the patch release is the machine's.
    assert.equal(stderr.replace(/Redis 7\.0\.\d+/, "Redis 7.0.15"), error, JSON.stringify(args));
  }
});

test("CONFIG REWRITE: the recorded files are redis-server's", options, async () => {
  for (const { file, sets, kept, appended } of REWRITE_CASES) {
    const server = await realServer(file);
    try {
      const filled = (text: string) =>
        text.replaceAll("{PORT}", `${server.port}`).replaceAll("{DIR}", server.folder);
      const authentication = file.includes("requirepass none")
        ? ["--no-auth-warning", "-a", "none"]
        : [];
      for (const pair of sets) {
        const reply = server.command(...authentication, "config", "set", ...pair);
        assert.equal(reply.trimEnd(), "OK", pair.join(" "));
        if (pair[0] === "requirepass") authentication.length = 0;
      }
      assert.equal(server.command("config", "rewrite"), "OK");
      const { kept: keptThere, appended: appendedThere } = cutAtSignature(
        readFileSync(join(server.folder, "a.conf"), "latin1"),
      );
      assert.equal(keptThere, filled(kept));
      // The users of the ACL are not the configuration's.
      const lines = appendedThere.filter((line) => !line.startsWith("user default "));
      assert.deepEqual(lines, appended.map(filled).sort());
    } finally {
      await server.stop();
    }
  }
});
