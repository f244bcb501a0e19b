/** All fields at once: HGETALL, HKEYS, HVALS. */
import { TYPE_HASH } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { KEY, replyField, replyValue } from "./arguments.ts";

const COMPLEXITY = "O(N) where N is the number of fields.";

export const hgetall = defineCommand({
  name: "hgetall",
  summary: "Returns all fields with their values.",
  since: "2.0.0",
  group: "hash",
  complexity: COMPLEXITY,
  arity: 2,
  flags: ["readonly"],
  acl: ["hash"],
  tips: ["nondeterministic_output_order"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY],
  run: (call) => replyAll(call, true, true),
});

export const hkeys = defineCommand({
  name: "hkeys",
  summary: "Returns all fields.",
  since: "2.0.0",
  group: "hash",
  complexity: COMPLEXITY,
  arity: 2,
  flags: ["readonly"],
  acl: ["hash"],
  tips: ["nondeterministic_output_order"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY],
  run: (call) => replyAll(call, true, false),
});

export const hvals = defineCommand({
  name: "hvals",
  summary: "Returns the values of all fields.",
  since: "2.0.0",
  group: "hash",
  complexity: COMPLEXITY,
  arity: 2,
  flags: ["readonly"],
  acl: ["hash"],
  tips: ["nondeterministic_output_order"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY],
  run: (call) => replyAll(call, false, true),
});

function replyAll(call: Call, hasFields: boolean, hasValues: boolean): void {
  const ref = call.lookupReadOf(1, TYPE_HASH);
  if (ref === WRONG_TYPE_REPLIED) return;
  const { database, keyspace: { hashes }, reply } = call;
  const count = ref === 0 ? 0 : hashes.liveCount(database, ref);
  if (hasFields && hasValues) reply.map(count);
  else reply.array(count);
  if (count === 0) return;
  for (hashes.beginWalk(database, ref); hashes.next();) {
    if (hasFields) replyField(call);
    if (hasValues) replyValue(call);
  }
}
