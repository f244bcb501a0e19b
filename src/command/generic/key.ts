/** Single keys, whatever they hold: DEL, UNLINK, EXISTS, TYPE, TOUCH, RANDOMKEY. */
import type { Database } from "../../keyspace/database.ts";
import { TYPE_NAMES } from "../../keyspace/value_type.ts";
import type { Call } from "../call.ts";
import type { CommandDefinition } from "../definition.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { EVENT_GENERIC } from "../key_events.ts";
import { replyKey } from "./entry_key.ts";

/** Where every key has an expiry time and none may be deleted, chance gives up after so many. */
const RANDOM_TRIES_MAX = 100;

const MULTI_SHARD_SUM = ["request_policy:multi_shard", "response_policy:agg_sum"];

const KEYS = [{ name: "key", type: "key", keySpec: 0, flags: ["multiple"] }] as const;

const del = defineCommand({
  name: "del",
  summary: "Removes keys together with their values.",
  since: "1.0.0",
  group: "generic",
  complexity: "O(N) for N keys of strings; O(M) for each key whose value has M elements.",
  arity: -2,
  flags: ["write"],
  acl: ["keyspace"],
  tips: MULTI_SHARD_SUM,
  keys: [keyRange(1, -1, 1, "RM delete")],
  arguments: KEYS,
  run: (call) => deleteKeys(call, call.settings.lazyUserDelete),
});

const unlink = defineCommand({
  name: "unlink",
  summary: "Removes keys and leaves the freeing of their memory for later.",
  since: "4.0.0",
  group: "generic",
  complexity: "O(1) for each key, and O(N) later for the N allocations of the values removed.",
  arity: -2,
  flags: ["write", "fast"],
  acl: ["keyspace"],
  tips: MULTI_SHARD_SUM,
  keys: [keyRange(1, -1, 1, "RM delete")],
  arguments: KEYS,
  run: (call) => deleteKeys(call, true),
});

function deleteKeys(call: Call, isLazy: boolean): void {
  const args = call.args;
  const database = call.database;
  let deleted = 0;
  for (let i = 1; i < args.count; i++) {
    const ref = database.peek(args.bytes, args.starts[i], args.ends[i]);
    if (ref === 0) continue;
    if (isLazy) database.unlink(ref);
    else database.delete(ref);
    call.changed(i, EVENT_GENERIC, "del");
    deleted++;
  }
  call.dirty += deleted;
  call.reply.integer(deleted);
}

const exists = defineCommand({
  name: "exists",
  summary: "Counts how many of the keys named are there; a key named twice counts twice.",
  since: "1.0.0",
  group: "generic",
  complexity: "O(N) where N is the number of keys named.",
  history: [["3.0.3", "Takes more than one `key`."]],
  arity: -2,
  flags: ["readonly", "fast"],
  acl: ["keyspace"],
  tips: MULTI_SHARD_SUM,
  keys: [keyRange(1, -1, 1, "RO")],
  arguments: KEYS,
  run(call) {
    let found = 0;
    for (let i = 1; i < call.count; i++) if (call.peekRead(i) !== 0) found++;
    call.reply.integer(found);
  },
});

const type = defineCommand({
  name: "type",
  summary: "Names the type of the value that a key holds.",
  since: "1.0.0",
  group: "generic",
  complexity: "O(1)",
  arity: 2,
  flags: ["readonly", "fast"],
  acl: ["keyspace"],
  keys: [keyRange(1, 1, 1, "RO")],
  arguments: [{ name: "key", type: "key", keySpec: 0 }],
  run(call) {
    const ref = call.peekRead(1);
    call.reply.simple(ref === 0 ? "none" : TYPE_NAMES[call.database.typeOf(ref)]);
  },
});

const touch = defineCommand({
  name: "touch",
  summary: "Marks keys as used just now and counts those that are there.",
  since: "3.2.1",
  group: "generic",
  complexity: "O(N) where N is the number of keys named.",
  arity: -2,
  flags: ["readonly", "fast"],
  acl: ["keyspace"],
  tips: MULTI_SHARD_SUM,
  keys: [keyRange(1, -1, 1, "RO")],
  arguments: KEYS,
  run(call) {
    const keyspace = call.keyspace;
    // The one command that marks keys as used for a client with NO-TOUCH, too.
    const isNoTouch = keyspace.isNoTouch;
    keyspace.isNoTouch = false;
    let touched = 0;
    for (let i = 1; i < call.count; i++) if (call.lookupRead(i) !== 0) touched++;
    keyspace.isNoTouch = isNoTouch;
    call.reply.integer(touched);
  },
});

const randomkey = defineCommand({
  name: "randomkey",
  summary: "Names a key of the database, chosen by chance.",
  since: "1.0.0",
  group: "generic",
  complexity: "O(1)",
  arity: 1,
  flags: ["readonly"],
  acl: ["keyspace"],
  tips: ["request_policy:all_shards", "response_policy:special", "nondeterministic_output"],
  run(call) {
    const ref = randomKey(call, call.database);
    if (ref === 0) call.reply.null();
    else replyKey(call.reply, call.keyspace.heap, ref);
  },
});

/** A key, each with the same chance, deleting the expired ones that chance meets; 0 for none. */
function randomKey(call: Call, database: Database): number {
  const keyspace = call.keyspace;
  const mayBeAllExpired = keyspace.keepsExpired && database.size === database.expires.count;
  for (let tries = 1;; tries++) {
    const ref = database.keys.random(keyspace.prng);
    if (ref === 0) return 0;
    // Here nothing makes an end certain, so Redis lets an expired key's name slip out.
    if (mayBeAllExpired && tries >= RANDOM_TRIES_MAX) return ref;
    if (!keyspace.expireIfNeeded(database, ref)) return ref;
  }
}

/** The commands of this file. */
export const keyCommands: readonly CommandDefinition[] = [
  del,
  unlink,
  exists,
  type,
  touch,
  randomkey,
];
