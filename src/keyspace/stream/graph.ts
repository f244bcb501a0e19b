/** Streams as graphs of heap objects: root, leaves, groups, consumers, and what is pending. */
import { assert } from "../../base/assert.ts";
import type { Heap } from "../../heap/heap.ts";
import type { Graph } from "../graphs.ts";
import type { Keyspace } from "../keyspace.ts";
import {
  CONSUMER_ACTIVE,
  CONSUMER_NAME_OFFSET,
  CONSUMER_PENDING,
  CONSUMER_SEEN,
  GROUP_CONSUMERS,
  GROUP_ENTRIES_READ,
  GROUP_LAST_ID,
  GROUP_NAME_OFFSET,
} from "./consumer_groups.ts";
import { NAME_LENGTH } from "./name_tree.ts";
import { radixNodeCount, recountRadixNodes } from "./radix_nodes.ts";
import { StreamId } from "./stream_id.ts";
import {
  ENTRY_DELETED,
  LEAF_FIRST_LIVE,
  LEAF_LAST_ID,
  LEAF_USED,
  leafWord,
  readLeafId,
} from "./stream_leaf.ts";
import {
  objectWord,
  readObjectBigInt,
  readObjectId,
  readObjectNumber,
  STREAM_BYTES,
  STREAM_ENTRIES,
  STREAM_FIRST_ID,
  STREAM_LAST_ID,
  STREAM_LEAF_BYTES,
  writeObjectNumber,
} from "./stream_root.ts";
import type { Streams } from "./streams.ts";

export const STREAM_GRAPH: Graph = {
  *free(keyspace: Keyspace, root: number): Generator<undefined, void, void> {
    const { streams, heap } = keyspace;
    const tree = streams.treeOf(root);
    const groups = streams.groupsOf(root);
    heap.free(root);
    yield* streams.entries.freeSteps(tree, (leaf) => heap.free(leaf));
    yield* streams.groups.freeSteps(groups);
  },

  copy(keyspace: Keyspace, root: number): number {
    const { streams, heap } = keyspace;
    const copy = streams.create();
    try {
      copyEntries(streams, root, copy);
      copyGroups(streams, root, copy);
    } catch (thrown) {
      const steps = STREAM_GRAPH.free(keyspace, copy);
      while (steps.next().done !== true);
      throw thrown;
    }
    heap.copyWithin(root, 4 * STREAM_LAST_ID, copy, 4 * STREAM_LAST_ID, STREAM_BYTES - 16);
    return copy;
  },

  bytes(keyspace: Keyspace, root: number): number {
    const { streams, heap } = keyspace;
    return heap.capacityOf(root) + streams.entries.innerBytes(streams.treeOf(root)) +
      readObjectNumber(heap, root, STREAM_LEAF_BYTES) +
      streams.groups.bytesOf(streams.groupsOf(root));
  },

  check(keyspace: Keyspace, root: number): void {
    checkEntries(keyspace.streams, root);
    keyspace.streams.groups.check(keyspace.streams.groupsOf(root));
  },
};

function copyEntries(streams: Streams, root: number, copy: number): void {
  const { heap } = streams;
  let bytes = 0;
  const tree = streams.entries.copy(streams.treeOf(root), (leaf) => {
    const used = leafWord(heap, leaf, LEAF_USED);
    const copied = copyObject(heap, leaf, used);
    bytes += heap.capacityOf(copied);
    return copied;
  }, (leaf) => heap.free(leaf));
  const empty = streams.treeOf(copy);
  const at = heap.write(copy) >>> 2;
  heap.words[at + STREAM_ENTRIES] = tree;
  heap.free(empty);
  writeObjectNumber(heap, copy, STREAM_LEAF_BYTES, bytes);
}

function copyObject(heap: Heap, source: number, length: number): number {
  const copied = heap.allocate(length);
  try {
    heap.copyWithin(source, 0, copied, 0, length);
  } catch (thrown) {
    heap.free(copied);
    throw thrown;
  }
  return copied;
}

function nameOf(heap: Heap, object: number, offset: number): Uint8Array {
  const name = new Uint8Array(objectWord(heap, object, NAME_LENGTH));
  heap.copyOut(object, offset, name.length, name, 0);
  return name;
}

function copyGroups(streams: Streams, root: number, copy: number): void {
  const { groups, heap } = streams;
  const lastId = new StreamId();
  for (const group of namesIn(groups.groups, streams.groupsOf(root))) {
    const name = nameOf(heap, group, GROUP_NAME_OFFSET);
    readObjectId(heap, group, GROUP_LAST_ID, lastId);
    groups.findGroup(copy, name, 0, name.length);
    const made = groups.createGroup(copy, name, 0, name.length, lastId, 0);
    heap.copyWithin(group, 4 * GROUP_ENTRIES_READ, made, 4 * GROUP_ENTRIES_READ, 8);
    copyConsumers(streams, group, made);
  }
}

function copyConsumers(streams: Streams, group: number, made: number): void {
  const { groups, heap } = streams;
  const id = new StreamId();
  for (const consumer of namesIn(groups.consumers, objectWord(heap, group, GROUP_CONSUMERS))) {
    const name = nameOf(heap, consumer, CONSUMER_NAME_OFFSET);
    groups.findConsumer(made, name, 0, name.length);
    const copy = groups.createConsumer(made, name, 0, name.length, 0);
    heap.copyWithin(consumer, 4 * CONSUMER_SEEN, copy, 4 * CONSUMER_SEEN, 8);
    heap.copyWithin(consumer, 4 * CONSUMER_ACTIVE, copy, 4 * CONSUMER_ACTIVE, 8);
    // Copying adds to other lists of the same kind: the place in this one is found again each time.
    const own = objectWord(heap, consumer, CONSUMER_PENDING);
    id.setMin();
    for (let is = groups.ownPending.first(own); is; is = groups.ownPending.seek(own, id)) {
      groups.ownPending.readId(id);
      groups.findPending(group, id);
      const timeMs = groups.deliveryTimeMs;
      const count = groups.deliveryCount;
      groups.findPending(made, id);
      groups.addPending(made, copy, id);
      groups.deliveryTimeMs = timeMs;
      groups.deliveryCount = count;
      id.increment();
    }
  }
}

/** The objects of a tree of names. */
function namesIn(tree: Streams["groups"]["groups"], root: number): number[] {
  const objects: number[] = [];
  for (let each = tree.first(root); each !== 0; each = tree.next()) objects.push(each);
  return objects;
}

function checkEntries(streams: Streams, root: number): void {
  const { heap, reader, entries } = streams;
  const last = new StreamId();
  const first = new StreamId();
  let bytes = 0;
  let isFirst = true;
  let hasFirst = false;
  entries.check(streams.treeOf(root), (leaf) => {
    bytes += heap.capacityOf(leaf);
    assert(leafWord(heap, leaf, LEAF_USED) <= heap.capacityOf(leaf), "a leaf fits its object");
    reader.open(leaf);
    assert(isFirst || last.compare(reader.master) < 0, "leaves are in order");
    const words = [0, 1, 2, 3].map((word) => entries.leafIdWord(word));
    assert(reader.master.compareWords(words[0], words[1], words[2], words[3]) === 0, "master ids");
    let live = 0;
    let deleted = 0;
    let offset = 0;
    let isFirstHere = true;
    while (reader.next()) {
      assert(isFirst || last.compare(reader.id) < 0, "entries are in order");
      assert(!isFirstHere || reader.id.compare(reader.master) >= 0, "the master id comes first");
      isFirst = false;
      isFirstHere = false;
      last.copyFrom(reader.id);
      offset = reader.offset;
      if ((reader.flags & ENTRY_DELETED) !== 0) {
        deleted++;
        continue;
      }
      if (live === 0) {
        assert(leafWord(heap, leaf, LEAF_FIRST_LIVE) <= offset, "nothing before is alive");
      }
      live++;
      if (!hasFirst) first.copyFrom(reader.id);
      hasFirst = true;
    }
    const lastOfLeaf = new StreamId();
    readLeafId(heap, leaf, LEAF_LAST_ID, lastOfLeaf);
    assert(lastOfLeaf.compare(last) === 0, "a leaf knows its last id");
    assert(reader.lastOffset === offset, "a leaf knows its last entry");
    assert(reader.liveCount === live && reader.deletedCount === deleted, "entries are counted");
    return live;
  });
  const noted = new StreamId();
  readObjectId(heap, root, STREAM_FIRST_ID, noted);
  assert(noted.compare(first) === 0, "the first id is known");
  readObjectId(heap, root, STREAM_LAST_ID, noted);
  assert(noted.compare(last) >= 0, "nothing is behind the last id");
  const tree = streams.treeOf(root);
  const nodes = radixNodeCount(heap, entries, tree);
  assert(nodes === recountRadixNodes(heap, entries, tree), "the nodes of Redis's tree are known");
  const known = readObjectBigInt(heap, root, STREAM_LEAF_BYTES);
  assert(known === BigInt(bytes), "the bytes of leaves are known");
}
