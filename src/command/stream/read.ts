/**
 * XREAD and XREADGROUP: entries of several streams behind an id, for a client, or for a consumer of
 * a group, who gets each entry once and has to acknowledge it.
 *
 * With BLOCK, where there is nothing, the command waits and is run again when a stream has got more.
 * A consumer that is new is made before it waits. Who waits with a group is also run again when the
 * group or the stream goes: that is an error then.
 *
 * XREADGROUP is repeated to others as what it did to the group.
 */
import { latin1Bytes } from "../../base/ascii.ts";
import {
  CONSUMER_ACTIVE,
  CONSUMER_PENDING,
  GROUP_LAST_ID,
} from "../../keyspace/stream/consumer_groups.ts";
import { noteNextRead, noteRead } from "../../keyspace/stream/entries_read.ts";
import { StreamId } from "../../keyspace/stream/stream_id.ts";
import {
  objectWord,
  readObjectId,
  STREAM_LAST_ID,
  writeObjectNumber,
} from "../../keyspace/stream/stream_root.ts";
import { TYPE_STREAM } from "../../keyspace/value_type.ts";
import { millisecondsTimeout } from "../blocking.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand } from "../definition.ts";
import { int64OrReply } from "../integer_argument.ts";
import { BLOCK, CONSUMER, COUNT, GROUP, STREAMS } from "./argument_docs.ts";
import { propagateClaim, propagateConsumer, propagateGroupId } from "./claim_propagation.ts";
import { beginEntries, endEntries, replyEntry, replyId } from "./entry_reply.ts";
import { consumerOf, findConsumer, findGroup } from "./group_lookup.ts";
import { IdList, isCharacter, readIdOrReply } from "./id_argument.ts";

/** The options of a call. */
let isGroupRead = false;
let count = 0;
let isNoAck = false;
/** -1 without BLOCK. */
let timeoutMs = -1;
/** The group's name and, behind it, the consumer's; 0 without. */
let groupIndex = 0;
let firstKey = 0;
let keyCount = 0;

/** For each stream the id behind which it is read, and its group. */
const ids = new IdList();
let groupRefs: Int32Array = new Int32Array(16);

const from = new StreamId();
const end = new StreamId();
const pendingId = new StreamId();
end.setMax();

export const xread = defineCommand({
  name: "xread",
  summary: "Returns the entries of streams behind given IDs, or waits for some.",
  since: "5.0.0",
  group: "stream",
  arity: -4,
  flags: ["readonly", "blocking"],
  acl: ["stream"],
  keys: [{
    flags: "RO access",
    begin: { keyword: "STREAMS", startFrom: 1 },
    find: { lastKey: -1, step: 1, limit: 2 },
  }],
  arguments: [COUNT, BLOCK, STREAMS],
  run: (call) => read(call, false),
});

export const xreadgroup = defineCommand({
  name: "xreadgroup",
  summary: "Returns entries of streams to a consumer of a group: new ones, or its own again.",
  since: "5.0.0",
  group: "stream",
  complexity: "For each stream O(M), M being the entries returned.",
  arity: -7,
  flags: ["write", "blocking"],
  acl: ["stream"],
  keys: [{
    flags: "RO access",
    begin: { keyword: "STREAMS", startFrom: 4 },
    find: { lastKey: -1, step: 1, limit: 2 },
  }],
  arguments: [
    { name: "group-block", type: "block", token: "GROUP", arguments: [GROUP, CONSUMER] },
    COUNT,
    BLOCK,
    { name: "noack", type: "pure-token", token: "NOACK", flags: ["optional"] },
    STREAMS,
  ],
  run: (call) => read(call, true),
});

function read(call: Call, isGroup: boolean): void {
  isGroupRead = isGroup;
  if (isGroup) call.propagation.suppress();
  if (!readOptions(call) || !readIds(call)) return;
  const { reply } = call;
  const mark = reply.beginDeferred();
  let served = 0;
  for (let i = 0; i < keyCount; i++) {
    const ref = call.lookupRead(firstKey + i);
    if (ref === 0) continue;
    const root = call.database.rootOf(ref);
    // The header of the only stream can be written right away.
    const isOnly = keyCount === 1;
    if (isGroup ? serveGroup(call, i, root, isOnly) : serve(call, i, root, isOnly)) served++;
  }
  if (served === 0 && timeoutMs >= 0) wait(call);
  else if (served === 0) reply.nullArray();
  else if (keyCount > 1) reply.endDeferred(mark, reply.protocol === 2 ? "array" : "map", served);
}

/** Nothing is there: waits for more. */
function wait(call: Call): void {
  const keys: number[] = [];
  for (let i = 0; i < keyCount; i++) {
    keys.push(firstKey + i);
    const idIndex = firstKey + keyCount + i;
    if (call.blocker === null || !isCharacter(call, idIndex, "$")) continue;
    // What is the last entry now will not be the last one when this is run again.
    ids.get(i, from);
    call.replaceArgument(idIndex, latin1Bytes(from.toString()));
  }
  call.block({ kind: "stream", keys, timeoutMs, endsOnMissingKey: isGroupRead });
}

function readOptions(call: Call): boolean {
  count = 0;
  timeoutMs = -1;
  isNoAck = false;
  groupIndex = 0;
  firstKey = 0;
  for (let i = 1; i < call.count; i++) {
    const left = call.count - 1 - i;
    if (left > 0 && call.is(i, "block")) {
      timeoutMs = millisecondsTimeout(call, ++i);
      if (timeoutMs !== timeoutMs) return false;
    } else if (left > 0 && call.is(i, "count")) {
      count = int64OrReply(call, ++i);
      if (count !== count) return false;
    } else if (left > 0 && call.is(i, "streams")) {
      firstKey = i + 1;
      break;
    } else if (left > 1 && call.is(i, "group")) {
      if (!isGroupRead) return refuse(call, onlyXreadgroup("GROUP"));
      groupIndex = i + 1;
      i += 2;
    } else if (call.is(i, "noack")) {
      if (!isGroupRead) return refuse(call, onlyXreadgroup("NOACK"));
      isNoAck = true;
    } else return refuse(call, "ERR syntax error");
  }
  if (firstKey === 0) return refuse(call, "ERR syntax error");
  if ((call.count - firstKey) % 2 !== 0) return refuse(call, unbalanced(call));
  keyCount = (call.count - firstKey) >>> 1;
  if (isGroupRead && groupIndex === 0) {
    return refuse(call, "ERR Missing GROUP option for XREADGROUP");
  }
  return true;
}

function refuse(call: Call, error: string): boolean {
  call.reply.error(error);
  return false;
}

function onlyXreadgroup(option: string): string {
  return `ERR The ${option} option is only supported by XREADGROUP. You called XREAD instead.`;
}

function unbalanced(call: Call): string {
  // As Redis 7.2 and Valkey. Redis 8 names + here, too, which XREAD takes since 7.4.
  const ids = isGroupRead ? "an ID or '>'" : "an ID or '$'";
  return `ERR Unbalanced '${call.name}' list of streams: for each stream key ${ids} must be ` +
    "specified.";
}

function meaningless(id: string): string {
  return `ERR The ${id} ID is meaningless in the context of XREADGROUP: you want to read the ` +
    "history of this consumer by specifying a proper ID, or use the > ID to get new messages. " +
    `The ${id} ID would just return an empty result set.`;
}

/** Reads what follows the keys, and looks the groups up. */
function readIds(call: Call): boolean {
  ids.clear();
  if (groupRefs.length < keyCount) groupRefs = new Int32Array(2 * keyCount);
  for (let i = 0; i < keyCount; i++) {
    const keyIndex = firstKey + i;
    const ref = call.lookupReadOf(keyIndex, TYPE_STREAM);
    if (ref === WRONG_TYPE_REPLIED) return false;
    const root = ref === 0 ? 0 : call.database.rootOf(ref);
    if (isGroupRead) {
      const group = root === 0 ? 0 : findGroup(call, root, groupIndex);
      if (group === 0) return refuse(call, noGroup(call, keyIndex));
      groupRefs[i] = group;
    }
    if (!readReadId(call, keyIndex + keyCount, root)) return false;
    ids.push(from);
  }
  return true;
}

function noGroup(call: Call, keyIndex: number): string {
  return `NOGROUP No such key '${call.text(keyIndex)}' or consumer group ` +
    `'${call.text(groupIndex)}' in XREADGROUP with GROUP option`;
}

/** Reads an id into `from`. */
function readReadId(call: Call, index: number, root: number): boolean {
  const isLast = isCharacter(call, index, "$");
  // Since 7.4: the last entry itself.
  const isPlus = isCharacter(call, index, "+");
  if (isLast || isPlus) {
    if (isGroupRead) return refuse(call, meaningless(isPlus ? "+" : "$"));
    from.setMin();
    if (root === 0) return true;
    if (isLast) readObjectId(call.keyspace.heap, root, STREAM_LAST_ID, from);
    else goBeforeLast(call, root);
    return true;
  }
  if (isCharacter(call, index, ">")) {
    if (!isGroupRead) {
      return refuse(
        call,
        "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> " +
          "<consumer> option.",
      );
    }
    from.setMax();
    return true;
  }
  return readIdOrReply(call, index, from);
}

/** Sets `from` to the id before that of the last entry. */
function goBeforeLast(call: Call, root: number): void {
  const { cursor } = call.keyspace.streams;
  cursor.openAll(root, true);
  if (!cursor.next()) readObjectId(call.keyspace.heap, root, STREAM_LAST_ID, from);
  else {
    from.copyFrom(cursor.entry.id);
    from.decrement();
  }
}

/** Writes what comes before the entries of a stream. */
function beginStream(call: Call, index: number, isOnly: boolean): void {
  const { reply, args } = call;
  const key = firstKey + index;
  if (isOnly) {
    if (reply.protocol === 2) reply.array(1);
    else reply.map(1);
  }
  if (reply.protocol === 2) reply.array(2);
  reply.bulk(args.bytes, args.starts[key], args.ends[key]);
}

/** Whether no entry can be behind `from`: the common case of those who ask again and again. */
function isBehindAll(call: Call, root: number): boolean {
  readObjectId(call.keyspace.heap, root, STREAM_LAST_ID, end);
  const isBehind = from.compare(end) >= 0;
  end.setMax();
  return isBehind;
}

/** How many entries of a stream can be asked for: COUNT, without one all of them. */
function mostEntries(call: Call, root: number): number {
  const length = call.keyspace.streams.length(root);
  return count > 0 && count < length ? count : length;
}

/** XREAD of one stream; false when there is nothing. */
function serve(call: Call, index: number, root: number, isOnly: boolean): boolean {
  const { cursor } = call.keyspace.streams;
  ids.get(index, from);
  if (isBehindAll(call, root)) return false;
  from.increment();
  cursor.open(root, from, end, false);
  if (!cursor.next()) return false;
  beginStream(call, index, isOnly);
  const countMax = mostEntries(call, root);
  const mark = beginEntries(call.reply, countMax);
  let replied = 0;
  do {
    replyEntry(call, cursor.entry);
    replied++;
  } while (replied !== countMax && cursor.next());
  endEntries(call.reply, mark, countMax, replied);
  return true;
}

/** XREADGROUP of one stream; false when there is nothing. */
function serveGroup(call: Call, index: number, root: number, isOnly: boolean): boolean {
  const { streams, heap } = call.keyspace;
  const { cursor } = streams;
  const group = groupRefs[index];
  ids.get(index, from);
  const isHistory = !from.isMax;
  const isNewConsumer = isNoAck && findConsumer(call, group, groupIndex + 1) === 0;
  const consumer = consumerOf(call, firstKey + index, group, groupIndex + 1);
  if (isNewConsumer) propagateConsumer(call, firstKey + index, groupIndex, groupIndex + 1);
  if (!isHistory) readObjectId(heap, group, GROUP_LAST_ID, from);
  const isNothingNew = !isHistory && isBehindAll(call, root);
  from.increment();
  if (!isHistory) {
    if (isNothingNew) return false;
    cursor.open(root, from, end, false);
    if (!cursor.next()) return false;
  }
  beginStream(call, index, isOnly);
  if (isHistory) {
    replyHistory(call, root, group, consumer);
    call.dirty++;
  } else deliver(call, index, root, group, consumer);
  return true;
}

/** Gives the consumer the entries from the cursor's on. */
function deliver(call: Call, index: number, root: number, group: number, consumer: number): void {
  const { streams, heap, nowMs } = call.keyspace;
  const { cursor, groups } = streams;
  const countMax = mostEntries(call, root);
  const mark = beginEntries(call.reply, countMax);
  const keyIndex = firstKey + index;
  let delivered = 0;
  let isCounted = false;
  try {
    do {
      const { entry } = cursor;
      replyEntry(call, entry);
      if (!isNoAck) {
        if (groups.findPending(group, entry.id)) groups.reassign(consumer, entry.id);
        else groups.addPending(group, consumer, entry.id);
        groups.setDelivery(nowMs, 1);
      }
      // Behind what may find no room: an entry that nobody got must be delivered some time.
      if (isCounted) noteNextRead(streams, group, entry.id);
      else isCounted = noteRead(streams, root, group, entry.id);
      if (!isNoAck) propagateClaim(call, keyIndex, groupIndex, group, entry.id);
      delivered++;
    } while (delivered !== countMax && cursor.next());
    if (!isNoAck) writeObjectNumber(heap, consumer, CONSUMER_ACTIVE, nowMs);
  } finally {
    if (delivered > 0) {
      call.dirty++;
      // Redis 7.0 does so with NOACK only, and how many entries the group has read is then forgotten.
      propagateGroupId(call, keyIndex, groupIndex, group);
    }
  }
  endEntries(call.reply, mark, countMax, delivered);
}

/** What the consumer has been given and has not acknowledged, from `from` on. */
function replyHistory(call: Call, root: number, group: number, consumer: number): void {
  const { streams, heap, nowMs } = call.keyspace;
  const { cursor, groups } = streams;
  const { reply } = call;
  const mark = reply.beginDeferred();
  const own = objectWord(heap, consumer, CONSUMER_PENDING);
  const list = groups.ownPending;
  let replied = 0;
  for (let isThere = list.seek(own, from); isThere; isThere = list.next()) {
    list.readId(pendingId);
    cursor.open(root, pendingId, pendingId, false);
    if (cursor.next()) {
      replyEntry(call, cursor.entry);
      if (groups.findPending(group, pendingId)) {
        groups.deliveryTimeMs = nowMs;
        groups.deliveryCount++;
      }
    } else {
      reply.array(2);
      replyId(reply, pendingId);
      reply.nullArray();
    }
    if (++replied === count) break;
  }
  reply.endDeferred(mark, "array", replied);
}
