/** DEBUG PROTOCOL: a reply of each type, for the tests of clients. */
import { latin1Bytes } from "../../base/ascii.ts";
import type { Call } from "../../command/call.ts";
import type { ReplyWriter } from "../../protocol/reply_writer.ts";
import type { Engine } from "../engine.ts";

/** The header of an attribute with one pair, which RESP3 alone has. */
const ATTRIBUTE = latin1Bytes("|1\r\n");

const REPLIES: ReadonlyMap<string, (reply: ReplyWriter) => void> = new Map([
  ["string", (reply) => reply.bulkText("Hello World")],
  ["integer", (reply) => reply.integer(12345)],
  ["double", (reply) => reply.double(3.141)],
  ["bignum", (reply) => reply.bigNumber("1234567999999999999999999999999999999")],
  ["null", (reply) => reply.null()],
  ["array", (reply) => {
    reply.array(3);
    for (let i = 0; i < 3; i++) reply.integer(i);
  }],
  ["set", (reply) => {
    reply.set(3);
    for (let i = 0; i < 3; i++) reply.integer(i);
  }],
  ["map", (reply) => {
    reply.map(3);
    for (let i = 0; i < 3; i++) {
      reply.integer(i);
      reply.boolean(i === 1);
    }
  }],
  ["attrib", attribute],
  ["push", push],
  ["verbatim", (reply) => reply.verbatim("txt", "This is a verbatim\nstring")],
  ["true", (reply) => reply.boolean(true)],
  ["false", (reply) => reply.boolean(false)],
]);

/** DEBUG PROTOCOL type. */
export function protocol(_engine: Engine, call: Call): void {
  const write = REPLIES.get(call.text(2).toLowerCase());
  if (write !== undefined) return write(call.reply);
  call.reply.error(
    "ERR Wrong protocol type name. Please use one of the following: " +
      "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
  );
}

/** An attribute is no reply by itself: one follows it. */
function attribute(reply: ReplyWriter): void {
  if (reply.protocol >= 3) {
    reply.raw(ATTRIBUTE);
    reply.bulkText("key-popularity");
    reply.array(2);
    reply.bulkText("key:123");
    reply.integer(90);
  }
  reply.bulkText("Some real reply following the attribute");
}

/** A push is no reply either. */
function push(reply: ReplyWriter): void {
  if (reply.protocol < 3) return reply.error("ERR RESP2 is not supported by this command");
  reply.push(2);
  reply.bulkText("server-cpu-usage");
  reply.integer(42);
  reply.bulkText("Some real reply following the push reply");
}
