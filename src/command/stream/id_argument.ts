/**
 * Stream ids among the arguments: `ms-seq`, `ms` alone, and, where they are taken, `-`, `+`, `ms-*`
 * and, for an id that does not belong to the range, `(ms-seq`.
 */
import { parsed64, parseUnsigned64 } from "../../base/integer_text.ts";
import { ID_WORDS, StreamId } from "../../keyspace/stream/stream_id.ts";
import type { Call } from "../call.ts";

const INVALID_ID = "ERR Invalid stream ID specified as stream command argument";

/** The sequence number that an id without one gets: 0, or the greatest there is. */
const SEQ_MIN = 0;
const SEQ_MAX = -1;

/** Longer texts are no ids. */
const ID_ARGUMENT_BYTES_MAX = 127;
/** A number of so many digits is exact as a double. */
const PLAIN_DIGITS_MAX = 15;
const ZERO = 0x30;
const DASH = 0x2d;
const PLUS = 0x2b;
const STAR = 0x2a;
const OPEN = 0x28;

/** What an argument is. */
const INVALID = 0;
const WHOLE = 1;
const WITHOUT_SEQ = 2;

/** Reads an id as it is; false when the text is none. */
export function readId(call: Call, index: number, id: StreamId, missingSeq = SEQ_MIN): boolean {
  const { bytes, starts, ends } = call.args;
  return parseId(bytes, starts[index], ends[index], id, missingSeq, false) === WHOLE;
}

/** As {@link readId}, but replies with the error. */
export function readIdOrReply(
  call: Call,
  index: number,
  id: StreamId,
  missingSeq = SEQ_MIN,
): boolean {
  if (readId(call, index, id, missingSeq)) return true;
  call.reply.error(INVALID_ID);
  return false;
}

/** As {@link readIdOrReply}, but takes `-` and `+`, the first and the last id, too. */
export function readAnyIdOrReply(
  call: Call,
  index: number,
  id: StreamId,
  missingSeq = SEQ_MIN,
): boolean {
  const { bytes, starts, ends } = call.args;
  if (ends[index] - starts[index] === 1) {
    const byte = bytes[starts[index]];
    if (byte === DASH) {
      id.setMin();
      return true;
    }
    if (byte === PLUS) {
      id.setMax();
      return true;
    }
  }
  return readIdOrReply(call, index, id, missingSeq);
}

/**
 * Reads an id that may end in `-*`: its sequence number is the server's to choose.
 * @returns undefined after replying with the error, else whether the sequence number is given.
 */
export function readNewIdOrReply(call: Call, index: number, id: StreamId): boolean | undefined {
  const { bytes, starts, ends } = call.args;
  const found = parseId(bytes, starts[index], ends[index], id, SEQ_MIN, true);
  if (found === INVALID) {
    call.reply.error(INVALID_ID);
    return undefined;
  }
  return found === WHOLE;
}

/** Reads the first id of a range; with `(`, the one behind it. Replies with errors. */
export function readStartOrReply(call: Call, index: number, id: StreamId): boolean {
  const { bytes, starts, ends } = call.args;
  if (!isExclusive(call, index)) return readAnyIdOrReply(call, index, id, SEQ_MIN);
  if (parseId(bytes, starts[index] + 1, ends[index], id, SEQ_MIN, false) === INVALID) {
    call.reply.error(INVALID_ID);
    return false;
  }
  if (id.increment()) return true;
  call.reply.error("ERR invalid start ID for the interval");
  return false;
}

/** Reads the last id of a range; with `(`, the one before it. Replies with errors. */
export function readEndOrReply(call: Call, index: number, id: StreamId): boolean {
  const { bytes, starts, ends } = call.args;
  if (!isExclusive(call, index)) return readAnyIdOrReply(call, index, id, SEQ_MAX);
  if (parseId(bytes, starts[index] + 1, ends[index], id, SEQ_MAX, false) === INVALID) {
    call.reply.error(INVALID_ID);
    return false;
  }
  if (id.decrement()) return true;
  call.reply.error("ERR invalid end ID for the interval");
  return false;
}

function isExclusive(call: Call, index: number): boolean {
  const { bytes, starts, ends } = call.args;
  return ends[index] - starts[index] > 1 && bytes[starts[index]] === OPEN;
}

/** True when the argument is that one character. */
export function isCharacter(call: Call, index: number, character: string): boolean {
  const { bytes, starts, ends } = call.args;
  return ends[index] - starts[index] === 1 && bytes[starts[index]] === character.charCodeAt(0);
}

/** As {@link parseId}, of digits alone, or of digits, a dash and digits, not too many; else false. */
function parsePlainId(
  bytes: Uint8Array,
  start: number,
  end: number,
  id: StreamId,
  missingSeq: number,
): boolean {
  let at = start;
  let ms = 0;
  for (; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) break;
    ms = ms * 10 + digit;
  }
  if (at === start || at - start > PLAIN_DIGITS_MAX) return false;
  const msHigh = Math.floor(ms / 2 ** 32);
  if (at === end) {
    id.set(msHigh, ms, missingSeq, missingSeq);
    return true;
  }
  const dash = at;
  if (bytes[dash] !== DASH || end - dash < 2 || end - dash > PLAIN_DIGITS_MAX) return false;
  let seq = 0;
  for (at = dash + 1; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) return false;
    seq = seq * 10 + digit;
  }
  id.set(msHigh, ms, Math.floor(seq / 2 ** 32), seq);
  return true;
}

function parseId(
  bytes: Uint8Array,
  start: number,
  end: number,
  id: StreamId,
  missingSeq: number,
  takesStar: boolean,
): number {
  if (parsePlainId(bytes, start, end, id, missingSeq)) return WHOLE;
  if (end - start > ID_ARGUMENT_BYTES_MAX) return INVALID;
  // For Redis a zero byte ends the text.
  let dash = -1;
  for (let i = start; i < end; i++) {
    if (bytes[i] === 0) end = i;
    else if (bytes[i] === DASH && dash < 0) dash = i;
  }
  if (!parseUnsigned64(bytes, start, dash < 0 ? end : dash)) return INVALID;
  const msHigh = parsed64.high;
  const msLow = parsed64.low;
  if (dash < 0) {
    id.set(msHigh, msLow, missingSeq, missingSeq);
    return WHOLE;
  }
  if (takesStar && end - dash === 2 && bytes[dash + 1] === STAR) {
    id.set(msHigh, msLow, 0, 0);
    return WITHOUT_SEQ;
  }
  if (!parseUnsigned64(bytes, dash + 1, end)) return INVALID;
  id.set(msHigh, msLow, parsed64.high, parsed64.low);
  return WHOLE;
}

/** Ids of one command, one after another: registers that grow. */
export class IdList {
  count = 0;
  #words: Int32Array = new Int32Array(ID_WORDS * 16);

  clear(): void {
    this.count = 0;
    if (this.#words.length > 4096) this.#words = new Int32Array(ID_WORDS * 16);
  }

  push(id: StreamId): void {
    const at = ID_WORDS * this.count++;
    if (at === this.#words.length) {
      const larger = new Int32Array(at * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[at] = id.msHigh;
    this.#words[at + 1] = id.msLow;
    this.#words[at + 2] = id.seqHigh;
    this.#words[at + 3] = id.seqLow;
  }

  get(index: number, id: StreamId): void {
    const at = ID_WORDS * index;
    const words = this.#words;
    id.set(words[at], words[at + 1], words[at + 2], words[at + 3]);
  }
}
