/**
 * Lists as the tools take them apart; persistence/rdb/types/list.ts draws the bytes. In JSON a list
 * is an array of its elements:
 *
 *     ["first", "second", {"base64": "/w=="}]
 */
import { EMPTY_LISTPACK_BYTES, ListpackReader } from "../../heap/listpack.ts";
import { isValidListpack } from "../../heap/listpack_check.ts";
import { ListpackWriter } from "../../heap/listpack_writer.ts";
import { RdbEncoder } from "../../persistence/rdb/rdb_encoder.ts";
import type { RdbReader } from "../../persistence/rdb/rdb_reader.ts";
import { isValidZiplist, ZiplistReader } from "../../persistence/rdb/ziplist.ts";
import type { JsonReader } from "../json_reader.ts";
import type { JsonWriter } from "../json_writer.ts";
import type { ValueForm } from "../value_forms.ts";

const CONTAINER_PLAIN = 1;
const CONTAINER_PACKED = 2;
/** The bytes of a node that is written. */
const NODE_BYTES_MAX = 8192;

/** Takes one element. */
type Take = (bytes: Uint8Array, start: number, end: number) => void;

function takeStrings(reader: RdbReader, take: Take): void {
  for (let left = reader.readLength(); left > 0; left--) {
    reader.readWholeString();
    take(reader.stringBytes, reader.stringStart, reader.stringEnd);
  }
}

function takeZiplist(reader: RdbReader, take: Take): void {
  reader.readWholeString();
  const { stringBytes, stringStart, stringEnd } = reader;
  if (!isValidZiplist(stringBytes, stringStart, stringEnd - stringStart, true)) {
    reader.fail("Ziplist integrity check failed.", "readList");
  }
  const elements = new ZiplistReader();
  elements.open(stringBytes, stringStart);
  while (elements.next()) {
    elements.text();
    take(elements.stringBytes, elements.stringStart, elements.stringEnd);
  }
}

function takeZiplists(reader: RdbReader, take: Take): void {
  for (let left = reader.readLength(); left > 0; left--) takeZiplist(reader, take);
}

function takeNodes(reader: RdbReader, take: Take): void {
  for (let left = reader.readLength(); left > 0; left--) {
    const container = reader.readLength();
    if (container !== CONTAINER_PLAIN && container !== CONTAINER_PACKED) {
      reader.fail("Quicklist integrity check failed.", "readList");
    }
    reader.readWholeString();
    const { stringBytes, stringStart, stringEnd } = reader;
    if (container === CONTAINER_PACKED) takeListpack(reader, take);
    else if (stringStart < stringEnd) take(stringBytes, stringStart, stringEnd);
    else reader.fail("Quicklist integrity check failed.", "readList");
  }
}

function takeListpack(reader: RdbReader, take: Take): void {
  const { stringBytes, stringStart, stringEnd } = reader;
  if (!isValidListpack(stringBytes, stringStart, stringEnd - stringStart, true)) {
    reader.fail("Listpack integrity check failed.", "readList");
  }
  const elements = new ListpackReader();
  elements.open(stringBytes, stringStart);
  while (elements.next()) {
    elements.text();
    take(elements.stringBytes, elements.stringStart, elements.stringEnd);
  }
}

function writeElements(
  reader: RdbReader,
  json: JsonWriter,
  takeAll: (reader: RdbReader, take: Take) => void,
): void {
  let separator = "[";
  takeAll(reader, (bytes, start, end) => {
    json.raw(separator);
    json.string(bytes, start, end);
    separator = ", ";
  });
  json.raw(separator === "[" ? "[]" : "]");
}

/** How many nodes there are comes first, so they are gathered before they are written. */
function readElements(json: JsonReader, encoder: RdbEncoder): void {
  const nodes = new RdbEncoder(null, false);
  nodes.compresses = encoder.compresses;
  const writer = new ListpackWriter();
  let nodeCount = 0;
  const endNode = () => {
    if (writer.count === 0) return;
    writer.finish();
    nodes.lengthOf(CONTAINER_PACKED);
    nodes.string(writer.bytes, 0, writer.length);
    nodeCount++;
    writer.begin();
  };
  writer.begin();
  json.expect("[");
  for (let isFirst = true; !json.take("]"); isFirst = false) {
    if (!isFirst) json.expect(",");
    json.readString();
    if (json.length > NODE_BYTES_MAX) {
      endNode();
      nodes.lengthOf(CONTAINER_PLAIN);
      nodes.string(json.bytes, 0, json.length);
      nodeCount++;
      continue;
    }
    if (writer.entriesEnd + json.length + EMPTY_LISTPACK_BYTES > NODE_BYTES_MAX) endNode();
    writer.add(json.bytes, 0, json.length);
  }
  endNode();
  encoder.lengthOf(nodeCount);
  encoder.raw(nodes.bytes, 0, nodes.length);
}

function form(
  byte: number,
  checkName: string,
  takeAll: (reader: RdbReader, take: Take) => void,
): ValueForm {
  return {
    byte,
    checkName,
    typeName: "list",
    check: (reader) => takeAll(reader, () => {}),
    writeJson: (reader, json) => writeElements(reader, json, takeAll),
  };
}

export const LIST_FORMS: readonly ValueForm[] = [
  form(1, "list-linked", takeStrings),
  form(10, "list-ziplist", takeZiplist),
  form(14, "quicklist", takeZiplists),
  { ...form(18, "quicklist-v2", takeNodes), readJson: readElements },
];
