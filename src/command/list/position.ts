/** Looking for elements: LPOS. */
import { listCount } from "../../keyspace/list/list_value.ts";
import { TYPE_LIST } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { int64AtLeastOrReply, signedCountOrReply } from "../integer_argument.ts";
import { ELEMENT, KEY } from "./argument.ts";

const RANK_ZERO =
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
  "or use negative to start from the end of the list";
const COUNT_NEGATIVE = "ERR COUNT can't be negative";
const MAXLEN_NEGATIVE = "ERR MAXLEN can't be negative";
/** COUNT is not given. */
const ONE_MATCH = -1;

/** The options of the call that runs. */
const options = { rank: 1, count: ONE_MATCH, lengthMax: Infinity };

export const lpos = defineCommand({
  name: "lpos",
  summary: "Returns the positions at which a list has an element.",
  since: "6.0.6",
  group: "list",
  complexity: "O(N), N being the number of elements that are looked at, which MAXLEN limits.",
  arity: -3,
  flags: ["readonly"],
  acl: ["list"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [
    KEY,
    ELEMENT,
    { name: "rank", type: "integer", token: "RANK", flags: ["optional"] },
    { name: "num-matches", type: "integer", token: "COUNT", flags: ["optional"] },
    { name: "len", type: "integer", token: "MAXLEN", flags: ["optional"] },
  ],
  run(call) {
    if (!readOptions(call)) return;
    const ref = call.lookupReadOf(1, TYPE_LIST);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref !== 0) replyPositions(call, ref);
    else if (options.count === ONE_MATCH) call.reply.null();
    else call.reply.array(0);
  },
});

function readOptions(call: Call): boolean {
  options.rank = 1;
  options.count = ONE_MATCH;
  options.lengthMax = Infinity;
  for (let i = 3; i < call.count; i += 2) {
    const hasValue = i + 1 < call.count;
    if (hasValue && call.is(i, "rank")) {
      options.rank = signedCountOrReply(call, i + 1);
      if (options.rank === 0) call.reply.error(RANK_ZERO);
      if (options.rank === 0 || options.rank !== options.rank) return false;
    } else if (hasValue && call.is(i, "count")) {
      options.count = int64AtLeastOrReply(call, i + 1, 0, COUNT_NEGATIVE);
      if (options.count !== options.count) return false;
    } else if (hasValue && call.is(i, "maxlen")) {
      const lengthMax = int64AtLeastOrReply(call, i + 1, 0, MAXLEN_NEGATIVE);
      if (lengthMax !== lengthMax) return false;
      options.lengthMax = lengthMax === 0 ? Infinity : lengthMax;
    } else {
      call.syntaxError();
      return false;
    }
  }
  return true;
}

function replyPositions(call: Call, ref: number): void {
  const { args, database, keyspace, reply } = call;
  const { rank, count, lengthMax } = options;
  const isBackward = rank < 0;
  const length = listCount(keyspace, database, ref);
  const elements = keyspace.lists.elements;
  elements.element.prepare(args.bytes, args.starts[2], args.ends[2]);
  elements.open(database, ref, isBackward ? length - 1 : 0, isBackward);
  const mark = reply.beginDeferred();
  const wanted = count === ONE_MATCH ? 1 : count === 0 ? Infinity : count;
  let found = 0;
  for (let match = 1; found < wanted && elements.find(lengthMax); match++) {
    if (match < Math.abs(rank)) continue;
    reply.integer(isBackward ? length - elements.passed : elements.passed - 1);
    found++;
  }
  if (count !== ONE_MATCH) reply.endDeferred(mark, "array", found);
  else if (found === 0) reply.null();
}
