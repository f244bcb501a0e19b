/**
 * Ranges of members among the arguments: by rank, by score, or by bytes. Each comes down to the
 * ranks from `from` up to, but not including, `to`.
 *
 *     by score    1   (1   +inf         a '(' leaves the bound itself out
 *     by bytes    [a  (a   -  +         '-' and '+' are before and behind everything
 *
 * Scores are read as C's `strtod` reads them: white space in front, nothing at all for 0, and what
 * is too large for infinity are all right. (Redis 8 refuses the white space.)
 */
import { latin1 } from "../../base/ascii.ts";
import { parseDouble } from "../../base/double_text.ts";
import { scanFloat } from "../../base/float_reading.ts";
import type { Call } from "../call.ts";
import { int64OrReply } from "../integer_argument.ts";

export const BY_RANK = 0;
export const BY_SCORE = 1;
export const BY_LEX = 2;

const NOT_FLOATS = "ERR min or max is not a float";
const NOT_STRING_RANGE = "ERR min or max not valid string range item";

const MINUS = 0x2d;
const PLUS = 0x2b;
const PARENTHESIS = 0x28;
const BRACKET = 0x5b;
const SPACE = 0x20;
const TAB = 0x09;
const CARRIAGE_RETURN = 0x0d;

/** Where a bound by bytes is. */
const BEFORE_ALL = -1;
const AT_MEMBER = 0;
const BEHIND_ALL = 1;

/** A range: `read` it, then `resolve` it in a sorted set. */
export class MemberRange {
  /** The ranks that {@link resolve} found; nothing when `to` is not greater. */
  from = 0;
  to = 0;

  #kind = BY_RANK;
  #isReversed = false;
  /** Ranks or scores. */
  #min = 0;
  #max = 0;
  #leavesMin = false;
  #leavesMax = false;
  /** By bytes: where the bounds are, and the arguments that say them. */
  #minPlace = AT_MEMBER;
  #maxPlace = AT_MEMBER;
  #minIndex = 0;
  #maxIndex = 0;

  /**
   * Reads the bounds from an argument and the next; false after replying with an error.
   * @param isReversed ranks count from the last member; by score and by bytes the greater bound
   * comes first.
   */
  read(call: Call, index: number, kind: number, isReversed: boolean): boolean {
    this.#kind = kind;
    this.#isReversed = isReversed;
    if (kind === BY_RANK) {
      this.#min = int64OrReply(call, index);
      if (this.#min !== this.#min) return false;
      this.#max = int64OrReply(call, index + 1);
      return this.#max === this.#max;
    }
    this.#minIndex = isReversed ? index + 1 : index;
    this.#maxIndex = isReversed ? index : index + 1;
    return kind === BY_SCORE ? this.#readScores(call) : this.#readMembers(call);
  }

  /** Finds the ranks that the range means in a sorted set. */
  resolve(call: Call, ref: number): void {
    if (this.#kind === BY_RANK) this.#resolveRanks(call.keyspace.zsets.count(call.database, ref));
    else if (this.#kind === BY_SCORE) this.#resolveScores(call, ref);
    else this.#resolveMembers(call, ref);
  }

  /** Leaves so many members out in the order of the reply, and keeps so many, or all (negative). */
  limit(offset: number, count: number): void {
    const length = this.to - this.from;
    const skipped = offset < 0 ? length : Math.min(offset, length);
    const kept = count < 0 ? length - skipped : Math.min(count, length - skipped);
    if (this.#isReversed) {
      this.to -= skipped;
      this.from = this.to - kept;
    } else {
      this.from += skipped;
      this.to = this.from + kept;
    }
  }

  #resolveRanks(count: number): void {
    let first = this.#min < 0 ? count + this.#min : this.#min;
    let last = this.#max < 0 ? count + this.#max : this.#max;
    if (first < 0) first = 0;
    if (last >= count) last = count - 1;
    this.from = this.#isReversed ? count - 1 - last : first;
    this.to = this.#isReversed ? count - first : last + 1;
    if (first > last) this.to = this.from;
  }

  #resolveScores(call: Call, ref: number): void {
    const { database, keyspace: { zsets } } = call;
    this.from = this.#min === -Infinity && !this.#leavesMin
      ? 0
      : zsets.rankOfScore(database, ref, this.#min, this.#leavesMin);
    this.to = this.#max === Infinity && !this.#leavesMax
      ? zsets.count(database, ref)
      : zsets.rankOfScore(database, ref, this.#max, !this.#leavesMax);
    if (this.to < this.from) this.to = this.from;
  }

  #resolveMembers(call: Call, ref: number): void {
    const count = call.keyspace.zsets.count(call.database, ref);
    this.from = rankOf(call, ref, count, this.#minPlace, this.#minIndex, this.#leavesMin);
    this.to = rankOf(call, ref, count, this.#maxPlace, this.#maxIndex, !this.#leavesMax);
    if (this.to < this.from) this.to = this.from;
  }

  #readScores(call: Call): boolean {
    this.#leavesMin = isLeftOut(call, this.#minIndex);
    this.#leavesMax = isLeftOut(call, this.#maxIndex);
    this.#min = boundOf(call, this.#minIndex, this.#leavesMin);
    this.#max = boundOf(call, this.#maxIndex, this.#leavesMax);
    if (this.#min === this.#min && this.#max === this.#max) return true;
    call.reply.error(NOT_FLOATS);
    return false;
  }

  #readMembers(call: Call): boolean {
    this.#leavesMin = isLeftOut(call, this.#minIndex);
    this.#leavesMax = isLeftOut(call, this.#maxIndex);
    this.#minPlace = placeOf(call, this.#minIndex);
    this.#maxPlace = placeOf(call, this.#maxIndex);
    if (this.#minPlace === this.#minPlace && this.#maxPlace === this.#maxPlace) return true;
    call.reply.error(NOT_STRING_RANGE);
    return false;
  }
}

/** How many members are before a bound by bytes, or at it, too. */
function rankOf(
  call: Call,
  ref: number,
  count: number,
  place: number,
  index: number,
  isAfter: boolean,
): number {
  if (place === BEFORE_ALL) return 0;
  if (place === BEHIND_ALL) return count;
  const { args, database, keyspace } = call;
  const start = args.starts[index] + 1;
  return keyspace.zsets.rankOfMember(database, ref, args.bytes, start, args.ends[index], isAfter);
}

function isLeftOut(call: Call, index: number): boolean {
  const { bytes, starts, ends } = call.args;
  return ends[index] > starts[index] && bytes[starts[index]] === PARENTHESIS;
}

/** BEFORE_ALL, AT_MEMBER or BEHIND_ALL; NaN for what is no bound. */
function placeOf(call: Call, index: number): number {
  const { bytes, starts, ends } = call.args;
  const start = starts[index];
  const length = ends[index] - start;
  if (length === 0) return NaN;
  const first = bytes[start];
  if (first === BRACKET || first === PARENTHESIS) return AT_MEMBER;
  // Redis reads a C string here, which a zero byte ends.
  if (length > 1 && bytes[start + 1] !== 0) return NaN;
  return first === MINUS ? BEFORE_ALL : first === PLUS ? BEHIND_ALL : NaN;
}

/** A bound by score; NaN for what is none. */
function boundOf(call: Call, index: number, isLeft: boolean): number {
  const { bytes, starts, ends } = call.args;
  const start = isLeft ? starts[index] + 1 : starts[index];
  const score = parseDouble(bytes, start, ends[index]);
  return score === score ? score : rareBoundOf(bytes, start, ends[index]);
}

/** What C takes and Redis's numbers are not: see the top of this file. */
function rareBoundOf(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) if (bytes[i] === 0) end = i;
  if (start === end) return 0;
  while (start < end && isSpace(bytes[start])) start++;
  const score = parseDouble(bytes, start, end);
  if (score === score) return score;
  // Too large or too small for a double, which is no error here.
  return scanFloat(bytes, start, end) ? Number(latin1(bytes, start, end)) : NaN;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || (byte >= TAB && byte <= CARRIAGE_RETURN);
}
