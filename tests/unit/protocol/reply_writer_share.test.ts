/** What many connections send from one buffer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";
import { BufferPool, ReplyWriter } from "../../../src/protocol/reply_writer.ts";

function waiting(reply: ReplyWriter): string {
  return latin1(reply.bytes, reply.sent, reply.length);
}

test("what is shared is not copied, nor what follows it there", () => {
  const reply = new ReplyWriter(new BufferPool());
  const log = latin1Bytes("..one.two.three");
  reply.share(log, 2, 6);
  assert.equal(waiting(reply), "one.");
  assert.equal(reply.bytes, log);
  assert.equal(reply.isShared, true);
  reply.share(log, 6, 10);
  assert.equal(waiting(reply), "one.two.");
  assert.equal(reply.bufferBytes, 8);
  assert.equal(reply.bytes, log);
  reply.advance(3);
  assert.equal(waiting(reply), ".two.");
  reply.advance(5);
  assert.equal(reply.isShared, false);
  assert.equal(reply.length, 0);
});

test("whatever else follows has the writer take a buffer of its own", () => {
  const log = latin1Bytes("..one.two.three");
  const before = log.slice();
  const followers: [(reply: ReplyWriter) => void, string][] = [
    [(reply) => reply.ok(), "+OK\r\n"],
    [(reply) => reply.share(log, 10, 15), "three"],
    [(reply) => reply.share(latin1Bytes("x"), 0, 1), "x"],
    [(reply) => reply.bulkText("a"), "$1\r\na\r\n"],
    [(reply) => reply.endDeferred(reply.beginDeferred(), "array", 0), "*0\r\n"],
    [(reply) => reply.replaceByError(reply.length, reply.length, "E"), "-E\r\n"],
  ];
  for (const [follow, text] of followers) {
    const reply = new ReplyWriter(new BufferPool());
    reply.share(log, 2, 6);
    const mark = reply.length;
    follow(reply);
    assert.equal(waiting(reply), `one.${text}`);
    assert.equal(reply.isShared, false);
    reply.truncate(mark);
    assert.equal(waiting(reply), "one.");
    reply.integer(1);
    assert.equal(waiting(reply), "one.:1\r\n");
    assert.deepEqual(log, before);
  }
});

test("a shared buffer never comes into the pool, however long it is", () => {
  const pool = new BufferPool();
  const reply = new ReplyWriter(pool);
  const shared = new Uint8Array(16 * 1024);
  reply.share(shared, 0, shared.length);
  reply.ok();
  assert.notEqual(reply.bytes, shared);
  reply.release();
  reply.share(shared, 0, shared.length);
  reply.release();
  for (let i = 0; i < 3; i++) assert.notEqual(pool.take(1), shared);
});

test("any order of writing, sharing and sending gives the bytes in order", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("share" as const), skips: fc.boolean() }),
    fc.record({ kind: fc.constant("write" as const), length: fc.nat(40_000) }),
    fc.record({ kind: fc.constant("send" as const), share: fc.nat(100) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const log = new Uint8Array(1000).map((_, i) => i & 0xff);
      const before = log.slice();
      const reply = new ReplyWriter(new BufferPool());
      let expected = "";
      let logAt = 0;
      for (const each of steps) {
        if (each.kind === "share") {
          if (each.skips) logAt += 10;
          reply.share(log, logAt, logAt + 10);
          expected += latin1(log, logAt, logAt + 10);
          logAt += 10;
        } else if (each.kind === "write") {
          const text = "x".repeat(each.length);
          reply.raw(latin1Bytes(text));
          expected += text;
        } else {
          const count = Math.floor(reply.pendingBytes * each.share / 100);
          if (count === 0) continue;
          reply.advance(count);
          expected = expected.slice(count);
        }
        assert.equal(waiting(reply), expected);
        assert.deepEqual(log, before);
      }
    }),
    { numRuns: 100 },
  );
});
