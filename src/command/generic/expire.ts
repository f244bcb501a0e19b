/**
 * Setting expiry times: EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT.
 *
 * Repeated elsewhere, all of them are PEXPIREAT with the time they came to, or the deletion that a
 * time in the past amounts to.
 */
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { invalidExpireTime } from "../../protocol/wire_errors.ts";
import type { Call } from "../call.ts";
import type { ArgumentSpecification, CommandDefinition } from "../definition.ts";
import { defineCommand, keyRange } from "../definition.ts";
import type { ExpiryUnit } from "../expiry_argument.ts";
import { absoluteExpiryMs, EX, EXAT, EXPIRY_CONDITION, PX, PXAT } from "../expiry_argument.ts";
import { int64OrReply } from "../integer_argument.ts";
import { EVENT_GENERIC } from "../key_events.ts";

const NX_AND_OTHERS = "ERR NX and XX, GT or LT options at the same time are not compatible";
const GT_AND_LT = "ERR GT and LT options at the same time are not compatible";

const NX = 1;
const XX = 2;
const GT = 4;
const LT = 8;
/** What {@link conditionOrReply} returns when it has replied with an error. */
const REPLIED = -1;

const CONDITION: ArgumentSpecification = { ...EXPIRY_CONDITION, since: "7.0.0" };

function expiryCommand(
  name: string,
  since: string,
  summary: string,
  time: ArgumentSpecification,
  unit: ExpiryUnit,
): CommandDefinition {
  return defineCommand({
    name,
    summary,
    since,
    group: "generic",
    complexity: "O(1)",
    history: [["7.0.0", "The options `NX`, `XX`, `GT` and `LT`."]],
    arity: -3,
    flags: ["write", "fast"],
    acl: ["keyspace"],
    keys: [keyRange(1, 1, 1, "RW update")],
    arguments: [{ name: "key", type: "key", keySpec: 0 }, time, CONDITION],
    run(call) {
      expire(call, unit);
    },
  });
}

function expire(call: Call, unit: ExpiryUnit): void {
  const condition = conditionOrReply(call);
  if (condition === REPLIED) return;
  const value = int64OrReply(call, 2);
  if (value !== value) return;
  const expiresAtMs = absoluteExpiryMs(call, value, unit);
  if (expiresAtMs !== expiresAtMs) return call.reply.error(invalidExpireTime(call.name));
  const database = call.database;
  const ref = call.lookupWrite(1);
  if (ref === 0 || !isMet(condition, database.expiresAtMs(ref), expiresAtMs)) {
    return call.reply.integer(0);
  }
  const keyspace = call.keyspace;
  // What is loaded keeps its time: whoever wrote it tells of its deletion, too.
  if (keyspace.isPast(expiresAtMs)) {
    database.delete(ref);
    call.changed(1, EVENT_GENERIC, "del");
    propagateDeletion(call);
  } else {
    database.setExpiry(ref, Math.max(0, expiresAtMs));
    call.changed(1, EVENT_GENERIC, "expire");
    if (unit !== PXAT) propagateExpiry(call, expiresAtMs);
  }
  call.dirty++;
  call.reply.integer(1);
}

/** The bits of the options behind the time, 0 for none. */
function conditionOrReply(call: Call): number {
  let condition = 0;
  for (let i = 3; i < call.count; i++) {
    if (call.is(i, "nx")) condition |= NX;
    else if (call.is(i, "xx")) condition |= XX;
    else if (call.is(i, "gt")) condition |= GT;
    else if (call.is(i, "lt")) condition |= LT;
    else {
      call.reply.error(`ERR Unsupported option ${call.text(i)}`);
      return REPLIED;
    }
  }
  if ((condition & NX) !== 0 && condition !== NX) {
    call.reply.error(NX_AND_OTHERS);
    return REPLIED;
  }
  if ((condition & GT) !== 0 && (condition & LT) !== 0) {
    call.reply.error(GT_AND_LT);
    return REPLIED;
  }
  return condition;
}

/** Whether the options let a key with expiry time `oldMs` get `newMs`: no expiry is the latest. */
function isMet(condition: number, oldMs: number, newMs: number): boolean {
  if (condition === 0) return true;
  const isVolatile = oldMs !== NO_EXPIRY;
  if ((condition & NX) !== 0 && isVolatile) return false;
  if ((condition & XX) !== 0 && !isVolatile) return false;
  if ((condition & GT) !== 0 && (!isVolatile || newMs <= oldMs)) return false;
  if ((condition & LT) !== 0 && isVolatile && newMs >= oldMs) return false;
  return true;
}

function propagateDeletion(call: Call): void {
  const name = call.settings.lazyExpire ? "UNLINK" : "DEL";
  if (call.propagation.isActive) {
    call.propagation.replaceWith(call.database.index, name, call.args.view(1));
  }
}

function propagateExpiry(call: Call, expiresAtMs: number): void {
  if (!call.propagation.isActive) return;
  const parts = ["PEXPIREAT", call.args.view(1), BigInt(expiresAtMs).toString()];
  for (let i = 3; i < call.count; i++) parts.push(call.args.view(i));
  call.propagation.replaceWith(call.database.index, ...parts);
}

/** The commands of this file. */
export const expireCommands: readonly CommandDefinition[] = [
  expiryCommand(
    "expire",
    "1.0.0",
    "Lets a key expire after so many seconds.",
    { name: "seconds", type: "integer" },
    EX,
  ),
  expiryCommand(
    "pexpire",
    "2.6.0",
    "Lets a key expire after so many milliseconds.",
    { name: "milliseconds", type: "integer" },
    PX,
  ),
  expiryCommand(
    "expireat",
    "1.2.0",
    "Lets a key expire at a Unix time in seconds.",
    { name: "unix-time-seconds", type: "unix-time" },
    EXAT,
  ),
  expiryCommand(
    "pexpireat",
    "2.6.0",
    "Lets a key expire at a Unix time in milliseconds.",
    { name: "unix-time-milliseconds", type: "unix-time" },
    PXAT,
  ),
];
