/**
 * Sorted sets in RDB files:
 *
 *      3    count, then of each its member and its score as text: a byte of length and digits, or
 *           255 for -inf, 254 for inf, 253 for NaN
 *      5    count, then of each its member and its score in eight bytes
 *     12    a ziplist, 17 a listpack: member, score, member, score ...
 *
 * Written are 17 and 5, the latter from the highest score to the lowest, as Redis does.
 *
 * What is loaded becomes a listpack or a graph as its size demands. Members that a listpack does not
 * hold in order, which no server has written, are put into order.
 */
import { latin1, latin1Bytes } from "../../../base/ascii.ts";
import { parseDouble } from "../../../base/double_text.ts";
import { TreeWalk } from "../../../heap/counted_tree.ts";
import type { HeapView } from "../../../heap/heap_view.ts";
import { listpackCount, ListpackReader } from "../../../heap/listpack.ts";
import { ListpackWriter } from "../../../heap/listpack_writer.ts";
import type { Database } from "../../../keyspace/database.ts";
import { TREE_KEY_BYTES } from "../../../keyspace/zset/member_tree.ts";
import { LeafMember } from "../../../keyspace/zset/score_leaf.ts";
import { readScore } from "../../../keyspace/zset/small_zset.ts";
import type { ZsetBuilder } from "../../../keyspace/zset/zset_builder.ts";
import { LARGE_ZSET_KIND, SMALL_ZSET_KIND } from "../../../keyspace/zset/zset_kind.ts";
import type { CommandText } from "../../aof/command_text.ts";
import { finished } from "../../entry_writing.ts";
import { hasDuplicates, readListpack, readZiplist } from "../packed_string.ts";
import type { RdbEncoder, RdbRest } from "../rdb_encoder.ts";
import type { RdbReader } from "../rdb_reader.ts";
import type { RdbTarget, RdbValueType } from "../rdb_value.ts";
import { saveBytes, valueOf } from "../rdb_value.ts";

/** Members loaded, and members written, between two pauses. */
const LOADED_PER_STEP = 500;
const SAVED_PER_STEP = 100;
/** Members of one command (AOF_REWRITE_ITEMS_PER_CMD). */
const MEMBERS_PER_COMMAND = 64;
/** What stands for a length in type 3. */
const TEXT_NAN = 253;
const TEXT_INFINITY = 254;
const TEXT_MINUS_INFINITY = 255;

const ZIPLIST_BROKEN = "Zset ziplist integrity check failed.";
const LISTPACK_BROKEN = "Zset listpack integrity check failed.";
const NAN_SCORE = "Zset with NAN score detected";
const DUPLICATES = "Duplicate zset fields detected";

const writer = new ListpackWriter();

/** Reads the score behind a member. */
type ReadScore = (reader: RdbReader) => number;

/** A score as type 3 holds it. */
export function readTextScore(reader: RdbReader): number {
  const length = reader.readByte();
  if (length === TEXT_MINUS_INFINITY) return -Infinity;
  if (length === TEXT_INFINITY) return Infinity;
  if (length === TEXT_NAN) return NaN;
  reader.need(length);
  const score = parseDouble(reader.bytes, reader.at, reader.at + length);
  reader.at += length;
  return score;
}

/** A score as type 5 holds it. */
export function readBinaryScore(reader: RdbReader): number {
  return reader.readFloat64();
}

/** A member that outlives the reading of its score. */
class MemberBytes {
  bytes: Uint8Array = new Uint8Array(64);
  length = 0;

  read(reader: RdbReader): void {
    reader.readWholeString();
    const { stringBytes, stringStart } = reader;
    const length = reader.stringEnd - stringStart;
    if (length > this.bytes.length) this.bytes = new Uint8Array(2 * length);
    if (length > 64) this.bytes.set(stringBytes.subarray(stringStart, reader.stringEnd));
    else for (let i = 0; i < length; i++) this.bytes[i] = stringBytes[stringStart + i];
    this.length = length;
  }
}

function loadPairs(reader: RdbReader, target: RdbTarget, scoreFrom: ReadScore): void {
  const count = reader.readLength();
  if (count === 0) return;
  if (count <= target.database.keyspace.limits.zsetMaxListpackEntries) {
    return build(reader, target, (builder) => readInto(reader, builder, scoreFrom, count));
  }
  const root = addLarge(reader, target);
  if (count <= LOADED_PER_STEP) readPairs(reader, target.database, root, scoreFrom, count);
  else target.rest = loadInSteps(reader, target.database, root, scoreFrom, count);
}

/** Adds the key with a large sorted set that is still empty. */
function addLarge(reader: RdbReader, target: RdbTarget): number {
  const { database, expiresAtMs } = target;
  const { zsets } = database.keyspace;
  const { keyBytes, keyStart, keyEnd } = reader;
  const root = zsets.large.create();
  try {
    const kind = LARGE_ZSET_KIND;
    target.ref = database.addGraph(keyBytes, keyStart, keyEnd, kind, root, expiresAtMs);
    return root;
  } catch (thrown) {
    zsets.free(root);
    throw thrown;
  }
}

function* loadInSteps(
  reader: RdbReader,
  database: Database,
  root: number,
  scoreFrom: ReadScore,
  count: number,
): RdbRest {
  for (let left = count; left > 0; left -= LOADED_PER_STEP) {
    readPairs(reader, database, root, scoreFrom, Math.min(left, LOADED_PER_STEP));
    yield;
  }
}

function readPairs(
  reader: RdbReader,
  database: Database,
  root: number,
  scoreFrom: ReadScore,
  count: number,
): void {
  const { large } = database.keyspace.zsets;
  const member = new MemberBytes();
  for (let i = 0; i < count; i++) {
    member.read(reader);
    const score = scoreFrom(reader);
    if (score !== score) reader.fail(NAN_SCORE, "loadZset");
    const known = large.score(root, member.bytes, 0, member.length);
    if (known === known) reader.fail(DUPLICATES, "loadZset");
    large.add(root, member.bytes, 0, member.length, score);
  }
}

/** Makes a sorted set aside, small where it fits, and adds the key with it. */
function build(reader: RdbReader, target: RdbTarget, fill: (builder: ZsetBuilder) => void): void {
  const { database, expiresAtMs } = target;
  const { builder } = database.keyspace.zsets;
  builder.begin();
  try {
    fill(builder);
    builder.order();
    const { keyBytes, keyStart, keyEnd } = reader;
    target.ref = builder.store(database, keyBytes, keyStart, keyEnd, expiresAtMs);
  } finally {
    builder.end();
  }
}

function readInto(
  reader: RdbReader,
  builder: ZsetBuilder,
  scoreFrom: ReadScore,
  count: number,
): void {
  const member = new MemberBytes();
  for (let i = 0; i < count; i++) {
    member.read(reader);
    const score = scoreFrom(reader);
    if (score !== score) reader.fail(NAN_SCORE, "loadZset");
    if (builder.has(member.bytes, 0, member.length)) reader.fail(DUPLICATES, "loadZset");
    builder.add(member.bytes, 0, member.length, score);
  }
}

function loadListpack(reader: RdbReader, target: RdbTarget): void {
  readListpack(reader, LISTPACK_BROKEN, "loadZset");
  const { stringBytes, stringStart, stringEnd } = reader;
  const length = stringEnd - stringStart;
  addPairs(reader, target, stringBytes, stringStart, length, LISTPACK_BROKEN);
}

function loadZiplist(reader: RdbReader, target: RdbTarget): void {
  const length = readZiplist(reader, writer, ZIPLIST_BROKEN, "loadZset");
  if (hasDuplicates(writer.bytes, 0, 2)) reader.fail(ZIPLIST_BROKEN, "loadZset");
  addPairs(reader, target, writer.bytes, 0, length, ZIPLIST_BROKEN);
}

/** Adds a valid listpack that stands outside the heap. */
function addPairs(
  reader: RdbReader,
  target: RdbTarget,
  bytes: Uint8Array,
  at: number,
  lengthBytes: number,
  broken: string,
): void {
  const count = listpackCount(bytes, at);
  if (count % 2 !== 0 || !haveScores(bytes, at)) reader.fail(broken, "loadZset");
  if (count === 0) return;
  if (reader.isSanitizing && hasDuplicates(bytes, at, 2)) reader.fail(broken, "loadZset");
  const { database, expiresAtMs } = target;
  const isSmall = count / 2 <= database.keyspace.limits.zsetMaxListpackEntries;
  if (!isSmall || !areInOrder(bytes, at)) {
    return build(reader, target, (builder) => addAll(builder, bytes, at));
  }
  const { keyBytes, keyStart, keyEnd } = reader;
  const kind = SMALL_ZSET_KIND;
  const ref = database.add(keyBytes, keyStart, keyEnd, kind, lengthBytes, expiresAtMs);
  target.ref = ref;
  database.writeValue(ref, 0, bytes, at, lengthBytes);
}

/** Adds the pairs of a listpack; of a member that comes twice the first one counts. */
function addAll(builder: ZsetBuilder, bytes: Uint8Array, at: number): void {
  const reader = new ListpackReader();
  const member = new ListpackReader();
  reader.open(bytes, at);
  member.open(bytes, at);
  while (member.next()) {
    reader.skip(2);
    const score = readScore(reader);
    member.text();
    const { stringBytes, stringStart, stringEnd } = member;
    if (!builder.has(stringBytes, stringStart, stringEnd)) {
      builder.add(stringBytes, stringStart, stringEnd, score);
    }
    member.next();
  }
}

/** Whether every second entry is a number. */
function haveScores(bytes: Uint8Array, at: number): boolean {
  const reader = new ListpackReader();
  reader.open(bytes, at);
  while (reader.skip(2)) if (Number.isNaN(readScore(reader))) return false;
  return true;
}

/** Whether pairs are in order of their scores, and those of one score in order of their members. */
function areInOrder(bytes: Uint8Array, at: number): boolean {
  const reader = new ListpackReader();
  reader.open(bytes, at);
  let previousMember = "";
  let previousScore = -Infinity;
  for (let isFirst = true; reader.next(); isFirst = false) {
    reader.text();
    const member = latin1(reader.stringBytes, reader.stringStart, reader.stringEnd);
    reader.next();
    const score = readScore(reader);
    if (!isFirst && score < previousScore) return false;
    if (!isFirst && score === previousScore && member <= previousMember) return false;
    previousMember = member;
    previousScore = score;
  }
  return true;
}

/** The leaves of a large sorted set in order, and how many members they hold. */
class Leaves {
  readonly refs: number[] = [];
  readonly counts: number[] = [];
  memberCount = 0;

  constructor(view: HeapView, ref: number) {
    const walk = new TreeWalk(view, valueOf(view, ref).object, TREE_KEY_BYTES);
    while (walk.next()) {
      this.refs.push(walk.leaf);
      this.counts.push(walk.count);
      this.memberCount += walk.count;
    }
  }

  /** Steps that are few are done at once. */
  settled(steps: RdbRest): RdbRest | undefined {
    if (this.memberCount > SAVED_PER_STEP) return steps;
    finished(steps);
    return undefined;
  }
}

function saveGraph(encoder: RdbEncoder, view: HeapView, ref: number): RdbRest | undefined {
  const leaves = new Leaves(view, ref);
  encoder.lengthOf(leaves.memberCount);
  return leaves.settled(saveLeaves(encoder, view, leaves));
}

/** From the last member to the first: so each goes to the front when it is loaded. */
function* saveLeaves(encoder: RdbEncoder, view: HeapView, leaves: Leaves): RdbRest {
  const member = new LeafMember();
  let written = 0;
  for (let leaf = leaves.refs.length - 1; leaf >= 0; leaf--) {
    for (let i = leaves.counts[leaf] - 1; i >= 0; i--) {
      member.load(view, leaves.refs[leaf], i);
      const score = member.score;
      const length = member.end - member.start;
      if (member.longRef === 0) encoder.string(member.bytes, member.start, member.end);
      else {
        const rest = encoder.heapString(view, member.longRef, 0, length);
        if (rest !== undefined) yield* rest;
      }
      encoder.float64(score);
      if (++written % SAVED_PER_STEP === 0) yield;
    }
  }
}

const ZADD = latin1Bytes("ZADD");

/** Begins a command for as many of the members left as one may take. */
function begin(text: CommandText, view: HeapView, ref: number, left: number): void {
  text.begin(2 + 2 * Math.min(left, MEMBERS_PER_COMMAND), ZADD);
  text.key(view, ref);
}

function rewriteListpack(text: CommandText, view: HeapView, ref: number): undefined {
  const { object, offset, length } = valueOf(view, ref);
  const bytes = new Uint8Array(length);
  view.copyOut(object, offset, length, bytes, 0);
  const member = new ListpackReader();
  const score = new ListpackReader();
  member.open(bytes, 0);
  score.open(bytes, 0);
  let left = listpackCount(bytes, 0) / 2;
  for (let i = 0; left > 0; i++, left--) {
    if (i % MEMBERS_PER_COMMAND === 0) begin(text, view, ref, left);
    score.skip(2);
    text.number(readScore(score));
    member.next();
    member.text();
    text.bytes(member.stringBytes, member.stringStart, member.stringEnd);
    member.next();
  }
}

function rewriteGraph(text: CommandText, view: HeapView, ref: number): RdbRest | undefined {
  const leaves = new Leaves(view, ref);
  return leaves.settled(rewriteLeaves(text, view, ref, leaves));
}

function* rewriteLeaves(
  text: CommandText,
  view: HeapView,
  ref: number,
  leaves: Leaves,
): RdbRest {
  const member = new LeafMember();
  let written = 0;
  for (let leaf = 0; leaf < leaves.refs.length; leaf++) {
    for (let i = 0; i < leaves.counts[leaf]; i++) {
      if (written % MEMBERS_PER_COMMAND === 0) begin(text, view, ref, leaves.memberCount - written);
      member.load(view, leaves.refs[leaf], i);
      text.number(member.score);
      const length = member.end - member.start;
      if (member.longRef === 0) text.bytes(member.bytes, member.start, member.end);
      else {
        const rest = text.heapString(view, member.longRef, 0, length);
        if (rest !== undefined) yield* rest;
      }
      if (++written % SAVED_PER_STEP === 0) yield;
    }
  }
}

export const ZSET_TYPES: readonly RdbValueType[] = [
  {
    byte: 3,
    typeName: "zset",
    format: "skiplist with scores as text",
    version: 1,
    load: (reader, target) => loadPairs(reader, target, readTextScore),
  },
  {
    byte: 5,
    typeName: "zset",
    format: "skiplist",
    version: 8,
    kinds: [LARGE_ZSET_KIND],
    load: (reader, target) => loadPairs(reader, target, readBinaryScore),
    save: saveGraph,
    rewrite: rewriteGraph,
  },
  { byte: 12, typeName: "zset", format: "ziplist", version: 2, load: loadZiplist },
  {
    byte: 17,
    typeName: "zset",
    format: "listpack",
    version: 10,
    kinds: [SMALL_ZSET_KIND],
    load: loadListpack,
    save: saveBytes,
    rewrite: rewriteListpack,
  },
];
