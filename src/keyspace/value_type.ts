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
export const ENCODING_HASHTABLE = 2;
export const ENCODING_INTSET = 6;
export const ENCODING_SKIPLIST = 7;
export const ENCODING_EMBSTR = 8;
export const ENCODING_QUICKLIST = 9;
export const ENCODING_STREAM = 10;
export const ENCODING_LISTPACK = 11;

/** The encodings, as bits, whose values are graphs of heap objects and not bytes. */
const GRAPH_ENCODINGS = 1 << ENCODING_HASHTABLE | 1 << ENCODING_SKIPLIST |
  1 << ENCODING_QUICKLIST | 1 << ENCODING_STREAM;

/** True when a value of that kind is a graph of heap objects, which hangs on a root object. */
export function isGraph(kind: number): boolean {
  return (GRAPH_ENCODINGS >>> (kind >>> 4 & 0x0f) & 1) !== 0;
}

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
