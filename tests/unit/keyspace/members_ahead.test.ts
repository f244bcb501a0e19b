/** Members fetched ahead: what is found is the same, and no hash outlives its buffer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1Bytes } from "../../../src/base/ascii.ts";
import { KeyHash } from "../../../src/base/hash.ts";
import { Heap } from "../../../src/heap/heap.ts";
import { RecordDict } from "../../../src/heap/record_dict.ts";
import { MembersAhead } from "../../../src/keyspace/members_ahead.ts";
import { LargeZsets } from "../../../src/keyspace/zset/large_zset.ts";
import { CommandsAhead } from "../../../src/protocol/commands_ahead.ts";
import { CommandFixture } from "../command/fixture.ts";
import { newKeyspace } from "../persistence/rdb/fixture.ts";

const COUNT = 5000;

test("commands of a pipeline have their members hashed once, until the buffer changes", () => {
  const keyspace = newKeyspace();
  const runner = new CommandFixture(keyspace);
  const numbers = Array.from({ length: COUNT }, (_, i) => String(i));
  runner.run("sadd", "key", ...numbers.map((i) => `m${i}`));
  const [database] = keyspace.databases;
  const text = ["m1", "m2", "m3", "none", "m1"]
    .map((member) => `*3\r\n$9\r\nSISMEMBER\r\n$3\r\nkey\r\n$${member.length}\r\n${member}\r\n`)
    .join("");
  const bytes = latin1Bytes(text);
  const ahead = new CommandsAhead();
  assert.equal(ahead.find(bytes, 0, bytes.length), 5);
  keyspace.fetchAhead(ahead, 0);
  const plain = keyspace.hash;
  const { members } = keyspace.keysAhead;
  const ref = database.lookupRead(latin1Bytes("key"), 0, 3);
  for (let i = 0; i < 5; i++) {
    const last = ahead.firstArguments[i + 1] - 1;
    const start = ahead.argumentStarts[last];
    const end = ahead.argumentEnds[last];
    // A part of an argument is not the argument.
    assert.equal(members.hash(bytes, start, end - 1), plain.hash(bytes, start, end - 1));
    assert.equal(members.hash(bytes, start, end), plain.hash(bytes, start, end));
    assert.equal(keyspace.sets.has(database, ref, bytes, start, end), i !== 3);
  }
  keyspace.fetchAhead(ahead, 0);
  keyspace.keysAhead.clear();
  bytes.fill(0x78);
  const start = ahead.argumentStarts[2];
  assert.equal(members.hash(bytes, start, start + 2), plain.hash(bytes, start, start + 2));
});

test("commands with many members find the same in large collections", () => {
  const keyspace = newKeyspace();
  const runner = new CommandFixture(keyspace);
  const numbers = Array.from({ length: COUNT }, (_, i) => String(i));
  for (let round = 0; round < 2; round++) {
    const added = round === 0 ? COUNT : 0;
    assert.equal(runner.run("sadd", "s", ...numbers.map((i) => `m${i}`)), `:${added}\r\n`);
    assert.equal(runner.run("hset", "h", ...numbers.flatMap((i) => [i, i])), `:${added}\r\n`);
    assert.equal(runner.run("zadd", "z", ...numbers.flatMap((i) => [i, i])), `:${added}\r\n`);
  }
  const asked = Array.from({ length: 100 }, (_, i) => String(i * 71));
  const isThere = (text: string) => Number(text) < COUNT;
  const head = `*${asked.length}\r\n`;
  assert.equal(
    runner.run("smismember", "s", ...asked.map((text) => `m${text}`)),
    head + asked.map((text) => `:${isThere(text) ? 1 : 0}\r\n`).join(""),
  );
  const texts = head +
    asked.map((text) => isThere(text) ? `$${text.length}\r\n${text}\r\n` : "$-1\r\n").join("");
  assert.equal(runner.run("hmget", "h", ...asked), texts);
  assert.equal(runner.run("zmscore", "z", ...asked), texts);
});

test("members go from the ends of a large sorted set one after the other", () => {
  const heap = new Heap();
  const records = new RecordDict(heap, new MembersAhead(new KeyHash(1, 2)));
  const zsets = new LargeZsets(heap, records);
  const root = zsets.create();
  for (let i = 0; i < COUNT; i++) {
    const member = latin1Bytes(`member:${i}`.padEnd(i % 50 === 0 ? 100 : 0, "x"));
    assert.ok(Number.isNaN(zsets.score(root, member, 0, member.length)));
    zsets.add(root, member, 0, member.length, i * 7919 % 1009);
  }
  for (let left = COUNT; left > 1;) {
    const isFrozen = left % 1000 < 100;
    if (isFrozen) heap.freeze();
    const run = Math.min(left - 1, left % 3 === 0 ? 1 : 50);
    const isLast = left % 2 === 0;
    for (let i = 0; i < run; i++) zsets.removeEnd(root, isLast);
    left -= run;
    if (isFrozen) heap.release();
    assert.equal(zsets.count(root), left);
    if (left % 5 === 0) zsets.check(root);
  }
  zsets.check(root);
  zsets.removeEnd(root, true);
  assert.equal(zsets.count(root), 0);
  for (const _ of zsets.freeSteps(root));
  assert.equal(heap.objectCount, 0);
  heap.check();
});
