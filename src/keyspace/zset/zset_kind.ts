/** The two ways in which a key holds a sorted set: type and encoding, as entries keep them. */
import { ENCODING_LISTPACK, ENCODING_SKIPLIST, TYPE_ZSET } from "../value_type.ts";

export const SMALL_ZSET_KIND: number = TYPE_ZSET | ENCODING_LISTPACK << 4;
export const LARGE_ZSET_KIND: number = TYPE_ZSET | ENCODING_SKIPLIST << 4;
