/** XACK and XPENDING: what the consumers of a group have been given and not acknowledged. */
import {
  CONSUMER_NAME_OFFSET,
  CONSUMER_PENDING,
  GROUP_CONSUMERS,
  GROUP_PENDING,
} from "../../keyspace/stream/consumer_groups.ts";
import { NAME_LENGTH } from "../../keyspace/stream/name_tree.ts";
import { StreamId } from "../../keyspace/stream/stream_id.ts";
import { objectWord } from "../../keyspace/stream/stream_root.ts";
import { TYPE_STREAM } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { int64OrReply } from "../integer_argument.ts";
import { CONSUMER, END, GROUP, IDS, KEY, START } from "./argument_docs.ts";
import { replyId } from "./entry_reply.ts";
import { findConsumer, findGroup, NamedGroup } from "./group_lookup.ts";
import { IdList, readEndOrReply, readIdOrReply, readStartOrReply } from "./id_argument.ts";

const ids = new IdList();
const id = new StreamId();
const end = new StreamId();
const named = new NamedGroup();

export const xack = defineCommand({
  name: "xack",
  summary: "Takes entries out of what is pending in a group and returns how many were.",
  since: "5.0.0",
  group: "stream",
  complexity: "O(1) for each ID",
  arity: -4,
  flags: ["write", "fast"],
  acl: ["stream"],
  keys: [keyRange(1, 1, 1, "RW update")],
  arguments: [KEY, GROUP, IDS],
  run(call) {
    const ref = call.lookupReadOf(1, TYPE_STREAM);
    if (ref === WRONG_TYPE_REPLIED) return;
    const group = ref === 0 ? 0 : findGroup(call, call.database.rootOf(ref), 2);
    if (group === 0) return call.reply.integer(0);
    ids.clear();
    for (let i = 3; i < call.count; i++) {
      if (!readIdOrReply(call, i, id)) return;
      ids.push(id);
    }
    let acknowledged = 0;
    for (let i = 0; i < ids.count; i++) {
      ids.get(i, id);
      if (call.keyspace.streams.groups.acknowledge(group, id)) acknowledged++;
    }
    call.dirty += acknowledged;
    call.reply.integer(acknowledged);
  },
});

export const xpending = defineCommand({
  name: "xpending",
  summary: "Tells what is pending in a group: how much with whom, or the entries one by one.",
  since: "5.0.0",
  group: "stream",
  complexity:
    "O(N), N being the entries returned; with IDLE those looked at; without a range the consumers.",
  history: [["6.2.0", "The option `IDLE` came, and an ID may be excluded."]],
  arity: -3,
  flags: ["readonly"],
  acl: ["stream"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [KEY, GROUP, {
    name: "filters",
    type: "block",
    flags: ["optional"],
    arguments: [
      {
        name: "min-idle-time",
        type: "integer",
        token: "IDLE",
        since: "6.2.0",
        flags: ["optional"],
      },
      START,
      END,
      { name: "count", type: "integer" },
      { ...CONSUMER, flags: ["optional"] },
    ],
  }],
  run(call) {
    if (call.count === 3) {
      if (named.find(call)) replySummary(call, named.group);
      return;
    }
    if (call.count < 6 || call.count > 9) return call.syntaxError();
    let startIndex = 3;
    let minIdleMs = 0;
    if (call.is(3, "idle")) {
      minIdleMs = int64OrReply(call, 4);
      if (minIdleMs !== minIdleMs) return;
      if (call.count < 8) return call.syntaxError();
      startIndex = 5;
    }
    const count = int64OrReply(call, startIndex + 2);
    if (count !== count) return;
    if (!readStartOrReply(call, startIndex, id)) return;
    if (!readEndOrReply(call, startIndex + 1, end)) return;
    if (!named.find(call)) return;
    replyEntries(call, named.group, startIndex + 3, count, minIdleMs);
  },
});

function replySummary(call: Call, group: number): void {
  const { streams, heap } = call.keyspace;
  const { groups } = streams;
  const { reply } = call;
  const pending = objectWord(heap, group, GROUP_PENDING);
  reply.array(4);
  reply.integer(groups.pending.count(pending));
  if (!groups.pending.first(pending)) {
    reply.null();
    reply.null();
    return reply.nullArray();
  }
  groups.pending.readId(id);
  replyId(reply, id);
  groups.pending.last(pending);
  groups.pending.readId(id);
  replyId(reply, id);
  const mark = reply.beginDeferred();
  let replied = 0;
  const consumers = objectWord(heap, group, GROUP_CONSUMERS);
  for (let each = groups.consumers.first(consumers); each !== 0; each = groups.consumers.next()) {
    const count = groups.ownPendingCount(each);
    if (count === 0) continue;
    replied++;
    reply.array(2);
    replyConsumerName(call, each);
    reply.bulkInteger(count);
  }
  reply.endDeferred(mark, "array", replied);
}

/** The entries from `id` to `end`. */
function replyEntries(
  call: Call,
  group: number,
  consumerIndex: number,
  count: number,
  minIdleMs: number,
): void {
  const { streams, heap, nowMs } = call.keyspace;
  const { groups } = streams;
  const { reply } = call;
  const hasConsumer = consumerIndex < call.count;
  const consumer = hasConsumer ? findConsumer(call, group, consumerIndex) : 0;
  if (hasConsumer && consumer === 0) return reply.array(0);
  const list = hasConsumer ? groups.ownPending : groups.pending;
  const root = hasConsumer
    ? objectWord(heap, consumer, CONSUMER_PENDING)
    : objectWord(heap, group, GROUP_PENDING);
  const mark = reply.beginDeferred();
  let replied = 0;
  let isThere = count > 0 && list.seek(root, id);
  for (; isThere && replied < count; isThere = list.next()) {
    list.readId(id);
    if (id.compare(end) > 0) break;
    // Times and counts stand in the group's list.
    if (hasConsumer && !groups.findPending(group, id)) continue;
    const elapsedMs = nowMs - groups.deliveryTimeMs;
    if (minIdleMs !== 0 && elapsedMs < minIdleMs) continue;
    replied++;
    reply.array(4);
    replyId(reply, id);
    replyConsumerName(call, groups.pendingConsumer);
    reply.integer(Math.max(0, elapsedMs));
    reply.integer(groups.deliveryCount);
  }
  reply.endDeferred(mark, "array", replied);
}

/** The name of a consumer. */
export function replyConsumerName(call: Call, consumer: number): void {
  const length = objectWord(call.keyspace.heap, consumer, NAME_LENGTH);
  call.replyRange(consumer, CONSUMER_NAME_OFFSET, length);
}
