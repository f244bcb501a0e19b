/**
 * XINFO: streams, groups and consumers from the inside. Fields and their order are those of 7.2,
 * which tells of consumers since when they have got nothing (`inactive`, `active-time`).
 */
import { latin1Bytes } from "../../base/ascii.ts";
import {
  CONSUMER_ACTIVE,
  CONSUMER_PENDING,
  CONSUMER_SEEN,
  GROUP_CONSUMERS,
  GROUP_ENTRIES_READ,
  GROUP_LAST_ID,
  GROUP_NAME_OFFSET,
  GROUP_PENDING,
} from "../../keyspace/stream/consumer_groups.ts";
import { ENTRIES_READ_UNKNOWN, lagOf } from "../../keyspace/stream/entries_read.ts";
import { NAME_LENGTH } from "../../keyspace/stream/name_tree.ts";
import { radixNodeCount } from "../../keyspace/stream/radix_nodes.ts";
import { StreamId } from "../../keyspace/stream/stream_id.ts";
import {
  objectWord,
  readObjectId,
  readObjectNumber,
  STREAM_ENTRIES_ADDED,
  STREAM_FIRST_ID,
  STREAM_LAST_ID,
  STREAM_MAX_DELETED_ID,
} from "../../keyspace/stream/stream_root.ts";
import { TYPE_STREAM } from "../../keyspace/value_type.ts";
import { NO_SUCH_KEY, unknownSubcommandOrArity } from "../../protocol/wire_errors.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { int64OrReply } from "../integer_argument.ts";
import { helpCommand } from "../help.ts";
import { GROUP, KEY } from "./argument_docs.ts";
import { replyEntry, replyId, replyObjectNumber } from "./entry_reply.ts";
import { findGroup } from "./group_lookup.ts";
import { replyConsumerName } from "./pending.ts";
import { replyRange } from "./range.ts";

/** Entries that FULL lists unless COUNT says. */
const COUNT_DEFAULT = 10;

const id = new StreamId();
const start = new StreamId();
const end = new StreamId();
end.setMax();

const HELP = [
  "CONSUMERS <key> <groupname>",
  "    The consumers of a group.",
  "GROUPS <key>",
  "    The groups of a stream.",
  "STREAM <key> [FULL [COUNT <count>]",
  "    What a stream is made of; with FULL its entries and groups, too.",
];

export const xinfo = defineCommand({
  name: "xinfo",
  summary: "Groups the commands that look into streams.",
  since: "5.0.0",
  group: "stream",
  complexity: "That of the subcommand.",
  arity: -2,
  flags: [],
  subcommands: [
    defineCommand({
      name: "stream",
      summary: "Tells what a stream is made of.",
      since: "5.0.0",
      group: "stream",
      complexity:
        "O(1), but O(N) after trimming, N being the nodes that hold a hundred entries each",
      history: [
        ["6.0.0", "The option `FULL` came."],
        [
          "7.0.0",
          "The fields `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, " +
          "`entries-read` and `lag` came.",
        ],
        ["7.2.0", "The field `active-time` came, and `seen-time` counts attempts."],
      ],
      arity: -3,
      flags: ["readonly"],
      acl: ["stream"],
      keys: [keyRange(2, 2, 1, "RO access")],
      arguments: [KEY, {
        name: "full-block",
        type: "block",
        flags: ["optional"],
        arguments: [
          { name: "full", type: "pure-token", token: "FULL" },
          { name: "count", type: "integer", token: "COUNT", flags: ["optional"] },
        ],
      }],
      run: infoStream,
    }),
    defineCommand({
      name: "groups",
      summary: "Lists the groups of a stream.",
      since: "5.0.0",
      group: "stream",
      complexity: "O(1)",
      history: [["7.0.0", "The fields `entries-read` and `lag` came."]],
      arity: 3,
      flags: ["readonly"],
      acl: ["stream"],
      keys: [keyRange(2, 2, 1, "RO access")],
      arguments: [KEY],
      run: infoGroups,
    }),
    defineCommand({
      name: "consumers",
      summary: "Lists the consumers of a group.",
      since: "5.0.0",
      group: "stream",
      complexity: "O(1)",
      history: [["7.2.0", "The field `inactive` came, and `idle` counts from attempts."]],
      arity: 4,
      flags: ["readonly"],
      acl: ["stream"],
      tips: ["nondeterministic_output"],
      keys: [keyRange(2, 2, 1, "RO access")],
      arguments: [KEY, GROUP],
      run: infoConsumers,
    }),
    helpCommand("XINFO", "5.0.0", "stream", HELP, ["stream"]),
  ],
});

/** The stream of argument 2; 0 after replying with an error. */
function streamOrReply(call: Call): number {
  const ref = call.lookupReadOf(2, TYPE_STREAM);
  if (ref === WRONG_TYPE_REPLIED) return 0;
  if (ref !== 0) return call.database.rootOf(ref);
  call.reply.error(NO_SUCH_KEY);
  return 0;
}

/** The names of fields, as bytes once they have been used. */
const names = new Map<string, Uint8Array>();

function replyName(call: Call, name: string): void {
  let bytes = names.get(name);
  if (bytes === undefined) {
    bytes = latin1Bytes(name);
    names.set(name, bytes);
  }
  call.reply.bulk(bytes);
}

function replyIdField(call: Call, name: string, ref: number, index: number): void {
  replyName(call, name);
  readObjectId(call.keyspace.heap, ref, index, id);
  replyId(call.reply, id);
}

function replyIntegerField(call: Call, name: string, value: number): void {
  replyName(call, name);
  call.reply.integer(value);
}

function replyGroupName(call: Call, group: number): void {
  const length = objectWord(call.keyspace.heap, group, NAME_LENGTH);
  replyName(call, "name");
  call.replyRange(group, GROUP_NAME_OFFSET, length);
}

function infoStream(call: Call): void {
  const root = streamOrReply(call);
  if (root === 0) return;
  const options = call.count - 3;
  let count = COUNT_DEFAULT;
  if (options > 0) {
    const isFull = (options === 1 || options === 3) && call.is(3, "full");
    if (!isFull || options === 3 && !call.is(4, "count")) {
      return call.reply.error(unknownSubcommandOrArity(call.text(1), "xinfo"));
    }
    if (options === 3) count = int64OrReply(call, 5);
    if (count !== count) return;
    if (count < 0) count = COUNT_DEFAULT;
    // As in Redis: everything.
    if (count === 0) count = Infinity;
  }
  const { streams, heap } = call.keyspace;
  call.reply.map(options > 0 ? 9 : 10);
  replyIntegerField(call, "length", streams.length(root));
  const tree = streams.treeOf(root);
  replyIntegerField(call, "radix-tree-keys", streams.entries.leafCount(tree));
  replyIntegerField(call, "radix-tree-nodes", radixNodeCount(heap, streams.entries, tree));
  replyIdField(call, "last-generated-id", root, STREAM_LAST_ID);
  replyIdField(call, "max-deleted-entry-id", root, STREAM_MAX_DELETED_ID);
  replyName(call, "entries-added");
  replyObjectNumber(call, root, STREAM_ENTRIES_ADDED);
  replyIdField(call, "recorded-first-entry-id", root, STREAM_FIRST_ID);
  if (options > 0) replyFull(call, root, count);
  else replyEnds(call, root);
}

function replyEnds(call: Call, root: number): void {
  const { streams } = call.keyspace;
  const { cursor } = streams;
  replyIntegerField(call, "groups", streams.groups.groups.count(streams.groupsOf(root)));
  for (const isLast of [false, true]) {
    replyName(call, isLast ? "last-entry" : "first-entry");
    cursor.openAll(root, isLast);
    if (cursor.next()) replyEntry(call, cursor.entry);
    else call.reply.null();
  }
}

function replyFull(call: Call, root: number, count: number): void {
  const { groups } = call.keyspace.streams;
  const groupsRoot = call.keyspace.streams.groupsOf(root);
  replyName(call, "entries");
  start.setMin();
  replyRange(call, root, start, end, count, false);
  replyName(call, "groups");
  call.reply.array(groups.groups.count(groupsRoot));
  for (let group = groups.groups.first(groupsRoot); group !== 0; group = groups.groups.next()) {
    replyFullGroup(call, root, group, count);
  }
}

function replyFullGroup(call: Call, root: number, group: number, count: number): void {
  const { streams, heap } = call.keyspace;
  const { groups } = streams;
  const { reply } = call;
  reply.map(7);
  replyGroupName(call, group);
  replyProgress(call, root, group);
  replyIntegerField(call, "pel-count", groups.pendingCount(group));
  replyName(call, "pending");
  const pending = objectWord(heap, group, GROUP_PENDING);
  reply.array(Math.min(count, groups.pending.count(pending)));
  let isThere = groups.pending.first(pending);
  for (let left = count; isThere && left > 0; left--) {
    reply.array(4);
    groups.pending.readId(id);
    replyId(reply, id);
    replyConsumerName(call, groups.pendingConsumer);
    reply.integer(groups.deliveryTimeMs);
    reply.integer(groups.deliveryCount);
    isThere = groups.pending.next();
  }
  replyName(call, "consumers");
  const consumers = objectWord(heap, group, GROUP_CONSUMERS);
  reply.array(groups.consumers.count(consumers));
  for (let each = groups.consumers.first(consumers); each !== 0; each = groups.consumers.next()) {
    replyFullConsumer(call, group, each, count);
  }
}

function replyFullConsumer(call: Call, group: number, consumer: number, count: number): void {
  const { streams, heap } = call.keyspace;
  const { groups } = streams;
  const { reply } = call;
  reply.map(5);
  replyName(call, "name");
  replyConsumerName(call, consumer);
  replyIntegerField(call, "seen-time", readObjectNumber(heap, consumer, CONSUMER_SEEN));
  replyIntegerField(call, "active-time", readObjectNumber(heap, consumer, CONSUMER_ACTIVE));
  const own = objectWord(heap, consumer, CONSUMER_PENDING);
  replyIntegerField(call, "pel-count", groups.ownPending.count(own));
  replyName(call, "pending");
  reply.array(Math.min(count, groups.ownPending.count(own)));
  let isThere = groups.ownPending.first(own);
  for (let left = count; isThere && left > 0; left--) {
    groups.ownPending.readId(id);
    groups.findPending(group, id);
    reply.array(3);
    replyId(reply, id);
    reply.integer(groups.deliveryTimeMs);
    reply.integer(groups.deliveryCount);
    isThere = groups.ownPending.next();
  }
}

/** How far a group has come. */
function replyProgress(call: Call, root: number, group: number): void {
  const { streams, heap } = call.keyspace;
  replyIdField(call, "last-delivered-id", group, GROUP_LAST_ID);
  replyName(call, "entries-read");
  const read = readObjectNumber(heap, group, GROUP_ENTRIES_READ);
  if (read === ENTRIES_READ_UNKNOWN) call.reply.null();
  else replyObjectNumber(call, group, GROUP_ENTRIES_READ);
  replyName(call, "lag");
  const lag = lagOf(streams, root, group);
  if (lag === lag) call.reply.integer(lag);
  else call.reply.null();
}

function infoGroups(call: Call): void {
  const root = streamOrReply(call);
  if (root === 0) return;
  const { streams, heap } = call.keyspace;
  const { groups } = streams;
  const groupsRoot = streams.groupsOf(root);
  call.reply.array(groups.groups.count(groupsRoot));
  for (let group = groups.groups.first(groupsRoot); group !== 0; group = groups.groups.next()) {
    call.reply.map(6);
    replyGroupName(call, group);
    const consumers = groups.consumers.count(objectWord(heap, group, GROUP_CONSUMERS));
    replyIntegerField(call, "consumers", consumers);
    replyIntegerField(call, "pending", groups.pendingCount(group));
    replyProgress(call, root, group);
  }
}

function infoConsumers(call: Call): void {
  const root = streamOrReply(call);
  if (root === 0) return;
  const group = findGroup(call, root, 3);
  if (group === 0) {
    return call.reply.error(
      `NOGROUP No such consumer group '${call.text(3)}' for key name '${call.text(2)}'`,
    );
  }
  const { streams, heap, nowMs } = call.keyspace;
  const { groups } = streams;
  const consumers = objectWord(heap, group, GROUP_CONSUMERS);
  call.reply.array(groups.consumers.count(consumers));
  for (let each = groups.consumers.first(consumers); each !== 0; each = groups.consumers.next()) {
    const activeMs = readObjectNumber(heap, each, CONSUMER_ACTIVE);
    const idleMs = nowMs - readObjectNumber(heap, each, CONSUMER_SEEN);
    call.reply.map(4);
    replyName(call, "name");
    replyConsumerName(call, each);
    replyIntegerField(call, "pending", groups.ownPendingCount(each));
    replyIntegerField(call, "idle", Math.max(0, idleMs));
    replyIntegerField(call, "inactive", activeMs === -1 ? -1 : nowMs - activeMs);
  }
}
