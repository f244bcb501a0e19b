/**
 * What becomes of consumer groups, told to others: each entry that a consumer has got, or that has
 * left the list, as an XCLAIM that makes it so wherever it is repeated.
 */
import {
  CONSUMER_NAME_OFFSET,
  GROUP_ENTRIES_READ,
  GROUP_LAST_ID,
} from "../../keyspace/stream/consumer_groups.ts";
import { NAME_LENGTH } from "../../keyspace/stream/name_tree.ts";
import { StreamId } from "../../keyspace/stream/stream_id.ts";
import { objectWord, readObjectBigInt, readObjectId } from "../../keyspace/stream/stream_root.ts";
import type { Call } from "../call.ts";

const groupLast = new StreamId();

/** The name of a consumer, as bytes of its own. */
function consumerName(call: Call, consumer: number): Uint8Array {
  const { heap } = call.keyspace;
  const name = new Uint8Array(objectWord(heap, consumer, NAME_LENGTH));
  heap.copyOut(consumer, CONSUMER_NAME_OFFSET, name.length, name, 0);
  return name;
}

function lastIdText(call: Call, group: number): string {
  readObjectId(call.keyspace.heap, group, GROUP_LAST_ID, groupLast);
  return groupLast.toString();
}

/** The record of the group's list that was found is as it is. */
export function propagateClaim(
  call: Call,
  keyIndex: number,
  groupIndex: number,
  group: number,
  id: StreamId,
): void {
  if (!call.propagation.isActive) return;
  const { groups } = call.keyspace.streams;
  const { args } = call;
  call.propagation.also(
    call.database.index,
    "XCLAIM",
    args.view(keyIndex),
    args.view(groupIndex),
    consumerName(call, groups.pendingConsumer),
    "0",
    id.toString(),
    "TIME",
    BigInt(groups.deliveryTimeMs).toString(),
    "RETRYCOUNT",
    BigInt(groups.deliveryCount).toString(),
    "FORCE",
    "JUSTID",
    "LASTID",
    lastIdText(call, group),
  );
}

/** The group's last id and how many entries it has read are as they are. */
export function propagateGroupId(
  call: Call,
  keyIndex: number,
  groupIndex: number,
  group: number,
): void {
  if (!call.propagation.isActive) return;
  const read = readObjectBigInt(call.keyspace.heap, group, GROUP_ENTRIES_READ);
  const { args } = call;
  call.propagation.also(
    call.database.index,
    "XGROUP",
    "SETID",
    args.view(keyIndex),
    args.view(groupIndex),
    lastIdText(call, group),
    "ENTRIESREAD",
    read.toString(),
  );
}

/** There is a consumer of that name. */
export function propagateConsumer(
  call: Call,
  keyIndex: number,
  groupIndex: number,
  consumerIndex: number,
): void {
  if (!call.propagation.isActive) return;
  const { args } = call;
  call.propagation.also(
    call.database.index,
    "XGROUP",
    "CREATECONSUMER",
    args.view(keyIndex),
    args.view(groupIndex),
    args.view(consumerIndex),
  );
}
