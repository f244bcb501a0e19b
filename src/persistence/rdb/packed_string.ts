/**
 * Strings of RDB files that hold a whole value, packed as a listpack or as its forerunner, the
 * ziplist. Whoever reads one says what is told where it is broken, and in whose name.
 */
import { latin1 } from "../../base/ascii.ts";
import { ListpackReader } from "../../heap/listpack.ts";
import { isValidListpack } from "../../heap/listpack_check.ts";
import type { ListpackWriter } from "../../heap/listpack_writer.ts";
import type { RdbReader } from "./rdb_reader.ts";
import { isValidZiplist, ziplistToListpack } from "./ziplist.ts";

/**
 * Reads a string that has to be a listpack into the reader's `string...`, and looks all of it
 * through.
 * @throws {RdbError} where it is none.
 */
export function readListpack(reader: RdbReader, broken: string, where: string): void {
  reader.readWholeString();
  const { stringBytes, stringStart, stringEnd } = reader;
  if (!isValidListpack(stringBytes, stringStart, stringEnd - stringStart, true)) {
    reader.fail(broken, where);
  }
}

/**
 * Reads a string that has to be a ziplist, looks all of it through, and makes a listpack of it in
 * the writer, which it finishes. Returns the length of the listpack in bytes.
 * @throws {RdbError} where it is none.
 */
export function readZiplist(
  reader: RdbReader,
  writer: ListpackWriter,
  broken: string,
  where: string,
): number {
  reader.readWholeString();
  const { stringBytes, stringStart, stringEnd } = reader;
  if (!isValidZiplist(stringBytes, stringStart, stringEnd - stringStart, true)) {
    reader.fail(broken, where);
  }
  return ziplistToListpack(stringBytes, stringStart, writer);
}

/** Whether a name comes twice in a listpack where each stands before what belongs to it. */
export function hasDuplicates(bytes: Uint8Array, at: number, entriesOfEach: number): boolean {
  const names = new Set<string>();
  const reader = new ListpackReader();
  reader.open(bytes, at);
  for (let more = reader.next(); more; more = reader.skip(entriesOfEach)) {
    reader.text();
    const name = latin1(reader.stringBytes, reader.stringStart, reader.stringEnd);
    if (names.has(name)) return true;
    names.add(name);
  }
  return false;
}
