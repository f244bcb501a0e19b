/** Writing streams: to RDB files (stream.ts draws them), and as commands. */
import { latin1Bytes } from "../../../base/ascii.ts";
import type { HeapView } from "../../../heap/heap_view.ts";
import { TreeWalk } from "../../../heap/tree_walk.ts";
import {
  CONSUMER_NAME_OFFSET,
  CONSUMER_PENDING,
  CONSUMER_SEEN,
  GROUP_CONSUMERS,
  GROUP_ENTRIES_READ,
  GROUP_LAST_ID,
  GROUP_NAME_OFFSET,
  GROUP_PENDING,
} from "../../../keyspace/stream/consumer_groups.ts";
import { LeafReader } from "../../../keyspace/stream/leaf_reader.ts";
import { NAME_LENGTH } from "../../../keyspace/stream/name_tree.ts";
import type { PartReader } from "../../../keyspace/stream/part_reader.ts";
import {
  CONSUMER_RECORD_WORDS,
  GROUP_RECORD_WORDS,
  PENDING_CONSUMER,
  PENDING_COUNT,
  PENDING_TIME,
  recordsIn,
  recordWord,
} from "../../../keyspace/stream/pending_tree.ts";
import { ID_TEXT_BYTES_MAX, StreamId, writeId } from "../../../keyspace/stream/stream_id.ts";
import { LEAF_MASTER_ID, readLeafId } from "../../../keyspace/stream/stream_leaf.ts";
import {
  objectWord,
  readObjectId,
  STREAM_ENTRIES,
  STREAM_ENTRIES_ADDED,
  STREAM_FIRST_ID,
  STREAM_GROUPS,
  STREAM_LAST_ID,
  STREAM_MAX_DELETED_ID,
} from "../../../keyspace/stream/stream_root.ts";
import type { CommandText } from "../../aof/command_text.ts";
import { finished } from "../../entry_writing.ts";
import type { RdbEncoder, RdbRest } from "../rdb_encoder.ts";
import { valueOf } from "../rdb_value.ts";
import { NodeWriter } from "./stream_node.ts";

import { fillIdBytes, ID_BYTES, idBytes, writeLength } from "./stream_numbers.ts";

/** Nodes between two pauses. */
const NODES_PER_STEP = 4;

function writeIdLengths(encoder: RdbEncoder, view: HeapView, ref: number, index: number): void {
  const at = new StreamId();
  readObjectId(view, ref, index, at);
  writeLength(encoder, at.msHigh, at.msLow);
  writeLength(encoder, at.seqHigh, at.seqLow);
}

function writeWords(encoder: RdbEncoder, view: HeapView, ref: number, index: number): void {
  writeLength(encoder, objectWord(view, ref, index + 1), objectWord(view, ref, index));
}

/** Writes the value of an entry that is a stream. */
export function saveStream(encoder: RdbEncoder, view: HeapView, ref: number): RdbRest | undefined {
  return settled(saveSteps(encoder, view, valueOf(view, ref).object));
}

/** Does the first steps, which are all of most streams. */
function settled(steps: RdbRest): RdbRest | undefined {
  for (let i = 0; i < 2; i++) if (steps.next().done === true) return undefined;
  return steps;
}

function* saveSteps(encoder: RdbEncoder, view: HeapView, root: number): RdbRest {
  const tree = objectWord(view, root, STREAM_ENTRIES);
  const node = new NodeWriter(view);
  const at = new StreamId();
  const leaves = leavesOf(view, tree);
  let length = 0;
  encoder.lengthOf(leaves.length);
  for (const [i, leaf] of leaves.entries()) {
    readLeafId(view, leaf, LEAF_MASTER_ID, at);
    fillIdBytes(at.msHigh, at.msLow, at.seqHigh, at.seqLow);
    encoder.string(idBytes, 0, ID_BYTES);
    length += node.write(leaf);
    encoder.string(node.bytes, 0, node.length);
    if (i % NODES_PER_STEP === NODES_PER_STEP - 1) yield;
  }
  encoder.lengthOf(length);
  writeIdLengths(encoder, view, root, STREAM_LAST_ID);
  writeIdLengths(encoder, view, root, STREAM_FIRST_ID);
  writeIdLengths(encoder, view, root, STREAM_MAX_DELETED_ID);
  writeWords(encoder, view, root, STREAM_ENTRIES_ADDED);
  const groups = namesOf(view, objectWord(view, root, STREAM_GROUPS));
  encoder.lengthOf(groups.length);
  for (const group of groups) yield* saveGroup(encoder, view, group);
}

/** The leaves of a tree of ids, or of one of names. */
function leavesOf(view: HeapView, tree: number): number[] {
  const leaves: number[] = [];
  const walk = new TreeWalk(view, tree, 16);
  while (walk.next()) leaves.push(walk.leaf);
  return leaves;
}

function namesOf(view: HeapView, tree: number): number[] {
  if (tree === 0) return [];
  const objects: number[] = [];
  const walk = new TreeWalk(view, tree, 0);
  while (walk.next()) objects.push(walk.leaf);
  return objects;
}

function saveName(encoder: RdbEncoder, view: HeapView, object: number, offset: number): void {
  const rest = encoder.heapString(view, object, offset, objectWord(view, object, NAME_LENGTH));
  if (rest !== undefined) finished(rest);
}

function* saveGroup(encoder: RdbEncoder, view: HeapView, group: number): RdbRest {
  saveName(encoder, view, group, GROUP_NAME_OFFSET);
  writeIdLengths(encoder, view, group, GROUP_LAST_ID);
  writeWords(encoder, view, group, GROUP_ENTRIES_READ);
  yield* savePending(encoder, view, objectWord(view, group, GROUP_PENDING), GROUP_RECORD_WORDS);
  const consumers = namesOf(view, objectWord(view, group, GROUP_CONSUMERS));
  encoder.lengthOf(consumers.length);
  for (const consumer of consumers) {
    saveName(encoder, view, consumer, CONSUMER_NAME_OFFSET);
    const seen = objectWord(view, consumer, CONSUMER_SEEN);
    encoder.int64(objectWord(view, consumer, CONSUMER_SEEN + 1), seen);
    const own = objectWord(view, consumer, CONSUMER_PENDING);
    yield* savePending(encoder, view, own, CONSUMER_RECORD_WORDS);
  }
}

function* savePending(
  encoder: RdbEncoder,
  view: HeapView,
  root: number,
  recordWords: number,
): RdbRest {
  const leaves = root === 0 ? [] : leavesOf(view, root);
  encoder.lengthOf(leaves.reduce((count, leaf) => count + recordsIn(view, leaf), 0));
  for (const leaf of leaves) {
    const count = recordsIn(view, leaf);
    for (let i = 0; i < count; i++) {
      const record = recordWord(view, leaf, i, recordWords);
      const word = (index: number) => objectWord(view, leaf, record + index);
      fillIdBytes(word(0), word(1), word(2), word(3));
      encoder.raw(idBytes, 0, ID_BYTES);
      if (recordWords === CONSUMER_RECORD_WORDS) continue;
      encoder.int64(word(PENDING_TIME + 1), word(PENDING_TIME));
      writeLength(encoder, word(PENDING_COUNT + 1), word(PENDING_COUNT));
    }
    yield;
  }
}

const XADD = latin1Bytes("XADD");
const XSETID = latin1Bytes("XSETID");
const XGROUP = latin1Bytes("XGROUP");
const XCLAIM = latin1Bytes("XCLAIM");
const idText = new Uint8Array(ID_TEXT_BYTES_MAX);

/** Writes the commands that make a stream. */
export function rewriteStream(text: CommandText, view: HeapView, ref: number): RdbRest | undefined {
  return settled(rewriteSteps(text, view, ref, valueOf(view, ref).object));
}

function word(text: CommandText, argument: string): void {
  const bytes = latin1Bytes(argument);
  text.bytes(bytes, 0, bytes.length);
}

function idArgument(text: CommandText, at: StreamId): void {
  text.bytes(idText, 0, at.write(idText, 0));
}

function objectIdArgument(text: CommandText, view: HeapView, ref: number, index: number): void {
  const at = new StreamId();
  readObjectId(view, ref, index, at);
  idArgument(text, at);
}

function* rewriteSteps(text: CommandText, view: HeapView, ref: number, root: number): RdbRest {
  let count = 0;
  const entry = new LeafReader(view);
  for (const leaf of leavesOf(view, objectWord(view, root, STREAM_ENTRIES))) {
    entry.openLive(leaf);
    for (; entry.nextLive(); count++) yield* rewriteEntry(text, view, ref, entry);
    yield;
  }
  if (count === 0) {
    // The only command that leaves a stream empty and is no XGROUP.
    text.begin(7, XADD);
    text.key(view, ref);
    for (const argument of ["MAXLEN", "0", "0-1", "x", "y"]) word(text, argument);
  }
  text.begin(7, XSETID);
  text.key(view, ref);
  objectIdArgument(text, view, root, STREAM_LAST_ID);
  word(text, "ENTRIESADDED");
  const added = STREAM_ENTRIES_ADDED;
  text.int64(objectWord(view, root, added + 1), objectWord(view, root, added));
  word(text, "MAXDELETEDID");
  objectIdArgument(text, view, root, STREAM_MAX_DELETED_ID);
  for (const group of namesOf(view, objectWord(view, root, STREAM_GROUPS))) {
    yield* rewriteGroup(text, view, ref, group);
  }
}

function* rewriteEntry(
  text: CommandText,
  view: HeapView,
  ref: number,
  entry: LeafReader,
): RdbRest {
  text.begin(3 + 2 * entry.numFields, XADD);
  text.key(view, ref);
  idArgument(text, entry.id);
  entry.beginFields();
  for (let i = entry.numFields; i > 0; i--) {
    const nameRest = partArgument(text, view, entry.nextField());
    if (nameRest !== undefined) yield* nameRest;
    const valueRest = partArgument(text, view, entry.nextValue());
    if (valueRest !== undefined) yield* valueRest;
  }
}

function partArgument(text: CommandText, view: HeapView, part: PartReader): RdbRest | undefined {
  if (!part.isInteger) return text.heapString(view, part.leaf, part.textOffset, part.textLength);
  text.int64(part.high, part.low);
  return undefined;
}

function nameArgument(text: CommandText, view: HeapView, object: number, offset: number): void {
  const rest = text.heapString(view, object, offset, objectWord(view, object, NAME_LENGTH));
  if (rest !== undefined) finished(rest);
}

function* rewriteGroup(text: CommandText, view: HeapView, ref: number, group: number): RdbRest {
  text.begin(7, XGROUP);
  word(text, "CREATE");
  text.key(view, ref);
  nameArgument(text, view, group, GROUP_NAME_OFFSET);
  objectIdArgument(text, view, group, GROUP_LAST_ID);
  word(text, "ENTRIESREAD");
  const read = GROUP_ENTRIES_READ;
  text.int64(objectWord(view, group, read + 1), objectWord(view, group, read));
  const delivered = deliveriesOf(view, group);
  for (const consumer of namesOf(view, objectWord(view, group, GROUP_CONSUMERS))) {
    if (objectWord(view, consumer, CONSUMER_PENDING) === 0) {
      text.begin(5, XGROUP);
      word(text, "CREATECONSUMER");
      text.key(view, ref);
      nameArgument(text, view, group, GROUP_NAME_OFFSET);
      nameArgument(text, view, consumer, CONSUMER_NAME_OFFSET);
      continue;
    }
    for (const place of delivered.get(consumer) ?? []) {
      rewritePending(text, view, ref, group, consumer, place);
    }
    yield;
  }
}

/** Where a record of a group's list stands. */
interface RecordPlace {
  readonly leaf: number;
  readonly word: number;
}

/** The records of a group's list in their order, by consumer. */
function deliveriesOf(view: HeapView, group: number): Map<number, RecordPlace[]> {
  const byConsumer = new Map<number, RecordPlace[]>();
  const root = objectWord(view, group, GROUP_PENDING);
  for (const leaf of root === 0 ? [] : leavesOf(view, root)) {
    const count = recordsIn(view, leaf);
    for (let i = 0; i < count; i++) {
      const place = { leaf, word: recordWord(view, leaf, i, GROUP_RECORD_WORDS) };
      const consumer = objectWord(view, leaf, place.word + PENDING_CONSUMER);
      const places = byConsumer.get(consumer);
      if (places === undefined) byConsumer.set(consumer, [place]);
      else places.push(place);
    }
  }
  return byConsumer;
}

function rewritePending(
  text: CommandText,
  view: HeapView,
  ref: number,
  group: number,
  consumer: number,
  place: RecordPlace,
): void {
  const value = (index: number) => objectWord(view, place.leaf, place.word + index);
  text.begin(12, XCLAIM);
  text.key(view, ref);
  nameArgument(text, view, group, GROUP_NAME_OFFSET);
  nameArgument(text, view, consumer, CONSUMER_NAME_OFFSET);
  word(text, "0");
  text.bytes(idText, 0, writeId(idText, 0, value(0), value(1), value(2), value(3)));
  word(text, "TIME");
  text.int64(value(PENDING_TIME + 1), value(PENDING_TIME));
  word(text, "RETRYCOUNT");
  text.int64(value(PENDING_COUNT + 1), value(PENDING_COUNT));
  word(text, "JUSTID");
  word(text, "FORCE");
}
