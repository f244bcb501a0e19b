/**
 * Ranges of members: ZRANGE in all its forms, the older commands that are one of them each, and
 * ZRANGESTORE.
 */
import { TYPE_ZSET } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type ArgumentSpecification, defineCommand, keyRange } from "../definition.ts";
import { int64OrReply } from "../integer_argument.ts";
import { replaceByResult } from "../zset_result.ts";
import { KEY, LIMIT, replyHeader, replyMember, WITHSCORES } from "./arguments.ts";
import { BY_LEX, BY_RANK, BY_SCORE, MemberRange } from "./range_argument.ts";

const LIMIT_BY_RANK =
  "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
const SCORES_BY_LEX = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";

/** The order of members is not said by the command. */
const ANY = -1;
const NO_LIMIT = -1;

/** What the options of a call say: one object serves every call. */
class RangeOptions {
  kind = BY_RANK;
  isReversed = false;
  hasScores = false;
  offset = 0;
  count = NO_LIMIT;

  /**
   * Reads all arguments from `index` on; false after replying with an error.
   * @param kind BY_RANK, ..., and `direction` 0 or 1 (reversed): ANY where an option says it.
   */
  read(call: Call, index: number, kind: number, direction: number, stores: boolean): boolean {
    this.kind = kind === ANY ? BY_RANK : kind;
    this.isReversed = direction === 1;
    this.hasScores = false;
    this.offset = 0;
    this.count = NO_LIMIT;
    let mayReverse = direction === ANY;
    let mayChoose = kind === ANY;
    for (; index < call.count; index++) {
      if (!stores && call.is(index, "withscores")) this.hasScores = true;
      else if (call.is(index, "limit") && index + 2 < call.count) {
        this.offset = int64OrReply(call, index + 1);
        if (this.offset !== this.offset) return false;
        this.count = int64OrReply(call, index + 2);
        if (this.count !== this.count) return false;
        index += 2;
      } else if (mayReverse && call.is(index, "rev")) {
        this.isReversed = true;
        mayReverse = false;
      } else if (mayChoose && call.is(index, "bylex")) {
        this.kind = BY_LEX;
        mayChoose = false;
      } else if (mayChoose && call.is(index, "byscore")) {
        this.kind = BY_SCORE;
        mayChoose = false;
      } else {
        call.syntaxError();
        return false;
      }
    }
    return this.#areCompatible(call);
  }

  #areCompatible(call: Call): boolean {
    if (this.count !== NO_LIMIT && this.kind === BY_RANK) call.reply.error(LIMIT_BY_RANK);
    else if (this.hasScores && this.kind === BY_LEX) call.reply.error(SCORES_BY_LEX);
    else return true;
    return false;
  }
}

const options = new RangeOptions();
const range = new MemberRange();

const SINCE_6_2 = { since: "6.2.0" } as const;
const SORT_BY: ArgumentSpecification = {
  name: "sortby",
  type: "oneof",
  flags: ["optional"],
  arguments: [
    { name: "byscore", type: "pure-token", token: "BYSCORE" },
    { name: "bylex", type: "pure-token", token: "BYLEX" },
  ],
};
const REV: ArgumentSpecification = {
  name: "rev",
  type: "pure-token",
  token: "REV",
  flags: ["optional"],
};
const COMPLEXITY = "O(log(N)+M) for M members returned out of N.";

export const zrange = defineCommand({
  name: "zrange",
  summary: "Returns the members of a range of ranks, of scores or of bytes.",
  since: "1.2.0",
  group: "sorted-set",
  complexity: COMPLEXITY,
  history: [["6.2.0", "The options `REV`, `BYSCORE`, `BYLEX` and `LIMIT` came."]],
  arity: -4,
  flags: ["readonly"],
  acl: ["sortedset"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [
    KEY,
    { name: "start", type: "string" },
    { name: "stop", type: "string" },
    { ...SORT_BY, ...SINCE_6_2 },
    { ...REV, ...SINCE_6_2 },
    { ...LIMIT, ...SINCE_6_2 },
    WITHSCORES,
  ],
  run(call) {
    if (call.count === 4) replyPlain(call);
    else replyRange(call, ANY, ANY);
  },
});

/** One of the older commands. */
interface OlderCommand {
  readonly name: string;
  readonly kind: number;
  readonly direction: 0 | 1;
  readonly since: string;
  readonly summary: string;
  readonly replacedBy: string;
  readonly arguments: readonly ArgumentSpecification[];
  readonly history?: readonly (readonly [version: string, change: string])[];
}

function older(command: OlderCommand): ReturnType<typeof defineCommand> {
  return defineCommand({
    name: command.name,
    summary: command.summary,
    since: command.since,
    group: "sorted-set",
    complexity: COMPLEXITY,
    deprecatedSince: "6.2.0",
    replacedBy: command.replacedBy,
    docFlags: ["deprecated"],
    ...(command.history === undefined ? {} : { history: command.history }),
    arity: -4,
    flags: ["readonly"],
    acl: ["sortedset"],
    keys: [keyRange(1, 1, 1, "RO access")],
    arguments: [KEY, ...command.arguments],
    run: (call) => replyRange(call, command.kind, command.direction),
  });
}

export const zrevrange = older({
  name: "zrevrange",
  kind: BY_RANK,
  direction: 1,
  since: "1.2.0",
  summary: "Returns the members of a range of ranks, counted from the highest score on.",
  replacedBy: "`ZRANGE` with the `REV` argument",
  arguments: [{ name: "start", type: "integer" }, { name: "stop", type: "integer" }, WITHSCORES],
});

export const zrangebyscore = older({
  name: "zrangebyscore",
  kind: BY_SCORE,
  direction: 0,
  since: "1.0.5",
  summary: "Returns the members whose scores are within a range.",
  replacedBy: "`ZRANGE` with the `BYSCORE` argument",
  history: [["2.0.0", "The option `WITHSCORES` came."]],
  arguments: [
    { name: "min", type: "double" },
    { name: "max", type: "double" },
    { ...WITHSCORES, since: "2.0.0" },
    LIMIT,
  ],
});

export const zrevrangebyscore = older({
  name: "zrevrangebyscore",
  kind: BY_SCORE,
  direction: 1,
  since: "2.2.0",
  summary: "Returns the members whose scores are within a range, the highest first.",
  replacedBy: "`ZRANGE` with the `REV` and `BYSCORE` arguments",
  history: [["2.1.6", "`min` and `max` can be left out of the range."]],
  arguments: [
    { name: "max", type: "double" },
    { name: "min", type: "double" },
    WITHSCORES,
    LIMIT,
  ],
});

export const zrangebylex = older({
  name: "zrangebylex",
  kind: BY_LEX,
  direction: 0,
  since: "2.8.9",
  summary: "Returns the members within a range of bytes, where all scores are the same.",
  replacedBy: "`ZRANGE` with the `BYLEX` argument",
  arguments: [{ name: "min", type: "string" }, { name: "max", type: "string" }, LIMIT],
});

export const zrevrangebylex = older({
  name: "zrevrangebylex",
  kind: BY_LEX,
  direction: 1,
  since: "2.8.9",
  summary: "Returns the members within a range of bytes, the last first, where all scores are " +
    "the same.",
  replacedBy: "`ZRANGE` with the `REV` and `BYLEX` arguments",
  arguments: [{ name: "max", type: "string" }, { name: "min", type: "string" }, LIMIT],
});

export const zrangestore = defineCommand({
  name: "zrangestore",
  summary: "Makes a range of the members of a sorted set the sorted set of another key.",
  since: "6.2.0",
  group: "sorted-set",
  complexity: "O(log(N)+M) for M members stored out of N.",
  arity: -5,
  flags: ["write", "denyoom"],
  acl: ["sortedset"],
  keys: [keyRange(1, 1, 1, "OW update"), keyRange(2, 2, 1, "RO access")],
  arguments: [
    { name: "dst", type: "key", keySpec: 0 },
    { name: "src", type: "key", keySpec: 1 },
    { name: "min", type: "string" },
    { name: "max", type: "string" },
    SORT_BY,
    REV,
    LIMIT,
  ],
  run(call) {
    if (!options.read(call, 5, ANY, ANY, true)) return;
    if (!range.read(call, 3, options.kind, options.isReversed)) return;
    const ref = call.lookupReadOf(2, TYPE_ZSET);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref !== 0) resolve(call, ref);
    storeRange(call, ref);
  },
});

/** Stores what has been found in a sorted set, or nothing for 0, under argument 1. */
function storeRange(call: Call, ref: number): void {
  const { database, keyspace } = call;
  const { builder } = keyspace.zsets;
  builder.begin();
  try {
    if (ref !== 0) {
      const reader = keyspace.zsets.reader;
      reader.open(database, ref);
      let more = range.to > range.from && reader.seek(range.from);
      for (let left = range.to - range.from; more && left > 0; left--) {
        const { bytes, start, end } = reader;
        builder.has(bytes, start, end);
        builder.append(bytes, start, end, reader.score);
        more = reader.next();
      }
    }
    builder.order();
    const count = builder.count;
    replaceByResult(call, 1, builder, "zrangestore");
    call.reply.integer(count);
  } finally {
    builder.end();
  }
}

/** Finds the range in a sorted set. */
function resolve(call: Call, ref: number): void {
  range.resolve(call, ref);
  if (options.kind !== BY_RANK) range.limit(options.offset, options.count);
}

/** ZRANGE key start stop. */
function replyPlain(call: Call): void {
  if (!range.read(call, 2, BY_RANK, false)) return;
  const ref = call.lookupReadOf(1, TYPE_ZSET);
  if (ref === WRONG_TYPE_REPLIED) return;
  if (ref === 0) return call.reply.array(0);
  range.resolve(call, ref);
  replyMembers(call, ref, false, false);
}

function replyRange(call: Call, kind: number, direction: number): void {
  if (!options.read(call, 4, kind, direction, false)) return;
  if (!range.read(call, 2, options.kind, options.isReversed)) return;
  const ref = call.lookupReadOf(1, TYPE_ZSET);
  if (ref === WRONG_TYPE_REPLIED) return;
  if (ref === 0) return call.reply.array(0);
  resolve(call, ref);
  replyMembers(call, ref, options.isReversed, options.hasScores);
}

/** Replies with the range that has been found. */
function replyMembers(call: Call, ref: number, isReversed: boolean, hasScores: boolean): void {
  const { keyspace: { zsets }, reply } = call;
  const count = range.to - range.from;
  replyHeader(reply, count, hasScores);
  if (count === 0) return;
  const reader = zsets.reader;
  reader.open(call.database, ref);
  reader.seek(isReversed ? range.to - 1 : range.from);
  replyMember(reply, reader, hasScores);
  for (let left = count - 1; left > 0; left--) {
    if (isReversed) reader.previous();
    else reader.next();
    replyMember(reply, reader, hasScores);
  }
}
