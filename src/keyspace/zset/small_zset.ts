/**
 * Small sorted sets: a listpack of members, each followed by its score, in order of score and then
 * of bytes.
 *
 *     member, score, member, score, ...
 *
 * A score is what a listpack makes of its text (base/double_text.ts): an integer where it is one.
 * As in Redis 7.2, -0 becomes 0 on the way.
 *
 * What a find comes to is left in registers, which the changes that follow it use: they hold until
 * anything of the heap changes.
 */
import { MAX_DOUBLE_TEXT_BYTES, parseDouble, writeDouble } from "../../base/double_text.ts";
import { LISTPACK_HEADER_BYTES, ListpackReader } from "../../heap/listpack.ts";
import { ListpackWriter } from "../../heap/listpack_writer.ts";
import type { Database } from "../database.ts";
import {
  deleteEntries,
  listpackValueCount,
  openListpack,
  openListpackAt,
  spliceEntries,
} from "../listpack_value.ts";

const scratch = new Uint8Array(MAX_DOUBLE_TEXT_BYTES);

/** The score that a reader is at. */
export function readScore(reader: ListpackReader): number {
  if (reader.isInteger) return reader.value;
  return parseDouble(reader.stringBytes, reader.stringStart, reader.stringEnd);
}

/** Adds a score to a listpack. */
export function addScore(writer: ListpackWriter, score: number): void {
  if (Number.isSafeInteger(score)) return writer.addInteger(score + 0);
  writer.add(scratch, 0, writeDouble(scratch, 0, score));
}

/** Orders the text that a reader is at and another one; after this the reader holds its text. */
function compareText(
  reader: ListpackReader,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  reader.text();
  const own = reader.stringBytes;
  const from = reader.stringStart;
  const length = reader.stringEnd - from;
  const otherLength = end - start;
  const common = length < otherLength ? length : otherLength;
  for (let i = 0; i < common; i++) {
    const difference = own[from + i] - bytes[start + i];
    if (difference !== 0) return difference;
  }
  return length - otherLength;
}

export class SmallZsets {
  /** Where the member of the last {@link score} begins, and the bytes of it and its score. */
  #pairOffset = 0;
  #pairBytes = 0;
  readonly #reader: ListpackReader = new ListpackReader();
  readonly #writer: ListpackWriter = new ListpackWriter();

  /** Lets go of the heap's memory. */
  dropViews(): void {
    this.#reader.close();
  }

  count(database: Database, ref: number): number {
    return listpackValueCount(database, ref) >>> 1;
  }

  /** The score of a member, NaN when there is none such. */
  score(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const reader = this.#reader;
    openListpack(database, ref, reader);
    if (!reader.find(bytes, start, end, 1)) return NaN;
    this.#pairOffset = reader.offset;
    const memberBytes = reader.entryBytes;
    reader.next();
    this.#pairBytes = memberBytes + reader.entryBytes;
    return readScore(reader);
  }

  /** How many members come before the one found. */
  rank(database: Database, ref: number): number {
    const reader = this.#reader;
    openListpack(database, ref, reader);
    let rank = 0;
    for (; reader.next() && reader.offset < this.#pairOffset; rank++) reader.next();
    return rank;
  }

  /** How many members have a lower score, or with `isAfter` a lower or the same one. */
  rankOfScore(database: Database, ref: number, score: number, isAfter: boolean): number {
    const reader = this.#reader;
    openListpack(database, ref, reader);
    let rank = 0;
    for (; reader.skip(2); rank++) {
      const own = readScore(reader);
      if (isAfter ? own > score : own >= score) break;
    }
    return rank;
  }

  /** How many members from `rank` on come before a text, or with `isAfter` before or at it. */
  rankOfMember(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isAfter: boolean,
  ): number {
    const reader = this.#reader;
    openListpack(database, ref, reader);
    let rank = 0;
    for (; reader.next(); rank++) {
      const order = compareText(reader, bytes, start, end);
      if (isAfter ? order > 0 : order >= 0) break;
      reader.next();
    }
    return rank;
  }

  /**
   * Adds a member that is not there; returns where the entry of the key now is.
   * @throws {HeapFull} and then the sorted set is as it was.
   */
  insert(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    score: number,
  ): number {
    const offset = this.#placeFor(database, ref, bytes, start, end, score);
    const writer = this.#writer;
    writer.begin();
    writer.add(bytes, start, end);
    addScore(writer, score);
    return spliceEntries(database, ref, offset, 0, 0, writer);
  }

  /**
   * Gives the member found another score; returns where the entry of the key now is.
   * @throws {HeapFull} and then the sorted set is as it was.
   */
  setScore(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    score: number,
  ): number {
    const pairOffset = this.#pairOffset;
    const pairEnd = pairOffset + this.#pairBytes;
    const offset = this.#placeFor(database, ref, bytes, start, end, score);
    const writer = this.#writer;
    const source = this.#reader.bytes;
    const listpack = this.#reader.start;
    writer.begin();
    // The pair moves, and what is between its old place and its new one moves past it. Only pairs
    // move: what is between counts for nothing.
    if (offset > pairEnd) writer.addEntries(source, listpack + pairEnd, offset - pairEnd, 0);
    writer.add(bytes, start, end);
    addScore(writer, score);
    if (offset < pairOffset) writer.addEntries(source, listpack + offset, pairOffset - offset, 0);
    const from = Math.min(offset, pairOffset);
    return spliceEntries(database, ref, from, Math.max(offset, pairEnd) - from, 2, writer);
  }

  /** Takes the member found out; returns where the entry of the key now is. */
  remove(database: Database, ref: number): number {
    return deleteEntries(database, ref, this.#pairOffset, this.#pairBytes, 2);
  }

  /** Takes members out by rank; returns where the entry of the key now is. */
  removeRange(database: Database, ref: number, rank: number, count: number): number {
    const reader = this.#reader;
    openListpack(database, ref, reader);
    if (rank > 0) reader.skip(2 * rank);
    const from = reader.offset + reader.entryBytes;
    openListpackAt(database, ref, reader, from);
    reader.skip(2 * count);
    const lengthBytes = reader.offset + reader.entryBytes - from;
    return deleteEntries(database, ref, from, lengthBytes, 2 * count);
  }

  /** Where a member with a score goes: before the first that comes after it. */
  #placeFor(
    database: Database,
    ref: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    score: number,
  ): number {
    const reader = this.#reader;
    openListpack(database, ref, reader);
    let offset = LISTPACK_HEADER_BYTES;
    while (reader.skip(2)) {
      const own = readScore(reader);
      const pairEnd = reader.offset + reader.entryBytes;
      if (own > score) break;
      if (own === score) {
        reader.openAt(reader.bytes, reader.start, offset);
        reader.next();
        if (compareText(reader, bytes, start, end) > 0) break;
        reader.next();
      }
      offset = pairEnd;
    }
    return offset;
  }
}
