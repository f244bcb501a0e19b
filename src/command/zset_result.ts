/** Sorted sets that are the results of commands: ZRANGESTORE, ZUNIONSTORE, GEOSEARCHSTORE, ... */
import { NO_EXPIRY } from "../keyspace/database.ts";
import type { ZsetBuilder } from "../keyspace/zset/zset_builder.ts";
import type { Call } from "./call.ts";

/**
 * Makes what has been put into order the value of the key at an argument, in the place of any other;
 * an empty result only takes that one away. Returns whether a key has come or gone.
 * @throws {HeapFull} and then what was there before may be gone.
 */
export function replaceByResult(call: Call, keyIndex: number, builder: ZsetBuilder): boolean {
  const { args, database } = call;
  const { bytes } = args;
  const start = args.starts[keyIndex];
  const end = args.ends[keyIndex];
  const old = database.peek(bytes, start, end);
  if (old !== 0) database.deleteReplaced(old);
  if (builder.count === 0) return old !== 0;
  database.peek(bytes, start, end);
  builder.store(database, bytes, start, end, NO_EXPIRY);
  return true;
}
