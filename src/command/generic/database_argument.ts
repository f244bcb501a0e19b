/** Numbers of databases among the arguments. */
import type { Database } from "../../keyspace/database.ts";
import { DB_INDEX_OUT_OF_RANGE } from "../../protocol/wire_errors.ts";
import type { Call } from "../call.ts";
import { int64OrReply } from "../integer_argument.ts";

export const INT_MIN: number = -(2 ** 31);
export const INT_MAX: number = 2 ** 31 - 1;
const NOT_AN_INT = `ERR value is out of range, value must between ${INT_MIN} and ${INT_MAX}`;

/** The database of that number; undefined after replying with the error. */
export function databaseOrReply(call: Call, index: number): Database | undefined {
  const value = int64OrReply(call, index);
  if (value !== value) return undefined;
  if (value < INT_MIN || value > INT_MAX) {
    call.reply.error(NOT_AN_INT);
    return undefined;
  }
  const databases = call.keyspace.databases;
  if (value >= 0 && value < databases.length) return databases[value];
  call.reply.error(DB_INDEX_OUT_OF_RANGE);
  return undefined;
}
