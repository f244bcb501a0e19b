/**
 * Members at random: SRANDMEMBER, and SPOP, which takes them out.
 *
 * Several different ones of a set are drawn in one of two ways. Most of a set, or part of a small
 * one, is gone through once, and each member is taken with the chance that makes all selections
 * equally likely (as many as are wanted, of as many as are left). Few of a large one are drawn one
 * by one.
 *
 * SPOP is told to others as what it came to: SREM, or DEL when nothing is left.
 */
import { ListpackWriter } from "../../heap/listpack_writer.ts";
import { replaceByListpack } from "../../keyspace/listpack_value.ts";
import type { SetReader } from "../../keyspace/set/set_reader.ts";
import {
  ENCODING_HASHTABLE,
  ENCODING_INTSET,
  ENCODING_LISTPACK,
  TYPE_SET,
} from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type ArgumentSpecification, defineCommand, keyRange } from "../definition.ts";
import { expectReadable, expectStillReadable } from "../draw_argument.ts";
import { int64AtLeastOrReply, signedCountOrReply } from "../integer_argument.ts";
import { KEY, replyMember, replyMembers, tellRemoved } from "./arguments.ts";

/** SRANDMEMBER: at least so many times as many members as are wanted are drawn from one by one. */
const DRAW_RATIO = 3;
/** SPOP: when so few of them are left per member taken, those that are left are made a new set. */
const LEFT_RATIO = 5;
/** Members of one SREM. */
const BATCH_MEMBERS = 1024;
// Filled and emptied within one call, so that all servers of a process can use it.
const kept = new ListpackWriter();

export const srandmember = defineCommand({
  name: "srandmember",
  summary: "Returns members of a set at random.",
  since: "1.0.0",
  group: "set",
  complexity: "O(1), or O(N) where N is the count given, without its sign.",
  history: [["2.6.0", "A `count` may be given."]],
  arity: -2,
  flags: ["readonly"],
  acl: ["set"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, countSince("2.6.0")],
  run(call) {
    if (call.count > 3) return call.syntaxError();
    if (call.count === 2) return replyOne(call);
    const count = signedCountOrReply(call, 2);
    if (count !== count) return;
    const ref = call.lookupReadOf(1, TYPE_SET);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0 || count === 0) call.reply.array(0);
    else if (count < 0) replyAnew(call, ref, -count);
    else replyDifferent(call, ref, count);
  },
});

export const spop = defineCommand({
  name: "spop",
  summary: "Takes members at random out of a set and returns them.",
  since: "1.0.0",
  group: "set",
  complexity: "O(1), or O(N) where N is the count given.",
  history: [["3.2.0", "A `count` may be given."]],
  arity: -2,
  flags: ["write", "fast"],
  acl: ["set"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RW access delete")],
  arguments: [KEY, countSince("3.2.0")],
  run(call) {
    if (call.count > 3) return call.syntaxError();
    if (call.count === 2) return popOne(call);
    const count = int64AtLeastOrReply(call, 2, 0);
    if (count !== count) return;
    const ref = call.lookupWriteOf(1, TYPE_SET);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0 || count === 0) return call.reply.set(0);
    const size = call.keyspace.sets.count(call.database, ref);
    if (count < size) popMany(call, ref, count, size);
    else popAll(call, ref, size);
  },
});

function countSince(since: string): ArgumentSpecification {
  return { name: "count", type: "integer", since, flags: ["optional"] };
}

function replyOne(call: Call): void {
  const ref = call.lookupReadOf(1, TYPE_SET);
  if (ref === WRONG_TYPE_REPLIED) return;
  if (ref === 0) return call.reply.null();
  replyDrawn(call, ref);
}

/** Draws a member and replies with it. */
function replyDrawn(call: Call, ref: number): void {
  const sets = call.keyspace.sets;
  sets.random(call.database, ref);
  call.reply.bulk(sets.bytes, sets.start, sets.end);
}

/** Replies with so many members, each drawn from all of them. */
function replyAnew(call: Call, ref: number, count: number): void {
  expectReadable(count);
  const reply = call.reply;
  const before = reply.length;
  reply.array(count);
  for (let i = 0; i < count; i++) {
    replyDrawn(call, ref);
    expectStillReadable(call, before);
  }
}

/** Replies with so many different members, or with all when they are not so many. */
function replyDifferent(call: Call, ref: number, count: number): void {
  const { database, keyspace: { sets } } = call;
  const size = sets.count(database, ref);
  call.reply.array(Math.min(count, size));
  if (count >= size) return replyMembers(call, ref);
  if (count * DRAW_RATIO <= size && database.encodingOf(ref) === ENCODING_HASHTABLE) {
    return replyDistinctDraws(call, ref, count);
  }
  const reader = sets.reader(0);
  reader.open(ref);
  const prng = call.keyspace.prng;
  let wanted = count;
  for (let left = size; wanted > 0 && reader.next(); left--) {
    if (prng.below(left) >= wanted) continue;
    wanted--;
    replyMember(call, reader);
  }
  reader.close();
}

/** Draws from a large set until the members are different. */
function replyDistinctDraws(call: Call, ref: number, count: number): void {
  const { sets, records } = call.keyspace;
  const drawn = new Set<number>();
  while (drawn.size < count) {
    const before = drawn.size;
    sets.random(call.database, ref);
    // An empty member stands where its neighbour does.
    const place = records.keyRef * 4096 + records.keyOffset;
    drawn.add(place * 2 + (records.keyLength === 0 ? 1 : 0));
    if (drawn.size > before) call.reply.bulk(sets.bytes, sets.start, sets.end);
  }
}

function popOne(call: Call): void {
  const ref = call.lookupWriteOf(1, TYPE_SET);
  if (ref === WRONG_TYPE_REPLIED) return;
  if (ref === 0) return call.reply.null();
  const sets = call.keyspace.sets;
  replyDrawn(call, ref);
  const { propagation } = call;
  if (propagation.isActive) {
    const member = sets.bytes.slice(sets.start, sets.end);
    propagation.replaceWith(call.database.index, "SREM", call.args.view(1), member);
  }
  const left = sets.removeDrawn(call.database, ref);
  call.dirty++;
  tellRemoved(call, "spop", left === 0);
}

/** All members are wanted: the key goes. */
function popAll(call: Call, ref: number, size: number): void {
  call.reply.set(size);
  replyMembers(call, ref);
  call.database.deleteReplaced(ref);
  call.dirty += size;
  tellRemoved(call, "spop", true);
  const { propagation } = call;
  if (propagation.isActive) {
    propagation.replaceWith(call.database.index, "DEL", call.args.view(1));
  }
}

/** Some members are wanted, and some stay. */
function popMany(call: Call, ref: number, count: number, size: number): void {
  const encoding = call.database.encodingOf(ref);
  const popped = call.propagation.isActive ? new PoppedMembers(call) : null;
  call.reply.set(count);
  if (encoding === ENCODING_LISTPACK) popFromListpack(call, ref, count, size, popped);
  else if ((size - count) * LEFT_RATIO > count) popOneByOne(call, ref, count, popped);
  else popByRebuilding(call, ref, count, size, popped);
  popped?.propagate();
  tellRemoved(call, "spop", false);
}

function popOneByOne(call: Call, ref: number, count: number, popped: PoppedMembers | null): void {
  const { database, keyspace: { sets } } = call;
  for (let i = 0; i < count; i++) {
    replyDrawn(call, ref);
    popped?.add(sets.bytes, sets.start, sets.end);
    ref = sets.removeDrawn(database, ref);
    call.dirty++;
  }
}

function popFromListpack(
  call: Call,
  ref: number,
  count: number,
  size: number,
  popped: PoppedMembers | null,
): void {
  const { database, keyspace: { sets, prng } } = call;
  const reader = sets.reader(0);
  reader.open(ref);
  kept.begin();
  let wanted = count;
  for (let left = size; reader.next(); left--) {
    if (wanted === 0 || prng.below(left) >= wanted) reader.copyTo(kept);
    else {
      wanted--;
      pop(call, reader, popped);
    }
  }
  reader.close();
  kept.finish();
  replaceByListpack(database, ref, TYPE_SET, kept);
  call.dirty += count;
}

/** Most members go: those that stay are made a new set, as small as it can be. */
function popByRebuilding(
  call: Call,
  ref: number,
  count: number,
  size: number,
  popped: PoppedMembers | null,
): void {
  const { database, keyspace: { sets, prng }, args } = call;
  const { builder } = sets;
  const reader = sets.reader(0);
  reader.open(ref);
  try {
    builder.begin(reader.encoding === ENCODING_INTSET ? ENCODING_INTSET : ENCODING_LISTPACK);
    let wanted = count;
    for (let left = size; reader.next(); left--) {
      if (wanted === 0 || prng.below(left) >= wanted) builder.addMemberOf(reader);
      else {
        wanted--;
        pop(call, reader, popped);
      }
    }
    const expiresAtMs = database.expiresAtMs(ref);
    const access = database.accessOf(ref);
    database.deleteReplaced(ref, true);
    // Now: should there be no room for those that stay, this has been changed.
    call.dirty += count;
    database.find(args.bytes, args.starts[1], args.ends[1]);
    ref = builder.store(database, args.bytes, args.starts[1], args.ends[1], expiresAtMs);
    database.setAccess(ref, access);
  } finally {
    reader.close();
    builder.abandon();
  }
}

function pop(call: Call, reader: SetReader, popped: PoppedMembers | null): void {
  replyMember(call, reader);
  popped?.add(reader.bytes, reader.start, reader.end);
}

/** What an SPOP has taken, on its way to those who repeat it. */
class PoppedMembers {
  readonly #call: Call;
  #members: Uint8Array[] = [];

  constructor(call: Call) {
    this.#call = call;
    // Nothing of the SPOP itself is repeated, whatever happens.
    call.propagation.suppress();
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    this.#members.push(bytes.slice(start, end));
    if (this.#members.length === BATCH_MEMBERS) this.propagate();
  }

  propagate(): void {
    if (this.#members.length === 0) return;
    const { propagation, database, args } = this.#call;
    propagation.also(database.index, "SREM", args.view(1), ...this.#members);
    this.#members = [];
  }
}
