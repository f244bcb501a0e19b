/** Setting fields: HSET, HMSET, HSETNX. */
import { TYPE_HASH } from "../../keyspace/value_type.ts";
import { wrongArity } from "../../protocol/wire_errors.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type ArgumentSpecification, defineCommand, keyRange } from "../definition.ts";
import { EVENT_HASH } from "../key_events.ts";
import { FIELD, KEY, VALUE } from "./arguments.ts";

const PAIRS: ArgumentSpecification = {
  name: "data",
  type: "block",
  flags: ["multiple"],
  arguments: [FIELD, VALUE],
};

export const hset = defineCommand({
  name: "hset",
  summary: "Sets fields of a hash; those that are not there, and the key, are made.",
  since: "2.0.0",
  group: "hash",
  complexity: "O(N) where N is the number of fields given.",
  history: [["4.0.0", "Takes several fields."]],
  arity: -4,
  flags: ["write", "denyoom", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RW update")],
  arguments: [KEY, PAIRS],
  run(call) {
    const newCount = setPairs(call);
    if (newCount >= 0) call.reply.integer(newCount);
  },
});

export const hmset = defineCommand({
  name: "hmset",
  summary: "Sets fields of a hash, as HSET does.",
  since: "2.0.0",
  group: "hash",
  complexity: "O(N) where N is the number of fields given.",
  docFlags: ["deprecated"],
  deprecatedSince: "4.0.0",
  replacedBy: "`HSET` with multiple field-value pairs",
  arity: -4,
  flags: ["write", "denyoom", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RW update")],
  arguments: [KEY, PAIRS],
  run(call) {
    if (setPairs(call) >= 0) call.reply.ok();
  },
});

export const hsetnx = defineCommand({
  name: "hsetnx",
  summary: "Sets a field of a hash unless it is there already.",
  since: "2.0.0",
  group: "hash",
  complexity: "O(1)",
  arity: 4,
  flags: ["write", "denyoom", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RW insert")],
  arguments: [KEY, FIELD, VALUE],
  run(call) {
    const ref = call.lookupWriteOf(1, TYPE_HASH);
    if (ref === WRONG_TYPE_REPLIED) return;
    const { bytes, starts, ends } = call.args;
    const { database, keyspace: { hashes } } = call;
    if (ref === 0) hashes.add(database, 1, bytes, starts, ends, 2, 1);
    else if (hashes.seek(database, ref, bytes, starts[2], ends[2])) return call.reply.integer(0);
    else hashes.setSought(database, false, bytes, starts[2], ends[2], bytes, starts[3], ends[3]);
    call.dirty++;
    call.changed(1, EVENT_HASH, "hset");
    call.reply.integer(1);
  },
});

/** Sets the pairs behind the key; returns how many fields are new, -1 after replying with an error. */
function setPairs(call: Call): number {
  const { bytes, starts, ends, count } = call.args;
  if (count % 2 === 1) {
    call.reply.error(wrongArity(call.name));
    return -1;
  }
  let ref = call.lookupWriteOf(1, TYPE_HASH);
  if (ref === WRONG_TYPE_REPLIED) return -1;
  const { database, keyspace: { hashes } } = call;
  const pairCount = (count - 2) / 2;
  if (ref === 0) {
    const newCount = hashes.add(database, 1, bytes, starts, ends, 2, pairCount);
    call.dirty += pairCount;
    call.changed(1, EVENT_HASH, "hset");
    return newCount;
  }
  // Redis 7.2 does not try to keep what it is given in a listpack when it is more than fits one.
  if (pairCount > call.keyspace.limits.hashMaxListpackEntries) {
    ref = hashes.ensureTable(database, ref);
  }
  let newCount = 0;
  for (let i = 2; i < count; i += 2) {
    call.fetchMembers(ref, 2, i, 2);
    const isNew = hashes.set(
      database,
      ref,
      bytes,
      starts[i],
      ends[i],
      bytes,
      starts[i + 1],
      ends[i + 1],
      false,
    );
    ref = hashes.entry;
    call.dirty++;
    if (isNew) newCount++;
  }
  call.changed(1, EVENT_HASH, "hset");
  return newCount;
}
