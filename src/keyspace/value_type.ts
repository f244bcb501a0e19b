/**
 * The types of values and their encodings, numbered as Redis numbers them (DEBUG OBJECT, MODULE and
 * RDB tools show the numbers). An entry's first byte is `type | encoding << 4`.
 */

export const TYPE_STRING = 0;
export const TYPE_LIST = 1;
export const TYPE_SET = 2;
export const TYPE_ZSET = 3;
export const TYPE_HASH = 4;
export const TYPE_STREAM = 6;

export const ENCODING_RAW = 0;
export const ENCODING_INT = 1;
export const ENCODING_EMBSTR = 8;

/** What TYPE answers, by type. */
export const TYPE_NAMES: readonly string[] = [
  "string",
  "list",
  "set",
  "zset",
  "hash",
  "module",
  "stream",
];

/** What OBJECT ENCODING answers, by encoding. */
export const ENCODING_NAMES: readonly string[] = [
  "raw",
  "int",
  "hashtable",
  "zipmap",
  "linkedlist",
  "ziplist",
  "intset",
  "skiplist",
  "embstr",
  "quicklist",
  "stream",
  "listpack",
];

/** Strings of up to so many bytes are `embstr` when they are set whole. */
export const EMBSTR_BYTES_MAX = 44;
