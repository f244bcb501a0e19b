import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1Bytes } from "../../../src/base/ascii.ts";
import { DictSample, sampleDict } from "../../../src/heap/dict_sample.ts";
import { NO_EXPIRY } from "../../../src/keyspace/database.ts";
import { newKeyspace } from "../keyspace/keyspace_model.ts";
import { seeded } from "./seeded.ts";

function filled(count: number) {
  const keyspace = newKeyspace();
  const database = keyspace.databases[0];
  const refs: number[] = [];
  for (let i = 0; i < count; i++) {
    const key = latin1Bytes(`key:${i}`);
    database.find(key, 0, key.length);
    refs.push(database.add(key, 0, key.length, 0, 0, NO_EXPIRY));
  }
  return { heap: keyspace.heap, dict: database.keys, database, refs };
}

test("an empty dict has no sample, one entry is always found", () => {
  const { heap, dict } = filled(0);
  const sample = new DictSample(8);
  sampleDict(heap, dict, seeded(1), 8, sample);
  assert.equal(sample.count, 0);
  const one = filled(1);
  for (let i = 0; i < 20; i++) {
    sampleDict(one.heap, one.dict, seeded(i), 8, sample);
    assert.equal(sample.count, 1);
    assert.equal(sample.refs[0], one.refs[0]);
  }
});

test("samples are different living entries with their hashes, as many as wanted at most", () => {
  const { heap, dict, database, refs } = filled(5000);
  const living = new Set(refs);
  const sample = new DictSample(8);
  const prng = seeded(3);
  for (let i = 0; i < 300; i++) {
    const wanted = 1 + i % 8;
    sampleDict(heap, dict, prng, wanted, sample);
    assert.ok(sample.count >= 1 && sample.count <= wanted);
    const found = [...sample.refs.subarray(0, sample.count)];
    assert.equal(new Set(found).size, found.length);
    for (let k = 0; k < found.length; k++) {
      assert.ok(living.has(found[k]));
      assert.equal(database.hashOf(found[k]), sample.hashes[k]);
    }
  }
});

test("every entry has about the same chance", () => {
  const { heap, dict, refs } = filled(2000);
  const counts = new Map<number, number>(refs.map((ref) => [ref, 0]));
  const sample = new DictSample(5);
  const prng = seeded(5);
  for (let i = 0; i < 40_000; i++) {
    sampleDict(heap, dict, prng, 5, sample);
    for (let k = 0; k < sample.count; k++) {
      counts.set(sample.refs[k], counts.get(sample.refs[k])! + 1);
    }
  }
  // 100 expected for each; what a segment holds varies, and with it the chance of what is in it.
  for (const count of counts.values()) assert.ok(count > 20 && count < 400, `${count} times`);
});
