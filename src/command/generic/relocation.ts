/**
 * Values that get another key or another database: RENAME, RENAMENX, COPY, MOVE.
 *
 * The expiry time goes along. The access bits do not: as in Redis 7.2 a key that is added counts as
 * used just now, and its LFU counter begins anew.
 *
 * Entries are looked up again after another key was deleted: references do not outlive that.
 */
import { equalBytes } from "../../base/ascii.ts";
import type { Database } from "../../keyspace/database.ts";
import { NO_SUCH_KEY, SAME_OBJECT } from "../../protocol/wire_errors.ts";
import type { Call } from "../call.ts";
import type { ArgumentSpecification, CommandDefinition } from "../definition.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { EVENT_GENERIC } from "../key_events.ts";
import { databaseOrReply } from "./database_argument.ts";

const RENAME_ARGUMENTS: readonly ArgumentSpecification[] = [
  { name: "key", type: "key", keySpec: 0 },
  { name: "newkey", type: "key", keySpec: 1 },
];

const rename = defineCommand({
  name: "rename",
  summary: "Gives a key another name; what that name held is gone.",
  since: "1.0.0",
  group: "generic",
  complexity: "O(1)",
  arity: 3,
  flags: ["write"],
  acl: ["keyspace"],
  keys: [keyRange(1, 1, 1, "RW access delete"), keyRange(2, 2, 1, "OW update")],
  arguments: RENAME_ARGUMENTS,
  run(call) {
    if (call.lookupWrite(1) === 0) return call.reply.error(NO_SUCH_KEY);
    if (!hasSameKeys(call)) {
      const target = call.lookupWrite(2);
      if (target !== 0) {
        call.database.deleteReplaced(target);
        // Now: should there be no room for the other name, this has been changed.
        call.dirty++;
      }
      move(call, call.database, 2, "rename_from", "rename_to");
      if (target === 0) call.dirty++;
    }
    call.reply.ok();
  },
});

const renamenx = defineCommand({
  name: "renamenx",
  summary: "Gives a key another name if nothing has that name yet.",
  since: "1.0.0",
  group: "generic",
  complexity: "O(1)",
  history: [["3.2.0", "Two names that are the same are no longer an error."]],
  arity: 3,
  flags: ["write", "fast"],
  acl: ["keyspace"],
  keys: [keyRange(1, 1, 1, "RW access delete"), keyRange(2, 2, 1, "OW insert")],
  arguments: RENAME_ARGUMENTS,
  run(call) {
    if (call.lookupWrite(1) === 0) return call.reply.error(NO_SUCH_KEY);
    if (hasSameKeys(call) || call.lookupWrite(2) !== 0) return call.reply.integer(0);
    move(call, call.database, 2, "rename_from", "rename_to");
    call.dirty++;
    call.reply.integer(1);
  },
});

const moveCommand = defineCommand({
  name: "move",
  summary: "Takes a key to another database if that has none of the name.",
  since: "1.0.0",
  group: "generic",
  complexity: "O(1)",
  arity: 3,
  flags: ["write", "fast"],
  acl: ["keyspace"],
  keys: [keyRange(1, 1, 1, "RW access update")],
  arguments: [
    { name: "key", type: "key", keySpec: 0 },
    { name: "db", type: "integer" },
  ],
  run(call) {
    const target = databaseOrReply(call, 2);
    if (target === undefined) return;
    if (target === call.database) return call.reply.error(SAME_OBJECT);
    if (call.lookupWrite(1) === 0 || lookupWriteIn(target, call, 1) !== 0) {
      return call.reply.integer(0);
    }
    move(call, target, 1, "move_from", "move_to");
    call.dirty++;
    call.reply.integer(1);
  },
});

const copy = defineCommand({
  name: "copy",
  summary: "Gives another key the same value and expiry time.",
  since: "6.2.0",
  group: "generic",
  complexity: "O(1) for a string, O(N) for a value of N elements.",
  arity: -3,
  flags: ["write", "denyoom"],
  acl: ["keyspace"],
  keys: [keyRange(1, 1, 1, "RO access"), keyRange(2, 2, 1, "OW update")],
  arguments: [
    { name: "source", type: "key", keySpec: 0 },
    { name: "destination", type: "key", keySpec: 1 },
    { name: "destination-db", type: "integer", token: "DB", flags: ["optional"] },
    { name: "replace", type: "pure-token", token: "REPLACE", flags: ["optional"] },
  ],
  run(call) {
    let target = call.database;
    let replaces = false;
    for (let i = 3; i < call.count; i++) {
      if (call.is(i, "replace")) replaces = true;
      else if (call.is(i, "db") && i + 1 < call.count) {
        const database = databaseOrReply(call, ++i);
        if (database === undefined) return;
        target = database;
      } else return call.syntaxError();
    }
    if (target === call.database && hasSameKeys(call)) return call.reply.error(SAME_OBJECT);
    if (call.lookupRead(1) === 0) return call.reply.integer(0);
    const existing = lookupWriteIn(target, call, 2);
    if (existing !== 0) {
      if (!replaces) return call.reply.integer(0);
      target.deleteReplaced(existing);
    }
    copyInto(call, target, existing !== 0);
    const { bytes, starts, ends } = call.args;
    const events = call.keyEvents;
    if (events.isActive) {
      events.touched(target, bytes, starts[2], ends[2]);
      events.notify(target, bytes, starts[2], ends[2], EVENT_GENERIC, "copy_to");
    }
    call.reply.integer(1);
  },
});

/** Copies the first key to the second, which is not there (any more). */
function copyInto(call: Call, target: Database, hasReplaced: boolean): void {
  const { args: { bytes, starts, ends }, database, keyEvents, propagation } = call;
  call.dirty++;
  try {
    const ref = database.find(bytes, starts[1], ends[1]);
    const copied = database.copyTo(target, ref, bytes, starts[2], ends[2]);
    target.setAccess(copied, call.keyspace.access.initial);
  } catch (thrown) {
    if (!hasReplaced) call.dirty--;
    else {
      // No room for it, but what stood there is gone. In which database only this command knows.
      if (propagation.isActive) propagation.replaceWith(target.index, "DEL", call.args.view(2));
      if (keyEvents.isActive) keyEvents.touched(target, bytes, starts[2], ends[2]);
    }
    throw thrown;
  }
}

function hasSameKeys(call: Call): boolean {
  const { bytes, starts, ends } = call.args;
  return equalBytes(bytes, starts[1], ends[1], bytes, starts[2], ends[2]);
}

function lookupWriteIn(database: Database, call: Call, index: number): number {
  const args = call.args;
  return database.lookupWrite(args.bytes, args.starts[index], args.ends[index]);
}

/**
 * Moves the entry of the first argument, which is there, to the key at `index`, which is not.
 * @param from and to: what both keys are told.
 */
function move(call: Call, target: Database, index: number, from: string, to: string): void {
  const { bytes, starts, ends } = call.args;
  const ref = call.database.find(bytes, starts[1], ends[1]);
  const moved = call.database.moveTo(target, ref, bytes, starts[index], ends[index]);
  target.setAccess(moved, call.keyspace.access.initial);
  const events = call.keyEvents;
  if (!events.isActive) return;
  call.touched(1);
  events.touched(target, bytes, starts[index], ends[index]);
  call.notify(1, EVENT_GENERIC, from);
  events.notify(target, bytes, starts[index], ends[index], EVENT_GENERIC, to);
}

/** The commands of this file. */
export const relocationCommands: readonly CommandDefinition[] = [
  rename,
  renamenx,
  copy,
  moveCommand,
];
