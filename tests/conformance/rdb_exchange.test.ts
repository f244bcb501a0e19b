/**
 * RDB files and DUMP payloads exchanged with the real redis-server, both ways: every key, value,
 * expiry time and encoding must arrive.
 */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemFiles } from "../../adapters/shared/system_files.ts";
import { compareBytes } from "../../src/base/ascii.ts";
import type { Keyspace } from "../../src/keyspace/keyspace.ts";
import { loadRdbNow } from "../../src/persistence/rdb/load.ts";
import { saveRdb } from "../../src/persistence/rdb/save.ts";
import { keyspaceDigest } from "../../src/keyspace/digest.ts";
import { assertHolds, contentsOf as contentsOfServer } from "../support/contents.ts";
import { everyType, fieldExpiry } from "../support/every_type.ts";
import { bytesOf, itemsOf, type Reply, textOf } from "../support/reply.ts";
import type { Argument, RespClient } from "../support/resp_client.ts";
import { stopServers, temporaryDirectory, type TestServer } from "../support/servers.ts";
import { oracle, SIDES, skip, startSide, write } from "../support/sides.ts";
import { CommandFixture } from "../unit/command/fixture.ts";
import { contentsOf, newKeyspace, put, SAVE_SETTINGS } from "../unit/persistence/rdb/fixture.ts";

const directories: string[] = [];
after(async () => {
  await stopServers();
  for (const directory of directories) rmSync(directory, { recursive: true });
});

interface Sample {
  readonly database: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** 0: none. */
  readonly expiresAtMs: number;
}

/** A folder that is removed at the end. */
function newDirectory(): string {
  const directory = temporaryDirectory();
  directories.push(directory);
  return directory;
}

const encoder = new TextEncoder();

/** Strings around every limit of the format, some with expiry times, in several databases. */
function samples(): Sample[] {
  const values: (string | Uint8Array)[] = ["", " ", "0", "-0", "00", "+1", "1.5", "\0\r\n\xff"];
  for (const power of [7, 8, 15, 16, 31, 32, 53, 63, 64]) {
    for (const delta of [-1n, 0n, 1n]) {
      const value = 2n ** BigInt(power) + delta;
      values.push(String(value), String(-value));
    }
  }
  for (const length of [1, 19, 20, 21, 44, 45, 63, 64, 1000, 4096, 16383, 16384, 65537, 700_000]) {
    values.push("a".repeat(length));
    values.push(Uint8Array.from({ length }, (_, i) => Math.imul(i + length, 0x9e3779b1) >>> 24));
    values.push(Uint8Array.from({ length }, (_, i) => i >> 2 & i));
  }
  const dayMs = 86_400_000;
  const now = Date.now();
  const result: Sample[] = [];
  values.forEach((value, i) => {
    const bytes = typeof value === "string" ? encoder.encode(value) : value;
    const expiresAtMs = i % 3 === 0 ? now + dayMs + i : i % 7 === 0 ? 2 ** 50 + i : 0;
    const key = encoder.encode(`key ${i}`);
    result.push({ database: i % 5 === 0 ? 15 : i % 2, key, value: bytes, expiresAtMs });
    // As a key too.
    if (bytes.length <= 70_000) {
      result.push({ database: 9, key: bytes, value: key, expiresAtMs: 0 });
    }
  });
  return result;
}

const SAMPLES = samples();

async function fill(client: RespClient): Promise<void> {
  for (const { database, key, value, expiresAtMs } of SAMPLES) {
    await client.command("SELECT", database);
    await client.command("SET", key, value);
    if (expiresAtMs > 0) await client.command("PEXPIREAT", key, expiresAtMs);
  }
}

function filled(): Keyspace {
  const keyspace = newKeyspace();
  keyspace.setNow(Date.now());
  for (const { database, key, value, expiresAtMs } of SAMPLES) {
    put(keyspace, database, key, value, expiresAtMs === 0 ? -1 : expiresAtMs);
  }
  return keyspace;
}

function assertBytes(reply: Reply, expected: Uint8Array, name: string): void {
  const bytes = bytesOf(reply);
  assert.ok(
    bytes !== undefined && compareBytes(bytes, 0, bytes.length, expected, 0, expected.length) === 0,
    name,
  );
}

async function assertHoldsSamples(client: RespClient): Promise<void> {
  const counts = new Map<number, number>();
  for (const { database, key, value, expiresAtMs } of SAMPLES) {
    counts.set(database, (counts.get(database) ?? 0) + 1);
    await client.command("SELECT", database);
    const name = new TextDecoder("latin1").decode(key.subarray(0, 40));
    assertBytes(await client.command("GET", key), value, name);
    const expiry = Number(textOf(await client.command("PEXPIRETIME", key)));
    assert.equal(expiry, expiresAtMs === 0 ? -1 : expiresAtMs, name);
  }
  for (const [database, count] of counts) {
    await client.command("SELECT", database);
    assert.equal(Number(textOf(await client.command("DBSIZE"))), count);
  }
}

/** Starts redis-server in a folder with this dump.rdb. */
function startWith(dump: Uint8Array, args: readonly string[] = []): Promise<TestServer> {
  const directory = newDirectory();
  writeFileSync(join(directory, "dump.rdb"), dump);
  return startSide("redis", directory, args);
}

/** Starts redis-server in a folder of its own. */
function startNew(args: readonly string[] = []): Promise<TestServer> {
  return startSide("redis", newDirectory(), args);
}

for (const compression of ["yes", "no"]) {
  test(`we load what redis-server saves, rdbcompression ${compression}`, { skip }, async () => {
    const server = await startNew(
      ["--rdbcompression", compression, "--rdbchecksum", compression],
    );
    const client = await server.client();
    await fill(client);
    assert.equal(textOf(await client.command("SAVE")), "OK");
    const keyspace = newKeyspace();
    keyspace.setNow(Date.now());
    const path = join(server.directory, "dump.rdb");
    const result = loadRdbNow(systemFiles, path, keyspace, { verifiesChecksum: true });
    assert.equal(result.loadedCount, SAMPLES.length);
    assert.equal(result.endBytes, readFileSync(path).length);
    const expected = contentsOf(filled());
    const found = contentsOf(keyspace);
    assert.equal(found.size, expected.size);
    for (const [name, value] of expected) assert.ok(found.get(name) === value, name.slice(0, 60));
    keyspace.check();
    await server.stop();
  });

  test(`redis-server loads what we save, rdbcompression ${compression}`, { skip }, async () => {
    const directory = newDirectory();
    saveRdb(systemFiles, filled(), {
      ...SAVE_SETTINGS,
      directory,
      compresses: compression === "yes",
      checksums: compression === "yes",
    });
    const server = await startWith(readFileSync(join(directory, "dump.rdb")));
    assert.match(server.log, new RegExp(`keys loaded: ${SAMPLES.length}, keys expired: 0`));
    await assertHoldsSamples(await server.client());
    await server.stop();
  });
}

test("the use of keys arrives, both ways", { skip }, async () => {
  const policy = ["--maxmemory-policy", "allkeys-lfu", "--lfu-decay-time", "0"];
  const first = await startNew(policy);
  const client = await first.client();
  await client.command("SET", "k", "v");
  const dumped = await client.command("DUMP", "k");
  assert.ok(dumped.kind === "bulk");
  await client.command("RESTORE", "k", 0, dumped.bytes, "REPLACE", "FREQ", 123);
  await client.command("SAVE");
  const keyspace = newKeyspace();
  keyspace.access.isLfu = true;
  keyspace.access.decayMinutes = 0;
  keyspace.access.tick(Date.now());
  const path = join(first.directory, "dump.rdb");
  loadRdbNow(systemFiles, path, keyspace, { verifiesChecksum: true });
  await first.stop();
  const directory = newDirectory();
  saveRdb(systemFiles, keyspace, {
    ...SAVE_SETTINGS,
    directory,
    maxmemoryPolicy: "allkeys-lfu",
  });
  const second = await startWith(readFileSync(join(directory, "dump.rdb")), policy);
  const reply = await (await second.client()).command("OBJECT", "FREQ", "k");
  assert.equal(textOf(reply), "123");
  await second.stop();
});

test("DUMP there, RESTORE here, and the other way round", { skip }, async () => {
  const server = await startNew();
  const client = await server.client();
  const keyspace = newKeyspace();
  const runner = new CommandFixture(keyspace);
  for (const { value } of SAMPLES) {
    await client.command("SET", "k", value);
    const dumped = await client.command("DUMP", "k");
    assert.ok(dumped.kind === "bulk");
    assert.equal(runner.run("restore", "k", "0", dumped.bytes, "REPLACE"), "+OK\r\n");
    const ours = runner.bulk("dump", "k");
    assert.equal(textOf(await client.command("RESTORE", "k2", 0, ours, "REPLACE")), "OK");
    assertBytes(await client.command("GET", "k2"), value, "k2");
    const encoding = async (key: string) => textOf(await client.command("OBJECT", "ENCODING", key));
    assert.equal(await encoding("k2"), await encoding("k"));
  }
  await server.stop();
});

/** Whether a server knows the expiry times of fields. */
async function knowsFieldExpiry(client: RespClient): Promise<boolean> {
  return itemsOf(await client.command("COMMAND", "INFO", "HPEXPIREAT"))[0].kind === "array";
}

/** Values of all types, and those of single commands in other databases. */
async function allTypes(client: RespClient): Promise<Argument[][]> {
  const hasFieldExpiry = oracle !== undefined && await knowsFieldExpiry(client);
  return [
    ...everyType(),
    ["SELECT", 7],
    ...everyType().filter(([name], i) => i % 10 === 0 && /ADD$|^RPUSH|SET$/.test(String(name))),
    ...(hasFieldExpiry ? fieldExpiry() : []),
    ["SELECT", 0],
  ];
}

const ALL = { withSeenTimes: true, withEncodings: true };

for (const [first, second] of SIDES) {
  for (const compression of ["yes", "no"]) {
    test(
      `every type from ${first} to ${second}, rdbcompression ${compression}`,
      { skip },
      async () => {
        const directory = newDirectory();
        const args = ["--rdbcompression", compression];
        const writer = await startSide(first, directory, args);
        const client = await writer.client();
        // What Valkey cannot read we do not write there either.
        const other = await startSide("redis", newDirectory());
        await write(client, await allTypes(await other.client()));
        await other.stop();
        const written = await contentsOfServer(client, { withSeenTimes: true });
        assert.ok(written.keys.size > 180);
        assert.equal(textOf(await client.command("SAVE")), "OK");
        // The encodings are those that loading chooses.
        assert.equal(textOf(await client.command("DEBUG", "RELOAD", "NOSAVE")), "OK");
        const reloaded = await contentsOfServer(client, ALL);
        await writer.stop();
        const reader = await startSide(second, directory, args);
        const there = await reader.client();
        await assertHolds(there, written, { withSeenTimes: true });
        await assertHolds(there, reloaded, ALL);
        await reader.stop();
        const keyspace = newKeyspace();
        keyspace.setNow(Date.now());
        const path = join(directory, "dump.rdb");
        loadRdbNow(systemFiles, path, keyspace, { verifiesChecksum: true });
        keyspace.check();
        assert.equal(keyspace.size, written.keys.size);
        if (oracle === undefined) assert.equal(keyspaceDigest(keyspace), written.digest);
      },
    );
  }

  test(`every type dumped by ${first}, restored by ${second}`, { skip }, async () => {
    const [from, to] = await Promise.all(
      [first, second].map((side) => startSide(side, newDirectory())),
    );
    const [source, target] = await Promise.all([from.client(), to.client()]);
    const theirs = first === "redis" ? source : target;
    await write(source, await allTypes(theirs));
    await write(source, [["DEBUG", "RELOAD"]]);
    const written = await contentsOfServer(source, ALL);
    for (const database of [0, 7]) {
      await source.command("SELECT", database);
      await target.command("SELECT", database);
      for (const name of itemsOf(await source.command("KEYS", "*"))) {
        const key = bytesOf(name)!;
        const payload = bytesOf(await source.command("DUMP", key))!;
        const expiry = Math.max(0, Number(textOf(await source.command("PEXPIRETIME", key))));
        await write(target, [["RESTORE", key, expiry, payload, "ABSTTL"]]);
      }
    }
    await assertHolds(target, written, ALL);
    await from.stop();
    await to.stop();
  });
}
