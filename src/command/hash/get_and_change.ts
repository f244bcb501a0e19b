/** Reading fields and changing them on the way: HGETDEL, HGETEX (Redis 8.0). */
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { TYPE_HASH } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { EVENT_HASH } from "../key_events.ts";
import {
  EXPIRATIONS,
  FIELDS_BLOCK,
  findField,
  KEY,
  replyValue,
  tellDeletion,
} from "./arguments.ts";
import {
  expiryUnitAt,
  fieldCountOrReply,
  fieldExpiryOrReply,
  propagateDeletions,
} from "./field_arguments.ts";

const COMPLEXITY = "O(N) where N is the number of fields given.";

export const hgetdel = defineCommand({
  name: "hgetdel",
  summary: "Returns the values of fields and deletes them; the key goes with the last one.",
  since: "8.0.0",
  group: "hash",
  complexity: COMPLEXITY,
  arity: -5,
  flags: ["write", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RW access delete")],
  arguments: [KEY, FIELDS_BLOCK],
  run(call) {
    let ref = call.lookupWriteOf(1, TYPE_HASH);
    if (ref === WRONG_TYPE_REPLIED) return;
    const count = fieldCountOrReply(call, 2);
    if (count !== count) return;
    const { args, database, keyspace: { hashes }, propagation, reply } = call;
    const dirtyBefore = call.dirty;
    reply.array(count);
    for (let i = 4; i < call.count; i++) {
      if (ref !== 0 && findField(call, ref, i)) {
        replyValue(call);
        hashes.removeFound(database);
        call.dirty++;
      } else reply.null();
      if (ref !== 0) ref = hashes.entry;
    }
    if (call.dirty === dirtyBefore) return;
    tellDeletion(call);
    if (!propagation.isActive) return;
    const parts = ["HDEL", args.view(1)];
    for (let i = 4; i < call.count; i++) parts.push(args.view(i));
    propagation.replaceWith(database.index, ...parts);
  },
});

export const hgetex = defineCommand({
  name: "hgetex",
  summary: "Returns the values of fields and gives the fields an expiry time, or takes it away.",
  since: "8.0.0",
  group: "hash",
  complexity: COMPLEXITY,
  arity: -5,
  flags: ["write", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RW access update", "An update since the TTL may change")],
  arguments: [
    KEY,
    {
      name: "expiration",
      type: "oneof",
      flags: ["optional"],
      arguments: [...EXPIRATIONS, { name: "persist", type: "pure-token", token: "PERSIST" }],
    },
    FIELDS_BLOCK,
  ],
  run(call) {
    const ref = call.lookupWriteOf(1, TYPE_HASH);
    if (ref === WRONG_TYPE_REPLIED) return;
    const unit = expiryUnitAt(call, 2);
    if (unit !== null) {
      const expiresAtMs = fieldExpiryOrReply(call, 3, unit);
      if (expiresAtMs === expiresAtMs) getAndChange(call, ref, 4, true, expiresAtMs);
    } else if (call.is(2, "persist")) getAndChange(call, ref, 3, true, NO_EXPIRY);
    else getAndChange(call, ref, 2, false, NO_EXPIRY);
  },
});

/** Replies with the values, and gives each field the expiry time, or none, if that is wanted. */
function getAndChange(
  call: Call,
  ref: number,
  fieldsAt: number,
  changes: boolean,
  expiresAtMs: number,
): void {
  const count = fieldCountOrReply(call, fieldsAt);
  if (count !== count) return;
  const { args, database, keyspace, propagation, reply } = call;
  const hashes = keyspace.hashes;
  const { bytes, starts, ends } = args;
  const first = fieldsAt + 2;
  const isPast = changes && expiresAtMs !== NO_EXPIRY && keyspace.isPast(expiresAtMs);
  const deleted: number[] = [];
  let isChanged = false;
  reply.array(count);
  for (let i = first; i < first + count; i++) {
    if (ref !== 0 && findField(call, ref, i)) {
      replyValue(call);
      if (isPast) {
        hashes.removeFound(database);
        deleted.push(i);
        call.dirty++;
      } else if (changes && (expiresAtMs !== NO_EXPIRY || hashes.expiresAtMs !== NO_EXPIRY)) {
        hashes.setExpiry(database, bytes, starts[i], ends[i], expiresAtMs);
        isChanged = true;
        call.dirty++;
      }
    } else reply.null();
    if (ref !== 0) ref = hashes.entry;
  }
  propagateDeletions(call, deleted);
  if (deleted.length > 0) tellDeletion(call);
  if (!isChanged) return;
  call.changed(1, EVENT_HASH, expiresAtMs === NO_EXPIRY ? "hpersist" : "hexpire");
  if (!propagation.isActive) return;
  const parts = expiresAtMs === NO_EXPIRY
    ? ["HPERSIST", args.view(1)]
    : ["HPEXPIREAT", args.view(1), String(expiresAtMs)];
  for (let i = fieldsAt; i < call.count; i++) parts.push(args.view(i));
  propagation.replaceWith(database.index, ...parts);
}
