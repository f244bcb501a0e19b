/** What DEBUG shows of keys, values, indexes and clients. */
import type { Call } from "../../command/call.ts";
import type { Dict } from "../../heap/dict.ts";
import { ENTRY_EXPIRES, keyOffset } from "../../heap/entry.ts";
import { EMPTY_LISTPACK_BYTES } from "../../heap/listpack.ts";
import { UNIT_BYTES } from "../../heap/page_layout.ts";
import { ROOT_SEGMENTS } from "../../heap/record_directory.ts";
import { SEGMENT_RECORDS_MAX } from "../../heap/record_segment.ts";
import { TreeWalk } from "../../heap/tree_walk.ts";
import { NO_EXPIRY } from "../../keyspace/database.ts";
import { FORM_ALONE, leafForm, packedBytesOf } from "../../keyspace/list/leaf.ts";
import {
  ENCODING_HASHTABLE,
  ENCODING_INT,
  ENCODING_NAMES,
  ENCODING_QUICKLIST,
  ENCODING_SKIPLIST,
  TYPE_STRING,
} from "../../keyspace/value_type.ts";
import { RdbEncoder } from "../../persistence/rdb/rdb_encoder.ts";
import { savedType } from "../../persistence/rdb/value_types.ts";
import { NO_SUCH_KEY } from "../../protocol/wire_errors.ts";
import type { Client } from "../client.ts";
import type { Engine } from "../engine.ts";

/** DEBUG OBJECT key. As Redis: also for a key that has expired and is still there. */
export function object(engine: Engine, call: Call): void {
  const ref = findOrReply(call);
  if (ref === 0) return;
  const { database, keyspace } = call;
  const access = database.accessOf(ref);
  const place = (database.outsideOf(ref) || ref) * UNIT_BYTES;
  call.reply.simple(
    `Value at:0x${place.toString(16)} refcount:1 ` +
      `encoding:${ENCODING_NAMES[database.encodingOf(ref)]} ` +
      `serializedlength:${serializedLength(engine, ref)} ` +
      `lru:${access} lru_seconds_idle:${keyspace.access.idleSeconds(access)}` +
      quicklistText(call, ref),
  );
}

/** The figures of a large list, whose leaves are called nodes there. */
function quicklistText(call: Call, ref: number): string {
  const { database, keyspace: { heap, lists, limits } } = call;
  if (database.encodingOf(ref) !== ENCODING_QUICKLIST) return "";
  const walk = new TreeWalk(heap, database.rootOf(ref), 0);
  let nodes = 0;
  let bytes = 0;
  while (walk.next()) {
    nodes++;
    bytes += packedBytesOf(heap, walk.leaf);
    if (leafForm(heap, walk.leaf) !== FORM_ALONE) bytes += EMPTY_LISTPACK_BYTES;
  }
  const average = (lists.count(database.rootOf(ref)) / nodes).toFixed(2);
  return ` ql_nodes:${nodes} ql_avg_node:${average} ` +
    `ql_listpack_max:${limits.listMaxListpackSize} ql_compressed:${
      limits.listCompressDepth === 0 ? 0 : 1
    } ` +
    `ql_uncompressed_size:${bytes}`;
}

/** The bytes that the value takes in an RDB file. */
function serializedLength(engine: Engine, ref: number): number {
  const encoder = new RdbEncoder(() => {}, false);
  encoder.compresses = engine.config.flag("rdbcompression");
  const rest = savedType(engine.keyspace.heap, ref).save(encoder, engine.keyspace.heap, ref);
  while (rest !== undefined && rest.next().done !== true);
  return encoder.offsetBytes;
}

/**
 * DEBUG SDSLEN key. A key and a short value are one object here: the key is said to take what
 * the object has beside the value and its free end.
 */
export function stringLengths(_engine: Engine, call: Call): void {
  const ref = findOrReply(call);
  if (ref === 0) return;
  const { database, keyspace } = call;
  if (database.typeOf(ref) !== TYPE_STRING || database.encodingOf(ref) === ENCODING_INT) {
    return call.reply.error("ERR Not an sds encoded string.");
  }
  const outside = database.outsideOf(ref);
  const length = database.valueLengthOf(ref);
  const entryBytes = keyspace.heap.capacityOf(ref);
  const expires = database.expiresAtMs(ref) === NO_EXPIRY ? 0 : ENTRY_EXPIRES;
  const inlineAt = keyOffset(expires) + database.keyLengthOf(ref);
  const keyBytes = outside === 0 ? inlineAt : entryBytes;
  const valueBytes = outside === 0 ? entryBytes - keyBytes : keyspace.heap.capacityOf(outside);
  call.reply.simple(
    `key_sds_len:${database.keyLengthOf(ref)}, key_sds_avail:0, key_zmalloc: ${keyBytes}, ` +
      `val_sds_len:${length}, val_sds_avail:${valueBytes - length}, val_zmalloc: ${valueBytes}`,
  );
}

/** DEBUG LISTPACK key. */
export function listpack(_engine: Engine, call: Call): void {
  showEncoding(call, "listpack", "Listpack");
}

/** DEBUG QUICKLIST key [0|1]. */
export function quicklist(_engine: Engine, call: Call): void {
  showEncoding(call, "quicklist", "Quicklist");
}

/** Whether the value has that encoding: its bytes are for a debugger, not for the log. */
function showEncoding(call: Call, encoding: string, title: string): void {
  const { bytes, starts, ends } = call.args;
  const ref = call.database.peekRead(bytes, starts[2], ends[2]);
  if (ref === 0) return call.reply.error(NO_SUCH_KEY);
  if (ENCODING_NAMES[call.database.encodingOf(ref)] !== encoding) {
    return call.reply.error(`ERR Not a ${encoding} encoded object.`);
  }
  call.reply.simple(`${title} structure printed on stdout`);
}

/** DEBUG HTSTATS dbid [full]. */
export function hashTableStatistics(_engine: Engine, call: Call): void {
  const index = call.integerOrReply(2, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  if (index !== index) return;
  const database = call.keyspace.databases[index];
  if (database === undefined) return call.reply.error("ERR Out of range database");
  call.reply.verbatim(
    "txt",
    `[Dictionary HT]\n${dictText(call, database.keys)}` +
      `[Expires HT]\n${dictText(call, database.expires)}`,
  );
}

/** DEBUG HTSTATS-KEY key [full]. */
export function valueTableStatistics(_engine: Engine, call: Call): void {
  const { args: { bytes, starts, ends }, database, keyspace: { heap, records, zsets } } = call;
  const ref = database.peekRead(bytes, starts[2], ends[2]);
  if (ref === 0) return call.reply.error(NO_SUCH_KEY);
  let root: number;
  const encoding = database.encodingOf(ref);
  if (encoding === ENCODING_HASHTABLE) root = database.rootOf(ref);
  else if (encoding === ENCODING_SKIPLIST) root = zsets.large.dictOf(database.rootOf(ref));
  else {
    return call.reply.error(
      "ERR The value stored at the specified key is not represented using an hash table",
    );
  }
  const slots = SEGMENT_RECORDS_MAX * heap.wordAt(root, 4 * ROOT_SEGMENTS);
  const text = tableText(call, records.count(root), slots, (cursor, segments) => {
    const next = records.scan(root, cursor);
    segments.push(records.scannedCount);
    return next;
  });
  call.reply.verbatim("txt", text);
}

function dictText(call: Call, dict: Dict): string {
  return tableText(call, dict.count, dict.slotCount, (cursor, segments) => {
    const next = dict.scan(cursor);
    segments.push(dict.scannedCount);
    return next;
  });
}

/**
 * A dict in Redis's layout. Where Redis has chains of entries, dicts here have segments that a
 * look-up probes: `different slots` are segments, and the length of a chain is how many entries one
 * holds.
 * @param scan goes on by a segment: pushes how many entries it has and returns the next cursor.
 */
function tableText(
  call: Call,
  count: number,
  slots: number,
  scan: (cursor: number, segments: number[]) => number,
): string {
  const head = "Hash table 0 stats (main hash table):\n";
  if (count === 0) return `${head}No stats available for empty dictionaries\n`;
  const sizes = `${head} table size: ${slots}\n number of elements: ${count}\n`;
  if (!(call.count >= 4 && call.is(3, "full"))) return sizes;
  const lengths: number[] = [];
  let cursor = 0;
  do cursor = scan(cursor, lengths); while (cursor !== 0);
  const segmentsByCount = new Map<number, number>();
  for (const length of lengths) {
    segmentsByCount.set(length, (segmentsByCount.get(length) ?? 0) + 1);
  }
  const counts = [...segmentsByCount.keys()].sort((a, b) => a - b);
  const average = (count / lengths.length).toFixed(2);
  const distribution = counts.map((each) => {
    const found = segmentsByCount.get(each)!;
    return `   ${each}: ${found} (${(found * 100 / lengths.length).toFixed(2)}%)\n`;
  });
  return `${sizes} different slots: ${lengths.length}\n max chain length: ${counts.at(-1)}\n` +
    ` avg chain length (counted): ${average}\n avg chain length (computed): ${average}\n` +
    ` Chain length distribution:\n${distribution.join("")}`;
}

/** Redis sorts clients into powers of two by the memory they take: from 32 KB to 4 GB. */
const BUCKET_MIN_LOG = 15;
const BUCKET_COUNT = 19;

/** DEBUG CLIENT-EVICTION. */
export function clientEviction(engine: Engine, call: Call): void {
  if (engine.config.clientMemoryLimitBytes() === 0) {
    return call.reply.error("ERR maxmemory-clients is disabled.");
  }
  const sizes = new Array<number>(BUCKET_COUNT).fill(0);
  const counts = new Array<number>(BUCKET_COUNT).fill(0);
  for (const client of engine.clients.values()) {
    const bucket = bucketOf(client);
    sizes[bucket] += client.memoryBytes;
    counts[bucket]++;
  }
  const text = sizes.map((size, i) => {
    const from = i === 0 ? 0 : 2 ** (i - 1 + BUCKET_MIN_LOG);
    const to = i === BUCKET_COUNT - 1
      ? "+            : "
      : ` - ${String(2 ** (i + BUCKET_MIN_LOG) - 1).padStart(10)}: `;
    const total = String(size).padStart(10);
    return `bucket ${String(from).padStart(10)}${to}tot-mem: ${total}, clients: ${counts[i]}\n`;
  });
  call.reply.verbatim("txt", text.join(""));
}

function bucketOf(client: Client): number {
  const log = Math.floor(Math.log2(client.memoryBytes));
  return Math.min(Math.max(log - BUCKET_MIN_LOG + 1, 0), BUCKET_COUNT - 1);
}

/** The key at argument 2, whether or not it has expired. */
function findOrReply(call: Call): number {
  const { bytes, starts, ends } = call.args;
  const ref = call.database.find(bytes, starts[2], ends[2]);
  if (ref === 0) call.reply.error(NO_SUCH_KEY);
  return ref;
}
