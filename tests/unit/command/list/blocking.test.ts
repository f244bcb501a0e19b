import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockRequest } from "../../../../src/command/blocking.ts";
import { CommandFixture } from "../fixture.ts";

/** What the command asked to wait for; null when it did not. */
function requestOf(f: CommandFixture, command: string): BlockRequest | null {
  let request: BlockRequest | null = null;
  f.call.blocker = (asked) => request = asked;
  const reply = f.run(...command.split(" "));
  f.call.blocker = null;
  if (request !== null) assert.equal(reply, "", command);
  return request;
}

test("where there is nothing the blocking list commands ask to wait", () => {
  const f = new CommandFixture();
  assert.deepEqual(requestOf(f, "BLPOP a b a 0"), {
    kind: "list",
    keys: [1, 2, 3],
    timeoutMs: 0,
  });
  assert.deepEqual(requestOf(f, "BRPOP a 1.5"), { kind: "list", keys: [1], timeoutMs: 1500 });
  assert.deepEqual(requestOf(f, "BLMPOP 0.0001 2 a b RIGHT COUNT 5"), {
    kind: "list",
    keys: [3, 4],
    timeoutMs: 1,
  });
  const moving = { kind: "list", keys: [1], timeoutMs: 7000, refusedReply: "null" };
  assert.deepEqual(requestOf(f, "BLMOVE a b LEFT RIGHT 7"), moving);
  assert.deepEqual(requestOf(f, "BRPOPLPUSH a b 7"), moving);
  assert.deepEqual(f.takePropagated(), []);
});

test("the target's type matters only when there is something to move", () => {
  const f = new CommandFixture();
  f.set("string");
  assert.notEqual(requestOf(f, "BLMOVE a string LEFT RIGHT 0"), null);
  f.run("RPUSH", "a", "1");
  assert.equal(requestOf(f, "BLMOVE a string LEFT RIGHT 0"), null);
  assert.match(f.run("BRPOPLPUSH", "a", "string", "0"), /^-WRONGTYPE /);
  assert.match(f.run("BLPOP", "none", "string", "a", "0"), /^-WRONGTYPE /);
});

test("where they must not wait they reply as if the time were over", () => {
  const f = new CommandFixture();
  assert.equal(f.run("BLPOP", "a", "0"), "*-1\r\n");
  assert.equal(f.run("BRPOP", "a", "b", "0"), "*-1\r\n");
  assert.equal(f.run("BLMPOP", "0", "1", "a", "LEFT"), "*-1\r\n");
  assert.equal(f.run("BLMOVE", "a", "b", "LEFT", "LEFT", "0"), "$-1\r\n");
  assert.equal(f.run("BRPOPLPUSH", "a", "b", "0"), "$-1\r\n");
});

test("others repeat what they came to", () => {
  const f = new CommandFixture();
  f.run("RPUSH", "k", "1", "2", "3", "4", "5", "6");
  f.takePropagated();
  f.run("BLPOP", "none", "k", "0");
  f.run("BRPOP", "k", "0");
  f.run("BLMPOP", "0", "2", "none", "k", "LEFT", "COUNT", "2");
  f.run("BLMOVE", "k", "to", "left", "Right", "0");
  f.run("BRPOPLPUSH", "k", "to", "0");
  f.run("BLMOVE", "k", "to", "LEFT", "LEFT", "0");
  assert.deepEqual(f.takePropagated(), [
    "0 LPOP k",
    "0 RPOP k",
    "0 LPOP k 2",
    "0 LMOVE k to left Right",
    "0 RPOPLPUSH k to",
  ]);
});

test("replies of the blocking list commands", () => {
  const f = new CommandFixture();
  f.run("RPUSH", "k", "1", "2", "3", "4");
  assert.equal(f.run("BLPOP", "none", "k", "0"), "*2\r\n$1\r\nk\r\n$1\r\n1\r\n");
  assert.equal(
    f.run("BLMPOP", "0", "1", "k", "RIGHT", "COUNT", "2"),
    "*2\r\n$1\r\nk\r\n*2\r\n$1\r\n4\r\n$1\r\n3\r\n",
  );
  assert.equal(f.run("BLMOVE", "k", "to", "LEFT", "LEFT", "0"), "$1\r\n2\r\n");
  assert.equal(f.entry("k"), 0);
});
