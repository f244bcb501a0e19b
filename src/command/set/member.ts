/** Single members of one set: SADD, SREM, SISMEMBER, SMISMEMBER, SMOVE; and SCARD, SMEMBERS. */
import { NO_EXPIRY } from "../../keyspace/entries.ts";
import { TYPE_SET } from "../../keyspace/value_type.ts";
import { WRONG_TYPE } from "../../protocol/wire_errors.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { EVENT_GENERIC, EVENT_NEW, EVENT_SET } from "../key_events.ts";
import { KEY, MEMBER, MEMBERS, replyMembers, tellRemoved } from "./arguments.ts";

export const sadd = defineCommand({
  name: "sadd",
  summary: "Adds members to a set, which is made where there is none.",
  since: "1.0.0",
  group: "set",
  complexity: "O(N) where N is the number of members given.",
  history: [["2.4.0", "Several members may be given."]],
  arity: -3,
  flags: ["write", "denyoom", "fast"],
  acl: ["set"],
  keys: [keyRange(1, 1, 1, "RW insert")],
  arguments: [KEY, MEMBERS],
  run(call) {
    const ref = call.lookupWriteOf(1, TYPE_SET);
    if (ref === WRONG_TYPE_REPLIED) return;
    const dirtyBefore = call.dirty;
    if (ref !== 0) addAll(call, ref);
    else if (call.count === 3) {
      addKey(call, 1, 2);
      call.dirty++;
    } else addNew(call);
    if (call.dirty !== dirtyBefore) call.changed(1, EVENT_SET, "sadd");
    call.reply.integer(call.dirty - dirtyBefore);
  },
});

export const srem = defineCommand({
  name: "srem",
  summary: "Takes members out of a set.",
  since: "1.0.0",
  group: "set",
  complexity: "O(N) where N is the number of members given.",
  history: [["2.4.0", "Several members may be given."]],
  arity: -3,
  flags: ["write", "fast"],
  acl: ["set"],
  keys: [keyRange(1, 1, 1, "RW delete")],
  arguments: [KEY, MEMBERS],
  run(call) {
    let ref = call.lookupWriteOf(1, TYPE_SET);
    if (ref === WRONG_TYPE_REPLIED) return;
    const { bytes, starts, ends } = call.args;
    const sets = call.keyspace.sets;
    const dirtyBefore = call.dirty;
    for (let i = 2; ref !== 0 && i < call.count; i++) {
      ref = sets.remove(call.database, ref, bytes, starts[i], ends[i]);
      if (sets.isChanged) call.dirty++;
    }
    if (call.dirty !== dirtyBefore) {
      call.changed(1, EVENT_SET, "srem");
      if (ref === 0) call.notify(1, EVENT_GENERIC, "del");
    }
    call.reply.integer(call.dirty - dirtyBefore);
  },
});

export const smove = defineCommand({
  name: "smove",
  summary: "Takes a member out of one set and adds it to another.",
  since: "1.0.0",
  group: "set",
  complexity: "O(1)",
  arity: 4,
  flags: ["write", "fast"],
  acl: ["set"],
  keys: [keyRange(1, 1, 1, "RW access delete"), keyRange(2, 2, 1, "RW insert")],
  arguments: [
    { name: "source", type: "key", keySpec: 0 },
    { name: "destination", type: "key", keySpec: 1 },
    MEMBER,
  ],
  run(call) {
    const database = call.database;
    const source = call.lookupWrite(1);
    const target = call.lookupWrite(2);
    if (source === 0) return call.reply.integer(0);
    if (
      database.typeOf(source) !== TYPE_SET || (target !== 0 && database.typeOf(target) !== TYPE_SET)
    ) return call.reply.error(WRONG_TYPE);
    call.reply.integer(source === target ? has(call, source, 3) : move(call, source, target));
  },
});

export const sismember = defineCommand({
  name: "sismember",
  summary: "Tells whether something is a member of a set.",
  since: "1.0.0",
  group: "set",
  complexity: "O(1)",
  arity: 3,
  flags: ["readonly", "fast"],
  acl: ["set"],
  keys: [keyRange(1, 1, 1, "RO")],
  arguments: [KEY, MEMBER],
  run(call) {
    const ref = call.lookupReadOf(1, TYPE_SET);
    if (ref === WRONG_TYPE_REPLIED) return;
    call.reply.integer(ref === 0 ? 0 : has(call, ref, 2));
  },
});

export const smismember = defineCommand({
  name: "smismember",
  summary: "Tells of each of several things whether it is a member of a set.",
  since: "6.2.0",
  group: "set",
  complexity: "O(N) where N is the number of members asked for.",
  arity: -3,
  flags: ["readonly", "fast"],
  acl: ["set"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, MEMBERS],
  run(call) {
    const ref = call.lookupReadOf(1, TYPE_SET);
    if (ref === WRONG_TYPE_REPLIED) return;
    call.reply.array(call.count - 2);
    for (let i = 2; i < call.count; i++) {
      if (ref !== 0) call.fetchMembers(ref, 2, i, 1);
      call.reply.integer(ref === 0 ? 0 : has(call, ref, i));
    }
  },
});

export const scard = defineCommand({
  name: "scard",
  summary: "Returns how many members a set has.",
  since: "1.0.0",
  group: "set",
  complexity: "O(1)",
  arity: 2,
  flags: ["readonly", "fast"],
  acl: ["set"],
  keys: [keyRange(1, 1, 1, "RO")],
  arguments: [KEY],
  run(call) {
    const ref = call.lookupReadOf(1, TYPE_SET);
    if (ref === WRONG_TYPE_REPLIED) return;
    call.reply.integer(ref === 0 ? 0 : call.keyspace.sets.count(call.database, ref));
  },
});

export const smembers = defineCommand({
  name: "smembers",
  summary: "Returns all members of a set.",
  since: "1.0.0",
  group: "set",
  complexity: "O(N) where N is the number of members.",
  arity: 2,
  flags: ["readonly"],
  acl: ["set"],
  tips: ["nondeterministic_output_order"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY],
  run(call) {
    const ref = call.lookupReadOf(1, TYPE_SET);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.set(0);
    call.reply.set(call.keyspace.sets.count(call.database, ref));
    replyMembers(call, ref);
  },
});

/** 1 when the argument is a member, else 0. */
function has(call: Call, ref: number, index: number): number {
  const { bytes, starts, ends } = call.args;
  return call.keyspace.sets.has(call.database, ref, bytes, starts[index], ends[index]) ? 1 : 0;
}

/** Adds all arguments from the second on to a set that is there. */
function addAll(call: Call, ref: number): void {
  const { bytes, starts, ends } = call.args;
  const sets = call.keyspace.sets;
  const database = call.database;
  if (call.count > 3) ref = sets.prepare(database, ref, call.count - 2);
  for (let i = 2; i < call.count; i++) {
    call.fetchMembers(ref, 2, i, 1);
    ref = sets.add(database, ref, bytes, starts[i], ends[i]);
    if (sets.isChanged) call.dirty++;
  }
}

/** Adds the absent key of one argument, just looked up, with the member of another. */
function addKey(call: Call, key: number, member: number): void {
  const { bytes, starts, ends } = call.args;
  call.keyspace.sets.addKey(
    call.database,
    bytes,
    starts[key],
    ends[key],
    bytes,
    starts[member],
    ends[member],
  );
}

/** Adds an absent key, just looked up, with all arguments from the second on. */
function addNew(call: Call): void {
  const { bytes, starts, ends } = call.args;
  const builder = call.keyspace.sets.builder;
  try {
    builder.beginWith(bytes, starts[2], ends[2], call.count - 2);
    for (let i = 2; i < call.count; i++) builder.add(bytes, starts[i], ends[i]);
    const count = builder.count;
    builder.store(call.database, bytes, starts[1], ends[1], NO_EXPIRY);
    call.dirty += count;
  } finally {
    builder.abandon();
  }
}

/** SMOVE between two sets, of which the target may be absent; 1 when the member was there. */
function move(call: Call, source: number, target: number): number {
  const { bytes, starts, ends } = call.args;
  const database = call.database;
  const sets = call.keyspace.sets;
  if (has(call, source, 3) === 0) return 0;
  // The target first, because only that can fail; adding a member moves no other entry.
  let isAdded = true;
  if (target === 0) {
    database.find(bytes, starts[2], ends[2]);
    addKeyUntold(call);
    call.dirty++;
  } else {
    sets.add(database, target, bytes, starts[3], ends[3]);
    isAdded = sets.isChanged;
    if (isAdded) call.dirty++;
  }
  const left = sets.remove(database, source, bytes, starts[3], ends[3]);
  call.dirty++;
  tellRemoved(call, "srem", left === 0);
  if (target === 0 && call.keyspace.signalsNewKeys) call.notify(2, EVENT_NEW, "new");
  if (isAdded) call.changed(2, EVENT_SET, "sadd");
  return 1;
}

/** Makes the target a set of the member. That it is new is told when the member has left. */
function addKeyUntold(call: Call): void {
  const { keyspace } = call;
  const { signalsNewKeys } = keyspace;
  keyspace.signalsNewKeys = false;
  try {
    addKey(call, 2, 3);
  } finally {
    keyspace.signalsNewKeys = signalsNewKeys;
  }
}
