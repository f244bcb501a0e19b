/** TLS as clients use it: redis-cli, ioredis, node-redis and Bun's client, with certificates. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Redis } from "ioredis";
import { createClient } from "redis";
import type { EmbeddedServer, ServerOptions } from "../../src/server/embedded.ts";
import { certificatePath, certificateText, tlsArguments } from "../support/certificates.ts";
import { newBunRedis, skipWithoutBun } from "../support/bun_redis.ts";
import {
  findProgram,
  freePort,
  projectRoot,
  skipWithout,
  startPagurus,
  stopServers,
  type TestServer,
} from "../support/servers.ts";

// Not a static import: the compiler would follow it into the adapters of all three runtimes.
const library = pathToFileURL(`${projectRoot}mod.ts`).href;
const { createServer } = await import(library) as {
  createServer(options?: ServerOptions): Promise<EmbeddedServer>;
};

after(stopServers);

const cli = { skip: skipWithout("redis-cli") };
const WITH_CLIENT = [
  "--cert",
  certificatePath("client.crt"),
  "--key",
  certificatePath("client.key"),
];
const WITH_AUTHORITY = ["--cacert", certificatePath("authority.crt")];

/** A server with a plain port and one with TLS. */
async function startWithTls(
  authClients: string,
  more: readonly string[] = [],
): Promise<{ server: TestServer; tlsPort: number }> {
  const tlsPort = await freePort();
  const server = await startPagurus({ args: [...tlsArguments(tlsPort, authClients), ...more] });
  return { server, tlsPort };
}

function runCli(port: number, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(findProgram("redis-cli")!, [
      "-h",
      "127.0.0.1",
      "-p",
      String(port),
      ...args,
    ]);
    let output = "";
    child.stdout.on("data", (chunk) => output += chunk);
    child.stderr.on("data", (chunk) => output += chunk);
    child.on("error", reject);
    child.on("close", () => resolve(output.trim()));
    child.stdin.end();
  });
}

test("redis-cli: client certificates", cli, async () => {
  const { server, tlsPort } = await startWithTls("yes");
  await server.waitForLog(/Ready to accept connections tls/);
  const withClient = ["--tls", ...WITH_AUTHORITY, ...WITH_CLIENT];
  assert.equal(await runCli(tlsPort, [...withClient, "PING"]), "PONG");
  assert.equal(await runCli(tlsPort, [...withClient, "SET", "k", "x".repeat(100_000)]), "OK");
  assert.equal((await runCli(tlsPort, [...withClient, "GET", "k"])).length, 100_000);
  assert.doesNotMatch(await runCli(tlsPort, ["--tls", ...WITH_AUTHORITY, "PING"]), /PONG/);
  await server.waitForLog(/# Error accepting a client connection: .*\(addr=127.0.0.1:\d+ laddr=/);
  const info = await runCli(tlsPort, [...withClient, "INFO", "server"]);
  assert.match(info, new RegExp(`listener2:name=tls,bind=127.0.0.1,port=${tlsPort}`));
  // The plain port knows no TLS, and that with TLS nothing else.
  assert.doesNotMatch(await runCli(server.port, [...withClient, "PING"]), /PONG/);
  assert.doesNotMatch(await runCli(tlsPort, ["PING"]), /PONG/);
  await server.stop();
});

test("redis-cli: who checks what", cli, async () => {
  const { server, tlsPort } = await startWithTls("no");
  assert.equal(await runCli(tlsPort, ["--tls", "--insecure", "PING"]), "PONG");
  const other = ["--cacert", certificatePath("stranger_authority.crt")];
  assert.doesNotMatch(await runCli(tlsPort, ["--tls", ...other, "PING"]), /PONG/);
  await server.stop();
});

test("CONFIG SET", async () => {
  const server = await startPagurus();
  const client = await server.client();
  const set = async (...args: string[]) => {
    const reply = await client.command("CONFIG", "SET", ...args);
    return reply.kind === "error" || reply.kind === "simple" ? reply.text : "";
  };
  const tlsPort = await freePort();
  const refused = /Unable to update TLS configuration. Check server logs./;
  assert.match(await set("tls-port", String(tlsPort)), refused);
  await server.waitForLog(/No tls-cert-file configured!/);
  assert.equal(await set("tls-cert-file", certificatePath("server.crt")), "OK");
  assert.match(await set("tls-port", String(tlsPort)), refused);
  await server.waitForLog(/No tls-key-file configured!/);
  assert.equal(await set("tls-key-file", certificatePath("server.key")), "OK");
  assert.match(await set("tls-port", String(tlsPort)), refused);
  await server.waitForLog(/Either tls-ca-cert-file or tls-ca-cert-dir must be specified/);
  assert.match(
    await set("tls-port", String(server.port), "tls-auth-clients", "no"),
    /possibly related to argument 'tls-port'\) - Unable to listen on this port. Check server logs./,
  );
  assert.equal(await set("tls-auth-clients", "no", "tls-port", String(tlsPort)), "OK");
  const before = await connect(tlsPort);
  assert.equal(await before.ping(), "PONG");
  assert.match(await set("tls-key-file", certificatePath("client.key")), refused);
  await server.waitForLog(/Failed to load private key: .*client.key: .*key values mismatch/);
  assert.match(await set("tls-cert-file", "/no/such/file"), refused);
  await server.waitForLog(
    /Failed to load certificate: \/no\/such\/file: No such file or directory/,
  );
  assert.match(await set("tls-protocols", "TLSv9"), refused);
  await server.waitForLog(/Invalid tls-protocols specified. Use a combination of/);
  assert.equal(
    await set(
      ...["tls-cert-file", certificatePath("other_server.crt")],
      ...["tls-key-file", certificatePath("other_server.key")],
      ...["tls-ca-cert-file", certificatePath("authority.crt"), "tls-auth-clients", "yes"],
    ),
    "OK",
  );
  await assert.rejects(connect(tlsPort).then((redis) => redis.ping()));
  const after = await connect(tlsPort, true);
  assert.equal(await after.ping(), "PONG");
  assert.equal(await before.ping(), "PONG");
  assert.equal(await set("tls-port", "0"), "OK");
  await assert.rejects(connect(tlsPort, true).then((redis) => redis.ping()));
  before.disconnect();
  after.disconnect();
  client.close();
  await server.stop();
});

test("port 0, files beside the server, an authority in a folder, a passphrase", async () => {
  const tlsPort = await freePort();
  const server = await startPagurus({
    args: [
      ...tlsArguments(tlsPort, "yes"),
      ...["--tls-key-file", certificatePath("server_encrypted.key"), "--tls-key-file-pass"],
      ...["sesame", "--tls-ca-cert-file", "", "--tls-ca-cert-dir"],
      ...[certificatePath("."), "--port", "0"],
    ],
  }).catch((error: unknown) => String(error));
  // There is no hashed name in that folder: the server starts, and knows no authority.
  assert.ok(typeof server !== "string", String(server));
  await assert.rejects(connect(tlsPort, true).then((redis) => redis.ping()));
  const { directory } = server;
  writeFileSync(join(directory, "0a1b2c3d.0"), certificateText("authority.crt"));
  copyFileSync(certificatePath("server.crt"), join(directory, "own.crt"));
  server.signal("SIGTERM");
  await server.exited;
  const second = await startPagurus({
    directory,
    args: [
      ...tlsArguments(tlsPort, "yes"),
      ...["--tls-cert-file", "own.crt", "--tls-ca-cert-file", "", "--tls-ca-cert-dir", "."],
      ...["--port", "0"],
    ],
  });
  const redis = await connect(tlsPort, true);
  assert.equal(await redis.ping(), "PONG");
  assert.match(await redis.info("server"), new RegExp(`tcp_port:${tlsPort}\r\n`));
  redis.disconnect();
  await second.stop();
  await server.stop();
});

test("a start that fails", async () => {
  const tlsPort = await freePort();
  const args = [...tlsArguments(tlsPort), "--tls-key-file", certificatePath("client.key")];
  const failure = await startPagurus({ args, startMs: 20_000 }).catch(String);
  assert.ok(typeof failure === "string");
  assert.match(failure, /"code":1/);
  assert.match(failure, /Failed to load private key: .*client.key/);
  assert.match(failure, /Failed to configure TLS. Check logs for more info./);
});

test("ioredis and node-redis", async () => {
  const { server, tlsPort } = await startWithTls("yes");
  const ioredis = await connect(tlsPort, true);
  const replies = await Promise.all(
    Array.from({ length: 500 }, (_, i) => ioredis.set(`k${i}`, "v".repeat(i * 10))),
  );
  assert.ok(replies.every((reply) => reply === "OK"));
  const client = createClient({
    socket: {
      host: "127.0.0.1",
      port: tlsPort,
      tls: true,
      ca: certificateText("authority.crt"),
      cert: certificateText("client.crt"),
      key: certificateText("client.key"),
    },
  });
  client.on("error", () => {});
  await client.connect();
  assert.equal((await client.get("k499"))?.length, 4990);
  client.destroy();
  ioredis.disconnect();
  await server.stop();
});

test("a server inside the program", async () => {
  const server = await createServer({
    port: 0,
    "tls-port": 0,
    "tls-auth-clients": "optional",
    "tls-cert-file": certificatePath("server.crt"),
    "tls-key-file": certificatePath("server.key"),
    "tls-ca-cert-file": certificatePath("authority.crt"),
  });
  assert.equal(server.url, `rediss://127.0.0.1:${server.port}`);
  const redis = await connect(server.port);
  assert.equal(await redis.ping(), "PONG");
  redis.disconnect();
  await server.close();
});

test("Bun's client", { skip: skipWithoutBun }, async () => {
  const { server, tlsPort } = await startWithTls("no");
  const client = newBunRedis(`rediss://127.0.0.1:${tlsPort}`, {
    tls: { ca: certificateText("authority.crt") },
  });
  assert.equal(await client.set("k", "v"), "OK");
  assert.equal(await client.get("k"), "v");
  client.close();
  await server.stop();
});

/** An ioredis that gives up at once. */
async function connect(port: number, hasCertificate = false): Promise<Redis> {
  const redis = new Redis({
    host: "127.0.0.1",
    port,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    tls: {
      ca: certificateText("authority.crt"),
      ...(hasCertificate
        ? { cert: certificateText("client.crt"), key: certificateText("client.key") }
        : {}),
    },
  });
  redis.on("error", () => {});
  await redis.connect();
  return redis;
}
