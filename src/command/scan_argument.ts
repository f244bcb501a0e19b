/**
 * What SCAN, HSCAN, SSCAN and ZSCAN have in common: the cursor, and the options and the reply of
 * those that go through one value.
 */
import { matchesGlob } from "../base/glob.ts";
import { parsed64, parseStrtoull } from "../base/integer_text.ts";
import { INVALID_CURSOR } from "../protocol/wire_errors.ts";
import type { Call } from "./call.ts";
import { int64OrReply } from "./expiry_argument.ts";

/** How many elements a call looks at where COUNT does not say. */
const SCAN_COUNT = 10;
const STAR = 0x2a;
/** C's isspace. */
const SPACE = 0x20;
const TAB = 0x09;
const CARRIAGE_RETURN = 0x0d;

/**
 * A cursor as Redis reads it: C's strtoul, but white space in front is refused and nothing at all
 * is 0. NaN after replying with the error.
 */
export function cursorOrReply(call: Call, index: number): number {
  const args = call.args;
  const start = args.starts[index];
  const end = args.ends[index];
  if (start === end) return 0;
  const first = args.bytes[start];
  const isSpace = first === SPACE || (first >= TAB && first <= CARRIAGE_RETURN);
  if (!isSpace && parseStrtoull(args.bytes, start, end)) {
    return (parsed64.high >>> 0) * 2 ** 32 + (parsed64.low >>> 0);
  }
  call.reply.error(INVALID_CURSOR);
  return NaN;
}

/** The options behind the cursor, and what is written so far: one object serves every call. */
export class ElementScan {
  /** A least: whole segments are returned. */
  count = SCAN_COUNT;
  /** False with NOVALUES of HSCAN (Redis 7.4) and NOSCORES of ZSCAN (Valkey 8). */
  hasValues = true;
  /** The argument with the pattern; 0 when everything matches. */
  #matchIndex = 0;
  #mark = 0;
  /** Bulk strings written so far. */
  #written = 0;

  /**
   * Reads all arguments from `index` on; false after replying with an error.
   * @param noValues the option that leaves values out, in lower case; "" where there is none.
   */
  read(call: Call, index: number, noValues: "novalues" | "noscores" | ""): boolean {
    this.count = SCAN_COUNT;
    this.hasValues = true;
    this.#matchIndex = 0;
    while (index < call.count) {
      const hasValue = index + 1 < call.count;
      if (hasValue && call.is(index, "count")) {
        this.count = int64OrReply(call, index + 1);
        if (this.count !== this.count) return false;
        if (this.count < 1) {
          call.syntaxError();
          return false;
        }
        index += 2;
      } else if (hasValue && call.is(index, "match")) {
        this.#matchIndex = isMatchAll(call, index + 1) ? 0 : index + 1;
        index += 2;
      } else if (noValues !== "" && call.is(index, noValues)) {
        this.hasValues = false;
        index++;
      } else {
        call.syntaxError();
        return false;
      }
    }
    return true;
  }

  /** Whether an element has to be told. */
  isMatched(call: Call, bytes: Uint8Array, start: number, end: number): boolean {
    const index = this.#matchIndex;
    if (index === 0) return true;
    const args = call.args;
    return matchesGlob(args.bytes, args.starts[index], args.ends[index], bytes, start, end, false);
  }

  /** The bulk strings are going to be written. */
  begin(call: Call): void {
    this.#mark = call.reply.length;
    this.#written = 0;
  }

  /** So many bulk strings more have been written. */
  wrote(count: number): void {
    this.#written += count;
  }

  /** All are written: puts the cursor, which is known only now, in front of them. */
  end(call: Call, cursor: number): void {
    const reply = call.reply;
    const end = reply.length;
    const mark = this.#mark;
    reply.array(2);
    reply.bulkInteger(cursor);
    reply.array(this.#written);
    const headerLength = reply.length - end;
    const bytes = reply.bytes;
    const header = bytes.slice(end, reply.length);
    bytes.copyWithin(mark + headerLength, mark, end);
    bytes.set(header, mark);
  }
}

/** True for "*" alone, which matches everything, nothing at all too (as a glob it would not). */
function isMatchAll(call: Call, index: number): boolean {
  const { bytes, starts, ends } = call.args;
  return ends[index] - starts[index] === 1 && bytes[starts[index]] === STAR;
}
