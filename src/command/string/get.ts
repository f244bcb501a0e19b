/** Reading a whole string: GET, GETEX, GETDEL, STRLEN. */
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type ArgumentSpecification, defineCommand, keyRange } from "../definition.ts";
import { positiveExpiryOrReply } from "../expiry_argument.ts";
import { EVENT_GENERIC } from "../key_events.ts";
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { StringOptions } from "./options.ts";

const KEY: ArgumentSpecification = { name: "key", type: "key", keySpec: 0 };

const options = new StringOptions();

export const get = defineCommand({
  name: "get",
  summary: "Returns the string that a key holds.",
  since: "1.0.0",
  group: "string",
  complexity: "O(1)",
  arity: 2,
  flags: ["readonly", "fast"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY],
  run(call) {
    replyString(call);
  },
});

export const getex = defineCommand({
  name: "getex",
  summary:
    "Returns the string that a key holds and gives the key an expiry time, or takes it away.",
  since: "6.2.0",
  group: "string",
  complexity: "O(1)",
  arity: -2,
  flags: ["write", "fast"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "RW access update", "An update since the TTL may change")],
  arguments: [
    KEY,
    {
      name: "expiration",
      type: "oneof",
      flags: ["optional"],
      arguments: [
        { name: "seconds", type: "integer", token: "EX" },
        { name: "milliseconds", type: "integer", token: "PX" },
        { name: "unix-time-seconds", type: "unix-time", token: "EXAT" },
        { name: "unix-time-milliseconds", type: "unix-time", token: "PXAT" },
        { name: "persist", type: "pure-token", token: "PERSIST" },
      ],
    },
  ],
  run(call) {
    if (!options.read(call, 2, false)) return;
    const ref = call.lookupStringRead(1);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.null();
    const database = call.database;
    let expiresAtMs = NO_EXPIRY;
    if (options.unit !== null) {
      expiresAtMs = positiveExpiryOrReply(call, options.expiryIndex, options.unit);
      if (expiresAtMs !== expiresAtMs) return;
    }
    call.replyValue(ref, 0, database.valueLengthOf(ref));
    if (options.unit !== null) expire(call, ref, expiresAtMs);
    else if (options.isPersist) persist(call, ref);
  },
});

export const getdel = defineCommand({
  name: "getdel",
  summary: "Returns the string that a key holds and deletes the key.",
  since: "6.2.0",
  group: "string",
  complexity: "O(1)",
  arity: 2,
  flags: ["write", "fast"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "RW access delete")],
  arguments: [KEY],
  run(call) {
    const ref = replyString(call);
    if (ref <= 0) return;
    call.database.delete(ref);
    call.dirty++;
    call.changed(1, EVENT_GENERIC, "del");
    propagate(call, "DEL");
  },
});

export const strlen = defineCommand({
  name: "strlen",
  summary: "Returns how many bytes the string of a key has.",
  since: "2.2.0",
  group: "string",
  complexity: "O(1)",
  arity: 2,
  flags: ["readonly", "fast"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "RO")],
  arguments: [KEY],
  run(call) {
    const ref = call.lookupStringRead(1);
    if (ref === WRONG_TYPE_REPLIED) return;
    call.reply.integer(ref === 0 ? 0 : call.database.valueLengthOf(ref));
  },
});

/** Replies with the string at argument 1 or null; returns what the look-up did. */
function replyString(call: Call): number {
  const ref = call.lookupStringRead(1);
  if (ref > 0) call.replyValue(ref, 0, call.database.valueLengthOf(ref));
  else if (ref === 0) call.reply.null();
  return ref;
}

/** An absolute time that has come already deletes the key at once. */
function expire(call: Call, ref: number, expiresAtMs: number): void {
  call.dirty++;
  if (call.keyspace.isPast(expiresAtMs)) {
    call.database.delete(ref);
    call.changed(1, EVENT_GENERIC, "del");
    return propagate(call, call.settings.lazyExpire ? "UNLINK" : "DEL");
  }
  call.database.setExpiry(ref, expiresAtMs);
  call.changed(1, EVENT_GENERIC, "expire");
  propagate(call, "PEXPIREAT", expiresAtMs);
}

function persist(call: Call, ref: number): void {
  const database = call.database;
  if (database.expiresAtMs(ref) === NO_EXPIRY) return;
  database.removeExpiry(ref);
  call.dirty++;
  call.changed(1, EVENT_GENERIC, "persist");
  propagate(call, "PERSIST");
}

/** What the command came to, done to the key of argument 1. */
function propagate(call: Call, name: string, expiresAtMs?: number): void {
  const propagation = call.propagation;
  if (!propagation.isActive) return;
  const key = call.args.view(1);
  if (expiresAtMs === undefined) propagation.replaceWith(call.database.index, name, key);
  else {
    const text = BigInt(expiresAtMs).toString();
    propagation.replaceWith(call.database.index, name, key, text);
  }
}
