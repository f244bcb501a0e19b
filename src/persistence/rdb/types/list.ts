/**
 * Lists in RDB files:
 *
 *     1     count, elements as strings                                  read only
 *     10    a ziplist as one string                                     read only
 *     14    count of nodes, each a ziplist as one string                read only
 *     18    count of nodes, each a container and a string               saved
 *
 *     container 1: the string is an element, a long one     2: it is a listpack of elements
 *
 * Small lists are saved as one node. The nodes of large ones are about as Redis would make them
 * with its usual `list-max-listpack-size`: listpacks of up to 8 KiB.
 *
 * A list is loaded as what the limits allow: one node as a small list where it may be one, several
 * as a large one. Redis lets what comes from a ziplist (10) be large whatever its size.
 */
import { latin1Bytes } from "../../../base/ascii.ts";
import type { HeapView } from "../../../heap/heap_view.ts";
import {
  EMPTY_LISTPACK_BYTES,
  entryBytesAt,
  LISTPACK_END,
  listpackCount,
} from "../../../heap/listpack.ts";
import { ListpackWriter } from "../../../heap/listpack_writer.ts";
import { TreeWalk } from "../../../heap/tree_walk.ts";
import {
  aloneLength,
  FORM_ALONE,
  FORM_PACKED,
  LEAF_HEADER_BYTES,
  leafForm,
  LeafReader,
  packedBytesOf,
} from "../../../keyspace/list/leaf.ts";
import { ListBuilder } from "../../../keyspace/list/list_builder.ts";
import {
  exceedsListLimit,
  KIND_QUICKLIST,
  KIND_SMALL_LIST,
} from "../../../keyspace/list/list_value.ts";
import { copyElement } from "../../../keyspace/list/list_reader.ts";
import { ListWalk } from "../../../keyspace/list/list_walk.ts";
import type { CommandText } from "../../aof/command_text.ts";
import { readListpack, readZiplist } from "../packed_string.ts";
import type { RdbEncoder, RdbRest } from "../rdb_encoder.ts";
import { VALUE_BYTES_MAX } from "../rdb_format.ts";
import type { RdbReader } from "../rdb_reader.ts";
import { type RdbTarget, type RdbValueType, saveBytes, valueOf } from "../rdb_value.ts";

const CONTAINER_PLAIN = 1;
const CONTAINER_PACKED = 2;
/** The bytes that the entries of a saved node take. */
const NODE_BYTES_MAX: number = 8192 - EMPTY_LISTPACK_BYTES;
/** Elements between two pauses. */
const STEP_ELEMENTS = 200;
/** Elements of one RPUSH of a rewritten file. */
const COMMAND_ELEMENTS = 64;
const RPUSH = latin1Bytes("RPUSH");

/** A listpack on its way from a file. */
const loaded = new ListpackWriter();

function loadStrings(reader: RdbReader, target: RdbTarget): void {
  const count = reader.readLength();
  const directive = target.database.keyspace.limits.listMaxListpackSize;
  loaded.begin();
  for (let i = 0; i < count; i++) {
    const isWhole = reader.readString();
    const length = isWhole ? reader.stringEnd - reader.stringStart : reader.longLength;
    if (!isWhole || exceedsListLimit(directive, loaded.entriesEnd + 1 + length, i + 1)) {
      const builder = beginLarge(reader, target);
      loaded.finish();
      builder.addListpack(loaded.bytes, 0);
      target.rest = loadElements(reader, target, builder, isWhole, count - i);
      return;
    }
    loaded.add(reader.stringBytes, reader.stringStart, reader.stringEnd);
  }
  if (count === 0) return;
  loaded.finish();
  addSmall(reader, target, loaded.bytes, 0, loaded.length);
}

/** Loads elements as strings; the first has been read, when it is whole. */
function* loadElements(
  reader: RdbReader,
  target: RdbTarget,
  builder: ListBuilder,
  isWhole: boolean,
  count: number,
): RdbRest {
  for (let i = 1;; i++) {
    if (isWhole) builder.add(reader.stringBytes, reader.stringStart, reader.stringEnd);
    else yield* loadLong(reader, target, builder);
    if (i === count) break;
    if (i % STEP_ELEMENTS === 0) yield;
    isWhole = reader.readString();
  }
  builder.finish();
}

/** Loads a string that is too long for the reader, as an element. */
function* loadLong(reader: RdbReader, target: RdbTarget, builder: ListBuilder): RdbRest {
  const length = reader.longLength;
  if (length > VALUE_BYTES_MAX - LEAF_HEADER_BYTES) {
    reader.fail("string longer than 2 GiB", "loadList");
  }
  const { heap } = target.database.keyspace;
  const leaf = builder.addLong(length);
  // The bytes are undefined until they are read: a failure ends the whole list.
  for (let offset = 0; offset < length;) {
    reader.readPiece(length - offset);
    const count = reader.stringEnd - reader.stringStart;
    heap.copyIn(leaf, LEAF_HEADER_BYTES + offset, reader.stringBytes, reader.stringStart, count);
    offset += count;
    yield;
  }
}

function loadZiplist(reader: RdbReader, target: RdbTarget): void {
  readNode(reader, true);
  if (listpackCount(nodeBytes, nodeStart) > 0) loadOnlyNode(reader, target);
}

function loadZiplists(reader: RdbReader, target: RdbTarget): void {
  loadNodes(reader, target, true);
}

function loadListpacks(reader: RdbReader, target: RdbTarget): void {
  loadNodes(reader, target, false);
}

function loadNodes(reader: RdbReader, target: RdbTarget, isOld: boolean): void {
  const count = reader.readLength();
  if (count === 0) return;
  if (count > 1) {
    const builder = beginLarge(reader, target);
    target.rest = loadNodesInto(reader, target, builder, isOld, count);
    return;
  }
  if (!isOld && readContainer(reader) === CONTAINER_PLAIN) {
    const isWhole = readPlain(reader);
    const builder = beginLarge(reader, target);
    target.rest = loadElements(reader, target, builder, isWhole, 1);
    return;
  }
  readNode(reader, isOld);
  if (listpackCount(nodeBytes, nodeStart) > 0) loadOnlyNode(reader, target);
}

function* loadNodesInto(
  reader: RdbReader,
  target: RdbTarget,
  builder: ListBuilder,
  isOld: boolean,
  count: number,
): RdbRest {
  for (let i = 0; i < count; i++) {
    if (!isOld && readContainer(reader) === CONTAINER_PLAIN) {
      if (readPlain(reader)) {
        builder.add(reader.stringBytes, reader.stringStart, reader.stringEnd);
      } else yield* loadLong(reader, target, builder);
    } else {
      readNode(reader, isOld);
      builder.addListpack(nodeBytes, nodeStart);
    }
    yield;
  }
  builder.finish();
  const { database, ref } = target;
  if (database.keyspace.lists.count(database.rootOf(ref)) > 0) return;
  // Nothing but empty nodes: as if there was no key.
  database.delete(ref);
  target.ref = 0;
}

function readContainer(reader: RdbReader): number {
  const container = reader.readLength();
  if (container !== CONTAINER_PLAIN && container !== CONTAINER_PACKED) {
    reader.fail("Quicklist integrity check failed.", "loadList");
  }
  return container;
}

/** Reads an element that stands alone in a node; returns as `readString` does. */
function readPlain(reader: RdbReader): boolean {
  const isWhole = reader.readString();
  if (isWhole && reader.stringEnd === reader.stringStart) {
    reader.fail("Quicklist integrity check failed.", "loadList");
  }
  return isWhole;
}

/** The listpack of the node that was read last. */
let nodeBytes: Uint8Array = new Uint8Array(0);
let nodeStart = 0;
let nodeLength = 0;

/** Reads a node of several elements; a ziplist is made a listpack. */
function readNode(reader: RdbReader, isOld: boolean): void {
  if (isOld) {
    nodeLength = readZiplist(reader, loaded, "Ziplist integrity check failed.", "loadList");
    nodeBytes = loaded.bytes;
    nodeStart = 0;
    return;
  }
  readListpack(reader, "Listpack integrity check failed.", "loadList");
  nodeBytes = reader.stringBytes;
  nodeStart = reader.stringStart;
  nodeLength = reader.stringEnd - nodeStart;
}

/** Adds a key whose only node has been read. */
function loadOnlyNode(reader: RdbReader, target: RdbTarget): void {
  const directive = target.database.keyspace.limits.listMaxListpackSize;
  const count = listpackCount(nodeBytes, nodeStart);
  if (!exceedsListLimit(directive, nodeLength, count)) {
    return addSmall(reader, target, nodeBytes, nodeStart, nodeLength);
  }
  const builder = beginLarge(reader, target);
  builder.addListpack(nodeBytes, nodeStart);
  builder.finish();
}

function addSmall(
  reader: RdbReader,
  target: RdbTarget,
  bytes: Uint8Array,
  start: number,
  length: number,
): void {
  const { keyBytes, keyStart, keyEnd } = reader;
  const { database, expiresAtMs } = target;
  const ref = database.add(keyBytes, keyStart, keyEnd, KIND_SMALL_LIST, length, expiresAtMs);
  database.writeValue(ref, 0, bytes, start, length);
  target.ref = ref;
}

/** Adds the key with a large list, which is filled right away. */
function beginLarge(reader: RdbReader, target: RdbTarget): ListBuilder {
  const { database, expiresAtMs } = target;
  const { lists } = database.keyspace;
  const root = lists.create();
  const { keyBytes, keyStart, keyEnd } = reader;
  try {
    target.ref = database.addGraph(keyBytes, keyStart, keyEnd, KIND_QUICKLIST, root, expiresAtMs);
  } catch (thrown) {
    const steps = lists.freeSteps(root);
    while (steps.next().done !== true);
    throw thrown;
  }
  const builder = new ListBuilder(lists);
  builder.begin(root);
  return builder;
}

function saveList(encoder: RdbEncoder, view: HeapView, ref: number): RdbRest | undefined {
  const word = view.read(ref) >>> 2;
  if ((view.words[word] & 0xff) === KIND_QUICKLIST) {
    return saveNodes(encoder, view, valueOf(view, ref).object);
  }
  encoder.lengthOf(1);
  encoder.lengthOf(CONTAINER_PACKED);
  return saveBytes(encoder, view, ref);
}

function* saveNodes(encoder: RdbEncoder, view: HeapView, root: number): RdbRest {
  encoder.lengthOf(countNodes(view, root));
  const leaves = new TreeWalk(view, root, 0);
  const elements = new LeafReader();
  const writer = new ListpackWriter();
  let nodeBytes = 0;
  writer.begin();
  while (leaves.next()) {
    const leaf = leaves.leaf;
    if (isPlain(view, leaf)) {
      saveNode(encoder, writer);
      nodeBytes = 0;
      encoder.lengthOf(CONTAINER_PLAIN);
      const rest = encoder.heapString(view, leaf, LEAF_HEADER_BYTES, aloneLength(view, leaf));
      if (rest !== undefined) yield* rest;
    } else {
      const leafBytes = packedBytesOf(view, leaf);
      if (nodeBytes + leafBytes > NODE_BYTES_MAX) {
        saveNode(encoder, writer);
        nodeBytes = 0;
      }
      nodeBytes += leafBytes;
      elements.open(view, leaf, false);
      addElements(view, elements, writer);
    }
    yield;
  }
  saveNode(encoder, writer);
}

/** Writes the elements that have been gathered. */
function saveNode(encoder: RdbEncoder, writer: ListpackWriter): void {
  if (writer.count === 0) return;
  writer.finish();
  encoder.lengthOf(CONTAINER_PACKED);
  encoder.string(writer.bytes, 0, writer.length);
  writer.begin();
}

function addElements(view: HeapView, elements: LeafReader, writer: ListpackWriter): void {
  if (elements.form === FORM_PACKED) {
    const { bytes, start, offset } = elements.packed;
    let end = start + offset;
    while (bytes[end] !== LISTPACK_END) end += entryBytesAt(bytes, end);
    writer.addEntries(bytes, start + offset, end - start - offset, elements.count);
    return;
  }
  while (elements.next()) {
    if (elements.form === FORM_ALONE) {
      const copy = new Uint8Array(elements.length);
      copyElement(view, elements, copy);
      writer.add(copy, 0, copy.length);
    } else writer.add(elements.bytes, elements.start, elements.end);
  }
}

/** True when the one element of a leaf is too long for a node of several. */
function isPlain(view: HeapView, leaf: number): boolean {
  return leafForm(view, leaf) === FORM_ALONE && aloneLength(view, leaf) > NODE_BYTES_MAX;
}

/** The nodes that {@link saveNodes} writes. */
function countNodes(view: HeapView, root: number): number {
  const leaves = new TreeWalk(view, root, 0);
  let count = 0;
  let nodeBytes = 0;
  while (leaves.next()) {
    if (isPlain(view, leaves.leaf)) {
      count++;
      nodeBytes = 0;
      continue;
    }
    const leafBytes = packedBytesOf(view, leaves.leaf);
    if (nodeBytes === 0 || nodeBytes + leafBytes > NODE_BYTES_MAX) {
      count++;
      nodeBytes = 0;
    }
    nodeBytes += leafBytes;
  }
  return count;
}

function rewriteList(text: CommandText, view: HeapView, ref: number): RdbRest | undefined {
  const walk = new ListWalk(view, ref);
  if (walk.count <= STEP_ELEMENTS) {
    const steps = rewriteElements(text, view, ref, walk);
    while (steps.next().done !== true);
    return undefined;
  }
  return rewriteElements(text, view, ref, walk);
}

function* rewriteElements(
  text: CommandText,
  view: HeapView,
  ref: number,
  walk: ListWalk,
): RdbRest {
  const element = walk.element;
  for (let i = 0; walk.next(); i++) {
    if (i % COMMAND_ELEMENTS === 0) {
      if (i > 0) yield;
      text.begin(2 + Math.min(walk.count - i, COMMAND_ELEMENTS), RPUSH);
      text.key(view, ref);
    }
    if (element.form === FORM_ALONE) {
      const { aloneLeaf, length } = element;
      const rest = text.heapString(view, aloneLeaf, LEAF_HEADER_BYTES, length);
      if (rest !== undefined) yield* rest;
    } else {
      element.text();
      text.bytes(element.bytes, element.start, element.end);
    }
  }
}

export const LIST_TYPES: readonly RdbValueType[] = [
  { byte: 1, typeName: "list", format: "linked list", version: 1, load: loadStrings },
  { byte: 10, typeName: "list", format: "ziplist", version: 2, load: loadZiplist },
  { byte: 14, typeName: "list", format: "quicklist", version: 7, load: loadZiplists },
  {
    byte: 18,
    typeName: "list",
    format: "quicklist of listpacks",
    version: 10,
    kinds: [KIND_SMALL_LIST, KIND_QUICKLIST],
    load: loadListpacks,
    save: saveList,
    rewrite: rewriteList,
  },
];
