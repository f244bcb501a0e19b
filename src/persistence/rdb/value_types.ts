/**
 * Every type of value that an RDB file may hold: the rows of all types, by the byte that names them
 * in a file and by the kind of the entries that are saved as them. A type that this server cannot
 * hold has a row without `load`, so that a file with one is refused by name.
 */
import type { HeapView } from "../../heap/heap_view.ts";
import { assert } from "../../base/assert.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import { RDB_VERSION_MIN_WRITTEN, VALKEY_VERSION } from "./rdb_format.ts";
import type { RdbValueType } from "./rdb_value.ts";
import { HASH_TYPES, HASH_VALKEY_TYPES } from "./types/hash.ts";
import { LIST_TYPES } from "./types/list.ts";
import { SET_TYPES } from "./types/set.ts";
import { STREAM_TYPES } from "./types/stream.ts";
import { STRING_TYPES } from "./types/string.ts";
import { ZSET_TYPES } from "./types/zset.ts";

/** The version that can hold every collection without field expiry, and the one that can hold that. */
const COLLECTIONS_VERSION = 10;
const FIELD_EXPIRY_VERSION = 12;

const MODULE_TYPES: readonly RdbValueType[] = [
  { byte: 6, typeName: "module", format: "pre-release module value", version: 8 },
  { byte: 7, typeName: "module", format: "module value", version: 8 },
];

const VALUE_TYPES: readonly RdbValueType[] = [
  ...STRING_TYPES,
  ...LIST_TYPES,
  ...SET_TYPES,
  ...ZSET_TYPES,
  ...HASH_TYPES,
  ...STREAM_TYPES,
  ...MODULE_TYPES,
];

/** Valkey numbers its own types anew from 22 on. */
const VALKEY_TYPES: readonly RdbValueType[] = HASH_VALKEY_TYPES;
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

/** A type that is written, too. */
type SavedType = RdbValueType & Required<Pick<RdbValueType, "save" | "rewrite">>;

/** As which type an entry is saved. */
export function savedType(view: HeapView, ref: number): SavedType {
  const word = view.read(ref) >>> 2;
  const type = BY_KIND[view.words[word] & 0xff];
  assert(type !== undefined, "every kind of entry can be saved");
  const chosen = type.savedAs === undefined ? type : type.savedAs(view, ref);
  return chosen as SavedType;
}

/** The lowest version that can hold what is there. */
export function versionToWrite(keyspace: Keyspace): number {
  for (const database of keyspace.databases) {
    if (database.expiringFields.count > 0) return FIELD_EXPIRY_VERSION;
  }
  return keyspace.holdsCollections ? COLLECTIONS_VERSION : RDB_VERSION_MIN_WRITTEN;
}

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
