/**
 * Letting fields expire: HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT (Redis 7.4).
 *
 * Repeated elsewhere, all of them are HPEXPIREAT with the time they came to and the fields that took
 * it, or the deletions that a time in the past amounts to.
 */
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { TYPE_HASH } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import type { ArgumentSpecification, CommandDefinition } from "../definition.ts";
import { defineCommand, keyRange } from "../definition.ts";
import type { ExpiryUnit } from "../expiry_argument.ts";
import { EX, EXAT, EXPIRY_CONDITION, PX, PXAT } from "../expiry_argument.ts";
import { EVENT_HASH } from "../key_events.ts";
import { FIELDS_BLOCK, findField, KEY, tellDeletion } from "./arguments.ts";
import {
  fieldCountOrReply,
  fieldExpiryOrReply,
  NOT_ABOVE_ZERO_FIELDS,
  propagateDeletions,
} from "./field_arguments.ts";

/** Replies for each field. */
const NO_FIELD = -2;
const NOT_MET = 0;
const SET = 1;
const DELETED = 2;

/** Conditions. */
const ALWAYS = 0;
const NX = 1;
const XX = 2;
const GT = 3;
const LT = 4;

function expiryCommand(
  name: string,
  summary: string,
  time: ArgumentSpecification,
  unit: ExpiryUnit,
): CommandDefinition {
  return defineCommand({
    name,
    summary,
    since: "7.4.0",
    group: "hash",
    complexity: "O(N) where N is the number of fields given.",
    arity: -6,
    flags: ["write", "fast"],
    acl: ["hash"],
    keys: [keyRange(1, 1, 1, "RW update")],
    arguments: [KEY, time, EXPIRY_CONDITION, FIELDS_BLOCK],
    run: (call) => expireFields(call, unit),
  });
}

function expireFields(call: Call, unit: ExpiryUnit): void {
  let ref = call.lookupWriteOf(1, TYPE_HASH);
  if (ref === WRONG_TYPE_REPLIED) return;
  const expiresAtMs = fieldExpiryOrReply(call, 2, unit);
  if (expiresAtMs !== expiresAtMs) return;
  const condition = conditionAt(call, 3);
  const fieldsAt = condition === ALWAYS ? 3 : 4;
  const count = fieldCountOrReply(call, fieldsAt, NOT_ABOVE_ZERO_FIELDS);
  if (count !== count) return;
  const { keyspace: { hashes }, reply } = call;
  const first = fieldsAt + 2;
  const set: number[] = [];
  const deleted: number[] = [];
  reply.array(count);
  for (let i = first; i < first + count; i++) {
    const result = ref === 0 ? NO_FIELD : expireField(call, ref, i, condition, expiresAtMs);
    if (ref !== 0) ref = hashes.entry;
    reply.integer(result);
    if (result === SET) set.push(i);
    else if (result === DELETED) deleted.push(i);
    else continue;
    call.dirty++;
  }
  propagateDeletions(call, deleted);
  if (deleted.length > 0) tellDeletion(call);
  else if (set.length > 0) call.changed(1, EVENT_HASH, "hexpire");
  if (unit !== PXAT || set.length < count) propagateExpiry(call, unit, expiresAtMs, fieldsAt, set);
}

function conditionAt(call: Call, index: number): number {
  if (call.is(index, "nx")) return NX;
  if (call.is(index, "xx")) return XX;
  if (call.is(index, "gt")) return GT;
  return call.is(index, "lt") ? LT : ALWAYS;
}

/** Lets the field at an argument expire; returns what is replied for it. */
function expireField(
  call: Call,
  ref: number,
  index: number,
  condition: number,
  expiresAtMs: number,
): number {
  if (!findField(call, ref, index)) return NO_FIELD;
  const { database, keyspace } = call;
  const hashes = keyspace.hashes;
  if (!isMet(condition, hashes.expiresAtMs, expiresAtMs)) return NOT_MET;
  if (keyspace.isPast(expiresAtMs)) {
    hashes.removeFound(database);
    return DELETED;
  }
  const { bytes, starts, ends } = call.args;
  hashes.setExpiry(database, bytes, starts[index], ends[index], expiresAtMs);
  return SET;
}

/** Whether a field with expiry time `oldMs` may get `newMs`: no expiry is the latest. */
function isMet(condition: number, oldMs: number, newMs: number): boolean {
  switch (condition) {
    case NX:
      return oldMs === NO_EXPIRY;
    case XX:
      return oldMs !== NO_EXPIRY;
    case GT:
      return oldMs !== NO_EXPIRY && newMs > oldMs;
    case LT:
      return oldMs === NO_EXPIRY || newMs < oldMs;
  }
  return true;
}

/** Repeats the absolute time, for the fields that took it. */
function propagateExpiry(
  call: Call,
  unit: ExpiryUnit,
  expiresAtMs: number,
  fieldsAt: number,
  set: readonly number[],
): void {
  const { args, database, propagation } = call;
  if (set.length === 0 || !propagation.isActive) return;
  const name = unit === PXAT ? args.view(0) : "HPEXPIREAT";
  const parts = [name, args.view(1), String(expiresAtMs)];
  if (fieldsAt === 4) parts.push(args.view(3));
  parts.push("FIELDS", String(set.length));
  for (const index of set) parts.push(args.view(index));
  propagation.replaceWith(database.index, ...parts);
}

/** The commands of this file. */
export const expireCommands: readonly CommandDefinition[] = [
  expiryCommand(
    "hexpire",
    "Lets fields expire after so many seconds.",
    { name: "seconds", type: "integer" },
    EX,
  ),
  expiryCommand(
    "hpexpire",
    "Lets fields expire after so many milliseconds.",
    { name: "milliseconds", type: "integer" },
    PX,
  ),
  expiryCommand(
    "hexpireat",
    "Lets fields expire at a Unix time in seconds.",
    { name: "unix-time-seconds", type: "unix-time" },
    EXAT,
  ),
  expiryCommand(
    "hpexpireat",
    "Lets fields expire at a Unix time in milliseconds.",
    { name: "unix-time-milliseconds", type: "unix-time" },
    PXAT,
  ),
];
