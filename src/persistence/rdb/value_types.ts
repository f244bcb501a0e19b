/**
 * Every type of value that an RDB file may hold, one row each: its byte, what it is called, how it
 * is loaded, and which kinds of entries are saved as it. A type that this server cannot hold yet
 * has a row without `load`, so that a file with one is refused by name.
 */
import type { HeapView } from "../../heap/heap_view.ts";
import {
  ENTRY_KEY_LENGTH_MASK,
  ENTRY_OUTSIDE,
  keyOffset,
  outsideOffset,
} from "../../heap/entry.ts";
import type { Database } from "../../keyspace/database.ts";
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { stringKind } from "../../keyspace/string_value.ts";
import {
  ENCODING_EMBSTR,
  ENCODING_INT,
  ENCODING_RAW,
  TYPE_STRING,
} from "../../keyspace/value_type.ts";
import type { CommandText } from "../aof/command_text.ts";
import { commandStart } from "../aof/command_text.ts";
import { RDB_VERSION_MIN_WRITTEN, VALKEY_VERSION, VALUE_BYTES_MAX } from "./rdb_format.ts";
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

function loadString(reader: RdbReader, target: RdbTarget): void {
  if (!reader.readString()) return loadLongString(reader, target);
  const bytes = reader.stringBytes;
  const start = reader.stringStart;
  const end = reader.stringEnd;
  const ref = target.database.add(
    reader.keyBytes,
    reader.keyStart,
    reader.keyEnd,
    stringKind(bytes, start, end),
    end - start,
    target.expiresAtMs,
  );
  target.database.writeValue(ref, 0, bytes, start, end - start);
  target.ref = ref;
}

function loadLongString(reader: RdbReader, target: RdbTarget): void {
  const length = reader.longLength;
  if (length > VALUE_BYTES_MAX) reader.fail("string longer than 2 GiB", "loadString");
  const { database, expiresAtMs } = target;
  const kind = TYPE_STRING | ENCODING_RAW << 4;
  const { keyBytes, keyStart, keyEnd } = reader;
  target.ref = database.add(keyBytes, keyStart, keyEnd, kind, length, expiresAtMs);
  target.rest = loadPieces(reader, database, target.ref, length);
}

function* loadPieces(
  reader: RdbReader,
  database: Database,
  ref: number,
  length: number,
): RdbRest {
  for (let offset = 0; offset < length;) {
    reader.readPiece(length - offset);
    const count = reader.stringEnd - reader.stringStart;
    database.writeValue(ref, offset, reader.stringBytes, reader.stringStart, count);
    offset += count;
    yield;
  }
}

const SET = commandStart(3, "SET");

function rewriteString(text: CommandText, view: HeapView, ref: number): RdbRest | undefined {
  text.start(SET);
  text.key(view, ref);
  return saveString(text, view, ref);
}

function saveString(
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

const STRING: RdbValueType = {
  byte: 0,
  typeName: "string",
  format: "string",
  version: 1,
  kinds: [ENCODING_RAW, ENCODING_INT, ENCODING_EMBSTR].map((encoding) =>
    TYPE_STRING | encoding << 4
  ),
  load: loadString,
  save: saveString,
  rewrite: rewriteString,
};

/** A type without a way to load it. */
function unsupported(
  byte: number,
  typeName: string,
  format: string,
  version: number,
): RdbValueType {
  return { byte, typeName, format, version };
}

const VALUE_TYPES: readonly RdbValueType[] = [
  STRING,
  unsupported(1, "list", "linked list", 1),
  unsupported(2, "set", "hash table", 1),
  unsupported(3, "zset", "skiplist with scores as text", 1),
  unsupported(4, "hash", "hash table", 1),
  unsupported(5, "zset", "skiplist", 8),
  unsupported(6, "module", "pre-release module value", 8),
  unsupported(7, "module", "module value", 8),
  unsupported(9, "hash", "zipmap", 2),
  unsupported(10, "list", "ziplist", 2),
  unsupported(11, "set", "intset", 2),
  unsupported(12, "zset", "ziplist", 2),
  unsupported(13, "hash", "ziplist", 4),
  unsupported(14, "list", "quicklist", 7),
  unsupported(15, "stream", "stream", 9),
  unsupported(16, "hash", "listpack", 10),
  unsupported(17, "zset", "listpack", 10),
  unsupported(18, "list", "quicklist of listpacks", 10),
  unsupported(19, "stream", "stream of Redis 7.0", 10),
  unsupported(20, "set", "listpack", 11),
  unsupported(21, "stream", "stream of Redis 7.2", 11),
  unsupported(22, "hash", "pre-release hash with field expiry", 12),
  unsupported(23, "hash", "pre-release listpack with field expiry", 12),
  unsupported(24, "hash", "hash table with field expiry", 12),
  unsupported(25, "hash", "listpack with field expiry", 12),
];

/** Valkey numbers its own types anew from 22 on. */
const VALKEY_TYPES: readonly RdbValueType[] = [
  unsupported(22, "hash", "hash table with field expiry", VALKEY_VERSION),
];
const VALKEY_TYPES_FIRST = 22;

const BY_BYTE: readonly (RdbValueType | undefined)[] = byByte(VALUE_TYPES);
const VALKEY_BY_BYTE: readonly (RdbValueType | undefined)[] = byByte([
  ...VALUE_TYPES.filter((type) => type.byte < VALKEY_TYPES_FIRST),
  ...VALKEY_TYPES,
]);
const BY_KIND: readonly (RdbValueType | undefined)[] = byKind(VALUE_TYPES);

/** The types by their byte, in a file of that version; undefined where a byte names none. */
export function valueTypes(version: number): readonly (RdbValueType | undefined)[] {
  return version === VALKEY_VERSION ? VALKEY_BY_BYTE : BY_BYTE;
}

/** How an entry of that kind is saved; undefined where no type saves it. */
export function valueTypeOfKind(kind: number): RdbValueType | undefined {
  return BY_KIND[kind];
}

/** The lowest version that can hold every type that is saved. */
export const RDB_VERSION_WRITTEN: number = VALUE_TYPES.reduce(
  (version, type) => type.save === undefined ? version : Math.max(version, type.version),
  RDB_VERSION_MIN_WRITTEN,
);

function byByte(types: readonly RdbValueType[]): (RdbValueType | undefined)[] {
  const table = new Array<RdbValueType | undefined>(256).fill(undefined);
  for (const type of types) table[type.byte] = type;
  return table;
}

function byKind(types: readonly RdbValueType[]): (RdbValueType | undefined)[] {
  const table = new Array<RdbValueType | undefined>(256).fill(undefined);
  for (const type of types) for (const kind of type.kinds ?? []) table[kind] = type;
  return table;
}
