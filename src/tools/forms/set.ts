/**
 * Sets as the tools take them apart. In JSON a set is an array of its members:
 *
 *     {"key": "s", "type": "set", "value": ["a", "17", {"base64": "/w=="}]}
 */
import { latin1 } from "../../base/ascii.ts";
import { HeapView } from "../../heap/heap_view.ts";
import { isValidIntset } from "../../heap/intset.ts";
import { isValidListpack } from "../../heap/listpack_check.ts";
import { SetWalk } from "../../keyspace/set/set_walk.ts";
import { ENCODING_INTSET, ENCODING_LISTPACK } from "../../keyspace/value_type.ts";
import { RdbEncoder } from "../../persistence/rdb/rdb_encoder.ts";
import type { RdbReader } from "../../persistence/rdb/rdb_reader.ts";
import type { JsonReader } from "../json_reader.ts";
import type { JsonWriter } from "../json_writer.ts";
import type { ValueForm } from "../value_forms.ts";

/** A view of nothing, for walks through bytes outside a heap. */
const NO_HEAP = new HeapView({ table: new Int32Array(0), chunks: [] });

function checkMembers(reader: RdbReader): void {
  for (let left = reader.readLength(); left > 0; left--) reader.skipString();
}

function writeMembers(reader: RdbReader, json: JsonWriter): void {
  const count = reader.readLength();
  json.raw("[");
  for (let i = 0; i < count; i++) {
    if (i > 0) json.raw(", ");
    reader.readWholeString();
    json.string(reader.stringBytes, reader.stringStart, reader.stringEnd);
  }
  json.raw("]");
}

function readMembers(json: JsonReader, encoder: RdbEncoder): void {
  const members = new RdbEncoder(null, false);
  const seen = new Set<string>();
  json.expect("[");
  if (!json.take("]")) {
    do {
      const place = json.place();
      json.readString();
      const member = latin1(json.bytes, 0, json.length);
      if (seen.has(member)) json.fail("expected each member of a set only once", place);
      seen.add(member);
      members.string(json.bytes, 0, json.length);
    } while (json.take(","));
    json.expect("]");
  }
  encoder.lengthOf(seen.size);
  encoder.raw(members.bytes, 0, members.length);
}

/** Reads an intset or a listpack and goes before its first member. */
function openWalk(reader: RdbReader, encoding: number): SetWalk {
  reader.readWholeString();
  const { stringBytes, stringStart } = reader;
  const length = reader.stringEnd - stringStart;
  if (encoding === ENCODING_INTSET) {
    if (!isValidIntset(stringBytes, stringStart, length, true)) {
      reader.fail("Intset integrity check failed.", "readIntset");
    }
  } else if (!isValidListpack(stringBytes, stringStart, length, true)) {
    reader.fail("Set listpack integrity check failed.", "readListpack");
  }
  const walk = new SetWalk(NO_HEAP);
  walk.openBytes(encoding, stringBytes, stringStart);
  return walk;
}

function writeWalk(walk: SetWalk, json: JsonWriter): void {
  json.raw("[");
  for (let i = 0; walk.next(); i++) {
    if (i > 0) json.raw(", ");
    walk.text();
    json.string(walk.bytes, walk.start, walk.end);
  }
  json.raw("]");
}

export const SET_FORMS: readonly ValueForm[] = [
  {
    byte: 2,
    checkName: "set-hashtable",
    typeName: "set",
    check: checkMembers,
    writeJson: writeMembers,
    readJson: readMembers,
  },
  {
    byte: 11,
    checkName: "set-intset",
    typeName: "set",
    check: (reader) => void openWalk(reader, ENCODING_INTSET),
    writeJson: (reader, json) => writeWalk(openWalk(reader, ENCODING_INTSET), json),
  },
  {
    byte: 20,
    checkName: "set-listpack",
    typeName: "set",
    check: (reader) => void openWalk(reader, ENCODING_LISTPACK),
    writeJson: (reader, json) => writeWalk(openWalk(reader, ENCODING_LISTPACK), json),
  },
];
