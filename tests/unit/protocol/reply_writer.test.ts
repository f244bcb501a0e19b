import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { latin1, latin1Bytes } from "../../../src/base/ascii.ts";
import { BufferPool, ReplyWriter } from "../../../src/protocol/reply_writer.ts";

function written(protocol: number, write: (reply: ReplyWriter) => void): string {
  const reply = new ReplyWriter(new BufferPool());
  reply.protocol = protocol;
  write(reply);
  return textOf(reply);
}

function textOf(reply: ReplyWriter): string {
  return latin1(reply.bytes, reply.sent, reply.length);
}

test("each form in RESP2 and RESP3", () => {
  const forms: [(reply: ReplyWriter) => void, string, string][] = [
    [(r) => r.ok(), "+OK\r\n", "+OK\r\n"],
    [(r) => r.simple("PONG"), "+PONG\r\n", "+PONG\r\n"],
    [(r) => r.error("ERR no\r\nway"), "-ERR no  way\r\n", "-ERR no  way\r\n"],
    [(r) => r.integer(0), ":0\r\n", ":0\r\n"],
    [(r) => r.integer(9), ":9\r\n", ":9\r\n"],
    [(r) => r.integer(-1), ":-1\r\n", ":-1\r\n"],
    [(r) => r.integer(2 ** 53 - 1), ":9007199254740991\r\n", ":9007199254740991\r\n"],
    [(r) => r.integer(-(2 ** 53) + 1), ":-9007199254740991\r\n", ":-9007199254740991\r\n"],
    [(r) => r.bigInteger(2n ** 63n - 1n), ":9223372036854775807\r\n", ":9223372036854775807\r\n"],
    [(r) => r.bulk(latin1Bytes("")), "$0\r\n\r\n", "$0\r\n\r\n"],
    [(r) => r.bulk(latin1Bytes("xabcx"), 1, 4), "$3\r\nabc\r\n", "$3\r\nabc\r\n"],
    [(r) => r.bulkText("\u00e9"), "$2\r\n\xc3\xa9\r\n", "$2\r\n\xc3\xa9\r\n"],
    [(r) => r.bulkInteger(-1234), "$5\r\n-1234\r\n", "$5\r\n-1234\r\n"],
    [(r) => r.null(), "$-1\r\n", "_\r\n"],
    [(r) => r.nullArray(), "*-1\r\n", "_\r\n"],
    [(r) => r.array(0), "*0\r\n", "*0\r\n"],
    [(r) => r.array(12), "*12\r\n", "*12\r\n"],
    [(r) => r.map(3), "*6\r\n", "%3\r\n"],
    [(r) => r.set(3), "*3\r\n", "~3\r\n"],
    [(r) => r.push(3), "*3\r\n", ">3\r\n"],
    [(r) => r.double(3.5), "$3\r\n3.5\r\n", ",3.5\r\n"],
    [(r) => r.double(Infinity), "$3\r\ninf\r\n", ",inf\r\n"],
    [(r) => r.double(-Infinity), "$4\r\n-inf\r\n", ",-inf\r\n"],
    [(r) => r.double(NaN), "$3\r\nnan\r\n", ",nan\r\n"],
    [(r) => r.boolean(true), ":1\r\n", "#t\r\n"],
    [(r) => r.boolean(false), ":0\r\n", "#f\r\n"],
    [
      (r) => r.bigNumber("12345678901234567890"),
      "$20\r\n12345678901234567890\r\n",
      "(12345678901234567890\r\n",
    ],
    [(r) => r.verbatim("txt", "Some"), "$4\r\nSome\r\n", "=8\r\ntxt:Some\r\n"],
    [(r) => r.raw(latin1Bytes("+x\r\n")), "+x\r\n", "+x\r\n"],
  ];
  for (const [write, two, three] of forms) {
    assert.equal(written(2, write), two);
    assert.equal(written(3, write), three);
  }
});

test("bulk strings of every length around every border", () => {
  for (const length of [1, 9, 10, 63, 64, 65, 99, 100, 16351, 16352, 16384, 70000, 3_000_000]) {
    const bytes = new Uint8Array(length).fill(65);
    bytes[length - 1] = 66;
    const reply = new ReplyWriter(new BufferPool());
    reply.integer(1);
    reply.bulk(bytes);
    const header = `:1\r\n$${length}\r\n`;
    assert.equal(reply.length, header.length + length + 2);
    assert.equal(latin1(reply.bytes, 0, header.length), header);
    assert.equal(latin1(reply.bytes, reply.length - 3, reply.length), "B\r\n");
  }
});

test("a header that is written last stands first", () => {
  for (
    const [kind, two, three] of [["array", "*2", "*2"], ["set", "*2", "~2"], [
      "map",
      "*4",
      "%2",
    ]] as const
  ) {
    for (const [protocol, header] of [[2, two], [3, three]] as const) {
      const text = written(protocol, (reply) => {
        reply.ok();
        const mark = reply.beginDeferred();
        reply.integer(1);
        const inner = reply.beginDeferred();
        for (let i = 0; i < 5000; i++) reply.integer(7);
        reply.endDeferred(inner, "array", 5000);
        reply.endDeferred(mark, kind, 2);
        reply.ok();
      });
      const body = `:1\r\n*5000\r\n${":7\r\n".repeat(5000)}`;
      assert.equal(text, `+OK\r\n${header}\r\n${body}+OK\r\n`);
    }
  }
  assert.equal(
    written(2, (reply) => reply.endDeferred(reply.beginDeferred(), "array", 0)),
    "*0\r\n",
  );
});

test("errors are counted, and the last one is known", () => {
  const reply = new ReplyWriter(new BufferPool());
  reply.error("ERR one");
  reply.error("WRONGTYPE two");
  assert.equal(reply.errorCount, 2);
  assert.equal(reply.lastError, "WRONGTYPE two");
});

test("whatever is written and sent in whatever pieces arrives in order", () => {
  const action = fc.tuple(fc.nat(3), fc.nat(60000), fc.nat(100000));
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const reply = new ReplyWriter(new BufferPool());
      let expected = "";
      let received = "";
      actions.forEach(([kind, length, count], index) => {
        if (kind < 2) {
          const letter = String.fromCharCode(65 + index);
          reply.bulk(latin1Bytes(letter.repeat(length)));
          expected += `$${length}\r\n${letter.repeat(length)}\r\n`;
        } else if (kind === 2) {
          const mark = reply.length;
          reply.error("ERR taken back");
          reply.truncate(mark);
        } else {
          const sent = Math.min(count, reply.pendingBytes);
          received += latin1(reply.bytes, reply.sent, reply.sent + sent);
          if (sent > 0) reply.advance(sent);
        }
        assert.equal(reply.pendingBytes, expected.length - received.length);
      });
      assert.equal(received + textOf(reply), expected);
    }),
    { numRuns: 100 },
  );
});

test("buffers go back to the pool, large ones and lent ones do not", () => {
  const pool = new BufferPool();
  const reply = new ReplyWriter(pool);
  assert.equal(reply.bytes.length, 0, "an idle connection holds none");
  reply.ok();
  const first = reply.bytes;
  reply.advance(reply.length);
  assert.equal(reply.bytes.length, 0);
  assert.equal(reply.pendingBytes, 0);
  const other = new ReplyWriter(pool);
  other.ok();
  assert.equal(other.bytes, first, "the next one gets it");
  other.abandon();
  reply.ok();
  assert.notEqual(reply.bytes, first, "somebody may still read it");
  reply.bulk(new Uint8Array(1_000_000));
  const large = reply.bytes;
  reply.release();
  reply.ok();
  assert.notEqual(reply.bytes, large);
});

test("a slow reader's buffer does not grow by what has been sent", () => {
  const reply = new ReplyWriter(new BufferPool());
  const chunk = new Uint8Array(10_000);
  reply.bulk(chunk);
  for (let i = 0; i < 2000; i++) {
    reply.bulk(chunk);
    reply.advance(10_011 - (i % 2));
    if (i % 2 === 1) reply.advance(1);
  }
  assert.ok(reply.bytes.length < 2_000_000, `${reply.bytes.length} bytes`);
});

test("beyond the limit nothing is kept, and the buffer does not grow", () => {
  const pool = new BufferPool();
  const reply = new ReplyWriter(pool);
  reply.limitBytes = 100_000;
  const value = latin1Bytes("x".repeat(1000));
  for (let i = 0; i < 99; i++) reply.bulk(value);
  assert.equal(reply.isCut, false);
  for (let i = 0; i < 10_000; i++) {
    const mark = reply.beginDeferred();
    reply.bulk(value);
    reply.integer(i);
    reply.endDeferred(mark, "array", 2);
    reply.error("ERR text");
    reply.verbatim("txt", "text");
  }
  assert.equal(reply.isCut, true);
  assert.ok(reply.bytes.length <= 256 * 1024);
  // A single value longer than all that goes nowhere either.
  reply.bulk(new Uint8Array(1 << 20));
  reply.replaceByError(10, 20, "ERR other");
  reply.truncate(0);
  assert.equal(reply.isCut, true);
});

test("what waits long is sealed, and is sent in its order without being copied", () => {
  const reply = new ReplyWriter(new BufferPool());
  let written = "";
  let sent = "";
  const prng = { state: 1 };
  const below = (count: number) => (prng.state = Math.imul(prng.state, 48271) >>> 1) % count;
  for (let i = 0; i < 2000; i++) {
    const text = `${i}`.repeat(1 + below(2000));
    reply.bulk(latin1Bytes(text));
    written += `$${text.length}\r\n${text}\r\n`;
    if (i % 3 === 0) reply.seal();
    assert.equal(reply.pendingBytes, written.length - sent.length);
    assert.ok(reply.bufferBytes >= reply.pendingBytes);
    if (i % 5 !== 0) continue;
    const sealed = reply.firstSealed;
    const from = sealed ?? reply;
    const count = below(from.length - from.sent + 1);
    sent += latin1(from.bytes, from.sent, from.sent + count);
    if (sealed === null) reply.advance(count);
    else reply.advanceSealed(count, i % 2 === 0);
  }
  for (let sealed = reply.firstSealed; sealed !== null; sealed = reply.firstSealed) {
    sent += latin1(sealed.bytes, sealed.sent, sealed.length);
    reply.advanceSealed(sealed.length - sealed.sent, false);
  }
  sent += textOf(reply);
  assert.equal(sent, written);
});

test("the first buffer becomes small where little is written, and large at once where much is", () => {
  const pool = new BufferPool();
  const reply = new ReplyWriter(pool);
  const write = (length: number) => {
    reply.bulk(new Uint8Array(length));
    const { bufferBytes } = reply;
    reply.advance(reply.pendingBytes);
    return bufferBytes;
  };
  assert.equal(write(10), 1024);
  assert.equal(write(12_000), 16384);
  assert.equal(write(10), 16384);
  for (let second = 1; second <= 8; second++) {
    reply.adapt(second * 6000);
    write(10);
  }
  assert.equal(reply.firstBytes, 1024);
  assert.equal(write(10), 1024);
  assert.equal(pool.shrinkCount > 0, true);
  assert.equal(write(5000), 8192);
  assert.equal(reply.firstBytes, 8192);
  assert.equal(write(10), 8192);
  assert.equal(write(100_000), 131_072);
  assert.equal(reply.firstBytes, 16384);
  assert.equal(pool.expandCount, 3);
  pool.isResizing = false;
  for (let second = 20; second <= 30; second++) reply.adapt(second * 6000);
  assert.equal(reply.firstBytes, 16384);
});

test("a buffer that the runtime holds is neither used again nor written over", () => {
  const pool = new BufferPool();
  const reply = new ReplyWriter(pool);
  reply.bulk(latin1Bytes("first"));
  const held = reply.bytes;
  reply.isHeld = true;
  reply.advance(reply.pendingBytes);
  reply.bulk(latin1Bytes("second"));
  assert.notEqual(reply.bytes, held);
  assert.equal(latin1(held, 0, 11), "$5\r\nfirst\r\n");
  reply.isHeld = true;
  const second = reply.bytes;
  reply.bulk(new Uint8Array(50_000));
  assert.notEqual(reply.bytes, second);
  assert.equal(reply.isHeld, false);
  assert.equal(latin1(second, 0, 12), "$6\r\nsecond\r\n");
});
