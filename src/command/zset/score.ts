/** Asking for scores, ranks and counts: ZSCORE, ZMSCORE, ZCARD, ZCOUNT, ZLEXCOUNT, ZRANK, ZREVRANK. */
import { TYPE_ZSET } from "../../keyspace/value_type.ts";
import { wrongArity } from "../../protocol/wire_errors.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import {
  KEY,
  MEMBER,
  MEMBERS,
  readOrReply,
  replyNull,
  replyNullArray,
  replyScore,
  replyZero,
} from "./arguments.ts";
import { BY_LEX, BY_SCORE, MemberRange } from "./range_argument.ts";

const range = new MemberRange();

export const zscore = defineCommand({
  name: "zscore",
  summary: "Returns the score of a member.",
  since: "1.2.0",
  group: "sorted-set",
  complexity: "O(1)",
  arity: 3,
  flags: ["readonly", "fast"],
  acl: ["sortedset"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, MEMBER],
  run(call) {
    const ref = readOrReply(call, replyNull);
    if (ref !== 0) replyScoreOf(call, ref, 2);
  },
});

export const zmscore = defineCommand({
  name: "zmscore",
  summary: "Returns the scores of members.",
  since: "6.2.0",
  group: "sorted-set",
  complexity: "O(N) for N members.",
  arity: -3,
  flags: ["readonly", "fast"],
  acl: ["sortedset"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, MEMBERS],
  run(call) {
    const ref = call.lookupReadOf(1, TYPE_ZSET);
    if (ref === WRONG_TYPE_REPLIED) return;
    call.reply.array(call.count - 2);
    for (let i = 2; i < call.count; i++) {
      if (ref === 0) call.reply.null();
      else {
        call.fetchMembers(ref, 2, i, 1);
        replyScoreOf(call, ref, i);
      }
    }
  },
});

/** Replies with the score of the member at an argument, or null. */
function replyScoreOf(call: Call, ref: number, index: number): void {
  const { args, database, keyspace } = call;
  const start = args.starts[index];
  const score = keyspace.zsets.scoreOf(database, ref, args.bytes, start, args.ends[index]);
  if (score !== score) call.reply.null();
  else replyScore(call.reply, score);
}

export const zcard = defineCommand({
  name: "zcard",
  summary: "Returns how many members a sorted set has.",
  since: "1.2.0",
  group: "sorted-set",
  complexity: "O(1)",
  arity: 2,
  flags: ["readonly", "fast"],
  acl: ["sortedset"],
  keys: [keyRange(1, 1, 1, "RO")],
  arguments: [KEY],
  run(call) {
    const ref = readOrReply(call, replyZero);
    if (ref !== 0) call.reply.integer(call.keyspace.zsets.count(call.database, ref));
  },
});

export const zcount = defineCommand({
  name: "zcount",
  summary: "Returns how many members have a score within a range.",
  since: "2.0.0",
  group: "sorted-set",
  complexity: "O(log(N)) where N is the number of members in the sorted set.",
  arity: 4,
  flags: ["readonly", "fast"],
  acl: ["sortedset"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, { name: "min", type: "double" }, { name: "max", type: "double" }],
  run(call) {
    countRange(call, BY_SCORE);
  },
});

export const zlexcount = defineCommand({
  name: "zlexcount",
  summary: "Returns how many members are within a range of bytes, where all scores are the same.",
  since: "2.8.9",
  group: "sorted-set",
  complexity: "O(log(N)) where N is the number of members in the sorted set.",
  arity: 4,
  flags: ["readonly", "fast"],
  acl: ["sortedset"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, { name: "min", type: "string" }, { name: "max", type: "string" }],
  run(call) {
    countRange(call, BY_LEX);
  },
});

function countRange(call: Call, kind: number): void {
  if (!range.read(call, 2, kind, false)) return;
  const ref = readOrReply(call, replyZero);
  if (ref === 0) return;
  range.resolve(call, ref);
  call.reply.integer(range.to - range.from);
}

/** ZRANK or ZREVRANK. */
function ranking(
  name: string,
  order: string,
  isReversed: boolean,
): ReturnType<typeof defineCommand> {
  return defineCommand({
    name,
    summary: `Returns the rank of a member, counted from the ${order} score on, from 0.`,
    since: "2.0.0",
    group: "sorted-set",
    complexity: "O(log(N)) where N is the number of members in the sorted set.",
    history: [["7.2.0", "The option `WITHSCORE`."]],
    arity: -3,
    flags: ["readonly", "fast"],
    acl: ["sortedset"],
    keys: [keyRange(1, 1, 1, "RO access")],
    arguments: [
      KEY,
      MEMBER,
      { name: "withscore", type: "pure-token", token: "WITHSCORE", flags: ["optional"] },
    ],
    run: (call) => replyRank(call, isReversed),
  });
}

export const zrank = ranking("zrank", "lowest", false);
export const zrevrank = ranking("zrevrank", "highest", true);

function replyRank(call: Call, isReversed: boolean): void {
  if (call.count > 4) return call.reply.error(wrongArity(call.name));
  const hasScore = call.count === 4;
  if (hasScore && !call.is(3, "withscore")) return call.syntaxError();
  const replyAbsent = hasScore ? replyNullArray : replyNull;
  const ref = readOrReply(call, replyAbsent);
  if (ref === 0) return;
  const { args, database, keyspace: { zsets } } = call;
  const rank = zsets.rank(database, ref, args.bytes, args.starts[2], args.ends[2]);
  if (rank < 0) return replyAbsent(call.reply);
  const score = zsets.score;
  if (hasScore) call.reply.array(2);
  call.reply.integer(isReversed ? zsets.count(database, ref) - 1 - rank : rank);
  if (hasScore) replyScore(call.reply, score);
}
