/**
 * XCLAIM and XAUTOCLAIM: pending entries go to another consumer.
 *
 * An entry that has been deleted from the stream leaves what is pending instead. Both are repeated
 * to others as one XCLAIM for each entry.
 */
import {
  CONSUMER_ACTIVE,
  GROUP_LAST_ID,
  GROUP_PENDING,
} from "../../keyspace/stream/consumer_groups.ts";
import { hasEntry } from "../../keyspace/stream/stream_cursor.ts";
import { StreamId } from "../../keyspace/stream/stream_id.ts";
import {
  objectWord,
  readObjectId,
  writeObjectId,
  writeObjectNumber,
} from "../../keyspace/stream/stream_root.ts";
import type { Call } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { CONSUMER, COUNT, GROUP, IDS, JUSTID, KEY, START } from "./argument_docs.ts";
import { propagateClaim, propagateGroupId } from "./claim_propagation.ts";
import { replyEntry, replyId } from "./entry_reply.ts";
import { consumerOf, NamedGroup } from "./group_lookup.ts";
import { IdList, readId, readIdOrReply, readStartOrReply } from "./id_argument.ts";
import { int64Words, integerOrReply } from "./int64_argument.ts";

/** How many entries XAUTOCLAIM looks at for each one that it may return. */
const ATTEMPTS_FACTOR = 10;
const COUNT_DEFAULT = 100;
/** From here on the memory for ids would overflow 63 bits. */
const COUNT_END = 2 ** 63 / 16;

const ids = new IdList();
const id = new StreamId();
const lastId = new StreamId();
const groupLast = new StreamId();
const named = new NamedGroup();

/** The options of XCLAIM. */
let deliveryTimeMs = 0;
let retryCount = -1;
let isForce = false;
let isJustId = false;

export const xclaim = defineCommand({
  name: "xclaim",
  summary: "Gives pending entries to another consumer of the group.",
  since: "5.0.0",
  group: "stream",
  complexity: "O(log N), N being the entries pending in the group.",
  arity: -6,
  flags: ["write", "fast"],
  acl: ["stream"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RW update")],
  arguments: [
    KEY,
    GROUP,
    CONSUMER,
    { name: "min-idle-time", type: "string" },
    IDS,
    { name: "ms", type: "integer", token: "IDLE", flags: ["optional"] },
    {
      name: "unix-time-milliseconds",
      type: "unix-time",
      token: "TIME",
      flags: ["optional"],
    },
    { name: "count", type: "integer", token: "RETRYCOUNT", flags: ["optional"] },
    { name: "force", type: "pure-token", token: "FORCE", flags: ["optional"] },
    JUSTID,
    { name: "lastid", type: "string", token: "LASTID", flags: ["optional"] },
  ],
  run(call) {
    if (!named.find(call)) return;
    const minIdleMs = integerOrReply(call, 4, "ERR Invalid min-idle-time argument for XCLAIM");
    if (minIdleMs !== minIdleMs || !readClaimOptions(call)) return;
    claim(call, Math.max(0, minIdleMs));
    call.propagation.suppress();
  },
});

/** Reads ids and what follows them; false after replying with an error. */
function readClaimOptions(call: Call): boolean {
  const { nowMs } = call.keyspace;
  ids.clear();
  let i = 5;
  for (; i < call.count && readId(call, i, id); i++) ids.push(id);
  deliveryTimeMs = -1;
  retryCount = -1;
  isForce = false;
  isJustId = false;
  lastId.setMin();
  for (; i < call.count; i++) {
    const hasValue = i + 1 < call.count;
    if (call.is(i, "force")) isForce = true;
    else if (call.is(i, "justid")) isJustId = true;
    else if (hasValue && call.is(i, "idle")) {
      const idleMs = integerOrReply(call, ++i, "ERR Invalid IDLE option argument for XCLAIM");
      if (idleMs !== idleMs) return false;
      deliveryTimeMs = nowMs - idleMs;
    } else if (hasValue && call.is(i, "time")) {
      deliveryTimeMs = integerOrReply(call, ++i, "ERR Invalid TIME option argument for XCLAIM");
      if (deliveryTimeMs !== deliveryTimeMs) return false;
    } else if (hasValue && call.is(i, "retrycount")) {
      retryCount = integerOrReply(call, ++i, "ERR Invalid RETRYCOUNT option argument for XCLAIM");
      if (retryCount !== retryCount) return false;
    } else if (hasValue && call.is(i, "lastid")) {
      if (!readIdOrReply(call, ++i, lastId)) return false;
    } else {
      call.reply.error(`ERR Unrecognized XCLAIM option '${call.text(i)}'`);
      return false;
    }
  }
  // A time that makes no sense is no error: clients reckon with clocks of their own.
  if (deliveryTimeMs < 0 || deliveryTimeMs > nowMs) deliveryTimeMs = nowMs;
  return true;
}

function claim(call: Call, minIdleMs: number): void {
  const { streams, heap, nowMs } = call.keyspace;
  const { groups } = streams;
  const { reply } = call;
  const { group, root } = named;
  readObjectId(heap, group, GROUP_LAST_ID, groupLast);
  let isLastIdNew = lastId.compare(groupLast) > 0;
  if (isLastIdNew) writeObjectId(heap, group, GROUP_LAST_ID, lastId);
  const consumer = consumerOf(call, 1, group, 3);
  const mark = reply.beginDeferred();
  let replied = 0;
  for (let i = 0; i < ids.count; i++) {
    ids.get(i, id);
    const isPending = groups.findPending(group, id);
    if (!hasEntry(streams, root, id)) {
      if (isPending) {
        dropPending(call, group);
        isLastIdNew = false;
      }
      continue;
    }
    if (!isPending && !isForce) continue;
    if (isPending) {
      if (minIdleMs > 0 && nowMs - groups.deliveryTimeMs < minIdleMs) continue;
      groups.reassign(consumer, id);
    } else {
      groups.addPending(group, consumer, id);
      groups.deliveryCount = 1;
    }
    groups.deliveryTimeMs = deliveryTimeMs;
    if (retryCount >= 0) groups.deliveryCount = retryCount;
    else if (!isJustId) groups.deliveryCount++;
    replyClaimed(call);
    replied++;
    writeObjectNumber(heap, consumer, CONSUMER_ACTIVE, nowMs);
    propagateClaim(call, 1, 2, group, id);
    isLastIdNew = false;
    call.dirty++;
  }
  if (isLastIdNew) {
    propagateGroupId(call, 1, 2, group);
    call.dirty++;
  }
  reply.endDeferred(mark, "array", replied);
}

/** The entry of `id`, at which the cursor is, or its id alone. */
function replyClaimed(call: Call): void {
  if (isJustId) replyId(call.reply, id);
  else replyEntry(call, call.keyspace.streams.cursor.entry);
}

/** Takes `id`, whose entry is gone, out of what is pending. */
function dropPending(call: Call, group: number): void {
  propagateClaim(call, 1, 2, group, id);
  call.keyspace.streams.groups.acknowledge(group, id);
  call.dirty++;
}

export const xautoclaim = defineCommand({
  name: "xautoclaim",
  summary: "Gives pending entries that nobody has touched for a while to another consumer.",
  since: "6.2.0",
  group: "stream",
  complexity: "O(1) for a small COUNT.",
  history: [[
    "7.0.0",
    "Entries that have been deleted leave what is pending, and are listed in the reply.",
  ]],
  arity: -6,
  flags: ["write", "fast"],
  acl: ["stream"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RW delete")],
  arguments: [
    KEY,
    GROUP,
    CONSUMER,
    { name: "min-idle-time", type: "string" },
    START,
    COUNT,
    JUSTID,
  ],
  run(call) {
    const minIdleMs = integerOrReply(call, 4, "ERR Invalid min-idle-time argument for XAUTOCLAIM");
    if (minIdleMs !== minIdleMs || !readStartOrReply(call, 5, id)) return;
    const count = readAutoclaimOptions(call);
    if (count !== count || !named.find(call)) return;
    autoclaim(call, Math.max(0, minIdleMs), count);
    call.propagation.suppress();
  },
});

/** Returns COUNT, or NaN after replying with an error. */
function readAutoclaimOptions(call: Call): number {
  let count = COUNT_DEFAULT;
  isJustId = false;
  for (let i = 6; i < call.count; i++) {
    if (i + 1 < call.count && call.is(i, "count")) {
      const value = int64Words(call, ++i);
      count = value === undefined ? 0 : value.toNumber();
      if (count >= 1 && count < COUNT_END) continue;
      call.reply.error("ERR COUNT must be > 0");
      return NaN;
    } else if (call.is(i, "justid")) isJustId = true;
    else {
      call.syntaxError();
      return NaN;
    }
  }
  return count;
}

/** Goes through what is pending from `id` on. */
function autoclaim(call: Call, minIdleMs: number, countMax: number): void {
  const { streams, heap, nowMs } = call.keyspace;
  const { groups } = streams;
  const { reply } = call;
  const { group, root } = named;
  const consumer = consumerOf(call, 1, group, 3);
  reply.array(3);
  const mark = reply.beginDeferred();
  const pendingRoot = (): number => objectWord(heap, group, GROUP_PENDING);
  ids.clear();
  let replied = 0;
  let count = countMax;
  let isThere = groups.pending.seek(pendingRoot(), id);
  for (
    let attempts = countMax * ATTEMPTS_FACTOR;
    isThere && attempts > 0 && count > 0;
    attempts--
  ) {
    groups.pending.readId(id);
    if (!hasEntry(streams, root, id)) {
      dropPending(call, group);
      ids.push(id);
      count--;
      isThere = groups.pending.seek(pendingRoot(), id);
      continue;
    }
    if (minIdleMs > 0 && nowMs - groups.deliveryTimeMs < minIdleMs) {
      isThere = groups.pending.next();
      continue;
    }
    groups.reassign(consumer, id);
    groups.deliveryTimeMs = nowMs;
    if (!isJustId) groups.deliveryCount++;
    replyClaimed(call);
    replied++;
    count--;
    writeObjectNumber(heap, consumer, CONSUMER_ACTIVE, nowMs);
    propagateClaim(call, 1, 2, group, id);
    call.dirty++;
    isThere = groups.pending.next();
  }
  reply.endDeferred(mark, "array", replied);
  replyCursorBefore(call, mark, isThere);
  reply.array(ids.count);
  for (let i = 0; i < ids.count; i++) {
    ids.get(i, id);
    replyId(reply, id);
  }
}

/** Puts the id to go on with in front of what was replied since the mark: 0-0 at the end. */
function replyCursorBefore(call: Call, mark: number, isThere: boolean): void {
  const { reply } = call;
  if (isThere) call.keyspace.streams.groups.pending.readId(id);
  else id.setMin();
  const end = reply.length;
  replyId(reply, id);
  const cursor = reply.bytes.slice(end, reply.length);
  reply.bytes.copyWithin(mark + cursor.length, mark, end);
  reply.bytes.set(cursor, mark);
}
