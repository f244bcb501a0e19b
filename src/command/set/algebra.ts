/**
 * Several sets at once: SINTER, SUNION, SDIFF, their brothers that store the result, and SINTERCARD.
 *
 * One set is gone through and the others are asked, so that a reply is written from the heap without
 * a set in between. Large sets stand in the order of one hash: whoever goes through one of them asks
 * the other from its one end to the other, and memory is read in order on both sides.
 *
 * Only where many sets would be asked for each member is the result made aside first.
 */
import { NO_EXPIRY } from "../../keyspace/entries.ts";
import type { SetReader } from "../../keyspace/set/set_reader.ts";
import {
  ENCODING_HASHTABLE,
  ENCODING_INTSET,
  ENCODING_LISTPACK,
  TYPE_SET,
} from "../../keyspace/value_type.ts";
import { LIMIT_NEGATIVE, NUMKEYS_NOT_POSITIVE } from "../../protocol/wire_errors.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import {
  type ArgumentSpecification,
  type CommandDefinition,
  defineCommand,
  keyRange,
  numberedKeys,
} from "../definition.ts";
import { int64AtLeastOrReply } from "../integer_argument.ts";
import { EVENT_GENERIC, EVENT_SET } from "../key_events.ts";
import { KEYS, replyMember } from "./arguments.ts";

/** More sets than this are not asked in turn whether a member of a union is new. */
const UNION_ASKED_MAX = 4;
const STORE_ARGUMENTS: readonly ArgumentSpecification[] = [
  { name: "destination", type: "key", keySpec: 0 },
  { ...KEYS, keySpec: 1 },
];

const INTER_COST = "O(N*M) where N is the size of the smallest set and M the number of sets.";
const ALL_COST = "O(N) where N is the size of all sets together.";

/** What becomes of the members of a result. */
const REPLY = 0;
const COUNT = 1;
const STORE = 2;

export const sinter = readCommand(
  "sinter",
  "Returns what is a member of every one of several sets.",
  INTER_COST,
  (call) => intersect(call, 1, call.count, REPLY, 0),
);

export const sunion = readCommand(
  "sunion",
  "Returns what is a member of at least one of several sets.",
  ALL_COST,
  (call) => unite(call, 1, false),
);

export const sdiff = readCommand(
  "sdiff",
  "Returns the members of the first set that are in none of the others.",
  ALL_COST,
  (call) => subtract(call, 1, false),
);

export const sinterstore = storeCommand(
  "sinterstore",
  "Stores as a set what is a member of every one of several sets.",
  INTER_COST,
  "RW update",
  (call) => intersect(call, 2, call.count, STORE, 0),
);

export const sunionstore = storeCommand(
  "sunionstore",
  "Stores as a set what is a member of at least one of several sets.",
  ALL_COST,
  "OW update",
  (call) => unite(call, 2, true),
);

export const sdiffstore = storeCommand(
  "sdiffstore",
  "Stores as a set the members of the first set that are in none of the others.",
  ALL_COST,
  "OW update",
  (call) => subtract(call, 2, true),
);

export const sintercard = defineCommand({
  name: "sintercard",
  summary: "Counts what is a member of every one of several sets.",
  since: "7.0.0",
  group: "set",
  complexity: INTER_COST,
  arity: -3,
  flags: ["readonly", "movablekeys"],
  acl: ["set"],
  keys: [numberedKeys(1, "RO access")],
  arguments: [
    { name: "numkeys", type: "integer" },
    KEYS,
    { name: "limit", type: "integer", token: "LIMIT", flags: ["optional"] },
  ],
  run(call) {
    const keyCount = int64AtLeastOrReply(call, 1, 1, NUMKEYS_NOT_POSITIVE);
    if (keyCount !== keyCount) return;
    if (keyCount > call.count - 2) {
      return call.reply.error("ERR Number of keys can't be greater than number of args");
    }
    let limit = 0;
    for (let i = 2 + keyCount; i < call.count; i += 2) {
      if (i + 1 >= call.count || !call.is(i, "limit")) return call.syntaxError();
      limit = int64AtLeastOrReply(call, i + 1, 0, LIMIT_NEGATIVE);
      if (limit !== limit) return;
    }
    intersect(call, 2, 2 + keyCount, COUNT, limit);
  },
});

function readCommand(
  name: string,
  summary: string,
  complexity: string,
  run: (call: Call) => void,
): CommandDefinition {
  return defineCommand({
    name,
    summary,
    since: "1.0.0",
    group: "set",
    complexity,
    arity: -2,
    flags: ["readonly"],
    acl: ["set"],
    tips: ["nondeterministic_output_order"],
    keys: [keyRange(1, -1, 1, "RO access")],
    arguments: [KEYS],
    run,
  });
}

function storeCommand(
  name: string,
  summary: string,
  complexity: string,
  targetFlags: string,
  run: (call: Call) => void,
): CommandDefinition {
  return defineCommand({
    name,
    summary,
    since: "1.0.0",
    group: "set",
    complexity,
    arity: -3,
    flags: ["write", "denyoom"],
    acl: ["set"],
    keys: [keyRange(1, 1, 1, targetFlags), keyRange(2, -1, 1, "RO access")],
    arguments: STORE_ARGUMENTS,
    run,
  });
}

/**
 * The sets of a call, as readers, without those that are not there. Filled and emptied within one
 * call, so that all servers of a process can use it.
 */
class Operands {
  readonly readers: SetReader[] = [];
  /** The entry of the first key, 0 when it is absent. */
  firstRef = 0;
  /** Keys that are absent, and that are not. */
  absentCount = 0;
  presentCount = 0;
  /** Members of all sets, those of a set that is named twice counted twice. */
  memberCount = 0;
  /** True when another key names the first one's set. */
  repeatsFirst = false;

  readonly #refs: Set<number> = new Set();

  /** Opens the sets of arguments; false after replying WRONGTYPE. */
  open(call: Call, from: number, to: number): boolean {
    this.readers.length = 0;
    this.#refs.clear();
    this.absentCount = 0;
    this.presentCount = 0;
    this.memberCount = 0;
    this.repeatsFirst = false;
    const sets = call.keyspace.sets;
    for (let i = from; i < to; i++) {
      const ref = call.lookupReadOf(i, TYPE_SET);
      if (ref === WRONG_TYPE_REPLIED) return false;
      if (i === from) this.firstRef = ref;
      if (ref === 0) {
        this.absentCount++;
        continue;
      }
      this.presentCount++;
      this.memberCount += sets.count(call.database, ref);
      if (i > from && ref === this.firstRef) this.repeatsFirst = true;
      else this.#refs.add(ref);
    }
    for (const ref of this.#refs) {
      const reader = sets.reader(this.readers.length);
      reader.open(ref);
      this.readers.push(reader);
    }
    return true;
  }

  close(call: Call): void {
    call.keyspace.sets.closeReaders(this.readers.length);
    this.readers.length = 0;
    this.#refs.clear();
  }
}

const operands = new Operands();

function intersect(call: Call, from: number, to: number, mode: number, limit: number): void {
  if (!operands.open(call, from, to)) return;
  const { readers } = operands;
  if (operands.absentCount > 0) {
    if (mode === STORE) removeTarget(call);
    else if (mode === COUNT) call.reply.integer(0);
    else call.reply.set(0);
    return operands.close(call);
  }
  readers.sort((a, b) => a.count - b.count);
  if (mode === STORE) storeIntersection(call);
  else if (mode === COUNT) call.reply.integer(countCommon(limit));
  else {
    const mark = call.reply.beginDeferred();
    const smallest = readers[0];
    let count = 0;
    while (smallest.next()) {
      if (!isInOthers(smallest)) continue;
      count++;
      replyMember(call, smallest);
    }
    call.reply.endDeferred(mark, "set", count);
  }
  operands.close(call);
}

/** Counts the members that all sets have, up to a limit; 0: none. */
function countCommon(limit: number): number {
  const smallest = operands.readers[0];
  let count = 0;
  while (smallest.next()) {
    if (isInOthers(smallest) && ++count === limit) break;
  }
  return count;
}

/** Whether the member that the first reader is at is in all others, too. */
function isInOthers(first: SetReader): boolean {
  const readers = operands.readers;
  for (let i = 1; i < readers.length; i++) if (!readers[i].hasMemberOf(first)) return false;
  return true;
}

function storeIntersection(call: Call): void {
  const { builder } = call.keyspace.sets;
  const smallest = operands.readers[0];
  try {
    const isIntset = smallest.encoding === ENCODING_INTSET;
    builder.begin(isIntset ? ENCODING_INTSET : ENCODING_LISTPACK);
    let isNumeric = true;
    while (smallest.next()) {
      if (!isInOthers(smallest)) continue;
      builder.addMemberOf(smallest);
      isNumeric &&= smallest.isNumeric();
    }
    if (isNumeric) builder.preferIntset();
    storeResult(call);
  } finally {
    builder.abandon();
  }
}

function unite(call: Call, from: number, isStored: boolean): void {
  if (!operands.open(call, from, call.count)) return;
  const { readers } = operands;
  if (isStored || readers.length > UNION_ASKED_MAX) uniteAside(call, isStored);
  else {
    const mark = call.reply.beginDeferred();
    let count = 0;
    for (let i = 0; i < readers.length; i++) {
      const reader = readers[i];
      while (reader.next()) {
        if (isInEarlier(reader, i)) continue;
        count++;
        replyMember(call, reader);
      }
    }
    call.reply.endDeferred(mark, "set", count);
  }
  operands.close(call);
}

function isInEarlier(reader: SetReader, count: number): boolean {
  const readers = operands.readers;
  for (let i = 0; i < count; i++) if (readers[i].hasMemberOf(reader)) return true;
  return false;
}

function uniteAside(call: Call, isStored: boolean): void {
  const { builder } = call.keyspace.sets;
  const { readers } = operands;
  // A large table comes first, for copying it is much faster; otherwise the order is kept, because
  // with some limits the encoding depends on it.
  let largest = readers[0];
  for (const reader of readers) if (reader.count > largest.count) largest = reader;
  if (readers.length > 0 && builder.canCopy(largest)) {
    readers.splice(readers.indexOf(largest), 1);
    readers.unshift(largest);
  }
  try {
    const first = beginWith(call, isStored);
    for (let i = first; i < readers.length; i++) {
      while (readers[i].next()) builder.addMemberOf(readers[i]);
    }
    finish(call, isStored);
  } finally {
    builder.abandon();
  }
}

/** Begins a set aside with the first operand if that can be copied; returns which one is next. */
function beginWith(call: Call, isStored: boolean): number {
  const { builder } = call.keyspace.sets;
  const { readers } = operands;
  if (readers.length > 0 && builder.canCopy(readers[0])) {
    builder.beginCopy(readers[0]);
    return 1;
  }
  builder.begin(isStored ? ENCODING_INTSET : ENCODING_HASHTABLE);
  return 0;
}

function subtract(call: Call, from: number, isStored: boolean): void {
  if (!operands.open(call, from, call.count)) return;
  if (operands.firstRef === 0 || operands.repeatsFirst) {
    if (isStored) removeTarget(call);
    else call.reply.set(0);
  } else if (isSubtractionAside()) subtractAside(call, isStored);
  else if (isStored) storeDifference(call);
  else replyDifference(call);
  operands.close(call);
}

/**
 * Whether the members of all other sets are taken out of a copy of the first; otherwise the other
 * sets are asked for each member of the first. As Redis decides it, for a copy may get an encoding
 * that the difference alone would not need.
 */
function isSubtractionAside(): boolean {
  const { readers, presentCount, memberCount } = operands;
  return Math.floor(readers[0].count * presentCount / 2) > memberCount;
}

/** Asks the largest sets first: they know most. */
function sortOthers(): void {
  const { readers } = operands;
  const first = readers[0];
  readers.sort((a, b) => a === first ? -1 : b === first ? 1 : b.count - a.count);
}

function isInNone(first: SetReader): boolean {
  const readers = operands.readers;
  for (let i = 1; i < readers.length; i++) if (readers[i].hasMemberOf(first)) return false;
  return true;
}

function replyDifference(call: Call): void {
  sortOthers();
  const first = operands.readers[0];
  const mark = call.reply.beginDeferred();
  let count = 0;
  while (first.next()) {
    if (!isInNone(first)) continue;
    count++;
    replyMember(call, first);
  }
  call.reply.endDeferred(mark, "set", count);
}

function storeDifference(call: Call): void {
  sortOthers();
  const { builder } = call.keyspace.sets;
  const first = operands.readers[0];
  try {
    builder.begin(ENCODING_INTSET);
    while (first.next()) if (isInNone(first)) builder.addMemberOf(first);
    storeResult(call);
  } finally {
    builder.abandon();
  }
}

function subtractAside(call: Call, isStored: boolean): void {
  const { builder } = call.keyspace.sets;
  const { readers } = operands;
  try {
    if (beginWith(call, isStored) === 0) {
      while (readers[0].next()) builder.addMemberOf(readers[0]);
    }
    for (let i = 1; i < readers.length && builder.count > 0; i++) {
      while (readers[i].next()) builder.removeMemberOf(readers[i]);
    }
    finish(call, isStored);
  } finally {
    builder.abandon();
  }
}

/** Replies with the set that was made aside, or stores it. */
function finish(call: Call, isStored: boolean): void {
  if (isStored) return storeResult(call);
  const { builder } = call.keyspace.sets;
  call.reply.set(builder.count);
  const walk = builder.walk();
  while (walk.next()) replyMember(call, walk);
  walk.close();
}

/** The set that was made aside becomes the value of the first argument, whatever that held. */
function storeResult(call: Call): void {
  const { builder } = call.keyspace.sets;
  const count = builder.count;
  if (count === 0) return removeTarget(call);
  const database = call.database;
  const { bytes, starts, ends } = call.args;
  const old = database.peek(bytes, starts[1], ends[1]);
  if (old !== 0) {
    database.deleteReplaced(old, true);
    // Now: should there be no room for the result, this has been changed.
    call.dirty++;
    database.find(bytes, starts[1], ends[1]);
  }
  builder.store(database, bytes, starts[1], ends[1], NO_EXPIRY);
  if (old === 0) call.dirty++;
  call.changed(1, EVENT_SET, call.name);
  call.reply.integer(count);
}

/** There is no result: its key goes. */
function removeTarget(call: Call): void {
  const database = call.database;
  const { bytes, starts, ends } = call.args;
  const old = database.peek(bytes, starts[1], ends[1]);
  if (old !== 0) {
    database.deleteReplaced(old);
    call.dirty++;
    call.changed(1, EVENT_GENERIC, "del");
  }
  call.reply.integer(0);
}
