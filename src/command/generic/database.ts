/** Whole databases: DBSIZE, FLUSHDB, FLUSHALL, SWAPDB. */
import type { Database } from "../../keyspace/database.ts";
import { DB_INDEX_OUT_OF_RANGE } from "../../protocol/wire_errors.ts";
import type { Call } from "../call.ts";
import type { ArgumentSpecification, CommandDefinition } from "../definition.ts";
import { defineCommand } from "../definition.ts";
import { INT_MAX, INT_MIN } from "./database_argument.ts";

const INVALID_FIRST_INDEX = "ERR invalid first DB index";
const INVALID_SECOND_INDEX = "ERR invalid second DB index";

const FLUSH_TYPE: readonly ArgumentSpecification[] = [{
  name: "flush-type",
  type: "oneof",
  flags: ["optional"],
  arguments: [
    { name: "async", type: "pure-token", token: "ASYNC", since: "4.0.0" },
    { name: "sync", type: "pure-token", token: "SYNC", since: "6.2.0" },
  ],
}];

const FLUSH_HISTORY: CommandDefinition["history"] = [
  ["4.0.0", "The `ASYNC` mode."],
  ["6.2.0", "The `SYNC` mode."],
];

const FLUSH_TIPS = ["request_policy:all_shards", "response_policy:all_succeeded"];

const dbsize = defineCommand({
  name: "dbsize",
  summary: "Counts the keys of the database.",
  since: "1.0.0",
  group: "server",
  complexity: "O(1)",
  arity: 1,
  flags: ["readonly", "fast"],
  acl: ["keyspace"],
  tips: ["request_policy:all_shards", "response_policy:agg_sum"],
  run(call) {
    call.reply.integer(call.database.size);
  },
});

const flushdb = defineCommand({
  name: "flushdb",
  summary: "Removes every key of the database.",
  since: "1.0.0",
  group: "server",
  complexity: "O(N) where N is the number of keys in the database.",
  history: FLUSH_HISTORY,
  arity: -1,
  flags: ["write"],
  acl: ["keyspace", "dangerous"],
  tips: FLUSH_TIPS,
  arguments: FLUSH_TYPE,
  run: (call) => flush(call, call.database),
});

const flushall = defineCommand({
  name: "flushall",
  summary: "Removes every key of every database.",
  since: "1.0.0",
  group: "server",
  complexity: "O(N) where N is the number of keys in all databases.",
  history: FLUSH_HISTORY,
  arity: -1,
  flags: ["write"],
  acl: ["keyspace", "dangerous"],
  tips: FLUSH_TIPS,
  arguments: FLUSH_TYPE,
  run: (call) => flush(call, undefined),
});

/** SYNC and ASYNC differ where other databases keep their keys: else the heap is emptied as a whole. */
function flush(call: Call, database: Database | undefined): void {
  const isValid = call.count === 1 ||
    (call.count === 2 && (call.is(1, "sync") || call.is(1, "async")));
  if (!isValid) return call.syntaxError();
  const isLazy = call.count === 2 ? call.is(1, "async") : call.settings.lazyUserFlush;
  call.dirty += call.keyspace.flush(database, isLazy);
  if (database === undefined) call.keyspace.events.flushedAll?.();
  // Told to those who repeat it even where there was nothing to remove.
  if (call.propagation.isActive) {
    const parts = Array.from({ length: call.count }, (_, index) => call.args.view(index));
    call.propagation.replaceWith(call.database.index, ...parts);
  }
  call.reply.ok();
}

const swapdb = defineCommand({
  name: "swapdb",
  summary: "Exchanges two databases; their clients see the other's keys at once.",
  since: "4.0.0",
  group: "server",
  complexity: "O(N) where N is the number of clients that watch or wait for keys of either.",
  arity: 3,
  flags: ["write", "fast"],
  acl: ["keyspace", "dangerous"],
  arguments: [
    { name: "index1", type: "integer" },
    { name: "index2", type: "integer" },
  ],
  run(call) {
    const first = call.integerOrReply(1, INT_MIN, INT_MAX, INVALID_FIRST_INDEX);
    if (first !== first) return;
    const second = call.integerOrReply(2, INT_MIN, INT_MAX, INVALID_SECOND_INDEX);
    if (second !== second) return;
    const keyspace = call.keyspace;
    const count = keyspace.databases.length;
    if (first < 0 || first >= count || second < 0 || second >= count) {
      return call.reply.error(DB_INDEX_OUT_OF_RANGE);
    }
    const selected = call.database.index;
    keyspace.swap(first, second);
    // The client stays where it was, by number.
    call.database = keyspace.databases[selected];
    call.dirty++;
    call.reply.ok();
  },
});

/** The commands of this file. */
export const databaseCommands: readonly CommandDefinition[] = [dbsize, flushdb, flushall, swapdb];
