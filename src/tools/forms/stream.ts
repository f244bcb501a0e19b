/**
 * Streams as the tools take them apart; persistence/rdb/types/stream.ts draws the bytes. In JSON:
 *
 *     {"entries": [["1-1", ["field", "value"]]],
 *      "lastId": "5-1", "maxDeletedId": "0-0", "entriesAdded": 7,
 *      "groups": [{"name": "g", "lastId": "1-1", "entriesRead": 1,
 *                  "consumers": [{"name": "c", "seenTime": 1700000000000,
 *                                 "activeTime": 1700000000000,
 *                                 "pending": [["1-1", 1700000000000, 1]]}]}]}
 *
 * An entry has its fields and values in turns; a pending one its id, when it was delivered last and
 * how often. Times are milliseconds since the epoch. Members stand in this order. Deleted entries,
 * which a file may still hold, are left out; type 19, which is written, has no active time.
 */
import { LISTPACK_HEADER_BYTES } from "../../heap/listpack.ts";
import { ListpackWriter } from "../../heap/listpack_writer.ts";
import { ENTRY_DELETED, ENTRY_SAME_FIELDS } from "../../keyspace/stream/stream_leaf.ts";
import { StreamId } from "../../keyspace/stream/stream_id.ts";
import { RdbEncoder } from "../../persistence/rdb/rdb_encoder.ts";
import type { RdbReader } from "../../persistence/rdb/rdb_reader.ts";
import { NodeReader } from "../../persistence/rdb/types/stream_node.ts";
import {
  fillIdBytes,
  ID_BYTES,
  idBytes,
  readId,
  readIdBytes,
  setIdBytes,
  words,
  writeLength,
} from "../../persistence/rdb/types/stream_numbers.ts";
import type { JsonReader } from "../json_reader.ts";
import type { JsonWriter } from "../json_writer.ts";
import type { ValueForm } from "../value_forms.ts";

const FORMAT_1 = 15;
const FORMAT_2 = 19;
const FORMAT_3 = 21;
const INTEGRITY = "Stream listpack integrity check failed.";
/** Redis's usual limits of a node. */
const NODE_ENTRIES_MAX = 100;
const NODE_BYTES_MAX = 4096;
const UINT64_MAX = 2n ** 64n - 1n;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

const node = new NodeReader();
const id = new StreamId();

/** Nothing is made of what is read. */
const NOWHERE: JsonWriter | null = null;

/** The 64-bit number that was read, as a signed one. */
function signedWords(): bigint {
  return BigInt(words.high) << 32n | BigInt(words.low >>> 0);
}

function readSigned(reader: RdbReader): bigint {
  const low = reader.readInt32();
  return BigInt(reader.readInt32()) << 32n | BigInt(low >>> 0);
}

function writeString(reader: RdbReader, json: JsonWriter | null): void {
  reader.readWholeString();
  json?.string(reader.stringBytes, reader.stringStart, reader.stringEnd);
}

/** Reads a value, and writes it where there is a place for it. */
function take(reader: RdbReader, json: JsonWriter | null, format: number): void {
  json?.raw('{"entries": [');
  takeNodes(reader, json);
  words.read(reader);
  const length = signedWords();
  readId(reader, id);
  json?.raw(`], "lastId": "${id}", `);
  if (format === FORMAT_1) {
    json?.raw(`"maxDeletedId": "0-0", "entriesAdded": ${length}, "groups": [`);
  } else {
    readId(reader, id);
    readId(reader, id);
    words.read(reader);
    json?.raw(`"maxDeletedId": "${id}", "entriesAdded": ${signedWords()}, "groups": [`);
  }
  const groups = reader.readLength();
  for (let i = 0; i < groups; i++) {
    if (i > 0) json?.raw(", ");
    takeGroup(reader, json, format);
  }
  json?.raw("]}");
}

function takeNodes(reader: RdbReader, json: JsonWriter | null): void {
  const master = new StreamId();
  let written = 0;
  for (let left = reader.readLength(); left > 0; left--) {
    reader.readWholeString();
    if (reader.stringEnd - reader.stringStart !== ID_BYTES) {
      reader.fail("Stream node key entry is not the size of a stream ID", "readStream");
    }
    setIdBytes(master, reader.stringBytes, reader.stringStart);
    reader.readWholeString();
    const length = reader.stringEnd - reader.stringStart;
    if (!node.open(reader.stringBytes, reader.stringStart, length, master)) {
      reader.fail(INTEGRITY, "readStream");
    }
    const fields = readParts(reader, node.fieldCount);
    if (!node.endFields()) reader.fail(INTEGRITY, "readStream");
    while (node.hasNext) {
      if (!node.next()) reader.fail(INTEGRITY, "readStream");
      const parts = readParts(reader, node.partCount);
      if (!node.endEntry()) reader.fail(INTEGRITY, "readStream");
      if ((node.flags & ENTRY_DELETED) !== 0 || json === null) continue;
      if (written++ > 0) json.raw(", ");
      writeEntry(json, node.id, (node.flags & ENTRY_SAME_FIELDS) !== 0 ? fields : null, parts);
    }
    if (!node.isAtEnd) reader.fail(INTEGRITY, "readStream");
  }
}

/** The texts of the next parts of a node. */
function readParts(reader: RdbReader, count: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const { listpack } = node;
  for (; count > 0; count--) {
    if (!listpack.next()) reader.fail(INTEGRITY, "readStream");
    listpack.text();
    parts.push(listpack.stringBytes.slice(listpack.stringStart, listpack.stringEnd));
  }
  return parts;
}

/** @param fields the names of the fields, where the parts are only values. */
function writeEntry(
  json: JsonWriter,
  entryId: StreamId,
  fields: readonly Uint8Array[] | null,
  parts: readonly Uint8Array[],
): void {
  json.raw(`["${entryId}", [`);
  for (const [i, part] of parts.entries()) {
    if (i > 0) json.raw(", ");
    if (fields !== null) {
      json.string(fields[i], 0, fields[i].length);
      json.raw(", ");
    }
    json.string(part, 0, part.length);
  }
  json.raw("]]");
}

function takeGroup(reader: RdbReader, json: JsonWriter | null, format: number): void {
  json?.raw('{"name": ');
  writeString(reader, json);
  readId(reader, id);
  json?.raw(`, "lastId": "${id}", `);
  let entriesRead = -1n;
  if (format !== FORMAT_1) {
    words.read(reader);
    entriesRead = signedWords();
  }
  json?.raw(`"entriesRead": ${entriesRead}, "consumers": [`);
  /** When and how often each pending entry was delivered, as JSON. */
  const deliveries = new Map<string, string>();
  for (let left = reader.readLength(); left > 0; left--) {
    readIdBytes(reader, id);
    const time = readSigned(reader);
    words.read(reader);
    deliveries.set(id.toString(), `${time}, ${signedWords()}`);
  }
  const consumers = reader.readLength();
  for (let i = 0; i < consumers; i++) {
    json?.raw(i > 0 ? ', {"name": ' : '{"name": ');
    takeConsumer(reader, json, format, deliveries);
  }
  if (deliveries.size > 0) reader.fail("Stream CG PEL entry without consumer", "readStream");
  json?.raw("]}");
}

function takeConsumer(
  reader: RdbReader,
  json: JsonWriter | null,
  format: number,
  deliveries: Map<string, string>,
): void {
  writeString(reader, json);
  const seen = readSigned(reader);
  const active = format === FORMAT_3 ? readSigned(reader) : seen;
  json?.raw(`, "seenTime": ${seen}, "activeTime": ${active}, "pending": [`);
  const count = reader.readLength();
  for (let i = 0; i < count; i++) {
    readIdBytes(reader, id);
    const text = id.toString();
    const delivery = deliveries.get(text);
    if (delivery === undefined) {
      reader.fail("Consumer entry not found in group global PEL", "readStream");
    }
    deliveries.delete(text);
    json?.raw(`${i > 0 ? ", " : ""}["${text}", ${delivery}]`);
  }
  json?.raw("]}");
}

function expectName(json: JsonReader, name: string): void {
  const place = json.place();
  if (json.readName() !== name) json.fail(`expected the member "${name}"`, place);
}

/** Reads an id as text into `into`. */
function readJsonId(json: JsonReader, into: StreamId): void {
  const place = json.place();
  const text = json.readText("an ID");
  const match = /^(\d{1,20})-(\d{1,20})$/.exec(text);
  const [ms, seq] = match === null ? [-1n, -1n] : [BigInt(match[1]), BigInt(match[2])];
  if (match === null || ms > UINT64_MAX || seq > UINT64_MAX) {
    json.fail("expected an ID of the form ms-seq", place);
  }
  into.set(highWord(ms), lowWord(ms), highWord(seq), lowWord(seq));
}

function highWord(value: bigint): number {
  return Number(BigInt.asIntN(32, value >> 32n));
}

function lowWord(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

/** Reads an array, whose elements `readElement` reads. */
function readArray(json: JsonReader, readElement: () => void): void {
  json.expect("[");
  if (json.take("]")) return;
  do readElement(); while (json.take(","));
  json.expect("]");
}

function writeIdLengths(encoder: RdbEncoder, of: StreamId): void {
  writeLength(encoder, of.msHigh, of.msLow);
  writeLength(encoder, of.seqHigh, of.seqLow);
}

/** Nodes in the making. */
class NodesBuilder {
  readonly encoder: RdbEncoder = new RdbEncoder(null, false);
  readonly firstId: StreamId = new StreamId();
  nodeCount = 0;
  entryCount = 0;
  readonly #master: StreamId = new StreamId();
  readonly #last: StreamId = new StreamId();
  readonly #entries: ListpackWriter = new ListpackWriter();
  #fields: string[] = [];
  #count = 0;

  /** Adds an entry; false where it is not behind the one before. */
  add(entryId: StreamId, parts: readonly Uint8Array[]): boolean {
    if (this.entryCount > 0 ? entryId.compare(this.#last) <= 0 : entryId.isMin) return false;
    const fields = parts.filter((_, i) => i % 2 === 0).map(String);
    const isFull = this.#count === NODE_ENTRIES_MAX || this.#entries.entriesEnd > NODE_BYTES_MAX;
    if (this.#count > 0 && isFull) this.finish();
    if (this.entryCount === 0) this.firstId.copyFrom(entryId);
    if (this.#count === 0) this.#begin(entryId, fields, parts);
    const hasSame = fields.join("|") === this.#fields.join("|");
    this.#entries.addInteger(hasSame ? ENTRY_SAME_FIELDS : 0);
    this.#addDifference(entryId);
    if (!hasSame) this.#entries.addInteger(fields.length);
    for (const [i, part] of parts.entries()) {
      if (!hasSame || i % 2 === 1) this.#entries.add(part, 0, part.length);
    }
    this.#entries.addInteger(hasSame ? fields.length + 3 : parts.length + 4);
    this.#last.copyFrom(entryId);
    this.#count++;
    this.entryCount++;
    return true;
  }

  get last(): StreamId {
    return this.#last;
  }

  #begin(entryId: StreamId, fields: string[], parts: readonly Uint8Array[]): void {
    this.#master.copyFrom(entryId);
    this.#fields = fields;
    this.#entries.begin();
    this.#entries.addInteger(fields.length);
    for (let i = 0; i < parts.length; i += 2) this.#entries.add(parts[i], 0, parts[i].length);
    this.#entries.addInteger(0);
  }

  #addDifference(entryId: StreamId): void {
    const ms = BigInt.asIntN(64, wide(entryId, true) - wide(this.#master, true));
    const seq = BigInt.asIntN(64, wide(entryId, false) - wide(this.#master, false));
    this.#entries.addInt64(highWord(ms), lowWord(ms));
    this.#entries.addInt64(highWord(seq), lowWord(seq));
  }

  /** Writes the node that is begun, if there is one. */
  finish(): void {
    if (this.#count === 0) return;
    const { bytes, entriesEnd, count } = this.#entries;
    const whole = new ListpackWriter();
    whole.begin();
    whole.addInteger(this.#count);
    whole.addInteger(0);
    whole.addEntries(bytes, LISTPACK_HEADER_BYTES, entriesEnd - LISTPACK_HEADER_BYTES, count);
    whole.finish();
    const { msHigh, msLow, seqHigh, seqLow } = this.#master;
    fillIdBytes(msHigh, msLow, seqHigh, seqLow);
    this.encoder.string(idBytes, 0, ID_BYTES);
    this.encoder.string(whole.bytes, 0, whole.length);
    this.nodeCount++;
    this.#count = 0;
  }
}

function wide(of: StreamId, isMs: boolean): bigint {
  const [high, low] = isMs ? [of.msHigh, of.msLow] : [of.seqHigh, of.seqLow];
  return BigInt(high >>> 0) << 32n | BigInt(low >>> 0);
}

function readStream(json: JsonReader, encoder: RdbEncoder): void {
  const nodes = new NodesBuilder();
  json.expect("{");
  expectName(json, "entries");
  readArray(json, () => readEntry(json, nodes));
  nodes.finish();
  encoder.lengthOf(nodes.nodeCount);
  encoder.raw(nodes.encoder.bytes, 0, nodes.encoder.length);
  encoder.lengthOf(nodes.entryCount);
  json.expect(",");
  expectName(json, "lastId");
  const place = json.place();
  readJsonId(json, id);
  if (id.compare(nodes.last) < 0) {
    json.fail("expected an ID that is not before the last entry's", place);
  }
  writeIdLengths(encoder, id);
  writeIdLengths(encoder, nodes.firstId);
  json.expect(",");
  expectName(json, "maxDeletedId");
  readJsonId(json, id);
  writeIdLengths(encoder, id);
  json.expect(",");
  expectName(json, "entriesAdded");
  const added = json.readInteger(0n, INT64_MAX);
  writeLength(encoder, highWord(added), lowWord(added));
  json.expect(",");
  expectName(json, "groups");
  const groups = new RdbEncoder(null, false);
  const names = new Set<string>();
  readArray(json, () => readGroup(json, groups, names));
  json.expect("}");
  encoder.lengthOf(names.size);
  encoder.raw(groups.bytes, 0, groups.length);
}

function readEntry(json: JsonReader, nodes: NodesBuilder): void {
  json.expect("[");
  const place = json.place();
  readJsonId(json, id);
  json.expect(",");
  const parts: Uint8Array[] = [];
  readArray(json, () => {
    json.readString();
    parts.push(json.bytes.slice(0, json.length));
  });
  json.expect("]");
  if (parts.length % 2 !== 0 || parts.length === 0) {
    json.fail("expected fields and values in turns", place);
  }
  if (!nodes.add(id, parts)) json.fail("expected an ID behind that of the entry before", place);
}

/** Reads a name that must not be among others. */
function readName(json: JsonReader, encoder: RdbEncoder, names: Set<string>): void {
  expectName(json, "name");
  const place = json.place();
  json.readString();
  const name = String(json.bytes.subarray(0, json.length));
  if (names.has(name)) json.fail("expected each name only once", place);
  names.add(name);
  encoder.string(json.bytes, 0, json.length);
}

function readGroup(json: JsonReader, encoder: RdbEncoder, names: Set<string>): void {
  json.expect("{");
  readName(json, encoder, names);
  json.expect(",");
  expectName(json, "lastId");
  readJsonId(json, id);
  writeIdLengths(encoder, id);
  json.expect(",");
  expectName(json, "entriesRead");
  const read = json.readInteger(-1n, INT64_MAX);
  writeLength(encoder, highWord(read), lowWord(read));
  json.expect(",");
  expectName(json, "consumers");
  const pending = new Map<string, Uint8Array>();
  const consumers = new RdbEncoder(null, false);
  const consumerNames = new Set<string>();
  readArray(json, () => readConsumer(json, consumers, consumerNames, pending));
  json.expect("}");
  encoder.lengthOf(pending.size);
  for (const key of [...pending.keys()].sort()) {
    const record = pending.get(key)!;
    encoder.raw(record, 0, record.length);
  }
  encoder.lengthOf(consumerNames.size);
  encoder.raw(consumers.bytes, 0, consumers.length);
}

function readConsumer(
  json: JsonReader,
  encoder: RdbEncoder,
  names: Set<string>,
  pending: Map<string, Uint8Array>,
): void {
  json.expect("{");
  readName(json, encoder, names);
  json.expect(",");
  expectName(json, "seenTime");
  const seen = json.readInteger(INT64_MIN, INT64_MAX);
  encoder.int64(highWord(seen), lowWord(seen));
  json.expect(",");
  expectName(json, "activeTime");
  json.readInteger(INT64_MIN, INT64_MAX);
  json.expect(",");
  expectName(json, "pending");
  const ids: string[] = [];
  readArray(json, () => ids.push(readPending(json, pending)));
  json.expect("}");
  encoder.lengthOf(ids.length);
  for (const key of ids.sort()) {
    const record = pending.get(key)!;
    encoder.raw(record, 0, ID_BYTES);
  }
}

/** Reads a pending entry; returns its id in a form that sorts. */
function readPending(json: JsonReader, pending: Map<string, Uint8Array>): string {
  json.expect("[");
  const place = json.place();
  readJsonId(json, id);
  const key = [wide(id, true), wide(id, false)].map((n) => n.toString(16).padStart(16, "0")).join(
    "",
  );
  if (pending.has(key)) json.fail("expected each ID to be pending only once", place);
  const record = new RdbEncoder(null, false);
  fillIdBytes(id.msHigh, id.msLow, id.seqHigh, id.seqLow);
  record.raw(idBytes, 0, ID_BYTES);
  json.expect(",");
  const time = json.readInteger(INT64_MIN, INT64_MAX);
  record.int64(highWord(time), lowWord(time));
  json.expect(",");
  const count = json.readInteger(INT64_MIN, INT64_MAX);
  writeLength(record, highWord(count), lowWord(count));
  json.expect("]");
  pending.set(key, record.bytes.slice(0, record.length));
  return key;
}

export const STREAM_FORMS: readonly ValueForm[] = [
  {
    byte: FORMAT_1,
    checkName: "stream",
    typeName: "stream",
    check: (reader) => take(reader, NOWHERE, FORMAT_1),
    writeJson: (reader, json) => take(reader, json, FORMAT_1),
  },
  {
    byte: FORMAT_2,
    checkName: "stream-v2",
    typeName: "stream",
    check: (reader) => take(reader, NOWHERE, FORMAT_2),
    writeJson: (reader, json) => take(reader, json, FORMAT_2),
    readJson: readStream,
  },
  {
    byte: FORMAT_3,
    checkName: "stream-v3",
    typeName: "stream",
    check: (reader) => take(reader, NOWHERE, FORMAT_3),
    writeJson: (reader, json) => take(reader, json, FORMAT_3),
  },
];
