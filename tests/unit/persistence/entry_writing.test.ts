import assert from "node:assert/strict";
import { test } from "node:test";
import type { Keyspace } from "../../../src/keyspace/keyspace.ts";
import type { WriteSteps } from "../../../src/persistence/entry_writing.ts";
import { finished, writeEntries } from "../../../src/persistence/entry_writing.ts";
import { RdbEncoder } from "../../../src/persistence/rdb/rdb_encoder.ts";
import { describeContents } from "../../../src/persistence/rdb/snapshot.ts";
import { newKeyspace, put, SAVE_SETTINGS } from "./rdb/fixture.ts";

/** Writes so many bytes for every key. */
function stepsOf(keyspace: Keyspace, bytesPerKey: number, keyDelayUs: number): WriteSteps {
  const encoder = new RdbEncoder(() => {}, false);
  const value = new Uint8Array(bytesPerKey);
  const contents = describeContents(keyspace, SAVE_SETTINGS);
  const writer = {
    beginDatabase() {},
    write() {
      encoder.raw(value, 0, value.length);
      return undefined;
    },
  };
  return writeEntries(encoder, keyspace.heap, contents, writer, keyDelayUs);
}

function keyspaceOf(keyCount: number): Keyspace {
  const keyspace = newKeyspace();
  for (let i = 0; i < keyCount; i++) put(keyspace, i % 2, `key:${i}`, "v");
  return keyspace;
}

/** What was told, undefined left out, and how many steps there were. */
function toldOf(steps: WriteSteps): { told: number[]; count: number } {
  const told: number[] = [];
  let count = 0;
  for (const step of steps) {
    if (step !== undefined) told.push(step);
    count++;
  }
  return { told, count };
}

/** How long the steps would have waited, each time in milliseconds. */
function waitsOf(steps: WriteSteps): { waits: number[]; told: number[] } {
  const wait = Atomics.wait;
  const waits: number[] = [];
  Atomics.wait = (_word: unknown, _index: number, _value: unknown, timeoutMs?: number) => {
    waits.push(timeoutMs ?? Infinity);
    return "timed-out";
  };
  try {
    return { waits, told: toldOf(steps).told };
  } finally {
    Atomics.wait = wait;
  }
}

/** The keys written between two tellings. */
function gapsOf(told: readonly number[]): number[] {
  return told.map((keyCount, index) => keyCount - (told[index - 1] ?? 0));
}

test("there is a step for every few keys, and few of them tell something", () => {
  const { told, count } = toldOf(stepsOf(keyspaceOf(200_000), 4, 0));
  assert.ok(count > 200_000 / 64, String(count));
  assert.equal(told.length, 3);
  for (const gap of gapsOf(told)) assert.ok(gap >= 65536 && gap < 65536 + 64, String(gap));
});

test("large values are told of every few megabytes", () => {
  const { told } = toldOf(stepsOf(keyspaceOf(640), 60_000, 0));
  // 70 keys are 4.2 MB; a step writes 63 at most.
  assert.ok(told.length > 3, told.join());
  for (const gap of gapsOf(told)) assert.ok(gap >= 70 && gap < 70 + 64, String(gap));
});

test("a delay is waited for a millisecond at a time", () => {
  const keyspace = keyspaceOf(1000);
  const waited = (keyDelayUs: number) => waitsOf(stepsOf(keyspace, 4, keyDelayUs)).waits;
  assert.deepEqual(waited(0), []);
  assert.deepEqual(new Set(waited(250)), new Set([1]));
  assert.equal(waited(250).length, 250);
  assert.equal(waited(3000).length, 3000);
  // One microsecond every 4 keys.
  assert.equal(waited(-4).length, 0);
  assert.equal(waited(-1).length, 1);
});

test("a slow save is told of as it goes", () => {
  const { told } = waitsOf(stepsOf(keyspaceOf(10), 4, 50_000));
  assert.deepEqual(told, [2, 4, 6, 8, 10]);
});

test("a delay can be waited for on this thread", () => {
  finished(stepsOf(keyspaceOf(4), 4, 500));
});
