/** Groups and consumers that are named among the arguments. */
import { CONSUMER_SEEN } from "../../keyspace/stream/consumer_groups.ts";
import { writeObjectNumber } from "../../keyspace/stream/stream_root.ts";
import { TYPE_STREAM } from "../../keyspace/value_type.ts";
import { type Call, WRONG_TYPE_REPLIED } from "../call.ts";
import { EVENT_STREAM } from "../key_events.ts";

/** The group of a stream that an argument names; 0 when there is none. */
export function findGroup(call: Call, root: number, index: number): number {
  const { bytes, starts, ends } = call.args;
  return call.keyspace.streams.groups.findGroup(root, bytes, starts[index], ends[index]);
}

/** The consumer of a group that an argument names; 0 when there is none. */
export function findConsumer(call: Call, group: number, index: number): number {
  const { bytes, starts, ends } = call.args;
  return call.keyspace.streams.groups.findConsumer(group, bytes, starts[index], ends[index]);
}

/** The stream and the group of arguments 1 and 2. */
export class NamedGroup {
  root = 0;
  group = 0;

  /** Looks them up; false after replying with an error: there must be both. */
  find(call: Call): boolean {
    const ref = call.lookupReadOf(1, TYPE_STREAM);
    if (ref === WRONG_TYPE_REPLIED) return false;
    this.root = ref === 0 ? 0 : call.database.rootOf(ref);
    this.group = ref === 0 ? 0 : findGroup(call, this.root, 2);
    if (this.group !== 0) return true;
    call.reply.error(
      `NOGROUP No such key '${call.text(1)}' or consumer group '${call.text(2)}'`,
    );
    return false;
  }
}

/**
 * The consumer of a group that an argument names, which is made where there is none, and which has
 * been seen now. The stream is that of the key at `keyIndex`.
 */
export function consumerOf(call: Call, keyIndex: number, group: number, index: number): number {
  const { groups } = call.keyspace.streams;
  const { nowMs, heap } = call.keyspace;
  const { bytes, starts, ends } = call.args;
  let consumer = findConsumer(call, group, index);
  if (consumer === 0) {
    consumer = groups.createConsumer(group, bytes, starts[index], ends[index], nowMs);
    call.dirty++;
    call.notify(keyIndex, EVENT_STREAM, "xgroup-createconsumer");
  } else writeObjectNumber(heap, consumer, CONSUMER_SEEN, nowMs);
  return consumer;
}
