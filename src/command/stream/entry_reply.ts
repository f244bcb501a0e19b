/** Ids and entries of streams as replies, written straight into the reply's buffer. */
import {
  integerTextLength,
  MAX_INTEGER_TEXT_BYTES,
  writeInt64,
  writeInteger,
  writeUnsigned64,
} from "../../base/integer_text.ts";
import type { LeafReader } from "../../keyspace/stream/leaf_reader.ts";
import type { PartReader } from "../../keyspace/stream/part_reader.ts";
import { ID_TEXT_BYTES_MAX, type StreamId } from "../../keyspace/stream/stream_id.ts";
import { readObjectBigInt, readObjectNumber } from "../../keyspace/stream/stream_root.ts";
import type { ReplyWriter } from "../../protocol/reply_writer.ts";
import type { Call } from "../call.ts";

const DASH = 0x2d;
const DOLLAR = 0x24;
const STAR = 0x2a;
const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const ZERO = 48;
/** A bulk string of less than 100 bytes has so much around it. */
const AROUND_BYTES = 7;
/** A text up to this length is written byte by byte. */
const SHORT_BYTES_MAX = 99;
/** The headers of an entry's two arrays. */
const HEADERS_BYTES = 32;

const digits = new Uint8Array(MAX_INTEGER_TEXT_BYTES);
/** The milliseconds of the last id and their text: the next id has often the same. */
const msText = new Uint8Array(MAX_INTEGER_TEXT_BYTES);
let msHigh = 0;
let msLow = 0;
let msLength = 0;

/** An id as a bulk string. */
export function replyId(reply: ReplyWriter, id: StreamId): void {
  reply.reserve(ID_TEXT_BYTES_MAX + AROUND_BYTES);
  reply.length = writeIdBulk(reply.bytes, reply.length, id);
}

function writeIdBulk(target: Uint8Array, at: number, id: StreamId): number {
  if (id.msHigh !== msHigh || id.msLow !== msLow || msLength === 0) {
    msHigh = id.msHigh;
    msLow = id.msLow;
    msLength = writeUnsigned64(msText, 0, msHigh, msLow);
  }
  // The header has room for a length of two digits, which all but ids made by hand have.
  const start = at + 5;
  let end = start;
  for (let i = 0; i < msLength; i++) target[end++] = msText[i];
  target[end++] = DASH;
  const seqLow = id.seqLow;
  if (id.seqHigh === 0 && seqLow >= 0 && seqLow < 10) target[end++] = ZERO + seqLow;
  else end = writeUnsigned64(target, end, id.seqHigh, seqLow);
  const length = end - start;
  if (length < 10) {
    target.copyWithin(at + 4, start, end);
    end--;
  }
  writeHeader(target, at, DOLLAR, length);
  return endLine(target, end);
}

/** Writes a byte and a number of at most two digits as a line; returns where it ends. */
function writeHeader(target: Uint8Array, at: number, kind: number, value: number): number {
  target[at++] = kind;
  if (value >= 10) {
    const tens = (value / 10) | 0;
    target[at++] = ZERO + tens;
    value -= 10 * tens;
  }
  target[at] = ZERO + value;
  return endLine(target, at + 1);
}

function endLine(target: Uint8Array, at: number): number {
  target[at] = CARRIAGE_RETURN;
  target[at + 1] = LINE_FEED;
  return at + 2;
}

/**
 * Begins an array of entries, of which there will be at most so many, and mostly that many; returns
 * a mark for {@link endEntries}.
 */
export function beginEntries(reply: ReplyWriter, countMax: number): number {
  const mark = reply.length;
  reply.array(countMax);
  return mark;
}

/** Ends an array of {@link beginEntries} that has got so many entries. */
export function endEntries(
  reply: ReplyWriter,
  mark: number,
  countMax: number,
  count: number,
): void {
  if (count === countMax) return;
  const { bytes } = reply;
  const entries = mark + 1 + integerTextLength(countMax);
  const end = writeInteger(bytes, mark + 1, count);
  if (end === entries) return;
  // The line end and what follows it moves up to the shorter number.
  bytes.copyWithin(end, entries, reply.length);
  reply.length -= entries - end;
}

/** An entry: its id, and its fields and values in an array. */
export function replyEntry(call: Call, entry: LeafReader): void {
  const reply = call.reply;
  const count = entry.numFields;
  reply.reserve(HEADERS_BYTES + ID_TEXT_BYTES_MAX + AROUND_BYTES);
  const target = reply.bytes;
  const at = writeIdBulk(target, writeHeader(target, reply.length, STAR, 2), entry.id);
  if (count < 50) reply.length = writeHeader(target, at, STAR, 2 * count);
  else {
    reply.length = at;
    reply.array(2 * count);
  }
  entry.beginFields();
  for (let i = 0; i < count; i++) {
    replyPart(call, entry.nextField());
    replyPart(call, entry.nextValue());
  }
}

function replyPart(call: Call, part: PartReader): void {
  const reply = call.reply;
  if (part.isInteger) {
    const length = writeInt64(digits, 0, part.high, part.low);
    return replyShort(reply, digits, 0, length);
  }
  const length = part.textLength;
  if (!part.isTextHere) return call.replyRange(part.leaf, part.textOffset, length);
  const start = part.textStart;
  if (length <= SHORT_BYTES_MAX) replyShort(reply, part.bytes, start, length);
  else reply.bulk(part.bytes, start, start + length);
}

function replyShort(reply: ReplyWriter, bytes: Uint8Array, start: number, length: number): void {
  reply.reserve(length + AROUND_BYTES);
  const target = reply.bytes;
  let at = writeHeader(target, reply.length, DOLLAR, length);
  for (let i = 0; i < length; i++) target[at++] = bytes[start + i];
  reply.length = endLine(target, at);
}

/** A 64-bit integer that stands in two words of an object. */
export function replyObjectNumber(call: Call, ref: number, index: number): void {
  const { heap } = call.keyspace;
  const value = readObjectNumber(heap, ref, index);
  if (Number.isSafeInteger(value)) call.reply.integer(value);
  else call.reply.bigInteger(readObjectBigInt(heap, ref, index));
}
