/** Results that become the value of a key: ZRANGESTORE, ZUNIONSTORE and the like. */
import { NO_EXPIRY } from "../../keyspace/database.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import { ZsetBuilder } from "../../keyspace/zset/zset_builder.ts";
import type { Call } from "../call.ts";

const builders = new WeakMap<Keyspace, ZsetBuilder>();

/** What makes the results of a keyspace, one at a time. */
export function builderOf(keyspace: Keyspace): ZsetBuilder {
  let builder = builders.get(keyspace);
  if (builder === undefined) {
    builder = new ZsetBuilder(keyspace);
    builders.set(keyspace, builder);
  }
  return builder;
}

/**
 * Makes what has been put into order the value of the key at argument 1, in the place of any other;
 * an empty result only takes that one away. Returns how many members there are.
 */
export function replaceByResult(call: Call, builder: ZsetBuilder): number {
  const { args, database } = call;
  const { bytes, starts, ends } = args;
  const count = builder.count;
  const old = database.peek(bytes, starts[1], ends[1]);
  if (old !== 0) database.deleteReplaced(old);
  if (count > 0) {
    database.peek(bytes, starts[1], ends[1]);
    builder.store(database, bytes, starts[1], ends[1], NO_EXPIRY);
  }
  if (old !== 0 || count > 0) call.dirty++;
  return count;
}
