/**
 * Every type of value that the tools can take apart, one row for each way in which an RDB file holds
 * it: the rows stand beside those of value_types.ts, which name the types. A type without a row is
 * refused by name.
 *
 * A type that a file holds in several ways has several rows and one form in JSON; the row with
 * `readJson` is the one that is written.
 */
import type { RdbEncoder } from "../persistence/rdb/rdb_encoder.ts";
import { VALKEY_VERSION } from "../persistence/rdb/rdb_format.ts";
import type { RdbReader } from "../persistence/rdb/rdb_reader.ts";
import { HASH_FORMS, HASH_VALKEY_FORMS } from "./forms/hash.ts";
import { LIST_FORMS } from "./forms/list.ts";
import { SET_FORMS } from "./forms/set.ts";
import { STREAM_FORMS } from "./forms/stream.ts";
import { ZSET_FORMS } from "./forms/zset.ts";
import type { JsonReader } from "./json_reader.ts";
import type { JsonWriter } from "./json_writer.ts";

/** How the tools treat one type of value. */
export interface ValueForm {
  /** The type's byte in the file. */
  readonly byte: number;
  /** As redis-check-rdb calls it. */
  readonly checkName: string;
  /** Member `type` in JSON, as TYPE answers. */
  readonly typeName: string;
  /** Passes over a value; throws RdbError for one that breaks the format. */
  check(reader: RdbReader): void;
  /** Reads a value and writes it as JSON. */
  writeJson(reader: RdbReader, json: JsonWriter): void;
  /**
   * Reads a value's JSON and encodes what follows the key in the file.
   * @returns the byte of the type that it has chosen, where that is not always the row's own.
   */
  readJson?(json: JsonReader, encoder: RdbEncoder): number | void;
}

const STRING: ValueForm = {
  byte: 0,
  checkName: "string",
  typeName: "string",
  check: (reader) => reader.skipString(),
  writeJson(reader, json) {
    reader.readWholeString();
    json.string(reader.stringBytes, reader.stringStart, reader.stringEnd);
  },
  readJson(json, encoder) {
    json.readString();
    encoder.string(json.bytes, 0, json.length);
  },
};

const FORMS: readonly ValueForm[] = [
  STRING,
  ...LIST_FORMS,
  ...SET_FORMS,
  ...ZSET_FORMS,
  ...HASH_FORMS,
  ...STREAM_FORMS,
];

/** The form of a type's byte, in a file of that version; undefined where there is none. */
export function valueForm(byte: number, version: number): ValueForm | undefined {
  const hasByte = (form: ValueForm) => form.byte === byte;
  const own = version === VALKEY_VERSION ? HASH_VALKEY_FORMS.find(hasByte) : undefined;
  return own ?? FORMS.find(hasByte);
}

/** The form that a type is written in. */
export function valueFormNamed(typeName: string): Required<ValueForm> | undefined {
  return FORMS.find((form): form is Required<ValueForm> =>
    form.readJson !== undefined && form.typeName === typeName
  );
}
