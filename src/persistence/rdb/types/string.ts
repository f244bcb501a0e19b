/** Strings in RDB files. */
import type { HeapView } from "../../../heap/heap_view.ts";
import type { Database } from "../../../keyspace/database.ts";
import { stringKind } from "../../../keyspace/string_value.ts";
import {
  ENCODING_EMBSTR,
  ENCODING_INT,
  ENCODING_RAW,
  TYPE_STRING,
} from "../../../keyspace/value_type.ts";
import type { CommandText } from "../../aof/command_text.ts";
import { commandStart } from "../../aof/command_text.ts";
import type { RdbRest } from "../rdb_encoder.ts";
import { VALUE_BYTES_MAX } from "../rdb_format.ts";
import type { RdbReader } from "../rdb_reader.ts";
import type { RdbTarget, RdbValueType } from "../rdb_value.ts";
import { saveBytes } from "../rdb_value.ts";

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
  return saveBytes(text, view, ref);
}

export const STRING_TYPES: readonly RdbValueType[] = [{
  byte: 0,
  typeName: "string",
  format: "string",
  version: 1,
  kinds: [ENCODING_RAW, ENCODING_INT, ENCODING_EMBSTR].map((encoding) =>
    TYPE_STRING | encoding << 4
  ),
  load: loadString,
  save: saveBytes,
  rewrite: rewriteString,
}];
