/** Keyspaces, files in memory and RDB bytes for the tests of persistence. */
import assert from "node:assert/strict";
import { latin1, latin1Bytes } from "../../../../src/base/ascii.ts";
import { Crc64 } from "../../../../src/base/crc64.ts";
import { Prng } from "../../../../src/base/prng.ts";
import { type Database, NO_EXPIRY } from "../../../../src/keyspace/database.ts";
import { addValue, Digest } from "../../../../src/keyspace/digest.ts";
import { Keyspace } from "../../../../src/keyspace/keyspace.ts";
import { setString, stringBytes } from "../../../../src/keyspace/string_value.ts";
import { TYPE_STRING } from "../../../../src/keyspace/value_type.ts";
import type { RdbLoadResult, RdbLoadSettings } from "../../../../src/persistence/rdb/load.ts";
import { loadRdbNow } from "../../../../src/persistence/rdb/load.ts";
import type { RdbSaveSettings } from "../../../../src/persistence/rdb/save.ts";
import type { File, FileStatus, FileSystem } from "../../../../src/platform/file_system.ts";
import { FileError } from "../../../../src/platform/file_system.ts";

export const NOW_MS = 1_700_000_000_123;

/** A keyspace of 16 databases whose time stands still. */
export function newKeyspace(): Keyspace {
  const keyspace = new Keyspace(new Prng(new Uint8Array(16).fill(9)), { expired() {} }, 16);
  keyspace.setNow(NOW_MS);
  return keyspace;
}

export const SAVE_SETTINGS: RdbSaveSettings = {
  directory: "",
  fileName: "dump.rdb",
  pid: 42,
  syncsIncrementally: true,
  redisVersion: "7.2.4",
  usedMemoryBytes: 1000,
  maxmemoryPolicy: "noeviction",
  compresses: true,
  checksums: true,
};

/** Sets a key. */
export function put(
  keyspace: Keyspace,
  index: number,
  key: string | Uint8Array,
  value: string | Uint8Array,
  expiresAtMs: number = NO_EXPIRY,
): number {
  const keyBytes = bytesOf(key);
  const valueBytes = bytesOf(value);
  const database = keyspace.databases[index];
  const ref = database.find(keyBytes, 0, keyBytes.length);
  return setString(
    database,
    ref,
    keyBytes,
    0,
    keyBytes.length,
    valueBytes,
    0,
    valueBytes.length,
    expiresAtMs,
  );
}

/** The entry of a key, 0 where there is none. */
export function entryOf(keyspace: Keyspace, index: number, key: string): number {
  return keyspace.databases[index].find(bytesOf(key), 0, key.length);
}

/**
 * Everything that a keyspace holds: `database key -> value, expiry, encoding`, as Latin-1. The value
 * of what is no string is its digest.
 */
export function contentsOf(keyspace: Keyspace): Map<string, string> {
  const contents = new Map<string, string>();
  const digest = new Digest(keyspace.heap);
  for (const database of keyspace.databases) {
    for (let cursor = 0;;) {
      cursor = database.keys.scan(cursor);
      const refs = database.keys.scanned.slice(0, database.keys.scannedCount);
      for (const ref of refs) {
        const isString = database.typeOf(ref) === TYPE_STRING;
        const value = isString
          ? latin1(stringBytes(database, ref))
          : digestOf(digest, database, ref);
        const expiry = database.expiresAtMs(ref);
        const name = `${database.index} ${latin1(database.keyOf(ref))}`;
        contents.set(name, `${value} ${expiry} ${database.kindOf(ref)}`);
      }
      if (cursor === 0) break;
    }
  }
  return contents;
}

/** The digest of a value, whether it expires or not. */
function digestOf(digest: Digest, database: Database, ref: number): string {
  digest.reset();
  addValue(digest, database, ref);
  // What says so is taken out the way it came in.
  if (database.expiresAtMs(ref) !== NO_EXPIRY) digest.xor(latin1Bytes("!!expire!!"));
  return digest.toString();
}

/** Latin-1 text, or bytes as they are. */
export function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? latin1Bytes(value) : value;
}

/** Puts bytes and texts (Latin-1) in a row. */
export function row(
  ...parts: readonly (string | number | readonly number[] | Uint8Array)[]
): Uint8Array {
  return concat(parts.map((part) => {
    if (typeof part === "number") return Uint8Array.of(part);
    return typeof part === "string" ? latin1Bytes(part) : Uint8Array.from(part);
  }));
}

/** Puts bytes in a row. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Eight bytes, little-endian. */
export function int64(value: bigint): number[] {
  return Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

/** A whole file: its body with magic, EOF and checksum around it. */
export function rdbFile(body: Uint8Array, magic = "REDIS0009"): Uint8Array {
  const file = row(magic, body, 0xff, new Uint8Array(8));
  sign(file);
  return file;
}

/** Puts the right checksum at the end. */
export function sign(file: Uint8Array): void {
  const crc = new Crc64();
  crc.update(file, 0, file.length - 8);
  crc.writeDigest(file, file.length - 8);
}

/** Loads bytes as if they stood in a file. */
export function loadBytes(
  bytes: Uint8Array,
  keyspace: Keyspace,
  settings: Partial<RdbLoadSettings> = {},
  files: MemoryFiles = new MemoryFiles(),
): RdbLoadResult {
  files.contents.set("dump.rdb", bytes);
  return loadRdbNow(files, "dump.rdb", keyspace, { verifiesChecksum: true, ...settings });
}

/** Checks that a load fails with that reason and leaves nothing behind. */
export function refuses(
  bytes: Uint8Array,
  reason: RegExp,
  offsetBytes?: number,
  settings: Partial<RdbLoadSettings> = {},
): void {
  const keyspace = newKeyspace();
  assert.throws(() => loadBytes(bytes, keyspace, settings), (error: Error) => {
    assert.equal(error.name, "RdbError");
    assert.match((error as Error & { reason: string }).reason, reason);
    const offset = (error as Error & { offsetBytes: number }).offsetBytes;
    if (offsetBytes !== undefined) assert.equal(offset, offsetBytes);
    return true;
  });
  assert.equal(keyspace.size, 0);
  assert.equal(keyspace.heap.objectCount, 0);
  keyspace.check();
}

/** A file system in memory that can be told to fail and to be slow. */
export class MemoryFiles implements FileSystem {
  readonly contents: Map<string, Uint8Array> = new Map();
  /** What was done, in order: `open temp-42.rdb`, `append 100`, ... */
  readonly log: string[] = [];
  /** Appends and reads so many bytes at most. */
  chunkMax: number = Infinity;
  /** Fails the operation with this index in the log; counted from 0. */
  failAt: number = Infinity;
  openCount = 0;

  /** Notes an operation and fails it where that was wished for. */
  did(operation: string, path: string): void {
    const index = this.log.push(operation) - 1;
    if (index !== this.failAt) return;
    throw new FileError("ENOSPC", path, "No space left on device");
  }

  open(path: string, mode: "read" | "create" | "append"): File {
    this.did(`open ${path}`, path);
    if (mode === "read" && !this.contents.has(path)) {
      throw new FileError("ENOENT", path, "No such file or directory");
    }
    if (mode === "create" || !this.contents.has(path)) this.contents.set(path, new Uint8Array(0));
    this.openCount++;
    return new MemoryFile(this, path);
  }
  rename(from: string, to: string): void {
    this.did(`rename ${from} ${to}`, from);
    this.contents.set(to, this.contents.get(from)!);
    this.contents.delete(from);
  }
  remove(path: string): void {
    this.did(`remove ${path}`, path);
    this.contents.delete(path);
  }
  makeDirectory(): void {}
  list(): string[] {
    return [...this.contents.keys()];
  }
  stat(path: string): FileStatus | undefined {
    const bytes = this.contents.get(path);
    return bytes && { kind: "file", sizeBytes: bytes.length, modifiedMs: 0 };
  }
  syncDirectory(path: string): void {
    this.did(`syncDirectory ${path}`, path);
  }
  currentDirectory(): string {
    return "/data";
  }
  changeDirectory(): void {}
}

class MemoryFile implements File {
  readonly #files: MemoryFiles;
  readonly #path: string;
  /** More room than is used, so that many appends are not many copies. */
  #room: Uint8Array = new Uint8Array(0);

  constructor(files: MemoryFiles, path: string) {
    this.#files = files;
    this.#path = path;
  }
  append(bytes: Uint8Array): number {
    const files = this.#files;
    const count = Math.min(bytes.length, files.chunkMax);
    files.did(`append ${count}`, this.#path);
    const old = files.contents.get(this.#path)!;
    const length = old.length + count;
    if (length > this.#room.length) {
      this.#room = new Uint8Array(length * 2);
      this.#room.set(old);
    }
    this.#room.set(bytes.subarray(0, count), old.length);
    files.contents.set(this.#path, this.#room.subarray(0, length));
    return count;
  }
  readAt(positionBytes: number, into: Uint8Array): number {
    const count = Math.min(into.length, this.#files.chunkMax);
    this.#files.did(`read ${count}`, this.#path);
    const part = this.#files.contents.get(this.#path)!.subarray(
      positionBytes,
      positionBytes + count,
    );
    into.set(part);
    return part.length;
  }
  truncate(sizeBytes: number): void {
    const old = this.#files.contents.get(this.#path)!;
    this.#files.contents.set(this.#path, old.slice(0, sizeBytes));
  }
  sizeBytes(): number {
    return this.#files.contents.get(this.#path)!.length;
  }
  sync(): void {
    this.#files.did("sync", this.#path);
  }
  syncInBackground(done: (error?: FileError) => void): void {
    done();
  }
  close(): void {
    this.#files.did("close", this.#path);
    this.#files.openCount--;
  }
}
