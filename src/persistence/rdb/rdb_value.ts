/**
 * What a type of value is to an RDB file: the shape of the rows that value_types.ts puts together,
 * and where a value stands in an entry.
 */
import {
  ENTRY_KEY_LENGTH_MASK,
  ENTRY_OUTSIDE,
  keyOffset,
  outsideOffset,
} from "../../heap/entry.ts";
import type { HeapView } from "../../heap/heap_view.ts";
import type { Database } from "../../keyspace/database.ts";
import { NO_EXPIRY } from "../../keyspace/database.ts";
import type { CommandText } from "../aof/command_text.ts";
import type { RdbEncoder, RdbRest } from "./rdb_encoder.ts";
import type { RdbReader } from "./rdb_reader.ts";

/** Where a loaded value goes; the key is the one that the reader holds. */
export class RdbTarget {
  database: Database;
  /** Milliseconds since the epoch, or NO_EXPIRY. */
  expiresAtMs: number = NO_EXPIRY;
  /** Out: the entry. */
  ref = 0;
  /** Out: loads what is left of a long value, with pauses; null when all of it is there. */
  rest: RdbRest | null = null;

  constructor(database: Database) {
    this.database = database;
  }
}

/** A type of value. */
export interface RdbValueType {
  readonly byte: number;
  /** As TYPE answers. */
  readonly typeName: string;
  /** How the file holds it. */
  readonly format: string;
  /** The first version of the format that has it. */
  readonly version: number;
  /** The kinds of entries (`type | encoding << 4`) that are saved as this. */
  readonly kinds?: readonly number[];
  /** Chooses another row for an entry of these kinds, by what it holds. */
  savedAs?(view: HeapView, ref: number): RdbValueType;
  /**
   * Reads a value and adds it to `target.database`, right after a look-up there that has not found
   * the key. Throws RdbError or HeapFull; an entry that is there already is `target.ref`.
   */
  load?(reader: RdbReader, target: RdbTarget): void;
  /**
   * Writes the value of an entry.
   * @returns undefined when it is written, else what writes the rest of it.
   */
  save?(encoder: RdbEncoder, view: HeapView, ref: number): RdbRest | undefined;
  /** Writes the commands that make the entry, its expiry time apart; returns as `save` does. */
  rewrite?(text: CommandText, view: HeapView, ref: number): RdbRest | undefined;
}

/** Where the value of an entry stands. */
export interface ValuePlace {
  /** The heap object that holds the value's bytes; the root of a graph. */
  readonly object: number;
  readonly offset: number;
  /** In bytes; 0 for a graph. */
  readonly length: number;
}

/** Finds the value of an entry in a heap, live or frozen. */
export function valueOf(view: HeapView, ref: number): ValuePlace {
  const word = view.read(ref) >>> 2;
  const words = view.words;
  const flags = words[word + 1];
  const length = words[word + 2];
  if ((flags & ENTRY_OUTSIDE) !== 0) {
    return { object: words[word + (outsideOffset(flags) >>> 2)], offset: 0, length };
  }
  return { object: ref, offset: keyOffset(flags) + (flags & ENTRY_KEY_LENGTH_MASK), length };
}

/** Writes the bytes of a value as one string; returns as {@link RdbValueType.save} does. */
export function saveBytes(
  encoder: RdbEncoder | CommandText,
  view: HeapView,
  ref: number,
): RdbRest | undefined {
  const word = view.read(ref) >>> 2;
  const words = view.words;
  const flags = words[word + 1];
  const length = words[word + 2];
  if ((flags & ENTRY_OUTSIDE) !== 0) {
    return encoder.heapString(view, words[word + (outsideOffset(flags) >>> 2)], 0, length);
  }
  const offset = keyOffset(flags) + (flags & ENTRY_KEY_LENGTH_MASK);
  return encoder.heapString(view, ref, offset, length);
}
