/**
 * Sets in RDB files:
 *
 *     2     count, members as strings           saved: listpacks and hashtables
 *     11    an intset as one string             saved: intsets
 *     20    a listpack as one string            read only: Redis 7.0 does not know it
 *
 * A set is loaded as what the limits allow, whatever it was. One without members is passed over, as
 * Redis does: then there is no entry.
 */
import { latin1Bytes } from "../../../base/ascii.ts";
import type { HeapView } from "../../../heap/heap_view.ts";
import { INTSET_HEADER_BYTES, intsetCount, isValidIntset } from "../../../heap/intset.ts";
import { listpackCount } from "../../../heap/listpack.ts";
import { recordCount, RecordWalk } from "../../../heap/record_walk.ts";
import {
  intsetCountMax,
  KIND_INTSET,
  KIND_SET_LISTPACK,
  KIND_SET_TABLE,
} from "../../../keyspace/set/set_builder.ts";
import { SetWalk } from "../../../keyspace/set/set_walk.ts";
import {
  ENCODING_HASHTABLE,
  ENCODING_INTSET,
  ENCODING_LISTPACK,
} from "../../../keyspace/value_type.ts";
import type { CommandText } from "../../aof/command_text.ts";
import { readListpack } from "../packed_string.ts";
import type { RdbEncoder, RdbRest } from "../rdb_encoder.ts";
import type { RdbReader } from "../rdb_reader.ts";
import { type RdbTarget, type RdbValueType, valueOf } from "../rdb_value.ts";

/** Members between two pauses. */
const STEP_MEMBERS = 200;
/** Members of one SADD of a rewritten file. */
const COMMAND_MEMBERS = 64;
const SADD = latin1Bytes("SADD");
const NO_BYTES = new Uint8Array(0);
const DUPLICATE = "Duplicate set members detected";

function loadMembers(reader: RdbReader, target: RdbTarget): void {
  const count = reader.readLength();
  if (count === 0) return;
  const { keyspace } = target.database;
  if (count > intsetCountMax(keyspace.limits)) {
    target.rest = loadTable(reader, target, addTable(reader, target), count);
    return;
  }
  const { builder } = keyspace.sets;
  try {
    builder.begin(ENCODING_INTSET);
    for (let i = 0; i < count; i++) {
      reader.readWholeString();
      const isNew = builder.add(reader.stringBytes, reader.stringStart, reader.stringEnd);
      if (!isNew) reader.fail(DUPLICATE, "loadSet");
    }
    const { keyBytes, keyStart, keyEnd } = reader;
    const { database, expiresAtMs } = target;
    target.ref = builder.store(database, keyBytes, keyStart, keyEnd, expiresAtMs);
  } finally {
    builder.abandon();
  }
}

/** Adds the key with an empty dict, which is filled right away, and returns its root. */
function addTable(reader: RdbReader, target: RdbTarget): number {
  const { database, expiresAtMs } = target;
  const { records } = database.keyspace;
  const root = records.create(false);
  const { keyBytes, keyStart, keyEnd } = reader;
  try {
    const kind = KIND_SET_TABLE;
    target.ref = database.addGraph(keyBytes, keyStart, keyEnd, kind, root, expiresAtMs);
  } catch (thrown) {
    const steps = records.freeSteps(root);
    while (steps.next().done !== true);
    throw thrown;
  }
  return root;
}

function* loadTable(
  reader: RdbReader,
  target: RdbTarget,
  root: number,
  count: number,
): RdbRest {
  const { records } = target.database.keyspace;
  for (let i = 0; i < count; i++) {
    reader.readWholeString();
    const { stringBytes, stringStart, stringEnd } = reader;
    if (records.has(root, stringBytes, stringStart, stringEnd)) {
      reader.fail(DUPLICATE, "loadSet");
    }
    records.insert(root, stringBytes, stringStart, stringEnd, NO_BYTES, 0, 0);
    if (i % STEP_MEMBERS === STEP_MEMBERS - 1) yield;
  }
}

function loadIntset(reader: RdbReader, target: RdbTarget): void {
  reader.readWholeString();
  const { stringBytes, stringStart, stringEnd } = reader;
  const length = stringEnd - stringStart;
  if (!isValidIntset(stringBytes, stringStart, length, true)) {
    reader.fail("Intset integrity check failed.", "loadIntset");
  }
  const { database } = target;
  if (intsetCount(stringBytes, stringStart) > intsetCountMax(database.keyspace.limits)) {
    return loadWalk(reader, target, ENCODING_INTSET, stringBytes, stringStart);
  }
  addBytes(reader, target, KIND_INTSET);
}

function loadListpack(reader: RdbReader, target: RdbTarget): void {
  readListpack(reader, "Set listpack integrity check failed.", "loadListpack");
  const { stringBytes, stringStart } = reader;
  const { keyspace } = target.database;
  const count = listpackCount(stringBytes, stringStart);
  if (count === 0) return;
  if (count > keyspace.limits.setMaxListpackEntries) {
    return loadWalk(reader, target, ENCODING_LISTPACK, stringBytes, stringStart);
  }
  if (reader.isSanitizing) checkDuplicates(reader, target);
  addBytes(reader, target, KIND_SET_LISTPACK);
}

/** Adds the key with the string just read as its value. */
function addBytes(reader: RdbReader, target: RdbTarget, kind: number): void {
  const { keyBytes, keyStart, keyEnd, stringBytes, stringStart } = reader;
  const { database, expiresAtMs } = target;
  const length = reader.stringEnd - stringStart;
  target.ref = database.add(keyBytes, keyStart, keyEnd, kind, length, expiresAtMs);
  database.writeValue(target.ref, 0, stringBytes, stringStart, length);
}

/** Refuses the listpack just read when it has a member twice. */
function checkDuplicates(reader: RdbReader, target: RdbTarget): void {
  const { heap, sets: { builder } } = target.database.keyspace;
  const walk = new SetWalk(heap);
  walk.openBytes(ENCODING_LISTPACK, reader.stringBytes, reader.stringStart);
  try {
    builder.begin(ENCODING_HASHTABLE);
    while (walk.next()) {
      if (!builder.addMemberOf(walk)) {
        reader.fail("Set listpack integrity check failed.", "loadListpack");
      }
    }
  } finally {
    builder.abandon();
  }
}

/** Loads a small set that is too large for this server's limits. */
function loadWalk(
  reader: RdbReader,
  target: RdbTarget,
  encoding: number,
  bytes: Uint8Array,
  start: number,
): void {
  const walk = new SetWalk(target.database.keyspace.heap);
  walk.openBytes(encoding, bytes, start);
  target.rest = loadWalked(reader, target, addTable(reader, target), walk);
}

function* loadWalked(
  reader: RdbReader,
  target: RdbTarget,
  root: number,
  walk: SetWalk,
): RdbRest {
  const { records } = target.database.keyspace;
  for (let i = 1; walk.next(); i++) {
    walk.text();
    if (records.has(root, walk.bytes, walk.start, walk.end)) {
      reader.fail(DUPLICATE, "loadSet");
    }
    records.insert(root, walk.bytes, walk.start, walk.end, NO_BYTES, 0, 0);
    if (i % STEP_MEMBERS === 0) yield;
  }
}

function saveIntset(encoder: RdbEncoder, view: HeapView, ref: number): RdbRest | undefined {
  const { object, offset } = valueOf(view, ref);
  const at = view.span(object, offset, INTSET_HEADER_BYTES);
  const length = INTSET_HEADER_BYTES + view.bytes[at] * intsetCount(view.bytes, at);
  return encoder.heapString(view, object, offset, length);
}

function saveMembers(encoder: RdbEncoder, view: HeapView, ref: number): RdbRest | undefined {
  const walk = new SetWalk(view);
  walk.open(ref);
  encoder.lengthOf(walk.count);
  if (walk.encoding === ENCODING_HASHTABLE) {
    return saveTable(encoder, view, valueOf(view, ref).object);
  }
  while (walk.next()) {
    walk.text();
    encoder.string(walk.bytes, walk.start, walk.end);
  }
  return undefined;
}

function* saveTable(encoder: RdbEncoder, view: HeapView, root: number): RdbRest {
  const walk = new RecordWalk(view, root);
  for (let i = 1; walk.next(); i++) {
    const rest = encoder.heapString(view, walk.keyRef, walk.keyOffset, walk.keyLength);
    if (rest !== undefined) yield* rest;
    if (i % STEP_MEMBERS === 0) yield;
  }
}

function rewriteSet(text: CommandText, view: HeapView, ref: number): RdbRest | undefined {
  const walk = new SetWalk(view);
  walk.open(ref);
  if (walk.encoding === ENCODING_HASHTABLE) {
    return rewriteTable(text, view, ref, valueOf(view, ref).object);
  }
  for (let i = 0; walk.next(); i++) {
    if (i % COMMAND_MEMBERS === 0) beginCommand(text, view, ref, walk.count - i);
    walk.text();
    text.bytes(walk.bytes, walk.start, walk.end);
  }
  return undefined;
}

function* rewriteTable(text: CommandText, view: HeapView, ref: number, root: number): RdbRest {
  const count = recordCount(view, root);
  const walk = new RecordWalk(view, root);
  for (let i = 0; walk.next(); i++) {
    if (i % COMMAND_MEMBERS === 0) {
      if (i > 0) yield;
      beginCommand(text, view, ref, count - i);
    }
    const rest = text.heapString(view, walk.keyRef, walk.keyOffset, walk.keyLength);
    if (rest !== undefined) yield* rest;
  }
}

function beginCommand(text: CommandText, view: HeapView, ref: number, left: number): void {
  text.begin(2 + Math.min(left, COMMAND_MEMBERS), SADD);
  text.key(view, ref);
}

export const SET_TYPES: readonly RdbValueType[] = [
  {
    byte: 2,
    typeName: "set",
    format: "hash table",
    version: 1,
    kinds: [KIND_SET_LISTPACK, KIND_SET_TABLE],
    load: loadMembers,
    save: saveMembers,
    rewrite: rewriteSet,
  },
  {
    byte: 11,
    typeName: "set",
    format: "intset",
    version: 2,
    kinds: [KIND_INTSET],
    load: loadIntset,
    save: saveIntset,
    rewrite: rewriteSet,
  },
  { byte: 20, typeName: "set", format: "listpack", version: 11, load: loadListpack },
];
