/** Asking for expiry times and taking them away: TTL, PTTL, EXPIRETIME, PEXPIRETIME, PERSIST. */
import { NO_EXPIRY } from "../../keyspace/database.ts";
import type { Call } from "../call.ts";
import type { ArgumentSpecification, CommandDefinition } from "../definition.ts";
import { defineCommand, keyRange } from "../definition.ts";
import type { ExpiryUnit } from "../expiry_argument.ts";
import { EX, EXAT, PX, PXAT } from "../expiry_argument.ts";
import { EVENT_GENERIC } from "../key_events.ts";

const NO_KEY_REPLY = -2;
const NO_EXPIRY_REPLY = -1;

const KEY: readonly ArgumentSpecification[] = [{ name: "key", type: "key", keySpec: 0 }];

const ttl = defineCommand({
  name: "ttl",
  summary: "Shows after how many seconds a key expires.",
  since: "1.0.0",
  group: "generic",
  complexity: "O(1)",
  history: [["2.8.0", "Replies -2 where there is no such key."]],
  arity: 2,
  flags: ["readonly", "fast"],
  acl: ["keyspace"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: KEY,
  run: (call) => replyExpiry(call, EX),
});

const pttl = defineCommand({
  name: "pttl",
  summary: "Shows after how many milliseconds a key expires.",
  since: "2.6.0",
  group: "generic",
  complexity: "O(1)",
  history: [["2.8.0", "Replies -2 where there is no such key."]],
  arity: 2,
  flags: ["readonly", "fast"],
  acl: ["keyspace"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: KEY,
  run: (call) => replyExpiry(call, PX),
});

const expiretime = defineCommand({
  name: "expiretime",
  summary: "Shows the Unix time in seconds at which a key expires.",
  since: "7.0.0",
  group: "generic",
  complexity: "O(1)",
  arity: 2,
  flags: ["readonly", "fast"],
  acl: ["keyspace"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: KEY,
  run: (call) => replyExpiry(call, EXAT),
});

const pexpiretime = defineCommand({
  name: "pexpiretime",
  summary: "Shows the Unix time in milliseconds at which a key expires.",
  since: "7.0.0",
  group: "generic",
  complexity: "O(1)",
  arity: 2,
  flags: ["readonly", "fast"],
  acl: ["keyspace"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: KEY,
  run: (call) => replyExpiry(call, PXAT),
});

function replyExpiry(call: Call, unit: ExpiryUnit): void {
  const ref = call.peekRead(1);
  if (ref === 0) return call.reply.integer(NO_KEY_REPLY);
  const expiresAtMs = call.database.expiresAtMs(ref);
  if (expiresAtMs === NO_EXPIRY) return call.reply.integer(NO_EXPIRY_REPLY);
  const ms = unit.isAbsolute ? expiresAtMs : Math.max(0, expiresAtMs - call.keyspace.nowMs);
  const value = unit.isSeconds ? Math.floor((ms + 500) / 1000) : ms;
  if (value <= Number.MAX_SAFE_INTEGER) call.reply.integer(value);
  else call.reply.bigInteger(BigInt(value));
}

const persist = defineCommand({
  name: "persist",
  summary: "Takes a key's expiry time away.",
  since: "2.2.0",
  group: "generic",
  complexity: "O(1)",
  arity: 2,
  flags: ["write", "fast"],
  acl: ["keyspace"],
  keys: [keyRange(1, 1, 1, "RW update")],
  arguments: KEY,
  run(call) {
    const ref = call.lookupWrite(1);
    if (ref === 0 || call.database.expiresAtMs(ref) === NO_EXPIRY) return call.reply.integer(0);
    call.database.removeExpiry(ref);
    call.dirty++;
    call.changed(1, EVENT_GENERIC, "persist");
    call.reply.integer(1);
  },
});

/** The commands of this file. */
export const timeToLiveCommands: readonly CommandDefinition[] = [
  ttl,
  pttl,
  expiretime,
  pexpiretime,
  persist,
];
