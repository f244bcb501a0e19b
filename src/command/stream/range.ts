/** XRANGE, XREVRANGE and XLEN: what is in a stream. */
import { StreamId } from "../../keyspace/stream/stream_id.ts";
import { TYPE_STREAM } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { int64OrReply } from "../integer_argument.ts";
import { COUNT, END, KEY, START } from "./argument_docs.ts";
import { beginEntries, endEntries, replyEntry } from "./entry_reply.ts";
import { readEndOrReply, readStartOrReply } from "./id_argument.ts";

const start = new StreamId();
const end = new StreamId();

export const xrange = defineCommand({
  name: "xrange",
  summary: "Returns the entries of a stream whose IDs lie in a range.",
  since: "5.0.0",
  group: "stream",
  complexity: "O(N), N being the entries returned; O(1) for a constant COUNT.",
  history: [["6.2.0", "An ID may be excluded."]],
  arity: -4,
  flags: ["readonly"],
  acl: ["stream"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, START, END, COUNT],
  run: (call) => range(call, false),
});

export const xrevrange = defineCommand({
  name: "xrevrange",
  summary: "Returns the entries of a stream whose IDs lie in a range, the last one first.",
  since: "5.0.0",
  group: "stream",
  complexity: "O(N), N being the entries returned; O(1) for a constant COUNT.",
  history: [["6.2.0", "An ID may be excluded."]],
  arity: -4,
  flags: ["readonly"],
  acl: ["stream"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, END, START, COUNT],
  run: (call) => range(call, true),
});

export const xlen = defineCommand({
  name: "xlen",
  summary: "Returns how many entries a stream has.",
  since: "5.0.0",
  group: "stream",
  complexity: "O(1)",
  arity: 2,
  flags: ["readonly", "fast"],
  acl: ["stream"],
  keys: [keyRange(1, 1, 1, "RO")],
  arguments: [KEY],
  run(call) {
    const ref = call.lookupReadOf(1, TYPE_STREAM);
    if (ref === WRONG_TYPE_REPLIED) return;
    if (ref === 0) return call.reply.integer(0);
    call.reply.integer(call.keyspace.streams.length(call.database.rootOf(ref)));
  },
});

function range(call: Call, isReverse: boolean): void {
  if (!readStartOrReply(call, isReverse ? 3 : 2, start)) return;
  if (!readEndOrReply(call, isReverse ? 2 : 3, end)) return;
  let count = Infinity;
  for (let i = 4; i < call.count; i += 2) {
    if (i + 1 === call.count || !call.is(i, "count")) return call.syntaxError();
    count = int64OrReply(call, i + 1);
    if (count !== count) return;
  }
  const ref = call.lookupReadOf(1, TYPE_STREAM);
  if (ref === WRONG_TYPE_REPLIED) return;
  if (ref === 0) return call.reply.array(0);
  if (count <= 0) return call.reply.nullArray();
  replyRange(call, call.database.rootOf(ref), start, end, count, isReverse);
}

/** An array of the entries from one id to another, at most `count`. */
export function replyRange(
  call: Call,
  root: number,
  from: StreamId,
  to: StreamId,
  count: number,
  isReverse: boolean,
): void {
  const { streams } = call.keyspace;
  const { cursor } = streams;
  const reply = call.reply;
  cursor.open(root, from, to, isReverse);
  const countMax = Math.min(count, streams.length(root));
  const mark = beginEntries(reply, countMax);
  let replied = 0;
  for (; replied < countMax && cursor.next(); replied++) replyEntry(call, cursor.entry);
  endEntries(reply, mark, countMax, replied);
}
