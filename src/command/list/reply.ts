/** Elements of lists as replies, straight from where they stand. */
import type { ListpackReader } from "../../heap/listpack.ts";
import { integerTextLength, writeInteger } from "../../base/integer_text.ts";
import type { ListReader } from "../../keyspace/list/list_reader.ts";
import {
  FORM_ALONE,
  FORM_PACKED,
  LEAF_HEADER_BYTES,
  type LeafReader,
} from "../../keyspace/list/leaf.ts";
import type { ReplyWriter } from "../../protocol/reply_writer.ts";
import type { Call } from "../call.ts";

const DOLLAR = 36;
const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
/** What is written before a text of a run and behind it. */
const AROUND_BYTES = 16;
/** The first byte of an entry of a listpack that is a text of up to 63 bytes. */
const SHORT_TEXT = 0x80;
const SHORT_TEXT_MASK = 0xc0;
const SHORT_REPLY_BYTES_MAX = 63 + AROUND_BYTES;

/** Replies with the element that a reader is at. */
export function replyElement(call: Call, element: LeafReader): void {
  if (element.form === FORM_ALONE) {
    return call.replyRange(element.aloneLeaf, LEAF_HEADER_BYTES, element.length);
  }
  element.text();
  call.reply.bulk(element.bytes, element.start, element.end);
}

/** Replies with the next elements of a reader: there must be so many. */
export function replyElements(call: Call, elements: ListReader, count: number): void {
  const reply = call.reply;
  const element = elements.element;
  reply.array(count);
  for (let left = count; left > 0;) {
    elements.next();
    const form = element.form;
    if (form === FORM_ALONE || elements.isBackward) {
      replyElement(call, element);
      left--;
    } else if (form === FORM_PACKED) left -= replyPacked(reply, elements, left);
    else left -= replyRun(reply, elements, left);
  }
}

/** Replies with a packed element and the short texts behind it; returns how many. */
function replyPacked(reply: ReplyWriter, elements: ListReader, countMax: number): number {
  const packed = elements.element.packed;
  if (packed.isInteger) {
    replyInteger(reply, packed);
    return 1;
  }
  const source = packed.bytes;
  let p = packed.start + packed.offset;
  let count = 0;
  for (; count < countMax && (source[p] & SHORT_TEXT_MASK) === SHORT_TEXT; count++) {
    const length = source[p++] & ~SHORT_TEXT_MASK;
    reply.reserve(SHORT_REPLY_BYTES_MAX);
    const target = reply.bytes;
    let at = beginShort(target, reply.length, length);
    for (const end = p + length; p < end;) target[at++] = source[p++];
    target[at++] = CARRIAGE_RETURN;
    target[at++] = LINE_FEED;
    reply.length = at;
    // The length stands behind the text, too.
    p++;
  }
  if (count === 0) {
    reply.bulk(packed.stringBytes, packed.stringStart, packed.stringEnd);
    return 1;
  }
  packed.openAt(source, packed.start, p - packed.start);
  elements.passed += count - 1;
  return count;
}

function replyInteger(reply: ReplyWriter, packed: ListpackReader): void {
  const value = packed.value;
  if (!Number.isSafeInteger(value)) {
    packed.text();
    return reply.bulk(packed.stringBytes, packed.stringStart, packed.stringEnd);
  }
  reply.reserve(SHORT_REPLY_BYTES_MAX);
  const target = reply.bytes;
  let at = beginShort(target, reply.length, integerTextLength(value));
  at = writeInteger(target, at, value);
  target[at++] = CARRIAGE_RETURN;
  target[at++] = LINE_FEED;
  reply.length = at;
}

/** Writes what stands before a text of less than a hundred bytes; returns where that goes. */
function beginShort(target: Uint8Array, at: number, length: number): number {
  target[at++] = DOLLAR;
  if (length >= 10) target[at++] = 48 + ((length / 10) | 0);
  target[at++] = 48 + length % 10;
  target[at++] = CARRIAGE_RETURN;
  target[at++] = LINE_FEED;
  return at;
}

/** Replies with the rest of a run, from the element that the reader is at; returns how many. */
function replyRun(reply: ReplyWriter, elements: ListReader, countMax: number): number {
  const element = elements.element;
  const length = element.form;
  const count = Math.min(countMax, 1 + element.runLeft);
  reply.reserve(count * (length + AROUND_BYTES));
  const at = reply.length;
  if (length >= 4) {
    reply.length = writeWide(element.data, element.start, length, count, reply.bytes, at);
  } else reply.length = writeNarrow(element.bytes, element.start, length, count, reply.bytes, at);
  elements.passRun(count - 1);
  return count;
}

/** Writes texts of less than four bytes as bulk strings; returns where they end. */
function writeNarrow(
  source: Uint8Array,
  from: number,
  length: number,
  count: number,
  target: Uint8Array,
  at: number,
): number {
  for (let left = count; left > 0; left--) {
    target[at] = DOLLAR;
    target[at + 1] = 48 + length;
    target[at + 2] = CARRIAGE_RETURN;
    target[at + 3] = LINE_FEED;
    at += 4;
    for (const end = from + length; from < end;) target[at++] = source[from++];
    target[at] = CARRIAGE_RETURN;
    target[at + 1] = LINE_FEED;
    at += 2;
  }
  return at;
}

/**
 * As {@link writeNarrow}, for texts of four bytes or more: four bytes at a time. What stands
 * between two texts, `\r\n$16\r\n`, is two words that overlap, and so are the last two of a text.
 */
function writeWide(
  input: DataView,
  from: number,
  length: number,
  count: number,
  target: Uint8Array,
  at: number,
): number {
  const output = viewOf(target);
  target[at] = CARRIAGE_RETURN;
  target[at + 1] = LINE_FEED;
  target[at + 2] = DOLLAR;
  const headEnd = writeInteger(target, at + 3, length);
  target[headEnd] = CARRIAGE_RETURN;
  target[headEnd + 1] = LINE_FEED;
  const betweenBytes = headEnd + 2 - at;
  const between = output.getUint32(at, true);
  const betweenEnd = output.getUint32(at + betweenBytes - 4, true);
  // The line end before the first text belongs to another, and goes.
  target.copyWithin(at, at + 2, at + betweenBytes);
  at += betweenBytes - 2;
  const tail = length - 4;
  for (let left = count;; left--) {
    for (let i = 0; i < tail; i += 4) {
      output.setUint32(at + i, input.getUint32(from + i, true), true);
    }
    output.setUint32(at + tail, input.getUint32(from + tail, true), true);
    at += length;
    from += length;
    if (left === 1) break;
    output.setUint32(at, between, true);
    output.setUint32(at + betweenBytes - 4, betweenEnd, true);
    at += betweenBytes;
  }
  target[at] = CARRIAGE_RETURN;
  target[at + 1] = LINE_FEED;
  return at + 2;
}

/** A view of a larger buffer, which nobody keeps, is not kept either. */
const KEPT_BYTES_MAX = 256 * 1024;

let lastBytes: Uint8Array = new Uint8Array(0);
let lastView: DataView = new DataView(lastBytes.buffer);

/** A view of the buffer that replies are written into: mostly it is the same again. */
function viewOf(bytes: Uint8Array): DataView {
  if (bytes === lastBytes) return lastView;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length <= KEPT_BYTES_MAX) {
    lastBytes = bytes;
    lastView = view;
  }
  return view;
}
