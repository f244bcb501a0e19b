/** What values of every type are said to take is what the heap has given them, to the byte. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesOf } from "../../../src/heap/dict_walk.ts";
import { everyType, fieldExpiry } from "../../support/every_type.ts";
import { CommandFixture } from "../command/fixture.ts";

test("the bytes of all values and indexes are the bytes of the heap", () => {
  const runner = new CommandFixture();
  const { keyspace } = runner;
  for (const command of [...everyType(), ...fieldExpiry()]) {
    const words = command.map((word) => typeof word === "number" ? String(word) : word);
    assert.doesNotMatch(runner.run(...words as (string | Uint8Array)[]), /^-/, `${words[0]}`);
  }
  const [database] = keyspace.databases;
  let bytes = 0;
  for (const dict of [database.keys, database.expires, database.expiringFields]) {
    bytes += dict.indexBytes;
  }
  for (const ref of entriesOf(keyspace.heap, database.keys.root)) bytes += database.bytesOf(ref);
  assert.equal(bytes, keyspace.heap.allocatedBytes);
  keyspace.check();
  for (const ref of [...entriesOf(keyspace.heap, database.keys.root)]) database.unlink(ref);
  while (keyspace.lazyFree.run(() => 0, 1));
  assert.equal(keyspace.heap.allocatedBytes, 0);
});
