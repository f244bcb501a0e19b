/**
 * What `npm run build` makes, used as its users will: each artefact is built into a temporary folder
 * and started. The build is a program for Node, so this runs there; the artefacts are run by all
 * three.
 */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { ARTEFACTS, build, type BuildResult } from "../../scripts/build.ts";
import { SERVER } from "../../scripts/build_artefact.ts";
import { compileArguments } from "../../scripts/build_deno.ts";
import { withNote } from "../../scripts/build_elf.ts";
import { run } from "../../scripts/processes.ts";
import { textOf } from "../support/reply.ts";
import {
  freePort,
  projectRoot,
  type Runtime,
  stopServers,
  temporaryDirectory,
  TestServer,
  thisRuntime,
} from "../support/servers.ts";

const skip = thisRuntime === "node" ? false : "the build script runs on Node only";
const { version } = JSON.parse(readFileSync(`${projectRoot}package.json`, "utf8"));
const readme = readFileSync(`${projectRoot}README.md`, "utf8");

const folder = mkdtempSync(join(tmpdir(), "pagurus-build-test-"));
const servers = new Map<string, BuildResult>();
const workers = new Map<string, BuildResult>();

before(async () => {
  if (skip) return;
  const worker = { entry: "tests/build/worker_entry.ts", worker: SERVER.worker };
  for (
    const [name, sources, results] of [
      ["server", SERVER, servers],
      ["worker", worker, workers],
    ] as const
  ) {
    mkdirSync(join(folder, name));
    for (const artefact of ARTEFACTS) {
      results.set(artefact.name, await build(artefact, join(folder, name), sources));
    }
  }
});
after(async () => {
  await stopServers();
  rmSync(folder, { recursive: true, force: true });
});

/** A way to start an artefact. */
interface Form {
  readonly name: string;
  readonly artefact: string;
  /** The runtime of its own that it needs, if any. */
  readonly runtime?: Runtime;
}

const FORMS: readonly Form[] = [
  { name: "npm package on Node", artefact: "npm", runtime: "node" },
  { name: "npm package on Deno", artefact: "npm", runtime: "deno" },
  { name: "npm package on Bun", artefact: "npm", runtime: "bun" },
  { name: "Bun executable", artefact: "pagurus-bun" },
  { name: "Node executable", artefact: "pagurus-node" },
  { name: "Deno executable", artefact: "pagurus-deno" },
];

/** The command line of a form, undefined where it could not be built. */
function commandOf(form: Form, results: ReadonlyMap<string, BuildResult>): string[] | undefined {
  const path = results.get(form.artefact)?.path;
  if (path === undefined) return undefined;
  if (form.runtime === undefined) return [path];
  const program = `${projectRoot}node_modules/.bin/${form.runtime}`;
  const before = form.runtime === "deno" ? ["run", "-A", "--cached-only"] : [];
  return [program, ...before, join(path, "cli.js")];
}

async function start(command: readonly string[], directory: string): Promise<TestServer> {
  const port = await freePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""];
  const server = new TestServer([...command, ...args], port, directory, false, {});
  await server.waitForLog(/Ready to accept connections/, 30_000);
  return server;
}

/** What a user does: write, stop with saving, start again, find the data back, stop. */
async function keepsData(command: readonly string[]): Promise<void> {
  const directory = temporaryDirectory();
  try {
    // Bun reads such a file where it is not kept from it, and a server must not.
    writeFileSync(join(directory, ".env"), "PAGURUS_MAXCLIENTS=77\n");
    const binary = new Uint8Array(300).map((_, index) => index);
    const first = await start(command, directory);
    const client = await first.client();
    assert.equal(textOf(await client.command("PING")), "PONG");
    assert.equal(textOf(await client.command("SET", "greeting", "hello")), "OK");
    assert.equal(textOf(await client.command("SET", binary, binary, "EX", 1000)), "OK");
    if (command.length === 1) {
      const reply = await client.command("CONFIG", "GET", "maxclients");
      assert.doesNotMatch(JSON.stringify(reply), /77/);
    }
    client.send("SHUTDOWN", "SAVE");
    assert.deepEqual(await first.exited, { code: 0, signal: null }, first.log);
    assert.equal(first.stderr, "");

    const second = await start(command, directory);
    const again = await second.client();
    assert.equal(textOf(await again.command("GET", "greeting")), "hello");
    assert.equal(textOf(await again.command("STRLEN", binary)), "300");
    assert.match(textOf(await again.command("TTL", binary)), /^(1000|9\d\d)$/);
    assert.deepEqual(await second.stop(), { code: 0, signal: null }, second.log);
    assert.equal(second.stderr, "");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

for (const form of FORMS) {
  test(`${form.name}: version, help, data kept over a restart`, { skip }, async (t) => {
    const command = commandOf(form, servers);
    if (command === undefined) return t.skip(servers.get(form.artefact)!.missing!.message);
    const [program, ...args] = command;
    const told = await run(program, [...args, "--version"]);
    assert.equal(told.code, 0, told.output);
    assert.match(told.stdout, new RegExp(`^Redis server v=7\\.2\\.\\d+ .* build=${version}\n$`));
    const helped = await run(program, [...args, "--help"]);
    assert.match(helped.output, /^Usage: pagurus /);
    const refused = await run(program, [...args, "--no-such-directive", "1"]);
    assert.equal(refused.code, 1, refused.output);
    await keepsData(command);
  });

  test(`${form.name}: its background worker saves`, { skip }, async (t) => {
    const command = commandOf(form, workers);
    if (command === undefined) return t.skip(workers.get(form.artefact)!.missing!.message);
    const [program, ...args] = command;
    await savesInWorker(program, args);
  });
}

async function savesInWorker(program: string, args: readonly string[]): Promise<void> {
  const directory = temporaryDirectory();
  try {
    const { code, output } = await run(program, [...args, directory]);
    assert.equal(code, 0, output);
    const { isParallel, result, error } = JSON.parse(output);
    assert.equal(error, undefined);
    assert.equal(isParallel, true);
    assert.equal(result.keyCount, 1000);
    assert.equal(readFileSync(join(directory, "dump.rdb")).length, result.sizeBytes);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test("Deno with the permissions that the README names, and no more", { skip }, async () => {
  const line = /^deno run (--allow-net .*) mod\.ts$/m.exec(readme);
  assert.ok(line, "the README names a set of permissions");
  const permissions = line[1].split(" ").map((flag) =>
    flag.replace("--allow-read=.", `--allow-read=${tmpdir()},${projectRoot}`)
      .replace("--allow-write=.", `--allow-write=${tmpdir()}`)
  );
  const deno = `${projectRoot}node_modules/.bin/deno`;
  const flags = ["run", "--no-prompt", "--no-check", "--cached-only", ...permissions];
  const command = [deno, ...flags, `${projectRoot}mod.ts`];
  await keepsData(command);
  await savesInWorker(deno, [...flags, `${projectRoot}tests/build/worker_entry.ts`]);

  const directory = temporaryDirectory();
  try {
    const path = join(directory, "pagurus.sock");
    const more = ["--unixsocket", path, "--pidfile", join(directory, "pid")];
    const server = await start([...command, ...more], directory);
    const client = await server.client({ path });
    assert.equal(textOf(await client.command("SET", "k", "v")), "OK");
    assert.match(textOf(await client.command("INFO", "everything")), /redis_version:7\.2/);
    assert.equal(textOf(await client.command("SAVE")), "OK");
    assert.deepEqual(await server.stop(), { code: 0, signal: null }, server.log);
    assert.equal(server.stderr, "");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("the README's deno compile is the one that the build runs", { skip }, () => {
  const command = `deno ${compileArguments("dist/pagurus-deno", SERVER).join(" ")}`;
  assert.ok(readme.replace(/ \\\n\s*/g, " ").includes(command), command);
});

test("npm package: installed, imported and typed", { skip }, async () => {
  const path = servers.get("npm")!.path!;
  const manifest = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  assert.equal(manifest.version, version);
  assert.equal(manifest.dependencies, undefined);
  for (const file of [manifest.bin.pagurus, ...Object.values(manifest.exports["."]) as string[]]) {
    assert.ok(existsSync(join(path, file)), file);
  }
  for (const file of ["README.md", "LICENSE"]) assert.ok(existsSync(join(path, file)), file);
  for (const file of ["mod.js", "cli.js", "worker.js"]) {
    assert.doesNotMatch(readFileSync(join(path, file), "utf8"), new RegExp(projectRoot));
  }

  const user = join(folder, "user");
  mkdirSync(join(user, "node_modules/.bin"), { recursive: true });
  symlinkSync(path, join(user, "node_modules/pagurus"));
  symlinkSync("../pagurus/cli.js", join(user, "node_modules/.bin/pagurus"));
  writeFileSync(join(user, "package.json"), `{"type":"module","dependencies":{"pagurus":"*"}}`);
  const bin = dirname(process.execPath);
  const told = await run(join(user, "node_modules/.bin/pagurus"), ["--version"], {
    env: { PATH: `${bin}:${process.env.PATH}` },
  });
  assert.match(told.output, new RegExp(`build=${version}\n$`));

  writeFileSync(
    join(user, "program.ts"),
    `import { createServer, type EmbeddedServer, type ServerOptions } from "pagurus";
const options: ServerOptions = { port: 0, maxclients: 10, onLog: (_line: string) => {} };
const server: EmbeddedServer = await createServer(options);
if (!/^redis:\\/\\/127\\.0\\.0\\.1:\\d+$/.test(server.url)) throw new Error(server.url);
const port: number = server.port;
await server.close();
await using other = await createServer({ port });
if (other.port !== port) throw new Error("the port is not free again");
`,
  );
  writeFileSync(
    join(user, "wrong.ts"),
    `import { createServer } from "pagurus";\nexport const port: string = (await createServer()).port;\n`,
  );
  const compile = (file: string) =>
    run("tsc", [
      ...["--ignoreConfig", "--strict", "--noEmit", "--types", "", "--target", "es2022"],
      ...["--module", "nodenext", join(user, file)],
    ]);
  const typed = await compile("program.ts");
  assert.equal(typed.code, 0, typed.output);
  assert.match((await compile("wrong.ts")).output, /error TS2322/);
  for (const runtime of ["node", "deno", "bun"] as const) {
    const args = runtime === "deno" ? ["run", "-A", "--no-check", "--node-modules-dir=manual"] : [];
    const ended = await run(runtime, [...args, join(user, "program.ts")], { timeoutMs: 30_000 });
    assert.equal(ended.code, 0, `${runtime}: ${ended.output}`);
    assert.equal(ended.output, "");
  }
});

test("a note goes into ELF files only", { skip }, () => {
  assert.throws(() => withNote(new Uint8Array(100), "NAME", new Uint8Array(1)), /not a 64-bit/);
});
