/**
 * Parts of a string: GETRANGE, its old name SUBSTR, SETRANGE and APPEND. What is changed in place
 * is `raw` from then on, as in Redis.
 */
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { setString } from "../../keyspace/string_value.ts";
import { ENCODING_RAW, TYPE_STRING } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { type ArgumentSpecification, defineCommand, keyRange } from "../definition.ts";
import { int64OrReply } from "../integer_argument.ts";
import { EVENT_STRING } from "../key_events.ts";
import { endFromStart, isBackwardFromEnd, positionFromStart } from "../range_argument.ts";

const KIND_RAW = TYPE_STRING | ENCODING_RAW << 4;

const KEY: ArgumentSpecification = { name: "key", type: "key", keySpec: 0 };
const VALUE: ArgumentSpecification = { name: "value", type: "string" };
const RANGE_ARGUMENTS: readonly ArgumentSpecification[] = [
  KEY,
  { name: "start", type: "integer" },
  { name: "end", type: "integer" },
];
const RANGE_COMPLEXITY = "O(N), N being the bytes returned; nothing but copying them depends on " +
  "the length, so a short part costs O(1) however long the string is.";

export const getrange = defineCommand({
  name: "getrange",
  summary: "Returns a part of the string that a key holds.",
  since: "2.4.0",
  group: "string",
  complexity: RANGE_COMPLEXITY,
  arity: 4,
  flags: ["readonly"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: RANGE_ARGUMENTS,
  run: replyRange,
});

export const substr = defineCommand({
  name: "substr",
  summary: "Returns a part of a string, as GETRANGE does.",
  since: "1.0.0",
  group: "string",
  complexity: RANGE_COMPLEXITY,
  deprecatedSince: "2.0.0",
  replacedBy: "`GETRANGE`",
  docFlags: ["deprecated"],
  arity: 4,
  flags: ["readonly"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: RANGE_ARGUMENTS,
  run: replyRange,
});

export const setrange = defineCommand({
  name: "setrange",
  summary: "Writes a string over part of another, which grows with zero bytes where it must.",
  since: "2.2.0",
  group: "string",
  complexity: "O(M), M being the length of the new part, beside growing the string.",
  arity: 4,
  flags: ["write", "denyoom"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "RW update")],
  arguments: [KEY, { name: "offset", type: "integer" }, VALUE],
  run(call) {
    const offset = int64OrReply(call, 2);
    if (offset !== offset) return;
    if (offset < 0) return call.reply.error("ERR offset is out of range");
    const ref = call.lookupStringWrite(1);
    if (ref === WRONG_TYPE_REPLIED) return;
    const oldLength = ref === 0 ? 0 : call.database.valueLengthOf(ref);
    const added = call.args.lengthOf(3);
    if (added === 0) return call.reply.integer(oldLength);
    const end = offset + added;
    if (!call.isStringLengthAllowed(end)) return;
    writePart(call, ref, oldLength, offset, 3);
    call.changed(1, EVENT_STRING, "setrange");
    call.reply.integer(Math.max(oldLength, end));
  },
});

export const append = defineCommand({
  name: "append",
  summary: "Adds bytes to the end of a string, which comes into being where there is none.",
  since: "2.0.0",
  group: "string",
  complexity: "O(N), N being the bytes added; a long string grows by whole pages in place.",
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  acl: ["string"],
  keys: [keyRange(1, 1, 1, "RW insert")],
  arguments: [KEY, VALUE],
  run(call) {
    const ref = call.lookupStringWrite(1);
    if (ref === WRONG_TYPE_REPLIED) return;
    const args = call.args;
    const added = args.lengthOf(2);
    if (ref === 0) {
      const { bytes, starts, ends } = args;
      const database = call.database;
      setString(database, 0, bytes, starts[1], ends[1], bytes, starts[2], ends[2], NO_EXPIRY);
      call.dirty++;
      call.changed(1, EVENT_STRING, "append");
      return call.reply.integer(added);
    }
    const oldLength = call.database.valueLengthOf(ref);
    if (!call.isStringLengthAllowed(oldLength + added)) return;
    writePart(call, ref, oldLength, oldLength, 2);
    call.changed(1, EVENT_STRING, "append");
    call.reply.integer(oldLength + added);
  },
});

function replyRange(call: Call): void {
  let start = int64OrReply(call, 2);
  if (start !== start) return;
  let end = int64OrReply(call, 3);
  if (end !== end) return;
  const ref = call.lookupStringRead(1);
  if (ref === WRONG_TYPE_REPLIED) return;
  const length = ref === 0 ? 0 : call.database.valueLengthOf(ref);
  const isBackward = isBackwardFromEnd(call, 2, start, end);
  start = positionFromStart(start, length);
  end = endFromStart(end, length);
  if (isBackward || start > end) {
    call.reply.beginBulk(0);
    call.reply.endBulk();
  } else call.replyValue(ref, start, end - start + 1);
}

/**
 * Writes an argument into the string at argument 1, from `offset` on, which may lie beyond its end.
 * @param ref 0 makes the string.
 */
function writePart(
  call: Call,
  ref: number,
  oldLength: number,
  offset: number,
  index: number,
): void {
  const { bytes, starts, ends } = call.args;
  const database = call.database;
  const added = ends[index] - starts[index];
  const length = Math.max(oldLength, offset + added);
  if (ref === 0) ref = database.add(bytes, starts[1], ends[1], KIND_RAW, length, NO_EXPIRY);
  else {
    if (length !== oldLength) ref = database.resizeValue(ref, length, oldLength);
    if (database.kindOf(ref) !== KIND_RAW) database.setKind(ref, TYPE_STRING, ENCODING_RAW);
  }
  if (offset > oldLength) database.clearValue(ref, oldLength, offset - oldLength);
  database.writeValue(ref, offset, bytes, starts[index], added);
  call.dirty++;
}
