/** Sorted sets that are the results of commands: ZRANGESTORE, ZUNIONSTORE, GEOSEARCHSTORE, ... */
import { NO_EXPIRY } from "../keyspace/database.ts";
import type { ZsetBuilder } from "../keyspace/zset/zset_builder.ts";
import type { Call } from "./call.ts";
import { EVENT_GENERIC, EVENT_ZSET } from "./key_events.ts";

/**
 * Makes what has been put into order the value of the key at an argument, in the place of any other;
 * an empty result only takes that one away. `event` is what has happened to the key then.
 * Counts as a change, where a key has come or gone.
 * @throws {HeapFull} and then what was there before may be gone, which counts, too.
 */
export function replaceByResult(
  call: Call,
  keyIndex: number,
  builder: ZsetBuilder,
  event: string,
): void {
  const { args, database } = call;
  const { bytes } = args;
  const start = args.starts[keyIndex];
  const end = args.ends[keyIndex];
  const old = database.peek(bytes, start, end);
  if (old !== 0) {
    database.deleteReplaced(old, builder.count > 0);
    call.dirty++;
  }
  if (builder.count === 0) {
    if (old !== 0) call.changed(keyIndex, EVENT_GENERIC, "del");
    return;
  }
  database.peek(bytes, start, end);
  builder.store(database, bytes, start, end, NO_EXPIRY);
  if (old === 0) call.dirty++;
  call.changed(keyIndex, EVENT_ZSET, event);
}
