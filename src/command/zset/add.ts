/**
 * Adding members and changing scores: ZADD and ZINCRBY, which is ZADD with INCR.
 *
 * All scores are read before anything is changed.
 */
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { TYPE_ZSET } from "../../keyspace/value_type.ts";
import {
  PUT_ADDED,
  PUT_GT,
  PUT_INCREMENT,
  PUT_LT,
  PUT_NAN,
  PUT_NX,
  PUT_REFUSED,
  PUT_UPDATED,
  PUT_XX,
} from "../../keyspace/zset/zsets.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { EVENT_ZSET } from "../key_events.ts";
import { KEY, MEMBER, replyScore, scoreOrReply } from "./arguments.ts";

const NOT_A_NUMBER = "ERR resulting score is not a number (NaN)";
const NX_AND_XX = "ERR XX and NX options at the same time are not compatible";
const GT_LT_NX = "ERR GT, LT, and/or NX options at the same time are not compatible";
const INCR_MANY = "ERR INCR option supports a single increment-element pair";

/** Options begin with a letter, scores seldom do. */
const LETTER_MIN = 0x41;
/** Reply with the number of changes. */
const CHANGES = 32;
/** A longer list of scores is given back after use. */
const KEPT_SCORES_MAX = 16 * 1024;

/** The scores of a call, filled and read within it. */
let scores = new Float64Array(64);

export const zadd = defineCommand({
  name: "zadd",
  summary: "Gives members of a sorted set their scores, adding those that are new.",
  since: "1.2.0",
  group: "sorted-set",
  complexity: "O(log(N)) for each member, where N is the number of members in the sorted set.",
  history: [
    ["2.4.0", "More than one member at once."],
    ["3.0.2", "The options `XX`, `NX`, `CH` and `INCR` came."],
    ["6.2.0", "The options `GT` and `LT` came."],
  ],
  arity: -4,
  flags: ["write", "denyoom", "fast"],
  acl: ["sortedset"],
  keys: [keyRange(1, 1, 1, "RW update")],
  arguments: [
    KEY,
    {
      name: "condition",
      type: "oneof",
      since: "3.0.2",
      flags: ["optional"],
      arguments: [
        { name: "nx", type: "pure-token", token: "NX" },
        { name: "xx", type: "pure-token", token: "XX" },
      ],
    },
    {
      name: "comparison",
      type: "oneof",
      since: "6.2.0",
      flags: ["optional"],
      arguments: [
        { name: "gt", type: "pure-token", token: "GT" },
        { name: "lt", type: "pure-token", token: "LT" },
      ],
    },
    { name: "change", type: "pure-token", token: "CH", since: "3.0.2", flags: ["optional"] },
    { name: "increment", type: "pure-token", token: "INCR", since: "3.0.2", flags: ["optional"] },
    {
      name: "data",
      type: "block",
      flags: ["multiple"],
      arguments: [{ name: "score", type: "double" }, MEMBER],
    },
  ],
  run(call) {
    add(call, 0);
  },
});

export const zincrby = defineCommand({
  name: "zincrby",
  summary: "Adds to the score of a member; one that is new begins at 0.",
  since: "1.2.0",
  group: "sorted-set",
  complexity: "O(log(N)) where N is the number of members in the sorted set.",
  arity: 4,
  flags: ["write", "denyoom", "fast"],
  acl: ["sortedset"],
  keys: [keyRange(1, 1, 1, "RW access update")],
  arguments: [KEY, { name: "increment", type: "integer" }, MEMBER],
  run(call) {
    add(call, PUT_INCREMENT);
  },
});

function add(call: Call, given: number): void {
  const args = call.args;
  let first = 2;
  let options = given;
  for (; first < args.count && args.bytes[args.starts[first]] >= LETTER_MIN; first++) {
    const option = optionAt(call, first);
    if (option === 0) break;
    options |= option;
  }
  const pairs = (args.count - first) / 2;
  if (pairs === 0 || pairs !== Math.floor(pairs)) return call.syntaxError();
  const error = options === 0 ? undefined : conflictOf(options, pairs);
  if (error !== undefined) return call.reply.error(error);
  if (pairs > scores.length) scores = new Float64Array(pairs * 2);
  let longest = 0;
  for (let i = 0; i < pairs; i++) {
    const score = scoreOrReply(call, first + 2 * i);
    if (score !== score) return;
    scores[i] = score;
    longest = Math.max(longest, args.lengthOf(first + 2 * i + 1));
  }
  putAll(call, first, pairs, options, longest);
  if (scores.length > KEPT_SCORES_MAX) scores = new Float64Array(64);
}

function optionAt(call: Call, index: number): number {
  if (call.is(index, "nx")) return PUT_NX;
  if (call.is(index, "xx")) return PUT_XX;
  if (call.is(index, "ch")) return CHANGES;
  if (call.is(index, "incr")) return PUT_INCREMENT;
  if (call.is(index, "gt")) return PUT_GT;
  return call.is(index, "lt") ? PUT_LT : 0;
}

function conflictOf(options: number, pairs: number): string | undefined {
  const isNx = (options & PUT_NX) !== 0;
  if (isNx && (options & PUT_XX) !== 0) return NX_AND_XX;
  const isGt = (options & PUT_GT) !== 0;
  const isLt = (options & PUT_LT) !== 0;
  if (isGt ? isNx || isLt : isLt && isNx) return GT_LT_NX;
  if ((options & PUT_INCREMENT) !== 0 && pairs > 1) return INCR_MANY;
  return undefined;
}

/** Puts the members whose scores have been read. */
function putAll(call: Call, first: number, pairs: number, options: number, longest: number): void {
  const { args, database } = call;
  const zsets = call.keyspace.zsets;
  let ref = call.lookupWriteOf(1, TYPE_ZSET);
  if (ref === WRONG_TYPE_REPLIED) return;
  if (ref === 0) {
    if ((options & PUT_XX) !== 0) return replyAdded(call, options, PUT_REFUSED, 0, 0);
    const { bytes, starts, ends } = args;
    ref = zsets.create(database, bytes, starts[1], ends[1], pairs, longest, NO_EXPIRY);
  } else ref = zsets.expect(database, ref, pairs, longest);
  const conditions = options & ~CHANGES;
  let added = 0;
  let updated = 0;
  let outcome = PUT_REFUSED;
  try {
    for (let i = 0, index = first + 1; i < pairs; i++, index += 2) {
      call.fetchMembers(ref, first + 1, index, 2);
      const start = args.starts[index];
      const score = scores[i];
      outcome = zsets.put(database, ref, args.bytes, start, args.ends[index], score, conditions);
      ref = zsets.ref;
      if (outcome === PUT_ADDED) added++;
      else if (outcome === PUT_UPDATED) updated++;
    }
  } finally {
    call.dirty += added + updated;
    if (call.keyEvents.isActive && added + updated > 0) {
      call.changed(1, EVENT_ZSET, (options & PUT_INCREMENT) !== 0 ? "zincr" : "zadd");
    }
    // When the heap was full for the first member of all. What failed may have moved the entry.
    if (added === 0 && zsets.count(database, zsets.ref) === 0) database.delete(zsets.ref);
  }
  replyAdded(call, options, outcome, added, updated);
}

function replyAdded(
  call: Call,
  options: number,
  outcome: number,
  added: number,
  updated: number,
): void {
  const reply = call.reply;
  if ((options & PUT_INCREMENT) === 0) {
    reply.integer((options & CHANGES) !== 0 ? added + updated : added);
  } else if (outcome === PUT_NAN) reply.error(NOT_A_NUMBER);
  else if (outcome === PUT_REFUSED) reply.null();
  else replyScore(reply, call.keyspace.zsets.score);
}
