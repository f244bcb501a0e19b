/** What the tests of every type of value in RDB files have in common. */
import assert from "node:assert/strict";
import type { Keyspace } from "../../../../src/keyspace/keyspace.ts";
import { rewriteAof } from "../../../../src/persistence/aof/rewrite.ts";
import { saveRdb } from "../../../../src/persistence/rdb/save.ts";
import { CommandFixture } from "../../command/fixture.ts";
import { seeded } from "../../heap/seeded.ts";
import { read } from "../aof/aof_fixture.ts";
import { loadBytes, MemoryFiles, row, SAVE_SETTINGS, sign } from "./fixture.ts";

export const BAD_DATA = "-ERR Bad data format\r\n";

/** A value with a footer whose checksum is right. */
export function payload(value: Uint8Array, version = 10): Uint8Array {
  const bytes = row(value, version & 255, version >> 8, new Uint8Array(8));
  sign(bytes);
  return bytes;
}

/** The value in the payload that DUMP replies. */
export function dumpedValue(f: CommandFixture, key: string): Uint8Array {
  return f.bulk("DUMP", key).slice(0, -10);
}

/** What a key holds, as text that is the same when the content is. */
export type Describe = (f: CommandFixture, key: string) => string;

/** Restores a value: its encoding and its content, or the error. */
export function restored(
  value: Uint8Array,
  describe: Describe,
  change?: (keyspace: Keyspace) => void,
): string {
  const f = new CommandFixture();
  change?.(f.keyspace);
  const reply = f.run("RESTORE", "k", "0", payload(value));
  f.keyspace.check();
  if (reply === "+OK\r\n") return `${f.encoding("k")} ${describe(f, "k")}`;
  assert.equal(f.keyspace.heap.objectCount, 0);
  return reply;
}

/** All keys of a keyspace, and what they hold; the encodings, too, where they count. */
function contents(f: CommandFixture, describe: Describe, hasEncodings: boolean) {
  const names = f.list("KEYS", "*").sort();
  return names.map((key) => [key, hasEncodings ? f.encoding(key) : "", describe(f, key)]);
}

/** How values go to a file and come back. */
export interface RoundTrip {
  readonly describe: Describe;
  /** As `describe`, where an append-only file keeps less. */
  readonly describeRewritten?: Describe;
  /** The type that DUMP is to write. */
  typeOf(f: CommandFixture, key: string): number;
  /** The commands that a rewritten append-only file may hold, and how many arguments at most. */
  readonly rewritten: { readonly names: readonly string[]; readonly argumentsMax: number };
}

/** Checks that values survive DUMP and RESTORE, an RDB file, and an append-only file. */
export function survives(f: CommandFixture, trip: RoundTrip): void {
  const { describe, describeRewritten = describe } = trip;
  const expected = contents(f, describe, true);
  const restored = new CommandFixture();
  for (const key of f.list("KEYS", "*")) {
    const dumped = f.bulk("DUMP", key);
    assert.equal(dumped[0], trip.typeOf(f, key), key);
    assert.equal(restored.run("RESTORE", key, "0", dumped), "+OK\r\n", key);
  }
  assert.deepEqual(contents(restored, describe, true), expected);
  restored.keyspace.check();

  const loaded = new CommandFixture();
  loadBytes(saved(f.keyspace), loaded.keyspace);
  assert.deepEqual(contents(loaded, describe, true), expected);
  loaded.keyspace.check();

  const replayed = new CommandFixture();
  const { names, argumentsMax } = trip.rewritten;
  for (const [name, ...rest] of rewritten(f.keyspace)) {
    if (name === "SELECT") continue;
    assert.ok(names.includes(name), name);
    assert.ok(rest.length <= argumentsMax, `${rest.length} arguments`);
    replayed.run(name, ...rest);
  }
  const kept = contents(f, describeRewritten, false);
  assert.deepEqual(contents(replayed, describeRewritten, false), kept);
  replayed.keyspace.check();
}

/** An RDB file of everything. */
export function saved(keyspace: Keyspace): Uint8Array {
  const files = new MemoryFiles();
  saveRdb(files, keyspace, SAVE_SETTINGS);
  return files.contents.get("dump.rdb")!;
}

/** The commands of an append-only file of everything. */
function rewritten(keyspace: Keyspace): readonly (readonly string[])[] {
  const files = new MemoryFiles();
  const path = "aof/base.aof";
  rewriteAof(files, keyspace, { ...SAVE_SETTINGS, path, usesRdbPreamble: false });
  return read(files.contents.get(path)!).items;
}

/**
 * Restores values with bytes changed and cut off, most of them broken. What is accepted is given to
 * `use` as the key k, to be worked with as a client would; it may leave it or delete it.
 */
export function mutationsDoNoHarm(
  values: readonly Uint8Array[],
  types: readonly number[],
  use: (f: CommandFixture, round: number) => void,
  change?: (keyspace: Keyspace, round: number) => void,
): void {
  const f = new CommandFixture();
  const prng = seeded(5);
  let acceptedCount = 0;
  for (let round = 0; round < 4000; round++) {
    const value = values[round % values.length].slice();
    for (let i = prng.below(3); i >= 0; i--) value[prng.below(value.length)] = prng.below(256);
    if (!types.includes(value[0])) value[0] = types[prng.below(types.length)];
    const end = prng.below(10) === 0 ? prng.below(value.length) : value.length;
    change?.(f.keyspace, round);
    if (f.run("RESTORE", "k", "0", payload(value.slice(0, end))) !== "+OK\r\n") continue;
    acceptedCount++;
    if (acceptedCount % 20 === 0) f.keyspace.check();
    use(f, round);
    if (acceptedCount % 20 === 0) f.keyspace.check();
    f.run("DEL", "k");
  }
  assert.ok(acceptedCount > 100, `${acceptedCount} accepted`);
  assert.equal(f.keyspace.heap.objectCount, 0);
  f.keyspace.check();
}
