/**
 * Asking for the expiry times of fields and taking them away: HTTL, HPTTL, HEXPIRETIME,
 * HPEXPIRETIME, HPERSIST (Redis 7.4). Seconds are rounded up.
 */
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { TYPE_HASH } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import type { CommandDefinition } from "../definition.ts";
import { defineCommand, keyRange } from "../definition.ts";
import type { ExpiryUnit } from "../expiry_argument.ts";
import { EX, EXAT, PX, PXAT } from "../expiry_argument.ts";
import { EVENT_HASH } from "../key_events.ts";
import { FIELDS_BLOCK, findField, KEY } from "./arguments.ts";
import { fieldCountOrReply } from "./field_arguments.ts";

/** Replies for each field. */
const NO_FIELD = -2;
const NO_TIME = -1;
const PERSISTED = 1;

const FIELDS_AT = 2;
const COMPLEXITY = "O(N) where N is the number of fields given.";

function timeCommand(name: string, summary: string, unit: ExpiryUnit): CommandDefinition {
  return defineCommand({
    name,
    summary,
    since: "7.4.0",
    group: "hash",
    complexity: COMPLEXITY,
    arity: -5,
    flags: ["readonly", "fast"],
    acl: ["hash"],
    tips: unit.isAbsolute ? [] : ["nondeterministic_output"],
    keys: [keyRange(1, 1, 1, "RO access")],
    arguments: [KEY, FIELDS_BLOCK],
    run: (call) => replyTimes(call, unit),
  });
}

function replyTimes(call: Call, unit: ExpiryUnit): void {
  let ref = call.lookupReadOf(1, TYPE_HASH);
  if (ref === WRONG_TYPE_REPLIED) return;
  const count = fieldCountOrReply(call, FIELDS_AT);
  if (count !== count) return;
  const { keyspace: { hashes, nowMs }, reply } = call;
  reply.array(count);
  for (let i = FIELDS_AT + 2; i < call.count; i++) {
    if (ref === 0) reply.integer(NO_FIELD);
    else {
      const isThere = findField(call, ref, i);
      ref = hashes.entry;
      if (!isThere) reply.integer(NO_FIELD);
      else if (hashes.expiresAtMs === NO_EXPIRY) reply.integer(NO_TIME);
      else {
        const ms = unit.isAbsolute ? hashes.expiresAtMs : hashes.expiresAtMs - nowMs;
        reply.integer(unit.isSeconds ? Math.ceil(ms / 1000) : ms);
      }
    }
  }
}

const hpersist = defineCommand({
  name: "hpersist",
  summary: "Takes the expiry times of fields away.",
  since: "7.4.0",
  group: "hash",
  complexity: COMPLEXITY,
  arity: -5,
  flags: ["write", "fast"],
  acl: ["hash"],
  keys: [keyRange(1, 1, 1, "RW update")],
  arguments: [KEY, FIELDS_BLOCK],
  run(call) {
    let ref = call.lookupWriteOf(1, TYPE_HASH);
    if (ref === WRONG_TYPE_REPLIED) return;
    const count = fieldCountOrReply(call, FIELDS_AT);
    if (count !== count) return;
    const { keyspace: { hashes }, reply } = call;
    const dirtyBefore = call.dirty;
    reply.array(count);
    for (let i = FIELDS_AT + 2; i < call.count; i++) {
      reply.integer(ref === 0 ? NO_FIELD : persistField(call, ref, i));
      if (ref !== 0) ref = hashes.entry;
    }
    if (call.dirty !== dirtyBefore) call.changed(1, EVENT_HASH, "hpersist");
  },
});

function persistField(call: Call, ref: number, index: number): number {
  if (!findField(call, ref, index)) return NO_FIELD;
  const { args: { bytes, starts, ends }, database, keyspace: { hashes } } = call;
  if (hashes.expiresAtMs === NO_EXPIRY) return NO_TIME;
  hashes.setExpiry(database, bytes, starts[index], ends[index], NO_EXPIRY);
  call.dirty++;
  return PERSISTED;
}

/** The commands of this file. */
export const timeToLiveCommands: readonly CommandDefinition[] = [
  timeCommand("httl", "Shows after how many seconds fields expire.", EX),
  timeCommand("hpttl", "Shows after how many milliseconds fields expire.", PX),
  timeCommand("hexpiretime", "Shows the Unix times in seconds at which fields expire.", EXAT),
  timeCommand("hpexpiretime", "Shows the Unix times in milliseconds at which fields expire.", PXAT),
  hpersist,
];
