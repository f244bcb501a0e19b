/**
 * XREAD and XREADGROUP with BLOCK, as far as Redis 7.2 and later do otherwise than 7.0. Checked
 * against redis-server 8.0.2.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startConnections } from "../../server/commands/connections.ts";
import { CommandFixture } from "../fixture.ts";
import { replyValue } from "./fixture.ts";

const NO_GROUP =
  "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option\r\n";
const READ_GROUP = "XREADGROUP GROUP g c BLOCK 0 STREAMS s >";

/** A connection that waits, and another one. */
async function pair() {
  const server = await startConnections();
  return { server, waiting: server.connect(), other: server.connect() };
}

/** Commands that take the group away from those who wait for its stream. */
const ENDS: readonly string[] = [
  "XGROUP DESTROY s g",
  "DEL s",
  "UNLINK s",
  "FLUSHALL",
  "FLUSHDB ASYNC",
  "SWAPDB 0 1",
  "RENAME s t",
  "MOVE s 1",
  "PEXPIREAT s 1",
];

for (const command of ENDS) {
  test(`XREADGROUP that waits ends with ${command}`, async () => {
    const { waiting, other } = await pair();
    other.line("XGROUP CREATE s g $ MKSTREAM");
    assert.equal(waiting.line(READ_GROUP), "");
    other.line(command);
    assert.equal(waiting.heard(), NO_GROUP);
    assert.equal(waiting.line("PING"), "+PONG\r\n");
  });
}

test("XREADGROUP that waits ends with a value of another type", async () => {
  const { waiting, other } = await pair();
  const wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
  other.line("XGROUP CREATE s g $ MKSTREAM");
  waiting.line(READ_GROUP);
  other.line("SET s v");
  assert.equal(waiting.heard(), wrongType);
  other.line("DEL s");
  other.line("XGROUP CREATE s g $ MKSTREAM");
  waiting.line(READ_GROUP);
  for (const line of ["MULTI", "DEL s", "SADD s 1", "EXEC"]) other.line(line);
  assert.equal(waiting.heard(), wrongType);
});

test("XREADGROUP goes on waiting where the group is there again when the transaction ends", async () => {
  const { waiting, other } = await pair();
  other.line("XGROUP CREATE s g $ MKSTREAM");
  waiting.line(READ_GROUP);
  for (const line of ["MULTI", "DEL s", "XGROUP CREATE s g $ MKSTREAM", "EXEC"]) other.line(line);
  assert.equal(waiting.heard(), "");
  other.line("XADD s 5 a 1");
  assert.deepEqual(replyValue(waiting.heard()), [["s", [["5-0", ["a", "1"]]]]]);
});

test("a stream with that group gets the name that XREADGROUP waits for", async () => {
  const { waiting, other } = await pair();
  other.line("XGROUP CREATE s g $ MKSTREAM");
  other.line("XADD t 7 a 1");
  other.line("XGROUP CREATE t g 0");
  waiting.line(READ_GROUP);
  other.line("RENAME t s");
  assert.deepEqual(replyValue(waiting.heard()), [["s", [["7-0", ["a", "1"]]]]]);
});

test("a consumer is made before it waits, and seen each time that it is asked", async () => {
  const { server, waiting, other } = await pair();
  other.line("XGROUP CREATE s g $ MKSTREAM");
  waiting.line(READ_GROUP);
  server.advance(20);
  const consumer = () => (replyValue(other.line("XINFO CONSUMERS s g")) as unknown[])[0];
  assert.deepEqual(consumer(), ["name", "c", "pending", 0, "idle", 20, "inactive", -1]);
  other.line("XADD s 1 a 1");
  server.advance(5);
  assert.deepEqual(consumer(), ["name", "c", "pending", 1, "idle", 5, "inactive", 5]);
});

test("XREAD replies with all streams that have got something, in the order of its keys", async () => {
  const { waiting, other } = await pair();
  waiting.line("XREAD BLOCK 0 STREAMS s t $ $");
  for (const line of ["MULTI", "XADD t 1 a 1", "XADD s 1 b 1", "EXEC"]) other.line(line);
  assert.deepEqual(replyValue(waiting.heard()), [
    ["s", [["1-0", ["b", "1"]]]],
    ["t", [["1-0", ["a", "1"]]]],
  ]);
});

test("a stream that is named twice is in the reply twice", async () => {
  const { waiting, other } = await pair();
  waiting.line("XREAD BLOCK 0 STREAMS s s $ $");
  other.line("XADD s 5 a 1");
  const stream = ["s", [["5-0", ["a", "1"]]]];
  assert.deepEqual(replyValue(waiting.heard()), [stream, stream]);
});

test("an entry that is gone again when the transaction ends serves nobody", async () => {
  const { waiting, other } = await pair();
  other.line("XADD s 1 a 1");
  waiting.line("XREAD BLOCK 0 STREAMS s $");
  for (const line of ["MULTI", "XADD s 2 a 1", "XDEL s 2", "EXEC"]) other.line(line);
  assert.equal(waiting.heard(), "");
  other.line("XADD s 3 a 1");
  assert.deepEqual(replyValue(waiting.heard()), [["s", [["3-0", ["a", "1"]]]]]);
});

test("XREAD waits for the last entry of a stream that is empty", async () => {
  const { waiting, other } = await pair();
  assert.equal(waiting.line("XREAD BLOCK 0 STREAMS s +"), "");
  for (const line of ["MULTI", "XADD s 5 a 1", "XADD s 6 a 1", "EXEC"]) other.line(line);
  const last = [["s", [["6-0", ["a", "1"]]]]];
  assert.deepEqual(replyValue(waiting.heard()), last);
  assert.deepEqual(replyValue(waiting.line("XREAD BLOCK 0 STREAMS s +")), last);
  other.line("XDEL s 5 6");
  assert.equal(waiting.line("XREAD BLOCK 0 STREAMS s +"), "");
  for (const line of ["MULTI", "XADD s 7 a 1", "XADD s 8 a 1", "EXEC"]) other.line(line);
  assert.deepEqual(replyValue(waiting.heard()), [["s", [["8-0", ["a", "1"]]]]]);
});

test("what XREAD asks to wait for: $ is the last id of now", () => {
  const f = new CommandFixture();
  f.run("XADD", "s", "5-3", "a", "1");
  const requests: unknown[] = [];
  f.call.blocker = (request) => {
    const words = Array.from({ length: f.call.count }, (_, i) => f.call.text(i));
    requests.push({ ...request, words: words.join(" ") });
  };
  const words = "XREAD COUNT 2 BLOCK 1500 STREAMS s none s t $ $ 9 +";
  assert.equal(f.run(...words.split(" ")), "");
  f.run("XGROUP", "CREATE", "s", "g", "$");
  assert.equal(f.run(..."XREADGROUP GROUP g c BLOCK 0 STREAMS s >".split(" ")), "");
  assert.deepEqual(requests, [
    {
      kind: "stream",
      keys: [6, 7, 8, 9],
      timeoutMs: 1500,
      endsOnMissingKey: false,
      words: "XREAD COUNT 2 BLOCK 1500 STREAMS s none s t 5-3 0-0 9 +",
    },
    {
      kind: "stream",
      keys: [7],
      timeoutMs: 0,
      endsOnMissingKey: true,
      words: "XREADGROUP GROUP g c BLOCK 0 STREAMS s >",
    },
  ]);
});

test("a consumer that is made before it waits without acknowledging is propagated", () => {
  const f = new CommandFixture();
  f.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  f.takePropagated();
  f.call.blocker = () => {};
  assert.equal(f.run(..."XREADGROUP GROUP g one BLOCK 0 NOACK STREAMS s >".split(" ")), "");
  assert.deepEqual(f.takePropagated(), ["0 XGROUP CREATECONSUMER s g one"]);
  assert.equal(f.run(..."XREADGROUP GROUP g two BLOCK 0 STREAMS s >".split(" ")), "");
  assert.deepEqual(f.takePropagated(), []);
});
