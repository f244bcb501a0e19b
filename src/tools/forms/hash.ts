/**
 * Hashes as the tools take them apart; persistence/rdb/types/hash.ts draws the bytes. In JSON a hash
 * is an array of its fields, each an array of its name, its value and, where it expires, its expiry
 * time in milliseconds since the epoch:
 *
 *     [["name", "value"], ["other", {"base64": "/w=="}, 1700000000000]]
 *
 * A hash is written as type 4, and as type 24, which only files from version 12 on can hold, where a
 * field expires.
 */
import { listpackCount, ListpackReader } from "../../heap/listpack.ts";
import { ListpackWriter } from "../../heap/listpack_writer.ts";
import { readListpack, readZiplist } from "../../persistence/rdb/packed_string.ts";
import { RdbEncoder } from "../../persistence/rdb/rdb_encoder.ts";
import type { RdbReader } from "../../persistence/rdb/rdb_reader.ts";
import { isValidZipmap, zipmapToListpack } from "../../persistence/rdb/zipmap.ts";
import type { JsonReader } from "../json_reader.ts";
import type { JsonWriter } from "../json_writer.ts";
import type { ValueForm } from "../value_forms.ts";

const LISTPACK_BROKEN = "Hash listpack integrity check failed.";
const PLAIN_BYTE = 4;
const EXPIRING_BYTE = 24;
/** Redis keeps the expiry times of fields in 48 bits. */
const EXPIRES_AT_MS_MAX = 2 ** 48 - 1;
const NO_EXPIRY = -1;

/** Takes one field: where its value is known, and its time. */
interface Take {
  field(bytes: Uint8Array, start: number, end: number): void;
  value(bytes: Uint8Array, start: number, end: number): void;
  /** Called for each, behind the value, unless no field of the hash can expire. */
  expiry(expiresAtMs: number): void;
  /** The field is complete. */
  end(): void;
}

const NOTHING: Take = { field() {}, value() {}, expiry() {}, end() {} };

type TakeAll = (reader: RdbReader, take: Take) => void;

function takePairs(reader: RdbReader, take: Take): void {
  for (let left = reader.readLength(); left > 0; left--) {
    takeFieldAndValue(reader, take);
    take.end();
  }
}

function takeFieldAndValue(reader: RdbReader, take: Take): void {
  reader.readWholeString();
  take.field(reader.stringBytes, reader.stringStart, reader.stringEnd);
  reader.readWholeString();
  take.value(reader.stringBytes, reader.stringStart, reader.stringEnd);
}

/** Pairs with the times of Valkey behind them. */
function takeTimedPairs(reader: RdbReader, take: Take): void {
  for (let left = reader.readLength(); left > 0; left--) {
    takeFieldAndValue(reader, take);
    take.expiry(timeOrFail(reader, reader.readInt64()));
    take.end();
  }
}

/** Pairs behind their times, for which 1 stands for `soonestMs`. */
function takePairsBehindTimes(reader: RdbReader, take: Take, soonestMs: number): void {
  for (let left = reader.readLength(); left > 0; left--) {
    const length = reader.readLength();
    const isTimed = length !== 0;
    const expiresAtMs = isTimed ? timeOrFail(reader, length + soonestMs - 1) : NO_EXPIRY;
    takeFieldAndValue(reader, take);
    take.expiry(expiresAtMs);
    take.end();
  }
}

function timeOrFail(reader: RdbReader, expiresAtMs: number): number {
  if (expiresAtMs === NO_EXPIRY || (expiresAtMs >= 0 && expiresAtMs <= EXPIRES_AT_MS_MAX)) {
    return expiresAtMs;
  }
  return reader.fail(`invalid expireAt time: ${expiresAtMs}`, "readHash");
}

function takeListpack(reader: RdbReader, take: Take): void {
  readListpack(reader, LISTPACK_BROKEN, "readHash");
  takeEntries(reader, take, reader.stringBytes, reader.stringStart, 2);
}

function takeTimedListpack(reader: RdbReader, take: Take): void {
  readListpack(reader, LISTPACK_BROKEN, "readHash");
  takeEntries(reader, take, reader.stringBytes, reader.stringStart, 3);
}

function takeZiplist(reader: RdbReader, take: Take): void {
  const writer = new ListpackWriter();
  readZiplist(reader, writer, "Hash ziplist integrity check failed.", "readHash");
  takeEntries(reader, take, writer.bytes, 0, 2);
}

function takeZipmap(reader: RdbReader, take: Take): void {
  reader.readWholeString();
  const { stringBytes, stringStart, stringEnd } = reader;
  if (!isValidZipmap(stringBytes, stringStart, stringEnd - stringStart, true)) {
    reader.fail("Zipmap integrity check failed.", "readHash");
  }
  const writer = new ListpackWriter();
  zipmapToListpack(stringBytes, stringStart, writer);
  takeEntries(reader, take, writer.bytes, 0, 2);
}

/** Takes what a listpack holds in which each field has so many entries. */
function takeEntries(
  reader: RdbReader,
  take: Take,
  bytes: Uint8Array,
  at: number,
  entriesEach: number,
): void {
  if (listpackCount(bytes, at) % entriesEach !== 0) fail(reader);
  const entries = new ListpackReader();
  entries.open(bytes, at);
  while (entries.next()) {
    entries.text();
    take.field(entries.stringBytes, entries.stringStart, entries.stringEnd);
    entries.next();
    entries.text();
    take.value(entries.stringBytes, entries.stringStart, entries.stringEnd);
    if (entriesEach === 3) {
      entries.next();
      if (!entries.isInteger || entries.value < 0) fail(reader);
      take.expiry(entries.value === 0 ? NO_EXPIRY : timeOrFail(reader, entries.value));
    }
    take.end();
  }
}

function fail(reader: RdbReader): never {
  return reader.fail(LISTPACK_BROKEN, "readHash");
}

function writeFields(reader: RdbReader, json: JsonWriter, takeAll: TakeAll): void {
  let separator = "[";
  json.raw("[");
  takeAll(reader, {
    field(bytes, start, end) {
      json.raw(separator);
      json.string(bytes, start, end);
      separator = ", [";
    },
    value(bytes, start, end) {
      json.raw(", ");
      json.string(bytes, start, end);
    },
    expiry(expiresAtMs) {
      if (expiresAtMs !== NO_EXPIRY) json.raw(`, ${expiresAtMs}`);
    },
    end: () => json.raw("]"),
  });
  json.raw("]");
}

/** Reads the fields and encodes them; returns the byte of the type that could hold them. */
function readFields(json: JsonReader, encoder: RdbEncoder): number {
  // Count and soonest time stand first, and are known last.
  const fields = new RdbEncoder(null, false);
  const ends: number[] = [];
  const times: number[] = [];
  json.expect("[");
  if (!json.take("]")) {
    do {
      times.push(readField(json, fields));
      ends.push(fields.length);
    } while (json.take(","));
    json.expect("]");
  }
  const soonestMs = times.reduce(
    (soonest, ms) => ms < 0 ? soonest : Math.min(soonest, ms),
    Infinity,
  );
  const isExpiring = soonestMs !== Infinity;
  if (isExpiring) encoder.int64(Math.floor(soonestMs / 2 ** 32), soonestMs | 0);
  encoder.lengthOf(ends.length);
  let start = 0;
  ends.forEach((end, i) => {
    if (isExpiring) encoder.lengthOf(times[i] < 0 ? 0 : times[i] - soonestMs + 1);
    encoder.raw(fields.bytes, start, end);
    start = end;
  });
  return isExpiring ? EXPIRING_BYTE : PLAIN_BYTE;
}

/** Reads and encodes one field; returns its expiry time. */
function readField(json: JsonReader, encoder: RdbEncoder): number {
  json.expect("[");
  json.readString();
  encoder.string(json.bytes, 0, json.length);
  json.expect(",");
  json.readString();
  encoder.string(json.bytes, 0, json.length);
  const expiresAtMs = json.take(",")
    ? Number(json.readInteger(0n, BigInt(EXPIRES_AT_MS_MAX)))
    : NO_EXPIRY;
  json.expect("]");
  return expiresAtMs;
}

function form(byte: number, checkName: string, takeAll: TakeAll): ValueForm {
  return {
    byte,
    checkName,
    typeName: "hash",
    check: (reader) => takeAll(reader, NOTHING),
    writeJson: (reader, json) => writeFields(reader, json, takeAll),
  };
}

/** The soonest time stands first. */
function behindSoonest(
  takeAll: (reader: RdbReader, take: Take, soonestMs: number) => void,
): TakeAll {
  return (reader, take) => takeAll(reader, take, reader.readInt64());
}

export const HASH_FORMS: readonly ValueForm[] = [
  { ...form(PLAIN_BYTE, "hash-hashtable", takePairs), readJson: readFields },
  form(9, "hash-zipmap", takeZipmap),
  form(13, "hash-ziplist", takeZiplist),
  form(16, "hash-listpack", takeListpack),
  form(
    22,
    "hash-hashtable-md-pre-release",
    (reader, take) => takePairsBehindTimes(reader, take, 1),
  ),
  form(23, "hash-listpack-md-pre-release", takeTimedListpack),
  form(EXPIRING_BYTE, "hash-hashtable-md", behindSoonest(takePairsBehindTimes)),
  form(25, "hash-listpack-md", behindSoonest(takeTimedListpack)),
];

/** Those whose bytes mean something else in a file of Valkey 9. */
export const HASH_VALKEY_FORMS: readonly ValueForm[] = [
  form(22, "hash-volatile-items", takeTimedPairs),
];
