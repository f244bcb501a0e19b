/**
 * Streams in RDB files:
 *
 *     nodes: count, then of each its master id (a string of 16 bytes) and its listpack
 *     length | last id | [first id | max deleted id | entries added]           from 19 on
 *     groups: count, then of each
 *         name | last id | [entries read]                                      from 19 on
 *         pending: count, then of each its id, 16 bytes, delivery time, 8, delivery count
 *         consumers: count, then of each
 *             name | seen time, 8 | [active time, 8]                           in 21
 *             pending: count, then of each its id, 16 bytes
 *
 * Numbers are written as lengths, an id as two of them unless its bytes are counted here; those
 * bytes are big-endian, times little-endian.
 *
 * Written is 19, which redis-server 7.0 reads. It does not hold when a consumer was last active:
 * when it is loaded, that is when it was last seen, as in Redis 7.2.
 *
 * Redis believes a file's length, first id and counts of deleted entries; here they are those of
 * the entries that are there. Entries must be in order, and each pending entry one consumer's,
 * always.
 */
import { latin1 } from "../../../base/ascii.ts";
import {
  CONSUMER_ACTIVE,
  CONSUMER_SEEN,
  GROUP_ENTRIES_READ,
} from "../../../keyspace/stream/consumer_groups.ts";
import { ENTRIES_READ_UNKNOWN, entriesUpTo } from "../../../keyspace/stream/entries_read.ts";
import { LeafDraft } from "../../../keyspace/stream/leaf_draft.ts";
import {
  PENDING_CONSUMER,
  PENDING_COUNT,
  PENDING_TIME,
} from "../../../keyspace/stream/pending_tree.ts";
import { StreamId } from "../../../keyspace/stream/stream_id.ts";
import {
  setObjectWord,
  STREAM_ENTRIES_ADDED,
  STREAM_LAST_ID,
  STREAM_MAX_DELETED_ID,
  writeObjectId,
  writeObjectNumber,
} from "../../../keyspace/stream/stream_root.ts";
import type { Streams } from "../../../keyspace/stream/streams.ts";
import { ENCODING_STREAM, TYPE_STREAM } from "../../../keyspace/value_type.ts";
import type { RdbRest } from "../rdb_encoder.ts";
import type { RdbReader } from "../rdb_reader.ts";
import { type RdbTarget, type RdbValueType } from "../rdb_value.ts";
import { draftLeaf } from "./stream_node.ts";
import { ID_BYTES, readId, readIdBytes, setIdBytes, words } from "./stream_numbers.ts";
import { rewriteStream, saveStream } from "./stream_save.ts";

const KIND: number = TYPE_STREAM | ENCODING_STREAM << 4;
const FORMAT_1 = 15;
const FORMAT_2 = 19;
const FORMAT_3 = 21;
/** What is loaded or saved between two pauses: pending entries, or nodes. */
const PENDING_PER_STEP = 200;
const NODES_PER_STEP = 4;

/** When a consumer was active that never was. */
const NEVER_ACTIVE = -1;

const draft = new LeafDraft();
const id = new StreamId();

/** Reads a stream in steps. */
class StreamLoad {
  readonly #reader: RdbReader;
  readonly #streams: Streams;
  readonly #root: number;
  readonly #format: number;
  /** The master id of the node that was read last, and the id of its last entry. */
  readonly #master: StreamId = new StreamId();
  readonly #last: StreamId = new StreamId();

  constructor(reader: RdbReader, streams: Streams, root: number, format: number) {
    this.#reader = reader;
    this.#streams = streams;
    this.#root = root;
    this.#format = format;
  }

  *steps(): RdbRest {
    const reader = this.#reader;
    const nodes = reader.readLength();
    for (let i = 0; i < nodes; i++) {
      this.#readNode();
      if (i % NODES_PER_STEP === 0) yield;
    }
    this.#readCounters(nodes);
    const groups = reader.readLength();
    for (let i = 0; i < groups; i++) yield* this.#readGroup();
  }

  #fail(reason: string): never {
    return this.#reader.fail(reason, "loadStream");
  }

  #readNode(): void {
    const reader = this.#reader;
    reader.readWholeString();
    if (reader.stringEnd - reader.stringStart !== ID_BYTES) {
      this.#fail("Stream node key entry is not the size of a stream ID");
    }
    const master = this.#master;
    id.copyFrom(master);
    setIdBytes(master, reader.stringBytes, reader.stringStart);
    const isFirst = this.#streams.entries.leafCount(this.#streams.treeOf(this.#root)) === 0;
    if (!isFirst && master.compare(id) === 0) {
      this.#fail("Listpack re-added with existing key");
    }
    reader.readWholeString();
    const { stringBytes, stringStart } = reader;
    const length = reader.stringEnd - stringStart;
    const isNode = draftLeaf(draft, stringBytes, stringStart, length, master);
    if (!isNode || !isFirst && master.compare(this.#last) <= 0) {
      this.#fail("Stream listpack integrity check failed.");
    }
    const { heap } = this.#streams;
    const leaf = draft.store(heap);
    try {
      this.#streams.addLeaf(this.#root, leaf, master, draft.live);
    } catch (thrown) {
      heap.free(leaf);
      throw thrown;
    }
    this.#last.copyFrom(draft.last);
  }

  #readCounters(nodes: number): void {
    const reader = this.#reader;
    const streams = this.#streams;
    const root = this.#root;
    const { heap } = streams;
    words.read(reader);
    if ((words.high | words.low) !== 0 && nodes === 0) {
      this.#fail("Stream length inconsistent with rax entries");
    }
    readId(reader, id);
    // Nothing may be behind the last id: no entry, and none that was deleted. Of what contradicts
    // itself no XSETID could be made.
    if (this.#last.compare(id) < 0) this.#last.copyFrom(id);
    const length = streams.length(root);
    if (this.#format === FORMAT_1) words.set(length);
    else {
      readId(reader, id);
      readId(reader, id);
      writeObjectId(heap, root, STREAM_MAX_DELETED_ID, id);
      if (this.#last.compare(id) < 0) this.#last.copyFrom(id);
      words.read(reader);
      words.expectCount();
      if (words.high === 0 && words.low >>> 0 < length) words.set(length);
    }
    setWords(streams, root, STREAM_ENTRIES_ADDED);
    writeObjectId(heap, root, STREAM_LAST_ID, this.#last);
    streams.findFirstId(root);
  }

  *#readGroup(): RdbRest {
    const reader = this.#reader;
    const streams = this.#streams;
    const root = this.#root;
    const { groups } = streams;
    reader.readWholeString();
    const name = reader.stringBytes.slice(reader.stringStart, reader.stringEnd);
    readId(reader, id);
    if (groups.findGroup(root, name, 0, name.length) !== 0) {
      this.#fail(`Duplicated consumer group name ${latin1(name, 0, name.length)}`);
    }
    const group = groups.createGroup(root, name, 0, name.length, id, 0);
    if (this.#format === FORMAT_1) {
      const read = entriesUpTo(streams, root, id);
      writeObjectNumber(streams.heap, group, GROUP_ENTRIES_READ, read);
    } else {
      words.read(reader);
      if (!words.isCount) words.set(ENTRIES_READ_UNKNOWN);
      setWords(streams, group, GROUP_ENTRIES_READ);
    }
    yield* this.#readPending(group);
    const consumers = reader.readLength();
    let owned = 0;
    for (let i = 0; i < consumers; i++) owned += yield* this.#readConsumer(group);
    if (owned !== groups.pendingCount(group)) this.#fail("Stream CG PEL entry without consumer");
    yield;
  }

  *#readPending(group: number): RdbRest {
    const reader = this.#reader;
    const { groups } = this.#streams;
    const count = reader.readLength();
    for (let i = 0; i < count; i++) {
      readIdBytes(reader, id);
      if (groups.findPending(group, id)) {
        this.#fail("Duplicated global PEL entry loading stream consumer group");
      }
      groups.addPending(group, 0, id);
      words.readBytes(reader);
      words.expectCount();
      groups.pending.setWord(PENDING_TIME, words.low);
      groups.pending.setWord(PENDING_TIME + 1, words.high);
      words.read(reader);
      words.expectCount();
      groups.pending.setWord(PENDING_COUNT, words.low);
      groups.pending.setWord(PENDING_COUNT + 1, words.high);
      if (i % PENDING_PER_STEP === 0) yield;
    }
  }

  /** Returns how many entries are pending with it. */
  *#readConsumer(group: number): Generator<undefined, number, void> {
    const reader = this.#reader;
    const { groups, heap } = this.#streams;
    reader.readWholeString();
    const { stringBytes, stringStart, stringEnd } = reader;
    if (groups.findConsumer(group, stringBytes, stringStart, stringEnd) !== 0) {
      this.#fail("Duplicate stream consumer detected.");
    }
    const consumer = groups.createConsumer(group, stringBytes, stringStart, stringEnd, 0);
    words.readBytes(reader);
    words.expectCount();
    setWords(this.#streams, consumer, CONSUMER_SEEN);
    if (this.#format === FORMAT_3) {
      words.readBytes(reader);
      if (!words.isCount) words.set(NEVER_ACTIVE);
      setWords(this.#streams, consumer, CONSUMER_ACTIVE);
    } else heap.copyWithin(consumer, 4 * CONSUMER_SEEN, consumer, 4 * CONSUMER_ACTIVE, 8);
    const count = reader.readLength();
    for (let i = 0; i < count; i++) {
      readIdBytes(reader, id);
      if (!groups.findPending(group, id)) {
        this.#fail("Consumer entry not found in group global PEL");
      }
      if (groups.pendingConsumer !== 0) {
        this.#fail("Duplicated consumer PEL entry  loading a stream consumer group");
      }
      groups.addOwn(consumer, id);
      groups.pending.setWord(PENDING_CONSUMER, consumer);
      if (i % PENDING_PER_STEP === 0) yield;
    }
    return count;
  }
}

/** Writes the number that was read to two words of an object. */
function setWords(streams: Streams, ref: number, index: number): void {
  setObjectWord(streams.heap, ref, index, words.low);
  setObjectWord(streams.heap, ref, index + 1, words.high);
}

function load(reader: RdbReader, target: RdbTarget, format: number): void {
  const { database, expiresAtMs } = target;
  const { streams, heap } = database.keyspace;
  const root = streams.create();
  try {
    const { keyBytes, keyStart, keyEnd } = reader;
    target.ref = database.addGraph(keyBytes, keyStart, keyEnd, KIND, root, expiresAtMs);
  } catch (thrown) {
    heap.free(streams.treeOf(root));
    heap.free(root);
    throw thrown;
  }
  const steps = new StreamLoad(reader, streams, root, format).steps();
  // Most streams are short.
  for (let i = 0; i < 2; i++) if (steps.next().done === true) return;
  target.rest = steps;
}

export const STREAM_TYPES: readonly RdbValueType[] = [
  {
    byte: FORMAT_1,
    typeName: "stream",
    format: "stream",
    version: 9,
    load: (reader, target) => load(reader, target, FORMAT_1),
  },
  {
    byte: FORMAT_2,
    typeName: "stream",
    format: "stream of Redis 7.0",
    version: 10,
    kinds: [KIND],
    load: (reader, target) => load(reader, target, FORMAT_2),
    save: saveStream,
    rewrite: rewriteStream,
  },
  {
    byte: FORMAT_3,
    typeName: "stream",
    format: "stream of Redis 7.2",
    version: 11,
    load: (reader, target) => load(reader, target, FORMAT_3),
  },
];
