/**
 * DUMP and RESTORE: a value as an RDB file holds it, with a footer that makes it fit to travel.
 *
 *     +------+----------- - - -+---------+----------+
 *     | type | value           | version | CRC-64   |
 *     +------+----------- - - -+---------+----------+
 *      1 byte                   2 bytes   8 bytes, of all that precedes; both little-endian
 */
import { Crc64 } from "../../base/crc64.ts";
import { HeapFull } from "../../heap/heap.ts";
import { Database, NO_EXPIRY } from "../../keyspace/database.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import { RdbEncoder } from "../../persistence/rdb/rdb_encoder.ts";
import {
  CHECKSUM_BYTES,
  RDB_VERSION_MAX,
  RDB_VERSION_MIN_WRITTEN,
  RdbError,
} from "../../persistence/rdb/rdb_format.ts";
import { applyUse } from "../../persistence/rdb/rdb_loader.ts";
import { RdbReader } from "../../persistence/rdb/rdb_reader.ts";
import { RdbTarget } from "../../persistence/rdb/rdb_value.ts";
import { savedType, valueTypes } from "../../persistence/rdb/value_types.ts";
import type { Call } from "../call.ts";
import type { CommandDefinition } from "../definition.ts";
import { defineCommand, keyRange } from "../definition.ts";
import { EXPIRES_AT_MS_MAX } from "../expiry_argument.ts";
import { int64OrReply } from "../integer_argument.ts";
import { EVENT_GENERIC } from "../key_events.ts";

const FOOTER_BYTES = 2 + CHECKSUM_BYTES;

const BUSY_KEY = "BUSYKEY Target key name already exists.";
const WRONG_FOOTER = "ERR DUMP payload version or checksum are wrong";
const BAD_DATA = "ERR Bad data format";
const INVALID_TTL = "ERR Invalid TTL value, must be >= 0";
const INVALID_IDLE_TIME = "ERR Invalid IDLETIME value, must be >= 0";
const INVALID_FREQUENCY = "ERR Invalid FREQ value, must be >= 0 and <= 255";

/** Options that RESTORE has not been given. */
const NOT_GIVEN = -1;

/** Payloads are put together here, one at a time. */
const payload = new RdbEncoder(null, false);
const checksum = new Crc64();

const dump = defineCommand({
  name: "dump",
  summary: "Returns the value of a key in a form that RESTORE takes.",
  since: "2.6.0",
  group: "generic",
  complexity:
    "O(1) to find the key and O(N*M) to write its value, with N elements of M bytes on average: " +
    "O(1) for a short string.",
  arity: 2,
  flags: ["readonly"],
  acl: ["keyspace"],
  tips: ["nondeterministic_output"],
  keys: [keyRange(1, 1, 1, "RO access")],
  arguments: [{ name: "key", type: "key", keySpec: 0 }],
  run(call) {
    const ref = call.lookupRead(1);
    if (ref === 0) return call.reply.null();
    const end = encodePayload(call.keyspace, ref, call.settings.compressesDump);
    call.reply.bulk(payload.bytes, 0, end);
    payload.reset();
  },
});

/** Puts the payload of a value together; returns its end. */
function encodePayload(keyspace: Keyspace, ref: number, compresses: boolean): number {
  const type = savedType(keyspace.heap, ref);
  payload.reset();
  payload.compresses = compresses;
  payload.byte(type.byte);
  const rest = type.save(payload, keyspace.heap, ref);
  while (rest !== undefined && rest.next().done !== true);
  // The lowest version that has the type: the oldest possible server restores it.
  const version = Math.max(type.version, RDB_VERSION_MIN_WRITTEN);
  payload.byte(version & 0xff);
  payload.byte(version >>> 8);
  payload.reserve(CHECKSUM_BYTES);
  checksum.reset();
  checksum.update(payload.bytes, 0, payload.length);
  return checksum.writeDigest(payload.bytes, payload.length);
}

/** The value of an entry as DUMP returns it; lent until the next one. */
export function dumpedValue(keyspace: Keyspace, ref: number, compresses: boolean): Uint8Array {
  const end = encodePayload(keyspace, ref, compresses);
  return payload.bytes.subarray(0, end);
}

const restore = defineCommand({
  name: "restore",
  summary: "Makes a key from a value that DUMP has returned.",
  since: "2.6.0",
  group: "generic",
  complexity:
    "O(1) to make the key and O(N*M) to read its value, with N elements of M bytes on average: " +
    "O(1) for a short string, O(N*M*log(N)) for a sorted set.",
  history: [
    ["3.0.0", "Takes REPLACE."],
    ["5.0.0", "Takes ABSTTL."],
    ["5.0.0", "Takes IDLETIME and FREQ."],
  ],
  arity: -4,
  flags: ["write", "denyoom"],
  acl: ["keyspace", "dangerous"],
  keys: [keyRange(1, 1, 1, "OW update")],
  arguments: [
    { name: "key", type: "key", keySpec: 0 },
    { name: "ttl", type: "integer" },
    { name: "serialized-value", type: "string" },
    {
      name: "replace",
      type: "pure-token",
      token: "REPLACE",
      since: "3.0.0",
      flags: ["optional"],
    },
    { name: "absttl", type: "pure-token", token: "ABSTTL", since: "5.0.0", flags: ["optional"] },
    { name: "seconds", type: "integer", token: "IDLETIME", since: "5.0.0", flags: ["optional"] },
    { name: "frequency", type: "integer", token: "FREQ", since: "5.0.0", flags: ["optional"] },
  ],
  run(call) {
    const options = optionsOrReply(call);
    if (options !== undefined) runRestore(call, options);
  },
});

/** DUMP and RESTORE. */
export const dumpCommands: readonly CommandDefinition[] = [dump, restore];

interface RestoreOptions {
  replaces: boolean;
  isAbsolute: boolean;
  idleSeconds: number;
  frequency: number;
}

/** The arguments after the payload; undefined after replying with an error. */
function optionsOrReply(call: Call): RestoreOptions | undefined {
  const options: RestoreOptions = {
    replaces: false,
    isAbsolute: false,
    idleSeconds: NOT_GIVEN,
    frequency: NOT_GIVEN,
  };
  for (let i = 4; i < call.count; i++) {
    const hasValue = i + 1 < call.count;
    if (call.is(i, "replace")) options.replaces = true;
    else if (call.is(i, "absttl")) options.isAbsolute = true;
    else if (call.is(i, "idletime") && hasValue && options.frequency === NOT_GIVEN) {
      options.idleSeconds = int64OrReply(call, ++i);
      if (Number.isNaN(options.idleSeconds)) return undefined;
      if (options.idleSeconds < 0) return void call.reply.error(INVALID_IDLE_TIME);
    } else if (call.is(i, "freq") && hasValue && options.idleSeconds === NOT_GIVEN) {
      options.frequency = int64OrReply(call, ++i);
      if (Number.isNaN(options.frequency)) return undefined;
      if (options.frequency < 0 || options.frequency > 255) {
        return void call.reply.error(INVALID_FREQUENCY);
      }
    } else return void call.syntaxError();
  }
  return options;
}

function runRestore(call: Call, options: RestoreOptions): void {
  const { args, database, keyspace, reply } = call;
  const { bytes, starts, ends } = args;
  if (!options.replaces && call.lookupWrite(1) !== 0) return reply.error(BUSY_KEY);
  const ttlMs = int64OrReply(call, 2);
  if (Number.isNaN(ttlMs)) return;
  if (ttlMs < 0) return reply.error(INVALID_TTL);
  if (!isFooterRight(call)) return reply.error(WRONG_FOOTER);

  const expiresAtMs = ttlMs === 0
    ? NO_EXPIRY
    : Math.min(options.isAbsolute ? ttlMs : ttlMs + keyspace.nowMs, EXPIRES_AT_MS_MAX);
  // Loaded aside, under the same key: what is there is replaced only by what is known to be good.
  const aside = new Database(keyspace, database.index);
  const ref = loadAside(call, aside, expiresAtMs);
  if (ref === 0) return reply.error(BAD_DATA);

  const old = options.replaces ? database.find(bytes, starts[1], ends[1]) : 0;
  if (old !== 0) {
    database.deleteReplaced(old);
    // Now: should there be no room for what is to stand in its place, this has been changed.
    call.dirty++;
  }
  if (expiresAtMs !== NO_EXPIRY && keyspace.isPast(expiresAtMs)) {
    aside.delete(ref);
    if (old !== 0) {
      call.propagation.replaceWith(database.index, "DEL", args.view(1));
      call.changed(1, EVENT_GENERIC, "del");
    }
    return reply.ok();
  }
  const restored = aside.moveTo(database, ref, bytes, starts[1], ends[1]);
  applyUse(keyspace, database, restored, options.idleSeconds, options.frequency);
  if (old === 0) call.dirty++;
  call.changed(1, EVENT_GENERIC, "restore");
  if (ttlMs !== 0 && !options.isAbsolute) propagateAbsolute(call, expiresAtMs);
  reply.ok();
}

/** True when version and checksum are right, or nobody wants to know. */
function isFooterRight(call: Call): boolean {
  const { bytes, starts, ends } = call.args;
  const end = ends[3];
  if (end - starts[3] < FOOTER_BYTES) return false;
  const version = bytes[end - FOOTER_BYTES] | bytes[end - FOOTER_BYTES + 1] << 8;
  // As Redis 7.4 to 8.4 accept: a higher version than 7.2's own stands on every payload of a newer
  // server, whatever it holds, and a type that is really new is refused by its byte.
  if (version > RDB_VERSION_MAX) return false;
  if (call.settings.skipChecksumValidation) return true;
  checksum.reset();
  checksum.update(bytes, starts[3], end - CHECKSUM_BYTES);
  return checksum.equalsDigest(bytes, end - CHECKSUM_BYTES);
}

/** Loads the payload into a database of its own: the entry, or 0 where the data is bad. */
function loadAside(call: Call, aside: Database, expiresAtMs: number): number {
  const { bytes, starts, ends } = call.args;
  const reader = RdbReader.ofBytes(bytes, starts[3], ends[3] - FOOTER_BYTES);
  reader.isSanitizing = true;
  const target = new RdbTarget(aside);
  target.expiresAtMs = expiresAtMs;
  try {
    const type = valueTypes(RDB_VERSION_MAX)[reader.readByte()];
    if (type === undefined || type.load === undefined) return 0;
    reader.setKey(bytes, starts[1], ends[1]);
    aside.find(bytes, starts[1], ends[1]);
    type.load(reader, target);
    while (target.rest !== null && target.rest.next().done !== true);
    return target.ref;
  } catch (error) {
    if (!(error instanceof RdbError) && !(error instanceof HeapFull)) throw error;
    if (target.ref !== 0) aside.delete(target.ref);
    if (error instanceof HeapFull) throw error;
    call.settings.warn(error.message);
    return 0;
  }
}

/** The time to live has become a point in time for those who repeat the command. */
function propagateAbsolute(call: Call, expiresAtMs: number): void {
  const { args, propagation } = call;
  if (!propagation.isActive) return;
  const parts: (string | Uint8Array)[] = [];
  for (let i = 0; i < args.count; i++) {
    parts.push(i === 2 ? String(BigInt(expiresAtMs)) : args.view(i));
  }
  parts.push("ABSTTL");
  propagation.replaceWith(call.database.index, ...parts);
}
