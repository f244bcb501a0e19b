/**
 * Sorted sets as the tools take them apart. In JSON a sorted set is an array of its members with
 * their scores, which are texts so that nothing is rounded and infinities can be said:
 *
 *     {"key": "z", "type": "zset", "value": [["a", "1.5"], [{"base64": "/w=="}, "inf"]]}
 */
import { latin1, latin1Bytes } from "../../base/ascii.ts";
import { formatDouble, parseDouble } from "../../base/double_text.ts";
import { ListpackReader } from "../../heap/listpack.ts";
import { ListpackWriter } from "../../heap/listpack_writer.ts";
import { readScore } from "../../keyspace/zset/small_zset.ts";
import { readListpack, readZiplist } from "../../persistence/rdb/packed_string.ts";
import { RdbEncoder } from "../../persistence/rdb/rdb_encoder.ts";
import type { RdbReader } from "../../persistence/rdb/rdb_reader.ts";
import { readBinaryScore, readTextScore } from "../../persistence/rdb/types/zset.ts";
import type { JsonReader } from "../json_reader.ts";
import type { JsonWriter } from "../json_writer.ts";
import type { ValueForm } from "../value_forms.ts";

const WHERE = "readZset";

/** Reads the score behind a member. */
type ReadScore = (reader: RdbReader) => number;

function scoreOrFail(reader: RdbReader, scoreFrom: ReadScore): number {
  const score = scoreFrom(reader);
  if (score !== score) reader.fail("Zset with NAN score detected", WHERE);
  return score;
}

function checkPairs(reader: RdbReader, scoreFrom: ReadScore): void {
  for (let left = reader.readLength(); left > 0; left--) {
    reader.skipString();
    scoreOrFail(reader, scoreFrom);
  }
}

function writePairs(reader: RdbReader, json: JsonWriter, scoreFrom: ReadScore): void {
  const count = reader.readLength();
  json.raw("[");
  for (let i = 0; i < count; i++) {
    json.raw(i > 0 ? ", [" : "[");
    reader.readWholeString();
    json.string(reader.stringBytes, reader.stringStart, reader.stringEnd);
    writeScore(json, scoreOrFail(reader, scoreFrom));
  }
  json.raw("]");
}

/** Ends a pair. */
function writeScore(json: JsonWriter, score: number): void {
  json.raw(`, "${formatDouble(score)}"]`);
}

/** Reads a listpack, or what a ziplist becomes, and goes before its first member. */
function openEntries(reader: RdbReader, isZiplist: boolean): ListpackReader {
  const broken = `Zset ${isZiplist ? "ziplist" : "listpack"} integrity check failed.`;
  const entries = new ListpackReader();
  if (isZiplist) {
    const writer = new ListpackWriter();
    readZiplist(reader, writer, broken, WHERE);
    entries.open(writer.bytes, 0);
  } else {
    readListpack(reader, broken, WHERE);
    entries.open(reader.stringBytes, reader.stringStart);
  }
  if (!arePairs(entries)) reader.fail(broken, WHERE);
  entries.open(entries.bytes, entries.start);
  return entries;
}

/** Whether every second entry is a score. */
function arePairs(entries: ListpackReader): boolean {
  if (entries.count % 2 !== 0) return false;
  while (entries.skip(2)) if (Number.isNaN(readScore(entries))) return false;
  return true;
}

function writeEntries(entries: ListpackReader, json: JsonWriter): void {
  json.raw("[");
  for (let i = 0; entries.next(); i++) {
    json.raw(i > 0 ? ", [" : "[");
    entries.text();
    json.string(entries.stringBytes, entries.stringStart, entries.stringEnd);
    entries.next();
    writeScore(json, readScore(entries));
  }
  json.raw("]");
}

function readPairs(json: JsonReader, encoder: RdbEncoder): void {
  const pairs = new RdbEncoder(null, false);
  const seen = new Set<string>();
  json.expect("[");
  if (!json.take("]")) {
    do {
      json.expect("[");
      const place = json.place();
      json.readString();
      const member = latin1(json.bytes, 0, json.length);
      if (seen.has(member)) json.fail("expected each member of a sorted set only once", place);
      seen.add(member);
      pairs.string(json.bytes, 0, json.length);
      json.expect(",");
      pairs.float64(readJsonScore(json));
      json.expect("]");
    } while (json.take(","));
    json.expect("]");
  }
  encoder.lengthOf(seen.size);
  encoder.raw(pairs.bytes, 0, pairs.length);
}

function readJsonScore(json: JsonReader): number {
  const place = json.place();
  const text = latin1Bytes(json.readText("a score as text"));
  const score = parseDouble(text, 0, text.length);
  return score === score ? score : json.fail("expected the text of a score", place);
}

export const ZSET_FORMS: readonly ValueForm[] = [
  {
    byte: 3,
    checkName: "zset-v1",
    typeName: "zset",
    check: (reader) => checkPairs(reader, readTextScore),
    writeJson: (reader, json) => writePairs(reader, json, readTextScore),
  },
  {
    byte: 5,
    checkName: "zset-v2",
    typeName: "zset",
    check: (reader) => checkPairs(reader, readBinaryScore),
    writeJson: (reader, json) => writePairs(reader, json, readBinaryScore),
    readJson: readPairs,
  },
  {
    byte: 12,
    checkName: "zset-ziplist",
    typeName: "zset",
    check: (reader) => void openEntries(reader, true),
    writeJson: (reader, json) => writeEntries(openEntries(reader, true), json),
  },
  {
    byte: 17,
    checkName: "zset-listpack",
    typeName: "zset",
    check: (reader) => void openEntries(reader, false),
    writeJson: (reader, json) => writeEntries(openEntries(reader, false), json),
  },
];
