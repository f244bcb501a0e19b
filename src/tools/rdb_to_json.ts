/**
 * `--rdb-to-json`: an RDB file as JSON that can be read, compared and edited, and turned back by
 * `--json-to-rdb`. It is an array of objects, one a line, in the order of the file:
 *
 *     [
 *     {"magic": "REDIS0010"},                                the first: the file's version
 *     {"aux": "redis-ver", "value": "7.2.4"},
 *     {"database": 0},                                       the keys that follow are in it
 *     {"keyCount": 3, "expiresCount": 1},                    what the file says of it, a hint
 *     {"key": "a", "type": "string", "value": "1"},
 *     {"key": "b", "expiresAtMs": 1700000000000, "type": "string", "value": "text"},
 *     {"key": "c", "idleSeconds": 7, "frequency": 5, "type": "string", "value": {"base64": "/w=="}}
 *     ]
 *
 * Names, keys and strings are bytes: a JSON string where they are UTF-8, else an object with their
 * base64. What `value` looks like depends on `type` (value_forms.ts).
 *
 * Not kept: how the file encodes things, which is chosen anew; what it says of a cluster's slots,
 * which is a hint for Redis's tables; whether it has a checksum.
 */
import type { File } from "../platform/file_system.ts";
import { RdbReader } from "../persistence/rdb/rdb_reader.ts";
import { JsonWriter } from "./json_writer.ts";
import { ITEM_AUX, ITEM_DATABASE, ITEM_END, ITEM_SIZES, RdbScanner } from "./rdb_scanner.ts";
import type { ToolOutput } from "./tool_output.ts";

/**
 * Writes the JSON of a file to a sink, with memory for one value.
 * @throws {RdbError}
 */
export function rdbToJson(file: File, sink: (bytes: Uint8Array) => void, output: ToolOutput): void {
  const reader = RdbReader.ofFile(file, true);
  const scanner = new RdbScanner(reader);
  const json = new JsonWriter(sink);
  let item = scanner.next();
  json.raw("[\n");
  json.raw(`{"magic": "${scanner.magic}"}`);
  for (; item !== ITEM_END; item = scanner.next()) {
    json.raw(",\n");
    writeItem(json, scanner, item);
    output.progress(reader.offsetBytes, reader.sizeBytes);
  }
  json.raw("\n]\n");
  json.flush();
  const left = reader.sizeBytes - reader.offsetBytes;
  if (left > 0) {
    output.warn(
      `Note: ${left} bytes follow the RDB part of the file, maybe commands of an append-only file: ` +
        "they are not in the JSON.",
    );
  }
}

function writeItem(json: JsonWriter, scanner: RdbScanner, item: number): void {
  if (item === ITEM_AUX) {
    json.raw('{"aux": ');
    json.string(scanner.auxName, 0, scanner.auxName.length);
    json.raw(', "value": ');
    json.string(scanner.auxValue, 0, scanner.auxValue.length);
    json.raw("}");
  } else if (item === ITEM_DATABASE) json.raw(`{"database": ${scanner.database}}`);
  else if (item === ITEM_SIZES) {
    json.raw(`{"keyCount": ${scanner.keyCount}, "expiresCount": ${scanner.expiresCount}}`);
  } else writeKey(json, scanner);
}

function writeKey(json: JsonWriter, scanner: RdbScanner): void {
  const { reader, expiresAtMs, idleSeconds, frequency, form } = scanner;
  json.raw('{"key": ');
  json.string(reader.keyBytes, reader.keyStart, reader.keyEnd);
  if (expiresAtMs !== undefined) json.raw(`, "expiresAtMs": ${expiresAtMs}`);
  if (idleSeconds !== undefined) json.raw(`, "idleSeconds": ${idleSeconds}`);
  if (frequency !== undefined) json.raw(`, "frequency": ${frequency}`);
  json.raw(`, "type": "${form?.typeName}", "value": `);
  form?.writeJson(reader, json);
  json.raw("}");
}
