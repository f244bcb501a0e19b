/** Asking for single fields: HGET, HMGET, HSTRLEN, HEXISTS, and for their number: HLEN. */
import { TYPE_HASH } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { FIELD, FIELDS, findField, KEY, replyValue } from "./arguments.ts";

export const hget = defineCommand({
  name: "hget",
  summary: "Returns the value of a field.",
  since: "2.0.0",
  group: "hash",
  complexity: "O(1)",
  arity: 3,
  flags: ["readonly", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, FIELD],
  run(call) {
    const ref = call.lookupReadOf(1, TYPE_HASH);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref !== 0 && findField(call, ref, 2)) replyValue(call);
    else call.reply.null();
  },
});

export const hmget = defineCommand({
  name: "hmget",
  summary: "Returns the values of fields, null for those that are not there.",
  since: "2.0.0",
  group: "hash",
  complexity: "O(N) where N is the number of fields given.",
  arity: -3,
  flags: ["readonly", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, FIELDS],
  run(call) {
    const ref = call.lookupReadOf(1, TYPE_HASH);
    if (ref !== WRONG_TYPE_REPLIED) replyValues(call, ref, 2, call.count - 2);
  },
});

/** Replies with the values of `count` fields from an argument on. */
function replyValues(call: Call, ref: number, first: number, count: number): void {
  const { keyspace: { hashes }, reply } = call;
  reply.array(count);
  for (let i = first; i < first + count; i++) {
    if (ref !== 0) call.fetchMembers(ref, first, i, 1);
    if (ref !== 0 && findField(call, ref, i)) replyValue(call);
    else reply.null();
    // A field whose time is past may take the key along.
    if (ref !== 0) ref = hashes.entry;
  }
}

export const hstrlen = defineCommand({
  name: "hstrlen",
  summary: "Returns how many bytes the value of a field has.",
  since: "3.2.0",
  group: "hash",
  complexity: "O(1)",
  arity: 3,
  flags: ["readonly", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RO")],
  arguments: [KEY, FIELD],
  run(call) {
    const ref = call.lookupReadOf(1, TYPE_HASH);
    if (ref === WRONG_TYPE_REPLIED) return;
    const isThere = ref !== 0 && findField(call, ref, 2);
    call.reply.integer(isThere ? call.keyspace.hashes.valueLength : 0);
  },
});

export const hexists = defineCommand({
  name: "hexists",
  summary: "Tells whether a hash has a field.",
  since: "2.0.0",
  group: "hash",
  complexity: "O(1)",
  arity: 3,
  flags: ["readonly", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RO")],
  arguments: [KEY, FIELD],
  run(call) {
    const ref = call.lookupReadOf(1, TYPE_HASH);
    if (ref === WRONG_TYPE_REPLIED) return;
    call.reply.integer(ref !== 0 && findField(call, ref, 2) ? 1 : 0);
  },
});

export const hlen = defineCommand({
  name: "hlen",
  summary: "Returns how many fields a hash has.",
  since: "2.0.0",
  group: "hash",
  complexity: "O(1)",
  arity: 2,
  flags: ["readonly", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RO")],
  arguments: [KEY],
  run(call) {
    const ref = call.lookupReadOf(1, TYPE_HASH);
    if (ref === WRONG_TYPE_REPLIED) return;
    call.reply.integer(ref === 0 ? 0 : call.keyspace.hashes.count(call.database, ref));
  },
});
