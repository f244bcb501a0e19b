/** What the commands on sorted sets have in common: arguments, numbers, and scores in replies. */
import { MAX_DOUBLE_TEXT_BYTES, parseDouble, writeDouble } from "../../base/double_text.ts";
import { TYPE_ZSET } from "../../keyspace/value_type.ts";
import type { ZsetReader } from "../../keyspace/zset/zset_reader.ts";
import { NOT_A_FLOAT } from "../../protocol/wire_errors.ts";
import type { ReplyWriter } from "../../protocol/reply_writer.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import type { ArgumentSpecification } from "../definition.ts";

export const KEY: ArgumentSpecification = { name: "key", type: "key", keySpec: 0 };
export const MEMBER: ArgumentSpecification = { name: "member", type: "string" };
export const MEMBERS: ArgumentSpecification = { ...MEMBER, flags: ["multiple"] };
export const WITHSCORES: ArgumentSpecification = {
  name: "withscores",
  type: "pure-token",
  token: "WITHSCORES",
  flags: ["optional"],
};
export const LIMIT: ArgumentSpecification = {
  name: "limit",
  type: "block",
  token: "LIMIT",
  flags: ["optional"],
  arguments: [{ name: "offset", type: "integer" }, { name: "count", type: "integer" }],
};

/** A comma, the text, and what ends a line. */
const DOUBLE_LINE_BYTES = MAX_DOUBLE_TEXT_BYTES + 3;

const scratch = new Uint8Array(MAX_DOUBLE_TEXT_BYTES);

/** A score among the arguments; NaN, after replying, when it is none. */
export function scoreOrReply(call: Call, index: number, error = NOT_A_FLOAT): number {
  const args = call.args;
  const score = parseDouble(args.bytes, args.starts[index], args.ends[index]);
  if (score !== score) call.reply.error(error);
  return score;
}

/** Replies with a score: a double of RESP3, its text in RESP2. */
export function replyScore(reply: ReplyWriter, score: number): void {
  if (reply.protocol === 2) {
    const length = writeDouble(scratch, 0, score);
    return reply.bulk(scratch, 0, length);
  }
  reply.reserve(DOUBLE_LINE_BYTES);
  reply.bytes[reply.length] = 0x2c;
  reply.length = writeDouble(reply.bytes, reply.length + 1, score);
  reply.endBulk();
}

/** The header of so many members: with their scores, RESP2 has one flat array of them. */
export function replyHeader(reply: ReplyWriter, count: number, hasScores: boolean): void {
  reply.array(hasScores && reply.protocol === 2 ? 2 * count : count);
}

/** Replies with the member that a reader is at, and where `hasScores` its score. */
export function replyMember(reply: ReplyWriter, reader: ZsetReader, hasScores: boolean): void {
  if (!hasScores) return reply.bulk(reader.bytes, reader.start, reader.end);
  if (reply.protocol > 2) reply.array(2);
  reply.bulk(reader.bytes, reader.start, reader.end);
  replyScore(reply, reader.score);
}

/**
 * The sorted set at argument 1, looked up for reading. Where there is none it replies as
 * `replyEmpty` does, where there is another type with the error; then it returns 0.
 */
export function readOrReply(call: Call, replyEmpty: (reply: ReplyWriter) => void): number {
  const ref = call.lookupReadOf(1, TYPE_ZSET);
  if (ref === WRONG_TYPE_REPLIED) return 0;
  if (ref === 0) replyEmpty(call.reply);
  return ref;
}

/** Replies as those commands do that count, where there is no key. */
export function replyZero(reply: ReplyWriter): void {
  reply.integer(0);
}

/** Replies as those do that ask for one member. */
export function replyNull(reply: ReplyWriter): void {
  reply.null();
}

/** Replies as those do that ask for one member and its score. */
export function replyNullArray(reply: ReplyWriter): void {
  reply.nullArray();
}

/** Replies as those do that ask for several members. */
export function replyEmptyArray(reply: ReplyWriter): void {
  reply.array(0);
}
