/**
 * `createServer`, as programs use it, on the runtime under test. What only shows in a process of its
 * own (that nothing keeps it alive) runs in one.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";
import { pathToFileURL } from "node:url";
import { run } from "../../../scripts/processes.ts";
import { NetworkError } from "../../../src/platform/network.ts";
import type { EmbeddedServer, ServerOptions } from "../../../src/server/embedded.ts";
import { textOf } from "../../support/reply.ts";
import { RespClient } from "../../support/resp_client.ts";
import { freePort, projectRoot, temporaryDirectory, thisRuntime } from "../../support/servers.ts";

// Not a static import: the compiler would follow it into the adapters of all three runtimes.
const library = pathToFileURL(`${projectRoot}mod.ts`).href;
const { createServer } = await import(library) as {
  createServer(options?: ServerOptions): Promise<EmbeddedServer>;
};

const RUN = { node: [], deno: ["run", "-A", "--no-check"], bun: ["run"] } as const;
const directories: string[] = [];
const clients: RespClient[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
after(() => {
  for (const path of directories) rmSync(path, { recursive: true, force: true });
});

function newDirectory(): string {
  const path = temporaryDirectory();
  directories.push(path);
  return path;
}

async function connectTo(server: EmbeddedServer): Promise<RespClient> {
  const client = await RespClient.connect({ port: server.port });
  clients.push(client);
  return client;
}

/** The reply's text, or the texts of its parts with a space between them. */
async function ask(client: RespClient, ...args: string[]): Promise<string> {
  const reply = await client.command(...args);
  return reply.kind === "array" ? reply.items.map(textOf).join(" ") : textOf(reply);
}

test("with a port alone: on 127.0.0.1, nothing saved", async () => {
  const port = await freePort();
  await using server = await createServer({ port });
  assert.equal(server.port, port);
  assert.equal(server.url, `redis://127.0.0.1:${port}`);
  const client = await connectTo(server);
  assert.equal(await ask(client, "PING"), "PONG");
  assert.equal(await ask(client, "CONFIG", "GET", "bind"), "bind 127.0.0.1");
  assert.equal(await ask(client, "CONFIG", "GET", "save"), "save ");
});

test("port 0 picks a free port, another for each server", async () => {
  await using one = await createServer({ port: 0 });
  await using other = await createServer({ port: 0 });
  assert.ok(one.port > 0 && other.port > 0);
  assert.notEqual(one.port, other.port);
});

test("options are directives: numbers, yes and no, words, lists", async () => {
  await using server = await createServer({
    port: 0,
    maxclients: 123,
    maxmemory: "100mb",
    "maxmemory-policy": "allkeys-lru",
    "rdbcompression": false,
    "lazyfree-lazy-expire": true,
    save: ["3600", "1", "300", "100"],
    "shutdown-on-sigterm": "nosave",
    dir: newDirectory(),
  });
  const client = await connectTo(server);
  const expected = {
    maxclients: "123",
    maxmemory: "104857600",
    "maxmemory-policy": "allkeys-lru",
    "rdbcompression": "no",
    "lazyfree-lazy-expire": "yes",
    save: "3600 1 300 100",
    "shutdown-on-sigterm": "nosave",
  };
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(await ask(client, "CONFIG", "GET", name), `${name} ${value}`);
  }
});

test("requirepass: in the URL, encoded, and asked for", async () => {
  await using server = await createServer({ port: 0, requirepass: "a/b c" });
  assert.equal(server.url, `redis://:a%2Fb%20c@127.0.0.1:${server.port}`);
  const client = await connectTo(server);
  assert.match(await ask(client, "GET", "k"), /^NOAUTH /);
  assert.equal(await ask(client, "AUTH", "a/b c"), "OK");
});

test("a refused option: the error names the directive", async () => {
  const wrong = (options: unknown) => createServer(options as ServerOptions);
  await assert.rejects(
    wrong({ port: 0, "maxmemory-policy": "sometimes" }),
    /^Error: maxmemory-policy: /,
  );
  await assert.rejects(wrong({ port: 70000 }), /^Error: port: /);
  await assert.rejects(wrong({ port: 0, "no-such-directive": 1 }), /no-such-directive/);
  await assert.rejects(wrong({ port: 0, appendonly: "maybe" }), /^Error: appendonly: /);
  await assert.rejects(wrong({ port: 0, dir: "/no/such/folder" }), /^Error: dir: .*No such file/);
});

test("an option that is undefined is one that was not given", async () => {
  const options = { port: 0, maxclients: undefined } as unknown as ServerOptions;
  await using server = await createServer(options);
  const client = await connectTo(server);
  assert.equal(await ask(client, "CONFIG", "GET", "maxclients"), "maxclients 10000");
});

test("a port in use: a NetworkError, and the first server goes on", async () => {
  await using server = await createServer({ port: 0 });
  await assert.rejects(createServer({ port: server.port }), (thrown: unknown) => {
    assert.ok(thrown instanceof NetworkError);
    assert.equal(thrown.code, "EADDRINUSE");
    return true;
  });
  assert.equal(await ask(await connectTo(server), "PING"), "PONG");
});

test("two servers share nothing", async () => {
  const directory = newDirectory();
  const before = process.cwd();
  await using one = await createServer({ port: 0, dir: directory, maxclients: 11 });
  await using other = await createServer({ port: 0, dbfilename: "other.rdb" });
  const [a, b] = [await connectTo(one), await connectTo(other)];
  assert.equal(await ask(a, "SET", "k", "v"), "OK");
  assert.equal(await ask(b, "EXISTS", "k"), "0");
  assert.equal(await ask(b, "CONFIG", "GET", "maxclients"), "maxclients 10000");
  assert.equal(await ask(a, "CONFIG", "SET", "hz", "33"), "OK");
  assert.equal(await ask(b, "CONFIG", "GET", "hz"), "hz 10");
  assert.equal(await ask(a, "CONFIG", "GET", "dir"), `dir ${directory}`);
  assert.equal(await ask(b, "CONFIG", "GET", "dir"), `dir ${before}`);
  assert.equal(process.cwd(), before);
  assert.equal((await ask(b, "CLIENT", "LIST")).trim().split("\n").length, 1);
  assert.equal(await ask(a, "CONFIG", "RESETSTAT"), "OK");
  assert.match(await ask(b, "INFO", "commandstats"), /cmdstat_exists:calls=1,/);
  await one.close();
  assert.equal(await ask(b, "PING"), "PONG");
});

test("close: again does nothing, connections end, the port is free", async () => {
  const server = await createServer({ port: 0 });
  const client = await connectTo(server);
  await Promise.all([server.close(), server.close()]);
  await server.close();
  await server.stopped;
  await client.closed;
  await using next = await createServer({ port: server.port });
  assert.equal(next.port, server.port);
});

test("await using closes at the end of the block, an error in it included", async () => {
  let stopped: Promise<void> | undefined;
  await assert.rejects(async () => {
    await using server = await createServer({ port: 0 });
    stopped = server.stopped;
    throw new Error("out of the block");
  }, /out of the block/);
  await stopped;
});

test("SHUTDOWN by a client: `stopped` resolves, close does nothing more", async () => {
  const server = await createServer({ port: 0 });
  const client = await connectTo(server);
  client.send("SHUTDOWN");
  await server.stopped;
  await client.closed;
  await server.close();
  await assert.rejects(RespClient.connect({ port: server.port }));
});

test("dir and save: saved by close, loaded by the next start", async () => {
  const options = { port: 0, dir: newDirectory(), dbfilename: "data.rdb", save: "3600 1" };
  {
    await using server = await createServer(options);
    const client = await connectTo(server);
    assert.equal(await ask(client, "SET", "greeting", "hello"), "OK");
    assert.equal(existsSync(join(options.dir, "data.rdb")), false);
  }
  assert.equal(readFileSync(join(options.dir, "data.rdb"), "latin1").slice(0, 5), "REDIS");
  await using server = await createServer(options);
  assert.equal(await ask(await connectTo(server), "GET", "greeting"), "hello");
});

test("without save nothing is written", async () => {
  const directory = newDirectory();
  const server = await createServer({ port: 0, dir: directory });
  assert.equal(await ask(await connectTo(server), "SET", "k", "v"), "OK");
  await server.close();
  assert.equal(existsSync(join(directory, "dump.rdb")), false);
});

test("a file that cannot be loaded: the promise rejects, the port is free, the file stays", async () => {
  const directory = newDirectory();
  const path = join(directory, "dump.rdb");
  writeFileSync(path, "REDIS0011 but then nonsense");
  const port = await freePort();
  const lines: string[] = [];
  const onLog = (line: string) => lines.push(line);
  await assert.rejects(createServer({ port, dir: directory, onLog }));
  assert.match(lines.join(""), /Fatal error loading the DB/);
  assert.equal(readFileSync(path, "latin1"), "REDIS0011 but then nonsense");
  await using server = await createServer({ port });
  assert.equal(server.port, port);
});

test("onLog takes whole lines in Redis's format; loglevel filters them", async () => {
  const lines: string[] = [];
  const onLog = (line: string) => lines.push(line);
  const server = await createServer({ port: 0, onLog });
  await server.close();
  assert.match(lines.join(""), /\* Ready to accept connections tcp\n/);
  for (const line of lines) {
    assert.match(
      line,
      /^\d+:M \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d\.\d{3} [.*#-] [^\n]+\n$/,
    );
    assert.equal(line.split(":")[0], String(process.pid));
  }
  lines.length = 0;
  const quiet = await createServer({ port: 0, onLog, loglevel: "warning" });
  await quiet.close();
  assert.deepEqual(lines, []);
});

test("unixsocket: beside the port, or in its place where bind is empty", async () => {
  const path = join(newDirectory(), "pagurus.sock");
  {
    await using server = await createServer({ port: 0, unixsocket: path });
    assert.equal(server.url, `redis://127.0.0.1:${server.port}`);
    const client = await connectTo(server);
    assert.equal(await ask(client, "SET", "k", "v"), "OK");
    const local = await RespClient.connect({ path });
    clients.push(local);
    assert.equal(await ask(local, "GET", "k"), "v");
  }
  assert.equal(existsSync(path), false);
  await using server = await createServer({ port: 0, bind: "", unixsocket: path });
  assert.equal(server.port, 0);
  assert.equal(server.url, `unix://${path}`);
  const local = await RespClient.connect({ path });
  clients.push(local);
  assert.equal(await ask(local, "PING"), "PONG");
});

test("a Unix socket that cannot be had: rejects, and the port is free again", async () => {
  const port = await freePort();
  const unixsocket = "/no/such/folder/pagurus.sock";
  await assert.rejects(createServer({ port, unixsocket }), NetworkError);
  await using server = await createServer({ port });
  assert.equal(server.port, port);
});

test("nothing keeps the process alive after close, nor after SHUTDOWN", async () => {
  const program = join(newDirectory(), "program.ts");
  writeFileSync(
    program,
    `import { createServer } from ${JSON.stringify(library)};
import { connect } from "node:net";
const idle = (server) => new Promise((resolve) => {
  const socket = connect(server.port, "127.0.0.1", () => socket.write("PING\\r\\n"));
  socket.on("error", () => {});
  socket.once("data", () => resolve(socket));
});
const one = await createServer({ port: 0 });
// One that would wait for long is no reason to stay.
(await idle(one)).write("PING\\r\\nBLPOP k 1000\\r\\n");
await new Promise((resolve) => setTimeout(resolve, 50));
await one.close();
const other = await createServer({ port: 0 });
(await idle(other)).write("SHUTDOWN\\r\\n");
await other.stopped;
console.log("done");
`,
  );
  const { code, output, isTimedOut } = await run(thisRuntime, [...RUN[thisRuntime], program], {
    timeoutMs: 30_000,
  });
  assert.equal(isTimedOut, false);
  assert.equal(output, "done\n");
  assert.equal(code, 0);
});
