/** Ids and entries of streams as replies. */
import { MAX_INTEGER_TEXT_BYTES, writeInt64 } from "../../base/integer_text.ts";
import type { LeafReader } from "../../keyspace/stream/leaf_reader.ts";
import type { PartReader } from "../../keyspace/stream/part_reader.ts";
import { ID_TEXT_BYTES_MAX, type StreamId } from "../../keyspace/stream/stream_id.ts";
import { readObjectBigInt, readObjectNumber } from "../../keyspace/stream/stream_root.ts";
import type { ReplyWriter } from "../../protocol/reply_writer.ts";
import type { Call } from "../call.ts";

const idText = new Uint8Array(ID_TEXT_BYTES_MAX);
const digits = new Uint8Array(MAX_INTEGER_TEXT_BYTES);

/** An id as a bulk string. */
export function replyId(reply: ReplyWriter, id: StreamId): void {
  reply.bulk(idText, 0, id.write(idText, 0));
}

/** An entry: its id, and its fields and values in an array. */
export function replyEntry(call: Call, entry: LeafReader): void {
  const reply = call.reply;
  reply.array(2);
  replyId(reply, entry.id);
  const count = entry.numFields;
  reply.array(2 * count);
  entry.beginFields();
  for (let i = 0; i < count; i++) {
    replyPart(call, entry.nextField());
    replyPart(call, entry.nextValue());
  }
}

function replyPart(call: Call, part: PartReader): void {
  const reply = call.reply;
  if (part.isInteger) reply.bulk(digits, 0, writeInt64(digits, 0, part.high, part.low));
  else if (part.isTextHere) {
    reply.bulk(part.bytes, part.textStart, part.textStart + part.textLength);
  } else call.replyRange(part.leaf, part.textOffset, part.textLength);
}

/** A 64-bit integer that stands in two words of an object. */
export function replyObjectNumber(call: Call, ref: number, index: number): void {
  const { heap } = call.keyspace;
  const value = readObjectNumber(heap, ref, index);
  if (Number.isSafeInteger(value)) call.reply.integer(value);
  else call.reply.bigInteger(readObjectBigInt(heap, ref, index));
}
